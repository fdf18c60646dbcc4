//! The ground truth of a sample.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Whether a presentation is bona fide or an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// An attack presentation: class 0.
    Attack,
    /// A bona fide presentation: class 1.
    Live,
}

impl Label {
    /// The class index as used in training targets: live 1, attack 0.
    pub fn class(self) -> u8 {
        match self {
            Self::Attack => 0,
            Self::Live => 1,
        }
    }

    /// True for a bona fide presentation.
    pub fn is_live(self) -> bool {
        self == Self::Live
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Attack => "attack",
            Self::Live => "live",
        })
    }
}

/// The text is no label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected label `live` or `attack`, found `{0}`")]
pub struct ParseLabelError(pub String);

impl FromStr for Label {
    type Err = ParseLabelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "live" => Ok(Self::Live),
            "attack" => Ok(Self::Attack),
            other => Err(ParseLabelError(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_label_agree() {
        for label in [Label::Live, Label::Attack] {
            assert_eq!(label.to_string().parse(), Ok(label));
        }
        assert_eq!(Label::Live.class(), 1);
        assert!(
            "spoof"
                .parse::<Label>()
                .unwrap_err()
                .to_string()
                .contains("`spoof`")
        );
    }
}

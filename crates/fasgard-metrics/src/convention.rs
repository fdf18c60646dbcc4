//! The conventions by which the field turns scores into error rates.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::threshold::Criterion;

/// How APCER aggregates over attacks, and where the threshold comes from by default.
///
/// | convention | APCER | default threshold | used by |
/// |---|---|---|---|
/// | `iso` | worst PAI species (`print/1`) | EER of the dev set | ISO/IEC 30107-3 |
/// | `oulu` | worst PAI family (`print`) | EER of the dev set | OULU-NPU papers |
/// | `pooled` | all attacks together | EER of the dev set | scripts that pool all attacks |
/// | `target-eer` | all attacks together | EER of the evaluated set itself | cross-domain papers |
///
/// ISO/IEC 30107-3 leaves the threshold open; the dev set's EER is the default here because it
/// needs no further number, and any other [`Criterion`] can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Convention {
    /// Worst species, threshold from dev.
    Iso,
    /// Worst family, threshold from dev.
    Oulu,
    /// All attacks pooled, threshold from dev.
    Pooled,
    /// All attacks pooled, threshold from the evaluated set: flattering.
    TargetEer,
}

/// How one APCER comes of many attacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aggregation {
    /// The largest APCER of any species.
    MaxSpecies,
    /// The largest APCER of any family, all instances of a family pooled.
    MaxFamily,
    /// All attacks pooled.
    Pooled,
}

impl Aggregation {
    /// In words.
    pub fn description(self) -> &'static str {
        match self {
            Self::MaxSpecies => "worst PAI species",
            Self::MaxFamily => "worst PAI family",
            Self::Pooled => "all attacks pooled",
        }
    }
}

impl Convention {
    /// All conventions, in the order of tables.
    pub const ALL: [Self; 4] = [Self::Iso, Self::Oulu, Self::Pooled, Self::TargetEer];

    /// How APCER aggregates.
    pub fn aggregation(self) -> Aggregation {
        match self {
            Self::Iso => Aggregation::MaxSpecies,
            Self::Oulu => Aggregation::MaxFamily,
            Self::Pooled | Self::TargetEer => Aggregation::Pooled,
        }
    }

    /// The criterion used where none is given.
    pub fn default_criterion(self) -> Criterion {
        match self {
            Self::Iso | Self::Oulu | Self::Pooled => Criterion::Eer,
            Self::TargetEer => Criterion::TargetEer,
        }
    }

    /// The name in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Iso => "iso",
            Self::Oulu => "oulu",
            Self::Pooled => "pooled",
            Self::TargetEer => "target-eer",
        }
    }
}

impl fmt::Display for Convention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One convention, or all of them side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ConventionChoice {
    /// This one.
    One(Convention),
    /// Every convention.
    All,
}

impl ConventionChoice {
    /// The conventions chosen, in the order of tables.
    pub fn conventions(self) -> Vec<Convention> {
        match self {
            Self::One(convention) => vec![convention],
            Self::All => Convention::ALL.to_vec(),
        }
    }
}

impl Default for ConventionChoice {
    /// `iso`.
    fn default() -> Self {
        Self::One(Convention::Iso)
    }
}

impl fmt::Display for ConventionChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(convention) => convention.fmt(f),
            Self::All => f.write_str("all"),
        }
    }
}

/// The text is no convention.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a convention `iso`, `oulu`, `pooled`, `target-eer` or `all`, found `{0}`")]
pub struct ParseConventionError(pub String);

impl FromStr for ConventionChoice {
    type Err = ParseConventionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "all" {
            return Ok(Self::All);
        }
        Convention::ALL
            .into_iter()
            .find(|convention| convention.as_str() == text)
            .map(Self::One)
            .ok_or_else(|| ParseConventionError(text.to_owned()))
    }
}

impl TryFrom<String> for ConventionChoice {
    type Error = ParseConventionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ConventionChoice> for String {
    fn from(choice: ConventionChoice) -> Self {
        choice.to_string()
    }
}

/// Something for every convention that was asked for.
pub type ByConvention<T> = BTreeMap<Convention, T>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for text in ["iso", "oulu", "pooled", "target-eer", "all"] {
            let choice: ConventionChoice = text.parse().unwrap();
            assert_eq!(choice.to_string(), text);
            let json = serde_json::to_string(&choice).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(
                serde_json::from_str::<ConventionChoice>(&json).unwrap(),
                choice
            );
        }
        assert!("ISO".parse::<ConventionChoice>().is_err());
        for convention in Convention::ALL {
            let json = serde_json::to_string(&convention).unwrap();
            assert_eq!(json, format!("\"{convention}\""));
        }
    }
}

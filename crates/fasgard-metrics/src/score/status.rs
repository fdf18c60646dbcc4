//! Whether a sample got a score.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The outcome of scoring a sample. Anything but `ok` is a non-response.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Status {
    /// There is a score.
    #[default]
    Ok,
    /// No face was found.
    NoFace,
    /// The score lies outside the calibrated support, so it is withheld.
    OutOfRange,
    /// The sample could not be scored; the kind is up to 64 lower-case letters, digits and
    /// hyphens (`error:unreadable`).
    Error(String),
}

impl Status {
    /// True if there is a score.
    pub fn is_ok(&self) -> bool {
        *self == Self::Ok
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("ok"),
            Self::NoFace => f.write_str("no-face"),
            Self::OutOfRange => f.write_str("out-of-range"),
            Self::Error(kind) => write!(f, "error:{kind}"),
        }
    }
}

/// The text is no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a status `ok`, `no-face`, `out-of-range` or `error:KIND` (lower-case letters, digits and hyphens), found `{0}`"
)]
pub struct ParseStatusError(pub String);

impl FromStr for Status {
    type Err = ParseStatusError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let kind_fits = |kind: &str| {
            (1..=64).contains(&kind.len())
                && kind
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        match text {
            "ok" => Ok(Self::Ok),
            "no-face" => Ok(Self::NoFace),
            "out-of-range" => Ok(Self::OutOfRange),
            _ => match text.strip_prefix("error:") {
                Some(kind) if kind_fits(kind) => Ok(Self::Error(kind.to_owned())),
                _ => Err(ParseStatusError(text.to_owned())),
            },
        }
    }
}

impl TryFrom<String> for Status {
    type Error = ParseStatusError;

    fn try_from(text: String) -> Result<Self, ParseStatusError> {
        text.parse()
    }
}

impl From<Status> for String {
    fn from(status: Status) -> Self {
        status.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trip() {
        for text in ["ok", "no-face", "out-of-range", "error:unreadable"] {
            assert_eq!(text.parse::<Status>().unwrap().to_string(), text);
        }
        for text in ["", "OK", "error", "error:", "error:a b", "error:X"] {
            assert!(text.parse::<Status>().is_err(), "{text}");
        }
    }
}

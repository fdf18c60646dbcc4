//! Presentation attack instrument (PAI) species: `family/instance`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A PAI species (ISO/IEC 30107-3): a family of instruments and one instance of it, such as
/// `print/1`, `replay/mobile` or `mask/half`. Both parts are lower-case ASCII letters, digits and
/// hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Species(String);

impl Species {
    /// The instrument's family: the part before the slash.
    pub fn family(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// The instance within the family: the part after the slash.
    pub fn instance(&self) -> &str {
        self.0.split('/').nth(1).unwrap_or_default()
    }

    /// The whole name, `family/instance`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Species {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no species.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a species `family/instance` of lower-case letters, digits and hyphens (such as `print/photo`), found `{0}`"
)]
pub struct ParseSpeciesError(pub String);

impl FromStr for Species {
    type Err = ParseSpeciesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for Species {
    type Error = ParseSpeciesError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let part = |s: &str| {
            !s.is_empty()
                && s.len() <= 64
                && s.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        match text.split_once('/') {
            Some((family, instance)) if part(family) && part(instance) => Ok(Self(text)),
            _ => Err(ParseSpeciesError(text)),
        }
    }
}

impl From<Species> for String {
    fn from(species: Species) -> Self {
        species.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn family_and_instance() {
        let species: Species = "mask/upper-body".parse().unwrap();
        assert_eq!(
            (species.family(), species.instance()),
            ("mask", "upper-body")
        );
    }

    #[test]
    fn refuses_what_is_no_species() {
        for text in ["", "print", "print/", "/1", "a/b/c", "Print/1", "print/a b"] {
            assert!(text.parse::<Species>().is_err(), "{text}");
        }
    }
}

//! What is neither label nor species: `key=value;key=value`.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Attributes of a sample (session, device, support, light ...), sorted by key.
///
/// Keys and values are free of `=`, `;` and line breaks; the text form is `key=value;key=value`
/// and empty if there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Attributes(BTreeMap<String, String>);

impl Attributes {
    /// The value of `key`, if known.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Sets `key`; refuses text that the file format cannot hold.
    pub fn insert(&mut self, key: &str, value: &str) -> Result<(), AttributesError> {
        let bad = |s: &str| s.is_empty() || s.contains(['=', ';', '\n', '\r']);
        if bad(key) || bad(value) {
            return Err(AttributesError(format!("{key}={value}")));
        }
        self.0.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    /// Keys and values in the order of keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// True if nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (key, value)) in self.iter().enumerate() {
            write!(f, "{}{key}={value}", if i == 0 { "" } else { ";" })?;
        }
        Ok(())
    }
}

/// The text is no list of attributes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected attributes `key=value;key=value`, found `{0}`")]
pub struct AttributesError(pub String);

impl FromStr for Attributes {
    type Err = AttributesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut attributes = Self::default();
        for pair in text.split(';').filter(|p| !p.is_empty()) {
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| AttributesError(text.to_owned()))?;
            attributes.insert(key, value)?;
        }
        Ok(attributes)
    }
}

impl TryFrom<String> for Attributes {
    type Error = AttributesError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Attributes> for String {
    fn from(attributes: Attributes) -> Self {
        attributes.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trip_sorted() {
        let a: Attributes = "session=2;device=1".parse().unwrap();
        assert_eq!(a.to_string(), "device=1;session=2");
        assert_eq!(a.get("session"), Some("2"));
        assert!("session".parse::<Attributes>().is_err());
        assert!("a=b=c".parse::<Attributes>().is_err());
    }
}

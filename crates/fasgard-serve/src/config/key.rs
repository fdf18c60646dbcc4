//! A secret that is never shown.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// Shortest key that is taken.
pub(crate) const SHORTEST: usize = 16;

/// An API key. It shows as `***` wherever it is printed or written.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ApiKey(String);

impl ApiKey {
    /// A key as clients send it.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// What is wrong with it; none if it can be sent in a header and is not easily guessed.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        if self.0.len() < SHORTEST {
            Some("expected keys of at least 16 characters, found a shorter one")
        } else if !self.0.bytes().all(|b| b.is_ascii_graphic()) {
            Some("expected keys of visible ASCII characters, found another character")
        } else {
            None
        }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for ApiKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

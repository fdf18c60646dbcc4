//! The card of a model file: what of it identifies the model. The weights are not read.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde::Deserialize;

use crate::error::ReportError;

/// The metadata key of the card, as `fasgard-model` writes it.
const KEY: &str = "fasgard";
/// Headers above this many bytes are refused.
const MAX_HEADER: u64 = 16_000_000;

/// What the card says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Card {
    pub(crate) name: String,
    /// Version of fasgard that wrote the file.
    pub(crate) fasgard: String,
    pub(crate) weights_sha256: String,
}

/// Reads the card of a model file.
pub(super) fn read(path: &Path) -> Result<Card, ReportError> {
    let io = |source: io::Error| ReportError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    };
    let wrong = |what: String| ReportError::format(path, what);
    let mut file = File::open(path).map_err(io)?;
    let mut length = [0u8; 8];
    file.read_exact(&mut length)
        .map_err(|_| wrong("expected a model file, found fewer than 8 bytes".to_owned()))?;
    let length = u64::from_le_bytes(length);
    if length > MAX_HEADER {
        return Err(wrong(format!(
            "expected a header of at most {MAX_HEADER} bytes, found {length}"
        )));
    }
    let mut header = Vec::new();
    file.take(length).read_to_end(&mut header).map_err(io)?;
    #[derive(Deserialize)]
    struct Header {
        #[serde(rename = "__metadata__")]
        metadata: std::collections::BTreeMap<String, String>,
    }
    let header: Header = serde_json::from_slice(&header)
        .map_err(|e| wrong(format!("expected the header of a model file: {e}")))?;
    let card = header.metadata.get(KEY).ok_or_else(|| {
        wrong(format!(
            "expected metadata `{KEY}` of a model file, found plain weights"
        ))
    })?;
    serde_json::from_str(card).map_err(|e| wrong(format!("metadata `{KEY}`: {e}")))
}

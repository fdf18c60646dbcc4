//! Files that the operator gives: further files of the page, the exported model and face detector. They
//! are read once: no request ever names a path.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use axum::body::Bytes;
use sha2::{Digest, Sha256};

use crate::{ServeConfig, ServeError, ids, page};

/// Largest file that is served, in bytes.
const MAX_BYTES: u64 = 512 << 20;

/// A file in memory.
pub(crate) struct File {
    /// Media type.
    pub(crate) kind: &'static str,
    pub(crate) bytes: Bytes,
    pub(crate) sha256: String,
}

impl File {
    pub(crate) fn new(kind: &'static str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self {
            kind,
            sha256: ids::hex(&Sha256::digest(&bytes)),
            bytes,
        }
    }
}

/// The operator's files.
pub(crate) struct Assets {
    files: Option<BTreeMap<String, File>>,
    onnx: Option<File>,
    face_onnx: Option<File>,
}

impl Assets {
    /// Reads them.
    ///
    /// # Errors
    /// A file or the folder cannot be read, is too large, or the folder has no file of the page.
    pub(crate) fn load(config: &ServeConfig) -> Result<Self, ServeError> {
        let files = config.page_assets.as_deref().map(folder).transpose()?;
        let exported = |path: &PathBuf| -> Result<File, ServeError> {
            Ok(File::new(page::BYTES, read(path)?))
        };
        Ok(Self {
            files,
            onnx: config.onnx.as_ref().map(exported).transpose()?,
            face_onnx: config.face_onnx.as_ref().map(exported).transpose()?,
        })
    }

    /// A file of the folder by its name.
    pub(crate) fn file(&self, name: &str) -> Option<&File> {
        self.files.as_ref()?.get(name)
    }

    /// Names of the folder's files.
    pub(crate) fn names(&self) -> Vec<String> {
        self.files
            .iter()
            .flat_map(BTreeMap::keys)
            .cloned()
            .collect()
    }

    /// True if there is a folder.
    pub(crate) fn has_folder(&self) -> bool {
        self.files.is_some()
    }

    /// The exported model.
    pub(crate) fn onnx(&self) -> Option<&File> {
        self.onnx.as_ref()
    }

    /// The exported face detector.
    pub(crate) fn face_onnx(&self) -> Option<&File> {
        self.face_onnx.as_ref()
    }
}

fn folder(path: &Path) -> Result<BTreeMap<String, File>, ServeError> {
    let wrong = |reason: String| ServeError::File {
        path: path.to_owned(),
        reason,
    };
    let unreadable = |e: std::io::Error| wrong(format!("cannot be read: {e}"));
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else {
            continue;
        };
        let kind = page::kind(name);
        if let (Some(kind), true) = (kind, entry.path().is_file()) {
            files.insert(name.to_owned(), File::new(kind, read(&entry.path())?));
        }
    }
    match files.is_empty() {
        false => Ok(files),
        true => Err(wrong(
            "expected files of the page (js, mjs, wasm, ...), found none".into(),
        )),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ServeError> {
    let wrong = |reason: String| ServeError::File {
        path: path.to_owned(),
        reason,
    };
    let size = std::fs::metadata(path)
        .map_err(|e| wrong(format!("cannot be read: {e}")))?
        .len();
    if size > MAX_BYTES {
        return Err(wrong(format!(
            "expected at most {MAX_BYTES} bytes, found {size}"
        )));
    }
    std::fs::read(path).map_err(|e| wrong(format!("cannot be read: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_of_known_kinds_are_served() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str| std::fs::write(dir.path().join(name), name).unwrap();
        let config = ServeConfig {
            page_assets: Some(dir.path().to_owned()),
            ..ServeConfig::default()
        };
        assert!(Assets::load(&config).is_err());
        for name in ["ort.mjs", "ort.wasm", ".hidden.js", "secret.key"] {
            write(name);
        }
        std::fs::create_dir(dir.path().join("folder.js")).unwrap();
        let assets = Assets::load(&config).unwrap();
        assert_eq!(assets.names(), ["ort.mjs", "ort.wasm"]);
        let file = assets.file("ort.wasm").unwrap();
        assert_eq!(
            (file.kind, &file.bytes[..]),
            ("application/wasm", &b"ort.wasm"[..])
        );
        for name in ["../secret.key", "", ".", "ort.mjs/", "secret.key"] {
            assert!(assets.file(name).is_none(), "{name}");
        }
        assert!(assets.onnx().is_none() && assets.face_onnx().is_none());
    }
}

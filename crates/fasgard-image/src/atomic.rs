//! Files that are either whole or not there.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file that could not be written; what stood at the path before still stands.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot {action}: {source}", path.display())]
pub struct WriteError {
    /// The file that was to be written.
    pub path: PathBuf,
    /// The step that failed.
    pub action: &'static str,
    /// The system's answer.
    pub source: io::Error,
}

/// Writes a whole file or nothing: a temporary file in the same folder, flushed to the disk, then
/// renamed over `path`. An existing file is replaced.
///
/// # Errors
/// [`WriteError`] if the folder does not exist or is not writable, or the disk is full.
pub fn write_atomic(path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), WriteError> {
    write_atomic_with(path, |out| out.write_all(bytes))
}

/// [`write_atomic`] for content that is produced piece by piece.
///
/// # Errors
/// [`WriteError`] as for [`write_atomic`], or with what `content` returned.
pub fn write_atomic_with(
    path: impl AsRef<Path>,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    let path = path.as_ref();
    let failed = |action| {
        move |source| WriteError {
            path: path.to_owned(),
            action,
            source,
        }
    };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".writing-");
    // Temporary files are private by default; this one becomes an ordinary file (less the umask).
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder
        .tempfile_in(folder)
        .map_err(failed("create a file in the folder"))?;
    let mut out = BufWriter::with_capacity(1 << 16, file.as_file_mut());
    content(&mut out)
        .and_then(|()| out.flush())
        .map_err(failed("write"))?;
    drop(out);
    file.as_file()
        .sync_all()
        .map_err(failed("flush to the disk"))?;
    file.persist(path)
        .map_err(|error| failed("rename the finished file")(error.error))?;
    // The rename itself survives a power cut only once the folder is flushed; not every file
    // system allows that, and the content is safe either way.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.bin");
        write_atomic(&path, b"old").unwrap();
        let error = write_atomic_with(&path, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("stop"))
        })
        .unwrap_err();
        assert!(error.to_string().contains("a.bin"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        write_atomic(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = write_atomic(dir.path().join("no/a.bin"), b"x").unwrap_err();
        assert!(error.to_string().contains("no/a.bin"), "{error}");
    }
}

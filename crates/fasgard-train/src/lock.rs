//! One process at a time on a run's folder.
//!
//! The system's own lock on `run.lock`, which it gives up when the process ends in whatever way: a
//! lock left by a killed process holds nobody up. The file's text says who holds it; it stays, as
//! removing it would let two processes lock two files of one name.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{ErrorKind, Read, Write},
    path::Path,
};

use crate::TrainError;

/// What is read of a lock's text.
const MAX_TEXT: u64 = 200;

/// Holds the lock until it is dropped.
#[derive(Debug)]
pub(crate) struct RunLock {
    file: File,
}

impl RunLock {
    /// Takes the lock of `path`, whose folder exists.
    pub(crate) fn take(path: &Path) -> Result<Self, TrainError> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(TrainError::file(path, "open"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Elsewhere than on Unix the lock may forbid reading; the error is the same.
                let _ = (&mut file).take(MAX_TEXT).read_to_string(&mut text);
                return Err(TrainError::Busy {
                    path: path.to_owned(),
                    holder: match text.trim() {
                        "" => "another process".into(),
                        holder => holder.to_owned(),
                    },
                });
            }
            // A file system without locks: nothing protects the run, as on most such systems.
            Err(TryLockError::Error(e)) if e.kind() == ErrorKind::Unsupported => {}
            Err(TryLockError::Error(e)) => return Err(TrainError::file(path, "lock")(e)),
        }
        let text = format!("process {} on {}\n", std::process::id(), host());
        file.set_len(0)
            .and_then(|()| file.write_all(text.as_bytes()))
            .map_err(TrainError::file(path, "write"))?;
        Ok(Self { file })
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // Nobody holds it any more. The lock itself goes with the file.
        let _ = self.file.set_len(0);
    }
}

/// This machine's name.
fn host() -> String {
    let named = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| std::env::var("HOSTNAME").ok())
        .or_else(|| std::env::var("COMPUTERNAME").ok());
    match named.as_deref().map(str::trim) {
        None | Some("") => "this machine".into(),
        Some(name) => name.chars().take(100).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_by_name_until_the_first_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.lock");
        // What a killed process leaves.
        std::fs::write(
            &path,
            "process 1 on a machine that was switched off long ago\n",
        )
        .unwrap();
        let first = RunLock::take(&path).unwrap();
        let message = RunLock::take(&path).unwrap_err().to_string();
        let holder = format!("process {} on ", std::process::id());
        assert!(message.contains(&holder), "{message}");
        assert!(!message.contains("switched off"), "{message}");
        drop(first);
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        RunLock::take(&path).unwrap();
    }
}

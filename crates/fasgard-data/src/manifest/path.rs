//! Paths that cannot leave their dataset.

use std::fmt;
use std::path::{Path, PathBuf};

/// A path below the dataset's folder, with `/` between its parts: never absolute, never through
/// `..`, so a manifest from elsewhere cannot name files outside its dataset.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RelativePath(String);

impl RelativePath {
    /// Checks a path; `\` counts as a separator and becomes `/`, `.` parts are dropped.
    ///
    /// # Errors
    /// The reason in words if the path is empty, absolute (also with a drive letter), goes through
    /// `..`, holds control characters, or is longer than 1024 bytes.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        if text.len() > 1024 {
            return Err("a path of at most 1024 bytes");
        }
        if text.chars().any(char::is_control) {
            return Err("a path without control characters");
        }
        let text = text.replace('\\', "/");
        let drive = text.as_bytes().get(1) == Some(&b':');
        if text.starts_with('/') || drive {
            return Err("a path relative to the dataset's folder, not an absolute one");
        }
        let parts: Vec<_> = text
            .split('/')
            .filter(|p| !matches!(*p, "" | "."))
            .collect();
        if parts.contains(&"..") {
            return Err("a path that stays in the dataset's folder, without `..`");
        }
        if parts.is_empty() {
            return Err("a path relative to the dataset's folder, not an empty one");
        }
        Ok(Self(parts.join("/")))
    }

    /// A path that was checked before.
    pub(super) fn checked(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The path with `/` between its parts.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path below `root`.
    pub fn under(&self, root: &Path) -> PathBuf {
        root.join(&self.0)
    }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_in_its_folder() {
        for bad in [
            "", ".", "/a", "\\a", "C:\\a", "../a", "a/../b", "a\\..\\b", "a\nb",
        ] {
            assert!(RelativePath::new(bad).is_err(), "{bad:?}");
        }
        assert!(RelativePath::new(&"a".repeat(1025)).is_err());
        let path = RelativePath::new("a\\.\\b//c..jpg").unwrap();
        assert_eq!(path.as_str(), "a/b/c..jpg");
        assert_eq!(path.under(Path::new("d")), Path::new("d/a/b/c..jpg"));
    }
}

//! The media files of a tree, by name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::LayoutError;
use super::names::{is_image, is_video};
use crate::manifest::RelativePath;
use crate::packed::Texts;

/// Deeper folders are left out: no dataset has them.
const MAX_DEPTH: usize = 16;
/// More files than any dataset has; the list of their names would not fit memory for ever.
const MAX_FILES: usize = 8_000_000;

/// Names below a folder, with `/` between their parts, sorted.
#[derive(Default)]
pub(super) struct Tree {
    /// Images and videos.
    pub(super) media: Texts,
    /// Files that end in `.txt` or `.face`, in any case.
    pub(super) texts: Texts,
    /// Media whose names no path of a manifest can hold, shown as well as possible.
    pub(super) unnamed: Vec<String>,
    /// Folders that were left out and why.
    pub(super) notes: Vec<String>,
    /// Folders that links led to: each is read once.
    linked: BTreeSet<PathBuf>,
    files: usize,
}

impl Tree {
    /// Lists `root` without opening a file. Hidden files are left out. A link to a folder is
    /// followed unless the folder contains it or another link has led there.
    ///
    /// # Errors
    /// [`LayoutError`] if `root` is no folder that can be read, or has too many files.
    pub(super) fn read(root: &Path) -> Result<Self, LayoutError> {
        let mut tree = Self::default();
        tree.folder(root, "", 0)
            .map_err(|source| LayoutError::Read {
                path: root.to_owned(),
                expected: "the folder of a dataset",
                source,
            })?;
        if tree.files > MAX_FILES {
            return Err(LayoutError::Structure {
                path: root.to_owned(),
                expected: format!("the folder of one dataset, at most {MAX_FILES} files"),
                found: "more".to_owned(),
            });
        }
        tree.media.sort();
        tree.texts.sort();
        tree.unnamed.sort_unstable();
        tree.notes.sort_unstable();
        Ok(tree)
    }

    fn folder(&mut self, folder: &Path, name: &str, depth: usize) -> std::io::Result<()> {
        let mut folders = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let os_name = entry.file_name();
            let lossy = os_name.to_string_lossy();
            if lossy.starts_with('.') {
                continue;
            }
            self.files += 1;
            if self.files > MAX_FILES {
                return Ok(());
            }
            let below = if name.is_empty() {
                lossy.clone().into_owned()
            } else {
                format!("{name}/{lossy}")
            };
            let kind = entry.file_type()?;
            let is_folder = kind.is_dir() || (kind.is_symlink() && entry.path().is_dir());
            let exact = os_name.to_str().is_some()
                && RelativePath::new(&below).is_ok_and(|path| path.as_str() == below);
            match (is_folder, exact) {
                (true, true) => folders.push((entry.path(), below, kind.is_symlink())),
                (true, false) => self.note(&below, "its name is not usable: rename it"),
                (false, true) => self.file(&below),
                (false, false) if is_image(&below) || is_video(&below) => {
                    self.unnamed.push(shown(&below));
                }
                (false, false) => {}
            }
        }
        // In the order of names, so that of two links to one folder always the same one counts.
        folders.sort_unstable();
        for (path, below, link) in folders {
            if depth + 1 > MAX_DEPTH {
                self.note(&below, &format!("it is more than {MAX_DEPTH} folders deep"));
            } else if link && !self.follow(folder, &path) {
                self.note(&below, "the link leads to a folder that is read anyway");
            } else if let Err(error) = self.folder(&path, &below, depth + 1) {
                self.note(&below, &format!("cannot read: {error}"));
            }
        }
        Ok(())
    }

    fn file(&mut self, name: &str) {
        let ends_in = |extension: &str| {
            let end = name.len().checked_sub(extension.len());
            end.and_then(|at| name.get(at..))
                .is_some_and(|e| e.eq_ignore_ascii_case(extension))
        };
        if is_image(name) || is_video(name) {
            self.media.push(name);
        } else if ends_in(".txt") || ends_in(".face") {
            self.texts.push(name);
        }
    }

    /// Whether a link in `folder` leads to a folder that was not seen and does not contain it.
    fn follow(&mut self, folder: &Path, link: &Path) -> bool {
        let (Ok(folder), Ok(target)) = (folder.canonicalize(), link.canonicalize()) else {
            return false;
        };
        !folder.starts_with(&target) && self.linked.insert(target)
    }

    fn note(&mut self, name: &str, why: &str) {
        self.notes
            .push(format!("the folder `{}` was left out: {why}", shown(name)));
    }
}

/// The name without what a terminal would act on.
fn shown(name: &str) -> String {
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    name.chars().map(clean).collect()
}

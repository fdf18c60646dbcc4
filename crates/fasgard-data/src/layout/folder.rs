//! `[train|dev|test/]live/` and `[train|dev|test/]attack/family[/instance]/`.

use std::fs;
use std::path::Path;

use fasgard_metrics::{Label, Species, Split};

use super::{Layout, LayoutError, Scan, assign, is_image, is_video, stem, trailing_number};
use crate::manifest::{ManifestRow, RelativePath, Rows};

/// Images and videos sorted into folders: `live/` and `attack/family/instance/`, with or without `train/`,
/// `dev/` and `test/` above them.
///
/// - An image or a video directly in `attack/family/` is of the species `family/any`.
/// - A folder below these is one video, its images are frames, numbered by the digits that their
///   names end with. A video file is a video by itself.
/// - `NAME.mask.png` beside an image `NAME.*` is its annotated mask (255 where there is no
///   artefact), `NAME.depth.png` its depth map; both show the frame of the whole image.
/// - Without split folders, splits are assigned by a hash; the notes say so.
pub struct Folder;

const EXPECTED: &str =
    "`live/` and `attack/FAMILY[/INSTANCE]/`, or `train/`, `dev/`, `test/` with these in them";

/// Deeper folders are refused: links may lead in circles.
const MAX_DEPTH: usize = 12;

impl Layout for Folder {
    fn name(&self) -> &'static str {
        "folder"
    }

    fn summary(&self) -> &'static str {
        "a folder with [train|dev|test/]live/ and [train|dev|test/]attack/FAMILY[/INSTANCE]/"
    }

    fn scan(&self, input: &Path) -> Result<Scan, LayoutError> {
        let (top, unnamed) = entries(input)?;
        let has = |name: &str| top.iter().any(|e| e.folder && e.name == name);
        let splits: Vec<_> = Split::ALL
            .into_iter()
            .filter(|s| has(&s.to_string()))
            .collect();
        let classes = has("live") || has("attack");
        let found = || {
            let names: Vec<_> = top.iter().take(12).map(|e| e.name.as_str()).collect();
            if names.is_empty() {
                "an empty folder".to_owned()
            } else {
                names.join(", ")
            }
        };
        if splits.is_empty() != classes {
            return Err(LayoutError::Structure {
                path: input.to_owned(),
                expected: EXPECTED.to_owned(),
                found: if classes {
                    "both kinds".to_owned()
                } else {
                    found()
                },
            });
        }
        let mut walk = Walk {
            ignored: unnamed,
            ..Walk::default()
        };
        if classes {
            walk.split(input, "", None)?;
        }
        for &split in &splits {
            walk.split(
                &input.join(split.to_string()),
                &split.to_string(),
                Some(split),
            )?;
        }
        let known =
            |e: &Entry| ["train", "dev", "test", "live", "attack"].contains(&e.name.as_str());
        walk.ignored
            .extend(top.iter().filter(|e| !known(e)).map(|e| e.name.clone()));
        if walk.rows.is_empty() {
            return Err(LayoutError::NoImages {
                path: input.to_owned(),
            });
        }
        walk.rows.sort_by_sample();
        let mut notes = Vec::new();
        if classes {
            notes.push(assign::splits(&mut walk.rows));
        }
        if walk
            .rows
            .iter()
            .any(|r| !is_video(r.image.as_str()) && r.video.is_some())
        {
            notes.push("folders below the class folders were taken as one video each".to_owned());
        }
        if !walk.ignored.is_empty() {
            let shown: Vec<_> = walk.ignored.iter().take(5).map(String::as_str).collect();
            notes.push(format!(
                "{} files or folders that are no image of the layout were left out: {}{}",
                walk.ignored.len(),
                shown.join(", "),
                if walk.ignored.len() > shown.len() {
                    ", ..."
                } else {
                    ""
                }
            ));
        }
        let mut surplus = walk.ignored;
        surplus.retain(|name| is_medium(name));
        surplus.sort_unstable();
        Ok(Scan {
            root: input.to_owned(),
            rows: walk.rows,
            official: Vec::new(),
            notes,
            missing: Vec::new(),
            surplus,
        })
    }
}

struct Entry {
    name: String,
    folder: bool,
}

/// A folder's entries by name, and what is not used: names that are not UTF-8 or have a backslash,
/// and links to a folder above. Hidden entries are left out.
fn entries(folder: &Path) -> Result<(Vec<Entry>, Vec<String>), LayoutError> {
    let read = |source| LayoutError::Read {
        path: folder.to_owned(),
        expected: "a folder",
        source,
    };
    let (mut entries, mut unnamed) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        let Some(name) = path.file_name() else {
            continue;
        };
        let Some(name) = name.to_str() else {
            unnamed.push(name.to_string_lossy().into_owned());
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        // A manifest would read a backslash as the end of a folder's name.
        if name.contains('\\') || (path.is_symlink() && leads_up(folder, &path)) {
            unnamed.push(name.to_owned());
            continue;
        }
        entries.push(Entry {
            folder: path.is_dir(),
            name: name.to_owned(),
        });
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    unnamed.sort_unstable();
    Ok((entries, unnamed))
}

/// Whether a link in `folder` leads to the folder or to one that holds it: a circle.
fn leads_up(folder: &Path, link: &Path) -> bool {
    match (folder.canonicalize(), link.canonicalize()) {
        (Ok(folder), Ok(target)) => folder.starts_with(target),
        _ => false,
    }
}

fn is_medium(name: &str) -> bool {
    is_image(name) || is_video(name)
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

#[derive(Default)]
struct Walk {
    rows: Rows,
    ignored: Vec<String>,
}

impl Walk {
    fn entries(&mut self, folder: &Path, path: &str) -> Result<Vec<Entry>, LayoutError> {
        let (entries, unnamed) = entries(folder)?;
        let unnamed = unnamed.iter().map(|name| join(path, name));
        self.ignored.extend(unnamed);
        Ok(entries)
    }

    /// `live/` and `attack/` in `folder`, which is `path` below the input.
    fn split(
        &mut self,
        folder: &Path,
        path: &str,
        split: Option<Split>,
    ) -> Result<(), LayoutError> {
        for entry in self.entries(folder, path)? {
            let below = join(path, &entry.name);
            match (entry.name.as_str(), entry.folder) {
                ("live", true) => {
                    let class = Class {
                        split,
                        species: None,
                    };
                    self.images(&folder.join("live"), &below, &class, None, 1)?;
                }
                ("attack", true) => self.attacks(&folder.join("attack"), &below, split)?,
                // The layout's own notes name what lies beside the top folders.
                _ if path.is_empty() => {}
                _ => self.ignored.push(below),
            }
        }
        Ok(())
    }

    fn attacks(
        &mut self,
        folder: &Path,
        path: &str,
        split: Option<Split>,
    ) -> Result<(), LayoutError> {
        for family in self.entries(folder, path)? {
            let (family_folder, family_path) =
                (folder.join(&family.name), join(path, &family.name));
            if !family.folder {
                if is_medium(&family.name) {
                    return Err(LayoutError::Structure {
                        path: family_folder,
                        expected: "a folder of the attack's family, such as `attack/print/`"
                            .to_owned(),
                        found: "an image or a video".to_owned(),
                    });
                }
                self.ignored.push(family_path);
                continue;
            }
            let species = |instance: &str, path: &Path| -> Result<Species, LayoutError> {
                let name = format!("{}/{instance}", family.name);
                name.parse().map_err(|_| LayoutError::Structure {
                    path: path.to_owned(),
                    expected: "folders of family and instance named in lower-case letters, digits and hyphens (such as `print/photo`)".to_owned(),
                    found: format!("`{name}`"),
                })
            };
            let any = Class {
                split,
                species: Some(species("any", &family_folder)?),
            };
            let mut entries = self.entries(&family_folder, &family_path)?;
            for entry in entries.iter().filter(|e| e.folder) {
                let instance_folder = family_folder.join(&entry.name);
                let class = Class {
                    split,
                    species: Some(species(&entry.name, &instance_folder)?),
                };
                let below = join(&family_path, &entry.name);
                self.images(&instance_folder, &below, &class, None, 1)?;
            }
            entries.retain(|entry| !entry.folder);
            self.files(&family_folder, &family_path, &entries, &any, None)?;
        }
        Ok(())
    }

    /// Images in `folder` and, as videos, in the folders below it.
    fn images(
        &mut self,
        folder: &Path,
        path: &str,
        class: &Class,
        video: Option<&str>,
        depth: usize,
    ) -> Result<(), LayoutError> {
        if depth > MAX_DEPTH {
            return Err(LayoutError::Structure {
                path: folder.to_owned(),
                expected: format!("at most {MAX_DEPTH} folders within each other"),
                found: "more (or a link in a circle)".to_owned(),
            });
        }
        let mut entries = self.entries(folder, path)?;
        for entry in entries.iter().filter(|e| e.folder) {
            let below = join(path, &entry.name);
            self.images(
                &folder.join(&entry.name),
                &below,
                class,
                Some(&below),
                depth + 1,
            )?;
        }
        entries.retain(|entry| !entry.folder);
        self.files(folder, path, &entries, class, video)
    }

    /// The files of a folder, by name. There may be a hundred thousand: no copies of their names are kept.
    fn files(
        &mut self,
        folder: &Path,
        path: &str,
        files: &[Entry],
        class: &Class,
        video: Option<&str>,
    ) -> Result<(), LayoutError> {
        let names = || files.iter().map(|file| file.name.as_str());
        let there = |name: &str| {
            let found = files.binary_search_by_key(&name, |file| file.name.as_str());
            found.is_ok()
        };
        let is_map = |name: &str| name.ends_with(".mask.png") || name.ends_with(".depth.png");
        let images = || names().filter(|n| is_medium(n) && !is_map(n));
        let mut stems: Vec<&str> = images().map(stem).collect();
        stems.sort_unstable();
        if let Some(twice) = stems.windows(2).find(|pair| pair[0] == pair[1]) {
            let second = images().filter(|name| stem(name) == twice[0]).nth(1);
            return Err(LayoutError::Structure {
                path: folder.join(second.unwrap_or_default()),
                expected: "one image or video of a name".to_owned(),
                found: "two that differ only in their extension".to_owned(),
            });
        }
        for name in images() {
            let relative = |name: &str| {
                let path = join(path, name);
                RelativePath::new(&path).map_err(|expected| LayoutError::Structure {
                    path: folder.join(name),
                    expected: expected.to_owned(),
                    found: format!("`{path}`"),
                })
            };
            let map = |kind: &str| -> Result<Option<RelativePath>, LayoutError> {
                let name = format!("{}.{kind}.png", stem(name));
                there(&name).then(|| relative(&name)).transpose()
            };
            let image = relative(name)?;
            let label = if class.species.is_some() {
                Label::Attack
            } else {
                Label::Live
            };
            let sample = stem(image.as_str()).to_owned();
            let mut row = ManifestRow::new("", sample, label, class.species.clone(), image);
            row.split = class.split;
            if is_video(name) {
                row.video = Some(row.sample.clone());
            } else {
                row.video = video.map(str::to_owned);
                row.frame = video.and_then(|_| trailing_number(stem(name)));
            }
            row.mask = map("mask")?;
            row.depth = map("depth")?;
            self.rows.push(&row);
        }
        for name in names() {
            let owner = name
                .strip_suffix(".mask.png")
                .or(name.strip_suffix(".depth.png"));
            let used = owner.map_or(is_medium(name), |owner| stems.binary_search(&owner).is_ok());
            if !used {
                self.ignored.push(join(path, name));
            }
        }
        Ok(())
    }
}

struct Class {
    split: Option<Split>,
    /// Attacks have one.
    species: Option<Species>,
}

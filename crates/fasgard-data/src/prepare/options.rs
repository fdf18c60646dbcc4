//! How images are cut and stored.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use fasgard_image::DecodeLimits;

use super::PrepareError;
use crate::layout::Layout;

/// What is cut from an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CropPolicy {
    /// Nothing: files are copied as they are. A row without a face box is taken for a face crop
    /// already, of which the loader uses the largest centred square.
    None,
    /// The largest centred square; the face box is its middle, 1 / 1.6 of its side.
    #[default]
    Center,
    /// 1.6 times the row's own face box, black outside the image; rows without a box fail.
    Box,
}

impl CropPolicy {
    /// Every policy.
    pub const ALL: [Self; 3] = [Self::None, Self::Center, Self::Box];

    /// The name: `none`, `center` or `box`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Center => "center",
            Self::Box => "box",
        }
    }
}

impl std::fmt::Display for CropPolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for CropPolicy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|p| p.name() == text);
        known.ok_or_else(|| format!("expected none, center or box, found `{text}`"))
    }
}

/// The file format of cut images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredFormat {
    /// JPEG without chroma subsampling, `quality` 1 to 100.
    Jpeg {
        /// 1 to 100.
        quality: u8,
    },
    /// PNG: exact and about five times larger.
    Png,
}

impl Default for StoredFormat {
    /// JPEG of quality 95.
    fn default() -> Self {
        Self::Jpeg { quality: 95 }
    }
}

/// How [`prepare`](super::prepare) works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrepareOptions {
    /// Name of the dataset; by default the layout's name (`nuaa`), or for `folder` and `csv` the
    /// name of the input.
    pub name: Option<String>,
    /// What is cut.
    pub crop: CropPolicy,
    /// The format of cut images.
    pub format: StoredFormat,
    /// Cut images with a longer side are resized to this one, 32 to 8192 pixels. Resizing removes
    /// the fine texture that tells attacks, so it is off by default.
    pub max_side: Option<u32>,
    /// Count only, write nothing.
    pub dry_run: bool,
    /// Replace a prepared dataset, or an unfinished one, in the output folder. Folders with anything
    /// else in them are refused all the same.
    pub overwrite: bool,
    /// Bounds on input images.
    pub limits: DecodeLimits,
}

impl PrepareOptions {
    pub(super) fn validate(&self) -> Result<(), PrepareError> {
        if let StoredFormat::Jpeg { quality } = self.format
            && !(1..=100).contains(&quality)
        {
            return Err(PrepareError::Option {
                key: "quality",
                expected: "1 to 100",
                found: quality.to_string(),
            });
        }
        if let Some(side) = self.max_side
            && !(32..=8192).contains(&side)
        {
            return Err(PrepareError::Option {
                key: "max-side",
                expected: "32 to 8192 pixels",
                found: side.to_string(),
            });
        }
        Ok(())
    }

    pub(super) fn dataset_name(
        &self,
        layout: &dyn Layout,
        input: &Path,
    ) -> Result<String, PrepareError> {
        let name = match &self.name {
            Some(name) => name.clone(),
            None if !["folder", "csv"].contains(&layout.name()) => layout.name().to_owned(),
            None => {
                // `.` and `..` have a name only once they are resolved.
                let full = input.canonicalize().unwrap_or_else(|_| input.to_owned());
                let stem = if full.is_dir() {
                    full.file_name()
                } else {
                    full.file_stem()
                };
                stem.map_or_else(
                    || layout.name().to_owned(),
                    |s| s.to_string_lossy().into_owned(),
                )
            }
        };
        if name.is_empty() || name.len() > 200 || name.chars().any(char::is_control) {
            return Err(PrepareError::Option {
                key: "name",
                expected: "1 to 200 bytes without control characters",
                found: format!("{name:?}"),
            });
        }
        Ok(name)
    }

    /// What goes into `dataset.toml`.
    pub(super) fn parameters(&self) -> BTreeMap<String, toml::Value> {
        let mut parameters = BTreeMap::new();
        let mut set = |key: &str, value: toml::Value| parameters.insert(key.to_owned(), value);
        set("crop", self.crop.name().into());
        if self.crop != CropPolicy::None {
            match self.format {
                StoredFormat::Jpeg { quality } => {
                    set("format", "jpeg".into());
                    set("quality", i64::from(quality).into());
                }
                StoredFormat::Png => {
                    set("format", "png".into());
                }
            }
            if let Some(side) = self.max_side {
                set("max_side", i64::from(side).into());
            }
            set(
                "wide_scale",
                ((f64::from(super::WIDE_SCALE) * 1000.0).round() / 1000.0).into(),
            );
        }
        set("map_side", i64::from(super::MAP_SIDE).into());
        parameters
    }
}

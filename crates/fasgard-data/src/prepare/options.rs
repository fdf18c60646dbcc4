//! How raw recordings are cut and stored.

use std::collections::BTreeMap;
use std::path::Path;

use fasgard_image::DecodeLimits;

use super::PrepareError;
use crate::layout::Layout;
use crate::video::{FrameChoice, VideoLimits};

/// A choice of few words: its variants, and their names on the command line.
macro_rules! words {
    ($type:ident, $expected:literal, $($variant:ident = $name:literal),+) => {
        impl $type {
            /// Every choice.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name on the command line and in `dataset.toml`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let known = Self::ALL.iter().find(|p| p.name() == text).copied();
                known.ok_or_else(|| format!(concat!("expected ", $expected, ", found `{}`"), text))
            }
        }
    };
}

pub(crate) use words;

/// What is cut from a frame. All but [`CropPolicy::None`] store a wide square,
/// `PrepareOptions::wide_scale` times the face.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CropPolicy {
    /// Nothing: image files are copied as they are. A row without a face box is taken for a face
    /// crop already, of which the loader uses the largest centred square.
    None,
    /// The largest centred square; the face box is its middle, 1 / `PrepareOptions::wide_scale` of
    /// its side.
    #[default]
    Center,
    /// Around the face box: the dataset's own, else the detector's. Black outside the image.
    Box,
    /// Around the face, turned so that the eyes are level: the dataset's own eyes, else the
    /// detector's. The size follows from the distance between the eyes.
    Eyes,
    /// Around the 468 points of the face mesh.
    Mesh,
}

words!(
    CropPolicy,
    "none, center, box, eyes or mesh",
    None = "none",
    Center = "center",
    Box = "box",
    Eyes = "eyes",
    Mesh = "mesh"
);

/// Where the depth maps of live samples come from. A row that brings a depth map keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DepthPolicy {
    /// The mesh where the auxiliary weights are installed; else a canonical face fitted to the
    /// eyes where eyes are known; else none.
    #[default]
    Auto,
    /// The 468-point mesh.
    Mesh,
    /// A canonical face fitted to the eyes: the pose beyond in-plane turns is not in it.
    Eyes,
    /// No depth maps.
    None,
}

words!(
    DepthPolicy,
    "auto, mesh, eyes or none",
    Auto = "auto",
    Mesh = "mesh",
    Eyes = "eyes",
    None = "none"
);

/// The depth of attacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AttackDepth {
    /// Zero everywhere, the convention of the article: nothing is stored.
    #[default]
    Zero,
    /// The face's outline filled with one depth: a picture is a plane.
    Planar,
}

words!(
    AttackDepth,
    "zero or planar",
    Zero = "zero",
    Planar = "planar"
);

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
#[derive(Clone, Debug, Default)]
pub struct PrepareOptions {
    /// Name of the dataset; by default the layout's name (`nuaa`), or for `folder` and `csv` the
    /// name of the input.
    pub name: Option<String>,
    /// What is cut.
    pub crop: CropPolicy,
    /// Where the depth of live samples comes from.
    pub depth: DepthPolicy,
    /// The depth of attacks.
    pub attack_depth: AttackDepth,
    /// Which frames of a video are stored.
    pub frames: FrameChoice,
    /// The format of cut images.
    pub format: StoredFormat,
    /// Cut images with a longer side are resized to this one, 32 to 8192 pixels. Resizing removes
    /// the fine texture that tells attacks, so it is off by default.
    pub max_side: Option<u32>,
    /// Side of stored crops as a multiple of the face box's longer side, 1 to 4; by default
    /// [`WIDE_SCALE`](super::WIDE_SCALE). A model sees no more of a scene than this.
    pub wide_scale: Option<f32>,
    /// Only media whose path below the input matches this pattern (`*` and `?`; `*` also crosses
    /// `/`).
    pub only: Option<String>,
    /// At most so many media of every split, label and species, the first ones.
    pub limit: Option<u64>,
    /// Count only, write nothing.
    pub dry_run: bool,
    /// Replace a prepared dataset, or an unfinished one, in the output folder. Folders with anything
    /// else in them are refused all the same.
    pub overwrite: bool,
    /// Bounds on input images.
    pub limits: DecodeLimits,
    /// Bounds on input videos.
    pub video_limits: VideoLimits,
}

impl PrepareOptions {
    pub(super) fn validate(&self) -> Result<(), PrepareError> {
        let bad = |key, expected, found| {
            Err(PrepareError::Option {
                key,
                expected,
                found,
            })
        };
        if let StoredFormat::Jpeg { quality } = self.format
            && !(1..=100).contains(&quality)
        {
            return bad("quality", "1 to 100", quality.to_string());
        }
        if let Some(side) = self.max_side
            && !(32..=8192).contains(&side)
        {
            return bad("max-side", "32 to 8192 pixels", side.to_string());
        }
        if let Some(scale) = self.wide_scale
            && !(1.0..=super::MAX_WIDE_SCALE).contains(&scale)
        {
            return bad("wide-scale", "1 to 4 times the face box", scale.to_string());
        }
        if self.wide_scale.is_some() && self.crop == CropPolicy::None {
            return bad(
                "wide-scale",
                "a crop policy that cuts",
                "crop none".to_owned(),
            );
        }
        if self.limit == Some(0) {
            return bad("limit", "1 or more", "0".to_owned());
        }
        Ok(())
    }

    pub(super) fn wide_scale(&self) -> f32 {
        self.wide_scale.unwrap_or(super::WIDE_SCALE)
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
        set("depth", self.depth.name().into());
        set("attack_depth", self.attack_depth.name().into());
        set("frames", self.frames.to_string().into());
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
            set("wide_scale", crate::info::decimal(self.wide_scale()));
        }
        if let Some(only) = &self.only {
            set("only", only.as_str().into());
        }
        if let Some(limit) = self.limit {
            set("limit", i64::try_from(limit).unwrap_or(i64::MAX).into());
        }
        set("map_side", i64::from(super::MAP_SIDE).into());
        parameters
    }
}

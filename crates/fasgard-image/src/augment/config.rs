//! What may be varied in training, and how much.

use serde::{Deserialize, Serialize};

/// Random changes of training samples; each is off by default.
///
/// Ranges are `[low, high]`, drawn uniformly, both ends included. They apply in this order: crop
/// scale, shift and flip (one resampling, shared with masks and depth), then on the crop
/// brightness, contrast and gamma (one table), erasing, cutout; normalisation comes last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AugmentConfig {
    /// Probability of a horizontal flip, 0 to 1.
    pub flip: f32,
    /// Range that replaces `crop_scale` of the preprocessing, as a multiple of the face box's longer
    /// side, 0.1 to 10. Not set: `crop_scale` stays. For a sample without a face box, whose image
    /// is its crop, the same relative zoom applies (the value over `crop_scale`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crop_scale: Option<[f32; 2]>,
    /// Values one of which, each as likely, replaces `crop_scale` of the preprocessing instead of a
    /// range: at most 16, 0.1 to 10 each; none if empty. Not together with a range.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub crop_scales: Vec<f32>,
    /// Largest displacement of the crop along each axis, as a fraction of its side, 0 to 1.
    pub shift: f32,
    /// Range added to each channel by itself, -255 to 255 on the scale of 0 to 255.
    pub brightness: [f32; 2],
    /// Range of the factor about middle grey (127.5), the same for all channels, 0 to 10.
    pub contrast: [f32; 2],
    /// Range of the exponent on values scaled to 0 to 1, the same for all channels, 0.05 to 20;
    /// below 1 brightens.
    pub gamma: [f32; 2],
    /// Filled rectangles.
    pub erasing: Erasing,
    /// A black square.
    pub cutout: Cutout,
}

impl AugmentConfig {
    /// The widest crop that is drawn where the preprocessing's is `crop_scale`, as a multiple of the
    /// face box's longer side.
    pub fn widest_crop(&self, crop_scale: f32) -> f32 {
        let range = self.crop_scale.map_or(crop_scale, |[_, most]| most);
        self.crop_scales.iter().copied().fold(range, f32::max)
    }

    /// Twice the largest distance from the face box's centre that a crop may reach to a side, over
    /// the box's longer side; shifts included.
    pub fn reach(&self, crop_scale: f32) -> f32 {
        self.widest_crop(crop_scale) * (1.0 + 2.0 * self.shift)
    }
}

impl Default for AugmentConfig {
    fn default() -> Self {
        Self {
            flip: 0.0,
            crop_scale: None,
            crop_scales: Vec::new(),
            shift: 0.0,
            brightness: [0.0; 2],
            contrast: [1.0; 2],
            gamma: [1.0; 2],
            erasing: Erasing::default(),
            cutout: Cutout::default(),
        }
    }
}

/// Random erasing: rectangles of one colour, the image's only (masks and depth stay).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Erasing {
    /// Probability that a sample is erased at all, 0 to 1.
    pub probability: f32,
    /// Least and most rectangles, 1 to 16.
    pub count: [u32; 2],
    /// Range of one rectangle's area as a fraction of the crop's, above 0, up to 1.
    pub area: [f32; 2],
    /// Range of height over width, 0.05 to 20; drawn uniformly.
    pub aspect: [f32; 2],
    /// Red, green, blue of the rectangle, 0 to 255.
    pub fill: [u8; 3],
}

impl Default for Erasing {
    fn default() -> Self {
        Self {
            probability: 0.0,
            count: [1, 2],
            area: [0.01, 0.05],
            aspect: [0.5, 2.0],
            fill: [0; 3],
        }
    }
}

/// Cutout: a black square about a random point, cut at the crop's edge; the image's only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cutout {
    /// Probability of a square, 0 to 1.
    pub probability: f32,
    /// Largest side as a fraction of the crop's, 0 to 1; the side is drawn uniformly from 0 to it.
    pub max_side: f32,
}

impl Default for Cutout {
    fn default() -> Self {
        Self {
            probability: 0.0,
            max_side: 0.2,
        }
    }
}

/// A value of [`AugmentConfig`] out of its range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("augment key `{key}`: expected {expected}, found {found}")]
pub struct AugmentError {
    /// The key, dotted for a table.
    pub key: &'static str,
    /// What is allowed.
    pub expected: String,
    /// What was found.
    pub found: String,
}

impl AugmentConfig {
    /// The settings of the published CDCN training script: crop scale 1.2, 1.3 or 1.4, brightness
    /// -40 to 40 per channel, gamma 0.5 to 1.5, erasing and flip each in half of the samples, cutout
    /// always, up to 50 of 256 pixels.
    pub fn cdcn() -> Self {
        Self {
            flip: 0.5,
            crop_scales: vec![1.2, 1.3, 1.4],
            brightness: [-40.0, 40.0],
            gamma: [0.5, 1.5],
            erasing: Erasing {
                probability: 0.5,
                ..Erasing::default()
            },
            cutout: Cutout {
                probability: 1.0,
                max_side: 50.0 / 256.0,
            },
            ..Self::default()
        }
    }

    /// Checks every value's range.
    ///
    /// # Errors
    /// The first key out of range, or a range whose low end is above its high end.
    pub fn validate(&self) -> Result<(), AugmentError> {
        let unit = (0.0, 1.0);
        single("flip", self.flip, unit)?;
        if let Some(crop_scale) = self.crop_scale {
            range("crop_scale", crop_scale, (0.1, 10.0))?;
        }
        let fits = self.crop_scales.iter().all(|s| (0.1..=10.0).contains(s));
        let alone = self.crop_scales.is_empty() || self.crop_scale.is_none();
        if !(fits && alone && self.crop_scales.len() <= 16) {
            return Err(AugmentError {
                key: "crop_scales",
                expected: "at most 16 values of 0.1 to 10, and no `crop_scale` beside them".into(),
                found: match self.crop_scale {
                    Some(range) => format!("{:?} and `crop_scale` {range:?}", self.crop_scales),
                    None => format!("{:?}", self.crop_scales),
                },
            });
        }
        single("shift", self.shift, unit)?;
        range("brightness", self.brightness, (-255.0, 255.0))?;
        range("contrast", self.contrast, (0.0, 10.0))?;
        range("gamma", self.gamma, (0.05, 20.0))?;
        single("erasing.probability", self.erasing.probability, unit)?;
        let count = self.erasing.count;
        range("erasing.count", count.map(|v| v as f32), (1.0, 16.0))?;
        range("erasing.area", self.erasing.area, (1e-6, 1.0))?;
        range("erasing.aspect", self.erasing.aspect, (0.05, 20.0))?;
        single("cutout.probability", self.cutout.probability, unit)?;
        single("cutout.max_side", self.cutout.max_side, unit)
    }
}

fn single(key: &'static str, value: f32, (lo, hi): (f32, f32)) -> Result<(), AugmentError> {
    if (lo..=hi).contains(&value) {
        return Ok(());
    }
    Err(AugmentError {
        key,
        expected: format!("{lo} to {hi}"),
        found: value.to_string(),
    })
}

fn range(key: &'static str, value: [f32; 2], (lo, hi): (f32, f32)) -> Result<(), AugmentError> {
    if lo <= value[0] && value[0] <= value[1] && value[1] <= hi {
        return Ok(());
    }
    Err(AugmentError {
        key,
        expected: format!("[low, high] with {lo} <= low <= high <= {hi}"),
        found: format!("{value:?}"),
    })
}

//! Brightness, contrast and gamma: one table per channel.

use image::RgbImage;
use rand::Rng;

use super::AugmentConfig;
use super::draw::uniform;

/// The drawn change of tone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tone {
    /// Added to red, green, blue.
    pub(super) brightness: [f32; 3],
    /// Factor about 127.5.
    pub(super) contrast: f32,
    /// Exponent on values of 0 to 1.
    pub(super) gamma: f32,
}

impl Tone {
    pub(super) const NONE: Self = Self {
        brightness: [0.0; 3],
        contrast: 1.0,
        gamma: 1.0,
    };

    pub(super) fn draw(config: &AugmentConfig, rng: &mut impl Rng) -> Self {
        Self {
            brightness: [0, 1, 2].map(|_| uniform(rng, config.brightness)),
            contrast: uniform(rng, config.contrast),
            gamma: uniform(rng, config.gamma),
        }
    }

    /// What becomes of every byte of a channel. Each step is clipped to 0 to 255 as if it were
    /// applied to an image; only the end is rounded.
    pub(super) fn table(&self, channel: usize) -> [u8; 256] {
        std::array::from_fn(|value| {
            let bright = (value as f32 + self.brightness[channel]).clamp(0.0, 255.0);
            let contrast = ((bright - 127.5) * self.contrast + 127.5).clamp(0.0, 255.0);
            // powf may differ in the last bit between platforms; exact where gamma is off.
            let toned = if self.gamma == 1.0 {
                contrast
            } else {
                255.0 * (contrast / 255.0).powf(self.gamma)
            };
            (toned + 0.5) as u8
        })
    }

    pub(super) fn apply(&self, image: &mut RgbImage) {
        if *self == Self::NONE {
            return;
        }
        let tables = [0, 1, 2].map(|channel| self.table(channel));
        for pixel in image.as_chunks_mut::<3>().0 {
            *pixel = std::array::from_fn(|c| tables[c][usize::from(pixel[c])]);
        }
    }
}

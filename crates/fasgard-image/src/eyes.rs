//! Where the eyes are.

use serde::{Deserialize, Serialize};

/// Eye centres in pixels of the stored image, `[x, y]` each, in the frame of
/// [`FaceBox`](crate::FaceBox). "Right" is the subject's right, which lies on the left of an
/// unmirrored image.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eyes {
    /// The subject's right eye.
    pub right: [f32; 2],
    /// The subject's left eye.
    pub left: [f32; 2],
}

impl Eyes {
    /// Distance between the centres in pixels.
    pub fn distance(self) -> f32 {
        (self.left[0] - self.right[0]).hypot(self.left[1] - self.right[1])
    }

    /// In-plane rotation in radians: 0 for level eyes of an upright, unmirrored face, positive when
    /// the subject's left eye is lower in the image.
    pub fn roll(self) -> f32 {
        (self.left[1] - self.right[1]).atan2(self.left[0] - self.right[0])
    }

    /// The eyes of the mirrored image of width `width`: each stays the subject's own only if the
    /// sides are swapped, since a mirror turns a right eye into a left one.
    pub fn mirrored(self, width: f32) -> Self {
        Self {
            right: [width - self.left[0], self.left[1]],
            left: [width - self.right[0], self.right[1]],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geometry_by_hand() {
        let eyes = Eyes {
            right: [10.0, 20.0],
            left: [13.0, 24.0],
        };
        assert_eq!(eyes.distance(), 5.0);
        assert!((eyes.roll() - (4.0_f32 / 3.0).atan()).abs() < 1e-6);
        let mirrored = eyes.mirrored(30.0);
        assert_eq!(mirrored.right, [17.0, 24.0]);
        assert_eq!(mirrored.left, [20.0, 20.0]);
    }
}

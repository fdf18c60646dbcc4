//! Where an image is cut, and where its face is then.

use fasgard_face::geometry::depth::fitted;
use fasgard_image::{Eyes, FaceBox, Interpolation, RgbImage, RotatedSquare, crop, rotated_crop};

use super::CropPolicy;

/// A square to be cut, and the geometry in its frame. It may reach outside the image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cut {
    /// The square in pixels of the image before it is turned: whole pixels if it is not.
    pub(super) region: FaceBox,
    /// The turn about the square's centre in radians, as [`RotatedSquare::angle`].
    pub(super) angle: f32,
    /// Its side in the source, whole pixels.
    pub(super) side: u32,
    /// The face box in pixels of the square.
    pub(super) face: FaceBox,
}

/// Largest square relative to the image's longer side: a box far beyond its image is an error in
/// the data, not a wish for a huge black picture.
const MAX_REACH: f32 = 4.0;

impl Cut {
    /// The cut of an image of `width` x `height` around what is known of its face, both in pixels
    /// of the image: its side is `scale` times the face's longer one. The reason in words if there
    /// is none.
    ///
    /// An upright square is laid on whole pixels, so that pixels are copied and not resampled: the
    /// fine texture of print and display is what a detector looks at.
    pub(super) fn new(
        policy: CropPolicy,
        scale: f32,
        face: Option<FaceBox>,
        eyes: Option<Eyes>,
        width: u32,
        height: u32,
    ) -> Result<Option<Self>, String> {
        match policy {
            CropPolicy::None => Ok(None),
            CropPolicy::Center => {
                let side = width.min(height);
                let at = |length: u32| ((length - side) / 2) as f32;
                let face_side = side as f32 / scale;
                let edge = (side as f32 - face_side) / 2.0;
                Ok(Some(Self {
                    region: FaceBox {
                        x: at(width),
                        y: at(height),
                        w: side as f32,
                        h: side as f32,
                    },
                    angle: 0.0,
                    side,
                    face: FaceBox {
                        x: edge,
                        y: edge,
                        w: face_side,
                        h: face_side,
                    },
                }))
            }
            CropPolicy::Box | CropPolicy::Mesh => {
                let face = face.ok_or(
                    "expected a face box (box_x, box_y, box_w, box_h), found none; bring boxes, install the detector with `fasgard models install`, or use the crop policy `center` or `none`",
                )?;
                Self::around(face, scale, width, height).map(Some)
            }
            CropPolicy::Eyes => {
                let eyes = eyes.ok_or(
                    "expected eye positions (eye_rx, eye_ry, eye_lx, eye_ly), found none; bring them, install the detector with `fasgard models install`, or use another crop policy",
                )?;
                Self::by_eyes(eyes, scale, width, height).map(Some)
            }
        }
    }

    /// Around the canonical face laid on the eyes, turned as they are.
    fn by_eyes(eyes: Eyes, scale: f32, width: u32, height: u32) -> Result<Self, String> {
        let wrong = || {
            format!(
                "expected eyes inside the image of {width} x {height} pixels and apart from each other, found {:?} and {:?}",
                eyes.right, eyes.left
            )
        };
        let inside = |[x, y]: [f32; 2]| {
            (0.0..=width as f32).contains(&x) && (0.0..=height as f32).contains(&y)
        };
        if !inside(eyes.right) || !inside(eyes.left) || eyes.distance() < 2.0 {
            return Err(wrong());
        }
        let (unit, angle) = (eyes.distance(), eyes.roll());
        let middle = [0, 1].map(|i| (eyes.right[i] + eyes.left[i]) / 2.0);
        // The face as it is once the eyes are level, from the eyes' middle.
        let level = Eyes {
            right: [-unit / 2.0, 0.0],
            left: [unit / 2.0, 0.0],
        };
        let face = bounds(fitted(level).iter().map(|p| [p[0], p[1]])).ok_or_else(wrong)?;
        let wide = face.square(scale);
        let side = wide.w.round().max(1.0);
        if wide.w > MAX_REACH * width.max(height) as f32 {
            return Err(wrong());
        }
        let (sin, cos) = angle.sin_cos();
        let (cx, cy) = (wide.x + wide.w / 2.0, wide.y + wide.h / 2.0);
        let center = [
            middle[0] + cx * cos - cy * sin,
            middle[1] + cx * sin + cy * cos,
        ];
        let edge = |length: f32| (side - length) / 2.0;
        Ok(Self {
            region: FaceBox {
                x: center[0] - side / 2.0,
                y: center[1] - side / 2.0,
                w: side,
                h: side,
            },
            angle,
            side: side as u32,
            face: FaceBox {
                x: edge(face.w),
                y: edge(face.h),
                ..face
            },
        })
    }

    fn around(face: FaceBox, scale: f32, width: u32, height: u32) -> Result<Self, String> {
        let (w, h) = (width as f32, height as f32);
        let inside = face.is_valid()
            && face.x < w
            && face.y < h
            && face.x + face.w > 0.0
            && face.y + face.h > 0.0;
        let wide = face.square(scale);
        if !inside || wide.w > MAX_REACH * w.max(h) {
            return Err(format!(
                "expected a face box that overlaps the image of {width} x {height} pixels, found x {}, y {}, width {}, height {}",
                face.x, face.y, face.w, face.h
            ));
        }
        let side = wide.w.round().max(1.0);
        let (x, y) = (wide.x.round(), wide.y.round());
        Ok(Self {
            region: FaceBox {
                x,
                y,
                w: side,
                h: side,
            },
            angle: 0.0,
            side: side as u32,
            face: FaceBox {
                x: face.x - x,
                y: face.y - y,
                ..face
            },
        })
    }

    /// The square's pixels at side `stored`, black outside the image.
    pub(super) fn pixels(&self, image: &RgbImage, stored: u32) -> RgbImage {
        if self.angle != 0.0 {
            rotated_crop(image, self.square(), stored)
        } else if stored == self.side {
            self.copy(image)
        } else {
            crop(image, self.region, stored, Interpolation::Bilinear, false)
        }
    }

    fn square(&self) -> RotatedSquare {
        RotatedSquare {
            center: [
                self.region.x + self.region.w / 2.0,
                self.region.y + self.region.h / 2.0,
            ],
            side: self.region.w,
            angle: self.angle,
        }
    }

    /// A place of the image, in parts of the square's side.
    pub(super) fn part_of_crop(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        self.square().from_image(x, y)
    }

    /// The square's pixels as they are, black outside the image.
    fn copy(&self, image: &RgbImage) -> RgbImage {
        let mut out = RgbImage::new(self.side, self.side);
        // Of one axis: the first pixel in the image, the first in the square, how many.
        let overlap = |at: f32, length: u32| {
            let at = at as i64;
            let (from, to) = (
                at.max(0),
                (at + i64::from(self.side)).min(i64::from(length)),
            );
            let count = (to - from).max(0);
            (from as usize, (from - at) as usize, count as usize)
        };
        let (from_x, to_x, columns) = overlap(self.region.x, image.width());
        let (from_y, to_y, rows) = overlap(self.region.y, image.height());
        let source = image.chunks_exact(image.width() as usize * 3).skip(from_y);
        let target = out.chunks_exact_mut(self.side as usize * 3).skip(to_y);
        for (source, target) in source.zip(target).take(rows) {
            target[to_x * 3..(to_x + columns) * 3]
                .copy_from_slice(&source[from_x * 3..(from_x + columns) * 3]);
        }
        out
    }

    /// Side of the stored image.
    pub(super) fn stored_side(&self, max_side: Option<u32>) -> u32 {
        max_side.map_or(self.side, |max| self.side.min(max))
    }

    /// The face box in pixels of the stored image of side `stored`.
    pub(super) fn stored_face(&self, stored: u32) -> FaceBox {
        self.face.rescaled((self.side, self.side), (stored, stored))
    }

    /// Eyes, given in pixels of the source image, in pixels of the stored image.
    pub(super) fn stored_eyes(&self, eyes: Eyes, stored: u32) -> Eyes {
        let moved = |at: [f32; 2]| self.part_of_crop(at).map(|v| v * stored as f32);
        Eyes {
            right: moved(eyes.right),
            left: moved(eyes.left),
        }
    }
}

/// The smallest upright box around points; none if there is no point.
pub(super) fn bounds(points: impl Iterator<Item = [f32; 2]>) -> Option<FaceBox> {
    let mut corners: Option<[f32; 4]> = None;
    for [x, y] in points {
        let [l, t, r, b] = corners.unwrap_or([x, y, x, y]);
        corners = Some([l.min(x), t.min(y), r.max(x), b.max(y)]);
    }
    corners.map(|[l, t, r, b]| FaceBox {
        x: l,
        y: t,
        w: r - l,
        h: b - t,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::WIDE_SCALE;

    #[test]
    fn center_and_box_agree_with_hand_counts() {
        let cut = Cut::new(CropPolicy::Center, WIDE_SCALE, None, None, 640, 480)
            .unwrap()
            .unwrap();
        assert_eq!((cut.region.x, cut.region.y, cut.side), (80.0, 0.0, 480));
        assert_eq!((cut.face.x, cut.face.w), (90.0, 300.0));
        let face = FaceBox {
            x: 10.0,
            y: 20.0,
            w: 50.0,
            h: 100.0,
        };
        let cut = Cut::new(CropPolicy::Box, WIDE_SCALE, Some(face), None, 640, 480)
            .unwrap()
            .unwrap();
        // Centre (35, 70), side 160: from (-45, -10).
        assert_eq!((cut.region.x, cut.region.y, cut.side), (-45.0, -10.0, 160));
        assert_eq!(
            cut.stored_face(80),
            FaceBox {
                x: 27.5,
                y: 15.0,
                w: 25.0,
                h: 50.0
            }
        );
        let eyes = Eyes {
            right: [20.0, 50.0],
            left: [40.0, 50.0],
        };
        assert_eq!(cut.stored_eyes(eyes, 80).left, [42.5, 30.0]);
    }

    #[test]
    fn copying_is_what_resampling_to_the_same_size_gives() {
        let image = RgbImage::from_fn(40, 30, |x, y| {
            fasgard_image::Rgb([x as u8, y as u8, (x * y % 251) as u8])
        });
        for (x, y, w) in [
            (5.0, 5.0, 12.0),
            (-4.0, 3.0, 20.0),
            (25.0, 20.0, 14.0),
            (3.3, 2.2, 30.0),
        ] {
            let face = FaceBox {
                x,
                y,
                w,
                h: w / 2.0,
            };
            let cut = Cut::new(CropPolicy::Box, WIDE_SCALE, Some(face), None, 40, 30)
                .unwrap()
                .unwrap();
            let method = fasgard_image::Interpolation::Bilinear;
            let resampled = fasgard_image::crop(&image, cut.region, cut.side, method, false);
            assert!(cut.copy(&image) == resampled, "{face:?}");
        }
    }

    #[test]
    fn eyes_are_level_and_where_the_canonical_face_has_them() {
        for angle in [0.0_f32, 0.4, -1.2] {
            let (sin, cos) = angle.sin_cos();
            let eyes = Eyes {
                right: [320.0 - 30.0 * cos, 240.0 - 30.0 * sin],
                left: [320.0 + 30.0 * cos, 240.0 + 30.0 * sin],
            };
            let cut = Cut::new(CropPolicy::Eyes, WIDE_SCALE, None, Some(eyes), 640, 480)
                .unwrap()
                .unwrap();
            let stored = cut.stored_eyes(eyes, cut.side);
            assert!(
                (stored.right[1] - stored.left[1]).abs() < 1e-3,
                "{stored:?}"
            );
            assert!((stored.distance() - 60.0).abs() < 0.5, "{stored:?}");
            // The face box is in the middle and holds both eyes in its upper half.
            let middle = cut.side as f32 / 2.0;
            assert!((cut.face.x + cut.face.w / 2.0 - middle).abs() < 1e-3);
            assert!((stored.right[0] + stored.left[0] - 2.0 * middle).abs() < 2.0);
            assert!(stored.right[1] > cut.face.y && stored.right[1] < middle);
            assert!((cut.side as f32 / cut.face.w.max(cut.face.h) - WIDE_SCALE).abs() < 0.02);
        }
        let close = Eyes {
            right: [10.0, 10.0],
            left: [11.0, 10.0],
        };
        assert!(Cut::new(CropPolicy::Eyes, WIDE_SCALE, None, Some(close), 64, 64).is_err());
        assert!(Cut::new(CropPolicy::Eyes, WIDE_SCALE, None, None, 64, 64).is_err());
    }

    #[test]
    fn boxes_that_miss_the_image_are_refused() {
        assert!(Cut::new(CropPolicy::Box, WIDE_SCALE, None, None, 64, 64).is_err());
        for (x, w) in [(64.0, 10.0), (-10.0, 10.0), (0.0, 1e6), (f32::NAN, 1.0)] {
            let face = FaceBox {
                x,
                y: 0.0,
                w,
                h: 10.0,
            };
            assert!(
                Cut::new(CropPolicy::Box, WIDE_SCALE, Some(face), None, 64, 64).is_err(),
                "{x} {w}"
            );
        }
    }
}

//! Where a dataset itself says the face is.

mod read;

use std::collections::BTreeMap;

use fasgard_image::{Eyes, FaceBox};

pub(super) use read::{Columns, celeba, frames};

/// A frame without an annotation of its own takes the nearest one at most this many frames away: a
/// fifth of a second of video, in which a face that looks into a camera hardly moves.
pub const NEAREST: u64 = 5;

/// How a recording is turned on disk, beyond what its container says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Turn {
    /// Upright.
    #[default]
    None,
    /// Upside down: turn every decoded frame by half a turn. A decoder that has already turned the
    /// frames by 180 degrees, because the container asks for it, must not turn them again.
    Half,
}

/// Where the face is in one frame, in pixels of the upright frame (after [`Turn`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The face box.
    pub face: Option<FaceBox>,
    /// The eye centres: of the two annotated points the one further left is the subject's right eye.
    pub eyes: Option<Eyes>,
}

/// A dataset's own annotation of one medium.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Annotations {
    content: Content,
    /// The numbers are of frames that are stored upside down.
    turned: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
enum Content {
    #[default]
    Nothing,
    /// By frame, from 0; no place where the dataset says that it found no face.
    Frames(BTreeMap<u64, Option<Place>>),
    /// A box in a frame of 224 x 224, whatever the size of the image.
    Unit224(FaceBox),
}

impl Annotations {
    /// No annotation.
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether the dataset says nothing about this medium.
    pub fn is_empty(&self) -> bool {
        match &self.content {
            Content::Nothing => true,
            Content::Frames(frames) => frames.values().all(Option::is_none),
            Content::Unit224(_) => false,
        }
    }

    /// The place in frame `frame` (from 0; 0 for an image) of an upright frame of `size`
    /// (width, height) pixels.
    ///
    /// The annotation of the frame itself; `None` if that says there is no face. Without one, the
    /// nearest annotated face at most [`NEAREST`] frames away, the earlier of two.
    pub fn at(&self, frame: u64, size: (u32, u32)) -> Option<Place> {
        let place = match &self.content {
            Content::Nothing => None,
            Content::Frames(frames) => match frames.get(&frame) {
                Some(place) => *place,
                None => nearest(frames, frame),
            },
            Content::Unit224(face) => Some(Place {
                face: Some(face.rescaled((224, 224), size)),
                eyes: None,
            }),
        }?;
        Some(if self.turned {
            place.turned(size)
        } else {
            place
        })
    }
}

fn nearest(frames: &BTreeMap<u64, Option<Place>>, frame: u64) -> Option<Place> {
    let range = frame.saturating_sub(NEAREST)..=frame.saturating_add(NEAREST);
    let faces = frames
        .range(range)
        .filter_map(|(&n, place)| Some((n, (*place)?)));
    // The first of equals is the earlier one.
    faces
        .min_by_key(|&(n, _)| n.abs_diff(frame))
        .map(|(_, place)| place)
}

impl Place {
    /// The place after half a turn of a frame of `size`; left and right of the picture change, so
    /// the eyes do.
    fn turned(self, (width, height): (u32, u32)) -> Self {
        let (w, h) = (width as f32, height as f32);
        let point = |[x, y]: [f32; 2]| [w - x, h - y];
        Self {
            face: self.face.map(|f| FaceBox {
                x: w - f.x - f.w,
                y: h - f.y - f.h,
                ..f
            }),
            eyes: self.eyes.map(|e| Eyes {
                right: point(e.left),
                left: point(e.right),
            }),
        }
    }
}

/// The box of a face of which only the eyes are known: a square of 2.4 eye distances, its centre
/// 0.55 distances below the middle between the eyes, at right angles to the line through them. It
/// reaches from the middle of the forehead to the chin, as detectors' boxes do.
pub fn box_of_eyes(eyes: Eyes) -> FaceBox {
    let distance = eyes.distance();
    let down = |a: f32, b: f32, across: f32| (a + b) / 2.0 + 0.55 * across;
    let [dx, dy] = [eyes.left[0] - eyes.right[0], eyes.left[1] - eyes.right[1]];
    let x = down(eyes.right[0], eyes.left[0], -dy);
    let y = down(eyes.right[1], eyes.left[1], dx);
    let side = 2.4 * distance;
    FaceBox {
        x: x - side / 2.0,
        y: y - side / 2.0,
        w: side,
        h: side,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(x: f32) -> Option<Place> {
        Some(Place {
            face: Some(FaceBox {
                x,
                y: 0.0,
                w: 10.0,
                h: 10.0,
            }),
            eyes: None,
        })
    }

    #[test]
    fn frames_between_annotated_ones() {
        let frames = [(2, face(2.0)), (8, face(8.0)), (9, None), (20, face(20.0))];
        let annotations = Annotations {
            content: Content::Frames(frames.into()),
            turned: false,
        };
        let x = |frame| {
            let place = annotations.at(frame, (100, 100));
            place.and_then(|p| p.face).map(|f| f.x)
        };
        assert_eq!(x(2), Some(2.0));
        assert_eq!(x(5), Some(2.0), "the earlier of two");
        assert_eq!(x(6), Some(8.0));
        assert_eq!(x(0), Some(2.0));
        assert_eq!(x(9), None, "the dataset says: no face");
        assert_eq!(x(10), Some(8.0));
        assert_eq!(x(13), Some(8.0));
        assert_eq!(x(14), None);
        assert_eq!(x(26), None);
        assert_eq!(x(u64::MAX), None);
        assert_eq!(Annotations::none().at(0, (1, 1)), None);
        assert!(Annotations::none().is_empty() && !annotations.is_empty());
    }

    #[test]
    fn half_a_turn_by_hand() {
        let place = Place {
            face: Some(FaceBox {
                x: 10.0,
                y: 20.0,
                w: 30.0,
                h: 40.0,
            }),
            eyes: Some(Eyes {
                right: [15.0, 50.0],
                left: [35.0, 52.0],
            }),
        };
        let turned = place.turned((100, 80));
        let face = turned.face.unwrap();
        assert_eq!([face.x, face.y, face.w, face.h], [60.0, 20.0, 30.0, 40.0]);
        let eyes = turned.eyes.unwrap();
        assert_eq!((eyes.right, eyes.left), ([65.0, 28.0], [85.0, 30.0]));
        assert_eq!(turned.turned((100, 80)), place);
    }

    #[test]
    fn box_from_eyes_by_hand() {
        let level = box_of_eyes(Eyes {
            right: [40.0, 50.0],
            left: [60.0, 50.0],
        });
        // Side 48 about (50, 61).
        assert_eq!(
            [level.x, level.y, level.w, level.h],
            [26.0, 37.0, 48.0, 48.0]
        );
        // A head on its side: the chin is to the left of eyes that lie below each other.
        let lying = box_of_eyes(Eyes {
            right: [50.0, 40.0],
            left: [50.0, 60.0],
        });
        assert_eq!([lying.x, lying.y], [39.0 - 24.0, 50.0 - 24.0]);
    }
}

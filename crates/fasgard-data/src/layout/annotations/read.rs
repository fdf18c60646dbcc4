//! The datasets' annotation files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use fasgard_image::{Eyes, FaceBox};

use super::{Annotations, Content, Place, box_of_eyes};
use crate::layout::LayoutError;

/// What the numbers after the frame's are. Numbers are separated by commas, spaces or tabs.
#[derive(Clone, Copy)]
pub(in crate::layout) enum Columns {
    /// `x y w h`: Replay-Attack, CASIA-MFSD.
    Box,
    /// The right eye's `x y`, the left eye's `x y`: OULU-NPU.
    Eyes,
    /// `x1 y1 x2 y2` of the box, then two eyes: MSU-MFSD.
    CornersEyes,
}

impl Columns {
    fn expected(self) -> &'static str {
        match self {
            Self::Box => "the numbers frame x y w h",
            Self::Eyes => "the numbers frame,x_right,y_right,x_left,y_left",
            Self::CornersEyes => "the numbers frame,x1,y1,x2,y2 and the x,y of two eyes",
        }
    }

    fn count(self) -> usize {
        match self {
            Self::Box | Self::Eyes => 4,
            Self::CornersEyes => 8,
        }
    }

    fn place(self, n: &[f32]) -> Option<Place> {
        match (self, n) {
            (Self::Box, &[x, y, w, h]) => Some(Place {
                face: Some(face(x, y, w, h)?),
                eyes: None,
            }),
            (Self::Eyes, &[rx, ry, lx, ly]) => {
                let eyes = eyes([rx, ry], [lx, ly])?;
                Some(Place {
                    face: Some(box_of_eyes(eyes)),
                    eyes: Some(eyes),
                })
            }
            (Self::CornersEyes, &[x1, y1, x2, y2, ax, ay, bx, by]) => Some(Place {
                face: Some(face(x1, y1, x2 - x1, y2 - y1)?),
                eyes: eyes([ax, ay], [bx, by]),
            }),
            _ => None,
        }
    }
}

/// No box if a side is not above zero: files write zeros where no face was found.
fn face(x: f32, y: f32, w: f32, h: f32) -> Option<FaceBox> {
    Some(FaceBox { x, y, w, h }).filter(|f| f.is_valid())
}

/// No eyes if one of them is at the origin or both are one point. The point further left is the
/// subject's right eye: faces are upright and unmirrored, and files disagree about whose left they
/// mean.
fn eyes(a: [f32; 2], b: [f32; 2]) -> Option<Eyes> {
    if a == b || a == [0.0; 2] || b == [0.0; 2] {
        return None;
    }
    let (right, left) = if a[0] <= b[0] { (a, b) } else { (b, a) };
    Some(Eyes { right, left })
}

/// Annotation files have some 10 kB; an hour of video would have 5 MB.
const LIMIT: u64 = 8 << 20;

/// The text of a file, `None` if there is no such file.
fn text(path: &Path) -> Result<Option<String>, LayoutError> {
    let read = |source| LayoutError::Read {
        path: path.to_owned(),
        expected: "an annotation file of the dataset",
        source,
    };
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_file() => {}
        // Not opened: a pipe would wait for its writer.
        Ok(_) => return Ok(None),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(e) => return Err(read(e)),
    }
    let file = File::open(path).map_err(read)?;
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(read)?;
    if bytes.len() as u64 > LIMIT {
        return Err(LayoutError::Structure {
            path: path.to_owned(),
            expected: "an annotation file of at most 8 MiB".to_owned(),
            found: "a larger file".to_owned(),
        });
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The finite numbers of a line, at most 1e6 away from zero; `None` if something else is in it.
fn numbers(line: &str) -> Option<Vec<f32>> {
    let fields = line
        .split(|c: char| c == ',' || c.is_whitespace())
        .filter(|f| !f.is_empty());
    fields
        .map(|f| {
            let number: Option<f32> = f.parse().ok();
            number.filter(|n| n.abs() <= 1e6)
        })
        .collect()
}

fn wrong(path: &Path, line: usize, expected: &str, found: &str) -> LayoutError {
    LayoutError::Line {
        path: path.to_owned(),
        line,
        expected: expected.to_owned(),
        found: found.chars().take(80).collect(),
    }
}

/// Reads a file with one line a frame, `None` if there is none. Frames are numbered from 0.
///
/// # Errors
/// [`LayoutError::Line`] at a line that is not of these columns or names a frame again.
pub(in crate::layout) fn frames(
    path: &Path,
    columns: Columns,
    turned: bool,
) -> Result<Option<Annotations>, LayoutError> {
    let Some(text) = text(path)? else {
        return Ok(None);
    };
    let mut frames = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let error = || wrong(path, index + 1, columns.expected(), line);
        let numbers = numbers(line).ok_or_else(error)?;
        let (&frame, rest) = numbers.split_first().ok_or_else(error)?;
        if rest.len() != columns.count() || frame < 0.0 || frame.fract() != 0.0 {
            return Err(error());
        }
        if frames.insert(frame as u64, columns.place(rest)).is_some() {
            return Err(wrong(path, index + 1, "every frame once", line));
        }
    }
    let turned = turned && !upright(&frames);
    Ok(Some(Annotations {
        content: Content::Frames(frames),
        turned,
    }))
}

/// Whether the eyes lie in the upper half of the box in most frames, as in an upright face.
fn upright(frames: &BTreeMap<u64, Option<Place>>) -> bool {
    let mut votes = 0_i64;
    for place in frames.values().flatten() {
        if let (Some(face), Some(eyes)) = (place.face, place.eyes) {
            let upper = eyes.right[1] + eyes.left[1] < 2.0 * face.y + face.h;
            votes += if upper { 1 } else { -1 };
        }
    }
    votes >= 0
}

/// Reads CelebA-Spoof's `x y w h score` in a frame of 224 x 224, `None` if there is no such file;
/// an empty file has no box.
///
/// # Errors
/// [`LayoutError::Line`] if the first line is something else.
pub(in crate::layout) fn celeba(path: &Path) -> Result<Option<Annotations>, LayoutError> {
    let Some(text) = text(path)? else {
        return Ok(None);
    };
    let Some(line) = text.lines().next().filter(|l| !l.trim().is_empty()) else {
        return Ok(Some(Annotations::none()));
    };
    let error = || wrong(path, 1, "the numbers x y w h score", line);
    let numbers = numbers(line).ok_or_else(error)?;
    let &[x, y, w, h, _score] = numbers.as_slice() else {
        return Err(error());
    };
    let content = face(x, y, w, h).map_or(Content::Nothing, Content::Unit224);
    Ok(Some(Annotations {
        content,
        turned: false,
    }))
}

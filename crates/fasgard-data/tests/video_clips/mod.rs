//! Small real videos whose pictures carry their number, so that a lossy codec keeps it readable.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;

use fasgard_data::video::{Decoded, Tools, VideoError, VideoInfo, VideoLimits};
use fasgard_image::{Rgb, RgbImage};

pub fn tools() -> Tools {
    Tools::find().expect("ffmpeg")
}

/// Picture `number`: 4 x 3 fields, the first red, the next eight its bits in black and white, the
/// last row's rest blue.
pub fn numbered(width: u32, height: u32, number: u64) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        match y * 3 / height * 4 + x * 4 / width {
            0 => Rgb([230, 20, 20]),
            bit @ 1..=8 => Rgb([if number >> (bit - 1) & 1 == 1 {
                235
            } else {
                20
            }; 3]),
            _ => Rgb([20, 20, 230]),
        }
    })
}

/// The number of an upright picture; panics if the red and blue fields are not in their places.
pub fn number(image: &RgbImage) -> u64 {
    let (w, h) = image.dimensions();
    let field = |i: u32| {
        image
            .get_pixel((i % 4 * 2 + 1) * w / 8, (i / 4 * 2 + 1) * h / 6)
            .0
    };
    let [r, g, b] = field(0);
    assert!(
        r > 180 && g < 80 && b < 80,
        "the first field is {:?}",
        field(0)
    );
    for i in 9..12 {
        let [r, g, b] = field(i);
        assert!(r < 80 && g < 80 && b > 180, "field {i} is {:?}", field(i));
    }
    (1..=8)
        .map(|i| u64::from(field(i)[1] > 128) << (i - 1))
        .sum()
}

/// Encodes pictures of one size at 25 a second with the given output options.
pub fn encode(path: &Path, images: &[RgbImage], options: &[&str]) {
    let (w, h) = images[0].dimensions();
    let raw = tempfile::NamedTempFile::new().unwrap();
    fs::write(
        raw.path(),
        images
            .iter()
            .flat_map(|i| i.as_raw().clone())
            .collect::<Vec<_>>(),
    )
    .unwrap();
    let status = Command::new("ffmpeg")
        .args([
            "-nostdin", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-r", "25",
        ])
        .args(["-s", &format!("{w}x{h}"), "-i"])
        .arg(raw.path())
        .args(options)
        .arg(path)
        .status()
        .unwrap();
    assert!(status.success(), "{options:?}");
}

pub const H264: [&str; 6] = [
    "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p",
];

/// A clip of `frames` numbered pictures.
pub fn clip(path: &Path, width: u32, height: u32, frames: u64, options: &[&str]) {
    let images: Vec<_> = (0..frames).map(|i| numbered(width, height, i)).collect();
    encode(path, &images, options);
}

/// What came out: index and picture.
pub type Frames = Vec<(u64, RgbImage)>;

pub fn probe(path: &Path) -> Result<VideoInfo, VideoError> {
    tools().probe(path, &VideoLimits::default())
}

pub fn frames(
    path: &Path,
    info: &VideoInfo,
    indices: &[u64],
    half_turn: bool,
) -> Result<(Frames, Decoded), VideoError> {
    let mut all = Vec::new();
    let limits = VideoLimits::default();
    let decoded = tools().frames(
        path,
        info,
        indices,
        half_turn,
        &limits,
        &mut |index, image| {
            assert_eq!(image.dimensions(), (info.width, info.height));
            all.push((index, image));
            ControlFlow::Continue(())
        },
    )?;
    assert_eq!(decoded.frames, all.len() as u64);
    Ok((all, decoded))
}

/// Asserts that the frames of `indices` come, all of them and without a problem.
pub fn assert_exact(path: &Path, info: &VideoInfo, indices: &[u64]) {
    let (all, decoded) = frames(path, info, indices, false).unwrap();
    assert_eq!(decoded.problem, None, "{}", path.display());
    let found: Vec<_> = all
        .iter()
        .map(|(index, image)| (*index, number(image)))
        .collect();
    let expected: Vec<_> = indices.iter().map(|&i| (i, i)).collect();
    assert_eq!(found, expected, "{}", path.display());
}

/// Sets the display matrix of an mp4 or mov file to a clockwise turn: ISO/IEC 14496-12, `tkhd`.
pub fn set_rotation(path: &Path, degrees: u32) {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.windows(4).position(|w| w == b"tkhd").unwrap() + 4 + 40;
    let (cos, sin) = match degrees {
        90 => (0, 1),
        180 => (-1, 0),
        270 => (0, -1),
        _ => (1, 0),
    };
    for (i, value) in [(0, cos), (1, sin), (3, -sin), (4, cos)] {
        let fixed = (value * 65536_i32).to_be_bytes();
        bytes[at + i * 4..at + i * 4 + 4].copy_from_slice(&fixed);
    }
    fs::write(path, bytes).unwrap();
}

/// Concatenates files, which raw streams allow.
pub fn joined(path: PathBuf, parts: &[&Path]) -> PathBuf {
    fs::write(
        &path,
        parts
            .iter()
            .flat_map(|p| fs::read(p).unwrap())
            .collect::<Vec<_>>(),
    )
    .unwrap();
    path
}

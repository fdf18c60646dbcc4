//! Bad and unusual input through `fasgard prepare`: each file is a good row or a named entry of
//! `failures.csv`, and the rest is unharmed.
#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;
#[path = "../../fasgard-image/tests/common/mod.rs"]
mod pictures;

use std::{collections::BTreeMap, fs, path::Path};

use common::{fasgard, text};
use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, Rgba};
use predicates::{prelude::PredicateBooleanExt, str::contains};

/// The remainder of PNG's checksum (ISO/IEC 15948, annex D).
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| {
            if c & 1 == 1 {
                0xEDB8_8320 ^ (c >> 1)
            } else {
                c >> 1
            }
        })
    })
}

fn png(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in chunks {
        out.extend((data.len() as u32).to_be_bytes());
        let body = [kind.as_slice(), data].concat();
        out.extend(&body);
        out.extend(crc(&body).to_be_bytes());
    }
    out
}

fn header(width: u32, height: u32, colour: u8) -> Vec<u8> {
    let mut data = [width.to_be_bytes(), height.to_be_bytes()].concat();
    data.extend([8, colour, 0, 0, 0]);
    data
}

/// A zlib stream of one stored block.
fn stored(data: &[u8]) -> Vec<u8> {
    let (a, b) = data.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    let len = data.len() as u16;
    let mut out = vec![0x78, 1, 1];
    out.extend([len.to_le_bytes(), (!len).to_le_bytes()].concat());
    out.extend(data);
    out.extend((b << 16 | a).to_be_bytes());
    out
}

/// 8 x 8, all of the second of two colours.
fn palette() -> Vec<u8> {
    let row = [0, 1, 1, 1, 1, 1, 1, 1, 1];
    png(&[
        (b"IHDR", header(8, 8, 3)),
        (b"PLTE", vec![9, 9, 9, 40, 80, 160]),
        (b"IDAT", stored(&row.repeat(8))),
        (b"IEND", Vec::new()),
    ])
}

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image.into().write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// A file's name, its bytes, and the colour of its middle or what `failures.csv` says of it.
type Case = (&'static str, Vec<u8>, Result<[u8; 3], &'static str>);

fn cases() -> Vec<Case> {
    let flat = |colour| image::RgbImage::from_pixel(40, 40, Rgb(colour));
    let jpeg = encoded(flat([90, 120, 150]), ImageFormat::Jpeg);
    let whole = encoded(pictures::noise(40, 40), ImageFormat::Png);
    let huge = png(&[
        (b"IHDR", header(50_000, 50_000, 2)),
        (b"IDAT", stored(&[0; 64])),
        (b"IEND", Vec::new()),
    ]);
    let mut cut_jpeg = encoded(pictures::noise(64, 64), ImageFormat::Jpeg);
    cut_jpeg.truncate(cut_jpeg.len() / 2);
    let png16 = ImageBuffer::from_pixel(40, 40, Rgb([257_u16, 65_535, 0]));
    let grey16 = ImageBuffer::from_pixel(40, 40, Luma([77_u16 * 257 + 100]));
    let grey = ImageBuffer::from_pixel(40, 40, Luma([77_u8]));
    let grey_alpha = ImageBuffer::from_pixel(40, 40, LumaA([200_u8, 128]));
    let rgba = ImageBuffer::from_pixel(40, 40, Rgba([200_u8, 100, 0, 128]));
    use ImageFormat::{Bmp, Jpeg, Png, WebP};
    vec![
        ("16-bit.png", encoded(png16, Png), Ok([1, 255, 0])),
        ("16-bit-grey.png", encoded(grey16, Png), Ok([77; 3])),
        ("grey.png", encoded(grey, Png), Ok([77; 3])),
        (
            "grey.jpg",
            encoded(ImageBuffer::from_pixel(40, 40, Luma([130_u8])), Jpeg),
            Ok([130; 3]),
        ),
        ("grey-alpha.png", encoded(grey_alpha, Png), Ok([100; 3])),
        ("rgba.png", encoded(rgba, Png), Ok([100, 50, 0])),
        ("palette.png", palette(), Ok([40, 80, 160])),
        (
            "cmyk.jpg",
            pictures::cmyk_jpeg([255, 128, 0, 255]),
            Ok([255, 128, 0]),
        ),
        (
            "webp.webp",
            encoded(flat([10, 200, 30]), WebP),
            Ok([10, 200, 30]),
        ),
        (
            "bmp.bmp",
            encoded(flat([10, 200, 30]), Bmp),
            Ok([10, 200, 30]),
        ),
        // The content counts, not the name.
        (
            "png-named.jpg",
            encoded(flat([1, 2, 3]), Png),
            Ok([1, 2, 3]),
        ),
        ("jpeg-named.png", jpeg.clone(), Ok([90, 120, 150])),
        (
            "one-pixel.png",
            encoded(image::RgbImage::new(1, 1), Png),
            Ok([0; 3]),
        ),
        ("cut.jpg", cut_jpeg, Err("truncated")),
        (
            "cut.png",
            whole[..whole.len() / 2].to_vec(),
            Err("truncated"),
        ),
        ("empty.jpg", Vec::new(), Err("zero bytes")),
        (
            "text.jpg",
            b"no picture at all".to_vec(),
            Err("expected a JPEG"),
        ),
        ("gif.png", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(), Err("Gif")),
        ("huge.png", huge, Err("50000 x 50000")),
        (
            "no-width.png",
            png(&[(b"IHDR", header(0, 9, 2)), (b"IEND", Vec::new())]),
            Err("PNG"),
        ),
    ]
}

/// Good pictures of both classes in three splits, and the cases in `train/live/`.
fn raw(root: &Path) {
    for split in ["train", "dev", "test"] {
        for class in ["live", "attack/print"] {
            let folder = root.join(split).join(class);
            fs::create_dir_all(&folder).unwrap();
            fs::write(
                folder.join("good.png"),
                encoded(pictures::gradient(40, 40), ImageFormat::Png),
            )
            .unwrap();
        }
    }
    for (name, bytes, _) in cases() {
        // Two names may differ only in their extension.
        let name = format!("{}-{name}", name.rsplit_once('.').unwrap().1);
        fs::write(root.join("train/live").join(name), bytes).unwrap();
    }
}

fn prepare(raw: &Path, out: &Path) -> assert_cmd::assert::Assert {
    fasgard(&[
        "prepare",
        "folder",
        "--crop",
        "center",
        "--depth",
        "none",
        "--png",
        "--json",
        "--input",
        &text(raw),
        "--output",
        &text(out),
    ])
}

/// `failures.csv` by sample. Reasons hold no line breaks here.
fn failures(out: &Path) -> BTreeMap<String, String> {
    let list = fs::read_to_string(out.join("failures.csv")).unwrap();
    let lines = list
        .lines()
        .skip(1)
        .map(|line| line.split_once(',').unwrap());
    lines
        .map(|(sample, rest)| (sample.to_owned(), rest.to_owned()))
        .collect()
}

#[test]
fn each_file_is_a_row_or_a_named_failure() {
    let dir = tempfile::tempdir().unwrap();
    let (raw_dir, out) = (dir.path().join("raw"), dir.path().join("out"));
    raw(&raw_dir);
    #[cfg(unix)]
    strange_names(&raw_dir);
    prepare(&raw_dir, &out)
        .success()
        .stderr(contains("panicked").not());
    let mut failures = failures(&out);
    let mut good = 6;
    for (name, _, expected) in cases() {
        let (stem, extension) = name.rsplit_once('.').unwrap();
        let sample = format!("train/live/{extension}-{stem}");
        let stored = out.join("faces").join(format!("{sample}.png"));
        match expected {
            Ok(colour) => {
                assert_eq!(failures.get(&sample), None);
                let image = image::open(&stored).unwrap().into_rgb8();
                let found = image.get_pixel(image.width() / 2, image.height() / 2).0;
                let near = found.iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= 3);
                assert!(near, "{name}: {found:?}, expected {colour:?}");
                good += 1;
            }
            Err(reason) => {
                let found = failures.remove(&sample).unwrap_or_default();
                assert!(
                    found.contains(reason),
                    "{name}: `{found}`, expected {reason}"
                );
                assert!(!stored.exists(), "{name}");
            }
        }
    }
    #[cfg(unix)]
    {
        let found = failures.remove("train/live/circle").unwrap_or_default();
        assert!(found.contains("cannot read the image"), "{found}");
        let about = fs::read_to_string(out.join("dataset.toml")).unwrap();
        assert!(about.contains("train/live/\u{fffd}.jpg"), "{about}");
        assert!(about.contains("train/live/up"), "{about}");
    }
    assert_eq!(failures, BTreeMap::new(), "unexpected failures");
    let manifest = fs::read_to_string(out.join("manifest.csv")).unwrap();
    assert_eq!(manifest.lines().count(), 1 + good);
    fasgard(&["prepare", "check", &text(&out)]).success();
}

/// A file that links to itself, a folder that links to one above it, a name that is not UTF-8.
#[cfg(unix)]
fn strange_names(raw: &Path) {
    use std::os::unix::{ffi::OsStrExt, fs::symlink};
    let live = raw.join("train/live");
    symlink("circle.jpg", live.join("circle.jpg")).unwrap();
    symlink(&live, live.join("up")).unwrap();
    fs::write(live.join(std::ffi::OsStr::from_bytes(b"\xff.jpg")), b"x").unwrap();
}

#[test]
fn outputs_that_cannot_be_written_are_one_clear_error() {
    let dir = tempfile::tempdir().unwrap();
    let raw_dir = dir.path().join("raw");
    raw(&raw_dir);
    let file = dir.path().join("file");
    fs::write(&file, b"mine").unwrap();
    let mut outputs = vec![file.clone(), file.join("out")];
    if cfg!(target_os = "linux") {
        // Nobody may make a folder there, not even root.
        outputs.push("/proc/fasgard-out".into());
    }
    for out in outputs {
        prepare(&raw_dir, &out).code(2).stderr(
            contains("cannot write")
                .and(contains(text(&out)))
                .and(contains("panicked").not()),
        );
    }
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}

/// A folder that is there and may not be written to.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs root and setpriv (util-linux), to become a user who may not write"]
fn a_folder_without_permission() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let (raw_dir, out) = (dir.path().join("raw"), dir.path().join("out"));
    raw(&raw_dir);
    fs::create_dir(&out).unwrap();
    let open = |path: &Path| fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    open(dir.path());
    open(&out);
    // The program where everyone may start it.
    let program = dir.path().join("fasgard");
    fs::copy(env!("CARGO_BIN_EXE_fasgard"), &program).unwrap();
    open(&program);
    let ended = std::process::Command::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .arg(&program)
        .args([
            "prepare", "folder", "--crop", "none", "--depth", "none", "--input",
        ])
        .arg(&raw_dir)
        .arg("--output")
        .arg(&out)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(
        said.contains("cannot write") && said.contains("Permission denied"),
        "{said}"
    );
    assert_eq!(fs::read_dir(&out).unwrap().count(), 0);
}

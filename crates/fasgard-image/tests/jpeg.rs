//! JPEG pixels are those of libjpeg-turbo, value by value (`tools/fixtures/jpeg.py`).
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;
use std::path::Path;

use fasgard_image::{DecodeLimits, decode};
use sha2::{Digest, Sha256};

#[test]
fn pixels_are_those_of_libjpeg_turbo() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/jpeg");
    let expected = std::fs::read_to_string(folder.join("pixels.txt")).unwrap();
    let mut found = String::new();
    for line in expected.lines() {
        let name = line.split(' ').next().unwrap();
        let path = folder.join(format!("{name}.jpg"));
        let pixels = decode(&path, &DecodeLimits::default(), true).unwrap();
        let mut hash = String::new();
        for byte in Sha256::digest(pixels.as_raw()) {
            write!(hash, "{byte:02x}").unwrap();
        }
        writeln!(found, "{name} {hash}").unwrap();
    }
    assert_eq!(expected.lines().count(), 17);
    assert_eq!(found, expected);
}

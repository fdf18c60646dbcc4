//! Any bytes are CelebA-Spoof's box file of an image or an error.
#![no_main]

use fasgard_fuzz::annotation;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let stem = "Data/train/1/live/000001";
    annotation(
        "celeba-spoof",
        &format!("{stem}.jpg"),
        &format!("{stem}_BB.txt"),
        bytes,
    );
});

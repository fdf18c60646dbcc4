//! Any bytes are an image within the limits, or an error.
#![no_main]

use fasgard_image::{DecodeLimits, decode_bytes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // Small, so that time goes into parsing and not into pixels.
    let limits = DecodeLimits {
        max_pixels: 1 << 16,
        max_alloc: 4 << 20,
        ..DecodeLimits::default()
    };
    if let Ok(image) = decode_bytes("a", bytes, &limits, true) {
        assert!(u64::from(image.width()) * u64::from(image.height()) <= limits.max_pixels);
    }
});

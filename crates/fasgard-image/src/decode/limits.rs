//! What a file may cost before it is refused.

use serde::{Deserialize, Serialize};

/// Upper bounds on an untrusted image file, all checked before its pixels are allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DecodeLimits {
    /// Bytes of the file.
    pub max_bytes: u64,
    /// Width in pixels, as the header says it.
    pub max_width: u32,
    /// Height in pixels, as the header says it.
    pub max_height: u32,
    /// Width times height.
    pub max_pixels: u64,
    /// Bytes of the decoded pixels in the file's own colour type, and what the decoder allocates
    /// beside them where it keeps count.
    pub max_alloc: u64,
}

impl Default for DecodeLimits {
    /// 64 MiB of file, 16,384 pixels a side, 64 million pixels, 512 MiB: room for any camera,
    /// no room for a header that lies.
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            max_width: 16_384,
            max_height: 16_384,
            max_pixels: 64_000_000,
            max_alloc: 512 << 20,
        }
    }
}

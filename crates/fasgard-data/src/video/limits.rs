//! What a video may cost before it is refused.

use std::time::Duration;

/// Upper bounds on an untrusted video file.
///
/// All but `timeout` are checked on what `ffprobe` lists, before any frame is asked for; `max_pixels`
/// is also given to the decoder, which refuses a larger picture before it allocates it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VideoLimits {
    /// Frames of the whole video, chosen or not.
    pub max_frames: u64,
    /// Duration in seconds, as the container says it or as frames over frame rate.
    pub max_seconds: u64,
    /// Width times height.
    pub max_pixels: u64,
    /// Longest wait for one child, summed over its run. The time that the caller spends on a frame
    /// does not count.
    pub timeout: Duration,
}

impl Default for VideoLimits {
    /// 36,000 frames, 600 seconds (ten minutes at 60 frames a second), 8192 x 4320 pixels, ten
    /// minutes of waiting: recordings of this field last seconds.
    fn default() -> Self {
        Self {
            max_frames: 36_000,
            max_seconds: 600,
            max_pixels: 8192 * 4320,
            timeout: Duration::from_secs(600),
        }
    }
}

impl VideoLimits {
    /// Options of both tools that bound a decoder's memory.
    pub(super) fn arguments(&self) -> [String; 4] {
        // Eight bytes a pixel hold any frame format; the rest is room for packets and tables.
        let block = self.max_pixels.saturating_mul(8).saturating_add(64 << 20);
        [
            "-max_alloc".to_owned(),
            block.min(i32::MAX as u64).to_string(),
            "-max_pixels".to_owned(),
            self.max_pixels.min(i32::MAX as u64).to_string(),
        ]
    }
}

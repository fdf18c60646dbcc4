//! What a video is, before anything is decoded for use.

use std::io::{BufRead, Read};
use std::path::Path;
use std::process::Command;

use super::child::{Ended, Running};
use super::found::Found;
use super::tools::{Tools, file_argument, input_options};
use super::{VideoError, VideoLimits};

const PROGRAM: &str = "ffprobe";

/// How frames were counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameCount {
    /// By listing packets: exact for sound files. Damaged frames count, so fewer may decode.
    Packets,
    /// By decoding the whole video: exact. Done where packets do not tell: other codecs (MPEG-4 in
    /// AVI packs two frames into a packet), interlaced streams, cut or damaged starts.
    Decoded,
}

/// What a video is.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoInfo {
    /// Width in pixels as displayed, that is after rotation.
    pub width: u32,
    /// Height in pixels as displayed.
    pub height: u32,
    /// Clockwise turn in degrees that brings the stored pictures upright: 0, 90, 180 or 270. Other
    /// angles are taken for the nearest of these; mirrored matrices are not undone.
    pub rotation: u32,
    /// Number of frames, at least 1.
    pub frames: u64,
    /// How they were counted.
    pub counted: FrameCount,
    /// Average frames a second; 0 if not known.
    pub fps: f64,
    /// Duration as the container says it, else frames over frame rate; 0 if not known.
    pub seconds: f64,
    /// ffmpeg's name of the codec: `h264`, `mjpeg`, `mpeg4`, ...
    pub codec: String,
}

impl VideoInfo {
    /// Width and height of the stored pictures.
    pub(super) fn stored(&self) -> (u32, u32) {
        match self.rotation {
            90 | 270 => (self.height, self.width),
            _ => (self.width, self.height),
        }
    }
}

impl VideoLimits {
    /// Refuses a video that is too large.
    pub(super) fn check(&self, path: &Path, info: &VideoInfo) -> Result<(), VideoError> {
        let error = |key, allowed: u64, found| {
            Err(VideoError::Limit {
                path: path.to_owned(),
                key,
                allowed: allowed.to_string(),
                found,
            })
        };
        if u64::from(info.width) * u64::from(info.height) > self.max_pixels {
            return error(
                "max_pixels",
                self.max_pixels,
                format!("{} x {}", info.width, info.height),
            );
        }
        if info.frames > self.max_frames {
            return error("max_frames", self.max_frames, info.frames.to_string());
        }
        if info.seconds > self.max_seconds as f64 {
            return error(
                "max_seconds",
                self.max_seconds,
                format!("{:.1}", info.seconds),
            );
        }
        Ok(())
    }
}

impl Tools {
    /// Looks at the first picture stream of a file; cover pictures are none.
    ///
    /// # Errors
    /// A missing, empty or unreadable file, one without pictures, or beyond a limit.
    pub fn probe(&self, path: &Path, limits: &VideoLimits) -> Result<VideoInfo, VideoError> {
        let bad_file = |found: String| VideoError::File {
            path: path.to_owned(),
            found,
        };
        let file = std::fs::metadata(path).map_err(|e| bad_file(e.to_string()))?;
        if !file.is_file() {
            return Err(bad_file("no regular file".to_owned()));
        }
        if file.len() == 0 {
            return Err(bad_file("an empty file".to_owned()));
        }
        let mut found = Found::default();
        let entries = "packet=size,flags:stream=codec_name,width,height,field_order,avg_frame_rate,r_frame_rate,duration:stream_side_data=rotation:stream_tags=rotate:format=duration";
        let ended = self.list(
            path,
            limits,
            &["-show_entries", entries],
            &mut |key, value| {
                found.take(key, value);
                found.packets <= limits.max_frames
            },
        )?;
        if found.packets > limits.max_frames {
            return Err(VideoError::Limit {
                path: path.to_owned(),
                key: "max_frames",
                allowed: limits.max_frames.to_string(),
                found: "more".to_owned(),
            });
        }
        let said = ended.said.unwrap_or_else(|| "no picture stream".to_owned());
        // The decoder that looks at the first frames keeps to the limit too; no size is listed then.
        if found.info().is_none() && said.contains("exceeds specified max pixel count") {
            return Err(VideoError::Limit {
                path: path.to_owned(),
                key: "max_pixels",
                allowed: limits.max_pixels.to_string(),
                found: said,
            });
        }
        let unusable = |found: String| VideoError::Unreadable {
            path: path.to_owned(),
            found,
        };
        let mut info = found.info().ok_or_else(|| unusable(said.clone()))?;
        // Before the count below, which decodes.
        limits.check(path, &info)?;
        if !found.one_frame_a_packet() {
            info.frames = 0;
            info.counted = FrameCount::Decoded;
            let options = ["-count_frames", "-show_entries", "stream=nb_read_frames"];
            self.list(path, limits, &options, &mut |key, value| {
                if key == "nb_read_frames" {
                    info.frames = value.parse().unwrap_or(0);
                }
                true
            })?;
            found.complete(&mut info);
            limits.check(path, &info)?;
        }
        if info.frames == 0 {
            return Err(VideoError::NoFrames {
                path: path.to_owned(),
                found: said,
            });
        }
        Ok(info)
    }

    /// Runs `ffprobe` and hands each `key=value` to `take`, the key without its path, until that
    /// answers `false`.
    fn list(
        &self,
        path: &Path,
        limits: &VideoLimits,
        options: &[&str],
        take: &mut dyn FnMut(&str, &str) -> bool,
    ) -> Result<Ended, VideoError> {
        let io = |source| VideoError::Io {
            path: path.to_owned(),
            program: PROGRAM,
            source,
        };
        let mut command = Command::new(&self.ffprobe);
        command
            .args(input_options(limits))
            .args(["-select_streams", "V:0", "-of", "flat"]);
        command.args(options).arg("-i").arg(file_argument(path));
        let (running, mut stdout) = Running::start(&mut command, limits.timeout).map_err(io)?;
        let mut line = Vec::new();
        loop {
            line.clear();
            // Tags can be of any length; parts of a long line match no key.
            let read = running.waiting(|| (&mut stdout).take(4096).read_until(b'\n', &mut line));
            if read.map_err(io)? == 0 {
                break;
            }
            let text = String::from_utf8_lossy(&line);
            if let Some((key, value)) = text.trim_end().split_once('=') {
                let key = key.rsplit('.').next().unwrap_or(key);
                if !take(key, value.trim_matches('"')) {
                    running.kill();
                    break;
                }
            }
        }
        let ended = running.finish().map_err(io)?;
        if ended.expired {
            return Err(VideoError::Timeout {
                path: path.to_owned(),
                program: PROGRAM,
                seconds: limits.timeout.as_secs(),
            });
        }
        Ok(ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_name_what_was_exceeded() {
        let limits = VideoLimits {
            max_pixels: 100,
            max_frames: 10,
            max_seconds: 5,
            ..VideoLimits::default()
        };
        let fine = VideoInfo {
            width: 10,
            height: 10,
            rotation: 0,
            frames: 10,
            counted: FrameCount::Packets,
            fps: 2.0,
            seconds: 5.0,
            codec: "h264".to_owned(),
        };
        let check = |info| {
            limits
                .check(Path::new("a.mp4"), &info)
                .map_err(|e| e.to_string())
        };
        assert_eq!(check(fine.clone()), Ok(()));
        let wide = VideoInfo {
            width: u32::MAX,
            height: u32::MAX,
            ..fine.clone()
        };
        assert!(
            check(wide)
                .unwrap_err()
                .contains("max_pixels allows 100, found 4294967295 x")
        );
        let many = VideoInfo {
            frames: 11,
            ..fine.clone()
        };
        assert!(
            check(many)
                .unwrap_err()
                .contains("a.mp4: max_frames allows 10, found 11")
        );
        let long = VideoInfo {
            seconds: 5.1,
            ..fine
        };
        assert!(
            check(long)
                .unwrap_err()
                .contains("max_seconds allows 5, found 5.1")
        );
    }
}

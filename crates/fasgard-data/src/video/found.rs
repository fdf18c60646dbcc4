//! What `ffprobe` says, line by line.

use super::{FrameCount, VideoInfo};

/// Codecs of which a packet of a sound, progressive stream is a frame.
const ONE_FRAME_A_PACKET: [&str; 6] = ["h264", "hevc", "mjpeg", "vp8", "vp9", "av1"];

/// What `ffprobe` listed.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) packets: u64,
    /// Whether some packet is empty, discarded by an edit list or damaged, or the first no key frame.
    odd_packets: bool,
    codec: String,
    width: u32,
    height: u32,
    interlaced: bool,
    /// Counter-clockwise, from the display matrix.
    matrix: Option<f64>,
    /// Clockwise, from the tag that versions before 5 show.
    tag: Option<f64>,
    average_rate: f64,
    rate: f64,
    seconds: Option<f64>,
}

impl Found {
    /// Takes one line; the key is without its path.
    pub(super) fn take(&mut self, key: &str, value: &str) {
        match key {
            "size" => self.odd_packets |= value == "0",
            "flags" => {
                self.packets += 1;
                self.odd_packets |= value.contains(['D', 'C']);
                self.odd_packets |= self.packets == 1 && !value.starts_with('K');
            }
            "codec_name" => self.codec = value.chars().take(40).collect(),
            "width" => self.width = value.parse().unwrap_or(0),
            "height" => self.height = value.parse().unwrap_or(0),
            "field_order" => self.interlaced = !["progressive", "unknown"].contains(&value),
            "rotation" => self.matrix = finite(value),
            "rotate" => self.tag = finite(value),
            "avg_frame_rate" => self.average_rate = ratio(value),
            "r_frame_rate" => self.rate = ratio(value),
            // The stream's comes before the container's.
            "duration" => self.seconds = self.seconds.or(finite(value).filter(|s| *s > 0.0)),
            _ => {}
        }
    }

    /// Whether counting packets is counting frames.
    pub(super) fn one_frame_a_packet(&self) -> bool {
        !self.odd_packets && !self.interlaced && ONE_FRAME_A_PACKET.contains(&self.codec.as_str())
    }

    /// What the listed video is; `None` without a picture stream.
    pub(super) fn info(&self) -> Option<VideoInfo> {
        if self.width == 0 || self.height == 0 {
            return None;
        }
        let clockwise = self.matrix.map(|m| -m).or(self.tag).unwrap_or(0.0);
        let rotation = (clockwise / 90.0).round().rem_euclid(4.0) as u32 * 90;
        let (mut width, mut height) = (self.width, self.height);
        if rotation % 180 == 90 {
            (width, height) = (height, width);
        }
        let mut info = VideoInfo {
            width,
            height,
            rotation,
            frames: self.packets,
            counted: FrameCount::Packets,
            fps: 0.0,
            seconds: 0.0,
            codec: self.codec.clone(),
        };
        self.complete(&mut info);
        Some(info)
    }

    /// Sets what depends on the number of frames.
    pub(super) fn complete(&self, info: &mut VideoInfo) {
        let frames = info.frames as f64;
        let known = [self.average_rate, self.rate]
            .into_iter()
            .find(|rate| *rate > 0.0);
        let average = self.seconds.map(|seconds| frames / seconds);
        info.fps = known.or(average).unwrap_or(0.0);
        let counted = known.map(|rate| frames / rate);
        info.seconds = self.seconds.or(counted).unwrap_or(0.0);
    }
}

fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// `30000/1001`; 0 for `0/0`.
fn ratio(text: &str) -> f64 {
    let parts = text.split_once('/');
    let value = parts.and_then(|(a, b)| Some(finite(a)? / finite(b)?));
    value.filter(|v| v.is_finite() && *v > 0.0).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pairs: &[(&str, &str)]) -> Found {
        let mut found = Found::default();
        for (key, value) in pairs {
            found.take(key, value);
        }
        found
    }

    #[test]
    fn sizes_are_as_displayed() {
        let cases = [
            ("rotation", "-90", 90, (480, 640)),
            ("rotation", "90", 270, (480, 640)),
            ("rotation", "180", 180, (640, 480)),
            ("rotation", "-180", 180, (640, 480)),
            ("rotation", "0", 0, (640, 480)),
            ("rotation", "-91.5", 90, (480, 640)),
            ("rotation", "nan", 0, (640, 480)),
            ("rotate", "90", 90, (480, 640)),
            ("rotate", "-90", 270, (480, 640)),
            ("rotate", "1e300", 0, (640, 480)),
        ];
        for (key, value, rotation, size) in cases {
            let info = found(&[("width", "640"), ("height", "480"), (key, value)])
                .info()
                .unwrap();
            assert_eq!(
                (info.rotation, (info.width, info.height)),
                (rotation, size),
                "{key} {value}"
            );
            assert_eq!(info.stored(), (640, 480));
        }
    }

    #[test]
    fn rates_and_durations_complete_each_other() {
        let size = [("width", "4"), ("height", "4")];
        let with = |more: &[(&str, &str)]| {
            let mut found = found(&size);
            more.iter().for_each(|(key, value)| found.take(key, value));
            found.packets = 50;
            let info = found.info().unwrap();
            (info.fps, info.seconds)
        };
        assert_eq!(
            with(&[("avg_frame_rate", "25/1"), ("duration", "N/A")]),
            (25.0, 2.0)
        );
        assert_eq!(
            with(&[("avg_frame_rate", "0/0"), ("duration", "5.0")]),
            (10.0, 5.0)
        );
        assert_eq!(
            with(&[
                ("duration", "4"),
                ("duration", "8"),
                ("r_frame_rate", "50/2")
            ]),
            (25.0, 4.0)
        );
        assert_eq!(with(&[]), (0.0, 0.0));
    }

    #[test]
    fn packets_are_trusted_only_where_they_are_frames() {
        let trusted = |pairs: &[(&str, &str)]| found(pairs).one_frame_a_packet();
        let sound = [("flags", "K__"), ("flags", "___"), ("codec_name", "h264")];
        assert!(trusted(&sound));
        assert!(trusted(
            &[&sound[..], &[("field_order", "progressive")]].concat()
        ));
        assert!(!trusted(&[&sound[..], &[("field_order", "tt")]].concat()));
        assert!(!trusted(&[&sound[..], &[("size", "0")]].concat()));
        assert!(!trusted(&[&sound[..], &[("flags", "_D_")]].concat()));
        assert!(!trusted(&[&sound[..], &[("codec_name", "mpeg4")]].concat()));
        assert!(!trusted(&sound[1..]));
    }
}

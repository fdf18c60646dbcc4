//! Damaged, mislabelled and hostile files: the frames that decode and a problem, or one clear error.
#![allow(clippy::unwrap_used, clippy::panic)]

mod video_clips;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use fasgard_data::video::{VideoError, VideoLimits};
use video_clips::*;

/// Cuts a file to a part of its length.
fn cut(path: &Path, part: f64) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..(bytes.len() as f64 * part) as usize]).unwrap();
}

#[test]
#[ignore = "needs ffmpeg"]
fn truncated_videos_give_their_frames() {
    let folder = tempfile::tempdir().unwrap();
    let fast = [&H264[..], &["-movflags", "+faststart"]].concat();
    let mjpeg = ["-c:v", "mjpeg", "-pix_fmt", "yuvj420p"];
    let cases: [(&str, &[&str]); 4] = [
        ("a.mp4", &fast),
        ("a.avi", &mjpeg),
        ("b.avi", &["-c:v", "mpeg4", "-bf", "2"]),
        ("a.ts", &H264),
    ];
    for (name, options) in cases {
        let path = folder.path().join(name);
        clip(&path, 160, 120, 100, options);
        let whole = probe(&path).unwrap();
        cut(&path, 0.6);
        // Asked by what was known before, so that something must be missing.
        let (all, decoded) = frames(&path, &whole, &(0..100).collect::<Vec<_>>(), false).unwrap();
        let problem = decoded.problem.unwrap();
        assert!(
            problem.contains("expected 100 frames, found"),
            "{name}: {problem}"
        );
        assert!(
            !problem.contains("@ 0x"),
            "{name}: addresses differ between runs: {problem}"
        );
        assert!((20..100).contains(&all.len()), "{name}: {}", all.len());
        // The last ones may be patched up; those before are right.
        for (index, image) in &all[..all.len() - 3] {
            assert_eq!(number(image), *index, "{name}");
        }
        let again = frames(&path, &whole, &(0..100).collect::<Vec<_>>(), false).unwrap();
        assert!(again.0 == all && again.1.problem == Some(problem), "{name}");
        // A new look sees about as many frames as there are.
        let info = probe(&path).unwrap();
        assert!(
            (info.frames as i64 - all.len() as i64).abs() <= 3,
            "{name}: {} {}",
            info.frames,
            all.len()
        );
    }
}

#[test]
#[ignore = "needs ffmpeg"]
fn noise_in_the_middle_does_not_end_a_video() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp4");
    clip(&path, 160, 120, 100, &[&H264[..], &["-g", "10"]].concat());
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.windows(4).position(|w| w == b"mdat").unwrap() + 8_000;
    for (i, byte) in bytes[middle..middle + 400].iter_mut().enumerate() {
        *byte = (i * 73 + 11) as u8;
    }
    fs::write(&path, bytes).unwrap();
    let info = probe(&path).unwrap();
    let (all, decoded) = frames(&path, &info, &(0..100).collect::<Vec<_>>(), false).unwrap();
    assert!(all.len() > 80, "{}", all.len());
    assert!(decoded.problem.is_some());
    assert_eq!(number(&all[0].1), 0);
}

#[test]
#[ignore = "needs ffmpeg"]
fn files_that_are_no_videos_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let real = folder.path().join("real.mp4");
    clip(&real, 64, 48, 4, &H264);
    let playlist = format!(
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:{0}\n{0}\n#EXT-X-ENDLIST\n",
        real.display()
    );
    let concat = format!("ffconcat version 1.0\nfile '{}'\n", real.display());
    let unreadable = [
        file("text.mp4", b"this is no video, just a line of text\n"),
        file(
            "noise.avi",
            &(0..50_000_u32)
                .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
                .collect::<Vec<_>>(),
        ),
        file("list.mp4", playlist.as_bytes()),
        file("list.m3u8", playlist.as_bytes()),
        file("concat.mp4", concat.as_bytes()),
        file("half.mp4", &fs::read(&real).unwrap()[..600]),
    ];
    for path in &unreadable {
        let error = probe(path).unwrap_err();
        assert!(matches!(error, VideoError::Unreadable { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains(&*path.to_string_lossy()) && text.contains("expected a video"),
            "{text}"
        );
        assert!(!text.contains("@ 0x"), "{text}");
    }
    let sound = folder.path().join("sound.m4a");
    let made = std::process::Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-f", "lavfi", "-i", "sine=d=0.2"])
        .arg(&sound)
        .status();
    assert!(made.unwrap().success());
    assert!(
        probe(&sound)
            .unwrap_err()
            .to_string()
            .contains("no picture stream")
    );
    for path in [
        file("empty.mp4", b""),
        folder.path().to_owned(),
        folder.path().join("none.mp4"),
    ] {
        let error = probe(&path).unwrap_err();
        assert!(matches!(error, VideoError::File { .. }), "{error}");
    }
}

#[test]
#[ignore = "needs ffmpeg"]
fn none_and_one_frame() {
    let folder = tempfile::tempdir().unwrap();
    let none = folder.path().join("none.avi");
    clip(
        &none,
        64,
        48,
        3,
        &["-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-frames:v", "0"],
    );
    let error = probe(&none).unwrap_err();
    assert!(
        matches!(
            error,
            VideoError::NoFrames { .. } | VideoError::Unreadable { .. }
        ),
        "{error}"
    );
    let one = folder.path().join("one.mp4");
    clip(&one, 64, 48, 1, &H264);
    let info = probe(&one).unwrap();
    assert_eq!(info.frames, 1);
    assert_exact(&one, &info, &[0]);
    // Beyond the end: an error, since nothing comes at all.
    let error = frames(&one, &info, &[5], false).unwrap_err();
    assert!(matches!(error, VideoError::NoFrames { .. }), "{error}");
    let (all, decoded) = frames(&one, &info, &[0, 5], false).unwrap();
    assert_eq!(all.len(), 1);
    assert!(decoded.problem.unwrap().contains("frame 5"));
    assert_eq!(frames(&one, &info, &[], false).unwrap().1.frames, 0);
}

#[test]
#[ignore = "needs ffmpeg"]
fn another_size_within_the_file_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let part = |name: &str, width, height| {
        let path = folder.path().join(name);
        clip(&path, width, height, 20, &H264);
        path
    };
    let (small, large) = (part("a.h264", 160, 120), part("b.h264", 320, 240));
    for (name, parts) in [
        ("up.h264", [&*small, &large]),
        ("down.h264", [&large, &small]),
    ] {
        let path = joined(folder.path().join(name), &parts);
        let info = probe(&path).unwrap();
        assert_eq!(info.frames, 40);
        let (all, decoded) = frames(&path, &info, &[0, 10, 19, 25, 39], false).unwrap();
        assert!(decoded.problem.unwrap().contains("frame 25"), "{name}");
        let found: Vec<_> = all
            .iter()
            .map(|(index, image)| (*index, number(image)))
            .collect();
        assert_eq!(found, [(0, 0), (10, 10), (19, 19)], "{name}");
    }
    // A wrong idea of the size gives no frame rather than a stretched one.
    let mut info = probe(&small).unwrap();
    info.width = 176;
    assert!(matches!(
        frames(&small, &info, &[0], false),
        Err(VideoError::NoFrames { .. })
    ));
}

#[test]
#[ignore = "needs ffmpeg"]
fn limits_hold_before_decoding() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp4");
    clip(&path, 160, 120, 50, &H264);
    let default = VideoLimits::default();
    let cases = [
        (
            "max_frames",
            VideoLimits {
                max_frames: 49,
                ..default
            },
        ),
        (
            "max_seconds",
            VideoLimits {
                max_seconds: 1,
                ..default
            },
        ),
    ];
    for (key, limits) in cases {
        let error = tools().probe(&path, &limits).unwrap_err();
        assert!(
            matches!(&error, VideoError::Limit { key: found, .. } if *found == key),
            "{error}"
        );
    }
    let limits = VideoLimits {
        max_pixels: 160 * 119,
        ..default
    };
    let error = tools().probe(&path, &limits).unwrap_err();
    assert!(
        matches!(
            &error,
            VideoError::Limit {
                key: "max_pixels",
                ..
            }
        ),
        "{error}"
    );
    let info = probe(&path).unwrap();
    let none = &mut |_, _| ControlFlow::Continue(());
    assert!(matches!(
        tools().frames(&path, &info, &[0], false, &limits, none),
        Err(VideoError::Limit { .. })
    ));
    let limits = VideoLimits {
        timeout: Duration::from_millis(1),
        ..default
    };
    assert!(matches!(
        tools().probe(&path, &limits),
        Err(VideoError::Timeout { .. })
    ));
    assert!(matches!(
        tools().frames(&path, &info, &[0], false, &limits, none),
        Err(VideoError::Timeout { .. })
    ));
}

#[test]
#[ignore = "needs ffmpeg"]
fn a_header_of_huge_size_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.avi");
    clip(&path, 64, 48, 5, &["-c:v", "mjpeg", "-pix_fmt", "yuvj420p"]);
    let mut bytes = fs::read(&path).unwrap();
    // Every start of frame: FF C0, length, precision, height, width; and the AVI's own headers.
    for at in 0..bytes.len() - 9 {
        if bytes[at..at + 2] == [0xFF, 0xC0] {
            bytes[at + 5..at + 9].copy_from_slice(&[0xFF, 0x00, 0xFF, 0x00]);
        }
        if &bytes[at..at + 8] == b"\x40\0\0\0\x30\0\0\0" {
            bytes[at..at + 8].copy_from_slice(b"\0\xFF\0\0\0\xFF\0\0");
        }
    }
    fs::write(&path, bytes).unwrap();
    let start = Instant::now();
    let error = probe(&path).unwrap_err();
    assert!(
        matches!(
            error,
            VideoError::Limit { .. } | VideoError::Unreadable { .. } | VideoError::NoFrames { .. }
        ),
        "{error}"
    );
    assert!(start.elapsed() < Duration::from_secs(20));
}

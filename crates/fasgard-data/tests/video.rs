//! Chosen frames of sound videos are the right ones, upright and the same every time.
#![allow(clippy::unwrap_used, clippy::panic)]

mod video_clips;

use std::ops::ControlFlow;

use fasgard_data::video::{FrameChoice, FrameCount, VideoLimits};
use fasgard_image::RgbImage;
use video_clips::*;

const FRAMES: u64 = 60;

/// Name, encoder's options, size, how frames are counted.
type Case<'a> = (&'a str, &'a [&'a str], (u32, u32), FrameCount);

#[test]
#[ignore = "needs ffmpeg"]
fn every_format_gives_exactly_the_chosen_frames() {
    let folder = tempfile::tempdir().unwrap();
    let vp9 = [
        "-c:v",
        "libvpx-vp9",
        "-deadline",
        "realtime",
        "-cpu-used",
        "8",
    ];
    let cases: [Case<'_>; 9] = [
        ("h264.mp4", &H264, (160, 120), FrameCount::Packets),
        ("h264.mov", &H264, (160, 120), FrameCount::Packets),
        ("h264.ts", &H264, (160, 120), FrameCount::Packets),
        (
            "mjpeg.avi",
            &["-c:v", "mjpeg", "-pix_fmt", "yuvj420p"],
            (160, 120),
            FrameCount::Packets,
        ),
        (
            "odd.avi",
            &["-c:v", "mjpeg", "-pix_fmt", "yuvj420p"],
            (161, 121),
            FrameCount::Packets,
        ),
        (
            "b-frames.avi",
            &["-c:v", "mpeg4", "-bf", "2", "-q:v", "3"],
            (160, 120),
            FrameCount::Decoded,
        ),
        ("odd.webm", &vp9, (161, 121), FrameCount::Packets),
        (
            "ten-bit.mp4",
            &["-c:v", "libx264", "-pix_fmt", "yuv420p10le"],
            (160, 120),
            FrameCount::Packets,
        ),
        (
            "mpeg2.mpg",
            &["-c:v", "mpeg2video", "-bf", "2", "-q:v", "3"],
            (160, 120),
            FrameCount::Decoded,
        ),
    ];
    for (name, options, (width, height), counted) in cases {
        let path = folder.path().join(name);
        clip(&path, width, height, FRAMES, options);
        let info = probe(&path).unwrap();
        assert_eq!(
            (info.width, info.height, info.rotation),
            (width, height, 0),
            "{name}"
        );
        assert_eq!((info.frames, info.counted), (FRAMES, counted), "{name}");
        assert!((info.fps - 25.0).abs() < 0.5, "{name}: {}", info.fps);
        assert!((info.seconds - 2.4).abs() < 0.2, "{name}: {}", info.seconds);
        for choice in ["uniform:7", "every:9", "random:11", "all", "uniform:1"] {
            let choice: FrameChoice = choice.parse().unwrap();
            assert_exact(&path, &info, &choice.indices(info.frames, name));
        }
        assert_exact(&path, &info, &[0, FRAMES - 1]);
    }
}

#[test]
#[ignore = "needs ffmpeg"]
fn time_stamps_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vfr.mp4");
    // Steps of 1, 2, 3, ... thousandths of a second, and a gap.
    let times = [
        "-vf",
        "settb=1/1000,setpts='N*(N+1)/2*2+2000*gte(N,20)'",
        "-vsync",
        "passthrough",
    ];
    let options = [
        &times[..],
        &["-enc_time_base", "1/1000", "-video_track_timescale", "1000"],
        &H264,
    ]
    .concat();
    clip(&path, 160, 120, 40, &options);
    let info = probe(&path).unwrap();
    assert_eq!(info.frames, 40);
    assert_exact(&path, &info, &(0..40).collect::<Vec<_>>());
    assert_exact(&path, &info, &[1, 19, 20, 39]);
}

#[test]
#[ignore = "needs ffmpeg"]
fn rotation_is_honoured() {
    let folder = tempfile::tempdir().unwrap();
    // What a camera stores when it is turned: the upright picture turned back.
    let turned_back = |degrees, upright: &RgbImage| {
        let (w, h) = upright.dimensions();
        match degrees {
            90 => RgbImage::from_fn(h, w, |x, y| *upright.get_pixel(w - 1 - y, x)),
            180 => RgbImage::from_fn(w, h, |x, y| *upright.get_pixel(w - 1 - x, h - 1 - y)),
            _ => RgbImage::from_fn(h, w, |x, y| *upright.get_pixel(y, h - 1 - x)),
        }
    };
    for degrees in [90, 180, 270] {
        let path = folder.path().join(format!("{degrees}.mov"));
        let images: Vec<_> = (0..12)
            .map(|i| turned_back(degrees, &numbered(160, 120, i)))
            .collect();
        encode(&path, &images, &H264);
        set_rotation(&path, degrees);
        let info = probe(&path).unwrap();
        assert_eq!(
            (info.width, info.height, info.rotation),
            (160, 120, degrees)
        );
        assert_exact(&path, &info, &[0, 5, 11]);
        // The dataset's own half turn on top: turned back by hand it is the same picture.
        let (plain, _) = frames(&path, &info, &[5], false).unwrap();
        let (half, _) = frames(&path, &info, &[5], true).unwrap();
        let back = turned_back(180, &half[0].1);
        assert!(back == plain[0].1, "{degrees}");
    }
}

#[test]
#[ignore = "needs ffmpeg"]
fn repeated_runs_and_other_choices_give_the_same_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp4");
    clip(&path, 160, 120, 90, &H264);
    let info = probe(&path).unwrap();
    assert_eq!(probe(&path).unwrap(), info);
    let (all, _) = frames(&path, &info, &(0..90).collect::<Vec<_>>(), false).unwrap();
    let some = [3, 4, 50, 88];
    for _ in 0..3 {
        let (chosen, _) = frames(&path, &info, &some, false).unwrap();
        for (index, image) in &chosen {
            assert!(*image == all[*index as usize].1, "{index}");
        }
    }
    // Order and repetition of the question do not matter.
    let (chosen, _) = frames(&path, &info, &[50, 3, 50], false).unwrap();
    assert_eq!(chosen.iter().map(|c| c.0).collect::<Vec<_>>(), [3, 50]);
}

#[test]
#[ignore = "needs ffmpeg"]
fn a_choice_too_irregular_for_an_expression_is_exact_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.avi");
    let images: Vec<_> = (0..2400).map(|i| numbered(32, 24, i % 256)).collect();
    encode(&path, &images, &["-c:v", "mjpeg", "-pix_fmt", "yuvj420p"]);
    let info = probe(&path).unwrap();
    // Gaps 1, 2, 2, 1, 1, 2, ... hold hardly a run of three.
    let choice = FrameChoice::Random(1500.try_into().unwrap());
    let indices = choice.indices(info.frames, "x");
    let (all, decoded) = frames(&path, &info, &indices, false).unwrap();
    assert_eq!(decoded.problem, None);
    assert_eq!(all.iter().map(|f| f.0).collect::<Vec<_>>(), indices);
    assert!(
        all.iter()
            .all(|(index, image)| number(image) == index % 256)
    );
}

#[test]
#[ignore = "needs ffmpeg"]
fn a_change_of_pixel_format_does_not_shift_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let part = |name: &str, from: u64, format: &str| {
        let path = folder.path().join(name);
        let images: Vec<_> = (from..from + 20).map(|i| numbered(160, 120, i)).collect();
        encode(&path, &images, &["-c:v", "libx264", "-pix_fmt", format]);
        path
    };
    let parts = [part("a.h264", 0, "yuv420p"), part("b.h264", 20, "yuv444p")];
    let path = joined(folder.path().join("ab.h264"), &[&parts[0], &parts[1]]);
    let info = probe(&path).unwrap();
    assert_eq!(info.frames, 40);
    assert_exact(&path, &info, &[3, 19, 20, 23, 39]);
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs ffmpeg"]
fn stopping_leaves_no_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stop.mp4");
    clip(&path, 640, 480, 200, &H264);
    let info = probe(&path).unwrap();
    let indices: Vec<_> = (0..200).collect();
    let mut seen = 0;
    let decoded = tools().frames(
        &path,
        &info,
        &indices,
        false,
        &VideoLimits::default(),
        &mut |index, _| {
            assert!(running(&path) > 0, "the search must be able to find it");
            seen += 1;
            if index == 2 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        },
    );
    let decoded = decoded.unwrap();
    assert_eq!((decoded.frames, decoded.problem, seen), (3, None, 3));
    assert_eq!(running(&path), 0);
    // A panic of the caller unwinds through the guard as well.
    let panicked = std::panic::catch_unwind(|| {
        tools().frames(
            &path,
            &info,
            &indices,
            false,
            &VideoLimits::default(),
            &mut |_, _| panic!("wanted"),
        )
    });
    assert!(panicked.is_err());
    assert_eq!(running(&path), 0);
}

/// Processes with the path on their command line.
#[cfg(target_os = "linux")]
fn running(path: &std::path::Path) -> usize {
    let name = path.as_os_str().as_encoded_bytes();
    let lines = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = lines.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines
        .filter(|line| line.windows(name.len()).any(|w| w == name))
        .count()
}

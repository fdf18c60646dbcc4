//! Real videos in the tree of every layout that has videos, prepared.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{contents, go_on, with_threads, write_file};
use fasgard_data::{CropPolicy, Dataset, PrepareOptions, layout, prepare};
use fasgard_image::{DecodeLimits, decode};

/// White above and black below: 12 frames of 96 x 64 pixels.
const HALVES: &str =
    "color=black:size=96x64:rate=12:duration=1,drawbox=w=96:h=32:color=white:t=fill";

/// Frames that are far larger than the file's header.
const NOISE: &str = "testsrc2=size=96x64:rate=12:duration=1,noise=alls=60:allf=t";

/// Writes a clip with ffmpeg.
fn clip(path: &Path, source: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let done = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", source])
        .args(["-pix_fmt", "yuv420p"])
        .arg(path)
        .status()
        .unwrap();
    assert!(done.success());
}

/// Layout, its clips, and how many of them are live.
const TREES: [(&str, &[&str], usize); 6] = [
    (
        "folder",
        &[
            "live/a.mp4",
            "attack/replay/phone/b.mov",
            "attack/print/c.avi",
        ],
        1,
    ),
    (
        "oulu-npu",
        &[
            "Train_files/1_1_01_1.avi",
            "Train_files/1_1_01_2.avi",
            "Dev_files/1_1_21_4.avi",
            "Test_files/6_3_55_1.avi",
        ],
        2,
    ),
    (
        "siw-m",
        &[
            "Live/Train/Live_2.mov",
            "Live/Test/Live_1.mov",
            "Paper/Paper_1.mov",
        ],
        2,
    ),
    (
        "casia-mfsd",
        &[
            "train_release/1/1.avi",
            "train_release/2/HR_4.avi",
            "test_release/1/5.avi",
        ],
        1,
    ),
    (
        "replay-attack",
        &[
            "train/real/client001_session01_webcam_authenticate_adverse_1.mov",
            "devel/attack/hand/attack_mobile_client003_session01_mobile_photo_adverse.mov",
        ],
        1,
    ),
    (
        "msu-mfsd",
        &[
            "scene01/real/real_client003_android_SD_scene01.mp4",
            "scene01/real/real_client002_android_SD_scene01.mp4",
            "scene01/attack/attack_client002_android_SD_ipad_video_scene01.mp4",
        ],
        2,
    ),
];

#[test]
#[ignore = "needs ffmpeg"]
fn every_layout_is_prepared_from_videos() {
    let options = PrepareOptions {
        crop: CropPolicy::Center,
        frames: "uniform:3".parse().unwrap(),
        ..PrepareOptions::default()
    };
    for (name, clips, live) in TREES {
        let dir = tempfile::tempdir().unwrap();
        let (raw, out) = (dir.path().join("raw"), dir.path().join("out"));
        for path in clips {
            clip(&raw.join(path), HALVES);
        }
        let layout = layout::by_name(name).unwrap();
        let summary = prepare(layout, &raw, &out, &options, None, &go_on).unwrap();
        assert_eq!(summary.failures, [], "{name}");
        assert_eq!(summary.stored, 3 * clips.len() as u64, "{name}");
        let dataset = Dataset::open(&out).unwrap();
        let lives = dataset.samples().iter().filter(|s| s.row.label.is_live());
        assert_eq!(lives.count(), 3 * live, "{name}");
        for sample in dataset.samples() {
            let row = &sample.row;
            assert!([2, 6, 10].contains(&row.frame.unwrap()), "{name} {row:?}");
            let image = decode(sample.image_path(), &DecodeLimits::default(), true).unwrap();
            assert_eq!(image.dimensions(), (64, 64));
            // The only one of these that is stored upside down.
            let turned = row.sample.contains("real_client003_android");
            let (top, bottom) = (image.get_pixel(32, 8)[0], image.get_pixel(32, 56)[0]);
            assert_eq!(
                top > bottom,
                !turned,
                "{name} {} {top} {bottom}",
                row.sample
            );
        }
        let again = dir.path().join("again");
        with_threads(1, || prepare(layout, &raw, &again, &options, None, &go_on)).unwrap();
        assert_eq!(contents(&again), contents(&out), "{name}");
    }
}

#[test]
#[ignore = "needs ffmpeg"]
fn a_damaged_video_gives_the_frames_that_decode() {
    let dir = tempfile::tempdir().unwrap();
    let (raw, out) = (dir.path().join("raw"), dir.path().join("out"));
    let live = raw.join("train/live");
    let print = raw.join("train/attack/print");
    for path in [live.join("a.avi"), live.join("b.avi"), print.join("c.avi")] {
        clip(&path, NOISE);
    }
    let whole = fs::read(live.join("b.avi")).unwrap();
    write_file(&live.join("b.avi"), &whole[..whole.len() * 2 / 3]);
    write_file(&live.join("empty.avi"), b"");
    write_file(&print.join("text.mp4"), b"not a video");
    let options = PrepareOptions {
        crop: CropPolicy::Center,
        frames: "all".parse().unwrap(),
        ..PrepareOptions::default()
    };
    let layout = layout::by_name("folder").unwrap();
    let summary = prepare(layout, &raw, &out, &options, None, &go_on).unwrap();
    let failed: Vec<_> = summary.failures.iter().map(|f| f.path.as_str()).collect();
    assert!(failed.contains(&"train/live/b.avi"), "{failed:?}");
    assert!(failed.contains(&"train/live/empty.avi"), "{failed:?}");
    assert!(
        failed.contains(&"train/attack/print/text.mp4"),
        "{failed:?}"
    );
    let dataset = Dataset::open(&out).unwrap();
    let of = |name: &str| {
        let named = |s: &&fasgard_data::Sample| s.row.video.as_deref().unwrap().contains(name);
        dataset.samples().iter().filter(named).count()
    };
    assert_eq!((of("live/a"), of("print/c")), (12, 12));
    assert!((1..12).contains(&of("live/b")), "{}", of("live/b"));
}

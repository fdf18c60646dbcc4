//! What preparing takes of memory hardly grows with the number of samples.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::fmt::Write;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use common::{prepared, write_jpeg};
use fasgard_data::prepare::check;
use fasgard_data::{CropPolicy, PrepareOptions, layout, prepare};

/// The most memory that this process has had so far, in bytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
    let kilobytes = line.split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() << 10
}

/// `count` frames of recordings of ten, by name; all are one picture.
fn list(folder: &Path, count: u32) {
    write_jpeg(&folder.join("a.jpg"), 16, 16, 1);
    let mut text = "sample,image,label,species,subject,video,frame\n".to_owned();
    for i in 0..count {
        let (subject, video) = (i / 200, i / 10);
        let class = ["live,", "attack,print/photo"][subject as usize % 2];
        let name = format!("p{subject:04}/v{video:05}/{i:06}");
        writeln!(
            text,
            "{name},a.jpg,{class},p{subject:04},v{video:05},{}",
            i % 10
        )
        .unwrap();
    }
    fs::write(folder.join("list.csv"), text).unwrap();
}

/// Prepares all, stopped once at the end and resumed, and checks.
fn work(folder: &Path, count: u32) {
    list(folder, count);
    let (input, output) = (folder.join("list.csv"), folder.join("out"));
    let options = PrepareOptions {
        crop: CropPolicy::None,
        ..PrepareOptions::default()
    };
    let stop_at_the_end = |p: fasgard_data::Progress| match p.done < p.total {
        true => ControlFlow::Continue(()),
        false => ControlFlow::Break(()),
    };
    let layout = layout::by_name("csv").unwrap();
    prepare(layout, &input, &output, &options, None, &stop_at_the_end).unwrap_err();
    let summary = prepared(&input, &output, &options).unwrap();
    assert_eq!(
        (summary.resumed, summary.stored),
        (count.into(), count.into())
    );
    assert_eq!(check(&output).unwrap().intact, u64::from(count));
}

#[test]
#[ignore = "prepares 20,000 images: about 20 s"]
fn twenty_thousand_samples_take_little_more_than_a_thousand() {
    let dir = tempfile::tempdir().unwrap();
    let peaks = [1_000, 20_000].map(|count| {
        let folder = dir.path().join(count.to_string());
        fs::create_dir(&folder).unwrap();
        work(&folder, count);
        peak()
    });
    let each = (peaks[1] - peaks[0]) / 19_000;
    println!("{peaks:?} bytes, {each} more for each sample");
    // With all rows, jobs and results in memory it was about 1,000.
    assert!(each < 250, "{peaks:?} bytes, {each} more for each sample");
}

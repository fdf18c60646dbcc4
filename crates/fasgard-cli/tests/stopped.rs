//! `prepare` stopped at any moment, by `kill -9` or Ctrl-C, and run again: the same files to the
//! byte as without a stop. And the same files for any number of threads.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use common::text;
use image::{Rgb, RgbImage};

/// Live and attack pictures of three splits, 24 of each, of which no two are the same and one is
/// broken.
fn raw(root: &Path) {
    let mut picture = RgbImage::from_fn(320, 320, |x, y| {
        Rgb([(x % 251) as u8, (y % 241) as u8, ((x * y) % 239) as u8])
    });
    for split in ["train", "dev", "test"] {
        for folder in ["live", "attack/print"] {
            let folder = root.join(split).join(folder);
            fs::create_dir_all(&folder).unwrap();
            for i in 0..24 {
                for v in 0..320 {
                    let p = picture.get_pixel_mut(v, (v * 7 + i * 5) % 320);
                    p.0[0] = p.0[0].wrapping_add(91);
                }
                picture.save(folder.join(format!("{i:02}.png"))).unwrap();
            }
        }
    }
    fs::write(root.join("train/live/broken.jpg"), b"no picture").unwrap();
}

struct Work {
    dir: tempfile::TempDir,
}

impl Work {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        raw(&dir.path().join("raw"));
        Self { dir }
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn start(&self, output: &str, threads: &str) -> Child {
        let (input, output) = (text(&self.folder("raw")), text(&self.folder(output)));
        let mut command = Command::new(env!("CARGO_BIN_EXE_fasgard"));
        command
            .args(["prepare", "folder", "--crop", "center", "--depth", "none"])
            .args(["--json", "--input", &input, "--output", &output])
            .env("RAYON_NUM_THREADS", threads)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Runs to the end and returns how many files an earlier run had done.
    fn finish(&self, output: &str, threads: &str) -> u64 {
        let ended = self.start(output, threads).wait_with_output().unwrap();
        assert!(ended.status.success(), "{}", said(&ended));
        let summary: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
        assert_eq!(summary["failures"], 1);
        summary["resumed"].as_u64().unwrap()
    }

    /// Waits until `enough` of an output; false if the work ended before.
    fn until(&self, child: &mut Child, enough: impl Fn() -> bool) -> bool {
        let begin = Instant::now();
        while !enough() {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            assert!(
                begin.elapsed() < Duration::from_secs(120),
                "nothing happens"
            );
            sleep(Duration::from_micros(200));
        }
        true
    }
}

fn said(ended: &Output) -> String {
    String::from_utf8_lossy(&ended.stderr).into_owned()
}

/// Every file below a folder.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(folder).unwrap().to_owned();
                    found.insert(name, fs::read(&path).unwrap());
                }
            }
        }
    }
    found
}

/// What is under its own name is whole, and without a manifest nothing is a dataset.
fn intact(output: &Path, whole: &BTreeMap<PathBuf, Vec<u8>>) {
    for (name, bytes) in contents(output) {
        let file = name.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with(".prepare") && !file.starts_with(".writing-") {
            assert!(
                whole.get(&name) == Some(&bytes),
                "{} is half",
                name.display()
            );
        }
    }
}

#[test]
fn the_same_files_for_any_number_of_threads() {
    let work = Work::new();
    work.finish("1", "1");
    let whole = contents(&work.folder("1"));
    assert_eq!(whole.len(), 6 * 24 + 3, "images and three lists");
    for threads in ["2", "3"] {
        work.finish(threads, threads);
        assert!(
            contents(&work.folder(threads)) == whole,
            "{threads} threads"
        );
    }
}

#[test]
fn killed_at_many_moments_and_run_again() {
    let work = Work::new();
    work.finish("whole", "2");
    let whole = contents(&work.folder("whole"));
    // On one output, further each time: at the first sign of it, then after so many lines.
    let out = work.folder("out");
    let journal = out.join(".prepare/journal.jsonl");
    let lines = || fs::read(&journal).map_or(0, |b| b.iter().filter(|b| **b == b'\n').count());
    let mut kills = 0;
    for enough in [0, 1, 2, 9, 30, 60, 100, 130, 144] {
        let mut child = work.start("out", "2");
        let there = || (enough == 0 && out.exists()) || lines() > enough;
        let killed = work.until(&mut child, there);
        // SIGKILL: nothing of the program runs after it.
        child.kill().unwrap();
        child.wait().unwrap();
        intact(&out, &whole);
        kills += u32::from(killed && journal.exists());
        if out.join("manifest.csv").exists() {
            break;
        }
    }
    assert!(kills >= 4, "killed only {kills} times within the work");
    let done = lines() as u64;
    if !out.join("manifest.csv").exists() || journal.exists() {
        let resumed = work.finish("out", "2");
        assert!(
            resumed + 1 >= done,
            "{resumed} of {done} done files were kept"
        );
    }
    assert!(contents(&out) == whole, "differs from an uninterrupted run");

    // Between the last two steps: the manifest is there and so is the journal.
    let again = work.folder("again");
    let mut child = work.start("again", "2");
    let state = again.join(".prepare/state");
    assert!(work.until(&mut child, || state.exists()));
    child.kill().unwrap();
    child.wait().unwrap();
    fs::copy(
        work.folder("whole/manifest.csv"),
        again.join("manifest.csv"),
    )
    .unwrap();
    work.finish("again", "1");
    assert!(contents(&again) == whole);
}

#[test]
fn ctrl_c_stops_cleanly_and_says_how_to_go_on() {
    let work = Work::new();
    work.finish("whole", "2");
    let whole = contents(&work.folder("whole"));
    let out = work.folder("out");
    let mut child = work.start("out", "1");
    let faces = out.join("faces/dev/attack/print/00.jpg");
    assert!(work.until(&mut child, || faces.exists()), "ended too early");
    interrupt(&child);
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{}", said(&ended));
    assert!(
        said(&ended).contains("run the same command again"),
        "{}",
        said(&ended)
    );
    assert!(!out.join("manifest.csv").exists());
    let left = contents(&out);
    let half = left
        .keys()
        .find(|n| n.to_string_lossy().contains(".writing-"));
    assert_eq!(half, None);
    intact(&out, &whole);
    assert!(work.finish("out", "2") > 0);
    assert!(contents(&out) == whole);

    // Simulated attacks are made anew.
    let simulated = work.folder("simulated");
    let mut child = Command::new(env!("CARGO_BIN_EXE_fasgard"))
        .args([
            "simulate",
            "--attacks",
            "print/photo",
            "--data",
            &text(&out),
        ])
        .args(["--output", &text(&simulated)])
        .env("RAYON_NUM_THREADS", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let faces = simulated.join("faces/dev");
    assert!(work.until(&mut child, || {
        fs::read_dir(&faces).is_ok_and(|mut d| d.next().is_some())
    }));
    interrupt(&child);
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{}", said(&ended));
    assert!(said(&ended).contains("--overwrite"), "{}", said(&ended));
    assert!(!simulated.join("manifest.csv").exists());
}

fn interrupt(child: &Child) {
    let kill = format!("kill -INT {}", child.id());
    assert!(
        Command::new("sh")
            .args(["-c", &kill])
            .status()
            .unwrap()
            .success()
    );
}

//! Runs that are killed, and runs with any number of threads: the files of an uninterrupted one,
//! byte for byte. Checkpoints that a crash, a full disk or a user damaged.

#![cfg(unix)]
#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use common::{faces, fasgard, text};
use predicates::str::contains;

/// How long something is waited for: far longer than it takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Random changes of everything: what a resumed run must draw again.
const CONFIG: &str = r#"
schema = 1
name = "killed"
seed = 3
model = { backbone = "resnet18", tap = "layer2", width = 0.125, supervision = { target = "mask", scales = [4, 2] } }
input = { size = 32 }
augment = { flip = 0.5, shift = 0.1, brightness = [-20.0, 20.0], cutout = { probability = 0.5 } }
train = { steps = 24, batch_size = 4, validate_every = 5, checkpoint_every = 3 }
optimizer = { lr = 1e-3, weight_decay = 1e-4 }
schedule = { kind = "cosine", warmup = 2 }
"#;

struct Setup {
    dir: tempfile::TempDir,
    data: String,
    config: String,
}

impl Setup {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        faces(&dir.path().join("raw"));
        let (raw, data) = (
            text(&dir.path().join("raw")),
            text(&dir.path().join("data")),
        );
        let prepare = ["prepare", "folder", "--crop", "none", "--depth", "none"];
        fasgard(&[&prepare[..], &["--input", &raw, "--output", &data]].concat()).success();
        let config = dir.path().join("config.toml");
        fs::write(&config, CONFIG).unwrap();
        Self {
            config: text(&config),
            data,
            dir,
        }
    }

    fn run(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn train(&self, run: &Path, threads: usize, more: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("fasgard"));
        command
            .args(["train", &self.config, "--data", &self.data, "--output"])
            .arg(run)
            .args(more)
            .env("RAYON_NUM_THREADS", threads.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn finish(&self, run: &Path, threads: usize, more: &[&str]) {
        let mut command = self.train(run, threads, more);
        let output = command.stderr(Stdio::piped()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {stderr}", run.display());
    }

    /// What must be equal: weights with their card, curves, dev and test scores.
    fn files(&self, run: &Path, threads: usize) -> Vec<Vec<u8>> {
        let (model, scores) = (run.join("model.safetensors"), run.join("scores-test.csv"));
        let status = Command::new(assert_cmd::cargo::cargo_bin("fasgard"))
            .args(["score", &text(&model), "--data", &self.data])
            .args(["--split", "test", "--output", &text(&scores)])
            .env("RAYON_NUM_THREADS", threads.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        [
            "model.safetensors",
            "metrics.csv",
            "scores-dev.csv",
            "scores-test.csv",
        ]
        .map(|name| fs::read(run.join(name)).unwrap())
        .into()
    }

    /// Kills `command` some time after `seen`; true if it was alive.
    fn kill(&self, mut command: Command, seen: impl Fn() -> bool, then: Duration) -> bool {
        let mut child = command.spawn().unwrap();
        let begin = Instant::now();
        while !seen() && begin.elapsed() < PATIENCE && child.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(1));
        }
        sleep(then);
        child.kill().unwrap();
        !child.wait().unwrap().success()
    }
}

fn equal(whole: &[Vec<u8>], other: &[Vec<u8>], what: &str) {
    for (name, (a, b)) in ["model", "metrics", "dev scores", "test scores"]
        .iter()
        .zip(whole.iter().zip(other))
    {
        assert!(a == b, "{what}: {name} differ");
    }
}

#[test]
fn killed_runs_and_any_thread_count_give_the_same_bytes() {
    let setup = Setup::new();
    let whole = setup.run("whole");
    setup.finish(&whole, 2, &[]);
    let expected = setup.files(&whole, 2);
    for threads in [1, 3] {
        let run = setup.run(&format!("threads-{threads}"));
        setup.finish(&run, threads, &[]);
        equal(&expected, &setup.files(&run, threads), "threads");
    }

    // Moments that have nothing to do with steps: some milliseconds after the curves have a share of
    // their final length. Where they have it already, that is while the process starts.
    let run = setup.run("killed");
    let length = |run: &Path| fs::metadata(run.join("metrics.csv")).map_or(0, |m| m.len());
    let last = length(&whole) as f64;
    let moments = [
        (0.0, 3),
        (0.07, 1),
        (0.3, 4),
        (0.3, 30),
        (0.55, 2),
        (0.77, 7),
        (0.9, 0),
    ];
    let mut killed = 0;
    for (i, (share, then)) in moments.into_iter().enumerate() {
        let resume: &[&str] = match run.join("config.toml").exists() {
            true => &["--resume"],
            false => &[],
        };
        let command = setup.train(&run, i % 3 + 1, resume);
        let seen = || length(&run) as f64 > share * last;
        killed += usize::from(setup.kill(command, seen, Duration::from_millis(then)));
    }
    assert!(killed > 3, "{killed} of {} were killed", moments.len());
    setup.finish(&run, 2, &["--resume"]);
    equal(&expected, &setup.files(&run, 2), "killed");

    // The comparison can fail: another seed, other bytes.
    let other = setup.run("other");
    setup.finish(&other, 2, &["--seed", "4"]);
    assert!(setup.files(&other, 2)[0] != expected[0]);
}

/// The weights' hash is printed, is the card's, and is the same for equal seeds.
#[test]
fn equal_seeds_print_equal_hashes() {
    let setup = Setup::new();
    let hash = |name: &str, seed: &str| {
        let run = text(&setup.run(name));
        let train = ["train", &setup.config, "--data", &setup.data, "--output"];
        let more = [&run, "--seed", seed, "--set", "train.steps=4"];
        let output = fasgard(&[&train[..], &more].concat()).success();
        let stdout = String::from_utf8(output.get_output().stdout.clone()).unwrap();
        let (_, hash) = stdout.split_once("weights sha256 ").unwrap();
        let card = fs::read(Path::new(&run).join("model.safetensors")).unwrap();
        let hash = hash.trim().to_owned();
        assert_eq!(hash.len(), 64);
        assert!(String::from_utf8_lossy(&card).contains(&hash));
        hash
    };
    let first = hash("a", "1");
    assert_eq!(first, hash("b", "1"));
    assert_ne!(first, hash("c", "2"));
}

/// A crash while a checkpoint is written, whatever it left, and a disk that is full.
#[test]
fn what_a_crash_in_a_checkpoint_leaves_is_passed_over() {
    let setup = Setup::new();
    // The first file that is written after a resume is then a checkpoint's.
    let rarely = ["--set", "train.validate_every=24"];
    let resume = ["--set", "train.validate_every=24", "--resume"];
    let whole = setup.run("whole");
    setup.finish(&whole, 2, &rarely);
    let expected = setup.files(&whole, 2);
    let run = setup.run("crashed");
    let checkpoints = run.join("checkpoints");
    let first = checkpoints.join("step-00000003");
    let command = setup.train(&run, 2, &rarely);
    let killed = setup.kill(command, || first.exists(), Duration::ZERO);
    assert!(killed, "the run ended before it was killed");

    // Half of the next checkpoint.
    let writing = checkpoints.join(".writing");
    let _ = fs::remove_dir_all(&writing);
    fs::create_dir(&writing).unwrap();
    let weights = fs::read(first.join("weights.safetensors")).unwrap();
    let half = &weights[..weights.len() / 2];
    fs::write(writing.join("weights.safetensors"), half).unwrap();
    fs::write(writing.join(".writing-abc"), b"sche").unwrap();

    // A disk on which no checkpoint fits: files of at most 8 KiB.
    let before = steps(&checkpoints);
    let mut limited = Command::new("sh");
    let fasgard = text(&assert_cmd::cargo::cargo_bin("fasgard"));
    let limit = "trap '' XFSZ; ulimit -f 16; exec \"$@\"";
    limited
        .args(["-c", limit, "sh", &fasgard, "train", &setup.config])
        .args(["--data", &setup.data, "--output"])
        .arg(&run)
        .args(resume);
    let output = limited.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("weights.safetensors"), "{stderr}");
    assert!(stderr.contains("cannot write"), "{stderr}");
    assert!(!writing.exists(), "half a checkpoint was left");
    assert_eq!(steps(&checkpoints), before);

    setup.finish(&run, 3, &resume);
    equal(&expected, &setup.files(&run, 2), "crashed");
    assert!(!writing.exists());
}

/// A small file system, unmounted with the test whatever its end.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: PathBuf) -> Self {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]);
        assert!(mount.arg(&at).status().unwrap().success());
        Self(at)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

/// A file system that is really full.
#[test]
#[ignore = "mounts a tmpfs of 16 MiB: Linux, as root"]
fn a_full_disk_leaves_the_checkpoint_before() {
    let setup = Setup::new();
    let whole = setup.run("whole");
    setup.finish(&whole, 2, &[]);
    let expected = setup.files(&whole, 2);
    let disk = setup.run("disk");
    fs::create_dir(&disk).unwrap();
    let disk = Disk::mount(disk);
    let run = disk.0.join("run");
    let first = run.join("checkpoints/step-00000003");
    let command = setup.train(&run, 2, &[]);
    assert!(setup.kill(command, || first.exists(), Duration::ZERO));
    let before = steps(&run.join("checkpoints"));
    // Leaves nothing but what the run holds already.
    let ballast = disk.0.join("ballast");
    let mut fill = fs::File::create(&ballast).unwrap();
    while std::io::Write::write(&mut fill, &[0; 4096]).is_ok_and(|n| n > 0) {}
    drop(fill);
    let output = setup
        .train(&run, 2, &["--resume"])
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let after = steps(&run.join("checkpoints"));
    fs::remove_file(&ballast).unwrap();
    setup.finish(&run, 1, &["--resume"]);
    let found = setup.files(&run, 1);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("free some space and go on with --resume"),
        "{stderr}"
    );
    assert_eq!(after, before);
    equal(&expected, &found, "full disk");
}

/// Names of the complete checkpoints.
fn steps(checkpoints: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(checkpoints)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("step-"))
        .collect();
    names.sort();
    names
}

#[test]
fn two_processes_on_one_run() {
    let setup = Setup::new();
    let run = setup.run("shared");
    // Long enough for the second to come while it goes on; killed below.
    let long = [
        "--set",
        "train.steps=1000000",
        "--set",
        "train.checkpoint_every=1000000",
    ];
    let mut first = setup.train(&run, 1, &long).spawn().unwrap();
    let begin = Instant::now();
    while !run.join("metrics.csv").exists() && begin.elapsed() < PATIENCE {
        sleep(Duration::from_millis(5));
    }
    let output = text(&run);
    let train = [
        "train",
        &setup.config,
        "--data",
        &setup.data,
        "--output",
        &output,
    ];
    let second = fasgard(&train);
    let resumed = fasgard(&[&train[..], &["--resume"]].concat());
    first.kill().unwrap();
    first.wait().unwrap();
    for refused in [second, resumed] {
        refused
            .code(2)
            .stderr(contains(format!("found process {} on ", first.id())))
            .stderr(contains("run.lock"));
    }
    // Killed with its lock: nobody holds it now. It had no checkpoint: a new run takes its place.
    fasgard(&[&train[..], &["--set", "train.steps=4"]].concat()).success();
}

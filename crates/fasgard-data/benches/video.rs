//! Where the time goes from a 1080p H.264 file to ten frames: run it with
//! `cargo test --release -p fasgard-data --bench video -- --ignored --nocapture`.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

#[cfg(test)]
mod bench {
    use std::ops::ControlFlow;
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::thread;
    use std::time::Instant;

    use fasgard_data::video::{FrameChoice, Tools, VideoLimits};

    const SECONDS: u32 = 10;
    const FRAMES: u64 = 300;

    /// Ten seconds of 1080p at 30 frames a second: moving detail with noise, as a camera gives.
    fn clip(path: &Path) {
        let source = format!("testsrc2=s=1920x1080:r=30:d={SECONDS},noise=alls=8:allf=t");
        let made = Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error", "-f", "lavfi", "-i", &source])
            .args([
                "-c:v", "libx264", "-preset", "veryfast", "-b:v", "12M", "-pix_fmt", "yuv420p",
            ])
            .arg(path)
            .status();
        assert!(made.unwrap().success());
    }

    /// Seconds of the fastest of three runs: other work on the machine only adds.
    fn fastest(mut work: impl FnMut()) -> f64 {
        let run = |()| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        };
        [(); 3].map(run).into_iter().fold(f64::INFINITY, f64::min)
    }

    /// ffmpeg alone with one decoding thread, its output thrown away.
    fn bare(path: &Path, options: &[&str]) {
        let status = Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error", "-threads", "1", "-i"])
            .arg(path)
            .args(options)
            .args(["-threads", "1"])
            .args(if options.contains(&"image2pipe") {
                ["-f", "image2pipe"]
            } else {
                ["-f", "null"]
            })
            .arg("-")
            .stdout(Stdio::null())
            .status();
        assert!(status.unwrap().success());
    }

    fn sample(tools: &Tools, path: &Path, choice: FrameChoice) -> u64 {
        let limits = VideoLimits::default();
        let info = tools.probe(path, &limits).unwrap();
        assert_eq!(info.frames, FRAMES);
        let indices = choice.indices(info.frames, "bench");
        let mut each = |_, image| {
            std::hint::black_box(image);
            ControlFlow::Continue(())
        };
        let decoded = tools.frames(path, &info, &indices, false, &limits, &mut each);
        decoded.unwrap().frames
    }

    #[test]
    #[ignore = "a benchmark that needs ffmpeg"]
    fn video() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mp4");
        clip(&path);
        let (tools, limits) = (Tools::find().unwrap(), VideoLimits::default());
        let ten: FrameChoice = "uniform:10".parse().unwrap();
        let size = std::fs::metadata(&path).unwrap().len() as f64 / 1e6;
        println!(
            "ffmpeg {}, 1080p H.264, {FRAMES} frames, {SECONDS} s, {size:.1} MB",
            tools.version()
        );
        let report = |name: &str, seconds: f64, frames: u64| {
            let rate = frames as f64 / seconds;
            println!(
                "{name:44} {seconds:7.3} s  {rate:7.1} frames/s  {:5.2} x real time",
                rate / 30.0
            );
        };
        let probe = fastest(|| drop(tools.probe(&path, &limits).unwrap()));
        println!("{:44} {probe:7.3} s", "probe");
        report("decode only", fastest(|| bare(&path, &[])), FRAMES);
        report(
            "decode + rgb24",
            fastest(|| bare(&path, &["-vf", "format=rgb24"])),
            FRAMES,
        );
        let piped = ["-vf", "format=rgb24", "-c:v", "ppm", "-f", "image2pipe"];
        report(
            "decode + rgb24 + ppm",
            fastest(|| bare(&path, &piped)),
            FRAMES,
        );
        report(
            "all frames into this process",
            fastest(|| assert_eq!(sample(&tools, &path, FrameChoice::All), FRAMES)),
            FRAMES,
        );
        report(
            "probe + 10 frames, one child",
            fastest(|| assert_eq!(sample(&tools, &path, ten), 10)),
            FRAMES,
        );
        let two = fastest(|| {
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| assert_eq!(sample(&tools, &path, ten), 10));
                }
            });
        });
        report(
            "probe + 10 frames, two children, both clips",
            two,
            2 * FRAMES,
        );
    }
}

// Built as a test only, without Criterion's harness: nothing to do otherwise.
#[cfg(not(test))]
fn main() {}

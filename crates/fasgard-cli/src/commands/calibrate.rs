//! `fasgard calibrate`.

use std::path::Path;

use burn::tensor::Device;
use fasgard_metrics::{Criterion, Fuse, Label, Rate, ScoreFile};
use fasgard_model::{Calibration, CameraScores, ModelFile, Predictor, PredictorOptions, calibrate};

use super::predict::{Task, crop_source, inputs};
use crate::{args::Calibrate, failure::misuse};

pub(super) fn run(args: &Calibrate) -> anyhow::Result<()> {
    let allowed = match format!("bpcer={}", args.bpcer).parse() {
        Ok(Criterion::Bpcer(rate)) => rate,
        _ => {
            return Err(misuse(format!(
                "--bpcer: expected a share such as 1% or 0.01, found `{}`",
                args.bpcer
            )));
        }
    };
    let choice = args.frames.parse().map_err(misuse)?;
    let device = Device::flex();
    let mut file = ModelFile::read(&args.model).map_err(misuse)?;
    file.verify(&args.model, &device)?;
    super::note_if_rendered(&file.card);
    let dev = dev_live(args)?;
    let options = PredictorOptions {
        crop: crop_source(&args.crop),
        // Only scores are asked for: a model that has no threshold gets its first one here.
        threshold: file.card.thresholds.is_empty().then_some(f64::INFINITY),
    };
    let predictor = Predictor::new(&file, &args.model, &options, &device).map_err(misuse)?;
    let task = Task {
        predictor: &predictor,
        choice,
        fuse: Fuse::Mean,
        overlay: None,
    };
    let live = Scored::of(&task, "live", &args.live)?;
    let attack = Scored::of(&task, "attack", &args.attack)?;
    let scores = CameraScores {
        live: &live.scores,
        attack: &attack.scores,
        dev_live: &dev,
    };
    let named: Vec<String> = args.live.iter().map(|p| p.display().to_string()).collect();
    let before = file.card.thresholds.first();
    let found = calibrate(scores, allowed, before, &named.join(", ")).map_err(misuse)?;
    found.apply(&mut file.card);
    file.write(&args.output)?;
    if args.json {
        let value = serde_json::json!({
            "calibration": found, "output": args.output,
            "live": live.counts(), "attack": attack.counts(),
        });
        return super::print_json(&value);
    }
    super::print(&text(&found, &file, &live, &attack, &args.output))
}

/// The scores of the live rows of the model's dev split; none if there is no such file.
fn dev_live(args: &Calibrate) -> anyhow::Result<Vec<f64>> {
    let beside = args.model.with_file_name("scores-dev.csv");
    let path = match &args.dev {
        Some(path) => path,
        None if beside.is_file() => &beside,
        None => return Ok(Vec::new()),
    };
    let file = ScoreFile::read(path).map_err(misuse)?;
    let live = file.rows.iter().filter(|r| r.label == Label::Live);
    Ok(live.filter_map(|r| r.score).collect())
}

/// The frames of one class.
struct Scored {
    scores: Vec<f64>,
    files: usize,
    unreadable: usize,
}

impl Scored {
    fn of(task: &Task<'_>, label: &str, given: &[std::path::PathBuf]) -> anyhow::Result<Self> {
        let inputs = inputs::collect(given)?;
        let answers = task.judge_all(label, &inputs)?;
        Ok(Self {
            scores: answers.iter().flat_map(|a| a.frame_scores()).collect(),
            files: answers.len(),
            unreadable: answers.iter().filter(|a| a.is_unreadable()).count(),
        })
    }

    fn counts(&self) -> serde_json::Value {
        serde_json::json!({
            "files": self.files, "unreadable": self.unreadable, "frames_with_score": self.scores.len(),
        })
    }

    fn line(&self, label: &str) -> String {
        format!(
            "{label:8}{} frames with a score, of {} files ({} unreadable)\n",
            self.scores.len(),
            self.files,
            self.unreadable
        )
    }
}

fn text(
    found: &Calibration,
    file: &ModelFile,
    live: &Scored,
    attack: &Scored,
    output: &Path,
) -> String {
    let rate = |rate: &Rate| match (rate.errors, rate.of, rate.ci95) {
        (Some(errors), Some(of), Some([low, high])) => format!(
            "{} ({errors}/{of}, 95 % interval {:.2}-{:.2} %)",
            rate.percent(),
            100.0 * low,
            100.0 * high
        ),
        _ => rate.reason.clone().unwrap_or_else(|| "not known".into()),
    };
    let mut text = live.line("live") + &attack.line("attack");
    let before = file.card.thresholds.get(1);
    for (name, threshold, bpcer, apcer) in [
        ("before", before, &found.bpcer_before, &found.apcer_before),
        ("now", Some(&found.threshold), &found.bpcer, &found.apcer),
    ] {
        if let Some(threshold) = threshold {
            text += &format!("{name:8}live if {threshold}\n");
            text += &format!(
                "        BPCER {}\n        APCER {}\n",
                rate(bpcer),
                rate(apcer)
            );
        }
    }
    if let Some([low, high]) = found.gap {
        text += &format!(
            "no decision for scores between {low:.6} and {high:.6}: none was seen there\n"
        );
    }
    let [low, high] = found.support;
    text += &format!("no decision for scores below {low:.6} or above {high:.6}\n");
    text += &format!(
        "{} live frames are needed to claim that BPCER; frames of one person count for less\n",
        found.needed
    );
    for warning in &found.warnings {
        text += &format!("warning: {warning}\n");
    }
    text + &format!("written: {}\n", output.display())
}

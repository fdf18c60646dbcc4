//! `fasgard calibrate`.

mod cluster;
mod scored;
mod text;

use burn::tensor::Device;
use fasgard_metrics::{Criterion, Fuse, Label, ScoreFile};
use fasgard_model::{
    CameraClusters, CameraScores, ModelFile, Predictor, PredictorOptions, ScoreQuantiles, calibrate,
};

use super::predict::{Task, crop_source};
use crate::{args::Calibrate, failure::misuse};
use cluster::Choice;
use scored::Camera;

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
    let choice: Choice = args.cluster.parse().map_err(misuse)?;
    let device = Device::flex();
    let mut file = ModelFile::read(&args.model).map_err(misuse)?;
    file.verify(&args.model, &device)?;
    super::note_if_rendered(&file.card);
    let dev = dev_live(args, &file)?;
    let camera = match &args.scores {
        Some(path) => Camera::of_score_file(path, &file.card, choice)?,
        None => of_media(args, &file, choice, &device)?,
    };
    let scores = CameraScores {
        live: &camera.live.scores,
        attack: &camera.attack.scores,
        dev_live: dev,
        clusters: camera.unit.map(|unit| CameraClusters {
            unit,
            live: &camera.live.clusters,
            attack: &camera.attack.clusters,
        }),
    };
    let before = file.card.thresholds.first();
    let mut found = calibrate(scores, allowed, before, &camera.from).map_err(misuse)?;
    found.threshold.from.sha256.clone_from(&camera.sha256);
    found.apply(&mut file.card);
    file.write(&args.output)?;
    if args.json {
        let value = serde_json::json!({
            "calibration": found, "output": args.output,
            "live": camera.live.counts(), "attack": camera.attack.counts(),
        });
        return super::print_json(&value);
    }
    super::print(&text::describe(&found, &file, &camera, &args.output))
}

/// The camera's photos and videos, scored with the model.
fn of_media(
    args: &Calibrate,
    file: &ModelFile,
    choice: Choice,
    device: &Device,
) -> anyhow::Result<Camera> {
    let frames = args.frames.parse().map_err(misuse)?;
    let options = PredictorOptions {
        crop: crop_source(&args.crop),
        // Only scores are asked for: a model that has no threshold gets its first one here.
        threshold: file.card.thresholds.is_empty().then_some(f64::INFINITY),
    };
    let predictor = Predictor::new(file, &args.model, &options, device).map_err(misuse)?;
    let task = Task {
        predictor: &predictor,
        choice: frames,
        fuse: Fuse::Mean,
        overlay: None,
    };
    Camera::of_media(&task, &args.live, &args.attack, choice)
}

/// Where the scores of the dev split's live samples lay: by `--dev`, else by the model file, else (one
/// that an older version wrote) by the score file beside it.
fn dev_live(args: &Calibrate, model: &ModelFile) -> anyhow::Result<Option<ScoreQuantiles>> {
    let beside = args.model.with_file_name("scores-dev.csv");
    let path = match (&args.dev, model.card.dev_scores) {
        (Some(path), _) => path,
        (None, Some(dev)) => return Ok(Some(dev.live)),
        (None, None) if beside.is_file() => &beside,
        (None, None) => return Ok(None),
    };
    let file = ScoreFile::read(path).map_err(misuse)?;
    let live = file.rows.iter().filter(|r| r.label == Label::Live);
    Ok(ScoreQuantiles::of(live.filter_map(|r| r.score).collect()))
}

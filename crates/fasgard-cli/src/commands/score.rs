//! `fasgard score`.

use std::path::Path;

use burn::tensor::Device;
use fasgard_data::{Sample, checks::any_class};
use fasgard_metrics::{Origin, ScoreFile};
use fasgard_model::ModelFile;
use fasgard_nn::Target;
use fasgard_report::maps::{MapFile, MapTarget};
use fasgard_train::{Scored, score_samples};

use super::fold;
use crate::{args::Score, device, failure::misuse, progress::Progress};

pub(super) fn run(args: &Score) -> anyhow::Result<()> {
    let device = device::open(&args.device)?;
    check_paths(args)?;
    let model = ModelFile::read(&args.model).map_err(misuse)?;
    super::note_if_rendered(&model.card);
    if args.maps.is_some() && model.card.model.supervision.target == Target::Binary {
        return Err(misuse(
            "--maps: this model predicts no maps (target `binary`); leave --maps out",
        ));
    }
    let (dataset, protocol) = fold::open(&args.data, &args.fold)?;
    fold::warn_of_another(&model.card, protocol.as_ref());
    super::warn_if_narrow(&dataset, model.card.preprocess.crop_scale);
    let samples = any_class(&dataset, args.split).map_err(misuse)?;
    let scored = score(&model, &args.model, samples, args.batch, &device)?;
    write(&model, &scored, &args.output, args.maps.as_deref())?;
    let ok = scored.rows.iter().filter(|r| r.status.is_ok()).count();
    let failed = scored.rows.len() - ok;
    if args.json {
        return super::print_json(&serde_json::json!({"scored": ok, "failed": failed}));
    }
    let mut text = format!(
        "scored {ok} samples of split {}: {}\n",
        args.split,
        args.output.display()
    );
    if let Some(row) = scored.rows.iter().find(|r| !r.status.is_ok()) {
        text += &format!(
            "{failed} without a score (see column `status`); the first: {} ({})\n",
            row.sample, row.status
        );
    }
    super::print(&text)
}

/// Refuses outputs that would overwrite the model or each other, or that have no folder, before the
/// work is done.
fn check_paths(args: &Score) -> anyhow::Result<()> {
    let outputs: Vec<&Path> = [Some(&args.output), args.maps.as_ref()]
        .into_iter()
        .flatten()
        .map(|p| &**p)
        .collect();
    for path in &outputs {
        let folder = path
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        if !folder.is_dir() {
            return Err(misuse(format!(
                "{}: expected a folder to write into, found none",
                folder.display()
            )));
        }
    }
    let full = |path: &Path| {
        let folder = path
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        folder
            .canonicalize()
            .ok()
            .zip(path.file_name().map(ToOwned::to_owned))
    };
    let all: Vec<_> = outputs
        .iter()
        .copied()
        .chain([&*args.model])
        .map(full)
        .collect();
    for (i, path) in all.iter().enumerate() {
        if all[..i].contains(path) {
            return Err(misuse(
                "--output, --maps and the model: expected three different files, found one twice",
            ));
        }
    }
    Ok(())
}

/// Scores samples with a model file.
pub(super) fn score(
    model: &ModelFile,
    path: &Path,
    samples: Vec<Sample>,
    batch: usize,
    device: &Device,
) -> anyhow::Result<Scored> {
    let detector = model.detector(path, device)?;
    let card = &model.card;
    let mut progress = Progress::new("score", "images", samples.len() as u64);
    let tick = &mut |done: usize| progress.set(done as u64, "");
    score_samples(
        &detector,
        &card.model,
        &card.preprocess,
        samples,
        batch,
        device,
        tick,
    )
    .map_err(misuse)
}

/// Writes a score file with the note of its model beside it and, where asked for, the maps.
pub(super) fn write(
    model: &ModelFile,
    scored: &Scored,
    output: &Path,
    maps: Option<&Path>,
) -> anyhow::Result<()> {
    let written = ScoreFile::write(output, &scored.rows)?;
    let software = concat!("fasgard ", env!("CARGO_PKG_VERSION"));
    Origin::new(
        written,
        &model.card.name,
        &model.card.weights_sha256,
        software,
    )
    .write_beside(output)?;
    let Some(path) = maps else {
        return Ok(());
    };
    let target = match model.card.model.supervision.target {
        Target::Depth => MapTarget::Depth,
        Target::Binary | Target::Mask => MapTarget::Mask,
    };
    let sides: Vec<usize> = scored.maps.iter().map(|(side, _)| *side).collect();
    let mut writer = MapFile::new(target, &sides)?;
    for (i, sample) in scored.map_samples.iter().enumerate() {
        // A predicted depth may exceed 1; the file's range is 0 to 1.
        let clamped: Vec<Vec<f32>> = scored
            .maps
            .iter()
            .map(|(side, values)| {
                let cells = side * side;
                values[i * cells..(i + 1) * cells]
                    .iter()
                    .map(|v| v.clamp(0.0, 1.0))
                    .collect()
            })
            .collect();
        let levels: Vec<&[f32]> = clamped.iter().map(Vec::as_slice).collect();
        writer.push(sample, &levels)?;
    }
    writer.write(path)?;
    Ok(())
}

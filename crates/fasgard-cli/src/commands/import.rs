//! `fasgard import`.

use fasgard_model::{BackboneWeights, ModelError, ModelFile};

use crate::{args::Import, failure::misuse};

pub(super) fn run(args: &Import) -> anyhow::Result<()> {
    let file = &args.file;
    match args.kind.as_str() {
        "torchvision" => backbone(args, BackboneWeights::from_torchvision(file)),
        "efficientnet-lite0" => backbone(args, BackboneWeights::from_efficientnet_lite0(file)),
        "minifasnet" => detector(args, ModelFile::from_minifasnet(file)),
        "cdcn" => detector(args, ModelFile::from_cdcn(file)),
        other => Err(misuse(format!(
            "KIND: expected torchvision, efficientnet-lite0, minifasnet or cdcn, found `{other}`"
        ))),
    }
}

/// Writes weights with which a training can start.
fn backbone(args: &Import, imported: Result<BackboneWeights, ModelError>) -> anyhow::Result<()> {
    let imported = imported.map_err(misuse)?;
    imported.write(&args.output)?;
    if args.json {
        return super::print_json(&imported.card);
    }
    super::print(&format!(
        "{}: {} tensors of a {} in {}\nstart a training from them: fasgard train configs/{}-ps.toml --data DIR --output RUN --init {}\n",
        args.file.display(),
        imported.weights.len(),
        imported.card.backbone,
        args.output.display(),
        imported.card.backbone,
        args.output.display(),
    ))
}

/// Writes a whole detector as a model file.
fn detector(args: &Import, imported: Result<ModelFile, ModelError>) -> anyhow::Result<()> {
    let imported = imported.map_err(misuse)?;
    imported.write(&args.output)?;
    let card = &imported.card;
    if args.json {
        return super::print_json(card);
    }
    let threshold = match card.thresholds.first() {
        Some(threshold) => format!("threshold {}, not measured", threshold.value),
        None => "no threshold: give one with --threshold, or calibrate it".into(),
    };
    super::print(&format!(
        "{}: a {} in {} ({threshold})\nit sees {} times the face box: fasgard predict {} PHOTO\n",
        args.file.display(),
        card.name,
        args.output.display(),
        card.preprocess.crop_scale,
        args.output.display(),
    ))
}

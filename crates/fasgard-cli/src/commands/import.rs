//! `fasgard import`.

use fasgard_model::BackboneWeights;

use crate::{args::Import, failure::misuse};

pub(super) fn run(args: &Import) -> anyhow::Result<()> {
    let imported = match args.kind.as_str() {
        "torchvision" => BackboneWeights::from_torchvision(&args.file),
        "efficientnet-lite0" => BackboneWeights::from_efficientnet_lite0(&args.file),
        other => {
            return Err(misuse(format!(
                "KIND: expected torchvision or efficientnet-lite0, found `{other}`"
            )));
        }
    }
    .map_err(misuse)?;
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

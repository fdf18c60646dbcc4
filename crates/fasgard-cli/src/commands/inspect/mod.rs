//! `fasgard inspect`.

mod card;

use burn::tensor::Device;
use fasgard_model::ModelFile;
use fasgard_nn::{Detector, ModelConfig, Summary};
use fasgard_train::ExperimentConfig;

use crate::{args::Inspect, failure::misuse};

pub(super) fn run(args: &Inspect) -> anyhow::Result<()> {
    let device = Device::flex();
    let is_config = args.file.extension().is_some_and(|e| e == "toml");
    if is_config {
        if args.verify {
            return Err(misuse(
                "--verify: a configuration has no weights; give a model file",
            ));
        }
        let config = ExperimentConfig::read(&args.file, &[]).map_err(misuse)?;
        let summary = summarise(&config.model, config.input.size as usize)?;
        return match args.json {
            true => super::print_json(&json(&summary, serde_json::json!({"name": config.name}))),
            false => super::print(&table(
                &summary,
                &format!("{} (configuration)", config.name),
            )),
        };
    }
    let model = ModelFile::read(&args.file).map_err(misuse)?;
    let card = &model.card;
    let difference = match args.verify {
        true => Some(model.verify(&args.file, &device)?),
        false => None,
    };
    let summary = summarise(&card.model, card.preprocess.size as usize)?;
    if args.json {
        let extra = serde_json::json!({
            "name": card.name, "card": card, "rendered_only": card.is_rendered_only(),
            "self_test_difference": difference,
        });
        return super::print_json(&json(&summary, extra));
    }
    let mut text = table(&summary, card::describe(card, &args.file).trim_end());
    if let Some(difference) = difference {
        text += &format!("self-test passed (largest difference {difference:.1e})\n");
    }
    super::print(&text)
}

/// Shapes, parameters and cost of an architecture.
fn summarise(config: &ModelConfig, size: usize) -> anyhow::Result<Summary> {
    let detector = Detector::blank(config, size, &Device::flex()).map_err(misuse)?;
    Ok(detector.summary(size))
}

fn json(summary: &Summary, extra: serde_json::Value) -> serde_json::Value {
    let mut value = serde_json::json!({
        "parameters": summary.parameters, "backbone_parameters": summary.backbone_parameters,
        "macs": summary.macs, "backbone_macs": summary.backbone_macs, "input": summary.input,
        "layers": summary.layers,
    });
    if let (Some(to), serde_json::Value::Object(from)) = (value.as_object_mut(), extra) {
        to.extend(from);
    }
    value
}

fn table(summary: &Summary, title: &str) -> String {
    let shape = |s: [usize; 3]| format!("{}x{}x{}", s[0], s[1], s[2]);
    let mut text = format!(
        "{title}\n\n{:44} {:>14} {:>12} {:>12}\n{:44} {:>14}\n",
        "layer",
        "output",
        "parameters",
        "MMACs",
        "input",
        shape(summary.input)
    );
    for layer in &summary.layers {
        text += &format!(
            "{:44} {:>14} {:>12} {:>12.2}\n",
            layer.name,
            shape(layer.output),
            layer.parameters,
            layer.macs as f64 / 1e6
        );
    }
    text + &format!(
        "\nparameters {} (backbone {})\nmultiply-accumulates {:.3} G (backbone {:.3} G) for one image\n",
        summary.parameters,
        summary.backbone_parameters,
        summary.macs as f64 / 1e9,
        summary.backbone_macs as f64 / 1e9
    )
}

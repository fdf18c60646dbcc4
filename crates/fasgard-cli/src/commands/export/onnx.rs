//! `fasgard export onnx`.

use fasgard_model::{
    ModelFile,
    export::{Check, Onnx, onnx, verify},
};

use super::{batched, differences, finish, runtime, write};
use crate::{args::ExportOnnx, commands, failure::misuse, progress::say};

pub(super) fn run(args: &ExportOnnx) -> anyhow::Result<()> {
    let file = ModelFile::read(&args.model).map_err(misuse)?;
    commands::note_if_rendered(&file.card);
    // Before any work: what is missing for the check is known at once.
    let runtime = runtime(&args.check)?;
    let exported = onnx(&file, &args.model).map_err(misuse)?;
    let check = match &runtime {
        None => None,
        Some(runtime) => {
            let count = args.check.samples as usize;
            Some(verify(
                &file,
                &args.model,
                &exported,
                runtime,
                count,
                args.check.seed,
            )?)
        }
    };
    let good = check.as_ref().is_none_or(|check| check.good);
    write(good, &args.output, &exported)?;
    if args.check.json {
        let outputs: serde_json::Map<_, _> = exported
            .outputs
            .iter()
            .zip(&exported.shapes)
            .map(|(name, shape)| (name.clone(), batched(shape)))
            .collect();
        let size = file.card.preprocess.size as usize;
        commands::print_json(&serde_json::json!({
            "file": args.output, "written": good, "bytes": exported.bytes.len(),
            "name": file.card.name, "input": {"input": batched(&[3, size, size])},
            "outputs": outputs, "check": check,
        }))?;
    } else {
        commands::print(&text(args, &file, &exported, check.as_ref(), good))?;
    }
    if file.card.thresholds.is_empty() {
        say(&format!(
            "note: {} has no threshold: the exported file gives scores, no verdicts; set one first (fasgard calibrate)",
            args.model.display()
        ));
    }
    finish(&args.output, check.is_some(), good)
}

/// The result for people.
fn text(
    args: &ExportOnnx,
    file: &ModelFile,
    exported: &Onnx,
    check: Option<&Check>,
    written: bool,
) -> String {
    let card = &file.card;
    let mut text = String::new();
    if let Some(check) = check {
        text += &format!(
            "compared on {} inputs with ONNX Runtime {}: largest difference to fasgard with direct convolutions, and as `predict` computes\n",
            check.samples, check.onnxruntime
        );
        text += &differences(&check.outputs);
        text += &match (check.flips, &check.threshold) {
            (Some(flips), Some(threshold)) => format!(
                "{flips} of {} decisions differ (live if {threshold})\n",
                check.samples
            ),
            _ => "no threshold: there are no decisions to compare\n".to_owned(),
        };
    }
    if written {
        text += &format!(
            "{}: {} as ONNX, {:.1} MB, input [batch, 3, {size}, {size}], outputs {}\n",
            args.output.display(),
            card.name,
            exported.bytes.len() as f64 / 1e6,
            exported.outputs.join(", "),
            size = card.preprocess.size,
        );
    }
    text
}

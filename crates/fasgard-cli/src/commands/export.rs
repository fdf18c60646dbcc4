//! `fasgard export`.

use fasgard_image::write_atomic;
use fasgard_model::{
    ModelFile,
    export::{Check, Onnx, Runtime, find_runtime, onnx, verify},
};

use crate::{
    args::{Export, ExportFormat, ExportOnnx},
    failure::misuse,
    progress::say,
};

pub(super) fn run(args: &Export) -> anyhow::Result<()> {
    match &args.format {
        ExportFormat::Onnx(args) => run_onnx(args),
    }
}

fn run_onnx(args: &ExportOnnx) -> anyhow::Result<()> {
    let file = ModelFile::read(&args.model).map_err(misuse)?;
    super::note_if_rendered(&file.card);
    // Before any work: what is missing for the check is known at once.
    let runtime = match args.no_verify {
        true => None,
        false => {
            let library = find_runtime(args.onnxruntime.as_deref()).map_err(misuse)?;
            Some(Runtime::open(library).map_err(misuse)?)
        }
    };
    let exported = onnx(&file, &args.model).map_err(misuse)?;
    let check = match &runtime {
        None => None,
        Some(runtime) => {
            let count = args.samples as usize;
            Some(verify(
                &file,
                &args.model,
                &exported,
                runtime,
                count,
                args.seed,
            )?)
        }
    };
    let good = check.as_ref().is_none_or(|check| check.good);
    if good {
        write_atomic(&args.output, &exported.bytes)?;
    }
    if args.json {
        let outputs: serde_json::Map<_, _> = exported
            .outputs
            .iter()
            .zip(&exported.shapes)
            .map(|(name, shape)| (name.clone(), batched(shape)))
            .collect();
        let size = file.card.preprocess.size as usize;
        super::print_json(&serde_json::json!({
            "file": args.output, "written": good, "bytes": exported.bytes.len(),
            "name": file.card.name, "input": {"input": batched(&[3, size, size])},
            "outputs": outputs, "check": check,
        }))?;
    } else {
        super::print(&text(args, &file, &exported, check.as_ref(), good))?;
    }
    if file.card.thresholds.is_empty() {
        say(&format!(
            "note: {} has no threshold: the exported file gives scores, no verdicts; set one first (fasgard calibrate)",
            args.model.display()
        ));
    }
    if check.is_none() {
        say(&format!(
            "note: {} was not checked (--no-verify): nothing is known about what it answers",
            args.output.display()
        ));
    }
    anyhow::ensure!(
        good,
        "{}: not written: ONNX Runtime's answers differ from fasgard's by more than {}",
        args.output.display(),
        fasgard_model::export::TOLERANCE
    );
    Ok(())
}

/// A shape with the batch before it.
fn batched(shape: &[usize]) -> serde_json::Value {
    let sides = shape.iter().map(|side| serde_json::json!(side));
    std::iter::once(serde_json::json!("batch"))
        .chain(sides)
        .collect()
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
        for output in &check.outputs {
            text += &format!(
                "  {:8} {:.1e}, {:.1e}",
                output.name, output.largest_difference, output.largest_predict_difference
            );
            if output.largest_relative_difference < output.largest_difference {
                let relative = output.largest_relative_difference;
                text += &format!(" ({relative:.1e} of values above 1)");
            }
            text.push('\n');
        }
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

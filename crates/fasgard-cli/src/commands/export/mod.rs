//! `fasgard export`, one format a file.

mod face;
mod onnx;

use std::path::Path;

use fasgard_image::write_atomic;
use fasgard_model::export::{Onnx, OutputCheck, Runtime, TOLERANCE, find_runtime};
use serde::Serialize;
use serde_json::json;

use crate::{
    args::{CheckOptions, Export, ExportFormat},
    failure::misuse,
    progress::say,
};

pub(super) fn run(args: &Export) -> anyhow::Result<()> {
    match &args.format {
        ExportFormat::Onnx(args) => onnx::run(args),
        ExportFormat::Face(args) => face::run(args),
    }
}

/// ONNX Runtime, unless nothing is to be checked.
fn runtime(options: &CheckOptions) -> anyhow::Result<Option<Runtime>> {
    if options.no_verify {
        return Ok(None);
    }
    let library = find_runtime(options.onnxruntime.as_deref()).map_err(misuse)?;
    Ok(Some(Runtime::open(library).map_err(misuse)?))
}

/// Writes a file that is good.
fn write(good: bool, output: &Path, exported: &Onnx) -> anyhow::Result<()> {
    if good {
        write_atomic(output, &exported.bytes)?;
    }
    Ok(())
}

/// Says what was not checked, and fails if the check did.
fn finish(output: &Path, checked: bool, good: bool) -> anyhow::Result<()> {
    if !checked {
        say(&format!(
            "note: {} was not checked (--no-verify): nothing is known about what it answers",
            output.display()
        ));
    }
    anyhow::ensure!(
        good,
        "{}: not written: ONNX Runtime's answers differ from fasgard's by more than {TOLERANCE}",
        output.display(),
    );
    Ok(())
}

/// What `--json` prints.
fn document(
    output: &Path,
    written: bool,
    exported: &Onnx,
    (name, input): (&str, [usize; 3]),
    check: impl Serialize,
) -> serde_json::Value {
    let batched = |shape: &[usize]| -> serde_json::Value {
        let sides = shape.iter().map(|side| json!(side));
        std::iter::once(json!("batch")).chain(sides).collect()
    };
    let outputs: serde_json::Map<_, _> = exported
        .outputs
        .iter()
        .zip(&exported.shapes)
        .map(|(name, shape)| (name.clone(), batched(shape)))
        .collect();
    json!({
        "file": output, "written": written, "bytes": exported.bytes.len(),
        "name": name, "input": {"input": batched(&input)},
        "outputs": outputs, "check": check,
    })
}

/// The written file for people.
fn described(output: &Path, exported: &Onnx, (name, input): (&str, [usize; 3])) -> String {
    let [channels, height, width] = input;
    format!(
        "{}: {name} as ONNX, {:.1} MB, input [batch, {channels}, {height}, {width}], outputs {}\n",
        output.display(),
        exported.bytes.len() as f64 / 1e6,
        exported.outputs.join(", "),
    )
}

/// A line an output.
fn differences(outputs: &[OutputCheck]) -> String {
    let mut text = String::new();
    for output in outputs {
        text += &format!("  {:8} {:.1e}", output.name, output.largest_difference);
        if let Some(difference) = output.largest_predict_difference {
            text += &format!(", {difference:.1e}");
        }
        if output.largest_relative_difference < output.largest_difference {
            let relative = output.largest_relative_difference;
            text += &format!(" ({relative:.1e} of values above 1)");
        }
        text.push('\n');
    }
    text
}

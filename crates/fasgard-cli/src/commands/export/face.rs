//! `fasgard export face`.

use fasgard_face::{Weights, detect::CONTRACT};
use fasgard_model::export::{face_onnx, verify_face};

use super::{batched, differences, finish, runtime, write};
use crate::{args::ExportFace, commands, failure::misuse};

pub(super) fn run(args: &ExportFace) -> anyhow::Result<()> {
    let weights = Weights::find().map_err(misuse)?;
    let runtime = runtime(&args.check)?;
    let exported = face_onnx(&weights)?;
    let (count, seed) = (args.check.samples as usize, args.check.seed);
    let check = match &runtime {
        None => None,
        Some(runtime) => Some(verify_face(&weights, &exported, runtime, count, seed)?),
    };
    let good = check.as_ref().is_none_or(|check| check.good);
    write(good, &args.output, &exported)?;
    let side = usize::from(CONTRACT.side);
    if args.check.json {
        let outputs: serde_json::Map<_, _> = exported
            .outputs
            .iter()
            .zip(&exported.shapes)
            .map(|(name, shape)| (name.clone(), batched(shape)))
            .collect();
        commands::print_json(&serde_json::json!({
            "file": args.output, "written": good, "bytes": exported.bytes.len(),
            "name": "face-detector", "input": {"input": batched(&[3, side, side])},
            "outputs": outputs, "check": check,
        }))?;
    } else {
        let mut text = String::new();
        if let Some(check) = &check {
            text += &format!(
                "compared on {} pictures with ONNX Runtime {}: largest difference\n{}{} anchors decide otherwise\n",
                check.samples,
                check.onnxruntime,
                differences(&check.outputs),
                check.flips
            );
        }
        if good {
            text += &format!(
                "{}: the face detector as ONNX, {:.1} MB, input [batch, 3, {side}, {side}], outputs {}\n",
                args.output.display(),
                exported.bytes.len() as f64 / 1e6,
                exported.outputs.join(", "),
            );
        }
        commands::print(&text)?;
    }
    finish(&args.output, check.is_some(), good)
}

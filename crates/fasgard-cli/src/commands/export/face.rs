//! `fasgard export face`.

use fasgard_face::{Weights, detect::CONTRACT};
use fasgard_model::export::{face_onnx, verify_face};

use super::{described, differences, document, finish, runtime, write};
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
    let input = [3, side, side];
    if args.check.json {
        commands::print_json(&document(
            &args.output,
            good,
            &exported,
            ("face-detector", input),
            &check,
        ))?;
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
            text += &described(&args.output, &exported, ("the face detector", input));
        }
        commands::print(&text)?;
    }
    finish(&args.output, check.is_some(), good)
}

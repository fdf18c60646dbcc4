//! `fasgard export onnx`.

use fasgard_model::{
    ModelFile,
    export::{Check, onnx, verify},
};

use super::{described, differences, document, finish, runtime, write};
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
    let size = file.card.preprocess.size as usize;
    let network = (&file.card.name[..], [3, size, size]);
    if args.check.json {
        commands::print_json(&document(&args.output, good, &exported, network, &check))?;
    } else {
        let mut text = check.as_ref().map(compared).unwrap_or_default();
        if good {
            text += &described(&args.output, &exported, network);
        }
        commands::print(&text)?;
    }
    if file.card.thresholds.is_empty() {
        say(&format!(
            "note: {} has no threshold: the exported file gives scores, no verdicts; set one first (fasgard calibrate)",
            args.model.display()
        ));
    }
    finish(&args.output, check.is_some(), good)
}

/// The comparison for people.
fn compared(check: &Check) -> String {
    let decisions = match (check.flips, &check.threshold) {
        (Some(flips), Some(threshold)) => format!(
            "{flips} of {} decisions differ (live if {threshold})\n",
            check.samples
        ),
        _ => "no threshold: there are no decisions to compare\n".to_owned(),
    };
    format!(
        "compared on {} inputs with ONNX Runtime {}: largest difference to fasgard with direct convolutions, and as `predict` computes\n{}{decisions}",
        check.samples,
        check.onnxruntime,
        differences(&check.outputs)
    )
}

//! `fasgard demo`: three twins on rendered faces, from nothing to a report.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, atomic::AtomicBool},
    time::Instant,
};

use anyhow::Context;
use burn::tensor::Device;
use fasgard_data::{Dataset, SyntheticOptions, write_synthetic};
use fasgard_metrics::{Evaluation, Request, ScoreTable, Split, evaluate, resample::Bootstrap};
use fasgard_model::ModelFile;
use fasgard_nn::Target;
use fasgard_report::{ModelFiles, ReportOptions, write_report};
use fasgard_synth::Presentation;
use fasgard_train::{ExperimentConfig, RunFiles, TrainOptions, train};

use super::{score, train::Watcher};
use crate::{
    args::Demo,
    device,
    failure::misuse,
    progress::{Progress, say},
};

/// The twins: the same backbone, recipe and seed, another supervision.
const TWINS: [(&str, &str); 3] = [
    (
        "binary",
        include_str!("../../../../configs/demo-binary.toml"),
    ),
    ("8x8", include_str!("../../../../configs/demo-8x8.toml")),
    ("ps", include_str!("../../../../configs/demo-ps.toml")),
];

/// The species that no model is trained on.
const UNSEEN: &str = "mask/half";

pub(super) fn run(args: &Demo) -> anyhow::Result<()> {
    let begin = Instant::now();
    let device = device::open(&args.device)?;
    let data = args.output.join("data");
    say(&format!(
        "fasgard demo: rendered faces, attacks re-captured from them; three detectors learn from live, print and\n\
         replay, and are tested on those and on a half mask that none of them has seen. Everything goes to {}",
        args.output.display()
    ));
    TWINS
        .iter()
        .try_for_each(|(name, _)| check_replaceable(&args.output.join(name), name))?;
    let dataset = render(args, &data)?;
    let mut runs = Vec::new();
    for (name, text) in TWINS {
        let run = args.output.join(name);
        let evaluation =
            twin(args, text, &dataset, &run, &device).with_context(|| format!("twin {name}"))?;
        runs.push((run, evaluation));
    }
    let report = args.output.join("report.html");
    let models = runs
        .iter()
        .map(|(run, _)| ModelFiles::in_run(run))
        .collect();
    let mut options = ReportOptions::new("Pyramid supervision on rendered faces", models);
    options.data = vec![data];
    write_report(&options, &report)?;
    let report = std::fs::canonicalize(&report).unwrap_or(report);
    super::print(&format!(
        "{}\ndone in {:.0} s; open {}\n",
        comparison(&runs),
        begin.elapsed().as_secs_f64(),
        report.display()
    ))
}

/// A folder that is not there or that an earlier demo wrote: anything else is the user's.
fn check_replaceable(run: &Path, name: &str) -> anyhow::Result<()> {
    let config = std::fs::read_to_string(run.join("config.toml")).unwrap_or_default();
    if !run.exists() || config.contains(&format!("name = \"demo-{name}\"")) {
        return Ok(());
    }
    Err(misuse(format!(
        "{}: expected nothing or an earlier demo's run, found something else; choose another --output",
        run.display()
    )))
}

fn render(args: &Demo, output: &Path) -> anyhow::Result<Dataset> {
    use Presentation::{HalfMask, Live, Print, Replay};
    let known = vec![Live, Print, Replay];
    let mut options = SyntheticOptions {
        name: "rendered".into(),
        seed: args.seed,
        identities: [96, 24, 40],
        shots: 4,
        presentations: [
            known.clone(),
            known.clone(),
            [known, vec![HalfMask]].concat(),
        ],
        // What an earlier demo left there is replaced.
        overwrite: true,
        ..SyntheticOptions::default()
    };
    match args.identities.as_slice() {
        [] => {}
        &[train, dev, test] => options.identities = [train, dev, test],
        other => {
            return Err(misuse(format!(
                "--identities: expected three numbers, found {}",
                other.len()
            )));
        }
    }
    std::fs::create_dir_all(output).map_err(|e| {
        misuse(format!(
            "{}: cannot create the folder: {e}",
            output.display()
        ))
    })?;
    let progress = Mutex::new(None);
    let tick = |p: fasgard_data::Progress| {
        if let Ok(mut progress) = progress.lock() {
            progress
                .get_or_insert_with(|| Progress::new("render", "images", p.total))
                .set(p.done, "");
        }
        ControlFlow::Continue(())
    };
    Ok(write_synthetic(output, &options, &tick)?)
}

/// Trains, scores and evaluates one twin.
fn twin(
    args: &Demo,
    text: &str,
    dataset: &Dataset,
    run: &Path,
    device: &Device,
) -> anyhow::Result<Evaluation> {
    let mut config = ExperimentConfig::parse(text, &[]).map_err(anyhow::Error::msg)?;
    config.seed = args.seed;
    if args.steps > 0 {
        config.train.steps = args.steps;
    }
    if run.exists() {
        std::fs::remove_dir_all(run).with_context(|| format!("cannot remove {}", run.display()))?;
    }
    let options = TrainOptions {
        output: run.to_owned(),
        resume: false,
        init: None,
    };
    let mut watcher = Watcher::new(config.name.clone(), Arc::new(AtomicBool::new(false)));
    train(&config, dataset, &options, device, &mut watcher)?;
    drop(watcher);

    let files = RunFiles::new(run);
    let model = ModelFile::read(files.model())?;
    let samples = dataset.rows(Split::Test);
    let scored = score::score(
        &model,
        &files.model(),
        samples,
        config.train.batch_size,
        device,
    )?;
    let scores = run.join("scores-test.csv");
    let has_maps = config.model.supervision.target != Target::Binary;
    let maps = has_maps.then(|| run.join("maps-test.safetensors"));
    score::write(&model, &scored, &scores, maps.as_deref())?;
    let (dev, test) = (
        ScoreTable::read(files.dev_scores())?,
        ScoreTable::read(&scores)?,
    );
    let evaluation = evaluate(&Request {
        bootstrap: Some(Bootstrap::default()),
        ..Request::new(Some(&dev), &test)
    })?;
    super::evaluate::write(&evaluation, &run.join("evaluation.json"))?;
    Ok(evaluation)
}

/// The twins side by side; what came out is printed, also when the pyramid does not win.
fn comparison(runs: &[(PathBuf, Evaluation)]) -> String {
    let mut text = format!(
        "\ntest set, threshold at the equal error rate of dev (convention iso); percent\n{:8} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>14}\n",
        "twin", "APCER", "BPCER", "ACER", "EER", "HTER", "AUC", "unseen APCER"
    );
    let mut best: Option<(f64, String)> = None;
    for (run, evaluation) in runs {
        let name = run
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let Some((_, outcome)) = evaluation.outcomes().into_iter().next() else {
            continue;
        };
        let t = &outcome.test;
        let percent = |rate: &fasgard_metrics::Rate| match rate.value {
            Some(value) => format!("{:.2}", value * 100.0),
            None => "-".into(),
        };
        let unseen = t.apcer_by_species.get(UNSEEN);
        text += &format!(
            "{name:8} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>14}\n",
            percent(&t.apcer),
            percent(&t.bpcer),
            percent(&t.acer),
            percent(&t.eer),
            percent(&t.hter),
            percent(&t.auc),
            unseen.map_or_else(|| "-".into(), percent)
        );
        if let Some(auc) = t.auc.value
            && best.as_ref().is_none_or(|(b, _)| auc > *b)
        {
            best = Some((auc, name));
        }
    }
    if let Some((_, name)) = best {
        text += &format!(
            "\nhighest AUC here: {name}. One seed on rendered faces shows how the tool works, not which method is better.\n"
        );
    }
    text
}

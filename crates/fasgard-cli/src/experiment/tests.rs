//! A tiny experiment, stopped and gone on with.

use std::path::Path;

use fasgard_data::{SyntheticOptions, write_synthetic};
use fasgard_synth::Presentation;
use fasgard_train::Event;

use super::*;

const CONFIG: &str = r#"
schema = 1
name = "NAME"
model = { backbone = "resnet18", tap = "layer2", width = 0.125, supervision = { target = "mask", scales = [4, 2] } }
input = { size = 32 }
train = { steps = 4, batch_size = 4, validate_every = 2, checkpoint_every = 1 }
optimizer = { lr = 1e-3 }
"#;

/// Stops each training after a number of steps, and counts the steps of all.
struct Counting {
    stop_at: Option<u64>,
    steps: std::rc::Rc<std::cell::Cell<u64>>,
    lines: Vec<String>,
}

struct Counter {
    stop_at: Option<u64>,
    own: u64,
    steps: std::rc::Rc<std::cell::Cell<u64>>,
}

impl Observer for Counter {
    fn event(&mut self, event: &Event<'_>) {
        if let Event::Step { step, .. } = event {
            self.own = *step;
            self.steps.set(self.steps.get() + 1);
        }
    }
    fn cancelled(&self) -> bool {
        self.stop_at == Some(self.own)
    }
}

impl Watch for Counting {
    fn line(&mut self, text: &str) {
        self.lines.push(text.to_owned());
    }
    fn observer(&mut self, _cell: &str) -> Box<dyn Observer> {
        Box::new(Counter {
            stop_at: self.stop_at,
            own: 0,
            steps: std::rc::Rc::clone(&self.steps),
        })
    }
    fn cancelled(&self) -> bool {
        false
    }
}

fn watch(stop_at: Option<u64>) -> Counting {
    Counting {
        stop_at,
        steps: Default::default(),
        lines: Vec::new(),
    }
}

fn experiment(dir: &Path, output: &str) -> Experiment {
    let protocol = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../protocols/leave-one-species-out.toml"
    );
    let protocol = Protocol::read(protocol).unwrap();
    let data = dir.join("data");
    let dataset = match data.exists() {
        true => Dataset::open(&data).unwrap(),
        false => {
            let known = vec![
                Presentation::Live,
                Presentation::Print,
                Presentation::Replay,
            ];
            let options = SyntheticOptions {
                seed: 1,
                identities: [4, 2, 2],
                shots: 2,
                presentations: [known.clone(), known.clone(), known],
                side: 48,
                ..SyntheticOptions::default()
            };
            let go_on = |_| std::ops::ControlFlow::Continue(());
            write_synthetic(&data, &options, &go_on).unwrap()
        }
    };
    let names = protocol.folds(&dataset).unwrap();
    let folds = names
        .iter()
        .map(|n| protocol.fold(&dataset, n).unwrap())
        .collect();
    let model = |name: &str| ExperimentConfig::parse(&CONFIG.replace("NAME", name), &[]).unwrap();
    Experiment {
        folds,
        models: vec![model("first"), model("second")],
        seeds: vec![0],
        output: dir.join(output),
        convention: protocol.file().convention,
        threshold: None,
        batch: 8,
        baselines: true,
        published: Vec::new(),
        protocol,
        dataset,
    }
}

fn states(outcome: &Outcome) -> Vec<&State> {
    outcome.cells.iter().map(|c| &c.state).collect()
}

#[test]
fn stopped_gone_on_with_and_not_redone() {
    let dir = tempfile::tempdir().unwrap();
    let device = Device::flex();
    let mut own = experiment(dir.path(), "stopped");
    assert_eq!(own.folds.len(), 2);

    // Stopped in the first cell, at its third step.
    let mut first = watch(Some(3));
    let outcome = run(&own, &device, &mut first).unwrap();
    assert!(outcome.stopped);
    assert_eq!(
        (states(&outcome), first.steps.get()),
        (vec![&State::Stopped], 3)
    );

    // It goes on with the fourth; the three others are done from their start.
    let mut second = watch(None);
    let outcome = run(&own, &device, &mut second).unwrap();
    assert_eq!(second.steps.get(), 1 + 3 * 4, "{:?}", second.lines);
    assert_eq!(states(&outcome), [&State::Done; 8]);

    // The same figures as without the stop.
    let whole = experiment(dir.path(), "whole");
    let reference = run(&whole, &device, &mut watch(None)).unwrap();
    let figures = |o: &Outcome| o.cells.iter().map(|c| c.figures).collect::<Vec<_>>();
    assert_eq!(figures(&outcome), figures(&reference));

    // Nothing is redone; a changed configuration is, and no other.
    let mut third = watch(None);
    let outcome = run(&own, &device, &mut third).unwrap();
    assert_eq!(third.steps.get(), 0);
    assert_eq!(states(&outcome), [&State::Unchanged; 8]);
    own.models[1].optimizer.lr = 2e-3;
    let mut fourth = watch(None);
    let outcome = run(&own, &device, &mut fourth).unwrap();
    assert_eq!(fourth.steps.get(), 2 * 4);
    let expected = [
        "first",
        "second",
        "LBP + logistic regression",
        "best single feature",
    ];
    for cell in &outcome.cells {
        assert!(expected.contains(&cell.model.as_str()));
        let state = if cell.model == "second" {
            State::Done
        } else {
            State::Unchanged
        };
        assert_eq!(cell.state, state, "{}", cell.name());
    }

    let tables = table::build(&own, &outcome);
    // ACER and EER; tenths of eight test samples have no pairs to match.
    assert_eq!(tables.len(), 2);
    let heads: Vec<_> = tables[0].columns.iter().map(|c| c.head.as_str()).collect();
    assert_eq!(heads, ["print/photo", "replay/screen", "Average"]);
    let names: Vec<_> = tables[0].rows.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names, [expected[2], expected[3], expected[0], expected[1]]);
    for row in &tables[0].rows {
        let [a, b, average] = [0, 1, 2].map(|i| row.cells[i].value.unwrap());
        assert!((average - (a + b) / 2.0).abs() < 1e-9);
        let deviation = (a - b).abs() / 2f64.sqrt();
        assert!((row.cells[2].deviation.unwrap() - deviation).abs() < 1e-9);
    }
}

#[test]
fn a_failing_cell_stops_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let mut own = experiment(dir.path(), "failing");
    own.baselines = false;
    own.folds.truncate(1);
    // The loss is soon no number.
    own.models[0].optimizer.lr = 1e30;
    own.models[0].train.steps = 50;
    let outcome = run(&own, &Device::flex(), &mut watch(None)).unwrap();
    assert!(
        matches!(outcome.cells[0].state, State::Failed(_)),
        "{:?}",
        outcome.cells[0]
    );
    assert_eq!(outcome.cells[1].state, State::Done);
    let tables = table::build(&own, &outcome);
    let first = tables[0].rows.iter().find(|r| r.name == "first").unwrap();
    assert!(first.cells.iter().all(|c| c.value.is_none()));
    assert!(
        tables[0]
            .notes
            .iter()
            .any(|n| n.starts_with("failed: print/photo / first"))
    );
}

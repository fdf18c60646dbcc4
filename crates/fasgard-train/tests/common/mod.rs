//! A tiny rendered dataset, and what a run leaves.
#![allow(dead_code, unreachable_pub)] // not every test uses all of it

use std::{fs, path::Path};

use fasgard_data::{Dataset, SyntheticOptions, write_synthetic};
use fasgard_synth::Presentation;
use fasgard_train::{Event, Observer, RunFiles, TrainOptions};
use sha2::{Digest, Sha256};

pub fn data(dir: &Path) -> Dataset {
    let known = vec![Presentation::Live, Presentation::Print];
    let options = SyntheticOptions {
        seed: 1,
        identities: [4, 2, 1],
        shots: 2,
        presentations: [known.clone(), known.clone(), known],
        side: 48,
        ..SyntheticOptions::default()
    };
    let go_on = |_| std::ops::ControlFlow::Continue(());
    write_synthetic(&dir.join("data"), &options, &go_on).unwrap()
}

pub fn options(output: &Path, resume: bool) -> TrainOptions {
    TrainOptions {
        output: output.to_owned(),
        resume,
        init: None,
    }
}

/// Stops after some steps.
pub struct StopAt(pub u64, pub u64);

impl Observer for StopAt {
    fn event(&mut self, event: &Event<'_>) {
        if let Event::Step { step, .. } = event {
            self.1 = *step;
        }
    }
    fn cancelled(&self) -> bool {
        self.1 == self.0
    }
}

/// The curves, the dev scores and the hash of the model file.
pub fn files(run: &Path) -> [String; 3] {
    let files = RunFiles::new(run);
    let model = Sha256::digest(fs::read(files.model()).unwrap());
    let text = |path| fs::read_to_string(path).unwrap();
    [
        text(files.metrics()),
        text(files.dev_scores()),
        format!("{model:x}"),
    ]
}

//! What a run needs of its data, checked before anything starts.

use std::{collections::BTreeSet, fmt::Write};

use fasgard_data::{Dataset, Sample, checks::both_classes};
use fasgard_metrics::Split;
use fasgard_model::DataCard;
use sha2::{Digest, Sha256};

use crate::TrainError;

/// The samples of a run's two splits.
#[derive(Debug)]
pub struct DataCheck {
    /// Training samples, of both classes.
    pub train: Vec<Sample>,
    /// Dev samples, of both classes.
    pub dev: Vec<Sample>,
}

impl DataCheck {
    /// Takes both splits out of `dataset`.
    ///
    /// # Errors
    /// A split is empty or has one class only.
    pub fn new(dataset: &Dataset) -> Result<Self, TrainError> {
        Ok(Self {
            train: both_classes(dataset, Split::Train)?,
            dev: both_classes(dataset, Split::Dev)?,
        })
    }

    /// SHA-256 of what a run depends on: names, labels, maps and content hashes of its samples.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for (split, rows) in [("train", &self.train), ("dev", &self.dev)] {
            hash.update(split);
            rows.iter().for_each(|s| update(&mut hash, s));
        }
        hex(hash)
    }
}

fn update(hash: &mut Sha256, sample: &Sample) {
    let row = &sample.row;
    hash.update(format!(
        "{}\n{}\n{}\n{}\n{:?}\n{:?}\n{:?}\n",
        row.key(),
        row.class_name(),
        row.video.as_deref().unwrap_or_default(),
        row.sha256.as_deref().unwrap_or_default(),
        row.face,
        row.mask,
        row.depth
    ));
}

fn hex(hash: Sha256) -> String {
    hash.finalize()
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// One card per dataset, of its training split.
pub fn data_cards(dataset: &Dataset) -> Vec<DataCard> {
    let train = dataset.rows(Split::Train);
    dataset
        .infos()
        .iter()
        .map(|info| {
            let own: Vec<&Sample> = train
                .iter()
                .filter(|s| s.row.dataset == info.name)
                .collect();
            let mut hash = Sha256::new();
            own.iter().for_each(|s| update(&mut hash, s));
            let live = own.iter().filter(|s| s.row.label.is_live()).count() as u64;
            let species: BTreeSet<String> = own
                .iter()
                .filter_map(|s| s.row.species.as_ref().map(ToString::to_string))
                .collect();
            DataCard {
                name: info.name.clone(),
                layout: info.layout.clone(),
                sha256: hex(hash),
                train_live: live,
                train_attack: own.len() as u64 - live,
                species: species.into_iter().collect(),
            }
        })
        .collect()
}

//! What a run needs of its data, checked before anything starts.

use std::{collections::BTreeSet, fmt::Write};

use fasgard_data::{Dataset, LoadError, Sample, checks::both_classes, prepare::DEPTH_ATTRIBUTE};
use fasgard_metrics::Split;
use fasgard_model::DataCard;
use fasgard_nn::Target;
use sha2::{Digest, Sha256};

use crate::TrainError;

/// The samples of a run's two splits.
#[derive(Debug)]
pub struct DataCheck {
    /// Training samples, of both classes.
    pub train: Vec<Sample>,
    /// Dev samples, of both classes.
    pub dev: Vec<Sample>,
    /// Live samples left out of both because the target is depth and the preparation marked them
    /// as having none (no face found, extreme pose, ...).
    pub without_depth: usize,
}

impl DataCheck {
    /// Takes both splits out of `dataset` and checks them for `target` before anything is written.
    ///
    /// # Errors
    /// A split is empty or has one class only, an image is missing, or the target is depth and a live
    /// sample has no depth map and no mark that says why.
    pub fn new(dataset: &Dataset, target: Target) -> Result<Self, TrainError> {
        let mut train = both_classes(dataset, Split::Train)?;
        let mut dev = both_classes(dataset, Split::Dev)?;
        let mut without_depth = 0;
        if target == Target::Depth {
            for rows in [&mut train, &mut dev] {
                let before = rows.len();
                // If nothing of the live samples is left, the error below names the first.
                let some = rows
                    .iter()
                    .any(|s| s.row.label.is_live() && s.row.depth.is_some());
                rows.retain(|s| !(some && marked(s)));
                without_depth += before - rows.len();
            }
        }
        let all = || train.iter().chain(&dev);
        if target == Target::Depth
            && let Some(s) = all().find(|s| s.row.label.is_live() && s.row.depth.is_none())
        {
            let (sample, path) = (s.row.sample.clone(), s.image_path());
            return Err(LoadError::NoDepth { sample, path }.into());
        }
        let mut missing = all().filter(|s| !s.image_path().exists()).peekable();
        if let Some(first) = missing.peek() {
            let (sample, path) = (first.row.sample.clone(), first.image_path());
            return Err(TrainError::MissingImages {
                count: missing.count(),
                sample,
                path,
            });
        }
        Ok(Self {
            train,
            dev,
            without_depth,
        })
    }

    /// One line per sample, `SPLIT\tSAMPLE\tDIGEST`: what [`fingerprint`](Self::fingerprint) covers.
    pub fn list(&self) -> String {
        let mut text = String::new();
        for (split, rows) in [("train", &self.train), ("dev", &self.dev)] {
            for sample in rows {
                let mut hash = Sha256::new();
                update(&mut hash, sample);
                let digest = hex(hash);
                let _ = writeln!(text, "{split}\t{}\t{}", sample.row.key(), &digest[..16]);
            }
        }
        text
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

/// A live sample without depth whose row says why.
fn marked(sample: &Sample) -> bool {
    let row = &sample.row;
    row.label.is_live() && row.depth.is_none() && row.attributes.get(DEPTH_ATTRIBUTE).is_some()
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
    // Datasets without these hashes keep their fingerprint.
    for (map, content) in [("mask", &row.mask_sha256), ("depth", &row.depth_sha256)] {
        if let Some(content) = content {
            hash.update(format!("{map} {content}\n"));
        }
    }
}

fn hex(hash: Sha256) -> String {
    format!("{:x}", hash.finalize())
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

#[cfg(test)]
mod tests {
    use fasgard_data::{ManifestRow, RelativePath};
    use fasgard_metrics::Label;

    use super::*;

    #[test]
    fn another_depth_map_or_mask_is_other_data() {
        let image = RelativePath::new("a.jpg").unwrap();
        let row = ManifestRow::new("d", "a", Label::Live, None, image);
        let of = |depth: Option<&str>, mask: Option<&str>| {
            let mut row = row.clone();
            row.depth_sha256 = depth.map(Into::into);
            row.mask_sha256 = mask.map(Into::into);
            let root = std::path::Path::new("d").into();
            DataCheck {
                train: vec![Sample { root, row }],
                dev: Vec::new(),
                without_depth: 0,
            }
        };
        let kinds = [
            of(None, None),
            of(Some("1"), None),
            of(Some("2"), None),
            of(None, Some("1")),
            of(Some("1"), Some("1")),
        ];
        for text in [DataCheck::fingerprint, DataCheck::list] {
            let all: BTreeSet<String> = kinds.iter().map(text).collect();
            assert_eq!(all.len(), kinds.len());
        }
    }
}

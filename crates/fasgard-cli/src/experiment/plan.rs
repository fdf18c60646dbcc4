//! Which cells there are, where they lie and what they depend on.

use std::fmt::Write;
use std::path::PathBuf;

use fasgard_data::protocol::{Fold, Protocol};
use fasgard_data::{Dataset, Sample};
use fasgard_metrics::Split;
use fasgard_train::ExperimentConfig;
use sha2::{Digest, Sha256};

use super::Experiment;
use crate::commands::fold::card;

/// A cell to do.
pub(super) struct Cell {
    pub(super) fold: String,
    /// With the cell's seed and fold.
    pub(super) config: ExperimentConfig,
    pub(super) folder: PathBuf,
}

/// The samples of a fold.
pub(super) struct FoldData<'a> {
    pub(super) fold: &'a Fold,
    /// With the fold's splits.
    pub(super) dataset: Dataset,
    /// SHA-256 of the samples of the three splits.
    pub(super) sha256: String,
}

impl<'a> FoldData<'a> {
    pub(super) fn new(experiment: &Experiment, fold: &'a Fold) -> Self {
        let dataset = fold.apply(experiment.dataset.clone());
        let sha256 = data_hash(&dataset);
        Self {
            fold,
            dataset,
            sha256,
        }
    }
}

impl Cell {
    pub(super) fn new(
        experiment: &Experiment,
        fold: &Fold,
        model: &ExperimentConfig,
        seed: u64,
    ) -> Self {
        let mut config = model.clone();
        config.seed = seed;
        config.protocol = Some(card(&experiment.protocol, &fold.name));
        let folder = folder(experiment, &fold.name, &model.name).join(format!("seed-{seed}"));
        Self {
            fold: fold.name.clone(),
            config,
            folder,
        }
    }
}

/// The folder of a fold's model.
pub(super) fn folder(experiment: &Experiment, fold: &str, model: &str) -> PathBuf {
    let cells = experiment.output.join("cells");
    cells.join(file_name(fold)).join(file_name(model))
}

/// A name as the name of a folder; different names of one experiment stay different
/// ([`distinct`] sees to that).
pub(super) fn file_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name: String = name
        .chars()
        .map(|c| if plain(c) { c } else { '-' })
        .collect();
    match name.starts_with('.') {
        true => format!("-{name}"),
        false => name,
    }
}

/// The first two names that would lie in one folder.
pub(crate) fn distinct<'a>(
    names: impl IntoIterator<Item = &'a str>,
) -> Result<(), (String, String)> {
    let mut seen = std::collections::HashMap::new();
    for name in names {
        // Some file systems take no notice of case.
        if let Some(first) = seen.insert(file_name(name).to_lowercase(), name) {
            return Err((first.to_owned(), name.to_owned()));
        }
    }
    Ok(())
}

/// SHA-256 of the samples of all three splits: names, labels, places and contents.
fn data_hash(dataset: &Dataset) -> String {
    let mut hash = Sha256::new();
    for split in Split::ALL {
        hash.update(split.to_string());
        for Sample { row, .. } in dataset
            .samples()
            .iter()
            .filter(|s| s.row.split == Some(split))
        {
            hash.update(format!(
                "{}\n{}\n{}\n{}\n{}\n{:?}\n{:?}\n{:?}\n",
                row.key(),
                row.class_name(),
                row.video.as_deref().unwrap_or_default(),
                row.subject.as_deref().unwrap_or_default(),
                row.sha256.as_deref().unwrap_or_default(),
                row.face,
                row.mask,
                row.depth
            ));
        }
    }
    hex(hash)
}

pub(super) fn hex(hash: Sha256) -> String {
    format!("{:x}", hash.finalize())
}

/// The folds with their counts, for people.
pub(crate) fn describe(protocol: &Protocol, folds: &[Fold]) -> String {
    let file = protocol.file();
    let mut text = format!("{}: {}\n", file.name, file.title);
    for note in &file.notes {
        text += &format!("  {note}\n");
    }
    let _ = writeln!(text, "counts are of {}s\n", file.level);
    let width = folds.iter().map(|f| f.name.len()).max().unwrap_or(0).max(4);
    let _ = writeln!(
        text,
        "{:width$}  {:>7} {:>7}  {:>7} {:>7}  {:>7} {:>7}",
        "fold", "train", "", "dev", "", "test", ""
    );
    let _ = write!(text, "{:width$}", "");
    for _ in 0..3 {
        let _ = write!(text, "  {:>7} {:>7}", "live", "attack");
    }
    text += "\n";
    for fold in folds {
        let _ = write!(text, "{:width$}", fold.name);
        for counts in &fold.counts {
            let _ = write!(text, "  {:>7} {:>7}", counts.live, counts.attack);
        }
        text += match (fold.checked, fold.differences.is_empty()) {
            (false, _) => "\n",
            (true, true) => "  as published\n",
            (true, false) => "  not as published\n",
        };
    }
    let mut seen = std::collections::BTreeSet::new();
    for fold in folds {
        for difference in &fold.differences {
            text += &format!("difference: {difference}\n");
        }
        for note in &fold.notes {
            // Most folds say the same.
            if seen.insert(note) {
                text += &format!("note: fold `{}`: {note}\n", fold.name);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_names() {
        assert_eq!(file_name("replay/any"), "replay-any");
        assert_eq!(file_name("../x"), "-..-x");
        assert_eq!(distinct(["a/b", "a", "b"]), Ok(()));
        assert_eq!(
            distinct(["a/b", "A-b"]),
            Err(("a/b".to_owned(), "A-b".to_owned()))
        );
    }
}

//! `fasgard localize`: whether a model's maps point at the attack.
//!
//! A command of its own, not a part of `evaluate`: it needs the model, the pictures and their masks, where
//! `evaluate` reads score files alone.

mod curves;
mod evidence;
mod outcome;
mod pictures;
mod set;
mod text;

use std::collections::BTreeMap;

use burn::tensor::Device;
use fasgard_data::{Dataset, truth::Region};
use fasgard_image::{random::stream, write_atomic};
use fasgard_metrics::{
    Split,
    localization::{CellMap, best_threshold, figures},
};
use fasgard_model::ModelFile;
use fasgard_nn::{Detector, Target};

use super::fold;
use crate::{args::Localize, device, failure::misuse, progress::Progress};
use evidence::Evidence;
use outcome::{Level, MapKind, Outcome, SpeciesNote, Training};
use set::Set;

/// The model and what is asked of it.
struct Job<'a> {
    args: &'a Localize,
    model: &'a ModelFile,
    /// The trained weights, and drawn ones.
    detector: Detector,
    random: Detector,
    device: Device,
    region: Region,
}

pub(super) fn run(args: &Localize) -> anyhow::Result<()> {
    let device = device::open(&args.device)?;
    let model = ModelFile::read(&args.model).map_err(misuse)?;
    super::note_if_rendered(&model.card);
    let (dataset, protocol) = fold::open(&args.data, &args.fold)?;
    fold::warn_of_another(&model.card, protocol.as_ref());
    let config = &model.card.model;
    let region = match (args.region.as_deref(), config.supervision.target) {
        (Some("face"), _) | (None, Target::Depth) => Region::Face,
        _ => Region::Whole,
    };
    let size = model.card.preprocess.size as usize;
    let weights = stream(args.seed, "init", 0, "");
    let job = Job {
        detector: model.detector(&args.model, &device)?,
        random: Detector::new(config, size, weights, &device).map_err(misuse)?,
        args,
        model: &model,
        device,
        region,
    };
    let measured = job.measure(&dataset, protocol.map(|p| p.to_string()))?;
    if let Some(path) = &args.output {
        let json = serde_json::to_string_pretty(&measured)?;
        write_atomic(path, json.as_bytes())?;
    }
    match args.json {
        true => super::print_json(&measured),
        false => super::print(&text::table(&measured)),
    }
}

impl Job<'_> {
    fn measure(&self, dataset: &Dataset, protocol: Option<String>) -> anyhow::Result<Outcome> {
        let args = self.args;
        let card = &self.model.card;
        let samples = set::masked(dataset, args.split, &args.species);
        if samples.is_empty() {
            return Err(misuse(format!(
                "split `{}`: expected attacks with a mask (column `mask` of manifest.csv){}, found none; `fasgard simulate` makes some of live faces",
                args.split,
                match args.species.as_slice() {
                    [] => String::new(),
                    names => format!(
                        " of {}",
                        names
                            .iter()
                            .map(|s| s.as_str())
                            .collect::<Vec<_>>()
                            .join(", ")
                    ),
                }
            )));
        }
        let (test, own) = self.read(samples, args.split)?;
        // The threshold may come from any artefact: the tested species need not be on dev.
        let dev = set::masked(dataset, args.dev, &[]);
        let (dev, dev_own) = self.read(dev, args.dev)?;
        let sources = [
            ("model", own, dev_own),
            (
                "random weights",
                self.explain(&self.random, &test, "random, test")?,
                self.explain(&self.random, &dev, "random, dev")?,
            ),
            (
                "centre",
                Evidence::centre(&test.sides, test.samples.len()),
                Evidence::centre(&test.sides, dev.samples.len()),
            ),
        ];
        let mut maps = Vec::new();
        for (name, of_test, of_dev) in &sources {
            for (level, &side) in test.sides.iter().enumerate() {
                maps.push(compare(
                    name,
                    side,
                    level,
                    (&test, of_test),
                    (&dev, of_dev),
                )?);
            }
        }
        let maps_of: Vec<(&str, &Evidence)> = sources.iter().map(|(n, e, _)| (*n, e)).collect();
        let curves = match args.steps {
            0 => None,
            steps => Some(curves::measure(self, &test, &maps_of, steps)?),
        };
        if let Some(folder) = &args.pictures {
            pictures::write(self, &test, &maps_of[0], folder)?;
        }
        Ok(Outcome {
            schema: 1,
            model: card.name.clone(),
            weights_sha256: card.weights_sha256.clone(),
            map: match card.model.supervision.target {
                Target::Binary => MapKind::Cam,
                Target::Mask => MapKind::Mask,
                Target::Depth => MapKind::Depth,
            },
            datasets: dataset.infos().iter().map(|i| i.name.clone()).collect(),
            split: args.split,
            dev: args.dev,
            dev_images: dev.samples.len() as u64,
            protocol,
            region: match self.region {
                Region::Whole => "whole",
                Region::Face => "face",
            },
            species: self.species(&test),
            left_out: test.left_out.clone(),
            maps,
            curves,
        })
    }

    /// Maps and masks of samples: those that have both.
    fn read(
        &self,
        samples: Vec<fasgard_data::Sample>,
        split: Split,
    ) -> anyhow::Result<(Set, Evidence)> {
        let all = Set::new(samples);
        let evidence = self.explain(&self.detector, &all, &split.to_string())?;
        let preprocess = &self.model.card.preprocess;
        set::join(all, evidence, preprocess, self.region)
    }

    /// The maps of a detector, one a sample.
    fn explain(&self, detector: &Detector, set: &Set, what: &str) -> anyhow::Result<Evidence> {
        let card = &self.model.card;
        let mut progress = Progress::new(what, "images", set.samples.len() as u64);
        let scored = fasgard_train::explain_samples(
            detector,
            &card.model,
            &card.preprocess,
            set.samples.clone(),
            self.args.batch,
            &self.device,
            &mut |done| progress.set(done as u64, ""),
        )
        .map_err(misuse)?;
        Ok(Evidence::of(&scored))
    }

    /// The tested species, and what training saw of each.
    fn species(&self, test: &Set) -> BTreeMap<String, SpeciesNote> {
        let card = &self.model.card;
        let mut notes: BTreeMap<String, SpeciesNote> = BTreeMap::new();
        for sample in &test.samples {
            let name = sample.row.class_name();
            let trained = card.training.data.iter();
            let seen = trained.flat_map(|d| &d.species).any(|s| s == name);
            let note = notes.entry(name.to_owned()).or_insert(SpeciesNote {
                images: 0,
                training: match (seen, card.model.supervision.target) {
                    (false, _) => Training::HeldOut,
                    (true, Target::Binary) => Training::SeenByLabel,
                    (true, _) => Training::Seen,
                },
            });
            note.images += 1;
        }
        notes
    }
}

/// Measures one source of maps at one scale.
fn compare(
    name: &str,
    side: usize,
    level: usize,
    (test, of_test): (&Set, &Evidence),
    (dev, of_dev): (&Set, &Evidence),
) -> anyhow::Result<Level> {
    let cells = |set: &Set, evidence: &Evidence| -> anyhow::Result<Vec<CellMap>> {
        let pairs = set.truths.iter().zip(&evidence.maps);
        pairs
            .map(|(truth, maps)| {
                let truth = &truth[level];
                let maps = maps.as_deref().unwrap_or_default();
                let evidence = maps.get(level).map(Vec::as_slice).unwrap_or_default();
                Ok(CellMap::new(evidence, &truth.shares, Some(&truth.counted))?)
            })
            .collect()
    };
    let dev_cells = cells(dev, of_dev)?;
    let threshold = best_threshold(dev_cells.iter().flat_map(CellMap::cells));
    let tested = cells(test, of_test)?;
    let of = |wanted: Option<&str>| {
        let kept: Vec<usize> = (0..tested.len())
            .filter(|&i| wanted.is_none_or(|w| test.samples[i].row.class_name() == w))
            .collect();
        let maps: Vec<&CellMap> = kept.iter().map(|&i| &tested[i]).collect();
        let clusters: Vec<u32> = kept.iter().map(|&i| test.clusters[i]).collect();
        figures(&maps, threshold, &clusters)
    };
    let mut names: Vec<&str> = test.samples.iter().map(|s| s.row.class_name()).collect();
    names.sort_unstable();
    names.dedup();
    Ok(Level {
        map: name.to_owned(),
        side,
        // Minus infinity, everything marked, is no number of JSON.
        threshold: threshold.filter(|t| t.is_finite()),
        marks_everything: threshold == Some(f64::NEG_INFINITY),
        all: of(None),
        by_species: names
            .iter()
            .map(|n| ((*n).to_owned(), of(Some(n))))
            .collect(),
    })
}

/// `count` indices of `0..of`, evenly spread.
fn spread(count: usize, of: usize) -> Vec<usize> {
    let count = count.min(of);
    (0..count).map(|i| i * of / count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_evenly_and_never_twice() {
        assert_eq!(spread(3, 9), [0, 3, 6]);
        assert_eq!(spread(9, 3), [0, 1, 2]);
        assert_eq!(spread(0, 3), [0; 0]);
        assert_eq!(spread(5, 0), [0; 0]);
    }
}

//! Deletion and insertion of a set.

use fasgard_data::{EvalLoader, TargetSpec};
use fasgard_metrics::localization::{ImageMean, area_under};
use fasgard_train::{Occlusion, OcclusionCurves};

use super::evidence::Evidence;
use super::outcome::{Curve, Curves, Order};
use super::set::Set;
use super::{Job, spread};
use crate::{failure::misuse, progress::Progress};

/// Pictures loaded at a time.
const LOADED: usize = 16;

/// The curves of some pictures of `set`, with the cells in the order of each of `maps`.
pub(super) fn measure(
    job: &Job<'_>,
    set: &Set,
    maps: &[(&str, &Evidence)],
    steps: usize,
) -> anyhow::Result<Curves> {
    let card = &job.model.card;
    let chosen = spread(job.args.curve_images, set.samples.len());
    let samples = chosen.iter().map(|&i| set.samples[i].clone()).collect();
    let preprocess = card.preprocess.clone();
    let loader = EvalLoader::new(samples, preprocess, TargetSpec::default(), LOADED);
    let loader = loader.map_err(misuse)?;
    let detector = job.detector.prepare();
    let occlusion = Occlusion {
        detector: &detector,
        model: &card.model,
        device: &job.device,
        steps,
    };
    let side = set.sides.first().copied().unwrap_or(1);
    let mut progress = Progress::new("curves", "images", chosen.len() as u64);
    let mut found: Vec<Vec<OcclusionCurves>> = maps.iter().map(|_| Vec::new()).collect();
    let mut clusters = Vec::new();
    for next in loader.prefetch(1) {
        let length = card.preprocess.input_len();
        let inputs = next.batch.images.chunks_exact(length.max(1));
        for (input, &row) in inputs.zip(&next.batch.rows) {
            let i = chosen[row];
            clusters.push(set.clusters[i]);
            for ((_, evidence), found) in maps.iter().zip(&mut found) {
                let order = order(evidence, set, i);
                found.push(occlusion.curves(input, card.preprocess.size as usize, side, &order));
            }
            progress.set(clusters.len() as u64, "");
        }
    }
    let orders = maps.iter().zip(&found).map(|((name, _), found)| Order {
        map: (*name).to_owned(),
        deletion: curve(found.iter().map(|c| &c.deletion), steps, &clusters),
        insertion: curve(found.iter().map(|c| &c.insertion), steps, &clusters),
    });
    Ok(Curves {
        steps,
        images: clusters.len() as u64,
        side,
        orders: orders.collect(),
    })
}

/// The counted cells of the finest map, most evidence first.
fn order(evidence: &Evidence, set: &Set, i: usize) -> Vec<usize> {
    let finest = evidence.maps[i].as_ref().and_then(|maps| maps.first());
    let (Some(map), Some(truth)) = (finest, set.truths[i].first()) else {
        return Vec::new();
    };
    let mut cells: Vec<usize> = (0..map.len()).filter(|&c| truth.counted[c]).collect();
    // Stable: cells that share a value keep their order.
    cells.sort_by(|&a, &b| map[b].total_cmp(&map[a]));
    cells
}

fn curve<'a>(curves: impl Iterator<Item = &'a Vec<f64>>, steps: usize, clusters: &[u32]) -> Curve {
    let mut attack = vec![0.0; steps + 1];
    let mut areas = Vec::new();
    for curve in curves {
        areas.push(area_under(curve));
        for (sum, value) in attack.iter_mut().zip(curve) {
            *sum += value;
        }
    }
    let count = areas.len().max(1) as f64;
    Curve {
        area: ImageMean::new(&areas, clusters, "no picture"),
        attack: attack.iter().map(|sum| sum / count).collect(),
    }
}

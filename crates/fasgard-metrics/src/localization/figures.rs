//! All measures of a set of maps.

use serde::{Deserialize, Serialize};

use super::{CellMap, ImageMean, intersection_over_union, pointing, rank_auc};
use crate::Rate;

const NO_BOTH: &str = "no picture has attack cells and others";
const NO_ATTACK: &str = "no cell is attack";
const NO_THRESHOLD: &str = "no threshold: dev has no attack cell at this scale";

/// How well maps of one scale find the attack. Rates are fractions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Pictures.
    pub images: u64,
    /// Cells that count, over all pictures.
    pub cells: u64,
    /// Those that are attack.
    pub attack_cells: u64,
    /// What a random point hits: the mean share of attack cells of the pictures that have any.
    pub chance: ImageMean,
    /// Area under the ROC of all cells of all pictures together: attack cells above others.
    pub auc: Rate,
    /// Mean over pictures of the same area within each picture that has cells of both kinds: localisation
    /// alone, whatever the level of the whole map.
    pub auc_image: ImageMean,
    /// Intersection over union of all cells of all pictures together.
    pub iou: Rate,
    /// Mean over pictures with attack cells of the intersection over union within each.
    pub iou_image: ImageMean,
    /// Pointing game: mean over pictures with attack cells.
    pub pointing: ImageMean,
}

/// Measures `maps` with a `threshold` of the evidence that was chosen elsewhere; `clusters` numbers the
/// person (or video) of each map, for the intervals.
pub fn figures(maps: &[&CellMap], threshold: Option<f64>, clusters: &[u32]) -> Figures {
    let all = || maps.iter().flat_map(|m| m.cells());
    let each = |figure: &dyn Fn(&CellMap) -> Option<f64>, reason: &str| {
        let values: Vec<Option<f64>> = maps.iter().map(|m| figure(m)).collect();
        ImageMean::new(&values, clusters, reason)
    };
    let attacked = |map: &CellMap| map.positive() > 0;
    let share = |map: &CellMap| map.positive() as f64 / map.len() as f64;
    let iou = |map: &CellMap| intersection_over_union(map.cells(), threshold?);
    let composite = |value: Option<f64>, reason: &str| match value {
        Some(value) => Rate::composite(value),
        None => Rate::undefined(reason),
    };
    let cells = |count: fn(&CellMap) -> usize| maps.iter().map(|m| count(m) as u64).sum::<u64>();
    let no_iou = match threshold {
        Some(_) => NO_ATTACK,
        None => NO_THRESHOLD,
    };
    Figures {
        images: maps.len() as u64,
        cells: cells(CellMap::len),
        attack_cells: cells(CellMap::positive),
        chance: each(&|m| attacked(m).then(|| share(m)), NO_ATTACK),
        auc: composite(rank_auc(all()), NO_BOTH),
        auc_image: each(&|m| rank_auc(m.cells()), NO_BOTH),
        iou: composite(
            threshold.and_then(|t| intersection_over_union(all(), t)),
            no_iou,
        ),
        iou_image: each(&|m| iou(m).filter(|_| attacked(m)), no_iou),
        pointing: each(&|m| pointing(m.cells()).filter(|_| attacked(m)), NO_ATTACK),
    }
}

//! `localization.json`.

use std::collections::BTreeMap;

use fasgard_metrics::{
    Split,
    localization::{Figures, ImageMean},
};
use serde::Serialize;

/// Where a model's maps point, measured.
#[derive(Serialize)]
pub(super) struct Outcome {
    pub(super) schema: u32,
    pub(super) model: String,
    pub(super) weights_sha256: String,
    pub(super) map: MapKind,
    pub(super) datasets: Vec<String>,
    /// The measured split, and that of the thresholds.
    pub(super) split: Split,
    pub(super) dev: Split,
    pub(super) dev_images: u64,
    pub(super) protocol: Option<String>,
    /// Which cells count: `whole` or `face`.
    pub(super) region: &'static str,
    pub(super) species: BTreeMap<String, SpeciesNote>,
    /// Attacks with a mask that could not be measured, by reason.
    pub(super) left_out: BTreeMap<&'static str, u64>,
    /// The model's maps and the two baselines, each at every scale.
    pub(super) maps: Vec<Level>,
    pub(super) curves: Option<Curves>,
}

/// What the maps are.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum MapKind {
    /// Class activation maps of a model that predicts none.
    Cam,
    /// Predicted masks.
    Mask,
    /// Predicted depth.
    Depth,
}

/// A tested species.
#[derive(Serialize)]
pub(super) struct SpeciesNote {
    pub(super) images: u64,
    pub(super) training: Training,
}

/// What training saw of a species.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Training {
    /// Nothing.
    HeldOut,
    /// Pictures and labels.
    SeenByLabel,
    /// Pictures, labels, and masks or depth where the data had them.
    Seen,
}

/// One source of maps at one scale.
#[derive(Serialize)]
pub(super) struct Level {
    pub(super) map: String,
    pub(super) side: usize,
    /// Evidence above this is marked as attack; null if dev has no attack cell at this scale.
    pub(super) threshold: Option<f64>,
    /// The best threshold on dev marks every cell.
    pub(super) marks_everything: bool,
    pub(super) all: Figures,
    pub(super) by_species: BTreeMap<String, Figures>,
}

/// Deletion and insertion.
#[derive(Serialize)]
pub(super) struct Curves {
    pub(super) steps: usize,
    pub(super) images: u64,
    /// Side of the map whose cells go and come: the finest.
    pub(super) side: usize,
    pub(super) orders: Vec<Order>,
}

/// The curves of the cells' order by one map.
#[derive(Serialize)]
pub(super) struct Order {
    pub(super) map: String,
    pub(super) deletion: Curve,
    pub(super) insertion: Curve,
}

/// A mean curve.
#[derive(Serialize)]
pub(super) struct Curve {
    /// Area under it: the mean over pictures.
    pub(super) area: ImageMean,
    /// The mean probability of attack after every step.
    pub(super) attack: Vec<f64>,
}

//! Where a map says the attack is, against where it is: measures of localisation.
//!
//! A map of `side` x `side` cells gives each cell an **evidence** of attack (higher is more attack; for
//! a map of live probabilities it is 1 - live), a mask gives each cell the share of its area that shows
//! an artefact. A cell is **attack** if that share is above [`SHARE`]. docs/localization.md has the
//! formulas and their sources.
//!
//! ```
//! use fasgard_metrics::localization::{CellMap, figures};
//!
//! // Two rows of two cells; the artefact covers the upper left one.
//! let map = CellMap::new(&[0.9, 0.2, 0.3, 0.1], &[0.8, 0.1, 0.0, 0.0], None).unwrap();
//! let f = figures(&[&map], Some(0.5), &[0]);
//! assert_eq!((f.auc.value, f.iou.value, f.pointing.value), (Some(1.0), Some(1.0), Some(1.0)));
//! ```

mod area;
mod figures;
mod iou;
mod map;
mod mean;
mod pointing;
mod prior;
mod rank;

pub use area::area_under;
pub use figures::{Figures, figures};
pub use iou::{best_threshold, intersection_over_union};
pub use map::{CellMap, MapShape, SHARE};
pub use mean::ImageMean;
pub use pointing::pointing;
pub use prior::centre_prior;
pub use rank::rank_auc;

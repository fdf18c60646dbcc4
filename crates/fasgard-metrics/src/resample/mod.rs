//! Bootstrap over clusters: whole subjects (or videos) are drawn, because what one person does to a
//! system is not independent.
//!
//! Field and Welsh, J. R. Statist. Soc. B 69 (2007): clusters are drawn with replacement, everything
//! in a drawn cluster comes with it. A threshold chosen on dev stays as it is; EER and AUC are
//! estimated again in every replicate. Replicate i has its own random stream, so that the result
//! does not depend on the number of threads.

mod clusters;
mod interval;
pub mod paired;

use serde::{Deserialize, Serialize};

pub use clusters::{Clustered, Point, Unit};
pub use interval::{ClusterIntervals, Interval, Method, intervals};

/// How often to draw, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// Number of replicates, at least 100.
    pub replicates: u32,
    /// Seed of the random streams.
    pub seed: u64,
}

impl Default for Bootstrap {
    /// 2000 replicates, seed 0.
    fn default() -> Self {
        Self {
            replicates: 2000,
            seed: 0,
        }
    }
}

//! Bootstrap over clusters: whole subjects (or videos) are drawn, because what one person does to a
//! system is not independent.
//!
//! Field and Welsh, J. R. Statist. Soc. B 69 (2007): clusters are drawn with replacement, everything
//! in a drawn cluster comes with it. A threshold chosen on dev stays as it is; EER and AUC are
//! estimated again in every replicate. Replicate i has its own random stream, so that the result
//! does not depend on the number of threads.

mod clusters;
mod holm;
mod interval;
pub mod paired;
mod rate;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub(crate) use clusters::fill as draw_weights;
pub use clusters::{Clustered, Point, Unit};
pub use holm::holm;
pub use interval::{ClusterIntervals, Interval, Method, intervals};
pub use rate::{FEWEST_DRAWN, rate_interval};

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

/// The text is no plan of draws.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a number of replicates from 100 to 1000000, such as `2000`, or with a seed after it, `2000,7`; found `{0}`"
)]
pub struct ParseBootstrapError(pub String);

impl FromStr for Bootstrap {
    type Err = ParseBootstrapError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseBootstrapError(text.to_owned());
        let (replicates, seed) = match text.split_once(',') {
            Some((n, seed)) => (n, seed.trim().parse().map_err(|_| error())?),
            None => (text, 0),
        };
        let replicates = replicates.trim().parse().map_err(|_| error())?;
        match replicates {
            100..=1_000_000 => Ok(Self { replicates, seed }),
            _ => Err(error()),
        }
    }
}

/// The text is no unit to draw by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected `subject`, `video`, `presentation` or `auto` to draw by, found `{0}`")]
pub struct ParseUnitError(pub String);

impl Unit {
    /// A unit by name; none for `auto`: the largest that is known of all.
    ///
    /// # Errors
    /// The text is neither.
    pub fn parse_choice(text: &str) -> Result<Option<Self>, ParseUnitError> {
        if text == "auto" {
            return Ok(None);
        }
        [Self::Subject, Self::Video, Self::Presentation]
            .into_iter()
            .find(|unit| unit.as_str() == text)
            .map(Some)
            .ok_or_else(|| ParseUnitError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_and_units_are_read() {
        let plan = |replicates, seed| Ok(Bootstrap { replicates, seed });
        assert_eq!("2000".parse(), plan(2000, 0));
        assert_eq!("500, 7".parse(), plan(500, 7));
        for bad in ["", "99", "1000001", "2000,", "2000,x", "x", "-5", "200,1,2"] {
            assert!(bad.parse::<Bootstrap>().is_err(), "{bad}");
        }
        assert_eq!(Unit::parse_choice("auto"), Ok(None));
        assert_eq!(Unit::parse_choice("video"), Ok(Some(Unit::Video)));
        assert!(Unit::parse_choice("person").is_err());
    }
}

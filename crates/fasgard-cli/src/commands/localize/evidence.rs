//! What maps say of every cell: evidence of attack.

use fasgard_metrics::localization::centre_prior;
use fasgard_train::Scored;

/// Maps of samples: 1 - live (or 1 - depth), 0 to 1.
pub(super) struct Evidence {
    /// The scales, largest first.
    pub(super) sides: Vec<usize>,
    /// For each sample its map at every scale; none of a sample that could not be loaded.
    pub(super) maps: Vec<Option<Vec<Vec<f32>>>>,
}

impl Evidence {
    pub(super) fn of(scored: &Scored) -> Self {
        let mut next = 0;
        let maps = scored.rows.iter().map(|row| {
            row.status.is_ok().then(|| {
                let at = next;
                next += 1;
                let level = |(side, values): &(usize, Vec<f32>)| {
                    let cells = side * side;
                    let values = values[at * cells..(at + 1) * cells].iter();
                    // A predicted depth may exceed 1.
                    values.map(|v| 1.0 - v.clamp(0.0, 1.0)).collect()
                };
                scored.maps.iter().map(level).collect()
            })
        });
        Self {
            maps: maps.collect(),
            sides: scored.maps.iter().map(|(side, _)| *side).collect(),
        }
    }

    /// The centre prior for each of `samples`.
    pub(super) fn centre(sides: &[usize], samples: usize) -> Self {
        let maps: Vec<Vec<f32>> = sides.iter().map(|&s| centre_prior(s)).collect();
        Self {
            sides: sides.to_vec(),
            maps: vec![Some(maps); samples],
        }
    }
}

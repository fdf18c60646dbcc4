//! The interval of one rate whose trials come in clusters.

use rayon::prelude::*;

use super::{Bootstrap, Interval, Method, clusters::fill, interval::percentiles};
use crate::interval::clopper_pearson;

/// Fewer clusters than this are not drawn from: their replicates are too much alike.
pub const FEWEST_DRAWN: usize = 10;

/// The 95 % interval of the errors among all trials; `cells` are errors and trials of every cluster.
/// None without a trial.
///
/// From [`FEWEST_DRAWN`] clusters on, the percentiles of draws of whole clusters. Where those know
/// nothing, ends are exact ones of clusters ([`Method::ExactClusters`]):
///
/// * no error: [0, the Clopper-Pearson end of 0 in as many trials as there are clusters];
/// * nothing but errors: the mirror image;
/// * few clusters: [0, the Clopper-Pearson end of the clusters with **any** error among all], which
///   bounds the rate because a cluster's own rate is at most 1.
pub fn rate_interval(cells: &[(u64, u64)], bootstrap: Bootstrap) -> Option<Interval> {
    let cells: Vec<(u64, u64)> = cells.iter().copied().filter(|c| c.1 > 0).collect();
    let wrong = cells.iter().filter(|c| c.0 > 0).count();
    let clean = cells.iter().any(|c| c.0 < c.1);
    let [lo, hi] = clopper_pearson(wrong as u64, cells.len() as u64)?;
    let exact = |lo, hi| {
        Some(Interval {
            lo,
            hi,
            method: Method::ExactClusters,
        })
    };
    if !clean {
        return exact(lo, 1.0);
    }
    if wrong == 0 || cells.len() < FEWEST_DRAWN {
        return exact(0.0, hi);
    }
    let draws = (0..bootstrap.replicates.max(100)).into_par_iter();
    let rates = draws.map_init(
        || vec![0u32; cells.len()],
        |weights, i| {
            fill(weights, bootstrap.seed, i);
            let sums = weights.iter().zip(&cells).fold((0, 0), |sums, (w, cell)| {
                let w = u64::from(*w);
                (sums.0 + w * cell.0, sums.1 + w * cell.1)
            });
            // Every draw has a cluster, and every cluster a trial.
            sums.0 as f64 / sums.1 as f64
        },
    );
    percentiles(rates.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cells: &[(u64, u64)]) -> Interval {
        rate_interval(cells, Bootstrap::default()).unwrap()
    }

    #[test]
    fn exact_ends_count_clusters_and_not_trials() {
        // 1 - 0.025^(1/20): how many frames each of the 20 has is of no account.
        let found = of(&[(0, 50); 20]);
        assert_eq!((found.lo, found.method), (0.0, Method::ExactClusters));
        assert!((found.hi - 0.168_433).abs() < 1e-6, "{found:?}");
        // One of four with errors, few as they are: 0.8059 is the Clopper-Pearson end of 1 in 4.
        let found = of(&[(1, 500), (0, 500), (0, 500), (0, 500)]);
        assert_eq!((found.lo, found.method), (0.0, Method::ExactClusters));
        assert!((found.hi - 0.805_880).abs() < 1e-6, "{found:?}");
        // Nothing but errors: 0.025^(1/3).
        let found = of(&[(2, 2), (9, 9), (1, 1)]);
        assert!(
            (found.lo - 0.292_402).abs() < 1e-6 && found.hi == 1.0,
            "{found:?}"
        );
        // A cluster without a trial is none.
        assert_eq!(of(&[(0, 7), (0, 0)]), of(&[(0, 1)]));
        assert_eq!(rate_interval(&[(0, 0)], Bootstrap::default()), None);
        assert_eq!(rate_interval(&[], Bootstrap::default()), None);
    }

    #[test]
    fn frames_of_a_person_that_are_all_alike_say_no_more_than_one() {
        let single: Vec<(u64, u64)> = (0..100).map(|i| (u64::from(i < 20), 1)).collect();
        let many: Vec<(u64, u64)> = single.iter().map(|c| (c.0 * 50, 50)).collect();
        let (one, fifty) = (of(&single), of(&many));
        assert_eq!(one, fifty);
        // The normal approximation: 0.2 within 1.96 times 0.04.
        assert_eq!(one.method, Method::Percentile);
        assert!(
            (one.lo - 0.1216).abs() < 0.02 && (one.hi - 0.2784).abs() < 0.02,
            "{one:?}"
        );
        // As if the 5000 were independent it would be seven times as narrow.
        let [lo, hi] = clopper_pearson(1000, 5000).unwrap();
        assert!(one.hi - one.lo > 6.0 * (hi - lo));
        assert_eq!(one, of(&single), "the same draws every time");
    }
}

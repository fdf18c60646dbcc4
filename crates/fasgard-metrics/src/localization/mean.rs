//! Means over pictures with an interval that draws whole people.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::resample::draw_weights;

/// Draws of an interval.
const REPLICATES: u32 = 1000;
/// Fewer people than this make no interval.
const FEWEST: usize = 3;

/// The mean of a figure over pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageMean {
    /// The mean, 0 to 1; null if undefined.
    pub value: Option<f64>,
    /// Pictures that have the figure.
    pub images: u64,
    /// 2.5 % and 97.5 % points of 1000 means of clusters drawn with replacement (seed 0), where there are
    /// at least three clusters.
    pub ci95: Option<[f64; 2]>,
    /// Why the figure is undefined; absent where it is defined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl ImageMean {
    /// The mean of those `values` that are there; `clusters` says whose picture each is, by number.
    pub fn new(values: &[Option<f64>], clusters: &[u32], reason: &str) -> Self {
        let mut places: HashMap<u32, usize> = HashMap::new();
        // Sum and count of every cluster, in the order of its first picture.
        let mut sums: Vec<(f64, f64)> = Vec::new();
        for (value, &cluster) in values.iter().zip(clusters) {
            let Some(value) = value else { continue };
            let place = *places.entry(cluster).or_insert(sums.len());
            if place == sums.len() {
                sums.push((0.0, 0.0));
            }
            sums[place].0 += value;
            sums[place].1 += 1.0;
        }
        let mean = |weights: &[u32]| {
            let (mut sum, mut count) = (0.0, 0.0);
            for (&(s, n), &w) in sums.iter().zip(weights) {
                sum += f64::from(w) * s;
                count += f64::from(w) * n;
            }
            sum / count
        };
        let images = values.iter().flatten().count() as u64;
        if images == 0 {
            return Self {
                value: None,
                images,
                ci95: None,
                reason: Some(reason.to_owned()),
            };
        }
        let mut weights = vec![1; sums.len()];
        let value = mean(&weights);
        let ci95 = (sums.len() >= FEWEST).then(|| {
            let mut drawn: Vec<f64> = (0..REPLICATES)
                .map(|i| {
                    draw_weights(&mut weights, 0, i);
                    mean(&weights)
                })
                .collect();
            drawn.sort_unstable_by(f64::total_cmp);
            let last = (drawn.len() - 1) as f64;
            [
                drawn[(0.025 * last).floor() as usize],
                drawn[(0.975 * last).ceil() as usize],
            ]
        });
        Self {
            value: Some(value),
            images,
            ci95,
            reason: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_values_are_left_out() {
        let mean = ImageMean::new(&[Some(1.0), None, Some(0.0)], &[0, 1, 0], "none");
        assert_eq!((mean.value, mean.images, mean.ci95), (Some(0.5), 2, None));
        let none = ImageMean::new(&[None], &[0], "no attack cell");
        assert_eq!(none.reason.as_deref(), Some("no attack cell"));
    }

    #[test]
    fn people_not_pictures_are_drawn() {
        // 40 pictures of 4 people who are all alike within themselves: as wide as 4 draws, not 40.
        let values: Vec<_> = (0..40).map(|i| Some(f64::from(i % 4 / 2))).collect();
        let people: Vec<u32> = (0..40).map(|i| i % 4).collect();
        let wide = ImageMean::new(&values, &people, "");
        let apart: Vec<u32> = (0..40).collect();
        let narrow = ImageMean::new(&values, &apart, "");
        let width = |m: &ImageMean| m.ci95.map(|[lo, hi]| hi - lo).unwrap();
        assert_eq!(wide.value, Some(0.5));
        assert!(
            width(&wide) > 0.9 && width(&narrow) < 0.4,
            "{wide:?} {narrow:?}"
        );
        let same = ImageMean::new(&[Some(0.7); 5], &[0, 1, 2, 3, 4], "");
        assert!(same.ci95.unwrap().iter().all(|v| (v - 0.7).abs() < 1e-12));
    }
}

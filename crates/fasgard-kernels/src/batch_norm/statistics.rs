//! Mean and variance of channels.

use super::{Layout, Statistics};
use crate::isa::vectorized;
use rayon::prelude::*;

/// Of one chunk: mean, and sum of squared differences from it.
struct Part {
    count: f64,
    mean: Vec<f64>,
    squares: Vec<f64>,
}

/// `sums[c] += f(x[c] - centre[c])` over every long row of `x`, four rows at a time so that the sums
/// are read and written a quarter as often.
#[inline(always)]
fn sum_rows(x: &[f32], centre: &[f32], sums: &mut [f32], f: impl Fn(f32) -> f32) {
    let long = sums.len();
    let centre = &centre[..long];
    let mut groups = x.chunks_exact(4 * long);
    for group in &mut groups {
        let (rows, _) = group.split_at(2 * long);
        let (first, second) = rows.split_at(long);
        let (third, fourth) = group[2 * long..].split_at(long);
        let (second, third, fourth) = (&second[..long], &third[..long], &fourth[..long]);
        for i in 0..long {
            let early = f(first[i] - centre[i]) + f(second[i] - centre[i]);
            let late = f(third[i] - centre[i]) + f(fourth[i] - centre[i]);
            sums[i] += early + late;
        }
    }
    for row in groups.remainder().chunks(long) {
        for ((sum, value), centre) in sums.iter_mut().zip(row).zip(centre) {
            *sum += f(*value - *centre);
        }
    }
}

impl Part {
    /// Centred on its own mean, by a second pass while the chunk is in cache.
    #[inline(always)]
    fn new(x: &[f32], layout: Layout) -> Self {
        let channels = layout.channels;
        let count = (x.len() / channels) as f64;
        let share = 1.0 / count;
        // Centring on the first pixel keeps the single-precision sum exact for offsets.
        let mut centre = layout.repeated(&x[..channels]);
        let mut sums = vec![0.0f32; layout.long()];
        sum_rows(x, &centre, &mut sums, |value| value);
        let mut mean = layout.folded(&sums);
        for (mean, first) in mean.iter_mut().zip(x) {
            *mean = f64::from(*first) + *mean * share;
        }
        for centre in centre.chunks_exact_mut(channels) {
            for (centre, mean) in centre.iter_mut().zip(&mean) {
                *centre = *mean as f32;
            }
        }
        sums.fill(0.0);
        sum_rows(x, &centre, &mut sums, |value| value * value);
        let mut squares = layout.folded(&sums);
        // The squares are about the rounded mean: take the rounding back out.
        for (squares, (mean, centre)) in squares.iter_mut().zip(mean.iter().zip(&centre)) {
            let rounding = mean - f64::from(*centre);
            *squares -= count * rounding * rounding;
        }
        Self {
            count,
            mean,
            squares,
        }
    }

    /// Takes in another part (Chan, Golub and LeVeque 1983).
    #[inline(always)]
    fn join(&mut self, other: &Self) {
        let joined = self.count + other.count;
        let (share, weight) = (other.count / joined, self.count * other.count / joined);
        let own = self.mean.iter_mut().zip(&mut self.squares);
        let others = other.mean.iter().zip(&other.squares);
        for ((mean, squares), (other_mean, other_squares)) in own.zip(others) {
            let delta = other_mean - *mean;
            *mean += delta * share;
            *squares += other_squares + delta * delta * weight;
        }
        self.count = joined;
    }
}

/// Mean and biased variance of every channel: chunks in parallel, joined in `f64` and in order.
pub(super) fn statistics(x: &[f32], channels: usize) -> Statistics {
    let layout = Layout::new(channels);
    let parts: Vec<Part> = x
        .par_chunks(layout.chunk)
        .map(|x| {
            vectorized(
                #[inline(always)]
                || Part::new(x, layout),
            )
        })
        .collect();
    let mut total = Part {
        count: 0.0,
        mean: vec![0.0; channels],
        squares: vec![0.0; channels],
    };
    vectorized(
        #[inline(always)]
        || parts.iter().for_each(|part| total.join(part)),
    );
    let variance = |squares: &f64| {
        // `max` would turn NaN into 0.
        if *squares < 0.0 {
            0.0
        } else {
            (squares / total.count) as f32
        }
    };
    Statistics {
        variance: total.squares.iter().map(variance).collect(),
        mean: total.mean.iter().map(|mean| *mean as f32).collect(),
    }
}

//! Deletion and insertion: whether the model's answer hangs on the cells that a map points at.
//!
//! Petsiuk, Das and Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models" (BMVC
//! 2018). The cells of a map are taken in the order of their evidence; **deletion** paints them over in
//! the picture with its mean colour, **insertion** uncovers them in a blurred picture. The model's
//! probability of attack is followed from nothing changed to everything changed.

use burn::tensor::{Device, Tensor, TensorData};
use fasgard_nn::{InferenceDetector, ModelConfig};

/// Deviation of the Gaussian that blurs the canvas of insertion, as a share of the picture's side: that of
/// the published code, 5 pixels of 224.
const BLUR: f64 = 5.0 / 224.0;

/// What is asked of a model about one picture at a time.
#[derive(Debug)]
pub struct Occlusion<'a> {
    /// The model, ready for inference.
    pub detector: &'a InferenceDetector,
    /// Its configuration.
    pub model: &'a ModelConfig,
    /// Where it computes.
    pub device: &'a Device,
    /// Equal steps from no cell to all cells, at least 1.
    pub steps: usize,
}

/// The probability of attack (1 - score) after each step, `steps + 1` values each.
#[derive(Clone, Debug, PartialEq)]
pub struct OcclusionCurves {
    /// While cells are painted over: low where the map is right.
    pub deletion: Vec<f64>,
    /// While cells are uncovered: high where the map is right.
    pub insertion: Vec<f64>,
}

impl Occlusion<'_> {
    /// The curves of one network `input` (3 x `size` x `size`, planar) for the cells of a `side` x `side`
    /// map in the given `order` (indices of cells, most evidence first). Cells that are not in it stay.
    pub fn curves(
        &self,
        input: &[f32],
        size: usize,
        side: usize,
        order: &[usize],
    ) -> OcclusionCurves {
        let steps = self.steps.max(1);
        let paint = mean_color(input);
        let canvas = blurred(input, size);
        let mut deleted = input.to_vec();
        // Cells outside the order are shown from the start.
        let mut shown = input.to_vec();
        for &cell in order {
            copy_cell(&mut shown, &canvas, size, side, cell);
        }
        let mut images = Vec::with_capacity(2 * (steps + 1) * input.len());
        let mut inserted = Vec::with_capacity((steps + 1) * input.len());
        let mut taken = 0;
        for step in 0..=steps {
            let until = step * order.len() / steps;
            for &cell in &order[taken..until] {
                copy_cell(&mut deleted, &paint, size, side, cell);
                copy_cell(&mut shown, input, size, side, cell);
            }
            taken = until;
            images.extend_from_slice(&deleted);
            inserted.extend_from_slice(&shown);
        }
        images.extend_from_slice(&inserted);
        let shape = [2 * (steps + 1), 3, size, size];
        let images = Tensor::from_data(TensorData::new(images, shape), self.device);
        let scores = self.detector.forward(images).scores(self.model).scores;
        let attack: Vec<f64> = scores.iter().map(|s| 1.0 - s).collect();
        let (deletion, insertion) = attack.split_at(steps + 1);
        OcclusionCurves {
            deletion: deletion.to_vec(),
            insertion: insertion.to_vec(),
        }
    }
}

/// A picture of the input's mean colour.
fn mean_color(input: &[f32]) -> Vec<f32> {
    let plane = input.len() / 3;
    let mut out = Vec::with_capacity(input.len());
    for channel in input.chunks_exact(plane.max(1)) {
        let mean = channel.iter().map(|&v| f64::from(v)).sum::<f64>() / plane as f64;
        out.extend(std::iter::repeat_n(mean as f32, plane));
    }
    out
}

/// The input blurred by a Gaussian that is cut at three deviations; edges repeat.
fn blurred(input: &[f32], size: usize) -> Vec<f32> {
    let deviation = BLUR * size as f64;
    let reach = (3.0 * deviation).ceil() as isize;
    let weights: Vec<f32> = (-reach..=reach)
        .map(|d| (-0.5 * (d as f64 / deviation).powi(2)).exp() as f32)
        .collect();
    let total: f32 = weights.iter().sum();
    let last = size as isize - 1;
    let pass = |values: &[f32], stride: usize, across: usize| -> Vec<f32> {
        let mut out = vec![0.0; values.len()];
        for (line, i) in (0..size).flat_map(|line| (0..size).map(move |i| (line, i))) {
            let taps = (-reach..=reach).zip(&weights);
            let sum: f32 = taps
                .map(|(d, w)| {
                    let at = (i as isize + d).clamp(0, last) as usize;
                    w * values[line * across + at * stride]
                })
                .sum();
            out[line * across + i * stride] = sum / total;
        }
        out
    };
    let planes = input.chunks_exact((size * size).max(1));
    planes
        .flat_map(|plane| pass(&pass(plane, 1, size), size, 1))
        .collect()
}

/// Copies the pixels of one cell of a `side` x `side` map.
fn copy_cell(to: &mut [f32], from: &[f32], size: usize, side: usize, cell: usize) {
    let edge = |i: usize| i * size / side;
    let (row, column) = (cell / side, cell % side);
    for channel in 0..3 {
        for y in edge(row)..edge(row + 1) {
            let line = (channel * size + y) * size;
            let part = line + edge(column)..line + edge(column + 1);
            to[part.clone()].copy_from_slice(&from[part]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blurring_keeps_flat_pictures_and_spreads_points() {
        let flat = blurred(&[0.25; 3 * 16 * 16], 16);
        assert!(flat.iter().all(|v| (v - 0.25).abs() < 1e-6));
        let mut point = vec![0.0; 3 * 64 * 64];
        point[64 * 64 + 20 * 64 + 30] = 1.0;
        let spread = blurred(&point, 64);
        let sum: f32 = spread.iter().sum();
        assert!((sum - 1.0).abs() < 1e-4, "{sum}");
        // Symmetric about the point, in its own channel alone.
        let at = |y: usize, x: usize| spread[64 * 64 + y * 64 + x];
        assert!((at(20, 28) - at(22, 30)).abs() < 1e-7 && at(20, 28) > 0.0);
        assert!(spread[..64 * 64].iter().all(|v| *v == 0.0));
        // exp(-1/2 (1 / 1.43)^2) of the middle one pixel away.
        let ratio = at(20, 31) / at(20, 30);
        let deviation = 64.0 * 5.0 / 224.0_f32;
        assert!((ratio - (-0.5 / deviation.powi(2)).exp()).abs() < 1e-5);
    }

    #[test]
    fn cells_tile_the_picture() {
        let (size, side) = (7, 3);
        let mut to = vec![0.0; 3 * size * size];
        let from: Vec<f32> = (1..=to.len()).map(|v| v as f32).collect();
        for cell in 0..side * side {
            copy_cell(&mut to, &from, size, side, cell);
        }
        assert_eq!(to, from);
    }

    #[test]
    fn mean_colour_by_channel() {
        let input = [1.0, 3.0, 2.0, 2.0, 0.0, 8.0];
        assert_eq!(mean_color(&input), [2.0, 2.0, 2.0, 2.0, 4.0, 4.0]);
    }
}

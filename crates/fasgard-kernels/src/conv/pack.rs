//! Packing of weights into panels: `[panel][taps][inputs][lanes]`, zero padded to whole panels.

use rayon::prelude::*;

/// Weights `[O, I, area]` in memory, read as a matrix from `sums` (what is summed over) to `lanes`
/// (what a panel's lanes stand for).
#[derive(Clone, Copy)]
pub(crate) struct Order {
    /// Channels along the lanes, and elements from one to the next.
    pub(crate) lanes: [usize; 2],
    /// Channels summed over, and elements from one to the next.
    pub(crate) sums: [usize; 2],
}

impl Order {
    /// For a forward pass: lanes are the outputs of `[O, I, area]`.
    pub(crate) fn forward(outputs: usize, inputs: usize, area: usize) -> Self {
        Self {
            lanes: [outputs, inputs * area],
            sums: [inputs, area],
        }
    }

    /// For the gradient of the input: lanes are the inputs.
    pub(crate) fn backward(outputs: usize, inputs: usize, area: usize) -> Self {
        Self {
            lanes: [inputs, area],
            sums: [outputs, inputs * area],
        }
    }
}

/// Sums packed at a time where lanes lie far apart.
const SUMS: usize = 16;

/// Packs the kernel elements `taps` (offsets within the area) of `weight`.
pub(crate) fn panels(weight: &[f32], order: Order, taps: &[usize], width: usize) -> Vec<f32> {
    let ([lanes, lane_step], [sums, sum_step]) = (order.lanes, order.sums);
    let panel_len = taps.len() * sums * width;
    let mut packed = vec![0.0f32; lanes.div_ceil(width) * panel_len];
    if panel_len == 0 {
        return packed;
    }
    packed
        .par_chunks_mut(panel_len)
        .enumerate()
        .for_each(|(panel, packed)| {
            let first = panel * width;
            let used = width.min(lanes - first);
            let from = &weight[first * lane_step..];
            if lane_step < sum_step {
                // Lanes lie side by side: all of them before the next sum.
                for sum in 0..sums {
                    for (index, tap) in taps.iter().enumerate() {
                        let from = &from[sum * sum_step + tap..];
                        let to = &mut packed[(index * sums + sum) * width..][..used];
                        if lane_step == 1 {
                            to.copy_from_slice(&from[..used]);
                            continue;
                        }
                        for (to, from) in to.iter_mut().zip(from.iter().step_by(lane_step)) {
                            *to = *from;
                        }
                    }
                }
                return;
            }
            // Lanes lie far apart, often a power of two: some sums of each at a time, so that no
            // cache line has to be read twice.
            for block in (0..sums).step_by(SUMS) {
                let block = block..(block + SUMS).min(sums);
                for lane in 0..used {
                    for sum in block.clone() {
                        let from = &from[lane * lane_step + sum * sum_step..];
                        for (index, tap) in taps.iter().enumerate() {
                            packed[(index * sums + sum) * width + lane] = from[*tap];
                        }
                    }
                }
            }
        });
    packed
}

/// One value a channel, padded with zeros to whole panels.
pub(crate) fn per_channel(values: &[f32], width: usize) -> Vec<f32> {
    let mut padded = values.to_vec();
    padded.resize(values.len().div_ceil(width) * width, 0.0);
    padded
}

//! Gradient of the input.
//!
//! An input row `i` receives output row `o` through kernel row `k` where `i + padding = o * stride
//! + k`. So the input rows fall into `stride` parity classes, each a stride-1 correlation of the
//! output gradient with every `stride`-th kernel row; likewise for columns.

use super::gather::{Destination, Gather};
use super::source::Source;
use super::{Conv, pack};
use crate::Activation;
use crate::bf16::pair_rows;
use std::borrow::Cow;

/// Kernel elements of one parity class along an axis: first input index, how many there are, and
/// for every kernel index that reaches it the output index of the first input.
struct Axis {
    first: usize,
    count: usize,
    taps: Vec<(usize, isize)>,
}

/// The classes of an axis of `size` inputs.
fn axes(size: usize, kernel: usize, stride: usize, padding: usize) -> Vec<Axis> {
    (0..stride.min(size))
        .map(|first| Axis {
            first,
            count: (size - first).div_ceil(stride),
            taps: (0..kernel)
                .map(|k| (k, (first + padding) as isize - k as isize))
                .filter(|(_, at)| at.rem_euclid(stride as isize) == 0)
                .map(|(k, at)| (k, at.div_euclid(stride as isize)))
                .collect(),
        })
        .collect()
}

/// Gradient `[N, H, W, Ci]` for weights `[Co, Ci, k, k]` and output gradient `[N, Ho, Wo, Co]`.
pub(super) fn input_grad(conv: &Conv, weight: &[f32], grad: &[f32]) -> Vec<f32> {
    let c = conv;
    let [height, width] = c.input;
    let order = pack::Order::backward(c.out_channels, c.in_channels, c.kernel * c.kernel);
    let dense = Destination::dense(c.input, c.in_channels);
    let rows = axes(height, c.kernel, c.stride, c.padding);
    let cols = axes(width, c.kernel, c.stride, c.padding);
    let len = c.images * height * width * c.in_channels;
    // SAFETY: the classes' destinations together are the whole input; a class without taps writes
    // zeros.
    unsafe {
        crate::memory::filled(len, |out| {
            for row in &rows {
                for col in &cols {
                    let pairs = || {
                        row.taps
                            .iter()
                            .flat_map(|r| col.taps.iter().map(move |c| (r, c)))
                    };
                    let taps: Vec<usize> = pairs().map(|(r, k)| r.0 * c.kernel + k.0).collect();
                    let source = Source {
                        values: Cow::Borrowed(grad),
                        size: c.output,
                        pixel: c.out_channels,
                        len: c.out_channels,
                        taps: pairs().map(|(r, c)| [r.1, c.1]).collect(),
                        step: 1,
                    };
                    let width = c.set.panel();
                    let panels = pack::panels(weight, order, &taps, width);
                    let (source, panels) = if c.in_bf16() {
                        (
                            source.in_pairs(c.set),
                            pair_rows(&panels, c.out_channels, width),
                        )
                    } else {
                        (source, panels)
                    };
                    let [image_step, row_step, col_step] = dense.steps;
                    Gather {
                        source: &source,
                        images: c.images,
                        grid: [row.count, col.count],
                        panels: &panels,
                        channels: c.in_channels,
                        destination: Destination {
                            steps: [
                                image_step,
                                row_step * c.stride.min(height),
                                col_step * c.stride.min(width),
                            ],
                            first: row.first * row_step + col.first * col_step,
                        },
                        out,
                        bias: None,
                        residual: None,
                        activation: Activation::Identity,
                        bf16: c.in_bf16(),
                        set: c.set,
                    }
                    .run();
                }
            }
        })
    }
}

//! Gradient of the weights.

use super::{Geometry, bordered, pack};
use crate::simd::{WeightGrad, panel_width};
use pulp::Arch;
use rayon::prelude::*;

/// Output pixels a block aims at: one panel of the gradient and one column of the source fit the
/// first-level cache.
const BLOCK_PIXELS: usize = 192;
/// Most partial sums.
const MAX_PARTS: usize = 16;
/// Memory bound for the partial sums, elements.
const PART_ELEMENTS: usize = 16 << 20;

/// Gradient `[Co, Ci, k, k]` for input `[N, H, W, Ci]` and output gradient `[N, Ho, Wo, Co]`.
pub(crate) fn weight_grad(x: &[f32], grad: &[f32], geometry: &Geometry) -> Vec<f32> {
    let g = geometry;
    let ([height, width], [out_rows, out_cols]) = (g.input, g.output);
    let panel = panel_width();
    let panels = g.out_channels.div_ceil(panel);
    let total = width + 2 * g.padding;
    let row_step = total * g.in_channels;
    let image_len = height * width * g.in_channels;
    let out_line = out_cols * g.out_channels;
    let block = BLOCK_PIXELS.div_ceil(out_cols).clamp(1, out_rows);
    let blocks = out_rows.div_ceil(block);

    // Parts depend on the shape alone, never on the number of threads.
    let part_len = panels * g.kernel * g.kernel * g.in_channels * panel;
    let units = g.images * blocks;
    let parts = (PART_ELEMENTS / part_len).clamp(2, MAX_PARTS).min(units);
    let arch = Arch::new();
    let partial: Vec<Vec<f32>> = (0..parts)
        .into_par_iter()
        .map(|part| {
            let mut sums = vec![0.0f32; part_len];
            let (mut scratch, mut packed) = (Vec::new(), Vec::new());
            for unit in part * units / parts..(part + 1) * units / parts {
                let (image, first) = (unit / blocks, unit % blocks * block);
                let rows = block.min(out_rows - first);
                let src = bordered(
                    &x[image * image_len..][..image_len],
                    [height, width, g.in_channels],
                    (first * g.stride) as isize - g.padding as isize,
                    (rows - 1) * g.stride + g.kernel,
                    g.padding,
                    total,
                    &mut scratch,
                );
                let grad = &grad[(image * out_rows + first) * out_line..][..rows * out_line];
                let grad = if g.out_channels == panel {
                    grad
                } else {
                    pack_grad(grad, g.out_channels, panel, &mut packed)
                };
                arch.dispatch(WeightGrad {
                    src,
                    row_step,
                    row_advance: g.stride * row_step,
                    pixel_advance: g.stride * g.in_channels,
                    taps: g.kernel,
                    segment: g.kernel * g.in_channels,
                    rows,
                    cols: out_cols,
                    grad,
                    sums: &mut sums,
                });
            }
            sums
        })
        .collect();

    let mut partial = partial.into_iter();
    let mut sums = partial.next().unwrap_or_default();
    for part in partial {
        sums.iter_mut()
            .zip(part)
            .for_each(|(sum, part)| *sum += part);
    }
    pack::unpack(&sums, g, panel)
}

/// Gradient `[pixels][channels]` as `[panel][pixels][width]`, zero padded.
fn pack_grad<'a>(
    grad: &[f32],
    channels: usize,
    width: usize,
    packed: &'a mut Vec<f32>,
) -> &'a [f32] {
    let pixels = grad.len() / channels;
    packed.resize(channels.div_ceil(width) * pixels * width, 0.0);
    for (panel, packed) in packed.chunks_exact_mut(pixels * width).enumerate() {
        let first = panel * width;
        let used = width.min(channels - first);
        let targets = packed.chunks_exact_mut(width);
        for (target, source) in targets.zip(grad.chunks_exact(channels)) {
            target[..used].copy_from_slice(&source[first..][..used]);
            target[used..].fill(0.0);
        }
    }
    packed
}

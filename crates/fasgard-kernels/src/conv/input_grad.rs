//! Gradient of the input.
//!
//! An input row `i` receives output row `o` through kernel row `k` where `i + padding = o * stride
//! + k`. So the input rows fall into `stride` parity classes, each a stride-1 correlation of the
//! output gradient with every `stride`-th kernel row, flipped; likewise for columns.

use super::forward::BLOCK_ELEMENTS;
use super::{Geometry, bordered, pack};
use crate::simd::{Correlate, panel_width};
use pulp::Arch;
use rayon::prelude::*;

/// One parity class of input pixels.
struct Class {
    /// Parity of `input + padding`, rows and columns.
    parity: [usize; 2],
    /// Kernel rows and columns that reach the class.
    counts: [usize; 2],
    panels: Vec<f32>,
}

/// Gradient `[N, H, W, Ci]` for weights `[Co, Ci, k, k]` and output gradient `[N, Ho, Wo, Co]`.
pub(crate) fn input_grad(weight: &[f32], grad: &[f32], geometry: &Geometry) -> Vec<f32> {
    let g = geometry;
    let (s, p) = (g.stride, g.padding);
    let ([height, width], [out_rows, out_cols]) = (g.input, g.output);
    let width_panel = panel_width();
    let mut classes = Vec::new();
    for row in 0..s.min(g.kernel) {
        for col in 0..s.min(g.kernel) {
            let parity = [row, col];
            let counts = parity.map(|first| (g.kernel - first).div_ceil(s));
            let panels = pack::flipped(weight, g, parity, counts, width_panel);
            classes.push(Class {
                parity,
                counts,
                panels,
            });
        }
    }

    // Coordinates u = (input + padding) / stride, the same grid as the output's.
    let reach = g.kernel.div_ceil(s) - 1;
    let [u_rows, u_cols] = [(height + p).div_ceil(s), (width + p).div_ceil(s)];
    let total = reach + u_cols;
    let row_step = total * g.out_channels;
    let block = (BLOCK_ELEMENTS / row_step).clamp(1, u_rows);

    let line = width * g.in_channels;
    let mut out = vec![0.0f32; g.images * height * line];
    let mut tasks = Vec::new();
    for (image, mut rest) in out.chunks_exact_mut(height * line).enumerate() {
        let mut begin = 0;
        for first in (0..u_rows).step_by(block) {
            let last = (first + block).min(u_rows);
            let end = (last * s).saturating_sub(p).min(height);
            let (rows, tail) = rest.split_at_mut((end - begin) * line);
            rest = tail;
            if !rows.is_empty() {
                tasks.push((image, first..last, begin, rows));
            }
            begin = end;
        }
    }

    let arch = Arch::new();
    let grad_len = out_rows * out_cols * g.out_channels;
    tasks.into_par_iter().for_each_init(
        || (Vec::new(), Vec::new()),
        |(scratch, class_out), (image, block, begin, out)| {
            let src = bordered(
                &grad[image * grad_len..][..grad_len],
                [out_rows, out_cols, g.out_channels],
                block.start as isize - reach as isize,
                reach + block.len(),
                reach,
                total,
                scratch,
            );
            for class in &classes {
                let [parity_row, parity_col] = class.parity;
                let rows = range(block.start, block.end, parity_row, s, p, height);
                let cols = range(0, u_cols, parity_col, s, p, width);
                if rows.is_empty() || cols.is_empty() {
                    continue;
                }
                let start_row = reach + 1 + rows.start - block.start - class.counts[0];
                let start_col = reach + 1 + cols.start - class.counts[1];
                let len = rows.len() * cols.len() * g.in_channels;
                let target = if s == 1 {
                    &mut *out
                } else {
                    class_out.resize(len, 0.0);
                    class_out.as_mut_slice()
                };
                arch.dispatch(Correlate {
                    src: &src[start_row * row_step + start_col * g.out_channels..],
                    row_step,
                    row_advance: row_step,
                    pixel_advance: g.out_channels,
                    taps: class.counts[0],
                    segment: class.counts[1] * g.out_channels,
                    panels: &class.panels,
                    rows: rows.len(),
                    cols: cols.len(),
                    channels: g.in_channels,
                    out: target,
                });
                if s > 1 {
                    let first_row = rows.start * s + parity_row - p - begin;
                    let first_col = cols.start * s + parity_col - p;
                    let lines = class_out.chunks_exact(cols.len() * g.in_channels);
                    for (row, source) in lines.enumerate() {
                        let target = &mut out[(first_row + row * s) * line..][..line];
                        let target = &mut target[first_col * g.in_channels..];
                        let pixels = target.chunks_mut(s * g.in_channels);
                        for (to, from) in pixels.zip(source.chunks_exact(g.in_channels)) {
                            to[..g.in_channels].copy_from_slice(from);
                        }
                    }
                }
            }
        },
    );
    out
}

/// The coordinates `u` of `begin..end` whose input `u * stride + parity - padding` lies in
/// `0..size`.
fn range(
    begin: usize,
    end: usize,
    parity: usize,
    stride: usize,
    padding: usize,
    size: usize,
) -> std::ops::Range<usize> {
    let first = padding.saturating_sub(parity).div_ceil(stride);
    let last = (size + padding).saturating_sub(parity).div_ceil(stride);
    begin.max(first)..end.min(last)
}

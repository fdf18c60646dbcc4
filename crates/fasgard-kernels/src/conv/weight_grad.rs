//! Gradient of the weights: outer products of source and output gradient, summed over pixels.
//!
//! For a block of output pixels the gradient and, tap by tap, the source are copied into panels
//! that lie side by side in the first-level cache; tiles of outer products run over them.

use super::Conv;
use super::source::Source;
use crate::bf16::pair_panel;
use crate::isa::{Isa, Kernel, TILE_VECTORS, dispatch};
use crate::memory::Shared;
use crate::tile::{Outer, outer_panels};
use rayon::prelude::*;
use std::ops::Range;

/// Pixels of a block: one panel of each side fits the first-level cache.
const BLOCK: usize = 192;
/// Panels of inputs that are packed at once: longer runs of the source's rows are read in order.
const TOGETHER: usize = 4;
/// Tasks aimed at, for up to as many cores.
const TASKS: usize = 64;
/// Panels of taps and inputs that are worth packing a block's gradient once more for.
const MIN_COLUMNS: usize = 12;
/// Panels of outputs that are worth packing a block's source once more for.
const MIN_PANELS: usize = 8;
/// Bound on all private sums together, elements.
const PRIVATE_ELEMENTS: usize = 4 << 20;

/// How the work is split. It depends on the shape alone, so that the order of sums does too.
#[derive(Debug, Clone, Copy)]
struct Split {
    /// Runs of pixel blocks, each with private sums.
    runs: usize,
    /// Runs of columns (tap and panel of inputs).
    columns: usize,
    /// Runs of panels of outputs.
    panels: usize,
}

impl Split {
    fn new(blocks: usize, columns: usize, panels: usize, sums: usize) -> Self {
        let column_runs = (columns / MIN_COLUMNS).clamp(1, 8);
        let panel_runs = (panels / MIN_PANELS).clamp(1, 8);
        let private = PRIVATE_ELEMENTS / sums.max(1);
        let runs = TASKS.div_ceil(column_runs * panel_runs);
        Self {
            runs: runs.min(private).min(blocks.div_ceil(2)).max(1),
            columns: column_runs,
            panels: panel_runs,
        }
    }
}

/// Gradient `[Co, Ci, k, k]` for input `[N, H, W, Ci]` and output gradient `[N, Ho, Wo, Co]`.
pub(super) fn weight_grad(conv: &Conv, x: &[f32], grad: &[f32]) -> Vec<f32> {
    let source = Source::input(conv, x);
    let width = conv.set.panel();
    let pixels = conv.images * conv.output[0] * conv.output[1];
    let blocks = pixels.div_ceil(BLOCK);
    let per_tap = source.len.div_ceil(width);
    let columns = source.taps.len() * per_tap;
    let panels = conv.out_channels.div_ceil(width);
    let len = columns * conv.out_channels * width;
    let split = Split::new(blocks, columns, panels, len);

    let mut sums = vec![0.0f32; split.runs * len];
    let shared = Shared::over(&mut sums);
    let run = |task: usize| {
        let (rest, panel) = (task / split.panels, task % split.panels);
        let (run, column) = (rest / split.columns, rest % split.columns);
        let part =
            |index: usize, of: usize, total: usize| index * total / of..(index + 1) * total / of;
        dispatch(
            conv.set,
            Run {
                conv,
                source: &source,
                grad,
                per_tap,
                blocks: part(run, split.runs, blocks),
                columns: part(column, split.columns, columns),
                panels: part(panel, split.panels, panels),
                sums: shared,
                first: run * len,
            },
        );
    };
    (0..split.runs * split.columns * split.panels)
        .into_par_iter()
        .for_each(run);

    // Later runs are added to the first, in order.
    let (total, parts) = sums.split_at_mut(len);
    const CHUNK: usize = 16 * 1024;
    total
        .par_chunks_mut(CHUNK)
        .enumerate()
        .for_each(|(index, total)| {
            for part in parts.chunks_exact(len) {
                let part = &part[index * CHUNK..][..total.len()];
                total
                    .iter_mut()
                    .zip(part)
                    .for_each(|(sum, part)| *sum += part);
            }
        });
    unpack(conv, &source, total, per_tap, width)
}

/// Sums `[tap][panel of inputs][output][lane]` as weights `[Co, Ci, k, k]`.
fn unpack(
    conv: &Conv,
    source: &Source<'_>,
    sums: &[f32],
    per_tap: usize,
    width: usize,
) -> Vec<f32> {
    let (inputs, area) = (conv.in_channels, conv.kernel * conv.kernel);
    let mut weight = vec![0.0f32; conv.out_channels * inputs * area];
    let column = conv.out_channels * width;
    weight
        .par_chunks_mut(inputs * area)
        .enumerate()
        .for_each(|(output, weight)| {
            let panel = |tap: usize, part: usize| {
                let at = (tap * per_tap + part) * column + output * width;
                &sums[at..at + width.min(source.len - part * width)]
            };
            if source.len == inputs {
                for (part, weight) in weight.chunks_mut(width * area).enumerate() {
                    if area == 1 {
                        weight.copy_from_slice(panel(0, part));
                        continue;
                    }
                    for tap in 0..area {
                        let weight = weight[tap..].iter_mut().step_by(area);
                        weight
                            .zip(panel(tap, part))
                            .for_each(|(to, from)| *to = *from);
                    }
                }
                return;
            }
            // Merged taps hold the elements of several kernel columns.
            for tap in 0..source.taps.len() {
                for part in 0..per_tap {
                    for (lane, from) in panel(tap, part).iter().enumerate() {
                        let element = tap * source.len + part * width + lane;
                        weight[element % inputs * area + element / inputs] = *from;
                    }
                }
            }
        });
    weight
}

/// The sums of a run of blocks, for some columns and panels.
struct Run<'a> {
    conv: &'a Conv,
    source: &'a Source<'a>,
    grad: &'a [f32],
    /// Panels of inputs under one tap.
    per_tap: usize,
    blocks: Range<usize>,
    columns: Range<usize>,
    panels: Range<usize>,
    /// Private sums of all runs.
    sums: Shared<'a>,
    /// First element of this run's.
    first: usize,
}

impl Kernel for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let width = TILE_VECTORS * I::LANES;
        let c = self.conv;
        let [grid_rows, grid_cols] = c.output;
        let pixels = c.images * grid_rows * grid_cols;
        let mut grads = vec![0.0f32; self.panels.len() * BLOCK * width];
        let mut column_panels = vec![0.0f32; TOGETHER * BLOCK * width];
        let bf16 = c.in_bf16();
        let mut pairs = vec![0.0f32; if bf16 { BLOCK * width } else { 0 }];
        let mut places = [[0usize; 3]; BLOCK];
        for block in self.blocks.clone() {
            let first = block * BLOCK;
            let count = BLOCK.min(pixels - first);
            for (pixel, place) in places[..count].iter_mut().enumerate() {
                let at = first + pixel;
                *place = [
                    at / (grid_rows * grid_cols),
                    at / grid_cols % grid_rows,
                    at % grid_cols,
                ];
            }
            for (panel, packed) in self
                .panels
                .clone()
                .zip(grads.chunks_exact_mut(BLOCK * width))
            {
                let channel = panel * width;
                let used = width.min(c.out_channels - channel);
                let rows = self.grad[first * c.out_channels..].chunks_exact(c.out_channels);
                for (to, row) in packed.chunks_exact_mut(width).zip(rows).take(count) {
                    copy(isa, &row[channel..channel + used], to);
                }
                if bf16 {
                    pairs.copy_from_slice(packed);
                    pair_panel(&pairs[..count * width], packed, width);
                }
            }
            let mut column = self.columns.start;
            while column < self.columns.end {
                let (tap, part) = (column / self.per_tap, column % self.per_tap);
                let together = TOGETHER
                    .min(self.per_tap - part)
                    .min(self.columns.end - column);
                for (pixel, [image, row, col]) in places[..count].iter().enumerate() {
                    let start = self.source.at(*image, [*row, *col], self.source.taps[tap]);
                    for index in 0..together {
                        let to = (index * BLOCK + pixel) * width;
                        let to = &mut column_panels[to..to + width];
                        let element = (part + index) * width;
                        let used = width.min(self.source.len - element);
                        match start {
                            Some(at) => {
                                copy(isa, &self.source.values[at + element..][..used], to);
                            }
                            None => to.fill(0.0),
                        }
                    }
                }
                for panel in column_panels.chunks_exact_mut(BLOCK * width).take(together) {
                    if bf16 {
                        pairs.copy_from_slice(panel);
                        pair_panel(&pairs[..count * width], panel, width);
                    }
                    let points = if bf16 { count.div_ceil(2) } else { count };
                    self.products(isa, column, panel, &grads, points, bf16);
                    column += 1;
                }
            }
        }
    }
}

impl Run<'_> {
    /// Adds the products of one column's panel with all panels of the gradient.
    #[inline(always)]
    fn products<I: Isa>(
        &self,
        isa: I,
        column: usize,
        source: &[f32],
        grads: &[f32],
        points: usize,
        bf16: bool,
    ) {
        let width = TILE_VECTORS * I::LANES;
        let outputs = self.conv.out_channels;
        for (panel, packed) in self.panels.clone().zip(grads.chunks_exact(BLOCK * width)) {
            let channel = panel * width;
            let used = width.min(outputs - channel);
            let at = self.first + (column * outputs + channel) * width;
            // SAFETY: both sides hold `BLOCK >= points` panels. The sums of this run, column and
            // these rows lie in range (`slice` checks) and are written by this task alone, as runs,
            // columns and panels are split among the tasks.
            unsafe {
                let sums = self.sums.slice(at, used * width);
                let outer = Outer {
                    points,
                    a: packed.as_ptr(),
                    b: source.as_ptr(),
                    sums: sums.as_mut_ptr(),
                    bf16,
                };
                outer_panels(isa, outer, used);
            }
        }
    }
}

/// Copies a row to one panel, zero padded.
#[inline(always)]
fn copy<I: Isa>(isa: I, from: &[f32], to: &mut [f32]) {
    if from.len() == TILE_VECTORS * I::LANES && to.len() == from.len() {
        // SAFETY: both hold two vectors.
        unsafe {
            let (low, high) = (
                isa.load(from.as_ptr()),
                isa.load(from.as_ptr().add(I::LANES)),
            );
            isa.store(to.as_mut_ptr(), low);
            isa.store(to.as_mut_ptr().add(I::LANES), high);
        }
    } else {
        to[..from.len()].copy_from_slice(from);
        to[from.len()..].fill(0.0);
    }
}

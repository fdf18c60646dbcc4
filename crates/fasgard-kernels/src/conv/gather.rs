//! The driver of the register tiles: blocks of pixels by panels of output channels.
//!
//! For every block a table of row pointers is made, one per tap and pixel, where padding points at
//! a row of zeros; nothing is copied (implicit GEMM through indirection, as in Dukhan 2019,
//! arXiv 1907.02129). Long sums are split into groups of taps or channels whose panel stays in the
//! first-level cache while a block's tiles pass over it.

use super::source::Source;
use crate::Activation;
use crate::isa::{InstructionSet, Isa, Kernel, dispatch};
use crate::memory::Shared;
use crate::tile::{Finish, Tile};
use rayon::prelude::*;
use std::ops::Range;

/// Pixels of a block, about: a multiple of the tile's rows near it.
const BLOCK: usize = 96;
/// Most elements summed over in one pass.
const GROUP: usize = 512;
/// Tasks a small convolution is split into, if its panels allow.
const TASKS: usize = 16;

/// Where the outputs of a grid of pixels lie.
#[derive(Clone, Copy)]
pub(super) struct Destination {
    /// Elements from one image, row and column of the grid to the next.
    pub(super) steps: [usize; 3],
    /// Element of the first pixel.
    pub(super) first: usize,
}

impl Destination {
    /// Pixels side by side.
    pub(super) fn dense(grid: [usize; 2], channels: usize) -> Self {
        Self {
            steps: [grid[0] * grid[1] * channels, grid[1] * channels, channels],
            first: 0,
        }
    }
}

/// `out[pixel, o] = sum over taps, elements of source[pixel + tap, element] * panels[o, tap, element]`.
pub(super) struct Gather<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) images: usize,
    /// Rows and columns of output pixels.
    pub(super) grid: [usize; 2],
    /// Weights `[panel][taps][len][lanes]`.
    pub(super) panels: &'a [f32],
    pub(super) channels: usize,
    pub(super) destination: Destination,
    pub(super) out: Shared<'a>,
    /// Whole panels.
    pub(super) bias: Option<&'a [f32]>,
    /// Laid out as `out`.
    pub(super) residual: Option<&'a [f32]>,
    pub(super) activation: Activation,
    /// Source and weights are pairs of `bf16`.
    pub(super) bf16: bool,
    pub(super) set: InstructionSet,
}

/// Part of a sum: some taps in full, or some elements of one tap.
struct Group {
    taps: Range<usize>,
    elements: Range<usize>,
}

fn groups(taps: usize, len: usize) -> Vec<Group> {
    if taps == 0 || len <= GROUP {
        // Without taps one empty group writes the zeros.
        let parts = (taps * len).div_ceil(GROUP).clamp(1, taps.max(1));
        return (0..parts)
            .map(|part| Group {
                taps: part * taps / parts..(part + 1) * taps / parts,
                elements: 0..len,
            })
            .collect();
    }
    let parts = len.div_ceil(GROUP);
    (0..taps)
        .flat_map(|tap| {
            (0..parts).map(move |part| Group {
                taps: tap..tap + 1,
                elements: part * len / parts..(part + 1) * len / parts,
            })
        })
        .collect()
}

impl Gather<'_> {
    /// Writes every output of the grid.
    pub(super) fn run(&self) {
        let rows = self.set.rows();
        let width = self.set.panel();
        let block = BLOCK.div_ceil(rows) * rows;
        let pixels = self.images * self.grid[0] * self.grid[1];
        let blocks = pixels.div_ceil(block);
        let panels = self.channels.div_ceil(width);
        let splits = TASKS.div_ceil(blocks).min(panels.div_ceil(2)).max(1);
        let (taps, len) = (self.source.taps.len(), self.source.len);
        assert!(self.panels.len() >= panels * taps * len * width);
        if pixels > 0 {
            // The furthest output: every other one lies before it.
            let last = [self.images - 1, self.grid[0] - 1, self.grid[1] - 1];
            let steps = self.destination.steps;
            let end = self.destination.first
                + (0..3).map(|axis| last[axis] * steps[axis]).sum::<usize>()
                + self.channels;
            assert!(end <= self.out.len(), "{end} of {} outputs", self.out.len());
        }
        let groups = groups(taps, len);
        let zeros = vec![0.0f32; len];
        (0..blocks * splits).into_par_iter().for_each_init(
            || (Vec::new(), Vec::new()),
            |(rows, outs), task| {
                let (index, split) = (task / splits, task % splits);
                dispatch(
                    self.set,
                    Block {
                        gather: self,
                        groups: &groups,
                        zeros: &zeros,
                        pixels: index * block..((index + 1) * block).min(pixels),
                        panels: split * panels / splits..(split + 1) * panels / splits,
                        rows,
                        outs,
                    },
                );
            },
        );
    }
}

struct Block<'a, 'b> {
    gather: &'a Gather<'b>,
    groups: &'a [Group],
    zeros: &'a [f32],
    pixels: Range<usize>,
    panels: Range<usize>,
    rows: &'a mut Vec<*const f32>,
    outs: &'a mut Vec<usize>,
}

impl Block<'_, '_> {
    /// Fills the tables: rows `[tile][tap][pixel]` and outputs `[pixel]`. Returns tile heights.
    fn tables(&mut self, tile_rows: usize) -> (usize, usize) {
        let (g, source) = (self.gather, self.gather.source);
        let (count, taps) = (self.pixels.len(), source.taps.len());
        // Tiles of equal height: a remainder of one row would wait on latency.
        let tiles = count.div_ceil(tile_rows);
        let (height, taller) = (count / tiles, count % tiles);
        self.rows.resize(count * taps, std::ptr::null());
        self.outs.resize(count, 0);
        let [grid_rows, grid_cols] = g.grid;
        let mut image = self.pixels.start / (grid_rows * grid_cols);
        let mut row = self.pixels.start / grid_cols % grid_rows;
        let mut col = self.pixels.start % grid_cols;
        let mut pixel = 0;
        for tile in 0..tiles {
            let tile_height = height + usize::from(tile < taller);
            let first = pixel * taps;
            for place in 0..tile_height {
                for (tap, at) in source.taps.iter().enumerate() {
                    let from = match source.at(image, [row, col], *at) {
                        Some(at) => source.values[at..at + source.len].as_ptr(),
                        None => self.zeros.as_ptr(),
                    };
                    self.rows[first + tap * tile_height + place] = from;
                }
                let [image_step, row_step, col_step] = g.destination.steps;
                self.outs[pixel] =
                    g.destination.first + image * image_step + row * row_step + col * col_step;
                pixel += 1;
                col += 1;
                if col == grid_cols {
                    (row, col) = (row + 1, 0);
                    if row == grid_rows {
                        (image, row) = (image + 1, 0);
                    }
                }
            }
        }
        (height, taller)
    }
}

impl Kernel for Block<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) {
        let width = crate::isa::TILE_VECTORS * I::LANES;
        let (height, taller) = self.tables(I::ROWS);
        let count = self.pixels.len();
        let tiles = count.div_ceil(I::ROWS);
        let g = self.gather;
        let (taps, len) = (g.source.taps.len(), g.source.len);
        let out = g.out.at(0);
        for (index, group) in self.groups.iter().enumerate() {
            let last = index + 1 == self.groups.len();
            for panel in self.panels.clone() {
                let channel = panel * width;
                let used = width.min(g.channels - channel);
                let first = (panel * taps + group.taps.start) * len + group.elements.start;
                let weights = g.panels[first * width..].as_ptr();
                let null = std::ptr::null();
                let finish = Finish {
                    bias: match g.bias {
                        Some(bias) if index == 0 => bias[channel..channel + width].as_ptr(),
                        _ => null,
                    },
                    residual: match g.residual {
                        Some(residual) if last => residual[channel..].as_ptr(),
                        _ => null,
                    },
                    activation: if last {
                        g.activation
                    } else {
                        Activation::Identity
                    },
                };
                let mut pixel = 0;
                for tile in 0..tiles {
                    let tile_height = height + usize::from(tile < taller);
                    let row = pixel * taps + group.taps.start * tile_height;
                    // SAFETY: `tables` made `taps * tile_height` pointers to `len` floats each for
                    // this tile, all of them bounds checked; `run` checked that panels and outputs
                    // are there; the residual has the output's length. Every task has its own
                    // pixels or panels, so no two write the same output.
                    unsafe {
                        Tile {
                            rows: self.rows[row..].as_ptr(),
                            height: tile_height,
                            taps: group.taps.len(),
                            offset: group.elements.start,
                            len: group.elements.len(),
                            panel: weights,
                            outs: self.outs[pixel..].as_ptr(),
                            out: out.add(channel),
                            used,
                            resume: index > 0,
                            bf16: g.bf16,
                            finish,
                        }
                        .run(isa);
                    }
                    pixel += tile_height;
                }
            }
        }
    }
}

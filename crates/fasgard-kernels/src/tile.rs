//! The register tile every convolution here is made of: pixels by output channels.
//!
//! A tile is up to [`Isa::ROWS`] pixels by two vectors of output channels. Only loops with constant
//! bounds touch the accumulators, so that they stay in registers (a test of the machine code checks
//! that they do); what does not fill a tile goes through a copy of it on the stack.

use crate::Activation;
use crate::isa::{Isa, Kernel, MAX_PANEL, TILE_VECTORS};
use std::mem::MaybeUninit;

/// One tile: for its pixels `i` and the panel's channels `v`,
/// `out[outs[i] + v] = start + sum over taps t, elements j of rows[t][i][offset + j] * panel[t][j][v]`.
#[derive(Clone, Copy)]
pub(crate) struct Tile {
    /// Source rows, `[taps][height]`.
    pub(crate) rows: *const *const f32,
    /// Pixels.
    pub(crate) height: usize,
    /// Kernel elements summed over.
    pub(crate) taps: usize,
    /// First element of every row that is used.
    pub(crate) offset: usize,
    /// Elements of a row that are used.
    pub(crate) len: usize,
    /// Weights `[taps][len][panel]`.
    pub(crate) panel: *const f32,
    /// Where each pixel's channels begin, relative to `out`.
    pub(crate) outs: *const usize,
    pub(crate) out: *mut f32,
    /// Channels of the panel that exist.
    pub(crate) used: usize,
    /// Whether to start from what `out` holds.
    pub(crate) resume: bool,
    /// Multiply pairs of `bf16` rather than `f32`.
    pub(crate) bf16: bool,
    pub(crate) finish: Finish,
}

/// What is done with a finished sum. Null pointers stand for nothing.
#[derive(Clone, Copy)]
pub(crate) struct Finish {
    /// One value a channel, whole panels: the start of the sum.
    pub(crate) bias: *const f32,
    /// Added at the end, laid out as `out`.
    pub(crate) residual: *const f32,
    /// Applied at the end.
    pub(crate) activation: Activation,
}

impl Finish {
    pub(crate) const NOTHING: Self = Self {
        bias: std::ptr::null(),
        residual: std::ptr::null(),
        activation: Activation::Identity,
    };
}

impl Tile {
    /// Computes the tile.
    ///
    /// # Safety
    /// For every tap and pixel, `offset + len` floats can be read behind the row's pointer, and
    /// `taps * len` panels at `panel`; `used` floats can be read and written at `out + outs[i]`, and
    /// at `residual + outs[i]` where there is one; `bias` holds a whole panel where there is one.
    /// `used` is at most a panel, `height` at most [`Isa::ROWS`].
    #[inline(always)]
    pub(crate) unsafe fn run<I: Isa>(self, isa: I) {
        // SAFETY: passed on.
        unsafe {
            match self.height {
                1 => self.sized::<I, 1>(isa),
                2 => self.sized::<I, 2>(isa),
                3 => self.sized::<I, 3>(isa),
                4 => self.sized::<I, 4>(isa),
                5 => self.sized::<I, 5>(isa),
                6 => self.sized::<I, 6>(isa),
                7 if I::ROWS > 6 => self.sized::<I, 7>(isa),
                8 if I::ROWS > 6 => self.sized::<I, 8>(isa),
                9 if I::ROWS > 6 => self.sized::<I, 9>(isa),
                10 if I::ROWS > 6 => self.sized::<I, 10>(isa),
                11 if I::ROWS > 6 => self.sized::<I, 11>(isa),
                12 if I::ROWS > 6 => self.sized::<I, 12>(isa),
                13 if I::ROWS > 12 => self.sized::<I, 13>(isa),
                14 if I::ROWS > 12 => self.sized::<I, 14>(isa),
                _ => {}
            }
        }
    }

    /// # Safety
    /// As for [`Tile::run`].
    #[inline(always)]
    unsafe fn sized<I: Isa, const MR: usize>(self, isa: I) {
        if self.bf16 {
            isa.call(Sized::<MR, true>(self));
        } else {
            isa.call(Sized::<MR, false>(self));
        }
    }
}

/// A tile of a height known to the compiler. Only made by [`Tile::run`], whose caller vouches for
/// the pointers.
struct Sized<const MR: usize, const BF16: bool>(Tile);

impl<const MR: usize, const BF16: bool> Kernel for Sized<MR, BF16> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let tile = self.0;
        let width = TILE_VECTORS * I::LANES;
        // SAFETY: `Tile::run`'s conditions hold, as this type is made there alone. A panel that is
        // not full reads and writes `used` floats of memory and whole vectors of `edge`, which is
        // as large as any tile.
        unsafe {
            let mut acc = [[isa.splat(0.0); TILE_VECTORS]; MR];
            let full = tile.used == width;
            // Zeroed only where it is used: for a short sum that would take a tenth of the time.
            let mut edge = MaybeUninit::<[[f32; MAX_PANEL]; MR]>::uninit();
            if !full {
                edge.write([[0.0; MAX_PANEL]; MR]);
            }
            let edge: *mut f32 = edge.as_mut_ptr().cast();
            if tile.resume {
                if !full {
                    for i in 0..MR {
                        let from = tile.out.add(*tile.outs.add(i));
                        std::ptr::copy_nonoverlapping(from, edge.add(i * MAX_PANEL), tile.used);
                    }
                }
                for i in 0..MR {
                    let from: *const f32 = if full {
                        tile.out.add(*tile.outs.add(i))
                    } else {
                        edge.add(i * MAX_PANEL)
                    };
                    acc[i] = [isa.load(from), isa.load(from.add(I::LANES))];
                }
            } else if !tile.finish.bias.is_null() {
                let bias = tile.finish.bias;
                let bias = [isa.load(bias), isa.load(bias.add(I::LANES))];
                acc = [bias; MR];
            }
            accumulate::<I, MR, BF16>(isa, &tile, &mut acc);
            if !tile.finish.residual.is_null() {
                if !full {
                    for i in 0..MR {
                        let from = tile.finish.residual.add(*tile.outs.add(i));
                        std::ptr::copy_nonoverlapping(from, edge.add(i * MAX_PANEL), tile.used);
                    }
                }
                for i in 0..MR {
                    let from: *const f32 = if full {
                        tile.finish.residual.add(*tile.outs.add(i))
                    } else {
                        edge.add(i * MAX_PANEL)
                    };
                    acc[i][0] = isa.add(acc[i][0], isa.load(from));
                    acc[i][1] = isa.add(acc[i][1], isa.load(from.add(I::LANES)));
                }
            }
            if tile.finish.activation != Activation::Identity {
                for acc in &mut acc {
                    *acc = [isa.relu(acc[0]), isa.relu(acc[1])];
                }
            }
            if tile.finish.activation == Activation::Relu6 {
                let ceiling = isa.splat(Activation::Relu6.ceiling());
                for acc in &mut acc {
                    *acc = [isa.at_most(acc[0], ceiling), isa.at_most(acc[1], ceiling)];
                }
            }
            for i in 0..MR {
                let to: *mut f32 = if full {
                    tile.out.add(*tile.outs.add(i))
                } else {
                    edge.add(i * MAX_PANEL)
                };
                isa.store(to, acc[i][0]);
                isa.store(to.add(I::LANES), acc[i][1]);
            }
            if !full {
                for i in 0..MR {
                    let to = tile.out.add(*tile.outs.add(i));
                    std::ptr::copy_nonoverlapping(edge.add(i * MAX_PANEL), to, tile.used);
                }
            }
        }
    }
}

/// # Safety
/// As for [`Tile::run`].
#[inline(always)]
unsafe fn accumulate<I: Isa, const MR: usize, const BF16: bool>(
    isa: I,
    tile: &Tile,
    acc: &mut [[I::V; TILE_VECTORS]; MR],
) {
    let width = TILE_VECTORS * I::LANES;
    let mut panel = tile.panel;
    let mut rows = tile.rows;
    for _ in 0..tile.taps {
        let mut source = [std::ptr::null::<f32>(); MR];
        // SAFETY: the table holds `taps * height` pointers, each with `offset + len` floats.
        unsafe {
            for i in 0..MR {
                source[i] = (*rows.add(i)).add(tile.offset);
            }
            rows = rows.add(MR);
        }
        for j in 0..tile.len {
            // SAFETY: `j < len` floats of every row and `taps * len` panels can be read.
            unsafe {
                let weights = [isa.load(panel), isa.load(panel.add(I::LANES))];
                for i in 0..MR {
                    let value = isa.splat(*source[i].add(j));
                    if BF16 {
                        acc[i][0] = isa.dot_bf16(value, weights[0], acc[i][0]);
                        acc[i][1] = isa.dot_bf16(value, weights[1], acc[i][1]);
                    } else {
                        acc[i][0] = isa.mul_add(value, weights[0], acc[i][0]);
                        acc[i][1] = isa.mul_add(value, weights[1], acc[i][1]);
                    }
                }
                panel = panel.add(width);
            }
        }
    }
}

/// One tile of a sum of outer products: for its rows `i` and the lanes `v` of a panel,
/// `sums[i][v] += sum over points p of a[p][first + i] * b[p][v]`, all in panels.
#[derive(Clone, Copy)]
pub(crate) struct Outer {
    pub(crate) points: usize,
    /// Broadcast side, `[points][panel]`, from its first row's lane.
    pub(crate) a: *const f32,
    /// Vector side, `[points][panel]`.
    pub(crate) b: *const f32,
    /// `[height][panel]`.
    pub(crate) sums: *mut f32,
    pub(crate) bf16: bool,
}

/// Adds the outer products of two panels to `sums`, `[rows][panel]`.
///
/// # Safety
/// `points` panels can be read at `outer.a` and `outer.b`, and `rows` panels read and written at
/// `outer.sums`; `rows` is at most a panel.
#[inline(always)]
pub(crate) unsafe fn outer_panels<I: Isa>(isa: I, outer: Outer, rows: usize) {
    let width = TILE_VECTORS * I::LANES;
    // Tiles of equal height: a remainder of one row would wait on latency.
    let tiles = rows.div_ceil(I::ROWS);
    let mut first = 0;
    for tile in 0..tiles {
        let height = (rows - first).div_ceil(tiles - tile);
        // SAFETY: rows `first .. first + height` of the `rows` vouched for.
        unsafe {
            let outer = Outer {
                a: outer.a.add(first),
                sums: outer.sums.add(first * width),
                ..outer
            };
            match height {
                1 => outer.sized::<I, 1>(isa),
                2 => outer.sized::<I, 2>(isa),
                3 => outer.sized::<I, 3>(isa),
                4 => outer.sized::<I, 4>(isa),
                5 => outer.sized::<I, 5>(isa),
                6 => outer.sized::<I, 6>(isa),
                7 if I::ROWS > 6 => outer.sized::<I, 7>(isa),
                8 if I::ROWS > 6 => outer.sized::<I, 8>(isa),
                9 if I::ROWS > 6 => outer.sized::<I, 9>(isa),
                10 if I::ROWS > 6 => outer.sized::<I, 10>(isa),
                11 if I::ROWS > 6 => outer.sized::<I, 11>(isa),
                12 if I::ROWS > 6 => outer.sized::<I, 12>(isa),
                13 if I::ROWS > 12 => outer.sized::<I, 13>(isa),
                14 if I::ROWS > 12 => outer.sized::<I, 14>(isa),
                _ => {}
            }
        }
        first += height;
    }
}

impl Outer {
    /// # Safety
    /// As for [`outer_panels`], with `MR` rows.
    #[inline(always)]
    unsafe fn sized<I: Isa, const MR: usize>(self, isa: I) {
        if self.bf16 {
            isa.call(OuterSized::<MR, true>(self));
        } else {
            isa.call(OuterSized::<MR, false>(self));
        }
    }
}

/// Only made by [`outer_panels`], whose caller vouches for the pointers.
struct OuterSized<const MR: usize, const BF16: bool>(Outer);

impl<const MR: usize, const BF16: bool> Kernel for OuterSized<MR, BF16> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Outer {
            points, a, b, sums, ..
        } = self.0;
        let width = TILE_VECTORS * I::LANES;
        // SAFETY: `outer_panels`'s conditions hold, as this type is made there alone.
        unsafe {
            let mut acc = [[isa.splat(0.0); TILE_VECTORS]; MR];
            for p in 0..points {
                let (a, b) = (a.add(p * width), b.add(p * width));
                let b = [isa.load(b), isa.load(b.add(I::LANES))];
                for i in 0..MR {
                    let value = isa.splat(*a.add(i));
                    if BF16 {
                        acc[i][0] = isa.dot_bf16(value, b[0], acc[i][0]);
                        acc[i][1] = isa.dot_bf16(value, b[1], acc[i][1]);
                    } else {
                        acc[i][0] = isa.mul_add(value, b[0], acc[i][0]);
                        acc[i][1] = isa.mul_add(value, b[1], acc[i][1]);
                    }
                }
            }
            for i in 0..MR {
                let sum = sums.add(i * width);
                isa.store(sum, isa.add(isa.load(sum), acc[i][0]));
                let sum = sum.add(I::LANES);
                isa.store(sum, isa.add(isa.load(sum), acc[i][1]));
            }
        }
    }
}

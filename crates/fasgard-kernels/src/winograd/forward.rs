//! The transformed forward pass, also that of the input's gradient.
//!
//! A task takes a block of tiles: their inputs are transformed to 36 small matrices, multiplied
//! with the transformed weights by the register tiles of the direct convolution, and the products
//! transformed back, some panels of channels at a time, so that all of it stays in the core's cache.

use super::transform::{IN, OUT, POINTS, input_2d, output_2d};
use crate::Activation;
use crate::conv::{Epilogue, pack};
use crate::isa::{
    InstructionSet, Isa, Kernel, MAX_PANEL, TILE_VECTORS, activate, dispatch, load_part,
};
use crate::memory::{self, Shared};
use crate::tile::{Finish, Tile};
use rayon::prelude::*;
use std::ops::Range;

/// Register tiles a block of tiles fills: more would not fit the second-level cache.
const BLOCK: usize = 2;
/// Panels of output channels between two output transforms.
const PANELS: usize = 4;
/// Floats of a cache line, kept between planes: planes a multiple of 4 KiB apart would all fall into
/// the same few sets of the first-level cache.
pub(super) const LINE: usize = 16;
/// Tasks a small map is split into, if its panels allow.
const TASKS: usize = 8;

/// A 3x3 correlation of stride 1 from `[N, from, in_channels]` to `[N, to, out_channels]`.
pub(super) struct Map {
    pub(super) images: usize,
    pub(super) from: [usize; 2],
    pub(super) in_channels: usize,
    pub(super) to: [usize; 2],
    pub(super) out_channels: usize,
    pub(super) padding: usize,
    pub(super) set: InstructionSet,
}

impl Map {
    /// Runs it with weights `[panel][36][in_channels][lanes]`.
    pub(super) fn run(&self, x: &[f32], weights: &[f32], epilogue: Epilogue<'_>) -> Vec<f32> {
        let width = self.set.panel();
        let panels = self.out_channels.div_ceil(width);
        let grid = self.to.map(|size| size.div_ceil(OUT));
        let tiles = self.images * grid[0] * grid[1];
        let rows = self.set.rows();
        let block = (BLOCK * rows).min(tiles);
        let blocks = tiles.div_ceil(block);
        let splits = TASKS.div_ceil(blocks).min(panels.div_ceil(2)).max(1);
        let bias = epilogue.bias.map(|bias| pack::per_channel(bias, width));
        let len = self.images * self.to[0] * self.to[1] * self.out_channels;
        assert_eq!(
            x.len(),
            self.images * self.from[0] * self.from[1] * self.in_channels
        );
        assert_eq!(weights.len(), panels * POINTS * self.in_channels * width);
        assert!(
            epilogue
                .residual
                .is_none_or(|residual| residual.len() == len)
        );
        let run = |out: Shared<'_>| {
            (0..blocks * splits).into_par_iter().for_each_init(
                Scratch::default,
                |scratch, task| {
                    let (index, split) = (task / splits, task % splits);
                    dispatch(
                        self.set,
                        Block {
                            map: self,
                            x,
                            weights,
                            grid,
                            tiles: index * block..((index + 1) * block).min(tiles),
                            panels: split * panels / splits..(split + 1) * panels / splits,
                            bias: bias.as_deref(),
                            residual: epilogue.residual,
                            activation: epilogue.activation,
                            out,
                            scratch,
                        },
                    );
                },
            );
        };
        // SAFETY: every output pixel lies in exactly one tile, every channel in one panel.
        unsafe { memory::filled(len, run) }
    }
}

/// Buffers a worker keeps between blocks.
#[derive(Default)]
struct Scratch {
    /// Transformed inputs `[36][tiles][channels, whole vectors]`, planes a line apart.
    inputs: Vec<f32>,
    /// Products `[36][tiles][channels of some panels]`.
    products: Vec<f32>,
    rows: Vec<*const f32>,
    outs: Vec<usize>,
}

struct Block<'a> {
    map: &'a Map,
    x: &'a [f32],
    weights: &'a [f32],
    /// Tiles along rows and columns of an image.
    grid: [usize; 2],
    tiles: Range<usize>,
    panels: Range<usize>,
    bias: Option<&'a [f32]>,
    residual: Option<&'a [f32]>,
    activation: Activation,
    out: Shared<'a>,
    scratch: &'a mut Scratch,
}

impl Kernel for Block<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let width = TILE_VECTORS * I::LANES;
        let map = self.map;
        let count = self.tiles.len();
        let row = map.in_channels.div_ceil(I::LANES) * I::LANES;
        let Scratch {
            inputs,
            products,
            rows,
            outs,
        } = self.scratch;
        let plane = count * row + LINE;
        inputs.resize(POINTS * plane, 0.0);
        for (index, tile) in self.tiles.clone().enumerate() {
            let corner = corner(self.grid, tile);
            // SAFETY: `inputs` holds 36 planes of `count` rows of whole vectors.
            unsafe {
                let to = inputs.as_mut_ptr().add(index * row);
                gather_tile(isa, map, self.x, corner, to, plane);
            }
        }
        rows.clear();
        rows.extend((0..count).map(|tile| inputs[tile * row..].as_ptr()));
        let tiles = count.div_ceil(I::ROWS);
        let (height, taller) = (count / tiles, count % tiles);
        let mut first = self.panels.start;
        while first < self.panels.end {
            let group = PANELS.min(self.panels.end - first);
            let channels = group * width;
            let products_plane = count * channels + LINE;
            products.resize(POINTS * products_plane, 0.0);
            outs.clear();
            outs.extend((0..count).map(|tile| tile * channels));
            for point in 0..POINTS {
                for panel in 0..group {
                    let at = ((first + panel) * POINTS + point) * map.in_channels * width;
                    let weights = self.weights[at..at + map.in_channels * width].as_ptr();
                    let out = products[point * products_plane + panel * width..].as_mut_ptr();
                    let mut begin = 0;
                    for tile in 0..tiles {
                        let height = height + usize::from(tile < taller);
                        // SAFETY: the rows of this point's plane hold `row >= in_channels` floats,
                        // its products `count` rows of `channels`, and the panel was bounds checked.
                        unsafe {
                            Tile {
                                rows: rows[begin..].as_ptr(),
                                height,
                                taps: 1,
                                offset: point * plane,
                                len: map.in_channels,
                                panel: weights,
                                outs: outs[begin..].as_ptr(),
                                out,
                                used: width,
                                resume: false,
                                bf16: false,
                                finish: Finish::NOTHING,
                            }
                            .run(isa);
                        }
                        begin += height;
                    }
                }
            }
            for (index, tile) in self.tiles.clone().enumerate() {
                let corner = corner(self.grid, tile);
                let target = Target {
                    bias: self.bias,
                    residual: self.residual,
                    activation: self.activation,
                    out: self.out,
                    first: first * width,
                    channels,
                };
                // SAFETY: `products` holds 36 planes of `count` rows of `channels`; this task alone
                // writes this tile's pixels in these channels.
                unsafe {
                    let from = products.as_ptr().add(index * channels);
                    scatter_tile(isa, map, from, products_plane, corner, &target);
                }
            }
            first += group;
        }
    }
}

/// Image, first output row and column of a tile.
#[inline(always)]
pub(super) fn corner(grid: [usize; 2], tile: usize) -> [usize; 3] {
    let (image, at) = (tile / (grid[0] * grid[1]), tile % (grid[0] * grid[1]));
    [image, at / grid[1] * OUT, at % grid[1] * OUT]
}

/// Where the 6x6 pixels of a tile begin in the source; `None` beyond its edges.
#[inline(always)]
pub(super) fn pixels<const SIDE: usize>(
    images: [usize; 3],
    channels: usize,
    padding: usize,
) -> impl Fn([usize; 3]) -> [[Option<usize>; SIDE]; SIDE] {
    let [_, height, width] = images;
    move |[image, top, left]| {
        let mut at = [[None; SIDE]; SIDE];
        for (row, line) in at.iter_mut().enumerate() {
            let y = (top + row).wrapping_sub(padding);
            for (col, place) in line.iter_mut().enumerate() {
                let x = (left + col).wrapping_sub(padding);
                if y < height && x < width {
                    *place = Some(((image * height + y) * width + x) * channels);
                }
            }
        }
        at
    }
}

/// A vector of channels of every pixel of a tile, zero where there is none.
#[inline(always)]
pub(super) fn gather<I: Isa, const SIDE: usize>(
    isa: I,
    from: &[f32],
    at: &[[Option<usize>; SIDE]; SIDE],
    channel: usize,
    channels: usize,
) -> [[I::V; SIDE]; SIDE] {
    let used = I::LANES.min(channels.saturating_sub(channel));
    let mut values = [[isa.splat(0.0); SIDE]; SIDE];
    if used == 0 {
        return values;
    }
    for row in 0..SIDE {
        for col in 0..SIDE {
            if let Some(at) = at[row][col] {
                values[row][col] = load_part(isa, &from[at + channel..at + channel + used]);
            }
        }
    }
    values
}

/// Transforms the inputs of one tile to `to`, `[36]` planes of a row of whole vectors.
///
/// # Safety
/// A row of whole vectors can be written in each of 36 planes, `plane` floats apart, from `to`.
#[inline(always)]
unsafe fn gather_tile<I: Isa>(
    isa: I,
    map: &Map,
    x: &[f32],
    corner: [usize; 3],
    to: *mut f32,
    plane: usize,
) {
    let [height, width] = map.from;
    let at = pixels::<IN>([map.images, height, width], map.in_channels, map.padding)(corner);
    let mut channel = 0;
    while channel < map.in_channels {
        let values = gather(isa, x, &at, channel, map.in_channels);
        let values = input_2d(isa, &values);
        for row in 0..IN {
            for col in 0..IN {
                // SAFETY: vouched for by the caller.
                unsafe { isa.store(to.add((row * IN + col) * plane + channel), values[row][col]) };
            }
        }
        channel += I::LANES;
    }
}

/// Where and how outputs are written.
struct Target<'a> {
    bias: Option<&'a [f32]>,
    residual: Option<&'a [f32]>,
    activation: Activation,
    out: Shared<'a>,
    /// First channel.
    first: usize,
    /// Channels of the products, whole panels.
    channels: usize,
}

/// Transforms the products of one tile and writes those outputs that exist.
///
/// # Safety
/// Whole vectors of `target.channels` can be read in each of 36 planes, `plane` floats apart, from
/// `from`; no other task touches the tile's outputs in these channels.
#[inline(always)]
unsafe fn scatter_tile<I: Isa>(
    isa: I,
    map: &Map,
    from: *const f32,
    plane: usize,
    [image, top, left]: [usize; 3],
    target: &Target<'_>,
) {
    let rows = OUT.min(map.to[0] - top);
    let cols = OUT.min(map.to[1] - left);
    for channel in (0..target.channels).step_by(I::LANES) {
        let first = target.first + channel;
        if first >= map.out_channels {
            break;
        }
        let used = I::LANES.min(map.out_channels - first);
        let mut values = [[isa.splat(0.0); IN]; IN];
        for row in 0..IN {
            for col in 0..IN {
                // SAFETY: vouched for by the caller.
                values[row][col] =
                    unsafe { isa.load(from.add((row * IN + col) * plane + channel)) };
            }
        }
        let values = output_2d(isa, &values);
        let bias = match target.bias {
            // SAFETY: the bias holds whole panels, so a vector from any channel that exists.
            Some(bias) => unsafe { isa.load(bias[first..first + I::LANES].as_ptr()) },
            None => isa.splat(0.0),
        };
        for row in 0..rows {
            for col in 0..cols {
                let pixel = (image * map.to[0] + top + row) * map.to[1] + left + col;
                let at = pixel * map.out_channels + first;
                let mut value = isa.add(values[row][col], bias);
                if let Some(residual) = target.residual {
                    let residual = &residual[at..at + used];
                    let residual = load_part(isa, residual);
                    value = isa.add(value, residual);
                }
                value = activate(isa, target.activation, value);
                assert!(at + used <= target.out.len());
                // SAFETY: in range by the assertion; disjoint as the caller vouches.
                unsafe {
                    let to = target.out.at(at);
                    if used == I::LANES {
                        isa.store(to, value);
                    } else {
                        let mut edge = [0.0f32; MAX_PANEL];
                        isa.store(edge.as_mut_ptr(), value);
                        std::ptr::copy_nonoverlapping(edge.as_ptr(), to, used);
                    }
                }
            }
        }
    }
}

//! The transformed gradient of the weights.
//!
//! A batch of tiles is transformed, input and output gradient, to panels of 36 matrices each; then
//! every point's outer products are added to its sums, one task a point and panel of inputs. No sum
//! is shared, so none is private to a thread.

use super::forward::{LINE, corner, gather, pixels};
use super::transform::{IN, OUT, POINTS, gradient_2d, input_2d, weight_gradient_2d};
use crate::conv::Conv;
use crate::isa::{Isa, Kernel, MAX_PANEL, TILE_VECTORS, dispatch};
use crate::memory::Shared;
use crate::tile::{Outer, outer_panels};
use rayon::prelude::*;
use std::ops::Range;

/// Tiles summed over in one pass.
const BATCH: usize = 128;
/// Tiles one task transforms.
const CHUNK: usize = 8;

/// Gradient `[Co, Ci, 3, 3]` for input `[N, H, W, Ci]` and output gradient `[N, Ho, Wo, Co]`.
pub(crate) fn weight_grad(conv: &Conv, x: &[f32], grad: &[f32]) -> Vec<f32> {
    let width = conv.set.panel();
    let grid = conv.output.map(|size| size.div_ceil(OUT));
    let tiles = conv.images * grid[0] * grid[1];
    let batch = BATCH.min(tiles);
    let (from, to) = (
        conv.in_channels.div_ceil(width),
        conv.out_channels.div_ceil(width),
    );
    let panel = batch * width + LINE;
    // Transformed inputs `[36][panel][tile][lane]`, gradients likewise.
    let mut inputs = vec![0.0f32; POINTS * from * panel];
    let mut grads = vec![0.0f32; POINTS * to * panel];
    // Sums `[36][panel of inputs][output][lane]`.
    let column = conv.out_channels * width;
    let mut sums = vec![0.0f32; POINTS * from * column];
    for first in (0..tiles).step_by(batch) {
        let count = batch.min(tiles - first);
        let (to_inputs, to_grads) = (Shared::over(&mut inputs), Shared::over(&mut grads));
        (0..count.div_ceil(CHUNK))
            .into_par_iter()
            .for_each(|chunk| {
                let range = chunk * CHUNK..((chunk + 1) * CHUNK).min(count);
                let (inputs, grads) = (to_inputs, to_grads);
                dispatch(
                    conv.set,
                    Transform {
                        conv,
                        x,
                        grad,
                        grid,
                        first,
                        range,
                        panel,
                        inputs,
                        grads,
                    },
                );
            });
        sums.par_chunks_mut(column)
            .enumerate()
            .for_each(|(index, sums)| {
                let (point, part) = (index / from, index % from);
                let inputs = &inputs[(point * from + part) * panel..][..panel];
                let grads = &grads[point * to * panel..][..to * panel];
                dispatch(
                    conv.set,
                    Products {
                        count,
                        inputs,
                        grads,
                        sums,
                    },
                );
            });
    }
    let mut weight = vec![0.0f32; conv.out_channels * conv.in_channels * 9];
    weight
        .par_chunks_mut(conv.in_channels * 9)
        .enumerate()
        .for_each(|(output, weight)| {
            dispatch(
                conv.set,
                Finish {
                    sums: &sums,
                    from,
                    column,
                    output,
                    weight,
                },
            );
        });
    weight
}

struct Transform<'a> {
    conv: &'a Conv,
    x: &'a [f32],
    grad: &'a [f32],
    grid: [usize; 2],
    /// First tile of the batch.
    first: usize,
    /// Tiles of the batch.
    range: Range<usize>,
    /// Elements of a panel.
    panel: usize,
    inputs: Shared<'a>,
    grads: Shared<'a>,
}

impl Kernel for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let width = TILE_VECTORS * I::LANES;
        let c = self.conv;
        let [height, cols] = c.input;
        let input_at = pixels::<IN>([c.images, height, cols], c.in_channels, c.padding);
        let [height, cols] = c.output;
        let grad_at = pixels::<OUT>([c.images, height, cols], c.out_channels, 0);
        for tile in self.range {
            let corner = corner(self.grid, self.first + tile);
            let at = input_at(corner);
            let panels = c.in_channels.div_ceil(width);
            for channel in (0..panels * width).step_by(I::LANES) {
                let values = gather(isa, self.x, &at, channel, c.in_channels);
                let values = input_2d(isa, &values);
                for point in 0..POINTS {
                    let plane = point * panels + channel / width;
                    let to = plane * self.panel + tile * width + channel % width;
                    assert!(to + I::LANES <= self.inputs.len());
                    // SAFETY: in range; this task alone writes this tile.
                    unsafe { isa.store(self.inputs.at(to), values[point / IN][point % IN]) };
                }
            }
            let at = grad_at(corner);
            let panels = c.out_channels.div_ceil(width);
            for channel in (0..panels * width).step_by(I::LANES) {
                let values = gather(isa, self.grad, &at, channel, c.out_channels);
                let values = gradient_2d(isa, &values);
                for point in 0..POINTS {
                    let plane = point * panels + channel / width;
                    let to = plane * self.panel + tile * width + channel % width;
                    assert!(to + I::LANES <= self.grads.len());
                    // SAFETY: in range; this task alone writes this tile.
                    unsafe { isa.store(self.grads.at(to), values[point / IN][point % IN]) };
                }
            }
        }
    }
}

/// The outer products of one point and panel of inputs.
struct Products<'a> {
    count: usize,
    /// `[batch][lane]`.
    inputs: &'a [f32],
    /// `[panel][batch][lane]`.
    grads: &'a [f32],
    /// `[output][lane]`.
    sums: &'a mut [f32],
}

impl Kernel for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let width = TILE_VECTORS * I::LANES;
        assert!(self.count * width <= self.inputs.len());
        let grads = self.grads.chunks_exact(self.inputs.len());
        for (grads, sums) in grads.zip(self.sums.chunks_mut(width * width)) {
            let outer = Outer {
                points: self.count,
                a: grads.as_ptr(),
                b: self.inputs.as_ptr(),
                sums: sums.as_mut_ptr(),
                bf16: false,
            };
            // SAFETY: both panels hold `count` rows; `sums` holds the rows it is said to.
            unsafe { outer_panels(isa, outer, sums.len() / width) };
        }
    }
}

/// Transforms the sums of one output channel back to weights.
struct Finish<'a> {
    sums: &'a [f32],
    /// Panels of inputs.
    from: usize,
    /// Elements of one point and panel.
    column: usize,
    output: usize,
    /// `[Ci][9]`.
    weight: &'a mut [f32],
}

impl Kernel for Finish<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let width = TILE_VECTORS * I::LANES;
        for (index, weight) in self.weight.chunks_mut(I::LANES * 9).enumerate() {
            let channel = index * I::LANES;
            let mut values = [[isa.splat(0.0); IN]; IN];
            for point in 0..POINTS {
                let at = (point * self.from + channel / width) * self.column
                    + self.output * width
                    + channel % width;
                let from = &self.sums[at..at + I::LANES];
                // SAFETY: a whole vector by the slice's length.
                values[point / IN][point % IN] = unsafe { isa.load(from.as_ptr()) };
            }
            let values = weight_gradient_2d(isa, &values);
            let mut lanes = [0.0f32; MAX_PANEL];
            for tap in 0..9 {
                // SAFETY: `lanes` is longer than a vector.
                unsafe { isa.store(lanes.as_mut_ptr(), values[tap / 3][tap % 3]) };
                for (weight, lane) in weight.chunks_exact_mut(9).zip(&lanes) {
                    weight[tap] = *lane;
                }
            }
        }
    }
}

//! Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray 2016, arXiv 1509.09308): 36 products
//! for 16 outputs of a 3x3 kernel instead of 144, at four to nine times the rounding error.
//!
//! **When it is used** (unless switched off with `with_winograd(false)`): 3x3 kernels of stride 1
//! with a padding of at most 2, where transforming pays. See [`forward_pays`], [`input_grad_pays`]
//! and [`weight_grad_pays`], whose bounds are measured.

mod forward;
mod transform;
mod weight_grad;
mod weights;

use crate::conv::{Conv, Epilogue, pack};
use crate::shape::{self, ShapeError};
use forward::Map;
use transform::{OUT, POINTS};

pub(crate) use weight_grad::weight_grad;
pub(crate) use weights::transform_weights;

/// Fewest channels in and out: below, the transforms cost more than the products.
const MIN_CHANNELS: usize = 16;

fn applies(conv: &Conv) -> bool {
    conv.winograd
        && conv.kernel == 3
        && conv.stride == 1
        && conv.padding <= 2
        && conv.extra == 0
        && conv.in_channels >= MIN_CHANNELS
        && conv.out_channels >= MIN_CHANNELS
}

/// Fewest tiles over which transforming the weights once more is spread: with 32 (8x8, 512 channels,
/// batch 8) direct was 1.6 to 1.9 times as fast, with 64 (32x32, 128 channels) half as fast.
const MIN_TILES: usize = 64;
/// Fewest tiles where the weights are transformed already: they are four times as large.
const MIN_TILES_PACKED: usize = 4;

/// Whether a map has `least` tiles and most of their outputs exist: an edge tile costs a full one.
fn fills(images: usize, [rows, cols]: [usize; 2], least: usize) -> bool {
    let tiles = images * rows.div_ceil(OUT) * cols.div_ceil(OUT);
    tiles >= least && images * rows * cols * 2 > tiles * OUT * OUT
}

/// Whether a forward pass is transformed whose weights are still to be.
pub(crate) fn forward_pays(conv: &Conv) -> bool {
    applies(conv) && fills(conv.images, conv.output, MIN_TILES)
}

/// Whether a forward pass is transformed whose weights are prepared.
pub(crate) fn packed_forward_pays(conv: &Conv) -> bool {
    applies(conv) && fills(conv.images, conv.output, MIN_TILES_PACKED)
}

/// Whether the gradient of the input is transformed.
pub(crate) fn input_grad_pays(conv: &Conv) -> bool {
    applies(conv) && fills(conv.images, conv.input, MIN_TILES)
}

/// Whether the gradient of the weights is transformed.
pub(crate) fn weight_grad_pays(conv: &Conv) -> bool {
    applies(conv) && fills(conv.images, conv.output, MIN_TILES)
}

/// Checks that packed weights fit a convolution.
pub(crate) fn check_packed(conv: &Conv, packed: &[f32]) -> Result<(), ShapeError> {
    let width = conv.set.panel();
    let expected = conv.out_channels.div_ceil(width) * POINTS * conv.in_channels * width;
    let fits = conv.kernel == 3 && conv.stride == 1;
    let found = if fits { packed.len() } else { 0 };
    shape::length("conv2d", "packed weights", found, expected)
}

/// The output for transformed weights.
pub(crate) fn forward(conv: &Conv, x: &[f32], weights: &[f32], epilogue: Epilogue<'_>) -> Vec<f32> {
    Map {
        images: conv.images,
        from: conv.input,
        in_channels: conv.in_channels,
        to: conv.output,
        out_channels: conv.out_channels,
        padding: conv.padding,
        set: conv.set,
    }
    .run(x, weights, epilogue)
}

/// Gradient of the input: a forward pass with the kernel turned around.
pub(crate) fn input_grad(conv: &Conv, weight: &[f32], grad: &[f32]) -> Vec<f32> {
    let order = pack::Order::backward(conv.out_channels, conv.in_channels, 9);
    let taps: Vec<usize> = (0..9).rev().collect();
    let panels = pack::panels(weight, order, &taps, conv.set.panel());
    let weights = transform_weights(&panels, conv.out_channels, conv.set);
    Map {
        images: conv.images,
        from: conv.output,
        in_channels: conv.out_channels,
        to: conv.input,
        out_channels: conv.in_channels,
        padding: 2 - conv.padding,
        set: conv.set,
    }
    .run(grad, &weights, Epilogue::default())
}

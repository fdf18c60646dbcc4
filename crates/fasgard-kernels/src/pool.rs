//! Pooling over NHWC maps.

use crate::simd::vectorized;
use rayon::prelude::*;

/// Sizes of a max pooling.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    shape: [usize; 4],
    output: [usize; 2],
    kernel: usize,
    stride: usize,
    padding: usize,
}

impl Window {
    /// # Panics
    /// If a size is zero, the window is larger than the padded input, or the padding is more than
    /// half the window (a window could then hold no pixel at all).
    pub(crate) fn new(shape: [usize; 4], kernel: usize, stride: usize, padding: usize) -> Self {
        let [_, height, width, _] = shape;
        assert!(
            shape.iter().all(|&size| size > 0) && kernel > 0 && stride > 0,
            "max_pool2d: input [N, H, W, C] {shape:?}, kernel {kernel} and stride {stride} must \
             not hold a zero"
        );
        assert!(
            2 * padding <= kernel
                && height + 2 * padding >= kernel
                && width + 2 * padding >= kernel,
            "max_pool2d: kernel {kernel} with padding {padding} does not fit input {height}x{width}"
        );
        let out = |size: usize| (size + 2 * padding - kernel) / stride + 1;
        Self {
            shape,
            output: [out(height), out(width)],
            kernel,
            stride,
            padding,
        }
    }

    /// Shape of the output, `[N, H, W, C]`.
    pub(crate) fn output_shape(&self) -> [usize; 4] {
        [self.shape[0], self.output[0], self.output[1], self.shape[3]]
    }

    /// Input coordinates under output coordinate `at` along an axis of `size`.
    fn covered(&self, at: usize, size: usize) -> std::ops::Range<usize> {
        let start = at * self.stride;
        start.saturating_sub(self.padding)..(start + self.kernel - self.padding).min(size)
    }
}

/// Whether `value` takes the place of `best`: larger, or NaN, as in PyTorch.
#[inline(always)]
fn replaces(value: f32, best: f32) -> bool {
    value > best || value.is_nan()
}

/// Largest value of every window; the border counts as minus infinity.
pub(crate) fn max(x: &[f32], window: &Window) -> Vec<f32> {
    let [images, height, width, channels] = window.shape;
    let [rows, cols] = window.output;
    let line = cols * channels;
    let mut out = vec![f32::NEG_INFINITY; images * rows * line];
    out.par_chunks_mut(line)
        .enumerate()
        .for_each(|(index, out)| {
            let image = &x[index / rows * height * width * channels..];
            vectorized(
                #[inline(always)]
                || {
                    for (col, best) in out.chunks_exact_mut(channels).enumerate() {
                        for y in window.covered(index % rows, height) {
                            for x in window.covered(col, width) {
                                let pixel = &image[(y * width + x) * channels..][..channels];
                                for (best, value) in best.iter_mut().zip(pixel) {
                                    *best = if replaces(*value, *best) {
                                        *value
                                    } else {
                                        *best
                                    };
                                }
                            }
                        }
                    }
                },
            );
        });
    out
}

/// Gradient of [`max`]: all of it to the first position that holds the maximum.
pub(crate) fn max_grad(x: &[f32], grad: &[f32], window: &Window) -> Vec<f32> {
    let [_, height, width, channels] = window.shape;
    let [rows, cols] = window.output;
    let image_len = height * width * channels;
    let mut out = vec![0.0f32; x.len()];
    out.par_chunks_mut(image_len)
        .zip(x.par_chunks(image_len))
        .zip(grad.par_chunks(rows * cols * channels))
        .for_each(|((out, image), grad)| {
            let (mut best, mut from) = (vec![0.0f32; channels], vec![0u32; channels]);
            for (index, grad) in grad.chunks_exact(channels).enumerate() {
                vectorized(
                    #[inline(always)]
                    || {
                        best.fill(f32::NEG_INFINITY);
                        let (first_row, first_col) = (
                            window.covered(index / cols, height),
                            window.covered(index % cols, width),
                        );
                        // A window of minus infinities goes to its first pixel.
                        from.fill((first_row.start * width + first_col.start) as u32);
                        for y in first_row {
                            for x in first_col.clone() {
                                let place = y * width + x;
                                let pixel = &image[place * channels..][..channels];
                                for ((best, from), value) in
                                    best.iter_mut().zip(&mut from).zip(pixel)
                                {
                                    let replace = replaces(*value, *best);
                                    *best = if replace { *value } else { *best };
                                    *from = if replace { place as u32 } else { *from };
                                }
                            }
                        }
                    },
                );
                for (channel, (from, grad)) in from.iter().zip(grad).enumerate() {
                    out[*from as usize * channels + channel] += grad;
                }
            }
        });
    out
}

/// Mean of every `kernel x kernel` tile; `output` is the output shape.
pub(crate) fn average(x: &[f32], output: [usize; 4], kernel: usize) -> Vec<f32> {
    let [images, rows, cols, channels] = output;
    let line = cols * channels;
    let share = 1.0 / (kernel * kernel) as f32;
    let mut out = vec![0.0f32; images * rows * line];
    out.par_chunks_mut(line)
        .zip(x.par_chunks(line * kernel * kernel))
        .for_each(|(out, band)| {
            for source in band.chunks_exact(line * kernel) {
                let tiles = source.chunks_exact(channels * kernel);
                for (sum, tile) in out.chunks_exact_mut(channels).zip(tiles) {
                    for pixel in tile.chunks_exact(channels) {
                        sum.iter_mut()
                            .zip(pixel)
                            .for_each(|(sum, value)| *sum += value);
                    }
                }
            }
            out.iter_mut().for_each(|sum| *sum *= share);
        });
    out
}

/// Gradient of [`average`]; `output` is the shape of `grad`.
pub(crate) fn average_grad(grad: &[f32], output: [usize; 4], kernel: usize) -> Vec<f32> {
    let [_, _, cols, channels] = output;
    let line = cols * channels;
    let share = 1.0 / (kernel * kernel) as f32;
    let mut out = vec![0.0f32; grad.len() * kernel * kernel];
    out.par_chunks_mut(line * kernel)
        .enumerate()
        .for_each(|(row, out)| {
            let grad = &grad[row / kernel * line..][..line];
            let tiles = out.chunks_exact_mut(channels * kernel);
            for (tile, grad) in tiles.zip(grad.chunks_exact(channels)) {
                for pixel in tile.chunks_exact_mut(channels) {
                    pixel
                        .iter_mut()
                        .zip(grad)
                        .for_each(|(to, from)| *to = from * share);
                }
            }
        });
    out
}

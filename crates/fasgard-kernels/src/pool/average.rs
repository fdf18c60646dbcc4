//! Means of tiles.

use super::task;
use crate::elementwise::{filled_by_chunks, initialised};
use crate::isa::vectorized;
use crate::shape::{self, ShapeError};

const NAME: &str = "avg_pool2d";
/// Elements under one output pixel from which its channels are split between tasks.
const LARGE: usize = 32 * 1024;
/// Channels of such a task.
const BLOCK: usize = 256;

/// Mean of every `kernel x kernel` tile of `x` `[N, H, W, C]`, tiles side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AvgPool {
    input: [usize; 4],
    output: [usize; 4],
    kernel: usize,
}

impl AvgPool {
    /// Tiles of `kernel x kernel` over an input of shape `x` `[N, H, W, C]`.
    ///
    /// # Errors
    /// If a size is zero, `kernel` does not divide rows and columns, or a buffer would exceed the
    /// address space.
    pub fn new(x: [usize; 4], kernel: usize) -> Result<Self, ShapeError> {
        let [images, height, width, channels] = x;
        if kernel == 0 || x.contains(&0) {
            return Err(ShapeError::Empty {
                operation: NAME,
                shape: x.to_vec(),
                step: kernel,
            });
        }
        shape::elements(NAME, &x)?;
        if !height.is_multiple_of(kernel) || !width.is_multiple_of(kernel) {
            return Err(ShapeError::Weights {
                operation: NAME,
                input: x.to_vec(),
                weight: vec![kernel, kernel],
                expected: "tiles that divide rows and columns",
            });
        }
        Ok(Self {
            input: x,
            output: [images, height / kernel, width / kernel, channels],
            kernel,
        })
    }

    /// Shape of the output, `[N, H / kernel, W / kernel, C]`.
    pub fn output_shape(&self) -> [usize; 4] {
        self.output
    }

    fn share(&self) -> f32 {
        1.0 / (self.kernel * self.kernel) as f32
    }

    /// The means.
    ///
    /// # Errors
    /// If `x` does not have its shape's length.
    pub fn forward(&self, x: &[f32]) -> Result<Vec<f32>, ShapeError> {
        shape::length(NAME, "input", x.len(), self.input.iter().product())?;
        let [_, _, width, channels] = self.input;
        let [images, rows, cols, _] = self.output;
        let (kernel, share) = (self.kernel, self.share());
        let len = images * rows * cols * channels;
        let large = kernel * kernel * channels >= LARGE;
        let chunk = if large { BLOCK } else { task(channels) };
        // SAFETY: `initialised` writes the whole chunk.
        Ok(unsafe {
            filled_by_chunks(len, chunk, |start, out| {
                vectorized(
                    #[inline(always)]
                    || {
                        let out = initialised(out, 0.0);
                        // A chunk may begin and end within a pixel.
                        let mut done = 0;
                        while done < out.len() {
                            let (pixel, channel) =
                                ((start + done) / channels, (start + done) % channels);
                            let len = (channels - channel).min(out.len() - done);
                            let sum = &mut out[done..done + len];
                            let (row, col) = (pixel / cols, pixel % cols);
                            for y in row * kernel..(row + 1) * kernel {
                                for x_at in col * kernel..(col + 1) * kernel {
                                    let at = (y * width + x_at) * channels + channel;
                                    for (sum, value) in sum.iter_mut().zip(&x[at..][..len]) {
                                        *sum += *value;
                                    }
                                }
                            }
                            sum.iter_mut().for_each(|sum| *sum *= share);
                            done += len;
                        }
                    },
                );
            })
        })
    }

    /// Gradient of the input from that of the output.
    ///
    /// # Errors
    /// If `grad` does not have the output's length.
    pub fn input_grad(&self, grad: &[f32]) -> Result<Vec<f32>, ShapeError> {
        let expected = self.output.iter().product();
        shape::length(NAME, "output gradient", grad.len(), expected)?;
        let [_, _, width, channels] = self.input;
        let (kernel, share) = (self.kernel, self.share());
        let cols = self.output[2];
        let line = width * channels;
        // SAFETY: a chunk is whole lines, a line is `cols` tiles of `kernel` pixels, and each pixel
        // is written from as many channels of the gradient.
        Ok(unsafe {
            filled_by_chunks(self.input.iter().product(), task(line), |start, out| {
                vectorized(
                    #[inline(always)]
                    || {
                        for (index, out) in out.chunks_exact_mut(line).enumerate() {
                            let row = (start / line + index) / kernel;
                            let grad = &grad[row * cols * channels..][..cols * channels];
                            let tiles = out.chunks_exact_mut(channels * kernel);
                            for (tile, grad) in tiles.zip(grad.chunks_exact(channels)) {
                                for pixel in tile.chunks_exact_mut(channels) {
                                    for (to, from) in pixel.iter_mut().zip(grad) {
                                        to.write(*from * share);
                                    }
                                }
                            }
                        }
                    },
                );
            })
        })
    }
}

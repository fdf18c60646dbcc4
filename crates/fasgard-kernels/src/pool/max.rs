//! Largest values of windows.

use super::task;
use crate::elementwise::{filled_by_chunks, initialised};
use crate::isa::vectorized;
use crate::shape::{self, ShapeError};
use crate::window::window;
use rayon::prelude::*;
use std::ops::Range;

const NAME: &str = "max_pool2d";

/// Largest value of every `kernel x kernel` window of `x` `[N, H, W, C]`; the border counts as minus
/// infinity, and NaN as larger than everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxPool {
    input: [usize; 4],
    output: [usize; 2],
    kernel: usize,
    stride: usize,
    padding: usize,
}

/// Number of a position in a window, row by row.
trait Position: Copy + Send + Sync + PartialEq {
    fn new(index: u32) -> Self;
}
impl Position for u8 {
    #[inline(always)]
    fn new(index: u32) -> Self {
        index as u8
    }
}
impl Position for u32 {
    #[inline(always)]
    fn new(index: u32) -> Self {
        index
    }
}

/// Whether `value` takes the place of `best`: larger, or NaN, as in PyTorch.
#[inline(always)]
fn replaces(value: f32, best: f32) -> bool {
    // No branch, for the sake of vectorisation.
    (value > best) | value.is_nan()
}

/// `value` where it replaces `best`.
#[inline(always)]
fn larger(value: f32, best: f32) -> f32 {
    if replaces(value, best) { value } else { best }
}

/// Starts of the pixels of a line of a window, three at a time, the last one repeated.
///
/// Three, because a loop that only ever replaces an element or not would be compiled to masked
/// stores, for which some processors take tens of cycles.
#[inline(always)]
fn triples(pixels: Range<usize>) -> impl Iterator<Item = [usize; 3]> {
    let last = pixels.end - 1;
    let firsts = pixels.step_by(3);
    firsts.map(move |first| [first, (first + 1).min(last), (first + 2).min(last)])
}

impl MaxPool {
    /// Largest kernel side whose positions fit the indices of
    /// [`MaxPool::forward_with_indices`].
    pub const MAX_INDEXED_KERNEL: usize = 16;

    /// Windows over an input of shape `x` `[N, H, W, C]`.
    ///
    /// # Errors
    /// If a size is zero, the window is larger than the padded input, the padding is more than half
    /// the window (a window could then hold no pixel at all), or a buffer would exceed the address
    /// space (or positions of a window 32 bits).
    pub fn new(
        x: [usize; 4],
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> Result<Self, ShapeError> {
        if padding > kernel / 2 {
            return Err(ShapeError::Weights {
                operation: NAME,
                input: x.to_vec(),
                weight: vec![kernel, kernel],
                expected: "padding of at most half the window",
            });
        }
        if kernel > usize::from(u16::MAX) {
            return Err(ShapeError::Overflow {
                operation: NAME,
                shape: vec![kernel, kernel],
            });
        }
        let (_, output) = window(NAME, x, kernel, stride, [padding, 0])?;
        Ok(Self {
            input: x,
            output,
            kernel,
            // Beyond the padded input all strides do the same: keeps products in range.
            stride: stride.min(x[1].max(x[2]) + 2 * padding),
            padding,
        })
    }

    /// Shape of the output, `[N, Ho, Wo, C]` with `Ho = (H + 2 padding - kernel) / stride + 1`.
    pub fn output_shape(&self) -> [usize; 4] {
        let [rows, cols] = self.output;
        [self.input[0], rows, cols, self.input[3]]
    }

    /// Elements of an output line.
    fn line(&self) -> usize {
        self.output[1] * self.input[3]
    }

    /// The largest values.
    ///
    /// # Errors
    /// If `x` does not have its shape's length.
    pub fn forward(&self, x: &[f32]) -> Result<Vec<f32>, ShapeError> {
        self.check_input(x)?;
        let len = self.output_shape().iter().product();
        let line = self.line();
        // SAFETY: `initialised` writes the whole chunk.
        Ok(unsafe {
            filled_by_chunks(len, task(line), |start, out| {
                vectorized(
                    #[inline(always)]
                    || {
                        let out = initialised(out, f32::NEG_INFINITY);
                        for (index, best) in out.chunks_exact_mut(line).enumerate() {
                            self.max_line(x, start / line + index, best);
                        }
                    },
                );
            })
        })
    }

    /// The largest values, and where in its window each of them is: the number of the position, row
    /// by row, counting those in the border.
    ///
    /// # Errors
    /// If `x` does not have its shape's length, or the kernel is larger than
    /// [`MaxPool::MAX_INDEXED_KERNEL`].
    pub fn forward_with_indices(&self, x: &[f32]) -> Result<(Vec<f32>, Vec<u8>), ShapeError> {
        self.check_input(x)?;
        self.check_indexed()?;
        let len = self.output_shape().iter().product();
        let (line, chunk) = (self.line(), task(self.line()));
        let mut indices = vec![0u8; len];
        let mut values = Vec::with_capacity(len);
        values.spare_capacity_mut()[..len]
            .par_chunks_mut(chunk)
            .zip(indices.par_chunks_mut(chunk))
            .enumerate()
            .for_each(|(task, (values, indices))| {
                let mut scratch = vec![0u32; self.input[3]];
                vectorized(
                    #[inline(always)]
                    || {
                        let values = initialised(values, 0.0);
                        let lines = values
                            .chunks_exact_mut(line)
                            .zip(indices.chunks_exact_mut(line));
                        for (index, (values, indices)) in lines.enumerate() {
                            let at = task * chunk / line + index;
                            self.argmax_line(x, at, values, indices, &mut scratch);
                        }
                    },
                );
            });
        // SAFETY: `initialised` wrote every chunk.
        unsafe { values.set_len(len) };
        Ok((values, indices))
    }

    /// Gradient of the input from the forward pass's input `x` and the output's gradient: all of it
    /// to the first position that holds the maximum (the last NaN, if there is one).
    ///
    /// # Errors
    /// If a buffer does not have its shape's length.
    pub fn input_grad(&self, x: &[f32], grad: &[f32]) -> Result<Vec<f32>, ShapeError> {
        self.check_input(x)?;
        self.check_grad(grad)?;
        Ok(if self.kernel <= Self::MAX_INDEXED_KERNEL {
            self.scatter(&self.positions::<u8>(x), grad)
        } else {
            self.scatter(&self.positions::<u32>(x), grad)
        })
    }

    /// Gradient of the input from the indices of [`MaxPool::forward_with_indices`] and the output's
    /// gradient.
    ///
    /// # Errors
    /// If a buffer does not have its shape's length, or the kernel is larger than
    /// [`MaxPool::MAX_INDEXED_KERNEL`].
    pub fn input_grad_from_indices(
        &self,
        indices: &[u8],
        grad: &[f32],
    ) -> Result<Vec<f32>, ShapeError> {
        self.check_indexed()?;
        self.check_grad(grad)?;
        shape::length(NAME, "indices", indices.len(), grad.len())?;
        Ok(self.scatter(indices, grad))
    }

    fn check_input(&self, x: &[f32]) -> Result<(), ShapeError> {
        shape::length(NAME, "input", x.len(), self.input.iter().product())
    }

    fn check_grad(&self, grad: &[f32]) -> Result<(), ShapeError> {
        let expected = self.output_shape().iter().product();
        shape::length(NAME, "output gradient", grad.len(), expected)
    }

    fn check_indexed(&self) -> Result<(), ShapeError> {
        if self.kernel <= Self::MAX_INDEXED_KERNEL {
            return Ok(());
        }
        Err(ShapeError::Weights {
            operation: NAME,
            input: self.input.to_vec(),
            weight: vec![self.kernel, self.kernel],
            expected: "a window of at most 16 x 16 where indices are kept",
        })
    }

    /// Input coordinates under output coordinate `at` along an axis of `size`.
    #[inline(always)]
    fn covered(&self, at: usize, size: usize) -> Range<usize> {
        let start = at * self.stride;
        start.saturating_sub(self.padding)..(start + self.kernel - self.padding).min(size)
    }

    /// Output coordinates, of `count`, whose windows cover input coordinate `at`.
    #[inline(always)]
    fn covering(&self, at: usize, count: usize) -> Range<usize> {
        let end = at + self.padding;
        let start = (end + 1).saturating_sub(self.kernel).div_ceil(self.stride);
        start..(end / self.stride + 1).min(count)
    }

    /// Raises `best`, an output line, to the largest values.
    #[inline(always)]
    fn max_line(&self, x: &[f32], line: usize, best: &mut [f32]) {
        let [_, height, width, channels] = self.input;
        let (image, row) = (line / self.output[0], line % self.output[0]);
        for (col, best) in best.chunks_exact_mut(channels).enumerate() {
            for y in self.covered(row, height) {
                let source = &x[(image * height + y) * width * channels..][..width * channels];
                for pixels in triples(self.covered(col, width)) {
                    let [a, b, c] = pixels.map(
                        #[inline(always)]
                        |pixel| &source[pixel * channels..][..channels],
                    );
                    for (((best, a), b), c) in best.iter_mut().zip(a).zip(b).zip(c) {
                        *best = larger(*c, larger(*b, larger(*a, *best)));
                    }
                }
            }
        }
    }

    /// The largest values of an output line, and their positions.
    #[inline(always)]
    fn argmax_line<P: Position>(
        &self,
        x: &[f32],
        line: usize,
        best: &mut [f32],
        positions: &mut [P],
        scratch: &mut [u32],
    ) {
        let [_, height, width, channels] = self.input;
        let (image, row) = (line / self.output[0], line % self.output[0]);
        let pixels = best
            .chunks_exact_mut(channels)
            .zip(positions.chunks_exact_mut(channels));
        for (col, (best, positions)) in pixels.enumerate() {
            let (rows, cols) = (self.covered(row, height), self.covered(col, width));
            let position = |y: usize, pixel: usize| {
                let row = y + self.padding - row * self.stride;
                (row * self.kernel + pixel + self.padding - col * self.stride) as u32
            };
            best.fill(f32::NEG_INFINITY);
            // As wide as the values while they are compared. A window of minus infinities goes to
            // its first pixel.
            let scratch = &mut scratch[..channels];
            scratch.fill(position(rows.start, cols.start));
            for y in rows {
                let source = &x[(image * height + y) * width * channels..][..width * channels];
                for pixels in triples(cols.clone()) {
                    let places = pixels.map(
                        #[inline(always)]
                        |pixel| position(y, pixel),
                    );
                    let [a, b, c] = pixels.map(
                        #[inline(always)]
                        |pixel| &source[pixel * channels..][..channels],
                    );
                    let found = best.iter_mut().zip(&mut *scratch);
                    for (((found, a), b), c) in found.zip(a).zip(b).zip(c) {
                        let (mut value, mut place) = (*found.0, *found.1);
                        for (other, other_place) in [*a, *b, *c].into_iter().zip(places) {
                            let replace = replaces(other, value);
                            value = if replace { other } else { value };
                            place = if replace { other_place } else { place };
                        }
                        (*found.0, *found.1) = (value, place);
                    }
                }
            }
            for (to, from) in positions.iter_mut().zip(&*scratch) {
                *to = P::new(*from);
            }
        }
    }

    /// Positions of the largest values.
    fn positions<P: Position>(&self, x: &[f32]) -> Vec<P> {
        let (line, chunk) = (self.line(), task(self.line()));
        let mut positions = vec![P::new(0); self.output_shape().iter().product()];
        positions
            .par_chunks_mut(chunk)
            .enumerate()
            .for_each(|(task, positions)| {
                let mut best = vec![0.0f32; line];
                let mut scratch = vec![0u32; self.input[3]];
                vectorized(
                    #[inline(always)]
                    || {
                        for (index, positions) in positions.chunks_exact_mut(line).enumerate() {
                            let at = task * chunk / line + index;
                            self.argmax_line(x, at, &mut best, positions, &mut scratch);
                        }
                    },
                );
            });
        positions
    }

    /// Gradient of the input. Every input pixel gathers from the windows that cover it, so that
    /// tasks write apart from each other.
    fn scatter<P: Position>(&self, positions: &[P], grad: &[f32]) -> Vec<f32> {
        let [_, height, width, channels] = self.input;
        let line = width * channels;
        // SAFETY: `initialised` writes the whole chunk.
        unsafe {
            filled_by_chunks(self.input.iter().product(), task(line), |start, out| {
                vectorized(
                    #[inline(always)]
                    || {
                        let out = initialised(out, 0.0);
                        for (index, out) in out.chunks_exact_mut(line).enumerate() {
                            let line = start / line + index;
                            let (image, y) = (line / height, line % height);
                            for (x, sum) in out.chunks_exact_mut(channels).enumerate() {
                                self.gather(positions, grad, [image, y, x], sum);
                            }
                        }
                    },
                );
            })
        }
    }

    /// Adds to `sum` the gradients that belong to an input pixel.
    #[inline(always)]
    fn gather<P: Position>(
        &self,
        positions: &[P],
        grad: &[f32],
        [image, y, x]: [usize; 3],
        sum: &mut [f32],
    ) {
        let channels = self.input[3];
        let [rows, cols] = self.output;
        for row in self.covering(y, rows) {
            let tap_row = y + self.padding - row * self.stride;
            for col in self.covering(x, cols) {
                let tap_col = x + self.padding - col * self.stride;
                let own = P::new((tap_row * self.kernel + tap_col) as u32);
                let at = ((image * rows + row) * cols + col) * channels;
                let (positions, grad) = (&positions[at..][..channels], &grad[at..][..channels]);
                for ((sum, position), grad) in sum.iter_mut().zip(positions).zip(grad) {
                    *sum += if *position == own { *grad } else { 0.0 };
                }
            }
        }
    }
}

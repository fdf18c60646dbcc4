//! Depthwise convolution in NHWC: every channel with its own kernel.
//!
//! A few multiplications for every value read, so memory sets the pace: output pixels are computed
//! eight at a time and channels run innermost, in the order of memory.

mod line;
mod weight_grad;

use crate::Activation;
use crate::conv::{ConvOptions, Epilogue};
use crate::elementwise::filled_by_chunks;
use crate::isa::{InstructionSet, dispatch};
use crate::shape::{self, ShapeError};
use crate::window::window;
use line::{Line, Tap};

const NAME: &str = "depthwise_conv2d";
/// Elements one task writes, at least.
const TASK: usize = 8 * 1024;

/// One depthwise convolution. Square kernel, equal strides and zero padding on all sides, no
/// dilation, one output channel for every input channel.
///
/// Buffers are dense `f32`: input `[N, H, W, C]`, weights `[C, 1, k, k]`, output `[N, Ho, Wo, C]`
/// with `Ho = (H + 2 padding - k) / stride + 1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depthwise {
    images: usize,
    input: [usize; 2],
    output: [usize; 2],
    channels: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
    extra: usize,
    set: InstructionSet,
}

impl Depthwise {
    /// A convolution of `x` `[N, H, W, C]` with `weight` `[C, 1, k, k]`.
    ///
    /// # Errors
    /// If the channels differ, the kernel is not square or more than one channel deep, a size or
    /// the stride is zero, the kernel is larger than the padded input, or a buffer would exceed the
    /// address space.
    pub fn new(
        x: [usize; 4],
        weight: [usize; 4],
        stride: usize,
        padding: usize,
    ) -> Result<Self, ShapeError> {
        Self::with_options(x, weight, ConvOptions::new(stride, padding))
    }

    /// A convolution of `x` `[N, H, W, C]` with `weight` `[C, 1, k, k]`. Winograd's algorithm and the
    /// precision of products do not apply.
    ///
    /// # Errors
    /// As [`Depthwise::new`].
    pub fn with_options(
        x: [usize; 4],
        weight: [usize; 4],
        options: ConvOptions,
    ) -> Result<Self, ShapeError> {
        let ConvOptions {
            stride,
            padding,
            extra,
            ..
        } = options;
        let [images, _, _, channels] = x;
        let [weight_channels, depth, kernel, kernel_width] = weight;
        if weight_channels != channels || depth != 1 || kernel != kernel_width {
            return Err(ShapeError::Weights {
                operation: NAME,
                input: x.to_vec(),
                weight: weight.to_vec(),
                expected: "[C, 1, k, k]",
            });
        }
        let (input, output) = window(NAME, x, kernel, stride, [padding, extra])?;
        shape::elements(NAME, &weight)?;
        shape::elements(NAME, &[images, output[0], output[1], channels])?;
        Ok(Self {
            images,
            input,
            output,
            channels,
            kernel,
            // Beyond the padded input all strides do the same: keeps steps in range.
            stride: stride.min(input[0].max(input[1]) + 2 * padding + extra),
            padding,
            extra,
            set: InstructionSet::detected(),
        })
    }

    /// Computes with this instruction set; the portable one where it is not available.
    pub fn with_instructions(mut self, set: InstructionSet) -> Self {
        self.set = set.or_portable();
        self
    }

    /// Shape of the input, `[N, H, W, C]`.
    pub fn input_shape(&self) -> [usize; 4] {
        [self.images, self.input[0], self.input[1], self.channels]
    }

    /// Shape of the output, `[N, Ho, Wo, C]`.
    pub fn output_shape(&self) -> [usize; 4] {
        [self.images, self.output[0], self.output[1], self.channels]
    }

    /// Shape of the weights, `[C, 1, k, k]`.
    pub fn weight_shape(&self) -> [usize; 4] {
        [self.channels, 1, self.kernel, self.kernel]
    }

    /// The output for input `x` and weights `weight`.
    ///
    /// # Errors
    /// If a buffer does not have its shape's length.
    pub fn forward(
        &self,
        x: &[f32],
        weight: &[f32],
        epilogue: Epilogue<'_>,
    ) -> Result<Vec<f32>, ShapeError> {
        check("input", x, &self.input_shape())?;
        check("weights", weight, &self.weight_shape())?;
        if let Some(bias) = epilogue.bias {
            shape::length(NAME, "bias", bias.len(), self.channels)?;
        }
        if let Some(residual) = epilogue.residual {
            check("residual", residual, &self.output_shape())?;
        }
        let weights = self.by_tap(weight);
        let [_, cols] = self.output;
        // SAFETY: a chunk is whole lines, and `Line` writes every point of them.
        Ok(unsafe {
            self.lines(self.output_shape(), |line, start, taps, out| {
                self.forward_taps(line, self.channels, taps);
                dispatch(
                    self.set,
                    Line {
                        source: x,
                        source_step: self.stride * self.channels,
                        weights: &weights,
                        taps,
                        channels: self.channels,
                        points: cols,
                        bias: epilogue.bias,
                        residual: epilogue.residual.map(|r| &r[start..][..out.len()]),
                        activation: epilogue.activation,
                        out_step: self.channels,
                        out,
                    },
                );
            })
        })
    }

    /// Gradient of the input, `[N, H, W, C]`, for weights and output gradient.
    ///
    /// # Errors
    /// If a buffer does not have its shape's length.
    pub fn input_grad(&self, weight: &[f32], grad: &[f32]) -> Result<Vec<f32>, ShapeError> {
        check("weights", weight, &self.weight_shape())?;
        check("output gradient", grad, &self.output_shape())?;
        let weights = self.by_tap(weight);
        let [_, width] = self.input;
        // SAFETY: a chunk is whole lines, the phases of a line together are all of its points, and
        // `Line` writes every point of a phase.
        Ok(unsafe {
            self.lines(self.input_shape(), |line, _, taps, out| {
                for phase in 0..self.stride.min(width) {
                    let points = (width - phase).div_ceil(self.stride);
                    self.input_taps(line, phase, points, taps);
                    dispatch(
                        self.set,
                        Line {
                            source: grad,
                            source_step: self.channels,
                            weights: &weights,
                            taps,
                            channels: self.channels,
                            points,
                            bias: None,
                            residual: None,
                            activation: Activation::Identity,
                            out_step: self.stride * self.channels,
                            out: &mut out[phase * self.channels..],
                        },
                    );
                }
            })
        })
    }

    /// Gradient of the weights, `[C, 1, k, k]`, for input and output gradient.
    ///
    /// # Errors
    /// If a buffer does not have its shape's length.
    pub fn weight_grad(&self, x: &[f32], grad: &[f32]) -> Result<Vec<f32>, ShapeError> {
        check("input", x, &self.input_shape())?;
        check("output gradient", grad, &self.output_shape())?;
        Ok(weight_grad::weight_grad(self, x, grad))
    }

    /// Weights as `[k * k, C]`.
    fn by_tap(&self, weight: &[f32]) -> Vec<f32> {
        let area = self.kernel * self.kernel;
        let mut weights = vec![0.0; weight.len()];
        for (channel, taps) in weight.chunks_exact(area).enumerate() {
            for (tap, value) in taps.iter().enumerate() {
                weights[tap * self.channels + channel] = *value;
            }
        }
        weights
    }

    /// A buffer of `shape` made line by line: `each` gets the line's number, its first element, room
    /// for taps, and the line.
    ///
    /// # Safety
    /// `each` writes the whole line.
    unsafe fn lines(
        &self,
        [images, rows, cols, channels]: [usize; 4],
        each: impl Fn(usize, usize, &mut Vec<Tap>, &mut [std::mem::MaybeUninit<f32>]) + Sync,
    ) -> Vec<f32> {
        let len = cols * channels;
        // SAFETY: lines cover the chunk; the caller vouches for each.
        unsafe {
            filled_by_chunks(
                images * rows * len,
                TASK.div_ceil(len) * len,
                |start, out| {
                    let mut taps = Vec::with_capacity(self.kernel * self.kernel);
                    for (index, out) in out.chunks_exact_mut(len).enumerate() {
                        each(start / len + index, start + index * len, &mut taps, out);
                    }
                },
            )
        }
    }

    /// What an output line is made of: input pixels and weights of `width` a tap.
    fn forward_taps(&self, line: usize, width: usize, taps: &mut Vec<Tap>) {
        let ([height, cols_in], [rows, cols]) = (self.input, self.output);
        let (image, row) = (line / rows, line % rows);
        taps.clear();
        for tap in 0..self.kernel * self.kernel {
            let (tap_row, tap_col) = (tap / self.kernel, tap % self.kernel);
            let y = (row * self.stride + tap_row).wrapping_sub(self.padding);
            // Points whose column, `point * stride + tap_col - padding`, exists.
            let from = self.padding.saturating_sub(tap_col).div_ceil(self.stride);
            let last = (cols_in - 1 + self.padding).checked_sub(tap_col);
            let to = last.map_or(0, |last| (last / self.stride + 1).min(cols));
            if y < height && from < to {
                let pixel = ((image * height + y) * cols_in + tap_col) as isize;
                taps.push(Tap {
                    source: (pixel - self.padding as isize) * self.channels as isize,
                    weight: tap * width,
                    from,
                    to,
                });
            }
        }
    }

    /// What every `stride`-th pixel of an input line, from `phase`, gets: output pixels and weights.
    fn input_taps(&self, line: usize, phase: usize, points: usize, taps: &mut Vec<Tap>) {
        let ([height, _], [rows, cols]) = (self.input, self.output);
        let (image, y) = (line / height, line % height);
        taps.clear();
        for tap in 0..self.kernel * self.kernel {
            let (tap_row, tap_col) = (tap / self.kernel, tap % self.kernel);
            let Some(below) = (y + self.padding).checked_sub(tap_row) else {
                continue;
            };
            let right = (phase + self.padding) as isize - tap_col as isize;
            let stride = self.stride as isize;
            let row = below / self.stride;
            if below % self.stride != 0 || row >= rows || right.rem_euclid(stride) != 0 {
                continue;
            }
            // The output column of point 0.
            let first = right.div_euclid(stride);
            let from = (-first).max(0) as usize;
            let to = (cols as isize - first).clamp(0, points as isize) as usize;
            if from < to {
                let pixel = ((image * rows + row) * cols) as isize + first;
                taps.push(Tap {
                    source: pixel * self.channels as isize,
                    weight: tap * self.channels,
                    from,
                    to,
                });
            }
        }
    }
}

fn check(what: &'static str, values: &[f32], shape: &[usize; 4]) -> Result<(), ShapeError> {
    shape::length(NAME, what, values.len(), shape.iter().product())
}

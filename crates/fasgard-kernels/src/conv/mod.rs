//! Convolution in NHWC: forward, gradient of the input, gradient of the weights.

pub(crate) mod gather;
mod input_grad;
mod options;
pub(crate) mod pack;
mod packed;
mod source;
mod weight_grad;

use crate::Activation;
use crate::bf16::Precision;
use crate::isa::InstructionSet;
use crate::shape::{self, ShapeError};
use crate::window::window;
use crate::winograd;
use gather::{Destination, Gather};
use source::Source;

pub use options::ConvOptions;
pub use packed::Packed;

const NAME: &str = "conv2d";

/// One convolution: sizes, and how it is computed. Square kernel, equal strides and zero padding on
/// all sides, no dilation, one group.
///
/// Buffers are dense `f32`: input `[N, H, W, Ci]`, weights `[Co, Ci, k, k]`, output
/// `[N, Ho, Wo, Co]` with `Ho = (H + 2 padding - k) / stride + 1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv {
    /// Images.
    pub(crate) images: usize,
    /// Input rows and columns.
    pub(crate) input: [usize; 2],
    pub(crate) in_channels: usize,
    /// Output rows and columns.
    pub(crate) output: [usize; 2],
    pub(crate) out_channels: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) padding: usize,
    pub(crate) extra: usize,
    pub(crate) winograd: bool,
    pub(crate) precision: Precision,
    pub(crate) set: InstructionSet,
}

/// What is done with the sums of a forward pass before they are stored.
#[derive(Debug, Clone, Copy, Default)]
pub struct Epilogue<'a> {
    /// Added to every pixel, `[Co]`.
    pub bias: Option<&'a [f32]>,
    /// Added element by element, laid out as the output.
    pub residual: Option<&'a [f32]>,
    /// Applied after both additions.
    pub activation: Activation,
}

impl Conv {
    /// A convolution of `x` `[N, H, W, Ci]` with `weight` `[Co, Ci, k, k]`.
    ///
    /// # Errors
    /// If the channels differ, the kernel is not square, a size or the stride is zero, the kernel
    /// is larger than the padded input, or a buffer would exceed the address space.
    pub fn new(
        x: [usize; 4],
        weight: [usize; 4],
        stride: usize,
        padding: usize,
    ) -> Result<Self, ShapeError> {
        Self::padded(x, weight, stride, [padding, 0])
    }

    fn padded(
        x: [usize; 4],
        weight: [usize; 4],
        stride: usize,
        [padding, extra]: [usize; 2],
    ) -> Result<Self, ShapeError> {
        let [images, _, _, in_channels] = x;
        let [out_channels, weight_channels, kernel, kernel_width] = weight;
        if weight_channels != in_channels || kernel != kernel_width {
            return Err(ShapeError::Weights {
                operation: NAME,
                input: x.to_vec(),
                weight: weight.to_vec(),
                expected: "[Co, C, k, k]",
            });
        }
        let (input, output) = window(NAME, x, kernel, stride, [padding, extra])?;
        shape::elements(NAME, &weight)?;
        if out_channels == 0 {
            return Err(ShapeError::Empty {
                operation: NAME,
                shape: weight.to_vec(),
                step: stride,
            });
        }
        shape::elements(NAME, &[images, output[0], output[1], out_channels])?;
        Ok(Self {
            images,
            input,
            in_channels,
            output,
            out_channels,
            kernel,
            // Beyond the padded input there is one output whatever the stride.
            stride: stride.min(input[0].max(input[1]) + 2 * padding + extra),
            padding,
            extra,
            winograd: true,
            precision: Precision::F32,
            set: InstructionSet::detected(),
        })
    }

    /// Whether Winograd's algorithm may be used where it is faster (the default); without it every
    /// pass is direct and more accurate.
    pub fn with_winograd(mut self, allowed: bool) -> Self {
        self.winograd = allowed;
        self
    }

    /// The element type of products; it applies to 1x1 and strided convolutions.
    pub fn with_precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// A convolution of `x` `[N, H, W, Ci]` with `weight` `[Co, Ci, k, k]`.
    ///
    /// # Errors
    /// As [`Conv::new`].
    pub fn with_options(
        x: [usize; 4],
        weight: [usize; 4],
        options: ConvOptions,
    ) -> Result<Self, ShapeError> {
        let padding = [options.padding, options.extra];
        Ok(Self::padded(x, weight, options.stride, padding)?
            .with_winograd(options.winograd)
            .with_precision(options.precision))
    }

    /// Computes with this instruction set; the portable one where it is not available.
    pub fn with_instructions(mut self, set: InstructionSet) -> Self {
        self.set = set.or_portable();
        self
    }

    /// Shape of the input, `[N, H, W, Ci]`.
    pub fn input_shape(&self) -> [usize; 4] {
        [self.images, self.input[0], self.input[1], self.in_channels]
    }

    /// Shape of the output, `[N, Ho, Wo, Co]`.
    pub fn output_shape(&self) -> [usize; 4] {
        let [height, width] = self.output;
        [self.images, height, width, self.out_channels]
    }

    /// Shape of the weights, `[Co, Ci, k, k]`.
    pub fn weight_shape(&self) -> [usize; 4] {
        [
            self.out_channels,
            self.in_channels,
            self.kernel,
            self.kernel,
        ]
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
        self.check("weights", weight, &self.weight_shape())?;
        let packed = self.packed(weight, winograd::forward_pays(self));
        self.forward_packed(x, &packed, epilogue)
    }

    pub(crate) fn forward_with(
        &self,
        x: &[f32],
        weight: &[f32],
        winograd: bool,
        epilogue: Epilogue<'_>,
    ) -> Result<Vec<f32>, ShapeError> {
        self.check("input", x, &self.input_shape())?;
        self.check_epilogue(&epilogue)?;
        if winograd {
            winograd::check_packed(self, weight)?;
            return Ok(winograd::forward(self, x, weight, epilogue));
        }
        let source = Source::input(self, x);
        let source = if self.in_bf16() {
            source.in_pairs(self.set)
        } else {
            source
        };
        let width = self.set.panel();
        let panels = self.out_channels.div_ceil(width);
        let expected = panels * source.taps.len() * source.len * width;
        shape::length(NAME, "packed weights", weight.len(), expected)?;
        let len = self.output_shape().iter().product();
        let bias = epilogue.bias.map(|bias| pack::per_channel(bias, width));
        // SAFETY: a dense destination over the whole output grid.
        Ok(unsafe {
            crate::memory::filled(len, |out| {
                Gather {
                    source: &source,
                    images: self.images,
                    grid: self.output,
                    panels: weight,
                    channels: self.out_channels,
                    destination: Destination::dense(self.output, self.out_channels),
                    out,
                    bias: bias.as_deref(),
                    residual: epilogue.residual,
                    activation: epilogue.activation,
                    bf16: self.in_bf16(),
                    set: self.set,
                }
                .run();
            })
        })
    }

    /// Gradient of the input, `[N, H, W, Ci]`, for weights and output gradient.
    ///
    /// # Errors
    /// If a buffer does not have its shape's length.
    pub fn input_grad(&self, weight: &[f32], grad: &[f32]) -> Result<Vec<f32>, ShapeError> {
        self.check("weights", weight, &self.weight_shape())?;
        self.check("output gradient", grad, &self.output_shape())?;
        Ok(if winograd::input_grad_pays(self) {
            winograd::input_grad(self, weight, grad)
        } else {
            input_grad::input_grad(self, weight, grad)
        })
    }

    /// Gradient of the weights, `[Co, Ci, k, k]`, for input and output gradient.
    ///
    /// # Errors
    /// If a buffer does not have its shape's length.
    pub fn weight_grad(&self, x: &[f32], grad: &[f32]) -> Result<Vec<f32>, ShapeError> {
        self.check("input", x, &self.input_shape())?;
        self.check("output gradient", grad, &self.output_shape())?;
        Ok(if winograd::weight_grad_pays(self) {
            winograd::weight_grad(self, x, grad)
        } else {
            weight_grad::weight_grad(self, x, grad)
        })
    }

    /// Whether factors are rounded to `bf16`.
    fn in_bf16(&self) -> bool {
        self.precision == Precision::Bf16
            && (self.kernel == 1 || self.stride > 1)
            && !source::merged(self)
    }

    fn check(
        &self,
        what: &'static str,
        values: &[f32],
        shape: &[usize; 4],
    ) -> Result<(), ShapeError> {
        shape::length(NAME, what, values.len(), shape.iter().product())
    }

    fn check_epilogue(&self, epilogue: &Epilogue<'_>) -> Result<(), ShapeError> {
        if let Some(bias) = epilogue.bias {
            shape::length(NAME, "bias", bias.len(), self.out_channels)?;
        }
        match epilogue.residual {
            Some(residual) => self.check("residual", residual, &self.output_shape()),
            None => Ok(()),
        }
    }
}

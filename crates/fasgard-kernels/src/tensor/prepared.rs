//! A convolution prepared for inference.

use super::KernelBackend;
use super::ops::fits;
use crate::conv::Conv;
use crate::shape;
use crate::{Activation, ConvOptions, Depthwise};
use burn::backend::Dispatch;
use burn::tensor::Tensor;
use std::sync::OnceLock;

const NAME: &str = "prepared conv2d";

/// A convolution with fixed weights, which are packed once, on first use.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use fasgard_kernels::{ConvOptions, tensor::PreparedConv};
///
/// let device = Device::flex();
/// let weight = Tensor::ones([8, 3, 3, 3], &device);
/// let conv = PreparedConv::new(weight, Tensor::zeros([8], &device), ConvOptions::new(1, 1));
/// let y = conv.forward(Tensor::ones([1, 5, 5, 3], &device), None, true);
/// assert_eq!(y.dims(), [1, 5, 5, 8]);
/// ```
#[derive(Debug, Clone)]
pub struct PreparedConv {
    weight: Tensor<4>,
    bias: Tensor<1>,
    options: ConvOptions,
    depthwise: bool,
    /// Weights packed for the direct and for Winograd's algorithm.
    packed: [OnceLock<Tensor<4>>; 2],
}

impl PreparedConv {
    /// With weights `[Co, Ci, k, k]` and bias `[Co]`.
    ///
    /// # Panics
    /// If the bias does not have `Co` elements.
    pub fn new(weight: Tensor<4>, bias: Tensor<1>, options: ConvOptions) -> Self {
        fits(shape::same(NAME, "bias", &bias.dims(), &weight.dims()[..1]));
        Self {
            weight: weight.detach(),
            bias: bias.detach(),
            options,
            depthwise: false,
            packed: [OnceLock::new(), OnceLock::new()],
        }
    }

    /// A depthwise convolution with weights `[C, 1, k, k]` and bias `[C]`.
    ///
    /// # Panics
    /// If the bias does not have `C` elements.
    pub fn depthwise(weight: Tensor<4>, bias: Tensor<1>, options: ConvOptions) -> Self {
        Self {
            depthwise: true,
            ..Self::new(weight, bias, options)
        }
    }

    /// `x` `[N, H, W, Ci]` convolved, plus bias and `residual` (shaped as the output), through an
    /// activation (`true`: a ReLU). Not differentiable.
    ///
    /// # Panics
    /// If the shapes do not fit, or the element types of input and weights differ.
    pub fn forward(
        &self,
        x: Tensor<4>,
        residual: Option<Tensor<4>>,
        activation: impl Into<Activation>,
    ) -> Tensor<4> {
        let (shape, activation) = (self.weight.dims(), activation.into());
        if self.depthwise {
            return self.forward_depthwise(x, residual, activation);
        }
        let conv = fits(Conv::with_options(x.dims(), shape, self.options));
        if let Some(residual) = &residual {
            let (found, expected) = (residual.dims(), conv.output_shape());
            fits(shape::same(NAME, "residual", &found, &expected));
        }
        assert_eq!(
            x.dtype(),
            self.weight.dtype(),
            "{NAME}: the element types of input {:?} and weights {shape:?} differ",
            x.dims()
        );
        let winograd = conv.packs_winograd();
        let packed = self.packed[usize::from(winograd)].get_or_init(|| {
            Tensor::from_dispatch(<Dispatch as KernelBackend>::nhwc_pack_conv2d(
                self.weight.clone().into_dispatch(),
                self.options,
                winograd,
            ))
        });
        let (packed, bias) = (packed.clone(), self.bias.clone());
        let (x, packed, bias) = (
            x.into_dispatch(),
            packed.into_dispatch(),
            bias.into_dispatch(),
        );
        let options = self.options;
        Tensor::from_dispatch(match residual {
            None => <Dispatch as KernelBackend>::nhwc_conv2d_packed(
                x, packed, bias, shape, options, winograd, activation,
            ),
            Some(residual) => <Dispatch as KernelBackend>::nhwc_conv2d_packed_join(
                x,
                packed,
                bias,
                residual.into_dispatch(),
                shape,
                options,
                winograd,
                activation,
            ),
        })
    }

    fn forward_depthwise(
        &self,
        x: Tensor<4>,
        residual: Option<Tensor<4>>,
        activation: Activation,
    ) -> Tensor<4> {
        fits(Depthwise::with_options(
            x.dims(),
            self.weight.dims(),
            self.options,
        ));
        // No network here joins behind a depthwise convolution: not worth a kernel of its own.
        let fused = match residual {
            None => activation,
            Some(_) => Activation::Identity,
        };
        let y = Tensor::from_dispatch(<Dispatch as KernelBackend>::nhwc_depthwise_fused(
            x.into_dispatch(),
            self.weight.clone().into_dispatch(),
            self.bias.clone().into_dispatch(),
            self.options,
            fused,
        ));
        let Some(residual) = residual else {
            return y;
        };
        match activation {
            Activation::Identity => y + residual,
            Activation::Relu => (y + residual).clamp_min(0.0),
            Activation::Relu6 => (y + residual).clamp(0.0, 6.0),
        }
    }
}

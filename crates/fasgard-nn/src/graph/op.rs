//! What a node of a graph computes.

use burn::tensor::Tensor;

/// Values on the host with their shape, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// The shape.
    pub shape: Vec<usize>,
    /// As many values as the shape says.
    pub values: Vec<f32>,
}

impl Weights {
    /// Copies a tensor to the host.
    pub fn of<const D: usize>(tensor: Tensor<D>) -> Self {
        Self {
            shape: tensor.dims().to_vec(),
            values: tensor.into_data().iter::<f32>().collect(),
        }
    }

    /// One value a channel.
    pub fn channels(values: Vec<f32>) -> Self {
        Self {
            shape: vec![values.len()],
            values,
        }
    }
}

/// A convolution as it is computed: central differences and batch normalisation folded in.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldedConv {
    /// `[outputs, inputs / groups, height, width]`.
    pub weight: Weights,
    /// `[outputs]`.
    pub bias: Weights,
    /// In both directions.
    pub stride: usize,
    /// Zeros before (above, left of) and behind (below, right of) the map.
    pub padding: [usize; 2],
    /// Groups of channels; as many as inputs for a depthwise convolution.
    pub groups: usize,
}

/// Element by element; the shape stays.
#[derive(Clone, Debug, PartialEq)]
pub enum Activation {
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `x` where positive, else `slope * x`; one slope a channel.
    Prelu(Weights),
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `min(max(x + 3, 0), 6) / 6`.
    HardSigmoid,
    /// `x * HardSigmoid(x)`.
    HardSwish,
}

/// What a node computes. Maps are `[channels, height, width]`, an image at a time; the batch is no
/// part of a shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The network's input; always node 0 and nowhere else.
    Input,
    /// Convolution.
    Conv(FoldedConv),
    /// An activation.
    Activation(Activation),
    /// `scale * x + shift` with one of each a channel: a normalisation that no convolution precedes.
    Affine {
        /// `[channels]`.
        scale: Weights,
        /// `[channels]`.
        shift: Weights,
    },
    /// The sum of two values of one shape.
    Add,
    /// The product of two values; the second one may have a side of 1 where the first has more.
    Multiply,
    /// The largest value below a window; what lies outside the map never counts.
    MaxPool {
        /// Side of the window.
        kernel: usize,
        /// In both directions.
        stride: usize,
        /// Before and behind the map.
        padding: usize,
    },
    /// The mean below a window that lies inside the map.
    AveragePool {
        /// Side of the window.
        kernel: usize,
        /// In both directions.
        stride: usize,
    },
    /// The mean of each channel: `[C, H, W]` to `[C, 1, 1]`.
    GlobalAveragePool,
    /// Bilinear with half-pixel centres, without antialiasing, to a square of this side.
    Resize(usize),
    /// This many channels of zeros behind those of a map.
    Widen(usize),
    /// Any number of values one behind the other along their first dimension.
    Concat,
    /// `[C, H, W]` to `[C * H * W / n, n]`, place by place: all channels of a place lie together.
    Rows(usize),
    /// `[C, H, W]` to `[C * H * W]`, channel by channel.
    Flatten,
    /// `weight * x + bias` on a flat value.
    Linear {
        /// `[outputs, inputs]`.
        weight: Weights,
        /// `[outputs]`.
        bias: Weights,
    },
    /// The mean over all that an image has: any shape to `[]`.
    Mean,
    /// The one value of an image: any shape of one element to `[]`.
    Scalar,
    /// Of a flat value of several classes the logit of the softmax's share of this one:
    /// `z_class - ln(sum of e^z over the others)`.
    ShareLogit(usize),
    /// Times a constant.
    Scale(f32),
    /// Not below the first, not above the second.
    Clip(f32, f32),
}

impl Op {
    /// Its name within names of nodes.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Conv(_) => "conv",
            Self::Activation(Activation::Relu) => "relu",
            Self::Activation(Activation::Relu6) => "relu6",
            Self::Activation(Activation::Prelu(_)) => "prelu",
            Self::Activation(Activation::Sigmoid) => "sigmoid",
            Self::Activation(Activation::HardSigmoid) => "hardsigmoid",
            Self::Activation(Activation::HardSwish) => "hardswish",
            Self::Affine { .. } => "affine",
            Self::Add => "add",
            Self::Multiply => "multiply",
            Self::MaxPool { .. } => "maxpool",
            Self::AveragePool { .. } => "avgpool",
            Self::GlobalAveragePool => "globalpool",
            Self::Resize(_) => "resize",
            Self::Widen(_) => "widen",
            Self::Concat => "concat",
            Self::Rows(_) => "rows",
            Self::Flatten => "flatten",
            Self::Linear { .. } => "linear",
            Self::Mean => "mean",
            Self::Scalar => "scalar",
            Self::ShareLogit(_) => "sharelogit",
            Self::Scale(_) => "scale",
            Self::Clip(..) => "clip",
        }
    }

    /// The shape of what it computes.
    ///
    /// # Panics
    /// If a map is expected and something else given: a fault of the network's own walk.
    pub(super) fn shape(&self, inputs: &[&[usize]]) -> Vec<usize> {
        let map = || -> [usize; 3] {
            assert_eq!(inputs[0].len(), 3, "{}: expected a map", self.name());
            [inputs[0][0], inputs[0][1], inputs[0][2]]
        };
        let window = |[before, behind]: [usize; 2], kernel: usize, stride: usize, side: usize| {
            (side + before + behind - kernel) / stride + 1
        };
        match self {
            Self::Input => Vec::new(),
            Self::Conv(conv) => {
                let ([_, height, width], kernel) = (map(), &conv.weight.shape);
                let side = |kernel, side| window(conv.padding, kernel, conv.stride, side);
                vec![kernel[0], side(kernel[2], height), side(kernel[3], width)]
            }
            Self::MaxPool {
                kernel,
                stride,
                padding,
            } => {
                let [channels, height, width] = map();
                let side = |side| window([*padding; 2], *kernel, *stride, side);
                vec![channels, side(height), side(width)]
            }
            Self::AveragePool { kernel, stride } => {
                let [channels, height, width] = map();
                let side = |side| window([0; 2], *kernel, *stride, side);
                vec![channels, side(height), side(width)]
            }
            Self::GlobalAveragePool => vec![map()[0], 1, 1],
            Self::Resize(side) => vec![map()[0], *side, *side],
            Self::Concat => {
                let mut shape = inputs[0].to_vec();
                shape[0] = inputs.iter().map(|input| input[0]).sum();
                shape
            }
            Self::Widen(more) => {
                let [channels, height, width] = map();
                vec![channels + more, height, width]
            }
            Self::Rows(each) => vec![map().iter().product::<usize>() / each, *each],
            Self::Flatten => vec![inputs[0].iter().product()],
            Self::Linear { weight, .. } => vec![weight.shape[0]],
            Self::Mean | Self::Scalar => Vec::new(),
            Self::ShareLogit(_) => vec![1],
            Self::Activation(_)
            | Self::Affine { .. }
            | Self::Add
            | Self::Multiply
            | Self::Scale(_)
            | Self::Clip(..) => inputs[0].to_vec(),
        }
    }
}

//! Convolution, vanilla or central difference.

use burn::{
    module::{Module, Param},
    tensor::{Tensor, TensorData},
};

use fasgard_kernels::{
    ConvOptions,
    tensor::{PreparedConv, conv2d},
};

use crate::{
    Compute, Init, Trace,
    graph::{FoldedConv, Graph, Value, Weights},
};

/// Shape of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// Channels in.
    pub inputs: usize,
    /// Channels out.
    pub outputs: usize,
    /// Side of the square kernel, odd.
    pub kernel: usize,
    /// Stride in both directions.
    pub stride: usize,
}

impl ConvShape {
    /// A `kernel` x `kernel` convolution, zero-padded by half the kernel.
    pub fn new(inputs: usize, outputs: usize, kernel: usize, stride: usize) -> Self {
        Self {
            inputs,
            outputs,
            kernel,
            stride,
        }
    }

    fn padding(&self) -> usize {
        self.kernel / 2
    }

    fn output_side(&self, side: usize) -> usize {
        (side + 2 * self.padding() - self.kernel) / self.stride + 1
    }
}

/// How a convolution's weights are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConvInit {
    /// Normal, variance 2 / (outputs k²): torchvision's ResNets.
    KaimingFanOut,
    /// Uniform in ±1/sqrt(inputs k²): PyTorch's default, for weights and bias.
    UniformFanIn,
}

/// A convolution, zero-padded so that stride 1 keeps the side.
///
/// With `theta` above 0 it is the **central difference convolution** of CDCN (arXiv 2003.04092):
/// `out = conv(x, w) - theta * conv1x1(x, sum(w))`, which equals one convolution whose centre tap
/// is `w[1,1] - theta * sum(w)`. That is how it is computed: gradients flow through the
/// re-parameterisation.
///
/// Shapes: `[N, H, W, inputs]` to `[N, H', W', outputs]`; weights are `[outputs, inputs, k, k]`.
#[derive(Module, Debug)]
pub struct Conv {
    weight: Param<Tensor<4>>,
    bias: Option<Param<Tensor<1>>>,
    stride: usize,
    theta: f64,
    #[module(skip)]
    compute: Compute,
    /// With fixed weights, once [`Conv::prepare`] has been called.
    #[module(skip)]
    prepared: Option<Box<PreparedConv>>,
}

impl Conv {
    /// A convolution without bias.
    pub fn new(shape: ConvShape, kind: ConvInit, init: &mut Init) -> Self {
        let dims = [shape.outputs, shape.inputs, shape.kernel, shape.kernel];
        let area = (shape.kernel * shape.kernel) as f64;
        let weight = match kind {
            ConvInit::KaimingFanOut => {
                init.normal(dims, (2.0 / (shape.outputs as f64 * area)).sqrt())
            }
            ConvInit::UniformFanIn => init.uniform(dims, 1.0 / (shape.inputs as f64 * area).sqrt()),
        };
        Self {
            weight: Param::from_tensor(weight),
            bias: None,
            stride: shape.stride,
            theta: 0.0,
            compute: Compute::default(),
            prepared: None,
        }
    }

    /// The same with a bias, drawn uniformly in ±1/sqrt(inputs k²).
    pub fn with_bias(mut self, init: &mut Init) -> Self {
        let [outputs, inputs, height, width] = self.weight.dims();
        let bound = 1.0 / ((inputs * height * width) as f64).sqrt();
        self.bias = Some(Param::from_tensor(init.uniform([outputs], bound)));
        self
    }

    /// The same as a central difference convolution; `theta` 0 is the vanilla one.
    pub fn with_theta(mut self, theta: f64) -> Self {
        self.theta = theta;
        self
    }

    /// Runs the convolution.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        if let Some(prepared) = &self.prepared {
            return prepared.forward(x, None, false);
        }
        let y = conv2d(x, self.effective_weight(), self.options());
        match &self.bias {
            Some(bias) => y + bias.val().unsqueeze(),
            None => y,
        }
    }

    /// Fixes the weights for inference.
    pub(crate) fn prepare(&mut self) {
        let (weight, bias) = self.fixed();
        self.prepared = Some(Box::new(PreparedConv::new(weight, bias, self.options())));
    }

    /// Weight and bias as inference uses them.
    fn fixed(&self) -> (Tensor<4>, Tensor<1>) {
        let weight = self.effective_weight();
        let bias = match &self.bias {
            Some(bias) => bias.val(),
            None => Tensor::zeros([weight.dims()[0]], &weight.device()),
        };
        (weight, bias)
    }

    /// Adds this layer to `graph`.
    pub fn graph(&self, x: Value, graph: &mut Graph) -> Value {
        let (weight, bias) = self.fixed();
        graph.conv(x, self.folded(weight, bias))
    }

    /// A convolution of this geometry with other weights.
    pub(super) fn folded(&self, weight: Tensor<4>, bias: Tensor<1>) -> FoldedConv {
        let options = self.options();
        FoldedConv {
            weight: Weights::of(weight),
            bias: Weights::of(bias),
            stride: options.stride,
            padding: [options.padding; 2],
            groups: 1,
        }
    }

    /// How it is computed from now on.
    pub(crate) fn set_compute(&mut self, compute: Compute) {
        self.compute = compute;
    }

    pub(super) fn options(&self) -> ConvOptions {
        let kernel = self.weight.dims()[3];
        ConvOptions {
            stride: self.stride,
            padding: kernel / 2,
            winograd: self.compute.winograd,
            precision: self.compute.precision.into(),
        }
    }

    /// The weight that is convolved with: re-parameterised if `theta` is above 0.
    pub fn effective_weight(&self) -> Tensor<4> {
        let weight = self.weight.val();
        if self.theta == 0.0 {
            return weight;
        }
        let [_, _, height, width] = weight.dims();
        let mut centre = vec![0.0f32; height * width];
        centre[(height / 2) * width + width / 2] = self.theta as f32;
        let centre = Tensor::<4>::from_data(
            TensorData::new(centre, [1, 1, height, width]),
            &weight.device(),
        );
        let sums = weight.clone().sum_dim(2).sum_dim(3);
        weight - sums * centre
    }

    /// Adds this layer to `trace`.
    pub fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        let [outputs, inputs, kernel, _] = self.weight.dims();
        let shape = ConvShape::new(inputs, outputs, kernel, self.stride);
        let (height, width) = (shape.output_side(input[1]), shape.output_side(input[2]));
        let bias = if self.bias.is_some() { outputs } else { 0 };
        let weights = outputs * inputs * kernel * kernel;
        trace.add(
            "conv",
            [outputs, height, width],
            weights + bias,
            (weights * height * width) as u64,
        )
    }
}

//! From operators to steps: weights packed, activations and residuals fused.

use fasgard_kernels::{Conv, Depthwise, MaxPool, Packed};

use super::TfliteError;
use super::fuse::{fuse, mark_dead};
use super::layer::{Activation, Convolution, Layer, LayerKind, Layers, Padding};

/// A network that is ready to run: one input, one or more outputs, fixed shapes, batch of one.
pub struct Network {
    pub(super) tensors: usize,
    pub(super) input: usize,
    pub(super) input_shape: Vec<usize>,
    pub(super) outputs: Vec<(usize, Vec<usize>)>,
    pub(super) steps: Vec<Step>,
}

/// One thing to compute.
pub(super) struct Step {
    pub(super) inputs: Vec<usize>,
    pub(super) output: usize,
    pub(super) work: Work,
    pub(super) activation: Activation,
    /// Tensors that nothing reads after this step.
    pub(super) dead: Vec<usize>,
}

pub(super) enum Work {
    /// With a second input: added to the result.
    Conv {
        conv: Conv,
        weights: Packed,
        bias: Vec<f32>,
        pad: Option<Padding>,
    },
    Depthwise {
        conv: Depthwise,
        weights: Vec<f32>,
        bias: Vec<f32>,
        pad: Option<Padding>,
    },
    MaxPool(MaxPool),
    Pad(Padding),
    Add,
    /// The same values under another shape, or an activation that stands alone.
    Copy,
    /// Elements of each input that lie together.
    Concat(Vec<usize>),
}

impl Network {
    /// Reads a TensorFlow Lite file.
    ///
    /// # Errors
    /// As [`Layers::read`].
    pub fn read(bytes: &[u8]) -> Result<Self, TfliteError> {
        Self::new(Layers::read(bytes)?)
    }

    /// Makes operators ready to run.
    ///
    /// # Errors
    /// [`TfliteError::Shape`] if the kernels take no such sizes.
    pub fn new(layers: Layers) -> Result<Self, TfliteError> {
        let outputs: Vec<usize> = layers.outputs.iter().map(|(output, _)| *output).collect();
        let steps = layers.layers.into_iter().map(Step::new);
        let mut steps = steps.collect::<Result<Vec<_>, _>>()?;
        fuse(&mut steps, layers.tensors, &outputs);
        mark_dead(&mut steps, layers.tensors, &outputs);
        Ok(Self {
            tensors: layers.tensors,
            input: layers.input,
            input_shape: layers.input_shape,
            outputs: layers.outputs,
            steps,
        })
    }
}

impl Step {
    fn new(layer: Layer) -> Result<Self, TfliteError> {
        let work = match layer.kind {
            LayerKind::Conv(conv) => convolution(conv)?,
            LayerKind::MaxPool {
                input,
                kernel,
                stride,
                padding,
            } => Work::MaxPool(MaxPool::new(input, kernel, stride, padding)?),
            LayerKind::Pad(padding) => Work::Pad(padding),
            LayerKind::Add => Work::Add,
            LayerKind::Copy => Work::Copy,
            LayerKind::Concat { parts, .. } => Work::Concat(parts),
        };
        Ok(Self {
            inputs: layer.inputs,
            output: layer.output,
            work,
            activation: layer.activation,
            dead: Vec::new(),
        })
    }
}

fn convolution(plain: Convolution) -> Result<Work, TfliteError> {
    let (around, pad) = plain.split();
    let x = pad.map_or(plain.input, |pad| pad.padded());
    if plain.depthwise {
        return Ok(Work::Depthwise {
            conv: Depthwise::new(x, plain.shape, plain.stride, around)?,
            weights: plain.weights,
            bias: plain.bias,
            pad,
        });
    }
    let conv = Conv::new(x, plain.shape, plain.stride, around)?.with_winograd(false);
    Ok(Work::Conv {
        weights: conv.pack(&plain.weights)?,
        conv,
        bias: plain.bias,
        pad,
    })
}

impl Padding {
    /// Sizes with the zeros.
    pub(super) fn padded(self) -> [usize; 4] {
        [0, 1, 2, 3].map(|i| self.shape[i] + self.before[i] + self.after[i])
    }
}

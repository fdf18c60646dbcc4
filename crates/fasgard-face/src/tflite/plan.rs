//! From a graph to steps: weights packed, activations and residuals fused.

use fasgard_kernels::{Conv, Depthwise, MaxPool, Packed};

use super::TfliteError;
use super::fuse::{fuse, mark_dead};
use super::graph::Graph;
use super::operator::Kind;
use super::step::Planner;

/// Multiplications of one pass, at most (the face networks need about 40 million).
const MAX_PRODUCTS: usize = 1 << 30;

/// A network that is ready to run: one input, one or more outputs, fixed shapes, batch of one.
pub struct Network {
    pub(super) tensors: usize,
    pub(super) input: usize,
    pub(super) input_shape: Vec<usize>,
    pub(super) outputs: Vec<(usize, Vec<usize>)>,
    pub(super) steps: Vec<Step>,
}

/// What happens to a result before it is stored.
#[derive(Clone)]
pub(super) enum Activation {
    None,
    Relu,
    /// Negative values are multiplied by their channel's slope.
    PRelu(Vec<f32>),
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

/// Zeros around `[N, H, W, C]`: the input's sizes, and how many before and after along each axis.
#[derive(Clone, Copy)]
pub(super) struct Padding {
    pub(super) shape: [usize; 4],
    pub(super) before: [usize; 4],
    pub(super) after: [usize; 4],
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
    /// [`TfliteError`] if the bytes are not such a file, use what is not supported, or exceed the
    /// limits (2048 tensors and operators, 2^25 elements, 2^30 multiplications).
    pub fn read(bytes: &[u8]) -> Result<Self, TfliteError> {
        let mut graph = Graph::read(bytes)?;
        let mut steps = Vec::new();
        let mut products = 0;
        let mut made: Vec<bool> = graph.tensors.iter().map(|t| t.constant.is_some()).collect();
        let [input] = graph.inputs[..] else {
            return Err(TfliteError::Ends {
                what: "inputs are several, one is supported",
            });
        };
        if made[input] {
            return Err(TfliteError::Ends {
                what: "input is a constant",
            });
        }
        made[input] = true;
        for (index, operator) in std::mem::take(&mut graph.operators).iter().enumerate() {
            let planner = Planner {
                graph: &graph,
                operator,
                index,
            };
            if let Some(missing) = operator.inputs.iter().find(|i| !made[**i]) {
                return Err(planner.bad(format!("it reads tensor {missing} before it is made")));
            }
            if made[operator.output] {
                return Err(planner.bad(format!("it makes tensor {} again", operator.output)));
            }
            made[operator.output] = true;
            if operator.kind == Kind::DEQUANTIZE {
                // Halves were widened when they were read.
                let from = planner.input(0)?;
                let constant = graph.tensors[from].constant.clone();
                planner.same_size(from)?;
                if constant.is_none() {
                    return Err(planner.bad("it widens a tensor that is no constant".to_owned()));
                }
                graph.tensors[operator.output].constant = constant;
                continue;
            }
            let step = planner.step(&mut products)?;
            if products > MAX_PRODUCTS {
                return Err(TfliteError::TooLarge {
                    what: "the work of one pass",
                    found: products,
                    limit: MAX_PRODUCTS,
                });
            }
            steps.push(step);
        }
        let mut outputs = Vec::new();
        for output in &graph.outputs {
            if !made[*output] || graph.tensors[*output].constant.is_some() || *output == input {
                return Err(TfliteError::Ends {
                    what: "outputs are not made by its operators",
                });
            }
            outputs.push((*output, graph.tensors[*output].shape.clone()));
        }
        fuse(&mut steps, graph.tensors.len(), &graph.outputs);
        mark_dead(&mut steps, graph.tensors.len(), &graph.outputs);
        Ok(Self {
            tensors: graph.tensors.len(),
            input,
            input_shape: graph.tensors[input].shape.clone(),
            outputs,
            steps,
        })
    }
}

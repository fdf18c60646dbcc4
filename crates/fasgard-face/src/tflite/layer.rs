//! The operators of a network in plain numbers: checked, and with weights in one order, for those who
//! pack them to run and for those who write them into another format.

use super::TfliteError;
use super::graph::Graph;
use super::operator::Kind;
use super::step::Planner;

/// Multiplications of one pass, at most (the face networks need about 40 million).
const MAX_PRODUCTS: usize = 1 << 30;

/// A network as a list of operators, in the order in which they are computed; a batch of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Layers {
    /// How many tensors there are; they are numbered from 0.
    pub tensors: usize,
    /// The tensor that is given.
    pub input: usize,
    /// Its sizes, for the face networks `[1, H, W, 3]`.
    pub input_shape: Vec<usize>,
    /// The tensors that are asked for, with their sizes, in the file's order.
    pub outputs: Vec<(usize, Vec<usize>)>,
    /// The operators; each reads only what was made before.
    pub layers: Vec<Layer>,
}

/// One operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// The tensors it reads: two of an addition, any number of a concatenation, else one.
    pub inputs: Vec<usize>,
    /// The tensor it makes.
    pub output: usize,
    /// Sizes of that tensor.
    pub shape: Vec<usize>,
    /// What it computes.
    pub kind: LayerKind,
    /// What happens to every result.
    pub activation: Activation,
}

/// What an operator computes, on `[N, H, W, C]`.
#[derive(Clone, Debug, PartialEq)]
pub enum LayerKind {
    /// A convolution.
    Conv(Convolution),
    /// The largest value below a window.
    MaxPool {
        /// Sizes of the input.
        input: [usize; 4],
        /// Side of the window.
        kernel: usize,
        /// In both directions.
        stride: usize,
        /// Around the map; what lies there never counts.
        padding: usize,
    },
    /// Zeros around the input.
    Pad(Padding),
    /// The sum of two tensors of one size.
    Add,
    /// The same values in the same order under another shape, or only an activation.
    Copy,
    /// One behind the other along an axis.
    Concat {
        /// The axis, counted from 0.
        axis: usize,
        /// Elements of each input that lie together.
        parts: Vec<usize>,
    },
}

/// A convolution with a square kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    /// Sizes of the input.
    pub input: [usize; 4],
    /// `[outputs, inputs / groups, kernel, kernel]`, row-major.
    pub weights: Vec<f32>,
    /// Their sizes.
    pub shape: [usize; 4],
    /// One value an output.
    pub bias: Vec<f32>,
    /// In both directions.
    pub stride: usize,
    /// Zero rows above and below.
    pub rows: [usize; 2],
    /// Zero columns before and behind.
    pub columns: [usize; 2],
    /// Whether every channel has its own kernel.
    pub depthwise: bool,
}

/// What happens to a result before it is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum Activation {
    /// Nothing.
    None,
    /// Negative values become zero.
    Relu,
    /// Negative values are multiplied by their channel's slope.
    PRelu(Vec<f32>),
}

/// Zeros around `[N, H, W, C]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Padding {
    /// Sizes of the input.
    pub shape: [usize; 4],
    /// How many before, along each axis.
    pub before: [usize; 4],
    /// How many behind, along each axis.
    pub after: [usize; 4],
}

impl Convolution {
    /// Its padding as zeros of equal width on all sides, or as a step of its own where it is uneven.
    pub(super) fn split(&self) -> (usize, Option<Padding>) {
        let ([top, bottom], [left, right]) = (self.rows, self.columns);
        if [bottom, left, right] == [top; 3] {
            return (top, None);
        }
        let pad = Padding {
            shape: self.input,
            before: [0, top, left, 0],
            after: [0, bottom, right, 0],
        };
        (0, Some(pad))
    }
}

impl Layers {
    /// Reads a TensorFlow Lite file.
    ///
    /// # Errors
    /// [`TfliteError`] if the bytes are not such a file, use what is not supported, or exceed the
    /// limits (2048 tensors and operators, 2^25 elements, 2^30 multiplications).
    pub fn read(bytes: &[u8]) -> Result<Self, TfliteError> {
        let mut graph = Graph::read(bytes)?;
        let mut layers = Vec::new();
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
            let layer = planner.layer(&mut products)?;
            if products > MAX_PRODUCTS {
                return Err(TfliteError::TooLarge {
                    what: "the work of one pass",
                    found: products,
                    limit: MAX_PRODUCTS,
                });
            }
            layers.push(layer);
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
        Ok(Self {
            tensors: graph.tensors.len(),
            input,
            input_shape: graph.tensors[input].shape.clone(),
            outputs,
            layers,
        })
    }
}

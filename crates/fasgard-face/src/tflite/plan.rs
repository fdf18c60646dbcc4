//! From a graph to steps: weights packed, activations and residuals fused.

use fasgard_kernels::{Conv, Depthwise, MaxPool, Packed};

use super::TfliteError;
use super::graph::{Constant, Graph};
use super::operator::{Kind, Operator, Window};

/// Multiplications of one pass, at most (the face networks need about 40 million).
const MAX_PRODUCTS: usize = 1 << 30;

/// Side of a kernel, and elements of an input with its padding, at most.
const MAX_KERNEL: usize = 32;
const MAX_PADDED: usize = 1 << 24;

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
            if let Some(missing) = operator.inputs.iter().find(|i| !made[**i]) {
                return Err(bad(
                    index,
                    format!("it reads tensor {missing} before it is made"),
                ));
            }
            if made[operator.output] {
                return Err(bad(
                    index,
                    format!("it makes tensor {} again", operator.output),
                ));
            }
            made[operator.output] = true;
            let planner = Planner {
                graph: &graph,
                operator,
                index,
            };
            if operator.kind == Kind::DEQUANTIZE {
                // Halves were widened when they were read.
                let from = planner.input(0)?;
                let constant = graph.tensors[from].constant.clone();
                planner.same_size(from)?;
                if constant.is_none() {
                    return Err(bad(
                        index,
                        "it widens a tensor that is no constant".to_owned(),
                    ));
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

fn bad(index: usize, what: String) -> TfliteError {
    TfliteError::Graph { index, what }
}

struct Planner<'a> {
    graph: &'a Graph,
    operator: &'a Operator,
    index: usize,
}

impl Planner<'_> {
    fn step(&self, products: &mut usize) -> Result<Step, TfliteError> {
        let operator = self.operator;
        let mut activation = if operator.relu {
            Activation::Relu
        } else {
            Activation::None
        };
        let mut inputs = vec![self.input(0)?];
        let work = match operator.kind {
            Kind::CONV | Kind::DEPTHWISE => self.convolution(products)?,
            Kind::MAX_POOL => self.max_pool(products)?,
            Kind::PAD => {
                let padding = self.padding()?;
                let shape = self.graph.tensors[inputs[0]].nhwc();
                let padded = [0, 1, 2, 3].map(|i| shape[i] + padding.before[i] + padding.after[i]);
                self.makes(padded)?;
                Work::Pad(padding)
            }
            Kind::ADD => {
                inputs.push(self.input(1)?);
                self.same_size(inputs[0])?;
                self.same_size(inputs[1])?;
                Work::Add
            }
            Kind::RELU => {
                self.same_size(inputs[0])?;
                activation = Activation::Relu;
                Work::Copy
            }
            Kind::PRELU => {
                self.same_size(inputs[0])?;
                let channels = self.graph.tensors[inputs[0]].nhwc()[3];
                activation = Activation::PRelu(self.floats(1, channels)?.to_vec());
                Work::Copy
            }
            Kind::RESHAPE => {
                self.same_size(inputs[0])?;
                Work::Copy
            }
            Kind::CONCATENATION => {
                inputs = operator.inputs.clone();
                self.concatenation()?
            }
            Kind(other) => {
                return Err(TfliteError::Unsupported {
                    index: self.index,
                    what: format!("builtin operator {other}"),
                });
            }
        };
        if let Some(constant) = inputs
            .iter()
            .find(|i| self.graph.tensors[**i].constant.is_some())
        {
            return Err(self.bad(format!("it computes with the constant tensor {constant}")));
        }
        Ok(Step {
            inputs,
            output: operator.output,
            work,
            activation,
            dead: Vec::new(),
        })
    }

    fn bad(&self, what: String) -> TfliteError {
        bad(self.index, what)
    }

    fn input(&self, which: usize) -> Result<usize, TfliteError> {
        let found = self.operator.inputs.get(which).copied();
        found.ok_or_else(|| self.bad(format!("input {which} is missing")))
    }

    /// Constant `which`, of `len` values.
    fn floats(&self, which: usize, len: usize) -> Result<&[f32], TfliteError> {
        match &self.graph.tensors[self.input(which)?].constant {
            Some(Constant::Floats(values)) if values.len() == len => Ok(values),
            _ => Err(self.bad(format!("input {which} is not {len} constant numbers"))),
        }
    }

    fn same_size(&self, input: usize) -> Result<(), TfliteError> {
        let (from, to) = (
            &self.graph.tensors[input],
            &self.graph.tensors[self.operator.output],
        );
        if from.elements() == to.elements() {
            return Ok(());
        }
        Err(self.bad(format!(
            "it makes {:?} of {:?}: the sizes differ",
            to.shape, from.shape
        )))
    }

    fn makes(&self, shape: [usize; 4]) -> Result<(), TfliteError> {
        let declared = self.graph.tensors[self.operator.output].nhwc();
        if declared == shape {
            return Ok(());
        }
        Err(self.bad(format!("it makes {shape:?}, declared is {declared:?}")))
    }

    fn convolution(&self, products: &mut usize) -> Result<Work, TfliteError> {
        let depthwise = self.operator.kind == Kind::DEPTHWISE;
        let x = self.graph.tensors[self.input(0)?].nhwc();
        let weights = &self.graph.tensors[self.input(1)?];
        let [first, kernel, across, last] = weights.nhwc();
        if x[0] != 1 || kernel != across || (depthwise && (first != 1 || last != x[3])) {
            return Err(self.bad(format!(
                "weights {:?} do not fit the input {x:?} (square, one image, multiplier 1)",
                weights.shape
            )));
        }
        let values = self.floats(1, weights.elements())?;
        let channels = if depthwise { last } else { first };
        let bias = if self.operator.inputs.len() > 2 {
            self.floats(2, channels)?.to_vec()
        } else {
            vec![0.0; channels]
        };
        let (around, pad) = split(self.operator.window, x, kernel);
        let padded = pad.map_or(x, |pad| {
            [0, 1, 2, 3].map(|i| x[i] + pad.before[i] + pad.after[i])
        });
        if kernel > MAX_KERNEL || padded.iter().product::<usize>() > MAX_PADDED {
            return Err(TfliteError::TooLarge {
                what: "a padded input",
                found: padded.iter().product(),
                limit: MAX_PADDED,
            });
        }
        let area = kernel * kernel;
        let stride = self.operator.window.stride;
        // The kernels want the taps last.
        let mut moved = vec![0.0; values.len()];
        let inner = if depthwise { channels } else { last };
        for (outer, block) in values.chunks_exact(area * inner).enumerate() {
            for (tap, line) in block.chunks_exact(inner).enumerate() {
                for (channel, value) in line.iter().enumerate() {
                    moved[(outer * inner + channel) * area + tap] = *value;
                }
            }
        }
        let (out, work) = if depthwise {
            let conv = Depthwise::new(padded, [channels, 1, kernel, kernel], stride, around)?;
            let work = Work::Depthwise {
                conv,
                weights: moved,
                bias,
                pad,
            };
            (conv.output_shape(), work)
        } else {
            let conv = Conv::new(padded, [channels, last, kernel, kernel], stride, around)?
                .with_winograd(false);
            let work = Work::Conv {
                weights: conv.pack(&moved)?,
                conv,
                bias,
                pad,
            };
            (conv.output_shape(), work)
        };
        self.makes(out)?;
        let each = if depthwise { area } else { area * last };
        let all: usize = out.iter().product();
        *products = products.saturating_add(all.saturating_mul(each));
        Ok(work)
    }

    fn max_pool(&self, products: &mut usize) -> Result<Work, TfliteError> {
        let x = self.graph.tensors[self.input(0)?].nhwc();
        let window = self.operator.window;
        let (around, pad) = split(window, x, window.filter);
        if pad.is_some() {
            // Zeros could be larger than what they surround.
            return Err(TfliteError::Unsupported {
                index: self.index,
                what: "pooling with uneven padding".to_owned(),
            });
        }
        let pool = MaxPool::new(x, window.filter, window.stride, around)?;
        let out = pool.output_shape();
        self.makes(out)?;
        let all: usize = out.iter().product();
        *products = products.saturating_add(all.saturating_mul(window.filter * window.filter));
        Ok(Work::MaxPool(pool))
    }

    fn padding(&self) -> Result<Padding, TfliteError> {
        let tensor = &self.graph.tensors[self.input(0)?];
        let Some(Constant::Ints(pairs)) = &self.graph.tensors[self.input(1)?].constant else {
            return Err(self.bad("its padding is not constant".to_owned()));
        };
        let rank = tensor.shape.len();
        if pairs.len() != 2 * rank || pairs.iter().any(|pair| !(0..=4096).contains(pair)) {
            return Err(self.bad(format!("padding {pairs:?} does not fit {rank} dimensions")));
        }
        let mut padding = Padding {
            shape: tensor.nhwc(),
            before: [0; 4],
            after: [0; 4],
        };
        for (i, pair) in pairs.as_chunks::<2>().0.iter().enumerate() {
            // In range: checked above.
            padding.before[4 - rank + i] = pair[0].unsigned_abs() as usize;
            padding.after[4 - rank + i] = pair[1].unsigned_abs() as usize;
        }
        Ok(padding)
    }

    fn concatenation(&self) -> Result<Work, TfliteError> {
        let out = &self.graph.tensors[self.operator.output].shape;
        let rank = out.len() as i32;
        let axis = self.operator.axis;
        let axis = usize::try_from(if axis < 0 {
            axis.saturating_add(rank)
        } else {
            axis
        })
        .ok()
        .filter(|axis| *axis < out.len())
        .ok_or_else(|| self.bad(format!("axis {axis} of {rank} dimensions")))?;
        let mut along = 0;
        let mut parts = Vec::new();
        for input in &self.operator.inputs {
            let shape = &self.graph.tensors[*input].shape;
            let fits =
                shape.len() == out.len() && (0..out.len()).all(|i| i == axis || shape[i] == out[i]);
            if !fits {
                return Err(self.bad(format!("{shape:?} cannot become part of {out:?}")));
            }
            along += shape[axis];
            parts.push(shape[axis..].iter().product());
        }
        if along != out[axis] {
            return Err(self.bad(format!("parts of {along} make {out:?}")));
        }
        Ok(Work::Concat(parts))
    }
}

/// Padding as even zeros on all sides, or as a separate step where TensorFlow's SAME is uneven (the
/// odd row and column come last).
fn split(window: Window, x: [usize; 4], kernel: usize) -> (usize, Option<Padding>) {
    if !window.same {
        return (0, None);
    }
    let total = |size: usize| {
        ((size.div_ceil(window.stride) - 1) * window.stride + kernel).saturating_sub(size)
    };
    let (rows, cols) = (total(x[1]), total(x[2]));
    if rows == cols && rows % 2 == 0 {
        return (rows / 2, None);
    }
    let before = [0, rows / 2, cols / 2, 0];
    let after = [0, rows - rows / 2, cols - cols / 2, 0];
    let pad = Padding {
        shape: x,
        before,
        after,
    };
    (0, Some(pad))
}

/// Lets convolutions add what is added to them and apply the activation that follows.
fn fuse(steps: &mut Vec<Step>, tensors: usize, outputs: &[usize]) {
    let mut uses = vec![0_usize; tensors];
    for tensor in steps.iter().flat_map(|step| &step.inputs).chain(outputs) {
        uses[*tensor] += 1;
    }
    let mut kept: Vec<Option<Step>> = Vec::new();
    let mut maker: Vec<Option<usize>> = vec![None; tensors];
    for mut step in steps.drain(..) {
        // The step that made a tensor which only this one reads, if nothing follows it yet.
        let sole = |tensor: usize, kept: &[Option<Step>], convolutions_only: bool| {
            let at = maker[tensor].filter(|_| uses[tensor] == 1)?;
            let made = kept[at].as_ref()?;
            let plain = matches!(made.activation, Activation::None);
            let conv = matches!(made.work, Work::Conv { .. }) && made.inputs.len() == 1;
            let wanted = conv || (!convolutions_only && !matches!(made.work, Work::Copy));
            (plain && wanted).then_some(at)
        };
        match step.work {
            Work::Add => {
                let pair = [step.inputs[0], step.inputs[1]];
                for (conv, other) in [(pair[1], pair[0]), (pair[0], pair[1])] {
                    if let Some(mut made) = sole(conv, &kept, true).and_then(|at| kept[at].take()) {
                        // It runs in the addition's place, where the other input exists.
                        made.inputs.push(other);
                        made.output = step.output;
                        made.activation = step.activation;
                        step = made;
                        break;
                    }
                }
            }
            Work::Copy if !matches!(step.activation, Activation::None) => {
                let at = sole(step.inputs[0], &kept, false);
                if let Some(made) = at.and_then(|at| kept[at].as_mut()) {
                    made.output = step.output;
                    made.activation = step.activation;
                    maker[step.output] = at;
                    continue;
                }
            }
            _ => {}
        }
        maker[step.output] = Some(kept.len());
        kept.push(Some(step));
    }
    steps.extend(kept.into_iter().flatten());
}

fn mark_dead(steps: &mut [Step], tensors: usize, outputs: &[usize]) {
    let mut read = vec![false; tensors];
    for output in outputs {
        read[*output] = true;
    }
    for step in steps.iter_mut().rev() {
        for input in &step.inputs {
            if !std::mem::replace(&mut read[*input], true) {
                step.dead.push(*input);
            }
        }
    }
}

//! One operator to one step: its shapes checked, its weights in the kernels' order.

use fasgard_kernels::{Conv, Depthwise, MaxPool};

use super::TfliteError;
use super::graph::{Constant, Graph};
use super::operator::{Kind, Operator, Window};
use super::plan::{Activation, Padding, Step, Work};

/// Side of a kernel, and elements of an input with its padding, at most.
const MAX_KERNEL: usize = 32;
const MAX_PADDED: usize = 1 << 24;

/// One operator of a graph.
pub(super) struct Planner<'a> {
    pub(super) graph: &'a Graph,
    pub(super) operator: &'a Operator,
    pub(super) index: usize,
}

impl Planner<'_> {
    /// The operator's step; its multiplications are added to `products`.
    pub(super) fn step(&self, products: &mut usize) -> Result<Step, TfliteError> {
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

    pub(super) fn bad(&self, what: String) -> TfliteError {
        TfliteError::Graph {
            index: self.index,
            what,
        }
    }

    pub(super) fn input(&self, which: usize) -> Result<usize, TfliteError> {
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

    pub(super) fn same_size(&self, input: usize) -> Result<(), TfliteError> {
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

//! One operator of a file to one layer: its shapes checked, its weights with their taps last.

use fasgard_kernels::{Conv, Depthwise, MaxPool};

use super::TfliteError;
use super::graph::{Constant, Graph};
use super::layer::{Activation, Convolution, Layer, LayerKind, Padding};
use super::operator::{Kind, Operator, Window};

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
    /// The operator's layer; its multiplications are added to `products`.
    pub(super) fn layer(&self, products: &mut usize) -> Result<Layer, TfliteError> {
        let operator = self.operator;
        let mut activation = if operator.relu {
            Activation::Relu
        } else {
            Activation::None
        };
        let mut inputs = vec![self.input(0)?];
        let kind = match operator.kind {
            Kind::CONV | Kind::DEPTHWISE => self.convolution(products)?,
            Kind::MAX_POOL => self.max_pool(products)?,
            Kind::PAD => {
                let padding = self.padding()?;
                self.makes(padding.padded())?;
                LayerKind::Pad(padding)
            }
            Kind::ADD => {
                inputs.push(self.input(1)?);
                self.same_size(inputs[0])?;
                self.same_size(inputs[1])?;
                LayerKind::Add
            }
            Kind::RELU => {
                self.same_size(inputs[0])?;
                activation = Activation::Relu;
                LayerKind::Copy
            }
            Kind::PRELU => {
                self.same_size(inputs[0])?;
                let channels = self.graph.tensors[inputs[0]].nhwc()[3];
                activation = Activation::PRelu(self.floats(1, channels)?.to_vec());
                LayerKind::Copy
            }
            Kind::RESHAPE => {
                self.same_size(inputs[0])?;
                LayerKind::Copy
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
        Ok(Layer {
            inputs,
            output: operator.output,
            shape: self.graph.tensors[operator.output].shape.clone(),
            kind,
            activation,
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

    fn convolution(&self, products: &mut usize) -> Result<LayerKind, TfliteError> {
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
        let [rows, columns] = around(self.operator.window, x, kernel);
        let padded = [
            x[0],
            x[1] + rows[0] + rows[1],
            x[2] + columns[0] + columns[1],
            x[3],
        ];
        if kernel > MAX_KERNEL || padded.iter().product::<usize>() > MAX_PADDED {
            return Err(TfliteError::TooLarge {
                what: "a padded input",
                found: padded.iter().product(),
                limit: MAX_PADDED,
            });
        }
        let area = kernel * kernel;
        let stride = self.operator.window.stride;
        // The taps come last.
        let mut moved = vec![0.0; values.len()];
        let inner = if depthwise { channels } else { last };
        for (outer, block) in values.chunks_exact(area * inner).enumerate() {
            for (tap, line) in block.chunks_exact(inner).enumerate() {
                for (channel, value) in line.iter().enumerate() {
                    moved[(outer * inner + channel) * area + tap] = *value;
                }
            }
        }
        let shape = [channels, if depthwise { 1 } else { last }, kernel, kernel];
        let out = match depthwise {
            true => Depthwise::new(padded, shape, stride, 0)?.output_shape(),
            false => Conv::new(padded, shape, stride, 0)?.output_shape(),
        };
        self.makes(out)?;
        let each = if depthwise { area } else { area * last };
        let all: usize = out.iter().product();
        *products = products.saturating_add(all.saturating_mul(each));
        Ok(LayerKind::Conv(Convolution {
            input: x,
            weights: moved,
            shape,
            bias,
            stride,
            rows,
            columns,
            depthwise,
        }))
    }

    fn max_pool(&self, products: &mut usize) -> Result<LayerKind, TfliteError> {
        let input = self.graph.tensors[self.input(0)?].nhwc();
        let Window { stride, filter, .. } = self.operator.window;
        let [[padding, bottom], [left, right]] = around(self.operator.window, input, filter);
        if [bottom, left, right] != [padding; 3] {
            // Zeros could be larger than what they surround.
            return Err(TfliteError::Unsupported {
                index: self.index,
                what: "pooling with uneven padding".to_owned(),
            });
        }
        let out = MaxPool::new(input, filter, stride, padding)?.output_shape();
        self.makes(out)?;
        let all: usize = out.iter().product();
        *products = products.saturating_add(all.saturating_mul(filter * filter));
        Ok(LayerKind::MaxPool {
            input,
            kernel: filter,
            stride,
            padding,
        })
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

    fn concatenation(&self) -> Result<LayerKind, TfliteError> {
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
        Ok(LayerKind::Concat { axis, parts })
    }
}

/// Zeros above and below, before and behind, as TensorFlow's SAME has them: the odd row and column come
/// last.
fn around(window: Window, x: [usize; 4], kernel: usize) -> [[usize; 2]; 2] {
    if !window.same {
        return [[0; 2]; 2];
    }
    [x[1], x[2]].map(|size| {
        let span = (size.div_ceil(window.stride) - 1) * window.stride + kernel;
        let total = span.saturating_sub(size);
        [total / 2, total - total / 2]
    })
}

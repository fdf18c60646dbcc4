//! A graph computed node by node with plain loops in `f64`.

use fasgard_nn::graph::{Activation, FoldedConv, Graph, Op, Weights};

/// A value for one image.
#[derive(Clone)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f64>,
}

impl Array {
    fn map(&self) -> [usize; 3] {
        self.shape.clone().try_into().unwrap()
    }

    /// The value at a place of a map; `outside` where it has none.
    fn at(&self, channel: usize, y: isize, x: isize, outside: f64) -> f64 {
        let [_, height, width] = self.map();
        let inside = (0..height as isize).contains(&y) && (0..width as isize).contains(&x);
        match inside {
            true => self.values[(channel * height + y as usize) * width + x as usize],
            false => outside,
        }
    }

    fn each(&self, f: impl Fn(usize, f64) -> f64) -> Vec<f64> {
        let cells = self.values.len() / self.shape.first().copied().unwrap_or(1);
        let values = self.values.iter().enumerate();
        values.map(|(i, v)| f(i / cells, *v)).collect()
    }
}

/// The outputs by name for one image (row-major, channels first).
pub(crate) fn run(graph: &Graph, image: &[f32]) -> Vec<(String, Array)> {
    let mut values: Vec<Array> = Vec::new();
    for node in graph.nodes() {
        let inputs: Vec<&Array> = node.inputs.iter().map(|v| &values[v.index()]).collect();
        let result = match &node.op {
            Op::Input => image.iter().map(|v| f64::from(*v)).collect(),
            op => compute(op, &inputs, &node.shape),
        };
        let count: usize = node.shape.iter().product();
        assert_eq!(result.len(), count, "{}", node.name);
        values.push(Array {
            shape: node.shape.clone(),
            values: result,
        });
    }
    let outputs = graph.outputs().iter();
    outputs
        .map(|(name, value)| (name.clone(), values[value.index()].clone()))
        .collect()
}

fn compute(op: &Op, inputs: &[&Array], shape: &[usize]) -> Vec<f64> {
    let first = inputs[0];
    match op {
        Op::Input => unreachable!(),
        Op::Conv(conv) => convolve(first, conv, shape),
        Op::Activation(activation) => first.each(|channel, x| activate(activation, channel, x)),
        Op::Affine { scale, shift } => first.each(|c, x| weight(scale, c) * x + weight(shift, c)),
        Op::Add => {
            assert_eq!(inputs[0].shape, inputs[1].shape);
            first
                .values
                .iter()
                .zip(&inputs[1].values)
                .map(|(a, b)| a + b)
                .collect()
        }
        Op::Multiply if inputs[1].shape == inputs[0].shape => first
            .values
            .iter()
            .zip(&inputs[1].values)
            .map(|(a, b)| a * b)
            .collect(),
        Op::Multiply => {
            assert_eq!(inputs[1].shape, [inputs[0].shape[0], 1, 1]);
            first.each(|channel, x| x * inputs[1].values[channel])
        }
        Op::MaxPool {
            kernel,
            stride,
            padding,
        } => window(shape, *kernel, *stride, *padding, |c, cells| {
            cells
                .map(|(y, x)| first.at(c, y, x, f64::NEG_INFINITY))
                .fold(f64::NEG_INFINITY, f64::max)
        }),
        Op::AveragePool { kernel, stride } => window(shape, *kernel, *stride, 0, |c, cells| {
            cells.map(|(y, x)| first.at(c, y, x, f64::NAN)).sum::<f64>() / (kernel * kernel) as f64
        }),
        Op::GlobalAveragePool => {
            let cells = first.values.len() / shape[0];
            first.values.chunks(cells).map(mean).collect()
        }
        Op::Resize(side) => resize(first, *side),
        Op::Concat => inputs.iter().flat_map(|i| i.values.clone()).collect(),
        Op::Widen(more) => {
            let cells = shape[1] * shape[2];
            [&first.values[..], &vec![0.0; more * cells]].concat()
        }
        Op::Rows(_) => {
            let [channels, height, width] = first.map();
            (0..height * width * channels)
                .map(|i| first.values[i % channels * height * width + i / channels])
                .collect()
        }
        Op::Flatten | Op::Scalar => first.values.clone(),
        Op::Linear { weight: w, bias } => (0..shape[0])
            .map(|o| {
                let row = &w.values[o * w.shape[1]..][..w.shape[1]];
                let products = row
                    .iter()
                    .zip(&first.values)
                    .map(|(w, x)| f64::from(*w) * x);
                products.sum::<f64>() + weight(bias, o)
            })
            .collect(),
        Op::Mean => vec![mean(&first.values)],
        Op::ShareLogit(class) => {
            let exponentials = first.values.iter().map(|z| z.exp());
            let share = first.values[*class].exp() / exponentials.sum::<f64>();
            vec![(share / (1.0 - share)).ln()]
        }
        Op::Scale(factor) => first
            .values
            .iter()
            .map(|x| x * f64::from(*factor))
            .collect(),
        Op::Clip(low, high) => {
            let (low, high) = (f64::from(*low), f64::from(*high));
            first.values.iter().map(|x| x.clamp(low, high)).collect()
        }
    }
}

fn weight(weights: &Weights, channel: usize) -> f64 {
    f64::from(weights.values[channel])
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn activate(activation: &Activation, channel: usize, x: f64) -> f64 {
    let hard = |x: f64| (x + 3.0).clamp(0.0, 6.0) / 6.0;
    match activation {
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::Prelu(slope) if x < 0.0 => x * weight(slope, channel),
        Activation::Prelu(_) => x,
        Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Activation::HardSigmoid => hard(x),
        Activation::HardSwish => x * hard(x),
    }
}

fn convolve(x: &Array, conv: &FoldedConv, shape: &[usize]) -> Vec<f64> {
    let [inputs, _, _] = x.map();
    let kernel: [usize; 4] = conv.weight.shape.clone().try_into().unwrap();
    let [outputs, per_group, height, width] = kernel;
    assert_eq!(per_group * conv.groups, inputs);
    let mut result = Vec::new();
    for o in 0..outputs {
        let start = o / (outputs / conv.groups) * per_group;
        for row in 0..shape[1] {
            for column in 0..shape[2] {
                let mut sum = weight(&conv.bias, o);
                for i in 0..per_group {
                    for (a, b) in (0..height).flat_map(|a| (0..width).map(move |b| (a, b))) {
                        let y = (row * conv.stride + a) as isize - conv.padding[0] as isize;
                        let z = (column * conv.stride + b) as isize - conv.padding[0] as isize;
                        let at = ((o * per_group + i) * height + a) * width + b;
                        sum += f64::from(conv.weight.values[at]) * x.at(start + i, y, z, 0.0);
                    }
                }
                result.push(sum);
            }
        }
    }
    result
}

/// Calls `f` with channel and cells of every window.
fn window(
    shape: &[usize],
    kernel: usize,
    stride: usize,
    padding: usize,
    f: impl Fn(usize, &mut dyn Iterator<Item = (isize, isize)>) -> f64,
) -> Vec<f64> {
    let mut result = Vec::new();
    for channel in 0..shape[0] {
        for (row, column) in (0..shape[1]).flat_map(|r| (0..shape[2]).map(move |c| (r, c))) {
            let place = |start: usize, i: usize| (start * stride + i) as isize - padding as isize;
            let cells = (0..kernel).flat_map(|a| (0..kernel).map(move |b| (a, b)));
            let mut cells = cells.map(|(a, b)| (place(row, a), place(column, b)));
            result.push(f(channel, &mut cells));
        }
    }
    result
}

fn resize(x: &Array, side: usize) -> Vec<f64> {
    let [channels, height, width] = x.map();
    let source = |i: usize, from: usize| {
        let at = (i as f64 + 0.5) * from as f64 / side as f64 - 0.5;
        let at = at.clamp(0.0, (from - 1) as f64);
        let low = at.floor();
        (
            low as isize,
            (low as usize + 1).min(from - 1) as isize,
            at - low,
        )
    };
    let mut result = Vec::new();
    for channel in 0..channels {
        for (row, column) in (0..side).flat_map(|r| (0..side).map(move |c| (r, c))) {
            let ((y0, y1, dy), (x0, x1, dx)) = (source(row, height), source(column, width));
            let at = |y, z| x.at(channel, y, z, f64::NAN);
            let top = at(y0, x0) * (1.0 - dx) + at(y0, x1) * dx;
            let bottom = at(y1, x0) * (1.0 - dx) + at(y1, x1) * dx;
            result.push(top * (1.0 - dy) + bottom * dy);
        }
    }
    result
}

//! A detector as a list of plain operations with folded weights: what an exporter writes.
//!
//! Every layer, backbone and head has a method `graph` that adds its nodes; [`Detector::graph`]
//! walks over all of them. It is the one place that must know how a network is computed besides its
//! `forward`, and `tests/graph.rs` holds the two against each other.
//!
//! [`Detector::graph`]: crate::Detector::graph

mod op;

use std::collections::HashSet;

pub use op::{Activation, FoldedConv, Op, Weights};

/// What a node computes, handed on to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value(usize);

impl Value {
    /// The position of its node.
    pub fn index(self) -> usize {
        self.0
    }
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Unique in its graph, such as `backbone.layer1.0.convs.0.conv`.
    pub name: String,
    /// What it computes.
    pub op: Op,
    /// From what; always nodes before it.
    pub inputs: Vec<Value>,
    /// Shape of the result for one image: `[channels, height, width]`, `[values]` or `[]`.
    pub shape: Vec<usize>,
}

/// A network for inference: nodes in the order in which they are computed, and named outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    nodes: Vec<Node>,
    outputs: Vec<(String, Value)>,
    path: Vec<String>,
    names: HashSet<String>,
}

impl Graph {
    /// An empty network on images of `input` (channels, height, width).
    pub fn new(input: [usize; 3]) -> Self {
        let node = Node {
            name: "input".into(),
            op: Op::Input,
            inputs: Vec::new(),
            shape: input.to_vec(),
        };
        Self {
            names: HashSet::from([node.name.clone()]),
            nodes: vec![node],
            outputs: Vec::new(),
            path: Vec::new(),
        }
    }

    /// The images.
    pub fn input(&self) -> Value {
        Value(0)
    }

    /// The nodes; the first one is the input.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Whether each node is needed for an output.
    pub fn needed(&self) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
        for (_, value) in &self.outputs {
            needed[value.0] = true;
        }
        for (i, node) in self.nodes.iter().enumerate().rev() {
            if needed[i] {
                node.inputs.iter().for_each(|input| needed[input.0] = true);
            }
        }
        needed
    }

    /// The outputs with their names.
    pub fn outputs(&self) -> &[(String, Value)] {
        &self.outputs
    }

    /// The shape of a value for one image.
    pub fn shape(&self, value: Value) -> &[usize] {
        &self.nodes[value.0].shape
    }

    /// Height of a map.
    pub fn side(&self, value: Value) -> usize {
        self.shape(value).get(1).copied().unwrap_or(1)
    }

    /// Runs `body` with `name` added to the path of the nodes it adds.
    pub fn scope<T>(&mut self, name: &str, body: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(name.to_owned());
        let result = body(self);
        self.path.pop();
        result
    }

    /// Adds a node, named after the path and its operation. What is computed already is not computed
    /// again: the value of the first such node is handed out.
    pub fn add(&mut self, op: Op, inputs: &[Value]) -> Value {
        let same = |node: &Node| node.inputs == inputs && node.op == op;
        if let Some(known) = self.nodes.iter().position(same) {
            return Value(known);
        }
        let shapes: Vec<&[usize]> = inputs.iter().map(|v| self.shape(*v)).collect();
        let shape = op.shape(&shapes);
        let mut path = self.path.join(".");
        if !path.is_empty() {
            path.push('.');
        }
        path += op.name();
        let mut name = path.clone();
        let mut number = 2;
        while !self.names.insert(name.clone()) {
            name = format!("{path}-{number}");
            number += 1;
        }
        self.nodes.push(Node {
            name,
            op,
            inputs: inputs.to_vec(),
            shape,
        });
        Value(self.nodes.len() - 1)
    }

    /// Names a value as an output.
    pub fn output(&mut self, name: impl Into<String>, value: Value) {
        self.outputs.push((name.into(), value));
    }

    /// A convolution.
    pub fn conv(&mut self, x: Value, conv: FoldedConv) -> Value {
        self.add(Op::Conv(conv), &[x])
    }

    /// An activation.
    pub fn activate(&mut self, x: Value, activation: Activation) -> Value {
        self.add(Op::Activation(activation), &[x])
    }

    /// An activation as layers fuse it.
    pub(crate) fn fused(&mut self, x: Value, activation: fasgard_kernels::Activation) -> Value {
        match activation {
            fasgard_kernels::Activation::Identity => x,
            fasgard_kernels::Activation::Relu => self.activate(x, Activation::Relu),
            fasgard_kernels::Activation::Relu6 => self.activate(x, Activation::Relu6),
        }
    }

    /// The sum of two maps of one shape.
    pub fn sum(&mut self, a: Value, b: Value) -> Value {
        self.add(Op::Add, &[a, b])
    }

    /// A max pool.
    pub fn max_pool(&mut self, x: Value, kernel: usize, stride: usize, padding: usize) -> Value {
        let op = Op::MaxPool {
            kernel,
            stride,
            padding,
        };
        self.add(op, &[x])
    }

    /// Average-pools a square map to `side`, which divides its side, with a fixed kernel.
    pub fn pool_to(&mut self, x: Value, side: usize) -> Value {
        match self.side(x) / side {
            1 => x,
            kernel => {
                let stride = kernel;
                self.add(Op::AveragePool { kernel, stride }, &[x])
            }
        }
    }

    /// [`resize_bilinear`](crate::layers::resize_bilinear), with the same short cuts.
    pub fn resize(&mut self, x: Value, side: usize) -> Value {
        match *self.shape(x) {
            [_, height, width] if [height, width] == [side, side] => x,
            [_, height, width] if [height, width] == [2 * side, 2 * side] => self.pool_to(x, side),
            _ => self.add(Op::Resize(side), &[x]),
        }
    }

    /// Values one behind the other along their channels; a single one stays as it is.
    pub fn concat(&mut self, values: &[Value]) -> Value {
        match values {
            [one] => *one,
            _ => self.add(Op::Concat, values),
        }
    }

    /// The mean of several single values.
    pub fn mean_of(&mut self, values: &[Value]) -> Value {
        let [first, rest @ ..] = values else {
            return self.input();
        };
        let sum = rest.iter().fold(*first, |sum, value| self.sum(sum, *value));
        match rest {
            [] => sum,
            _ => self.add(Op::Scale(1.0 / values.len() as f32), &[sum]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conv(shape: [usize; 4], stride: usize, padding: [usize; 2], groups: usize) -> FoldedConv {
        FoldedConv {
            weight: Weights {
                shape: shape.to_vec(),
                values: vec![0.0; shape.iter().product()],
            },
            bias: Weights::channels(vec![0.0; shape[0]]),
            stride,
            padding,
            groups,
        }
    }

    #[test]
    fn shapes_flow_and_names_are_unique() {
        let mut graph = Graph::new([3, 33, 32]);
        let x = graph.input();
        let a = graph.scope("stem", |g| g.conv(x, conv([8, 3, 7, 7], 2, [3, 3], 1)));
        assert_eq!(graph.shape(a), [8, 17, 16]);
        let b = graph.scope("stem", |g| g.conv(a, conv([8, 1, 3, 3], 2, [0, 1], 8)));
        assert_eq!(graph.shape(b), [8, 8, 8]);
        let c = graph.max_pool(b, 3, 2, 1);
        assert_eq!(graph.shape(c), [8, 4, 4]);
        let same = graph.resize(c, 4);
        assert_eq!(same, c);
        let half = graph.resize(c, 2);
        let op = &graph.nodes()[half.index()].op;
        assert!(matches!(
            op,
            Op::AveragePool {
                kernel: 2,
                stride: 2
            }
        ));
        let both = graph.concat(&[half, half]);
        assert_eq!(graph.shape(both), [16, 2, 2]);
        let mean = graph.add(Op::Mean, &[both]);
        assert!(graph.shape(mean).is_empty());
        let names: Vec<&str> = graph.nodes().iter().map(|n| n.name.as_str()).collect();
        let expected = [
            "input",
            "stem.conv",
            "stem.conv-2",
            "maxpool",
            "avgpool",
            "concat",
            "mean",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn channels_widen_and_places_become_rows() {
        let mut graph = Graph::new([6, 4, 5]);
        let x = graph.input();
        let wide = graph.add(Op::Widen(2), &[x]);
        assert_eq!(graph.shape(wide), [8, 4, 5]);
        let rows = [x, wide].map(|value| graph.add(Op::Rows(2), &[value]));
        assert_eq!(rows.map(|value| graph.shape(value)[0]), [60, 80]);
        let both = graph.concat(&rows);
        assert_eq!(graph.shape(both), [140, 2]);
    }

    #[test]
    fn nothing_is_computed_twice_and_what_nobody_needs_is_known() {
        let mut graph = Graph::new([1, 2, 2]);
        let x = graph.input();
        let [a, b] = [(); 2].map(|()| graph.activate(x, Activation::Sigmoid));
        assert_eq!(a, b);
        let c = graph.activate(x, Activation::Relu);
        let mean = graph.add(Op::Mean, &[a]);
        graph.output("score", mean);
        assert!(!graph.needed()[c.index()]);
        assert_eq!(graph.needed(), [true, true, false, true]);
    }

    #[test]
    fn the_mean_of_one_is_itself() {
        let mut graph = Graph::new([1, 2, 2]);
        let x = graph.input();
        let mean = graph.add(Op::Mean, &[x]);
        assert_eq!(graph.mean_of(&[mean]), mean);
        let of_two = graph.mean_of(&[mean, mean]);
        assert_eq!(graph.nodes()[of_two.index()].op, Op::Scale(0.5));
    }
}

//! The walk over a network's graph: each operation becomes one node of ONNX.

use fasgard_nn::graph::{Activation, FoldedConv, Graph, Node as Given, Op, Value, Weights};

use super::proto::{Attribute, Constant, Data, Node};

/// Nodes and constants of a graph that is being written.
#[derive(Debug, Default)]
pub(super) struct Lowered {
    pub(super) nodes: Vec<Node>,
    pub(super) constants: Vec<Constant>,
}

/// Everything that an output needs, in order. A value that is an output bears the output's name.
pub(super) fn lower(graph: &Graph) -> Lowered {
    let mut lowered = Lowered::default();
    let needed = graph.needed();
    for (given, _) in graph.nodes().iter().zip(needed).filter(|(_, n)| *n) {
        let inputs = given.inputs.iter().map(|v| name(graph, *v)).collect();
        let output = named(graph, given).to_owned();
        lowered.add(graph, given, inputs, output);
    }
    // A second output of the same value.
    for (i, (output, value)) in graph.outputs().iter().enumerate() {
        if graph.outputs()[..i].iter().any(|(_, v)| v == value) {
            lowered.nodes.push(Node {
                name: output.clone(),
                operator: "Identity",
                inputs: vec![name(graph, *value)],
                output: output.clone(),
                attributes: Vec::new(),
            });
        }
    }
    lowered
}

fn name(graph: &Graph, value: Value) -> String {
    named(graph, &graph.nodes()[value.index()]).to_owned()
}

/// The name of what a node computes.
fn named<'a>(graph: &'a Graph, node: &'a Given) -> &'a str {
    let is_this = |value: &Value| std::ptr::eq(&raw const graph.nodes()[value.index()], node);
    let output = graph.outputs().iter().find(|(_, value)| is_this(value));
    output.map_or(&node.name, |(name, _)| name)
}

impl Lowered {
    fn add(&mut self, graph: &Graph, given: &Given, mut inputs: Vec<String>, output: String) {
        use Attribute::{Float, Int, Ints, Text};
        let name = &given.name;
        let first = given.inputs.first().map_or(&[][..], |v| graph.shape(*v));
        let (operator, attributes) = match &given.op {
            Op::Input => return,
            Op::Conv(conv) => {
                inputs.push(self.weights(name, "weight", &conv.weight, &conv.weight.shape));
                inputs.push(self.weights(name, "bias", &conv.bias, &conv.bias.shape));
                ("Conv", conv_attributes(conv))
            }
            Op::Activation(Activation::Relu) => ("Relu", Vec::new()),
            Op::Activation(Activation::Relu6) => {
                inputs.extend(self.bounds(name, 0.0, 6.0));
                ("Clip", Vec::new())
            }
            Op::Clip(low, high) => {
                inputs.extend(self.bounds(name, *low, *high));
                ("Clip", Vec::new())
            }
            Op::Activation(Activation::Prelu(slope)) => {
                // Broadcast over the channels of a map, or of a flat value.
                let mut shape = vec![1; first.len()];
                shape[0] = slope.values.len();
                inputs.push(self.weights(name, "slope", slope, &shape));
                ("PRelu", Vec::new())
            }
            Op::Activation(Activation::Sigmoid) => ("Sigmoid", Vec::new()),
            Op::Activation(Activation::HardSigmoid) => (
                "HardSigmoid",
                vec![("alpha", Float(1.0 / 6.0)), ("beta", Float(0.5))],
            ),
            Op::Activation(Activation::HardSwish) => ("HardSwish", Vec::new()),
            Op::Affine { scale, shift } => {
                // A normalisation by mean 0 and variance 1: one node where a product and a sum are
                // two, and runtimes fuse it.
                let channels = scale.values.len();
                let [mean, variance] = [0.0, 1.0].map(|v| Weights::channels(vec![v; channels]));
                for (part, values) in [
                    ("scale", scale),
                    ("shift", shift),
                    ("mean", &mean),
                    ("variance", &variance),
                ] {
                    inputs.push(self.weights(name, part, values, &[channels]));
                }
                ("BatchNormalization", vec![("epsilon", Float(0.0))])
            }
            Op::Add => ("Add", Vec::new()),
            Op::Multiply => ("Mul", Vec::new()),
            Op::MaxPool {
                kernel,
                stride,
                padding,
            } => ("MaxPool", window(*kernel, *stride, *padding)),
            Op::AveragePool { kernel, stride } => ("AveragePool", window(*kernel, *stride, 0)),
            Op::GlobalAveragePool => ("GlobalAveragePool", Vec::new()),
            Op::Resize(side) => {
                inputs.extend([String::new(), String::new()]);
                inputs.push(self.ints(name, "sizes", vec![*side as i64; 2]));
                let attributes = vec![
                    ("axes", Ints(vec![2, 3])),
                    ("mode", Text("linear")),
                    ("coordinate_transformation_mode", Text("half_pixel")),
                ];
                ("Resize", attributes)
            }
            Op::Widen(more) => {
                // Before every axis, then behind every axis.
                let around = vec![0, 0, 0, 0, 0, *more as i64, 0, 0];
                inputs.push(self.ints(name, "pads", around));
                ("Pad", Vec::new())
            }
            Op::Concat => ("Concat", vec![("axis", Int(1))]),
            Op::Rows(each) => {
                let turned = format!("{name}.turned");
                self.nodes.push(Node {
                    name: turned.clone(),
                    operator: "Transpose",
                    inputs: std::mem::replace(&mut inputs, vec![turned.clone()]),
                    output: turned,
                    attributes: vec![("perm", Ints(vec![0, 2, 3, 1]))],
                });
                // The batch as it is, and as many rows as there are.
                inputs.push(self.ints(name, "shape", vec![0, -1, *each as i64]));
                ("Reshape", Vec::new())
            }
            Op::Flatten => ("Flatten", vec![("axis", Int(1))]),
            Op::Linear { weight, bias } => {
                inputs.push(self.weights(name, "weight", weight, &weight.shape));
                inputs.push(self.weights(name, "bias", bias, &bias.shape));
                ("Gemm", vec![("transB", Int(1))])
            }
            Op::Mean => {
                inputs.push(self.ints(name, "axes", (1..=first.len() as i64).collect()));
                ("ReduceMean", vec![("keepdims", Int(0))])
            }
            Op::Scalar => {
                inputs.push(self.ints(name, "axes", (1..=first.len() as i64).collect()));
                ("Squeeze", Vec::new())
            }
            Op::ShareLogit(class) => {
                inputs = self.parted(name, &inputs, *class, first);
                ("Sub", Vec::new())
            }
            Op::Scale(factor) => {
                inputs.push(self.number(name, "factor", *factor));
                ("Mul", Vec::new())
            }
        };
        self.nodes.push(Node {
            name: name.clone(),
            operator,
            inputs,
            output,
            attributes,
        });
    }

    /// One class of several, and the logarithm of the sum of the exponentials of the others.
    fn parted(
        &mut self,
        name: &str,
        inputs: &[String],
        class: usize,
        shape: &[usize],
    ) -> Vec<String> {
        let count = shape.first().copied().unwrap_or_default();
        let others = (0..count).filter(|c| *c != class).map(|c| c as i64);
        let places = [
            self.ints(name, "class", vec![class as i64]),
            self.ints(name, "classes", others.collect()),
        ];
        let axes = self.ints(name, "axes", vec![1]);
        let parts = ["one", "others"].map(|part| format!("{name}.{part}"));
        for (part, place) in parts.iter().zip(places) {
            self.nodes.push(Node {
                name: part.clone(),
                operator: "Gather",
                inputs: [inputs, &[place]].concat(),
                output: part.clone(),
                attributes: vec![("axis", Attribute::Int(1))],
            });
        }
        let [one, others] = parts;
        let sum = format!("{name}.sum");
        self.nodes.push(Node {
            name: sum.clone(),
            operator: "ReduceLogSumExp",
            inputs: vec![others, axes],
            output: sum.clone(),
            attributes: vec![("keepdims", Attribute::Int(1))],
        });
        vec![one, sum]
    }

    /// Adds the constant `NODE.PART` and returns its name.
    fn constant(&mut self, node: &str, part: &str, shape: &[usize], data: Data) -> String {
        let name = format!("{node}.{part}");
        self.constants.push(Constant {
            name: name.clone(),
            shape: shape.to_vec(),
            data,
        });
        name
    }

    fn weights(&mut self, node: &str, part: &str, weights: &Weights, shape: &[usize]) -> String {
        self.constant(node, part, shape, Data::Float(weights.values.clone()))
    }

    fn ints(&mut self, node: &str, part: &str, values: Vec<i64>) -> String {
        self.constant(node, part, &[values.len()], Data::Int(values))
    }

    fn number(&mut self, node: &str, part: &str, value: f32) -> String {
        self.constant(node, part, &[], Data::Float(vec![value]))
    }

    fn bounds(&mut self, node: &str, low: f32, high: f32) -> [String; 2] {
        [
            self.number(node, "low", low),
            self.number(node, "high", high),
        ]
    }
}

fn conv_attributes(conv: &FoldedConv) -> Vec<(&'static str, Attribute)> {
    let [before, behind] = conv.padding.map(|p| p as i64);
    let kernel = conv.weight.shape[2..].iter().map(|k| *k as i64).collect();
    vec![
        ("kernel_shape", Attribute::Ints(kernel)),
        ("strides", Attribute::Ints(vec![conv.stride as i64; 2])),
        (
            "pads",
            Attribute::Ints(vec![before, before, behind, behind]),
        ),
        ("group", Attribute::Int(conv.groups as i64)),
    ]
}

fn window(kernel: usize, stride: usize, padding: usize) -> Vec<(&'static str, Attribute)> {
    vec![
        ("kernel_shape", Attribute::Ints(vec![kernel as i64; 2])),
        ("strides", Attribute::Ints(vec![stride as i64; 2])),
        ("pads", Attribute::Ints(vec![padding as i64; 4])),
    ]
}

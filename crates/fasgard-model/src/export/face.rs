//! The face detector as ONNX, for the page that looks for faces in the browser, and the check that
//! ONNX Runtime answers as fasgard does.

use std::collections::HashMap;

use fasgard_face::{
    Detector, Weights, WeightsError,
    detect::{CONTRACT, level},
    tflite::{Activation, Convolution, Layer, LayerKind, Layers, Padding, TfliteError},
};
use fasgard_nn::graph::{self, FoldedConv, Graph, Op, Value};
use serde::Serialize;
use serde_json::json;

use super::{
    Onnx, OutputCheck, Runtime, TOLERANCE,
    check::compare,
    lower::lower,
    proto::{Model, Port},
    samples::picture,
};
use crate::SCHEMA;

/// Key of the metadata that holds the detector's contract.
pub const FACE_KEY: &str = "fasgard.face";
/// Names of the outputs.
const OUTPUTS: [&str; 2] = ["boxes", "logits"];
/// Pictures that go through ONNX Runtime together; the first one goes alone.
const BATCH: usize = 8;

/// A face detector that cannot be exported or checked.
#[derive(Debug, thiserror::Error)]
pub enum FaceExportError {
    /// The weights are no detector.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The network does not run.
    #[error("the face detector: {0}")]
    Network(#[from] TfliteError),
    /// An operator that the writer does not know.
    #[error("the face detector: operator {index}: {what} is not written as ONNX")]
    Operator {
        /// Its place in the network.
        index: usize,
        /// What is not known.
        what: String,
    },
    /// ONNX Runtime refuses the file, or fails on it.
    #[error("ONNX Runtime does not run the exported file: {0}")]
    Runtime(String),
}

/// How an exported detector compares with fasgard's own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FaceCheck {
    /// Version of ONNX Runtime.
    pub onnxruntime: String,
    /// Pictures compared.
    pub samples: usize,
    /// Each output's difference; of `boxes` in parts of the input's side.
    pub outputs: Vec<OutputCheck>,
    /// Anchors at which one sees a face and the other does not.
    pub flips: usize,
    /// [`TOLERANCE`].
    pub tolerance: f64,
    /// Whether no difference is above the tolerance.
    pub good: bool,
}

/// Writes the face detector as ONNX.
///
/// The input `input` is `[batch, 3, 128, 128]`, `f32`: red, green, blue, each `value / 127.5 - 1`. The
/// outputs are the network's own: `boxes` `[batch, 896, 16]` (middle, width, height and six points, in
/// pixels of the input and from the anchor on) and `logits` `[batch, 896, 1]`. What makes faces of them
/// is in the metadata under [`FACE_KEY`], JSON ([`CONTRACT`]). The same weights give the same bytes.
///
/// # Errors
/// The weights are no detector, or have an operator that the writer does not know.
pub fn face_onnx(weights: &Weights) -> Result<Onnx, FaceExportError> {
    // Checks inputs and outputs.
    Detector::new(weights)?;
    let graph = graph_of(&Layers::read(weights.detector())?)?;
    let lowered = lower(&graph);
    let docs = [
        "Middle, size and six points of a face at each anchor, in pixels from the anchor on",
        "A face is there if its sigmoid is above the threshold",
    ];
    let outputs = graph.outputs().iter().zip(docs);
    let outputs: Vec<Port> = outputs
        .map(|((name, value), doc)| Port {
            name: name.clone(),
            shape: graph.shape(*value).to_vec(),
            doc: doc.into(),
        })
        .collect();
    let shapes = outputs.iter().map(|port| port.shape.clone()).collect();
    let side = usize::from(CONTRACT.side);
    let bytes = Model {
        name: "face-detector".into(),
        doc: "BlazeFace, front camera (MediaPipe, Apache-2.0): finds faces, judges none.".into(),
        version: env!("CARGO_PKG_VERSION"),
        nodes: lowered.nodes,
        constants: lowered.constants,
        inputs: vec![Port {
            name: "input".into(),
            shape: vec![3, side, side],
            doc: "Pictures, red, green, blue, each value / 127.5 - 1".into(),
        }],
        outputs,
        metadata: vec![(FACE_KEY.into(), contract(weights).to_string())],
    }
    .into_bytes();
    Ok(Onnx {
        bytes,
        outputs: OUTPUTS.map(String::from).to_vec(),
        shapes,
    })
}

fn contract(weights: &Weights) -> serde_json::Value {
    json!({
        "schema": SCHEMA,
        "name": "BlazeFace front",
        "weights_sha256": weights.detector_sha256(),
        "licence": "Apache-2.0",
        "side": CONTRACT.side,
        "threshold": CONTRACT.threshold,
        "overlap": CONTRACT.overlap,
        "canvases": CONTRACT.canvases,
        "grids": CONTRACT.grids,
    })
}

/// The network in operations of ours; its outputs are `boxes` and `logits`.
fn graph_of(layers: &Layers) -> Result<Graph, FaceExportError> {
    let [_, height, width, channels] = layers.input_shape[..] else {
        return Err(unknown(0, "an input that is no picture"));
    };
    let mut graph = Graph::new([channels, height, width]);
    let mut values = HashMap::from([(layers.input, graph.input())]);
    for (index, layer) in layers.layers.iter().enumerate() {
        let inputs: Vec<Value> = layer
            .inputs
            .iter()
            .map(|tensor| values.get(tensor).copied())
            .collect::<Option<_>>()
            .ok_or_else(|| unknown(index, "an input that nothing makes"))?;
        let value = graph.scope(&format!("layer{index}"), |graph| {
            add(graph, layer, &inputs).map_err(|what| unknown(index, &what))
        })?;
        values.insert(layer.output, value);
    }
    // In the order of `OUTPUTS`, whatever the file's is.
    let is_logits = |shape: &[usize]| shape.last() == Some(&1);
    let mut ends: Vec<_> = layers.outputs.iter().collect();
    ends.sort_by_key(|(_, shape)| is_logits(shape));
    for (tensor, shape) in ends {
        let name = OUTPUTS[usize::from(is_logits(shape))];
        let value = values
            .get(tensor)
            .ok_or_else(|| unknown(0, "an output that nothing makes"))?;
        graph.output(name, *value);
    }
    Ok(graph)
}

fn unknown(index: usize, what: &str) -> FaceExportError {
    FaceExportError::Operator {
        index,
        what: what.to_owned(),
    }
}

/// Adds one layer with its activation; fails with what has no counterpart.
fn add(graph: &mut Graph, layer: &Layer, inputs: &[Value]) -> Result<Value, String> {
    let [x, ..] = inputs else {
        return Err("an operator without inputs".into());
    };
    let value = match &layer.kind {
        LayerKind::Conv(conv) => graph.conv(*x, folded(conv)?),
        LayerKind::MaxPool {
            kernel,
            stride,
            padding,
            ..
        } => graph.max_pool(*x, *kernel, *stride, *padding),
        LayerKind::Pad(padding) => graph.add(Op::Widen(widened(padding)?), &[*x]),
        LayerKind::Add => graph.add(Op::Add, inputs),
        LayerKind::Copy => reshaped(graph, &layer.shape, *x)?,
        LayerKind::Concat { axis: 1, .. } if layer.shape.len() == 3 => graph.concat(inputs),
        LayerKind::Concat { axis, .. } => return Err(format!("joining along axis {axis}")),
    };
    Ok(match &layer.activation {
        Activation::None => value,
        Activation::Relu => graph.activate(value, graph::Activation::Relu),
        Activation::PRelu(slopes) => {
            let slopes = graph::Weights::channels(slopes.clone());
            graph.activate(value, graph::Activation::Prelu(slopes))
        }
    })
}

fn folded(conv: &Convolution) -> Result<FoldedConv, String> {
    if conv.rows != conv.columns {
        let Convolution { rows, columns, .. } = conv;
        return Err(format!("padding of {rows:?} rows and {columns:?} columns"));
    }
    Ok(FoldedConv {
        weight: graph::Weights {
            shape: conv.shape.to_vec(),
            values: conv.weights.clone(),
        },
        bias: graph::Weights::channels(conv.bias.clone()),
        stride: conv.stride,
        padding: conv.rows,
        groups: if conv.depthwise { conv.shape[0] } else { 1 },
    })
}

/// How many channels of zeros come behind the others.
fn widened(padding: &Padding) -> Result<usize, String> {
    match (padding.before, padding.after) {
        ([0, 0, 0, 0], [0, 0, 0, more]) => Ok(more),
        (before, after) => Err(format!("padding by {before:?} and {after:?}")),
    }
}

/// `x` under another shape: as it is, or a map as rows.
fn reshaped(graph: &mut Graph, shape: &[usize], x: Value) -> Result<Value, String> {
    let from = graph.shape(x).to_vec();
    match (&from[..], shape) {
        ([c, h, w], [1, height, width, channels]) if [h, w, c] == [height, width, channels] => {
            Ok(x)
        }
        ([_, _, _], [1, _, each]) => Ok(graph.add(Op::Rows(*each), &[x])),
        _ => Err(format!("making {shape:?} of {from:?}")),
    }
}

/// Runs `count` pictures (at least one) drawn from `seed` through both.
///
/// # Errors
/// The detector or ONNX Runtime does not run. Differences are no error: [`FaceCheck::good`] says.
pub fn verify_face(
    weights: &Weights,
    onnx: &Onnx,
    runtime: &Runtime,
    count: usize,
    seed: u64,
) -> Result<FaceCheck, FaceExportError> {
    let detector = Detector::new(weights)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let network = runtime.network(&onnx.bytes, threads);
    let mut network = network.map_err(FaceExportError::Runtime)?;
    let side = usize::from(CONTRACT.side);
    let pictures: Vec<Vec<f32>> = (0..count.max(1))
        .map(|i| {
            let pixels = picture(u32::from(CONTRACT.side), seed, i);
            pixels.iter().map(|v| level(*v)).collect()
        })
        .collect();
    // Boxes as parts of the input's side: a tenth of a thousandth of a pixel is nothing.
    let units = [f64::from(CONTRACT.side), 1.0];
    let mut differences = [[0.0; 2]; 2];
    let mut flips = 0;
    let (first, rest) = pictures.split_at(1);
    for batch in std::iter::once(first).chain(rest.chunks(BATCH)) {
        let planar: Vec<f32> = batch.iter().flat_map(|p| planar(p)).collect();
        let theirs = network
            .run(&planar, [batch.len(), side], &onnx.outputs)
            .map_err(FaceExportError::Runtime)?;
        for (i, picture) in batch.iter().enumerate() {
            let (boxes, logits) = detector.raw(picture.clone())?;
            for (output, ours) in [&boxes, &logits].into_iter().enumerate() {
                let len = theirs[output].len() / batch.len();
                let theirs = &theirs[output][i * len..][..len];
                let [ours, theirs] = [&ours[..], theirs].map(|values| wide(values, units[output]));
                compare(&mut differences[output], &ours, &theirs);
            }
            let len = logits.len();
            let theirs = theirs[1].iter().skip(i * len);
            flips += logits
                .iter()
                .zip(theirs)
                .filter(|(a, b)| is_face(**a) != is_face(**b))
                .count();
        }
    }
    let names = onnx.outputs.iter().zip(differences);
    let outputs: Vec<OutputCheck> = names
        .map(|(name, difference)| OutputCheck::new(name, difference, None))
        .collect();
    Ok(FaceCheck {
        onnxruntime: runtime.version(),
        samples: pictures.len(),
        good: outputs.iter().all(OutputCheck::good),
        outputs,
        flips,
        tolerance: TOLERANCE,
    })
}

fn is_face(logit: f32) -> bool {
    1.0 / (1.0 + (-logit).exp()) > CONTRACT.threshold
}

/// `[H, W, 3]` as `[3, H, W]`.
fn planar(pixels: &[f32]) -> Vec<f32> {
    (0..3)
        .flat_map(|c| pixels.iter().skip(c).step_by(3).copied())
        .collect()
}

fn wide(values: &[f32], unit: f64) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v) / unit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map of two channels on 2 x 2 places whose values tell their place.
    fn layers(kind: LayerKind, shape: &[usize]) -> Layers {
        Layers {
            tensors: 2,
            input: 0,
            input_shape: vec![1, 2, 2, 2],
            outputs: vec![(1, shape.to_vec())],
            layers: vec![Layer {
                inputs: vec![0],
                output: 1,
                shape: shape.to_vec(),
                kind,
                activation: Activation::None,
            }],
        }
    }

    #[test]
    fn layers_become_operations_and_others_are_named() {
        let pad = |before: [usize; 4], after: [usize; 4]| {
            LayerKind::Pad(Padding {
                shape: [1, 2, 2, 2],
                before,
                after,
            })
        };
        let graph = graph_of(&layers(pad([0; 4], [0, 0, 0, 3]), &[1, 2, 2, 5])).unwrap();
        let (_, value) = &graph.outputs()[0];
        assert_eq!(graph.shape(*value), [5, 2, 2]);
        let graph = graph_of(&layers(LayerKind::Copy, &[1, 8, 1])).unwrap();
        let (name, value) = &graph.outputs()[0];
        assert_eq!((&name[..], graph.shape(*value)), ("logits", &[8, 1][..]));
        for (kind, shape, part) in [
            (pad([0, 1, 0, 0], [0; 4]), &[1, 3, 2, 2][..], "padding"),
            (LayerKind::Copy, &[8][..], "making [8]"),
            (
                LayerKind::Concat {
                    axis: 3,
                    parts: vec![2],
                },
                &[1, 2, 2, 2][..],
                "axis 3",
            ),
        ] {
            let error = graph_of(&layers(kind, shape)).unwrap_err().to_string();
            assert!(
                error.contains(part) && error.contains("operator 0"),
                "{error}"
            );
        }
    }
}

//! Export to ONNX: the folded network with its contract in the file's metadata, and the check that
//! ONNX Runtime answers as fasgard does.
//!
//! [`onnx`] walks over the [graph](fasgard_nn::graph) of a model file's network and gives the bytes of
//! the file; [`verify`] runs them through a [`Runtime`] beside fasgard's own computation. [`face_onnx`] and
//! [`verify_face`] do so with the face detector.

mod check;
mod face;
mod find;
mod lower;
mod metadata;
mod proto;
mod runtime;
mod samples;

use std::path::Path;

use burn::tensor::Device;

pub use check::{Check, CheckError, OutputCheck, TOLERANCE, verify};
pub use face::{FACE_KEY, FaceCheck, FaceExportError, face_onnx, verify_face};
pub use find::find_runtime;
pub use runtime::{Runtime, RuntimeError};
pub use samples::samples;

use crate::{ModelError, ModelFile};
use proto::{Model, Port};

/// Protocol buffers end at two GiB.
const MAX_BYTES: usize = i32::MAX as usize;

/// An exported network.
#[derive(Clone, Debug, PartialEq)]
pub struct Onnx {
    /// The file.
    pub bytes: Vec<u8>,
    /// Names of the outputs: `score`, `logit` where the score is its sigmoid, `map_SIDE` for every
    /// scale, largest first.
    pub outputs: Vec<String>,
    /// Shapes of the outputs for one image: `[]`, or `[1, side, side]` for a map.
    pub shapes: Vec<Vec<usize>>,
}

/// Writes the network of a model file as ONNX. `path` is for messages.
///
/// The input `input` is `[batch, 3, size, size]`, `f32`, after the file's `Preprocess`; the outputs are
/// those of [`Detector::graph`](fasgard_nn::Detector::graph). The metadata has the whole card; see
/// docs/export.md. The same model file gives the same bytes.
///
/// # Errors
/// The weights do not fit the architecture, or the file would exceed 2 GiB.
pub fn onnx(file: &ModelFile, path: &Path) -> Result<Onnx, ModelError> {
    let wrong = |reason: String| ModelError::new(path, reason);
    let card = &file.card;
    let size = card.preprocess.size as usize;
    let metadata = metadata::entries(card).map_err(wrong)?;
    let graph = file
        .detector(path, &Device::flex())?
        .graph(&card.model, size);
    let lowered = lower::lower(&graph);
    let outputs = graph.outputs().iter().map(|(name, value)| Port {
        name: name.clone(),
        shape: graph.shape(*value).to_vec(),
        doc: metadata::output_doc(card, name),
    });
    let outputs: Vec<Port> = outputs.collect();
    let (names, shapes) = outputs
        .iter()
        .map(|port| (port.name.clone(), port.shape.clone()))
        .unzip();
    let bytes = Model {
        name: card.name.clone(),
        doc: metadata::doc(card),
        version: env!("CARGO_PKG_VERSION"),
        nodes: lowered.nodes,
        constants: lowered.constants,
        inputs: vec![Port {
            name: "input".into(),
            shape: vec![3, size, size],
            doc: metadata::input_doc(&card.preprocess),
        }],
        outputs,
        metadata,
    }
    .into_bytes();
    if bytes.len() > MAX_BYTES {
        return Err(wrong(format!(
            "an ONNX file: expected at most {MAX_BYTES} bytes, found {}",
            bytes.len()
        )));
    }
    Ok(Onnx {
        bytes,
        outputs: names,
        shapes,
    })
}

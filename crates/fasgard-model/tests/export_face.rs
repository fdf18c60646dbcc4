//! The exported face detector as an independent reader sees it, and as ONNX Runtime computes it.

#![allow(clippy::unwrap_used, clippy::panic)] // in helpers: a panic is a failed test

#[allow(dead_code, reason = "the reader of export.rs, which asks for more")]
mod onnx_file;

use fasgard_face::{Weights, detect::CONTRACT};
use fasgard_model::export::{FACE_KEY, Runtime, face_onnx, find_runtime, verify_face};
use onnx_file::Message;

#[test]
#[ignore = "needs the face weights (fasgard models install) and the Python wheel onnxruntime (ORT_DYLIB_PATH names it)"]
fn onnx_runtime_finds_what_fasgard_finds() {
    let weights = Weights::find().unwrap();
    let exported = face_onnx(&weights).unwrap();
    assert_eq!(
        exported,
        face_onnx(&weights).unwrap(),
        "the same bytes every time"
    );
    assert_eq!(exported.outputs, ["boxes", "logits"]);
    assert_eq!(exported.shapes, [[896, 16], [896, 1]]);

    let model = Message::read(&exported.bytes);
    let entry = model.message(14);
    assert_eq!(entry.text(1), FACE_KEY);
    let contract: serde_json::Value = serde_json::from_str(&entry.text(2)).unwrap();
    assert_eq!(contract["side"], CONTRACT.side);
    assert_eq!(contract["threshold"], f64::from(CONTRACT.threshold));
    assert_eq!(contract["overlap"], f64::from(CONTRACT.overlap));
    assert_eq!(contract["canvases"], serde_json::json!([1.0, 1.5, 2.0]));
    assert_eq!(contract["grids"], serde_json::json!([[16, 2], [8, 6]]));
    assert_eq!(contract["weights_sha256"], weights.detector_sha256());

    let runtime = Runtime::open(find_runtime(None).unwrap()).unwrap();
    let check = verify_face(&weights, &exported, &runtime, 12, 5).unwrap();
    println!("{check:?}");
    assert!(check.good, "{check:?}");
    assert_eq!((check.samples, check.flips), (12, 0));

    // A damaged file is noticed.
    let mut damaged = exported.clone();
    damaged.bytes.truncate(damaged.bytes.len() / 2);
    let error = verify_face(&weights, &damaged, &runtime, 1, 0).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("does not run the exported file"), "{error}");
}

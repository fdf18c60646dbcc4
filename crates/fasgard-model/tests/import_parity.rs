//! Networks with published weights against PyTorch: `tools/parity/imported.py` writes what is compared.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use fasgard_image::random::stream;
use fasgard_model::{BackboneWeights, read_tensors};
use fasgard_nn::{BackboneKind, Init, ModelConfig, NamedTensor, backbones::Backbone, load_weights};

/// Largest `|ours - theirs| / |theirs|`, Euclidean norms.
const TOLERANCE: f64 = 1e-4;

fn folder() -> PathBuf {
    PathBuf::from(std::env::var("FASGARD_PARITY").unwrap())
}

/// The file of weights of a kind, whatever its ending.
fn weights(kind: &str) -> PathBuf {
    ["whl", "pth", "pkl"]
        .map(|ending| folder().join(format!("{kind}.{ending}")))
        .into_iter()
        .find(|path| path.exists())
        .unwrap()
}

fn tensor(path: &Path, name: &str) -> NamedTensor {
    let (tensors, _) = read_tensors(path).unwrap();
    tensors.into_iter().find(|t| t.name == name).unwrap()
}

fn relative(ours: &[f32], theirs: &[f32]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let pairs = ours.iter().zip(theirs);
    norm(&mut pairs.map(|(a, b)| f64::from(*a) - f64::from(*b)))
        / norm(&mut theirs.iter().map(|v| f64::from(*v)))
}

/// Features of the whole backbone on the script's input, compared with the script's.
fn compare(kind: BackboneKind, imported: BackboneWeights) {
    let file = folder().join(format!("{}.safetensors", kind.name()));
    let (x, y) = (tensor(&file, "x"), tensor(&file, "y"));
    let device = Device::flex();
    let mut init = Init::new(stream(0, "init", 0, ""), &device);
    let body = Backbone::new(&ModelConfig::whole(kind), 32, &mut init);
    let own = imported.weights.into_iter().map(|weight| NamedTensor {
        name: weight.name.replacen("backbone.", "", 1),
        ..weight
    });
    let body = load_weights(body, own.collect()).unwrap();
    let shape: [usize; 4] = x.shape.try_into().unwrap();
    let images = Tensor::<4>::from_data(TensorData::new(x.values, shape), &device);
    let features = body.forward(images.permute([0, 2, 3, 1]));
    let features = features.permute([0, 3, 1, 2]);
    assert_eq!(features.dims().to_vec(), y.shape);
    let ours: Vec<f32> = features.into_data().iter::<f32>().collect();
    let error = relative(&ours, &y.values);
    println!("{}: {error:.1e}", kind.name());
    assert!(error < TOLERANCE, "{}: {error}", kind.name());
}

#[test]
#[ignore = "needs published weights and PyTorch's results: tools/parity/imported.py"]
fn efficientnet_lite0() {
    let imported = BackboneWeights::from_efficientnet_lite0(weights("efficientnet-lite0")).unwrap();
    compare(BackboneKind::EfficientnetLite0, imported);
}

//! Networks with published weights against PyTorch: `tools/parity/imported.py` writes what is compared.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use fasgard_model::{BackboneWeights, ModelFile, read_tensors};
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

/// Input and output of a kind, and the error of an output of ours.
fn case(kind: &str) -> (Tensor<4>, NamedTensor) {
    let file = folder().join(format!("{kind}.safetensors"));
    let x = tensor(&file, "x");
    let shape: [usize; 4] = x.shape.try_into().unwrap();
    let images = Tensor::<4>::from_data(TensorData::new(x.values, shape), &Device::flex());
    (images, tensor(&file, "y"))
}

#[allow(clippy::print_stdout)] // the figures of docs/import.md
fn check(kind: &str, ours: &[f32], theirs: &NamedTensor) {
    let error = relative(ours, &theirs.values);
    println!("{kind}: {error:.1e}");
    assert!(error < TOLERANCE, "{kind}: {error}");
}

/// What a whole detector answers to the script's input: of prepared weights, as `predict` does.
fn detector(kind: &str, file: ModelFile) {
    let (images, y) = case(kind);
    let device = Device::flex();
    file.verify(kind, &device).unwrap();
    let prediction = file
        .detector(kind, &device)
        .unwrap()
        .prepare()
        .forward(images);
    let ours: Vec<f32> = match prediction.logit {
        Some(logit) => logit.into_data().iter::<f32>().collect(),
        None => prediction.maps[0]
            .clone()
            .into_data()
            .iter::<f32>()
            .collect(),
    };
    check(kind, &ours, &y);
}

/// Features of the whole backbone on the script's input, compared with the script's.
fn compare(kind: BackboneKind, imported: BackboneWeights) {
    assert_eq!(imported.card.backbone, kind.name());
    let (images, y) = case(kind.name());
    let mut init = Init::zeros(&Device::flex());
    let body = Backbone::new(&ModelConfig::whole(kind), 32, &mut init);
    let own = imported.weights.into_iter().map(|weight| NamedTensor {
        name: weight.name.replacen("backbone.", "", 1),
        ..weight
    });
    let body = load_weights(body, own.collect()).unwrap();
    let features = body.forward(images.permute([0, 2, 3, 1]));
    let features = features.permute([0, 3, 1, 2]);
    assert_eq!(features.dims().to_vec(), y.shape);
    let ours: Vec<f32> = features.into_data().iter::<f32>().collect();
    check(kind.name(), &ours, &y);
}

#[test]
#[ignore = "needs published weights and PyTorch's results: tools/parity/imported.py"]
fn efficientnet_lite0() {
    let imported = BackboneWeights::from_efficientnet_lite0(weights("efficientnet-lite0")).unwrap();
    compare(BackboneKind::EfficientnetLite0, imported);
}

#[test]
#[ignore = "needs PyTorch's results: tools/parity/imported.py KIND random"]
fn torchvision() {
    for kind in [
        BackboneKind::Resnet18,
        BackboneKind::MobilenetV3Large,
        BackboneKind::Densenet161,
    ] {
        let imported = BackboneWeights::from_torchvision(weights(kind.name())).unwrap();
        compare(kind, imported);
    }
}

#[test]
#[ignore = "needs published weights and PyTorch's results: tools/parity/imported.py"]
fn minifasnet() {
    for kind in ["minifasnet-v2", "minifasnet-v1se"] {
        let file = ModelFile::from_minifasnet(weights(kind)).unwrap();
        assert_eq!(file.card.name, kind);
        detector(kind, file);
    }
}

#[test]
#[ignore = "needs PyTorch's results: tools/parity/imported.py cdcn random"]
fn cdcn() {
    detector("cdcn", ModelFile::from_cdcn(weights("cdcn")).unwrap());
}

//! Narrow models with drawn weights.

use burn::tensor::{Device, Tensor, TensorData};
use fasgard_image::{Preprocess, random::stream};
use fasgard_metrics::{Label, Threshold};
use fasgard_model::{
    ModelCard, ModelFile, SCHEMA, SelfTest, TrainingCard, export::samples, weights_sha256,
};
use fasgard_nn::{Detector, ModelConfig, NamedTensor, load_weights, named_weights};

/// Side of the inputs.
pub(crate) const SIZE: u32 = 64;

/// Every architecture that can be exported: backbone, tap and supervision.
pub(crate) const ALL: [(&str, &str, &str); 11] = [
    (
        "resnet18",
        "layer3",
        r#"{"target": "mask", "scales": [4, 2, 1]}"#,
    ),
    (
        "resnet34",
        "layer3",
        r#"{"target": "mask", "scales": [4], "score": "map-mean"}"#,
    ),
    (
        "resnet50",
        "layer4",
        r#"{"target": "mask", "scales": [2, 1], "shared_conv": true}"#,
    ),
    ("resnet50", "layer3", r#"{"target": "binary"}"#),
    (
        "resnet18",
        "layer2",
        r#"{"target": "depth", "scales": [10, 5]}"#,
    ),
    (
        "cdcn",
        "",
        r#"{"target": "depth", "scales": [32, 16, 8, 4]}"#,
    ),
    ("depthnet", "", r#"{"target": "depth", "scales": [16]}"#),
    ("cdcn", "", r#"{"target": "binary"}"#),
    (
        "efficientnet-lite0",
        "stage5",
        r#"{"target": "mask", "scales": [4, 2, 1]}"#,
    ),
    ("mobilenet-v3-large", "head", r#"{"target": "binary"}"#),
    (
        "densenet161",
        "transition2",
        r#"{"target": "mask", "scales": [4, 2]}"#,
    ),
];

/// A detector whose running statistics are those of a batch.
pub(crate) fn model(backbone: &str, tap: &str, supervision: &str) -> ModelFile {
    let json = format!(
        r#"{{"backbone": "{backbone}", "tap": "{tap}", "width": 0.125, "supervision": {supervision}}}"#
    );
    let model: ModelConfig = serde_json::from_str(&json).unwrap();
    let (size, device) = (SIZE as usize, Device::flex());
    let learning = device.clone().autodiff();
    let detector = Detector::new(&model, size, stream(3, "init", 0, ""), &learning).unwrap();
    let preprocess = Preprocess {
        size: SIZE,
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
        ..Preprocess::default()
    };
    // Pictures that differ: statistics of like ones would divide by next to nothing.
    let batch = samples(&preprocess, 5, 9)[1..].concat();
    let batch = TensorData::new(batch, [5, 3, size, size]);
    let _ = detector.forward(Tensor::from_data(batch, &learning));
    let weights = settled(named_weights(&detector));
    let detector = load_weights(detector, weights.clone()).unwrap();
    let self_test = SelfTest::run(&detector, &model, size, &device);
    let card = ModelCard {
        schema: SCHEMA,
        name: format!("{backbone}-narrow"),
        fasgard: "0".into(),
        weights_sha256: weights_sha256(&weights),
        model,
        preprocess,
        labels: [Label::Attack, Label::Live],
        thresholds: vec![Threshold::given(0.25)],
        support: Some([0.0, 1.0]),
        gap: None,
        dev_scores: None,
        self_test,
        training: TrainingCard {
            seed: 3,
            steps: 0,
            best_step: 0,
            metric: "auc".into(),
            dev_value: 0.5,
            data: vec![],
            protocol: None,
        },
        licence: "MIT".into(),
    };
    ModelFile { card, weights }
}

/// One batch moves running statistics a tenth of the way from 0 and 1: here they go all of it.
fn settled(mut weights: Vec<NamedTensor>) -> Vec<NamedTensor> {
    for weight in &mut weights {
        let start = match weight.name.rsplit('.').next() {
            Some("running_mean") => 0.0,
            Some("running_var") => 1.0,
            _ => continue,
        };
        for value in &mut weight.values {
            *value = (*value - 0.9 * start) / 0.1;
        }
    }
    weights
}

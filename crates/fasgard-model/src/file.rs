//! Reading and writing model files.

use std::{collections::HashMap, path::Path};

use burn::tensor::Device;
use fasgard_image::write_atomic;
use fasgard_metrics::Label;
use fasgard_nn::{Detector, NamedTensor, load_weights};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use sha2::{Digest, Sha256};

use crate::{ModelCard, ModelError, SCHEMA, SELF_TEST_TOLERANCE, SelfTest};

/// Metadata key of the card.
pub const CARD_KEY: &str = "fasgard";
/// Largest file that is read, in bytes.
const MAX_BYTES: u64 = 2 << 30;

/// A model file in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFile {
    /// The contract.
    pub card: ModelCard,
    /// The weights.
    pub weights: Vec<NamedTensor>,
}

impl ModelFile {
    /// Reads a model file of at most 2 GiB and checks its card. Weights are checked against the
    /// architecture by [`detector`](Self::detector).
    ///
    /// # Errors
    /// The file cannot be read, is no safetensors file, has no card, or a card that does not hold.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ModelError> {
        let path = path.as_ref();
        let (weights, metadata) = read_tensors(path)?;
        let Some(json) = metadata.get(CARD_KEY) else {
            return Err(ModelError::new(
                path,
                format!(
                    "expected a fasgard model file (metadata key `{CARD_KEY}`), found plain weights"
                ),
            ));
        };
        let card: ModelCard = serde_json::from_str(json)
            .map_err(|e| ModelError::new(path, format!("its model card is wrong: {e}")))?;
        let refuse = |reason: String| Err(ModelError::new(path, reason));
        if card.schema != SCHEMA {
            return refuse(format!(
                "expected schema {SCHEMA}, found {}; it was written by fasgard {}",
                card.schema, card.fasgard
            ));
        }
        if card.labels != [Label::Attack, Label::Live] {
            return refuse("expected the label order attack, live".into());
        }
        if let Err(error) = card.preprocess.validate() {
            return refuse(error.to_string());
        }
        if let Err(error) = card.model.validate(card.preprocess.size as usize) {
            return refuse(error.to_string());
        }
        if let Some(Err(error)) = card.dev_scores.as_ref().map(crate::DevScores::check) {
            return refuse(error);
        }
        let found = weights_sha256(&weights);
        if found != card.weights_sha256 {
            return refuse(format!(
                "its weights are damaged or were changed: expected SHA-256 {}, found {found}; fetch or train it anew",
                card.weights_sha256
            ));
        }
        Ok(Self { card, weights })
    }

    /// Writes the file, atomically.
    ///
    /// # Errors
    /// The folder is not writable, or the disk is full.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), ModelError> {
        let path = path.as_ref();
        let json = serde_json::to_string(&self.card)
            .map_err(|e| ModelError::new(path, format!("its card cannot be written: {e}")))?;
        write_tensors(
            path,
            &self.weights,
            HashMap::from([(CARD_KEY.to_owned(), json)]),
        )
    }

    /// Builds the detector on `device`: names, shapes and values of all weights are checked.
    ///
    /// # Errors
    /// A weight is missing, unexpected, of another shape or not finite.
    pub fn detector(
        &self,
        path: impl AsRef<Path>,
        device: &Device,
    ) -> Result<Detector, ModelError> {
        let path = path.as_ref();
        let wrong = |reason: String| ModelError::new(path, reason);
        let size = self.card.preprocess.size as usize;
        let detector =
            Detector::blank(&self.card.model, size, device).map_err(|e| wrong(e.to_string()))?;
        load_weights(detector, self.weights.clone()).map_err(|e| wrong(e.to_string()))
    }

    /// Runs the self-test and returns the largest difference to the stored answer.
    ///
    /// # Errors
    /// The weights do not fit, or the difference is above [`SELF_TEST_TOLERANCE`].
    pub fn verify(&self, path: impl AsRef<Path>, device: &Device) -> Result<f64, ModelError> {
        let detector = self.detector(&path, device)?;
        let size = self.card.preprocess.size as usize;
        let answer = SelfTest::run(&detector, &self.card.model, size, device);
        let difference = answer.difference(&self.card.self_test);
        if difference <= SELF_TEST_TOLERANCE {
            return Ok(difference);
        }
        Err(ModelError::new(
            path.as_ref(),
            format!(
                "self-test: expected score {} within {SELF_TEST_TOLERANCE}, found {} (largest difference {difference}); \
                 the weights or the computation differ from those that were saved",
                self.card.self_test.score, answer.score
            ),
        ))
    }
}

/// SHA-256 over names, shapes and values of weights in the order of names, 64 hexadecimal digits.
pub fn weights_sha256(weights: &[NamedTensor]) -> String {
    let mut sorted: Vec<&NamedTensor> = weights.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut hash = Sha256::new();
    let mut bytes = Vec::with_capacity(4 * 4096);
    for weight in sorted {
        hash.update(format!("{}\n{:?}\n", weight.name, weight.shape));
        // A block at a time: value by value the calls cost more than the hash.
        for values in weight.values.chunks(4096) {
            bytes.clear();
            bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
            hash.update(&bytes);
        }
    }
    format!("{:x}", hash.finalize())
}

/// Reads the f32 tensors and the metadata of a safetensors file of at most 2 GiB.
///
/// # Errors
/// The file cannot be read, is too large, damaged, or holds another type than f32.
pub fn read_tensors(
    path: &Path,
) -> Result<(Vec<NamedTensor>, HashMap<String, String>), ModelError> {
    let wrong = |reason: String| ModelError::new(path, reason);
    let length = std::fs::metadata(path)
        .map_err(|e| wrong(format!("cannot be read: {e}")))?
        .len();
    if length > MAX_BYTES {
        return Err(wrong(format!(
            "expected at most {MAX_BYTES} bytes, found {length}"
        )));
    }
    let bytes = std::fs::read(path).map_err(|e| wrong(format!("cannot be read: {e}")))?;
    let damaged = |e: safetensors::SafeTensorError| {
        wrong(format!(
            "expected a safetensors file, found something else or a damaged one: {e}"
        ))
    };
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(damaged)?;
    let metadata = header.metadata().clone().unwrap_or_default();
    let file = SafeTensors::deserialize(&bytes).map_err(damaged)?;
    let mut tensors = Vec::with_capacity(file.len());
    for (name, view) in file.iter() {
        if view.dtype() != Dtype::F32 {
            return Err(wrong(format!(
                "weight `{name}`: expected f32, found {:?}",
                view.dtype()
            )));
        }
        let values = view
            .data()
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        tensors.push(NamedTensor {
            name: name.to_owned(),
            shape: view.shape().to_vec(),
            values,
        });
    }
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((tensors, metadata))
}

/// Writes f32 tensors and metadata as a safetensors file, atomically. The same content gives the
/// same bytes.
///
/// # Errors
/// The folder is not writable, or the disk is full.
pub fn write_tensors(
    path: &Path,
    tensors: &[NamedTensor],
    metadata: HashMap<String, String>,
) -> Result<(), ModelError> {
    let data = tensor_bytes(path, tensors, metadata)?;
    write_atomic(path, &data).map_err(|e| ModelError {
        path: e.path,
        reason: format!("cannot {}: {}", e.action, e.source),
    })
}

/// What [`write_tensors`] writes; `path` is for messages only.
///
/// # Errors
/// Two tensors have one name, or a shape does not fit its values.
pub fn tensor_bytes(
    path: &Path,
    tensors: &[NamedTensor],
    metadata: HashMap<String, String>,
) -> Result<Vec<u8>, ModelError> {
    let wrong =
        |e: safetensors::SafeTensorError| ModelError::new(path, format!("cannot be written: {e}"));
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|t| t.values.iter().flat_map(|v| v.to_le_bytes()).collect())
        .collect();
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|(t, bytes)| {
            Ok((
                t.name.clone(),
                TensorView::new(Dtype::F32, t.shape.clone(), bytes)?,
            ))
        })
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
        .map_err(wrong)?;
    safetensors::serialize(views, Some(metadata)).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use fasgard_image::{Preprocess, random::stream};
    use fasgard_metrics::Threshold;
    use fasgard_nn::{ModelConfig, named_weights};

    use super::*;
    use crate::{DevScores, ScoreQuantiles, TrainingCard};

    fn model() -> ModelFile {
        let json = r#"{"backbone": "resnet18", "tap": "layer2", "width": 0.125,
                       "supervision": {"target": "mask", "scales": [4, 2]}}"#;
        let model: ModelConfig = serde_json::from_str(json).unwrap();
        let device = Device::flex();
        let detector = Detector::new(&model, 32, stream(3, "init", 0, ""), &device).unwrap();
        let self_test = SelfTest::run(&detector, &model, 32, &device);
        let card = ModelCard {
            schema: SCHEMA,
            name: "test".into(),
            fasgard: "0".into(),
            weights_sha256: weights_sha256(&named_weights(&detector)),
            model,
            preprocess: Preprocess {
                size: 32,
                ..Preprocess::default()
            },
            labels: [Label::Attack, Label::Live],
            thresholds: vec![Threshold::given(0.5)],
            support: None,
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
            licence: String::new(),
        };
        ModelFile {
            card,
            weights: named_weights(&detector),
        }
    }

    #[test]
    fn round_trip_and_self_test() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.safetensors");
        let mut written = model();
        written.write(&path).unwrap();
        let read = ModelFile::read(&path).unwrap();
        written.weights.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(read, written);
        assert!(read.verify(&path, &Device::flex()).unwrap() < 1e-6);
    }

    #[test]
    fn dev_scores_are_kept_checked_and_may_be_missing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.safetensors");
        let mut file = model();
        file.write(&path).unwrap();
        // As older versions wrote it: not even the key.
        let bytes = std::fs::read(&path).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("dev_scores"));
        assert_eq!(ModelFile::read(&path).unwrap().card.dev_scores, None);
        let class = |scores: &[f64]| ScoreQuantiles::of(scores.to_vec()).unwrap();
        let dev = DevScores {
            live: class(&[0.700_000_001, 0.9]),
            attack: class(&[1.0 / 3.0]),
        };
        file.card.dev_scores = Some(dev);
        file.write(&path).unwrap();
        assert_eq!(ModelFile::read(&path).unwrap().card.dev_scores, Some(dev));
        file.card.dev_scores = Some(DevScores {
            attack: ScoreQuantiles {
                p5: -1.0,
                ..dev.attack
            },
            ..dev
        });
        file.write(&path).unwrap();
        let message = ModelFile::read(&path).unwrap_err().to_string();
        assert!(
            message.contains("dev_scores.attack: expected rising"),
            "{message}"
        );
    }

    #[test]
    fn a_changed_weight_fails_the_self_test() {
        let mut file = model();
        let weight = file
            .weights
            .iter_mut()
            .find(|w| w.name == "head.linear.bias")
            .unwrap();
        weight.values[0] += 0.5;
        let message = file.verify("m", &Device::flex()).unwrap_err().to_string();
        assert!(message.contains("self-test"), "{message}");
    }

    #[test]
    fn damaged_files_are_refused_with_a_reason() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.safetensors");
        model().write(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for length in [0, 4, 100, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..length]).unwrap();
            let message = ModelFile::read(&path).unwrap_err().to_string();
            assert!(message.contains("damaged"), "{length}: {message}");
        }
        write_tensors(&path, &model().weights[..1], HashMap::new()).unwrap();
        assert!(
            ModelFile::read(&path)
                .unwrap_err()
                .to_string()
                .contains("plain weights")
        );
        let missing = ModelFile::read(dir.path().join("none"))
            .unwrap_err()
            .to_string();
        assert!(missing.contains("cannot be read"), "{missing}");
    }

    #[test]
    fn one_changed_weight_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.safetensors");
        let mut file = model();
        file.weights[0].values[0] += 1e-6;
        file.write(&path).unwrap();
        let message = ModelFile::read(&path).unwrap_err().to_string();
        assert!(message.contains("expected SHA-256"), "{message}");
    }

    #[test]
    fn a_lost_weight_is_named() {
        let mut file = model();
        file.weights.retain(|w| w.name != "head.linear.bias");
        let message = file.detector("m", &Device::flex()).unwrap_err().to_string();
        assert!(
            message.contains("`head.linear.bias` is missing"),
            "{message}"
        );
    }
}

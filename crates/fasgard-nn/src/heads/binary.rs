//! The binary head: the label alone.

use burn::{module::Module, tensor::Tensor};

use super::Supervise;
use crate::{
    Init, Loss, ModelConfig, Prediction, Targets, Trace,
    layers::{Conv, ConvBn, Linear},
    losses::{Weighted, bce_with_logits},
};

/// Global average pool and a linear layer to one logit.
#[derive(Module, Debug)]
pub struct BinaryHead {
    linear: Linear,
    final_weight: f64,
}

impl BinaryHead {
    pub(super) fn new(config: &ModelConfig, channels: usize, init: &mut Init) -> Self {
        let final_weight = config.supervision.final_weight;
        Self {
            linear: Linear::new(channels, 1, init),
            final_weight,
        }
    }
}

impl Supervise for BinaryHead {
    fn predict(&self, features: Tensor<4>) -> Prediction {
        let [batch, height, width, channels] = features.dims();
        let pooled = features
            .reshape([batch, height * width, channels])
            .mean_dim(1)
            .reshape([batch, channels]);
        let logit = self.linear.forward(pooled).reshape([batch]);
        Prediction {
            maps: Vec::new(),
            logit: Some(logit),
        }
    }

    /// The class activation map (Zhou et al., CVPR 2016): the linear layer at every position. Global
    /// average pooling and the layer commute, so that the map's mean is the logit.
    fn activation(&self, features: Tensor<4>) -> Option<Tensor<4>> {
        let [batch, height, width, channels] = features.dims();
        let flat = features.reshape([batch * height * width, channels]);
        let map = self.linear.forward(flat);
        Some(map.reshape([batch, height, width, 1]))
    }

    fn loss(&self, prediction: &Prediction, targets: &Targets) -> Loss {
        let mut loss = Weighted::default();
        if let Some(logit) = &prediction.logit {
            let term = bce_with_logits(logit.clone(), targets.labels.clone()).mean();
            loss.add("bce@final".into(), term, self.final_weight);
        }
        loss.finish(&targets.labels)
    }

    fn each(&mut self, _: &mut dyn FnMut(&mut Conv), _: &mut dyn FnMut(&mut ConvBn)) {}

    fn describe(&self, [channels, _, _]: [usize; 3], trace: &mut Trace) {
        let _ = trace.add("avgpool", [channels, 1, 1], 0, 0);
        self.linear.describe(trace);
    }
}

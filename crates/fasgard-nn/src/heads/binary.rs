//! The binary head: the label alone.

use burn::{module::Module, tensor::Tensor};

use super::{GraphPrediction, Supervise};
use crate::{
    Init, Loss, ModelConfig, Prediction, Targets, Trace,
    graph::{Graph, Op, Value},
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

    fn loss(&self, prediction: &Prediction, targets: &Targets) -> Loss {
        let mut loss = Weighted::default();
        if let Some(logit) = &prediction.logit {
            let term = bce_with_logits(logit.clone(), targets.labels.clone()).mean();
            loss.add("bce@final".into(), term, self.final_weight);
        }
        loss.finish(&targets.labels)
    }

    fn each(&mut self, _: &mut dyn FnMut(&mut Conv), _: &mut dyn FnMut(&mut ConvBn)) {}

    fn graph(&self, features: Value, graph: &mut Graph) -> GraphPrediction {
        let pooled = graph.add(Op::GlobalAveragePool, &[features]);
        let flat = graph.add(Op::Flatten, &[pooled]);
        GraphPrediction {
            maps: Vec::new(),
            logit: Some(self.linear.graph(flat, graph)),
        }
    }

    fn describe(&self, [channels, _, _]: [usize; 3], trace: &mut Trace) {
        let _ = trace.add("avgpool", [channels, 1, 1], 0, 0);
        self.linear.describe(trace);
    }
}

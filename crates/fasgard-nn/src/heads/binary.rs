//! The binary head: the label alone.

use burn::{module::Module, tensor::Tensor};

use super::{GraphPrediction, Supervise};
use crate::{
    Init, Loss, ModelConfig, Prediction, Targets, Trace,
    graph::{Graph, Op, Value},
    layers::{Conv, ConvBn, Linear},
    losses::{Weighted, bce_with_logits},
};

/// Global average pool and a linear layer to one logit, or to several classes of which one is live:
/// their logit is that of the softmax's share of it, so that its sigmoid is this share.
#[derive(Module, Debug)]
pub struct BinaryHead {
    linear: Linear,
    final_weight: f64,
    /// The number of the live class; none with one logit.
    live: Option<usize>,
}

impl BinaryHead {
    pub(super) fn new(config: &ModelConfig, channels: usize, init: &mut Init) -> Self {
        let supervision = &config.supervision;
        let outputs = supervision.classes.map_or(1, |classes| classes.count);
        Self {
            linear: Linear::new(channels, outputs, init),
            final_weight: supervision.final_weight,
            live: supervision.classes.map(|classes| classes.live),
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
        let outputs = self.linear.forward(pooled);
        let logit = match self.live {
            None => outputs.reshape([batch]),
            Some(live) => share_logit(outputs, live),
        };
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

    fn graph(&self, features: Value, graph: &mut Graph) -> GraphPrediction {
        let pooled = graph.add(Op::GlobalAveragePool, &[features]);
        let flat = graph.add(Op::Flatten, &[pooled]);
        let outputs = self.linear.graph(flat, graph);
        GraphPrediction {
            maps: Vec::new(),
            logit: Some(match self.live {
                None => outputs,
                Some(live) => graph.add(Op::ShareLogit(live), &[outputs]),
            }),
        }
    }

    fn describe(&self, [channels, _, _]: [usize; 3], trace: &mut Trace) {
        let _ = trace.add("avgpool", [channels, 1, 1], 0, 0);
        self.linear.describe(trace);
    }
}

/// `z_live - ln(sum of e^z over the others)` of `[N, classes]`, `[N]`.
fn share_logit(z: Tensor<2>, live: usize) -> Tensor<1> {
    let [batch, count] = z.dims();
    let others: Vec<Tensor<2>> = (0..count)
        .filter(|class| *class != live)
        .map(|class| z.clone().narrow(1, class, 1))
        .collect();
    let others = Tensor::cat(others, 1);
    // Less the largest, so that no exponential overflows.
    let largest = others.clone().detach().max_dim(1);
    let sum = (others - largest.clone()).exp().sum_dim(1);
    (z.narrow(1, live, 1) - sum.log() - largest).reshape([batch])
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn the_logit_s_sigmoid_is_the_softmax_s_share() {
        let z =
            Tensor::<2>::from_floats([[0.5, 2.0, -1.0], [800.0, 801.0, 799.0]], &Device::flex());
        let logits = share_logit(z, 1).into_data().try_to_vec::<f32>().unwrap();
        for (logit, z) in logits.iter().zip([[0.5f64, 2.0, -1.0], [0.0, 1.0, -1.0]]) {
            let share = z[1].exp() / z.iter().map(|v| v.exp()).sum::<f64>();
            let found = 1.0 / (1.0 + (-f64::from(*logit)).exp());
            assert!((share - found).abs() < 1e-5, "{share} {found}");
        }
    }
}

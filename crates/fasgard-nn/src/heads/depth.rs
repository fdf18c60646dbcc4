//! The depth head: one predicted depth map, supervised at every scale (CDCN, CDCN-PS).

use burn::{
    module::Module,
    tensor::{Tensor, activation::relu},
};

use super::{GraphPrediction, Supervise};
use crate::{
    BackboneKind, Init, Loss, ModelConfig, Prediction, Pyramid, Targets, Trace,
    backbones::scaled,
    graph::{Activation, Graph, Value},
    layers::{Conv, ConvBn, ConvInit, ConvShape, resize_bilinear},
    losses::{SMALLEST_CONTRAST, Weighted, contrastive_depth, mse},
};

/// CDCN's last three convolutions (to 128, 64 and 1 channels at full width), ending in a ReLU
/// without batch normalisation as published; the map is average-pooled to the other scales.
#[derive(Module, Debug)]
pub struct DepthHead {
    convs: Vec<ConvBn>,
    last: Conv,
    scales: Vec<usize>,
    weights: Vec<f64>,
}

impl DepthHead {
    pub(super) fn new(
        config: &ModelConfig,
        pyramid: &Pyramid,
        channels: usize,
        init: &mut Init,
    ) -> Self {
        let theta = if config.backbone == BackboneKind::Cdcn {
            config.theta
        } else {
            0.0
        };
        let (first, second) = (scaled(128, config.width), scaled(64, config.width));
        let mut conv = |inputs, outputs| {
            let shape = ConvShape::new(inputs, outputs, 3, 1);
            Conv::new(shape, ConvInit::UniformFanIn, init).with_theta(theta)
        };
        let (a, b, last) = (conv(channels, first), conv(first, second), conv(second, 1));
        Self {
            convs: vec![ConvBn::new(a, first, init), ConvBn::new(b, second, init)],
            last,
            scales: pyramid.scales().to_vec(),
            weights: config.supervision.weights(),
        }
    }

    fn side(&self) -> usize {
        self.scales[0]
    }
}

impl Supervise for DepthHead {
    fn predict(&self, features: Tensor<4>) -> Prediction {
        let x = resize_bilinear(features, self.side());
        let x = self.convs.iter().fold(x, |x, conv| conv.forward_relu(x));
        let depth = relu(self.last.forward(x));
        let maps = self
            .scales
            .iter()
            .map(|&s| crate::pyramid::pool_to(depth.clone(), s))
            .collect();
        Prediction { maps, logit: None }
    }

    fn loss(&self, prediction: &Prediction, targets: &Targets) -> Loss {
        let mut loss = Weighted::default();
        if let Some(depth) = &targets.map {
            for ((map, &scale), &weight) in
                prediction.maps.iter().zip(&self.scales).zip(&self.weights)
            {
                let truth = crate::pyramid::pool_to(depth.clone(), scale);
                loss.add(
                    format!("mse@{scale}"),
                    mse(map.clone(), truth.clone()),
                    weight,
                );
                if scale >= SMALLEST_CONTRAST {
                    loss.add(
                        format!("cdl@{scale}"),
                        contrastive_depth(map.clone(), truth),
                        weight,
                    );
                }
            }
        }
        loss.finish(&targets.labels)
    }

    fn each(&mut self, conv: &mut dyn FnMut(&mut Conv), conv_bn: &mut dyn FnMut(&mut ConvBn)) {
        self.convs.iter_mut().for_each(conv_bn);
        conv(&mut self.last);
    }

    fn graph(&self, features: Value, graph: &mut Graph) -> GraphPrediction {
        let mut x = graph.resize(features, self.side());
        for (i, conv) in self.convs.iter().enumerate() {
            x = graph.scope(&format!("convs.{i}"), |g| conv.graph_relu(x, g));
        }
        let depth = graph.scope("last", |g| {
            let depth = self.last.graph(x, g);
            g.activate(depth, Activation::Relu)
        });
        let pool =
            |&scale: &usize| graph.scope(&format!("depth{scale}"), |g| g.pool_to(depth, scale));
        GraphPrediction {
            maps: self.scales.iter().map(pool).collect(),
            logit: None,
        }
    }

    fn describe(&self, [channels, _, _]: [usize; 3], trace: &mut Trace) {
        let mut shape = trace.add("resize", [channels, self.side(), self.side()], 0, 0);
        for (i, conv) in self.convs.iter().enumerate() {
            shape = trace.scope(&format!("convs.{i}"), |t| conv.describe(shape, t));
        }
        trace.scope("last", |t| self.last.describe(shape, t));
        for &scale in &self.scales[1..] {
            trace.scope(&format!("depth{scale}"), |t| {
                t.add("avgpool", [1, scale, scale], 0, 0)
            });
        }
    }
}

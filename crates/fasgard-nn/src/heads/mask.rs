//! The mask head: a pyramid of binary masks and a final logit (the article's ResNet50-PS).

use burn::{
    module::Module,
    tensor::{Tensor, activation::sigmoid},
};
use fasgard_kernels::tensor::max_pool2d;

use super::{GraphPrediction, Supervise};
use crate::{
    Init, Loss, ModelConfig, Prediction, Pyramid, Reduction, TargetPool, Targets, Trace,
    graph::{Activation, Graph, Op, Value},
    layers::{Conv, ConvBn, ConvInit, ConvShape, Linear},
    losses::{Weighted, bce_with_logits},
};

/// Features are average-pooled to every scale; a 1x1 convolution per scale (or one for all) gives
/// the mask's logits; the sigmoids of all masks, flattened and concatenated, feed a linear layer
/// that gives the final logit.
#[derive(Module, Debug)]
pub struct MaskHead {
    convs: Vec<Conv>,
    linear: Linear,
    scales: Vec<usize>,
    weights: Vec<f64>,
    final_weight: f64,
    sum: bool,
    min_pool: bool,
}

impl MaskHead {
    pub(super) fn new(
        config: &ModelConfig,
        pyramid: &Pyramid,
        channels: usize,
        init: &mut Init,
    ) -> Self {
        let supervision = &config.supervision;
        let count = if supervision.shared_conv {
            1
        } else {
            pyramid.scales().len()
        };
        let convs = (0..count)
            .map(|_| {
                Conv::new(
                    ConvShape::new(channels, 1, 1, 1),
                    ConvInit::UniformFanIn,
                    init,
                )
                .with_bias(init)
            })
            .collect();
        Self {
            convs,
            linear: Linear::new(pyramid.cells(), 1, init),
            scales: pyramid.scales().to_vec(),
            weights: supervision.weights(),
            final_weight: supervision.final_weight,
            sum: supervision.reduction == Reduction::Sum,
            min_pool: supervision.target_pool == TargetPool::Min,
        }
    }

    fn conv(&self, level: usize) -> &Conv {
        &self.convs[level.min(self.convs.len() - 1)]
    }

    /// The ground truth at `scale` from a map of a multiple of its side.
    fn target(&self, mask: &Tensor<4>, scale: usize) -> Tensor<4> {
        let kernel = mask.dims()[1] / scale;
        if self.min_pool && kernel > 1 {
            return max_pool2d(mask.clone().neg(), kernel, kernel, 0).neg();
        }
        crate::pyramid::pool_to(mask.clone(), scale)
    }
}

impl Supervise for MaskHead {
    fn predict(&self, features: Tensor<4>) -> Prediction {
        let batch = features.dims()[0];
        let maps: Vec<Tensor<4>> = self
            .scales
            .iter()
            .enumerate()
            .map(|(level, &scale)| {
                self.conv(level)
                    .forward(crate::pyramid::pool_to(features.clone(), scale))
            })
            .collect();
        let flat = maps
            .iter()
            .map(|map| sigmoid(map.clone()).flatten::<2>(1, 3))
            .collect();
        let logit = self.linear.forward(Tensor::cat(flat, 1)).reshape([batch]);
        Prediction {
            maps,
            logit: Some(logit),
        }
    }

    fn loss(&self, prediction: &Prediction, targets: &Targets) -> Loss {
        let mut loss = Weighted::default();
        if let Some(mask) = &targets.map {
            for ((map, &scale), &weight) in
                prediction.maps.iter().zip(&self.scales).zip(&self.weights)
            {
                let bce = bce_with_logits(map.clone(), self.target(mask, scale)).mean();
                let term = if self.sum {
                    bce * (scale * scale) as f64
                } else {
                    bce
                };
                loss.add(format!("bce@{scale}"), term, weight);
            }
        }
        if let Some(logit) = &prediction.logit {
            let term = bce_with_logits(logit.clone(), targets.labels.clone()).mean();
            loss.add("bce@final".into(), term, self.final_weight);
        }
        loss.finish(&targets.labels)
    }

    fn each(&mut self, conv: &mut dyn FnMut(&mut Conv), _: &mut dyn FnMut(&mut ConvBn)) {
        self.convs.iter_mut().for_each(conv);
    }

    fn graph(&self, features: Value, graph: &mut Graph) -> GraphPrediction {
        let (mut maps, mut flat) = (Vec::new(), Vec::new());
        for (level, &scale) in self.scales.iter().enumerate() {
            let (map, cells) = graph.scope(&format!("mask{scale}"), |g| {
                let pooled = g.pool_to(features, scale);
                let map = self.conv(level).graph(pooled, g);
                let mask = g.activate(map, Activation::Sigmoid);
                (map, g.add(Op::Flatten, &[mask]))
            });
            maps.push(map);
            flat.push(cells);
        }
        let cells = graph.concat(&flat);
        GraphPrediction {
            maps,
            logit: Some(self.linear.graph(cells, graph)),
        }
    }

    fn describe(&self, [channels, _, _]: [usize; 3], trace: &mut Trace) {
        for (level, &scale) in self.scales.iter().enumerate() {
            trace.scope(&format!("mask{scale}"), |t| {
                let shape = t.add("avgpool", [channels, scale, scale], 0, 0);
                if level < self.convs.len() {
                    self.conv(level).describe(shape, t);
                } else {
                    // A shared convolution: its work counts again, its parameters do not.
                    t.add(
                        "conv",
                        [1, scale, scale],
                        0,
                        (channels * scale * scale) as u64,
                    );
                }
            });
        }
        self.linear.describe(trace);
    }
}

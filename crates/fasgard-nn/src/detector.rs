//! The detector: a backbone and a head.

use burn::{
    module::Module,
    tensor::{Device, Tensor, activation::sigmoid},
};
use rand_chacha::ChaCha8Rng;

use crate::{
    Compute, ConfigError, Init, ModelConfig, Score, Summary, Target, Trace,
    backbones::Backbone,
    graph::{Activation, Graph, Op},
    heads::Head,
    weights::stable_ids,
};

/// Side of CDCN's features where no scale asks for one.
const DEFAULT_SIDE: usize = 32;

/// What a detector predicts for a batch.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// One map per scale, largest first, `[N, s, s, 1]`: logits for masks, depths for depth.
    pub maps: Vec<Tensor<4>>,
    /// The final logit `[N]` of the binary and mask heads.
    pub logit: Option<Tensor<1>>,
}

/// Ground truth of a batch.
#[derive(Clone, Debug)]
pub struct Targets {
    /// Live 1, attack 0; `[N]`.
    pub labels: Tensor<1>,
    /// Mask (1 live, 0 attack) or depth (1 nearest, 0 background), `[N, S, S, 1]` with S the
    /// [`Supervision::target_side`](crate::Supervision::target_side).
    pub map: Option<Tensor<4>>,
}

/// A loss and what it is made of.
#[derive(Clone, Debug)]
pub struct Loss {
    /// The weighted sum, `[1]`.
    pub total: Tensor<1>,
    /// The unweighted terms, finest scale first.
    pub terms: Vec<LossTerm>,
}

/// One term of a loss.
#[derive(Clone, Debug)]
pub struct LossTerm {
    /// Kind and scale, such as `bce@8`, `bce@final`, `mse@32`, `cdl@32`.
    pub name: String,
    /// Its value, `[1]`.
    pub value: Tensor<1>,
}

/// Scores of a batch on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// Higher is more likely live, 0 to 1. A probability only where it comes from a logit.
    pub scores: Vec<f64>,
    /// The final logit where the score is its sigmoid.
    pub logits: Option<Vec<f64>>,
    /// Per scale the maps of all images, row by row, 0 to 1 for masks (probability of live).
    pub maps: Vec<Vec<f32>>,
}

/// A backbone and the head that supervises it.
#[derive(Module, Debug)]
pub struct Detector {
    backbone: Backbone,
    head: Head,
}

impl Detector {
    /// Builds the detector that `config` describes for inputs of `size` x `size`, with weights
    /// drawn from `rng`.
    pub fn new(
        config: &ModelConfig,
        size: usize,
        rng: ChaCha8Rng,
        device: &Device,
    ) -> Result<Self, ConfigError> {
        Self::build(config, size, Init::new(rng, device))
    }

    /// The same with zeros for weights: a place for those of a file, or for [`summary`](Self::summary).
    pub fn blank(config: &ModelConfig, size: usize, device: &Device) -> Result<Self, ConfigError> {
        Self::build(config, size, Init::zeros(device))
    }

    fn build(config: &ModelConfig, size: usize, mut init: Init) -> Result<Self, ConfigError> {
        config.validate(size)?;
        let pyramid = config.supervision.pyramid()?;
        let side = pyramid.as_ref().map_or(DEFAULT_SIDE, |p| p.largest());
        let backbone = Backbone::new(config, side, &mut init);
        let head = Head::new(config, pyramid, backbone.channels(), &mut init);
        Ok(stable_ids(Self { backbone, head }))
    }

    /// How its convolutions are computed from now on.
    pub fn set_compute(&mut self, compute: Compute) {
        self.backbone.set_compute(compute);
        self.head.set_compute(compute);
    }

    /// The same detector for inference alone, with running statistics and fixed weights:
    /// normalisations become part of convolutions, whose weights are packed once.
    pub fn prepare(&self) -> InferenceDetector {
        let mut detector = self.valid();
        detector.backbone.prepare();
        detector.head.prepare();
        InferenceDetector(detector)
    }

    /// Images `[N, 3, S, S]` to maps and a logit.
    pub fn forward(&self, images: Tensor<4>) -> Prediction {
        self.head
            .as_dyn()
            .predict(self.backbone.forward(images.permute([0, 2, 3, 1])))
    }

    /// The loss of a prediction.
    pub fn loss(&self, prediction: &Prediction, targets: &Targets) -> Loss {
        self.head.as_dyn().loss(prediction, targets)
    }

    /// The same computation as [`prepare`](Self::prepare) and [`Prediction::scores`] do, as plain
    /// operations on images `[3, size, size]`. Outputs, in this order: `score` (`[]`; not bounded by
    /// 1 where it is the mean of depths), `logit` (`[]`) where the score is its sigmoid, and
    /// `map_SIDE` (`[1, SIDE, SIDE]`, probabilities of live for masks) for every scale, largest first.
    pub fn graph(&self, config: &ModelConfig, size: usize) -> Graph {
        let mut graph = Graph::new([3, size, size]);
        let images = graph.input();
        let features = graph.scope("backbone", |g| self.backbone.graph(images, g));
        let predicted = graph.scope("head", |g| self.head.as_dyn().graph(features, g));
        let maps: Vec<_> = predicted
            .maps
            .iter()
            .map(|&map| match config.supervision.target {
                Target::Mask => graph.activate(map, Activation::Sigmoid),
                Target::Binary | Target::Depth => map,
            })
            .collect();
        match (config.supervision.score(), predicted.logit) {
            (Score::Logit, Some(logit)) => {
                let logit = graph.add(Op::Scalar, &[logit]);
                let score = graph.activate(logit, Activation::Sigmoid);
                graph.output("score", score);
                graph.output("logit", logit);
            }
            _ => {
                let means: Vec<_> = maps.iter().map(|&m| graph.add(Op::Mean, &[m])).collect();
                let score = graph.mean_of(&means);
                graph.output("score", score);
            }
        }
        for map in maps {
            let side = graph.side(map);
            graph.output(format!("map_{side}"), map);
        }
        graph
    }

    /// Shapes, parameters and cost for one image of `size` x `size`.
    pub fn summary(&self, size: usize) -> Summary {
        let input = [3, size, size];
        let mut trace = Trace::default();
        let features = trace.scope("backbone", |t| self.backbone.describe(input, t));
        trace.scope("head", |t| self.head.as_dyn().describe(features, t));
        trace.finish(input)
    }
}

/// A detector whose weights are fixed, made by [`Detector::prepare`].
#[derive(Clone, Debug)]
pub struct InferenceDetector(Detector);

impl InferenceDetector {
    /// Images `[N, 3, S, S]` to maps and a logit.
    pub fn forward(&self, images: Tensor<4>) -> Prediction {
        self.0.forward(images)
    }

    /// The loss of a prediction.
    pub fn loss(&self, prediction: &Prediction, targets: &Targets) -> Loss {
        self.0.loss(prediction, targets)
    }
}

impl Prediction {
    /// Scores and maps on the host; NaN stays visible.
    pub fn scores(&self, config: &ModelConfig) -> Scores {
        let host =
            |t: Tensor<1>| -> Vec<f64> { t.into_data().iter::<f32>().map(f64::from).collect() };
        let flat =
            |map: &Tensor<4>| -> Vec<f32> { map.clone().into_data().iter::<f32>().collect() };
        let target = config.supervision.target;
        let maps: Vec<Vec<f32>> = self
            .maps
            .iter()
            .map(|map| {
                if target == Target::Mask {
                    flat(&sigmoid(map.clone()))
                } else {
                    flat(map)
                }
            })
            .collect();
        let logits = self.logit.clone().map(host);
        match (config.supervision.score(), logits) {
            (Score::Logit, Some(logits)) => {
                let scores = logits.iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect();
                Scores {
                    scores,
                    logits: Some(logits),
                    maps,
                }
            }
            _ => Scores {
                scores: map_means(&maps, &self.maps),
                logits: None,
                maps,
            },
        }
    }
}

/// Mean over scales of the mean of the map, at most 1 (a ReLU depth may exceed it).
fn map_means(maps: &[Vec<f32>], tensors: &[Tensor<4>]) -> Vec<f64> {
    let batch = tensors.first().map_or(0, |t| t.dims()[0]);
    let mean =
        |values: &[f32]| values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64;
    (0..batch)
        .map(|i| {
            let sum: f64 = maps
                .iter()
                .map(|map| {
                    let cells = map.len() / batch;
                    mean(&map[i * cells..(i + 1) * cells])
                })
                .sum();
            let score = sum / maps.len() as f64;
            // Not `min`, which would turn NaN into 1.
            if score > 1.0 { 1.0 } else { score }
        })
        .collect()
}

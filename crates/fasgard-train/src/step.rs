//! One optimiser step: forward, loss, backward, update.

use burn::{
    module::Module,
    optim::{GradientsAccumulator, GradientsParams, ModuleOptimizer},
    tensor::{Bytes, Device, Tensor, TensorData},
};
use fasgard_data::Batch;
use fasgard_image::random::stream;
use fasgard_nn::{
    Detector, NamedTensor, Target, Targets, WeightsError, load_backbone, load_weights,
    named_weights,
};

use crate::{BatchNormMode, ExperimentConfig, TrainError, gradients, optimizer};

/// A detector being trained.
pub struct Learner {
    detector: Detector,
    optimizer: ModuleOptimizer,
    device: Device,
    target: Target,
    target_side: usize,
    clip_norm: f64,
}

/// What one batch gave.
pub(crate) struct Forward {
    pub(crate) total: f32,
    pub(crate) terms: Vec<(String, f32)>,
    grads: GradientsParams,
}

impl Learner {
    /// A detector with weights drawn from the configuration's seed, on `device` (with autodiff).
    ///
    /// # Errors
    /// A value of the model does not fit.
    pub fn new(config: &ExperimentConfig, device: &Device) -> Result<Self, TrainError> {
        let device = device.clone().autodiff();
        let rng = stream(config.seed, "init", 0, "");
        let detector = Detector::new(&config.model, config.input.size as usize, rng, &device)?;
        let mut detector = detector.freeze(&config.train.freeze)?;
        if config.train.batch_norm == BatchNormMode::Frozen {
            detector.freeze_statistics();
        }
        detector.set_compute(config.compute);
        Ok(Self {
            detector,
            optimizer: optimizer::build(&config.optimizer),
            device,
            target: config.model.supervision.target,
            target_side: config.model.supervision.target_side(),
            clip_norm: config.train.clip_norm,
        })
    }

    /// The detector for validation and scoring: without autodiff, with running statistics.
    pub fn valid(&self) -> Detector {
        self.detector.valid()
    }

    /// The detector as it is trained.
    pub fn detector(&self) -> &Detector {
        &self.detector
    }

    /// All weights and running statistics.
    pub fn weights(&self) -> Vec<NamedTensor> {
        named_weights(&self.detector)
    }

    /// Replaces all weights and running statistics; the optimiser's state stays.
    ///
    /// # Errors
    /// A weight is missing, unexpected, of another shape or not finite; nothing changes then.
    pub fn load(&mut self, weights: Vec<NamedTensor>) -> Result<(), WeightsError> {
        self.detector = load_weights(self.detector.clone(), weights)?;
        Ok(())
    }

    /// Replaces the backbone's weights; the head keeps its own.
    ///
    /// # Errors
    /// A weight is missing, of another shape or not finite; nothing changes then.
    pub(crate) fn load_backbone(&mut self, weights: Vec<NamedTensor>) -> Result<(), WeightsError> {
        self.detector = load_backbone(self.detector.clone(), weights)?;
        Ok(())
    }

    pub(crate) fn optimizer_bytes(&self) -> Result<Vec<u8>, String> {
        Ok(self
            .optimizer
            .into_bytes()
            .map_err(|e| e.to_string())?
            .to_vec())
    }

    pub(crate) fn load_optimizer(&mut self, bytes: Vec<u8>) -> Result<(), String> {
        let optimizer = self.optimizer.clone();
        self.optimizer = optimizer
            .from_bytes(Bytes::from_bytes_vec(bytes))
            .map_err(|e| e.to_string())?;
        Ok(())
    }

    /// Runs a step on images `[N, 3, S, S]` and targets, as `bench` does; returns the loss.
    pub fn step(&mut self, images: Tensor<4>, targets: &Targets, lr: f64) -> f32 {
        let forward = self.forward_tensors(images, targets, 1.0);
        let total = forward.total;
        let _ = self.update(vec![forward], lr);
        total
    }

    pub(crate) fn forward(&self, batch: &Batch, weight: f64) -> Forward {
        let (images, targets) = tensors(batch, self.target, self.target_side, &self.device);
        self.forward_tensors(images, &targets, weight)
    }

    fn forward_tensors(&self, images: Tensor<4>, targets: &Targets, weight: f64) -> Forward {
        let prediction = self.detector.forward(images);
        let loss = self.detector.loss(&prediction, targets);
        let terms = loss
            .terms
            .into_iter()
            .map(|t| (t.name, t.value.into_scalar::<f32>()))
            .collect();
        let total = loss.total.clone().into_scalar::<f32>();
        let weighted = if weight == 1.0 {
            loss.total
        } else {
            loss.total.mul_scalar(weight)
        };
        // A loss without terms (all weights 0) is not tracked.
        let grads = if weighted.is_tracked() {
            GradientsParams::from_grads(weighted.backward(), &self.detector)
        } else {
            GradientsParams::new()
        };
        Forward {
            total,
            terms,
            grads,
        }
    }

    /// Applies the summed gradients; returns their norm before clipping.
    pub(crate) fn update(&mut self, forwards: Vec<Forward>, lr: f64) -> f64 {
        let mut accumulator = GradientsAccumulator::new();
        for forward in forwards {
            accumulator.accumulate(&self.detector, forward.grads);
        }
        let mut grads = accumulator.grads();
        let norm = gradients::norm(&self.detector, &grads);
        if self.clip_norm > 0.0 && norm > self.clip_norm {
            grads = gradients::scale(&self.detector, grads, self.clip_norm / norm);
        }
        self.detector = self.optimizer.step(lr, self.detector.clone(), grads);
        norm
    }
}

/// A batch's images and targets on `device`.
pub(crate) fn tensors(
    batch: &Batch,
    target: Target,
    side: usize,
    device: &Device,
) -> (Tensor<4>, Targets) {
    let (count, size) = (batch.len(), batch.size as usize);
    let images = Tensor::from_data(
        TensorData::new(batch.images.clone(), [count, 3, size, size]),
        device,
    );
    let labels = Tensor::from_data(TensorData::new(batch.labels.clone(), [count]), device);
    let map = match target {
        Target::Binary => None,
        Target::Mask => batch.masks.as_ref(),
        Target::Depth => batch.depths.as_ref(),
    };
    let map = map.map(|values| {
        Tensor::from_data(
            TensorData::new(values.clone(), [count, side, side, 1]),
            device,
        )
    });
    (images, Targets { labels, map })
}

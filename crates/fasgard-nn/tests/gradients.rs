//! Analytic gradients against central finite differences.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

use burn::{
    module::{Module, ModuleMapper, Param},
    tensor::{Device, Tensor, TensorData},
};
use fasgard_nn::{
    Detector, Init, ModelConfig, Prediction, Targets,
    layers::{Conv, ConvInit, ConvShape},
    losses, named_weights,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn noise<const D: usize>(shape: [usize; D], seed: u64, device: &Device) -> Tensor<D> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|_| rng.random::<f32>() * 2.0 - 1.0)
        .collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Compares d f / d x with central differences at every element.
fn check(f: impl Fn(Tensor<4>) -> Tensor<1>, x: Tensor<4>, tolerance: f64) {
    let leaf = x.clone().require_grad();
    let grads = f(leaf.clone()).backward();
    let analytic = leaf
        .grad(&grads)
        .unwrap()
        .into_data()
        .try_to_vec::<f32>()
        .unwrap();
    let (shape, values) = (x.dims(), x.clone().into_data().try_to_vec::<f32>().unwrap());
    let step = 1e-2f32;
    for i in 0..values.len() {
        let at = |delta: f32| {
            let mut moved = values.clone();
            moved[i] += delta;
            let moved = Tensor::from_data(TensorData::new(moved, shape), &x.device());
            f64::from(f(moved).into_scalar::<f32>())
        };
        let numeric = (at(step) - at(-step)) / (2.0 * f64::from(step));
        let error = (numeric - f64::from(analytic[i])).abs();
        assert!(
            error < tolerance * (1.0 + numeric.abs()),
            "element {i}: {numeric} vs {}",
            analytic[i]
        );
    }
}

#[test]
fn contrastive_depth_loss() {
    let device = Device::flex().autodiff();
    let truth = noise([2, 4, 4, 1], 1, &device);
    check(
        |x| losses::contrastive_depth(x, truth.clone()),
        noise([2, 4, 4, 1], 2, &device),
        1e-3,
    );
}

/// The gradient with respect to the stored weight: it flows through the re-parameterised centre.
#[test]
fn central_difference_convolution() {
    struct SetWeight(Tensor<4>);
    impl ModuleMapper for SetWeight {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let (id, _, mapper) = param.consume();
            let dims: [usize; D] = std::array::from_fn(|i| self.0.dims()[i]);
            Param::from_mapped_value(id, self.0.clone().reshape(dims), mapper)
        }
    }
    let device = Device::flex().autodiff();
    let x = noise([1, 5, 5, 2], 3, &device);
    let mask = noise([1, 5, 5, 3], 4, &device);
    for theta in [0.0, 0.7, 1.0] {
        let mut init = Init::new(ChaCha8Rng::seed_from_u64(5), &device);
        let conv = Conv::new(
            ConvShape::new(2, 3, 3, 1),
            ConvInit::UniformFanIn,
            &mut init,
        )
        .with_theta(theta);
        let loss = |weight: Tensor<4>| {
            let conv = conv.clone().map(&mut SetWeight(weight));
            let y = conv.forward(x.clone());
            (y.clone() * y * mask.clone()).sum()
        };
        check(loss, noise([3, 2, 3, 3], 6, &device), 2e-2);
    }
}

/// `conv3x3(x) - theta * conv1x1(x, sum of weights)`, as the method defines it.
#[test]
fn central_difference_equals_its_two_convolution_form() {
    let device = Device::flex();
    let x = noise([2, 6, 5, 3], 8, &device);
    let mut init = Init::new(ChaCha8Rng::seed_from_u64(9), &device);
    let shape = ConvShape::new(3, 4, 3, 1);
    let vanilla = Conv::new(shape, ConvInit::UniformFanIn, &mut init);
    let weight = vanilla.effective_weight();
    let sums = weight.sum_dim(2).sum_dim(3);
    let expected = vanilla.forward(x.clone())
        - fasgard_kernels::tensor::conv2d(x.clone(), sums, fasgard_kernels::ConvOptions::new(1, 0))
            .mul_scalar(0.7);
    let got = vanilla.with_theta(0.7).forward(x);
    let worst = (got - expected).abs().max().into_scalar::<f32>();
    assert!(worst < 1e-5, "{worst}");
}

#[test]
fn pyramid_of_masks_and_of_depth() {
    let device = Device::flex().autodiff();
    for (target, scales) in [("mask", vec![4, 2, 1]), ("depth", vec![4, 2])] {
        let json = serde_json::json!({
            "backbone": "resnet18", "tap": "layer1", "width": 0.0625,
            "supervision": { "target": target, "scales": scales, "scale_weights": vec![0.5; scales.len()] },
        });
        let config: ModelConfig = serde_json::from_value(json).unwrap();
        let detector = Detector::new(&config, 16, ChaCha8Rng::seed_from_u64(1), &device).unwrap();
        let pyramid = config.supervision.pyramid().unwrap().unwrap();
        let truth = noise([2, 4, 4, 1], 4, &device).abs();
        let targets = Targets {
            labels: Tensor::from_floats([1.0, 0.0], &device),
            map: Some(truth),
        };
        let logit = noise([2], 5, &device);
        let loss = |x: Tensor<4>| {
            let prediction = Prediction {
                maps: pyramid.pool(&x),
                logit: Some(logit.clone()),
            };
            detector.loss(&prediction, &targets).total
        };
        check(loss, noise([2, 4, 4, 1], 6, &device), 1e-3);
    }
}

#[test]
fn every_weight_gets_a_gradient() {
    let device = Device::flex().autodiff();
    let json = serde_json::json!({
        "backbone": "resnet18", "tap": "layer2", "width": 0.125,
        "supervision": { "target": "mask", "scales": [4, 2, 1] },
    });
    let config: ModelConfig = serde_json::from_value(json).unwrap();
    let detector = Detector::new(&config, 32, ChaCha8Rng::seed_from_u64(1), &device).unwrap();
    let prediction = detector.forward(noise([2, 3, 32, 32], 2, &device));
    let targets = Targets {
        labels: Tensor::from_floats([1.0, 0.0], &device),
        map: Some(noise([2, 4, 4, 1], 4, &device).abs()),
    };
    let grads = detector.loss(&prediction, &targets).total.backward();
    let found = burn::optim::GradientsParams::from_grads(grads, &detector).len();
    let weights = named_weights(&detector)
        .iter()
        .filter(|w| !w.name.contains("running_"))
        .count();
    assert_eq!(found, weights);
}

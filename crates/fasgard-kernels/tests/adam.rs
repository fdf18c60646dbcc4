//! Fused Adam and AdamW against PyTorch's numbers, and bit by bit against the separate operations
//! of burn's optimisers.
#![allow(clippy::unwrap_used, missing_docs)]

mod naive;

use fasgard_kernels::{Adam, AdamSlices, ShapeError, WeightDecay, sum_of_squares};
use naive::values;

const RATE: f64 = 0.01;

fn adam(weight_decay: WeightDecay) -> Adam {
    Adam {
        beta_1: 0.9,
        beta_2: 0.999,
        epsilon: 1e-3,
        weight_decay,
    }
}

/// A parameter and its moments.
#[derive(Clone, PartialEq, Debug)]
struct State {
    parameter: Vec<f32>,
    moment_1: Vec<f32>,
    moment_2: Vec<f32>,
}

impl State {
    fn new(parameter: Vec<f32>) -> Self {
        let zeros = vec![0.0; parameter.len()];
        Self {
            parameter,
            moment_1: zeros.clone(),
            moment_2: zeros,
        }
    }

    fn slices<'a>(&'a mut self, grad: &'a [f32]) -> AdamSlices<'a> {
        AdamSlices {
            parameter: &mut self.parameter,
            grad,
            moment_1: &mut self.moment_1,
            moment_2: &mut self.moment_2,
        }
    }
}

/// Three steps of PyTorch 2.15 in double precision.
#[test]
fn as_pytorch() {
    let grads = [
        [0.1, -0.2, 0.3, 1e-4, -2.0],
        [0.05, 0.4, -0.3, 2e-4, 1.0],
        [-0.3, 0.25, 0.125, -1e-3, 0.5],
    ];
    for (decay, expected) in [
        (
            WeightDecay::Gradient(0.0),
            [
                0.484347229,
                -1.249268802,
                1.98914691,
                -0.031763974,
                0.013270114,
            ],
        ),
        (
            WeightDecay::Gradient(0.1),
            [
                0.48129883,
                -1.241335794,
                1.978211751,
                -0.009482816,
                0.013260032,
            ],
        ),
        (
            WeightDecay::Decoupled(0.1),
            [
                0.482877726,
                -1.245538792,
                1.983172307,
                -0.031667183,
                0.013247472,
            ],
        ),
    ] {
        let mut state = State::new(vec![0.5, -1.25, 2.0, -0.03125, 0.0]);
        for (time, grad) in (1..).zip(&grads) {
            let step = adam(decay).step(time, RATE);
            step.apply(state.slices(grad)).unwrap();
        }
        for (actual, expected) in state.parameter.iter().zip(expected) {
            let error = f64::from(*actual) - expected;
            assert!(error.abs() < 1e-6, "{decay:?}: {actual}, not {expected}");
        }
    }
}

type Pair = fn(f32, f32) -> f32;

fn with_scalar(values: &[f32], scalar: f32, f: Pair) -> Vec<f32> {
    values.iter().map(|value| f(*value, scalar)).collect()
}

fn with_tensor(a: &[f32], b: &[f32], f: Pair) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect()
}

/// One operation after another, each over the whole tensor, in the order of burn 0.22.1.
fn reference(state: &mut State, grad: &[f32], time: i32, decay: WeightDecay, first: bool) {
    let add: Pair = |a, b| a + b;
    let mul: Pair = |a, b| a * b;
    let div: Pair = |a, b| a / b;
    let sub: Pair = |a, b| a - b;
    let (beta_1, beta_2, epsilon) = (0.9f32, 0.999f32, 1e-3f32);
    let mut grad = grad.to_vec();
    if let WeightDecay::Gradient(penalty) = decay
        && penalty != 0.0
    {
        grad = with_tensor(&with_scalar(&state.parameter, penalty, mul), &grad, add);
    }
    let scaled = with_scalar(&grad, 1.0 - beta_1, mul);
    let squares = with_scalar(&with_tensor(&grad, &grad, mul), 1.0 - beta_2, mul);
    if first {
        (state.moment_1, state.moment_2) = (scaled, squares);
    } else {
        state.moment_1 = with_tensor(&with_scalar(&state.moment_1, beta_1, mul), &scaled, add);
        state.moment_2 = with_tensor(&with_scalar(&state.moment_2, beta_2, mul), &squares, add);
    }
    let root = |values: &[f32]| values.iter().map(|v| v.sqrt()).collect::<Vec<f32>>();
    let (correction_1, correction_2) = (1.0 - beta_1.powi(time), 1.0 - beta_2.powi(time));
    let (kept, delta) = match decay {
        WeightDecay::Gradient(_) => {
            let factor = correction_2.sqrt() / correction_1;
            let divisor = with_scalar(&root(&state.moment_2), epsilon * correction_2.sqrt(), add);
            let delta = with_tensor(&with_scalar(&state.moment_1, factor, mul), &divisor, div);
            (state.parameter.clone(), delta)
        }
        WeightDecay::Decoupled(decay) => {
            let mean = with_scalar(&state.moment_1, correction_1, div);
            let divisor = root(&with_scalar(&state.moment_2, correction_2, div));
            let delta = with_tensor(&mean, &with_scalar(&divisor, epsilon, add), div);
            let rate = (1.0 - RATE * f64::from(decay)) as f32;
            (with_scalar(&state.parameter, rate, mul), delta)
        }
    };
    state.parameter = with_tensor(&kept, &with_scalar(&delta, RATE as f32, mul), sub);
}

#[test]
fn same_bits_as_separate_operations() {
    for decay in [
        WeightDecay::Gradient(0.0),
        WeightDecay::Gradient(5e-4),
        WeightDecay::Decoupled(0.0),
        WeightDecay::Decoupled(0.05),
    ] {
        for len in [1, 7, 67, 40_003] {
            let mut fused = State::new(values(len, 1));
            let mut separate = fused.clone();
            for time in 1..=5 {
                let grad = values(len, 10 + u64::from(time));
                let step = adam(decay).step(time, RATE);
                step.apply(fused.slices(&grad)).unwrap();
                reference(&mut separate, &grad, time as i32, decay, time == 1);
                assert_eq!(fused, separate, "{decay:?} {len} step {time}");
            }
        }
    }
}

#[test]
fn scale_multiplies_the_gradient() {
    let grad = values(1000, 2);
    let scaled: Vec<f32> = grad.iter().map(|g| g * 0.37).collect();
    for decay in [WeightDecay::Gradient(0.1), WeightDecay::Decoupled(0.1)] {
        let mut inside = State::new(values(1000, 1));
        let mut outside = inside.clone();
        let step = adam(decay).step(1, RATE);
        step.with_grad_scale(0.37)
            .apply(inside.slices(&grad))
            .unwrap();
        step.apply(outside.slices(&scaled)).unwrap();
        assert_eq!(inside, outside);
    }
}

#[test]
fn nan_stays_visible() {
    let mut state = State::new(values(20, 1));
    let mut grad = values(20, 2);
    grad[13] = f32::NAN;
    adam(WeightDecay::Gradient(0.0))
        .step(1, RATE)
        .apply(state.slices(&grad))
        .unwrap();
    for (index, value) in state.parameter.iter().enumerate() {
        assert_eq!(value.is_nan(), index == 13);
    }
    assert!(sum_of_squares(&grad).is_nan());
}

#[test]
fn lengths_must_agree_and_nothing_changes_otherwise() {
    let mut state = State::new(values(20, 1));
    let before = state.clone();
    let step = adam(WeightDecay::Gradient(0.0)).step(1, RATE);
    let error = step.apply(state.slices(&[0.0; 19])).unwrap_err();
    assert!(
        matches!(
            error,
            ShapeError::Length {
                found: 19,
                expected: 20,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(state, before);
    state.moment_1.pop();
    assert!(step.apply(state.slices(&[0.0; 20])).is_err());
    state.moment_1.push(0.0);
    state.moment_2.pop();
    assert!(step.apply(state.slices(&[0.0; 20])).is_err());
    assert_eq!(state.parameter, before.parameter);
}

#[test]
fn sum_of_squares_is_exact_enough_and_the_same_on_any_threads() {
    for len in [0, 1, 15, 16, 17, 100_003] {
        let x = values(len, 3);
        let expected: f64 = x.iter().map(|x| f64::from(*x).powi(2)).sum();
        let sums = [1, 2, 3].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| sum_of_squares(&x))
        });
        assert!((sums[0] - expected).abs() <= 1e-12 * expected, "{len}");
        assert!(sums.iter().all(|sum| sum.to_bits() == sums[0].to_bits()));
    }
    // Beyond the range of `f32`.
    assert_eq!(
        sum_of_squares(&[1e30, 1e30]),
        2.0 * f64::from(1e30f32).powi(2)
    );
}

#[test]
fn threads_do_not_change_bits() {
    let grad = values(100_003, 2);
    let results = [1, 2, 3].map(|threads| {
        let mut state = State::new(values(100_003, 1));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| {
            let step = adam(WeightDecay::Gradient(1e-4)).step(1, RATE);
            step.apply(state.slices(&grad)).unwrap();
        });
        state
    });
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
}

//! Results do not depend on the number of threads.
#![allow(clippy::unwrap_used, missing_docs)]

mod naive;

use fasgard_kernels::{
    Activation, BatchNorm, BatchNormBackward, Conv, Depthwise, Epilogue, InstructionSet, MaxPool,
    Precision, Resize, sum_of_squares,
};
use naive::values;

/// Bits of the results of `run` on pools of several sizes: all the same.
#[track_caller]
fn same(name: &str, run: impl Fn() -> Vec<Vec<f32>> + Sync) {
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let results = pool.install(&run);
        results
            .into_iter()
            .flatten()
            .map(f32::to_bits)
            .collect::<Vec<u32>>()
    };
    let one = on(1);
    assert!(!one.is_empty(), "{name}");
    for threads in [2, 3, 7] {
        // Not `assert_eq`: it would print millions of numbers.
        assert!(
            on(threads) == one,
            "{name}: {threads} threads differ from one"
        );
    }
}

#[test]
fn convolutions() {
    let sets = || {
        InstructionSet::ALL
            .into_iter()
            .filter(|set| set.available())
    };
    for (x, weight, stride, padding) in [
        ([2, 33, 31, 32], [48, 32, 3, 3], 1, 1),
        ([3, 32, 32, 64], [32, 64, 1, 1], 1, 0),
        ([2, 31, 33, 24], [40, 24, 3, 3], 2, 1),
        ([4, 48, 48, 3], [16, 3, 7, 7], 2, 3),
        ([1, 8, 8, 256], [256, 256, 3, 3], 1, 1),
        // Many pixels, few sums: the weight gradient has private sums.
        ([4, 64, 64, 8], [8, 8, 3, 3], 1, 1),
    ] {
        for set in sets() {
            for (winograd, precision) in [
                (true, Precision::F32),
                (false, Precision::F32),
                (true, Precision::Bf16),
            ] {
                let conv = Conv::new(x, weight, stride, padding)
                    .unwrap()
                    .with_instructions(set)
                    .with_winograd(winograd)
                    .with_precision(precision);
                let x = values(x.iter().product(), 1);
                let weight = values(weight.iter().product(), 2);
                let grad = values(conv.output_shape().iter().product(), 3);
                let bias = values(conv.output_shape()[3], 4);
                let fused = Epilogue {
                    bias: Some(&bias),
                    residual: Some(&grad),
                    activation: Activation::Relu,
                };
                same(&format!("{conv:?}"), || {
                    vec![
                        conv.forward(&x, &weight, fused).unwrap(),
                        conv.input_grad(&weight, &grad).unwrap(),
                        conv.weight_grad(&x, &grad).unwrap(),
                    ]
                });
            }
        }
    }
}

#[test]
fn everything_else() {
    let shape = [4, 64, 62, 32];
    let x = values(shape.iter().product(), 1);
    for stride in [1, 2] {
        let conv = Depthwise::new(shape, [32, 1, 3, 3], stride, 1).unwrap();
        let weight = values(32 * 9, 2);
        let grad = values(conv.output_shape().iter().product(), 3);
        same("depthwise", || {
            vec![
                conv.forward(&x, &weight, Epilogue::default()).unwrap(),
                conv.input_grad(&weight, &grad).unwrap(),
                conv.weight_grad(&x, &grad).unwrap(),
            ]
        });
    }
    let pool = MaxPool::new(shape, 3, 2, 1).unwrap();
    let grad = values(pool.output_shape().iter().product(), 3);
    same("max pool", || {
        vec![
            pool.forward(&x).unwrap(),
            pool.input_grad(&x, &grad).unwrap(),
        ]
    });
    let resize = Resize::new(shape, [40, 90]).unwrap();
    let grad = values(resize.output_shape().iter().product(), 3);
    same("resize", || {
        vec![
            resize.forward(&x).unwrap(),
            resize.input_grad(&grad).unwrap(),
        ]
    });
    let (gamma, beta, grad) = (values(32, 4), values(32, 5), values(x.len(), 6));
    same("batch norm", || {
        let norm = BatchNorm::new(32, 1e-5).unwrap().with_relu(true);
        let (y, statistics) = norm.train(&x, &gamma, &beta, None).unwrap();
        let from = BatchNormBackward {
            x: &x,
            gamma: &gamma,
            beta: &beta,
            mean: &statistics.mean,
            variance: &statistics.variance,
            grad: &grad,
            output: None,
        };
        let grads = norm.backward(&from).unwrap();
        vec![
            y,
            statistics.mean,
            statistics.variance,
            grads.x,
            grads.gamma,
            grads.beta,
        ]
    });
    same("sum of squares", || {
        let sum = sum_of_squares(&x);
        let bits = sum.to_bits();
        vec![vec![
            f32::from_bits(bits as u32),
            f32::from_bits((bits >> 32) as u32),
        ]]
    });
}

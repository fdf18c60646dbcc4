//! Every pass of the convolution, on every instruction set of this machine, against a naive loop in
//! `f64`.
#![allow(clippy::unwrap_used, missing_docs)]

mod naive;

use fasgard_kernels::{Activation, Conv, Epilogue, InstructionSet, Precision};
use naive::{Shape, magnitudes, values};
use proptest::prelude::*;

fn sets() -> impl Iterator<Item = InstructionSet> {
    InstructionSet::ALL
        .into_iter()
        .filter(|set| set.available())
}

/// The right values of a pass, and the scale of their rounding.
struct Expected {
    values: Vec<f64>,
    scale: f64,
}

impl Expected {
    /// Of a pass of two factors.
    fn new(pass: impl Fn(&[f32], &[f32]) -> Vec<f64>, a: &[f32], b: &[f32]) -> Self {
        let values = pass(a, b);
        let magnitudes = pass(&magnitudes(a), &magnitudes(b));
        Self {
            scale: naive::scale(&values, &magnitudes),
            values,
        }
    }

    #[track_caller]
    fn assert_close(&self, name: &str, actual: &[f32], tolerance: f64) {
        assert_eq!(actual.len(), self.values.len(), "{name}");
        for (index, (a, e)) in actual.iter().zip(&self.values).enumerate() {
            let error = (f64::from(*a) - e).abs();
            assert!(
                error <= tolerance * self.scale,
                "{name}[{index}]: {a}, expected {e}, scale {}",
                self.scale
            );
        }
    }
}

fn check(shape: &Shape, winograd: bool) {
    let tolerance = if winograd { 2e-5 } else { 3e-6 };
    let x = values(shape.x.iter().product(), 1);
    let weight = values(shape.weight.iter().product(), 2);
    let grad = values(shape.output().iter().product(), 3);
    let bias = values(shape.weight[0], 4);
    let residual = values(grad.len(), 5);
    let forward = Expected::new(|x, w| naive::forward(shape, x, w), &x, &weight);
    let finished = forward.values.iter().zip(&residual).enumerate();
    let fused = Expected {
        values: finished
            .map(|(i, (y, r))| (y + f64::from(bias[i % bias.len()]) + f64::from(*r)).max(0.0))
            .collect(),
        // Bias and residual are of size one.
        scale: forward.scale + 2.0,
    };
    let input_grad = Expected::new(|w, g| naive::input_grad(shape, w, g), &weight, &grad);
    let weight_grad = Expected::new(|x, g| naive::weight_grad(shape, x, g), &x, &grad);
    for set in sets() {
        let conv = Conv::new(shape.x, shape.weight, shape.stride, shape.padding)
            .unwrap()
            .with_instructions(set)
            .with_winograd(winograd);
        let name = |pass| format!("{pass} {shape:?} {}", set.name());
        let plain = conv.forward(&x, &weight, Epilogue::default()).unwrap();
        forward.assert_close(&name("forward"), &plain, tolerance);
        let epilogue = Epilogue {
            bias: Some(&bias),
            residual: Some(&residual),
            activation: Activation::Relu,
        };
        let y = conv.forward(&x, &weight, epilogue).unwrap();
        fused.assert_close(&name("fused"), &y, tolerance);
        let dx = conv.input_grad(&weight, &grad).unwrap();
        input_grad.assert_close(&name("input gradient"), &dx, tolerance);
        let dw = conv.weight_grad(&x, &grad).unwrap();
        weight_grad.assert_close(&name("weight gradient"), &dw, tolerance);
    }
}

#[test]
fn shapes_of_networks() {
    for (x, weight, stride, padding) in [
        ([2, 32, 32, 3], [16, 3, 7, 7], 2, 3),
        ([1, 20, 24, 16], [16, 16, 3, 3], 1, 1),
        ([2, 16, 16, 32], [64, 32, 3, 3], 2, 1),
        ([2, 15, 15, 32], [64, 32, 1, 1], 2, 0),
        ([1, 8, 8, 128], [128, 128, 3, 3], 1, 1),
        ([1, 9, 9, 64], [204, 64, 1, 1], 1, 0),
        ([1, 5, 6, 196], [67, 196, 3, 3], 1, 1),
        ([1, 4, 4, 1100], [7, 1100, 1, 1], 1, 0),
        // A stride beyond the kernel leaves input pixels without gradient.
        ([1, 10, 11, 5], [7, 5, 2, 2], 3, 0),
        // A valid convolution, and padding beyond the kernel.
        ([1, 9, 8, 4], [6, 4, 3, 3], 1, 0),
        ([1, 3, 3, 4], [6, 4, 3, 3], 1, 4),
        ([1, 1, 1, 17], [33, 17, 3, 3], 1, 1),
    ] {
        let shape = Shape {
            x,
            weight,
            stride,
            padding,
        };
        check(&shape, false);
        check(&shape, true);
    }
}

proptest! {
    #![proptest_config(naive::cases(48))]

    #[test]
    fn any_shape(
        images in 1usize..3,
        rows in 1usize..14,
        cols in 1usize..14,
        inputs in 1usize..68,
        outputs in 1usize..68,
        kernel in 1usize..5,
        stride in 1usize..4,
        padding in 0usize..4,
    ) {
        prop_assume!(rows.min(cols) + 2 * padding >= kernel);
        let shape = Shape {
            x: [images, rows, cols, inputs],
            weight: [outputs, inputs, kernel, kernel],
            stride,
            padding,
        };
        check(&shape, false);
        check(&shape, true);
    }
}

/// The nearest `bf16` of every value, by the definition: half away from the lower neighbour goes up,
/// ties to the even one.
fn rounded(values: &[f32]) -> Vec<f32> {
    values
        .iter()
        .map(|value| {
            let down = f32::from_bits(value.to_bits() & 0xffff_0000);
            let up = f32::from_bits(down.to_bits() + 0x1_0000);
            let (below, above) = ((value - down).abs(), (up - value).abs());
            let even = down.to_bits() >> 16 & 1 == 0;
            if below < above || (below == above && even) {
                down
            } else {
                up
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(naive::cases(32))]

    /// Half precision is the exact convolution of rounded factors, up to `f32` sums.
    #[test]
    fn half_precision_rounds_factors_alone(
        rows in 1usize..12,
        cols in 1usize..12,
        inputs in 1usize..68,
        outputs in 1usize..68,
        strided in any::<bool>(),
    ) {
        let (kernel, stride, padding) = if strided { (3, 2, 1) } else { (1, 1, 0) };
        let shape = Shape {
            x: [2, rows, cols, inputs],
            weight: [outputs, inputs, kernel, kernel],
            stride,
            padding,
        };
        // Rows of a kernel read as one run stay in single precision.
        prop_assume!(kernel == 1 || kernel * inputs > 32);
        let x = values(shape.x.iter().product(), 1);
        let weight = values(shape.weight.iter().product(), 2);
        let grad = values(shape.output().iter().product(), 3);
        let (rx, rw, rg) = (rounded(&x), rounded(&weight), rounded(&grad));
        let forward = Expected::new(|x, w| naive::forward(&shape, x, w), &rx, &rw);
        let input_grad = Expected::new(|w, g| naive::input_grad(&shape, w, g), &rw, &rg);
        let weight_grad = Expected::new(|x, g| naive::weight_grad(&shape, x, g), &rx, &rg);
        for set in sets() {
            let conv = Conv::new(shape.x, shape.weight, stride, padding)
                .unwrap()
                .with_instructions(set)
                .with_precision(Precision::Bf16);
            let y = conv.forward(&x, &weight, Epilogue::default()).unwrap();
            forward.assert_close("forward", &y, 3e-6);
            let dx = conv.input_grad(&weight, &grad).unwrap();
            input_grad.assert_close("input gradient", &dx, 3e-6);
            let dw = conv.weight_grad(&x, &grad).unwrap();
            weight_grad.assert_close("weight gradient", &dw, 3e-6);
        }
    }
}

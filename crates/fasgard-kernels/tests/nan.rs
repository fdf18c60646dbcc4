//! NaN stays visible: it reaches every output that depends on it, through a fused ReLU too.
#![allow(clippy::unwrap_used, missing_docs)]

mod naive;

use fasgard_kernels::{Activation, Conv, Depthwise, Epilogue, InstructionSet};
use naive::values;

fn sets() -> impl Iterator<Item = InstructionSet> {
    InstructionSet::ALL
        .into_iter()
        .filter(|set| set.available())
}

fn spoilt(mut values: Vec<f32>, at: usize) -> Vec<f32> {
    values[at] = f32::NAN;
    values
}

/// All of `of` are NaN, and at least one other value is not.
#[track_caller]
fn spoils(result: &[f32], of: impl Iterator<Item = usize>) {
    for index in of {
        assert!(result[index].is_nan(), "{index}: {}", result[index]);
    }
    assert!(result.iter().any(|value| !value.is_nan()));
}

#[test]
fn convolution_keeps_nan() {
    let (side, inputs, outputs) = (16, 20, 24);
    let shape = [1, side, side, inputs];
    let x = values(side * side * inputs, 1);
    let w = values(outputs * inputs * 9, 2);
    let bias = values(outputs, 3);
    let residual = values(side * side * outputs, 4);
    // Row 6 and column 9 of the map, so outputs around it.
    let pixel = 6 * side + 9;
    let around = || {
        [-1isize, 0, 1].into_iter().flat_map(move |row| {
            [-1isize, 0, 1].map(move |col| (pixel as isize + row * side as isize + col) as usize)
        })
    };
    for set in sets() {
        for winograd in [false, true] {
            let conv = Conv::new(shape, [outputs, inputs, 3, 3], 1, 1)
                .unwrap()
                .with_instructions(set)
                .with_winograd(winograd);
            let run = |x: &[f32], w: &[f32], bias: &[f32], residual: &[f32]| {
                let epilogue = Epilogue {
                    bias: Some(bias),
                    residual: Some(residual),
                    activation: Activation::Relu,
                };
                conv.forward(x, w, epilogue).unwrap()
            };
            let pixels = |pixel: usize| pixel * outputs..(pixel + 1) * outputs;
            let bad = spoilt(x.clone(), pixel * inputs + 7);
            spoils(&run(&bad, &w, &bias, &residual), around().flat_map(pixels));
            let channel = |o: usize| (0..side * side).map(move |pixel| pixel * outputs + o);
            // The middle of the kernel of output 5 meets every pixel.
            let bad = spoilt(w.clone(), (5 * inputs + 3) * 9 + 4);
            spoils(&run(&x, &bad, &bias, &residual), channel(5));
            spoils(
                &run(&x, &w, &spoilt(bias.clone(), 23), &residual),
                channel(23),
            );
            let bad = spoilt(residual.clone(), 100);
            spoils(&run(&x, &w, &bias, &bad), 100..101);

            let bad = spoilt(residual.clone(), pixel * outputs + 11);
            let inside = |pixel: usize| pixel * inputs..(pixel + 1) * inputs;
            spoils(
                &conv.input_grad(&w, &bad).unwrap(),
                around().flat_map(inside),
            );
            let kernel = 11 * inputs * 9..12 * inputs * 9;
            spoils(&conv.weight_grad(&x, &bad).unwrap(), kernel);
        }
        let conv = Depthwise::new(shape, [inputs, 1, 3, 3], 1, 1)
            .unwrap()
            .with_instructions(set);
        let epilogue = Epilogue {
            activation: Activation::Relu,
            ..Epilogue::default()
        };
        let w = values(inputs * 9, 5);
        let bad = spoilt(x.clone(), pixel * inputs + 7);
        let y = conv.forward(&bad, &w, epilogue).unwrap();
        spoils(&y, around().map(|pixel| pixel * inputs + 7));
    }
}

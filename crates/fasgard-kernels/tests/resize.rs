//! Bilinear resizing against PyTorch's numbers, a naive loop in `f64`, and its own transpose.
#![allow(clippy::unwrap_used, missing_docs)]

mod naive;

use fasgard_kernels::{InstructionSet, Resize, ShapeError};
use naive::{magnitudes, values};
use proptest::prelude::*;

#[track_caller]
fn assert_close(actual: &[f32], expected: &[f64], magnitudes: &[f64]) {
    assert_eq!(actual.len(), expected.len());
    let scale = naive::scale(expected, magnitudes);
    for (index, (a, e)) in actual.iter().zip(expected).enumerate() {
        let error = (f64::from(*a) - e).abs();
        assert!(error <= 1e-6 * scale, "[{index}]: {a}, not {e}");
    }
}

/// Sources and weights of one target coordinate.
fn sources(at: usize, from: usize, to: usize) -> [(usize, f64); 2] {
    let centre = ((at as f64 + 0.5) * from as f64 / to as f64 - 0.5).max(0.0);
    let low = centre.floor();
    let high = (low as usize + 1).min(from - 1);
    [(low as usize, 1.0 - (centre - low)), (high, centre - low)]
}

/// Calls `f(input element, output element, weight)` for every product.
fn products(x: [usize; 4], size: [usize; 2], mut f: impl FnMut(usize, usize, f64)) {
    for image in 0..x[0] {
        for row in 0..size[0] {
            for col in 0..size[1] {
                for (y, y_weight) in sources(row, x[1], size[0]) {
                    for (x_at, x_weight) in sources(col, x[2], size[1]) {
                        for c in 0..x[3] {
                            let from = ((image * x[1] + y) * x[2] + x_at) * x[3] + c;
                            let to = ((image * size[0] + row) * size[1] + col) * x[3] + c;
                            f(from, to, y_weight * x_weight);
                        }
                    }
                }
            }
        }
    }
}

fn check(shape: [usize; 4], size: [usize; 2]) {
    let x = values(shape.iter().product(), 1);
    let grad = values(shape[0] * size[0] * size[1] * shape[3], 2);
    let passes = |x: &[f32], grad: &[f32]| {
        let (mut output, mut input_grad) = (vec![0.0; grad.len()], vec![0.0; x.len()]);
        products(shape, size, |from, to, weight| {
            output[to] += f64::from(x[from]) * weight;
            input_grad[from] += f64::from(grad[to]) * weight;
        });
        (output, input_grad)
    };
    let (output, input_grad) = passes(&x, &grad);
    let sums = passes(&magnitudes(&x), &magnitudes(&grad));
    for set in InstructionSet::ALL.into_iter().filter(|s| s.available()) {
        let resize = Resize::new(shape, size).unwrap().with_instructions(set);
        assert_close(&resize.forward(&x).unwrap(), &output, &sums.0);
        let dx = resize.input_grad(&grad).unwrap();
        assert_close(&dx, &input_grad, &sums.1);
    }
}

/// Outputs, and gradients of `sum(output * cos(0.3 i))`, of PyTorch 2.15 in double precision for
/// `sin(0.7 i)` in 5 rows of 3.
#[test]
fn as_pytorch() {
    let x: Vec<f32> = (0..15).map(|i| (f64::from(i) * 0.7).sin() as f32).collect();
    for (size, output, input_grad) in [
        (
            [3, 7],
            vec![
                0.2877365, 0.3239371, 0.4325392, 0.5411412, 0.5406687, 0.5401962, 0.5400387,
                -0.8715758, -0.8874153, -0.934934, -0.9824526, -0.8319443, -0.6814361, -0.6312666,
                0.5753372, 0.5548216, 0.4932747, 0.4317278, 0.2831602, 0.1345925, 0.08507,
            ],
            vec![
                1.4483834, 0.9645826, -0.007516, 0.7241917, 0.4822913, -0.003758, -1.5243574,
                -2.3043296, -1.917788, -0.2111478, 0.2932633, 0.6492165, -0.4222956, 0.5865265,
                1.2984331,
            ],
        ),
        (
            [9, 2],
            vec![
                0.1610544, 0.9001417, 0.3510876, 0.5403144, 0.6678097, -0.0593979, 0.00651,
                -0.4192172, -0.899295, -0.7190631, -0.3014327, 0.1834013, 0.2372867, 0.7830998,
                0.5394349, 0.1717344, 0.7207238, -0.1950848,
            ],
            vec![
                1.1928643, 0.7420221, 1.0332021, 0.3532382, 0.1151488, -0.0077919, -0.9587768,
                -0.7114243, -1.1754961, -1.132901, -0.6936682, -0.9481037, -0.254236, -0.0455483,
                0.117591,
            ],
        ),
    ] {
        let resize = Resize::new([1, 5, 3, 1], size).unwrap();
        assert_close(&resize.forward(&x).unwrap(), &output, &[]);
        let grad: Vec<f32> = (0..output.len())
            .map(|i| (i as f64 * 0.3).cos() as f32)
            .collect();
        assert_close(&resize.input_grad(&grad).unwrap(), &input_grad, &[]);
    }
}

#[test]
fn same_size_is_identity() {
    let x = values(2 * 7 * 5 * 11, 1);
    let resize = Resize::new([2, 7, 5, 11], [7, 5]).unwrap();
    assert_eq!(resize.forward(&x).unwrap(), x);
    assert_eq!(resize.input_grad(&x).unwrap(), x);
}

#[test]
fn sizes_of_networks() {
    check([2, 32, 32, 128], [8, 8]);
    check([1, 8, 8, 67], [32, 32]);
    check([1, 1, 1, 5], [6, 7]);
    check([1, 9, 14, 3], [1, 1]);
}

proptest! {
    #![proptest_config(naive::cases(48))]

    #[test]
    fn any_shape(
        images in 1usize..3,
        rows in 1usize..20,
        cols in 1usize..20,
        channels in 1usize..68,
        to_rows in 1usize..24,
        to_cols in 1usize..24,
    ) {
        check([images, rows, cols, channels], [to_rows, to_cols]);
    }
}

#[test]
fn nan_stays_visible() {
    let resize = Resize::new([1, 4, 4, 9], [8, 8]).unwrap();
    let mut x = values(16 * 9, 1);
    x[5 * 9 + 8] = f32::NAN;
    let y = resize.forward(&x).unwrap();
    assert!(y[(3 * 8 + 3) * 9 + 8].is_nan());
    assert!(
        y.iter()
            .enumerate()
            .all(|(i, v)| i % 9 == 8 || v.is_finite())
    );
}

#[test]
fn threads_do_not_change_bits() {
    let shape = [3, 33, 31, 20];
    let resize = Resize::new(shape, [50, 17]).unwrap();
    let x = values(shape.iter().product(), 1);
    let grad = values(resize.output_shape().iter().product(), 2);
    let results = [1, 2, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| {
            (
                resize.forward(&x).unwrap(),
                resize.input_grad(&grad).unwrap(),
            )
        })
    });
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
}

#[test]
fn bad_shapes_are_errors() {
    for (shape, size) in [
        ([1, 4, 4, 0], [2, 2]),
        ([0, 4, 4, 1], [2, 2]),
        ([1, 4, 4, 1], [0, 2]),
        ([1, 4, 4, 1], [2, 0]),
    ] {
        let error = Resize::new(shape, size).unwrap_err();
        assert!(matches!(error, ShapeError::Empty { .. }), "{error}");
    }
    let error = Resize::new([1, 4, 4, 1], [usize::MAX / 2, 8]).unwrap_err();
    assert!(matches!(error, ShapeError::Overflow { .. }), "{error}");
    let resize = Resize::new([1, 4, 4, 1], [2, 2]).unwrap();
    for result in [resize.forward(&[0.0; 15]), resize.input_grad(&[0.0; 5])] {
        assert!(matches!(result.unwrap_err(), ShapeError::Length { .. }));
    }
}

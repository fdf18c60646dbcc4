//! Shapes and buffers that do not fit are errors that name them: never a panic, never a wrong result.
#![allow(clippy::unwrap_used, missing_docs)]

use fasgard_kernels::{
    Conv, Depthwise, Epilogue, InstructionSet, MaxPool, Packed, Precision, Resize, ShapeError,
};
use proptest::prelude::*;

fn sets() -> impl Iterator<Item = InstructionSet> {
    InstructionSet::ALL
        .into_iter()
        .filter(|set| set.available())
}

/// The error of a convolution that must not exist, after checking that its text holds `parts`.
#[track_caller]
fn refused(x: [usize; 4], weight: [usize; 4], window: [usize; 2], parts: &[&str]) -> ShapeError {
    let error = Conv::new(x, weight, window[0], window[1]).unwrap_err();
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "{text:?} lacks {part:?}");
    }
    error
}

#[test]
fn zero_sizes() {
    for axis in 0..4 {
        let mut x = [2, 5, 6, 3];
        x[axis] = 0;
        let error = refused(x, [4, x[3], 3, 3], [1, 1], &["conv2d", &format!("{x:?}")]);
        assert!(matches!(error, ShapeError::Empty { .. }), "{error:?}");
    }
    let empty = |weight, window| {
        let error = refused([1, 5, 5, 3], weight, window, &["conv2d", "zero"]);
        assert!(matches!(error, ShapeError::Empty { .. }), "{error:?}");
    };
    empty([0, 3, 3, 3], [1, 1]);
    empty([4, 3, 0, 0], [1, 1]);
    empty([4, 3, 3, 3], [0, 1]);
}

#[test]
fn channels_and_kernels_that_do_not_fit() {
    for weight in [[4, 5, 3, 3], [4, 3, 3, 1], [3, 4, 3, 3], [4, 0, 3, 3]] {
        let parts = ["[1, 5, 5, 3]", &format!("{weight:?}")];
        let error = refused([1, 5, 5, 3], weight, [1, 1], &parts);
        assert!(matches!(error, ShapeError::Weights { .. }), "{error:?}");
    }
    let error = refused(
        [1, 5, 4, 3],
        [2, 3, 7, 7],
        [1, 1],
        &["kernel 7", "5x4", "padded by 1"],
    );
    assert!(matches!(error, ShapeError::Kernel { .. }), "{error:?}");
}

#[test]
fn sizes_that_overflow() {
    let huge = usize::MAX;
    for x in [
        [huge, 1, 1, 1],
        [1, huge, 1, 1],
        [1, 1, huge, 1],
        [1, 1, 1, huge],
        [1 << 32, 1 << 32, 1, 1],
        [1, 1 << 21, 1 << 21, 1 << 21],
    ] {
        let error = refused(x, [1, x[3], 1, 1], [1, 0], &[&format!("{x:?}")]);
        assert!(matches!(error, ShapeError::Overflow { .. }), "{error:?}");
    }
    // The output, the weights and the padded input may overflow too.
    for (x, weight, padding) in [
        ([1, 1 << 20, 1 << 20, 1], [1 << 30, 1, 1, 1], 0),
        ([1, 1, 1, 1 << 40], [1 << 40, 1 << 40, 1, 1], 0),
        ([1, 3, 3, 3], [1, 3, 1, 1], huge),
        ([1, 3, 3, 3], [1, 3, 1, 1], huge / 2),
        ([1, 3, 3, 3], [1, 3, 1, 1], 1 << 40),
    ] {
        let error = refused(x, weight, [1, padding], &["more elements than memory"]);
        assert!(matches!(error, ShapeError::Overflow { .. }), "{error:?}");
    }
    refused([1, 3, 3, 3], [1, 3, huge, huge], [1, 0], &["kernel"]);
}

/// A stride beyond every map is a convolution like any other: of one pixel.
#[test]
fn any_stride() {
    for stride in [1000, usize::MAX / 2, usize::MAX] {
        for (kernel, padding) in [(1, 0), (3, 1), (2, 2)] {
            let conv = Conv::new([2, 4, 5, 3], [6, 3, kernel, kernel], stride, padding).unwrap();
            assert_eq!(conv.output_shape(), [2, 1, 1, 6]);
            let (x, weight) = (vec![1.0; 2 * 4 * 5 * 3], vec![1.0; 6 * 3 * kernel * kernel]);
            let y = conv.forward(&x, &weight, Epilogue::default()).unwrap();
            // The kernel's elements beyond the padding.
            let seen = kernel.saturating_sub(padding);
            assert_eq!(y, vec![(3 * seen * seen) as f32; 12]);
            let dx = conv.input_grad(&weight, &[1.0; 12]).unwrap();
            assert_eq!(dx.iter().sum::<f32>(), (2 * 6 * 3 * seen * seen) as f32);
            let dw = conv.weight_grad(&x, &[1.0; 12]).unwrap();
            assert_eq!(dw.iter().sum::<f32>(), (2 * 6 * 3 * seen * seen) as f32);
        }
    }
}

#[track_caller]
fn length<T: std::fmt::Debug>(result: Result<T, ShapeError>, what: &str, found: usize, of: usize) {
    let error = result.unwrap_err();
    let text = error.to_string();
    for part in [what, &found.to_string(), &of.to_string()] {
        assert!(text.contains(part), "{text:?} lacks {part:?}");
    }
    assert!(matches!(error, ShapeError::Length { .. }), "{error:?}");
}

#[test]
fn buffers_of_the_wrong_length() {
    let (x, w, y) = (
        vec![0.0; 2 * 6 * 5 * 20],
        vec![0.0; 17 * 20 * 9],
        vec![0.0; 2 * 6 * 5 * 17],
    );
    let plain = Epilogue::default();
    for winograd in [true, false] {
        let conv = Conv::new([2, 6, 5, 20], [17, 20, 3, 3], 1, 1)
            .unwrap()
            .with_winograd(winograd);
        let packed = conv.pack(&w).unwrap();
        length(
            conv.forward(&x[1..], &w, plain),
            "input",
            x.len() - 1,
            x.len(),
        );
        length(conv.forward(&[], &w, plain), "input", 0, x.len());
        length(
            conv.forward(&x, &w[1..], plain),
            "weights",
            w.len() - 1,
            w.len(),
        );
        length(conv.pack(&w[..10]), "weights", 10, w.len());
        length(
            conv.forward_packed(&y, &packed, plain),
            "input",
            y.len(),
            x.len(),
        );
        let bias = Epilogue {
            bias: Some(&w[..16]),
            ..plain
        };
        length(conv.forward(&x, &w, bias), "bias", 16, 17);
        let residual = Epilogue {
            residual: Some(&x),
            ..plain
        };
        length(conv.forward(&x, &w, residual), "residual", x.len(), y.len());
        length(
            conv.input_grad(&w[1..], &y),
            "weights",
            w.len() - 1,
            w.len(),
        );
        length(conv.input_grad(&w, &x), "output gradient", x.len(), y.len());
        length(conv.weight_grad(&x[1..], &y), "input", x.len() - 1, x.len());
        length(
            conv.weight_grad(&x, &y[1..]),
            "output gradient",
            y.len() - 1,
            y.len(),
        );
    }
}

/// Ways to convolve a map of 8x8 pixels, of which none can use another's packed weights.
fn kinds() -> Vec<Conv> {
    let mut kinds = Vec::new();
    for set in sets() {
        // Several of these take equally many packed elements.
        for (inputs, outputs, kernel, stride) in [
            (16, 32, 1, 1),
            (32, 16, 1, 1),
            (16, 32, 3, 1),
            (32, 16, 3, 1),
            (16, 32, 3, 2),
            (144, 32, 1, 1),
            (16, 8, 6, 1),
        ] {
            let (x, weight) = ([1, 8, 8, inputs], [outputs, inputs, kernel, kernel]);
            let conv = Conv::new(x, weight, stride, kernel / 2)
                .unwrap()
                .with_instructions(set);
            kinds.push(conv);
            if kernel == 1 || stride > 1 {
                kinds.push(conv.with_precision(Precision::Bf16));
            }
        }
    }
    kinds
}

fn wave(count: usize, step: f32) -> Vec<f32> {
    (0..count).map(|i| (i as f32 * step).sin()).collect()
}

/// Weights packed for something else are refused, unless they serve: the same weights, and the
/// result that they give unpacked.
#[test]
fn packed_weights_of_another_convolution() {
    for from in kinds() {
        let weight = wave(from.weight_shape().iter().product(), 0.73);
        let packed = from.pack(&weight).unwrap();
        for to in kinds() {
            let x = wave(to.input_shape().iter().product(), 0.37);
            let Ok(y) = to.forward_packed(&x, &packed, Epilogue::default()) else {
                assert!(from != to, "{to:?}");
                continue;
            };
            let taken = format!("weights packed for {from:?} were taken for {to:?}");
            assert_eq!(from.weight_shape(), to.weight_shape(), "{taken}");
            let right = to.forward(&x, &weight, Epilogue::default()).unwrap();
            let scale = right
                .iter()
                .fold(0.0f32, |scale, value| scale.max(value.abs()));
            // One of them may round to `bf16`.
            let close = y
                .iter()
                .zip(&right)
                .all(|(a, b)| (a - b).abs() <= 0.02 * scale);
            assert!(close, "{taken}");
        }
    }
}

#[test]
fn packed_weights_serve_any_batch_and_size() {
    let conv = |images, side| Conv::new([images, side, side, 20], [18, 20, 3, 3], 1, 1).unwrap();
    let weight: Vec<f32> = (0..18 * 20 * 9).map(|i| (i % 7) as f32 - 3.0).collect();
    let packed: Packed = conv(1, 8).pack(&weight).unwrap();
    for (images, side) in [(3, 8), (1, 12), (2, 16)] {
        let conv = conv(images, side);
        let x: Vec<f32> = (0..images * side * side * 20)
            .map(|i| (i % 5) as f32)
            .collect();
        let plain = Epilogue::default();
        let expected = conv.forward(&x, &weight, plain).unwrap();
        let actual = conv.forward_packed(&x, &packed, plain).unwrap();
        let scale = expected
            .iter()
            .fold(0.0f32, |scale, value| scale.max(value.abs()));
        assert!(
            actual
                .iter()
                .zip(&expected)
                .all(|(a, e)| (a - e).abs() <= 1e-5 * scale)
        );
    }
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        6 => 0usize..5,
        1 => 5usize..40,
        1 => prop::sample::select(vec![
            usize::MAX, usize::MAX - 1, usize::MAX / 2, isize::MAX as usize / 4,
            1 << 62, 1 << 40, 1 << 32, 1 << 31,
        ]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn no_shape_panics(
        x in prop::array::uniform4(size()),
        outputs in size(),
        kernel in size(),
        stride in size(),
        padding in size(),
        to in prop::array::uniform2(size()),
    ) {
        const LARGEST: usize = 100_000;
        let small = |shape: [usize; 4]| {
            let elements = shape.iter().try_fold(1usize, |all, size| all.checked_mul(*size));
            elements.filter(|elements| *elements <= LARGEST)
        };
        // What is refused is refused; what is not, and is small, runs.
        if let Ok(conv) = Conv::new(x, [outputs, x[3], kernel, kernel], stride, padding)
            && let (Some(input), Some(weight), Some(output)) =
                (small(x), small(conv.weight_shape()), small(conv.output_shape()))
            && (x[1] + 2 * padding).saturating_mul(x[2] + 2 * padding) <= LARGEST
        {
            let (x, weight, grad) = (vec![1.0; input], vec![1.0; weight], vec![1.0; output]);
            prop_assert_eq!(conv.forward(&x, &weight, Epilogue::default()).unwrap().len(), output);
            prop_assert_eq!(conv.input_grad(&weight, &grad).unwrap().len(), input);
            prop_assert_eq!(conv.weight_grad(&x, &grad).unwrap().len(), weight.len());
        }
        if let Ok(conv) = Depthwise::new(x, [x[3], 1, kernel, kernel], stride, padding)
            && let (Some(input), Some(weight), Some(output)) =
                (small(x), small(conv.weight_shape()), small(conv.output_shape()))
        {
            let (x, weight, grad) = (vec![1.0; input], vec![1.0; weight], vec![1.0; output]);
            prop_assert_eq!(conv.forward(&x, &weight, Epilogue::default()).unwrap().len(), output);
            prop_assert_eq!(conv.input_grad(&weight, &grad).unwrap().len(), input);
            prop_assert_eq!(conv.weight_grad(&x, &grad).unwrap().len(), weight.len());
        }
        if let Ok(pool) = MaxPool::new(x, kernel, stride, padding)
            && let (Some(input), Some(output)) = (small(x), small(pool.output_shape()))
        {
            prop_assert_eq!(pool.forward(&vec![1.0; input]).unwrap().len(), output);
        }
        // Too many elements are refused before an axis is planned.
        if x[1].max(x[2]).max(to[0]).max(to[1]) <= LARGEST
            && let Ok(resize) = Resize::new(x, to)
            && let (Some(input), Some(output)) = (small(x), small(resize.output_shape()))
        {
            prop_assert_eq!(resize.forward(&vec![1.0; input]).unwrap().len(), output);
        }
    }
}

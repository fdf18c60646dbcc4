//! The reader and the executor on small files made by hand.

mod common;

use common::{Field, Model};
use fasgard_face::tflite::{Network, TfliteError};
use proptest::prelude::*;

fn values(n: usize, seed: usize) -> Vec<f32> {
    (0..n)
        .map(|i| ((i * 37 + seed * 101) % 29) as f32 / 7.0 - 2.0)
        .collect()
}

/// Output `[ho, wo, co]` of a convolution of `x` `[h, w, c]` with `weights` `[co, k, k, c]`, padded as
/// TensorFlow's SAME, by its definition.
fn same_conv(
    x: &[f32],
    [h, w, c]: [usize; 3],
    weights: &[f32],
    [co, k]: [usize; 2],
    bias: &[f32],
    stride: usize,
    depthwise: bool,
) -> Vec<f32> {
    let (ho, wo) = (h.div_ceil(stride), w.div_ceil(stride));
    let before = |size: usize, out: usize| ((out - 1) * stride + k).saturating_sub(size) / 2;
    let (top, left) = (before(h, ho), before(w, wo));
    let mut out = Vec::new();
    for (y, x0, o) in (0..ho)
        .flat_map(|y| (0..wo).map(move |x| (y, x)))
        .flat_map(|(y, x)| (0..co).map(move |o| (y, x, o)))
    {
        let mut sum = f64::from(bias[o]);
        for (i, j) in (0..k).flat_map(|i| (0..k).map(move |j| (i, j))) {
            let (row, col) = (y * stride + i, x0 * stride + j);
            if row < top || col < left || row - top >= h || col - left >= w {
                continue;
            }
            let pixel = ((row - top) * w + col - left) * c;
            if depthwise {
                let weight = weights[(i * k + j) * c + o];
                sum += f64::from(x[pixel + o]) * f64::from(weight);
            } else {
                for channel in 0..c {
                    let weight = weights[((o * k + i) * k + j) * c + channel];
                    sum += f64::from(x[pixel + channel]) * f64::from(weight);
                }
            }
        }
        out.push(sum as f32);
    }
    out
}

fn close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() < 1e-4, "{i}: {a}, expected {b}");
    }
}

fn conv_options(stride: i32) -> common::Fields {
    vec![(1, Field::Int(stride)), (2, Field::Int(stride))]
}

fn depthwise_options(stride: i32) -> common::Fields {
    let mut options = conv_options(stride);
    options.push((3, Field::Int(1)));
    options
}

#[test]
fn convolutions_with_uneven_padding_follow_the_definition() {
    for (h, w, k, stride) in [
        (8, 8, 5, 2),
        (8, 6, 3, 2),
        (7, 9, 3, 2),
        (6, 5, 3, 1),
        (5, 5, 2, 1),
    ] {
        for depthwise in [false, true] {
            let (c, co) = (3, if depthwise { 3 } else { 5 });
            let mut model = Model::default();
            let input = model.tensor(&[1, h, w, c]);
            let (n, shape, code) = if depthwise {
                (k * k * c, [1, k, k, c], 4)
            } else {
                (co * k * k * c, [co, k, k, c], 3)
            };
            let (weights, bias) = (values(n as usize, 1), values(co as usize, 2));
            let weight = model.floats(&shape, &weights);
            let add = model.floats(&[co], &bias);
            let up = |size: i32| (size + stride - 1) / stride;
            let output = model.tensor(&[1, up(h), up(w), co]);
            let options = if depthwise {
                depthwise_options(stride)
            } else {
                conv_options(stride)
            };
            model.operator(code, &[input, weight, add], output, options);
            let network = Network::read(&model.bytes(input, &[output])).unwrap();
            let x = values((h * w * c) as usize, 3);
            let found = network.run(x.clone()).unwrap();
            let size = |i: i32| i as usize;
            let expected = same_conv(
                &x,
                [h, w, c].map(size),
                &weights,
                [co, k].map(size),
                &bias,
                size(stride),
                depthwise,
            );
            close(&found[0], &expected);
        }
    }
}

/// A residual block as the networks have it: convolution, channel padding, addition, activation; the
/// padded branch and the sum are read again later. Slopes are halves: 0.5, -1.0, 2.0, 0.25.
fn block() -> Vec<u8> {
    let mut model = Model::default();
    let input = model.tensor(&[1, 4, 4, 2]);
    let weight = model.floats(&[4, 1, 1, 2], &values(8, 1));
    let bias = model.floats(&[4], &values(4, 2));
    let conv = model.tensor(&[1, 4, 4, 4]);
    model.operator(3, &[input, weight, bias], conv, conv_options(1));
    let pads = model.ints(&[4, 2], &[0, 0, 0, 0, 0, 0, 0, 2]);
    let padded = model.tensor(&[1, 4, 4, 4]);
    model.operator(34, &[input, pads], padded, vec![]);
    let sum = model.tensor(&[1, 4, 4, 4]);
    model.operator(0, &[padded, conv], sum, vec![]);
    let halves = model.halves(&[1, 1, 4], &[0x3800, 0xbc00, 0x4000, 0x3400]);
    let slopes = model.tensor(&[1, 1, 4]);
    model.operator(6, &[halves], slopes, vec![]);
    let active = model.tensor(&[1, 4, 4, 4]);
    model.operator(54, &[sum, slopes], active, vec![]);
    let pooled = model.tensor(&[1, 2, 2, 4]);
    let mut window = conv_options(2);
    window.extend([(3, Field::Int(2)), (4, Field::Int(2))]);
    model.operator(17, &[active], pooled, window);
    let rectified = model.tensor(&[1, 4, 4, 4]);
    model.operator(19, &[padded], rectified, vec![]);
    let flat = model.tensor(&[1, 16, 4]);
    model.operator(22, &[rectified], flat, vec![]);
    let few = model.tensor(&[1, 4, 4]);
    model.operator(22, &[pooled], few, vec![]);
    let all = model.tensor(&[1, 20, 4]);
    model.operator(2, &[flat, few], all, vec![(0, Field::Int(1))]);
    model.bytes(input, &[all, active])
}

#[test]
fn a_block_of_all_operators_follows_the_definitions() {
    let network = Network::read(&block()).unwrap();
    let shapes: Vec<&[usize]> = network.output_shapes().collect();
    assert_eq!(shapes, [&[1, 20, 4][..], &[1, 4, 4, 4]]);
    let x = values(32, 5);
    let found = network.run(x.clone()).unwrap();
    let conv = same_conv(
        &x,
        [4, 4, 2],
        &values(8, 1),
        [4, 1],
        &values(4, 2),
        1,
        false,
    );
    let mut padded = vec![0.0; 64];
    for (i, value) in x.iter().enumerate() {
        padded[i / 2 * 4 + i % 2] = *value;
    }
    let slopes = [0.5, -1.0, 2.0, 0.25];
    let active: Vec<f32> = (0..64)
        .map(|i| {
            let sum: f32 = conv[i] + padded[i];
            if sum < 0.0 { sum * slopes[i % 4] } else { sum }
        })
        .collect();
    let mut all: Vec<f32> = padded.iter().map(|v| v.max(0.0)).collect();
    for (y, x, c) in (0..16).map(|i| (i / 8, i / 4 % 2, i % 4)) {
        let at = |dy: usize, dx: usize| -> f32 { active[((2 * y + dy) * 4 + 2 * x + dx) * 4 + c] };
        all.push(at(0, 0).max(at(0, 1)).max(at(1, 0)).max(at(1, 1)));
    }
    close(&found[0], &all);
    close(&found[1], &active);
    assert!(active.iter().any(|v| *v < 0.0), "the slopes are at work");
}

#[test]
fn wrong_files_and_inputs_say_what_is_wrong() {
    assert_eq!(
        Network::read(b"12345678").err(),
        Some(TfliteError::NotTflite)
    );
    let whole = block();
    let network = Network::read(&whole).unwrap();
    let error = network.run(vec![0.0; 3]).unwrap_err();
    assert_eq!(error.to_string(), "the input has 3 values, expected 32");
    let mut model = Model::default();
    let (input, output) = (model.tensor(&[1, 2]), model.tensor(&[1, 2]));
    model.operator(25, &[input], output, vec![]);
    let error = Network::read(&model.bytes(input, &[output])).err().unwrap();
    assert!(error.to_string().contains("builtin operator 25"), "{error}");
    let mut model = Model::default();
    let input = model.tensor(&[1, 60000, 60000, 9]);
    let error = Network::read(&model.bytes(input, &[input])).err().unwrap();
    assert!(matches!(error, TfliteError::TooLarge { .. }), "{error}");
    for len in 0..whole.len() {
        assert!(Network::read(&whole[..len]).is_err() || len + 16 > whole.len());
    }
}

fn try_out(bytes: &[u8]) {
    if let Ok(network) = Network::read(bytes) {
        let len: usize = network.input_shape().iter().product();
        if len <= 1 << 12 {
            let _ = network.run(vec![0.5; len]);
        }
    }
}

proptest! {
    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        try_out(&bytes);
        try_out(&[&[8, 0, 0, 0], &b"TFL3"[..], &bytes].concat());
    }

    #[test]
    fn changed_files_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = block();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        try_out(&bytes);
    }
}

//! Tensors that do not fit an operation are refused where they enter it, with the operation and the
//! shapes named.
#![allow(clippy::unwrap_used, missing_docs)]

use burn::tensor::{DType, Device, Tensor};
use fasgard_kernels::tensor::{
    PreparedConv, adam_step, add_relu, avg_pool2d, batch_norm_infer, batch_norm_join,
    batch_norm_train, conv2d, depthwise_conv2d, max_pool2d, resize, squared_norm,
};
use fasgard_kernels::{Adam, ConvOptions as Options, WeightDecay};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn zeros<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::zeros(shape, &Device::flex())
}

/// The text of the panic, which must hold `parts`.
#[track_caller]
fn refused<T>(f: impl FnOnce() -> T, parts: &[&str]) {
    let panic = catch_unwind(AssertUnwindSafe(f)).err();
    assert!(panic.is_some(), "not refused: {parts:?}");
    let text = panic.and_then(|panic| panic.downcast_ref::<String>().cloned());
    let text = text.unwrap_or_default();
    for part in parts {
        assert!(text.contains(part), "{text:?} lacks {part:?}");
    }
}

/// A map of which every element is one in memory.
fn repeated(shape: [usize; 4]) -> Tensor<4> {
    Tensor::<4>::zeros([1; 4], &Device::flex()).expand(shape)
}

fn adam() -> Adam {
    Adam {
        beta_1: 0.9,
        beta_2: 0.999,
        epsilon: 1e-8,
        weight_decay: WeightDecay::Gradient(0.0),
    }
}

#[test]
fn empty_maps() {
    for shape in [[0, 4, 4, 3], [1, 0, 4, 3], [1, 4, 0, 3], [1, 4, 4, 0]] {
        let (x, text) = (|| zeros(shape), format!("{shape:?}"));
        let channels = shape[3];
        let c = || zeros([channels]);
        let weight = zeros([2, channels, 3, 3]);
        let options = Options::new(1, 1);
        refused(|| conv2d(x(), weight.clone(), options), &["conv2d", &text]);
        let prepared = PreparedConv::new(weight, zeros([2]), options);
        refused(|| prepared.forward(x(), None, false), &["conv2d", &text]);
        let weight = zeros([channels, 1, 3, 3]);
        refused(
            || depthwise_conv2d(x(), weight, Options::new(1, 1)),
            &["depthwise_conv2d", &text],
        );
        refused(|| max_pool2d(x(), 2, 2, 0), &["max_pool2d", &text]);
        refused(|| avg_pool2d(x(), 2), &["avg_pool2d", &text]);
        refused(|| resize(x(), [2, 2]), &["resize_bilinear", &text]);
        refused(
            || batch_norm_train(x(), c(), c(), 1e-5, true),
            &["batch_norm_train", &text],
        );
        refused(
            || batch_norm_join(x(), c(), c(), x(), 1e-5),
            &["batch_norm_join", &text],
        );
        refused(
            || batch_norm_infer(x(), c(), c(), c(), c(), 1e-5, true),
            &["batch_norm_infer", &text],
        );
        // Nothing to do is no mistake here.
        assert_eq!(add_relu(x(), x()).dims(), shape);
    }
}

#[test]
fn zero_steps_and_windows_that_do_not_fit() {
    let x = || zeros([1, 6, 5, 3]);
    refused(
        || conv2d(x(), zeros([2, 3, 3, 3]), Options::new(0, 1)),
        &["conv2d", "zero", "[1, 6, 5, 3]"],
    );
    refused(
        || conv2d(x(), zeros([2, 3, 9, 9]), Options::new(1, 1)),
        &["conv2d", "kernel 9", "6x5", "padded by 1"],
    );
    refused(
        || depthwise_conv2d(x(), zeros([3, 1, 9, 9]), Options::new(1, 1)),
        &["depthwise_conv2d", "kernel 9", "6x5"],
    );
    refused(
        || max_pool2d(x(), 3, 0, 1),
        &["max_pool2d", "zero", "[1, 6, 5, 3]"],
    );
    refused(
        || max_pool2d(x(), 3, 1, 2),
        &["max_pool2d", "[1, 6, 5, 3]", "[3, 3]"],
    );
    refused(
        || avg_pool2d(x(), 2),
        &["avg_pool2d", "[1, 6, 5, 3]", "[2, 2]"],
    );
    refused(|| avg_pool2d(x(), 0), &["avg_pool2d", "zero"]);
    refused(
        || resize(x(), [4, 0]),
        &["resize_bilinear", "[1, 4, 0, 3]", "zero"],
    );
}

#[test]
fn channels_and_shapes_that_differ() {
    let x = || zeros([2, 6, 5, 3]);
    for weight in [[4, 2, 3, 3], [3, 4, 3, 3], [4, 3, 3, 1]] {
        let text = format!("{weight:?}");
        refused(
            || conv2d(x(), zeros(weight), Options::new(1, 1)),
            &["conv2d", &text, "[2, 6, 5, 3]", "[Co, C, k, k]"],
        );
        let prepared = PreparedConv::new(zeros(weight), zeros([weight[0]]), Options::new(1, 1));
        refused(
            || prepared.forward(x(), None, false),
            &["conv2d", &text, "[2, 6, 5, 3]"],
        );
    }
    refused(
        || depthwise_conv2d(x(), zeros([4, 1, 3, 3]), Options::new(1, 1)),
        &["depthwise_conv2d", "[4, 1, 3, 3]", "[2, 6, 5, 3]"],
    );
    refused(
        || PreparedConv::new(zeros([4, 3, 3, 3]), zeros([3]), Options::new(1, 1)),
        &["prepared conv2d", "bias", "[3]", "[4]"],
    );
    let prepared = PreparedConv::new(zeros([4, 3, 3, 3]), zeros([4]), Options::new(1, 1));
    // As many elements, or broadcast to as many, is not the same shape.
    for residual in [[2, 5, 6, 4], [1, 1, 1, 4]] {
        refused(
            || prepared.forward(x(), Some(zeros(residual)), false),
            &["residual", &format!("{residual:?}"), "[2, 6, 5, 4]"],
        );
    }
    refused(
        || prepared.forward(x().cast(DType::F64), None, false),
        &["element types", "[2, 6, 5, 3]", "[4, 3, 3, 3]"],
    );
    refused(
        || add_relu(x(), zeros([2, 5, 6, 3])),
        &["add_relu", "[2, 5, 6, 3]", "[2, 6, 5, 3]"],
    );
    let (three, four) = (|| zeros([3]), || zeros([4]));
    refused(
        || batch_norm_train(x(), four(), three(), 1e-5, false),
        &["batch_norm_train", "gamma [C]", "[4]", "[2, 6, 5, 3]"],
    );
    refused(
        || batch_norm_train(x(), three(), four(), 1e-5, false),
        &["batch_norm_train", "beta [C]", "[4]"],
    );
    refused(
        || batch_norm_infer(x(), three(), three(), four(), three(), 1e-5, false),
        &["batch_norm_infer", "mean [C]", "[4]"],
    );
    refused(
        || batch_norm_infer(x(), three(), three(), three(), four(), 1e-5, false),
        &["batch_norm_infer", "variance [C]", "[4]"],
    );
    refused(
        || batch_norm_join(x(), three(), three(), zeros([1, 6, 5, 3]), 1e-5),
        &[
            "batch_norm_join",
            "residual",
            "[1, 6, 5, 3]",
            "[2, 6, 5, 3]",
        ],
    );
    let step = adam().step(1, 1e-3);
    let p = || zeros([2, 3]);
    refused(
        || adam_step(p(), zeros([3, 2]), [p(), p()], step),
        &["adam_step", "gradient", "[3, 2]", "[2, 3]"],
    );
    refused(
        || adam_step(p(), p(), [p(), zeros([1, 3])], step),
        &["adam_step", "second moment", "[1, 3]", "[2, 3]"],
    );
}

/// Views repeat one element, so that shapes can be larger than any memory.
#[test]
fn shapes_that_overflow() {
    const HUGE: usize = 1 << 31;
    let shape = [1, HUGE, HUGE, 4];
    let text = format!("{shape:?}");
    let x = || repeated(shape);
    let parts = ["more elements than memory", &text];
    refused(
        || conv2d(x(), zeros([2, 4, 3, 3]), Options::new(1, 1)),
        &parts,
    );
    refused(
        || depthwise_conv2d(x(), zeros([4, 1, 3, 3]), Options::new(1, 1)),
        &parts,
    );
    refused(|| max_pool2d(x(), 2, 2, 0), &parts);
    refused(|| avg_pool2d(x(), 2), &parts);
    refused(|| resize(x(), [2, 2]), &parts);
    refused(|| resize(zeros([1, 2, 2, 4]), [HUGE, HUGE]), &parts);
    refused(|| add_relu(x(), x()), &parts);
    refused(|| squared_norm(x()), &parts);
    let c = || zeros([4]);
    refused(|| batch_norm_train(x(), c(), c(), 1e-5, false), &parts);
    refused(|| batch_norm_join(x(), c(), c(), x(), 1e-5), &parts);
    refused(
        || batch_norm_infer(x(), c(), c(), c(), c(), 1e-5, false),
        &parts,
    );
    refused(
        || adam_step(x(), x(), [x(), x()], adam().step(1, 1e-3)),
        &parts,
    );
    refused(
        || {
            conv2d(
                zeros([1, 3, 3, 4]),
                zeros([2, 4, 3, 3]),
                Options::new(1, usize::MAX / 2),
            )
        },
        &["more elements than memory", "[1, 3, 3, 4]"],
    );
}

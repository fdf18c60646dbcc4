//! Views of every kind, permuted, cut out of a larger tensor or misaligned, give the bits of a dense
//! copy.
#![allow(clippy::unwrap_used, missing_docs)]

mod tensors;

use burn::tensor::{Bytes, DType, Device, Tensor, TensorData};
use fasgard_kernels::tensor::{
    PreparedConv, adam_step, add_relu, avg_pool2d, batch_norm_infer, batch_norm_join,
    batch_norm_train, conv2d, depthwise_conv2d, max_pool2d, resize, squared_norm,
};
use fasgard_kernels::{Adam, ConvOptions as Options, WeightDecay};
use tensors::{host, tensor, values};

fn adam() -> Adam {
    Adam {
        beta_1: 0.9,
        beta_2: 0.999,
        epsilon: 1e-8,
        weight_decay: WeightDecay::Gradient(0.0),
    }
}

/// The elements of `tensor` as one view after another: permuted, cut out of a larger tensor, and at
/// an address that is none of an `f32`.
fn views<const D: usize>(dense: &Tensor<D>) -> Vec<(&'static str, Tensor<D>)> {
    let device = Device::flex();
    let dims: [usize; D] = dense.dims();
    let order: [isize; D] = std::array::from_fn(|i| ((i + 1) % D) as isize);
    let back: [isize; D] = std::array::from_fn(|i| ((i + D - 1) % D) as isize);
    // Laid out in another order, read in this one.
    let rolled = Tensor::from_data(dense.clone().permute(order).into_data(), &device);
    let permuted = rolled.permute(back);
    let flipped = Tensor::from_data(dense.clone().flip([D as isize - 1]).into_data(), &device);
    let flipped = flipped.flip([D as isize - 1]);
    let larger = Tensor::cat(vec![dense.clone() + 1.0, dense.clone(), dense.clone()], 0);
    let cut = larger.narrow(0, dims[0], dims[0]);
    let wider = Tensor::cat(vec![dense.clone(), dense.clone() + 1.0], D - 1);
    let narrow = wider.narrow(D - 1, 0, dims[D - 1]);
    let mut bytes = vec![0u8];
    for value in host(dense.clone()) {
        bytes.extend(value.to_ne_bytes());
    }
    let len = bytes.len();
    let odd = Bytes::from_bytes_vec(bytes).shared().view(1, len).unwrap();
    assert!(!odd.as_ptr().cast::<f32>().is_aligned());
    let misaligned = Tensor::from_data(TensorData::from_bytes(odd, dims, DType::F32), &device);
    vec![
        ("permuted", permuted),
        ("flipped", flipped),
        ("cut", cut),
        ("narrow", narrow),
        ("misaligned", misaligned),
    ]
}

/// Bits of all results of an operation on `inputs`, one after another replaced by its views.
#[track_caller]
fn same_bits<const N: usize>(
    name: &str,
    inputs: [Tensor<4>; N],
    f: impl Fn([Tensor<4>; N]) -> Vec<Vec<f32>>,
) {
    let bits = |results: Vec<Vec<f32>>| -> Vec<u32> {
        results.into_iter().flatten().map(f32::to_bits).collect()
    };
    let expected = bits(f(inputs.clone()));
    for which in 0..N {
        for (kind, view) in views(&inputs[which]) {
            let mut inputs = inputs.clone();
            inputs[which] = view;
            assert!(
                bits(f(inputs)) == expected,
                "{name}: input {which}, {kind}, gives other bits than a dense copy"
            );
        }
    }
}

#[test]
fn views_give_the_bits_of_dense_tensors() {
    let device = Device::flex();
    let x: Tensor<4> = tensor([2, 8, 6, 5], 1, &device);
    let channel = |seed| tensor::<4>([1, 1, 1, 5], seed, &device) + 1.5;
    let one = |y: Tensor<4>| vec![host(y)];
    let weight: Tensor<4> = tensor([7, 5, 3, 3], 2, &device);
    same_bits("conv2d", [x.clone(), weight.clone()], |[x, w]| {
        one(conv2d(x, w, Options::new(1, 1)))
    });
    let residual = tensor([2, 8, 6, 7], 3, &device);
    same_bits(
        "prepared",
        [
            x.clone(),
            weight,
            residual,
            tensor([1, 1, 1, 7], 4, &device),
        ],
        |[x, w, residual, bias]| {
            let prepared = PreparedConv::new(w, bias.reshape([7]), Options::new(1, 1));
            one(prepared.forward(x, Some(residual), true))
        },
    );
    same_bits(
        "depthwise_conv2d",
        [x.clone(), tensor([5, 1, 3, 3], 5, &device)],
        |[x, w]| one(depthwise_conv2d(x, w, Options::new(2, 1))),
    );
    same_bits("max_pool2d", [x.clone()], |[x]| one(max_pool2d(x, 3, 2, 1)));
    same_bits("avg_pool2d", [x.clone()], |[x]| one(avg_pool2d(x, 2)));
    same_bits("resize", [x.clone()], |[x]| one(resize(x, [5, 9])));
    same_bits(
        "add_relu",
        [x.clone(), tensor([2, 8, 6, 5], 6, &device)],
        |[a, b]| one(add_relu(a, b)),
    );
    same_bits("squared_norm", [x.clone()], |[x]| {
        vec![host(squared_norm(x))]
    });
    let norm = |out: fasgard_kernels::tensor::BatchNormOutput| {
        vec![host(out.output), host(out.mean), host(out.variance)]
    };
    let flat = |p: Tensor<4>| p.reshape([5]);
    same_bits(
        "batch_norm_train",
        [x.clone(), channel(7), channel(8)],
        |[x, g, b]| norm(batch_norm_train(x, flat(g), flat(b), 1e-5, true)),
    );
    same_bits(
        "batch_norm_join",
        [
            x.clone(),
            channel(7),
            channel(8),
            tensor([2, 8, 6, 5], 9, &device),
        ],
        |[x, g, b, residual]| norm(batch_norm_join(x, flat(g), flat(b), residual, 1e-5)),
    );
    same_bits(
        "batch_norm_infer",
        [x.clone(), channel(7), channel(8)],
        |[x, g, b]| {
            let (g, b) = (flat(g), flat(b));
            one(batch_norm_infer(x, g.clone(), b.clone(), b, g, 1e-5, false))
        },
    );
    same_bits(
        "adam_step",
        [1, 2, 3, 4].map(|seed| tensor::<4>([2, 3, 4, 5], seed, &device).abs()),
        |[p, g, m, v]| {
            let (p, [m, v]) = adam_step(p, g, [m, v], adam().step(2, 1e-3));
            vec![host(p), host(m), host(v)]
        },
    );
}

/// Gradients with respect to views, and from output gradients that are views.
#[test]
fn gradients_of_views_match_dense_tensors() {
    let device = Device::flex().autodiff();
    let f = |x: Tensor<4>, weight: Tensor<4>| {
        let y = conv2d(x, weight, Options::new(1, 1));
        let y = max_pool2d(y, 2, 2, 0);
        // The output gradient arrives transposed.
        resize(y, [3, 5]).permute([0, 2, 1, 3])
    };
    let gradients = |permuted: bool| {
        let x = values(2 * 8 * 6 * 5, 1);
        let x = Tensor::<4>::from_data(TensorData::new(x, [2, 8, 6, 5]), &device);
        let x = if permuted {
            let rolled = x.clone().permute([0, 3, 1, 2]).into_data();
            Tensor::from_data(rolled, &device).permute([0, 2, 3, 1])
        } else {
            x
        };
        let (x, weight) = (
            x.require_grad(),
            tensor::<4>([7, 5, 3, 3], 2, &device).require_grad(),
        );
        let y = f(x.clone(), weight.clone());
        let grads = (y.clone() * tensor(y.dims(), 3, &device)).sum().backward();
        (
            host(x.grad(&grads).unwrap()),
            host(weight.grad(&grads).unwrap()),
        )
    };
    assert_eq!(gradients(false), gradients(true));
}

//! A fused convolution, and its gradients, on slices.
//!
//! `cargo run --release -p fasgard-kernels --no-default-features --example convolution`
#![allow(clippy::print_stdout)]

use fasgard_kernels::{Activation, Conv, Epilogue, InstructionSet, ShapeError};

fn main() -> Result<(), ShapeError> {
    // One map of 16x16 pixels and 32 channels, 64 filters of 3x3, stride 1, padding 1.
    let conv = Conv::new([1, 16, 16, 32], [64, 32, 3, 3], 1, 1)?;
    let x = vec![0.5; 16 * 16 * 32];
    let weight = vec![0.01; 64 * 32 * 9];
    let bias = vec![-1.0; 64];

    // Pack once, run often: relu(conv(x) + bias).
    let packed = conv.pack(&weight)?;
    let epilogue = Epilogue {
        bias: Some(&bias),
        residual: None,
        activation: Activation::Relu,
    };
    let y = conv.forward_packed(&x, &packed, epilogue)?;
    println!(
        "{:?}, computed with {}",
        conv.output_shape(),
        InstructionSet::detected().name()
    );
    // Inside the map a sum has 32 * 9 products of 0.5 * 0.01.
    println!(
        "inside {:.2}, at the corner {:.2}",
        y[(8 * 16 + 8) * 64],
        y[0]
    );

    // Gradients for a gradient of the output.
    let grad = vec![1.0; y.len()];
    let dx = conv.input_grad(&weight, &grad)?;
    let dw = conv.weight_grad(&x, &grad)?;
    println!("{} and {} gradients", dx.len(), dw.len());

    // Shapes that do not fit are errors.
    match conv.weight_grad(&x, &grad[1..]) {
        Err(error) => println!("{error}"),
        Ok(_) => println!("unreachable"),
    }
    Ok(())
}

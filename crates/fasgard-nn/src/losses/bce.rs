//! Binary cross entropy from logits.

use burn::tensor::{Tensor, activation::relu};

/// `-t log(sigmoid(x)) - (1 - t) log(1 - sigmoid(x))` element by element, computed as
/// `max(x, 0) - x t + log(1 + exp(-|x|))`, which neither overflows nor loses large logits.
///
/// `logits` and `targets` (0 to 1) have the same shape; the result has it too.
pub fn bce_with_logits<const D: usize>(logits: Tensor<D>, targets: Tensor<D>) -> Tensor<D> {
    let tail = logits.clone().abs().neg().exp().log1p();
    relu(logits.clone()) - logits * targets + tail
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};

    use super::*;

    #[test]
    fn hand_computed_and_stable() {
        let device = Device::flex();
        // ln 2; -ln sigmoid(2); -ln(1 - sigmoid(-1)); a soft target; saturated both ways.
        let logits = [0.0f32, 2.0, -1.0, 1.0, 200.0, -200.0];
        let targets = [1.0f32, 1.0, 0.0, 0.25, 0.0, 1.0];
        let expected = [
            std::f32::consts::LN_2,
            0.126_928,
            0.313_261_7,
            1.063_261_7,
            200.0,
            200.0,
        ];
        let x = Tensor::<1>::from_data(TensorData::from(logits), &device);
        let t = Tensor::<1>::from_data(TensorData::from(targets), &device);
        let got = bce_with_logits(x, t)
            .into_data()
            .try_to_vec::<f32>()
            .unwrap();
        for (a, b) in got.iter().zip(expected) {
            assert!((a - b).abs() < 1e-5, "{got:?}");
        }
    }
}

//! A rectifier whose slope below zero is learnt, per channel.

use burn::{
    module::{Module, Param},
    tensor::{Tensor, activation::relu},
};

use crate::{
    Init, Trace,
    graph::{Activation, Graph, Value, Weights},
};

/// `x` where it is positive, `weight * x` elsewhere (arXiv 1502.01852), per channel of `[N, H, W, C]`.
#[derive(Module, Debug)]
pub struct Prelu {
    weight: Param<Tensor<1>>,
}

impl Prelu {
    /// A slope of 0.25, PyTorch's default.
    pub fn new(channels: usize, init: &Init) -> Self {
        Self {
            weight: Param::from_tensor(init.constant([channels], 0.25)),
        }
    }

    /// Applies it.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let below = relu(x.clone().neg()) * self.weight.val().unsqueeze();
        relu(x) - below
    }

    /// Adds this layer to `graph`.
    pub fn graph(&self, x: Value, graph: &mut Graph) -> Value {
        graph.activate(x, Activation::Prelu(Weights::of(self.weight.val())))
    }

    /// Adds this layer to `trace`.
    pub fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        trace.add("prelu", input, input[0], 0)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn by_hand() {
        let device = Device::flex();
        let init = Init::new(rand_chacha::ChaCha8Rng::seed_from_u64(0), &device);
        let x = Tensor::<1>::from_floats([-4.0, 3.0, 0.0, -1.0], &device).reshape([1, 2, 1, 2]);
        let y = Prelu::new(2, &init).forward(x);
        let found = y.into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(found, [-1.0, 3.0, 0.0, -0.25]);
    }
}

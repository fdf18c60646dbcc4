//! Losses, one a file, and their weighted sum.

mod bce;
mod cdl;
mod mse;

use burn::tensor::Tensor;

pub use bce::bce_with_logits;
pub use cdl::{SMALLEST_CONTRAST, contrastive_depth};
pub use mse::mse;

use crate::{Loss, LossTerm};

/// Collects weighted loss terms.
#[derive(Default)]
pub struct Weighted {
    total: Option<Tensor<1>>,
    terms: Vec<LossTerm>,
}

impl Weighted {
    /// Adds `weight * value`; a weight of zero is reported but not learnt from.
    pub fn add(&mut self, name: String, value: Tensor<1>, weight: f64) {
        self.terms.push(LossTerm {
            name,
            value: value.clone(),
        });
        if weight == 0.0 {
            return;
        }
        let weighted = if weight == 1.0 {
            value
        } else {
            value.mul_scalar(weight)
        };
        self.total = Some(match self.total.take() {
            Some(total) => total + weighted,
            None => weighted,
        });
    }

    /// The sum (zero on `like`'s device if there is no term) and the terms.
    pub fn finish(self, like: &Tensor<1>) -> Loss {
        let total = self
            .total
            .unwrap_or_else(|| Tensor::zeros([1], &like.device()));
        Loss {
            total,
            terms: self.terms,
        }
    }
}

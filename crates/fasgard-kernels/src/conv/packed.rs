//! Weights packed once, for forward passes over any number of images.

use super::{Conv, Epilogue, NAME, pack};
use crate::bf16::pair_rows;
use crate::isa::InstructionSet;
use crate::shape::ShapeError;
use crate::winograd;

/// Weights of a convolution, packed for its forward pass.
#[derive(Debug, Clone)]
pub struct Packed {
    values: Vec<f32>,
    winograd: bool,
    layout: Layout,
}

/// What the layout of packed weights depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    shape: [usize; 4],
    bf16: bool,
    set: InstructionSet,
}

impl Packed {
    #[cfg(feature = "burn")]
    pub(crate) fn into_values(self) -> Vec<f32> {
        self.values
    }
}

impl Conv {
    /// Packs `weight` for [`Conv::forward_packed`].
    ///
    /// # Errors
    /// If `weight` does not have the shape's length.
    pub fn pack(&self, weight: &[f32]) -> Result<Packed, ShapeError> {
        self.check("weights", weight, &self.weight_shape())?;
        Ok(self.packed(weight, winograd::packed_forward_pays(self)))
    }

    /// Whether [`Conv::pack`] packs for Winograd's algorithm.
    #[cfg(feature = "burn")]
    pub(crate) fn packs_winograd(&self) -> bool {
        winograd::packed_forward_pays(self)
    }

    pub(crate) fn packed(&self, weight: &[f32], winograd: bool) -> Packed {
        let area = self.kernel * self.kernel;
        let order = pack::Order::forward(self.out_channels, self.in_channels, area);
        let taps: Vec<usize> = (0..area).collect();
        let panels = pack::panels(weight, order, &taps, self.set.panel());
        let values = if winograd {
            winograd::transform_weights(&panels, self.in_channels, self.set)
        } else if self.in_bf16() {
            pair_rows(&panels, self.in_channels, self.set.panel())
        } else {
            panels
        };
        Packed {
            values,
            winograd,
            layout: self.layout(),
        }
    }

    /// The output for input `x` and weights packed by [`Conv::pack`] of a convolution with the same
    /// channels, kernel, stride and instruction set.
    ///
    /// # Errors
    /// If a buffer does not have its shape's length.
    pub fn forward_packed(
        &self,
        x: &[f32],
        weight: &Packed,
        epilogue: Epilogue<'_>,
    ) -> Result<Vec<f32>, ShapeError> {
        if weight.layout != self.layout() {
            return Err(ShapeError::Packed {
                operation: NAME,
                found: format!("{:?}", weight.layout),
                expected: format!("{:?}", self.layout()),
            });
        }
        self.forward_with(x, &weight.values, weight.winograd, epilogue)
    }

    fn layout(&self) -> Layout {
        Layout {
            shape: self.weight_shape(),
            bf16: self.in_bf16(),
            set: self.set,
        }
    }
}

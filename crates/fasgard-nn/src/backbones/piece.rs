//! A layer of a backbone, for what is done to every layer.

use crate::{
    Compute,
    layers::ConvBn,
};

/// A layer of a backbone that has weights of its own.
pub(crate) enum Piece<'a> {
    /// A convolution and its normalisation.
    ConvBn(&'a mut ConvBn),
}

impl Piece<'_> {
    /// Fixes the weights for inference.
    pub(crate) fn prepare(self) {
        match self {
            Self::ConvBn(layer) => layer.prepare(),
        }
    }

    /// How it is computed from now on.
    pub(crate) fn set_compute(self, compute: Compute) {
        match self {
            Self::ConvBn(layer) => layer.set_compute(compute),
        }
    }

    /// From now on running statistics are used and left as they are.
    pub(crate) fn freeze_statistics(self) {
        match self {
            Self::ConvBn(layer) => layer.freeze_statistics(),
        }
    }
}

//! A layer of a backbone, for what is done to every layer.

use crate::{
    Compute,
    layers::{BatchNorm, Conv, ConvBn},
};

/// A layer of a backbone that has weights of its own.
pub(crate) enum Piece<'a> {
    /// A convolution and its normalisation.
    ConvBn(&'a mut ConvBn),
    /// A convolution alone.
    Conv(&'a mut Conv),
    /// A normalisation that no convolution precedes.
    Norm(&'a mut BatchNorm),
}

impl Piece<'_> {
    /// Fixes the weights for inference.
    pub(crate) fn prepare(self) {
        match self {
            Self::ConvBn(layer) => layer.prepare(),
            Self::Conv(layer) => layer.prepare(),
            Self::Norm(_) => {}
        }
    }

    /// How it is computed from now on.
    pub(crate) fn set_compute(self, compute: Compute) {
        match self {
            Self::ConvBn(layer) => layer.set_compute(compute),
            Self::Conv(layer) => layer.set_compute(compute),
            Self::Norm(_) => {}
        }
    }

    /// From now on running statistics are used and left as they are.
    pub(crate) fn freeze_statistics(self) {
        match self {
            Self::ConvBn(layer) => layer.freeze_statistics(),
            Self::Conv(_) => {}
            Self::Norm(layer) => layer.freeze_statistics(),
        }
    }
}

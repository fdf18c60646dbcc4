//! What may follow a sum before it is stored.

/// An activation that costs nothing extra: applied while the value is still in a register.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Activation {
    /// None.
    #[default]
    Identity,
    /// Negative values become zero. NaN stays NaN.
    Relu,
    /// [`Activation::Relu`], and values above 6 become 6 (arXiv 1704.04861). NaN stays NaN.
    Relu6,
}

/// `true` is a ReLU.
impl From<bool> for Activation {
    fn from(relu: bool) -> Self {
        if relu { Self::Relu } else { Self::Identity }
    }
}

impl Activation {
    /// The activation of one value.
    #[inline(always)]
    pub fn of(self, value: f32) -> f32 {
        match self {
            Self::Identity => value,
            _ => clip(value, self.ceiling()),
        }
    }

    /// Where a rectified value is cut off. Without a ceiling it is NaN, with which every comparison
    /// is false.
    #[inline(always)]
    pub(crate) fn ceiling(self) -> f32 {
        match self {
            Self::Relu6 => 6.0,
            _ => f32::NAN,
        }
    }
}

/// A ReLU with a [ceiling](Activation::ceiling), keeping NaN.
#[inline(always)]
pub(crate) fn clip(value: f32, ceiling: f32) -> f32 {
    let value = if value < 0.0 { 0.0 } else { value };
    if value > ceiling { ceiling } else { value }
}

/// Gradient through [`clip`] with this output (or the value before it); a NaN lets it pass, as in
/// PyTorch.
#[inline(always)]
pub(crate) fn clip_mask(output: f32, ceiling: f32, grad: f32) -> f32 {
    if output <= 0.0 || output >= ceiling {
        0.0
    } else {
        grad
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let values = [-2.0, -0.0, 0.5, 6.0, 7.5, f32::INFINITY];
        for (activation, expected) in [
            (Activation::Identity, values),
            (Activation::Relu, [0.0, -0.0, 0.5, 6.0, 7.5, f32::INFINITY]),
            (Activation::Relu6, [0.0, -0.0, 0.5, 6.0, 6.0, 6.0]),
        ] {
            assert_eq!(values.map(|v| activation.of(v)), expected, "{activation:?}");
            assert!(activation.of(f32::NAN).is_nan());
        }
        let passes = |ceiling: f32| values.map(|v| clip_mask(v, ceiling, 1.0));
        assert_eq!(
            passes(Activation::Relu.ceiling()),
            [0.0, 0.0, 1.0, 1.0, 1.0, 1.0]
        );
        assert_eq!(
            passes(Activation::Relu6.ceiling()),
            [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
        );
        assert_eq!(clip_mask(f32::NAN, 6.0, 1.0), 1.0);
    }
}

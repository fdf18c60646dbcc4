//! The norm of the whole gradient, and clipping by it.

use burn::{
    module::{Module, ModuleVisitor, Param},
    optim::GradientsParams,
    tensor::Tensor,
};
use fasgard_kernels::tensor::squared_norm;

/// Euclidean norm over all gradients.
pub(crate) fn norm<M: Module>(module: &M, grads: &GradientsParams) -> f64 {
    struct Norm<'a> {
        grads: &'a GradientsParams,
        squares: f64,
    }
    impl ModuleVisitor for Norm<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(grad) = self.grads.get::<D>(param.id) {
                self.squares += f64::from(squared_norm(grad).into_scalar::<f32>());
            }
        }
    }
    let mut visitor = Norm {
        grads,
        squares: 0.0,
    };
    module.visit(&mut visitor);
    visitor.squares.sqrt()
}

/// Multiplies all gradients.
pub(crate) fn scale<M: Module>(module: &M, grads: GradientsParams, factor: f64) -> GradientsParams {
    struct Scale {
        from: GradientsParams,
        to: GradientsParams,
        factor: f64,
    }
    impl ModuleVisitor for Scale {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(grad) = self.from.remove::<D>(param.id) {
                self.to
                    .register::<D>(param.id, grad.mul_scalar(self.factor));
            }
        }
    }
    let mut visitor = Scale {
        from: grads,
        to: GradientsParams::new(),
        factor,
    };
    module.visit(&mut visitor);
    visitor.to
}

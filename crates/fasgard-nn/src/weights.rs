//! Weights by name: out of a module, into a module.

use std::collections::{HashMap, HashSet};

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId},
    tensor::{Tensor, TensorData},
};
use sha2::{Digest, Sha256};

/// A weight or buffer on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// Path in the module, such as `backbone.layer1.0.convs.0.conv.weight`.
    pub name: String,
    /// Shape.
    pub shape: Vec<usize>,
    /// Values, row-major.
    pub values: Vec<f32>,
}

/// Weights that do not fit a module.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// The module has a weight that the file lacks.
    #[error("weight `{0}` is missing")]
    Missing(String),
    /// The file has a weight that the module lacks.
    #[error("unexpected weight `{0}`: the model has none of that name")]
    Unexpected(String),
    /// A weight has another shape.
    #[error("weight `{name}`: expected shape {expected:?}, found {found:?}")]
    Shape {
        /// The weight.
        name: String,
        /// The module's shape.
        expected: Vec<usize>,
        /// The file's shape.
        found: Vec<usize>,
    },
    /// A value is NaN or infinite.
    #[error("weight `{0}` has a value that is not finite")]
    NotFinite(String),
}

/// All weights and running statistics, in the module's order.
pub fn named_weights<M: Module>(module: &M) -> Vec<NamedTensor> {
    struct Collect {
        path: Path,
        weights: Vec<NamedTensor>,
    }
    impl ModuleVisitor for Collect {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, container: &str) {
            self.path.exit(container);
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let tensor = param.val();
            let shape = tensor.dims().to_vec();
            let values = tensor.into_data().iter::<f32>().collect();
            self.weights.push(NamedTensor {
                name: self.path.name(),
                shape,
                values,
            });
        }
    }
    let mut collect = Collect {
        path: Path::default(),
        weights: Vec::new(),
    };
    module.visit(&mut collect);
    collect.weights
}

/// Names and shapes of all weights and running statistics, in the module's order: without copying a
/// value.
fn shapes<M: Module>(module: &M) -> Vec<(String, Vec<usize>)> {
    struct Collect {
        path: Path,
        shapes: Vec<(String, Vec<usize>)>,
    }
    impl ModuleVisitor for Collect {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, container: &str) {
            self.path.exit(container);
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let shape = param.val().dims().to_vec();
            self.shapes.push((self.path.name(), shape));
        }
    }
    let mut collect = Collect {
        path: Path::default(),
        shapes: Vec::new(),
    };
    module.visit(&mut collect);
    collect.shapes
}

/// Replaces the backbone's weights and running statistics; the head keeps its own. Weights of stages
/// behind the one at which the backbone is cut are left out.
pub fn load_backbone<M: Module>(module: M, weights: Vec<NamedTensor>) -> Result<M, WeightsError> {
    let mut given: HashMap<String, NamedTensor> =
        weights.into_iter().map(|w| (w.name.clone(), w)).collect();
    let merged = named_weights(&module)
        .into_iter()
        .map(|own| match own.name.starts_with("backbone.") {
            true => given
                .remove(&own.name)
                .ok_or(WeightsError::Missing(own.name)),
            false => Ok(own),
        })
        .collect::<Result<Vec<_>, _>>()?;
    load_weights(module, merged)
}

/// Replaces all weights and running statistics of `module`. Names, shapes and values are checked
/// first; nothing changes if they do not fit.
pub fn load_weights<M: Module>(module: M, weights: Vec<NamedTensor>) -> Result<M, WeightsError> {
    let mut given: HashMap<String, NamedTensor> =
        weights.into_iter().map(|w| (w.name.clone(), w)).collect();
    let shapes = shapes(&module);
    for (name, shape) in &shapes {
        let Some(weight) = given.get(name) else {
            return Err(WeightsError::Missing(name.clone()));
        };
        if weight.shape != *shape {
            return Err(WeightsError::Shape {
                name: name.clone(),
                expected: shape.clone(),
                found: weight.shape.clone(),
            });
        }
        if weight.values.iter().any(|v| !v.is_finite()) {
            return Err(WeightsError::NotFinite(name.clone()));
        }
    }
    let names: HashSet<&String> = shapes.iter().map(|(name, _)| name).collect();
    if let Some(name) = given.keys().filter(|name| !names.contains(*name)).min() {
        return Err(WeightsError::Unexpected(name.clone()));
    }

    struct Replace<'a> {
        path: Path,
        weights: &'a mut HashMap<String, NamedTensor>,
    }
    impl ModuleMapper for Replace<'_> {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, container: &str) {
            self.path.exit(container);
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let (id, tensor, mapper) = param.consume();
            let Some(weight) = self.weights.remove(&self.path.name()) else {
                return Param::from_mapped_value(id, tensor, mapper);
            };
            let grad = tensor.is_require_grad();
            let data = TensorData::new(weight.values, weight.shape);
            let loaded = Tensor::from_data(data, &tensor.device()).set_require_grad(grad);
            Param::from_mapped_value(id, loaded, mapper)
        }
    }
    Ok(module.map(&mut Replace {
        path: Path::default(),
        weights: &mut given,
    }))
}

/// Gives every parameter an id derived from its path, so that optimiser state saved by one process
/// is found again by another.
pub fn stable_ids<M: Module>(module: M) -> M {
    struct Rename(Path);
    impl ModuleMapper for Rename {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.0.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, container: &str) {
            self.0.exit(container);
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let (_, tensor, mapper) = param.consume();
            let hash = Sha256::digest(self.0.name());
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&hash[..8]);
            Param::from_mapped_value(ParamId::from(u64::from_le_bytes(bytes)), tensor, mapper)
        }
    }
    module.map(&mut Rename(Path::default()))
}

/// The path of the module being visited, without the variants of enums.
#[derive(Default)]
struct Path(Vec<String>);

impl Path {
    fn enter(&mut self, name: &str, container: &str) {
        if !container.starts_with("Enum") {
            self.0.push(name.to_owned());
        }
    }

    fn exit(&mut self, container: &str) {
        if !container.starts_with("Enum") {
            self.0.pop();
        }
    }

    fn name(&self) -> String {
        self.0.join(".")
    }
}

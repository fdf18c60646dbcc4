//! Parts of a backbone that training leaves as they are.

use burn::{
    module::{Module, ModuleMapper, Param},
    tensor::Tensor,
};

use crate::{ConfigError, Detector, weights::Path};

impl Detector {
    /// Freezes parts of the backbone, such as `stem` and `layer1`: their weights get no gradient, and
    /// their normalisations use their running statistics and leave them as they are. No gradient is
    /// computed behind the last layer that learns.
    ///
    /// # Errors
    /// The backbone has no part of a name.
    pub fn freeze(mut self, parts: &[String]) -> Result<Self, ConfigError> {
        let backbone = self.backbone_mut();
        let mut known: Vec<&str> = backbone
            .pieces()
            .into_iter()
            .map(|(part, _)| part)
            .collect();
        known.dedup();
        if let Some(wrong) = parts.iter().find(|part| !known.contains(&part.as_str())) {
            return Err(ConfigError {
                key: "train.freeze",
                expected: format!("parts of the backbone: {}", known.join(", ")),
                found: format!("`{wrong}`"),
            });
        }
        for (part, piece) in backbone.pieces() {
            if parts.iter().any(|p| p == part) {
                piece.freeze_statistics();
            }
        }
        Ok(self.map(&mut Freeze {
            path: Path::default(),
            prefixes: parts
                .iter()
                .map(|part| format!("backbone.{part}."))
                .collect(),
        }))
    }

    /// From now on all normalisations of the backbone use their running statistics and leave them as
    /// they are, in training too. Their scales and shifts still learn, and so does the whole head.
    pub fn freeze_statistics(&mut self) {
        for (_, piece) in self.backbone_mut().pieces() {
            piece.freeze_statistics();
        }
    }
}

/// Takes the gradient from weights whose name begins with one of the prefixes.
struct Freeze {
    path: Path,
    prefixes: Vec<String>,
}

impl ModuleMapper for Freeze {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, container: &str) {
        self.path.exit(container);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.name();
        match self.prefixes.iter().any(|prefix| name.starts_with(prefix)) {
            true => param.set_require_grad(false),
            false => param,
        }
    }
}

//! Shapes, parameters and multiply-accumulates of a network, layer by layer.

use serde::Serialize;

/// One layer as run on one image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerInfo {
    /// Path of the layer.
    pub name: String,
    /// Output channels, height, width.
    pub output: [usize; 3],
    /// Trainable parameters.
    pub parameters: usize,
    /// Multiply-accumulates for one image (convolutions and linear layers).
    pub macs: u64,
}

/// A network's shapes, parameters and cost for one image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Input channels, height, width.
    pub input: [usize; 3],
    /// All layers in order.
    pub layers: Vec<LayerInfo>,
    /// Trainable parameters.
    pub parameters: usize,
    /// Of which the backbone's.
    pub backbone_parameters: usize,
    /// Multiply-accumulates for one image.
    pub macs: u64,
    /// Of which the backbone's.
    pub backbone_macs: u64,
}

/// Collects [`LayerInfo`]s while shapes flow through the layers.
#[derive(Debug, Default)]
pub struct Trace {
    path: Vec<String>,
    layers: Vec<LayerInfo>,
}

impl Trace {
    /// Runs `body` with `name` added to the path of the layers it adds.
    pub fn scope<T>(&mut self, name: &str, body: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(name.to_owned());
        let result = body(self);
        self.path.pop();
        result
    }

    /// Adds a layer and returns its output shape.
    pub fn add(
        &mut self,
        kind: &str,
        output: [usize; 3],
        parameters: usize,
        macs: u64,
    ) -> [usize; 3] {
        let mut name = self.path.join(".");
        if !kind.is_empty() {
            name = if name.is_empty() {
                kind.to_owned()
            } else {
                format!("{name}.{kind}")
            };
        }
        self.layers.push(LayerInfo {
            name,
            output,
            parameters,
            macs,
        });
        output
    }

    /// Sums up; layers whose path starts with `backbone` are the backbone's.
    pub fn finish(self, input: [usize; 3]) -> Summary {
        let in_backbone = |l: &&LayerInfo| l.name.starts_with("backbone.");
        Summary {
            input,
            parameters: self.layers.iter().map(|l| l.parameters).sum(),
            backbone_parameters: self
                .layers
                .iter()
                .filter(in_backbone)
                .map(|l| l.parameters)
                .sum(),
            macs: self.layers.iter().map(|l| l.macs).sum(),
            backbone_macs: self.layers.iter().filter(in_backbone).map(|l| l.macs).sum(),
            layers: self.layers,
        }
    }
}

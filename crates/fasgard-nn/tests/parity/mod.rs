//! Fixtures that `tools/parity/generate.py` wrote: what PyTorch computes in double precision, and
//! the closed formula of the weights and inputs, which are in no file.

#![allow(dead_code)] // every test binary uses its own part

use std::{cell::RefCell, collections::BTreeSet, path::Path};

use burn::{
    module::{Module, ModuleVisitor, Param},
    optim::GradientsParams,
    tensor::{Device, Tensor, TensorData},
};
use fasgard_nn::{NamedTensor, load_weights, named_weights};
use safetensors::SafeTensors;
use serde_json::{Map, Value};

/// Largest relative error of a tensor: `|ours - theirs| / |theirs|`, Euclidean norms.
const TOLERANCE: f64 = 1e-4;

/// FNV-1a, 32 bits.
fn name_hash(name: &str) -> u32 {
    name.bytes().fold(0x811C_9DC5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// The formula's values: `offset + scale * u`, u a hash of name and index in [-1, 1); each
/// operation is rounded to f32.
pub(crate) fn values(name: &str, count: usize, scale: f32, offset: f32) -> Vec<f32> {
    let start = name_hash(name);
    (0..count as u32)
        .map(|index| {
            let x = index.wrapping_mul(0x9E37_79B9).wrapping_add(start);
            let x = (x ^ (x >> 16)).wrapping_mul(0x85EB_CA6B);
            let x = (x ^ (x >> 13)).wrapping_mul(0xC2B2_AE35);
            let x = x ^ (x >> 16);
            let unit = ((x >> 8) as i32 - (1 << 23)) as f32 * (-23f32).exp2();
            unit * scale + offset
        })
        .collect()
}

/// The formula's weight or running statistic of that name.
fn weight(name: &str, shape: &[usize]) -> Vec<f32> {
    let (scale, offset) = if name.ends_with("convs.2.bn.weight") {
        // The end of a bottleneck: see formula.py.
        (0.0625, 0.25)
    } else if ["running_var", "bn.weight", "norm.weight"]
        .iter()
        .any(|end| name.ends_with(end))
    {
        (0.25, 1.0)
    } else if name.ends_with("running_mean") || shape.len() == 1 {
        (0.125, 0.0)
    } else {
        let fan_in: usize = shape[1..].iter().product();
        ((6.0 / fan_in as f64).sqrt() as f32, 0.0)
    };
    values(name, shape.iter().product(), scale, offset)
}

/// The module's weights by the formula, each under `prefix` and its own name.
pub(crate) fn formula_weights<M: Module>(module: &M, prefix: &str) -> Vec<NamedTensor> {
    let filled = named_weights(module).into_iter().map(|own| NamedTensor {
        values: weight(&format!("{prefix}{}", own.name), &own.shape),
        ..own
    });
    filled.collect()
}

/// The module with the formula's weights.
pub(crate) fn with_formula<M: Module>(module: M, prefix: &str) -> M {
    let weights = formula_weights(&module, prefix);
    load_weights(module, weights).unwrap()
}

/// The formula's tensor of a shape `[N, C, H, W]`.
pub(crate) fn nchw(
    name: &str,
    shape: [usize; 4],
    (scale, offset): (f32, f32),
    device: &Device,
) -> Tensor<4> {
    let data = values(name, shape.iter().product(), scale, offset);
    Tensor::from_data(TensorData::new(data, shape), device)
}

/// `[N, C, H, W]` to `[N, H, W, C]`.
pub(crate) fn inside(x: Tensor<4>) -> Tensor<4> {
    x.permute([0, 2, 3, 1])
}

/// `[N, H, W, C]` to `[N, C, H, W]`.
pub(crate) fn outside(y: Tensor<4>) -> Tensor<4> {
    y.permute([0, 3, 1, 2])
}

/// A tensor's values, row-major.
pub(crate) fn host<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().iter::<f32>().collect()
}

/// The linear function of an output `[N, C, H, W]` whose gradients are compared.
pub(crate) fn probe(case: &str, y: Tensor<4>) -> Tensor<1> {
    let [.., width] = y.dims();
    let device = y.device();
    let factors = nchw(
        &format!("{case}/probe/{width}"),
        y.dims(),
        (1.0, 0.0),
        &device,
    );
    (y * factors).sum()
}

/// Every gradient of a module's parameters by name.
pub(crate) fn gradients<M: Module>(module: &M, grads: &GradientsParams) -> Vec<(String, Vec<f32>)> {
    struct Visit<'a> {
        grads: &'a GradientsParams,
        found: Vec<Option<Vec<f32>>>,
    }
    impl ModuleVisitor for Visit<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.found.push(self.grads.get::<D>(param.id).map(host));
        }
    }
    let mut visit = Visit {
        grads,
        found: Vec::new(),
    };
    module.visit(&mut visit);
    let names = named_weights(module).into_iter().map(|w| w.name);
    assert_eq!(names.len(), visit.found.len());
    names
        .zip(visit.found)
        .filter_map(|(name, grad)| Some((name, grad?)))
        .collect()
}

/// A file of cases.
pub(crate) struct Fixture {
    bytes: Vec<u8>,
    cases: Map<String, Value>,
}

impl Fixture {
    pub(crate) fn read(path: impl AsRef<Path>) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        let cases = metadata.metadata().as_ref().unwrap()["cases"].clone();
        Self {
            cases: serde_json::from_str(&cases).unwrap(),
            bytes,
        }
    }

    /// The cases; `count` of them, so that none is forgotten.
    pub(crate) fn cases(&self, count: usize) -> Vec<Case<'_>> {
        assert_eq!(self.cases.len(), count);
        let tensors = SafeTensors::deserialize(&self.bytes).unwrap();
        let names: Vec<&str> = tensors.names().into_iter().collect();
        self.cases
            .iter()
            .map(|(name, parameters)| {
                let prefix = format!("{name}/");
                let own = names.iter().filter_map(|n| n.strip_prefix(&prefix));
                Case {
                    fixture: self,
                    name: name.clone(),
                    parameters: parameters.clone(),
                    left: RefCell::new(own.map(str::to_owned).collect()),
                    worst: RefCell::new((0.0, String::new())),
                }
            })
            .collect()
    }
}

/// One case: its parameters and PyTorch's tensors.
pub(crate) struct Case<'a> {
    fixture: &'a Fixture,
    pub(crate) name: String,
    pub(crate) parameters: Value,
    /// Tensors that were not compared yet.
    left: RefCell<BTreeSet<String>>,
    worst: RefCell<(f64, String)>,
}

impl Case<'_> {
    pub(crate) fn number(&self, key: &str) -> f64 {
        self.parameters[key].as_f64().unwrap()
    }

    pub(crate) fn shape(&self, key: &str) -> [usize; 4] {
        let list = self.parameters[key].as_array().unwrap();
        let list: Vec<usize> = list.iter().map(|v| v.as_u64().unwrap() as usize).collect();
        list.try_into().unwrap()
    }

    /// Compares with PyTorch's tensor of that name.
    #[track_caller]
    pub(crate) fn compare(&self, name: &str, ours: &[f32]) {
        let full = format!("{}/{name}", self.name);
        let tensors = SafeTensors::deserialize(&self.fixture.bytes).unwrap();
        let theirs = tensors.tensor(&full).unwrap();
        assert_eq!(theirs.dtype(), safetensors::Dtype::F32, "{full}");
        let theirs = theirs
            .data()
            .chunks_exact(4)
            .map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap())));
        assert_eq!(theirs.len(), ours.len(), "{full}");
        let (mut error, mut size) = (0.0, 0.0);
        for (a, b) in ours.iter().map(|v| f64::from(*v)).zip(theirs) {
            error += (a - b) * (a - b);
            size += b * b;
        }
        let relative = (error / size.max(self.partner(name))).sqrt();
        assert!(relative <= TOLERANCE, "{full}: relative error {relative:e}");
        assert!(
            self.left.borrow_mut().remove(name),
            "{full}: compared twice"
        );
        let mut worst = self.worst.borrow_mut();
        if relative >= worst.0 {
            *worst = (relative, name.to_owned());
        }
    }

    /// Squared norm of the other gradient of a normalisation, where this one is nearly cancelled: its
    /// shift or its scale hardly matters, as another normalisation follows. PyTorch's own f32 is as
    /// far off in relation to such a gradient itself.
    fn partner(&self, name: &str) -> f64 {
        let cancelled = self.parameters.get("cancelled").and_then(Value::as_array);
        if !cancelled.is_some_and(|names| names.iter().any(|n| n == name)) {
            return 0.0;
        }
        let partner = match name.strip_suffix("weight") {
            Some(start) => format!("{start}bias"),
            None => name.replace("bias", "weight"),
        };
        let tensors = SafeTensors::deserialize(&self.fixture.bytes).unwrap();
        let full = format!("{}/{partner}", self.name);
        let data = tensors.tensor(&full).unwrap().data().to_vec();
        let values = data.chunks_exact(4);
        values
            .map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap())).powi(2))
            .sum()
    }

    /// Every tensor of the case was compared. Prints the largest error, for `docs/training.md`.
    #[allow(clippy::print_stdout)]
    pub(crate) fn finish(self) {
        let left = self.left.into_inner();
        assert!(left.is_empty(), "{}: not compared: {left:?}", self.name);
        let (error, tensor) = self.worst.into_inner();
        println!("parity {}: {error:.1e} ({tensor})", self.name);
    }
}

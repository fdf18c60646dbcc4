//! Every kernel against PyTorch: `fixtures/pytorch.safetensors`, made by `tools/fixtures/kernels.py`.
#![allow(clippy::unwrap_used, missing_docs)]

use fasgard_kernels::{
    AvgPool, BatchNorm, BatchNormBackward, Conv, Depthwise, Epilogue, InstructionSet, MaxPool,
    Resize,
};
use safetensors::SafeTensors;
use serde_json::Value;

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/fixtures/pytorch.safetensors"
);

fn sets() -> impl Iterator<Item = InstructionSet> {
    InstructionSet::ALL
        .into_iter()
        .filter(|set| set.available())
}

/// One case of the file.
struct Case<'a> {
    name: String,
    parameters: Value,
    tensors: &'a SafeTensors<'a>,
}

impl Case<'_> {
    fn get(&self, tensor: &str) -> Vec<f32> {
        let view = self
            .tensors
            .tensor(&format!("{}/{tensor}", self.name))
            .unwrap();
        assert_eq!(view.dtype(), safetensors::Dtype::F32);
        let bytes = view.data().chunks_exact(4);
        bytes
            .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
            .collect()
    }

    fn shape(&self, tensor: &str) -> [usize; 4] {
        let view = self
            .tensors
            .tensor(&format!("{}/{tensor}", self.name))
            .unwrap();
        view.shape().try_into().unwrap()
    }

    fn number(&self, parameter: &str) -> usize {
        self.parameters[parameter]
            .as_u64()
            .unwrap()
            .try_into()
            .unwrap()
    }

    /// Compares with a tensor of the file, relative to its largest magnitude.
    #[track_caller]
    fn compare(&self, tensor: &str, actual: &[f32], tolerance: f32) {
        let expected = self.get(tensor);
        assert_eq!(actual.len(), expected.len(), "{}/{tensor}", self.name);
        let scale = expected
            .iter()
            .fold(1e-3f32, |scale, value| scale.max(value.abs()));
        for (index, (a, e)) in actual.iter().zip(&expected).enumerate() {
            let error = (a - e).abs() / scale;
            assert!(
                error <= tolerance,
                "{}/{tensor}[{index}]: {a}, not {e}",
                self.name
            );
        }
    }
}

/// Runs `check` on every case of a kind; there must be `count`.
fn each(kind: &str, count: usize, check: impl Fn(&Case<'_>)) {
    let bytes = std::fs::read(FILE).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let cases = metadata.metadata().as_ref().unwrap()["cases"].clone();
    let cases: serde_json::Map<String, Value> = serde_json::from_str(&cases).unwrap();
    let mut found = 0;
    for (name, parameters) in cases {
        if name.split('/').next() == Some(kind) {
            found += 1;
            check(&Case {
                name,
                parameters,
                tensors: &tensors,
            });
        }
    }
    assert_eq!(found, count, "{kind}");
}

#[test]
fn convolution() {
    each("conv", 11, |case| {
        let conv = Conv::new(
            case.shape("x"),
            case.shape("weight"),
            case.number("stride"),
            case.number("padding"),
        )
        .unwrap();
        assert_eq!(conv.output_shape(), case.shape("y"));
        let (x, weight, grad) = (case.get("x"), case.get("weight"), case.get("dy"));
        for set in sets() {
            for (winograd, tolerance) in [(false, 2e-6), (true, 2e-5)] {
                let conv = conv.with_instructions(set).with_winograd(winograd);
                let y = conv.forward(&x, &weight, Epilogue::default()).unwrap();
                case.compare("y", &y, tolerance);
                case.compare("dx", &conv.input_grad(&weight, &grad).unwrap(), tolerance);
                case.compare("dw", &conv.weight_grad(&x, &grad).unwrap(), tolerance);
            }
        }
    });
}

#[test]
fn fused_convolution() {
    each("conv_fused", 1, |case| {
        let [stride, padding] = ["stride", "padding"].map(|name| case.number(name));
        let conv = Conv::new(case.shape("x"), case.shape("weight"), stride, padding).unwrap();
        let (x, weight) = (case.get("x"), case.get("weight"));
        let (bias, residual) = (case.get("bias"), case.get("residual"));
        let epilogue = Epilogue {
            bias: Some(&bias),
            residual: Some(&residual),
            activation: case.parameters["relu"].as_bool().unwrap().into(),
        };
        for set in sets() {
            for winograd in [false, true] {
                let conv = conv.with_instructions(set).with_winograd(winograd);
                case.compare("y", &conv.forward(&x, &weight, epilogue).unwrap(), 2e-6);
            }
        }
    });
}

#[test]
fn depthwise_convolution() {
    each("depthwise", 2, |case| {
        let [stride, padding] = ["stride", "padding"].map(|name| case.number(name));
        let conv = Depthwise::new(case.shape("x"), case.shape("weight"), stride, padding).unwrap();
        let (x, weight, grad) = (case.get("x"), case.get("weight"), case.get("dy"));
        for set in sets() {
            let conv = conv.with_instructions(set);
            let y = conv.forward(&x, &weight, Epilogue::default()).unwrap();
            case.compare("y", &y, 2e-6);
            case.compare("dx", &conv.input_grad(&weight, &grad).unwrap(), 2e-6);
            case.compare("dw", &conv.weight_grad(&x, &grad).unwrap(), 2e-6);
        }
    });
}

#[test]
fn batch_norm() {
    each("batch_norm", 2, |case| {
        let (x, gamma, beta) = (case.get("x"), case.get("weight"), case.get("bias"));
        let residual = case.parameters["residual"].as_bool().unwrap();
        let residual = residual.then(|| case.get("residual"));
        let epsilon = case.parameters["epsilon"].as_f64().unwrap();
        let relu = case.parameters["relu"].as_bool().unwrap();
        let norm = BatchNorm::new(gamma.len(), epsilon)
            .unwrap()
            .with_relu(relu);
        let (y, statistics) = norm.train(&x, &gamma, &beta, residual.as_deref()).unwrap();
        case.compare("y", &y, 5e-6);
        case.compare("mean", &statistics.mean, 2e-6);
        case.compare("variance", &statistics.variance, 2e-6);
        let grads = norm
            .backward(&BatchNormBackward {
                x: &x,
                gamma: &gamma,
                beta: &beta,
                mean: &statistics.mean,
                variance: &statistics.variance,
                grad: &case.get("dy"),
                output: residual.as_ref().map(|_| &y[..]),
            })
            .unwrap();
        case.compare("dx", &grads.x, 1e-5);
        case.compare("dw", &grads.gamma, 5e-6);
        case.compare("db", &grads.beta, 5e-6);
        assert_eq!(grads.residual.is_some(), residual.is_some());
        if let Some(grad) = grads.residual {
            case.compare("dresidual", &grad, 0.0);
        }
    });
}

#[test]
fn pooling() {
    each("max_pool", 2, |case| {
        let [kernel, stride, padding] =
            ["kernel", "stride", "padding"].map(|name| case.number(name));
        let pool = MaxPool::new(case.shape("x"), kernel, stride, padding).unwrap();
        let (x, grad) = (case.get("x"), case.get("dy"));
        case.compare("y", &pool.forward(&x).unwrap(), 0.0);
        // A pixel may receive several gradients, in any order.
        case.compare("dx", &pool.input_grad(&x, &grad).unwrap(), 2e-7);
    });
    each("avg_pool", 1, |case| {
        let pool = AvgPool::new(case.shape("x"), case.number("kernel")).unwrap();
        case.compare("y", &pool.forward(&case.get("x")).unwrap(), 2e-6);
        case.compare("dx", &pool.input_grad(&case.get("dy")).unwrap(), 2e-6);
    });
}

#[test]
fn resize() {
    each("resize", 4, |case| {
        let side = case.number("side");
        for set in sets() {
            let resize = Resize::new(case.shape("x"), [side; 2])
                .unwrap()
                .with_instructions(set);
            case.compare("y", &resize.forward(&case.get("x")).unwrap(), 2e-6);
            case.compare("dx", &resize.input_grad(&case.get("dy")).unwrap(), 2e-6);
        }
    });
}

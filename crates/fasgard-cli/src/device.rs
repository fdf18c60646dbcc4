//! Where tensors live.

use burn::tensor::Device;

use crate::failure::misuse;

/// The device of `--device`.
pub(crate) fn open(name: &str) -> anyhow::Result<Device> {
    match name {
        "cpu" => Ok(Device::flex()),
        other => Err(misuse(format!("--device: expected cpu, found `{other}`"))),
    }
}

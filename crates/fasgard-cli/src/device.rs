//! Where tensors live.

use burn::tensor::Device;

use crate::failure::misuse;

/// The device of `--device`.
///
/// # Errors
/// A name that is none, a device that this build lacks, or one that this machine lacks.
pub(crate) fn open(name: &str) -> anyhow::Result<Device> {
    match name {
        "cpu" => Ok(Device::flex()),
        "cuda" => cuda(),
        "wgpu" => wgpu(),
        other => Err(misuse(format!(
            "--device: expected cpu, cuda or wgpu, found `{other}`"
        ))),
    }
}

#[cfg(feature = "cuda")]
fn cuda() -> anyhow::Result<Device> {
    use burn::tensor::{DeviceIndex, DeviceType};

    if Device::enumerate(DeviceType::Cuda).is_empty() {
        anyhow::bail!(
            "--device cuda: expected an NVIDIA card and its driver (libcuda), found none; install the driver, or give --device cpu"
        );
    }
    working("cuda", Device::cuda(DeviceIndex::Default))
}

#[cfg(feature = "wgpu")]
fn wgpu() -> anyhow::Result<Device> {
    let device = Device::wgpu_options().init().map_err(|e| {
        anyhow::anyhow!(
            "--device wgpu: expected a graphics card with a Vulkan, Metal or Direct3D 12 driver, found none ({e}); install its driver, or give --device cpu"
        )
    })?;
    working("wgpu", device)
}

/// Adds one and one, so that a driver without its compiler is found here and not in the middle of a
/// run: the framework panics then.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn working(name: &str, device: Device) -> anyhow::Result<Device> {
    use burn::tensor::Tensor;

    let sum = std::panic::catch_unwind(|| {
        let one = Tensor::<1>::ones([1], &device);
        (one.clone() + one).into_scalar::<f32>()
    });
    match sum {
        Ok(sum) if sum == 2.0 => Ok(device),
        Ok(sum) => anyhow::bail!("--device {name}: 1 + 1 gave {sum}; give --device cpu"),
        Err(_) => anyhow::bail!(
            "--device {name}: the device does not compute (its reason stands above); give --device cpu"
        ),
    }
}

#[cfg(not(feature = "cuda"))]
fn cuda() -> anyhow::Result<Device> {
    Err(not_built("cuda"))
}

#[cfg(not(feature = "wgpu"))]
fn wgpu() -> anyhow::Result<Device> {
    Err(not_built("wgpu"))
}

/// Names the cargo feature, which has the device's name.
#[cfg(not(all(feature = "cuda", feature = "wgpu")))]
fn not_built(name: &str) -> anyhow::Error {
    misuse(format!(
        "--device {name}: this fasgard was built without the cargo feature `{name}`; build it with `cargo build --release -p fasgard-cli --features {name}`, or give --device cpu"
    ))
}

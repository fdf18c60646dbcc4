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

/// The device, if it computes: a driver without its compiler is found here and not in the middle of
/// a run.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn working(name: &str, device: Device) -> anyhow::Result<Device> {
    anyhow::ensure!(
        computes(|| device.clone()),
        "--device {name}: the device does not compute (its reason stands above); give --device cpu"
    );
    Ok(device)
}

/// Adds one and one: the framework panics where it cannot.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn computes(device: impl Fn() -> Device) -> bool {
    use burn::tensor::Tensor;

    let sum = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let one = Tensor::<1>::ones([1], &device());
        (one.clone() + one).into_scalar::<f32>()
    }));
    sum.is_ok_and(|sum| sum == 2.0)
}

/// Checks that a run can be resumed: the framework reads an optimiser's state on its default device,
/// whichever the run is on, and in a build with a card that is the card.
///
/// # Errors
/// The default device does not compute.
pub(crate) fn check_resume() -> anyhow::Result<()> {
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    anyhow::ensure!(
        computes(Device::default),
        "--resume: this build reads checkpoints through a graphics card, and there is none that computes (its reason stands above); set BURN_DEVICE=flex"
    );
    Ok(())
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

//! The burn device that the training runs on.

use burn::tensor::Device;

/// The processor.
#[cfg(not(feature = "gpu"))]
pub fn device() -> Device {
    Device::flex()
}

/// The graphics card that wgpu selects by default.
#[cfg(feature = "gpu")]
pub fn device() -> Device {
    Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)
}

//! What the training runs on.

use burn::tensor::Device;

/// The processor, or with the feature `gpu` the graphics card that wgpu prefers.
pub fn device() -> Device {
    #[cfg(feature = "gpu")]
    return Device::wgpu(burn::tensor::DeviceKind::DefaultDevice);
    #[cfg(not(feature = "gpu"))]
    Device::flex()
}

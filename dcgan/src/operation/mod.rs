//! The networks' operations on the processor, with their gradients: what nearly all time of a training goes to.
//!
//! - `geometry`: which elements a convolution and its transpose multiply with which weights
//! - `down`, `up`: a convolution and its transpose; each is the other's input gradient; `weight_gradient`: the
//!   gradient of the weights of both
//! - `product`: the sums of matrix products that `down` and `up` are; `patches`: pictures as matrices that fill vectors
//! - `weights`: the orders of weights
//! - `tile`: the inner loop of all of them
//! - `norm`: batch normalisation and the rectifier behind it; `activation`: a bias and the activation behind it
//! - `backend`: all of them as burn calls them
//!
//! Maps are `[row][column][picture][channel]`: each place has one matrix of pictures and channels, and a convolution
//! multiplies whole matrices. Work is divided by shapes alone and each sum has one order, so that results do not depend
//! on the number of threads. They do depend on the processor: where it can, it fuses multiplications and additions.
//!
//! On other devices than the processor, the same functions call burn's own operations.

mod activation;
mod backend;
mod columns;
mod down;
mod geometry;
mod lanes;
#[cfg(test)]
mod naive;
mod norm;
mod patches;
mod product;
mod tile;
mod up;
mod weight_gradient;
mod weights;

use burn::backend::{Dispatch, DispatchDevice};
use burn::module::Param;
use burn::nn::BatchNorm;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::tensor::activation::{leaky_relu, tanh};
use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Device, Tensor};

use crate::network::Layer;
pub use activation::Activation;
use backend::{Operations, Settings};
use geometry::{Geometry, Map};

/// The maps `x`, `[rows, columns, n, channels]`, convolved by `conv`, without its bias.
pub fn down(x: Tensor<4>, conv: &Conv2d) -> Tensor<4> {
    let weights = conv.weight.val();
    let Layer { output, kernel, stride, padding, .. } = Layer::of(conv);
    if !is_processor(&x.device()) {
        let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], 1);
        return on_planes(x, |x| conv2d(x, weights, None, options));
    }
    let [size, _, _, channels] = x.dims();
    let geometry = Geometry {
        big: Map { size, channels },
        small: Map { size: (size + 2 * padding - kernel) / stride + 1, channels: output },
        kernel,
        stride,
        padding,
    };
    let y = Dispatch::down(x.into_dispatch(), weights.into_dispatch(), geometry);
    Tensor::from_dispatch(y)
}

/// The maps `x`, `[rows, columns, n, channels]`, convolved by the transposed `conv`, without its bias.
pub fn up(x: Tensor<4>, conv: &ConvTranspose2d) -> Tensor<4> {
    let weights = conv.weight.val();
    let (stride, padding, more) = (conv.stride[0], conv.padding[0], conv.padding_out[0]);
    if !is_processor(&x.device()) {
        let options = ConvTransposeOptions::new([stride; 2], [padding; 2], [more; 2], [1; 2], 1);
        return on_planes(x, |x| conv_transpose2d(x, weights, None, options));
    }
    let [size, _, _, channels] = x.dims();
    let [_, big, kernel, _] = weights.dims();
    let geometry = Geometry {
        big: Map { size: (size - 1) * stride + kernel + more - 2 * padding, channels: big },
        small: Map { size, channels },
        kernel,
        stride,
        padding,
    };
    let y = Dispatch::up(x.into_dispatch(), weights.into_dispatch(), geometry);
    Tensor::from_dispatch(y)
}

/// The maps `x` after batch normalisation and a rectifier with `slope` for negative inputs. With gradients, the
/// statistics are those of the batch, and `norm` keeps their moving average; without, they are that average.
pub fn norm(x: Tensor<4>, norm: &BatchNorm, slope: f64) -> Tensor<4> {
    let device = x.device();
    if !is_processor(&device) {
        return on_planes(x, |x| leaky_relu(norm.forward(x), slope));
    }
    let of_batch = device.is_autodiff();
    let statistics: Tensor<2> = if of_batch {
        let statistics = Tensor::from_dispatch(Dispatch::statistics(x.clone().into_dispatch()));
        remember(norm, &statistics);
        statistics
    } else {
        Tensor::stack(vec![norm.running_mean.value(), norm.running_var.value()], 0)
    };
    let settings = Settings { epsilon: norm.epsilon as f32, slope: slope as f32, of_batch };
    let [gamma, beta] = [&norm.gamma, &norm.beta].map(|it| it.val().into_dispatch());
    let y = Dispatch::norm(x.into_dispatch(), gamma, beta, statistics.into_dispatch(), settings);
    Tensor::from_dispatch(y)
}

/// The maps `x` after a bias for each channel and an activation. Returns x unchanged if the convolution has no bias, as
/// before a normalisation.
pub fn bias(x: Tensor<4>, bias: &Option<Param<Tensor<1>>>, activation: Activation) -> Tensor<4> {
    let Some(bias) = bias else { return x };
    let bias = bias.val();
    if !is_processor(&x.device()) {
        let x = x + bias.unsqueeze();
        return match activation {
            Activation::None => x,
            Activation::Rectify(slope) => leaky_relu(x, slope.into()),
            Activation::Tanh => tanh(x),
        };
    }
    Tensor::from_dispatch(Dispatch::bias(x.into_dispatch(), bias.into_dispatch(), activation))
}

/// Moves the averages of `norm` towards the `statistics` of a batch.
fn remember(norm: &BatchNorm, statistics: &Tensor<2>) {
    for (index, average) in [&norm.running_mean, &norm.running_var].into_iter().enumerate() {
        let new = statistics.clone().narrow(0, index, 1).squeeze_dim(0).detach();
        let old = average.value_sync().to_device(&statistics.device());
        average
            .update((old.mul_scalar(1.0 - norm.momentum) + new.mul_scalar(norm.momentum)).detach());
    }
}

/// Whether `device` is the processor, with gradients or without.
fn is_processor(device: &Device) -> bool {
    matches!(device.clone().without_autodiff().as_dispatch(), DispatchDevice::Flex(_))
}

/// Pictures, `[n, rows, columns, channels]`, as maps, `[rows, columns, n, channels]`.
pub fn maps(pictures: Tensor<4>) -> Tensor<4> {
    pictures.permute([1, 2, 0, 3])
}

/// Maps, `[rows, columns, n, channels]`, as pictures, `[n, rows, columns, channels]`.
pub fn pictures(maps: Tensor<4>) -> Tensor<4> {
    maps.permute([2, 0, 1, 3])
}

/// Pictures, `[n, rows, columns, channels]`, as planes, `[n, channels, rows, columns]`.
pub fn planes(pictures: Tensor<4>) -> Tensor<4> {
    pictures.permute([0, 3, 1, 2])
}

/// Planes, `[n, channels, rows, columns]`, as pictures, `[n, rows, columns, channels]`.
pub fn rows(planes: Tensor<4>) -> Tensor<4> {
    planes.permute([0, 2, 3, 1])
}

/// `operation` of burn, which takes planes, on maps.
fn on_planes(x: Tensor<4>, operation: impl FnOnce(Tensor<4>) -> Tensor<4>) -> Tensor<4> {
    maps(rows(operation(planes(pictures(x)))))
}

"""Typical PyTorch generators."""

import torch
from torch import nn
from torch.nn.functional import interpolate, pad

from torch_export import Do, dynamo, script


def up(inputs, outputs, kernel=4, stride=2, padding=1, bias=False, **options):
    return nn.ConvTranspose2d(inputs, outputs, kernel, stride, padding, bias=bias, **options)


def conv(inputs, outputs, kernel=3, padding=1, **options):
    return nn.Conv2d(inputs, outputs, kernel, 1, padding, **options)


def bn(channels, gamma=1.0, **options):
    norm = nn.BatchNorm2d(channels, **options)
    if norm.affine:
        nn.init.constant_(norm.weight, gamma)
    return norm


def first(channels, act=nn.ReLU):
    """Layers from [N, 8, 1, 1] to a 4×4 map."""
    return [up(8, channels, 4, 1, 0), bn(channels), act()]


def dense(channels):
    """Layers from [N, 8] to a 2×2 map, with the batch size read from the input."""
    return [nn.Linear(8, 4 * channels), Do(lambda x: x.view(x.shape[0], channels, 2, 2))]


def dcgan():
    """A DCGAN of 16×16 pixels."""
    return nn.Sequential(*first(5), up(5, 4), bn(4), nn.ReLU(), up(4, 1), nn.Tanh())


def shallow(colours=1, act=nn.ReLU):
    """A DCGAN of 8×8 pixels with two layers."""
    return nn.Sequential(*first(4, act), up(4, colours), nn.Tanh())


def head(channels=4, side=4, act=nn.ReLU):
    """Layers from [N, 8, 1, 1] to a map of `side`, without BatchNorm."""
    return [up(8, channels, side, 1, 0, bias=True), act()]


def small(*middle, out=(nn.Tanh,), colours=1, side=4):
    """A small network with `middle` on a map of `side`, for operators that do not depend on the size."""
    last = up(4, colours, 4, 8 // side, 1 if side == 4 else 0, bias=True)
    return nn.Sequential(*head(side=side), *middle, last, *[layer() for layer in out])


# DCGAN, k4 s2 p1.
script("dcgan-bn-nodes-9", "BatchNorm kept as nodes, 3 colours", 9,
       lambda: shallow(3), fold=False)
script("dcgan-bn-nodes-17", "BatchNorm kept as nodes, batch fixed at 1", 17, dcgan, fold=False,
       fixed=1)
script("dcgan-initializer-inputs", "weights are graph inputs as well", 9,
       shallow, fold=False,
       keep_initializers_as_inputs=True)
dynamo("dcgan-external", "weights in the file beside", 18, dcgan, external=True)
dynamo("dcgan-dynamo-20", "LeakyReLU, batch fixed at 1", 20,
       lambda: shallow(act=nn.LeakyReLU), fixed=1)
dynamo("dcgan-dynamo-23", "latents [N, z], viewed as [N, z, 1, 1]", 23,
       lambda: nn.Sequential(Do(lambda z: z.view(-1, 8, 1, 1)), *shallow()), (8,))
script("dcgan-unsqueeze", "latents [N, z], unsqueezed twice", 13,
       lambda: nn.Sequential(Do(lambda z: z[:, :, None, None]), *shallow()), (8,))
script("dcgan-32", "32×32", 13, lambda: nn.Sequential(
    *first(4), up(4, 4), bn(4), nn.ReLU(), up(4, 4), bn(4), nn.ReLU(), up(4, 1), nn.Tanh()))
script("mnist-k7", "28×28 from a 7×7 kernel on 1×1", 13, lambda: nn.Sequential(
    up(8, 4, 7, 1, 0), bn(4), nn.ReLU(), up(4, 4), bn(4), nn.ReLU(), up(4, 1), nn.Tanh()))
script("output-padding", "ConvTranspose k3 s2 p1, output_padding 1, dilation 1", 13,
       lambda: nn.Sequential(
           *head(side=2), up(4, 4, 3, 2, 1, output_padding=1, dilation=1), bn(4), nn.ReLU(),
           up(4, 1, 5, 2, 2, output_padding=1), nn.Tanh()))


# Upsampling.
def pytorch_gan(norm):
    """The layout of PyTorch-GAN's dcgan.py; BatchNorm before any convolution."""
    linear, view = dense(4)
    head = [linear, nn.BatchNorm1d(16), view] if norm == 1 else [linear, view, bn(4)]
    return nn.Sequential(
        *head, nn.Upsample(scale_factor=2), conv(4, 4), bn(4, eps=0.8), nn.LeakyReLU(0.2),
        nn.Upsample(scale_factor=2), conv(4, 4), bn(4, eps=0.8), nn.LeakyReLU(0.2),
        conv(4, 1), nn.Tanh())


script("upsample-bn2d", "Linear, view, BatchNorm2d, Upsample + Conv; eps 0.8", 11,
       lambda: pytorch_gan(2), (8,), fold=False)
script("upsample-bn1d", "Linear, BatchNorm1d, view, Upsample + Conv; eps 0.8", 17,
       lambda: pytorch_gan(1), (8,), fold=False)
dynamo("upsample-dynamo", "Linear, BatchNorm1d, view, Upsample + Conv; eps 0.8", 18,
       lambda: pytorch_gan(1), (8,))
for opset in (9, 10, 11):
    script(f"upsample-sizes-{opset}", "sizes computed from the map's shape", opset,
           lambda: nn.Sequential(
               *dense(4), nn.ReLU(),
               Do(lambda x: interpolate(x, size=(x.shape[2] * 4, x.shape[3] * 4))),
               conv(4, 1), nn.Tanh()), (8,), fold=False)
def shuffle(colours=1):
    return lambda: nn.Sequential(
        *dense(4), nn.ReLU(), conv(4, 16), nn.PixelShuffle(2), bn(4), nn.ReLU(),
        conv(4, 4 * colours), nn.PixelShuffle(2), nn.Tanh())


script("pixel-shuffle-9", "PixelShuffle as reshapes and a Transpose of rank 6", 9, shuffle(), (8,))
dynamo("pixel-shuffle-20", "PixelShuffle as DepthToSpace CRD", 20, shuffle(3), (8,))


# Padding and cropping.
def padded(layer):
    # Not after an Upsample, whose two border rows are equal: mirrored and repeated padding would look the same.
    return lambda: nn.Sequential(
        *head(side=2), up(4, 4), nn.ReLU(), layer, conv(4, 4, 3, 0), nn.ReLU(), up(4, 1), nn.Tanh())


script("pad-reflection", "ReflectionPad2d, Conv without padding: refused, since borders are mirrored", 11, padded(nn.ReflectionPad2d(1)))
script("pad-zero-9", "ZeroPad2d, Conv without padding", 9, padded(nn.ZeroPad2d((0, 2, 1, 1))))
dynamo("pad-zero-18", "ZeroPad2d, which the exporter makes the padding of the Conv", 18,
       padded(nn.ZeroPad2d((0, 2, 1, 1))))
script("crop-slice", "cropped by Slice, differently at each side", 13, lambda: nn.Sequential(
    *head(side=2), up(4, 4, 5, 2, 0), bn(4), nn.ReLU(), Do(lambda x: x[:, :, 1:-2, 2:6]),
    up(4, 1), nn.Tanh()))
script("crop-pad", "cropped by negative padding", 11, lambda: nn.Sequential(
    *head(side=2), up(4, 4, 5, 2, 0), bn(4), nn.ReLU(), Do(lambda x: pad(x, (-1, -2, -2, -1))),
    up(4, 1), nn.Tanh()))


# Groups.
script("groups-transposed", "ConvTranspose with 2 groups", 13, lambda: nn.Sequential(
    *head(side=2), up(4, 6, groups=2), bn(6), nn.ReLU(), up(6, 1), nn.Tanh()))
script("groups-plain", "Conv with 2 groups and a bias", 11, lambda: nn.Sequential(
    *head(), conv(4, 6, groups=2), nn.ReLU(), up(6, 1), nn.Tanh()))
script("groups-depthwise", "depthwise Conv and 1×1 Conv, depthwise ConvTranspose", 13,
       lambda: nn.Sequential(
           *head(side=2), up(4, 4, groups=4), bn(4), nn.ReLU(), conv(4, 4, groups=4),
           conv(4, 4, 1, 0), nn.ReLU(), up(4, 3), nn.Tanh()))


# Dilations.
script("dilation", "Conv with dilation 2", 13, lambda: nn.Sequential(
    *head(), conv(4, 4, 3, 2, dilation=2), bn(4), nn.ReLU(), up(4, 1), nn.Tanh()))
script("dilation-transposed", "ConvTranspose with stride 1 and dilation 2", 13, lambda: nn.Sequential(
    *head(side=2), up(4, 4, 3, 1, 1, dilation=2), bn(4), nn.ReLU(), up(4, 1), nn.Tanh()))
script("dilation-phases", "ConvTranspose with stride 2 and dilations 1, 2: columns without a tap", 13,
       lambda: nn.Sequential(
           *head(), up(4, 4, 3, 2, 1, bias=True, dilation=(1, 2), output_padding=1), nn.ReLU(),
           conv(4, 1), nn.Tanh()))


# Values of very different sizes.
@torch.no_grad()
def signed(sign, layer):
    """`layer` with weights of one sign. `settle` keeps it."""
    layer.weight.abs_().mul_(sign)
    return layer


def small_slope(slope):
    """Most channels are small and nearly always negative before a LeakyReLU, a few are large. The weights on the small
    ones are large and of one sign, so that what rounding takes from them adds up."""
    gain, shift = torch.full((1, 24, 1, 1), 0.35), torch.full((1, 24, 1, 1), -0.6)
    gain[:, :3], shift[:, :3] = 5.0, 0.0
    last = signed(1, up(24, 1, 5, 2, 2, bias=True, output_padding=1))
    with torch.no_grad():
        last.weight[:3] *= 0.15
    return nn.Sequential(*first(12), up(12, 24), bn(24), Do(lambda x: x * gain + shift),
                         nn.LeakyReLU(slope), last, nn.Tanh())


def steep(end):
    """The background is far beyond the end of the last activation, as in decoders that were trained on logits."""
    return nn.Sequential(*first(5), up(5, 2), bn(2), nn.ReLU(), signed(-1, up(2, 1, 2, 2, 0)),
                         Do(lambda x: x + 4), end)


script("small-slope", "LeakyReLU with slope 0.01 before weights of one sign", 13, lambda: small_slope(0.01))
script("small-slope-0", "the same with ReLU", 13, lambda: small_slope(0.0))
script("steep-sigmoid", "Sigmoid behind logits down to −128", 13, lambda: steep(nn.Sigmoid()), last=12)
script("steep-tanh", "Tanh behind numbers down to −20,818", 13, lambda: steep(nn.Tanh()), last=2000)

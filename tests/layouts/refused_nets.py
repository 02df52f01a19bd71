"""Generators that are not a chain of layers, or need operators that the engine does not support."""

import torch
from torch import nn
from torch.nn.functional import interpolate

from torch_export import Do, dynamo, script
from torch_nets import bn, conv, small
from torch_parts import pixelnorm


class Skip(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.layers(x)


class Attention(nn.Module):
    """Self-attention over positions, as in SAGAN."""

    def __init__(self, channels):
        super().__init__()
        self.query, self.key = conv(channels, 2, 1, 0), conv(channels, 2, 1, 0)
        self.value = conv(channels, channels, 1, 0)

    def forward(self, x):
        query, key, value = (layer(x).flatten(2) for layer in (self.query, self.key, self.value))
        weights = torch.softmax(query.transpose(1, 2) @ key, 2)
        return (value @ weights.transpose(1, 2)).reshape(x.shape) + x


class Noisy(nn.Module):
    def forward(self, x):
        return x + 0.1 * torch.randn_like(x)


def refused(name, particular, *layers, opset=13, **options):
    net = lambda: small(*[layer() for layer in layers], side=2)
    script(name, particular, opset, net, refused=True, **options)


refused("instance-norm", "InstanceNormalization", lambda: conv(4, 4),
        lambda: nn.InstanceNorm2d(4, affine=True), nn.ReLU)
refused("skip", "the sum of two branches", lambda: Skip(conv(4, 4), nn.ReLU(), conv(4, 4)))
dynamo("bilinear", "Resize linear, align_corners", 18, lambda: small(
    Do(lambda x: interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)), side=2),
    refused=True)
refused("attention", "self-attention with Softmax", lambda: Attention(4))
refused("gated", "one branch times the other (GLU)", lambda: conv(4, 8), lambda: nn.GLU(1))
refused("training-mode", "BatchNorm in training mode", lambda: conv(4, 4), lambda: bn(4), nn.ReLU,
        training=True, fold=False)
refused("batch-statistics", "BatchNorm without stored statistics", lambda: conv(4, 4),
        lambda: bn(4, track_running_stats=False), nn.ReLU, fixed=1)
refused("pixelnorm", "PixelNorm after a layer", lambda: conv(4, 4), nn.ReLU, lambda: Do(pixelnorm))
refused("noise", "RandomNormalLike", lambda: conv(4, 4), nn.ReLU, Noisy)

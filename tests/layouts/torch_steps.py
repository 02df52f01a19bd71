"""PyTorch generators with various activations, normalisations, outputs, conditions and weight norms."""

import torch
from torch import nn
from torch.nn.functional import gelu
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

from layout import CLASSES
from torch_export import Chain, Do, dynamo, script
from torch_nets import bn, conv, head, small, up


# Activations.
def acts(one, two):
    return lambda: nn.Sequential(
        *head(side=2, act=one), up(4, 4), bn(4), two(), up(4, 1, bias=True), nn.Tanh())


def prelu(channels):
    def layer():
        act = nn.PReLU(channels)
        nn.init.uniform_(act.weight, -0.2, 0.5)
        return act
    return layer


script("act-prelu", "PReLU with a slope per channel and with one", 13, acts(prelu(4), prelu(1)))
script("act-elu-selu", "ELU with alpha 0.7, SELU", 9, acts(lambda: nn.ELU(0.7), nn.SELU))
script("act-gelu-erf", "GELU by Erf and by tanh", 13,
       acts(nn.GELU, lambda: Do(lambda x: gelu(x, approximate="tanh"))))
dynamo("act-gelu-20", "the operator Gelu, both kinds", 20,
       acts(nn.GELU, lambda: Do(lambda x: gelu(x, approximate="tanh"))))
script("act-silu-mish", "SiLU as Sigmoid and Mul, Mish as Softplus, Tanh and Mul", 13,
       acts(nn.SiLU, nn.Mish))
script("act-softplus-celu", "Softplus, CELU", 13, acts(nn.Softplus, lambda: nn.CELU(1.5)))
script("act-hard", "Hardsigmoid, Hardtanh(-0.5, 1.5), ReLU6, Hardtanh at the end", 14,
       lambda: nn.Sequential(
           *head(side=2, act=nn.Hardsigmoid), up(4, 4), bn(4), nn.Hardtanh(-0.5, 1.5),
           conv(4, 4), nn.ReLU6(), up(4, 1, bias=True), nn.Hardtanh()), last=0.45)
dynamo("act-hardswish", "Hardswish, Softplus with its threshold (Greater and Where)", 18,
       acts(nn.Hardswish, nn.Softplus))
script("act-tanh-sigmoid", "Tanh and Sigmoid between layers", 13, acts(nn.Tanh, nn.Sigmoid))
# BatchNorm.
def tiny():
    layer = up(4, 4, 3, 1, 1)
    layer.goal = 1e-5 ** 0.5
    return layer


script("bn-after-relu", "convolution, ReLU, BatchNorm, convolution with padding", 13,
       lambda: small(conv(4, 4), nn.ReLU(), bn(4), conv(4, 4), nn.LeakyReLU(0.2), bn(4)),
       fold=False)
script("bn-twice", "two BatchNorms in a row", 11,
       lambda: small(conv(4, 4), bn(4), bn(4), nn.ReLU(), side=2), fold=False)
script("bn-plain", "BatchNorm without affine", 13,
       lambda: small(conv(4, 4), bn(4, affine=False), nn.ReLU(), side=2), fold=False)
script("bn-negative", "negative gammas, before and after the ReLU", 13,
       lambda: small(conv(4, 4), bn(4, -1.0), nn.ReLU(), bn(4, -0.7), side=2), fold=False)
script("bn-tiny", "variances of about 1e-5, as large as epsilon", 13,
       lambda: small(tiny(), bn(4), nn.ReLU(), side=2), fold=False)
dynamo("bn-dynamo", "BatchNorm after ReLU, which the exporter cannot fold", 20,
       lambda: small(conv(4, 4), nn.ReLU(), bn(4), side=2))

# Outputs.
script("out-half", "(tanh + 1) / 2", 13, lambda: small(
    side=2, out=(nn.Tanh, lambda: Do(lambda x: (x + 1) / 2))))
script("out-255", "tanh · 127.5 + 127.5, clipped to 0…255", 13, lambda: small(
    side=2, out=(nn.Tanh, lambda: Do(lambda x: (x * 127.5 + 127.5).clamp(0, 255)))))
script("out-cast", "tanh · 127.5 + 127.5, clipped, cast: `image` is uint8", 13, lambda: small(
    side=2, out=(nn.Tanh, lambda: Do(lambda x: (x * 127.5 + 127.5).clamp(0, 255).to(torch.uint8)))))
script("out-sigmoid", "Sigmoid", 13, lambda: small(side=2, out=(nn.Sigmoid,)), last=1.1)
script("out-sigmoid-pm1", "2 · sigmoid − 1", 13,
       lambda: small(side=2, out=(nn.Sigmoid, lambda: Do(lambda x: 2 * x - 1))), last=1.1)
script("out-linear-clip", "linear, clipped to −1…1", 9,
       lambda: small(side=2, out=(lambda: Do(lambda x: x.clamp(-1, 1)),)), last=0.45)
script("out-channels-last", "permuted to NHWC at the end", 13,
       lambda: small(side=2, out=(nn.Tanh, lambda: Do(lambda x: x.permute(0, 2, 3, 1))), colours=3))
script("out-flat-view", "Linear to 8×8 and view, no convolution", 13, lambda: nn.Sequential(
    nn.Linear(8, 8), nn.LeakyReLU(0.2), nn.Linear(8, 8), nn.BatchNorm1d(8), nn.LeakyReLU(0.2),
    nn.Linear(8, 64), nn.Tanh(), Do(lambda x: x.view(x.size(0), 1, 8, 8))), (8,), fold=False)


# Conditions.
class Embedded(nn.Module):
    """Combines the latent and the embedded label into one input."""

    def __init__(self, width, join):
        super().__init__()
        self.embedding, self.join = nn.Embedding(CLASSES, width), join

    def forward(self, z, label):
        return self.join(z, self.embedding(label))


def conditional(start, inputs):
    return lambda: Chain(
        start(), nn.Linear(inputs, 16), Do(lambda x: x.view(-1, 4, 2, 2)), bn(4), nn.ReLU(),
        up(4, 1, 4, 4, 0, bias=True), nn.Tanh())


def join(*parts):
    return torch.cat(parts, 1)


script("cond-onehot", "one-hot label after the latent", 13,
       conditional(lambda: Do(join), 8 + CLASSES), (8,), "onehot")
script("cond-onehot-map", "one-hot label and latent as 1×1 maps", 11, lambda: Chain(
    Do(join), up(8 + CLASSES, 4, 2, 1, 0), bn(4), nn.ReLU(), up(4, 1, 4, 4, 0), nn.Tanh()),
    label="onehot")
script("cond-embedding", "label (int64), embedded, before the latent", 13,
       conditional(lambda: Embedded(3, lambda z, e: torch.cat([e, z], 1)), 11), (8,), "label")
dynamo("cond-embedding-dynamo", "label (int64), embedded, after the latent", 20,
       conditional(lambda: Embedded(3, join), 11), (8,), "label")
script("cond-product", "latent times embedded label", 13,
       conditional(lambda: Embedded(8, torch.mul), 8), (8,), "label")

# Reparametrised weights.
script("weight-norm", "weight norm, folded by the exporter", 13,
       lambda: small(weight_norm(conv(4, 4)), bn(4), nn.ReLU(), side=2))
dynamo("spectral-norm", "spectral norm, folded by the exporter", 18,
       lambda: small(spectral_norm(conv(4, 4)), bn(4), nn.ReLU(), side=2))

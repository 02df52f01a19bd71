"""Typical PyTorch generators with several inputs: noise, labels and codes; and those that normalise their noise."""

import torch
from torch import nn
from torch.nn.functional import normalize, one_hot, pad

from layout import CLASSES
from torch_export import Do, Several, dynamo, onehot, script
from torch_nets import bn, shallow, up


class Branches(Several):
    """Each input goes through its own branch; `join` combines the results for `trunk`."""

    def __init__(self, *branches, trunk, join=lambda *maps: torch.cat(maps, 1)):
        super().__init__()
        self.branches, self.trunk, self.join = nn.ModuleList(branches), nn.Sequential(*trunk), join

    def forward(self, *inputs):
        maps = [branch(x) for branch, x in zip(self.branches, inputs)]
        return self.trunk(self.join(*maps))


class Everywhere(Several):
    """A one-hot label is concatenated to the input of each layer, as in the first conditional DCGANs."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Sequential(nn.Linear(8 + CLASSES, 12), nn.BatchNorm1d(12), nn.ReLU())
        self.second = nn.Sequential(nn.Linear(12 + CLASSES, 16), nn.BatchNorm1d(16), nn.ReLU())
        self.map = nn.Sequential(up(4 + CLASSES, 4), bn(4), nn.LeakyReLU(0.2))
        self.last = nn.Sequential(up(4 + CLASSES, 1, bias=True), nn.Tanh())

    def forward(self, z, y):
        def beside(x):
            return torch.cat([x, y.view(-1, CLASSES, 1, 1).expand(-1, -1, *x.shape[2:])], 1)

        x = self.linear(torch.cat([z, y], 1))
        x = self.second(torch.cat([x, y], 1)).view(-1, 4, 2, 2)
        return self.last(beside(self.map(beside(x))))


class Padded(Several):
    def __init__(self):
        super().__init__()
        self.vector = nn.Parameter(torch.rand(13) + 0.5)
        self.trunk = nn.Sequential(*linear(13))

    def forward(self, z, code):
        return self.trunk(pad(torch.cat([code, z], 1), (1, 2)) + self.vector)


def noise(count, *shape):
    return torch.randn(count, *(shape or (8,)))


def labels(count):
    return torch.randint(0, CLASSES, (count,))


def first(inputs, channels, act=nn.ReLU):
    """Layers to a 4×4 map."""
    return nn.Sequential(up(inputs, channels, 4, 1, 0), bn(channels), act())


def linear(inputs, act=nn.ReLU):
    """Layers to a 4×4 map of 4 channels, then to an 8×8 picture."""
    return [nn.Linear(inputs, 64), nn.BatchNorm1d(64), act(),
            Do(lambda x: x.view(-1, 4, 4, 4)), up(4, 1, bias=True), nn.Tanh()]


def trunk(channels):
    """Layers from a 4×4 map to an 8×8 picture."""
    return [up(channels, 1, bias=True), nn.Tanh()]


def same():
    return nn.Identity()


script("parts-infogan", "noise, one-hot `labels` and a code, concatenated", 13,
       lambda: Branches(same(), same(), same(), trunk=linear(8 + CLASSES + 2)),
       inputs=lambda count: {"noise": noise(count), "labels": onehot(labels(count)),
                             "code": noise(count, 2)})
script("parts-cdcgan", "z and a one-hot y, each through ConvTranspose, BatchNorm and ReLU", 11,
       lambda: Branches(first(8, 3), first(CLASSES, 2), trunk=trunk(5)), fold=False,
       inputs=lambda count: {"z": noise(count, 8, 1, 1),
                             "y": onehot(labels(count)).view(count, CLASSES, 1, 1)})
script("parts-slopes", "two latents through layers of different slopes, then beside each other", 13,
       lambda: Branches(first(8, 3), first(4, 2, lambda: nn.LeakyReLU(0.3)), trunk=trunk(5)),
       inputs=lambda count: {"z": noise(count, 8, 1, 1), "code": noise(count, 4, 1, 1)})
script("parts-label-map", "label (int64) as one-hot maps beside the first map", 13,
       lambda: Branches(
           first(8, 3),
           Do(lambda label: one_hot(label, CLASSES).float()[:, :, None, None].expand(-1, -1, 4, 4)),
           trunk=trunk(3 + CLASSES)),
       inputs=lambda count: {"z": noise(count, 8, 1, 1), "label": labels(count)})
dynamo("parts-label-first", "label (int64) before the latents, through an embedding and two Linears", 18,
       lambda: Branches(
           nn.Sequential(nn.Embedding(CLASSES, 6), nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 4)),
           same(), trunk=linear(4 + 8)),
       inputs=lambda count: {"label": labels(count), "z": noise(count)})
dynamo("parts-onehot-sum", "one-hot of the label (int64), through a Linear added to the latents", 20,
       lambda: Branches(
           same(), nn.Sequential(Do(lambda label: one_hot(label, CLASSES).float()),
                                 nn.Linear(CLASSES, 8)),
           trunk=linear(8), join=lambda z, label: z + 0.5 * label),
       inputs=lambda count: {"z": noise(count), "label": labels(count)})
script("parts-two-labels", "two labels (int64), embedded, around the latents", 13,
       lambda: Branches(nn.Embedding(CLASSES, 3), same(), nn.Embedding(3, 2),
                        trunk=linear(3 + 8 + 2, lambda: nn.LeakyReLU(0.2))),
       inputs=lambda count: {"label": labels(count), "z": noise(count),
                             "kind": torch.randint(0, 3, (count,))})
script("cond-everywhere", "one-hot y beside the latents and beside each map", 13, Everywhere,
       inputs=lambda count: {"z": noise(count), "y": onehot(labels(count))})
script("parts-repeated", "latents on both sides of the label, then BatchNorm; labels int64 one-hot", 13,
       lambda: Branches(same(), Do(lambda y: y.float()),
                        join=lambda z, y: torch.cat([z, y, z[:, 2:]], 1),
                        trunk=[nn.BatchNorm1d(14 + CLASSES), *linear(14 + CLASSES)]), fold=False,
       inputs=lambda count: {"z": noise(count), "y": onehot(labels(count)).long()})
script("parts-padded", "latents between zeros, then a vector added", 13,
       lambda: Padded(), inputs=lambda count: {"z": noise(count), "code": noise(count, 2)})
script("parts-sum", "Linear on the latents plus the label's embedding, then ReLU", 17,
       lambda: Branches(nn.Linear(8, 64), nn.Embedding(CLASSES, 64), join=lambda z, y: z + y,
                        trunk=[nn.ReLU(), Do(lambda x: x.view(-1, 4, 4, 4)), *trunk(4)]),
       inputs=lambda count: {"z": noise(count), "label": labels(count)})


# Latents that are normalised before the first layer.
def pixelnorm(x):
    return x * torch.rsqrt((x * x).mean(1, keepdim=True) + 1e-8)


script("latent-pixelnorm", "PixelNorm of the latents, [N, 8, 1, 1]", 13,
       lambda: nn.Sequential(Do(pixelnorm), *shallow()))
dynamo("latent-normalize", "latents [N, z] divided by their length (normalize)", 18,
       lambda: nn.Sequential(Do(lambda z: normalize(z, dim=1)), *linear(8)), (8,))
script("parts-pixelnorm", "PixelNorm of the noise only, beside a code and a label (int64)", 17,
       lambda: Branches(Do(pixelnorm), same(), nn.Embedding(CLASSES, 3), trunk=linear(8 + 2 + 3)),
       inputs=lambda count: {"z": noise(count), "code": noise(count, 2), "label": labels(count)})

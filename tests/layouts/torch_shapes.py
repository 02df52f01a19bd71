"""PyTorch generators whose shapes are particular: a batch that is declared, and pictures that are flat."""

import torch
from torch import nn
from torch.nn.functional import interpolate

from layout import CLASSES
from torch_export import Chain, Do, dynamo, script
from torch_nets import bn, dense, up

# Examples of the batch with which a file is exported.
BATCH = 2


class Learned(nn.Module):
    """A learned map, repeated for each picture, plus what a Linear makes of the latent and of a label."""

    def __init__(self):
        super().__init__()
        self.map = nn.Parameter(torch.randn(1, 4, 2, 2))
        self.embedding, self.linear = nn.Embedding(CLASSES, 6), nn.Linear(8 + 6, 16)

    def forward(self, z, label):
        batch = z.shape[0]
        x = self.linear(torch.cat([z, self.embedding(label).view(batch, -1)], 1))
        return x.view(batch, 4, 2, 2) + self.map.expand(batch, -1, -1, -1)


def doubled(x):
    return interpolate(x, size=(2 * x.shape[2], 2 * x.shape[3]))


def flat(pixels):
    """Linear layers to pictures without shape."""
    return lambda: nn.Sequential(nn.Linear(8, 12), nn.LeakyReLU(0.2), nn.Linear(12, pixels), nn.Tanh())


script("batch-view", f"batch fixed at {BATCH}, also in a Reshape", 13,
       lambda: nn.Sequential(*dense(4), bn(4), nn.ReLU(), up(4, 1), nn.Tanh()), (8,), fixed=BATCH)
script("batch-label", f"batch fixed at {BATCH}: a map repeated for it, and a label (int64)", 17,
       lambda: Chain(Learned(), nn.ReLU(), Do(doubled), nn.Conv2d(4, 1, 3, 1, 1), nn.Tanh()),
       (8,), "label", fixed=BATCH)
dynamo("batch-dynamo", f"batch fixed at {BATCH}", 20,
       lambda: nn.Sequential(*dense(4), bn(4), nn.ReLU(), up(4, 3), nn.Tanh()), (8,), fixed=BATCH)
script("flat-grey", "Linear to [N, 64], which is 8×8", 13, flat(64), (8,))
script("flat-colours", "Linear to [N, 48], which is 3×4×4", 13, flat(48), (8,))

"""Writes `kinds/`: PyTorch checkpoints that do not show at once what they are. They are seeded and small; an .npz
beside each holds latents `z`, labels `label` if there are some, and the pictures `image` that PyTorch draws.

    target/checkpoints/bin/python tests/checkpoints/make_kinds.py

README.md of the parent directory says how to make the virtual environment.
"""

import pathlib

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).parent / "kinds"
LATENTS, LABELS, BATCH, STEPS = 8, 5, 64, 20


def up(a, b, kernel=4, stride=2, padding=1, **more):
    return nn.ConvTranspose2d(a, b, kernel, stride, padding, bias=False, **more)


def relu_norm(module, norm, x):
    return F.relu(norm(module(x)))


class Label(nn.Module):
    """A label's embedding behind, before or times the noise."""

    def __init__(self, place):
        super().__init__()
        self.place = place
        self.label_emb = nn.Embedding(LABELS, LATENTS if place == "times" else 4)
        self.model = nn.Sequential(
            up(LATENTS + (place != "times") * 4, 12, 7, 1, 0), nn.BatchNorm2d(12), nn.ReLU(),
            up(12, 6), nn.BatchNorm2d(6), nn.ReLU(),
            up(6, 1), nn.Tanh(),
        )

    def forward(self, z, label):
        e = self.label_emb(label)
        both = {"behind": lambda: torch.cat((z, e), 1), "before": lambda: torch.cat((e, z), 1), "times": lambda: z * e}
        return self.model(both[self.place]()[:, :, None, None])


class LabelLayers(nn.Module):
    """An embedding behind which a layer stands, before two networks that are called by their names."""

    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(nn.Linear(LATENTS + 6, 6 * 49), nn.BatchNorm1d(6 * 49), nn.ReLU())
        self.up = nn.Sequential(up(6, 6), nn.BatchNorm2d(6), nn.ReLU(), up(6, 1), nn.Tanh())
        self.embed = nn.Sequential(nn.Embedding(LABELS, 3), nn.Linear(3, 6), nn.LeakyReLU(0.2))

    def forward(self, z, label):
        return self.up(self.model(torch.cat((z, self.embed(label)), 1)).view(-1, 6, 7, 7))


class TwoFirst(nn.Module):
    """A first layer for the noise and one for a one-hot label, whose maps stand side by side."""

    def __init__(self):
        super().__init__()
        self.deconv1_1, self.deconv1_1_bn = up(LATENTS, 8, 4, 1, 0), nn.BatchNorm2d(8)
        self.deconv1_2, self.deconv1_2_bn = up(LABELS, 8, 4, 1, 0), nn.BatchNorm2d(8)
        self.deconv2, self.deconv2_bn = up(16, 8), nn.BatchNorm2d(8)
        self.deconv3 = up(8, 1)

    def forward(self, z, label):
        one_hot = F.one_hot(label, LABELS).float()
        x = relu_norm(self.deconv1_1, self.deconv1_1_bn, z[:, :, None, None])
        y = relu_norm(self.deconv1_2, self.deconv1_2_bn, one_hot[:, :, None, None])
        return torch.tanh(self.deconv3(relu_norm(self.deconv2, self.deconv2_bn, torch.cat((x, y), 1))))


class Named(nn.Module):
    """Equal channels, and names in another order than the layers."""

    def __init__(self):
        super().__init__()
        self.project, self.norm_p = up(LATENTS, 8, 4, 1, 0), nn.BatchNorm2d(8)
        self.upper, self.norm_u = up(8, 8), nn.BatchNorm2d(8)
        self.middle, self.norm_m = up(8, 8), nn.BatchNorm2d(8)
        self.head = up(8, 3)

    def forward(self, z):
        x = z[:, :, None, None]
        for layer, norm in ((self.project, self.norm_p), (self.upper, self.norm_u), (self.middle, self.norm_m)):
            x = relu_norm(layer, norm, x)
        return torch.tanh(self.head(x))


class NormsBehind(nn.Module):
    """BatchNorms registered behind all layers."""

    def __init__(self):
        super().__init__()
        self.up = nn.ModuleList([up(LATENTS, 8, 4, 1, 0), up(8, 8), up(8, 8), up(8, 3)])
        self.norm = nn.ModuleList([nn.BatchNorm2d(8) for _ in range(3)])

    def forward(self, z):
        x = z[:, :, None, None]
        for layer, norm in zip(self.up, self.norm):
            x = relu_norm(layer, norm, x)
        return torch.tanh(self.up[3](x))


class Skip(nn.Module):
    """A block whose input is added to its output, unless `chain`."""

    def __init__(self, chain):
        super().__init__()
        self.chain = chain
        self.first = up(LATENTS, 8, 4, 1, 0)
        self.block = nn.ModuleDict({
            "conv1": nn.Conv2d(8, 8, 3, padding=1), "bn1": nn.BatchNorm2d(8),
            "conv2": nn.Conv2d(8, 8, 3, padding=1), "bn2": nn.BatchNorm2d(8),
        })
        self.second, self.bn, self.out = up(8, 8), nn.BatchNorm2d(8), up(8, 3)

    def forward(self, z):
        x = F.relu(self.first(z[:, :, None, None]))
        block = self.block
        y = block["bn2"](block["conv2"](F.relu(block["bn1"](block["conv1"](x)))))
        x = F.relu(y) if self.chain else x + y
        return torch.tanh(self.out(F.relu(self.bn(self.second(x)))))


class Upsampled(nn.Module):
    """PyTorch-GAN's layout, with its epsilons."""

    def __init__(self):
        super().__init__()
        self.l1 = nn.Sequential(nn.Linear(LATENTS, 8 * 49))
        self.conv_blocks = nn.Sequential(
            nn.BatchNorm2d(8), nn.Upsample(scale_factor=2),
            nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8, 0.8), nn.LeakyReLU(0.2), nn.Upsample(scale_factor=2),
            nn.Conv2d(8, 4, 3, padding=1), nn.BatchNorm2d(4, 0.8), nn.LeakyReLU(0.2),
            nn.Conv2d(4, 1, 3, padding=1), nn.Tanh(),
        )

    def forward(self, z):
        return self.conv_blocks(self.l1(z).view(-1, 8, 7, 7))


def sequential(*layers):
    class Net(nn.Sequential):
        def forward(self, z):
            return super().forward(z[:, :, None, None])

    return Net(*layers)


def chain(norm=nn.BatchNorm2d, slope=0.0, wrap=lambda layer: layer, last=nn.Tanh):
    act = lambda: nn.LeakyReLU(slope) if slope else nn.ReLU()
    return sequential(
        wrap(up(LATENTS, 8, 4, 1, 0)), norm(8), act(), wrap(up(8, 6)), norm(6), act(), wrap(up(6, 3)), last()
    )


def dense(*layers):
    class Net(nn.Sequential):
        def forward(self, z):
            return super().forward(z).view(-1, 1, 28, 28)

    return Net(*layers)


KINDS = {
    "label-behind": lambda: Label("behind"),
    "label-before": lambda: Label("before"),
    "label-times": lambda: Label("times"),
    "label-layers": LabelLayers,
    "label-map": TwoFirst,
    "named": Named,
    "norms-behind": NormsBehind,
    "skip": lambda: Skip(False),
    "no-skip": lambda: Skip(True),
    "upsampled": Upsampled,
    # Two numbers that follow each other: nothing stands between.
    "adjacent": lambda: sequential(
        up(LATENTS, 8, 4, 1, 0), nn.BatchNorm2d(8), up(8, 6), nn.BatchNorm2d(6), nn.ReLU(), up(6, 3), nn.Tanh()
    ),
    "norm-behind-relu": lambda: sequential(
        up(LATENTS, 8, 4, 1, 0), nn.ReLU(), nn.BatchNorm2d(8), up(8, 6), nn.ReLU(), nn.BatchNorm2d(6), up(6, 3), nn.Tanh()
    ),
    "dense": lambda: dense(
        nn.Linear(LATENTS, 8), nn.Linear(8, 12), nn.BatchNorm1d(12), nn.LeakyReLU(0.2), nn.Linear(12, 784), nn.Tanh()
    ),
    "dense-without-norm": lambda: dense(
        nn.Linear(LATENTS, 8), nn.LeakyReLU(0.2), nn.Linear(8, 784), nn.Tanh()
    ),
    # 1, 3, 6, 13, 28.
    "course": lambda: sequential(
        up(LATENTS, 8, 3, 2, 0), nn.BatchNorm2d(8), nn.ReLU(), up(8, 6, 4, 1, 0), nn.BatchNorm2d(6), nn.ReLU(),
        up(6, 4, 3, 2, 0), nn.BatchNorm2d(4), nn.ReLU(), up(4, 1, 4, 2, 0), nn.Tanh(),
    ),
    # 1, 4, 7, 14, 28.
    "four-seven": lambda: sequential(
        up(LATENTS, 8, 4, 1, 0), nn.BatchNorm2d(8), nn.ReLU(), up(8, 6, 3, 2, 1), nn.BatchNorm2d(6), nn.ReLU(),
        up(6, 4), nn.BatchNorm2d(4), nn.ReLU(), up(4, 1), nn.Tanh(),
    ),
    "slope": lambda: chain(slope=0.2),
    "depthwise": lambda: sequential(
        up(LATENTS, 12, 4, 1, 0), nn.BatchNorm2d(12), nn.ReLU(), up(12, 12, groups=12), nn.Conv2d(12, 6, 1),
        nn.BatchNorm2d(6), nn.ReLU(), up(6, 3), nn.Tanh(),
    ),
    "spectral": lambda: chain(wrap=nn.utils.spectral_norm),
    # 21 letters: the archive has a layout of its own.
    "spectral-parametrized": lambda: chain(wrap=nn.utils.parametrizations.spectral_norm),
    "weight-norm": lambda: chain(wrap=nn.utils.weight_norm),
    "instance-norm": lambda: chain(norm=nn.InstanceNorm2d),
    "instance-norm-affine": lambda: chain(norm=lambda channels: nn.InstanceNorm2d(channels, affine=True)),
    "no-statistics": lambda: chain(norm=lambda channels: nn.BatchNorm2d(channels, track_running_stats=False)),
}
# Kinds whose weights are also stored without an order.
UNORDERED = ["named", "norms-behind"]


def trained(name, make, seed):
    torch.manual_seed(seed)
    net = make().train()
    for module in net.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)) and module.affine:
            nn.init.normal_(module.weight, 1, 0.3)
            nn.init.normal_(module.bias, 0, 0.3)
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, 0, 1.5)
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
            # The statistics are averages over all batches.
            module.momentum = None
    labelled = isinstance(net, (Label, LabelLayers, TwoFirst))
    label = lambda count: [torch.arange(count) % LABELS] if labelled else []
    with torch.no_grad():
        if name.startswith("spectral"):
            # The norms of weights are estimated step by step: they settle long before a training ends.
            for _ in range(STEPS):
                net(torch.randn(BATCH, LATENTS))
            for module in net.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.reset_running_stats()
        for _ in range(STEPS):
            net(torch.randn(BATCH, LATENTS), *label(BATCH))
        z = torch.randn(3, LATENTS)
        image = net.eval()(z, *label(3))
    arrays = {"z": z.numpy(), "image": image.numpy()}
    if labelled:
        arrays["label"] = label(3)[0].numpy()
    return net, arrays


def main():
    HERE.mkdir(exist_ok=True)
    for seed, (name, make) in enumerate(KINDS.items()):
        net, arrays = trained(name, make, seed)
        np.savez_compressed(HERE / f"{name}.npz", **arrays)
        torch.save(net.state_dict(), HERE / f"{name}.pth")
        if name in UNORDERED:
            save_file(net.state_dict(), HERE / f"{name}.safetensors")


if __name__ == "__main__":
    main()

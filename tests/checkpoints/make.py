"""Writes the PyTorch checkpoints of this directory. They are seeded and tiny; an .npz beside each holds latents
`z` and the pictures `image` that PyTorch itself draws from them.

    python -m venv target/checkpoints
    target/checkpoints/bin/pip install -r tests/checkpoints/requirements.txt
    target/checkpoints/bin/python tests/checkpoints/make.py
    target/checkpoints/bin/python tests/checkpoints/make_keras.py

dcgan.legacy.pth and keras.keras differ after each run: they contain addresses and times.
"""

import pathlib

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

HERE = pathlib.Path(__file__).parent
LATENTS = 2


class Dcgan(nn.Module):
    """The paper's generator, as in PyTorch's tutorial."""

    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(10, 8, 4, 1, 0, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(True),
            nn.ConvTranspose2d(8, 6, 4, 2, 1, bias=False),
            nn.BatchNorm2d(6),
            nn.ReLU(True),
            nn.ConvTranspose2d(6, 3, 4, 2, 1),
            nn.Tanh(),
        )

    def forward(self, z):
        return self.main(z.view(*z.shape, 1, 1))


class Named(nn.Module):
    """Names in another order than the layers, a kernel of 5, and PReLUs."""

    def __init__(self):
        super().__init__()
        self.out = nn.Conv2d(4, 1, 3, padding=1)
        self.prelu1 = nn.PReLU(5)
        self.prelu2 = nn.PReLU()
        self.fc = nn.Linear(9, 6 * 4 * 4)
        self.bn0 = nn.BatchNorm2d(6)
        self.bn1 = nn.BatchNorm2d(5, affine=False)
        self.a_deconv = nn.ConvTranspose2d(6, 5, 5, 2, 2, output_padding=1)
        self.deconv = nn.ConvTranspose2d(5, 4, 3, 2, 1, output_padding=1)

    def forward(self, z):
        x = torch.relu(self.bn0(self.fc(z).view(-1, 6, 4, 4)))
        x = self.prelu1(self.bn1(self.a_deconv(x)))
        return torch.tanh(self.out(self.prelu2(self.deconv(x))))


class Upsampled(nn.Module):
    """Nearest upsampling before plain convolutions, a large epsilon."""

    def __init__(self):
        super().__init__()
        self.l1 = nn.Sequential(nn.Linear(8, 7 * 3 * 3))
        self.conv_blocks = nn.Sequential(
            nn.BatchNorm2d(7),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(7, 6, 3, padding=1),
            nn.BatchNorm2d(6, 0.8),
            nn.LeakyReLU(0.2),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(6, 3, 3, padding=1),
            nn.Tanh(),
        )

    def forward(self, z):
        return self.conv_blocks(self.l1(z).view(-1, 7, 3, 3))


class Flat(nn.Module):
    """Linear layers only."""

    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.Linear(6, 12), nn.BatchNorm1d(12), nn.LeakyReLU(0.2), nn.Linear(12, 64), nn.Sigmoid()
        )

    def forward(self, z):
        return self.model(z).view(-1, 1, 8, 8)


def trained(make, latent, seed):
    """A module whose BatchNorm statistics were measured on its own activations, with latents and pictures."""
    torch.manual_seed(seed)
    model = make().train()
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)) and module.affine:
            nn.init.normal_(module.weight, 1, 0.5)
            nn.init.normal_(module.bias, 0, 0.2)
        if isinstance(module, nn.PReLU):
            nn.init.uniform_(module.weight, 0.1, 0.4)
    with torch.no_grad():
        for _ in range(20):
            model(torch.randn(64, latent))
        z = torch.randn(LATENTS, latent)
        image = model.eval()(z)
    return model, {"z": z.numpy(), "image": image.numpy()}


def main():
    dcgan, pictures = trained(Dcgan, 10, 1)
    np.savez_compressed(HERE / "dcgan.npz", **pictures)
    torch.save(dcgan.state_dict(), HERE / "dcgan.pth")
    legacy = {"_use_new_zipfile_serialization": False}
    torch.save(dcgan.state_dict(), HERE / "dcgan.legacy.pth", **legacy)
    torch.save(dcgan, HERE / "dcgan.module.pt")
    optimizer = torch.optim.SGD(dcgan.parameters(), lr=0, momentum=0.5)
    for parameter in dcgan.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    discriminator = nn.Sequential(nn.Conv2d(3, 1, 16))
    training = {
        "epoch": 7,
        "netG": nn.DataParallel(dcgan).state_dict(),
        "netD": discriminator.state_dict(),
        "optimizerG": optimizer.state_dict(),
    }
    torch.save(training, HERE / "dcgan.training.pth")
    half = {name: tensor.half() for name, tensor in dcgan.state_dict().items()}
    save_file(half, HERE / "dcgan.half.safetensors")

    for name, make, latent, seed in [("upsampled", Upsampled, 8, 3), ("flat", Flat, 6, 4)]:
        model, pictures = trained(make, latent, seed)
        np.savez_compressed(HERE / f"{name}.npz", **pictures)
        torch.save(model.state_dict(), HERE / f"{name}.pth")
    model, pictures = trained(Named, 9, 2)
    np.savez_compressed(HERE / "named.npz", **pictures)
    save_file(model.state_dict(), HERE / "named.safetensors")


if __name__ == "__main__":
    main()

"""Times `dcgan train` and PyTorch, in steps per second, with the same networks, batch and threads. Both run
three times, one after the other. A step is one of the discriminator and one of the generator, as in
dcgan/src/trainer.rs, including the moving average of the generator's weights.

Called by `cargo xtask bench-trainer`, which creates the environment of requirements.txt.
"""

import argparse
import csv
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import softplus

ROUNDS, STEPS, INTERVAL = 3, 150, 50
# Name, size, latent, width of the generator, width of the discriminator.
NETWORKS = [("micro-256k", 32, 32, 24, 32), ("ngf 32", 32, 100, 32, 32)]
BATCH, THREADS = 64, 2


def init(module):
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0, 0.02)


def generator(latent, width):
    layers, wide = [nn.ConvTranspose2d(latent, width * 4, 4, bias=False)], width * 4
    for narrow in (width * 2, width):
        layers += [nn.BatchNorm2d(wide), nn.ReLU(),
                   nn.ConvTranspose2d(wide, narrow, 4, 2, 1, bias=False)]
        wide = narrow
    layers += [nn.BatchNorm2d(wide), nn.ReLU(), nn.ConvTranspose2d(wide, 3, 4, 2, 1), nn.Tanh()]
    return nn.Sequential(*layers).apply(init)


def discriminator(width):
    layers = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2)]
    for narrow in (width, width * 2):
        layers += [nn.Conv2d(narrow, narrow * 2, 4, 2, 1, bias=False), nn.BatchNorm2d(narrow * 2),
                   nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(width * 4, 1, 4)).apply(init)


def by_torch(pictures, size, latent, width, discriminator_width):
    torch.manual_seed(1)
    draws, judges = generator(latent, width), discriminator(discriminator_width)
    average = [parameter.detach().clone() for parameter in draws.parameters()]
    adam = [torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.999)) for net in (draws, judges)]
    pictures = torch.from_numpy(pictures.transpose(0, 3, 1, 2).copy())

    def step():
        real = pictures[torch.randint(len(pictures), (BATCH,))].float() / 127.5 - 1
        drawn = draws(torch.randn(BATCH, latent, 1, 1))
        on_real, on_drawn = judges(real), judges(drawn.detach())
        loss = softplus(-on_real).mean() + softplus(on_drawn).mean()
        adam[1].zero_grad()
        loss.backward()
        adam[1].step()
        judges.requires_grad_(False)
        drawn_loss = softplus(-judges(drawn)).mean()
        adam[0].zero_grad()
        drawn_loss.backward()
        adam[0].step()
        judges.requires_grad_(True)
        with torch.no_grad():
            torch._foreach_lerp_(average, list(draws.parameters()), 0.001)
        return loss.item(), drawn_loss.item(), drawn.std(0).mean().item()

    for _ in range(INTERVAL):
        step()
    start = time.perf_counter()
    for _ in range(STEPS - INTERVAL):
        step()
    return (STEPS - INTERVAL) / (time.perf_counter() - start)


def by_dcgan(binary, out, data, size, latent, width, discriminator_width):
    run = out / "run"
    shutil.rmtree(run, ignore_errors=True)
    numbers = {"--latent": latent, "--width": width, "--discriminator-width": discriminator_width,
               "--batch": BATCH, "--threads": THREADS, "--steps": STEPS, "--interval": STEPS}
    words = [binary, "train", "--data", data, "-o", run]
    words += [word for pair in numbers.items() for word in pair]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{binary}: {done.stderr.strip()}")
    with open(run / "log.csv", newline="") as log:
        rows = [float(row["steps_per_second"]) for row in csv.DictReader(log)]
    # The first interval is a warm-up, as with PyTorch.
    return len(rows[1:]) / sum(1 / speed for speed in rows[1:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dcgan", type=Path, required=True, help="the dcgan binary")
    parser.add_argument("--out", type=Path, required=True, help="output directory")
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    model = [line for line in open("/proc/cpuinfo") if line.startswith("model name")]
    cpu = model[0].split(":")[1].strip() if model else platform.processor()
    print(f"torch {torch.__version__}, {THREADS} threads, batch {BATCH}, {cpu}")
    for name, size, *numbers in NETWORKS:
        pictures = np.random.default_rng(1).integers(0, 256, (1000, size, size, 3), dtype=np.uint8)
        data = arguments.out / "noise.npz"
        np.savez(data, images=pictures)
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(by_dcgan(arguments.dcgan, arguments.out, data, size, *numbers))
            theirs.append(by_torch(pictures, size, *numbers))
        ratio = np.median(ours) / np.median(theirs)
        text = lambda speeds: " ".join(f"{speed:.2f}" for speed in speeds)
        print(f"{name}: dcgan {text(ours)} steps/s, torch {text(theirs)} steps/s, "
              f"ratio of the medians {ratio:.2f}")


if __name__ == "__main__":
    main()

"""Times `dcgan train` and PyTorch, in steps per second, with the same networks, batch and threads. PyTorch runs as it is
usually written, and tuned: maps with their channels last, and an allocator that keeps memory. All run in turn, several
times. A step is one of the discriminator and one of the generator, as in dcgan/src/trainer.rs, including the moving
average of the generator's weights.

Called by `cargo xtask bench-trainer`, which creates the environment of requirements.txt.
"""

import argparse
import csv
import os
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

ROUNDS, BATCH = 3, 64
# Name, steps, size, latent, width of the generator, width of the discriminator, kernel.
NETWORKS = [
    ("micro-256k", 100, 32, 32, 24, 32, 4),
    ("micro-1m", 60, 64, 32, 32, 32, 4),
    ("paper64", 2, 64, 100, 128, 128, 5),
]
FORMS = ("usual", "tuned")
# glibc would give the memory of large maps back to the system after each use.
KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": "4000000000", "MALLOC_MMAP_THRESHOLD_": "4000000000"}


def init(module):
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0, 0.02)


def widths(size, width):
    """Channels of the hidden layers, from the picture on."""
    return [width << index for index in range((size // 4).bit_length() - 1)]


def generator(size, latent, width, kernel):
    *rest, wide = widths(size, width)
    sides = dict(stride=2, padding=(kernel - 1) // 2, output_padding=kernel - 4)
    layers = [nn.ConvTranspose2d(latent, wide, 4, bias=False)]
    for narrow in reversed(rest):
        layers += [nn.BatchNorm2d(wide), nn.ReLU(),
                   nn.ConvTranspose2d(wide, narrow, kernel, bias=False, **sides)]
        wide = narrow
    layers += [nn.BatchNorm2d(wide), nn.ReLU(), nn.ConvTranspose2d(wide, 3, kernel, **sides),
               nn.Tanh()]
    return nn.Sequential(*layers).apply(init)


def discriminator(size, width, kernel):
    first, *rest = widths(size, width)
    sides = dict(stride=2, padding=(kernel - 1) // 2)
    layers, narrow = [nn.Conv2d(3, first, kernel, **sides), nn.LeakyReLU(0.2)], first
    for wide in rest:
        layers += [nn.Conv2d(narrow, wide, kernel, bias=False, **sides), nn.BatchNorm2d(wide),
                   nn.LeakyReLU(0.2)]
        narrow = wide
    return nn.Sequential(*layers, nn.Conv2d(narrow, 1, 4)).apply(init)


def by_torch(form, threads, pictures, steps, size, latent, width, discriminator_width, kernel):
    torch.manual_seed(1)
    torch.set_num_threads(threads)
    layout = torch.channels_last if form == "tuned" else torch.contiguous_format
    draws = generator(size, latent, width, kernel).to(memory_format=layout)
    judges = discriminator(size, discriminator_width, kernel).to(memory_format=layout)
    average = [parameter.detach().clone() for parameter in draws.parameters()]
    adam = [torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.999)) for net in (draws, judges)]
    pictures = torch.from_numpy(pictures.transpose(0, 3, 1, 2).copy())

    def step():
        real = pictures[torch.randint(len(pictures), (BATCH,))].float() / 127.5 - 1
        drawn = draws(torch.randn(BATCH, latent, 1, 1).to(memory_format=layout))
        on_real, on_drawn = judges(real.to(memory_format=layout)), judges(drawn.detach())
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

    # The first half is a warm-up.
    for _ in range(steps // 2):
        step()
    start = time.perf_counter()
    for _ in range(steps // 2):
        step()
    return steps // 2 / (time.perf_counter() - start)


def torch_apart(form, threads, index, data):
    """by_torch in a process of its own, whose allocator follows its environment."""
    words = [sys.executable, __file__, "--torch", form, str(threads), str(index), str(data)]
    settings = KEEP_MEMORY if form == "tuned" else {}
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, **settings})
    if done.returncode != 0:
        sys.exit(f"torch: {done.stderr.strip()}")
    return float(done.stdout)


def by_dcgan(binary, out, data, threads, steps, size, latent, width, discriminator_width, kernel):
    run = out / "run"

    def seconds(steps):
        shutil.rmtree(run, ignore_errors=True)
        numbers = {"--latent": latent, "--width": width, "--kernel": kernel,
                   "--discriminator-width": discriminator_width, "--batch": BATCH,
                   "--threads": threads, "--steps": steps, "--interval": steps}
        # The paper's training, as PyTorch's is here: without a penalty, which would make a step longer.
        words = [binary, "train", "--data", data, "-o", run, "--rate", 2e-4, "--rate-ratio", 1,
                 "--smooth", 0, "--r1", 0, "--constant-rates",
                 "--discriminator-norm", "--minibatch-discrimination=false"]
        words += [word for pair in numbers.items() for word in pair]
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{binary}: {done.stderr.strip()}")
        # Lines have the speed of the steps since the one before, without sheets and checkpoints.
        with open(run / "log.csv", newline="") as log:
            rows = [(int(row["step"]), float(row["steps_per_second"])) for row in csv.DictReader(log)]
        before = [0] + [step for step, _ in rows]
        return sum((step - begin) / speed for (step, speed), begin in zip(rows, before))

    return steps // 2 / (seconds(steps) - seconds(steps // 2))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dcgan", type=Path, help="the dcgan binary")
    parser.add_argument("--out", type=Path, help="output directory")
    parser.add_argument("--torch", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.torch:
        form, threads, index, data = arguments.torch
        name, *numbers = NETWORKS[int(index)]
        print(by_torch(form, int(threads), np.load(data)["images"], *numbers))
        return
    model = [line for line in open("/proc/cpuinfo") if line.startswith("model name")]
    cpu = model[0].split(":")[1].strip() if model else platform.processor()
    print(f"steps a second, medians of {ROUNDS}; torch {torch.__version__}, batch {BATCH}, {cpu}, "
          f"{torch.backends.cpu.get_cpu_capability()}")
    print(f"{'':12} threads  dcgan" + "".join(f"  torch {form:6} ratio" for form in FORMS))
    for index, (name, steps, size, *numbers) in enumerate(NETWORKS):
        pictures = np.random.default_rng(1).integers(0, 256, (1000, size, size, 3), dtype=np.uint8)
        data = arguments.out / f"noise{size}.npz"
        np.savez(data, images=pictures)
        for threads in (1, 2):
            ours, theirs = [], {form: [] for form in FORMS}
            for _ in range(ROUNDS):
                ours.append(by_dcgan(arguments.dcgan, arguments.out, data, threads, steps, size, *numbers))
                for form in FORMS:
                    theirs[form].append(torch_apart(form, threads, index, data))
            speed = np.median(ours)
            text = "".join(f"  {np.median(theirs[form]):12.2f} {speed / np.median(theirs[form]):5.2f}"
                           for form in FORMS)
            print(f"{name:12} {threads:7}  {speed:5.2f}{text}", flush=True)


if __name__ == "__main__":
    main()

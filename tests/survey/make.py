"""Writes the PyTorch files of the survey.

    python3 -m venv /tmp/survey
    /tmp/survey/bin/pip install -r tests/survey/requirements.txt
    /tmp/survey/bin/python tests/survey/make.py
    /tmp/survey/bin/python tests/survey/make_keras.py

NN-NAME.npz has what the network is given (`z`, `label`) and the pictures `image` that PyTorch draws of it, as NCHW.
A `label` of whole numbers is an index; one of floats is one-hot. Everything is seeded.
"""

import pathlib

import numpy as np
import torch
from torch import nn

import networks as net
from training import noise, one_hot, optimizer, trained

HERE = pathlib.Path(__file__).parent


def index(classes):
    return lambda count: torch.randint(classes, (count,))


def joined(*parts):
    return lambda count: torch.cat([part(count) for part in parts], 1)


def uniform(width):
    return lambda count: torch.rand(count, width) * 2 - 1


def mammograms(generator):
    critic = net.MammogramCritic()
    return {
        "discriminator": critic.state_dict(),
        "generator": generator.state_dict(),
        "optim_discriminator": optimizer(critic),
        "optim_generator": optimizer(generator),
    }


def info_gan(generator):
    shared, head, code = net.info_gan_others()
    return {
        "netG": generator.state_dict(),
        "discriminator": shared.state_dict(),
        "netD": head.state_dict(),
        "netQ": code.state_dict(),
        "optimD": optimizer(shared, head, stepped=True),
        "optimG": optimizer(generator, code),
        "params": {"batch_size": 128, "num_epochs": 100, "learning_rate": 2e-4, "dataset": "MNIST"},
    }


def world(autoencoder):
    return {
        "epoch": 40,
        "state_dict": autoencoder.state_dict(),
        "precision": 21.5,
        "optimizer": optimizer(autoencoder),
        "scheduler": {"best": 21.4, "num_bad_epochs": 1, "mode": "min", "last_epoch": 40},
        "earlystopping": {"best": 21.4, "num_bad_epochs": 1, "mode": "min"},
    }


def main():
    plain = nn.Module.state_dict
    digits = lambda: net.Autoencoder(net.DigitEncoder(), net.DigitDecoder())
    worlds = lambda: net.Autoencoder(net.WorldEncoder(), net.WorldDecoder())
    coded = joined(noise(6), one_hot(4), uniform(2))
    survey = [
        ("01-mammograms.pt", net.Mammograms, [noise(7), index(6)], mammograms),
        ("02-times.pth", net.Times, [noise(9), index(10)], plain),
        ("03-upsampled.pth", net.Upsampled, [noise(10), index(10)], plain),
        ("04-two-first.pkl", net.TwoFirst, [noise(7), one_hot(10)], plain),
        ("05-cvae.pth", digits, [noise(3), index(10)], plain),
        ("06-dense.pth", net.Dense, [noise(7), index(10)], plain),
        ("07-other-order.pth", net.OtherOrder, [joined(noise(6), one_hot(8))], plain),
        ("08-cifar.pth", net.Cifar, [joined(one_hot(4), noise(8))], plain),
        ("09-unpadded.pth", net.Unpadded, [noise(8)], plain),
        ("10-norm-behind.pth", net.NormBehind, [noise(8)], plain),
        ("11-five.pt", net.Five, [noise(8)], plain),
        ("12-infogan.pth", net.InfoGan, [coded], info_gan),
        ("13-world-models.tar", worlds, [noise(4)], world),
        ("14-tutorial.pth", net.Tutorial, [noise(10)], plain),
        ("15-bilinear.pth", net.Bilinear, [noise(8)], plain),
    ]
    for seed, (name, make, inputs, saved) in enumerate(survey, 1):
        network, pictures = trained(make, inputs, seed)
        torch.save(saved(network), HERE / name)
        np.savez_compressed((HERE / name).with_suffix(".npz"), **pictures)


if __name__ == "__main__":
    main()

"""The PyTorch networks of the survey, rebuilt with few channels. Module names, nesting, order of registration,
kernels, strides, activations and the way of the label are those of the public classes (README.md)."""

import torch
import torch.nn.functional as F
from torch import nn


def up(inputs, outputs, kernel=4, stride=2, padding=1, **options):
    return nn.ConvTranspose2d(inputs, outputs, kernel, stride, padding, **options)


def dcgan(inputs, features, outputs=1):
    """The chain of PyTorch's tutorial: 4×4, then doubled."""
    layers = [up(inputs, features[0], 4, 1, 0, bias=False), nn.BatchNorm2d(features[0]), nn.ReLU(True)]
    for before, after in zip(features, features[1:]):
        layers += [up(before, after, bias=False), nn.BatchNorm2d(after), nn.ReLU(True)]
    return nn.Sequential(*layers, up(features[-1], outputs, bias=False), nn.Tanh())


class Mammograms(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = dcgan(14, (16, 8, 4, 2))
        self.embed_nn = nn.Sequential(nn.Embedding(6, 5), nn.Linear(5, 7), nn.LeakyReLU(0.2, True))

    def forward(self, z, label):
        embedded = self.embed_nn(label).view(-1, 7, 1, 1)
        return self.main(torch.cat([z.view(-1, 7, 1, 1), embedded], 1))


class MammogramCritic(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [nn.Conv2d(2, 1, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
        for before, after in ((1, 2), (2, 4), (4, 8)):
            layers += [nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.2, True)]
        self.main = nn.Sequential(*layers, nn.Conv2d(8, 1, 4, 1, 0, bias=False), nn.Sigmoid())
        self.embed_nn = nn.Sequential(nn.Embedding(10, 2), nn.Linear(2, 32 * 32), nn.LeakyReLU(0.2, True))


class Times(nn.Module):
    def __init__(self):
        super().__init__()
        self.label_emb = nn.Embedding(10, 9)
        self.model = nn.Sequential(
            up(9, 16, 7, 1, 0, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(True),
            up(16, 8, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(True),
            up(8, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, z, label):
        return self.model((z * self.label_emb(label)).view(-1, 9, 1, 1))


class Upsampled(nn.Module):
    def __init__(self):
        super().__init__()
        self.label_emb = nn.Embedding(10, 10)
        self.l1 = nn.Sequential(nn.Linear(20, 8 * 7**2))
        self.conv_blocks = nn.Sequential(
            nn.BatchNorm2d(8),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(8, 8, 3, 1, 1),
            nn.BatchNorm2d(8, 0.8),
            nn.ReLU(True),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(8, 4, 3, 1, 1),
            nn.BatchNorm2d(4, 0.8),
            nn.ReLU(True),
            nn.Conv2d(4, 1, 3, 1, 1),
            nn.Tanh(),
        )

    def forward(self, z, label):
        return self.conv_blocks(self.l1(torch.cat((z, self.label_emb(label)), -1)).view(-1, 8, 7, 7))


class TwoFirst(nn.Module):
    def __init__(self, d=4):
        super().__init__()
        self.deconv1_1 = up(7, d * 2, 4, 1, 0)
        self.deconv1_1_bn = nn.BatchNorm2d(d * 2)
        self.deconv1_2 = up(10, d * 2, 4, 1, 0)
        self.deconv1_2_bn = nn.BatchNorm2d(d * 2)
        self.deconv2 = up(d * 4, d * 2)
        self.deconv2_bn = nn.BatchNorm2d(d * 2)
        self.deconv3 = up(d * 2, d)
        self.deconv3_bn = nn.BatchNorm2d(d)
        self.deconv4 = up(d, 1)

    def forward(self, z, label):
        x = F.relu(self.deconv1_1_bn(self.deconv1_1(z.view(-1, 7, 1, 1))))
        y = F.relu(self.deconv1_2_bn(self.deconv1_2(label.view(-1, 10, 1, 1))))
        x = F.relu(self.deconv2_bn(self.deconv2(torch.cat([x, y], 1))))
        return torch.tanh(self.deconv4(F.relu(self.deconv3_bn(self.deconv3(x)))))


class DigitEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.label_embedding = nn.Linear(10, 4)
        self.fc_hidden = nn.Linear(28 * 28 + 4, 6)
        self.fc_mu = nn.Linear(6, 3)
        self.fc_logvar = nn.Linear(6, 3)


class DigitDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.label_embedding = nn.Linear(10, 4)
        self.fc_hidden = nn.Linear(3 + 4, 6)
        self.fc_out = nn.Linear(6, 28 * 28)

    def forward(self, z, label):
        embedded = F.relu(self.label_embedding(F.one_hot(label, 10).float()))
        hidden = F.relu(self.fc_hidden(torch.cat([z, embedded], 1)))
        return torch.sigmoid(self.fc_out(hidden)).view(-1, 1, 28, 28)


class Autoencoder(nn.Module):
    """An encoder, which drawing does not use, and a decoder, in one file."""

    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def forward(self, *inputs):
        return self.decoder(*inputs)


class Dense(nn.Module):
    def __init__(self):
        super().__init__()
        self.label_emb = nn.Embedding(10, 10)
        self.model = nn.Sequential(
            nn.Linear(17, 9),
            nn.LeakyReLU(0.2, True),
            nn.Linear(9, 11),
            nn.BatchNorm1d(11),
            nn.LeakyReLU(0.2, True),
            nn.Linear(11, 12),
            nn.BatchNorm1d(12),
            nn.LeakyReLU(0.2, True),
            nn.Linear(12, 28 * 28),
            nn.Tanh(),
        )

    def forward(self, z, label):
        return self.model(torch.cat((z, self.label_emb(label)), -1)).view(-1, 1, 28, 28)


class OtherOrder(nn.Module):
    def __init__(self):
        super().__init__()
        self.deconv1 = up(16, 8, 5, 2, 0)
        self.deconv2 = up(8, 4, 3, 2, 0)
        self.deconv3 = up(4, 3, 3, 2, 0, output_padding=1)
        self.fc1 = nn.Linear(14, 20)
        self.fc2 = nn.Linear(20, 20)
        self.fc3 = nn.Linear(20, 2 * 2 * 16)
        self.BN1 = nn.BatchNorm2d(8)
        self.BN2 = nn.BatchNorm2d(4)
        self.BN3 = nn.BatchNorm2d(3)

    def forward(self, z):
        x = F.relu(self.fc3(F.relu(self.fc2(F.relu(self.fc1(z)))))).view(-1, 16, 2, 2)
        x = F.relu(self.BN1(self.deconv1(x)))
        x = F.relu(self.BN2(self.deconv2(x)))
        return F.relu(self.BN3(self.deconv3(x)))


class Cifar(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(12, 16)
        self.tconv2 = nn.Sequential(up(16, 8, 5, 2, 0, bias=False), nn.BatchNorm2d(8), nn.ReLU(True))
        self.tconv3 = nn.Sequential(up(8, 6, 5, 2, 0, bias=False), nn.BatchNorm2d(6), nn.ReLU(True))
        self.tconv4 = nn.Sequential(up(6, 3, 5, 2, 0, bias=False), nn.Tanh())

    def forward(self, z):
        return self.tconv4(self.tconv3(self.tconv2(self.fc1(z).view(-1, 16, 1, 1))))


class Unpadded(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin1 = nn.Linear(8, 7 * 7 * 12)
        self.ct1 = up(12, 6, 4, 2, 0)
        self.ct2 = up(6, 3, 4, 2, 0)
        self.conv = nn.Conv2d(3, 1, 7)

    def forward(self, z):
        x = F.relu(self.lin1(z)).view(-1, 12, 7, 7)
        return self.conv(F.relu(self.ct2(F.relu(self.ct1(x)))))


class Reshape(nn.Module):
    def forward(self, x):
        return x.view(-1, 12, 7, 7)


class NormBehind(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer_stack = nn.Sequential(
            nn.Linear(8, 12 * 7 * 7),
            Reshape(),
            nn.BatchNorm2d(12),
            up(12, 6),
            nn.ReLU(),
            nn.BatchNorm2d(6),
            up(6, 1),
            nn.Tanh(),
        )

    def forward(self, z):
        return self.layer_stack(z)


class Five(nn.Module):
    def __init__(self):
        super().__init__()
        five = {"kernel": 5, "padding": 2, "output_padding": 1}
        self.layer1 = nn.Sequential(nn.Linear(8, 7 * 7 * 12), nn.ReLU())
        self.layer2 = nn.Sequential(up(12, 6, **five), nn.BatchNorm2d(6), nn.ReLU())
        self.layer3 = nn.Sequential(up(6, 1, **five), nn.Tanh())

    def forward(self, z):
        return self.layer3(self.layer2(self.layer1(z).view(-1, 12, 7, 7)))


class InfoGan(nn.Module):
    def __init__(self):
        super().__init__()
        self.tconv1 = up(12, 14, 1, 1, 0, bias=False)
        self.bn1 = nn.BatchNorm2d(14)
        self.tconv2 = up(14, 6, 7, 1, 0, bias=False)
        self.bn2 = nn.BatchNorm2d(6)
        self.tconv3 = up(6, 3, bias=False)
        self.bn3 = nn.BatchNorm2d(3)
        self.tconv4 = up(3, 1, bias=False)

    def forward(self, z):
        x = F.relu(self.bn1(self.tconv1(z.view(-1, 12, 1, 1))))
        x = F.relu(self.bn3(self.tconv3(F.relu(self.bn2(self.tconv2(x))))))
        return torch.sigmoid(self.tconv4(x))


def info_gan_others():
    """The three other networks of InfoGAN's file: what is shared, D's head, Q's head."""
    shared, head, code = nn.Module(), nn.Module(), nn.Module()
    shared.conv1 = nn.Conv2d(1, 2, 4, 2, 1)
    shared.conv2 = nn.Conv2d(2, 4, 4, 2, 1, bias=False)
    shared.bn2 = nn.BatchNorm2d(4)
    shared.conv3 = nn.Conv2d(4, 8, 7, bias=False)
    shared.bn3 = nn.BatchNorm2d(8)
    head.conv = nn.Conv2d(8, 1, 1)
    code.conv1 = nn.Conv2d(8, 6, 1, bias=False)
    code.bn1 = nn.BatchNorm2d(6)
    code.conv_disc = nn.Conv2d(6, 4, 1)
    code.conv_mu = nn.Conv2d(6, 2, 1)
    code.conv_var = nn.Conv2d(6, 2, 1)
    return shared, head, code


class WorldEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 4, 2)
        self.conv2 = nn.Conv2d(4, 6, 4, 2)
        self.conv3 = nn.Conv2d(6, 10, 4, 2)
        self.conv4 = nn.Conv2d(10, 12, 4, 2)
        self.fc_mu = nn.Linear(2 * 2 * 12, 4)
        self.fc_logsigma = nn.Linear(2 * 2 * 12, 4)


class WorldDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 32)
        self.deconv1 = up(32, 10, 5, 2, 0)
        self.deconv2 = up(10, 6, 5, 2, 0)
        self.deconv3 = up(6, 4, 6, 2, 0)
        self.deconv4 = up(4, 3, 6, 2, 0)

    def forward(self, z):
        x = F.relu(self.deconv1(F.relu(self.fc1(z)).view(-1, 32, 1, 1)))
        return torch.sigmoid(self.deconv4(F.relu(self.deconv3(F.relu(self.deconv2(x))))))


class Tutorial(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = dcgan(10, (16, 8, 4, 2))

    def forward(self, z):
        return self.main(z.view(-1, 10, 1, 1))


class Bilinear(nn.Module):
    def __init__(self):
        super().__init__()
        self._init_linear = nn.Linear(8, 6 * 7 * 7)
        self._nn_batch_norm_layers = nn.ModuleList([nn.BatchNorm1d(6 * 7 * 7), nn.BatchNorm2d(12), nn.BatchNorm2d(6)])
        channels = (6, 12, 6, 1)
        self._conv_layers = nn.ModuleList([nn.Conv2d(a, b, 5, 1, 2) for a, b in zip(channels, channels[1:])])

    def forward(self, z):
        norms, convolutions = self._nn_batch_norm_layers, self._conv_layers
        x = F.relu(norms[0](self._init_linear(z))).view(-1, 6, 7, 7)
        for norm, convolution in zip(norms[1:], convolutions):
            doubled = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = F.relu(norm(convolution(doubled)))
        return torch.sigmoid(convolutions[2](x))

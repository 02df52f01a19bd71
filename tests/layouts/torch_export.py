"""Scales PyTorch networks to realistic activations and exports them."""

import logging

import torch
from torch import nn
from torch.nn.utils import parametrize

from layout import CLASSES, LAST, MEASURED, add

logging.getLogger("torch.onnx").setLevel(logging.ERROR)
torch.set_num_threads(1)
LINEAR = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


class Do(nn.Module):
    """A function as a layer."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs)


class Several(nn.Module):
    """A module whose `forward` takes *inputs."""


class Chain(nn.Sequential):
    """A sequence of layers whose first layer takes all inputs."""

    def forward(self, *inputs):
        first, *others = self
        x = first(*inputs)
        for layer in others:
            x = layer(x)
        return x


def onehot(labels):
    return nn.functional.one_hot(labels, CLASSES).float()


def examples(latent, label, count):
    """`count` latents of shape `latent`, and labels if the network takes them."""
    z = torch.randn(count, *latent)
    labels = torch.randint(0, CLASSES, (count,))
    if label == "onehot":
        return {"z": z, "onehot": onehot(labels).reshape(count, CLASSES, *latent[1:])}
    return {"z": z, "label": labels} if label == "label" else {"z": z}


@torch.no_grad()
def settle(net, inputs, last):
    """Scales each layer's weights to an output of unit standard deviation, the last one's to `last`, and lets
    BatchNorm measure its statistics."""
    layers = []
    for module in net.modules():
        # Weight norm and spectral norm have a scale of their own; a BatchNorm follows them.
        if isinstance(module, LINEAR) and not parametrize.is_parametrized(module):
            module.register_forward_hook(lambda module, _, out: layers.append(module))
        if isinstance(module, NORMS):
            module.momentum = None
            module.reset_running_stats()
            if module.affine:
                # Multiplied, so that what a layout has set (such as a negative sign) is kept.
                module.weight.mul_(torch.rand_like(module.weight) * 0.8 + 0.6)
                module.bias.copy_(torch.randn_like(module.bias) * 0.2)
    net.eval()(*inputs)
    for module in layers:
        module._forward_hooks.clear()

    def scale(module, inputs, out):
        goal = last if module is layers[-1] else getattr(module, "goal", 1.0)
        if module.bias is not None:
            module.bias.zero_()
            out = module.forward(inputs[0])
        module.weight.mul_(goal / out.std())
        if module.bias is not None:
            # Centre the last layer's output in the activation's range.
            middle = out.mean() * goal / out.std() if module is layers[-1] else 0
            module.bias.copy_(torch.randn_like(module.bias) * 0.1 * goal - middle)
        return module.forward(inputs[0])

    hooks = [module.register_forward_hook(scale) for module in layers]
    net.train()(*inputs)
    for hook in hooks:
        hook.remove()
    for module in net.modules():
        if isinstance(module, NORMS):
            module.momentum = 0.1
    net.eval()


def prepare(net, inputs, last, seed):
    torch.manual_seed(seed)
    net = net()
    settle(net, tuple(inputs(MEASURED).values()), last)
    return net, inputs(2)


def script(name, particular, opset, net, latent=(8, 1, 1), label=None, last=LAST, fold=True,
           fixed=0, training=False, refused=False, inputs=None, **options):
    """Registers a layout exported by TorchScript. Without `fold`, BatchNorm stays a node. `inputs`: a function
    from a count to that many examples of each input, by name, if there is more than a latent and a label.
    `fixed`: the batch, 1 or 2, if it is not free."""
    given = inputs or (lambda count: examples(latent, label, count))

    def build(seed, path):
        module, inputs = prepare(net, given, last, seed)
        if fixed:
            inputs = {name: values[:fixed] for name, values in inputs.items()}
        mode = torch.onnx.TrainingMode
        module.train(training)
        torch.onnx.export(
            module, tuple(inputs.values()), str(path), dynamo=False, opset_version=opset,
            training=mode.TRAINING if training else mode.EVAL if fold else mode.PRESERVE,
            do_constant_folding=fold, input_names=list(inputs), output_names=["image"],
            dynamic_axes=None if fixed else {name: {0: "batch"} for name in [*inputs, "image"]},
            **options,
        )

    add(name, particular, "torch.onnx (TorchScript)", build, refused)


def dynamo(name, particular, opset, net, latent=(8, 1, 1), label=None, last=LAST, external=False,
           fixed=0, refused=False, inputs=None):
    """Registers a layout exported by torch.export's exporter (dynamo)."""
    given = inputs or (lambda count: examples(latent, label, count))

    def build(seed, path):
        module, inputs = prepare(net, given, last, seed)
        if fixed:
            inputs = {name: values[:fixed] for name, values in inputs.items()}
        shapes = None if fixed else ({0: torch.export.Dim("batch")},) * len(inputs)
        if not fixed and isinstance(module, (Chain, Several)):
            # The module takes *inputs, which torch.export counts as one argument.
            shapes = (shapes,)
        program = torch.onnx.export(
            module, tuple(inputs.values()), dynamo=True, opset_version=opset, verbose=False,
            input_names=list(inputs), output_names=["image"], dynamic_shapes=shapes,
        )
        program.save(str(path), external_data=external)

    add(name, particular, "torch.onnx (dynamo)", build, refused)

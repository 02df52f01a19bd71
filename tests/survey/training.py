"""What make.py needs besides the networks: inputs, and weights as training leaves them."""

import torch
from torch import nn

BATCH = 64
STEPS = 40
# How far a step of training moves a weight, as a part of the deviation of its layer's weights.
STEP = 0.005


def noise(width):
    return lambda count: torch.randn(count, width)


def one_hot(classes):
    return lambda count: torch.eye(classes)[torch.randint(classes, (count,))]


def fan(module):
    """The number of inputs that an output of `module` sums."""
    if isinstance(module, nn.Linear):
        return module.in_features
    area = module.kernel_size[0] * module.kernel_size[1]
    if isinstance(module, nn.ConvTranspose2d):
        return max(1, module.in_channels * area // module.stride[0] ** 2)
    return module.in_channels * area


def initialise(net):
    for module in net.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, 0, (2 / fan(module)) ** 0.5)
            if module.bias is not None:
                nn.init.normal_(module.bias, 0, 0.1)
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.normal_(module.weight, 1, 0.2)
            nn.init.normal_(module.bias, 0, 0.2)


def trained(make, inputs, seed):
    """A network with the statistics that training leaves in BatchNorm: moving averages over batches, between which
    the weights move a little. Returns it with inputs and the pictures of them."""
    torch.manual_seed(seed)
    net = make().train()
    initialise(net)
    with torch.no_grad():
        for _ in range(STEPS):
            for weight in net.parameters():
                if weight.dim() > 1:
                    weight += STEP * weight.std() * torch.randn_like(weight)
            net(*[draw(BATCH) for draw in inputs])
        net.eval()
        size = net(*[draw(1) for draw in inputs]).numel()
        given = [draw(4 if size <= 28 * 28 else 2) for draw in inputs]
        image = net(*given)
    if size > 3 * 32 * 32:
        # Large pictures are stored in half precision, whose error below 1 is at most 0.0005.
        image = image.half()
    arrays = dict(zip(("z", "label"), (array.numpy() for array in given)))
    return net, arrays | {"image": image.numpy()}


def optimizer(*nets, stepped=False):
    """Adam's state_dict; once `stepped`, with a momentum and a variance for each weight."""
    weights = [weight for net in nets for weight in net.parameters()]
    adam = torch.optim.Adam(weights, lr=2e-4, betas=(0.5, 0.999))
    if stepped:
        for weight in weights:
            weight.grad = 1e-3 * torch.randn_like(weight)
        adam.step()
    return adam.state_dict()

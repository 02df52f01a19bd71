"""Builds an ONNX graph node by node. Every node is evaluated as soon as it is added, so that weights can be scaled
to the values of their inputs."""

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

from layout import LAST, MEASURED, add


def numbers(values, dtype=np.int64):
    return np.array(values, dtype)


class Graph:
    def __init__(self, seed, opset, latent, inline=False):
        self.rng = np.random.default_rng(seed)
        self.opset, self.latent, self.inline = opset, latent, inline
        self.nodes, self.initializers, self.constants = [], [], {}
        z = self.rng.standard_normal((MEASURED, *latent), dtype=np.float32)
        self.values = {"z": z}

    def constant(self, array):
        """Adds an array: an initializer, or a Constant node if `inline`. Returns its name."""
        name = f"constant{len(self.constants)}"
        tensor = numpy_helper.from_array(array, name)
        self.constants[name] = array
        if self.inline:
            node = helper.make_node("Constant", [], [name], name=f"{name}_node", value=tensor)
            self.nodes.append(node)
        else:
            self.initializers.append(tensor)
        return name

    def op(self, operator, *inputs, **attributes):
        """Adds a node; inputs are names, arrays or "" for none. Returns the output's name."""
        names = [self.constant(i) if isinstance(i, np.ndarray) else i for i in inputs]
        output = f"{operator.lower()}{len(self.nodes)}"
        node = helper.make_node(operator, names, [output], name=f"{output}_node", **attributes)
        self.nodes.append(node)
        known = self.constants | self.values
        feeds = {name: known[name] for name in names if name}
        self.values[output] = self.compute(node, feeds)
        if set(feeds) <= set(self.constants):
            self.constants[output] = self.values[output]
        return output

    def compute(self, node, feeds):
        entries = [self.info(name, values.dtype, values.shape) for name, values in feeds.items()]
        exit_ = helper.make_empty_tensor_value_info(node.output[0])
        model = self.wrap(helper.make_graph([node], "one", entries, [exit_])).SerializeToString()
        session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
        return session.run(None, feeds)[0]

    @staticmethod
    def info(name, dtype, shape):
        kind = helper.np_dtype_to_tensor_dtype(dtype)
        return helper.make_tensor_value_info(name, kind, shape)

    def wrap(self, graph):
        opsets = [helper.make_opsetid("", self.opset)]
        # The IR version of the opset's time, as an exporter of that time would write.
        return helper.make_model(graph, opset_imports=opsets, producer_name="onnx.helper",
                                 ir_version=max(4, helper.find_min_ir_version_for(opsets)))

    def linear(self, operator, x, shape, bias=None, goal=1.0, share=False, **attributes):
        """Adds a layer with random weights of `shape`, scaled to an output of standard deviation `goal`."""
        weights = self.rng.standard_normal(shape, dtype=np.float32)
        feeds = {"x": self.values[x], "w": weights}
        if bias is not None:
            # Before opset 11, Gemm requires a bias.
            feeds["b"] = np.zeros(bias, np.float32)
        node = helper.make_node(operator, list(feeds), ["y"], **attributes)
        got = self.compute(node, feeds)
        weights = weights * np.float32(goal / got.std())
        inputs = [weights]
        if bias is not None:
            # Centre the last layer's output in tanh's range.
            middle = np.float32(got.mean() * goal / got.std()) if goal == LAST else 0
            inputs.append(self.noise(bias, 0.1 * goal) - middle)
        if share:
            inputs[0] = self.op("Identity", weights)
        return self.op(operator, x, *inputs, **attributes)

    def noise(self, shape, scale):
        return (scale * self.rng.standard_normal(shape)).astype(np.float32)

    def norm(self, x, **attributes):
        values = self.values[x]
        axes = (0, *range(2, values.ndim))
        mean, variance = values.mean(axes), values.var(axes)
        gamma = self.rng.uniform(0.6, 1.4, mean.shape).astype(np.float32)
        return self.op("BatchNormalization", x, gamma, self.noise(mean.shape, 0.2), mean, variance,
                       **attributes)

    def head(self, side=4):
        """Layers from [N, 8, 1, 1] to a map of `side`."""
        x = self.linear("ConvTranspose", "z", (8, 4, side, side), kernel_shape=[side, side])
        return self.op("Relu", x)

    def tail(self, x):
        """Layers from a map to a picture of the same size."""
        channels = self.values[x].shape[1]
        x = self.linear("Conv", x, (1, channels, 3, 3), bias=(1,), goal=LAST, pads=[1, 1, 1, 1])
        return self.op("Tanh", x)

    def last(self, x):
        """Layers from a map to a picture of twice its size."""
        x = self.linear("ConvTranspose", x, (4, 1, 4, 4), bias=(1,), goal=LAST, strides=[2, 2],
                        pads=[1, 1, 1, 1])
        return self.op("Tanh", x)

    def save(self, path, output, batch):
        value = self.values[output]
        entry = self.info("z", np.dtype(np.float32), [batch, *self.latent])
        picture = self.info("image", value.dtype, [batch, *value.shape[1:]])
        self.nodes[-1].output[0] = "image"
        graph = helper.make_graph(self.nodes, "generator", [entry], [picture], self.initializers)
        onnx.save(self.wrap(graph), path)


def hand(name, particular, opset, latent=(8, 1, 1), batch="batch", inline=False, refused=False):
    """Registers a layout, given by a function that adds nodes to a Graph and returns the output's name."""

    def register(function):
        def build(seed, path):
            graph = Graph(seed, opset, latent, inline)
            graph.save(path, function(graph), batch)

        add(name, particular, "onnx.helper", build, refused)
        return function

    return register

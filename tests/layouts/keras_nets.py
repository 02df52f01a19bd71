"""Typical Keras generators (NHWC), exported by tf2onnx."""

import keras
import numpy as np
import onnx
import tensorflow as tf
import tf2onnx
from keras import layers as L

from layout import LAST, MEASURED, add

LINEAR = (L.Dense, L.Conv2D, L.Conv2DTranspose)


def settle(net, z, last, rng):
    """Scales each layer's weights to an output of unit standard deviation, the last one's to `last`, and sets
    BatchNorm's statistics to those of its input."""
    final = [layer for layer in net.layers if isinstance(layer, LINEAR)][-1]
    x = z
    for layer in net.layers:
        if isinstance(layer, LINEAR):
            activation, layer.activation = layer.activation, keras.activations.linear
            goal = last if layer is final else 1.0
            layer.kernel.assign(layer.kernel * goal / keras.ops.std(layer(x)))
            if layer.use_bias:
                # Centre the last layer's output in tanh's range.
                middle = keras.ops.mean(layer(x)) if layer is final else 0
                layer.bias.assign(rng.normal(0, 0.1 * goal, layer.bias.shape) - middle)
            layer.activation = activation
        if isinstance(layer, L.BatchNormalization):
            axes = tuple(range(len(x.shape) - 1))
            mean, variance = keras.ops.mean(x, axes), keras.ops.var(x, axes)
            gamma = rng.uniform(0.6, 1.4, mean.shape)
            layer.set_weights([gamma, rng.normal(0, 0.2, mean.shape), mean, variance])
        x = layer(x, training=False) if isinstance(layer, L.BatchNormalization) else layer(x)


def renumber(graph):
    """Renumbers constants, and names that tf2onnx has numbered, in the order of the graph. tf2onnx's own numbers
    differ from run to run, and so does the name that it keeps of several equal constants."""
    seen, constants = {}, {tensor.name for tensor in graph.initializer}

    def renamed(name):
        if name in constants:
            return f"constant__{seen.setdefault(name, len(seen))}"
        stem, mark, number = name.rpartition("__")
        if mark and number.split(":")[0].isdigit():
            _, colon, output = number.partition(":")
            number = seen.setdefault(stem + mark + number, len(seen))
            return f"{stem}__{number}{colon}{output}"
        return name

    for node in graph.node:
        node.name = renamed(node.name)
        for names in node.input, node.output:
            names[:] = [renamed(name) for name in names]
    for value in [*graph.initializer, *graph.value_info, *graph.input, *graph.output]:
        value.name = renamed(value.name)
    for value in [*graph.input, *graph.output]:
        for size in value.type.tensor_type.shape.dim:
            if size.dim_param:
                size.dim_param = renamed(size.dim_param)
    graph.initializer.sort(key=lambda tensor: tensor.name)


def net(name, particular, opset, layers, latent=(8,), last=LAST, batch=None, **options):
    def build(seed, path):
        # Otherwise the numbers in layer names keep increasing.
        keras.backend.clear_session()
        keras.utils.set_random_seed(seed)
        rng = np.random.default_rng(seed)
        model = keras.Sequential([keras.Input(latent), *layers()])
        z = rng.standard_normal((MEASURED, *latent), dtype=np.float32)
        settle(model, tf.constant(z), last, rng)
        function = tf.function(lambda z: model(z, training=False))
        signature = [tf.TensorSpec([batch, *latent], tf.float32, name="z")]
        proto, _ = tf2onnx.convert.from_function(function, signature, opset=opset, **options)
        renumber(proto.graph)
        onnx.save(proto, path)

    add(name, particular, "Keras, tf2onnx", build)


def dense(channels):
    return [L.Dense(4 * channels, use_bias=False), L.BatchNormalization(), L.LeakyReLU(),
            L.Reshape((2, 2, channels))]


def up(channels, kernel=5, strides=2, padding="same", **options):
    return L.Conv2DTranspose(channels, kernel, strides=strides, padding=padding, **options)


def tutorial(colours=1):
    """The layout of TensorFlow's DCGAN tutorial."""
    return lambda: [
        *dense(4), up(4, strides=1, use_bias=False), L.BatchNormalization(), L.LeakyReLU(),
        up(4, use_bias=False), L.BatchNormalization(), L.LeakyReLU(),
        up(colours, use_bias=False, activation="tanh")]


def upsampling(upsample):
    return lambda: [
        *dense(4), upsample(), L.Conv2D(4, 3, padding="same"), L.BatchNormalization(momentum=0.8),
        L.ReLU(), upsample(), L.Conv2D(1, 3, padding="same", activation="tanh")]


def resize():
    # How Keras 2 exported UpSampling2D.
    return L.Lambda(lambda x: tf.compat.v1.image.resize_nearest_neighbor(
        x, (2 * x.shape[1], 2 * x.shape[2])))


net("keras-dcgan-9", "Dense, BatchNorm, Reshape, Conv2DTranspose k5 `same` with strides 1 and 2", 9,
    tutorial())
net("keras-dcgan-nchw", "the same, 3 colours, batch fixed at 1, output made NCHW by tf2onnx", 17,
    tutorial(3), batch=1,
    outputs_as_nchw=["Identity:0"])
net("keras-upsampling", "UpSampling2D as Keras 3 has it, Conv2D `same`", 13,
    upsampling(L.UpSampling2D))
net("keras-upsampling-fixed", "the same, batch fixed at 1", 18, upsampling(L.UpSampling2D), batch=1)
net("keras-resize-9", "nearest neighbours by TensorFlow's operator, Conv2D `same`", 9,
    upsampling(resize))
net("keras-resize-13", "nearest neighbours by TensorFlow's operator, Conv2D `same`", 13,
    upsampling(resize))
net("keras-k4-sigmoid", "Conv2DTranspose k4 s2 `same`, Sigmoid, 3 colours", 15, lambda: [
    *dense(4), up(4, 4), L.LeakyReLU(0.2), up(3, 4, activation="sigmoid")], last=1.1)
net("keras-valid-crop", "Conv2DTranspose k3 s2 `valid`, Cropping2D different at each side", 13,
    lambda: [
    *dense(4), up(4, 3, padding="valid"), L.BatchNormalization(), L.ReLU(),
    L.Cropping2D(((0, 1), (1, 0))), up(1, 3, padding="valid"), L.Cropping2D(((1, 0), (0, 1))),
    L.Activation("tanh")])
net("keras-odd-same", "Conv2DTranspose k3 s2 `same`, padded at one side; latents [N, 1, 1, z]", 13,
    lambda: [
        up(4, 2, 1, "valid", use_bias=False), L.BatchNormalization(), L.ReLU(), up(4, 3), L.ReLU(),
        up(1, 3, activation="tanh")], (1, 1, 8))
net("keras-depth-to-space", "tf.nn.depth_to_space", 13, lambda: [
    *dense(4), L.Conv2D(16, 3, padding="same"), L.Lambda(lambda x: tf.nn.depth_to_space(x, 2)),
    L.BatchNormalization(), L.ReLU(), L.Conv2D(4, 3, padding="same", activation="tanh"),
    L.Lambda(lambda x: tf.nn.depth_to_space(x, 2))])
net("keras-acts", "ELU, PReLU, GELU by tanh; ZeroPadding2D; Conv2D `valid`", 13, lambda: [
    L.Dense(16), L.ELU(), L.Reshape((2, 2, 4)), up(4, 4, 4), L.BatchNormalization(),
    L.PReLU(shared_axes=[1, 2], alpha_initializer=keras.initializers.Constant(0.3)),
    L.ZeroPadding2D(1), L.Conv2D(4, 3), L.Lambda(tf.nn.gelu, arguments={"approximate": True}),
    L.Conv2D(1, 3, padding="same", activation="tanh")])
net("keras-prelu", "PReLU with a slope for each channel", 13, lambda: [
    *dense(4), up(4, 4), L.PReLU(shared_axes=[1, 2], alpha_initializer=keras.initializers.RandomUniform(0.1, 0.5)),
    up(1, 4, activation="tanh")])

"""Typical conditional generators with noise and a label, in Keras' functional API."""

import keras
import numpy as np
import onnx
import tensorflow as tf
import tf2onnx
from keras import layers as L

from keras_nets import LINEAR, renumber, up
from layout import CLASSES, LAST, MEASURED, add


def settle(model, inputs, rng):
    """Scales each layer's weights to an output of unit standard deviation, the last one's to LAST."""
    linear = [layer for layer in model.layers if isinstance(layer, LINEAR)]
    for layer in linear:
        before = keras.Model(model.inputs, layer.input)(inputs)
        activation, layer.activation = layer.activation, keras.activations.linear
        goal = LAST if layer is linear[-1] else 1.0
        layer.kernel.assign(layer.kernel * goal / keras.ops.std(layer(before)))
        layer.bias.assign(rng.normal(0, 0.1 * goal, layer.bias.shape))
        layer.activation = activation


def functional(name, particular, opset, build_model, dtype=tf.float32):
    def build(seed, path):
        keras.backend.clear_session()
        keras.utils.set_random_seed(seed)
        rng = np.random.default_rng(seed)
        model = build_model()
        z = tf.constant(rng.standard_normal((MEASURED, 8), dtype=np.float32))
        label = tf.cast(tf.constant(rng.integers(0, CLASSES, (MEASURED, 1))), dtype)
        settle(model, [z, label], rng)
        function = tf.function(lambda z, label: model([z, label], training=False))
        signature = [tf.TensorSpec([None, 8], tf.float32, name="z"),
                     tf.TensorSpec([None, 1], dtype, name="label")]
        proto, _ = tf2onnx.convert.from_function(function, signature, opset=opset)
        renumber(proto.graph)
        onnx.save(proto, path)

    add(name, particular, "Keras, tf2onnx", build)


def beside_the_map():
    """Concatenates the label, as one more channel, to the first map."""
    label, z = keras.Input((1,)), keras.Input((8,))
    channel = L.Reshape((4, 4, 1))(L.Dense(16)(L.Embedding(CLASSES, 6)(label)))
    x = L.Reshape((4, 4, 4))(L.LeakyReLU(0.2)(L.Dense(64)(z)))
    x = L.LeakyReLU(0.2)(up(4, 4)(L.Concatenate()([x, channel])))
    return keras.Model([z, label], L.Conv2D(1, 3, padding="same", activation="tanh")(x))


def beside_the_latents():
    label, z = keras.Input((1,), dtype="int64"), keras.Input((8,))
    embedded = L.Flatten()(L.Embedding(CLASSES, 6)(label))
    x = L.Dense(64)(L.Concatenate()([embedded, z]))
    x = L.Reshape((4, 4, 4))(L.LeakyReLU(0.2)(x))
    return keras.Model([z, label], up(1, 4, activation="tanh")(x))


functional("parts-keras-map", "label (float) embedded, through Dense to a channel beside the first map", 13,
           beside_the_map)
functional("parts-keras", "label (int64) embedded, before the latents", 17, beside_the_latents, tf.int64)

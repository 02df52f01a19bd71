"""Writes the Keras files of the survey, as make.py writes PyTorch's. It is a script of its own because the two
frameworks conflict in one process. Two of the files are as Keras 2 writes them, by the package tf_keras."""

import os
import pathlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tf_keras

HERE = pathlib.Path(__file__).parent
BATCH = 64
STEPS = 40
CLASSES = 10
# How far a step of training moves a weight, as a part of the deviation of its layer's weights.
STEP = 0.005


def nothing(_k):
    """The generator is the first model of its session."""


def critic(k):
    """What a session builds before the generator counts in the names of layers: here a conditional critic."""
    layers = k.layers
    for layer in (layers.Embedding, layers.Conv2D, layers.Conv2D):
        layer(1, 1)
    for layer in (layers.Flatten, layers.Concatenate, layers.LeakyReLU, layers.LeakyReLU, layers.Flatten):
        layer()
    layers.Dense(1)


def encoder(k):
    """The decoder's encoder, which is built before it."""
    layers = k.layers
    for layer in (layers.Conv2D, layers.Conv2D):
        layer(1, 1)
    for layer in (layers.Flatten, layers.Concatenate):
        layer()
    for _ in range(4):
        layers.Dense(1)


def embedded(k):
    layers = k.layers
    label = k.Input((1,), name="label_input")
    noise = k.Input((8,), name="noise_input")
    joined = layers.Concatenate()([noise, layers.Flatten()(layers.Embedding(10, 8)(label))])
    x = layers.LeakyReLU(negative_slope=0.2)(layers.BatchNormalization()(layers.Dense(7 * 7 * 5)(joined)))
    x = layers.Reshape((7, 7, 5))(x)
    for filters in (4, 3):
        x = layers.Conv2DTranspose(filters, 4, strides=2, padding="same")(x)
        x = layers.LeakyReLU(negative_slope=0.2)(layers.BatchNormalization()(x))
    image = layers.Conv2D(1, 7, activation="tanh", padding="same")(x)
    return k.Model([noise, label], image, name="generator")


def decoder(k):
    layers = k.layers
    z = k.Input((2,), name="z_input")
    label = k.Input((10,), name="label_input")
    x = layers.Dense(7 * 7 * 6, activation="relu")(layers.Concatenate()([z, label]))
    x = layers.Reshape((7, 7, 6))(x)
    x = layers.Conv2DTranspose(6, 3, activation="relu", strides=2, padding="same")(x)
    x = layers.Conv2DTranspose(4, 3, activation="relu", strides=2, padding="same")(x)
    image = layers.Conv2DTranspose(1, 3, activation="sigmoid", padding="same")(x)
    return k.Model([z, label], image, name="decoder")


def weights_alone(k):
    layers = k.layers
    noise = k.Input((8,), name="noise_input")
    label = k.Input((1,), dtype="int32", name="label_input")
    joined = layers.Concatenate()([noise, layers.Flatten()(layers.Embedding(10, 5)(label))])
    x = layers.LeakyReLU()(layers.BatchNormalization()(layers.Dense(7 * 7 * 5, use_bias=False)(joined)))
    x = layers.Reshape((7, 7, 5))(x)
    for filters, stride in ((4, 1), (3, 2)):
        x = layers.Conv2DTranspose(filters, 5, strides=stride, padding="same", use_bias=False)(x)
        x = layers.LeakyReLU()(layers.BatchNormalization()(x))
    last = layers.Conv2DTranspose(1, 5, strides=2, padding="same", use_bias=False, activation="tanh")
    return k.Model([noise, label], last(x))


def two_dense(k):
    layers = k.layers
    noise = k.Input((7,))
    label = k.Input((10,))
    beside = layers.Reshape((4, 4, 6))(layers.Dense(4 * 4 * 6)(label))
    x = layers.Reshape((4, 4, 6))(layers.LeakyReLU(alpha=0.2)(layers.Dense(4 * 4 * 6)(noise)))
    x = layers.Concatenate()([x, beside])
    for _ in range(3):
        x = layers.LeakyReLU(alpha=0.2)(layers.Conv2DTranspose(8, 4, strides=2, padding="same")(x))
    return k.Model([noise, label], layers.Conv2D(3, 3, activation="tanh", padding="same")(x))


def one_more_channel(k):
    layers = k.layers
    label = k.Input((1,))
    beside = layers.Reshape((7, 7, 1))(layers.Dense(7 * 7)(layers.Embedding(10, 5)(label)))
    noise = k.Input((7,))
    x = layers.Reshape((7, 7, 8))(layers.LeakyReLU(alpha=0.2)(layers.Dense(7 * 7 * 8)(noise)))
    x = layers.Concatenate()([x, beside])
    for _ in range(2):
        x = layers.LeakyReLU(alpha=0.2)(layers.Conv2DTranspose(8, 4, strides=2, padding="same")(x))
    return k.Model([noise, label], layers.Conv2D(1, 7, activation="tanh", padding="same")(x))


def spread(layer, weight, random):
    """Values for a weight of a fresh layer that keep the deviation of what passes through it."""
    shape = weight.shape
    if len(shape) == 1:
        scale = "gamma" in weight.name
        return random.normal(1, 0.2, shape) if scale else random.normal(0, 0.1, shape)
    if "Embedding" in type(layer).__name__:
        return random.normal(0, 1, shape)
    transposed = "Transpose" in type(layer).__name__
    inputs = int(np.prod(shape[:2])) * shape[3] // layer.strides[0] ** 2 if transposed else int(np.prod(shape[:-1]))
    return random.normal(0, (2 / max(1, inputs)) ** 0.5, shape)


def trained(model, draw, random):
    """Gives `model` weights, and BatchNormalization the moving averages that training leaves there."""
    weights = [(layer, weight) for layer in model.layers for weight in layer.trainable_weights]
    for layer, weight in weights:
        weight.assign(spread(layer, weight, random))
    norms = [layer for layer in model.layers if "BatchNormalization" in type(layer).__name__]
    momentum = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.9
    for _ in range(STEPS):
        for _, weight in weights:
            if len(weight.shape) > 1:
                value = weight.numpy()
                weight.assign(value + STEP * value.std() * random.standard_normal(value.shape))
        model(draw(BATCH), training=True)
    for norm, before in zip(norms, momentum):
        norm.momentum = before


def main():
    survey = [
        ("16-embedded.keras", keras, critic, embedded, "index", "save"),
        ("17-decoder.h5", keras, encoder, decoder, "one-hot", "save"),
        ("18-weights-alone.weights.h5", keras, nothing, weights_alone, "index", "save_weights"),
        ("19-two-dense.h5", tf_keras, nothing, two_dense, "one-hot", "save_weights"),
        ("20-one-more-channel.h5", tf_keras, critic, one_more_channel, "index", "save"),
    ]
    for seed, (name, k, earlier, make, label, save) in enumerate(survey, 16):
        random = np.random.default_rng(seed)
        k.backend.clear_session()
        earlier(k)
        model = make(k)
        width = model.inputs[0].shape[-1]

        def draw(count):
            labels = random.integers(CLASSES, size=count)
            given = labels[:, None] if label == "index" else np.eye(CLASSES, dtype=np.float32)[labels]
            return [random.standard_normal((count, width)).astype(np.float32), given]

        trained(model, draw, random)
        z, given = draw(4 if model.output_shape[1] == 28 else 2)
        image = np.ascontiguousarray(np.transpose(model.predict([z, given], verbose=0), (0, 3, 1, 2)))
        labels = given[:, 0] if label == "index" else given
        getattr(model, save)(str(HERE / name))
        np.savez_compressed(HERE / f"{name.split('.')[0]}.npz", z=z, label=labels, image=image)


if __name__ == "__main__":
    main()

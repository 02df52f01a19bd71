"""Writes the Keras checkpoints of this directory, as make.py writes PyTorch's: `make_keras.py` those of Keras 3,
`make_keras.py 2` those of Keras 2. It is a script of its own because the frameworks conflict in one process."""

import io
import os
import pathlib
import sys
import zipfile

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import h5py
import numpy as np

OLD = sys.argv[1:] == ["2"]
if OLD:
    import tf_keras as keras
else:
    import keras

L = keras.layers
HERE = pathlib.Path(__file__).parent
LATENTS = 2


def dcgan():
    """Layers as in TensorFlow's DCGAN tutorial, and a plain convolution."""
    return keras.Sequential([
        keras.Input((8,)),
        L.Dense(3 * 2 * 6, use_bias=False),
        L.BatchNormalization(),
        L.LeakyReLU(),
        L.Reshape((3, 2, 6)),
        L.Conv2DTranspose(4, 5, strides=2, padding="same", activation="relu"),
        L.UpSampling2D(),
        L.Conv2D(3, 3, padding="same", activation="tanh"),
    ])


def labelled():
    """The label as one more channel of the first map: Embedding, Dense, Reshape, Concatenate."""
    label = keras.Input((1,), name="label")
    channel = L.Reshape((3, 3, 1))(L.Dense(9)(L.Embedding(5, 4)(label)))
    noise = keras.Input((6,), name="noise")
    x = L.LeakyReLU(0.2)(L.Dense(3 * 3 * 4)(noise))
    x = L.Concatenate()([L.Reshape((3, 3, 4))(x), channel])
    x = L.LeakyReLU(0.2)(L.Conv2DTranspose(4, 4, strides=2, padding="same")(x))
    x = L.Conv2D(1, 3, padding="same", activation="tanh")(x)
    return keras.Model([noise, label], x)


def combined():
    """Generator and discriminator in one model. The generator has models inside, whose layers have equal names, and a
    layer that is used twice."""
    def block():
        return keras.Sequential([
            keras.Input((3, 3, 4)),
            L.Conv2D(4, 3, padding="same", activation="relu", name="conv"),
            L.BatchNormalization(name="norm"),
        ])

    noise = keras.Input((8,))
    twice = L.Dense(8, activation="tanh")
    x = L.Reshape((3, 3, 4))(L.Dense(36)(twice(twice(noise))))
    x = L.Conv2DTranspose(3, 2, strides=2, activation="tanh")(block()(block()(x)))
    generator = keras.Model(noise, x, name="generator")
    discriminator = keras.Sequential(
        [keras.Input((6, 6, 3)), L.Flatten(), L.Dense(1)], name="discriminator")
    discriminator.trainable = False
    whole = keras.Sequential([keras.Input((8,)), generator, discriminator])
    return whole, generator


def strange():
    """Layers and activations that DCGANs rarely have."""
    return keras.Sequential([
        keras.Input((1, 1, 6)),
        L.Conv2DTranspose(4, (3, 2), activation=L.LeakyReLU(0.15)),
        L.BatchNormalization(scale=False),
        L.Conv2DTranspose(4, 3, strides=(2, 3), output_padding=(1, 2), activation="gelu"),
        L.ZeroPadding2D(((1, 2), (0, 3))),
        L.DepthwiseConv2D(3, dilation_rate=2, depth_multiplier=2, activation="hard_sigmoid"),
        L.SeparableConv2D(4, 3, padding="same", activation="silu"),
        L.Cropping2D(((1, 0), (2, 1))),
        L.Conv2D(6, 2, strides=2, padding="same", groups=2),
        L.ReLU(max_value=1.5, negative_slope=0.1),
        L.Rescaling(1.5, offset=-0.1),
        L.Permute((2, 1, 3)),
        L.PReLU(shared_axes=[1, 2]),
        L.Reshape((-1, 3, 4)),
        L.ELU(0.7),
        L.UpSampling2D((2, 1)),
        L.Dense(3, activation="tanh"),
    ])


def multiplied():
    """Keras-GAN's: the noise times an embedding, then a Sequential model."""
    net = keras.Sequential([
        keras.Input((6,)),
        L.Dense(12),
        L.LeakyReLU(alpha=0.2),
        L.BatchNormalization(momentum=0.8),
        L.Dense(64, activation="tanh"),
        L.Reshape((8, 8, 1)),
    ])
    noise = keras.Input((6,), name="noise")
    label = keras.Input((1,), name="label", dtype="int32")
    return keras.Model([noise, label], net(L.multiply([noise, L.Flatten()(L.Embedding(5, 6)(label))])))


def renamed():
    """Names that the archive gives to other layers, all of the same shape."""
    def up(name):
        return L.Conv2DTranspose(3, 4, strides=2, padding="same", activation="tanh", name=name)

    return keras.Sequential([
        keras.Input((8,)),
        L.Dense(12, name="dense_1"),
        L.LeakyReLU(),
        L.Dense(12, name="dense"),
        L.Reshape((2, 2, 3)),
        up("conv2d_transpose_1"),
        L.BatchNormalization(),
        up("conv2d_transpose"),
        up("conv2d_transpose_2"),
    ])


def settle(model, seed):
    """Gives each weight a random value, so that none can be exchanged for another."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        if "variance" in weight.name:
            weight.assign(random.uniform(0.3, 1.5, weight.shape))
        elif "gamma" in weight.name:
            weight.assign(random.normal(1, 0.5, weight.shape))
        elif len(weight.shape) == 1:
            weight.assign(random.normal(0, 0.3, weight.shape))
        elif "alpha" in weight.name:
            weight.assign(random.uniform(0.05, 0.5, weight.shape))
    return random


def inputs(model, random):
    """Latents and labels, by the names of their inputs."""
    found = {}
    for tensor in model.inputs:
        shape, label = (LATENTS, *tensor.shape[1:]), tensor.name == "label"
        draw = random.integers(0, 5, shape) if label else random.standard_normal(shape)
        found[tensor.name if len(model.inputs) > 1 else "z"] = draw.astype(np.float32)
    return found


def write(name, seed, build, kinds):
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    built = build()
    model, generator = built if isinstance(built, tuple) else (built, built)
    random = settle(model, seed)
    arrays = inputs(generator, random)
    image = generator.predict(list(arrays.values()), verbose=0)
    image = np.ascontiguousarray(np.transpose(image, (0, 3, 1, 2)))
    np.savez_compressed(HERE / f"{name}.npz", **arrays, image=image)
    for kind in kinds:
        model.save(HERE / f"{name}.{kind}")


def as_windows(name):
    """Writes the archive `name` as TensorFlow 2.13 does on Windows: another group, separators that are part of names,
    no empty groups, and layers that are counted twice."""
    source = zipfile.ZipFile(HERE / f"{name}.keras")
    weights, stored = h5py.File(io.BytesIO(source.read("model.weights.h5"))), io.BytesIO()
    with h5py.File(stored, "w") as file:
        def copy(path, item):
            if isinstance(item, h5py.Dataset):
                group, rest = path.removeprefix("layers/").split("/", 1)
                stem, _, number = group.rpartition("_")
                if number.isdigit():
                    group = f"{stem}_{2 * int(number)}"
                file[f"_layer_checkpoint_dependencies\\{group}/{rest}"] = item[()]

        weights.visititems(copy)
    with zipfile.ZipFile(HERE / f"{name}.windows.keras", "w") as archive:
        for part in source.namelist():
            data = stored.getvalue() if part == "model.weights.h5" else source.read(part)
            archive.writestr(part, data)


def main():
    if OLD:
        write("multiplied", 9, multiplied, ["keras", "h5"])
        write("renamed", 10, renamed, ["keras", "h5"])
        as_windows("renamed")
    else:
        write("keras", 5, dcgan, ["keras", "h5"])
        write("labelled", 6, labelled, ["keras", "h5"])
        write("combined", 7, combined, ["keras", "h5"])
        write("strange", 8, strange, ["keras", "h5"])


if __name__ == "__main__":
    main()

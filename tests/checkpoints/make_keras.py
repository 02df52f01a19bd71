"""Writes the Keras checkpoints of this directory, as make.py writes PyTorch's. It is a script of its own because
the two frameworks conflict in one process."""

import os
import pathlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np

HERE = pathlib.Path(__file__).parent
LATENTS = 2


def keras_model(seed):
    """Layers as in TensorFlow's DCGAN tutorial, and a plain convolution."""
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8,)),
            layers.Dense(3 * 2 * 6, use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Reshape((3, 2, 6)),
            layers.Conv2DTranspose(4, 5, strides=2, padding="same", activation="relu"),
            layers.UpSampling2D(),
            layers.Conv2D(3, 3, padding="same", activation="tanh"),
        ]
    )
    random = np.random.default_rng(seed)
    for layer in model.layers:
        for weight in layer.weights:
            if "variance" in weight.name:
                weight.assign(random.uniform(0.3, 1.5, weight.shape))
            elif "gamma" in weight.name:
                weight.assign(random.normal(1, 0.5, weight.shape))
            elif len(weight.shape) == 1:
                weight.assign(random.normal(0, 0.3, weight.shape))
    z = random.standard_normal((LATENTS, 8)).astype(np.float32)
    image = np.transpose(model.predict(z, verbose=0), (0, 3, 1, 2))
    return model, {"z": z, "image": np.ascontiguousarray(image)}


def main():
    model, pictures = keras_model(5)
    np.savez_compressed(HERE / "keras.npz", **pictures)
    model.save(HERE / "keras.keras")
    model.save(HERE / "keras.h5")


if __name__ == "__main__":
    main()

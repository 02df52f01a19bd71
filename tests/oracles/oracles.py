"""Compares the exporter and the engine with ONNX Runtime, scikit-image and SciPy.

For every generator it compares the float import with ONNX Runtime and, if there is one, with the generator's
reference.npz; the engine's bytes for 8 bits, mixed precision and 12 bits with those of [runtimes.py]; and PSNR and
SSIM by scikit-image with the exporter's own figures and with the floors. If a discriminator lies beside the
generator, it compares the discriminator with the trainer, and Fréchet distances in its features by SciPy with the
exporter's. Then it runs [layouts.py].

Called by `cargo xtask oracles`, which creates the environment of requirements.txt.
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from scipy import linalg
from skimage.metrics import structural_similarity

import independent
import layouts
import runtimes
from runtimes import OFF, ON

IMPORT_TOLERANCE = 1e-4
PSNR_FLOOR = 39.0
SSIM_FLOOR = 0.99
# QDQ rounds at other places than the engine, so its pictures are only close.
QDQ_FLOOR = 38.0
# Options of the exporter, the least mean PSNR in dB, and the least gain over 8 bits in dB.
MIXES = [
    ([], PSNR_FLOOR, 0),
    (["--target-psnr", 45], 44.5, 0),
    (["--activations", 12], PSNR_FLOOR, 0.5),
    (["--weights", 12], PSNR_FLOOR, 0.2),
    (["--activations", 12, "--weights", 12], 50, 5),
]
ROOT = Path(__file__).resolve().parents[2]


def command(*words):
    words = [str(word) for word in words]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}\nfailed: {done.stderr.strip()}")


def run(path, latents, level):
    session = runtimes.session(path, level)
    entry = session.get_inputs()[0]
    shape = [len(latents)] + [side for side in entry.shape[1:]]
    return session.run(None, {entry.name: latents.reshape(shape)})[0]


def pixels(values):
    """The pixel rule for outputs in [-1, 1]."""
    return np.clip(np.floor((values.astype(np.float64) + 1) * 127.5 + 0.5), 0, 255)


def fidelity(expected, got):
    """PSNR in dB and SSIM of each picture."""
    psnr, ssim = [], []
    for a, b in zip(expected, got):
        error = np.mean((a - b) ** 2)
        psnr.append(np.inf if error == 0 else 10 * np.log10(255**2 / error))
        ssim.append(
            structural_similarity(
                a, b, channel_axis=0, data_range=255, gaussian_weights=True, sigma=1.5,
                use_sample_covariance=False,
            )
        )
    return np.array(psnr), np.array(ssim)


class Generator:
    def __init__(self, binary, tract, model, out, count):
        self.binary, self.tract, self.model, self.out, self.count = binary, tract, model, out, count
        self.name = model.parent.name if model.stem == "generator" else model.stem
        self.failures = []

    def check(self, holds, text):
        print(f"  {'ok  ' if holds else 'FAIL'}  {text}")
        if not holds:
            self.failures.append(f"{self.name}: {text}")

    def compare(self):
        print(self.name)
        self.out.mkdir(parents=True, exist_ok=True)
        reference = self.model.with_suffix(".reference.npz")
        if not reference.exists():
            reference = self.model.with_name("reference.npz")
        reference = np.load(reference) if reference.exists() else None
        uniform = reference is not None and np.abs(reference["z"]).max() <= 1
        entry = onnx.load(str(self.model)).graph.input[0].type.tensor_type.shape.dim
        length = entry[1].dim_value
        random = np.random.default_rng(0)
        draw = (lambda n: random.uniform(-1, 1, n)) if uniform else random.standard_normal
        latents = draw((self.count, length)).astype(np.float32)
        if reference is not None:
            latents[: len(reference["z"])] = reference["z"].reshape(-1, length)[: self.count]
        np.save(self.out / "z.npy", latents)

        onnx.checker.check_model(str(self.model), full_check=True)
        self.compare_float(latents, reference)
        discriminator = self.model.with_name("discriminator.onnx")
        if reference is not None and "real" in reference and discriminator.exists():
            self.compare_discriminator(discriminator, reference)
            self.compare_frechet(discriminator)
        eight = 0
        for options, least, gain in MIXES:
            command(self.binary, "quantize", self.model, "-o", self.out, "--latent",
                    "uniform" if uniform else "normal", "--onnx", "qdq", *options)
            print("  " + " ".join(map(str, ["quantize", *options])))
            psnr = self.compare_device(latents)
            floor = max(least, eight + gain)
            self.check(psnr >= floor, f"that is at least {floor:.1f} dB on average")
            eight = eight or psnr
        return self.failures

    def sample(self, model, *options):
        command(self.binary, "sample", model, "--latents", self.out / "z.npy",
                "--npy", self.out / "sample.npy", *options)
        return np.load(self.out / "sample.npy")

    def in_tract(self, twin, passes):
        command(self.tract, twin, passes, self.out / "z.npy", self.out / "sample.npy")
        return np.load(self.out / "sample.npy")

    def compare_float(self, latents, reference):
        self.float = run(self.model, latents, OFF)
        got = self.sample(self.model)
        worst = np.abs(got - self.float).max()
        self.check(worst <= IMPORT_TOLERANCE, f"float import: {worst:.1e} from ONNX Runtime")
        if reference is not None:
            known = min(self.count, len(reference["img"]))
            worst = np.abs(got[:known] - reference["img"][:known]).max()
            self.check(worst <= IMPORT_TOLERANCE, f"float import: {worst:.1e} from reference.npz")

    def compare_discriminator(self, model, reference):
        """Compares the discriminator with the trainer, on the trainer's own pictures."""
        onnx.checker.check_model(str(model), full_check=True)
        got = run(model, reference["img"], OFF)
        worst = np.abs(got - reference["real"]).max()
        self.check(worst <= IMPORT_TOLERANCE, f"discriminator: {worst:.1e} from the trainer")

    def compare_frechet(self, discriminator):
        """Compares the report's Fréchet distances with SciPy's, in channel means of the discriminator's last map."""
        model = onnx.load(str(discriminator))
        last = [node for node in model.graph.node if node.op_type == "LeakyRelu"][-1]
        model.graph.node.append(
            onnx.helper.make_node("GlobalAveragePool", [last.output[0]], ["features"]))
        model.graph.output[0].CopyFrom(
            onnx.helper.make_tensor_value_info("features", onnx.TensorProto.FLOAT, None))
        onnx.save(model, self.out / "classifier.onnx")
        command(self.binary, "quantize", self.model, "-o", self.out,
                "--classifier", self.out / "classifier.onnx")
        stem = self.model.stem
        report = json.loads((self.out / f"{stem}.report.json").read_text())

        def seen(model, seed):
            command(self.binary, "sample", model, "--seed", seed, "--count", 256,
                    "--npy", self.out / "sample.npy")
            values = np.load(self.out / "sample.npy")
            drawn = values if values.dtype == np.uint8 else pixels(values)
            drawn = (drawn / 127.5 - 1).astype(np.float32)
            return run(self.out / "classifier.onnx", drawn, OFF).reshape(256, -1).astype(np.float64)

        def distance(a, b):
            a_covariance, b_covariance = np.cov(a.T), np.cov(b.T)
            root = linalg.sqrtm(a_covariance @ b_covariance).real
            between = np.sum((a.mean(0) - b.mean(0)) ** 2)
            return between + np.trace(a_covariance + b_covariance - 2 * root)

        expected = seen(self.model, 1)
        for name, model, seed in [("device", self.out / f"{stem}.gen", 1), ("others", self.model, 257)]:
            of, told = distance(seen(model, seed), expected), report["frechet"][name]
            self.check(abs(told - of) < 1e-3 * of, f"Fréchet distance in "
                       f"{expected.shape[1]} features, {name}: {told:.5g}, by SciPy {of:.5g}")

    def compare_device(self, latents):
        """Compares everything for one set of options; returns the mean PSNR."""
        stem = self.model.stem
        device = self.sample(self.out / f"{stem}.gen")
        twin = self.out / f"{stem}.int8.onnx"
        onnx.checker.check_model(str(twin), full_check=True)
        differences = runtimes.differences(
            device,
            lambda level: pixels(run(twin, latents, level)),
            lambda passes: pixels(self.in_tract(twin, passes)),
            self.out / f"{stem}.gen",
            latents,
        )
        for name, different in differences.items():
            self.check(different == 0, f"{name}: {different} of {device.size} pixels differ from the engine")
        qdq = self.out / f"{stem}.qdq.onnx"
        onnx.checker.check_model(str(qdq), full_check=True)
        close, _ = fidelity(pixels(run(qdq, latents, ON)), device.astype(np.float64))
        self.check(close.mean() >= QDQ_FLOOR, f"QDQ: PSNR {close.mean():.1f} dB from the engine")
        psnr, ssim = fidelity(pixels(self.float), device.astype(np.float64))
        print(f"        PSNR {psnr.mean():.1f} dB mean, {psnr.min():.1f} dB worst of {self.count}")
        self.check(ssim.mean() >= SSIM_FLOOR, f"SSIM {ssim.mean():.4f} mean, {ssim.min():.4f} worst")
        # The exporter measures on other latents, so the figures agree only statistically.
        report = json.loads((self.out / f"{stem}.report.json").read_text())
        told = report["fidelity"]
        self.check(abs(told["psnr_mean"] - psnr.mean()) < 1.5 and abs(told["ssim_mean"] - ssim.mean()) < 1e-3,
                   f"the report has {told['psnr_mean']:.1f} dB and {told['ssim_mean']:.4f} on average")
        return psnr.mean()


def check_latents(binary, out, count):
    """Compares the independent engine's own latents, through the pictures of seeds."""
    failures = []
    for path in sorted((ROOT / "models").glob("*.gen")):
        command(binary, "sample", path, "--seed", 7, "--count", count, "--npy", out / "seeds.npy")
        gen = independent.read(path)
        drawn = np.stack([independent.draw(gen, independent.latent(gen, 7 + i)) for i in range(count)])
        different = np.count_nonzero(drawn != np.load(out / "seeds.npy"))
        print(f"{path.name}, independent latents and engine: {different} of {drawn.size} pixels differ")
        if different:
            failures.append(f"{path.name}: {different} pixels of the independent engine differ")
    return failures


def train(binary, out):
    """Trains tiny networks on noise."""
    random = np.random.default_rng(1)
    for name, size, channels, options in [
        ("kernel5", 28, 1, ["--kernel", "5"]),
        ("comparing", 32, 3, ["--minibatch-discrimination", "--discriminator-norm=false"]),
    ]:
        pictures = random.integers(0, 256, (40, size, size, channels), dtype=np.uint8)
        data, trained = out / f"{name}.npz", out / name
        np.savez(data, images=pictures)
        shutil.rmtree(trained, ignore_errors=True)
        command(binary, "train", "--data", data, "-o", trained, "--latent", 8, "--width", 8,
                "--batch", 16, "--steps", 20, *options)
        yield trained / "generator.onnx"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--export", type=Path, required=True, help="the export binary")
    parser.add_argument("--tract", type=Path, required=True, help="the example tract of the crate export")
    parser.add_argument("--dcgan", type=Path, required=True, help="the dcgan binary")
    parser.add_argument("--out", type=Path, required=True, help="output directory")
    parser.add_argument("--generators", type=Path, help="directory whose subdirectories contain generator.onnx")
    parser.add_argument("--latents", type=int, help="latents for all, instead of 64 per generator and 8 per layout")
    arguments = parser.parse_args()
    models = [path.with_suffix(".onnx") for path in sorted((ROOT / "models").glob("*.gen"))]
    models += train(arguments.dcgan, arguments.out)
    if arguments.generators:
        foreign = sorted(arguments.generators.glob("*/generator.onnx"))
        if not foreign:
            sys.exit(f"{arguments.generators}: no */generator.onnx in it")
        models += foreign
    print(f"onnxruntime {ort.__version__}, onnx {onnx.__version__}, {len(models)} generators")
    failures = check_latents(arguments.export, arguments.out, arguments.latents or 64)
    for model in models:
        out = arguments.out / model.parent.name / model.stem
        generator = Generator(arguments.export, arguments.tract, model, out, arguments.latents or 64)
        failures += generator.compare()
    print(f"{len(models)} generators, {len(failures)} failures")
    failures += layouts.failures(command, arguments.export, arguments.tract, ROOT / "tests/layouts",
                                 arguments.out / "layouts", arguments.latents or 8)
    sys.exit(1 if failures or not models else 0)


if __name__ == "__main__":
    main()

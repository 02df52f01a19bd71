"""The layouts of tests/layouts against ONNX Runtime: the float import, and the quantised ONNX."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

COUNT = 8
TOLERANCE = 1e-4
# They need whole maps, or mirrored borders.
REFUSED = {"pad-reflection"}
LEVELS = [
    ("off", ort.GraphOptimizationLevel.ORT_DISABLE_ALL),
    ("on", ort.GraphOptimizationLevel.ORT_ENABLE_ALL),
]


def session(path, level):
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def feeds(inputs, z, label):
    """One latent; labels as the graph takes them."""
    for entry in inputs:
        shape = [1] + [side for side in entry.shape[1:]]
        if entry.type == "tensor(int64)":
            yield entry.name, np.full(shape, label, np.int64)
        elif len(inputs) > 1 and entry.name != "z":
            onehot = np.zeros(shape, np.float32)
            onehot.reshape(-1)[label] = 1
            yield entry.name, onehot
        else:
            yield entry.name, z.reshape(shape)


def run(path, latents, label, level):
    it = session(path, level)
    inputs = it.get_inputs()
    return np.concatenate([it.run(None, dict(feeds(inputs, z, label)))[0] for z in latents])


def planes(values, order):
    """[n, C, H, W], whatever the graph's order."""
    height, width, channels, lie = order.split()
    sides = [int(height), int(width), int(channels)]
    if lie == "HWC":
        return values.reshape(-1, *sides).transpose(0, 3, 1, 2)
    return values.reshape(-1, sides[2], sides[0], sides[1])


def compare(command, binary, path, out):
    """What is wrong with a layout."""
    out.mkdir(parents=True, exist_ok=True)
    reference = np.load(path.with_suffix(".npz"))
    length = int(np.prod(reference["z"].shape[1:]))
    latents = np.random.default_rng(0).standard_normal((COUNT, length)).astype(np.float32)
    np.save(out / "z.npy", latents)
    label = 1 if {"label", "onehot"} & set(reference.files) else None
    options = [] if label is None else ["--label", label]
    command(binary, "quantize", path, "-o", out, "--calibrate", 32, *options)
    twin = out / f"{path.stem}.int8.onnx"
    model = onnx.load(str(twin))
    onnx.checker.check_model(model, full_check=True)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    order = metadata["pocket_dcgan.picture"]

    def sample(model, *options):
        command(binary, "sample", model, "--latents", out / "z.npy", "--npy", out / "out.npy", *options)
        return np.load(out / "out.npy")

    expected = run(path, latents, label, LEVELS[0][1])
    whole = expected.dtype == np.uint8
    expected = planes(expected.astype(np.float64), order)
    got = sample(path, *options).astype(np.float64)
    span = np.ptp(expected) or 1.0
    worst = np.abs((np.floor(got) if whole else got) - expected).max()
    # Bytes are cut off, and a float near a whole one either way.
    if worst / span > (1.01 / span if whole else TOLERANCE):
        yield f"float import: {worst / span:.1e} of the range from ONNX Runtime"
    device = sample(out / f"{path.stem}.gen")
    low, high = (float(end) for end in metadata["pocket_dcgan.pixels"].split())
    for name, level in LEVELS:
        values = planes(run(twin, latents, label, level).astype(np.float64), order)
        pixels = np.clip(np.floor((values - low) * (255 / (high - low)) + 0.5), 0, 255)
        different = np.count_nonzero(pixels != device)
        if different:
            yield f"quantised ONNX, optimisations {name}: {different} of {device.size} pixels differ"
    report = json.loads((out / f"{path.stem}.report.json").read_text())
    if report["fidelity"]["psnr_mean"] < 38:
        yield f"PSNR {report['fidelity']['psnr_mean']:.1f} dB"


def failures(command, binary, directory, out):
    paths = [path for path in sorted(directory.glob("*.onnx")) if not path.stem.endswith(".refused")]
    paths = [path for path in paths if path.stem not in REFUSED]
    found = [f"{path.stem}: {what}" for path in paths for what in compare(command, binary, path, out)]
    print(f"{len(paths)} layouts, {len(found)} failures")
    for line in found:
        print(f"  FAIL  {line}")
    return found if paths else ["no layouts"]

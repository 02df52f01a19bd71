"""Compares the layouts of tests/layouts with ONNX Runtime: the float import and the quantised ONNX."""

import json
from pathlib import Path

import numpy as np
import onnx

import runtimes
from runtimes import OFF, ON, session

# Fractions of the range of the float output.
TOLERANCE = 1e-4
# Float32 rounds logits of thousands by about 1e-4, and a steep end passes that on.
TOLERANCE_OF_STEEP_ENDS = 1e-3
QDQ_FLOOR = 30.0
PSNR_FLOOR = 38.0
# Least gain in PSNR of 12 bits over 8, in dB.
GAIN = 5.0
# Not supported: they need whole maps or mirrored borders.
REFUSED = {"pad-reflection"}
# These can only be exported for one fixed label.
FIXED_ONLY = {"cond-everywhere", "cond-product"}
LABELS = {"label", "labels", "onehot", "y"}


def kinds(twin):
    """The inputs in a quantised ONNX's metadata: the distribution of each, and its number of labels."""
    metadata = {entry.key: entry.value for entry in onnx.load(str(twin)).metadata_props}
    entries = [entry.split(" ") for entry in metadata["pocket_dcgan.latents"].split(", ")]
    return [(entry[0], int(entry[1]) if len(entry) > 1 else None) for entry in entries]


def type_of(entry):
    return {"tensor(int64)": np.int64, "tensor(int32)": np.int32}.get(entry.type, np.float32)


def draw(twin, rng, count):
    """`count` values of each input, and the corresponding latents for `export`, with labels last."""
    inputs = session(twin, OFF).get_inputs()
    values, parts = {}, {False: [], True: []}
    for entry, (kind, labels) in zip(inputs, kinds(twin), strict=True):
        shape = [count] + list(entry.shape[1:])
        size = int(np.prod(shape[1:]))
        if kind == "one-hot":
            label = rng.integers(0, labels or size, count)
            part = np.eye(labels or size, dtype=np.float32)[label]
            value = label.reshape([-1] + [1] * (len(shape) - 1)) if labels else part.reshape(shape)
            values[entry.name] = value.astype(type_of(entry))
        else:
            part = rng.standard_normal((count, size)).astype(np.float32)
            values[entry.name] = part.reshape(shape)
        parts[kind == "one-hot"].append(part)
    return values, np.concatenate(parts[False] + parts[True], axis=1)


def label_of(entry, label):
    """A label in the form of the float graph's input."""
    shape = [1] + list(entry.shape[1:])
    if np.prod(shape) == 1:
        return np.full(shape, label, type_of(entry))
    value = np.zeros(shape, type_of(entry))
    value.reshape(-1)[label] = 1
    return value


def run(path, values, label, level):
    it = session(path, level)
    fixed = {entry.name: label_of(entry, label) for entry in it.get_inputs() if entry.name not in values}
    count = len(next(iter(values.values())))
    batch = it.get_inputs()[0].shape[0]
    batch = batch if isinstance(batch, int) else 1
    repeat = lambda some: {name: np.repeat(value, batch, 0) for name, value in some.items()}
    one = lambda i: repeat({name: value[i : i + 1] for name, value in values.items()} | fixed)
    return np.concatenate([it.run(None, one(i))[0][:1] for i in range(count)])


def planes(values, order):
    """Pictures as [n, C, H, W], whatever the graph's order."""
    height, width, channels, lie = order.split()
    sides = [int(height), int(width), int(channels)]
    if lie == "HWC":
        return values.reshape(-1, *sides).transpose(0, 3, 1, 2)
    return values.reshape(-1, sides[2], sides[0], sides[1])


def compare(command, binary, tract, path, label, out, count):
    """Yields the problems of a layout, or of one label of it."""
    out.mkdir(parents=True, exist_ok=True)
    options = [] if label is None else ["--label", label]
    psnr = {}
    for bits in [8, 12]:
        precision = ["--activations", bits, "--weights", bits]
        command(binary, "quantize", path, "-o", out, "--calibrate", 32, "--onnx", "qdq", *precision, *options)
        for what in compare_quantised(command, binary, tract, path, label, out, count):
            yield f"{bits} bits: {what}"
        report = json.loads((out / f"{path.stem}.report.json").read_text())
        psnr[bits] = report["fidelity"]["psnr_mean"]
    if psnr[8] < PSNR_FLOOR or psnr[12] < psnr[8] + GAIN:
        yield f"PSNR {psnr[8]:.1f} dB in 8 bits, {psnr[12]:.1f} dB in 12"


def compare_quantised(command, binary, tract, path, label, out, count):
    options = [] if label is None else ["--label", label]
    twin = out / f"{path.stem}.int8.onnx"
    model = onnx.load(str(twin))
    onnx.checker.check_model(model, full_check=True)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    order = metadata["pocket_dcgan.picture"]
    feeds, latents = draw(twin, np.random.default_rng(0), count)
    np.save(out / "z.npy", latents)

    def sample(model, *options):
        command(binary, "sample", model, "--latents", out / "z.npy", "--npy", out / "out.npy", *options)
        return np.load(out / "out.npy")

    def in_tract(model, passes):
        command(tract, model, passes, out / "z.npy", out / "out.npy")
        return np.load(out / "out.npy")

    expected = run(path, feeds, label, OFF)
    whole = expected.dtype == np.uint8
    expected = planes(expected.astype(np.float64), order)
    got = sample(path, *options).astype(np.float64)
    span = np.ptp(expected) or 1.0
    worst = np.abs((np.floor(got) if whole else got) - expected).max()
    # The graph truncates to bytes, so a float near an integer can fall to either side.
    tolerance = TOLERANCE_OF_STEEP_ENDS if path.stem.startswith("steep-") else TOLERANCE
    if worst / span > (1.01 / span if whole else tolerance):
        yield f"float import: {worst / span:.1e} of the range from ONNX Runtime"
    device = sample(out / f"{path.stem}.gen")
    low, high = (float(end) for end in metadata["pocket_dcgan.pixels"].split())

    def pixels(values):
        return np.clip(np.floor((values - low) * (255 / (high - low)) + 0.5), 0, 255)

    def in_onnx_runtime(model, level):
        return pixels(planes(run(model, feeds, None, level).astype(np.float64), order))

    differences = runtimes.differences(
        device,
        lambda level: in_onnx_runtime(twin, level),
        lambda passes: pixels(in_tract(twin, passes).astype(np.float64)),
        out / f"{path.stem}.gen",
        latents,
    )
    for name, different in differences.items():
        if different:
            yield f"{name}: {different} of {device.size} pixels differ"
    qdq = out / f"{path.stem}.qdq.onnx"
    onnx.checker.check_model(str(qdq), full_check=True)
    psnr = 10 * np.log10(255**2 / max(np.mean((in_onnx_runtime(qdq, ON) - device) ** 2), 1e-9))
    if psnr < QDQ_FLOOR:
        yield f"QDQ: PSNR {psnr:.1f} dB from the engine"


def labels(path):
    """Checks a layout with latents that contain labels, if it supports that, and for one fixed label."""
    inputs = set(np.load(path.with_suffix(".npz")).files)
    free = [] if path.stem in FIXED_ONLY else [None]
    return free + [1] if inputs & LABELS else free


def failures(command, binary, tract, directory, out, count):
    paths = [path for path in sorted(directory.glob("*.onnx")) if not path.stem.endswith(".refused")]
    paths = [path for path in paths if path.stem not in REFUSED]
    found = [
        f"{path.stem}{'' if label is None else f', label {label}'}: {what}"
        for path in paths
        for label in labels(path)
        for what in compare(command, binary, tract, path, label, out, count)
    ]
    print(f"{len(paths)} layouts, {len(found)} failures")
    for line in found:
        print(f"  FAIL  {line}")
    return found if paths else ["no layouts"]

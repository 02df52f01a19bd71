"""Writes the ONNX files of this directory, pictures of ONNX Runtime for each, and README.md's table.

    python -m venv /tmp/layouts
    /tmp/layouts/bin/pip install -r tests/layouts/requirements.txt
    /tmp/layouts/bin/python tests/layouts/make.py

With names as arguments, it writes only these layouts.
"""

import os
import sys
import tempfile
import warnings
from pathlib import Path

sys.dont_write_bytecode = True
# Must be set before TensorFlow is imported. Without oneDNN its sums are the same on every run.
os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}
# Triton and TensorFlow each contain an LLVM and abort in one process; the exporter does not need Triton.
sys.modules["triton"] = None
warnings.filterwarnings("ignore")

import numpy as np
import onnx
import onnxruntime as ort

# Imported in the order of the table.
import torch_nets
import torch_steps
import torch_parts
import torch_shapes
import keras_nets
import keras_parts
import hand_nets
import refused_nets
from layout import CLASSES, LAYOUTS

HERE = Path(__file__).resolve().parent
COUNT = 3


def clean(path):
    """Removes the metadata about Python code and its paths that exporters write."""
    model = onnx.load(path, load_external_data=False)
    for part in [model, model.graph, *model.graph.node, *model.graph.value_info,
                 *model.graph.input, *model.graph.output, *model.graph.initializer]:
        part.doc_string = ""
        part.ClearField("metadata_props")
    onnx.save(model, path)
    onnx.checker.check_model(str(path), full_check=True)
    return model


def latents(entry, rng):
    """COUNT values of a graph input: labels if it is int64, a single number, or has the name of a one-hot label;
    otherwise samples of N(0, 1)."""
    shape = [COUNT] + [size.dim_value for size in entry.type.tensor_type.shape.dim[1:]]
    if entry.type.tensor_type.elem_type == onnx.TensorProto.INT64:
        if entry.name == "y":
            return np.eye(CLASSES, dtype=np.int64)[rng.integers(0, CLASSES, COUNT)]
        return rng.integers(0, 3 if entry.name == "kind" else CLASSES, shape)
    if shape[1:] == [1]:
        return rng.integers(0, CLASSES, shape).astype(np.float32)
    if entry.name in ["onehot", "labels", "y"]:
        labels = np.eye(CLASSES, dtype=np.float32)[rng.integers(0, CLASSES, COUNT)]
        return labels.reshape(shape)
    return rng.standard_normal(shape, dtype=np.float32)


def batch_of(entry):
    """The batch that ONNX Runtime takes through an input: 1 unless the file fixes another."""
    return entry.shape[0] if isinstance(entry.shape[0], int) else 1


def run(path, feeds):
    """ONNX Runtime's output without optimisations, one latent at a time, since the batch may be fixed."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    batch = batch_of(session.get_inputs()[0])
    one = lambda i: {name: np.repeat(values[i : i + 1], batch, 0) for name, values in feeds.items()}
    return np.concatenate([session.run(None, one(i))[0][:1] for i in range(COUNT)])


def write(layout):
    path = HERE / layout.file
    # Written to a temporary directory first: exporters leave other files beside the model.
    with tempfile.TemporaryDirectory() as directory:
        built = Path(directory) / layout.file
        layout.build(layout.seed, built)
        clean(built)
        data = built.with_name(built.name + ".data")
        for file in [built, data] if data.exists() else [built]:
            (HERE / file.name).write_bytes(file.read_bytes())
    model = onnx.load(path)
    constants = {tensor.name for tensor in model.graph.initializer}
    entries = [entry for entry in model.graph.input if entry.name not in constants]
    rng = np.random.default_rng(layout.seed)
    feeds = {entry.name: latents(entry, rng) for entry in entries}
    image = run(path, feeds)
    assert np.isfinite(image).all() and len(image) == COUNT, layout.name
    if not layout.refused:
        names = list(feeds) if len(feeds) > 1 else ["z"]
        arrays = dict(zip(names, feeds.values()), image=image)
        np.savez_compressed(HERE / f"{layout.name}.npz", **arrays)
    mean, deviation = image.mean(), image.std()
    print(f"{layout.name:28} {image.shape!s:18} {mean:7.3f} ± {deviation:.3f}", flush=True)


def row(layout):
    model = onnx.load(HERE / layout.file, load_external_data=False)
    opset = next(s.version for s in model.opset_import if s.domain in ("", "ai.onnx"))
    return f"| {layout.name} | {layout.particular} | {layout.exporter}, {opset} |"


def readme():
    """Writes the tables between the markers of README.md."""
    path = HERE / "README.md"
    text = path.read_text()
    for mark, refused in [("layouts", False), ("refused", True)]:
        rows = [row(layout) for layout in LAYOUTS if layout.refused == refused]
        head = ["| name | what is particular | exporter, opset |", "|---|---|---|"]
        begin, end = f"<!-- {mark} -->\n", f"<!-- /{mark} -->"
        before, rest = text.split(begin)
        text = before + begin + "\n".join(head + rows) + "\n" + end + rest.split(end)[1]
    path.write_text(text)


def main():
    names = [layout.name for layout in LAYOUTS]
    assert len(set(names)) == len(names), "two layouts have one name"
    unknown = set(sys.argv[1:]) - set(names)
    if unknown:
        sys.exit(f"no layout {', '.join(sorted(unknown))}")
    if not sys.argv[1:]:
        for old in [*HERE.glob("*.onnx"), *HERE.glob("*.onnx.data"), *HERE.glob("*.npz")]:
            old.unlink()
    for layout in LAYOUTS:
        if layout.name in sys.argv[1:] or not sys.argv[1:]:
            write(layout)
    readme()


if __name__ == "__main__":
    main()

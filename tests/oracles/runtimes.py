"""Who must draw what the engine draws: the quantised ONNX in ONNX Runtime, with graph optimisations off and on, and
in tract, which `export` has, typed and optimised; and [independent.py]."""

import numpy as np
import onnxruntime as ort

import independent

OFF, ON = ort.GraphOptimizationLevel.ORT_DISABLE_ALL, ort.GraphOptimizationLevel.ORT_ENABLE_ALL
# Of tract, by the example `tract` of the crate export.
PASSES = ["typed", "optimised"]


def session(path, level):
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    # Without it, and on x86 without VNNI, sums of uint8 and int8 saturate at 16 bits where QDQ is fused.
    options.add_session_config_entry("session.x64quantprecision", "1")
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def differences(device, onnx, tract, gen, latents):
    """How many of their pixels are not `device`'s, by name, of a `.gen` and `latents`; `onnx` gives those of ONNX
    Runtime by its level, `tract` those of tract by its passes."""
    drawn = {f"quantised ONNX in ONNX Runtime, optimisations {name}": onnx(level)
             for name, level in [("off", OFF), ("on", ON)]}
    drawn |= {f"quantised ONNX in tract, {passes}": tract(passes) for passes in PASSES}
    gen = independent.read(gen)
    drawn["independent engine"] = np.stack([independent.draw(gen, z) for z in latents])
    return {name: np.count_nonzero(pixels != device) for name, pixels in drawn.items()}

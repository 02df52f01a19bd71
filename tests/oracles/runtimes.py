"""The runtimes that must draw the engine's pictures bit for bit: the quantised ONNX in ONNX Runtime (graph
optimisations off and on) and in tract (typed and optimised), and [independent.py]."""

import numpy as np
import onnxruntime as ort

import independent

OFF, ON = ort.GraphOptimizationLevel.ORT_DISABLE_ALL, ort.GraphOptimizationLevel.ORT_ENABLE_ALL
# tract's modes, run by the example `tract` of the crate export.
PASSES = ["typed", "optimised"]


def session(path, level):
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    # Without this option, on x86 without VNNI, fused QDQ saturates sums of uint8 and int8 products at 16 bits.
    options.add_session_config_entry("session.x64quantprecision", "1")
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def differences(device, onnx, tract, gen, latents):
    """Number of pixels that differ from `device`'s, by the runtime's name, for a `.gen` and `latents`. `onnx` draws
    with ONNX Runtime at an optimisation level, `tract` with tract in a mode of PASSES."""
    drawn = {f"quantised ONNX in ONNX Runtime, optimisations {name}": onnx(level)
             for name, level in [("off", OFF), ("on", ON)]}
    drawn |= {f"quantised ONNX in tract, {passes}": tract(passes) for passes in PASSES}
    gen = independent.read(gen)
    drawn["independent engine"] = np.stack([independent.draw(gen, z) for z in latents])
    return {name: np.count_nonzero(pixels != device) for name, pixels in drawn.items()}

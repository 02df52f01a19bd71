"""Times pictures of the engine, tract and ONNX Runtime on one thread and prints the fastest of each.

The bench `generators` of export times the engine and tract; this script times ONNX Runtime on the same ONNX files.
They run one after the other, three times. int8 is ONNX Runtime's own static quantisation of the float network.

Called by `cargo xtask oracles --speed`, which creates the environment of requirements.txt.
"""

import argparse
import json
import subprocess
import time
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

ROUNDS, SECONDS, TURN, CALIBRATION = 3, 4, 10, 32
ROOT = Path(__file__).resolve().parents[2]
RIVALS = ["tract", "float", "int8"]


def bench(out):
    """Times the engine and tract; writes the generators' ONNX files to `out`."""
    words = ["cargo", "bench", "--quiet", "--package", "export", "--bench", "generators", "--", "--out", out]
    subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return json.loads((out / "figures.json").read_text())


class Latents(CalibrationDataReader):
    def __init__(self, entry):
        random = np.random.default_rng(1)
        shape = [1, *entry.shape[1:]]
        draw = lambda: random.standard_normal(shape).astype(np.float32)
        self.latents = iter([{entry.name: draw()} for _ in range(CALIBRATION)])

    def get_next(self):
        return next(self.latents, None)


def session(path, optimised=None):
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    if optimised:
        options.optimized_model_filepath = str(optimised)
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def quantise(path):
    prepared, int8 = path.with_suffix(".prepared.onnx"), path.with_suffix(".ort-int8.onnx")
    quant_pre_process(str(path), str(prepared), skip_symbolic_shape=True)
    latents = Latents(session(path).get_inputs()[0])
    quantize_static(str(prepared), str(int8), latents, quant_format=QuantFormat.QDQ)
    return int8


def fastest(sessions):
    """Fastest time of each session in milliseconds; the sessions alternate."""
    entry = sessions[0].get_inputs()[0]
    random, least = np.random.default_rng(2), [np.inf] * len(sessions)
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        for i, one in enumerate(sessions):
            for _ in range(TURN):
                latent = random.standard_normal([1, *entry.shape[1:]]).astype(np.float32)
                start = time.perf_counter()
                one.run(None, {entry.name: latent})
                least[i] = min(least[i], 1e3 * (time.perf_counter() - start))
    return least


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="output directory")
    out = parser.parse_args().out
    machine, sessions, rounds, operators = "", {}, {}, {}
    for number in range(ROUNDS):
        print(f"round {number + 1} of {ROUNDS}", flush=True)
        figures = bench(out)
        machine = figures["machine"]
        for figure in figures["generators"]:
            name = figure["name"]
            path = out / f"{name}.onnx"
            if name not in sessions:
                optimised = out / "optimised.onnx"
                sessions[name] = [session(path), session(quantise(path), optimised)]
                nodes = onnx.load(str(optimised)).graph.node
                operators[name] = Counter(node.op_type for node in nodes)
            figure["float"], figure["int8"] = fastest(sessions[name])
            rounds.setdefault(name, []).append(figure)

    print(f"\n{machine}\nonnxruntime {ort.__version__} on the processor, numpy {np.__version__}")
    print("fastest picture in milliseconds on one thread; in brackets the ratio to the engine in each round\n")
    print("| generator | engine | tract float | ONNX Runtime float | ONNX Runtime int8 |")
    print("|---|---:|---:|---:|---:|")
    for name, figures in rounds.items():
        cells = [f"{min(figure['engine'] for figure in figures):.3f}"]
        for rival in RIVALS:
            ratios = ", ".join(f"{figure[rival] / figure['engine']:.2f}" for figure in figures)
            cells.append(f"{min(figure[rival] for figure in figures):.3f} ({ratios})")
        print(f"| {name} | {' | '.join(cells)} |")
    print("\noperators of the int8 networks after ONNX Runtime's optimisations:")
    for name, counts in operators.items():
        print(f"{name}: {', '.join(f'{count} {kind}' for kind, count in sorted(counts.items()))}")


if __name__ == "__main__":
    main()

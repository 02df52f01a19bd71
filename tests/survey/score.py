"""Tries `export onnx` on the files of the survey, and compares the pictures of the ONNX with the frameworks' own.

    python3 tests/survey/score.py target/debug/export

Without an argument it takes that path. --assume also passes `--assume` where the exporter stops and asks. --markdown
prints the outcomes as a column for README.md. It exits with 1 if a picture is wrong without a word.
"""

import argparse
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

import numpy as np
import onnxruntime

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TOLERANCE = 1e-3
TIMEOUT = 300
# What a person knows who has the class: the values that a file does not hold and the exporter may assume aloud.
FACTS = {
    "03-upsampled": "--eps 0.00001,0.8,0.8,_",
    "05-cvae": "--output sigmoid",
    "06-dense": "--activation leaky:0.2",
    "07-other-order": "--stride _,_,_,2,2,2 --padding _,_,_,0,0,0 --output-padding _,_,_,0,0,1 --output relu",
    "08-cifar": "--stride _,2,2,2 --padding _,0,0,0 --output-padding _,0,0,0 --activation none,relu,relu,tanh",
    "09-unpadded": "--padding _,0,0,0 --output none",
    "12-infogan": "--output sigmoid",
    "13-world-models": "--padding _,0,0,0,0 --output sigmoid",
    "18-weights-alone": "--activation leaky:0.3 --stride _,1,2,2",
}
# To be refused: no such graph can be converted.
REFUSE = {"15-bilinear"}


@dataclass
class Outcome:
    name: str
    kind: str
    detail: str = ""


def survey():
    names = sorted(path for path in HERE.glob("[0-9][0-9]-*") if path.suffix != ".npz")
    return [(path, HERE / f"{path.name.split('.')[0]}.npz") for path in names]


def export(command, directory):
    """Runs one command of the exporter in `directory`; returns its exit status and all it printed."""
    try:
        done = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return 124, f"no answer within {TIMEOUT} s"
    return done.returncode, done.stdout + done.stderr


def feeds(inputs, z, label):
    """Ways of giving one latent and its label to a graph's inputs. Widths decide which is which; where the label is a
    part of a single latent, both places are tried."""
    classes = 10 if label is None or label.ndim == 0 else label.shape[0]
    hot = None if label is None else (np.eye(classes, dtype=np.float32)[label] if label.ndim == 0 else label)
    number = None if label is None else np.int64(label if label.ndim == 0 else label.argmax())
    width = lambda node: int(np.prod([side for side in node.shape[1:] if isinstance(side, int)] or [1]))
    shaped = lambda node, value: value.reshape([side if isinstance(side, int) else 1 for side in node.shape])
    whole = [node for node in inputs if node.type != "tensor(float)"]
    real = [node for node in inputs if node.type == "tensor(float)"]
    if whole and (number is None or len(whole) > 1):
        return
    fixed = {}
    for node in whole:
        kind = np.int32 if node.type == "tensor(int32)" else np.int64
        fixed[node.name] = shaped(node, np.array([number], kind))
    if len(real) == 1:
        joined = [z] if hot is None or whole else [np.concatenate([z, hot]), np.concatenate([hot, z]), z]
        for value in joined:
            if width(real[0]) == value.size:
                yield fixed | {real[0].name: shaped(real[0], value)}
    elif len(real) == 2 and hot is not None:
        for first, second in (real, real[::-1]):
            for beside in (hot, np.array([number], np.float32)):
                if width(first) == z.size and width(second) == beside.size:
                    yield {first.name: shaped(first, z), second.name: shaped(second, beside)}


def difference(model, npz):
    """The largest difference between the graph's pictures and the framework's; infinite if it cannot draw them."""
    wanted = np.load(npz)
    try:
        session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    except Exception:  # the runtime raises its own kinds
        return float("inf")
    inputs = session.get_inputs()
    labels = wanted["label"] if "label" in wanted else [None] * len(wanted["z"])
    ways = [list(feeds(inputs, z, label)) for z, label in zip(wanted["z"], labels)]
    best = float("inf")
    for way in zip(*ways):
        drawn = [session.run(None, feed)[0] for feed in way]
        if all(picture.size == wanted["image"][0].size for picture in drawn):
            pictures = np.concatenate([picture.reshape(1, *wanted["image"].shape[1:]) for picture in drawn])
            best = min(best, float(np.abs(pictures - wanted["image"].astype(np.float32)).max()))
    return best


def written(directory, before):
    """The ONNX that a command wrote."""
    fresh = [path for path in directory.rglob("*.onnx") if path not in before]
    return max(fresh, key=lambda path: path.stat().st_mtime, default=None)


def attempt(exporter, arguments, npz):
    """The exit status, the text and the difference of one command, run beside a copy of the checkpoint."""
    checkpoint = next(path for path in survey() if path[1] == npz)[0]
    with tempfile.TemporaryDirectory() as place:
        directory = pathlib.Path(place)
        shutil.copy(checkpoint, directory)
        status, text = export([str(exporter), *arguments], directory)
        model = written(directory, set())
        return status, text, difference(model, npz) if model else float("inf")


def first_line(text):
    return next((line for line in text.splitlines() if line.strip()), "")


def printed(text):
    """The commands that a message asks the person to choose from."""
    found = re.findall(r"^ {4}(?:\S*/)?export (onnx .*)$", text, re.M)
    return [shlex.split(command) for command in dict.fromkeys(found)]


def judge(exporter, checkpoint, npz, assume):
    name = npz.stem
    plain = ["onnx", checkpoint.name, "-o", "made.onnx"]
    status, text, error = attempt(exporter, plain, npz)
    if status == 0:
        if error <= TOLERANCE:
            return Outcome(name, "right")
        apart = "other size or inputs" if error == float("inf") else f"differs by {error:.2f}"
        options = FACTS.get(name)
        if options and "*" in text:
            if attempt(exporter, plain + shlex.split(options), npz)[2] <= TOLERANCE:
                return Outcome(name, "assumed", f"{apart}; right with {options}")
        return Outcome(name, "wrong", apart)
    if status not in (1, 2):
        return Outcome(name, "crashed", f"exit {status}: {first_line(text)}")
    commands = printed(text)
    for command in commands:
        if attempt(exporter, command, npz)[2] <= TOLERANCE:
            return Outcome(name, "asked", f"one of {len(commands)} commands")
    detail = re.sub(r"^error: [^ ]+: ", "", first_line(text))
    if assume:
        status, _, error = attempt(exporter, plain + ["--assume"], npz)
        given = "refused" if status else ("right" if error <= TOLERANCE else "another picture")
        detail = f"--assume: {given}; {detail}"
    return Outcome(name, "refused", detail)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("exporter", nargs="?", default=ROOT / "target/debug/export", type=pathlib.Path)
    parser.add_argument("--assume", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    outcomes = []
    for checkpoint, npz in survey():
        outcome = judge(given.exporter.resolve(), checkpoint, npz, given.assume)
        outcomes.append(outcome)
        row = f"| {outcome.name[:2]} | {outcome.kind} | {outcome.detail} |"
        line = f"{outcome.name:22} {outcome.kind:8} {outcome.detail}"
        print(row if given.markdown else line[:200], flush=True)
    kinds = [outcome.kind for outcome in outcomes]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    could = sum(outcome.kind == "refused" and outcome.name not in REFUSE for outcome in outcomes)
    print(f"\n{counts}; {could} of the refused could run")
    sys.exit(1 if {"wrong", "crashed"} & set(kinds) else 0)


if __name__ == "__main__":
    main()

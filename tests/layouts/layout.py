"""A layout: one way in which a generator may arrive as ONNX."""

import zlib
from dataclasses import dataclass
from typing import Callable

LAYOUTS = []
# Labels of the conditional generators.
CLASSES = 5
# Latents on which weights are scaled and BatchNorm's statistics measured.
MEASURED = 512
# Standard deviation of what a tanh at the end gets; the picture's is about 0.45 then.
LAST = 0.55


@dataclass
class Layout:
    name: str
    particular: str
    exporter: str
    # Writes the ONNX file to a path.
    build: Callable
    # Whether an importer of plain chains should say no to it.
    refused: bool = False

    @property
    def seed(self):
        """Of the name, so that one layout more does not change the others."""
        return zlib.crc32(self.name.encode())

    @property
    def file(self):
        return f"{self.name}.refused.onnx" if self.refused else f"{self.name}.onnx"


def add(name, particular, exporter, build, refused=False):
    LAYOUTS.append(Layout(name, particular, exporter, build, refused))

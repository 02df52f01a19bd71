"""A layout: one of the forms that a generator's ONNX file can have."""

import zlib
from dataclasses import dataclass
from typing import Callable

LAYOUTS = []
# Number of labels of the conditional generators.
CLASSES = 5
# Number of latents on which weights are scaled and BatchNorm's statistics are measured.
MEASURED = 512
# Standard deviation of the input of a final tanh; the picture's is then about 0.45.
LAST = 0.55


@dataclass
class Layout:
    name: str
    particular: str
    exporter: str
    # Writes the ONNX file to a path.
    build: Callable
    # Whether the importer must refuse it because it is not a chain of supported layers.
    refused: bool = False

    @property
    def seed(self):
        """Seed derived from the name, so that another layout does not change the existing ones."""
        return zlib.crc32(self.name.encode())

    @property
    def file(self):
        return f"{self.name}.refused.onnx" if self.refused else f"{self.name}.onnx"


def add(name, particular, exporter, build, refused=False):
    LAYOUTS.append(Layout(name, particular, exporter, build, refused))

"""Graphs written by hand: forms that the standard allows and that exporters of other frameworks produce."""

import numpy as np
from onnx import numpy_helper

from graph import hand, numbers
from layout import LAST

K4 = {"strides": [2, 2], "pads": [1, 1, 1, 1]}


@hand("hand-output-shape", "ConvTranspose with output_shape: more padding at the beginning", 11)
def output_shape(g):
    x = g.linear("ConvTranspose", g.head(2), (4, 4, 4, 4), strides=[2, 2], output_shape=[4, 4])
    x = g.op("Relu", g.norm(x))
    return g.op("Tanh", g.linear("ConvTranspose", x, (4, 1, 5, 5), goal=LAST, strides=[2, 2],
                                 output_shape=[8, 8]))


@hand("hand-output-shape-upper", "ConvTranspose with output_shape, SAME_UPPER: more at the end", 11)
def output_shape_upper(g):
    x = g.linear("ConvTranspose", g.head(2), (4, 4, 3, 3), bias=(4,), strides=[2, 2],
                 output_shape=[4, 4], auto_pad="SAME_UPPER")
    return g.last(g.op("Relu", x))


def same(which):
    mode = f"SAME_{which.upper()}"

    @hand(f"hand-same-{which}", f"ConvTranspose k3 s2 and Conv k4 with auto_pad {mode}", 11)
    def auto_pad(g):
        x = g.linear("ConvTranspose", g.head(2), (4, 4, 3, 3), strides=[2, 2], auto_pad=mode)
        x = g.op("Relu", g.norm(x))
        x = g.linear("Conv", x, (4, 4, 4, 4), bias=(4,), auto_pad=mode)
        return g.last(g.op("LeakyRelu", x, alpha=0.2))


same("upper")
same("lower")


@hand("hand-asymmetric", "pads different at each side, kernels and strides not square", 13)
def asymmetric(g):
    x = g.linear("ConvTranspose", g.head(), (4, 4, 3, 5), strides=[2, 3], pads=[0, 1, 1, 3])
    x = g.op("Relu", g.norm(x))
    x = g.linear("Conv", x, (4, 4, 2, 3), bias=(4,), pads=[1, 0, 0, 2])
    return g.tail(g.op("Relu", x))


@hand("hand-constants", "weights in Constant nodes, one after an Identity, batch fixed at 1", 13,
      batch=1, inline=True)
def constants(g):
    x = g.linear("ConvTranspose", g.head(2), (4, 4, 4, 4), share=True, **K4)
    return g.last(g.op("Relu", g.norm(x)))


@hand("hand-shared", "two layers with the same weights, shared by Identity", 9)
def shared(g):
    x = g.linear("Conv", g.head(2), (4, 4, 3, 3), share=True, pads=[1, 1, 1, 1])
    weights = g.nodes[-1].input[1]
    x = g.op("Relu", g.norm(x))
    x = g.op("Conv", x, g.op("Identity", weights), pads=[1, 1, 1, 1])
    x = g.op("Relu", g.norm(x))
    return g.last(g.linear("ConvTranspose", x, (4, 4, 4, 4), **K4))


@hand("hand-reshapes", "Squeeze, Unsqueeze, Flatten, Reshape with 0 and −1", 13)
def reshapes(g):
    x = g.op("Squeeze", "z", numbers([2, 3]))
    x = g.op("Unsqueeze", x, numbers([-2, -1]))
    x = g.op("Flatten", x)
    x = g.linear("Gemm", x, (8, 16), bias=(16,))
    x = g.op("Relu", g.op("Reshape", x, numbers([0, 4, 2, -1])))
    x = g.op("Reshape", x, numbers([0, 0, -1]))
    x = g.op("Reshape", x, numbers([-1, 4, 2, 2]))
    return g.last(g.op("Relu", g.linear("ConvTranspose", x, (4, 4, 4, 4), bias=(4,), **K4)))


@hand("hand-squeeze-attributes", "axes as attributes, batch fixed at 1", 9, batch=1)
def squeeze_attributes(g):
    x = g.op("Squeeze", "z", axes=[2, 3])
    x = g.op("Relu", g.linear("Gemm", x, (8, 10), bias=(10,)))
    x = g.linear("ConvTranspose", g.op("Unsqueeze", x, axes=[2, 3]), (10, 4, 2, 2))
    return g.last(g.op("Relu", g.linear("ConvTranspose", g.op("Relu", x), (4, 4, 4, 4), **K4)))


@hand("hand-matmul", "MatMul and Add, twice; in the second Add the constant comes first", 13, (8,))
def matmul(g):
    x = g.linear("MatMul", "z", (8, 12))
    x = g.op("LeakyRelu", g.op("Add", x, g.noise((12,), 0.2)), alpha=0.1)
    x = g.linear("MatMul", x, (12, 16))
    x = g.op("Relu", g.op("Add", g.noise((1, 16), 0.2), x))
    x = g.op("Reshape", x, numbers([-1, 4, 2, 2]))
    return g.last(g.linear("ConvTranspose", x, (4, 4, 4, 4), **K4))


@hand("hand-gemm", "Gemm with transB, alpha 0.5, beta 2; with one bias for all", 11, (8,))
def gemm(g):
    x = g.op("Relu", g.linear("Gemm", "z", (12, 8), bias=(12,), transB=1, alpha=0.5, beta=2.0))
    x = g.linear("Gemm", x, (12, 16), bias=(1,), beta=-1.5)
    x = g.op("Relu", g.norm(g.op("Reshape", x, numbers([-1, 4, 2, 2]))))
    return g.last(g.linear("ConvTranspose", x, (4, 4, 4, 4), **K4))


@hand("hand-affine", "Mul, Add, Sub, Div by constants per channel and of one number", 13)
def affine(g):
    x = g.linear("ConvTranspose", g.head(2), (4, 4, 4, 4), **K4)
    x = g.op("Mul", x, g.rng.uniform(0.6, 1.4, (4, 1, 1)).astype(np.float32))
    x = g.op("Sub", x, g.noise((1, 4, 1, 1), 0.2))
    x = g.op("Relu", g.op("Div", x, np.float32([1.25])))
    x = g.op("Mul", np.array(-0.8, np.float32), x)
    return g.op("Neg", g.last(g.op("Add", g.noise((4, 1, 1), 0.2), x)))


@hand("hand-negative-pads", "cropped by Pad with negative pads, as input", 13)
def negative_pads(g):
    x = g.linear("ConvTranspose", g.head(2), (4, 4, 5, 5), strides=[2, 2])
    x = g.op("Relu", g.norm(x))
    return g.last(g.op("Pad", x, numbers([0, 0, -1, -2, 0, 0, -2, -1]), mode="constant"))


@hand("hand-pad-attributes", "Pad with its pads and value as attributes", 9)
def pad_attributes(g):
    x = g.op("Pad", g.head(2), pads=[0, 0, 1, 0, 0, 0, 0, 1], value=0.0)
    x = g.op("Relu", g.linear("ConvTranspose", x, (4, 4, 4, 4), strides=[2, 2]))
    return g.last(g.op("Pad", x, pads=[0, 0, -1, -2, 0, 0, -3, -2], mode="constant"))


@hand("hand-pad-axes", "Pad with axes", 18)
def pad_axes(g):
    x = g.op("Pad", g.head(2), numbers([1, 0, 0, 1]), np.array(0, np.float32), numbers([2, 3]))
    x = g.op("Relu", g.linear("Conv", x, (4, 4, 2, 2), bias=(4,)))
    return g.last(g.op("Relu", g.linear("ConvTranspose", x, (4, 4, 4, 4), **K4)))


@hand("hand-crop-slice", "auto_pad VALID; Slice with negative ends and the largest int64", 11)
def crop_slice(g):
    x = g.linear("ConvTranspose", g.head(2), (4, 4, 5, 5), strides=[2, 2], auto_pad="VALID")
    ends = numbers([-2, 2**63 - 1])
    x = g.op("Slice", x, numbers([1, -4]), ends, numbers([2, 3]), numbers([1, 1]))
    return g.last(g.op("Relu", g.norm(x)))


@hand("hand-dropout-13", "Dropout, ratio and training_mode as inputs", 13)
def dropout_13(g):
    x = g.op("Dropout", g.head(2), np.array(0.4, np.float32), np.array(False))
    return g.last(g.op("Relu", g.linear("ConvTranspose", x, (4, 4, 4, 4), **K4)))


@hand("hand-upsample-9", "Upsample by 2 and by 1 and 2; Dropout with ratio as attribute", 9)
def upsample_9(g):
    x = g.op("Upsample", g.head(2), np.float32([1, 1, 2, 2]), mode="nearest")
    x = g.op("Relu", g.linear("Conv", x, (4, 4, 3, 3), bias=(4,), pads=[1, 1, 1, 1]))
    x = g.op("Dropout", x, ratio=0.4)
    return g.last(g.op("Upsample", x, np.float32([1, 1, 1, 2])))


@hand("hand-resize-10", "Resize by scales, opset 10", 10)
def resize_10(g):
    return g.last(g.op("Resize", g.head(2), np.float32([1, 1, 2, 2]), mode="nearest"))


@hand("hand-resize-scales", "Resize by scales 3 and 2, asymmetric and floor", 13)
def resize_scales(g):
    return g.tail(g.op("Resize", g.head(), "", np.float32([1, 1, 3, 2]), mode="nearest",
                       coordinate_transformation_mode="asymmetric", nearest_mode="floor"))


@hand("hand-resize-sizes", "Resize to sizes, with the defaults; batch fixed at 1", 13, batch=1)
def resize_sizes(g):
    batch = g.values["z"].shape[0]
    x = g.op("Resize", g.head(2), "", "", numbers([batch, 4, 4, 4]), mode="nearest")
    # The graph was evaluated on a whole batch, but the file has batch 1.
    sizes = g.initializers[-1]
    sizes.CopyFrom(numpy_helper.from_array(numbers([1, 4, 4, 4]), sizes.name))
    return g.last(x)


@hand("hand-resize-axes", "Resize by scales along axes 2 and 3", 18)
def resize_axes(g):
    return g.last(g.op("Resize", g.head(2), "", np.float32([2, 2]), mode="nearest", axes=[2, 3],
                       coordinate_transformation_mode="asymmetric", nearest_mode="floor"))


@hand("hand-depth-to-space", "DepthToSpace DCR, the default", 11)
def depth_to_space(g):
    x = g.linear("Conv", g.head(2), (16, 4, 3, 3), bias=(16,), pads=[1, 1, 1, 1])
    return g.last(g.op("Relu", g.op("DepthToSpace", x, blocksize=2)))


@hand("hand-clip", "ReLU as Clip with only a lower limit; Max and Min with a constant", 12)
def clip(g):
    x = g.linear("ConvTranspose", g.head(2), (4, 4, 4, 4), bias=(4,), **K4)
    x = g.op("Clip", x, np.array(0, np.float32))
    x = g.linear("Conv", x, (4, 4, 3, 3), bias=(4,), pads=[1, 1, 1, 1])
    return g.last(g.op("Min", g.op("Max", x, np.array(-0.5, np.float32)), np.array(2, np.float32)))

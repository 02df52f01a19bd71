"""Reads a .gen file and draws its pictures: an engine written only from docs/format.md and docs/numerics.md.

    python independent.py FILE.gen --seed 1 --count 16 --npy OUT.npy
    python independent.py FILE.gen --latents Z.npy --npy OUT.npy
"""
import argparse
import math
import struct
import zlib
from types import SimpleNamespace

import numpy as np

f32 = np.float32


# ---- the file ------------------------------------------------------------------------------------

def text(data):
    return data.rstrip(b"\0").decode()


def read(path):
    """Parts and layers of a .gen file; weights as w[channel, ky, kx, input channel]."""
    data = open(path, "rb").read()
    assert data[:8] == b"\x89GEN\r\n\x1a\n", "not a .gen file"
    version, layers, directions, length, crc, _memory, z, parts, _whole = struct.unpack_from("<HBB IIIHBB", data, 8)
    assert version == 3 and length == len(data)
    assert crc == zlib.crc32(data[:16] + bytes(4) + data[20:]), "damaged"
    at = 96
    shape, high, out = (1, 1, z), 2047, []
    for _ in range(layers):
        layer = read_layer(data, at, shape)
        out.append(layer)
        shape, at = layer.shape, at + 28
    drawn = []
    for _ in range(parts):
        name, size, kind, normal, scale = struct.unpack_from("<24sHBBf", data, at)
        drawn.append(SimpleNamespace(name=text(name), size=size, kind=kind, normalized=normal == 1, scale=scale))
        at += 32
    assert sum(p.size for p in drawn) == z
    return SimpleNamespace(name=text(data[32:64]), z=z, parts=drawn, layers=out)


def read_layer(data, at, shape):
    (kind, epilogue, per_feature, zero, h, w, c, kh, kw, sh, sw, top, left,
     weights, numbers, entries, elements, wide) = struct.unpack_from("<4B3H6BIIHBB", data, at)
    l = SimpleNamespace(transposed=kind == 0, epilogue=epilogue, zero=zero, shape=(h, w, c), kernel=(kh, kw),
                        stride=(sh, sw), padding=(top, left), wide=wide)
    l.low, l.high = ((0, 255), (0, 2047), (-2047, 2047))[elements]
    l.weights = read_weights(data, weights, l, shape[2])

    def array(kind, count):
        nonlocal numbers
        values = np.frombuffer(data, kind, count, numbers)
        numbers += values.nbytes
        return values.astype(np.int64)

    n = h * w * c if per_feature else c
    form = (h, w, c) if per_feature else (c,)
    l.C, l.m = array("<i8", n).reshape(form), array("<i4", n).reshape(form)
    if epilogue == 1:
        l.m_negative, l.b = array("<i4", n).reshape(form), array("<i4", n).reshape(form)
    if epilogue == 2:
        l.table = array("<i2" if elements else "u1", entries)
    return l


def phases(kernel, stride, transposed):
    """For each phase, the kernel's elements in the order in which its taps are stored."""
    if not transposed:
        return [list(range(kernel))]
    return [list(range(r, kernel, stride))[::-1] for r in range(stride)]


def read_weights(data, at, l, inputs):
    channels = l.shape[2]
    w = np.zeros((channels, *l.kernel, inputs + inputs % 2), np.int64)
    row_phases = [p for p in phases(l.kernel[0], l.stride[0], l.transposed) if p]
    column_phases = [p for p in phases(l.kernel[1], l.stride[1], l.transposed) if p]
    block = 4 if l.wide else 8
    for rows in row_phases:
        for taps in sorted({len(p) for p in column_phases}, reverse=True):
            group = [p for p in column_phases if len(p) == taps]
            features = [(p, n) for p in group for n in range(channels)]
            for first in range(0, len(features), block):
                some = features[first:first + block]
                words = len(some) if l.wide else (len(some) + 1) // 2
                form = (taps, len(rows), (inputs + 1) // 2, words, 2)
                numbers = np.frombuffer(data, "<i2", math.prod(form), at).reshape(form).astype(np.int64)
                at += 2 * numbers.size
                for i, (columns, n) in enumerate(some):
                    if l.wide:
                        part = numbers[:, :, :, i]
                    else:
                        part = numbers[:, :, :, i // 2]
                        a = part.astype(np.int8).astype(np.int64)
                        part = (part - a) // 256 if i % 2 else a
                    # [column tap][row tap][input] to w[n][ky][kx][input]
                    part = part.reshape(taps, len(rows), -1)
                    w[n][np.ix_(rows, columns)] = part.transpose(1, 0, 2)
    return w[..., :inputs]


# ---- the picture ---------------------------------------------------------------------------------

def accumulate(l, x):
    """Accumulators of one map x[h, w, c], minus the zero-point. In f64, which is exact below 2**53."""
    h, w, c = l.shape
    (kh, kw), (sh, sw), (top, left) = l.kernel, l.stride, l.padding
    ih, iw, _ = x.shape
    x, weights = x.astype(np.float64), l.weights.astype(np.float64)
    if l.transposed:  # scatters every input over a kernel of outputs, then cuts the padding off
        acc = np.zeros((max(h + top, (ih - 1) * sh + kh), max(w + left, (iw - 1) * sw + kw), c))
        for ky in range(kh):
            for kx in range(kw):
                acc[ky:ky + (ih - 1) * sh + 1:sh, kx:kx + (iw - 1) * sw + 1:sw] += x @ weights[:, ky, kx].T
        acc = acc[top:top + h, left:left + w]
    else:
        padded = np.zeros((max(ih + top, (h - 1) * sh + kh), max(iw + left, (w - 1) * sw + kw), x.shape[2]))
        padded[top:top + ih, left:left + iw] = x
        acc = np.zeros(l.shape)
        for ky in range(kh):
            for kx in range(kw):
                acc += padded[ky:ky + (h - 1) * sh + 1:sh, kx:kx + (w - 1) * sw + 1:sw] @ weights[:, ky, kx].T
    return acc.astype(np.int64)


def wrapped(x):
    """Reduces modulo 2**32, to the range of int32."""
    return x.astype(np.int32).astype(np.int64)


def run(l, x):
    acc = accumulate(l, x - l.zero)
    if l.wide:
        acc = wrapped(acc)
    m = l.m
    if l.epilogue == 1:
        acc = wrapped(acc + l.b)
        m = np.where(acc < 0, l.m_negative, m)
    y = (acc * m + l.C) >> 32
    if l.epilogue == 2:
        y = l.table[np.clip(y, 0, len(l.table) - 1)]
    return np.clip(y, l.low, l.high)


def normalized(z):
    """One part of a latent divided by the root of its mean square."""
    whole = np.floor(z / max(np.abs(z).max(), 2.0**-126) * 2**19 + 0.5)
    return whole * math.sqrt(len(z) / max(int((whole.astype(np.int64) ** 2).sum()), 1))


def draw(gen, z):
    parts = np.split(z.astype(np.float64), np.cumsum([p.size for p in gen.parts])[:-1])
    parts = [(normalized(part) if p.normalized else part) * p.scale for p, part in zip(gen.parts, parts)]
    q = np.nan_to_num(np.floor(np.concatenate(parts) + 0.5), nan=0.0, posinf=2047, neginf=-2047)
    x = np.clip(q, -2047, 2047).astype(np.int64).reshape(1, 1, gen.z)
    for l in gen.layers:
        x = run(l, x)
    return x.transpose(2, 0, 1).astype(np.uint8)


# ---- latents -------------------------------------------------------------------------------------

def random_numbers(seed):
    """Generates xoshiro128++; two numbers of SplitMix64, low half first, are the four words of its state."""
    mask32, mask64 = 2**32 - 1, 2**64 - 1
    s = []
    for _ in range(2):
        seed = (seed + 0x9E3779B97F4A7C15) & mask64
        n = ((seed ^ seed >> 30) * 0xBF58476D1CE4E5B9) & mask64
        n = ((n ^ n >> 27) * 0x94D049BB133111EB) & mask64
        n ^= n >> 31
        s += [n & mask32, n >> 32]

    def rotated(n, by):
        return (n << by | n >> (32 - by)) & mask32

    while True:
        yield (rotated((s[0] + s[3]) & mask32, 7) + s[0]) & mask32
        t = s[1] << 9 & mask32
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotated(s[3], 11)


def polynomial(x, *coefficients):
    y = f32(0)
    for c in coefficients[::-1]:
        y = f32(f32(y * x) + f32(c))
    return y


def logarithm(x):
    """logf as in FreeBSD's msun and libm; other implementations differ in the last place. Public constants."""
    bits = int(x.view(np.uint32)) + 0x3F800000 - 0x3F3504F3
    k = f32((bits >> 23) - 127)
    f = np.uint32((bits & 0x7FFFFF) + 0x3F3504F3).view(f32) - f32(1)
    s = f / (f32(2) + f)
    z = s * s
    w = z * z
    r = z * (f32(0.66666662693) + w * f32(0.28498786688)) + w * (f32(0.40000972152) + w * f32(0.24279078841))
    h = f32(0.5) * f * f
    return s * (h + r) + k * f32(9.0580006145e-06) - h + f + k * f32(0.69313812256)


def normal(n):
    """Normal quantile by AS 241, PPND7 (Wichura 1988), without its third branch (r > 5), which 32 bits never reach.

    Three coefficients are not the nearest f32; they are those of docs/numerics.md.
    """
    p = f32(f32(n >> 1) + f32(0.5)) * f32(2**-32)  # at most a half
    q = f32(0.5) - p
    if q <= f32(0.425):
        r = f32(0.180625) - q * q
        a1, a2 = 50.43427, 159.29113
        x = q * polynomial(r, 3.3871327179, a1, a2, 59.109374720) \
            / polynomial(r, 1, 17.895169469, 78.757757664, 67.187563600)
    else:
        r = np.sqrt(-logarithm(p)) - f32(1.6)
        c0 = 1.4234373
        x = polynomial(r, c0, 2.7568153900, 1.3067284816, 0.17023821103) \
            / polynomial(r, 1, 0.73700164250, 0.12021132975)
    return -x if n & 1 else x


def latent(gen, seed):
    numbers = random_numbers(seed)
    z = []
    for p in gen.parts:
        if p.kind == 0:
            z += [normal(next(numbers)) for _ in range(p.size)]
        elif p.kind == 1:
            z += [f32((2 * (next(numbers) >> 8) + 1 - 2**24) / 2**24) for _ in range(p.size)]
        else:
            hot = next(numbers) * p.size >> 32
            z += [f32(i == hot) for i in range(p.size)]
    return np.array(z, f32)


def main():
    parser = argparse.ArgumentParser(description="Draws the pictures of a .gen file")
    parser.add_argument("file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--latents", help="[N, z] float32, instead of seeds")
    parser.add_argument("--npy", required=True)
    args = parser.parse_args()
    gen = read(args.file)
    z = np.load(args.latents) if args.latents else [latent(gen, args.seed + i) for i in range(args.count)]
    np.save(args.npy, np.stack([draw(gen, one) for one in z]))


if __name__ == "__main__":
    main()

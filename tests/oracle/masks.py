"""Makes the masks that tests/sparsity/masks.c compares with: python tests/oracle/masks.py [FILE]

Every pattern is written out plainly from its definition, with numpy, over all pairs at once; shares are
fractions, so that nothing is rounded. The scores come from a generator that is as short in C:
x <- 1664525 x + 1013904223 mod 2^32, from x = seed; row by row. "smooth" scores are x / 2^28 - 8 with x cut
to its upper 24 bits; "tied" ones take the upper 3 bits only and so have eight values.

FILE (tests/sparsity/vectors/masks.txt unless another is given) has a line for each mask:
    tokens, scores (smooth or tied), layer, head, the mask, the specification
separated by tabs. The mask is "off", or all n*n pairs row by row, 1 kept, as hexadecimal (last byte padded
with 0).
"""

import math
import pathlib
import sys
from fractions import Fraction

import numpy as np

LENGTHS = (1, 2, 5, 7, 16, 33, 64)
SEEDS = {"smooth": 1, "tied": 2}
OFF = "off"


def scores(kind, tokens):
    x, values = SEEDS[kind], []
    for _ in range(tokens * tokens):
        x = (1664525 * x + 1013904223) % 2**32
        bits = x >> 8 << 8 if kind == "smooth" else x >> 29 << 29
        values.append(Fraction(bits, 2**28) - 8)
    return np.array(values, dtype=object).reshape(tokens, tokens)


def pairs(tokens):
    """Query and key of every pair, [n, n] each."""
    return np.meshgrid(np.arange(tokens), np.arange(tokens), indexing="ij")


def kept(share, count):
    return max(1, math.ceil((1 - share) * count))


def first_by_value(values, keep):
    """Indices of the `keep` largest, ties to the lower index."""
    return sorted(range(len(values)), key=lambda j: (-values[j], j))[:keep]


# ---- patterns: functions of the scores [n, n] ----------------------------------------------------


def dense():
    return lambda s: np.ones(s.shape, dtype=bool)


def local(width):
    def mask(s):
        i, j = pairs(len(s))
        return abs(i - j) <= width

    return mask


def local_share(share):
    def mask(s):
        n = len(s)
        widths = []
        for width in range(n):
            realised = 1 - Fraction(int(local(width)(s).sum()), n * n)
            widths.append((abs(realised - share), -width))
        return local(-min(widths)[1])(s)

    return mask


def dilated(width, step):
    def mask(s):
        i, j = pairs(len(s))
        return (abs(i - j) <= width) & (abs(i - j) % step == 0)

    return mask


def strided(stride):
    def mask(s):
        i, j = pairs(len(s))
        return (abs(i - j) < stride) | (abs(i - j) % stride == 0)

    return mask


def fixed(window, summaries):
    def mask(s):
        i, j = pairs(len(s))
        return (i // window == j // window) | (j % window >= window - summaries)

    return mask


def global_tokens(*tokens):
    def mask(s):
        i, j = pairs(len(s))
        chosen = [len(s) - 1 if t == "sep" else 0 if t == "cls" else t for t in tokens]
        return np.isin(i, chosen) | np.isin(j, chosen)

    return mask


def listed(*chosen):
    def mask(s):
        i, j = pairs(len(s))
        return np.logical_or.reduce([(i == query) & (j == key) for query, key in chosen])

    return mask


def unlisted(*chosen):
    return lambda s: ~listed(*chosen)(s)


def block_local(block, window):
    def mask(s):
        i, j = pairs(len(s))
        return abs(i // block - j // block) <= window // 2

    return mask


def bigbird(block, globals_, window):
    """Without random blocks."""

    def mask(s):
        i, j = pairs(len(s))
        near = abs(i // block - j // block) <= window // 2
        return near | (i // block < globals_) | (j // block < globals_)

    return mask


def topk(share):
    def mask(s):
        result = np.zeros(s.shape, dtype=bool)
        for i, row in enumerate(s):
            result[i, first_by_value(row, kept(share, len(row)))] = True
        return result

    return mask


def block_topk(block, share):
    def mask(s):
        i, j = pairs(len(s))
        blocks = -(-len(s) // block)
        result = np.zeros(s.shape, dtype=bool)
        for row in range(blocks):
            inside = [s[(i // block == row) & (j // block == column)] for column in range(blocks)]
            means = [sum(values) / Fraction(len(values)) for values in inside]
            for column in first_by_value(means, kept(share, blocks)):
                result |= (i // block == row) & (j // block == column)
        return result

    return mask


def threshold(share):
    def mask(s):
        result = np.zeros(s.shape, dtype=bool)
        for i, row in enumerate(s):
            ordered = sorted(row)
            place = share * (len(row) - 1)
            low = math.floor(place)
            high = min(low + 1, len(row) - 1)
            quantile = ordered[low] + (ordered[high] - ordered[low]) * (place - low)
            result[i] = [bool(value >= quantile) for value in row]
        return result

    return mask


def nm(keep, group):
    def mask(s):
        result = np.zeros(s.shape, dtype=bool)
        for i, row in enumerate(s):
            for begin in range(0, len(row), group):
                for j in first_by_value(row[begin : begin + group], keep):
                    result[i, begin + j] = True
        return result

    return mask


def either(*parts):
    return lambda s: np.logical_or.reduce([part(s) for part in parts])


def both(*parts):
    return lambda s: np.logical_and.reduce([part(s) for part in parts])


def rescued(mask):
    """A row that keeps nothing keeps the token itself."""
    mask = mask.copy()
    for i in range(len(mask)):
        if not mask[i].any():
            mask[i, i] = True
    return mask


# ---- what is asked -------------------------------------------------------------------------------


def percent(number):
    return Fraction(number, 100)


STRUCTURES = [
    ("dense", dense()),
    ("local(0)", local(0)),
    ("local(1)", local(1)),
    ("local(3)", local(3)),
    ("local(1000)", local(1000)),
    ("local(80%)", local_share(percent(80))),
    ("local(0.4)", local_share(percent(40))),
    ("local(60 %)", local_share(percent(60))),
    ("local(0.0)", local_share(percent(0))),
    ("dilated(6, 2)", dilated(6, 2)),
    ("dilated(7,3)", dilated(7, 3)),
    ("dilated(0, 5)", dilated(0, 5)),
    ("strided(1)", strided(1)),
    ("strided(4)", strided(4)),
    ("strided(7)", strided(7)),
    ("fixed(4, 1)", fixed(4, 1)),
    ("fixed(5, 2)", fixed(5, 2)),
    ("fixed(3, 3)", fixed(3, 3)),
    ("fixed(8, 0)", fixed(8, 0)),
    ("global(cls)", global_tokens("cls")),
    ("global(sep)", global_tokens("sep")),
    ("global(cls, sep, 3)", global_tokens("cls", "sep", 3)),
    ("global(40)", global_tokens(40)),
    ("block_local(2, 3)", block_local(2, 3)),
    ("block_local(4, 1)", block_local(4, 1)),
    ("block_local(3, 4)", block_local(3, 4)),
    ("bigbird(2, 1, 3, 0)", bigbird(2, 1, 3)),
    ("bigbird(4, 0, 1, 0)", bigbird(4, 0, 1)),
    ("bigbird(3, 2, 0, 0)", bigbird(3, 2, 0)),
    ("pairs(0.3)", listed((0, 3))),
    ("pairs(4.1, 0.3, 4.1, 33.60, 6.6)", listed((4, 1), (0, 3), (33, 60), (6, 6))),
    ("without(0.3)", unlisted((0, 3))),
    ("without(0.0, 1.0, 1.1, 40.2)", unlisted((0, 0), (1, 0), (1, 1), (40, 2))),
    ("local(1) & without(2.2, 3.2) + pairs(2.6)",
     either(both(local(1), unlisted((2, 2), (3, 2))), listed((2, 6)))),
    ("dilated(9, 3) + local(1)", either(dilated(9, 3), local(1))),
    ("fixed(4, 1) & local(5)", both(fixed(4, 1), local(5))),
    ("local(0) + dilated(8, 4) & strided(3) + global(sep)",
     either(local(0), both(dilated(8, 4), strided(3)), global_tokens("sep"))),
    ("(local(0) + dilated(8, 4)) & (strided(3) + global(sep))",
     both(either(local(0), dilated(8, 4)), either(strided(3), global_tokens("sep")))),
    ("global(2) & global(5)", both(global_tokens(2), global_tokens(5))),
    ("dense & local(2)", both(dense(), local(2))),
    ("dense + local(2)", either(dense(), local(2))),
]

SCORED = [
    ("topk(0)", topk(percent(0))),
    ("topk(40%)", topk(percent(40))),
    ("topk(0.6)", topk(percent(60))),
    ("topk(0.8)", topk(percent(80))),
    ("topk(99.9%)", topk(Fraction(999, 1000))),
    ("block_topk(1, 0.5)", block_topk(1, percent(50))),
    ("block_topk(2, 80%)", block_topk(2, percent(80))),
    ("block_topk(3, 0.4)", block_topk(3, percent(40))),
    ("block_topk(5, 0.6)", block_topk(5, percent(60))),
    ("threshold(0)", threshold(percent(0))),
    ("threshold(0.8)", threshold(percent(80))),
    ("threshold(37.5%)", threshold(Fraction(3, 8))),
    ("threshold(0.55)", threshold(percent(55))),
    ("nm(2, 4)", nm(2, 4)),
    ("nm(1, 3)", nm(1, 3)),
    ("nm(3, 16)", nm(3, 16)),
    ("topk(0.8) + global(cls)", either(topk(percent(80)), global_tokens("cls"))),
    ("topk(0.8) & local(2)", both(topk(percent(80)), local(2))),
    ("block_topk(4, 0.6) & threshold(0.7) + local(0)",
     either(both(block_topk(4, percent(60)), threshold(percent(70))), local(0))),
]


def placed(layer, head):
    """topk(0.8); local(1)@L1-2; strided(3)@L2.H1-2; heads_off(1.3, 3.0); dense@L3.H1"""
    if (layer, head) == (3, 1):
        return dense()
    if (layer, head) in ((1, 3), (3, 0)):
        return OFF
    if layer == 2 and head in (1, 2):
        return strided(3)
    return local(1) if layer in (1, 2) else topk(percent(80))


def line(tokens, kind, layer, head, pattern, specification):
    if pattern is OFF:
        text = OFF
    else:
        mask = rescued(pattern(scores(kind, tokens)))
        text = np.packbits(mask.ravel()).tobytes().hex()
    return "\t".join([str(tokens), kind, str(layer), str(head), text, specification]) + "\n"


def main():
    here = pathlib.Path(__file__).resolve().parent
    path = sys.argv[1] if len(sys.argv) > 1 else here.parent / "sparsity" / "vectors" / "masks.txt"
    lines = []
    for tokens in LENGTHS:
        for specification, pattern in STRUCTURES:
            lines.append(line(tokens, "smooth", 0, 0, pattern, specification))
        for specification, pattern in SCORED:
            for kind in SEEDS:
                lines.append(line(tokens, kind, 0, 0, pattern, specification))
    for layer in range(4):
        for head in range(4):
            lines.append(line(7, "smooth", layer, head, placed(layer, head), placed.__doc__))
    pathlib.Path(path).write_text("".join(lines))


if __name__ == "__main__":
    main()

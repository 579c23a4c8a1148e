#!/usr/bin/env python3
"""Exact two-sided McNemar p of disagreements b and c, from rational sums, as test vectors.

    python3 tests/oracle/mcnemar.py > tests/inspect/vectors/mcnemar.txt

p = min(1, 2 Pr[Bin(b+c, 1/2) <= min(b,c)]). Nothing is rounded before the last step: the sum of
binomial coefficients is a whole number, divided by 2^(b+c) as a fraction. Lines: b c p.
"""
from fractions import Fraction

PAIRS = [
    (0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (0, 5), (5, 0), (1, 9), (3, 12), (12, 3), (7, 8),
    (10, 25), (20, 20), (40, 61), (61, 40), (0, 60), (0, 1000), (200, 260), (260, 200),
    (499, 501), (5000, 5200), (20000, 21000),
]


def exact(b, c):
    trials, fewest = b + c, min(b, c)
    coefficient, total = 1, 0
    for k in range(fewest + 1):
        total += coefficient
        coefficient = coefficient * (trials - k) // (k + 1)
    return min(Fraction(1), Fraction(2 * total, 2**trials))


for b, c in PAIRS:
    print(b, c, repr(float(exact(b, c))))

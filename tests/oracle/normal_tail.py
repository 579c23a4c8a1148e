"""Fits the polynomial of core/kernel/simd.c for the tail of the normal distribution (numpy, mpmath).

Phi(-x) exp(x^2 / 2) for x >= 0 is smooth and falls like 1/x, so it is written as a polynomial without a constant
in t = 1 / (1 + P x). Least squares at Chebyshev points of t, weighted so that the error of x Phi(x) counts.
Prints the coefficients, lowest power first, and the largest weighted error.
"""

import mpmath
import numpy

P, DEGREE = 0.34, 8


def scaled_tail(x):
    z = mpmath.mpf(float(x)) / mpmath.sqrt(2)
    return float(mpmath.erfc(z) * mpmath.exp(z * z) / 2)


def main():
    places = numpy.arange(400)
    t = numpy.append(0.5 * (1 - numpy.cos((places + 0.5) * numpy.pi / 400)), 1.0)
    x = (1 / t - 1) / P
    t, x = t[x < 12], x[x < 12]
    wanted = numpy.array([scaled_tail(value) for value in x])
    weight = numpy.exp(-x * x / 2) * numpy.maximum(1, x) + 1e-3
    powers = numpy.stack([t**power for power in range(1, DEGREE + 1)], 1)
    solution = numpy.linalg.lstsq(powers * weight[:, None], wanted * weight, rcond=None)[0]
    error = numpy.abs(powers @ solution - wanted) * weight
    print([float(f"{value:.9g}") for value in solution], error.max())


if __name__ == "__main__":
    main()

"""Fits the polynomial of core/kernel/power.h for powers of two (numpy).

2^r for |r| <= 1/2 as 1 + c1 r + ... , so that 2^0 is exactly 1. Of all such polynomials the one whose largest relative
error is least: a least-squares fit whose weights grow where the error is large (Lawson's algorithm). Prints the
coefficients, lowest power first, and the largest relative error.
"""

import numpy

DEGREE, ROUNDS = 5, 3000


def main():
    r = numpy.cos(numpy.linspace(0, numpy.pi, 4000)) / 2
    powers = numpy.stack([r**power for power in range(1, DEGREE + 1)], 1) / (2**r)[:, None]
    wanted = (2**r - 1) / 2**r
    weight, least, best = numpy.ones_like(r), numpy.inf, None
    for _ in range(ROUNDS):
        root = numpy.sqrt(weight)
        solution = numpy.linalg.lstsq(powers * root[:, None], wanted * root, rcond=None)[0]
        error = numpy.abs(powers @ solution - wanted)
        if error.max() < least:
            least, best = error.max(), solution
        weight *= numpy.sqrt(error / error.max()) + 1e-12
        weight /= weight.mean()
    print([float(f"{value:.9g}") for value in best], least)


if __name__ == "__main__":
    main()

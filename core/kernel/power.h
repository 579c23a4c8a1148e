/*
 * power.h - powers of two, for floats and for the compiler's vectors of them.
 *
 * Adding POWER_ROUNDER to x rounds it to a whole number, which is in the lowest bits of the sum
 * then; shifted to the exponent's place it makes its power, and FRACTION_POWER that of what is left
 * of x.
 */
#ifndef SAWB_CORE_KERNEL_POWER_H
#define SAWB_CORE_KERNEL_POWER_H

#define POWER_ROUNDER 12582912.0f /* 1.5 * 2^23 */

/* 2^r for |r| <= 1/2, exact at 0. Fitted by tests/oracle/power_of_two.py; its error is below
 * 1e-7. */
#define FRACTION_POWER(r)                                                                          \
    (((((1.32647273e-3f * (r) + 9.67151271e-3f) * (r) + 5.55073374e-2f) * (r) + 2.40222421e-1f) *  \
          (r) +                                                                                    \
      6.93146978e-1f) *                                                                            \
         (r) +                                                                                     \
     1.0f)

#endif

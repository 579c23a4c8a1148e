/*
 * amx.h - the registers of the matrix unit of Intel CPUs, for the sources that multiply with it.
 */
#ifndef SAWB_CORE_KERNEL_AMX_H
#define SAWB_CORE_KERNEL_AMX_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define AMX_SIDE 16 /* of a register: rows, and words of a row */
#define AMX_LINE ((size_t)AMX_SIDE * sizeof(int32_t))

/* A row of all registers, and their rows. */
#define AMX_EACH(x) x, x, x, x, x, x, x, x

/* All registers as large as they can be, until they are released. */
static inline void amx_configure(void) {
    static const struct {
        uint8_t palette, start, zeros[14];
        uint16_t bytes[16]; /* of a row of each register */
        uint8_t rows[16];
    } shape = {.palette = 1, .bytes = {AMX_EACH(AMX_LINE)}, .rows = {AMX_EACH(AMX_SIDE)}};
    _tile_loadconfig(&shape);
}

#endif

/*
 * set.h - names of what is compiled once for each instruction set.
 *
 * The Makefile compiles the sources in SIMD_SOURCES as they are, for the portable set, and once
 * more for each set in SIMD_SETS, with KERNELS_SET defined.
 */
#ifndef SAWB_CORE_KERNEL_SET_H
#define SAWB_CORE_KERNEL_SET_H

#ifndef KERNELS_SET
#define KERNELS_SET portable
#endif
#define SET_JOINED(name, set) name##_##set
#define SET_EXPANDED(name, set) SET_JOINED(name, set)
#define SET_QUOTED(set) #set
#define SET_TEXT(set) SET_QUOTED(set)

/* gemm -> gemm_avx2, and "avx2". */
#define OF_SET(name) SET_EXPANDED(name, KERNELS_SET)
#define SET_NAME SET_TEXT(KERNELS_SET)

#endif

/*
 * safetensors.h - the safetensors format: read from a mapping, written as a stream.
 *
 * Layout: u64 little-endian header size, a JSON header {"name": {"dtype", "shape", "data_offsets"}}
 * with offsets from the end of the header, the data. The key "__metadata__" holds free strings.
 */
#ifndef SAWB_CORE_MODEL_SAFETENSORS_H
#define SAWB_CORE_MODEL_SAFETENSORS_H

#include <cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/file.h"

/* TENSOR_OTHER: a type of the format that sawb does not read, e.g. F64. */
enum tensor_type { TENSOR_F32, TENSOR_F16, TENSOR_BF16, TENSOR_U8, TENSOR_I64, TENSOR_OTHER };

#define TENSOR_DIMENSIONS 8
#define TENSOR_NAME_BYTES 1024

struct tensor {
    const char *name;
    enum tensor_type type;
    int dimensions; /* 0: a scalar */
    int64_t shape[TENSOR_DIMENSIONS];
    size_t count; /* elements */
    size_t size;  /* bytes */
    /* Into the file's bytes, at any alignment (reading); the caller's (writing). */
    const void *data;
};

struct safetensors {
    struct file_map map; /* empty after safetensors_parse, which borrows the bytes */
    int count;
    struct tensor *tensors; /* [count], sorted by name */
    char *names;
    char *path;
};

/*
 * Maps and checks everything: header size, JSON, names (none twice), types, shapes against sizes,
 * and that the data lies inside the file without overlaps, gaps or a rest, as the reference
 * implementation demands. Borrowed pointers stay valid until safetensors_close, which is right
 * after a failure too.
 */
int safetensors_open(struct safetensors *file, const char *path, struct sawb_error *error);

/* The same for bytes in memory, which must outlive `file`. `where` names them in errors. */
int safetensors_parse(struct safetensors *file, const void *data, size_t size, const char *where,
                      struct sawb_error *error);
void safetensors_close(struct safetensors *file);

/* The tensor of that name, or NULL. */
const struct tensor *safetensors_find(const struct safetensors *file, const char *name);

/* "F32", "BF16", ...; "another type" for TENSOR_OTHER. */
const char *tensor_type_name(enum tensor_type type);

/* Copies a F32, F16 or BF16 tensor as float32 into out [count]. */
int tensor_to_float(const struct tensor *tensor, float *out, struct sawb_error *error);

/*
 * Writes F32, F16, U8 and I64 tensors atomically, their data in the order given; `count` and `size`
 * of each are taken from its shape. The data of F16 tensors is given as float32 and rounded to
 * nearest even on the way; a finite value that float16 cannot hold is an error. `metadata` (an
 * object of strings) may be NULL.
 */
int safetensors_write(const char *path, const struct tensor *tensors, int count,
                      const cJSON *metadata, struct sawb_error *error);

/* The same up to the last step: file_commit puts the file in its place, file_discard drops it.
 * After a failure the writer is empty. */
int safetensors_stage(struct file_writer *writer, const char *path, const struct tensor *tensors,
                      int count, const cJSON *metadata, struct sawb_error *error);

/* IEEE 754 binary16; rounds to nearest even, overflow becomes infinity. */
uint16_t float_to_half(float value);
float half_to_float(uint16_t half);

#endif

/*
 * fuzz_safetensors.c - any bytes as a safetensors file; what is taken must lie inside them and be
 * found again.
 */
#include "core/model/safetensors.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_tensor(const struct tensor *tensor) {
    struct sawb_error error;
    if (tensor->type > TENSOR_BF16 || tensor->count == 0)
        return;
    float *values = calloc(tensor->count, sizeof(*values));
    if (!values)
        return;
    if (tensor_to_float(tensor, values, &error) < 0)
        __builtin_trap();
    free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct safetensors file;
    struct sawb_error error;
    if (safetensors_parse(&file, data, size, "input", &error) == 0) {
        for (int i = 0; i < file.count; i++) {
            const struct tensor *tensor = &file.tensors[i];
            const uint8_t *begin = tensor->data;
            if (begin < data || tensor->size > (size_t)(data + size - begin) ||
                safetensors_find(&file, tensor->name) != tensor)
                __builtin_trap();
            read_tensor(tensor);
        }
    }
    safetensors_close(&file);
    return 0;
}

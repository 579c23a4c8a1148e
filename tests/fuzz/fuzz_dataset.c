/*
 * fuzz_dataset.c - any bytes as a data set; the first byte chooses the format. What is read is also
 * learned from.
 */
#include "core/text/dataset.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/text/unicode.h"
#include "core/text/vocabulary.h"

#define VOCABULARY_SIZE 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const paths[] = {"x.tsv", "x.jsonl", "x.txt"};
    struct dataset dataset;
    struct sawb_error error;
    if (size == 0 || dataset_parse(&dataset, (const char *)data + 1, size - 1,
                                   paths[data[0] % (sizeof(paths) / sizeof(paths[0]))], &error) < 0)
        return 0;
    for (int i = 0; i < dataset.count; i++) {
        const struct example *example = &dataset.examples[i];
        if (strlen(example->text) != example->length || example->label < -1 ||
            unicode_validate(example->text, example->length, &error) < 0)
            __builtin_trap();
    }
    char *text;
    if (vocabulary_learn(&text, &dataset, VOCABULARY_SIZE, NULL, NULL, &error) == 0)
        free(text);
    dataset_free(&dataset);
    return 0;
}

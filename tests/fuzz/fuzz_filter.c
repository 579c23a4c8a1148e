/*
 * fuzz_filter.c - expressions of a data set's filter: read, and asked about a few rows.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app/data_filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"NEGATIVE", "POSITIVE"};
    static const struct row_facts rows[] = {
        {"a warm film", 0, 3, 1, {{1, 0.9f, 0.9f, 0.1f}, {0, 0.6f, 0.4f, 0.9f}}},
        {"caf\xc3\xa9 (good)", 1, 2, -1, {{-1, NAN, NAN, NAN}, {-1, NAN, NAN, NAN}}},
        {"", 2, 0, 0, {{0, 0.5f, 0.5f, 0.7f}, {0, 1, 1, 0}}},
    };
    struct sawb_error error;
    struct filter *filter;
    char *expression = malloc(size + 1);
    if (!expression)
        return 0;
    memcpy(expression, data, size);
    expression[size] = '\0';
    if (filter_parse(&filter, expression, names, 2, &error) == 0) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
            filter_holds(filter, &rows[i]);
        filter_needs_answers(filter);
        filter_free(filter);
    } else if (!strlen(error.message) || filter) {
        abort();
    }
    free(expression);
    return 0;
}

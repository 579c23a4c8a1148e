/*
 * fuzz_tokenizer_json.c - any bytes as a tokenizer.json.
 */
#include "core/text/tokenizer_json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/text/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sawb_error error;
    char *text;
    cJSON *json = json_parse((const char *)data, size, "input", &error);
    if (!json)
        return 0;
    if (tokenizer_json_vocabulary(&text, json, "input", &error) == 0) {
        struct tokenizer *tokenizer;
        if (tokenizer_from_vocabulary(&tokenizer, text, strlen(text), "input", &error) == 0)
            tokenizer_free(tokenizer);
        free(text);
    }
    cJSON_Delete(json);
    return 0;
}

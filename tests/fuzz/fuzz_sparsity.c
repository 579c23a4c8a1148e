/*
 * fuzz_sparsity.c - any text as a specification; what parses must give masks of 0 and 1 without an
 * empty row, explain every pair as the mask has it, and mean the same once its presets are written
 * out. Edited by hand it must still parse, with the pair as it was asked for and heads on and off.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/sparsity/edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_TOKENS = 24 };

static void check_mask(const struct sparsity *sparsity, const struct sparsity *written,
                       const struct mask_request *request) {
    uint8_t mask[MOST_TOKENS * MOST_TOKENS], other[MOST_TOKENS * MOST_TOKENS];
    char text[200];
    int tokens = request->tokens;
    enum mask_kind kind = sparsity_mask(sparsity, request, mask);
    if (kind != sparsity_mask(written, request, other))
        __builtin_trap();
    if (kind != MASK_PATTERN)
        return;
    if (memcmp(mask, other, (size_t)tokens * (size_t)tokens) != 0)
        __builtin_trap();
    for (int i = 0; i < tokens; i++) {
        int kept = 0;
        for (int j = 0; j < tokens; j++) {
            if (mask[i * tokens + j] > 1)
                __builtin_trap();
            kept += mask[i * tokens + j];
        }
        if (kept == 0)
            __builtin_trap();
        int key = (i * 7) % tokens;
        sparsity_explain(sparsity, request, i, key, text, sizeof(text));
        if ((text[0] == 'k') != mask[i * tokens + key])
            __builtin_trap();
    }
}

/* What a change gave, parsed; NULL when it was refused. */
static struct sparsity *parse_changed(char *changed, const struct presets *presets) {
    struct sparsity *sparsity = NULL;
    struct sawb_error error;
    if (changed && sparsity_parse(&sparsity, changed, presets, &error) < 0)
        __builtin_trap();
    free(changed);
    return sparsity;
}

/* The pair (1, 0) of head 1.0 kept or removed, and head 1.1 off and on. */
static void check_edits(const char *text, const struct presets *presets,
                        struct mask_request request) {
    uint8_t mask[MOST_TOKENS * MOST_TOKENS];
    struct sawb_error error;
    request.layer = 1;
    for (int keep = 0; keep < 2 && request.tokens > 1; keep++) {
        struct cell_edit edit = {1, 0, 1, 0, keep ? CELL_KEEP : CELL_DROP};
        struct sparsity *sparsity =
            parse_changed(sparsity_edit_cell(text, presets, &edit, &error), presets);
        enum mask_kind kind = sparsity ? sparsity_mask(sparsity, &request, mask) : MASK_HEAD_OFF;
        if (sparsity && (kind == MASK_PATTERN ? mask[request.tokens] : kind == MASK_DENSE) != keep)
            __builtin_trap();
        sparsity_free(sparsity);
    }
    for (int off = 0; off < 2; off++) {
        struct sparsity *sparsity = parse_changed(
            sparsity_edit_head(text, presets, (struct head_place){1, 1}, off, &error), presets);
        if (sparsity && sparsity_head_is_off(sparsity, 1, 1) != off)
            __builtin_trap();
        sparsity_free(sparsity);
    }
}

/* The first byte chooses the length, the next four bytes the scores, the rest is the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct presets *presets;
    struct sawb_error error;
    struct sparsity *sparsity, *written;
    float scores[MOST_TOKENS * MOST_TOKENS];
    uint32_t x;
    if (!presets) {
        presets = presets_create();
        if (!presets || presets_load(presets, "samples/presets.json", &error) < 0)
            __builtin_trap(); /* run from the root of the repository */
    }
    if (size < 5 || size > 4096)
        return 0;
    char *text = malloc(size - 4);
    if (!text)
        return 0;
    memcpy(text, data + 5, size - 5);
    text[size - 5] = '\0';
    memcpy(&x, data + 1, sizeof(x));
    for (int p = 0; p < MOST_TOKENS * MOST_TOKENS; p++) {
        x = 1664525u * x + 1013904223u;
        memcpy(&scores[p], &x, sizeof(x)); /* any float, NaN and infinities too */
    }
    struct mask_request request = {.tokens = 1 + data[0] % MOST_TOKENS, .scores = scores};
    if (sparsity_parse(&sparsity, text, presets, &error) == 0) {
        if (sparsity_parse(&written, sparsity_pattern(sparsity), presets, &error) < 0)
            __builtin_trap();
        for (request.layer = 0; request.layer < 3; request.layer++)
            check_mask(sparsity, written, &request);
        sparsity_check(sparsity, 6, 12, &error);
        request.layer = 0;
        check_edits(text, presets, request);
        sparsity_free(written);
        sparsity_free(sparsity);
    }
    free(text);
    return 0;
}

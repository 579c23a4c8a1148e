/*
 * look.c - what of the answers is looked at, and the line at the bottom.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tui/app/workbench.h"

static int smaller(int a, int b) {
    return a < b ? a : b;
}

int workbench_layers(const struct workbench *workbench) {
    const struct model *a = workbench->arms[ARM_A].model, *b = workbench->arms[ARM_B].model;
    return a && b ? smaller(a->config.layers, b->config.layers) : 0;
}

int workbench_heads(const struct workbench *workbench) {
    const struct model *a = workbench->arms[ARM_A].model, *b = workbench->arms[ARM_B].model;
    return a && b ? smaller(a->config.heads, b->config.heads) : 0;
}

int workbench_tokens(const struct workbench *workbench) {
    const struct capture *a = workbench->arms[ARM_A].capture, *b = workbench->arms[ARM_B].capture;
    return a && b ? smaller(a->encoding.count, b->encoding.count) : 0;
}

static int clamp(int value, int count) {
    return value < 0 || count <= 0 ? 0 : value >= count ? count - 1 : value;
}

void workbench_clamp(struct workbench *workbench) {
    workbench->layer = clamp(workbench->layer, workbench_layers(workbench));
    workbench->head = clamp(workbench->head, workbench_heads(workbench));
    workbench->query = clamp(workbench->query, workbench_tokens(workbench));
    workbench->key = clamp(workbench->key, workbench_tokens(workbench));
}

void workbench_explain(const struct workbench *workbench, int arm, int query, int key, char *text,
                       int size) {
    const struct capture *capture = workbench->arms[arm].capture;
    struct sparsity *sparsity;
    text[0] = '\0';
    if (!capture || workbench->layer >= capture->layers || workbench->head >= capture->heads ||
        query < 0 || key < 0 || query >= capture->encoding.count || key >= capture->encoding.count)
        return;
    if (sparsity_parse(&sparsity, capture->spec, workbench->presets, NULL) < 0)
        return;
    struct mask_request request = {
        .layer = workbench->layer,
        .head = workbench->head,
        .tokens = capture->encoding.count,
        .scores = capture->scores + capture_head(capture, workbench->layer, workbench->head),
        .seed = capture->seed,
        .step = capture->training_step,
    };
    sparsity_explain(sparsity, &request, query, key, text, size);
    sparsity_free(sparsity);
}

void workbench_message(struct workbench *workbench, enum message_kind kind, const char *format,
                       ...) {
    /* Whoever has not yet seen an error shall not miss it for a note. */
    if (kind == MESSAGE_NOTE && workbench->message_kind == MESSAGE_ERROR)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(workbench->message, sizeof(workbench->message), format, arguments);
    va_end(arguments);
    workbench->message_kind = kind;
    workbench->changed = 1;
    if (kind == MESSAGE_NOTE || kind == MESSAGE_ERROR)
        console_add(&workbench->console, kind == MESSAGE_NOTE ? CONSOLE_NOTE : CONSOLE_ERROR,
                    workbench->message);
}

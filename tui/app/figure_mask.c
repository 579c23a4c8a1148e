/*
 * figure_mask.c - masks, their blocks and what they keep of every head, as figures.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app/figures.h"
#include "tui/app/mask.h"
#include "tui/app/workbench.h"
#include "viz/figure.h"

static const char *const names[ARMS] = {"A", "B"};

static int add_pairs(struct figure *figure, const struct workbench *workbench, int arm,
                     struct sawb_error *error) {
    const struct capture *capture = workbench->arms[arm].capture;
    const char *const *pieces = (const char *const *)capture->pieces;
    size_t tokens = (size_t)capture->encoding.count;
    char title[64];
    snprintf(title, sizeof(title), "%s: pairs kept", names[arm]);
    struct panel *panel = figure_matrix(figure, title, (int)tokens, (int)tokens, error);
    if (!panel || panel_row_labels(panel, pieces, error) < 0 ||
        panel_column_labels(panel, pieces, error) < 0 || panel_unit(panel, "kept", error) < 0)
        return -1;
    memcpy(panel->mask,
           capture_mask(capture, capture_head(capture, workbench->layer, workbench->head)),
           tokens * tokens);
    for (size_t i = 0; i < tokens * tokens; i++)
        panel->values[i] = panel->mask[i];
    panel->maximum = 1;
    return 0;
}

static int add_blocks(struct figure *figure, const struct workbench *workbench, int arm,
                      struct sawb_error *error) {
    int size = mask_block_size(workbench, arm);
    int rows = block_rows(workbench->arms[arm].capture->encoding.count, size);
    size_t count = (size_t)rows * (size_t)rows;
    uint8_t *kinds = malloc(count);
    char title[120];
    if (!kinds)
        return error_set(error, "mask: out of memory");
    struct block_count blocks =
        mask_blocks(workbench, arm, workbench->layer, workbench->head, kinds);
    snprintf(title, sizeof(title), "%s: blocks of %d, %d full, %d partial, %d empty", names[arm],
             size, (int)blocks.full, (int)blocks.partial, (int)blocks.empty);
    struct panel *panel = figure_matrix(figure, title, rows, rows, error);
    int status = panel && panel_numbers(panel, "", 1, error) == 0 &&
                         panel_numbers(panel, "", 0, error) == 0 &&
                         panel_unit(panel, "empty 0, partial 0.5, full 1", error) == 0
                     ? 0
                     : -1;
    for (size_t i = 0; status == 0 && i < count; i++) {
        panel->values[i] = (float)kinds[i] / BLOCK_FULL;
        panel->mask[i] = kinds[i] != BLOCK_EMPTY;
    }
    if (status == 0)
        panel->maximum = 1;
    free(kinds);
    return status;
}

static int add_heads(struct figure *figure, const struct workbench *workbench, int arm,
                     enum mask_show show, struct sawb_error *error) {
    const struct capture *capture = workbench->arms[arm].capture;
    char title[80];
    snprintf(title, sizeof(title), "%s: %s", names[arm], mask_show_name(show));
    struct panel *panel = figure_matrix(figure, title, capture->layers, capture->heads, error);
    if (!panel || panel_numbers(panel, "layer ", 1, error) < 0 ||
        panel_numbers(panel, "head ", 0, error) < 0 || panel_unit(panel, "share", error) < 0)
        return -1;
    for (int i = 0; i < capture->layers * capture->heads; i++)
        panel->values[i] =
            (float)mask_value(workbench, arm, i / capture->heads, i % capture->heads, show);
    panel->maximum = 1;
    return 0;
}

int mask_figure(const struct workbench *workbench, struct figure *figure,
                struct sawb_error *error) {
    char words[400];
    if (!workbench->arms[ARM_A].capture || !workbench->arms[ARM_B].capture)
        return error_set(error, "mask: there is no answer yet; set a sentence with `text`");
    if (figure_title(figure, error, "mask of layer %d head %d", workbench->layer, workbench->head) <
            0 ||
        figure_facts(workbench, figure, error) < 0)
        return -1;
    for (int arm = 0; arm < ARMS; arm++) {
        char name[16];
        snprintf(name, sizeof(name), "%s keeps", names[arm]);
        mask_words(workbench, arm, words, sizeof(words));
        if (figure_fact(figure, error, name, "%s", words) < 0)
            return -1;
    }
    for (int arm = 0; arm < ARMS; arm++)
        if (add_pairs(figure, workbench, arm, error) < 0)
            return -1;
    for (int arm = 0; arm < ARMS; arm++)
        if (add_blocks(figure, workbench, arm, error) < 0)
            return -1;
    for (enum mask_show show = MASK_SPARSITY; show < MASK_SHOWS; show++)
        for (int arm = 0; arm < ARMS; arm++)
            if (add_heads(figure, workbench, arm, show, error) < 0)
                return -1;
    return 0;
}

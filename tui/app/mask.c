/*
 * mask.c - what a pattern keeps, and pairs switched by hand.
 */
#include "tui/app/mask.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/inspect/metrics.h"
#include "core/sparsity/edit.h"
#include "tui/app/workbench.h"

int mask_arm(const struct workbench *workbench) {
    return workbench->mask.edits_a ? ARM_A : ARM_B;
}

/* The arm's answer when it has this head. */
static const struct capture *answer_of(const struct workbench *workbench, int arm, int layer,
                                       int head) {
    const struct capture *capture = workbench->arms[arm].capture;
    return capture && layer < capture->layers && head < capture->heads ? capture : NULL;
}

int mask_block_size(const struct workbench *workbench, int arm) {
    struct sparsity *sparsity;
    int size = workbench->mask.block;
    if (size > 0)
        return size;
    if (sparsity_parse(&sparsity, workbench->arms[arm].spec, workbench->presets, NULL) == 0) {
        size = sparsity_block(sparsity, workbench->layer, workbench->head);
        sparsity_free(sparsity);
    }
    return size > 0 && size <= BLOCK_MOST ? size : MASK_BLOCK;
}

struct block_count mask_blocks(const struct workbench *workbench, int arm, int layer, int head,
                               uint8_t *kinds) {
    const struct capture *capture = answer_of(workbench, arm, layer, head);
    if (!capture)
        return (struct block_count){0};
    return block_layout(capture_mask(capture, capture_head(capture, layer, head)),
                        capture->encoding.count, mask_block_size(workbench, arm), kinds);
}

double mask_value(const struct workbench *workbench, int arm, int layer, int head,
                  enum mask_show show) {
    const struct capture *capture = answer_of(workbench, arm, layer, head);
    if (!capture)
        return NAN;
    if (show == MASK_EMPTY) {
        struct block_count count = mask_blocks(workbench, arm, layer, head, NULL);
        return block_sparsity(&count);
    }
    if (show == MASK_MASS)
        return capture_metric(capture, layer, head, METRIC_MASS);
    return sparsity_realised(capture_mask(capture, capture_head(capture, layer, head)),
                             capture->encoding.count);
}

const char *mask_show_name(enum mask_show show) {
    static const char *const names[MASK_SHOWS] = {"pairs", "blocks", "sparsity", "empty blocks",
                                                  "dense mass kept"};
    return names[show];
}

void mask_words(const struct workbench *workbench, int arm, char *text, int size) {
    struct sparsity *sparsity;
    snprintf(text, (size_t)size, "%s", workbench->arms[arm].spec);
    if (sparsity_parse(&sparsity, workbench->arms[arm].spec, workbench->presets, NULL) < 0)
        return;
    sparsity_words(sparsity, workbench->layer, workbench->head, text, size);
    sparsity_free(sparsity);
}

/* ---- switching ------------------------------------------------------------------------------- */

/* Whether the pair is kept in the head under this specification, with the scores of the arm's
 * answer. -1 when that is not known. */
static int is_kept(const struct workbench *workbench, const char *spec,
                   const struct mask_change *change, int layer, int head) {
    const struct capture *capture = answer_of(workbench, change->arm, layer, head);
    struct sparsity *sparsity;
    int kept = -1;
    if (!capture || change->query >= capture->encoding.count ||
        change->key >= capture->encoding.count ||
        sparsity_parse(&sparsity, spec, workbench->presets, NULL) < 0)
        return -1;
    size_t tokens = (size_t)capture->encoding.count;
    uint8_t *mask = malloc(tokens * tokens);
    if (mask) {
        struct mask_request request = {.layer = layer,
                                       .head = head,
                                       .tokens = capture->encoding.count,
                                       .scores =
                                           capture->scores + capture_head(capture, layer, head),
                                       .seed = capture->seed,
                                       .step = capture->training_step};
        enum mask_kind kind = sparsity_mask(sparsity, &request, mask);
        kept = kind == MASK_PATTERN ? mask[(size_t)change->query * tokens + (size_t)change->key]
                                    : kind == MASK_DENSE;
    }
    free(mask);
    sparsity_free(sparsity);
    return kept;
}

/* 1 when the pair has this state in every head that the change is about and that is on. */
static int holds_everywhere(const struct workbench *workbench, const char *spec,
                            const struct mask_change *change, int kept) {
    const struct capture *capture = workbench->arms[change->arm].capture;
    struct sparsity *sparsity;
    int holds = 1;
    if (change->layer >= 0)
        return is_kept(workbench, spec, change, change->layer, change->head) == kept;
    if (!capture || sparsity_parse(&sparsity, spec, workbench->presets, NULL) < 0)
        return 0;
    for (int i = 0; holds && i < capture->layers * capture->heads; i++) {
        int layer = i / capture->heads, head = i % capture->heads;
        holds = sparsity_head_is_off(sparsity, layer, head) ||
                is_kept(workbench, spec, change, layer, head) == kept;
    }
    sparsity_free(sparsity);
    return holds;
}

static char *edited(const struct workbench *workbench, const struct mask_change *change,
                    enum cell_wish wish, struct sawb_error *error) {
    int all = change->layer < 0;
    struct cell_edit edit = {.layer = all ? EDIT_ALL : change->layer,
                             .head = all ? EDIT_ALL : change->head,
                             .query = change->query,
                             .key = change->key,
                             .wish = wish};
    return sparsity_edit_cell(workbench->arms[change->arm].spec, workbench->presets, &edit, error);
}

static int set_and_free(struct workbench *workbench, int arm, char *spec,
                        struct sawb_error *error) {
    int status = spec ? workbench_set_spec(workbench, arm, spec, error) : -1;
    free(spec);
    return status;
}

/* The state of the head looked at, as the one that toggling turns round. */
static int present_state(const struct workbench *workbench, const struct mask_change *change,
                         const char *spec) {
    int layer = change->layer < 0 ? workbench->layer : change->layer;
    int head = change->layer < 0 ? workbench->head : change->head;
    return is_kept(workbench, spec, change, layer, head);
}

int mask_switch(struct workbench *workbench, const struct mask_change *change,
                struct sawb_error *error) {
    const char *spec = workbench->arms[change->arm].spec;
    char *freed = edited(workbench, change, CELL_FREE, error);
    if (!freed || change->change == MASK_FREE)
        return set_and_free(workbench, change->arm, freed, error);
    int kept = change->change == MASK_KEEP, toggles = change->change == MASK_TOGGLE;
    if (toggles) {
        int before = present_state(workbench, change, spec);
        if (before < 0) {
            free(freed);
            return error_set(error,
                             "cell: there is no answer with a pair %d.%d yet; write a sentence "
                             "that has it, or use keep or drop",
                             change->query, change->key);
        }
        kept = !before;
    }
    /* Toggling a pair that was switched in all heads gives each head its own state back. */
    if (toggles ? present_state(workbench, change, freed) == kept
                : holds_everywhere(workbench, freed, change, kept))
        return set_and_free(workbench, change->arm, freed, error);
    free(freed);
    char *forced = edited(workbench, change, kept ? CELL_KEEP : CELL_DROP, error);
    if (forced && present_state(workbench, change, forced) == !kept) {
        free(forced);
        return error_set(error, "cell: %d.%d stays: a row keeps at least the token itself",
                         change->query, change->key);
    }
    return set_and_free(workbench, change->arm, forced, error);
}

int mask_clear(struct workbench *workbench, int arm, int layer, int head,
               struct sawb_error *error) {
    int all = layer < 0;
    return set_and_free(workbench, arm,
                        sparsity_clear_cells(workbench->arms[arm].spec, workbench->presets,
                                             all ? EDIT_ALL : layer, all ? EDIT_ALL : head, error),
                        error);
}

int mask_save(struct workbench *workbench, int arm, const char *name, struct sawb_error *error) {
    char *path = workbench_user_file("presets.json");
    if (!path)
        return error_set(error,
                         "preset: there is no place to save it; set XDG_CONFIG_HOME or HOME");
    int status = presets_save(workbench->presets, path, name, workbench->arms[arm].spec, error);
    free(path);
    if (status == 0)
        recorder_presets(workbench);
    workbench->changed = 1;
    return status;
}

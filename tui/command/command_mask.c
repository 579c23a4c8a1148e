/*
 * command_mask.c - pairs switched by hand, patterns saved under a name, what the mask's view shows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tui/command/handlers.h"

/* The arm that --arm names, or the one where pairs and heads are switched. */
static int arm_of(const struct workbench *workbench, const struct arguments *arguments) {
    const char *arm = arguments_option(arguments, "arm");
    return arm ? (strcasecmp(arm, "a") == 0 ? ARM_A : ARM_B) : mask_arm(workbench);
}

static int read_index(const char *what, const char *word, int *index, struct sawb_error *error) {
    char *end;
    long number = strtol(word, &end, 10);
    if (end == word || *end || number < 0 || number > 1000000)
        return error_set(error, "cell: %s is a number from 0, not \"%s\"", what, word);
    *index = (int)number;
    return 0;
}

int command_head_place(const struct workbench *workbench, const char *word,
                       struct head_place *place, struct sawb_error *error) {
    int used = 0;
    *place = (struct head_place){workbench->layer, workbench->head};
    if (word && (sscanf(word, "%d.%d%n", &place->layer, &place->head, &used) != 2 || word[used] ||
                 place->layer < 0 || place->head < 0))
        return error_set(error, "a head is written LAYER.HEAD, as 2.5, not \"%s\"", word);
    return 0;
}

/* The head that --head names, the one looked at, or with --all-heads all of them: layer -1. */
static int read_heads(const struct workbench *workbench, const struct arguments *arguments,
                      int *layer, int *head, struct sawb_error *error) {
    struct head_place place;
    if (command_head_place(workbench, arguments_option(arguments, "head"), &place, error) < 0)
        return -1;
    int all = arguments_option(arguments, "all-heads") != NULL;
    *layer = all ? -1 : place.layer;
    *head = all ? -1 : place.head;
    return 0;
}

static int changed(struct workbench *workbench) {
    workbench->changed = 1;
    return COMMAND_DONE;
}

static COMMAND_HANDLER(run_cell) {
    static const char *const words[] = {"toggle", "keep", "drop", "free"};
    const char *query = arguments_get(arguments, 1), *key = arguments_get(arguments, 2);
    struct mask_change change = {
        .arm = arm_of(workbench, arguments), .query = workbench->query, .key = workbench->key};
    struct sawb_error error;
    while (strcasecmp(words[change.change], arguments_get(arguments, 0)) != 0)
        change.change++;
    if (query && !key) {
        error_set(&error, "cell: a query and a key are needed, or none for the cell of the cursor");
        return command_misuse(sink, &error);
    }
    if (query && (read_index("a query", query, &change.query, &error) < 0 ||
                  read_index("a key", key, &change.key, &error) < 0))
        return command_misuse(sink, &error);
    if (read_heads(workbench, arguments, &change.layer, &change.head, &error) < 0)
        return command_misuse(sink, &error);
    if (mask_switch(workbench, &change, &error) < 0)
        return command_fail(sink, &error);
    return COMMAND_DONE;
}

static COMMAND_HANDLER(run_cells) {
    struct sawb_error error;
    int layer, head;
    if (read_heads(workbench, arguments, &layer, &head, &error) < 0)
        return command_misuse(sink, &error);
    /* Without a head it is about all of them. */
    if (!arguments_option(arguments, "head") && !arguments_option(arguments, "here"))
        layer = head = -1;
    if (mask_clear(workbench, arm_of(workbench, arguments), layer, head, &error) < 0)
        return command_fail(sink, &error);
    return COMMAND_DONE;
}

static COMMAND_HANDLER(run_preset_save) {
    const char *name = arguments_get(arguments, 0), *arm = arguments_get(arguments, 1);
    struct sawb_error error;
    int which = arm ? (strcasecmp(arm, "a") == 0 ? ARM_A : ARM_B) : mask_arm(workbench);
    if (mask_save(workbench, which, name, &error) < 0)
        return command_fail(sink, &error);
    sink_note(sink, "saved: `preset b %s` and `-s %s` mean this pattern from now on", name, name);
    return COMMAND_DONE;
}

static COMMAND_HANDLER(run_edit_arm) {
    const char *arm = arguments_get(arguments, 0);
    (void)sink;
    workbench->mask.edits_a =
        strcasecmp(arm, "toggle") == 0 ? !workbench->mask.edits_a : strcasecmp(arm, "a") == 0;
    return changed(workbench);
}

static COMMAND_HANDLER(run_blocks) {
    const char *word = arguments_get(arguments, 0);
    int present = mask_block_size(workbench, mask_arm(workbench));
    struct sawb_error error;
    char *end;
    if (strcasecmp(word, "pattern") == 0) {
        workbench->mask.block = 0;
        return changed(workbench);
    }
    long size = strtol(word, &end, 10);
    if (end == word || *end) {
        error_set(&error, "blocks: must be a size, +1 or -1 to change it, or pattern, not \"%s\"",
                  word);
        return command_misuse(sink, &error);
    }
    int moves = *word == '+' || *word == '-';
    size += moves ? present : 0;
    if (moves)
        size = size < 1 ? 1 : size > BLOCK_MOST ? BLOCK_MOST : size;
    if (size < 1 || size > BLOCK_MOST) {
        error_set(&error, "blocks: a size is from 1 to %d, not %s", BLOCK_MOST, word);
        return command_misuse(sink, &error);
    }
    workbench->mask.block = (int)size;
    return changed(workbench);
}

static COMMAND_HANDLER(run_mask) {
    static const char *const words[MASK_SHOWS] = {"pairs", "blocks", "sparsity", "empty", "mass"};
    const char *word = arguments_get(arguments, 0);
    int show = 0;
    (void)sink;
    while (show < MASK_SHOWS && strcasecmp(words[show], word) != 0)
        show++;
    if (show == MASK_SHOWS)
        show = (workbench->mask.show + (strcasecmp(word, "previous") == 0 ? MASK_SHOWS - 1 : 1)) %
               MASK_SHOWS;
    workbench->mask.show = (enum mask_show)show;
    return changed(workbench);
}

#define ARM_OPTION                                                                                 \
    { "arm", 0, ARGUMENT_CHOICE, "a|b", "arm that is changed (default: that of edit-arm, b)" }
#define HEAD_OPTION                                                                                \
    { "head", 0, ARGUMENT_HEAD, "L.H", "layer and head, from 0 (default: those looked at)" }

static const struct option_row cell_options[] = {
    ARM_OPTION,
    HEAD_OPTION,
    {"all-heads", 0, ARGUMENT_NONE, NULL, "in every head of every layer"},
    {0},
};

static const struct option_row cells_options[] = {
    ARM_OPTION,
    {"head", 0, ARGUMENT_HEAD, "L.H", "only of this head"},
    {"here", 0, ARGUMENT_NONE, NULL, "only of the head looked at"},
    {0},
};

const struct command commands_mask[] = {
    {.name = "cell",
     .usage = "toggle|keep|drop|free [QUERY KEY]",
     .positionals = {{ARGUMENT_CHOICE, "toggle|keep|drop|free"},
                     {ARGUMENT_NUMBER, NULL},
                     {ARGUMENT_NUMBER, NULL}},
     .minimum = 1,
     .maximum = 3,
     .help = "switch a pair by hand: keep it, remove it, or leave it to the pattern again",
     .details =
         "Without QUERY and KEY (from 0) the pair under the cursor. The pair becomes part of the "
         "arm's pattern, `pairs(q.k)` for one that is kept and `without(q.k)` for one that is "
         "removed, so it is used in training and can be saved with `preset-save`.",
     .options = cell_options,
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = run_cell},
    {.name = "cells",
     .usage = "clear",
     .positionals = {{ARGUMENT_CHOICE, "clear"}},
     .minimum = 1,
     .maximum = 1,
     .help = "take back all pairs switched by hand",
     .options = cells_options,
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = run_cells},
    {.name = "preset-save",
     .usage = "NAME [a|b]",
     .positionals = {{ARGUMENT_TEXT, NULL}, {ARGUMENT_CHOICE, "a|b"}},
     .minimum = 1,
     .maximum = 2,
     .help = "save an arm's pattern under a name, in sawb/presets.json of the configuration",
     .details = "The name can be used at once wherever a pattern is written, also in -s and in "
                "training. A preset of yours of the same name is replaced.",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = run_preset_save},
    {.name = "edit-arm",
     .usage = "a|b|toggle",
     .positionals = {{ARGUMENT_CHOICE, "a|b|toggle"}},
     .minimum = 1,
     .maximum = 1,
     .help = "the arm whose pairs and heads are switched by hand (default: b)",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = run_edit_arm},
    {.name = "blocks",
     .usage = "N|+N|-N|pattern",
     .positionals = {{ARGUMENT_TEXT, "pattern"}},
     .minimum = 1,
     .maximum = 1,
     .help = "size of the blocks a mask is counted in; pattern: its own, or 4",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = run_blocks},
    {.name = "mask",
     .usage = "pairs|blocks|sparsity|empty|mass|next|previous",
     .positionals = {{ARGUMENT_CHOICE, "pairs|blocks|sparsity|empty|mass|next|previous"}},
     .minimum = 1,
     .maximum = 1,
     .help =
         "what the view of masks shows first: pairs or blocks of a head, or shares of all heads",
     .where = COMMAND_SCREEN,
     .run = run_mask},
    {0},
};

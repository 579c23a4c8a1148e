/*
 * command_attention.c - what the attention view makes of a map: heads, tokens, direction, bins.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tui/command/handlers.h"

#define ZOOM_MOST 512 /* cells of a bin */

static int changed(struct workbench *workbench) {
    workbench->changed = 1;
    return COMMAND_DONE;
}

/* Which of the words it is, in either case; -1: none of them. */
static int which(const char *word, const char *const *words, int count) {
    for (int i = 0; i < count; i++)
        if (strcasecmp(word, words[i]) == 0)
            return i;
    return -1;
}

/* "on", "off" or "toggle". */
static int switched(const struct arguments *arguments, int now) {
    static const char *const words[] = {"off", "on"};
    int at = which(arguments_get(arguments, 0), words, 2);
    return at < 0 ? !now : at;
}

static COMMAND_HANDLER(run_mode) {
    static const char *const words[MAP_MODES] = {"weight", "score", "log"};
    int at = which(arguments_get(arguments, 0), words, MAP_MODES);
    (void)sink;
    workbench->mode = at < 0 ? (workbench->mode + 1) % MAP_MODES : (enum map_mode)at;
    return changed(workbench);
}

static int set_heads(struct workbench *workbench, const char *text, struct sink *sink) {
    char *heads = workbench->attention.look.heads;
    struct sawb_error error;
    int *chosen;
    if (strlen(text) >= ATTENTION_HEADS_BYTES) {
        error_set(&error, "mean: the names of the heads take more than %d bytes; name layers",
                  ATTENTION_HEADS_BYTES - 1);
        return command_misuse(sink, &error);
    }
    if (text[0] && attention_heads(text, workbench_layers(workbench), workbench_heads(workbench),
                                   workbench->layer, &chosen, &error) < 0)
        return command_misuse(sink, &error);
    if (text[0])
        free(chosen);
    memset(heads, 0, ATTENTION_HEADS_BYTES);
    memcpy(heads, text, strlen(text));
    return changed(workbench);
}

static COMMAND_HANDLER(run_mean) {
    static const char *const turns[] = {"", "layer", "all"};
    const char *now = workbench->attention.look.heads;
    char text[2 * ATTENTION_HEADS_BYTES] = "";
    const char *word = arguments_get(arguments, 0);
    if (strcasecmp(word, "off") == 0)
        return set_heads(workbench, "", sink);
    if (strcasecmp(word, "next") == 0)
        return set_heads(workbench, turns[(which(now, turns, 3) + 1) % 3], sink);
    for (int i = 0; (word = arguments_get(arguments, i)); i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "%s%s", used ? " " : "", word);
    }
    return set_heads(workbench, text, sink);
}

static COMMAND_HANDLER(run_threshold) {
    static const double turns[] = {0, 0.01, 0.05, 0.1, 0.2};
    const char *word = arguments_get(arguments, 0);
    double *threshold = &workbench->attention.look.threshold;
    struct sawb_error error;
    char *end;
    if (strcasecmp(word, "off") == 0) {
        *threshold = 0;
    } else if (strcasecmp(word, "next") == 0) {
        size_t at = 0, count = sizeof(turns) / sizeof(turns[0]);
        while (at < count && turns[at] <= *threshold)
            at++;
        *threshold = turns[at % count];
    } else {
        double value = strtod(word, &end);
        if (end == word || *end || !(value > 0 && value < 1)) {
            error_set(&error, "threshold: must be above 0 and below 1, off or next, not \"%s\"",
                      word);
            return command_misuse(sink, &error);
        }
        *threshold = value;
    }
    return changed(workbench);
}

static COMMAND_HANDLER(run_special) {
    static const char *const words[SPECIAL_CHOICES] = {"show", "hide", "rescale"};
    enum attention_special *special = &workbench->attention.look.special;
    int at = which(arguments_get(arguments, 0), words, SPECIAL_CHOICES);
    (void)sink;
    *special = at < 0 ? (*special + 1) % SPECIAL_CHOICES : (enum attention_special)at;
    return changed(workbench);
}

static COMMAND_HANDLER(run_words) {
    (void)sink;
    workbench->attention.look.words = switched(arguments, workbench->attention.look.words);
    return changed(workbench);
}

static COMMAND_HANDLER(run_transpose) {
    (void)sink;
    workbench->attention.look.transpose = switched(arguments, workbench->attention.look.transpose);
    return changed(workbench);
}

static COMMAND_HANDLER(run_row) {
    (void)sink;
    workbench->attention.look.row = switched(arguments, workbench->attention.look.row);
    return changed(workbench);
}

static COMMAND_HANDLER(run_bins) {
    static const char *const words[] = {"max", "mean"};
    enum reduce_bins *bins = &workbench->attention.look.bins;
    int at = which(arguments_get(arguments, 0), words, 2);
    (void)sink;
    *bins = at < 0 ? (*bins == REDUCE_MAX ? REDUCE_MEAN : REDUCE_MAX) : (enum reduce_bins)at;
    return changed(workbench);
}

static COMMAND_HANDLER(run_maps) {
    static const char *const words[MAPS_CHOICES] = {"all", "a", "b", "difference"};
    enum attention_maps_shown *maps = &workbench->attention.look.maps;
    int at = which(arguments_get(arguments, 0), words, MAPS_CHOICES);
    (void)sink;
    *maps = at < 0 ? (*maps + 1) % MAPS_CHOICES : (enum attention_maps_shown)at;
    return changed(workbench);
}

/* The size of the bins that are drawn now: what "in" and "out" start from. */
static int bin_now(const struct workbench *workbench) {
    const struct attention_maps *maps = &workbench->attention.maps;
    int now = maps->bin_rows > maps->bin_columns ? maps->bin_rows : maps->bin_columns;
    return now > 0 ? now : 1;
}

static COMMAND_HANDLER(run_zoom_map) {
    const char *word = arguments_get(arguments, 0);
    int *zoom = &workbench->attention.look.zoom, now = bin_now(workbench);
    struct sawb_error error;
    char *end;
    if (strcasecmp(word, "auto") == 0) {
        *zoom = ZOOM_AUTO;
    } else if (strcasecmp(word, "fit") == 0) {
        *zoom = ZOOM_FIT;
    } else if (strcasecmp(word, "in") == 0) {
        *zoom = now > 1 ? now / 2 : 1;
    } else if (strcasecmp(word, "out") == 0) {
        int tokens = workbench_tokens(workbench);
        *zoom = 2 * now < tokens && 2 * now <= ZOOM_MOST ? 2 * now : now;
    } else {
        long size = strtol(word, &end, 10);
        if (end == word || *end || size < 1 || size > ZOOM_MOST) {
            error_set(&error,
                      "zoom-map: must be in, out, auto, fit, or the tokens of a bin from 1 to %d, "
                      "not \"%s\"",
                      ZOOM_MOST, word);
            return command_misuse(sink, &error);
        }
        *zoom = (int)size;
    }
    return changed(workbench);
}

#define ONE_OF(list)                                                                               \
    .usage = (list), .positionals = {{ARGUMENT_CHOICE, (list)}}, .minimum = 1, .maximum = 1,       \
    .where = COMMAND_SCREEN | COMMAND_SCRIPT

const struct command commands_attention[] = {
    {.name = "mode",
     ONE_OF("weight|score|log|next"),
     .help = "weights after the softmax, scores before it, or decimal logarithms of the weights",
     .run = run_mode},
    {.name = "mean",
     .usage = "HEADS...|off|next",
     .positionals = {{ARGUMENT_HEAD, "all|layer|off|next"}},
     .minimum = 1,
     .maximum = -1,
     .help = "the mean over heads instead of one: all, layer (the one looked at), L2, 2.1",
     .details = "Several may be named: `mean L0 2.1 2.3`. Weights are averaged over all of the "
                "heads, a removed pair counting as 0; scores over the heads that keep the pair.",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = run_mean},
    {.name = "threshold",
     .usage = "WEIGHT|off|next",
     .positionals = {{ARGUMENT_TEXT, "off|next"}},
     .minimum = 1,
     .maximum = 1,
     .help = "draw weights, and differences of weights, below this one faintly",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = run_threshold},
    {.name = "special",
     ONE_OF("show|hide|rescale|next"),
     .help = "show [CLS] and [SEP], leave them out, or leave them out and rescale rows to sum to 1",
     .run = run_special},
    {.name = "words",
     ONE_OF("on|off|toggle"),
     .help = "word pieces merged into words: weights summed over keys, averaged over queries",
     .details = "A pair of words is removed when all pairs of their pieces are. Scores are "
                "averaged over the pairs that are kept.",
     .run = run_words},
    {.name = "transpose", ONE_OF("on|off|toggle"), .help = "keys as rows", .run = run_transpose},
    {.name = "row",
     ONE_OF("on|off|toggle"),
     .help = "the cursor's row as bars over the sentence, and its column, instead of the maps",
     .run = run_row},
    {.name = "bins",
     ONE_OF("max|mean|next"),
     .help = "what a bin of a map too large for its room shows: its largest value or the mean",
     .details = "The mean of weights counts removed pairs as 0.",
     .run = run_bins},
    {.name = "zoom-map",
     .usage = "in|out|auto|fit|TOKENS",
     .positionals = {{ARGUMENT_TEXT, "in|out|auto|fit"}},
     .minimum = 1,
     .maximum = 1,
     .help = "tokens of a bin: fewer, more, as there is room, all of the map in sight",
     .details = "auto scrolls a map of less than two screens and bins a larger one.",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = run_zoom_map},
    {.name = "maps",
     ONE_OF("all|a|b|difference|next"),
     .help = "which maps stand side by side",
     .run = run_maps},
    {0},
};

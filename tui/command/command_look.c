/*
 * command_look.c - what of the answers is looked at, and how.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tui/command/handlers.h"

/* Reads "N" (from 0) or "+N" / "-N" (from where *place is, round the end) into *place. */
static int move_place(const char *name, const char *word, int count, int *place,
                      struct sawb_error *error) {
    char *end;
    long number = strtol(word, &end, 10);
    if (end == word || *end || labs(number) > 1000000)
        return error_set(error, "%s: must be a number, or +1 or -1 to move, not \"%s\"", name,
                         word);
    if (count <= 0)
        return 0;
    if (*word == '+' || *word == '-') {
        *place = (int)(((*place + number) % count + count) % count);
        return 0;
    }
    if (number >= count)
        return error_set(error, "%s: there are %d, numbered from 0 to %d; not %ld", name, count,
                         count - 1, number);
    *place = (int)number;
    return 0;
}

static int changed(struct workbench *workbench) {
    workbench->changed = 1;
    return COMMAND_DONE;
}

int command_layer(struct workbench *workbench, const struct arguments *arguments,
                  struct sink *sink) {
    struct sawb_error error;
    if (move_place("layer", arguments_get(arguments, 0), workbench_layers(workbench),
                   &workbench->layer, &error) < 0)
        return command_misuse(sink, &error);
    return changed(workbench);
}

int command_head(struct workbench *workbench, const struct arguments *arguments,
                 struct sink *sink) {
    struct sawb_error error;
    if (move_place("head", arguments_get(arguments, 0), workbench_heads(workbench),
                   &workbench->head, &error) < 0)
        return command_misuse(sink, &error);
    return changed(workbench);
}

static int move_cursor(struct workbench *workbench, const char *word) {
    static const struct {
        const char *name;
        int query, key; /* steps; a million is more than any sentence has */
    } moves[] = {{"left", 0, -1},      {"right", 0, 1},        {"up", -1, 0},
                 {"down", 1, 0},       {"first", 0, -1000000}, {"last", 0, 1000000},
                 {"top", -1000000, 0}, {"bottom", 1000000, 0}};
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
        if (strcasecmp(moves[i].name, word) != 0)
            continue;
        if (workbench_view(workbench) == VIEW_ATTENTION) {
            attention_move(workbench, moves[i].query, moves[i].key); /* by what it draws */
            return 0;
        }
        workbench->query += moves[i].query;
        workbench->key += moves[i].key;
        workbench_clamp(workbench);
        return 0;
    }
    return -1;
}

int command_cursor(struct workbench *workbench, const struct arguments *arguments,
                   struct sink *sink) {
    const char *first = arguments_get(arguments, 0), *second = arguments_get(arguments, 1);
    struct sawb_error error;
    if (!second && move_cursor(workbench, first) == 0)
        return changed(workbench);
    int query = workbench->query, key = workbench->key, tokens = workbench_tokens(workbench);
    if (!second) {
        error_set(&error,
                  "cursor: must be left, right, up, down, first, last, top, bottom, or the "
                  "numbers of a query and a key, not \"%s\"",
                  first);
        return command_misuse(sink, &error);
    }
    if (move_place("cursor", first, tokens, &query, &error) < 0 ||
        move_place("cursor", second, tokens, &key, &error) < 0)
        return command_misuse(sink, &error);
    workbench->query = query;
    workbench->key = key;
    return changed(workbench);
}

int command_view(struct workbench *workbench, const struct arguments *arguments,
                 struct sink *sink) {
    const char *word = arguments_get(arguments, 0);
    int view = view_find(word);
    struct sawb_error error;
    if (strcasecmp(word, "back") == 0)
        view = (int)panes_previous(&workbench->panes);
    else if (strcasecmp(word, "next") == 0)
        view = ((int)workbench_view(workbench) + 1) % VIEWS;
    else if (strcasecmp(word, "previous") == 0)
        view = ((int)workbench_view(workbench) + VIEWS - 1) % VIEWS;
    if (view < 0) {
        error_set(&error, "view: there is no view \"%s\"; `help view` lists them", word);
        return command_misuse(sink, &error);
    }
    workbench_show(workbench, (enum view)view);
    return changed(workbench);
}

int command_live(struct workbench *workbench, const struct arguments *arguments,
                 struct sink *sink) {
    const char *word = arguments_get(arguments, 0);
    struct sawb_error error;
    workbench->live = strcasecmp(word, "on") == 0    ? 1
                      : strcasecmp(word, "off") == 0 ? 0
                                                     : !workbench->live;
    changed(workbench);
    return workbench_predict(workbench, &error) < 0 ? command_fail(sink, &error) : COMMAND_DONE;
}

int command_picture(struct workbench *workbench, const struct arguments *arguments,
                    struct sink *sink) {
    char *path = strdup(arguments_get(arguments, 0));
    if (!path)
        return command_no_memory(sink);
    free(workbench->picture);
    workbench->picture = path;
    return changed(workbench);
}

int command_quit(struct workbench *workbench, const struct arguments *arguments,
                 struct sink *sink) {
    (void)arguments;
    (void)sink;
    workbench->quit = 1;
    return COMMAND_DONE;
}

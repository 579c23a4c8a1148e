/*
 * finder.c - one list of all that can be run, sorted by how well it fits.
 */
#include "tui/screen/finder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/command/fuzzy.h"

#define HELP_BYTES 256

struct candidate {
    struct completion shown;
    int score, order;
};

struct list {
    struct candidate *rows;
    int count, capacity;
    const char *pattern;
};

/* Adds what fits; what runs the same as a row before is left out. */
static void add(struct list *list, const char *text, const char *help) {
    char both[FUZZY_BYTES];
    for (int i = 0; i < list->count; i++)
        if (strcmp(list->rows[i].shown.text, text) == 0)
            return;
    snprintf(both, sizeof(both), "%s  %s", text, help);
    int score = fuzzy_score(list->pattern, both);
    if (score < 0)
        return;
    if (list->count == list->capacity) {
        int capacity = list->capacity ? 2 * list->capacity : 64;
        struct candidate *grown = realloc(list->rows, (size_t)capacity * sizeof(*grown));
        if (!grown)
            return;
        list->rows = grown;
        list->capacity = capacity;
    }
    struct candidate row = {{strdup(text), strdup(help)}, score, list->count};
    if (row.shown.text && row.shown.help) {
        list->rows[list->count++] = row;
        return;
    }
    free(row.shown.text);
    free(row.shown.help);
}

static void add_key(struct list *list, const struct key_binding *binding) {
    char name[KEYS_NAME_BYTES], help[HELP_BYTES], line[HELP_BYTES];
    if (binding->focus != FOCUS_MAP || !binding->note)
        return;
    keys_binding_name(binding, name, sizeof(name));
    snprintf(help, sizeof(help), "%-10s %s", name, binding->note);
    snprintf(line, sizeof(line), "%s", binding->command);
    /* A key that opens the prompt for more words: what it writes there. */
    if (strncmp(line, "prompt ", 7) == 0)
        memmove(line, line + 7, strlen(line + 7) + 1);
    add(list, line, help);
}

static void add_command(struct list *list, const struct command *command) {
    char line[HELP_BYTES], help[HELP_BYTES];
    if (!(command->where & COMMAND_SCREEN))
        return;
    snprintf(line, sizeof(line), "%s%s", command->name, command->minimum > 0 ? " " : "");
    snprintf(help, sizeof(help), "%-10s %s", "", command->help);
    add(list, line, help);
}

static int by_score(const void *left, const void *right) {
    const struct candidate *a = left, *b = right;
    return a->score != b->score ? b->score - a->score : a->order - b->order;
}

int finder_search(const struct screen *screen, const char *pattern, struct completion **found) {
    const struct key_sources sources = screen_keys(screen);
    struct list list = {.pattern = pattern};
    const struct key_binding *binding;
    const struct command *command;
    for (int i = 0; (binding = keys_row(&sources, i)); i++)
        add_key(&list, binding);
    for (int i = 0; (command = command_get(i)); i++)
        add_command(&list, command);
    if (list.count > 0)
        qsort(list.rows, (size_t)list.count, sizeof(*list.rows), by_score);
    *found = list.count > 0 ? malloc((size_t)list.count * sizeof(**found)) : NULL;
    for (int i = 0; i < list.count; i++) {
        if (*found) {
            (*found)[i] = list.rows[i].shown;
        } else {
            free(list.rows[i].shown.text);
            free(list.rows[i].shown.help);
        }
    }
    free(list.rows);
    return *found ? list.count : 0;
}

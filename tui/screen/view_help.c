/*
 * view_help.c - help, made from the tables of keys, of line editing, of commands and of patterns.
 */
#include <stdio.h>
#include <string.h>

#include "core/sparsity/sparsity.h"
#include "tui/screen/screen.h"

#define NAME_COLUMNS 26

/* Writes line after line; those that the scroll leaves out are only counted. */
struct page {
    struct area area;
    const struct glyphs *glyphs;
    int first, line;
};

/* The next line's row, -1 when it is not in sight. */
static int next_row(struct page *page) {
    int row = page->line++ - page->first;
    return row >= 0 && row < page->area.rows ? row : -1;
}

static void heading(struct page *page, const char *text) {
    if (page->line > 0)
        next_row(page);
    int row = next_row(page);
    if (row >= 0)
        area_text(page->area, row, 1, MEANING_TITLE, CELL_BOLD, text);
}

static void item(struct page *page, const char *name, const char *note) {
    int long_name = text_columns(name) > NAME_COLUMNS - 2;
    int row = next_row(page), note_row = long_name ? next_row(page) : row;
    if (row >= 0)
        area_text(page->area, row, 2, MEANING_KEY, 0, name);
    if (note_row >= 0)
        draw_cut(page->area, note_row, 2 + NAME_COLUMNS, page->area.columns - NAME_COLUMNS - 3,
                 MEANING_TEXT, 0, note, page->glyphs);
}

static void show_keys(struct page *page, enum focus focus, const char *title) {
    const struct key_binding *binding, *other;
    heading(page, title);
    for (int i = 0; (binding = keys_get(i)); i++) {
        char name[160];
        if (binding->focus != focus || !binding->note)
            continue;
        /* Other keys that do the same stand beside it. */
        keys_binding_name(binding, name, sizeof(name));
        for (int j = 0; (other = keys_get(j)); j++) {
            size_t used = strlen(name);
            if (other->focus != focus || other->note ||
                strcmp(other->command, binding->command) != 0)
                continue;
            snprintf(name + used, sizeof(name) - used, ", ");
            keys_binding_name(other, name + strlen(name), sizeof(name) - strlen(name));
        }
        item(page, name, binding->note);
    }
}

static void show_editing(struct page *page) {
    const struct line_binding *binding;
    heading(page, "Editing the sentence and the prompt");
    for (int i = 0; (binding = line_editor_binding(i)); i++) {
        char names[2][40], name[96];
        keys_name(binding->key, names[0], sizeof(names[0]));
        names[1][0] = '\0';
        if (binding->also)
            keys_name(binding->also, names[1], sizeof(names[1]));
        snprintf(name, sizeof(name), "%s%s%s", names[0], names[1][0] ? ", " : "", names[1]);
        item(page, name, binding->note);
    }
}

static void show_commands(struct page *page) {
    const struct command *command;
    heading(page, "Commands of the prompt");
    for (int i = 0; (command = command_get(i)); i++) {
        char name[160];
        if (!(command->where & COMMAND_SCREEN))
            continue;
        snprintf(name, sizeof(name), "%s %s", command->name, command->usage ? command->usage : "");
        item(page, name, command->help);
    }
}

static void show_patterns(struct page *page) {
    heading(page, "Patterns");
    for (int i = 0; sparsity_pattern_name(i); i++)
        item(page, sparsity_pattern_usage(i), sparsity_pattern_help(i));
}

static void show_all(struct page *page) {
    show_keys(page, FOCUS_SENTENCE, "While you write the sentence");
    item(page, "Alt with a key of the map", "does what the key does there, while you write");
    show_keys(page, FOCUS_MAP, "On the map");
    show_keys(page, FOCUS_PROMPT, "At the prompt");
    show_keys(page, FOCUS_TEXT, "In a text like this one");
    show_keys(page, FOCUS_ANY, "Everywhere");
    show_editing(page);
    show_commands(page);
    show_patterns(page);
}

static void draw(struct screen *screen, struct area area) {
    struct page counted = {.glyphs = screen->glyphs}, page = counted;
    show_all(&counted);
    page.area = text_frame(screen, area, "help", counted.line);
    page.first = screen->scroll;
    show_all(&page);
}

const struct view_ops view_help = {.whole = 1, .draw = draw};

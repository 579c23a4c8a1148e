/*
 * view_help.c - help, made from the tables of keys, of line editing, of commands and of patterns.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/sparsity/sparsity.h"
#include "tui/screen/screen.h"

#define NAME_COLUMNS 26
#define NOTE_LEAST 10 /* columns that a note is wrapped at, also where there are fewer */

/* Writes line after line; those that the scroll leaves out are only counted. */
struct page {
    struct area area;
    const struct glyphs *glyphs;
    const char *find;    /* only items that hold this text; empty: all */
    const char *heading; /* written before the first item that is shown; NULL: it was */
    int first, line;
};

/* The next line's row, -1 when it is not in sight. */
static int next_row(struct page *page) {
    int row = page->line++ - page->first;
    return row >= 0 && row < page->area.rows ? row : -1;
}

static void write_heading(struct page *page) {
    if (!page->heading)
        return;
    if (page->line > 0)
        next_row(page);
    int row = next_row(page);
    if (row >= 0)
        area_text(page->area, row, 1, MEANING_TITLE, CELL_BOLD, page->heading);
    page->heading = NULL;
}

/* `also`: another text that a search finds the item by. */
static void item(struct page *page, const char *name, const char *note, const char *also) {
    if (page->find[0] && !strcasestr(name, page->find) && !strcasestr(note, page->find) &&
        !strcasestr(also, page->find))
        return;
    write_heading(page);
    int room = page->area.columns - NAME_COLUMNS - 3, row = next_row(page);
    if (row >= 0)
        draw_cut(page->area, row, 2, page->area.columns - 3, MEANING_KEY, 0, name, page->glyphs);
    if (text_columns(name) > NAME_COLUMNS - 2)
        row = next_row(page);
    for (int first = 1; *note; first = 0) {
        const char *line = note;
        size_t length = text_wrap(line, room > NOTE_LEAST ? room : NOTE_LEAST, &note);
        char *copy = strndup(line, length);
        if (!first)
            row = next_row(page);
        if (copy && row >= 0)
            draw_cut(page->area, row, 2 + NAME_COLUMNS, room, MEANING_TEXT, 0, copy, page->glyphs);
        free(copy);
    }
}

/* Adds the names of the rows that do the same as `binding` but have no note of their own. */
static void add_others(const struct key_binding *const *rows, int count,
                       const struct key_binding *binding, char *name, size_t size) {
    for (int i = 0; i < count; i++) {
        size_t used = strlen(name);
        if (rows[i]->focus != binding->focus || rows[i]->note ||
            strcmp(rows[i]->command, binding->command) != 0)
            continue;
        snprintf(name + used, size - used, ", ");
        keys_binding_name(rows[i], name + strlen(name), size - strlen(name));
    }
}

#define ROWS_MOST 400

static void show_rows(struct page *page, const struct key_binding *const *rows, int count,
                      enum focus focus, const char *title) {
    page->heading = title;
    for (int i = 0; i < count; i++) {
        char name[160];
        if (rows[i]->focus != focus || !rows[i]->note)
            continue;
        keys_binding_name(rows[i], name, sizeof(name));
        add_others(rows, count, rows[i], name, sizeof(name));
        item(page, name, rows[i]->note, rows[i]->command);
    }
}

static void show_keys(struct page *page, enum focus focus, const char *title) {
    const struct key_binding *rows[ROWS_MOST];
    int count = 0;
    while (count < ROWS_MOST && (rows[count] = keys_get(count)))
        count++;
    show_rows(page, rows, count, focus, title);
}

/* Keys of the view that help was asked from, and the user's own. */
static void show_own(struct page *page, const struct workbench *workbench) {
    enum view view = panes_previous(&workbench->panes);
    const struct view_ops *ops = screen_view_get((int)view);
    const struct key_binding *rows[ROWS_MOST];
    char title[80];
    int count = 0;
    for (const struct key_binding *row = ops ? ops->keys : NULL;
         row && row->command && count < ROWS_MOST; row++)
        rows[count++] = row;
    snprintf(title, sizeof(title), "In the view of %s", view_get((int)view)->name);
    show_rows(page, rows, count, FOCUS_MAP, title);
    page->heading = "Bound by you";
    for (int i = 0; i < workbench->keys.count; i++) {
        char name[160];
        keys_binding_name(&workbench->keys.rows[i], name, sizeof(name));
        item(page, name, workbench->keys.rows[i].command, "");
    }
}

static void show_editing(struct page *page) {
    const struct line_binding *binding;
    page->heading = "Editing the sentence and the prompt";
    for (int i = 0; (binding = line_editor_binding(i)); i++) {
        char names[2][40], name[96];
        keys_name(binding->key, names[0], sizeof(names[0]));
        names[1][0] = '\0';
        if (binding->also)
            keys_name(binding->also, names[1], sizeof(names[1]));
        snprintf(name, sizeof(name), "%s%s%s", names[0], names[1][0] ? ", " : "", names[1]);
        item(page, name, binding->note, "");
    }
}

static void show_commands(struct page *page) {
    const struct command *command;
    page->heading = "Commands of the prompt";
    for (int i = 0; (command = command_get(i)); i++) {
        char name[160];
        if (!(command->where & COMMAND_SCREEN))
            continue;
        snprintf(name, sizeof(name), "%s %s", command->name, command->usage ? command->usage : "");
        item(page, name, command->help, "");
    }
}

static void show_patterns(struct page *page) {
    page->heading = "Patterns";
    for (int i = 0; sparsity_pattern_name(i); i++)
        item(page, sparsity_pattern_usage(i), sparsity_pattern_help(i), "");
}

static void show_all(struct page *page, const struct workbench *workbench) {
    if (workbench->replay)
        show_keys(page, FOCUS_REPLAY, "In this replay");
    show_own(page, workbench);
    show_keys(page, FOCUS_SENTENCE, "While you write the sentence");
    item(page, "Alt with a key of the map", "does what the key does there, while you write", "");
    show_keys(page, FOCUS_MAP, "On the map");
    show_keys(page, FOCUS_PROMPT, "At the prompt");
    show_keys(page, FOCUS_TEXT, "In a text like this one");
    if (!workbench->replay)
        show_keys(page, FOCUS_REPLAY, "While a session is replayed");
    show_keys(page, FOCUS_ANY, "Everywhere");
    show_editing(page);
    show_commands(page);
    show_patterns(page);
}

static void draw(struct screen *screen, struct area area) {
    const struct workbench *workbench = screen->workbench;
    struct page page = {.area = area, .glyphs = screen->glyphs, .find = workbench->help_find};
    struct page counted = page;
    char title[sizeof(workbench->help_find) + 40];
    counted.area.rows = 0; /* only counts */
    show_all(&counted, workbench);
    snprintf(title, sizeof(title), page.find[0] ? "help with \"%s\"" : "help", page.find);
    page.area = text_frame(screen, area, title, counted.line);
    page.first = screen->scroll;
    show_all(&page, workbench);
    if (counted.line == 0)
        area_text(page.area, 1, 2, MEANING_FAINT, 0, "nothing holds this text; / searches another");
}

static const struct key_binding keys[] = {
    {FOCUS_MAP, '/', 0, "prompt help --find ", "search this help", "/", "search", 0},
    {FOCUS_MAP, 'n', 0, "help --find=", "all of it again", "n", "all", 0},
    {0},
};

const struct view_ops view_help = {.whole = 1, .keys = keys, .draw = draw};

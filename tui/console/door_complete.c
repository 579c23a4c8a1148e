/*
 * door_complete.c - TAB: completes the word before the cursor, or lists what it could become with a
 * short help each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/readline.h>

#include "tui/command/script.h"
#include "tui/console/door.h"
#include "viz/grid.h"

#define NAME_WIDEST 36

/* readline's functions for keys have no argument for these. */
static struct {
    const struct workbench *workbench;
    int color;
    int listed; /* candidates listed by the TABs before, one after the other */
} completing;

static int on_tab(int count, int key);

/* Bytes in which all candidates agree, whole characters only. */
static size_t agreed(const struct completion *items, int count) {
    const char *first = items[0].text;
    size_t length = strlen(first);
    for (int i = 1; i < count; i++) {
        size_t same = 0;
        while (same < length && items[i].text[same] == first[same])
            same++;
        length = same;
    }
    while (length > 0 && ((unsigned char)first[length] & 0xc0) == 0x80)
        length--;
    return length;
}

/* Prints what fits, and blanks up to `columns` when `fill`. */
static void print_cut(const char *text, int columns, int fill) {
    char glyph[CELL_BYTES];
    int used = 0, width, cut = text_columns(text) > columns;
    for (size_t bytes; (bytes = text_next(text, glyph, &width)) > 0; text += bytes) {
        if (used + width > columns - cut)
            break;
        fputs(glyph, rl_outstream);
        used += width;
    }
    if (cut && columns > 0)
        fputs(completing.workbench->settings.ascii ? "~" : "…", rl_outstream);
    used += cut;
    fprintf(rl_outstream, "%*s", fill && used < columns ? columns - used : 0, "");
}

/* Where the list goes on that did not fit: TAB again shows more of it. */
static int next_part(int count, int most) {
    int again = rl_last_func == on_tab && completing.listed < count;
    int from = again ? completing.listed : 0;
    completing.listed = from + most;
    return from;
}

static void list(const struct completion *items, int count) {
    int rows, columns, widest = 0;
    door_size(&rows, &columns);
    int most = rows > 6 ? rows - 4 : 2, from = next_part(count, most);
    for (int i = 0; i < count; i++) {
        int width = text_columns(items[i].text);
        widest = width > widest ? width : widest;
    }
    widest = widest > NAME_WIDEST ? NAME_WIDEST : widest;
    rl_crlf();
    for (int i = from; i < count && i < from + most; i++) {
        print_cut(items[i].text, widest, items[i].help[0] != '\0');
        if (items[i].help[0]) {
            fputs(completing.color ? "  \033[2m" : "  ", rl_outstream);
            print_cut(items[i].help, columns - widest - 3, 0);
            fputs(completing.color ? "\033[0m" : "", rl_outstream);
        }
        fputc('\n', rl_outstream);
    }
    if (count > from + most)
        fprintf(rl_outstream, "%d more: TAB again\n", count - from - most);
    rl_forced_update_display();
}

static void replace_word(int start, const char *text, size_t length) {
    char *word = strndup(text, length);
    if (!word)
        return;
    rl_begin_undo_group();
    rl_delete_text(start, rl_point);
    rl_point = start;
    rl_insert_text(word);
    rl_end_undo_group();
    free(word);
}

static void complete(const struct completion *items, int count, int start) {
    size_t common = agreed(items, count), length = strlen(items[0].text);
    if (count > 1 && common <= (size_t)(rl_point - start)) {
        list(items, count);
        return;
    }
    replace_word(start, items[0].text, common);
    /* What goes on behind these is a part of the word. */
    if (count == 1 && length > 0 && !strchr("/=(:", items[0].text[length - 1]))
        rl_insert_text(" ");
}

static int on_tab(int count, int key) {
    char *before = strndup(rl_line_buffer, (size_t)rl_point);
    struct completion *items;
    size_t start;
    (void)count;
    (void)key;
    if (!before)
        return 0;
    size_t line = script_last(before);
    int found =
        command_complete(completing.workbench, COMMAND_SCRIPT, before + line, &start, &items);
    if (found == 0)
        rl_ding();
    else
        complete(items, found, (int)(line + start));
    completions_free(items, found);
    free(before);
    return 0;
}

void door_complete_with(const struct workbench *workbench, int color) {
    completing.workbench = workbench;
    completing.color = color;
    rl_add_defun("sawb-complete", on_tab, '\t');
}

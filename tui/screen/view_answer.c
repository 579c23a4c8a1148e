/*
 * view_answer.c - lines that a command answered with, over whatever view was there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/screen/screen.h"

struct area text_frame(struct screen *screen, struct area area, const char *title, int lines) {
    char position[64];
    screen->page = area.rows - 1;
    screen->lines = lines;
    if (screen->scroll > lines - screen->page)
        screen->scroll = lines > screen->page ? lines - screen->page : 0;
    int last = screen->scroll + screen->page < lines ? screen->scroll + screen->page : lines;
    area_rule(area, 0, screen->glyphs);
    area_printf(area, 0, 1, MEANING_TITLE, CELL_BOLD, " %s ", title);
    snprintf(position, sizeof(position), " %d-%d of %d ", lines ? screen->scroll + 1 : 0, last,
             lines);
    area_text_right(area, 0, area.columns - 1, MEANING_FAINT, 0, position);
    return area_part(area, 1, 0, area.rows - 1, area.columns);
}

static void draw(struct screen *screen, struct area area) {
    const char *text = screen->answer;
    int lines = 1;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    struct area page = text_frame(screen, area, "answer", lines);
    for (int line = 0; line < screen->scroll + page.rows; line++) {
        size_t length = strcspn(text, "\n");
        char *copy = line < screen->scroll ? NULL : strndup(text, length);
        if (copy)
            draw_cut(page, line - screen->scroll, 1, page.columns - 2, MEANING_TEXT, 0, copy,
                     screen->glyphs);
        free(copy);
        if (!text[length])
            break;
        text += length + 1;
    }
}

const struct view_ops view_answer = {.whole = 1, .draw = draw};

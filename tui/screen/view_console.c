/*
 * view_console.c - commands and their answers, the newest at the bottom.
 */
#include <stdio.h>

#include "tui/screen/screen.h"

static const enum meaning meanings[] = {[CONSOLE_COMMAND] = MEANING_KEY,
                                        [CONSOLE_RESULT] = MEANING_TEXT,
                                        [CONSOLE_NOTE] = MEANING_NOTE,
                                        [CONSOLE_ERROR] = MEANING_ERROR};

static void draw(struct screen *screen, struct area area) {
    const struct console *console = &screen->workbench->console;
    const struct console_line *line;
    int newest = console->count - 1 - console->back;
    area_rule(area, 0, screen->glyphs);
    area_text(area, 0, 1, MEANING_TITLE, CELL_BOLD, " console ");
    if (console->back > 0) {
        char text[64];
        snprintf(text, sizeof(text), " %d newer ", console->back);
        area_text_right(area, 0, area.columns - 1, MEANING_FAINT, 0, text);
    }
    if (console->count == 0) {
        area_text(area, 2, 3, MEANING_FAINT, 0, "commands and their answers stand here");
        area_text(area, 3, 3, MEANING_FAINT, 0, "Enter or : writes one, Ctrl-P searches them");
    }
    for (int row = area.rows - 1; row > 0 && (line = console_get(console, newest)); row--) {
        int column = 1;
        if (line->kind == CONSOLE_COMMAND)
            column += area_text(area, row, column, MEANING_FAINT, 0, ":") + 1;
        draw_cut(area, row, column, area.columns - column - 1, meanings[line->kind], 0, line->text,
                 screen->glyphs);
        newest--;
    }
}

static const struct key_binding keys[] = {
    {FOCUS_MAP, KEYS_ENTER, 0, "prompt", "write a command", "Enter", "command", 1},
    {FOCUS_MAP, 'i', 0, "prompt", NULL, NULL, NULL, 0},
    {FOCUS_MAP, KEYS_UP, 0, "log back 1", "older lines", "Up Down", "scroll", 1},
    {FOCUS_MAP, KEYS_DOWN, 0, "log forth 1", "newer lines", NULL, NULL, 0},
    {FOCUS_MAP, 'k', 0, "log back 1", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'j', 0, "log forth 1", NULL, NULL, NULL, 0},
    {FOCUS_MAP, KEYS_PAGE_UP, 0, "log back 20", "a page older", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_PAGE_DOWN, 0, "log forth 20", "a page newer", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_HOME, 0, "log first", "the oldest line", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_END, 0, "log last", "the newest line", NULL, NULL, 0},
    {FOCUS_MAP, '/', 0, "prompt log find ", "search older lines", "/", "search", 0},
    {0},
};

static int click(struct screen *screen, struct area area, int row, int column,
                 enum mouse_event event) {
    (void)area;
    (void)row;
    (void)column;
    if (event == MOUSE_WHEEL_UP)
        screen_command(screen, "log back 3");
    else if (event == MOUSE_WHEEL_DOWN)
        screen_command(screen, "log forth 3");
    else
        return 0;
    return 1;
}

const struct view_ops view_console = {.keys = keys, .draw = draw, .click = click};

/*
 * sight.c - numbers of the screen, in the order in which session files have them.
 */
#include "tui/screen/sight.h"

#include <stdlib.h>
#include <string.h>

enum {
    ON_MAP,
    CURSOR,
    SCROLL,
    PAGE,
    LINES,
    TEXT,
    FIRST_QUERY,
    FIRST_KEY,
    TEXT_SCROLLS, /* and so many that there are texts */
    NUMBERS = TEXT_SCROLLS + TEXTS
};
_Static_assert((int)NUMBERS <= SIGHT_NUMBERS, "more numbers than a sight has");

void screen_sight(const struct screen *screen, int rows, int columns, struct session_sight *sight) {
    *sight = (struct session_sight){.rows = rows, .columns = columns, .answer = screen->answer};
    int *numbers = sight->numbers;
    numbers[ON_MAP] = screen->on_map;
    numbers[CURSOR] = (int)screen->sentence.cursor;
    numbers[SCROLL] = screen->scroll;
    numbers[PAGE] = screen->page;
    numbers[LINES] = screen->lines;
    numbers[TEXT] = screen->text;
    numbers[FIRST_QUERY] = screen->first_query;
    numbers[FIRST_KEY] = screen->first_key_token;
    for (int i = 0; i < TEXTS; i++)
        numbers[TEXT_SCROLLS + i] = screen->texts[i].scroll;
}

static int within(int value, int low, int high) {
    return value < low ? low : value > high ? high : value;
}

static void take_cursor(struct line_editor *editor, int cursor) {
    size_t at = cursor < 0 ? 0 : (size_t)cursor;
    if (!editor->text)
        return;
    at = at < editor->length ? at : editor->length;
    while (at > 0 && ((unsigned char)editor->text[at] & 0xc0) == 0x80)
        at--;
    editor->cursor = at;
}

void screen_take_sight(struct screen *screen, const struct session_sight *sight) {
    const int *numbers = sight->numbers;
    struct workbench *workbench = screen->workbench;
    struct sawb_error error;
    if (strcmp(line_editor_text(&screen->sentence), workbench->text) != 0 &&
        line_editor_set(&screen->sentence, workbench->text, &error) < 0)
        workbench_message(workbench, MESSAGE_ERROR, "%s", error.message);
    take_cursor(&screen->sentence, numbers[CURSOR]);
    screen->on_map = numbers[ON_MAP] != 0;
    free(screen->answer);
    screen->answer = sight->answer ? strdup(sight->answer) : NULL;
    screen->text = within(numbers[TEXT], 0, TEXTS - 1);
    for (int i = 0; i < TEXTS; i++)
        screen->texts[i].scroll = within(numbers[TEXT_SCROLLS + i], 0, 1 << 20);
    screen->scroll = within(numbers[SCROLL], 0, 1 << 20);
    screen->page = within(numbers[PAGE], 0, 1 << 20);
    screen->lines = within(numbers[LINES], 0, 1 << 20);
    screen->first_query = within(numbers[FIRST_QUERY], 0, 1 << 20);
    screen->first_key_token = within(numbers[FIRST_KEY], 0, 1 << 20);
}

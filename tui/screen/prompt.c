/*
 * prompt.c - the `:` prompt and its candidates, and the search over commands that looks the same.
 */
#include "tui/screen/prompt.h"

#include <stdlib.h>
#include <string.h>

#include "tui/screen/finder.h"

#define CANDIDATE_ROWS 8

void prompt_forget(struct screen *screen) {
    completions_free(screen->completions, screen->completion_count);
    screen->completions = NULL;
    screen->completion_count = 0;
    screen->chosen = -1;
}

/* Candidates are for the word before the cursor: what stands after it is left alone. */
void prompt_changed(struct screen *screen) {
    struct line_editor *prompt = &screen->prompt;
    prompt_forget(screen);
    if (screen->finding) {
        screen->completion_count =
            finder_search(screen, line_editor_text(prompt), &screen->completions);
        screen->chosen = screen->completion_count > 0 ? 0 : -1;
        return;
    }
    char *before = strndup(line_editor_text(prompt), prompt->cursor);
    if (!before)
        return;
    screen->completion_count = command_complete(screen->workbench, COMMAND_SCREEN, before,
                                                &screen->completion_start, &screen->completions);
    free(before);
}

void prompt_open(struct screen *screen, const char *text) {
    struct sawb_error error;
    if (line_editor_set(&screen->prompt, text, &error) < 0) {
        workbench_message(screen->workbench, MESSAGE_ERROR, "%s", error.message);
        return;
    }
    screen->prompt_open = 1;
    screen->finding = 0;
    prompt_changed(screen);
}

void prompt_find(struct screen *screen, const char *argument) {
    prompt_open(screen, argument);
    screen->finding = screen->prompt_open;
    prompt_changed(screen);
}

static void close_prompt(struct screen *screen) {
    screen->prompt_open = screen->finding = 0;
    prompt_forget(screen);
    line_editor_set(&screen->prompt, "", NULL); /* shrinking cannot fail */
}

void prompt_cancel(struct screen *screen, const char *argument) {
    (void)argument;
    close_prompt(screen);
}

/* Runs what was found; a command that needs more words is opened for them instead. */
static void accept_found(struct screen *screen) {
    char *line = screen->chosen < 0 ? NULL : strdup(screen->completions[screen->chosen].text);
    close_prompt(screen);
    if (!line)
        return;
    size_t length = strlen(line);
    if (length > 0 && line[length - 1] == ' ')
        prompt_open(screen, line);
    else
        screen_run_key(screen, line);
    free(line);
}

void prompt_accept(struct screen *screen, const char *argument) {
    (void)argument;
    if (screen->finding) {
        accept_found(screen);
        return;
    }
    char *line = strdup(line_editor_text(&screen->prompt));
    if (!line) {
        workbench_message(screen->workbench, MESSAGE_ERROR, "out of memory for the command");
        return;
    }
    line_editor_remember(&screen->prompt);
    close_prompt(screen);
    screen->prompted = 1;
    if (line[strspn(line, " :")])
        screen_command(screen, line + strspn(line, " :"));
    free(line);
}

/* Bytes in which all candidates agree, whole characters only. */
static size_t agreed(const struct screen *screen) {
    const char *first = screen->completions[0].text;
    size_t length = strlen(first);
    for (int i = 1; i < screen->completion_count; i++) {
        const char *other = screen->completions[i].text;
        size_t same = 0;
        while (same < length && other[same] == first[same])
            same++;
        length = same;
    }
    while (length > 0 && ((unsigned char)first[length] & 0xc0) == 0x80)
        length--;
    return length;
}

/* The word before the cursor becomes `length` bytes of text. */
static void put_word(struct screen *screen, const char *text, size_t length) {
    struct sawb_error error;
    if (line_editor_replace(&screen->prompt, screen->completion_start, screen->prompt.cursor, text,
                            length, &error) < 0)
        workbench_message(screen->workbench, MESSAGE_ERROR, "%s", error.message);
}

void prompt_complete(struct screen *screen, const char *argument) {
    int count = screen->completion_count, back = strcmp(argument, "back") == 0;
    if (count == 0)
        return;
    if (screen->finding) {
        screen->chosen = (screen->chosen + (back ? count - 1 : 1)) % count;
        return;
    }
    if (screen->chosen < 0) {
        size_t common = agreed(screen);
        size_t written = screen->prompt.cursor - screen->completion_start;
        const char *only = screen->completions[0].text;
        size_t length = strlen(only);
        if (count == 1 || common > written) {
            put_word(screen, only, common);
            if (count == 1 && length > 0 && !strchr("/=(:", only[length - 1]) &&
                screen->prompt.cursor == screen->prompt.length)
                line_editor_insert(&screen->prompt, " ", 1, NULL, NULL);
            prompt_changed(screen);
            return;
        }
    }
    screen->chosen = screen->chosen < 0 ? (back ? count - 1 : 0)
                                        : (screen->chosen + (back ? count - 1 : 1)) % count;
    const char *text = screen->completions[screen->chosen].text;
    put_word(screen, text, strlen(text));
}

static void draw_candidates(const struct screen *screen, struct area area) {
    int rows = area.rows, count = screen->completion_count;
    int first = screen->chosen >= rows ? screen->chosen - rows + 1 : 0;
    int width = 0;
    for (int i = 0; i < count; i++) {
        int columns = text_columns(screen->completions[i].text);
        width = columns > width ? columns : width;
    }
    if (width > area.columns / 2)
        width = area.columns / 2;
    for (int row = 0; row < rows && first + row < count; row++) {
        const struct completion *candidate = &screen->completions[first + row];
        int chosen = first + row == screen->chosen;
        struct area line = area_part(area, row, 0, 1, area.columns);
        if (chosen)
            area_fill(line, MEANING_SELECTED, " ");
        area_text(area_part(line, 0, 3, 1, width), 0, 0, chosen ? MEANING_SELECTED : MEANING_KEY, 0,
                  candidate->text);
        area_text(line, 0, 3 + width + 2, chosen ? MEANING_SELECTED : MEANING_FAINT, 0,
                  candidate->help ? candidate->help : "");
    }
    if (first + rows < count)
        area_printf(area, rows - 1, area.columns - 12, MEANING_FAINT, 0, "%4d more",
                    count - first - rows);
}

void prompt_draw(struct screen *screen, struct area area) {
    /* As many rows however many candidates there are: nothing moves while one types. */
    int rows = area.rows / 3 < CANDIDATE_ROWS ? area.rows / 3 : CANDIDATE_ROWS;
    struct area box = area_part(area, area.rows - rows - 2, 0, rows + 2, area.columns);
    area_fill(box, MEANING_TEXT, " ");
    area_rule(box, 0, screen->glyphs);
    draw_candidates(screen, area_part(box, 1, 0, rows, box.columns));
    int column =
        1 + area_text(box, rows + 1, 1, MEANING_TITLE, CELL_BOLD, screen->finding ? "find" : ":");
    line_editor_draw(&screen->prompt, box, rows + 1, column + 1, box.columns - column - 2,
                     MEANING_TEXT, 1, screen->glyphs);
}

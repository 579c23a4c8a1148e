/*
 * layout.c - the whole screen: title, sentence, the two arms, a view, the message and the hints.
 */
#include "tui/screen/screen.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app/format.h"
#include "tui/screen/arms.h"
#include "tui/screen/frames.h"
#include "tui/screen/prompt.h"
#include "tui/screen/replay_bar.h"

#define LATE 0.15 /* seconds after which an old answer is drawn as such: sooner would flicker */
#define MESSAGE_ROWS 4  /* a long message takes so many rows at most */
#define NOTE_COLUMNS 18 /* at the right of the sentence */
#define SPARK_POINTS 12
#define SECOND_MOST 64       /* keys that follow a first one */
#define COLUMNS_FOR_WORDS 72 /* below, hints are keys only */
#define COLUMNS_FOR_MORE 100 /* from here, the title has a curve and longer names */

int screen_is_late(const struct screen *screen, int arm) {
    const struct workbench *workbench = screen->workbench;
    return workbench->arms[arm].stale && screen->now - workbench->prediction_time > LATE;
}

double screen_patience(const struct screen *screen) {
    const struct workbench *workbench = screen->workbench;
    double left = workbench->prediction_time + LATE - screen->now;
    int waiting = workbench->arms[ARM_A].stale || workbench->arms[ARM_B].stale;
    return waiting && left >= 0 ? left + 1e-3 : -1;
}

char *signed_text(char *text, size_t size, double value, int decimals,
                  const struct glyphs *glyphs) {
    double smallest = 0.5 * pow(10, -decimals);
    if (isnan(value))
        snprintf(text, size, "nan");
    else if (fabs(value) < smallest)
        snprintf(text, size, "%.*f", decimals, 0.0);
    else
        snprintf(text, size, "%s%.*f", value < 0 ? glyphs->minus : "+", decimals, fabs(value));
    return text;
}

int draw_cut(struct area area, int row, int column, int columns, enum meaning meaning,
             unsigned flags, const char *text, const struct glyphs *glyphs) {
    struct area part = area_part(area, row, column, 1, columns);
    if (text_columns(text) <= columns)
        return area_text(part, 0, 0, meaning, flags, text);
    char *start = strndup(text, text_prefix(text, columns - 1));
    if (!start)
        return 0;
    int used = area_text(part, 0, 0, meaning, flags, start);
    free(start);
    return used + area_text(part, 0, used, meaning, flags, glyphs->ellipsis);
}

/* ---- title and sentence ---------------------------------------------------------------------- */

/* The last `parts` parts of a folder's path. */
static void model_name(const struct model *model, int parts, char *name, size_t size) {
    const char *path = model && model->directory ? model->directory : "no model";
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && (path[start - 1] != '/' || --parts > 0))
        start--;
    snprintf(name, size, "%.*s", (int)(end - start), path + start);
}

/* The latest losses as a row of blocks. */
static int draw_spark(struct screen *screen, struct area area, int column_end) {
    const struct run_history *run = &screen->workbench->run;
    int points = run->steps < SPARK_POINTS ? run->steps : SPARK_POINTS;
    double low = INFINITY, high = -INFINITY, mean[SPARK_POINTS] = {0};
    if (points < 2 || !screen->glyphs->unicode)
        return 0;
    for (int i = 0; i < points; i++) {
        int from = (int)((int64_t)run->steps * i / points);
        int to = (int)((int64_t)run->steps * (i + 1) / points);
        for (int step = from; step < to; step++)
            mean[i] += run->loss[step] / (to - from);
        low = fmin(low, mean[i]);
        high = fmax(high, mean[i]);
    }
    for (int i = 0; i < points; i++) {
        double share = high > low ? (mean[i] - low) / (high - low) : 0;
        int level = (int)(share * (screen->glyphs->ramp_count - 1) + 0.5);
        area_text(area, 0, column_end - points + i, MEANING_NOTE, 0, screen->glyphs->ramp[level]);
    }
    return points + 1;
}

/* State of the run at the right, as much of it as has room. */
static void draw_run(struct screen *screen, struct area area) {
    const struct run_history *run = &screen->workbench->run;
    char step[FORMAT_BYTES], total[FORMAT_BYTES], speed[FORMAT_BYTES], left[FORMAT_BYTES];
    char place[128], loss[32], rate[128], text[320];
    int end = area.columns - 1;
    if (!run->name)
        return;
    format_count(step, run->last.step);
    if (!run->running) {
        snprintf(text, sizeof(text), "run of %s steps ended", step);
        area_text_right(area, 0, end, MEANING_FAINT, 0, text);
        return;
    }
    if (area.grid->columns >= COLUMNS_FOR_MORE)
        end -= draw_spark(screen, area, end);
    format_count(total, run->total_steps);
    format_count(speed, (int64_t)(run->tokens_per_second + 0.5));
    format_duration(left, run->seconds_left);
    snprintf(place, sizeof(place), "train %s %s/%s", screen->glyphs->running, step, total);
    snprintf(loss, sizeof(loss), "  loss %.3f", run->last.loss);
    snprintf(rate, sizeof(rate), "  %s tok/s%s%s%s", speed, left[0] ? "  " : "", left,
             left[0] ? " left" : "");
    if (run->paused)
        snprintf(place, sizeof(place), "train paused %s/%s", step, total);
    if (run->steps == 0)
        snprintf(place, sizeof(place), "train %s starting", screen->glyphs->running);
    snprintf(text, sizeof(text), "%s%s%s", place, run->steps ? loss : "", run->steps ? rate : "");
    if (text_columns(text) > end)
        snprintf(text, sizeof(text), "%s%s", place, loss);
    area_text_right(area, 0, end, MEANING_NOTE, 0, text_columns(text) > end ? place : text);
}

static void draw_title(struct screen *screen, struct area area) {
    const struct arm *arms = screen->workbench->arms;
    char names[ARMS][256];
    int column = 1 + area_text(area, 0, 1, MEANING_TITLE, CELL_BOLD, "sawb") + 2;
    int wide = area.columns >= COLUMNS_FOR_MORE, room = wide ? 30 : 12;
    for (int arm = 0; arm < ARMS; arm++)
        model_name(arms[arm].model, wide ? 2 : 1, names[arm], sizeof(names[arm]));
    if (arms[ARM_A].model == arms[ARM_B].model)
        snprintf(names[ARM_B], sizeof(names[ARM_B]), "same");
    column += area_text(area, 0, column, MEANING_ACCENT_A, CELL_BOLD, "A") + 1;
    column += draw_cut(area, 0, column, room, MEANING_TEXT, 0, names[ARM_A], screen->glyphs) + 2;
    column += area_text(area, 0, column, MEANING_ACCENT_B, CELL_BOLD, "B") + 1;
    column += draw_cut(area, 0, column, room, MEANING_TEXT, 0, names[ARM_B], screen->glyphs) + 2;
    draw_run(screen, area_part(area, 0, column, 1, area.columns - column));
}

static void draw_sentence(struct screen *screen, struct area area, int row) {
    const struct workbench *workbench = screen->workbench;
    const struct capture *a = workbench->arms[ARM_A].capture, *b = workbench->arms[ARM_B].capture;
    int focused = screen_focus(screen) == FOCUS_SENTENCE;
    area_text(area, row, 1, focused ? MEANING_ACCENT_A : MEANING_FAINT, focused ? CELL_BOLD : 0,
              screen->glyphs->prompt);
    screen->drawn.sentence_columns = area.columns - 3 - NOTE_COLUMNS;
    line_editor_draw(&screen->sentence, area, row, 3, screen->drawn.sentence_columns, MEANING_TEXT,
                     focused, screen->glyphs);
    if (!a || !b)
        return;
    char text[64];
    int cut = a->encoding.truncated || b->encoding.truncated;
    if (pinned_step(workbench) >= 0 && area.rows < ARMS_CAPTION_ROWS) {
        snprintf(text, sizeof(text), "step %lld, stored", (long long)pinned_step(workbench));
        area_text_right(area, row, area.columns - 1, MEANING_NOTE, 0, text);
        return;
    }
    if (a->encoding.count == b->encoding.count)
        snprintf(text, sizeof(text), "%s%d tokens", cut ? "cut to " : "", a->encoding.count);
    else
        snprintf(text, sizeof(text), "%s%d, %d tokens", cut ? "cut: " : "", a->encoding.count,
                 b->encoding.count);
    area_text_right(area, row, area.columns - 1, cut ? MEANING_ERROR : MEANING_FAINT, 0, text);
}

/* ---- the bottom ------------------------------------------------------------------------------ */

/* 1 for a hint of the present focus that is true: nothing that goes before has its key. */
static int is_hint(const struct key_sources *sources, enum focus focus,
                   const struct key_binding *binding) {
    return binding->hint && binding->focus == focus && keys_holds(sources, focus, binding);
}

/* Hints of the present focus, those of the view first; the needed ones when not all have room. */
static void draw_hints(struct screen *screen, struct area area, int row) {
    const struct key_binding *binding;
    const struct key_sources sources = screen_keys(screen);
    enum focus focus = replay_bar_has_keys(screen) ? FOCUS_REPLAY : screen_focus(screen);
    int column = 1, needed = 0;
    if (focus == FOCUS_SENTENCE && area.columns >= COLUMNS_FOR_WORDS)
        column += area_text(area, row, column, MEANING_FAINT, 0, "type a sentence") + 2;
    for (int i = 0; (binding = keys_row(&sources, i)); i++)
        if (binding->needed && is_hint(&sources, focus, binding))
            needed += text_columns(binding->hint_keys) + text_columns(binding->hint) + 3;
    for (int i = 0; (binding = keys_row(&sources, i)); i++) {
        if (!is_hint(&sources, focus, binding))
            continue;
        int columns = text_columns(binding->hint_keys) + text_columns(binding->hint) + 3;
        int others = needed - (binding->needed ? columns : 0);
        if (column + columns + (binding->needed ? 0 : others) > area.columns + 1)
            continue;
        needed = others;
        column += area_text(area, row, column, MEANING_KEY, 0, binding->hint_keys) + 1;
        column += area_text(area, row, column, MEANING_FAINT, 0, binding->hint) + 2;
    }
}

/* What may follow the first key of two, each command once. Returns how many. */
static int second_keys(const struct screen *screen, const struct key_binding *rows[SECOND_MOST]) {
    const struct key_sources sources = screen_keys(screen);
    const struct key_binding *binding;
    enum focus focus = screen_focus(screen);
    int count = 0;
    for (int i = 0; (binding = keys_row(&sources, i)) && count < SECOND_MOST; i++) {
        int twice = 0;
        if (!binding->then ||
            keys_find(&sources, focus, screen->first_key, binding->then) != binding)
            continue;
        for (int k = 0; k < count && !binding->note; k++)
            twice |= strcmp(rows[k]->command, binding->command) == 0;
        if (!twice)
            rows[count++] = binding;
    }
    return count;
}

/* A command, without its first word when all of them share it. */
static const char *second_label(const struct key_binding *const rows[], int count, int index) {
    const char *command = rows[index]->command, *last = strrchr(command, ' ');
    size_t word = strcspn(rows[0]->command, " ");
    for (int i = 0; i < count; i++)
        if (strncmp(rows[i]->command, rows[0]->command, word + 1) != 0)
            return command;
    return last ? last + 1 : command;
}

/* After the first key of two: what may follow, in as many rows as it takes; the last one is `row`.
 */
static void draw_second_keys(struct screen *screen, struct area area, int row) {
    const struct key_binding *rows[SECOND_MOST];
    int count = second_keys(screen, rows), width = 0;
    char first[40], name[40];
    keys_name(screen->first_key & ~KEYS_ALT, first, sizeof(first));
    int start = 1 + text_columns(first) + 2;
    for (int i = 0; i < count; i++) {
        keys_name(rows[i]->then, name, sizeof(name));
        int columns = text_columns(name) + 1 + text_columns(second_label(rows, count, i)) + 2;
        width = columns > width ? columns : width;
    }
    int across = width > 0 && area.columns - start > width ? (area.columns - start) / width : 1;
    int lines = (count + across - 1) / across;
    int one = lines <= 1; /* then they stand close together */
    for (int line = 1; line < lines; line++)
        area_fill(area_part(area, row - line, 0, 1, area.columns), MEANING_TEXT, " ");
    if (!one)
        area_rule(area_part(area, row - lines, 0, 1, area.columns), 0, screen->glyphs);
    area_text(area, one ? row : row - lines + 1, 1, MEANING_KEY, CELL_BOLD, first);
    for (int i = 0, column = start; i < count; i++) {
        int line = one ? row : row - lines + 1 + i % lines;
        if (!one)
            column = start + i / lines * width;
        keys_name(rows[i]->then, name, sizeof(name));
        column += area_text(area, line, column, MEANING_KEY, 0, name) + 1;
        column += area_text(area, line, column, MEANING_FAINT, 0, second_label(rows, count, i)) + 2;
    }
}

size_t text_wrap(const char *text, int columns, const char **next) {
    size_t line = strcspn(text, "\n");
    char *copy = strndup(text, line);
    size_t fits = copy ? text_prefix(copy, columns) : line;
    free(copy);
    if (fits == line) {
        *next = text + line + (text[line] == '\n');
        return line;
    }
    size_t blank = fits;
    while (blank > 0 && text[blank] != ' ')
        blank--;
    if (blank < fits / 2 || fits == 0)
        blank = fits ? fits : 1;
    *next = text + blank + strspn(text + blank, " ");
    return blank;
}

/* The message ends in `row`; one that is long or of several lines covers rows above. */
static void draw_message(struct screen *screen, struct area area, int row) {
    static const enum meaning meanings[] = {[MESSAGE_NONE] = MEANING_TEXT,
                                            [MESSAGE_NOTE] = MEANING_NOTE,
                                            [MESSAGE_COMMAND] = MEANING_FAINT,
                                            [MESSAGE_ERROR] = MEANING_ERROR};
    const struct workbench *workbench = screen->workbench;
    enum meaning meaning = meanings[workbench->message_kind];
    const char *lines[MESSAGE_ROWS], *text = workbench->message;
    size_t lengths[MESSAGE_ROWS];
    int progress = workbench->run.running ? 0 : text_columns(workbench->progress);
    int count = 0, width = area.columns - 2 - (progress ? progress + 2 : 0);
    if (progress)
        area_text_right(area, row, area.columns - 1, MEANING_NOTE, 0, workbench->progress);
    if (workbench->message_kind == MESSAGE_NONE)
        return;
    if (workbench->message_kind == MESSAGE_COMMAND) {
        area_text(area, row, 1, MEANING_FAINT, 0, ":");
        draw_cut(area, row, 3, width - 2, meaning, 0, text, screen->glyphs);
        return;
    }
    while (*text && count < MESSAGE_ROWS) {
        lines[count] = text;
        lengths[count] = text_wrap(text, width, &text);
        count++;
    }
    for (int i = 0; i < count; i++) {
        struct area line = area_part(area, row - count + 1 + i, 0, 1, area.columns);
        char *part = strndup(lines[i], lengths[i]);
        if (count > 1)
            area_fill(line, MEANING_TEXT, " ");
        if (part)
            area_text(line, 0, 1, meaning, 0, part);
        free(part);
    }
}

static void draw_bottom(struct screen *screen, struct area area) {
    int message = area.rows - 2, hints = area.rows - 1;
    if (screen->prompt_open)
        prompt_draw(screen, area_part(area, 0, 0, hints, area.columns));
    else
        draw_message(screen, area, message);
    screen->drawn.prompt_row = screen->prompt_open ? message : -1;
    if (screen->first_key)
        draw_second_keys(screen, area, hints);
    else
        draw_hints(screen, area, hints);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void draw_too_small(struct area area) {
    char text[2][80];
    snprintf(text[0], sizeof(text[0]), "sawb needs %d x %d", SCREEN_COLUMNS_MINIMUM,
             SCREEN_ROWS_MINIMUM);
    snprintf(text[1], sizeof(text[1]), "this terminal is %d x %d", area.columns, area.rows);
    int row = area.rows > 2 ? (area.rows - 2) / 2 : 0;
    for (int i = 0; i < 2; i++) {
        int column = (area.columns - text_columns(text[i])) / 2;
        area_text(area, row + i, column > 0 ? column : 0, i ? MEANING_FAINT : MEANING_TITLE, 0,
                  text[i]);
    }
}

/* The first row of the panes, below what stands above them at this size. */
static int draw_top(struct screen *screen, struct area area, int whole) {
    int row = 1;
    draw_title(screen, area);
    screen->drawn.sentence_row = whole ? -1 : row;
    if (whole)
        return row;
    draw_sentence(screen, area, row);
    return row + 1 +
           arms_draw(screen, area_part(area, row + 1, 0, area.rows - row - 1, area.columns));
}

void screen_draw(struct screen *screen, struct grid *grid) {
    struct panes *panes = &screen->workbench->panes;
    struct area area = grid_area(grid), bar = area;
    int below = replay_bar_rows(screen, area.rows);
    area = area_part(area, 0, 0, area.rows - below, area.columns);
    grid_clear(grid);
    screen->drawn = (struct drawn){.sentence_row = -1, .prompt_row = -1};
    if (area.rows < SCREEN_ROWS_MINIMUM || area.columns < SCREEN_COLUMNS_MINIMUM) {
        draw_too_small(area);
        return;
    }
    panes_fit(panes, area.rows, area.columns, screen->workbench->run.name != NULL);
    int row = draw_top(screen, area,
                       screen_view(screen)->whole && (panes->zoomed || panes_count(panes) == 1));
    panes->rows = area.rows - 2 - row;
    panes->columns = area.columns;
    frames_draw(screen, area_part(area, row, 0, panes->rows, area.columns));
    draw_bottom(screen, area);
    if (below)
        replay_bar_draw(screen, area_part(bar, area.rows, 0, below, bar.columns));
}

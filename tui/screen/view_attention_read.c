/*
 * view_attention_read.c - the attention view in numbers: the cursor's cell and its row.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/text/words.h"
#include "tui/screen/view_attention.h"
#include "viz/bar.h"

#define NAME_SHARE 5  /* of the columns, for query and key */
#define NAME_MOST 30  /* columns */
#define LIST_NAME 14  /* columns of a token in the list */
#define LIST_NUMBER 8 /* columns of its number */
#define BAR_MOST 40
#define COLUMNS_FOR_NUMBERS 56
#define NUMBER_BYTES 40

static const enum meaning accents[ARMS] = {MEANING_ACCENT_A, MEANING_ACCENT_B};

/* "0.012" for weights, "−1.25" for scores and logarithms. */
static char *value_text(const struct screen *screen, char text[NUMBER_BYTES], double value) {
    if (screen->workbench->mode == MAP_WEIGHT)
        snprintf(text, NUMBER_BYTES, "%.3f", value);
    else
        signed_text(text, NUMBER_BYTES, value, screen->workbench->mode == MAP_SCORE ? 3 : 2,
                    screen->glyphs);
    return text;
}

/* "warm", or "warm…film" for several, with "##x" as "·x" as the labels have it. */
static int draw_name(const struct screen *screen, struct area area, int row, int column,
                     int columns, const char *const ends[2]) {
    char text[512] = "";
    for (int i = 0; i < (ends[0] == ends[1] ? 1 : 2); i++) {
        int goes_on = heatmap_label_columns(ends[i]) < text_columns(ends[i]);
        size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "%s%s%s", i ? screen->glyphs->ellipsis : "",
                 goes_on ? screen->glyphs->continuation : "",
                 goes_on ? ends[i] + WORD_CONTINUATION_BYTES : ends[i]);
    }
    return draw_cut(area, row, column, columns, MEANING_TEXT, CELL_BOLD, text, screen->glyphs);
}

/* Query and key: one below the other where they are the same for both arms, otherwise each arm's.
 */
static void draw_pair(const struct screen *screen, const struct attention_reading readings[ARMS],
                      struct area area, int columns) {
    const char *arrow = screen->glyphs->arrow;
    if (screen->workbench->attention.maps.comparable && area.rows > 1) {
        draw_name(screen, area, 0, 1, columns, readings[0].query);
        area_text(area, 1, 1, MEANING_FAINT, 0, arrow);
        draw_name(screen, area, 1, 3, columns - 2, readings[0].key);
        return;
    }
    for (int arm = 0; arm < ARMS && arm < area.rows; arm++) {
        int used = draw_name(screen, area, arm, 1, columns / 2 - 1, readings[arm].query);
        area_text(area, arm, used + 2, MEANING_FAINT, 0, arrow);
        draw_name(screen, area, arm, used + 4, columns - used - 3, readings[arm].key);
    }
}

static void add(char *text, size_t size, const char *part) {
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%s", used ? ", " : "", part);
}

/* What a cell was made of that is not one pair of one head. */
static void made_of(const struct workbench *workbench, const struct attention_reading *reading,
                    char *text, size_t size) {
    const struct attention_look *look = &workbench->attention.look;
    int heads = workbench->attention.maps.heads, scores = workbench->mode == MAP_SCORE;
    char part[80];
    text[0] = '\0';
    if (reading->pairs > 1)
        snprintf(part, sizeof(part), "%ld of %ld pairs kept", reading->pairs_kept, reading->pairs);
    else
        snprintf(part, sizeof(part), "%s", reading->kept ? "kept" : "removed");
    add(text, size, part);
    if (reading->query_spans * reading->key_spans > 1) {
        snprintf(part, sizeof(part), "%s of %dx%d %s", look->bins == REDUCE_MAX ? "max" : "mean",
                 reading->query_spans, reading->key_spans, look->words ? "words" : "tokens");
        add(text, size, part);
    } else if (reading->queries * reading->keys > 1 && scores) {
        add(text, size, "mean of the pieces kept");
    } else if (reading->queries * reading->keys > 1) {
        snprintf(part, sizeof(part), "%d keys summed", reading->keys);
        if (reading->keys > 1)
            add(text, size, part);
        snprintf(part, sizeof(part), "mean of %d queries", reading->queries);
        if (reading->queries > 1)
            add(text, size, part);
    }
    snprintf(part, sizeof(part), "mean of %d heads", heads);
    if (heads > 1)
        add(text, size, part);
}

/* The numbers of one arm from `at` on. Returns the column behind them. */
static int draw_numbers(const struct screen *screen, const struct attention_reading *reading,
                        struct area area, int row, int at) {
    const struct workbench *workbench = screen->workbench;
    const struct glyphs *glyphs = screen->glyphs;
    enum meaning meaning = reading->kept ? MEANING_TEXT : MEANING_FAINT;
    char number[NUMBER_BYTES];
    if (!reading->single) {
        const char *name = attention_mode_name(workbench->mode);
        at += area_text(area, row, at, MEANING_FAINT, 0, name) + LIST_NUMBER;
        area_text_right(area, row, at, meaning, 0, value_text(screen, number, reading->value));
        return at;
    }
    at += area_text(area, row, at, MEANING_FAINT, 0, "score") + 9;
    signed_text(number, sizeof(number), reading->score, 3, glyphs);
    area_text_right(area, row, at, MEANING_TEXT, 0, number);
    at += 2;
    at += area_text(area, row, at, MEANING_FAINT, 0, "weight") + 6;
    snprintf(number, sizeof(number), "%.3f",
             workbench->mode == MAP_WEIGHT ? reading->value : reading->weight);
    area_text_right(area, row, at, meaning, 0, number);
    if (workbench->mode != MAP_LOG)
        return at;
    at += 2 + area_text(area, row, at + 2, MEANING_FAINT, 0, "log10") + 6;
    if (reading->kept)
        area_text_right(area, row, at, meaning, 0, value_text(screen, number, reading->value));
    return at;
}

/* Why the cell is what it is. */
static void reason(const struct screen *screen, const struct attention_reading *reading, int arm,
                   char *text, size_t size) {
    const struct workbench *workbench = screen->workbench;
    char rule[160];
    if (!reading->single) {
        made_of(workbench, reading, text, size);
        return;
    }
    workbench_explain(workbench, arm, workbench->query, workbench->key, rule, sizeof(rule));
    if (workbench->mode == MAP_WEIGHT && reading->kept &&
        fabs(reading->value - reading->weight) > 5e-4)
        snprintf(text, size, "was %.3f, %s", reading->weight, rule);
    else
        snprintf(text, size, "%s", rule);
}

static void draw_reason(const struct screen *screen, const struct attention_reading *reading,
                        int arm, struct area area, int row, int column) {
    char text[240];
    reason(screen, reading, arm, text, sizeof(text));
    draw_cut(area, row, column, area.columns - column - 1,
             reading->kept ? MEANING_FAINT : MEANING_BLOCKED, 0, text, screen->glyphs);
}

static void draw_arm(const struct screen *screen, const struct attention_reading *reading, int arm,
                     struct area area, int at) {
    at += area_text(area, arm, at, accents[arm], CELL_BOLD, arm ? "B" : "A") + 2;
    at = draw_numbers(screen, reading, area, arm, at) + 2;
    draw_reason(screen, reading, arm, area, arm, at);
}

/* Of the cursor's cell. */
static void draw_difference(const struct screen *screen, struct area area, int row, int at) {
    const struct workbench *workbench = screen->workbench;
    const struct attention_map *difference = &workbench->attention.maps.difference;
    char number[NUMBER_BYTES];
    int map_row, map_column;
    attention_cell(workbench, ARM_A, &map_row, &map_column);
    size_t cell = (size_t)map_row * (size_t)difference->columns + (size_t)map_column;
    at += area_printf(area, row, at, MEANING_TITLE, CELL_BOLD, "B %s A", screen->glyphs->minus) + 2;
    if (difference->mask[cell])
        area_text(area, row, at, MEANING_TEXT, 0,
                  signed_text(number, sizeof(number), (double)difference->values[cell], 3,
                              screen->glyphs));
    else
        area_text(area, row, at, MEANING_FAINT, 0,
                  workbench->mode == MAP_WEIGHT ? "removed in both" : "removed: none to compare");
}

/* All of it in one row, where there is no room for more; in another one, why for B. */
static void draw_short(const struct screen *screen, const struct attention_reading readings[ARMS],
                       struct area area) {
    char number[NUMBER_BYTES];
    int at = 1 + draw_name(screen, area, 0, 1, area.columns / 4, readings[0].query) + 1;
    at += area_text(area, 0, at, MEANING_FAINT, 0, screen->glyphs->arrow) + 1;
    at += draw_name(screen, area, 0, at, area.columns / 4, readings[0].key) + 1;
    for (int arm = 0; arm < ARMS; arm++) {
        at += 1 + area_text(area, 0, at + 1, accents[arm], CELL_BOLD, arm ? "B" : "A") + 1;
        if (readings[arm].kept)
            value_text(screen, number, readings[arm].value);
        else
            snprintf(number, sizeof(number), "%s", screen->glyphs->blocked);
        at += area_text(area, 0, at, MEANING_TEXT, 0, number);
    }
    if (area.rows < 2)
        return;
    area_text(area, 1, 1, accents[ARM_B], CELL_BOLD, "B");
    draw_reason(screen, &readings[ARM_B], ARM_B, area, 1, 3);
}

void attention_draw_readout(struct screen *screen, struct area area) {
    struct attention_reading readings[ARMS];
    int names = area.columns / NAME_SHARE < NAME_MOST ? area.columns / NAME_SHARE : NAME_MOST;
    for (int arm = 0; arm < ARMS; arm++)
        attention_read(screen->workbench, arm, &readings[arm]);
    if (area.rows == 1 || area.columns < COLUMNS_FOR_NUMBERS) {
        draw_short(screen, readings, area);
        return;
    }
    draw_pair(screen, readings, area, names);
    for (int arm = 0; arm < ARMS; arm++)
        draw_arm(screen, &readings[arm], arm, area, 1 + names + 1);
    if (area.rows > ARMS && screen->workbench->attention.maps.comparable)
        draw_difference(screen, area, ARMS, 1 + names + 1);
}

/* ---- the list -------------------------------------------------------------------------------- */

/* One arm's number and bar; what is removed has a mark instead. */
static void draw_item(const struct screen *screen, const struct heatmap *map, int index, int arm,
                      struct area area, int row, int column, int bar) {
    char number[NUMBER_BYTES];
    size_t cell = (size_t)map->cursor_row * (size_t)map->columns + (size_t)index;
    if (!map->mask[cell]) {
        area_text_right(area, row, column + LIST_NUMBER - 2, MEANING_BLOCKED, 0,
                        screen->glyphs->blocked);
        return;
    }
    area_text_right(area, row, column + LIST_NUMBER - 2, MEANING_TEXT, 0,
                    value_text(screen, number, (double)map->values[cell]));
    bar_draw(area, row, column + LIST_NUMBER - 1, bar, heatmap_share(map, map->cursor_row, index),
             accents[arm], screen->glyphs);
}

void attention_draw_list(struct screen *screen, struct area area) {
    const struct workbench *workbench = screen->workbench;
    struct heatmap maps[ARMS] = {attention_map_of(screen, MAP_A, 1, 0),
                                 attention_map_of(screen, MAP_B, 1, 0)};
    int rows = area.rows - 1, bar = (area.columns - 2 - LIST_NAME) / ARMS - LIST_NUMBER - 1;
    int cursor = maps[ARM_A].cursor_column, first = cursor - rows / 2;
    bar = bar > BAR_MOST ? BAR_MOST : bar;
    if (first > maps[ARM_A].columns - rows)
        first = maps[ARM_A].columns - rows;
    first = first < 0 ? 0 : first;
    area_rule(area, 0, screen->glyphs);
    area_printf(area, 0, 1, MEANING_TITLE, CELL_BOLD, " %s %s ",
                workbench->attention.look.transpose ? "to" : "from",
                maps[ARM_A].row_labels[maps[ARM_A].cursor_row]);
    for (int i = 0; i < rows && first + i < maps[ARM_A].columns; i++) {
        int index = first + i, column = 1 + LIST_NAME;
        unsigned flags = index == cursor ? CELL_BOLD | CELL_UNDERLINE : 0;
        heatmap_label(area, 1 + i, 1, LIST_NAME - 2, maps[ARM_A].column_labels[index], MEANING_TEXT,
                      flags, screen->glyphs);
        for (int arm = 0; arm < ARMS; arm++) {
            if (i == 0)
                area_text(area, 0, column - 1, accents[arm], CELL_BOLD, arm ? " B " : " A ");
            draw_item(screen, &maps[arm], index, arm, area, 1 + i, column, bar);
            column += LIST_NUMBER + bar + 2;
        }
    }
}

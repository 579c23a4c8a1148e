/*
 * view_attention.c - one head of both arms and their difference as maps, with the cursor's
 * read-out.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app/format.h"
#include "tui/screen/screen.h"
#include "viz/bar.h"
#include "viz/heatmap.h"

enum { MAP_A, MAP_B, MAP_DIFFERENCE, MAPS };

#define GAP 2          /* columns between maps */
#define RULES 2        /* above and below the maps */
#define READOUT_ROWS 2 /* one an arm */
#define CURVES_LEAST 9 /* rows from which the curves of a run stand under the maps */
#define ROWS_FOR_CURVES 30
#define COLUMNS_FOR_COUNTS 72
#define COLUMNS_OF_LEGEND 48
#define NAME_COLUMNS 14 /* tokens of the list under the maps */
#define BAR_MOST 40
#define LABELS_MOST 4 /* rows for the labels of columns, where there is room for more */

/* What is looked at, inside of what there is. */
struct look_at {
    const struct capture *captures[ARMS];
    int layer, head, query, key, tokens;
    int comparable; /* both arms have the same tokens: there is a difference */
};

static int find(const struct workbench *workbench, struct look_at *look) {
    *look = (struct look_at){.layer = workbench->layer,
                             .head = workbench->head,
                             .query = workbench->query,
                             .key = workbench->key,
                             .tokens = workbench_tokens(workbench)};
    for (int arm = 0; arm < ARMS; arm++) {
        const struct capture *capture = workbench->arms[arm].capture;
        if (!capture || look->layer >= capture->layers || look->head >= capture->heads)
            return -1;
        look->captures[arm] = capture;
    }
    const struct capture *a = look->captures[ARM_A], *b = look->captures[ARM_B];
    look->comparable = a->encoding.count == b->encoding.count;
    for (int i = 0; look->comparable && i < a->encoding.count; i++)
        look->comparable = strcmp(a->pieces[i], b->pieces[i]) == 0;
    return look->tokens > 0 && look->query < look->tokens && look->key < look->tokens ? 0 : -1;
}

static const float *values_of(const struct look_at *look, int arm, enum map_mode mode) {
    const struct capture *capture = look->captures[arm];
    return (mode == MAP_SCORE ? capture->scores : capture->attention) +
           capture_head(capture, look->layer, look->head);
}

static const uint8_t *mask_of(const struct look_at *look, int arm) {
    const struct capture *capture = look->captures[arm];
    return capture->mask + capture_head(capture, look->layer, look->head);
}

/* Smallest and largest kept value of both arms: one scale for the two maps. */
static void range_of(const struct look_at *look, enum map_mode mode, float *low, float *high) {
    *low = INFINITY;
    *high = -INFINITY;
    for (int arm = 0; arm < ARMS; arm++) {
        size_t tokens = (size_t)look->captures[arm]->encoding.count;
        const float *values = values_of(look, arm, mode);
        const uint8_t *mask = mask_of(look, arm);
        for (size_t i = 0; i < tokens * tokens; i++) {
            if (!mask[i] || !isfinite(values[i]))
                continue;
            *low = fminf(*low, values[i]);
            *high = fmaxf(*high, values[i]);
        }
    }
    if (*low > *high)
        *low = *high = 0;
}

/* The end of a scale that stays where it is while values move a little. */
static float round_up(float value) {
    static const float ends[] = {0.05f, 0.1f, 0.2f, 0.3f, 0.5f, 1};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (value <= ends[i])
            return ends[i];
    return ceilf(value);
}

/* B - A [T,T], owned by the caller; NULL when there is none. *largest: of its absolute values. */
static float *difference_of(const struct look_at *look, enum map_mode mode, float *largest) {
    size_t tokens = (size_t)look->tokens, count = tokens * tokens;
    float *difference = look->comparable ? malloc(count * sizeof(*difference)) : NULL;
    if (!difference)
        return NULL;
    const float *a = values_of(look, ARM_A, mode), *b = values_of(look, ARM_B, mode);
    const uint8_t *mask_a = mask_of(look, ARM_A), *mask_b = mask_of(look, ARM_B);
    *largest = 0;
    for (size_t i = 0; i < count; i++) {
        /* A score that a mask removes has no counterpart; a weight that it removes is 0. */
        difference[i] = mode == MAP_SCORE && (!mask_a[i] || !mask_b[i]) ? 0 : b[i] - a[i];
        *largest = fmaxf(*largest, fabsf(difference[i]));
    }
    return difference;
}

static void set_up(const struct look_at *look, enum map_mode mode, const float *difference,
                   float largest, struct heatmap maps[MAPS]) {
    float low, high;
    range_of(look, mode, &low, &high);
    for (int i = 0; i < MAPS; i++) {
        int arm = i == MAP_B ? ARM_B : ARM_A;
        const struct capture *capture = look->captures[arm];
        maps[i] = (struct heatmap){.rows = capture->encoding.count,
                                   .columns = capture->encoding.count,
                                   .values = values_of(look, arm, mode),
                                   .mask = mask_of(look, arm),
                                   .row_labels = (const char *const *)capture->pieces,
                                   .column_labels = (const char *const *)capture->pieces,
                                   .cursor_row = look->query,
                                   .cursor_column = look->key};
        maps[i].scale = mode == MAP_SCORE ? HEATMAP_SCORE : HEATMAP_WEIGHT;
        maps[i].minimum = mode == MAP_SCORE ? low : 0;
        maps[i].maximum = mode == MAP_SCORE ? high : round_up(high);
    }
    maps[MAP_DIFFERENCE].scale = HEATMAP_DIFFERENCE;
    maps[MAP_DIFFERENCE].values = difference;
    maps[MAP_DIFFERENCE].mask_other = mask_of(look, ARM_B);
    maps[MAP_DIFFERENCE].minimum = 0;
    maps[MAP_DIFFERENCE].maximum = round_up(largest);
}

/* Where the maps stand: two halves where there is no difference to show. Every map has its row
 * labels where that does not narrow the cells. */
static void place(struct heatmap maps[MAPS], struct area area, struct area parts[MAPS]) {
    const struct heatmap *pointers[MAPS] = {&maps[MAP_A], &maps[MAP_B], &maps[MAP_DIFFERENCE]};
    const char *const *labels[MAPS] = {maps[0].row_labels, maps[1].row_labels, maps[2].row_labels};
    if (!maps[MAP_DIFFERENCE].values) {
        int half = (area.columns - GAP) / 2;
        parts[MAP_A] = area_part(area, 0, 0, area.rows, half);
        parts[MAP_B] = area_part(area, 0, half + GAP, area.rows, half);
        return;
    }
    heatmap_split(area, pointers, MAPS, GAP, parts);
    struct heatmap_layout with =
        heatmap_layout(&maps[MAP_B], parts[MAP_B].rows, parts[MAP_B].columns);
    maps[MAP_B].row_labels = maps[MAP_DIFFERENCE].row_labels = NULL;
    heatmap_split(area, pointers, MAPS, GAP, parts);
    struct heatmap_layout without =
        heatmap_layout(&maps[MAP_B], parts[MAP_B].rows, parts[MAP_B].columns);
    if (with.cell_columns < without.cell_columns || with.visible_columns < without.visible_columns)
        return;
    for (int i = 0; i < MAPS; i++)
        maps[i].row_labels = labels[i];
    heatmap_split(area, pointers, MAPS, GAP, parts);
}

/* Under the maps: where we are, and how to read them. */
static void draw_caption(const struct screen *screen, const struct look_at *look,
                         const struct heatmap maps[MAPS], struct area area, int row) {
    const struct workbench *workbench = screen->workbench;
    const struct glyphs *glyphs = screen->glyphs;
    char step[FORMAT_BYTES];
    uint64_t trained = look->captures[ARM_A]->training_step;
    int column = 1;
    area_rule(area, row, glyphs);
    column += area_printf(area, row, column, MEANING_TITLE, CELL_BOLD, " layer %d  head %d ",
                          look->layer, look->head);
    if (area.columns >= COLUMNS_FOR_COUNTS)
        column += area_printf(area, row, column, MEANING_FAINT, 0, "of %d x %d ",
                              workbench_layers(workbench), workbench_heads(workbench));
    column += 1;
    if (trained)
        column += 1 + area_printf(area, row, column, MEANING_NOTE, 0, " at step %s ",
                                  format_count(step, (int64_t)trained));
    column += 1;
    column += area_printf(area, row, column, MEANING_FAINT, 0, " %s ",
                          workbench->mode == MAP_SCORE ? "score" : "weight");
    column += heatmap_legend(area, row, column, &maps[MAP_A], glyphs);
    column += 2 + area_text(area, row, column, MEANING_TEXT, 0, " ");
    if (!maps[MAP_DIFFERENCE].values) {
        draw_cut(area, row, column, area.columns - column - 1, MEANING_FAINT, 0, "other tokens",
                 glyphs);
    } else if (area.columns - column >= COLUMNS_OF_LEGEND) {
        column += area_printf(area, row, column, MEANING_FAINT, 0, " B %s A ", glyphs->minus);
        column += heatmap_legend(area, row, column, &maps[MAP_DIFFERENCE], glyphs);
        area_text(area, row, column, MEANING_TEXT, 0, " ");
    }
}

static void draw_maps(struct screen *screen, const struct look_at *look, struct area area) {
    static const enum meaning accents[MAPS] = {MEANING_ACCENT_A, MEANING_ACCENT_B, MEANING_TITLE};
    const struct glyphs *glyphs = screen->glyphs;
    struct heatmap maps[MAPS];
    struct area parts[MAPS];
    float largest = 0;
    float *difference = difference_of(look, screen->workbench->mode, &largest);
    set_up(look, screen->workbench->mode, difference, largest, maps);
    place(maps, area_part(area, 1, 1, area.rows - RULES, area.columns - 2), parts);
    area_rule(area, 0, glyphs);
    for (int i = 0; i < (difference ? MAPS : MAP_DIFFERENCE); i++) {
        char title[256];
        if (i == MAP_DIFFERENCE)
            snprintf(title, sizeof(title), " B %s A ", glyphs->minus);
        else
            snprintf(title, sizeof(title), " %s %s ", i == MAP_A ? "A" : "B",
                     look->captures[i]->spec);
        draw_cut(area, 0, parts[i].column - area.column - 1, parts[i].columns + GAP, accents[i],
                 CELL_BOLD, title, glyphs);
        maps[i].first_row = screen->first_query;
        maps[i].first_column = screen->first_key_token;
        heatmap_scroll(&maps[i], heatmap_layout(&maps[i], parts[i].rows, parts[i].columns));
        heatmap_draw(parts[i], &maps[i], glyphs);
    }
    screen->first_query = maps[MAP_A].first_row;
    screen->first_key_token = maps[MAP_A].first_column;
    draw_caption(screen, look, maps, area, area.rows - 1);
    free(difference);
}

/* Query and key: one below the other where they are the same for both arms, otherwise each arm's.
 */
static void draw_pair(const struct screen *screen, const struct look_at *look, struct area area,
                      int columns) {
    const struct glyphs *glyphs = screen->glyphs;
    char *const *a = look->captures[ARM_A]->pieces;
    if (look->comparable) {
        draw_cut(area, 0, 1, columns, MEANING_TEXT, CELL_BOLD, a[look->query], glyphs);
        area_text(area, 1, 1, MEANING_FAINT, 0, glyphs->arrow);
        draw_cut(area, 1, 3, columns - 2, MEANING_TEXT, CELL_BOLD, a[look->key], glyphs);
        return;
    }
    for (int arm = 0; arm < ARMS; arm++) {
        char *const *pieces = look->captures[arm]->pieces;
        int used = draw_cut(area, arm, 1, columns / 2 - 1, MEANING_TEXT, CELL_BOLD,
                            pieces[look->query], glyphs);
        area_text(area, arm, used + 2, MEANING_FAINT, 0, glyphs->arrow);
        draw_cut(area, arm, used + 4, columns - used - 3, MEANING_TEXT, CELL_BOLD,
                 pieces[look->key], glyphs);
    }
}

static void draw_readout(struct screen *screen, const struct look_at *look, struct area area) {
    static const enum meaning accents[ARMS] = {MEANING_ACCENT_A, MEANING_ACCENT_B};
    const struct workbench *workbench = screen->workbench;
    const struct glyphs *glyphs = screen->glyphs;
    int names = area.columns / 5 < 30 ? area.columns / 5 : 30;
    draw_pair(screen, look, area, names);
    for (int arm = 0; arm < ARMS; arm++) {
        char number[64], why[160];
        size_t pair =
            (size_t)look->query * (size_t)look->captures[arm]->encoding.count + (size_t)look->key;
        int kept = mask_of(look, arm)[pair], at = 1 + names + 1;
        at += area_text(area, arm, at, accents[arm], CELL_BOLD, arm ? "B" : "A") + 2;
        at += area_text(area, arm, at, MEANING_FAINT, 0, "score") + 9;
        area_text_right(area, arm, at, MEANING_TEXT, 0,
                        signed_text(number, sizeof(number),
                                    (double)values_of(look, arm, MAP_SCORE)[pair], 3, glyphs));
        at += 2;
        at += area_text(area, arm, at, MEANING_FAINT, 0, "weight") + 6;
        snprintf(number, sizeof(number), "%.3f", (double)values_of(look, arm, MAP_WEIGHT)[pair]);
        area_text_right(area, arm, at, kept ? MEANING_TEXT : MEANING_FAINT, 0, number);
        at += 2;
        workbench_explain(workbench, arm, look->query, look->key, why, sizeof(why));
        draw_cut(area, arm, at, area.columns - at - 1, kept ? MEANING_FAINT : MEANING_BLOCKED, 0,
                 why, glyphs);
    }
}

/* Where the query looks, key by key: the cursor's row of both maps in numbers. */
static void draw_row(struct screen *screen, const struct look_at *look, struct area area) {
    static const enum meaning accents[ARMS] = {MEANING_ACCENT_A, MEANING_ACCENT_B};
    const struct glyphs *glyphs = screen->glyphs;
    const struct capture *a = look->captures[ARM_A];
    int bar = (area.columns - 2 - NAME_COLUMNS) / ARMS - 8;
    bar = bar > BAR_MOST ? BAR_MOST : bar;
    area_rule(area, 0, glyphs);
    area_printf(area, 0, 1, MEANING_TITLE, CELL_BOLD, " from %s ", a->pieces[look->query]);
    for (int key = 0; key < look->tokens; key++) {
        int row = 1 + key, column = 1, here = key == look->key;
        draw_cut(area, row, column, NAME_COLUMNS - 1, MEANING_TEXT,
                 here ? CELL_BOLD | CELL_UNDERLINE : 0, a->pieces[key], glyphs);
        column += NAME_COLUMNS;
        for (int arm = 0; arm < ARMS; arm++) {
            const struct capture *capture = look->captures[arm];
            size_t pair = (size_t)look->query * (size_t)capture->encoding.count + (size_t)key;
            double weight = (double)values_of(look, arm, MAP_WEIGHT)[pair];
            if (key == 0)
                area_text(area, 0, column - 1, accents[arm], CELL_BOLD, arm ? " B " : " A ");
            if (mask_of(look, arm)[pair]) {
                area_printf(area, row, column, MEANING_TEXT, 0, "%.3f", weight);
                bar_draw(area, row, column + 6, bar, weight, accents[arm], glyphs);
            } else {
                area_text(area, row, column, MEANING_BLOCKED, 0, glyphs->blocked);
            }
            column += 6 + bar + 2;
        }
    }
}

static void draw(struct screen *screen, struct area area) {
    struct look_at look;
    if (find(screen->workbench, &look) < 0) {
        area_rule(area, 0, screen->glyphs);
        area_text(area, 2, 3, MEANING_FAINT, 0, "the model reads the sentence");
        return;
    }
    /* Under the maps, where they leave room: the cursor's row in numbers, the curves of a run. */
    int has_run = screen->workbench->run.name != NULL, list = 1 + look.tokens;
    int spare = area.rows - RULES - READOUT_ROWS - 1 - look.tokens;
    int curves = has_run && spare >= CURVES_LEAST ? CURVES_LEAST : 0;
    if (has_run && !curves && area.rows >= ROWS_FOR_CURVES)
        curves = CURVES_LEAST; /* the maps scroll */
    if (!look.comparable || spare - curves < list)
        list = 0;
    int labels = spare - curves - list;
    labels = labels < 0 ? 0 : labels > LABELS_MOST - 1 ? LABELS_MOST - 1 : labels;
    int maps = spare >= 0 ? RULES + 1 + labels + look.tokens : area.rows - READOUT_ROWS - curves;
    if (!list && !curves)
        maps = area.rows - READOUT_ROWS;
    draw_maps(screen, &look, area_part(area, 0, 0, maps, area.columns));
    draw_readout(screen, &look, area_part(area, maps, 0, READOUT_ROWS, area.columns));
    int row = maps + READOUT_ROWS;
    if (list)
        draw_row(screen, &look, area_part(area, row, 0, list, area.columns));
    row += list;
    if (curves)
        curves_draw(screen, area_part(area, row, 0, area.rows - row, area.columns));
}

const struct view_ops view_attention = {.draw = draw};

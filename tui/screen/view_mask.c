/*
 * view_mask.c - which pairs the patterns of A and B keep: maps of the head looked at by pairs and
 * by blocks, and tables of all heads.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/sparsity/edit.h"
#include "tui/screen/screen.h"
#include "viz/heatmap.h"

#define GAP 3          /* columns between A and B */
#define READOUT_ROWS 2 /* one an arm */
#define WORDS_BYTES 512
#define CELL_GLYPHS 2    /* columns of a cell of a map, ... */
#define CELL_MOST 3      /* ... and with its gap */
#define TITLE_COLUMNS 44 /* of a map, where there is room: a pattern in words */
#define TABLE_TITLE 24
#define LABEL_MOST 10           /* of a token */
#define TABLE_LABEL 4           /* columns of "L11 " */
#define TABLE_CELL 4            /* of " 100" */
#define TABLE_HEAD 2            /* rows above the layers */
#define ROWS_FOR_READOUT 8      /* of the view, below which it has none */
#define ROWS_FOR_TABLES 3       /* of layers, before tables stand under the maps */
#define COLUMNS_FOR_NUMBERS 100 /* from which it is shown whole */

static const enum meaning accents[ARMS] = {MEANING_ACCENT_A, MEANING_ACCENT_B};

/* What the view shows where. */
struct plan {
    struct area words;           /* rows of full sentences; none: the titles have them */
    struct area maps[ARMS];      /* pairs, or blocks; a title row is the first */
    struct area more_maps[ARMS]; /* blocks under the pairs; empty: no room */
    struct area tables;          /* empty: no room */
    struct area readout;
    enum mask_show first; /* of the tables */
};

static int smaller(int a, int b) {
    return a < b ? a : b;
}

static int larger(int a, int b) {
    return a > b ? a : b;
}

static const struct capture *answer_of(const struct screen *screen, int arm) {
    const struct workbench *workbench = screen->workbench;
    const struct capture *capture = workbench->arms[arm].capture;
    int fits = capture && workbench->layer < capture->layers && workbench->head < capture->heads;
    return fits ? capture : NULL;
}

/* ---- the maps -------------------------------------------------------------------------------- */

/* A map with its cells in three looks: pairs removed, kept (and by hand), blocks of three kinds. */
struct mask_map {
    struct heatmap map; /* for its layout and labels; its own cells are drawn over */
    int arm, blocks;    /* 1: of blocks */
    int size;           /* of a block */
    uint8_t *kinds;     /* [rows, columns] of blocks */
    char (*numbers)[8]; /* [rows] labels of blocks */
    const char **labels;
    struct sparsity *sparsity; /* to tell which pairs were switched by hand */
};

static void map_close(struct mask_map *mask) {
    free(mask->kinds);
    free(mask->numbers);
    free(mask->labels);
    if (mask->sparsity)
        sparsity_free(mask->sparsity);
    *mask = (struct mask_map){0};
}

/* A block is called by its first token. */
static int label_blocks(struct mask_map *mask, int rows) {
    size_t count = (size_t)rows;
    mask->kinds = calloc(count * count, 1);
    mask->numbers = calloc(count, sizeof(*mask->numbers));
    mask->labels = calloc(count, sizeof(*mask->labels));
    if (!mask->kinds || !mask->numbers || !mask->labels)
        return -1;
    for (int i = 0; i < rows; i++) {
        snprintf(mask->numbers[i], sizeof(*mask->numbers), "%d", i * mask->size % 100000);
        mask->labels[i] = mask->numbers[i];
    }
    return 0;
}

/* -1 when there is nothing to show or no memory. */
static int map_open(struct mask_map *mask, const struct screen *screen, int arm, int blocks) {
    const struct workbench *workbench = screen->workbench;
    const struct capture *capture = answer_of(screen, arm);
    *mask = (struct mask_map){.arm = arm, .blocks = blocks};
    if (!capture)
        return -1;
    int tokens = capture->encoding.count;
    mask->size = mask_block_size(workbench, arm);
    int rows = blocks ? block_rows(tokens, mask->size) : tokens;
    if (blocks) {
        if (label_blocks(mask, rows) < 0) {
            map_close(mask);
            return -1;
        }
        mask_blocks(workbench, arm, workbench->layer, workbench->head, mask->kinds);
    } else if (sparsity_parse(&mask->sparsity, capture->spec, workbench->presets, NULL) < 0) {
        mask->sparsity = NULL;
    }
    const char *const *labels = blocks ? mask->labels : (const char *const *)capture->pieces;
    int step = blocks ? mask->size : 1;
    mask->map = (struct heatmap){.rows = rows,
                                 .columns = rows,
                                 .values = capture->scores,
                                 .row_labels = labels,
                                 .column_labels = labels,
                                 .maximum = 1,
                                 .cursor_row = workbench->query / step,
                                 .cursor_column = workbench->key / step,
                                 .first_row = blocks ? 0 : workbench->mask.first[0],
                                 .first_column = blocks ? 0 : workbench->mask.first[1]};
    return 0;
}

/* Columns a map makes use of. */
static int map_width(const struct mask_map *mask) {
    int label = 0;
    for (int i = 0; i < mask->map.rows; i++)
        label = larger(label, heatmap_label_columns(mask->map.row_labels[i]));
    return smaller(label, LABEL_MOST) + CELL_MOST * mask->map.columns;
}

static const char *block_glyph(int kind, const struct glyphs *glyphs) {
    if (kind == BLOCK_EMPTY)
        return glyphs->blocked;
    if (glyphs->unicode)
        return kind == BLOCK_FULL ? "█" : "▒";
    return kind == BLOCK_FULL ? "#" : "+";
}

static enum meaning block_meaning(int kind) {
    return kind == BLOCK_EMPTY     ? MEANING_BLOCKED
           : kind == BLOCK_PARTIAL ? (enum meaning)(MEANING_WEIGHT + RAMP_STEPS / 2)
                                   : (enum meaning)(MEANING_WEIGHT + RAMP_STEPS * 3 / 4);
}

static void draw_cell(const struct screen *screen, const struct mask_map *mask, int row, int column,
                      struct area area, int at_row, int at_column, int columns) {
    const struct workbench *workbench = screen->workbench;
    const struct glyphs *glyphs = screen->glyphs;
    size_t index = (size_t)row * (size_t)mask->map.columns + (size_t)column;
    int kind, by_hand = 0;
    if (mask->blocks) {
        kind = mask->kinds[index];
    } else {
        const struct capture *capture = answer_of(screen, mask->arm);
        size_t at = capture_head(capture, workbench->layer, workbench->head) + index;
        kind = *capture_mask(capture, at) ? BLOCK_FULL : BLOCK_EMPTY;
        by_hand = mask->sparsity && sparsity_cell_listed(mask->sparsity, workbench->layer,
                                                         workbench->head, row, column) != CELL_FREE;
    }
    const char *glyph = !by_hand             ? block_glyph(kind, glyphs)
                        : kind == BLOCK_FULL ? glyphs->more[0]
                                             : "x";
    enum meaning meaning = by_hand ? accents[mask->arm] : block_meaning(kind);
    unsigned flags =
        row == mask->map.cursor_row && column == mask->map.cursor_column ? CELL_CURSOR : 0;
    for (int i = 0; i < columns; i++)
        area_text(area, at_row, at_column + i, meaning, flags, glyph);
}

static void draw_map(struct screen *screen, struct mask_map *mask, struct area area) {
    struct heatmap *map = &mask->map;
    struct heatmap_layout layout = heatmap_layout(map, area.rows, area.columns);
    heatmap_scroll(map, layout);
    /* Labels and marks; values of the attention are as good as any under the cells. */
    heatmap_draw(area, map, screen->glyphs);
    int columns = smaller(layout.cell_columns, CELL_GLYPHS);
    for (int i = 0; i < layout.visible_rows; i++) {
        for (int j = 0; j < layout.visible_columns; j++)
            draw_cell(screen, mask, map->first_row + i, map->first_column + j, area,
                      layout.label_rows + i, layout.first_cell_column + j * layout.cell_columns,
                      columns);
    }
    if (!mask->blocks) {
        screen->workbench->mask.first[0] = map->first_row;
        screen->workbench->mask.first[1] = map->first_column;
    }
}

/* The title row and the map of one arm. */
static void draw_arm_map(struct screen *screen, int arm, int blocks, int with_words,
                         struct area area) {
    struct mask_map mask;
    char words[WORDS_BYTES], title[WORDS_BYTES + 64];
    if (area.rows < 2 || map_open(&mask, screen, arm, blocks) < 0)
        return;
    const struct workbench *workbench = screen->workbench;
    mask_words(workbench, arm, words, sizeof(words));
    if (blocks) {
        struct block_count count =
            mask_blocks(workbench, arm, workbench->layer, workbench->head, NULL);
        snprintf(title, sizeof(title), "%dx%d: %lld full, %lld partial, %lld empty", mask.size,
                 mask.size, (long long)count.full, (long long)count.partial,
                 (long long)count.empty);
    } else {
        snprintf(title, sizeof(title), "%s",
                 with_words ? words : workbench->arms[arm].capture->spec);
    }
    area_text(area, 0, 0, accents[arm], CELL_BOLD, arm ? "B" : "A");
    draw_cut(area, 0, 2, area.columns - 2, with_words || blocks ? MEANING_TEXT : accents[arm], 0,
             title, screen->glyphs);
    draw_map(screen, &mask,
             area_part(area, 1, 0, area.rows - 1, smaller(area.columns, map_width(&mask))));
    map_close(&mask);
}

/* ---- the tables ------------------------------------------------------------------------------ */

static int table_columns(const struct workbench *workbench) {
    return TABLE_LABEL + TABLE_CELL * workbench_heads(workbench);
}

static int table_rows(const struct workbench *workbench) {
    return TABLE_HEAD + workbench_layers(workbench);
}

/* The first of `visible` of `count` so that `cursor` is among them, in the middle where it can be.
 */
static int first_in_sight(int cursor, int count, int visible) {
    int first = cursor - visible / 2;
    return first < 0 || visible >= count ? 0 : first > count - visible ? count - visible : first;
}

static void draw_value(const struct screen *screen, struct area area, int row, int column, int arm,
                       int layer, int head, enum mask_show show) {
    const struct workbench *workbench = screen->workbench;
    double value = mask_value(workbench, arm, layer, head, show);
    int here = layer == workbench->layer && head == workbench->head;
    char text[16] = "-";
    enum meaning meaning = MEANING_FAINT;
    const struct capture *capture = workbench->arms[arm].capture;
    if (layer < capture->layers && head < capture->heads &&
        capture_head_off(capture, layer, head)) {
        snprintf(text, sizeof(text), "off");
        meaning = MEANING_BLOCKED;
    } else if (!isnan(value)) {
        int step = (int)(value * RAMP_STEPS);
        snprintf(text, sizeof(text), "%d", (int)(100 * value + 0.5));
        meaning = (enum meaning)(MEANING_WEIGHT + smaller(larger(step, 0), RAMP_STEPS - 1));
    }
    area_text_right(area, row, column + TABLE_CELL, meaning, here ? CELL_CURSOR : 0, text);
}

/* One number of every head of one arm: a title, the heads' numbers, a row for each layer. */
static void draw_table(const struct screen *screen, int arm, enum mask_show show,
                       struct area area) {
    const struct workbench *workbench = screen->workbench;
    int layers = workbench_layers(workbench), heads = workbench_heads(workbench);
    int visible = smaller(heads, (area.columns - TABLE_LABEL) / TABLE_CELL);
    int rows = smaller(layers, area.rows - TABLE_HEAD);
    if (visible < 1 || rows < 1)
        return;
    int first = first_in_sight(workbench->head, heads, visible);
    int first_layer = first_in_sight(workbench->layer, layers, rows);
    char text[64];
    area_text(area, 0, 0, accents[arm], CELL_BOLD, arm ? "B" : "A");
    snprintf(text, sizeof(text), "%s %%", mask_show_name(show));
    if (show == MASK_EMPTY)
        snprintf(text, sizeof(text), "empty blocks of %d %%", mask_block_size(workbench, arm));
    draw_cut(area, 0, 2, area.columns - 2, MEANING_TEXT, 0, text, screen->glyphs);
    for (int j = 0; j < visible; j++) {
        snprintf(text, sizeof(text), "%s%d", j == 0 && first > 0 ? screen->glyphs->ellipsis : "",
                 first + j);
        int last_cut = j == visible - 1 && first + visible < heads;
        area_text_right(area, 1, TABLE_LABEL + (j + 1) * TABLE_CELL, MEANING_FAINT, 0,
                        last_cut ? screen->glyphs->ellipsis : text);
    }
    for (int i = 0; i < rows; i++) {
        area_printf(area, TABLE_HEAD + i, 0, MEANING_FAINT, 0, "L%d", first_layer + i);
        for (int j = 0; j < visible; j++)
            draw_value(screen, area, TABLE_HEAD + i, TABLE_LABEL + j * TABLE_CELL, arm,
                       first_layer + i, first + j, show);
    }
}

/* As many of the three numbers as have room, A beside B, or under it where only that fits. */
static void draw_tables(const struct screen *screen, enum mask_show first, struct area area) {
    const struct workbench *workbench = screen->workbench;
    int width = table_columns(workbench), height = table_rows(workbench);
    int beside = area.columns >= 2 * width + GAP || area.rows < 2 * height + 1;
    int half = smaller((area.columns - GAP) / 2, larger(width, TABLE_TITLE));
    int step = (beside ? height : 2 * height + 1) + 1;
    int count = larger(1, (area.rows + 1) / step);
    for (int i = 0; i < smaller(count, MASK_SHOWS - MASK_SPARSITY); i++) {
        enum mask_show show = (enum mask_show)(MASK_SPARSITY + ((int)first - MASK_SPARSITY + i) %
                                                                   (MASK_SHOWS - MASK_SPARSITY));
        struct area part =
            area_part(area, i * step, 0, smaller(step, area.rows - i * step), area.columns);
        if (beside) {
            draw_table(screen, ARM_A, show, area_part(part, 0, 0, part.rows, half));
            draw_table(screen, ARM_B, show, area_part(part, 0, half + GAP, part.rows, half));
        } else {
            draw_table(screen, ARM_A, show, part);
            draw_table(screen, ARM_B, show,
                       area_part(part, height + 1, 0, part.rows - height - 1, part.columns));
        }
    }
}

/* ---- the frame ------------------------------------------------------------------------------- */

static void draw_title(const struct screen *screen, struct area area) {
    const struct workbench *workbench = screen->workbench;
    const struct glyphs *glyphs = screen->glyphs;
    enum mask_show show = workbench->mask.show;
    int arm = mask_arm(workbench), column = 1;
    area_rule(area, 0, glyphs);
    column += area_printf(area, 0, column, MEANING_TITLE, CELL_BOLD, " mask  layer %d  head %d ",
                          workbench->layer, workbench->head);
    column += 1 + area_printf(area, 0, column, MEANING_FAINT, 0, " %s ", mask_show_name(show));
    char text[64];
    snprintf(text, sizeof(text), " switching %s ", arm ? "B" : "A");
    if (area.columns - column >= text_columns(text) + 1)
        column += 1 + area_text(area, 0, column, accents[arm], 0, text);
    if (show > MASK_BLOCKS)
        return;
    snprintf(text, sizeof(text), " %s full  %s partial  %s empty ", block_glyph(BLOCK_FULL, glyphs),
             block_glyph(BLOCK_PARTIAL, glyphs), glyphs->blocked);
    if (show == MASK_PAIRS)
        snprintf(text, sizeof(text), " %s kept  %s removed  %s x by hand ",
                 block_glyph(BLOCK_FULL, glyphs), glyphs->blocked, glyphs->more[0]);
    if (area.columns - column >= text_columns(text) + 1)
        area_text(area, 0, area.columns - 1 - text_columns(text), MEANING_FAINT, 0, text);
}

static void draw_words(const struct screen *screen, struct area area) {
    char words[WORDS_BYTES];
    for (int arm = 0; arm < ARMS && arm < area.rows; arm++) {
        mask_words(screen->workbench, arm, words, sizeof(words));
        area_text(area, arm, 0, accents[arm], CELL_BOLD, arm ? "B" : "A");
        draw_cut(area, arm, 2, area.columns - 2, MEANING_TEXT, 0, words, screen->glyphs);
    }
}

/* Why the pair under the cursor is kept or not, and the numbers of the head. */
static void draw_readout(const struct screen *screen, struct area area) {
    const struct workbench *workbench = screen->workbench;
    int layer = workbench->layer, head = workbench->head;
    for (int arm = 0; arm < ARMS && arm < area.rows; arm++) {
        const struct capture *capture = answer_of(screen, arm);
        char why[200], numbers[160];
        if (!capture)
            continue;
        struct block_count count = mask_blocks(workbench, arm, layer, head, NULL);
        double mass = mask_value(workbench, arm, layer, head, MASK_MASS);
        int used = snprintf(numbers, sizeof(numbers), "%5.1f %% removed",
                            100 * mask_value(workbench, arm, layer, head, MASK_SPARSITY));
        if (area.columns >= COLUMNS_FOR_NUMBERS)
            used += snprintf(numbers + used, sizeof(numbers) - (size_t)used,
                             "  %5.1f %% of blocks empty", 100 * block_sparsity(&count));
        if (!isnan(mass))
            snprintf(numbers + used, sizeof(numbers) - (size_t)used, "  mass kept %.3f", mass);
        int right = text_columns(numbers), left = area.columns - right - 8;
        if (left < 20) {
            left = area.columns - 4;
            right = 0;
        }
        workbench_explain(workbench, arm, workbench->query, workbench->key, why, sizeof(why));
        area_text(area, arm, 1, accents[arm], CELL_BOLD, arm ? "B" : "A");
        draw_cut(area, arm, 3, left, strncmp(why, "kept", 4) == 0 ? MEANING_TEXT : MEANING_BLOCKED,
                 0, why, screen->glyphs);
        if (right > 0)
            area_text_right(area, arm, area.columns - 1, MEANING_FAINT, 0, numbers);
    }
}

/* What two maps of a kind need, in rows (with title and labels) and columns of one. */
static void maps_need(const struct screen *screen, int blocks, int *rows, int *columns) {
    *rows = *columns = 0;
    for (int arm = 0; arm < ARMS; arm++) {
        struct mask_map mask;
        if (map_open(&mask, screen, arm, blocks) < 0)
            continue;
        *rows = larger(*rows, 2 + mask.map.rows);
        *columns = larger(*columns, map_width(&mask));
        map_close(&mask);
    }
}

static void place_maps(struct area area, struct area maps[ARMS]) {
    int half = (area.columns - GAP) / 2;
    maps[ARM_A] = area_part(area, 0, 0, area.rows, half);
    maps[ARM_B] = area_part(area, 0, half + GAP, area.rows, half);
}

/* 1 when a pattern's words do not fit above its map. */
static int words_are_long(const struct screen *screen, int columns) {
    char words[WORDS_BYTES];
    int is_long = 0;
    for (int arm = 0; arm < ARMS; arm++) {
        mask_words(screen->workbench, arm, words, sizeof(words));
        is_long |= text_columns(words) > columns - 2;
    }
    return is_long;
}

/* Maps, what stands below them and beside them, in `area`. */
static void plan_maps(const struct screen *screen, struct area area, struct plan *plan) {
    const struct workbench *workbench = screen->workbench;
    int blocks = workbench->mask.show == MASK_BLOCKS, rows, columns, more_rows, more_columns;
    maps_need(screen, blocks, &rows, &columns);
    maps_need(screen, 1, &more_rows, &more_columns);
    int left = 2 * larger(columns, TITLE_COLUMNS) + GAP, width = table_columns(workbench);
    if (area.columns - left - GAP >= width) {
        plan->tables = area_part(area, 0, left + GAP, area.rows, area.columns - left - GAP);
        area = area_part(area, 0, 0, area.rows, left);
    }
    int spare = area.rows - rows;
    if (spare >= 1) { /* a second row of labels */
        rows++;
        spare--;
    }
    /* Whole patterns in words are worth more than what could stand below. */
    if (spare >= 3 && words_are_long(screen, (area.columns - GAP) / 2)) {
        plan->words = area_part(area, 0, 0, 2, area.columns);
        area = area_part(area, 3, 0, area.rows - 3, area.columns);
        spare -= 3;
    }
    place_maps(area_part(area, 0, 0, smaller(rows, area.rows), area.columns), plan->maps);
    struct area rest = area_part(area, rows + 1, 0, spare - 1, area.columns);
    if (!blocks && rest.rows >= more_rows) {
        place_maps(area_part(rest, 0, 0, more_rows, rest.columns), plan->more_maps);
        rest = area_part(rest, more_rows + 1, 0, rest.rows - more_rows - 1, rest.columns);
    }
    if (!plan->tables.rows && rest.rows >= TABLE_HEAD + ROWS_FOR_TABLES)
        plan->tables = rest;
}

static struct plan make_plan(const struct screen *screen, struct area area) {
    enum mask_show show = screen->workbench->mask.show;
    struct plan plan = {.first = show > MASK_BLOCKS ? show : MASK_SPARSITY};
    int readout = area.rows >= ROWS_FOR_READOUT ? READOUT_ROWS : 0;
    struct area inside = area_part(area, 1, 1, area.rows - 1 - readout, area.columns - 2);
    plan.readout = area_part(area, area.rows - readout, 0, readout, area.columns);
    if (show > MASK_BLOCKS)
        plan.tables = inside;
    else
        plan_maps(screen, inside, &plan);
    return plan;
}

static void draw(struct screen *screen, struct area area) {
    if (!answer_of(screen, ARM_A) || !answer_of(screen, ARM_B)) {
        area_rule(area, 0, screen->glyphs);
        area_text(area, 2, 3, MEANING_FAINT, 0, "the model reads the sentence");
        return;
    }
    struct plan plan = make_plan(screen, area);
    int blocks = screen->workbench->mask.show == MASK_BLOCKS;
    draw_title(screen, area);
    draw_words(screen, plan.words);
    for (int arm = 0; arm < ARMS; arm++) {
        draw_arm_map(screen, arm, blocks, plan.words.rows == 0, plan.maps[arm]);
        draw_arm_map(screen, arm, 1, 0, plan.more_maps[arm]);
    }
    if (plan.tables.rows > 0)
        draw_tables(screen, plan.first, plan.tables);
    draw_readout(screen, plan.readout);
}

/* ---- the mouse and the keys ------------------------------------------------------------------ */

/* The cell of the arm's map at this place of the view. */
static int cell_at(struct screen *screen, struct area area, const struct plan *plan, int arm,
                   int row, int column, int *query, int *key) {
    struct area part = plan->maps[arm];
    struct mask_map mask;
    if (part.rows < 2 ||
        map_open(&mask, screen, arm, screen->workbench->mask.show == MASK_BLOCKS) < 0)
        return 0;
    int top = part.row - area.row + 1, left = part.column - area.column;
    heatmap_scroll(&mask.map, heatmap_layout(&mask.map, part.rows - 1, part.columns));
    int found =
        heatmap_at(&mask.map, part.rows - 1, part.columns, row - top, column - left, query, key) &&
        *query >= 0 && *key >= 0;
    int step = mask.blocks ? mask.size : 1;
    *query *= step;
    *key *= step;
    map_close(&mask);
    return found;
}

static int click(struct screen *screen, struct area area, int row, int column,
                 enum mouse_event event) {
    int query, key;
    char command[64];
    if ((event != MOUSE_PRESS && event != MOUSE_DOUBLE) || !answer_of(screen, ARM_A) ||
        !answer_of(screen, ARM_B))
        return 0;
    struct plan plan = make_plan(screen, area);
    for (int arm = 0; arm < ARMS; arm++) {
        if (!cell_at(screen, area, &plan, arm, row, column, &query, &key))
            continue;
        snprintf(command, sizeof(command), "cursor %d %d", query, key);
        if (event == MOUSE_DOUBLE)
            snprintf(command, sizeof(command), "cell toggle --arm %c", "ab"[arm]);
        screen_command(screen, command);
        return 1;
    }
    return 0;
}

static const struct key_binding keys[] = {
    {FOCUS_MAP, ' ', 0, "cell toggle", "switch the pair under the cursor, in the head looked at",
     "Space", "switch", 1},
    {FOCUS_MAP, 'x', 0, "cell toggle", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'X', 0, "cell toggle --all-heads", "switch it in every head", NULL, NULL, 0},
    {FOCUS_MAP, 'm', 0, "mask next", "pairs, blocks, and the numbers of all heads", "m", "show", 1},
    {FOCUS_MAP, 'M', 0, "mask previous", "what was shown before", NULL, NULL, 0},
    {FOCUS_MAP, '+', 0, "blocks +1", "larger blocks", "+ -", "blocks", 0},
    {FOCUS_MAP, '-', 0, "blocks -1", "smaller blocks", NULL, NULL, 0},
    {FOCUS_MAP, '=', 0, "blocks pattern", "blocks of the pattern's own size", NULL, NULL, 0},
    {FOCUS_MAP, 'A', 0, "edit-arm toggle", "switch pairs in the other arm", "A", "arm", 0},
    {FOCUS_MAP, 'D', 0, "cells clear", "take back all pairs switched by hand", NULL, NULL, 0},
    {FOCUS_MAP, 'W', 0, "prompt preset-save ", "save the pattern under a name", "W", "save", 0},
    {0}};

const struct view_ops view_mask = {.keys = keys, .draw = draw, .click = click};

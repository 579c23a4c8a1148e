/*
 * view_attention_maps.c - query by key: A, B and B - A side by side, with what was done to them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app/format.h"
#include "tui/screen/view_attention.h"

#define GAP 2   /* columns between maps */
#define RULES 2 /* above and below the maps */
#define COLUMNS_FOR_THREE 56
#define COLUMNS_FOR_COUNTS 72
#define COLUMNS_OF_LEGEND 38
#define COLUMNS_OF_RAMP 16
#define LOG_LEAST (-4.0f) /* of the scale: weights below a ten-thousandth look alike */
#define OVERVIEW_ROWS 6
#define OVERVIEW_COLUMNS 12
#define COLUMNS_FOR_OVERVIEW 72
#define ROWS_FOR_REDUCTIONS 7
#define REDUCTION_ROWS_MOST 2

/* The end of a scale that stays where it is while values move a little. */
static float round_up(float value) {
    static const float ends[] = {0.01f, 0.02f, 0.05f, 0.1f, 0.2f, 0.3f, 0.5f, 1};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (value <= ends[i])
            return ends[i];
    return ceilf(value);
}

static void set_scale(const struct attention_maps *maps, struct heatmap *map, int which) {
    enum map_mode mode = maps->source.mode;
    if (which == MAP_DIFFERENCE) {
        map->scale = HEATMAP_DIFFERENCE;
        map->maximum = round_up(maps->largest);
        return;
    }
    map->scale = mode == MAP_WEIGHT ? HEATMAP_WEIGHT : HEATMAP_SCORE;
    map->minimum = mode == MAP_WEIGHT ? 0 : mode == MAP_LOG ? LOG_LEAST : maps->low;
    map->maximum = mode == MAP_WEIGHT ? round_up(maps->high) : mode == MAP_LOG ? 0 : maps->high;
}

/* The threshold is one of weights: it says nothing about scores and ratios. */
static float threshold_of(const struct attention_look *look, enum map_mode mode, int which) {
    if (look->threshold <= 0 || mode == MAP_SCORE || (mode == MAP_LOG && which == MAP_DIFFERENCE))
        return 0;
    return mode == MAP_LOG ? log10f((float)look->threshold) : (float)look->threshold;
}

struct heatmap attention_map_of(const struct screen *screen, int which, int with_labels, int bare) {
    const struct workbench *workbench = screen->workbench;
    const struct attention_maps *maps = &workbench->attention.maps;
    int arm = which == MAP_B ? ARM_B : ARM_A;
    const struct attention_side *side = &maps->sides[arm];
    const char *const *labels = (const char *const *)side->labels;
    if (bare)
        return (struct heatmap){.rows = side->spans.count,
                                .columns = side->spans.count,
                                .row_labels = with_labels ? labels : NULL,
                                .column_labels = labels,
                                .longest_label = side->longest_label};
    const struct attention_map *drawn = which == MAP_DIFFERENCE ? &maps->difference : &side->shown;
    struct heatmap map = {.rows = drawn->rows,
                          .columns = drawn->columns,
                          .values = drawn->values,
                          .mask = drawn->mask,
                          .row_labels = with_labels ? side->row_labels : NULL,
                          .column_labels = side->column_labels,
                          .longest_label = side->longest_label,
                          .first_row = screen->first_query,
                          .first_column = screen->first_key_token};
    attention_cell(workbench, arm, &map.cursor_row, &map.cursor_column);
    if (which == MAP_DIFFERENCE)
        map.mask_other = drawn->mask;
    set_scale(maps, &map, which);
    map.threshold = threshold_of(&workbench->attention.look, maps->source.mode, which);
    return map;
}

/* ---- where they stand ------------------------------------------------------------------------ */

static int choose(const struct screen *screen, int columns, int which[MAPS]) {
    const struct attention *attention = &screen->workbench->attention;
    int comparable = attention->maps.comparable;
    which[0] = attention->look.maps == MAPS_B            ? MAP_B
               : attention->look.maps == MAPS_DIFFERENCE ? MAP_DIFFERENCE
                                                         : MAP_A;
    if (attention->look.maps != MAPS_ALL)
        return comparable || which[0] != MAP_DIFFERENCE;
    which[1] = MAP_B;
    which[2] = MAP_DIFFERENCE;
    int spans = attention->maps.sides[ARM_A].spans.count;
    int fits = columns >= COLUMNS_FOR_THREE || MAPS * (spans + GAP) <= columns;
    return comparable && fits ? MAPS : MAPS - 1;
}

/* Fills in maps and parts. `all`: every map has row labels, otherwise the first alone. */
static void place_with(const struct screen *screen, struct area area, struct maps_layout *layout,
                       int all, int bare) {
    const struct heatmap *pointers[MAPS];
    for (int i = 0; i < layout->count; i++) {
        layout->maps[i] = attention_map_of(screen, layout->which[i], i == 0 || all, bare);
        pointers[i] = &layout->maps[i];
    }
    if (screen->workbench->attention.maps.comparable || layout->count == 1) {
        heatmap_split(area, pointers, layout->count, GAP, layout->parts);
        return;
    }
    /* Maps of different sentences cannot be cut alike. */
    int half = (area.columns - GAP) / 2;
    layout->parts[0] = area_part(area, 0, 0, area.rows, half);
    layout->parts[1] = area_part(area, 0, half + GAP, area.rows, half);
}

static struct heatmap_layout cells_of(const struct maps_layout *layout) {
    return heatmap_layout(&layout->maps[0], layout->parts[0].rows, layout->parts[0].columns);
}

/* Side by side, with row labels at each where that does not narrow the cells. */
static void place(const struct screen *screen, struct area area, struct maps_layout *layout,
                  int bare) {
    place_with(screen, area, layout, 0, bare);
    struct heatmap_layout once = cells_of(layout);
    place_with(screen, area, layout, 1, bare);
    struct heatmap_layout all = cells_of(layout);
    if (screen->workbench->attention.maps.comparable &&
        (all.cell_columns < once.cell_columns || all.visible_columns < once.visible_columns))
        place_with(screen, area, layout, 0, bare);
}

/* Bins for the room that there is, and the maps in it. `scrolls`: it was found that they are not
 * binned but scrolled; an overview beside them, which takes room, shall not change that. */
static int bin_and_place(struct screen *screen, struct area inside, struct maps_layout *layout,
                         int scrolls) {
    struct workbench *workbench = screen->workbench;
    const struct attention_side *sides = workbench->attention.maps.sides;
    int spans = sides[ARM_A].spans.count, rows, columns;
    if (sides[ARM_B].spans.count > spans)
        spans = sides[ARM_B].spans.count;
    place(screen, inside, layout, 1);
    struct heatmap_layout cells = cells_of(layout);
    attention_bin_size(&workbench->attention.look, spans, cells.visible_rows, cells.visible_columns,
                       &rows, &columns);
    if (scrolls)
        rows = columns = 1;
    if (attention_bin(workbench, rows, columns, NULL) < 0)
        return -1;
    place(screen, inside, layout, 0);
    return 0;
}

/* Worth an overview: more than a little is out of sight. */
static int is_hidden(const struct maps_layout *layout) {
    struct heatmap_layout cells = cells_of(layout);
    return cells.visible_columns < layout->maps[0].columns ||
           2 * cells.visible_rows < layout->maps[0].rows;
}

/* What was done to the maps, in as few words as the area asks for, and the rows that takes when it
 * is cut at its commas: at most REDUCTION_ROWS_MOST. */
static int reductions(const struct screen *screen, struct area area, char *text, size_t size) {
    int rows = area.rows < ROWS_FOR_REDUCTIONS       ? 0
               : area.rows < 2 * ROWS_FOR_REDUCTIONS ? 1
                                                     : REDUCTION_ROWS_MOST;
    attention_reductions_text(screen->workbench, 0, text, size);
    if (text_columns(text) > rows * (area.columns - 2) - area.columns / 4 * (rows - 1))
        attention_reductions_text(screen->workbench, 1, text, size);
    return !text[0] ? 0 : text_columns(text) > area.columns - 2 ? rows : rows > 0;
}

int attention_reduction_rows(const struct screen *screen, struct area area) {
    char text[256];
    return reductions(screen, area, text, sizeof(text));
}

static struct area inside_of(struct area area, int reductions) {
    return area_part(area, 1 + reductions, 1, area.rows - RULES - reductions, area.columns - 2);
}

int attention_lay_out(struct screen *screen, struct area area, struct maps_layout *layout) {
    memset(layout, 0, sizeof(*layout));
    layout->count = choose(screen, area.columns, layout->which);
    layout->reductions = attention_reduction_rows(screen, area);
    struct area inside = inside_of(area, layout->reductions);
    if (layout->count == 0)
        return attention_bin(screen->workbench, 1, 1, NULL); /* for the read-out */
    if (bin_and_place(screen, inside, layout, 0) < 0)
        return -1;
    const struct attention_maps *maps = &screen->workbench->attention.maps;
    int scrolls = maps->bin_rows == 1 && maps->bin_columns == 1;
    if (is_hidden(layout) && area.columns >= COLUMNS_FOR_OVERVIEW && inside.rows > OVERVIEW_ROWS) {
        int width = OVERVIEW_COLUMNS + GAP;
        layout->overview = area_part(inside, 0, inside.columns - OVERVIEW_COLUMNS,
                                     OVERVIEW_ROWS + 1, OVERVIEW_COLUMNS);
        inside = area_part(inside, 0, 0, inside.rows, inside.columns - width);
        if (bin_and_place(screen, inside, layout, scrolls) < 0)
            return -1;
    }
    /* The bins, only known now, are one of the reductions. */
    int reductions = attention_reduction_rows(screen, area);
    if (reductions != layout->reductions) {
        inside.row += reductions - layout->reductions;
        inside.rows -= reductions - layout->reductions;
        layout->overview.row += reductions - layout->reductions;
        layout->reductions = reductions;
        if (bin_and_place(screen, inside, layout, scrolls) < 0)
            return -1;
    }
    for (int i = 0; i < layout->count; i++)
        heatmap_scroll(&layout->maps[i], heatmap_layout(&layout->maps[i], layout->parts[i].rows,
                                                        layout->parts[i].columns));
    screen->first_query = layout->maps[0].first_row;
    screen->first_key_token = layout->maps[0].first_column;
    return 0;
}

int attention_map_at(struct screen *screen, struct area area, int row, int column, int *arm,
                     int *map_row, int *map_column) {
    struct maps_layout layout;
    if (attention_lay_out(screen, area, &layout) < 0)
        return 0;
    for (int i = 0; i < layout.count; i++) {
        struct area part = layout.parts[i];
        *arm = layout.which[i] == MAP_B ? ARM_B : ARM_A;
        if (heatmap_at(&layout.maps[i], part.rows, part.columns, row + area.row - part.row,
                       column + area.column - part.column, map_row, map_column))
            return 1;
    }
    return 0;
}

/* ---- drawing --------------------------------------------------------------------------------- */

/* Over the maps, in as many rows as `layout` found: cut at a comma. */
static void draw_reductions(const struct screen *screen, struct area area, int rows) {
    char text[256], *rest = text;
    reductions(screen, area, text, sizeof(text));
    for (int i = 0; i < rows; i++) {
        int room = area.columns - 2;
        char *cut = NULL;
        for (char *comma = rest; i < rows - 1 && (comma = strstr(comma, ", ")); comma += 2)
            if (text_columns(rest) - text_columns(comma) < room)
                cut = comma + 1;
        if (cut)
            *cut = '\0';
        draw_cut(area, 1 + i, 1, room, MEANING_NOTE, 0, rest, screen->glyphs);
        rest = cut ? cut + 1 : rest + strlen(rest);
    }
}

/* Under the maps: where we are, and how to read them. */
static void draw_caption(const struct screen *screen, const struct maps_layout *layout,
                         struct area area, int row) {
    const struct workbench *workbench = screen->workbench;
    const struct glyphs *glyphs = screen->glyphs;
    const struct heatmap *difference = NULL;
    char step[FORMAT_BYTES], text[160];
    uint64_t trained = workbench->arms[ARM_A].capture->training_step;
    int column = 1;
    area_rule(area, row, glyphs);
    attention_place_text(workbench, text, sizeof(text));
    column += area_text(area, row, column, MEANING_TEXT, 0, " ");
    column += draw_cut(area, row, column, area.columns / 2, MEANING_TITLE, CELL_BOLD, text, glyphs);
    column += area_text(area, row, column, MEANING_TEXT, 0, " ");
    if (area.columns >= COLUMNS_FOR_COUNTS && !workbench->attention.look.heads[0])
        column += area_printf(area, row, column, MEANING_FAINT, 0, "of %d x %d ",
                              workbench_layers(workbench), workbench_heads(workbench));
    column += 1;
    if (trained)
        column += 1 + area_printf(area, row, column, MEANING_NOTE, 0, " at step %s ",
                                  format_count(step, (int64_t)trained));
    column += 1;
    column += area_printf(area, row, column, MEANING_FAINT, 0, " %s ",
                          attention_mode_name(workbench->mode));
    if (layout->which[0] != MAP_DIFFERENCE && area.columns - column >= COLUMNS_OF_RAMP) {
        column += heatmap_legend(area, row, column, &layout->maps[0], glyphs);
        column += 2 + area_text(area, row, column, MEANING_TEXT, 0, " ");
    }
    for (int i = 0; i < layout->count; i++)
        difference = layout->which[i] == MAP_DIFFERENCE ? &layout->maps[i] : difference;
    if (!workbench->attention.maps.comparable) {
        draw_cut(area, row, column, area.columns - column - 1, MEANING_FAINT, 0, "other tokens",
                 glyphs);
    } else if (difference && area.columns - column >= COLUMNS_OF_LEGEND) {
        column += area_printf(area, row, column, MEANING_FAINT, 0, " B %s A ", glyphs->minus);
        column += heatmap_legend(area, row, column, difference, glyphs);
        area_text(area, row, column, MEANING_TEXT, 0, " ");
    }
}

/* The first map as a whole, from before it was binned. */
static void draw_overview(const struct screen *screen, const struct maps_layout *layout) {
    const struct attention_maps *maps = &screen->workbench->attention.maps;
    const struct attention_map *map = &maps->sides[layout->which[0] == MAP_B ? ARM_B : ARM_A].map;
    struct heatmap whole = layout->maps[0];
    struct heatmap_layout cells = cells_of(layout);
    struct heatmap_sight sight = {whole.rows,         whole.columns,      whole.first_row,
                                  whole.first_column, cells.visible_rows, cells.visible_columns};
    struct area area = layout->overview;
    struct attention_map small;
    int rows = area.rows - 1, columns = area.columns;
    if (reduce_bins(&small, map, (map->rows + rows - 1) / rows,
                    (map->columns + columns - 1) / columns, REDUCE_MAX,
                    maps->source.mode == MAP_SCORE ? REDUCE_SCORES : REDUCE_WEIGHTS, NULL) < 0)
        return;
    if (maps->source.mode == MAP_LOG)
        reduce_log(&small, ATTENTION_LOG_FLOOR);
    whole.rows = small.rows;
    whole.columns = small.columns;
    whole.values = small.values;
    whole.mask = small.mask;
    whole.mask_other = NULL;
    whole.first_row = whole.first_column = 0;
    whole.cursor_row = whole.cursor_column = -1;
    if (layout->which[0] == MAP_DIFFERENCE) /* whose scale would not fit */
        set_scale(maps, &whole, MAP_A);
    area_text(area, 0, 0, MEANING_FAINT, 0, layout->which[0] == MAP_B ? "all of B" : "all of A");
    heatmap_overview(area_part(area, 1, 0, rows, columns), &whole, sight, screen->glyphs);
    attention_map_free(&small);
}

void attention_draw_maps(struct screen *screen, struct area area) {
    static const enum meaning accents[MAPS] = {MEANING_ACCENT_A, MEANING_ACCENT_B, MEANING_TITLE};
    const struct workbench *workbench = screen->workbench;
    const struct glyphs *glyphs = screen->glyphs;
    struct maps_layout layout;
    area_rule(area, 0, glyphs);
    if (attention_lay_out(screen, area, &layout) < 0) {
        area_text(area, 2, 3, MEANING_ERROR, 0, "out of memory for the maps");
        return;
    }
    if (layout.count == 0) {
        area_text(area, 2, 3, MEANING_FAINT, 0, "A and B have other tokens: no difference");
        return;
    }
    draw_reductions(screen, area, layout.reductions);
    for (int i = 0; i < layout.count; i++) {
        struct area part = layout.parts[i];
        int which = layout.which[i];
        char title[256];
        if (which == MAP_DIFFERENCE)
            snprintf(title, sizeof(title), " B %s A ", glyphs->minus);
        else
            snprintf(title, sizeof(title), " %s %s ", which == MAP_A ? "A" : "B",
                     workbench->arms[which].capture->spec);
        draw_cut(area, 0, part.column - area.column - 1, part.columns + GAP - 1, accents[which],
                 CELL_BOLD, title, glyphs);
        heatmap_draw(part, &layout.maps[i], glyphs);
    }
    if (layout.overview.rows > 0)
        draw_overview(screen, &layout);
    draw_caption(screen, &layout, area, area.rows - 1);
}

/*
 * view_attention_row.c - one row of the maps, A above B, as bars over the sentence whose tokens are
 * shaded; and the column, where there is room for it.
 */
#include <stdio.h>
#include <string.h>

#include "tui/screen/view_attention.h"

#define STRIPS 4        /* row and column of either arm */
#define BAR_ROWS_MOST 3 /* of a bar, where there is room */
#define LABEL_MOST 24
#define FIRST_COLUMN 3
#define COLUMNS_OF_LEGEND 36
#define SHADE_LEAST 4 /* of the ramp: a darker text is hard to read */

static const enum meaning accents[ARMS] = {MEANING_ACCENT_A, MEANING_ACCENT_B};

/* One arm's row or column of its map, wrapped. */
struct strip {
    int arm, is_column;
    int count, cursor; /* tokens, and the one at the cursor */
    const char *const *labels;
    struct area area;
    int first_line;
};

struct strips {
    int count;
    struct strip strips[STRIPS];
    int bar_rows;    /* of each bar; its tokens stand below */
    int rows;        /* that all of it takes */
    int column_rule; /* row of the rule above the column's strips; 0: they have no room */
};

/* Where the token after one that ends at *column stands: it goes on in the next line when it does
 * not fit. Returns its columns. */
static int next_place(const struct strip *strip, int index, int width, int *line, int *column) {
    int columns = heatmap_label_columns(strip->labels[index]);
    columns = columns > LABEL_MOST ? LABEL_MOST : columns < 1 ? 1 : columns;
    if (*column > FIRST_COLUMN && *column + columns > width - 1) {
        *column = FIRST_COLUMN;
        (*line)++;
    }
    return columns;
}

/* Lines of the strip; *cursor_line is that of its cursor. */
static int lines_of(const struct strip *strip, int width, int *cursor_line) {
    int line = 0, column = FIRST_COLUMN;
    *cursor_line = 0;
    for (int i = 0; i < strip->count; i++) {
        column += next_place(strip, i, width, &line, &column) + 1;
        if (i == strip->cursor)
            *cursor_line = line;
    }
    return line + 1;
}

/* Gives the strip at most so many rows, from `row` on, with its cursor in sight. */
static int place_strip(struct strip *strip, struct area area, int row, int rows_most,
                       int line_rows) {
    int cursor, lines = lines_of(strip, area.columns, &cursor);
    int visible = rows_most / line_rows < lines ? rows_most / line_rows : lines;
    strip->first_line = cursor - visible / 2;
    if (strip->first_line > lines - visible)
        strip->first_line = lines - visible;
    strip->first_line = strip->first_line < 0 ? 0 : strip->first_line;
    strip->area = area_part(area, row, 0, visible * line_rows, area.columns);
    return visible * line_rows;
}

static struct strip strip_of(const struct screen *screen, int arm, int is_column) {
    struct heatmap map = attention_map_of(screen, arm == ARM_A ? MAP_A : MAP_B, 1, 0);
    return (struct strip){.arm = arm,
                          .is_column = is_column,
                          .count = is_column ? map.rows : map.columns,
                          .cursor = is_column ? map.cursor_row : map.cursor_column,
                          .labels = is_column ? map.row_labels : map.column_labels};
}

static void lay_out(const struct screen *screen, struct area area, struct strips *strips) {
    int ignored, lines[2] = {0, 0}; /* of the row's strips, and of the column's */
    memset(strips, 0, sizeof(*strips));
    strips->rows = strips->bar_rows = 1;
    for (int i = 0; i < STRIPS; i++) {
        strips->strips[i] = strip_of(screen, i % ARMS, i / ARMS);
        lines[i / ARMS] += lines_of(&strips->strips[i], area.columns, &ignored);
    }
    /* The column too if all of it fits; otherwise the row alone, half the room an arm. Then the
     * bars grow; in ASCII they are digits, of which one is enough. */
    int both = 2 + 2 * (lines[0] + lines[1]) <= area.rows, all = lines[0] + both * lines[1];
    while (screen->glyphs->unicode && strips->bar_rows < BAR_ROWS_MOST &&
           1 + both + (2 + strips->bar_rows) * all <= area.rows)
        strips->bar_rows++;
    strips->count = both ? STRIPS : ARMS;
    for (int i = 0; i < strips->count; i++) {
        int left = ARMS - i % ARMS;
        if (i == ARMS)
            strips->column_rule = strips->rows++;
        int room = both ? area.rows : (area.rows - strips->rows) / left;
        strips->rows +=
            place_strip(&strips->strips[i], area, strips->rows, room, 1 + strips->bar_rows);
    }
}

/* A bar as wide as its token: what heatmap_cell says when it has one row, eighths of all its rows
 * when it has more. */
static void draw_bar(const struct heatmap *map, int map_row, int map_column, struct area area,
                     const struct glyphs *glyphs) {
    const char *glyph;
    enum meaning meaning = heatmap_cell(map, map_row, map_column, glyphs, &glyph);
    int is_ramp = meaning >= MEANING_WEIGHT && meaning < MEANING_WEIGHT + RAMP_STEPS;
    int steps = glyphs->ramp_count, rows = area.rows;
    int filled = 1 + (int)(heatmap_share(map, map_row, map_column) * (steps * rows - 1));
    area_fill(area_part(area, rows - 1, 0, 1, area.columns), meaning, glyph);
    for (int row = 0; is_ramp && rows > 1 && row < rows; row++) {
        int here = filled - (rows - 1 - row) * steps;
        if (here > 0)
            area_fill(area_part(area, row, 0, 1, area.columns), meaning,
                      glyphs->ramp[here < steps ? here - 1 : steps - 1]);
    }
}

static void draw_strip(const struct screen *screen, const struct strip *strip, int bar_rows) {
    const struct glyphs *glyphs = screen->glyphs;
    struct heatmap map = attention_map_of(screen, strip->arm == ARM_A ? MAP_A : MAP_B, 0, 0);
    int line = 0, column = FIRST_COLUMN;
    area_text(strip->area, bar_rows - 1, 1, accents[strip->arm], CELL_BOLD, strip->arm ? "B" : "A");
    for (int i = 0; i < strip->count; i++) {
        int columns = next_place(strip, i, strip->area.columns, &line, &column);
        int row = (line - strip->first_line) * (1 + bar_rows);
        int map_row = strip->is_column ? i : map.cursor_row;
        int map_column = strip->is_column ? map.cursor_column : i;
        const char *glyph;
        enum meaning meaning = heatmap_cell(&map, map_row, map_column, glyphs, &glyph);
        enum meaning shade = meaning;
        if (meaning >= MEANING_WEIGHT && meaning < MEANING_WEIGHT + SHADE_LEAST)
            shade = MEANING_WEIGHT + SHADE_LEAST;
        unsigned flags = i == strip->cursor ? CELL_BOLD | CELL_UNDERLINE : 0;
        if (row >= 0 && row + bar_rows < strip->area.rows) {
            draw_bar(&map, map_row, map_column,
                     area_part(strip->area, row, column, bar_rows, columns), glyphs);
            heatmap_label(strip->area, row + bar_rows, column, columns, strip->labels[i], shade,
                          flags, glyphs);
        }
        column += columns + 1;
    }
}

/* "from warm" in the row of a query, "to warm" in that of a key. */
static int draw_title(const struct screen *screen, struct area area, int row, int is_column) {
    struct heatmap map = attention_map_of(screen, MAP_A, 1, 0);
    int from = is_column == screen->workbench->attention.look.transpose;
    const char *token =
        is_column ? map.column_labels[map.cursor_column] : map.row_labels[map.cursor_row];
    area_rule(area, row, screen->glyphs);
    return 1 + area_printf(area, row, 1, MEANING_TITLE, CELL_BOLD, " %s %s ", from ? "from" : "to",
                           token);
}

/* Whose attention, what was done to it, and how to read it. */
static void draw_legend(const struct screen *screen, struct area area, int column) {
    const struct workbench *workbench = screen->workbench;
    struct heatmap map = attention_map_of(screen, MAP_A, 0, 0);
    char text[320], reductions[256];
    attention_place_text(workbench, text, sizeof(text) / 2);
    attention_reductions_text(workbench, area.columns - column < 2 * COLUMNS_OF_LEGEND, reductions,
                              sizeof(reductions));
    size_t used = strlen(text);
    snprintf(text + used, sizeof(text) - used, "%s%s", reductions[0] ? ", " : "", reductions);
    column += 1 + area_text(area, 0, column + 1, MEANING_TEXT, 0, " ");
    column +=
        draw_cut(area, 0, column, area.columns - column - 2, MEANING_NOTE, 0, text, screen->glyphs);
    column += area_text(area, 0, column, MEANING_TEXT, 0, " ") + 1;
    if (area.columns - column < COLUMNS_OF_LEGEND)
        return;
    column += area_printf(area, 0, column, MEANING_FAINT, 0, " %s ",
                          attention_mode_name(workbench->mode));
    column += heatmap_legend(area, 0, column, &map, screen->glyphs);
    area_text(area, 0, column, MEANING_TEXT, 0, " ");
}

int attention_draw_row(struct screen *screen, struct area area) {
    struct strips strips;
    if (attention_bin(screen->workbench, 1, 1, NULL) < 0)
        return 0;
    lay_out(screen, area, &strips);
    draw_legend(screen, area, draw_title(screen, area, 0, 0));
    if (strips.column_rule)
        draw_title(screen, area, strips.column_rule, 1);
    for (int i = 0; i < strips.count; i++)
        draw_strip(screen, &strips.strips[i], strips.bar_rows);
    return strips.rows;
}

int attention_row_at(struct screen *screen, struct area area, int row, int column, int *arm,
                     int *map_row, int *map_column) {
    struct strips strips;
    if (attention_bin(screen->workbench, 1, 1, NULL) < 0)
        return 0;
    lay_out(screen, area, &strips);
    for (int s = 0; s < strips.count; s++) {
        const struct strip *strip = &strips.strips[s];
        int inside = row - (strip->area.row - area.row), line = 0, at = FIRST_COLUMN;
        if (inside < 0 || inside >= strip->area.rows)
            continue;
        for (int i = 0; i < strip->count; i++) {
            int columns = next_place(strip, i, strip->area.columns, &line, &at);
            if (line - strip->first_line == inside / (1 + strips.bar_rows) && column >= at &&
                column < at + columns) {
                *arm = strip->arm;
                *map_row = strip->is_column ? i : -1;
                *map_column = strip->is_column ? -1 : i;
                return 1;
            }
            at += columns + 1;
        }
    }
    return 0;
}

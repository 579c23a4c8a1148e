/*
 * heatmap.c - a matrix of attention as cells: layout, scrolling, cells, labels and legend.
 */
#include "viz/heatmap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELL_MOST 3         /* columns of a cell, its gap included */
#define CELL_GLYPHS 2       /* columns of a cell that are drawn */
#define LABEL_MOST 10       /* columns of a row label */
#define LABEL_LEAST 6       /* what it is cut to for the sake of wider cells, or of more of them */
#define LABEL_ROWS_MOST 3   /* letters of a column label that is written downwards */
#define ROWS_FOR_LABELS 3   /* an area of fewer rows spends none on labels */
#define ROWS_FOR_MARK 3     /* nor on saying how much is hidden */
#define DIFFERENCE_LEVELS 9 /* of either sign */
#define SMALL_LEVELS 3      /* of those in one column: thin */
#define BOLD_LEVEL 7        /* and from here on bold */
#define MARK_COLUMNS 2      /* on either side of cells that scroll */
#define SCROLLING_LEAST 3   /* cells in sight, before the labels are given up */
#define BLOCKED_COLUMNS 12  /* of "   · blocked" in the legend */
#define CELL_TEXT_BYTES 16

/* ---- layout ---- */

static int smaller(int a, int b) {
    return a < b ? a : b;
}

static int is_continuation(const char *token) {
    return token[0] == '#' && token[1] == '#' && token[2];
}

/* The token without its "##". */
static const char *token_letters(const char *token) {
    return is_continuation(token) ? token + 2 : token;
}

int heatmap_label_columns(const char *token) {
    return is_continuation(token) + text_columns(token_letters(token));
}

static const char *token_at(const char *const *labels, int index) {
    return labels[index] ? labels[index] : "";
}

static int longest_label(const struct heatmap *map, const char *const *labels, int count) {
    int longest = labels ? map->longest_label : 0;
    for (int i = 0; labels && map->longest_label == 0 && i < count; i++) {
        int columns = heatmap_label_columns(token_at(labels, i));
        if (columns > longest)
            longest = columns;
    }
    return longest;
}

/* How far the row labels may be cut for the sake of wider cells. */
static int least_label(int full, int cell_columns) {
    return cell_columns == CELL_MOST ? full : smaller(full, LABEL_LEAST);
}

/* Columns of `count` cells; the last one's gap is nobody's. */
static long long cells_width(int count, int cell_columns) {
    long long width = (long long)count * cell_columns;
    return cell_columns > CELL_GLYPHS && width > 0 ? width - (cell_columns - CELL_GLYPHS) : width;
}

static int with_gap(int label_columns) {
    return label_columns > 0 ? label_columns + 1 : 0;
}

static int full_label(const struct heatmap *map) {
    return smaller(longest_label(map, map->row_labels, map->rows), LABEL_MOST);
}

static void layout_columns(const struct heatmap *map, int area_columns,
                           struct heatmap_layout *layout) {
    int full = full_label(map);
    for (int cell = CELL_MOST; cell >= 1; cell--) {
        long long room = area_columns - cells_width(map->columns, cell);
        if (with_gap(least_label(full, cell)) > room)
            continue;
        layout->cell_columns = cell;
        layout->label_columns = full < room ? full : full > 0 ? (int)room - 1 : 0;
        layout->first_cell_column = with_gap(layout->label_columns);
        layout->visible_columns = map->columns;
        return;
    }
    /* It scrolls. One column at either side is kept for the marks; the left one is the labels' gap.
     */
    int label = least_label(full, 1);
    if (area_columns - MARK_COLUMNS - label < SCROLLING_LEAST)
        label = 0;
    layout->cell_columns = 1;
    layout->label_columns = label;
    layout->first_cell_column = layout->label_columns + 1;
    int visible = area_columns - layout->label_columns - MARK_COLUMNS;
    /* Without labels all of a small map may fit after all. */
    layout->visible_columns = visible > 0 ? smaller(visible, map->columns) : 0;
}

/* Rows that the column labels can make good use of. */
static int useful_label_rows(int longest, int cell_columns) {
    if (longest == 0)
        return 0;
    if (cell_columns == 1)
        return smaller(longest, LABEL_ROWS_MOST);
    return longest >= cell_columns ? 2 : 1;
}

static void layout_rows(const struct heatmap *map, int area_rows, struct heatmap_layout *layout) {
    int useful = useful_label_rows(longest_label(map, map->column_labels, map->columns),
                                   layout->cell_columns);
    if (area_rows < ROWS_FOR_LABELS)
        useful = 0;
    int needed = smaller(useful, 1);
    if (map->rows <= area_rows - needed) {
        layout->label_rows = smaller(useful, area_rows - map->rows);
        layout->visible_rows = map->rows;
        return;
    }
    layout->label_rows = needed;
    int room = area_rows - needed;
    layout->visible_rows = room >= ROWS_FOR_MARK ? room - 1 : room;
}

struct heatmap_layout heatmap_layout(const struct heatmap *map, int area_rows, int area_columns) {
    struct heatmap_layout layout = {.cell_columns = 1};
    if (area_rows <= 0 || area_columns <= 0 || map->rows <= 0 || map->columns <= 0)
        return layout;
    layout_columns(map, area_columns, &layout);
    layout_rows(map, area_rows, &layout);
    return layout;
}

/* Columns that the maps need side by side with cells of this width and labels as short as may be;
 * `stretch` is how many columns their labels could use beyond that, in all. */
static long long split_width(const struct heatmap *const *maps, int count, int cell_columns,
                             int *stretch) {
    long long width = 0;
    *stretch = 0;
    for (int i = 0; i < count; i++) {
        int full = full_label(maps[i]), least = least_label(full, cell_columns);
        width += with_gap(least) + cells_width(maps[i]->columns, cell_columns);
        *stretch += full - least;
    }
    return width;
}

/* Columns that are not cells when all of them scroll. */
static long long scrolling_width(const struct heatmap *const *maps, int count) {
    long long width = 0;
    for (int i = 0; i < count; i++)
        width += least_label(full_label(maps[i]), 1) + MARK_COLUMNS;
    return width;
}

void heatmap_split(struct area area, const struct heatmap *const *maps, int count, int gap,
                   struct area *parts) {
    if (count <= 0)
        return;
    long long room = (long long)area.columns - (long long)gap * (count - 1);
    int cell = CELL_MOST, stretch;
    long long width = split_width(maps, count, cell, &stretch);
    while (cell > 1 && width > room)
        width = split_width(maps, count, --cell, &stretch);
    long long spare = room - width;
    long long visible = (room - scrolling_width(maps, count)) / count;
    /* So few that none of the parts can do without its marks and show more than the others. */
    if (visible >= maps[0]->columns - MARK_COLUMNS)
        visible = maps[0]->columns - MARK_COLUMNS - 1;
    int column = 0;
    for (int i = 0; i < count; i++) {
        int full = full_label(maps[i]), label = least_label(full, cell), more = full - label;
        long long part;
        if (spare >= 0) {
            /* The spare columns go to the labels; but not so many that this part alone would be
             * laid out with wider cells than its neighbours. */
            if (spare < stretch)
                more = (int)(spare * more / stretch);
            if (more > 0)
                more = smaller(more, least_label(full, cell + 1) - label + maps[i]->columns - 1);
            part = with_gap(label + more) + cells_width(maps[i]->columns, cell);
        } else if (visible >= SCROLLING_LEAST) {
            part = label + MARK_COLUMNS + visible;
        } else {
            part = room > 0 ? room / count : 0;
        }
        parts[i] = area_part(area, 0, column, area.rows, (int)part);
        column = smaller(area.columns, column + (int)part + gap);
    }
}

/* Where the visible part begins: as before if it may, else as little away as keeps the cursor in.
 */
static int scrolled(int first, int cursor, int count, int visible) {
    if (first > count - visible)
        first = count - visible;
    if (first < 0)
        first = 0;
    if (cursor < 0 || cursor >= count || visible <= 0)
        return first;
    if (cursor < first)
        return cursor;
    return cursor - first >= visible ? cursor - visible + 1 : first;
}

void heatmap_scroll(struct heatmap *map, struct heatmap_layout layout) {
    map->first_row = scrolled(map->first_row, map->cursor_row, map->rows, layout.visible_rows);
    map->first_column =
        scrolled(map->first_column, map->cursor_column, map->columns, layout.visible_columns);
    map->cell_columns = layout.cell_columns;
}

/* ---- cells ---- */

struct range {
    float low, high;
};

static int is_blocked(const struct heatmap *map, size_t index) {
    int kept = !map->mask || map->mask[index];
    if (map->scale == HEATMAP_DIFFERENCE)
        kept = kept || !map->mask_other || map->mask_other[index];
    return !kept;
}

/* The extremes of the finite values that are kept: absolute values for differences. */
static struct range extremes(const struct heatmap *map) {
    struct range range = {INFINITY, -INFINITY};
    size_t count = (size_t)map->rows * (size_t)map->columns;
    for (size_t i = 0; i < count; i++) {
        float value = map->values[i];
        if (!isfinite(value) || is_blocked(map, i))
            continue;
        if (map->scale == HEATMAP_DIFFERENCE)
            value = fabsf(value);
        range.low = fminf(range.low, value);
        range.high = fmaxf(range.high, value);
    }
    return range.low <= range.high ? range : (struct range){0, 0};
}

static struct range scale_range(const struct heatmap *map) {
    struct range range = {map->minimum, map->maximum};
    if (map->scale == HEATMAP_SCORE) {
        if (!(range.low < range.high))
            range = extremes(map);
    } else {
        range.low = 0;
        if (!(range.high > 0))
            range.high = extremes(map).high;
    }
    if (!(range.high > range.low))
        range.high = range.low + 1;
    return range;
}

/* Which of `count` equal parts of the range the value lies in. */
static int part_of(float value, struct range range, int count) {
    float share = (value - range.low) / (range.high - range.low);
    if (!(share > 0))
        return 0;
    return share >= 1 ? count - 1 : (int)(share * (float)count);
}

/* Fills a cell with a glyph: twice, or in ASCII once and a blank, as "33" would read as a number.
 */
static void repeat_glyph(char text[CELL_TEXT_BYTES], const char *glyph, int columns,
                         const struct glyphs *glyphs, int flush_right) {
    if (columns == 1)
        snprintf(text, CELL_TEXT_BYTES, "%s", glyph);
    else if (glyphs->unicode)
        snprintf(text, CELL_TEXT_BYTES, "%s%s", glyph, glyph);
    else
        snprintf(text, CELL_TEXT_BYTES, flush_right ? " %s" : "%s ", glyph);
}

static enum meaning sequential_cell(float value, struct range range, int columns,
                                    const struct glyphs *glyphs, char text[CELL_TEXT_BYTES]) {
    const char *glyph = glyphs->ramp[part_of(value, range, glyphs->ramp_count)];
    repeat_glyph(text, glyph, columns, glyphs, 0);
    return (enum meaning)(MEANING_WEIGHT + part_of(value, range, RAMP_STEPS));
}

/* `level` is -9 .. 9. */
static enum meaning difference_cell(int level, int columns, const struct glyphs *glyphs,
                                    char text[CELL_TEXT_BYTES]) {
    const char *const *signs = level < 0 ? glyphs->less : glyphs->more;
    int size = level < 0 ? -level : level, half = RAMP_STEPS / 2;
    int step = (size * half - 1) / DIFFERENCE_LEVELS;
    if (level == 0)
        repeat_glyph(text, glyphs->tiny, columns, glyphs, 1);
    else if (columns > 1)
        snprintf(text, CELL_TEXT_BYTES, "%s%d", level < 0 ? glyphs->minus : "+", size);
    else
        snprintf(text, CELL_TEXT_BYTES, "%s", signs[size > SMALL_LEVELS]);
    if (level != 0 && step == 0)
        step = 1; /* step 0 is the colour of no difference */
    return (enum meaning)(MEANING_DIFFERENCE + (level < 0 ? half - 1 - step : half + step));
}

static int difference_level(float value, struct range range) {
    float share = fabsf(value) / range.high;
    int size = share >= 1 ? DIFFERENCE_LEVELS : (int)lroundf(share * DIFFERENCE_LEVELS);
    return value < 0 ? -size : size;
}

static int is_faint(const struct heatmap *map, float value) {
    if (map->threshold == 0)
        return 0;
    return (map->scale == HEATMAP_DIFFERENCE ? fabsf(value) : value) < map->threshold;
}

/* Strong differences without room for a number. */
static unsigned cell_flags(const struct heatmap *map, struct range range, size_t index,
                           int columns) {
    float value = map->values[index];
    if (map->scale != HEATMAP_DIFFERENCE || columns > 1 || isnan(value) || is_blocked(map, index) ||
        is_faint(map, value))
        return 0;
    return abs(difference_level(value, range)) >= BOLD_LEVEL ? CELL_BOLD : 0;
}

/* What one cell shows in one or two columns. */
static enum meaning cell_text(const struct heatmap *map, struct range range, size_t index,
                              int columns, const struct glyphs *glyphs,
                              char text[CELL_TEXT_BYTES]) {
    float value = map->values[index];
    int signs = map->scale == HEATMAP_DIFFERENCE;
    if (isnan(value)) {
        snprintf(text, CELL_TEXT_BYTES, "%*s", columns, "");
        return MEANING_TEXT;
    }
    if (is_blocked(map, index)) {
        repeat_glyph(text, glyphs->blocked, columns, glyphs, signs);
        return MEANING_BLOCKED;
    }
    if (is_faint(map, value)) {
        repeat_glyph(text, glyphs->tiny, columns, glyphs, signs);
        return MEANING_FAINT;
    }
    if (signs)
        return difference_cell(difference_level(value, range), columns, glyphs, text);
    return sequential_cell(value, range, columns, glyphs, text);
}

enum meaning heatmap_cell(const struct heatmap *map, int row, int column,
                          const struct glyphs *glyphs, const char **glyph) {
    size_t index = (size_t)row * (size_t)map->columns + (size_t)column;
    float value = map->values[index];
    struct range range = scale_range(map);
    *glyph = isnan(value) ? " " : is_blocked(map, index) ? glyphs->blocked : glyphs->tiny;
    if (isnan(value))
        return MEANING_TEXT;
    if (is_blocked(map, index) || is_faint(map, value))
        return is_blocked(map, index) ? MEANING_BLOCKED : MEANING_FAINT;
    *glyph = glyphs->ramp[part_of(value, range, glyphs->ramp_count)];
    return (enum meaning)(MEANING_WEIGHT + part_of(value, range, RAMP_STEPS));
}

double heatmap_share(const struct heatmap *map, int row, int column) {
    float value = map->values[(size_t)row * (size_t)map->columns + (size_t)column];
    struct range range = scale_range(map);
    float share = (value - range.low) / (range.high - range.low);
    return share > 0 ? fmin(1, (double)share) : 0;
}

static void draw_cells(struct area area, const struct heatmap *map, struct heatmap_layout layout,
                       const struct glyphs *glyphs) {
    struct range range = scale_range(map);
    int columns = smaller(layout.cell_columns, CELL_GLYPHS);
    char text[CELL_TEXT_BYTES];
    for (int i = 0; i < layout.visible_rows; i++) {
        int row = map->first_row + i;
        for (int j = 0; j < layout.visible_columns; j++) {
            int column = map->first_column + j;
            size_t index = (size_t)row * (size_t)map->columns + (size_t)column;
            enum meaning meaning = cell_text(map, range, index, columns, glyphs, text);
            unsigned flags = cell_flags(map, range, index, columns);
            if (row == map->cursor_row && column == map->cursor_column)
                flags |= CELL_CURSOR;
            area_text(area, layout.label_rows + i,
                      layout.first_cell_column + j * layout.cell_columns, meaning, flags, text);
        }
    }
}

/* ---- labels ---- */

static unsigned label_flags(int is_cursor) {
    return is_cursor ? CELL_BOLD | CELL_UNDERLINE : 0;
}

/* Draws a token into `columns` columns; `mark_cut`: one that is cut ends in an ellipsis. */
static void draw_token(struct area area, int row, int column, int columns, const char *token,
                       enum meaning meaning, unsigned flags, int mark_cut,
                       const struct glyphs *glyphs) {
    int cut = heatmap_label_columns(token) > columns;
    struct area room = area_part(area, row, column, 1, cut && mark_cut ? columns - 1 : columns);
    int used = 0;
    if (is_continuation(token))
        used = area_text(room, 0, 0, meaning, flags, glyphs->continuation);
    used += area_text(room, 0, used, meaning, flags, token_letters(token));
    if (cut && (mark_cut || used == 0)) /* not even one wide character fitted */
        area_text(area, row, column + used, meaning, flags, glyphs->ellipsis);
}

void heatmap_label(struct area area, int row, int column, int columns, const char *token,
                   enum meaning meaning, unsigned flags, const struct glyphs *glyphs) {
    draw_token(area, row, column, columns, token, meaning, flags, 1, glyphs);
}

/* Writes the first letters of a token downwards. */
static void draw_token_down(struct area area, int column, int rows, const char *token,
                            enum meaning meaning, unsigned flags, const struct glyphs *glyphs) {
    int row = 0;
    if (is_continuation(token))
        area_text(area, row++, column, meaning, flags, glyphs->continuation);
    char glyph[CELL_BYTES];
    int columns;
    const char *rest = token_letters(token);
    for (size_t bytes; row < rows && (bytes = text_next(rest, glyph, &columns)) > 0; rest += bytes)
        if (columns > 0)
            area_text(area, row++, column, meaning, flags, columns == 1 ? glyph : glyphs->ellipsis);
}

/*
 * Labels above cells of one column go downwards. Wider cells have room for two letters, or, with
 * two rows, stand by turns in the upper and the lower row and reach over their neighbour's cell.
 * Where two letters of each would run together, every other label is faint.
 */
static void draw_column_label(struct area area, const struct heatmap *map,
                              struct heatmap_layout layout, int index,
                              const struct glyphs *glyphs) {
    int cell = layout.cell_columns;
    int column = layout.first_cell_column + (index - map->first_column) * cell;
    const char *token = token_at(map->column_labels, index);
    int is_cursor = index == map->cursor_column;
    unsigned flags = label_flags(is_cursor);
    if (cell == 1) {
        struct area labels = area_part(area, 0, 0, layout.label_rows,
                                       layout.first_cell_column + layout.visible_columns);
        draw_token_down(labels, column, layout.label_rows, token, MEANING_TEXT, flags, glyphs);
    } else if (layout.label_rows > 1) {
        draw_token(area, index % 2, column, 2 * cell - 1, token, MEANING_TEXT, flags, 0, glyphs);
    } else {
        int faint = cell == CELL_GLYPHS && index % 2 == 1 && !is_cursor;
        draw_token(area, 0, column, CELL_GLYPHS, token, faint ? MEANING_FAINT : MEANING_TEXT, flags,
                   0, glyphs);
    }
}

static void draw_labels(struct area area, const struct heatmap *map, struct heatmap_layout layout,
                        const struct glyphs *glyphs) {
    for (int i = 0; layout.label_columns > 0 && i < layout.visible_rows; i++) {
        int row = map->first_row + i;
        draw_token(area, layout.label_rows + i, 0, layout.label_columns,
                   token_at(map->row_labels, row), MEANING_TEXT,
                   label_flags(row == map->cursor_row), 1, glyphs);
    }
    for (int j = 0; layout.label_rows > 0 && j < layout.visible_columns; j++)
        draw_column_label(area, map, layout, map->first_column + j, glyphs);
}

/* "… 12 more" in the labels' columns, or as much of it as fits. */
static void draw_hidden_rows(struct area area, int row, int hidden, struct heatmap_layout layout,
                             const struct glyphs *glyphs) {
    if (hidden <= 0 || row < 0)
        return;
    if (layout.label_columns == 0) {
        area_text(area, row, layout.first_cell_column, MEANING_FAINT, 0, glyphs->ellipsis);
        return;
    }
    struct area room = area_part(area, row, 0, 1, layout.label_columns);
    char text[40];
    snprintf(text, sizeof(text), "%s %d more", glyphs->ellipsis, hidden);
    if (text_columns(text) > room.columns)
        snprintf(text, sizeof(text), "%s%d", glyphs->ellipsis, hidden);
    if (text_columns(text) > room.columns)
        snprintf(text, sizeof(text), "%s", glyphs->ellipsis);
    area_text(room, 0, 0, MEANING_FAINT, 0, text);
}

static void draw_marks(struct area area, const struct heatmap *map, struct heatmap_layout layout,
                       const struct glyphs *glyphs) {
    if (map->first_column > 0)
        area_text(area, 0, layout.first_cell_column - 1, MEANING_FAINT, 0, glyphs->ellipsis);
    if (map->first_column + layout.visible_columns < map->columns)
        area_text(area, 0, layout.first_cell_column + layout.visible_columns, MEANING_FAINT, 0,
                  glyphs->ellipsis);
    /* Above the labels' column the corner is free; without labels it is not. */
    if (layout.label_columns > 0)
        draw_hidden_rows(area, layout.label_rows - 1, map->first_row, layout, glyphs);
    int below = layout.label_rows + layout.visible_rows;
    draw_hidden_rows(area, below, map->rows - map->first_row - layout.visible_rows, layout, glyphs);
}

void heatmap_draw(struct area area, const struct heatmap *map, const struct glyphs *glyphs) {
    struct heatmap_layout layout = heatmap_layout(map, area.rows, area.columns);
    if (layout.visible_rows <= 0 || layout.visible_columns <= 0) {
        if (map->rows > 0 && map->columns > 0)
            area_text(area, 0, 0, MEANING_FAINT, 0, glyphs->ellipsis);
        return;
    }
    struct heatmap view = *map;
    view.first_row = scrolled(map->first_row, -1, map->rows, layout.visible_rows);
    view.first_column = scrolled(map->first_column, -1, map->columns, layout.visible_columns);
    draw_cells(area, &view, layout, glyphs);
    draw_labels(area, &view, layout, glyphs);
    draw_marks(area, &view, layout, glyphs);
}

int heatmap_at(const struct heatmap *map, int area_rows, int area_columns, int row, int column,
               int *map_row, int *map_column) {
    struct heatmap_layout layout = heatmap_layout(map, area_rows, area_columns);
    int first_row = scrolled(map->first_row, -1, map->rows, layout.visible_rows);
    int first_column = scrolled(map->first_column, -1, map->columns, layout.visible_columns);
    int i = row - layout.label_rows, j = column - layout.first_cell_column;
    int past = layout.visible_columns * layout.cell_columns;
    *map_row = i >= 0 && i < layout.visible_rows ? first_row + i : -1;
    *map_column = j >= 0 && j < past ? first_column + j / layout.cell_columns : -1;
    /* In a label one of the two is enough; between both, or beside the map, there is nothing. */
    if (row < 0 || column < 0 || j >= past || i >= layout.visible_rows)
        return 0;
    return *map_row >= 0 || *map_column >= 0;
}

/* ---- overview ---- */

/* The part of `count` cells that `visible` of `total` from `first` on stand for: at least one. */
static void scale_part(int first, int visible, int total, int count, int *from, int *past) {
    *from = (int)((long long)first * count / total);
    *past = (int)(((long long)first + visible) * count / total);
    *from = *from < count ? *from : count - 1;
    *past = *past > count ? count : *past <= *from ? *from + 1 : *past;
}

enum { JOINT_UP = 1, JOINT_DOWN = 2, JOINT_LEFT = 4, JOINT_RIGHT = 8 }; /* of glyphs->joints */

static void draw_frame(struct area area, int top, int bottom, int left, int right,
                       const struct glyphs *glyphs) {
    for (int column = left + 1; column < right; column++) {
        area_text(area, top, column, MEANING_TITLE, CELL_BOLD, glyphs->rule);
        area_text(area, bottom, column, MEANING_TITLE, CELL_BOLD, glyphs->rule);
    }
    for (int row = top + 1; row < bottom; row++) {
        area_text(area, row, left, MEANING_TITLE, CELL_BOLD, glyphs->vertical);
        area_text(area, row, right, MEANING_TITLE, CELL_BOLD, glyphs->vertical);
    }
    if (top == bottom && left == right) {
        area_text(area, top, left, MEANING_TITLE, CELL_BOLD, glyphs->point);
        return;
    }
    if (top == bottom || left == right) { /* too narrow for a frame: its ends in brackets */
        area_text(area, top, left, MEANING_TITLE, CELL_BOLD, "[");
        area_text(area, bottom, right, MEANING_TITLE, CELL_BOLD, "]");
        return;
    }
    area_text(area, top, left, MEANING_TITLE, CELL_BOLD, glyphs->joints[JOINT_DOWN | JOINT_RIGHT]);
    area_text(area, top, right, MEANING_TITLE, CELL_BOLD, glyphs->joints[JOINT_DOWN | JOINT_LEFT]);
    area_text(area, bottom, left, MEANING_TITLE, CELL_BOLD, glyphs->joints[JOINT_UP | JOINT_RIGHT]);
    area_text(area, bottom, right, MEANING_TITLE, CELL_BOLD, glyphs->joints[JOINT_UP | JOINT_LEFT]);
}

void heatmap_overview(struct area area, const struct heatmap *whole, struct heatmap_sight sight,
                      const struct glyphs *glyphs) {
    struct heatmap_layout layout = {.cell_columns = 1,
                                    .visible_rows = smaller(whole->rows, area.rows),
                                    .visible_columns = smaller(whole->columns, area.columns)};
    int top, bottom, left, right;
    if (layout.visible_rows <= 0 || layout.visible_columns <= 0 || sight.rows <= 0 ||
        sight.columns <= 0)
        return;
    draw_cells(area, whole, layout, glyphs);
    scale_part(sight.first_row, sight.visible_rows, sight.rows, whole->rows, &top, &bottom);
    scale_part(sight.first_column, sight.visible_columns, sight.columns, whole->columns, &left,
               &right);
    draw_frame(area, top, bottom - 1, left, right - 1, glyphs);
}

/* ---- legend ---- */

/* A text that is left out where it does not fit: a number cut in two would be another number. */
static int whole_text(struct area area, int row, int column, const char *text) {
    if (text_columns(text) > (long long)area.columns - column)
        return 0;
    return area_text(area, row, column, MEANING_FAINT, 0, text);
}

static void number_text(char text[CELL_BYTES], double value, const struct glyphs *glyphs) {
    double size = fabs(value);
    const char *sign = value < 0 ? glyphs->minus : "";
    const char *format = size >= 100 ? "%s%.0f" : size >= 0.1 || size == 0 ? "%s%.2f" : "%s%.2g";
    if (size == 0)
        snprintf(text, CELL_BYTES, "0");
    else
        snprintf(text, CELL_BYTES, format, sign, size);
}

static int sequential_legend(struct area area, int row, int column, struct range range,
                             const struct glyphs *glyphs) {
    char number[CELL_BYTES], text[2 * CELL_BYTES];
    int at = column;
    number_text(number, range.low, glyphs);
    snprintf(text, sizeof(text), "%s ", number);
    at += whole_text(area, row, at, text);
    for (int i = 0; i < glyphs->ramp_count; i++) {
        int step = (2 * i + 1) * RAMP_STEPS / (2 * glyphs->ramp_count);
        at += area_text(area, row, at, (enum meaning)(MEANING_WEIGHT + step), 0, glyphs->ramp[i]);
    }
    number_text(number, range.high, glyphs);
    snprintf(text, sizeof(text), " %s", number);
    at += whole_text(area, row, at, text);
    return at - column;
}

static int difference_legend(struct area area, int row, int column, struct range range,
                             int cell_columns, const struct glyphs *glyphs) {
    static const int one_column[] = {-DIFFERENCE_LEVELS, -SMALL_LEVELS, 0, SMALL_LEVELS,
                                     DIFFERENCE_LEVELS};
    static const int two_columns[] = {-9, -6, -3, 0, 3, 6, 9};
    char number[CELL_BYTES], text[CELL_TEXT_BYTES];
    int columns = cell_columns == 1 ? 1 : CELL_GLYPHS;
    const int *levels = columns == 1 ? one_column : two_columns;
    size_t count =
        columns == 1 ? sizeof(one_column) / sizeof(*levels) : sizeof(two_columns) / sizeof(*levels);
    int at = column + area_text(area, row, column, MEANING_ACCENT_A, 0, "A ");
    for (size_t i = 0; i < count; i++) {
        enum meaning meaning = difference_cell(levels[i], columns, glyphs, text);
        at += area_text(area, row, at, meaning, 0, text);
    }
    at += area_text(area, row, at, MEANING_ACCENT_B, 0, " B");
    number_text(number, range.high, glyphs);
    char unit[2 * CELL_BYTES];
    if (columns == 1)
        snprintf(unit, sizeof(unit), "   to %s", number);
    else
        snprintf(unit, sizeof(unit), "   %d = %s", DIFFERENCE_LEVELS, number);
    at += whole_text(area, row, at, unit);
    return at - column;
}

int heatmap_legend(struct area area, int row, int column, const struct heatmap *map,
                   const struct glyphs *glyphs) {
    struct range range = scale_range(map);
    int used;
    if (map->scale == HEATMAP_DIFFERENCE)
        used = difference_legend(area, row, column, range, map->cell_columns, glyphs);
    else
        used = sequential_legend(area, row, column, range, glyphs);
    if ((map->mask || map->mask_other) && area.columns - column - used >= BLOCKED_COLUMNS) {
        used += area_text(area, row, column + used, MEANING_BLOCKED, 0, "   ");
        used += area_text(area, row, column + used, MEANING_BLOCKED, 0, glyphs->blocked);
        used += area_text(area, row, column + used, MEANING_FAINT, 0, " blocked");
    }
    return used;
}

/*
 * curve.c - curves over training steps.
 *
 * The plot is a raster of dots, 2 by 4 in a cell as braille or one a cell in ASCII, kept in the
 * cells themselves: drawing needs no memory, however many points there are. Points that fall into
 * one column of dots are joined into one vertical stroke from their least to their greatest value,
 * so that a spike of a single step survives any width.
 */
#include "viz/curve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/text/unicode.h"

#define LEAST_ROWS 3
#define LEAST_COLUMNS 20
#define NUMBER_BYTES 32
#define BRAILLE_COLUMNS 2
#define BRAILLE_ROWS 4
#define BRAILLE_FIRST 0x2800
#define BRAILLE_LAST 0x28ff
#define LEGEND_BYTES 256
#define LEGEND_GAP 3
#define TICKS_MOST 64
#define ROOM_SHARE 0.05    /* of the data's range, above and below it */
#define CONSTANT_SHARE 0.1 /* of its value, around a series that does not change */
#define ROWS_PER_TICK 3    /* of the y axis, at least */
#define COLUMNS_PER_TICK 4 /* blanks between the numbers of the x axis, at least */
#define DASH 4             /* dots of a dash, and of the gap behind it */
#define DECIMALS_MOST 6

struct span {
    double low, high;
};

/* ---- numbers ---- */

static void format_value(char text[NUMBER_BYTES], double value, const struct glyphs *glyphs) {
    double size = fabs(value);
    const char *sign = value < 0 ? glyphs->minus : "";
    if (isnan(value))
        snprintf(text, NUMBER_BYTES, "?");
    else if (size >= 1e6 || (size < 1e-3 && size > 0))
        snprintf(text, NUMBER_BYTES, "%s%.2e", sign, size);
    else
        snprintf(text, NUMBER_BYTES, "%s%.*f", sign, size >= 1000 ? 0 : size >= 100 ? 1 : 3, size);
}

/* A tick's number, with as many decimals as its step needs. */
static void format_tick(char text[NUMBER_BYTES], double value, double step,
                        const struct glyphs *glyphs) {
    double size = fabs(value) < step / 2 ? 0 : fabs(value);
    const char *sign = value < 0 && size > 0 ? glyphs->minus : "";
    int decimals = step > 0 && step < 1 ? (int)ceil(-log10(step) - 1e-9) : 0;
    if (size >= 1e7 || decimals > DECIMALS_MOST)
        snprintf(text, NUMBER_BYTES, "%s%.3g", sign, size);
    else
        snprintf(text, NUMBER_BYTES, "%s%.*f", sign, decimals, size);
}

/* The least of 1, 2, 5, 10, 20, … (and their decimal parts) that is not below `rough`. */
static double nice_step(double rough) {
    double power = pow(10, floor(log10(rough)));
    double factor = rough / power;
    double nice = factor <= 1 + 1e-9 ? 1 : factor <= 2 + 1e-9 ? 2 : factor <= 5 + 1e-9 ? 5 : 10;
    return nice * power;
}

/* ---- ranges ---- */

/* Whether a value is drawn: NaN, infinities and steps outside of the span leave gaps. */
static int is_drawn(const struct series *series, int index, struct span x) {
    return series->x[index] >= x.low && series->x[index] <= x.high && isfinite(series->x[index]) &&
           isfinite(series->y[index]);
}

static void widen(struct span *span, double value) {
    span->low = fmin(span->low, value);
    span->high = fmax(span->high, value);
}

/* Narrows x to the steps that are drawn and finds the range of their values; 0 when there are none.
 */
static int data_spans(const struct curve *curve, struct span *x, struct span *y) {
    struct span limits = *x;
    *x = *y = (struct span){INFINITY, -INFINITY};
    for (int i = 0; i < curve->series_count; i++)
        for (int j = 0; j < curve->series[i].count; j++)
            if (is_drawn(&curve->series[i], j, limits)) {
                widen(x, curve->series[i].x[j]);
                widen(y, curve->series[i].y[j]);
            }
    return x->low <= x->high;
}

/* Leaves a little room, but no negative numbers below data that has none (losses, accuracies). */
static struct span with_room(struct span span) {
    double room = (span.high - span.low) * ROOM_SHARE;
    if (!(room > 0))
        room = span.high != 0 ? fabs(span.high) * CONSTANT_SHARE : 1;
    struct span wide = {span.low - room, span.high + room};
    if (span.low >= 0 && wide.low < 0)
        wide.low = 0;
    return wide;
}

static int choose_spans(const struct curve *curve, struct span *x, struct span *y) {
    int x_given = curve->x_minimum < curve->x_maximum;
    struct span given = {curve->x_minimum, curve->x_maximum};
    *x = x_given ? given : (struct span){-INFINITY, INFINITY};
    int any = data_spans(curve, x, y);
    if (x_given)
        *x = given;
    if (curve->y_minimum < curve->y_maximum)
        *y = (struct span){curve->y_minimum, curve->y_maximum};
    else
        *y = with_room(*y);
    if (!(x->low < x->high))
        *x = (struct span){x->low - 1, x->high + 1};
    return any;
}

/* ---- the raster ---- */

struct raster {
    struct area area;
    const struct glyphs *glyphs;
    int wide, high;            /* in dots */
    int dot_columns, dot_rows; /* dots of a cell */
    int pass;                  /* index of the series that is drawn */
    enum meaning meaning;
};

static void raster_dot(const struct raster *raster, int x, int y) {
    static const unsigned char bits[BRAILLE_ROWS][BRAILLE_COLUMNS] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    if (x < 0 || y < 0 || x >= raster->wide || y >= raster->high)
        return;
    int row = y / raster->dot_rows, column = x / raster->dot_columns;
    if (!raster->glyphs->unicode) {
        area_text(raster->area, row, column, raster->meaning, 0,
                  raster->glyphs->lines[raster->pass % GLYPHS_LINES]);
        return;
    }
    const struct cell *cell = area_cell(raster->area, row, column);
    int32_t code_point = BRAILLE_FIRST;
    if (cell && unicode_decode(cell->glyph, strlen(cell->glyph), &code_point) &&
        (code_point < BRAILLE_FIRST || code_point > BRAILLE_LAST))
        code_point = BRAILLE_FIRST;
    code_point |= bits[y % BRAILLE_ROWS][x % BRAILLE_COLUMNS];
    char glyph[UNICODE_BYTES_MAX + 1] = "";
    unicode_encode(code_point, glyph);
    area_text(raster->area, row, column, raster->meaning, 0, glyph);
}

/* A straight line of dots (Bresenham 1965). Every other series is dashed, to be told apart without
 * colour. */
static void raster_line(const struct raster *raster, int x0, int y0, int x1, int y1) {
    int dx = x1 > x0 ? x1 - x0 : x0 - x1, dy = y1 > y0 ? y0 - y1 : y1 - y0;
    int step_x = x0 < x1 ? 1 : -1, step_y = y0 < y1 ? 1 : -1, error = dx + dy;
    int dashed = raster->glyphs->unicode && raster->pass % 2 == 1;
    for (;;) {
        if (!dashed || x0 / DASH % 2 == 0)
            raster_dot(raster, x0, y0);
        if (x0 == x1 && y0 == y1)
            return;
        int twice = 2 * error;
        if (twice >= dy) {
            error += dy;
            x0 += step_x;
        }
        if (twice <= dx) {
            error += dx;
            y0 += step_y;
        }
    }
}

/* The dot of a value; beyond the range it is at the edge. */
static int dot_of(double value, struct span span, int dots) {
    double share = (value - span.low) / (span.high - span.low);
    if (!(share > 0))
        return 0;
    return share >= 1 ? dots - 1 : (int)lround(share * (dots - 1));
}

static void draw_line(const struct raster *raster, const struct series *series, struct span x_span,
                      struct span y_span) {
    int open = 0; /* a column of dots is being gathered: */
    int x = 0, low = 0, high = 0, last = 0;
    for (int i = 0; i < series->count; i++) {
        if (!is_drawn(series, i, x_span)) {
            if (open)
                raster_line(raster, x, low, x, high);
            open = 0;
            continue;
        }
        int next_x = dot_of(series->x[i], x_span, raster->wide);
        int next_y = raster->high - 1 - dot_of(series->y[i], y_span, raster->high);
        if (open && next_x == x) {
            low = next_y < low ? next_y : low;
            high = next_y > high ? next_y : high;
        } else {
            if (open) {
                raster_line(raster, x, low, x, high);
                raster_line(raster, x, last, next_x, next_y);
            }
            open = 1;
            x = next_x;
            low = high = next_y;
        }
        last = next_y;
    }
    if (open)
        raster_line(raster, x, low, x, high);
}

static void draw_points(const struct raster *raster, const struct series *series,
                        struct span x_span, struct span y_span) {
    for (int i = 0; i < series->count; i++) {
        if (!is_drawn(series, i, x_span))
            continue;
        int x = dot_of(series->x[i], x_span, raster->wide);
        int y = raster->high - 1 - dot_of(series->y[i], y_span, raster->high);
        area_text(raster->area, y / raster->dot_rows, x / raster->dot_columns, raster->meaning,
                  CELL_BOLD, raster->glyphs->point);
    }
}

/* All lines, then all marks, which no line may hide. */
static void draw_series(struct area area, const struct curve *curve, struct span x, struct span y,
                        const struct glyphs *glyphs) {
    struct raster raster = {.area = area, .glyphs = glyphs};
    raster.dot_columns = glyphs->unicode ? BRAILLE_COLUMNS : 1;
    raster.dot_rows = glyphs->unicode ? BRAILLE_ROWS : 1;
    raster.wide = area.columns * raster.dot_columns;
    raster.high = area.rows * raster.dot_rows;
    area_fill(area, MEANING_TEXT, " ");
    for (int marks = 0; marks <= 1; marks++)
        for (int i = 0; i < curve->series_count; i++) {
            const struct series *series = &curve->series[i];
            raster.pass = i;
            raster.meaning = series->meaning;
            if (!marks)
                draw_line(&raster, series, x, y);
            else if (series->points)
                draw_points(&raster, series, x, y);
        }
}

/* ---- what stands around it ---- */

static double last_value(const struct series *series) {
    for (int i = series->count - 1; i >= 0; i--)
        if (isfinite(series->y[i]))
            return series->y[i];
    return NAN;
}

/* The sign that stands for a series in the legend; "" where colour and dashes must do. */
static const char *series_sign(const struct series *series, int index,
                               const struct glyphs *glyphs) {
    if (series->points)
        return glyphs->point;
    if (!glyphs->unicode)
        return glyphs->lines[index % GLYPHS_LINES];
    return index % 2 ? glyphs->dashed : glyphs->rule;
}

/* Title and last values in one row, or in all of them when there is no room for more than that. */
static void draw_legend(struct area area, const struct curve *curve, const struct glyphs *glyphs) {
    int row = 0, column = 0;
    if (curve->title && *curve->title)
        column += area_text(area, 0, 0, MEANING_TITLE, 0, curve->title) + LEGEND_GAP;
    for (int i = 0; i < curve->series_count; i++) {
        const struct series *series = &curve->series[i];
        char number[NUMBER_BYTES], text[LEGEND_BYTES];
        double value = last_value(series);
        format_value(number, value, glyphs);
        snprintf(text, sizeof(text), "%s %s %s", series_sign(series, i, glyphs),
                 series->name ? series->name : "", isnan(value) ? glyphs->minus : number);
        /* A value cut in two would be another value. */
        if (text_columns(text) > area.columns - column && column > 0) {
            row++;
            column = 0;
        }
        if (row < area.rows && text_columns(text) <= area.columns)
            column += area_text(area, row, column, series->meaning, 0, text) + LEGEND_GAP;
    }
}

struct tick {
    double value;
    char text[NUMBER_BYTES];
};

/* Ticks at multiples of the step within the span. Returns how many. */
static int make_ticks(struct tick ticks[TICKS_MOST], struct span span, double step,
                      const struct glyphs *glyphs) {
    int count = 0;
    double first = ceil(span.low / step - 1e-9);
    for (double at = first; at * step <= span.high + step * 1e-9 && count < TICKS_MOST; at++) {
        ticks[count].value = at * step;
        format_tick(ticks[count].text, at * step, step, glyphs);
        count++;
    }
    return count;
}

static int widest_tick(const struct tick *ticks, int count) {
    int widest = 0;
    for (int i = 0; i < count; i++) {
        int columns = text_columns(ticks[i].text);
        widest = columns > widest ? columns : widest;
    }
    return widest;
}

/* Ticks for an axis of `rows` rows: the step shrinks until two of them (on a low axis, one) fall
 * into the span. */
static int make_y_ticks(struct tick ticks[TICKS_MOST], struct span span, int rows,
                        const struct glyphs *glyphs) {
    double wanted = rows > ROWS_PER_TICK ? (double)(rows - 1) / ROWS_PER_TICK : 1;
    double step = nice_step((span.high - span.low) / wanted);
    int least = rows > ROWS_PER_TICK ? 2 : 1, count = make_ticks(ticks, span, step, glyphs);
    for (int tries = 0; count < least && tries < 4; tries++) {
        step = nice_step(step / 2.5);
        count = make_ticks(ticks, span, step, glyphs);
    }
    return count;
}

/* Numbers flush right at the left edge, and the axis. Returns the columns used. */
static int draw_y_axis(struct area plot, struct span span, const struct glyphs *glyphs) {
    struct tick ticks[TICKS_MOST];
    int count = make_y_ticks(ticks, span, plot.rows, glyphs), width = widest_tick(ticks, count);
    int dots = plot.rows * (glyphs->unicode ? BRAILLE_ROWS : 1); /* rounded as the curves are */
    for (int row = 0; row < plot.rows; row++)
        area_text(plot, row, width + 1, MEANING_FAINT, 0, glyphs->vertical);
    for (int i = 0; i < count; i++)
        area_text_right(plot, (dots - 1 - dot_of(ticks[i].value, span, dots)) / (dots / plot.rows),
                        width, MEANING_FAINT, 0, ticks[i].text);
    return width + 2;
}

/* Numbers centred below their places; those that would touch are left out by a wider step. */
static void draw_x_axis(struct area axis, int first_column, struct span span, const char *unit,
                        const struct glyphs *glyphs) {
    struct tick ticks[TICKS_MOST];
    int columns = axis.columns - first_column;
    int end = axis.columns;
    if (unit && *unit && text_columns(unit) < columns / 2) {
        area_text_right(axis, 0, axis.columns, MEANING_FAINT, 0, unit);
        end -= text_columns(unit) + 1;
    }
    double step = nice_step((span.high - span.low) / (columns > 8 ? columns / 8.0 : 1));
    int count = make_ticks(ticks, span, step, glyphs);
    for (int tries = 0; tries < 8; tries++) {
        double room = step / (span.high - span.low) * columns;
        if (count <= 1 || widest_tick(ticks, count) + COLUMNS_PER_TICK <= room)
            break;
        step = nice_step(step * 1.5);
        count = make_ticks(ticks, span, step, glyphs);
    }
    for (int i = 0; i < count; i++) {
        int width = text_columns(ticks[i].text);
        int column = first_column + dot_of(ticks[i].value, span, columns) - width / 2;
        if (column < 0)
            column = 0;
        if (column + width <= end)
            area_text(axis, 0, column, MEANING_FAINT, 0, ticks[i].text);
    }
}

void curve_draw(struct area area, const struct curve *curve, const struct glyphs *glyphs) {
    if (area.rows < LEAST_ROWS || area.columns < LEAST_COLUMNS) {
        draw_legend(area, curve, glyphs);
        return;
    }
    draw_legend(area_part(area, 0, 0, 1, area.columns), curve, glyphs);
    struct span x, y;
    if (!choose_spans(curve, &x, &y))
        return;
    struct area plot = area_part(area, 1, 0, area.rows - 2, area.columns);
    int used = draw_y_axis(plot, y, glyphs);
    draw_x_axis(area_part(area, area.rows - 1, 0, 1, area.columns), used, x, curve->x_unit, glyphs);
    draw_series(area_part(plot, 0, used, plot.rows, plot.columns - used), curve, x, y, glyphs);
}

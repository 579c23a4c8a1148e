/*
 * curve.c - curves over training steps and the like.
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
#define PARTS 10           /* of the data's range: it is rounded outwards to such an even part */
#define CONSTANT_SHARE 0.1 /* of its value, around a series that does not change */
#define ROWS_PER_TICK 3    /* of the y axis, at least */
#define COLUMNS_PER_TICK 4 /* blanks between the numbers of the x axis, at least */
#define PATTERN_DOTS 16
#define SIGN_CELLS 4 /* of a line's pattern shown in the legend */
#define DECIMALS_MOST 6
#define SCATTER_ASCII ","

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

/* What is shown. On a logarithmic axis y holds exponents of ten. */
struct window {
    struct span x, y;
    int log;
};

/* The height of a value in the window, NaN where it leaves a gap: NaN, infinities, on a logarithmic
 * axis what is not above 0. */
static double height(const struct window *window, const struct series *series, int index) {
    double value = series->y[index];
    if (!isfinite(series->x[index]) || !isfinite(value) || (window->log && !(value > 0)))
        return NAN;
    return window->log ? log10(value) : value;
}

static void widen(struct span *span, double value) {
    span->low = fmin(span->low, value);
    span->high = fmax(span->high, value);
}

/* Whether a value, or the line to one of its neighbours, is in the span. */
static int touches(const struct series *series, int index, struct span x) {
    double at = series->x[index];
    double after = index + 1 < series->count ? series->x[index + 1] : at;
    double before = index > 0 ? series->x[index - 1] : at;
    return (at >= x.low && at <= x.high) || (at < x.low && after >= x.low) ||
           (at > x.high && before <= x.high);
}

/* Narrows x to the values that are drawn and finds their range; 0 when there are none. */
static int data_spans(const struct curve *curve, struct window *window) {
    struct span limits = window->x;
    window->x = window->y = (struct span){INFINITY, -INFINITY};
    for (int i = 0; i < curve->series_count; i++)
        for (int j = 0; j < curve->series[i].count; j++) {
            const struct series *series = &curve->series[i];
            double y = height(window, series, j);
            if (isnan(y) || !touches(series, j, limits))
                continue;
            widen(&window->x, series->x[j]);
            widen(&window->y, y);
        }
    return window->x.low <= window->x.high;
}

/* Rounded outwards, so that a curve that grows seldom moves the axis; no negative numbers come
 * below data that has none (losses, accuracies). */
static struct span rounded(struct span span) {
    double range = span.high - span.low;
    if (!(range > fmax(fabs(span.high), fabs(span.low)) * 1e-12)) {
        double room = span.high != 0 ? fabs(span.high) * CONSTANT_SHARE : 1;
        struct span wide = {span.low - room, span.high + room};
        if (span.low >= 0 && wide.low < 0)
            wide.low = 0;
        return wide;
    }
    double step = nice_step(range / PARTS);
    return (struct span){floor(span.low / step + 1e-9) * step,
                         ceil(span.high / step - 1e-9) * step};
}

/* The same for exponents: outwards to 1, 2 or 5 times a power of ten. */
static struct span rounded_log(struct span span) {
    static const double even[] = {1, 2, 5, 10};
    double low = floor(span.low + 1e-9), high = floor(span.high + 1e-9);
    struct span wide = {low, high};
    for (int i = 0; i < 4; i++)
        if (low + log10(even[i]) <= span.low + 1e-9)
            wide.low = low + log10(even[i]);
    for (int i = 3; i >= 0; i--)
        if (high + log10(even[i]) >= span.high - 1e-9)
            wide.high = high + log10(even[i]);
    if (!(wide.low < wide.high))
        wide = (struct span){wide.low - log10(2), wide.high + log10(2)};
    return wide;
}

static int choose_window(const struct curve *curve, struct window *window) {
    int x_given = curve->x_minimum < curve->x_maximum;
    struct span given = {curve->x_minimum, curve->x_maximum};
    window->log = curve->y_log;
    window->x = x_given ? given : (struct span){-INFINITY, INFINITY};
    int any = data_spans(curve, window);
    if (x_given)
        window->x = given;
    struct span limits = {curve->y_minimum, curve->y_maximum};
    if (curve->y_log)
        limits = (struct span){log10(limits.low), log10(limits.high)};
    if (limits.low < limits.high && isfinite(limits.low) && isfinite(limits.high))
        window->y = limits;
    else if (any)
        window->y = curve->y_log ? rounded_log(window->y) : rounded(window->y);
    if (!(window->x.low < window->x.high))
        window->x = (struct span){window->x.low - 1, window->x.high + 1};
    return any;
}

/* ---- the raster ---- */

struct raster {
    struct area area;
    const struct glyphs *glyphs;
    int wide, high;            /* in dots */
    int dot_columns, dot_rows; /* dots of a cell */
    int look;                  /* of the series that is drawn, from 0 */
    int scatter;
    enum meaning meaning;
};

/* Which dots of a line are drawn, by their column. */
static const unsigned patterns[CURVE_LOOKS] = {
    [LOOK_SOLID - LOOK_SOLID] = 0xffff,        [LOOK_DASHED - LOOK_SOLID] = 0x0f0f,
    [LOOK_DOTTED - LOOK_SOLID] = 0x5555,       [LOOK_DASH_DOT - LOOK_SOLID] = 0x2f2f,
    [LOOK_SHORT_DASHES - LOOK_SOLID] = 0x3333, [LOOK_SPARSE_DOTS - LOOK_SOLID] = 0x1111,
    [LOOK_LONG_DASHES - LOOK_SOLID] = 0x0fff,  [LOOK_DOUBLE_DOTS - LOOK_SOLID] = 0x0505,
};

static int look_of(enum curve_look look, int index) {
    return look == LOOK_BY_INDEX ? index % CURVE_LOOKS : (int)look - LOOK_SOLID;
}

static void raster_dot(const struct raster *raster, int x, int y) {
    static const unsigned char bits[BRAILLE_ROWS][BRAILLE_COLUMNS] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    if (x < 0 || y < 0 || x >= raster->wide || y >= raster->high)
        return;
    int row = y / raster->dot_rows, column = x / raster->dot_columns;
    if (!raster->glyphs->unicode) {
        area_text(raster->area, row, column, raster->meaning, 0,
                  raster->scatter ? SCATTER_ASCII
                                  : raster->glyphs->lines[raster->look % GLYPHS_LINES]);
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

/* A straight line of dots (Bresenham 1965), in the pattern of its look. */
static void raster_line(const struct raster *raster, int x0, int y0, int x1, int y1) {
    int dx = x1 > x0 ? x1 - x0 : x0 - x1, dy = y1 > y0 ? y0 - y1 : y1 - y0;
    int step_x = x0 < x1 ? 1 : -1, step_y = y0 < y1 ? 1 : -1, error = dx + dy;
    unsigned pattern = raster->glyphs->unicode ? patterns[raster->look] : 0xffff;
    for (;;) {
        if (pattern >> (unsigned)(x0 % PATTERN_DOTS) & 1)
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

/* A column of dots that is being gathered. */
struct stroke {
    int open, x, low, high, last;
};

static void stroke_end(const struct raster *raster, struct stroke *stroke) {
    if (stroke->open)
        raster_line(raster, stroke->x, stroke->low, stroke->x, stroke->high);
    stroke->open = 0;
}

static void stroke_add(const struct raster *raster, struct stroke *stroke,
                       const struct window *window, double x_value, double y_value) {
    int x = dot_of(x_value, window->x, raster->wide);
    int y = raster->high - 1 - dot_of(y_value, window->y, raster->high);
    if (stroke->open && x == stroke->x) {
        stroke->low = y < stroke->low ? y : stroke->low;
        stroke->high = y > stroke->high ? y : stroke->high;
        stroke->last = y;
        return;
    }
    int joined = stroke->open, from = stroke->x, last = stroke->last;
    stroke_end(raster, stroke);
    if (joined)
        raster_line(raster, from, last, x, y);
    *stroke = (struct stroke){1, x, y, y, y};
}

/* The height at `x` of the line between two values. */
static double between(const struct window *window, const struct series *series, int before,
                      int after, double x) {
    double y0 = height(window, series, before), y1 = height(window, series, after);
    return y0 + (y1 - y0) * ((x - series->x[before]) / (series->x[after] - series->x[before]));
}

/* Lines go on to the edge of the window when the next value lies behind it. */
static void draw_line(const struct raster *raster, const struct series *series,
                      const struct window *window) {
    struct stroke stroke = {0};
    int before = -1; /* the value that the line comes from */
    for (int i = 0; i < series->count; i++) {
        double x = series->x[i], y = height(window, series, i);
        if (isnan(y)) {
            stroke_end(raster, &stroke);
            before = -1;
            continue;
        }
        if (x >= window->x.low && before >= 0 && series->x[before] < window->x.low)
            stroke_add(raster, &stroke, window, window->x.low,
                       between(window, series, before, i, window->x.low));
        if (x > window->x.high) {
            if (before >= 0)
                stroke_add(raster, &stroke, window, window->x.high,
                           between(window, series, before, i, window->x.high));
            break;
        }
        if (x >= window->x.low)
            stroke_add(raster, &stroke, window, x, y);
        before = i;
    }
    stroke_end(raster, &stroke);
}

static void draw_scatter(const struct raster *raster, const struct series *series,
                         const struct window *window) {
    for (int i = 0; i < series->count; i++) {
        double x = series->x[i], y = height(window, series, i);
        if (!isnan(y) && x >= window->x.low && x <= window->x.high)
            raster_dot(raster, dot_of(x, window->x, raster->wide),
                       raster->high - 1 - dot_of(y, window->y, raster->high));
    }
}

static void draw_point(const struct raster *raster, const struct series *series,
                       const struct window *window, int index, const char *glyph) {
    double x_value = series->x[index], y_value = height(window, series, index);
    if (isnan(y_value) || x_value < window->x.low || x_value > window->x.high)
        return;
    int x = dot_of(x_value, window->x, raster->wide);
    int y = raster->high - 1 - dot_of(y_value, window->y, raster->high);
    area_text(raster->area, y / raster->dot_rows, x / raster->dot_columns, raster->meaning,
              CELL_BOLD, glyph);
}

static void draw_marks(const struct raster *raster, const struct series *series,
                       const struct window *window) {
    for (int i = 0; series->points && i < series->count; i++)
        draw_point(raster, series, window, i, raster->glyphs->point);
    if (series->marked > 0 && series->marked <= series->count)
        draw_point(raster, series, window, series->marked - 1, raster->glyphs->best);
}

/* Behind the curves: what is drawn stays as it is. */
static void draw_cursor(const struct raster *raster, const struct curve *curve,
                        const struct window *window) {
    if (!curve->cursor_on || !(curve->cursor >= window->x.low && curve->cursor <= window->x.high))
        return;
    int column = dot_of(curve->cursor, window->x, raster->wide) / raster->dot_columns;
    for (int row = 0; row < raster->area.rows; row++) {
        const struct cell *cell = area_cell(raster->area, row, column);
        if (cell && strcmp(cell->glyph, " ") == 0)
            area_text(raster->area, row, column, MEANING_KEY, 0, raster->glyphs->vertical);
    }
}

/* All lines, the cursor, then all marks, which no line may hide. */
static void draw_series(struct area area, const struct curve *curve, const struct window *window,
                        const struct glyphs *glyphs) {
    struct raster raster = {.area = area, .glyphs = glyphs};
    raster.dot_columns = glyphs->unicode ? BRAILLE_COLUMNS : 1;
    raster.dot_rows = glyphs->unicode ? BRAILLE_ROWS : 1;
    raster.wide = area.columns * raster.dot_columns;
    raster.high = area.rows * raster.dot_rows;
    area_fill(area, MEANING_TEXT, " ");
    for (int marks = 0; marks <= 1; marks++) {
        for (int i = 0; i < curve->series_count; i++) {
            const struct series *series = &curve->series[i];
            raster.look = look_of(series->look, i);
            raster.meaning = series->meaning;
            raster.scatter = series->scatter;
            if (!marks && series->scatter)
                draw_scatter(&raster, series, window);
            else if (!marks)
                draw_line(&raster, series, window);
            else
                draw_marks(&raster, series, window);
        }
        if (!marks)
            draw_cursor(&raster, curve, window);
    }
}

/* ---- what stands around it ---- */

/* The last value, or the one at the cursor. */
static double shown_value(const struct curve *curve, const struct series *series) {
    if (curve->cursor_on) {
        int index = series->points ? curve_latest(series, curve->cursor)
                                   : curve_nearest(series, curve->cursor);
        return index < 0 ? NAN : series->y[index];
    }
    for (int i = series->count - 1; i >= 0; i--)
        if (isfinite(series->y[i]))
            return series->y[i];
    return NAN;
}

int curve_latest(const struct series *series, double x) {
    int latest = -1;
    for (int i = 0; i < series->count && series->x[i] <= x; i++)
        if (isfinite(series->y[i]))
            latest = i;
    return latest;
}

int curve_nearest(const struct series *series, double x) {
    int best = -1, last = series->count - 1;
    if (last < 0 || !(x >= series->x[0] && x <= series->x[last]))
        return -1;
    for (int i = 0; i <= last; i++)
        if (isfinite(series->y[i]) && isfinite(series->x[i]) &&
            (best < 0 || fabs(series->x[i] - x) < fabs(series->x[best] - x)))
            best = i;
    return best;
}

void curve_sign(char sign[CURVE_SIGN_BYTES], enum curve_look look, int points,
                const struct glyphs *glyphs) {
    int index = look_of(look, 0), used = 0;
    unsigned pattern = patterns[index];
    sign[0] = '\0';
    if (points) {
        strcpy(sign, glyphs->point);
    } else if (!glyphs->unicode) {
        strcpy(sign, glyphs->lines[index % GLYPHS_LINES]);
    } else if (look == LOOK_SOLID || look == LOOK_DASHED) {
        strcpy(sign, look == LOOK_SOLID ? glyphs->rule : glyphs->dashed);
    } else {
        /* The second row of dots, as the line itself is drawn. */
        for (int cell = 0; cell < SIGN_CELLS; cell++) {
            int32_t dots = BRAILLE_FIRST + (pattern >> (2 * cell) & 1 ? 0x02 : 0) +
                           (pattern >> (2 * cell + 1) & 1 ? 0x10 : 0);
            used += (int)unicode_encode(dots, sign + used);
        }
        sign[used] = '\0';
    }
}

/* Title and values in one row, or in all of them when there is no room for more than that. */
static void draw_legend(struct area area, const struct curve *curve, const struct glyphs *glyphs) {
    int row = 0, column = 0;
    if (curve->title && *curve->title)
        column += area_text(area, 0, 0, MEANING_TITLE, 0, curve->title) + LEGEND_GAP;
    for (int i = 0; i < curve->series_count; i++) {
        const struct series *series = &curve->series[i];
        char number[NUMBER_BYTES], sign[CURVE_SIGN_BYTES], text[LEGEND_BYTES];
        double value = shown_value(curve, series);
        if (series->unlisted)
            continue;
        format_value(number, value, glyphs);
        curve_sign(sign, LOOK_SOLID + look_of(series->look, i), series->points, glyphs);
        snprintf(text, sizeof(text), "%s %s %s", sign, series->name ? series->name : "",
                 isnan(value) ? glyphs->minus : number);
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

/* Ticks at powers of ten and, as far as there is room, at 2 and 5 times (then at all of 1 to 9
 * times) them. */
static int make_log_ticks(struct tick ticks[TICKS_MOST], struct span span, int rows) {
    static const int factors[][9] = {{1}, {1, 2, 5}, {1, 2, 3, 4, 5, 6, 7, 8, 9}};
    int most = rows > ROWS_PER_TICK ? (rows - 1) / 2 + 1 : 1, count = 0;
    for (int set = 2; set >= 0; set--) {
        count = 0;
        for (double power = floor(span.low); power <= span.high; power++)
            for (int i = 0; i < 9 && factors[set][i]; i++) {
                double value = power + log10(factors[set][i]);
                if (value < span.low - 1e-9 || value > span.high + 1e-9 || count == TICKS_MOST)
                    continue;
                ticks[count].value = value;
                snprintf(ticks[count++].text, NUMBER_BYTES, "%.4g", pow(10, value));
            }
        if (count <= most)
            break;
    }
    /* More decades than rows: every second, third ... of them. */
    int stride = (count + most - 1) / (most > 0 ? most : 1), kept = 0;
    for (int i = 0; i<count; i += stride> 0 ? stride : 1)
        ticks[kept++] = ticks[i];
    return kept;
}

static int make_axis_ticks(struct tick ticks[TICKS_MOST], const struct window *window, int rows,
                           const struct glyphs *glyphs) {
    return window->log ? make_log_ticks(ticks, window->y, rows)
                       : make_y_ticks(ticks, window->y, rows, glyphs);
}

/* Columns of the y axis: its numbers, a blank, the line. */
static int y_axis_columns(const struct window *window, int rows, const struct glyphs *glyphs) {
    struct tick ticks[TICKS_MOST];
    return widest_tick(ticks, make_axis_ticks(ticks, window, rows, glyphs)) + 2;
}

/* Numbers flush right at the left edge, and the axis. */
static void draw_y_axis(struct area plot, const struct window *window,
                        const struct glyphs *glyphs) {
    struct tick ticks[TICKS_MOST];
    int count = make_axis_ticks(ticks, window, plot.rows, glyphs);
    int width = widest_tick(ticks, count);
    int dots = plot.rows * (glyphs->unicode ? BRAILLE_ROWS : 1); /* rounded as the curves are */
    for (int row = 0; row < plot.rows; row++)
        area_text(plot, row, width + 1, MEANING_FAINT, 0, glyphs->vertical);
    for (int i = 0; i < count; i++)
        area_text_right(plot,
                        (dots - 1 - dot_of(ticks[i].value, window->y, dots)) / (dots / plot.rows),
                        width, MEANING_FAINT, 0, ticks[i].text);
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

/* The window and the part of the area for the curves; 0 when there is nothing to draw or no room.
 */
static int arrange(struct area area, const struct curve *curve, const struct glyphs *glyphs,
                   struct window *window, struct area *plot, int *axis_columns) {
    if (area.rows < LEAST_ROWS || area.columns < LEAST_COLUMNS || !choose_window(curve, window))
        return 0;
    *axis_columns = y_axis_columns(window, area.rows - 2, glyphs);
    *plot = area_part(area, 1, *axis_columns, area.rows - 2, area.columns - *axis_columns);
    return 1;
}

void curve_draw(struct area area, const struct curve *curve, const struct glyphs *glyphs) {
    struct window window;
    struct area plot;
    int axis;
    int small = area.rows < LEAST_ROWS || area.columns < LEAST_COLUMNS;
    draw_legend(small ? area : area_part(area, 0, 0, 1, area.columns), curve, glyphs);
    if (!arrange(area, curve, glyphs, &window, &plot, &axis))
        return;
    draw_y_axis(area_part(area, 1, 0, area.rows - 2, area.columns), &window, glyphs);
    draw_x_axis(area_part(area, area.rows - 1, 0, 1, area.columns), axis, window.x, curve->x_unit,
                glyphs);
    draw_series(plot, curve, &window, glyphs);
}

int curve_at(struct area area, const struct curve *curve, const struct glyphs *glyphs, int row,
             int column, double *x) {
    struct window window;
    struct area plot;
    int axis;
    if (!arrange(area, curve, glyphs, &window, &plot, &axis) || row < 1 || row > plot.rows ||
        column < axis || column >= axis + plot.columns)
        return 0;
    double share = plot.columns > 1 ? (double)(column - axis) / (plot.columns - 1) : 0;
    *x = window.x.low + share * (window.x.high - window.x.low);
    return 1;
}

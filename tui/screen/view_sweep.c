/*
 * view_sweep.c - what a model keeps of itself as more and more pairs are removed: curves that grow
 * while they are measured, a cursor on their points, and their table.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/screen/screen.h"
#include "viz/curve.h"

#define TABLE_BESIDE 118 /* columns from which the table stands at the right */
#define TABLE_COLUMNS 56
#define TABLE_LEAST 4 /* rows: the head and some points */
#define PLOT_COLUMNS 36
#define PLOT_ROWS 7
#define BAND_ROWS 10 /* of a plot, for a band of errors that hides no line */
#define GAP 2
#define LEGEND_GAP 3
#define LEGEND_ROWS_LEAST 7 /* of the view, for a row that explains the lines */
#define LINES_MOST                                                                                 \
    (SWEEP_FAMILIES_MOST + 3) /* the families, the dense model, an error each way                  \
                               */

/* ---- plots ----------------------------------------------------------------------------------- */

struct plot {
    struct series series[LINES_MOST];
    double x[LINES_MOST][SWEEP_TARGETS_MOST], y[LINES_MOST][SWEEP_TARGETS_MOST];
    struct curve curve;
};

/* One standard error above and below the cursor's family. */
static int add_errors(struct plot *plot, const struct sweep_state *state, int lines) {
    int points = 0, high = lines + 1;
    double y[SWEEP_TARGETS_MOST];
    points = sweep_line(state, state->family, SHOWN_ACCURACY, plot->x[lines], y);
    memcpy(plot->x[high], plot->x[lines], sizeof(plot->x[lines]));
    for (int i = 0; i < points; i++) {
        struct sweep_result result = {.labelled = state->dense.labelled};
        result.values[SHOWN_ACCURACY] = y[i];
        double error = sweep_standard_error(&result);
        plot->y[lines][i] = y[i] - error;
        plot->y[high][i] = y[i] + error;
    }
    for (int i = lines; i <= high; i++)
        plot->series[i] = (struct series){.name = "",
                                          .x = plot->x[i],
                                          .y = plot->y[i],
                                          .count = points,
                                          .meaning = MEANING_FAINT,
                                          .look = LOOK_SPARSE_DOTS,
                                          .unlisted = 1};
    return high + 1;
}

/* `errors`: with a band of a standard error each way. */
static void make_plot(struct plot *plot, const struct sweep_state *state, enum sweep_shown shown,
                      int errors) {
    const struct sweep_result *here = sweep_at(state, state->family, state->target);
    int lines = 0;
    for (int family = 0; family < state->family_count; family++, lines++)
        plot->series[lines] = (struct series){
            .name = state->families[family],
            .x = plot->x[lines],
            .y = plot->y[lines],
            .count = sweep_line(state, family, shown, plot->x[lines], plot->y[lines]),
            .meaning = sweep_meaning(family),
            .points = family == state->family,
            .look = (enum curve_look)(LOOK_SOLID + family),
            .unlisted = family != state->family};
    if (state->dense.rows && (shown == SHOWN_ACCURACY || shown == SHOWN_LOSS)) {
        plot->x[lines][0] = 0;
        plot->x[lines][1] = 100;
        plot->y[lines][0] = plot->y[lines][1] = state->dense.values[shown];
        plot->series[lines] = (struct series){.name = "dense",
                                              .x = plot->x[lines],
                                              .y = plot->y[lines],
                                              .count = 2,
                                              .meaning = MEANING_FAINT,
                                              .look = LOOK_DOTTED,
                                              .unlisted = 1};
        lines++;
    }
    if (errors && shown == SHOWN_ACCURACY && state->dense.labelled)
        lines = add_errors(plot, state, lines);
    plot->curve = (struct curve){.title = sweep_shown_name(shown),
                                 .series = plot->series,
                                 .series_count = lines,
                                 .x_minimum = 0,
                                 .x_maximum = 100,
                                 .x_unit = "% removed",
                                 .cursor_on = here && here->rows > 0,
                                 .cursor = here ? 100 * here->realised : 0};
}

/* How the lines of all families look; the cursor's is marked. */
static void draw_legend(const struct screen *screen, struct area area) {
    const struct sweep_state *state = &screen->workbench->sweep;
    char sign[CURVE_SIGN_BYTES];
    int column = 1;
    for (int family = 0; family < state->family_count; family++) {
        int here = family == state->family;
        curve_sign(sign, (enum curve_look)(LOOK_SOLID + family), here, screen->glyphs);
        column += area_text(area, 0, column, sweep_meaning(family), 0, sign) + 1;
        column += draw_cut(area, 0, column, area.columns - column - 1, sweep_meaning(family),
                           here ? CELL_BOLD : 0, state->families[family], screen->glyphs) +
                  LEGEND_GAP;
    }
    curve_sign(sign, LOOK_DOTTED, 0, screen->glyphs);
    if (column + 10 < area.columns)
        area_printf(area, 0, column, MEANING_FAINT, 0, "%s dense", sign);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void value_text(char *text, size_t size, double value, int decimals) {
    if (isnan(value))
        snprintf(text, size, "-");
    else
        snprintf(text, size, "%.*f", decimals, value);
}

/* The point under the cursor in one line. */
static void draw_readout(const struct screen *screen, struct area area) {
    const struct sweep_state *state = &screen->workbench->sweep;
    const struct sweep_result *here = sweep_at(state, state->family, state->target);
    char text[240], accuracy[32], loss[32], error[32];
    if (!here || here->rows == 0) {
        draw_cut(area, 0, 1, area.columns - 2, MEANING_FAINT, 0, "the first rows are on their way",
                 screen->glyphs);
        return;
    }
    int column = 1;
    column += draw_cut(area, 0, column, area.columns / 3, sweep_meaning(state->family), CELL_BOLD,
                       here->pattern, screen->glyphs);
    value_text(accuracy, sizeof(accuracy), here->values[SHOWN_ACCURACY], 4);
    value_text(error, sizeof(error), sweep_standard_error(here), 4);
    value_text(loss, sizeof(loss), here->values[SHOWN_LOSS], 4);
    snprintf(text, sizeof(text),
             "removed %.1f %%  accuracy %s %s %s  loss %s  mass %.3f  agree %.3f  target %g %%",
             100 * here->realised, accuracy, screen->glyphs->unicode ? "\xc2\xb1" : "+-", error,
             loss, here->values[SHOWN_MASS], here->values[SHOWN_AGREEMENT], 100 * here->target);
    draw_cut(area, 0, column + 2, area.columns - column - 3, MEANING_TEXT, 0, text, screen->glyphs);
}

static void draw_table_row(const struct screen *screen, const struct sweep_result *result,
                           int chosen, struct area area) {
    char text[48];
    enum meaning meaning = chosen ? MEANING_SELECTED : MEANING_TEXT;
    unsigned flags = chosen ? CELL_BOLD : 0;
    if (chosen)
        area_fill(area, MEANING_SELECTED, " ");
    snprintf(text, sizeof(text), "%g", 100 * result->target);
    area_text_right(area, 0, 7, chosen ? meaning : MEANING_FAINT, flags, text);
    if (result->rows == 0)
        return;
    value_text(text, sizeof(text), 100 * result->realised, 1);
    area_text_right(area, 0, 15, meaning, flags, text);
    value_text(text, sizeof(text), result->values[SHOWN_ACCURACY], 4);
    area_text_right(area, 0, 25, meaning, flags, text);
    value_text(text, sizeof(text), sweep_standard_error(result), 4);
    area_text_right(area, 0, 32, chosen ? meaning : MEANING_FAINT, flags, text);
    value_text(text, sizeof(text), result->values[SHOWN_LOSS], 4);
    area_text_right(area, 0, 40, meaning, flags, text);
    value_text(text, sizeof(text), result->values[SHOWN_MASS], 3);
    area_text_right(area, 0, 47, meaning, flags, text);
    value_text(text, sizeof(text), result->values[SHOWN_AGREEMENT], 3);
    area_text_right(area, 0, 54, meaning, flags, text);
    draw_cut(area, 0, 56, area.columns - 57, chosen ? meaning : MEANING_FAINT, flags,
             result->pattern, screen->glyphs);
}

/* First row of the table that is shown in so many. */
static int first_row(const struct sweep_state *state, int rows) {
    int first = state->target - rows / 2;
    first = first > state->target_count - rows ? state->target_count - rows : first;
    return first > 0 ? first : 0;
}

/* The points of the cursor's family. */
static void draw_table(const struct screen *screen, struct area area) {
    static const struct {
        const char *name;
        int end;
    } heads[] = {{"target", 7}, {"removed", 15}, {"accuracy", 25}, {"+-", 32},
                 {"loss", 40},  {"mass", 47},    {"agree", 54}};
    const struct sweep_state *state = &screen->workbench->sweep;
    int rows = area.rows - 1, first = first_row(state, rows);
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        area_text_right(area, 0, heads[i].end, MEANING_FAINT, 0,
                        i == 3 && screen->glyphs->unicode ? "\xc2\xb1" : heads[i].name);
    draw_cut(area, 0, 56, area.columns - 57, sweep_meaning(state->family), CELL_BOLD,
             state->families[state->family], screen->glyphs);
    for (int i = 0; i < rows && first + i < state->target_count; i++)
        draw_table_row(screen, sweep_at(state, state->family, first + i),
                       first + i == state->target, area_part(area, 1 + i, 0, 1, area.columns));
}

/* ---- all of it ------------------------------------------------------------------------------- */

struct parts {
    struct area legend, readout, table, plots[SWEEP_SHOWN];
    int plot_count;
    enum sweep_shown shown[SWEEP_SHOWN];
};

/* Plots in as many rows and columns as have room, the chosen one first; without labels only those
 * that need none. */
static void place_plots(struct parts *parts, const struct sweep_state *state, struct area area) {
    int labelled = state->dense.rows == 0 || state->dense.labelled > 0;
    int most = labelled ? SWEEP_SHOWN : SWEEP_SHOWN - SHOWN_MASS;
    int across = area.columns / PLOT_COLUMNS, down = area.rows / PLOT_ROWS;
    across = across < 1 ? 1 : across > 2 ? 2 : across;
    down = down < 1 ? 1 : down > most / across ? most / across : down;
    parts->plot_count = across * down;
    /* Of two, one tells of the answers and one of the attention. */
    int step = labelled && parts->plot_count == 2 ? 2 : 1;
    int first = labelled ? (int)state->shown : (int)state->shown % most;
    int width = (area.columns - (across - 1) * GAP) / across;
    for (int i = 0; i < parts->plot_count; i++) {
        int row = i / across, column = i % across;
        int top = row * area.rows / down, bottom = (row + 1) * area.rows / down;
        int shown = (first + i * step) % most;
        parts->shown[i] = (enum sweep_shown)(labelled ? shown : SHOWN_MASS + shown);
        parts->plots[i] = area_part(area, top, column * (width + GAP), bottom - top, width);
    }
}

static struct parts place(const struct sweep_state *state, struct area area) {
    struct parts parts = {.readout =
                              area_part(area, area.rows - 1, 0, area.rows > 2, area.columns)};
    int legend = state->family_count > 1 && area.rows >= LEGEND_ROWS_LEAST;
    parts.legend = area_part(area, 1, 0, legend, area.columns);
    struct area inside = area_part(area, 1 + legend, 1, area.rows - 1 - legend - parts.readout.rows,
                                   area.columns - 2);
    if (inside.columns >= TABLE_BESIDE) {
        int left = inside.columns - TABLE_COLUMNS - GAP -
                   (inside.columns > TABLE_BESIDE + 40 ? 24 : 0); /* the patterns' column */
        parts.table = area_part(inside, 0, left + GAP, inside.rows, inside.columns - left - GAP);
        place_plots(&parts, state, area_part(inside, 0, 0, inside.rows, left));
        return parts;
    }
    int table = 1 + state->target_count;
    if (table > inside.rows - PLOT_ROWS)
        table = inside.rows - PLOT_ROWS;
    /* More plots rather than more room for the ones that there are. */
    if (table < TABLE_LEAST || inside.columns < TABLE_COLUMNS)
        table = 0;
    parts.table = area_part(inside, inside.rows - table, 0, table, inside.columns);
    place_plots(&parts, state, area_part(inside, 0, 0, inside.rows - table, inside.columns));
    return parts;
}

static int has_band(const struct screen *screen, struct area plot) {
    return screen->glyphs->unicode && plot.rows >= BAND_ROWS;
}

static void draw_title(const struct screen *screen, struct area area) {
    const struct sweep_state *state = &screen->workbench->sweep;
    char text[320], accuracy[32], error[32];
    area_rule(area, 0, screen->glyphs);
    int column = 1 + area_text(area, 0, 1, MEANING_TITLE, CELL_BOLD, " sweep ");
    if (!state->path)
        return;
    value_text(accuracy, sizeof(accuracy), state->dense.values[SHOWN_ACCURACY], 4);
    value_text(error, sizeof(error), sweep_standard_error(&state->dense), 4);
    if (state->dense.rows == 0)
        snprintf(text, sizeof(text), " %s ", state->path);
    else if (state->dense.labelled == 0)
        snprintf(text, sizeof(text), " %d rows%s, none with a label: agreement only  %s ",
                 state->dense.rows,
                 state->running   ? " so far"
                 : state->stopped ? ", stopped"
                                  : "",
                 state->path);
    else
        snprintf(text, sizeof(text), " %d rows%s  dense accuracy %s %s %s  %s ", state->dense.rows,
                 state->running   ? " so far"
                 : state->stopped ? ", stopped"
                                  : "",
                 accuracy, screen->glyphs->unicode ? "\xc2\xb1" : "+-", error, state->path);
    draw_cut(area, 0, column + 1, area.columns - column - 2,
             state->running ? MEANING_NOTE : MEANING_FAINT, 0, text, screen->glyphs);
}

static void draw_invitation(const struct screen *screen, struct area area) {
    static const char *const lines[] = {
        "No sweep yet. It measures the model of A on a sample of a data set as",
        "more and more pairs are removed, and draws the curves meanwhile:",
        "",
        ":sweep FILE                           topk from 0 to 95 %",
        ":sweep FILE --family topk,random      several families, overlaid",
        ":sweep FILE --points 50,90 --rows 500"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        draw_cut(area, 2 + (int)i, 3, area.columns - 4, MEANING_FAINT, 0, lines[i], screen->glyphs);
}

static void draw(struct screen *screen, struct area area) {
    const struct sweep_state *state = &screen->workbench->sweep;
    struct plot plot;
    draw_title(screen, area);
    if (!state->path) {
        draw_invitation(screen, area);
        return;
    }
    struct parts parts = place(state, area);
    for (int i = 0; i < parts.plot_count; i++) {
        make_plot(&plot, state, parts.shown[i], has_band(screen, parts.plots[i]));
        curve_draw(parts.plots[i], &plot.curve, screen->glyphs);
    }
    if (parts.legend.rows > 0)
        draw_legend(screen, parts.legend);
    if (parts.table.rows > 0)
        draw_table(screen, parts.table);
    if (parts.readout.rows > 0)
        draw_readout(screen, parts.readout);
}

/* The target of the cursor's family that is nearest to so many % removed, -1: none is known. */
static int nearest_target(const struct sweep_state *state, double removed) {
    int best = -1;
    double nearest = INFINITY;
    for (int t = 0; t < state->target_count; t++) {
        const struct sweep_result *result = sweep_at(state, state->family, t);
        double away = fabs(100 * result->realised - removed);
        if (result->rows && away < nearest) {
            nearest = away;
            best = t;
        }
    }
    return best;
}

/* A click takes the cursor to a point of a plot or of the table; a second one applies it. */
static int click(struct screen *screen, struct area area, int row, int column,
                 enum mouse_event event) {
    const struct sweep_state *state = &screen->workbench->sweep;
    struct plot plot;
    double removed;
    int target = -1;
    char line[48];
    if (!state->path || (event != MOUSE_PRESS && event != MOUSE_DRAG && event != MOUSE_DOUBLE))
        return 0;
    struct parts parts = place(state, area);
    int y = area.row + row, x = area.column + column;
    for (int i = 0; i < parts.plot_count; i++) {
        make_plot(&plot, state, parts.shown[i], has_band(screen, parts.plots[i]));
        if (curve_at(parts.plots[i], &plot.curve, screen->glyphs, y - parts.plots[i].row,
                     x - parts.plots[i].column, &removed))
            target = nearest_target(state, removed);
    }
    int line_row = y - parts.table.row - 1;
    if (line_row >= 0 && line_row < parts.table.rows - 1 && x >= parts.table.column)
        target = first_row(state, parts.table.rows - 1) + line_row;
    if (target < 0 || target >= state->target_count)
        return 0;
    snprintf(line, sizeof(line), "sweep point %d", target + 1);
    screen_command(screen, line);
    if (event == MOUSE_DOUBLE)
        screen_command(screen, "sweep apply");
    return 1;
}

static const struct key_binding keys[] = {
    {FOCUS_MAP, KEYS_LEFT, 0, "sweep left", "cursor: the target before", "Left Right", "point", 1},
    {FOCUS_MAP, KEYS_RIGHT, 0, "sweep right", "cursor: the next target", NULL, NULL, 0},
    {FOCUS_MAP, 'h', 0, "sweep left", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'l', 0, "sweep right", NULL, NULL, NULL, 0},
    {FOCUS_MAP, KEYS_UP, 0, "sweep up", "cursor: the family before", "Up Down", "family", 0},
    {FOCUS_MAP, KEYS_DOWN, 0, "sweep down", "cursor: the next family", NULL, NULL, 0},
    {FOCUS_MAP, 'k', 0, "sweep up", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'j', 0, "sweep down", NULL, NULL, NULL, 0},
    {FOCUS_MAP, KEYS_HOME, 0, "sweep first", "cursor: the first target", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_END, 0, "sweep last", "cursor: the last target", NULL, NULL, 0},
    {FOCUS_MAP, 'm', 0, "sweep show next", "the next quantity first", "m", "quantity", 0},
    {FOCUS_MAP, 'b', 0, "sweep apply", "arm B takes the pattern under the cursor", "b", "to B", 1},
    {FOCUS_MAP, 'n', 0, "prompt sweep ", "measure anew", "n", "new", 1},
    {0},
};

const struct view_ops view_sweep = {.keys = keys, .draw = draw, .click = click};

/*
 * view_timing.c - what sparsity saves: A and B as they are measured, and the curves of the last
 * `bench kernel|model|train --sweep`.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/screen/screen.h"
#include "viz/curve.h"

#define LIVE_ROWS 4 /* a head, two parts, the ceiling */
#define NAME_COLUMNS 20
#define WIDE 100        /* columns from which a kernel's name has room to spare */
#define TIME_COLUMNS 24 /* of an arm, with its kernel */
#define TIME_COLUMNS_LEAST 17
#define NUMBER_COLUMNS 8
#define PLOT_COLUMNS 38
#define PLOT_ROWS 6
#define GAP 2
#define LEGEND_GAP 3
#define PLOTS 4
#define LINES_MOST (SWEEP_FAMILIES_MOST + TIMING_LINES)

static const enum meaning accents[ARMS] = {MEANING_ACCENT_A, MEANING_ACCENT_B};
static const char *const arm_names[ARMS] = {"A", "B"};

/* What the cursor's family is compared with. */
static const struct {
    enum timing_line line;
    const char *name;
    enum meaning meaning;
    enum curve_look look;
} references[] = {{TIMING_LINE_DENSE, "dense", MEANING_TEXT, LOOK_SOLID},
                  {TIMING_LINE_IDEAL, "ideal", MEANING_FAINT, LOOK_DOTTED},
                  {TIMING_LINE_CEILING, "Amdahl", MEANING_NOTE, LOOK_SPARSE_DOTS}};
#define REFERENCES ((int)(sizeof(references) / sizeof(references[0])))

/* ---- A and B --------------------------------------------------------------------------------- */

static const char *times_sign(const struct screen *screen) {
    return screen->glyphs->unicode ? "\xc3\x97" : "x";
}

static const char *dash(const struct screen *screen) {
    return screen->glyphs->unicode ? "\xe2\x80\x93" : "-";
}

static int is_current(const struct workbench *workbench) {
    return workbench->timing.live_answer == workbench->prediction_job;
}

static int has_live(const struct timing_state *state) {
    return state->live[TIME_KERNEL].rounds > 0 || state->live[TIME_MODEL].rounds > 0;
}

static int time_columns(struct area area) {
    return area.columns >= WIDE ? TIME_COLUMNS : TIME_COLUMNS_LEAST;
}

static void draw_part(const struct screen *screen, enum timing_what part, struct area area) {
    static const char *const names[TIMING_LIVE_PARTS] = {"attention of a layer", "whole model"};
    const struct timing_live *live = &screen->workbench->timing.live[part];
    enum meaning meaning = is_current(screen->workbench) ? MEANING_TEXT : MEANING_FAINT;
    char text[96];
    int column = 1 + NAME_COLUMNS, width = time_columns(area);
    draw_cut(area, 0, 1, area.columns - 2, MEANING_FAINT, 0, names[part], screen->glyphs);
    if (live->rounds == 0)
        return;
    for (int arm = 0; arm < ARMS; arm++, column += width) {
        snprintf(text, sizeof(text), "%.3f", live->ms[arm]);
        area_text_right(area, 0, column + NUMBER_COLUMNS, meaning, 0, text);
        draw_cut(area, 0, column + NUMBER_COLUMNS + 1, width - NUMBER_COLUMNS - 2, accents[arm], 0,
                 live->kernels[arm], screen->glyphs);
    }
    snprintf(text, sizeof(text), "%.2f %s", live->ratio, times_sign(screen));
    area_text_right(area, 0, column + 8, meaning, CELL_BOLD, text);
    snprintf(text, sizeof(text), "%.2f%s%.2f  %d runs", live->ratio_p10, dash(screen),
             live->ratio_p90, live->rounds);
    draw_cut(area, 0, column + 10, area.columns - column - 11, MEANING_FAINT, 0, text,
             screen->glyphs);
}

/* How much of the model's time B's pattern could save at most. */
static void draw_ceiling(const struct screen *screen, struct area area) {
    const struct workbench *workbench = screen->workbench;
    const struct timing_live *live = &workbench->timing.live[TIME_MODEL];
    const struct capture *b = workbench->arms[ARM_B].capture;
    char text[200];
    if (live->rounds == 0 || !b || isnan(live->share))
        return;
    snprintf(text, sizeof(text),
             "n %d  attention takes %.1f %% of A's time: without the %.1f %% that B removes, %.2f "
             "%s at best",
             live->tokens, 100 * live->share, 100 * b->realised,
             timing_ceiling(live->share, b->realised), times_sign(screen));
    draw_cut(area, 0, 1, area.columns - 2, MEANING_FAINT, 0, text, screen->glyphs);
}

static const char *live_state(const struct workbench *workbench) {
    const struct timing_state *state = &workbench->timing;
    return state->live_job                             ? "measuring"
           : workbench->long_job                       ? "waits: long work is under way"
           : has_live(state) && !is_current(workbench) ? "of an earlier answer"
           : has_live(state)                           ? "medians, in turns"
                                                       : "measured when you pause";
}

static void draw_live(const struct screen *screen, struct area area) {
    int column = 1 + NAME_COLUMNS, width = time_columns(area);
    if (area.rows < 1)
        return;
    draw_cut(area, 0, 1, NAME_COLUMNS - 1, MEANING_FAINT, 0, "milliseconds", screen->glyphs);
    for (int arm = 0; arm < ARMS; arm++, column += width) {
        area_text_right(area, 0, column + NUMBER_COLUMNS, accents[arm], CELL_BOLD, arm_names[arm]);
        draw_cut(area, 0, column + NUMBER_COLUMNS + 1, width - NUMBER_COLUMNS - 2, MEANING_FAINT, 0,
                 "kernel", screen->glyphs);
    }
    area_text_right(area, 0, column + 8, MEANING_FAINT, 0, "A / B");
    draw_cut(area, 0, column + 10, area.columns - column - 11, MEANING_FAINT, 0,
             live_state(screen->workbench), screen->glyphs);
    for (int part = 0; part < TIMING_LIVE_PARTS; part++)
        draw_part(screen, (enum timing_what)part, area_part(area, 1 + part, 0, 1, area.columns));
    draw_ceiling(screen, area_part(area, 3, 0, 1, area.columns));
}

/* ---- plots ----------------------------------------------------------------------------------- */

struct plot {
    struct series series[LINES_MOST];
    double x[LINES_MOST][TIMING_POINTS_MOST], y[LINES_MOST][TIMING_POINTS_MOST];
    int lines;
    char title[64];
    struct curve curve;
};

static void add_line(struct plot *plot, const struct timing_state *state, int family,
                     enum timing_axis axis, enum timing_shown shown, enum timing_line line) {
    struct series *series = &plot->series[plot->lines];
    double *x = plot->x[plot->lines], *y = plot->y[plot->lines];
    *series = (struct series){.name = state->families[family],
                              .x = x,
                              .y = y,
                              .count = timing_curve(state, family, axis, shown, line, x, y),
                              .meaning = sweep_meaning(family),
                              .points = family == state->family,
                              .look = (enum curve_look)(LOOK_SOLID + family),
                              .unlisted = family != state->family};
    for (int i = 0; line != TIMING_LINE_SPARSE && i < REFERENCES; i++)
        if (references[i].line == line) {
            series->name = references[i].name;
            series->meaning = references[i].meaning;
            series->look = references[i].look;
            series->points = 0;
            series->unlisted = 1;
        }
    plot->lines++;
}

static void make_plot(struct plot *plot, const struct timing_state *state, enum timing_axis axis,
                      enum timing_shown shown) {
    const struct timing_options *options = &state->options;
    const struct timing_point *here = timing_at(state, state->length, state->family, state->target);
    int by_length = axis == TIMING_BY_LENGTH;
    plot->lines = 0;
    for (int family = 0; family < options->family_count; family++)
        add_line(plot, state, family, axis, shown, TIMING_LINE_SPARSE);
    for (int i = 0; i < REFERENCES; i++)
        if (timing_compares(options->what, shown, references[i].line))
            add_line(plot, state, state->family, axis, shown, references[i].line);
    const char *what = shown == TIMING_SHOWS_TIME ? "ms" : "gain";
    if (by_length)
        snprintf(plot->title, sizeof(plot->title), "%s at %g %%", what,
                 100 * options->targets[state->target]);
    else
        snprintf(plot->title, sizeof(plot->title), "%s at n %d", what,
                 options->lengths[state->length]);
    plot->curve = (struct curve){.title = plot->title,
                                 .series = plot->series,
                                 .series_count = plot->lines,
                                 .x_unit = by_length ? "tokens" : "% removed",
                                 .y_log = shown == TIMING_SHOWS_TIME,
                                 .cursor_on = here && here->rounds > 0,
                                 .cursor = !here       ? 0
                                           : by_length ? options->lengths[state->length]
                                                       : 100 * here->realised};
}

/* Axes along which there is something, and what each plot shows. */
static int choose_plots(const struct timing_state *state, enum timing_axis axes[PLOTS],
                        enum timing_shown shown[PLOTS]) {
    int counts[] = {state->options.length_count, state->options.target_count}, plots = 0;
    for (int axis = 1; axis >= 0; axis--)
        for (int what = 1; what >= 0; what--) {
            if (counts[axis] < 2)
                continue;
            axes[plots] = (enum timing_axis)axis;
            shown[plots++] = (enum timing_shown)what;
        }
    return plots;
}

static void draw_plots(const struct screen *screen, struct area area) {
    const struct timing_state *state = &screen->workbench->timing;
    enum timing_axis axes[PLOTS];
    enum timing_shown shown[PLOTS];
    struct plot plot;
    int most = choose_plots(state, axes, shown);
    int across = area.columns / PLOT_COLUMNS, down = area.rows / PLOT_ROWS;
    across = across < 1 ? 1 : across > 2 ? 2 : across;
    across = across > most ? most : across;
    down = down < 1 ? 1 : across && down > most / across ? most / across : down;
    if (most == 0 || area.rows < 1)
        return;
    int width = (area.columns - (across - 1) * GAP) / across;
    for (int i = 0; i < across * down; i++) {
        int row = i / across, column = i % across;
        int top = row * area.rows / down, bottom = (row + 1) * area.rows / down;
        make_plot(&plot, state, axes[i], shown[i]);
        curve_draw(area_part(area, top, column * (width + GAP), bottom - top, width), &plot.curve,
                   screen->glyphs);
    }
}

static int draw_sign(const struct screen *screen, struct area area, int column, const char *name,
                     enum curve_look look, int chosen, enum meaning meaning) {
    char sign[CURVE_SIGN_BYTES];
    curve_sign(sign, look, chosen, screen->glyphs);
    if (column + text_columns(sign) + 4 > area.columns)
        return column;
    column += area_text(area, 0, column, meaning, 0, sign) + 1;
    return column + LEGEND_GAP +
           draw_cut(area, 0, column, area.columns - column - 1, meaning, chosen ? CELL_BOLD : 0,
                    name, screen->glyphs);
}

static void draw_legend(const struct screen *screen, struct area area) {
    const struct timing_state *state = &screen->workbench->timing;
    int column = 1;
    for (int family = 0; family < state->options.family_count; family++)
        column = draw_sign(screen, area, column, state->families[family],
                           (enum curve_look)(LOOK_SOLID + family), family == state->family,
                           sweep_meaning(family));
    for (int i = 0; i < REFERENCES; i++)
        if (timing_compares(state->options.what, TIMING_SHOWS_TIME, references[i].line))
            column = draw_sign(screen, area, column, references[i].name, references[i].look, 0,
                               references[i].meaning);
}

/* The point under the cursor in one line. */
static void draw_readout(const struct screen *screen, struct area area) {
    const struct timing_state *state = &screen->workbench->timing;
    const struct timing_point *here = timing_at(state, state->length, state->family, state->target);
    char text[240], ceiling[48] = "";
    if (!here || here->rounds == 0) {
        draw_cut(area, 0, 1, area.columns - 2, MEANING_FAINT, 0, "this point is not measured yet",
                 screen->glyphs);
        return;
    }
    int column = 1 + draw_cut(area, 0, 1, area.columns / 4, sweep_meaning(state->family), CELL_BOLD,
                              here->pattern, screen->glyphs);
    if (state->options.what != TIME_KERNEL)
        snprintf(ceiling, sizeof(ceiling), "  ceiling %.2f",
                 timing_value(here, TIMING_SHOWS_GAIN, TIMING_LINE_CEILING));
    snprintf(text, sizeof(text),
             "n %d  %s  %.3f ms, dense %.3f, ideal %.3f  gain %.2f (%.2f%s%.2f)%s  removed %.1f %%",
             state->options.lengths[state->length], here->kernel, here->sparse, here->dense,
             timing_value(here, TIMING_SHOWS_TIME, TIMING_LINE_IDEAL), here->ratio, here->ratio_p10,
             dash(screen), here->ratio_p90, ceiling, 100 * here->realised);
    draw_cut(area, 0, column + 2, area.columns - column - 3, MEANING_TEXT, 0, text, screen->glyphs);
}

static void draw_invitation(const struct screen *screen, struct area area) {
    static const char *const lines[] = {
        "No curves yet. A sweep times dense and sparse in turns:", "",
        ":bench kernel --sweep n,s          the attention of a layer",
        ":bench model --sweep s             a forward pass",
        ":bench train --sweep n --family local,topk"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        draw_cut(area, (int)i, 3, area.columns - 4, MEANING_FAINT, 0, lines[i], screen->glyphs);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void draw_title(const struct screen *screen, struct area area) {
    const struct timing_state *state = &screen->workbench->timing;
    char text[320];
    area_rule(area, 0, screen->glyphs);
    int column = 1 + area_text(area, 0, 1, MEANING_TITLE, CELL_BOLD, " timing ");
    if (!state->model)
        return;
    snprintf(text, sizeof(text), " %s, dense against sparse%s  %s ",
             timing_words[state->options.what],
             state->running   ? ", under way"
             : state->stopped ? ", stopped"
                              : "",
             state->model);
    draw_cut(area, 0, column + 1, area.columns - column - 2,
             state->running ? MEANING_NOTE : MEANING_FAINT, 0, text, screen->glyphs);
}

static void draw(struct screen *screen, struct area area) {
    const struct timing_state *state = &screen->workbench->timing;
    draw_title(screen, area);
    int live = area.rows - 1 < LIVE_ROWS ? area.rows - 1 : LIVE_ROWS;
    draw_live(screen, area_part(area, 1, 0, live, area.columns));
    int top = 1 + live + (area.rows > 12), left = area.rows - top;
    if (!state->model) {
        draw_invitation(screen, area_part(area, top, 0, left, area.columns));
        return;
    }
    if (left < 1)
        return;
    draw_readout(screen, area_part(area, area.rows - 1, 0, 1, area.columns));
    int legend = left > PLOT_ROWS;
    if (legend)
        draw_legend(screen, area_part(area, top, 0, 1, area.columns));
    draw_plots(screen, area_part(area, top + legend, 1, left - legend - 1, area.columns - 2));
}

static const struct key_binding keys[] = {
    {FOCUS_MAP, KEYS_LEFT, 0, "timing left", "cursor: the sparsity before", "Left Right", "point",
     1},
    {FOCUS_MAP, KEYS_RIGHT, 0, "timing right", "cursor: the next sparsity", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_UP, 0, "timing up", "cursor: the family before", "Up Down", "family", 0},
    {FOCUS_MAP, KEYS_DOWN, 0, "timing down", "cursor: the next family", NULL, NULL, 0},
    {FOCUS_MAP, '<', 0, "timing shorter", "cursor: the length before", "< >", "length", 0},
    {FOCUS_MAP, '>', 0, "timing longer", "cursor: the next length", NULL, NULL, 0},
    {FOCUS_MAP, 'r', 0, "timing measure", "measure A and B again", "r", "again", 1},
    {FOCUS_MAP, 'b', 0, "timing apply", "arm B takes the pattern under the cursor", "b", "to B", 1},
    {FOCUS_MAP, 'n', 0, "prompt bench kernel --sweep n,s", "measure curves", "n", "new", 1},
    {0},
};

const struct view_ops view_timing = {.keys = keys, .draw = draw};

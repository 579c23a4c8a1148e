/*
 * view_training.c - the curves of the runs, a cursor that reads all of them out, and steering.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/app/format.h"
#include "tui/screen/screen.h"
#include "viz/curve.h"
#include "viz/table.h"

#define PANEL_COLUMNS 36 /* of a panel, at least, where several stand side by side */
#define PANEL_ROWS 6     /* at least, where they stand one below the other */
#define MAIN_COLUMNS 100 /* from which accuracy stands beside the loss */
#define ACROSS_MOST 3
#define GAP 3
#define TABLE_LEAST 14 /* rows of the view from which several runs get a table */
#define TEXT_BYTES 200
#define SIGN_COLUMNS 4 /* of the longest sign of a line */

/* ---- what is read out ------------------------------------------------------------------------ */

/* The run's last step and evaluation, or those at the cursor; -1: none. */
static void places_of(const struct workbench *workbench, const struct run_history *run, int *step,
                      int *evaluation) {
    double x;
    enum run_axis axis = workbench->runs.axis;
    *step = run->steps - 1;
    *evaluation = run->evaluations - 1;
    if (!runs_cursor(workbench, &x))
        return;
    struct series steps = {.x = history_x(run, axis), .y = run->step, .count = run->steps};
    struct series evaluations = {
        .x = history_evaluation_x(run, axis), .y = run->evaluation_step, .count = run->evaluations};
    *step = curve_nearest(&steps, x);
    *evaluation = *step < 0 && x > 0 ? -1 : curve_latest(&evaluations, x);
}

static void format_rate(char text[FORMAT_BYTES], double rate) {
    snprintf(text, FORMAT_BYTES, "%.1e", rate);
}

/* "step 420 of 2,105  epoch 0.20 ..." of the leading run. */
static void read_out(const struct workbench *workbench, const struct run_history *run, char *text,
                     size_t size) {
    char count[FORMAT_BYTES], total[FORMAT_BYTES], rate[FORMAT_BYTES], speed[FORMAT_BYTES];
    int step, evaluation, used;
    places_of(workbench, run, &step, &evaluation);
    if (step < 0) {
        snprintf(text, size, "%s", run->steps > 0 ? "step 0, before the first" : "starting");
        return;
    }
    used = snprintf(text, size, "step %s", format_count(count, (int64_t)run->step[step]));
    if (run->total_steps > 0 && used < (int)size)
        used += snprintf(text + used, size - (size_t)used, " of %s",
                         format_count(total, run->total_steps));
    format_rate(rate, run->learning_rate[step]);
    format_count(speed, isfinite(run->speed[step]) ? (int64_t)(run->speed[step] + 0.5) : 0);
    if (used < (int)size)
        used += snprintf(text + used, size - (size_t)used,
                         "  epoch %.2f  rate %s  gradient %.2f  %s tok/s", run->epoch[step], rate,
                         run->gradient_norm[step], speed);
    if (used < (int)size && isfinite(run->realised[step]))
        snprintf(text + used, size - (size_t)used, "  %.1f %% removed", 100 * run->realised[step]);
}

static void draw_title(struct screen *screen, struct area area) {
    const struct workbench *workbench = screen->workbench;
    const struct run_history *run = runs_get(workbench, 0);
    const char *state = run->paused ? "paused" : run->running ? screen->glyphs->running : "";
    const char *whose = run->attached && run->running ? " attached" : "";
    char text[TEXT_BYTES + 80], reading[TEXT_BYTES], stored[64] = "";
    const struct run_history *lead = runs_lead(workbench);
    int column = 1;
    area_rule(area, 0, screen->glyphs);
    column += area_printf(area, 0, column, MEANING_TITLE, CELL_BOLD, " %s%s%s%s ",
                          run_title(lead ? lead : run), *state ? " " : "", state, whose);
    read_out(workbench, lead ? lead : run, reading, sizeof(reading));
    if (pinned_step(workbench) >= 0)
        snprintf(stored, sizeof(stored), "at step %lld, stored  ",
                 (long long)pinned_step(workbench));
    snprintf(text, sizeof(text), " %s%s ", stored, reading);
    draw_cut(area, 0, column, area.columns - column - 1,
             *stored || workbench->runs.cursor_on ? MEANING_NOTE : MEANING_FAINT, 0, text,
             screen->glyphs);
}

/* ---- panels ---------------------------------------------------------------------------------- */

/* Where panels stand in an area: so many across, as many as have room. */
struct division {
    int across, down, count;
};

static int least(int a, int b) {
    return a < b ? a : b;
}

static struct division divide(struct area area, int wanted) {
    int most = wanted == 2 ? (area.columns >= MAIN_COLUMNS ? 2 : 1)
                           : least((area.columns + GAP) / (PANEL_COLUMNS + GAP), ACROSS_MOST);
    int rows = area.rows / PANEL_ROWS;
    struct division division = {.across = least(most > 0 ? most : 1, wanted)};
    division.down = least((wanted + division.across - 1) / division.across, rows > 0 ? rows : 1);
    division.count = least(wanted, division.across * division.down);
    /* Where not all have room, the last row is filled; where they have, rows are even. */
    if (division.count == wanted)
        division.across = (wanted + division.down - 1) / division.down;
    return division;
}

static struct area panel_place(struct area area, const struct division *division, int index) {
    int row = index / division->across, column = index % division->across;
    int width = (area.columns - GAP * (division->across - 1)) / division->across;
    int top = area.rows * row / division->down, bottom = area.rows * (row + 1) / division->down;
    return area_part(area, top, column * (width + GAP), bottom - top, width);
}

/* The curve of a panel; `series` and `title` are its room. */
static struct curve make_curve(const struct workbench *workbench, struct runs_panel *panel,
                               int listed, char title[TEXT_BYTES]) {
    const struct runs *runs = &workbench->runs;
    struct curve curve = {.title = title,
                          .series = panel->series,
                          .series_count = panel->count,
                          .x_unit = runs->axis == AXIS_TIME ? "seconds" : run_axis_name(runs->axis),
                          .y_log = runs->log_scale};
    snprintf(title, TEXT_BYTES, "%s%s", panel->title, runs->log_scale ? " log" : "");
    for (int i = 0; i < panel->count && !listed; i++)
        panel->series[i].unlisted = 1;
    runs_range(workbench, &curve.x_minimum, &curve.x_maximum);
    curve.cursor_on = runs_cursor(workbench, &curve.cursor);
    return curve;
}

static void draw_panel(struct screen *screen, struct area area, enum curve_choice which,
                       int listed) {
    struct runs_panel panel;
    char title[TEXT_BYTES];
    runs_panel(screen->workbench, which, &panel);
    if (panel.count == 0) {
        area_text(area, 0, 0, MEANING_TITLE, 0, panel.title);
        area_text(area, 1, 0, MEANING_FAINT, 0,
                  which == CURVE_ACCURACY ? "comes with the first evaluation"
                                          : "comes with the first step");
        return;
    }
    struct curve curve = make_curve(screen->workbench, &panel, listed, title);
    curve_draw(area, &curve, screen->glyphs);
}

static void draw_panels(struct screen *screen, struct area area, int listed) {
    enum curve_choice panels[RUN_PANELS];
    struct division division = divide(area, runs_panels(screen->workbench, panels));
    for (int i = 0; i < division.count; i++)
        draw_panel(screen, panel_place(area, &division, i), panels[i], listed);
}

/* ---- the table of several runs --------------------------------------------------------------- */

enum run_column {
    COLUMN_NAME,
    COLUMN_STEP,
    COLUMN_LOSS,
    COLUMN_VALIDATION,
    COLUMN_ACCURACY,
    COLUMN_BEST,
    COLUMN_RATE,
    COLUMN_NORM,
    COLUMN_SPEED,
    COLUMN_SPARSITY,
    RUN_COLUMNS
};

static void number_cell(struct table_cell *cell, double value, int decimals) {
    if (isfinite(value))
        snprintf(cell->room, sizeof(cell->room), "%.*f", decimals, value);
    cell->text = cell->room;
}

static double at(const double *values, int index, double scale) {
    return index < 0 ? NAN : scale * values[index];
}

static void fill_cell(void *user, int row, int column, struct table_cell *cell) {
    const struct screen *screen = user;
    const struct run_history *run = runs_get(screen->workbench, row);
    int step, evaluation, best = history_best(run);
    char sign[CURVE_SIGN_BYTES];
    places_of(screen->workbench, run, &step, &evaluation);
    cell->room[0] = '\0';
    cell->meaning = column == COLUMN_NAME ? run_meaning(run) : MEANING_TEXT;
    switch (column) {
    case COLUMN_NAME:
        curve_sign(sign, run_look(run), 0, screen->glyphs);
        snprintf(cell->room, sizeof(cell->room), "%s%*s %.40s", sign,
                 (screen->glyphs->unicode ? SIGN_COLUMNS : 1) - text_columns(sign), "",
                 run_title(run));
        cell->text = cell->room;
        break;
    case COLUMN_STEP:
        number_cell(cell, at(run->step, step, 1), 0);
        break;
    case COLUMN_LOSS:
        number_cell(cell, at(run->smoothing > 0 ? run->smooth_loss.values : run->loss, step, 1), 4);
        break;
    case COLUMN_VALIDATION:
        number_cell(cell, at(run->evaluation_loss, evaluation, 1), 4);
        break;
    case COLUMN_ACCURACY:
        number_cell(cell, at(run->evaluation_accuracy, evaluation, 1), 4);
        break;
    case COLUMN_BEST:
        number_cell(cell, at(run->evaluation_accuracy, best, 1), 4);
        break;
    case COLUMN_RATE:
        if (step >= 0)
            format_rate(cell->room, run->learning_rate[step]);
        cell->text = cell->room;
        break;
    case COLUMN_NORM:
        number_cell(cell, at(run->gradient_norm, step, 1), 2);
        break;
    case COLUMN_SPEED:
        number_cell(cell, at(run->speed, step, 1), 0);
        break;
    case COLUMN_SPARSITY:
        number_cell(cell, at(run->realised, step, 100), 1);
        break;
    default:
        break;
    }
}

static void draw_table(struct screen *screen, struct area area) {
    static const struct table_column columns[RUN_COLUMNS] = {
        [COLUMN_NAME] = {.title = "run", .width = 16, .elastic = 1},
        [COLUMN_STEP] = {.title = "step", .number = 1, .width = 7},
        [COLUMN_LOSS] = {.title = "loss", .number = 1, .width = 7},
        [COLUMN_VALIDATION] = {.title = "val loss", .number = 1, .width = 8},
        [COLUMN_ACCURACY] = {.title = "accuracy", .number = 1, .width = 8},
        [COLUMN_BEST] = {.title = "best", .number = 1, .width = 7, .rank = 1},
        [COLUMN_RATE] = {.title = "rate", .number = 1, .width = 8, .rank = 2},
        [COLUMN_NORM] = {.title = "gradient", .number = 1, .width = 8, .rank = 3},
        [COLUMN_SPEED] = {.title = "tok/s", .number = 1, .width = 8, .rank = 4},
        [COLUMN_SPARSITY] = {.title = "removed %", .number = 1, .width = 9, .rank = 5}};
    struct table_view view = {.columns = columns,
                              .column_count = RUN_COLUMNS,
                              .rows = runs_count(screen->workbench),
                              .selected = -1,
                              .cell = fill_cell,
                              .user = screen};
    table_draw(area, &view, screen->glyphs);
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* The part of the view for panels, and for the table below it (0 rows: none). */
static struct area panels_area(const struct workbench *workbench, struct area area, int *table) {
    int runs = runs_count(workbench), rows = area.rows - 1;
    *table = runs > 1 && area.rows >= TABLE_LEAST ? least(1 + runs, rows / 2) : 0;
    int blank = *table && area.rows >= TABLE_LEAST + 6;
    return area_part(area, 1, 1, rows - *table - blank, area.columns - 2);
}

void curves_draw(struct screen *screen, struct area area) {
    draw_title(screen, area);
    draw_panels(screen, area_part(area, 1, 1, area.rows - 1, area.columns - 2), 1);
}

static void draw_invitation(struct screen *screen, struct area area) {
    static const char *const lines[] = {
        "No run yet. Training shows its curves here while the sentence stays yours:",
        "",
        ":train DIR --out DIR   fine-tune the model of A under the pattern of A",
        "t                      writes the command's beginning",
        ":runs add DIR          shows the curves of a run that was made before",
        "p                      pins the sentence: a run stores how it is read, step by step"};
    area_rule(area, 0, screen->glyphs);
    area_text(area, 0, 1, MEANING_TITLE, CELL_BOLD, " training ");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        draw_cut(area, 2 + (int)i, 3, area.columns - 4, MEANING_FAINT, 0, lines[i], screen->glyphs);
}

static void draw(struct screen *screen, struct area area) {
    int table;
    struct area panels = panels_area(screen->workbench, area, &table);
    if (runs_count(screen->workbench) == 0) {
        draw_invitation(screen, area);
        return;
    }
    draw_title(screen, area);
    draw_panels(screen, panels, !table);
    if (table)
        draw_table(screen, area_part(area, area.rows - table, 1, table, area.columns - 2));
}

/* A press or a drag in a panel puts the cursor there, the wheel zooms. */
static int click(struct screen *screen, struct area area, int row, int column,
                 enum mouse_event event) {
    const struct workbench *workbench = screen->workbench;
    enum curve_choice panels[RUN_PANELS];
    char line[64];
    int table;
    if (event == MOUSE_WHEEL_UP || event == MOUSE_WHEEL_DOWN) {
        screen_command(screen, event == MOUSE_WHEEL_UP ? "zoom-x in" : "zoom-x out");
        return 1;
    }
    if (event == MOUSE_RELEASE || !runs_lead(workbench))
        return 0;
    struct area inside = panels_area(workbench, area, &table);
    struct division division = divide(inside, runs_panels(workbench, panels));
    for (int i = 0; i < division.count; i++) {
        struct area place = panel_place(inside, &division, i);
        struct runs_panel panel;
        char title[TEXT_BYTES];
        double x;
        runs_panel(workbench, panels[i], &panel);
        struct curve curve = make_curve(workbench, &panel, 1, title);
        if (panel.count == 0 || !curve_at(place, &curve, screen->glyphs, row + area.row - place.row,
                                          column + area.column - place.column, &x))
            continue;
        snprintf(line, sizeof(line), "step %lld", (long long)runs_step_at(workbench, x));
        screen_command(screen, line);
        return 1;
    }
    return 0;
}

static const struct key_binding keys[] = {
    {FOCUS_MAP, KEYS_LEFT, 0, "step left",
     "cursor of the curves: to the left; of stored states, "
     "the one before",
     "arrows", "read out", 1},
    {FOCUS_MAP, KEYS_RIGHT, 0, "step right", "to the right; the next stored state", NULL, NULL, 0},
    {FOCUS_MAP, 'h', 0, "step left", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'l', 0, "step right", NULL, NULL, NULL, 0},
    {FOCUS_MAP, KEYS_HOME, 0, "step first", "cursor: before the first step", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_END, 0, "step last", "cursor: the last step", NULL, NULL, 0},
    {FOCUS_MAP, 'b', 0, "step best", "cursor: the best evaluation", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_BACKSPACE, 0, "step off", "no cursor: the last values", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_DOWN, 0, "curve next", "other curves: loss and accuracy, each alone, all",
     NULL, NULL, 0},
    {FOCUS_MAP, KEYS_UP, 0, "curve previous", "the curves before", NULL, NULL, 0},
    {FOCUS_MAP, 'j', 0, "curve next", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'k', 0, "curve previous", NULL, NULL, NULL, 0},
    {FOCUS_MAP, '+', 0, "zoom-x in", "less of the x axis, round the cursor", "+ -", "zoom", 0},
    {FOCUS_MAP, '-', 0, "zoom-x out", "more of it", NULL, NULL, 0},
    {FOCUS_MAP, '=', 0, "zoom-x fit", "all of it", NULL, NULL, 0},
    {FOCUS_MAP, '<', 0, "zoom-x left", "the part at the left", NULL, NULL, 0},
    {FOCUS_MAP, '>', 0, "zoom-x right", "the part at the right", NULL, NULL, 0},
    {FOCUS_MAP, 'y', 0, "scale toggle", "logarithmic y axis, or linear", "y", "log", 0},
    {FOCUS_MAP, 'X', 0, "axis next", "x by step, epoch, tokens or time", NULL, NULL, 0},
    {FOCUS_MAP, 'm', 0, "smooth next", "more smoothing, and none", "m", "smooth", 0},
    {FOCUS_MAP, 'p', 0, "pin", "pin the sentence: the run stores how it is read", "p", "pin", 0},
    {FOCUS_MAP, 'r', 0, "scrub toggle", "show the stored states at the cursor, or live ones", "r",
     "stored", 0},
    {FOCUS_MAP, ' ', 0, "run toggle", "pause the run, or go on", "Space", "pause", 1},
    {FOCUS_MAP, 'R', 'c', "run checkpoint", "write a checkpoint now", "R", "steer", 1},
    {FOCUS_MAP, 'R', 'e', "run evaluate", "evaluate now", NULL, NULL, 0},
    {FOCUS_MAP, 'R', 'r', "prompt run rate ", "another peak learning rate from here", NULL, NULL,
     0},
    {FOCUS_MAP, 'R', 's', "prompt run sparsity ", "another pattern from here", NULL, NULL, 0},
    {FOCUS_MAP, 'R', 'b', "prompt run branch ", "a second run from here, when this one ends", NULL,
     NULL, 0},
    {FOCUS_MAP, 'R', 'x', "run stop", "end the run; its weights are saved", NULL, NULL, 0},
    {FOCUS_MAP, 'R', 'a', "prompt runs add ", "overlay the curves of a folder's run", NULL, NULL,
     0},
    {0},
};

const struct view_ops view_training = {.keys = keys, .draw = draw, .click = click};

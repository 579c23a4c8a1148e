/*
 * view_pruning.c - heads off: what every head of A and B counts for on the sentence, which are off,
 * and accuracy against heads removed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/screen/screen.h"
#include "viz/curve.h"
#include "viz/heatmap.h"

#define GAP 3
#define READOUT_ROWS 2 /* one an arm */
#define CELL 3         /* columns of a head in the grid, its gap among them */
#define CELL_GLYPHS 2
#define NUMBER 7     /* of a head whose change is written out */
#define LABEL 4      /* before such heads */
#define LABEL_ROWS 1 /* numbers of the heads */
#define NAME_BYTES 8
#define CURVE_LEAST 6 /* rows of one curve */
#define CURVE_COLUMNS 36
#define LIST_COLUMNS 26  /* of "  1  2.11  0.9050  0.3021" */
#define TITLE_COLUMNS 32 /* of a grid, where there is room */
#define ROWS_FOR_READOUT 8

static const enum meaning accents[ARMS] = {MEANING_ACCENT_A, MEANING_ACCENT_B};

struct plan {
    struct area grids[ARMS]; /* the first row is a title; empty: no room */
    int numbers;             /* 1: changes are written out */
    struct area curves, list;
    struct area readout;
};

static const char *arm_name(int arm) {
    return arm == ARM_B ? "B" : "A";
}

static int smaller(int a, int b) {
    return a < b ? a : b;
}

static int larger(int a, int b) {
    return a > b ? a : b;
}

/* ---- the grids of heads ---------------------------------------------------------------------- */

/* Change of the logit difference without the head; NaN: not known. */
static double change_of(const struct workbench *workbench, int arm, int layer, int head) {
    const struct head_effects *effects = &workbench->pruning.effects[arm];
    if (!effects->change || layer >= effects->layers || head >= effects->heads)
        return NAN;
    return effects->change[layer * effects->heads + head];
}

/* The largest change of both arms, rounded up so that the scale stays where it is while values move
 * a little. */
static double scale_of(const struct workbench *workbench) {
    static const double steps[] = {2, 2.5, 2}; /* 0.01, 0.02, 0.05, 0.1 ... */
    double largest = 0, end = 0.01;
    for (int arm = 0; arm < ARMS; arm++) {
        const struct head_effects *effects = &workbench->pruning.effects[arm];
        for (int i = 0; effects->change && i < effects->layers * effects->heads; i++)
            largest = isnan(effects->change[i]) ? largest : fmax(largest, fabs(effects->change[i]));
    }
    for (int i = 0; end < largest && end < 1e6; i++)
        end *= steps[i % 3];
    return end;
}

/* A grid as a map whose cells are heads; NULL without memory. `values` and `mask` are owned. */
struct head_grid {
    struct heatmap map;
    float *values;
    uint8_t *on;
    char (*names)[NAME_BYTES];
    const char **labels;
};

static void grid_close(struct head_grid *grid) {
    free(grid->values);
    free(grid->on);
    free(grid->names);
    free(grid->labels);
    *grid = (struct head_grid){0};
}

static int grid_open(struct head_grid *grid, const struct workbench *workbench, int arm) {
    int layers = workbench_layers(workbench), heads = workbench_heads(workbench);
    size_t count = (size_t)layers * (size_t)heads, names = (size_t)layers + (size_t)heads;
    struct sparsity *sparsity;
    *grid = (struct head_grid){.values = calloc(count + 1, sizeof(float)),
                               .on = calloc(count + 1, 1),
                               .names = calloc(names + 1, sizeof(*grid->names)),
                               .labels = calloc(names + 1, sizeof(*grid->labels))};
    if (!grid->values || !grid->on || !grid->names || !grid->labels ||
        sparsity_parse(&sparsity, workbench->arms[arm].spec, workbench->presets, NULL) < 0) {
        grid_close(grid);
        return -1;
    }
    for (int i = 0; i < layers * heads; i++) {
        grid->values[i] = (float)change_of(workbench, arm, i / heads, i % heads);
        grid->on[i] = !sparsity_head_is_off(sparsity, i / heads, i % heads);
    }
    sparsity_free(sparsity);
    for (int i = 0; i < layers + heads; i++) {
        snprintf(grid->names[i], NAME_BYTES, i < layers ? "L%d" : "%d",
                 (i < layers ? i : i - layers) % 10000);
        grid->labels[i] = grid->names[i];
    }
    grid->map = (struct heatmap){.rows = layers,
                                 .columns = heads,
                                 .values = grid->values,
                                 .mask = grid->on,
                                 .row_labels = grid->labels,
                                 .column_labels = grid->labels + layers,
                                 .scale = HEATMAP_DIFFERENCE,
                                 .maximum = (float)scale_of(workbench),
                                 .cursor_row = workbench->layer,
                                 .cursor_column = workbench->head};
    /* In a difference a pair counts as blocked when it is so in both masks. */
    grid->map.mask_other = grid->on;
    return 0;
}

/* Columns of a grid at its widest, and rows with its title. */
static void grid_size(const struct workbench *workbench, int *rows, int *columns) {
    int label = workbench_layers(workbench) > 10 ? 3 : 2;
    *columns = label + 1 + CELL * workbench_heads(workbench);
    *rows = 1 + LABEL_ROWS + workbench_layers(workbench);
}

static int count_off(const struct head_grid *grid) {
    int off = 0;
    for (int i = 0; i < grid->map.rows * grid->map.columns; i++)
        off += !grid->on[i];
    return off;
}

/* A head that is on and whose count is not known yet is no empty place. */
static void mark_unknown(const struct screen *screen, const struct head_grid *grid,
                         struct area area) {
    const struct heatmap *map = &grid->map;
    struct heatmap_layout layout = heatmap_layout(map, area.rows, area.columns);
    int columns = smaller(layout.cell_columns, CELL_GLYPHS);
    for (int i = 0; i < layout.visible_rows; i++) {
        for (int j = 0; j < layout.visible_columns; j++) {
            int row = map->first_row + i, column = map->first_column + j;
            int index = row * map->columns + column;
            int here = row == map->cursor_row && column == map->cursor_column;
            if (!isnan(grid->values[index]))
                continue;
            const char *glyph = grid->on[index] ? "?" : screen->glyphs->blocked;
            for (int c = 0; c < columns; c++)
                area_text(area, layout.label_rows + i,
                          layout.first_cell_column + j * layout.cell_columns + c,
                          grid->on[index] ? MEANING_FAINT : MEANING_BLOCKED, here ? CELL_CURSOR : 0,
                          glyph);
        }
    }
}

static enum meaning change_meaning(double change, double scale) {
    int half = RAMP_STEPS / 2, step = (int)(fabs(change) / scale * half);
    step = smaller(step, half - 1);
    return (enum meaning)(MEANING_DIFFERENCE + (change < 0 ? half - 1 - step : half + step));
}

/* The grid with every change as a number. */
static void draw_numbers(const struct screen *screen, const struct head_grid *grid,
                         struct area area) {
    const struct heatmap *map = &grid->map;
    const struct glyphs *glyphs = screen->glyphs;
    for (int j = 0; j < map->columns; j++)
        area_text_right(area, 0, LABEL + (j + 1) * NUMBER, MEANING_TEXT,
                        j == map->cursor_column ? CELL_BOLD | CELL_UNDERLINE : 0,
                        map->column_labels[j]);
    for (int i = 0; i < map->rows; i++) {
        area_text(area, 1 + i, 0, MEANING_TEXT,
                  i == map->cursor_row ? CELL_BOLD | CELL_UNDERLINE : 0, map->row_labels[i]);
        for (int j = 0; j < map->columns; j++) {
            int index = i * map->columns + j;
            double change = (double)grid->values[index];
            int here = i == map->cursor_row && j == map->cursor_column;
            char text[32];
            enum meaning meaning = MEANING_FAINT;
            if (!grid->on[index]) {
                snprintf(text, sizeof(text), "off");
                meaning = MEANING_BLOCKED;
            } else if (isnan(change)) {
                snprintf(text, sizeof(text), "?");
            } else {
                signed_text(text, sizeof(text), change, fabs(change) < 10 ? 3 : 1, glyphs);
                meaning = change_meaning(change, (double)map->maximum);
            }
            area_text_right(area, 1 + i, LABEL + (j + 1) * NUMBER, meaning, here ? CELL_CURSOR : 0,
                            text);
        }
    }
}

static void draw_grid(const struct screen *screen, int arm, int numbers, struct area area) {
    const struct workbench *workbench = screen->workbench;
    const struct head_effects *effects = &workbench->pruning.effects[arm];
    struct head_grid grid;
    char text[96], number[32];
    if (area.rows < 3 || grid_open(&grid, workbench, arm) < 0)
        return;
    int off = count_off(&grid);
    int column = area_text(area, 0, 0, accents[arm], CELL_BOLD, arm_name(arm)) + 1;
    snprintf(text, sizeof(text), "%d of %d off", off, grid.map.rows * grid.map.columns);
    column += 2 + area_text(area, 0, column, off ? accents[arm] : MEANING_FAINT, 0,
                            off ? text : "all on");
    if (effects->change) {
        snprintf(text, sizeof(text), "logits %s",
                 signed_text(number, sizeof(number), effects->before, 2, screen->glyphs));
        if (column + text_columns(text) <= area.columns)
            area_text(area, 0, column, MEANING_FAINT, 0, text);
    }
    struct area cells = area_part(area, 1, 0, area.rows - 1, area.columns);
    if (numbers) {
        draw_numbers(screen, &grid, cells);
    } else {
        heatmap_scroll(&grid.map, heatmap_layout(&grid.map, cells.rows, cells.columns));
        heatmap_draw(cells, &grid.map, screen->glyphs);
        mark_unknown(screen, &grid, cells);
    }
    grid_close(&grid);
}

/* ---- the run --------------------------------------------------------------------------------- */

static void draw_curve(const struct screen *screen, struct area area, const char *title,
                       const double *values) {
    const struct pruning_run *run = &screen->workbench->pruning.run;
    const struct series series = {.name = arm_name(run->arm),
                                  .x = run->heads_off,
                                  .y = values,
                                  .count = run->points,
                                  .meaning = accents[run->arm],
                                  .points = 1};
    double first = run->points ? run->heads_off[0] : 0;
    const struct curve curve = {.title = title,
                                .series = &series,
                                .series_count = 1,
                                .x_minimum = first,
                                .x_maximum = first + larger(run->count_all - 1, 1),
                                .x_unit = "heads off"};
    curve_draw(area, &curve, screen->glyphs);
}

static void draw_curves(const struct screen *screen, struct area area) {
    const struct pruning_run *run = &screen->workbench->pruning.run;
    if (run->points == 0) {
        area_text(area, 0, 0, MEANING_FAINT, 0, "the first round is under way");
        return;
    }
    if (area.rows >= 2 * CURVE_LEAST + 1) {
        int half = area.rows / 2;
        draw_curve(screen, area_part(area, 0, 0, half, area.columns), "accuracy", run->accuracy);
        draw_curve(screen, area_part(area, half, 0, area.rows - half, area.columns), "loss",
                   run->loss);
    } else if (area.columns >= 2 * CURVE_COLUMNS + GAP) {
        int half = (area.columns - GAP) / 2;
        draw_curve(screen, area_part(area, 0, 0, area.rows, half), "accuracy", run->accuracy);
        draw_curve(screen, area_part(area, 0, half + GAP, area.rows, half), "loss", run->loss);
    } else {
        draw_curve(screen, area, "accuracy", run->accuracy);
    }
}

/* The heads in the order of their removal; while more come, the last ones. */
static void draw_list(const struct screen *screen, struct area area) {
    const struct pruning_run *run = &screen->workbench->pruning.run;
    int rows = area.rows - 1, first = run->running ? larger(0, run->points - rows) : 0;
    if (rows < 1 || run->points == 0)
        return;
    area_text(area, 0, 0, MEANING_FAINT, 0, "off  head  accuracy   loss");
    for (int i = 0; i < rows && first + i < run->points; i++) {
        int at = first + i, cut = i == rows - 1 && at < run->points - 1;
        char head[32] = "-";
        if (at > 0)
            snprintf(head, sizeof(head), "%d.%d", run->removed[at].layer, run->removed[at].head);
        if (cut) {
            area_printf(area, 1 + i, 0, MEANING_FAINT, 0, "%s %d more", screen->glyphs->ellipsis,
                        run->points - at);
            return;
        }
        area_printf(area, 1 + i, 0, MEANING_TEXT, 0, "%3.0f %5s    %6.4f %6.3f", run->heads_off[at],
                    head, run->accuracy[at], run->loss[at]);
    }
}

static void draw_invitation(const struct screen *screen, struct area area) {
    static const char *const lines[][2] = {
        {"Space", "switches the head under the cursor off or on"},
        {":prune FILE", "removes heads one by one, the least missed first"},
        {":prune apply N", "takes the first N of them off"}};
    (void)screen;
    for (int i = 0; i < 3 && i < area.rows; i++) {
        area_text(area, i, 0, MEANING_KEY, 0, lines[i][0]);
        draw_cut(area, i, 16, area.columns - 16, MEANING_FAINT, 0, lines[i][1], screen->glyphs);
    }
}

/* ---- the frame ------------------------------------------------------------------------------- */

static void draw_title(const struct screen *screen, int numbers, struct area area) {
    const struct workbench *workbench = screen->workbench;
    const struct pruning_run *run = &workbench->pruning.run;
    int arm = mask_arm(workbench), column = 1;
    char text[160];
    area_rule(area, 0, screen->glyphs);
    column += 1 + area_text(area, 0, column, MEANING_TITLE, CELL_BOLD, " heads off ");
    snprintf(text, sizeof(text), " switching %s ", arm_name(arm));
    if (area.columns - column > text_columns(text))
        column += 1 + area_text(area, 0, column, accents[arm], 0, text);
    if (run->file && run->rows == 0)
        snprintf(text, sizeof(text), " pruning %s ", arm_name(run->arm));
    else if (run->file)
        snprintf(text, sizeof(text), " %s %s on %d rows%s ", run->running ? "pruning" : "pruned",
                 arm_name(run->arm), run->rows, run->running ? "; s ends it" : "");
    else if (numbers)
        snprintf(text, sizeof(text), " change of the logit difference without the head ");
    else
        snprintf(text, sizeof(text), " %d = %.2g of the logit difference ", 9, scale_of(workbench));
    if (area.columns - column > text_columns(text))
        area_text(area, 0, area.columns - 1 - text_columns(text),
                  run->running ? MEANING_NOTE : MEANING_FAINT, 0, text);
}

static void draw_readout(const struct screen *screen, struct area area) {
    const struct workbench *workbench = screen->workbench;
    const struct glyphs *glyphs = screen->glyphs;
    int layer = workbench->layer, head = workbench->head;
    for (int arm = 0; arm < ARMS && arm < area.rows; arm++) {
        const struct head_effects *effects = &workbench->pruning.effects[arm];
        double change = change_of(workbench, arm, layer, head);
        int off = pruning_is_off(workbench, arm, layer, head);
        char before[32], after[32], by[32], text[200];
        snprintf(text, sizeof(text), "head %d.%d is %s", layer, head, off ? "off" : "on");
        if (!off && !isnan(change))
            snprintf(text, sizeof(text),
                     "head %d.%d is on: logit difference %s, without it %s (%s)", layer, head,
                     signed_text(before, sizeof(before), effects->before, 2, glyphs),
                     signed_text(after, sizeof(after), effects->before + change, 2, glyphs),
                     signed_text(by, sizeof(by), change, 3, glyphs));
        area_text(area, arm, 1, accents[arm], CELL_BOLD, arm_name(arm));
        draw_cut(area, arm, 3, area.columns - 4, effects->old ? MEANING_FAINT : MEANING_TEXT, 0,
                 text, glyphs);
    }
}

/* Curves with the list beside them. */
static void place_run(struct area area, struct plan *plan) {
    int list = area.columns >= CURVE_COLUMNS + GAP + LIST_COLUMNS ? LIST_COLUMNS : 0;
    int curves = area.columns - (list ? list + GAP : 0);
    plan->curves = area_part(area, 0, 0, area.rows, curves);
    plan->list = area_part(area, 0, curves + GAP, area.rows, list);
}

static void place_grids(struct area area, int rows, int columns, struct plan *plan) {
    plan->grids[ARM_A] = area_part(area, 0, 0, rows, columns);
    plan->grids[ARM_B] = area_part(area, 0, columns + GAP, rows, columns);
}

/* With curves to be shown: at the right of the heads, else in the place of one arm's heads or below
 * them. */
static void plan_run(const struct screen *screen, struct area area, int rows, int columns,
                     struct plan *plan) {
    int both = 2 * columns + GAP, below = area.rows - rows - 1;
    int beside = area.columns - both - GAP, beside_one = area.columns - columns - GAP;
    if (beside >= CURVE_COLUMNS) {
        place_grids(area, area.rows, columns, plan);
        place_run(area_part(area, 0, both + GAP, area.rows, beside), plan);
        if (plan->list.columns == 0)
            plan->list = area_part(area, rows + 1, 0, below, both);
    } else if (below < CURVE_LEAST && beside_one >= CURVE_COLUMNS) {
        plan->grids[mask_arm(screen->workbench)] = area_part(area, 0, 0, area.rows, columns);
        place_run(area_part(area, 0, columns + GAP, area.rows, beside_one), plan);
    } else {
        int half = smaller(larger(columns, TITLE_COLUMNS), (area.columns - GAP) / 2);
        place_grids(area, below >= CURVE_LEAST ? rows : area.rows, half, plan);
        if (below >= CURVE_LEAST)
            place_run(area_part(area, rows + 1, 0, below, area.columns), plan);
    }
}

static struct plan make_plan(const struct screen *screen, struct area area) {
    const struct workbench *workbench = screen->workbench;
    int readout = area.rows >= ROWS_FOR_READOUT ? READOUT_ROWS : 0, rows, columns;
    struct plan plan = {.readout = area_part(area, area.rows - readout, 0, readout, area.columns)};
    struct area inside = area_part(area, 1, 1, area.rows - 1 - readout, area.columns - 2);
    grid_size(workbench, &rows, &columns);
    if (workbench->pruning.run.file) {
        plan_run(screen, inside, rows, columns, &plan);
        return plan;
    }
    int wide = LABEL + NUMBER * workbench_heads(workbench);
    plan.numbers = 2 * wide + GAP <= inside.columns && rows <= inside.rows;
    columns = plan.numbers ? wide : columns;
    int half = smaller(larger(columns, TITLE_COLUMNS), (inside.columns - GAP) / 2);
    int below = inside.rows - rows - 1;
    place_grids(inside, below > 0 ? rows : inside.rows, half, &plan);
    plan.curves = area_part(inside, rows + 1, 0, below, inside.columns);
    return plan;
}

static void draw(struct screen *screen, struct area area) {
    struct workbench *workbench = screen->workbench;
    pruning_wish(workbench);
    if (workbench_heads(workbench) == 0) {
        area_rule(area, 0, screen->glyphs);
        area_text(area, 2, 3, MEANING_FAINT, 0, "no model is open yet");
        return;
    }
    struct plan plan = make_plan(screen, area);
    draw_title(screen, plan.numbers, area);
    for (int arm = 0; arm < ARMS; arm++)
        draw_grid(screen, arm, plan.numbers, plan.grids[arm]);
    if (workbench->pruning.run.file) {
        draw_curves(screen, plan.curves);
        draw_list(screen, plan.list);
    } else {
        draw_invitation(screen, plan.curves);
    }
    draw_readout(screen, plan.readout);
}

/* ---- the mouse and the keys ------------------------------------------------------------------ */

/* The head at this place of an arm's grid. */
static int head_at(const struct workbench *workbench, int arm, int numbers, struct area part,
                   int row, int column, int *layer, int *head) {
    struct head_grid grid;
    if (part.rows < 3 || row < 0 || column < 0)
        return 0;
    if (numbers) {
        *layer = row - LABEL_ROWS;
        *head = column < LABEL ? -1 : (column - LABEL) / NUMBER;
        return *layer >= 0 && *layer < workbench_layers(workbench) && *head >= 0 &&
               *head < workbench_heads(workbench);
    }
    if (grid_open(&grid, workbench, arm) < 0)
        return 0;
    heatmap_scroll(&grid.map, heatmap_layout(&grid.map, part.rows - 1, part.columns));
    int found = heatmap_at(&grid.map, part.rows - 1, part.columns, row, column, layer, head) &&
                *layer >= 0 && *head >= 0;
    grid_close(&grid);
    return found;
}

static int click(struct screen *screen, struct area area, int row, int column,
                 enum mouse_event event) {
    struct workbench *workbench = screen->workbench;
    int layer, head;
    char command[64];
    if ((event != MOUSE_PRESS && event != MOUSE_DOUBLE) || workbench_heads(workbench) == 0)
        return 0;
    struct plan plan = make_plan(screen, area);
    for (int arm = 0; arm < ARMS; arm++) {
        struct area part = plan.grids[arm];
        if (!head_at(workbench, arm, plan.numbers, part, row - (part.row - area.row) - 1,
                     column - (part.column - area.column), &layer, &head))
            continue;
        snprintf(command, sizeof(command), "heads %d.%d", layer, head);
        if (event == MOUSE_DOUBLE)
            snprintf(command, sizeof(command), "ablate %d.%d --arm %c", layer, head, "ab"[arm]);
        screen_command(screen, command);
        return 1;
    }
    return 0;
}

static const struct key_binding keys[] = {
    {FOCUS_MAP, ' ', 0, "ablate", "switch the head off or on", "Space", "off/on", 1},
    {FOCUS_MAP, KEYS_LEFT, 0, "head -1", "the head at the left", "arrows", "head", 1},
    {FOCUS_MAP, KEYS_RIGHT, 0, "head +1", "the head at the right", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_UP, 0, "layer -1", "the layer above", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_DOWN, 0, "layer +1", "the layer below", NULL, NULL, 0},
    {FOCUS_MAP, 'h', 0, "head -1", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'l', 0, "head +1", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'k', 0, "layer -1", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'j', 0, "layer +1", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'A', 0, "edit-arm toggle", "switch heads in the other arm", "A", "arm", 0},
    {FOCUS_MAP, 'D', 0, "ablate none", "all heads of the arm on", "D", "all on", 0},
    {FOCUS_MAP, 'p', 0, "prompt prune ", "write a command that prunes on a data set", "p", "prune",
     1},
    {FOCUS_MAP, 'n', 0, "prompt prune apply ", "take the first heads that pruning removed off", "n",
     "apply", 0},
    {FOCUS_MAP, 'W', 0, "prompt preset-save ", "save the pattern under a name", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_ENTER, 0, "view attention", "open the head", "Enter", "open", 0},
    {0}};

const struct view_ops view_pruning = {.keys = keys, .draw = draw, .click = click};

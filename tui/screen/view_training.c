/*
 * view_training.c - loss and accuracy of the run.
 */
#include <math.h>
#include <stdio.h>

#include "tui/app/format.h"
#include "tui/screen/screen.h"
#include "viz/curve.h"

#define SIDE_BY_SIDE 100 /* columns from which accuracy stands beside the loss */
#define STACKED_LEAST 11 /* rows from which it stands below */
#define GAP 3

static void draw_numbers(struct screen *screen, struct area area) {
    const struct run_history *run = &screen->workbench->run;
    char step[FORMAT_BYTES], total[FORMAT_BYTES], text[160];
    int column = 1;
    area_rule(area, 0, screen->glyphs);
    column += area_printf(area, 0, column, MEANING_TITLE, CELL_BOLD, " %s ", run->name);
    if (run->steps == 0)
        return;
    snprintf(text, sizeof(text), " step %s of %s  epoch %.2f  rate %.1e  gradient %.2f ",
             format_count(step, run->last.step), format_count(total, run->total_steps),
             run->last.epoch, run->last.learning_rate, run->last.gradient_norm);
    draw_cut(area, 0, column, area.columns - column - 1, MEANING_FAINT, 0, text, screen->glyphs);
}

static void draw_loss(struct screen *screen, struct area area) {
    const struct run_history *run = &screen->workbench->run;
    const struct series series[] = {{"training", run->step, run->loss, run->steps, MEANING_NOTE, 0},
                                    {"validation", run->evaluation_step, run->evaluation_loss,
                                     run->evaluations, MEANING_TITLE, 1}};
    const struct curve curve = {.title = "loss",
                                .series = series,
                                .series_count = run->evaluations ? 2 : 1,
                                .x_minimum = 0,
                                .x_maximum = (double)run->total_steps,
                                .x_unit = "step"};
    curve_draw(area, &curve, screen->glyphs);
}

static void draw_accuracy(struct screen *screen, struct area area) {
    const struct run_history *run = &screen->workbench->run;
    const struct series series[] = {{"validation", run->evaluation_step, run->evaluation_accuracy,
                                     run->evaluations, MEANING_TITLE, 1}};
    const struct curve curve = {.title = "accuracy",
                                .series = series,
                                .series_count = 1,
                                .x_minimum = 0,
                                .x_maximum = (double)run->total_steps,
                                .x_unit = "step"};
    if (run->evaluations) {
        curve_draw(area, &curve, screen->glyphs);
        return;
    }
    area_text(area, 0, 0, MEANING_TITLE, 0, "accuracy");
    area_text(area, 1, 0, MEANING_FAINT, 0, "comes with the first evaluation");
}

void curves_draw(struct screen *screen, struct area area) {
    draw_numbers(screen, area);
    struct area inside = area_part(area, 1, 1, area.rows - 1, area.columns - 2);
    if (inside.columns >= SIDE_BY_SIDE) {
        int half = (inside.columns - GAP) / 2;
        draw_loss(screen, area_part(inside, 0, 0, inside.rows, half));
        draw_accuracy(screen, area_part(inside, 0, half + GAP, inside.rows, half));
    } else if (inside.rows >= STACKED_LEAST) {
        int loss = (inside.rows + 1) / 2;
        draw_loss(screen, area_part(inside, 0, 0, loss, inside.columns));
        draw_accuracy(screen, area_part(inside, loss, 0, inside.rows - loss, inside.columns));
    } else {
        draw_loss(screen, inside);
    }
}

static void draw(struct screen *screen, struct area area) {
    static const char *const invitation[] = {
        "No run yet. Training shows its curves here while the sentence stays yours:", "",
        ":train DIR --out DIR      fine-tune the model of A under the pattern of A",
        "t                         writes the command's beginning",
        "s                         ends a run; its weights are saved"};
    if (screen->workbench->run.name) {
        curves_draw(screen, area);
        return;
    }
    area_rule(area, 0, screen->glyphs);
    for (size_t i = 0; i < sizeof(invitation) / sizeof(invitation[0]); i++)
        area_text(area, 2 + (int)i, 3, MEANING_FAINT, 0, invitation[i]);
}

const struct view_ops view_training = {.draw = draw};

/*
 * arms.c - the rows of the two arms and of their difference, aligned in columns.
 */
#include "tui/screen/arms.h"

#include <stdio.h>
#include <string.h>

#include "viz/bar.h"

#define COLUMNS_FOR_ALL 76 /* below, target and logits are left out */
#define LABEL_MOST 14

/* Where the columns stand; a width of 0: left out. Numbers end before `..._end`. */
struct columns {
    int pattern, pattern_width;
    int target_end, removed_end;
    int label, label_width;
    int bar, bar_width;
    int probability_end;
    int logits, logit_end[2]; /* how many logits are shown, 0 to 2 */
};

static int clamp(int value, int low, int high) {
    return value < low ? low : value > high ? high : value;
}

static struct columns arrange(const struct screen *screen, int width) {
    struct columns at = {.pattern = 3};
    int all = width >= COLUMNS_FOR_ALL, label = 6, logits = 0;
    for (int arm = 0; arm < ARMS; arm++) {
        const struct capture *capture = screen->workbench->arms[arm].capture;
        for (int i = 0; capture && i < capture->labels && all; i++)
            logits = capture->labels == 2 ? 2 : 1;
        const struct model *model = screen->workbench->arms[arm].model;
        for (int i = 0; model && i < model->config.labels; i++) {
            int columns = text_columns(model->config.label_names[i]);
            label = columns > label ? columns : label;
        }
    }
    at.label_width = clamp(label, 6, LABEL_MOST);
    at.logits = logits;
    int numbers = (all ? 7 : 0) + 8 + 2 + at.label_width + 1 + 7 + 8 * logits + 1;
    int room = width - at.pattern - numbers;
    at.bar_width = clamp(room / 3, 6, 40);
    at.pattern_width = clamp(room - at.bar_width, 8, 48);
    at.target_end = all ? at.pattern + at.pattern_width + 7 : 0;
    at.removed_end = at.pattern + at.pattern_width + (all ? 7 : 0) + 8;
    at.label = at.removed_end + 2;
    at.bar = at.label + at.label_width + 1;
    at.probability_end = at.bar + at.bar_width + 7;
    for (int i = 0; i < logits; i++)
        at.logit_end[i] = at.probability_end + 8 * (i + 1);
    return at;
}

/* `stored`: the step of the states that are looked back at, -1: live ones. */
static void draw_captions(const struct columns *at, int64_t stored, struct area area, int row) {
    if (stored >= 0)
        area_printf(area, row, at->pattern, MEANING_NOTE, 0, "at step %lld, stored",
                    (long long)stored);
    else
        area_text(area, row, at->pattern, MEANING_FAINT, 0, "pattern");
    if (at->target_end)
        area_text_right(area, row, at->target_end, MEANING_FAINT, 0, "target");
    area_text_right(area, row, at->removed_end, MEANING_FAINT, 0, "removed");
    area_text(area, row, at->label, MEANING_FAINT, 0, "label");
    area_text(area, row, at->bar, MEANING_FAINT, 0, "probability");
    if (at->logits == 1)
        area_text_right(area, row, at->logit_end[0], MEANING_FAINT, 0, "logit");
    for (int i = 0; at->logits == 2 && i < 2; i++)
        area_text_right(area, row, at->logit_end[i], MEANING_FAINT, 0, i ? "logit 1" : "logit 0");
}

static enum meaning label_meaning(const struct capture *capture) {
    if (capture->labels != 2)
        return MEANING_TEXT;
    return capture->label ? MEANING_POSITIVE : MEANING_NEGATIVE;
}

static void draw_arm(struct screen *screen, const struct columns *at, int index, struct area area,
                     int row) {
    static const enum meaning accents[ARMS] = {MEANING_ACCENT_A, MEANING_ACCENT_B};
    const struct arm *arm = &screen->workbench->arms[index];
    const struct capture *capture = arm->capture;
    const struct glyphs *glyphs = screen->glyphs;
    int late = screen_is_late(screen, index);
    char text[64];
    area_text(area, row, 1, accents[index], CELL_BOLD, index ? "B" : "A");
    draw_cut(area, row, at->pattern, at->pattern_width, accents[index], 0,
             arm->spec ? arm->spec : "", glyphs);
    if (!capture)
        return;
    /* What belongs to an older sentence or pattern is faint, under a mark. */
    if (late)
        area_text(area, row, 2, MEANING_FAINT, 0, glyphs->ellipsis);
    enum meaning plain = late ? MEANING_FAINT : MEANING_TEXT;
    enum meaning label = late ? MEANING_FAINT : label_meaning(capture);
    if (at->target_end && capture->target >= 0) {
        snprintf(text, sizeof(text), "%.4g %%", 100 * capture->target);
        area_text_right(area, row, at->target_end, MEANING_FAINT, 0, text);
    }
    snprintf(text, sizeof(text), "%.1f %%", 100 * capture->realised);
    area_text_right(area, row, at->removed_end, plain, 0, text);
    draw_cut(area, row, at->label, at->label_width, label, CELL_BOLD, capture->label_name, glyphs);
    float probability = capture->probabilities[capture->label];
    bar_draw(area, row, at->bar, at->bar_width, probability, label, glyphs);
    snprintf(text, sizeof(text), "%.3f", (double)probability);
    area_text_right(area, row, at->probability_end, plain, 0, text);
    for (int i = 0; i < at->logits && i < capture->labels; i++) {
        float logit = capture->logits[capture->labels == 2 ? i : capture->label];
        area_text_right(area, row, at->logit_end[i], plain, 0,
                        signed_text(text, sizeof(text), (double)logit, 2, glyphs));
    }
}

/* B - A at the label that A answers, so that the difference says something when they disagree too.
 */
static void draw_difference(struct screen *screen, const struct columns *at, struct area area,
                            int row) {
    const struct glyphs *glyphs = screen->glyphs;
    const struct capture *a = screen->workbench->arms[ARM_A].capture;
    const struct capture *b = screen->workbench->arms[ARM_B].capture;
    char text[64];
    area_printf(area, row, at->pattern, MEANING_FAINT, 0, "B %s A", glyphs->minus);
    if (!a || !b || a->labels != b->labels)
        return;
    int agree = strcmp(a->label_name, b->label_name) == 0;
    signed_text(text, sizeof(text), 100 * (b->realised - a->realised), 1, glyphs);
    area_text_right(area, row, at->removed_end - 2, MEANING_FAINT, 0, text);
    area_text_right(area, row, at->removed_end, MEANING_FAINT, 0, "%");
    area_text(area, row, at->label, agree ? MEANING_POSITIVE : MEANING_NEGATIVE, 0,
              agree ? "agree" : "differ");
    int label = a->label;
    area_text_right(area, row, at->probability_end, MEANING_TEXT, 0,
                    signed_text(text, sizeof(text),
                                (double)(b->probabilities[label] - a->probabilities[label]), 3,
                                glyphs));
    if (!agree)
        draw_cut(area, row, at->bar, at->bar_width, MEANING_FAINT, 0, a->label_name, glyphs);
    for (int i = 0; i < at->logits && i < a->labels; i++) {
        int which = a->labels == 2 ? i : label;
        area_text_right(area, row, at->logit_end[i], MEANING_TEXT, 0,
                        signed_text(text, sizeof(text),
                                    (double)(b->logits[which] - a->logits[which]), 2, glyphs));
    }
}

int arms_draw(struct screen *screen, struct area area) {
    struct columns at = arrange(screen, area.columns);
    int captions = area.grid->rows >= ARMS_CAPTION_ROWS, difference = area.grid->rows >= 18,
        row = 0;
    if (captions)
        draw_captions(&at, pinned_step(screen->workbench), area, row++);
    draw_arm(screen, &at, ARM_A, area, row++);
    draw_arm(screen, &at, ARM_B, area, row++);
    if (difference)
        draw_difference(screen, &at, area, row++);
    return row;
}

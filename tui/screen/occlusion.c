/*
 * occlusion.c - bars for what every token counts for, in both arms.
 */
#include "tui/screen/occlusion.h"

#include <math.h>
#include <stdio.h>

#include "viz/bar.h"

#define TOKEN_COLUMNS 13
#define NOTE_LEAST 20     /* columns for a note in a title */
#define CHANGE_NONE 0.005 /* what is written as 0.00 has no bar */
#define CHANGE_LEAST 0.1  /* of a logit difference: a whole bar stands for no less */
#define BAR_LEAST 4
#define BAR_MOST 81

static const enum meaning accents[ARMS] = {MEANING_ACCENT_A, MEANING_ACCENT_B};

static double change_of(const struct copy_said *said) {
    return said->difference - said->difference_before;
}

/* The end of a scale that stays where it is while values move a little. */
static double scale_of(const struct occlusion *occlusion) {
    double most = CHANGE_LEAST;
    for (int i = 0; i < occlusion->tokens * ARMS; i++)
        if (occlusion->said[i].known)
            most = fmax(most, fabs(change_of(&occlusion->said[i])));
    double power = pow(10, floor(log10(most))), share = most / power;
    return power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
}

/* Columns of the numbers before a bar, or of none. */
struct occlusion_columns {
    int arm[ARMS], change, probability, bar;
};

static struct occlusion_columns arrange_occlusion(int columns) {
    struct occlusion_columns at = {.change = 8, .probability = 7};
    int half = (columns - 2 - TOKEN_COLUMNS) / 2;
    if (half < at.change + at.probability + 2 * BAR_LEAST)
        at.probability = 0;
    if (half < at.change + 2 * BAR_LEAST)
        at.change = 0;
    at.bar = half - at.change - at.probability - 3;
    at.bar = at.bar > BAR_MOST ? BAR_MOST : at.bar;
    at.arm[ARM_A] = 1 + TOKEN_COLUMNS;
    at.arm[ARM_B] = at.arm[ARM_A] + at.change + at.probability + 1 + at.bar + 2;
    return at;
}

static void draw_occlusion_title(const struct screen *screen, const struct occlusion *occlusion,
                                 int first, int rows, struct area area) {
    static const char *const verbs[] = {"masked", "dropped"};
    const struct prediction_state *state = &screen->workbench->prediction;
    char title[80], text[120], position[48] = "";
    if (state->by == OCCLUSION_OFF)
        snprintf(title, sizeof(title), " occlusion ");
    else
        snprintf(title, sizeof(title), " each %s %s ", state->unit == UNIT_WORD ? "word" : "token",
                 verbs[state->by]);
    area_rule(area, 0, screen->glyphs);
    int column = 1 + area_text(area, 0, 1, MEANING_TITLE, CELL_BOLD, title);
    if (!occlusion)
        return;
    if (occlusion->tokens > rows)
        snprintf(position, sizeof(position), " %d-%d of %d ", first + 1, first + rows,
                 occlusion->tokens);
    int end = area.columns - 1 - text_columns(position);
    area_text_right(area, 0, area.columns - 1, MEANING_FAINT, 0, position);
    snprintf(text, sizeof(text), " change of the logit difference, bars to %s%g ",
             screen->glyphs->unicode ? "\xc2\xb1" : "+-", scale_of(occlusion));
    if (column + 1 + NOTE_LEAST < end)
        draw_cut(area, 0, column + 1, end - column - 2, MEANING_FAINT, 0, text, screen->glyphs);
}

static void draw_bar_row(const struct screen *screen, const struct occlusion *occlusion,
                         const struct occlusion_columns *at, double scale, int token,
                         struct area area) {
    const struct glyphs *glyphs = screen->glyphs;
    int here = token == screen->workbench->query;
    char text[64];
    draw_cut(area, 0, 1, TOKEN_COLUMNS - 1, here ? MEANING_TITLE : MEANING_TEXT,
             here ? CELL_BOLD | CELL_UNDERLINE : 0, occlusion->pieces[token], glyphs);
    for (int arm = 0; arm < ARMS; arm++) {
        const struct copy_said *said = &occlusion->said[token * ARMS + arm];
        int column = at->arm[arm], late = screen_is_late(screen, arm);
        enum meaning plain = late ? MEANING_FAINT : MEANING_TEXT;
        if (!said->known)
            continue;
        if (at->change)
            area_text_right(area, 0, column + at->change, plain, here ? CELL_BOLD : 0,
                            signed_text(text, sizeof(text), change_of(said), 2, glyphs));
        column += at->change;
        if (at->probability)
            area_text_right(
                area, 0, column + at->probability, MEANING_FAINT, 0,
                signed_text(text, sizeof(text), said->kept - said->kept_before, 3, glyphs));
        column += at->probability + 1;
        double change = fabs(change_of(said)) < CHANGE_NONE ? 0 : change_of(said);
        bar_draw_signed(area, 0, column, at->bar, change / scale,
                        late ? MEANING_FAINT : accents[arm], glyphs);
    }
}

/* The first token that is shown, so that the cursor's is among them. */
static int first_token(const struct workbench *workbench, int tokens, int rows) {
    int first = workbench->query - rows / 2;
    first = first > tokens - rows ? tokens - rows : first;
    return first > 0 ? first : 0;
}

void occlusion_draw(const struct screen *screen, struct area area) {
    const struct workbench *workbench = screen->workbench;
    const struct occlusion *occlusion = prediction_occlusion(workbench, screen->now);
    struct occlusion_columns at = arrange_occlusion(area.columns);
    int head = area.rows >= OCCLUSION_LEAST, rows = area.rows - 1 - head;
    int first = occlusion ? first_token(workbench, occlusion->tokens, rows) : 0;
    draw_occlusion_title(screen, occlusion, first, rows, area);
    if (!occlusion) {
        const char *text = workbench->prediction.by == OCCLUSION_OFF
                               ? "`occlude mask` shows what every token counts for"
                               : "the model reads the sentence without each of its tokens";
        draw_cut(area, 1, 2, area.columns - 3, MEANING_FAINT, 0, text, screen->glyphs);
        return;
    }
    for (int arm = 0; arm < ARMS && head; arm++) {
        int column = at.arm[arm];
        area_text(area, 1, column, accents[arm], CELL_BOLD, arm ? "B" : "A");
        if (at.change)
            area_text_right(area, 1, column + at.change, MEANING_FAINT, 0, "change");
        if (at.probability)
            area_text_right(area, 1, column + at.change + at.probability, MEANING_FAINT, 0, "prob");
        int numbers = at.change + at.probability + 1, gap = numbers < 2;
        draw_cut(area, 1, column + numbers + gap, at.bar - gap, accents[arm], 0,
                 workbench->arms[arm].spec, screen->glyphs);
    }
    double scale = scale_of(occlusion);
    for (int i = 0; i < rows && first + i < occlusion->tokens; i++)
        draw_bar_row(screen, occlusion, &at, scale, first + i,
                     area_part(area, 1 + head + i, 0, 1, area.columns));
}

int occlusion_token(const struct screen *screen, struct area area, int row) {
    const struct workbench *workbench = screen->workbench;
    const struct occlusion *occlusion = prediction_occlusion(workbench, screen->now);
    if (!occlusion)
        return -1;
    int head = area.rows >= OCCLUSION_LEAST, rows = area.rows - 1 - head, line = row - 1 - head;
    int token = first_token(workbench, occlusion->tokens, rows) + line;
    return line < 0 || line >= rows || token >= workbench_tokens(workbench) ? -1 : token;
}

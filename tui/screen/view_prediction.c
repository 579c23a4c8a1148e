/*
 * view_prediction.c - the answers of both arms label by label, edited copies of the sentence under
 * them, and what every token counts for.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/screen/occlusion.h"
#include "tui/screen/screen.h"
#include "viz/bar.h"

#define SIDE_BY_SIDE 140 /* columns from which the occlusion stands at the right */
#define SIDE_GAP 2
#define NAME_LEAST 10
#define NAME_SMALLEST 4 /* where there is hardly any room */
#define NAME_MOST 18
#define BAR_LEAST 4
#define BAR_MOST 40
#define COPY_COLUMNS 35 /* what an arm says of a copy */
#define COPY_INDENT 6

static const enum meaning accents[ARMS] = {MEANING_ACCENT_A, MEANING_ACCENT_B};
static const char *const arm_names[ARMS] = {"A", "B"};

/* ---- the answers ----------------------------------------------------------------------------- */

struct answers {
    const struct capture *captures[ARMS];
    const struct model_config *configs[ARMS];
    int labels;     /* of A */
    int comparable; /* both arms know the same labels */
    int high, low;  /* whose logits are compared; low -1: none */
    double differences[ARMS], variation;
};

static int find(const struct workbench *workbench, struct answers *answers) {
    *answers = (struct answers){0};
    for (int arm = 0; arm < ARMS; arm++) {
        const struct capture *capture = workbench->arms[arm].capture;
        if (!capture || !workbench->arms[arm].model)
            return -1;
        answers->captures[arm] = capture;
        answers->configs[arm] = &workbench->arms[arm].model->config;
    }
    const struct capture *a = answers->captures[ARM_A], *b = answers->captures[ARM_B];
    answers->labels = a->labels;
    answers->comparable = a->labels == b->labels;
    logit_pair(a->logits, a->labels, &answers->high, &answers->low);
    for (int arm = 0; arm < ARMS && answers->comparable; arm++) {
        const float *logits = answers->captures[arm]->logits;
        answers->differences[arm] =
            (double)logits[answers->high] - (answers->low < 0 ? 0 : (double)logits[answers->low]);
    }
    if (answers->comparable)
        answers->variation = total_variation(a->probabilities, b->probabilities, a->labels);
    return 0;
}

/* Where columns stand; a width of 0: left out. */
struct columns {
    int name;
    int arm[ARMS]; /* where each begins */
    int logit, probability, bar;
    int change_end;
};

static struct columns arrange(const struct answers *answers, int width) {
    struct columns at = {.name = NAME_LEAST, .logit = 7, .probability = 6};
    for (int i = 0; i < answers->labels; i++) {
        int columns = text_columns(answers->configs[ARM_A]->label_names[i]);
        at.name = columns > at.name ? columns : at.name;
    }
    int most = width - 2 - 2 * (at.probability + 2);
    most = most < NAME_SMALLEST ? NAME_SMALLEST : most > NAME_MOST ? NAME_MOST : most;
    at.name = at.name > most ? most : at.name;
    int change = 9, room = width - 2 - at.name - change;
    if (room < 2 * (at.logit + at.probability + 2)) {
        change = 0;
        room = width - 2 - at.name;
    }
    if (room < 2 * (at.logit + at.probability + 2))
        at.logit = 0;
    at.bar = room / 2 - at.logit - at.probability - 3;
    at.bar = at.bar < BAR_LEAST ? 0 : at.bar > BAR_MOST ? BAR_MOST : at.bar;
    int arm = at.logit + at.probability + (at.bar ? at.bar + 1 : 0);
    at.arm[ARM_A] = 1 + at.name + 1;
    at.arm[ARM_B] = at.arm[ARM_A] + arm + 2;
    at.change_end = change ? at.arm[ARM_B] + arm + change : 0;
    return at;
}

static void draw_head(const struct screen *screen, const struct answers *answers,
                      const struct columns *at, struct area area) {
    const struct glyphs *glyphs = screen->glyphs;
    int numbers = at->logit + at->probability;
    draw_cut(area, 0, 1, at->name, MEANING_FAINT, 0, "label", glyphs);
    for (int arm = 0; arm < ARMS; arm++) {
        int column = at->arm[arm];
        area_text(area, 0, column, accents[arm], CELL_BOLD, arm_names[arm]);
        if (at->logit)
            area_text_right(area, 0, column + at->logit, MEANING_FAINT, 0, "logit");
        area_text_right(area, 0, column + numbers, MEANING_FAINT, 0, "prob");
        if (at->bar)
            draw_cut(area, 0, column + numbers + 1, at->bar, accents[arm], 0,
                     answers->captures[arm]->spec, glyphs);
    }
    if (at->change_end) {
        char text[32];
        snprintf(text, sizeof(text), "B %s A", glyphs->minus);
        area_text_right(area, 0, at->change_end, MEANING_FAINT, 0, text);
    }
}

static void draw_label(const struct screen *screen, const struct answers *answers,
                       const struct columns *at, struct area area, int row, int label) {
    const struct glyphs *glyphs = screen->glyphs;
    char text[64];
    int chosen = 0;
    for (int arm = 0; arm < ARMS; arm++)
        chosen |= answers->captures[arm]->label == label;
    draw_cut(area, row, 1, at->name, MEANING_TEXT, chosen ? CELL_BOLD : 0,
             answers->configs[ARM_A]->label_names[label], glyphs);
    for (int arm = 0; arm < ARMS; arm++) {
        const struct capture *capture = answers->captures[arm];
        int column = at->arm[arm], late = screen_is_late(screen, arm);
        enum meaning plain = late ? MEANING_FAINT : MEANING_TEXT;
        if (label >= capture->labels)
            continue;
        unsigned flags = capture->label == label ? CELL_BOLD : 0;
        if (at->logit)
            area_text_right(
                area, row, column + at->logit, plain, flags,
                signed_text(text, sizeof(text), (double)capture->logits[label], 2, glyphs));
        snprintf(text, sizeof(text), "%.3f", (double)capture->probabilities[label]);
        column += at->logit + at->probability;
        area_text_right(area, row, column, plain, flags, text);
        if (at->bar)
            bar_draw(area, row, column + 1, at->bar, (double)capture->probabilities[label],
                     late ? MEANING_FAINT : accents[arm], glyphs);
    }
    if (at->change_end && answers->comparable) {
        double change = (double)answers->captures[ARM_B]->probabilities[label] -
                        (double)answers->captures[ARM_A]->probabilities[label];
        area_text_right(area, row, at->change_end, MEANING_TEXT, 0,
                        signed_text(text, sizeof(text), change, 3, glyphs));
    }
}

/* The logit difference under its labels' logits, and whose it is. */
static void draw_difference(const struct screen *screen, const struct answers *answers,
                            const struct columns *at, struct area area, int row) {
    const struct glyphs *glyphs = screen->glyphs;
    const struct model_config *config = answers->configs[ARM_A];
    char text[64], pair[2 * MODEL_LABEL_BYTES + 32];
    draw_cut(area, row, 1, at->name, MEANING_FAINT, 0, "difference", glyphs);
    for (int arm = 0; arm < ARMS; arm++) {
        int end = at->arm[arm] + (at->logit ? at->logit : at->probability);
        area_text_right(area, row, end, screen_is_late(screen, arm) ? MEANING_FAINT : MEANING_TEXT,
                        0, signed_text(text, sizeof(text), answers->differences[arm], 2, glyphs));
    }
    if (at->change_end)
        area_text_right(area, row, at->change_end, MEANING_TEXT, 0,
                        signed_text(text, sizeof(text),
                                    answers->differences[ARM_B] - answers->differences[ARM_A], 2,
                                    glyphs));
    if (answers->low < 0)
        return;
    snprintf(pair, sizeof(pair), "%s %s %s", config->label_names[answers->high], glyphs->minus,
             config->label_names[answers->low]);
    if (answers->labels > 2)
        strcat(pair, ", A's first two");
    int begin = at->arm[ARM_A] + at->logit + 1;
    if (at->logit && at->bar)
        draw_cut(area, row, begin, at->arm[ARM_B] - begin - 1, MEANING_FAINT, 0, pair, glyphs);
}

/* Labels to show in so many rows: all in their order, or the ones that either arm finds most
 * probable. Returns how many. */
static int choose_labels(const struct answers *answers, int rows, int chosen[MODEL_LABELS_MAX]) {
    int taken[MODEL_LABELS_MAX] = {0}, count = 0;
    if (answers->labels <= rows) {
        for (int i = 0; i < answers->labels; i++)
            chosen[i] = i;
        return answers->labels;
    }
    for (; count < rows; count++) {
        int best = -1;
        float most = -1;
        for (int i = 0; i < answers->labels; i++) {
            float here = answers->captures[ARM_A]->probabilities[i];
            if (answers->comparable)
                here = fmaxf(here, answers->captures[ARM_B]->probabilities[i]);
            if (taken[i] || !(here > most))
                continue;
            best = i;
            most = here;
        }
        if (best < 0)
            break;
        taken[best] = 1;
        chosen[count] = best;
    }
    return count;
}

/* In the title, up to column `end`. */
static void draw_agreement(const struct answers *answers, struct area area, int column, int end) {
    const struct capture *a = answers->captures[ARM_A], *b = answers->captures[ARM_B];
    int agree = strcmp(a->label_name, b->label_name) == 0;
    const char *long_text = agree ? " A and B agree " : " A and B differ ";
    const char *text = agree ? " agree " : " differ ";
    char number[64];
    text = column + 1 + text_columns(long_text) <= end ? long_text : text;
    if (column + 1 + text_columns(text) > end)
        return;
    column += 1 + area_text(area, 0, column + 1, agree ? MEANING_POSITIVE : MEANING_NEGATIVE,
                            CELL_BOLD, text);
    snprintf(number, sizeof(number), " total variation %.3f ", answers->variation);
    if (answers->comparable && column + 1 + text_columns(number) <= end)
        area_text(area, 0, column + 1, MEANING_FAINT, 0, number);
}

/* Rows that the answers would fill. */
static int answers_rows(const struct answers *answers) {
    return 2 + answers->labels + answers->comparable;
}

static void draw_answers(const struct screen *screen, const struct answers *answers,
                         struct area area) {
    int labels[MODEL_LABELS_MAX], row = 1, heads = area.rows >= 4;
    struct columns at = arrange(answers, area.columns);
    area_rule(area, 0, screen->glyphs);
    int title = 1 + area_text(area, 0, 1, MEANING_TITLE, CELL_BOLD, " prediction ");
    int difference =
        answers->comparable && area.rows >= 2 + heads + (answers->labels > 2 ? 2 : answers->labels);
    int count = choose_labels(answers, area.rows - 1 - heads - difference, labels);
    if (heads)
        draw_head(screen, answers, &at, area_part(area, row++, 0, 1, area.columns));
    for (int i = 0; i < count; i++)
        draw_label(screen, answers, &at, area, row++, labels[i]);
    if (difference)
        draw_difference(screen, answers, &at, area, row);
    char text[64] = "";
    if (count < answers->labels)
        snprintf(text, sizeof(text), " %d of %d labels ", count, answers->labels);
    area_text_right(area, 0, area.columns - 1, MEANING_FAINT, 0, text);
    draw_agreement(answers, area, title, area.columns - 1 - text_columns(text));
}

/* ---- edited copies --------------------------------------------------------------------------- */

/* The copy as a sentence, its changes marked so that they are seen without colour. */
static void draw_pieces(struct area area, const struct sentence_copy *copy,
                        const struct glyphs *glyphs) {
    static const char *const before[] = {"", "[-", "", "{+"}, *const after[] = {"", "-]", "", "+}"};
    static const enum meaning meanings[] = {MEANING_TEXT, MEANING_NEGATIVE, MEANING_NOTE,
                                            MEANING_POSITIVE};
    int column = 0;
    for (int i = 0; i < copy->shown_count; i++) {
        const char *piece = copy->pieces[i];
        enum token_state state = copy->states[i];
        char text[160];
        int end = i == 0 || i == copy->shown_count - 1;
        if (end && state == TOKEN_SAME)
            continue;
        int joined = strncmp(piece, "##", 2) == 0 && piece[2];
        snprintf(text, sizeof(text), "%s%s%s", before[state], joined ? piece + 2 : piece,
                 after[state]);
        column += column > 0 && !joined;
        int left = area.columns - column;
        if (left < 1)
            return;
        int used = draw_cut(area, 0, column, left, meanings[state],
                            state == TOKEN_SAME ? 0 : CELL_BOLD, text, glyphs);
        if (used < text_columns(text))
            return;
        column += used;
    }
}

/* What an arm says of a copy, and how that differs from what it says of the sentence. */
static void draw_said(const struct screen *screen, const struct answers *answers, int arm,
                      const struct copy_said *said, struct area area) {
    const struct glyphs *glyphs = screen->glyphs;
    char text[64];
    int flips = said->label != answers->captures[arm]->label;
    area_text(area, 0, 0, accents[arm], CELL_BOLD, arm_names[arm]);
    if (!said->known)
        return;
    area_text_right(area, 0, 8, MEANING_TEXT, 0,
                    signed_text(text, sizeof(text), said->difference, 2, glyphs));
    area_text_right(
        area, 0, 15, MEANING_FAINT, 0,
        signed_text(text, sizeof(text), said->difference - said->difference_before, 2, glyphs));
    snprintf(text, sizeof(text), "%.3f", said->kept);
    area_text_right(area, 0, 21, MEANING_TEXT, 0, text);
    area_text_right(area, 0, 29, MEANING_FAINT, 0,
                    signed_text(text, sizeof(text), said->kept - said->kept_before, 3, glyphs));
    const struct model_config *config = answers->configs[arm];
    const char *label = said->label < config->labels ? config->label_names[said->label] : "?";
    draw_cut(area, 0, 30, area.columns - 31, flips ? MEANING_NEGATIVE : MEANING_FAINT,
             flips ? CELL_BOLD : 0, flips ? label : "same", glyphs);
}

/* Whether A and B of a copy stand in one row. */
static int copies_are_wide(int columns) {
    return columns >= COPY_INDENT + 2 * COPY_COLUMNS;
}

static int copies_rows(int count, int columns) {
    return count ? 1 + count * (copies_are_wide(columns) ? 2 : 3) : 0;
}

static void draw_copies(const struct screen *screen, const struct answers *answers,
                        const struct sentence_copy *const copies[], int count, struct area area) {
    const struct prediction_state *state = &screen->workbench->prediction;
    int wide = copies_are_wide(area.columns), row = 1;
    int half = (area.columns - COPY_INDENT) / 2;
    area_rule(area, 0, screen->glyphs);
    int column = 1 + area_text(area, 0, 1, MEANING_TITLE, CELL_BOLD, " edited copies ");
    draw_cut(area, 0, column + 1, area.columns - column - 2, MEANING_FAINT, 0,
             " logit difference, change; probability of the original's label, change ",
             screen->glyphs);
    /* The last ones, among them the copy at hand, when not all have room. */
    int fit = (area.rows - 1) / (wide ? 2 : 3);
    for (int i = count > fit ? count - fit : 0; i < count; i++) {
        const struct sentence_copy *copy = copies[i];
        if (copy == &state->now)
            area_text(area, row, 1, MEANING_NOTE, CELL_BOLD, "now");
        else
            area_printf(area, row, 1, MEANING_FAINT, 0, "%3d", i + 1);
        draw_pieces(area_part(area, row, COPY_INDENT, 1, area.columns - COPY_INDENT - 1), copy,
                    screen->glyphs);
        row++;
        for (int arm = 0; arm < ARMS; arm++) {
            int at = COPY_INDENT + (wide && arm ? half : 0);
            draw_said(screen, answers, arm, &copy->said[arm],
                      area_part(area, row, at, 1, wide ? half : area.columns - at));
            row += !wide || arm == ARM_B;
        }
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Answers, copies and occlusion: one below the other, or the last one at the right. Parts without
 * rows are left out. */
struct parts {
    struct area answers, copies, occlusion;
};

static struct parts place(const struct answers *answers, int copies, int occlude,
                          struct area area) {
    int side = occlude && area.columns >= SIDE_BY_SIDE;
    int left = side ? area.columns / 2 - SIDE_GAP / 2 : area.columns;
    int below = occlude && !side ? OCCLUSION_LEAST + 2 : 0;
    int top = answers_rows(answers), middle = copies_rows(copies, left);
    if (top > area.rows)
        top = area.rows;
    /* Many labels leave room for the rest. */
    if (top > area.rows / 2 && top + middle + below > area.rows)
        top = area.rows / 2 > 4 ? area.rows / 2 : top < 4 ? top : 4;
    int least = copies ? copies_rows(1, left) : 0;
    if (top + middle + below > area.rows)
        middle = area.rows - top - below;
    middle = middle < least ? least : middle;
    struct parts parts = {.answers = area_part(area, 0, 0, top, left),
                          .copies = area_part(area, top, 0, middle, left)};
    if (side)
        parts.occlusion =
            area_part(area, 0, left + SIDE_GAP, area.rows, area.columns - left - SIDE_GAP);
    else
        parts.occlusion = area_part(area, top + middle, 0, area.rows - top - middle, area.columns);
    return parts;
}

static void draw(struct screen *screen, struct area area) {
    struct workbench *workbench = screen->workbench;
    const struct sentence_copy *copies[COPIES_KEPT_MOST + 1];
    struct answers answers;
    prediction_wish(workbench);
    if (find(workbench, &answers) < 0) {
        area_rule(area, 0, screen->glyphs);
        area_text(area, 0, 1, MEANING_TITLE, CELL_BOLD, " prediction ");
        draw_cut(area, 2, 3, area.columns - 4, MEANING_FAINT, 0, "the model reads the sentence",
                 screen->glyphs);
        return;
    }
    int count = prediction_copies(workbench, copies);
    struct parts parts = place(&answers, count, workbench->prediction.by != OCCLUSION_OFF, area);
    draw_answers(screen, &answers, parts.answers);
    if (count && parts.copies.rows >= 3)
        draw_copies(screen, &answers, copies, count, parts.copies);
    if (parts.occlusion.rows >= 2)
        occlusion_draw(screen, parts.occlusion);
}

/* A click on a bar moves the cursor to its token. */
static int click(struct screen *screen, struct area area, int row, int column,
                 enum mouse_event event) {
    struct workbench *workbench = screen->workbench;
    const struct sentence_copy *copies[COPIES_KEPT_MOST + 1];
    struct answers answers;
    char line[64];
    if (find(workbench, &answers) < 0 || (event != MOUSE_PRESS && event != MOUSE_DOUBLE))
        return 0;
    int count = prediction_copies(workbench, copies);
    struct area bars =
        place(&answers, count, workbench->prediction.by != OCCLUSION_OFF, area).occlusion;
    int token = occlusion_token(screen, bars, row - (bars.row - area.row));
    if (token < 0 || column < bars.column - area.column)
        return 0;
    snprintf(line, sizeof(line), "cursor %d %d", token, workbench->key);
    screen_command(screen, line);
    if (event == MOUSE_DOUBLE)
        screen_command(screen, "edit mask");
    return 1;
}

static const struct key_binding keys[] = {
    {FOCUS_MAP, KEYS_UP, 0, "cursor up", "the token before", "Up Down", "token", 0},
    {FOCUS_MAP, KEYS_DOWN, 0, "cursor down", "the next token", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_LEFT, 0, "cursor up", NULL, NULL, NULL, 0},
    {FOCUS_MAP, KEYS_RIGHT, 0, "cursor down", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'h', 0, "cursor up", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'l', 0, "cursor down", NULL, NULL, NULL, 0},
    {FOCUS_MAP, KEYS_HOME, 0, "cursor top", "the first token", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_END, 0, "cursor bottom", "the last token", NULL, NULL, 0},
    {FOCUS_MAP, 'm', 0, "edit mask", "a copy with the token masked; again: back", "m", "mask", 1},
    {FOCUS_MAP, 'd', 0, "edit drop", "a copy without the token; again: back", "d", "drop", 1},
    {FOCUS_MAP, 'r', 0, "prompt edit replace ", "a copy with another word in its place", "r",
     "replace", 1},
    {FOCUS_MAP, 'R', 0, "edit reset", "the copy at hand goes", "R", "reset", 0},
    {FOCUS_MAP, 'K', 0, "edit keep", "keep the copy at hand in the list", "K", "keep", 0},
    {FOCUS_MAP, 'D', 0, "prompt edit forget ", "take a copy off the list", NULL, NULL, 0},
    {FOCUS_MAP, 'W', 0, "edit by next", "edit and occlude tokens or whole words", "W", "words", 0},
    {FOCUS_MAP, 'O', 0, "occlude next", "bars: each token masked, dropped, or none", "O", "occlude",
     0},
    {0},
};

const struct view_ops view_prediction = {.keys = keys, .draw = draw, .click = click};

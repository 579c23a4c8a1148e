/*
 * figure_prediction.c - the view PREDICTION as a figure: probabilities, logits, edited copies,
 * occlusion.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app/figures.h"

static const char *const arm_names[ARMS] = {"A", "B"};

static int add_probabilities(const struct workbench *workbench, struct figure *figure,
                             struct sawb_error *error) {
    const struct capture *a = workbench->arms[ARM_A].capture, *b = workbench->arms[ARM_B].capture;
    const struct model_config *config = &workbench->arms[ARM_A].model->config;
    const char *labels[MODEL_LABELS_MAX];
    struct panel *panel =
        figure_bars(figure, "probabilities", a->labels, ARMS, "probability", error);
    if (!panel)
        return -1;
    for (int i = 0; i < a->labels; i++) {
        labels[i] = config->label_names[i];
        panel->bars[i * ARMS + ARM_A] = (double)a->probabilities[i];
        panel->bars[i * ARMS + ARM_B] = i < b->labels ? (double)b->probabilities[i] : (double)NAN;
    }
    panel->minimum = 0;
    panel->maximum = 1;
    return panel_row_labels(panel, labels, error) < 0 ||
                   panel_column_labels(panel, arm_names, error) < 0
               ? -1
               : 0;
}

static int add_numbers(struct panel *panel, const char *name, int decimals, const double *numbers,
                       int count, struct sawb_error *error) {
    struct panel_column *column = panel_column(panel, name, COLUMN_NUMBER, decimals, error);
    for (int i = 0; column && i < count; i++)
        column->numbers[i] = numbers[i];
    return column ? 0 : -1;
}

/* Labels and, in a last row, the logit difference. */
static int add_logits(const struct workbench *workbench, struct figure *figure,
                      struct sawb_error *error) {
    const struct capture *a = workbench->arms[ARM_A].capture, *b = workbench->arms[ARM_B].capture;
    const struct model_config *config = &workbench->arms[ARM_A].model->config;
    int labels = a->labels, rows = labels + (a->labels == b->labels), high, low;
    struct panel *panel = figure_table(figure, "answers", rows, error);
    if (!panel || !panel_column(panel, "label", COLUMN_TEXT, 0, error))
        return -1;
    logit_pair(a->logits, labels, &high, &low);
    for (int i = 0; i < rows; i++)
        if (panel_cell(panel, i, 0, i < labels ? config->label_names[i] : "logit difference",
                       error) < 0)
            return -1;
    for (int arm = 0; arm < ARMS; arm++) {
        const struct capture *capture = workbench->arms[arm].capture;
        double logits[MODEL_LABELS_MAX + 1] = {0}, probabilities[MODEL_LABELS_MAX + 1] = {0};
        for (int i = 0; i < labels; i++) {
            logits[i] = i < capture->labels ? (double)capture->logits[i] : (double)NAN;
            probabilities[i] =
                i < capture->labels ? (double)capture->probabilities[i] : (double)NAN;
        }
        logits[labels] = rows == labels ? (double)NAN : logits[high] - (low < 0 ? 0 : logits[low]);
        probabilities[labels] = (double)NAN;
        if (add_numbers(panel, arm ? "B logit" : "A logit", 4, logits, rows, error) < 0 ||
            add_numbers(panel, arm ? "B probability" : "A probability", 4, probabilities, rows,
                        error) < 0)
            return -1;
    }
    return 0;
}

/* A row for each copy. */
static int add_copies(const struct workbench *workbench, struct figure *figure,
                      struct sawb_error *error) {
    const struct sentence_copy *copies[COPIES_KEPT_MOST + 1];
    static const char *const names[ARMS][4] = {
        {"A logit difference", "A change", "A probability", "A says"},
        {"B logit difference", "B change", "B probability", "B says"}};
    int count = prediction_copies(workbench, copies);
    if (count == 0)
        return 0;
    struct panel *panel = figure_table(figure, "edited copies", count, error);
    if (!panel || !panel_column(panel, "edit", COLUMN_TEXT, 0, error))
        return -1;
    for (int i = 0; i < count; i++)
        if (panel_cell(panel, i, 0, copies[i]->name, error) < 0)
            return -1;
    for (int arm = 0; arm < ARMS; arm++) {
        const struct model_config *config = &workbench->arms[arm].model->config;
        double numbers[3][COPIES_KEPT_MOST + 1];
        for (int i = 0; i < count; i++) {
            const struct copy_said *said = &copies[i]->said[arm];
            numbers[0][i] = said->known ? said->difference : (double)NAN;
            numbers[1][i] = said->known ? said->difference - said->difference_before : (double)NAN;
            numbers[2][i] = said->known ? said->kept : (double)NAN;
        }
        for (int n = 0; n < 3; n++)
            if (add_numbers(panel, names[arm][n], 4, numbers[n], count, error) < 0)
                return -1;
        if (!panel_column(panel, names[arm][3], COLUMN_TEXT, 0, error))
            return -1;
        for (int i = 0; i < count; i++)
            if (copies[i]->said[arm].known && copies[i]->said[arm].label < config->labels &&
                panel_cell(panel, i, panel->columns - 1,
                           config->label_names[copies[i]->said[arm].label], error) < 0)
                return -1;
    }
    return 0;
}

/* A bar for each unit. */
static int add_occlusion(const struct occlusion *occlusion, struct figure *figure,
                         struct sawb_error *error) {
    const char *title =
        occlusion->by == OCCLUSION_DROP ? "each token dropped" : "each token masked";
    int bars = 0, at = 0;
    for (int i = 0; i < occlusion->tokens; i++)
        bars += occlusion->width[i] > 0;
    const char **labels = malloc(((size_t)bars + 1) * sizeof(*labels));
    struct panel *panel =
        labels ? figure_bars(figure, title, bars, ARMS, "change of the logit difference", error)
               : NULL;
    if (!labels)
        error_set(error, "figure: out of memory");
    for (int i = 0; panel && i < occlusion->tokens; i++) {
        if (!occlusion->width[i])
            continue;
        for (int arm = 0; arm < ARMS; arm++) {
            const struct copy_said *said = &occlusion->said[i * ARMS + arm];
            panel->bars[at * ARMS + arm] =
                said->known ? said->difference - said->difference_before : (double)NAN;
        }
        labels[at++] = occlusion->pieces[i];
    }
    int status = panel && panel_row_labels(panel, labels, error) == 0 &&
                         panel_column_labels(panel, arm_names, error) == 0
                     ? 0
                     : -1;
    free(labels);
    return status;
}

int prediction_figure(const struct workbench *workbench, struct figure *figure,
                      struct sawb_error *error) {
    const struct capture *a = workbench->arms[ARM_A].capture, *b = workbench->arms[ARM_B].capture;
    const struct occlusion *occlusion = prediction_occlusion(workbench, 0);
    if (!a || !b)
        return error_set(error, "prediction: there is no answer yet; give a sentence with `text`");
    if (figure_title(figure, error, "prediction") < 0 ||
        figure_facts(workbench, figure, error) < 0 ||
        figure_fact(figure, error, "agree", "%s",
                    strcmp(a->label_name, b->label_name) == 0 ? "yes" : "no") < 0)
        return -1;
    if (a->labels == b->labels &&
        figure_fact(figure, error, "total variation", "%.4f",
                    total_variation(a->probabilities, b->probabilities, a->labels)) < 0)
        return -1;
    figure->stacked = 1;
    if (add_probabilities(workbench, figure, error) < 0 ||
        add_logits(workbench, figure, error) < 0 || add_copies(workbench, figure, error) < 0)
        return -1;
    return occlusion ? add_occlusion(occlusion, figure, error) : 0;
}

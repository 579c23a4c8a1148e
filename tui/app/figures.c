/*
 * figures.c - facts of the workbench's figures.
 */
#include "tui/app/figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const arm_names[ARMS] = {"A", "B"};

static int model_facts(const struct workbench *workbench, struct figure *figure,
                       struct sawb_error *error) {
    const struct model *a = workbench->arms[ARM_A].model, *b = workbench->arms[ARM_B].model;
    if (a && b && strcmp(a->directory, b->directory) == 0)
        return figure_fact(figure, error, "model", "%s", a->directory);
    if (a && figure_fact(figure, error, "model A", "%s", a->directory) < 0)
        return -1;
    return b ? figure_fact(figure, error, "model B", "%s", b->directory) : 0;
}

static int arm_facts(const struct arm *arm, const char *arm_name, struct figure *figure,
                     struct sawb_error *error) {
    const struct capture *capture = arm->capture;
    const char *pattern = capture && capture->pattern ? capture->pattern : arm->spec;
    char name[64];
    snprintf(name, sizeof(name), "pattern %s", arm_name);
    if (pattern && figure_fact(figure, error, name, "%s", pattern) < 0)
        return -1;
    if (!capture)
        return 0;
    snprintf(name, sizeof(name), "realised sparsity %s", arm_name);
    if (figure_fact(figure, error, name, "%.2f %%", 100 * capture->realised) < 0)
        return -1;
    if (!capture->training_step)
        return 0;
    snprintf(name, sizeof(name), "training step %s", arm_name);
    return figure_fact(figure, error, name, "%" PRIu64, capture->training_step);
}

int figure_facts(const struct workbench *workbench, struct figure *figure,
                 struct sawb_error *error) {
    if (model_facts(workbench, figure, error) < 0)
        return -1;
    for (int arm = 0; arm < ARMS; arm++)
        if (arm_facts(&workbench->arms[arm], arm_names[arm], figure, error) < 0)
            return -1;
    /* What is shown is the answer to the sentence that its capture holds. */
    const struct capture *capture = workbench->arms[ARM_A].capture;
    const char *text = capture ? capture->text : workbench->text;
    if (text && figure_fact(figure, error, "sentence", "%s", text) < 0)
        return -1;
    if (figure_fact(figure, error, "seed", "%" PRIu64, workbench->settings.seed) < 0)
        return -1;
    return figure_fact(figure, error, "version", "sawb %s", SAWB_VERSION);
}

/*
 * command_arms.c - the sentence, and the models and patterns of the arms.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tui/command/handlers.h"

static int answer(int status, struct sink *sink, const struct sawb_error *error) {
    return status < 0 ? command_fail(sink, error) : COMMAND_DONE;
}

/* The arms that "a", "b" or "both" names: first to last. */
static void read_arms(const char *word, int *first, int *last) {
    *first = strcasecmp(word, "b") == 0 ? ARM_B : ARM_A;
    *last = strcasecmp(word, "a") == 0 ? ARM_A : ARM_B;
}

static int set_specs(struct workbench *workbench, const char *arms, const char *spec,
                     struct sink *sink) {
    struct sawb_error error;
    int first, last, status = 0;
    read_arms(arms, &first, &last);
    for (int arm = first; arm <= last && status == 0; arm++)
        status = workbench_set_spec(workbench, arm, spec, &error);
    return answer(status, sink, &error);
}

int command_text(struct workbench *workbench, const struct arguments *arguments,
                 struct sink *sink) {
    const char *text = arguments_get(arguments, 0);
    struct sawb_error error;
    return answer(workbench_set_text(workbench, text ? text : "", &error), sink, &error);
}

int command_example(struct workbench *workbench, const struct arguments *arguments,
                    struct sink *sink) {
    const char *which = arguments_get(arguments, 0);
    struct sawb_error error;
    int index = workbench->example + 1, count;
    if (which && strcasecmp(which, "previous") == 0) {
        index = workbench->example - 1;
    } else if (which && strcasecmp(which, "next") != 0) {
        char *end;
        long number = strtol(which, &end, 10);
        if (*end || number < 1 || number > 1000000) {
            error_set(&error, "example: must be next, previous or a number from 1, not \"%s\"",
                      which);
            return command_misuse(sink, &error);
        }
        index = (int)number - 1;
    }
    char *sentence = workbench_sentence(workbench, index, &count, &error);
    if (!sentence)
        return command_fail(sink, &error);
    workbench->example = ((index % count) + count) % count;
    int status = workbench_set_text(workbench, sentence, &error);
    free(sentence);
    return answer(status, sink, &error);
}

int command_sparsity(struct workbench *workbench, const struct arguments *arguments,
                     struct sink *sink) {
    return set_specs(workbench, arguments_get(arguments, 0), arguments_get(arguments, 1), sink);
}

int command_preset(struct workbench *workbench, const struct arguments *arguments,
                   struct sink *sink) {
    const char *name = arguments_get(arguments, 1);
    struct sawb_error error;
    for (int i = 0; i < presets_count(workbench->presets); i++) {
        if (strcmp(presets_name(workbench->presets, i), name) == 0)
            return set_specs(workbench, arguments_get(arguments, 0), name, sink);
    }
    error_set(&error, "preset: there is none named \"%s\"; `presets` lists them all", name);
    return command_fail(sink, &error);
}

int command_open(struct workbench *workbench, const struct arguments *arguments,
                 struct sink *sink) {
    const char *arms = arguments_get(arguments, 1);
    struct sawb_error error;
    int first, last;
    read_arms(arms ? arms : "both", &first, &last);
    if (workbench_set_model(workbench, first == last ? first : -1, arguments_get(arguments, 0),
                            &error) < 0)
        return command_fail(sink, &error);
    const struct model *model = workbench->arms[first].model;
    if (model->note[0])
        sink_note(sink, "%s: %s", model->directory, model->note);
    return COMMAND_DONE;
}

int command_swap(struct workbench *workbench, const struct arguments *arguments,
                 struct sink *sink) {
    struct sawb_error error;
    (void)arguments;
    return answer(workbench_swap(workbench, &error), sink, &error);
}

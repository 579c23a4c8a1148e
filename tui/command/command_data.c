/*
 * command_data.c - eval and compare: what is measured over a data set.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "tui/command/answer.h"
#include "tui/command/handlers.h"
#include "viz/table.h"

struct measuring {
    struct workbench *workbench;
    struct sink *sink;
    struct job_arm arms[ARMS];
    int lines; /* told so far */
    int status;
};

static void tell(struct measuring *measuring, char *text) {
    if (sink_result_owned(measuring->sink, text) != COMMAND_DONE)
        measuring->status = COMMAND_FAILED;
}

/* The share a specification asks for, negative: none. */
static double target_of(const struct job_arm *arm) {
    struct sparsity *sparsity;
    if (sparsity_parse(&sparsity, arm->spec, arm->presets, NULL) < 0)
        return -1;
    double target = sparsity_target(sparsity);
    sparsity_free(sparsity);
    return target;
}

/* Submits and, in a shell, waits; releases the arms' models. */
static int measure(struct measuring *measuring, struct job *job,
                   void (*reader)(void *user, const struct event *event),
                   struct sawb_error *error) {
    struct waiting waiting = {measuring->sink, NULL, reader, measuring};
    int status = command_job(measuring->workbench, job, &waiting, error);
    model_release(measuring->arms[ARM_A].model);
    model_release(measuring->arms[ARM_B].model);
    return status == COMMAND_DONE ? measuring->status : status;
}

/* ---- a table of arms ------------------------------------------------------------------------- */

static struct table *arm_table(void) {
    static const char *const titles[] = {"arm",   "model",     "pattern",    ">rows",   ">accuracy",
                                         ">loss", ">target %", ">removed %", ">seconds"};
    return table_create(titles, sizeof(titles) / sizeof(titles[0]), NULL);
}

/* -1 when out of memory. */
static int add_arm(struct table *table, const char *name, const struct job_arm *arm,
                   const struct evaluation *evaluation) {
    double target = target_of(arm);
    int failed =
        table_add(table, "%s", name) < 0 || table_add(table, "%s", arm->model->directory) < 0 ||
        table_add(table, "%s", arm->spec) < 0 || table_add(table, "%d", evaluation->rows) < 0;
    if (evaluation->labelled > 0)
        failed |= table_add(table, "%.4f", evaluation->accuracy) < 0 ||
                  table_add(table, "%.4f", evaluation->loss) < 0;
    else
        failed |= table_add(table, "-") < 0 || table_add(table, "-") < 0;
    failed |= target < 0 ? table_add(table, "-") < 0 : table_add(table, "%.1f", 100 * target) < 0;
    failed |= table_add(table, "%.1f", 100 * evaluation->realised) < 0 ||
              table_add(table, "%.1f", evaluation->seconds) < 0;
    return failed ? -1 : 0;
}

/* One row an evaluation; NULL when out of memory. */
static char *print_arms(const struct workbench *workbench, const struct job_arm *arms,
                        const struct evaluation *const evaluations[], int count) {
    struct table *table = arm_table();
    int failed = !table;
    for (int i = 0; i < count && !failed; i++)
        failed = add_arm(table, i == ARM_A ? "A" : "B", &arms[i], evaluations[i]) < 0;
    char *text = failed ? NULL : command_table(workbench, table);
    table_free(table);
    return text;
}

static void note_truncated(struct sink *sink, const struct job_arm *arm,
                           const struct evaluation *evaluation) {
    if (evaluation->truncated > 0)
        sink_note(sink, "%d of %d texts are longer than %d tokens, their ends were left out",
                  evaluation->truncated, evaluation->rows, model_token_limit(arm->model));
}

/* ---- eval ------------------------------------------------------------------------------------ */

static void show_evaluation(struct measuring *measuring, const struct evaluation *evaluation) {
    const struct job_arm *arm = &measuring->arms[ARM_A];
    note_truncated(measuring->sink, arm, evaluation);
    if (evaluation->labelled == 0)
        sink_note(measuring->sink, "the rows have no labels: there is neither accuracy nor loss");
    struct record record = record_begin();
    answer_evaluation(&record, evaluation, arm->spec, target_of(arm));
    if (measuring->workbench->settings.json) {
        tell(measuring, record_print(&record));
    } else {
        command_keep(measuring->workbench, record_print(&record));
        tell(measuring, print_arms(measuring->workbench, arm, &evaluation, 1));
    }
}

static void tell_row(struct measuring *measuring, const struct evaluation_row *row,
                     const char *label, const char *text) {
    static const char *const titles[] = {">row", "answer", "label", "text"};
    static const int widths[] = {6, 6, 8, 0};
    const char *answer = row->gold < 0 ? "?" : row->gold == row->label ? "right" : "wrong";
    struct table *table = table_create(titles, 4, NULL);
    int failed = !table || table_add(table, "%d", row->row) < 0 ||
                 table_add(table, "%s", answer) < 0 || table_add(table, "%s", label) < 0 ||
                 table_add(table, "%s", text) < 0;
    if (!failed) {
        table_least(table, widths);
        table_mark(table, strcmp(answer, "wrong") == 0 ? TABLE_BAD : TABLE_PLAIN);
    }
    if (command_tell_row(measuring->workbench, table, failed, measuring->lines++,
                         measuring->sink) != COMMAND_DONE)
        measuring->status = COMMAND_FAILED;
}

static void read_evaluation(void *user, const struct event *event) {
    struct measuring *measuring = user;
    const struct model_config *config = &measuring->arms[ARM_A].model->config;
    const struct evaluation_row *row = &event->data.row;
    if (event->kind == EVENT_EVALUATION) {
        show_evaluation(measuring, &event->data.evaluation);
    } else if (event->kind == EVENT_ROW && measuring->workbench->settings.json) {
        tell(measuring, answer_row(row, event->text, config));
    } else if (event->kind == EVENT_ROW) {
        tell_row(measuring, row, config->label_names[row->label], event->text);
    }
}

int command_eval(struct workbench *workbench, const struct arguments *arguments,
                 struct sink *sink) {
    struct measuring measuring = {.workbench = workbench, .sink = sink};
    struct sawb_error error;
    int status = command_arm(workbench, arguments, sink, &measuring.arms[ARM_A]);
    if (status != COMMAND_DONE)
        return status;
    int rows = sink->wait && arguments_option(arguments, "rows") != NULL;
    struct job *job = job_evaluate(&measuring.arms[ARM_A], arguments_get(arguments, 0), rows,
                                   workbench->settings.seed, &error);
    return measure(&measuring, job, read_evaluation, &error);
}

/* ---- compare --------------------------------------------------------------------------------- */

static void record_arm(struct record *record, const char *key, const struct job_arm *arm,
                       const struct evaluation *evaluation) {
    struct record part = record_begin();
    record_text(&part, "model", arm->model->directory);
    answer_evaluation(&part, evaluation, arm->spec, target_of(arm));
    record->failed |= part.failed;
    record_item(record, key, part.object);
}

static char *comparison_json(const struct job_arm *arms, const struct comparison *comparison) {
    struct record record = record_begin();
    record_arm(&record, "a", &arms[ARM_A], &comparison->a);
    record_arm(&record, "b", &arms[ARM_B], &comparison->b);
    record_number(&record, "a_only", comparison->a_only);
    record_number(&record, "b_only", comparison->b_only);
    record_number(&record, "mcnemar_p", comparison->mcnemar_p);
    record_item(&record, "flips", json_int_array(comparison->flip_rows, comparison->flips));
    return record_print(&record);
}

static void read_comparison(void *user, const struct event *event) {
    struct measuring *measuring = user;
    if (event->kind != EVENT_COMPARISON)
        return;
    const struct comparison *comparison = &event->data.comparison;
    const struct evaluation *const evaluations[ARMS] = {&comparison->a, &comparison->b};
    for (int i = 0; i < ARMS; i++)
        note_truncated(measuring->sink, &measuring->arms[i], evaluations[i]);
    if (measuring->workbench->settings.json) {
        tell(measuring, comparison_json(measuring->arms, comparison));
        return;
    }
    command_keep(measuring->workbench, comparison_json(measuring->arms, comparison));
    tell(measuring, print_arms(measuring->workbench, measuring->arms, evaluations, ARMS));
    sink_result(measuring->sink,
                "only A right %d, only B right %d, McNemar's exact p %.4g; %d labels differ",
                comparison->a_only, comparison->b_only, comparison->mcnemar_p, comparison->flips);
}

/* What `word` stands for: a model's folder, FOLDER=PATTERN, or a pattern. As command_arm. */
static int named_arm(struct workbench *workbench, const struct arguments *arguments,
                     const char *word, struct sink *sink, struct job_arm *arm) {
    const char *equals = strchr(word, '='), *asked = arguments_option(arguments, "sparsity");
    struct sawb_error error;
    char *folder = equals ? strndup(word, (size_t)(equals - word)) : strdup(word);
    if (!folder)
        return command_no_memory(sink);
    int status = COMMAND_DONE;
    if (file_is_directory(folder)) {
        *arm = (struct job_arm){.spec = asked ? asked : workbench->arms[ARM_A].spec,
                                .presets = workbench->presets};
        if (equals)
            arm->spec = equals + 1;
        if (workbench_model(workbench, folder, &arm->model, &error) < 0)
            status = command_fail(sink, &error);
        else if (arm->model->note[0])
            sink_note(sink, "%s: %s", arm->model->directory, arm->model->note);
    } else if (equals || strchr(word, '/')) {
        error_set(&error,
                  "compare: \"%s\" is not a folder; give a model's folder, a pattern, or both as "
                  "DIR=SPEC",
                  folder);
        status = command_misuse(sink, &error);
    } else {
        status = command_arm(workbench, arguments, sink, arm);
        arm->spec = word;
    }
    free(folder);
    return status;
}

/* The arms of the workbench, but with the model of -m and the pattern of -s for B where given. */
static int own_arms(struct workbench *workbench, const struct arguments *arguments,
                    struct sink *sink, struct job_arm arms[ARMS]) {
    const char *directory = arguments_option(arguments, "model");
    const char *spec = arguments_option(arguments, "sparsity");
    struct model *opened = NULL;
    struct sawb_error error;
    if ((directory ? workbench_model(workbench, directory, &opened, &error)
                   : command_load(workbench, sink, &error)) < 0)
        return command_fail(sink, &error);
    if (opened && opened->note[0])
        sink_note(sink, "%s: %s", opened->directory, opened->note);
    for (int i = 0; i < ARMS; i++) {
        const struct arm *arm = &workbench->arms[i];
        arms[i] = (struct job_arm){model_retain(opened ? opened : arm->model),
                                   i == ARM_B && spec ? spec : arm->spec, workbench->presets};
    }
    model_release(opened);
    return COMMAND_DONE;
}

int command_both_arms(struct workbench *workbench, const struct arguments *arguments,
                      struct sink *sink, struct job_arm arms[ARMS]) {
    int status = COMMAND_DONE;
    if (arguments_count(arguments) == 3) {
        for (int i = 0; i < ARMS && status == COMMAND_DONE; i++)
            status = named_arm(workbench, arguments, arguments_get(arguments, i), sink, &arms[i]);
        return status;
    }
    return own_arms(workbench, arguments, sink, arms);
}

int command_compare(struct workbench *workbench, const struct arguments *arguments,
                    struct sink *sink) {
    struct measuring measuring = {.workbench = workbench, .sink = sink};
    struct sawb_error error;
    int count = arguments_count(arguments);
    if (count == 2) {
        error_set(&error, "compare: two arms and a file are needed: compare A B FILE");
        return command_misuse(sink, &error);
    }
    int status = command_both_arms(workbench, arguments, sink, measuring.arms);
    if (status != COMMAND_DONE) {
        model_release(measuring.arms[ARM_A].model);
        return status;
    }
    struct job *job =
        job_compare(&measuring.arms[ARM_A], &measuring.arms[ARM_B],
                    arguments_get(arguments, count - 1), workbench->settings.seed, &error);
    return measure(&measuring, job, read_comparison, &error);
}

/*
 * command_predict.c - predict and tokens: sentences of the command line or of a stream.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/text/unicode.h"
#include "tui/app/interrupt.h"
#include "tui/command/answer.h"
#include "tui/command/handlers.h"
#include "viz/table.h"

/* Calls `each` for every sentence asked about, with its name for errors ("line 3"), NULL for one of
 * the command line. Goes on after a sentence that fails; the status is then that of the last
 * failure. */
static int for_each_text(const struct arguments *arguments, struct sink *sink,
                         int (*each)(void *user, const char *text, size_t length,
                                     const char *where),
                         void *user) {
    int status = COMMAND_DONE;
    for (int i = 0; i < arguments_count(arguments); i++) {
        const char *text = arguments_get(arguments, i);
        struct sawb_error error;
        if (interrupt_signal()) {
            error_set(&error, "interrupted");
            return command_fail(sink, &error);
        }
        if (strcmp(text, "-") != 0) {
            int result = each(user, text, strlen(text), NULL);
            status = result != COMMAND_DONE ? result : status;
            continue;
        }
        struct line_reader reader = {.descriptor = STDIN_FILENO};
        char *line, where[32];
        size_t length;
        int found;
        for (long number = 1; (found = line_read(&reader, &line, &length, &error)) == 1; number++) {
            snprintf(where, sizeof(where), "line %ld", number);
            int result = each(user, line, length, where);
            status = result != COMMAND_DONE ? result : status;
        }
        line_reader_free(&reader);
        if (found < 0)
            return command_fail(sink, &error);
    }
    return status;
}

/* A text that is shown and sent on must be UTF-8 without NUL. */
static int check_text(const char *text, size_t length, const char *where, struct sink *sink) {
    struct sawb_error error;
    int status = unicode_validate(text, length, &error);
    if (status == 0 && strlen(text) < length)
        status = error_set(&error, "byte %zu is NUL, which is no text", strlen(text));
    if (status == 0)
        return COMMAND_DONE;
    error_prefix(&error, "%s", where ? where : "text");
    return command_fail(sink, &error);
}

static void note_truncated(struct sink *sink, const char *where, int tokens) {
    sink_note(sink, "%s%sthe text is longer than %d tokens, its end was left out",
              where ? where : "", where ? ": " : "", tokens);
}

/* ---- predict --------------------------------------------------------------------------------- */

struct prediction {
    struct workbench *workbench;
    struct sink *sink;
    struct job_arm arms[ARMS];
    int count; /* of arms */
    int label_width;
    const char *where;
    int status;
};

static void show_prediction(void *user, const struct event *event) {
    struct prediction *prediction = user;
    struct sink *sink = prediction->sink;
    if (event->kind != EVENT_PREDICTION)
        return;
    const struct capture *capture = event->data.capture;
    if (capture->encoding.truncated && event->arm == 0)
        note_truncated(sink, prediction->where, capture->encoding.count);
    if (prediction->workbench->settings.json) {
        if (sink_result_owned(sink, answer_prediction(capture)) != COMMAND_DONE)
            prediction->status = COMMAND_FAILED;
        return;
    }
    command_keep(prediction->workbench, answer_prediction(capture));
    sink_result(sink, "%s%-*s  %.3f  sparsity %5.1f %%  %s",
                prediction->count == 1 ? ""
                : event->arm == ARM_A  ? "A  "
                                       : "B  ",
                prediction->label_width, capture->label_name,
                (double)capture->probabilities[capture->label], 100 * capture->realised,
                capture->text);
}

static int predict_text(void *user, const char *text, size_t length, const char *where) {
    struct prediction *prediction = user;
    struct workbench *workbench = prediction->workbench;
    struct sawb_error error;
    if (check_text(text, length, where, prediction->sink) != COMMAND_DONE)
        return COMMAND_FAILED;
    struct job *job =
        job_predict(prediction->arms, prediction->count, text, workbench->settings.seed, 0, &error);
    int number = job ? worker_submit(workbench->worker, job, &error) : -1;
    if (number < 0)
        return command_fail(prediction->sink, &error);
    recorder_asks(workbench, number, prediction->arms[ARM_A].model, prediction->arms[ARM_B].model);
    prediction->where = where;
    prediction->status = COMMAND_DONE;
    struct waiting waiting = {prediction->sink, where, show_prediction, prediction};
    int status = command_wait(workbench, number, &waiting);
    return status == COMMAND_DONE ? prediction->status : status;
}

static int label_width(const struct model_config *config) {
    int width = 0;
    for (int i = 0; i < config->labels; i++) {
        int length = (int)strlen(config->label_names[i]);
        width = length > width ? length : width;
    }
    return width;
}

int command_predict(struct workbench *workbench, const struct arguments *arguments,
                    struct sink *sink) {
    struct prediction prediction = {.workbench = workbench, .sink = sink, .count = 1};
    struct sawb_error error;
    int given = arguments_count(arguments) > 0;
    if (!given && workbench->text[0] == '\0') {
        error_set(&error, "predict: no text; give one, or - for the lines of standard input");
        return command_misuse(sink, &error);
    }
    int status = command_arm(workbench, arguments, sink, &prediction.arms[ARM_A]);
    if (status != COMMAND_DONE)
        return status;
    struct model *opened = prediction.arms[ARM_A].model;
    prediction.label_width = label_width(&opened->config);
    /* The sentence of the workbench goes to both of its arms, unless the line names another. */
    if (!given && !arguments_option(arguments, "model") &&
        !arguments_option(arguments, "sparsity")) {
        const struct arm *b = &workbench->arms[ARM_B];
        prediction.arms[ARM_B] = (struct job_arm){b->model, b->spec, workbench->presets};
        prediction.count = ARMS;
    }
    status = given ? for_each_text(arguments, sink, predict_text, &prediction)
                   : predict_text(&prediction, workbench->text, strlen(workbench->text), NULL);
    model_release(opened);
    return status;
}

/* ---- tokens ---------------------------------------------------------------------------------- */

struct tokenising {
    const struct model *model;
    struct sink *sink;
    int json;
    struct workbench *workbench;
};

static int print_tokens(const struct tokenising *tokenising, const char *text,
                        const struct encoding *encoding) {
    command_keep(tokenising->workbench,
                 answer_tokens(tokenising->model->tokenizer, text, encoding));
    static const char *const titles[] = {">id", ">begin", ">end", "piece"};
    struct table *table = table_create(titles, 4, NULL);
    int failed = !table;
    for (int i = 0; i < encoding->count && !failed; i++)
        failed = table_add(table, "%d", encoding->ids[i]) < 0 ||
                 table_add(table, "%zu", encoding->offsets[i][0]) < 0 ||
                 table_add(table, "%zu", encoding->offsets[i][1]) < 0 ||
                 table_add(table, "%s",
                           tokenizer_piece(tokenising->model->tokenizer, encoding->ids[i])) < 0;
    return command_tell_table(tokenising->workbench, table, failed, tokenising->sink);
}

static int tokenise_text(void *user, const char *text, size_t length, const char *where) {
    const struct tokenising *tokenising = user;
    struct sink *sink = tokenising->sink;
    struct encoding encoding;
    struct sawb_error error;
    if (check_text(text, length, where, sink) != COMMAND_DONE)
        return COMMAND_FAILED;
    if (tokenizer_encode(tokenising->model->tokenizer, text, length,
                         model_token_limit(tokenising->model), &encoding, &error) < 0) {
        if (where)
            error_prefix(&error, "%s", where);
        return command_fail(sink, &error);
    }
    if (encoding.truncated)
        note_truncated(sink, where, encoding.count);
    int status =
        tokenising->json
            ? sink_result_owned(sink, answer_tokens(tokenising->model->tokenizer, text, &encoding))
            : print_tokens(tokenising, text, &encoding);
    encoding_free(&encoding);
    return status;
}

int command_tokens(struct workbench *workbench, const struct arguments *arguments,
                   struct sink *sink) {
    struct job_arm arm;
    int status = command_arm(workbench, arguments, sink, &arm);
    if (status != COMMAND_DONE)
        return status;
    struct tokenising tokenising = {arm.model, sink, workbench->settings.json, workbench};
    status = for_each_text(arguments, sink, tokenise_text, &tokenising);
    model_release(arm.model);
    return status;
}

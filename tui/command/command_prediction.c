/*
 * command_prediction.c - edit and occlude: edited copies of the sentence, and it without each of
 * its tokens.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/text/unicode.h"
#include "tui/command/answer.h"
#include "tui/command/handlers.h"
#include "tui/command/relay.h"
#include "viz/table.h"

static int changed(struct workbench *workbench) {
    workbench->changed = 1;
    return COMMAND_DONE;
}

/* ---- what is told of a copy ------------------------------------------------------------------ */

static void record_said(struct record *record, const struct copy_said *said,
                        const struct model_config *config) {
    record_number(record, "logit_difference", said->difference);
    record_number(record, "change", said->difference - said->difference_before);
    record_number(record, "probability", said->kept);
    record_number(record, "probability_change", said->kept - said->kept_before);
    record_text(record, "label", config->label_names[said->label]);
    record_number(record, "total_variation", said->distance);
}

/* ---- edit ------------------------------------------------------------------------------------ */

static const struct option_row edit_options[] = {
    {"token", 0, ARGUMENT_NUMBER, "N", "the token, from 0 (default: the cursor's)"},
    {0},
};

static int edit_unit(struct workbench *workbench, const char *word, struct sink *sink) {
    enum edit_unit unit = workbench->prediction.unit;
    struct sawb_error error;
    if (word && strcasecmp(word, "token") == 0) {
        unit = UNIT_TOKEN;
    } else if (word && strcasecmp(word, "word") == 0) {
        unit = UNIT_WORD;
    } else if (word && strcasecmp(word, "next") == 0) {
        unit = unit == UNIT_TOKEN ? UNIT_WORD : UNIT_TOKEN;
    } else {
        error_set(&error, "edit by: must be token, word or next");
        return command_misuse(sink, &error);
    }
    prediction_set_unit(workbench, unit);
    sink_note(sink, "edits and bars go by %s", unit == UNIT_WORD ? "word" : "token");
    return COMMAND_DONE;
}

static void read_copies(void *user, const struct event *event) {
    struct workbench *workbench = user;
    if (event->kind == EVENT_POINT && event->arm < ARMS)
        copy_said_read(&workbench->prediction.now.said[event->arm], &event->data.point);
}

static void tell_copy(struct workbench *workbench, struct sink *sink) {
    const struct sentence_copy *copy = &workbench->prediction.now;
    for (int arm = 0; arm < ARMS; arm++) {
        const struct copy_said *said = &copy->said[arm];
        const struct model_config *config = &workbench->arms[arm].model->config;
        struct relay relay;
        struct record record = record_begin();
        record_text(&record, "text", copy->text);
        record_text(&record, "edit", copy->name);
        record_text(&record, "arm", arm ? "b" : "a");
        record_said(&record, said, config);
        sink_result_owned(command_objects(workbench, sink, &relay), record_print(&record));
        if (!workbench->settings.json)
            sink_result(sink, "%c  %s  %s  %.3f (%+.3f)  logit difference %+.3f (%+.3f)", "AB"[arm],
                        copy -> name, config -> label_names[said->label], said -> kept,
                        said -> kept - said -> kept_before, said -> difference,
                        said -> difference - said -> difference_before);
    }
}

/* In a script, which has no screen to show it on, the copy at hand is predicted and told. */
static int predict_copy(struct workbench *workbench, struct sink *sink) {
    const struct sentence_copy *copy = &workbench->prediction.now;
    struct job_arm arms[ARMS];
    struct sawb_error error;
    if (!sink->wait || !copy->text)
        return changed(workbench);
    struct text_copy edits = {copy->edits, copy->count};
    for (int i = 0; i < ARMS; i++)
        arms[i] =
            (struct job_arm){workbench->arms[i].model, workbench->arms[i].spec, workbench->presets};
    struct job *job =
        job_copies(arms, ARMS, copy->text, &edits, 1, workbench->settings.seed, 0, &error);
    int number = job ? worker_submit(workbench->worker, job, &error) : -1;
    if (number < 0)
        return command_fail(sink, &error);
    struct waiting waiting = {sink, "edit", read_copies, workbench};
    int status = command_wait(workbench, number, &waiting);
    if (status == COMMAND_DONE)
        tell_copy(workbench, sink);
    return status;
}

static int edit_token(struct workbench *workbench, const struct arguments *arguments,
                      enum text_change change, struct sink *sink) {
    struct sawb_error error;
    long token = workbench->query;
    if (arguments_int(arguments, "token", 0, INT_MAX, &token, &error) < 0)
        return command_misuse(sink, &error);
    char *word = arguments_count(arguments) > 1 ? arguments_join(arguments, 1) : NULL;
    int status = -1;
    if (change == CHANGE_REPLACE && !word)
        error_set(&error, "edit replace: name the word that shall stand there");
    else if (change != CHANGE_REPLACE && word)
        error_set(&error, "edit: \"%s\" is too much; only replace takes a word", word);
    else
        status = prediction_edit(workbench, change, word, (int)token, &error);
    free(word);
    return status < 0 ? command_misuse(sink, &error) : predict_copy(workbench, sink);
}

static int command_edit(struct workbench *workbench, const struct arguments *arguments,
                        struct sink *sink) {
    static const char *const changes[] = {"drop", "mask", "replace"};
    const char *what = arguments_get(arguments, 0), *second = arguments_get(arguments, 1);
    struct sawb_error error;
    for (int i = 0; i < 3; i++)
        if (strcasecmp(what, changes[i]) == 0)
            return edit_token(workbench, arguments, (enum text_change)i, sink);
    if (strcasecmp(what, "by") == 0)
        return edit_unit(workbench, second, sink);
    int status = 0;
    if (strcasecmp(what, "reset") == 0) {
        prediction_reset(workbench);
    } else if (strcasecmp(what, "keep") == 0) {
        status = prediction_keep(workbench, &error);
    } else {
        char *end = NULL;
        long number = second ? strtol(second, &end, 10) : 0;
        if (!second || *end || number < 1 || number > INT_MAX)
            status = error_set(&error, "edit forget: the number of a copy is needed, from 1");
        else
            status = prediction_forget(workbench, (int)number, &error);
    }
    return status < 0 ? command_misuse(sink, &error) : changed(workbench);
}

/* ---- occlude --------------------------------------------------------------------------------- */

static const struct option_row occlude_options[] = {
    {"by", 0, ARGUMENT_CHOICE, "mask|drop", "what is done to each token (default: mask)"},
    {"words", 0, ARGUMENT_NONE, NULL, "whole words instead of tokens"},
    {"arm", 0, ARGUMENT_CHOICE, "a|b", "arm whose model and pattern are used (default: a)"},
    {0},
};

/* What the points of an occlusion say, until all have come. */
struct occluding {
    struct job_arm arms[ARMS];
    int count; /* of arms */
    struct encoding encoding;
    struct copy_said *said; /* [tokens, arms] */
    int *width;             /* [tokens] 0: no unit begins here */
};

static void read_occlusion(void *user, const struct event *event) {
    struct occluding *occluding = user;
    const struct point *point = &event->data.point;
    int token = (int)point->x;
    if (event->kind != EVENT_POINT || token < 0 || token >= occluding->encoding.count)
        return;
    copy_said_read(&occluding->said[token * ARMS + event->arm], point);
    occluding->width[token] = (int)point->values[COPY_TOKENS];
}

/* The part of the text that a unit stands for. */
static const char *unit_text(const struct occluding *occluding, const char *text, int token,
                             int *length) {
    size_t begin = occluding->encoding.offsets[token][0];
    size_t end = occluding->encoding.offsets[token + occluding->width[token] - 1][1];
    *length = (int)(end - begin);
    return text + begin;
}

static int tell_json(const struct occluding *occluding, const char *text, struct sink *sink) {
    int length;
    for (int token = 0; token < occluding->encoding.count; token++)
        for (int arm = 0; arm < occluding->count && occluding->width[token]; arm++) {
            const char *part = unit_text(occluding, text, token, &length);
            char *copy = strndup(part, (size_t)length);
            struct record record = record_begin();
            record_number(&record, "token", token);
            record_text(&record, "text", copy);
            record_text(&record, "arm", arm ? "b" : "a");
            record_said(&record, &occluding->said[token * ARMS + arm],
                        &occluding->arms[arm].model->config);
            record.failed |= !copy;
            free(copy);
            if (sink_result_owned(sink, record_print(&record)) != COMMAND_DONE)
                return COMMAND_FAILED;
        }
    return COMMAND_DONE;
}

static int tell_table(const struct workbench *workbench, const struct occluding *occluding,
                      const char *text, struct sink *sink) {
    static const char *const one[] = {">token", "text", ">change", ">probability", "label"};
    static const char *const two[] = {">token", "text",      ">A change",      ">A probability",
                                      "A says", ">B change", ">B probability", "B says"};
    struct table *table =
        occluding->count == 1 ? table_create(one, 5, NULL) : table_create(two, 8, NULL);
    int failed = !table, length;
    for (int token = 0; token < occluding->encoding.count && !failed; token++) {
        if (!occluding->width[token])
            continue;
        const char *part = unit_text(occluding, text, token, &length);
        failed = table_add(table, "%d", token) < 0 || table_add(table, "%.*s", length, part) < 0;
        for (int arm = 0; arm < occluding->count && !failed; arm++) {
            const struct copy_said *said = &occluding->said[token * ARMS + arm];
            failed = table_add(table, "%+.4f", said->difference - said->difference_before) < 0 ||
                     table_add(table, "%+.4f", said->kept - said->kept_before) < 0 ||
                     table_add(table, "%s",
                               occluding->arms[arm].model->config.label_names[said->label]) < 0;
        }
    }
    char *printed = failed ? NULL : command_table(workbench, table);
    table_free(table);
    return sink_result_owned(sink, printed);
}

static int occlude_text(struct workbench *workbench, const struct arguments *arguments,
                        struct occluding *occluding, const char *text, struct sink *sink) {
    const char *by = arguments_option(arguments, "by");
    const struct model *model = occluding->arms[ARM_A].model;
    struct sawb_error error;
    if (unicode_validate(text, strlen(text), &error) < 0 ||
        tokenizer_encode(model->tokenizer, text, strlen(text), model_token_limit(model),
                         &occluding->encoding, &error) < 0)
        return command_fail(sink, &error);
    size_t tokens = (size_t)occluding->encoding.count;
    occluding->said = calloc(tokens * ARMS, sizeof(*occluding->said));
    occluding->width = calloc(tokens, sizeof(*occluding->width));
    if (!occluding->said || !occluding->width)
        return command_no_memory(sink);
    if (occluding->encoding.truncated)
        sink_note(sink, "the text is longer than %zu tokens, its end was left out", tokens);
    struct job *job = job_occlude(occluding->arms, occluding->count, text,
                                  by && strcasecmp(by, "drop") == 0 ? CHANGE_DROP : CHANGE_MASK,
                                  arguments_option(arguments, "words") ? UNIT_WORD : UNIT_TOKEN,
                                  workbench->settings.seed, 0, &error);
    int number = job ? worker_submit(workbench->worker, job, &error) : -1;
    if (number < 0)
        return command_fail(sink, &error);
    struct waiting waiting = {sink, NULL, read_occlusion, occluding};
    int status = command_wait(workbench, number, &waiting);
    if (status != COMMAND_DONE)
        return status;
    struct relay relay;
    status = tell_json(occluding, text, command_objects(workbench, sink, &relay));
    if (status != COMMAND_DONE || workbench->settings.json)
        return status;
    return tell_table(workbench, occluding, text, sink);
}

/* On the screen: what the bars show. */
static int occlude_view(struct workbench *workbench, const char *word, struct sink *sink) {
    static const char *const names[OCCLUSIONS] = {"mask", "drop", "off"};
    enum occlusion_by by = workbench->prediction.by;
    struct sawb_error error;
    int found = -1;
    for (int i = 0; i < OCCLUSIONS && word; i++)
        if (strcasecmp(word, names[i]) == 0)
            found = i;
    if (word && strcasecmp(word, "next") == 0)
        found = ((int)by + 1) % OCCLUSIONS;
    if (found < 0) {
        error_set(&error, "occlude: must be mask, drop, off or next%s%s%s", word ? ", not \"" : "",
                  word ? word : "", word ? "\"" : "");
        return command_misuse(sink, &error);
    }
    prediction_set_occlusion(workbench, (enum occlusion_by)found);
    workbench_show(workbench, VIEW_PREDICTION);
    return COMMAND_DONE;
}

static int command_occlude(struct workbench *workbench, const struct arguments *arguments,
                           struct sink *sink) {
    struct occluding occluding = {.count = 1};
    struct sawb_error error;
    const char *text = arguments_get(arguments, 0);
    if (!sink->wait)
        return occlude_view(workbench, text, sink);
    if (!text && !workbench->text[0]) {
        error_set(&error, "occlude: no text; give one");
        return command_misuse(sink, &error);
    }
    int status = command_arm(workbench, arguments, sink, &occluding.arms[ARM_A]);
    if (status != COMMAND_DONE)
        return status;
    struct model *opened = occluding.arms[ARM_A].model;
    /* The sentence of the workbench goes to both of its arms, unless the line names another. */
    if (!text && !arguments_option(arguments, "model") &&
        !arguments_option(arguments, "sparsity") && !arguments_option(arguments, "arm")) {
        const struct arm *b = &workbench->arms[ARM_B];
        occluding.arms[ARM_B] = (struct job_arm){b->model, b->spec, workbench->presets};
        occluding.count = ARMS;
    }
    status = occlude_text(workbench, arguments, &occluding, text ? text : workbench->text, sink);
    encoding_free(&occluding.encoding);
    free(occluding.said);
    free(occluding.width);
    model_release(opened);
    return status;
}

const struct command commands_prediction[] = {
    {.name = "edit",
     .usage = "mask|drop|replace WORD|reset|keep|forget N|by token|word|next",
     .positionals = {{ARGUMENT_CHOICE, "mask|drop|replace|reset|keep|forget|by"},
                     {ARGUMENT_TEXT, "token|word|next"}},
     .minimum = 1,
     .maximum = -1,
     .help = "an edited copy of the sentence, with its answers beside the sentence's own",
     .details =
         "The token under the cursor (or its word, after `edit by word`) is masked with [MASK] "
         "([UNK] where the vocabulary has none), dropped, or replaced; the same again takes it "
         "back, and other tokens may be changed in the same copy. keep puts the copy into a list, "
         "from which forget takes it, reset throws it away. The sentence itself stays as it is. "
         "In a script the copy is predicted with both arms at once.",
     .options = edit_options,
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = command_edit},
    {.name = "occlude",
     .usage = "[TEXT]|mask|drop|off|next",
     .positionals = {{ARGUMENT_TEXT, "mask|drop|off|next"}},
     .minimum = 0,
     .maximum = 1,
     .help = "what every token counts for: the answer without it",
     .details = "In a shell or script, TEXT is predicted once without each of its tokens; without "
                "TEXT, the sentence of the workbench by both of its arms. Told are the change of "
                "the logit difference (of two labels, the second minus the first; of more, the "
                "most probable minus the second of the whole text) and of the probability of the "
                "label of the whole text. On the screen, what the bars of the view prediction "
                "show.",
     .options = occlude_options,
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_SCREEN | COMMAND_BARE,
     .run = command_occlude},
    {0},
};

/*
 * command_rows.c - data, filter, sort: a data set as the screen shows it; rows: the same in a
 * shell.
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/clock.h"
#include "core/base/json.h"
#include "tui/app/data.h"
#include "tui/command/answer.h"
#include "tui/command/handlers.h"
#include "tui/command/relay.h"
#include "viz/table.h"

#define SORT_KEYS "row|text|gold|a|b|conf|delta|len"

/* ---- sums ------------------------------------------------------------------------------------ */

static double mcnemar_of(const struct tally *tally) {
    return mcnemar_exact(tally->only[ARM_A], tally->only[ARM_B]);
}

static void tell_sums(const struct data *data, struct sink *sink,
                      void (*tell)(struct sink *sink, const char *format, ...)) {
    const struct tally *tally = &data->shown_tally;
    if (tally->labelled == 0)
        tell(sink, "%d of %d rows shown, %d answered, none with a label; %d flips", data->shown,
             data->dataset->count, tally->rows, tally->flips);
    else
        tell(sink,
             "%d of %d rows shown, %d answered; accuracy A %.4f  B %.4f, loss A %.4f  B %.4f, only "
             "A right %d, only B right %d, exact McNemar p %.4g, %d flips",
             data->shown, data->dataset->count, tally->rows, tally_accuracy(tally, ARM_A),
             tally_accuracy(tally, ARM_B), tally_loss(tally, ARM_A), tally_loss(tally, ARM_B),
             tally->only[ARM_A], tally->only[ARM_B], mcnemar_of(tally), tally->flips);
}

static cJSON *both(double a, double b) {
    return json_float_array((const float[]){(float)a, (float)b}, 2);
}

static void record_tally(struct record *record, const char *key, const struct tally *tally) {
    struct record part = record_begin();
    record_number(&part, "rows", tally->rows);
    record_number(&part, "labelled", tally->labelled);
    record_item(&part, "accuracy",
                both(tally_accuracy(tally, ARM_A), tally_accuracy(tally, ARM_B)));
    record_item(&part, "loss", both(tally_loss(tally, ARM_A), tally_loss(tally, ARM_B)));
    record_number(&part, "a_only", tally->only[ARM_A]);
    record_number(&part, "b_only", tally->only[ARM_B]);
    record_number(&part, "mcnemar_p", mcnemar_of(tally));
    record_number(&part, "flips", tally->flips);
    record->failed |= part.failed;
    record_item(record, key, part.object);
}

static struct record record_sums(const struct data *data) {
    struct record record = record_begin();
    record_number(&record, "rows", data->dataset->count);
    record_number(&record, "shown", data->shown);
    record_item(&record, "sparsity", both(data->realised[ARM_A], data->realised[ARM_B]));
    record_tally(&record, "all", &data->all);
    record_tally(&record, "of_shown", &data->shown_tally);
    return record;
}

/* ---- data ------------------------------------------------------------------------------------ */

/* In a script it waits for the answers, on the screen they come by and by. */
static int answer_rows(struct workbench *workbench, struct sink *sink) {
    struct sawb_error error;
    struct waiting waiting = {.sink = sink, .where = "data"};
    if (!sink->wait && workbench->long_job) {
        if (workbench->data.running)
            worker_stop(workbench->worker);
        workbench->data.waiting = 1;
        sink_note(sink, "the rows are asked when the work under way has ended");
        return COMMAND_DONE;
    }
    if (data_again(workbench, &error) < 0)
        return command_fail(sink, &error);
    if (!sink->wait)
        return COMMAND_DONE;
    int status = command_wait(workbench, workbench->data.job, &waiting);
    if (status != COMMAND_DONE)
        return status;
    struct record record = record_sums(&workbench->data);
    status = command_object(workbench, &record, sink);
    if (status == COMMAND_DONE && !workbench->settings.json)
        tell_sums(&workbench->data, sink, sink_result);
    return status;
}

static int open_file(struct workbench *workbench, const char *path, struct sink *sink) {
    struct sawb_error error;
    struct data *data = &workbench->data;
    int asked = data->running;
    if (data_open(data, path, &workbench->arms[ARM_A].model->config, &error) < 0)
        return command_fail(sink, &error);
    /* Answers to the rows that were open are of no use any more. */
    if (asked)
        worker_stop(workbench->worker);
    if (!sink->wait)
        workbench_show(workbench, VIEW_DATA);
    return answer_rows(workbench, sink);
}

/* The sentence under the cursor, in the workbench. */
static int take_text(struct workbench *workbench, struct sink *sink) {
    struct data *data = &workbench->data;
    struct sawb_error error;
    if (data->shown == 0) {
        error_set(&error, "data: the filter shows no row; `filter off` shows all");
        return command_fail(sink, &error);
    }
    return workbench_set_text(workbench, data->rows[data->row].text, &error) < 0
               ? command_fail(sink, &error)
               : COMMAND_DONE;
}

/* The place in the order of the row that `word` numbers. -1 with an error. */
static int place_of(const struct data *data, const char *word, struct sawb_error *error) {
    char *end;
    long row = strtol(word, &end, 10);
    if (end == word || *end || row < 0 || row >= data->dataset->count)
        return error_set(error, "data: there are rows 0 to %d, not \"%s\"",
                         data->dataset->count - 1, word);
    for (int i = 0; i < data->shown; i++)
        if (data->order[i] == row)
            return i;
    return error_set(error, "data: the filter hides row %ld; `filter off` shows all", row);
}

static int open_row(struct workbench *workbench, const char *rest, struct sink *sink) {
    struct data *data = &workbench->data;
    struct sawb_error error;
    int place = rest ? place_of(data, rest, &error) : data->position;
    if (place < 0)
        return command_fail(sink, &error);
    data_select(data, place);
    int status = take_text(workbench, sink);
    /* Beside other panes, which show the sentence, the table stays. */
    int alone = panes_count(&workbench->panes) < 2 || workbench->panes.zoomed;
    if (status == COMMAND_DONE && alone && workbench_view(workbench) == VIEW_DATA)
        workbench_show(workbench, VIEW_ATTENTION);
    return status;
}

static int next_row(struct workbench *workbench, const char *rest, struct sink *sink) {
    (void)rest;
    data_select(&workbench->data, (long long)workbench->data.position + 1);
    return take_text(workbench, sink);
}

static int previous_row(struct workbench *workbench, const char *rest, struct sink *sink) {
    (void)rest;
    data_select(&workbench->data, (long long)workbench->data.position - 1);
    return take_text(workbench, sink);
}

static int select_row(struct workbench *workbench, const char *rest, struct sink *sink) {
    static const struct {
        const char *name;
        long long rows;
        int pages;
    } moves[] = {
        {"first", -INT_MAX, 0}, {"last", INT_MAX, 0}, {"page-up", 0, -1}, {"page-down", 0, 1}};
    struct data *data = &workbench->data;
    struct sawb_error error;
    const char *word = rest ? rest : "";
    long long page = data->page > 2 ? data->page - 1 : 1;
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
        if (strcasecmp(moves[i].name, word) != 0)
            continue;
        data_select(data, data->position + moves[i].rows + moves[i].pages * page);
        return COMMAND_DONE;
    }
    char *end;
    long step = strtol(word, &end, 10);
    if ((*word == '+' || *word == '-') && end > word && !*end && labs(step) < INT_MAX) {
        data_select(data, (long long)data->position + step);
        return COMMAND_DONE;
    }
    int place = place_of(data, word, &error);
    if (place < 0)
        return command_misuse(sink, &error);
    data_select(data, place);
    return COMMAND_DONE;
}

static int find_row(struct workbench *workbench, const char *rest, struct sink *sink) {
    struct sawb_error error;
    int back = rest && strcasecmp(rest, "previous") == 0;
    int again = back || (rest && strcasecmp(rest, "next") == 0);
    return data_find(&workbench->data, again ? NULL : rest, back ? -1 : 1, &error) < 0
               ? command_fail(sink, &error)
               : COMMAND_DONE;
}

static int shift_text(struct workbench *workbench, const char *rest, struct sink *sink) {
    struct data *data = &workbench->data;
    struct sawb_error error;
    char *end;
    long columns = rest ? strtol(rest, &end, 10) : 0;
    if (rest && (end == rest || *end || labs(columns) > 100000)) {
        error_set(&error, "data shift: must be a number of columns such as +10 or -10, not \"%s\"",
                  rest);
        return command_misuse(sink, &error);
    }
    long shift = rest ? data->shift + columns : 0;
    data->shift = shift < 0 ? 0 : shift > 1000000 ? 1000000 : (int)shift;
    return COMMAND_DONE;
}

static int save_rows(struct workbench *workbench, const char *rest, struct sink *sink) {
    struct sawb_error error;
    if (!rest) {
        error_set(&error, "data save: the name of a file is missing");
        return command_misuse(sink, &error);
    }
    if (data_save(&workbench->data, rest, &error) < 0)
        return command_fail(sink, &error);
    sink_note(sink, "%d rows are saved in %s", workbench->data.shown, rest);
    return COMMAND_DONE;
}

static int again(struct workbench *workbench, const char *rest, struct sink *sink) {
    (void)rest;
    return answer_rows(workbench, sink);
}

static int close_rows(struct workbench *workbench, const char *rest, struct sink *sink) {
    (void)rest;
    (void)sink;
    if (workbench->data.running)
        worker_stop(workbench->worker);
    data_close(&workbench->data);
    return COMMAND_DONE;
}

static const struct {
    const char *word;
    int (*run)(struct workbench *workbench, const char *rest, struct sink *sink);
} actions[] = {
    {"again", again},           {"open", open_row},     {"next", next_row},
    {"previous", previous_row}, {"select", select_row}, {"find", find_row},
    {"shift", shift_text},      {"save", save_rows},    {"close", close_rows},
};

static COMMAND_HANDLER(run_data) {
    const char *word = arguments_get(arguments, 0), *rest = arguments_get(arguments, 1);
    struct sawb_error error;
    workbench->changed = 1;
    if (!word) {
        if (!sink->wait)
            workbench_show(workbench, VIEW_DATA);
        return COMMAND_DONE;
    }
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcasecmp(actions[i].word, word) != 0)
            continue;
        return data_check(&workbench->data, &error) < 0 ? command_fail(sink, &error)
                                                        : actions[i].run(workbench, rest, sink);
    }
    if (rest) {
        error_set(&error, "data: a name of a file with blanks needs quotes around it");
        return command_misuse(sink, &error);
    }
    return open_file(workbench, word, sink);
}

/* ---- filter and sort ------------------------------------------------------------------------- */

static int tell_term(struct workbench *workbench, const char *usage, const char *help,
                     struct sink *sink) {
    struct record record = record_begin();
    record_text(&record, "term", usage);
    record_text(&record, "help", help);
    int status = command_object(workbench, &record, sink);
    if (status == COMMAND_DONE && !workbench->settings.json)
        sink_result(sink, "  %-14s %s", usage, help);
    return status;
}

static int list_terms(struct workbench *workbench, struct sink *sink) {
    static const char *const texts[][2] = {
        {"/REGEX/", "POSIX extended regular expression in the text"},
        {"WORD \"WORDS\"", "a part of the text; either case unless it holds a capital, as a regex "
                           "too"}};
    const struct filter_term *term;
    int status = COMMAND_DONE;
    char name[32];
    if (!workbench->settings.json)
        sink_result(sink, "Terms of a filter; blanks between them: all must hold; or, not, ( )");
    for (int i = 0; (term = filter_term_get(i)) && status == COMMAND_DONE; i++) {
        const char *form = term->kind == FILTER_LABEL    ? "=LABEL"
                           : term->kind == FILTER_NUMBER ? "<NUMBER"
                           : term->kind == FILTER_ARM    ? " [a|b]"
                                                         : "";
        snprintf(name, sizeof(name), "%s%s", term->name, form);
        status = tell_term(workbench, name, term->help, sink);
    }
    for (int i = 0; i < 2 && status == COMMAND_DONE; i++)
        status = tell_term(workbench, texts[i][0], texts[i][1], sink);
    if (!workbench->settings.json)
        sink_result(sink, "Numbers compare with < <= > >= = !=, labels with = !=");
    return status;
}

static COMMAND_HANDLER(run_filter) {
    struct data *data = &workbench->data;
    const char *expression = arguments_get(arguments, 0);
    struct sawb_error error;
    if (!expression)
        return list_terms(workbench, sink);
    if (data_check(data, &error) < 0)
        return command_fail(sink, &error);
    int off = strcasecmp(expression, "off") == 0;
    if (data_set_filter(data, off ? NULL : expression, &error) < 0)
        return command_misuse(sink, &error);
    workbench->changed = 1;
    sink_note(sink, "%d of %d rows", data->shown, data->dataset->count);
    return COMMAND_DONE;
}

static COMMAND_HANDLER(run_sort) {
    char words[64];
    const char *key = arguments_get(arguments, 0), *direction = arguments_get(arguments, 1);
    struct sawb_error error;
    if (data_check(&workbench->data, &error) < 0)
        return command_fail(sink, &error);
    snprintf(words, sizeof(words), "%s%s%s", key, direction ? " " : "", direction ? direction : "");
    if (data_set_sort(&workbench->data, words, &error) < 0)
        return command_misuse(sink, &error);
    workbench->changed = 1;
    return COMMAND_DONE;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void take_event(void *user, const struct event *event) {
    data_event(user, event);
}

static char *row_json(const struct data *data, const struct row_facts *row) {
    static const char *const names[ARMS] = {"a", "b"};
    static const char *const confidences[ARMS] = {"confidence_a", "confidence_b"};
    struct record record = record_begin();
    char room[16];
    record_number(&record, "row", row->row);
    record_text(&record, "text", row->text);
    record_number(&record, "gold", row->gold < 0 ? NAN : row->gold);
    for (int arm = 0; arm < ARMS; arm++) {
        const struct row_answer *answer = &row->answers[arm];
        record_text(&record, names[arm],
                    answer->label < 0 ? NULL : data_label(data, answer->label, room));
        record_item(&record, confidences[arm], json_float(answer->confidence));
    }
    record_item(&record, "delta", json_float((float)row_delta(row)));
    return record_print(&record);
}

static int tell_json(const struct data *data, struct sink *sink) {
    for (int i = 0; i < data->shown; i++) {
        int status = sink_result_owned(sink, row_json(data, &data->rows[data->order[i]]));
        if (status != COMMAND_DONE)
            return status;
    }
    struct record record = record_sums(data);
    return sink_result_owned(sink, record_print(&record));
}

static int tell_table(const struct workbench *workbench, const struct data *data,
                      struct sink *sink) {
    struct sawb_error error;
    struct table *table = data_table(data, INT_MAX, &error);
    if (!table)
        return command_fail(sink, &error);
    char *text = command_table(workbench, table);
    table_free(table);
    int status = sink_result_owned(sink, text);
    tell_sums(data, sink, sink_note);
    return status;
}

/* Filter and sorting before the work begins, so that a slip in them is told at once. */
static int prepare(struct data *data, const struct arguments *arguments,
                   const struct model_config *config, struct sink *sink) {
    const char *path = arguments_get(arguments, arguments_count(arguments) - 1);
    const char *filter = arguments_option(arguments, "filter");
    const char *sort = arguments_option(arguments, "sort");
    struct sawb_error error;
    if (data_open(data, path, config, &error) < 0)
        return command_fail(sink, &error);
    if ((filter && data_set_filter(data, filter, &error) < 0) ||
        (sort && data_set_sort(data, sort, &error) < 0))
        return command_misuse(sink, &error);
    return COMMAND_DONE;
}

static int answer_and_tell(struct workbench *workbench, struct data *data,
                           const struct job_arm arms[ARMS], struct sink *sink) {
    uint64_t seed = workbench->settings.seed;
    struct waiting waiting = {.sink = sink, .reader = take_event, .user = data};
    struct sawb_error error;
    int job = workbench_submit(workbench, data_job(data, arms, seed, &error), &error);
    if (job < 0)
        return command_fail(sink, &error);
    if (data_begin(data, job, arms, seed, &error) < 0)
        return command_fail(sink, &error);
    int status = command_wait(workbench, job, &waiting);
    if (status != COMMAND_DONE)
        return status;
    struct relay relay;
    status = tell_json(data, command_objects(workbench, sink, &relay));
    return status != COMMAND_DONE || workbench->settings.json ? status
                                                              : tell_table(workbench, data, sink);
}

static COMMAND_HANDLER(run_rows) {
    struct job_arm arms[ARMS] = {{0}};
    struct data data = {0};
    struct sawb_error error;
    if (arguments_count(arguments) == 2) {
        error_set(&error, "rows: two arms and a file are needed: rows A B FILE");
        return command_misuse(sink, &error);
    }
    int status = command_both_arms(workbench, arguments, sink, arms);
    if (status == COMMAND_DONE)
        status = prepare(&data, arguments, &arms[ARM_A].model->config, sink);
    if (status == COMMAND_DONE)
        status = answer_and_tell(workbench, &data, arms, sink);
    data_close(&data);
    for (int arm = 0; arm < ARMS; arm++)
        model_release(arms[arm].model);
    return status;
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct option_row rows_options[] = {
    {"filter", 0, ARGUMENT_TEXT, "EXPR", "only rows for which it holds; `filter` lists the terms"},
    {"sort", 0, ARGUMENT_TEXT, "KEY", "one of " SORT_KEYS ", with or without desc (\"conf desc\")"},
    {0},
};

const struct command commands_rows[] = {
    {.name = "data",
     .usage = "[FILE|again|open [N]|next|previous|select N|find EXPR|shift N|save FILE|close]",
     .positionals = {{ARGUMENT_FILE, "again|open|next|previous|select|find|shift|save|close"},
                     {ARGUMENT_ROW, NULL}},
     .minimum = 0,
     .maximum = 2,
     .help = "open a data set as a table and ask both arms about every row",
     .details =
         "The rows are answered in the background, those in sight first. After a change of a "
         "pattern or a model the answers are stale, which is said, until `data again`. Above the "
         "table stand the sums over all rows and over those that are shown: alone counts the rows "
         "that only A (b) or only B (c) has right, whose exact McNemar p is below. open takes "
         "the sentence of the row under the cursor (or of row N, from 0) to the workbench; next "
         "and previous go on from there. select moves the cursor: N, +N, -N, first, last, page-up, "
         "page-down. find goes to the next row that a filter's expression holds for; find next "
         "and find previous repeat it. save writes the rows that are shown as TSV, which opens as "
         "a data set again. A file that is called like one of these words is written ./again.",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_RAW,
     .run = run_data},
    {.name = "filter",
     .usage = "[EXPR|off]",
     .positionals = {{ARGUMENT_TEXT, "flips|wrong|wrong a|wrong b|right|off"}},
     .minimum = 0,
     .maximum = 1,
     .help = "show only rows of the data set for which EXPR holds; without it, list the terms",
     .details = "Such as: flips len>20, wrong b gold=positive, conf<0.6 or delta<-0.3, "
                "not (right a) /^the /. A word is a part of the text.",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_RAW | COMMAND_BARE,
     .run = run_filter},
    {.name = "sort",
     .usage = SORT_KEYS "|next|previous|reverse [desc]",
     .positionals = {{ARGUMENT_CHOICE, SORT_KEYS "|next|previous|reverse"},
                     {ARGUMENT_CHOICE, "asc|desc"}},
     .minimum = 1,
     .maximum = 2,
     .help = "sort the rows of the data set; conf is the lower confidence of A and B",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = run_sort},
    {.name = "rows",
     .usage = "[A B] FILE",
     .positionals = {{ARGUMENT_ARM, NULL}, {ARGUMENT_ARM, NULL}, {ARGUMENT_FILE, NULL}},
     .minimum = 1,
     .maximum = 3,
     .help = "what two arms say of every row of a data set, filtered and sorted",
     .details = "A and B as in compare. The sums over the shown rows go to stderr. With --json an "
                "object a row and one with the sums. "
                "The number, label and confidence of a row mean what `filter` says of them; delta "
                "is the probability of the gold label under B less that under A.",
     .options = rows_options,
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_BARE,
     .run = run_rows},
    {0},
};

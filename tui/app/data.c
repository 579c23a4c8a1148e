/*
 * data.c - the rows of a data set, their answers, and which of them are shown in which order.
 */
#include "tui/app/data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/model/encoder.h"
#include "tui/app/workbench.h"

#define REFRESH_SECONDS 0.5

/* ---- opening --------------------------------------------------------------------------------- */

static int count_words(const char *text) {
    static const char blanks[] = " \t\r\n\f\v";
    int words = 0;
    for (text += strspn(text, blanks); *text; text += strspn(text, blanks)) {
        words++;
        text += strcspn(text, blanks);
    }
    return words;
}

static void forget_answer(struct row_answer *answer) {
    *answer = (struct row_answer){.label = -1, .confidence = NAN, .share = NAN, .loss = NAN};
}

static int set_names(struct data *data, const struct model_config *config,
                     struct sawb_error *error) {
    size_t count = (size_t)config->labels;
    void *names = malloc((count > 0 ? count : 1) * sizeof(*data->names));
    if (!names)
        return error_set(error, "data: out of memory for %zu labels", count);
    memcpy(names, config->label_names, count * sizeof(*data->names));
    free(data->names);
    data->names = names;
    data->labels = config->labels;
    return 0;
}

int data_open(struct data *data, const char *path, const struct model_config *config,
              struct sawb_error *error) {
    struct data opened = {.key = data->key,
                          .descending = data->descending,
                          .seconds_left = -1,
                          .realised = {NAN, NAN}};
    if (row_set_open(&opened.set, path, error) < 0)
        return -1;
    opened.dataset = row_set_dataset(opened.set);
    size_t count = (size_t)opened.dataset->count;
    opened.rows = malloc(count * sizeof(*opened.rows));
    opened.order = malloc(count * sizeof(*opened.order));
    if (!opened.rows || !opened.order || set_names(&opened, config, error) < 0) {
        data_close(&opened);
        return error_set(error, "%s: out of memory for %zu rows", path, count);
    }
    for (int i = 0; i < opened.dataset->count; i++) {
        const struct example *example = &opened.dataset->examples[i];
        opened.rows[i] = (struct row_facts){.text = example->text,
                                            .row = i,
                                            .words = count_words(example->text),
                                            .gold = example->label};
        for (int arm = 0; arm < ARMS; arm++)
            forget_answer(&opened.rows[i].answers[arm]);
    }
    data_close(data);
    *data = opened;
    data_refresh(data);
    return 0;
}

void data_close(struct data *data) {
    row_set_release(data->set);
    filter_free(data->filter);
    filter_free(data->search);
    free(data->filter_text);
    free(data->search_text);
    free(data->rows);
    free(data->order);
    free(data->names);
    for (int arm = 0; arm < ARMS; arm++)
        free(data->asked[arm].spec);
    *data = (struct data){0};
}

int data_check(const struct data *data, struct sawb_error *error) {
    return data->set ? 0
                     : error_set(error, "data: no data set is open; `data FILE` opens one (.tsv "
                                        "with a header, .jsonl, or plain lines)");
}

/* ---- answers --------------------------------------------------------------------------------- */

struct job *data_job(const struct data *data, const struct job_arm arms[2], uint64_t seed,
                     struct sawb_error *error) {
    return data_check(data, error) < 0 ? NULL : job_rows(arms, data->set, seed, error);
}

static struct filter *parse(const struct data *data, const char *expression,
                            struct sawb_error *error) {
    const char *names[MODEL_LABELS_MAX];
    struct filter *filter;
    for (int i = 0; i < data->labels; i++)
        names[i] = data->names[i];
    filter_parse(&filter, expression, names, data->labels, error);
    return filter;
}

/* Labels of another model may have other names: what the filters mean is read again. */
static int rename_labels(struct data *data, const struct model_config *config,
                         struct sawb_error *error) {
    if (data->labels == config->labels &&
        memcmp(data->names, config->label_names, (size_t)config->labels * sizeof(*data->names)) ==
            0)
        return 0;
    if (set_names(data, config, error) < 0)
        return -1;
    struct filter **filters[] = {&data->filter, &data->search};
    char **texts[] = {&data->filter_text, &data->search_text};
    for (int i = 0; i < 2; i++) {
        filter_free(*filters[i]);
        *filters[i] = *texts[i] ? parse(data, *texts[i], error) : NULL;
        if (*filters[i])
            continue;
        free(*texts[i]);
        *texts[i] = NULL;
    }
    return 0;
}

int data_begin(struct data *data, int job, const struct job_arm arms[2], uint64_t seed,
               struct sawb_error *error) {
    char *specs[ARMS] = {strdup(arms[ARM_A].spec), strdup(arms[ARM_B].spec)};
    if (!specs[ARM_A] || !specs[ARM_B] ||
        rename_labels(data, &arms[ARM_A].model->config, error) < 0) {
        free(specs[ARM_A]);
        free(specs[ARM_B]);
        return error_set(error, "data: out of memory");
    }
    for (int arm = 0; arm < ARMS; arm++) {
        free(data->asked[arm].spec);
        data->asked[arm] = (struct data_asked){specs[arm], arms[arm].model->fingerprint};
        data->realised[arm] = NAN;
        for (int i = 0; i < data->dataset->count; i++)
            forget_answer(&data->rows[i].answers[arm]);
    }
    data->seed = seed;
    data->job = job;
    data->running = 1;
    data->stopped = data->answered = 0;
    data->begun = data->refreshed = 0;
    data->seconds_left = -1;
    data_refresh(data);
    return 0;
}

static void take_row(struct data *data, const struct event *event) {
    const struct evaluation_row *told = &event->data.row;
    float probabilities[MODEL_LABELS_MAX];
    if (told->row < 0 || told->row >= data->dataset->count || event->arm < 0 || event->arm >= ARMS)
        return;
    struct row_facts *row = &data->rows[told->row];
    struct row_answer *answer = &row->answers[event->arm];
    int had = answer->label >= 0;
    answer->label = told->label;
    answer->loss = row->gold < 0 ? NAN : told->loss;
    int looked_at = row->gold >= 0 ? row->gold : row->answers[ARM_A].label;
    probabilities_of(told->logits, data->labels, probabilities);
    answer->confidence = probabilities[told->label];
    answer->share = looked_at >= 0 && looked_at < data->labels ? probabilities[looked_at] : NAN;
    data->answered += event->arm == ARM_B && !had;
    if (data->begun <= 0)
        data->begun = event->time;
    if (event->arm != ARM_B)
        return;
    double elapsed = event->time - data->begun;
    if (elapsed > 0)
        data->seconds_left = elapsed / data->answered * (data->dataset->count - data->answered);
    if (event->time - data->refreshed < REFRESH_SECONDS && event->time >= data->refreshed)
        return;
    data->refreshed = event->time;
    data_refresh(data);
}

void data_event(struct data *data, const struct event *event) {
    if (!data->set || data->job == 0 || event->job != data->job)
        return;
    if (event->kind == EVENT_ROW) {
        take_row(data, event);
    } else if (event->kind == EVENT_COMPARISON) {
        data->realised[ARM_A] = event->data.comparison.a.realised;
        data->realised[ARM_B] = event->data.comparison.b.realised;
    } else if (event->kind == EVENT_DONE) {
        data->running = 0;
        data->stopped = event->status != 0;
        data->seconds_left = -1;
        data_refresh(data);
    }
}

int data_again(struct workbench *workbench, struct sawb_error *error) {
    struct data *data = &workbench->data;
    struct job_arm arms[ARMS];
    data->waiting = 0;
    if (data_check(data, error) < 0 || workbench_load(workbench, error) < 0)
        return -1;
    for (int i = 0; i < ARMS; i++)
        arms[i] =
            (struct job_arm){workbench->arms[i].model, workbench->arms[i].spec, workbench->presets};
    uint64_t seed = workbench->settings.seed;
    int job = workbench_submit(workbench, data_job(data, arms, seed, error), error);
    return job < 0 ? -1 : data_begin(data, job, arms, seed, error);
}

void data_take(struct workbench *workbench, const struct event *event) {
    struct sawb_error error;
    data_event(&workbench->data, event);
    if (event->kind == EVENT_DONE && workbench->data.waiting && !workbench->long_job &&
        data_again(workbench, &error) < 0)
        workbench_message(workbench, MESSAGE_ERROR, "%s", error.message);
}

int data_is_stale(const struct workbench *workbench) {
    const struct data *data = &workbench->data;
    if (!data->set || !data->asked[ARM_A].spec)
        return 0;
    for (int i = 0; i < ARMS; i++) {
        const struct arm *arm = &workbench->arms[i];
        if (!arm->model || arm->model->fingerprint != data->asked[i].model ||
            strcmp(arm->spec, data->asked[i].spec) != 0)
            return 1;
    }
    return data->seed != workbench->settings.seed;
}

/* ---- order and sums -------------------------------------------------------------------------- */

static const char *const key_names[DATA_KEYS] = {
    [DATA_ROW] = "row", [DATA_TEXT] = "text",   [DATA_GOLD] = "gold",       [DATA_A] = "a",
    [DATA_B] = "b",     [DATA_DELTA] = "delta", [DATA_CONFIDENCE] = "conf", [DATA_LENGTH] = "len"};

const char *data_key_name(int key) {
    return key >= 0 && key < DATA_KEYS ? key_names[key] : NULL;
}

static double key_number(const struct row_facts *row, enum data_key key) {
    switch (key) {
    case DATA_GOLD:
        return row->gold >= 0 ? row->gold : NAN;
    case DATA_A:
    case DATA_B: {
        int label = row->answers[key == DATA_A ? ARM_A : ARM_B].label;
        return label >= 0 ? label : NAN;
    }
    case DATA_CONFIDENCE:
        return row_confidence(row);
    case DATA_DELTA:
        return row_delta(row);
    case DATA_LENGTH:
        return row->words;
    default:
        return row->row;
    }
}

/* What is not known comes last whatever the direction; equals stay in the order of the file. */
static int compare_rows(const void *left, const void *right, void *user) {
    const struct data *data = user;
    const struct row_facts *a = &data->rows[*(const int *)left];
    const struct row_facts *b = &data->rows[*(const int *)right];
    int sign = data->descending ? -1 : 1, order = 0;
    if (data->key == DATA_TEXT) {
        order = strcasecmp(a->text, b->text);
    } else {
        double x = key_number(a, data->key), y = key_number(b, data->key);
        if (isnan(x) || isnan(y))
            return isnan(x) != isnan(y) ? (isnan(x) ? 1 : -1) : a->row - b->row;
        order = (x > y) - (x < y);
    }
    return order ? sign * order : a->row - b->row;
}

static void add_row(struct tally *tally, const struct row_facts *row) {
    const struct row_answer *answers = row->answers;
    if (answers[ARM_A].label < 0 || answers[ARM_B].label < 0)
        return;
    tally_add(tally, row->gold, (const int[]){answers[ARM_A].label, answers[ARM_B].label},
              (const float[]){answers[ARM_A].loss, answers[ARM_B].loss});
}

/* The cursor stays on its row; when that is not shown any more, at its place. */
static void keep_place(struct data *data) {
    if (data->shown == 0)
        return;
    for (int i = 0; i < data->shown; i++) {
        if (data->order[i] == data->row) {
            data->position = i;
            return;
        }
    }
    data_select(data, data->position);
}

void data_refresh(struct data *data) {
    data->all = data->shown_tally = (struct tally){0};
    data->shown = 0;
    for (int i = 0; i < data->dataset->count; i++) {
        const struct row_facts *row = &data->rows[i];
        add_row(&data->all, row);
        if (data->filter && !filter_holds(data->filter, row))
            continue;
        add_row(&data->shown_tally, row);
        data->order[data->shown++] = i;
    }
    if (data->key != DATA_ROW || data->descending)
        qsort_r(data->order, (size_t)data->shown, sizeof(*data->order), compare_rows, data);
    keep_place(data);
}

int data_set_filter(struct data *data, const char *expression, struct sawb_error *error) {
    struct filter *filter = expression ? parse(data, expression, error) : NULL;
    char *text = expression ? strdup(expression) : NULL;
    if (expression && (!filter || !text)) {
        int status = filter ? error_set(error, "filter: out of memory") : -1;
        filter_free(filter);
        free(text);
        return status;
    }
    filter_free(data->filter);
    free(data->filter_text);
    data->filter = filter;
    data->filter_text = text;
    data_refresh(data);
    return 0;
}

int data_set_sort(struct data *data, const char *words, struct sawb_error *error) {
    size_t length = strcspn(words, " ");
    const char *direction = words + length + strspn(words + length, " ");
    int descending = 0, key = 0;
    if (strcasecmp(words, "next") == 0 || strcasecmp(words, "previous") == 0) {
        int step = strcasecmp(words, "next") == 0 ? 1 : DATA_KEYS - 1;
        key = ((int)data->key + step) % DATA_KEYS;
    } else if (strcasecmp(words, "reverse") == 0) {
        key = (int)data->key;
        descending = !data->descending;
    } else {
        while (key < DATA_KEYS && (strlen(key_names[key]) != length ||
                                   strncasecmp(key_names[key], words, length) != 0))
            key++;
        descending = strcasecmp(direction, "desc") == 0;
        if (key == DATA_KEYS || (*direction && !descending && strcasecmp(direction, "asc") != 0))
            return error_set(error,
                             "sort: must be row, text, gold, a, b, conf, delta or len, with or "
                             "without desc after it, or next, previous, reverse; not \"%s\"",
                             words);
    }
    data->key = (enum data_key)key;
    data->descending = descending;
    data_refresh(data);
    return 0;
}

/* ---- the cursor ------------------------------------------------------------------------------ */

void data_select(struct data *data, long long position) {
    if (data->shown == 0)
        return;
    if (position > data->shown - 1)
        position = data->shown - 1;
    data->position = position > 0 ? (int)position : 0;
    data->row = data->order[data->position];
}

int data_find(struct data *data, const char *expression, int step, struct sawb_error *error) {
    if (expression || !data->search) {
        const char *wanted = expression ? expression : "flips";
        struct filter *search = parse(data, wanted, error);
        char *text = search ? strdup(wanted) : NULL;
        if (!text) {
            int status = search ? error_set(error, "data find: out of memory") : -1;
            filter_free(search);
            return status;
        }
        filter_free(data->search);
        free(data->search_text);
        data->search = search;
        data->search_text = text;
    }
    for (int i = 1; i <= data->shown; i++) {
        int place =
            (int)(((long long)data->position + (step < 0 ? data->shown - i : i)) % data->shown);
        if (filter_holds(data->search, &data->rows[data->order[place]])) {
            data_select(data, place);
            return 0;
        }
    }
    return error_set(error, "data find: no row that is shown holds: %s", data->search_text);
}

/*
 * recorder.c - what of the session is written when.
 */
#include "tui/app/recorder.h"

#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/session/log.h"
#include "core/session/record.h"
#include "core/session/record_arrays.h"
#include "core/sparsity/presets_json.h"
#include "tui/app/step_gate.h"
#include "tui/app/workbench.h"

#define EXACT_MOST ((size_t)16 << 20) /* bytes of exact arrays at the end, beyond the rate */
#define ARRAYS_SHARE 3                /* quarters of the limit after which arrays are left out */

/* The newest answer of an arm, until its arrays are stored. */
struct pending {
    const struct capture *capture; /* NULL: none; only compared, it may be gone */
    uint64_t sequence;
    double time;
    int stored; /* 1: its arrays, 2: exactly */
};

/* What the answers that follow are like. */
struct earlier {
    struct capture *like; /* text, pattern, tokens; owned */
    uint64_t sequence;
};

struct recorder {
    struct log *log;
    double begun;
    uint64_t limit;
    uint64_t before; /* bytes that the file began with */
    int told;        /* that the recording has failed */
    int depth;
    struct step_gate gate;

    struct pending pending[ARMS];
    struct earlier earlier[ARMS];
    double arrays_time, exact_time; /* of the last ones */

    /* Who answers a job that is not the workbench's own. */
    int asked_job;
    uint64_t asked_models[ARMS]; /* numbers of their records, 0: none */

    uint64_t *models; /* [model_count] fingerprints, by number of their record - 1 */
    int model_count;

    /* What was in sight when it was recorded last. */
    int fields[SIGHT_FIELDS_MOST];
    struct panes panes;
    int message_kind;
    char *message, *text, *specs[ARMS], *answer;
    size_t console_added;
    int numbers[SIGHT_NUMBERS], rows, columns;
};

/* ---- the sight ------------------------------------------------------------------------------- */

#define FIELD(name, member, low, high)                                                             \
    { name, offsetof(struct workbench, member), low, high }

static const struct sight_field sight_fields[] = {
    FIELD("layer", layer, 0, 9999),
    FIELD("head", head, 0, 9999),
    FIELD("query", query, 0, 99999),
    FIELD("key", key, 0, 99999),
    FIELD("example", example, -1, INT_MAX),
    FIELD("live", live, 0, 1),
    FIELD("heads.first_row", heads.first_row, 0, 99999),
    FIELD("heads.columns", heads.columns, 0, 9999),
    FIELD("heads.rows", heads.rows, 0, 9999),
    FIELD("heads.first_head", heads.first_head, 0, 99999),
    FIELD("heads.first_line", heads.first_line, 0, 99999),
    FIELD("heads.lines", heads.lines, 0, 9999),
    FIELD("heads.first_metric_column", heads.first_metric_column, 0, 9999),
    FIELD("mask.first_query", mask.first[0], 0, 99999),
    FIELD("mask.first_key", mask.first[1], 0, 99999),
    FIELD("data.first", data.first, 0, INT_MAX),
    FIELD("data.page", data.page, 0, 9999),
    FIELD("data.shift", data.shift, 0, 99999),
    FIELD("console.back", console.back, 0, CONSOLE_MOST),
};
#define FIELDS ((int)(sizeof(sight_fields) / sizeof(sight_fields[0])))
_Static_assert(sizeof(sight_fields) / sizeof(sight_fields[0]) <= SIGHT_FIELDS_MOST,
               "more fields than a recorder remembers");

const struct sight_field *sight_field(int index) {
    return index >= 0 && index < FIELDS ? &sight_fields[index] : NULL;
}

/* ---- records --------------------------------------------------------------------------------- */

static struct log_stamp stamp_at(const struct workbench *workbench, double time) {
    struct log_stamp stamp = {.time = time,
                              .step = workbench->run.running ? workbench->run.last.step : 0};
    if (workbench->worker) {
        struct worker_state state = worker_state(workbench->worker);
        stamp.state =
            (uint64_t)state.numbers << 2 | (state.busy ? 2u : 0u) | (state.steerable ? 1u : 0u);
    }
    return stamp;
}

/* Takes the object over (NULL: out of memory, nothing is written). */
static void put_json(struct workbench *workbench, enum log_type type, double time, cJSON *object) {
    struct log_stamp stamp = stamp_at(workbench, time);
    char *text = object ? cJSON_PrintUnformatted(object) : NULL; /* doubles, exactly */
    cJSON_Delete(object);
    if (text)
        log_append(workbench->recorder->log, type, &stamp, text, strlen(text));
}

static int differs(const char *kept, const char *now) {
    return (kept == NULL) != (now == NULL) || (kept && strcmp(kept, now) != 0);
}

/* Adds `now` to the object when it is another text than the one kept. */
static void add_text(cJSON *object, const char *name, char **kept, const char *now) {
    if (!differs(*kept, now))
        return;
    free(*kept);
    *kept = now ? strdup(now) : NULL;
    if (now)
        cJSON_AddStringToObject(object, name, now);
    else
        cJSON_AddNullToObject(object, name);
}

static void add_fields(cJSON *object, struct recorder *recorder,
                       const struct workbench *workbench) {
    cJSON *set = NULL;
    for (int i = 0; i < FIELDS; i++) {
        int now;
        memcpy(&now, (const char *)workbench + sight_fields[i].offset, sizeof(now));
        if (now == recorder->fields[i])
            continue;
        recorder->fields[i] = now;
        if (!set)
            set = cJSON_AddObjectToObject(object, "set");
        cJSON_AddNumberToObject(set, sight_fields[i].name, now);
    }
}

static void add_panes(cJSON *object, struct recorder *recorder, const struct panes *panes) {
    if (panes_same(&recorder->panes, panes))
        return;
    recorder->panes = *panes;
    int heads[] = {panes->focus,    panes->zoomed,           panes->automatic,
                   panes->arranged, panes->arranged_for_run, panes->rows,
                   panes->columns};
    cJSON *array = cJSON_AddArrayToObject(object, "panes");
    cJSON_AddItemToArray(array, json_int_array(heads, 7));
    for (int i = 0; i < PANES_SLOTS; i++) {
        const struct pane_slot *slot = &panes->slots[i];
        int numbers[] = {(int)slot->view, (int)slot->previous, slot->chosen};
        cJSON_AddItemToArray(array, json_int_array(numbers, 3));
    }
    for (int i = 0; i < PANES_NODES; i++) {
        const struct pane_node *node = &panes->nodes[i];
        int numbers[] = {i,          node->parent,    node->first,         node->second,
                         node->down, (int)node->view, (int)node->previous, node->slot};
        if (!node->used)
            continue;
        cJSON *row = json_int_array(numbers, 8);
        cJSON_AddItemToArray(row, cJSON_CreateNumber(node->ratio));
        cJSON_AddItemToArray(array, row);
    }
}

static void add_console(cJSON *object, struct recorder *recorder, const struct console *console) {
    cJSON *lines = NULL;
    if (console->added < recorder->console_added)
        recorder->console_added = 0; /* it was cleared */
    size_t fresh = console->added - recorder->console_added;
    int count = fresh < (size_t)console->count ? (int)fresh : console->count;
    recorder->console_added = console->added;
    for (int i = console->count - count; i < console->count; i++) {
        const struct console_line *line = console_get(console, i);
        if (!lines)
            lines = cJSON_AddArrayToObject(object, "console");
        cJSON *pair = cJSON_CreateArray();
        cJSON_AddItemToArray(pair, cJSON_CreateNumber((int)line->kind));
        cJSON_AddItemToArray(pair, cJSON_CreateString(line->text));
        cJSON_AddItemToArray(lines, pair);
    }
}

static void add_screen(cJSON *object, struct recorder *recorder,
                       const struct session_sight *sight) {
    if (memcmp(recorder->numbers, sight->numbers, sizeof(recorder->numbers)) != 0) {
        memcpy(recorder->numbers, sight->numbers, sizeof(recorder->numbers));
        cJSON_AddItemToObject(object, "screen", json_int_array(sight->numbers, SIGHT_NUMBERS));
    }
    if (recorder->rows != sight->rows || recorder->columns != sight->columns) {
        recorder->rows = sight->rows;
        recorder->columns = sight->columns;
        int size[] = {sight->rows, sight->columns};
        cJSON_AddItemToObject(object, "size", json_int_array(size, 2));
    }
    add_text(object, "answer", &recorder->answer, sight->answer);
}

/* Records what is in sight, as far as it has changed. `sight` NULL: of the workbench only. */
static void note_sight(struct workbench *workbench, const struct session_sight *sight,
                       double time) {
    struct recorder *recorder = workbench->recorder;
    cJSON *object = cJSON_CreateObject();
    add_fields(object, recorder, workbench);
    add_panes(object, recorder, &workbench->panes);
    const char *message = workbench->message_kind == MESSAGE_NONE ? "" : workbench->message;
    if (recorder->message_kind != (int)workbench->message_kind ||
        differs(recorder->message, message)) {
        recorder->message_kind = (int)workbench->message_kind;
        free(recorder->message);
        recorder->message = strdup(message);
        cJSON_AddNumberToObject(object, "kind", recorder->message_kind);
        cJSON_AddStringToObject(object, "message", message);
    }
    add_text(object, "text", &recorder->text, workbench->text);
    add_text(object, "a", &recorder->specs[ARM_A], workbench->arms[ARM_A].spec);
    add_text(object, "b", &recorder->specs[ARM_B], workbench->arms[ARM_B].spec);
    add_console(object, recorder, &workbench->console);
    if (sight)
        add_screen(object, recorder, sight);
    if (object && object->child)
        put_json(workbench, LOG_SIGHT, time, object);
    else
        cJSON_Delete(object);
}

/* Everything up to recorder_done happens at `now`. */
static void begin_moment(struct workbench *workbench, double now) {
    workbench->moment = now;
}

static int records(const struct workbench *workbench) {
    return workbench->recorder && !workbench->recorder->told;
}

void recorder_done(struct workbench *workbench) {
    if (workbench->recorder && workbench->recorder->depth == 0)
        workbench->moment = 0;
}

/* ---- what comes in --------------------------------------------------------------------------- */

int recorder_enter(struct workbench *workbench, const char *line, int transparent) {
    struct recorder *recorder = workbench->recorder;
    if (!recorder || transparent)
        return 0;
    if (records(workbench) && recorder->depth == 0) {
        double now = clock_wall();
        note_sight(workbench, NULL, now);
        begin_moment(workbench, now);
        cJSON *object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "line", line + strspn(line, " \t"));
        put_json(workbench, LOG_COMMAND, now, object);
    }
    recorder->depth++;
    return 1;
}

void recorder_leave(struct workbench *workbench, int entered) {
    if (!entered || !workbench->recorder)
        return;
    workbench->recorder->depth--;
    recorder_done(workbench);
}

void recorder_text(struct workbench *workbench, const char *text) {
    if (!records(workbench))
        return;
    double now = clock_wall();
    note_sight(workbench, NULL, now);
    begin_moment(workbench, now);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "text", text);
    put_json(workbench, LOG_TEXT, now, object);
}

int recorder_wish(struct workbench *workbench, enum wish wish) {
    static const char *const names[] = {
        [WISH_COPIES] = "copies", [WISH_OCCLUSION] = "occlusion", [WISH_EFFECTS] = "effects"};
    if (workbench->replay)
        return workbench->wish == wish;
    if (!records(workbench))
        return 1;
    double now = clock_wall();
    note_sight(workbench, NULL, now);
    begin_moment(workbench, now);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "wish", names[wish]);
    put_json(workbench, LOG_WISH, now, object);
    return 1;
}

/* Names in command lines are meant as they were understood here, whatever the files of presets say
 * where, or when, the session is looked at. */
static void put_presets(const struct workbench *workbench, cJSON *object) {
    cJSON *presets = presets_json(workbench->presets);
    if (presets && !cJSON_AddItemToObject(object, "presets", presets))
        cJSON_Delete(presets);
}

/* As a part of the sight, so that an older sawb, which passes over what it does not know of a
 * record, reads on. */
void recorder_presets(struct workbench *workbench) {
    if (!records(workbench))
        return;
    cJSON *object = cJSON_CreateObject();
    put_presets(workbench, object);
    put_json(workbench, LOG_SIGHT, workbench_now(workbench), object);
}

void recorder_configured(struct workbench *workbench) {
    if (!records(workbench))
        return;
    note_sight(workbench, NULL, clock_wall());
    put_json(workbench, LOG_CONFIGURED, clock_wall(), cJSON_CreateObject());
}

/* ---- models ---------------------------------------------------------------------------------- */

static int add_model(struct recorder *recorder, uint64_t fingerprint) {
    uint64_t *grown =
        realloc(recorder->models, ((size_t)recorder->model_count + 1) * sizeof(*grown));
    if (!grown)
        return -1;
    recorder->models = grown;
    recorder->models[recorder->model_count++] = fingerprint;
    return 0;
}

void recorder_model(struct workbench *workbench, const struct model *model) {
    char fingerprint[20];
    if (!records(workbench) || add_model(workbench->recorder, model->fingerprint) < 0)
        return;
    cJSON *object = cJSON_CreateObject();
    snprintf(fingerprint, sizeof(fingerprint), "%016llx", (unsigned long long)model->fingerprint);
    cJSON_AddStringToObject(object, "directory", model->directory);
    cJSON_AddStringToObject(object, "fingerprint", fingerprint);
    cJSON_AddStringToObject(object, "note", model->note);
    cJSON *config = cJSON_CreateObject();
    if (model_config_write(&model->config, config, NULL) < 0) {
        cJSON_Delete(config);
        config = NULL;
    }
    cJSON_AddItemToObject(object, "config", config);
    put_json(workbench, LOG_MODEL, workbench_now(workbench), object);
}

/* Number of the newest record of the model, 0: none. */
static uint64_t model_number(const struct recorder *recorder, const struct model *model) {
    for (int i = recorder->model_count; model && i > 0; i--)
        if (recorder->models[i - 1] == model->fingerprint)
            return (uint64_t)i;
    return 0;
}

void recorder_asks(struct workbench *workbench, int job, const struct model *a,
                   const struct model *b) {
    struct recorder *recorder = workbench->recorder;
    if (!recorder)
        return;
    recorder->asked_job = job;
    recorder->asked_models[ARM_A] = model_number(recorder, a);
    recorder->asked_models[ARM_B] = model_number(recorder, b);
}

/* ---- predictions ----------------------------------------------------------------------------- */

/* Text, pattern and tokens of a capture, for record_alike. */
static struct capture *copy_sentence(const struct capture *from) {
    struct capture *to = calloc(1, sizeof(*to));
    size_t size = (size_t)from->encoding.count * sizeof(*from->encoding.ids);
    if (!to)
        return NULL;
    to->layers = from->layers;
    to->heads = from->heads;
    to->hidden = from->hidden;
    to->labels = from->labels;
    to->seed = from->seed;
    to->encoding.count = from->encoding.count;
    to->encoding.truncated = from->encoding.truncated;
    to->encoding.ids = malloc(size);
    to->text = strdup(from->text);
    to->spec = strdup(from->spec);
    to->pattern = strdup(from->pattern);
    to->metrics = from->metrics ? malloc(sizeof(*to->metrics)) : NULL;
    if (to->encoding.ids && to->text && to->spec && to->pattern && !from->metrics == !to->metrics) {
        memcpy(to->encoding.ids, from->encoding.ids, size);
        return to;
    }
    capture_free(to);
    return NULL;
}

/* The event that this answer of the arm can be said to be like, 0: none; then it is the one for
 * those that follow. */
static uint64_t find_alike(struct recorder *recorder, const struct event *event) {
    struct earlier *earlier = &recorder->earlier[event->arm];
    if (earlier->like && record_alike(earlier->like, event->data.capture))
        return earlier->sequence;
    capture_free(earlier->like);
    earlier->like = copy_sentence(event->data.capture);
    earlier->sequence = event->sequence;
    return 0;
}

static void *pack(void *user, size_t *size) {
    return arrays_pack(user, size);
}

static void release(void *user) {
    arrays_free(user);
}

/* Puts the arrays into the queue. */
static void put_arrays(struct workbench *workbench, const struct capture *capture,
                       uint64_t sequence, int exact, double now) {
    struct recorder *recorder = workbench->recorder;
    struct arrays *arrays = arrays_copy(capture, sequence, exact);
    struct log_stamp stamp = stamp_at(workbench, now);
    if (!arrays)
        return;
    struct log_work work = {pack, release, arrays, arrays_bytes(arrays)};
    log_append_later(recorder->log, LOG_ARRAYS, &stamp, &work);
    recorder->arrays_time = stamp.time;
    if (exact)
        recorder->exact_time = stamp.time;
}

/* Bytes that arrays may take, at least: they deflate by a fifth or so. */
static size_t arrays_estimate(const struct capture *capture, int exact) {
    size_t tokens = (size_t)capture->encoding.count;
    return (size_t)capture->layers * (size_t)capture->heads * tokens * tokens * (exact ? 4 : 2);
}

static int has_room(const struct recorder *recorder, const struct capture *capture, int exact,
                    double now) {
    double elapsed = now > recorder->begun ? now - recorder->begun : 0;
    uint64_t bytes = log_bytes(recorder->log) - recorder->before + arrays_estimate(capture, exact);
    return (double)bytes <= (double)RECORDER_BURST + RECORDER_RATE * elapsed &&
           bytes <= recorder->limit / 4 * ARRAYS_SHARE;
}

/* The arrays of a pinned sentence are gone after the event. */
static void put_pinned(struct workbench *workbench, const struct event *event) {
    if (has_room(workbench->recorder, event->data.capture, 0, event->time))
        put_arrays(workbench, event->data.capture, event->sequence, 0, event->time);
}

int recorder_pass(struct workbench *workbench, struct event *event, struct event *ready[2]) {
    if (workbench->recorder)
        return step_gate_pass(&workbench->recorder->gate, event, ready);
    ready[0] = event;
    return 1;
}

void recorder_event(struct workbench *workbench, const struct event *event) {
    struct bytes bytes = {0};
    if (!records(workbench))
        return;
    struct recorder *recorder = workbench->recorder;
    uint64_t like = 0, model = 0;
    int answers = event->kind == EVENT_PREDICTION && event->arm >= 0 && event->arm < ARMS;
    int newest = answers && event->job == workbench->prediction_job;
    note_sight(workbench, NULL, event->time);
    begin_moment(workbench, event->time);
    if (answers)
        like = find_alike(recorder, event);
    if (newest)
        model = model_number(recorder, workbench->arms[event->arm].model);
    else if (answers && event->job == recorder->asked_job)
        model = recorder->asked_models[event->arm];
    record_event(&bytes, event, like, model);
    struct log_stamp stamp = stamp_at(workbench, event->time);
    stamp.step = event->step > 0 ? event->step : stamp.step;
    if (bytes.failed)
        bytes_free(&bytes);
    else
        log_append(recorder->log, LOG_EVENT, &stamp, bytes.data, bytes.size);
    if (newest)
        recorder->pending[event->arm] =
            (struct pending){event->data.capture, event->sequence, event->time, 0};
    if (answers && workbench->run.running && event->job == workbench->run.job)
        put_pinned(workbench, event);
}

/* The answer that waits, if it is still there: arms may have been exchanged. */
static const struct capture *pending_capture(struct workbench *workbench,
                                             const struct pending *pending) {
    for (int arm = 0; arm < ARMS && pending->capture; arm++) {
        const struct capture *now = *pinned_place(workbench, arm);
        if (now == pending->capture)
            return now;
    }
    return NULL;
}

static void store_due(struct workbench *workbench, double now) {
    struct recorder *recorder = workbench->recorder;
    int training = workbench->run.running && !workbench->run.paused;
    int exact = now - recorder->exact_time >= RECORDER_EXACT;
    if (training && now - recorder->arrays_time < RECORDER_TRAINING)
        return;
    for (int arm = 0; arm < ARMS; arm++) {
        struct pending *pending = &recorder->pending[arm];
        const struct capture *capture = pending_capture(workbench, pending);
        if (!capture || pending->stored || (!training && now - pending->time < RECORDER_SETTLED))
            continue;
        int exactly = exact && has_room(recorder, capture, 1, now);
        if (exactly || has_room(recorder, capture, 0, now))
            put_arrays(workbench, capture, pending->sequence, exactly, now);
        pending->stored = 1 + exactly;
    }
}

/* The newest answers, exactly, whatever the rate, if there is room. */
static void store_exactly(struct workbench *workbench) {
    for (int arm = 0; arm < ARMS; arm++) {
        struct pending *pending = &workbench->recorder->pending[arm];
        const struct capture *capture = pending_capture(workbench, pending);
        if (!capture || pending->stored == 2 || arrays_estimate(capture, 1) > EXACT_MOST)
            continue;
        put_arrays(workbench, capture, pending->sequence, 1, clock_wall());
        pending->stored = 2;
    }
}

double recorder_patience(const struct workbench *workbench, double now) {
    double wait = -1;
    for (int arm = 0; arm < ARMS && records(workbench); arm++) {
        const struct pending *pending = &workbench->recorder->pending[arm];
        if (!pending->capture || pending->stored || workbench->run.running)
            continue;
        double left = pending->time + RECORDER_SETTLED - now;
        wait = left > 0 ? left : 0;
    }
    return wait;
}

void recorder_follow(struct workbench *workbench, const struct session_sight *sight, double now) {
    struct sawb_error error;
    if (!records(workbench))
        return;
    if (log_failed(workbench->recorder->log, &error)) {
        workbench->recorder->told = 1;
        workbench_message(workbench, MESSAGE_ERROR, "session: %s", error.message);
        workbench->changed = 1;
        return;
    }
    note_sight(workbench, sight, now);
    store_due(workbench, now);
}

int recorder_marker(struct workbench *workbench, const char *name, struct sawb_error *error) {
    if (!workbench->recorder)
        return error_set(error, "marker: this session is not recorded");
    if (log_failed(workbench->recorder->log, error))
        return -1;
    store_exactly(workbench);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", name);
    put_json(workbench, LOG_MARKER, workbench_now(workbench), object);
    return 0;
}

/* ---- opening and closing --------------------------------------------------------------------- */

char *recorder_folder(void) {
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int given = state && *state;
    if (!given && !(home && *home))
        return NULL;
    return file_join(given ? state : home, given ? "sawb/sessions" : ".local/state/sawb/sessions");
}

static char *own_path(struct sawb_error *error) {
    char *folder = recorder_folder(), *path = NULL;
    char name[64], moment[32];
    time_t now = time(NULL);
    struct tm parts;
    if (!folder) {
        error_set(error, "session: there is no home folder to keep it in");
        return NULL;
    }
    localtime_r(&now, &parts);
    strftime(moment, sizeof(moment), "%Y%m%d-%H%M%S", &parts);
    snprintf(name, sizeof(name), "%s-%ld.sawb", moment, (long)getpid());
    if (file_make_directory(folder, error) == 0 && !(path = file_join(folder, name)))
        error_set(error, "session: out of memory");
    free(folder);
    return path;
}

/* As recorder_open, after the records `before`. */
static int open_after(struct recorder **opened, const char *path, uint64_t limit,
                      const struct log_before *before, struct sawb_error *error) {
    struct recorder *recorder = calloc(1, sizeof(*recorder));
    char *own = path ? NULL : own_path(error);
    *opened = NULL;
    if (!recorder)
        error_set(error, "session: out of memory");
    if (!recorder || (!path && !own) ||
        log_create(&recorder->log, path ? path : own, before, error) < 0) {
        free(own);
        free(recorder);
        return -1;
    }
    free(own);
    recorder->limit = limit ? limit : RECORDER_LIMIT;
    recorder->before = before ? before->size : 0;
    log_set_limit(recorder->log, recorder->before + recorder->limit);
    recorder->begun = clock_wall();
    recorder->message_kind = -1;
    for (int i = 0; i < FIELDS; i++)
        recorder->fields[i] = INT_MIN;
    *opened = recorder;
    return 0;
}

int recorder_open(struct recorder **opened, const char *path, uint64_t limit,
                  struct sawb_error *error) {
    return open_after(opened, path, limit, NULL, error);
}

/* The models of the arms, after the record that they begin with. */
static void put_models(struct workbench *workbench) {
    recorder_model(workbench, workbench->arms[ARM_A].model);
    if (workbench->arms[ARM_A].model != workbench->arms[ARM_B].model)
        recorder_model(workbench, workbench->arms[ARM_B].model);
}

/* Of all answers from this record on. */
static void put_precision(const struct workbench *workbench, cJSON *object) {
    cJSON_AddStringToObject(object, "precision", precision_name(workbench->settings.precision));
}

void recorder_begin(struct workbench *workbench) {
    struct recorder *recorder = workbench->recorder;
    if (!recorder)
        return;
    double now = clock_wall();
    cJSON *object = cJSON_CreateObject();
    char seed[24];
    snprintf(seed, sizeof(seed), "%llu", (unsigned long long)workbench->settings.seed);
    cJSON_AddStringToObject(object, "version", SAWB_VERSION);
    cJSON_AddStringToObject(object, "seed", seed);
    put_precision(workbench, object);
    put_presets(workbench, object);
    cJSON_AddNumberToObject(object, "automatic", workbench->automatic);
    cJSON_AddNumberToObject(object, "ascii", workbench->settings.ascii);
    cJSON_AddStringToObject(object, "text", workbench->text);
    cJSON_AddStringToObject(object, "a", workbench->arms[ARM_A].spec);
    cJSON_AddStringToObject(object, "b", workbench->arms[ARM_B].spec);
    cJSON_AddNumberToObject(object, "prediction_job", workbench->prediction_job);
    cJSON_AddNumberToObject(object, "prediction_time", workbench->prediction_time);
    cJSON_AddNumberToObject(object, "models",
                            workbench->arms[ARM_A].model == workbench->arms[ARM_B].model ? 1 : 2);
    put_json(workbench, LOG_BEGIN, now, object);
    put_models(workbench);
    /* Whoever types commands looks at their answers. */
    if (!workbench->automatic)
        recorder->panes = workbench->panes;
    note_sight(workbench, NULL, now);
}

int recorder_start(struct workbench *workbench, struct sawb_error *error) {
    const struct session_settings *session = &workbench->settings.session;
    if (session->off || workbench->recorder)
        return 0;
    if (recorder_open(&workbench->recorder, session->file, session->limit, error) < 0)
        return -1;
    recorder_begin(workbench);
    return 0;
}

/* Models that the replay has met, which answers to come may be of. */
static int take_models(struct recorder *recorder, const struct replay *replay) {
    const struct log_record *records = replay_log(replay)->records;
    uint64_t fingerprint;
    for (size_t i = 0; i < replay_position(replay); i++) {
        if (records[i].type != LOG_MODEL)
            continue;
        free(replay_model_directory(replay, (uint64_t)recorder->model_count + 1, &fingerprint));
        if (add_model(recorder, fingerprint) < 0)
            return -1;
    }
    return 0;
}

/* Records that are not whole in the file they come from. */
static int put_again(struct recorder *recorder, const struct log_reader *log, size_t from,
                     size_t count) {
    for (size_t i = from; i < count; i++) {
        const struct log_record *record = &log->records[i];
        unsigned char *body = malloc(record->size);
        if (!body)
            return -1;
        memcpy(body, record->body, record->size);
        log_append(recorder->log, record->type, &record->stamp, body, record->size);
    }
    return 0;
}

int recorder_continue(struct workbench *workbench, const struct replay *replay,
                      struct sawb_error *error) {
    const struct session_settings *session = &workbench->settings.session;
    const struct log_reader *log = replay_log(replay);
    size_t count = replay_position(replay);
    struct log_before before;
    if (session->off)
        return 0;
    size_t whole = log_reader_before(log, count, &before);
    if (open_after(&workbench->recorder, session->file, session->limit, &before, error) < 0)
        return -1;
    struct recorder *recorder = workbench->recorder;
    if (put_again(recorder, log, whole, count) < 0 || take_models(recorder, replay) < 0) {
        recorder_close(workbench, NULL);
        return error_set(error, "session: out of memory");
    }
    recorder->console_added = workbench->console.added;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "from", replay_path(replay));
    cJSON_AddNumberToObject(object, "records", (double)count);
    put_precision(workbench, object);
    put_presets(workbench, object);
    put_json(workbench, LOG_LIVE, recorder->begun, object);
    put_models(workbench);
    return 0;
}

const char *recorder_path(const struct recorder *recorder) {
    return log_path(recorder->log);
}

int recorder_close(struct workbench *workbench, struct sawb_error *error) {
    struct recorder *recorder = workbench->recorder;
    if (!recorder)
        return 0;
    if (!recorder->told) {
        double now = clock_wall();
        store_exactly(workbench);
        note_sight(workbench, NULL, now);
        put_json(workbench, LOG_END, now, cJSON_CreateObject());
    }
    int told = recorder->told, status = log_close(recorder->log, error);
    for (int arm = 0; arm < ARMS; arm++) {
        capture_free(recorder->earlier[arm].like);
        free(recorder->specs[arm]);
    }
    step_gate_clear(&recorder->gate);
    free(recorder->models);
    free(recorder->message);
    free(recorder->text);
    free(recorder->answer);
    free(recorder);
    workbench->recorder = NULL;
    workbench->moment = 0;
    return told ? 0 : status;
}

/*
 * replay.c - records fed to a workbench.
 */
#include "tui/app/replay.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/kernel/kernels.h"
#include "core/session/record.h"
#include "core/session/record_arrays.h"
#include "tui/app/replay_index.h"
#include "tui/app/replay_model.h"
#include "tui/app/replay_sight.h"
#include "tui/app/workbench.h"

#define HELD 8 /* captures that may be in the workbench, and some more */

/* Which event brought a capture that the workbench holds. */
struct held {
    const struct capture *capture; /* only compared */
    size_t record;
};

struct replay {
    struct log_reader reader;
    char *path;
    struct replay_index index;
    struct workbench workbench;
    struct settings settings;
    replay_run *run;
    void *user;
    struct model **models; /* [index.model_count] as they were opened, NULL: not yet */

    size_t position, applying;
    int broken; /* an error has left the workbench between two records */
    int live, console_session;
    struct held held[HELD];
    int64_t maps_step[ARMS];
    int fields[SIGHT_FIELDS_MOST]; /* of the sight after the last record, and the panes: */
    struct panes panes;            /* drawing changes them */
    int touched;                   /* the user looks at something else */
    int corrections;
    struct session_sight sight;
    char *answer; /* that sight.answer points to */
    /* What the session's console said. That of the workbench gets lines also while records are
     * applied, and from whoever looks at it. */
    struct console console;

    struct replay_play play;
    double clock; /* of the last replay_follow, negative: none */
    int wants_live, wants;
    size_t wanted; /* position */
};

/* ---- models ---------------------------------------------------------------------------------- */

static const char *text_of(const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

static cJSON *json_of(const struct replay *replay, size_t record) {
    const struct log_record *at = &replay->reader.records[record];
    return json_parse((const char *)at->body, at->size, "session", NULL);
}

/* The model of LOG_MODEL record `number`, from 0; borrowed. */
static struct model *model_get(struct replay *replay, size_t number, struct sawb_error *error) {
    if (number >= replay->index.model_count) {
        error_set(error, "session: a model is not recorded");
        return NULL;
    }
    if (!replay->models[number]) {
        cJSON *json = json_of(replay, replay->index.models[number]);
        replay->models[number] = replay_model_make(json, error);
        cJSON_Delete(json);
    }
    return replay->models[number];
}

static int is_passive(enum log_type type) {
    return type == LOG_MODEL || type == LOG_ARRAYS;
}

int replay_model(struct replay *replay, const char *directory, struct model **model,
                 struct sawb_error *error) {
    const struct log_reader *reader = &replay->reader;
    *model = NULL;
    for (size_t i = replay->applying + 1; i < reader->count; i++) {
        if (!is_passive(reader->records[i].type))
            break;
        size_t number = replay_index_model(&replay->index, i);
        struct model *found = number != SIZE_MAX ? model_get(replay, number, NULL) : NULL;
        if (!found || strcmp(found->directory, directory) != 0)
            continue;
        *model = model_retain(found);
        return 0;
    }
    return error_set(error, "%s: this model was not opened in the session", directory);
}

char *replay_model_directory(const struct replay *replay, uint64_t number, uint64_t *fingerprint) {
    if (number == 0 || number > replay->index.model_count)
        return NULL;
    cJSON *json = json_of(replay, replay->index.models[number - 1]);
    const char *directory = text_of(json, "directory"), *hex = text_of(json, "fingerprint");
    char *copy = directory && hex ? strdup(directory) : NULL;
    *fingerprint = hex ? strtoull(hex, NULL, 16) : 0;
    cJSON_Delete(json);
    return copy;
}

/* ---- arrays ---------------------------------------------------------------------------------- */

static int is_held(struct replay *replay, const struct capture *capture) {
    struct workbench *workbench = &replay->workbench;
    for (int arm = 0; arm < ARMS && capture; arm++)
        if (workbench->arms[arm].capture == capture || workbench->pinned.live[arm] == capture)
            return 1;
    return 0;
}

static void hold(struct replay *replay, const struct capture *capture, size_t record) {
    int slot = 0;
    for (int i = 0; i < HELD; i++)
        if (!is_held(replay, replay->held[i].capture))
            slot = i;
    for (int i = 0; i < HELD; i++)
        if (replay->held[i].capture == capture)
            slot = i;
    replay->held[slot] = (struct held){capture, record};
}

/* Numbers that are none, where nothing was recorded. */
static int fill_blank(struct capture *capture, struct sawb_error *error) {
    size_t tokens = (size_t)capture->encoding.count;
    size_t heads = (size_t)capture->layers * (size_t)capture->heads;
    size_t pairs = tokens * tokens;
    int fits = pairs <= ARRAYS_PAIRS_MOST && heads <= ARRAYS_PAIRS_MOST / pairs;
    size_t count = fits ? heads * pairs : 0;
    capture->scores = fits ? capture_memory(count * sizeof(float)) : NULL;
    if (!capture->scores || capture_keep_all(capture) < 0)
        return error_set(error, "session: no room for %zu tokens in %zu heads", tokens, heads);
    for (size_t i = 0; i < count; i++)
        capture->scores[i] = NAN;
    capture->kernels = kernels_get(0);
    return 0;
}

/* Gives a capture its arrays. *step: see replay_maps_step. */
static int fill(struct replay *replay, struct capture *capture, int64_t *step,
                struct sawb_error *error) {
    size_t record = SIZE_MAX, source;
    for (int i = 0; i < HELD; i++)
        if (replay->held[i].capture == capture)
            record = replay->held[i].record;
    *step = -2;
    size_t arrays =
        record == SIZE_MAX ? SIZE_MAX : replay_index_arrays(&replay->index, record, &source);
    if (arrays == SIZE_MAX)
        return fill_blank(capture, error);
    const struct log_record *at = &replay->reader.records[arrays];
    if (arrays_unpack(at->body, at->size, capture, NULL) < 0)
        return fill_blank(capture, error);
    *step = source == record ? -1 : replay->reader.records[source].stamp.step;
    return 0;
}

/* Everything that the workbench holds gets its arrays. */
static int fill_all(struct replay *replay, struct sawb_error *error) {
    struct workbench *workbench = &replay->workbench;
    int64_t step;
    if (workbench_tokens(workbench) > 0)
        workbench_clamp(workbench); /* the place was read from the file */
    for (int arm = 0; arm < ARMS; arm++) {
        struct capture *shown = workbench->arms[arm].capture, *live = workbench->pinned.live[arm];
        if (shown && !shown->scores && fill(replay, shown, &replay->maps_step[arm], error) < 0)
            return -1;
        if (live && !live->scores && fill(replay, live, &step, error) < 0)
            return -1;
    }
    return 0;
}

/* ---- applying -------------------------------------------------------------------------------- */

struct event *replay_event(const struct replay *replay, size_t record) {
    const struct log_record *at = &replay->reader.records[record];
    const struct replay_entry *entry = &replay->index.entries[record];
    if (at->type != LOG_EVENT)
        return NULL;
    const struct log_record *like =
        entry->like == SIZE_MAX ? NULL : &replay->reader.records[entry->like];
    return record_event_read(at->body, at->size, at->stamp.time, at->stamp.step,
                             like ? like->body : NULL, like ? like->size : 0, NULL);
}

/* Event numbers, models and jobs of a file that was made up may be anything: an event that does not
 * fit what it would go into is passed over. */
static int fits(const struct replay *replay, const struct event *event) {
    if (event->kind != EVENT_PREDICTION)
        return 1;
    const struct capture *capture = event->data.capture;
    const struct workbench *workbench = &replay->workbench;
    if (event->arm < 0 || event->arm >= ARMS)
        return 0;
    const struct model *model = workbench->arms[event->arm].model;
    return event->job != workbench->prediction_job ||
           (model && model->config.layers == capture->layers &&
            model->config.heads == capture->heads && model->config.labels == capture->labels);
}

/* The arms of a console's session show what it was answered last: nothing else asks for them. */
static void adopt(struct replay *replay, const struct event *event, int newest) {
    struct workbench *workbench = &replay->workbench;
    if (workbench->automatic || !newest || event->job == workbench->prediction_job)
        return;
    workbench->prediction_job = event->job;
    workbench->answers = 0;
}

static int apply_event(struct replay *replay, size_t record, size_t target,
                       struct sawb_error *error) {
    struct workbench *workbench = &replay->workbench;
    const struct replay_entry *entry = &replay->index.entries[record];
    if (entry->kind == EVENT_PREDICTION && entry->newest && entry->next < target &&
        workbench->arms[entry->arm].capture) {
        workbench_pass_answer(workbench, entry->job, entry->arm);
        return 0;
    }
    struct event *event = replay_event(replay, record);
    if (!event || !fits(replay, event)) {
        event_free(event);
        return 0;
    }
    if (event->kind == EVENT_PREDICTION) {
        struct capture *capture = event->data.capture;
        adopt(replay, event, entry->newest);
        hold(replay, capture, record);
        int64_t step;
        /* A pinned sentence is packed at once. */
        if (!entry->newest && fill(replay, capture, &step, error) < 0) {
            event_free(event);
            return -1;
        }
    }
    workbench_event(workbench, event);
    return 0;
}

static void apply_wish(struct replay *replay, const char *name) {
    struct workbench *workbench = &replay->workbench;
    if (!name)
        return;
    workbench->wish = strcmp(name, "copies") == 0      ? WISH_COPIES
                      : strcmp(name, "occlusion") == 0 ? WISH_OCCLUSION
                                                       : WISH_EFFECTS;
    if (workbench->wish == WISH_EFFECTS)
        pruning_wish(workbench);
    else
        prediction_wish(workbench);
    workbench->wish = WISH_NONE;
}

static void apply_text(struct replay *replay, const char *text) {
    struct workbench *workbench = &replay->workbench;
    struct sawb_error error;
    if (!text)
        return;
    undo_note(workbench, workbench->moment);
    if (workbench_set_text(workbench, text, &error) < 0)
        workbench_message(workbench, MESSAGE_ERROR, "%s", error.message);
    undo_note(workbench, workbench->moment);
}

static void apply_command(struct replay *replay, const char *line) {
    struct workbench *workbench = &replay->workbench;
    if (!line)
        return;
    size_t added = ++workbench->console.added; /* not 0, so that one sees it cleared */
    undo_note(workbench, workbench->moment);
    replay->run(workbench, line, replay->user);
    undo_note(workbench, workbench->moment);
    workbench->quit = 0;
    if (workbench->console.added < added)
        console_clear(&replay->console);
}

/* What the worker of the session was at has ended with it; from now on the screen asks. */
static void end_work(struct workbench *workbench) {
    workbench->automatic = 1;
    workbench->long_job = 0;
    workbench->progress[0] = '\0';
    workbench->run.running = workbench->run.paused = workbench->run.attached = 0;
    workbench->data.running = workbench->data.waiting = 0;
    workbench->pruning.run.running = 0;
    workbench->prediction.occluding = 0;
}

/* From here on the session was another one, with the models that are told next. */
static void apply_live(struct replay *replay, size_t record, struct sawb_error *error) {
    struct workbench *workbench = &replay->workbench;
    const struct log_reader *reader = &replay->reader;
    struct model *models[ARMS] = {NULL, NULL};
    for (size_t i = record + 1; i < reader->count && i <= record + ARMS; i++) {
        size_t number = replay_index_model(&replay->index, i);
        if (number != SIZE_MAX)
            models[i - record - 1] = model_get(replay, number, NULL);
    }
    end_work(workbench);
    for (int arm = 0; models[ARM_A] && arm < ARMS; arm++) {
        struct model *model = models[arm] ? models[arm] : models[ARM_A];
        model_release(workbench->arms[arm].model);
        workbench->arms[arm].model = model_retain(model);
        workbench->arms[arm].stale = 1;
    }
    workbench_predict(workbench, error);
}

static int apply_record(struct replay *replay, size_t record, size_t target,
                        struct sawb_error *error) {
    struct workbench *workbench = &replay->workbench;
    const struct log_record *at = &replay->reader.records[record];
    struct worker_state state = {(int)(at->stamp.state >> 2 & 0x3fffffff),
                                 (at->stamp.state & 2) != 0, (at->stamp.state & 1) != 0};
    worker_set_state(workbench->worker, &state);
    workbench->moment = at->stamp.time;
    replay->applying = record;
    if (at->type == LOG_EVENT)
        return apply_event(replay, record, target, error);
    if (is_passive(at->type) || at->type == LOG_MARKER || at->type == LOG_END)
        return 0;
    if ((at->type == LOG_COMMAND || at->type == LOG_WISH) && fill_all(replay, error) < 0)
        return -1;
    cJSON *object = json_of(replay, record);
    switch (at->type) {
    case LOG_COMMAND:
        apply_command(replay, text_of(object, "line"));
        break;
    case LOG_TEXT:
        apply_text(replay, text_of(object, "text"));
        break;
    case LOG_WISH:
        apply_wish(replay, text_of(object, "wish"));
        break;
    case LOG_SIGHT:
        replay->corrections +=
            sight_apply(workbench, object, &replay->sight, &replay->answer, &replay->console);
        break;
    case LOG_LIVE:
        sight_presets(workbench, object);
        apply_live(replay, record, error);
        break;
    case LOG_CONFIGURED:
        undo_clear(&workbench->undo);
        break;
    default:
        break;
    }
    cJSON_Delete(object);
    return 0;
}

/* How far the console is scrolled back only the sight says: lines come at other moments here. */
static int apply(struct replay *replay, size_t record, size_t target, struct sawb_error *error) {
    int *back = &replay->workbench.console.back, kept = *back;
    int status = apply_record(replay, record, target, error);
    if (replay->reader.records[record].type != LOG_SIGHT)
        *back = kept;
    return status;
}

/* ---- the beginning --------------------------------------------------------------------------- */

static int set_text(char **place, const char *text) {
    char *copy = strdup(text ? text : "");
    if (!copy)
        return -1;
    free(*place);
    *place = copy;
    return 0;
}

static int begin_arms(struct replay *replay, const cJSON *begin, struct sawb_error *error) {
    struct workbench *workbench = &replay->workbench;
    static const char *const names[ARMS] = {"a", "b"};
    sight_presets(workbench, begin);
    const cJSON *models = cJSON_GetObjectItemCaseSensitive(begin, "models");
    int two = cJSON_IsNumber(models) && models->valueint == 2;
    for (int arm = 0; arm < ARMS; arm++) {
        struct model *model = model_get(replay, two ? (size_t)arm : 0, error);
        if (!model)
            return -1;
        workbench->arms[arm].model = model_retain(model);
        workbench->arms[arm].stale = 1;
        const char *spec = text_of(begin, names[arm]);
        struct sparsity *sparsity = NULL;
        if (!spec || sparsity_parse(&sparsity, spec, workbench->presets, NULL) < 0)
            spec = "dense";
        sparsity_free(sparsity);
        if (set_text(&workbench->arms[arm].spec, spec) < 0)
            return error_set(error, "session: out of memory");
    }
    return 0;
}

/* The workbench as it was when the recording began. */
static int restart(struct replay *replay, struct sawb_error *error) {
    struct workbench *workbench = &replay->workbench;
    const struct log_record *first = replay->reader.records;
    cJSON *begin = json_of(replay, 0);
    const char *seed = text_of(begin, "seed");
    replay->broken = 1;
    workbench_close(workbench);
    memset(replay->held, 0, sizeof(replay->held));
    replay->sight.answer = NULL;
    free(replay->answer);
    replay->answer = NULL;
    replay->sight = (struct session_sight){0};
    console_clear(&replay->console);
    replay->corrections = 0;
    replay->maps_step[ARM_A] = replay->maps_step[ARM_B] = -1;
    if (!cJSON_IsObject(begin)) {
        cJSON_Delete(begin);
        return error_set(error, "session: the first record says nothing");
    }
    if (seed)
        replay->settings.seed = strtoull(seed, NULL, 10);
    int status = workbench_open(workbench, &replay->settings, error);
    workbench->replay = replay;
    workbench->moment = first->stamp.time;
    if (status == 0) {
        workbench->worker = worker_create_mute(error);
        status = workbench->worker ? begin_arms(replay, begin, error) : -1;
    }
    if (status == 0 && set_text(&workbench->text, text_of(begin, "text")) < 0)
        status = error_set(error, "session: out of memory");
    const cJSON *job = cJSON_GetObjectItemCaseSensitive(begin, "prediction_job");
    const cJSON *time = cJSON_GetObjectItemCaseSensitive(begin, "prediction_time");
    const cJSON *automatic = cJSON_GetObjectItemCaseSensitive(begin, "automatic");
    workbench->automatic = workbench->live = 1;
    replay->console_session = cJSON_IsNumber(automatic) && automatic->valueint == 0;
    if (replay->console_session) {
        workbench->automatic = workbench->live = 0; /* of a console */
        workbench_show(workbench, VIEW_CONSOLE);
    }
    workbench->prediction_job = cJSON_IsNumber(job) ? job->valueint : 0;
    workbench->prediction_time = cJSON_IsNumber(time) ? time->valuedouble : 0;
    cJSON_Delete(begin);
    replay->position = status == 0 ? 1 : 0;
    replay->broken = status < 0;
    return status;
}

static void keep_sight(struct replay *replay) {
    const struct sight_field *field;
    for (int i = 0; (field = sight_field(i)); i++)
        replay->fields[i] = *sight_number(&replay->workbench, field);
    replay->panes = replay->workbench.panes;
    replay->touched = 0;
}

/* What drawing has changed since, at whatever size, goes back to what the records say. */
static void restore_sight(struct replay *replay) {
    const struct sight_field *field;
    if (replay->touched)
        return;
    for (int i = 0; (field = sight_field(i)); i++)
        *sight_number(&replay->workbench, field) = replay->fields[i];
    replay->workbench.panes = replay->panes;
}

/* The time that is shown is one at which these records are the last that have come. */
static void keep_moment(struct replay *replay) {
    size_t next = replay->position;
    double least = replay_time(replay);
    double most = next < replay->reader.count ? replay_time_of(replay, next) : least;
    replay->play.now = fmin(fmax(replay->play.now, least), most);
}

void replay_touch(struct replay *replay) {
    replay->touched = 1;
}

int replay_go(struct replay *replay, size_t position, struct sawb_error *error) {
    if (replay->live)
        return error_set(error, "replay: it was left; the workbench is live");
    position = position > replay->reader.count ? replay->reader.count : position;
    if (position < replay->position || replay->broken) {
        if (restart(replay, error) < 0)
            return -1;
    } else {
        restore_sight(replay);
    }
    while (replay->position < position) {
        if (apply(replay, replay->position, position, error) < 0) {
            replay->broken = 1;
            return -1;
        }
        replay->position++;
    }
    replay->workbench.changed = 1;
    sight_console(&replay->workbench, &replay->console);
    if (fill_all(replay, error) < 0)
        return -1;
    keep_sight(replay);
    keep_moment(replay);
    return 0;
}

int replay_open(struct replay **opened, const char *path, const struct settings *settings,
                replay_run *run, void *user, struct sawb_error *error) {
    struct replay *replay = calloc(1, sizeof(*replay));
    *opened = NULL;
    if (!replay)
        return error_set(error, "replay: out of memory");
    replay->settings = *settings;
    replay->settings.model_directory = NULL;
    replay->settings.colors = 0;
    replay->path = realpath(path, NULL);
    replay->run = run;
    replay->user = user;
    replay->broken = 1;
    replay->play.speed = 1;
    replay->clock = -1;
    int status = log_reader_open(&replay->reader, path, error);
    if (status == 0 && (replay->reader.count == 0 || replay->reader.records[0].type != LOG_BEGIN))
        status = error_set(error, "%s: nothing of the session can be read%s%s", path,
                           replay->reader.lost ? "; " : "", replay->reader.problem);
    if (status == 0)
        status = replay_index_make(&replay->index, &replay->reader, error);
    if (status == 0 && replay->index.model_count > 0) {
        replay->models = calloc(replay->index.model_count, sizeof(struct model *));
        if (!replay->models)
            status = error_set(error, "replay: out of memory");
    }
    if (status == 0 && replay_go(replay, 1, error) < 0)
        status = error_prefix(error, "%s: its beginning cannot be read%s%s", path,
                              replay->reader.lost ? "; " : "", replay->reader.problem);
    if (status < 0) {
        replay_free(replay);
        return -1;
    }
    *opened = replay;
    return 0;
}

void replay_free(struct replay *replay) {
    if (!replay)
        return;
    workbench_close(&replay->workbench);
    for (size_t i = 0; replay->models && i < replay->index.model_count; i++)
        model_release(replay->models[i]);
    free(replay->models);
    free(replay->answer);
    console_clear(&replay->console);
    replay_index_free(&replay->index);
    log_reader_close(&replay->reader);
    free(replay->path);
    free(replay);
}

/* ---- asking ---------------------------------------------------------------------------------- */

struct workbench *replay_workbench(struct replay *replay) {
    return &replay->workbench;
}

const struct log_reader *replay_log(const struct replay *replay) {
    return &replay->reader;
}

const char *replay_path(const struct replay *replay) {
    return replay->path ? replay->path : "";
}

int replay_is_console(const struct replay *replay) {
    return replay->console_session;
}

size_t replay_count(const struct replay *replay) {
    return replay->reader.count;
}

size_t replay_position(const struct replay *replay) {
    return replay->position;
}

double replay_time_of(const struct replay *replay, size_t record) {
    size_t last = replay->reader.count - 1;
    return replay->index.entries[record < last ? record : last].seconds;
}

double replay_time(const struct replay *replay) {
    return replay->position > 0 ? replay_time_of(replay, replay->position - 1) : 0;
}

double replay_seconds(const struct replay *replay) {
    return replay_time_of(replay, replay->reader.count - 1);
}

size_t replay_at(const struct replay *replay, double seconds) {
    size_t low = 1, high = replay->reader.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (replay->index.entries[middle].seconds <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t replay_bound(const struct replay *replay) {
    return replay->wants ? replay->wanted : replay->position;
}

size_t replay_step(const struct replay *replay, int step) {
    const struct log_record *records = replay->reader.records;
    size_t at = replay_bound(replay);
    if (step > 0) {
        while (at < replay->reader.count && is_passive(records[at].type))
            at++;
        at += at < replay->reader.count;
        while (at < replay->reader.count && is_passive(records[at].type))
            at++;
        return at;
    }
    while (at > 1 && is_passive(records[at - 1].type))
        at--;
    return at > 1 ? at - 1 : 1;
}

struct replay_place replay_place_at(const struct replay *replay, size_t position) {
    return (struct replay_place){position, replay_time_of(replay, position > 0 ? position - 1 : 0)};
}

const struct session_sight *replay_sight(const struct replay *replay) {
    return &replay->sight;
}

int64_t replay_maps_step(const struct replay *replay, int arm) {
    return replay->maps_step[arm];
}

int replay_corrections(const struct replay *replay) {
    return replay->corrections;
}

int replay_marker(const struct replay *replay, int index, double *seconds, char *name,
                  size_t size) {
    if (index < 0 || (size_t)index >= replay->index.marker_count)
        return 0;
    size_t record = replay->index.markers[index];
    char *text = replay_text(replay, record);
    *seconds = replay->index.entries[record].seconds;
    snprintf(name, size, "%s", text ? text : "");
    free(text);
    return 1;
}

/* ---- playing --------------------------------------------------------------------------------- */

const struct replay_play *replay_state(const struct replay *replay) {
    return &replay->play;
}

void replay_play(struct replay *replay, int playing) {
    if (playing && replay->position >= replay->reader.count)
        replay_want(replay, &(struct replay_place){1, 0});
    replay->play.playing = playing;
    replay->clock = -1;
}

void replay_set_speed(struct replay *replay, double speed) {
    replay->play.speed = fmin(fmax(speed, REPLAY_SPEED_LEAST), REPLAY_SPEED_MOST);
}

void replay_want(struct replay *replay, const struct replay_place *place) {
    replay->wants = 1;
    replay->wanted = place->position;
    replay->play.now = place->seconds;
}

void replay_want_live(struct replay *replay) {
    replay->wants_live = 1;
}

int replay_follow(struct replay *replay, double clock, struct sawb_error *error) {
    if (replay->live)
        return 0;
    if (replay->wants_live) {
        replay->wants_live = 0;
        return replay_leave(replay, error) < 0 ? -1 : 1;
    }
    if (replay->wants) {
        replay->wants = 0;
        replay->clock = -1;
        if (replay_go(replay, replay->wanted, error) < 0) {
            replay->play.playing = 0;
            return -1;
        }
        return 1;
    }
    double passed = replay->clock >= 0 ? clock - replay->clock : 0;
    replay->clock = clock;
    if (!replay->play.playing)
        return 0;
    replay->play.now += passed * replay->play.speed;
    size_t position = replay_at(replay, replay->play.now);
    if (position >= replay->reader.count)
        replay->play.playing = 0;
    if (position <= replay->position)
        return 0;
    if (replay_go(replay, position, error) == 0)
        return 1;
    replay->play.playing = 0;
    return -1;
}

double replay_patience(const struct replay *replay) {
    if (replay->live)
        return -1;
    if (replay->wants || replay->wants_live)
        return 0;
    if (!replay->play.playing || replay->position >= replay->reader.count)
        return -1;
    double wait =
        (replay->index.entries[replay->position].seconds - replay->play.now) / replay->play.speed;
    /* The time in the bar moves on. */
    return wait < 0 ? 0 : wait > 0.25 ? 0.25 : wait;
}

/* ---- going on -------------------------------------------------------------------------------- */

int replay_leave(struct replay *replay, struct sawb_error *error) {
    struct workbench *workbench = &replay->workbench;
    struct model *opened[ARMS] = {NULL, NULL};
    int same = workbench->arms[ARM_A].model == workbench->arms[ARM_B].model;
    for (int arm = 0; arm < ARMS; arm++) {
        struct model_options options = {.seed = workbench->settings.seed};
        if (arm == ARM_B && same) {
            opened[ARM_B] = model_retain(opened[ARM_A]);
        } else if (model_open(&opened[arm], workbench->arms[arm].model->directory, &options,
                              error) < 0) {
            model_release(opened[ARM_A]);
            return error_prefix(error, "replay: cannot go on live");
        }
    }
    char from[256];
    replay_model_origin(workbench, opened, from, sizeof(from));
    for (int arm = 0; arm < ARMS; arm++) {
        model_release(workbench->arms[arm].model);
        workbench->arms[arm].model = opened[arm];
        workbench->arms[arm].stale = 1;
    }
    sight_console(workbench, &replay->console);
    struct worker_state state = {worker_state(workbench->worker).numbers, 0, 0};
    worker_free(workbench->worker);
    workbench->worker = NULL;
    workbench->replay = NULL;
    workbench->moment = 0;
    end_work(workbench);
    replay->live = 1;
    replay->play.playing = 0;
    if (workbench_start(workbench, error) < 0)
        return -1;
    worker_set_state(workbench->worker, &state); /* no number twice */
    struct sawb_error unrecorded;
    int recorded = recorder_continue(workbench, replay, &unrecorded) == 0;
    workbench_message(workbench, MESSAGE_NOTE, "%s%s%s", from,
                      recorded ? "" : "; not recorded: ", recorded ? "" : unrecorded.message);
    return workbench_predict(workbench, error);
}

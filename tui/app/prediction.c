/*
 * prediction.c - edited copies of the sentence and its occlusion, asked for and taken in.
 */
#include "tui/app/prediction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app/workbench.h"

#define SHOW_AFTER 0.15    /* seconds after which an occlusion is shown while it comes */
#define FOLLOW_SECONDS 2.0 /* between two occlusions that follow a model in training */

/* ---- copies ---------------------------------------------------------------------------------- */

static void free_texts(char **texts, int count) {
    for (int i = 0; texts && i < count; i++)
        free(texts[i]);
    free(texts);
}

static void copy_free(struct sentence_copy *copy) {
    for (int i = 0; i < copy->count; i++)
        free((char *)copy->edits[i].word);
    free(copy->edits);
    free_texts(copy->pieces, copy->shown_count);
    free(copy->states);
    free(copy->name);
    free(copy->text);
    *copy = (struct sentence_copy){0};
}

static void occlusion_free(struct occlusion *occlusion) {
    free_texts(occlusion->pieces, occlusion->tokens);
    free(occlusion->said);
    free(occlusion->width);
    *occlusion = (struct occlusion){0};
}

void prediction_free(struct prediction_state *state) {
    copy_free(&state->now);
    for (int i = 0; i < state->kept_count; i++)
        copy_free(&state->kept[i]);
    occlusion_free(&state->shown);
    occlusion_free(&state->coming);
    free(state->question);
    memset(state, 0, sizeof(*state));
}

static int is_here(const struct workbench *workbench, const struct sentence_copy *copy) {
    return copy->text && strcmp(copy->text, workbench->text) == 0;
}

static void copies_changed(struct workbench *workbench) {
    workbench->prediction.copies_changed = 1;
    workbench->changed = 1;
}

static int no_memory(struct sawb_error *error) {
    return error_set(error, "edit: out of memory");
}

/* The copy's edits, each as "mask warm", joined by commas. */
static int name_copy(struct sentence_copy *copy) {
    static const char *const verbs[] = {"drop", "mask", "replace"};
    size_t size;
    char *name = NULL;
    FILE *stream = open_memstream(&name, &size);
    if (!stream)
        return -1;
    for (int i = 0; i < copy->count; i++) {
        const struct text_edit *edit = &copy->edits[i];
        fprintf(stream, "%s%s %.*s", i ? ", " : "", verbs[edit->change],
                (int)(edit->end - edit->begin), copy->text + edit->begin);
        if (edit->word)
            fprintf(stream, " by %s", edit->word);
    }
    if (fclose(stream) != 0) {
        free(name);
        return -1;
    }
    free(copy->name);
    copy->name = name;
    return 0;
}

/* How the copy reads in arm A's tokens. */
static int show_copy(struct sentence_copy *copy, const struct model *model,
                     const struct encoding *encoding, struct sawb_error *error) {
    struct edited edited;
    if (edits_apply(model->tokenizer, encoding, copy->edits, copy->count, model_token_limit(model),
                    &edited, error) < 0)
        return -1;
    size_t count = (size_t)edited.shown_count;
    copy->pieces = calloc(count, sizeof(*copy->pieces));
    copy->states = calloc(count, sizeof(*copy->states));
    int failed = !copy->pieces || !copy->states;
    for (size_t i = 0; i < count && !failed; i++) {
        copy->states[i] = edited.shown[i].state;
        copy->pieces[i] = strdup(tokenizer_piece(model->tokenizer, edited.shown[i].id));
        failed = !copy->pieces[i];
        copy->shown_count = (int)i + 1;
    }
    edited_free(&edited);
    return failed || name_copy(copy) < 0 ? no_memory(error) : 0;
}

/* A copy of `old` (which may be empty) with one edit more; those that it overlaps go, and it goes
 * too when it was there already. */
static int build_copy(struct sentence_copy *copy, const struct sentence_copy *old, const char *text,
                      const struct text_edit *edit, struct sawb_error *error) {
    *copy = (struct sentence_copy){.text = strdup(text)};
    copy->edits = calloc((size_t)old->count + 1, sizeof(*copy->edits));
    if (!copy->text || !copy->edits)
        return no_memory(error);
    int again = 0;
    for (int i = 0; i <= old->count; i++) {
        const struct text_edit *from = i < old->count ? &old->edits[i] : edit;
        int same = from->begin == edit->begin && from->end == edit->end &&
                   from->change == edit->change &&
                   (!edit->word || strcmp(from->word, edit->word) == 0);
        again |= i < old->count && same;
        if (i < old->count ? from->begin < edit->end && edit->begin < from->end : again)
            continue;
        char *word = from->word ? strdup(from->word) : NULL;
        if (from->word && !word)
            return no_memory(error);
        struct text_edit *to = &copy->edits[copy->count++];
        *to = *from;
        to->word = word;
    }
    return 0;
}

int prediction_edit(struct workbench *workbench, enum text_change change, const char *word,
                    int token, struct sawb_error *error) {
    struct prediction_state *state = &workbench->prediction;
    const struct model *model = workbench->arms[ARM_A].model;
    static const struct sentence_copy none;
    struct sentence_copy copy = {0};
    struct encoding encoding;
    int first, last, status = -1;
    if (tokenizer_encode(model->tokenizer, workbench->text, strlen(workbench->text),
                         model_token_limit(model), &encoding, error) < 0)
        return -1;
    if (token < 0 || token >= encoding.count) {
        error_set(error, "edit: there are %d tokens, numbered from 0 to %d; not %d", encoding.count,
                  encoding.count - 1, token);
    } else if (!edits_unit(model->tokenizer, &encoding, token, state->unit, &first, &last)) {
        error_set(error, "edit: [CLS] and [SEP] frame the sentence and stay; move to a token");
    } else {
        struct text_edit edit = {change, encoding.offsets[first][0], encoding.offsets[last][1],
                                 change == CHANGE_REPLACE ? word : NULL};
        status = build_copy(&copy, is_here(workbench, &state->now) ? &state->now : &none,
                            workbench->text, &edit, error);
        if (status == 0)
            status = show_copy(&copy, model, &encoding, error);
    }
    encoding_free(&encoding);
    if (status < 0) {
        copy_free(&copy);
        return -1;
    }
    copy_free(&state->now);
    if (copy.count > 0)
        state->now = copy;
    else
        copy_free(&copy);
    copies_changed(workbench);
    return 0;
}

void prediction_reset(struct workbench *workbench) {
    copy_free(&workbench->prediction.now);
    copies_changed(workbench);
}

int prediction_copies(const struct workbench *workbench,
                      const struct sentence_copy *copies[COPIES_KEPT_MOST + 1]) {
    const struct prediction_state *state = &workbench->prediction;
    int count = 0;
    for (int i = 0; i < state->kept_count; i++)
        if (is_here(workbench, &state->kept[i]))
            copies[count++] = &state->kept[i];
    if (is_here(workbench, &state->now))
        copies[count++] = &state->now;
    return count;
}

int prediction_keep(struct workbench *workbench, struct sawb_error *error) {
    struct prediction_state *state = &workbench->prediction;
    if (!is_here(workbench, &state->now))
        return error_set(error, "edit: nothing is edited; `edit mask` masks the token under the "
                                "cursor");
    if (state->kept_count == COPIES_KEPT_MOST)
        return error_set(error,
                         "edit: %d copies are kept, and no more can be; `edit forget 1` "
                         "makes room",
                         COPIES_KEPT_MOST);
    state->kept[state->kept_count++] = state->now;
    state->now = (struct sentence_copy){0};
    copies_changed(workbench);
    return 0;
}

int prediction_forget(struct workbench *workbench, int number, struct sawb_error *error) {
    struct prediction_state *state = &workbench->prediction;
    const struct sentence_copy *copies[COPIES_KEPT_MOST + 1];
    int count = prediction_copies(workbench, copies);
    if (count == 0 && state->kept_count > 0 && number == 1) {
        /* Copies of other sentences take room as well. */
        copies[count++] = &state->kept[0];
    }
    if (number < 1 || number > count)
        return error_set(error, "edit: there are %d edited copies, numbered from 1; not %d", count,
                         number);
    if (copies[number - 1] == &state->now) {
        copy_free(&state->now);
    } else {
        int index = (int)(copies[number - 1] - state->kept);
        copy_free(&state->kept[index]);
        state->kept_count--;
        memmove(&state->kept[index], &state->kept[index + 1],
                (size_t)(state->kept_count - index) * sizeof(*state->kept));
        state->kept[state->kept_count] = (struct sentence_copy){0};
    }
    copies_changed(workbench);
    return 0;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void arms_of(const struct workbench *workbench, struct job_arm arms[ARMS]) {
    for (int i = 0; i < ARMS; i++)
        arms[i] =
            (struct job_arm){workbench->arms[i].model, workbench->arms[i].spec, workbench->presets};
}

static int submit(struct workbench *workbench, struct job *job, struct sawb_error *error) {
    int number = job ? worker_submit(workbench->worker, job, error) : -1;
    if (number < 0)
        workbench_message(workbench, MESSAGE_ERROR, "%s", error->message);
    return number < 0 ? 0 : number;
}

static void ask_copies(struct workbench *workbench) {
    struct prediction_state *state = &workbench->prediction;
    const struct sentence_copy *copies[COPIES_KEPT_MOST + 1];
    struct text_copy edits[COPIES_KEPT_MOST + 1];
    struct job_arm arms[ARMS];
    struct sawb_error error;
    int count = prediction_copies(workbench, copies);
    state->copies_for = workbench->prediction_job;
    state->copies_changed = 0;
    if (count == 0)
        return;
    for (int i = 0; i < count; i++) {
        edits[i] = (struct text_copy){copies[i]->edits, copies[i]->count};
        state->asked[i] =
            copies[i] == &state->now ? &state->now : &state->kept[copies[i] - state->kept];
    }
    arms_of(workbench, arms);
    state->copies_job = submit(workbench,
                               job_copies(arms, ARMS, workbench->text, edits, count,
                                          workbench->settings.seed, workbench->live, &error),
                               &error);
}

/* What an answer depends on, but for the step of a model in training; NULL when out of memory. */
static char *question_of(const struct workbench *workbench) {
    const struct prediction_state *state = &workbench->prediction;
    const struct arm *a = &workbench->arms[ARM_A], *b = &workbench->arms[ARM_B];
    char *question;
    int length =
        asprintf(&question, "%d %d\n%p %s\n%p %s\n%s", (int)state->by, (int)state->unit,
                 (const void *)a->model, a->spec, (const void *)b->model, b->spec, workbench->text);
    return length < 0 ? NULL : question;
}

/* Room for the bars of the sentence that arm A has answered to. */
static int occlusion_begin(struct workbench *workbench, struct occlusion *occlusion) {
    const struct prediction_state *state = &workbench->prediction;
    const struct capture *capture = workbench->arms[ARM_A].capture;
    size_t tokens = (size_t)capture->encoding.count;
    occlusion_free(occlusion);
    *occlusion = (struct occlusion){.by = state->by, .unit = state->unit};
    occlusion->pieces = calloc(tokens, sizeof(*occlusion->pieces));
    occlusion->said = calloc(tokens * ARMS, sizeof(*occlusion->said));
    occlusion->width = calloc(tokens, sizeof(*occlusion->width));
    int failed = !occlusion->pieces || !occlusion->said || !occlusion->width;
    for (size_t i = 0; i < tokens && !failed; i++) {
        occlusion->pieces[i] = strdup(capture->pieces[i]);
        failed = !occlusion->pieces[i];
        occlusion->tokens = (int)i + 1;
    }
    if (failed)
        occlusion_free(occlusion);
    return failed ? -1 : 0;
}

static void ask_occlusion(struct workbench *workbench) {
    struct prediction_state *state = &workbench->prediction;
    struct job_arm arms[ARMS];
    struct sawb_error error;
    double now = workbench_now(workbench);
    char *question = question_of(workbench);
    int same = question && state->question && strcmp(question, state->question) == 0;
    if (same && (state->occluding || now - state->occlude_time < FOLLOW_SECONDS)) {
        free(question);
        return;
    }
    if (!recorder_wish(workbench, WISH_OCCLUSION)) {
        free(question);
        return;
    }
    free(state->question);
    state->question = question;
    state->occlusion_for = workbench->prediction_job;
    state->occlude_time = now;
    state->occluding = 0;
    if (!question || occlusion_begin(workbench, &state->coming) < 0) {
        workbench_message(workbench, MESSAGE_ERROR, "occlude: out of memory");
        return;
    }
    arms_of(workbench, arms);
    enum text_change by = state->by == OCCLUSION_DROP ? CHANGE_DROP : CHANGE_MASK;
    state->occlusion_job = submit(workbench,
                                  job_occlude(arms, ARMS, workbench->text, by, state->unit,
                                              workbench->settings.seed, workbench->live, &error),
                                  &error);
    state->occluding = state->occlusion_job > 0;
}

void prediction_wish(struct workbench *workbench) {
    struct prediction_state *state = &workbench->prediction;
    const struct arm *a = &workbench->arms[ARM_A], *b = &workbench->arms[ARM_B];
    if (!workbench->worker || !workbench->automatic || workbench->answers < ARMS || a->stale ||
        b->stale || !a->capture || !b->capture)
        return;
    if ((state->copies_changed || state->copies_for != workbench->prediction_job) &&
        recorder_wish(workbench, WISH_COPIES))
        ask_copies(workbench);
    recorder_done(workbench);
    if (state->by != OCCLUSION_OFF && state->occlusion_for != workbench->prediction_job)
        ask_occlusion(workbench);
    recorder_done(workbench);
}

/* The occlusion at hand is of another kind: ask again. */
static void occlude_anew(struct workbench *workbench) {
    struct prediction_state *state = &workbench->prediction;
    state->occlusion_job = state->occlusion_for = state->occluding = 0;
    free(state->question);
    state->question = NULL;
    occlusion_free(&state->coming);
    if (state->by == OCCLUSION_OFF)
        occlusion_free(&state->shown);
    workbench->changed = 1;
}

void prediction_set_occlusion(struct workbench *workbench, enum occlusion_by by) {
    if (workbench->prediction.by == by)
        return;
    workbench->prediction.by = by;
    occlude_anew(workbench);
}

void prediction_set_unit(struct workbench *workbench, enum edit_unit unit) {
    if (workbench->prediction.unit == unit)
        return;
    workbench->prediction.unit = unit;
    occlude_anew(workbench);
}

/* ---- taking in ------------------------------------------------------------------------------- */

const struct occlusion *prediction_occlusion(const struct workbench *workbench, double now) {
    const struct prediction_state *state = &workbench->prediction;
    int coming = state->coming.points > 0 &&
                 (state->shown.tokens == 0 || now - state->occlude_time > SHOW_AFTER);
    const struct occlusion *best = coming ? &state->coming : &state->shown;
    return best->tokens > 0 ? best : NULL;
}

void copy_said_read(struct copy_said *said, const struct point *point) {
    *said = (struct copy_said){
        .known = 1,
        .label = (int)point->values[COPY_LABEL],
        .probability = point->values[COPY_PROBABILITY],
        .kept = point->values[COPY_KEPT],
        .kept_before = point->values[COPY_KEPT_BEFORE],
        .difference = point->values[COPY_DIFFERENCE],
        .difference_before = point->values[COPY_DIFFERENCE_BEFORE],
        .distance = point->values[COPY_DISTANCE],
    };
}

void prediction_take_copy(struct workbench *workbench, const struct event *event) {
    struct prediction_state *state = &workbench->prediction;
    const struct point *point = &event->data.point;
    if (event->job != state->copies_job || state->copies_changed || event->arm < 0 ||
        event->arm >= ARMS || point->index < 0 || point->index > COPIES_KEPT_MOST)
        return;
    copy_said_read(&state->asked[point->index]->said[event->arm], point);
}

void prediction_take_occlusion(struct workbench *workbench, const struct event *event) {
    struct prediction_state *state = &workbench->prediction;
    struct occlusion *coming = &state->coming;
    const struct point *point = &event->data.point;
    int token = (int)point->x;
    if (event->job != state->occlusion_job || event->arm < 0 || event->arm >= ARMS || token < 0 ||
        token >= coming->tokens)
        return;
    copy_said_read(&coming->said[token * ARMS + event->arm], point);
    coming->width[token] = (int)point->values[COPY_TOKENS];
    coming->points++;
}

void prediction_take_end(struct workbench *workbench, const struct event *event) {
    struct prediction_state *state = &workbench->prediction;
    if (event->job != state->occlusion_job || !state->occluding)
        return;
    state->occluding = 0;
    if (event->status != 0)
        return;
    occlusion_free(&state->shown);
    state->shown = state->coming;
    state->shown.complete = 1;
    state->coming = (struct occlusion){0};
}

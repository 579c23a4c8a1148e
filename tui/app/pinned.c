/*
 * pinned.c - the stored states of pinned sentences.
 */
#include "tui/app/pinned.h"

#include <stdlib.h>
#include <string.h>

#include "tui/app/workbench.h"

/* ---- storing --------------------------------------------------------------------------------- */

static void state_clear(struct pinned *pinned, struct pinned_state *state) {
    for (int arm = 0; arm < PINNED_ARMS; arm++) {
        if (state->arms[arm])
            pinned->bytes -= stored_bytes(state->arms[arm]);
        stored_free(state->arms[arm]);
        state->arms[arm] = NULL;
    }
}

static void drop_states(struct pinned *pinned, struct pinned_sentence *sentence, int from) {
    for (int i = from; i < sentence->count; i++)
        state_clear(pinned, &sentence->states[i]);
    sentence->count = from < sentence->count ? from : sentence->count;
}

static void sentence_free(struct pinned *pinned, struct pinned_sentence *sentence) {
    drop_states(pinned, sentence, 0);
    free(sentence->states);
    free(sentence->text);
    *sentence = (struct pinned_sentence){0};
}

void pinned_free(struct pinned *pinned) {
    for (int i = 0; i < pinned->count; i++)
        sentence_free(pinned, &pinned->sentences[i]);
    for (int arm = 0; arm < PINNED_ARMS; arm++) {
        capture_free(pinned->live[arm]);
        free(pinned->watched[arm]);
    }
    memset(pinned, 0, sizeof(*pinned));
}

static int find(const struct pinned *pinned, const char *text) {
    for (int i = 0; i < pinned->count; i++)
        if (strcmp(pinned->sentences[i].text, text) == 0)
            return i;
    return -1;
}

/* The state of this step, at the end; NULL when out of memory. States of later steps belong to a
 * run before: a new one began, or one was resumed earlier. */
static struct pinned_state *state_for(struct pinned *pinned, struct pinned_sentence *sentence,
                                      int64_t step) {
    int keep = sentence->count;
    while (keep > 0 && sentence->states[keep - 1].step > step)
        keep--;
    drop_states(pinned, sentence, keep);
    if (keep > 0 && sentence->states[keep - 1].step == step)
        return &sentence->states[keep - 1];
    if (keep == sentence->capacity) {
        int larger = keep ? 2 * keep : 16;
        struct pinned_state *grown =
            realloc(sentence->states, (size_t)larger * sizeof(*sentence->states));
        if (!grown)
            return NULL;
        sentence->states = grown;
        sentence->capacity = larger;
    }
    sentence->states[sentence->count] = (struct pinned_state){.step = step};
    return &sentence->states[sentence->count++];
}

/* Leaves out every second state between the first and the last. 0 when there are none. */
static int thin(struct pinned *pinned) {
    struct pinned_sentence *most = NULL;
    for (int i = 0; i < pinned->count; i++)
        if (!most || pinned->sentences[i].count > most->count)
            most = &pinned->sentences[i];
    if (!most || most->count < 3)
        return 0;
    int kept = 0, last = most->count - 1;
    for (int i = 0; i <= last; i++) {
        if (i % 2 == 1 && i != last)
            state_clear(pinned, &most->states[i]);
        else
            most->states[kept++] = most->states[i];
    }
    most->count = kept;
    pinned->thinned = 1;
    return 1;
}

void pinned_take(struct workbench *workbench, const struct event *event) {
    struct pinned *pinned = &workbench->pinned;
    const struct capture *capture = event->data.capture;
    struct sawb_error error = {{0}};
    int index = capture ? find(pinned, capture->text) : -1;
    if (index < 0 || event->arm < 0 || event->arm >= PINNED_ARMS)
        return;
    struct stored *stored = stored_pack(capture, &error);
    struct pinned_state *state =
        stored ? state_for(pinned, &pinned->sentences[index], event->step) : NULL;
    if (!state) {
        stored_free(stored);
        workbench_message(workbench, MESSAGE_ERROR, "pin: out of memory for step %lld",
                          (long long)event->step);
        return;
    }
    if (state->arms[event->arm])
        pinned->bytes -= stored_bytes(state->arms[event->arm]);
    stored_free(state->arms[event->arm]);
    state->arms[event->arm] = stored;
    pinned->bytes += stored_bytes(stored);
    while (pinned->bytes > PINNED_BYTES && thin(pinned))
        ;
}

/* ---- which sentences ------------------------------------------------------------------------- */

static int tell_run(struct workbench *workbench, enum steering_kind kind, const char *text,
                    struct sawb_error *error) {
    if (!workbench->worker || !worker_steerable(workbench->worker))
        return 0;
    return worker_steer(workbench->worker, steering_create(kind, text, error), error);
}

int pinned_add(struct workbench *workbench, const char *text, struct sawb_error *error) {
    struct pinned *pinned = &workbench->pinned;
    if (find(pinned, text) >= 0)
        return error_set(error, "pin: the sentence is pinned already");
    if (pinned->count == TRAIN_PINS)
        return error_set(error, "pin: %d sentences are pinned; `unpin N` makes room", TRAIN_PINS);
    char *copy = strdup(text);
    if (!copy)
        return error_set(error, "pin: out of memory");
    if (tell_run(workbench, STEER_PIN, text, error) < 0) {
        free(copy);
        return -1;
    }
    pinned->sentences[pinned->count++] = (struct pinned_sentence){.text = copy};
    workbench->changed = 1;
    return 0;
}

int pinned_remove(struct workbench *workbench, const char *text, struct sawb_error *error) {
    struct pinned *pinned = &workbench->pinned;
    int index = find(pinned, text);
    if (index < 0)
        return error_set(error, "pin: the sentence is not pinned");
    if (tell_run(workbench, STEER_UNPIN, text, error) < 0)
        return -1;
    pinned_live(workbench);
    sentence_free(pinned, &pinned->sentences[index]);
    pinned->count--;
    memmove(&pinned->sentences[index], &pinned->sentences[index + 1],
            (size_t)(pinned->count - index) * sizeof(pinned->sentences[0]));
    pinned->sentences[pinned->count] = (struct pinned_sentence){0};
    workbench->changed = 1;
    return 0;
}

void pinned_options(const struct workbench *workbench, struct train_job_options *options,
                    const char *pins[TRAIN_PINS]) {
    const struct pinned *pinned = &workbench->pinned;
    for (int i = 0; i < pinned->count; i++)
        pins[i] = pinned->sentences[i].text;
    options->pins = pins;
    options->pin_count = pinned->count;
    for (int arm = 0; arm < PINNED_ARMS; arm++)
        options->patterns[arm] = workbench->arms[arm].spec;
}

void pinned_begin(struct workbench *workbench) {
    struct pinned *pinned = &workbench->pinned;
    for (int arm = 0; arm < PINNED_ARMS; arm++) {
        /* Without memory the run is told again what it knows. */
        free(pinned->watched[arm]);
        pinned->watched[arm] = strdup(workbench->arms[arm].spec);
    }
}

void pinned_watch(struct workbench *workbench) {
    struct pinned *pinned = &workbench->pinned;
    struct sawb_error error;
    for (int arm = 0; pinned->count > 0 && arm < PINNED_ARMS; arm++) {
        const char *spec = workbench->arms[arm].spec;
        if (pinned->watched[arm] && strcmp(pinned->watched[arm], spec) == 0)
            continue;
        struct steering *steering = steering_create(STEER_PATTERN, NULL, &error);
        char *copy = strdup(spec);
        if (!steering || !copy ||
            sparsity_parse(&steering->sparsity, spec, workbench->presets, &error) < 0) {
            steering_free(steering);
            free(copy);
            continue;
        }
        free(pinned->watched[arm]);
        pinned->watched[arm] = copy;
        steering->arm = arm;
        /* A run that has just ended no longer needs to know. */
        (void)!worker_steer(workbench->worker, steering, &error);
    }
}

/* ---- looking back ---------------------------------------------------------------------------- */

int64_t pinned_step(const struct workbench *workbench) {
    return workbench->pinned.scrub ? workbench->pinned.step : -1;
}

struct capture **pinned_place(struct workbench *workbench, int arm) {
    return workbench->pinned.scrub ? &workbench->pinned.live[arm] : &workbench->arms[arm].capture;
}

static const struct pinned_sentence *looked_at(const struct workbench *workbench) {
    const struct pinned *pinned = &workbench->pinned;
    return pinned->scrub ? &pinned->sentences[pinned->scrub - 1] : NULL;
}

int pinned_neighbour(const struct workbench *workbench, int64_t step, int direction,
                     int64_t *stored) {
    const struct pinned_sentence *sentence = looked_at(workbench);
    int found = -1;
    for (int i = 0; sentence && i < sentence->count; i++) {
        if (direction < 0 && sentence->states[i].step < step)
            found = i;
        if (direction > 0 && found < 0 && sentence->states[i].step > step)
            found = i;
    }
    if (found >= 0)
        *stored = sentence->states[found].step;
    return found >= 0;
}

static const struct pinned_state *nearest(const struct pinned_sentence *sentence, int64_t step) {
    const struct pinned_state *best = NULL;
    for (int i = 0; i < sentence->count; i++) {
        const struct pinned_state *state = &sentence->states[i];
        if (!best || llabs(state->step - step) < llabs(best->step - step))
            best = state;
    }
    return best;
}

/* The arms get the stored captures; those they had are the caller's business. */
static int show(struct workbench *workbench, const struct pinned_state *state,
                struct sawb_error *error) {
    struct capture *captures[PINNED_ARMS] = {NULL};
    for (int arm = 0; arm < PINNED_ARMS; arm++) {
        if (state->arms[arm] && !(captures[arm] = stored_unpack(state->arms[arm], error))) {
            capture_free(captures[0]);
            return -1;
        }
    }
    for (int arm = 0; arm < PINNED_ARMS; arm++)
        workbench->arms[arm].capture = captures[arm];
    workbench->pinned.step = state->step;
    workbench_clamp(workbench);
    workbench->changed = 1;
    return 0;
}

void pinned_follow(struct workbench *workbench) {
    const struct pinned_sentence *sentence = looked_at(workbench);
    const struct pinned_state *state = sentence ? nearest(sentence, workbench->runs.cursor) : NULL;
    struct capture *before[PINNED_ARMS];
    struct sawb_error error;
    if (!state || state->step == workbench->pinned.step)
        return;
    for (int arm = 0; arm < PINNED_ARMS; arm++)
        before[arm] = workbench->arms[arm].capture;
    if (show(workbench, state, &error) < 0) {
        workbench_message(workbench, MESSAGE_ERROR, "%s", error.message);
        return;
    }
    for (int arm = 0; arm < PINNED_ARMS; arm++)
        capture_free(before[arm]);
}

void pinned_live(struct workbench *workbench) {
    struct pinned *pinned = &workbench->pinned;
    if (!pinned->scrub)
        return;
    pinned->scrub = 0;
    for (int arm = 0; arm < PINNED_ARMS; arm++) {
        capture_free(workbench->arms[arm].capture);
        workbench->arms[arm].capture = pinned->live[arm];
        pinned->live[arm] = NULL;
    }
    workbench_clamp(workbench);
    workbench->changed = 1;
}

int pinned_scrub(struct workbench *workbench, struct sawb_error *error) {
    struct pinned *pinned = &workbench->pinned;
    if (pinned->count == 0)
        return error_set(error, "scrub: no sentence is pinned; `pin` pins the present one, and the "
                                "run stores its states from then on");
    int index = workbench->text ? find(pinned, workbench->text) : -1;
    if (index < 0)
        index = pinned->count - 1;
    const struct pinned_sentence *sentence = &pinned->sentences[index];
    int64_t at = workbench->runs.cursor_on ? workbench->runs.cursor : INT64_MAX / 2;
    const struct pinned_state *state = nearest(sentence, at);
    if (!state)
        return error_set(error,
                         "scrub: nothing is stored of \"%s\" yet; the run stores it at each "
                         "evaluation",
                         sentence->text);
    if (pinned->scrub == index + 1)
        return 0;
    pinned_live(workbench);
    if (strcmp(workbench->text, sentence->text) != 0 &&
        workbench_set_text(workbench, sentence->text, error) < 0)
        return -1;
    struct capture *live[PINNED_ARMS] = {workbench->arms[0].capture, workbench->arms[1].capture};
    if (show(workbench, state, error) < 0)
        return -1;
    memcpy(pinned->live, live, sizeof(live));
    pinned->scrub = index + 1;
    runs_go(workbench, state->step);
    return 0;
}

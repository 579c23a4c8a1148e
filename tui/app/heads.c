/*
 * heads.c - the order of the heads, searching them, moving over them, and their importance.
 */
#include "tui/app/heads.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tui/app/workbench.h"

/* Between two that follow a model in training, which they take their time from. */
#define TRAINING_SECONDS 1.0

void heads_free(struct heads *heads) {
    free(heads->importance);
    memset(heads, 0, sizeof(*heads));
}

/* ---- heads and their numbers ----------------------------------------------------------------- */

int heads_count(const struct workbench *workbench) {
    return workbench_layers(workbench) * workbench_heads(workbench);
}

int heads_cursor(const struct workbench *workbench) {
    return workbench->layer * workbench_heads(workbench) + workbench->head;
}

void heads_look_at(struct workbench *workbench, int index) {
    int heads = workbench_heads(workbench), count = heads_count(workbench);
    if (count <= 0)
        return;
    index = index < 0 ? 0 : index >= count ? count - 1 : index;
    workbench->layer = index / heads;
    workbench->head = index % heads;
    workbench->changed = 1;
}

/* The arm's capture when it has this head, with its place; NULL otherwise. */
static const struct capture *find_head(const struct workbench *workbench, int arm, int index,
                                       int *layer, int *head) {
    const struct capture *capture = workbench->arms[arm].capture;
    int heads = workbench_heads(workbench);
    if (!capture || heads <= 0 || index < 0)
        return NULL;
    *layer = index / heads;
    *head = index % heads;
    return *layer < capture->layers && *head < capture->heads ? capture : NULL;
}

static double arm_value(const struct workbench *workbench, int arm, int metric, int index) {
    int layer, head;
    const struct capture *capture = find_head(workbench, arm, index, &layer, &head);
    return capture ? capture_metric(capture, layer, head, metric) : NAN;
}

double heads_value(const struct workbench *workbench, struct heads_place place, int index) {
    if (place.of == HEADS_B)
        return arm_value(workbench, ARM_B, place.metric, index);
    double a = arm_value(workbench, ARM_A, place.metric, index);
    if (place.of == HEADS_A || metric_get(place.metric)->both)
        return a;
    return arm_value(workbench, ARM_B, place.metric, index) - a;
}

int heads_off(const struct workbench *workbench, int arm, int index) {
    int layer, head;
    const struct capture *capture = find_head(workbench, arm, index, &layer, &head);
    return capture && capture_head_off(capture, layer, head);
}

/* ---- order ----------------------------------------------------------------------------------- */

struct ranked {
    double value;
    int index;
};

/* Larger first, NaN last; of equals the first head. */
static int compare(const void *left, const void *right) {
    const struct ranked *a = left, *b = right;
    if (isnan(a->value) || isnan(b->value)) {
        int difference = isnan(a->value) - isnan(b->value);
        return difference ? difference : a->index - b->index;
    }
    if (a->value != b->value)
        return a->value > b->value ? -1 : 1;
    return a->index - b->index;
}

int *heads_order(const struct workbench *workbench, int *count) {
    const struct heads *heads = &workbench->heads;
    *count = heads_count(workbench);
    if (*count <= 0)
        return NULL;
    int *order = malloc((size_t)*count * sizeof(*order));
    struct ranked *ranked = malloc((size_t)*count * sizeof(*ranked));
    if (order && ranked) {
        for (int i = 0; i < *count; i++) {
            double value = heads->sorted ? heads_value(workbench, heads->sort, i) : 0.0;
            ranked[i] = (struct ranked){heads->descending ? value : -value, i};
        }
        qsort(ranked, (size_t)*count, sizeof(*ranked), compare);
        for (int i = 0; i < *count; i++)
            order[i] = ranked[i].index;
    } else {
        free(order);
        order = NULL;
    }
    free(ranked);
    return order;
}

int heads_place_get(int index, struct heads_place *place) {
    const struct metric *metric;
    for (int i = 0; index >= 0 && (metric = metric_get(i)); i++) {
        int columns = metric->both ? 1 : 2;
        if (index < columns) {
            *place = (struct heads_place){i, index ? HEADS_B : HEADS_A};
            return 1;
        }
        index -= columns;
    }
    return 0;
}

char *heads_place_text(struct heads_place place, char *text, size_t size) {
    static const char *const of[HEADS_KINDS] = {" of A", " of B", " of B - A"};
    const struct metric *metric = metric_get(place.metric);
    snprintf(text, size, "%s%s", metric->name, metric->both ? "" : of[place.of]);
    return text;
}

static int no_such_metric(const char *text, struct sawb_error *error) {
    char names[256] = "";
    size_t used = 0;
    const struct metric *metric;
    for (int i = 0; (metric = metric_get(i)); i++)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
                                 metric->name);
    return error_set(error, "there is no metric \"%s\"; a., b. or d. (B - A) before one of: %s",
                     text, names);
}

int heads_place_parse(const struct workbench *workbench, const char *text,
                      struct heads_place *place, struct sawb_error *error) {
    static const char prefixes[HEADS_KINDS] = {'a', 'b', 'd'};
    const char *name = text;
    *place = (struct heads_place){.of = workbench->heads.of};
    if (name[0] && name[1] == '.') {
        int of = HEADS_KINDS;
        while (--of >= 0 && tolower((unsigned char)name[0]) != prefixes[of])
            ;
        if (of < 0)
            return no_such_metric(text, error);
        place->of = (enum heads_of)of;
        name += 2;
    }
    place->metric = metric_find(name, strlen(name));
    return place->metric < 0 ? no_such_metric(text, error) : 0;
}

/* ---- searching ------------------------------------------------------------------------------- */

static int search_parse(const struct workbench *workbench, const char *text,
                        struct heads_search *search, struct sawb_error *error) {
    char name[40];
    const char *at = text + strspn(text, " ");
    size_t length = strcspn(at, "<>= ");
    *search = (struct heads_search){.active = 1};
    if (length == 0 || length >= sizeof(name))
        return error_set(error, "find: \"%s\" is not like entropy>0.5 or b.sep<=0.1", text);
    memcpy(name, at, length);
    name[length] = '\0';
    at += length;
    at += strspn(at, " ");
    if (*at != '<' && *at != '>')
        return error_set(error, "find: after \"%s\" comes >, >=, < or <= and a number", name);
    search->comparison = *at == '>' ? HEADS_ABOVE : HEADS_BELOW;
    at++;
    if (*at == '=') {
        search->comparison = search->comparison == HEADS_ABOVE ? HEADS_FROM : HEADS_TO;
        at++;
    }
    char *end;
    search->value = strtod(at, &end);
    if (end == at || end[strspn(end, " ")] || !isfinite(search->value))
        return error_set(error, "find: \"%s\" is not a number", at);
    if (heads_place_parse(workbench, name, &search->place, error) < 0)
        return error_prefix(error, "find");
    return 0;
}

int heads_matches(const struct workbench *workbench, int index) {
    const struct heads_search *search = &workbench->heads.search;
    if (!search->active)
        return 0;
    double value = heads_value(workbench, search->place, index);
    switch (search->comparison) {
    case HEADS_ABOVE:
        return value > search->value;
    case HEADS_FROM:
        return value >= search->value;
    case HEADS_BELOW:
        return value < search->value;
    case HEADS_TO:
        return value <= search->value;
    }
    return 0;
}

int heads_matching(const struct workbench *workbench) {
    int count = heads_count(workbench), matching = 0;
    for (int i = 0; i < count; i++)
        matching += heads_matches(workbench, i);
    return matching;
}

/* Where the head looked at stands in the order. */
static int place_in(const int *order, int count, int index) {
    for (int i = 0; i < count; i++)
        if (order[i] == index)
            return i;
    return 0;
}

/* The first that matches, `step` by `step` from `step * from` behind the one looked at. */
static int find_from(struct workbench *workbench, int from, int step) {
    int count, found = 0;
    int *order = heads_order(workbench, &count);
    int here = order ? place_in(order, count, heads_cursor(workbench)) : 0;
    for (int i = from; order && !found && i < count + from; i++) {
        int place = ((here + step * i) % count + count) % count;
        found = heads_matches(workbench, order[place]);
        if (found)
            heads_look_at(workbench, order[place]);
    }
    free(order);
    return found;
}

int heads_find(struct workbench *workbench, const char *text, struct sawb_error *error) {
    struct heads_search search;
    if (search_parse(workbench, text, &search, error) < 0)
        return -1;
    workbench->heads.search = search;
    workbench->changed = 1;
    find_from(workbench, 0, 1);
    return 0;
}

int heads_find_next(struct workbench *workbench, int step) {
    return find_from(workbench, 1, step);
}

/* ---- moving ---------------------------------------------------------------------------------- */

static int clamp(int value, int count) {
    return value < 0 ? 0 : value >= count ? count - 1 : value;
}

/* By so many places of the order, no further than its ends. */
static void move_in_order(struct workbench *workbench, int steps) {
    int count;
    int *order = heads_order(workbench, &count);
    if (!order)
        return;
    int place = place_in(order, count, heads_cursor(workbench));
    heads_look_at(workbench, order[clamp(place + steps, count)]);
    free(order);
}

/* By rows and columns of the maps. */
static void move_over_maps(struct workbench *workbench, int rows, int columns) {
    if (workbench->heads.sorted) {
        int wide = workbench->heads.columns > 0 ? workbench->heads.columns : 1;
        move_in_order(workbench, rows * wide + columns);
        return;
    }
    if (heads_count(workbench) <= 0)
        return;
    workbench->layer = clamp(workbench->layer + rows, workbench_layers(workbench));
    workbench->head = clamp(workbench->head + columns, workbench_heads(workbench));
    workbench->changed = 1;
}

/* "3.7" */
static int move_to(struct workbench *workbench, const char *word, struct sawb_error *error) {
    char *end;
    long layer = strtol(word, &end, 10), head = -1;
    if (end != word && *end == '.' && isdigit((unsigned char)end[1]))
        head = strtol(end + 1, &end, 10);
    if (head < 0 || *end)
        return error_set(error,
                         "heads: must be a, b, difference, cycle, a move (left, right, up, down, "
                         "first, last, page-up, page-down, previous, next, previous-page, "
                         "next-page) or a head such as 3.7; not "
                         "\"%s\"",
                         word);
    if (layer < 0 || layer >= workbench_layers(workbench) || head >= workbench_heads(workbench))
        return error_set(error, "heads: there is no head %s; there are %d layers of %d heads", word,
                         workbench_layers(workbench), workbench_heads(workbench));
    heads_look_at(workbench, (int)layer * workbench_heads(workbench) + (int)head);
    return 0;
}

int heads_move(struct workbench *workbench, const char *word, struct sawb_error *error) {
    const struct heads *heads = &workbench->heads;
    int page = heads->rows > 1 ? heads->rows : 1, lines = heads->lines > 1 ? heads->lines - 1 : 1;
    const struct {
        const char *name;
        int rows, columns, listed;
    } moves[] = {{"left", 0, -1, 0},
                 {"right", 0, 1, 0},
                 {"up", -1, 0, 0},
                 {"down", 1, 0, 0},
                 {"page-up", -page, 0, 0},
                 {"page-down", page, 0, 0},
                 {"previous", 0, 0, -1},
                 {"next", 0, 0, 1},
                 {"previous-page", 0, 0, -lines},
                 {"next-page", 0, 0, lines},
                 {"first", 0, 0, -heads_count(workbench)},
                 {"last", 0, 0, heads_count(workbench)}};
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
        if (strcasecmp(moves[i].name, word) != 0)
            continue;
        if (moves[i].rows || moves[i].columns)
            move_over_maps(workbench, moves[i].rows, moves[i].columns);
        else
            move_in_order(workbench, moves[i].listed);
        return 0;
    }
    return move_to(workbench, word, error);
}

/* ---- importance ------------------------------------------------------------------------------ */

int heads_ask_importance(struct workbench *workbench, struct sawb_error *error) {
    struct heads *heads = &workbench->heads;
    struct job_arm arms[ARMS];
    if (workbench_start(workbench, error) < 0 || workbench_load(workbench, error) < 0)
        return -1;
    for (int i = 0; i < ARMS; i++)
        arms[i] =
            (struct job_arm){workbench->arms[i].model, workbench->arms[i].spec, workbench->presets};
    struct job *job = job_importance(arms, ARMS, workbench->text,
                                     heads->importance_labelled ? heads->importance_label : -1,
                                     workbench->settings.seed, workbench->live, error);
    int number = job ? worker_submit(workbench->worker, job, error) : -1;
    if (number < 0)
        return -1;
    heads->importance_job = number;
    heads->importance_time = workbench_now(workbench);
    return 0;
}

void heads_take_capture(struct workbench *workbench, int arm, const struct capture *before) {
    struct heads *heads = &workbench->heads;
    struct capture *now = workbench->arms[arm].capture;
    int keeps = heads->importance_wanted && before && before->metrics && now->metrics &&
                before->layers == now->layers && before->heads == now->heads;
    heads->importance_old[arm] = keeps;
    /* Until it is known anew: a column that comes and goes with every key would flicker. */
    for (int i = 0; keeps && i < now->layers * now->heads; i++)
        now->metrics[i * METRICS + METRIC_IMPORTANCE] =
            before->metrics[i * METRICS + METRIC_IMPORTANCE];
}

void heads_answered(struct workbench *workbench) {
    const struct heads *heads = &workbench->heads;
    struct sawb_error error;
    if (!heads->importance_wanted ||
        (workbench->run.running &&
         workbench_now(workbench) - heads->importance_time < TRAINING_SECONDS))
        return;
    if (heads_ask_importance(workbench, &error) < 0)
        workbench_message(workbench, MESSAGE_ERROR, "%s", error.message);
}

/* Writes what was told of an arm into its capture. */
static void keep_importance(struct workbench *workbench, int arm) {
    struct heads *heads = &workbench->heads;
    struct capture *capture = workbench->arms[arm].capture;
    if (!capture || !capture->metrics ||
        capture->layers * capture->heads != heads->importance_count)
        return;
    importance_rescale(heads->importance, capture->layers, capture->heads, heads->importance_scale);
    for (int i = 0; i < heads->importance_count; i++)
        capture->metrics[i * METRICS + METRIC_IMPORTANCE] = heads->importance[i];
    heads->importance_old[arm] = 0;
}

void heads_take_importance(struct workbench *workbench, const struct event *event) {
    struct heads *heads = &workbench->heads;
    const struct point *point = &event->data.point;
    if (event->job != heads->importance_job || event->arm < 0 || event->arm >= ARMS)
        return;
    if (point->index == 0) {
        double *room = realloc(heads->importance, (size_t)point->count * sizeof(*room));
        heads->importance_count = room ? point->count : 0;
        if (!room) {
            workbench_message(workbench, MESSAGE_ERROR, "importance: out of memory for %d heads",
                              point->count);
            return;
        }
        heads->importance = room;
    }
    if (point->index >= heads->importance_count)
        return;
    heads->importance[point->index] = point->values[0];
    if (point->index == heads->importance_count - 1)
        keep_importance(workbench, event->arm);
}

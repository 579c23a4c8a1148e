/*
 * Heads off: one alone on a sentence, one after the other on a data set, against captures of
 * specifications that say so.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/session/jobs.h"
#include "tests/temporary.h"
#include "tests/test.h"

#define BERT "tests/model/vectors/bert"
#define LIMIT_MS 60000
#define EVENTS_MOST 512
#define LAYERS 2 /* of that model */
#define HEADS 2

static const struct {
    const char *text;
    int label;
} rows[] = {{"a fine film", 1},       {"the dull story", 0}, {"bad", 0},
            {"very good song", 1},    {"never slow", 1},     {"cold joke", 0},
            {"warm bright scene", 1}, {"the ending bad", 0}, {"good actor", 0},
            {"always fine", 1},       {"a dull scene", 1},   {"slow slow story", 0}};
#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

struct bed {
    struct temporary folder;
    char *data;
    struct compute compute;
    struct queue *events;
    struct worker *worker;
    struct model *model;
    struct sawb_error error;
    struct point points[EVENTS_MOST]; /* of the job that was waited for */
    int arms[EVENTS_MOST], count;
    char failure[1024];
};

static void bed_open(struct bed *bed) {
    char text[2000] = "sentence\tlabel\n";
    memset(bed, 0, sizeof(*bed));
    temporary_make(&bed->folder);
    bed->data = temporary_path(&bed->folder, "data.tsv");
    for (int i = 0; i < ROWS; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s\t%d\n", rows[i].text,
                 rows[i].label);
    assert_int_equal(file_replace(bed->data, text, strlen(text), NULL), 0);
    assert_int_equal(compute_open(&bed->compute, 2, &bed->error), 0);
    /* One event at a time: a job cannot end before the test, which may stop it, has begun to read.
     */
    bed->events = queue_create(1, &bed->error);
    bed->worker = worker_create(&bed->compute, bed->events, &bed->error);
    assert_non_null(bed->worker);
    if (model_open(&bed->model, BERT, &(struct model_options){.seed = 1}, &bed->error) < 0)
        fail_msg("%s", bed->error.message);
    assert_int_equal(bed->model->config.layers, LAYERS);
    assert_int_equal(bed->model->config.heads, HEADS);
}

static void release_event(void *event) {
    event_free(event);
}

static void bed_close(struct bed *bed) {
    worker_free(bed->worker);
    queue_free(bed->events, release_event);
    model_release(bed->model);
    compute_close(&bed->compute);
    free(bed->data);
    temporary_remove(&bed->folder);
}

/* Runs a job to its end, or stops it at once; returns its status. */
static int run(struct bed *bed, struct job *job, int stop) {
    int number = worker_submit(bed->worker, job, &bed->error), status = 0, done = 0;
    if (number < 0)
        fail_msg("%s", bed->error.message);
    if (stop)
        worker_stop(bed->worker);
    bed->count = 0;
    bed->failure[0] = '\0';
    while (!done) {
        struct event *event = queue_wait(bed->events, LIMIT_MS);
        assert_non_null(event);
        if (event->kind == EVENT_POINT) {
            assert_true(bed->count < EVENTS_MOST);
            bed->arms[bed->count] = event->arm;
            bed->points[bed->count++] = event->data.point;
        }
        if (event->kind == EVENT_ERROR)
            snprintf(bed->failure, sizeof(bed->failure), "%s", event->text);
        done = event->kind == EVENT_DONE;
        status = event->status;
        event_free(event);
    }
    return status;
}

static void logits_of(struct bed *bed, const char *spec, const char *text, float logits[2]) {
    struct sparsity *sparsity = NULL;
    struct capture *capture = NULL;
    if (sparsity_parse(&sparsity, spec, NULL, &bed->error) < 0 ||
        capture_run(&capture, bed->model, sparsity, text, 1, &bed->compute, &bed->error) < 0)
        fail_msg("%s", bed->error.message);
    memcpy(logits, capture->logits, 2 * sizeof(float));
    capture_free(capture);
    sparsity_free(sparsity);
}

static void each_head_alone(void **state) {
    (void)state;
    static const char text[] = "a fine film and the dull ending";
    static const char *const specs[] = {"dense", "topk(0.6); heads_off(1.0)"};
    struct bed bed;
    bed_open(&bed);
    struct job_arm arms[] = {{bed.model, specs[0], NULL}, {bed.model, specs[1], NULL}};
    assert_int_equal(run(&bed, job_ablate(arms, 2, text, 1, 0, &bed.error), 0), 0);
    assert_int_equal(bed.count, 2 * LAYERS * HEADS);
    for (int i = 0; i < bed.count; i++) {
        const struct point *point = &bed.points[i];
        int arm = i / (LAYERS * HEADS), index = i % (LAYERS * HEADS);
        char spec[100];
        float before[2], after[2];
        assert_string_equal(point->series, SERIES_ABLATION);
        assert_int_equal(bed.arms[i], arm);
        assert_int_equal(point->index, index);
        assert_int_equal(point->count, LAYERS * HEADS);
        snprintf(spec, sizeof(spec), "%s; heads_off(%d.%d)", specs[arm], index / HEADS,
                 index % HEADS);
        logits_of(&bed, specs[arm], text, before);
        logits_of(&bed, spec, text, after);
        assert_true(fabs(point->values[ABLATION_BEFORE] - (double)(before[1] - before[0])) < 1e-5);
        assert_true(fabs(point->values[ABLATION_DIFFERENCE] - (double)(after[1] - after[0])) <
                    1e-5);
        int label = before[1] > before[0];
        double kept = 1 / (1 + exp((double)(after[1 - label] - after[label])));
        assert_true(fabs(point->values[ABLATION_KEPT] - kept) < 1e-5);
        /* Something depends on it, unless it was off. */
        int was_off = arm == 1 && index == HEADS;
        double change = point->values[ABLATION_DIFFERENCE] - point->values[ABLATION_BEFORE];
        assert_int_equal(fabs(change) < 1e-5, was_off);
    }
    bed_close(&bed);
}

/* ---- pruning, by brute force ----------------------------------------------------------------- */

struct score {
    int correct;
    double loss;
};

static struct score score_of(struct bed *bed, const char *spec) {
    struct score score = {0, 0};
    for (int i = 0; i < ROWS; i++) {
        float logits[2];
        logits_of(bed, spec, rows[i].text, logits);
        int gold = rows[i].label;
        score.correct += (logits[1] > logits[0]) == gold;
        score.loss += log1p(exp((double)(logits[1 - gold] - logits[gold]))) / ROWS;
    }
    return score;
}

/* The pattern with the first `count` places off. */
static void spec_of(const char *pattern, const int *off, int count, char *spec, size_t size) {
    snprintf(spec, size, "%s", pattern);
    for (int i = 0; i < count; i++)
        snprintf(spec + strlen(spec), size - strlen(spec), "; heads_off(%d.%d)", off[i] / HEADS,
                 off[i] % HEADS);
}

static void assert_point(const struct point *point, int index, int off, struct score score,
                         int removed) {
    assert_string_equal(point->series, SERIES_PRUNING);
    assert_int_equal(point->index, index);
    assert_int_equal((int)point->x, off);
    assert_int_equal((int)point->values[PRUNE_ROWS], ROWS);
    assert_true(fabs(point->values[PRUNE_ACCURACY] - (double)score.correct / ROWS) < 1e-9);
    assert_true(fabs(point->values[PRUNE_LOSS] - score.loss) < 1e-5);
    assert_int_equal((int)point->values[PRUNE_LAYER], removed < 0 ? -1 : removed / HEADS);
    assert_int_equal((int)point->values[PRUNE_HEAD], removed < 0 ? -1 : removed % HEADS);
}

static void the_least_missed_goes_first(void **state) {
    (void)state;
    static const char pattern[] = "topk(0.5)";
    struct bed bed;
    bed_open(&bed);
    struct job_arm arm = {bed.model, pattern, NULL};
    struct prune_options options = {.path = bed.data, .arm = 1, .seed = 1};
    assert_int_equal(run(&bed, job_prune(&arm, &options, &bed.error), 0), 0);
    assert_int_equal(bed.count, 1 + LAYERS * HEADS);
    int off[LAYERS * HEADS + 1], is_off[LAYERS * HEADS] = {0};
    assert_point(&bed.points[0], 0, 0, score_of(&bed, pattern), -1);
    for (int round = 1; round < bed.count; round++) {
        struct score best = {-1, 0};
        int best_head = -1;
        for (int head = 0; head < LAYERS * HEADS; head++) {
            char spec[200];
            if (is_off[head])
                continue;
            off[round - 1] = head;
            spec_of(pattern, off, round, spec, sizeof(spec));
            struct score score = score_of(&bed, spec);
            if (score.correct > best.correct ||
                (score.correct == best.correct && score.loss < best.loss)) {
                best = score;
                best_head = head;
            }
        }
        off[round - 1] = best_head;
        is_off[best_head] = 1;
        assert_int_equal(bed.arms[round], 1);
        assert_int_equal(bed.points[round].count, bed.count);
        assert_point(&bed.points[round], round, round, best, best_head);
    }
    bed_close(&bed);
}

static void one_round_gives_the_order(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct job_arm arm = {bed.model, "dense; heads_off(0.1)", NULL};
    struct prune_options options = {
        .path = bed.data, .seed = 1, .until = 2, .by = PRUNE_ONE_AT_A_TIME};
    assert_int_equal(run(&bed, job_prune(&arm, &options, &bed.error), 0), 0);
    assert_int_equal(bed.count, 3);
    int off[3] = {1};
    struct score alone[LAYERS * HEADS];
    for (int head = 0; head < LAYERS * HEADS; head++) {
        char spec[200];
        off[1] = head;
        spec_of("dense", off, 2, spec, sizeof(spec));
        alone[head] = score_of(&bed, spec);
    }
    assert_point(&bed.points[0], 0, 1, alone[1], -1);
    for (int round = 1; round < 3; round++) {
        int best = -1;
        for (int head = 0; head < LAYERS * HEADS; head++) {
            if (head == 1 || (round > 1 && head == off[1]))
                continue;
            if (best < 0 || alone[head].correct > alone[best].correct ||
                (alone[head].correct == alone[best].correct && alone[head].loss < alone[best].loss))
                best = head;
        }
        char spec[200];
        off[round] = best;
        spec_of("dense", off, round + 1, spec, sizeof(spec));
        assert_point(&bed.points[round], round, round + 1, score_of(&bed, spec), best);
    }
    bed_close(&bed);
}

static void samples_stops_and_faults(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct job_arm arm = {bed.model, "dense", NULL};
    struct prune_options options = {.path = bed.data, .rows = 5, .until = 1, .seed = 3};
    assert_int_equal(run(&bed, job_prune(&arm, &options, &bed.error), 0), 0);
    assert_int_equal(bed.count, 2);
    assert_int_equal((int)bed.points[1].values[PRUNE_ROWS], 5);
    options.until = 0;
    options.rows = 0;
    assert_int_equal(run(&bed, job_prune(&arm, &options, &bed.error), 1), 1);
    assert_true(bed.count < 1 + LAYERS * HEADS);
    char *plain = temporary_path(&bed.folder, "plain.txt");
    assert_int_equal(file_replace(plain, "a film\nbad\n", 11, NULL), 0);
    options.path = plain;
    assert_int_equal(run(&bed, job_prune(&arm, &options, &bed.error), 0), -1);
    assert_non_null(strstr(bed.failure, "label"));
    options.path = "no/such/file.tsv";
    assert_int_equal(run(&bed, job_prune(&arm, &options, &bed.error), 0), -1);
    assert_non_null(strstr(bed.failure, "no/such/file.tsv"));
    arm.spec = "heads_off(7.0)";
    assert_null(job_prune(&arm, &options, &bed.error));
    assert_null(job_ablate(&arm, 1, "bad", 1, 0, &bed.error));
    assert_null(job_ablate(&arm, 0, "bad", 1, 0, &bed.error));
    free(plain);
    bed_close(&bed);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_head_alone),
    cmocka_unit_test(the_least_missed_goes_first),
    cmocka_unit_test(one_round_gives_the_order),
    cmocka_unit_test(samples_stops_and_faults),
};
TEST_GROUP(tests_session_prune, tests);

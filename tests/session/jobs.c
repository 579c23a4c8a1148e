/*
 * jobs.c - prediction, evaluation, comparison, training, measuring and new models through a real
 * worker, on the tiny classifier of tests/model/vectors/bert and sentences made of its words.
 */
#include "core/session/jobs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/random.h"
#include "core/model/safetensors.h"
#include "tests/inspect/attention_of.h"
#include "tests/test.h"

#define BERT "tests/model/vectors/bert"
#define DISTILBERT "tests/model/vectors/distilbert"
#define LIMIT_MS 60000
#define EVENTS_MAX 4096
#define TRAIN_ROWS 24
#define DEV_ROWS 40

struct bed {
    char directory[64];
    char data[80], train[96], dev[96], out[80];
    struct compute compute;
    struct queue *events;
    struct worker *worker;
    struct model *model;
    struct sawb_error error;
    struct event *seen[EVENTS_MAX]; /* of the newest job that was waited for */
    int count;
};

/* Sentences of two to nine of the model's words, with labels drawn by the seed. */
static void write_rows(const char *path, int rows, uint64_t seed) {
    static const char *const words[] = {"film",   "story", "scene", "actor", "song", "joke",
                                        "ending", "warm",  "cold",  "slow",  "dull", "bright",
                                        "good",   "bad",   "fine",  "never", "very", "always"};
    char *text = calloc((size_t)rows + 1, 128);
    assert_non_null(text);
    strcpy(text, "sentence\tlabel\n");
    uint64_t key = random_key(seed, RANDOM_INIT, 0, 0), drawn = 0;
    for (int row = 0; row < rows; row++) {
        char line[128] = "";
        int length = 2 + (int)(random_bits(key, drawn++) % 8);
        for (int i = 0; i < length; i++) {
            strcat(line, i > 0 ? " " : "");
            strcat(line, words[random_bits(key, drawn++) % 18]);
        }
        snprintf(text + strlen(text), 128, "%s\t%d\n", line, (int)(random_bits(key, drawn++) % 2));
    }
    assert_int_equal(file_replace(path, text, strlen(text), NULL), 0);
    free(text);
}

static struct model *open_model(const char *directory) {
    struct model *model;
    struct sawb_error error;
    if (model_open(&model, directory, &(struct model_options){.seed = 1}, &error) < 0)
        fail_msg("%s", error.message);
    return model;
}

static void bed_open(struct bed *bed) {
    memset(bed, 0, sizeof(*bed));
    const char *parent = getenv("TMPDIR");
    snprintf(bed->directory, sizeof(bed->directory), "%s/sawb-jobs-XXXXXX",
             parent && strlen(parent) < 32 ? parent : "/tmp");
    assert_non_null(mkdtemp(bed->directory));
    snprintf(bed->data, sizeof(bed->data), "%s/data", bed->directory);
    snprintf(bed->train, sizeof(bed->train), "%s/train.tsv", bed->data);
    snprintf(bed->dev, sizeof(bed->dev), "%s/dev.tsv", bed->data);
    snprintf(bed->out, sizeof(bed->out), "%s/out", bed->directory);
    assert_int_equal(mkdir(bed->data, 0755), 0);
    write_rows(bed->train, TRAIN_ROWS, 1);
    write_rows(bed->dev, DEV_ROWS, 2);
    assert_int_equal(compute_open(&bed->compute, 2, &bed->error), 0);
    bed->events = queue_create(64, &bed->error);
    bed->worker = worker_create(&bed->compute, bed->events, &bed->error);
    assert_non_null(bed->worker);
    bed->model = open_model(BERT);
}

static void forget(struct bed *bed) {
    for (int i = 0; i < bed->count; i++)
        event_free(bed->seen[i]);
    bed->count = 0;
}

static void release_event(void *event) {
    event_free(event);
}

static void bed_close(struct bed *bed) {
    forget(bed);
    worker_free(bed->worker);
    queue_free(bed->events, release_event);
    model_release(bed->model);
    compute_close(&bed->compute);
    char command[128];
    snprintf(command, sizeof(command), "rm -r '%s'", bed->directory);
    assert_int_equal(system(command), 0);
}

/* Keeps what comes until one event of that kind is there; returns it (borrowed). */
static struct event *wait_for(struct bed *bed, enum event_kind kind) {
    for (;;) {
        struct event *event = queue_wait(bed->events, LIMIT_MS);
        assert_non_null(event);
        assert_true(bed->count < EVENTS_MAX);
        bed->seen[bed->count++] = event;
        if (event->kind == kind)
            return event;
    }
}

static int submit(struct bed *bed, struct job *job) {
    int number = worker_submit(bed->worker, job, &bed->error);
    if (number < 0)
        fail_msg("%s", bed->error.message);
    return number;
}

/* Runs a job to its end; returns its status. Its events are in seen. */
static int run(struct bed *bed, struct job *job) {
    forget(bed);
    int number = submit(bed, job);
    struct event *done = wait_for(bed, EVENT_DONE);
    assert_int_equal(done->job, number);
    return done->status;
}

static void run_well(struct bed *bed, struct job *job) {
    if (run(bed, job) == 0)
        return;
    for (int i = 0; i < bed->count; i++) {
        if (bed->seen[i]->kind == EVENT_ERROR)
            fail_msg("%s", bed->seen[i]->text);
    }
    fail_msg("the job did not end well");
}

/* The index-th event of a kind, or NULL. */
static struct event *nth(const struct bed *bed, enum event_kind kind, int index) {
    for (int i = 0; i < bed->count; i++) {
        if (bed->seen[i]->kind == kind && index-- == 0)
            return bed->seen[i];
    }
    return NULL;
}

static int count_of(const struct bed *bed, enum event_kind kind) {
    int count = 0;
    while (nth(bed, kind, count))
        count++;
    return count;
}

static void expect_failure(struct bed *bed, struct job *job, const char *words) {
    assert_int_equal(run(bed, job), -1);
    struct event *event = nth(bed, EVENT_ERROR, 0);
    assert_non_null(event);
    if (!strstr(event->text, words))
        fail_msg("the error is: %s; it does not say \"%s\"", event->text, words);
}

static struct job_arm arm_of(struct model *model, const char *spec) {
    return (struct job_arm){.model = model, .spec = spec};
}

/* What a capture says of a sentence: slow, but another path than the evaluator's. */
static struct capture *capture_of(struct bed *bed, const struct model *model, const char *spec,
                                  const char *text) {
    struct sparsity *sparsity;
    struct capture *capture;
    assert_int_equal(sparsity_parse(&sparsity, spec, NULL, NULL), 0);
    assert_int_equal(capture_run(&capture, model, sparsity, text, 1, &bed->compute, NULL), 0);
    sparsity_free(sparsity);
    return capture;
}

/* Prediction */

static void test_predict_both_arms(void **state) {
    (void)state;
    static const char *const specs[] = {"dense", "topk(0.5)"};
    struct bed bed;
    bed_open(&bed);
    struct job_arm arms[] = {arm_of(bed.model, specs[0]), arm_of(bed.model, specs[1])};
    run_well(&bed, job_predict(arms, 2, "a fine film", 1, 1, &bed.error));
    assert_int_equal(bed.count, 3);
    for (int arm = 0; arm < 2; arm++) {
        struct event *event = nth(&bed, EVENT_PREDICTION, arm);
        assert_int_equal(event->arm, arm);
        assert_int_equal(event->step, 0);
        struct capture *got = event->data.capture;
        struct capture *expected = capture_of(&bed, bed.model, specs[arm], "a fine film");
        size_t pairs = capture_head(expected, expected->layers, 0);
        assert_string_equal(got->text, "a fine film");
        assert_string_equal(got->spec, specs[arm]);
        float *got_attention = attention_of(got), *expected_attention = attention_of(expected);
        assert_memory_equal(got_attention, expected_attention, pairs * sizeof(float));
        free(got_attention);
        free(expected_attention);
        assert_memory_equal(got->scores, expected->scores, pairs * sizeof(float));
        uint8_t *got_mask = mask_of(got), *expected_mask = mask_of(expected);
        assert_memory_equal(got_mask, expected_mask, pairs);
        free(got_mask);
        free(expected_mask);
        assert_memory_equal(got->logits, expected->logits, 2 * sizeof(float));
        capture_free(expected);
    }
    run_well(&bed, job_predict(arms, 1, "", 1, 0, &bed.error));
    assert_int_equal(bed.count, 2);
    bed_close(&bed);
}

static void test_predict_errors(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct job_arm arm = arm_of(bed.model, "dense"), bad = arm_of(bed.model, "topk(1.8)"),
                   outside = arm_of(bed.model, "local(1)@L9");
    assert_null(job_predict(&arm, 0, "film", 1, 0, &bed.error));
    assert_null(job_predict(&bad, 1, "film", 1, 0, &bed.error));
    assert_non_null(strstr(bed.error.message, "topk(1.8)"));
    assert_null(job_predict(&outside, 1, "film", 1, 0, &bed.error));
    expect_failure(&bed, job_predict(&arm, 1, "film \xc3(", 1, 0, &bed.error), "UTF-8");
    bed_close(&bed);
}

/* Evaluation */

static void test_evaluate_rows(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct job_arm arm = arm_of(bed.model, "topk(0.5)");
    struct dataset dataset;
    assert_int_equal(dataset_open(&dataset, bed.dev, &bed.error), 0);
    run_well(&bed, job_evaluate(&arm, bed.dev, 1, 1, &bed.error));
    assert_int_equal(count_of(&bed, EVENT_ROW), DEV_ROWS);
    int correct = 0;
    double loss = 0;
    for (int row = 0; row < DEV_ROWS; row++) {
        struct event *event = nth(&bed, EVENT_ROW, row);
        const struct example *example = &dataset.examples[row];
        struct capture *capture = capture_of(&bed, bed.model, "topk(0.5)", example->text);
        assert_int_equal(event->data.row.row, row);
        assert_string_equal(event->text, example->text);
        assert_int_equal(event->data.row.gold, example->label);
        assert_int_equal(event->data.row.label, capture->label);
        assert_true(fabsf(event->data.row.logits[0] - capture->logits[0]) < 1e-4f);
        correct += capture->label == example->label;
        loss -= log((double)capture->probabilities[example->label]);
        capture_free(capture);
    }
    assert_int_equal(count_of(&bed, EVENT_EVALUATION), 1);
    struct evaluation *result = &nth(&bed, EVENT_EVALUATION, 0)->data.evaluation;
    assert_int_equal(result->rows, DEV_ROWS);
    assert_int_equal(result->correct, correct);
    assert_true(fabs(result->accuracy - (double)correct / DEV_ROWS) < 1e-12);
    assert_true(fabs(result->loss - loss / DEV_ROWS) < 1e-4);
    assert_true(count_of(&bed, EVENT_PROGRESS) > 0);
    dataset_free(&dataset);

    run_well(&bed, job_evaluate(&arm, bed.dev, 0, 1, &bed.error));
    assert_int_equal(count_of(&bed, EVENT_ROW), 0);
    assert_int_equal(nth(&bed, EVENT_EVALUATION, 0)->data.evaluation.correct, correct);
    bed_close(&bed);
}

static void test_evaluate_plain_lines(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    char path[96];
    snprintf(path, sizeof(path), "%s/lines.txt", bed.directory);
    assert_int_equal(file_replace(path, "a good film\na bad joke\n", 23, NULL), 0);
    struct job_arm arm = arm_of(bed.model, "dense");
    run_well(&bed, job_evaluate(&arm, path, 1, 1, &bed.error));
    struct evaluation *result = &nth(&bed, EVENT_EVALUATION, 0)->data.evaluation;
    assert_int_equal(result->rows, 2);
    assert_int_equal(result->labelled, 0);
    assert_true(isnan(result->accuracy));
    assert_int_equal(nth(&bed, EVENT_ROW, 1)->data.row.gold, -1);
    bed_close(&bed);
}

static void test_evaluate_errors(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct job_arm arm = arm_of(bed.model, "dense");
    expect_failure(&bed, job_evaluate(&arm, "no/such.tsv", 0, 1, &bed.error), "no/such.tsv");
    char path[96];
    snprintf(path, sizeof(path), "%s/bad.tsv", bed.directory);
    const char *text = "sentence\tlabel\na film\t1\na song\t2\n";
    assert_int_equal(file_replace(path, text, strlen(text), NULL), 0);
    expect_failure(&bed, job_evaluate(&arm, path, 0, 1, &bed.error), "line 3");
    bed_close(&bed);
}

/* Training */

static struct train_job_options train_options_of(const struct bed *bed, int max_steps) {
    struct train_options train = train_options_default();
    train.batch_size = 8;
    train.learning_rate = 1e-2;
    train.max_steps = max_steps;
    train.epochs = max_steps;
    return (struct train_job_options){
        .train = train, .data = bed->data, .out = bed->out, .eval_every = 2};
}

static struct evaluation evaluate_directory(struct bed *bed, const char *directory,
                                            const char *spec) {
    struct model *model = open_model(directory);
    struct job_arm arm = arm_of(model, spec);
    run_well(bed, job_evaluate(&arm, bed->dev, 0, 1, &bed->error));
    model_release(model);
    return nth(bed, EVENT_EVALUATION, 0)->data.evaluation;
}

static void test_train_writes_what_it_evaluated(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    uint64_t before = bed.model->fingerprint;
    struct job_arm arm = arm_of(bed.model, "topk(0.5)");
    struct train_job_options options = train_options_of(&bed, 7);
    run_well(&bed, job_train(&arm, &options, &bed.error));
    assert_int_equal(count_of(&bed, EVENT_STEP), 7);
    for (int i = 0; i < 7; i++) {
        struct event *event = nth(&bed, EVENT_STEP, i);
        assert_int_equal(event->step, i + 1);
        assert_int_equal(event->data.report.step, i + 1);
        assert_int_equal(event->data.report.total_steps, 7);
        assert_true(event->data.report.realised > 0.3); /* the pattern is active in training */
    }
    static const int64_t steps[] = {2, 4, 6, 7};
    assert_int_equal(count_of(&bed, EVENT_EVALUATION), 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(nth(&bed, EVENT_EVALUATION, i)->step, steps[i]);
    struct evaluation last = nth(&bed, EVENT_EVALUATION, 3)->data.evaluation;
    assert_true(last.realised > 0.3);

    struct evaluation again = evaluate_directory(&bed, bed.out, "topk(0.5)");
    assert_int_equal(again.correct, last.correct);
    assert_true(fabs(again.loss - last.loss) < 1e-6);
    struct evaluation untrained = evaluate_directory(&bed, BERT, "topk(0.5)");
    assert_true(fabs(untrained.loss - last.loss) > 1e-3);
    assert_true(bed.model->fingerprint == before);
    bed_close(&bed);
}

static void test_train_single_file(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct job_arm arm = arm_of(bed.model, "dense");
    struct train_job_options options = train_options_of(&bed, 3);
    options.data = bed.train;
    run_well(&bed, job_train(&arm, &options, &bed.error));
    assert_int_equal(count_of(&bed, EVENT_STEP), 3);
    assert_int_equal(count_of(&bed, EVENT_EVALUATION), 0);
    options.validation = bed.dev;
    options.eval_every = 0; /* by itself: at the end of so short a run */
    run_well(&bed, job_train(&arm, &options, &bed.error));
    assert_int_equal(count_of(&bed, EVENT_EVALUATION), 1);
    assert_int_equal(nth(&bed, EVENT_EVALUATION, 0)->data.evaluation.rows, DEV_ROWS);
    bed_close(&bed);
}

static void test_train_keeps_the_best_in_float16(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct job_arm arm = arm_of(bed.model, "dense");
    struct train_job_options options = train_options_of(&bed, 120);
    options.eval_every = 10;
    options.train.weight_decay = 0; /* to learn by heart: the last is not the best */
    options.keep_best = 1;
    options.storage = STORE_F16;
    run_well(&bed, job_train(&arm, &options, &bed.error));
    struct evaluation best = nth(&bed, EVENT_EVALUATION, 0)->data.evaluation, last = best;
    for (int i = 1; i < count_of(&bed, EVENT_EVALUATION); i++) {
        last = nth(&bed, EVENT_EVALUATION, i)->data.evaluation;
        if (last.correct > best.correct || (last.correct == best.correct && last.loss < best.loss))
            best = last;
    }
    assert_true(fabs(best.loss - last.loss) > 0.05);
    struct evaluation kept = evaluate_directory(&bed, bed.out, "dense");
    assert_int_equal(kept.correct, best.correct);
    assert_true(fabs(kept.loss - best.loss) < 0.02);

    char path[128];
    struct safetensors file;
    snprintf(path, sizeof(path), "%s/model.safetensors", bed.out);
    assert_int_equal(safetensors_open(&file, path, &bed.error), 0);
    assert_int_equal(file.tensors[0].type, TENSOR_F16);
    safetensors_close(&file);
    bed_close(&bed);
}

static void test_stop_saves_and_resume_goes_on(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct job_arm arm = arm_of(bed.model, "dense");
    struct train_job_options options = train_options_of(&bed, 400);
    options.eval_every = 1000;
    submit(&bed, job_train(&arm, &options, &bed.error));
    for (int i = 0; i < 3; i++)
        wait_for(&bed, EVENT_STEP);
    worker_stop(bed.worker);
    assert_int_equal(wait_for(&bed, EVENT_DONE)->status, 1);
    int made = count_of(&bed, EVENT_STEP);
    assert_true(made >= 3 && made < 400);
    evaluate_directory(&bed, bed.out, "dense"); /* it opens */

    options.resume = 1;
    forget(&bed);
    submit(&bed, job_train(&arm, &options, &bed.error));
    assert_int_equal(wait_for(&bed, EVENT_STEP)->step, made + 1);
    worker_stop(bed.worker);
    assert_int_equal(wait_for(&bed, EVENT_DONE)->status, 1);
    bed_close(&bed);
}

static void test_resume_of_a_finished_run(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct job_arm arm = arm_of(bed.model, "dense");
    struct train_job_options options = train_options_of(&bed, 2);
    run_well(&bed, job_train(&arm, &options, &bed.error));
    options.resume = 1;
    run_well(&bed, job_train(&arm, &options, &bed.error));
    assert_int_equal(count_of(&bed, EVENT_STEP), 0);
    assert_int_equal(count_of(&bed, EVENT_EVALUATION), 0);
    bed_close(&bed);
}

static void test_quitting_in_training_saves(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct job_arm arm = arm_of(bed.model, "dense");
    struct train_job_options options = train_options_of(&bed, 1000);
    options.eval_every = 1000;
    submit(&bed, job_train(&arm, &options, &bed.error));
    wait_for(&bed, EVENT_STEP);
    worker_free(bed.worker); /* nobody reads any more */
    model_release(open_model(bed.out));
    bed.worker = NULL;
    bed_close(&bed);
}

static void test_predictions_follow_the_training(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct model *other = open_model(DISTILBERT);
    struct job_arm arm = arm_of(bed.model, "dense");
    struct job_arm both[] = {arm, arm_of(other, "dense")};
    struct train_job_options options = train_options_of(&bed, 100000);
    options.eval_every = 100000;
    submit(&bed, job_train(&arm, &options, &bed.error));
    wait_for(&bed, EVENT_STEP);
    int64_t earlier = 0;
    for (int follow = 0; follow < 3; follow++) {
        forget(&bed);
        submit(&bed, job_predict(both, 2, "a warm song", 1, follow, &bed.error));
        wait_for(&bed, EVENT_DONE);
        struct event *answer = nth(&bed, EVENT_PREDICTION, 0);
        struct capture *untrained = capture_of(&bed, bed.model, "dense", "a warm song");
        int same = memcmp(untrained->logits, answer->data.capture->logits, 8) == 0;
        capture_free(untrained);
        assert_int_equal(same, !follow);
        assert_int_equal(answer->data.capture->training_step, answer->step);
        /* Two answers may fall between the same two steps. */
        assert_true(follow ? answer->step > 0 && answer->step >= earlier : answer->step == 0);
        earlier = answer->step;
        /* Another shape cannot follow. */
        assert_int_equal(nth(&bed, EVENT_PREDICTION, 1)->data.capture->training_step, 0);
    }
    worker_stop(bed.worker);
    assert_int_equal(wait_for(&bed, EVENT_DONE)->status, 1);

    /* After the run there is nothing to follow. */
    run_well(&bed, job_predict(both, 1, "a warm song", 1, 1, &bed.error));
    assert_int_equal(nth(&bed, EVENT_PREDICTION, 0)->step, 0);
    model_release(other);
    bed_close(&bed);
}

static void test_train_errors(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct job_arm arm = arm_of(bed.model, "dense");
    struct train_job_options options = train_options_of(&bed, 2);

    options.train.batch_size = 0;
    assert_null(job_train(&arm, &options, &bed.error));
    assert_non_null(strstr(bed.error.message, "batch-size"));
    options = train_options_of(&bed, 2);
    options.eval_every = -1;
    assert_null(job_train(&arm, &options, &bed.error));

    options = train_options_of(&bed, 2);
    options.data = "no/such/folder";
    expect_failure(&bed, job_train(&arm, &options, &bed.error), "no/such/folder");
    assert_int_equal(file_exists(bed.out), 0); /* and no folder is left behind */

    options = train_options_of(&bed, 2);
    options.resume = 1;
    expect_failure(&bed, job_train(&arm, &options, &bed.error), "resume");
    assert_int_equal(file_exists(bed.out), 0);

    char below_a_file[128];
    snprintf(below_a_file, sizeof(below_a_file), "%s/out", bed.train);
    options = train_options_of(&bed, 2);
    options.out = below_a_file;
    expect_failure(&bed, job_train(&arm, &options, &bed.error), bed.train);
    assert_int_equal(count_of(&bed, EVENT_STEP), 0);

    const char *text = "sentence\tlabel\na film\t1\na song\t2\n";
    assert_int_equal(file_replace(bed.dev, text, strlen(text), NULL), 0);
    options = train_options_of(&bed, 2);
    expect_failure(&bed, job_train(&arm, &options, &bed.error), "dev.tsv: line 3");
    bed_close(&bed);
}

/* Comparison */

/* Pr[Bin(n, 1/2) <= k] by counting. */
static double binomial_below(int n, int k) {
    double sum = 0, ways = 1;
    for (int i = 0; i <= k; i++) {
        sum += ways;
        ways = ways * (n - i) / (i + 1);
    }
    return sum / pow(2, n);
}

static void test_compare_counts(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    /* The random model says the same of everything; one that was trained does not. */
    struct train_job_options options = train_options_of(&bed, 120);
    options.train.weight_decay = 0;
    struct job_arm random = arm_of(bed.model, "dense");
    run_well(&bed, job_train(&random, &options, &bed.error));
    struct model *model = open_model(bed.out);
    struct job_arm a = arm_of(model, "dense"), b = arm_of(model, "heads_off(0.0,1.1)");
    run_well(&bed, job_compare(&a, &b, bed.dev, 1, &bed.error));
    assert_int_equal(count_of(&bed, EVENT_COMPARISON), 1);
    struct comparison *got = &nth(&bed, EVENT_COMPARISON, 0)->data.comparison;

    struct dataset dataset;
    assert_int_equal(dataset_open(&dataset, bed.dev, &bed.error), 0);
    int flips = 0, a_only = 0, b_only = 0;
    for (int row = 0; row < dataset.count; row++) {
        struct capture *of_a = capture_of(&bed, model, a.spec, dataset.examples[row].text);
        struct capture *of_b = capture_of(&bed, model, b.spec, dataset.examples[row].text);
        if (of_a->label != of_b->label) {
            assert_true(flips < got->flips);
            assert_int_equal(got->flip_rows[flips++], row);
            if (of_a->label == dataset.examples[row].label)
                a_only++;
            else
                b_only++;
        }
        capture_free(of_a);
        capture_free(of_b);
    }
    dataset_free(&dataset);
    assert_true(a_only > 0 && b_only > 0); /* otherwise this shows little */
    assert_int_equal(got->flips, flips);
    assert_int_equal(got->a_only, a_only);
    assert_int_equal(got->b_only, b_only);
    assert_int_equal(got->a.correct - got->b.correct, a_only - b_only);
    int fewer = a_only < b_only ? a_only : b_only;
    double p = 2 * binomial_below(a_only + b_only, fewer);
    assert_true(fabs(got->mcnemar_p - (p < 1 ? p : 1)) < 1e-9);
    model_release(model);
    bed_close(&bed);
}

static void test_compare_same_and_errors(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct job_arm a = arm_of(bed.model, "dense");
    run_well(&bed, job_compare(&a, &a, bed.dev, 1, &bed.error));
    struct comparison *got = &nth(&bed, EVENT_COMPARISON, 0)->data.comparison;
    assert_int_equal(got->flips, 0);
    assert_true(fabs(got->mcnemar_p - 1) < 1e-12);

    struct model *three_labels = open_model(DISTILBERT);
    struct job_arm other = arm_of(three_labels, "dense");
    assert_null(job_compare(&a, &other, bed.dev, 1, &bed.error));
    model_release(three_labels);
    expect_failure(&bed, job_compare(&a, &a, "no/such.tsv", 1, &bed.error), "no/such.tsv");
    bed_close(&bed);
}

/* Measuring */

static void test_bench(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct job_arm arm = arm_of(bed.model, "topk(0.5)");
    struct bench_options options = {
        .lengths = {8, 500}, .length_count = 2, .seconds = 0.01, .seed = 1};
    run_well(&bed, job_bench(&arm, &options, &bed.error));
    static const struct {
        const char *name;
        int n;
    } expected[] = {{"tokenize", 8},
                    {"tokenize", 32},
                    {"mask", 8},
                    {"mask", 32},
                    {"attention", 8},
                    {"attention", 500},
                    {"forward", 8},
                    {"forward", 32},
                    {"forward_capture", 8},
                    {"forward_capture", 32},
                    {"forward_attention", 8},
                    {"forward_attention", 32},
                    {"train_step", 8},
                    {"train_step", 32}};
    int found = 0, told = count_of(&bed, EVENT_BENCH);
    for (int i = 0; i < told; i++) {
        const struct measurement *got = &nth(&bed, EVENT_BENCH, i)->data.measurement;
        assert_true(got->runs >= 5);
        assert_true(got->p10_ms >= 0 && got->p10_ms <= got->median_ms &&
                    got->median_ms <= got->p90_ms);
        if (strncmp(got->name, "matmul", 6) == 0)
            continue; /* products of either length, named in core/session/bench.c */
        assert_true(found < (int)(sizeof(expected) / sizeof(expected[0])));
        assert_string_equal(got->name, expected[found].name);
        assert_int_equal(got->n, expected[found++].n); /* the model takes 32 tokens */
    }
    assert_int_equal(found, sizeof(expected) / sizeof(expected[0]));
    options.filter = "capture";
    run_well(&bed, job_bench(&arm, &options, &bed.error));
    assert_int_equal(count_of(&bed, EVENT_BENCH), 2);
    options.filter = "coffee";
    assert_null(job_bench(&arm, &options, &bed.error));
    assert_non_null(strstr(bed.error.message, "train_step"));
    bed_close(&bed);
}

/* New models */

static void test_new_model_opens_and_trains(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    static const enum model_family families[] = {MODEL_BERT, MODEL_DISTILBERT};
    for (int f = 0; f < 2; f++) {
        struct new_job_options options = new_job_options_default();
        options.data = bed.data;
        options.out = bed.out;
        options.family = families[f];
        options.vocabulary = 60;
        options.hidden = 8;
        options.heads = 2;
        options.layers = 1;
        options.feed_forward = 12;
        options.positions = 24;
        run_well(&bed, job_new(&options, &bed.error));
        struct model *model = open_model(bed.out);
        assert_int_equal(model->config.family, families[f]);
        assert_true(model->config.vocabulary <= 60 && model->config.vocabulary > 20);
        assert_int_equal(model->config.hidden, 8);
        assert_int_equal(model->config.positions, 24);
        assert_string_equal(model->config.label_names[1], "POSITIVE");
        assert_string_equal(model->note, ""); /* complete: nothing was made up on opening */
        struct job_arm arm = arm_of(model, "dense");
        struct train_job_options training = train_options_of(&bed, 3);
        run_well(&bed, job_train(&arm, &training, &bed.error));
        model_release(model);
    }
    bed_close(&bed);
}

static void test_new_model_errors(void **state) {
    (void)state;
    struct bed bed;
    bed_open(&bed);
    struct new_job_options options = new_job_options_default();
    options.data = "no/such.tsv";
    options.out = bed.out;
    expect_failure(&bed, job_new(&options, &bed.error), "no/such.tsv");
    assert_int_equal(file_exists(bed.out), 0);
    options.heads = 3;
    assert_null(job_new(&options, &bed.error));
    assert_non_null(strstr(bed.error.message, "3 heads"));
    options = new_job_options_default();
    options.labels = 1;
    assert_null(job_new(&options, &bed.error));
    options = new_job_options_default();
    options.dropout = NAN;
    assert_null(job_new(&options, &bed.error));
    bed_close(&bed);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_predict_both_arms),
    cmocka_unit_test(test_predict_errors),
    cmocka_unit_test(test_evaluate_rows),
    cmocka_unit_test(test_evaluate_plain_lines),
    cmocka_unit_test(test_evaluate_errors),
    cmocka_unit_test(test_compare_counts),
    cmocka_unit_test(test_compare_same_and_errors),
    cmocka_unit_test(test_train_writes_what_it_evaluated),
    cmocka_unit_test(test_train_single_file),
    cmocka_unit_test(test_train_keeps_the_best_in_float16),
    cmocka_unit_test(test_stop_saves_and_resume_goes_on),
    cmocka_unit_test(test_resume_of_a_finished_run),
    cmocka_unit_test(test_quitting_in_training_saves),
    cmocka_unit_test(test_predictions_follow_the_training),
    cmocka_unit_test(test_train_errors),
    cmocka_unit_test(test_bench),
    cmocka_unit_test(test_new_model_opens_and_trains),
    cmocka_unit_test(test_new_model_errors),
};

TEST_GROUP(tests_session_jobs, tests);

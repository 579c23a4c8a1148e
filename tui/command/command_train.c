/*
 * command_train.c - train, new and stop.
 */
#include <float.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "core/session/run_log.h"
#include "core/train/options.h"
#include "tui/command/answer.h"
#include "tui/command/handlers.h"
#include "tui/command/relay.h"

/* ---- train ----------------------------------------------------------------------------------- */

/* An option that is a number of struct train_options; core/train knows what it may be. */
static int read_numbers(const struct arguments *arguments, struct train_options *train,
                        struct sawb_error *error) {
    const struct {
        const char *name;
        int *field;
    } counts[] = {{"epochs", &train->epochs},         {"batch-size", &train->batch_size},
                  {"accumulate", &train->accumulate}, {"stop-after", &train->stop_after},
                  {"max-steps", &train->max_steps},   {"max-tokens", &train->max_tokens}};
    const struct {
        const char *name;
        double low;
        double *field;
    } numbers[] = {{"lr", 0, &train->learning_rate},
                   {"warmup", 0, &train->warmup},
                   {"hold", 0, &train->hold},
                   {"weight-decay", 0, &train->weight_decay},
                   {"dropout", 0, &train->dropout},
                   {"clip", 0, &train->clip},
                   {"fraction", 0, &train->fraction},
                   {"label-noise", 0, &train->label_noise},
                   {"label-smoothing", 0, &train->label_smoothing},
                   {"word-dropout", 0, &train->word_dropout},
                   {"word-swap", 0, &train->word_swap},
                   {"layer-decay", 0, &train->layer_decay},
                   {"temperature", 0, &train->temperature},
                   {"alpha", 0, &train->alpha},
                   {"average", 0, &train->average}};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        long value = *counts[i].field;
        if (arguments_int(arguments, counts[i].name, 0, INT_MAX, &value, error) < 0)
            return -1;
        *counts[i].field = (int)value;
    }
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (arguments_double(arguments, numbers[i].name, numbers[i].low, FLT_MAX, numbers[i].field,
                             error) < 0)
            return -1;
    }
    return 0;
}

/* Copies the text of an option, "" without one. */
static int read_text(const struct arguments *arguments, const char *name, char *text, size_t size,
                     struct sawb_error *error) {
    const char *value = arguments_option(arguments, name);
    if (value && strlen(value) >= size)
        return error_set(error, "train: %s: at most %zu characters can be given", name, size - 1);
    if (value)
        strcpy(text, value);
    return 0;
}

/* A schedule of patterns that cannot be read is a fault of usage; the job reads it again. */
static int check_schedule(const char *text, const struct presets *presets,
                          struct sawb_error *error) {
    struct sparsity_plan *plan;
    if (!text[0])
        return 0;
    if (sparsity_plan_parse(&plan, text, presets, error) < 0)
        return -1;
    sparsity_plan_free(plan);
    return 0;
}

int command_train_options(const struct arguments *arguments, uint64_t seed,
                          struct train_job_options *options, struct sawb_error *error) {
    const char *storage = arguments_option(arguments, "storage");
    long eval_every = 0;
    *options = (struct train_job_options){
        .train = train_options_default(),
        .data = arguments_get(arguments, 0),
        .validation = arguments_option(arguments, "validation"),
        .out = arguments_option(arguments, "out"),
        .resume = arguments_option(arguments, "resume") != NULL,
        .keep_best = arguments_option(arguments, "keep-best") != NULL,
        .storage = storage && strcasecmp(storage, "f16") == 0 ? STORE_F16 : STORE_F32,
    };
    const char *run = arguments_option(arguments, "run");
    if (run && options->out && strcmp(run, options->out) != 0)
        return error_set(error,
                         "train: --run and --out are two names of one folder; leave one out");
    options->out = run ? run : options->out;
    options->train.seed = seed;
    if (arguments_int(arguments, "eval-every", 1, INT_MAX, &eval_every, error) < 0)
        return -1;
    options->eval_every = eval_every;
    if (read_text(arguments, "freeze", options->train.freeze, sizeof(options->train.freeze),
                  error) < 0 ||
        read_text(arguments, "sparsity-schedule", options->sparsity_schedule,
                  sizeof(options->sparsity_schedule), error) < 0 ||
        read_text(arguments, "teacher", options->teacher, sizeof(options->teacher), error) < 0)
        return -1;
    if (read_numbers(arguments, &options->train, error) < 0)
        return -1;
    return train_options_check_teacher(&options->train, options->teacher[0] != '\0', error);
}

static void tell(struct training_reader *training, char *text) {
    if (sink_result_owned(training->sink, text) != COMMAND_DONE)
        training->status = COMMAND_FAILED;
}

void training_read(void *user, const struct event *event) {
    struct training_reader *training = user;
    int json = training->workbench->settings.json;
    if (event->kind == EVENT_STEP) {
        training->last = event->data.report;
        if (json)
            tell(training, run_log_step(&event->data.report));
        return;
    }
    if (event->kind != EVENT_EVALUATION)
        return;
    const struct evaluation *evaluation = &event->data.evaluation;
    if (json) {
        tell(training, run_log_evaluation(event->step, evaluation));
        return;
    }
    command_keep(training->workbench, run_log_evaluation(event->step, evaluation));
    if (training->lines++ == 0)
        sink_result(training->sink, "%8s %8s %10s %10s %10s %10s %9s", "step", "epoch", "loss",
                    "val loss", "accuracy", "sparsity", "tokens/s");
    sink_result(training->sink, "%8lld %8.3f %10.4f %10.4f %10.4f %8.1f %% %9.0f",
                (long long)event->step, training->last.epoch, training->last.loss, evaluation->loss,
                evaluation->accuracy, 100 * evaluation->realised,
                training->workbench->run.tokens_per_second);
}

/* The job's number, or -1. */
static int begin(struct workbench *workbench, const struct job_arm *arm,
                 struct train_job_options *options, struct sawb_error *error) {
    const char *pins[TRAIN_PINS];
    pinned_options(workbench, options, pins);
    int number = workbench_submit(workbench, job_train(arm, options, error), error);
    if (number < 0)
        return -1;
    if (workbench_begin_run(workbench, number, arm->model, options->out, error) < 0 ||
        runs_keep_recipe(workbench, options, arm->spec, error) < 0 ||
        (options->resume && runs_resume(workbench, error) < 0)) {
        worker_stop(workbench->worker);
        return -1;
    }
    return number;
}

static int check_out(const struct train_job_options *options, struct sawb_error *error) {
    if (options->out && options->out[0])
        return 0;
    return error_set(error, "train: --out is missing: the folder of the checkpoint (--run is the "
                            "same)");
}

int command_train(struct workbench *workbench, const struct arguments *arguments,
                  struct sink *sink) {
    struct training_reader training = {.workbench = workbench, .sink = sink};
    struct train_job_options options;
    struct job_arm arm;
    struct sawb_error error;
    if (command_train_options(arguments, workbench->settings.seed, &options, &error) < 0 ||
        check_out(&options, &error) < 0 || train_options_check(&options.train, &error) < 0 ||
        check_schedule(options.sparsity_schedule, workbench->presets, &error) < 0)
        return command_misuse(sink, &error);
    int status = command_arm(workbench, arguments, sink, &arm);
    if (status != COMMAND_DONE)
        return status;
    int number = begin(workbench, &arm, &options, &error);
    model_release(arm.model);
    if (number < 0)
        return command_fail(sink, &error);
    if (!sink->wait)
        return COMMAND_DONE;
    struct waiting waiting = {sink, NULL, training_read, &training};
    status = command_wait(workbench, number, &waiting);
    return status == COMMAND_DONE ? training.status : status;
}

int command_stop(struct workbench *workbench, const struct arguments *arguments,
                 struct sink *sink) {
    struct sawb_error error;
    (void)arguments;
    /* Work of one's own comes before another's run. */
    if (workbench->worker && worker_busy(workbench->worker)) {
        worker_stop(workbench->worker);
        return COMMAND_DONE;
    }
    if (workbench->run.attached && workbench->run.running)
        return attach_ask(workbench, "stop", &error) < 0 ? command_fail(sink, &error)
                                                         : COMMAND_DONE;
    error_set(&error, "stop: no long job is under way");
    return command_fail(sink, &error);
}

/* ---- new ------------------------------------------------------------------------------------- */

static int read_new_options(const struct arguments *arguments, uint64_t seed,
                            struct new_job_options *options, struct sawb_error *error) {
    *options = new_job_options_default();
    const struct {
        const char *name;
        int *field;
    } counts[] = {{"vocabulary", &options->vocabulary},
                  {"hidden", &options->hidden},
                  {"layers", &options->layers},
                  {"heads", &options->heads},
                  {"positions", &options->positions},
                  {"labels", &options->labels},
                  {"feed-forward", &options->feed_forward}};
    options->feed_forward = 0;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        long value = *counts[i].field;
        if (arguments_int(arguments, counts[i].name, 1, 1000000, &value, error) < 0)
            return -1;
        *counts[i].field = (int)value;
    }
    if (options->feed_forward == 0)
        options->feed_forward = 4 * options->hidden;
    const char *family = arguments_option(arguments, "family");
    options->family =
        family && strcasecmp(family, "distilbert") == 0 ? MODEL_DISTILBERT : MODEL_BERT;
    options->seed = seed;
    options->data = arguments_get(arguments, 0);
    options->words_from = arguments_option(arguments, "words-from");
    options->out = arguments_option(arguments, "out");
    if (!options->out || !options->out[0])
        return error_set(error, "new: --out is missing: the folder of the new encoder");
    return arguments_double(arguments, "dropout", 0, 1, &options->dropout, error);
}

int command_new(struct workbench *workbench, const struct arguments *arguments, struct sink *sink) {
    struct new_job_options options;
    struct sawb_error error;
    if (read_new_options(arguments, workbench->settings.seed, &options, &error) < 0)
        return command_misuse(sink, &error);
    struct job *job = job_new(&options, &error);
    if (!job)
        return command_misuse(sink, &error);
    struct waiting waiting = {.sink = sink};
    int status = command_job(workbench, job, &waiting, &error);
    if (status == COMMAND_DONE && sink->wait) {
        struct relay relay;
        struct record record = record_begin();
        record_text(&record, "out", options.out);
        return sink_result_owned(command_objects(workbench, sink, &relay), record_print(&record));
    }
    return status;
}

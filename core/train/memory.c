/*
 * memory.c - adding up what a training run allocates.
 */
#include "core/train/memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/resident.h"
#include "core/kernel/attention.h"
#include "core/kernel/matmul.h"
#include "core/kernel/scratch.h"
#include "core/model/encoder.h"
#include "core/model/packed.h"
#include "core/train/ahead.h"
#include "core/train/course.h"
#include "core/train/groups.h"
#include "core/train/noise.h"
#include "core/train/teacher.h"

#define PAGE 4096.0
#define FILE_PAGES (16 * PAGE) /* Linux maps so much of a file that it has around what is read */
#define LATER_BYTES 1.5e6      /* code, stacks and small blocks that only a run comes to touch */
#define CHECKPOINT_BYTES 1e6   /* names and places of tensors, a buffer to write through */

const char *const memory_lives[MEMORY_LIVES] = {"run", "step", "evaluation", "checkpoint"};

static void add(struct memory_plan *plan, enum memory_life life, double bytes, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

static void add(struct memory_plan *plan, enum memory_life life, double bytes, const char *format,
                ...) {
    va_list arguments;
    if (bytes <= 0 || plan->count == MEMORY_ROWS)
        return;
    struct memory_row *row = &plan->rows[plan->count++];
    *row = (struct memory_row){.life = life, .bytes = bytes};
    va_start(arguments, format);
    vsnprintf(row->what, sizeof(row->what), format, arguments);
    va_end(arguments);
}

/* ---- data ------------------------------------------------------------------------------------ */

static double dataset_bytes(const struct dataset *dataset) {
    return (double)dataset->bytes + (double)dataset->count * sizeof(*dataset->examples);
}

static double set_bytes(const struct token_set *set) {
    return (double)set->offsets[set->count] * sizeof(*set->ids) +
           (double)set->count * (sizeof(*set->offsets) + sizeof(*set->labels) +
                                 sizeof(*set->lines) + sizeof(*set->rows));
}

/* What the steps of a run read. */
struct reading {
    struct token_set set;
    struct batch_most most;
    unsigned char *seen; /* [sentences of the set] */
    unsigned char *used; /* [V] word pieces */
    int *pieces; /* [V] the teacher's ids of them; NULL: it reads the sentences as they are */
    struct word_swap *swap; /* NULL: words stay */
};

/* The pieces of the sentences that are seen. */
static void mark_seen(unsigned char *used, const struct token_set *set, const unsigned char *seen) {
    for (int i = 0; i < set->count; i++)
        for (size_t at = seen[i] ? set->offsets[i] : set->offsets[i + 1]; at < set->offsets[i + 1];
             at++)
            used[set->ids[at]] = 1;
}

/* The pieces that swapping leaves in the batches. */
struct replay {
    struct reading *reading;
    struct batch_room room;
    const struct train_options *options;
};

static void mark_swapped(void *user, const struct course_batch *batch) {
    struct replay *replay = user;
    struct reading *reading = replay->reading;
    struct noise noise = {.room = &replay->room,
                          .set = &reading->set,
                          .chosen = batch->chosen,
                          .seed = replay->options->seed,
                          .step = (uint64_t)batch->step + 1};
    batch_pack(&replay->room, &reading->set, batch->chosen, batch->count);
    noise_swap(&noise, reading->swap, replay->options->word_swap);
    for (int t = 0; t < replay->room.batch.offsets[batch->count]; t++)
        reading->used[replay->room.ids[t]] = 1;
}

static int replay_swaps(struct reading *reading, const struct memory_question *question,
                        struct sawb_error *error) {
    const struct model *model = question->model, *teacher = question->teacher;
    struct replay replay = {.reading = reading, .options = question->options};
    if (teacher_find_pieces(&reading->pieces, teacher, model, error) < 0 ||
        word_swap_create(&reading->swap, model->tokenizer, teacher, reading->pieces,
                         question->compute, error) < 0 ||
        batch_room_create(&replay.room, &reading->set, question->options->batch_size, error) < 0)
        return -1;
    int status = course_visit(&reading->set, question->options, mark_swapped, &replay, error);
    batch_room_free(&replay.room);
    return status;
}

static int read_all(struct reading *reading, const struct memory_question *question,
                    struct sawb_error *error) {
    const struct model *model = question->model;
    int count = reading->set.count;
    reading->seen = calloc((size_t)count + 1, 1);
    reading->used = calloc((size_t)model->config.vocabulary, 1);
    if (!reading->seen || !reading->used)
        return error_set(error, "memory: out of memory for %d sentences", count);
    if (course_look(&reading->most, reading->seen, &reading->set, question->options, error) < 0)
        return -1;
    if (question->teacher && question->options->word_swap > 0)
        return replay_swaps(reading, question, error);
    mark_seen(reading->used, &reading->set, reading->seen);
    return 0;
}

static void reading_free(struct reading *reading) {
    word_swap_free(reading->swap);
    free(reading->pieces);
    free(reading->seen);
    free(reading->used);
    token_set_free(&reading->set);
}

/* What of a [V,C] matrix is resident when the rows of the used pieces are: whole pages of so many
 * bytes. Below 0: an error. */
static double touched_bytes(const struct model_config *config, const unsigned char *used,
                            double page, struct sawb_error *error) {
    double row = (double)config->hidden * sizeof(float);
    size_t pages = (size_t)((double)config->vocabulary * row / page) + 2;
    unsigned char *touched = calloc(pages, 1);
    if (!touched) {
        error_set(error, "memory: out of memory for %zu pages", pages);
        return -1;
    }
    for (int id = 0; id < config->vocabulary; id++) {
        double begin = row * id;
        if (used[id])
            memset(touched + (size_t)(begin / page), 1,
                   (size_t)((begin + row - 1) / page) - (size_t)(begin / page) + 1);
    }
    double sum = 0;
    for (size_t i = 0; i < pages; i++)
        sum += page * touched[i];
    free(touched);
    return sum;
}

/* ---- weights --------------------------------------------------------------------------------- */

/* Of all weights, and of those that are trained but for the word embeddings. */
static int count_trained(const struct memory_question *question, double *others, int *words,
                         struct sawb_error *error) {
    const struct model_config *config = &question->model->config;
    double *rates = calloc((size_t)groups_count(config), sizeof(*rates));
    *others = 0;
    if (!rates)
        return error_set(error, "memory: out of memory");
    int status = groups_rates(rates, config, question->options->freeze,
                              question->options->layer_decay, error);
    *words = status == 0 && rates[0] != 0;
    for (int i = 1; status == 0 && i < weights_count(config); i++) {
        struct weight weight;
        weights_get(config, NULL, i, &weight);
        if (rates[groups_of(config, &weight)] != 0)
            *others += (double)weight.count * sizeof(float);
    }
    free(rates);
    return status;
}

/* Of an opened model what does not lie in its file. */
static double unmapped_bytes(const struct model *model) {
    struct weights weights = model->weights;
    uintptr_t begin = (uintptr_t)model->map.data, end = begin + model->map.size;
    double bytes = 0;
    for (int i = 0; i < weights_count(&model->config); i++) {
        struct weight weight;
        weights_get(&model->config, &weights, i, &weight);
        uintptr_t at = (uintptr_t)*weight.pointer;
        if (!model->map.data || at < begin || at >= end)
            bytes += (double)weight.count * sizeof(float);
    }
    return bytes;
}

static void add_weights(struct memory_plan *plan, const struct memory_question *question,
                        double words, double others) {
    const struct train_options *options = question->options;
    double all = (double)weights_total(&question->model->config) * sizeof(float);
    int vocabulary = question->model->config.vocabulary;
    add(plan, MEMORY_RUN, unmapped_bytes(question->model), "weights that the run begins with");
    add(plan, MEMORY_RUN, all, "weights in training");
    if (options->average > 0)
        add(plan, MEMORY_RUN, all, "average of the weights");
    if (question->keeps_best)
        add(plan, MEMORY_RUN, all, "weights of the best evaluation");
    add(plan, MEMORY_RUN, words + others, "gradients");
    add(plan, MEMORY_RUN, 2 * (words + others), "moments of AdamW");
    add(plan, MEMORY_RUN, (double)vocabulary * (2 + sizeof(int)), "state of the words' rows");
}

/* ---- the plan -------------------------------------------------------------------------------- */

static double encoder_room(const struct model_config *config, enum encoder_mode mode,
                           const struct batch_most *most, int threads) {
    int width = mode == ENCODER_INFERENCE ? config->hidden : config->hidden / config->heads;
    size_t attention = attention_bytes(most->longest, width);
    return (double)encoder_bytes(config, mode, most->tokens, most->sentences) +
           (double)attention * threads;
}

static int add_training(struct memory_plan *plan, const struct memory_question *question,
                        struct reading *reading, struct sawb_error *error) {
    const struct model_config *config = &question->model->config;
    const struct token_set *set = &reading->set;
    double others, words = 0;
    int words_trained = 0;
    if (count_trained(question, &others, &words_trained, error) < 0)
        return -1;
    if (question->options->word_dropout > 0)
        reading->used[tokenizer_special(question->model->tokenizer, TOKEN_UNK)] = 1;
    if (words_trained && (words = touched_bytes(config, reading->used, PAGE, error)) < 0)
        return -1;
    add_weights(plan, question, words, others);
    add(plan, MEMORY_RUN, dataset_bytes(question->training), "sentences");
    add(plan, MEMORY_RUN, set_bytes(set) + (double)set->count * sizeof(int),
        "their word pieces and order");
    int threads = pool_threads(question->compute->pool);
    add(plan, MEMORY_STEP, encoder_room(config, ENCODER_TRAINING, &reading->most, threads),
        "activations and their gradients, %d tokens at most", reading->most.tokens);
    add(plan, MEMORY_STEP, (double)large_bytes((size_t)threads * matmul_scratch_bytes()),
        "work space of %d threads", threads);
    return 0;
}

/* The weights of a teacher that reads the `used` word pieces [V of the teacher], and what it needs
 * for the largest batch. Weights that lie in no file stay beside what is packed of them. */
static int add_teacher_weights(struct memory_plan *plan, const struct memory_question *question,
                               const unsigned char *used, const struct batch_most *most,
                               struct sawb_error *error) {
    const struct model *teacher = question->teacher;
    const struct compute *compute = question->compute;
    double words = touched_bytes(&teacher->config, used, FILE_PAGES, error);
    if (words < 0)
        return -1;
    add(plan, MEMORY_RUN,
        (double)packed_bytes(&teacher->config, compute) + fmax(words, unmapped_bytes(teacher)),
        "weights of the teacher");
    add(plan, MEMORY_STEP,
        encoder_room(&teacher->config, ENCODER_INFERENCE, most, pool_threads(compute->pool)),
        "teacher: activations of a layer, %d tokens at most", most->tokens);
    return 0;
}

/* It reads the batches, in its own word pieces. `used` [V of the teacher] is zero. */
static int add_live_teacher(struct memory_plan *plan, const struct memory_question *question,
                            const struct reading *reading, unsigned char *used,
                            struct sawb_error *error) {
    int vocabulary = question->model->config.vocabulary;
    for (int id = 0; id < vocabulary; id++)
        if (reading->used[id])
            used[reading->pieces[id]] = 1;
    add(plan, MEMORY_RUN,
        (double)word_swap_bytes(reading->swap) + (double)vocabulary * sizeof(*reading->pieces),
        "words to swap, and their neighbours");
    return add_teacher_weights(plan, question, used, &reading->most, error);
}

/* It reads once the sentences of all pieces of the set that have one of the run, with its own
 * vocabulary. `used` [V of the teacher] is zero. */
static int add_reader(struct memory_plan *plan, const struct memory_question *question,
                      const struct reading *reading, unsigned char *used,
                      struct sawb_error *error) {
    const struct model *teacher = question->teacher;
    struct batch_most most = {0};
    struct token_set set;
    if (token_set_create(&set, teacher->tokenizer, question->training, reading->set.rows,
                         reading->set.count, model_token_limit(teacher), question->compute->pool,
                         error) < 0)
        return -1;
    for (int first = 0; first < set.count; first += TEACHER_PIECE) {
        int left = set.count - first, count = left < TEACHER_PIECE ? left : TEACHER_PIECE;
        if (memchr(reading->seen + first, 1, (size_t)count))
            memset(reading->seen + first, 1, (size_t)count);
    }
    mark_seen(used, &set, reading->seen);
    batch_look(&most, &set, NULL, set.count, TEACHER_PIECE);
    double answers = (double)set.count * teacher->config.labels * sizeof(float);
    int status = add_teacher_weights(plan, question, used, &most, error);
    add(plan, MEMORY_RUN, set_bytes(&set) + answers, "its word pieces and answers");
    token_set_free(&set);
    return status;
}

/* What reading->seen says changes. */
static int add_teacher(struct memory_plan *plan, const struct memory_question *question,
                       const struct reading *reading, struct sawb_error *error) {
    if (!question->teacher)
        return 0;
    unsigned char *used = calloc((size_t)question->teacher->config.vocabulary, 1);
    if (!used)
        return error_set(error, "memory: out of memory for the words of a teacher");
    int status = reading->swap ? add_live_teacher(plan, question, reading, used, error)
                               : add_reader(plan, question, reading, used, error);
    free(used);
    return status;
}

static int plan_training(struct memory_plan *plan, const struct memory_question *question,
                         struct sawb_error *error) {
    struct reading reading = {0};
    if (course_set(&reading.set, question->model, question->training, question->options,
                   question->compute->pool, error) < 0)
        return -1;
    int status = read_all(&reading, question, error);
    if (status == 0)
        status = add_training(plan, question, &reading, error);
    if (status == 0)
        status = add_teacher(plan, question, &reading, error);
    reading_free(&reading);
    return status;
}

static int plan_evaluation(struct memory_plan *plan, const struct memory_question *question,
                           struct sawb_error *error) {
    const struct model *model = question->model;
    const struct dataset *dataset = question->checking;
    struct pool *pool = question->compute->pool;
    struct token_set set;
    struct batch_most most = {0};
    if (!dataset)
        return 0;
    if (token_set_create(&set, model->tokenizer, dataset, NULL, dataset->count,
                         model_token_limit(model), pool, error) < 0)
        return -1;
    batch_look(&most, &set, NULL, set.count, question->evaluation_batch);
    int runners =
        ahead_runners(pool_threads(pool), set.count, question->evaluation_batch, most.tokens);
    int threads = pool_threads(pool) / runners;
    double room = encoder_room(&model->config, ENCODER_INFERENCE, &most, threads) +
                  (double)large_bytes((size_t)threads * matmul_scratch_bytes());
    add(plan, MEMORY_RUN, dataset_bytes(dataset), "sentences to evaluate on");
    add(plan, MEMORY_EVALUATION, set_bytes(&set) + runners * room,
        "activations of a layer, %d tokens at most, of %d batches at once", most.tokens, runners);
    token_set_free(&set);
    return 0;
}

/* Resident now, but for what is counted elsewhere and what is given back before the first step. */
static double program_bytes(const struct memory_question *question) {
    const struct model *models[] = {question->model, question->teacher};
    const struct dataset *sets[] = {question->training, question->checking};
    double counted = 0;
    for (int i = 0; i < 2; i++) {
        if (models[i])
            file_map_rest(&models[i]->map);
        counted += models[i] ? unmapped_bytes(models[i]) : 0;
        counted += sets[i] ? dataset_bytes(sets[i]) : 0;
    }
    return resident_now() + LATER_BYTES - counted;
}

static double most_at_once(const struct memory_plan *plan) {
    double sums[MEMORY_LIVES] = {0};
    for (int i = 0; i < plan->count; i++)
        sums[plan->rows[i].life] += plan->rows[i].bytes;
    double passing = sums[MEMORY_EVALUATION] > sums[MEMORY_CHECKPOINT] ? sums[MEMORY_EVALUATION]
                                                                       : sums[MEMORY_CHECKPOINT];
    return sums[MEMORY_RUN] + sums[MEMORY_STEP] + passing;
}

int memory_plan(struct memory_plan *plan, const struct memory_question *question,
                struct sawb_error *error) {
    *plan = (struct memory_plan){0};
    add(plan, MEMORY_RUN, program_bytes(question), "the program, its libraries and vocabularies");
    if (plan_training(plan, question, error) < 0 || plan_evaluation(plan, question, error) < 0)
        return -1;
    add(plan, MEMORY_CHECKPOINT, CHECKPOINT_BYTES, "names and places of tensors, a buffer");
    plan->most = most_at_once(plan);
    return 0;
}

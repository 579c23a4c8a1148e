/*
 * attention.c - attention of the heads of a batch on all threads.
 *
 * A task is a head of a sentence: it packs the keys and values, then goes tile by tile through the
 * layout its plan has, or makes each tile when the scores of its queries are known.
 */
#include "core/kernel/attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel/attention_kernels.h"
#include "core/kernel/attention_plan.h"
#include "core/kernel/gemm.h"
#include "core/kernel/scratch.h"
#include "core/kernel/stream.h"

#define ALIGNMENT 64
#define VECTOR_FLOATS 16
/* Queries list the keys they keep if those are fewer than this share of all, where a list costs as
 * much as so many keys besides. */
#define LISTED_MOST 0.4
#define LISTED_MOST_BACKWARD 0.45
#define LIST_COST 25
#define STREAMED_LEAST (64 * 1024) /* pairs of all heads */
#define ROWS_TOGETHER (ATTENTION_TOGETHER * ATTENTION_ROWS)

struct attention {
    struct compute compute;
    struct attention_cache *cache;
    struct attention_plan *plans;
    int plan_room;
    struct scratch *scratch;
    size_t piece_bytes;
};

/* ---- names ----------------------------------------------------------------------------------- */

static const char *const kernel_names[ATTENTION_KERNELS] = {
    [ATTENTION_DENSE] = "dense",
    [ATTENTION_BAND] = "band",
    [ATTENTION_BLOCKS] = "blocks",
    [ATTENTION_ROW_LISTS] = "rows",
    [ATTENTION_MIXED] = "blocks+rows",
    [ATTENTION_SELECTED] = "select",
    [ATTENTION_BLOCK_SELECTED] = "block select",
    [ATTENTION_OFF] = "off",
};

const char *attention_kernel_name(enum attention_kernel kernel) {
    return kernel_names[kernel];
}

static uint64_t square(int tokens) {
    return (uint64_t)tokens * (uint64_t)tokens;
}

int attention_choose(struct attention *attention, const struct mask_source *source,
                     const struct mask_request *request, struct attention_choice *choice,
                     struct sawb_error *error) {
    struct attention_plan plan;
    *choice = (struct attention_choice){0};
    if (attention_plan_one(attention->cache, attention->compute.pool, source, request, &plan,
                           error) < 0)
        return -1;
    switch (plan.shape.form) {
    case MASK_FORM_DENSE:
        *choice = (struct attention_choice){ATTENTION_DENSE, 1, square(request->tokens),
                                            square(request->tokens)};
        break;
    case MASK_FORM_OFF:
        *choice = (struct attention_choice){.kernel = ATTENTION_OFF, .known = 1};
        break;
    case MASK_FORM_BAND:
    case MASK_FORM_FIXED:
        *choice = attention_layout_choice(plan.layout);
        break;
    case MASK_FORM_BLOCKS:
        choice->kernel = ATTENTION_BLOCK_SELECTED;
        break;
    case MASK_FORM_ASK:
    case MASK_FORM_SCORES:
        choice->kernel = ATTENTION_SELECTED;
        break;
    }
    return 0;
}

/* ---- memory ---------------------------------------------------------------------------------- */

int attention_create(struct attention **result, const struct compute *compute,
                     struct sawb_error *error) {
    *result = NULL;
    struct attention *attention = calloc(1, sizeof(*attention));
    if (attention)
        attention->cache = attention_cache_create();
    if (!attention || !attention->cache) {
        attention_free(attention);
        return error_set(error, "attention: out of memory");
    }
    attention->compute = *compute;
    *result = attention;
    return 0;
}

void attention_free(struct attention *attention) {
    if (!attention)
        return;
    attention_cache_free(attention->cache);
    scratch_free(attention->scratch);
    free(attention->plans);
    free(attention);
}

/* Cuts a task's memory up; with base NULL it only adds up. */
struct cutter {
    unsigned char *base;
    size_t used;
};

static void *cut(struct cutter *cutter, size_t bytes) {
    size_t at = cutter->used;
    cutter->used += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return cutter->base ? cutter->base + at : NULL;
}

static float *cut_floats(struct cutter *cutter, size_t count) {
    return cut(cutter, count * sizeof(float));
}

/* What a task works in. */
struct work {
    float *keys, *values;
    float *turned;                /* keys, attention_turned_floats */
    float *key_sums, *value_sums; /* backward */
    float *kernel;                /* attention_work_floats */
    void *room;                   /* attention_room_bytes */
    float *scores;                /* [multiple,T] or [blocks,blocks] */
    uint8_t *mask;                /* as scores */
    struct attention_words words; /* of the matrix unit */
    uint32_t *unit_queries;
    float *query_means, *key_means; /* [blocks,padded] */
    float *turned_means;
};

/* What it takes of the above. */
struct demand {
    int tokens, padded;
    int backward;
    int rows;   /* of scores and mask; 0: none */
    int blocks; /* of a row of blocks; 0: none */
    int captured;
    int unit; /* 1: tiles may go through a matrix unit */
};

static struct work cut_work(const struct demand *demand, struct cutter *cutter) {
    size_t tokens = (size_t)demand->tokens, padded = (size_t)demand->padded;
    size_t blocks = (size_t)demand->blocks;
    size_t pairs = (size_t)demand->rows * tokens;
    pairs = pairs > blocks * blocks ? pairs : blocks * blocks;
    struct work work;
    work.keys = cut_floats(cutter, tokens * padded);
    work.values = cut_floats(cutter, tokens * padded);
    work.turned = cut_floats(cutter, attention_turned_floats(demand->tokens, demand->padded));
    work.kernel = cut_floats(cutter, attention_work_floats(demand->tokens, demand->padded));
    work.key_sums = cut_floats(cutter, demand->backward ? tokens * padded : 0);
    work.value_sums = cut_floats(cutter, demand->backward ? tokens * padded : 0);
    work.room = cut(cutter, pairs > 0 ? attention_room_bytes(demand->tokens) : 0);
    work.scores = cut_floats(cutter, pairs);
    work.mask = cut(cutter, pairs);
    size_t room = demand->unit ? (size_t)attention_words_room(demand->tokens) : 0;
    size_t wide = (padded + 31) / 32 * 32;
    work.words = (struct attention_words){.wide = (int)wide};
    work.words.keys = cut(cutter, room * wide * sizeof(uint16_t));
    work.words.values = cut(cutter, room * padded * sizeof(uint16_t));
    work.unit_queries = cut(cutter, demand->unit ? ROWS_TOGETHER * wide * sizeof(uint16_t) : 0);
    work.query_means = cut_floats(cutter, blocks * padded);
    work.key_means = cut_floats(cutter, blocks * padded);
    work.turned_means = cut_floats(
        cutter, blocks > 0 ? attention_turned_floats(demand->blocks, demand->padded) : 0);
    return work;
}

static int padded_width(int width) {
    return (width + VECTOR_FLOATS - 1) / VECTOR_FLOATS * VECTOR_FLOATS;
}

static int ensure(struct attention *attention, const struct demand *demand,
                  struct sawb_error *error) {
    struct cutter cutter = {0};
    cut_work(demand, &cutter);
    if (cutter.used <= attention->piece_bytes)
        return 0;
    scratch_free(attention->scratch);
    attention->piece_bytes = 0;
    attention->scratch = scratch_create(pool_threads(attention->compute.pool), cutter.used, error);
    if (!attention->scratch)
        return -1;
    attention->piece_bytes = cutter.used;
    return 0;
}

static int ensure_plans(struct attention *attention, int heads, struct sawb_error *error) {
    if (heads <= attention->plan_room)
        return 0;
    void *larger = realloc(attention->plans, (size_t)heads * sizeof(*attention->plans));
    if (!larger)
        return error_set(error, "attention: out of memory for %d heads", heads);
    attention->plans = larger;
    attention->plan_room = heads;
    return 0;
}

/* Of both passes. */
static struct demand dense_demand(int tokens, int width) {
    return (struct demand){.tokens = tokens, .padded = padded_width(width), .backward = 1};
}

int attention_reserve(struct attention *attention, int heads, int tokens, int width,
                      struct sawb_error *error) {
    struct demand demand = dense_demand(tokens, width);
    if (ensure_plans(attention, heads, error) < 0)
        return -1;
    return ensure(attention, &demand, error);
}

size_t attention_bytes(int tokens, int width) {
    struct demand demand = dense_demand(tokens, width);
    struct cutter cutter = {0};
    cut_work(&demand, &cutter);
    return cutter.used;
}

/* ---- a task ---------------------------------------------------------------------------------- */

struct run {
    struct attention *attention;
    const struct attention_batch *batch;
    const struct attention_gradients *gradients; /* NULL: forward */
    struct demand demand;
};

struct task {
    const struct attention_batch *batch;
    const struct attention_kernels *kernels;
    const struct attention_plan *plan;
    struct work work;
    struct attention_view view;
    const float *key, *value;          /* of the head, where they stand */
    int keys, values, turned;          /* of the head, packed so far */
    const struct attention_unit *unit; /* NULL: tiles go through the vector kernels alone */
    int backward;
    const struct attention_capture *capture; /* NULL: no viewer */
    int streamed;                            /* what it gets is more than caches hold */
    uint64_t kept;
};

static int block_count(const struct attention_plan *plan) {
    return (plan->request.tokens + plan->shape.block - 1) / plan->shape.block;
}

/* Memory that the task of a plan needs, which has to do for all of the batch. */
static void add_demand(const struct attention_plan *plan, struct demand *demand) {
    int rows = 0;
    demand->tokens = plan->request.tokens > demand->tokens ? plan->request.tokens : demand->tokens;
    if (demand->captured || plan->shape.form == MASK_FORM_ASK ||
        plan->shape.form == MASK_FORM_SCORES)
        rows = plan->multiple;
    if (demand->captured && plan->shape.form == MASK_FORM_DENSE)
        rows = ROWS_TOGETHER;
    if (plan->shape.form == MASK_FORM_BLOCKS && block_count(plan) > demand->blocks)
        demand->blocks = block_count(plan);
    if (plan->shape.form == MASK_FORM_BLOCKS && rows == 0)
        rows = 1; /* a room is needed all the same */
    demand->rows = rows > demand->rows ? rows : demand->rows;
}

static void cut_view(struct attention_view *view, float *floats) {
    const size_t tile = (size_t)ATTENTION_ROWS * (size_t)view->padded;
    const size_t weights = (size_t)ATTENTION_ROWS * ATTENTION_WEIGHT_STRIDE;
    view->rows = floats;
    view->row_grads = view->rows + tile;
    view->column_grads = view->row_grads + tile;
    view->columns = view->column_grads + tile;
    view->sums = view->columns + ATTENTION_TOGETHER * tile;
    view->weights = view->sums + ATTENTION_TOGETHER * tile + ATTENTION_ROWS;
    view->weight_grads = view->weights + weights;
    view->list = view->weight_grads + weights;
    view->list_grads = view->list + ATTENTION_ROWS * attention_list_floats(view->tokens);
}

/* order: in which keys and values are packed. */
static void open_view(const struct run *run, struct task *task, int sentence, int head,
                      const int32_t *order) {
    const struct attention_batch *batch = run->batch;
    const struct attention_gradients *gradients = run->gradients;
    struct attention_view *view = &task->view;
    size_t width = (size_t)batch->width, stride = (size_t)batch->heads * width;
    size_t token = (size_t)batch->offsets[sentence], at = token * stride + (size_t)head * width;
    size_t row = batch->queries > 0 ? (size_t)sentence * (size_t)batch->queries : token;
    size_t query = row * stride + (size_t)head * width;
    *view = (struct attention_view){
        .tokens = task->plan->request.tokens,
        .width = batch->width,
        .padded = run->demand.padded,
        .stride = stride,
        .factor = 1.0f / sqrtf((float)batch->width),
        .order = order,
        .query = batch->query + query,
        .out = batch->out + query,
        .keys = task->work.keys,
        .values = task->work.values,
        .turned = task->work.turned,
        .log_sums = batch->log_sums ? batch->log_sums + token * (size_t)batch->heads + head : NULL,
        .log_stride = (size_t)batch->heads,
        .dropout = batch->dropout,
        .first = batch->first + (uint32_t)task->plan->pairs,
        .wanted = batch->queries > 0 ? batch->queries : task->plan->request.tokens,
    };
    cut_view(view, task->work.kernel);
    task->key = batch->key + at;
    task->value = batch->value + at;
    task->keys = task->values = task->turned = 0;
    task->work.words.packed = 0;
    task->work.words.room = attention_words_room(view->tokens);
    view->words = &task->work.words;
    view->unit_queries = task->work.unit_queries;
    if (!gradients)
        return;
    size_t floats = (size_t)view->tokens * (size_t)view->padded;
    view->out_gradient = gradients->out + at;
    view->query_gradient = gradients->query + at;
    view->key_sums = task->work.key_sums;
    view->value_sums = task->work.value_sums;
    memset(view->key_sums, 0, floats * sizeof(float));
    memset(view->value_sums, 0, floats * sizeof(float));
}

/* Keys and values are packed as far as they are needed next, to be in the cache still. */
static void pack_keys(struct task *task, int end) {
    if (end <= task->keys)
        return;
    task->kernels->pack(&task->view, task->work.keys, task->key, task->keys, end);
    task->keys = end;
}

static void pack_values(struct task *task, int end) {
    if (end <= task->values)
        return;
    task->kernels->pack(&task->view, task->work.values, task->value, task->values, end);
    task->values = end;
}

static void turn_keys(struct task *task, int end) {
    int whole = (end + ATTENTION_ROWS - 1) / ATTENTION_ROWS * ATTENTION_ROWS;
    if (end <= task->turned)
        return;
    end = whole < task->view.tokens ? whole : task->view.tokens;
    task->kernels->turn(&task->view, task->work.turned, task->key, task->turned, end);
    task->turned = end;
}

/* What as many tiles as these, which come after them, are going to read for the first time. */
static void look_ahead(struct task *task, const struct attention_tile *tiles, int count) {
    struct attention_view *view = &task->view;
    int query = tiles[count - 1].first + tiles[count - 1].rows;
    int queries = task->batch->queries > 0 ? 0 : view->tokens - query;
    int key = task->keys > task->turned ? task->keys : task->turned;
    int rows = queries < count * ATTENTION_ROWS ? queries : count * ATTENTION_ROWS;
    view->ahead_rows = view->order ? 0 : rows;
    view->ahead_count = 0;
    view->ahead[view->ahead_count++] = view->query + (size_t)query * view->stride;
    view->ahead[view->ahead_count++] = view->out + (size_t)query * view->stride;
    if (view->tokens - key >= rows)
        view->ahead[view->ahead_count++] = task->key + (size_t)key * view->stride;
    if (view->tokens - task->values >= rows)
        view->ahead[view->ahead_count++] = task->value + (size_t)task->values * view->stride;
}

/* Whether a matrix unit can have tiles: their keys follow one another. */
static int suits_unit(const struct task *task, const struct attention_tile *tile) {
    if (!task->unit || task->view.order || tile->listed || tile->runs == 0)
        return 0;
    for (int i = 1; i < tile->runs; i++)
        if (tile->run[i].key != tile->run[i - 1].key + tile->run[i - 1].count)
            return 0;
    return 1;
}

/* known: see the forward kernel. */
static void run_tiles(struct task *task, const struct attention_tile *tiles, int count,
                      const float *known) {
    for (int i = 0; i < count; i++)
        task->kept += tiles[i].kept;
    task->view.unit = known || !suits_unit(task, tiles) ? NULL : task->unit;
    if (task->view.unit) {
        task->unit->pack(&task->work.words, task->key, task->value, task->view.stride,
                         task->view.tokens, task->view.width, task->view.padded,
                         tiles->end + ATTENTION_UNIT_KEYS);
    } else {
        if (tiles->ranges && !task->backward)
            turn_keys(task, tiles->end);
        else if (task->backward || tiles->runs > 0 || !known)
            pack_keys(task, tiles->end);
        pack_values(task, tiles->end);
    }
    look_ahead(task, tiles, count);
    if (task->backward)
        task->kernels->backward(&task->view, tiles);
    else
        task->kernels->forward(&task->view, tiles, count, known);
}

static void clear_rows(float *matrix, const struct attention_view *view) {
    for (int i = 0; i < view->tokens; i++)
        memset(matrix + (size_t)i * view->stride, 0, (size_t)view->width * sizeof(*matrix));
}

static void run_off(struct task *task) {
    const struct attention_view *view = &task->view;
    if (task->backward) {
        clear_rows(view->query_gradient, view);
        return;
    }
    clear_rows(view->out, view);
    for (int i = 0; view->log_sums && i < view->tokens; i++)
        view->log_sums[(size_t)i * view->log_stride] = 0.0f;
}

/* Where scores and mask of the queries from `row` on are written: for the viewer if it wants
 * them. */
static size_t shown_at(const struct task *task, int row) {
    return task->plan->pairs + (size_t)row * (size_t)task->view.tokens;
}

static float *scores_at(const struct task *task, int row) {
    int straight = !task->streamed || task->view.past;
    float *scores = task->capture && straight ? task->capture->scores : NULL;
    return scores ? scores + shown_at(task, row) : task->work.scores;
}

static uint8_t *mask_at(const struct task *task, int row) {
    uint8_t *mask = task->capture ? task->capture->mask : NULL;
    return mask ? mask + shown_at(task, row) : task->work.mask;
}

/* The scores of `rows` queries go to the viewer if they are not there already. */
static void show_rows(const struct task *task, int row, int rows, const float *scores) {
    float *shown = task->capture->scores ? task->capture->scores + shown_at(task, row) : NULL;
    if (shown && shown != scores)
        stream_row(shown, scores, (size_t)rows * (size_t)task->view.tokens, 1.0f);
}

static void run_dense(struct task *task) {
    int together = task->backward ? 1 : ATTENTION_TOGETHER, tokens = task->view.tokens;
    task->view.past = task->streamed && task->capture->scores && !task->unit;
    for (int first = 0; first < tokens;) {
        struct attention_run run;
        struct attention_tile tiles[ATTENTION_TOGETHER];
        int row = first, count = 0;
        for (; count < together && first < tokens; count++, first += ATTENTION_ROWS)
            tiles[count] =
                attention_tile_dense(&run, tokens, first, attention_tile_rows(tokens, first));
        if (task->capture)
            task->view.scores = scores_at(task, row);
        run_tiles(task, tiles, count, NULL);
        if (task->capture)
            show_rows(task, row, (first < tokens ? first : tokens) - row, task->view.scores);
    }
    if (task->capture && task->capture->mask)
        memset(mask_at(task, 0), 1, (size_t)square(tokens));
}

/* The batch's queries of a dense head, which are not its tokens. */
static void run_queries(struct task *task) {
    for (int first = 0; first < task->view.wanted; first += ATTENTION_ROWS) {
        struct attention_run run;
        int rows = attention_tile_rows(task->view.wanted, first);
        struct attention_tile tile = attention_tile_dense(&run, task->view.tokens, first, rows);
        run_tiles(task, &tile, 1, NULL);
    }
    task->kept = square(task->view.tokens);
}

static void run_layout(struct task *task) {
    for (int i = 0; i < attention_tiles(task->view.tokens); i++)
        run_tiles(task, attention_layout_tile(task->plan->layout, i), 1, NULL);
}

/* The scores of `rows` queries, as the viewer sees them too. */
static void score(struct task *task, int row, int rows, float *scores) {
    turn_keys(task, task->view.tokens);
    for (int first = row; first < row + rows; first += ATTENTION_ROWS)
        task->kernels->score_rows(&task->view, first, attention_tile_rows(row + rows, first),
                                  scores + (size_t)(first - row) * (size_t)task->view.tokens);
}

/* Has the mask of [row, row + rows) written. */
static void ask(struct task *task, int row, int rows, const float *scores, uint8_t *mask) {
    const struct mask_source *source = task->batch->source;
    struct mask_request request = task->plan->request;
    request.row = row;
    request.rows = rows;
    request.scores = task->plan->needs_scores ? scores : NULL;
    request.mark = task->kernels->mark;
    enum mask_kind kind = source->fill(source->user, &request, mask);
    if (kind != MASK_PATTERN)
        memset(mask, kind == MASK_DENSE, (size_t)rows * (size_t)task->view.tokens);
}

static int rows_at(const struct task *task, int row) {
    int left = task->view.tokens - row;
    return left < task->plan->multiple ? left : task->plan->multiple;
}

/* lists: see a tile. counts [rows] of each. Returns how many keys are listed. */
static int list_rows(const struct task *task, const uint8_t *mask, int rows, int32_t *list,
                     int *counts) {
    int tokens = task->view.tokens, kept = 0;
    for (int r = 0; r < rows; r++, mask += tokens, list += *list + 1) {
        counts[r] = *list = task->kernels->list(mask, tokens, list + 1);
        kept += counts[r];
    }
    return kept;
}

/* Where the scores say which pairs are kept, so that those are known and scattered: by lists if
 * queries keep few keys; otherwise all are worked out, and masked. */
static struct attention_tile tile_of_scored(const struct task *task,
                                            const struct attention_room *room, const uint8_t *mask,
                                            int first, int rows) {
    int tokens = task->view.tokens, counts[ATTENTION_ROWS];
    int kept = list_rows(task, mask, rows, room->list, counts);
    if (task->backward ? kept < LISTED_MOST_BACKWARD * rows * tokens
                       : kept + LIST_COST * rows < LISTED_MOST * rows * tokens)
        return attention_tile_of_lists(room->list, tokens, first, rows);
    return task->backward ? attention_tile_of_mask(room, mask, tokens, first, rows)
                          : attention_tile_masked(mask, counts, tokens, first, rows);
}

/* By the mask, which is asked for; a viewer wants it, and the scores of all pairs, in any case. */
static void run_selected(struct task *task) {
    int tokens = task->view.tokens, scored = task->plan->shape.form == MASK_FORM_SCORES;
    struct attention_room room = attention_room_in(task->work.room, tokens);
    for (int row = 0, rows; row < tokens; row += rows) {
        float *scores = task->plan->needs_scores || task->capture ? scores_at(task, row) : NULL;
        uint8_t *mask = mask_at(task, row);
        rows = rows_at(task, row);
        if (scores)
            score(task, row, rows, scores);
        ask(task, row, rows, scores, mask);
        for (int first = row; first < row + rows; first += ATTENTION_ROWS) {
            size_t at = (size_t)(first - row) * (size_t)tokens;
            int count = attention_tile_rows(tokens, first);
            struct attention_tile tile =
                scored ? tile_of_scored(task, &room, mask + at, first, count)
                       : attention_tile_of_mask(&room, mask + at, tokens, first, count);
            run_tiles(task, &tile, 1, scores ? scores + at : NULL);
        }
        if (task->capture)
            show_rows(task, row, rows, scores);
    }
}

/* The mean score of a block is the product of its mean query and its mean key. */
static void run_block_selected(struct task *task) {
    const struct attention_batch *batch = task->batch;
    const struct attention_view *view = &task->view;
    const struct work *work = &task->work;
    int block = task->plan->shape.block, blocks = block_count(task->plan);
    struct attention_view means = *view;
    pack_keys(task, view->tokens);
    task->kernels->block_means(work->query_means, view->query, view->stride, view->tokens,
                               view->width, view->padded, block);
    task->kernels->block_means(work->key_means, work->keys, (size_t)view->padded, view->tokens,
                               view->padded, view->padded, block);
    means.tokens = blocks;
    means.width = view->padded;
    means.stride = (size_t)view->padded;
    means.query = work->query_means;
    means.turned = work->turned_means;
    task->kernels->turn(&means, work->turned_means, work->key_means, 0, blocks);
    for (int first = 0; first < blocks; first += ATTENTION_ROWS)
        task->kernels->score_rows(&means, first, attention_tile_rows(blocks, first),
                                  work->scores + (size_t)first * (size_t)blocks);
    struct mask_request request = task->plan->request;
    request.tokens = request.rows = blocks;
    request.scores = work->scores;
    request.mark = task->kernels->mark;
    batch->source->fill_blocks(batch->source->user, &request, work->mask);
    struct attention_room room = attention_room_in(work->room, view->tokens);
    for (int first = 0; first < view->tokens; first += ATTENTION_ROWS) {
        struct attention_tile tile =
            attention_tile_of_blocks(&room, work->mask, view->tokens, block, first);
        run_tiles(task, &tile, 1, NULL);
    }
}

/* ---- all tasks ------------------------------------------------------------------------------- */

static void run_form(struct task *task) {
    switch (task->plan->shape.form) {
    case MASK_FORM_DENSE:
        run_dense(task);
        break;
    case MASK_FORM_OFF:
        run_off(task);
        break;
    case MASK_FORM_BAND:
    case MASK_FORM_FIXED:
        run_layout(task);
        break;
    case MASK_FORM_BLOCKS:
        run_block_selected(task);
        break;
    case MASK_FORM_ASK:
    case MASK_FORM_SCORES:
        run_selected(task);
        break;
    }
}

/* A viewer wants all scores, and so takes the mask as it comes where those do not say it. */
static void run_captured(struct task *task) {
    if (task->plan->shape.form == MASK_FORM_DENSE)
        run_form(task);
    else
        run_selected(task);
    if (task->streamed)
        stream_end();
}

static void store_gradients(const struct task *task, const struct attention_gradients *gradients,
                            int sentence, int head) {
    const struct attention_view *view = &task->view;
    size_t at =
        (size_t)task->batch->offsets[sentence] * view->stride + (size_t)head * (size_t)view->width;
    for (int place = 0; place < view->tokens; place++) {
        size_t token = (size_t)(view->order ? view->order[place] : place);
        size_t to = at + token * view->stride, from = (size_t)place * (size_t)view->padded;
        memcpy(gradients->key + to, view->key_sums + from, (size_t)view->width * sizeof(float));
        memcpy(gradients->value + to, view->value_sums + from, (size_t)view->width * sizeof(float));
    }
}

static void run_head(void *user, int index) {
    const struct run *run = user;
    struct attention *attention = run->attention;
    const struct attention_batch *batch = run->batch;
    int sentence = index / batch->heads, head = index % batch->heads;
    struct cutter cutter = {.base = scratch_take(attention->scratch)};
    struct task task = {.batch = batch,
                        .kernels = attention->compute.kernels->attention,
                        .plan = &attention->plans[index],
                        .work = cut_work(&run->demand, &cutter),
                        .backward = run->gradients != NULL};
    const struct attention_layout *layout = task.plan->layout;
    task.capture = task.backward ? NULL : batch->capture;
    task.unit = run->demand.unit ? attention->compute.gemm->attention : NULL;
    open_view(run, &task, sentence, head,
              layout && !task.capture ? attention_layout_order(layout) : NULL);
    task.streamed =
        task.capture && square(task.view.tokens) * (uint64_t)batch->heads > STREAMED_LEAST;
    if (task.capture)
        run_captured(&task);
    else if (batch->queries > 0)
        run_queries(&task);
    else
        run_form(&task);
    if (task.backward)
        store_gradients(&task, run->gradients, sentence, head);
    else if (batch->kept)
        batch->kept[index] = task.kept;
    scratch_give(attention->scratch, cutter.base);
}

/* A backward pass works scores out again and needs them as they were: in float32. */
static int uses_unit(const struct attention *attention, const struct attention_batch *batch) {
    return attention->compute.gemm->attention && !batch->log_sums;
}

static int run_batch(struct attention *attention, const struct attention_batch *batch,
                     const struct attention_gradients *gradients, struct sawb_error *error) {
    int heads = batch->sentences * batch->heads;
    if (ensure_plans(attention, heads, error) < 0 ||
        attention_plan(attention->cache, attention->compute.pool, batch, attention->plans, error) <
            0)
        return -1;
    struct run run = {attention,
                      batch,
                      gradients,
                      {.padded = padded_width(batch->width),
                       .backward = gradients != NULL,
                       .captured = batch->capture != NULL,
                       .unit = uses_unit(attention, batch)}};
    for (int i = 0; i < heads; i++)
        add_demand(&attention->plans[i], &run.demand);
    if (ensure(attention, &run.demand, error) < 0)
        return -1;
    pool_run(attention->compute.pool, heads, run_head, &run);
    return 0;
}

int attention_all_dense(const struct attention_batch *batch) {
    const struct mask_source *source = batch->source;
    for (int b = 0; source && b < batch->sentences; b++) {
        for (int head = 0; head < batch->heads; head++) {
            struct mask_request request = attention_request(batch, b, head);
            if (!source->shape || source->shape(source->user, &request).form != MASK_FORM_DENSE)
                return 0;
        }
    }
    return 1;
}

int attention_forward(struct attention *attention, const struct attention_batch *batch,
                      struct sawb_error *error) {
    return run_batch(attention, batch, NULL, error);
}

int attention_backward(struct attention *attention, const struct attention_batch *batch,
                       const struct attention_gradients *gradients, struct sawb_error *error) {
    return run_batch(attention, batch, gradients, error);
}

/*
 * attention_plan.c - from the shapes of masks to layouts, each made once.
 */
#include "core/kernel/attention_plan.h"

#include <stdlib.h>

#include "core/kernel/scratch.h"

#define BYTES_MOST ((size_t)64 << 20) /* of layouts; more are forgotten before the next batch */
#define SLOTS_FIRST 64

/* ---- the cache ------------------------------------------------------------------------------- */

/* Layouts are told apart by what their source says they are, and by their length. */
struct cached {
    struct attention_plan plan; /* that asked for it */
    const struct mask_source *source;
    struct attention_layout *layout; /* NULL until it is made */
    struct cached *missing;          /* the next that is to be made */
};

struct attention_cache {
    struct cached **slots; /* a hash table with open addresses; a power of two */
    size_t capacity, count, bytes;
};

struct attention_cache *attention_cache_create(void) {
    return calloc(1, sizeof(struct attention_cache));
}

static void forget(struct attention_cache *cache) {
    for (size_t i = 0; i < cache->capacity; i++) {
        if (cache->slots[i])
            attention_layout_free(cache->slots[i]->layout);
        free(cache->slots[i]);
    }
    free(cache->slots);
    *cache = (struct attention_cache){0};
}

void attention_cache_free(struct attention_cache *cache) {
    if (!cache)
        return;
    forget(cache);
    free(cache);
}

/* Where the entry of a plan is, or where it belongs. */
static struct cached **slot_of(const struct attention_cache *cache,
                               const struct attention_plan *plan) {
    uint64_t identity = plan->shape.identity;
    int tokens = plan->request.tokens;
    uint64_t hash = (identity ^ (uint64_t)tokens * 0x9e3779b97f4a7c15ULL) * 0xbf58476d1ce4e5b9ULL;
    size_t at = (size_t)(hash >> 20) & (cache->capacity - 1);
    for (struct cached *cached; (cached = cache->slots[at]); at = (at + 1) & (cache->capacity - 1))
        if (cached->plan.shape.identity == identity && cached->plan.request.tokens == tokens)
            break;
    return &cache->slots[at];
}

static int grow(struct attention_cache *cache) {
    struct attention_cache larger = *cache;
    larger.capacity = cache->capacity ? 2 * cache->capacity : SLOTS_FIRST;
    larger.slots = calloc(larger.capacity, sizeof(struct cached *));
    if (!larger.slots)
        return -1;
    for (size_t i = 0; i < cache->capacity; i++)
        if (cache->slots[i])
            *slot_of(&larger, &cache->slots[i]->plan) = cache->slots[i];
    free(cache->slots);
    *cache = larger;
    return 0;
}

/* The entry of a plan, made when there is none; NULL: no memory. */
static struct cached *find(struct attention_cache *cache, const struct attention_plan *plan) {
    if (2 * (cache->count + 1) > cache->capacity && grow(cache) < 0)
        return NULL;
    struct cached **slot = slot_of(cache, plan), *found = *slot;
    if (found)
        return found;
    struct cached *made = calloc(1, sizeof(*made));
    if (!made)
        return NULL;
    made->plan = *plan;
    cache->count++;
    *slot = made;
    return made;
}

/* ---- making layouts -------------------------------------------------------------------------- */

/* Asks for the mask some rows at a time. */
static struct attention_layout *layout_of_fixed(const struct cached *cached) {
    int tokens = cached->plan.request.tokens, multiple = cached->plan.multiple;
    const struct mask_source *source = cached->source;
    uint8_t *mask = malloc((size_t)multiple * (size_t)tokens);
    void *memory = large_memory(attention_room_bytes(tokens));
    struct attention_layout *layout = attention_layout_create(tokens);
    int status = mask && memory && layout ? 0 : -1;
    struct mask_request request = cached->plan.request;
    for (int row = 0; row < tokens && status == 0; row += multiple) {
        request.row = row;
        request.rows = tokens - row < multiple ? tokens - row : multiple;
        source->fill(source->user, &request, mask);
        struct attention_room room = attention_room_in(memory, tokens);
        for (int first = row; first < row + request.rows && status == 0; first += ATTENTION_ROWS) {
            struct attention_tile tile =
                attention_tile_of_mask(&room, mask + (size_t)(first - row) * (size_t)tokens, tokens,
                                       first, attention_tile_rows(tokens, first));
            status = attention_layout_add(layout, &tile);
        }
    }
    free(memory);
    free(mask);
    if (status == 0) {
        attention_layout_close(layout);
        return layout;
    }
    attention_layout_free(layout);
    return NULL;
}

static void make_layout(void *user, int index) {
    struct cached *const *missing = user;
    struct cached *cached = missing[index];
    const struct mask_shape *shape = &cached->plan.shape;
    cached->layout =
        shape->form == MASK_FORM_BAND
            ? attention_layout_band(cached->plan.request.tokens, shape->width, shape->step)
            : layout_of_fixed(cached);
}

/* Makes the layouts of a chain of entries; an entry without one stays and is tried again. */
static int make_missing(struct attention_cache *cache, struct pool *pool, struct cached *chain,
                        int count, struct sawb_error *error) {
    if (count == 0)
        return 0;
    struct cached **missing = malloc((size_t)count * sizeof(struct cached *));
    int failed = !missing;
    if (missing) {
        for (int i = 0; i < count; i++, chain = chain->missing)
            missing[i] = chain;
        pool_run(pool, count, make_layout, missing);
        for (int i = 0; i < count; i++) {
            failed |= !missing[i]->layout;
            cache->bytes += missing[i]->layout ? attention_layout_bytes(missing[i]->layout) : 0;
        }
    }
    free(missing);
    return failed ? error_set(error, "attention: out of memory for the layout of a pattern; take "
                                     "shorter sentences")
                  : 0;
}

/* ---- plans ----------------------------------------------------------------------------------- */

static void plan_head(const struct mask_source *source, struct attention_plan *plan) {
    int tokens = plan->request.tokens;
    plan->shape = (struct mask_shape){.form = source ? MASK_FORM_ASK : MASK_FORM_DENSE};
    if (source && source->shape)
        plan->shape = source->shape(source->user, &plan->request);
    plan->needs_scores =
        source && source->needs_scores(source->user, plan->request.layer, plan->request.head);
    plan->multiple = tokens;
    if (plan->shape.form == MASK_FORM_DENSE || plan->shape.form == MASK_FORM_OFF)
        plan->multiple = ATTENTION_ROWS;
    else if (plan->shape.form != MASK_FORM_ASK && plan->shape.multiple > 0)
        plan->multiple = mask_multiple(ATTENTION_ROWS, plan->shape.multiple, tokens);
    if (plan->multiple == 0 || plan->multiple > tokens)
        plan->multiple = tokens;
}

/* Finds the plan's layout, or puts it at the head of the chain of those to be made. */
static int look_up(struct attention_cache *cache, const struct mask_source *source,
                   struct attention_plan *plan, struct cached **chain, int *count) {
    struct cached *cached = find(cache, plan);
    if (!cached)
        return -1;
    plan->layout = cached->layout;
    if (cached->layout || cached->source)
        return 0;
    cached->plan = *plan;
    cached->source = source;
    cached->missing = *chain;
    *chain = cached;
    ++*count;
    return 0;
}

static int is_kept(const struct attention_plan *plan) {
    return plan->shape.form == MASK_FORM_BAND || plan->shape.form == MASK_FORM_FIXED;
}

static int plan_all(struct attention_cache *cache, struct pool *pool,
                    const struct mask_source *source, struct attention_plan *plans, int count,
                    struct sawb_error *error) {
    struct cached *chain = NULL;
    int missing = 0, status = 0;
    if (cache->bytes > BYTES_MOST)
        forget(cache);
    for (int i = 0; i < count && status == 0; i++) {
        plan_head(source, &plans[i]);
        if (is_kept(&plans[i]))
            status = look_up(cache, source, &plans[i], &chain, &missing);
    }
    if (status < 0)
        error_set(error, "attention: out of memory for the layouts of patterns");
    else
        status = make_missing(cache, pool, chain, missing, error);
    for (struct cached *cached = chain; cached; cached = cached->missing)
        cached->source = NULL; /* it may be gone by the next time */
    for (int i = 0; i < count && status == 0 && missing > 0; i++)
        if (is_kept(&plans[i]))
            plans[i].layout = (*slot_of(cache, &plans[i]))->layout;
    return status;
}

struct mask_request attention_request(const struct attention_batch *batch, int sentence, int head) {
    return (struct mask_request){.layer = batch->layer,
                                 .head = head,
                                 .sentence = batch->first_sentence + sentence,
                                 .tokens = batch->offsets[sentence + 1] - batch->offsets[sentence],
                                 .seed = batch->seed,
                                 .step = batch->step};
}

int attention_plan(struct attention_cache *cache, struct pool *pool,
                   const struct attention_batch *batch, struct attention_plan *plans,
                   struct sawb_error *error) {
    size_t pairs = 0;
    for (int b = 0; b < batch->sentences; b++) {
        int tokens = batch->offsets[b + 1] - batch->offsets[b];
        for (int h = 0; h < batch->heads; h++, pairs += (size_t)tokens * (size_t)tokens)
            plans[b * batch->heads + h] =
                (struct attention_plan){.request = attention_request(batch, b, h), .pairs = pairs};
    }
    return plan_all(cache, pool, batch->source, plans, batch->sentences * batch->heads, error);
}

int attention_plan_one(struct attention_cache *cache, struct pool *pool,
                       const struct mask_source *source, const struct mask_request *request,
                       struct attention_plan *plan, struct sawb_error *error) {
    *plan = (struct attention_plan){.request = *request};
    return plan_all(cache, pool, source, plan, 1, error);
}

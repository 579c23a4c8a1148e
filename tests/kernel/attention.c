/*
 * Attention by tiles, forward and backward, from every instruction set this machine has, against
 * the plain formulas in double precision; all arrays lie between pages that may not be touched.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "tests/allocations.h"
#include "tests/kernel/attention_layer.h"

/* ---- both passes ----------------------------------------------------------------------------- */

static void run_both(struct layer *layer) {
    struct attention_gradients gradients = {
        layer->array[OUT_GRADIENT], layer->array[QUERY_GRADIENT], layer->array[KEY_GRADIENT],
        layer->array[VALUE_GRADIENT]};
    if (attention_forward(layer->attention, &layer->batch, &layer->error) < 0 ||
        attention_backward(layer->attention, &layer->batch, &gradients, &layer->error) < 0)
        fail_msg("%s", layer->error.message);
}

static void plain_backward(const struct layer *layer, int sentence, int head) {
    memset(plain.query, 0, sizeof(plain.query));
    memset(plain.key, 0, sizeof(plain.key));
    memset(plain.value, 0, sizeof(plain.value));
    for (int i = 0; i < plain.tokens; i++) {
        double slope[TOKENS_MOST], along = 0;
        for (int j = 0; j < plain.tokens; j++) {
            slope[j] =
                plain.factor[i][j] * product(layer, OUT_GRADIENT, i, VALUE, j, sentence, head);
            along += slope[j] * plain.share[i][j];
        }
        for (int j = 0; j < plain.tokens; j++) {
            double share = plain.share[i][j];
            double score = share * (slope[j] - along) / sqrt(layer->width);
            for (int d = 0; d < layer->width; d++) {
                plain.query[i][d] += score * at(layer, KEY, sentence, head, j, d);
                plain.key[j][d] += score * at(layer, QUERY, sentence, head, i, d);
                plain.value[j][d] +=
                    share * plain.factor[i][j] * at(layer, OUT_GRADIENT, sentence, head, i, d);
            }
        }
    }
}

static void compare_all(const struct layer *layer) {
    uint32_t first = FIRST;
    for (int b = 0; b < layer->sentences; b++) {
        plain.tokens = layer->offsets[b + 1] - layer->offsets[b];
        size_t pairs = (size_t)plain.tokens * (size_t)plain.tokens;
        for (int h = 0; h < layer->heads; h++, first += (uint32_t)pairs) {
            uint64_t kept = 0;
            plain_forward(layer, b, h, first);
            compare(layer, OUT, plain.out, b, h, "out");
            plain_backward(layer, b, h);
            compare(layer, QUERY_GRADIENT, plain.query, b, h, "query's gradient");
            compare(layer, KEY_GRADIENT, plain.key, b, h, "key's gradient");
            compare(layer, VALUE_GRADIENT, plain.value, b, h, "value's gradient");
            for (size_t p = 0; p < pairs; p++)
                kept += plain.mask[p];
            assert_int_equal(layer->kept[b * layer->heads + h], kept);
        }
    }
}

/* ---- patterns -------------------------------------------------------------------------------- */

static const int shapes[][2] = {{1, 64}, {2, 32}, {7, 5}, {16, 16}, {33, 64}, {45, 24}, {90, 80}};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

/* As many heads as sentences. */
static void check_pattern(const char *text, const int *lengths, int sentences, int width,
                          float rate, int at_end) {
    struct layer layer;
    struct sparsity *sparsity = parsed(text);
    struct mask_source source = sparsity_source(sparsity);
    const struct kernels *kernels;
    open_layer(&layer, lengths, sentences, sentences, width, 1, at_end);
    layer.batch.source = &source;
    layer.batch.dropout = dropout_stream(rate, 1, 2, 3);
    for (int i = 0; (kernels = kernels_get(i)); i++) {
        use_set(&layer, kernels);
        run_both(&layer);
        compare_all(&layer);
    }
    close_layer(&layer);
    sparsity_free(sparsity);
}

static void patterns_agree_with_the_plain_form(void **state) {
    (void)state;
    for (size_t s = 0; s < SPECIFICATIONS; s++)
        for (size_t k = 0; k < SHAPES; k++) {
            const int lengths[2] = {shapes[k][0], shapes[k][0] / 2 + 1};
            check_pattern(specifications[s], lengths, 2, shapes[k][1],
                          (s + k) % 3 == 0 ? 0.2f : 0.0f, (int)(s + k) % 2);
        }
}

/* Keys in more than one chunk, begun and ended anywhere. */
static void long_patterns_agree_too(void **state) {
    (void)state;
    static const char *const long_ones[] = {"dense",
                                            "local(50)",
                                            "local(70)",
                                            "local(110)",
                                            "dilated(150, 2)",
                                            "block_local(16, 4)",
                                            "block_local(50, 1)",
                                            "block_topk(16, 0.4)",
                                            "topk(0.8)",
                                            "topk(0.3)",
                                            "nm(2, 4)",
                                            "threshold(0.9)+global(cls)"};
    static const int tokens[] = {130, 277};
    for (size_t s = 0; s < sizeof(long_ones) / sizeof(long_ones[0]); s++)
        for (int k = 0; k < 2; k++)
            check_pattern(long_ones[s], &tokens[k], 1, k ? 7 : 32, k ? 0.2f : 0.0f, k);
}

/* ---- queries of their own -------------------------------------------------------------------- */

/* Σ share · value of one query's row, in double precision. */
static void plain_answer(const struct layer *layer, const float *query, int sentence, int head,
                         double *answer) {
    int tokens = layer->offsets[sentence + 1] - layer->offsets[sentence];
    double largest = -INFINITY, total = 0;
    for (int j = 0; j < tokens; j++) {
        plain.score[0][j] = 0;
        for (int d = 0; d < layer->width; d++)
            plain.score[0][j] += (double)query[d] * at(layer, KEY, sentence, head, j, d);
        plain.score[0][j] /= sqrt(layer->width);
        largest = fmax(largest, plain.score[0][j]);
    }
    for (int j = 0; j < tokens; j++)
        total += exp(plain.score[0][j] - largest);
    for (int d = 0; d < layer->width; d++) {
        answer[d] = 0;
        for (int j = 0; j < tokens; j++)
            answer[d] +=
                exp(plain.score[0][j] - largest) / total * at(layer, VALUE, sentence, head, j, d);
    }
}

static void check_answers(const struct layer *layer, const struct layer *asking) {
    int queries = layer->batch.queries, width = layer->width;
    for (int row = 0; row < layer->sentences * queries; row++)
        for (int h = 0; h < layer->heads; h++) {
            size_t place = ((size_t)row * (size_t)layer->heads + (size_t)h) * (size_t)width;
            const float *out = asking->array[OUT] + place;
            double wanted[400];
            plain_answer(layer, asking->array[QUERY] + place, row / queries, h, wanted);
            for (int d = 0; d < width; d++)
                if (!(fabs((double)out[d] - wanted[d]) <= 1e-5))
                    fail_msg("%s: query %d of %d a sentence, width %d: [%d] is %.9g, not %.9g",
                             layer->compute.kernels->name, row, queries, width, d, (double)out[d],
                             wanted[d]);
        }
}

/* More or fewer of them than the sentences have tokens. */
static void queries_need_not_be_tokens(void **state) {
    (void)state;
    static const int lengths[] = {1, 9, 150}, queries[] = {1, 5, 12, 16, 33};
    static const int widths[] = {20, 64, 384};
    const struct kernels *kernels;
    for (size_t q = 0; q < sizeof(queries) / sizeof(queries[0]); q++)
        for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
            struct layer layer, asking;
            int rows = 3 * queries[q], heads = 1 + (int)w % 2;
            open_layer(&layer, lengths, 3, heads, widths[w], 2, (int)(q + w) % 2);
            open_layer(&asking, &rows, 1, heads, widths[w], 1, (int)(q + w) % 2);
            layer.batch.queries = queries[q];
            layer.batch.query = asking.array[QUERY];
            layer.batch.out = asking.array[OUT];
            layer.batch.log_sums = NULL;
            for (int i = 0; (kernels = kernels_get(i)); i++) {
                use_set(&layer, kernels);
                fill_array(&asking, OUT, 1.0);
                assert_int_equal(attention_forward(layer.attention, &layer.batch, &layer.error), 0);
                check_answers(&layer, &asking);
                assert_int_equal(layer.kept[2 * heads], 150 * 150);
            }
            close_layer(&asking);
            close_layer(&layer);
        }
}

/* ---- masks that nobody knows before ---------------------------------------------------------- */

/* Rows that keep a share of the keys, one key, or (if told so) none. */
struct drawn {
    double share;
    int ranges;    /* 1: the keys that are kept follow one another */
    int one, none; /* every so many rows; 0: no row */
    int asked;
};

static int never(const void *user, int layer, int head) {
    (void)user, (void)layer, (void)head;
    return 0;
}

static enum mask_kind draw(const void *user, const struct mask_request *request, uint8_t *mask) {
    const struct drawn *drawn = user;
    int n = request->tokens, rows = request->rows ? request->rows : n;
    for (int r = 0; r < rows; r++) {
        int i = request->row + r;
        uint64_t key = random_key(9, 9, (uint64_t)request->head, (uint64_t)i);
        uint8_t *row = mask + (size_t)r * (size_t)n;
        int begin = (int)(random_uniform(key, 0) * n), end = begin + (int)(drawn->share * n);
        for (int j = 0; j < n; j++)
            row[j] = drawn->ranges ? j >= begin && j < end
                                   : random_uniform(key, (uint64_t)j) < drawn->share;
        if (drawn->one && i % drawn->one == 0) {
            memset(row, 0, (size_t)n);
            row[(i * 7) % n] = 1;
        }
        if (drawn->none && i % drawn->none == 1)
            memset(row, 0, (size_t)n);
    }
    return MASK_PATTERN;
}

static void any_mask_will_do(void **state) {
    (void)state;
    static const struct drawn masks[] = {{.share = 0.5},
                                         {.share = 0.1, .one = 3},
                                         {.share = 0.95, .none = 4},
                                         {.one = 1},
                                         {.none = 1},
                                         {.share = 0.3, .none = 2},
                                         {.share = 0.6, .ranges = 1},
                                         {.share = 0.05, .ranges = 1},
                                         {.share = 0.8, .ranges = 1, .one = 5, .none = 3}};
    const struct kernels *kernels;
    for (size_t m = 0; m < sizeof(masks) / sizeof(masks[0]); m++) {
        struct mask_source source = {.needs_scores = never, .fill = draw, .user = &masks[m]};
        struct layer layer;
        open_layer(&layer, (int[]){masks[m].ranges ? 150 : 50, 17, 1}, 3, 2, 32, 2, (int)m % 2);
        layer.batch.source = &source;
        for (int i = 0; (kernels = kernels_get(i)); i++) {
            use_set(&layer, kernels);
            run_both(&layer);
            compare_all(&layer);
        }
        close_layer(&layer);
    }
}

/* ---- what does not matter -------------------------------------------------------------------- */

static void threads_do_not_matter(void **state) {
    (void)state;
    for (size_t s = 0; s < SPECIFICATIONS; s++) {
        struct layer layers[2];
        struct sparsity *sparsity = parsed(specifications[s]);
        struct mask_source source = sparsity_source(sparsity);
        for (int i = 0; i < 2; i++) {
            open_layer(&layers[i], (int[]){40, 21, 5}, 3, 4, 16, i + 1, 1);
            layers[i].batch.source = &source;
            layers[i].batch.dropout = dropout_stream(0.1f, 1, 2, 3);
            run_both(&layers[i]);
        }
        for (int a = 0; a < LOG_SUMS; a++)
            assert_memory_equal(layers[0].array[a], layers[1].array[a],
                                66 * 4 * 16 * sizeof(float));
        close_layer(&layers[0]);
        close_layer(&layers[1]);
        sparsity_free(sparsity);
    }
}

/* Sentence 1 of a batch is what it is alone. */
static void the_batch_does_not_matter(void **state) {
    (void)state;
    struct sparsity *sparsity = parsed("local(4)+topk(0.9)");
    struct mask_source source = sparsity_source(sparsity);
    struct layer batch, alone;
    open_layer(&batch, (int[]){20, 30}, 2, 2, 32, 1, 1);
    open_layer(&alone, (int[]){30}, 1, 2, 32, 1, 1);
    batch.batch.source = alone.batch.source = &source;
    size_t before = 20 * 2 * 32, bytes = 30 * 2 * 32 * sizeof(float);
    for (int a = 0; a < OUT; a++)
        memcpy(alone.array[a], batch.array[a] + before, bytes);
    assert_int_equal(attention_forward(batch.attention, &batch.batch, &batch.error), 0);
    assert_int_equal(attention_forward(alone.attention, &alone.batch, &alone.error), 0);
    assert_memory_equal(alone.array[OUT], batch.array[OUT] + before, bytes);
    close_layer(&batch);
    close_layer(&alone);
    sparsity_free(sparsity);
}

/* A score that overflows below all others keeps its key out, and nothing else. */
static void scores_without_end_weigh_nothing(void **state) {
    (void)state;
    static const char *const texts[] = {"dense", "local(8)", "block_local(4, 3)", "topk(0.1)"};
    const struct kernels *kernels;
    for (int i = 0; (kernels = kernels_get(i)); i++)
        for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
            struct layer layer;
            struct sparsity *sparsity = parsed(texts[t]);
            struct mask_source source = sparsity_source(sparsity);
            open_layer(&layer, (int[]){20}, 1, 1, 16, 1, 1);
            use_set(&layer, kernels);
            layer.batch.source = &source;
            for (int token = 0; token < 20; token++)
                layer.array[QUERY][token * 16] = 2.0f;
            layer.array[KEY][5 * 16] = -FLT_MAX;
            layer.array[VALUE][5 * 16] = 1e6f;
            assert_int_equal(attention_forward(layer.attention, &layer.batch, &layer.error), 0);
            for (int at = 0; at < 20 * 16; at++)
                assert_true(fabsf(layer.array[OUT][at]) < 100.0f);
            close_layer(&layer);
            sparsity_free(sparsity);
        }
}

static void what_is_not_a_number_stays_so(void **state) {
    (void)state;
    const struct kernels *kernels;
    for (int i = 0; (kernels = kernels_get(i)); i++) {
        struct layer layer;
        open_layer(&layer, (int[]){20}, 1, 1, 16, 1, 1);
        use_set(&layer, kernels);
        layer.array[QUERY][3 * 16] = NAN;
        assert_int_equal(attention_forward(layer.attention, &layer.batch, &layer.error), 0);
        for (int token = 0; token < 20; token++)
            assert_int_equal(!!isnan(layer.array[OUT][token * 16]), token == 3);
        close_layer(&layer);
    }
}

#if defined(__SSE2__)
/* Whether arithmetic had a subnormal operand, which takes many processors a hundred times as long,
 * once the work space holds some from a longer sentence. */
static int meets_subnormals(struct layer *layer, int tokens) {
    static const int inputs[] = {QUERY, KEY, VALUE, OUT_GRADIENT};
    for (int round = 0; round < 2; round++) {
        layer->offsets[1] = round == 0 ? 2 * tokens : tokens;
        for (int i = 0; i < 4; i++)
            fill_array(layer, inputs[i], round == 0 ? 1e-40 : 1.0);
        if (round == 1)
            _mm_setcsr(_mm_getcsr() & ~(unsigned)_MM_EXCEPT_MASK);
        run_both(layer);
    }
    return (_mm_getcsr() & _MM_EXCEPT_DENORM) != 0;
}

static void check_subnormals(const char *text, const struct sparsity *sparsity) {
    struct mask_source source = sparsity_source(sparsity);
    const struct kernels *kernels;
    struct layer layer;
    open_layer(&layer, (int[]){200}, 1, 2, 32, 1, 1);
    layer.batch.source = &source;
    for (int i = 0; (kernels = kernels_get(i)); i++)
        for (int tokens = 33; tokens <= 100; tokens += 67) {
            use_set(&layer, kernels);
            if (meets_subnormals(&layer, tokens))
                fail_msg("%s, %d tokens, %s", text, tokens, kernels->name);
        }
    close_layer(&layer);
}

/* Selecting compares scores with any float, which takes no longer. */
static void no_subnormals_are_met(void **state) {
    (void)state;
    for (size_t s = 0; s < SPECIFICATIONS; s++) {
        struct sparsity *sparsity = parsed(specifications[s]);
        if (!sparsity_needs_scores(sparsity, 0, 0))
            check_subnormals(specifications[s], sparsity);
        sparsity_free(sparsity);
    }
}
#endif

/* ---- which kernel ---------------------------------------------------------------------------- */

static struct attention_choice chosen(struct attention *attention, const char *text, int tokens) {
    struct sparsity *sparsity = parsed(text);
    struct mask_source source = sparsity_source(sparsity);
    struct mask_request request = {.tokens = tokens, .seed = SEED};
    struct attention_choice choice;
    struct sawb_error error;
    assert_int_equal(attention_choose(attention, &source, &request, &choice, &error), 0);
    sparsity_free(sparsity);
    return choice;
}

static void structure_picks_the_kernel(void **state) {
    (void)state;
    static const struct {
        const char *text, *kernel;
    } rows[] = {{"dense", "dense"},
                {"local(9)", "band"},
                {"dilated(40, 4)", "band"},
                {"block_local(16, 3)", "blocks"},
                {"bigbird(16, 1, 3, 0)", "blocks"},
                {"local(40)+global(cls)", "blocks+rows"},
                {"random(0.9)", "rows"},
                {"topk(0.8)", "select"},
                {"block_topk(16, 0.8)", "block select"},
                {"heads_off(0.0)", "off"}};
    struct layer layer;
    open_layer(&layer, (int[]){1}, 1, 1, 16, 1, 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct attention_choice choice = chosen(layer.attention, rows[i].text, 200);
        assert_string_equal(attention_kernel_name(choice.kernel), rows[i].kernel);
        assert_true(!choice.known || choice.computed >= choice.kept);
    }
    struct attention_choice dense = chosen(layer.attention, "dense", 200);
    assert_int_equal(dense.kept, 200 * 200);
    close_layer(&layer);
}

/* Pairs that are multiplied, not seconds: the same on every machine. */
static void a_band_is_linear(void **state) {
    (void)state;
    static const char *const bands[] = {"local(50)", "dilated(200, 4)"};
    struct layer layer;
    open_layer(&layer, (int[]){1}, 1, 1, 16, 1, 1);
    for (int i = 0; i < 2; i++) {
        struct attention_choice near = chosen(layer.attention, bands[i], 1024);
        struct attention_choice far = chosen(layer.attention, bands[i], 4096);
        assert_true((double)far.computed / (double)near.computed < 4.4);
        assert_true((double)far.computed < 1.35 * (double)far.kept);
    }
    struct attention_choice blocks = chosen(layer.attention, "block_local(16, 6)", 512);
    assert_int_equal(blocks.computed, blocks.kept);
    close_layer(&layer);
}

static struct mask_shape fixed_shape(const void *user, const struct mask_request *request) {
    (void)user, (void)request;
    return (struct mask_shape){.form = MASK_FORM_FIXED, .identity = 1, .multiple = 1};
}

static enum mask_kind count_and_draw(const void *user, const struct mask_request *request,
                                     uint8_t *mask) {
    struct drawn *drawn = *(struct drawn *const *)user;
    drawn->asked++;
    return draw(drawn, request, mask);
}

static void layouts_are_made_once(void **state) {
    (void)state;
    struct drawn drawn = {.share = 0.5}, *counted = &drawn;
    struct mask_source source = {
        .needs_scores = never, .fill = count_and_draw, .user = &counted, .shape = fixed_shape};
    struct layer layer;
    open_layer(&layer, (int[]){40, 40}, 2, 1, 16, 1, 1);
    layer.batch.source = &source;
    run_both(&layer);
    assert_int_equal(drawn.asked, 3); /* 16 queries at a time */
    run_both(&layer);
    assert_int_equal(drawn.asked, 3);
    compare_all(&layer);
    drawn.asked = 0;
    layer.offsets[1] = 30; /* other lengths: 30 and 50 */
    run_both(&layer);
    assert_int_equal(drawn.asked, 2 + 4);
    close_layer(&layer);
}

/* Each block in turn is refused. With 32 layouts the table of the cache is just not too small. */
static void want_of_memory_is_an_error(void **state) {
    (void)state;
    struct layer layer;
    int status = -1;
    if (allocations() < 0)
        skip();
    struct sparsity *sparsity = parsed("random(0.5)");
    struct mask_source source = sparsity_source(sparsity);
    open_layer(&layer, (int[]){9}, 1, 32, 4, 1, 1);
    layer.batch.source = &source;
    layer.batch.kept = NULL;
    for (long which = 1; status < 0; which++) {
        use_set(&layer, layer.compute.kernels);
        layer.error.message[0] = '\0';
        refuse_allocation(which);
        status = attention_forward(layer.attention, &layer.batch, &layer.error);
        refuse_allocation(0);
        assert_true(status == 0 || layer.error.message[0]);
        assert_true(status < 0 || which > 32);
    }
    close_layer(&layer);
    sparsity_free(sparsity);
}

/* What was reserved is not asked for again, not even by the first pass. */
static void a_dense_pass_allocates_nothing(void **state) {
    (void)state;
    struct layer layer;
    if (allocations() < 0)
        skip();
    open_layer(&layer, (int[]){20, 30}, 2, 2, 32, 1, 1);
    assert_int_equal(attention_reserve(layer.attention, 4, 30, 32, &layer.error), 0);
    long before = allocations();
    run_both(&layer);
    assert_int_equal(allocations(), before);
    close_layer(&layer);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(patterns_agree_with_the_plain_form),
    cmocka_unit_test(long_patterns_agree_too),
    cmocka_unit_test(queries_need_not_be_tokens),
    cmocka_unit_test(any_mask_will_do),
    cmocka_unit_test(threads_do_not_matter),
    cmocka_unit_test(the_batch_does_not_matter),
    cmocka_unit_test(scores_without_end_weigh_nothing),
    cmocka_unit_test(what_is_not_a_number_stays_so),
#if defined(__SSE2__)
    cmocka_unit_test(no_subnormals_are_met),
#endif
    cmocka_unit_test(structure_picks_the_kernel),
    cmocka_unit_test(a_band_is_linear),
    cmocka_unit_test(layouts_are_made_once),
    cmocka_unit_test(want_of_memory_is_an_error),
    cmocka_unit_test(a_dense_pass_allocates_nothing),
};

TEST_GROUP(tests_kernel_attention, tests);

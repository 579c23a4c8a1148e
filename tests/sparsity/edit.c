/*
 * Specifications changed by hand: what is written, and that it means what was asked for.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/random.h"
#include "core/sparsity/edit.h"
#include "tests/sparsity/support.h"

#define LAYERS 3
#define HEADS 3
#define TOKENS 9

static struct presets *presets_of_test(void) {
    struct sawb_error error;
    const char *path = "tests/sparsity/vectors/edit.json";
    struct presets *presets = presets_create();
    assert_non_null(presets);
    if (presets_load(presets, path, &error) < 0)
        fail_msg("%s", error.message);
    return presets;
}

static char *edited(const char *spec, const struct presets *presets, int layer, int head, int query,
                    int key, enum cell_wish wish) {
    struct cell_edit edit = {layer, head, query, key, wish};
    struct sawb_error error;
    char *text = sparsity_edit_cell(spec, presets, &edit, &error);
    if (!text)
        fail_msg("%s: %s", spec, error.message);
    return text;
}

/* Edits `spec` cell by cell as the rows say and compares what is written after each. */
struct step {
    int layer, head, query, key;
    enum cell_wish wish;
    const char *written;
};

static void check_steps(const char *spec, const struct step *steps, int count) {
    struct presets *presets = presets_of_test();
    char *text = strdup(spec);
    assert_non_null(text);
    for (int i = 0; i < count; i++) {
        const struct step *step = &steps[i];
        char *next =
            edited(text, presets, step->layer, step->head, step->query, step->key, step->wish);
        assert_string_equal(next, step->written);
        free(text);
        text = next;
    }
    free(text);
    presets_free(presets);
}
#define CHECK_STEPS(spec, ...)                                                                     \
    do {                                                                                           \
        static const struct step steps[] = {__VA_ARGS__};                                          \
        check_steps(spec, steps, (int)(sizeof(steps) / sizeof(steps[0])));                         \
    } while (0)

static void lists_grow_and_vanish(void **state) {
    (void)state;
    CHECK_STEPS(
        "topk(0.8)", {1, 2, 3, 5, CELL_DROP, "topk(0.8); topk(0.8) & without(3.5)@L1.H2"},
        {1, 2, 0, 7, CELL_DROP, "topk(0.8); topk(0.8) & without(0.7, 3.5)@L1.H2"},
        {1, 2, 4, 1, CELL_KEEP, "topk(0.8); topk(0.8) & without(0.7, 3.5) + pairs(4.1)@L1.H2"},
        {0, 0, 1, 1, CELL_KEEP,
         "topk(0.8); topk(0.8) & without(0.7, 3.5) + pairs(4.1)@L1.H2; topk(0.8) + "
         "pairs(1.1)@L0.H0"},
        {0, 0, 1, 1, CELL_FREE, "topk(0.8); topk(0.8) & without(0.7, 3.5) + pairs(4.1)@L1.H2"},
        {1, 2, 0, 7, CELL_KEEP, "topk(0.8); topk(0.8) & without(3.5) + pairs(0.7, 4.1)@L1.H2"},
        {1, 2, 3, 5, CELL_FREE, "topk(0.8); topk(0.8) + pairs(0.7, 4.1)@L1.H2"},
        {1, 2, 0, 7, CELL_FREE, "topk(0.8); topk(0.8) + pairs(4.1)@L1.H2"},
        {1, 2, 4, 1, CELL_FREE, "topk(0.8)"});
}

static void dense_heads_need_no_pattern(void **state) {
    (void)state;
    CHECK_STEPS("dense", {0, 1, 2, 3, CELL_DROP, "dense; without(2.3)@L0.H1"},
                {0, 1, 4, 4, CELL_KEEP, "dense; without(2.3)@L0.H1"},
                {0, 1, 2, 3, CELL_KEEP, "dense"}, {0, 1, 2, 3, CELL_KEEP, "dense"});
    CHECK_STEPS("local(1)@L2", {0, 0, 2, 3, CELL_DROP, "local(1)@L2; without(2.3)@L0.H0"},
                {0, 0, 2, 3, CELL_FREE, "local(1)@L2"});
}

static void sums_are_put_in_parentheses(void **state) {
    (void)state;
    CHECK_STEPS("local(1)+global(cls)@L0.H0",
                {0, 0, 4, 7, CELL_KEEP, "local(1)+global(cls) + pairs(4.7)@L0.H0"},
                {0, 0, 4, 4, CELL_DROP, "(local(1)+global(cls)) & without(4.4) + pairs(4.7)@L0.H0"},
                {0, 0, 4, 7, CELL_FREE, "(local(1)+global(cls)) & without(4.4)@L0.H0"},
                {0, 0, 4, 4, CELL_FREE, "local(1)+global(cls)@L0.H0"});
}

static void all_heads_at_once(void **state) {
    (void)state;
    CHECK_STEPS("topk(0.8)", {EDIT_ALL, EDIT_ALL, 1, 2, CELL_DROP, "topk(0.8) & without(1.2)"},
                {0, 1, 1, 2, CELL_FREE, "topk(0.8) & without(1.2); topk(0.8)@L0.H1"},
                {EDIT_ALL, EDIT_ALL, 1, 2, CELL_FREE, "topk(0.8)"},
                {EDIT_ALL, EDIT_ALL, 1, 2, CELL_KEEP, "topk(0.8) + pairs(1.2)"});
    CHECK_STEPS("local(1)@L1; heads_off(0.2)",
                {EDIT_ALL, EDIT_ALL, 1, 2, CELL_DROP,
                 "without(1.2); local(1) & without(1.2)@L1; heads_off(0.2)"},
                {EDIT_ALL, EDIT_ALL, 1, 2, CELL_FREE, "local(1)@L1; heads_off(0.2)"});
}

static void presets_keep_their_names(void **state) {
    (void)state;
    CHECK_STEPS("sparse", {0, 1, 0, 3, CELL_DROP, "sparse; sparse & without(0.3)@L0.H1"},
                {0, 1, 0, 3, CELL_FREE, "sparse"});
    /* One of several clauses has no name. */
    CHECK_STEPS("staged",
                {1, 0, 0, 3, CELL_DROP,
                 "topk(0.5); local(1) + global(cls)@L1; heads_off(2.2); (local(1) + global(cls)) & "
                 "without(0.3)@L1.H0"},
                {1, 0, 0, 3, CELL_FREE, "topk(0.5); local(1) + global(cls)@L1; heads_off(2.2)"});
}

static void clearing(void **state) {
    (void)state;
    static const char spec[] = "topk(0.8) & without(1.1); topk(0.8) + pairs(2.2)@L0.H1; "
                               "local(1) + pairs(3.4)@L2.H2";
    struct sawb_error error;
    char *text = sparsity_clear_cells(spec, NULL, 2, 2, &error);
    assert_string_equal(text, "topk(0.8) & without(1.1); topk(0.8) + pairs(2.2)@L0.H1; "
                              "local(1)@L2.H2");
    free(text);
    text = sparsity_clear_cells(spec, NULL, EDIT_ALL, EDIT_ALL, &error);
    assert_string_equal(text, "topk(0.8); local(1)@L2.H2");
    free(text);
    text = sparsity_clear_cells(spec, NULL, 0, 0, &error);
    assert_string_equal(text, "topk(0.8) & without(1.1); topk(0.8) + pairs(2.2)@L0.H1; "
                              "local(1) + pairs(3.4)@L2.H2; topk(0.8)@L0.H0");
    free(text);
}

static void listed_pairs_are_known(void **state) {
    (void)state;
    struct sparsity *sparsity =
        parsed("topk(0.5) & without(1.2, 3.3) + pairs(4.0)@L1; without(1.2)@L2.H0", NULL);
    assert_int_equal(sparsity_cell_listed(sparsity, 0, 0, 1, 2), CELL_FREE);
    assert_int_equal(sparsity_cell_listed(sparsity, 1, 0, 1, 2), CELL_DROP);
    assert_int_equal(sparsity_cell_listed(sparsity, 1, 7, 4, 0), CELL_KEEP);
    assert_int_equal(sparsity_cell_listed(sparsity, 1, 7, 0, 4), CELL_FREE);
    assert_int_equal(sparsity_cell_listed(sparsity, 2, 0, 1, 2), CELL_DROP);
    assert_int_equal(sparsity_cell_listed(sparsity, 2, 1, 1, 2), CELL_FREE);
    sparsity_free(sparsity);
}

static void edits_that_cannot_be(void **state) {
    (void)state;
    struct sawb_error error;
    struct cell_edit edit = {0, 1, 0, 0, CELL_DROP};
    assert_null(sparsity_edit_cell("dense; heads_off(0.1)", NULL, &edit, &error));
    assert_string_equal(error.message, "sparsity: head 0.1 is off and has no pairs; switch it on "
                                       "first (ablate 0.1)");
    assert_null(sparsity_edit_cell("topk(1.8)", NULL, &edit, &error));
    assert_non_null(strstr(error.message, "column 6"));
    edit.layer = -2;
    assert_null(sparsity_edit_cell("dense", NULL, &edit, &error));
    edit = (struct cell_edit){0, 0, -1, 0, CELL_DROP};
    assert_null(sparsity_edit_cell("dense", NULL, &edit, &error));
}

/* ---- whatever is edited, the masks are those asked for --------------------------------------- */

struct shadow {
    uint8_t base[LAYERS][HEADS][TOKENS * TOKENS], wish[LAYERS][HEADS][TOKENS * TOKENS];
    int off[LAYERS][HEADS];
};

static void shadow_begin(struct shadow *shadow, const char *spec, const struct presets *presets,
                         const float *scores) {
    struct sparsity *sparsity = parsed(spec, presets);
    memset(shadow, 0, sizeof(*shadow));
    for (int place = 0; place < LAYERS * HEADS; place++) {
        int layer = place / HEADS, head = place % HEADS;
        struct mask_request request = {
            .layer = layer, .head = head, .tokens = TOKENS, .scores = scores, .seed = 1};
        uint8_t *mask = filled(sparsity, &request);
        memcpy(shadow->base[layer][head], mask, TOKENS * TOKENS);
        shadow->off[layer][head] = sparsity_head_is_off(sparsity, layer, head);
        free(mask);
    }
    sparsity_free(sparsity);
}

static int shadow_cell(const struct shadow *shadow, int layer, int head, int cell) {
    int wish = shadow->wish[layer][head][cell];
    return wish == CELL_FREE ? shadow->base[layer][head][cell] : wish == CELL_KEEP;
}

static void shadow_check(const struct shadow *shadow, const char *spec,
                         const struct presets *presets, const float *scores) {
    struct sparsity *sparsity = parsed(spec, presets);
    for (int place = 0; place < LAYERS * HEADS; place++) {
        int layer = place / HEADS, head = place % HEADS;
        struct mask_request request = {
            .layer = layer, .head = head, .tokens = TOKENS, .scores = scores, .seed = 1};
        uint8_t *mask = filled(sparsity, &request);
        for (int cell = 0; cell < TOKENS * TOKENS && !shadow->off[layer][head]; cell++) {
            int row = cell / TOKENS, kept = 0;
            for (int j = 0; j < TOKENS; j++)
                kept += shadow_cell(shadow, layer, head, row * TOKENS + j);
            int expected = shadow_cell(shadow, layer, head, cell);
            if (kept == 0)
                expected = cell == row * TOKENS + row;
            if (mask[cell] != expected)
                fail_msg("%s: head %d.%d, pair %d.%d should be %d", spec, layer, head, row,
                         cell % TOKENS, expected);
        }
        assert_int_equal(sparsity_head_is_off(sparsity, layer, head), shadow->off[layer][head]);
        free(mask);
    }
    sparsity_free(sparsity);
}

static void masks_are_those_asked_for(void **state) {
    (void)state;
    static const char *const specs[] = {
        "dense",
        "topk(0.6)",
        "sparse",
        "staged",
        "local(1)+global(cls); topk(.5)@L1.H0-1",
        "random(0.5)@L0-1; block_topk(2, .5) & local(3) + global(sep)@L1.H1",
        "topk(0.5) + pairs(1.2) & without(3.3); heads_off(0.0, 1.1)",
        "pairs(0.1, 1.0, 2.2, 3.4, 4.4, 5.1, 6.2, 7.7, 8.0)@L0"};
    struct presets *presets = presets_of_test();
    float *scores = oracle_scores(TOKENS, 0);
    uint64_t draw = 0;
    for (size_t s = 0; s < sizeof(specs) / sizeof(specs[0]); s++) {
        struct shadow shadow;
        char *text = strdup(specs[s]);
        shadow_begin(&shadow, text, presets, scores);
        for (int step = 0; step < 120; step++) {
            int place = (int)(random_uniform(7, draw++) * LAYERS * HEADS);
            int cell = (int)(random_uniform(7, draw++) * 12) * 7 % (TOKENS * TOKENS);
            enum cell_wish wish = (enum cell_wish)(int)(random_uniform(7, draw++) * 3);
            int layer = place / HEADS, head = place % HEADS;
            int all = random_uniform(7, draw++) < 0.1;
            if (!all && shadow.off[layer][head])
                continue;
            char *next = edited(text, presets, all ? EDIT_ALL : layer, all ? EDIT_ALL : head,
                                cell / TOKENS, cell % TOKENS, wish);
            for (int p = 0; p < LAYERS * HEADS; p++) {
                if (all || p == place)
                    shadow.wish[p / HEADS][p % HEADS][cell] = (uint8_t)wish;
            }
            free(text);
            text = next;
            shadow_check(&shadow, text, presets, scores);
        }
        assert_true(strlen(text) < 4000);
        free(text);
    }
    free(scores);
    presets_free(presets);
}

/* ---- heads ----------------------------------------------------------------------------------- */

static void heads_are_switched(void **state) {
    (void)state;
    static const struct {
        const char *spec;
        struct head_place place;
        int off;
        const char *written;
    } cases[] = {
        {"dense", {1, 2}, 1, "dense; heads_off(1.2)"},
        {"dense; heads_off(1.2)", {0, 3}, 1, "dense; heads_off(0.3, 1.2)"},
        {"dense; heads_off(0.3, 1.2)", {1, 2}, 0, "dense; heads_off(0.3)"},
        {"dense; heads_off(0.3)", {0, 3}, 0, "dense"},
        {"heads_off(0.3)", {0, 3}, 0, "dense"},
        {"heads_off(0.3)", {0, 3}, 1, "heads_off(0.3)"},
        /* A later clause had switched 0.1 on again. */
        {"topk(0.8); heads_off(0.1, 2.2); local(1)@L0",
         {1, 1},
         1,
         "topk(0.8); local(1)@L0; heads_off(1.1, 2.2)"},
        {"staged", {0, 0}, 1, "topk(0.5); local(1) + global(cls)@L1; heads_off(0.0, 2.2)"},
        {"staged", {2, 2}, 0, "topk(0.5); local(1) + global(cls)@L1"},
        {"sparse", {2, 2}, 1, "sparse; heads_off(2.2)"},
    };
    struct presets *presets = presets_of_test();
    struct sawb_error error;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text =
            sparsity_edit_head(cases[i].spec, presets, cases[i].place, cases[i].off, &error);
        if (!text)
            fail_msg("%s", error.message);
        assert_string_equal(text, cases[i].written);
        free(text);
    }
    presets_free(presets);
}

static void heads_are_listed(void **state) {
    (void)state;
    struct sparsity *sparsity = parsed("heads_off(2.1, 0.3, 2.1, 0.1); dense@L0.H1", NULL);
    struct head_place *places;
    struct sawb_error error;
    int count;
    assert_int_equal(sparsity_heads_off(sparsity, &places, &count, &error), 0);
    assert_int_equal(count, 2);
    assert_true(places[0].layer == 0 && places[0].head == 3);
    assert_true(places[1].layer == 2 && places[1].head == 1);
    assert_true(sparsity_head_is_off(sparsity, 2, 1));
    assert_false(sparsity_head_is_off(sparsity, 0, 1));
    free(places);
    sparsity_free(sparsity);
    static const struct head_place order[] = {{2, 0}, {0, 1}};
    char *text = sparsity_set_heads_off("topk(.8); heads_off(1.1)", NULL, order, 2, &error);
    assert_string_equal(text, "topk(.8); heads_off(2.0, 0.1)");
    free(text);
    text = sparsity_set_heads_off("heads_off(1.1)", NULL, NULL, 0, &error);
    assert_string_equal(text, "dense");
    free(text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(lists_grow_and_vanish),
    cmocka_unit_test(dense_heads_need_no_pattern),
    cmocka_unit_test(sums_are_put_in_parentheses),
    cmocka_unit_test(all_heads_at_once),
    cmocka_unit_test(presets_keep_their_names),
    cmocka_unit_test(clearing),
    cmocka_unit_test(edits_that_cannot_be),
    cmocka_unit_test(masks_are_those_asked_for),
    cmocka_unit_test(listed_pairs_are_known),
    cmocka_unit_test(heads_are_switched),
    cmocka_unit_test(heads_are_listed),
};
TEST_GROUP(tests_sparsity_edit, tests);

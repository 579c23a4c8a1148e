/*
 * Presets: those that ship with sawb, files over files, names inside expressions, and faults that
 * name the file and the preset.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/sparsity/presets_json.h"
#include "tests/sparsity/support.h"
#include "tests/temporary.h"

struct fixture {
    struct temporary folder;
    char *path;
    struct presets *presets;
};

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    temporary_make(&fixture->folder);
    fixture->path = temporary_path(&fixture->folder, "mine.json");
    fixture->presets = shipped_presets();
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    presets_free(fixture->presets);
    temporary_remove(&fixture->folder);
    free(fixture->path);
    free(fixture);
    return 0;
}

static int load(struct fixture *fixture, const char *json, struct sawb_error *error) {
    struct sawb_error ignored;
    assert_int_equal(file_replace(fixture->path, json, strlen(json), &ignored), 0);
    return presets_load(fixture->presets, fixture->path, error);
}

static void assert_loads(struct fixture *fixture, const char *json) {
    struct sawb_error error;
    if (load(fixture, json, &error) < 0)
        fail_msg("%s", error.message);
}

static void assert_pattern(struct fixture *fixture, const char *text, const char *pattern) {
    struct sparsity *sparsity = parsed(text, fixture->presets);
    assert_string_equal(sparsity_pattern(sparsity), pattern);
    sparsity_free(sparsity);
}

static void shipped_presets_are_those_of_the_design(void **state) {
    struct fixture *fixture = *state;
    static const char *const expected[][2] = {
        {"dense", "dense"},
        {"light_sparse", "topk(40%)"},
        {"light_sparse:local", "local(40%)"},
        {"light_sparse:block_topk", "block_topk(2, 40%)"},
        {"moderate_sparse", "topk(60%)"},
        {"moderate_sparse:local", "local(60%)"},
        {"moderate_sparse:block_topk", "block_topk(2, 60%)"},
        {"aggressive_sparse", "topk(80%)"},
        {"aggressive_sparse:local", "local(80%)"},
        {"aggressive_sparse:block_topk", "block_topk(2, 80%)"}};
    assert_int_equal(presets_count(fixture->presets), 10);
    for (int p = 0; p < 10; p++) {
        assert_string_equal(presets_name(fixture->presets, p), expected[p][0]);
        assert_string_equal(presets_specification(fixture->presets, p), expected[p][1]);
        assert_pattern(fixture, expected[p][0], expected[p][1]);
    }
    assert_pattern(fixture, "light_sparse:topk", "topk(40%)");
    assert_null(presets_name(fixture->presets, 10));
    assert_null(presets_specification(fixture->presets, -1));
    assert_int_equal(presets_count(NULL), 0);
}

/* Blocks of 2 in sentences of 10 to 60 tokens come within 4 points of the target on average. */
static void block_family_meets_its_target(void **state) {
    struct fixture *fixture = *state;
    static const char *const names[] = {"light_sparse:block_topk", "moderate_sparse:block_topk",
                                        "aggressive_sparse:block_topk"};
    for (int p = 0; p < 3; p++) {
        struct sparsity *sparsity = parsed(names[p], fixture->presets);
        double sum = 0;
        for (int tokens = 10; tokens <= 60; tokens++) {
            float *scores = oracle_scores(tokens, 0);
            struct mask_request request = {.tokens = tokens, .scores = scores};
            uint8_t *mask = filled(sparsity, &request);
            sum += sparsity_realised(mask, tokens);
            free(mask);
            free(scores);
        }
        assert_float_equal(sum / 51, sparsity_target(sparsity), 0.04);
        sparsity_free(sparsity);
    }
}

static void a_later_file_wins_and_adds(void **state) {
    struct fixture *fixture = *state;
    assert_loads(fixture, "{\"//\": \"mine\", \"light_sparse\": \"local(2)\", \"zig-zag_2\": "
                          "{\"near\": \"dilated(6, 2)\", \"far\": \"dilated(40, 20)\"}}");
    assert_int_equal(presets_count(fixture->presets), 10);
    assert_string_equal(presets_name(fixture->presets, 1), "light_sparse"); /* where it was */
    assert_string_equal(presets_name(fixture->presets, 2), "moderate_sparse");
    assert_string_equal(presets_name(fixture->presets, 8), "zig-zag_2");
    assert_string_equal(presets_name(fixture->presets, 9), "zig-zag_2:far");
    assert_pattern(fixture, "light_sparse", "local(2)");
    assert_pattern(fixture, "zig-zag_2", "dilated(6, 2)");
    assert_pattern(fixture, "zig-zag_2:near", "dilated(6, 2)");
    assert_fault("light_sparse:local", fixture->presets,
                 "sparsity: column 14: preset light_sparse has no families\n"
                 "  light_sparse:local\n"
                 "               ^");
}

static void presets_may_use_presets(void **state) {
    struct fixture *fixture = *state;
    assert_loads(fixture, "{\"outer\": \"inner & local(3)\", \"inner\": \"light_sparse + "
                          "global(cls)\", \"alias\": \"outer\", \"tail\": \"inner@L1\", \"many\": "
                          "\"local(1); tail; heads_off(0.0)\"}");
    assert_pattern(fixture, "outer", "(topk(40%) + global(cls)) & local(3)");
    assert_pattern(fixture, "alias", "(topk(40%) + global(cls)) & local(3)");
    assert_pattern(fixture, "local(1)+inner", "local(1)+(topk(40%) + global(cls))");
    assert_pattern(fixture, "(inner)&local(1)", "(topk(40%) + global(cls))&local(1)");
    assert_pattern(fixture, "many ; dense@L3",
                   "local(1); topk(40%) + global(cls)@L1; heads_off(0.0) ; dense@L3");
}

/* "preset & local(1)" takes the whole preset, not its last term. */
static void a_preset_acts_as_if_in_parentheses(void **state) {
    struct fixture *fixture = *state;
    assert_loads(fixture, "{\"wide\": \"global(cls) + local(4)\"}");
    struct sparsity *preset = parsed("wide & local(1)", fixture->presets);
    struct sparsity *written = parsed("(global(cls) + local(4)) & local(1)", NULL);
    struct mask_request request = {.tokens = 9};
    uint8_t *first = filled(preset, &request), *second = filled(written, &request);
    assert_memory_equal(first, second, 81);
    assert_int_equal(first[8], 0);
    free(first);
    free(second);
    sparsity_free(preset);
    sparsity_free(written);
}

static void several_clauses_stand_alone_only(void **state) {
    struct fixture *fixture = *state;
    assert_loads(fixture,
                 "{\"placed\": \"local(1)@L0\", \"two\": \"local(1); local(2)@L1\", \"off\": "
                 "\"heads_off(0.0)\"}");
    assert_fault(
        "dense & placed", fixture->presets,
        "sparsity: column 9: preset placed has several clauses or a place, so it must be a "
        "clause of its own\n"
        "  dense & placed\n"
        "          ^");
    assert_fault("two@L1", fixture->presets,
                 "sparsity: column 1: preset two has several clauses or a place, so it must be a "
                 "clause of its own\n"
                 "  two@L1\n"
                 "  ^");
    assert_fault("(two)", fixture->presets,
                 "sparsity: column 2: preset two has several clauses or a place, so it must be a "
                 "clause of its own\n"
                 "  (two)\n"
                 "   ^");
    struct sparsity *sparsity = NULL;
    struct sawb_error error;
    assert_int_equal(sparsity_parse(&sparsity, "off + dense", fixture->presets, &error), -1);
    assert_non_null(strstr(error.message, "preset \"off\": column 1: heads_off must be a clause"));
}

static void a_place_in_a_preset_is_blamed_on_its_name(void **state) {
    struct fixture *fixture = *state;
    struct sawb_error error;
    assert_loads(fixture, "{\"deep\": \"local(1)@L9\"}");
    struct sparsity *sparsity = parsed("dense; deep", fixture->presets);
    assert_int_equal(sparsity_check(sparsity, 6, 12, &error), -1);
    assert_string_equal(
        error.message,
        "sparsity: column 8: layer 9 is not in the model, whose layers are L0 to L5\n"
        "  dense; deep\n"
        "         ^");
    sparsity_free(sparsity);
}

/* `expected` follows "FOLDER/mine.json: ". What was loaded stays. */
static void assert_refused(struct fixture *fixture, const char *json, const char *expected) {
    struct sawb_error error;
    char message[1024];
    assert_int_equal(load(fixture, json, &error), -1);
    snprintf(message, sizeof(message), "%s: %s", fixture->path, expected);
    assert_string_equal(error.message, message);
    assert_int_equal(presets_count(fixture->presets), 10);
    assert_pattern(fixture, "light_sparse", "topk(40%)");
}

static void faults_name_file_and_preset(void **state) {
    struct fixture *fixture = *state;
    static const char *const cases[][2] = {
        {"[1]", "presets are one JSON object, {\"name\": \"topk(80%)\", ...}"},
        {"{\"a\": 3}",
         "preset \"a\" must be a specification (\"topk(80%)\") or an object of families "
         "({\"topk\": \"topk(80%)\", ...})"},
        {"{\"a\": {}}",
         "preset \"a\" must be a specification (\"topk(80%)\") or an object of families "
         "({\"topk\": \"topk(80%)\", ...})"},
        {"{\"a\": {\"b\": 1}}", "preset \"a\": family \"b\" must be a specification"},
        {"{\"topk\": \"local(1)\"}",
         "preset \"topk\": this is the name of a pattern; choose another name"},
        {"{\"a\": \"local(1)\", \"a\": \"local(2)\"}",
         "preset \"a\" stands there twice; take one out"},
        {"{\"2a\": \"local(1)\"}",
         "preset \"2a\": a name has letters, digits, '_' and '-', a letter or "
         "'_' first, and at most 64 bytes"},
        {"{\"\": \"local(1)\"}",
         "preset \"\": a name has letters, digits, '_' and '-', a letter or '_' "
         "first, and at most 64 bytes"},
        {"{\"light_sparse\": \"local(1)\", \"a\": \"topk(1.8)\"}",
         "preset \"a\": column 6: share must be at least 0 and below 1, not 1.8\n"
         "  topk(1.8)\n"
         "       ^"},
        {"{\"a\": {\"near\": \"local(1)\", \"far\": \"lokal(9)\"}}",
         "preset \"a:far\": column 1: no pattern or preset is called \"lokal\"; did you mean "
         "local?\n"
         "  lokal(9)\n"
         "  ^"},
        {"{\"a\": \"\"}",
         "preset \"a\": column 1: a pattern or preset is expected, such as topk(0.8) "
         "or dense\n"
         "  \n"
         "  ^"},
        {"{\"a\": \"local(1) + b\", \"b\": \"local(2) ! 3\"}",
         "preset \"b\": column 10: a '+', '&', '@' or ';' is expected\n"
         "  local(2) ! 3\n"
         "           ^"},
        {"{\"a\": \"local(1) + a\"}",
         "preset \"a\": column 12: preset a refers to itself (a -> a)\n"
         "  local(1) + a\n"
         "             ^"},
        {"{\"a\": \"b\", \"b\": \"local(2) & c\", \"c\": \"b@L1\"}",
         "preset \"c\": column 1: preset b refers to itself (b -> c -> b)\n"
         "  b@L1\n"
         "  ^"},
        {"{\"a\": \"local(1)@L0\", \"b\": \"a + dense\"}",
         "preset \"b\": column 1: preset a has several clauses or a place, so it must be a clause "
         "of "
         "its own\n"
         "  a + dense\n"
         "  ^"},
    };
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
        assert_refused(fixture, cases[c][0], cases[c][1]);
}

static void unreadable_files_are_named(void **state) {
    struct fixture *fixture = *state;
    struct sawb_error error;
    assert_int_equal(load(fixture, "{\"a\": ", &error), -1);
    assert_memory_equal(error.message, fixture->path, strlen(fixture->path));
    char *missing = temporary_path(&fixture->folder, "missing.json");
    assert_int_equal(presets_load(fixture->presets, missing, &error), -1);
    assert_memory_equal(error.message, missing, strlen(missing));
    free(missing);
    assert_int_equal(presets_count(fixture->presets), 10);
}

/* A change under a preset's feet: the preset that no longer parses is named, with its own file. */
static void an_override_that_breaks_another_preset_is_refused(void **state) {
    struct fixture *fixture = *state;
    struct sawb_error error;
    assert_loads(fixture, "{\"base\": \"local(1)\", \"above\": \"base + global(cls)\"}");
    assert_int_equal(load(fixture, "{\"base\": \"above\"}", &error), -1);
    assert_non_null(strstr(error.message,
                           "preset \"above\": column 1: preset base refers to itself "
                           "(base -> above -> base)"));
    assert_pattern(fixture, "above", "local(1) + global(cls)");
}

/* Each doubles the one before: the limit on patterns ends it. */
static void presets_cannot_explode(void **state) {
    struct fixture *fixture = *state;
    char json[4000];
    size_t used = (size_t)snprintf(json, sizeof(json), "{\"p0\": \"local(1); local(2)\"");
    for (int p = 1; p <= 25; p++)
        used += (size_t)snprintf(json + used, sizeof(json) - used, ", \"p%d\": \"p%d; p%d\"", p,
                                 p - 1, p - 1);
    snprintf(json + used, sizeof(json) - used, "}");
    struct sawb_error error;
    assert_int_equal(load(fixture, json, &error), -1);
    assert_non_null(strstr(error.message, "more than 1024 clauses and heads"));
}

static void a_long_chain_of_presets_is_refused(void **state) {
    struct fixture *fixture = *state;
    char json[2000];
    size_t used = (size_t)snprintf(json, sizeof(json), "{\"p0\": \"local(1)\"");
    for (int p = 1; p <= 40; p++)
        used += (size_t)snprintf(json + used, sizeof(json) - used, ", \"p%d\": \"p%d\"", p, p - 1);
    snprintf(json + used, sizeof(json) - used, "}");
    struct sawb_error error;
    assert_int_equal(load(fixture, json, &error), -1);
    assert_non_null(strstr(error.message, "preset \"p1\": column 1: presets or parentheses nested "
                                          "more than 32 deep"));
}

static void saving_keeps_what_is_there(void **state) {
    struct fixture *fixture = *state;
    static const char other[] = "{\"//\": \"a note\", \"mine\": \"light_sparse\", "
                                "\"two\": {\"x\": \"local(1)\", \"y\": \"mine\"}}";
    struct sawb_error error;
    char *path = temporary_path(&fixture->folder, "sawb/presets.json"), *text;
    if (presets_save(fixture->presets, path, "mine", "light_sparse & without(0.3)", &error) < 0)
        fail_msg("%s", error.message);
    assert_pattern(fixture, "mine", "topk(40%) & without(0.3)");
    assert_int_equal(file_replace(path, other, strlen(other), &error), 0);
    /* Over a preset that the specification itself names. */
    if (presets_save(fixture->presets, path, "mine", "mine; heads_off(0.1)", &error) < 0)
        fail_msg("%s", error.message);
    assert_int_equal(file_read(&text, NULL, path, &error), 0);
    assert_non_null(strstr(text, "\"a note\""));
    assert_non_null(strstr(text, "\"topk(40%) & without(0.3); heads_off(0.1)\""));
    assert_non_null(strstr(text, "local(1)"));
    assert_pattern(fixture, "two:y", "topk(40%) & without(0.3); heads_off(0.1)");
    free(text);
    free(path);
}

static void what_cannot_be_saved_changes_nothing(void **state) {
    struct fixture *fixture = *state;
    static const char content[] = "{\"a\": \"topk(0.5)\", \"b\": \"a + dense\"}";
    struct sawb_error error;
    char *text;
    assert_loads(fixture, content);
    assert_int_equal(presets_save(fixture->presets, fixture->path, "topk", "dense", &error), -1);
    assert_int_equal(presets_save(fixture->presets, fixture->path, "no name", "dense", &error), -1);
    assert_int_equal(presets_save(fixture->presets, fixture->path, "c", "topk(2)", &error), -1);
    /* b would no longer parse: a would be several clauses. */
    assert_int_equal(
        presets_save(fixture->presets, fixture->path, "a", "dense; heads_off(0.1)", &error), -1);
    assert_int_equal(file_read(&text, NULL, fixture->path, &error), 0);
    assert_string_equal(text, content);
    free(text);
    assert_pattern(fixture, "b", "topk(0.5) + dense");
    assert_int_equal(file_replace(fixture->path, "[1]", 3, &error), 0);
    assert_int_equal(presets_save(fixture->presets, fixture->path, "c", "dense", &error), -1);
    assert_int_equal(file_read(&text, NULL, fixture->path, &error), 0);
    assert_string_equal(text, "[1]");
    free(text);
}

/* What a session keeps: all presets as an object, which stands for them where the files do not. */
static void kept_as_an_object(void **state) {
    struct fixture *fixture = *state;
    struct sawb_error error;
    assert_loads(fixture,
                 "{\"mine\": \"local(2) + global(cls)\", \"theirs\": \"mine & dilated(4, 2)\"}");
    cJSON *object = presets_json(fixture->presets);
    struct presets *again = presets_create();
    assert_non_null(object);
    assert_non_null(again);
    if (presets_read(again, object, "session", &error) < 0)
        fail_msg("%s", error.message);
    assert_int_equal(presets_count(again), presets_count(fixture->presets));
    for (int i = 0; i < presets_count(again); i++) {
        assert_string_equal(presets_name(again, i), presets_name(fixture->presets, i));
        assert_string_equal(presets_specification(again, i),
                            presets_specification(fixture->presets, i));
    }
    cJSON_Delete(object);

    /* Nothing of what was there stays, but after an error all of it. */
    cJSON *wrong = cJSON_Parse("{\"mine\": \"no_such(1)\"}"),
          *one = cJSON_Parse("{\"one\": \"dense\"}");
    assert_int_equal(presets_read(again, wrong, "session", &error), -1);
    assert_non_null(strstr(error.message, "session: preset \"mine\""));
    assert_int_equal(presets_count(again), presets_count(fixture->presets));
    assert_int_equal(presets_read(again, one, "session", &error), 0);
    assert_int_equal(presets_count(again), 1);
    cJSON_Delete(wrong);
    cJSON_Delete(one);
    presets_free(again);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(shipped_presets_are_those_of_the_design, set_up, tear_down),
    cmocka_unit_test_setup_teardown(block_family_meets_its_target, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_later_file_wins_and_adds, set_up, tear_down),
    cmocka_unit_test_setup_teardown(presets_may_use_presets, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_preset_acts_as_if_in_parentheses, set_up, tear_down),
    cmocka_unit_test_setup_teardown(several_clauses_stand_alone_only, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_place_in_a_preset_is_blamed_on_its_name, set_up, tear_down),
    cmocka_unit_test_setup_teardown(faults_name_file_and_preset, set_up, tear_down),
    cmocka_unit_test_setup_teardown(unreadable_files_are_named, set_up, tear_down),
    cmocka_unit_test_setup_teardown(an_override_that_breaks_another_preset_is_refused, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(a_long_chain_of_presets_is_refused, set_up, tear_down),
    cmocka_unit_test_setup_teardown(presets_cannot_explode, set_up, tear_down),
    cmocka_unit_test_setup_teardown(saving_keeps_what_is_there, set_up, tear_down),
    cmocka_unit_test_setup_teardown(what_cannot_be_saved_changes_nothing, set_up, tear_down),
    cmocka_unit_test_setup_teardown(kept_as_an_object, set_up, tear_down),
};

TEST_GROUP(tests_sparsity_presets, tests);

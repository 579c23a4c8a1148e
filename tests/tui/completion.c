/*
 * completion.c - what the `:` prompt offers for a line.
 */
#include "tests/tui/command_fixture.h"

/* The candidates for a line joined with blanks, at most `limit` bytes; *start as command_complete.
 */
static void candidates_in(struct desk *desk, unsigned where, const char *line, char *joined,
                          size_t limit, size_t *start) {
    struct completion *completions;
    int count = command_complete(&desk->workbench, where, line, start, &completions);
    joined[0] = '\0';
    for (int i = 0; i < count; i++) {
        assert_non_null(completions[i].help);
        assert_true(strlen(joined) + strlen(completions[i].text) + 2 < limit);
        if (i > 0)
            strcat(joined, " ");
        strcat(joined, completions[i].text);
    }
    completions_free(completions, count);
}

static void candidates(struct desk *desk, const char *line, char *joined, size_t limit,
                       size_t *start) {
    candidates_in(desk, COMMAND_SCREEN, line, joined, limit, start);
}

static void test_candidates(void **state) {
    (void)state;
    static const struct {
        const char *line;
        size_t start;
        const char *candidates;
    } rows[] = {
        {"spa", 0, "sparsity"},
        {"  trai", 2, "train"},
        {"predict", 0, ""}, /* not on the screen */
        {"sparsity ", 9, "a b both"},
        {"sparsity B", 9, "b both"},
        {"s b aggr", 4, "aggressive_sparse aggressive_sparse:local"},
        {"sparsity b loc", 11, "local("},
        {"sparsity b topk(0.5)+loc", 21, "local("},
        {"sparsity b topk(0.5) ; den", 23, "dense"},
        {"sparsity b topk(0", 11, ""},
        {"preset both den", 12, "dense"},
        {"preset both dense ", 18, ""}, /* nothing comes behind the last argument */
        {"eval data.tsv ", 14, ""},
        {"set ", 4, "palette ramp mouse live mode sparsity"},
        {"set pa", 4, "palette"},
        {"set palette li", 12, "light"},
        {"set sparsity b loc", 15, "local("},
        {"bind x zo", 7, "zoom-map zoom zoom-x"},
        {"bind x view met", 12, "metrics"},
        {"bind x set ", 11, "palette ramp mouse live mode sparsity"},
        {"run sparsity den", 13, "dense"},
        {"sweep --family top", 15, "topk"},
        {"sweep --family=local,to", 21, "topk"},
        {"view c", 5, "console"},
        {"help vi", 5, "view"},
        {"train x --lab", 8, "--label-noise --label-smoothing"},
        {"train x --storage ", 18, "f32 f16"},
        {"train x --storage=f1", 18, "f16"},
        {"train x -s den", 11, "dense"},
        {"eval --arm ", 11, "a b"},
        {"cursor t", 7, "top"},
        {"text --", 5, ""},
        {"nonsense x", 9, ""},
        {"swap x", 5, ""},
    };
    struct desk desk;
    char joined[1024];
    size_t start;
    desk_open(&desk, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        candidates(&desk, rows[i].line, joined, sizeof(joined), &start);
        if (strcmp(joined, rows[i].candidates) != 0)
            fail_msg("\"%s\" offers \"%s\", not \"%s\"", rows[i].line, joined, rows[i].candidates);
        assert_int_equal(start, rows[i].start);
    }
    /* An empty line offers every command of the screen. */
    const struct command *command;
    candidates(&desk, "", joined, sizeof(joined), &start);
    for (int i = 0; (command = command_get(i)); i++) {
        if (command->where & COMMAND_SCREEN)
            assert_holds(joined, command->name);
    }
    desk_close(&desk);
}

/* What a console and scripts offer: their commands, variables, heads of the model, rows of the data
 * set. */
static void test_script(void **state) {
    (void)state;
    static const struct {
        const char *line;
        size_t start;
        const char *candidates;
    } rows[] = {
        {"predi", 0, "predict"},
        {"view", 0, ""}, /* only on the screen */
        {"seria", 0, ""},
        {"fore", 0, "foreach"},
        {"foreach x ", 10, "in"},
        {"foreach x in pre", 13, "presets"},
        {"foreach x in ", 13,
         "presets heads layers rows dense aggressive_sparse aggressive_sparse:local"},
        {"foreach x in dense aggr", 19, "aggressive_sparse aggressive_sparse:local"},
        {"foreach x in heads ", 19, ""},
        {"foreach x in rows /nowhere/x 5", 29, ""},
        {"cells ", 6, "clear"},
        {"cells clear ", 12, ""},
        {"mean 1.", 5, "1.0 1.1"},
        {"sparsity b heads_off(0.", 21, "0.0 0.1"},
        {"sparsity b topk(0.5)+heads_off(0.1,1", 35, "1.0 1.1"},
        {"attach run sparsity den", 20, "dense"},
        {"help asse", 5, "assert"},
        {"predict $", 8, "$sentence $seed ${sentence.row}"},
        {"predict $se", 8, "$sentence $seed"},
        {"predict ${", 8, "${sentence.row}"},
        {"predict $seed", 8, "$seed"},
        {"ablate ", 7, "none 0.0 0.1 1.0 1.1"},
        {"ablate 1.", 7, "1.0 1.1"},
        {"cells --head 0", 13, "0.0 0.1"},
        {"data select ", 12, "0 1 2 3"},
    };
    struct desk desk;
    char joined[1024], path[512];
    size_t start;
    desk_open(&desk, 1);
    struct workbench *workbench = &desk.workbench;
    assert_int_equal(scripting_set(&workbench->scripting, "sentence", "a film", NULL), 0);
    assert_int_equal(scripting_set(&workbench->scripting, "seed", "1", NULL), 0);
    assert_int_equal(scripting_set(&workbench->scripting, "sentence.row", "0", NULL), 0);
    candidates_in(&desk, COMMAND_SCRIPT, "ablate ", joined, sizeof(joined), &start);
    assert_string_equal(joined, "none"); /* without a model nobody knows */
    candidates_in(&desk, COMMAND_SCRIPT, "data select ", joined, sizeof(joined), &start);
    assert_string_equal(joined, "");
    assert_int_equal(workbench_load(workbench, NULL), 0);
    snprintf(path, sizeof(path), "%s/data.tsv", desk.folder.path);
    assert_int_equal(data_open(&workbench->data, path, &workbench->arms[ARM_A].model->config, NULL),
                     0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        candidates_in(&desk, COMMAND_SCRIPT, rows[i].line, joined, sizeof(joined), &start);
        if (strcmp(joined, rows[i].candidates) != 0)
            fail_msg("\"%s\" offers \"%s\", not \"%s\"", rows[i].line, joined, rows[i].candidates);
        assert_int_equal(start, rows[i].start);
    }
    /* Rows are told by their sentences; the screen knows no variables. */
    struct completion *completions;
    int count = command_complete(workbench, COMMAND_SCRIPT, "data select 1", &start, &completions);
    assert_int_equal(count, 1);
    assert_string_equal(completions[0].help, "the dull story");
    completions_free(completions, count);
    candidates(&desk, "sort $", joined, sizeof(joined), &start);
    assert_string_equal(joined, "");
    desk_close(&desk);
}

static void test_files(void **state) {
    (void)state;
    struct desk desk;
    char joined[2048], line[512], expected[2048];
    size_t start;
    desk_open(&desk, 0);
    desk_write(&desk, "my data.tsv", "x");
    desk_write(&desk, ".hidden.tsv", "x");
    char *path = temporary_path(&desk.folder, "data");
    assert_int_equal(file_make_directory(path, NULL), 0);
    free(path);
    const char *folder = desk.folder.path;

    snprintf(line, sizeof(line), "eval %s/", folder);
    candidates(&desk, line, joined, sizeof(joined), &start);
    snprintf(expected, sizeof(expected),
             "%s/data.tsv %s/data/ %s/my\\ data.tsv %s/presets.json %s/sentences.txt", folder,
             folder, folder, folder, folder);
    assert_string_equal(joined, expected);
    assert_int_equal(start, 5);

    /* What was offered completes further. */
    snprintf(line, sizeof(line), "eval %s/my\\ d", folder);
    candidates(&desk, line, joined, sizeof(joined), &start);
    snprintf(expected, sizeof(expected), "%s/my\\ data.tsv", folder);
    assert_string_equal(joined, expected);

    snprintf(line, sizeof(line), "train %s/d", folder);
    candidates(&desk, line, joined, sizeof(joined), &start);
    snprintf(expected, sizeof(expected), "%s/data/", folder);
    assert_string_equal(joined, expected);

    snprintf(line, sizeof(line), "eval %s/.h", folder);
    candidates(&desk, line, joined, sizeof(joined), &start);
    snprintf(expected, sizeof(expected), "%s/.hidden.tsv", folder);
    assert_string_equal(joined, expected);

    candidates(&desk, "eval /nowhere/x", joined, sizeof(joined), &start);
    assert_string_equal(joined, "");
    desk_close(&desk);
}

/* Every beginning of some lines: no crash, and a start inside of the line. */
static void test_every_prefix(void **state) {
    (void)state;
    static const char *const lines[] = {
        "sparsity both topk(0.5)@L0.H1 + local(3) & global(cls); 'x y' \"z",
        "train 'a b' --out=\"c d\" --lr 1e-4 --resume -m x -- -y",
        "bind x set palette light",
        "compare dense tests/model/vectors/bert=topk(0.2) samples/sentences.txt extra words",
    };
    struct desk desk;
    char line[256];
    desk_open(&desk, 0);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        for (size_t length = 0; length <= strlen(lines[i]); length++) {
            struct completion *completions;
            size_t start;
            memcpy(line, lines[i], length);
            line[length] = '\0';
            int count =
                command_complete(&desk.workbench, COMMAND_SCREEN, line, &start, &completions);
            assert_true(start <= length);
            completions_free(completions, count);
        }
    }
    desk_close(&desk);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_candidates),
    cmocka_unit_test(test_script),
    cmocka_unit_test(test_files),
    cmocka_unit_test(test_every_prefix),
};
TEST_GROUP(tests_tui_completion, tests);

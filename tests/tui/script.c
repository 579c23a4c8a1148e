/*
 * script.c - scripts: variables, loops, assertions, and what is said when they fail.
 */
#include "tests/tui/command_fixture.h"
#include "tui/command/script.h"

static int run_script(struct desk *desk, const char *text, const char *where) {
    desk_forget(desk);
    return command_run_script(&desk->workbench, text, where, &desk->sink);
}

static void run_well(struct desk *desk, const char *text, const char *results) {
    int status = run_script(desk, text, "t");
    if (status != COMMAND_DONE)
        fail_msg("\"%s\" fails: %s", text, desk_told(desk, TOLD_ERRORS));
    assert_string_equal(desk_told(desk, TOLD_RESULTS), results);
}

static void run_badly(struct desk *desk, const char *text, int status, const char *error) {
    assert_int_equal(run_script(desk, text, "t"), status);
    assert_holds(desk_told(desk, TOLD_ERRORS), error);
}

/* ---- variables ------------------------------------------------------------------------------- */

static void test_expansion(void **state) {
    (void)state;
    /* With a = `x y`, b = `it's "so" \`, e = ``, r.label = `POSITIVE`. */
    static const struct {
        const char *line;
        int list, before;
        const char *expanded;
    } rows[] = {
        {"predict $a", 0, 0, "predict x\\ y"},
        {"predict ${a}z", 0, 0, "predict x\\ yz"},
        {"predict $b", 0, 0, "predict it\\'s\\ \\\"so\\\"\\ \\\\"},
        {"predict \"$b\"", 0, 0, "predict \"it's \\\"so\\\" \\\\\""},
        {"predict '$a'", 0, 0, "predict '$a'"},
        {"predict \\$a \"\\$a\"", 0, 0, "predict \\$a \"$a\""},
        {"predict $e x$e", 0, 0, "predict \"\" x"},
        {"predict --text=\"$a\"", 0, 0, "predict --text=\"x y\""},
        {"predict $5 $ a$", 0, 0, "predict $5 $ a$"},
        {"predict ${r.label}", 0, 0, "predict POSITIVE"},
        {"predict it's $a it's", 0, 0, "predict it's x\\ y it's"},
        {"foreach i in $a \"$a\"", 1, 0, "foreach i in x y \"x y\""},
        {"text $b", 0, 1, "text it's \"so\" \\"},
        {"text \"$b\"", 0, 1, "text \"it's \\\"so\\\" \\\\\""},
        {"text say \"$b\"", 0, 1, "text say \"it's \"so\" \\\""},
        {"sparsity b \"$a\" ", 0, 2, "sparsity b \"x y\" "},
        {"text \\$a", 0, 1, "text $a"},
    };
    struct desk desk;
    struct sawb_error error;
    desk_open(&desk, 1);
    struct scripting *scripting = &desk.workbench.scripting;
    assert_int_equal(scripting_set(scripting, "a", "old", NULL), 0);
    assert_int_equal(scripting_set(scripting, "a", "x y", NULL), 0);
    assert_int_equal(scripting_set(scripting, "b", "it's \"so\" \\", NULL), 0);
    assert_int_equal(scripting_set(scripting, "e", "", NULL), 0);
    assert_int_equal(scripting_set(scripting, "r.label", "POSITIVE", NULL), 0);
    assert_int_equal(scripting->count, 4);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *expanded =
            script_expand(&desk.workbench, rows[i].line, rows[i].list, rows[i].before, &error);
        if (!expanded || strcmp(expanded, rows[i].expanded) != 0)
            fail_msg("\"%s\" becomes \"%s\"", rows[i].line, expanded ? expanded : error.message);
        free(expanded);
    }
    assert_null(script_expand(&desk.workbench, "predict \"$none\"", 0, 0, &error));
    assert_holds(error.message, "there is no variable none");
    desk_close(&desk);
}

static void test_let(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    run_well(&desk, "let a = one two; let b = \"$a three\"; echo $b; let a = ; echo [$a]",
             "one two three\n[]\n");
    run_well(&desk, "let o = --json -s topk(0.5)\necho $o", "--json -s topk(0.5)\n");
    run_well(&desk, "# $none\necho a; echo b", "a\nb\n");
    run_badly(&desk, "\n\n echo $none", COMMAND_USAGE, "t:3: there is no variable none");
    run_badly(&desk, "let a-b = 1", COMMAND_USAGE, "t:1: let: it is written");
    run_badly(&desk, "let a : 1", COMMAND_USAGE, "let: it is written");
    run_badly(&desk, "let a", COMMAND_USAGE, "too few arguments");
    desk_close(&desk);
}

/* ---- loops ----------------------------------------------------------------------------------- */

static void test_loops(void **state) {
    (void)state;
    struct desk desk;
    char text[1024];
    desk_open(&desk, 1);
    run_well(&desk, "foreach x in a 'b c' 2..4 1..-1; echo $x; end; echo after",
             "a\nb c\n2\n3\n4\n1\n0\n-1\nafter\n");
    run_well(&desk,
             "foreach x in 1..2\n  foreach y in p q # no comment\n    echo $x$y\n  end\nend\n",
             "1p\n1q\n1#\n1no\n1comment\n2p\n2q\n2#\n2no\n2comment\n");
    run_well(&desk, "foreach x in; echo never; end", "");
    run_well(&desk,
             "let list = a b; foreach x in $list; echo $x; end; foreach x in \"$list\"\n"
             "echo $x\nend",
             "a\nb\na b\n");
    run_well(&desk, "foreach p in presets; echo $p; end",
             "dense\naggressive_sparse\naggressive_sparse:local\n");
    run_well(&desk, "foreach h in heads; echo $h ${h.layer} ${h.head}; end",
             "0.0 0 0\n0.1 0 1\n1.0 1 0\n1.1 1 1\n");
    run_well(&desk, "foreach l in layers; echo $l; end", "0\n1\n");
    snprintf(text, sizeof(text),
             "foreach r in rows %s/data.tsv 3; echo ${r.row} ${r.label} $r; end", desk.folder.path);
    run_well(&desk, text, "0 POSITIVE a fine film\n1 NEGATIVE the dull story\n2 NEGATIVE bad\n");
    run_well(&desk, "foreach x in 1..3; echo $x; quit; end; echo never", "1\n");
    desk.workbench.quit = 0;

    run_badly(&desk, "foreach x in 1..3\n\nfail $x\nend", COMMAND_USAGE, "t:3: unknown command");
    run_badly(&desk, "echo never\nforeach x in a\nforeach y in b\nend", COMMAND_USAGE,
              "t:2: foreach: it is never closed");
    assert_string_equal(desk_told(&desk, TOLD_RESULTS), "");
    run_badly(&desk, "echo never;end", COMMAND_USAGE, "t:1: end: there is no foreach");
    assert_string_equal(desk_told(&desk, TOLD_RESULTS), "");
    run_badly(&desk, "foreach x on a\nend", COMMAND_USAGE, "t:1: foreach: it is written");
    run_badly(&desk, "foreach 1 in a\nend", COMMAND_USAGE, "t:1: foreach: it is written");
    run_badly(&desk, "foreach x in rows\nend", COMMAND_FAILED, "rows FILE [LIMIT]");
    run_badly(&desk, "foreach x in rows /nowhere.tsv\nend", COMMAND_FAILED, "t:1: /nowhere.tsv");
    run_badly(&desk, "foreach x in 1..99999999\nend", COMMAND_FAILED, "beyond 1000000");
    assert_int_equal(desk_run(&desk, "foreach x in a"), COMMAND_USAGE);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "only in a script");
    desk_close(&desk);
}

static void test_places(void **state) {
    (void)state;
    struct desk desk;
    char text[512];
    desk_open(&desk, 1);
    desk_write(&desk, "inner.sawb", "echo in\nassert x == 1\n");
    snprintf(text, sizeof(text), "\nrun %s/inner.sawb\necho never", desk.folder.path);
    run_badly(&desk, text, COMMAND_USAGE, "t:2: ");
    assert_holds(desk_told(&desk, TOLD_ERRORS), "inner.sawb:2: assert: ");
    assert_string_equal(desk_told(&desk, TOLD_RESULTS), "in\n");
    /* Without a name the line is not said. */
    assert_int_equal(run_script(&desk, "nonsense", NULL), COMMAND_USAGE);
    assert_int_equal(strncmp(desk_told(&desk, TOLD_ERRORS), "unknown command", 15), 0);

    assert_int_equal(script_open_loops("foreach x in a\nforeach y in b; end"), 1);
    assert_int_equal(script_open_loops("echo foreach; end; end"), 0);
    assert_int_equal(script_open_loops("# foreach x in a"), 0);
    assert_int_equal(script_last("a; b 'c;d'"), 2);
    assert_int_equal(script_last("a\nb; "), 4);
    assert_int_equal(script_last("sparsity a global(0; 1)"), 0);
    desk_close(&desk);
}

/* ---- assertions ------------------------------------------------------------------------------ */

static void test_assertions(void **state) {
    (void)state;
    static const char result[] =
        "{\"accuracy\":0.5,\"label\":\"POSITIVE\",\"text\":\"a \\\"b\\\"\",\"none\":null,"
        "\"yes\":true,\"logits\":[-1,2.5],\"a\":{\"accuracy\":0.5},\"b\":{\"accuracy\":0.25}}";
    static const struct {
        const char *expression;
        int holds;
        const char *error;
    } rows[] = {
        {"accuracy == 0.5", 1, NULL},
        {"accuracy>=0.5", 1, NULL},
        {"accuracy <= 5e-1", 1, NULL},
        {"accuracy < 0.5", 0, "accuracy is 0.5, but < 0.5 was asserted"},
        {"accuracy > 0.25", 1, NULL},
        {"accuracy != 0.5", 0, "accuracy is 0.5"},
        {"logits.1 == 2.5", 1, NULL},
        {"logits.0 > -2", 1, NULL},
        {"a.accuracy > b.accuracy", 1, NULL},
        {"a.accuracy == accuracy", 1, NULL},
        {"label == POSITIVE", 1, NULL},
        {"label == \"POSITIVE\"", 1, NULL},
        {"label == NEGATIVE", 0, "label is POSITIVE, but == NEGATIVE was asserted"},
        {"label != label", 0, "label is POSITIVE"},
        {"label != 'label'", 1, NULL},
        {"text == \"a \"b\"\"", 1, NULL},
        {"none == null", 1, NULL},
        {"yes == true", 1, NULL},
        {"accuracy == high", 0, "accuracy is 0.5"},
        {"accuracy != high", 1, NULL},
        {"label > 1", -1, "> compares numbers; label is not one"},
        {"accuracy > high", -1, "> compares numbers; high is not one"},
        {"logits == 1", -1, "logits holds several values; name one of them, as logits.0"},
        {"a == 1", -1, "as a.accuracy"},
        {"logits.2 == 1", -1, "no field \"logits.2\"; it has accuracy, label"},
        {"logits.x == 1", -1, "no field"},
        {"acuracy > 1", -1, "no field \"acuracy\""},
        {"accuracy", -1, "FIELD OP VALUE"},
        {"accuracy =", -1, "FIELD OP VALUE"},
        {"== 1", -1, "FIELD OP VALUE"},
        {"accuracy >", -1, "FIELD OP VALUE"},
        {"a..b == 1", -1, "no field"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sawb_error error = {""};
        int holds = script_holds(rows[i].expression, result, &error);
        if (holds != rows[i].holds)
            fail_msg("\"%s\" is %d: %s", rows[i].expression, holds, error.message);
        if (rows[i].error)
            assert_holds(error.message, rows[i].error);
    }
}

/* Results are there to be asserted with and without --json, and only with it printed as such. */
static void test_results(void **state) {
    (void)state;
    static const struct {
        const char *command, *assertion; /* %s: the folder */
    } rows[] = {
        {"predict 'a fine film' -s topk(0.5)", "sparsity.realised > 0.2"},
        {"tokens 'a fine film'", "ids.0 == 2"},
        {"eval %s/data.tsv", "rows == 4"},
        {"compare dense topk(0.8) %s/data.tsv", "b.sparsity.realised > a.sparsity.realised"},
        {"rows dense topk(0.8) %s/data.tsv", "all.rows == 4"},
        {"bench tokenize", "name == tokenize"},
        {"metrics 'a fine film'", "arm == B"},
        {"occlude 'a fine film'", "token == 3"},
        {"sweep %s/data.tsv --points 0.5", "family == topk"},
        {"prune %s/data.tsv --until 1", "heads_off == 1"},
        {"export %s/x.safetensors --text 'a film'", "text == 'a film'"},
        {"save %s/x.svg attention --text 'a film'", "view == attention"},
    };
    struct desk desk;
    desk_open(&desk, 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (int json = 0; json < 2; json++) {
            char line[256], assertion[128];
            snprintf(line, sizeof(line), "%s%s", rows[i].command, json ? " --json" : "");
            if (desk_run(&desk, line) != COMMAND_DONE)
                fail_msg("%s: %s", line, desk_told(&desk, TOLD_ERRORS));
            if ((desk_told(&desk, TOLD_RESULTS)[0] == '{') != json)
                fail_msg("%s: %s", line, desk_told(&desk, TOLD_RESULTS));
            snprintf(assertion, sizeof(assertion), "assert %s", rows[i].assertion);
            if (desk_run(&desk, "echo between") != COMMAND_DONE ||
                desk_run(&desk, assertion) != COMMAND_DONE)
                fail_msg("%s; %s: %s", line, assertion, desk_told(&desk, TOLD_ERRORS));
        }
    }
    assert_int_equal(desk_run(&desk, "assert file == nonsense"), COMMAND_FAILED);
    assert_int_equal(desk_run(&desk, "swap"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "assert x == 1"), COMMAND_USAGE);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "swap left no result");
    desk_close(&desk);

    desk_open(&desk, 1);
    assert_int_equal(desk_run(&desk, "assert x == 1"), COMMAND_USAGE);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "no command has run yet");
    assert_int_equal(desk_run(&desk, "console"), COMMAND_USAGE);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "sawb console");
    desk_close(&desk);
}

/* Layer and head of the options win over those of the workbench, and -m, -s of a script last. */
static void test_settled(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    desk_write(&desk, "s.sawb", "predict 'a film'\nassert sparsity.spec == topk(0.5)\n");
    assert_int_equal(desk_run(&desk, "run %s/s.sawb -s topk(0.5) -m " DISTILBERT), COMMAND_DONE);
    assert_holds(desk.workbench.arms[ARM_A].model->directory, "distilbert");
    assert_int_equal(desk_run(&desk, "run %s/s.sawb -s topk(0.5) -m " BERT), COMMAND_DONE);
    assert_string_equal(desk.workbench.arms[ARM_A].model->directory, BERT);
    assert_int_equal(desk_run(&desk, "run %s/s.sawb -s topk(5)"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "run %s/s.sawb -m /nowhere"), COMMAND_FAILED);
    desk_close(&desk);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_expansion),  cmocka_unit_test(test_let),
    cmocka_unit_test(test_loops),      cmocka_unit_test(test_places),
    cmocka_unit_test(test_assertions), cmocka_unit_test(test_results),
    cmocka_unit_test(test_settled),
};
TEST_GROUP(tests_tui_script, tests);

/*
 * command.c - the command table, the command language, and the commands that change the workbench
 * or answer without much work.
 */
#include <ctype.h>

#include "tests/tui/command_fixture.h"
#include "tui/command/arguments.h"

/* ---- the table ------------------------------------------------------------------------------- */

static void check_options(const struct command *command) {
    for (const struct option_row *row = command->options; row && row->name; row++) {
        assert_true(row->help && row->help[0]);
        assert_true(row->kind == ARGUMENT_NONE ? row->value == NULL : row->value != NULL);
        assert_true(row->kind != ARGUMENT_CHOICE || strchr(row->value, '|') != NULL);
        for (const struct option_row *other = row + 1; other->name; other++)
            assert_string_not_equal(row->name, other->name);
        for (const struct option_row *other = command_common_options(); other->name; other++)
            assert_string_not_equal(row->name, other->name);
    }
}

static void test_table(void **state) {
    (void)state;
    const struct command *command;
    for (int i = 0; (command = command_get(i)); i++) {
        assert_ptr_equal(command_find(command->name), command);
        if (command->alias)
            assert_ptr_equal(command_find(command->alias), command);
        for (const char *at = command->name; *at; at++)
            assert_true(islower((unsigned char)*at) || (*at == '-' && at > command->name));
        assert_true(command->help && command->help[0] && islower((unsigned char)command->help[0]));
        assert_non_null(command->usage);
        assert_non_null(command->run);
        assert_true(command->where & (COMMAND_SHELL | COMMAND_SCREEN | COMMAND_SCRIPT));
        assert_true(command->maximum < 0 || command->minimum <= command->maximum);
        /* Who takes arguments says in its usage which. */
        assert_true((command->maximum != 0) == (command->usage[0] != '\0'));
        assert_true((command->maximum != 0) == (command->positionals[0].kind != ARGUMENT_NONE));
        for (int k = 0; k < COMMAND_POSITIONALS; k++) {
            const struct positional_row *row = &command->positionals[k];
            assert_true(row->kind != ARGUMENT_CHOICE || row->choices != NULL);
        }
        check_options(command);
    }
    assert_null(command_find("nothing"));
    assert_null(command_get(-1));
}

/* Every row: --help answers with its usage, and options nobody knows are refused. */
static void test_every_row(void **state) {
    (void)state;
    const struct command *command;
    struct desk desk;
    char line[128];
    desk_open(&desk, 1);
    for (int i = 0; (command = command_get(i)); i++) {
        snprintf(line, sizeof(line), "%s --help", command->name);
        assert_int_equal(desk_run(&desk, line), COMMAND_DONE);
        assert_holds(desk_told(&desk, TOLD_RESULTS), command->name);
        /* The usage is wrapped: look for its first word of help. */
        char *usage = command_usage(command);
        assert_non_null(usage);
        assert_holds(usage, "usage: ");
        free(usage);
        if (command->where & COMMAND_RAW)
            continue;
        snprintf(line, sizeof(line), "%s --no-such-option", command->name);
        assert_int_equal(desk_run(&desk, line), COMMAND_USAGE);
        assert_holds(desk_told(&desk, TOLD_ERRORS), "--no-such-option");
        if (command->minimum > 0) {
            assert_int_equal(desk_run(&desk, command->name), COMMAND_USAGE);
            assert_holds(desk_told(&desk, TOLD_ERRORS), command->usage);
        }
    }
    desk_close(&desk);
}

static void test_suggestions(void **state) {
    (void)state;
    static const struct {
        const char *word, *name;
    } rows[] = {{"evla", "eval"},       {"eval", "eval"},      {"predict", "predict"},
                {"pridect", "predict"}, {"trian", "train"},    {"tarin", "train"},
                {"good", NULL},         {"film", NULL},        {"", NULL},
                {"layr", NULL},         {"compre", "compare"}, {"averyveryverylongword", NULL}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *name = command_suggest(rows[i].word, COMMAND_SHELL);
        if (rows[i].name)
            assert_string_equal(name, rows[i].name);
        else
            assert_null(name);
    }
    assert_string_equal(command_suggest("layr", COMMAND_SCREEN), "layer");
}

/* ---- the language ---------------------------------------------------------------------------- */

static void test_words(void **state) {
    (void)state;
    static const struct {
        const char *line;
        const char *words[5];
        int open;
    } rows[] = {
        {"", {NULL}, 0},
        {"  \t ", {NULL}, 0},
        {"a  bc\td", {"a", "bc", "d"}, 0},
        {"'a b' \"c d\"", {"a b", "c d"}, 0},
        {"it's fine", {"it's", "fine"}, 0},
        {"--text='a b' x", {"--text=a b", "x"}, 0},
        {"a\\ b \\'c", {"a b", "'c"}, 0},
        {"\"a \\\"b\\\" \\n\"", {"a \"b\" \\n"}, 0},
        {"'a\\b'", {"a\\b"}, 0},
        {"'' \"\"", {"", ""}, 0},
        {"'a''b'", {"a'b'"}, 0},
        {"a 'b c", {"a", "'b", "c"}, 0},
        {"a 'bc", {"a", "'bc"}, 1},
        {"a\\", {"a\\"}, 0},
        {"caf\303\251 \347\214\253", {"caf\303\251", "\347\214\253"}, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct words words;
        int count = 0;
        assert_int_equal(words_split(&words, rows[i].line, NULL), 0);
        for (; count < 5 && rows[i].words[count]; count++) {
            assert_true(count < words.count);
            assert_string_equal(words.texts[count], rows[i].words[count]);
            assert_true(words.begins[count] < words.ends[count]);
        }
        assert_int_equal(words.count, count);
        assert_int_equal(words.open, rows[i].open);
        words_free(&words);
    }
}

static void parse(struct arguments *arguments, const char *name, const char *line) {
    struct words words;
    struct sawb_error error;
    assert_int_equal(words_split(&words, line, NULL), 0);
    if (arguments_parse(arguments, command_find(name), words.count, words.texts, &error) < 0)
        fail_msg("%s", error.message);
    words_free(&words);
}

static void test_options(void **state) {
    (void)state;
    struct arguments arguments;
    parse(&arguments, "train", "--lr=1e-3 data --out out -m model -stopk(0.5) --resume --lr 2e-3");
    assert_int_equal(arguments_count(&arguments), 1);
    assert_string_equal(arguments_get(&arguments, 0), "data");
    assert_null(arguments_get(&arguments, 1));
    assert_string_equal(arguments_option(&arguments, "lr"), "2e-3");
    assert_string_equal(arguments_option(&arguments, "out"), "out");
    assert_string_equal(arguments_option(&arguments, "model"), "model");
    assert_string_equal(arguments_option(&arguments, "sparsity"), "topk(0.5)");
    assert_string_equal(arguments_option(&arguments, "resume"), "");
    assert_null(arguments_option(&arguments, "epochs"));
    arguments_free(&arguments);

    parse(&arguments, "predict", "- -1 -- -m --json");
    assert_int_equal(arguments_count(&arguments), 4);
    assert_string_equal(arguments_get(&arguments, 0), "-");
    assert_string_equal(arguments_get(&arguments, 1), "-1");
    assert_string_equal(arguments_get(&arguments, 3), "--json");
    assert_null(arguments_option(&arguments, "json"));
    arguments_free(&arguments);
}

static void test_numbers(void **state) {
    (void)state;
    struct arguments arguments;
    struct sawb_error error;
    long whole = 7;
    double real = 0.5;
    parse(&arguments, "train",
          "d --epochs 3 --max-steps 3x --batch-size 99999999999999999999 "
          "--lr 1e-4 --clip nan --warmup 0.1.2 --fraction ''");
    assert_int_equal(arguments_int(&arguments, "eval-every", 1, 9, &whole, &error), 0);
    assert_int_equal(whole, 7);
    assert_int_equal(arguments_int(&arguments, "epochs", 1, 9, &whole, &error), 0);
    assert_int_equal(whole, 3);
    assert_int_equal(arguments_int(&arguments, "epochs", 4, 9, &whole, &error), -1);
    assert_holds(error.message, "--epochs must be a whole number from 4 to 9, not \"3\"");
    assert_int_equal(arguments_int(&arguments, "max-steps", 0, 9, &whole, &error), -1);
    assert_int_equal(arguments_int(&arguments, "batch-size", 0, 9, &whole, &error), -1);
    assert_int_equal(whole, 3);
    assert_int_equal(arguments_double(&arguments, "lr", 0, 1, &real, &error), 0);
    assert_true(real == 1e-4);
    assert_int_equal(arguments_double(&arguments, "clip", 0, 1, &real, &error), -1);
    assert_int_equal(arguments_double(&arguments, "warmup", 0, 1, &real, &error), -1);
    assert_int_equal(arguments_double(&arguments, "fraction", 0, 1, &real, &error), -1);
    assert_holds(error.message, "--fraction");
    assert_true(real == 1e-4);
    arguments_free(&arguments);
}

/* Lines that are wrong, and a part of what is said about them. */
static void test_misuse(void **state) {
    (void)state;
    static const struct {
        const char *line, *said;
    } rows[] = {
        {"evla x", "did you mean \"eval\""},
        {"nonsense", "unknown command \"nonsense\""},
        {"eval a b", "too many arguments"},
        {"eval", "eval: something is missing after it (usage: eval FILE)"},
        {"eval x --rows=1", "--rows takes no value"},
        {"train x --out", "--out needs a value: DIR"},
        {"train x", "--out is missing"},
        {"train x --out y --lr fast", "--lr must be a number"},
        {"train x --out y --storage f64", "--storage must be one of f32|f16"},
        {"train x --out y --epochs 0", "epochs"},
        {"train x --out y --fraction 2", "fraction"},
        {"export x", "--text is missing"},
        {"export x --text a --gradients 2", "labels of " BERT " are 0 to 1"},
        {"predict", "no text"},
        {"predict a -s topk(2)", "column 6"},
        {"predict a --threads many", "--threads must be a whole number"},
        {"compare dense x", "compare A B FILE"},
        {"compare no/model dense x", "\"no/model\" is not a folder"},
        {"new x", "--out is missing"},
        {"new x --out y --heads 5", "heads"},
        {"completions tcsh", "must be one of bash|zsh|fish"},
        {"preset c dense", "must be one of a|b|both, not \"c\""},
        {"example zero", "not \"zero\""},
        {"view data", "works only on the screen"},
        {"predict 'a", "a quote is never closed"},
        {"help nothing", "no command \"nothing\""},
    };
    struct desk desk;
    desk_open(&desk, 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(desk_run(&desk, rows[i].line), COMMAND_USAGE);
        assert_holds(desk_told(&desk, TOLD_ERRORS), rows[i].said);
        assert_string_equal(desk_told(&desk, TOLD_RESULTS), "");
    }
    desk_close(&desk);
}

static void test_failures(void **state) {
    (void)state;
    static const struct {
        const char *line, *said;
    } rows[] = {
        {"eval %s/none.tsv", "none.tsv"},
        {"predict a -m %s/none", "none"},
        {"run %s/none.sawb", "none.sawb"},
        {"open %s/none", "none"},
        {"preset b no_such", "there is none named \"no_such\""},
        {"sparsity b topk(0.5)@L7", "L7"},
        {"export %s/none/x --text a", "none/x"},
        {"train no/such/data --out %s/out", "no/such/data"},
        {"bench no_such", "no_such"},
    };
    struct desk desk;
    desk_open(&desk, 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(desk_run(&desk, rows[i].line), COMMAND_FAILED);
        assert_holds(desk_told(&desk, TOLD_ERRORS), rows[i].said);
    }
    assert_string_equal(desk.workbench.arms[ARM_B].spec, "aggressive_sparse");
    desk_close(&desk);
}

static void test_raw_rest(void **state) {
    (void)state;
    static const struct {
        const char *line, *text;
    } rows[] = {
        {"text it's a \"fine\" film; yes", "it's a \"fine\" film; yes"},
        {"text   a  b  ", "a  b"},
        {"text 'a; b'", "a; b"},
        {"text \"a\" and \"b\"", "\"a\" and \"b\""},
        {"text --json", "--json"},
        {"text", ""},
    };
    struct desk desk;
    desk_open(&desk, 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(desk_run(&desk, rows[i].line), COMMAND_DONE);
        assert_string_equal(desk.workbench.text, rows[i].text);
    }
    assert_int_equal(desk_run(&desk, "sparsity B topk( 0.5 ) + local(1); dense@L0"), COMMAND_DONE);
    assert_string_equal(desk.workbench.arms[ARM_B].spec, "topk( 0.5 ) + local(1); dense@L0");
    assert_int_equal(desk_run(&desk, "s both dense"), COMMAND_DONE);
    assert_string_equal(desk.workbench.arms[ARM_A].spec, "dense");
    assert_string_equal(desk.workbench.arms[ARM_B].spec, "dense");
    char *words[] = {"text", "a", "fine film", NULL};
    assert_int_equal(command_run_words(&desk.workbench, 3, words, &desk.sink), COMMAND_DONE);
    assert_string_equal(desk.workbench.text, "a fine film");
    desk_close(&desk);
}

/* ---- scripts --------------------------------------------------------------------------------- */

static void test_scripts(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    struct workbench *workbench = &desk.workbench;
    assert_int_equal(command_run_script(workbench,
                                        "# first; not this\n"
                                        "text 'one; two' ; sparsity a global(0; 1)\n\n"
                                        "  sparsity b 'topk(0.5);dense@L0';;",
                                        NULL, &desk.sink),
                     COMMAND_FAILED);
    assert_string_equal(workbench->text, "one; two");
    /* Brackets keep a ';' together, as the message about it shows. */
    assert_holds(desk_told(&desk, TOLD_ERRORS), "global(0; 1)");
    desk_forget(&desk);

    assert_int_equal(command_run_script(workbench,
                                        "sparsity b 'topk(0.5);dense@L0';text it's; swap\n"
                                        "quit; text never",
                                        NULL, &desk.sink),
                     COMMAND_DONE);
    assert_string_equal(workbench->arms[ARM_A].spec, "topk(0.5);dense@L0");
    assert_string_equal(workbench->text, "it's");
    assert_int_equal(workbench->quit, 1);
    workbench->quit = 0;

    desk_write(&desk, "inner.sawb", "text from inside\nnonsense\ntext never\n");
    assert_int_equal(desk_run(&desk, "run %s/inner.sawb"), COMMAND_USAGE);
    assert_string_equal(workbench->text, "from inside");
    assert_holds(desk_told(&desk, TOLD_ERRORS), "inner.sawb:2: unknown command");

    char *path = temporary_path(&desk.folder, "loop.sawb"), line[512];
    snprintf(line, sizeof(line), "run %s\n", path);
    desk_write(&desk, "loop.sawb", line);
    assert_int_equal(desk_run(&desk, "run %s/loop.sawb"), COMMAND_FAILED);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "deep");
    assert_int_equal(workbench->script_depth, 0);
    free(path);
    desk_close(&desk);
}

/* ---- the workbench's state ------------------------------------------------------------------- */

static void test_examples_and_arms(void **state) {
    (void)state;
    static const struct {
        const char *line, *text;
    } rows[] = {
        {"example", "a warm film"},
        {"example next", "the dull story"},
        {"example", "fine"},
        {"example", "a warm film"},
        {"example previous", "fine"},
        {"example 2", "the dull story"},
        {"example 5", "the dull story"},
        {"example previous", "a warm film"},
    };
    struct desk desk;
    desk_open(&desk, 1);
    struct workbench *workbench = &desk.workbench;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(desk_run(&desk, rows[i].line), COMMAND_DONE);
        assert_string_equal(workbench->text, rows[i].text);
    }
    assert_int_equal(desk_run(&desk, "preset a aggressive_sparse:local"), COMMAND_DONE);
    assert_string_equal(workbench->arms[ARM_A].spec, "aggressive_sparse:local");
    assert_int_equal(desk_run(&desk, "open " DISTILBERT " b"), COMMAND_DONE);
    assert_string_equal(workbench->arms[ARM_A].model->directory, BERT);
    assert_string_equal(workbench->arms[ARM_B].model->directory, DISTILBERT);
    assert_int_equal(desk_run(&desk, "swap"), COMMAND_DONE);
    assert_string_equal(workbench->arms[ARM_A].model->directory, DISTILBERT);
    assert_string_equal(workbench->arms[ARM_A].spec, "aggressive_sparse");
    desk_close(&desk);
}

/* `open` needs no default model, and the other arm gets it only when it is asked for. */
static void test_open_first(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    free(desk.workbench.model_directory);
    desk.workbench.model_directory = NULL; /* the samples of this desk have no model */
    assert_int_equal(desk_run(&desk, "view data"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "swap"), COMMAND_FAILED);
    assert_int_equal(desk_run(&desk, "open " BERT), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "predict fine"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "swap"), COMMAND_DONE);
    desk_close(&desk);
}

static void test_looking(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 0);
    struct workbench *workbench = &desk.workbench;
    assert_int_equal(workbench_load(workbench, NULL), 0);
    assert_int_equal(desk_run(&desk, "layer +1"), COMMAND_DONE);
    assert_int_equal(workbench->layer, 1);
    assert_int_equal(desk_run(&desk, "layer +1"), COMMAND_DONE); /* round the end: there are 2 */
    assert_int_equal(workbench->layer, 0);
    assert_int_equal(desk_run(&desk, "layer -1"), COMMAND_DONE);
    assert_int_equal(workbench->layer, 1);
    assert_int_equal(desk_run(&desk, "layer 2"), COMMAND_USAGE);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "numbered from 0 to 1");
    assert_int_equal(desk_run(&desk, "head one"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "head 1"), COMMAND_DONE);
    assert_int_equal(workbench->head, 1);
    assert_int_equal(workbench->layer, 1);

    assert_int_equal(desk_run(&desk, "mode next"), COMMAND_DONE);
    assert_int_equal(workbench->mode, MAP_SCORE);
    assert_int_equal(desk_run(&desk, "mode weight"), COMMAND_DONE);
    assert_int_equal(workbench->mode, MAP_WEIGHT);
    assert_int_equal(desk_run(&desk, "view training"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "help"), COMMAND_DONE);
    assert_int_equal(workbench_view(workbench), VIEW_HELP);
    assert_int_equal(desk_run(&desk, "view back"), COMMAND_DONE);
    assert_int_equal(workbench_view(workbench), VIEW_TRAINING);
    assert_int_equal(desk_run(&desk, "view attention"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "view next"), COMMAND_DONE);
    assert_int_equal(workbench_view(workbench), VIEW_HEADS);

    assert_int_equal(desk_run(&desk, "cursor right"), COMMAND_DONE); /* no answer yet */
    assert_int_equal(workbench->key, 0);
    assert_int_equal(desk_run(&desk, "cursor sideways"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "picture out.svg"), COMMAND_DONE);
    assert_string_equal(workbench->picture, "out.svg");
    assert_int_equal(desk_run(&desk, "stop"), COMMAND_FAILED);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "no long job");
    assert_int_equal(desk_run(&desk, "predict fine"), COMMAND_USAGE);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "not on this screen");
    desk_close(&desk);
}

/* ---- what is made from the tables ------------------------------------------------------------ */

static void test_generated(void **state) {
    (void)state;
    static const char *const lines[] = {"manual", "help", "completions bash", "completions zsh",
                                        "completions fish"};
    struct desk desk;
    desk_open(&desk, 1);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        const struct command *command;
        assert_int_equal(desk_run(&desk, lines[i]), COMMAND_DONE);
        for (int k = 0; (command = command_get(k)); k++) {
            if (command->where & COMMAND_SHELL)
                assert_holds(desk_told(&desk, TOLD_RESULTS), command->name);
        }
        for (const struct option_row *row = command_common_options(); row->name; row++)
            assert_holds(desk_told(&desk, TOLD_RESULTS), row->name);
    }
    assert_int_equal(desk_run(&desk, "presets"), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "aggressive_sparse:local");
    assert_holds(desk_told(&desk, TOLD_RESULTS), "block_topk(");
    desk_close(&desk);
}

/* No line of the manual begins with a macro that a text put there, and none holds a bare minus. */
static void test_manual_is_roff(void **state) {
    (void)state;
    static const char *const macros[] = {".TH", ".SH", ".SS", ".TP", ".PP",
                                         ".IP", ".RS", ".RE", ".br", ".B "};
    struct desk desk;
    desk_open(&desk, 1);
    assert_int_equal(desk_run(&desk, "manual"), COMMAND_DONE);
    const char *line = desk_told(&desk, TOLD_RESULTS);
    while (*line) {
        size_t length = strcspn(line, "\n");
        int known = line[0] != '.' && line[0] != '\'';
        for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++)
            known |= strncmp(line, macros[i], strlen(macros[i])) == 0;
        assert_true(known);
        for (size_t i = 0; i < length; i++)
            assert_true(line[i] != '-' || (i > 0 && line[i - 1] == '\\'));
        line += length + (line[length] == '\n');
    }
    desk_close(&desk);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_table),
    cmocka_unit_test(test_every_row),
    cmocka_unit_test(test_suggestions),
    cmocka_unit_test(test_words),
    cmocka_unit_test(test_options),
    cmocka_unit_test(test_numbers),
    cmocka_unit_test(test_misuse),
    cmocka_unit_test(test_failures),
    cmocka_unit_test(test_raw_rest),
    cmocka_unit_test(test_scripts),
    cmocka_unit_test(test_examples_and_arms),
    cmocka_unit_test(test_open_first),
    cmocka_unit_test(test_looking),
    cmocka_unit_test(test_generated),
    cmocka_unit_test(test_manual_is_roff),
};
TEST_GROUP(tests_tui_command, tests);

/*
 * replay_results.c - a recorded session verified, and written as something else.
 */
#include <string.h>
#include <unistd.h>

#include "tests/tui/session_fixture.h"
#include "tui/screen/replay_door.h"

static void test_verify(void **state) {
    (void)state;
    struct session session;
    session_open(&session);
    settle(&session);
    keys(&session, " and fine");
    settle(&session);
    close_recording(&session);
    struct desk *desk = &session.desk;
    struct shell shell;
    shell_open(&shell, &session, 0);
    shell_verify(&shell, &session);
    assert_holds(desk_told(desk, TOLD_RESULTS), "predictions checked: no drift");
    assert_null(strstr(desk_told(desk, TOLD_RESULTS), "0 of"));

    struct sawb_error error;
    char *script = session_script(shell.replay, &error), *table = session_tsv(shell.replay);
    assert_holds(script, "text a warm film and fine\n");
    assert_holds(table, "\tprediction\tA\t");
    free(script);
    free(table);
    shell_close(&shell);
    session_close(&session);
}

/* Results of commands are worked out again too; what cannot be is counted, with the reason. */
static void test_verify_results(void **state) {
    (void)state;
    struct session session;
    session_open(&session);
    struct desk *desk = &session.desk;
    settle(&session);
    line(&session, "eval %s/data.tsv");
    settle(&session);
    line(&session, "sparsity b local(1)");
    settle(&session);
    line(&session, "compare %s/data.tsv");
    settle(&session);
    line(&session, "sweep %s/data.tsv --points 50,80");
    settle(&session);
    line(&session, "train %s/data.tsv --out %s/run --max-steps 2");
    settle(&session);
    close_recording(&session);
    verify_as(&session, 1);
    const char *told = desk_told(desk, TOLD_RESULTS);
    assert_holds(told, "\"comparisons\":{\"recorded\":1,\"checked\":1,\"drifted\":0}");
    assert_holds(told, "\"evaluations\":{\"recorded\":1,\"checked\":1,\"drifted\":0}");
    assert_holds(told, "\"points\":{\"recorded\":3,\"checked\":3,\"drifted\":0}");
    assert_holds(told, "\"steps\":{\"recorded\":2,\"checked\":0,\"drifted\":0}");
    assert_holds(told, "\"first_drift_at\":null");
    verify_as(&session, 0);
    assert_holds(desk_told(desk, TOLD_RESULTS), "evaluations checked: no drift");
    assert_holds(desk_told(desk, TOLD_NOTES), "2 steps are of a model in training");
    desk_write(desk, "data.tsv", "sentence\tlabel\na fine film\t0\n");
    verify_as(&session, 0);
    assert_holds(desk_told(desk, TOLD_RESULTS), "0 of 1 comparisons checked");
    assert_holds(desk_told(desk, TOLD_NOTES), "not run again: the data has changed");
    session_close(&session);
}

/* A session is verified in the precision it was recorded in, not that of the verifying shell. */
static void test_verify_precision(void **state) {
    (void)state;
    struct session session;
    struct compute compute;
    assert_int_equal(compute_open(&compute, 1, NULL), 0);
    int able = compute_set_precision(&compute, PRECISION_BF16, NULL) == 0;
    compute_close(&compute);
    if (!able)
        skip();
    session_open_in(&session, PRECISION_BF16);
    settle(&session);
    close_recording(&session);
    verify_again(&session);
    assert_holds(desk_told(&session.desk, TOLD_RESULTS), "\"checked\":2,");
    assert_holds(desk_told(&session.desk, TOLD_RESULTS), "\"without_precision\":0,");

    /* Where it cannot be multiplied. */
    setenv("SAWB_CPU", "portable", 1);
    verify_again(&session);
    unsetenv("SAWB_CPU");
    assert_holds(desk_told(&session.desk, TOLD_RESULTS), "\"checked\":0,");
    assert_holds(desk_told(&session.desk, TOLD_RESULTS), "\"without_precision\":2,");
    session_close(&session);
}

/* A model that is gone is told of once, however many answers were its. */
static void test_verify_without_model(void **state) {
    (void)state;
    struct session session;
    session_open(&session);
    line(&session, "train %s/data.tsv --out %s/run --max-steps 1");
    settle(&session);
    line(&session, "open " BERT " a");
    line(&session, "open %s/run b");
    settle(&session);
    for (int i = 0; i < 3; i++) {
        keys(&session, " fine");
        settle(&session);
    }
    close_recording(&session);
    struct desk *desk = &session.desk;
    char *weights = temporary_path(&desk->folder, "run/model.safetensors");
    assert_int_equal(unlink(weights), 0);
    free(weights);
    verify_again(&session);
    assert_holds(desk_told(desk, TOLD_RESULTS), "\"models_missing\":1,");
    session_close(&session);
}

/* A data set that was written anew since the session read it, or is gone, is told of. */
static void test_verify_data(void **state) {
    (void)state;
    struct session session;
    session_open(&session);
    settle(&session);
    line(&session, "train %s/data.tsv --out %s/run --max-steps 1");
    settle(&session);
    close_recording(&session);
    struct desk *desk = &session.desk;
    verify_as(&session, 0);
    assert_null(strstr(desk_told(desk, TOLD_NOTES), "data"));

    char *data = temporary_path(&desk->folder, "data.tsv"), changed[1024], missing[1024];
    snprintf(changed, sizeof(changed), "data changed since: %s\n", data);
    snprintf(missing, sizeof(missing), "data not there: %s\n", data);
    desk_write(desk, "data.tsv", /* as many bytes */
               "sentence\tlabel\na fine film\t0\nthe dull story\t0\nbad\t0\nvery good !\t1\n");
    verify_as(&session, 0);
    assert_holds(desk_told(desk, TOLD_NOTES), changed);
    verify_again(&session);
    assert_holds(desk_told(desk, TOLD_RESULTS), "\"data\":1,\"data_changed\":1,");
    assert_int_equal(unlink(data), 0);
    verify_as(&session, 0);
    assert_holds(desk_told(desk, TOLD_NOTES), missing);
    free(data);
    session_close(&session);
}

/* What a script cannot do as it was done is a comment, and what came of it follows. */
static void test_script(void **state) {
    (void)state;
    struct session session;
    struct again again;
    struct sawb_error error;
    session_open(&session);
    settle(&session);
    keys(&session, " ; $5");
    settle(&session);
    key(&session, KEYS_TAB);
    line(&session, "marker here");
    line(&session, "view heads");
    line(&session, "heads down");
    line(&session, "ablate");
    settle(&session);
    line(&session, "undo");
    settle(&session);
    line(&session, "edit drop 99");
    line(&session, "run pause");
    line(&session, "eval %s/no.tsv");
    settle(&session);
    close_recording(&session);
    again_open(&again, session.path);
    char *script = session_script(again.replay, &error), *table = session_tsv(again.replay);
    assert_non_null(script);
    assert_holds(script, "text \"a warm film ; \\$5\"\n");
    assert_holds(script, "# marker here   (");
    assert_holds(script, "# view heads   (only the screen has it)\n");
    assert_holds(script, "# ablate   (");
    assert_holds(script, "\nsparsity b \"aggressive_sparse; heads_off(1.0)\"\n");
    assert_holds(script, "# undo   (");
    assert_holds(script, "# run pause   (");
    assert_holds(script, "# edit drop 99   (it failed: ");
    assert_holds(script, "no.tsv   (it failed: ");
    free(script);
    free(table);
    again_close(&again);
    session_close(&session);
}

/* Tables hold every number of a result. */
static void test_table(void **state) {
    (void)state;
    struct session session;
    struct again again;
    session_open(&session);
    settle(&session);
    line(&session, "eval %s/data.tsv");
    settle(&session);
    line(&session, "compare dense local(1) %s/data.tsv");
    settle(&session);
    line(&session, "sweep %s/data.tsv --points 50");
    settle(&session);
    close_recording(&session);
    again_open(&again, session.path);
    char *table = session_tsv(again.replay);
    static const char *const wanted[] = {
        "\tevaluation\t\tloss\t",  "\tevaluation\t\taccuracy\t", "\tcomparison\tA\taccuracy\t",
        "\tcomparison\tB\tloss\t", "\tcomparison\t\tp\t",        "\tpoint\tA\tsweep 0 accuracy\t",
        "sweep 0 mass kept\t",     "sweep 0 sparsity\t"};
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        assert_holds(table, wanted[i]);
    free(table);
    again_close(&again);
    session_close(&session);
}

static void test_exports(void **state) {
    (void)state;
    struct session session;
    struct again again;
    struct sawb_error error;
    char *text;
    session_open(&session);
    settle(&session);
    line(&session, "head 1");
    settle(&session);
    close_recording(&session);
    again_open(&again, session.path);
    char *file = temporary_path(&session.desk.folder, "s.cast");
    if (replay_asciicast(again.replay, file, &error) < 0)
        fail_msg("%s", error.message);
    assert_int_equal(file_read(&text, NULL, file, &error), 0);
    assert_holds(text, "{\"version\": 3, \"term\": {\"cols\": 120, \"rows\": 40}");
    assert_holds(text, "\n[0.000, \"o\", \"\\u001b[?25l");
    assert_holds(text, "warm");
    free(text);
    free(file);
    again_close(&again);
    session_close(&session);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_verify),
    cmocka_unit_test(test_verify_results),
    cmocka_unit_test(test_verify_precision),
    cmocka_unit_test(test_verify_without_model),
    cmocka_unit_test(test_verify_data),
    cmocka_unit_test(test_script),
    cmocka_unit_test(test_table),
    cmocka_unit_test(test_exports),
};

TEST_GROUP(tests_tui_replay_results, tests);

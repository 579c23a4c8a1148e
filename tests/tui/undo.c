/*
 * undo.c - steps back and forth, and bookmarks.
 */
#include "tests/tui/command_fixture.h"

static void do_(struct desk *desk, const char *line, double now) {
    assert_int_equal(desk_run(desk, line), COMMAND_DONE);
    undo_note(&desk->workbench, now);
}

static void test_back_and_forth(void **state) {
    (void)state;
    struct desk desk;
    struct sawb_error error;
    desk_open(&desk, 0);
    struct workbench *workbench = &desk.workbench;
    undo_note(workbench, 0);
    char *first = strdup(workbench->arms[ARM_B].spec);
    do_(&desk, "sparsity b local(1)", 10);
    do_(&desk, "head 1", 11); /* a place is no step */
    do_(&desk, "mode score", 12);
    assert_int_equal(desk_run(&desk, "undo"), COMMAND_DONE);
    assert_int_equal(workbench->mode, MAP_WEIGHT);
    assert_int_equal(workbench->head, 1);
    assert_int_equal(desk_run(&desk, "undo"), COMMAND_DONE);
    assert_string_equal(workbench->arms[ARM_B].spec, first);
    assert_int_equal(workbench->head, 0);
    assert_int_equal(desk_run(&desk, "undo"), COMMAND_FAILED);
    assert_int_equal(desk_run(&desk, "redo"), COMMAND_DONE);
    assert_string_equal(workbench->arms[ARM_B].spec, "local(1)");
    /* A change drops what lay ahead. */
    do_(&desk, "sparsity b local(2)", 20);
    assert_int_equal(undo_step(workbench, 1, &error), -1);
    assert_int_equal(desk_run(&desk, "undo"), COMMAND_DONE);
    assert_string_equal(workbench->arms[ARM_B].spec, "local(1)");
    free(first);
    desk_close(&desk);
}

static void test_typing_is_one_step(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 0);
    struct workbench *workbench = &desk.workbench;
    do_(&desk, "text one", 0);
    do_(&desk, "text two", 10);
    do_(&desk, "text two m", 10.2);
    do_(&desk, "text two more", 10.4);
    do_(&desk, "text three", 20);
    assert_int_equal(desk_run(&desk, "undo"), COMMAND_DONE);
    assert_string_equal(workbench->text, "two more");
    assert_int_equal(desk_run(&desk, "undo"), COMMAND_DONE);
    assert_string_equal(workbench->text, "one");
    assert_int_equal(desk_run(&desk, "redo"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "redo"), COMMAND_DONE);
    assert_string_equal(workbench->text, "three");
    desk_close(&desk);
}

static void test_the_oldest_are_forgotten(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 0);
    for (int i = 0; i < UNDO_MOST + 10; i++) {
        char line[40];
        snprintf(line, sizeof(line), "text number %d", i);
        do_(&desk, line, i * 10);
    }
    for (int i = 0; i < UNDO_MOST - 1; i++)
        assert_int_equal(desk_run(&desk, "undo"), COMMAND_DONE);
    assert_string_equal(desk.workbench.text, "number 10");
    assert_int_equal(desk_run(&desk, "undo"), COMMAND_FAILED);
    desk_close(&desk);
}

static void test_bookmarks(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 0);
    struct workbench *workbench = &desk.workbench;
    assert_int_equal(desk_run(&desk, "jump 1"), COMMAND_FAILED);
    assert_int_equal(desk_run(&desk, "head 1"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "bookmark"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "layer 1"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "bookmark noun"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "head 0"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "jump 1"), COMMAND_DONE);
    assert_int_equal(workbench->layer, 0);
    assert_int_equal(workbench->head, 1);
    assert_int_equal(desk_run(&desk, "jump noun"), COMMAND_DONE);
    assert_int_equal(workbench->layer, 1);
    assert_int_equal(desk_run(&desk, "bookmark --forget 1"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "bookmark --forget 1"), COMMAND_FAILED);
    assert_int_equal(desk_run(&desk, "jump 1"), COMMAND_FAILED);
    assert_int_equal(desk_run(&desk, "jump noun"), COMMAND_DONE);
    desk_close(&desk);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_back_and_forth),
    cmocka_unit_test(test_typing_is_one_step),
    cmocka_unit_test(test_the_oldest_are_forgotten),
    cmocka_unit_test(test_bookmarks),
};
TEST_GROUP(tests_tui_undo, tests);

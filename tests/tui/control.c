/*
 * control.c - keys and pastes against the state they lead to, on the tiny model of tests/model.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"
#include "tui/screen/screen.h"

struct session {
    struct workbench workbench;
    struct screen *screen;
};

static void open_session(struct session *session) {
    struct settings settings = {
        .model_directory = "tests/model/vectors/bert", .threads = 1, .seed = 1};
    struct sawb_error error;
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    setenv("SAWB_SAMPLES", "samples", 1);
    if (workbench_open(&session->workbench, &settings, &error) < 0 ||
        workbench_load(&session->workbench, &error) < 0 ||
        screen_create(&session->screen, &session->workbench, &glyphs_utf8, &error) < 0)
        fail_msg("%s", error.message);
    session->screen->now = 100;
}

static void close_session(struct session *session) {
    screen_free(session->screen);
    workbench_close(&session->workbench);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("SAWB_SAMPLES");
}

static void keys(struct session *session, const char *text) {
    for (; *text; text++)
        screen_key(session->screen, (unsigned char)*text);
}

static void test_typing_is_read(void **state) {
    (void)state;
    struct session session;
    open_session(&session);
    assert_int_equal(screen_focus(session.screen), FOCUS_SENTENCE);
    keys(&session, "The film 0-3 [q]?");
    assert_string_equal(session.workbench.text, "The film 0-3 [q]?");
    screen_key(session.screen, KEYS_CONTROL('w'));
    assert_string_equal(session.workbench.text, "The film 0-3 ");
    screen_key(session.screen, KEYS_ENTER);
    assert_int_equal(screen_focus(session.screen), FOCUS_MAP);
    assert_int_equal(session.screen->sentence.history_count, 1);
    close_session(&session);
}

static void test_presets(void **state) {
    (void)state;
    struct session session;
    open_session(&session);
    struct arm *arms = session.workbench.arms;
    screen_key(session.screen, KEYS_TAB);
    keys(&session, "2");
    assert_string_equal(arms[ARM_B].spec, "moderate_sparse");
    assert_int_equal(session.workbench.message_kind, MESSAGE_COMMAND);
    assert_string_equal(session.workbench.message, "preset b moderate_sparse");
    keys(&session, "a");
    assert_string_equal(arms[ARM_A].spec, "dense");
    keys(&session, "1");
    assert_string_equal(arms[ARM_A].spec, "light_sparse");
    keys(&session, "az");
    assert_non_null(strstr(session.workbench.message, "a z"));
    keys(&session, "a");
    screen_key(session.screen, KEYS_ESCAPE);
    assert_int_equal(session.workbench.message_kind, MESSAGE_NONE);
    keys(&session, "x");
    assert_string_equal(arms[ARM_A].spec, "moderate_sparse");
    screen_key(session.screen, KEYS_TAB);
    screen_key(session.screen, KEYS_ALT | '0');
    assert_string_equal(arms[ARM_B].spec, "dense");
    assert_int_equal(screen_focus(session.screen), FOCUS_SENTENCE);
    close_session(&session);
}

static void test_layers_heads_views(void **state) {
    (void)state;
    struct session session;
    open_session(&session);
    struct workbench *workbench = &session.workbench;
    screen_key(session.screen, KEYS_TAB);
    keys(&session, "]}");
    assert_int_equal(workbench->head, 1);
    assert_int_equal(workbench->layer, 1);
    keys(&session, "]{[");
    assert_int_equal(workbench->head, 1);
    assert_int_equal(workbench->layer, 0);
    keys(&session, "m");
    assert_int_equal(workbench->mode, MAP_SCORE);
    keys(&session, "c");
    assert_int_equal(workbench_view(workbench), VIEW_TRAINING);
    keys(&session, "?");
    assert_int_equal(screen_focus(session.screen), FOCUS_TEXT);
    keys(&session, "q");
    assert_int_equal(workbench_view(workbench), VIEW_TRAINING);
    screen_key(session.screen, KEYS_ESCAPE);
    assert_int_equal(workbench_view(workbench), VIEW_ATTENTION);
    close_session(&session);
}

static void test_panes(void **state) {
    (void)state;
    struct session session;
    open_session(&session);
    struct screen *screen = session.screen;
    struct panes *panes = &session.workbench.panes;
    keys(&session, "a\027"); /* in the sentence Ctrl-W cuts a word */
    assert_string_equal(session.workbench.text, "");
    screen_key(screen, KEYS_TAB);
    keys(&session, "\027v");
    assert_int_equal(panes_count(panes), 2);
    assert_string_equal(session.workbench.message, "split right");
    keys(&session, "gt");
    assert_int_equal(workbench_view(&session.workbench), VIEW_TRAINING);
    keys(&session, "\027h");
    assert_int_equal(workbench_view(&session.workbench), VIEW_ATTENTION);
    keys(&session, "\027\027");
    assert_int_equal(workbench_view(&session.workbench), VIEW_TRAINING);
    keys(&session, "z");
    assert_true(panes->zoomed);
    keys(&session, "z\027c");
    assert_int_equal(panes_count(panes), 1);
    keys(&session, "\027c");
    assert_int_equal(session.workbench.message_kind, MESSAGE_ERROR);
    keys(&session, "\027l");
    assert_int_equal(session.workbench.message_kind, MESSAGE_NOTE);
    screen_key(screen, KEYS_F1);
    assert_int_equal(workbench_view(&session.workbench), VIEW_HELP);
    keys(&session, "?:layout three\r");
    assert_int_equal(panes_count(panes), 3);
    keys(&session, ":pane wider 0\r");
    assert_int_equal(session.workbench.message_kind, MESSAGE_ERROR);
    keys(&session, ":split down nowhere\r");
    assert_non_null(strstr(session.workbench.message, "nowhere"));
    keys(&session, ":only\r");
    assert_int_equal(panes_count(panes), 1);
    close_session(&session);
}

static void test_own_bindings(void **state) {
    (void)state;
    struct session session;
    open_session(&session);
    struct screen *screen = session.screen;
    struct arm *arms = session.workbench.arms;
    screen_key(screen, KEYS_TAB);
    keys(&session,
         ":bind Ctrl-X swap\r:bind \"q q\" view training\r:bind Z sparsity a  topk(0.5)\r");
    assert_int_equal(session.workbench.keys.count, 3);
    screen_key(screen, KEYS_CONTROL('x'));
    assert_string_equal(arms[ARM_B].spec, "dense");
    keys(&session, "qq");
    assert_int_equal(workbench_view(&session.workbench), VIEW_TRAINING);
    assert_int_equal(session.workbench.quit, 0);
    keys(&session, "Z");
    assert_string_equal(arms[ARM_A].spec, "topk(0.5)");
    screen_key(screen, KEYS_TAB);
    keys(&session, "Z"); /* writes in the sentence */
    assert_string_equal(session.workbench.text, "Z");
    screen_key(screen, KEYS_CONTROL('x'));
    assert_string_equal(arms[ARM_B].spec, "topk(0.5)");
    screen_key(screen, KEYS_TAB);
    keys(&session, ":bind\r");
    assert_non_null(strstr(screen->answer, "q q     view training"));
    keys(&session, "\033:unbind \"q q\"\rq");
    assert_int_equal(session.workbench.quit, 1);
    static const char *const wrong[] = {"bind Hyper-X swap", "bind x", "bind x nonsense",
                                        "unbind x"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        screen_command(screen, wrong[i]);
        assert_int_equal(session.workbench.message_kind, MESSAGE_ERROR);
        session.workbench.message_kind = MESSAGE_NONE;
    }
    assert_int_equal(session.workbench.keys.count, 2);
    close_session(&session);
}

static void test_mouse(void **state) {
    (void)state;
    struct session session;
    struct grid *grid = grid_create(40, 120, NULL);
    assert_non_null(grid);
    open_session(&session);
    struct screen *screen = session.screen;
    struct panes *panes = &session.workbench.panes;
    const struct area *room = &screen->drawn.panes;
    screen_mouse(screen, MOUSE_PRESS, 20, 20); /* nothing was drawn yet */
    panes_only(panes);
    panes_split(panes, 0, VIEW_TRAINING, NULL);
    keys(&session, "the film");
    screen_draw(screen, grid);

    /* The pane under the mouse gets the keys; the sentence gets its cursor. */
    screen_mouse(screen, MOUSE_PRESS, 20, 20);
    assert_int_equal(workbench_view(&session.workbench), VIEW_ATTENTION);
    assert_int_equal(screen_focus(screen), FOCUS_MAP);
    screen_mouse(screen, MOUSE_RELEASE, 20, 20);
    screen_mouse(screen, MOUSE_PRESS, 20, 100);
    assert_int_equal(workbench_view(&session.workbench), VIEW_TRAINING);
    screen_mouse(screen, MOUSE_PRESS, 1, 7);
    assert_int_equal(screen_focus(screen), FOCUS_SENTENCE);
    assert_int_equal(screen->sentence.cursor, 4);
    screen_mouse(screen, MOUSE_PRESS, 1, 0);
    assert_int_equal(screen->sentence.cursor, 0);
    screen_mouse(screen, MOUSE_PRESS, 1, 90);
    assert_int_equal(screen->sentence.cursor, 8);

    /* The border between the panes. */
    screen_mouse(screen, MOUSE_PRESS, 20, 60);
    screen_mouse(screen, MOUSE_DRAG, 22, 30);
    struct pane_place places[PANES_MOST];
    panes_place(panes, room->rows, room->columns, places);
    assert_int_equal(places[0].columns, 30);
    screen_mouse(screen, MOUSE_RELEASE, 22, 30);
    screen_mouse(screen, MOUSE_DRAG, 22, 50);
    panes_place(panes, room->rows, room->columns, places);
    assert_int_equal(places[0].columns, 30);

    /* The wheel scrolls texts. */
    workbench_show(&session.workbench, VIEW_HELP);
    screen_draw(screen, grid);
    int column = panes_to_side(panes, PANE_LEFT) == 0 ? 100 : 10;
    screen_mouse(screen, MOUSE_WHEEL_UP, 20, column);
    screen_mouse(screen, MOUSE_WHEEL_DOWN, 20, column);
    assert_int_equal(screen->scroll, 3);

    /* At the prompt only the prompt hears it. */
    keys(&session, ":layout two");
    screen_draw(screen, grid);
    screen_mouse(screen, MOUSE_PRESS, 20, 100);
    screen_mouse(screen, MOUSE_PRESS, 38, 5);
    assert_int_equal(screen->prompt.cursor, 2);
    assert_int_equal(workbench_view(&session.workbench), VIEW_HELP);
    screen_key(screen, KEYS_ESCAPE);

    session.workbench.without_mouse = 1;
    screen_mouse(screen, MOUSE_PRESS, 20, 100);
    assert_int_equal(workbench_view(&session.workbench), VIEW_HELP);
    grid_free(grid);
    close_session(&session);
}

static void test_scrolling(void **state) {
    (void)state;
    struct session session;
    struct grid *grid = grid_create(24, 80, NULL);
    assert_non_null(grid);
    open_session(&session);
    struct screen *screen = session.screen;
    screen_key(screen, KEYS_ALT | '?');
    screen_draw(screen, grid);
    screen_key(screen, KEYS_UP);
    assert_int_equal(screen->scroll, 0);
    screen_key(screen, KEYS_DOWN);
    assert_int_equal(screen->scroll, 1);
    screen_key(screen, ' ');
    assert_int_equal(screen->scroll, screen->page);
    screen_key(screen, KEYS_END);
    assert_int_equal(screen->scroll, screen->lines - screen->page);
    screen_key(screen, KEYS_PAGE_DOWN);
    assert_int_equal(screen->scroll, screen->lines - screen->page);
    screen_key(screen, KEYS_HOME);
    assert_int_equal(screen->scroll, 0);
    grid_free(grid);
    close_session(&session);
}

static void test_prompt(void **state) {
    (void)state;
    struct session session;
    open_session(&session);
    struct screen *screen = session.screen;
    screen_key(screen, KEYS_TAB);
    keys(&session, ":");
    assert_int_equal(screen_focus(screen), FOCUS_PROMPT);
    assert_true(screen->completion_count > 10);
    keys(&session, "prese\t b agg\t");
    assert_string_equal(line_editor_text(&screen->prompt), "preset b aggressive_sparse");
    screen_key(screen, KEYS_CONTROL('w'));
    keys(&session, "dense\r");
    assert_int_equal(screen_focus(screen), FOCUS_MAP);
    assert_string_equal(session.workbench.arms[ARM_B].spec, "dense");
    /* History, and a candidate chosen out of several. */
    keys(&session, ":");
    screen_key(screen, KEYS_UP);
    assert_string_equal(line_editor_text(&screen->prompt), "preset b dense");
    screen_key(screen, KEYS_CONTROL('u'));
    keys(&session, "view \t");
    assert_string_equal(line_editor_text(&screen->prompt), "view attention");
    screen_key(screen, KEYS_TAB);
    assert_string_equal(line_editor_text(&screen->prompt), "view heads");
    screen_key(screen, KEYS_BACK_TAB);
    screen_key(screen, KEYS_BACK_TAB);
    assert_string_equal(line_editor_text(&screen->prompt), "view back");
    screen_key(screen, KEYS_ESCAPE);
    assert_int_equal(screen_focus(screen), FOCUS_MAP);
    assert_int_equal(workbench_view(&session.workbench), VIEW_ATTENTION);
    /* A prompt that a key has begun. */
    keys(&session, "t");
    assert_string_equal(line_editor_text(&screen->prompt), "train ");
    screen_key(screen, KEYS_CONTROL('c'));
    assert_int_equal(screen_focus(screen), FOCUS_MAP);
    close_session(&session);
}

static void test_errors_stay_until_a_key(void **state) {
    (void)state;
    struct session session;
    open_session(&session);
    screen_key(session.screen, KEYS_TAB);
    keys(&session, ":sparsity b topk(1.8)\r");
    assert_int_equal(session.workbench.message_kind, MESSAGE_ERROR);
    assert_non_null(strstr(session.workbench.message, "1.8"));
    workbench_message(&session.workbench, MESSAGE_NOTE, "something else");
    assert_int_equal(session.workbench.message_kind, MESSAGE_ERROR);
    keys(&session, ":nonsense\r");
    assert_non_null(strstr(session.workbench.message, "nonsense"));
    keys(&session, "]");
    assert_int_equal(session.workbench.message_kind, MESSAGE_COMMAND);
    close_session(&session);
}

static void test_answers(void **state) {
    (void)state;
    struct session session;
    open_session(&session);
    screen_key(session.screen, KEYS_TAB);
    keys(&session, ":help preset\r");
    assert_non_null(session.screen->answer);
    assert_int_equal(screen_focus(session.screen), FOCUS_TEXT);
    screen_key(session.screen, KEYS_ESCAPE);
    assert_null(session.screen->answer);
    assert_int_equal(screen_focus(session.screen), FOCUS_MAP);
    close_session(&session);
}

static void test_sentence_follows_commands(void **state) {
    (void)state;
    struct session session;
    open_session(&session);
    screen_key(session.screen, KEYS_TAB);
    keys(&session, ":text a warm  film\r");
    assert_string_equal(line_editor_text(&session.screen->sentence), session.workbench.text);
    keys(&session, "e");
    assert_string_equal(line_editor_text(&session.screen->sentence), session.workbench.text);
    close_session(&session);
}

static void test_paste(void **state) {
    (void)state;
    struct session session;
    open_session(&session);
    screen_key(session.screen, KEYS_TAB);
    screen_paste(session.screen, "two\nlines\r\nq\033[A\377", 16, 0);
    assert_string_equal(session.workbench.text, "two lines q[A");
    assert_int_equal(screen_focus(session.screen), FOCUS_SENTENCE);
    assert_non_null(strstr(session.workbench.message, "2 bytes"));
    size_t length = LINE_EDITOR_LIMIT;
    char *text = malloc(length);
    assert_non_null(text);
    memset(text, 'x', length);
    screen_paste(session.screen, text, length, 0);
    screen_paste(session.screen, "z", 1, 1); /* what follows a part without room has none either */
    assert_int_equal(session.workbench.message_kind, MESSAGE_ERROR);
    assert_string_equal(session.workbench.text, "two lines q[A");
    screen_paste(session.screen, text, 10000, 0);
    assert_int_equal(strlen(session.workbench.text), 10013);
    free(text);
    screen_invalid(session.screen, 3);
    assert_non_null(strstr(session.workbench.message, "3 bytes"));
    close_session(&session);
}

static void test_leaving(void **state) {
    (void)state;
    struct session session;
    open_session(&session);
    struct workbench *workbench = &session.workbench;
    screen_key(session.screen, KEYS_CONTROL('c'));
    assert_int_equal(workbench->quit, 0);
    keys(&session, "x");
    screen_key(session.screen, KEYS_CONTROL('c'));
    assert_int_equal(workbench->quit, 0); /* a key came between */
    session.screen->now += 60;
    screen_key(session.screen, KEYS_CONTROL('c'));
    assert_int_equal(workbench->quit, 0); /* too late for a second time */
    screen_key(session.screen, KEYS_CONTROL('c'));
    assert_int_equal(workbench->quit, 1);
    /* With long work under way q asks too. */
    workbench->quit = 0;
    workbench->long_job = 7;
    screen_key(session.screen, KEYS_TAB);
    keys(&session, "q");
    assert_int_equal(workbench->quit, 0);
    keys(&session, "q");
    assert_int_equal(workbench->quit, 1);
    screen_leave(session.screen);
    assert_int_equal(session.screen->leaving, 1);
    workbench->long_job = 0;
    close_session(&session);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_typing_is_read),
    cmocka_unit_test(test_presets),
    cmocka_unit_test(test_layers_heads_views),
    cmocka_unit_test(test_panes),
    cmocka_unit_test(test_own_bindings),
    cmocka_unit_test(test_mouse),
    cmocka_unit_test(test_scrolling),
    cmocka_unit_test(test_prompt),
    cmocka_unit_test(test_errors_stay_until_a_key),
    cmocka_unit_test(test_answers),
    cmocka_unit_test(test_sentence_follows_commands),
    cmocka_unit_test(test_paste),
    cmocka_unit_test(test_leaving),
};
TEST_GROUP(tests_tui_control, tests);

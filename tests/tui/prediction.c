/*
 * prediction.c - edited copies and occlusion on the workbench: commands against predictions of the
 * edited texts, what is kept when the sentence changes, figures, and the pictures of the view.
 */
#include "tui/app/prediction.h"

#include <math.h>

#include "tests/tui/command_fixture.h"
#include "tests/tui/pictures.h"
#include "viz/figure.h"

#define TOLERANCE 1e-5

static void assert_near(double value, double expected, double tolerance) {
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.9g is not %.9g (within %g)", value, expected, tolerance);
}

/* ---- by hand: a state to look at ------------------------------------------------------------- */

static struct copy_said said_of(double before, double after) {
    struct copy_said said = {.known = 1, .difference_before = before, .difference = after};
    said.kept_before = 1 / (1 + exp(-before));
    said.kept = 1 / (1 + exp(-after));
    said.label = after > 0;
    said.probability = after > 0 ? said.kept : 1 - said.kept;
    said.distance = fabs(said.kept - said.kept_before);
    return said;
}

/* The fixture's sentence with one piece in another state. */
static void hand_copy(struct sentence_copy *copy, const char *text, const char *name, int changed,
                      enum token_state state, const char *piece, double a, double b) {
    *copy = (struct sentence_copy){.text = fixture_copy(text), .name = fixture_copy(name)};
    copy->shown_count = FIXTURE_TOKENS;
    copy->pieces = fixture_room(FIXTURE_TOKENS, sizeof(*copy->pieces));
    copy->states = fixture_room(FIXTURE_TOKENS, sizeof(*copy->states));
    for (int i = 0; i < FIXTURE_TOKENS; i++)
        copy->pieces[i] = fixture_copy(i == changed ? piece : fixture_pieces[i]);
    copy->states[changed] = state;
    copy->said[ARM_A] = said_of(2.5, a);
    copy->said[ARM_B] = said_of(1, b);
}

static void hand_occlusion(struct occlusion *occlusion) {
    *occlusion = (struct occlusion){.tokens = FIXTURE_TOKENS, .complete = 1};
    occlusion->pieces = fixture_room(FIXTURE_TOKENS, sizeof(*occlusion->pieces));
    occlusion->said = fixture_room(FIXTURE_TOKENS * ARMS, sizeof(*occlusion->said));
    occlusion->width = fixture_room(FIXTURE_TOKENS, sizeof(*occlusion->width));
    for (int i = 0; i < FIXTURE_TOKENS; i++) {
        occlusion->pieces[i] = fixture_copy(fixture_pieces[i]);
        if (i == 0 || i == FIXTURE_TOKENS - 1)
            continue;
        occlusion->width[i] = 1;
        occlusion->points += ARMS;
        occlusion->said[i * ARMS + ARM_A] = said_of(2.5, 2.5 + (i * 7 % 11 - 5) / 4.0);
        occlusion->said[i * ARMS + ARM_B] = said_of(1, 1 + (i * 5 % 7 - 3) / 8.0);
    }
}

static struct workbench *open_look(struct fixture *fixture, const struct glyphs *glyphs) {
    fixture_open(fixture, FIXTURE_TOKENS, glyphs);
    struct workbench *workbench = &fixture->workbench;
    struct prediction_state *state = &workbench->prediction;
    hand_copy(&state->kept[0], workbench->text, "mask warm", 5, TOKEN_MASKED, "[MASK]", 0.25, -0.5);
    hand_copy(&state->kept[1], "another sentence", "drop film", 6, TOKEN_DROPPED, "film", 1, 1);
    state->kept_count = 2;
    hand_copy(&state->now, workbench->text, "drop film", 6, TOKEN_DROPPED, "film", 2.75, 1);
    hand_occlusion(&state->shown);
    workbench_show(workbench, VIEW_PREDICTION);
    screen_key(fixture->screen, KEYS_TAB);
    return workbench;
}

static void close_look(struct fixture *fixture) {
    prediction_free(&fixture->workbench.prediction);
    fixture_close(fixture);
}

static void draw_all(const struct glyphs *glyphs, const char *name) {
    struct fixture fixture;
    struct sheet sheet;
    struct workbench *workbench = open_look(&fixture, glyphs);
    sheet_open(&sheet);
    picture_screen(&sheet, &fixture, 24, 80, "copies and bars");
    picture_screen(&sheet, &fixture, 50, 160, "copies and bars");
    picture_view(&sheet, &fixture, VIEW_PREDICTION, 10, 40, "a quarter");
    picture_view(&sheet, &fixture, VIEW_PREDICTION, 20, 60, "a quarter");
    picture_view(&sheet, &fixture, VIEW_PREDICTION, 5, 20, "the smallest");
    prediction_reset(workbench);
    prediction_set_occlusion(workbench, OCCLUSION_OFF);
    workbench->arms[ARM_B].stale = 1;
    picture_screen(&sheet, &fixture, 24, 80, "without bars, B late");
    picture_check(&sheet, name);
    close_look(&fixture);
}

static void test_pictures(void **state) {
    (void)state;
    draw_all(&glyphs_utf8, "prediction-utf8");
    draw_all(&glyphs_ascii, "prediction-ascii");
}

static void test_nothing_outside(void **state) {
    (void)state;
    struct fixture fixture;
    open_look(&fixture, &glyphs_utf8);
    picture_nothing_outside(&fixture, VIEW_PREDICTION, 30);
    close_look(&fixture);
}

static void test_click(void **state) {
    (void)state;
    struct fixture fixture;
    struct workbench *workbench = open_look(&fixture, &glyphs_utf8);
    struct grid *grid = grid_create(40, 160, NULL);
    fixture_must(grid != NULL);
    struct area area = grid_area(grid);
    const struct view_ops *view = screen_view_get(VIEW_PREDICTION);
    view->draw(fixture.screen, area);
    /* Bars at the right: a title, a head, then the tokens. */
    assert_int_equal(view->click(fixture.screen, area, 2 + 7, 100, MOUSE_PRESS), 1);
    assert_int_equal(workbench->query, 7);
    assert_int_equal(view->click(fixture.screen, area, 2 + 3, 10, MOUSE_PRESS), 0);
    assert_int_equal(view->click(fixture.screen, area, 39, 100, MOUSE_PRESS), 0);
    assert_int_equal(view->click(fixture.screen, area, 2 + 7, 100, MOUSE_WHEEL_UP), 0);
    assert_int_equal(workbench->query, 7);
    grid_free(grid);
    close_look(&fixture);
}

static void test_figure(void **state) {
    (void)state;
    struct fixture fixture;
    struct figure figure = {0};
    struct sawb_error error;
    struct workbench *workbench = open_look(&fixture, &glyphs_utf8);
    assert_int_equal(prediction_figure(workbench, &figure, &error), 0);
    assert_int_equal(figure.panel_count, 4);
    const struct panel *bars = &figure.panels[0], *answers = &figure.panels[1];
    const struct panel *copies = &figure.panels[2], *occlusion = &figure.panels[3];
    assert_int_equal(bars->rows, 2);
    assert_near(bars->bars[1 * ARMS + ARM_A],
                (double)workbench->arms[ARM_A].capture->probabilities[1], 1e-7);
    assert_string_equal(answers->table[0].texts[2], "logit difference");
    assert_near(answers->table[1].numbers[2], 2.5, 1e-6);
    assert_near(answers->table[3].numbers[2], 1, 1e-6);
    assert_int_equal(copies->rows, 2); /* of this sentence */
    assert_string_equal(copies->table[0].texts[0], "mask warm");
    assert_near(copies->table[2].numbers[0], -2.25, 1e-12);
    assert_string_equal(copies->table[8].texts[0], "NEGATIVE");
    assert_int_equal(occlusion->rows, FIXTURE_TOKENS - 2);
    assert_string_equal(occlusion->row_labels[0], "a");
    assert_near(occlusion->bars[0], 0.5, 1e-12);
    figure_free(&figure);
    capture_free(workbench->arms[ARM_B].capture);
    workbench->arms[ARM_B].capture = NULL;
    assert_int_equal(prediction_figure(workbench, &figure, &error), -1);
    assert_holds(error.message, "no answer yet");
    figure_free(&figure);
    close_look(&fixture);
}

/* ---- through commands ------------------------------------------------------------------------ */

static struct capture *capture_of(struct desk *desk, int arm, const char *text) {
    struct sparsity *sparsity;
    struct capture *capture;
    struct workbench *workbench = &desk->workbench;
    assert_int_equal(sparsity_parse(&sparsity, workbench->arms[arm].spec, workbench->presets, NULL),
                     0);
    assert_int_equal(capture_run(&capture, workbench->arms[arm].model, sparsity, text, 1,
                                 &workbench->compute, NULL),
                     0);
    sparsity_free(sparsity);
    return capture;
}

static void expect_said(struct desk *desk, int arm, const struct copy_said *said, const char *text,
                        const char *copy) {
    struct capture *before = capture_of(desk, arm, text), *after = capture_of(desk, arm, copy);
    assert_int_equal(said->known, 1);
    assert_int_equal(said->label, after->label);
    assert_near(said->difference, (double)(after->logits[1] - after->logits[0]), TOLERANCE);
    assert_near(said->difference_before, (double)(before->logits[1] - before->logits[0]),
                TOLERANCE);
    assert_near(said->kept, (double)after->probabilities[before->label], TOLERANCE);
    capture_free(before);
    capture_free(after);
}

/* Takes events in, and asks for what the view lacks, until `done` says so. */
static void live_until(struct desk *desk, int (*done)(const struct workbench *workbench)) {
    struct workbench *workbench = &desk->workbench;
    while (!done(workbench)) {
        desk_take(desk);
        prediction_wish(workbench);
    }
}

static int is_occluded(const struct workbench *workbench) {
    const struct prediction_state *state = &workbench->prediction;
    return state->occlusion_for == workbench->prediction_job && !state->occluding &&
           state->shown.complete && !workbench->arms[ARM_A].stale;
}

static int copies_are_known(const struct workbench *workbench) {
    const struct sentence_copy *copies[COPIES_KEPT_MOST + 1];
    int count = prediction_copies(workbench, copies);
    for (int i = 0; i < count; i++)
        if (!copies[i]->said[ARM_A].known || !copies[i]->said[ARM_B].known)
            return 0;
    return workbench->prediction.copies_for == workbench->prediction_job;
}

static void open_live(struct desk *desk, const char *text) {
    struct sawb_error error;
    desk_open(desk, 0);
    if (workbench_begin(&desk->workbench, text, &error) < 0)
        fail_msg("%s", error.message);
}

static void test_copies(void **state) {
    (void)state;
    struct desk desk;
    struct workbench *workbench = &desk.workbench;
    const struct sentence_copy *copies[COPIES_KEPT_MOST + 1];
    open_live(&desk, "a warmly dull film");
    assert_int_equal(desk_run(&desk, "edit mask --token 1"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "edit keep"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "edit by word"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "edit replace very bright --token 3"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "edit drop --token 4"), COMMAND_DONE);
    live_until(&desk, copies_are_known);
    assert_int_equal(prediction_copies(workbench, copies), 2);
    assert_string_equal(copies[0]->name, "mask a");
    assert_string_equal(copies[1]->name, "replace warmly by very bright, drop dull");
    for (int arm = 0; arm < ARMS; arm++) {
        expect_said(&desk, arm, &copies[0]->said[arm], workbench->text, "[MASK] warmly dull film");
        expect_said(&desk, arm, &copies[1]->said[arm], workbench->text, "a very bright film");
    }
    /* Another pattern of B: its answers are asked for again. */
    assert_int_equal(desk_run(&desk, "sparsity b local(1)"), COMMAND_DONE);
    live_until(&desk, copies_are_known);
    /* The same again takes the change back. */
    assert_int_equal(desk_run(&desk, "edit drop --token 4"), COMMAND_DONE);
    assert_string_equal(workbench->prediction.now.name, "replace warmly by very bright");
    assert_int_equal(desk_run(&desk, "edit replace very bright --token 2"), COMMAND_DONE);
    assert_null(workbench->prediction.now.text);
    /* Copies come back with their sentence. */
    assert_int_equal(desk_run(&desk, "text a film"), COMMAND_DONE);
    assert_int_equal(prediction_copies(workbench, copies), 0);
    assert_int_equal(desk_run(&desk, "text a warmly dull film"), COMMAND_DONE);
    assert_int_equal(prediction_copies(workbench, copies), 1);
    assert_int_equal(desk_run(&desk, "edit forget 2"), COMMAND_USAGE);
    assert_int_equal(desk_run(&desk, "edit forget 1"), COMMAND_DONE);
    assert_int_equal(prediction_copies(workbench, copies), 0);
    desk_close(&desk);
}

static void test_occlusion_follows(void **state) {
    (void)state;
    struct desk desk;
    struct workbench *workbench = &desk.workbench;
    static const char *const masked[] = {"[MASK] dull film", "a [MASK] film", "a dull [MASK]"};
    open_live(&desk, "a dull film");
    live_until(&desk, is_occluded);
    const struct occlusion *bars = prediction_occlusion(workbench, 0);
    assert_int_equal(bars->tokens, 5);
    for (int token = 1; token <= 3; token++)
        for (int arm = 0; arm < ARMS; arm++)
            expect_said(&desk, arm, &bars->said[token * ARMS + arm], "a dull film",
                        masked[token - 1]);
    assert_int_equal(bars->width[0], 0);
    /* Typing: only the newest sentence counts. */
    for (int i = 0; i < 5; i++)
        assert_int_equal(desk_run(&desk, i % 2 ? "text bad film" : "text good"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "text never dull ."), COMMAND_DONE);
    live_until(&desk, is_occluded);
    bars = prediction_occlusion(workbench, 0);
    assert_string_equal(bars->pieces[1], "never");
    expect_said(&desk, ARM_B, &bars->said[1 * ARMS + ARM_B], "never dull .", "[MASK] dull .");
    /* Another kind of bars. */
    assert_int_equal(desk_run(&desk, "occlude drop"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "edit by word"), COMMAND_DONE);
    prediction_wish(workbench);
    live_until(&desk, is_occluded);
    bars = prediction_occlusion(workbench, 0);
    assert_int_equal(bars->by, OCCLUSION_DROP);
    expect_said(&desk, ARM_A, &bars->said[2 * ARMS + ARM_A], "never dull .", "never .");
    assert_int_equal(desk_run(&desk, "occlude next"), COMMAND_DONE);
    assert_int_equal(workbench->prediction.by, OCCLUSION_OFF);
    assert_null(prediction_occlusion(workbench, 0));
    assert_int_equal(workbench_view(workbench), VIEW_PREDICTION);
    desk_close(&desk);
}

static void test_usage(void **state) {
    (void)state;
    struct desk desk;
    open_live(&desk, "a film");
    static const struct {
        const char *line, *says;
    } wrong[] = {{"edit mask --token 0", "frame the sentence"},
                 {"edit mask --token 3", "frame the sentence"},
                 {"edit mask --token 9", "there are 4 tokens"},
                 {"edit mask film", "only replace takes a word"},
                 {"edit replace --token 1", "name the word"},
                 {"edit replace '  ' --token 1", "no tokens"},
                 {"edit keep", "nothing is edited"},
                 {"edit forget", "number of a copy"},
                 {"edit forget x", "number of a copy"},
                 {"edit forget 1", "there are 0"},
                 {"edit by letter", "token, word or next"},
                 {"occlude", "mask, drop, off or next"},
                 {"occlude everything", "not \"everything\""}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(desk_run(&desk, wrong[i].line), COMMAND_USAGE);
        assert_holds(desk_told(&desk, TOLD_ERRORS), wrong[i].says);
    }
    assert_null(desk.workbench.prediction.now.text);
    for (int i = 0; i < COPIES_KEPT_MOST; i++) {
        assert_int_equal(desk_run(&desk, "edit drop --token 1"), COMMAND_DONE);
        assert_int_equal(desk_run(&desk, "edit keep"), COMMAND_DONE);
    }
    assert_int_equal(desk_run(&desk, "edit drop --token 1"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "edit keep"), COMMAND_USAGE);
    assert_holds(desk_told(&desk, TOLD_ERRORS), "edit forget 1");
    desk_close(&desk);
}

/* In a script: told at once, as text and as JSON. */
static void test_script(void **state) {
    (void)state;
    struct desk desk;
    desk_open(&desk, 1);
    assert_int_equal(desk_run(&desk, "text a dull film"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "edit drop --token 2"), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "A  drop dull  ");
    assert_holds(desk_told(&desk, TOLD_RESULTS), "\nB  drop dull  ");
    expect_said(&desk, ARM_B, &desk.workbench.prediction.now.said[ARM_B], "a dull film", "a film");
    assert_int_equal(desk_run(&desk, "edit mask --token 3 --json"), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "\"edit\":\"drop dull, mask film\"");
    assert_int_equal(desk_run(&desk, "occlude"), COMMAND_DONE);
    assert_holds(desk_told(&desk, TOLD_RESULTS), "A change");
    assert_holds(desk_told(&desk, TOLD_RESULTS), "\n    3  film");
    assert_int_equal(desk_run(&desk, "occlude 'a dull film' --by drop --json"), COMMAND_DONE);
    const char *told = desk_told(&desk, TOLD_RESULTS);
    int lines = 0;
    for (const char *at = told; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 3);
    assert_holds(told, "{\"token\":2,\"text\":\"dull\",\"arm\":\"a\",\"logit_difference\":");
    assert_int_equal(desk_run(&desk, "occlude ''"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "text"), COMMAND_DONE);
    assert_int_equal(desk_run(&desk, "occlude"), COMMAND_USAGE);
    desk_close(&desk);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_pictures), cmocka_unit_test(test_nothing_outside),
    cmocka_unit_test(test_click),    cmocka_unit_test(test_figure),
    cmocka_unit_test(test_copies),   cmocka_unit_test(test_occlusion_follows),
    cmocka_unit_test(test_usage),    cmocka_unit_test(test_script),
};

TEST_GROUP(tests_tui_prediction, tests);

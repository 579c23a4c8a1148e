/*
 * walk.c - random keys, pastes, resizes and the mouse, on the tiny model with a worker that
 * computes: every picture is sound, and nothing is lost or leaks (under the sanitizers).
 *
 * SAWB_WALK=N walks N steps instead, SAWB_WALK_SEED another way.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/random.h"
#include "tests/temporary.h"
#include "tests/test.h"
#include "tests/tui/sound.h"
#include "tui/screen/screen.h"

#define STEPS 2000
#define FILL_EVERY 97

struct walk {
    struct workbench workbench;
    struct screen *screen;
    struct grid *grid;
    uint64_t key, drawn;
};

static uint64_t draw(struct walk *walk, uint64_t below) {
    return random_bits(walk->key, walk->drawn++) % below;
}

static long from_environment(const char *name, long usual) {
    const char *value = getenv(name);
    return value && *value ? strtol(value, NULL, 10) : usual;
}

/* What would take long, or end the walk. */
static int is_left_out(const char *line) {
    static const char *const names[] = {"leave", "interrupt", "suspend", "quit", "q",
                                        "bench", "train",     "new",     "eval", "compare",
                                        "run",   "open",      "export"};
    line += strspn(line, " :");
    size_t length = strcspn(line, " ");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i]) == length && strncmp(names[i], line, length) == 0)
            return 1;
    return 0;
}

static void press(struct walk *walk, int key) {
    struct screen *screen = walk->screen;
    if (key == KEYS_ENTER && screen->prompt_open && is_left_out(line_editor_text(&screen->prompt)))
        key = KEYS_ESCAPE;
    const struct key_sources sources = screen_keys(screen);
    const struct key_binding *binding =
        keys_find(&sources, screen_focus(screen), screen->first_key, key);
    if (!binding || !is_left_out(binding->command))
        screen_key(screen, key);
}

/* A key that is bound where we are, with its second one if it has one. */
static void press_bound(struct walk *walk) {
    const struct key_sources sources = screen_keys(walk->screen);
    const struct key_binding *binding = NULL;
    int count = 0;
    while (keys_row(&sources, count))
        count++;
    binding = keys_row(&sources, (int)draw(walk, (uint64_t)count));
    press(walk, binding->key);
    if (binding->then)
        press(walk, binding->then);
}

static void press_any(struct walk *walk) {
    static const int others[] = {KEYS_TAB, KEYS_ENTER, KEYS_ESCAPE, 0xe9, 0x732b, 0x301, 0x200d};
    uint64_t number = draw(walk, 160);
    if (number < 95)
        press(walk, ' ' + (int)number);
    else if (number < 127)
        press(walk, (int)number - 95);
    else if (number < 127 + KEYS_LAST - KEYS_FIRST)
        press(walk, KEYS_FIRST + (int)number - 127);
    else
        press(walk, others[number % (sizeof(others) / sizeof(others[0]))]);
}

static void paste(struct walk *walk) {
    static const char *const pieces[] = {
        "a quiet film ", "\n",           "\t",  "\033[2J",     "\377",
        "caf\303\251 ",  "\347\214\253", "",    ": quit ",     "[MASK]",
        "topk(0.5)",     "e\314\201",    "   ", "it's \"so\" "};
    size_t count = draw(walk, 12);
    for (size_t i = 0; i < count; i++) {
        const char *piece = pieces[draw(walk, sizeof(pieces) / sizeof(pieces[0]))];
        screen_paste(walk->screen, piece, strlen(piece) + !*piece, i > 0);
    }
}

static void point(struct walk *walk) {
    enum mouse_event event = (enum mouse_event)draw(walk, MOUSE_WHEEL_DOWN + 1);
    int row = (int)draw(walk, (uint64_t)walk->grid->rows + 4) - 2;
    int column = (int)draw(walk, (uint64_t)walk->grid->columns + 4) - 2;
    screen_mouse(walk->screen, event, row, column);
}

static void resize(struct walk *walk) {
    static const struct { int rows, columns; } sizes[] = {{24, 80}, {40, 120}, {60, 200}, {16, 60}};
    size_t which = draw(walk, 6);
    int rows = which < 4 ? sizes[which].rows : (int)draw(walk, 70);
    int columns = which < 4 ? sizes[which].columns : (int)draw(walk, 220);
    struct grid *grid = grid_create(rows, columns, NULL);
    assert_non_null(grid);
    grid_free(walk->grid);
    walk->grid = grid;
}

static void step(struct walk *walk) {
    struct workbench *workbench = &walk->workbench;
    uint64_t what = draw(walk, 100);
    struct event *event;
    walk->screen->now += 0.05;
    if (what < 60)
        press_bound(walk);
    else if (what < 80)
        press_any(walk);
    else if (what < 84)
        paste(walk);
    else if (what < 88)
        resize(walk);
    else if (what < 96)
        point(walk);
    else
        press(walk, KEYS_ESCAPE);
    while ((event = queue_pop(workbench->events)))
        workbench_event(workbench, event);
    free(workbench->picture); /* nobody is there to draw it */
    workbench->picture = NULL;
    screen_draw(walk->screen, walk->grid);
    assert_sound(walk->grid);
}

static void open_walk(struct walk *walk) {
    struct sawb_error error;
    char model[PATH_MAX], samples[PATH_MAX];
    memset(walk, 0, sizeof(*walk));
    walk->key = random_key((uint64_t)from_environment("SAWB_WALK_SEED", 1), 4, 0, 0);
    assert_non_null(realpath("tests/model/vectors/bert", model));
    assert_non_null(realpath("samples", samples));
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    setenv("SAWB_SAMPLES", samples, 1);
    const struct settings settings = {.model_directory = model, .threads = 1, .seed = 1};
    if (workbench_open(&walk->workbench, &settings, &error) < 0 ||
        workbench_begin(&walk->workbench, "the film is slow", &error) < 0 ||
        screen_create(&walk->screen, &walk->workbench, &glyphs_utf8, &error) < 0)
        fail_msg("%s", error.message);
    walk->screen->now = 1000;
    walk->grid = grid_create(24, 80, &error);
    assert_non_null(walk->grid);
}

/* What the views have to show: a data set, a sweep over it, heads removed by it. They run in the
 * background, one after the other is asked for while we walk. */
static void fill(struct walk *walk, long at) {
    static const char *const lines[] = {"data rows.tsv", "sweep rows.tsv", "prune rows.tsv",
                                        "sparsity b local(2)"};
    static const char rows[] = "sentence\tlabel\nthe film is slow\t0\na warm film\t1\n"
                               "the actor feels warm but the joke is old\t1\nslow\t0\n";
    struct sawb_error error;
    if (at == 0 && file_replace("rows.tsv", rows, strlen(rows), &error) < 0)
        fail_msg("%s", error.message);
    if (at % FILL_EVERY == 0)
        screen_command(walk->screen, lines[at / FILL_EVERY % 4]);
}

static void close_walk(struct walk *walk) {
    screen_free(walk->screen);
    workbench_close(&walk->workbench);
    grid_free(walk->grid);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("SAWB_SAMPLES");
}

static void test_random_walk(void **state) {
    (void)state;
    struct walk walk;
    char before[PATH_MAX];
    struct temporary folder;
    temporary_make(&folder);
    assert_non_null(getcwd(before, sizeof(before)));
    open_walk(&walk);
    assert_int_equal(chdir(folder.path), 0); /* whatever a command writes goes there */
    long steps = from_environment("SAWB_WALK", STEPS);
    for (long i = 0; i < steps; i++) {
        fill(&walk, i);
        step(&walk);
    }
    close_walk(&walk);
    assert_int_equal(chdir(before), 0);
    temporary_remove(&folder);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_random_walk),
};
TEST_GROUP(tests_tui_walk, tests);

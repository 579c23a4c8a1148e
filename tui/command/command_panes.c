/*
 * command_panes.c - the panes of the screen, and the mouse.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tui/command/handlers.h"

#define PANE_CHOICES                                                                               \
    "next|previous|left|right|up|down|grow|shrink|wider|narrower|taller|shorter|equal"
#define STEP 2 /* cells, where no number is given */
#define STEP_MOST 1000

static int changed(struct workbench *workbench) {
    workbench->changed = 1;
    return COMMAND_DONE;
}

static int is(const char *word, const char *name) {
    return strcasecmp(word, name) == 0;
}

static int split(struct workbench *workbench, const struct arguments *arguments,
                 struct sink *sink) {
    const char *name = arguments_get(arguments, 1);
    int view = name ? view_find(name) : (int)workbench_view(workbench);
    struct sawb_error error;
    if (view < 0) {
        error_set(&error, "split: there is no view \"%s\"; `help view` lists them", name);
        return command_misuse(sink, &error);
    }
    if (panes_split(&workbench->panes, is(arguments_get(arguments, 0), "down"), (enum view)view,
                    &error) < 0)
        return command_fail(sink, &error);
    return changed(workbench);
}

static int close_pane(struct workbench *workbench, const struct arguments *arguments,
                      struct sink *sink) {
    struct sawb_error error;
    (void)arguments;
    if (panes_close(&workbench->panes, &error) < 0)
        return command_fail(sink, &error);
    return changed(workbench);
}

static int only(struct workbench *workbench, const struct arguments *arguments, struct sink *sink) {
    (void)arguments;
    (void)sink;
    panes_only(&workbench->panes);
    return changed(workbench);
}

static int zoom(struct workbench *workbench, const struct arguments *arguments, struct sink *sink) {
    (void)arguments;
    if (panes_count(&workbench->panes) < 2)
        sink_note(sink, "there is one pane only; `split right` or `layout two` makes another");
    panes_zoom(&workbench->panes);
    return changed(workbench);
}

/* Cells of `pane grow 3`; -1 with an error. */
static int cells_of(const char *word, int *cells, struct sawb_error *error) {
    char *end;
    *cells = STEP;
    if (!word)
        return 0;
    long number = strtol(word, &end, 10);
    if (end == word || *end || number < 1 || number > STEP_MOST)
        return error_set(error, "pane: cells must be a number from 1 to %d, not \"%s\"", STEP_MOST,
                         word);
    *cells = (int)number;
    return 0;
}

/* 0 when the word is none of these, otherwise 1; *status is -1 where there is nothing to move. */
static int move_focus(struct panes *panes, const char *word, int *status) {
    static const char *const sides[] = {"left", "right", "up", "down"};
    for (int side = 0; side < 4; side++) {
        if (is(word, sides[side])) {
            *status = panes_to_side(panes, (enum pane_side)side);
            return 1;
        }
    }
    if (!is(word, "next") && !is(word, "previous"))
        return 0;
    *status = panes_step(panes, is(word, "next") ? 1 : -1);
    return 1;
}

static int resize(struct panes *panes, const char *word, int cells) {
    static const struct {
        const char *word;
        int down, sign; /* down -1: any direction */
    } rows[] = {{"grow", -1, 1},     {"shrink", -1, -1}, {"wider", 0, 1},
                {"narrower", 0, -1}, {"taller", 1, 1},   {"shorter", 1, -1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!is(word, rows[i].word))
            continue;
        return rows[i].down < 0 ? panes_grow_any(panes, rows[i].sign * cells)
                                : panes_grow(panes, rows[i].down, rows[i].sign * cells);
    }
    panes_equal(panes);
    return 0;
}

static int pane(struct workbench *workbench, const struct arguments *arguments, struct sink *sink) {
    const char *word = arguments_get(arguments, 0);
    struct sawb_error error;
    int cells, status = 0;
    if (cells_of(arguments_get(arguments, 1), &cells, &error) < 0)
        return command_misuse(sink, &error);
    if (!move_focus(&workbench->panes, word, &status))
        status = resize(&workbench->panes, word, cells);
    if (status < 0)
        sink_note(sink, "%s",
                  panes_count(&workbench->panes) < 2
                      ? "there is one pane only; `split right` makes another"
                      : "there is no pane on that side");
    return changed(workbench);
}

static int layout(struct workbench *workbench, const struct arguments *arguments,
                  struct sink *sink) {
    static const char *const names[PANES_SLOTS] = {"one", "two", "three", "four"};
    const char *word = arguments_get(arguments, 0);
    (void)sink;
    if (is(word, "auto"))
        panes_follow(&workbench->panes);
    for (int i = 0; i < PANES_SLOTS; i++)
        if (is(word, names[i]))
            panes_arrange(&workbench->panes, i + 1, workbench->run.name != NULL);
    return changed(workbench);
}

static int mouse(struct workbench *workbench, const struct arguments *arguments,
                 struct sink *sink) {
    const char *word = arguments_get(arguments, 0);
    int *without = &workbench->without_mouse;
    *without = is(word, "on") ? 0 : is(word, "off") ? 1 : !*without;
    sink_note(sink, "%s",
              *without ? "the mouse is the terminal's own"
                       : "the mouse is heard; with Shift it is the terminal's own");
    return changed(workbench);
}

const struct command commands_panes[] = {
    {.name = "split",
     .usage = "right|down [VIEW]",
     .positionals = {{ARGUMENT_CHOICE, "right|down"}, {ARGUMENT_TEXT, VIEW_NAMES}},
     .minimum = 1,
     .maximum = 2,
     .help = "divide the pane; the new one shows VIEW (default: the same) and gets the keys",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_BARE,
     .run = split},
    {.name = "close",
     .usage = "",
     .help = "close the pane; what it showed is one `view` away",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_BARE,
     .run = close_pane},
    {.name = "only",
     .usage = "",
     .help = "close all panes but this one",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_BARE,
     .run = only},
    {.name = "zoom",
     .usage = "",
     .help = "show this pane alone, and the others again",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_BARE,
     .run = zoom},
    {.name = "pane",
     .usage = PANE_CHOICES " [N]",
     .positionals = {{ARGUMENT_CHOICE, PANE_CHOICES}, {ARGUMENT_NUMBER, NULL}},
     .minimum = 1,
     .maximum = 2,
     .help = "go to another pane, or move this one's border by N cells (default: 2)",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_BARE,
     .run = pane},
    {.name = "layout",
     .usage = "one|two|three|four|auto",
     .positionals = {{ARGUMENT_CHOICE, "one|two|three|four|auto"}},
     .minimum = 1,
     .maximum = 1,
     .help = "arrange so many panes; auto: as many as have room, until you change them",
     .details = "An automatic layout has one pane at 80x24, two at 120x40 and three at 200x60, one "
                "more while a run is there to be watched.",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_BARE,
     .run = layout},
    {.name = "mouse",
     .usage = "on|off|toggle",
     .positionals = {{ARGUMENT_CHOICE, "on|off|toggle"}},
     .minimum = 1,
     .maximum = 1,
     .help = "whether sawb hears the mouse; Shift leaves it to the terminal at any time",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_BARE,
     .run = mouse},
    {0},
};

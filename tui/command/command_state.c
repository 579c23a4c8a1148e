/*
 * command_state.c - undo, bookmarks, settings.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/clock.h"
#include "tui/command/answer.h"
#include "tui/command/handlers.h"
#include "viz/palette.h"
#include "viz/table.h"

static int step(struct workbench *workbench, struct sink *sink, int direction) {
    struct sawb_error error;
    undo_note(workbench, clock_seconds());
    if (undo_step(workbench, direction, &error) < 0)
        return command_fail(sink, &error);
    workbench->changed = 1;
    return COMMAND_DONE;
}

static COMMAND_HANDLER(run_undo) {
    (void)arguments;
    return step(workbench, sink, -1);
}

static COMMAND_HANDLER(run_redo) {
    (void)arguments;
    return step(workbench, sink, 1);
}

static int keep(struct workbench *workbench, const struct bookmark *bookmark, struct sink *sink) {
    struct record record = record_begin();
    record_text(&record, "bookmark", bookmark->name);
    record_number(&record, "layer", bookmark->layer);
    record_number(&record, "head", bookmark->head);
    record_number(&record, "query", bookmark->query);
    record_number(&record, "key", bookmark->key);
    return command_object(workbench, &record, sink);
}

static COMMAND_HANDLER(run_bookmark) {
    const char *forget = arguments_option(arguments, "forget");
    struct sawb_error error;
    if (forget && bookmark_forget(workbench, forget) < 0) {
        error_set(&error, "bookmark: there is no bookmark \"%s\"; `bookmarks` lists them", forget);
        return command_fail(sink, &error);
    }
    if (forget)
        return COMMAND_DONE;
    const struct bookmark *bookmark = bookmark_set(workbench, arguments_get(arguments, 0), &error);
    if (!bookmark)
        return command_fail(sink, &error);
    if (!workbench->settings.json)
        sink_result(sink, "%s  layer %d head %d  query %d key %d", bookmark->name, bookmark->layer,
                    bookmark->head, bookmark->query, bookmark->key);
    return keep(workbench, bookmark, sink);
}

static COMMAND_HANDLER(run_bookmarks) {
    (void)arguments;
    const struct bookmarks *bookmarks = &workbench->bookmarks;
    if (bookmarks->count == 0) {
        sink_note(sink, "no bookmarks yet; `bookmark [NAME]` keeps this place");
        return COMMAND_DONE;
    }
    static const char *const titles[] = {"bookmark", ">layer", ">head", ">query", ">key"};
    struct table *table = table_create(titles, 5, NULL);
    int failed = !table;
    for (int i = 0; i < bookmarks->count && !failed; i++) {
        const struct bookmark *bookmark = &bookmarks->rows[i];
        failed = keep(workbench, bookmark, sink) != COMMAND_DONE ||
                 table_add(table, "%s", bookmark->name) < 0 ||
                 table_add(table, "%d", bookmark->layer) < 0 ||
                 table_add(table, "%d", bookmark->head) < 0 ||
                 table_add(table, "%d", bookmark->query) < 0 ||
                 table_add(table, "%d", bookmark->key) < 0;
    }
    return command_tell_table(workbench, table, failed, sink);
}

static COMMAND_HANDLER(run_jump) {
    struct sawb_error error;
    if (bookmark_jump(workbench, arguments_get(arguments, 0), &error) < 0)
        return command_fail(sink, &error);
    workbench->changed = 1;
    return COMMAND_DONE;
}

static COMMAND_HANDLER(run_log) {
    static const char *const words[] = {"back", "forth", "first", "last", "clear", "find"};
    enum { BACK, FORTH, FIRST, LAST, CLEAR, FIND, WORDS };
    struct console *console = &workbench->console;
    const char *word = arguments_get(arguments, 0), *what = arguments_get(arguments, 1);
    struct sawb_error error;
    int which = 0, lines = what ? atoi(what) : 1;
    while (which < WORDS && strcasecmp(words[which], word) != 0)
        which++;
    workbench->changed = 1;
    if (which == BACK || which == FORTH) {
        console_scroll(console, which == BACK ? lines : -lines);
    } else if (which == FIRST || which == LAST) {
        console_scroll(console, which == FIRST ? console->count : -console->count);
    } else if (which == CLEAR) {
        console_clear(console);
    } else if (!what || console_find(console, what, 1) < 0) {
        error_set(&error, what ? "log: no older line holds \"%s\"" : "log: find what?", what);
        return command_fail(sink, &error);
    }
    return COMMAND_DONE;
}

/* What is set once and stays: each is the command of the same name. */
static const char *palette_now(const struct workbench *workbench) {
    return workbench->palette > 0 ? palette_name(workbench->palette - 1) : "auto";
}
static const char *ramp_now(const struct workbench *workbench) {
    return workbench->digit_ramp ? "digits" : "blocks";
}
static const char *mouse_now(const struct workbench *workbench) {
    return workbench->without_mouse ? "off" : "on";
}
static const char *live_now(const struct workbench *workbench) {
    return workbench->live ? "on" : "off";
}
static const char *mode_now(const struct workbench *workbench) {
    static const char *const names[MAP_MODES] = {"weight", "score", "log"};
    return names[workbench->mode];
}
static const char *pattern_of_a(const struct workbench *workbench) {
    return workbench->arms[ARM_A].spec;
}
static const char *pattern_of_b(const struct workbench *workbench) {
    return workbench->arms[ARM_B].spec;
}

static const struct {
    const char *name;
    const char *(*now)(const struct workbench *workbench);
} settings[] = {{"palette", palette_now},    {"ramp", ramp_now}, {"mouse", mouse_now},
                {"live", live_now},          {"mode", mode_now}, {"sparsity a", pattern_of_a},
                {"sparsity b", pattern_of_b}};

static int list_settings(struct workbench *workbench, struct sink *sink) {
    static const char *const titles[] = {"setting", "value"};
    struct table *table = table_create(titles, 2, NULL);
    int failed = !table;
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        const char *value = settings[i].now(workbench);
        struct record record = record_begin();
        record_text(&record, "setting", settings[i].name);
        record_text(&record, "value", value);
        failed = failed || command_object(workbench, &record, sink) != COMMAND_DONE ||
                 table_add(table, "%s", settings[i].name) < 0 || table_add(table, "%s", value) < 0;
    }
    return command_tell_table(workbench, table, failed, sink);
}

static COMMAND_HANDLER(run_set) {
    const char *line = arguments_get(arguments, 0);
    return line && *line ? command_run(workbench, line, sink) : list_settings(workbench, sink);
}

static const struct option_row bookmark_options[] = {
    {"forget", 0, ARGUMENT_TEXT, "NAME", "drop this bookmark instead"},
    {0},
};

const struct command commands_state[] = {
    {.name = "undo",
     .usage = "",
     .help = "take back the last change of the sentence, a pattern, a model or the maps' look",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = run_undo},
    {.name = "redo",
     .usage = "",
     .help = "make again what undo took back",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = run_redo},
    {.name = "bookmark",
     .usage = "[NAME]",
     .positionals = {{ARGUMENT_TEXT, NULL}},
     .maximum = 1,
     .help = "keep this layer, head and cell under a name, or a number",
     .options = bookmark_options,
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = run_bookmark},
    {.name = "set",
     .usage = "[NAME VALUE]",
     .positionals = {{ARGUMENT_COMMAND, "palette|ramp|mouse|live|mode|sparsity"}},
     .maximum = -1,
     .help = "choose a setting, as the command NAME VALUE does; without words, list what is set",
     .details = "In $XDG_CONFIG_HOME/sawb/config: set palette light, set mouse off, set sparsity b "
                "local(2), bind z zoom. Any command can stand there.",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_RAW,
     .run = run_set},
    {.name = "log",
     .usage = "back [N]|forth [N]|first|last|find TEXT|clear",
     .positionals = {{ARGUMENT_CHOICE, "back|forth|first|last|find|clear"}, {ARGUMENT_TEXT, NULL}},
     .minimum = 1,
     .maximum = 2,
     .help = "move in the lines of the console view, search or clear them",
     .where = COMMAND_SCREEN,
     .run = run_log},
    {.name = "bookmarks",
     .usage = "",
     .help = "list the bookmarks",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = run_bookmarks},
    {.name = "jump",
     .usage = "NAME",
     .positionals = {{ARGUMENT_TEXT, NULL}},
     .minimum = 1,
     .maximum = 1,
     .help = "go to a bookmark",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = run_jump},
    {0},
};

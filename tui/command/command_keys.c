/*
 * command_keys.c - the bindings of keys: the user's, and all of them as a list.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tui/command/answer.h"
#include "tui/command/handlers.h"
#include "tui/screen/screen.h"
#include "viz/table.h"

/* 1 when the first word of a line is an action of the screen or a command that it runs. */
static int runs_on_screen(const char *line) {
    char name[64];
    size_t length = strcspn(line, " ");
    const struct screen_action *action;
    if (length == 0 || length >= sizeof(name))
        return 0;
    memcpy(name, line, length);
    name[length] = '\0';
    for (int i = 0; (action = screen_action_get(i)); i++)
        if (strcmp(action->name, name) == 0)
            return 1;
    const struct command *command = command_find(name);
    return command && command->where & COMMAND_SCREEN;
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* What is told of bindings: objects at once, and for people one table at the end. */
struct key_list {
    struct workbench *workbench;
    struct sink *sink;
    struct table *table; /* NULL: out of memory */
    int failed;
};

static void list_begin(struct key_list *list, struct workbench *workbench, struct sink *sink,
                       const char *const *titles, int columns) {
    *list = (struct key_list){.workbench = workbench, .sink = sink};
    list->table = table_create(titles, columns, NULL);
    list->failed = !list->table;
}

static int list_end(struct key_list *list) {
    return command_tell_table(list->workbench, list->table, list->failed, list->sink);
}

/* `where` NULL: it is one of the user's own, of which neither view nor note is told. */
static void list_binding(struct key_list *list, const char *where,
                         const struct key_binding *binding) {
    struct record record = record_begin();
    char name[KEYS_NAME_BYTES];
    keys_binding_name(binding, name, sizeof(name));
    if (where) {
        record_text(&record, "view", where);
        list->failed = list->failed || table_add(list->table, "%s", where) < 0;
    }
    record_text(&record, "key", name);
    record_text(&record, "command", binding->command);
    list->failed = list->failed || table_add(list->table, "%s", name) < 0 ||
                   table_add(list->table, "%s", binding->command) < 0;
    if (where) {
        record_text(&record, "note", binding->note);
        list->failed =
            list->failed || table_add(list->table, "%s", binding->note ? binding->note : "") < 0;
    }
    list->failed |= command_object(list->workbench, &record, list->sink) != COMMAND_DONE;
}

static int list_own(struct workbench *workbench, struct sink *sink) {
    static const char *const titles[] = {"key", "command"};
    const struct key_map *map = &workbench->keys;
    struct key_list list;
    if (map->count == 0) {
        sink_note(sink, "you have bound no keys; `bind KEY COMMAND` does, `keys` lists sawb's own");
        return COMMAND_DONE;
    }
    list_begin(&list, workbench, sink, titles, 2);
    for (int i = 0; i < map->count; i++)
        list_binding(&list, NULL, &map->rows[i]);
    return list_end(&list);
}

/* What the keys do where `focus` has them. */
static void list_focus(struct key_list *list, const char *where, const struct key_binding *own,
                       enum focus focus) {
    const struct key_sources sources = {&list->workbench->keys, own};
    const struct key_binding *binding;
    for (int i = 0; (binding = keys_row(&sources, i)); i++)
        if (keys_holds(&sources, focus, binding))
            list_binding(list, where, binding);
}

static int keys(struct workbench *workbench, const struct arguments *arguments, struct sink *sink) {
    static const struct {
        const char *name;
        enum focus focus;
    } others[] = {{"sentence", FOCUS_SENTENCE},
                  {"text", FOCUS_TEXT},
                  {"prompt", FOCUS_PROMPT},
                  {"replay", FOCUS_REPLAY}};
    static const char *const titles[] = {"view", "key", "command", "note"};
    const char *word = arguments_get(arguments, 0);
    struct key_list list;
    int found = 0;
    list_begin(&list, workbench, sink, titles, 4);
    for (int view = 0; view < VIEWS; view++) {
        if (word && view_find(word) != view)
            continue;
        found = 1;
        list_focus(&list, view_get(view)->name, screen_view_get(view)->keys,
                   view == VIEW_HELP ? FOCUS_TEXT : FOCUS_MAP);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (word && strcasecmp(word, others[i].name) != 0)
            continue;
        found = 1;
        list_focus(&list, others[i].name, NULL, others[i].focus);
    }
    if (found)
        return list_end(&list);
    table_free(list.table);
    struct sawb_error error;
    error_set(&error, "keys: \"%s\" is neither a view nor sentence, text, prompt or replay", word);
    return command_misuse(sink, &error);
}

/* ---- changes --------------------------------------------------------------------------------- */

static int bind_key(struct workbench *workbench, const struct arguments *arguments,
                    struct sink *sink) {
    const char *name = arguments_get(arguments, 0), *line = arguments_get(arguments, 1);
    struct sawb_error error;
    int key, then;
    if (!name)
        return list_own(workbench, sink);
    if (keys_parse(name, &key, &then, &error) < 0) {
        error_prefix(&error, "bind");
        return command_misuse(sink, &error);
    }
    if (!line) {
        error_set(&error,
                  "bind: what shall %s do? `bind KEY COMMAND`, for example `bind \"%s\" "
                  "view heads`",
                  name, name);
        return command_misuse(sink, &error);
    }
    if (!runs_on_screen(line)) {
        error_set(&error, "bind: \"%.*s\" is no command of the screen; `help` lists them",
                  (int)strcspn(line, " "), line);
        return command_misuse(sink, &error);
    }
    if (keys_bind(&workbench->keys, keys_usual_focus(key), name, line, &error) < 0)
        return command_fail(sink, &error);
    workbench->changed = 1;
    return COMMAND_DONE;
}

static int unbind(struct workbench *workbench, const struct arguments *arguments,
                  struct sink *sink) {
    struct sawb_error error;
    if (keys_unbind(&workbench->keys, arguments_get(arguments, 0), &error) < 0) {
        error_prefix(&error, "unbind");
        return command_fail(sink, &error);
    }
    workbench->changed = 1;
    return COMMAND_DONE;
}

const struct command commands_keys[] = {
    {.name = "bind",
     .usage = "[KEY COMMAND...]",
     .positionals = {{ARGUMENT_TEXT, NULL}, {ARGUMENT_COMMAND, NULL}},
     .minimum = 0,
     .maximum = -1,
     .help = "let a key run a command (the rest of the line as it is); alone: list what you bound",
     .details =
         "KEY is a character, Space, Tab, Enter, Esc, Backspace, Up, Down, Left, Right, Home, "
         "End, PgUp, PgDn, Insert, Delete, Shift-Tab or F1 to F20, with Ctrl- or Alt- in front; "
         "two of them in quotes make a sequence: bind \"g x\" view mask. Keys that write "
         "something are bound for views, others also while the sentence is written.",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_BARE | COMMAND_RAW,
     .run = bind_key},
    {.name = "unbind",
     .usage = "KEY",
     .positionals = {{ARGUMENT_TEXT, NULL}},
     .minimum = 1,
     .maximum = 1,
     .help = "forget what you bound to a key, which then does what it did before",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_BARE,
     .run = unbind},
    {.name = "keys",
     .usage = "[VIEW|sentence|text|prompt|replay]",
     .positionals = {{ARGUMENT_TEXT, VIEW_NAMES "|sentence|text|prompt|replay"}},
     .minimum = 0,
     .maximum = 1,
     .help = "list what every key does, view by view",
     .where = COMMAND_SHELL | COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_BARE,
     .run = keys},
    {0},
};

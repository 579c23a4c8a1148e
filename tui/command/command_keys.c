/*
 * command_keys.c - the bindings of keys: the user's, and all of them as a list.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tui/command/answer.h"
#include "tui/command/handlers.h"
#include "tui/screen/screen.h"

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

/* A line for a binding; `where` NULL: not said. */
static int list_binding(const struct workbench *workbench, struct sink *sink, const char *where,
                        const struct key_binding *binding) {
    char name[KEYS_NAME_BYTES];
    keys_binding_name(binding, name, sizeof(name));
    if (!workbench->settings.json) {
        if (where)
            sink_result(sink, "%-11s %-16s %-26s %s", where, name, binding->command,
                        binding->note ? binding->note : "");
        else
            sink_result(sink, "%-16s %s", name, binding->command);
        return COMMAND_DONE;
    }
    struct record record = record_begin();
    if (where)
        record_text(&record, "view", where);
    record_text(&record, "key", name);
    record_text(&record, "command", binding->command);
    if (where)
        record_text(&record, "note", binding->note);
    return sink_result_owned(sink, record_print(&record));
}

static int list_own(const struct workbench *workbench, struct sink *sink) {
    const struct key_map *map = &workbench->keys;
    int status = COMMAND_DONE;
    if (map->count == 0 && !workbench->settings.json)
        sink_note(sink, "you have bound no keys; `bind KEY COMMAND` does, `keys` lists sawb's own");
    for (int i = 0; i < map->count && status == COMMAND_DONE; i++)
        status = list_binding(workbench, sink, NULL, &map->rows[i]);
    return status;
}

/* What the keys do where `focus` has them. */
static int list_focus(const struct workbench *workbench, struct sink *sink, const char *where,
                      const struct key_binding *own, enum focus focus) {
    const struct key_sources sources = {&workbench->keys, own};
    const struct key_binding *binding;
    int status = COMMAND_DONE;
    for (int i = 0; (binding = keys_row(&sources, i)) && status == COMMAND_DONE; i++)
        if (keys_holds(&sources, focus, binding))
            status = list_binding(workbench, sink, where, binding);
    return status;
}

static int keys(struct workbench *workbench, const struct arguments *arguments, struct sink *sink) {
    static const struct {
        const char *name;
        enum focus focus;
    } others[] = {{"sentence", FOCUS_SENTENCE}, {"text", FOCUS_TEXT}, {"prompt", FOCUS_PROMPT}};
    const char *word = arguments_get(arguments, 0);
    int found = 0, status = COMMAND_DONE;
    for (int view = 0; view < VIEWS && status == COMMAND_DONE; view++) {
        if (word && view_find(word) != view)
            continue;
        found = 1;
        status = list_focus(workbench, sink, view_get(view)->name, screen_view_get(view)->keys,
                            view == VIEW_HELP ? FOCUS_TEXT : FOCUS_MAP);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]) && status == COMMAND_DONE; i++) {
        if (word && strcasecmp(word, others[i].name) != 0)
            continue;
        found = 1;
        status = list_focus(workbench, sink, others[i].name, NULL, others[i].focus);
    }
    if (found)
        return status;
    struct sawb_error error;
    error_set(&error, "keys: \"%s\" is neither a view nor sentence, text or prompt", word);
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
     .usage = "[VIEW|sentence|text|prompt]",
     .positionals = {{ARGUMENT_TEXT, VIEW_NAMES "|sentence|text|prompt"}},
     .minimum = 0,
     .maximum = 1,
     .help = "list what every key does, view by view",
     .where = COMMAND_SHELL | COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_BARE,
     .run = keys},
    {0},
};

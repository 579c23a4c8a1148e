/*
 * control.c - what the terminal sends, turned into edits, words of the screen and command lines.
 */
#include "tui/screen/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "tui/screen/prompt.h"
#include "tui/screen/replay_bar.h"

#define LEAVE_PATIENCE 3.0 /* seconds in which a second Ctrl-C or q counts as the second */

/* Lines a command answers with, until it is known whether they fit on the message line. */
struct answer {
    struct screen *screen;
    const char *line; /* the command, until the console has it; NULL then */
    char *text;
    size_t length;
};

/* The console view gets the command before what it answers with. */
static void log_command(struct answer *answer) {
    if (answer->line)
        console_add(&answer->screen->workbench->console, CONSOLE_COMMAND, answer->line);
    answer->line = NULL;
}

static void answer_result(struct sink *sink, const char *text) {
    struct answer *answer = sink->user;
    log_command(answer);
    console_add(&answer->screen->workbench->console, CONSOLE_RESULT, text);
    size_t length = strlen(text);
    char *grown = realloc(answer->text, answer->length + length + 2);
    if (!grown) {
        workbench_message(answer->screen->workbench, MESSAGE_ERROR,
                          "out of memory for the answer of %zu bytes", answer->length + length);
        return;
    }
    if (answer->length)
        grown[answer->length++] = '\n';
    memcpy(grown + answer->length, text, length + 1);
    answer->text = grown;
    answer->length += length;
}

static void answer_note(struct sink *sink, const char *text) {
    struct answer *answer = sink->user;
    log_command(answer);
    workbench_message(answer->screen->workbench, MESSAGE_NOTE, "%s", text);
}

static void answer_progress(struct sink *sink, const char *text) {
    struct workbench *workbench = ((struct answer *)sink->user)->screen->workbench;
    snprintf(workbench->progress, sizeof(workbench->progress), "%s", text);
}

static void answer_error(struct sink *sink, const char *text) {
    struct answer *answer = sink->user;
    log_command(answer);
    workbench_message(answer->screen->workbench, MESSAGE_ERROR, "%s", text);
}

/* A command may have changed the sentence: the line shows what the workbench holds. */
static void take_sentence(struct screen *screen) {
    const char *text = screen->workbench->text ? screen->workbench->text : "";
    if (strcmp(text, line_editor_text(&screen->sentence)) == 0)
        return;
    struct sawb_error error;
    if (line_editor_set(&screen->sentence, text, &error) < 0)
        workbench_message(screen->workbench, MESSAGE_ERROR, "%s", error.message);
}

void screen_command(struct screen *screen, const char *line) {
    struct workbench *workbench = screen->workbench;
    struct answer answer = {.screen = screen, .line = line};
    struct sink sink = {.result = answer_result,
                        .progress = answer_progress,
                        .note = answer_note,
                        .error = answer_error,
                        .user = &answer};
    workbench_message(workbench, MESSAGE_COMMAND, "%s", line);
    if (screen->prompted)
        log_command(&answer);
    screen->prompted = 0;
    workbench->changed = 1;
    if (!replay_bar_allows(screen, line))
        return;
    undo_note(workbench, screen->now);
    command_run(workbench, line, &sink);
    undo_note(workbench, screen->now);
    take_sentence(screen);
    int in_sight = panes_shows(&workbench->panes, VIEW_CONSOLE);
    if (answer.text && !strchr(answer.text, '\n') && workbench->message_kind != MESSAGE_ERROR) {
        workbench->message_kind = MESSAGE_NOTE;
        snprintf(workbench->message, sizeof(workbench->message), "%s", answer.text);
    } else if (answer.text && !in_sight) {
        free(screen->answer);
        screen->answer = answer.text;
        screen_take_text(screen, TEXT_ANSWER);
        screen->scroll = 0;
        answer.text = NULL;
    }
    free(answer.text);
    workbench->changed = 1;
}

void screen_configure(struct screen *screen) {
    struct workbench *workbench = screen->workbench;
    const char *given = workbench->settings.config;
    if (given && strcmp(given, "none") == 0)
        return;
    char *path = given ? strdup(given) : workbench_user_file("config"), *line = NULL;
    if (path && (given || file_exists(path)) && asprintf(&line, "run -- '%s'", path) >= 0) {
        screen_command(screen, line);
        if (workbench->message_kind == MESSAGE_COMMAND)
            workbench->message_kind = MESSAGE_NONE;
        free(line);
    }
    free(path);
    undo_clear(&workbench->undo);
    recorder_configured(workbench);
}

static void focus_map(struct screen *screen, const char *argument) {
    (void)argument;
    screen->on_map = 1;
}

static void focus_sentence(struct screen *screen, const char *argument) {
    (void)argument;
    screen->on_map = 0;
}

static void keep_sentence(struct screen *screen, const char *argument) {
    (void)argument;
    line_editor_remember(&screen->sentence);
    screen->on_map = 1;
}

static void go_back(struct screen *screen, const char *argument) {
    (void)argument;
    struct workbench *workbench = screen->workbench;
    if (screen->answer) {
        free(screen->answer);
        screen->answer = NULL;
    } else if (pinned_step(workbench) >= 0) {
        screen_command(screen, "scrub off");
    } else if (workbench_view(workbench) == VIEW_HELP &&
               panes_previous(&workbench->panes) != VIEW_HELP) {
        workbench_show(workbench, panes_previous(&workbench->panes));
    } else {
        workbench_show(workbench, VIEW_ATTENTION);
    }
    screen->scroll = 0;
}

static void scroll(struct screen *screen, const char *argument) {
    int page = screen->page > 2 ? screen->page - 1 : 1;
    if (strcmp(argument, "page-up") == 0)
        screen->scroll -= page;
    else if (strcmp(argument, "page-down") == 0)
        screen->scroll += page;
    else if (strcmp(argument, "first") == 0)
        screen->scroll = 0;
    else if (strcmp(argument, "last") == 0)
        screen->scroll = screen->lines;
    else
        screen->scroll += atoi(argument);
    int last = screen->lines - screen->page;
    if (screen->scroll > last)
        screen->scroll = last;
    if (screen->scroll < 0)
        screen->scroll = 0;
}

void screen_leave(struct screen *screen) {
    struct workbench *workbench = screen->workbench;
    screen->leaving = 1;
    runs_forget_branches(workbench); /* their checkpoints stay */
    if (!workbench->long_job || workbench->replay)
        return;
    worker_stop(workbench->worker);
    workbench_message(workbench, MESSAGE_NOTE,
                      "stopping; what was learned is saved, then sawb ends");
}

/* 1 when this is the second time within a short while; the first one asks. */
static int asked_twice(struct screen *screen, const char *question) {
    if (screen->asked_to_leave > 0 && screen->now - screen->asked_to_leave < LEAVE_PATIENCE)
        return 1;
    screen->asked_to_leave = screen->now;
    workbench_message(screen->workbench, MESSAGE_NOTE, "%s", question);
    return 0;
}

static void leave(struct screen *screen, const char *argument) {
    (void)argument;
    if (!screen->workbench->long_job || screen->workbench->replay ||
        asked_twice(screen,
                    "work is under way: q again stops it (a run saves its weights) and quits"))
        screen_command(screen, "quit");
}

static void interrupt(struct screen *screen, const char *argument) {
    (void)argument;
    if (screen->workbench->long_job && !screen->workbench->replay && screen->asked_to_leave <= 0) {
        screen_command(screen, "stop");
        screen->asked_to_leave = screen->now;
    } else if (asked_twice(screen, "Ctrl-C again quits")) {
        screen_command(screen, "quit");
    }
}

static void redraw(struct screen *screen, const char *argument) {
    (void)argument;
    screen->redraw = 1;
}

static void suspend(struct screen *screen, const char *argument) {
    (void)argument;
    screen->suspend = 1;
}

static const struct screen_action actions[] = {
    {"focus-map", focus_map},
    {"focus-sentence", focus_sentence},
    {"keep-sentence", keep_sentence},
    {"back", go_back},
    {"scroll", scroll},
    {"prompt", prompt_open},
    {"find-command", prompt_find},
    {"accept", prompt_accept},
    {"cancel", prompt_cancel},
    {"complete", prompt_complete},
    {"leave", leave},
    {"interrupt", interrupt},
    {"redraw", redraw},
    {"suspend", suspend},
};

const struct screen_action *screen_action_get(int index) {
    int count = (int)(sizeof(actions) / sizeof(actions[0]));
    return index >= 0 && index < count ? &actions[index] : NULL;
}

void screen_run_key(struct screen *screen, const char *text) {
    size_t name = strcspn(text, " ");
    const struct screen_action *action;
    for (int i = 0; (action = screen_action_get(i)); i++) {
        if (strlen(action->name) == name && strncmp(action->name, text, name) == 0) {
            action->run(screen, text[name] ? text + name + 1 : "");
            return;
        }
    }
    screen_command(screen, text);
}

enum focus screen_focus(const struct screen *screen) {
    if (screen->prompt_open)
        return FOCUS_PROMPT;
    if (screen->answer || workbench_view(screen->workbench) == VIEW_HELP)
        return FOCUS_TEXT;
    return screen->on_map ? FOCUS_MAP : FOCUS_SENTENCE;
}

struct key_sources screen_keys(const struct screen *screen) {
    return (struct key_sources){&screen->workbench->keys, screen_view(screen)->keys};
}

int screen_text(const struct screen *screen) {
    return screen->answer ? TEXT_ANSWER : (int)workbench_view(screen->workbench);
}

void screen_take_text(struct screen *screen, int text) {
    if (text == screen->text)
        return;
    screen->texts[screen->text] = (struct text_place){screen->scroll, screen->page, screen->lines};
    screen->text = text;
    screen->scroll = screen->texts[text].scroll;
    screen->page = screen->texts[text].page;
    screen->lines = screen->texts[text].lines;
}

void screen_read_sentence(struct screen *screen) {
    undo_note(screen->workbench, screen->now);
    struct sawb_error error;
    recorder_text(screen->workbench, line_editor_text(&screen->sentence));
    if (workbench_set_text(screen->workbench, line_editor_text(&screen->sentence), &error) < 0)
        workbench_message(screen->workbench, MESSAGE_ERROR, "%s", error.message);
    recorder_done(screen->workbench);
    undo_note(screen->workbench, screen->now);
}

static void edit(struct screen *screen, enum focus focus, int key) {
    struct line_editor *editor = focus == FOCUS_PROMPT ? &screen->prompt : &screen->sentence;
    if (screen->finding && (key == KEYS_UP || key == KEYS_DOWN)) {
        prompt_complete(screen, key == KEYS_UP ? "back" : "");
        return;
    }
    switch (line_editor_key(editor, key)) {
    case LINE_CHANGED:
        if (focus == FOCUS_PROMPT)
            prompt_changed(screen);
        else
            screen_read_sentence(screen);
        break;
    case LINE_FAILED:
        workbench_message(screen->workbench, MESSAGE_ERROR,
                          "the line is full: it takes at most %d bytes", LINE_EDITOR_LIMIT);
        break;
    case LINE_MOVED:
        if (focus == FOCUS_PROMPT)
            prompt_changed(screen);
        break;
    case LINE_UNKNOWN:
        break;
    }
}

void screen_key(struct screen *screen, int key) {
    struct workbench *workbench = screen->workbench;
    int first = screen->first_key;
    double asked = screen->asked_to_leave;
    workbench->changed = 1;
    if (replay_bar_key(screen, key))
        return;
    enum focus focus = screen_focus(screen);
    workbench->message_kind = MESSAGE_NONE;
    screen->first_key = 0;
    screen_take_text(screen, screen_text(screen));
    struct key_sources sources = screen_keys(screen);
    const struct key_binding *binding = keys_find(&sources, focus, first, key);
    if (binding) {
        screen_run_key(screen, binding->command);
    } else if (first) {
        char names[2][40];
        keys_name(first, names[0], sizeof(names[0]));
        keys_name(key, names[1], sizeof(names[1]));
        if (key != KEYS_ESCAPE)
            workbench_message(workbench, MESSAGE_NOTE, "%s %s: there is no such key; ? lists them",
                              names[0], names[1]);
    } else if (keys_begins(&sources, focus, key)) {
        screen->first_key = key;
    } else if (focus == FOCUS_SENTENCE || focus == FOCUS_PROMPT) {
        edit(screen, focus, key);
    }
    if (screen->asked_to_leave == asked)
        screen->asked_to_leave = 0; /* another key came between: the question is void */
}

void screen_paste(struct screen *screen, const char *text, size_t length, int continued) {
    struct workbench *workbench = screen->workbench;
    struct line_editor *editor = screen->prompt_open ? &screen->prompt : &screen->sentence;
    struct sawb_error error;
    size_t dropped = 0;
    if (!continued) {
        screen->paste_dropped = 0;
        screen->paste_failed = 0;
    }
    if (screen->paste_failed)
        return;
    workbench->changed = 1;
    workbench->message_kind = MESSAGE_NONE;
    screen->first_key = 0;
    screen->paste_failed = line_editor_insert(editor, text, length, &dropped, &error) < 0;
    screen->paste_dropped += dropped;
    if (screen->paste_failed)
        workbench_message(workbench, MESSAGE_ERROR, "%s", error.message);
    else if (screen->paste_dropped)
        workbench_message(workbench, MESSAGE_NOTE,
                          "%zu bytes of the paste are left out: control characters or not UTF-8",
                          screen->paste_dropped);
    if (screen->prompt_open) {
        prompt_changed(screen);
    } else {
        screen->on_map = 0;
        screen_read_sentence(screen);
    }
}

void screen_invalid(struct screen *screen, size_t bytes) {
    workbench_message(screen->workbench, MESSAGE_NOTE, "%zu byte%s of input left out: not UTF-8",
                      bytes, bytes == 1 ? "" : "s");
    screen->workbench->changed = 1;
}

int screen_create(struct screen **created, struct workbench *workbench, const struct glyphs *glyphs,
                  struct sawb_error *error) {
    struct screen *screen = calloc(1, sizeof(*screen));
    *created = NULL;
    if (!screen)
        return error_set(error, "screen: out of memory");
    screen->workbench = workbench;
    screen->glyphs = glyphs;
    screen->chosen = -1;
    workbench->live = 1;
    if (line_editor_set(&screen->sentence, workbench->text ? workbench->text : "", error) < 0) {
        screen_free(screen);
        return -1;
    }
    if (!workbench->prediction_job && !workbench->replay)
        screen_read_sentence(screen);
    workbench->changed = 1;
    *created = screen;
    return 0;
}

void screen_free(struct screen *screen) {
    if (!screen)
        return;
    prompt_forget(screen);
    line_editor_free(&screen->sentence);
    line_editor_free(&screen->prompt);
    free(screen->answer);
    free(screen);
}

/*
 * door.c - reading commands and running them.
 */
#include "tui/console/door.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/readline.h>

#include "core/base/clock.h"
#include "tui/app/interrupt.h"
#include "tui/command/handlers.h"
#include "tui/command/script.h"
#include "tui/command/serve.h"

#define PROMPT "sawb> "
#define PROMPT_INSIDE "  ... " /* of a loop that waits for its end */

enum reading { READ_LINE, READ_END, READ_DROPPED, READ_FAILED };

struct door {
    struct workbench *workbench;
    struct door_output output;
    struct door_history history;
    struct line_reader reader; /* of a door without a terminal */
    int typed;                 /* 1: through readline */
    int told;                  /* that the session is not recorded */
};

/* ---- one line -------------------------------------------------------------------------------- */

/* readline's callback has no argument for whoever waits. */
static struct {
    char *line;
    int done;
} typed;

static void take_line(char *line) {
    typed.line = line;
    typed.done = 1;
    rl_callback_handler_remove();
}

/* Waits for keys and signals. Ctrl-C drops the line. */
static enum reading type_line(const char *prompt, char **line) {
    struct pollfd polled[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                               {.fd = interrupt_descriptor(), .events = POLLIN}};
    typed.done = 0;
    rl_callback_handler_install(prompt, take_line);
    while (!typed.done) {
        int ready = poll(polled, 2, -1);
        if (ready < 0 && errno != EINTR)
            break;
        rl_check_signals();
        if (interrupt_signal()) {
            rl_callback_handler_remove();
            fputs("\n", rl_outstream);
            return interrupt_signal() == SIGINT ? READ_DROPPED : READ_END;
        }
        if (ready > 0 && polled[0].revents)
            rl_callback_read_char();
    }
    *line = typed.done ? typed.line : NULL;
    if (*line)
        return READ_LINE;
    fputs("\n", rl_outstream);
    return READ_END;
}

static enum reading read_line(struct door *door, const char *prompt, char **line) {
    struct sawb_error error;
    char *bytes;
    size_t length;
    if (door->typed)
        return type_line(prompt, line);
    int found = line_read(&door->reader, &bytes, &length, &error);
    if (found < 0) {
        command_fail(&door->output.sink, &error);
        return READ_FAILED;
    }
    if (found == 0)
        return READ_END;
    *line = strndup(bytes, length);
    if (*line)
        return READ_LINE;
    command_no_memory(&door->output.sink);
    return READ_FAILED;
}

/* ---- what runs together ---------------------------------------------------------------------- */

/* Appends a line; NULL when out of memory. */
static char *append(char *text, const char *line) {
    size_t used = text ? strlen(text) : 0;
    char *grown = realloc(text, used + strlen(line) + 2);
    if (!grown) {
        free(text);
        return NULL;
    }
    stpcpy(stpcpy(grown + used, used ? "\n" : ""), line);
    return grown;
}

/* A line, or all lines of a loop. At the end of input what there is of one. */
static enum reading read_block(struct door *door, char **text) {
    enum reading reading;
    *text = NULL;
    do {
        char *line;
        reading = read_line(door, *text ? PROMPT_INSIDE : PROMPT, &line);
        if (reading != READ_LINE)
            break;
        *text = append(*text, line);
        free(line);
        if (!*text) {
            command_no_memory(&door->output.sink);
            return READ_FAILED;
        }
    } while (script_open_loops(*text) > 0);
    if (reading == READ_END && *text)
        return READ_LINE;
    return reading;
}

/* What is typed is recorded, and what is not when a file is named for it; from the first command on
 * that finds a model. A session that cannot be recorded is no reason not to work. */
static void record(struct door *door) {
    struct workbench *workbench = door->workbench;
    struct sawb_error error;
    const struct session_settings *session = &workbench->settings.session;
    if (workbench->recorder || door->told || session->off || !(door->typed || session->file))
        return;
    if (workbench_load(workbench, &error) < 0 || recorder_start(workbench, &error) == 0)
        return;
    door->told = 1;
    sink_note(&door->output.sink, "this session is not recorded: %s", error.message);
}

/* The session has what the commands have said; that it ends early is told once. */
static void follow(struct door *door) {
    struct workbench *workbench = door->workbench;
    if (!workbench->recorder)
        return;
    workbench->message_kind = MESSAGE_NONE;
    recorder_follow(workbench, NULL, clock_wall());
    if (workbench->message_kind == MESSAGE_ERROR)
        sink_note(&door->output.sink, "%s", workbench->message);
}

static int run_block(struct door *door, const char *text) {
    int rows;
    if (!text[strspn(text, " \t\n")])
        return COMMAND_DONE;
    if (door->typed)
        door_history_add(&door->history, text);
    if (door->output.on_terminal)
        door_size(&rows, &door->workbench->settings.table_width);
    record(door);
    if (door->workbench->recorder)
        console_add(&door->workbench->console, CONSOLE_COMMAND, text);
    interrupt_endure(door->typed);
    int status = command_run_script(door->workbench, text, NULL, &door->output.sink);
    interrupt_endure(0);
    door_output_flush(&door->output);
    follow(door);
    return status;
}

static int run_all(struct door *door) {
    int status = COMMAND_DONE;
    while (!door->workbench->quit) {
        char *text;
        enum reading reading = read_block(door, &text);
        if (reading == READ_LINE)
            status = run_block(door, text);
        free(text);
        if (reading == READ_END || reading == READ_FAILED)
            return reading == READ_FAILED ? COMMAND_FAILED : status;
        if (interrupt_signal() && (interrupt_signal() != SIGINT || !door->typed))
            return COMMAND_FAILED;
        interrupt_forget();
    }
    return status;
}

/* ---- opening --------------------------------------------------------------------------------- */

static void prepare_readline(struct door *door) {
    rl_readline_name = "sawb";
    rl_outstream = isatty(STDOUT_FILENO) ? stdout : stderr;
    rl_catch_signals = 1;
    rl_persistent_signal_handlers = 1;
    rl_initialize();
    rl_variable_bind("enable-bracketed-paste", "on");
    door_complete_with(door->workbench, door->output.color && isatty(STDOUT_FILENO));
    door_history_load(&door->history, &door->output.sink);
}

static int open_typed(struct door *door) {
    struct sawb_error error;
    prepare_readline(door);
    fprintf(rl_outstream,
            "sawb %s: `help` lists the commands, TAB completes them, Ctrl-D leaves.\n",
            SAWB_VERSION);
    /* TAB wants to know the model's heads; what needs no model works without. */
    if (command_load(door->workbench, &door->output.sink, &error) < 0)
        sink_note(&door->output.sink, "%s", error.message);
    int status = run_all(door);
    door_history_free(&door->history);
    return status;
}

static int open_dumb(struct door *door) {
    struct sawb_error error;
    door->reader.descriptor = serve_take_input(&error);
    if (door->reader.descriptor < 0)
        return command_fail(&door->output.sink, &error);
    int status = run_all(door);
    line_reader_free(&door->reader);
    close(door->reader.descriptor);
    return status;
}

int door_open(struct workbench *workbench, struct sink *sink) {
    struct door door = {.workbench = workbench};
    struct sawb_error error;
    door.typed = isatty(STDIN_FILENO) && (isatty(STDOUT_FILENO) || isatty(STDERR_FILENO));
    door_output_open(&door.output, sink, workbench);
    int status = door.typed ? open_typed(&door) : open_dumb(&door);
    door_output_flush(&door.output);
    if (recorder_close(workbench, &error) < 0)
        sink_note(sink, "%s", error.message);
    return status;
}

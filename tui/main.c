/*
 * main.c - the program: one door of the command language for a shell, and the way to the screen.
 */
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "tui/app/interrupt.h"
#include "tui/command/arguments.h"
#include "tui/command/command.h"
#include "tui/command/ranked.h"
#include "tui/console/door.h"
#include "tui/screen/replay_door.h"
#include "tui/screen/screen.h"
#include "viz/ansi.h"
#include "viz/grid.h"

/* ---- the shell's sink ------------------------------------------------------------------------ */

/* What stands on a terminal's last line and must make way. */
struct shell {
    int on_terminal; /* stderr is one: progress is shown, and overwritten */
    int progress_shown;
};

/* 0: it is no terminal. */
static int terminal_columns(int descriptor) {
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static void clear_progress(struct shell *shell) {
    if (shell->progress_shown)
        fputs("\r\033[K", stderr);
    shell->progress_shown = 0;
}

static void shell_result(struct sink *sink, const char *text) {
    clear_progress(sink->user);
    fputs(text, stdout);
    fputc('\n', stdout);
    /* Whoever reads the other end of a pipe shall have each answer at once. */
    fflush(stdout);
}

static void shell_progress(struct sink *sink, const char *text) {
    struct shell *shell = sink->user;
    if (!shell->on_terminal)
        return;
    clear_progress(shell);
    /* A line that wraps could not be overwritten. */
    int columns = terminal_columns(STDERR_FILENO), most = columns > 1 ? columns - 1 : INT_MAX;
    fwrite(text, 1, text_prefix(text, most), stderr);
    shell->progress_shown = text[0] != '\0';
}

static void shell_note(struct sink *sink, const char *text) {
    clear_progress(sink->user);
    fprintf(stderr, "note: %s\n", text);
}

static void shell_error(struct sink *sink, const char *text) {
    clear_progress(sink->user);
    fprintf(stderr, "error: %s\n", text);
}

/* ---- what is wanted -------------------------------------------------------------------------- */

static int is_shell_command(const char *word) {
    const struct command *command = command_find(word);
    return command && (command->where & COMMAND_SHELL) && strcmp(command->name, word) == 0;
}

/*
 * A sentence of one word that is nearly a command, or one followed by an option or a file, is more
 * likely a slip of the finger. Quotes make no difference to one word; "--" in front does.
 */
static const char *likely_command(int count, char **words, const struct arguments *arguments) {
    const char *first = arguments_get(arguments, 0), *second = arguments_get(arguments, 1);
    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "--") == 0)
            return NULL;
    }
    if (!first || strchr(first, ' ') || (second && !file_exists(second)))
        return NULL;
    return command_suggest(first, COMMAND_SHELL);
}

/* ---- doors ----------------------------------------------------------------------------------- */

static int fail(struct sink *sink, int status, const struct sawb_error *error) {
    sink->error(sink, error->message);
    return status;
}

/* What the options say of recording. */
static int session_settings(const struct arguments *arguments, struct session_settings *session,
                            struct sawb_error *error) {
    long megabytes = 0;
    if (arguments_int(arguments, "session-limit", 1, 100000, &megabytes, error) < 0)
        return -1;
    *session = (struct session_settings){.file = arguments_option(arguments, "session"),
                                         .off = arguments_option(arguments, "no-session") != NULL,
                                         .limit = (uint64_t)megabytes << 20};
    return 0;
}

/* A session that cannot be recorded is no reason not to work. */
static int start_recording(struct workbench *workbench, struct sink *sink) {
    struct sawb_error error;
    if (recorder_start(workbench, &error) == 0)
        return COMMAND_DONE;
    if (workbench->settings.session.file)
        return fail(sink, COMMAND_FAILED, &error);
    workbench_message(workbench, MESSAGE_NOTE, "this session is not recorded: %s", error.message);
    return COMMAND_DONE;
}

/* Opens the screen, with the line run on it first (NULL: none). */
static int run_screen(struct workbench *workbench, const char *sentence, const char *line,
                      struct sink *sink) {
    struct sink on_screen = *sink;
    struct sawb_error error;
    if (workbench_begin(workbench, sentence, &error) < 0)
        return fail(sink, COMMAND_FAILED, &error);
    int status = start_recording(workbench, sink);
    workbench->settings.colors = 0; /* the screen has its own */
    workbench->settings.table_width = 0;
    on_screen.wait = 0;
    if (status == COMMAND_DONE && line)
        status = command_run(workbench, line, &on_screen);
    if (status == COMMAND_DONE && screen_run(workbench, &error) < 0)
        status = fail(sink, COMMAND_FAILED, &error);
    if (recorder_close(workbench, &error) < 0)
        sink->note(sink, error.message);
    return status;
}

static int screen_door(struct workbench *workbench, const char *line, struct sink *sink) {
    return run_screen(workbench, NULL, line, sink);
}

static int predict(struct workbench *workbench, const char *sentence, struct sink *sink) {
    char *words[] = {"predict", "--", (char *)sentence, NULL};
    return command_run_words(workbench, 3, words, sink);
}

/* A pipe or a file that commands come from; /dev/null, a closed input and a terminal are none. */
static int input_is_script(void) {
    struct stat input;
    return fstat(STDIN_FILENO, &input) == 0 &&
           (S_ISFIFO(input.st_mode) || S_ISREG(input.st_mode) || S_ISSOCK(input.st_mode));
}

/* Without a command: a script, the screen or a prediction. */
static int run_program(struct workbench *workbench, const struct arguments *arguments, int screen,
                       struct sink *sink) {
    const char *script = arguments_option(arguments, "command");
    struct sawb_error error;
    if (script && arguments_count(arguments) > 0) {
        error_set(&error, "sawb: -c takes one argument, so quote all of it; \"%s\" is left over",
                  arguments_get(arguments, 0));
        return fail(sink, COMMAND_USAGE, &error);
    }
    if (script)
        return command_run_script(workbench, script, strchr(script, '\n') ? "-c" : NULL, sink);
    if (arguments_count(arguments) == 0 && input_is_script()) {
        char *words[] = {"run", "-", NULL};
        return command_run_words(workbench, 2, words, sink);
    }
    if (arguments_count(arguments) == 0 && screen)
        return run_screen(workbench, NULL, NULL, sink);
    if (arguments_count(arguments) == 0) {
        error_set(&error, "sawb: the workbench opens only on a terminal and without --json; give a "
                          "sentence, a command (sawb --help), or a script on standard input");
        return fail(sink, COMMAND_USAGE, &error);
    }
    char *sentence = arguments_join(arguments, 0);
    if (!sentence) {
        error_set(&error, "out of memory");
        return fail(sink, COMMAND_FAILED, &error);
    }
    int status =
        screen ? run_screen(workbench, sentence, NULL, sink) : predict(workbench, sentence, sink);
    free(sentence);
    return status;
}

/* Opens what the settings say, with the pattern of -s for arm A, on the screen for arm B. */
static int open_workbench(struct workbench *workbench, const struct arguments *arguments,
                          const struct settings *settings, int screen, struct sink *sink) {
    struct sawb_error error;
    const char *spec = arguments_option(arguments, "sparsity");
    if (!screen && interrupt_install(&error) < 0)
        return fail(sink, COMMAND_FAILED, &error);
    if (workbench_open(workbench, settings, &error) < 0)
        return fail(sink, COMMAND_FAILED, &error);
    if (spec && workbench_set_spec(workbench, screen ? ARM_B : ARM_A, spec, &error) < 0) {
        workbench_close(workbench);
        return fail(sink, COMMAND_USAGE, &error);
    }
    return COMMAND_DONE;
}

static int run(int count, char **words, const struct arguments *arguments, int command,
               struct ranked *ranked, struct sink *sink) {
    struct settings settings = {.seed = 1, .color = COLOR_AUTO};
    struct workbench workbench;
    struct sawb_error error;
    if (arguments_settings(arguments, &settings, &error) < 0 ||
        session_settings(arguments, &settings.session, &error) < 0)
        return fail(sink, COMMAND_USAGE, &error);
    const char *likely = command == count ? likely_command(count, words, arguments) : NULL;
    if (likely) {
        error_set(&error,
                  "sawb: \"%s\" is not a command; did you mean \"%s\"? (A sentence: sawb -- %s)",
                  arguments_get(arguments, 0), likely, arguments_get(arguments, 0));
        return fail(sink, COMMAND_USAGE, &error);
    }
    int screen = command == count && !settings.json && !arguments_option(arguments, "command") &&
                 isatty(STDOUT_FILENO) && (arguments_count(arguments) > 0 || !input_is_script());
    if (ranked_open(ranked, &settings, &error) < 0)
        return fail(sink, COMMAND_FAILED, &error);
    settings.colors = ansi_colors();
    settings.tables = isatty(STDOUT_FILENO) ? TABLES_ALIGNED : TABLES_TSV;
    settings.table_width = terminal_columns(STDOUT_FILENO);
    int status = open_workbench(&workbench, arguments, &settings, screen, sink);
    if (status != COMMAND_DONE)
        return status;
    status = command < count ? command_run_words(&workbench, count - command, words + command, sink)
                             : run_program(&workbench, arguments, screen, sink);
    sink->progress(sink, "");
    workbench_close(&workbench);
    return interrupt_signal() ? 128 + interrupt_signal() : status;
}

int main(int count, char **words) {
    struct ranked ranked;
    struct shell shell = {.on_terminal = isatty(STDERR_FILENO)};
    struct sink spoken = {.result = shell_result,
                          .progress = shell_progress,
                          .note = shell_note,
                          .error = shell_error,
                          .wait = 1,
                          .console = door_open,
                          .replay = replay_door,
                          .screen = isatty(STDOUT_FILENO) ? screen_door : NULL,
                          .user = &shell};
    struct arguments arguments;
    struct sawb_error error;
    setlocale(LC_CTYPE, "");
    signal(SIGXFSZ, SIG_IGN); /* a file beyond `ulimit -f` is an error to be told, not the end */
    int command = 1 + arguments_first(count - 1, words + 1);
    if (command < count && !is_shell_command(words[command]))
        command = count;
    struct sink *sink = ranked_begin(&ranked, command < count ? words[command] : NULL, &spoken);
    if (arguments_parse(&arguments, command_program(), command - 1, words + 1, &error) < 0)
        return fail(sink, COMMAND_USAGE, &error);
    int status;
    if (arguments_option(&arguments, "version")) {
        sink->result(sink, "sawb " SAWB_VERSION);
        status = COMMAND_DONE;
    } else if (arguments_option(&arguments, "help")) {
        char *overview = command_overview();
        sink->result(sink, overview ? overview : "out of memory");
        status = overview ? COMMAND_DONE : COMMAND_FAILED;
        free(overview);
    } else {
        status = ranked_end(&ranked, run(count, words, &arguments, command, &ranked, sink));
    }
    arguments_free(&arguments);
    int lost = ferror(stdout);
    lost |= fclose(stdout) != 0;
    if (lost && status == COMMAND_DONE) {
        error_set(&error, "standard output: %s", strerror(errno));
        status = fail(sink, COMMAND_FAILED, &error);
    }
    return status;
}

/*
 * command_session.c - recorded sessions: listing, removing, marking, and looking at them again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "tui/command/answer.h"
#include "tui/command/handlers.h"
#include "tui/command/session.h"
#include "viz/table.h"

#define ENDING ".sawb"

/* ---- running recorded lines ------------------------------------------------------------------ */

static void ignore(struct sink *sink, const char *text) {
    (void)sink;
    (void)text;
}

/* What acts on the outside, or on the replay itself, is not done again. */
static const char *const outside[] = {
    "export", "save", "picture", "preset-save", "data save", "quit", "q",    "marker",  "sessions",
    "seek",   "play", "speed",   "go-live",     "bench",     "show", "help", "console", NULL};

static int is_outside(const char *line) {
    for (int i = 0; outside[i]; i++) {
        size_t length = strlen(outside[i]);
        if (strncmp(line, outside[i], length) == 0 &&
            (line[length] == '\0' || line[length] == ' ' || line[length] == '\t'))
            return 1;
    }
    return 0;
}

void session_run_line(struct workbench *workbench, const char *line, void *user) {
    struct sink sink = {
        .result = ignore, .progress = ignore, .note = ignore, .error = ignore, .user = user};
    if (!is_outside(line))
        command_run(workbench, line, &sink);
}

/* ---- files ----------------------------------------------------------------------------------- */

char *session_find(const char *name, struct sawb_error *error) {
    if (file_exists(name) || strchr(name, '/')) {
        char *same = strdup(name);
        if (!same)
            error_set(error, "session: out of memory");
        return same;
    }
    char *folder = recorder_folder(), *path = NULL;
    size_t length = strlen(name);
    int ended = length > strlen(ENDING) && strcmp(name + length - strlen(ENDING), ENDING) == 0;
    if (folder && asprintf(&path, "%s/%s%s", folder, name, ended ? "" : ENDING) < 0)
        path = NULL;
    if (path && file_exists(path)) {
        free(folder);
        return path;
    }
    error_set(error,
              "%s: there is no such file, nor a session of that name in %s; `sessions` lists "
              "those there are",
              name, folder ? folder : "a home folder");
    free(folder);
    free(path);
    return NULL;
}

struct found {
    char *name, *path;
    double changed;
    long long bytes;
};

static int by_name(const void *left, const void *right) {
    return strcmp(((const struct found *)left)->name, ((const struct found *)right)->name);
}

static void found_free(struct found *found, int count) {
    for (int i = 0; i < count; i++) {
        free(found[i].name);
        free(found[i].path);
    }
    free(found);
}

static int add_found(struct found **found, int *count, const char *folder, const char *name) {
    struct stat status;
    struct found *grown = realloc(*found, ((size_t)*count + 1) * sizeof(*grown));
    if (!grown)
        return -1;
    *found = grown;
    struct found one = {strdup(name), file_join(folder, name), 0, 0};
    if (!one.name || !one.path || stat(one.path, &status) < 0) {
        free(one.name);
        free(one.path);
        return one.name && one.path ? 0 : -1;
    }
    one.changed = (double)status.st_mtim.tv_sec;
    one.bytes = (long long)status.st_size;
    (*found)[(*count)++] = one;
    return 0;
}

/* The sessions in the folder, oldest first: their names begin with the time. */
static int find_sessions(struct found **found, int *count, struct sawb_error *error) {
    char *folder = recorder_folder();
    DIR *directory = folder ? opendir(folder) : NULL;
    int failed = 0;
    *found = NULL;
    *count = 0;
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        size_t length = strlen(entry->d_name);
        if (length > strlen(ENDING) && strcmp(entry->d_name + length - strlen(ENDING), ENDING) == 0)
            failed |= add_found(found, count, folder, entry->d_name) < 0;
    }
    if (directory)
        closedir(directory);
    free(folder);
    if (failed) {
        found_free(*found, *count);
        return error_set(error, "sessions: out of memory");
    }
    if (*count > 1)
        qsort(*found, (size_t)*count, sizeof(**found), by_name);
    return 0;
}

static void size_text(char *text, size_t size, long long bytes) {
    if (bytes < 1000000)
        snprintf(text, size, "%.0f kB", (double)bytes / 1e3);
    else
        snprintf(text, size, "%.1f MB", (double)bytes / 1e6);
}

/* A session that is being recorded is locked by its writer. */
static int is_recording(const char *path) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    int locked = descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) < 0;
    if (descriptor >= 0)
        close(descriptor);
    return locked;
}

static int list_one(struct workbench *workbench, const struct found *found, struct table *table,
                    struct sink *sink) {
    char size[32], moment[32];
    time_t changed = (time_t)found->changed;
    struct tm parts;
    int recording = is_recording(found->path);
    localtime_r(&changed, &parts);
    strftime(moment, sizeof(moment), "%Y-%m-%d %H:%M", &parts);
    size_text(size, sizeof(size), found->bytes);
    struct record record = record_begin();
    record_text(&record, "name", found->name);
    record_text(&record, "path", found->path);
    record_item(&record, "ended",
                recording ? cJSON_CreateNull() : cJSON_CreateNumber(found->changed));
    record_number(&record, "bytes", (double)found->bytes);
    return command_object(workbench, &record, sink) != COMMAND_DONE ||
                   table_add(table, "%s", found->name) < 0 ||
                   table_add(table, "%s", recording ? "being recorded" : moment) < 0 ||
                   table_add(table, "%s", size) < 0
               ? -1
               : 0;
}

static int list(struct workbench *workbench, struct sink *sink) {
    static const char *const titles[] = {"session", "ended", ">size"};
    struct found *found;
    struct sawb_error error;
    int count;
    if (find_sessions(&found, &count, &error) < 0)
        return command_fail(sink, &error);
    if (count == 0) {
        sink_note(sink, "no sessions yet; every session on the screen is recorded");
        return COMMAND_DONE;
    }
    struct table *table = table_create(titles, 3, NULL);
    int failed = !table;
    for (int i = 0; i < count && !failed; i++)
        failed = list_one(workbench, &found[i], table, sink) < 0;
    found_free(found, count);
    return command_tell_table(workbench, table, failed, sink);
}

static void show_markers(const struct replay *replay, struct sink *sink) {
    char name[128];
    double seconds;
    for (int i = 0; replay_marker(replay, i, &seconds, name, sizeof(name)); i++)
        sink_result(sink, "marker    %d:%02d  %s", (int)seconds / 60, (int)seconds % 60, name);
}

static int show(struct workbench *workbench, struct sink *sink, const char *name) {
    struct sawb_error error;
    struct replay *replay;
    char *path = session_find(name, &error), size[32];
    int counts[LOG_TYPES] = {0};
    if (!path)
        return command_fail(sink, &error);
    int status = replay_open(&replay, path, &workbench->settings, session_run_line, NULL, &error);
    free(path);
    if (status < 0)
        return command_fail(sink, &error);
    const struct log_reader *log = replay_log(replay);
    int64_t steps = 0;
    for (size_t i = 0; i < log->count; i++) {
        counts[log->records[i].type]++;
        steps = log->records[i].stamp.step > steps ? log->records[i].stamp.step : steps;
    }
    double seconds = replay_seconds(replay);
    struct record record = record_begin();
    record_number(&record, "begun", log->begun);
    record_number(&record, "seconds", seconds);
    record_number(&record, "bytes", (double)log->trusted);
    record_number(&record, "lost", (double)log->lost);
    record_number(&record, "records", (double)log->count);
    record_number(&record, "commands", counts[LOG_COMMAND]);
    record_number(&record, "edits", counts[LOG_TEXT]);
    record_number(&record, "events", counts[LOG_EVENT]);
    record_number(&record, "arrays", counts[LOG_ARRAYS]);
    record_number(&record, "step", (double)steps);
    status = command_object(workbench, &record, sink);
    if (!workbench->settings.json) {
        time_t begun = (time_t)log->begun;
        struct tm parts;
        char moment[32];
        localtime_r(&begun, &parts);
        strftime(moment, sizeof(moment), "%Y-%m-%d %H:%M:%S", &parts);
        size_text(size, sizeof(size), (long long)log->trusted);
        sink_result(sink, "begun     %s", moment);
        sink_result(sink, "length    %d:%02d:%02d%s", (int)seconds / 3600, (int)seconds / 60 % 60,
                    (int)seconds % 60, counts[LOG_END] ? "" : ", without an end");
        sink_result(sink, "size      %s in %zu records", size, log->count);
        sink_result(sink, "holds     %d commands, %d edits, %d events, %d arrays, %d models",
                    counts[LOG_COMMAND], counts[LOG_TEXT], counts[LOG_EVENT], counts[LOG_ARRAYS],
                    counts[LOG_MODEL]);
        if (steps > 0)
            sink_result(sink, "training  to step %lld", (long long)steps);
        show_markers(replay, sink);
        if (log->lost)
            sink_result(sink, "damage    %s", log->problem);
    }
    replay_free(replay);
    return status;
}

static int prune(struct workbench *workbench, const struct arguments *arguments,
                 struct sink *sink) {
    long keep = -1, days = -1;
    struct found *found;
    struct sawb_error error;
    int count, removed = 0;
    long long bytes = 0;
    char size[32];
    if (arguments_int(arguments, "keep", 0, 1000000, &keep, &error) < 0 ||
        arguments_int(arguments, "older", 0, 100000, &days, &error) < 0)
        return command_misuse(sink, &error);
    if (keep < 0 && days < 0) {
        error_set(&error, "sessions prune: say which stay: --keep N of the newest, or those not "
                          "--older DAYS");
        return command_misuse(sink, &error);
    }
    if (find_sessions(&found, &count, &error) < 0)
        return command_fail(sink, &error);
    double now = clock_wall();
    for (int i = 0; i < count; i++) {
        int beyond = keep >= 0 && i < count - keep;
        int old = days >= 0 && now - found[i].changed > 86400.0 * (double)days;
        if (!(beyond || old) || is_recording(found[i].path))
            continue;
        if (unlink(found[i].path) < 0) {
            sink_note(sink, "%s: %s", found[i].path, strerror(errno));
            continue;
        }
        removed++;
        bytes += found[i].bytes;
    }
    size_text(size, sizeof(size), bytes);
    found_free(found, count);
    if (!workbench->settings.json)
        sink_result(sink, "%d session%s removed, %s", removed, removed == 1 ? "" : "s", size);
    struct record record = record_begin();
    record_number(&record, "removed", removed);
    record_number(&record, "bytes", (double)bytes);
    return command_object(workbench, &record, sink);
}

static COMMAND_HANDLER(run_sessions) {
    const char *word = arguments_get(arguments, 0), *name = arguments_get(arguments, 1);
    struct sawb_error error;
    if (!word || strcasecmp(word, "list") == 0)
        return list(workbench, sink);
    if (strcasecmp(word, "prune") == 0)
        return prune(workbench, arguments, sink);
    if (!name) {
        error_set(&error, "sessions show: which FILE? `sessions list` names them");
        return command_misuse(sink, &error);
    }
    return show(workbench, sink, name);
}

static COMMAND_HANDLER(run_marker) {
    const char *name = arguments_get(arguments, 0);
    struct sawb_error error;
    char own[32];
    time_t now = (time_t)workbench_now(workbench);
    struct tm parts;
    localtime_r(&now, &parts);
    strftime(own, sizeof(own), "%H:%M:%S", &parts);
    if (recorder_marker(workbench, name ? name : own, &error) < 0)
        return command_fail(sink, &error);
    if (!workbench->settings.json)
        sink_result(sink, "marker %s", name ? name : own);
    struct record record = record_begin();
    record_text(&record, "marker", name ? name : own);
    return command_object(workbench, &record, sink);
}

/* ---- replaying ------------------------------------------------------------------------------- */

static int no_replay(struct sink *sink, const char *command) {
    struct sawb_error error;
    error_set(&error, "%s: this is no replay; `sawb replay FILE` opens one", command);
    return command_fail(sink, &error);
}

static COMMAND_HANDLER(run_seek) {
    struct replay *replay = workbench->replay;
    const char *word = arguments_get(arguments, 0);
    struct sawb_error error;
    struct replay_place place;
    if (!replay)
        return no_replay(sink, "seek");
    if (strcasecmp(word, "next") == 0 || strcasecmp(word, "previous") == 0)
        place =
            replay_place_at(replay, replay_step(replay, strcasecmp(word, "next") == 0 ? 1 : -1));
    else if (replay_find(replay, word, &place, &error) < 0)
        return command_misuse(sink, &error);
    if (word[0] != '+')
        replay_play(replay, 0);
    replay_want(replay, &place);
    workbench->changed = 1;
    return COMMAND_DONE;
}

static COMMAND_HANDLER(run_play) {
    struct replay *replay = workbench->replay;
    const char *word = arguments_get(arguments, 0);
    if (!replay)
        return no_replay(sink, "play");
    int now = replay_state(replay)->playing;
    replay_play(replay,
                !word || strcasecmp(word, "toggle") == 0 ? !now : strcasecmp(word, "on") == 0);
    workbench->changed = 1;
    return COMMAND_DONE;
}

static COMMAND_HANDLER(run_speed) {
    struct replay *replay = workbench->replay;
    const char *word = arguments_get(arguments, 0);
    struct sawb_error error;
    char *end;
    if (!replay)
        return no_replay(sink, "speed");
    double speed = replay_state(replay)->speed, wanted = strtod(word, &end);
    if (strcasecmp(word, "up") == 0) {
        speed *= 2;
    } else if (strcasecmp(word, "down") == 0) {
        speed /= 2;
    } else if (end != word && !*end && wanted >= REPLAY_SPEED_LEAST &&
               wanted <= REPLAY_SPEED_MOST) {
        speed = wanted;
    } else {
        error_set(&error, "speed: must be up, down, or a number from %g to %g, not \"%s\"",
                  REPLAY_SPEED_LEAST, REPLAY_SPEED_MOST, word);
        return command_misuse(sink, &error);
    }
    replay_set_speed(replay, speed);
    workbench->changed = 1;
    return COMMAND_DONE;
}

static COMMAND_HANDLER(run_go_live) {
    (void)arguments;
    if (!workbench->replay)
        return no_replay(sink, "go-live");
    replay_want_live(workbench->replay);
    return COMMAND_DONE;
}

/* The script or the table, to OUT or as the result. */
static int write_text(struct replay *replay, const struct arguments *arguments, struct sink *sink) {
    const char *file = arguments_get(arguments, 1);
    struct sawb_error error;
    error_set(&error, "session: out of memory");
    char *text = strcasecmp(arguments_option(arguments, "to"), "tsv") == 0
                     ? session_tsv(replay)
                     : session_script(replay, &error);
    if (!text)
        return command_fail(sink, &error);
    if (!file)
        return sink_result_owned(sink, text);
    int status = file_replace(file, text, strlen(text), &error);
    free(text);
    return status < 0 ? command_fail(sink, &error) : COMMAND_DONE;
}

/* What needs no screen. */
static int replay_text_door(struct workbench *workbench, const struct arguments *arguments,
                            const char *path, struct sink *sink) {
    struct sawb_error error;
    struct replay *replay;
    if (replay_open(&replay, path, &workbench->settings, session_run_line, NULL, &error) < 0)
        return command_fail(sink, &error);
    int status;
    if (arguments_option(arguments, "verify")) {
        double tolerance = 0;
        status = arguments_double(arguments, "tolerance", 0, 1e9, &tolerance, &error) < 0
                     ? command_misuse(sink, &error)
                     : session_verify(workbench, replay, tolerance, sink);
    } else {
        if (replay_log(replay)->lost)
            sink_note(sink, "%s: %s", path, replay_log(replay)->problem);
        status = write_text(replay, arguments, sink);
    }
    replay_free(replay);
    return status;
}

/* What an ending of OUT stands for. */
static const struct {
    const char *ending, *to;
} others[] = {{".tsv", "tsv"}, {".cast", "asciicast"}, {".svg", "svg"}};

static int is_same_file(const char *a, const char *b) {
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

static int ends_in(const char *name, const char *ending) {
    size_t length = strlen(name), last = strlen(ending);
    return length > last && strcasecmp(name + length - last, ending) == 0;
}

/* Whether what is asked for fits together. */
static int check_out(const struct arguments *arguments, const char *path,
                     struct sawb_error *error) {
    const char *to = arguments_option(arguments, "to"), *out = arguments_get(arguments, 1);
    if (to && arguments_option(arguments, "verify"))
        return error_set(error, "replay: --verify and --to are two things; ask for one of them");
    if (out && !to)
        return error_set(error,
                         "replay: written to %s as what? --to "
                         "script|tsv|asciicast|svg says it",
                         out);
    if (out && is_same_file(path, out))
        return error_set(error,
                         "replay: %s is the session itself, which would be lost; name "
                         "another file",
                         out);
    for (size_t i = 0; to && out && i < sizeof(others) / sizeof(others[0]); i++)
        if (strcasecmp(others[i].to, to) != 0 && ends_in(out, others[i].ending))
            return error_set(error,
                             "replay: --to %s would write %s, which is called like a %s; "
                             "name it otherwise or ask for --to %s",
                             to, out, others[i].to, others[i].to);
    return 0;
}

static COMMAND_HANDLER(run_replay) {
    const char *to = arguments_option(arguments, "to");
    struct sawb_error error;
    char *path = session_find(arguments_get(arguments, 0), &error);
    if (!path)
        return command_fail(sink, &error);
    int status;
    if (check_out(arguments, path, &error) < 0) {
        status = command_misuse(sink, &error);
    } else if (arguments_option(arguments, "verify") ||
               (to && (strcasecmp(to, "script") == 0 || strcasecmp(to, "tsv") == 0))) {
        status = replay_text_door(workbench, arguments, path, sink);
    } else if (sink->replay) {
        struct session_replay asked = {path, to, arguments_get(arguments, 1),
                                       arguments_option(arguments, "at"),
                                       arguments_option(arguments, "play") != NULL};
        status = sink->replay(workbench, &asked, sink);
    } else {
        error_set(&error, "replay: it opens only in a shell: sawb replay FILE");
        status = command_misuse(sink, &error);
    }
    free(path);
    const char *out = arguments_get(arguments, 1);
    if (status != COMMAND_DONE || !to || !out)
        return status;
    struct record record = record_begin();
    record_text(&record, "file", out);
    record_text(&record, "as", to);
    return command_object(workbench, &record, sink);
}

static const struct option_row replay_options[] = {
    {"verify", 0, ARGUMENT_NONE, NULL,
     "work out again what was recorded, and tell of each kind how much was checked, the first and "
     "the largest drift (exit 1 when there is any), and which models and data sets have changed"},
    {"tolerance", 0, ARGUMENT_NUMBER, "X",
     "--verify: drift of a number up to X counts as none, for another processor (default: 0)"},
    {"to", 0, ARGUMENT_CHOICE, "script|tsv|asciicast|svg", "write it as that instead, to OUT"},
    {"play", 0, ARGUMENT_NONE, NULL, "on the screen: let it run at once"},
    {"at", 0, ARGUMENT_TEXT, "TIME", "the moment to begin at, or to draw (as in seek)"},
    {0},
};

static const struct option_row sessions_options[] = {
    {"keep", 0, ARGUMENT_NUMBER, "N", "prune: the newest N stay"},
    {"older", 0, ARGUMENT_NUMBER, "DAYS", "prune: only those older than so many days go"},
    {0},
};

const struct command commands_session[] = {
    {.name = "sessions",
     .usage = "[list|show FILE|prune]",
     .positionals = {{ARGUMENT_CHOICE, "list|show|prune"}, {ARGUMENT_SESSION, NULL}},
     .maximum = 2,
     .help = "list recorded sessions, tell what one holds, remove old ones",
     .details = "Every session on the screen is recorded in $XDG_STATE_HOME/sawb/sessions "
                "(~/.local/state), unless --no-session is given.",
     .options = sessions_options,
     .where = COMMAND_SHELL | COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_BARE,
     .run = run_sessions},
    {.name = "marker",
     .usage = "[NAME]",
     .positionals = {{ARGUMENT_TEXT, NULL}},
     .maximum = -1,
     .help = "mark this moment of the session, for `seek marker NAME` in its replay",
     .details = "NAME is the rest of the line: a note of what there is to see.",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_RAW,
     .run = run_marker},
    {.name = "replay",
     .usage = "FILE [OUT]",
     .positionals = {{ARGUMENT_SESSION, NULL}, {ARGUMENT_FILE, NULL}},
     .minimum = 1,
     .maximum = 2,
     .help = "look at a recorded session again, check it, or write it as something else",
     .details = "On the screen: Space plays, Right and Left step, PgDn and PgUp go by ten seconds, "
                "+ and - change the speed, / searches, Tab gives the keys to the views, `go-live` "
                "goes on from there. FILE may be a name of `sessions list`.",
     .options = replay_options,
     .where = COMMAND_SHELL | COMMAND_BARE,
     .run = run_replay},
    {.name = "seek",
     .usage = "TIME|+TIME|-TIME|next|previous|start|end|step N|marker NAME|/REGEX/",
     .positionals = {{ARGUMENT_TEXT, "next|previous|start|end|step |marker |/"}},
     .minimum = 1,
     .maximum = -1,
     .help = "go to a moment of a replay: 90, 1:30, 1:02:03, 50%, a step of training, a text",
     .where = COMMAND_SCREEN | COMMAND_RAW | COMMAND_BARE,
     .run = run_seek},
    {.name = "play",
     .usage = "[on|off|toggle]",
     .positionals = {{ARGUMENT_CHOICE, "on|off|toggle"}},
     .maximum = 1,
     .help = "let a replay run, or hold it",
     .where = COMMAND_SCREEN | COMMAND_BARE,
     .run = run_play},
    {.name = "speed",
     .usage = "N|up|down",
     .positionals = {{ARGUMENT_TEXT, "up|down"}},
     .minimum = 1,
     .maximum = 1,
     .help = "how much faster than it was a replay runs",
     .where = COMMAND_SCREEN | COMMAND_BARE,
     .run = run_speed},
    {.name = "go-live",
     .usage = "",
     .help = "leave the replay and go on live from what it shows",
     .where = COMMAND_SCREEN | COMMAND_BARE,
     .run = run_go_live},
    {0},
};

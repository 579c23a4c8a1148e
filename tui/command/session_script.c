/*
 * session_script.c - a session as a script that comes to the same: commands as they were given,
 * where a script can run them, and what came of the others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/json.h"
#include "tui/command/handlers.h"
#include "tui/command/script.h"
#include "tui/command/session.h"
#include "tui/command/session_again.h"
#include "tui/command/text.h"

#define SPECIAL ";$\"'\\#" /* what a script would take for its own */

/* What of the workbench lines of a script can set. */
struct state {
    char *specs[ARMS], *models[ARMS]; /* owned */
    int layer, head;
};

struct writing {
    FILE *file;
    struct replay *replay;
    char *text; /* typed, not yet written; owned */
    struct state state;
    int console; /* 1: the session is one of a console, which waits for its jobs */
};

/* What a record of JSON says under this name, owned by the caller; NULL: nothing. */
static char *string_of(const struct log_record *record, const char *name) {
    cJSON *object = json_parse((const char *)record->body, record->size, "session", NULL);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    char *text = cJSON_IsString(item) ? strdup(item->valuestring) : NULL;
    cJSON_Delete(object);
    return text;
}

/* ---- what came of a command ------------------------------------------------------------------ */

/* Where the next thing was done. */
static size_t next_act(const struct log_reader *log, size_t i) {
    for (i++; i < log->count; i++) {
        enum log_type type = log->records[i].type;
        if (type == LOG_COMMAND || type == LOG_TEXT || type == LOG_WISH || type == LOG_LIVE)
            break;
    }
    return i;
}

/* An error that a record of the sight brought to the console, owned by the caller; NULL: none. */
static char *error_in_sight(const struct log_record *record) {
    cJSON *object = json_parse((const char *)record->body, record->size, "session", NULL);
    const cJSON *line, *lines = cJSON_GetObjectItemCaseSensitive(object, "console");
    char *found = NULL;
    cJSON_ArrayForEach(line, lines) {
        const cJSON *kind = cJSON_GetArrayItem(line, 0), *text = cJSON_GetArrayItem(line, 1);
        if (!found && cJSON_IsNumber(kind) && kind->valueint == CONSOLE_ERROR &&
            cJSON_IsString(text))
            found = strdup(text->valuestring);
    }
    cJSON_Delete(object);
    return found;
}

/* The error of a job that the command began, owned by the caller; NULL: none. */
static char *error_of_job(const struct writing *writing, size_t command) {
    const struct log_reader *log = replay_log(writing->replay);
    struct told told;
    char *text = NULL;
    int first, last;
    session_jobs(log, command, writing->console, &first, &last);
    if (first > last || session_told(log, command, first, last, &told, NULL) < 0)
        return NULL;
    for (int i = 0; i < told.count && !text; i++)
        if (told.events[i]->kind == EVENT_ERROR && told.events[i]->text)
            text = strdup(told.events[i]->text);
    told_free(&told);
    return text;
}

/* Why the command failed, owned by the caller; NULL: it did not. */
static char *failure_of(const struct writing *writing, size_t command) {
    const struct log_reader *log = replay_log(writing->replay);
    size_t next = next_act(log, command);
    for (size_t i = command + 1; i < next; i++) {
        /* What follows an event may come of another command. */
        if (log->records[i].type == LOG_EVENT && !writing->console)
            break;
        char *text = log->records[i].type == LOG_SIGHT ? error_in_sight(&log->records[i]) : NULL;
        if (text)
            return text;
    }
    return error_of_job(writing, command);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void state_free(struct state *state) {
    for (int arm = 0; arm < ARMS; arm++) {
        free(state->specs[arm]);
        free(state->models[arm]);
    }
    *state = (struct state){0};
}

static struct state state_now(const struct writing *writing) {
    const struct workbench *workbench = replay_workbench(writing->replay);
    struct state state = {.layer = workbench->layer, .head = workbench->head};
    for (int arm = 0; arm < ARMS; arm++) {
        state.specs[arm] = strdup(workbench->arms[arm].spec);
        state.models[arm] = strdup(workbench->arms[arm].model->directory);
    }
    return state;
}

static int differs(const char *a, const char *b) {
    return !a || !b || strcmp(a, b) != 0;
}

static int is_same(const struct state *a, const struct state *b) {
    int same = a->layer == b->layer && a->head == b->head;
    for (int arm = 0; arm < ARMS; arm++)
        same &= !differs(a->specs[arm], b->specs[arm]) && !differs(a->models[arm], b->models[arm]);
    return same;
}

/* The rest of a line, in quotes where it has something `special`. */
static void put_word(FILE *file, const char *word, const char *special) {
    if (word && *word && !strpbrk(word, special)) {
        fputs(word, file);
        return;
    }
    fputc('"', file);
    word = word ? word : "";
    for (; *word; word++) {
        if (strchr("\"\\$", *word))
            fputc('\\', file);
        fputc(*word, file);
    }
    fputc('"', file);
}

static void put_sentence(FILE *file, const char *text) {
    if (!*text) {
        fprintf(file, "# text   (without a sentence)\n");
        return;
    }
    fputs("text ", file);
    put_word(file, text, SPECIAL);
    fputc('\n', file);
}

/* Lines that make the one of the other. */
static void put_changes(FILE *file, const struct state *before, const struct state *now) {
    static const char *const names[ARMS] = {"a", "b"};
    int both = !differs(now->models[ARM_A], now->models[ARM_B]);
    int opened[ARMS];
    for (int arm = 0; arm < ARMS; arm++)
        opened[arm] = differs(before->models[arm], now->models[arm]);
    for (int arm = 0; arm < ARMS; arm++) {
        if (!opened[arm] || (arm == ARM_B && both && opened[ARM_A]))
            continue;
        fputs("open ", file);
        put_word(file, now->models[arm], SPECIAL " \t");
        fprintf(file, " %s\n", both && opened[ARM_B] ? "both" : names[arm]);
    }
    for (int arm = 0; arm < ARMS; arm++)
        if (differs(before->specs[arm], now->specs[arm])) {
            fprintf(file, "sparsity %s ", names[arm]);
            put_word(file, now->specs[arm], SPECIAL);
            fputc('\n', file);
        }
    if (before->layer != now->layer)
        fprintf(file, "layer %d\n", now->layer);
    if (before->head != now->head)
        fprintf(file, "head %d\n", now->head);
}

/* What was typed since the last command, and what has come of jobs by themselves. */
static void catch_up(struct writing *writing) {
    struct state now = state_now(writing);
    put_changes(writing->file, &writing->state, &now);
    state_free(&writing->state);
    writing->state = now;
    if (writing->text)
        put_sentence(writing->file, writing->text);
    free(writing->text);
    writing->text = NULL;
}

/* A line that a script reads as the command was given. A $ begins a variable there. */
static void put_line(FILE *file, const char *line) {
    char quote = '\0';
    for (const char *at = line; *at; at++) {
        if (*at == '$' && quote != '\'')
            fputc('\\', file);
        if (*at == '\'' || *at == '"')
            quote = quote == *at ? '\0' : quote ? quote : *at;
        fputc(*at, file);
    }
    fputc('\n', file);
}

/* ---- which lines ----------------------------------------------------------------------------- */

/* Commands whose line alone says what of the state they change; of others it depends on what the
 * screen had chosen, or on what was before. */
static const char *const plain[] = {"sparsity", "preset", "swap", "text",
                                    "open",     "layer",  "head", NULL};

/* Commands that are of use only while something else goes on. */
static const struct {
    const char *word, *next; /* next NULL: whatever follows */
    const char *why;
} senseless[] = {
    {"marker", NULL, "a name for this moment of the session"},
    {"quit", NULL, "the end of the session"},
    {"q", NULL, "the end of the session"},
    {"undo", NULL, "what it brought back follows"},
    {"redo", NULL, "what it brought back follows"},
    {"run", "pause", "in a script a run has ended before the next line"},
    {"run", "continue", "in a script a run has ended before the next line"},
    {"run", "toggle", "in a script a run has ended before the next line"},
    {"run", "checkpoint", "in a script a run has ended before the next line"},
    {"run", "evaluate", "in a script a run has ended before the next line"},
    {"run", "stop", "in a script a run has ended before the next line"},
    {"run", "rate", "in a script a run has ended before the next line"},
    {"run", "sparsity", "in a script a run has ended before the next line"},
    {"run", "branch", "in a script a run has ended before the next line"},
};

static int is_word(const char *text, const char *word) {
    size_t length = strcspn(text, " \t");
    return word && strlen(word) == length && strncasecmp(text, word, length) == 0;
}

static int is_one_statement(const char *line) {
    struct script script;
    int fault;
    if (script_parse(&script, line, &fault, NULL) < 0)
        return 0;
    int count = script.count;
    script_free(&script);
    return count == 1;
}

/* Why a script cannot run the line; NULL: it can. */
static const char *obstacle(const char *line) {
    size_t length = strcspn(line, " \t");
    char *word = strndup(line, length);
    const struct command *command = word ? command_find(word) : NULL;
    free(word);
    if (!command || !(command->where & COMMAND_SCRIPT))
        return "only the screen has it";
    const char *next = line + length + strspn(line + length, " \t");
    for (size_t i = 0; i < sizeof(senseless) / sizeof(senseless[0]); i++)
        if (is_word(line, senseless[i].word) &&
            (!senseless[i].next || is_word(next, senseless[i].next)))
            return senseless[i].why;
    return is_one_statement(line) ? NULL : "in a script its ; would end it";
}

static int is_plain(const char *line) {
    for (int i = 0; plain[i]; i++)
        if (is_word(line, plain[i]))
            return 1;
    return 0;
}

static void put_comment(FILE *file, const char *line, const char *why, const char *more) {
    fprintf(file, "# %s   (%s%s)\n", line, why, more);
}

/* The command of record i, whose line is `line`. The replay goes past it. */
static int put_command(struct writing *writing, size_t i, const char *line,
                       struct sawb_error *error) {
    const char *why = obstacle(line);
    if (replay_go(writing->replay, i, error) < 0)
        return -1;
    catch_up(writing);
    if (replay_go(writing->replay, i + 1, error) < 0)
        return -1;
    char *failure = why ? NULL : failure_of(writing, i);
    struct state now = state_now(writing);
    int literal = !failure && !why && (is_plain(line) || is_same(&writing->state, &now));
    for (char *at = failure; at && *at; at++)
        *at = *at == '\n' ? ' ' : *at;
    if (literal)
        put_line(writing->file, line);
    else
        put_comment(writing->file, line,
                    failure ? "it failed: "
                    : why   ? why
                            : "depends on what the screen shows; what it did follows",
                    failure ? failure : "");
    if (!literal)
        put_changes(writing->file, &writing->state, &now);
    state_free(&writing->state);
    writing->state = now;
    free(failure);
    return 0;
}

static int put_record(struct writing *writing, size_t i, struct sawb_error *error) {
    const struct log_record *record = &replay_log(writing->replay)->records[i];
    if (record->type == LOG_TEXT) {
        free(writing->text);
        writing->text = string_of(record, "text");
    }
    if (record->type != LOG_COMMAND)
        return 0;
    char *line = string_of(record, "line");
    int status = line ? put_command(writing, i, line, error) : 0;
    free(line);
    return status;
}

char *session_script(struct replay *replay, struct sawb_error *error) {
    const struct log_reader *log = replay_log(replay);
    struct writing writing = {.replay = replay};
    char *made = NULL;
    size_t size;
    writing.file = open_memstream(&made, &size);
    if (!writing.file) {
        error_set(error, "session: out of memory");
        return NULL;
    }
    int status = replay_go(replay, 1, error);
    fprintf(writing.file,
            "# the commands of a session; those that a script cannot run are comments "
            "that say why\n");
    if (status == 0) {
        const struct workbench *workbench = replay_workbench(replay);
        writing.console = replay_is_console(replay);
        writing.state.layer = workbench->layer;
        writing.state.head = workbench->head;
        if (workbench->text[0])
            writing.text = strdup(workbench->text);
        catch_up(&writing);
    }
    for (size_t i = 1; status == 0 && i < log->count; i++)
        status = put_record(&writing, i, error);
    if (status == 0)
        catch_up(&writing);
    state_free(&writing.state);
    free(writing.text);
    int failed = ferror(writing.file);
    failed |= fclose(writing.file) != 0;
    if (status == 0 && failed)
        status = error_set(error, "session: out of memory");
    if (status == 0)
        return made;
    free(made);
    return NULL;
}

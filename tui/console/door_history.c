/*
 * door_history.c - what was typed, in this session and in earlier ones.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>

#include "core/base/file.h"
#include "tui/command/handlers.h"
#include "tui/console/door.h"

#define HISTORY_MOST 1000 /* lines that are kept */

/* The folder of what sawb remembers; owned by the caller, NULL when there is none. */
static char *state_folder(void) {
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int given = state && *state;
    if (!given && !(home && *home))
        return NULL;
    return file_join(given ? state : home, given ? "sawb" : ".local/state/sawb");
}

/* Makes the file, for the user's eyes only. */
static int make_private(const char *path, struct sawb_error *error) {
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0 || fchmod(file, S_IRUSR | S_IWUSR) < 0) {
        if (file >= 0)
            close(file);
        return error_set(error, "%s: %m", path);
    }
    close(file);
    return 0;
}

void door_history_load(struct door_history *history, struct sink *sink) {
    struct sawb_error error;
    char *folder = state_folder();
    history->path = folder ? file_join(folder, "history") : NULL;
    using_history();
    clear_history();
    stifle_history(HISTORY_MOST);
    if (history->path &&
        (file_make_directory(folder, &error) < 0 || make_private(history->path, &error) < 0)) {
        sink_note(sink, "%s; what is typed is not kept", error.message);
        door_history_free(history);
    }
    if (history->path) {
        read_history(history->path);
        history_truncate_file(history->path, HISTORY_MOST);
    }
    free(folder);
}

/* Several lines as one: comments left out, the others separated by semicolons. NULL when out of
 * memory. */
static char *one_line(const char *text) {
    char *line = malloc(2 * strlen(text) + 1), *end = line;
    while (line && *text) {
        size_t length = strcspn(text, "\n");
        size_t blanks = strspn(text, " \t");
        if (length > blanks && text[blanks] != '#') {
            if (end > line)
                end = stpcpy(end, "; ");
            memcpy(end, text + blanks, length - blanks);
            end += length - blanks;
        }
        text += length + (text[length] == '\n');
    }
    if (line)
        *end = '\0';
    return line;
}

void door_history_add(struct door_history *history, const char *text) {
    char *line = one_line(text);
    const HIST_ENTRY *last =
        history_length > 0 ? history_get(history_base + history_length - 1) : NULL;
    if (line && *line && !(last && strcmp(last->line, line) == 0)) {
        add_history(line);
        if (history->path)
            append_history(1, history->path);
    }
    free(line);
}

void door_history_free(struct door_history *history) {
    free(history->path);
    history->path = NULL;
}

/*
 * samples.c - finding what ships with sawb: the small model, presets, sentences.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "tui/app/workbench.h"

/* The folder of the running program, owned by the caller; NULL when it cannot be told. */
static char *program_folder(void) {
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (length <= 0)
        return NULL;
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    return strdup(path);
}

char *workbench_samples(struct sawb_error *error) {
    static const char *const beside[] = {"../samples", "../../samples", "../share/sawb"};
    const char *given = getenv("SAWB_SAMPLES");
    if (given && *given) {
        if (!file_is_directory(given)) {
            error_set(error,
                      "SAWB_SAMPLES: \"%s\" is not a folder; name the one that holds the "
                      "samples of sawb",
                      given);
            return NULL;
        }
        char *copy = strdup(given);
        if (!copy)
            error_set(error, "samples: out of memory");
        return copy;
    }
    char *folder = program_folder(), *found = NULL;
    for (size_t i = 0; folder && !found && i < sizeof(beside) / sizeof(beside[0]); i++) {
        char *candidate = file_join(folder, beside[i]);
        char *presets = candidate ? file_join(candidate, "presets.json") : NULL;
        if (presets && file_exists(presets)) {
            found = realpath(candidate, NULL);
        }
        free(presets);
        free(candidate);
    }
    if (!found)
        error_set(error,
                  "the samples of sawb (presets.json, model) are neither in ../samples nor in "
                  "../share/sawb beside the program; name their folder in SAWB_SAMPLES");
    free(folder);
    return found;
}

/* Number of lines that are neither empty nor a comment; *line becomes number `wanted` of them (from
 * 0), *length its bytes. */
static int count_lines(const char *text, int wanted, const char **line, size_t *length) {
    int count = 0;
    while (*text) {
        size_t bytes = strcspn(text, "\n");
        if (bytes > 0 && *text != '#' && *text != '\r') {
            if (count == wanted) {
                *line = text;
                *length = bytes;
            }
            count++;
        }
        text += bytes + (text[bytes] == '\n');
    }
    return count;
}

char *workbench_sentence(const struct workbench *workbench, int index, int *count,
                         struct sawb_error *error) {
    struct sawb_error fault = {{0}};
    if (!workbench->samples) {
        error_set(error, "sentences.txt: the samples of sawb were not found; name their folder in "
                         "SAWB_SAMPLES");
        return NULL;
    }
    char *path = file_join(workbench->samples, "sentences.txt"), *text = NULL, *sentence = NULL;
    if (!path) {
        error_set(error, "sentences.txt: out of memory");
        return NULL;
    }
    if (file_read(&text, NULL, path, &fault) < 0) {
        error_set(error, "%s", fault.message);
        free(path);
        return NULL;
    }
    const char *line = NULL;
    size_t length = 0;
    *count = count_lines(text, -1, &line, &length);
    if (*count == 0) {
        error_set(error, "%s: holds no sentence; write one a line", path);
    } else {
        int wanted = index % *count;
        count_lines(text, wanted < 0 ? wanted + *count : wanted, &line, &length);
        sentence = strndup(line, length);
        if (!sentence)
            error_set(error, "%s: out of memory", path);
    }
    free(text);
    free(path);
    return sentence;
}

/*
 * fuzz_command.c - any line through the command language: splitting, parsing for every command,
 * completion.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tui/command/arguments.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct workbench workbench = {.presets = presets_create()};
    char *line = strndup((const char *)data, size);
    struct words words;
    if (!workbench.presets || !line || words_split(&words, line, NULL) < 0)
        abort();
    const struct command *command;
    for (int i = 0; (command = command_get(i)); i++) {
        struct arguments arguments;
        struct sawb_error error;
        if (arguments_parse(&arguments, command, words.count, words.texts, &error) == 0)
            arguments_free(&arguments);
        if (arguments_parse_raw(&arguments, command, line, &error) == 0)
            arguments_free(&arguments);
    }
    words_free(&words);
    struct completion *completions;
    size_t start;
    /* Files depend on the machine; a slash is rare enough to leave them out. */
    if (!strchr(line, '/')) {
        int count = command_complete(&workbench, COMMAND_SCREEN | COMMAND_SCRIPT, line, &start,
                                     &completions);
        if (start > strlen(line))
            abort();
        completions_free(completions, count);
    }
    free(line);
    presets_free(workbench.presets);
    return 0;
}

/*
 * fuzz_command.c - any line through the command language: splitting, parsing for every command,
 * completion.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tui/command/arguments.h"
#include "tui/command/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The line as a script: split, its variables put in, as words, as a loop's and as a raw rest; and
 * as an assertion. */
static void check_script(struct workbench *workbench, const char *text) {
    static const char result[] = "{\"a\":1,\"b\":{\"c\":[\"x\",null]},\"d\":\"y\"}";
    struct script script;
    struct sawb_error error;
    int line;
    if (scripting_set(&workbench->scripting, "a", "it's \"b\" \\", &error) < 0 ||
        scripting_set(&workbench->scripting, "b", "", &error) < 0)
        abort();
    if (script_open_loops(text) < 0 || script_last(text) > strlen(text))
        abort();
    if (script_parse(&script, text, &line, &error) == 0)
        script_free(&script);
    for (int form = 0; form < 3; form++)
        free(script_expand(workbench, text, form == 1, form == 2, &error));
    script_holds(text, result, &error);
}

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
    check_script(&workbench, line);
    scripting_clear(&workbench.scripting);
    free(line);
    presets_free(workbench.presets);
    return 0;
}

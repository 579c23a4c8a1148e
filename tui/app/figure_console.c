/*
 * figure_console.c - the lines of the console view as a table.
 */
#include "tui/app/figures.h"
#include "tui/app/workbench.h"
#include "viz/figure.h"

int console_figure(const struct workbench *workbench, struct figure *figure,
                   struct sawb_error *error) {
    static const char *const kinds[] = {[CONSOLE_COMMAND] = "command",
                                        [CONSOLE_RESULT] = "result",
                                        [CONSOLE_NOTE] = "note",
                                        [CONSOLE_ERROR] = "error"};
    const struct console *console = &workbench->console;
    if (console->count == 0)
        return error_set(error, "console: no command was run yet");
    if (figure_title(figure, error, "commands and their answers") < 0 ||
        figure_facts(workbench, figure, error) < 0)
        return -1;
    struct panel *panel = figure_table(figure, "console", console->count, error);
    if (!panel || !panel_column(panel, "kind", COLUMN_TEXT, 0, error) ||
        !panel_column(panel, "text", COLUMN_TEXT, 0, error))
        return -1;
    for (int i = 0; i < console->count; i++) {
        const struct console_line *line = console_get(console, i);
        if (panel_cell(panel, i, 0, kinds[line->kind], error) < 0 ||
            panel_cell(panel, i, 1, line->text, error) < 0)
            return -1;
    }
    return 0;
}

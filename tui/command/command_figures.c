/*
 * command_figures.c - views as files and as lines, and the colours of the screen.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "tui/app/figures.h"
#include "tui/command/answer.h"
#include "tui/command/handlers.h"
#include "tui/command/relay.h"
#include "viz/export_file.h"
#include "viz/figure_lines.h"
#include "viz/table.h"

#define SCALE_MOST 16
#define USUAL_COLUMNS 80

/* ---- what a figure needs --------------------------------------------------------------------- */

/* -m, -s, --text, --layer and --head of the line. */
static int take_options(struct workbench *workbench, const struct arguments *arguments,
                        struct sink *sink) {
    const char *spec = arguments_option(arguments, "sparsity");
    const char *model = arguments_option(arguments, "model");
    const char *text = arguments_option(arguments, "text");
    struct sawb_error error;
    if (spec && workbench_set_spec(workbench, ARM_B, spec, &error) < 0)
        return command_misuse(sink, &error);
    if (model && (workbench_start(workbench, &error) < 0 ||
                  workbench_set_model(workbench, -1, model, &error) < 0))
        return command_fail(sink, &error);
    if (command_load(workbench, sink, &error) < 0 ||
        (text && workbench_set_text(workbench, text, &error) < 0))
        return command_fail(sink, &error);
    long layer = workbench->layer, head = workbench->head;
    if (arguments_int(arguments, "layer", 0, workbench_layers(workbench) - 1, &layer, &error) < 0 ||
        arguments_int(arguments, "head", 0, workbench_heads(workbench) - 1, &head, &error) < 0)
        return command_misuse(sink, &error);
    workbench->layer = (int)layer;
    workbench->head = (int)head;
    workbench->changed = 1;
    return COMMAND_DONE;
}

/* A shell or a script has no answers until it waits for them; without a sentence they are to the
 * first one of samples. */
static int answer_both(struct workbench *workbench, struct sink *sink) {
    struct waiting waiting = {.sink = sink};
    struct sawb_error error;
    int old = 0;
    for (int arm = 0; arm < ARMS; arm++)
        old |= !workbench->arms[arm].capture || workbench->arms[arm].stale;
    if (!old)
        return COMMAND_DONE;
    if (!workbench->text[0]) {
        int count;
        char *sentence = workbench_sentence(workbench, 0, &count, &error);
        int status = sentence ? workbench_set_text(workbench, sentence, &error) : -1;
        free(sentence);
        if (status < 0)
            return command_fail(sink, &error);
    }
    if (workbench_predict(workbench, &error) < 0)
        return command_fail(sink, &error);
    return command_wait(workbench, workbench->prediction_job, &waiting);
}

/* The view that `word` names, NULL: the one that is shown. -1 with an error. */
static int view_of(const struct workbench *workbench, const char *word, struct sawb_error *error) {
    int view = word ? view_find(word) : (int)workbench_view(workbench);
    if (view < 0)
        return error_set(error, "there is no view \"%s\"; `help view` lists them", word);
    return view;
}

/* Fills the figure that the command's view shows now. Says what goes wrong. */
static int build_figure(struct workbench *workbench, const struct arguments *arguments,
                        const char *word, struct sink *sink, struct figure *figure,
                        const char **name) {
    struct sawb_error error;
    int view = view_of(workbench, word, &error);
    if (view < 0)
        return command_misuse(sink, &error);
    *name = view_get(view)->name;
    int status = take_options(workbench, arguments, sink);
    if (status == COMMAND_DONE && sink->wait)
        status = answer_both(workbench, sink);
    if (status != COMMAND_DONE)
        return status;
    if (view_get(view)->figure(workbench, figure, &error) == 0)
        return COMMAND_DONE;
    figure_free(figure);
    return command_fail(sink, &error);
}

/* ---- save and show --------------------------------------------------------------------------- */

static COMMAND_HANDLER(run_save) {
    const char *path = arguments_get(arguments, 0), *name;
    const char *palette = arguments_option(arguments, "palette");
    struct export_options options = export_usual();
    struct figure figure = {0};
    struct sawb_error error;
    if (!export_format_find(path, &error) ||
        arguments_double(arguments, "scale", 0.1, SCALE_MOST, &options.scale, &error) < 0)
        return command_misuse(sink, &error);
    if (palette)
        options.palette = palette_find(palette);
    int status =
        build_figure(workbench, arguments, arguments_get(arguments, 1), sink, &figure, &name);
    if (status != COMMAND_DONE)
        return status;
    status = figure_write(&figure, path, &options, &error) < 0 ? command_fail(sink, &error)
                                                               : COMMAND_DONE;
    figure_free(&figure);
    if (status != COMMAND_DONE)
        return status;
    struct relay relay;
    struct record record = record_begin();
    record_text(&record, "file", path);
    record_text(&record, "view", name);
    status = sink_result_owned(command_objects(workbench, sink, &relay), record_print(&record));
    if (status == COMMAND_DONE && !workbench->settings.json)
        sink_note(sink, "wrote %s: the view %s", path, name);
    return status;
}

int command_draw(const struct workbench *workbench, struct figure *figure, struct sink *sink) {
    const struct glyphs *glyphs = workbench->settings.ascii ? &glyphs_ascii : &glyphs_utf8;
    int columns = workbench->settings.table_width;
    struct sawb_error error;
    struct palette palette;
    struct ansi ansi;
    int colored = workbench->settings.colors > 0 &&
                  settings_in_color(&workbench->settings, isatty(STDOUT_FILENO));
    if (colored) {
        palette_make(&palette, workbench->palette > 0 ? workbench->palette - 1 : 0);
        ansi_make(&ansi, &palette, workbench->settings.colors);
    }
    char *text = figure_lines(figure, glyphs, colored ? &ansi : NULL,
                              columns > 0 ? columns : USUAL_COLUMNS, &error);
    figure_free(figure);
    return text ? sink_result_owned(sink, text) : command_fail(sink, &error);
}

static COMMAND_HANDLER(run_show) {
    struct figure figure = {0};
    struct sawb_error error;
    const char *name;
    char *text;
    size_t size;
    int status =
        build_figure(workbench, arguments, arguments_get(arguments, 0), sink, &figure, &name);
    if (status != COMMAND_DONE)
        return status;
    if (!workbench->settings.json && figure_print(&figure, export_format_find("a.json", &error),
                                                  NULL, &text, &size, &error) == 0)
        command_keep(workbench, text);
    if (arguments_option(arguments, "draw") && !workbench->settings.json)
        return command_draw(workbench, &figure, sink);
    const struct export_format *format =
        export_format_find(workbench->settings.json ? "a.json" : "a.txt", &error);
    int printed = figure_print(&figure, format, NULL, &text, &size, &error);
    figure_free(&figure);
    if (printed < 0)
        return command_fail(sink, &error);
    if (size > 0 && text[size - 1] == '\n')
        text[size - 1] = '\0';
    return sink_result_owned(sink, text);
}

/* ---- colours --------------------------------------------------------------------------------- */

static int list_palettes(struct workbench *workbench, struct sink *sink) {
    static const char *const titles[] = {"palette", "chosen", "help"};
    struct table *table = table_create(titles, 3, NULL);
    int failed = !table;
    for (int i = 0; palette_name(i); i++) {
        int chosen = workbench->palette == i + 1;
        struct record record = record_begin();
        record_text(&record, "palette", palette_name(i));
        record_item(&record, "chosen", cJSON_CreateBool(chosen));
        record_text(&record, "help", palette_help(i));
        failed = failed || command_object(workbench, &record, sink) != COMMAND_DONE ||
                 table_add(table, "%s", palette_name(i)) < 0 ||
                 table_add(table, "%s", chosen ? "*" : "") < 0 ||
                 table_add(table, "%s", palette_help(i)) < 0;
    }
    return command_tell_table(workbench, table, failed, sink);
}

static COMMAND_HANDLER(run_palette) {
    const char *name = arguments_get(arguments, 0);
    int count = 0, index;
    struct sawb_error error;
    if (!name)
        return list_palettes(workbench, sink);
    while (palette_name(count))
        count++;
    if (strcasecmp(name, "next") == 0)
        index = workbench->palette > 0 ? workbench->palette % count : 1;
    else
        index = palette_find(name);
    if (index < 0 && strcasecmp(name, "auto") != 0) {
        error_set(&error, "palette: there is none named \"%s\"; `palette` lists them", name);
        return command_misuse(sink, &error);
    }
    workbench->palette = index + 1; /* auto: 0 */
    workbench->changed = 1;
    sink_note(sink, "palette %s", index < 0 ? "auto" : palette_name(index));
    return COMMAND_DONE;
}

static COMMAND_HANDLER(run_ramp) {
    const char *word = arguments_get(arguments, 0);
    workbench->digit_ramp = strcasecmp(word, "digits") == 0   ? 1
                            : strcasecmp(word, "blocks") == 0 ? 0
                                                              : !workbench->digit_ramp;
    workbench->changed = 1;
    sink_note(sink, "ramp %s", workbench->digit_ramp ? "digits" : "blocks");
    return COMMAND_DONE;
}

/* ---- the table ------------------------------------------------------------------------------- */

#define PALETTE_CHOICES "dark|light|contrast|contrast-light|none"
#define FIGURE_OPTIONS                                                                             \
    {"text", 0, ARGUMENT_TEXT, "TEXT", "the sentence (default: the workbench's)"},                 \
        {"layer", 0, ARGUMENT_NUMBER, "N", "of the head, from 0"}, {                               \
        "head", 0, ARGUMENT_NUMBER, "N", "which is looked at, from 0"                              \
    }

static const struct option_row save_options[] = {
    FIGURE_OPTIONS,
    {"scale", 0, ARGUMENT_NUMBER, "X", "pixels of a PNG to a unit of the drawing (default: 1)"},
    {"palette", 0, ARGUMENT_CHOICE, PALETTE_CHOICES, "colours of the picture (default: light)"},
    {0},
};

static const struct option_row show_options[] = {
    {"draw", 0, ARGUMENT_NONE, NULL, "as a picture: shades for maps, curves in braille"},
    FIGURE_OPTIONS,
    {0},
};

const struct command commands_figures[] = {
    {.name = "save",
     .usage = "FILE [VIEW]",
     .positionals = {{ARGUMENT_FILE, NULL}, {ARGUMENT_TEXT, VIEW_NAMES}},
     .minimum = 1,
     .maximum = 2,
     .help = "write what a view shows as .svg, .png, .tsv, .csv, .tex, .txt or .json",
     .details =
         "The ending of FILE chooses: SVG in vectors and PNG for papers and slides, TeX with "
         "pgfplots or booktabs, tables for programs, lines for screen readers. Model, "
         "patterns, sentence, seed and version stand in the file (not in .csv, which knows "
         "no comments). Without VIEW the present one is written. -s is the pattern of B.",
     .options = save_options,
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_SCREEN | COMMAND_BARE,
     .run = run_save},
    {.name = "show",
     .usage = "[VIEW]",
     .positionals = {{ARGUMENT_TEXT, VIEW_NAMES}},
     .maximum = 1,
     .help = "what a view shows as lines, a value a line, for screen readers and grep",
     .details = "With --draw: a picture of characters, in colour on a terminal that has it. With "
                "--json: one object. -s is the pattern "
                "of B.",
     .options = show_options,
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_SCREEN | COMMAND_BARE,
     .run = run_show},
    {.name = "palette",
     .usage = "[NAME|next|auto]",
     .positionals = {{ARGUMENT_TEXT, PALETTE_CHOICES "|next|auto"}},
     .maximum = 1,
     .help = "choose the colours of the screen, or list them",
     .details = "auto: light where COLORFGBG tells of a light background, otherwise dark. All but "
                "none are told apart by colour-blind readers too.",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_BARE,
     .run = run_palette},
    {.name = "ramp",
     .usage = "blocks|digits|next",
     .positionals = {{ARGUMENT_CHOICE, "blocks|digits|next"}},
     .minimum = 1,
     .maximum = 1,
     .help = "draw parts of a scale as blocks or as digits 0 to 9",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_BARE,
     .run = run_ramp},
    {0},
};

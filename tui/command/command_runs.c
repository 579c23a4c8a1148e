/*
 * command_runs.c - steering the run in progress, the runs whose curves are overlaid, how they are
 * shown, and looking back at pinned sentences.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tui/command/answer.h"
#include "tui/command/handlers.h"
#include "tui/command/relay.h"
#include "viz/glyphs.h"
#include "viz/table.h"

#define ZOOM 0.5 /* of what is shown, closer */
#define PAN 0.25 /* of what is shown */
#define SMOOTH_MOST 0.9999

static int changed(struct workbench *workbench) {
    workbench->changed = 1;
    return COMMAND_DONE;
}

static int is(const char *word, const char *name) {
    return word && strcasecmp(word, name) == 0;
}

/* Index of a word in "a|b|c", -1: none. */
static int choice(const char *choices, const char *word) {
    size_t length = strlen(word);
    for (int index = 0;; index++) {
        size_t size = strcspn(choices, "|");
        if (size == length && strncasecmp(choices, word, length) == 0)
            return index;
        if (!choices[size])
            return -1;
        choices += size + 1;
    }
}

/* A finite number within [low, high]. */
static int read_number(const char *what, const char *word, double low, double high, double *value,
                       struct sawb_error *error) {
    char *end = NULL;
    *value = word ? strtod(word, &end) : NAN;
    if (word && end != word && !*end && *value >= low && *value <= high)
        return 0;
    return error_set(error, "%s: a number from %g to %g is wanted, not \"%s\"", what, low, high,
                     word ? word : "");
}

/* ---- run ------------------------------------------------------------------------------------- */

static int check_run(const struct workbench *workbench, const char *what,
                     struct sawb_error *error) {
    if (workbench->run.attached || (workbench->worker && worker_steerable(workbench->worker)))
        return 0;
    return error_set(error, "run %s: no run is in progress; `train DIR --out DIR` starts one",
                     what);
}

/* What the words ask of this session's run, whose model it must fit. */
static struct steering *read_words(const struct workbench *workbench, const char *words,
                                   struct sawb_error *error) {
    const struct model *model = workbench->run.model;
    return steering_read(words, workbench->presets, model ? model->config.layers : 0,
                         model ? model->config.heads : 0, error);
}

/* Asks the run in words, be it this session's or another process's. */
static int ask(struct workbench *workbench, const char *words, struct sawb_error *error) {
    if (workbench->run.attached && !workbench->run.running)
        return error_set(error, "run: %s has ended", run_title(&workbench->run));
    if (workbench->run.attached)
        return attach_ask(workbench, words, error);
    if (strcmp(words, "stop") == 0) {
        worker_stop(workbench->worker);
        return 0;
    }
    return worker_steer(workbench->worker, read_words(workbench, words, error), error);
}

/* "branch DIR [rate X | sparsity SPEC]", which is checked now, not when the branch begins. */
static int branch(struct workbench *workbench, const struct arguments *arguments,
                  struct sawb_error *error) {
    const char *out = arguments_get(arguments, 1), *what = arguments_get(arguments, 2);
    if (workbench->run.attached)
        return error_set(error, "run branch: only in the session that the run is of");
    if (!out)
        return error_set(error, "run branch: the folder of the branch is missing");
    if (!what)
        return runs_branch(workbench, out, STEERING_KINDS, 0, NULL, error);
    if (!is(what, "rate") && !is(what, "sparsity"))
        return error_set(error,
                         "run branch: what follows the folder is `rate X` or `sparsity "
                         "SPEC`, not \"%s\"",
                         what);
    char *words = arguments_join(arguments, 2), *rest = arguments_join(arguments, 3);
    struct steering *steering = NULL;
    if (!words || !rest)
        error_set(error, "run branch: out of memory");
    else
        steering = read_words(workbench, words, error);
    int status = !steering ? -1
                           : runs_branch(workbench, out, steering->kind, steering->number,
                                         steering->kind == STEER_SPARSITY ? rest : NULL, error);
    steering_free(steering);
    free(words);
    free(rest);
    return status;
}

#define RUN_WORDS "pause|continue|toggle|checkpoint|evaluate|stop|rate|sparsity|branch"
enum run_word {
    RUN_PAUSE,
    RUN_CONTINUE,
    RUN_TOGGLE,
    RUN_CHECKPOINT,
    RUN_EVALUATE,
    RUN_STOP,
    RUN_RATE,
    RUN_SPARSITY,
    RUN_BRANCH
};

static int follow_word(struct workbench *workbench, enum run_word word,
                       const struct arguments *arguments, struct sawb_error *error) {
    if (word == RUN_BRANCH)
        return branch(workbench, arguments, error);
    if (word == RUN_TOGGLE)
        return ask(workbench, workbench->run.paused ? "continue" : "pause", error);
    if (word == RUN_STOP) /* however it is spelled */
        return ask(workbench, "stop", error);
    char *words = arguments_join(arguments, 0);
    int status = words ? ask(workbench, words, error) : error_set(error, "run: out of memory");
    free(words);
    return status;
}

/* Words that `run WORD` takes at most, the word itself included. */
static int words_most(int word) {
    return word < RUN_RATE ? 1 : word == RUN_RATE ? 2 : 1000;
}

static int run(struct workbench *workbench, const struct arguments *arguments, struct sink *sink) {
    const char *first = arguments_get(arguments, 0);
    struct sawb_error error;
    int word = choice(RUN_WORDS, first);
    if (arguments_count(arguments) > words_most(word)) {
        error_set(&error, "run %s: \"%s\" is one word too many", first,
                  arguments_get(arguments, words_most(word)));
        return command_misuse(sink, &error);
    }
    if (word < 0)
        return command_run_file(workbench, arguments, sink);
    if (check_run(workbench, first, &error) < 0 ||
        follow_word(workbench, (enum run_word)word, arguments, &error) < 0)
        return command_fail(sink, &error);
    return changed(workbench);
}

/* ---- runs ------------------------------------------------------------------------------------ */

static const char *state_of(const struct workbench *workbench, const struct run_history *history) {
    if (history != &workbench->run)
        return "";
    return history->paused ? "paused" : history->running ? "running" : "ended";
}

static int list_json(const struct workbench *workbench, struct sink *sink) {
    const struct run_history *history;
    for (int i = 0; (history = runs_get(workbench, i)); i++) {
        struct record record = record_begin();
        int best = history_best(history);
        record_number(&record, "run", i + 1);
        record_text(&record, "name", history->name);
        record_text(&record, "state", state_of(workbench, history));
        record_number(&record, "step", (double)history->last.step);
        record_number(&record, "loss", history->steps ? history->last.loss : NAN);
        record_number(&record, "best_step", best < 0 ? NAN : history->evaluation_step[best]);
        record_number(&record, "best_accuracy",
                      best < 0 ? NAN : history->evaluation_accuracy[best]);
        if (sink_result_owned(sink, record_print(&record)) != COMMAND_DONE)
            return COMMAND_FAILED;
    }
    return COMMAND_DONE;
}

static int fill_list(struct table *table, const struct workbench *workbench) {
    const struct run_history *history;
    int status = 0;
    for (int i = 0; (history = runs_get(workbench, i)); i++) {
        int best = history_best(history);
        status |= table_add(table, "%d", i + 1);
        status |= table_add(table, "%s", history->name);
        status |= table_add(table, "%s", state_of(workbench, history));
        status |= table_add(table, "%lld", (long long)history->last.step);
        status |= history->steps ? table_add(table, "%.4f", history->last.loss)
                                 : table_add(table, "%s", "-");
        status |= best < 0 ? table_add(table, "%s", "-")
                           : table_add(table, "%.4f", history->evaluation_accuracy[best]);
        status |= best < 0 ? table_add(table, "%s", "-")
                           : table_add(table, "%.0f", history->evaluation_step[best]);
    }
    for (int i = 0; i < workbench->runs.branch_count; i++) {
        status |= table_add(table, "%s", "-");
        status |= table_add(table, "%s", workbench->runs.branches[i].out);
        status |= table_add(table, "%s", "waits");
        for (int column = 3; column < 7; column++)
            status |= table_add(table, "%s", "");
    }
    return status;
}

static int list_runs(struct workbench *workbench, struct sink *sink) {
    static const char *const titles[] = {">run",  "folder",         "state", ">step",
                                         ">loss", ">best accuracy", ">at"};
    struct sawb_error error;
    struct relay relay;
    int status = list_json(workbench, command_objects(workbench, sink, &relay));
    if (status != COMMAND_DONE || workbench->settings.json)
        return status;
    if (runs_count(workbench) + workbench->runs.branch_count == 0) {
        sink_note(sink, "there are no runs yet; `train` starts one, `runs add DIR` reads one");
        return COMMAND_DONE;
    }
    struct table *table = table_create(titles, 7, &error);
    if (!table)
        return command_fail(sink, &error);
    char *text = fill_list(table, workbench) == 0 ? command_table(workbench, table) : NULL;
    table_free(table);
    return sink_result_owned(sink, text);
}

#define RUNS_WORDS "list|add|remove|clear"

static int runs(struct workbench *workbench, const struct arguments *arguments, struct sink *sink) {
    const char *word = arguments_get(arguments, 0), *name = arguments_get(arguments, 1);
    struct sawb_error error;
    int status = 0;
    int alone = runs_count(workbench) + workbench->runs.branch_count == 0;
    if (!word && sink->wait && alone)
        return command_list_folder(workbench, ".", sink);
    if (!word || is(word, "list"))
        return list_runs(workbench, sink);
    if (choice(RUNS_WORDS, word) < 0 && name) {
        error_set(&error, "runs: \"%s\" is one word too many", name);
        return command_misuse(sink, &error);
    }
    if (choice(RUNS_WORDS, word) < 0)
        return command_list_folder(workbench, word, sink);
    if (is(word, "clear")) {
        runs_clear(workbench);
        return COMMAND_DONE;
    }
    if (!name) {
        error_set(&error, "runs %s: the folder of the run is missing", word);
        return command_misuse(sink, &error);
    }
    for (int i = 1; status == 0 && (name = arguments_get(arguments, i)); i++)
        status = is(word, "add") ? runs_add(workbench, name, &error)
                                 : runs_remove(workbench, name, &error);
    return status < 0 ? command_fail(sink, &error) : changed(workbench);
}

/* ---- how they are shown ---------------------------------------------------------------------- */

#define CURVE_WORDS "main|loss|accuracy|rate|norm|speed|sparsity|all"
#define AXIS_WORDS "step|epoch|tokens|time"

static int next_of(int now, int count, const char *word) {
    int by = is(word, "next") ? 1 : is(word, "previous") ? count - 1 : 0;
    return by ? (now + by) % count : -1;
}

static int curve(struct workbench *workbench, const struct arguments *arguments,
                 struct sink *sink) {
    const char *word = arguments_get(arguments, 0);
    int next = next_of((int)workbench->runs.curve, CURVE_CHOICES, word);
    (void)sink;
    workbench->runs.curve = (enum curve_choice)(next >= 0 ? next : choice(CURVE_WORDS, word));
    return changed(workbench);
}

static int axis(struct workbench *workbench, const struct arguments *arguments, struct sink *sink) {
    const char *word = arguments_get(arguments, 0);
    int next = next_of((int)workbench->runs.axis, AXES, word);
    (void)sink;
    runs_set_axis(workbench, (enum run_axis)(next >= 0 ? next : choice(AXIS_WORDS, word)));
    return COMMAND_DONE;
}

static int scale(struct workbench *workbench, const struct arguments *arguments,
                 struct sink *sink) {
    const char *word = arguments_get(arguments, 0);
    (void)sink;
    workbench->runs.log_scale = is(word, "toggle") ? !workbench->runs.log_scale : is(word, "log");
    return changed(workbench);
}

static int smooth(struct workbench *workbench, const struct arguments *arguments,
                  struct sink *sink) {
    static const double steps[] = {0, 0.6, 0.9, 0.98};
    const char *word = arguments_get(arguments, 0);
    struct sawb_error error;
    double value = steps[0];
    if (is(word, "next")) {
        for (int i = 3; i >= 0; i--)
            if (steps[i] > workbench->runs.smoothing)
                value = steps[i];
    } else if (!is(word, "off") &&
               read_number("smooth", word, 0, SMOOTH_MOST, &value, &error) < 0) {
        return command_misuse(sink, &error);
    }
    runs_set_smoothing(workbench, value);
    return COMMAND_DONE;
}

static int zoom_x(struct workbench *workbench, const struct arguments *arguments,
                  struct sink *sink) {
    const char *word = arguments_get(arguments, 0);
    (void)sink;
    if (is(word, "in"))
        runs_zoom(workbench, ZOOM);
    else if (is(word, "out"))
        runs_zoom(workbench, 1 / ZOOM);
    else if (is(word, "fit"))
        workbench->runs.from = workbench->runs.to = 0;
    else
        runs_pan(workbench, is(word, "left") ? -PAN : PAN);
    return changed(workbench);
}

static int step(struct workbench *workbench, const struct arguments *arguments, struct sink *sink) {
    const char *word = arguments_get(arguments, 0);
    const struct run_history *lead = runs_lead(workbench);
    struct sawb_error error;
    double number;
    if (is(word, "off")) {
        workbench->runs.cursor_on = 0;
        return changed(workbench);
    }
    if (!lead) {
        error_set(&error,
                  "step: there is no run yet; `train` starts one, `runs add DIR` reads one");
        return command_fail(sink, &error);
    }
    int best = history_best(lead);
    if (is(word, "left") || is(word, "right")) {
        runs_move(workbench, is(word, "left") ? -1 : 1);
    } else if (is(word, "first")) {
        runs_go(workbench, 0);
    } else if (is(word, "last")) {
        runs_go(workbench, (int64_t)lead->step[lead->steps - 1]);
    } else if (is(word, "best") && best >= 0) {
        runs_go(workbench, (int64_t)lead->evaluation_step[best]);
    } else if (is(word, "best")) {
        error_set(&error, "step best: the run was not evaluated yet");
        return command_fail(sink, &error);
    } else {
        if (read_number("step", word, 0, 1e15, &number, &error) < 0)
            return command_misuse(sink, &error);
        runs_go(workbench, (int64_t)number);
    }
    return COMMAND_DONE;
}

/* ---- pinned sentences ------------------------------------------------------------------------ */

static int pin(struct workbench *workbench, const struct arguments *arguments, struct sink *sink) {
    const char *text = arguments_get(arguments, 0);
    struct sawb_error error;
    if (!text || !text[0])
        text = workbench->text ? workbench->text : "";
    if (!text[0]) {
        error_set(&error, "pin: there is no sentence; `pin SENTENCE` pins one");
        return command_misuse(sink, &error);
    }
    if (pinned_add(workbench, text, &error) < 0)
        return command_fail(sink, &error);
    sink_note(sink,
              "pinned: a run stores its states at each evaluation, in at most %zu MB for all; "
              "`scrub on` looks back at them",
              PINNED_BYTES >> 20);
    return COMMAND_DONE;
}

static int unpin(struct workbench *workbench, const struct arguments *arguments,
                 struct sink *sink) {
    const struct pinned *pinned = &workbench->pinned;
    const char *word = arguments_get(arguments, 0);
    struct sawb_error error;
    double number = 0;
    if (word && read_number("unpin", word, 1, pinned->count, &number, &error) < 0)
        return command_misuse(sink, &error);
    const char *text = word ? pinned->sentences[(int)number - 1].text : workbench->text;
    if (pinned_remove(workbench, text ? text : "", &error) < 0)
        return command_fail(sink, &error);
    return COMMAND_DONE;
}

static int pins(struct workbench *workbench, const struct arguments *arguments, struct sink *sink) {
    static const char *const titles[] = {">pin", ">states", "text"};
    const struct pinned *pinned = &workbench->pinned;
    (void)arguments;
    if (pinned->count == 0) {
        sink_note(sink, "no sentence is pinned; `pin` pins the present one");
        return COMMAND_DONE;
    }
    struct table *table = table_create(titles, 3, NULL);
    int failed = !table;
    for (int i = 0; i < pinned->count; i++) {
        const struct pinned_sentence *sentence = &pinned->sentences[i];
        struct record record = record_begin();
        record_number(&record, "pin", i + 1);
        record_text(&record, "text", sentence->text);
        record_number(&record, "states", sentence->count);
        failed = failed || command_object(workbench, &record, sink) != COMMAND_DONE ||
                 table_add(table, "%d", i + 1) < 0 || table_add(table, "%d", sentence->count) < 0 ||
                 table_add(table, "%s", sentence->text) < 0;
    }
    return command_tell_table(workbench, table, failed, sink);
}

static int scrub(struct workbench *workbench, const struct arguments *arguments,
                 struct sink *sink) {
    const char *word = arguments_get(arguments, 0);
    int back = pinned_step(workbench) >= 0;
    struct sawb_error error;
    if (is(word, "off") || (is(word, "toggle") && back)) {
        pinned_live(workbench);
        if (back && workbench->automatic && workbench_predict(workbench, &error) < 0)
            return command_fail(sink, &error);
        return changed(workbench);
    }
    if (pinned_scrub(workbench, &error) < 0)
        return command_fail(sink, &error);
    return changed(workbench);
}

/* ---- the table ------------------------------------------------------------------------------- */

#define EVERYWHERE (COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_BARE)

const struct command commands_runs[] = {
    {.name = "run",
     .usage =
         "FILE|-|pause|continue|toggle|checkpoint|evaluate|stop|rate X|sparsity SPEC|branch DIR",
     .positionals = {{ARGUMENT_FILE, RUN_WORDS}, {ARGUMENT_TEXT, NULL}},
     .minimum = 1,
     .maximum = -1,
     .help = "run a script, a command a line, - that of standard input; or steer the run in "
             "progress, between two steps",
     .details =
         "rate X sets another peak of the learning rate's schedule, sparsity SPEC another "
         "pattern, both from the next step on; both go into the checkpoint, so that a resumed run "
         "goes on alike. checkpoint and evaluate do so at once, toggle pauses or goes on; a paused "
         "run still answers the sentence. branch DIR [rate X|sparsity SPEC] saves the run in DIR; "
         "a second run starts from there, with that change, when this one ends. A script of such "
         "a name is ./pause. In a script # begins a comment.",
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_SCREEN | COMMAND_BARE | COMMAND_ASIDE,
     .run = run},
    {.name = "runs",
     .usage = "[DIR|list|add DIR...|remove NAME...|clear]",
     .positionals = {{ARGUMENT_DIRECTORY, RUNS_WORDS}, {ARGUMENT_DIRECTORY, NULL}},
     .minimum = 0,
     .maximum = -1,
     .help =
         "list the runs below a folder; or those whose curves are shown, and add and remove some",
     .details = "DIR (in a shell, without it, the present folder): runs, the newest first, with "
                "state (starting, running, paused, done, stopped, failed; died: its process is no "
                "more), step, the newest and the best accuracy. A folder of such a name is ./list. "
                "A run writes log.jsonl into its folder, a line for each step and evaluation as "
                "`train --json` prints them. A run of another program that still goes on is "
                "followed; `attach` steers it. At most 8 runs are shown.",
     .where = EVERYWHERE | COMMAND_SHELL,
     .run = runs},
    {.name = "curve",
     .usage = CURVE_WORDS "|next|previous",
     .positionals = {{ARGUMENT_CHOICE, CURVE_WORDS "|next|previous"}},
     .minimum = 1,
     .maximum = 1,
     .help = "which curves of the runs are shown; main: loss and accuracy",
     .where = EVERYWHERE,
     .run = curve},
    {.name = "axis",
     .usage = AXIS_WORDS "|next|previous",
     .positionals = {{ARGUMENT_CHOICE, AXIS_WORDS "|next|previous"}},
     .minimum = 1,
     .maximum = 1,
     .help = "what the x axis of the curves counts",
     .details = "time: seconds of training steps, without evaluations and pauses.",
     .where = EVERYWHERE,
     .run = axis},
    {.name = "scale",
     .usage = "linear|log|toggle",
     .positionals = {{ARGUMENT_CHOICE, "linear|log|toggle"}},
     .minimum = 1,
     .maximum = 1,
     .help = "the y axis of the curves",
     .where = EVERYWHERE,
     .run = scale},
    {.name = "smooth",
     .usage = "BETA|off|next",
     .positionals = {{ARGUMENT_TEXT, "off|next"}},
     .minimum = 1,
     .maximum = 1,
     .help = "smooth loss, gradient norm and speed: m = BETA m + (1 - BETA) x, bias corrected",
     .where = EVERYWHERE,
     .run = smooth},
    {.name = "zoom-x",
     .usage = "in|out|fit|left|right",
     .positionals = {{ARGUMENT_CHOICE, "in|out|fit|left|right"}},
     .minimum = 1,
     .maximum = 1,
     .help = "show less or more of the x axis of the curves (round the cursor), or another part",
     .where = EVERYWHERE,
     .run = zoom_x},
    {.name = "step",
     .usage = "N|left|right|first|last|best|off",
     .positionals = {{ARGUMENT_TEXT, "left|right|first|last|best|off"}},
     .minimum = 1,
     .maximum = 1,
     .help = "the cursor of the curves, which reads all of them out; best: the best evaluation",
     .where = EVERYWHERE,
     .run = step},
    {.name = "pin",
     .usage = "[SENTENCE]",
     .positionals = {{ARGUMENT_TEXT, NULL}},
     .minimum = 0,
     .maximum = -1,
     .help = "store what both patterns make of a sentence (the present one) at each evaluation",
     .details = "At most 4 sentences; the stored states take at most 64 MB together, beyond which "
                "every second one is left out.",
     .where = EVERYWHERE | COMMAND_RAW,
     .run = pin},
    {.name = "unpin",
     .usage = "[N]",
     .positionals = {{ARGUMENT_NUMBER, NULL}},
     .minimum = 0,
     .maximum = 1,
     .help = "forget a pinned sentence (the present one), with its stored states",
     .where = EVERYWHERE,
     .run = unpin},
    {.name = "pins",
     .usage = "",
     .help = "list the pinned sentences",
     .where = EVERYWHERE,
     .run = pins},
    {.name = "scrub",
     .usage = "on|off|toggle",
     .positionals = {{ARGUMENT_CHOICE, "on|off|toggle"}},
     .minimum = 1,
     .maximum = 1,
     .help =
         "show the stored states of a pinned sentence at the cursor of the curves, or live ones",
     .details = "While on, `step left` and `step right` go from one stored state to the next, and "
                "every view shows it. A change of sentence, pattern or model ends it.",
     .where = EVERYWHERE,
     .run = scrub},
    {0},
};

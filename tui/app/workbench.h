/*
 * workbench.h - the state of the workbench: two arms over a sentence, what is looked at, and the
 * run in progress.
 *
 * Free of curses and readline: every door (screen, shell command, script, console) holds one of
 * these, changes it with command_run() and feeds it the worker's events with workbench_event().
 */
#ifndef SAWB_TUI_APP_WORKBENCH_H
#define SAWB_TUI_APP_WORKBENCH_H

#include "core/base/version.h"
#include "core/session/jobs.h"
#include "tui/app/views.h"

enum { ARM_A, ARM_B, ARMS };

struct arm {
    struct model *model;     /* shared by both arms unless a second model was opened */
    char *spec;              /* specification in force, always parses */
    struct capture *capture; /* the newest answer; NULL before the first. May be older than text and
                              * spec: see stale */
    int stale;               /* 1 until the answer to the present text and spec is here */
};

enum map_mode { MAP_WEIGHT, MAP_SCORE, MAP_MODES };

/* What a training run has told so far; grows as events come. */
struct run_history {
    char *name;          /* the output folder; NULL: no run yet */
    struct model *model; /* the run started from; retained */
    int job;             /* number of the training job */
    int running;
    int64_t total_steps;
    struct step_report last;
    int steps, step_capacity;
    double *step, *loss, *learning_rate, *gradient_norm; /* [steps] */
    int evaluations, evaluation_capacity;
    double *evaluation_step, *evaluation_loss, *evaluation_accuracy; /* [evaluations] */
    double tokens_per_second;                                        /* smoothed */
    double first_time;   /* of the first step event of this run (seconds since 1970) */
    int64_t first_step;  /* its step: above 1 in a resumed run */
    double seconds_left; /* estimate, negative: unknown */
};

enum message_kind { MESSAGE_NONE, MESSAGE_NOTE, MESSAGE_COMMAND, MESSAGE_ERROR };

enum color_choice { COLOR_NEVER, COLOR_ALWAYS, COLOR_AUTO };

struct settings {
    const char *model_directory; /* as given; NULL: the default of samples */
    int threads;                 /* 0: one per processor */
    uint64_t seed;
    int json;
    int ascii;
    int color; /* enum color_choice */
};

struct workbench {
    struct settings settings; /* model_directory is NULL here: ask arms[].model->directory */
    char *model_directory;    /* to be opened by workbench_load; NULL: the default of samples */
    char *samples;            /* folder of what ships with sawb; NULL: not found */
    struct presets *presets;
    struct compute compute;
    struct queue *events;  /* NULL until workbench_start */
    struct worker *worker; /* NULL until workbench_start */
    struct arm arms[ARMS]; /* without a model until workbench_load */
    char *text;            /* the sentence */
    int layer, head;       /* looked at */
    int query, key;        /* the shared cursor */
    enum map_mode mode;
    enum view view, previous_view;
    struct run_history run;
    int automatic;      /* 1: each change asks for a new answer; set by workbench_begin */
    int live;           /* 1: predictions follow a model in training (the screen sets it) */
    int long_job;       /* number of the long job under way, 0: none */
    int prediction_job; /* number of the newest prediction of both arms, 0: none was asked for */
    int answers;        /* of that prediction that have come */
    double prediction_time; /* when it was asked for */
    int example;            /* line of samples/sentences.txt that `example` took last, from 0 */
    char *picture;    /* a file the screen is asked to draw itself into; it takes (and frees) it */
    int script_depth; /* scripts that run scripts */
    char progress[160]; /* state of long work, empty: none */
    enum message_kind message_kind;
    char message[1024]; /* the one line at the bottom; errors stay until the next key */
    int quit;
    int changed; /* something to draw; the screen clears it */
};

/*
 * Opening goes in steps, so that each door opens no more than it needs. Finds the presets (those
 * that ship with sawb, then the user's in $XDG_CONFIG_HOME/sawb/presets.json) and remembers which
 * model to open: settings->model_directory, or the default of samples. The arms have the patterns
 * dense and aggressive_sparse until workbench_set_spec. After a failure nothing needs to be closed.
 */
int workbench_open(struct workbench *workbench, const struct settings *settings,
                   struct sawb_error *error);

/* Starts what computes: threads, the queue of events, the worker. Does nothing when it runs
 * already. */
int workbench_start(struct workbench *workbench, struct sawb_error *error);

/* Opens the model for the arms that have none, and starts. What the model had to make up (a new
 * head) stands in `message` as a note. */
int workbench_load(struct workbench *workbench, struct sawb_error *error);

/* Starts, loads, and from now on every change asks for a new answer; the first is to `text`, or to
 * the first line of samples/sentences.txt when it is NULL. */
int workbench_begin(struct workbench *workbench, const char *text, struct sawb_error *error);

/* Ends the long job (a run in training saves its weights) and frees everything. */
void workbench_close(struct workbench *workbench);

/* Folder of the files that ship with sawb (samples): $SAWB_SAMPLES, ../samples or ../../samples
 * beside the program's folder, or ../share/sawb. Owned by the caller. */
char *workbench_samples(struct sawb_error *error);

/* Lines of samples/sentences.txt: number `index` (from 0, round the end in both directions), owned
 * by the caller. *count: how many there are. */
char *workbench_sentence(const struct workbench *workbench, int index, int *count,
                         struct sawb_error *error);

/* Changes that, when `automatic`, ask for a new answer; it comes as EVENT_PREDICTION. After an
 * error everything is as it was. */
int workbench_set_text(struct workbench *workbench, const char *text, struct sawb_error *error);
int workbench_set_spec(struct workbench *workbench, int arm, const char *spec,
                       struct sawb_error *error);
int workbench_set_model(struct workbench *workbench, int arm, const char *directory,
                        struct sawb_error *error); /* arm -1: both */
int workbench_swap(struct workbench *workbench, struct sawb_error *error);

/* Asks again for the answer of both arms to the present text. */
int workbench_predict(struct workbench *workbench, struct sawb_error *error);

/* Submits a long job, whose state is then shown in `progress`. Returns its number, or -1. */
int workbench_submit(struct workbench *workbench, struct job *job, struct sawb_error *error);

/* Empties the history for the training job just submitted, which starts from `model` and writes to
 * `name`. */
int workbench_begin_run(struct workbench *workbench, int job, struct model *model, const char *name,
                        struct sawb_error *error);

/* Layers and heads that can be looked at in both arms, and tokens in both answers (0 before any).
 */
int workbench_layers(const struct workbench *workbench);
int workbench_heads(const struct workbench *workbench);
int workbench_tokens(const struct workbench *workbench);

/* Pulls layer, head and cursor into what there is. */
void workbench_clamp(struct workbench *workbench);

/*
 * Takes the event in (and frees it). Sets `changed`. When `live`: a step of a run asks for new
 * answers as fast as they come, and the end of a run opens its checkpoint in the arms that it
 * started from.
 */
void workbench_event(struct workbench *workbench, struct event *event);

/* Shows a view (in the pane that has the keys); `back` of the screen returns to the one before. */
void workbench_show(struct workbench *workbench, enum view view);

/* Why the pair under the cursor is kept or not in this arm ("kept: rank 1 of 2"). */
void workbench_explain(const struct workbench *workbench, int arm, int query, int key, char *text,
                       int size);

void workbench_message(struct workbench *workbench, enum message_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

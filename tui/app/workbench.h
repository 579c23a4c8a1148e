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
#include "tui/app/attach.h"
#include "tui/app/attention.h"
#include "tui/app/bookmarks.h"
#include "tui/app/console.h"
#include "tui/app/data.h"
#include "tui/app/heads.h"
#include "tui/app/key_map.h"
#include "tui/app/mask.h"
#include "tui/app/panes.h"
#include "tui/app/pinned.h"
#include "tui/app/prediction.h"
#include "tui/app/pruning.h"
#include "tui/app/recorder.h"
#include "tui/app/replay.h"
#include "tui/app/runs.h"
#include "tui/app/scripting.h"
#include "tui/app/sweep.h"
#include "tui/app/timing.h"
#include "tui/app/undo.h"

enum { ARM_A, ARM_B, ARMS };

struct arm {
    struct model *model;     /* shared by both arms unless a second model was opened */
    char *spec;              /* specification in force, always parses */
    struct capture *capture; /* the newest answer; NULL before the first. May be older than text and
                              * spec: see stale */
    int stale;               /* 1 until the answer to the present text and spec is here */
};

/* Where a job was when its progress was first told. */
struct pace {
    int job;
    int64_t done;
    double time;
};

enum message_kind { MESSAGE_NONE, MESSAGE_NOTE, MESSAGE_COMMAND, MESSAGE_ERROR };

enum color_choice { COLOR_NEVER, COLOR_ALWAYS, COLOR_AUTO };

/* How a command prints a table: for people, in colour where there are colours, or for programs. */
enum table_style { TABLES_ALIGNED, TABLES_TSV };

/* How an interactive session is recorded. */
struct session_settings {
    const char *file; /* NULL: one of its own name. Borrowed for as long as the door is open */
    int off;
    uint64_t limit; /* bytes, see recorder_open */
};

struct settings {
    const char *model_directory; /* as given; NULL: the default of samples */
    int threads;                 /* 0: one per processor */
    enum precision precision;    /* of matrix products */
    struct ranks *ranks;         /* that share a run (core/base/ranks.h); NULL: none. Borrowed */
    uint64_t seed;
    int json;
    int ascii;
    int color;  /* enum color_choice */
    int colors; /* most that a picture printed as text may have (viz/ansi.h); set by the door */
    enum table_style tables;
    int table_width;    /* terminal columns that they should fit into; 0: any */
    const char *config; /* script the screen starts with, "none": none; NULL: the user's file
                           config, if there is one. Borrowed for as long as the screen runs */
    struct session_settings session;
};

/* Whether --color and $NO_COLOR want colour in what goes to a terminal (1) or not to one (0). */
int settings_in_color(const struct settings *settings, int terminal);

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
    struct attention attention; /* what its view shows of them */
    struct heads heads;         /* all of them: order, search, importance */
    struct mask_state mask;
    struct pruning pruning; /* heads off, alone and one after the other */
    struct panes panes;     /* which views are shown where */
    int without_mouse;      /* 1: clicks are the terminal's own, for its selection */
    struct key_map keys;    /* bound by the user */
    struct undo undo;       /* what can be taken back */
    struct bookmarks bookmarks;
    struct console console;      /* commands and their answers */
    struct run_history run;      /* of this session: in progress, or ended last */
    struct attachment *attached; /* a run of another process that is watched; NULL: none */
    struct runs runs;            /* those beside it, and how all are shown */
    struct pinned pinned;        /* states of sentences that the run has stored */
    struct prediction_state prediction;
    struct sweep_state sweep;
    struct timing_state timing;
    struct data data; /* the data set that is open, if one is */
    int palette;      /* 1 + index of the screen's colours (viz/palette.h), 0: by its background */
    int digit_ramp;   /* 1: parts of a scale are drawn as digits */
    int automatic;    /* 1: each change asks for a new answer; set by workbench_begin */
    int live;         /* 1: predictions follow a model in training (the screen sets it) */
    int long_job;     /* number of the long job under way, 0: none */
    int prediction_job; /* number of the newest prediction of both arms, 0: none was asked for */
    int answers;        /* of that prediction that have come */
    double prediction_time; /* when it was asked for */
    int example;            /* line of samples/sentences.txt that `example` took last, from 0 */
    char *picture; /* a file the screen is asked to draw itself into; it takes (and frees) it */
    struct scripting scripting; /* variables, and the last result */
    int script_depth;           /* scripts that run scripts */
    struct recorder *recorder;  /* of the session; NULL: it is not recorded. Borrowed */
    struct replay *replay;      /* a session that is looked at again; NULL: none. Borrowed */
    double moment;      /* seconds since 1970 at which what is being done happens; 0: the clock's */
    enum wish wish;     /* which one a replay grants */
    char progress[160]; /* state of long work, empty: none */
    struct pace pace;
    enum message_kind message_kind;
    char message[1024]; /* the one line at the bottom; errors stay until the next key */
    char help_find[64]; /* help shows what holds this text; empty: all */
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

/* The moment of what is being done: all that follows from one command or event happens at once, so
 * that a session looked at again decides as it did. */
double workbench_now(const struct workbench *workbench);

/* Opens the model of a folder, in a replay as it was recorded. */
int workbench_model(struct workbench *workbench, const char *directory, struct model **model,
                    struct sawb_error *error);

/* An answer to the prediction of this job that is followed by another one before anything looks at
 * it: all that it changes but what is shown. */
void workbench_pass_answer(struct workbench *workbench, int job, int arm);

/* Ends the long job (a run in training saves its weights) and frees everything. */
void workbench_close(struct workbench *workbench);

/* Folder of the files that ship with sawb (samples): $SAWB_SAMPLES, ../samples or ../../samples
 * beside the program's folder, or ../share/sawb. Owned by the caller. */
char *workbench_samples(struct sawb_error *error);

/* The user's own file of this name, in $XDG_CONFIG_HOME/sawb or ~/.config/sawb; owned by the
 * caller, NULL when there is no home to look in or no memory. */
char *workbench_user_file(const char *name);

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

/* Sentence, patterns and models all at once, as they were before; a model that is NULL stays what
 * it is now. */
int workbench_restore(struct workbench *workbench, const char *text, char *const specs[ARMS],
                      struct model *const models[ARMS], struct sawb_error *error);

/* Asks again for the answer of both arms to the present text. */
int workbench_predict(struct workbench *workbench, struct sawb_error *error);

/* Submits a long job, whose state is then shown in `progress`. Returns its number, or -1. */
int workbench_submit(struct workbench *workbench, struct job *job, struct sawb_error *error);

/* A new history for the training job just submitted, which starts from `model` and writes to
 * `name`; that of another folder is kept beside it. */
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

/* The view of the pane that has the keys, and another one there; `back` of the screen returns to
 * the one before. */
enum view workbench_view(const struct workbench *workbench);
void workbench_show(struct workbench *workbench, enum view view);

/* Why the pair under the cursor is kept or not in this arm ("kept: rank 1 of 2"). */
void workbench_explain(const struct workbench *workbench, int arm, int query, int key, char *text,
                       int size);

void workbench_message(struct workbench *workbench, enum message_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

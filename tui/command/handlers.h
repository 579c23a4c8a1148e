/*
 * handlers.h - the functions behind the rows of the command table, and what they share.
 */
#ifndef SAWB_TUI_COMMAND_HANDLERS_H
#define SAWB_TUI_COMMAND_HANDLERS_H

#include "tui/command/command.h"

#define COMMAND_HANDLER(name)                                                                      \
    int name(struct workbench *workbench, const struct arguments *arguments, struct sink *sink)

/* command_predict.c */
COMMAND_HANDLER(command_predict);
COMMAND_HANDLER(command_tokens);
/* command_data.c */
COMMAND_HANDLER(command_eval);
COMMAND_HANDLER(command_compare);
COMMAND_HANDLER(command_bench);
/* command_bench_train.c */
COMMAND_HANDLER(command_bench_train);
/* command_export.c */
COMMAND_HANDLER(command_export);
/* command_train.c */
COMMAND_HANDLER(command_train);
COMMAND_HANDLER(command_new);
COMMAND_HANDLER(command_stop);
/* The options of `train`, but that nothing is missing. */
int command_train_options(const struct arguments *arguments, uint64_t seed,
                          struct train_job_options *options, struct sawb_error *error);
/* command_memory.c */
COMMAND_HANDLER(command_memory);
/* command_arms.c */
COMMAND_HANDLER(command_text);
COMMAND_HANDLER(command_example);
COMMAND_HANDLER(command_sparsity);
COMMAND_HANDLER(command_preset);
COMMAND_HANDLER(command_open);
COMMAND_HANDLER(command_swap);
/* command_look.c */
COMMAND_HANDLER(command_layer);
COMMAND_HANDLER(command_head);
COMMAND_HANDLER(command_cursor);
COMMAND_HANDLER(command_view);
COMMAND_HANDLER(command_live);
COMMAND_HANDLER(command_picture);
COMMAND_HANDLER(command_quit);
/* command_help.c */
COMMAND_HANDLER(command_help);
COMMAND_HANDLER(command_presets);
/* manual.c, completions.c, script.c */
COMMAND_HANDLER(command_manual);
COMMAND_HANDLER(command_completions);
COMMAND_HANDLER(command_run_file);

/* Families of their own: command_panes.c, command_keys.c. */
extern const struct command commands_prediction[], commands_sweep[], commands_rows[],
    commands_runs[];
extern const struct command commands_metrics[];
extern const struct command commands_panes[], commands_keys[];
extern const struct command commands_state[], commands_session[];
extern const struct command commands_attach[];
extern const struct command commands_attention[], commands_figures[], commands_timing[];

extern const struct command commands_mask[], commands_prune[], commands_script[];

/* Reads "L.H"; NULL: the head looked at. -1 with an error. */
int command_head_place(const struct workbench *workbench, const char *word,
                       struct head_place *place, struct sawb_error *error);

/* A list of families, "topk, block_topk(8, ?)", behind the *count that there are: into names (owned
 * by the caller, also after an error) and families, which point to them. `command` names it in
 * errors. */
int family_list(const char *command, const char *list, char *names[SWEEP_FAMILIES_MOST],
                const char *families[SWEEP_FAMILIES_MOST], int *count, struct sawb_error *error);

/* A list like "0,50,80%,0.95": from 1 on, and with a sign, numbers are per cent. Sorts them.
 * `option` names it in errors. */
int share_list(const char *option, const char *list, double shares[SWEEP_TARGETS_MOST], int *count,
               struct sawb_error *error);

/* Says the error and returns COMMAND_FAILED. */
int command_fail(struct sink *sink, const struct sawb_error *error);
/* Says the error and returns COMMAND_USAGE. */
int command_misuse(struct sink *sink, const struct sawb_error *error);
int command_no_memory(struct sink *sink);

/* printf to the sink's result or note. */
void sink_result(struct sink *sink, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sink_note(struct sink *sink, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* -m and -s of a line that opens a door or a script: the model, opened when it is needed, and the
 * pattern of arm A are those of the workbench from then on. Says what goes wrong and returns the
 * status. */
int command_settle(struct workbench *workbench, const struct arguments *arguments,
                   struct sink *sink);

/* In a handler that prints its result for people: the same as an object, for `assert` (with --json
 * the printed one is kept by itself). Takes the text over; NULL: out of memory, there is none. */
void command_keep(struct workbench *workbench, char *json);

/* The same for a function that prints objects: the sink it is given, which prints them with --json
 * and otherwise keeps the last one only. `relay` is its room. */
struct relay;
struct sink *command_objects(struct workbench *workbench, struct sink *sink, struct relay *relay);

/* One object of an answer that is printed for people too: printed with --json, else kept. */
struct record;
int command_object(struct workbench *workbench, struct record *record, struct sink *sink);

/* What `help COMMAND --json` answers; owned by the caller, NULL when out of memory. */
char *command_usage_json(const struct command *command);

/* The table as text, as the door wants it: TSV where standard output is no terminal, else aligned,
 * with colours where there are, and cut to the terminal. Owned by the caller, NULL when out of
 * memory. */
struct table;
char *command_table(const struct workbench *workbench, const struct table *table);

/* The same, but nothing is cut. */
char *command_whole_table(const struct workbench *workbench, const struct table *table);

/* Prints a table of which nothing is cut, not with --json, and frees it (may be NULL: out of
 * memory, as `failed`). */
int command_tell_table(const struct workbench *workbench, struct table *table, int failed,
                       struct sink *sink);

/* The same for a table that is told as it grows: its titles and one row, behind `told` rows. Give
 * it the widths of its columns (table_least). */
int command_tell_row(const struct workbench *workbench, struct table *row, int failed, int told,
                     struct sink *sink);

/* Prints a figure as a picture of characters, and frees it. */
struct figure;
int command_draw(const struct workbench *workbench, struct figure *figure, struct sink *sink);

/* Says and frees a text; NULL: out of memory. */
int sink_result_owned(struct sink *sink, char *text);

/*
 * The model and pattern a command works with: those of the arm --arm names (A without it), unless
 * -m or -s name others. Opens what is needed, and says what a model had to make up. The model is
 * retained: release it. Says what goes wrong and returns the status of the command.
 */
int command_arm(struct workbench *workbench, const struct arguments *arguments, struct sink *sink,
                struct job_arm *arm);

/*
 * The two arms of a command "[A B] FILE": those it names, else those of the workbench, with the
 * model of -m for both and the pattern of -s for B where given. Their models are retained, also
 * when the status is not COMMAND_DONE (or NULL, as the caller has set them).
 */
int command_both_arms(struct workbench *workbench, const struct arguments *arguments,
                      struct sink *sink, struct job_arm arms[ARMS]);

/* workbench_load, which says what the model had to make up. */
int command_load(struct workbench *workbench, struct sink *sink, struct sawb_error *error);

/*
 * Waits for the end of a job, passing its events to `reader` (may be NULL) and its notes, errors
 * (after "where: ", unless it is NULL) and progress to the sink. An interrupt stops the job.
 * Returns the status of the command.
 */
struct waiting {
    struct sink *sink;
    const char *where;
    void (*reader)(void *user, const struct event *event);
    void *user;
};
int command_wait(struct workbench *workbench, int job, const struct waiting *waiting);

/* Notes and errors of a job to the sink, errors after "where: " unless it is NULL. */
void command_pass_on(struct sink *sink, const char *where, const struct event *event);

/* What a run tells, for people or as objects: a reader for struct waiting. */
struct training_reader {
    struct workbench *workbench;
    struct sink *sink;
    struct step_report last;
    int lines; /* told so far */
    int status;
};
void training_read(void *user, const struct event *event);

/* The runs below a folder with how they are doing. Returns the status. */
int command_list_folder(struct workbench *workbench, const char *directory, struct sink *sink);

/* Submits a long job and, when the sink waits, waits for it. NULL: `error` says why there is none.
 */
int command_job(struct workbench *workbench, struct job *job, const struct waiting *waiting,
                struct sawb_error *error);

/* The next line of a file descriptor, of any length, without its line break. 1, 0 at the end, -1
 * with an error (also when interrupted). *line is owned by the reader until the next call. */
struct line_reader {
    int descriptor;
    char *bytes;
    size_t begin, used, capacity;
    int ended;
};
int line_read(struct line_reader *reader, char **line, size_t *length, struct sawb_error *error);
void line_reader_free(struct line_reader *reader);

#endif

/*
 * answer.h - results as JSON objects, one a line, as the contract of the command line has them.
 */
#ifndef SAWB_TUI_COMMAND_ANSWER_H
#define SAWB_TUI_COMMAND_ANSWER_H

#include "core/session/event.h"
#include "tui/command/command.h"

/*
 * An object that grows; a failure (out of memory) is remembered and told by record_print.
 *
 *     struct record record = record_begin();
 *     record_number(&record, "rows", 872);
 *     text = record_print(&record);
 */
struct record {
    cJSON *object;
    int failed;
};
struct record record_begin(void);
void record_item(struct record *record, const char *key, cJSON *item); /* takes the item over */
void record_number(struct record *record, const char *key, double value);
void record_text(struct record *record, const char *key, const char *text); /* NULL: null */
/* {"spec","target","realised"}; a negative target is null. */
void record_sparsity(struct record *record, const char *spec, double target, double realised);
/* The object as text, owned by the caller (free), NULL when out of memory. Frees the object. */
char *record_print(struct record *record);

/* Each owned by the caller (free), NULL when out of memory. */
char *answer_prediction(const struct capture *capture);
char *answer_tokens(const struct tokenizer *tokenizer, const char *text,
                    const struct encoding *encoding);
char *answer_row(const struct evaluation_row *row, const char *text,
                 const struct model_config *config);
char *answer_measurement(const struct measurement *measurement);

/* What an evaluation says of an arm: rows, accuracy, loss, seconds, sparsity. Adds to a record. */
void answer_evaluation(struct record *record, const struct evaluation *evaluation, const char *spec,
                       double target);

#endif

/*
 * replay_index.h - what a replay knows of every record without applying it.
 */
#ifndef SAWB_TUI_APP_REPLAY_INDEX_H
#define SAWB_TUI_APP_REPLAY_INDEX_H

#include "core/session/log_reader.h"
#include "core/session/record.h"

/* Numbers of records; SIZE_MAX: none. */
struct replay_entry {
    double seconds; /* since the beginning, never falling */
    enum event_kind kind;
    int arm, job;
    int newest;      /* of EVENT_PREDICTION: an answer to the sentence, not one that a run stores */
    size_t like;     /* the prediction it is like */
    size_t arrays;   /* the arrays of this prediction */
    size_t previous; /* the answer of the same arm before it */
    size_t next;     /* the one after it, when nothing but events comes between */
};

struct replay_index {
    struct replay_entry *entries; /* [records] */
    size_t *models, *markers;     /* their records */
    size_t model_count, marker_count;
};

int replay_index_make(struct replay_index *index, const struct log_reader *reader,
                      struct sawb_error *error);
void replay_index_free(struct replay_index *index);

/* Which model (from 0) the record describes, SIZE_MAX: it is none. */
size_t replay_index_model(const struct replay_index *index, size_t record);

/* The arrays to show a prediction with: its own, or those of the nearest answer before it that it
 * is like; *source is that prediction's record. */
size_t replay_index_arrays(const struct replay_index *index, size_t record, size_t *source);

#endif

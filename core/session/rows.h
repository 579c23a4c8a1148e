/*
 * rows.h - a data set that is looked at while the worker answers its rows.
 *
 *     row_set_open(&set, "dev.tsv", &error);
 *     worker_submit(worker, job_rows(arms, set, seed, &error), &error);
 *     row_set_want(set, visible, count);      ... whenever other rows come into sight
 *     row_set_release(set);
 *
 * The set is shared by its reader and by the job, and never changes but for what is wanted.
 */
#ifndef SAWB_CORE_SESSION_ROWS_H
#define SAWB_CORE_SESSION_ROWS_H

#include "core/session/jobs.h"
#include "core/text/dataset.h"

struct row_set;

/* As dataset_open. *set is NULL after an error. */
int row_set_open(struct row_set **set, const char *path, struct sawb_error *error);

/* Any thread may retain and release. */
struct row_set *row_set_retain(struct row_set *set);
void row_set_release(struct row_set *set); /* NULL is fine */

const struct dataset *row_set_dataset(const struct row_set *set);

/* Rows that shall be answered next, in this order, instead of those wanted before; the first
 * ROWS_WANTED_MOST count. Any thread. */
#define ROWS_WANTED_MOST 256
void row_set_want(struct row_set *set, const int *rows, int count);

/*
 * EVENT_ROW for each row and arm (event.arm 0 A, 1 B; A first), wanted rows before the others in
 * the order of the file; EVENT_PROGRESS on the way; EVENT_COMPARISON of the answered rows at the
 * end, also when stopped. Both models need the same number of labels.
 */
struct job *job_rows(const struct job_arm arms[2], struct row_set *set, uint64_t seed,
                     struct sawb_error *error);

#endif

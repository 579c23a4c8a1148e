/*
 * scratch.h - a few large pieces of memory that tasks borrow for as long as they run.
 *
 * Made once, so that no product allocates; a page costs nothing before it is first touched. There
 * is a piece for each thread of a pool and some to spare: a task that finds none waits for another
 * one to end.
 */
#ifndef SAWB_CORE_KERNEL_SCRATCH_H
#define SAWB_CORE_KERNEL_SCRATCH_H

#include <stddef.h>

#include "core/base/error.h"

struct scratch;

/* NULL with an error when there is no memory. */
struct scratch *scratch_create(int pieces, size_t bytes, struct sawb_error *error);
void scratch_free(struct scratch *scratch); /* NULL is fine */

/* A piece, aligned to 64 bytes, that is given back soon; whoever holds one takes no second. Any
 * thread may take and give. */
void *scratch_take(struct scratch *scratch);
void scratch_give(struct scratch *scratch, void *piece);

/* Memory for what is read from end to end again and again: aligned and advised for large pages
 * where the system has them. Not cleared. NULL: there is none. Free with free. */
void *large_memory(size_t bytes);

/* What that takes: whole large pages, of so many and more; 0 where it is too much. */
size_t large_bytes(size_t bytes);

#endif

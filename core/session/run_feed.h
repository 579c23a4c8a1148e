/*
 * run_feed.h - watching a run from outside, in any process: its log line by line, from the first
 * one on and then as it grows, and a word to it through its socket.
 *
 *     run_feed_open(&feed, "runs/a", 0, &error);
 *     while ((status = run_feed_line(feed, &text, &length)) >= 0)
 *         if (status == 0) ... poll(run_feed_descriptor(feed)) for run_feed_patience(feed) ...
 *         else ... a line as run_log.h has them ...
 *     ... run_feed_end(feed) says how it ended ...
 *
 * A run whose socket cannot be reached (it is another user's, say) is watched by its log alone.
 */
#ifndef SAWB_CORE_SESSION_RUN_FEED_H
#define SAWB_CORE_SESSION_RUN_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

struct run_feed;

/* `watch`: nothing will be asked of the run. -1 with an error when the folder has no run. */
int run_feed_open(struct run_feed **feed, const char *directory, int watch,
                  struct sawb_error *error);
void run_feed_free(struct run_feed *feed); /* NULL is fine */

/* 1 with the next whole line, borrowed until the next call; 0: none has come yet; -1: that was all,
 * see run_feed_end. Never waits. */
int run_feed_line(struct run_feed *feed, const char **text, size_t *length);

/* How a run without further lines has ended: 1 it said so in its log, 0 it has died. */
int run_feed_end(const struct run_feed *feed);

/* What is at hand besides, since it was asked for last: the progress between two lines of the log
 * (0: none), and why the run has refused a request (NULL: it has not; borrowed until the next
 * line).
 */
struct run_progress {
    char what[64];
    int64_t done, total;
};
int run_feed_progress(struct run_feed *feed, struct run_progress *progress);
const char *run_feed_refusal(struct run_feed *feed);

/* Asks the run to do something (run_socket.h); what it says comes later. A run that starts hears it
 * when it has begun. An error when nothing can be asked of it. */
int run_feed_ask(struct run_feed *feed, const char *words, struct sawb_error *error);

/* Readable when there may be something new; -1: there is none, look again after the patience. */
int run_feed_descriptor(const struct run_feed *feed);
double run_feed_patience(const struct run_feed *feed); /* seconds; negative: without end */

#endif

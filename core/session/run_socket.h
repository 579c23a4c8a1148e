/*
 * run_socket.h - the Unix socket in a run's folder: others watch the run through it and steer it.
 *
 * What the run tells stands in its log, which a watcher reads by itself: the socket only says that
 * the log has grown. So a watcher that falls behind, or comes late, misses nothing, and what waits
 * for it here is a few lines at most. A thread serves the socket; the run neither waits for it nor
 * for a watcher.
 *
 * A watcher sends lines of plain words, those of the command `run`:
 *
 *     pause | continue | checkpoint | evaluate | stop | rate X | sparsity SPEC
 *     watch                 from here on nothing but watching is wanted
 *
 * and reads lines of JSON:
 *
 *     {"log":BYTES}                         the log has so many bytes; also the first line
 *     {"progress":{"what","done","total"}}  what the run is at between two lines of its log
 *     {"accepted":WORD} | {"refused":WHY}   the answer to a line, in the order of the lines. What
 *                                           was accepted is followed between two steps, which then
 *                                           stands in the log. What several watchers ask is taken
 *                                           in the order in which they began to speak; those who
 *                                           come while the run is halted follow the first of them.
 *
 * The end of the stream is the end of the run: with the line that says so in the log, or the run
 * has died. Only the owner of the run can connect: the socket's mode is 0600, and the peer's user
 * is checked besides. A watcher whose line is longer than RUN_SOCKET_LINE bytes is sent away.
 */
#ifndef SAWB_CORE_SESSION_RUN_SOCKET_H
#define SAWB_CORE_SESSION_RUN_SOCKET_H

#include <stdint.h>

#include "core/model/config.h"
#include "core/session/worker.h"

#define RUN_SOCKET_FILE "run.socket"
#define RUN_SOCKET_LINE 4096

struct run_socket;

/*
 * For the run that holds the lock of the folder's log: a socket that is left from a run that died
 * is replaced. Requests go to `worker`; patterns are parsed with `presets` (may be NULL) and must
 * fit `config`. All are borrowed. NULL with an error.
 */
struct run_socket *run_socket_open(const char *directory, struct worker *worker,
                                   const struct presets *presets, const struct model_config *config,
                                   struct sawb_error *error);

/* Removes the socket; watchers are at the end of the stream. NULL is fine, here and below. */
void run_socket_close(struct run_socket *run);

/* The log has so many bytes. Never waits, as the next one. */
void run_socket_log(struct run_socket *run, int64_t bytes);
void run_socket_progress(struct run_socket *run, const char *what, int64_t done, int64_t total);

/* Connects to the run of a folder: a descriptor that does not block, to be closed by the caller. -1
 * with an error, and its errno, when nobody listens or it is not allowed. */
int run_socket_connect(const char *directory, struct sawb_error *error);

#endif

/*
 * thread.h - starting a thread that leaves signals to the main thread.
 */
#ifndef SAWB_CORE_BASE_THREAD_H
#define SAWB_CORE_BASE_THREAD_H

#include <pthread.h>

#include "core/base/error.h"

/* Starts run(user) with all signals blocked but those that report a fault of the thread itself, so
 * that SIGINT and SIGWINCH reach the thread that waits for them. `what` names the thread in the
 * error. */
int thread_start(pthread_t *thread, void *(*run)(void *user), void *user, const char *what,
                 struct sawb_error *error);

#endif

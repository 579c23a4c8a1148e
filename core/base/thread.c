/*
 * thread.c - starting a thread.
 */
#include "core/base/thread.h"

#include <signal.h>
#include <string.h>

int thread_start(pthread_t *thread, void *(*run)(void *user), void *user, const char *what,
                 struct sawb_error *error) {
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigset_t blocked, before;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        sigdelset(&blocked, faults[i]);

    /* A new thread inherits the mask: set before, there is no moment at which it could be hit. */
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    int status = pthread_create(thread, NULL, run, user);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (status != 0)
        return error_set(error,
                         "%s: cannot start a thread: %s; allow more processes or use fewer threads",
                         what, strerror(status));
    return 0;
}

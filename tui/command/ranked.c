/*
 * ranked.c - who of several processes speaks, and how they end together.
 */
#include "tui/command/ranked.h"

#include <stdio.h>
#include <string.h>

#include "core/base/ranks.h"

static void say_nothing(struct sink *sink, const char *text) {
    (void)sink;
    (void)text;
}

static void keep_error(struct sink *sink, const char *text) {
    struct ranked *ranked = sink->user;
    error_set(&ranked->error, "%s", text);
}

struct sink *ranked_begin(struct ranked *ranked, const char *command, struct sink *sink) {
    *ranked = (struct ranked){.asked = ranks_asked() > 1 && command && !strcmp(command, "train"),
                              .sink = sink,
                              .silent = *sink};
    ranked->silent.result = ranked->silent.progress = ranked->silent.note = say_nothing;
    ranked->silent.error = keep_error;
    ranked->silent.user = ranked;
    return ranked->asked && ranks_number() > 0 ? &ranked->silent : sink;
}

/* Through the sink that the silent one stands before. */
static void say_error(const struct ranked *ranked, const struct sawb_error *error) {
    char text[sizeof(error->message) + 32];
    snprintf(text, sizeof(text), "rank %d: %s", ranks_number(), error->message);
    ranked->sink->error(ranked->sink, text);
}

int ranked_open(struct ranked *ranked, struct settings *settings, struct sawb_error *error) {
    if (!ranked->asked)
        return 0;
    if (ranks_open(&ranked->ranks, error) < 0) {
        /* Rank 0 says what all of its machine know. */
        if (ranks_number() > 0 && ranks_number_here() == 0)
            say_error(ranked, error);
        return -1;
    }
    settings->ranks = ranked->ranks;
    if (settings->threads == 0)
        settings->threads = ranks_threads();
    return 0;
}

int ranked_end(struct ranked *ranked, int status) {
    struct ranks *ranks = ranked->ranks;
    int index = ranks_index(ranks), failed = status != COMMAND_DONE;
    if (!ranks)
        return status;
    /* The others may be on their way to the run, where they will learn of it. */
    if (failed && ranks_silent(ranks))
        ranks_agree(ranks, -1, &ranked->error);
    else if (failed && index > 0 && !ranks_ending(ranks))
        say_error(ranked, &ranked->error);
    int ending = ranks_ending(ranks);
    ranks_close(ranks, failed);
    /* mpirun takes the first status that is not 0 as its own: that of rank 0. */
    return index > 0 && ending ? COMMAND_DONE : status;
}

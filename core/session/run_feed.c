/*
 * run_feed.c - following a run's log and its socket.
 */
#include "core/session/run_feed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/session/run_line.h"
#include "core/session/run_log.h"
#include "core/session/run_socket.h"

#define LOOK_SECONDS 0.5   /* between two looks at a log whose run has no socket for us */
#define SEEK_SECONDS 0.1   /* the same while it may come to listening */
#define LISTEN_SECONDS 2.0 /* after a run has begun: by then it listens, if it ever does */
#define HEAD_BYTES 256     /* of a log, by which one is known from the one that takes its place */
#define CHUNK 65536        /* of a log that is read at once */
#define LINE_MOST (1 << 20)

struct run_feed {
    int log;    /* descriptor */
    int socket; /* -1: none */
    char *directory;
    int watch;             /* 1: nothing will be asked */
    int absent;            /* 1: nobody listens at the socket, or not yet */
    int64_t offset;        /* bytes of the log that were read */
    char head[HEAD_BYTES]; /* its first bytes */
    size_t head_count;
    char *bytes; /* [capacity + 1] begin..used: read and not yet given out */
    size_t begin, used, capacity;
    int begun;    /* the newest line that says it: a run has begun, and not ended */
    int ended;    /* the newest line that says it: the run has ended, and not begun again */
    double since; /* when the line that it has begun was read */
    int over;     /* nothing more will come */
    struct sawb_error hindrance; /* empty: none */
    char out[RUN_SOCKET_LINE];   /* what waits for a run that does not listen yet */
    size_t out_count;

    char in[RUN_SOCKET_LINE];
    size_t in_count;
    struct run_progress progress; /* what[0] 0: none */
    struct sawb_error refusal;    /* empty: none */
    struct sawb_error refused;    /* the one given out last */
};

/* ---- the socket ------------------------------------------------------------------------------ */

static void hang_up(struct run_feed *feed, const char *why) {
    if (feed->socket >= 0)
        close(feed->socket);
    feed->socket = -1;
    error_set(&feed->hindrance, "%s", why);
}

static void take_message(struct run_feed *feed, const char *text, size_t length) {
    cJSON *object = json_parse(text, length, "run", NULL);
    const cJSON *refused = cJSON_GetObjectItemCaseSensitive(object, "refused");
    const cJSON *progress = cJSON_GetObjectItemCaseSensitive(object, "progress");
    const cJSON *what = cJSON_GetObjectItemCaseSensitive(progress, "what");
    const cJSON *done = cJSON_GetObjectItemCaseSensitive(progress, "done");
    const cJSON *total = cJSON_GetObjectItemCaseSensitive(progress, "total");
    if (cJSON_IsString(refused))
        error_set(&feed->refusal, "%s", refused->valuestring);
    if (cJSON_IsString(what) && cJSON_IsNumber(done) && cJSON_IsNumber(total)) {
        strncpy(feed->progress.what, what->valuestring, sizeof(feed->progress.what) - 1);
        feed->progress.done = (int64_t)done->valuedouble;
        feed->progress.total = (int64_t)total->valuedouble;
    }
    cJSON_Delete(object);
}

static void take_messages(struct run_feed *feed) {
    size_t used = 0;
    char *end;
    while ((end = memchr(feed->in + used, '\n', feed->in_count - used))) {
        take_message(feed, feed->in + used, (size_t)(end - feed->in) - used);
        used = (size_t)(end - feed->in) + 1;
    }
    feed->in_count -= used;
    memmove(feed->in, feed->in + used, feed->in_count);
    if (feed->in_count == sizeof(feed->in)) /* no line of a run is so long */
        feed->in_count = 0;
}

static void listen_to(struct run_feed *feed) {
    ssize_t got;
    while (feed->socket >= 0 && (got = recv(feed->socket, feed->in + feed->in_count,
                                            sizeof(feed->in) - feed->in_count, 0)) != -1) {
        if (got == 0) {
            hang_up(feed, "the run no longer listens");
            return;
        }
        feed->in_count += (size_t)got;
        take_messages(feed);
    }
    if (feed->socket >= 0 && errno != EAGAIN && errno != EINTR)
        hang_up(feed, strerror(errno));
}

/* 1: the run that holds the log has not come to listening. What a run has left that was killed says
 * that it goes on, but its socket refuses. */
static int is_starting(const struct run_feed *feed, int problem) {
    return problem == ECONNREFUSED || (problem == ENOENT && !feed->begun);
}

/* Whole lines to a socket that is there. */
static int say(struct run_feed *feed, const char *lines, size_t length, struct sawb_error *error) {
    ssize_t sent = send(feed->socket, lines, length, MSG_NOSIGNAL);
    if (sent == (ssize_t)length)
        return 0;
    if (sent < 0 && errno == EAGAIN)
        return error_set(error, "run: it has not read what it was asked before; try again");
    /* Half a line, or nobody there: what comes next would be misread. */
    hang_up(feed, sent < 0 ? strerror(errno) : "the run no longer listens");
    return error_set(error, "run: %s", feed->hindrance.message);
}

/* What waits is sent, or refused when nobody will read it. */
static void settle(struct run_feed *feed) {
    int late = !feed->absent || clock_seconds() - feed->since > LISTEN_SECONDS;
    if (feed->out_count == 0 || (feed->socket < 0 && !(feed->hindrance.message[0] && late)))
        return;
    if (feed->socket < 0)
        feed->refusal = feed->hindrance;
    else
        (void)!say(feed, feed->out, feed->out_count, &feed->refusal);
    feed->out_count = 0;
}

/* A run that starts is there before its socket is. */
static void seek_run(struct run_feed *feed) {
    struct sawb_error error = {{0}};
    feed->socket = run_socket_connect(feed->directory, &error);
    int problem = feed->socket < 0 ? errno : 0;
    feed->absent = problem == ENOENT || problem == ECONNREFUSED;
    if (feed->absent && !is_starting(feed, problem))
        error_set(&error, "%s: the run can only be watched: it has no " RUN_SOCKET_FILE,
                  feed->directory);
    feed->hindrance = error;
    if (is_starting(feed, problem))
        feed->hindrance.message[0] = '\0';
    if (feed->socket >= 0 && feed->watch)
        (void)!say(feed, "watch\n", 6, NULL); /* a run that has just ended still has its log */
    settle(feed);
}

/* Keeps a line for a run that does not listen yet. */
static int keep(struct run_feed *feed, const char *line, size_t length, struct sawb_error *error) {
    if (feed->out_count + length > sizeof(feed->out))
        return error_set(error, "run: it is starting, and what it was asked before waits for it; "
                                "try again in a moment");
    memcpy(feed->out + feed->out_count, line, length);
    feed->out_count += length;
    return 0;
}

int run_feed_ask(struct run_feed *feed, const char *words, struct sawb_error *error) {
    char line[RUN_SOCKET_LINE];
    size_t length = strlen(words);
    if (feed->watch || feed->over || feed->hindrance.message[0])
        return error_set(error, "run: %s",
                         feed->watch  ? "it is only watched"
                         : feed->over ? "it has ended"
                                      : feed->hindrance.message);
    if (length + 2 > sizeof(line) || strchr(words, '\n'))
        return error_set(error, "run: one line of at most %zu bytes can be asked",
                         sizeof(line) - 2);
    memcpy(line, words, length);
    line[length] = '\n';
    return feed->socket < 0 ? keep(feed, line, length + 1, error)
                            : say(feed, line, length + 1, error);
}

/* ---- the log --------------------------------------------------------------------------------- */

static int make_room(struct run_feed *feed) {
    if (feed->begin > 0)
        memmove(feed->bytes, feed->bytes + feed->begin, feed->used - feed->begin);
    feed->used -= feed->begin;
    feed->begin = 0;
    if (feed->capacity - feed->used >= CHUNK)
        return 0;
    /* A line without an end is none: it is passed over. */
    if (feed->used > LINE_MOST)
        feed->used = 0;
    char *grown = realloc(feed->bytes, feed->used + 2 * CHUNK);
    if (!grown)
        return -1;
    feed->bytes = grown;
    feed->capacity = feed->used + 2 * CHUNK;
    return 0;
}

/* 1: the file is that of a new run in the same folder, which began it anew. */
static int is_another(struct run_feed *feed) {
    char head[HEAD_BYTES];
    size_t known = feed->head_count;
    ssize_t got = known > 0 ? pread(feed->log, head, known, 0) : 0;
    return got >= 0 && ((size_t)got < known || memcmp(head, feed->head, known) != 0);
}

static void know_head(struct run_feed *feed, const char *bytes, size_t count) {
    size_t at = (size_t)feed->offset;
    if (at >= HEAD_BYTES)
        return;
    count = count < HEAD_BYTES - at ? count : HEAD_BYTES - at;
    memcpy(feed->head + at, bytes, count);
    feed->head_count = at + count;
}

/* Reads on. 0 at the end of what there is. */
static int read_log(struct run_feed *feed) {
    if (make_room(feed) < 0)
        return 0;
    char *to = feed->bytes + feed->used;
    ssize_t got = pread(feed->log, to, feed->capacity - feed->used, feed->offset);
    /* Looked at behind the bytes: those of the file before that were read are none of this one. */
    if (is_another(feed)) {
        feed->offset = 0;
        feed->begin = feed->used = feed->head_count = 0;
        feed->begun = feed->ended = 0;
        return 1;
    }
    if (got <= 0)
        return 0;
    know_head(feed, to, (size_t)got);
    feed->used += (size_t)got;
    feed->offset += got;
    return 1;
}

/* Follows the lines that begin and end a run. */
static void look_at(struct run_feed *feed, const char *text, size_t length) {
    struct run_line line;
    if (!memmem(text, length, "\"state\"", 7) || run_line_read(&line, text, length) < 0)
        return;
    if (line.kind == RUN_LINE_BEGUN || line.kind == RUN_LINE_ENDED) {
        feed->begun = line.kind == RUN_LINE_BEGUN;
        feed->ended = line.kind == RUN_LINE_ENDED;
    }
    if (line.kind == RUN_LINE_BEGUN) {
        feed->since = clock_seconds();
        feed->absent |= feed->socket < 0; /* this one may listen where the one before did not */
    }
    run_line_free(&line);
}

static int next_line(struct run_feed *feed, const char **text, size_t *length) {
    char *from = feed->bytes + feed->begin;
    char *end = feed->used > feed->begin ? memchr(from, '\n', feed->used - feed->begin) : NULL;
    if (!end)
        return 0;
    *text = from;
    *length = (size_t)(end - from);
    *end = '\0';
    feed->begin += *length + 1;
    look_at(feed, *text, *length);
    return 1;
}

static int any_line(struct run_feed *feed, const char **text, size_t *length) {
    while (!next_line(feed, text, length))
        if (!read_log(feed))
            return 0;
    return 1;
}

int run_feed_line(struct run_feed *feed, const char **text, size_t *length) {
    if (any_line(feed, text, length))
        return 1;
    if (feed->over)
        return -1;
    /* The end before the last lines: what is written meanwhile is still read. */
    listen_to(feed);
    int locked = feed->socket >= 0 || run_log_is_locked(feed->log);
    if (any_line(feed, text, length))
        return 1;
    if (locked && feed->absent)
        seek_run(feed);
    if (locked)
        return 0;
    feed->over = 1;
    return -1;
}

int run_feed_end(const struct run_feed *feed) {
    return feed->ended;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int open_log(struct run_feed *feed, struct sawb_error *error) {
    char *path = file_join(feed->directory, RUN_LOG_FILE);
    if (!path)
        return error_set(error, "%s: out of memory", feed->directory);
    feed->log = open(path, O_RDONLY | O_CLOEXEC);
    if (feed->log < 0 && errno == ENOENT)
        error_set(error, "%s: no run writes or has written there (it has no " RUN_LOG_FILE ")",
                  feed->directory);
    else if (feed->log < 0)
        error_set(error, "%s: %s", path, strerror(errno));
    free(path);
    return feed->log < 0 ? -1 : 0;
}

int run_feed_open(struct run_feed **feed, const char *directory, int watch,
                  struct sawb_error *error) {
    struct run_feed *made = calloc(1, sizeof(*made));
    char *name = strdup(directory);
    if (!made || !name) {
        free(made);
        free(name);
        return error_set(error, "%s: out of memory", directory);
    }
    made->socket = made->log = -1;
    made->watch = watch;
    made->directory = name;
    if (open_log(made, error) < 0) {
        run_feed_free(made);
        return -1;
    }
    if (run_log_is_locked(made->log))
        seek_run(made);
    *feed = made;
    return 0;
}

void run_feed_free(struct run_feed *feed) {
    if (!feed)
        return;
    if (feed->socket >= 0)
        close(feed->socket);
    if (feed->log >= 0)
        close(feed->log);
    free(feed->directory);
    free(feed->bytes);
    free(feed);
}

int run_feed_progress(struct run_feed *feed, struct run_progress *progress) {
    if (!feed->progress.what[0])
        return 0;
    *progress = feed->progress;
    feed->progress.what[0] = '\0';
    return 1;
}

const char *run_feed_refusal(struct run_feed *feed) {
    if (!feed->refusal.message[0])
        return NULL;
    feed->refused = feed->refusal;
    feed->refusal.message[0] = '\0';
    return feed->refused.message;
}

int run_feed_descriptor(const struct run_feed *feed) {
    return feed->over ? -1 : feed->socket;
}

double run_feed_patience(const struct run_feed *feed) {
    if (feed->over || feed->socket >= 0)
        return -1;
    return feed->absent ? SEEK_SECONDS : LOOK_SECONDS;
}

/*
 * run_feed.c - following a run's log and its socket.
 */
#include "core/session/run_feed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/session/run_line.h"
#include "core/session/run_log.h"
#include "core/session/run_socket.h"

#define LOOK_SECONDS 0.5 /* between two looks at a log whose run has no socket for us */
#define CHUNK 65536      /* of a log that is read at once */
#define LINE_MOST (1 << 20)

struct run_feed {
    int log;        /* descriptor */
    int socket;     /* -1: none */
    int64_t offset; /* bytes of the log that were read */
    char *bytes;    /* [capacity + 1] begin..used: read and not yet given out */
    size_t begin, used, capacity;
    int ended; /* the newest line that says it: the run has ended, and not begun again */
    int over;  /* nothing more will come */
    struct sawb_error hindrance; /* empty: none */

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

int run_feed_ask(struct run_feed *feed, const char *words, struct sawb_error *error) {
    char line[RUN_SOCKET_LINE];
    size_t length = strlen(words);
    if (feed->hindrance.message[0] || feed->socket < 0)
        return error_set(error, "run: %s",
                         feed->hindrance.message[0] ? feed->hindrance.message : "it has ended");
    if (length + 2 > sizeof(line) || strchr(words, '\n'))
        return error_set(error, "run: one line of at most %zu bytes can be asked",
                         sizeof(line) - 2);
    memcpy(line, words, length);
    line[length] = '\n';
    ssize_t sent = send(feed->socket, line, length + 1, MSG_NOSIGNAL);
    if (sent == (ssize_t)length + 1)
        return 0;
    if (sent < 0 && errno == EAGAIN)
        return error_set(error, "run: it has not read what it was asked before; try again");
    /* Half a line, or nobody there: what comes next would be misread. */
    hang_up(feed, sent < 0 ? strerror(errno) : "the run no longer listens");
    return error_set(error, "run: %s", feed->hindrance.message);
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

/* Reads on. 0 at the end of what there is. */
static int read_log(struct run_feed *feed) {
    struct stat status;
    if (make_room(feed) < 0)
        return 0;
    /* A shorter file is a new run in the same folder. */
    if (fstat(feed->log, &status) == 0 && status.st_size < feed->offset) {
        feed->offset = 0;
        feed->begin = feed->used = 0;
    }
    ssize_t got =
        pread(feed->log, feed->bytes + feed->used, feed->capacity - feed->used, feed->offset);
    if (got <= 0)
        return 0;
    feed->used += (size_t)got;
    feed->offset += got;
    return 1;
}

/* Follows the lines that begin and end a run. */
static void look_at(struct run_feed *feed, const char *text, size_t length) {
    struct run_line line;
    if (!memmem(text, length, "\"state\"", 7) || run_line_read(&line, text, length) < 0)
        return;
    if (line.kind == RUN_LINE_BEGUN || line.kind == RUN_LINE_ENDED)
        feed->ended = line.kind == RUN_LINE_ENDED;
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
    if (locked)
        return 0;
    feed->over = 1;
    return -1;
}

int run_feed_end(const struct run_feed *feed) {
    return feed->ended;
}

/* ---- all of it ------------------------------------------------------------------------------- */

int run_feed_open(struct run_feed **feed, const char *directory, int watch,
                  struct sawb_error *error) {
    struct run_feed *made = calloc(1, sizeof(*made));
    char *path = file_join(directory, RUN_LOG_FILE);
    if (!made || !path) {
        free(made);
        free(path);
        return error_set(error, "%s: out of memory", directory);
    }
    made->socket = -1;
    made->log = open(path, O_RDONLY | O_CLOEXEC);
    if (made->log < 0 && errno == ENOENT)
        error_set(error, "%s: no run writes or has written there (it has no " RUN_LOG_FILE ")",
                  directory);
    else if (made->log < 0)
        error_set(error, "%s: %s", path, strerror(errno));
    free(path);
    if (made->log < 0) {
        free(made);
        return -1;
    }
    if (run_log_is_locked(made->log))
        made->socket = run_socket_connect(directory, &made->hindrance);
    if (watch && made->socket >= 0)
        (void)!run_feed_ask(made, "watch", NULL); /* a run that has just ended still has its log */
    if (watch)
        error_set(&made->hindrance, "it is only watched");
    *feed = made;
    return 0;
}

void run_feed_free(struct run_feed *feed) {
    if (!feed)
        return;
    if (feed->socket >= 0)
        close(feed->socket);
    close(feed->log);
    free(feed->bytes);
    free(feed);
}

const char *run_feed_hindrance(const struct run_feed *feed) {
    return feed->hindrance.message[0] ? feed->hindrance.message : NULL;
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
    return feed->over || feed->socket >= 0 ? -1 : LOOK_SECONDS;
}

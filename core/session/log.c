/*
 * log.c - the thread that writes a session file.
 */
#include "core/session/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "core/base/clock.h"
#include "core/base/thread.h"
#include "core/session/record_steps.h"

#define SYNC_SECONDS 5.0

struct item {
    struct item *next;
    enum log_type type;
    struct log_stamp stamp;
    void *body;
    size_t size;
    struct log_work work; /* make NULL: the body is there */
};

struct log {
    char *path;
    int descriptor;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t work;
    struct item *first, **last; /* under the mutex */
    size_t waiting;             /* bytes of them */
    uint64_t written;           /* under the mutex */
    uint64_t limit;             /* of them, 0: none; under the mutex */
    int closing, failed;        /* under the mutex */
    struct sawb_error error;    /* under the mutex: why it failed */

    /* Of the thread alone. */
    uint32_t number;
    double synced;
    struct steps steps; /* that wait for those that follow them */
    double steps_begun; /* since when */
};

/* ---- writing --------------------------------------------------------------------------------- */

static int write_all(int descriptor, const unsigned char *bytes, size_t size) {
    while (size > 0) {
        ssize_t done = write(descriptor, bytes, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return -1;
        bytes += done;
        size -= (size_t)done;
    }
    return 0;
}

static void fail(struct log *log, const char *why) {
    pthread_mutex_lock(&log->mutex);
    if (!log->failed)
        error_set(&log->error, "%s: %s; the recording ends here", log->path, why);
    log->failed = 1;
    pthread_mutex_unlock(&log->mutex);
}

static int is_beyond(struct log *log, size_t size) {
    pthread_mutex_lock(&log->mutex);
    int beyond = log->limit > 0 && log->written + size > log->limit;
    pthread_mutex_unlock(&log->mutex);
    return beyond;
}

/* One write for the whole record: a crash of sawb leaves it or not. */
static void write_record(struct log *log, enum log_type type, const struct log_stamp *stamp,
                         const void *body, size_t size) {
    struct bytes record = {0};
    bytes_u32(&record, 0);
    bytes_u32(&record, (uint32_t)type);
    bytes_u32(&record, 0);
    bytes_f64(&record, stamp->time);
    bytes_varint(&record, (uint64_t)stamp->step);
    bytes_varint(&record, stamp->state);
    bytes_put(&record, body, size);
    if (record.failed || record.size - LOG_RECORD_BYTES > LOG_PAYLOAD_MOST) {
        fail(log, record.failed ? "out of memory" : "a record is too large");
        bytes_free(&record);
        return;
    }
    if (is_beyond(log, record.size)) {
        if (type != LOG_ARRAYS)
            fail(log, "the file has reached its limit (--session-limit)");
        bytes_free(&record);
        return;
    }
    bytes_set_u32(&record, 0, (uint32_t)(record.size - LOG_RECORD_BYTES));
    bytes_set_u32(&record, 8,
                  log_crc(log->number + 1, record.data, record.data + LOG_RECORD_BYTES,
                          record.size - LOG_RECORD_BYTES));
    if (write_all(log->descriptor, record.data, record.size) < 0) {
        fail(log, strerror(errno));
    } else {
        log->number++;
        pthread_mutex_lock(&log->mutex);
        log->written += record.size;
        pthread_mutex_unlock(&log->mutex);
    }
    bytes_free(&record);
}

/* The steps that wait; one alone is an event like others. */
static void write_steps(struct log *log) {
    struct steps *steps = &log->steps;
    struct bytes body = {0};
    if (steps->count == 0)
        return;
    struct log_stamp stamp = steps_stamp(steps, steps->count - 1);
    if (steps->count == 1)
        steps_body(steps, 0, &body);
    else
        steps_pack(steps, &body);
    if (body.failed)
        fail(log, "out of memory");
    else
        write_record(log, steps->count == 1 ? LOG_EVENT : LOG_STEPS, &stamp, body.data, body.size);
    bytes_free(&body);
    steps->count = 0;
}

static void write_item(struct log *log, struct item *item) {
    if (item->work.make)
        item->body = item->work.make(item->work.user, &item->size);
    if (item->work.make && !item->body)
        return;
    if (item->type == LOG_EVENT && steps_add(&log->steps, &item->stamp, item->body, item->size)) {
        if (log->steps.count == 1)
            log->steps_begun = clock_seconds();
        if (log->steps.count == STEPS_MOST)
            write_steps(log);
        return;
    }
    write_steps(log);
    write_record(log, item->type, &item->stamp, item->body, item->size);
}

/* Seconds until the steps are to be written, negative: there are none. */
static double steps_due(const struct log *log) {
    double left = log->steps_begun + LOG_STEPS_SECONDS - clock_seconds();
    return log->steps.count == 0 ? -1 : left > 0 ? left : 0;
}

static size_t weight_of(const struct item *item) {
    return sizeof(*item) + (item->work.make ? item->work.weight : item->size);
}

static void item_free(struct item *item) {
    if (item->work.make)
        item->work.release(item->work.user);
    free(item->body);
    free(item);
}

/* Until there is work, or until it is time for the steps. Under the mutex. */
static void wait_for_work(struct log *log) {
    double due = steps_due(log);
    struct timespec until;
    if (due < 0) {
        pthread_cond_wait(&log->work, &log->mutex);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(due * 1e9); /* less than a second */
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&log->work, &log->mutex, &until);
}

static struct item *take_first(struct log *log) {
    struct item *item = log->first;
    if (item)
        log->first = item->next;
    if (!log->first)
        log->last = &log->first;
    return item;
}

static void *write_main(void *user) {
    struct log *log = user;
    pthread_mutex_lock(&log->mutex);
    for (;;) {
        int closing = log->closing, failed = log->failed, due = steps_due(log) == 0;
        struct item *item = take_first(log);
        if (!item && !closing && !due) {
            wait_for_work(log);
            continue;
        }
        pthread_mutex_unlock(&log->mutex);
        size_t weight = item ? weight_of(item) : 0;
        if (!failed && item)
            write_item(log, item);
        if (failed)
            log->steps.count = 0;
        else if (due || !item)
            write_steps(log);
        if (!failed && clock_seconds() - log->synced > SYNC_SECONDS) {
            log->synced = clock_seconds();
            if (fdatasync(log->descriptor) < 0 && errno != EINVAL && errno != EROFS)
                fail(log, strerror(errno));
        }
        if (item)
            item_free(item);
        pthread_mutex_lock(&log->mutex);
        log->waiting -= weight;
        if (!item && closing)
            break;
    }
    pthread_mutex_unlock(&log->mutex);
    return NULL;
}

/* ---- appending ------------------------------------------------------------------------------- */

static int append(struct log *log, struct item *item) {
    size_t weight = weight_of(item);
    pthread_mutex_lock(&log->mutex);
    if (!log->failed && log->waiting + weight > LOG_WAITING_MOST) {
        error_set(&log->error, "%s: the disk is too slow; the recording ends here", log->path);
        log->failed = 1;
    }
    int failed = log->failed;
    if (!failed) {
        *log->last = item;
        log->last = &item->next;
        log->waiting += weight;
        pthread_cond_signal(&log->work);
    }
    pthread_mutex_unlock(&log->mutex);
    if (failed)
        item_free(item);
    return failed ? -1 : 0;
}

static struct item *item_make(struct log *log, enum log_type type, const struct log_stamp *stamp) {
    struct item *item = calloc(1, sizeof(*item));
    if (!item) {
        fail(log, "out of memory");
        return NULL;
    }
    item->type = type;
    item->stamp = *stamp;
    return item;
}

int log_append(struct log *log, enum log_type type, const struct log_stamp *stamp, void *body,
               size_t size) {
    struct item *item = item_make(log, type, stamp);
    if (!item) {
        free(body);
        return -1;
    }
    item->body = body;
    item->size = size;
    return append(log, item);
}

int log_append_later(struct log *log, enum log_type type, const struct log_stamp *stamp,
                     const struct log_work *work) {
    struct item *item = item_make(log, type, stamp);
    if (!item) {
        work->release(work->user);
        return -1;
    }
    item->work = *work;
    return append(log, item);
}

void log_set_limit(struct log *log, uint64_t bytes) {
    pthread_mutex_lock(&log->mutex);
    log->limit = bytes;
    pthread_mutex_unlock(&log->mutex);
}

uint64_t log_bytes(struct log *log) {
    pthread_mutex_lock(&log->mutex);
    uint64_t bytes = log->written + log->waiting;
    pthread_mutex_unlock(&log->mutex);
    return bytes;
}

int log_failed(struct log *log, struct sawb_error *error) {
    pthread_mutex_lock(&log->mutex);
    int failed = log->failed;
    if (failed && error)
        *error = log->error;
    pthread_mutex_unlock(&log->mutex);
    return failed;
}

const char *log_path(const struct log *log) {
    return log->path;
}

/* ---- opening and closing --------------------------------------------------------------------- */

static int write_header(struct log *log, const struct log_before *before) {
    struct bytes header = {0};
    bytes_put(&header, LOG_MAGIC, LOG_MAGIC_BYTES);
    bytes_u32(&header, LOG_VERSION);
    bytes_f64(&header, clock_wall());
    if (!header.failed)
        bytes_u32(&header, (uint32_t)crc32(0, header.data, (uInt)header.size));
    int status = header.failed ? -1 : write_all(log->descriptor, header.data, header.size);
    log->written = header.size;
    if (status == 0 && before) {
        status = write_all(log->descriptor, before->bytes, before->size);
        log->written += before->size;
        log->number = (uint32_t)before->count;
    }
    if (header.failed)
        errno = ENOMEM;
    bytes_free(&header);
    return status;
}

static int open_file(struct log *log, const struct log_before *before, struct sawb_error *error) {
    log->descriptor =
        open(log->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (log->descriptor < 0 && errno == EEXIST)
        return error_set(error,
                         "%s: is there already, and a session is never written over; name another "
                         "file",
                         log->path);
    if (log->descriptor < 0)
        return error_set(error, "%s: %s", log->path, strerror(errno));
    if (flock(log->descriptor, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        error_set(error, "%s: another sawb records here", log->path);
    else if (write_header(log, before) == 0)
        return 0;
    else
        error_set(error, "%s: %s", log->path, strerror(errno));
    close(log->descriptor);
    unlink(log->path);
    return -1;
}

int log_create(struct log **created, const char *path, const struct log_before *before,
               struct sawb_error *error) {
    struct log *log = calloc(1, sizeof(*log));
    *created = NULL;
    if (log)
        log->path = strdup(path);
    if (!log || !log->path) {
        free(log);
        return error_set(error, "%s: out of memory", path);
    }
    log->last = &log->first;
    log->synced = clock_seconds();
    if (open_file(log, before, error) < 0) {
        free(log->path);
        free(log);
        return -1;
    }
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&log->mutex, NULL);
    pthread_cond_init(&log->work, &attributes);
    pthread_condattr_destroy(&attributes);
    if (thread_start(&log->thread, write_main, log, "session", error) == 0) {
        *created = log;
        return 0;
    }
    pthread_cond_destroy(&log->work);
    pthread_mutex_destroy(&log->mutex);
    close(log->descriptor);
    unlink(path);
    free(log->path);
    free(log);
    return -1;
}

int log_close(struct log *log, struct sawb_error *error) {
    if (!log)
        return 0;
    pthread_mutex_lock(&log->mutex);
    log->closing = 1;
    pthread_cond_signal(&log->work);
    pthread_mutex_unlock(&log->mutex);
    pthread_join(log->thread, NULL);
    if (fsync(log->descriptor) < 0 && errno != EINVAL && errno != EROFS)
        fail(log, strerror(errno));
    if (close(log->descriptor) < 0)
        fail(log, strerror(errno));
    int failed = log_failed(log, error);
    pthread_cond_destroy(&log->work);
    pthread_mutex_destroy(&log->mutex);
    free(log->path);
    free(log);
    return failed ? -1 : 0;
}

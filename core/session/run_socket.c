/*
 * run_socket.c - the thread that serves the socket of a run.
 *
 * It sleeps in epoll until a watcher has something to say, one can be written to that could not
 * before, or the run has something new. The system lists those who speak in the order in which they
 * began to, also while the run was halted: they are answered in that order. What waits for a
 * watcher stands in a small buffer: when that is full, news are left out (the next ones say it
 * all), and its requests are not read until their answers have room.
 */
#include "core/session/run_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/thread.h"

#define NEWS_SECONDS 0.05 /* between two that are told */
#define CONNECT_SECONDS 2 /* at most */
#define CROWDED_MS 1000   /* before the next try, when there is no room for another watcher */
#define LINES_AT_ONCE 32  /* of one watcher, before the others have their turn */
#define OUT_BYTES 8192    /* that wait for a watcher */
#define ANSWER_BYTES 2048 /* the longest one */
#define PROGRESS_BYTES 64 /* of what is done */
#define READY_AT_ONCE 32  /* of those who have something to say */
#define BACKLOG 64

struct watcher {
    int descriptor;
    int watches;     /* 1: it has said that it wants no more */
    int leaving;     /* 1: it has nothing more to say, and goes when it has got what waits */
    int owed;        /* 1: it has not been told the newest */
    int more;        /* 1: it has lines that wait for their turn */
    uint32_t wanted; /* events that are waited for */
    size_t out_count, in_count;
    char out[OUT_BYTES], in[RUN_SOCKET_LINE];
};

struct run_socket {
    struct worker *worker;
    const struct presets *presets;
    int layers, heads;
    int folder;   /* descriptor of it, so that a folder that is renamed does not matter */
    int listener; /* -1: not yet */
    int bell;     /* eventfd: there is something new */
    int ready;    /* epoll: who has something to say, the first one first */
    pthread_t thread;
    atomic_llong bytes; /* of the log */
    atomic_int closing;

    pthread_mutex_t mutex;
    char what[PROGRESS_BYTES]; /* under the mutex: plain words; empty: no progress */
    int64_t done, total;       /* under the mutex */

    /* Of the thread alone. */
    struct watcher **watchers;
    int count, capacity;
    double told; /* when news were told last */
    int news;    /* 1: there are some that were not told */
    int crowded; /* 1: the last one who came could not be let in */
};

/* ---- addresses ------------------------------------------------------------------------------- */

/* The socket of a folder that may be too deep for the 108 bytes of an address. */
static struct sockaddr_un address_in(int folder) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" RUN_SOCKET_FILE,
             folder);
    return address;
}

static int open_folder(const char *directory, struct sawb_error *error) {
    int folder = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        error_set(error, "%s: %s", directory, strerror(errno));
    return folder;
}

/* Removes what a run has left that died. Nothing else is removed. */
static int remove_socket(int folder, const char *directory, struct sawb_error *error) {
    struct stat status;
    if (fstatat(folder, RUN_SOCKET_FILE, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    if (!S_ISSOCK(status.st_mode))
        return error_set(error, "%s/" RUN_SOCKET_FILE ": is there and is no socket", directory);
    if (unlinkat(folder, RUN_SOCKET_FILE, 0) < 0)
        return error_set(error, "%s/" RUN_SOCKET_FILE ": %s", directory, strerror(errno));
    return 0;
}

static int listen_in(struct run_socket *run, const char *directory, struct sawb_error *error) {
    struct sockaddr_un address = address_in(run->folder);
    if (remove_socket(run->folder, directory, error) < 0)
        return -1;
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* The mode before the name, so that there is no moment at which another user could connect. */
    if (listener < 0 || fchmod(listener, 0600) < 0 ||
        bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(listener, BACKLOG) < 0) {
        error_set(error, "%s/" RUN_SOCKET_FILE ": %s", directory, strerror(errno));
        if (listener >= 0)
            close(listener);
        return -1;
    }
    run->listener = listener;
    return 0;
}

int run_socket_connect(const char *directory, struct sawb_error *error) {
    const struct timeval most = {.tv_sec = CONNECT_SECONDS};
    int folder = open_folder(directory, error);
    if (folder < 0)
        return -1;
    struct sockaddr_un address = address_in(folder);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* Where many come at once one waits for a moment; a run that was halted lets nobody in. */
    int status =
        descriptor < 0 || setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most)) < 0
            ? -1
            : connect(descriptor, (struct sockaddr *)&address, sizeof(address));
    if (status == 0)
        status = fcntl(descriptor, F_SETFL, O_NONBLOCK);
    int problem = errno;
    close(folder);
    if (status == 0)
        return descriptor;
    error_set(error, "%s/" RUN_SOCKET_FILE ": %s", directory, strerror(problem));
    if (descriptor >= 0)
        close(descriptor);
    errno = problem;
    return -1;
}

/* ---- what is told ---------------------------------------------------------------------------- */

/* 0 when there is no room. */
static int put(struct watcher *watcher, const char *text) {
    size_t length = strlen(text);
    if (watcher->out_count + length > sizeof(watcher->out))
        return 0;
    memcpy(watcher->out + watcher->out_count, text, length);
    watcher->out_count += length;
    return 1;
}

static void answer(struct watcher *watcher, const char *key, const char *value) {
    char line[ANSWER_BYTES];
    cJSON *object = cJSON_CreateObject();
    char *text = object && cJSON_AddStringToObject(object, key, value) ? json_print(object) : NULL;
    cJSON_Delete(object);
    int length = text ? snprintf(line, sizeof(line), "%s\n", text) : -1;
    free(text);
    put(watcher, length > 0 && length < (int)sizeof(line) ? line : "{\"refused\":\"too long\"}\n");
}

/* The lines that say where the run is. */
static void news_text(struct run_socket *run, char *text, size_t size) {
    int used = snprintf(text, size, "{\"log\":%lld}\n", (long long)atomic_load(&run->bytes));
    pthread_mutex_lock(&run->mutex);
    if (run->what[0])
        snprintf(text + used, size - (size_t)used,
                 "{\"progress\":{\"what\":\"%s\",\"done\":%lld,\"total\":%lld}}\n", run->what,
                 (long long)run->done, (long long)run->total);
    run->what[0] = '\0';
    pthread_mutex_unlock(&run->mutex);
}

/* A watcher that is behind hears of the log again as soon as there is room. */
static void settle(const struct run_socket *run, struct watcher *watcher) {
    char text[64];
    if (!watcher->owed)
        return;
    snprintf(text, sizeof(text), "{\"log\":%lld}\n", (long long)atomic_load(&run->bytes));
    watcher->owed = !put(watcher, text);
}

/* ---- what is asked --------------------------------------------------------------------------- */

static const char *follow(struct run_socket *run, struct watcher *watcher, const char *line,
                          struct sawb_error *error) {
    if (strcmp(line, "watch") == 0) {
        watcher->watches = 1;
        return line;
    }
    if (watcher->watches) {
        error_set(error, "this is only a watcher");
        return NULL;
    }
    if (strcmp(line, "stop") == 0) {
        worker_stop(run->worker);
        return line;
    }
    struct steering *steering = steering_read(line, run->presets, run->layers, run->heads, error);
    const char *word = steering ? steering_name(steering->kind) : NULL;
    return worker_steer(run->worker, steering, error) < 0 ? NULL : word;
}

static void take_line(struct run_socket *run, struct watcher *watcher, char *line) {
    struct sawb_error error;
    size_t length = strlen(line);
    if (length > 0 && line[length - 1] == '\r')
        line[length - 1] = '\0';
    const char *word = follow(run, watcher, line, &error);
    answer(watcher, word ? "accepted" : "refused", word ? word : error.message);
}

static int has_room(const struct watcher *watcher) {
    return watcher->out_count + ANSWER_BYTES <= sizeof(watcher->out);
}

/* Follows the whole lines that have come. 1: some are left for the next turn. */
static int take_lines(struct run_socket *run, struct watcher *watcher) {
    size_t used = 0;
    char *end;
    int lines = 0;
    while ((end = memchr(watcher->in + used, '\n', watcher->in_count - used)) &&
           lines < LINES_AT_ONCE && has_room(watcher)) {
        *end = '\0';
        take_line(run, watcher, watcher->in + used);
        used = (size_t)(end - watcher->in) + 1;
        lines++;
    }
    watcher->in_count -= used;
    memmove(watcher->in, watcher->in + used, watcher->in_count);
    if (!end && watcher->in_count == sizeof(watcher->in)) {
        answer(watcher, "refused", "the line is too long");
        watcher->in_count = 0;
        watcher->leaving = 1;
    }
    return end != NULL;
}

static void read_from(struct watcher *watcher) {
    size_t room = sizeof(watcher->in) - watcher->in_count;
    if (room == 0) /* lines wait for their turn */
        return;
    ssize_t got = recv(watcher->descriptor, watcher->in + watcher->in_count, room, 0);
    if (got > 0)
        watcher->in_count += (size_t)got;
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        watcher->leaving = 1; /* it may have closed one half only, and still read the answers */
}

static void write_to(struct watcher *watcher) {
    if (watcher->out_count == 0)
        return;
    ssize_t done = send(watcher->descriptor, watcher->out, watcher->out_count, MSG_NOSIGNAL);
    if (done >= 0) {
        watcher->out_count -= (size_t)done;
        memmove(watcher->out, watcher->out + done, watcher->out_count);
    } else if (errno != EAGAIN && errno != EINTR) {
        watcher->out_count = 0; /* nobody reads, but what was asked is still followed */
    }
}

/* ---- who watches ----------------------------------------------------------------------------- */

static int is_ours(int descriptor) {
    struct ucred peer;
    socklen_t size = sizeof(peer);
    return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           peer.uid == geteuid();
}

/* Says which events of a descriptor are waited for; `operation` as of epoll_ctl. */
static int await(const struct run_socket *run, int operation, int descriptor, uint32_t events,
                 void *who) {
    struct epoll_event event = {.events = events, .data.ptr = who};
    return epoll_ctl(run->ready, operation, descriptor, &event);
}

/* NULL when out of memory. */
static struct watcher *let_in(struct run_socket *run, int descriptor) {
    if (run->count == run->capacity) {
        int larger = run->capacity ? 2 * run->capacity : 8;
        struct watcher **grown = realloc(run->watchers, (size_t)larger * sizeof(struct watcher *));
        if (!grown)
            return NULL;
        run->watchers = grown;
        run->capacity = larger;
    }
    struct watcher *watcher = malloc(sizeof(*watcher));
    if (!watcher || await(run, EPOLL_CTL_ADD, descriptor, EPOLLIN, watcher) < 0) {
        free(watcher);
        return NULL;
    }
    watcher->descriptor = descriptor;
    watcher->wanted = EPOLLIN;
    watcher->watches = watcher->leaving = watcher->more = 0;
    watcher->in_count = watcher->out_count = 0;
    watcher->owed = 1;
    run->watchers[run->count++] = watcher;
    return watcher;
}

static void see_off(struct run_socket *run, struct watcher *watcher) {
    int index = 0;
    while (run->watchers[index] != watcher)
        index++;
    run->watchers[index] = run->watchers[--run->count];
    await(run, EPOLL_CTL_DEL, watcher->descriptor, 0, NULL); /* a fork may still hold it open */
    close(watcher->descriptor);
    free(watcher);
    run->crowded = 0;
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* 0, or -1: it goes. */
static int serve(struct run_socket *run, struct watcher *watcher, uint32_t events) {
    int gone = (events & (EPOLLERR | EPOLLHUP)) != 0;
    if (!watcher->leaving && (events & EPOLLIN || gone))
        read_from(watcher);
    watcher->more = has_room(watcher) && take_lines(run, watcher);
    settle(run, watcher);
    write_to(watcher);
    watcher->more &= has_room(watcher);
    if (watcher->more)
        return 0;
    return watcher->leaving && (gone || watcher->out_count == 0) ? -1 : 0;
}

static void await_more(const struct run_socket *run, struct watcher *watcher) {
    int reads = !watcher->leaving && has_room(watcher);
    uint32_t wanted = (reads ? EPOLLIN : 0) | (watcher->out_count > 0 ? EPOLLOUT : 0);
    if (wanted != watcher->wanted)
        await(run, EPOLL_CTL_MOD, watcher->descriptor, wanted, watcher);
    watcher->wanted = wanted;
}

static void attend(struct run_socket *run, struct watcher *watcher, uint32_t events) {
    if (serve(run, watcher, events) < 0)
        see_off(run, watcher);
    else
        await_more(run, watcher);
}

/* Its first words are heard at once: others may have spoken since it came. */
static void welcome(struct run_socket *run) {
    int descriptor;
    while ((descriptor = accept4(run->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        int ours = is_ours(descriptor);
        if (!ours) {
            static const char text[] = "{\"refused\":\"this run belongs to another user\"}\n";
            (void)!send(descriptor, text, sizeof(text) - 1, MSG_NOSIGNAL);
        }
        struct watcher *watcher = ours ? let_in(run, descriptor) : NULL;
        if (!watcher)
            close(descriptor);
        else
            attend(run, watcher, EPOLLIN);
    }
    run->crowded = errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;
}

static void tell_news(struct run_socket *run) {
    char text[4 * PROGRESS_BYTES];
    news_text(run, text, sizeof(text));
    for (int i = 0; i < run->count; i++) {
        struct watcher *watcher = run->watchers[i];
        watcher->owed |= !put(watcher, text);
        write_to(watcher);
        await_more(run, watcher);
    }
    run->told = clock_seconds();
    run->news = 0;
}

/* Those whose lines wait for their turn. 1: there still are some. */
static int go_on(struct run_socket *run) {
    int more = 0;
    for (int i = run->count - 1; i >= 0; i--) /* another one takes the place of one that goes */
        if (run->watchers[i]->more)
            attend(run, run->watchers[i], 0);
    for (int i = 0; i < run->count; i++)
        more |= run->watchers[i]->more;
    return more;
}

static int patience(const struct run_socket *run, int more) {
    double wait = run->told + NEWS_SECONDS - clock_seconds();
    if (more)
        return 0;
    if (run->news)
        return wait > 0 ? (int)(wait * 1e3) + 1 : 0;
    return run->crowded ? CROWDED_MS : -1;
}

/* Waits for what comes. 1: lines wait for the next turn. */
static int turn(struct run_socket *run, int more) {
    struct epoll_event events[READY_AT_ONCE];
    uint64_t rings;
    int crowded = run->crowded;
    int count = epoll_wait(run->ready, events, READY_AT_ONCE, patience(run, more));
    if (count == 0 && run->crowded)
        welcome(run);
    for (int i = 0; i < count; i++) {
        void *who = events[i].data.ptr;
        if (who == &run->bell)
            run->news |= read(run->bell, &rings, sizeof(rings)) > 0;
        else if (who == &run->listener)
            welcome(run);
        else
            attend(run, who, events[i].events);
    }
    if (run->news && clock_seconds() - run->told >= NEWS_SECONDS)
        tell_news(run);
    more = go_on(run);
    /* One whom there is no room for would be announced again and again. */
    if (run->crowded != crowded)
        await(run, EPOLL_CTL_MOD, run->listener, run->crowded ? 0 : EPOLLIN, &run->listener);
    return more;
}

static void *run_socket_main(void *user) {
    struct run_socket *run = user;
    int more = 0;
    while (!atomic_load(&run->closing))
        more = turn(run, more);
    while (run->count > 0)
        see_off(run, run->watchers[run->count - 1]);
    return NULL;
}

/* ---- opening and closing --------------------------------------------------------------------- */

static void release(struct run_socket *run) {
    if (run->listener >= 0) {
        unlinkat(run->folder, RUN_SOCKET_FILE, 0);
        close(run->listener);
    }
    if (run->bell >= 0)
        close(run->bell);
    if (run->ready >= 0)
        close(run->ready);
    if (run->folder >= 0)
        close(run->folder);
    pthread_mutex_destroy(&run->mutex);
    free(run->watchers);
    free(run);
}

static int begin_waiting(struct run_socket *run, const char *directory, struct sawb_error *error) {
    if (await(run, EPOLL_CTL_ADD, run->bell, EPOLLIN, &run->bell) == 0 &&
        await(run, EPOLL_CTL_ADD, run->listener, EPOLLIN, &run->listener) == 0)
        return 0;
    return error_set(error, "%s: %s", directory, strerror(errno));
}

struct run_socket *run_socket_open(const char *directory, struct worker *worker,
                                   const struct presets *presets, const struct model_config *config,
                                   struct sawb_error *error) {
    struct run_socket *run = calloc(1, sizeof(*run));
    if (!run) {
        error_set(error, "%s: out of memory", directory);
        return NULL;
    }
    pthread_mutex_init(&run->mutex, NULL);
    run->worker = worker;
    run->presets = presets;
    run->layers = config->layers;
    run->heads = config->heads;
    run->listener = -1;
    run->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    run->ready = epoll_create1(EPOLL_CLOEXEC);
    run->folder = open_folder(directory, error);
    if (run->folder >= 0 && listen_in(run, directory, error) == 0 &&
        begin_waiting(run, directory, error) == 0 &&
        thread_start(&run->thread, run_socket_main, run, "the run's socket", error) == 0)
        return run;
    release(run);
    return NULL;
}

static void ring(struct run_socket *run) {
    uint64_t one = 1;
    (void)!write(run->bell, &one, sizeof(one));
}

void run_socket_close(struct run_socket *run) {
    if (!run)
        return;
    atomic_store(&run->closing, 1);
    ring(run);
    pthread_join(run->thread, NULL);
    release(run);
}

void run_socket_log(struct run_socket *run, int64_t bytes) {
    if (!run)
        return;
    atomic_store(&run->bytes, bytes);
    ring(run);
}

void run_socket_progress(struct run_socket *run, const char *what, int64_t done, int64_t total) {
    if (!run)
        return;
    pthread_mutex_lock(&run->mutex);
    snprintf(run->what, sizeof(run->what), "%s", what);
    run->done = done;
    run->total = total;
    pthread_mutex_unlock(&run->mutex);
    ring(run);
}

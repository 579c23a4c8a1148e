/*
 * run_socket.c - the socket of a run: what it answers, who may speak to it, and watchers that flood
 * it, do not read, or go.
 */
#include "core/session/run_socket.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.h"
#include "tests/temporary.h"
#include "tests/test.h"

#define LIMIT_MS 20000 /* then the test fails instead of hanging */
#define ASKED_MOST 4096

/* A run that does nothing but what it is asked. */
struct fake {
    struct job job;
    struct bed *bed;
};

struct bed {
    struct temporary folder;
    char *socket;
    struct queue *events;
    struct worker *worker;
    struct run_socket *run;
    atomic_int asked_count;
    enum steering_kind asked[ASKED_MOST];
    double numbers[ASKED_MOST];
    atomic_int stopped, opened;
    struct sawb_error error;
};

static int fake_run(struct job *base, struct worker *worker, struct sawb_error *error) {
    struct bed *bed = ((struct fake *)base)->bed;
    struct steering *request;
    (void)error;
    while (!worker_breathe(worker)) {
        while ((request = worker_steering(worker))) {
            int at = atomic_load(&bed->asked_count);
            if (at < ASKED_MOST) {
                bed->asked[at] = request->kind;
                bed->numbers[at] = request->number;
                atomic_store(&bed->asked_count, at + 1);
            }
            steering_free(request);
        }
        worker_rest(worker);
    }
    atomic_store(&bed->stopped, 1);
    return 1;
}

static void fake_release(struct job *base) {
    free(base);
}

static void open_socket(struct bed *bed, const char *directory) {
    static const struct model_config config = {.layers = 2, .heads = 2};
    bed->run = run_socket_open(directory, bed->worker, NULL, &config, &bed->error);
    if (!bed->run)
        fail_msg("%s", bed->error.message);
}

static void bed_open(struct bed *bed) {
    memset(bed, 0, sizeof(*bed));
    temporary_make(&bed->folder);
    bed->socket = temporary_path(&bed->folder, RUN_SOCKET_FILE);
    bed->events = queue_create(64, &bed->error);
    bed->worker = worker_create(NULL, bed->events, &bed->error);
    struct fake *fake = calloc(1, sizeof(*fake));
    assert_non_null(bed->worker);
    assert_non_null(fake);
    fake->job =
        (struct job){.name = "train", .run = fake_run, .release = fake_release, .steerable = 1};
    fake->bed = bed;
    assert_true(worker_submit(bed->worker, &fake->job, &bed->error) > 0);
    open_socket(bed, bed->folder.path);
}

static void release_event(void *event) {
    event_free(event);
}

static void bed_close(struct bed *bed) {
    run_socket_close(bed->run);
    worker_free(bed->worker);
    queue_free(bed->events, release_event);
    free(bed->socket);
    temporary_remove(&bed->folder);
}

/* ---- a watcher ------------------------------------------------------------------------------- */

struct client {
    int descriptor;
    char bytes[65536];
    size_t count;
    char line[8192];
};

static void client_open(struct client *client, const char *directory) {
    struct sawb_error error;
    client->count = 0;
    client->descriptor = run_socket_connect(directory, &error);
    if (client->descriptor < 0)
        fail_msg("%s", error.message);
}

static void client_say(const struct client *client, const char *text) {
    assert_int_equal(send(client->descriptor, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* The next line; NULL at the end of the stream. */
static const char *client_line(struct client *client) {
    for (;;) {
        char *end = memchr(client->bytes, '\n', client->count);
        if (end) {
            size_t length = (size_t)(end - client->bytes);
            assert_true(length < sizeof(client->line));
            memcpy(client->line, client->bytes, length);
            client->line[length] = '\0';
            client->count -= length + 1;
            memmove(client->bytes, end + 1, client->count);
            return client->line;
        }
        struct pollfd polled = {.fd = client->descriptor, .events = POLLIN};
        assert_int_equal(poll(&polled, 1, LIMIT_MS), 1);
        ssize_t got = recv(client->descriptor, client->bytes + client->count,
                           sizeof(client->bytes) - client->count, 0);
        if (got < 0 && errno == EAGAIN)
            continue;
        if (got <= 0)
            return NULL;
        client->count += (size_t)got;
    }
}

/* The next line that is an answer. */
static const char *client_answer(struct client *client) {
    const char *line;
    do {
        line = client_line(client);
        assert_non_null(line);
    } while (strncmp(line, "{\"log\"", 6) == 0 || strncmp(line, "{\"progress\"", 11) == 0);
    return line;
}

/* Reads until the log has so many bytes. */
static void client_sees(struct client *client, long long bytes) {
    long long seen = -1;
    while (seen < bytes) {
        const char *line = client_line(client);
        assert_non_null(line);
        sscanf(line, "{\"log\":%lld}", &seen);
    }
    assert_int_equal(seen, bytes);
}

static void assert_answers(struct client *client, const char *words, const char *expected) {
    char line[256];
    snprintf(line, sizeof(line), "%s\n", words);
    client_say(client, line);
    const char *answer = client_answer(client);
    if (!strstr(answer, expected))
        fail_msg("\"%s\" was answered by %s, not %s", words, answer, expected);
}

static void wait_until(const atomic_int *value, int at_least) {
    for (int i = 0; i < LIMIT_MS && atomic_load(value) < at_least; i++)
        poll(NULL, 0, 1);
    assert_true(atomic_load(value) >= at_least);
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* Each line is answered, in order; what cannot be followed is refused with a reason. */
static void test_requests(void **state) {
    (void)state;
    struct bed bed;
    struct client client;
    bed_open(&bed);
    client_open(&client, bed.folder.path);
    assert_answers(&client, "pause", "{\"accepted\":\"pause\"}");
    assert_answers(&client, "", "refused");
    assert_answers(&client, "jump", "cannot follow \\\"jump\\\"");
    assert_answers(&client, "pause now", "refused");
    assert_answers(&client, "branch elsewhere", "refused");
    assert_answers(&client, "pin a sentence", "refused");
    assert_answers(&client, "rate", "a number from 0 to 100");
    assert_answers(&client, "rate -1", "a number from 0 to 100");
    assert_answers(&client, "rate nan", "a number from 0 to 100");
    assert_answers(&client, "rate 2e-5", "{\"accepted\":\"rate\"}");
    assert_answers(&client, "sparsity topk(7)", "share must be");
    assert_answers(&client, "sparsity topk(0.5)@L9", "refused");
    assert_answers(&client, "sparsity topk(0.5)@L1.H1\r", "{\"accepted\":\"sparsity\"}");
    assert_answers(&client, "\x01\xff{\"x\":", "refused");
    wait_until(&bed.asked_count, 3);
    assert_int_equal(bed.asked[0], STEER_PAUSE);
    assert_int_equal(bed.asked[1], STEER_RATE);
    assert_true(bed.numbers[1] == 2e-5);
    assert_int_equal(bed.asked[2], STEER_SPARSITY);

    /* In parts, and several at once. */
    client_say(&client, "chec");
    poll(NULL, 0, 5);
    client_say(&client, "kpoint\nevaluate\ncont");
    assert_string_equal(client_answer(&client), "{\"accepted\":\"checkpoint\"}");
    assert_string_equal(client_answer(&client), "{\"accepted\":\"evaluate\"}");
    client_say(&client, "inue\n");
    assert_string_equal(client_answer(&client), "{\"accepted\":\"continue\"}");

    assert_answers(&client, "watch", "{\"accepted\":\"watch\"}");
    assert_answers(&client, "stop", "only a watcher");
    assert_int_equal(atomic_load(&bed.stopped), 0);
    close(client.descriptor);

    /* The last words of one that goes at once are followed. */
    client_open(&client, bed.folder.path);
    client_say(&client, "stop\n");
    close(client.descriptor);
    wait_until(&bed.stopped, 1);
    bed_close(&bed);
}

/* A line that never ends is not kept. */
static void test_endless_line(void **state) {
    (void)state;
    struct bed bed;
    struct client client;
    char text[RUN_SOCKET_LINE + 1];
    bed_open(&bed);
    client_open(&client, bed.folder.path);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    client_say(&client, text);
    assert_string_equal(client_answer(&client), "{\"refused\":\"the line is too long\"}");
    while (client_line(&client)) /* to the end of the stream */
        ;
    close(client.descriptor);
    client_open(&client, bed.folder.path);
    assert_answers(&client, "pause", "accepted");
    close(client.descriptor);
    bed_close(&bed);
}

/* One that sends without end and does not read: the others are answered, and it can be done with.
 */
static void test_flood(void **state) {
    (void)state;
    struct bed bed;
    struct client flooding, other;
    char text[4000];
    int sent = 0;
    bed_open(&bed);
    client_open(&flooding, bed.folder.path);
    client_open(&other, bed.folder.path);
    for (size_t i = 0; i < sizeof(text); i += 8)
        memcpy(text + i, "nothing\n", 8);
    for (int idle = 0; idle < 20;) {
        ssize_t done = send(flooding.descriptor, text, sizeof(text), MSG_NOSIGNAL);
        idle = done > 0 ? 0 : idle + 1;
        sent += done > 0 ? (int)done : 0;
        if (done < 0)
            poll(NULL, 0, 1);
    }
    assert_true(sent > 0);
    assert_answers(&other, "pause", "{\"accepted\":\"pause\"}");
    run_socket_log(bed.run, 77);
    client_sees(&other, 77);
    /* Once it reads, it gets its answers, one for each line that was sent whole. */
    for (int i = 0; i < 2000; i++)
        assert_non_null(strstr(client_answer(&flooding), "refused"));
    close(flooding.descriptor);
    assert_answers(&other, "continue", "{\"accepted\":\"continue\"}");
    close(other.descriptor);
    bed_close(&bed);
}

/* One that does not read holds nobody up, and hears of the newest when it does. */
static void test_slow_watcher(void **state) {
    (void)state;
    struct bed bed;
    struct client slow, quick;
    int small = 1;
    bed_open(&bed);
    client_open(&slow, bed.folder.path);
    setsockopt(slow.descriptor, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    client_open(&quick, bed.folder.path);
    for (int i = 1; i <= 20000; i++) {
        run_socket_log(bed.run, i);
        run_socket_progress(bed.run, "evaluate", i, 20000);
    }
    client_sees(&quick, 20000);
    client_sees(&slow, 20000);
    close(slow.descriptor);
    close(quick.descriptor);
    bed_close(&bed);
}

static void test_many_watchers(void **state) {
    (void)state;
    enum { MANY = 100 };
    struct bed bed;
    static struct client clients[MANY];
    bed_open(&bed);
    for (int i = 0; i < MANY; i++) {
        client_open(&clients[i], bed.folder.path);
        client_say(&clients[i], "watch\n");
    }
    run_socket_log(bed.run, 11);
    for (int i = 0; i < MANY; i++)
        client_sees(&clients[i], 11);
    for (int i = 0; i < MANY; i += 2)
        close(clients[i].descriptor);
    run_socket_log(bed.run, 22);
    for (int i = 1; i < MANY; i += 2)
        client_sees(&clients[i], 22);
    run_socket_close(bed.run);
    bed.run = NULL;
    for (int i = 1; i < MANY; i += 2) {
        while (client_line(&clients[i]))
            ;
        close(clients[i].descriptor);
    }
    assert_false(file_exists(bed.socket));
    bed_close(&bed);
}

/* Connects as another user to a socket whose mode would let it: 0 when it was sent away. */
static int visit_as_other(const char *directory) {
    struct sawb_error error;
    char bytes[256] = "";
    if (setgid(65534) < 0 || setuid(65534) < 0)
        return 2;
    int descriptor = run_socket_connect(directory, &error);
    if (descriptor < 0)
        return 3;
    struct pollfd polled = {.fd = descriptor, .events = POLLIN};
    if (poll(&polled, 1, LIMIT_MS) != 1)
        return 4;
    ssize_t got = recv(descriptor, bytes, sizeof(bytes) - 1, MSG_WAITALL);
    return got > 0 && strstr(bytes, "belongs to another user") && !strstr(bytes, "log") ? 0 : 5;
}

static void test_permissions(void **state) {
    (void)state;
    struct bed bed;
    struct stat status;
    int ended = 0;
    mode_t mask = umask(0);
    bed_open(&bed);
    umask(mask);
    assert_int_equal(stat(bed.socket, &status), 0);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 0777, 0600);
    if (geteuid() == 0) { /* only then there can be another user here */
        assert_int_equal(chmod(bed.socket, 0666), 0);
        assert_int_equal(chmod(bed.folder.path, 0755), 0);
        pid_t child = fork();
        if (child == 0)
            _exit(visit_as_other(bed.folder.path));
        assert_int_equal(waitpid(child, &ended, 0), child);
        assert_int_equal(WEXITSTATUS(ended), 0);
    }
    bed_close(&bed);
}

/* What a killed run has left makes way; what is no socket does not. */
static void test_leftovers(void **state) {
    (void)state;
    struct bed bed;
    struct client client;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    bed_open(&bed);
    run_socket_close(bed.run);
    int left = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", bed.socket);
    assert_int_equal(bind(left, (struct sockaddr *)&address, sizeof(address)), 0);
    close(left);
    assert_int_equal(run_socket_connect(bed.folder.path, &bed.error), -1);
    open_socket(&bed, bed.folder.path);
    client_open(&client, bed.folder.path);
    assert_answers(&client, "pause", "accepted");
    close(client.descriptor);
    run_socket_close(bed.run);

    static const struct model_config config = {.layers = 1, .heads = 1};
    assert_int_equal(file_replace(bed.socket, "mine", 4, &bed.error), 0);
    bed.run = run_socket_open(bed.folder.path, bed.worker, NULL, &config, &bed.error);
    assert_null(bed.run);
    assert_non_null(strstr(bed.error.message, "is no socket"));
    assert_true(file_exists(bed.socket));
    bed_close(&bed);
}

/* A path that is longer than a socket's address can be. */
static void test_deep_folder(void **state) {
    (void)state;
    struct bed bed;
    struct client client;
    char name[121];
    bed_open(&bed);
    run_socket_close(bed.run);
    memset(name, 'd', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    char *deep = temporary_path(&bed.folder, name), *deeper = file_join(deep, name);
    assert_int_equal(file_make_directory(deeper, &bed.error), 0);
    open_socket(&bed, deeper);
    client_open(&client, deeper);
    assert_answers(&client, "pause", "accepted");
    close(client.descriptor);
    free(deeper);
    free(deep);
    bed_close(&bed);
}

/* Whether all threads of a process wait for something. */
static int all_wait(pid_t process) {
    char path[64], state;
    snprintf(path, sizeof(path), "/proc/%d/task", (int)process);
    DIR *folder = opendir(path);
    int waits = folder != NULL;
    for (struct dirent *entry; waits && (entry = readdir(folder));) {
        char name[384];
        snprintf(name, sizeof(name), "%s/%s/stat", path, entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(name, "r");
        if (!file)
            continue;
        waits = fscanf(file, "%*d (%*[^)]) %c", &state) == 1 && state == 'S';
        fclose(file);
    }
    if (folder)
        closedir(folder);
    return waits;
}

/* What comes while the run is halted is followed in the order in which it was asked, whoever came
 * first and whoever has been there before. */
static void test_order(void **state) {
    (void)state;
    static struct client old[3], new[3];
    static const int order[] = {1, 0, 3, 4, 5, 2}; /* from 3 on they come only then */
    struct bed *bed =
        mmap(NULL, sizeof(*bed), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char line[32];
    int ended, in_order = 1;
    assert_true(bed != MAP_FAILED);
    pid_t child = fork();
    if (child == 0) {
        bed_open(bed);
        atomic_store(&bed->opened, 1);
        wait_until(&bed->stopped, 1);
        bed_close(bed);
        _exit(0);
    }
    wait_until(&bed->opened, 1);
    for (int i = 0; i < 3; i++) {
        client_open(&old[i], bed->folder.path);
        assert_non_null(client_line(&old[i])); /* it was let in */
    }
    while (!all_wait(child)) /* at the socket, too */
        sched_yield();
    kill(child, SIGSTOP);
    assert_int_equal(waitpid(child, &ended, WUNTRACED), child);
    for (int i = 0; i < 6; i++) {
        struct client *client = order[i] < 3 ? &old[order[i]] : &new[order[i] - 3];
        if (order[i] >= 3)
            client_open(client, bed->folder.path);
        snprintf(line, sizeof(line), "rate %d\n", i + 1);
        client_say(client, line);
    }
    kill(child, SIGCONT);
    wait_until(&bed->asked_count, 6);
    for (int i = 0; i < 6; i++)
        in_order &= bed->numbers[i] == i + 1;
    client_say(&new[0], "stop\n");
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
    assert_true(in_order);
    for (int i = 0; i < 3; i++) {
        close(old[i].descriptor);
        close(new[i].descriptor);
    }
    munmap(bed, sizeof(*bed));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_requests),      cmocka_unit_test(test_endless_line),
    cmocka_unit_test(test_flood),         cmocka_unit_test(test_slow_watcher),
    cmocka_unit_test(test_many_watchers), cmocka_unit_test(test_permissions),
    cmocka_unit_test(test_leftovers),     cmocka_unit_test(test_deep_folder),
    cmocka_unit_test(test_order),
};

TEST_GROUP(tests_session_run_socket, tests);

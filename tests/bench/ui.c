/*
 * ui.c - how long the screen takes to answer, seen from outside: sawb runs on a pseudo-terminal,
 * keys are written into it and its output is timed.
 *
 *     build/bench-ui build/sawb [-m DIR] [--train FILE]
 *
 * "start" is the time from fork to the first frame, "key" from a key to the first output that holds
 * the character typed, "answer" from a key to the last output it causes: both arms recomputed and
 * drawn. With --train a run goes on with all processors while 30 keys a second are typed. One JSON
 * object a line, in milliseconds. `make bench-ui` runs it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROWS 24
#define COLUMNS 80
#define KEYS 100
#define STARTS 20
#define QUIET_MS 100 /* no output for so long: the answer is there */
#define GIVE_UP_MS 10000
#define RATE 30 /* keys a second while a run goes on */
#define TAIL_BYTES 65536

/* 32 word pieces with a letter typed after it, by the vocabulary of MiniLM; nothing a screen shows
 * is written in Cyrillic. */
static const char sentence[] =
    "a warm and witty film that earns every laugh , though its quiet second half asks for more "
    "patience than most of us will bring to it all";
static const char *const letters[] = {"б", "г", "д", "ж", "з", "и", "л", "п", "ф", "ц",
                                      "ч", "ш", "щ", "ъ", "ы", "ь", "э", "ю", "я"};
#define LETTERS ((int)(sizeof(letters) / sizeof(letters[0])))

struct terminal {
    int descriptor;
    pid_t process;
    char tail[TAIL_BYTES]; /* output since the last key */
    size_t used;
};

static double now_ms(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

static void fail(const char *what) {
    fprintf(stderr, "bench-ui: %s\n", what);
    exit(1);
}

static void terminal_open(struct terminal *terminal, char **arguments) {
    struct winsize size = {.ws_row = ROWS, .ws_col = COLUMNS};
    terminal->used = 0;
    terminal->process = forkpty(&terminal->descriptor, NULL, NULL, &size);
    if (terminal->process < 0)
        fail("no pseudo-terminal");
    if (terminal->process == 0) {
        setenv("TERM", "xterm-256color", 1);
        unsetenv("COLORTERM");
        execv(arguments[0], arguments);
        _exit(127);
    }
}

/* Reads what comes within `patience` ms; the time it came, or 0. */
static double terminal_read(struct terminal *terminal, double patience) {
    struct pollfd wait = {.fd = terminal->descriptor, .events = POLLIN};
    if (poll(&wait, 1, (int)patience + 1) <= 0)
        return 0;
    double time = now_ms();
    if (terminal->used > TAIL_BYTES / 2)
        terminal->used = 0;
    ssize_t count = read(terminal->descriptor, terminal->tail + terminal->used,
                         TAIL_BYTES - 1 - terminal->used);
    if (count <= 0)
        fail("sawb has ended");
    terminal->used += (size_t)count;
    terminal->tail[terminal->used] = '\0';
    return time;
}

static void terminal_key(struct terminal *terminal, const char *key) {
    terminal->used = 0;
    terminal->tail[0] = '\0';
    if (write(terminal->descriptor, key, strlen(key)) < 0)
        fail("cannot write a key");
}

/* Waits until the output holds `text`; the time, or 0. */
static double terminal_until(struct terminal *terminal, const char *text, double patience) {
    for (double end = now_ms() + patience; now_ms() < end;) {
        double time = terminal_read(terminal, end - now_ms());
        if (time > 0 && strstr(terminal->tail, text))
            return time;
    }
    return 0;
}

/* Waits until nothing more comes; the time of the last output, or 0 when there was none. */
static double terminal_quiet(struct terminal *terminal) {
    double last = 0, time;
    for (double end = now_ms() + GIVE_UP_MS;
         now_ms() < end && (time = terminal_read(terminal, QUIET_MS)) > 0;)
        last = time;
    return last;
}

static void terminal_close(struct terminal *terminal) {
    kill(terminal->process, SIGKILL);
    waitpid(terminal->process, NULL, 0);
    close(terminal->descriptor);
}

static int by_value(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void report(const char *name, double *times, int count) {
    qsort(times, (size_t)count, sizeof(*times), by_value);
    if (count > 0)
        printf(
            "{\"name\":\"%s\",\"n\":%d,\"median_ms\":%.2f,\"p95_ms\":%.2f,\"largest_ms\":%.2f}\n",
            name, count, times[count / 2], times[count * 95 / 100], times[count - 1]);
    fflush(stdout);
}

static void measure_starts(char **arguments) {
    double times[STARTS];
    for (int i = 0; i < STARTS; i++) {
        struct terminal terminal;
        double begin = now_ms();
        terminal_open(&terminal, arguments);
        double time = terminal_until(&terminal, "sawb", GIVE_UP_MS);
        if (time <= 0)
            fail("no first frame");
        times[i] = time - begin;
        terminal_close(&terminal);
    }
    report("start", times, STARTS);
}

static void measure_keys(char **arguments) {
    double keys[KEYS], answers[KEYS];
    struct terminal terminal;
    terminal_open(&terminal, arguments);
    terminal_until(&terminal, "tokens", GIVE_UP_MS);
    terminal_quiet(&terminal);
    for (int i = 0; i < KEYS; i++) {
        double begin = now_ms();
        terminal_key(&terminal, letters[i % LETTERS]);
        keys[i] = terminal_until(&terminal, letters[i % LETTERS], GIVE_UP_MS) - begin;
        double last = terminal_quiet(&terminal) - begin;
        answers[i] = last > keys[i] ? last : keys[i];
        terminal_key(&terminal, "\x7f");
        terminal_quiet(&terminal);
    }
    report("key", keys, KEYS);
    report("answer", answers, KEYS);
    terminal_close(&terminal);
}

/* Types at a steady rate while a run goes on: each letter, then a backspace. */
static void measure_training(char **arguments, const char *data) {
    double keys[KEYS];
    int count = 0, lost = 0;
    char command[1024], folder[] = "/tmp/sawb-bench-XXXXXX";
    struct terminal terminal;
    if (!mkdtemp(folder))
        fail("no temporary folder");
    snprintf(command, sizeof(command), "\x1b:train %s --out %s/run --epochs 1000\r", data, folder);
    terminal_open(&terminal, arguments);
    terminal_until(&terminal, "tokens", GIVE_UP_MS);
    terminal_quiet(&terminal);
    terminal_key(&terminal, command);
    if (terminal_until(&terminal, "tok/s", GIVE_UP_MS) <= 0)
        fail("the run does not begin");
    for (int i = 0; i < KEYS; i++) {
        double begin = now_ms(), next = begin + 1e3 / RATE;
        terminal_key(&terminal, letters[i % LETTERS]);
        double time = terminal_until(&terminal, letters[i % LETTERS], 1000);
        if (time > 0)
            keys[count++] = time - begin;
        else
            lost++;
        while (now_ms() < next)
            terminal_read(&terminal, next - now_ms());
        terminal_key(&terminal, "\x7f");
        for (next += 1e3 / RATE; now_ms() < next;)
            terminal_read(&terminal, next - now_ms());
    }
    report("key_while_training", keys, count);
    if (lost)
        printf("{\"name\":\"keys_without_a_frame\",\"n\":%d}\n", lost);
    terminal_close(&terminal);
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    if (system(command) != 0)
        fail("the temporary folder stays");
}

int main(int count, char **words) {
    char *arguments[6] = {NULL};
    const char *data = NULL;
    int used = 0;
    if (count < 2) {
        fprintf(stderr, "usage: bench-ui SAWB [-m DIR] [--train FILE]\n");
        return 2;
    }
    arguments[used++] = words[1];
    for (int i = 2; i + 1 < count; i += 2) {
        if (strcmp(words[i], "--train") == 0) {
            data = words[i + 1];
        } else {
            arguments[used++] = words[i];
            arguments[used++] = words[i + 1];
        }
        if (used > 3)
            fail("one model only");
    }
    arguments[used] = (char *)sentence;
    measure_starts(arguments);
    measure_keys(arguments);
    if (data)
        measure_training(arguments, data);
    return 0;
}

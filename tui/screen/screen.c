/*
 * screen.c - the loop: waits for keys, events and signals, and shows what changed.
 *
 * It never waits for the engine. A run that reports a thousand steps a second is drawn sixty times:
 * each FRAME_SECONDS allow one frame, and a few are saved up so that a key and its answer are shown
 * at once. Between two waits only so many events are taken that keys are always answered.
 */
#include "tui/screen/screen.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "tui/screen/input.h"
#include "tui/screen/replay_bar.h"
#include "tui/screen/sight.h"
#include "tui/screen/signals.h"
#include "tui/screen/term.h"
#include "viz/exporter.h"

#define FRAME_SECONDS 0.016
#define FRAMES_SAVED 3
#define HALF_ANSWERED 0.05 /* seconds in which the other arm's answer is awaited before drawing */
#define EVENTS_AT_ONCE 256
#define READ_BYTES 65536

struct loop {
    struct screen *screen;
    struct input input;
    struct grid *grid;
    struct palette palette;
    const struct glyphs *glyphs; /* that the locale can show */
    double frames, counted;      /* that may be drawn, and the time of that count */
    double last_input;
    int urgent;  /* what changed is the user's doing */
    int hung_up; /* nobody is there to see */
    int done;
};

/* ---- frames ---------------------------------------------------------------------------------- */

static int fit_grid(struct loop *loop, struct sawb_error *error) {
    int rows, columns;
    term_size(&rows, &columns);
    if (loop->grid && loop->grid->rows == rows && loop->grid->columns == columns)
        return 0;
    struct grid *grid = grid_create(rows, columns, error);
    if (!grid)
        return -1;
    grid_free(loop->grid);
    loop->grid = grid;
    return 0;
}

/* The index of the palette that the user chose; else by what COLORFGBG tells of the background
 * ("15;0": white on black), which some terminals set. */
static int palette_index(const struct workbench *workbench) {
    const char *colors = getenv("COLORFGBG"), *last = colors ? strrchr(colors, ';') : NULL;
    int background = last ? atoi(last + 1) : 0;
    if (term_colors() == 0)
        return palette_find("none");
    if (workbench->palette > 0)
        return workbench->palette - 1;
    return palette_find(background == 7 || background >= 9 ? "light" : "dark");
}

static void choose_look(struct loop *loop) {
    const struct workbench *workbench = loop->screen->workbench;
    int digits = workbench->digit_ramp && loop->glyphs->unicode;
    loop->screen->glyphs = digits ? &glyphs_digits : loop->glyphs;
    int index = palette_index(workbench);
    if (loop->palette.name != palette_name(index))
        palette_make(&loop->palette, index);
}

/* The screen as `picture` asked for it, without the prompt that was used to ask. */
static void save_picture(struct loop *loop) {
    struct workbench *workbench = loop->screen->workbench;
    char *path = workbench->picture;
    struct sawb_error error;
    workbench->picture = NULL;
    workbench->message_kind = MESSAGE_NONE;
    screen_draw(loop->screen, loop->grid);
    if (grid_write(loop->grid, &loop->palette, 1, path, &error) < 0)
        workbench_message(workbench, MESSAGE_ERROR, "%s", error.message);
    else
        workbench_message(workbench, MESSAGE_NOTE, "the screen is saved in %s", path);
    free(path);
}

static void draw_frame(struct loop *loop) {
    struct screen *screen = loop->screen;
    choose_look(loop);
    if (screen->workbench->picture)
        save_picture(loop);
    screen->workbench->changed = 0;
    screen_draw(screen, loop->grid);
    if (screen->redraw)
        term_forget();
    screen->redraw = 0;
    term_mouse(!screen->workbench->without_mouse);
    term_draw(loop->grid, &loop->palette);
    loop->frames -= 1;
    loop->urgent = 0;
}

/* ---- what comes in --------------------------------------------------------------------------- */

static void take_input(struct loop *loop, int late) {
    struct screen *screen = loop->screen;
    struct input_event event;
    enum input_kind kind;
    size_t invalid = 0;
    while ((kind = input_next(&loop->input, late, &event)) != INPUT_NOTHING) {
        if (kind == INPUT_KEY)
            screen_key(screen, event.key);
        else if (kind == INPUT_MOUSE)
            screen_mouse(screen, event.mouse.event, event.mouse.row, event.mouse.column);
        else if (kind == INPUT_PASTE)
            screen_paste(screen, event.text, event.length, event.continued);
        else
            invalid += event.length;
    }
    if (invalid)
        screen_invalid(screen, invalid);
    loop->urgent = 1;
}

static void read_input(struct loop *loop) {
    static char bytes[READ_BYTES];
    ssize_t count = read(STDIN_FILENO, bytes, sizeof(bytes));
    if (count < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (count <= 0) {
        loop->hung_up = 1;
        screen_leave(loop->screen);
        return;
    }
    loop->last_input = clock_seconds();
    if (input_feed(&loop->input, bytes, (size_t)count) < 0)
        workbench_message(loop->screen->workbench, MESSAGE_ERROR,
                          "out of memory for %zd bytes of input", count);
    take_input(loop, 0);
}

static void take_events(struct workbench *workbench) {
    struct event *event;
    attach_follow(workbench, EVENTS_AT_ONCE);
    if (!workbench->events) /* a replay brings its own */
        return;
    for (int i = 0; i < EVENTS_AT_ONCE && (event = queue_pop(workbench->events)); i++)
        workbench_event(workbench, event);
}

static void take_signals(struct loop *loop) {
    struct screen *screen = loop->screen;
    for (int number; (number = signals_next());) {
        switch (number) {
        case SIGINT:
        case SIGTERM:
        case SIGHUP:
            /* A second one does not wait for the end of long work. */
            if (screen->leaving)
                loop->done = 1;
            loop->hung_up |= number == SIGHUP;
            screen_leave(screen);
            break;
        case SIGTSTP:
            screen->suspend = 1;
            break;
        default: /* the window's size, or back from a stop: term_size finds out */
            screen->redraw |= number == SIGCONT;
            break;
        }
        screen->workbench->changed = 1;
        loop->urgent = 1;
    }
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* Seconds until a frame may be drawn: not too many of them, and of both arms' answers, which come
 * one right after the other, not one alone. */
static double frame_wait(struct loop *loop) {
    const struct workbench *workbench = loop->screen->workbench;
    double now = clock_seconds(), wait = 0;
    double more = loop->frames + (now - loop->counted) / FRAME_SECONDS;
    loop->frames = more < FRAMES_SAVED ? more : FRAMES_SAVED;
    loop->counted = now;
    if (loop->frames < 1)
        wait = (1 - loop->frames) * FRAME_SECONDS;
    if (!loop->urgent && workbench->answers > 0 && workbench->answers < ARMS) {
        double half = workbench->prediction_time + HALF_ANSWERED - clock_wall();
        wait = half > wait ? half : wait;
    }
    return wait;
}

/* The shorter of two times to wait, of which a negative one has no end. */
static double sooner(double a, double b) {
    return b < 0 || (a >= 0 && a < b) ? a : b;
}

/* Milliseconds to wait for something to come; -1: as long as it takes. */
static int patience(struct loop *loop, int input_wait) {
    const struct workbench *workbench = loop->screen->workbench;
    double now = clock_wall(), wait = screen_patience(loop->screen);
    wait = sooner(wait, runs_patience(workbench, now));
    wait = sooner(wait, timing_patience(workbench, now));
    wait = sooner(wait, recorder_patience(workbench, now));
    if (workbench->changed && !loop->hung_up)
        wait = frame_wait(loop);
    wait = sooner(wait, attach_wait(workbench));
    if (workbench->replay)
        wait = sooner(wait, replay_patience(workbench->replay));
    if (input_wait >= 0)
        wait = sooner(wait, fmax(0, loop->last_input + input_wait * 1e-3 - clock_seconds()));
    return wait < 0 ? -1 : (int)(wait * 1e3 + 0.999);
}

/* What stands on the screen, for the session. */
static void remember(struct loop *loop) {
    struct session_sight sight;
    if (!loop->screen->workbench->recorder || !loop->grid)
        return;
    screen_sight(loop->screen, loop->grid->rows, loop->grid->columns, &sight);
    recorder_follow(loop->screen->workbench, &sight, clock_wall());
}

static int turn(struct loop *loop, struct sawb_error *error) {
    struct screen *screen = loop->screen;
    struct workbench *workbench = screen->workbench;
    struct pollfd sources[] = {
        {.fd = signals_descriptor(), .events = POLLIN},
        {.fd = workbench->events ? queue_descriptor(workbench->events) : -1, .events = POLLIN},
        {.fd = loop->hung_up ? -1 : STDIN_FILENO, .events = POLLIN},
        {.fd = attach_descriptor(workbench), .events = POLLIN}};
    remember(loop);
    double late = screen_patience(screen);
    int input_wait = input_patience(&loop->input);
    int ready = poll(sources, 4, patience(loop, input_wait));
    if (ready < 0 && errno != EINTR)
        return error_set(error, "waiting for input failed: %s", strerror(errno));
    screen->now = clock_wall();
    double now = clock_seconds();
    if (late >= 0 && screen_patience(screen) < 0)
        workbench->changed = 1;
    take_signals(loop);
    if (ready > 0 && sources[2].revents)
        read_input(loop);
    else if (input_wait >= 0 && now - loop->last_input >= input_wait * 1e-3)
        take_input(loop, 1);
    take_events(workbench);
    replay_bar_follow(screen, now);
    if (workbench->replay)
        screen->now = workbench_now(workbench);
    else
        runs_follow(workbench, screen->now);
    timing_follow(workbench, screen->now);
    if (screen->suspend) {
        term_suspend();
        screen->suspend = 0;
        workbench->changed = 1;
    }
    if (workbench->quit && !screen->leaving)
        screen_leave(screen);
    if (screen->leaving && (!workbench->long_job || workbench->replay))
        loop->done = 1;
    if (loop->hung_up || loop->done || !workbench->changed || frame_wait(loop) > 0)
        return 0;
    if (fit_grid(loop, error) < 0)
        return -1;
    draw_frame(loop);
    return 0;
}

int screen_run(struct workbench *workbench, struct sawb_error *error) {
    struct loop loop = {0};
    const struct glyphs *glyphs =
        !workbench->settings.ascii && term_is_utf8() ? &glyphs_utf8 : &glyphs_ascii;
    int status = -1;
    loop.glyphs = glyphs;
    if (screen_create(&loop.screen, workbench, glyphs, error) < 0)
        return -1;
    if (term_open(settings_in_color(&workbench->settings, 1), error) < 0)
        goto end;
    if (signals_open(error) < 0)
        goto end;
    if (workbench->replay)
        screen_take_sight(loop.screen, replay_sight(workbench->replay));
    else
        screen_configure(loop.screen);
    /* Who comes for a run looks at it. */
    if (workbench->attached)
        loop.screen->on_map = 1;
    status = 0;
    while (status == 0 && !loop.done)
        status = turn(&loop, error);
    remember(&loop);
end:
    term_close();
    signals_close();
    screen_free(loop.screen);
    input_free(&loop.input);
    grid_free(loop.grid);
    return status;
}

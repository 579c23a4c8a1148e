/*
 * replay_cast.c - a session as an asciicast: frames of the screen as ANSI text.
 *
 * Format: asciicast v3 (docs.asciinema.org/manual/asciicast/v3): intervals in seconds since the
 * event before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/session/record_bytes.h"
#include "tui/screen/replay_door.h"
#include "tui/screen/screen.h"
#include "tui/screen/sight.h"
#include "viz/ansi.h"

#define FRAME_SECONDS 0.1 /* no more frames than that */
#define ROWS 24
#define COLUMNS 80

static void put(struct bytes *bytes, const char *text) {
    bytes_put(bytes, text, strlen(text));
}

static int same_cell(const struct cell *a, const struct cell *b) {
    return strcmp(a->glyph, b->glyph) == 0 && ansi_alike(a, b);
}

/* What changes the frame before into this one. */
static void put_frame(struct bytes *text, const struct ansi *ansi, const struct grid *grid,
                      const struct grid *before) {
    char place[32], code[ANSI_BYTES];
    const struct cell *look = NULL;
    for (int row = 0; row < grid->rows; row++) {
        int at = -1; /* the column where the terminal writes next */
        for (int column = 0; column < grid->columns; column++) {
            size_t index = (size_t)row * (size_t)grid->columns + (size_t)column;
            const struct cell *cell = &grid->cells[index];
            if (cell->flags & CELL_TAIL || same_cell(cell, &before->cells[index]))
                continue;
            if (at != column) {
                snprintf(place, sizeof(place), "\033[%d;%dH", row + 1, column + 1);
                put(text, place);
            }
            if (!look || !ansi_alike(look, cell))
                put(text, ansi_look(ansi, cell, code));
            look = cell;
            put(text, cell->glyph[0] ? cell->glyph : " ");
            int wide = column + 1 < grid->columns && cell[1].flags & CELL_TAIL;
            at = column + 1 + wide;
        }
    }
}

/* A string of JSON. */
static void put_string(struct bytes *out, const unsigned char *text, size_t size) {
    char code[8];
    put(out, "\"");
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"' || text[i] == '\\') {
            put(out, "\\");
            bytes_put(out, text + i, 1);
        } else if (text[i] < 32) {
            snprintf(code, sizeof(code), "\\u%04x", text[i]);
            put(out, code);
        } else {
            bytes_put(out, text + i, 1);
        }
    }
    put(out, "\"");
}

struct cast {
    struct replay *replay;
    struct screen *screen;
    struct grid *grids[2]; /* this frame and the one before */
    struct ansi ansi;
    double last; /* time of the frame before */
    struct bytes out;
};

static void add_frame(struct cast *cast, int first) {
    struct workbench *workbench = replay_workbench(cast->replay);
    struct bytes text = {0};
    char interval[48];
    struct grid *grid = cast->grids[0], *before = cast->grids[1];
    double now = replay_time(cast->replay);
    screen_take_sight(cast->screen, replay_sight(cast->replay));
    cast->screen->now = workbench_now(workbench);
    screen_draw(cast->screen, grid);
    if (first)
        put(&text, "\033[?25l\033[0m\033[2J");
    put_frame(&text, &cast->ansi, grid, before);
    cast->out.failed |= text.failed;
    if (text.size > 0) {
        snprintf(interval, sizeof(interval), "[%.3f, \"o\", ", now - cast->last);
        put(&cast->out, interval);
        put_string(&cast->out, text.data, text.size);
        put(&cast->out, "]\n");
        cast->last = now;
        cast->grids[0] = before;
        cast->grids[1] = grid;
    }
    bytes_free(&text);
}

static int add_frames(struct cast *cast, struct sawb_error *error) {
    struct replay *replay = cast->replay;
    size_t count = replay_count(replay);
    cast->last = replay_time(replay);
    add_frame(cast, 1);
    while (replay_position(replay) < count && !cast->out.failed) {
        size_t position = replay_at(replay, replay_time(replay) + FRAME_SECONDS);
        size_t next = replay_step(replay, 1);
        if (replay_go(replay, position > next ? position : next, error) < 0)
            return -1;
        add_frame(cast, 0);
    }
    return cast->out.failed ? error_set(error, "replay: out of memory for the frames") : 0;
}

int replay_asciicast(struct replay *replay, const char *file, struct sawb_error *error) {
    struct workbench *workbench = replay_workbench(replay);
    const struct glyphs *glyphs = workbench->settings.ascii ? &glyphs_ascii : &glyphs_utf8;
    struct cast cast = {.replay = replay};
    struct palette palette;
    size_t start = replay_position(replay);
    /* The size that was in sight at the end: a cast has one. */
    if (replay_go(replay, replay_count(replay), error) < 0)
        return -1;
    int rows = replay_sight(replay)->rows, columns = replay_sight(replay)->columns;
    rows = rows > 0 ? rows : ROWS;
    columns = columns > 0 ? columns : COLUMNS;
    if (replay_go(replay, start, error) < 0 ||
        screen_create(&cast.screen, workbench, glyphs, error) < 0)
        return -1;
    cast.screen->without_bar = 1;
    palette_make(&palette, workbench->palette > 0 ? workbench->palette - 1 : 0);
    ansi_make(&cast.ansi, &palette, ANSI_TRUE_COLOR);
    char head[160];
    snprintf(head, sizeof(head),
             "{\"version\": 3, \"term\": {\"cols\": %d, \"rows\": %d}, \"timestamp\": %.0f}\n",
             columns, rows, replay_log(replay)->begun);
    put(&cast.out, head);
    int status = 0;
    for (int i = 0; i < 2 && status == 0; i++)
        if (!(cast.grids[i] = grid_create(rows, columns, error)))
            status = -1;
    if (status == 0)
        status = add_frames(&cast, error);
    if (status == 0)
        status = file_replace(file, cast.out.data, cast.out.size, error);
    grid_free(cast.grids[0]);
    grid_free(cast.grids[1]);
    bytes_free(&cast.out);
    screen_free(cast.screen);
    return status;
}

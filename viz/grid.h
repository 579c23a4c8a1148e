/*
 * grid.h - what is drawn: a grid of cells, each a glyph and a meaning.
 *
 * Views write into a grid; the terminal blits it, the console prints it, exporters save it and
 * tests compare it. A cell says what it means (enum meaning), never a colour: palettes give
 * meanings a look.
 */
#ifndef SAWB_VIZ_GRID_H
#define SAWB_VIZ_GRID_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/* What a cell means. The ramps have RAMP_STEPS levels each: MEANING_WEIGHT + 0 .. + RAMP_STEPS-1.
 */
#define RAMP_STEPS 16
enum meaning {
    MEANING_TEXT,     /* plain text */
    MEANING_FAINT,    /* rules, hints, units */
    MEANING_TITLE,    /* names of panes */
    MEANING_ACCENT_A, /* what belongs to arm A */
    MEANING_ACCENT_B, /* what belongs to arm B */
    MEANING_POSITIVE, /* label 1, agreement */
    MEANING_NEGATIVE, /* label 0, disagreement */
    MEANING_ERROR,    /* something failed */
    MEANING_NOTE,     /* state of long work, what a key did */
    MEANING_KEY,      /* names of keys in hints and help */
    MEANING_BLOCKED,  /* a pair removed by the mask */
    MEANING_SELECTED, /* the row of a list under the cursor */
    MEANING_WEIGHT,   /* sequential ramp, RAMP_STEPS values */
    /* Diverging ramp: the first is most negative (A), the last most positive (B). */
    MEANING_DIFFERENCE = MEANING_WEIGHT + RAMP_STEPS,
    MEANING_COUNT = MEANING_DIFFERENCE + RAMP_STEPS
};

struct glyphs;

enum cell_flags { CELL_CURSOR = 1, CELL_BOLD = 2, CELL_UNDERLINE = 4, CELL_REVERSE = 8 };

/* One column of the screen. A wide character takes two: the second has an empty glyph and
 * CELL_TAIL. */
#define CELL_TAIL 0x80
#define CELL_BYTES                                                                                 \
    24 /* a code point and its combining marks, NUL-terminated; more marks are dropped */
struct cell {
    char glyph[CELL_BYTES];
    uint8_t meaning;
    uint8_t flags;
};

struct grid {
    int rows, columns;
    int cursor_row, cursor_column; /* where the terminal's cursor stands; row -1: hidden */
    struct cell *cells;            /* [rows, columns] */
};

/* A rectangle of a grid that a view draws into; everything outside of it is clipped. */
struct area {
    struct grid *grid;
    int row, column, rows, columns;
};

/* A blank grid, owned by the caller (grid_free). Each side is 0 to GRID_MOST; NULL otherwise or
 * when out of memory. */
#define GRID_MOST 10000
struct grid *grid_create(int rows, int columns, struct sawb_error *error);
void grid_free(struct grid *grid);
/* Blanks every cell and hides the cursor. */
void grid_clear(struct grid *grid);
struct area grid_area(struct grid *grid);

/* A part of an area, clipped to it: where the two do not meet it is empty and nothing can be drawn.
 */
struct area area_part(struct area area, int row, int column, int rows, int columns);

/* The cell at (row, column) of the area, NULL outside of it. */
struct cell *area_cell(struct area area, int row, int column);

/*
 * Writes UTF-8 text at (row, column) of the area and returns the columns it took, so that
 * `column += area_text(…)` goes on behind it. Clipped at both edges (a wide character that would be
 * cut is left out); the count stops at the right edge and does not depend on the row. Control
 * characters and invalid bytes are drawn as '?' (ASCII) so that nothing can reach the terminal raw;
 * combining marks join the character before them. Drawing over one half of a wide character blanks
 * its other half, also when that lies outside of the area.
 */
int area_text(struct area area, int row, int column, enum meaning meaning, unsigned flags,
              const char *text);
/* The same, formatted. Draws nothing and returns 0 when out of memory. */
int area_printf(struct area area, int row, int column, enum meaning meaning, unsigned flags,
                const char *format, ...) __attribute__((format(printf, 6, 7)));
/* The same, flush right so that it ends before `column_end`; what does not fit is cut at its start.
 */
int area_text_right(struct area area, int row, int column_end, enum meaning meaning, unsigned flags,
                    const char *text);
/* A rule over the whole row. */
void area_rule(struct area area, int row, const struct glyphs *glyphs);
/* Every cell of the area with one glyph of one column. */
void area_fill(struct area area, enum meaning meaning, const char *glyph);

/*
 * Takes the next drawn character off a NUL-terminated text: a base character with its combining
 * marks, as a cell holds it, safe for a terminal. Returns the bytes of text it came from, 0 at the
 * end. `columns` is 1 or 2; or 0 with an empty glyph for bytes that draw nothing (joiners,
 * variation selectors).
 */
size_t text_next(const char *text, char glyph[CELL_BYTES], int *columns);

/* Terminal columns of a UTF-8 text, as area_text would draw it. */
int text_columns(const char *text);
/* Bytes of the longest prefix of whole characters that fits in `columns`. */
size_t text_prefix(const char *text, int columns);

#endif

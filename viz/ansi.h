/*
 * ansi.h - what a cell means as the escape sequence that makes a terminal show it so.
 *
 *     struct ansi ansi;
 *     ansi_make(&ansi, &palette, ansi_colors());
 *     fputs(ansi_look(&ansi, cell, code), stdout);
 *
 * ECMA-48 "select graphic rendition"; RGB and 256 colours as xterm has them.
 */
#ifndef SAWB_VIZ_ANSI_H
#define SAWB_VIZ_ANSI_H

#include "viz/palette.h"

#define ANSI_TRUE_COLOR (1 << 24)
#define ANSI_BYTES 80 /* of one sequence */
#define ANSI_PLAIN "\033[0m"

struct ansi {
    struct look looks[MEANING_COUNT];
    struct terminal_look colors[MEANING_COUNT];
    int count; /* of colours the terminal has */
};

/* How many colours the terminal has, by COLORTERM and TERM: ANSI_TRUE_COLOR, 256, 16, 8, or 0 for
 * one without (TERM not set, or "dumb"). */
int ansi_colors(void);

void ansi_make(struct ansi *ansi, const struct palette *palette, int colors);

/* The sequence that ends the look before and begins that of the cell, in `code`. */
const char *ansi_look(const struct ansi *ansi, const struct cell *cell, char code[ANSI_BYTES]);

/* Whether the two cells look the same but for their glyphs. */
int ansi_alike(const struct cell *a, const struct cell *b);

/* The text without its escape sequences, in place. */
void ansi_strip(char *text);

/* The rows of a grid as lines, without blanks at their ends that look like nothing. Owned by the
 * caller, NULL when out of memory. */
char *ansi_text(const struct ansi *ansi, const struct grid *grid);

#endif

/*
 * glyphs.h - the characters drawn: UTF-8 and plain ASCII.
 */
#ifndef SAWB_VIZ_GLYPHS_H
#define SAWB_VIZ_GLYPHS_H

#define GLYPHS_RAMP_MOST 10
#define GLYPHS_LINES 8

struct glyphs {
    const char *ramp[GLYPHS_RAMP_MOST]; /* equal parts of a scale: ▁..█ / 0..9 (tenths) */
    int ramp_count;                     /* how many of them there are: 8 / 10 */
    const char *tiny;                   /* an allowed but tiny weight: ▁ / 0 */
    const char *blocked;                /* a pair removed by the mask: · / . */
    const char *more[2];             /* a difference of one column, small and large: + ╋ / + # */
    const char *less[2];             /* the same below zero: − ━ / - = */
    const char *bar[9];              /* eighths of a bar to the right, 0 to 8 */
    const char *rule;                /* a horizontal rule: ─ / - */
    const char *dashed;              /* the sign of a dashed curve: ╌ / - */
    const char *vertical;            /* │ / | */
    const char *prompt;              /* ❯ / > */
    const char *running;             /* ▶ / > */
    const char *delta;               /* Δ / d */
    const char *minus;               /* − / - */
    const char *ellipsis;            /* … / ~ */
    const char *arrow;               /* → / > */
    const char *continuation;        /* before a piece that goes on a word: · / # */
    const char *point;               /* a marked value of a curve: • / * */
    const char *best;                /* a value that stands out from its curve: ◆ / @ */
    const char *yes, *no;            /* right and wrong: ✓ ✗ / + x */
    const char *differ;              /* two that are not the same: ≠ / ! */
    const char *rising, *falling;    /* how a column is sorted: ▲ ▼ / ^ v */
    const char *lines[GLYPHS_LINES]; /* curves without braille, by index: . + x o = % s v */
    const char
        *joints[16]; /* of rules and verticals, by bits: 1 up, 2 down, 4 left, 8 right: ┼ / + */
    int unicode;     /* 1: braille may be used for curves */
};

/* glyphs_digits: UTF-8, but parts of a scale are the digits of tenths. */
extern const struct glyphs glyphs_utf8, glyphs_digits, glyphs_ascii;

#endif

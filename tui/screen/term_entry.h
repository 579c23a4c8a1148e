/*
 * term_entry.h - a compiled terminfo entry, made from capabilities in memory.
 *
 * Most terminals of today show 24-bit colours, but the entry that TERM names knows of 256, and the
 * entry that knows better ("xterm-direct") is often not installed. The entry made here has what the
 * terminal's own has, except that colour numbers are RGB values.
 *
 * The format is that of term(5), "extended number format": little-endian, numbers of 32 bits, with
 * one extended flag, RGB. ncurses reads it from $TERMINFO when that begins with "hex:".
 */
#ifndef SAWB_TUI_SCREEN_TERM_ENTRY_H
#define SAWB_TUI_SCREEN_TERM_ENTRY_H

/* Capabilities in the order of terminfo, as boolcodes, numcodes and strcodes have them. */
struct term_entry {
    const char *name;
    const unsigned char *flags;
    const int *numbers;         /* negative: absent */
    const char *const *strings; /* NULL: absent */
    int flag_count, number_count, string_count;
};

/* "hex:…", owned by the caller; NULL when out of memory or too large for the format. */
char *term_entry_print(const struct term_entry *entry);

/* setaf and setab for colour numbers that are RGB values. */
extern const char term_entry_foreground[], term_entry_background[];

/*
 * Whether colours of 24 bits can be expected of a terminal: COLORTERM says so, and neither TERM nor
 * a multiplexer in between speaks against it (GNU screen hands COLORTERM on but does not understand
 * such colours; tmux does). Each may be NULL: not set.
 */
int term_entry_wanted(const char *colorterm, const char *term, const char *tmux, int colors);

#endif

/*
 * format.h - numbers as people read them.
 */
#ifndef SAWB_TUI_APP_FORMAT_H
#define SAWB_TUI_APP_FORMAT_H

#include <stdint.h>

#define FORMAT_BYTES 32

/* "1,234,567" */
const char *format_count(char text[FORMAT_BYTES], int64_t count);

/* "8 s", "4 min", "2 h 05 min"; nothing for a negative time (unknown). */
const char *format_duration(char text[FORMAT_BYTES], double seconds);

#endif

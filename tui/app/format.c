/*
 * format.c - numbers as people read them.
 */
#include "tui/app/format.h"

#include <stdio.h>
#include <string.h>

const char *format_count(char text[FORMAT_BYTES], int64_t count) {
    char digits[FORMAT_BYTES];
    int length = snprintf(digits, sizeof(digits), "%lld", (long long)count), out = 0;
    for (int i = 0; i < length; i++) {
        text[out++] = digits[i];
        int left = length - 1 - i;
        if (left > 0 && left % 3 == 0 && digits[i] != '-')
            text[out++] = ',';
    }
    text[out] = '\0';
    return text;
}

const char *format_duration(char text[FORMAT_BYTES], double seconds) {
    if (!(seconds >= 0) || seconds > 1e8)
        text[0] = '\0';
    else if (seconds < 90)
        snprintf(text, FORMAT_BYTES, "%.0f s", seconds);
    else if (seconds < 5400)
        snprintf(text, FORMAT_BYTES, "%.0f min", seconds / 60);
    else
        snprintf(text, FORMAT_BYTES, "%d h %02d min", (int)(seconds / 3600),
                 (int)(seconds / 60) % 60);
    return text;
}

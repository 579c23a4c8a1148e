/*
 * export_file.h - figures as files: one table of formats, chosen by the ending of the path.
 */
#ifndef SAWB_VIZ_EXPORT_FILE_H
#define SAWB_VIZ_EXPORT_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "viz/figure.h"
#include "viz/palette.h"

struct export_options {
    int palette;  /* index of the colours (viz/palette.h) */
    double scale; /* pixels of a PNG to a unit of the drawing */
};

/* White paper, one pixel a unit. */
struct export_options export_usual(void);

struct export_format {
    const char *ending; /* with its dot */
    const char *help;   /* what it is, one line */
    int (*write)(const struct figure *figure, const struct export_options *options, FILE *out,
                 struct sawb_error *error);
};

/* Row `index`, NULL past the last. */
const struct export_format *export_format_get(int index);

/* The format of the path's ending (upper and lower case are the same); otherwise NULL with an error
 * that lists the endings. */
const struct export_format *export_format_find(const char *path, struct sawb_error *error);

/* The figure as the bytes of a file, owned by the caller (free) and followed by a NUL. `options`
 * NULL: the usual ones. */
int figure_print(const struct figure *figure, const struct export_format *format,
                 const struct export_options *options, char **data, size_t *size,
                 struct sawb_error *error);

/* Replaces the file at `path` in one go (core/base/file.h). */
int figure_write(const struct figure *figure, const char *path,
                 const struct export_options *options, struct sawb_error *error);

#endif

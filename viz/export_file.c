/*
 * export_file.c - the table of formats, and files.
 */
#include "viz/export_file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/file.h"
#include "viz/export_formats.h"
#include "viz/export_raster.h"
#include "viz/export_svg.h"
#include "viz/figure_draw.h"

static int write_svg(const struct figure *figure, const struct export_options *options, FILE *out,
                     struct sawb_error *error) {
    struct palette palette;
    palette_make(&palette, options->palette);
    struct drawing drawing = figure_draw(figure, &palette);
    int status = drawing_svg(&drawing, out, error);
    drawing_free(&drawing);
    return status;
}

static int write_png(const struct figure *figure, const struct export_options *options, FILE *out,
                     struct sawb_error *error) {
    struct palette palette;
    palette_make(&palette, options->palette);
    struct drawing drawing = figure_draw(figure, &palette);
    int status = drawing_png(&drawing, options->scale, out, error);
    drawing_free(&drawing);
    return status;
}

static int no_memory(int status, struct sawb_error *error) {
    return status < 0 ? error_set(error, "figure: out of memory") : 0;
}

static int write_tsv(const struct figure *figure, const struct export_options *options, FILE *out,
                     struct sawb_error *error) {
    (void)options;
    return no_memory(figure_tsv(figure, out), error);
}

static int write_csv(const struct figure *figure, const struct export_options *options, FILE *out,
                     struct sawb_error *error) {
    (void)options;
    return no_memory(figure_csv(figure, out), error);
}

static int write_text(const struct figure *figure, const struct export_options *options, FILE *out,
                      struct sawb_error *error) {
    (void)options;
    return no_memory(figure_text(figure, out), error);
}

static int write_json(const struct figure *figure, const struct export_options *options, FILE *out,
                      struct sawb_error *error) {
    (void)options;
    return no_memory(figure_json(figure, out), error);
}

static int write_tex(const struct figure *figure, const struct export_options *options, FILE *out,
                     struct sawb_error *error) {
    struct palette palette;
    palette_make(&palette, options->palette);
    return no_memory(figure_tex(figure, &palette, out), error);
}

static const struct export_format formats[] = {
    {".svg", "vectors, fit for a paper", write_svg},
    {".png", "pixels; --scale 2 for twice as many", write_png},
    {".tsv", "a table, tabs between the cells", write_tsv},
    {".csv", "a table as RFC 4180 has it", write_csv},
    {".tex", "pgfplots, or a tabular with booktabs", write_tex},
    {".txt", "lines to be read out and searched", write_text},
    {".json", "one JSON object", write_json},
};
#define FORMATS ((int)(sizeof(formats) / sizeof(formats[0])))

struct export_options export_usual(void) {
    return (struct export_options){.palette = palette_find("light"), .scale = 1};
}

const struct export_format *export_format_get(int index) {
    return index >= 0 && index < FORMATS ? &formats[index] : NULL;
}

const struct export_format *export_format_find(const char *path, struct sawb_error *error) {
    char endings[128];
    size_t length = strlen(path), used = 0;
    for (int i = 0; i < FORMATS; i++) {
        size_t ending = strlen(formats[i].ending);
        if (length > ending && strcasecmp(path + length - ending, formats[i].ending) == 0)
            return &formats[i];
        used += (size_t)snprintf(endings + used, sizeof(endings) - used, "%s%s", i > 0 ? ", " : "",
                                 formats[i].ending);
    }
    error_set(error, "%s: the ending says what is written; it must be one of %s", path, endings);
    return NULL;
}

int figure_print(const struct figure *figure, const struct export_format *format,
                 const struct export_options *options, char **data, size_t *size,
                 struct sawb_error *error) {
    struct export_options usual = export_usual();
    *data = NULL;
    *size = 0;
    FILE *out = open_memstream(data, size);
    if (!out)
        return error_set(error, "figure: out of memory");
    int status = format->write(figure, options ? options : &usual, out, error);
    int lost = ferror(out);
    lost |= fclose(out) != 0;
    if (status == 0 && lost)
        status = error_set(error, "figure: out of memory");
    if (status < 0) {
        free(*data);
        *data = NULL;
        *size = 0;
    }
    return status;
}

int figure_write(const struct figure *figure, const char *path,
                 const struct export_options *options, struct sawb_error *error) {
    const struct export_format *format = export_format_find(path, error);
    char *data;
    size_t size;
    if (!format || figure_print(figure, format, options, &data, &size, error) < 0)
        return -1;
    int status = file_replace(path, data, size, error);
    free(data);
    return status;
}

/*
 * export_png.c - pixels as PNG (W3C, Portable Network Graphics, third edition): chunks with CRCs,
 * rows filtered by what differs from the row above, compressed by zlib.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "viz/export_raster.h"

#define FILTER_UP 2
#define PIXELS_PER_METRE (96 / 0.0254) /* of a unit of a drawing */

static void put_number(uint8_t *bytes, uint32_t number) {
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(number >> (24 - 8 * i));
}

static void write_chunk(FILE *out, const char *name, const uint8_t *data, size_t size) {
    uint8_t number[4];
    uLong check = crc32(0, (const Bytef *)name, 4);
    if (size > 0)
        check = crc32(check, data, (uInt)size);
    put_number(number, (uint32_t)size);
    fwrite(number, 1, 4, out);
    fwrite(name, 1, 4, out);
    if (size > 0)
        fwrite(data, 1, size, out);
    put_number(number, (uint32_t)check);
    fwrite(number, 1, 4, out);
}

/* A keyword of PNG: Latin-1 of 1 to 79 bytes; ours are ASCII. */
static int write_text(FILE *out, const char *keyword, const char *text) {
    size_t name = strlen(keyword), length = strlen(text);
    uint8_t *data = calloc(name + 5 + length, 1);
    if (!data)
        return -1;
    /* After the keyword: no compression (2 bytes), no language, no translated keyword. */
    memcpy(data, keyword, name);
    memcpy(data + name + 5, text, length);
    write_chunk(out, "iTXt", data, name + 5 + length);
    free(data);
    return 0;
}

static int write_facts(const struct drawing *drawing, FILE *out) {
    if (drawing->title && write_text(out, "Title", drawing->title) < 0)
        return -1;
    for (int i = 0; i < drawing->fact_count; i++) {
        char keyword[80];
        snprintf(keyword, sizeof(keyword), "sawb %.74s", drawing->facts[i].name);
        if (write_text(out, keyword, drawing->facts[i].value) < 0)
            return -1;
    }
    return 0;
}

/* Rows, each with its filter before it; owned by the caller. */
static uint8_t *filter_rows(const struct raster *raster, size_t *size) {
    size_t bytes = (size_t)raster->width * 3;
    *size = (size_t)raster->height * (bytes + 1);
    uint8_t *rows = malloc(*size);
    for (int y = 0; rows && y < raster->height; y++) {
        uint8_t *row = rows + (size_t)y * (bytes + 1);
        const uint8_t *here = raster->rgb + (size_t)y * bytes;
        *row++ = FILTER_UP;
        for (size_t i = 0; i < bytes; i++)
            row[i] = (uint8_t)(here[i] - (y > 0 ? here[i - bytes] : 0));
    }
    return rows;
}

static int write_pixels(const struct raster *raster, FILE *out) {
    size_t size;
    uint8_t *rows = filter_rows(raster, &size);
    uLongf packed_size = rows ? compressBound((uLong)size) : 0;
    uint8_t *packed = rows ? malloc(packed_size) : NULL;
    int status = packed && compress2(packed, &packed_size, rows, (uLong)size, 9) == Z_OK ? 0 : -1;
    if (status == 0)
        write_chunk(out, "IDAT", packed, packed_size);
    free(packed);
    free(rows);
    return status;
}

int drawing_png(const struct drawing *drawing, double scale, FILE *out, struct sawb_error *error) {
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    uint8_t header[13] = {[8] = 8 /* bits */, [9] = 2 /* RGB */}, density[9] = {[8] = 1};
    struct raster raster;
    if (drawing_raster(drawing, scale, &raster, error) < 0)
        return -1;
    put_number(header, (uint32_t)raster.width);
    put_number(header + 4, (uint32_t)raster.height);
    put_number(density, (uint32_t)(PIXELS_PER_METRE * scale + 0.5));
    put_number(density + 4, (uint32_t)(PIXELS_PER_METRE * scale + 0.5));
    fwrite(signature, 1, sizeof(signature), out);
    write_chunk(out, "IHDR", header, sizeof(header));
    write_chunk(out, "pHYs", density, sizeof(density));
    int status = write_facts(drawing, out);
    if (status == 0)
        status = write_pixels(&raster, out);
    write_chunk(out, "IEND", NULL, 0);
    raster_free(&raster);
    return status < 0 || ferror(out) ? error_set(error, "png: out of memory") : 0;
}

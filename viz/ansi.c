/*
 * ansi.c - cells as text with escape sequences.
 */
#include "viz/ansi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int ansi_colors(void) {
    const char *direct = getenv("COLORTERM"), *name = getenv("TERM");
    if (!name || !*name || strcmp(name, "dumb") == 0)
        return 0;
    if (direct && (strcasecmp(direct, "truecolor") == 0 || strcasecmp(direct, "24bit") == 0))
        return ANSI_TRUE_COLOR;
    if (strstr(name, "256color") || strstr(name, "direct"))
        return 256;
    return strstr(name, "16color") ? 16 : 8;
}

void ansi_make(struct ansi *ansi, const struct palette *palette, int colors) {
    memcpy(ansi->looks, palette->looks, sizeof(ansi->looks));
    palette_reduce(palette, colors, ansi->colors);
    ansi->count = colors;
}

static int put_color(const struct ansi *ansi, int color, int background, char *code, size_t size) {
    int base = background ? 40 : 30;
    if (color < 0 || ansi->count < 8)
        return 0;
    if (ansi->count >= ANSI_TRUE_COLOR)
        return snprintf(code, size, ";%d;2;%d;%d;%d", base + 8, color >> 16 & 255, color >> 8 & 255,
                        color & 255);
    if (ansi->count >= 256)
        return snprintf(code, size, ";%d;5;%d", base + 8, color);
    /* The bright half of 16 colours has numbers of its own. */
    return snprintf(code, size, ";%d", color < 8 ? base + color : base + 60 + color - 8);
}

const char *ansi_look(const struct ansi *ansi, const struct cell *cell, char code[ANSI_BYTES]) {
    const struct look *look = &ansi->looks[cell->meaning];
    const struct terminal_look *color = &ansi->colors[cell->meaning];
    int used = snprintf(code, ANSI_BYTES, "\033[0%s%s%s%s",
                        look->bold || cell->flags & CELL_BOLD ? ";1" : "", look->dim ? ";2" : "",
                        look->underline || cell->flags & CELL_UNDERLINE ? ";4" : "",
                        look->reverse || cell->flags & (CELL_REVERSE | CELL_CURSOR) ? ";7" : "");
    used += put_color(ansi, color->foreground, 0, code + used, ANSI_BYTES - (size_t)used);
    used += put_color(ansi, color->background, 1, code + used, ANSI_BYTES - (size_t)used);
    snprintf(code + used, ANSI_BYTES - (size_t)used, "m");
    return code;
}

int ansi_alike(const struct cell *a, const struct cell *b) {
    return a->meaning == b->meaning && a->flags == b->flags;
}

void ansi_strip(char *text) {
    char *to = text;
    while (*text) {
        if (text[0] == '\033' && text[1] == '[') {
            text += 2;
            text += strspn(text, "0123456789;");
            text += *text != '\0';
            continue;
        }
        *to++ = *text++;
    }
    *to = '\0';
}

static int is_blank(const struct ansi *ansi, const struct cell *cell) {
    const struct look *look = &ansi->looks[cell->meaning];
    return (cell->glyph[0] == '\0' || strcmp(cell->glyph, " ") == 0) &&
           !(cell->flags & (CELL_CURSOR | CELL_REVERSE | CELL_UNDERLINE | CELL_TAIL)) &&
           !look->reverse && !look->underline && ansi->colors[cell->meaning].background < 0;
}

static void put_row(const struct ansi *ansi, const struct cell *cells, int columns, FILE *out) {
    char code[ANSI_BYTES];
    const struct cell *before = NULL;
    while (columns > 0 && is_blank(ansi, &cells[columns - 1]))
        columns--;
    for (int i = 0; i < columns; i++) {
        if (cells[i].flags & CELL_TAIL)
            continue;
        if (!before || !ansi_alike(before, &cells[i]))
            fputs(ansi_look(ansi, &cells[i], code), out);
        before = &cells[i];
        fputs(cells[i].glyph[0] ? cells[i].glyph : " ", out);
    }
    fputs(before ? ANSI_PLAIN "\n" : "\n", out);
}

char *ansi_text(const struct ansi *ansi, const struct grid *grid) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    for (int row = 0; row < grid->rows; row++)
        put_row(ansi, &grid->cells[(size_t)row * (size_t)grid->columns], grid->columns, out);
    int failed = ferror(out);
    failed |= fclose(out) != 0;
    if (!failed)
        return text;
    free(text);
    return NULL;
}

/*
 * figure_draw.c - panels in rows, a title above and a caption below, and the texts they share.
 */
#include "viz/figure_draw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text/unicode.h"
#include "viz/color.h"
#include "viz/export_font.h"
#include "viz/figure_panel.h"

#define MARGIN 16.0
#define PANEL_GAP 26.0
#define SMALL_GAP 14.0 /* between maps without labels */
#define LEGEND_HEIGHT 18.0
#define WIDTH_MOST 1120.0 /* of a row of panels */
#define WIDTH_LEAST 360.0 /* of the picture, for title and caption */
#define HEAD_SIZE 14.0
#define HEAD_HEIGHT 26.0
#define CAPTION_LINE 12.0
#define CAPTION_GAP 14.0
#define ELLIPSIS "\xe2\x80\xa6"

static const struct panel_kind_row *kind_of(const struct panel *panel) {
    static const struct panel_kind_row *const kinds[] = {[PANEL_MATRIX] = &figure_matrix_panel,
                                                         [PANEL_SERIES] = &figure_series_panel,
                                                         [PANEL_BARS] = &figure_bars_panel,
                                                         [PANEL_TABLE] = &figure_table_panel};
    return kinds[panel->kind];
}

/* ---- texts that panels share ----------------------------------------------------------------- */

uint32_t style_color(const struct style *style, int meaning) {
    uint32_t color = style->palette->looks[meaning < MEANING_COUNT ? meaning : 0].foreground;
    int is_quiet = meaning == MEANING_BLOCKED || meaning == MEANING_FAINT;
    if (color != COLOR_OWN)
        return color;
    return is_quiet || meaning == MEANING_ACCENT_B
               ? color_mix(style->palette->ink, style->palette->page, 0.45)
               : style->palette->ink;
}

uint32_t color_between(const struct style *style) {
    return color_mix(style->palette->page, style->faint, 0.25);
}

double text_width(const char *text, double size) {
    return font_width(text) * size;
}

char *text_fit(char out[FIT_BYTES], const char *text, double size, double width) {
    size_t length = 0, end = strlen(text);
    while (length < end && length + UNICODE_BYTES_MAX + sizeof(ELLIPSIS) < FIT_BYTES) {
        int32_t code;
        int bytes = unicode_decode(text + length, end - length, &code);
        int is_safe = bytes > 0 && !(code < ' ') && code != 0x7f;
        if (!is_safe)
            out[length] = ' ';
        else
            memcpy(out + length, text + length, (size_t)bytes);
        length += is_safe ? (size_t)bytes : 1;
    }
    out[length] = '\0';
    int whole = length == end;
    if (whole && text_width(out, size) <= width)
        return out;
    while (length > 0) {
        do
            length--;
        while (length > 0 && ((unsigned char)out[length] & 0xc0) == 0x80);
        memcpy(out + length, ELLIPSIS, sizeof(ELLIPSIS));
        if (text_width(out, size) <= width)
            break;
    }
    return out;
}

void draw_title(const struct style *style, struct drawing *drawing, const char *title, double x,
                double y, double width) {
    const char *rest = title[0] ? title + 1 : title;
    int is_difference = strncmp(rest, " -", 2) == 0 || strncmp(rest, " \xe2\x88\x92", 4) == 0;
    int of_arm = (title[0] == 'A' || title[0] == 'B') && (*rest == ' ' || *rest == ':' || !*rest) &&
                 !is_difference;
    int meaning = title[0] == 'A' ? MEANING_ACCENT_A : MEANING_ACCENT_B;
    char text[FIT_BYTES];
    drawing_text(drawing, x, y + TITLE_SIZE,
                 &(struct lettering){.size = TITLE_SIZE,
                                     .color = of_arm ? style_color(style, meaning) : style->ink,
                                     .bold = 1},
                 text_fit(text, title, TITLE_SIZE * 1.08, width));
}

#define LEGEND_LINE 15.0
#define LEGEND_SAMPLE 18.0
#define LEGEND_SQUARE 9.0
#define LEGEND_GAP 14.0

double draw_legend(const struct style *style, struct drawing *drawing,
                   const struct legend_entry *entries, int count, double x, double y,
                   double width) {
    double at = 0, line = 0;
    for (int i = 0; i < count; i++) {
        int is_square = entries[i].dash < 0;
        double sample = is_square ? LEGEND_SQUARE : LEGEND_SAMPLE;
        char text[FIT_BYTES];
        text_fit(text, entries[i].name, LABEL_SIZE, width - LEGEND_SAMPLE);
        double wide = sample + 5 + text_width(text, LABEL_SIZE);
        if (at > 0 && at + wide > width) {
            at = 0;
            line++;
        }
        double left = x + at, base = y + line * LEGEND_LINE + LABEL_SIZE;
        at += wide + LEGEND_GAP;
        if (!drawing)
            continue;
        double points[] = {left, base - 3.5, left + sample, base - 3.5};
        if (is_square)
            drawing_rectangle(drawing, left, base - LEGEND_SQUARE + 1, LEGEND_SQUARE, LEGEND_SQUARE,
                              entries[i].color);
        else
            drawing_line(drawing, points, 2, 1.6, entries[i].dash, entries[i].color);
        drawing_text(drawing, left + sample + 5, base,
                     &(struct lettering){.size = LABEL_SIZE, .color = style->ink}, text);
    }
    return count > 0 ? (line + 1) * LEGEND_LINE + 4 : 0;
}

/* ---- rows of panels -------------------------------------------------------------------------- */

struct place {
    struct extent extent;
    double x, y;
    int with_bar;
};

/* Maps side by side with the same colours share the last one's bar. */
static int same_scale(const struct panel *one, const struct panel *other) {
    double low[2], high[2];
    if (one->kind != PANEL_MATRIX || other->kind != PANEL_MATRIX || one->scale != other->scale ||
        strcmp(one->unit ? one->unit : "", other->unit ? other->unit : "") != 0)
        return 0;
    matrix_range(one, &low[0], &high[0]);
    matrix_range(other, &low[1], &high[1]);
    return low[0] == low[1] && high[0] == high[1];
}

/* Puts the panels `first` .. `end` - 1 into one row at y; returns its height. */
static double place_row(const struct style *style, const struct figure *figure,
                        struct place *places, int first, int end, double y, double *right) {
    double height = 0, x = MARGIN;
    for (int i = first; i < end; i++) {
        const struct panel *panel = &figure->panels[i];
        struct place *place = &places[i];
        place->with_bar = i + 1 == end || !same_scale(panel, panel + 1);
        place->extent = kind_of(panel)->measure(style, panel, place->with_bar);
        place->x = x;
        place->y = y;
        x += place->extent.width + style->gap;
        height = fmax(height, place->extent.height);
    }
    *right = fmax(*right, x - style->gap);
    return height;
}

/* Where the row that begins at `first` ends. */
static int row_end(const struct style *style, const struct figure *figure, int first) {
    double width = 0;
    int end = first;
    while (end < figure->panel_count) {
        const struct panel *panel = &figure->panels[end];
        width += kind_of(panel)->measure(style, panel, 0).width + style->gap;
        int full = figure->across > 0 ? end - first >= figure->across
                                      : width > WIDTH_MOST || figure->stacked;
        if (end > first && full)
            break;
        end++;
    }
    return end;
}

#define SMALL_MAP 110.0

/* Smaller maps where there are many. */
static double map_side(const struct figure *figure) {
    int maps = 0, largest = 0;
    for (int i = 0; i < figure->panel_count; i++) {
        const struct panel *panel = &figure->panels[i];
        if (panel->kind != PANEL_MATRIX)
            continue;
        maps++;
        largest = panel->rows > largest ? panel->rows : largest;
        largest = panel->columns > largest ? panel->columns : largest;
    }
    double side = maps > 24 ? 80 : maps > 12 ? 110 : maps > 4 ? 200 : maps > 1 ? 260 : 380;
    return maps <= 4 && largest > 64 ? 384 : side;
}

/* ---- caption --------------------------------------------------------------------------------- */

/* "model: … · pattern A: …", owned by the caller. */
static char *caption_text(const struct figure *figure) {
    size_t bytes = 1;
    for (int i = 0; i < figure->fact_count; i++)
        bytes += strlen(figure->facts[i].name) + strlen(figure->facts[i].value) + 8;
    char *text = calloc(bytes, 1), *at = text;
    for (int i = 0; text && i < figure->fact_count; i++)
        at += sprintf(at, "%s%s: %s", i > 0 ? "  \xc2\xb7  " : "", figure->facts[i].name,
                      figure->facts[i].value);
    return text;
}

/* Writes the words in lines of at most `width`; returns their height. `drawing` NULL: only that. */
static double draw_caption(const struct style *style, struct drawing *drawing, const char *text,
                           double y, double width) {
    struct lettering lettering = {.size = SMALL_SIZE, .color = style->faint};
    double height = 0;
    while (*text) {
        char line[FIT_BYTES];
        size_t used = 0, taken = 0;
        while (text[taken]) {
            size_t word = taken + strspn(text + taken, " ");
            word += strcspn(text + word, " ");
            if (word >= FIT_BYTES - sizeof(ELLIPSIS) - UNICODE_BYTES_MAX)
                break;
            memcpy(line, text, word);
            line[word] = '\0';
            if (used > 0 && text_width(line, SMALL_SIZE) > width)
                break;
            taken = used = word;
        }
        if (used == 0) /* one word that is longer than a line */
            taken = strlen(text);
        snprintf(line, sizeof(line), "%.*s", (int)(taken < FIT_BYTES ? taken : FIT_BYTES - 1),
                 text);
        char cut[FIT_BYTES];
        height += CAPTION_LINE;
        if (drawing)
            drawing_text(drawing, MARGIN, y + height, &lettering,
                         text_fit(cut, line, SMALL_SIZE, width));
        text += taken;
        text += strspn(text, " ");
    }
    return height;
}

/* ---- the figure ------------------------------------------------------------------------------ */

static void draw_all(const struct style *style, const struct figure *figure,
                     const struct place *places, double width, struct drawing *drawing) {
    char text[FIT_BYTES];
    if (figure->title)
        drawing_text(drawing, MARGIN, MARGIN + HEAD_SIZE,
                     &(struct lettering){.size = HEAD_SIZE, .color = style->ink, .bold = 1},
                     text_fit(text, figure->title, HEAD_SIZE * 1.08, width - 2 * MARGIN));
    for (int i = 0; i < figure->panel_count; i++)
        kind_of(&figure->panels[i])
            ->draw(style, &figure->panels[i], places[i].with_bar, drawing, places[i].x,
                   places[i].y);
}

static int has_blocked(const struct figure *figure) {
    for (int i = 0; i < figure->panel_count; i++) {
        const struct panel *panel = &figure->panels[i];
        if (panel->kind == PANEL_MATRIX &&
            memchr(panel->mask, 0, (size_t)panel->rows * (size_t)panel->columns))
            return 1;
    }
    return 0;
}

static void draw_blocked_legend(const struct style *style, struct drawing *drawing, double x,
                                double y) {
    drawing_frame(drawing, x, y, 9, 9, 0.8, style->faint);
    drawing_dot(drawing, x + 4.5, y + 4.5, 2.2, style_color(style, MEANING_BLOCKED));
    drawing_text(drawing, x + 14, y + 8,
                 &(struct lettering){.size = SMALL_SIZE, .color = style->faint},
                 "removed by the mask");
}

struct drawing figure_draw(const struct figure *figure, const struct palette *palette) {
    struct style style = {.palette = palette, .ink = palette->ink, .map = map_side(figure)};
    struct place *places = calloc((size_t)figure->panel_count + 1, sizeof(*places));
    char *caption = caption_text(figure);
    struct drawing drawing = drawing_begin(1, 1, palette->page);
    style.faint = style_color(&style, MEANING_FAINT);
    style.is_small = style.map <= SMALL_MAP;
    style.gap = style.is_small ? SMALL_GAP : PANEL_GAP;
    for (int i = 0; i < figure->panel_count; i++)
        if (figure->panels[i].kind == PANEL_MATRIX)
            style.map_head = fmax(style.map_head, matrix_head(&style, &figure->panels[i]));
    drawing.failed = !places || !caption;
    if (!drawing.failed) {
        double y = MARGIN + (figure->title ? HEAD_HEIGHT : 0), right = MARGIN + WIDTH_LEAST;
        for (int first = 0, end; first < figure->panel_count; first = end) {
            end = row_end(&style, figure, first);
            y += place_row(&style, figure, places, first, end, y, &right) + style.gap / 2;
        }
        double legend = y;
        y += has_blocked(figure) ? LEGEND_HEIGHT : 0;
        drawing.width = ceil(right + MARGIN);
        double words = drawing.width - 2 * MARGIN;
        double height = draw_caption(&style, NULL, caption, 0, words);
        drawing.height = ceil(y + (height > 0 ? CAPTION_GAP + height : 0) + MARGIN);
        draw_all(&style, figure, places, drawing.width, &drawing);
        if (has_blocked(figure))
            draw_blocked_legend(&style, &drawing, MARGIN, legend + 6);
        draw_caption(&style, &drawing, caption, y + CAPTION_GAP - CAPTION_LINE / 2, words);
    }
    drawing.title = figure->title;
    drawing.facts = figure->facts;
    drawing.fact_count = figure->fact_count;
    free(places);
    free(caption);
    return drawing;
}

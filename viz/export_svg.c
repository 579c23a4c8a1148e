/*
 * export_svg.c - marks as SVG elements.
 *
 * Marks of one kind and colour that follow each other share an element: the cells of a heatmap are
 * one path for each colour, the braille dots of a curve one path.
 */
#include "viz/export_svg.h"

#include <math.h>
#include <string.h>

#include "core/text/unicode.h"

static const char sans_serif[] = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";
static const char monospace[] = "ui-monospace, 'SF Mono', SFMono-Regular, Menlo, Consolas, "
                                "'DejaVu Sans Mono', 'Liberation Mono', monospace";

/* Two decimals, none that are zero. LC_NUMERIC is the C locale's all through the program. */
static void number(FILE *out, double value) {
    char text[64];
    snprintf(text, sizeof(text), "%.2f", value);
    char *end = text + strlen(text);
    while (end[-1] == '0')
        *--end = '\0';
    if (end[-1] == '.')
        *--end = '\0';
    fputs(strcmp(text, "-0") == 0 ? "0" : text, out);
}

static void attribute(FILE *out, const char *name, double value) {
    fprintf(out, " %s=\"", name);
    number(out, value);
    fputc('"', out);
}

static void pair(FILE *out, const char *before, double x, double y) {
    fputs(before, out);
    number(out, x);
    fputc(' ', out);
    number(out, y);
}

void xml_escape(FILE *out, const char *text) {
    size_t length = strlen(text);
    while (length > 0) {
        int32_t code;
        int bytes = unicode_decode(text, length, &code);
        if (bytes <= 0 || (code < ' ' && code != '\n' && code != '\t') || code == 0x7f ||
            code == 0xfffe || code == 0xffff)
            fputc('?', out); /* not UTF-8, or UTF-8 but not XML */
        else if (code == '&')
            fputs("&amp;", out);
        else if (code == '<')
            fputs("&lt;", out);
        else if (code == '>')
            fputs("&gt;", out);
        else
            fwrite(text, 1, (size_t)bytes, out);
        bytes = bytes > 0 ? bytes : 1;
        text += bytes;
        length -= (size_t)bytes;
    }
}

/* ---- marks ----------------------------------------------------------------------------------- */

static int same_path(const struct mark *one, const struct mark *other) {
    return one->kind == other->kind && one->color == other->color && one->stroke == other->stroke &&
           one->dash == other->dash;
}

static void rectangle_path(FILE *out, const struct mark *mark) {
    pair(out, "M", mark->x, mark->y);
    fputc('h', out);
    number(out, mark->width);
    fputc('v', out);
    number(out, mark->height);
    fputc('h', out);
    number(out, -mark->width);
    fputc('z', out);
}

static void line_path(FILE *out, const struct mark *mark) {
    int begins = 1;
    for (int i = 0; i < mark->count; i++) {
        double x = mark->points[2 * i], y = mark->points[2 * i + 1];
        if (isnan(x)) {
            begins = 1;
            continue;
        }
        pair(out, begins ? "M" : "L", x, y);
        int alone = begins && (i + 1 == mark->count || isnan(mark->points[2 * i + 2]));
        if (alone)
            fputs("h0", out); /* a dot: only the round ends are seen */
        begins = 0;
    }
    if (mark->kind == MARK_POLYGON)
        fputc('z', out);
}

/* Every mark of a path from `mark` on, up to `end`; returns the mark behind. */
static const struct mark *write_path(FILE *out, const struct mark *mark, const struct mark *end) {
    const struct mark *first = mark;
    fputs("<path", out);
    if (first->kind == MARK_LINE) {
        fprintf(out,
                " fill=\"none\" stroke=\"#%06x\" stroke-linecap=\"round\" "
                "stroke-linejoin=\"round\"",
                (unsigned)first->color);
        attribute(out, "stroke-width", first->stroke);
        if (first->dash > 0)
            attribute(out, "stroke-dasharray", first->dash);
    } else {
        fprintf(out, " fill=\"#%06x\"%s", (unsigned)first->color,
                first->kind == MARK_RECTANGLE ? " shape-rendering=\"crispEdges\"" : "");
    }
    fputs(" d=\"", out);
    for (; mark < end && same_path(mark, first); mark++) {
        if (mark->kind == MARK_RECTANGLE)
            rectangle_path(out, mark);
        else
            line_path(out, mark);
    }
    fputs("\"/>\n", out);
    return mark;
}

static void write_rectangle(FILE *out, const struct mark *mark) {
    fputs("<rect", out);
    attribute(out, "x", mark->x);
    attribute(out, "y", mark->y);
    attribute(out, "width", mark->width);
    attribute(out, "height", mark->height);
    if (mark->kind == MARK_FRAME) {
        fprintf(out, " fill=\"none\" stroke=\"#%06x\"", (unsigned)mark->color);
        attribute(out, "stroke-width", mark->stroke);
    } else {
        fprintf(out, " fill=\"#%06x\" shape-rendering=\"crispEdges\"", (unsigned)mark->color);
    }
    fputs("/>\n", out);
}

static void write_text(FILE *out, const struct mark *mark) {
    static const char *const anchors[] = {"", " text-anchor=\"middle\"", " text-anchor=\"end\""};
    const struct lettering *lettering = &mark->lettering;
    fputs("<text", out);
    attribute(out, "x", mark->x);
    attribute(out, "y", mark->y);
    attribute(out, "font-size", lettering->size);
    fprintf(out, " fill=\"#%06x\"%s%s", (unsigned)mark->color, anchors[lettering->anchor],
            lettering->bold ? " font-weight=\"bold\"" : "");
    if (lettering->length > 0) {
        attribute(out, "textLength", lettering->length);
        fputs(" lengthAdjust=\"spacingAndGlyphs\"", out);
    }
    if (lettering->angle != 0) {
        fputs(" transform=\"rotate(", out);
        number(out, -lettering->angle);
        pair(out, " ", mark->x, mark->y);
        fputs(")\"", out);
    }
    fputc('>', out);
    xml_escape(out, mark->text);
    fputs("</text>\n", out);
}

/* ---- the file -------------------------------------------------------------------------------- */

static void write_head(const struct drawing *drawing, FILE *out) {
    fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"", out);
    attribute(out, "width", drawing->width);
    attribute(out, "height", drawing->height);
    pair(out, " viewBox=\"0 0 ", drawing->width, drawing->height);
    fprintf(out, "\" xml:space=\"preserve\" font-family=\"%s\">\n",
            drawing->monospace ? monospace : sans_serif);
    if (drawing->title) {
        fputs("<title>", out);
        xml_escape(out, drawing->title);
        fputs("</title>\n", out);
    }
    if (drawing->fact_count > 0) {
        fputs("<desc>", out);
        for (int i = 0; i < drawing->fact_count; i++) {
            xml_escape(out, drawing->facts[i].name);
            fputs(": ", out);
            xml_escape(out, drawing->facts[i].value);
            fputc('\n', out);
        }
        fputs("</desc>\n", out);
    }
    fputs("<rect", out);
    attribute(out, "width", drawing->width);
    attribute(out, "height", drawing->height);
    if (drawing->corner > 0)
        attribute(out, "rx", drawing->corner);
    fprintf(out, " fill=\"#%06x\"/>\n", (unsigned)drawing->page);
}

int drawing_svg(const struct drawing *drawing, FILE *out, struct sawb_error *error) {
    if (drawing->failed)
        return error_set(error, "svg: out of memory");
    write_head(drawing, out);
    const struct mark *end = drawing->marks + drawing->count;
    for (const struct mark *mark = drawing->marks; mark < end;) {
        if (mark->kind == MARK_TEXT)
            write_text(out, mark++);
        else if (mark->kind == MARK_FRAME ||
                 (mark->kind == MARK_RECTANGLE && (mark + 1 == end || !same_path(mark, mark + 1))))
            write_rectangle(out, mark++);
        else
            mark = write_path(out, mark, end);
    }
    fputs("</svg>\n", out);
    return ferror(out) ? error_set(error, "svg: out of memory") : 0;
}

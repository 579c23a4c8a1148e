/*
 * export_tex.c - a figure for \input in a paper: pgfplots, and booktabs for tables.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "viz/export_formats.h"
#include "viz/figure_panel.h"

#define COLORS_MOST 32 /* of one panel */
#define RAMP_POINTS 17

/* Text with what TeX reserves escaped; line breaks and control characters become blanks. */
static void put_text(FILE *out, const char *text) {
    static const char *const specials[] = {"\\\\textbackslash{}",
                                           "{\\{",
                                           "}\\}",
                                           "$\\$",
                                           "&\\&",
                                           "#\\#",
                                           "%\\%",
                                           "_\\_",
                                           "^\\textasciicircum{}",
                                           "~\\textasciitilde{}",
                                           "<\\textless{}",
                                           ">\\textgreater{}",
                                           "|\\textbar{}",
                                           "\"\\textquotedbl{}"};
    for (; text && *text; text++) {
        const char *replaced = NULL;
        for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++)
            if (*text == specials[i][0])
                replaced = specials[i] + 1;
        if (replaced)
            fputs(replaced, out);
        else if (strncmp(text, "\xe2\x88\x92", 3) == 0) {
            fputs("$-$", out); /* the true minus is not in every font */
            text += 2;
        } else
            fputc((unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text, out);
    }
}

static void put_option(FILE *out, const char *name, const char *text) {
    if (!text || !text[0])
        return;
    fprintf(out, "  %s={", name);
    put_text(out, text);
    fputs("},\n", out);
}

/* A fact in a comment: only the line has to hold. */
static void put_comment(FILE *out, const char *name, const char *value) {
    fprintf(out, "%% %s: ", name);
    for (; *value; value++)
        fputc((unsigned char)*value < ' ' ? ' ' : *value, out);
    fputc('\n', out);
}

static void put_color(FILE *out, const char *name, int index, uint32_t color) {
    fprintf(out, "\\definecolor{%s%c}{HTML}{%06X}\n", name, 'a' + index % COLORS_MOST,
            (unsigned)color);
}

static void put_ticks(FILE *out, const char *axis, char *const *labels, int count) {
    if (!labels)
        return;
    fprintf(out, "  %stick={", axis);
    for (int i = 0; i < count; i++)
        fprintf(out, "%s%d", i > 0 ? "," : "", i);
    fprintf(out, "},\n  %sticklabels={", axis);
    for (int i = 0; i < count; i++) {
        fputs(i > 0 ? ",{" : "{", out);
        put_text(out, labels[i]);
        fputc('}', out);
    }
    fputs("},\n", out);
}

/* ---- matrices -------------------------------------------------------------------------------- */

static void put_colormap(FILE *out, const struct palette *palette, int diverging) {
    fputs("  colormap={sawb}{", out);
    for (int i = 0; i < RAMP_POINTS; i++) {
        double share = (double)i / (RAMP_POINTS - 1);
        uint32_t color =
            diverging ? palette_difference(palette, 2 * share - 1) : palette_weight(palette, share);
        fprintf(out, "%srgb255=(%u,%u,%u)", i > 0 ? " " : "", color >> 16 & 255, color >> 8 & 255,
                color & 255);
    }
    fputs("},\n", out);
}

static void put_cells(FILE *out, const struct panel *panel, double low) {
    char number[EXPORT_NUMBER_BYTES];
    fprintf(out,
            "\\addplot[matrix plot*, mesh/cols=%d, point meta=explicit] table[meta=value] {\n"
            "x y value\n",
            panel->columns);
    for (int row = 0; row < panel->rows; row++)
        for (int column = 0; column < panel->columns; column++) {
            size_t at = (size_t)row * (size_t)panel->columns + (size_t)column;
            int shown = panel->mask[at] && isfinite(panel->values[at]);
            fprintf(out, "%d %d %s\n", column, row,
                    shown ? export_float(number, panel->values[at]) : export_double(number, low));
        }
    fputs("};\n", out);
}

/* Over the cells that are no values: the page, and a dot where the mask removed a pair. */
static void put_holes(FILE *out, const struct panel *panel) {
    for (int row = 0; row < panel->rows; row++)
        for (int column = 0; column < panel->columns; column++) {
            size_t at = (size_t)row * (size_t)panel->columns + (size_t)column;
            int blocked = !panel->mask[at], absent = isnan(panel->values[at]);
            if (!blocked && !absent)
                continue;
            fprintf(out, "\\fill[white] (axis cs:%d.5,%d.5) rectangle (axis cs:%d.5,%d.5);\n",
                    column - 1, row - 1, column, row);
            if (!absent)
                fprintf(out, "\\fill[gray] (axis cs:%d,%d) circle[radius=0.5pt];\n", column, row);
        }
}

static void put_matrix(FILE *out, const struct panel *panel, const struct palette *palette) {
    double low, high;
    matrix_range(panel, &low, &high);
    fputs("\\begin{tikzpicture}\n\\begin{axis}[\n", out);
    put_option(out, "title", panel->title);
    put_option(out, "xlabel", panel->x_name);
    put_option(out, "ylabel", panel->y_name);
    fputs("  enlargelimits=false, axis on top, y dir=reverse,\n"
          "  scale only axis, width=5cm, height=5cm, tick style={draw=none},\n"
          "  tick label style={font=\\scriptsize}, x tick label style={rotate=90, anchor=east},\n",
          out);
    put_ticks(out, "x", panel->column_labels, panel->columns);
    put_ticks(out, "y", panel->row_labels, panel->rows);
    put_colormap(out, palette, panel->scale == PANEL_DIVERGING);
    fprintf(out, "  colorbar, point meta min=%.9g, point meta max=%.9g,\n", low, high);
    if (panel->unit) {
        fputs("  colorbar style={ylabel={", out);
        put_text(out, panel->unit);
        fputs("}},\n", out);
    }
    fputs("]\n", out);
    put_cells(out, panel, low);
    put_holes(out, panel);
    fputs("\\end{axis}\n\\end{tikzpicture}\n", out);
}

/* ---- series and bars ------------------------------------------------------------------------- */

static uint32_t color_of(const struct palette *palette, int meaning) {
    struct style style = {.palette = palette};
    return style_color(&style, meaning);
}

static void put_series(FILE *out, const struct panel *panel, const struct palette *palette) {
    static const char *const dashes[] = {"solid", "dashed", "dotted", "dash dot"};
    char x[EXPORT_NUMBER_BYTES], y[EXPORT_NUMBER_BYTES];
    for (int i = 0; i < panel->series_count && i < COLORS_MOST; i++)
        put_color(out, "sawbline", i, color_of(palette, (int)panel->series[i].meaning));
    fputs("\\begin{tikzpicture}\n\\begin{axis}[\n", out);
    put_option(out, "title", panel->title);
    put_option(out, "xlabel", panel->x_name);
    put_option(out, "ylabel", panel->y_name);
    fputs("  width=10cm, height=6cm, unbounded coords=jump, legend pos=outer north east,\n"
          "  legend cell align=left, axis lines=left, ymajorgrids,\n]\n",
          out);
    for (int i = 0; i < panel->series_count; i++) {
        const struct panel_series *series = &panel->series[i];
        fprintf(out, "\\addplot[sawbline%c, %s, %s] coordinates {\n", 'a' + i % COLORS_MOST,
                dashes[i % 4], series->points ? "mark=*, mark size=1.2pt" : "no markers");
        for (int k = 0; k < series->count; k++)
            fprintf(out, "(%s,%s)\n", export_double(x, series->x[k]),
                    isfinite(series->y[k]) ? export_double(y, series->y[k]) : "nan");
        fputs("};\n\\addlegendentry{", out);
        put_text(out, series->name);
        fputs("}\n", out);
    }
    fputs("\\end{axis}\n\\end{tikzpicture}\n", out);
}

static void put_bars(FILE *out, const struct panel *panel, const struct palette *palette) {
    char number[EXPORT_NUMBER_BYTES];
    for (int i = 0; i < panel->columns && i < COLORS_MOST; i++)
        put_color(out, "sawbbar", i, bars_color(palette, i));
    fputs("\\begin{tikzpicture}\n\\begin{axis}[\n", out);
    put_option(out, "title", panel->title);
    put_option(out, "xlabel", panel->unit);
    fprintf(out,
            "  xbar, bar width=%gpt, width=9cm, height=%gcm, y dir=reverse,\n"
            "  enlarge y limits={abs=0.6}, xmajorgrids, legend pos=outer north east,\n"
            "  legend cell align=left, tick label style={font=\\scriptsize},\n",
            panel->columns > 1 ? 4.0 : 6.0,
            2.5 + 0.2 * panel->rows * (panel->columns > 1 ? panel->columns : 1.4));
    put_ticks(out, "y", panel->row_labels, panel->rows);
    fputs("]\n", out);
    for (int group = 0; group < panel->columns; group++) {
        fprintf(out, "\\addplot[draw=none, fill=sawbbar%c] coordinates {\n",
                'a' + group % COLORS_MOST);
        for (int row = 0; row < panel->rows; row++) {
            double value = panel->bars[row * panel->columns + group];
            if (isfinite(value))
                fprintf(out, "(%s,%d)\n", export_double(number, value), row);
        }
        fputs("};\n", out);
        if (panel->columns < 2 || !panel->column_labels)
            continue;
        fputs("\\addlegendentry{", out);
        put_text(out, panel->column_labels[group]);
        fputs("}\n", out);
    }
    fputs("\\end{axis}\n\\end{tikzpicture}\n", out);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void put_table_row(FILE *out, const struct panel *panel, int row) {
    for (int i = 0; i < panel->columns; i++) {
        const struct panel_column *column = &panel->table[i];
        if (i > 0)
            fputs(" & ", out);
        if (row < 0)
            put_text(out, column->name);
        else if (column->kind == COLUMN_TEXT)
            put_text(out, column->texts[row]);
        else if (!isnan(column->numbers[row]))
            fprintf(out, "$%.*f$", column->decimals, column->numbers[row]);
    }
    fputs(" \\\\\n", out);
}

static void put_table(FILE *out, const struct panel *panel, const struct palette *palette) {
    (void)palette;
    put_comment(out, "table", panel->title);
    fputs("\\begin{tabular}{@{}", out);
    for (int i = 0; i < panel->columns; i++)
        fputc(panel->table[i].kind == COLUMN_NUMBER ? 'r' : 'l', out);
    fputs("@{}}\n\\toprule\n", out);
    put_table_row(out, panel, -1);
    fputs("\\midrule\n", out);
    for (int row = 0; row < panel->rows; row++)
        put_table_row(out, panel, row);
    fputs("\\bottomrule\n\\end{tabular}\n", out);
}

int figure_tex(const struct figure *figure, const struct palette *palette, FILE *out) {
    static void (*const puts_of[])(FILE *, const struct panel *,
                                   const struct palette *) = {[PANEL_MATRIX] = put_matrix,
                                                              [PANEL_SERIES] = put_series,
                                                              [PANEL_BARS] = put_bars,
                                                              [PANEL_TABLE] = put_table};
    fputs("% In the preamble: \\usepackage[T1]{fontenc}, \\usepackage{pgfplots},\n"
          "% \\pgfplotsset{compat=1.16}, \\usepackage{booktabs}\n",
          out);
    if (figure->title)
        put_comment(out, "title", figure->title);
    for (int i = 0; i < figure->fact_count; i++)
        put_comment(out, figure->facts[i].name, figure->facts[i].value);
    for (int i = 0; i < figure->panel_count; i++) {
        if (i > 0)
            fputs(figure->stacked ? "\n\\par\n" : "\\quad\n", out);
        puts_of[figure->panels[i].kind](out, &figure->panels[i], palette);
    }
    return 0;
}

/*
 * export_json.c - a figure as a JSON object. NaN has no place in JSON and becomes null.
 */
#include <math.h>
#include <string.h>

#include "viz/export_formats.h"

static void put_string(FILE *out, const char *text) {
    fputc('"', out);
    for (; text && *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            fprintf(out, "\\%c", byte);
        else if (byte < ' ')
            fprintf(out, "\\u%04x", byte);
        else
            fputc(byte, out);
    }
    fputc('"', out);
}

static void put_key(FILE *out, const char *key) {
    fprintf(out, ",\"%s\":", key);
}

static void put_double(FILE *out, double value) {
    char number[EXPORT_NUMBER_BYTES];
    fputs(isfinite(value) ? export_double(number, value) : "null", out);
}

static void put_float(FILE *out, float value) {
    char number[EXPORT_NUMBER_BYTES];
    fputs(isfinite(value) ? export_float(number, value) : "null", out);
}

static void put_doubles(FILE *out, const char *key, const double *values, int count) {
    put_key(out, key);
    fputc('[', out);
    for (int i = 0; i < count; i++) {
        if (i > 0)
            fputc(',', out);
        put_double(out, values[i]);
    }
    fputc(']', out);
}

static void put_strings(FILE *out, const char *key, char *const *texts, int count) {
    put_key(out, key);
    if (!texts) {
        fputs("null", out);
        return;
    }
    fputc('[', out);
    for (int i = 0; i < count; i++) {
        if (i > 0)
            fputc(',', out);
        put_string(out, texts[i]);
    }
    fputc(']', out);
}

static void put_named(FILE *out, const char *key, const char *text) {
    if (!text)
        return;
    put_key(out, key);
    put_string(out, text);
}

static void put_matrix(FILE *out, const struct panel *panel) {
    put_strings(out, "row_labels", panel->row_labels, panel->rows);
    put_strings(out, "column_labels", panel->column_labels, panel->columns);
    for (int is_mask = 0; is_mask < 2; is_mask++) {
        put_key(out, is_mask ? "kept" : "values");
        fputc('[', out);
        for (int row = 0; row < panel->rows; row++) {
            fputs(row > 0 ? ",[" : "[", out);
            for (int column = 0; column < panel->columns; column++) {
                size_t at = (size_t)row * (size_t)panel->columns + (size_t)column;
                if (column > 0)
                    fputc(',', out);
                if (is_mask)
                    fputc(panel->mask[at] ? '1' : '0', out);
                else
                    put_float(out, panel->values[at]);
            }
            fputc(']', out);
        }
        fputc(']', out);
    }
}

static void put_series(FILE *out, const struct panel *panel) {
    put_key(out, "series");
    fputc('[', out);
    for (int i = 0; i < panel->series_count; i++) {
        const struct panel_series *series = &panel->series[i];
        fputs(i > 0 ? ",{\"name\":" : "{\"name\":", out);
        put_string(out, series->name);
        put_doubles(out, "x", series->x, series->count);
        put_doubles(out, "y", series->y, series->count);
        fputc('}', out);
    }
    fputc(']', out);
}

static void put_bars(FILE *out, const struct panel *panel) {
    put_strings(out, "labels", panel->row_labels, panel->rows);
    put_strings(out, "groups", panel->column_labels, panel->columns);
    put_doubles(out, "values", panel->bars, panel->rows * panel->columns);
}

static void put_table(FILE *out, const struct panel *panel) {
    put_key(out, "columns");
    fputc('[', out);
    for (int i = 0; i < panel->columns; i++) {
        const struct panel_column *column = &panel->table[i];
        fputs(i > 0 ? ",{\"name\":" : "{\"name\":", out);
        put_string(out, column->name);
        if (column->kind == COLUMN_TEXT)
            put_strings(out, "values", column->texts, panel->rows);
        else
            put_doubles(out, "values", column->numbers, panel->rows);
        fputc('}', out);
    }
    fputc(']', out);
}

static void put_panel(FILE *out, const struct panel *panel) {
    static const char *const kinds[] = {[PANEL_MATRIX] = "matrix",
                                        [PANEL_SERIES] = "series",
                                        [PANEL_BARS] = "bars",
                                        [PANEL_TABLE] = "table"};
    static void (*const puts_of[])(FILE *, const struct panel *) = {[PANEL_MATRIX] = put_matrix,
                                                                    [PANEL_SERIES] = put_series,
                                                                    [PANEL_BARS] = put_bars,
                                                                    [PANEL_TABLE] = put_table};
    fprintf(out, "{\"kind\":\"%s\"", kinds[panel->kind]);
    put_named(out, "title", panel->title);
    put_named(out, "unit", panel->unit);
    put_named(out, "x_name", panel->x_name);
    put_named(out, "y_name", panel->y_name);
    puts_of[panel->kind](out, panel);
    fputc('}', out);
}

int figure_json(const struct figure *figure, FILE *out) {
    fputs("{\"title\":", out);
    put_string(out, figure->title);
    put_key(out, "facts");
    fputc('{', out);
    for (int i = 0; i < figure->fact_count; i++) {
        if (i > 0)
            fputc(',', out);
        put_string(out, figure->facts[i].name);
        fputc(':', out);
        put_string(out, figure->facts[i].value);
    }
    fputc('}', out);
    put_key(out, "panels");
    fputc('[', out);
    for (int i = 0; i < figure->panel_count; i++) {
        if (i > 0)
            fputc(',', out);
        put_panel(out, &figure->panels[i]);
    }
    fputs("]}\n", out);
    return 0;
}

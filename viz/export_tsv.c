/*
 * export_tsv.c - tables for programs: TSV and CSV.
 */
#include <math.h>
#include <string.h>

#include "viz/export_formats.h"

struct writer {
    FILE *out;
    int csv, used; /* cells of the row so far */
};

/* The shortest of 6 to 9 digits that reads back as the same float. */
char *export_float(char out[EXPORT_NUMBER_BYTES], float value) {
    for (int digits = 6; digits <= 9; digits++) {
        float back = NAN;
        snprintf(out, EXPORT_NUMBER_BYTES, "%.*g", digits, (double)value);
        if (sscanf(out, "%f", &back) == 1 && back == value)
            break;
    }
    return out;
}

char *export_double(char out[EXPORT_NUMBER_BYTES], double value) {
    for (int digits = 6; digits <= 17; digits++) {
        double back = NAN;
        snprintf(out, EXPORT_NUMBER_BYTES, "%.*g", digits, value);
        if (sscanf(out, "%lf", &back) == 1 && back == value)
            break;
    }
    return out;
}

static void put_cell(struct writer *writer, const char *text) {
    FILE *out = writer->out;
    text = text ? text : "";
    if (writer->used++ > 0)
        fputc(writer->csv ? ',' : '\t', out);
    if (!writer->csv) {
        for (; *text; text++)
            fputc(*text == '\t' || *text == '\n' || *text == '\r' ? ' ' : *text, out);
        return;
    }
    if (!text[strcspn(text, ",\"\r\n")]) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void put_double(struct writer *writer, double value) {
    char number[EXPORT_NUMBER_BYTES];
    put_cell(writer, isnan(value) ? "" : export_double(number, value));
}

static void end_row(struct writer *writer) {
    fputs(writer->csv ? "\r\n" : "\n", writer->out);
    writer->used = 0;
}

/* ---- a row for every value ------------------------------------------------------------------- */

static void put_place(struct writer *writer, const struct panel *panel, int row, int column,
                      const char *row_name, const char *column_name) {
    put_cell(writer, panel->title);
    put_double(writer, row);
    put_double(writer, column);
    put_cell(writer, row_name);
    put_cell(writer, column_name);
}

static const char *name_of(char *const *names, int index) {
    return names ? names[index] : "";
}

static void put_matrix(struct writer *writer, const struct panel *panel) {
    char number[EXPORT_NUMBER_BYTES];
    for (int row = 0; row < panel->rows; row++)
        for (int column = 0; column < panel->columns; column++) {
            size_t at = (size_t)row * (size_t)panel->columns + (size_t)column;
            int absent = isnan(panel->values[at]);
            put_place(writer, panel, row, column, name_of(panel->row_labels, row),
                      name_of(panel->column_labels, column));
            put_cell(writer, absent ? "" : export_float(number, panel->values[at]));
            put_cell(writer, absent ? "absent" : panel->mask[at] ? "kept" : "blocked");
            end_row(writer);
        }
}

static void put_series(struct writer *writer, const struct panel *panel) {
    char number[EXPORT_NUMBER_BYTES];
    for (int row = 0; row < panel->series_count; row++) {
        const struct panel_series *series = &panel->series[row];
        for (int i = 0; i < series->count; i++) {
            put_place(writer, panel, row, i, series->name, export_double(number, series->x[i]));
            put_double(writer, series->y[i]);
            put_cell(writer, "");
            end_row(writer);
        }
    }
}

static void put_bars(struct writer *writer, const struct panel *panel) {
    for (int row = 0; row < panel->rows; row++)
        for (int column = 0; column < panel->columns; column++) {
            put_place(writer, panel, row, column, name_of(panel->row_labels, row),
                      name_of(panel->column_labels, column));
            put_double(writer, panel->bars[row * panel->columns + column]);
            put_cell(writer, "");
            end_row(writer);
        }
}

static void put_table_cell(struct writer *writer, const struct panel_column *column, int row) {
    if (column->kind == COLUMN_TEXT)
        put_cell(writer, column->texts[row]);
    else
        put_double(writer, column->numbers[row]);
}

static void put_table_values(struct writer *writer, const struct panel *panel) {
    for (int row = 0; row < panel->rows; row++)
        for (int i = 0; i < panel->columns; i++) {
            put_place(writer, panel, row, i, "", panel->table[i].name);
            put_table_cell(writer, &panel->table[i], row);
            put_cell(writer, "");
            end_row(writer);
        }
}

static void put_values(struct writer *writer, const struct figure *figure) {
    static const char *const names[] = {"panel",       "row",   "column", "row_name",
                                        "column_name", "value", "state"};
    static void (*const puts_of[])(struct writer *,
                                   const struct panel *) = {[PANEL_MATRIX] = put_matrix,
                                                            [PANEL_SERIES] = put_series,
                                                            [PANEL_BARS] = put_bars,
                                                            [PANEL_TABLE] = put_table_values};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        put_cell(writer, names[i]);
    end_row(writer);
    for (int i = 0; i < figure->panel_count; i++)
        puts_of[figure->panels[i].kind](writer, &figure->panels[i]);
}

static void put_table(struct writer *writer, const struct panel *panel) {
    for (int i = 0; i < panel->columns; i++)
        put_cell(writer, panel->table[i].name);
    end_row(writer);
    for (int row = 0; row < panel->rows; row++) {
        for (int i = 0; i < panel->columns; i++)
            put_table_cell(writer, &panel->table[i], row);
        end_row(writer);
    }
}

static void put_figure(struct writer *writer, const struct figure *figure) {
    if (figure->panel_count == 1 && figure->panels[0].kind == PANEL_TABLE)
        put_table(writer, &figure->panels[0]);
    else
        put_values(writer, figure);
}

static void put_comment(FILE *out, const char *name, const char *value) {
    struct writer writer = {.out = out};
    fprintf(out, "# %s: ", name);
    put_cell(&writer, value);
    fputc('\n', out);
}

int figure_tsv(const struct figure *figure, FILE *out) {
    struct writer writer = {.out = out};
    if (figure->title)
        put_comment(out, "title", figure->title);
    for (int i = 0; i < figure->fact_count; i++)
        put_comment(out, figure->facts[i].name, figure->facts[i].value);
    put_figure(&writer, figure);
    return 0;
}

int figure_csv(const struct figure *figure, FILE *out) {
    struct writer writer = {.out = out, .csv = 1};
    put_figure(&writer, figure);
    return 0;
}

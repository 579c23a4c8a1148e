/*
 * export_plain.c - a figure in lines that can be read out and searched.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "viz/export_formats.h"
#include "viz/table.h"

#define NUMBER "%.4g"

/* Line breaks would end the line. */
static void put_text(FILE *out, const char *text) {
    for (; text && *text; text++)
        fputc((unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text, out);
}

static void put_name(FILE *out, const char *axis, char *const *labels, int index) {
    put_text(out, axis);
    if (labels) {
        fputs(" \"", out);
        put_text(out, labels[index]);
        fputc('"', out);
    } else {
        fprintf(out, " %d", index);
    }
}

static const char *axis_name(const char *name, const char *usual) {
    return name && name[0] ? name : usual;
}

/* ---- matrices -------------------------------------------------------------------------------- */

static int same_labels(char *const *one, char *const *other, int count) {
    if (!one || !other)
        return one == other;
    for (int i = 0; i < count; i++)
        if (strcmp(one[i], other[i]) != 0)
            return 0;
    return 1;
}

static int same_cells(const struct panel *one, const struct panel *other) {
    return other->kind == PANEL_MATRIX && one->rows == other->rows &&
           one->columns == other->columns &&
           same_labels(one->row_labels, other->row_labels, one->rows) &&
           same_labels(one->column_labels, other->column_labels, one->columns);
}

static void put_value(FILE *out, const struct panel *panel, size_t at) {
    if (isnan(panel->values[at]))
        fputs("absent", out);
    else if (!panel->mask[at])
        fputs("blocked", out);
    else
        fprintf(out, NUMBER, (double)panel->values[at]);
}

/* What stands before each value of a line: the arm, where the title names one. */
static void put_short(FILE *out, const char *title) {
    const char *rest = title[0] ? title + 1 : title;
    int is_arm = (title[0] == 'A' || title[0] == 'B') && (*rest == ' ' || *rest == ':');
    if (strcmp(title, "B - A") == 0 || strcmp(title, "B \xe2\x88\x92 A") == 0)
        fputs("difference", out);
    else if (is_arm)
        fputc(title[0], out);
    else
        put_text(out, title);
}

/* `count` matrices with the same labels. */
static void put_matrices(FILE *out, const struct panel *panels, int count) {
    const char *row_axis = axis_name(panels->y_name, panels->row_labels ? "query" : "row");
    const char *column_axis = axis_name(panels->x_name, panels->column_labels ? "key" : "column");
    for (int i = 0; i < count; i++) {
        put_text(out, panels[i].title);
        if (panels[i].unit) {
            fputs(" (", out);
            put_text(out, panels[i].unit);
            fputc(')', out);
        }
        fputs(i + 1 < count ? ", " : ":\n", out);
    }
    for (int row = 0; row < panels->rows; row++)
        for (int column = 0; column < panels->columns; column++) {
            size_t at = (size_t)row * (size_t)panels->columns + (size_t)column;
            put_name(out, row_axis, panels->row_labels, row);
            fputc(' ', out);
            put_name(out, column_axis, panels->column_labels, column);
            fputs(": ", out);
            for (int i = 0; i < count; i++) {
                if (count > 1) {
                    put_short(out, panels[i].title);
                    fputc(' ', out);
                }
                put_value(out, &panels[i], at);
                fputs(i + 1 < count ? ", " : "\n", out);
            }
        }
}

/* ---- the others ------------------------------------------------------------------------------ */

static void put_heading(FILE *out, const struct panel *panel) {
    put_text(out, panel->title);
    fputs(":\n", out);
}

static void put_series(FILE *out, const struct panel *panel) {
    char number[EXPORT_NUMBER_BYTES];
    put_heading(out, panel);
    for (int i = 0; i < panel->series_count; i++) {
        const struct panel_series *series = &panel->series[i];
        for (int k = 0; k < series->count; k++) {
            if (isnan(series->y[k]))
                continue;
            put_text(out, series->name);
            fputc(' ', out);
            put_text(out, panel->x_name);
            fprintf(out, " %s: ", export_double(number, series->x[k]));
            put_text(out, panel->y_name);
            fprintf(out, " " NUMBER "\n", series->y[k]);
        }
    }
}

static void put_bars(FILE *out, const struct panel *panel) {
    put_heading(out, panel);
    for (int row = 0; row < panel->rows; row++) {
        if (panel->row_labels)
            put_text(out, panel->row_labels[row]);
        else
            fprintf(out, "%d", row);
        fputs(": ", out);
        for (int group = 0; group < panel->columns; group++) {
            double value = panel->bars[row * panel->columns + group];
            if (group > 0)
                fputs(", ", out);
            if (panel->columns > 1 && panel->column_labels) {
                put_text(out, panel->column_labels[group]);
                fputc(' ', out);
            }
            if (isnan(value))
                fputs("none", out);
            else
                fprintf(out, NUMBER, value);
        }
        fputc(' ', out);
        put_text(out, panel->unit);
        fputc('\n', out);
    }
}

static int add_cell(struct table *table, const struct panel_column *column, int row) {
    if (column->kind == COLUMN_TEXT)
        return table_add(table, "%s", column->texts[row] ? column->texts[row] : "");
    if (isnan(column->numbers[row]))
        return table_add(table, "%s", "");
    return table_add(table, "%.*f", column->decimals, column->numbers[row]);
}

static struct table *table_of(const struct panel *panel) {
    const char **titles = calloc((size_t)panel->columns + 1, sizeof(*titles));
    char **owned = calloc((size_t)panel->columns + 1, sizeof(*owned));
    struct table *table = NULL;
    int status = titles && owned ? 0 : -1;
    for (int i = 0; status == 0 && i < panel->columns; i++) {
        int is_number = panel->table[i].kind == COLUMN_NUMBER;
        if (asprintf(&owned[i], "%s%s", is_number ? ">" : "", panel->table[i].name) < 0) {
            owned[i] = NULL;
            status = -1;
        }
        titles[i] = owned[i];
    }
    if (status == 0)
        table = table_create(titles, panel->columns, NULL);
    for (int row = 0; table && status == 0 && row < panel->rows; row++)
        for (int i = 0; status == 0 && i < panel->columns; i++)
            status = add_cell(table, &panel->table[i], row);
    for (int i = 0; owned && i < panel->columns; i++)
        free(owned[i]);
    free(owned);
    free(titles);
    if (status == 0)
        return table;
    table_free(table);
    return NULL;
}

static int put_table(FILE *out, const struct panel *panel) {
    if (panel->columns == 0)
        return 0;
    struct table *table = table_of(panel);
    char *text = table ? table_print(table, 0, "") : NULL;
    put_heading(out, panel);
    if (text)
        fputs(text, out);
    if (text && *text && text[strlen(text) - 1] != '\n')
        fputc('\n', out);
    table_free(table);
    free(text);
    return text ? 0 : -1;
}

int figure_text(const struct figure *figure, FILE *out) {
    int status = 0;
    if (figure->title) {
        put_text(out, figure->title);
        fputc('\n', out);
    }
    for (int i = 0; i < figure->fact_count; i++) {
        put_text(out, figure->facts[i].name);
        fputs(": ", out);
        put_text(out, figure->facts[i].value);
        fputc('\n', out);
    }
    for (int i = 0, end; i < figure->panel_count && status == 0; i = end) {
        const struct panel *panel = &figure->panels[i];
        end = i + 1;
        fputc('\n', out);
        switch (panel->kind) {
        case PANEL_MATRIX:
            while (end < figure->panel_count && same_cells(panel, &figure->panels[end]))
                end++;
            put_matrices(out, panel, end - i);
            break;
        case PANEL_SERIES:
            put_series(out, panel);
            break;
        case PANEL_BARS:
            put_bars(out, panel);
            break;
        case PANEL_TABLE:
            status = put_table(out, panel);
            break;
        }
    }
    return status;
}

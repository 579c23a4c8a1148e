/*
 * figure.c - what figures own.
 */
#include "viz/figure.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(struct sawb_error *error) {
    return error_set(error, "figure: out of memory");
}

/* A text by its format, owned by the caller. */
static char *format_text(const char *format, va_list arguments) {
    char *text = NULL;
    return vasprintf(&text, format, arguments) < 0 ? NULL : text;
}

int figure_title(struct figure *figure, struct sawb_error *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *title = format_text(format, arguments);
    va_end(arguments);
    if (!title)
        return no_memory(error);
    free(figure->title);
    figure->title = title;
    return 0;
}

int figure_fact(struct figure *figure, struct sawb_error *error, const char *name,
                const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    struct figure_fact fact = {strdup(name), format_text(format, arguments)};
    va_end(arguments);
    struct figure_fact *grown =
        fact.name && fact.value
            ? realloc(figure->facts, (size_t)(figure->fact_count + 1) * sizeof(*figure->facts))
            : NULL;
    if (!grown) {
        free(fact.name);
        free(fact.value);
        return no_memory(error);
    }
    figure->facts = grown;
    figure->facts[figure->fact_count++] = fact;
    return 0;
}

/* ---- panels ---------------------------------------------------------------------------------- */

static void free_texts(char **texts, int count) {
    for (int i = 0; texts && i < count; i++)
        free(texts[i]);
    free(texts);
}

static void panel_free(struct panel *panel) {
    for (int i = 0; i < panel->series_count; i++) {
        free(panel->series[i].name);
        free(panel->series[i].x);
        free(panel->series[i].y);
    }
    for (int i = 0; panel->table && i < panel->columns; i++) {
        free(panel->table[i].name);
        free_texts(panel->table[i].texts, panel->rows);
        free(panel->table[i].numbers);
    }
    free_texts(panel->row_labels, panel->rows);
    free_texts(panel->column_labels, panel->columns);
    free(panel->title);
    free(panel->values);
    free(panel->mask);
    free(panel->unit);
    free(panel->series);
    free(panel->x_name);
    free(panel->y_name);
    free(panel->bars);
    free(panel->table);
}

static struct panel *add_panel(struct figure *figure, enum panel_kind kind, const char *title,
                               struct sawb_error *error) {
    char *copy = strdup(title);
    struct panel *grown =
        copy ? realloc(figure->panels, (size_t)(figure->panel_count + 1) * sizeof(*grown)) : NULL;
    if (!grown) {
        free(copy);
        no_memory(error);
        return NULL;
    }
    figure->panels = grown;
    struct panel *panel = &grown[figure->panel_count++];
    *panel = (struct panel){.kind = kind, .title = copy};
    return panel;
}

static struct panel *drop_panel(struct figure *figure, struct sawb_error *error) {
    panel_free(&figure->panels[--figure->panel_count]);
    no_memory(error);
    return NULL;
}

struct panel *figure_matrix(struct figure *figure, const char *title, int rows, int columns,
                            struct sawb_error *error) {
    struct panel *panel = add_panel(figure, PANEL_MATRIX, title, error);
    if (!panel)
        return NULL;
    size_t count = (size_t)rows * (size_t)columns;
    panel->rows = rows;
    panel->columns = columns;
    panel->values = calloc(count ? count : 1, sizeof(*panel->values));
    panel->mask = malloc(count ? count : 1);
    if (!panel->values || !panel->mask)
        return drop_panel(figure, error);
    memset(panel->mask, 1, count);
    return panel;
}

struct panel *figure_series(struct figure *figure, const char *title, const char *x_name,
                            const char *y_name, struct sawb_error *error) {
    struct panel *panel = add_panel(figure, PANEL_SERIES, title, error);
    if (!panel)
        return NULL;
    return panel_axes(panel, x_name, y_name, error) == 0 ? panel : drop_panel(figure, error);
}

struct panel *figure_bars(struct figure *figure, const char *title, int bars, int groups,
                          const char *unit, struct sawb_error *error) {
    struct panel *panel = add_panel(figure, PANEL_BARS, title, error);
    if (!panel)
        return NULL;
    size_t count = (size_t)bars * (size_t)groups;
    panel->rows = bars;
    panel->columns = groups;
    panel->bars = calloc(count ? count : 1, sizeof(*panel->bars));
    panel->unit = strdup(unit);
    return panel->bars && panel->unit ? panel : drop_panel(figure, error);
}

struct panel *figure_table(struct figure *figure, const char *title, int rows,
                           struct sawb_error *error) {
    struct panel *panel = add_panel(figure, PANEL_TABLE, title, error);
    if (panel)
        panel->rows = rows;
    return panel;
}

/* ---- what panels hold ------------------------------------------------------------------------ */

static int copy_labels(char ***target, const char *const *labels, int count,
                       struct sawb_error *error) {
    char **copies = calloc(count > 0 ? (size_t)count : 1, sizeof(*copies));
    int status = copies ? 0 : -1;
    for (int i = 0; i < count && status == 0; i++) {
        copies[i] = strdup(labels[i]);
        status = copies[i] ? 0 : -1;
    }
    if (status < 0) {
        free_texts(copies, count);
        return no_memory(error);
    }
    free_texts(*target, count);
    *target = copies;
    return 0;
}

int panel_row_labels(struct panel *panel, const char *const *labels, struct sawb_error *error) {
    return copy_labels(&panel->row_labels, labels, panel->rows, error);
}

int panel_column_labels(struct panel *panel, const char *const *labels, struct sawb_error *error) {
    return copy_labels(&panel->column_labels, labels, panel->columns, error);
}

int panel_numbers(struct panel *panel, const char *word, int rows, struct sawb_error *error) {
    char ***target = rows ? &panel->row_labels : &panel->column_labels;
    int count = rows ? panel->rows : panel->columns;
    char **labels = calloc(count > 0 ? (size_t)count : 1, sizeof(*labels));
    int status = labels ? 0 : -1;
    for (int i = 0; i < count && status == 0; i++)
        status = asprintf(&labels[i], "%s%d", word, i) < 0 ? -1 : 0;
    if (status < 0) {
        free_texts(labels, count);
        return no_memory(error);
    }
    free_texts(*target, count);
    *target = labels;
    return 0;
}

int panel_unit(struct panel *panel, const char *unit, struct sawb_error *error) {
    char *copy = strdup(unit);
    if (!copy)
        return no_memory(error);
    free(panel->unit);
    panel->unit = copy;
    return 0;
}

int panel_axes(struct panel *panel, const char *x_name, const char *y_name,
               struct sawb_error *error) {
    char *x = strdup(x_name), *y = strdup(y_name);
    if (!x || !y) {
        free(x);
        free(y);
        return no_memory(error);
    }
    free(panel->x_name);
    free(panel->y_name);
    panel->x_name = x;
    panel->y_name = y;
    return 0;
}

int panel_line(struct panel *panel, const char *name, const double *x, const double *y, int count,
               enum meaning meaning, struct sawb_error *error) {
    size_t bytes = (size_t)count * sizeof(double);
    struct panel_series line = {.name = strdup(name),
                                .x = malloc(bytes ? bytes : 1),
                                .y = malloc(bytes ? bytes : 1),
                                .count = count,
                                .meaning = meaning};
    struct panel_series *grown =
        line.name && line.x && line.y
            ? realloc(panel->series, (size_t)(panel->series_count + 1) * sizeof(*grown))
            : NULL;
    if (!grown) {
        free(line.name);
        free(line.x);
        free(line.y);
        return no_memory(error);
    }
    if (count > 0) {
        memcpy(line.x, x, bytes);
        memcpy(line.y, y, bytes);
    }
    panel->series = grown;
    panel->series[panel->series_count++] = line;
    return 0;
}

struct panel_column *panel_column(struct panel *panel, const char *name, enum column_kind kind,
                                  int decimals, struct sawb_error *error) {
    size_t rows = panel->rows > 0 ? (size_t)panel->rows : 1;
    struct panel_column column = {.name = strdup(name), .kind = kind, .decimals = decimals};
    if (kind == COLUMN_TEXT)
        column.texts = calloc(rows, sizeof(*column.texts));
    else
        column.numbers = malloc(rows * sizeof(*column.numbers));
    struct panel_column *grown =
        column.name && (column.texts || column.numbers)
            ? realloc(panel->table, (size_t)(panel->columns + 1) * sizeof(*grown))
            : NULL;
    if (!grown) {
        free(column.name);
        free(column.texts);
        free(column.numbers);
        no_memory(error);
        return NULL;
    }
    for (int row = 0; column.numbers && row < panel->rows; row++)
        column.numbers[row] = NAN;
    panel->table = grown;
    panel->table[panel->columns] = column;
    return &panel->table[panel->columns++];
}

int panel_cell(struct panel *panel, int row, int column, const char *text,
               struct sawb_error *error) {
    char *copy = strdup(text);
    if (!copy)
        return no_memory(error);
    free(panel->table[column].texts[row]);
    panel->table[column].texts[row] = copy;
    return 0;
}

void figure_free(struct figure *figure) {
    for (int i = 0; i < figure->fact_count; i++) {
        free(figure->facts[i].name);
        free(figure->facts[i].value);
    }
    for (int i = 0; i < figure->panel_count; i++)
        panel_free(&figure->panels[i]);
    free(figure->title);
    free(figure->facts);
    free(figure->panels);
    memset(figure, 0, sizeof(*figure));
}

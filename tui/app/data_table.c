/*
 * data_table.c - the shown rows of a data set as a table of text, as a file, and as a figure.
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "tui/app/data.h"
#include "tui/app/figures.h"
#include "tui/app/workbench.h"
#include "viz/table.h"

/* Rows of a figure: more are for nobody to look at. */
#define FIGURE_ROWS 1000

const char *data_label(const struct data *data, int label, char room[16]) {
    if (label < 0)
        return "";
    if (label < data->labels && data->names[label][0])
        return data->names[label];
    snprintf(room, 16, "%d", label);
    return room;
}

/* A share; nothing while it is not known. */
static int add_share(struct table *table, double share) {
    return isnan(share) ? table_add(table, "%s", "") : table_add(table, "%.4f", share);
}

static int add_row(struct table *table, const struct data *data, const struct row_facts *row) {
    char room[16];
    const struct row_answer *a = &row->answers[ARM_A], *b = &row->answers[ARM_B];
    if (table_add(table, "%d", row->row) < 0 || table_add(table, "%d", row->gold) < 0 ||
        table_add(table, "%s", data_label(data, row->gold, room)) < 0 ||
        table_add(table, "%s", data_label(data, a->label, room)) < 0 ||
        table_add(table, "%s", data_label(data, b->label, room)) < 0 ||
        add_share(table, (double)a->confidence) < 0 ||
        add_share(table, (double)b->confidence) < 0 || add_share(table, row_delta(row)) < 0)
        return -1;
    if (table_add(table, "%s", row->text) < 0)
        return -1;
    int both_wrong = row->gold >= 0 && a->label >= 0 && a->label != row->gold && b->label >= 0 &&
                     b->label != row->gold;
    table_mark(table, both_wrong ? TABLE_BAD : a->label != b->label ? TABLE_ODD : TABLE_PLAIN);
    return 0;
}

struct table *data_table(const struct data *data, int most, struct sawb_error *error) {
    static const char *const titles[] = {">row",          ">label",        "gold",   "a",       "b",
                                         ">confidence_a", ">confidence_b", ">delta", "sentence"};
    struct table *table = table_create(titles, sizeof(titles) / sizeof(titles[0]), error);
    for (int i = 0; table && i < data->shown && i < most; i++) {
        if (add_row(table, data, &data->rows[data->order[i]]) == 0)
            continue;
        error_set(error, "data: out of memory for a table of %d rows", data->shown);
        table_free(table);
        return NULL;
    }
    return table;
}

int data_save(const struct data *data, const char *path, struct sawb_error *error) {
    if (data_check(data, error) < 0)
        return -1;
    struct table *table = data_table(data, INT_MAX, error);
    if (!table)
        return -1;
    char *text = table_tsv(table);
    table_free(table);
    int status = text ? file_replace(path, text, strlen(text), error)
                      : error_set(error, "%s: out of memory for %d rows", path, data->shown);
    free(text);
    return status;
}

/* ---- the figure ------------------------------------------------------------------------------ */

static int fill_numbers(const struct data *data, struct panel *panel, struct sawb_error *error) {
    static const struct {
        const char *name;
        int decimals;
    } columns[] = {{"row", 0}, {"A confidence", 3}, {"B confidence", 3}, {"delta", 3}};
    for (int column = 0; column < 4; column++) {
        struct panel_column *filled = panel_column(panel, columns[column].name, COLUMN_NUMBER,
                                                   columns[column].decimals, error);
        if (!filled)
            return -1;
        for (int i = 0; i < panel->rows; i++) {
            const struct row_facts *row = &data->rows[data->order[i]];
            filled->numbers[i] = column == 0   ? row->row
                                 : column == 3 ? row_delta(row)
                                               : (double)row->answers[column - 1].confidence;
        }
    }
    return 0;
}

static int fill_texts(const struct data *data, struct panel *panel, struct sawb_error *error) {
    static const char *const names[] = {"gold", "A", "B", "sentence"};
    for (int column = 0; column < 4; column++) {
        if (!panel_column(panel, names[column], COLUMN_TEXT, 0, error))
            return -1;
        for (int i = 0; i < panel->rows; i++) {
            const struct row_facts *row = &data->rows[data->order[i]];
            char room[16];
            const char *text = column == 3 ? row->text
                               : column == 0
                                   ? data_label(data, row->gold, room)
                                   : data_label(data, row->answers[column - 1].label, room);
            if (panel_cell(panel, i, panel->columns - 1, text, error) < 0)
                return -1;
        }
    }
    return 0;
}

/* Answers that are older than the patterns say which they are of. */
static int add_asked(const struct workbench *workbench, struct figure *figure,
                     struct sawb_error *error) {
    const struct data_asked *asked = workbench->data.asked;
    if (!data_is_stale(workbench))
        return 0;
    return figure_fact(figure, error, "rows answered", "before a change, by A %s, B %s",
                       asked[ARM_A].spec, asked[ARM_B].spec);
}

static int add_facts(const struct data *data, struct figure *figure, struct sawb_error *error) {
    const struct tally *tally = &data->shown_tally;
    if (figure_fact(figure, error, "data set", "%s", data->dataset->path) < 0 ||
        figure_fact(figure, error, "rows shown", "%d of %d", data->shown, data->dataset->count) < 0)
        return -1;
    if (data->shown > FIGURE_ROWS &&
        figure_fact(figure, error, "rows here", "the first %d; `data save` writes all",
                    FIGURE_ROWS) < 0)
        return -1;
    if (data->filter_text && figure_fact(figure, error, "filter", "%s", data->filter_text) < 0)
        return -1;
    for (int arm = 0; arm < ARMS && tally->labelled > 0; arm++)
        if (figure_fact(figure, error, arm == ARM_A ? "accuracy A" : "accuracy B",
                        "%.4f of %d labelled rows, loss %.4f", tally_accuracy(tally, arm),
                        tally->labelled, tally_loss(tally, arm)) < 0)
            return -1;
    return figure_fact(figure, error, "disagreement",
                       "only A right %d, only B right %d, exact McNemar p %.4g, %d flips",
                       tally->only[ARM_A], tally->only[ARM_B],
                       mcnemar_exact(tally->only[ARM_A], tally->only[ARM_B]), tally->flips);
}

int data_figure(const struct workbench *workbench, struct figure *figure,
                struct sawb_error *error) {
    const struct data *data = &workbench->data;
    int rows = data->shown < FIGURE_ROWS ? data->shown : FIGURE_ROWS;
    if (data_check(data, error) < 0)
        return -1;
    if (figure_title(figure, error, "%s", data->dataset->path) < 0 ||
        figure_facts(workbench, figure, error) < 0 || add_facts(data, figure, error) < 0 ||
        add_asked(workbench, figure, error) < 0)
        return -1;
    struct panel *panel = figure_table(figure, "rows", rows, error);
    return panel && fill_numbers(data, panel, error) == 0 ? fill_texts(data, panel, error) : -1;
}

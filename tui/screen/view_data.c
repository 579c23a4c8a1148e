/*
 * view_data.c - a data set as a table: gold label, what A and B answer, and the sums over it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app/data.h"
#include "tui/app/format.h"
#include "tui/screen/screen.h"
#include "viz/table.h"

#define ROWS_FOR_SUMS 12      /* of the area, from which the sums have a table of their own */
#define ROWS_FOR_DETAIL 22    /* from which the text under the cursor is shown whole */
#define DETAIL_ROWS 3         /* of that text */
#define COLUMNS_FOR_SUMS 54   /* of the sums over all rows; below, one line */
#define COLUMNS_FOR_BOTH 77   /* of those over the shown rows beside them */
#define COLUMNS_FOR_NAMES 100 /* from which labels are written out */
#define LABEL_MOST 10
#define LABEL_LEAST 3
#define TEXT_LEAST 28

/* ---- the table ------------------------------------------------------------------------------- */

enum { MARK, NUMBER, GOLD, LABEL_A, LABEL_B, SURE_A, SURE_B, DELTA, WORDS, TEXT, COLUMNS };

static const unsigned sorted_columns[DATA_KEYS] = {
    [DATA_ROW] = 1 << NUMBER,  [DATA_TEXT] = 1 << TEXT,
    [DATA_GOLD] = 1 << GOLD,   [DATA_A] = 1 << LABEL_A,
    [DATA_B] = 1 << LABEL_B,   [DATA_CONFIDENCE] = 1 << SURE_A | 1 << SURE_B,
    [DATA_DELTA] = 1 << DELTA, [DATA_LENGTH] = 1 << WORDS,
};

struct sight {
    const struct data *data;
    const struct glyphs *glyphs;
    int stale;
    int label_columns;
};

static void put_label(const struct sight *sight, struct table_cell *cell, const char *mark,
                      int label) {
    char room[16];
    const char *name = data_label(sight->data, label, room);
    int bytes = (int)text_prefix(name, sight->label_columns);
    snprintf(cell->room, sizeof(cell->room), "%s%.*s", mark, bytes, name);
}

static void put_answer(const struct sight *sight, struct table_cell *cell,
                       const struct row_facts *row, int arm) {
    int label = row->answers[arm].label, judged = row->gold >= 0, right = label == row->gold;
    char mark[16] = "  ";
    if (label < 0)
        return;
    if (judged)
        snprintf(mark, sizeof(mark), "%s ", right ? sight->glyphs->yes : sight->glyphs->no);
    put_label(sight, cell, mark, label);
    if (judged && !right && !sight->stale)
        cell->meaning = MEANING_NEGATIVE;
}

static void put_share(struct table_cell *cell, double share) {
    if (!isnan(share))
        snprintf(cell->room, sizeof(cell->room), "%.3f", share);
}

static void fill_cell(void *user, int place, int column, struct table_cell *cell) {
    const struct sight *sight = user;
    const struct row_facts *row = &sight->data->rows[sight->data->order[place]];
    const struct row_answer *answers = row->answers;
    if (sight->stale && column != NUMBER && column != GOLD && column != WORDS && column != TEXT)
        cell->meaning = MEANING_FAINT;
    switch (column) {
    case MARK:
        if (answers[ARM_A].label >= 0 && answers[ARM_B].label >= 0 &&
            answers[ARM_A].label != answers[ARM_B].label) {
            cell->text = sight->glyphs->differ;
            cell->meaning = sight->stale ? MEANING_FAINT : MEANING_NOTE;
            cell->flags = CELL_BOLD;
        }
        break;
    case NUMBER:
        snprintf(cell->room, sizeof(cell->room), "%d", row->row);
        cell->meaning = MEANING_FAINT;
        break;
    case GOLD:
        put_label(sight, cell, "", row->gold);
        break;
    case LABEL_A:
    case LABEL_B:
        put_answer(sight, cell, row, column == LABEL_A ? ARM_A : ARM_B);
        break;
    case SURE_A:
    case SURE_B:
        put_share(cell, (double)answers[column == SURE_A ? ARM_A : ARM_B].confidence);
        break;
    case DELTA:
        if (!isnan(row_delta(row)))
            signed_text(cell->room, sizeof(cell->room), row_delta(row), 3, sight->glyphs);
        break;
    case WORDS:
        snprintf(cell->room, sizeof(cell->room), "%d", row->words);
        break;
    default:
        cell->text = row->text;
        break;
    }
}

/* Columns of the labels: all of them where there is room, else as few as tell them apart. */
static int label_columns(const struct data *data, int wide) {
    int most = LABEL_LEAST, apart = LABEL_LEAST;
    for (int i = 0; i < data->labels; i++) {
        int columns = text_columns(data->names[i]);
        most = columns > most ? columns : most;
        for (int j = 0; j < i; j++)
            while (apart < LABEL_MOST &&
                   strncmp(data->names[i], data->names[j], (size_t)apart) == 0)
                apart++;
    }
    most = most < LABEL_MOST ? most : LABEL_MOST;
    return wide || most < apart ? most : apart;
}

static int digits(int number) {
    char text[16];
    return snprintf(text, sizeof(text), "%d", number);
}

static void draw_table(struct screen *screen, struct data *data, struct area whole) {
    struct area area = area_part(whole, 0, 1, whole.rows, whole.columns - 2);
    int labels = label_columns(data, area.columns >= COLUMNS_FOR_NAMES);
    int number = digits(data->dataset->count - 1);
    int text = area.columns / 3 < TEXT_LEAST ? area.columns / 3 : TEXT_LEAST;
    const struct table_column columns[COLUMNS] = {
        [MARK] = {.title = "", .width = 1},
        [NUMBER] = {.title = "row", .number = 1, .width = number > 4 ? number : 4, .rank = 3},
        [GOLD] = {.title = "gold", .width = labels > 4 ? labels : 5, .rank = 4},
        [LABEL_A] = {.title = "A", .width = labels + 2, .rank = 1},
        [LABEL_B] = {.title = "B", .width = labels + 2, .rank = 2},
        [SURE_A] = {.title = "conf A", .number = 1, .width = 7, .rank = 5},
        [SURE_B] = {.title = "conf B", .number = 1, .width = 7, .rank = 5},
        [DELTA] = {.title = "delta", .number = 1, .width = 6, .rank = 6},
        [WORDS] = {.title = "len", .number = 1, .width = 4, .rank = 7},
        [TEXT] = {.title = "text", .width = text, .elastic = 1},
    };
    struct sight sight = {.data = data,
                          .glyphs = screen->glyphs,
                          .stale = data_is_stale(screen->workbench),
                          .label_columns = labels};
    int visible = area.rows - 1;
    data->page = visible > 1 ? visible : 1;
    data->first = table_scroll(data->first, data->position, data->page, data->shown);
    const struct table_view view = {.columns = columns,
                                    .column_count = COLUMNS,
                                    .rows = data->shown,
                                    .first = data->first,
                                    .selected = data->position,
                                    .sorted = sorted_columns[data->key],
                                    .descending = data->descending,
                                    .shift = data->shift,
                                    .cell = fill_cell,
                                    .user = &sight};
    table_draw(area, &view, screen->glyphs);
    /* The cursor is seen without colour too. */
    if (data->shown > 0)
        area_text(whole, 1 + data->position - data->first, 0, MEANING_SELECTED, 0,
                  screen->glyphs->prompt);
    if (data->shown == 0)
        draw_cut(area, 2, 3, area.columns - 4, MEANING_FAINT, 0,
                 "no row holds; `filter off` shows all", screen->glyphs);
    int in_sight = data->shown - data->first < visible ? data->shown - data->first : visible;
    row_set_want(data->set, data->order + data->first, in_sight);
}

/* ---- above it -------------------------------------------------------------------------------- */

/* What the answers are worth at present. */
static enum meaning state_text(const struct screen *screen, char *text, size_t size) {
    const struct data *data = &screen->workbench->data;
    char done[FORMAT_BYTES], total[FORMAT_BYTES], left[FORMAT_BYTES];
    format_count(done, data->answered);
    format_count(total, data->dataset->count);
    format_duration(left, data->seconds_left);
    text[0] = '\0';
    if (data->waiting)
        snprintf(text, size, " waits for other work ");
    else if (data_is_stale(screen->workbench))
        snprintf(text, size, " stale: r asks again ");
    else if (data->running)
        snprintf(text, size, " %s of %s%s%s%s ", done, total, left[0] ? ", " : "", left,
                 left[0] ? " left" : "");
    else if (data->stopped || !data->asked[ARM_A].spec)
        snprintf(text, size, " %s of %s: r asks all ", done, total);
    return data->waiting || (data->running && !data_is_stale(screen->workbench)) ? MEANING_NOTE
                                                                                 : MEANING_NEGATIVE;
}

static void draw_title(struct screen *screen, struct area area) {
    const struct data *data = &screen->workbench->data;
    const char *slash = strrchr(data->dataset->path, '/');
    char state[128], shown[FORMAT_BYTES], total[FORMAT_BYTES], text[256];
    enum meaning meaning = state_text(screen, state, sizeof(state));
    int end = area.columns - 1, column = 1;
    area_rule(area, 0, screen->glyphs);
    column += area_text(area, 0, column, MEANING_TITLE, CELL_BOLD, " data ");
    if (text_columns(state) < end - column) {
        area_text_right(area, 0, end, meaning, 0, state);
        end -= text_columns(state) + 1;
    }
    snprintf(text, sizeof(text), "%s  ", slash ? slash + 1 : data->dataset->path);
    column += draw_cut(area, 0, column, end - column, MEANING_TEXT, 0, text, screen->glyphs);
    format_count(shown, data->shown);
    format_count(total, data->dataset->count);
    snprintf(text, sizeof(text), "%s of %s rows ", shown, total);
    if (data->shown == data->dataset->count)
        snprintf(text, sizeof(text), "%s rows ", total);
    column += draw_cut(area, 0, column, end - column, MEANING_FAINT, 0, text, screen->glyphs);
    if (!data->filter_text)
        return;
    snprintf(text, sizeof(text), " %s ", data->filter_text);
    draw_cut(area, 0, column, end - column, MEANING_KEY, 0, text, screen->glyphs);
}

/* Numbers of one group of columns, each of which ends before its place; 0: not shown. */
struct group {
    const struct tally *tally;
    const char *name;
    int accuracy, loss, removed, alone;
};

static void put_right(struct area area, int row, int end, enum meaning meaning, const char *format,
                      double value) {
    char text[48];
    if (end == 0)
        return;
    if (isnan(value))
        snprintf(text, sizeof(text), "-");
    else
        snprintf(text, sizeof(text), format, value);
    area_text_right(area, row, end, isnan(value) ? MEANING_FAINT : meaning, 0, text);
}

static void draw_group(struct screen *screen, const struct group *group, struct area area, int row,
                       enum meaning meaning) {
    const struct data *data = &screen->workbench->data;
    const struct tally *tally = group->tally;
    char text[64];
    area_text_right(area, row, group->accuracy, MEANING_FAINT, 0, "accuracy");
    area_text_right(area, row, group->loss, MEANING_FAINT, 0, "loss");
    if (group->removed)
        area_text_right(area, row, group->removed, MEANING_FAINT, 0, "removed");
    area_text_right(area, row, group->alone, MEANING_FAINT, 0, "alone");
    for (int arm = 0; arm < ARMS; arm++) {
        int at = row + 1 + arm;
        put_right(area, at, group->accuracy, meaning, "%.4f", tally_accuracy(tally, arm));
        put_right(area, at, group->loss, meaning, "%.4f", tally_loss(tally, arm));
        put_right(area, at, group->removed, meaning, "%.1f %%", 100 * data->realised[arm]);
        snprintf(text, sizeof(text), "%c %6d", arm == ARM_A ? 'b' : 'c', tally->only[arm]);
        area_text_right(area, at, group->alone, meaning, 0, text);
    }
    snprintf(text, sizeof(text), "%d flip%s", tally->flips, tally->flips == 1 ? "" : "s");
    area_text_right(area, row + 3, group->removed ? group->removed : group->loss, meaning, 0, text);
    put_right(area, row + 3, group->alone, meaning, "%.3g",
              tally->labelled > 0 ? mcnemar_exact(tally->only[ARM_A], tally->only[ARM_B]) : NAN);
}

/* Sums over all rows and, beside them, over those that the filter shows. Returns the rows it took.
 */
static int draw_sums(struct screen *screen, struct area area) {
    static const enum meaning accents[ARMS] = {MEANING_ACCENT_A, MEANING_ACCENT_B};
    const struct data *data = &screen->workbench->data;
    int both = data->filter && area.columns >= COLUMNS_FOR_BOTH, row = data->filter != NULL;
    int name = area.columns - (both ? 69 : 42);
    name = name > 32 ? 32 : name;
    enum meaning meaning = data_is_stale(screen->workbench) ? MEANING_FAINT : MEANING_TEXT;
    int at = 3 + name;
    struct group groups[2] = {
        {.tally = &data->all,
         .accuracy = at + 9,
         .loss = at + 18,
         .removed = at + 28,
         .alone = at + 38},
        {.tally = &data->shown_tally, .accuracy = at + 48, .loss = at + 56, .alone = at + 65}};
    if (data->filter && !both)
        groups[0].tally = &data->shown_tally;
    if (data->filter) {
        area_text_right(area, 0, groups[0].alone, MEANING_FAINT, 0,
                        both ? "all rows" : "the rows that are shown");
        if (both)
            area_text_right(area, 0, groups[1].alone, MEANING_FAINT, 0, "those shown");
    }
    for (int arm = 0; arm < ARMS; arm++) {
        const char *spec =
            data->asked[arm].spec ? data->asked[arm].spec : screen->workbench->arms[arm].spec;
        area_text(area, row + 1 + arm, 1, accents[arm], CELL_BOLD, arm ? "B" : "A");
        draw_cut(area, row + 1 + arm, 3, name, accents[arm], 0, spec, screen->glyphs);
    }
    draw_cut(area, row + 3, 3, name + 8, MEANING_FAINT, 0, "exact McNemar p", screen->glyphs);
    for (int i = 0; i <= both; i++)
        draw_group(screen, &groups[i], area, row, meaning);
    return row + 4;
}

/* The same in one line. */
static int draw_short_sums(struct screen *screen, struct area area) {
    const struct data *data = &screen->workbench->data;
    const struct tally *tally = data->filter ? &data->shown_tally : &data->all;
    char text[200];
    if (tally->labelled == 0)
        snprintf(text, sizeof(text), "%d answered  %d flips", tally->rows, tally->flips);
    else
        snprintf(text, sizeof(text), "%sA %.3f  B %.3f  b %d  c %d  p %.3g",
                 data->filter ? "shown: " : "", tally_accuracy(tally, ARM_A),
                 tally_accuracy(tally, ARM_B), tally->only[ARM_A], tally->only[ARM_B],
                 mcnemar_exact(tally->only[ARM_A], tally->only[ARM_B]));
    draw_cut(area, 0, 1, area.columns - 2,
             data_is_stale(screen->workbench) ? MEANING_FAINT : MEANING_TEXT, 0, text,
             screen->glyphs);
    return 1;
}

/* ---- below it -------------------------------------------------------------------------------- */

/* The text under the cursor, as much as has room. */
static void draw_detail(struct screen *screen, struct area area) {
    const struct data *data = &screen->workbench->data;
    char number[FORMAT_BYTES];
    area_rule(area, 0, screen->glyphs);
    if (data->shown == 0)
        return;
    const struct row_facts *row = &data->rows[data->row];
    area_printf(area, 0, 1, MEANING_FAINT, 0, " row %s  line %d  %d word%s ",
                format_count(number, row->row), data->dataset->examples[row->row].line, row->words,
                row->words == 1 ? "" : "s");
    const char *at = row->text;
    for (int line = 1; line < area.rows && *at; line++) {
        const char *start = at;
        size_t bytes = text_wrap(start, area.columns - 3, &at);
        char *part = strndup(start, bytes);
        if (!part)
            return;
        area_text(area, line, 1, MEANING_TEXT, 0, part);
        free(part);
        if (*at && line == area.rows - 1)
            area_text(area, line, area.columns - 2, MEANING_FAINT, 0, screen->glyphs->ellipsis);
    }
}

static void draw_invitation(struct screen *screen, struct area area) {
    static const char *const lines[] = {
        "No data set is open. A and B answer its rows while you look at them:", "",
        ":data FILE      .tsv with columns sentence and label, .jsonl, plain lines",
        ":filter flips   only rows where A and B differ; :filter lists the terms",
        ":sort conf      the least certain first"};
    area_rule(area, 0, screen->glyphs);
    area_text(area, 0, 1, MEANING_TITLE, CELL_BOLD, " data ");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        draw_cut(area, 2 + (int)i, 3, area.columns - 4, MEANING_FAINT, 0, lines[i], screen->glyphs);
}

/* Where the table stands in the area: its first row, and how many it has. */
static void split(const struct data *data, struct area area, int *first, int *rows, int *detail) {
    int sums = area.rows < ROWS_FOR_SUMS || area.columns < COLUMNS_FOR_SUMS
                   ? area.rows > 5
                   : 4 + (data->filter != NULL);
    *detail = area.rows >= ROWS_FOR_DETAIL ? DETAIL_ROWS + 1 : 0;
    *first = 1 + sums;
    *rows = area.rows - *first - *detail;
}

static void draw(struct screen *screen, struct area area) {
    struct data *data = &screen->workbench->data;
    int first, rows, detail;
    if (!data->set) {
        draw_invitation(screen, area);
        return;
    }
    split(data, area, &first, &rows, &detail);
    draw_title(screen, area);
    struct area sums = area_part(area, 1, 0, first - 1, area.columns);
    if (sums.rows > 1)
        draw_sums(screen, sums);
    else if (sums.rows == 1)
        draw_short_sums(screen, sums);
    draw_table(screen, data, area_part(area, first, 0, rows, area.columns));
    if (detail)
        draw_detail(screen, area_part(area, first + rows, 0, detail, area.columns));
}

/* A click puts the cursor on a row, a second one opens it; on the titles it sorts by the next
 * column. */
static int click(struct screen *screen, struct area area, int row, int column,
                 enum mouse_event event) {
    const struct data *data = &screen->workbench->data;
    int first, rows, detail;
    char command[64];
    (void)column;
    if (!data->set || (event != MOUSE_PRESS && event != MOUSE_DOUBLE))
        return 0;
    split(data, area, &first, &rows, &detail);
    int place = data->first + row - first - 1;
    if (row < first || row >= first + rows || place >= data->shown)
        return 0;
    if (row == first)
        snprintf(command, sizeof(command), "sort next");
    else
        snprintf(command, sizeof(command), "data %s %d", event == MOUSE_DOUBLE ? "open" : "select",
                 data->order[place]);
    screen_command(screen, command);
    return 1;
}

static const struct key_binding keys[] = {
    {FOCUS_MAP, KEYS_UP, 0, "data select -1", "the row above", "Up Down", "row", 1},
    {FOCUS_MAP, KEYS_DOWN, 0, "data select +1", "the row below", NULL, NULL, 0},
    {FOCUS_MAP, 'k', 0, "data select -1", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'j', 0, "data select +1", NULL, NULL, NULL, 0},
    {FOCUS_MAP, KEYS_PAGE_UP, 0, "data select page-up", "a page up", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_PAGE_DOWN, 0, "data select page-down", "a page down", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_HOME, 0, "data select first", "the first row", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_END, 0, "data select last", "the last row", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_LEFT, 0, "data shift -10", "scroll the texts to the left", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_RIGHT, 0, "data shift +10", "scroll the texts to the right", NULL, NULL, 0},
    {FOCUS_MAP, 'h', 0, "data shift -10", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'l', 0, "data shift +10", NULL, NULL, NULL, 0},
    {FOCUS_MAP, KEYS_ENTER, 0, "data open", "take the sentence to the workbench", "Enter", "open",
     1},
    {FOCUS_MAP, '/', 0, "prompt filter /", "filter by a regular expression", "/", "filter", 1},
    {FOCUS_MAP, 'f', 0, "prompt filter ", "filter by any expression", NULL, NULL, 0},
    {FOCUS_MAP, 'F', 0, "filter off", "show every row", NULL, NULL, 0},
    {FOCUS_MAP, 'n', 0, "data find next", "the next row that `data find` looks for (first: flips)",
     "n N", "next flip", 0},
    {FOCUS_MAP, 'N', 0, "data find previous", "the one before", NULL, NULL, 0},
    {FOCUS_MAP, '<', 0, "sort previous", "sort by the column before", "< >", "sort", 0},
    {FOCUS_MAP, '>', 0, "sort next", "sort by the next column", NULL, NULL, 0},
    {FOCUS_MAP, 'I', 0, "sort reverse", "the other way round", NULL, NULL, 0},
    {FOCUS_MAP, 'r', 0, "data again", "ask A and B about every row again", "r", "ask again", 0},
    {FOCUS_MAP, 'W', 0, "prompt data save ", "write the shown rows to a file", NULL, NULL, 0},
    {0}};

const struct view_ops view_data = {.keys = keys, .draw = draw, .click = click};

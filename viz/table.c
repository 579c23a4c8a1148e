/*
 * table.c - rows and columns of text: printed, as TSV, and in an area.
 */
#include "viz/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMN_GAP 2
#define TEXT_LEAST 4 /* columns that a text column is cut to at most */

struct table {
    int columns;
    char *is_number;      /* [columns] */
    char **cells;         /* [count]: the titles, then the rows */
    unsigned char *marks; /* [capacity]: of the row whose last cell it is */
    size_t count, capacity;
    const int *least; /* [columns] of what is printed; NULL: any */
};

static int append_cell(struct table *table, char *text) {
    if (table->count == table->capacity) {
        size_t capacity = table->capacity ? 2 * table->capacity : 64;
        char **grown = realloc(table->cells, capacity * sizeof(*grown));
        if (!grown)
            return -1;
        table->cells = grown;
        unsigned char *marks = realloc(table->marks, capacity);
        if (!marks)
            return -1;
        table->marks = marks;
        table->capacity = capacity;
    }
    table->marks[table->count] = TABLE_PLAIN;
    for (char *at = text; *at; at++)
        if (*at == '\t' || *at == '\n' || *at == '\r')
            *at = ' ';
    table->cells[table->count++] = text;
    return 0;
}

struct table *table_create(const char *const *titles, int columns, struct sawb_error *error) {
    if (columns <= 0) {
        error_set(error, "a table needs at least one column");
        return NULL;
    }
    struct table *table = calloc(1, sizeof(*table));
    if (table)
        table->is_number = calloc((size_t)columns, 1);
    if (!table || !table->is_number) {
        error_set(error, "out of memory for a table of %d columns", columns);
        table_free(table);
        return NULL;
    }
    table->columns = columns;
    for (int i = 0; i < columns; i++) {
        table->is_number[i] = titles[i][0] == '>';
        if (table_add(table, "%s", titles[i] + table->is_number[i]) != 0) {
            error_set(error, "out of memory for a table of %d columns", columns);
            table_free(table);
            return NULL;
        }
    }
    return table;
}

void table_free(struct table *table) {
    if (!table)
        return;
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table->marks);
    free(table->is_number);
    free(table);
}

int table_add(struct table *table, const char *format, ...) {
    char *text;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return -1;
    if (append_cell(table, text) != 0) {
        free(text);
        return -1;
    }
    return 0;
}

void table_mark(struct table *table, enum table_mark mark) {
    table->marks[table->count - 1] = (unsigned char)mark;
}

enum table_mark table_marked(const struct table *table, size_t row) {
    size_t last = (row + 2) * (size_t)table->columns - 1;
    return last < table->count ? (enum table_mark)table->marks[last] : TABLE_PLAIN;
}

void table_least(struct table *table, const int *widths) {
    table->least = widths;
}

/* ---- for people ---- */

/* Columns of one column's cells: text has only `left`; numbers are split at the point. */
struct extent {
    int left, right;
};

static size_t row_count(const struct table *table) {
    return (table->count + (size_t)table->columns - 1) / (size_t)table->columns;
}

/* "" for cells that an unfinished last row lacks. */
static const char *cell_at(const struct table *table, size_t row, int column) {
    size_t index = row * (size_t)table->columns + (size_t)column;
    return index < table->count ? table->cells[index] : "";
}

static int is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

/*
 * The columns of a number before its point, which is the first point after a digit, or stands
 * behind the first digits when there is none ("80 %"). -1 when the text holds no number.
 */
static int point_column(const char *text) {
    const char *at = text;
    while (*at && !is_digit(*at))
        at++;
    if (!*at)
        return -1;
    while (is_digit(*at) || (*at == ',' && is_digit(at[1])))
        at++;
    int columns = 0, width;
    char glyph[CELL_BYTES];
    for (size_t bytes; text < at && (bytes = text_next(text, glyph, &width)) > 0; text += bytes)
        columns += width;
    return columns;
}

static void widen(struct extent *extent, int left, int right) {
    if (left > extent->left)
        extent->left = left;
    if (right > extent->right)
        extent->right = right;
}

static struct extent measure_column(const struct table *table, int column) {
    struct extent extent = {0, 0};
    int whole = text_columns(cell_at(table, 0, column));
    for (size_t row = 1; row < row_count(table); row++) {
        const char *text = cell_at(table, row, column);
        int width = text_columns(text);
        int point = table->is_number[column] ? point_column(text) : width;
        if (point >= 0)
            widen(&extent, point, width - point);
        else if (width > whole)
            whole = width;
    }
    /* Titles and words among numbers are flush right and know no point. */
    if (table->least && table->least[column] > whole)
        whole = table->least[column];
    if (whole > extent.left + extent.right)
        extent.left = whole - extent.right;
    return extent;
}

/* Cuts the widest text columns until the table fits, or until they cannot be cut any more. */
static void fit_width(const struct table *table, struct extent *extents, int width) {
    long long total = (long long)COLUMN_GAP * (table->columns - 1);
    for (int i = 0; i < table->columns; i++)
        total += extents[i].left + extents[i].right;
    while (total > width) {
        int widest = -1;
        for (int i = 0; i < table->columns; i++)
            if (!table->is_number[i] && extents[i].left > TEXT_LEAST &&
                (widest < 0 || extents[i].left > extents[widest].left))
                widest = i;
        if (widest < 0)
            return;
        extents[widest].left--;
        total--;
    }
}

static void write_blanks(FILE *out, int count) {
    for (int i = 0; i < count; i++)
        fputc(' ', out);
}

/* Writes the characters that fit in `columns` as a terminal may see them. Returns the columns used.
 */
static int write_drawn(FILE *out, const char *text, int columns) {
    char glyph[CELL_BYTES];
    int used = 0, width;
    for (size_t bytes; (bytes = text_next(text, glyph, &width)) > 0; text += bytes) {
        if (width > columns - used)
            break;
        fputs(glyph, out);
        used += width;
    }
    return used;
}

/* Returns the blanks that are still due behind the cell. */
static int write_text_cell(FILE *out, const char *text, int columns, const char *ellipsis) {
    if (text_columns(text) <= columns)
        return columns - write_drawn(out, text, columns);
    int used = write_drawn(out, text, columns - text_columns(ellipsis));
    fputs(ellipsis, out);
    return columns - used - text_columns(ellipsis);
}

static int write_number_cell(FILE *out, const char *text, struct extent extent, int is_title) {
    int width = text_columns(text), point = is_title ? -1 : point_column(text);
    int before = point >= 0 ? extent.left - point : extent.left + extent.right - width;
    write_blanks(out, before);
    write_drawn(out, text, width);
    return extent.left + extent.right - before - width;
}

static void write_table(FILE *out, const struct table *table, const struct extent *extents,
                        const char *ellipsis) {
    for (size_t row = 0; row < row_count(table); row++) {
        int due = 0; /* blanks are written only before something, so that no line ends in them */
        for (int column = 0; column < table->columns; column++) {
            const char *text = cell_at(table, row, column);
            struct extent extent = extents[column];
            if (!*text) {
                due += extent.left + extent.right + COLUMN_GAP;
                continue;
            }
            write_blanks(out, due);
            due = table->is_number[column] ? write_number_cell(out, text, extent, row == 0)
                                           : write_text_cell(out, text, extent.left, ellipsis);
            due += COLUMN_GAP;
        }
        fputc('\n', out);
    }
}

char *table_print(const struct table *table, int width, const char *ellipsis) {
    struct extent *extents = calloc((size_t)table->columns, sizeof(*extents));
    if (!extents)
        return NULL;
    for (int i = 0; i < table->columns; i++)
        extents[i] = measure_column(table, i);
    if (width > 0)
        fit_width(table, extents, width);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) {
        free(extents);
        return NULL;
    }
    write_table(out, table, extents, ellipsis);
    free(extents);
    int failed = ferror(out);
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}

/* ---- for programs ---- */

char *table_tsv(const struct table *table) {
    size_t length = 1;
    size_t cells = row_count(table) * (size_t)table->columns;
    for (size_t i = 0; i < table->count; i++)
        length += strlen(table->cells[i]);
    char *text = malloc(length + cells), *end = text;
    if (!text)
        return NULL;
    for (size_t row = 0; row < row_count(table); row++)
        for (int column = 0; column < table->columns; column++) {
            end = stpcpy(end, cell_at(table, row, column));
            *end++ = column + 1 < table->columns ? '\t' : '\n';
        }
    *end = '\0';
    return text;
}

/* ---- in an area ---- */

/* Where a column stands; width 0: it is left out. */
struct slot {
    int at, width;
    int behind; /* columns from the point on, of the widest number in sight */
};

static int room_taken(const struct table_view *view, const struct slot *slots, int gap) {
    int taken = -gap;
    for (int i = 0; i < view->column_count; i++)
        taken += slots[i].width > 0 ? slots[i].width + gap : 0;
    return taken;
}

/* Leaves out the columns of the highest rank that is there. 0 when none may go. */
static int leave_out(const struct table_view *view, struct slot *slots) {
    int highest = 0;
    for (int i = 0; i < view->column_count; i++)
        if (slots[i].width > 0 && view->columns[i].rank > highest)
            highest = view->columns[i].rank;
    for (int i = 0; highest > 0 && i < view->column_count; i++)
        if (view->columns[i].rank == highest)
            slots[i].width = 0;
    return highest > 0;
}

static void arrange(const struct table_view *view, int columns, struct slot *slots) {
    int at = 0;
    for (int i = 0; i < view->column_count; i++)
        slots[i] = (struct slot){.width = view->columns[i].width};
    while (room_taken(view, slots, COLUMN_GAP) > columns && leave_out(view, slots))
        continue;
    int left = columns - room_taken(view, slots, COLUMN_GAP);
    for (int i = 0; i < view->column_count; i++) {
        if (view->columns[i].elastic && slots[i].width > 0 && slots[i].width + left > 0)
            slots[i].width += left;
        slots[i].at = at;
        at += slots[i].width > 0 ? slots[i].width + COLUMN_GAP : 0;
    }
}

static void ask_cell(const struct table_view *view, int row, int column, struct table_cell *cell) {
    cell->text = cell->room;
    cell->room[0] = '\0';
    cell->meaning = MEANING_TEXT;
    cell->flags = 0;
    view->cell(view->user, row, column, cell);
}

/* Points of numbers in sight stand one below the other. */
static void measure_sight(const struct table_view *view, int visible, struct slot *slots) {
    struct table_cell cell;
    for (int i = 0; i < view->column_count; i++) {
        if (!view->columns[i].number || slots[i].width == 0)
            continue;
        for (int row = view->first; row < view->first + visible && row < view->rows; row++) {
            ask_cell(view, row, i, &cell);
            int point = point_column(cell.text);
            int behind = point >= 0 ? text_columns(cell.text) - point : 0;
            slots[i].behind = behind > slots[i].behind ? behind : slots[i].behind;
        }
    }
}

static void draw_number(struct area part, const struct slot *slot, const struct table_cell *cell,
                        unsigned flags) {
    int width = text_columns(cell->text), point = point_column(cell->text);
    int behind = point >= 0 ? width - point : slot->behind;
    int end = slot->width - (slot->behind - behind);
    area_text(part, 0, end - width, cell->meaning, flags, cell->text);
}

/* Text that is scrolled by `shift`; what is hidden on either side is said by an ellipsis. */
static void draw_text(struct area part, int shift, const struct table_cell *cell, unsigned flags,
                      const struct glyphs *glyphs) {
    int width = text_columns(cell->text);
    area_text(part, 0, -shift, cell->meaning, flags, cell->text);
    if (shift > 0 && width > 0)
        area_text(part, 0, 0, cell->meaning, flags, glyphs->ellipsis);
    if (width - shift > part.columns)
        area_text(part, 0, part.columns - 1, cell->meaning, flags, glyphs->ellipsis);
}

static void draw_titles(struct area area, const struct table_view *view, const struct slot *slots,
                        const struct glyphs *glyphs) {
    for (int i = 0; i < view->column_count; i++) {
        const struct table_column *column = &view->columns[i];
        int sorted = view->sorted >> i & 1, width = text_columns(column->title);
        const char *mark = view->descending ? glyphs->falling : glyphs->rising;
        unsigned flags = sorted ? CELL_BOLD : 0;
        enum meaning meaning = sorted ? MEANING_TITLE : MEANING_FAINT;
        struct area part = area_part(area, 0, slots[i].at, 1, slots[i].width);
        int room = slots[i].width - sorted;
        int at = column->number && width < room ? room - width : 0;
        area_text(area_part(part, 0, 0, 1, room), 0, at, meaning, flags, column->title);
        if (sorted)
            area_text(part, 0, at + width < room ? at + width : room, meaning, flags, mark);
    }
}

static void draw_row(struct area line, const struct table_view *view, int row,
                     const struct slot *slots, const struct glyphs *glyphs) {
    struct table_cell cell;
    int selected = row == view->selected;
    if (selected)
        area_fill(line, MEANING_SELECTED, " ");
    for (int i = 0; i < view->column_count; i++) {
        if (slots[i].width == 0)
            continue;
        struct area part = area_part(line, 0, slots[i].at, 1, slots[i].width);
        ask_cell(view, row, i, &cell);
        if (selected)
            cell.meaning = MEANING_SELECTED;
        if (view->columns[i].number)
            draw_number(part, &slots[i], &cell, cell.flags);
        else
            draw_text(part, view->columns[i].elastic ? view->shift : 0, &cell, cell.flags, glyphs);
    }
}

void table_draw(struct area area, const struct table_view *view, const struct glyphs *glyphs) {
    struct slot slots[TABLE_COLUMNS_MOST];
    int visible = area.rows - 1;
    if (view->column_count > TABLE_COLUMNS_MOST || visible < 0)
        return;
    arrange(view, area.columns, slots);
    measure_sight(view, visible, slots);
    draw_titles(area, view, slots, glyphs);
    for (int i = 0; i < visible && view->first + i < view->rows; i++)
        draw_row(area_part(area, 1 + i, 0, 1, area.columns), view, view->first + i, slots, glyphs);
}

int table_scroll(int first, int selected, int visible, int total) {
    if (first > total - visible)
        first = total - visible;
    if (first > selected)
        first = selected;
    if (visible > 0 && first <= selected - visible)
        first = selected - visible + 1;
    return first > 0 ? first : 0;
}

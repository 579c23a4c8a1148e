/*
 * frames.c - draws the panes.
 *
 * The views draw their own upper border, a rule with a title in it. Here the verticals between
 * panes are added, joined with whatever rules meet them, and the pane that has the keys is marked.
 */
#include "tui/screen/frames.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ANSWER_ROWS 8 /* an answer takes all the room when its pane has less */
#define ANSWER_COLUMNS 50
#define JOINT_UP 1
#define JOINT_DOWN 2
#define JOINT_LEFT 4
#define JOINT_RIGHT 8

int frames_alone(const struct screen *screen, int rows, int columns) {
    const struct panes *panes = &screen->workbench->panes;
    struct pane_place places[PANES_MOST];
    int count = panes_place(panes, rows, columns, places);
    for (int i = 0; i < count && screen->answer; i++)
        if (places[i].pane == panes->focus &&
            (places[i].rows < ANSWER_ROWS || places[i].columns < ANSWER_COLUMNS))
            return 1;
    return count == 1;
}

int frames_place(const struct screen *screen, int rows, int columns,
                 struct pane_place places[PANES_MOST]) {
    const struct panes *panes = &screen->workbench->panes;
    if (!frames_alone(screen, rows, columns))
        return panes_place(panes, rows, columns, places);
    places[0] = (struct pane_place){panes->focus, 0, 0, rows, columns};
    return 1;
}

static int is_glyph(struct area area, int row, int column, const char *glyph) {
    const struct cell *cell = area_cell(area, row, column);
    return cell && strcmp(cell->glyph, glyph) == 0;
}

/* ---- titles ---------------------------------------------------------------------------------- */

/* The first row of an area as ASCII in lower case, other characters as '?'. */
static void read_title(struct area area, char *text, int size) {
    int length = 0;
    for (int column = 0; column < area.columns && length < size - 1; column++) {
        const struct cell *cell = area_cell(area, 0, column);
        text[length++] = cell && cell->glyph[0] > ' ' && cell->glyph[0] < 0x7f && !cell->glyph[1]
                             ? cell->glyph[0]
                         : cell && cell->glyph[0] == ' ' ? ' '
                                                         : '?';
    }
    text[length] = '\0';
}

/* A text at the right end of a title that does not say it and has room. */
static void add_text(const struct screen *screen, struct area area, enum meaning meaning,
                     unsigned flags, const char *text) {
    char title[512];
    int length = (int)strlen(text), start = area.columns - length - 3;
    read_title(area, title, sizeof(title));
    if (strcasestr(title, text))
        return;
    for (int column = start - 1; column < area.columns; column++)
        if (!is_glyph(area, 0, column, screen->glyphs->rule))
            return;
    area_printf(area, 0, start, meaning, flags, " %s ", text);
}

/* A pane that is zoomed says that there are others. */
static void tell_zoom(const struct screen *screen, struct area area) {
    const struct panes *panes = &screen->workbench->panes;
    char text[64];
    if (!panes->zoomed)
        return;
    snprintf(text, sizeof(text), "one of %d panes", panes_count(panes));
    add_text(screen, area, MEANING_NOTE, 0, text);
}

/* The title of the pane that has the keys stays as the view drew it and gets a mark in front; the
 * others step back. */
static void mark_title(const struct screen *screen, struct area area, int focused) {
    enum focus focus = screen_focus(screen);
    if (focused) {
        int on = focus == FOCUS_MAP || focus == FOCUS_TEXT;
        area_text(area, 0, 0, on ? MEANING_TITLE : MEANING_FAINT, on ? CELL_BOLD : 0,
                  screen->glyphs->prompt);
        return;
    }
    for (int column = 0; column < area.columns; column++) {
        struct cell *cell = area_cell(area, 0, column);
        if (!cell)
            continue;
        cell->flags &= (uint8_t)~CELL_BOLD;
        if (cell->meaning == MEANING_TITLE)
            cell->meaning = MEANING_TEXT;
    }
}

/* ---- panes ----------------------------------------------------------------------------------- */

static void draw_pane(struct screen *screen, const struct pane_place *place, struct area area) {
    const struct panes *panes = &screen->workbench->panes;
    struct grid *grid = area.grid;
    int focused = place->pane == panes->focus, row = grid->cursor_row, column = grid->cursor_column;
    enum view view = panes->nodes[place->pane].view;
    const struct view_ops *ops = focused ? screen_view(screen) : screen_view_get((int)view);
    if (area.rows < PANES_ROWS_LEAST || area.columns < PANES_COLUMNS_LEAST) {
        area_rule(area, 0, screen->glyphs);
        area_printf(area, 0, 1, MEANING_TITLE, CELL_BOLD, " %s ", view_get((int)view)->name);
        return;
    }
    screen_take_text(screen, focused ? screen_text(screen) : (int)view);
    ops->draw(screen, area);
    if (focused)
        return;
    grid->cursor_row = row; /* is for the view that has the keys */
    grid->cursor_column = column;
}

/* ---- borders --------------------------------------------------------------------------------- */

/* Runs along the column at the right of a place. */
static void draw_border(const struct screen *screen, struct area room,
                        const struct pane_place *place) {
    for (int row = 0; row < place->rows; row++)
        area_text(room, place->row + row, place->column + place->columns, MEANING_FAINT, 0,
                  screen->glyphs->vertical);
}

static int is_vertical(const struct screen *screen, struct area room, int row, int column) {
    const struct glyphs *glyphs = screen->glyphs;
    if (is_glyph(room, row, column, glyphs->vertical))
        return 1;
    for (int bits = 0; bits < 16; bits++)
        if (bits & (JOINT_UP | JOINT_DOWN) && is_glyph(room, row, column, glyphs->joints[bits]))
            return 1;
    return 0;
}

/* Joins a border with the rules that meet it at its sides, and the rule it ends on. */
static void join_border(const struct screen *screen, struct area room,
                        const struct pane_place *place) {
    const struct glyphs *glyphs = screen->glyphs;
    int column = place->column + place->columns, end = place->row + place->rows;
    for (int row = place->row; row <= end; row++) {
        if (row == end && !is_glyph(room, row, column, glyphs->rule))
            break;
        int bits = (is_glyph(room, row, column - 1, glyphs->rule) ? JOINT_LEFT : 0) |
                   (is_glyph(room, row, column + 1, glyphs->rule) ? JOINT_RIGHT : 0);
        if (row == end)
            bits |= JOINT_UP | JOINT_LEFT | JOINT_RIGHT;
        else
            bits |= JOINT_DOWN;
        if (row > place->row || is_vertical(screen, room, row - 1, column))
            bits |= JOINT_UP;
        if (bits & (JOINT_LEFT | JOINT_RIGHT))
            area_text(room, row, column, MEANING_FAINT, 0, glyphs->joints[bits]);
    }
}

void frames_draw(struct screen *screen, struct area room) {
    struct panes *panes = &screen->workbench->panes;
    struct pane_place places[PANES_MOST];
    int count = frames_place(screen, room.rows, room.columns, places), focused = 0;
    screen->drawn.panes = room;
    screen->drawn.panes.grid = NULL;
    screen->drawn.alone = count == 1;
    for (int i = 0; i < count; i++) {
        struct pane_place *place = &places[i];
        if (place->pane == panes->focus)
            focused = i;
        else
            draw_pane(screen, place,
                      area_part(room, place->row, place->column, place->rows, place->columns));
    }
    const struct pane_place *place = &places[focused];
    draw_pane(screen, place,
              area_part(room, place->row, place->column, place->rows, place->columns));
    if (count == 1) {
        tell_zoom(screen, room);
        return;
    }
    for (int i = 0; i < count; i++) {
        place = &places[i];
        struct area area = area_part(room, place->row, place->column, place->rows, place->columns);
        if (!(i == focused && screen->answer))
            add_text(screen, area, MEANING_TITLE, CELL_BOLD,
                     view_get((int)panes->nodes[place->pane].view)->name);
        draw_border(screen, room, place);
    }
    for (int i = 0; i < count; i++)
        join_border(screen, room, &places[i]);
    for (int i = 0; i < count; i++) {
        place = &places[i];
        mark_title(screen, area_part(room, place->row, place->column, place->rows, place->columns),
                   i == focused);
    }
}

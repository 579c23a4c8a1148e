/*
 * mouse.c - what the mouse does: it gives the keys to what it points at, moves borders, scrolls,
 * and the rest is the view's.
 */
#include <stdlib.h>
#include <string.h>

#include "tui/screen/frames.h"

#define DOUBLE_SECONDS 0.4 /* between two presses at one place that count as one */
#define WHEEL_LINES 3
#define SENTENCE_COLUMN 3 /* as layout.c and prompt.c draw them */

static int is_wheel(enum mouse_event event) {
    return event == MOUSE_WHEEL_UP || event == MOUSE_WHEEL_DOWN;
}

/* The pane at a place of the room for panes, with its part of the room; 0: none. */
static int find_pane(const struct screen *screen, int row, int column, struct pane_place *found) {
    struct pane_place places[PANES_MOST];
    const struct area *room = &screen->drawn.panes;
    int count = frames_place(screen, room->rows, room->columns, places);
    for (int i = 0; i < count; i++) {
        if (row < places[i].row || row >= places[i].row + places[i].rows ||
            column < places[i].column || column >= places[i].column + places[i].columns)
            continue;
        *found = places[i];
        return 1;
    }
    return 0;
}

/* The view does with it what it can; the wheel moves as the arrow keys do where it cannot. */
static void point_at_view(struct screen *screen, const struct pane_place *place,
                          enum mouse_event event, int row, int column) {
    const struct view_ops *view = screen_view(screen);
    struct area area =
        area_part(screen->drawn.panes, place->row, place->column, place->rows, place->columns);
    screen_take_text(screen, screen_text(screen));
    if (view->click && view->click(screen, area, row - place->row, column - place->column, event))
        return;
    if (!is_wheel(event))
        return;
    const struct key_sources sources = screen_keys(screen);
    int key = event == MOUSE_WHEEL_UP ? KEYS_UP : KEYS_DOWN;
    enum focus focus = screen_focus(screen);
    const struct key_binding *binding =
        focus == FOCUS_TEXT || focus == FOCUS_MAP ? keys_find(&sources, focus, 0, key) : NULL;
    for (int i = 0; binding && i < (focus == FOCUS_TEXT ? WHEEL_LINES : 1); i++)
        screen_run_key(screen, binding->command);
}

static void press_sentence(struct screen *screen, int column) {
    screen->on_map = 0;
    line_editor_point(&screen->sentence, screen->drawn.sentence_columns, column - SENTENCE_COLUMN);
}

/* A pane gets the keys; a border is taken hold of. */
static void press(struct screen *screen, enum mouse_event event, int row, int column) {
    struct panes *panes = &screen->workbench->panes;
    const struct area *room = &screen->drawn.panes;
    struct pane_place place;
    int inside = row - room->row, at = column - room->column;
    int border =
        screen->drawn.alone ? -1 : panes_border(panes, room->rows, room->columns, inside, at);
    screen->pointer.dragging = border + 1;
    if (!find_pane(screen, inside, at, &place) || (screen->answer && place.pane != panes->focus))
        return;
    panes_focus(panes, place.pane);
    screen->on_map = 1;
    if (border >= 0)
        return;
    screen->pointer.pressed = place.pane + 1;
    point_at_view(screen, &place, event, inside, at);
}

static void turn_wheel(struct screen *screen, enum mouse_event event, int row, int column) {
    struct panes *panes = &screen->workbench->panes;
    const struct area *room = &screen->drawn.panes;
    struct pane_place place;
    if (!find_pane(screen, row - room->row, column - room->column, &place) ||
        (screen->answer && place.pane != panes->focus))
        return;
    panes_focus(panes, place.pane);
    screen->on_map = 1;
    point_at_view(screen, &place, event, row - room->row, column - room->column);
}

/* Moves the border that is held, or goes on in the view where the button went down. */
static void drag(struct screen *screen, enum mouse_event event, int row, int column) {
    struct panes *panes = &screen->workbench->panes;
    struct pointer *pointer = &screen->pointer;
    const struct area *room = &screen->drawn.panes;
    struct pane_place places[PANES_MOST];
    row -= room->row;
    column -= room->column;
    if (pointer->dragging && event == MOUSE_DRAG)
        panes_drag(panes, pointer->dragging - 1, room->rows, room->columns, row, column);
    int count = frames_place(screen, room->rows, room->columns, places);
    for (int i = 0; i < count && pointer->pressed; i++)
        if (places[i].pane == pointer->pressed - 1 && places[i].pane == panes->focus)
            point_at_view(screen, &places[i], event, row, column);
    if (event == MOUSE_RELEASE)
        pointer->pressed = pointer->dragging = 0;
}

/* The second press at a place within a short while. */
static int is_double(struct screen *screen, int row, int column) {
    struct pointer *pointer = &screen->pointer;
    int twice = pointer->time > 0 && row == pointer->row && column == pointer->column &&
                screen->now - pointer->time < DOUBLE_SECONDS;
    pointer->row = row;
    pointer->column = column;
    pointer->time = twice ? 0 : screen->now; /* a third one begins anew */
    return twice;
}

void screen_mouse(struct screen *screen, enum mouse_event event, int row, int column) {
    struct workbench *workbench = screen->workbench;
    const struct drawn *drawn = &screen->drawn;
    if (workbench->without_mouse || drawn->panes.rows <= 0)
        return;
    workbench->changed = 1;
    if (event == MOUSE_DRAG || event == MOUSE_RELEASE) {
        drag(screen, event, row, column);
        return;
    }
    screen->first_key = 0;
    if (screen->prompt_open) {
        if (event == MOUSE_PRESS && row == drawn->prompt_row)
            line_editor_point(&screen->prompt, drawn->panes.columns - 4, column - SENTENCE_COLUMN);
        return;
    }
    workbench->message_kind = MESSAGE_NONE;
    if (is_wheel(event)) {
        turn_wheel(screen, event, row, column);
        return;
    }
    screen->pointer.pressed = screen->pointer.dragging = 0;
    if (is_double(screen, row, column))
        event = MOUSE_DOUBLE;
    if (row == drawn->sentence_row && !screen->answer)
        press_sentence(screen, column);
    else if (row >= drawn->panes.row && row < drawn->panes.row + drawn->panes.rows)
        press(screen, event, row, column);
}

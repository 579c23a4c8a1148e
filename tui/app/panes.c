/*
 * panes.c - the tree of panes.
 */
#include "tui/app/panes.h"

#include <limits.h>
#include <string.h>

#define RATIO_LEAST 0.05
/* A terminal of this size or more has so many panes of an automatic layout. */
#define TWO_COLUMNS 110
#define TWO_ROWS 36
#define THREE_COLUMNS 180
#define THREE_ROWS 50
#define WIDE_COLUMNS 160 /* from here two panes stand side by side */

/* ---- the tree -------------------------------------------------------------------------------- */

static int is_used(const struct panes *panes, int node) {
    return node == 0 || panes->nodes[node].used;
}

static int is_split(const struct panes *panes, int node) {
    return panes->nodes[node].first != 0;
}

static double limit_ratio(double ratio) {
    return ratio < RATIO_LEAST ? RATIO_LEAST : ratio > 1 - RATIO_LEAST ? 1 - RATIO_LEAST : ratio;
}

/* A blank node, 0 when there is none left. */
static int take_node(struct panes *panes, int parent) {
    for (int i = 1; i < PANES_NODES; i++) {
        if (panes->nodes[i].used)
            continue;
        panes->nodes[i] = (struct pane_node){.used = 1, .parent = parent};
        return i;
    }
    return 0;
}

/* Panes below a node, in reading order. Returns how many. */
static int list_panes(const struct panes *panes, int node, int list[PANES_MOST], int count) {
    if (is_split(panes, node)) {
        count = list_panes(panes, panes->nodes[node].first, list, count);
        return list_panes(panes, panes->nodes[node].second, list, count);
    }
    if (count < PANES_MOST)
        list[count++] = node;
    return count;
}

int panes_count(const struct panes *panes) {
    int list[PANES_MOST];
    return list_panes(panes, 0, list, 0);
}

/* ---- places ---------------------------------------------------------------------------------- */

static int share_of(double ratio, int cells) {
    int first = (int)(ratio * cells + 0.5);
    if (cells < 2)
        return cells;
    return first < 1 ? 1 : first > cells - 1 ? cells - 1 : first;
}

/* The two parts of a split that stands at `whole`. */
static void divide(const struct pane_node *node, const struct pane_place *whole,
                   struct pane_place parts[2]) {
    parts[0] = parts[1] = *whole;
    parts[0].pane = node->first;
    parts[1].pane = node->second;
    if (node->down) {
        parts[0].rows = share_of(node->ratio, whole->rows);
        parts[1].row += parts[0].rows;
        parts[1].rows -= parts[0].rows;
        return;
    }
    int border = whole->columns > 0;
    parts[0].columns = share_of(node->ratio, whole->columns - border);
    parts[1].column += parts[0].columns + border;
    parts[1].columns -= parts[0].columns + border;
}

/* Where every node stands, by its index. */
static void place_nodes(const struct panes *panes, int rows, int columns,
                        struct pane_place places[PANES_NODES]) {
    int waiting[PANES_NODES] = {0}, count = 1;
    places[0] = (struct pane_place){.rows = rows, .columns = columns};
    while (count > 0) {
        int node = waiting[--count];
        struct pane_place parts[2];
        if (!is_split(panes, node))
            continue;
        divide(&panes->nodes[node], &places[node], parts);
        for (int i = 0; i < 2; i++) {
            places[parts[i].pane] = parts[i];
            waiting[count++] = parts[i].pane;
        }
    }
}

int panes_place(const struct panes *panes, int rows, int columns,
                struct pane_place places[PANES_MOST]) {
    struct pane_place all[PANES_NODES];
    int list[PANES_MOST];
    if (panes->zoomed) {
        places[0] = (struct pane_place){panes->focus, 0, 0, rows, columns};
        return 1;
    }
    place_nodes(panes, rows, columns, all);
    int count = list_panes(panes, 0, list, 0);
    for (int i = 0; i < count; i++)
        places[i] = all[list[i]];
    return count;
}

/* Where the nodes stand in the room that was there last. */
static void place_last(const struct panes *panes, struct pane_place places[PANES_NODES]) {
    int known = panes->rows > 0 && panes->columns > 0;
    place_nodes(panes, known ? panes->rows : 24, known ? panes->columns : 80, places);
}

/* ---- views ----------------------------------------------------------------------------------- */

static int same_node(const struct pane_node *a, const struct pane_node *b) {
    return a->used == b->used && a->parent == b->parent && a->first == b->first &&
           a->second == b->second && a->down == b->down && a->ratio == b->ratio &&
           a->view == b->view && a->previous == b->previous && a->slot == b->slot;
}

int panes_same(const struct panes *a, const struct panes *b) {
    int same = a->focus == b->focus && a->zoomed == b->zoomed && a->automatic == b->automatic &&
               a->arranged == b->arranged && a->arranged_for_run == b->arranged_for_run &&
               a->rows == b->rows && a->columns == b->columns;
    for (int i = 0; same && i < PANES_NODES; i++)
        same = same_node(&a->nodes[i], &b->nodes[i]);
    for (int i = 0; same && i < PANES_SLOTS; i++)
        same = a->slots[i].view == b->slots[i].view &&
               a->slots[i].previous == b->slots[i].previous &&
               a->slots[i].chosen == b->slots[i].chosen;
    return same;
}

int panes_shows(const struct panes *panes, enum view view) {
    if (panes->zoomed || !panes->nodes[0].used)
        return panes_view(panes) == view;
    for (int i = 0; i < PANES_NODES; i++)
        if (panes->nodes[i].used && !panes->nodes[i].first && panes->nodes[i].view == view)
            return 1;
    return 0;
}

enum view panes_view(const struct panes *panes) {
    return panes->nodes[panes->focus].view;
}

enum view panes_previous(const struct panes *panes) {
    return panes->nodes[panes->focus].previous;
}

void panes_show(struct panes *panes, enum view view) {
    struct pane_node *pane = &panes->nodes[panes->focus];
    if (pane->view == view)
        return;
    pane->previous = pane->view;
    pane->view = view;
    panes->slots[pane->slot].chosen = 1;
}

/* ---- changes by hand ------------------------------------------------------------------------- */

int panes_split(struct panes *panes, int down, enum view view, struct sawb_error *error) {
    int at = panes->focus;
    if (panes_count(panes) >= PANES_MOST)
        return error_set(error, "split: there are %d panes, more have no room; `close` one",
                         PANES_MOST);
    int first = take_node(panes, at), second = take_node(panes, at);
    struct pane_node *split = &panes->nodes[at];
    panes->nodes[first].view = split->view;
    panes->nodes[first].previous = split->previous;
    panes->nodes[second].view = panes->nodes[second].previous = view;
    split->first = first;
    split->second = second;
    split->down = down;
    split->ratio = 0.5;
    panes->focus = second;
    panes->zoomed = 0;
    panes->automatic = 0;
    return 0;
}

int panes_close(struct panes *panes, struct sawb_error *error) {
    int closed = panes->focus, parent = panes->nodes[closed].parent;
    if (closed == 0)
        return error_set(error, "close: this is the last pane; `quit` leaves");
    struct pane_node *split = &panes->nodes[parent];
    int stays = split->first == closed ? split->second : split->first, above = split->parent;
    /* What stays takes the place of the split. */
    *split = panes->nodes[stays];
    split->parent = above;
    if (is_split(panes, parent)) {
        panes->nodes[split->first].parent = parent;
        panes->nodes[split->second].parent = parent;
    }
    panes->nodes[stays].used = panes->nodes[closed].used = 0;
    int list[PANES_MOST];
    list_panes(panes, parent, list, 0);
    panes->focus = list[0];
    panes->zoomed = 0;
    panes->automatic = 0;
    return 0;
}

void panes_only(struct panes *panes) {
    struct pane_node pane = panes->nodes[panes->focus];
    memset(panes->nodes, 0, sizeof(panes->nodes));
    panes->nodes[0].view = pane.view;
    panes->nodes[0].previous = pane.previous;
    panes->focus = 0;
    panes->zoomed = 0;
    panes->automatic = 0;
}

void panes_zoom(struct panes *panes) {
    panes->zoomed = !panes->zoomed && panes_count(panes) > 1;
}

/* ---- focus ----------------------------------------------------------------------------------- */

int panes_focus(struct panes *panes, int pane) {
    if (pane < 0 || pane >= PANES_NODES || !is_used(panes, pane) || is_split(panes, pane))
        return -1;
    panes->focus = pane;
    return 0;
}

int panes_step(struct panes *panes, int step) {
    int list[PANES_MOST], count = list_panes(panes, 0, list, 0);
    if (count < 2)
        return -1;
    for (int i = 0; i < count; i++) {
        if (list[i] != panes->focus)
            continue;
        panes->focus = list[((i + step) % count + count) % count];
        break;
    }
    return 0;
}

/* Distance from `from` to `to` when `to` lies at that side and the two overlap, -1 otherwise. */
static int distance(const struct pane_place *from, const struct pane_place *to,
                    enum pane_side side) {
    int across = side == PANE_LEFT || side == PANE_RIGHT;
    int overlap = across ? to->row < from->row + from->rows && from->row < to->row + to->rows
                         : to->column < from->column + from->columns &&
                               from->column < to->column + to->columns;
    int gap = side == PANE_LEFT    ? from->column - (to->column + to->columns)
              : side == PANE_RIGHT ? to->column - (from->column + from->columns)
              : side == PANE_UP    ? from->row - (to->row + to->rows)
                                   : to->row - (from->row + from->rows);
    return overlap ? gap : -1;
}

int panes_to_side(struct panes *panes, enum pane_side side) {
    struct pane_place places[PANES_NODES];
    int list[PANES_MOST], count = list_panes(panes, 0, list, 0), best = -1, least = INT_MAX;
    place_last(panes, places);
    for (int i = 0; i < count; i++) {
        int gap = distance(&places[panes->focus], &places[list[i]], side);
        if (gap < 0 || gap >= least)
            continue;
        least = gap;
        best = list[i];
    }
    if (best < 0)
        return -1;
    panes->focus = best;
    return 0;
}

/* ---- sizes ----------------------------------------------------------------------------------- */

/* Grows the pane at the split `at`, in which it is below or is `child`. */
static void grow_at(struct panes *panes, int at, int child, int cells) {
    struct pane_place places[PANES_NODES];
    struct pane_node *split = &panes->nodes[at];
    place_last(panes, places);
    int room = split->down ? places[at].rows : places[at].columns - 1;
    double change = (double)cells / (room > 0 ? room : 1);
    split->ratio = limit_ratio(split->ratio + (split->first == child ? change : -change));
    panes->zoomed = 0;
    panes->automatic = 0;
}

int panes_grow(struct panes *panes, int down, int cells) {
    for (int child = panes->focus; child != 0;) {
        int at = panes->nodes[child].parent;
        if (panes->nodes[at].down == down) {
            grow_at(panes, at, child, cells);
            return 0;
        }
        child = at;
    }
    return -1;
}

int panes_grow_any(struct panes *panes, int cells) {
    if (panes->focus == 0)
        return -1;
    grow_at(panes, panes->nodes[panes->focus].parent, panes->focus, cells);
    return 0;
}

/* Panes that stand one beside the other in this direction below a node. */
static int lined_up(const struct panes *panes, int node, int down) {
    if (!is_split(panes, node) || panes->nodes[node].down != down)
        return 1;
    return lined_up(panes, panes->nodes[node].first, down) +
           lined_up(panes, panes->nodes[node].second, down);
}

void panes_equal(struct panes *panes) {
    for (int i = 0; i < PANES_NODES; i++) {
        struct pane_node *node = &panes->nodes[i];
        if (!is_used(panes, i) || !is_split(panes, i))
            continue;
        int first = lined_up(panes, node->first, node->down);
        node->ratio = (double)first / (first + lined_up(panes, node->second, node->down));
    }
    panes->automatic = 0;
}

/* ---- layouts --------------------------------------------------------------------------------- */

/* What one wants to see most, in this order. */
static const enum view favourites[] = {VIEW_ATTENTION, VIEW_HEADS,   VIEW_PREDICTION,
                                       VIEW_TRAINING,  VIEW_METRICS, VIEW_MASK};
#define FAVOURITES ((int)(sizeof(favourites) / sizeof(favourites[0])))

static int holds_view(const int shown[PANES_SLOTS], const struct panes *panes, enum view view) {
    for (int i = 0; i < PANES_SLOTS; i++)
        if (shown[i] && panes->slots[i].view == view)
            return 1;
    return 0;
}

/* The views of `count` slots, the focused one among them: those the user chose stay, the others are
 * what one wants to see beside them. shown[i]: slot i has a pane. */
static void choose_slots(struct panes *panes, int count, int run, int focused,
                         int shown[PANES_SLOTS]) {
    int left = count - 1;
    memset(shown, 0, PANES_SLOTS * sizeof(*shown));
    shown[focused] = 1;
    for (int i = 0; i < PANES_SLOTS && left > 0; i++) {
        if (shown[i])
            continue;
        struct pane_slot *slot = &panes->slots[i];
        enum view wanted = slot->chosen                  ? slot->view
                           : run && count == 2 && i == 1 ? VIEW_TRAINING
                                                         : favourites[i];
        for (int k = 0; holds_view(shown, panes, wanted) && k < FAVOURITES; k++)
            wanted = favourites[k];
        if (slot->view != wanted)
            slot->previous = slot->view;
        slot->view = wanted;
        shown[i] = 1;
        left--;
    }
}

static int put_leaf(struct panes *panes, int node, int slot) {
    panes->nodes[node].view = panes->slots[slot].view;
    panes->nodes[node].previous = panes->slots[slot].previous;
    panes->nodes[node].slot = slot;
    return node;
}

/* Makes a pane a split of two panes. */
static void put_split(struct panes *panes, int at, int down, double ratio) {
    int first = take_node(panes, at), second = take_node(panes, at);
    panes->nodes[at].first = first;
    panes->nodes[at].second = second;
    panes->nodes[at].down = down;
    panes->nodes[at].ratio = ratio;
}

/* The tree of a layout; leaves[i] is the node of its place i. */
static void build(struct panes *panes, int count, int leaves[PANES_SLOTS]) {
    struct pane_node *nodes = panes->nodes;
    memset(nodes, 0, sizeof(panes->nodes));
    leaves[0] = 0;
    if (count == 1)
        return;
    put_split(panes, 0, count == 2 && panes->columns < WIDE_COLUMNS, 0.58);
    leaves[0] = nodes[0].first;
    leaves[1] = nodes[0].second;
    if (count == 2)
        return;
    int right = leaves[1];
    put_split(panes, right, 1, 0.5);
    leaves[1] = nodes[right].first;
    leaves[2] = nodes[right].second;
    if (count == 3)
        return;
    int left = leaves[0];
    put_split(panes, left, 1, 0.62);
    leaves[0] = nodes[left].first;
    leaves[3] = nodes[left].second;
}

static void arrange(struct panes *panes, int count, int run) {
    int list[PANES_MOST + 1], shown[PANES_SLOTS], leaves[PANES_SLOTS], place = 0;
    int before = list_panes(panes, 0, list, 0), focused = panes->nodes[panes->focus].slot;
    list[before] = panes->focus; /* last, so that its view is the one of a slot that is shared */
    for (int i = 0; i <= before; i++) {
        const struct pane_node *pane = &panes->nodes[list[i]];
        panes->slots[pane->slot].view = pane->view;
        panes->slots[pane->slot].previous = pane->previous;
    }
    choose_slots(panes, count, run, focused, shown);
    build(panes, count, leaves);
    for (int i = 0; i < PANES_SLOTS; i++) {
        if (!shown[i])
            continue;
        int node = put_leaf(panes, leaves[place++], i);
        if (i == focused)
            panes->focus = node;
    }
    panes->zoomed = 0;
    panes->arranged = count;
    panes->arranged_for_run = run;
}

/* Panes that were split by hand fill the slots in reading order; those that are too many share the
 * last one. */
static void number_panes(struct panes *panes) {
    int list[PANES_MOST], count = list_panes(panes, 0, list, 0);
    memset(panes->slots, 0, sizeof(panes->slots));
    for (int i = 0; i < count; i++) {
        int slot = i < PANES_SLOTS ? i : PANES_SLOTS - 1;
        panes->nodes[list[i]].slot = slot;
        panes->slots[slot].chosen = 1;
    }
}

void panes_open(struct panes *panes) {
    memset(panes, 0, sizeof(*panes));
    panes->automatic = 1;
}

void panes_arrange(struct panes *panes, int count, int run) {
    count = count < 1 ? 1 : count > PANES_SLOTS ? PANES_SLOTS : count;
    if (!panes->automatic)
        number_panes(panes);
    arrange(panes, count, run);
    panes->automatic = 0;
}

void panes_follow(struct panes *panes) {
    if (!panes->automatic)
        number_panes(panes);
    panes->automatic = 1;
    panes->arranged = 0;
}

void panes_fit(struct panes *panes, int rows, int columns, int run) {
    int count = 1;
    panes->columns = columns; /* which a layout is made for */
    if (!panes->automatic)
        return;
    if (columns >= THREE_COLUMNS && rows >= THREE_ROWS)
        count = run ? 4 : 3;
    else if (columns >= TWO_COLUMNS && rows >= TWO_ROWS)
        count = 2;
    if (count != panes->arranged || run != panes->arranged_for_run)
        arrange(panes, count, run);
}

/* ---- borders --------------------------------------------------------------------------------- */

int panes_border(const struct panes *panes, int rows, int columns, int row, int column) {
    struct pane_place places[PANES_NODES];
    if (panes->zoomed)
        return -1;
    place_nodes(panes, rows, columns, places);
    for (int i = 0; i < PANES_NODES; i++) {
        if (!is_used(panes, i) || !is_split(panes, i))
            continue;
        const struct pane_place *whole = &places[i], *second = &places[panes->nodes[i].second];
        int inside = row >= whole->row && row < whole->row + whole->rows &&
                     column >= whole->column && column < whole->column + whole->columns;
        if (inside && (panes->nodes[i].down ? row == second->row : column == second->column - 1))
            return i;
    }
    return -1;
}

void panes_drag(struct panes *panes, int split, int rows, int columns, int row, int column) {
    struct pane_place places[PANES_NODES];
    if (split < 0 || split >= PANES_NODES || !is_used(panes, split) || !is_split(panes, split))
        return;
    place_nodes(panes, rows, columns, places);
    const struct pane_place *whole = &places[split];
    int down = panes->nodes[split].down;
    int room = down ? whole->rows : whole->columns - 1;
    int first = down ? row - whole->row : column - whole->column;
    panes->nodes[split].ratio = limit_ratio((double)first / (room > 0 ? room : 1));
    panes->automatic = 0;
}

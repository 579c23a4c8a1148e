/*
 * view_heads.c - every head of every layer as a small map: by layers and heads, or, when they are
 * sorted, one after the other with the number they are sorted by.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/screen/screen.h"
#include "viz/minimap.h"

#define MAP_ROWS_LEAST 2
#define MAP_COLUMNS_LEAST 3
#define SORTED_COLUMNS_LEAST 11 /* of a map, for "11.15  0.123" under it */
#define PAIRS_FOR_WIDER 3       /* columns by which a map grows so that no two keys share a bin */
#define LABEL_COLUMNS 3
#define READOUT_ROWS 3 /* a rule, A, B */
#define RULE_ROWS 1    /* the rule alone */
#define ROWS_FOR_READOUT 8
#define ROWS_FOR_GAPS 3 /* of a map, from which a blank row stands between two */
#define COLUMNS_FOR_WORDS 100

/* Where the maps stand: `across` x `down` of them in sight, each in a slot with a column before. */
struct plan {
    int sorted, count;            /* heads in all */
    int label;                    /* columns of the labels at the left */
    int header;                   /* rows above the maps */
    int map_rows, map_columns;    /* room of one */
    int slot_rows, slot_columns;  /* from one to the next */
    int across, down;             /* in sight */
    int total_across, total_down; /* in all */
    int readout;                  /* rows below */
};

static int smaller(int a, int b) {
    return a < b ? a : b;
}

static int larger(int a, int b) {
    return a > b ? a : b;
}

static int tokens_shown(const struct workbench *workbench) {
    int arm = workbench->heads.of == HEADS_B ? ARM_B : ARM_A;
    return workbench->arms[arm].capture->encoding.count;
}

/* 1 when there is something to draw. */
static int has_maps(const struct workbench *workbench) {
    const struct capture *a = workbench->arms[ARM_A].capture, *b = workbench->arms[ARM_B].capture;
    return a && b && heads_count(workbench) > 0 &&
           (workbench->heads.of != HEADS_DIFFERENCE || captures_comparable(a, b));
}

/* ---- layout ---------------------------------------------------------------------------------- */

/* By layers and heads: as wide as all heads allow, as high as all layers do. */
static void plan_grid(const struct workbench *workbench, const struct glyphs *glyphs, int rows,
                      int columns, struct plan *plan) {
    int tokens = tokens_shown(workbench), difference = workbench->heads.of == HEADS_DIFFERENCE;
    plan->total_across = workbench_heads(workbench);
    plan->total_down = workbench_layers(workbench);
    plan->label = LABEL_COLUMNS;
    plan->header = 1;
    int room = columns - plan->label - 1, high = rows - plan->header;
    plan->map_columns = larger(room / plan->total_across - 1, MAP_COLUMNS_LEAST);
    int spaced = (high + 1) / plan->total_down - 1;
    int gap = spaced >= ROWS_FOR_GAPS || spaced == high / plan->total_down;
    plan->map_rows = larger(gap ? spaced : high / plan->total_down, MAP_ROWS_LEAST);
    /* The map may need less than it could have; what is left over stays at the edges. */
    minimap_fit(tokens, difference, glyphs, &plan->map_rows, &plan->map_columns);
    plan->map_rows = larger(plan->map_rows, 1);
    plan->map_columns = larger(plan->map_columns, MAP_COLUMNS_LEAST);
    plan->slot_rows = plan->map_rows + gap;
    plan->slot_columns = plan->map_columns + 1;
    /* Spread over the width where that leaves no more than a map's width between two. */
    int spread = room / plan->total_across;
    if (spread > plan->slot_columns)
        plan->slot_columns = smaller(spread, 2 * plan->map_columns);
    plan->across = smaller(plan->total_across, larger(room / plan->slot_columns, 1));
    plan->down = smaller(plan->total_down, larger((high + gap) / plan->slot_rows, 1));
}

/* One after the other: the largest maps of which all are in sight, or small ones that scroll. */
static void plan_list(const struct workbench *workbench, const struct glyphs *glyphs, int rows,
                      int columns, struct plan *plan) {
    int tokens = tokens_shown(workbench), difference = workbench->heads.of == HEADS_DIFFERENCE;
    plan->sorted = 1;
    for (int high = larger(rows - 1, MAP_ROWS_LEAST); high >= MAP_ROWS_LEAST; high--) {
        plan->map_rows = high;
        plan->map_columns = larger(2 * high, SORTED_COLUMNS_LEAST);
        if (tokens > plan->map_columns && tokens <= plan->map_columns + PAIRS_FOR_WIDER)
            plan->map_columns = tokens;
        minimap_fit(tokens, difference, glyphs, &plan->map_rows, &plan->map_columns);
        plan->map_columns = larger(plan->map_columns, SORTED_COLUMNS_LEAST);
        plan->slot_columns = plan->map_columns + 2;
        plan->slot_rows = plan->map_rows + 1 + (plan->map_rows >= ROWS_FOR_GAPS);
        plan->across = larger((columns - 1) / plan->slot_columns, 1);
        plan->total_down = (plan->count + plan->across - 1) / plan->across;
        plan->down = larger((rows + plan->slot_rows - plan->map_rows - 1) / plan->slot_rows, 1);
        if (plan->down >= plan->total_down)
            break;
    }
    plan->across = smaller(plan->across, plan->count);
    plan->total_across = plan->across;
    plan->down = smaller(plan->down, plan->total_down);
}

/* `area` without its border. */
static struct plan make_plan(const struct workbench *workbench, const struct glyphs *glyphs,
                             struct area area) {
    static const int readouts[] = {READOUT_ROWS, RULE_ROWS};
    struct plan plan = {0};
    /* The numbers below give way to maps that could not all be seen otherwise. */
    for (size_t i = 0; i < sizeof(readouts) / sizeof(readouts[0]); i++) {
        int rows = area.rows - (area.rows >= ROWS_FOR_READOUT ? readouts[i] : 0);
        plan = (struct plan){.count = heads_count(workbench), .readout = area.rows - rows};
        if (workbench->heads.sorted)
            plan_list(workbench, glyphs, rows, area.columns, &plan);
        else
            plan_grid(workbench, glyphs, rows, area.columns, &plan);
        if (plan.sorted || plan.down == plan.total_down)
            break;
    }
    return plan;
}

/* Moves the first one in sight no further than needed to see `cursor`. */
static int scrolled(int first, int cursor, int count, int visible) {
    if (cursor < first)
        first = cursor;
    if (cursor >= first + visible)
        first = cursor - visible + 1;
    return larger(smaller(first, count - visible), 0);
}

static void scroll(struct workbench *workbench, const struct plan *plan, const int *order) {
    struct heads *heads = &workbench->heads;
    int row = workbench->layer, column = workbench->head;
    for (int i = 0; plan->sorted && i < plan->count; i++) {
        if (order[i] == heads_cursor(workbench)) {
            row = i / plan->across;
            column = 0;
        }
    }
    heads->first_row = scrolled(heads->first_row, row, plan->total_down, plan->down);
    heads->first_head = scrolled(heads->first_head, column, plan->total_across, plan->across);
    heads->columns = plan->across;
    heads->rows = plan->down;
}

/* The head in a slot, -1: none. */
static int head_in(const struct workbench *workbench, const struct plan *plan, const int *order,
                   int row, int column) {
    int at = (workbench->heads.first_row + row) * plan->total_across + workbench->heads.first_head +
             column;
    return at < plan->count ? order[at] : -1;
}

/* ---- drawing --------------------------------------------------------------------------------- */

/* The largest weight of the head, or 1. */
static float largest_of(const float *a, const float *b, size_t count) {
    float largest = 0.0f;
    for (size_t i = 0; i < count; i++) {
        float value = b ? fabsf(b[i] - a[i]) : a[i];
        largest = value > largest ? value : largest;
    }
    return largest > 0.0f ? largest : 1.0f;
}

static void draw_map(const struct screen *screen, struct area area, int index) {
    const struct workbench *workbench = screen->workbench;
    enum heads_of of = workbench->heads.of;
    int arm = of == HEADS_B ? ARM_B : ARM_A, heads = workbench_heads(workbench);
    const struct capture *capture = workbench->arms[arm].capture;
    if (index / heads >= capture->layers || index % heads >= capture->heads)
        return;
    const struct capture *other = of == HEADS_DIFFERENCE ? workbench->arms[ARM_B].capture : NULL;
    int off = heads_off(workbench, arm, index) && (!other || heads_off(workbench, ARM_B, index));
    if (off) {
        const char *word = area.columns >= 3 ? "off" : "x";
        int width = text_columns(word);
        area_text(area, (area.rows - 1) / 2, (area.columns - width) / 2, MEANING_FAINT, 0, word);
        return;
    }
    int tokens = capture->encoding.count;
    size_t pairs = (size_t)tokens * (size_t)tokens;
    size_t at = capture_head(capture, index / heads, index % heads);
    float *weights = malloc(2 * pairs * sizeof(*weights));
    if (!weights)
        return;
    capture_attention(capture, at, tokens, weights);
    if (other)
        capture_attention(other, at, tokens, weights + pairs);
    struct minimap map = {.tokens = tokens,
                          .values = weights,
                          .other = other ? weights + pairs : NULL,
                          .mask = other ? NULL : capture_mask(capture, at),
                          .maximum = 1.0f};
    enum minimap_kind kind =
        minimap_kind(map.tokens, other != NULL, area.rows, area.columns, screen->glyphs);
    if (kind == MINIMAP_PAIRS)
        map.maximum = largest_of(map.values, map.other, pairs);
    minimap_draw(area, &map, screen->glyphs);
    free(weights);
}

/* Bars at both sides of the head under the cursor, a point behind those that were found. */
static void draw_marks(const struct screen *screen, const struct plan *plan, struct area slot,
                       int index) {
    const struct workbench *workbench = screen->workbench;
    if (index == heads_cursor(workbench)) {
        for (int row = 0; row < plan->map_rows; row++) {
            area_text(slot, row, 0, MEANING_TITLE, CELL_BOLD, screen->glyphs->vertical);
            area_text(slot, row, plan->map_columns + 1, MEANING_TITLE, CELL_BOLD,
                      screen->glyphs->vertical);
        }
    }
    if (heads_matches(workbench, index))
        area_text(slot, 0, plan->map_columns + 1, MEANING_POSITIVE, CELL_BOLD,
                  screen->glyphs->point);
}

/* "3.7  0.482" under a map that is sorted. */
static void draw_number(const struct screen *screen, struct area slot, int row, int index) {
    const struct workbench *workbench = screen->workbench;
    struct heads_place place = workbench->heads.sort;
    int heads = workbench_heads(workbench), here = index == heads_cursor(workbench);
    int decimals = metric_get(place.metric)->decimals;
    double value = heads_value(workbench, place, index);
    char number[32] = "-";
    if (place.of == HEADS_DIFFERENCE && !isnan(value))
        signed_text(number, sizeof(number), value, decimals, screen->glyphs);
    else if (!isnan(value))
        snprintf(number, sizeof(number), "%.*f", decimals, value);
    int column = 1 + area_printf(slot, row, 1, here ? MEANING_TITLE : MEANING_FAINT,
                                 here ? CELL_BOLD | CELL_UNDERLINE : 0, "%d.%d", index / heads,
                                 index % heads);
    area_text(slot, row, column + 1, MEANING_TEXT, here ? CELL_BOLD : 0, number);
}

static struct area slot_area(const struct plan *plan, struct area area, int row, int column) {
    return area_part(area, plan->header + row * plan->slot_rows,
                     plan->label + column * plan->slot_columns, plan->slot_rows,
                     plan->map_columns + 2);
}

/* Numbers of the layers at the left, of the heads above. */
static void draw_labels(const struct screen *screen, const struct plan *plan, struct area area) {
    const struct workbench *workbench = screen->workbench;
    const struct heads *heads = &workbench->heads;
    for (int row = 0; row < plan->down; row++) {
        int layer = heads->first_row + row, here = layer == workbench->layer;
        char number[16];
        snprintf(number, sizeof(number), "%d", layer);
        area_text_right(area, plan->header + row * plan->slot_rows, plan->label - 1,
                        here ? MEANING_TITLE : MEANING_FAINT, here ? CELL_BOLD | CELL_UNDERLINE : 0,
                        number);
    }
    for (int column = 0; column < plan->across; column++) {
        int head = heads->first_head + column, here = head == workbench->head;
        area_printf(area, 0, plan->label + column * plan->slot_columns + 1,
                    here ? MEANING_TITLE : MEANING_FAINT, here ? CELL_BOLD | CELL_UNDERLINE : 0,
                    "%d", head);
    }
    const char *more = screen->glyphs->ellipsis;
    if (heads->first_head > 0)
        area_text(area, 0, plan->label, MEANING_FAINT, 0, more);
    if (heads->first_head + plan->across < plan->total_across)
        area_text(area, 0, area.columns - 1, MEANING_FAINT, 0, more);
}

static void draw_maps(const struct screen *screen, const struct plan *plan, const int *order,
                      struct area area) {
    const struct workbench *workbench = screen->workbench;
    if (!plan->sorted)
        draw_labels(screen, plan, area);
    for (int row = 0; row < plan->down; row++) {
        for (int column = 0; column < plan->across; column++) {
            int index = head_in(workbench, plan, order, row, column);
            struct area slot = slot_area(plan, area, row, column);
            if (index < 0)
                continue;
            draw_map(screen, area_part(slot, 0, 1, plan->map_rows, plan->map_columns), index);
            draw_marks(screen, plan, slot, index);
            if (plan->sorted)
                draw_number(screen, slot, plan->map_rows, index);
        }
    }
}

/* ---- what is said ---------------------------------------------------------------------------- */

static void draw_title(const struct screen *screen, struct area area) {
    static const enum meaning accents[HEADS_KINDS] = {MEANING_ACCENT_A, MEANING_ACCENT_B,
                                                      MEANING_TITLE};
    const struct workbench *workbench = screen->workbench;
    const struct heads *heads = &workbench->heads;
    const struct glyphs *glyphs = screen->glyphs;
    char text[160], place[64];
    int column = 1;
    area_rule(area, 0, glyphs);
    if (heads->of == HEADS_DIFFERENCE)
        snprintf(text, sizeof(text), " heads  B %s A ", glyphs->minus);
    else
        snprintf(text, sizeof(text), " heads  %s %s ", heads->of == HEADS_B ? "B" : "A",
                 workbench->arms[heads->of == HEADS_B ? ARM_B : ARM_A].spec);
    column +=
        draw_cut(area, 0, column, area.columns / 2, accents[heads->of], CELL_BOLD, text, glyphs);
    if (heads->sorted) {
        snprintf(text, sizeof(text), " by %s, %s ",
                 heads_place_text(heads->sort, place, sizeof(place)),
                 heads->descending ? "falling" : "rising");
        column += 1 + draw_cut(area, 0, column + 1, area.columns - column - 2, MEANING_FAINT, 0,
                               text, glyphs);
    }
    if (heads->search.active) {
        static const char *const signs[] = {">", ">=", "<", "<="};
        snprintf(text, sizeof(text), " %s %s %g: %d of %d ",
                 heads_place_text(heads->search.place, place, sizeof(place)),
                 signs[heads->search.comparison], heads->search.value, heads_matching(workbench),
                 heads_count(workbench));
        draw_cut(area, 0, column + 1, area.columns - column - 2, MEANING_POSITIVE, 0, text, glyphs);
    }
}

/* What a dot is, and how much is out of sight. */
static void draw_caption(const struct screen *screen, const struct plan *plan, struct area area,
                         int row) {
    const struct workbench *workbench = screen->workbench;
    const struct heads *heads = &workbench->heads;
    const char *how;
    char hidden[64] = "";
    switch (minimap_kind(tokens_shown(workbench), heads->of == HEADS_DIFFERENCE, plan->map_rows,
                         plan->map_columns, screen->glyphs)) {
    case MINIMAP_PAIRS:
        how = " each map to its own largest ";
        break;
    case MINIMAP_DOTS:
        how = " dots: half of the row's largest and more ";
        break;
    default:
        how = heads->of == HEADS_DIFFERENCE ? " + B larger, - A larger "
                                            : " ink: share of the row's largest ";
    }
    area_rule(area, row, screen->glyphs);
    int column = 1 + area_printf(area, row, 1, MEANING_TITLE, CELL_BOLD, " layer %d  head %d ",
                                 workbench->layer, workbench->head);
    if (area.columns - column > text_columns(how) + 12)
        column += 1 + area_text(area, row, column + 1, MEANING_FAINT, 0, how);
    if (plan->down < plan->total_down)
        snprintf(hidden, sizeof(hidden), " %s %d-%d of %d ", plan->sorted ? "rows" : "layers",
                 heads->first_row, heads->first_row + plan->down - 1, plan->total_down);
    if (area.columns - column > text_columns(hidden) + 2)
        area_text_right(area, row, area.columns - 1, MEANING_FAINT, 0, hidden);
}

/* The numbers of the head under the cursor, as many as have room: A above B. */
static void draw_readout(const struct screen *screen, struct area area) {
    static const enum meaning accents[ARMS] = {MEANING_ACCENT_A, MEANING_ACCENT_B};
    const struct workbench *workbench = screen->workbench;
    const struct metric *metric;
    int index = heads_cursor(workbench), column = 4;
    for (int arm = 0; arm < ARMS; arm++)
        area_text(area, arm, 1, accents[arm], CELL_BOLD, arm ? "B" : "A");
    for (int i = 0; (metric = metric_get(i)); i++) {
        int title = text_columns(metric->title), width = 5;
        if (i == METRIC_IMPORTANCE && !workbench->heads.importance_wanted)
            continue;
        if (column + title + 1 + width > area.columns - 1)
            break;
        for (int arm = 0; arm < (metric->both ? 1 : ARMS); arm++) {
            struct heads_place place = {i, arm ? HEADS_B : HEADS_A};
            double value = heads_value(workbench, place, index);
            char number[32];
            snprintf(number, sizeof(number), "%.*f", smaller(metric->decimals, 3), value);
            area_text(area, arm, column, MEANING_FAINT, 0, metric->title);
            area_text_right(area, arm, column + title + 1 + width,
                            isnan(value) ? MEANING_FAINT : MEANING_TEXT, 0,
                            isnan(value) ? "-" : number);
        }
        column += title + 1 + width + 2;
    }
}

static void draw(struct screen *screen, struct area area) {
    struct workbench *workbench = screen->workbench;
    struct area inside = area_part(area, 1, 0, area.rows - 1, area.columns);
    int count, *order = heads_order(workbench, &count);
    draw_title(screen, area);
    if (!order || !has_maps(workbench)) {
        area_text(area, 2, 3, MEANING_FAINT, 0,
                  workbench_tokens(workbench) > 0 && order
                      ? "A and B have other tokens: there is no difference"
                      : "the model reads the sentence");
        free(order);
        return;
    }
    struct plan plan = make_plan(workbench, screen->glyphs, inside);
    scroll(workbench, &plan, order);
    int maps = inside.rows - plan.readout;
    draw_maps(screen, &plan, order, area_part(inside, 0, 0, maps, inside.columns));
    if (plan.readout) {
        draw_caption(screen, &plan, inside, maps);
        draw_readout(screen, area_part(inside, maps + 1, 0, plan.readout - 1, inside.columns));
    }
    free(order);
}

/* ---- the mouse ------------------------------------------------------------------------------- */

/* The head at a place of the area, -1: none. */
static int head_at(const struct screen *screen, struct area area, int row, int column) {
    const struct workbench *workbench = screen->workbench;
    struct area inside = area_part(area, 1, 0, area.rows - 1, area.columns);
    int count, *order = has_maps(workbench) ? heads_order(workbench, &count) : NULL, index = -1;
    if (!order)
        return -1;
    struct plan plan = make_plan(workbench, screen->glyphs, inside);
    row -= 1 + plan.header;
    column -= plan.label;
    if (row >= 0 && column >= 0 && row / plan.slot_rows < plan.down &&
        column / plan.slot_columns < plan.across)
        index = head_in(workbench, &plan, order, row / plan.slot_rows, column / plan.slot_columns);
    free(order);
    return index;
}

static int click(struct screen *screen, struct area area, int row, int column,
                 enum mouse_event event) {
    int heads = workbench_heads(screen->workbench);
    int index = head_at(screen, area, row, column);
    char line[40];
    if (index < 0 || (event != MOUSE_PRESS && event != MOUSE_DOUBLE))
        return 0;
    snprintf(line, sizeof(line), "heads %d.%d", index / heads, index % heads);
    screen_command(screen, event == MOUSE_DOUBLE ? "view attention" : line);
    return 1;
}

static const struct key_binding keys[] = {
    {FOCUS_MAP, KEYS_LEFT, 0, "heads left", "the head to the left", "arrows", "head", 1},
    {FOCUS_MAP, KEYS_RIGHT, 0, "heads right", "the head to the right", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_UP, 0, "heads up", "the head above", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_DOWN, 0, "heads down", "the head below", NULL, NULL, 0},
    {FOCUS_MAP, 'h', 0, "heads left", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'l', 0, "heads right", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'k', 0, "heads up", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'j', 0, "heads down", NULL, NULL, NULL, 0},
    {FOCUS_MAP, KEYS_HOME, 0, "heads first", "the first head", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_END, 0, "heads last", "the last head", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_PAGE_UP, 0, "heads page-up", "as many rows up as are shown", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_PAGE_DOWN, 0, "heads page-down", "as many rows down", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_ENTER, 0, "view attention", "open the head", "Enter", "open", 1},
    {FOCUS_MAP, ' ', 0, "ablate", "switch the head off or on", "Space", "off/on", 1},
    {FOCUS_MAP, 'd', 0, "heads cycle", "the maps of A, of B, or their difference", "d",
     "A, B, difference", 1},
    {FOCUS_MAP, '>', 0, "rank next", "sort by the next metric", "< >", "sort", 1},
    {FOCUS_MAP, '<', 0, "rank previous", "sort by the metric before", NULL, NULL, 0},
    {FOCUS_MAP, 'r', 0, "rank reverse", "smallest or largest first", NULL, NULL, 0},
    {FOCUS_MAP, '=', 0, "rank off", "in the order of layers and heads", "=", "by layer", 0},
    {FOCUS_MAP, '/', 0, "prompt find ", "mark heads, as in entropy>0.5 or b.sep>0.9", "/", "find",
     1},
    {FOCUS_MAP, 'n', 0, "find next", "the next one that was found", "n N", "next", 0},
    {FOCUS_MAP, 'N', 0, "find previous", "the one found before", NULL, NULL, 0},
    {FOCUS_MAP, 'G', 0, "importance toggle", "the gradient importance of every head, or not", "G",
     "gradient", 0},
    {0}};

const struct view_ops view_heads = {.keys = keys, .draw = draw, .click = click};

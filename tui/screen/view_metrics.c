/*
 * view_metrics.c - the metrics of every head as a table, A beside B, with means below.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/screen/screen.h"

#define PLACE_COLUMNS 7 /* "11.15 " and the mark of what was found */
#define NUMBER_COLUMNS 6
#define GAP 3 /* columns between two metrics */
#define HEADER_ROWS 2
#define MEANS_LEAST 2      /* rows of means: of the layer looked at, of all heads */
#define ROWS_FOR_MEANS 8   /* of the area, below there are none */
#define ROWS_FOR_LAYERS 24 /* from here, a mean for each layer */

/* Metrics `first` .. `end` - 1 are in sight. */
struct plan {
    int first, end;
    int heads; /* rows of heads */
    int means; /* rows of means, without their rule */
    int all_layers;
};

static int smaller(int a, int b) {
    return a < b ? a : b;
}

static int larger(int a, int b) {
    return a > b ? a : b;
}

static int metric_columns(const struct metric *metric) {
    int numbers = metric->both ? NUMBER_COLUMNS : 2 * NUMBER_COLUMNS + 1;
    return larger(numbers, text_columns(metric->title));
}

/* The metric under the cursor of columns. */
static int metric_here(const struct workbench *workbench) {
    struct heads_place place;
    return heads_place_get(workbench->heads.column, &place) ? place.metric : 0;
}

/* The metrics that fit from `first` on: the one after the last. At least one. */
static int metrics_end(int first, int columns) {
    const struct metric *metric;
    int end = first, used = PLACE_COLUMNS;
    while ((metric = metric_get(end)) && used + metric_columns(metric) < columns) {
        used += metric_columns(metric) + GAP;
        end++;
    }
    return larger(end, first + 1);
}

static struct plan make_plan(struct workbench *workbench, struct area area) {
    struct heads *heads = &workbench->heads;
    struct plan plan = {0};
    int here = metric_here(workbench), layers = workbench_layers(workbench);
    if (heads->first_metric_column > here)
        heads->first_metric_column = here;
    while (metrics_end(heads->first_metric_column, area.columns) <= here)
        heads->first_metric_column++;
    /* No more to the right than needed. */
    while (heads->first_metric_column > 0 &&
           metrics_end(heads->first_metric_column - 1, area.columns) >= METRICS)
        heads->first_metric_column--;
    plan.first = heads->first_metric_column;
    plan.end = metrics_end(plan.first, area.columns);
    if (area.rows >= ROWS_FOR_MEANS) {
        plan.all_layers = area.rows >= ROWS_FOR_LAYERS && layers <= area.rows / 3;
        plan.means = plan.all_layers ? layers + 1 : MEANS_LEAST;
    }
    plan.heads = area.rows - 1 - HEADER_ROWS - (plan.means ? plan.means + 1 : 0);
    return plan;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void draw_value(struct area area, int row, int end, double value, int decimals,
                       enum meaning meaning, unsigned flags) {
    char number[32];
    if (isnan(value)) {
        area_text_right(area, row, end, MEANING_FAINT, flags, "-");
        return;
    }
    do {
        snprintf(number, sizeof(number), "%.*f", decimals, value);
    } while (strlen(number) > NUMBER_COLUMNS && decimals-- > 0);
    area_text_right(area, row, end, meaning, flags, number);
}

/* 1 when the column says what an earlier answer's heads were worth. */
static int is_old(const struct workbench *workbench, int metric, int arm) {
    return metric == METRIC_IMPORTANCE && workbench->heads.importance_old[arm];
}

/* Calls for each column of numbers in sight: where it ends, and what it is. */
struct column {
    struct heads_place place;
    const struct metric *metric;
    int start, end; /* columns of the area */
    int index;      /* as heads_place_get counts */
};

static int next_column(const struct plan *plan, struct column *column) {
    int started = column->metric != NULL, before = column->place.metric;
    do {
        if (!heads_place_get(started ? column->index + 1 : 0, &column->place))
            return 0;
        column->index = started ? column->index + 1 : 0;
        started = 1;
    } while (column->place.metric < plan->first);
    if (column->place.metric >= plan->end)
        return 0;
    int second = column->metric && column->place.metric == before;
    const struct metric *metric = metric_get(column->place.metric);
    if (!column->metric)
        column->start = PLACE_COLUMNS;
    else if (!second)
        column->start += metric_columns(column->metric) + GAP;
    column->metric = metric;
    column->end = column->start + metric_columns(metric);
    if (!second && !metric->both)
        column->end -= NUMBER_COLUMNS + 1;
    return 1;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void draw_header(const struct screen *screen, const struct plan *plan, struct area area) {
    const struct workbench *workbench = screen->workbench;
    const struct heads *heads = &workbench->heads;
    struct column column = {0};
    area_text(area, 1, 1, MEANING_FAINT, 0, "head");
    while (next_column(plan, &column)) {
        const struct metric *metric = column.metric;
        int here = column.index == heads->column;
        int sorted = heads->sorted && heads->sort.metric == column.place.metric &&
                     heads->sort.of == column.place.of;
        int b = column.place.of == HEADS_B;
        if (!b) {
            int width = metric_columns(metric), title = text_columns(metric->title);
            area_text(area, 0, column.start + width - title, MEANING_TITLE,
                      metric_here(workbench) == column.place.metric ? CELL_BOLD : 0, metric->title);
        }
        const char *name = metric->both ? "A|B" : b ? "B" : "A";
        enum meaning accent = metric->both ? MEANING_FAINT
                              : b          ? MEANING_ACCENT_B
                                           : MEANING_ACCENT_A;
        area_text_right(area, 1, column.end, accent, CELL_BOLD | (here ? CELL_UNDERLINE : 0), name);
        if (sorted)
            area_text(area, 1, column.end - text_columns(name) - 2, MEANING_NOTE, CELL_BOLD,
                      heads->descending ? "v" : "^");
    }
    if (plan->first > 0)
        area_text(area, 0, PLACE_COLUMNS - 2, MEANING_FAINT, 0, screen->glyphs->ellipsis);
    if (plan->end < METRICS && column.end < area.columns)
        area_text_right(area, 0, area.columns, MEANING_FAINT, 0, screen->glyphs->ellipsis);
}

static void draw_head(const struct screen *screen, const struct plan *plan, struct area area,
                      int row, int index) {
    const struct workbench *workbench = screen->workbench;
    int heads = workbench_heads(workbench), here = index == heads_cursor(workbench);
    enum meaning meaning = here ? MEANING_SELECTED : MEANING_TEXT;
    struct column column = {0};
    char name[32];
    if (here)
        area_fill(area_part(area, row, 0, 1, area.columns), MEANING_SELECTED, " ");
    snprintf(name, sizeof(name), "%d.%d", index / heads, index % heads);
    area_text_right(area, row, 6, meaning, here ? CELL_BOLD : 0, name);
    if (heads_matches(workbench, index))
        area_text(area, row, 0, MEANING_POSITIVE, CELL_BOLD, screen->glyphs->point);
    while (next_column(plan, &column)) {
        int arm = column.place.of == HEADS_B ? ARM_B : ARM_A;
        int faint = !here && is_old(workbench, column.place.metric, arm);
        int cursor = here && column.index == workbench->heads.column;
        double value = heads_value(workbench, column.place, index);
        if (column.place.metric == METRIC_ENTROPY && heads_off(workbench, arm, index))
            area_text_right(area, row, column.end, MEANING_FAINT, 0, "off");
        else
            draw_value(area, row, column.end, value, column.metric->decimals,
                       faint ? MEANING_FAINT : meaning,
                       (here ? CELL_BOLD : 0) | (cursor ? CELL_UNDERLINE : 0));
    }
}

/* Mean of a column over the heads of a layer, -1: of all; NaN is passed over. */
static double mean_of(const struct workbench *workbench, struct heads_place place, int layer) {
    int heads = workbench_heads(workbench), count = 0;
    int from = layer < 0 ? 0 : layer * heads;
    int end = layer < 0 ? heads_count(workbench) : from + heads;
    double sum = 0.0;
    for (int i = from; i < end; i++) {
        double value = heads_value(workbench, place, i);
        if (isnan(value))
            continue;
        sum += value;
        count++;
    }
    return count ? sum / count : NAN;
}

static void draw_mean(const struct screen *screen, const struct plan *plan, struct area area,
                      int row, int layer) {
    const struct workbench *workbench = screen->workbench;
    int here = layer == workbench->layer;
    struct column column = {0};
    char name[32] = "all";
    if (layer >= 0)
        snprintf(name, sizeof(name), "%d", layer);
    area_text_right(area, row, 6, here ? MEANING_TITLE : MEANING_FAINT, here ? CELL_BOLD : 0, name);
    while (next_column(plan, &column))
        draw_value(area, row, column.end, mean_of(workbench, column.place, layer),
                   column.metric->decimals, layer < 0 ? MEANING_TITLE : MEANING_TEXT, 0);
}

static void draw_means(const struct screen *screen, const struct plan *plan, struct area area) {
    const struct workbench *workbench = screen->workbench;
    int layers = plan->all_layers ? workbench_layers(workbench) : 1;
    area_rule(area, 0, screen->glyphs);
    area_text(area, 0, 1, MEANING_FAINT, 0, " mean of a layer's heads ");
    for (int i = 0; i < layers; i++)
        draw_mean(screen, plan, area, 1 + i, plan->all_layers ? i : workbench->layer);
    draw_mean(screen, plan, area, 1 + layers, -1);
}

static void draw_title(const struct screen *screen, struct area area) {
    const struct workbench *workbench = screen->workbench;
    const struct heads *heads = &workbench->heads;
    struct heads_place place;
    char text[320], sorted[64];
    area_rule(area, 0, screen->glyphs);
    int column = 1 + area_text(area, 0, 1, MEANING_TITLE, CELL_BOLD, " metrics ");
    if (heads->sorted) {
        snprintf(text, sizeof(text), " by %s, %s ",
                 heads_place_text(heads->sort, sorted, sizeof(sorted)),
                 heads->descending ? "falling" : "rising");
        column += 1 + draw_cut(area, 0, column + 1, area.columns - column - 2, MEANING_FAINT, 0,
                               text, screen->glyphs);
    }
    /* What the number under the cursor is. */
    if (heads_place_get(heads->column, &place)) {
        const struct metric *metric = metric_get(place.metric);
        snprintf(text, sizeof(text), " %s%s%s: %s ", metric->name, metric->unit[0] ? ", " : "",
                 metric->unit, metric->formula);
        if (area.columns - column > 24)
            draw_cut(area, 0, column + 1, area.columns - column - 2, MEANING_FAINT, 0, text,
                     screen->glyphs);
    }
}

static void draw(struct screen *screen, struct area area) {
    struct workbench *workbench = screen->workbench;
    struct heads *heads = &workbench->heads;
    int count, *order = heads_order(workbench, &count), here = 0;
    draw_title(screen, area);
    if (!order || workbench_tokens(workbench) == 0) {
        area_text(area, 2, 3, MEANING_FAINT, 0, "the model reads the sentence");
        free(order);
        return;
    }
    struct plan plan = make_plan(workbench, area);
    for (int i = 0; i < count; i++)
        here = order[i] == heads_cursor(workbench) ? i : here;
    heads->lines = larger(plan.heads, 0);
    if (here < heads->first_line)
        heads->first_line = here;
    if (here >= heads->first_line + heads->lines)
        heads->first_line = here - heads->lines + 1;
    heads->first_line = larger(smaller(heads->first_line, count - heads->lines), 0);
    draw_header(screen, &plan, area_part(area, 1, 0, HEADER_ROWS, area.columns));
    int shown = smaller(heads->lines, count - heads->first_line);
    for (int i = 0; i < shown; i++)
        draw_head(screen, &plan, area, 1 + HEADER_ROWS + i, order[heads->first_line + i]);
    if (plan.means)
        draw_means(screen, &plan,
                   area_part(area, 1 + HEADER_ROWS + shown, 0, plan.means + 1, area.columns));
    free(order);
}

/* ---- the mouse ------------------------------------------------------------------------------- */

static int click(struct screen *screen, struct area area, int row, int column,
                 enum mouse_event event) {
    struct workbench *workbench = screen->workbench;
    int count, heads = workbench_heads(workbench), *order;
    (void)area;
    (void)column;
    int line = row - 1 - HEADER_ROWS;
    if ((event != MOUSE_PRESS && event != MOUSE_DOUBLE) || line < 0 ||
        line >= workbench->heads.lines || !(order = heads_order(workbench, &count)))
        return 0;
    char command[40];
    int place = workbench->heads.first_line + line, index = place < count ? order[place] : -1;
    free(order);
    if (index < 0)
        return 0;
    snprintf(command, sizeof(command), "heads %d.%d", index / heads, index % heads);
    screen_command(screen, event == MOUSE_DOUBLE ? "view attention" : command);
    return 1;
}

static const struct key_binding keys[] = {
    {FOCUS_MAP, KEYS_UP, 0, "heads previous", "the head above", "arrows", "head, metric", 1},
    {FOCUS_MAP, KEYS_DOWN, 0, "heads next", "the head below", NULL, NULL, 0},
    {FOCUS_MAP, 'k', 0, "heads previous", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'j', 0, "heads next", NULL, NULL, NULL, 0},
    {FOCUS_MAP, KEYS_LEFT, 0, "metric left", "the column to the left", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_RIGHT, 0, "metric right", "the column to the right", NULL, NULL, 0},
    {FOCUS_MAP, 'h', 0, "metric left", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'l', 0, "metric right", NULL, NULL, NULL, 0},
    {FOCUS_MAP, KEYS_PAGE_UP, 0, "heads previous-page", "one page up", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_PAGE_DOWN, 0, "heads next-page", "one page down", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_HOME, 0, "heads first", "the first line", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_END, 0, "heads last", "the last line", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_ENTER, 0, "view attention", "open the head", "Enter", "open", 1},
    {FOCUS_MAP, ' ', 0, "ablate", "switch the head off or on", NULL, NULL, 0},
    {FOCUS_MAP, 'o', 0, "rank here", "order by the column under the cursor; again: the other way",
     "o", "order", 1},
    {FOCUS_MAP, '>', 0, "rank next", "sort by the next metric", NULL, NULL, 0},
    {FOCUS_MAP, '<', 0, "rank previous", "sort by the metric before", NULL, NULL, 0},
    {FOCUS_MAP, 'r', 0, "rank reverse", "smallest or largest first", "r", "reverse", 0},
    {FOCUS_MAP, '=', 0, "rank off", "in the order of layers and heads", "=", "by layer", 0},
    {FOCUS_MAP, '/', 0, "prompt find ", "mark heads, as in entropy>0.5 or b.sep>0.9", "/", "find",
     1},
    {FOCUS_MAP, 'n', 0, "find next", "the next one that was found", "n N", "next", 0},
    {FOCUS_MAP, 'N', 0, "find previous", "the one found before", NULL, NULL, 0},
    {FOCUS_MAP, 'G', 0, "importance toggle", "the gradient importance of every head, or not", "G",
     "gradient", 1},
    {0}};

const struct view_ops view_metrics = {.keys = keys, .draw = draw, .click = click};

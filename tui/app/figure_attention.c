/*
 * figure_attention.c - A, B and B - A as matrices for a file.
 */
#include <stdio.h>
#include <string.h>

#include "tui/app/figures.h"
#include "viz/figure.h"

/* The labels are copied by the panel. */
static int fill(struct panel *panel, const struct attention_map *map,
                const struct attention_side *side, struct sawb_error *error) {
    size_t cells = (size_t)map->rows * (size_t)map->columns;
    memcpy(panel->values, map->values, cells * sizeof(*panel->values));
    memcpy(panel->mask, map->mask, cells * sizeof(*panel->mask));
    return panel_row_labels(panel, side->row_labels, error) < 0
               ? -1
               : panel_column_labels(panel, side->column_labels, error);
}

static int add_side(const struct workbench *workbench, int arm, struct figure *figure,
                    struct sawb_error *error) {
    const struct attention_maps *maps = &workbench->attention.maps;
    const struct attention_map *map = &maps->sides[arm].shown;
    char title[256];
    snprintf(title, sizeof(title), "%s %s", arm ? "B" : "A", workbench->arms[arm].capture->spec);
    struct panel *panel = figure_matrix(figure, title, map->rows, map->columns, error);
    if (!panel || panel_unit(panel, attention_mode_name(workbench->mode), error) < 0)
        return -1;
    /* One scale for both arms, so that they can be compared. */
    panel->minimum = workbench->mode == MAP_WEIGHT ? 0 : (double)maps->low;
    panel->maximum = (double)maps->high;
    return fill(panel, map, &maps->sides[arm], error);
}

static int add_difference(const struct workbench *workbench, struct figure *figure,
                          struct sawb_error *error) {
    const struct attention_maps *maps = &workbench->attention.maps;
    const struct attention_map *map = &maps->difference;
    struct panel *panel = figure_matrix(figure, "B - A", map->rows, map->columns, error);
    if (!panel || panel_unit(panel, attention_mode_name(workbench->mode), error) < 0)
        return -1;
    panel->scale = PANEL_DIVERGING;
    panel->maximum = (double)maps->largest;
    panel->minimum = -panel->maximum;
    return fill(panel, map, &maps->sides[ARM_A], error);
}

static int add_facts(const struct workbench *workbench, struct figure *figure,
                     struct sawb_error *error) {
    char place[160], reductions[256];
    attention_place_text(workbench, place, sizeof(place));
    attention_reductions_text(workbench, 0, reductions, sizeof(reductions));
    if (figure_title(figure, error, "%s, %s", attention_mode_name(workbench->mode), place) < 0 ||
        figure_facts(workbench, figure, error) < 0)
        return -1;
    return reductions[0] ? figure_fact(figure, error, "shown", "%s", reductions) : 0;
}

/* `workbench` has made its maps. */
static int build(const struct workbench *workbench, struct figure *figure,
                 struct sawb_error *error) {
    enum attention_maps_shown shown = workbench->attention.look.maps;
    int comparable = workbench->attention.maps.comparable;
    if (add_facts(workbench, figure, error) < 0)
        return -1;
    for (int arm = 0; arm < ARMS; arm++)
        if ((shown == MAPS_ALL || shown == (arm ? MAPS_B : MAPS_A)) &&
            add_side(workbench, arm, figure, error) < 0)
            return -1;
    if (!comparable && shown == MAPS_DIFFERENCE)
        return error_set(error, "attention: A and B have other tokens; there is no difference");
    if (comparable && (shown == MAPS_ALL || shown == MAPS_DIFFERENCE))
        return add_difference(workbench, figure, error);
    return 0;
}

int attention_figure(const struct workbench *workbench, struct figure *figure,
                     struct sawb_error *error) {
    /* Maps of its own: those of the screen have the bins of the screen. */
    struct workbench copy = *workbench;
    int zoom = copy.attention.look.zoom > 0 ? copy.attention.look.zoom : 1;
    memset(&copy.attention.maps, 0, sizeof(copy.attention.maps));
    if (!workbench->arms[ARM_A].capture || !workbench->arms[ARM_B].capture)
        return error_set(error, "attention: there is no answer yet; set a sentence with `text`");
    int status = attention_update(&copy, error);
    if (status == 0)
        status = attention_bin(&copy, zoom, zoom, error);
    if (status == 0)
        status = build(&copy, figure, error);
    attention_clear(&copy.attention);
    return status;
}

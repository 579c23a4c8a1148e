/*
 * figures_fixture.h - figures of every kind, for the tests of their exporters.
 */
#ifndef SAWB_TESTS_VIZ_FIGURES_FIXTURE_H
#define SAWB_TESTS_VIZ_FIGURES_FIXTURE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"
#include "viz/export_file.h"
#include "viz/figure.h"

#define AWKWARD "a & <b> \"c\" {d} 50% $_^~\\#\t|\xc3\xa9\xe7\x8c\xab"

static inline void figure_must(int status) {
    if (status < 0)
        fail_msg("out of memory in the fixture");
}

static inline void figure_facts_of(struct figure *figure, const char *title) {
    figure_must(figure_title(figure, NULL, "%s", title));
    figure_must(figure_fact(figure, NULL, "pattern B", "%s", "topk(80%)"));
    figure_must(figure_fact(figure, NULL, "sentence", "%s", "a fine film\nof 90 %"));
}

/* A, B and B - A of three tokens: B has removed pairs, A an absent one. */
static inline void figure_of_maps(struct figure *figure) {
    static const char *const tokens[] = {"[CLS]", "fine", "##ly"};
    static const float a[9] = {0.5f, 0.25f, 0.25f, 0.125f, 0.75f, 0.125f, 0, NAN, 1};
    static const float b[9] = {1, 0, 0, 0.25f, 0.75f, 0, 0, 0, 1};
    figure_facts_of(figure, "layer 1 head 2");
    for (int i = 0; i < 3; i++) {
        struct panel *panel = figure_matrix(figure,
                                            i == 0   ? "A dense"
                                            : i == 1 ? "B topk(80%)"
                                                     : "B - A",
                                            3, 3, NULL);
        figure_must(panel ? 0 : -1);
        figure_must(panel_row_labels(panel, tokens, NULL));
        figure_must(panel_column_labels(panel, tokens, NULL));
        figure_must(panel_unit(panel, "weight", NULL));
        for (int k = 0; k < 9; k++) {
            panel->values[k] = i == 0 ? a[k] : i == 1 ? b[k] : b[k] - a[k];
            panel->mask[k] = i == 0 || (i == 1 && b[k] > 0) || i == 2;
        }
        panel->scale = i == 2 ? PANEL_DIVERGING : PANEL_SEQUENTIAL;
        panel->maximum = i < 2 ? 1 : 0;
    }
}

static inline void figure_of_curves(struct figure *figure) {
    static const double x[] = {0, 10, 20, 30}, y[] = {0.9, 0.5, NAN, 0.125},
                        z[] = {0.3, 0.4, 0.5, 0.6};
    figure_facts_of(figure, "training");
    struct panel *panel = figure_series(figure, "loss", "step", "loss", NULL);
    figure_must(panel ? 0 : -1);
    figure_must(panel_line(panel, "run 1", x, y, 4, MEANING_ACCENT_A, NULL));
    figure_must(panel_line(panel, "run 2", x, z, 4, MEANING_ACCENT_B, NULL));
    panel->series[1].points = 1;
}

static inline void figure_of_bars(struct figure *figure) {
    static const char *const rows[] = {"fine", "film", "."}, *const groups[] = {"A", "B"};
    static const double values[] = {0.5, -0.25, 1, NAN, 0, 2};
    figure_facts_of(figure, "occlusion");
    struct panel *panel = figure_bars(figure, "change", 3, 2, "logit", NULL);
    figure_must(panel ? 0 : -1);
    figure_must(panel_row_labels(panel, rows, NULL));
    figure_must(panel_column_labels(panel, groups, NULL));
    memcpy(panel->bars, values, sizeof(values));
}

static inline void figure_of_table(struct figure *figure) {
    figure_facts_of(figure, "heads");
    struct panel *panel = figure_table(figure, "metrics", 3, NULL);
    figure_must(panel ? 0 : -1);
    figure_must(panel_column(panel, "head", COLUMN_TEXT, 0, NULL) ? 0 : -1);
    struct panel_column *column = panel_column(panel, "entropy, A", COLUMN_NUMBER, 2, NULL);
    figure_must(column ? 0 : -1);
    column->numbers[0] = 1.0 / 3;
    column->numbers[2] = -12;
    figure_must(panel_cell(panel, 0, 0, "0.1", NULL));
    figure_must(panel_cell(panel, 1, 0, AWKWARD, NULL));
}

/* One of each. */
static inline void figure_of_all(struct figure *figure) {
    figure_of_maps(figure);
    struct figure others[3] = {{0}, {0}, {0}};
    figure_of_curves(&others[0]);
    figure_of_bars(&others[1]);
    figure_of_table(&others[2]);
    struct panel *grown =
        realloc(figure->panels, (size_t)(figure->panel_count + 3) * sizeof(*grown));
    figure_must(grown ? 0 : -1);
    figure->panels = grown;
    for (int i = 0; i < 3; i++) {
        grown[figure->panel_count++] = others[i].panels[0];
        others[i].panel_count = 0;
        figure_free(&others[i]);
    }
}

/* The file as a text, owned by the caller. */
static inline char *figure_text_of(const struct figure *figure, const char *name, size_t *size) {
    struct sawb_error error;
    char *data = NULL;
    const struct export_format *format = export_format_find(name, &error);
    if (!format || figure_print(figure, format, NULL, &data, size, &error) < 0)
        fail_msg("%s", error.message);
    return data;
}

#endif

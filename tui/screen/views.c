/*
 * views.c - how each view of tui/app/views.c is drawn, and its keys.
 */
#include <stddef.h>

#include "tui/screen/screen.h"

static const struct view_ops *const views[VIEWS] = {
    [VIEW_ATTENTION] = &view_attention,
    [VIEW_HEADS] = &view_heads,
    [VIEW_METRICS] = &view_metrics,
    [VIEW_MASK] = &view_mask,
    [VIEW_PREDICTION] = &view_prediction,
    [VIEW_PRUNING] = &view_pruning,
    [VIEW_DATA] = &view_data,
    [VIEW_TRAINING] = &view_training,
    [VIEW_SWEEP] = &view_sweep,
    [VIEW_TIMING] = &view_timing,
    [VIEW_CONSOLE] = &view_console,
    [VIEW_HELP] = &view_help,
};

const struct view_ops *screen_view_get(int view) {
    return view >= 0 && view < VIEWS ? views[view] : NULL;
}

const struct view_ops *screen_view(const struct screen *screen) {
    return screen->answer ? &view_answer : views[workbench_view(screen->workbench)];
}

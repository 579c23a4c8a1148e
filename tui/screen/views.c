/*
 * views.c - how each view of tui/app/views.c is drawn, and its keys.
 */
#include <stddef.h>

#include "tui/screen/screen.h"

static const struct view_ops *const views[VIEWS] = {
    [VIEW_ATTENTION] = &view_attention,
    [VIEW_TRAINING] = &view_training,
    [VIEW_HELP] = &view_help,
};

const struct view_ops *screen_view_get(int view) {
    return view >= 0 && view < VIEWS ? views[view] : NULL;
}

const struct view_ops *screen_view(const struct screen *screen) {
    const struct view_ops *view = views[screen->workbench->view];
    return screen->answer ? &view_answer : view ? view : &view_attention;
}

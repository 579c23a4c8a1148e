/*
 * views.c - the table of views. Adding one: a row here, one in tui/screen/views.c.
 */
#include "tui/app/views.h"

#include <string.h>
#include <strings.h>

#include "tui/app/attention.h"
#include "tui/app/console.h"
#include "tui/app/data.h"
#include "tui/app/figures.h"
#include "tui/app/heads.h"
#include "tui/app/mask.h"
#include "tui/app/prediction.h"
#include "tui/app/pruning.h"
#include "tui/app/runs.h"
#include "tui/app/sweep.h"
#include "tui/app/timing.h"

static const struct view_row rows[VIEWS] = {
    [VIEW_ATTENTION] = {"attention", "one head of A and B as maps, and their difference",
                        attention_figure},
    [VIEW_HEADS] = {"heads", "every head of every layer as a small map", heads_figure},
    [VIEW_MASK] = {"mask", "the pattern: blocks, realised sparsity, cells switched by hand",
                   mask_figure},
    [VIEW_PREDICTION] = {"prediction", "logits of A and B, and of edited copies of the sentence",
                         prediction_figure},
    [VIEW_METRICS] = {"metrics", "numbers of every head, A beside B", metrics_figure},
    [VIEW_PRUNING] = {"pruning", "heads that are off, and accuracy against heads removed",
                      pruning_figure},
    [VIEW_DATA] = {"data", "a data set as a table, with what A and B say of each row", data_figure},
    [VIEW_TRAINING] = {"training", "the curves of the runs", training_figure},
    [VIEW_SWEEP] = {"sweep", "accuracy, loss and mass kept against sparsity", sweep_figure},
    [VIEW_TIMING] = {"timing", "what sparsity saves: A against B, and curves of time",
                     timing_figure},
    [VIEW_CONSOLE] = {"console", "commands and their answers", console_figure},
    [VIEW_HELP] = {"help", "keys and commands", help_figure},
};

const struct view_row *view_get(int index) {
    return index >= 0 && index < VIEWS ? &rows[index] : NULL;
}

int view_find(const char *name) {
    int found = -1;
    for (int i = 0; i < VIEWS; i++) {
        if (strcasecmp(rows[i].name, name) == 0)
            return i;
        if (name[0] && strncasecmp(rows[i].name, name, strlen(name)) == 0)
            found = found == -1 ? i : -2;
    }
    return found < 0 ? -1 : found;
}

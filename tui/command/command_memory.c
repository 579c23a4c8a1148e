/*
 * command_memory.c - `memory`: what a training run will take, before it is taken.
 */
#include "core/train/memory.h"
#include "core/train/options.h"
#include "tui/command/answer.h"
#include "tui/command/handlers.h"
#include "tui/command/relay.h"
#include "viz/table.h"

static char *row_json(const char *lifetime, const char *what, double bytes) {
    struct record record = record_begin();
    record_text(&record, "lifetime", lifetime);
    record_text(&record, "what", what);
    record_number(&record, "bytes", bytes);
    return record_print(&record);
}

static int print_json(const struct memory_plan *plan, struct sink *sink) {
    int failed = 0;
    for (int i = 0; i < plan->count; i++)
        failed |=
            sink_result_owned(sink, row_json(memory_lives[plan->rows[i].life], plan->rows[i].what,
                                             plan->rows[i].bytes)) != COMMAND_DONE;
    failed |= sink_result_owned(sink, row_json(NULL, "most at once", plan->most)) != COMMAND_DONE;
    return failed ? COMMAND_FAILED : COMMAND_DONE;
}

static int add_row(struct table *table, const char *lifetime, const char *what, double bytes) {
    return table_add(table, "%s", lifetime) < 0 || table_add(table, "%s", what) < 0 ||
                   table_add(table, "%.1f", 1e-6 * bytes) < 0
               ? -1
               : 0;
}

static int print_table(const struct memory_plan *plan, struct workbench *workbench,
                       struct sink *sink) {
    static const char *const titles[] = {"lifetime", "what", ">MB"};
    struct table *table = table_create(titles, sizeof(titles) / sizeof(titles[0]), NULL);
    int failed = !table;
    for (int life = 0; life < MEMORY_LIVES; life++)
        for (int i = 0; i < plan->count && !failed; i++)
            if ((int)plan->rows[i].life == life)
                failed =
                    add_row(table, memory_lives[life], plan->rows[i].what, plan->rows[i].bytes) < 0;
    failed = failed || add_row(table, "", "most at once", plan->most) < 0;
    char *text = failed ? NULL : command_table(workbench, table);
    table_free(table);
    return sink_result_owned(sink, text);
}

int command_memory(struct workbench *workbench, const struct arguments *arguments,
                   struct sink *sink) {
    struct train_job_options options;
    struct memory_plan plan;
    struct job_arm arm;
    struct sawb_error error;
    if (command_train_options(arguments, workbench->settings.seed, &options, &error) < 0 ||
        train_options_check(&options.train, &error) < 0)
        return command_misuse(sink, &error);
    int status = command_arm(workbench, arguments, sink, &arm);
    if (status != COMMAND_DONE)
        return status;
    int planned = workbench_start(workbench, &error) < 0
                      ? -1
                      : train_memory(&plan, arm.model, &options, &workbench->compute, &error);
    model_release(arm.model);
    if (planned < 0)
        return command_fail(sink, &error);
    struct relay relay;
    status = print_json(&plan, command_objects(workbench, sink, &relay));
    if (status != COMMAND_DONE || workbench->settings.json)
        return status;
    return print_table(&plan, workbench, sink);
}

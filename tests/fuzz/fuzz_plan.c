/*
 * fuzz_plan.c - any text as a schedule of patterns and as a list of what is frozen; the changes of
 * a schedule that parses begin at step 0, come in the order of their steps, and parse by
 * themselves.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/train/groups.h"
#include "core/train/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_plan(const struct sparsity_plan *plan) {
    int64_t step, before = -1;
    const char *pattern = sparsity_plan_change(plan, 0, &step);
    if (!pattern || step != 0)
        __builtin_trap();
    for (int i = 0; (pattern = sparsity_plan_change(plan, i, &step)); i++) {
        struct sparsity *sparsity;
        if (step <= before || sparsity_plan_at(plan, step) != pattern ||
            sparsity_parse(&sparsity, pattern, NULL, NULL) < 0)
            __builtin_trap();
        sparsity_free(sparsity);
        before = step;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct model_config config = {.layers = 3};
    struct sparsity_plan *plan;
    double rates[5];
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (sparsity_plan_parse(&plan, text, NULL, NULL) == 0) {
        check_plan(plan);
        sparsity_plan_free(plan);
    }
    if (groups_rates(rates, &config, text, 0.5, NULL) == 0 && groups_check(text, 3, NULL) < 0)
        __builtin_trap();
    free(text);
    return 0;
}

/*
 * options.c - the table of a training run's options.
 */
#include "core/train/options.h"

#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>

#include "core/train/groups.h"
#include "core/train/noise.h"

enum option_kind { OPTION_COUNT, OPTION_REAL, OPTION_SEED, OPTION_TEXT };

struct option_rule {
    const char *name; /* as on the command line */
    enum option_kind kind;
    size_t field;
    double low, high;
    int low_is_open, high_is_open; /* the bound itself is not allowed */
};

#define FIELD(field) offsetof(struct train_options, field)
#define STEPS_MAX 1e9

static const struct option_rule rules[] = {
    {"epochs", OPTION_COUNT, FIELD(epochs), 1, 100000, 0, 0},
    {"batch-size", OPTION_COUNT, FIELD(batch_size), 1, 65536, 0, 0},
    {"accumulate", OPTION_COUNT, FIELD(accumulate), 1, 65536, 0, 0},
    {"lr", OPTION_REAL, FIELD(learning_rate), 0, 100, 0, 0},
    {"warmup", OPTION_REAL, FIELD(warmup), 0, STEPS_MAX, 0, 0},
    {"hold", OPTION_REAL, FIELD(hold), 0, 1, 0, 1},
    {"weight-decay", OPTION_REAL, FIELD(weight_decay), 0, 100, 0, 0},
    {"dropout", OPTION_REAL, FIELD(dropout), -DBL_MAX, 1, 0, 1},
    {"clip", OPTION_REAL, FIELD(clip), 0, FLT_MAX, 0, 0},
    {"fraction", OPTION_REAL, FIELD(fraction), 0, 1, 1, 0},
    {"label-noise", OPTION_REAL, FIELD(label_noise), 0, 1, 0, 0},
    {"label-smoothing", OPTION_REAL, FIELD(label_smoothing), 0, 1, 0, 1},
    {"word-dropout", OPTION_REAL, FIELD(word_dropout), 0, 1, 0, 1},
    {"word-swap", OPTION_REAL, FIELD(word_swap), 0, WORD_SWAP_SHARE_MAX, 0, 0},
    {"layer-decay", OPTION_REAL, FIELD(layer_decay), 0, 1, 1, 0},
    {"freeze", OPTION_TEXT, FIELD(freeze), 0, 0, 0, 0},
    {"temperature", OPTION_REAL, FIELD(temperature), 0, 1000, 1, 0},
    {"alpha", OPTION_REAL, FIELD(alpha), 0, 1, 0, 0},
    {"average", OPTION_REAL, FIELD(average), 0, 1, 0, 1},
    {"stop-after", OPTION_COUNT, FIELD(stop_after), 0, 1000000, 0, 0},
    {"max-steps", OPTION_COUNT, FIELD(max_steps), 0, STEPS_MAX, 0, 0},
    {"max-tokens", OPTION_COUNT, FIELD(max_tokens), 3, 1000000, 0, 0},
    {"seed", OPTION_SEED, FIELD(seed), 0, 0, 0, 0},
};

#define RULES ((int)(sizeof(rules) / sizeof(rules[0])))

struct train_options train_options_default(void) {
    return (struct train_options){.epochs = 1,
                                  .batch_size = 32,
                                  .accumulate = 1,
                                  .learning_rate = 5e-5,
                                  .warmup = 0.06,
                                  .weight_decay = 0.01,
                                  .dropout = -1,
                                  .clip = 1,
                                  .fraction = 1,
                                  .layer_decay = 1,
                                  .temperature = 2,
                                  .alpha = 0.5,
                                  .max_tokens = 128,
                                  .seed = 1};
}

static const void *field_of(const struct train_options *options, const struct option_rule *rule) {
    return (const char *)options + rule->field;
}

static double number_of(const struct train_options *options, const struct option_rule *rule) {
    const void *field = field_of(options, rule);
    return rule->kind == OPTION_COUNT ? *(const int *)field : *(const double *)field;
}

static int rule_check(const struct train_options *options, const struct option_rule *rule,
                      struct sawb_error *error) {
    if (rule->kind == OPTION_SEED || rule->kind == OPTION_TEXT)
        return 0;
    double value = number_of(options, rule);
    /* Written so that NaN fails. */
    int above = rule->low_is_open ? value > rule->low : value >= rule->low;
    int below = rule->high_is_open ? value < rule->high : value <= rule->high;
    if (above && below)
        return 0;
    if (rule->kind == OPTION_COUNT)
        return error_set(error, "train: %s is %.0f, it must be a whole number from %.0f to %.0f",
                         rule->name, value, rule->low, rule->high);
    if (rule->low == -DBL_MAX)
        return error_set(error,
                         "train: %s is %g, it must be below %g (below 0: the model's own rates)",
                         rule->name, value, rule->high);
    return error_set(error, "train: %s is %g, it must be %s %g and %s %g", rule->name, value,
                     rule->low_is_open ? "above" : "at least", rule->low,
                     rule->high_is_open ? "below" : "at most", rule->high);
}

int train_options_check(const struct train_options *options, struct sawb_error *error) {
    for (int i = 0; i < RULES; i++)
        if (rule_check(options, &rules[i], error) < 0)
            return -1;
    return groups_check(options->freeze, 0, error);
}

int train_options_check_teacher(const struct train_options *options, int has_teacher,
                                struct sawb_error *error) {
    if (has_teacher || !(options->word_swap > 0))
        return 0;
    return error_set(error, "train: word-swap needs a teacher, to say what the changed sentences "
                            "mean; name one with --teacher DIR, or leave --word-swap out");
}

/* As it reads back exactly. */
static void print_value(const struct train_options *options, const struct option_rule *rule,
                        char *text, size_t size) {
    const void *field = field_of(options, rule);
    if (rule->kind == OPTION_SEED)
        snprintf(text, size, "%" PRIu64, *(const uint64_t *)field);
    else if (rule->kind == OPTION_TEXT)
        snprintf(text, size, "\"%s\"", (const char *)field);
    else
        snprintf(text, size, "%.17g", number_of(options, rule));
}

int train_options_describe(const struct train_options *options, cJSON *json,
                           struct sawb_error *error) {
    for (int i = 0; i < RULES; i++) {
        char text[TRAIN_FREEZE_BYTES + 2];
        print_value(options, &rules[i], text, sizeof(text));
        if (!cJSON_AddStringToObject(json, rules[i].name, text))
            return error_set(error, "train: out of memory for a description of the options");
    }
    return 0;
}

/*
 * options.h - the options of a training run as one table: checked, written down and compared by it.
 */
#ifndef SAWB_CORE_TRAIN_OPTIONS_H
#define SAWB_CORE_TRAIN_OPTIONS_H

#include <cJSON.h>

#include "core/train/trainer.h"

/* An error naming the option (spelt as on the command line), its value and what it may be. */
int train_options_check(const struct train_options *options, struct sawb_error *error);

/* An error when they ask for a teacher and the run has none. */
int train_options_check_teacher(const struct train_options *options, int has_teacher,
                                struct sawb_error *error);

/* Adds each option to the object `json` as a string that reads back exactly. */
int train_options_describe(const struct train_options *options, cJSON *json,
                           struct sawb_error *error);

#endif

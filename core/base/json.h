/*
 * json.h - reading and checking JSON with cJSON, with messages that name the file and the key.
 */
#ifndef SAWB_CORE_BASE_JSON_H
#define SAWB_CORE_BASE_JSON_H

#include <cJSON.h>
#include <stddef.h>

#include "core/base/error.h"

/* Parses text of `size` bytes (need not be terminated). `where` names it in errors (with line and
 * column of the fault). Owned by the caller (cJSON_Delete). */
cJSON *json_parse(const char *text, size_t size, const char *where, struct sawb_error *error);
cJSON *json_parse_file(const char *path, struct sawb_error *error);

/* A whole number within [low, high]. When the key is absent: *value keeps what it holds if
 * `required` is 0, otherwise an error. */
int json_get_int(const cJSON *object, const char *key, int low, int high, int required, int *value,
                 const char *where, struct sawb_error *error);
int json_get_float(const cJSON *object, const char *key, double low, double high, int required,
                   float *value, const char *where, struct sawb_error *error);

/* Compact text, owned by the caller (free). Numbers print with the fewest digits that read back to
 * the same float. */
char *json_print(const cJSON *value);

/* A float as JSON number; NaN and infinities become null. */
cJSON *json_float(float value);
cJSON *json_float_array(const float *values, int count);
cJSON *json_int_array(const int *values, int count);

#endif

/*
 * changes.c - the list of changes, and what it comes to.
 */
#include "core/train/changes.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"

struct changes changes_none(void) {
    return (struct changes){.rate = -1};
}

void changes_free(struct changes *changes) {
    cJSON_Delete(changes->list);
    sparsity_free(changes->sparsity);
    *changes = changes_none();
}

/* Appends {key: item, "step"}; takes the item over. */
static int append(struct changes *changes, const char *key, cJSON *item, int64_t step,
                  struct sawb_error *error) {
    cJSON *change = cJSON_CreateObject();
    if (!changes->list)
        changes->list = cJSON_CreateArray();
    int added = item && change && cJSON_AddItemToObject(change, key, item);
    if (!added)
        cJSON_Delete(item);
    if (added && changes->list && cJSON_AddNumberToObject(change, "step", (double)step) &&
        cJSON_AddItemToArray(changes->list, change))
        return 0;
    cJSON_Delete(change);
    return error_set(error, "train: out of memory for a change of %s", key);
}

int changes_add_rate(struct changes *changes, int64_t step, double rate, struct sawb_error *error) {
    if (append(changes, "lr", cJSON_CreateNumber(rate), step, error) < 0)
        return -1;
    changes->rate = rate;
    return 0;
}

static void use(struct changes *changes, struct sparsity *sparsity) {
    sparsity_free(changes->sparsity);
    changes->sparsity = sparsity;
}

int changes_add_sparsity(struct changes *changes, int64_t step, struct sparsity *sparsity,
                         struct sawb_error *error) {
    if (append(changes, "sparsity", cJSON_CreateString(sparsity_pattern(sparsity)), step, error) <
        0) {
        sparsity_free(sparsity);
        return -1;
    }
    use(changes, sparsity);
    return 0;
}

int changes_print(const struct changes *changes, char **text, struct sawb_error *error) {
    /* Not json_print, whose numbers are floats: the rate has to read back exactly. */
    *text = changes->list ? cJSON_PrintUnformatted(changes->list) : NULL;
    if (changes->list && !*text)
        return error_set(error, "train: out of memory for the changes of the run");
    return 0;
}

static int read_change(struct changes *changes, const cJSON *change, const char *where,
                       struct sawb_error *error) {
    const cJSON *rate = cJSON_GetObjectItemCaseSensitive(change, "lr");
    const char *spec = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(change, "sparsity"));
    struct sparsity *sparsity;
    if (cJSON_IsNumber(rate) && rate->valuedouble >= 0) {
        changes->rate = rate->valuedouble;
        return 0;
    }
    if (!spec)
        return error_set(error, "%s: a change of the run holds neither a rate nor a pattern",
                         where);
    if (sparsity_parse(&sparsity, spec, NULL, error) < 0)
        return error_prefix(error, "%s", where);
    use(changes, sparsity);
    return 0;
}

int changes_parse(struct changes *changes, const char *text, const char *where,
                  struct sawb_error *error) {
    *changes = changes_none();
    if (!text)
        return 0;
    changes->list = json_parse(text, strlen(text), where, error);
    int status = changes->list ? 0 : -1;
    const cJSON *change = changes->list ? changes->list->child : NULL;
    for (; change && status == 0; change = change->next)
        status = read_change(changes, change, where, error);
    if (status < 0)
        changes_free(changes);
    return status;
}

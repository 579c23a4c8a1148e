/*
 * answer.c - results as JSON.
 */
#include "tui/command/answer.h"

#include <math.h>

#include "core/base/json.h"

struct record record_begin(void) {
    struct record record = {cJSON_CreateObject(), 0};
    record.failed = !record.object;
    return record;
}

void record_item(struct record *record, const char *key, cJSON *item) {
    if (item && !record->failed && cJSON_AddItemToObject(record->object, key, item))
        return;
    cJSON_Delete(item);
    record->failed = 1;
}

void record_number(struct record *record, const char *key, double value) {
    record_item(record, key, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

void record_text(struct record *record, const char *key, const char *text) {
    record_item(record, key, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

void record_sparsity(struct record *record, const char *spec, double target, double realised) {
    struct record sparsity = record_begin();
    record_text(&sparsity, "spec", spec);
    record_number(&sparsity, "target", target < 0 ? NAN : target);
    record_number(&sparsity, "realised", realised);
    record->failed |= sparsity.failed;
    record_item(record, "sparsity", sparsity.object);
}

char *record_print(struct record *record) {
    char *text = record->failed ? NULL : json_print(record->object);
    cJSON_Delete(record->object);
    record->object = NULL;
    return text;
}

static cJSON *text_array(char *const *texts, int count) {
    cJSON *array = cJSON_CreateArray();
    for (int i = 0; array && i < count; i++) {
        cJSON *item = cJSON_CreateString(texts[i]);
        if (!item || !cJSON_AddItemToArray(array, item)) {
            cJSON_Delete(item);
            cJSON_Delete(array);
            return NULL;
        }
    }
    return array;
}

char *answer_prediction(const struct capture *capture) {
    struct record record = record_begin();
    record_text(&record, "text", capture->text);
    record_item(&record, "tokens", text_array(capture->pieces, capture->encoding.count));
    record_item(&record, "ids", json_int_array(capture->encoding.ids, capture->encoding.count));
    record_item(&record, "logits", json_float_array(capture->logits, capture->labels));
    record_item(&record, "probs", json_float_array(capture->probabilities, capture->labels));
    record_text(&record, "label", capture->label_name);
    record_sparsity(&record, capture->spec, capture->target, capture->realised);
    return record_print(&record);
}

char *answer_tokens(const struct tokenizer *tokenizer, const char *text,
                    const struct encoding *encoding) {
    struct record record = record_begin();
    cJSON *pieces = cJSON_CreateArray(), *offsets = cJSON_CreateArray();
    int failed = !pieces || !offsets;
    for (int i = 0; i < encoding->count && !failed; i++) {
        const char *spelling = tokenizer_piece(tokenizer, encoding->ids[i]);
        double ends[2] = {(double)encoding->offsets[i][0], (double)encoding->offsets[i][1]};
        cJSON *piece = cJSON_CreateString(spelling), *pair = cJSON_CreateDoubleArray(ends, 2);
        failed = !piece || !pair || !cJSON_AddItemToArray(pieces, piece);
        if (failed)
            cJSON_Delete(piece);
        if (failed || !cJSON_AddItemToArray(offsets, pair)) {
            cJSON_Delete(pair);
            failed = 1;
        }
    }
    record.failed |= failed;
    record_text(&record, "text", text);
    record_item(&record, "tokens", pieces);
    record_item(&record, "ids", json_int_array(encoding->ids, encoding->count));
    record_item(&record, "offsets", offsets);
    return record_print(&record);
}

char *answer_row(const struct evaluation_row *row, const char *text,
                 const struct model_config *config) {
    struct record record = record_begin();
    record_number(&record, "row", row->row);
    record_text(&record, "text", text);
    record_text(&record, "gold", row->gold < 0 ? NULL : config->label_names[row->gold]);
    record_item(&record, "logits", json_float_array(row->logits, config->labels));
    record_text(&record, "label", config->label_names[row->label]);
    return record_print(&record);
}

void answer_evaluation(struct record *record, const struct evaluation *evaluation, const char *spec,
                       double target) {
    record_number(record, "rows", evaluation->rows);
    record_number(record, "accuracy", evaluation->accuracy);
    record_number(record, "loss", evaluation->loss);
    record_number(record, "seconds", evaluation->seconds);
    record_sparsity(record, spec, target, evaluation->realised);
}

char *answer_measurement(const struct measurement *measurement) {
    struct record record = record_begin();
    record_text(&record, "name", measurement->name);
    record_number(&record, "n", measurement->n);
    record_number(&record, "runs", measurement->runs);
    record_number(&record, "median_ms", measurement->median_ms);
    record_number(&record, "p10_ms", measurement->p10_ms);
    record_number(&record, "p90_ms", measurement->p90_ms);
    return record_print(&record);
}

/*
 * fuzz_config.c - any bytes as config.json; what is taken must be writable and read back the same.
 */
#include <stdint.h>
#include <string.h>

#include "core/base/json.h"
#include "core/model/weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct model_config config, again;
    struct sawb_error error;
    cJSON *json = json_parse((const char *)data, size, "input", &error);
    if (!json)
        return 0;
    if (model_config_read(&config, json, "input", &error) == 0) {
        struct weight weight;
        weights_get(&config, NULL, weights_count(&config) - 1, &weight);
        if (config.hidden % config.heads != 0 || !weight.is_head ||
            model_config_write(&config, json, &error) < 0 ||
            model_config_read(&again, json, "input", &error) < 0 ||
            memcmp(&config, &again, sizeof(config)) != 0)
            __builtin_trap();
    }
    cJSON_Delete(json);
    return 0;
}

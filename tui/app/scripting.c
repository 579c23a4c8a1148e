/*
 * scripting.c - variables and the last result.
 */
#include "tui/app/scripting.h"

#include <stdlib.h>
#include <string.h>

size_t variable_name_length(const char *text) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return strspn(text, letters) > 0 ? strspn(text, all) : 0;
}

static struct variable *find(const struct scripting *scripting, const char *name, size_t length) {
    for (int i = 0; i < scripting->count; i++) {
        struct variable *variable = &scripting->variables[i];
        if (strlen(variable->name) == length && memcmp(variable->name, name, length) == 0)
            return variable;
    }
    return NULL;
}

static int grow(struct scripting *scripting) {
    if (scripting->count < scripting->capacity)
        return 0;
    int capacity = scripting->capacity ? 2 * scripting->capacity : 8;
    struct variable *grown =
        realloc(scripting->variables, (size_t)capacity * sizeof(*scripting->variables));
    if (!grown)
        return -1;
    scripting->variables = grown;
    scripting->capacity = capacity;
    return 0;
}

int scripting_set(struct scripting *scripting, const char *name, const char *value,
                  struct sawb_error *error) {
    struct variable *variable = find(scripting, name, strlen(name));
    struct variable made = {variable ? NULL : strdup(name), strdup(value)};
    if (!made.value || (!variable && (!made.name || grow(scripting) < 0))) {
        free(made.name);
        free(made.value);
        return error_set(error, "out of memory for the variable %s", name);
    }
    if (variable) {
        free(variable->value);
        variable->value = made.value;
    } else {
        scripting->variables[scripting->count++] = made;
    }
    return 0;
}

const char *scripting_get(const struct scripting *scripting, const char *name, size_t length) {
    const struct variable *variable = find(scripting, name, length);
    return variable ? variable->value : NULL;
}

void scripting_begin(struct scripting *scripting, const char *command) {
    scripting_keep(scripting, NULL);
    scripting->command = command;
}

void scripting_keep(struct scripting *scripting, char *json) {
    free(scripting->result);
    scripting->result = json;
}

void scripting_clear(struct scripting *scripting) {
    for (int i = 0; i < scripting->count; i++) {
        free(scripting->variables[i].name);
        free(scripting->variables[i].value);
    }
    free(scripting->variables);
    free(scripting->result);
    memset(scripting, 0, sizeof(*scripting));
}

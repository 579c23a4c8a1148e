/*
 * script_assert.c - whether an expression holds of a result.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "tui/command/script.h"

enum comparison_kind { IS_EQUAL, IS_UNEQUAL, IS_AT_MOST, IS_AT_LEAST, IS_LESS, IS_GREATER };

/* Longer ones first, so that "<=" is not read as "<". */
static const char *const signs[] = {"==", "!=", "<=", ">=", "<", ">"};

struct assertion {
    char *field, *value; /* of one copy of the expression */
    enum comparison_kind kind;
    int quoted; /* the value stood in quotes: it is a text */
};

static char *trim(char *text) {
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t", text[length - 1]))
        text[--length] = '\0';
    return text;
}

/* Splits a copy of the expression, which `assertion` points into. */
static int parse(char *copy, struct assertion *assertion, struct sawb_error *error) {
    char *sign = copy + strcspn(copy, "=!<>");
    for (int i = 0; *sign && i < (int)(sizeof(signs) / sizeof(signs[0])); i++) {
        size_t length = strlen(signs[i]);
        if (strncmp(sign, signs[i], length) != 0)
            continue;
        *sign = '\0';
        assertion->kind = (enum comparison_kind)i;
        assertion->field = trim(copy);
        assertion->value = trim(sign + length);
        size_t size = strlen(assertion->value);
        assertion->quoted = size > 1 && strchr("'\"", assertion->value[0]) &&
                            assertion->value[size - 1] == assertion->value[0];
        if (assertion->quoted) {
            assertion->value[size - 1] = '\0';
            assertion->value++;
        }
        if (*assertion->field && (*assertion->value || assertion->quoted))
            return 0;
        break;
    }
    return error_set(error, "assert: it is written FIELD OP VALUE, such as `accuracy >= 0.8`; OP "
                            "is one of == != < <= > >=");
}

/* The field of a path; NULL: there is none. */
static const cJSON *find(const cJSON *object, const char *path) {
    char name[128];
    while (object && *path) {
        size_t length = strcspn(path, ".");
        if (length == 0 || length >= sizeof(name))
            return NULL;
        memcpy(name, path, length);
        name[length] = '\0';
        char *end;
        long index = strtol(name, &end, 10);
        object = cJSON_IsArray(object)
                     ? (*end || index < 0 ? NULL : cJSON_GetArrayItem(object, (int)index))
                     : cJSON_GetObjectItemCaseSensitive(object, name);
        path += length + (path[length] == '.');
    }
    return object;
}

static int name_fields(const cJSON *result, const char *field, struct sawb_error *error) {
    char names[512] = "";
    size_t used = 0;
    for (const cJSON *item = result->child; item && used < sizeof(names); item = item->next)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
                                 item == result->child ? "" : ", ", item->string);
    return error_set(error, "assert: the result has no field \"%s\"; it has %s", field, names);
}

/* A number, or a text, as what a field holds and a value says. */
struct operand {
    double number;
    const char *text; /* NULL: it is the number */
};

static int read_field(const cJSON *item, const char *path, struct operand *operand,
                      struct sawb_error *error) {
    operand->number = NAN;
    operand->text = NULL;
    if (cJSON_IsNumber(item))
        operand->number = item->valuedouble;
    else if (cJSON_IsString(item))
        operand->text = item->valuestring;
    else if (cJSON_IsNull(item))
        operand->text = "null";
    else if (cJSON_IsBool(item))
        operand->text = cJSON_IsTrue(item) ? "true" : "false";
    else
        return error_set(error, "assert: %s holds several values; name one of them, as %s.%s", path,
                         path,
                         cJSON_IsArray(item) ? "0"
                         : item->child       ? item->child->string
                                             : "…");
    return 0;
}

/* A quoted value is a text; else a number, a field of the result, or a word. */
static int read_value(const struct assertion *assertion, const cJSON *result,
                      struct operand *operand, struct sawb_error *error) {
    char *end;
    operand->text = assertion->value;
    operand->number = strtod(assertion->value, &end);
    if (assertion->quoted)
        return 0;
    if (!*end) {
        operand->text = NULL;
        return 0;
    }
    const cJSON *item = find(result, assertion->value);
    return item ? read_field(item, assertion->value, operand, error) : 0;
}

static int compare(enum comparison_kind kind, double order) {
    switch (kind) {
    case IS_EQUAL:
        return order == 0;
    case IS_UNEQUAL:
        return order != 0;
    case IS_AT_MOST:
        return order <= 0;
    case IS_AT_LEAST:
        return order >= 0;
    case IS_LESS:
        return order < 0;
    case IS_GREATER:
        return order > 0;
    }
    return 0;
}

static int is_equality(enum comparison_kind kind) {
    return kind == IS_EQUAL || kind == IS_UNEQUAL;
}

static int holds(const struct assertion *assertion, const struct operand *a,
                 const struct operand *b, struct sawb_error *error) {
    const char *sign = signs[assertion->kind];
    if (!a->text && !b->text) {
        double order = a->number < b->number ? -1 : a->number > b->number;
        if (compare(assertion->kind, order))
            return 1;
        error_set(error, "assert: %s is %.9g, but %s %s was asserted", assertion->field, a->number,
                  sign, assertion->value);
        return 0;
    }
    if (!is_equality(assertion->kind)) {
        error_set(error, "assert: %s compares numbers; %s is not one", sign,
                  a->text ? assertion->field : assertion->value);
        return -1;
    }
    /* A number and a text are never equal. */
    int same = a->text && b->text && strcmp(a->text, b->text) == 0;
    if (same == (assertion->kind == IS_EQUAL))
        return 1;
    if (a->text)
        error_set(error, "assert: %s is %s, but %s %s was asserted", assertion->field, a->text,
                  sign, assertion->value);
    else
        error_set(error, "assert: %s is %.9g, but %s %s was asserted", assertion->field, a->number,
                  sign, assertion->value);
    return 0;
}

int script_holds(const char *expression, const char *json, struct sawb_error *error) {
    struct assertion assertion = {0};
    struct operand a, b;
    char *copy = strdup(expression);
    cJSON *result = json_parse(json, strlen(json), "result", error);
    int status = -1;
    if (!copy || !result) {
        if (!copy)
            error_set(error, "assert: out of memory");
        goto done;
    }
    if (parse(copy, &assertion, error) < 0)
        goto done;
    const cJSON *field = find(result, assertion.field);
    if (!field)
        status = name_fields(result, assertion.field, error);
    else if (read_field(field, assertion.field, &a, error) == 0 &&
             read_value(&assertion, result, &b, error) == 0)
        status = holds(&assertion, &a, &b, error);
done:
    cJSON_Delete(result);
    free(copy);
    return status;
}

/*
 * json.c - JSON read with cJSON, and printed by a printer of our own for the sake of numbers
 * (fewest digits, no locale) and of text (always valid UTF-8).
 */
#include "core/base/json.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"

#define NUMBER_BYTES 48

/* ---- reading --------------------------------------------------------------------------------- */

/* Where in the text a fault lies; `depth` of arrays and objects open there. */
struct place {
    int line, column, depth;
};

static struct place place_of(const char *text, const char *end) {
    struct place place = {1, 1, 0};
    int in_string = 0;
    for (const char *at = text; at < end; at++) {
        if (*at == '\n') {
            place.line++;
            place.column = 1;
        } else if (((unsigned char)*at & 0xc0) != 0x80) {
            place.column++;
        }
        if (in_string && *at == '\\' && at + 1 < end) {
            at++;
            place.column++;
        } else if (*at == '"') {
            in_string = !in_string;
        } else if (!in_string && (*at == '[' || *at == '{')) {
            place.depth++;
        } else if (!in_string && (*at == ']' || *at == '}')) {
            place.depth--;
        }
    }
    return place;
}

static int json_fault(const char *text, size_t size, const char *at, const char *where,
                      struct sawb_error *error) {
    struct place place = place_of(text, at);
    if (place.depth >= CJSON_NESTING_LIMIT)
        return error_set(error, "%s: line %d, column %d: nested deeper than %d; make it flatter",
                         where, place.line, place.column, CJSON_NESTING_LIMIT);
    char near[21];
    size_t length = 0;
    for (; length < sizeof(near) - 1 && at + length < text + size; length++) {
        if (at[length] < ' ' || at[length] > '~')
            break;
        near[length] = at[length];
    }
    near[length] = '\0';
    if (length == 0)
        return error_set(error, "%s: line %d, column %d: not valid JSON here; mend the text", where,
                         place.line, place.column);
    return error_set(error, "%s: line %d, column %d: not valid JSON here: %s; mend the text", where,
                     place.line, place.column, near);
}

/* `text` has a NUL after its `size` bytes: some versions of cJSON look one byte too far. */
static cJSON *parse_terminated(const char *text, size_t size, const char *where,
                               struct sawb_error *error) {
    const char *end = text + size;
    const char *at = memchr(text, '\0', size); /* which cJSON would take for white space */
    if (at) {
        json_fault(text, size, at, where, error);
        return NULL;
    }
    if (size == 0) {
        error_set(error, "%s: is empty, JSON is needed", where);
        return NULL;
    }
    cJSON *json = cJSON_ParseWithLengthOpts(text, size, &at, 0);
    if (!json) {
        json_fault(text, size, at, where, error);
        return NULL;
    }
    while (at < end && strchr(" \t\r\n", *at))
        at++;
    if (at < end) {
        json_fault(text, size, at, where, error);
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}

cJSON *json_parse(const char *text, size_t size, const char *where, struct sawb_error *error) {
    char *copy = size < SIZE_MAX ? malloc(size + 1) : NULL;
    if (!copy) {
        error_set(error, "%s: out of memory for %zu bytes of JSON", where, size);
        return NULL;
    }
    if (size > 0)
        memcpy(copy, text, size);
    copy[size] = '\0';
    cJSON *json = parse_terminated(copy, size, where, error);
    free(copy);
    return json;
}

cJSON *json_parse_file(const char *path, struct sawb_error *error) {
    char *text;
    size_t size;
    if (file_read(&text, &size, path, error) < 0)
        return NULL;
    cJSON *json = parse_terminated(text, size, path, error);
    free(text);
    return json;
}

/* 1 with *number, 0 when the key is absent (or null) and need not be there, -1 on error. */
static int get_number(const cJSON *object, const char *key, int required, double *number,
                      const char *where, struct sawb_error *error) {
    if (!cJSON_IsObject(object))
        return error_set(error, "%s: an object with the key \"%s\" is needed", where, key);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!item || cJSON_IsNull(item)) {
        if (!required)
            return 0;
        return error_set(error, "%s: the key \"%s\" is missing; add it", where, key);
    }
    if (!cJSON_IsNumber(item))
        return error_set(error, "%s: \"%s\" is not a number; write one", where, key);
    *number = item->valuedouble;
    return 1;
}

int json_get_int(const cJSON *object, const char *key, int low, int high, int required, int *value,
                 const char *where, struct sawb_error *error) {
    double number = 0.0;
    int found = get_number(object, key, required, &number, where, error);
    if (found <= 0)
        return found;
    if (!(number >= low && number <= high) || number != floor(number))
        return error_set(error, "%s: \"%s\" is %g, it must be a whole number from %d to %d", where,
                         key, number, low, high);
    *value = (int)number;
    return 0;
}

int json_get_float(const cJSON *object, const char *key, double low, double high, int required,
                   float *value, const char *where, struct sawb_error *error) {
    double number = 0.0;
    int found = get_number(object, key, required, &number, where, error);
    if (found <= 0)
        return found;
    if (!(number >= low && number <= high) || !isfinite((float)number))
        return error_set(error, "%s: \"%s\" is %g, it must be a number from %g to %g", where, key,
                         number, low, high);
    *value = (float)number;
    return 0;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Whatever the locale writes between the digits becomes a point. */
static void remove_locale(char *text) {
    char *out = text;
    int foreign = 0;
    for (const char *in = text; *in; in++) {
        int plain = strchr("0123456789+-e", *in) != NULL;
        if (plain)
            *out++ = *in;
        else if (!foreign)
            *out++ = '.';
        foreign = !plain;
    }
    *out = '\0';
}

/*
 * Writes a finite number with the fewest digits that read back to it: as a float when it is one, so
 * that 0.1f, whose double is 0.10000000149011612, prints as 0.1. Returns the number that was
 * written, as a double.
 */
static double format_number(char text[NUMBER_BYTES], double number) {
    if (number == 0 && signbit(number)) {
        snprintf(text, NUMBER_BYTES, "-0.0");
        return number;
    }
    if (number == floor(number) && fabs(number) <= 0x1p53) {
        snprintf(text, NUMBER_BYTES, "%.0f", number);
        return number;
    }
    int is_float = fabs(number) <= FLT_MAX && (double)(float)number == number;
    int most = is_float ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG;
    int digits = is_float ? FLT_DIG : DBL_DIG;
    if (fabs(number) < (is_float ? (double)FLT_MIN : DBL_MIN))
        digits = 1; /* subnormal: fewer than the usual digits may do */
    double read;
    for (;; digits++) {
        snprintf(text, NUMBER_BYTES, "%.*g", digits, number);
        read = strtod(text, NULL);
        if (digits >= most || (is_float ? (double)(float)read == number : read == number))
            break;
    }
    remove_locale(text);
    return read;
}

cJSON *json_float(float value) {
    if (!isfinite(value))
        return cJSON_CreateNull();
    /* The double nearest to the short text, so that cJSON's own printer gives the short text too.
     */
    char text[NUMBER_BYTES];
    return cJSON_CreateNumber(format_number(text, (double)value));
}

cJSON *json_float_array(const float *values, int count) {
    cJSON *array = cJSON_CreateArray();
    for (int i = 0; array && i < count; i++) {
        cJSON *item = json_float(values[i]);
        if (!item || !cJSON_AddItemToArray(array, item)) {
            cJSON_Delete(item);
            cJSON_Delete(array);
            return NULL;
        }
    }
    return array;
}

cJSON *json_int_array(const int *values, int count) {
    return count == 0 ? cJSON_CreateArray() : cJSON_CreateIntArray(values, count);
}

/* ---- printing -------------------------------------------------------------------------------- */

struct text {
    char *bytes;
    size_t used, capacity;
    int failed; /* out of memory or not printable; what follows is dropped */
};

static void text_add(struct text *text, const char *bytes, size_t size) {
    if (text->failed)
        return;
    if (size >= text->capacity - text->used) {
        size_t capacity = text->capacity;
        while (capacity < SIZE_MAX / 2 && size >= capacity - text->used)
            capacity = capacity ? capacity * 2 : 256;
        char *larger = size < capacity - text->used ? realloc(text->bytes, capacity) : NULL;
        if (!larger) {
            text->failed = 1;
            return;
        }
        text->bytes = larger;
        text->capacity = capacity;
    }
    memcpy(text->bytes + text->used, bytes, size);
    text->used += size;
    text->bytes[text->used] = '\0';
}

static void text_puts(struct text *text, const char *string) {
    text_add(text, string, strlen(string));
}

/* Bytes of the well-formed UTF-8 character at `at` (NUL-terminated); 0 when it is not one. */
static size_t character_length(const unsigned char *at) {
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (at[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0; /* overlong, a surrogate, or beyond U+10FFFF */
    return length;
}

static void print_string(struct text *text, const char *string) {
    static const char plain[] = "\"\\\b\f\n\r\t", escaped[] = "\"\\bfnrt";
    text_puts(text, "\"");
    const unsigned char *at = (const unsigned char *)(string ? string : "");
    while (*at) {
        const char *special = strchr(plain, *at);
        size_t length = character_length(at);
        char escape[8];
        if (special) {
            snprintf(escape, sizeof(escape), "\\%c", escaped[special - plain]);
            text_puts(text, escape);
        } else if (*at < 0x20 || *at == 0x7f) {
            snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)*at);
            text_puts(text, escape);
        } else if (length == 0) {
            text_puts(text, "\xef\xbf\xbd"); /* U+FFFD: a reader of JSON refuses broken UTF-8 */
        } else {
            text_add(text, (const char *)at, length);
        }
        at += length ? length : 1;
    }
    text_puts(text, "\"");
}

static void print_value(struct text *text, const cJSON *value, int depth) {
    char number[NUMBER_BYTES];
    if (depth > CJSON_NESTING_LIMIT) {
        text->failed = 1;
        return;
    }
    switch (value->type & 0xff) {
    case cJSON_False:
        text_puts(text, "false");
        break;
    case cJSON_True:
        text_puts(text, "true");
        break;
    case cJSON_NULL:
        text_puts(text, "null");
        break;
    case cJSON_Number:
        if (isfinite(value->valuedouble))
            format_number(number, value->valuedouble);
        else
            snprintf(number, sizeof(number), "null");
        text_puts(text, number);
        break;
    case cJSON_String:
        print_string(text, value->valuestring);
        break;
    case cJSON_Raw:
        text_puts(text, value->valuestring ? value->valuestring : "null");
        break;
    case cJSON_Array:
    case cJSON_Object: {
        int is_object = (value->type & 0xff) == cJSON_Object;
        text_puts(text, is_object ? "{" : "[");
        for (const cJSON *item = value->child; item && !text->failed; item = item->next) {
            if (is_object) {
                print_string(text, item->string);
                text_puts(text, ":");
            }
            print_value(text, item, depth + 1);
            if (item->next)
                text_puts(text, ",");
        }
        text_puts(text, is_object ? "}" : "]");
        break;
    }
    default:
        text->failed = 1;
    }
}

char *json_print(const cJSON *value) {
    struct text text = {0};
    if (value)
        print_value(&text, value, 0);
    if (!value || text.failed) {
        free(text.bytes);
        return NULL;
    }
    return text.bytes;
}

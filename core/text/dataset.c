/*
 * dataset.c - labelled sentences from a file.
 *
 * The file's text is the storage: sentences are terminated in place.
 */
#include "core/text/dataset.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/text/array.h"
#include "core/text/unicode.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define NO_LABEL (-1)
#define HASH_START UINT64_C(0xcbf29ce484222325) /* FNV-1a */
#define HASH_PRIME UINT64_C(0x100000001b3)
#define SHOWN_BYTES 40 /* of a faulty cell in an error */

/* What is known while a file is read line by line. */
struct reading {
    struct dataset *dataset;
    size_t capacity;
    int line; /* from 1 */
    int columns, sentence_column, label_column;
    struct sawb_error *error;
};

static int out_of_memory(const char *path, struct sawb_error *error) {
    return error_set(error, "%s: out of memory for the data set; free some memory", path);
}

static int append(struct reading *reading, const char *text, size_t length, int label) {
    struct dataset *dataset = reading->dataset;
    struct example *examples = array_grow(dataset->examples, &reading->capacity,
                                          (size_t)dataset->count + 1, sizeof(*examples));
    if (!examples)
        return out_of_memory(dataset->path, reading->error);
    dataset->examples = examples;
    examples[dataset->count++] = (struct example){text, length, label, reading->line};
    return 0;
}

/* ---- plain lines ----------------------------------------------------------------------------- */

static int read_plain_line(struct reading *reading, char *line, size_t length) {
    return append(reading, line, length, NO_LABEL);
}

/* ---- TSV ------------------------------------------------------------------------------------- */

/* Cuts the cell that begins at *rest off the line. NULL when there is none left. */
static char *next_cell(char **rest, size_t *length) {
    char *cell = *rest;
    if (!cell)
        return NULL;
    char *tab = strchr(cell, '\t');
    *rest = tab ? tab + 1 : NULL;
    if (tab)
        *tab = '\0';
    *length = tab ? (size_t)(tab - cell) : strlen(cell);
    return cell;
}

static int read_header(struct reading *reading, char *line) {
    const char *path = reading->dataset->path;
    char *rest = line, *cell;
    size_t length;
    while ((cell = next_cell(&rest, &length))) {
        int *column = strcmp(cell, "sentence") == 0 ? &reading->sentence_column
                      : strcmp(cell, "label") == 0  ? &reading->label_column
                                                    : NULL;
        if (column && *column >= 0)
            return error_set(reading->error, "%s: line 1: column \"%s\" is there twice", path,
                             cell);
        if (column)
            *column = reading->columns;
        reading->columns++;
    }
    if (reading->sentence_column < 0 || reading->label_column < 0)
        return error_set(reading->error,
                         "%s: line 1: the header has no column \"%s\"; it has to name the columns "
                         "sentence and label, separated by tabs",
                         path, reading->sentence_column < 0 ? "sentence" : "label");
    return 0;
}

/* Bytes of the cell to be shown in an error, never half a character. */
static int shown_bytes(const char *cell) {
    size_t length = strnlen(cell, SHOWN_BYTES + 1);
    if (length <= SHOWN_BYTES)
        return (int)length;
    length = SHOWN_BYTES;
    while (length > 0 && ((unsigned char)cell[length] & 0xc0) == 0x80)
        length--;
    return (int)length;
}

/* Decimal digits, with "-1" for none. */
static int parse_label(struct reading *reading, const char *cell, int *label) {
    *label = NO_LABEL;
    if (strcmp(cell, "-1") == 0)
        return 0;
    long long value = cell[0] ? 0 : -1;
    for (const char *digit = cell; *digit && value >= 0; digit++) {
        value = *digit >= '0' && *digit <= '9' ? value * 10 + (*digit - '0') : -1;
        if (value > INT_MAX)
            value = -1;
    }
    if (value < 0)
        return error_set(reading->error,
                         "%s: line %d: label \"%.*s\" is not a whole number from 0 on (or -1 for "
                         "none)",
                         reading->dataset->path, reading->line, shown_bytes(cell), cell);
    *label = (int)value;
    return 0;
}

static int read_tsv_line(struct reading *reading, char *line, size_t line_length) {
    (void)line_length;
    if (reading->columns == 0)
        return read_header(reading, line);
    char *rest = line, *cell;
    const char *sentence = "", *label_cell = "";
    size_t length, sentence_length = 0;
    int columns = 0;
    for (; (cell = next_cell(&rest, &length)); columns++) {
        if (columns == reading->sentence_column) {
            sentence = cell;
            sentence_length = length;
        } else if (columns == reading->label_column) {
            label_cell = cell;
        }
    }
    if (columns != reading->columns)
        return error_set(reading->error, "%s: line %d: has %d columns, the header has %d",
                         reading->dataset->path, reading->line, columns, reading->columns);
    int label;
    if (parse_label(reading, label_cell, &label) < 0)
        return -1;
    return append(reading, sentence, sentence_length, label);
}

/* ---- JSON lines ------------------------------------------------------------------------------ */

/* Whether a string in the JSON text spells U+0000, where cJSON would end the string. */
static int spells_nul(const char *json) {
    for (const char *at = strchr(json, '\\'); at; at = strchr(at + 2, '\\')) {
        if (strncmp(at + 1, "u0000", 5) == 0)
            return 1;
        if (at[1] == '\0')
            break;
    }
    return 0;
}

static int read_json_label(struct reading *reading, const cJSON *object, int *label) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, "label");
    *label = NO_LABEL;
    if (!item || cJSON_IsNull(item))
        return 0;
    double value = cJSON_IsNumber(item) ? item->valuedouble : -2;
    if (!(value >= NO_LABEL && value <= INT_MAX) || value != (double)(int)value)
        return error_set(reading->error,
                         "%s: line %d: \"label\" is not a whole number from 0 on (or -1 for none)",
                         reading->dataset->path, reading->line);
    *label = (int)value;
    return 0;
}

/* Takes the sentence over into the line's own bytes: JSON never spells a text shorter than it is.
 */
static int read_json_object(struct reading *reading, char *line, size_t line_length,
                            const cJSON *object) {
    const char *path = reading->dataset->path;
    const cJSON *sentence = cJSON_GetObjectItemCaseSensitive(object, "sentence");
    if (!sentence)
        sentence = cJSON_GetObjectItemCaseSensitive(object, "text");
    if (!cJSON_IsString(sentence))
        return error_set(
            reading->error,
            "%s: line %d: has to be an object with a string \"sentence\" (or \"text\")", path,
            reading->line);
    if (spells_nul(line))
        return error_set(reading->error, "%s: line %d: holds \\u0000; take it out", path,
                         reading->line);
    int label;
    if (read_json_label(reading, object, &label) < 0)
        return -1;
    size_t length = strnlen(sentence->valuestring, line_length);
    memcpy(line, sentence->valuestring, length);
    line[length] = '\0';
    if (unicode_validate(line, length, reading->error) < 0)
        return error_prefix(reading->error, "%s: line %d: \"sentence\"", path, reading->line);
    return append(reading, line, length, label);
}

static int read_json_line(struct reading *reading, char *line, size_t length) {
    struct sawb_error fault;
    cJSON *object = json_parse(line, length, "JSON", &fault);
    if (!object) {
        /* The line it counts is always the first: what follows says where in it. */
        const char *place = strstr(fault.message, "column ");
        return error_set(reading->error, "%s: line %d, %s", reading->dataset->path, reading->line,
                         place ? place : fault.message);
    }
    int status = read_json_object(reading, line, length, object);
    cJSON_Delete(object);
    return status;
}

/* ---- files ----------------------------------------------------------------------------------- */

typedef int (*line_reader)(struct reading *reading, char *line, size_t length);

static line_reader reader_for(const char *path) {
    static const struct {
        const char *ending;
        line_reader read;
    } formats[] = {{".tsv", read_tsv_line}, {".jsonl", read_json_line}};
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        size_t ending = strlen(formats[i].ending);
        if (length > ending && strcasecmp(path + length - ending, formats[i].ending) == 0)
            return formats[i].read;
    }
    return read_plain_line;
}

/* One line, NUL-terminated already; what all formats have in common. */
static int check_line(struct reading *reading, const char *line, size_t length) {
    const char *path = reading->dataset->path;
    const char *nul = memchr(line, '\0', length);
    if (nul)
        return error_set(reading->error,
                         "%s: line %d: byte %zu is NUL; the file has to be text in UTF-8", path,
                         reading->line, (size_t)(nul - line));
    if (unicode_validate(line, length, reading->error) < 0)
        return error_prefix(reading->error, "%s: line %d", path, reading->line);
    return 0;
}

static int read_lines(struct reading *reading, char *text, size_t size) {
    const char *path = reading->dataset->path;
    line_reader read = reader_for(path);
    size_t mark = strlen(BYTE_ORDER_MARK);
    size_t begin = size >= mark && memcmp(text, BYTE_ORDER_MARK, mark) == 0 ? mark : 0;
    while (size > begin && (text[size - 1] == '\n' || text[size - 1] == '\r'))
        size--;
    text[size] = '\0';
    while (begin < size) {
        if (reading->line == INT_MAX)
            return error_set(reading->error, "%s: has more than %d lines; split it", path, INT_MAX);
        reading->line++;
        char *newline = memchr(text + begin, '\n', size - begin);
        size_t end = newline ? (size_t)(newline - text) : size;
        size_t length = end - begin;
        if (length > 0 && newline && newline[-1] == '\r')
            length--;
        char *line = text + begin;
        line[length] = '\0';
        if (check_line(reading, line, length) < 0 || read(reading, line, length) < 0)
            return -1;
        begin = end + 1;
    }
    if (reading->dataset->count == 0)
        return error_set(reading->error, "%s: holds no sentence", path);
    return 0;
}

uint64_t dataset_hash(const char *text, size_t size) {
    uint64_t hash = HASH_START;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * HASH_PRIME;
    return hash;
}

/* Takes `text` (NUL-terminated, `size` bytes) over, also when it fails. */
static int take_text(struct dataset *dataset, char *text, size_t size, const char *path,
                     struct sawb_error *error) {
    struct reading reading = {
        .dataset = dataset, .sentence_column = -1, .label_column = -1, .error = error};
    dataset->storage = text;
    dataset->bytes = size;
    dataset->hash = dataset_hash(text, size);
    dataset->path = strdup(path);
    int status = dataset->path ? read_lines(&reading, text, size) : out_of_memory(path, error);
    if (status < 0)
        dataset_free(dataset);
    return status;
}

int dataset_open(struct dataset *dataset, const char *path, struct sawb_error *error) {
    *dataset = (struct dataset){0};
    char *text;
    size_t size;
    if (file_read(&text, &size, path, error) < 0)
        return -1;
    return take_text(dataset, text, size, path, error);
}

int dataset_parse(struct dataset *dataset, const char *text, size_t size, const char *path,
                  struct sawb_error *error) {
    *dataset = (struct dataset){0};
    char *copy = size < SIZE_MAX ? malloc(size + 1) : NULL;
    if (!copy)
        return out_of_memory(path, error);
    if (size > 0)
        memcpy(copy, text, size);
    copy[size] = '\0';
    return take_text(dataset, copy, size, path, error);
}

void dataset_free(struct dataset *dataset) {
    free(dataset->examples);
    free(dataset->path);
    free(dataset->storage);
    *dataset = (struct dataset){0};
}

int dataset_check_labels(const struct dataset *dataset, int labels, struct sawb_error *error) {
    for (int i = 0; i < dataset->count; i++) {
        const struct example *example = &dataset->examples[i];
        if (example->label == NO_LABEL)
            return error_set(error, "%s: line %d: has no label", dataset->path, example->line);
        if (example->label < 0 || example->label >= labels)
            return error_set(error,
                             "%s: line %d: label %d is out of range; the model knows 0 to %d",
                             dataset->path, example->line, example->label, labels - 1);
    }
    return 0;
}

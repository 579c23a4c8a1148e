/*
 * clauses.c - taking a specification apart into clauses and forms, and writing it again.
 */
#include "core/sparsity/clauses.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(struct sawb_error *error) {
    return error_set(error, "sparsity: not enough memory to edit the specification");
}

static int is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Draws the ends of [*begin, *end) in past blanks. */
static void trim(const char **begin, const char **end) {
    while (*begin < *end && is_space(**begin))
        (*begin)++;
    while (*end > *begin && is_space((*end)[-1]))
        (*end)--;
}

/* A copy of [begin, end) without blanks at its ends; NULL with an error. */
static char *copy_trimmed(const char *begin, const char *end, struct sawb_error *error) {
    trim(&begin, &end);
    char *copy = strndup(begin, (size_t)(end - begin));
    if (!copy)
        no_memory(error);
    return copy;
}

/* Puts more text behind what is there. */
static int append(char **text, struct sawb_error *error, const char *format, ...) {
    va_list values;
    char *more = NULL, *longer = NULL;
    va_start(values, format);
    int length = vasprintf(&more, format, values);
    va_end(values);
    if (length < 0)
        return no_memory(error);
    size_t used = *text ? strlen(*text) : 0;
    longer = realloc(*text, used + (size_t)length + 1);
    if (longer) {
        memcpy(longer + used, more, (size_t)length + 1);
        *text = longer;
    }
    free(more);
    return longer ? 0 : no_memory(error);
}

/* ---- clauses --------------------------------------------------------------------------------- */

int clauses_insert(struct clauses *clauses, int index, const char *text, size_t length,
                   struct sawb_error *error) {
    if (clauses->count == clauses->capacity) {
        int capacity = clauses->capacity > 0 ? 2 * clauses->capacity : 8;
        struct clause *larger = realloc(clauses->items, (size_t)capacity * sizeof(struct clause));
        if (!larger)
            return no_memory(error);
        clauses->items = larger;
        clauses->capacity = capacity;
    }
    struct clause clause = {copy_trimmed(text, text + length, error), NULL};
    if (!clause.text || sparsity_parse(&clause.parsed, clause.text, clauses->presets, error) < 0) {
        free(clause.text);
        return -1;
    }
    memmove(clauses->items + index + 1, clauses->items + index,
            (size_t)(clauses->count - index) * sizeof(struct clause));
    clauses->items[index] = clause;
    clauses->count++;
    return 0;
}

void clauses_remove(struct clauses *clauses, int index) {
    free(clauses->items[index].text);
    sparsity_free(clauses->items[index].parsed);
    clauses->count--;
    memmove(clauses->items + index, clauses->items + index + 1,
            (size_t)(clauses->count - index) * sizeof(struct clause));
}

int clauses_replace(struct clauses *clauses, int index, const char *text,
                    struct sawb_error *error) {
    if (clauses_insert(clauses, index, text, strlen(text), error) < 0)
        return -1;
    clauses_remove(clauses, index + 1);
    return 0;
}

/* Inserts the clauses of `text` one after the other from `index` on. */
static int insert_all(struct clauses *clauses, int index, const char *text,
                      struct sawb_error *error) {
    for (;; index++) {
        size_t length = strcspn(text, ";");
        if (clauses_insert(clauses, index, text, length, error) < 0)
            return -1;
        if (!text[length])
            return 0;
        text += length + 1;
    }
}

int clauses_read(struct clauses *clauses, const char *spec, const struct presets *presets,
                 struct sawb_error *error) {
    struct sparsity *whole;
    *clauses = (struct clauses){.presets = presets};
    /* First as a whole, so that a fault shows the column of the whole. */
    if (sparsity_parse(&whole, spec, presets, error) < 0)
        return -1;
    sparsity_free(whole);
    if (insert_all(clauses, 0, spec, error) == 0)
        return 0;
    clauses_free(clauses);
    return -1;
}

void clauses_free(struct clauses *clauses) {
    while (clauses->count > 0)
        clauses_remove(clauses, clauses->count - 1);
    free(clauses->items);
    *clauses = (struct clauses){0};
}

char *clauses_write(const struct clauses *clauses, struct sawb_error *error) {
    struct sparsity *whole;
    char *text = NULL;
    int status = clauses->count > 0 ? 0 : append(&text, error, "dense");
    for (int i = 0; i < clauses->count && status == 0; i++)
        status = append(&text, error, "%s%s", i > 0 ? "; " : "", clauses->items[i].text);
    if (status == 0)
        status = sparsity_parse(&whole, text, clauses->presets, error);
    if (status == 0) {
        sparsity_free(whole);
        return text;
    }
    free(text);
    return NULL;
}

int clauses_expand(struct clauses *clauses, int index, struct sawb_error *error) {
    struct clause *clause = &clauses->items[index];
    char *pattern = strdup(sparsity_pattern(clause->parsed));
    if (!pattern)
        return no_memory(error);
    int status = insert_all(clauses, index + 1, pattern, error);
    free(pattern);
    if (status == 0)
        clauses_remove(clauses, index);
    return status;
}

int clauses_deciding(const struct clauses *clauses, int layer, int head) {
    int index = clauses->count - 1;
    while (index >= 0 && !rule_for(clauses->items[index].parsed, layer, head))
        index--;
    return index;
}

int clause_is_off(const struct clause *clause) {
    const struct pattern *pattern = pattern_find(clause->text, identifier_length(clause->text));
    return pattern && !pattern->fill;
}

static int is_everywhere(const struct rule *rule) {
    return rule->layers.low == 0 && rule->layers.high == NO_LIMIT && rule->heads.low == 0 &&
           rule->heads.high == NO_LIMIT;
}

int clause_is_plain(const struct clause *clause) {
    const struct sparsity *parsed = clause->parsed;
    return parsed->rule_count == 1 && !parsed->rules[0].off &&
           (is_everywhere(&parsed->rules[0]) || strchr(clause->text, '@'));
}

int clause_is_general(const struct clause *clause) {
    return clause_is_plain(clause) && !strchr(clause->text, '@');
}

int clause_is_of_head(const struct clause *clause, int layer, int head) {
    const struct rule *rule = &clause->parsed->rules[0];
    return clause_is_plain(clause) && rule->layers.low == layer && rule->layers.high == layer &&
           rule->heads.low == head && rule->heads.high == head;
}

char *clause_expression(const struct clause *clause, const char **place, struct sawb_error *error) {
    const char *at = strchr(clause->text, '@');
    *place = at ? at + 1 : NULL;
    return copy_trimmed(clause->text, at ? at : clause->text + strlen(clause->text), error);
}

/* ---- lists of pairs -------------------------------------------------------------------------- */

/* Where the pair stands, or would stand. */
static int pair_place(const struct pair_list *list, int query, int key) {
    int index = 0;
    while (index < list->count &&
           (list->numbers[2 * index] < query ||
            (list->numbers[2 * index] == query && list->numbers[2 * index + 1] < key)))
        index++;
    return index;
}

static int pair_is_at(const struct pair_list *list, int index, int query, int key) {
    return index < list->count && list->numbers[2 * index] == query &&
           list->numbers[2 * index + 1] == key;
}

int pair_list_add(struct pair_list *list, int query, int key, struct sawb_error *error) {
    int index = pair_place(list, query, key);
    if (pair_is_at(list, index, query, key))
        return 0;
    int *larger = realloc(list->numbers, 2 * sizeof(int) * (size_t)(list->count + 1));
    if (!larger)
        return no_memory(error);
    list->numbers = larger;
    memmove(larger + 2 * (index + 1), larger + 2 * index,
            2 * sizeof(int) * (size_t)(list->count - index));
    larger[2 * index] = query;
    larger[2 * index + 1] = key;
    list->count++;
    return 0;
}

int pair_list_remove(struct pair_list *list, int query, int key) {
    int index = pair_place(list, query, key);
    if (!pair_is_at(list, index, query, key))
        return 0;
    list->count--;
    memmove(list->numbers + 2 * index, list->numbers + 2 * (index + 1),
            2 * sizeof(int) * (size_t)(list->count - index));
    return 1;
}

/* ---- forms ----------------------------------------------------------------------------------- */

/* The last of this operator outside of parentheses in [begin, end); NULL: there is none. */
static const char *last_operator(const char *begin, const char *end, char operator) {
    int depth = 0;
    for (const char *at = end; at-- > begin;) {
        depth += *at == ')' ? 1 : *at == '(' ? -1 : 0;
        if (depth == 0 && *at == operator)
            return at;
    }
    return NULL;
}

/* Takes the pairs of [begin, end) over when it is pairs(...) or without(...), whichever `name`
 * says. 1 when it was, 0 when not, -1 with an error. */
static int read_listed(struct pair_list *list, const char *name, const char *begin, const char *end,
                       struct sawb_error *error) {
    trim(&begin, &end);
    size_t length = identifier_length(begin);
    if (length != strlen(name) || memcmp(begin, name, length) != 0 ||
        memchr(begin, ')', (size_t)(end - begin)) != end - 1)
        return 0;
    struct sparsity *parsed;
    char *text = copy_trimmed(begin, end, error);
    int status = text ? sparsity_parse(&parsed, text, NULL, error) : -1;
    free(text);
    if (status < 0)
        return -1;
    const struct term *term = &parsed->terms[0];
    for (int t = 0; t + 1 < term->token_count && status == 0; t += 2)
        status = pair_list_add(list, term->tokens[t], term->tokens[t + 1], error);
    sparsity_free(parsed);
    return status < 0 ? -1 : 1;
}

/* Past the parentheses that hold all of [*begin, *end), as long as there are any. */
static void strip_parentheses(const char **begin, const char **end) {
    for (trim(begin, end); *end - *begin > 2 && **begin == '('; trim(begin, end)) {
        int depth = 0;
        const char *at = *begin;
        do
            depth += *at == '(' ? 1 : *at == ')' ? -1 : 0;
        while (++at < *end && depth > 0);
        if (at < *end)
            return;
        (*begin)++;
        (*end)--;
    }
}

int form_read(struct form *form, const char *expression, const struct presets *presets,
              struct sawb_error *error) {
    *form = (struct form){0};
    const char *begin = expression, *end = expression + strlen(expression);
    const char *plus = last_operator(begin, end, '+');
    int listed = plus ? read_listed(&form->kept, "pairs", plus + 1, end, error) : 0;
    if (listed > 0)
        end = plus;
    if (listed >= 0 && !last_operator(begin, end, '+')) {
        const char *both = last_operator(begin, end, '&');
        listed = read_listed(&form->dropped, "without", both ? both + 1 : begin, end, error);
        if (listed > 0)
            end = both ? both : begin;
    }
    strip_parentheses(&begin, &end);
    if (listed >= 0)
        form->base = end > begin ? copy_trimmed(begin, end, error) : strdup("dense");
    struct sparsity *base = NULL;
    int status = listed < 0 ? -1 : form->base ? 0 : no_memory(error);
    if (status == 0)
        status = sparsity_parse(&base, form->base, presets, error);
    if (status < 0) {
        form_free(form);
        return -1;
    }
    form->dense = sparsity_is_dense(base);
    sparsity_free(base);
    return 0;
}

void form_free(struct form *form) {
    free(form->base);
    free(form->dropped.numbers);
    free(form->kept.numbers);
    *form = (struct form){0};
}

static int append_list(char **text, const char *before, const char *name,
                       const struct pair_list *list, struct sawb_error *error) {
    int status = append(text, error, "%s%s(", before, name);
    for (int i = 0; i < list->count && status == 0; i++)
        status = append(text, error, "%s%d.%d", i > 0 ? ", " : "", list->numbers[2 * i],
                        list->numbers[2 * i + 1]);
    return status < 0 ? -1 : append(text, error, ")");
}

char *form_write(const struct form *form, struct sawb_error *error) {
    char *text = NULL;
    int status = 0, drops = form->dropped.count > 0;
    if (!drops || !form->dense) {
        int open = drops && last_operator(form->base, form->base + strlen(form->base), '+');
        status = append(&text, error, open ? "(%s)" : "%s", form->base);
    }
    if (status == 0 && drops)
        status = append_list(&text, form->dense ? "" : " & ", "without", &form->dropped, error);
    if (status == 0 && form->kept.count > 0)
        status = append_list(&text, " + ", "pairs", &form->kept, error);
    if (status == 0)
        return text;
    free(text);
    return NULL;
}

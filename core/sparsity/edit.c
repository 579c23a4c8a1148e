/*
 * edit.c - changing a specification by hand.
 */
#include "core/sparsity/edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/sparsity/clauses.h"

/* ---- pairs ----------------------------------------------------------------------------------- */

/* What is done to the lists of an expression; `edit` NULL: they are emptied. */
static int change_form(struct form *form, const struct cell_edit *edit, struct sawb_error *error) {
    if (!edit) {
        form->dropped.count = form->kept.count = 0;
        return 0;
    }
    pair_list_remove(&form->dropped, edit->query, edit->key);
    pair_list_remove(&form->kept, edit->query, edit->key);
    if (edit->wish == CELL_DROP)
        return pair_list_add(&form->dropped, edit->query, edit->key, error);
    if (edit->wish == CELL_KEEP && !form->dense)
        return pair_list_add(&form->kept, edit->query, edit->key, error);
    return 0;
}

/* The expression after the edit, owned by the caller. */
static char *changed_expression(const char *expression, const struct presets *presets,
                                const struct cell_edit *edit, struct sawb_error *error) {
    struct form form;
    if (form_read(&form, expression, presets, error) < 0)
        return NULL;
    char *changed = change_form(&form, edit, error) < 0 ? NULL : form_write(&form, error);
    form_free(&form);
    return changed;
}

/* The expression in its usual writing, so that two can be compared. */
static char *usual_expression(const struct clauses *clauses, int index, struct sawb_error *error) {
    const char *place;
    char *text =
        index < 0 ? strdup("dense") : clause_expression(&clauses->items[index], &place, error);
    struct form form;
    if (!text)
        return NULL;
    char *usual = NULL;
    if (form_read(&form, text, clauses->presets, error) == 0) {
        usual = form_write(&form, error);
        form_free(&form);
    }
    free(text);
    return usual;
}

static int change_clause(struct clauses *clauses, int index, const struct cell_edit *edit,
                         struct sawb_error *error) {
    const char *place;
    char *text = clause_expression(&clauses->items[index], &place, error), *whole = NULL;
    if (!text)
        return -1;
    char *changed = changed_expression(text, clauses->presets, edit, error);
    int status = changed ? 0 : -1;
    if (changed && asprintf(&whole, "%s%s%s", changed, place ? "@" : "", place ? place : "") < 0) {
        whole = NULL;
        status = error_set(error, "sparsity: not enough memory to edit the specification");
    }
    if (status == 0)
        status = clauses_replace(clauses, index, whole, error);
    free(whole);
    free(changed);
    free(text);
    return status;
}

/* Removes the clause of one head when without it another one says the same of that head. */
static int drop_redundant(struct clauses *clauses, int index, struct sawb_error *error) {
    const struct rule *rule = &clauses->items[index].parsed->rules[0];
    int layer = rule->layers.low, head = rule->heads.low;
    if (!clause_is_of_head(&clauses->items[index], layer, head) ||
        clauses_deciding(clauses, layer, head) != index)
        return 0;
    struct clauses before = *clauses;
    before.count = index;
    int other = clauses_deciding(&before, layer, head);
    if (other >= 0 && !clause_is_plain(&clauses->items[other]))
        return 0;
    char *own = usual_expression(clauses, index, error);
    char *others = own ? usual_expression(clauses, other, error) : NULL;
    int status = others ? 0 : -1;
    if (others && strcmp(own, others) == 0)
        clauses_remove(clauses, index);
    free(own);
    free(others);
    return status;
}

static int edit_one(struct clauses *clauses, int layer, int head, const struct cell_edit *edit,
                    struct sawb_error *error) {
    int index = clauses_deciding(clauses, layer, head);
    if (index >= 0 && !clause_is_off(&clauses->items[index]) &&
        !clause_is_plain(&clauses->items[index])) {
        if (clauses_expand(clauses, index, error) < 0)
            return -1;
        index = clauses_deciding(clauses, layer, head);
    }
    if (index >= 0 && clause_is_off(&clauses->items[index]))
        return error_set(error,
                         "sparsity: head %d.%d is off and has no pairs; switch it on first "
                         "(ablate %d.%d)",
                         layer, head, layer, head);
    if (index < 0 || !clause_is_of_head(&clauses->items[index], layer, head)) {
        const char *place;
        char *text =
            index < 0 ? strdup("dense") : clause_expression(&clauses->items[index], &place, error);
        char *own = NULL;
        int length = text ? asprintf(&own, "%s@L%d.H%d", text, layer, head) : -1;
        int status = length < 0
                         ? error_set(error, "sparsity: not enough memory to edit")
                         : clauses_insert(clauses, clauses->count, own, (size_t)length, error);
        if (length >= 0)
            free(own);
        free(text);
        if (status < 0)
            return -1;
        index = clauses->count - 1;
    }
    if (change_clause(clauses, index, edit, error) < 0)
        return -1;
    return drop_redundant(clauses, index, error);
}

/* Writes the presets out that hold clauses of their own. */
static int expand_all(struct clauses *clauses, struct sawb_error *error) {
    for (int i = 0; i < clauses->count;) {
        const struct clause *clause = &clauses->items[i];
        if (clause_is_off(clause) || clause_is_plain(clause))
            i++;
        else if (clauses_expand(clauses, i, error) < 0)
            return -1;
    }
    return 0;
}

static int edit_all(struct clauses *clauses, const struct cell_edit *edit,
                    struct sawb_error *error) {
    static const char dense[] = "dense";
    int general = 0;
    if (expand_all(clauses, error) < 0)
        return -1;
    for (int i = 0; i < clauses->count; i++)
        general |= clause_is_general(&clauses->items[i]);
    /* Heads that no clause decides are dense. */
    if (!general && clauses_insert(clauses, 0, dense, sizeof(dense) - 1, error) < 0)
        return -1;
    for (int i = 0; i < clauses->count; i++) {
        if (!clause_is_off(&clauses->items[i]) && change_clause(clauses, i, edit, error) < 0)
            return -1;
    }
    for (int i = clauses->count - 1; i >= 0; i--) {
        if (!clause_is_off(&clauses->items[i]) && drop_redundant(clauses, i, error) < 0)
            return -1;
    }
    if (clauses->count > 1 && strcmp(clauses->items[0].text, dense) == 0)
        clauses_remove(clauses, 0);
    return 0;
}

static char *edit_cells(const char *spec, const struct presets *presets, int layer, int head,
                        const struct cell_edit *edit, struct sawb_error *error) {
    struct clauses clauses;
    int all = layer == EDIT_ALL && head == EDIT_ALL;
    if (!all && (layer < 0 || head < 0)) {
        error_set(error, "sparsity: there is no head %d.%d to edit", layer, head);
        return NULL;
    }
    if (clauses_read(&clauses, spec, presets, error) < 0)
        return NULL;
    int status =
        all ? edit_all(&clauses, edit, error) : edit_one(&clauses, layer, head, edit, error);
    char *edited = status < 0 ? NULL : clauses_write(&clauses, error);
    clauses_free(&clauses);
    return edited;
}

char *sparsity_edit_cell(const char *spec, const struct presets *presets,
                         const struct cell_edit *edit, struct sawb_error *error) {
    if (edit->query >= 0 && edit->key >= 0)
        return edit_cells(spec, presets, edit->layer, edit->head, edit, error);
    error_set(error, "sparsity: a pair has indices from 0, not %d.%d", edit->query, edit->key);
    return NULL;
}

char *sparsity_clear_cells(const char *spec, const struct presets *presets, int layer, int head,
                           struct sawb_error *error) {
    return edit_cells(spec, presets, layer, head, NULL, error);
}

static int is_listed(const struct term *term, int query, int key) {
    for (int t = 0; t + 1 < term->token_count; t += 2) {
        if (term->tokens[t] == query && term->tokens[t + 1] == key)
            return 1;
    }
    return 0;
}

enum cell_wish sparsity_cell_listed(const struct sparsity *sparsity, int layer, int head, int query,
                                    int key) {
    const struct rule *rule = rule_for(sparsity, layer, head);
    for (int i = rule ? rule->count - 1 : -1; i >= 0; i--) {
        const struct instruction *instruction = &sparsity->instructions[rule->first + i];
        if (instruction->operation != OPERATION_TERM)
            continue;
        const struct term *term = &sparsity->terms[instruction->term];
        if (term->pattern->speaks != SPEAKS_ALWAYS && is_listed(term, query, key))
            return term->pattern->speaks == SPEAKS_OF_KEPT ? CELL_KEEP : CELL_DROP;
    }
    return CELL_FREE;
}

/* ---- heads ----------------------------------------------------------------------------------- */

int sparsity_head_is_off(const struct sparsity *sparsity, int layer, int head) {
    const struct rule *rule = rule_for(sparsity, layer, head);
    return rule && rule->off;
}

static int compare_places(const void *a, const void *b) {
    const struct head_place *one = a, *other = b;
    return one->layer != other->layer ? (one->layer > other->layer) - (one->layer < other->layer)
                                      : (one->head > other->head) - (one->head < other->head);
}

int sparsity_heads_off(const struct sparsity *sparsity, struct head_place **places, int *count,
                       struct sawb_error *error) {
    *count = 0;
    /* One more than there can be, for a caller that adds a head. */
    *places = malloc((size_t)(sparsity->rule_count + 1) * sizeof(struct head_place));
    if (!*places)
        return error_set(error, "sparsity: not enough memory for the heads that are off");
    for (int r = 0; r < sparsity->rule_count; r++) {
        const struct rule *rule = &sparsity->rules[r];
        /* A head that is off twice is decided, and so counted, by the last. */
        if (rule->off && rule_for(sparsity, rule->layers.low, rule->heads.low) == rule)
            (*places)[(*count)++] = (struct head_place){rule->layers.low, rule->heads.low};
    }
    qsort(*places, (size_t)*count, sizeof(struct head_place), compare_places);
    return 0;
}

/* Removes the clauses that switch heads off, also those inside of presets. */
static int remove_off(struct clauses *clauses, struct sawb_error *error) {
    for (int i = 0; i < clauses->count;) {
        const struct clause *clause = &clauses->items[i];
        int off = 0;
        for (int r = 0; r < clause->parsed->rule_count; r++)
            off |= clause->parsed->rules[r].off;
        if (!off)
            i++;
        else if (clause_is_off(clause))
            clauses_remove(clauses, i);
        else if (clauses_expand(clauses, i, error) < 0)
            return -1;
    }
    return 0;
}

/* "heads_off(0.1, 2.3)", owned by the caller. */
static char *off_clause(const struct head_place *places, int count, struct sawb_error *error) {
    enum { MOST_PLACE = 32 };
    size_t size = sizeof("heads_off()") + (size_t)count * MOST_PLACE, used = 0;
    char *text = malloc(size);
    if (!text) {
        error_set(error, "sparsity: not enough memory for the heads that are off");
        return NULL;
    }
    used = (size_t)snprintf(text, size, "heads_off(");
    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%d.%d", i > 0 ? ", " : "",
                                 places[i].layer, places[i].head);
    snprintf(text + used, size - used, ")");
    return text;
}

char *sparsity_set_heads_off(const char *spec, const struct presets *presets,
                             const struct head_place *places, int count, struct sawb_error *error) {
    struct clauses clauses;
    if (clauses_read(&clauses, spec, presets, error) < 0)
        return NULL;
    int status = remove_off(&clauses, error);
    if (status == 0 && count > 0) {
        char *off = off_clause(places, count, error);
        status = off ? clauses_insert(&clauses, clauses.count, off, strlen(off), error) : -1;
        free(off);
    }
    char *edited = status < 0 ? NULL : clauses_write(&clauses, error);
    clauses_free(&clauses);
    return edited;
}

char *sparsity_edit_head(const char *spec, const struct presets *presets, struct head_place place,
                         int off, struct sawb_error *error) {
    struct sparsity *sparsity;
    struct head_place *places;
    int count;
    if (sparsity_parse(&sparsity, spec, presets, error) < 0)
        return NULL;
    int status = sparsity_heads_off(sparsity, &places, &count, error);
    sparsity_free(sparsity);
    if (status < 0)
        return NULL;
    int kept = 0;
    for (int i = 0; i < count; i++) {
        if (compare_places(&places[i], &place) != 0)
            places[kept++] = places[i];
    }
    if (off)
        places[kept++] = place;
    qsort(places, (size_t)kept, sizeof(struct head_place), compare_places);
    char *edited = sparsity_set_heads_off(spec, presets, places, kept, error);
    free(places);
    return edited;
}

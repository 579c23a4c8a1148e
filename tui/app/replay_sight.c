/*
 * replay_sight.c - a record of what was in sight, read into a workbench. What a file says is
 * checked as far as anything could be led astray by it.
 */
#include "tui/app/replay_sight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/sparsity/presets_json.h"
#include "tui/app/workbench.h"

static const char *text_of(const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

int *sight_number(struct workbench *workbench, const struct sight_field *field) {
    return (int *)(void *)((char *)workbench + field->offset);
}

static void apply_numbers(struct workbench *workbench, const cJSON *object) {
    const struct sight_field *field;
    const cJSON *set = cJSON_GetObjectItemCaseSensitive(object, "set");
    for (int i = 0; set && (field = sight_field(i)); i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(set, field->name);
        if (!cJSON_IsNumber(item) || item->valueint < field->low || item->valueint > field->high)
            continue;
        *sight_number(workbench, field) = item->valueint;
    }
    int rows = workbench->data.set ? workbench->data.shown : 0;
    if (workbench->data.first >= rows)
        workbench->data.first = rows > 0 ? rows - 1 : 0;
}

/* [low, high] and whole; -1: it is not. */
static int int_in(const cJSON *array, int index, int low, int high) {
    const cJSON *item = cJSON_GetArrayItem(array, index);
    if (!cJSON_IsNumber(item) || item->valueint < low || item->valueint > high)
        return -1;
    return item->valueint;
}

static int read_node(const cJSON *row, struct panes *panes) {
    int index = int_in(row, 0, 0, PANES_NODES - 1), parent = int_in(row, 1, 0, PANES_NODES - 1);
    int first = int_in(row, 2, 0, PANES_NODES - 1), second = int_in(row, 3, 0, PANES_NODES - 1);
    int down = int_in(row, 4, 0, 1), view = int_in(row, 5, 0, VIEWS - 1);
    int previous = int_in(row, 6, 0, VIEWS - 1), slot = int_in(row, 7, 0, PANES_SLOTS - 1);
    const cJSON *ratio = cJSON_GetArrayItem(row, 8);
    if (index < 0 || parent < 0 || first < 0 || second < 0 || down < 0 || view < 0 ||
        previous < 0 || slot < 0 || !cJSON_IsNumber(ratio) || !(ratio->valuedouble >= 0) ||
        ratio->valuedouble > 1 || (first != 0) != (second != 0))
        return -1;
    panes->nodes[index] = (struct pane_node){.used = 1,
                                             .parent = parent,
                                             .first = first,
                                             .second = second,
                                             .down = down,
                                             .ratio = ratio->valuedouble,
                                             .view = (enum view)view,
                                             .previous = (enum view)previous,
                                             .slot = slot};
    return 0;
}

/* 1 when the nodes below `node` are a tree: each is used and names its parent. */
static int is_tree(const struct panes *panes, int node, int depth) {
    const struct pane_node *at = &panes->nodes[node];
    if (depth > PANES_NODES || !at->used)
        return 0;
    if (!at->first)
        return 1;
    return panes->nodes[at->first].parent == node && panes->nodes[at->second].parent == node &&
           at->first != at->second && is_tree(panes, at->first, depth + 1) &&
           is_tree(panes, at->second, depth + 1);
}

static void apply_panes(struct workbench *workbench, const cJSON *array) {
    struct panes panes = {0};
    const cJSON *head = cJSON_GetArrayItem(array, 0);
    int count = cJSON_GetArraySize(array), numbers[7];
    for (int i = 0; i < 7; i++)
        numbers[i] = int_in(head, i, 0, 99999);
    panes.focus = numbers[0];
    panes.zoomed = numbers[1];
    panes.automatic = numbers[2];
    panes.arranged = numbers[3];
    panes.arranged_for_run = numbers[4];
    panes.rows = numbers[5];
    panes.columns = numbers[6];
    for (int i = 0; i < 7; i++)
        if (numbers[i] < 0)
            return;
    for (int i = 0; i < PANES_SLOTS; i++) {
        const cJSON *row = cJSON_GetArrayItem(array, 1 + i);
        int view = int_in(row, 0, 0, VIEWS - 1), previous = int_in(row, 1, 0, VIEWS - 1);
        if (view < 0 || previous < 0)
            return;
        panes.slots[i] =
            (struct pane_slot){(enum view)view, (enum view)previous, int_in(row, 2, 0, 1) == 1};
    }
    for (int i = 1 + PANES_SLOTS; i < count; i++)
        if (read_node(cJSON_GetArrayItem(array, i), &panes) < 0)
            return;
    if (panes.focus < PANES_NODES && panes.nodes[panes.focus].used &&
        !panes.nodes[panes.focus].first && panes.arranged <= PANES_SLOTS && is_tree(&panes, 0, 0))
        workbench->panes = panes;
}

/* The text becomes what was recorded; 1 when it was not. */
static int correct(char **place, const char *recorded) {
    if (!recorded || (*place && strcmp(*place, recorded) == 0))
        return 0;
    char *copy = strdup(recorded);
    if (!copy)
        return 0;
    free(*place);
    *place = copy;
    return 1;
}

static int apply_texts(struct workbench *workbench, const cJSON *object) {
    static const char *const names[ARMS] = {"a", "b"};
    const cJSON *kind = cJSON_GetObjectItemCaseSensitive(object, "kind");
    const char *message = text_of(object, "message");
    if (message && cJSON_IsNumber(kind) && kind->valueint >= MESSAGE_NONE &&
        kind->valueint <= MESSAGE_ERROR) {
        workbench->message_kind = (enum message_kind)kind->valueint;
        snprintf(workbench->message, sizeof(workbench->message), "%s", message);
    }
    int corrections = correct(&workbench->text, text_of(object, "text"));
    for (int arm = 0; arm < ARMS; arm++) {
        const char *spec = text_of(object, names[arm]);
        struct sparsity *sparsity = NULL;
        /* A preset may be missing here. */
        if (spec && sparsity_parse(&sparsity, spec, workbench->presets, NULL) == 0)
            corrections += correct(&workbench->arms[arm].spec, spec);
        sparsity_free(sparsity);
    }
    return corrections;
}

/* Tables of a console that was no terminal have tabs, for which a screen has no glyph. Owned by the
 * caller, NULL when out of memory. */
static char *without_tabs(const char *text) {
    enum { STOP = 8 };
    size_t tabs = 0, length = 0;
    for (const char *at = text; *at; at++)
        tabs += *at == '\t';
    char *copy = malloc(strlen(text) + (STOP - 1) * tabs + 1);
    int column = 0;
    for (; copy && *text; text++) {
        int blanks = *text == '\t' ? STOP - column % STOP : 0;
        memset(copy + length, ' ', (size_t)blanks);
        length += (size_t)blanks;
        if (*text != '\t')
            copy[length++] = *text;
        column += blanks ? blanks : ((unsigned char)*text & 0xc0) != 0x80;
    }
    if (copy)
        copy[length] = '\0';
    return copy;
}

static void apply_console(struct console *console, const cJSON *lines) {
    const cJSON *line;
    cJSON_ArrayForEach(line, lines) {
        int kind = int_in(line, 0, CONSOLE_COMMAND, CONSOLE_ERROR);
        const cJSON *text = cJSON_GetArrayItem(line, 1);
        char *shown = kind >= 0 && cJSON_IsString(text) ? without_tabs(text->valuestring) : NULL;
        if (shown)
            console_add(console, (enum console_kind)kind, shown);
        free(shown);
    }
}

void sight_console(struct workbench *workbench, const struct console *console) {
    int back = workbench->console.back;
    console_clear(&workbench->console);
    for (int i = 0; i < console->count; i++) {
        const struct console_line *line = console_get(console, i);
        console_add(&workbench->console, line->kind, line->text);
    }
    workbench->console.back = back;
}

static void apply_screen(const cJSON *object, struct session_sight *sight, char **kept) {
    const cJSON *numbers = cJSON_GetObjectItemCaseSensitive(object, "screen");
    const cJSON *size = cJSON_GetObjectItemCaseSensitive(object, "size");
    const cJSON *answer = cJSON_GetObjectItemCaseSensitive(object, "answer");
    for (int i = 0; numbers && i < SIGHT_NUMBERS; i++) {
        const cJSON *item = cJSON_GetArrayItem(numbers, i);
        sight->numbers[i] = cJSON_IsNumber(item) ? item->valueint : 0;
    }
    if (size) {
        sight->rows = int_in(size, 0, 1, 2000);
        sight->columns = int_in(size, 1, 1, 2000);
    }
    if (!answer)
        return;
    free(*kept);
    *kept = cJSON_IsString(answer) ? strdup(answer->valuestring) : NULL;
    sight->answer = *kept;
}

void sight_presets(struct workbench *workbench, const cJSON *object) {
    const cJSON *presets = cJSON_GetObjectItemCaseSensitive(object, "presets");
    if (presets)
        presets_read(workbench->presets, presets, "session", NULL);
}

int sight_apply(struct workbench *workbench, const cJSON *object, struct session_sight *sight,
                char **answer, struct console *console) {
    const cJSON *panes = cJSON_GetObjectItemCaseSensitive(object, "panes");
    sight_presets(workbench, object);
    int corrections = apply_texts(workbench, object);
    if (cJSON_IsArray(panes))
        apply_panes(workbench, panes);
    apply_console(console, cJSON_GetObjectItemCaseSensitive(object, "console"));
    apply_screen(object, sight, answer);
    apply_numbers(workbench, object);
    return corrections;
}

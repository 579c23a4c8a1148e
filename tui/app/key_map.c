/*
 * key_map.c - names of keys, and the user's bindings.
 */
#include "tui/app/key_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/text/unicode.h"

#define MAP_MOST 1000 /* bindings of a user */

/* ---- names ----------------------------------------------------------------------------------- */

static const struct {
    int key;
    const char *name;
} named[] = {
    /* The first name of a key is the one it is shown with. */
    {KEYS_TAB, "Tab"},
    {KEYS_ENTER, "Enter"},
    {KEYS_ESCAPE, "Esc"},
    {' ', "Space"},
    {KEYS_BACKSPACE, "Backspace"},
    {KEYS_UP, "Up"},
    {KEYS_DOWN, "Down"},
    {KEYS_LEFT, "Left"},
    {KEYS_RIGHT, "Right"},
    {KEYS_HOME, "Home"},
    {KEYS_END, "End"},
    {KEYS_PAGE_UP, "PgUp"},
    {KEYS_PAGE_DOWN, "PgDn"},
    {KEYS_INSERT, "Insert"},
    {KEYS_DELETE, "Delete"},
    {KEYS_BACK_TAB, "Shift-Tab"},
    {KEYS_ENTER, "Return"},
    {KEYS_ESCAPE, "Escape"},
    {KEYS_PAGE_UP, "PageUp"},
    {KEYS_PAGE_DOWN, "PageDown"},
};
#define NAMED (sizeof(named) / sizeof(named[0]))

void keys_name(int key, char *name, size_t size) {
    const char *alt = key & KEYS_ALT ? "Alt-" : "", *control = key & KEYS_CTRL ? "Ctrl-" : "";
    int plain = key & ~(KEYS_ALT | KEYS_CTRL);
    char text[8] = {0};
    const char *word = NULL;
    for (size_t i = 0; i < NAMED && !word; i++)
        word = named[i].key == plain ? named[i].name : NULL;
    if (!word) {
        word = text;
        if (plain >= KEYS_F1 && plain < KEYS_LAST) {
            snprintf(text, sizeof(text), "F%d", plain - KEYS_F1 + 1);
        } else if (plain < 0x20) {
            control = "Ctrl-";
            text[0] = (char)(plain + '@');
        } else if (plain < KEYS_FIRST) {
            unicode_encode(plain, text);
        } else {
            word = "?";
        }
    }
    snprintf(name, size, "%s%s%s", alt, control, word);
}

void keys_binding_name(const struct key_binding *binding, char *name, size_t size) {
    char first[40], then[40] = "";
    keys_name(binding->key, first, sizeof(first));
    if (binding->then)
        keys_name(binding->then, then, sizeof(then));
    snprintf(name, size, "%s%s%s", first, then[0] ? " " : "", then);
}

/* The key that text[0..length) names without modifiers, -1: none. */
static int parse_plain(const char *text, size_t length) {
    int32_t code;
    for (size_t i = 0; i < NAMED; i++)
        if (strlen(named[i].name) == length && strncasecmp(named[i].name, text, length) == 0)
            return named[i].key;
    if (length > 0 && unicode_decode(text, length, &code) == (int)length)
        return code > ' ' && code != 0x7f ? code : -1;
    if ((length == 2 || length == 3) && (text[0] == 'F' || text[0] == 'f')) {
        int number = 0;
        for (size_t i = 1; i < length; i++)
            number = text[i] >= '0' && text[i] <= '9' ? number * 10 + text[i] - '0' : 100;
        if (number >= 1 && number <= KEYS_FUNCTIONS)
            return KEYS_F1 + number - 1;
    }
    return -1;
}

/* One name with its modifiers. -1: there is no such key. */
static int parse_key(const char *text, size_t length) {
    int modifiers = 0;
    for (;;) {
        int modifier = length > 4 && strncasecmp(text, "Alt-", 4) == 0    ? KEYS_ALT
                       : length > 5 && strncasecmp(text, "Ctrl-", 5) == 0 ? KEYS_CTRL
                                                                          : 0;
        if (!modifier)
            break;
        modifiers |= modifier;
        text += modifier == KEYS_ALT ? 4 : 5;
        length -= modifier == KEYS_ALT ? 4 : 5;
    }
    int key = parse_plain(text, length);
    if (key < 0)
        return -1;
    /* Terminals send Ctrl with a letter as one character. */
    if (modifiers & KEYS_CTRL && key < KEYS_FIRST && key > ' ') {
        if (key < '@' || key > 'z' || key == '`')
            return -1;
        key = KEYS_CONTROL(key);
        modifiers &= ~KEYS_CTRL;
        if (key == 0)
            return -1;
        if (key == '\n')
            key = KEYS_ENTER;
        if (key == '\b')
            key = KEYS_BACKSPACE;
    }
    return modifiers & KEYS_CTRL && key == ' ' ? -1 : key | modifiers;
}

int keys_parse(const char *text, int *key, int *then, struct sawb_error *error) {
    int keys[2] = {0, 0}, count = 0;
    const char *at = text + strspn(text, " ");
    while (*at && count < 3) {
        size_t length = strcspn(at, " ");
        int read = parse_key(at, length);
        if (read < 0)
            return error_set(error,
                             "\"%.*s\" is no key: write a character, Space, Tab, Enter, Esc, "
                             "Backspace, Up, Down, Left, Right, Home, End, PgUp, PgDn, Insert, "
                             "Delete, Shift-Tab or F1 to F%d, with Ctrl- or Alt- in front",
                             (int)length, at, KEYS_FUNCTIONS);
        if (count < 2)
            keys[count] = read;
        count++;
        at += length;
        at += strspn(at, " ");
    }
    if (count < 1 || count > 2)
        return error_set(error, "\"%s\": a binding has one key or two, as in \"g a\"", text);
    *key = keys[0];
    *then = keys[1];
    return 0;
}

/* ---- the user's bindings --------------------------------------------------------------------- */

void key_map_free(struct key_map *map) {
    for (int i = 0; i < map->count; i++)
        free((char *)map->rows[i].command);
    free(map->rows);
    memset(map, 0, sizeof(*map));
}

static void remove_row(struct key_map *map, int index) {
    free((char *)map->rows[index].command);
    map->count--;
    memmove(&map->rows[index], &map->rows[index + 1],
            (size_t)(map->count - index) * sizeof(*map->rows));
}

/* Both cannot be: the same keys, or one key and two that begin with it. */
static int collide(const struct key_binding *row, int key, int then) {
    return row->key == key && (row->then == then || row->then == 0 || then == 0);
}

enum focus keys_usual_focus(int key) {
    int plain = key & ~(KEYS_ALT | KEYS_CTRL);
    int is_function = plain >= KEYS_F1 && plain < KEYS_LAST;
    int is_control =
        plain < 0x20 && plain != KEYS_TAB && plain != KEYS_ENTER && plain != KEYS_ESCAPE;
    return is_function || is_control || key & (KEYS_ALT | KEYS_CTRL) ? FOCUS_ANY : FOCUS_MAP;
}

int keys_bind(struct key_map *map, enum focus focus, const char *keys, const char *command,
              struct sawb_error *error) {
    int key, then;
    if (keys_parse(keys, &key, &then, error) < 0)
        return -1;
    if (map->count >= MAP_MOST)
        return error_set(error, "there are %d bindings, more have no room", MAP_MOST);
    struct key_binding *grown = realloc(map->rows, (size_t)(map->count + 1) * sizeof(*grown));
    if (grown)
        map->rows = grown;
    char *copy = grown ? strdup(command) : NULL;
    if (!copy)
        return error_set(error, "out of memory for the binding");
    for (int i = map->count - 1; i >= 0; i--)
        if (collide(&map->rows[i], key, then))
            remove_row(map, i);
    map->rows[map->count++] = (struct key_binding){
        .focus = focus, .key = key, .then = then, .command = copy, .note = copy};
    return 0;
}

int keys_unbind(struct key_map *map, const char *keys, struct sawb_error *error) {
    int key, then;
    if (keys_parse(keys, &key, &then, error) < 0)
        return -1;
    for (int i = 0; i < map->count; i++) {
        if (map->rows[i].key != key || map->rows[i].then != then)
            continue;
        remove_row(map, i);
        return 0;
    }
    return error_set(error, "\"%s\" is not bound by you; `bind` lists what is", keys);
}

/*
 * keys.c - the table of keys. Adding a key: a row here.
 *
 * Rows stand in the order in which help and the hints show them.
 */
#include "tui/screen/keys.h"

#include <stdio.h>

#include "core/text/unicode.h"

static const struct key_binding bindings[] = {
    {FOCUS_SENTENCE, KEYS_TAB, 0, "focus-map", "leave the sentence: the keys go to the map", "Tab",
     "to the map", 1},
    {FOCUS_SENTENCE, KEYS_ESCAPE, 0, "focus-map", NULL, NULL, NULL, 0},
    {FOCUS_SENTENCE, KEYS_ENTER, 0, "keep-sentence",
     "keep the sentence in the history and go to the map", "Enter", "keep it", 1},
    {FOCUS_SENTENCE, KEYS_ALT | '0', 0, "preset b dense", NULL, "Alt-0..3", "pattern of B", 0},
    {FOCUS_SENTENCE, KEYS_ALT | ':', 0, "prompt", NULL, "Alt-:", "command", 1},
    {FOCUS_SENTENCE, KEYS_ALT | '?', 0, "view help", NULL, "Alt-?", "help", 1},

    {FOCUS_MAP, '0', 0, "preset b dense", "B: every pair", "0-3", "B", 1},
    {FOCUS_MAP, '1', 0, "preset b light_sparse", "B: 40 % of the pairs removed", NULL, NULL, 0},
    {FOCUS_MAP, '2', 0, "preset b moderate_sparse", "B: 60 % removed", NULL, NULL, 0},
    {FOCUS_MAP, '3', 0, "preset b aggressive_sparse", "B: 80 % removed", NULL, NULL, 0},
    {FOCUS_MAP, 'a', '0', "preset a dense", "A: every pair", "a 0-3", "A", 0},
    {FOCUS_MAP, 'a', '1', "preset a light_sparse", "A: 40 % of the pairs removed", NULL, NULL, 0},
    {FOCUS_MAP, 'a', '2', "preset a moderate_sparse", "A: 60 % removed", NULL, NULL, 0},
    {FOCUS_MAP, 'a', '3', "preset a aggressive_sparse", "A: 80 % removed", NULL, NULL, 0},
    {FOCUS_MAP, 'S', 0, "prompt sparsity b ", "write any pattern for B", NULL, NULL, 0},
    {FOCUS_MAP, 'x', 0, "swap", "exchange A and B", NULL, NULL, 0},
    {FOCUS_MAP, '[', 0, "head -1", "the head before", "[ ]", "head", 1},
    {FOCUS_MAP, ']', 0, "head +1", "the next head", NULL, NULL, 0},
    {FOCUS_MAP, '{', 0, "layer -1", "the layer before", "{ }", "layer", 0},
    {FOCUS_MAP, '}', 0, "layer +1", "the next layer", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_LEFT, 0, "cursor left", "cursor: the key before", "arrows", "cell", 0},
    {FOCUS_MAP, KEYS_RIGHT, 0, "cursor right", "cursor: the next key", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_UP, 0, "cursor up", "cursor: the query before", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_DOWN, 0, "cursor down", "cursor: the next query", NULL, NULL, 0},
    {FOCUS_MAP, 'h', 0, "cursor left", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'l', 0, "cursor right", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'k', 0, "cursor up", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'j', 0, "cursor down", NULL, NULL, NULL, 0},
    {FOCUS_MAP, KEYS_HOME, 0, "cursor first", "cursor: the first key", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_END, 0, "cursor last", "cursor: the last key", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_PAGE_UP, 0, "cursor top", "cursor: the first query", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_PAGE_DOWN, 0, "cursor bottom", "cursor: the last query", NULL, NULL, 0},
    {FOCUS_MAP, 'm', 0, "mode next", "weights after the softmax, or scores before it", "m", "score",
     0},
    {FOCUS_MAP, KEYS_TAB, 0, "focus-sentence", "edit the sentence", "Tab", "sentence", 1},
    {FOCUS_MAP, 'i', 0, "focus-sentence", NULL, NULL, NULL, 0},
    {FOCUS_MAP, KEYS_ENTER, 0, "focus-sentence", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'e', 0, "example next", "the next example sentence", "e", "example", 0},
    {FOCUS_MAP, 'E', 0, "example previous", "the example before", NULL, NULL, 0},
    {FOCUS_MAP, 't', 0, "prompt train ", "write a training command", "t", "train", 0},
    {FOCUS_MAP, 's', 0, "stop", "end the training or other long work; weights are saved", NULL,
     NULL, 0},
    {FOCUS_MAP, 'w', 0, "live toggle", "follow the weights of the model in training, or not", NULL,
     NULL, 0},
    {FOCUS_MAP, 'c', 0, "view training", "the curves of the runs", "c", "curves", 0},
    {FOCUS_MAP, 'v', 0, "view next", "the next view", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_ESCAPE, 0, "back", "back to the attention", NULL, NULL, 0},
    {FOCUS_MAP, 'o', 0, "prompt open ", "open another model", NULL, NULL, 0},
    {FOCUS_MAP, 'P', 0, "prompt picture ", "save the screen as SVG or text", NULL, NULL, 0},
    {FOCUS_MAP, ':', 0, "prompt", "write a command", ":", "command", 1},
    {FOCUS_MAP, '?', 0, "view help", "this help", "?", "help", 1},
    {FOCUS_MAP, 'q', 0, "leave", "quit; a run in training saves its weights first", "q", "quit", 1},

    {FOCUS_TEXT, KEYS_UP, 0, "scroll -1", "one line up", "Up Down", "scroll", 1},
    {FOCUS_TEXT, KEYS_DOWN, 0, "scroll 1", "one line down", NULL, NULL, 0},
    {FOCUS_TEXT, 'k', 0, "scroll -1", NULL, NULL, NULL, 0},
    {FOCUS_TEXT, 'j', 0, "scroll 1", NULL, NULL, NULL, 0},
    {FOCUS_TEXT, KEYS_PAGE_UP, 0, "scroll page-up", "one page up", "PgUp PgDn", "page", 0},
    {FOCUS_TEXT, KEYS_PAGE_DOWN, 0, "scroll page-down", "one page down", NULL, NULL, 0},
    {FOCUS_TEXT, ' ', 0, "scroll page-down", NULL, NULL, NULL, 0},
    {FOCUS_TEXT, KEYS_HOME, 0, "scroll first", "to the first line", NULL, NULL, 0},
    {FOCUS_TEXT, KEYS_END, 0, "scroll last", "to the last line", NULL, NULL, 0},
    {FOCUS_TEXT, KEYS_ESCAPE, 0, "back", "close the text", "Esc", "close", 1},
    {FOCUS_TEXT, 'q', 0, "back", NULL, NULL, NULL, 0},
    {FOCUS_TEXT, '?', 0, "back", NULL, NULL, NULL, 0},
    {FOCUS_TEXT, ':', 0, "prompt", NULL, ":", "command", 1},

    {FOCUS_PROMPT, KEYS_ENTER, 0, "accept", "run the command", "Enter", "run", 1},
    {FOCUS_PROMPT, KEYS_TAB, 0, "complete", "complete the word, then the next candidate", "Tab",
     "complete", 1},
    {FOCUS_PROMPT, KEYS_BACK_TAB, 0, "complete back", "the candidate before", NULL, NULL, 0},
    {FOCUS_PROMPT, KEYS_ESCAPE, 0, "cancel", "close the prompt", "Esc", "close", 1},
    {FOCUS_PROMPT, KEYS_CONTROL('c'), 0, "cancel", NULL, NULL, NULL, 0},

    {FOCUS_ANY, KEYS_CONTROL('c'), 0, "interrupt", "end long work; without any, twice to quit",
     NULL, NULL, 0},
    {FOCUS_ANY, KEYS_CONTROL('l'), 0, "redraw", "draw everything again", NULL, NULL, 0},
    {FOCUS_ANY, KEYS_CONTROL('z'), 0, "suspend", "to the shell; fg comes back", NULL, NULL, 0},
};

const struct key_binding *keys_get(int index) {
    int count = (int)(sizeof(bindings) / sizeof(bindings[0]));
    return index >= 0 && index < count ? &bindings[index] : NULL;
}

static int is_bound(const struct key_binding *row, enum focus focus, int first, int key) {
    return row->focus == focus &&
           (first ? row->key == first && row->then == key : row->key == key && !row->then);
}

static const struct key_binding *find_in(const struct key_binding *own, enum focus focus, int first,
                                         int key) {
    const struct key_binding *row;
    for (row = own; row && row->command; row++)
        if (is_bound(row, focus, first, key))
            return row;
    for (int i = 0; (row = keys_get(i)); i++)
        if (is_bound(row, focus, first, key))
            return row;
    return NULL;
}

const struct key_binding *keys_find(const struct key_binding *own, enum focus focus, int first,
                                    int key) {
    const struct key_binding *row = find_in(own, focus, first, key);
    int with_alt = (first ? first : key) & KEYS_ALT;
    int on_map = focus == FOCUS_TEXT || (with_alt && focus != FOCUS_PROMPT);
    if (!row && on_map)
        row = find_in(own, FOCUS_MAP, first & ~KEYS_ALT, key & ~KEYS_ALT);
    if (!row)
        row = find_in(own, FOCUS_ANY, first, key);
    return row;
}

int keys_begins(const struct key_binding *own, enum focus focus, int key) {
    const struct key_binding *row;
    if (focus == FOCUS_PROMPT || (focus == FOCUS_SENTENCE && !(key & KEYS_ALT)))
        return 0;
    key &= ~KEYS_ALT;
    for (row = own; row && row->command; row++)
        if (row->then && row->key == key)
            return 1;
    for (int i = 0; (row = keys_get(i)); i++)
        if (row->focus == FOCUS_MAP && row->then && row->key == key)
            return 1;
    return 0;
}

void keys_name(int key, char *name, size_t size) {
    static const char *const named[KEYS_LAST - KEYS_FIRST] = {
        "Backspace", "Up",   "Down", "Left",   "Right",  "Home",
        "End",       "PgUp", "PgDn", "Insert", "Delete", "Shift-Tab"};
    const char *alt = key & KEYS_ALT ? "Alt-" : "", *control = key & KEYS_CTRL ? "Ctrl-" : "";
    int plain = key & ~(KEYS_ALT | KEYS_CTRL);
    char text[8] = {0};
    const char *word = text;
    if (plain >= KEYS_FIRST && plain < KEYS_LAST)
        word = named[plain - KEYS_FIRST];
    else if (plain == KEYS_TAB)
        word = "Tab";
    else if (plain == KEYS_ENTER)
        word = "Enter";
    else if (plain == KEYS_ESCAPE)
        word = "Esc";
    else if (plain == ' ')
        word = "Space";
    else if (plain < 0x20) {
        control = "Ctrl-";
        text[0] = (char)(plain + '@');
    } else if (plain < KEYS_FIRST) {
        unicode_encode(plain, text);
    } else {
        word = "?";
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

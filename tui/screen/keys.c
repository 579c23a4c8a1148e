/*
 * keys.c - the table of keys. Adding a key: a row here.
 *
 * Rows stand in the order in which help and the hints show them.
 */
#include "tui/screen/keys.h"

#include <stddef.h>

#define CTRL_W KEYS_CONTROL('w')

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
    {FOCUS_MAP, ')', 0, "data next", "the sentence of the data set's next row", NULL, NULL, 0},
    {FOCUS_MAP, '(', 0, "data previous", "of the row before", NULL, NULL, 0},
    {FOCUS_MAP, 't', 0, "prompt train ", "write a training command", "t", "train", 0},
    {FOCUS_MAP, 's', 0, "stop", "end the training or other long work; weights are saved", NULL,
     NULL, 0},
    {FOCUS_MAP, 'w', 0, "live toggle", "follow the weights of the model in training, or not", NULL,
     NULL, 0},
    {FOCUS_MAP, 'g', 'a', "view attention", "one head of A and B as maps", "g", "views", 1},
    {FOCUS_MAP, 'g', 'h', "view heads", "every head of every layer", NULL, NULL, 0},
    {FOCUS_MAP, 'g', 'm', "view mask", "the pattern and what it keeps", NULL, NULL, 0},
    {FOCUS_MAP, 'g', 'p', "view prediction", "logits of A and B and of edited copies", NULL, NULL,
     0},
    {FOCUS_MAP, 'g', 'n', "view metrics", "numbers of every head", NULL, NULL, 0},
    {FOCUS_MAP, 'g', 'o', "view pruning", "heads that are off", NULL, NULL, 0},
    {FOCUS_MAP, 'g', 'd', "view data", "a data set as a table", NULL, NULL, 0},
    {FOCUS_MAP, 'g', 't', "view training", "the curves of the runs", NULL, NULL, 0},
    {FOCUS_MAP, 'g', 's', "view sweep", "accuracy against sparsity", NULL, NULL, 0},
    {FOCUS_MAP, 'g', 'i', "view timing", "time of A and B, and against sparsity", NULL, NULL, 0},
    {FOCUS_MAP, 'g', 'c', "view console", "commands and their answers", NULL, NULL, 0},
    {FOCUS_MAP, 'g', '?', "view help", NULL, NULL, NULL, 0},
    {FOCUS_MAP, 'c', 0, "view training", NULL, "c", "curves", 0},
    {FOCUS_MAP, 'v', 0, "view next", "the next view", NULL, NULL, 0},
    {FOCUS_MAP, 'V', 0, "view previous", "the view before", NULL, NULL, 0},
    {FOCUS_MAP, 'z', 0, "zoom", "the pane alone, and back", NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, 'v', "split right", "another pane at the right", "Ctrl-W", "panes", 0},
    {FOCUS_MAP, CTRL_W, 's', "split down", "another pane below", NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, 'w', "pane next", "to the next pane", NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, CTRL_W, "pane next", NULL, NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, 'W', "pane previous", "to the pane before", NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, 'h', "pane left", "to the pane at the left", NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, 'j', "pane down", "to the pane below", NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, 'k', "pane up", "to the pane above", NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, 'l', "pane right", "to the pane at the right", NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, KEYS_LEFT, "pane left", NULL, NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, KEYS_DOWN, "pane down", NULL, NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, KEYS_UP, "pane up", NULL, NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, KEYS_RIGHT, "pane right", NULL, NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, '+', "pane taller", "more rows for the pane", NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, '-', "pane shorter", "fewer rows", NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, '>', "pane wider", "more columns", NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, '<', "pane narrower", "fewer columns", NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, '=', "pane equal", "all panes of one size", NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, 'z', "zoom", NULL, NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, 'o', "only", "this pane only", NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, 'c', "close", "close the pane", NULL, NULL, 0},
    {FOCUS_MAP, CTRL_W, 'a', "layout auto", "as many panes as have room", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_ESCAPE, 0, "back", "back to the attention", NULL, NULL, 0},
    {FOCUS_MAP, 'o', 0, "prompt open ", "open another model", NULL, NULL, 0},
    {FOCUS_MAP, 'P', 0, "prompt picture ", "save the screen as SVG or text", NULL, NULL, 0},
    {FOCUS_MAP, KEYS_CONTROL('p'), 0, "find-command", "search keys and commands by a few letters",
     "Ctrl-P", "find", 0},
    {FOCUS_MAP, 'u', 0, "undo", "take back the last change", "u", "undo", 0},
    {FOCUS_MAP, 'U', 0, "redo", "make it again", NULL, NULL, 0},
    {FOCUS_MAP, '"', 0, "bookmark", "keep this place", NULL, NULL, 0},
    {FOCUS_MAP, '\'', 0, "prompt jump ", "go to a place that was kept", NULL, NULL, 0},
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

    {FOCUS_REPLAY, ' ', 0, "play toggle", "play the session, or halt", "Space", "play", 1},
    {FOCUS_REPLAY, KEYS_RIGHT, 0, "seek next", "one step on", "Right Left", "step", 1},
    {FOCUS_REPLAY, KEYS_LEFT, 0, "seek previous", "one step back", NULL, NULL, 0},
    {FOCUS_REPLAY, KEYS_PAGE_DOWN, 0, "seek +10", "10 seconds on", "PgDn PgUp", "10 s", 0},
    {FOCUS_REPLAY, KEYS_PAGE_UP, 0, "seek -10", "10 seconds back", NULL, NULL, 0},
    {FOCUS_REPLAY, KEYS_HOME, 0, "seek start", "to the start of the session", "Home End", "ends",
     0},
    {FOCUS_REPLAY, KEYS_END, 0, "seek end", "to its end", NULL, NULL, 0},
    {FOCUS_REPLAY, '+', 0, "speed up", "play faster", "+ -", "speed", 0},
    {FOCUS_REPLAY, '=', 0, "speed up", NULL, NULL, NULL, 0},
    {FOCUS_REPLAY, '-', 0, "speed down", "play slower", NULL, NULL, 0},
    {FOCUS_REPLAY, '/', 0, "prompt seek /", "seek a text among what was done", "/", "find", 0},
    {FOCUS_REPLAY, KEYS_TAB, 0, "focus-map", "the keys go to the views, with Tab again to the bar",
     "Tab", "views", 1},
    {FOCUS_REPLAY, '?', 0, "view help", "this help", "?", "help", 1},
    {FOCUS_REPLAY, 'q', 0, "leave", "end the replay", "q", "quit", 1},

    {FOCUS_ANY, KEYS_F1, 0, "view help", NULL, NULL, NULL, 0},
    {FOCUS_ANY, KEYS_CONTROL('c'), 0, "interrupt", "end long work; without any, twice to quit",
     NULL, NULL, 0},
    {FOCUS_ANY, KEYS_CONTROL('l'), 0, "redraw", "draw everything again", NULL, NULL, 0},
    {FOCUS_ANY, KEYS_CONTROL('z'), 0, "suspend", "to the shell; fg comes back", NULL, NULL, 0},
};

const struct key_binding *keys_get(int index) {
    int count = (int)(sizeof(bindings) / sizeof(bindings[0]));
    return index >= 0 && index < count ? &bindings[index] : NULL;
}

/* The rows come from three sources, searched one after the other. */
enum { SOURCE_USER, SOURCE_OWN, SOURCE_TABLE, SOURCES };

static const struct key_binding *source_row(const struct key_sources *sources, int source,
                                            int index) {
    const struct key_map *user = sources ? sources->user : NULL;
    const struct key_binding *own = sources ? sources->own : NULL;
    if (source == SOURCE_USER)
        return user && index < user->count ? &user->rows[index] : NULL;
    if (source == SOURCE_TABLE)
        return keys_get(index);
    for (int i = 0; own && own[i].command; i++)
        if (i == index)
            return &own[i];
    return NULL;
}

const struct key_binding *keys_row(const struct key_sources *sources, int index) {
    for (int source = 0; source < SOURCES; source++) {
        int count = 0;
        const struct key_binding *row;
        while ((row = source_row(sources, source, count))) {
            if (count == index)
                return row;
            count++;
        }
        index -= count;
    }
    return NULL;
}

/* The binding in one source; *begins: the key begins one of two keys there. */
static const struct key_binding *find_in(const struct key_sources *sources, int source,
                                         enum focus focus, int first, int key, int *begins) {
    const struct key_binding *row;
    *begins = 0;
    for (int i = 0; (row = source_row(sources, source, i)); i++) {
        if (row->focus != focus)
            continue;
        if (first ? row->key == first && row->then == key : row->key == key && !row->then)
            return row;
        *begins |= !first && row->key == key;
    }
    return NULL;
}

/* The same in all sources of one focus. */
static const struct key_binding *find_for(const struct key_sources *sources, enum focus focus,
                                          int first, int key, int *begins) {
    for (int source = 0; source < SOURCES; source++) {
        const struct key_binding *row = find_in(sources, source, focus, first, key, begins);
        if (row || *begins)
            return row;
    }
    return NULL;
}

/* What the user bound everywhere goes before all else, what sawb did after it. */
static const struct key_binding *find(const struct key_sources *sources, enum focus focus,
                                      int first, int key, int *begins) {
    int with_alt = (first ? first : key) & KEYS_ALT;
    int on_map = focus == FOCUS_TEXT || (with_alt && focus != FOCUS_PROMPT);
    const struct key_sources none = {NULL, sources ? sources->own : NULL};
    if (focus == FOCUS_PROMPT)
        sources = &none;
    const struct key_binding *row = find_in(sources, SOURCE_USER, FOCUS_ANY, first, key, begins);
    if (!row && !*begins)
        row = find_for(sources, focus, first, key, begins);
    if (!row && !*begins && on_map)
        row = find_for(sources, FOCUS_MAP, first & ~KEYS_ALT, key & ~KEYS_ALT, begins);
    if (!row && !*begins)
        row = find_in(sources, SOURCE_TABLE, FOCUS_ANY, first, key, begins);
    return row;
}

const struct key_binding *keys_find(const struct key_sources *sources, enum focus focus, int first,
                                    int key) {
    int begins;
    return find(sources, focus, first, key, &begins);
}

int keys_begins(const struct key_sources *sources, enum focus focus, int key) {
    int begins;
    return !find(sources, focus, 0, key, &begins) && begins;
}

int keys_holds(const struct key_sources *sources, enum focus focus,
               const struct key_binding *binding) {
    int key = binding->then ? binding->then : binding->key;
    if (binding->then && !keys_begins(sources, focus, binding->key))
        return 0;
    return keys_find(sources, focus, binding->then ? binding->key : 0, key) == binding;
}

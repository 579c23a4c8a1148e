/*
 * line_editor.c - UTF-8 line editing by graphemes; see line_editor.h.
 */
#include "tui/screen/line_editor.h"

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "core/text/unicode.h"
#include "tui/screen/keys.h"

void line_editor_free(struct line_editor *editor) {
    for (int i = 0; i < editor->history_count; i++)
        free(editor->history[i]);
    free(editor->history);
    free(editor->draft);
    free(editor->killed);
    free(editor->text);
    memset(editor, 0, sizeof(*editor));
}

const char *line_editor_text(const struct line_editor *editor) {
    return editor->text ? editor->text : "";
}

/* The code point at `at`; the text is known to be valid. */
static int32_t code_at(const struct line_editor *editor, size_t at, size_t *bytes) {
    int32_t code = 0;
    int read = unicode_decode(editor->text + at, editor->length - at, &code);
    *bytes = read > 0 ? (size_t)read : 1;
    return code;
}

/* The first boundary between graphemes after `from` (which is one itself). */
static size_t boundary_after(const struct line_editor *editor, size_t from) {
    if (from >= editor->length)
        return editor->length;
    size_t bytes;
    utf8proc_int32_t state = 0;
    int32_t before = code_at(editor, from, &bytes);
    size_t at = from + bytes;
    while (at < editor->length) {
        int32_t code = code_at(editor, at, &bytes);
        if (utf8proc_grapheme_break_stateful(before, code, &state))
            break;
        before = code;
        at += bytes;
    }
    return at;
}

/* The last boundary before `from`. Flags and joined emoji only make sense from the left, hence from
 * 0. */
static size_t boundary_before(const struct line_editor *editor, size_t from) {
    size_t at = 0;
    for (;;) {
        size_t next = boundary_after(editor, at);
        if (next >= from || next >= editor->length)
            return at;
        at = next;
    }
}

/* The boundary at or after `from`: an insertion may have joined what stands around it. */
static size_t boundary_snap(const struct line_editor *editor, size_t from) {
    size_t at = 0;
    while (at < from && at < editor->length)
        at = boundary_after(editor, at);
    return at;
}

static int is_blank(int32_t code) {
    return utf8proc_category(code) == UTF8PROC_CATEGORY_ZS;
}

static int is_word(int32_t code) {
    utf8proc_category_t category = utf8proc_category(code);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

static int is_not_word(int32_t code) {
    return !is_word(code);
}

static int is_not_blank(int32_t code) {
    return !is_blank(code);
}

/* Left over characters for which `passes` holds. In one walk from the start: going back a boundary
 * at a time would walk the line once for each. */
static size_t pass_left(const struct line_editor *editor, size_t from,
                        int (*passes)(int32_t code)) {
    size_t at = 0, start = 0, bytes;
    while (at < from) {
        int passed = passes(code_at(editor, at, &bytes));
        at = boundary_after(editor, at);
        if (!passed)
            start = at;
    }
    return start < from ? start : from;
}

static size_t pass_right(const struct line_editor *editor, size_t from,
                         int (*passes)(int32_t code)) {
    while (from < editor->length) {
        size_t bytes;
        if (!passes(code_at(editor, from, &bytes)))
            break;
        from = boundary_after(editor, from);
    }
    return from;
}

/* Bytes [begin, end) are replaced by `length` bytes of text. The cursor is left to the caller. */
static int splice(struct line_editor *editor, size_t begin, size_t end, const char *text,
                  size_t length, struct sawb_error *error) {
    size_t wanted = editor->length - (end - begin) + length;
    if (wanted > LINE_EDITOR_LIMIT)
        return error_set(error,
                         "the line is full: at most %d bytes; use a file and `eval` for more",
                         LINE_EDITOR_LIMIT);
    if (wanted + 1 > editor->capacity) {
        size_t capacity = (wanted + 1) * 2;
        char *grown = realloc(editor->text, capacity);
        if (!grown)
            return error_set(error, "out of memory for a line of %zu bytes", wanted);
        editor->text = grown;
        editor->capacity = capacity;
    }
    memmove(editor->text + begin + length, editor->text + end, editor->length - end);
    if (length)
        memcpy(editor->text + begin, text, length);
    editor->length = wanted;
    editor->text[wanted] = '\0';
    return 0;
}

/* Copies what may stand in a line to `out` (as long as `text`); returns its bytes. */
static size_t clean(char *out, const char *text, size_t length, size_t *dropped) {
    size_t used = 0, at = 0;
    while (at < length) {
        int32_t code;
        int bytes = unicode_decode(text + at, length - at, &code);
        if (bytes <= 0) {
            ++*dropped;
            at++;
            continue;
        }
        if (code == '\r' && at + 1 < length && text[at + 1] == '\n') {
            at++;
            continue;
        }
        if (code == '\t' || code == '\n' || code == '\r' || code == 0x85 || code == 0x2028 ||
            code == 0x2029) {
            out[used++] = ' ';
        } else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
            ++*dropped;
        } else {
            memcpy(out + used, text + at, (size_t)bytes);
            used += (size_t)bytes;
        }
        at += (size_t)bytes;
    }
    return used;
}

/* Replaces a range by cleaned text; `*end_of_text` is where the text ends in the new line. */
static int replace_cleaned(struct line_editor *editor, size_t begin, size_t end, const char *text,
                           size_t length, size_t *dropped, size_t *end_of_text,
                           struct sawb_error *error) {
    size_t lost = 0;
    char *cleaned = malloc(length + 1);
    if (!cleaned)
        return error_set(error, "out of memory for %zu bytes of text", length);
    size_t bytes = clean(cleaned, text, length, &lost);
    int status = splice(editor, begin, end, cleaned, bytes, error);
    free(cleaned);
    if (dropped)
        *dropped = lost;
    *end_of_text = begin + bytes;
    return status;
}

int line_editor_replace(struct line_editor *editor, size_t begin, size_t end, const char *text,
                        size_t length, struct sawb_error *error) {
    size_t after = 0;
    if (begin > end || end > editor->length)
        return error_set(error, "bytes %zu to %zu do not lie in a line of %zu bytes", begin, end,
                         editor->length);
    if (replace_cleaned(editor, begin, end, text, length, NULL, &after, error) < 0)
        return -1;
    editor->cursor = boundary_snap(editor, after);
    return 0;
}

int line_editor_insert(struct line_editor *editor, const char *text, size_t length, size_t *dropped,
                       struct sawb_error *error) {
    size_t after = 0;
    if (replace_cleaned(editor, editor->cursor, editor->cursor, text, length, dropped, &after,
                        error) < 0)
        return -1;
    editor->cursor = boundary_snap(editor, after);
    return 0;
}

int line_editor_set(struct line_editor *editor, const char *text, struct sawb_error *error) {
    return line_editor_replace(editor, 0, editor->length, text, strlen(text), error);
}

static enum line_outcome move_to(struct line_editor *editor, size_t at) {
    editor->cursor = at;
    return LINE_MOVED;
}

static enum line_outcome delete_range(struct line_editor *editor, size_t begin, size_t end) {
    if (begin == end)
        return LINE_MOVED;
    splice(editor, begin, end, NULL, 0, NULL); /* shrinking cannot fail */
    editor->cursor = boundary_snap(editor, begin);
    return LINE_CHANGED;
}

static enum line_outcome kill_range(struct line_editor *editor, size_t begin, size_t end) {
    if (begin == end)
        return LINE_MOVED;
    char *killed = strndup(editor->text + begin, end - begin);
    if (!killed)
        return LINE_FAILED;
    free(editor->killed);
    editor->killed = killed;
    return delete_range(editor, begin, end);
}

static enum line_outcome act_left(struct line_editor *editor) {
    return move_to(editor, boundary_before(editor, editor->cursor));
}

static enum line_outcome act_right(struct line_editor *editor) {
    return move_to(editor, boundary_after(editor, editor->cursor));
}

static enum line_outcome act_home(struct line_editor *editor) {
    return move_to(editor, 0);
}

static enum line_outcome act_end(struct line_editor *editor) {
    return move_to(editor, editor->length);
}

static size_t word_left(const struct line_editor *editor) {
    return pass_left(editor, pass_left(editor, editor->cursor, is_not_word), is_word);
}

static size_t word_right(const struct line_editor *editor) {
    return pass_right(editor, pass_right(editor, editor->cursor, is_not_word), is_word);
}

static enum line_outcome act_word_left(struct line_editor *editor) {
    return move_to(editor, word_left(editor));
}

static enum line_outcome act_word_right(struct line_editor *editor) {
    return move_to(editor, word_right(editor));
}

static enum line_outcome act_backspace(struct line_editor *editor) {
    return delete_range(editor, boundary_before(editor, editor->cursor), editor->cursor);
}

static enum line_outcome act_delete(struct line_editor *editor) {
    return delete_range(editor, editor->cursor, boundary_after(editor, editor->cursor));
}

static enum line_outcome act_kill_word_left(struct line_editor *editor) {
    size_t blanks = pass_left(editor, editor->cursor, is_blank);
    return kill_range(editor, pass_left(editor, blanks, is_not_blank), editor->cursor);
}

static enum line_outcome act_kill_word_right(struct line_editor *editor) {
    return kill_range(editor, editor->cursor, word_right(editor));
}

static enum line_outcome act_kill_to_start(struct line_editor *editor) {
    return kill_range(editor, 0, editor->cursor);
}

static enum line_outcome act_kill_to_end(struct line_editor *editor) {
    return kill_range(editor, editor->cursor, editor->length);
}

static enum line_outcome act_yank(struct line_editor *editor) {
    if (!editor->killed)
        return LINE_MOVED;
    if (line_editor_insert(editor, editor->killed, strlen(editor->killed), NULL, NULL) < 0)
        return LINE_FAILED;
    return LINE_CHANGED;
}

/* Shows line `at` of the history; history_count is the line being written. */
static enum line_outcome history_show(struct line_editor *editor, int at) {
    if (at < 0 || at > editor->history_count || at == editor->history_at)
        return LINE_MOVED;
    if (editor->history_at == editor->history_count) {
        char *draft = strdup(line_editor_text(editor));
        if (!draft)
            return LINE_FAILED;
        free(editor->draft);
        editor->draft = draft;
    }
    const char *line = at < editor->history_count ? editor->history[at] : editor->draft;
    if (line_editor_set(editor, line, NULL) < 0)
        return LINE_FAILED;
    editor->history_at = at;
    return LINE_CHANGED;
}

static enum line_outcome act_older(struct line_editor *editor) {
    return history_show(editor, editor->history_at - 1);
}

static enum line_outcome act_newer(struct line_editor *editor) {
    return history_show(editor, editor->history_at + 1);
}

static const struct line_binding bindings[] = {
    {KEYS_LEFT, KEYS_CONTROL('b'), "one character to the left", act_left},
    {KEYS_RIGHT, KEYS_CONTROL('f'), "one character to the right", act_right},
    {KEYS_CTRL | KEYS_LEFT, KEYS_ALT | 'b', "one word to the left", act_word_left},
    {KEYS_CTRL | KEYS_RIGHT, KEYS_ALT | 'f', "one word to the right", act_word_right},
    {KEYS_HOME, KEYS_CONTROL('a'), "to the start of the line", act_home},
    {KEYS_END, KEYS_CONTROL('e'), "to the end of the line", act_end},
    {KEYS_UP, KEYS_CONTROL('p'), "an older line of the history", act_older},
    {KEYS_DOWN, KEYS_CONTROL('n'), "a newer line of the history", act_newer},
    {KEYS_BACKSPACE, 0, "delete the character before the cursor", act_backspace},
    {KEYS_DELETE, KEYS_CONTROL('d'), "delete the character under the cursor", act_delete},
    {KEYS_CONTROL('w'), KEYS_ALT | KEYS_BACKSPACE, "cut the word before the cursor",
     act_kill_word_left},
    {KEYS_ALT | 'd', KEYS_CTRL | KEYS_DELETE, "cut the word after the cursor", act_kill_word_right},
    {KEYS_CONTROL('u'), 0, "cut all before the cursor", act_kill_to_start},
    {KEYS_CONTROL('k'), 0, "cut all after the cursor", act_kill_to_end},
    {KEYS_CONTROL('y'), 0, "paste what was cut", act_yank},
};

const struct line_binding *line_editor_binding(int index) {
    int count = (int)(sizeof(bindings) / sizeof(bindings[0]));
    return index >= 0 && index < count ? &bindings[index] : NULL;
}

enum line_outcome line_editor_key(struct line_editor *editor, int key) {
    const struct line_binding *binding;
    for (int i = 0; (binding = line_editor_binding(i)); i++)
        if (binding->key == key || (binding->also && binding->also == key))
            return binding->act(editor);
    if (key < 0x20 || key >= KEYS_FIRST)
        return LINE_UNKNOWN;
    char text[4];
    size_t length = (size_t)unicode_encode(key, text);
    size_t before = editor->length;
    if (line_editor_insert(editor, text, length, NULL, NULL) < 0)
        return LINE_FAILED;
    return editor->length == before ? LINE_UNKNOWN : LINE_CHANGED;
}

void line_editor_remember(struct line_editor *editor) {
    const char *text = line_editor_text(editor);
    int last = editor->history_count - 1;
    editor->history_at = editor->history_count;
    if (text[strspn(text, " ")] == '\0' || (last >= 0 && strcmp(editor->history[last], text) == 0))
        return;
    char *copy = strdup(text);
    if (!copy)
        return;
    if (editor->history_count == LINE_EDITOR_HISTORY) {
        free(editor->history[0]);
        memmove(editor->history, editor->history + 1,
                (LINE_EDITOR_HISTORY - 1) * sizeof(*editor->history));
        editor->history_count--;
    } else {
        char **grown =
            realloc(editor->history, (size_t)(editor->history_count + 1) * sizeof(*grown));
        if (!grown) {
            free(copy);
            return;
        }
        editor->history = grown;
    }
    editor->history[editor->history_count++] = copy;
    editor->history_at = editor->history_count;
}

/* Columns of the first `length` bytes of a text; 0 when out of memory. */
static int columns_of(const char *text, size_t length) {
    char *part = strndup(text, length);
    int columns = part ? text_columns(part) : 0;
    free(part);
    return columns;
}

/* Bytes that are left out in front so that the cursor is in sight. The window moves by half its
 * width at a time, so that the line does not creep at each key. */
static size_t skipped_bytes(const struct line_editor *editor, int columns) {
    int half = columns / 2, start = 0;
    int position = columns_of(line_editor_text(editor), editor->cursor);
    while (position - start > columns - 2)
        start += half;
    return text_prefix(line_editor_text(editor), start);
}

void line_editor_point(struct line_editor *editor, int columns, int column) {
    const char *text = line_editor_text(editor);
    if (columns < 4)
        return;
    size_t skipped = skipped_bytes(editor, columns);
    editor->cursor = skipped + text_prefix(text + skipped, column > 0 ? column : 0);
}

void line_editor_draw(const struct line_editor *editor, struct area area, int row, int column,
                      int columns, enum meaning meaning, int cursor, const struct glyphs *glyphs) {
    if (columns < 4)
        return;
    const char *text = line_editor_text(editor);
    size_t skipped = skipped_bytes(editor, columns);
    struct area line = area_part(area, row, column, 1, columns);
    area_text(line, 0, 0, meaning, 0, text + skipped);
    if (skipped)
        area_text(line, 0, 0, MEANING_FAINT, 0, glyphs->ellipsis);
    if (text_columns(text + skipped) > columns)
        area_text(line, 0, columns - 1, MEANING_FAINT, 0, glyphs->ellipsis);
    if (cursor) {
        area.grid->cursor_row = area.row + row;
        area.grid->cursor_column =
            area.column + column + columns_of(text + skipped, editor->cursor - skipped);
    }
}

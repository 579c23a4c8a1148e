/*
 * input.c - decodes terminal input: UTF-8, escape sequences in xterm's style, bracketed paste.
 */
#include "tui/screen/input.h"

#include <stdlib.h>
#include <string.h>

#include "core/text/unicode.h"
#include "tui/screen/keys.h"

#define ESCAPE_PATIENCE 25  /* ms: a lone Esc is a key after this */
#define PASTE_PATIENCE 1000 /* ms: a paste that goes silent is over */

static const char paste_end[] = "\033[201~";

void input_free(struct input *input) {
    free(input->bytes);
    free(input->paste);
    memset(input, 0, sizeof(*input));
}

int input_feed(struct input *input, const void *bytes, size_t count) {
    if (input->at > 0) {
        memmove(input->bytes, input->bytes + input->at, input->count - input->at);
        input->count -= input->at;
        input->at = 0;
    }
    if (input->count + count > input->capacity) {
        size_t capacity = (input->count + count) * 2;
        unsigned char *grown = realloc(input->bytes, capacity);
        if (!grown)
            return -1;
        input->bytes = grown;
        input->capacity = capacity;
    }
    memcpy(input->bytes + input->count, bytes, count);
    input->count += count;
    return 0;
}

int input_patience(const struct input *input) {
    if (input->pasting)
        return PASTE_PATIENCE;
    return input->at < input->count ? ESCAPE_PATIENCE : -1;
}

/* xterm's modifier parameter: 1 + Shift 1 + Alt 2 + Ctrl 4. */
static int modifiers(int parameter) {
    int bits = parameter > 1 ? parameter - 1 : 0;
    return (bits & 2 ? KEYS_ALT : 0) | (bits & 4 ? KEYS_CTRL : 0);
}

static int letter_key(unsigned char final) {
    switch (final) {
    case 'A':
        return KEYS_UP;
    case 'B':
        return KEYS_DOWN;
    case 'C':
        return KEYS_RIGHT;
    case 'D':
        return KEYS_LEFT;
    case 'F':
        return KEYS_END;
    case 'H':
        return KEYS_HOME;
    case 'M':
        return KEYS_ENTER;
    case 'Z':
        return KEYS_BACK_TAB;
    default:
        return 0;
    }
}

static int number_key(int number) {
    static const int keys[] = {0,        KEYS_HOME,    KEYS_INSERT,    KEYS_DELETE,
                               KEYS_END, KEYS_PAGE_UP, KEYS_PAGE_DOWN, KEYS_HOME,
                               KEYS_END};
    return number > 0 && number < (int)(sizeof(keys) / sizeof(keys[0])) ? keys[number] : 0;
}

/*
 * A sequence that begins with ESC '[' or ESC 'O' at bytes[0..count). Returns its length, 0 when it
 * is not whole yet. *key is 0 for one that means nothing to us.
 */
static size_t read_sequence(const unsigned char *bytes, size_t count, int *key, int *paste) {
    int parameters[2] = {0, 0}, parameter = 0;
    size_t at = 2;
    *key = 0;
    while (at < count && bytes[at] >= 0x20 && bytes[at] < 0x40) {
        if (bytes[at] == ';')
            parameter++;
        else if (bytes[at] >= '0' && bytes[at] <= '9' && parameter < 2 &&
                 parameters[parameter] < 1000)
            parameters[parameter] = parameters[parameter] * 10 + bytes[at] - '0';
        at++;
    }
    if (at == count)
        return 0;
    if (bytes[at] == '[' && at == 2) {
        /* The Linux console's function keys: ESC [ [ letter. */
        return count > 3 ? 4 : 0;
    }
    if (bytes[at] == '~' && parameters[0] == 200)
        *paste = 1;
    else if (bytes[at] == '~')
        *key = number_key(parameters[0]);
    else
        *key = letter_key(bytes[at]);
    if (*key)
        *key |= modifiers(parameters[1]);
    return at + 1;
}

/* Where a part of a long paste may be cut: before a character that may not be whole, or a piece of
 * the end mark. */
static size_t paste_cut(const unsigned char *bytes, size_t count) {
    size_t cut = count - sizeof(paste_end);
    while (cut > 0 && (bytes[cut] & 0xc0) == 0x80)
        cut--;
    return cut ? cut : count - sizeof(paste_end);
}

static enum input_kind next_paste(struct input *input, int late, struct input_event *event) {
    const unsigned char *bytes = input->bytes + input->at;
    size_t count = input->count - input->at, length = count, end = count;
    const unsigned char *found = memmem(bytes, count, paste_end, sizeof(paste_end) - 1);
    if (found) {
        length = (size_t)(found - bytes);
        end = length + sizeof(paste_end) - 1;
    } else if (count >= INPUT_PASTE_CHUNK) {
        length = end = paste_cut(bytes, count);
    } else if (!late) {
        return INPUT_NOTHING;
    }
    input->pasting = !found && !late;
    input->at += end;
    char *text = malloc(length + 1);
    if (!text)
        return INPUT_NOTHING;
    if (length)
        memcpy(text, bytes, length);
    text[length] = '\0';
    free(input->paste);
    input->paste = text;
    event->text = text;
    event->length = length;
    event->continued = input->parts++ > 0;
    return INPUT_PASTE;
}

/* One key without an escape sequence. Returns its bytes, 0 when more are needed. */
static size_t read_plain(const unsigned char *bytes, size_t count, int late, int *key) {
    if (bytes[0] == '\n')
        *key = KEYS_ENTER;
    else if (bytes[0] == 127 || bytes[0] == 8)
        *key = KEYS_BACKSPACE;
    else
        *key = bytes[0];
    if (bytes[0] < 0x80)
        return 1;
    int32_t code = 0;
    int read = unicode_decode((const char *)bytes, count, &code);
    if (read > 0) {
        *key = code;
        return (size_t)read;
    }
    /* The start of a character whose other bytes may still come? */
    size_t wanted = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2, at = 1;
    while (at < count && at < wanted && (bytes[at] & 0xc0) == 0x80)
        at++;
    *key = -1;
    return at == count && at < wanted && bytes[0] >= 0xc2 && bytes[0] < 0xf5 && !late ? 0 : 1;
}

enum input_kind input_next(struct input *input, int late, struct input_event *event) {
    memset(event, 0, sizeof(*event));
    while (input->at < input->count) {
        if (input->pasting)
            return next_paste(input, late, event);
        const unsigned char *bytes = input->bytes + input->at;
        size_t count = input->count - input->at, used;
        int key = 0, paste = 0;
        if (bytes[0] != KEYS_ESCAPE) {
            used = read_plain(bytes, count, late, &key);
        } else if (count == 1) {
            used = late ? 1 : 0;
            key = KEYS_ESCAPE;
        } else if (bytes[1] == '[' || bytes[1] == 'O') {
            used = read_sequence(bytes, count, &key, &paste);
            if (used == 0 && late)
                used = count; /* a broken sequence is nothing */
        } else if (bytes[1] < 0x20 && bytes[1] != '\b') {
            /* Alt with a control character is no key of ours: somebody was quick after Esc. */
            used = 1;
            key = KEYS_ESCAPE;
        } else {
            used = read_plain(bytes + 1, count - 1, late, &key);
            used += used > 0;
            key = key < 0 ? key : key | KEYS_ALT;
        }
        if (used == 0)
            return INPUT_NOTHING;
        input->at += used;
        input->pasting = paste;
        input->parts = 0;
        if (key < 0) {
            event->length = 1;
            return INPUT_INVALID;
        }
        event->key = key;
        if (key)
            return INPUT_KEY;
    }
    if (input->pasting && late)
        input->pasting = 0;
    return INPUT_NOTHING;
}

/*
 * input.c - decodes terminal input: UTF-8, escape sequences in xterm's style, bracketed paste, the
 * mouse.
 */
#include "tui/screen/input.h"

#include <stdlib.h>
#include <string.h>

#include "core/text/unicode.h"

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
    case 'P':
    case 'Q':
    case 'R':
    case 'S':
        return KEYS_F1 + final - 'P';
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
    /* Function keys leave gaps. */
    static const int functions[KEYS_FUNCTIONS] = {11, 12, 13, 14, 15, 17, 18, 19, 20, 21,
                                                  23, 24, 25, 26, 28, 29, 31, 32, 33, 34};
    for (int i = 0; i < KEYS_FUNCTIONS; i++)
        if (functions[i] == number)
            return KEYS_F1 + i;
    return number > 0 && number < (int)(sizeof(keys) / sizeof(keys[0])) ? keys[number] : 0;
}

/* ---- the mouse ------------------------------------------------------------------------------- */

#define BUTTONS 3 /* bits of the button's number; 3 in the old form: one was let go */
#define MOTION 32
#define WHEEL 64
#define OTHERS 128    /* buttons 8 to 11 */
#define OLD_OFFSET 32 /* of every number in the old form */
#define OLD_BYTES 6

/* What the number a terminal sends says; -1: nothing for us. With Shift the mouse is the
 * terminal's. */
static int mouse_event(int number, int released) {
    int button = number & BUTTONS;
    if (number & OTHERS)
        return -1;
    if (number & WHEEL)
        return released || button > 1 ? -1 : button ? MOUSE_WHEEL_DOWN : MOUSE_WHEEL_UP;
    if (number & MOTION)
        return button == 0 ? MOUSE_DRAG : -1;
    if (button == 3 || (button == 0 && released))
        return MOUSE_RELEASE;
    return button == 0 ? MOUSE_PRESS : -1;
}

static int read_mouse(int number, int column, int row, int released, struct input_mouse *mouse) {
    int event = mouse_event(number, released);
    if (event < 0 || column < 1 || row < 1)
        return 0;
    *mouse = (struct input_mouse){(enum mouse_event)event, row - 1, column - 1};
    return 1;
}

/* ---- sequences ------------------------------------------------------------------------------- */

#define PARAMETERS 3

/* What a sequence means; all zero: nothing to us. */
struct meaning {
    int key, paste, mouse;
    struct input_mouse pointed;
};

/* ESC [ M and three bytes: how terminals that do not know the new form tell of the mouse. */
static size_t read_old_mouse(const unsigned char *bytes, size_t count, struct meaning *meaning) {
    if (count < OLD_BYTES)
        return 0;
    meaning->mouse = read_mouse(bytes[3] - OLD_OFFSET, bytes[4] - OLD_OFFSET, bytes[5] - OLD_OFFSET,
                                0, &meaning->pointed);
    return OLD_BYTES;
}

/* The Linux console's function keys: ESC [ [ A to E. */
static size_t read_console_key(const unsigned char *bytes, size_t count, struct meaning *meaning) {
    if (count < 4)
        return 0;
    if (bytes[3] >= 'A' && bytes[3] <= 'E')
        meaning->key = KEYS_F1 + bytes[3] - 'A';
    return 4;
}

/* A sequence that begins with ESC '[' or ESC 'O' at bytes[0..count). Returns its length, 0 when it
 * is not whole yet. */
static size_t read_sequence(const unsigned char *bytes, size_t count, struct meaning *meaning) {
    int parameters[PARAMETERS] = {0}, parameter = 0;
    size_t at = 2;
    while (at < count && bytes[at] >= 0x20 && bytes[at] < 0x40) {
        if (bytes[at] == ';')
            parameter++;
        else if (bytes[at] >= '0' && bytes[at] <= '9' && parameter < PARAMETERS &&
                 parameters[parameter] < 100000)
            parameters[parameter] = parameters[parameter] * 10 + bytes[at] - '0';
        at++;
    }
    if (at == count)
        return 0;
    unsigned char final = bytes[at];
    if (at == 2 && bytes[1] == '[' && final == '[')
        return read_console_key(bytes, count, meaning);
    if (at == 2 && bytes[1] == '[' && final == 'M')
        return read_old_mouse(bytes, count, meaning);
    if (bytes[2] == '<' && (final == 'M' || final == 'm'))
        meaning->mouse = read_mouse(parameters[0], parameters[1], parameters[2], final == 'm',
                                    &meaning->pointed);
    else if (final == '~' && parameters[0] == 200)
        meaning->paste = 1;
    else if (final == '~')
        meaning->key = number_key(parameters[0]);
    else
        meaning->key = letter_key(final);
    if (meaning->key)
        meaning->key |= modifiers(parameters[1]);
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
        struct meaning meaning = {0};
        int key = 0;
        if (bytes[0] != KEYS_ESCAPE) {
            used = read_plain(bytes, count, late, &key);
        } else if (count == 1) {
            used = late ? 1 : 0;
            key = KEYS_ESCAPE;
        } else if (bytes[1] == '[' || bytes[1] == 'O') {
            used = read_sequence(bytes, count, &meaning);
            key = meaning.key;
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
        input->pasting = meaning.paste;
        input->parts = 0;
        if (key < 0) {
            event->length = 1;
            return INPUT_INVALID;
        }
        event->key = key;
        event->mouse = meaning.pointed;
        if (key || meaning.mouse)
            return key ? INPUT_KEY : INPUT_MOUSE;
    }
    if (input->pasting && late)
        input->pasting = 0;
    return INPUT_NOTHING;
}

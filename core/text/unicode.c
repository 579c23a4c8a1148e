/*
 * unicode.c - the Unicode questions the tokenizer asks, answered by utf8proc.
 */
#include "core/text/unicode.h"

#include <utf8proc.h>

#define ASCII_END 0x80
#define CAPITAL_I_WITH_DOT 0x130
#define COMBINING_DOT_ABOVE 0x307

int unicode_decode(const char *text, size_t length, int32_t *code_point) {
    if (length == 0)
        return 0;
    size_t seen = length < UNICODE_BYTES_MAX ? length : UNICODE_BYTES_MAX;
    utf8proc_ssize_t used =
        utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)seen, code_point);
    return used > 0 ? (int)used : 0;
}

int unicode_encode(int32_t code_point, char *out) {
    return (int)utf8proc_encode_char(code_point, (utf8proc_uint8_t *)out);
}

int unicode_validate(const char *text, size_t length, struct sawb_error *error) {
    for (size_t at = 0; at < length;) {
        int32_t code_point;
        if ((unsigned char)text[at] < ASCII_END) {
            at++;
            continue;
        }
        int used = unicode_decode(text + at, length - at, &code_point);
        if (used == 0)
            return error_set(error,
                             "byte %zu (0x%02x) is not valid UTF-8; convert the text to UTF-8", at,
                             (unsigned)(unsigned char)text[at]);
        at += (size_t)used;
    }
    return 0;
}

int unicode_is_whitespace(int32_t code_point) {
    if (code_point < ASCII_END)
        return code_point == ' ' || code_point == '\t' || code_point == '\n' || code_point == '\r';
    switch (utf8proc_category(code_point)) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return 1;
    default:
        return 0;
    }
}

int unicode_is_control(int32_t code_point) {
    if (code_point < ASCII_END)
        return (code_point < ' ' || code_point == 0x7f) && !unicode_is_whitespace(code_point);
    switch (utf8proc_category(code_point)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CO:
        return 1;
    default:
        return 0;
    }
}

int unicode_is_punctuation(int32_t code_point) {
    if (code_point < ASCII_END)
        return (code_point >= '!' && code_point <= '/') ||
               (code_point >= ':' && code_point <= '@') ||
               (code_point >= '[' && code_point <= '`') || (code_point >= '{' && code_point <= '~');
    switch (utf8proc_category(code_point)) {
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
        return 1;
    default:
        return 0;
    }
}

int unicode_is_cjk(int32_t code_point) {
    static const struct {
        int32_t first, last;
    } blocks[] = {
        {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xf900, 0xfaff},   {0x20000, 0x2a6df},
        {0x2a700, 0x2b73f}, {0x2b740, 0x2b81f}, {0x2b920, 0x2ceaf}, {0x2f800, 0x2fa1f},
    };
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
        if (code_point >= blocks[i].first && code_point <= blocks[i].last)
            return 1;
    return 0;
}

/* Takes the non-spacing marks out of code_points[0..count). Returns how many stay. */
static int drop_accents(int32_t *code_points, int count) {
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (utf8proc_category(code_points[i]) != UTF8PROC_CATEGORY_MN)
            code_points[kept++] = code_points[i];
    return kept;
}

int unicode_fold(int32_t code_point, int lower_case, int strip_accents, int32_t *out) {
    out[0] = code_point;
    int count = 1;
    if (strip_accents && code_point >= ASCII_END) {
        int boundary_class = 0;
        utf8proc_ssize_t made = utf8proc_decompose_char(code_point, out, UNICODE_FOLD_MAX,
                                                        UTF8PROC_DECOMPOSE, &boundary_class);
        if (made > 0 && made <= UNICODE_FOLD_MAX)
            count = (int)made;
        count = drop_accents(out, count);
    }
    if (!lower_case)
        return count;
    if (count == 1 && out[0] == CAPITAL_I_WITH_DOT) { /* the one that becomes two */
        out[0] = 'i';
        out[1] = COMBINING_DOT_ABOVE;
        return 2;
    }
    for (int i = 0; i < count; i++)
        out[i] = utf8proc_tolower(out[i]);
    return count;
}

int unicode_width(int32_t code_point) {
    return utf8proc_charwidth(code_point);
}

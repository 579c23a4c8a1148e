/*
 * input.c - what terminals send, as keys and pastes: whole, cut anywhere, broken, and at random.
 */
#include "tui/screen/input.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"
#include "tests/test.h"
#include "tui/screen/keys.h"

static void feed(struct input *input, const char *text) {
    assert_int_equal(input_feed(input, text, strlen(text)), 0);
}

static int next_key(struct input *input, int late) {
    struct input_event event;
    enum input_kind kind = input_next(input, late, &event);
    return kind == INPUT_KEY ? event.key : kind == INPUT_NOTHING ? -1 : -2;
}

static const struct {
    const char *bytes;
    int key;
} sequences[] = {
    {"x", 'x'},
    {"\r", KEYS_ENTER},
    {"\n", KEYS_ENTER},
    {"\t", KEYS_TAB},
    {"\177", KEYS_BACKSPACE},
    {"\b", KEYS_BACKSPACE},
    {"\001", KEYS_CONTROL('a')},
    {"\303\251", 0xe9},
    {"\347\214\253", 0x732b},
    {"\360\237\230\200", 0x1f600},
    {"\033[A", KEYS_UP},
    {"\033OA", KEYS_UP},
    {"\033[D", KEYS_LEFT},
    {"\033[1~", KEYS_HOME},
    {"\033OF", KEYS_END},
    {"\033[3~", KEYS_DELETE},
    {"\033[5~", KEYS_PAGE_UP},
    {"\033[6~", KEYS_PAGE_DOWN},
    {"\033[Z", KEYS_BACK_TAB},
    {"\033[1;5C", KEYS_CTRL | KEYS_RIGHT},
    {"\033[1;3D", KEYS_ALT | KEYS_LEFT},
    {"\033[3;5~", KEYS_CTRL | KEYS_DELETE},
    {"\033OP", KEYS_F1},
    {"\033OS", KEYS_F1 + 3},
    {"\033[[C", KEYS_F1 + 2},
    {"\033[11~", KEYS_F1},
    {"\033[15~", KEYS_F1 + 4},
    {"\033[17~", KEYS_F1 + 5},
    {"\033[21~", KEYS_F1 + 9},
    {"\033[24~", KEYS_F1 + 11},
    {"\033[34~", KEYS_F1 + 19},
    {"\033[1;5Q", KEYS_CTRL | (KEYS_F1 + 1)},
    {"\033[20;3~", KEYS_ALT | (KEYS_F1 + 8)},
    {"\033b", KEYS_ALT | 'b'},
    {"\033\177", KEYS_ALT | KEYS_BACKSPACE},
    {"\033\303\251", KEYS_ALT | 0xe9},
};

static void test_sequences(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
        struct input input = {0};
        feed(&input, sequences[i].bytes);
        assert_int_equal(next_key(&input, 0), sequences[i].key);
        assert_int_equal(next_key(&input, 0), -1);
        assert_int_equal(input_patience(&input), -1);
        input_free(&input);
    }
}

/* Bytes may come one at a time: the key is the same, and comes with the last one. */
static void test_cut_anywhere(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
        struct input input = {0};
        size_t length = strlen(sequences[i].bytes);
        for (size_t at = 0; at < length; at++) {
            assert_int_equal(next_key(&input, 0), -1);
            assert_int_equal(input_feed(&input, sequences[i].bytes + at, 1), 0);
        }
        assert_int_equal(next_key(&input, 0), sequences[i].key);
        input_free(&input);
    }
}

static void test_escape_alone(void **state) {
    (void)state;
    struct input input = {0};
    feed(&input, "\033");
    assert_int_equal(next_key(&input, 0), -1);
    assert_true(input_patience(&input) > 0);
    assert_int_equal(next_key(&input, 1), KEYS_ESCAPE);
    feed(&input, "\033\003");
    assert_int_equal(next_key(&input, 0), KEYS_ESCAPE);
    assert_int_equal(next_key(&input, 0), KEYS_CONTROL('c'));
    feed(&input, "\033\033[A");
    assert_int_equal(next_key(&input, 0), KEYS_ESCAPE);
    assert_int_equal(next_key(&input, 0), KEYS_UP);
    input_free(&input);
}

static void test_unknown_sequences_are_nothing(void **state) {
    (void)state;
    struct input input = {0};
    feed(&input, "\033[?1;2c\033[200;1;1;1;1m\033[[Z\033OTx");
    assert_int_equal(next_key(&input, 0), 'x');
    feed(&input, "\033[99999999999999999999~y\033[12");
    assert_int_equal(next_key(&input, 0), 'y');
    assert_int_equal(next_key(&input, 0), -1);
    assert_int_equal(next_key(&input, 1), -1); /* half a sequence is dropped when it is late */
    feed(&input, "z");
    assert_int_equal(next_key(&input, 0), 'z');
    input_free(&input);
}

static const struct {
    const char *bytes;
    int event, row, column; /* event -1: nothing to us */
} pointings[] = {
    {"\033[<0;1;1M", MOUSE_PRESS, 0, 0},
    {"\033[<0;200;60M", MOUSE_PRESS, 59, 199},
    {"\033[<16;5;6M", MOUSE_PRESS, 5, 4}, /* with Ctrl */
    {"\033[<0;5;6m", MOUSE_RELEASE, 5, 4},
    {"\033[<32;5;6M", MOUSE_DRAG, 5, 4},
    {"\033[<64;5;6M", MOUSE_WHEEL_UP, 5, 4},
    {"\033[<65;5;6M", MOUSE_WHEEL_DOWN, 5, 4},
    {"\033[<2;5;6M", -1, 0, 0},
    {"\033[<34;5;6M", -1, 0, 0},
    {"\033[<66;5;6M", -1, 0, 0},
    {"\033[<128;5;6M", -1, 0, 0},
    {"\033[<35;5;6M", -1, 0, 0},
    {"\033[<0;0;6M", -1, 0, 0},
    {"\033[<0M", -1, 0, 0},
    {"\033[M !!", MOUSE_PRESS, 0, 0},
    {"\033[M#%&", MOUSE_RELEASE, 5, 4},
    {"\033[M@%&", MOUSE_DRAG, 5, 4},
    {"\033[Ma%&", MOUSE_WHEEL_DOWN, 5, 4},
    {"\033[M \377\376", MOUSE_PRESS, 221, 222},
    {"\033[M   ", -1, 0, 0},
};

/* In one piece and byte by byte; what is nothing to us is no key either. */
static void test_mouse(void **state) {
    (void)state;
    for (size_t i = 0; i < 2 * sizeof(pointings) / sizeof(pointings[0]); i++) {
        struct input input = {0};
        struct input_event event;
        const char *bytes = pointings[i / 2].bytes;
        size_t length = strlen(bytes);
        for (size_t at = 0; i % 2 && at < length - 1; at++) {
            assert_int_equal(input_feed(&input, bytes + at, 1), 0);
            assert_int_equal(input_next(&input, 0, &event), INPUT_NOTHING);
        }
        size_t rest = i % 2 ? length - 1 : 0;
        assert_int_equal(input_feed(&input, bytes + rest, length - rest), 0);
        feed(&input, "x");
        if (pointings[i / 2].event >= 0) {
            assert_int_equal(input_next(&input, 0, &event), INPUT_MOUSE);
            assert_int_equal(event.mouse.event, pointings[i / 2].event);
            assert_int_equal(event.mouse.row, pointings[i / 2].row);
            assert_int_equal(event.mouse.column, pointings[i / 2].column);
        }
        assert_int_equal(next_key(&input, 0), 'x');
        input_free(&input);
    }
}

static void test_invalid_utf8(void **state) {
    (void)state;
    struct input input = {0};
    struct input_event event;
    feed(&input, "\377a\303(b\355\240\200");
    assert_int_equal(input_next(&input, 0, &event), INPUT_INVALID);
    assert_int_equal(event.length, 1);
    assert_int_equal(next_key(&input, 0), 'a');
    assert_int_equal(next_key(&input, 0), -2);
    assert_int_equal(next_key(&input, 0), '(');
    assert_int_equal(next_key(&input, 0), 'b');
    for (int i = 0; i < 3; i++) /* a surrogate is not UTF-8 */
        assert_int_equal(next_key(&input, 0), -2);
    assert_int_equal(next_key(&input, 0), -1);
    input_free(&input);
}

static void test_paste(void **state) {
    (void)state;
    struct input input = {0};
    struct input_event event;
    feed(&input, "a\033[200~one\ntwo \033[A");
    assert_int_equal(next_key(&input, 0), 'a');
    assert_int_equal(input_next(&input, 0, &event), INPUT_NOTHING);
    feed(&input, " end\033[20");
    assert_int_equal(input_next(&input, 0, &event), INPUT_NOTHING);
    feed(&input, "1~b");
    assert_int_equal(input_next(&input, 0, &event), INPUT_PASTE);
    assert_string_equal(event.text, "one\ntwo \033[A end");
    assert_int_equal(next_key(&input, 0), 'b');
    input_free(&input);
}

/* A paste whose end never comes is over after a while, and keys are keys again. */
static void test_paste_without_end(void **state) {
    (void)state;
    struct input input = {0};
    struct input_event event;
    feed(&input, "\033[200~lost");
    assert_int_equal(input_next(&input, 0, &event), INPUT_NOTHING);
    assert_true(input_patience(&input) >= 500);
    assert_int_equal(input_next(&input, 1, &event), INPUT_PASTE);
    assert_string_equal(event.text, "lost");
    feed(&input, "q");
    assert_int_equal(next_key(&input, 0), 'q');
    input_free(&input);
}

/* Parts of a long paste put together are the paste, and no character is cut. */
static void test_long_paste(void **state) {
    (void)state;
    struct input input = {0};
    struct input_event event;
    size_t length = 3 * INPUT_PASTE_CHUNK, got = 0;
    char *text = malloc(length + 1);
    assert_non_null(text);
    for (size_t i = 0; i < length; i += 2)
        memcpy(text + i, "\303\251", 2);
    text[length] = '\0';
    feed(&input, "\033[200~");
    for (size_t at = 0; at < length; at += 1021) {
        size_t part = length - at < 1021 ? length - at : 1021;
        assert_int_equal(input_feed(&input, text + at, part), 0);
        while (input_next(&input, 0, &event) == INPUT_PASTE) {
            assert_int_equal(event.length % 2, 0);
            assert_memory_equal(event.text, text + got, event.length);
            assert_int_equal(event.continued, got > 0);
            got += event.length;
        }
    }
    feed(&input, "\033[201~");
    assert_int_equal(input_next(&input, 0, &event), INPUT_PASTE);
    assert_int_equal(got + event.length, length);
    free(text);
    input_free(&input);
}

/* Whatever comes, all of it is taken in the end and no key is made up. */
static void test_noise(void **state) {
    (void)state;
    static const char pieces[] = "\033[O~;0129ACZ\303\251\377 a\r\033[200~\033[201~";
    for (uint64_t round = 0; round < 300; round++) {
        struct input input = {0};
        struct input_event event;
        uint64_t key = random_key(round, 7, 0, 0);
        for (uint64_t i = 0; i < 64; i++) {
            uint64_t bits = random_bits(key, i);
            char byte = bits & 1 ? pieces[(bits >> 8) % (sizeof(pieces) - 1)] : (char)(bits >> 16);
            assert_int_equal(input_feed(&input, &byte, 1), 0);
            enum input_kind kind;
            while ((kind = input_next(&input, (bits >> 4) % 8 == 0, &event)) != INPUT_NOTHING) {
                if (kind == INPUT_KEY)
                    assert_true((event.key & ~(KEYS_ALT | KEYS_CTRL)) < KEYS_LAST && event.key > 0);
            }
        }
        while (input_next(&input, 1, &event) != INPUT_NOTHING)
            ;
        assert_int_equal(input_patience(&input), -1);
        input_free(&input);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_sequences),    cmocka_unit_test(test_cut_anywhere),
    cmocka_unit_test(test_escape_alone), cmocka_unit_test(test_unknown_sequences_are_nothing),
    cmocka_unit_test(test_mouse),        cmocka_unit_test(test_invalid_utf8),
    cmocka_unit_test(test_paste),        cmocka_unit_test(test_paste_without_end),
    cmocka_unit_test(test_long_paste),   cmocka_unit_test(test_noise),
};
TEST_GROUP(tests_tui_input, tests);

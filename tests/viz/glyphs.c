/*
 * glyphs.c - tests of the sets of characters.
 */
#include "tests/viz/drawing.h"

#include "viz/glyphs.h"

/* Every string of a set, so that none is forgotten below. */
#define SINGLE_GLYPHS 18
static int all_glyphs(const struct glyphs *glyphs, const char *all[]) {
    int count = 0;
    for (int i = 0; i < glyphs->ramp_count; i++)
        all[count++] = glyphs->ramp[i];
    for (int i = 0; i < 9; i++)
        all[count++] = glyphs->bar[i];
    for (int i = 0; i < GLYPHS_LINES; i++)
        all[count++] = glyphs->lines[i];
    const char *const singles[SINGLE_GLYPHS] = {
        glyphs->tiny,   glyphs->blocked, glyphs->rule,  glyphs->dashed, glyphs->vertical,
        glyphs->prompt, glyphs->running, glyphs->delta, glyphs->minus,  glyphs->ellipsis,
        glyphs->arrow,  glyphs->point,   glyphs->yes,   glyphs->no,     glyphs->differ,
        glyphs->rising, glyphs->falling, glyphs->best,
    };
    for (int i = 0; i < SINGLE_GLYPHS; i++)
        all[count++] = singles[i];
    all[count++] = glyphs->continuation;
    return count;
}

static void test_one_column_each(void **state) {
    (void)state;
    const struct glyphs *sets[] = {&glyphs_utf8, &glyphs_digits, &glyphs_ascii};
    for (int s = 0; s < 3; s++) {
        const char *all[64];
        int count = all_glyphs(sets[s], all);
        for (int i = 0; i < count; i++) {
            char glyph[CELL_BYTES];
            int columns;
            assert_int_equal(text_next(all[i], glyph, &columns), strlen(all[i]));
            assert_string_equal(glyph, all[i]); /* drawn as it is, not as '?' */
            assert_int_equal(columns, 1);
            if (!sets[s]->unicode)
                assert_true(all[i][0] >= ' ' && all[i][0] <= '~' && !all[i][1]);
        }
    }
}

static void test_states_differ(void **state) {
    (void)state;
    const struct glyphs *sets[] = {&glyphs_utf8, &glyphs_digits, &glyphs_ascii};
    for (int s = 0; s < 3; s++) {
        assert_string_equal(sets[s]->tiny, sets[s]->ramp[0]);
        assert_in_range(sets[s]->ramp_count, 2, GLYPHS_RAMP_MOST);
        for (int i = 0; i < sets[s]->ramp_count; i++) {
            assert_string_not_equal(sets[s]->blocked, sets[s]->ramp[i]);
            assert_string_not_equal(" ", sets[s]->ramp[i]);
            for (int j = 0; j < i; j++)
                assert_string_not_equal(sets[s]->ramp[i], sets[s]->ramp[j]);
        }
        assert_string_not_equal(sets[s]->blocked, " ");
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_one_column_each),
    cmocka_unit_test(test_states_differ),
};

TEST_GROUP(tests_viz_glyphs, tests);

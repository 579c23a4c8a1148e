/*
 * unit.c - runs the groups of unit tests: all, or those whose names hold one of the words, but for
 * those that hold one after a minus sign.
 *
 *     build/unit [WORD ...] [-WORD ...]
 *
 * groups.h is made by the Makefile: GROUP(tests_DIR_NAME) for each tests/DIR/NAME.c.
 */
#include <stdio.h>
#include <string.h>

#include "tests/test.h"

#define GROUP(name) extern const struct test_group name;
#include "groups.h"
#undef GROUP

static const struct test_group *const groups[] = {
#define GROUP(name) &name,
#include "groups.h"
#undef GROUP
};

static int is_wanted(const char *name, int count, char *const *words) {
    int any = 0, found = 0;
    for (int i = 1; i < count; i++) {
        if (words[i][0] == '-' && strstr(name, words[i] + 1))
            return 0;
        any |= words[i][0] != '-';
        found |= words[i][0] != '-' && strstr(name, words[i]);
    }
    return found || !any;
}

int main(int count, char **words) {
    int tests = 0, failed = 0;
    cmocka_set_message_output(CM_OUTPUT_STDOUT);
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (!is_wanted(groups[i]->name, count, words))
            continue;
        tests += (int)groups[i]->count;
        failed += _cmocka_run_group_tests(groups[i]->name, groups[i]->tests, groups[i]->count, NULL,
                                          NULL);
    }
    printf("%d passed, %d failed\n", tests - failed, failed);
    return failed > 0 || tests == 0;
}

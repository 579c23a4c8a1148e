/*
 * test.h - the unit tests: one table of groups, one function a group.
 *
 * A test file defines `const struct test_group tests_<name>` and is listed in tests/unit.c.
 */
#ifndef SAWB_TESTS_TEST_H
#define SAWB_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct test_group {
    const char *name;
    const struct CMUnitTest *tests;
    size_t count;
};

#define TEST_GROUP(group, array)                                                                   \
    const struct test_group group = {#group, array, sizeof(array) / sizeof(array[0])}

#endif

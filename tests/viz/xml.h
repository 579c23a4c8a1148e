/*
 * xml.h - a strict reader of the XML that pictures are: balanced tags, quoted attributes that occur
 * once, escaped text.
 */
#ifndef SAWB_TESTS_VIZ_XML_H
#define SAWB_TESTS_VIZ_XML_H

#include <string.h>

#include "tests/test.h"

#define XML_DEEP 16

/* Behind the attribute at `at`, which begins with its name. */
static inline const char *xml_attribute(const char *at) {
    at += strcspn(at, "=");
    assert_int_equal(at[0], '=');
    assert_int_equal(at[1], '"');
    at += 2 + strcspn(at + 2, "\"<&");
    assert_int_equal(*at, '"');
    return at + 1;
}

static inline void xml_text(const char *at) {
    assert_true(*at != '>');
    if (*at == '&')
        assert_true(strncmp(at, "&amp;", 5) == 0 || strncmp(at, "&lt;", 4) == 0 ||
                    strncmp(at, "&gt;", 4) == 0);
    assert_true((unsigned char)*at >= ' ' || *at == '\n' || *at == '\t');
}

/* Reads all of it and counts the elements of one name. */
static inline int xml_count(const char *xml, const char *name) {
    char open[XML_DEEP][XML_DEEP];
    int depth = 0, count = 0, roots = 0;
    for (const char *at = xml; *at;) {
        if (*at != '<') {
            xml_text(at++);
            continue;
        }
        at++;
        if (*at == '/') {
            assert_true(depth > 0);
            size_t length = strlen(open[--depth]);
            assert_memory_equal(at + 1, open[depth], length);
            assert_int_equal(at[1 + length], '>');
            at += length + 2;
            continue;
        }
        size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz");
        assert_in_range(length, 1, XML_DEEP - 1);
        assert_true(depth < XML_DEEP);
        memcpy(open[depth], at, length);
        open[depth][length] = '\0';
        count += strcmp(open[depth], name) == 0;
        roots += depth == 0;
        at += length;
        while (*at == ' ')
            at = xml_attribute(at + 1);
        if (*at == '/')
            at++;
        else
            depth++;
        assert_int_equal(*at, '>');
        at++;
    }
    assert_int_equal(depth, 0);
    assert_int_equal(roots, 1);
    return count;
}

#endif

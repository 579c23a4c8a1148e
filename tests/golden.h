/*
 * golden.h - texts compared with committed files.
 *
 *     assert_int_equal(golden_check("tests/viz/golden/table.txt", text), 0);
 *
 * To write the files anew after a wanted change (and then read the difference in git):
 *
 *     UPDATE_GOLDEN=1 make test
 */
#ifndef SAWB_TESTS_GOLDEN_H
#define SAWB_TESTS_GOLDEN_H

/* 0 when the file at `path` (from the repository's root) holds exactly `text`; otherwise -1, with
 * the first line that differs on stderr. With UPDATE_GOLDEN=1 in the environment the file is
 * replaced. */
int golden_check(const char *path, const char *text);

#endif

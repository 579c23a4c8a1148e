/*
 * table.h - rows and columns of text, aligned for people or as TSV for programs.
 */
#ifndef SAWB_VIZ_TABLE_H
#define SAWB_VIZ_TABLE_H

#include <stddef.h>

#include "core/base/error.h"

struct table;

/* `columns` titles; a title that starts with '>' is a number column, flush right and aligned on the
 * point (the '>' is not shown). Owned by the caller (table_free); NULL when out of memory. */
struct table *table_create(const char *const *titles, int columns, struct sawb_error *error);
void table_free(struct table *table);

/* One cell after the other; a row is complete after `columns` cells. Tabs and line breaks in a cell
 * become blanks. -1 when out of memory. */
int table_add(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The whole table as text, owned by the caller (free), NULL when out of memory. `width` 0:
 * unlimited; otherwise the widest text columns are cut to fit, and end in the ellipsis. Control
 * characters and invalid bytes are printed as '?'. */
char *table_print(const struct table *table, int width, const char *ellipsis);

/* The same as tab-separated values, bytes as they were given; owned by the caller (free). */
char *table_tsv(const struct table *table);

#endif

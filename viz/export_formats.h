/*
 * export_formats.h - figures as text: tables for programs, TeX for papers, lines for screen
 * readers.
 *
 * Each writes the whole file to `out`, whose failures the caller finds with ferror. 0, or -1 when
 * out of memory.
 */
#ifndef SAWB_VIZ_EXPORT_FORMATS_H
#define SAWB_VIZ_EXPORT_FORMATS_H

#include <stdio.h>

#include "viz/figure.h"
#include "viz/palette.h"

/*
 * A figure that is one table keeps its columns. Any other has a row for every value: panel, row and
 * column (indices from 0), row_name, column_name, value, state. Of a matrix the state is kept,
 * blocked or absent; of a series the row is its name and the column its x; of bars the row is the
 * label and the column the group. Numbers have all their digits.
 *
 * TSV begins with title and facts as lines "# name: value", and tabs and line breaks within a text
 * become blanks. CSV is as RFC 4180 has it (CRLF, quotes), which knows no comments, so the facts
 * are left out.
 */
int figure_tsv(const struct figure *figure, FILE *out);
int figure_csv(const struct figure *figure, FILE *out);

/*
 * Every value on a line of its own with its labels, fit for a screen reader and for grep. Matrices
 * that follow each other with the same labels share their lines:
 *
 *     query "film" key "good": A 0.123, B blocked, difference -0.123
 *
 * Tables are aligned. Title and facts come first.
 */
int figure_text(const struct figure *figure, FILE *out);

/* An object with title, facts and panels, on one line. */
int figure_json(const struct figure *figure, FILE *out);

/* pgfplots for matrices, series and bars, a tabular with booktabs for tables; for \input. Title and
 * facts as comments. The palette gives the colours. */
int figure_tex(const struct figure *figure, const struct palette *palette, FILE *out);

/* A number with all its digits: of a float that it came from, of a double. */
#define EXPORT_NUMBER_BYTES 40
char *export_float(char out[EXPORT_NUMBER_BYTES], float value);
char *export_double(char out[EXPORT_NUMBER_BYTES], double value);

#endif

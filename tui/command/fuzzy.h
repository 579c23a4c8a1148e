/*
 * fuzzy.h - how well a few letters fit a text, for the search over commands.
 */
#ifndef SAWB_TUI_COMMAND_FUZZY_H
#define SAWB_TUI_COMMAND_FUZZY_H

/*
 * Each word of `pattern` has to occur in `text` as a subsequence of bytes, without regard to the
 * case of ASCII letters. Returns -1 when one does not, otherwise a score: larger is better. Letters
 * that follow one another count for more, those at the start of a word for more still, and letters
 * far from the text's beginning for a little less. Texts are looked at up to FUZZY_BYTES.
 */
#define FUZZY_BYTES 256
int fuzzy_score(const char *pattern, const char *text);

#endif

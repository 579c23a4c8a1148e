/*
 * fuzzy.c - the best way to find letters in a text, by dynamic programming.
 */
#include "tui/command/fuzzy.h"

#include <ctype.h>
#include <string.h>

#define LETTER 8
#define FOLLOWS 18 /* right behind the letter before */
#define STARTS_WORD 16
#define DISTANCE 16 /* bytes from the start that cost a point, or a part of them */
#define NONE (-1000000)

static int at_word(const char *text, int at) {
    return at == 0 || (!isalnum((unsigned char)text[at - 1]) && isalnum((unsigned char)text[at]));
}

/* The best score of a word: best[j] is that of the letters so far when the last one is text[j]. */
static int score_word(const char *word, int letters, const char *text, int length) {
    int best[FUZZY_BYTES], result = NONE;
    for (int j = 0; j < length; j++)
        best[j] = 0;
    for (int i = 0; i < letters; i++) {
        int before = i == 0 ? 0 : NONE; /* the best of the letters before that ends left of j - 1 */
        int last = NONE;                /* of those, the one that ends at j - 1 */
        for (int j = 0; j < length; j++) {
            int here = NONE, ended = best[j];
            if (tolower((unsigned char)word[i]) == tolower((unsigned char)text[j])) {
                int bonus = LETTER + (at_word(text, j) ? STARTS_WORD : 0);
                int base = i == 0 ? -(j + DISTANCE - 1) / DISTANCE : before;
                if (i > 0 && last > NONE && last + FOLLOWS > base)
                    base = last + FOLLOWS;
                if (base > NONE)
                    here = base + bonus;
            }
            if (i > 0 && last > before)
                before = last;
            last = i == 0 ? NONE : ended;
            best[j] = here;
        }
    }
    for (int j = 0; j < length; j++)
        result = best[j] > result ? best[j] : result;
    return result;
}

int fuzzy_score(const char *pattern, const char *text) {
    int length = (int)strnlen(text, FUZZY_BYTES), total = 0;
    for (const char *word = pattern; *word;) {
        int letters = (int)strcspn(word, " ");
        if (letters > 0) {
            int score = score_word(word, letters, text, length);
            if (score <= NONE)
                return -1;
            total += score;
        }
        word += letters;
        word += strspn(word, " ");
    }
    return total < 0 ? 0 : total;
}

/*
 * export_font.c - the letters, as paths in a small language: M x y begins a stroke, L x y goes on
 * straight, Q x y x y along a parabola (control point, end). 40 units are the font's size; y goes
 * up from the baseline; capitals are 28 high, small letters 20.
 */
#include "viz/export_font.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "core/text/unicode.h"

#define UNITS 40.0
#define CURVE_STEPS 6
#define SPACING 1.0 /* units between letters, besides what each has */
#define DOT 0.8     /* half the side of the square that a dot is drawn around */
#define ROOM 1.06   /* of the fonts of viewers, wider than this one */

struct letter {
    int32_t code;
    int advance;
    const char *path;
};

static const struct letter letters[] = {
    {' ', 13, ""},
    {'!', 16, "M8 28L8 9M8 1"},
    {'"', 18, "M5 28L5 19M13 28L13 19"},
    {'#', 31, "M13 28L8 0M24 28L19 0M4 19L28 19M3 9L27 9"},
    {'$', 25, "M21 24Q17 26 13 26Q5 26 5 20Q5 15 13 14Q21 13 21 7Q21 2 13 2Q7 2 4 4M13 30L13 -3"},
    {'%', 36,
     "M9 28Q3 28 3 21Q3 14 9 14Q15 14 15 21Q15 28 9 28M27 14Q21 14 21 7Q21 0 27 0Q33 0 33 7Q33 14 "
     "27 "
     "14M27 28L9 0"},
    {'&', 30,
     "M27 0L9 18Q6 21 6 23Q7 28 13 28Q18 28 18 24Q18 20 11 16Q3 12 3 7Q3 0 11 0Q22 0 25 13"},
    {'\'', 10, "M5 28L5 19"},
    {'(', 15, "M11 30Q4 21 4 12Q4 3 11 -6"},
    {')', 15, "M4 30Q11 21 11 12Q11 3 4 -6"},
    {'*', 20, "M10 28L10 14M4 24L16 18M16 24L4 18"},
    {'+', 32, "M16 23L16 3M6 13L26 13"},
    {',', 12, "M7 2L4 -5"},
    {'-', 15, "M3 11L12 11"},
    {'.', 12, "M6 1"},
    {'/', 14, "M12 28L1 -4"},
    {'0', 25, "M12 28Q4 28 4 14Q4 0 12 0Q21 0 21 14Q21 28 12 28"},
    {'1', 25, "M6 24L13 28L13 0M6 0L20 0"},
    {'2', 25, "M4 25Q8 28 12 28Q20 28 20 21Q20 16 14 10L4 0L21 0"},
    {'3', 25, "M4 27Q8 28 12 28Q20 28 20 21Q20 15 12 15L9 15M12 15Q21 15 21 8Q21 0 11 0Q6 0 3 2"},
    {'4', 25, "M17 0L17 28L3 9L22 9"},
    {'5', 25, "M19 28L6 28L6 16Q8 17 11 17Q21 17 21 9Q21 0 11 0Q6 0 4 2"},
    {'6', 25, "M19 27Q16 28 14 28Q4 28 4 12M4 8Q4 17 13 17Q21 17 21 9Q21 0 13 0Q4 0 4 12"},
    {'7', 25, "M4 28L21 28L10 0"},
    {'8', 25,
     "M12 15Q4 15 4 21Q4 28 12 28Q20 28 20 21Q20 15 12 15Q3 15 3 8Q3 0 12 0Q21 0 21 8Q21 15 12 15"},
    {'9', 25, "M6 1Q9 0 11 0Q21 0 21 16M21 20Q21 11 12 11Q4 11 4 19Q4 28 12 28Q21 28 21 16"},
    {':', 13, "M6 19M6 1"},
    {';', 13, "M7 19M7 2L4 -5"},
    {'<', 32, "M26 22L6 13L26 4"},
    {'=', 32, "M6 17L26 17M6 9L26 9"},
    {'>', 32, "M6 22L26 13L6 4"},
    {'?', 21, "M3 26Q6 28 10 28Q17 28 17 22Q17 18 13 15Q10 13 10 9M10 1"},
    {'@', 40,
     "M26 12Q26 18 20 18Q13 18 13 12Q13 6 20 6Q26 6 26 12M26 18L26 9Q27 6 30 6Q36 7 36 14Q36 28 21 "
     "28Q4 28 4 11Q4 -6 21 -6Q27 -6 31 -4"},
    {'A', 26, "M2 0L13 28L24 0M6 10L20 10"},
    {'B', 26, "M4 0L4 28L13 28Q21 28 21 21Q21 15 13 15L4 15M13 15Q23 15 23 8Q23 0 13 0L4 0"},
    {'C', 27, "M24 25Q20 28 15 28Q3 28 3 14Q3 0 15 0Q20 0 24 3"},
    {'D', 28, "M4 0L4 28L12 28Q25 28 25 14Q25 0 12 0L4 0"},
    {'E', 25, "M22 28L4 28L4 0L22 0M4 15L20 15"},
    {'F', 23, "M22 28L4 28L4 0M4 15L19 15"},
    {'G', 29, "M24 25Q20 28 15 28Q3 28 3 14Q3 0 15 0Q21 0 25 4L25 13L17 13"},
    {'H', 28, "M4 0L4 28M24 0L24 28M4 15L24 15"},
    {'I', 10, "M5 0L5 28"},
    {'J', 17, "M13 28L13 8Q13 0 6 0Q3 0 1 2"},
    {'K', 26, "M4 0L4 28M23 28L4 12M9 16L24 0"},
    {'L', 22, "M4 28L4 0L20 0"},
    {'M', 32, "M4 0L4 28L16 9L28 28L28 0"},
    {'N', 28, "M4 0L4 28L24 0L24 28"},
    {'O', 32, "M16 28Q3 28 3 14Q3 0 16 0Q29 0 29 14Q29 28 16 28"},
    {'P', 24, "M4 0L4 28L13 28Q22 28 22 20Q22 12 13 12L4 12"},
    {'Q', 32, "M16 28Q3 28 3 14Q3 0 16 0Q29 0 29 14Q29 28 16 28M18 6L27 -4"},
    {'R', 26, "M4 0L4 28L13 28Q22 28 22 21Q22 14 13 14L4 14M12 14Q16 14 19 8L23 0"},
    {'S', 26, "M22 26Q18 28 13 28Q4 28 4 21Q4 16 13 14Q23 12 23 7Q23 0 13 0Q7 0 3 3"},
    {'T', 26, "M1 28L25 28M13 28L13 0"},
    {'U', 28, "M4 28L4 10Q4 0 14 0Q24 0 24 10L24 28"},
    {'V', 26, "M2 28L13 0L24 28"},
    {'W', 38, "M2 28L10 0L19 28L28 0L36 28"},
    {'X', 26, "M3 28L23 0M23 28L3 0"},
    {'Y', 24, "M1 28L12 14L23 28M12 14L12 0"},
    {'Z', 27, "M3 28L23 28L3 0L24 0"},
    {'[', 15, "M11 30L5 30L5 -5L11 -5"},
    {'\\', 14, "M2 28L13 -4"},
    {']', 15, "M4 30L10 30L10 -5L4 -5"},
    {'^', 32, "M6 18L16 28L26 18"},
    {'_', 20, "M0 -7L20 -7"},
    {'`', 20, "M6 30L11 24"},
    {'a', 24, "M5 18Q8 20 12 20Q20 20 20 13L20 0M20 11L13 11Q4 11 4 5Q4 0 11 0Q20 0 20 9"},
    {'b', 25, "M4 29L4 0M4 10Q4 20 13 20Q22 20 22 10Q22 0 13 0Q4 0 4 10"},
    {'c', 22, "M20 18Q17 20 13 20Q3 20 3 10Q3 0 13 0Q17 0 20 2"},
    {'d', 25, "M21 29L21 0M21 10Q21 20 12 20Q3 20 3 10Q3 0 12 0Q21 0 21 10"},
    {'e', 24, "M3 11L21 11Q21 20 12 20Q3 20 3 10Q3 0 13 0Q17 0 20 2"},
    {'f', 15, "M15 29Q7 30 7 23L7 0M1 20L14 20"},
    {'g', 25, "M21 20L21 0Q21 -8 12 -8Q8 -8 5 -6M21 10Q21 20 12 20Q3 20 3 10Q3 1 12 1Q21 1 21 10"},
    {'h', 25, "M4 29L4 0M4 12Q4 20 13 20Q21 20 21 12L21 0"},
    {'i', 10, "M5 20L5 0M5 28"},
    {'j', 11, "M6 20L6 -3Q6 -8 1 -8M6 28"},
    {'k', 22, "M4 29L4 0M19 20L4 8M9 12L20 0"},
    {'l', 10, "M5 29L5 0"},
    {'m', 36, "M4 20L4 0M4 12Q4 20 11 20Q18 20 18 12L18 0M18 12Q18 20 25 20Q32 20 32 12L32 0"},
    {'n', 25, "M4 20L4 0M4 12Q4 20 13 20Q21 20 21 12L21 0"},
    {'o', 24, "M12 20Q3 20 3 10Q3 0 12 0Q21 0 21 10Q21 20 12 20"},
    {'p', 25, "M4 20L4 -8M4 10Q4 20 13 20Q22 20 22 10Q22 0 13 0Q4 0 4 10"},
    {'q', 25, "M21 20L21 -8M21 10Q21 20 12 20Q3 20 3 10Q3 0 12 0Q21 0 21 10"},
    {'r', 17, "M4 20L4 0M4 11Q4 20 13 20Q15 20 16 19"},
    {'s', 21, "M17 18Q14 20 10 20Q3 20 3 15Q3 11 10 10Q18 9 18 5Q18 0 10 0Q6 0 3 2"},
    {'t', 16, "M7 26L7 6Q7 0 14 0M1 20L14 20"},
    {'u', 25, "M4 20L4 8Q4 0 12 0Q21 0 21 8M21 20L21 0"},
    {'v', 22, "M2 20L11 0L20 20"},
    {'w', 32, "M2 20L9 0L16 20L23 0L30 20"},
    {'x', 22, "M3 20L19 0M19 20L3 0"},
    {'y', 22, "M2 20L11 0M20 20L11 0L9 -4Q7 -8 3 -8"},
    {'z', 21, "M3 20L18 20L3 0L18 0"},
    {'{', 22, "M17 30Q11 30 11 25L11 17Q11 12 6 12Q11 12 11 7L11 0Q11 -5 17 -5"},
    {'|', 14, "M7 30L7 -8"},
    {'}', 22, "M5 30Q11 30 11 25L11 17Q11 12 16 12Q11 12 11 7L11 0Q11 -5 5 -5"},
    {'~', 32, "M5 11Q5 16 10 16Q13 16 16 13Q19 10 22 10Q27 10 27 15"},
    {0xa0, 13, ""},
    {0xa1, 16, "M8 20L8 -8M8 27"},
    {0xa2, 25, "M21 18Q18 20 14 20Q4 20 4 10Q4 0 14 0Q18 0 21 2M13 25L13 -5"},
    {0xa3, 25, "M21 26Q18 28 15 28Q8 28 8 20L8 0M3 0L22 0M3 13L18 13"},
    {0xa4, 25,
     "M12 20Q6 20 6 14Q6 8 12 8Q18 8 18 14Q18 20 12 20M4 22L7 19M20 22L17 19M4 6L7 9M20 6L17 9"},
    {0xa5, 25, "M2 28L12 14L23 28M12 14L12 0M4 13L21 13M4 7L21 7"},
    {0xa6, 14, "M7 30L7 16M7 6L7 -8"},
    {0xa7, 20,
     "M16 27Q4 30 4 23Q4 20 10 17Q17 14 16 9Q14 7 10 9Q4 12 4 16M16 9Q17 7 16 2Q14 -6 4 -2"},
    {0xa8, 20, "M6 27M14 27"},
    {0xa9, 40,
     "M20 28Q5 28 5 14Q5 0 20 0Q35 0 35 14Q35 28 20 28M26 18Q24 21 20 21Q13 21 13 14Q13 7 20 "
     "7Q24 7 26 10"},
    {0xaa, 19, "M5 27Q8 28 10 28Q15 28 15 23L15 16M15 22L10 22Q4 22 4 19Q4 16 9 16Q15 16 15 21"},
    {0xab, 24, "M11 18L4 10L11 2M20 18L13 10L20 2"},
    {0xac, 32, "M6 15L26 15L26 8"},
    {0xad, 15, "M3 11L12 11"},
    {0xae, 40,
     "M20 28Q5 28 5 14Q5 0 20 0Q35 0 35 14Q35 28 20 28M15 7L15 21L20 21Q26 21 26 17Q26 13 20 "
     "13L15 13M21 13L26 7"},
    {0xaf, 20, "M4 27L16 27"},
    {0xb0, 20, "M10 28Q5 28 5 23Q5 18 10 18Q15 18 15 23Q15 28 10 28"},
    {0xb1, 32, "M16 25L16 9M6 17L26 17M6 2L26 2"},
    {0xb2, 16, "M3 26Q5 28 8 28Q12 28 12 24Q12 22 8 18L3 14L13 14"},
    {0xb3, 16, "M3 27Q5 28 8 28Q12 28 12 25Q12 22 7 22Q13 22 13 18Q13 14 7 14Q4 14 3 15"},
    {0xb4, 20, "M9 24L14 30"},
    {0xb5, 25, "M4 20L4 -8M4 8Q4 0 12 0Q21 0 21 8M21 20L21 0"},
    {0xb6, 25, "M19 28L19 -5M14 28L14 -5M21 28L11 28Q3 28 3 21Q3 14 14 14"},
    {0xb7, 12, "M6 12"},
    {0xb8, 20, "M10 0L10 -3Q15 -3 15 -6Q15 -9 9 -9"},
    {0xb9, 16, "M4 26L8 28L8 14M4 14L12 14"},
    {0xba, 19, "M10 28Q4 28 4 22Q4 16 10 16Q15 16 15 22Q15 28 10 28"},
    {0xbb, 24, "M4 18L11 10L4 2M13 18L20 10L13 2"},
    {0xbc, 38, "M3 26L7 28L7 14M29 28L9 0M31 0L31 14L23 4L34 4"},
    {0xbd, 38, "M3 26L7 28L7 14M29 28L9 0M24 12Q26 14 29 14Q33 14 33 10Q33 8 29 4L24 0L34 0"},
    {0xbe, 38,
     "M3 27Q5 28 8 28Q11 28 11 25Q11 22 7 22Q12 22 12 18Q12 14 7 14Q4 14 3 15M30 28L11 0M32 0L32 "
     "14L24 4L35 4"},
    {0xbf, 21, "M18 -6Q15 -8 11 -8Q4 -8 4 -2Q4 2 8 5Q11 7 11 11M11 20"},
    {0xc6, 38, "M2 0L15 28L35 28M19 28L19 0L35 0M19 15L33 15M7 10L19 10"},
    {0xd0, 29, "M5 0L5 28L13 28Q26 28 26 14Q26 0 13 0L5 0M1 15L13 15"},
    {0xd7, 32, "M8 21L24 5M24 21L8 5"},
    {0xd8, 32, "M16 28Q3 28 3 14Q3 0 16 0Q29 0 29 14Q29 28 16 28M28 29L4 -1"},
    {0xde, 24, "M4 0L4 28M4 22L13 22Q22 22 22 14Q22 6 13 6L4 6"},
    {0xdf, 26,
     "M4 0L4 21Q4 29 12 29Q19 29 19 23Q19 20 15 18Q12 16 15 13Q23 10 23 5Q23 0 16 0Q13 0 11 "
     "1"},
    {0xe6, 38,
     "M5 18Q8 20 11 20Q18 20 18 13L18 0M18 11L12 11Q4 11 4 5Q4 0 10 0Q18 0 18 9M18 11L35 "
     "11Q35 20 27 20Q18 20 18 10Q18 0 28 0Q31 0 34 2"},
    {0xf0, 25, "M12 18Q3 18 3 9Q3 0 12 0Q21 0 21 11Q21 22 10 29M7 22L19 28M12 18Q19 18 21 11"},
    {0xf7, 32, "M6 13L26 13M16 21M16 5"},
    {0xf8, 24, "M12 20Q3 20 3 10Q3 0 12 0Q21 0 21 10Q21 20 12 20M21 21L3 -1"},
    {0xfe, 25, "M4 29L4 -8M4 10Q4 20 13 20Q22 20 22 10Q22 0 13 0Q4 0 4 10"},
    {0x110, 29, "M5 0L5 28L13 28Q26 28 26 14Q26 0 13 0L5 0M1 15L13 15"},
    {0x111, 25, "M21 29L21 0M21 10Q21 20 12 20Q3 20 3 10Q3 0 12 0Q21 0 21 10M12 25L25 25"},
    {0x131, 10, "M5 20L5 0"},
    {0x141, 22, "M4 28L4 0L20 0M0 10L12 18"},
    {0x142, 10, "M5 29L5 0M0 12L10 19"},
    {0x152, 38, "M19 28L16 28Q3 28 3 14Q3 0 16 0L36 0M19 0L19 28L36 28M19 15L34 15"},
    {0x153, 38,
     "M11 20Q3 20 3 10Q3 0 11 0Q19 0 19 10Q19 20 11 20M19 11L36 11Q36 20 27 20Q19 20 19 "
     "10Q19 0 28 0Q32 0 35 2"},
    {0x394, 26, "M2 0L13 28L24 0L2 0"},
    {0x2010, 15, "M3 11L12 11"},
    {0x2013, 20, "M2 11L18 11"},
    {0x2014, 40, "M2 11L38 11"},
    {0x2018, 10, "M6 28L4 21"},
    {0x2019, 10, "M7 28L4 21"},
    {0x201c, 18, "M6 28L4 21M13 28L11 21"},
    {0x201d, 18, "M7 28L4 21M14 28L11 21"},
    {0x201e, 18, "M7 2L4 -5M14 2L11 -5"},
    {0x2022, 22, "M11 12L11 13L12 13L12 12L11 12"},
    {0x2026, 36, "M6 1M18 1M30 1"},
    {0x20ac, 25, "M22 26Q18 28 15 28Q6 28 6 14Q6 0 15 0Q18 0 22 2M2 17L17 17M2 11L15 11"},
    {0x2190, 34, "M31 12L3 12M11 20L3 12L11 4"},
    {0x2192, 34, "M3 12L31 12M23 20L31 12L23 4"},
    {0x2212, 32, "M6 13L26 13"},
    {0x2248, 32, "M6 18Q11 22 16 18Q21 14 26 18M6 9Q11 13 16 9Q21 5 26 9"},
    {0x2264, 32, "M26 24L6 16L26 8M6 2L26 2"},
    {0x2265, 32, "M6 24L26 16L6 8M6 2L26 2"},
};

/* Accents over (or under) the middle of a small letter; over a tall one they are raised. */
static const struct letter accents[] = {
    {0x300, 0, "M-4 29L1 24"},
    {0x301, 0, "M4 29L-1 24"},
    {0x302, 0, "M-5 24L0 29L5 24"},
    {0x303, 0, "M-6 24Q-6 28 -3 28Q-1 28 0 26Q1 24 3 24Q6 24 6 28"},
    {0x304, 0, "M-5 26L5 26"},
    {0x306, 0, "M-5 29Q-5 24 0 24Q5 24 5 29"},
    {0x307, 0, "M0 27"},
    {0x308, 0, "M-4 27M4 27"},
    {0x30a, 0, "M0 31Q-4 31 -4 27Q-4 23 0 23Q4 23 4 27Q4 31 0 31"},
    {0x30b, 0, "M-2 29L-5 24M5 29L2 24"},
    {0x30c, 0, "M-5 29L0 24L5 29"},
    {0x323, 0, "M0 -6"},
    {0x327, 0, "M0 0L0 -3Q5 -3 5 -6Q5 -9 -1 -9"},
    {0x328, 0, "M2 0Q-2 -4 0 -7Q2 -8 4 -7"},
};
#define LOWEST_ABOVE 0x323 /* accents from here on stand below */
#define RAISE 8            /* units, over capitals and tall letters */

#define LETTERS (sizeof(letters) / sizeof(letters[0]))
#define ACCENTS (sizeof(accents) / sizeof(accents[0]))

static const struct letter *find(const struct letter *table, size_t count, int32_t code) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (table[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && table[low].code == code ? &table[low] : NULL;
}

/* ---- strokes --------------------------------------------------------------------------------- */

/* Where a path is put: units to sizes. */
struct place {
    double x, y; /* of its origin, in sizes */
    double wide, high;
};

static void add_point(struct strokes *strokes, double x, double y) {
    if (strokes->count == strokes->capacity) {
        int capacity = strokes->capacity ? 2 * strokes->capacity : 256;
        double *grown = realloc(strokes->points, (size_t)capacity * 2 * sizeof(*grown));
        if (!grown) {
            strokes->failed = 1;
            return;
        }
        strokes->points = grown;
        strokes->capacity = capacity;
    }
    strokes->points[2 * strokes->count] = x;
    strokes->points[2 * strokes->count + 1] = y;
    strokes->count++;
}

static void put_point(struct strokes *strokes, const struct place *place, double x, double y) {
    add_point(strokes, place->x + x * place->wide / UNITS, place->y + y * place->high / UNITS);
}

/* A dot is a little larger than the end of a stroke. */
static void add_dot(struct strokes *strokes, const struct place *place, double x, double y) {
    put_point(strokes, place, x - DOT, y - DOT);
    put_point(strokes, place, x + DOT, y - DOT);
    put_point(strokes, place, x + DOT, y + DOT);
    put_point(strokes, place, x - DOT, y + DOT);
}

static double take_number(const char **path) {
    char *end;
    double number = (double)strtol(*path, &end, 10);
    *path = end;
    return number;
}

static void add_path(struct strokes *strokes, const struct place *place, const char *path) {
    double x = 0, y = 0;
    while (*path && strokes) {
        char command = *path++;
        double first_x = take_number(&path), first_y = take_number(&path);
        if (command == 'M')
            add_point(strokes, NAN, NAN);
        if (command == 'M' && (*path == 'M' || !*path))
            add_dot(strokes, place, first_x, first_y);
        if (command == 'Q') {
            double end_x = take_number(&path), end_y = take_number(&path);
            for (int step = 1; step < CURVE_STEPS; step++) {
                double t = (double)step / CURVE_STEPS, s = 1 - t;
                put_point(strokes, place, s * s * x + 2 * s * t * first_x + t * t * end_x,
                          s * s * y + 2 * s * t * first_y + t * t * end_y);
            }
            first_x = end_x;
            first_y = end_y;
        }
        put_point(strokes, place, first_x, first_y);
        x = first_x;
        y = first_y;
    }
}

/* ---- characters ------------------------------------------------------------------------------ */

/* A letter and what stands over or under it. */
struct character {
    int32_t base;
    const struct letter *letter; /* NULL: it is not drawn here */
    const struct letter *accents[4];
    int accent_count;
    int columns; /* of a terminal */
};

static void take_accent(struct character *character, int32_t code) {
    const struct letter *accent = find(accents, ACCENTS, code);
    if (accent && character->accent_count < 4)
        character->accents[character->accent_count++] = accent;
}

static void decompose(struct character *character) {
    utf8proc_int32_t parts[8];
    int boundary = 0;
    utf8proc_ssize_t count = utf8proc_decompose_char(
        character->base, parts, 8, UTF8PROC_DECOMPOSE | UTF8PROC_STABLE, &boundary);
    if (count < 2 || count > 8)
        return;
    character->letter = find(letters, LETTERS, parts[0]);
    for (utf8proc_ssize_t i = 1; character->letter && i < count; i++) {
        if (!find(accents, ACCENTS, parts[i]))
            character->letter = NULL;
        else
            take_accent(character, parts[i]);
    }
}

/* The next character of the text with the marks that join it. Returns the bytes of it. */
static size_t next_character(const char *text, size_t length, struct character *character) {
    int32_t code;
    int bytes = unicode_decode(text, length, &code);
    *character = (struct character){.base = bytes > 0 ? code : '?', .columns = 1};
    size_t used = bytes > 0 ? (size_t)bytes : 1;
    int width = unicode_width(character->base);
    character->columns = width > 1 ? 2 : 1;
    character->letter = find(letters, LETTERS, character->base);
    if (!character->letter)
        decompose(character);
    while (used < length && (bytes = unicode_decode(text + used, length - used, &code)) > 0 &&
           unicode_width(code) == 0) {
        take_accent(character, code);
        used += (size_t)bytes;
    }
    if (character->accent_count > 0 && (character->base == 'i' || character->base == 'j' ||
                                        (character->letter && character->letter->code == 'i')))
        character->letter = find(letters, LETTERS, 0x131);
    return used;
}

static int is_tall(int32_t code) {
    return (code >= 'A' && code <= 'Z') || (code < 128 && strchr("bdfhklt", (int)code));
}

static void add_letter(struct strokes *strokes, const struct place *place,
                       const struct character *character) {
    const struct letter *letter = character->letter;
    add_path(strokes, place, letter->path);
    for (int i = 0; i < character->accent_count; i++) {
        const struct letter *accent = character->accents[i];
        struct place over = *place;
        over.x += letter->advance / 2.0 * place->wide / UNITS;
        if (accent->code < LOWEST_ABOVE && is_tall(letter->code))
            over.y += RAISE * place->high / UNITS;
        add_path(strokes, &over, accent->path);
    }
}

#define BOX_UNITS 34 /* width of the box of an unknown character */

/* The hexadecimal code of a character in a box of two lines. */
static void add_box(struct strokes *strokes, const struct place *place, int32_t code) {
    static const char digits[] = "0123456789ABCDEF";
    int count = code > 0xffff ? 6 : 4, across = count / 2;
    add_path(strokes, place, "M2 -7L2 32L32 32L32 -7L2 -7");
    for (int i = 0; i < count; i++) {
        struct place digit = *place;
        digit.x += (across == 3 ? 5.5 + i % 3 * 8 : 7 + i % 2 * 11.5) * place->wide / UNITS;
        digit.y += (i < across ? 16 : -2) * place->high / UNITS;
        digit.wide *= across == 3 ? 0.28 : 0.4;
        digit.high *= 0.4;
        const struct letter *letter =
            find(letters, LETTERS, digits[code >> 4 * (count - 1 - i) & 15]);
        add_path(strokes, &digit, letter->path);
    }
}

double font_trace(struct strokes *strokes, const char *text, double pitch) {
    size_t length = strlen(text);
    double x = 0;
    while (length > 0) {
        struct character character;
        size_t used = next_character(text, length, &character);
        double advance =
            (SPACING + (character.letter ? character.letter->advance : BOX_UNITS)) / UNITS;
        double room = pitch > 0 ? pitch * character.columns : advance;
        struct place place = {x, 0, 1, 1};
        if (advance > room)
            place.wide = room / advance;
        else
            place.x += (room - advance) / 2;
        if (character.letter)
            add_letter(strokes, &place, &character);
        else
            add_box(strokes, &place, character.base);
        x += room;
        text += used;
        length -= used;
    }
    return x;
}

double font_width(const char *text) {
    return font_trace(NULL, text, 0) * ROOM;
}

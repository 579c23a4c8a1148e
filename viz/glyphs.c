/*
 * glyphs.c - the sets of characters.
 */
#include "viz/glyphs.h"

/* What both sets of UTF-8 share: all but the parts of a scale. */
#define UTF8_SIGNS                                                                                 \
    .blocked = "·", .more = {"+", "╋"}, .less = {"−", "━"},                                        \
    .bar = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"}, .rule = "─", .dashed = "╌",              \
    .vertical = "│", .prompt = "❯", .running = "▶", .delta = "Δ", .minus = "−", .ellipsis = "…",   \
    .arrow = "→", .continuation = "·", .point = "•", .best = "◆", .yes = "✓", .no = "✗",           \
    .differ = "≠", .rising = "▲", .falling = "▼",                                                  \
    .lines = {".", "+", "x", "o", "=", "%", "s", "v"},                                             \
    .joints = {" ", "│", "│", "│", "─", "┘", "┐", "┤", "─", "└", "┌", "├", "─", "┴", "┬", "┼"},    \
    .unicode = 1

const struct glyphs glyphs_utf8 = {
    .ramp = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}, .ramp_count = 8, .tiny = "▁", UTF8_SIGNS};

const struct glyphs glyphs_digits = {.ramp = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
                                     .ramp_count = 10,
                                     .tiny = "0",
                                     UTF8_SIGNS};

const struct glyphs glyphs_ascii = {
    .ramp = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
    .ramp_count = 10,
    .tiny = "0",
    .blocked = ".",
    .more = {"+", "#"},
    .less = {"-", "="},
    .bar = {" ", ".", ".", "-", "-", "=", "=", "#", "#"},
    .rule = "-",
    .dashed = "-",
    .vertical = "|",
    .prompt = ">",
    .running = ">",
    .delta = "d",
    .minus = "-",
    .ellipsis = "~",
    .arrow = ">",
    .continuation = "#",
    .point = "*",
    .best = "@",
    .yes = "+",
    .no = "x",
    .differ = "!",
    .rising = "^",
    .falling = "v",
    .lines = {".", "+", "x", "o", "=", "%", "s", "v"},
    .joints = {" ", "|", "|", "|", "-", "+", "+", "+", "-", "+", "+", "+", "-", "+", "+", "+"},
    .unicode = 0,
};

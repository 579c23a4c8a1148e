/*
 * glyphs.c - the two sets of characters.
 */
#include "viz/glyphs.h"

const struct glyphs glyphs_utf8 = {
    .ramp = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
    .ramp_count = 8,
    .tiny = "▁",
    .blocked = "·",
    .bar = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"},
    .rule = "─",
    .dashed = "╌",
    .vertical = "│",
    .prompt = "❯",
    .running = "▶",
    .delta = "Δ",
    .minus = "−",
    .ellipsis = "…",
    .arrow = "→",
    .continuation = "·",
    .point = "•",
    .lines = {".", "+", "x", "o"},
    .unicode = 1,
};

const struct glyphs glyphs_ascii = {
    .ramp = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
    .ramp_count = 10,
    .tiny = "0",
    .blocked = ".",
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
    .lines = {".", "+", "x", "o"},
    .unicode = 0,
};

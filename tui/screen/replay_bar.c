/*
 * replay_bar.c - playing a session on the screen.
 */
#include "tui/screen/replay_bar.h"

#include <stdio.h>
#include <string.h>

#include "tui/screen/sight.h"

#define MARKERS_MOST 64

/* Commands that only look; the first ones move the replay. */
#define BAR_COMMANDS 4
static const char *const looking[] = {
    "seek",      "play",     "speed",   "go-live",   "view",    "pane",    "split",    "close",
    "only",      "zoom",     "layout",  "layer",     "head",    "cursor",  "mode",     "mean",
    "threshold", "special",  "words",   "transpose", "row",     "bins",    "zoom-map", "maps",
    "save",      "show",     "palette", "ramp",      "keys",    "help",    "?",        "heads",
    "metric",    "rank",     "find",    "blocks",    "curve",   "axis",    "scale",    "smooth",
    "zoom-x",    "step",     "log",     "bookmarks", "picture", "presets", "sort",     "filter",
    "mouse",     "sessions", "quit",    "q",         "mask",    "metrics", "runs",     NULL};

int replay_bar_allows(struct screen *screen, const char *line) {
    size_t word = strcspn(line, " \t");
    if (!screen->workbench->replay)
        return 1;
    for (int i = 0; looking[i]; i++) {
        if (strlen(looking[i]) != word || strncmp(looking[i], line, word) != 0)
            continue;
        if (i >= BAR_COMMANDS)
            replay_touch(screen->workbench->replay);
        return 1;
    }
    workbench_message(screen->workbench, MESSAGE_ERROR,
                      "%.*s: this is a replay, which only looks; `go-live` goes on from here",
                      (int)word, line);
    return 0;
}

int replay_bar_has_keys(const struct screen *screen) {
    return screen->workbench->replay && !screen->off_bar && !screen->without_bar &&
           !screen->prompt_open && !screen->first_key && screen_focus(screen) != FOCUS_TEXT;
}

int replay_bar_key(struct screen *screen, int key) {
    struct workbench *workbench = screen->workbench;
    if (!workbench->replay || screen->prompt_open || screen->first_key)
        return 0;
    if (key == KEYS_TAB) {
        screen->off_bar = !screen->off_bar;
        screen->on_map = 1;
        workbench->changed = 1;
        return 1;
    }
    const struct key_sources sources = screen_keys(screen);
    const struct key_binding *binding =
        replay_bar_has_keys(screen) ? keys_find(&sources, FOCUS_REPLAY, 0, key) : NULL;
    if (binding && binding->focus == FOCUS_REPLAY) {
        workbench->message_kind = MESSAGE_NONE;
        screen_run_key(screen, binding->command);
        return 1;
    }
    screen->on_map = 1; /* a sentence cannot be edited here */
    return 0;
}

int replay_bar_rows(const struct screen *screen, int rows) {
    return screen->workbench->replay && !screen->without_bar && rows > SCREEN_ROWS_MINIMUM;
}

static const char *time_text(char *text, size_t size, double seconds, int hours) {
    int whole = (int)seconds;
    if (hours)
        snprintf(text, size, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
    else
        snprintf(text, size, "%d:%02d", whole / 60, whole % 60);
    return text;
}

/* What is to be known of the maps: those of an answer are not always recorded. */
static void maps_text(const struct replay *replay, char *text, size_t size) {
    int64_t a = replay_maps_step(replay, ARM_A), b = replay_maps_step(replay, ARM_B);
    int64_t step = a != -1 ? a : b;
    text[0] = '\0';
    if (step == -2)
        snprintf(text, size, "maps not recorded here");
    else if (step >= 0)
        snprintf(text, size, "maps of step %lld", (long long)step);
}

static void draw_line(struct screen *screen, struct area area, int column, int columns) {
    const struct replay *replay = screen->workbench->replay;
    double total = replay_seconds(replay), seconds, share;
    const struct glyphs *glyphs = screen->glyphs;
    const char *line = glyphs->unicode ? "\342\224\200" : "-";
    char name[64];
    share = total > 0 ? replay_state(replay)->now / total : 0;
    int at = (int)((share < 0 ? 0 : share > 1 ? 1 : share) * (columns - 1) + 0.5);
    for (int i = 0; i < columns; i++)
        area_text(area, 0, column + i, i <= at ? MEANING_ACCENT_A : MEANING_FAINT, 0, line);
    for (int i = 0; i < MARKERS_MOST && replay_marker(replay, i, &seconds, name, sizeof(name)); i++)
        area_text(area, 0, column + (total > 0 ? (int)(seconds / total * (columns - 1) + 0.5) : 0),
                  MEANING_KEY, CELL_BOLD, glyphs->unicode ? "\342\224\277" : "+");
    area_text(area, 0, column + at, MEANING_ACCENT_A, CELL_BOLD,
              glyphs->unicode ? "\342\227\217" : "O");
}

void replay_bar_draw(struct screen *screen, struct area area) {
    const struct replay *replay = screen->workbench->replay;
    const struct replay_play *play = replay_state(replay);
    const struct log_reader *log = replay_log(replay);
    double total = replay_seconds(replay);
    char left[80], right[80], now[24], all[24], maps[40], speed[16];
    int unicode = screen->glyphs->unicode;
    const char *sign =
        play->playing ? (unicode ? "\342\226\266" : ">") : (unicode ? "\342\200\226" : "=");
    area_fill(area, MEANING_TEXT, " ");
    snprintf(speed, sizeof(speed), play->speed < 1 ? "%.3g" : "%.0f", play->speed);
    snprintf(left, sizeof(left), "%s %s / %s  %s%s", sign,
             time_text(now, sizeof(now), play->now, total >= 3600),
             time_text(all, sizeof(all), total, total >= 3600), unicode ? "\303\227" : "x", speed);
    maps_text(replay, maps, sizeof(maps));
    size_t position = replay_position(replay);
    int64_t step = position > 0 ? log->records[position - 1].stamp.step : 0;
    right[0] = '\0';
    if (step > 0)
        snprintf(right, sizeof(right), "step %lld%s%s", (long long)step, maps[0] ? "  " : "", maps);
    else
        snprintf(right, sizeof(right), "%s", maps);
    int column = 1 + area_text(area, 0, 1, MEANING_NOTE, 0, left) + 2;
    int end = area.columns - 1;
    if (right[0] && end - column - text_columns(right) > 12)
        end -= area_text_right(area, 0, end, MEANING_FAINT, 0, right) + 2;
    if (end - column > 4)
        draw_line(screen, area, column, end - column);
}

void replay_bar_follow(struct screen *screen, double clock) {
    struct workbench *workbench = screen->workbench;
    struct replay *replay = workbench->replay;
    struct sawb_error error;
    if (!replay)
        return;
    int status = replay_follow(replay, clock, &error);
    workbench->changed |= status != 0 || replay_state(replay)->playing;
    if (status < 0)
        workbench_message(workbench, MESSAGE_ERROR, "%s", error.message);
    if (status > 0 && workbench->replay)
        screen_take_sight(screen, replay_sight(replay));
}

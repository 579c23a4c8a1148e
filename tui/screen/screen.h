/*
 * screen.h - the ncurses door: the workbench on a terminal, keys in, a grid out.
 *
 * Everything but term.c and screen.c is free of curses: keys change the workbench and the few
 * things below (control.c), screen_draw writes what there is into a grid (layout.c and the views),
 * and the loop (screen.c) hands the grid to the terminal. A test does the same without one:
 *
 *     screen_create(&screen, &workbench, &glyphs_utf8, &error);
 *     screen_key(screen, '2');
 *     screen_draw(screen, grid);
 *     screen_free(screen);
 */
#ifndef SAWB_TUI_SCREEN_SCREEN_H
#define SAWB_TUI_SCREEN_SCREEN_H

#include "tui/app/workbench.h"
#include "tui/command/command.h"
#include "tui/screen/keys.h"
#include "tui/screen/line_editor.h"
#include "viz/glyphs.h"
#include "viz/grid.h"

#define SCREEN_ROWS_MINIMUM 16
#define SCREEN_COLUMNS_MINIMUM 60

/* Where one reads in a text: a view's (by enum view) or a command's answer. */
#define TEXT_ANSWER VIEWS
#define TEXTS (VIEWS + 1)
struct text_place {
    int scroll, page, lines;
};

/* Where things stood when they were drawn last: what the mouse points at. The area has no grid. */
struct drawn {
    struct area panes; /* no rows: nothing was drawn */
    int alone;         /* 1: the pane that has the keys fills it */
    int sentence_row;  /* -1: not shown */
    int sentence_columns;
    int prompt_row; /* -1: not shown */
};

/* What the mouse is about. */
struct pointer {
    int pressed,
        dragging;    /* node of a pane where the button went down or border it moves, plus 1 */
    int row, column; /* of the last press */
    double time;
};

struct screen {
    struct workbench *workbench; /* borrowed */
    const struct glyphs *glyphs;
    double now; /* seconds since 1970, set before keys and drawing */

    struct line_editor sentence, prompt;
    int on_map;            /* keys go to the map, otherwise to the sentence */
    int off_bar;           /* in a replay: keys go to the views, otherwise to its bar first */
    int without_bar;       /* a replay is drawn as the session was, without its bar */
    int prompt_open;       /* keys go to the prompt */
    int prompted;          /* the command about to run was written at the prompt */
    int finding;           /* the prompt searches commands instead of taking one */
    int first_key;         /* the first key of two, 0: none */
    double asked_to_leave; /* when a first Ctrl-C or q asked for a second; 0: not */

    /* Candidates for the word before the end of the prompt; `chosen` -1: none is in the line yet.
     */
    struct completion *completions;
    int completion_count, chosen;
    size_t completion_start;

    char *answer;            /* lines a command answered with, shown over the view; NULL: none */
    int scroll, page, lines; /* of the text that is read: first line, lines shown, lines in all */
    int first_query, first_key_token; /* of the visible part of the maps */

    size_t paste_dropped; /* bytes left out of the paste so far */
    int paste_failed;     /* a part of it had no room */

    struct text_place texts[TEXTS]; /* of the texts that do not have the fields above now */
    int text;                       /* index of the one that has */
    struct drawn drawn;
    struct pointer pointer;

    int redraw, suspend; /* asked of the loop, which clears them */
    int leaving;         /* the user or a signal ends the screen once long work has stopped */
};

/* A view fills the part of the screen between the arms and the message line, or all of it. What it
 * is called stands in tui/app/views.c. */
struct view_ops {
    int whole; /* 1: without the sentence and the arms above it, when it is the only pane */
    /* Keys of this view alone, of FOCUS_MAP, which go before those of every view; ends with a row
     * without a command. NULL: none. */
    const struct key_binding *keys;
    /*
     * Draws into an area of any size; several views may be on the screen, so only the area's own
     * size counts. The area's first row is the border to what is above: a rule (area_rule) with a
     * title in it. layout.c accents that of the pane that has the keys, adds the view's name where
     * the title does not say it, and joins it with the other borders.
     */
    void (*draw)(struct screen *screen, struct area area);
    /*
     * The mouse at (row, column) of the area it was last drawn in, after the pane has got the keys.
     * As a key does, it runs a command line (screen_command). Returns 1 when it meant something.
     * NULL, or 0 for the wheel: the wheel moves as the arrow keys do.
     */
    int (*click)(struct screen *screen, struct area area, int row, int column,
                 enum mouse_event event);
};
extern const struct view_ops view_heads, view_metrics, view_data;
extern const struct view_ops view_mask, view_pruning, view_console;
extern const struct view_ops view_attention, view_training, view_help, view_answer, view_prediction,
    view_sweep, view_timing;

/* By enum view; NULL past the last. */
const struct view_ops *screen_view_get(int view);
/* What is shown: the answer of a command over whatever view was there. */
const struct view_ops *screen_view(const struct screen *screen);

/* Takes the workbench's sentence over; from now on answers follow a model in training. */
int screen_create(struct screen **screen, struct workbench *workbench, const struct glyphs *glyphs,
                  struct sawb_error *error);
void screen_free(struct screen *screen);

enum focus screen_focus(const struct screen *screen);
/* Where keys are looked up at present. */
struct key_sources screen_keys(const struct screen *screen);
/* Runs what a key is bound to: a word of screen_actions with its argument, or a command line. */
void screen_run_key(struct screen *screen, const char *text);
/* The fields scroll, page and lines become those of this text (TEXT_ANSWER or a view). */
void screen_take_text(struct screen *screen, int text);
/* The text that has the keys, or would have if it is one. */
int screen_text(const struct screen *screen);
/* The sentence was edited: the model reads it. */
void screen_read_sentence(struct screen *screen);

/* What the terminal sent. */
void screen_key(struct screen *screen, int key);
/* `continued`: a later part of the paste before; when one part has no room, the later ones are
 * dropped. */
void screen_paste(struct screen *screen, const char *text, size_t length, int continued);
void screen_invalid(struct screen *screen, size_t bytes); /* dropped, not UTF-8 */

/* The mouse, at a place of the screen (from 0). */
void screen_mouse(struct screen *screen, enum mouse_event event, int row, int column);

/* Asks long work to stop and then ends the screen. */
void screen_leave(struct screen *screen);

/* A word the screen itself understands: what no command of the table does. NULL past the last. */
struct screen_action {
    const char *name;
    void (*run)(struct screen *screen, const char *argument);
};
const struct screen_action *screen_action_get(int index);

/* Runs a line of the command language and shows it; answers of several lines open as a text. */
void screen_command(struct screen *screen, const char *line);

/* Runs the script that the settings name, or the user's `config` if it is there; what fails in it
 * is shown. */
void screen_configure(struct screen *screen);

/* Draws all of it; `grid` may have any size. */
void screen_draw(struct screen *screen, struct grid *grid);

/* Title and position of a text of so many lines that is read with screen->scroll, which it pulls
 * into the text. Returns the part for the lines. */
struct area text_frame(struct screen *screen, struct area area, const char *title, int lines);

/* Curves of the run, in as much room as there is; also the strip under the maps. */
void curves_draw(struct screen *screen, struct area area);

/* A share or a number with its sign in `decimals` places, e.g. "−0.017". Returns `text`. */
char *signed_text(char *text, size_t size, double value, int decimals, const struct glyphs *glyphs);

/* Text in at most `columns` columns, cut with an ellipsis. Returns the columns it took. */
int draw_cut(struct area area, int row, int column, int columns, enum meaning meaning,
             unsigned flags, const char *text, const struct glyphs *glyphs);

/* The next row of a text that is wrapped at `columns`: its bytes; *next is where the row after it
 * starts. */
size_t text_wrap(const char *text, int columns, const char **next);

/* 1 when the arm's answer is old and has been for so long that it should look so. */
int screen_is_late(const struct screen *screen, int arm);

/* Seconds until the picture changes by itself (an answer that is late); negative: it does not. */
double screen_patience(const struct screen *screen);

/* Opens the terminal, works until the user quits, gives the terminal back. */
int screen_run(struct workbench *workbench, struct sawb_error *error);

#endif

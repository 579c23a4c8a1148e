/*
 * term.c - the only file that includes curses; see term.h.
 *
 * ncurses knows the terminal and sends the differences; keys are read and decoded by input.c. The
 * terminal's former state is kept in two forms: by ncurses for an orderly end, and as plain bytes
 * and a struct termios for a crash, where only async-signal-safe calls may be made.
 */
#include "tui/screen/term.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include <curses.h>
#include <term.h>
#undef columns /* term.h defines names of capabilities as macros */

#include "core/text/unicode.h"
#include "tui/screen/term_entry.h"

#define PASTE_ON "\033[?2004h"
#define PASTE_OFF "\033[?2004l"
/* Buttons, motion while one is down, and places as decimal numbers. Where the last two are unknown
 * the first one still works. */
#define MOUSE_ON "\033[?1000h\033[?1002h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1002l\033[?1000l"
#define RESTORE_BYTES 256
#define CRASH_STACK 32768 /* a frame alone takes 12 kB with the registers of the matrix unit */
#define PAIRS_MOST 255    /* what every terminal with colours has at least, but one */

static struct {
    int open, colors, has_paste, has_mouse, mouse_on;
    SCREEN *screen;
    struct termios before;
    char restore[RESTORE_BYTES]; /* what a crash sends */
    size_t restore_length;
    const char *palette; /* name of the one whose pairs are set up, NULL: none */
    struct grid *shown;  /* what the terminal holds; NULL: unknown */
    cchar_t *row;        /* [columns] */
} terminal;

/* ---- crashes --------------------------------------------------------------------------------- */

static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
#define CRASHES (sizeof(crashes) / sizeof(crashes[0]))
static struct sigaction crashes_before[CRASHES];
static char crash_stack[CRASH_STACK];

/* Gives the terminal back and lets the signal do what it would have done: a fault happens again
 * when its instruction is met again, a signal that somebody sent has to be sent again. */
static void on_crash(int number, siginfo_t *information, void *context) {
    (void)context;
    ssize_t written = write(STDOUT_FILENO, terminal.restore, terminal.restore_length);
    (void)written;
    tcsetattr(STDIN_FILENO, TCSANOW, &terminal.before);
    for (size_t i = 0; i < CRASHES; i++)
        if (crashes[i] == number)
            sigaction(number, &crashes_before[i], NULL);
    if (information->si_code <= 0)
        raise(number);
}

static void watch_crashes(void) {
    struct sigaction action = {.sa_sigaction = on_crash,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    stack_t stack = {.ss_sp = crash_stack, .ss_size = sizeof(crash_stack)};
    sigemptyset(&action.sa_mask);
    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < CRASHES; i++)
        sigaction(crashes[i], &action, &crashes_before[i]);
}

static void unwatch_crashes(void) {
    for (size_t i = 0; i < CRASHES; i++)
        sigaction(crashes[i], &crashes_before[i], NULL);
}

static void add_restore(const char *text) {
    if (!text || text == (const char *)-1)
        return;
    /* Padding marks ("$<5>") are for real lines only. */
    for (size_t at = 0; text[at]; at++) {
        if (text[at] == '$' && text[at + 1] == '<') {
            const char *end = strchr(text + at, '>');
            if (end) {
                at = (size_t)(end - text);
                continue;
            }
        }
        if (terminal.restore_length < sizeof(terminal.restore))
            terminal.restore[terminal.restore_length++] = text[at];
    }
}

static void remember_restore(void) {
    terminal.restore_length = 0;
    if (terminal.has_paste)
        add_restore(PASTE_OFF);
    if (terminal.has_mouse)
        add_restore(MOUSE_OFF);
    add_restore(tigetstr("sgr0"));
    add_restore(tigetstr("cnorm"));
    add_restore(tigetstr("rmcup"));
}

/* ---- colours of 24 bits ---------------------------------------------------------------------- */

#define DIRECT_NAME "sawb-direct"
#define DIRECT_PAIRS 65536

static int count_names(NCURSES_CONST char *const *names) {
    int count = 0;
    while (names[count])
        count++;
    return count;
}

/* The string that stands for one of the terminal's: colour numbers are RGB values, and there is no
 * table of them to be changed. */
static const char *direct_string(const char *name) {
    const char *own = tigetstr(name);
    if (strcmp(name, "setaf") == 0)
        return term_entry_foreground;
    if (strcmp(name, "setab") == 0)
        return term_entry_background;
    if (strcmp(name, "initc") == 0 || strcmp(name, "oc") == 0)
        return NULL;
    return own == (char *)-1 ? NULL : own;
}

static int direct_number(const char *name) {
    return strcmp(name, "colors") == 0  ? 1 << 24
           : strcmp(name, "pairs") == 0 ? DIRECT_PAIRS
                                        : tigetnum(name);
}

/* The present terminal's entry with direct colours, owned by the caller; NULL when out of memory.
 */
static char *direct_entry(void) {
    int flag_count = count_names(boolnames), number_count = count_names(numnames);
    int string_count = count_names(strnames);
    unsigned char *flags = calloc((size_t)flag_count, 1);
    int *numbers = calloc((size_t)number_count, sizeof(*numbers));
    const char **strings = calloc((size_t)string_count, sizeof(*strings));
    char *text = NULL;
    if (flags && numbers && strings) {
        for (int i = 0; i < flag_count; i++)
            flags[i] = strcmp(boolnames[i], "ccc") != 0 && tigetflag(boolnames[i]) > 0;
        for (int i = 0; i < number_count; i++)
            numbers[i] = direct_number(numnames[i]);
        for (int i = 0; i < string_count; i++)
            strings[i] = direct_string(strnames[i]);
        struct term_entry entry = {DIRECT_NAME, flags,        numbers,     strings,
                                   flag_count,  number_count, string_count};
        text = term_entry_print(&entry);
    }
    free(flags);
    free(numbers);
    free(strings);
    return text;
}

/* The terminal with RGB colours, NULL when it does not have them or ncurses will not. */
static SCREEN *open_direct(const char *name) {
    char *before = getenv("TERMINFO") ? strdup(getenv("TERMINFO")) : NULL;
    SCREEN *screen = NULL;
    int status;
    if (setupterm(name, STDOUT_FILENO, &status) == ERR) {
        free(before);
        return NULL;
    }
    int wanted = term_entry_wanted(getenv("COLORTERM"), name, getenv("TMUX"), tigetnum("colors")) &&
                 tigetnum("colors") == 256;
    char *entry = wanted ? direct_entry() : NULL;
    del_curterm(cur_term);
    if (entry && setenv("TERMINFO", entry, 1) == 0) {
        screen = newterm(DIRECT_NAME, stdout, stdin);
        if (before)
            setenv("TERMINFO", before, 1);
        else
            unsetenv("TERMINFO");
    }
    free(entry);
    free(before);
    return screen;
}

/* ---- opening and closing --------------------------------------------------------------------- */

static int locale_is_utf8(void) {
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* Only characters are taken from the environment: numbers keep the point everywhere. */
int term_is_utf8(void) {
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    int chosen = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        chosen |= value && value[0];
    }
    setlocale(LC_CTYPE, "");
    if (!locale_is_utf8() && !chosen)
        setlocale(LC_CTYPE, "C.UTF-8");
    return locale_is_utf8();
}

int term_colors(void) {
    return terminal.colors;
}

static void send_now(const char *text) {
    putp(text);
    fflush(stdout);
}

void term_mouse(int on) {
    on = on && terminal.has_mouse;
    if (!terminal.open || terminal.mouse_on == on)
        return;
    send_now(on ? MOUSE_ON : MOUSE_OFF);
    terminal.mouse_on = on;
}

int term_open(int color, struct sawb_error *error) {
    int status = 0;
    const char *name = getenv("TERM");
    if (terminal.open)
        return 0;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return error_set(error, "the screen needs a terminal; without one use `sawb predict TEXT`, "
                                "or `sawb help` for all commands");
    if (!name || !name[0])
        return error_set(error, "TERM is not set, so that nothing is known of the terminal; set it "
                                "(for example TERM=xterm-256color)");
    term_is_utf8();
    if (setupterm(name, STDOUT_FILENO, &status) == ERR)
        return error_set(error,
                         "TERM=%s is not known here; set one that is (for example "
                         "TERM=xterm-256color), or install ncurses-term",
                         name);
    char *address = tigetstr("cup");
    del_curterm(cur_term);
    if (!address || address == (char *)-1)
        return error_set(error,
                         "TERM=%s cannot place text on the screen; use another terminal, or "
                         "`sawb help` for the commands that need none",
                         name);
    tcgetattr(STDIN_FILENO, &terminal.before);
    terminal.screen = color ? open_direct(name) : NULL;
    if (!terminal.screen)
        terminal.screen = newterm(NULL, stdout, stdin);
    if (!terminal.screen)
        return error_set(error, "ncurses cannot open the terminal (TERM=%s)", name);
    typeahead(-1); /* a frame is sent whole, also while keys come */
    raw();
    noecho();
    nonl();
    curs_set(0);
    leaveok(stdscr, FALSE);
    scrollok(stdscr, FALSE);
    terminal.colors = 0;
    if (color && has_colors()) {
        start_color();
        use_default_colors();
        terminal.colors = COLORS;
    }
    /* The linux console prints what it does not know of; all that have an alternate screen know it.
     */
    char *alternate = tigetstr("smcup");
    terminal.has_paste = alternate && alternate != (char *)-1;
    char *mouse = tigetstr("kmous");
    terminal.has_mouse = mouse && mouse != (char *)-1;
    terminal.mouse_on = 0;
    remember_restore();
    watch_crashes();
    static int at_exit;
    if (!at_exit)
        at_exit = atexit(term_close) == 0;
    if (terminal.has_paste)
        send_now(PASTE_ON);
    terminal.open = 1;
    return 0;
}

static void drop_shown(void) {
    grid_free(terminal.shown);
    terminal.shown = NULL;
}

void term_close(void) {
    if (!terminal.open)
        return;
    term_mouse(0);
    terminal.open = 0;
    if (terminal.has_paste)
        send_now(PASTE_OFF);
    endwin();
    unwatch_crashes();
    delscreen(terminal.screen);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.before);
    drop_shown();
    free(terminal.row);
    terminal.row = NULL;
    terminal.palette = NULL;
}

void term_suspend(void) {
    int mouse = terminal.mouse_on;
    term_mouse(0);
    if (terminal.has_paste)
        send_now(PASTE_OFF);
    endwin();
    tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.before);
    struct sigaction usual = {.sa_handler = SIG_DFL}, before;
    sigemptyset(&usual.sa_mask);
    /* The others of the job first, then this process: raise, unlike kill, stops before it returns.
     */
    sigaction(SIGTSTP, &(struct sigaction){.sa_handler = SIG_IGN}, &before);
    kill(0, SIGTSTP);
    sigaction(SIGTSTP, &usual, NULL);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &before, NULL);
    if (terminal.has_paste)
        send_now(PASTE_ON);
    term_mouse(mouse);
    term_forget();
}

/* ---- drawing --------------------------------------------------------------------------------- */

void term_size(int *rows, int *columns) {
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0 &&
        (size.ws_row != LINES || size.ws_col != COLS)) {
        resizeterm(size.ws_row, size.ws_col);
        term_forget();
    }
    *rows = LINES;
    *columns = COLS;
}

void term_forget(void) {
    drop_shown();
    if (terminal.open)
        clearok(curscr, TRUE);
}

static const struct look *look_of(const struct palette *palette, int meaning) {
    return &palette->looks[meaning < MEANING_COUNT ? meaning : MEANING_TEXT];
}

/* A pair of colours for each meaning. */
static void set_pairs(const struct palette *palette) {
    struct terminal_look looks[MEANING_COUNT];
    palette_reduce(palette, terminal.colors, looks);
    for (int meaning = 0; terminal.colors && meaning < MEANING_COUNT && meaning < PAIRS_MOST;
         meaning++)
        init_extended_pair(meaning + 1, looks[meaning].foreground, looks[meaning].background);
    terminal.palette = palette->name;
}

static attr_t attributes(const struct look *look, unsigned flags) {
    attr_t attribute = A_NORMAL;
    if (look->bold || flags & CELL_BOLD)
        attribute |= A_BOLD;
    if (look->underline || flags & CELL_UNDERLINE)
        attribute |= A_UNDERLINE;
    if (look->dim)
        attribute |= A_DIM;
    int reverse = look->reverse ? 1 : 0;
    if (flags & CELL_REVERSE)
        reverse = !reverse;
    if (flags & CELL_CURSOR)
        reverse = !reverse;
    return reverse ? attribute | A_REVERSE : attribute;
}

/*
 * A glyph as wide characters. Where the C library's idea of its width is not the grid's, and where
 * the locale cannot show it, it becomes question marks of the right width: the columns stay
 * aligned.
 */
static void to_wide(const char *glyph, int columns, wchar_t wide[CCHARW_MAX + 1]) {
    size_t length = strlen(glyph);
    int count = 0;
    while (length > 0 && count < CCHARW_MAX) {
        int32_t code;
        int bytes = unicode_decode(glyph, length, &code);
        if (bytes <= 0)
            break;
        int width = wcwidth((wchar_t)code);
        if (count == 0 ? width != columns : width != 0)
            break;
        wide[count++] = (wchar_t)code;
        glyph += bytes;
        length -= (size_t)bytes;
    }
    if (count == 0)
        wide[count++] = L'?';
    wide[count] = L'\0';
}

static void draw_row(const struct grid *grid, const struct palette *palette, int row) {
    const struct cell *cells = grid->cells + (size_t)row * (size_t)grid->columns;
    int count = 0;
    for (int column = 0; column < grid->columns; column++) {
        const struct cell *cell = &cells[column];
        const struct look *look = look_of(palette, cell->meaning);
        int columns = column + 1 < grid->columns && cell[1].flags & CELL_TAIL ? 2 : 1;
        short pair = terminal.colors ? (short)(cell->meaning + 1) : 0;
        wchar_t wide[CCHARW_MAX + 1];
        to_wide(cell->glyph, columns, wide);
        setcchar(&terminal.row[count++], wide, attributes(look, cell->flags), pair, NULL);
        if (columns == 2 && wcwidth(wide[0]) == 1)
            setcchar(&terminal.row[count++], wide, attributes(look, cell->flags), pair, NULL);
        column += columns - 1;
    }
    mvadd_wchnstr(row, 0, terminal.row, count);
}

/* No cell is like what is shown. */
static void forget_cells(const struct grid *grid) {
    memset(terminal.shown->cells, 0xff,
           (size_t)grid->rows * (size_t)grid->columns * sizeof(*grid->cells));
}

/* The picture that differences are taken against has the terminal's size. */
static int make_room(const struct grid *grid) {
    if (terminal.shown && terminal.shown->rows == grid->rows &&
        terminal.shown->columns == grid->columns)
        return 0;
    drop_shown();
    cchar_t *row = realloc(terminal.row, ((size_t)grid->columns + 1) * sizeof(*row));
    if (!row)
        return -1;
    terminal.row = row;
    terminal.shown = grid_create(grid->rows, grid->columns, NULL);
    if (!terminal.shown)
        return -1;
    forget_cells(grid);
    return 0;
}

void term_draw(const struct grid *grid, const struct palette *palette) {
    size_t bytes = (size_t)grid->columns * sizeof(*grid->cells);
    if (!terminal.open || grid->rows != LINES || grid->columns != COLS || make_room(grid) < 0)
        return;
    if (terminal.palette != palette->name) {
        set_pairs(palette);
        forget_cells(grid);
    }
    for (int row = 0; row < grid->rows; row++) {
        size_t at = (size_t)row * (size_t)grid->columns;
        if (memcmp(terminal.shown->cells + at, grid->cells + at, bytes) == 0)
            continue;
        draw_row(grid, palette, row);
        memcpy(terminal.shown->cells + at, grid->cells + at, bytes);
    }
    curs_set(grid->cursor_row >= 0);
    if (grid->cursor_row >= 0)
        move(grid->cursor_row, grid->cursor_column);
    refresh();
}

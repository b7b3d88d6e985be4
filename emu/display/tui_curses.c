/*
 * ncurses' side of the text interface: see tui_curses.h. Only cells that changed since the last time are given to it.
 */
#include "emu/display/tui_curses.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "emu/display/terminal.h"

#define SIDE_MAX 500 /* characters that are used, either side */
#define DIRECT_COLOURS 0x1000000

struct tui_curses {
	SCREEN *screen;
	u32 colours;        /* 0: none */
	bool has_utf8;      /* or ASCII stands for what is drawn */
	struct sheet shown; /* what is on the terminal; empty: nothing that we know */
};

/* --- taking it --- */

/* True if characters may be sent as UTF-8: also where no locale is set at all, as often over ssh. */
static bool settle_locale(void)
{
	const char *name = setlocale(LC_CTYPE, "");

	if (name && strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
		return true;
	return (!name || strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0) && setlocale(LC_CTYPE, "C.UTF-8");
}

/* ncurses would catch these; rvemu has ways of its own to end. */
static SCREEN *open_screen(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGTSTP, SIGWINCH };
	struct sigaction before[ARRAY_SIZE(signals)];
	SCREEN *screen;

	for (u32 i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], NULL, &before[i]);
	screen = newterm(NULL, stdout, stdin);
	for (u32 i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &before[i], NULL);
	return screen;
}

static void settle_colours(struct tui_curses *c)
{
	if (!has_colors() || start_color() == ERR)
		return;
	c->colours = COLORS >= 256 ? (u32)COLORS : COLORS >= 16 ? 16 : COLORS >= 8 ? 8 : 0;
	/* With 8 colours there are 64 pairs: enough only if the terminal's own count as two of the 8. */
	if (c->colours > 8)
		use_default_colors();
}

/* By its description in the terminfo database. */
static bool can_move_cursor(void)
{
	const char *sequence = tigetstr("cup");

	return sequence && sequence != (const char *)-1;
}

/* On ways out that pass by tui_curses_destroy(). */
static void give_back(void)
{
	if (stdscr && !isendwin())
		endwin();
}

struct tui_curses *tui_curses_create(struct error *err)
{
	const char *term = getenv("TERM");
	struct tui_curses *c;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		error_set(err, "--display tui needs a terminal, but standard input or output is none");
		return NULL;
	}
	c = xcalloc(1, sizeof(*c));
	c->has_utf8 = settle_locale();
	c->screen = open_screen();
	if (!c->screen) {
		error_set(
			err,
			"--display tui: the terminal type '%s' is not known here; set TERM, for example to xterm-256color",
			term ? term : "");
		free(c);
		return NULL;
	}
	if (!can_move_cursor()) {
		endwin();
		delscreen(c->screen);
		free(c);
		error_set(err, "--display tui: a terminal of type '%s' cannot move its cursor; use --display none",
		          term);
		return NULL;
	}
	atexit(give_back);
	raw();
	noecho();
	nonl();
	settle_colours(c);
	return c;
}

void tui_curses_abandon(void)
{
	give_back();
}

void tui_curses_destroy(struct tui_curses *c)
{
	if (!c)
		return;
	endwin();
	delscreen(c->screen);
	sheet_free(&c->shown);
	free(c);
}

bool tui_curses_fit(struct tui_curses *c, struct sheet *s)
{
	struct winsize size = { 0 };
	int rows = LINES, columns = COLS;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col) {
		rows = size.ws_row;
		columns = size.ws_col;
	}
	rows = rows > SIDE_MAX ? SIDE_MAX : rows < 2 ? 2 : rows;
	columns = columns > SIDE_MAX ? SIDE_MAX : columns < 2 ? 2 : columns;
	s->has_shades = c->colours >= 256;
	s->has_blocks = c->colours >= 16 && c->has_utf8;
	if (s->columns == (u32)columns && s->rows == (u32)rows)
		return false;
	resizeterm(rows, columns);
	clearok(curscr, TRUE);
	erase();
	sheet_free(&c->shown);
	sheet_resize(s, (u32)columns, (u32)rows);
	return true;
}

/* --- colours --- */

static u32 distance(u32 a, u32 b)
{
	u32 sum = 0;

	for (u32 shift = 0; shift < 24; shift += 8) {
		s32 d = (s32)(a >> shift & 255) - (s32)(b >> shift & 255);

		sum += (u32)(d * d);
	}
	return sum;
}

/* The nearest of the six steps of the colour cube. */
static u32 cube_step(u32 value)
{
	return value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40;
}

u32 tui_colour(u32 rgb, u32 colours)
{
	u32 red = cube_step(rgb >> 16 & 255), green = cube_step(rgb >> 8 & 255), blue = cube_step(rgb & 255);
	u32 mean = ((rgb >> 16 & 255) + (rgb >> 8 & 255) + (rgb & 255)) / 3, grey, cube, best = 0;
	static const u8 levels[6] = { 0, 95, 135, 175, 215, 255 };

	/* Those that programs asked for by number have the user's own shades. */
	for (u32 i = 0; i < 16 && i < colours; i++) {
		if (terminal_palette(i) == rgb)
			return i;
		if (distance(terminal_palette(i), rgb) < distance(terminal_palette(best), rgb))
			best = i;
	}
	if (colours < 256)
		return best;
	grey = mean < 8 ? 0 : mean > 238 ? 23 : (mean - 3) / 10;
	cube = (u32)levels[red] << 16 | (u32)levels[green] << 8 | levels[blue];
	if (distance((8 + 10 * grey) * 0x010101, rgb) < distance(cube, rgb))
		return 232 + grey;
	return 16 + 36 * red + 6 * green + blue;
}

/* ncurses' number of a colour; `own` that of the terminal's own. */
static int curses_colour(const struct tui_curses *c, u32 colour, int own)
{
	if (colour & SHEET_OWN)
		return own;
	if (c->colours < DIRECT_COLOURS)
		return (int)tui_colour(colour, c->colours);
	return colour < 8 ? 8 : (int)colour; /* below 8 they are names, not shades */
}

static int pair_of(const struct tui_curses *c, struct sheet_style style)
{
	int fore, back, pair;

	if (c->colours == 8) {
		fore = curses_colour(c, style.fore, COLOR_WHITE);
		back = curses_colour(c, style.back, COLOR_BLACK);
		if (fore == COLOR_WHITE && back == COLOR_BLACK)
			return 0;
		/* Pair 0 is white on black: its number is free for the one that would be the last. */
		pair = back * 8 + (COLOR_WHITE - fore);
		init_pair((short)pair, (short)fore, (short)back);
		return pair;
	}
	fore = curses_colour(c, style.fore, -1);
	back = curses_colour(c, style.back, -1);
	pair = fore < 0 && back < 0 ? 0 : alloc_pair(fore, back);
	return pair < 0 ? 0 : pair;
}

/* --- characters --- */

/* What stands for a character where only ASCII may be sent. */
static wchar_t plain(u32 c)
{
	static const char blocks[] = "\".:-=+*#@";

	if (c < 0x80)
		return (wchar_t)c;
	if (c == 0x2500 || c == 0x2501 || c == 0x2550)
		return L'-';
	if (c == 0x2502 || c == 0x2503 || c == 0x2551)
		return L'|';
	if (c > 0x2500 && c < 0x2580)
		return L'+';
	if (c >= 0x2580 && c <= 0x2588)
		return (wchar_t)blocks[c - 0x2580];
	return c == 0x2026 ? L'~' : L'?';
}

static void show_cell(const struct tui_curses *c, const struct sheet *s, u32 column, u32 row)
{
	const struct sheet_cell *cell = &s->cells[(size_t)row * s->columns + column];
	bool is_wide = column + 1 < s->columns && cell[1].code_point == 0;
	wchar_t text[2] = { c->has_utf8 ? (wchar_t)cell->code_point : plain(cell->code_point), 0 };
	int pair = c->colours ? pair_of(c, cell->style) : 0;
	attr_t flags = 0;
	cchar_t character;

	/* What ncurses takes for wider or narrower than we do would move the rest of the line. */
	if (wcwidth(text[0]) != (is_wide ? 2 : 1))
		text[0] = is_wide ? L' ' : L'?';
	flags |= cell->style.flags & SHEET_BOLD ? A_BOLD : 0;
	flags |= cell->style.flags & SHEET_UNDERLINE ? A_UNDERLINE : 0;
	flags |= cell->style.flags & SHEET_REVERSE ? A_REVERSE : 0;
	if (c->colours == 0 && !(cell->style.back & SHEET_OWN))
		flags |= A_REVERSE;
	if (is_wide)
		mvaddch((int)row, (int)column + 1, ' ');
	setcchar(&character, text, flags, 0, &pair);
	mvadd_wch((int)row, (int)column, &character);
}

static bool is_same(const struct sheet_cell *a, const struct sheet_cell *b)
{
	return a->code_point == b->code_point && a->style.fore == b->style.fore && a->style.back == b->style.back &&
	       a->style.flags == b->style.flags;
}

void tui_curses_show(struct tui_curses *c, const struct sheet *s, bool has_cursor, s32 x, s32 y)
{
	bool is_new = c->shown.columns != s->columns || c->shown.rows != s->rows;

	if (is_new)
		sheet_resize(&c->shown, s->columns, s->rows);
	for (u32 row = 0; row < s->rows; row++) {
		for (u32 column = 0; column < s->columns; column++) {
			size_t i = (size_t)row * s->columns + column;
			bool is_right = s->cells[i].code_point == 0;

			/* A wide character is drawn by its left half, and again if only the right one changed. */
			bool changed = is_new || !is_same(&s->cells[i], &c->shown.cells[i]) ||
			               (column + 1 < s->columns && s->cells[i + 1].code_point == 0 &&
			                !is_same(&s->cells[i + 1], &c->shown.cells[i + 1]));
			if (changed && !is_right)
				show_cell(c, s, column, row);
		}
	}
	memcpy(c->shown.cells, s->cells, (size_t)s->columns * s->rows * sizeof(*s->cells));
	curs_set(has_cursor);
	move(has_cursor ? y : (s32)s->rows - 1, has_cursor ? x : 0);
	refresh();
}

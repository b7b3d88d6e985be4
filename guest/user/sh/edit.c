/*
 * Typing a line: cursor keys, Home, End, Ctrl-A E B F D K U W L, and the lines typed before, by Up and Down and by
 * Ctrl-R, which searches them. Without it (no terminal, or TERM=dumb) the terminal's own erase and Ctrl-U remain.
 *
 * The terminal is in raw mode only while a line is typed, and bytes are read one by one: those behind the newline are
 * for the program that the line starts.
 */
#include "guest/user/sh/sh.h"
#include "guest/user/lib/terminal.h"
#include "guest/user/lib/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUT 2 /* where prompts go */
#define MAX_LINE 65536

struct line {
	struct shell *sh;
	int fd;                      /* the terminal */
	struct terminal_input input; /* of one key */
	const char *prompt;          /* what stands before the text */
	char *text;                  /* NUL-terminated; malloc */
	size_t length, room;         /* bytes of it, and allocated */
	size_t at;                   /* of the cursor */
	int row;                     /* of the cursor, from that of the prompt */
	int history_at;              /* the line shown; history_count: the new one */
	char *kept;                  /* the new one while an old one is shown, or NULL */
};

bool edit_possible(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && isatty(OUT) && !(term && strcmp(term, "dumb") == 0);
}

static void send(const char *text)
{
	terminal_write(OUT, text, strlen(text));
}

/* Columns of so many bytes. */
static int width_of(const char *text, size_t bytes)
{
	int width = 0, length;

	for (size_t i = 0; i < bytes; i += (size_t)length) {
		unsigned code = utf8_decode(text + i, bytes - i, &length);

		width += code == UTF8_INVALID ? 1 : utf8_width(code);
	}
	return width;
}

/* Draws prompt and text anew and puts the cursor into its place. */
static void refresh(struct line *line)
{
	int rows, columns, start = width_of(line->prompt, strlen(line->prompt));
	int end = start + width_of(line->text, line->length), here = start + width_of(line->text, line->at);
	char move[64];

	terminal_size(line->fd, &rows, &columns);
	if (line->row > 0) {
		snprintf(move, sizeof(move), "\033[%dA", line->row);
		send(move);
	}
	send("\r\033[J");
	send(line->prompt);
	terminal_write(OUT, line->text, line->length);
	if (end % columns == 0 && end > 0)
		send("\n\r"); /* the terminal itself goes to the next row with the next character only */
	if (end / columns > here / columns) {
		snprintf(move, sizeof(move), "\033[%dA", end / columns - here / columns);
		send(move);
	}
	snprintf(move, sizeof(move), "\r\033[%dC", here % columns);
	if (end != here)
		send(here % columns ? move : "\r");
	line->row = here / columns;
}

static void set_text(struct line *line, const char *text)
{
	line->length = strlen(text);
	if (line->length + 1 > line->room)
		line->text = must_realloc(line->text, line->room = line->length + 64);
	memcpy(line->text, text, line->length + 1);
	line->at = line->length;
}

static void insert(struct line *line, int key)
{
	int rows, columns, width;
	char bytes[8];
	size_t n;

	if (key >= KEY_BYTE || key < ' ' || (key >= KEY_UP && key <= KEY_OTHER) || line->length > MAX_LINE)
		return;
	n = (size_t)utf8_encode((unsigned)key, bytes);
	if (line->length + n + 1 > line->room)
		line->text = must_realloc(line->text, line->room = line->room * 2 + n + 64);
	memmove(line->text + line->at + n, line->text + line->at, line->length - line->at + 1);
	memcpy(line->text + line->at, bytes, n);
	line->at += n;
	line->length += n;
	terminal_size(line->fd, &rows, &columns);
	width = width_of(line->prompt, strlen(line->prompt)) + width_of(line->text, line->length);
	if (line->at == line->length && width % columns && utf8_width((unsigned)key) == 1)
		terminal_write(OUT, bytes, n); /* the usual case: what a terminal would echo */
	else
		refresh(line);
}

static size_t before(const struct line *line, size_t at)
{
	while (at > 0 && ((unsigned char)line->text[--at] & 0xc0) == 0x80)
		continue;
	return at;
}

static size_t after(const struct line *line, size_t at)
{
	at += at < line->length;
	while (at < line->length && ((unsigned char)line->text[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static size_t word_before(const struct line *line)
{
	size_t at = line->at;

	while (at > 0 && line->text[at - 1] == ' ')
		at--;
	while (at > 0 && line->text[at - 1] != ' ')
		at--;
	return at;
}

static void cut(struct line *line, size_t from, size_t to)
{
	memmove(line->text + from, line->text + to, line->length - to + 1);
	line->length -= to - from;
	line->at = from;
	refresh(line);
}

static void move_to(struct line *line, size_t at)
{
	line->at = at;
	refresh(line);
}

/* Shows line `index` of the history; the one behind the last is what is being typed. */
static void show_history(struct line *line, int index)
{
	struct shell *sh = line->sh;

	if (index < 0 || index > sh->history_count || index == line->history_at)
		return;
	if (line->history_at == sh->history_count) {
		free(line->kept);
		line->kept = strdup(line->text);
	}
	line->history_at = index;
	set_text(line, index < sh->history_count ? sh->history[index] : line->kept ? line->kept : "");
	refresh(line);
}

/* Ctrl-R: looks for a line with what is typed in it. Returns the key that ended it, 0 for Escape. */
static int search_history(struct line *line)
{
	char pattern[128] = "", prompt[192];
	const char *usual = line->prompt;
	int index = line->sh->history_count, key;

	for (;;) {
		size_t length = strlen(pattern);

		snprintf(prompt, sizeof(prompt), "search `%s': ", pattern);
		line->prompt = prompt;
		refresh(line);
		key = terminal_key(line->fd, &line->input, -1, NULL);
		if (key == 127 || key == CONTROL('H'))
			pattern[length ? length - 1 : 0] = 0;
		else if (key >= ' ' && key < 127 && length + 1 < sizeof(pattern))
			pattern[length] = (char)key;
		else if (key != CONTROL('R'))
			break;
		index = key == CONTROL('R') ? index : line->sh->history_count;
		while (--index >= 0 && (!*pattern || !strstr(line->sh->history[index], pattern)))
			continue;
		if (index >= 0)
			set_text(line, line->sh->history[index]);
		else if (key == CONTROL('R'))
			index = line->sh->history_count;
	}
	line->prompt = usual;
	refresh(line);
	return key == KEY_ESCAPE || key == CONTROL('G') ? 0 : key;
}

/* Keys that move or delete. */
static void edit_key(struct line *line, int key)
{
	switch (key) {
	case KEY_LEFT:
	case CONTROL('B'):
		move_to(line, before(line, line->at));
		break;
	case KEY_RIGHT:
	case CONTROL('F'):
		move_to(line, after(line, line->at));
		break;
	case KEY_HOME:
	case CONTROL('A'):
		move_to(line, 0);
		break;
	case KEY_END:
	case CONTROL('E'):
		move_to(line, line->length);
		break;
	case 127:
	case CONTROL('H'):
		cut(line, before(line, line->at), line->at);
		break;
	case KEY_DELETE:
	case CONTROL('D'):
		cut(line, line->at, after(line, line->at));
		break;
	case CONTROL('K'):
		cut(line, line->at, line->length);
		break;
	case CONTROL('U'):
		cut(line, 0, line->at);
		break;
	case CONTROL('W'):
		cut(line, word_before(line), line->at);
		break;
	case KEY_UP:
	case CONTROL('P'):
		show_history(line, line->history_at - 1);
		break;
	case KEY_DOWN:
	case CONTROL('N'):
		show_history(line, line->history_at + 1);
		break;
	case CONTROL('L'):
		send("\033[H\033[J");
		line->row = 0;
		refresh(line);
		break;
	default:
		insert(line, key == '\t' ? ' ' : key);
		break;
	}
}

static void remember(struct shell *sh, const char *text)
{
	if (!*text || (sh->history_count && strcmp(sh->history[sh->history_count - 1], text) == 0))
		return;
	if (sh->history_count == SH_MAX_HISTORY) {
		free(sh->history[0]);
		memmove(sh->history, sh->history + 1, (SH_MAX_HISTORY - 1) * sizeof(*sh->history));
		sh->history_count--;
	}
	sh->history = must_realloc(sh->history, SH_MAX_HISTORY * sizeof(*sh->history));
	sh->history[sh->history_count] = strdup(text);
	sh->history_count += sh->history[sh->history_count] != NULL;
}

/* Keys until the line is done. */
static enum edit_result type_line(struct line *line)
{
	for (;;) {
		int key = terminal_key(line->fd, &line->input, -1, NULL);

		if (key == CONTROL('R'))
			key = search_history(line);
		if (key == KEY_NONE || key == 0) {
			take_interrupt();
			continue;
		}
		if (key == '\r' || key == '\n' || key == CONTROL('C')) {
			if (line->at < line->length)
				move_to(line, line->length);
			send(key == CONTROL('C') ? "^C\n" : "\n");
			return key == CONTROL('C') ? EDIT_INTERRUPTED : EDIT_LINE;
		}
		if (key == KEY_CLOSED || (key == CONTROL('D') && line->length == 0))
			return EDIT_END;
		edit_key(line, key);
	}
}

enum edit_result edit_line(struct shell *sh, int fd, const char *prompt, char **text, size_t *length)
{
	struct line line = {
		.sh = sh, .fd = fd, .prompt = prompt, .input.sparing = true, .history_at = sh->history_count
	};
	struct termios modes, raw;
	enum edit_result result;

	if (tcgetattr(fd, &modes) < 0)
		return EDIT_END;
	raw = modes;
	raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON);
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(fd, TCSADRAIN, &raw);
	set_text(&line, "");
	send(prompt);
	result = type_line(&line);
	tcsetattr(fd, TCSADRAIN, &modes);
	if (result == EDIT_INTERRUPTED)
		*length = 0;
	if (result == EDIT_LINE) {
		remember(sh, line.text);
		*text = must_realloc(*text, *length + line.length + 2);
		memcpy(*text + *length, line.text, line.length);
		*length += line.length + 1;
		memcpy(*text + *length - 1, "\n", 2);
	}
	free(line.text);
	free(line.kept);
	return result;
}

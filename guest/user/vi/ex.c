/*
 * Commands after a colon: addresses, the table of commands, and the short ones.
 */
#include "guest/user/vi/vi.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *skip_blanks(char *text)
{
	while (*text == ' ' || *text == '\t')
		text++;
	return text;
}

/* A line's address at *text, which moves on: 1 with *line (from 1; 0 is before the first), 0: there is none, -1: an
 * error. */
static int address(struct vi *vi, char **text, long *line)
{
	char *p = skip_blanks(*text), *end;
	struct pos at = vi->cursor;
	int found = 1;

	*line = (long)vi->cursor.line + 1;
	if (isdigit((unsigned char)*p)) {
		*line = strtol(p, &p, 10);
	} else if (*p == '.') {
		p++;
	} else if (*p == '$') {
		*line = (long)buffer_count(&vi->buffer);
		p++;
	} else if (*p == '\'' && p[1]) {
		bool known = p[1] >= 'a' && p[1] <= 'z', previous = p[1] == '\'';

		at.line = known      ? vi->buffer.marks[p[1] - 'a'].line
		          : previous ? vi->buffer.marks[MARK_PREVIOUS].line
		                     : NEVER;
		if (at.line == NEVER)
			return complain(vi, "mark %c is not set", p[1]) - 1;
		*line = (long)at.line + 1;
		p += 2;
	} else if (*p == '/' || *p == '?') {
		end = split_pattern(p + 1, *p);
		at.at = *p == '/' ? buffer_line(&vi->buffer, at.line)->length : 0;
		if (!search(vi, p + 1, *p == '?', 1, &at))
			return -1;
		*line = (long)at.line + 1;
		p = end ? end : p + strlen(p);
	} else {
		found = *p == '+' || *p == '-';
	}
	for (p = skip_blanks(p); found && (*p == '+' || *p == '-'); p = skip_blanks(p)) {
		int sign = *p++ == '+' ? 1 : -1;

		*line += sign * (isdigit((unsigned char)*p) ? strtol(p, &p, 10) : 1);
	}
	*text = p;
	return found;
}

/* The addresses before a command; false with a message. */
static bool addresses(struct vi *vi, char **text, struct ex *ex)
{
	long line, first = (long)vi->cursor.line + 1, last = first, count = (long)buffer_count(&vi->buffer);
	struct pos cursor = vi->cursor;
	int found;

	if (**text == '%') {
		++*text;
		*ex = (struct ex){ .first = 0, .last = (size_t)count - 1, .addresses = 2 };
		return true;
	}
	for (;;) {
		found = address(vi, text, &line);
		if (found < 0)
			return false;
		if (found) {
			first = ex->addresses ? last : line;
			last = line;
			ex->addresses = ex->addresses ? 2 : 1;
		}
		if (**text != ',' && **text != ';')
			break;
		if (!found) { /* before or behind a comma: this line */
			first = last;
			ex->addresses = ex->addresses ? 2 : 1;
		}
		if (**text == ';' && last > 0 && last <= count)
			vi->cursor.line = (size_t)last - 1;
		++*text;
	}
	vi->cursor = cursor;
	if (first > last)
		return complain(vi, "the first line is behind the last one");
	if (last > count || first < 0)
		return complain(vi, "no line %ld", first < 0 ? first : last);
	/* Line 0, before the first, is for r alone, which asks for it. */
	ex->last = last ? (size_t)last - 1 : 0;
	ex->first = first ? (size_t)first - 1 : 0;
	if (last == 0)
		ex->addresses = -1;
	return true;
}

static bool ex_quit(struct vi *vi, struct ex *ex)
{
	if (buffer_modified(&vi->buffer) && !ex->bang)
		return complain(vi, "not written since the last change: :w writes, :q! throws it away");
	vi->quit = true;
	return true;
}

static bool ex_write_quit(struct vi *vi, struct ex *ex)
{
	if (!ex_write(vi, ex))
		return false;
	/* Some lines, or the end of another file: that is not all of it. */
	if ((ex->addresses || strncmp(ex->rest, ">>", 2) == 0) && buffer_modified(&vi->buffer) && !ex->bang)
		return complain(vi, "not all of it was written: :w writes, :q! throws the rest away");
	vi->quit = true;
	return true;
}

static bool ex_exit(struct vi *vi, struct ex *ex)
{
	if (buffer_modified(&vi->buffer) || *ex->rest)
		return ex_write_quit(vi, ex);
	vi->quit = true;
	return true;
}

static bool ex_delete(struct vi *vi, struct ex *ex)
{
	int name = isalpha((unsigned char)*ex->rest) ? *ex->rest : 0;

	register_take(vi, name, (struct pos){ ex->first, 0 }, (struct pos){ ex->last, 0 }, true);
	delete_lines(vi, ex->first, ex->last);
	cursor_to_line(vi, ex->first);
	return true;
}

static bool ex_yank(struct vi *vi, struct ex *ex)
{
	int name = isalpha((unsigned char)*ex->rest) ? *ex->rest : 0;

	register_take(vi, name, (struct pos){ ex->first, 0 }, (struct pos){ ex->last, 0 }, true);
	say(vi, "%zu lines yanked", ex->last - ex->first + 1);
	return true;
}

static bool ex_put(struct vi *vi, struct ex *ex)
{
	struct command command = { .name = isalpha((unsigned char)*ex->rest) ? *ex->rest : 0 };

	vi->cursor.line = ex->last;
	put(vi, &command, true);
	return !vi->failed;
}

static bool ex_join(struct vi *vi, struct ex *ex)
{
	size_t last = ex->addresses == 2 ? ex->last : ex->last + 1;

	if (last >= buffer_count(&vi->buffer))
		return complain(vi, "there is no line to join");
	if (last > ex->first)
		join_lines(vi, ex->first, last - ex->first + 1, !ex->bang);
	return true;
}

/* m and t: to behind a line, 0 being before the first. */
static bool move_or_copy(struct vi *vi, struct ex *ex, bool move)
{
	struct lines taken = { 0 }, nothing = { 0 };
	size_t count = ex->last - ex->first + 1;
	char *rest = ex->rest;
	long to;

	if (vi->buffer.lines.count == 0 || address(vi, &rest, &to) != 1 || to < 0 ||
	    to > (long)buffer_count(&vi->buffer))
		return complain(vi, "where to? a line's number is missing");
	if (move && (size_t)to > ex->first && (size_t)to <= ex->last)
		return complain(vi, "lines cannot be moved into themselves");
	buffer_cut_copy(&vi->buffer, (struct pos){ ex->first, 0 },
	                (struct pos){ ex->last, buffer_line(&vi->buffer, ex->last)->length }, &taken);
	if (move) {
		if ((size_t)to > ex->last)
			to -= (long)count;
		buffer_replace(&vi->buffer, ex->first, count, &nothing);
	}
	buffer_replace(&vi->buffer, (size_t)to, 0, &taken);
	cursor_to_line(vi, (size_t)to + count - 1);
	return true;
}

static bool ex_move(struct vi *vi, struct ex *ex)
{
	return move_or_copy(vi, ex, true);
}

static bool ex_copy(struct vi *vi, struct ex *ex)
{
	return move_or_copy(vi, ex, false);
}

static bool ex_shift(struct vi *vi, struct ex *ex, int by)
{
	shift_lines(vi, ex->first, ex->last, by);
	cursor_to_line(vi, ex->last);
	return true;
}

static bool ex_shift_right(struct vi *vi, struct ex *ex)
{
	return ex_shift(vi, ex, 1);
}

static bool ex_shift_left(struct vi *vi, struct ex *ex)
{
	return ex_shift(vi, ex, -1);
}

static bool ex_mark(struct vi *vi, struct ex *ex)
{
	if (*ex->rest < 'a' || *ex->rest > 'z')
		return complain(vi, "marks are a to z");
	vi->buffer.marks[*ex->rest - 'a'] = (struct pos){ ex->last, 0 };
	return true;
}

static bool ex_undo(struct vi *vi, struct ex *ex)
{
	struct pos at;

	(void)ex;
	if (!buffer_undo(&vi->buffer, &at))
		return complain(vi, "already at the oldest change");
	cursor_set(vi, at);
	return true;
}

static bool ex_redo(struct vi *vi, struct ex *ex)
{
	struct pos at;

	(void)ex;
	if (!buffer_redo(&vi->buffer, &at))
		return complain(vi, "already at the newest change");
	cursor_set(vi, at);
	return true;
}

static bool ex_file(struct vi *vi, struct ex *ex)
{
	if (*ex->rest) {
		free(vi->name);
		vi->name = copy_string(ex->rest);
	}
	say(vi, "\"%s\"%s line %zu of %zu", vi->name ? vi->name : "no name",
	    buffer_modified(&vi->buffer) ? " [modified]" : "", vi->cursor.line + 1, buffer_count(&vi->buffer));
	return true;
}

static bool ex_number(struct vi *vi, struct ex *ex)
{
	say(vi, "%zu", ex->addresses ? ex->last + 1 : buffer_count(&vi->buffer));
	return true;
}

static bool ex_stop(struct vi *vi, struct ex *ex)
{
	(void)ex;
	run_outside(vi, NULL);
	return true;
}

static bool ex_v(struct vi *vi, struct ex *ex)
{
	return ex_global(vi, ex, false);
}

static bool ex_g(struct vi *vi, struct ex *ex)
{
	return ex_global(vi, ex, !ex->bang);
}

/* The first name that begins with what was typed, if that is long enough. */
static const struct {
	const char *name;
	size_t least; /* letters that must be typed */
	bool (*run)(struct vi *vi, struct ex *ex);
} commands[] = {
	{ "copy", 2, ex_copy },    { "delete", 1, ex_delete },
	{ "edit", 1, ex_edit },    { "file", 1, ex_file },
	{ "global", 1, ex_g },     { "join", 1, ex_join },
	{ "k", 1, ex_mark },       { "mark", 2, ex_mark },
	{ "move", 1, ex_move },    { "next", 1, ex_next },
	{ "put", 2, ex_put },      { "quit", 1, ex_quit },
	{ "read", 1, ex_read },    { "redo", 3, ex_redo },
	{ "set", 2, ex_set },      { "stop", 2, ex_stop },
	{ "suspend", 2, ex_stop }, { "substitute", 1, ex_substitute },
	{ "t", 1, ex_copy },       { "undo", 1, ex_undo },
	{ "vglobal", 1, ex_v },    { "wq", 2, ex_write_quit },
	{ "write", 1, ex_write },  { "xit", 1, ex_exit },
	{ "yank", 1, ex_yank },    { "&", 1, ex_substitute_again },
	{ "!", 1, ex_filter },     { ">", 1, ex_shift_right },
	{ "<", 1, ex_shift_left }, { "=", 1, ex_number },
};

bool ex_run(struct vi *vi, char *line)
{
	struct ex ex = { 0 };
	size_t length = 0;
	char *text = line;

	while (*text == ':' || *text == ' ')
		text++;
	if (!*text || *text == '"')
		return true;
	if (!addresses(vi, &text, &ex))
		return false;
	text = skip_blanks(text);
	if (!*text) {
		vi->buffer.marks[MARK_PREVIOUS] = vi->cursor;
		cursor_to_line(vi, ex.last);
		return true;
	}
	while (isalpha((unsigned char)text[length]))
		length++;
	if (length == 0 || *text == 'k')
		length = 1;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (length < commands[i].least || length > strlen(commands[i].name) ||
		    strncmp(commands[i].name, text, length) != 0)
			continue;
		text += length;
		ex.bang = *text == '!' && commands[i].name[0] != '!';
		ex.rest = skip_blanks(text + ex.bang);
		if (ex.addresses < 0 && commands[i].run != ex_read)
			return complain(vi, "no line 0");
		return commands[i].run(vi, &ex);
	}
	return complain(vi, "there is no command %.*s", (int)length, text);
}

/*
 * Motions: where a key leads from the cursor, by itself or behind an operator.
 */
#include "guest/user/vi/vi.h"
#include "guest/user/lib/utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct text *line_of(const struct vi *vi, size_t line)
{
	return buffer_line(&vi->buffer, line);
}

static long times(const struct command *command)
{
	return command->count ? command->count : 1;
}

/* Up or down by so many lines as there are; false if there are none. */
static bool lines_away(struct vi *vi, struct motion *m, long by)
{
	long line = (long)vi->cursor.line + by, last = (long)buffer_count(&vi->buffer) - 1;

	m->linewise = true;
	m->to.line = (size_t)(line < 0 ? 0 : line > last ? last : line);
	return by == 0 || m->to.line != vi->cursor.line;
}

static bool up_or_down(struct vi *vi, struct motion *m, long by)
{
	if (!lines_away(vi, m, by))
		return false;
	m->keep_want = true;
	m->to.at = at_column(vi, line_of(vi, m->to.line), vi->want);
	return true;
}

static bool to_line(struct vi *vi, struct motion *m, long by)
{
	if (!lines_away(vi, m, by))
		return false;
	m->to.at = first_nonblank(line_of(vi, m->to.line));
	return true;
}

static bool sideways(struct vi *vi, struct motion *m, long by, int op)
{
	const struct text *text = line_of(vi, m->to.line);
	size_t start = m->to.at, end = op ? text->length : char_before(text, text->length);

	for (; by < 0 && m->to.at > 0; by++)
		m->to.at = char_before(text, m->to.at);
	for (; by > 0 && m->to.at < end; by--)
		m->to.at = char_after(text, m->to.at);
	return m->to.at != start || op == 'c';
}

/* f F t T: `again` if it is repeated by ; or , */
static bool find_char(struct vi *vi, struct motion *m, int key, int wanted, long count, bool again)
{
	const struct text *text = line_of(vi, m->to.line);
	bool forward = key == 'f' || key == 't', till = key == 't' || key == 'T';
	size_t at = m->to.at, before = at;
	char bytes[8];
	size_t length = (size_t)key_bytes(wanted, bytes);

	if (!length)
		return false;
	if (again && till && count == 1) { /* do not stay before the same one */
		size_t next = forward ? char_after(text, at) : char_before(text, at);

		if (next + length <= text->length && memcmp(text->bytes + next, bytes, length) == 0)
			at = next;
	}
	while (count > 0) {
		before = at;
		at = forward ? char_after(text, at) : char_before(text, at);
		if (at == before || at >= text->length)
			return false;
		count -= at + length <= text->length && memcmp(text->bytes + at, bytes, length) == 0;
	}
	if (till)
		at = forward ? before : char_after(text, at);
	m->to.at = at;
	m->inclusive = forward;
	return true;
}

static bool find_motion(struct vi *vi, struct motion *m, int key, long count)
{
	static const char keys[] = "fFtT", other[] = "FfTt";

	if (key == ';' || key == ',') {
		if (!vi->find_key)
			return false;
		key = key == ';' ? vi->find_key : other[strchr(keys, vi->find_key) - keys];
		return find_char(vi, m, key, vi->find_char, count, true);
	}
	vi->find_char = next_key(vi);
	if (vi->find_char == KEY_ESCAPE)
		return false;
	vi->find_key = key;
	return find_char(vi, m, key, vi->find_char, count, false);
}

static bool word_motion(struct vi *vi, struct motion *m, int key, long count, int op)
{
	bool big = isupper(key);
	const struct text *text = line_of(vi, m->to.line);
	struct pos start = m->to;

	if ((key == 'w' || key == 'W') && op == 'c' && m->to.at < text->length &&
	    !strchr(" \t", text->bytes[m->to.at])) {
		/* cw leaves the blanks behind the word alone. */
		m->inclusive = true;
		word_end(vi, &m->to, count, big, true);
		return true;
	}
	switch (tolower(key)) {
	case 'w':
		word_forward(vi, &m->to, count, big, op != 0);
		break;
	case 'b':
		word_back(vi, &m->to, count, big);
		break;
	default:
		word_end(vi, &m->to, count, big, false);
		m->inclusive = true;
		break;
	}
	text = line_of(vi, m->to.line);
	if (!op && m->to.at >= text->length)
		m->to.at = char_before(text, text->length);
	if (m->inclusive && m->to.at >= text->length)
		m->inclusive = false;
	return m->to.line != start.line || m->to.at != start.at;
}

static bool paragraph(struct vi *vi, struct motion *m, bool forward, long count)
{
	size_t last = buffer_count(&vi->buffer) - 1, line = m->to.line;
	bool seen;

	for (; count > 0; count--) {
		if ((forward ? line == last : line == 0) && count > 1)
			return false;
		seen = line_of(vi, line)->length > 0;
		while (forward ? line < last : line > 0) {
			line = forward ? line + 1 : line - 1;
			if (line_of(vi, line)->length)
				seen = true;
			else if (seen)
				break;
		}
	}
	m->jump = true;
	m->to = (struct pos){ line, 0 };
	if (forward && line == last)
		m->to.at = line_of(vi, line)->length;
	return true;
}

static bool search_motion(struct vi *vi, struct motion *m, int key, long count)
{
	char pattern[MESSAGE_SIZE], *rest;
	bool backwards = vi->search_backwards;

	m->jump = true;
	if (key == 'n' || key == 'N')
		return search(vi, NULL, backwards != (key == 'N'), count, &m->to);
	if (!read_line(vi, key, pattern, sizeof(pattern)))
		return false;
	rest = split_pattern(pattern, (char)key);
	vi->search_backwards = key == '?';
	if (!search(vi, pattern, vi->search_backwards, count, &m->to))
		return false;
	if (rest && (*rest == '+' || *rest == '-' || isdigit((unsigned char)*rest))) {
		long by = isdigit((unsigned char)rest[*rest == '+' || *rest == '-']) ? strtol(rest, NULL, 10)
		          : *rest == '-'                                             ? -1
		                                                                     : 1;

		vi->cursor.line = m->to.line;
		return to_line(vi, m, by);
	}
	return true;
}

static bool in_word(const struct text *text, size_t at)
{
	unsigned char byte = (unsigned char)text->bytes[at];

	return isalnum(byte) || byte == '_' || byte >= 0x80;
}

/* * and #: the word under the cursor. */
static bool search_word(struct vi *vi, struct motion *m, int key, long count)
{
	const struct text *text = line_of(vi, m->to.line);
	size_t start = m->to.at, end;
	char pattern[MESSAGE_SIZE];

	while (start < text->length && !in_word(text, start))
		start++;
	while (start > 0 && in_word(text, start - 1))
		start--;
	for (end = start; end < text->length && in_word(text, end);)
		end++;
	if (start == end || end - start > sizeof(pattern) - 8)
		return complain(vi, "there is no word here");
	snprintf(pattern, sizeof(pattern), "\\<%.*s\\>", (int)(end - start), text->bytes + start);
	m->to.at = start;
	m->jump = true;
	vi->search_backwards = key == '#';
	return search(vi, pattern, vi->search_backwards, count, &m->to);
}

static bool mark_motion(struct vi *vi, struct motion *m, int key)
{
	int name = next_key(vi);
	struct pos mark = { NEVER, 0 };

	if (name >= 'a' && name <= 'z')
		mark = vi->buffer.marks[name - 'a'];
	else if (name == '\'' || name == '`')
		mark = vi->buffer.marks[MARK_PREVIOUS];
	if (mark.line == NEVER || mark.line >= buffer_count(&vi->buffer))
		return complain(vi, "this mark is not set");
	m->to = mark;
	m->jump = true;
	if (m->to.at > line_of(vi, mark.line)->length)
		m->to.at = line_of(vi, mark.line)->length;
	if (key == '\'') {
		m->linewise = true;
		m->to.at = first_nonblank(line_of(vi, mark.line));
	}
	return true;
}

/* H M L */
static bool window_motion(struct vi *vi, struct motion *m, int key, long count)
{
	size_t last = view_last(vi), line;

	if (key == 'M') {
		size_t rows = 0;

		for (line = vi->top; line < last && (rows += rows_of(vi, line)) <= (size_t)(view_rows(vi) - 1) / 2;)
			line++;
		line = last - vi->top + 1 < (size_t)view_rows(vi) / 2 ? vi->top + (last - vi->top) / 2 : line;
	} else if (key == 'H') {
		line = vi->top + (size_t)count - 1 < last ? vi->top + (size_t)count - 1 : last;
	} else {
		line = last - vi->top >= (size_t)count - 1 ? last - ((size_t)count - 1) : vi->top;
	}
	m->linewise = m->jump = true;
	m->to = (struct pos){ line, first_nonblank(line_of(vi, line)) };
	return true;
}

static bool goto_motion(struct vi *vi, struct motion *m, long line)
{
	size_t count = buffer_count(&vi->buffer);

	m->linewise = m->jump = true;
	m->to.line = line > (long)count ? count - 1 : (size_t)line - 1;
	m->to.at = first_nonblank(line_of(vi, m->to.line));
	return true;
}

/* Motions inside of the line. */
static int line_motion(struct vi *vi, const struct command *command, int op, struct motion *m)
{
	const struct text *text = line_of(vi, m->to.line);

	switch (command->key) {
	case 'h':
	case KEY_LEFT:
	case CONTROL('H'):
	case 127:
		return sideways(vi, m, -times(command), 0) || op;
	case 'l':
	case KEY_RIGHT:
	case ' ':
		return sideways(vi, m, times(command), op);
	case '0':
	case KEY_HOME:
		m->to.at = 0;
		return true;
	case '^':
		m->to.at = first_nonblank(text);
		return true;
	case '$':
	case KEY_END:
		if (command->count > 1 && !lines_away(vi, m, command->count - 1))
			return false;
		m->linewise = false;
		text = line_of(vi, m->to.line);
		m->to.at = char_before(text, text->length);
		m->inclusive = true;
		m->keep_want = true;
		vi->want = op ? vi->want : WANT_END;
		return true;
	case '|':
		m->to.at = at_column(vi, text, (size_t)times(command) - 1);
		return true;
	case 'f':
	case 'F':
	case 't':
	case 'T':
	case ';':
	case ',':
		return find_motion(vi, m, command->key, times(command));
	default:
		return -1;
	}
}

/* Motions to other lines. */
static int far_motion(struct vi *vi, const struct command *command, struct motion *m)
{
	switch (command->key) {
	case 'j':
	case KEY_DOWN:
	case CONTROL('N'):
	case '\n':
		return up_or_down(vi, m, times(command));
	case 'k':
	case KEY_UP:
	case CONTROL('P'):
		return up_or_down(vi, m, -times(command));
	case '+':
	case '\r':
		return to_line(vi, m, times(command));
	case '-':
		return to_line(vi, m, -times(command));
	case '_':
		return to_line(vi, m, times(command) - 1);
	case 'G':
		return goto_motion(vi, m, command->count ? command->count : (long)buffer_count(&vi->buffer));
	case 'g':
		return next_key(vi) == 'g' && goto_motion(vi, m, times(command));
	case 'H':
	case 'M':
	case 'L':
		return window_motion(vi, m, command->key, times(command));
	case '{':
	case '}':
		return paragraph(vi, m, command->key == '}', times(command));
	case '%':
		if (command->count) /* so many hundredths of the text */
			return command->count <= 100 &&
			       goto_motion(vi, m, (command->count * (long)buffer_count(&vi->buffer) + 99) / 100);
		m->inclusive = m->jump = true;
		return match_bracket(vi, &m->to);
	case '/':
	case '?':
	case 'n':
	case 'N':
		return search_motion(vi, m, command->key, times(command));
	case '*':
	case '#':
		return search_word(vi, m, command->key, times(command));
	case '\'':
	case '`':
		return mark_motion(vi, m, command->key);
	default:
		return -1;
	}
}

bool motion_run(struct vi *vi, struct command *command, int op, struct motion *m)
{
	int found;

	*m = (struct motion){ .to = vi->cursor };
	if (command->key > 0 && command->key < 128 && strchr("wWbBeE", command->key))
		found = word_motion(vi, m, command->key, times(command), op) || op == 'c';
	else
		found = line_motion(vi, command, op, m);
	if (found < 0)
		found = far_motion(vi, command, m);
	if (found < 0)
		return false;
	vi->failed |= !found;
	return found;
}

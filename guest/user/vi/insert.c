/*
 * Insert and replace mode: keys are text.
 */
#include "guest/user/vi/vi.h"

#include <stdlib.h>
#include <string.h>

/* An insertion that is running. */
struct insertion {
	bool replace;       /* R: over what is there */
	struct pos start;   /* Ctrl-U goes back to here */
	struct lines under; /* of R: the line before each key, for backspace */
};

static void insert_bytes(struct vi *vi, const char *bytes, size_t length)
{
	buffer_insert_bytes(&vi->buffer, vi->cursor, bytes, length);
	vi->cursor.at += length;
}

static void insert_character(struct vi *vi, struct insertion *in, int key)
{
	char bytes[8];
	size_t length = (size_t)key_bytes(key, bytes), line = vi->cursor.line;

	if (!length)
		return;
	if (in->replace) {
		const struct text *text = buffer_line(&vi->buffer, line);
		size_t end = char_after(text, vi->cursor.at);

		lines_add(&in->under, text_new(text->bytes, text->length));
		buffer_set(&vi->buffer, line,
		           text_join(text->bytes, vi->cursor.at, bytes, length, text->bytes + end, text->length - end));
		vi->cursor.at += length;
		return;
	}
	insert_bytes(vi, bytes, length);
}

static void break_line(struct vi *vi, struct insertion *in)
{
	const struct text *text = buffer_line(&vi->buffer, vi->cursor.line);
	struct lines with = { 0 };
	size_t indent = 0, at = vi->cursor.at, rest = at;

	if (vi->set.auto_indent) {
		while (indent < at && (text->bytes[indent] == ' ' || text->bytes[indent] == '\t'))
			indent++;
		while (rest < text->length && (text->bytes[rest] == ' ' || text->bytes[rest] == '\t'))
			rest++;
		at = indent == at ? 0 : at; /* nothing but blanks stays behind */
	}
	lines_add(&with, text_new(text->bytes, at));
	lines_add(&with, text_join(text->bytes, indent, NULL, 0, text->bytes + rest, text->length - rest));
	lines_free(&in->under);
	vi->cursor = (struct pos){ vi->cursor.line + 1, indent };
	buffer_replace(&vi->buffer, vi->cursor.line - 1, 1, &with);
}

static void rub_out(struct vi *vi, size_t from)
{
	struct pos start = { vi->cursor.line, from }, end = vi->cursor;

	buffer_delete(&vi->buffer, start, end);
	vi->cursor = start;
}

static void backspace(struct vi *vi, struct insertion *in)
{
	const struct text *text = buffer_line(&vi->buffer, vi->cursor.line);

	if (in->replace) {
		if (vi->cursor.at > 0)
			vi->cursor.at = char_before(text, vi->cursor.at);
		if (in->under.count) {
			buffer_set(&vi->buffer, vi->cursor.line, in->under.at[--in->under.count]);
			text = buffer_line(&vi->buffer, vi->cursor.line);
			vi->cursor.at = vi->cursor.at < text->length ? vi->cursor.at : text->length;
		}
		return;
	}
	if (vi->cursor.at > 0) {
		rub_out(vi, char_before(text, vi->cursor.at));
	} else if (vi->cursor.line > 0) {
		size_t line = vi->cursor.line - 1;
		struct pos end = { line, buffer_line(&vi->buffer, line)->length };

		buffer_delete(&vi->buffer, end, vi->cursor);
		vi->cursor = end;
	}
}

static void rub_out_word(struct vi *vi)
{
	struct pos at = vi->cursor;

	if (at.at == 0)
		return;
	word_back(vi, &at, 1, false);
	rub_out(vi, at.line == vi->cursor.line ? at.at : 0);
}

static void delete_under(struct vi *vi)
{
	const struct text *text = buffer_line(&vi->buffer, vi->cursor.line);
	struct pos end = { vi->cursor.line, char_after(text, vi->cursor.at) };

	if (end.at > vi->cursor.at)
		buffer_delete(&vi->buffer, vi->cursor, end);
}

/* Keys that move the cursor; the insertion begins anew there. */
static bool move(struct vi *vi, int key)
{
	const struct text *text = buffer_line(&vi->buffer, vi->cursor.line);
	size_t count = buffer_count(&vi->buffer), line = vi->cursor.line;

	switch (key) {
	case KEY_LEFT:
		cursor_set(vi, (struct pos){ line, char_before(text, vi->cursor.at) });
		return true;
	case KEY_RIGHT:
		cursor_set(vi, (struct pos){ line, char_after(text, vi->cursor.at) });
		return true;
	case KEY_HOME:
		cursor_set(vi, (struct pos){ line, 0 });
		return true;
	case KEY_END:
		cursor_set(vi, (struct pos){ line, text->length });
		return true;
	case KEY_UP:
	case KEY_DOWN:
		if (key == KEY_UP ? line == 0 : line + 1 == count)
			return true;
		line = key == KEY_UP ? line - 1 : line + 1;
		text = buffer_line(&vi->buffer, line);
		vi->cursor.line = line;
		vi->cursor.at = at_column(vi, text, vi->want);
		if (column_of(vi, text, text->length, false) <= vi->want)
			vi->cursor.at = text->length;
		return true;
	case KEY_PAGE_UP:
	case KEY_PAGE_DOWN:
		view_scroll(vi, key == KEY_PAGE_UP ? CONTROL('B') : CONTROL('F'), 0);
		return true;
	default:
		return false;
	}
}

/* One key; false at the end of the insertion. */
static bool insert_key(struct vi *vi, struct insertion *in, int key)
{
	switch (key) {
	case KEY_ESCAPE:
	case CONTROL('C'):
		return false;
	case '\r':
	case '\n':
		break_line(vi, in);
		break;
	case 127:
	case CONTROL('H'):
		backspace(vi, in);
		break;
	case CONTROL('W'):
		rub_out_word(vi);
		break;
	case CONTROL('U'):
		rub_out(vi, in->start.line == vi->cursor.line && in->start.at < vi->cursor.at ? in->start.at : 0);
		break;
	case CONTROL('V'):
		key = next_key(vi);
		keys_add(&vi->typed, key);
		insert_character(vi, in, key);
		break;
	case CONTROL('T'):
	case CONTROL('D'): {
		size_t behind = buffer_line(&vi->buffer, vi->cursor.line)->length - vi->cursor.at, length;

		shift_lines(vi, vi->cursor.line, vi->cursor.line, key == CONTROL('T') ? 1 : -1);
		length = buffer_line(&vi->buffer, vi->cursor.line)->length;
		vi->cursor.at = length > behind ? length - behind : 0;
		break;
	}
	case KEY_DELETE:
		delete_under(vi);
		break;
	case CONTROL('L'):
		vi->screen.unknown = true;
		break;
	default:
		insert_character(vi, in, key);
		break;
	}
	vi->want = column_of(vi, buffer_line(&vi->buffer, vi->cursor.line), vi->cursor.at, false);
	return true;
}

/* After a cursor key: what is typed now is a command of its own for `.` and for undo, as if i had been typed here. */
static void begin_anew(struct vi *vi, struct insertion *in)
{
	buffer_begin(&vi->buffer, vi->cursor);
	lines_free(&in->under);
	in->start = vi->cursor;
	vi->typed.count = 0;
	vi->record.count = 0;
	vi->dot_command = (struct command){ 0 };
	keys_add(&vi->record, in->replace ? 'R' : 'i');
}

/* The same keys once more. */
static void insert_again(struct vi *vi, struct insertion *in)
{
	struct keys keys = vi->replay;
	size_t at = vi->replay_at, count = vi->typed.count;

	vi->replay = (struct keys){ 0 };
	for (size_t i = 0; i < count; i++)
		keys_add(&vi->replay, vi->typed.key[i]);
	vi->replay_at = 0;
	while (vi->replay_at < vi->replay.count)
		insert_key(vi, in, next_key(vi));
	vi->typed.count = count; /* Ctrl-V has added its key again */
	free(vi->replay.key);
	vi->replay = keys;
	vi->replay_at = at;
}

/* `opens`: every repetition begins with a new line below. */
static void insertion(struct vi *vi, long count, bool replace, bool opens)
{
	struct insertion in = { .replace = replace, .start = vi->cursor };
	int key;

	vi->repeatable = true;
	vi->mode = replace ? MODE_REPLACE : MODE_INSERT;
	vi->typed.count = 0;
	vi->want = column_of(vi, buffer_line(&vi->buffer, vi->cursor.line), vi->cursor.at, false);
	for (;;) {
		key = next_key(vi);
		if (move(vi, key)) {
			begin_anew(vi, &in);
			count = 1;
			continue;
		}
		if (key != KEY_ESCAPE && key != CONTROL('C'))
			keys_add(&vi->typed, key);
		if (!insert_key(vi, &in, key))
			break;
	}
	for (; count > 1 && key == KEY_ESCAPE; count--) {
		if (opens) {
			struct lines empty = { 0 };

			lines_add(&empty, text_new("", 0));
			buffer_replace(&vi->buffer, vi->cursor.line + 1, 0, &empty);
			vi->cursor = (struct pos){ vi->cursor.line + 1, 0 };
		}
		insert_again(vi, &in);
	}
	lines_free(&in.under);
	vi->mode = MODE_NORMAL;
	vi->cursor.at = char_before(buffer_line(&vi->buffer, vi->cursor.line), vi->cursor.at);
	cursor_set(vi, vi->cursor);
}

void insert_mode(struct vi *vi, long count, bool replace)
{
	insertion(vi, count, replace, false);
}

void open_line(struct vi *vi, bool below, long count)
{
	const struct text *text = buffer_line(&vi->buffer, vi->cursor.line);
	struct lines with = { 0 };
	size_t indent = 0;

	while (vi->set.auto_indent && indent < text->length &&
	       (text->bytes[indent] == ' ' || text->bytes[indent] == '\t'))
		indent++;
	lines_add(&with, text_new(text->bytes, indent));
	if (vi->buffer.lines.count == 0) /* the line to stand on becomes real */
		buffer_set(&vi->buffer, 0, text_new("", 0));
	vi->cursor = (struct pos){ vi->cursor.line + below, indent };
	buffer_replace(&vi->buffer, vi->cursor.line, 0, &with);
	insertion(vi, count, false, true);
}

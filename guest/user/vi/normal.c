/*
 * Normal mode: one command at a time.
 */
#include "guest/user/vi/vi.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COUNT 99999999

static long times(const struct command *command)
{
	return command->count ? command->count : 1;
}

static const struct text *here(const struct vi *vi)
{
	return buffer_line(&vi->buffer, vi->cursor.line);
}

/* Digits; 0 alone is a motion. Returns the first key behind them. */
static int read_count(struct vi *vi, int key, long *count)
{
	long n = 0;

	while ((key >= '1' && key <= '9') || (n && key == '0')) {
		n = n < MAX_COUNT / 10 ? n * 10 + key - '0' : MAX_COUNT;
		key = next_key(vi);
	}
	if (n)
		*count = n;
	return key;
}

/* From the cursor to the end of the line, `count` - 1 lines below. */
static struct motion to_line_end(struct vi *vi, long count)
{
	size_t line = vi->cursor.line + (size_t)(count - 1), last = buffer_count(&vi->buffer) - 1;

	line = line < last ? line : last;
	return (struct motion){ .to = { line, char_before(buffer_line(&vi->buffer, line),
		                                          buffer_line(&vi->buffer, line)->length) },
		                .inclusive = true };
}

static struct motion whole_lines(struct vi *vi, long count)
{
	struct motion m = to_line_end(vi, count);

	m.linewise = true;
	return m;
}

/* A count of lines may go over the end, but not begin there. */
static bool enough_lines(struct vi *vi, long count)
{
	vi->failed |= count > 1 && vi->cursor.line + 1 >= buffer_count(&vi->buffer);
	return !vi->failed;
}

/* x X s: characters beside the cursor. */
static void characters(struct vi *vi, const struct command *command, int op, bool forward)
{
	struct motion m = { .to = vi->cursor };

	for (long i = 0; i < times(command) && (forward ? m.to.at < here(vi)->length : m.to.at > 0); i++)
		m.to.at = forward ? char_after(here(vi), m.to.at) : char_before(here(vi), m.to.at);
	if (m.to.at == vi->cursor.at && op != 'c')
		vi->failed = true;
	else
		operator_run(vi, op, command, vi->cursor, m);
}

/* d c y < > and what they apply to. */
static void operator_command(struct vi *vi, struct command *command)
{
	int op = command->key;
	struct command inner = { .name = command->name };
	struct motion m = { .to = vi->cursor };
	struct pos from = vi->cursor;

	inner.key = read_count(vi, next_key(vi), &inner.count);
	if (vi->replay_count)
		inner.count = 0;
	if (command->count && inner.count)
		inner.count = command->count * inner.count < MAX_COUNT ? command->count * inner.count : MAX_COUNT;
	else if (command->count)
		inner.count = command->count;
	if (inner.key == op) {
		if (enough_lines(vi, times(&inner)))
			operator_run(vi, op, &inner, from, whole_lines(vi, times(&inner)));
		return;
	}
	if (inner.key == 'i' || inner.key == 'a') {
		vi->failed = !text_object(vi, inner.key, next_key(vi), &from, &m);
		if (!vi->failed)
			operator_run(vi, op, &inner, from, m);
		return;
	}
	if (motion_run(vi, &inner, op, &m))
		operator_run(vi, op, &inner, from, m);
	else
		vi->failed = true;
}

static void replace_characters(struct vi *vi, long count)
{
	int key = next_key(vi);
	char bytes[8];
	size_t length, at = vi->cursor.at, line = vi->cursor.line;
	struct lines with = { 0 };
	struct text *text, *middle;

	if (key == CONTROL('V'))
		key = next_key(vi);
	else if (key == KEY_ESCAPE)
		return;
	length = (size_t)key_bytes(key, bytes);
	for (long i = 0; i < count; i++) {
		if (at >= here(vi)->length || !length) {
			vi->failed = true;
			return;
		}
		at = char_after(here(vi), at);
	}
	vi->repeatable = true;
	if (key == '\r' || key == '\n') { /* any count makes one new line */
		lines_add(&with, text_new(here(vi)->bytes, vi->cursor.at));
		lines_add(&with, text_new(here(vi)->bytes + at, here(vi)->length - at));
		buffer_replace(&vi->buffer, line, 1, &with);
		cursor_to_line(vi, line + 1);
		return;
	}
	middle = text_new("", 0);
	for (long i = 0; i < count; i++) {
		text = text_join(middle->bytes, middle->length, bytes, length, NULL, 0);
		text_release(middle);
		middle = text;
	}
	text = text_join(here(vi)->bytes, vi->cursor.at, middle->bytes, middle->length, here(vi)->bytes + at,
	                 here(vi)->length - at);
	buffer_set(&vi->buffer, line, text);
	cursor_set(vi, (struct pos){ line, vi->cursor.at + middle->length - length });
	text_release(middle);
}

/* The other case of a letter of ASCII, Latin-1, Greek or Cyrillic; the rest stays. */
static unsigned other_case(unsigned code)
{
	if (code < 0x80)
		return (unsigned)(islower((int)code) ? toupper((int)code) : tolower((int)code));
	if ((code >= 0xe0 && code <= 0xfe && code != 0xf7) || (code >= 0x3b1 && code <= 0x3c9 && code != 0x3c2) ||
	    (code >= 0x430 && code <= 0x44f))
		return code - 0x20;
	if ((code >= 0xc0 && code <= 0xde && code != 0xd7) || (code >= 0x391 && code <= 0x3a9) ||
	    (code >= 0x410 && code <= 0x42f))
		return code + 0x20;
	return code;
}

static void tilde(struct vi *vi, long count)
{
	if (here(vi)->length == 0) {
		vi->failed = true;
		return;
	}
	vi->repeatable = true;
	for (; count > 0 && vi->cursor.at < here(vi)->length; count--) {
		const struct text *text = here(vi);
		size_t at = vi->cursor.at, end = char_after(text, at);
		unsigned code = char_at(text, at), other = other_case(code);
		char bytes[8];
		size_t length = other == code ? 0 : (size_t)key_bytes((int)other, bytes);

		if (length)
			buffer_set(&vi->buffer, vi->cursor.line,
			           text_join(text->bytes, at, bytes, length, text->bytes + end, text->length - end));
		vi->cursor.at = length ? at + length : end;
	}
	cursor_set(vi, vi->cursor);
}

static void join(struct vi *vi, long count)
{
	count = count < 2 ? 2 : count;
	if (vi->cursor.line + 1 >= buffer_count(&vi->buffer)) {
		vi->failed = true;
		return;
	}
	if (vi->cursor.line + (size_t)count > buffer_count(&vi->buffer))
		count = (long)(buffer_count(&vi->buffer) - vi->cursor.line);
	vi->repeatable = true;
	join_lines(vi, vi->cursor.line, (size_t)count, true);
}

static void undo_or_redo(struct vi *vi, long count, bool (*step)(struct buffer *b, struct pos *at), const char *none)
{
	struct pos at;

	for (; count > 0; count--) {
		if (!step(&vi->buffer, &at)) {
			complain(vi, "%s", none);
			return;
		}
		cursor_set(vi, at);
	}
}

/* `.`: the last change once more. */
static void repeat(struct vi *vi, const struct command *command)
{
	struct keys keys = { 0 };

	if (vi->dot.count == 0) {
		vi->failed = true;
		return;
	}
	if (command->count)
		vi->dot_command.count = command->count;
	vi->replay_count = command->count != 0;
	for (size_t i = 0; i < vi->dot.count; i++)
		keys_add(&keys, vi->dot.key[i]);
	vi->replay = keys;
	vi->replay_at = 0;
	normal_command(vi);
	vi->replay_count = false;
	vi->replay.count = vi->replay_at = 0;
	free(keys.key);
	vi->replay = (struct keys){ 0 };
}

static void put_mark(struct vi *vi)
{
	int name = next_key(vi);

	if (name >= 'a' && name <= 'z')
		vi->buffer.marks[name - 'a'] = vi->cursor;
	else if (name == '\'' || name == '`')
		vi->buffer.marks[MARK_PREVIOUS] = vi->cursor;
	else
		vi->failed = true;
}

static void colon(struct vi *vi, long count)
{
	char line[MESSAGE_SIZE];

	vi->message[0] = 0;
	if (count)
		say(vi, ".,.+%ld", count - 1); /* the line begins with this */
	if (read_line(vi, ':', line, sizeof(line)))
		vi->failed = !ex_run(vi, line);
}

static void quit_or_save(struct vi *vi)
{
	int key = next_key(vi);
	char line[4];

	if (key != 'Z' && key != 'Q') {
		vi->failed = true;
		return;
	}
	strcpy(line, key == 'Z' ? "x" : "q!");
	vi->failed = !ex_run(vi, line);
}

static void place(struct vi *vi)
{
	int key = next_key(vi);

	if (key == '\r' || key == '.' || key == '-')
		cursor_to_line(vi, vi->cursor.line);
	view_place(vi, key == '\r' || key == 't' ? 't' : key == '-' || key == 'b' ? 'b' : 'z');
}

static void file_info(struct vi *vi)
{
	size_t count = buffer_count(&vi->buffer);

	say(vi, "\"%s\"%s%s line %zu of %zu --%zu%%--", vi->name ? vi->name : "no name",
	    buffer_modified(&vi->buffer) ? " [modified]" : "", vi->read_only ? " [read-only]" : "", vi->cursor.line + 1,
	    count, (vi->cursor.line + 1) * 100 / count);
}

/* Commands that change text; false: it is none of them. */
static bool change_command(struct vi *vi, struct command *command)
{
	struct pos cursor = vi->cursor;

	switch (command->key) {
	case 'd':
	case 'c':
	case 'y':
	case '<':
	case '>':
		operator_command(vi, command);
		return true;
	case 'x':
	case KEY_DELETE:
		characters(vi, command, 'd', true);
		return true;
	case 'X':
		characters(vi, command, 'd', false);
		return true;
	case 's':
		characters(vi, command, 'c', true);
		return true;
	case 'S':
		if (enough_lines(vi, times(command)))
			operator_run(vi, 'c', command, cursor, whole_lines(vi, times(command)));
		return true;
	case 'D':
		if (enough_lines(vi, times(command)))
			operator_run(vi, 'd', command, cursor, to_line_end(vi, times(command)));
		return true;
	case 'C':
		if (enough_lines(vi, times(command)))
			operator_run(vi, 'c', command, cursor, to_line_end(vi, times(command)));
		return true;
	case 'Y':
		if (enough_lines(vi, times(command)))
			operator_run(vi, 'y', command, cursor, whole_lines(vi, times(command)));
		return true;
	case 'p':
	case 'P':
		put(vi, command, command->key == 'p');
		return true;
	case 'r':
		replace_characters(vi, times(command));
		return true;
	case '~':
		tilde(vi, times(command));
		return true;
	case 'J':
		join(vi, times(command));
		return true;
	case '&': {
		char line[] = "&";

		vi->failed = !ex_run(vi, line);
		vi->repeatable = true;
		return true;
	}
	default:
		return false;
	}
}

/* Commands behind which text is typed. */
static bool insert_command(struct vi *vi, const struct command *command)
{
	struct pos *cursor = &vi->cursor;

	switch (command->key) {
	case 'i':
	case KEY_INSERT:
		break;
	case 'I':
		cursor->at = first_nonblank(here(vi));
		if (cursor->at < here(vi)->length && strchr(" \t", here(vi)->bytes[cursor->at]))
			cursor->at = here(vi)->length; /* nothing but blanks */
		break;
	case 'a':
		cursor->at = char_after(here(vi), cursor->at);
		break;
	case 'A':
		cursor->at = here(vi)->length;
		break;
	case 'o':
	case 'O':
		open_line(vi, command->key == 'o', times(command));
		return true;
	case 'R':
		insert_mode(vi, times(command), true);
		return true;
	default:
		return false;
	}
	insert_mode(vi, times(command), false);
	return true;
}

/* The rest: the view, files, undo. */
static bool other_command(struct vi *vi, const struct command *command)
{
	switch (command->key) {
	case CONTROL('F'):
	case CONTROL('B'):
	case CONTROL('D'):
	case CONTROL('U'):
	case CONTROL('E'):
	case CONTROL('Y'):
		vi->failed = !view_scroll(vi, command->key, command->count);
		break;
	case KEY_PAGE_DOWN:
	case KEY_PAGE_UP:
		vi->failed =
			!view_scroll(vi, command->key == KEY_PAGE_DOWN ? CONTROL('F') : CONTROL('B'), command->count);
		break;
	case 'u':
		undo_or_redo(vi, times(command), buffer_undo, "already at the oldest change");
		break;
	case CONTROL('R'):
		undo_or_redo(vi, times(command), buffer_redo, "already at the newest change");
		break;
	case '.':
		repeat(vi, command);
		break;
	case 'm':
		put_mark(vi);
		break;
	case 'z':
		place(vi);
		break;
	case ':':
		colon(vi, command->count);
		break;
	case 'Z':
		quit_or_save(vi);
		break;
	case CONTROL('G'):
		file_info(vi);
		break;
	case CONTROL('L'):
		vi->screen.unknown = true;
		break;
	case CONTROL('Z'):
		run_outside(vi, NULL);
		break;
	case KEY_ESCAPE:
		break;
	default:
		return false;
	}
	return true;
}

static void motion_command(struct vi *vi, struct command *command)
{
	struct motion m;
	struct pos before = vi->cursor;

	if (!motion_run(vi, command, 0, &m)) {
		vi->failed = true;
		return;
	}
	if (m.jump)
		vi->buffer.marks[MARK_PREVIOUS] = before;
	if (m.keep_want) {
		vi->cursor = m.to;
		cursor_clamp(vi);
	} else {
		cursor_set(vi, m.to);
	}
}

static void remember(struct vi *vi, const struct command *command)
{
	vi->dot.count = 0;
	for (size_t i = 0; i < vi->record.count; i++)
		keys_add(&vi->dot, vi->record.key[i]);
	vi->dot_command = *command;
}

void normal_command(struct vi *vi)
{
	bool replays = vi->replay_at < vi->replay.count;
	struct command command = replays ? vi->dot_command : (struct command){ 0 };
	int key;

	vi->record.count = 0;
	vi->repeatable = vi->failed = false;
	key = next_key(vi);
	while (!replays && (key == '"' || (key >= '1' && key <= '9'))) {
		if (key == '"') {
			command.name = next_key(vi);
			command.name = command.name < 128 && isalpha(command.name) ? command.name : 0;
			key = next_key(vi);
		}
		key = read_count(vi, key, &command.count);
	}
	vi->record.count = 0;
	if (!replays)
		keys_add(&vi->record, key);
	command.key = key;
	buffer_begin(&vi->buffer, vi->cursor);
	if (!change_command(vi, &command) && !insert_command(vi, &command) && !other_command(vi, &command))
		motion_command(vi, &command);
	/* After a cursor key in an insertion the command is another one, without a count. */
	if (vi->repeatable && !replays && key != '.' && !vi->failed) {
		if (vi->record.count && vi->record.key[0] != key)
			command = (struct command){ 0 };
		remember(vi, &command);
	}
	cursor_clamp(vi);
}

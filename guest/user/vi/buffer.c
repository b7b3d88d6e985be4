/*
 * The text that is edited; see buffer.h.
 */
#include "guest/user/vi/buffer.h"

#include <stdlib.h>
#include <string.h>

/* A line without text, and with the NUL behind it. */
static const union {
	struct text text;
	char room[sizeof(struct text) + 1];
} no_text;

void buffer_init(struct buffer *b)
{
	*b = (struct buffer){ 0 };
	for (int i = 0; i < MARKS; i++)
		b->marks[i].line = i == MARK_PREVIOUS ? 0 : NEVER;
}

static void drop_changes(struct buffer *b, size_t from)
{
	for (size_t i = from; i < b->change_count; i++) {
		lines_free(&b->changes[i].before);
		lines_free(&b->changes[i].after);
	}
	b->change_count = from;
}

void buffer_free(struct buffer *b)
{
	drop_changes(b, 0);
	free(b->changes);
	lines_free(&b->lines);
	buffer_init(b);
}

size_t buffer_count(const struct buffer *b)
{
	return b->lines.count ? b->lines.count : 1;
}

const struct text *buffer_line(const struct buffer *b, size_t line)
{
	return line < b->lines.count ? b->lines.at[line] : &no_text.text;
}

bool buffer_modified(const struct buffer *b)
{
	return b->done != b->saved;
}

void buffer_begin(struct buffer *b, struct pos cursor)
{
	b->open = false;
	b->cursor = cursor;
}

/* Marks stay with their lines; those of lines that are gone go too. */
static void move_marks(struct buffer *b, size_t line, size_t removed, size_t added)
{
	for (int i = 0; i < MARKS; i++) {
		struct pos *mark = &b->marks[i];

		if (mark->line == NEVER || mark->line < line)
			continue;
		if (mark->line >= line + removed)
			mark->line = mark->line - removed + added;
		else if (mark->line - line >= added)
			mark->line = NEVER;
	}
}

/* The last change can take this one in: typing changes the same line again and again. */
static bool merge_change(struct buffer *b, size_t line, size_t count, const struct lines *with)
{
	struct change *last = b->done ? &b->changes[b->done - 1] : NULL;

	if (!b->open || !last || last->line != line || last->after.count != 1 || count != 1 || with->count != 1)
		return false;
	text_release(last->after.at[0]);
	last->after.at[0] = text_share(with->at[0]);
	return true;
}

static struct change *new_change(struct buffer *b, size_t line)
{
	if (b->saved != NEVER && b->saved > b->done)
		b->saved = NEVER;
	drop_changes(b, b->done);
	if (b->change_count == b->change_room) {
		b->change_room = b->change_room * 2 + 16;
		b->changes = must_grow(b->changes, b->change_room * sizeof(*b->changes));
	}
	b->changes[b->change_count] = (struct change){ .line = line, .cursor = b->cursor, .first = !b->open };
	b->open = true;
	b->done = ++b->change_count;
	return &b->changes[b->done - 1];
}

void buffer_replace(struct buffer *b, size_t line, size_t count, struct lines *with)
{
	struct lines old = { 0 };

	if (count == 0 && with->count == 0)
		return;
	if (line > b->lines.count) { /* the one line to stand on becomes real */
		struct lines empty = { 0 };

		lines_add(&empty, text_new("", 0));
		buffer_replace(b, 0, 0, &empty);
	}
	count = line + count > b->lines.count ? b->lines.count - line : count;
	move_marks(b, line, count, with->count);
	if (merge_change(b, line, count, with)) {
		lines_splice(&b->lines, line, count, with, &old);
		lines_free(&old);
		return;
	}
	struct change *change = new_change(b, line);

	lines_copy(&change->after, with, 0, with->count);
	lines_splice(&b->lines, line, count, with, &change->before);
}

void buffer_set(struct buffer *b, size_t line, struct text *text)
{
	struct lines with = { 0 };

	lines_add(&with, text);
	buffer_replace(b, line, 1, &with);
}

/* Puts `in` where `out` is now. */
static void exchange(struct buffer *b, size_t line, const struct lines *out, const struct lines *in)
{
	struct lines with = { 0 }, old = { 0 };

	lines_copy(&with, in, 0, in->count);
	move_marks(b, line, out->count, in->count);
	lines_splice(&b->lines, line, out->count, &with, &old);
	lines_free(&old);
}

bool buffer_undo(struct buffer *b, struct pos *at)
{
	struct change *change;

	if (b->done == 0)
		return false;
	do {
		change = &b->changes[--b->done];
		exchange(b, change->line, &change->after, &change->before);
	} while (!change->first);
	*at = (struct pos){ change->line, 0 };
	if (change->cursor.line == change->line)
		*at = change->cursor;
	b->open = false;
	return true;
}

bool buffer_redo(struct buffer *b, struct pos *at)
{
	bool first = true;

	if (b->done == b->change_count)
		return false;
	do {
		struct change *change = &b->changes[b->done++];

		exchange(b, change->line, &change->before, &change->after);
		if (first)
			*at = change->cursor.line == change->line ? change->cursor : (struct pos){ change->line, 0 };
		first = false;
	} while (b->done < b->change_count && !b->changes[b->done].first);
	b->open = false;
	return true;
}

void buffer_cut_copy(const struct buffer *b, struct pos from, struct pos to, struct lines *out)
{
	for (size_t line = from.line; line <= to.line; line++) {
		const struct text *text = buffer_line(b, line);
		size_t start = line == from.line ? from.at : 0, end = line == to.line ? to.at : text->length;

		if (start == 0 && end == text->length && line < b->lines.count)
			lines_add(out, text_share(b->lines.at[line]));
		else
			lines_add(out, text_new(text->bytes + start, end - start));
	}
}

void buffer_delete(struct buffer *b, struct pos from, struct pos to)
{
	const struct text *first = buffer_line(b, from.line), *last = buffer_line(b, to.line);
	struct lines with = { 0 };

	lines_add(&with, text_join(first->bytes, from.at, NULL, 0, last->bytes + to.at, last->length - to.at));
	buffer_replace(b, from.line, to.line - from.line + 1, &with);
}

void buffer_insert_bytes(struct buffer *b, struct pos at, const char *bytes, size_t length)
{
	const struct text *text = buffer_line(b, at.line);

	buffer_set(b, at.line, text_join(text->bytes, at.at, bytes, length, text->bytes + at.at, text->length - at.at));
}

struct pos buffer_insert(struct buffer *b, struct pos at, const struct lines *what)
{
	const struct text *text = buffer_line(b, at.line), *head = what->at[0], *tail = what->at[what->count - 1];
	struct lines with = { 0 };

	if (what->count == 1) {
		buffer_insert_bytes(b, at, head->bytes, head->length);
		return (struct pos){ at.line, at.at + head->length };
	}
	lines_add(&with, text_join(text->bytes, at.at, head->bytes, head->length, NULL, 0));
	lines_copy(&with, what, 1, what->count - 2);
	lines_add(&with, text_join(tail->bytes, tail->length, NULL, 0, text->bytes + at.at, text->length - at.at));
	buffer_replace(b, at.line, 1, &with);
	return (struct pos){ at.line + what->count - 1, tail->length };
}

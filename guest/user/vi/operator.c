/*
 * What is done to stretches of text: delete, change, yank, shift, put, join; and the registers.
 */
#include "guest/user/vi/vi.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define TELL_LINES 3 /* changes of more lines are reported */

struct register_text *register_of(struct vi *vi, int name)
{
	return &vi->registers[name ? tolower(name) - 'a' + 1 : 0];
}

void register_take(struct vi *vi, int name, struct pos from, struct pos to, bool linewise)
{
	struct register_text *target = register_of(vi, name), *unnamed = register_of(vi, 0);
	struct lines taken = { 0 };

	if (linewise)
		buffer_cut_copy(&vi->buffer, (struct pos){ from.line, 0 },
		                (struct pos){ to.line, buffer_line(&vi->buffer, to.line)->length }, &taken);
	else
		buffer_cut_copy(&vi->buffer, from, to, &taken);
	if (!isupper(name) || target->lines.count == 0) {
		lines_free(&target->lines);
		target->linewise = linewise;
	}
	if (target->lines.count && !linewise && !target->linewise) { /* it goes on in the same line */
		struct text *last = target->lines.at[target->lines.count - 1], *first = taken.at[0];

		target->lines.at[target->lines.count - 1] =
			text_join(last->bytes, last->length, NULL, 0, first->bytes, first->length);
		text_release(last);
		lines_copy(&target->lines, &taken, 1, taken.count - 1);
	} else {
		target->linewise |= linewise;
		lines_copy(&target->lines, &taken, 0, taken.count);
	}
	lines_free(&taken);
	if (target != unnamed) {
		lines_free(&unnamed->lines);
		lines_copy(&unnamed->lines, &target->lines, 0, target->lines.count);
		unnamed->linewise = target->linewise;
	}
}

void delete_lines(struct vi *vi, size_t first, size_t last)
{
	struct lines nothing = { 0 };

	buffer_replace(&vi->buffer, first, last - first + 1, &nothing);
	if (last - first >= TELL_LINES)
		say(vi, "%zu fewer lines", last - first + 1);
}

/* The blanks at the beginning of a line, `columns` wide. */
static struct text *indented(const struct text *text, size_t skip, int columns)
{
	char *blanks = must_alloc((size_t)columns + 1);
	int tabs = columns / 8;
	struct text *result;

	memset(blanks, '\t', (size_t)tabs);
	memset(blanks + tabs, ' ', (size_t)(columns % 8));
	result = text_join(blanks, (size_t)(tabs + columns % 8), NULL, 0, text->bytes + skip, text->length - skip);
	free(blanks);
	return result;
}

void shift_lines(struct vi *vi, size_t first, size_t last, int levels)
{
	struct lines with = { 0 };

	for (size_t line = first; line <= last; line++) {
		const struct text *text = buffer_line(&vi->buffer, line);
		size_t skip = 0;
		int columns = 0;

		for (; skip < text->length && (text->bytes[skip] == ' ' || text->bytes[skip] == '\t'); skip++)
			columns = text->bytes[skip] == '\t' ? columns / 8 * 8 + 8 : columns + 1;
		columns += levels * vi->set.shift_width;
		if (text->length == 0)
			lines_add(&with, text_new("", 0));
		else
			lines_add(&with, indented(text, skip, columns < 0 ? 0 : columns));
	}
	buffer_replace(&vi->buffer, first, last - first + 1, &with);
	if (last - first >= TELL_LINES)
		say(vi, "%zu lines shifted", last - first + 1);
}

static bool before(struct pos a, struct pos b)
{
	return a.line < b.line || (a.line == b.line && a.at < b.at);
}

static bool only_blanks(const struct text *text, size_t from, size_t to)
{
	for (; from < to; from++)
		if (text->bytes[from] != ' ' && text->bytes[from] != '\t')
			return false;
	return true;
}

/* The far end as POSIX wants it: a motion that ends before the first column of a line leaves that line alone. */
static void adjust_end(struct vi *vi, int op, struct pos *from, struct motion *m)
{
	const struct text *first = buffer_line(&vi->buffer, from->line);
	bool indented_start = only_blanks(first, 0, from->at), adjusted = false;

	if (m->linewise)
		return;
	if (m->inclusive) {
		m->to.at = char_after(buffer_line(&vi->buffer, m->to.line), m->to.at);
	} else if (m->to.at == 0 && m->to.line > from->line) {
		adjusted = true;
		m->to.line--;
		m->to.at = buffer_line(&vi->buffer, m->to.line)->length;
		if (indented_start)
			m->linewise = true;
	}
	if (!m->linewise && op == 'd' && m->to.line > from->line && indented_start && !adjusted) {
		const struct text *last = buffer_line(&vi->buffer, m->to.line);

		m->linewise = only_blanks(last, m->to.at, last->length);
	}
}

static void change_lines(struct vi *vi, size_t first, size_t last)
{
	const struct text *text = buffer_line(&vi->buffer, first);
	struct lines with = { 0 };
	size_t indent = 0;

	while (vi->set.auto_indent && indent < text->length &&
	       (text->bytes[indent] == ' ' || text->bytes[indent] == '\t'))
		indent++;
	lines_add(&with, text_new(text->bytes, indent));
	buffer_replace(&vi->buffer, first, last - first + 1, &with);
	vi->cursor = (struct pos){ first, indent };
}

static void operate_lines(struct vi *vi, int op, int name, size_t first, size_t last)
{
	struct pos from = { first, 0 }, to = { last, 0 };

	switch (op) {
	case '>':
	case '<':
		shift_lines(vi, first, last, op == '>' ? 1 : -1);
		cursor_to_line(vi, first);
		return;
	case 'y':
		register_take(vi, name, from, to, true);
		if (last - first >= TELL_LINES)
			say(vi, "%zu lines yanked", last - first + 1);
		return;
	case 'd':
		register_take(vi, name, from, to, true);
		delete_lines(vi, first, last);
		cursor_to_line(vi, first);
		return;
	default: /* c */
		register_take(vi, name, from, to, true);
		change_lines(vi, first, last);
		insert_mode(vi, 1, false);
		return;
	}
}

void operator_run(struct vi *vi, int op, const struct command *command, struct pos from, struct motion m)
{
	vi->repeatable = op != 'y';
	if (before(m.to, from)) {
		struct pos other = from;

		from = m.to;
		m.to = other;
	}
	adjust_end(vi, op, &from, &m);
	if (op == 'y')
		cursor_set(vi, from);
	if (m.linewise || op == '<' || op == '>') {
		operate_lines(vi, op, command->name, from.line, m.to.line);
		return;
	}
	if (op == 'd' && from.line == m.to.line && from.at == m.to.at)
		return;
	register_take(vi, command->name, from, m.to, false);
	if (op == 'y')
		return;
	buffer_delete(&vi->buffer, from, m.to);
	if (op == 'c') {
		vi->cursor = from;
		insert_mode(vi, 1, false);
	} else {
		cursor_set(vi, from);
	}
}

/* The register's text `count` times, its pieces of lines joined. */
static void repeat_text(struct lines *out, const struct register_text *source, long count)
{
	for (; count > 0; count--) {
		size_t skip = 0;

		if (!source->linewise && out->count) {
			struct text *last = out->at[out->count - 1], *first = source->lines.at[0];

			out->at[out->count - 1] =
				text_join(last->bytes, last->length, NULL, 0, first->bytes, first->length);
			text_release(last);
			skip = 1;
		}
		lines_copy(out, &source->lines, skip, source->lines.count - skip);
	}
}

void put(struct vi *vi, const struct command *command, bool after)
{
	const struct register_text *source = register_of(vi, command->name);
	struct lines what = { 0 };
	struct pos at = vi->cursor, end;

	if (source->lines.count == 0) {
		complain(vi, "nothing in the register");
		return;
	}
	vi->repeatable = true;
	repeat_text(&what, source, command->count ? command->count : 1);
	if (source->linewise) {
		size_t count = what.count;

		buffer_replace(&vi->buffer, at.line + after, 0, &what);
		cursor_to_line(vi, at.line + after);
		if (count > TELL_LINES)
			say(vi, "%zu more lines", count);
		return;
	}
	if (after)
		at.at = char_after(buffer_line(&vi->buffer, at.line), at.at);
	end = buffer_insert(&vi->buffer, at, &what);
	if (end.line == at.line && end.at > at.at)
		at.at = char_before(buffer_line(&vi->buffer, end.line), end.at);
	lines_free(&what);
	cursor_set(vi, at);
}

void join_lines(struct vi *vi, size_t line, size_t count, bool spaces)
{
	const struct text *text = buffer_line(&vi->buffer, line);
	struct text *joined = text_new(text->bytes, text->length);
	struct lines with = { 0 };
	size_t cut = joined->length;

	for (size_t i = 1; i < count; i++) {
		const struct text *next = buffer_line(&vi->buffer, line + i);
		size_t skip = 0;
		bool space;
		struct text *longer;

		while (spaces && skip < next->length && (next->bytes[skip] == ' ' || next->bytes[skip] == '\t'))
			skip++;
		cut = joined->length;
		space = spaces && cut > 0 && skip < next->length && next->bytes[skip] != ')' &&
		        joined->bytes[cut - 1] != ' ' && joined->bytes[cut - 1] != '\t';
		longer = text_join(joined->bytes, cut, " ", space, next->bytes + skip, next->length - skip);
		text_release(joined);
		joined = longer;
	}
	lines_add(&with, joined);
	buffer_replace(&vi->buffer, line, count, &with);
	cursor_set(vi, (struct pos){ line, cut });
}

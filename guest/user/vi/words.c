/*
 * Motions by words. A word is a run of letters, digits and underscores, or a run of other characters that are no
 * blanks; a big word is whatever stands between blanks. An empty line is a word too.
 */
#include "guest/user/vi/vi.h"

#include <ctype.h>
#include <string.h>

int step_forward(const struct vi *vi, struct pos *at)
{
	const struct text *text = buffer_line(&vi->buffer, at->line);

	if (at->at < text->length) {
		at->at = char_after(text, at->at);
		return at->at < text->length ? 0 : 2;
	}
	if (at->line + 1 >= buffer_count(&vi->buffer))
		return -1;
	*at = (struct pos){ at->line + 1, 0 };
	return 1;
}

int step_back(const struct vi *vi, struct pos *at)
{
	if (at->at > 0) {
		at->at = char_before(buffer_line(&vi->buffer, at->line), at->at);
		return 0;
	}
	if (at->line == 0)
		return -1;
	at->line--;
	at->at = buffer_line(&vi->buffer, at->line)->length;
	return 1;
}

/* 0: blank, or the end of a line; 1: other; 2: of a word. */
static int class_at(const struct vi *vi, const struct pos *at, bool big)
{
	unsigned code = char_at(buffer_line(&vi->buffer, at->line), at->at);

	if (code == 0 || code == ' ' || code == '\t' || code == 0xa0 || code == 0x3000)
		return 0;
	if (big)
		return 1;
	if (code >= 0x80)
		return code >= 0x2010 && code < 0x2c00 ? 1 : 2; /* punctuation, arrows, boxes */
	return isalnum((int)code) || code == '_' ? 2 : 1;
}

static bool on_empty_line(const struct vi *vi, const struct pos *at)
{
	return buffer_line(&vi->buffer, at->line)->length == 0;
}

/* Over characters of one class; false at an end of the text. */
static bool skip_class(const struct vi *vi, struct pos *at, bool big, int class,
                       int (*step)(const struct vi *, struct pos *))
{
	while (class_at(vi, at, big) == class)
		if (step(vi, at) < 0)
			return false;
	return true;
}

bool word_forward(const struct vi *vi, struct pos *at, long count, bool big, bool stop_at_end)
{
	while (count-- > 0) {
		int class = class_at(vi, at, big), moved;
		bool last_line = at->line + 1 == buffer_count(&vi->buffer), stop = stop_at_end && count == 0;

		moved = step_forward(vi, at);
		if (moved < 0 || (moved && last_line && class == 0))
			return false;
		if (moved && stop)
			return true;
		while (class && class_at(vi, at, big) == class) {
			moved = step_forward(vi, at);
			if (moved < 0 || (moved && stop))
				return moved >= 0;
		}
		while (class_at(vi, at, big) == 0) {
			if (on_empty_line(vi, at))
				break;
			moved = step_forward(vi, at);
			if (moved < 0)
				return count == 0;
		}
	}
	return true;
}

bool word_back(const struct vi *vi, struct pos *at, long count, bool big)
{
	while (count-- > 0) {
		if (step_back(vi, at) < 0)
			return false;
		while (class_at(vi, at, big) == 0) {
			if (at->at == 0 && on_empty_line(vi, at))
				break;
			if (step_back(vi, at) < 0)
				return true;
		}
		if (class_at(vi, at, big) && skip_class(vi, at, big, class_at(vi, at, big), step_back))
			step_forward(vi, at);
	}
	return true;
}

bool word_end(const struct vi *vi, struct pos *at, long count, bool big, bool stay)
{
	for (; count > 0; count--, stay = false) {
		int class = class_at(vi, at, big);

		if (step_forward(vi, at) < 0)
			return false;
		if (class && class_at(vi, at, big) == class) {
			skip_class(vi, at, big, class, step_forward);
		} else if (!stay || class == 0) {
			while (class_at(vi, at, big) == 0)
				if (step_forward(vi, at) < 0)
					return false;
			skip_class(vi, at, big, class_at(vi, at, big), step_forward);
		}
		step_back(vi, at);
	}
	return true;
}

static const char brackets[] = "()[]{}";

bool match_bracket(const struct vi *vi, struct pos *at)
{
	const struct text *text = buffer_line(&vi->buffer, at->line);
	const char *kind;
	struct pos here = *at;
	char open, close;
	int depth = 0;
	bool forward;

	while (here.at < text->length && !(text->bytes[here.at] && strchr(brackets, text->bytes[here.at])))
		here.at++;
	if (here.at >= text->length)
		return false;
	kind = strchr(brackets, text->bytes[here.at]);
	forward = (kind - brackets) % 2 == 0;
	open = *kind;
	close = kind[forward ? 1 : -1];
	do {
		unsigned code = char_at(buffer_line(&vi->buffer, here.line), here.at);

		depth += (code == (unsigned char)open) - (code == (unsigned char)close);
		if (depth == 0) {
			*at = here;
			return true;
		}
	} while ((forward ? step_forward(vi, &here) : step_back(vi, &here)) >= 0);
	return false;
}

static bool word_object(struct vi *vi, bool around, bool big, struct pos *from, struct motion *m)
{
	const struct text *text = buffer_line(&vi->buffer, from->line);
	struct pos at = *from, end = *from;
	int class = class_at(vi, from, big);

	while (at.at > 0) {
		struct pos before = { at.line, char_before(text, at.at) };

		if (class_at(vi, &before, big) != class)
			break;
		at = before;
	}
	while (end.at < text->length && class_at(vi, &end, big) == class)
		end.at = char_after(text, end.at);
	if (around) {
		int next = class_at(vi, &end, big);
		size_t word = end.at;

		while (end.at < text->length && class_at(vi, &end, big) == next && (next == 0 || class == 0))
			end.at = char_after(text, end.at);
		while (class && end.at == word && at.at > 0 && strchr(" \t", text->bytes[at.at - 1]))
			at.at--;
	}
	*from = at;
	m->to = end;
	return true;
}

/* With a quoted text go the blanks behind it, or if there are none those before. */
static void take_blanks(const struct text *text, bool around, struct pos *from, struct motion *m)
{
	size_t end = m->to.at;

	while (around && m->to.at < text->length && text->bytes[m->to.at] == ' ')
		m->to.at++;
	while (around && end == m->to.at && from->at > 0 && text->bytes[from->at - 1] == ' ')
		from->at--;
}

static bool quote_object(struct vi *vi, bool around, char quote, struct pos *from, struct motion *m)
{
	const struct text *text = buffer_line(&vi->buffer, from->line);
	size_t start = NEVER;

	for (size_t i = 0; i < text->length; i++) {
		if (text->bytes[i] != quote || (i && text->bytes[i - 1] == '\\'))
			continue;
		if (start == NEVER) {
			start = i;
		} else if (i >= from->at) {
			from->at = start + !around;
			m->to = (struct pos){ from->line, i + around };
			take_blanks(text, around, from, m);
			return true;
		} else {
			start = NEVER;
		}
	}
	return false;
}

static bool bracket_object(struct vi *vi, bool around, int what, struct pos *from, struct motion *m)
{
	char open = what == 'b' ? '(' : what == 'B' ? '{' : brackets[(strchr(brackets, what) - brackets) & ~1];
	char close = *(strchr(brackets, open) + 1);
	struct pos at = *from, end;
	unsigned code = char_at(buffer_line(&vi->buffer, at.line), at.at);
	int depth = 0;

	if (code == (unsigned char)close && !match_bracket(vi, &at))
		return false;
	while (code != (unsigned char)open && code != (unsigned char)close) {
		if (step_back(vi, &at) < 0)
			return false;
		code = char_at(buffer_line(&vi->buffer, at.line), at.at);
		depth += (code == (unsigned char)close) - (code == (unsigned char)open);
		if (depth >= 0 || code != (unsigned char)open)
			code = 0;
	}
	end = at;
	if (!match_bracket(vi, &end))
		return false;
	*from = at;
	m->to = end;
	if (around)
		m->to.at++;
	else
		from->at++;
	return true;
}

bool text_object(struct vi *vi, int kind, int what, struct pos *from, struct motion *m)
{
	bool around = kind == 'a';

	if (what == 'w' || what == 'W')
		return word_object(vi, around, what == 'W', from, m);
	if (what == '"' || what == '\'' || what == '`')
		return quote_object(vi, around, (char)what, from, m);
	if (what == 'b' || what == 'B' || (what > 0 && what < 128 && strchr(brackets, what)))
		return bracket_object(vi, around, what, from, m);
	return false;
}

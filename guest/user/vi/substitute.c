/*
 * :s, :& and :g.
 */
#include "guest/user/vi/vi.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS 10

/* A growing line. */
struct growing {
	char *bytes;
	size_t length, room;
};

static void grow(struct growing *g, const char *bytes, size_t length)
{
	if (g->length + length > g->room) {
		g->room = (g->length + length) * 2 + 64;
		g->bytes = must_grow(g->bytes, g->room);
	}
	if (length)
		memcpy(g->bytes + g->length, bytes, length);
	g->length += length;
}

/* A replacement is added to `out`: & and \1 to \9, \n, \r and a typed ^M break the line; \u \l \U \L are not known. */
static void add_replacement(struct growing *out, const char *to, const struct text *text, const regmatch_t *match)
{
	for (; *to; to++) {
		int group = *to == '&' ? 0 : -1;

		if (*to == '\\' && to[1]) {
			to++;
			if (isdigit((unsigned char)*to))
				group = *to - '0';
			else if (*to == 'n' || *to == 'r' || *to == 't') {
				grow(out, *to == 't' ? "\t" : "\n", 1);
				continue;
			}
		} else if (*to == '\r') {
			grow(out, "\n", 1);
			continue;
		}
		if (group < 0)
			grow(out, to, 1);
		else if (match[group].rm_so >= 0)
			grow(out, text->bytes + match[group].rm_so, (size_t)(match[group].rm_eo - match[group].rm_so));
	}
}

/* What `text` becomes; returns the number of substitutions. */
static size_t substitute_line(const regex_t *regex, const struct text *text, const char *to, bool global,
                              struct growing *out)
{
	regmatch_t match[GROUPS];
	size_t from = 0, copied = 0, count = 0;

	out->length = 0;
	while (from <= text->length) {
		size_t start, end;

		match[0] = (regmatch_t){ (regoff_t)from, (regoff_t)text->length };
		if (regexec(regex, text->bytes, GROUPS, match, REG_STARTEND | (from ? REG_NOTBOL : 0)) != 0)
			break;
		start = (size_t)match[0].rm_so;
		end = (size_t)match[0].rm_eo;
		if (start == end && count && start == copied && start == from && from && end == text->length &&
		    text->length)
			break; /* nothing, right behind the last match */
		grow(out, text->bytes + copied, start - copied);
		add_replacement(out, to, text, match);
		copied = end;
		count++;
		if (!global)
			break;
		from = end;
		if (start == end) {
			if (end >= text->length)
				break;
			from = char_after(text, end);
		}
	}
	grow(out, text->bytes + copied, text->length - copied);
	return count;
}

static void add_lines(struct lines *lines, const struct growing *g)
{
	const char *p = g->bytes, *end = g->bytes + g->length, *newline;

	for (; (newline = g->length ? memchr(p, '\n', (size_t)(end - p)) : NULL); p = newline + 1)
		lines_add(lines, text_new(p, (size_t)(newline - p)));
	lines_add(lines, text_new(p, (size_t)(end - p)));
}

static bool substitute(struct vi *vi, struct ex *ex, const char *pattern, const char *to, bool global)
{
	struct growing out = { 0 };
	struct lines with = { 0 };
	size_t total = 0, changed = 0, last_changed = 0, first_changed = 0;
	struct re_pattern_buffer regex;

	if (!pattern_compile(vi, pattern, &regex))
		return false;
	for (size_t line = ex->first; line <= ex->last; line++) {
		const struct text *text = buffer_line(&vi->buffer, line);
		size_t count = substitute_line(&regex, text, to, global, &out);

		if (count == 0 && changed == 0)
			continue;
		if (changed == 0)
			first_changed = line;
		changed += count > 0;
		total += count;
		if (count == 0) {
			lines_add(&with, text_share(vi->buffer.lines.at[line]));
			continue;
		}
		add_lines(&with, &out);
		last_changed = first_changed + with.count - 1;
	}
	regfree(&regex);
	free(out.bytes);
	if (!changed)
		return complain(vi, "not found: %s", pattern);
	vi->buffer.marks[MARK_PREVIOUS] = vi->cursor;
	buffer_replace(&vi->buffer, first_changed, ex->last - first_changed + 1, &with);
	cursor_to_line(vi, last_changed);
	if (changed > 1)
		say(vi, "%zu substitutions on %zu lines", total, changed);
	return true;
}

/* A count behind the command: so many lines from the last one on. */
static void take_count(struct vi *vi, struct ex *ex, const char *text)
{
	long count = strtol(text, NULL, 10);
	size_t end = buffer_count(&vi->buffer) - 1;

	if (count < 1)
		return;
	ex->first = ex->last;
	ex->last = (size_t)count - 1 < end - ex->last ? ex->last + (size_t)count - 1 : end;
}

bool ex_substitute_again(struct vi *vi, struct ex *ex)
{
	if (!vi->last_from)
		return complain(vi, "nothing was substituted yet");
	for (; *ex->rest == 'g' || *ex->rest == '&'; ex->rest++)
		vi->last_global |= *ex->rest == 'g';
	take_count(vi, ex, ex->rest);
	return substitute(vi, ex, vi->last_from, vi->last_to, vi->last_global);
}

bool ex_substitute(struct vi *vi, struct ex *ex)
{
	char delimiter = *ex->rest, *pattern = ex->rest + 1, *to, *flags;

	if (!delimiter || isalnum((unsigned char)delimiter) || delimiter == '"' || delimiter == '|' || delimiter == '&')
		return ex_substitute_again(vi, ex);
	to = split_pattern(pattern, delimiter);
	flags = to ? split_pattern(to, delimiter) : NULL;
	if (!*pattern && !vi->pattern)
		return complain(vi, "no pattern yet");
	if (*pattern) {
		free(vi->pattern);
		vi->pattern = copy_string(pattern);
	}
	free(vi->last_from);
	free(vi->last_to);
	vi->last_from = copy_string(vi->pattern);
	vi->last_to = copy_string(to ? to : "");
	vi->last_global = false;
	for (; flags && *flags == 'g'; flags++)
		vi->last_global = true;
	if (flags && *flags && !isdigit((unsigned char)*flags) && *flags != ' ')
		return complain(vi, "behind s/.../.../ can be g or a number of lines, not %s", flags);
	if (flags)
		take_count(vi, ex, flags);
	return substitute(vi, ex, vi->last_from, vi->last_to, vi->last_global);
}

/* Lines that were yanked and put share one text: a mark must be of one line alone. */
static void make_own(struct text **text)
{
	struct text *own;

	if ((*text)->references == 1)
		return;
	own = text_new((*text)->bytes, (*text)->length);
	text_release(*text);
	*text = own;
}

/* Marks the lines first, by sharing their texts: commands may move and change them. */
bool ex_global(struct vi *vi, struct ex *ex, bool matching)
{
	size_t first = ex->addresses ? ex->first : 0, last = ex->addresses ? ex->last : buffer_count(&vi->buffer) - 1,
	       at = 0;
	char *command = *ex->rest ? split_pattern(ex->rest + 1, *ex->rest) : NULL, line[MESSAGE_SIZE];
	struct lines chosen = { 0 };
	struct re_pattern_buffer regex;
	size_t start, end;

	if (!*ex->rest || (!ex->rest[1] && !vi->pattern))
		return complain(vi, "no pattern");
	if (!pattern_compile(vi, ex->rest[1] ? ex->rest + 1 : vi->pattern, &regex))
		return false;
	free(ex->rest[1] ? vi->pattern : NULL);
	vi->pattern = ex->rest[1] ? copy_string(ex->rest + 1) : vi->pattern;
	for (size_t i = first; i <= last && i < vi->buffer.lines.count; i++)
		if (pattern_find(&regex, vi->buffer.lines.at[i], 0, &start, &end) == matching) {
			make_own(&vi->buffer.lines.at[i]);
			lines_copy(&chosen, &vi->buffer.lines, i, 1);
		}
	regfree(&regex);
	if (chosen.count == 0)
		return complain(vi, "no line is like that");
	for (size_t i = 0; i < chosen.count; i++) {
		size_t count = vi->buffer.lines.count, looked = 0;

		/* From where the last one was on, once around: the lines come in order unless they were moved. */
		while (looked < count && vi->buffer.lines.at[at % count] != chosen.at[i]) {
			at++;
			looked++;
		}
		if (looked == count)
			continue;
		cursor_to_line(vi, at % count);
		strncpy(line, command && *command ? command : "p", sizeof(line) - 1);
		line[sizeof(line) - 1] = 0;
		if (strcmp(line, "p") != 0 && !ex_run(vi, line) && !vi->message[0])
			break;
		at = vi->cursor.line < at ? vi->cursor.line : at;
	}
	lines_free(&chosen);
	return true;
}

/*
 * Searching with basic regular expressions. A pattern without special characters is looked for as it is, which is much
 * faster.
 */
#include "guest/user/vi/vi.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

char *split_pattern(char *text, char delimiter)
{
	bool in_set = false;

	for (; *text; text++) {
		if (*text == '\\' && text[1] == delimiter && delimiter != '\\') {
			memmove(text, text + 1, strlen(text)); /* \/ is a plain / */
		} else if (*text == '\\' && text[1]) {
			text++;
		} else if (*text == '[') {
			in_set = strchr(text, ']') != NULL;
		} else if (*text == ']') {
			in_set = false;
		} else if (*text == delimiter && !in_set) {
			*text = 0;
			return text + 1;
		}
	}
	return NULL;
}

bool pattern_compile(struct vi *vi, const char *pattern, struct re_pattern_buffer *regex)
{
	char reason[128];
	int error = regcomp(regex, pattern, vi->set.ignore_case ? REG_ICASE : 0);

	if (error == 0)
		return true;
	regerror(error, regex, reason, sizeof(reason));
	return complain(vi, "%s: %s", pattern, reason);
}

bool pattern_find(const struct re_pattern_buffer *regex, const struct text *text, size_t from, size_t *start,
                  size_t *end)
{
	regmatch_t match = { (regoff_t)from, (regoff_t)text->length };

	/* What REG_STARTEND calls the beginning of a line is `from`. */
	if (regexec(regex, text->bytes, 1, &match, REG_STARTEND | (from ? REG_NOTBOL : 0)) != 0)
		return false;
	*start = (size_t)match.rm_so;
	*end = (size_t)match.rm_eo;
	return true;
}

/* What is looked for: words as they are, or an expression. */
struct finder {
	const char *plain; /* NULL: `regex` */
	size_t length;     /* of it */
	regex_t regex;
};

static bool find_from(const struct finder *f, const struct text *text, size_t from, size_t *start)
{
	size_t end;
	const char *found;

	if (from > text->length)
		return false;
	if (!f->plain)
		return pattern_find(&f->regex, text, from, start, &end);
	found = memmem(text->bytes + from, text->length - from, f->plain, f->length);
	*start = found ? (size_t)(found - text->bytes) : 0;
	return found != NULL;
}

/* The last match that begins before `limit`. */
static bool find_last(const struct finder *f, const struct text *text, size_t limit, size_t *start)
{
	bool found = false;
	size_t at;

	for (size_t from = 0; find_from(f, text, from, &at) && at < limit; from = char_after(text, at)) {
		*start = at;
		found = true;
		if (at >= text->length)
			break;
	}
	return found;
}

static bool search_once(struct vi *vi, const struct finder *f, bool backwards, struct pos *at)
{
	size_t count = buffer_count(&vi->buffer), start;
	const struct text *text = buffer_line(&vi->buffer, at->line);

	if (backwards ? find_last(f, text, at->at, &start)
	              : at->at < text->length && find_from(f, text, char_after(text, at->at), &start) &&
	                        (start < text->length || text->length == 0)) {
		at->at = start;
		return true;
	}
	for (size_t i = 1; i <= count; i++) {
		size_t line = backwards ? (at->line + count - i) % count : (at->line + i) % count;

		if (!vi->set.wrap_scan && (backwards ? line >= at->line : line <= at->line))
			return false;
		text = buffer_line(&vi->buffer, line);
		if (backwards ? find_last(f, text, NEVER, &start) : find_from(f, text, 0, &start)) {
			if (backwards ? line >= at->line : line <= at->line)
				say(vi,
				    backwards ? "search went on from the end" : "search went on from the beginning");
			*at = (struct pos){ line, start };
			return true;
		}
	}
	return false;
}

bool search(struct vi *vi, const char *pattern, bool backwards, long count, struct pos *at)
{
	struct finder finder = { 0 };
	struct pos here = *at;
	bool found = true;

	if (pattern && *pattern) {
		free(vi->pattern);
		vi->pattern = copy_string(pattern);
	}
	if (!vi->pattern)
		return complain(vi, "no pattern yet");
	if (!vi->set.ignore_case && !strpbrk(vi->pattern, "\\.*[]^$")) {
		finder.plain = vi->pattern;
		finder.length = strlen(vi->pattern);
	} else if (!pattern_compile(vi, vi->pattern, &finder.regex)) {
		return false;
	}
	while (found && count-- > 0)
		found = search_once(vi, &finder, backwards, &here);
	if (!finder.plain)
		regfree(&finder.regex);
	if (!found)
		return complain(vi, "not found: %s", vi->pattern);
	*at = here;
	return true;
}

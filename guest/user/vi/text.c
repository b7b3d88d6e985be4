/*
 * Lines of text; see text.h.
 */
#include "guest/user/vi/text.h"
#include "guest/user/lib/utf8.h"

#include <stdlib.h>
#include <string.h>

struct text *text_join(const char *before, size_t before_length, const char *middle, size_t middle_length,
                       const char *after, size_t after_length)
{
	size_t length = before_length + middle_length + after_length;
	struct text *text = must_alloc(sizeof(*text) + length + 1);

	text->references = 1;
	text->length = (unsigned)length;
	if (before_length)
		memcpy(text->bytes, before, before_length);
	if (middle_length)
		memcpy(text->bytes + before_length, middle, middle_length);
	if (after_length)
		memcpy(text->bytes + before_length + middle_length, after, after_length);
	text->bytes[length] = 0;
	return text;
}

struct text *text_new(const char *bytes, size_t length)
{
	return text_join(bytes, length, NULL, 0, NULL, 0);
}

struct text *text_share(struct text *text)
{
	text->references++;
	return text;
}

void text_release(struct text *text)
{
	if (--text->references == 0)
		free(text);
}

static void lines_reserve(struct lines *list, size_t count)
{
	if (list->count + count <= list->room)
		return;
	list->room = list->count + count + list->room / 2 + 4;
	list->at = must_grow(list->at, list->room * sizeof(*list->at));
}

void lines_add(struct lines *list, struct text *text)
{
	lines_reserve(list, 1);
	list->at[list->count++] = text;
}

void lines_copy(struct lines *list, const struct lines *other, size_t from, size_t count)
{
	lines_reserve(list, count);
	for (size_t i = 0; i < count; i++)
		list->at[list->count++] = text_share(other->at[from + i]);
}

void lines_splice(struct lines *list, size_t at, size_t removed, struct lines *with, struct lines *old)
{
	size_t added = with->count;

	lines_reserve(old, removed);
	for (size_t i = 0; i < removed; i++)
		old->at[old->count++] = list->at[at + i];
	lines_reserve(list, added);
	if (list->count > at + removed)
		memmove(list->at + at + added, list->at + at + removed,
		        (list->count - at - removed) * sizeof(*list->at));
	if (added)
		memcpy(list->at + at, with->at, added * sizeof(*list->at));
	list->count = list->count - removed + added;
	with->count = 0;
	lines_free(with);
}

void lines_free(struct lines *list)
{
	for (size_t i = 0; i < list->count; i++)
		text_release(list->at[i]);
	free(list->at);
	*list = (struct lines){ 0 };
}

/* Is there a mark that belongs to the character before? */
static bool combines(const struct text *text, size_t at)
{
	int length;

	return at > 0 && at < text->length && (unsigned char)text->bytes[at] >= 0xcc &&
	       utf8_width(utf8_decode(text->bytes + at, text->length - at, &length)) == 0;
}

size_t char_before(const struct text *text, size_t at)
{
	size_t start = at;
	int length;

	if (at == 0)
		return 0;
	do
		start--;
	while (start > 0 && at - start < 4 && ((unsigned char)text->bytes[start] & 0xc0) == 0x80);
	/* A stray continuation byte is a character of its own. */
	utf8_decode(text->bytes + start, at - start, &length);
	start = start + (size_t)length == at ? start : at - 1;
	return combines(text, start) ? char_before(text, start) : start;
}

size_t char_after(const struct text *text, size_t at)
{
	int length;

	if (at >= text->length)
		return text->length;
	do {
		utf8_decode(text->bytes + at, text->length - at, &length);
		at += (size_t)length;
	} while (combines(text, at));
	return at;
}

unsigned char_at(const struct text *text, size_t at)
{
	int length;

	return at < text->length ? utf8_decode(text->bytes + at, text->length - at, &length) : 0;
}

/*
 * The last row as a line to type into: after : / and ?
 */
#include "guest/user/vi/vi.h"
#include "guest/user/lib/utf8.h"

#include <stdio.h>
#include <string.h>

/* The line that is typed. */
struct typing {
	int prompt;  /* its first character */
	char *text;  /* the rest, NUL-terminated */
	size_t size; /* room for it */
	size_t at;   /* of the cursor */
};

static size_t back(const struct typing *t, size_t at)
{
	while (at > 0 && ((unsigned char)t->text[--at] & 0xc0) == 0x80)
		continue;
	return at;
}

static size_t on(const struct typing *t, size_t at)
{
	if (t->text[at])
		at++;
	while (((unsigned char)t->text[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static void cut(struct typing *t, size_t from, size_t to)
{
	memmove(t->text + from, t->text + to, strlen(t->text + to) + 1);
	t->at = from;
}

/* Columns of the bytes [from, to). */
static int columns(const struct typing *t, size_t from, size_t to)
{
	int width = 0, length;

	for (; from < to; from += (size_t)length) {
		unsigned code = utf8_decode(t->text + from, to - from, &length);

		width += code == UTF8_INVALID || code < ' ' ? 1 : utf8_width(code);
	}
	return width;
}

/* What is seen of it: the end, if it does not fit. */
static void show(struct vi *vi, const struct typing *t)
{
	size_t from = 0;

	while (columns(t, from, t->at) > vi->screen.columns - 4 && vi->screen.columns > 8)
		from = on(t, from);
	snprintf(vi->line, sizeof(vi->line), "%c%s", t->prompt, t->text + from);
	vi->line_cursor = 1 + columns(t, from, t->at);
}

static void add(struct typing *t, int key)
{
	char bytes[8];
	size_t length = (size_t)key_bytes(key, bytes), rest = strlen(t->text + t->at) + 1;

	if (!length || t->at + rest + length > t->size)
		return;
	memmove(t->text + t->at + length, t->text + t->at, rest);
	memcpy(t->text + t->at, bytes, length);
	t->at += length;
}

/* False: the line is left. */
static bool edit(struct vi *vi, struct typing *t, int key)
{
	size_t word = t->at;

	switch (key) {
	case KEY_ESCAPE:
	case CONTROL('C'):
		return false;
	case 127:
	case CONTROL('H'):
		if (!t->text[0])
			return false;
		cut(t, back(t, t->at), t->at);
		return true;
	case KEY_DELETE:
		cut(t, t->at, on(t, t->at));
		return true;
	case CONTROL('U'):
		cut(t, 0, t->at);
		return true;
	case CONTROL('W'):
		while (word > 0 && t->text[word - 1] == ' ')
			word--;
		while (word > 0 && t->text[word - 1] != ' ')
			word--;
		cut(t, word, t->at);
		return true;
	case KEY_LEFT:
		t->at = back(t, t->at);
		return true;
	case KEY_RIGHT:
		t->at = on(t, t->at);
		return true;
	case KEY_HOME:
		t->at = 0;
		return true;
	case KEY_END:
		t->at = strlen(t->text);
		return true;
	case CONTROL('V'):
		add(t, next_key(vi));
		return true;
	default:
		add(t, key);
		return true;
	}
}

bool read_line(struct vi *vi, int prompt, char *out, size_t size)
{
	struct typing t = { .prompt = prompt, .text = out, .size = size };
	enum mode before = vi->mode;
	bool goes_on = true;
	int key = 0;

	snprintf(out, size, "%s", prompt == ':' ? vi->message : "");
	vi->message[0] = 0;
	t.at = strlen(out);
	vi->mode = MODE_LINE;
	while (goes_on) {
		show(vi, &t);
		key = next_key(vi);
		if (key == '\r' || key == '\n')
			break;
		goes_on = edit(vi, &t, key);
	}
	vi->mode = before;
	return goes_on;
}

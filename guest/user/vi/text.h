/*
 * Lines of text and lists of them. A line never changes once it is made and is shared by counting references: the
 * buffer, the registers and the undo list hold the same ones, so that deleting, putting and undoing 10 MB copies
 * pointers alone. What a position means is in buffer.h.
 */
#ifndef GUEST_USER_VI_TEXT_H
#define GUEST_USER_VI_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	unsigned references; /* the last one to go frees it */
	unsigned length;     /* bytes, without a newline */
	char bytes[];        /* any, also NULs; one more behind them */
};

/* A list that owns one reference to each of its lines. */
struct lines {
	struct text **at; /* `count` of them */
	size_t count;     /* in use */
	size_t room;      /* allocated */
};

/* malloc() and realloc() that never fail: without memory the terminal is given back and the program ends after saving
 * what it can; see main.c.
 */
void *must_alloc(size_t size);
void *must_grow(void *old, size_t size);

/* A new line with one reference. */
struct text *text_new(const char *bytes, size_t length);
/* `before` and `after` of a cut, with `middle` between. */
struct text *text_join(const char *before, size_t before_length, const char *middle, size_t middle_length,
                       const char *after, size_t after_length);
struct text *text_share(struct text *text);
void text_release(struct text *text);

/* Appends a line, whose reference the list takes over. */
void lines_add(struct lines *list, struct text *text);
/* Appends shared lines [from, from + count) of another list. */
void lines_copy(struct lines *list, const struct lines *other, size_t from, size_t count);
/* Replaces `removed` lines at `at` by those of `with`, which is empty afterwards. The removed ones are appended to
 * `old`. */
void lines_splice(struct lines *list, size_t at, size_t removed, struct lines *with, struct lines *old);
void lines_free(struct lines *list);

/* The byte offset of the character before or after `at`; the marks that combine with one belong to it. */
size_t char_before(const struct text *text, size_t at);
size_t char_after(const struct text *text, size_t at);
/* The code point at `at`, or UTF8_INVALID; 0 at the end. */
unsigned char_at(const struct text *text, size_t at);

#endif

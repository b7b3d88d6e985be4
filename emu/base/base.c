/*
 * The few functions behind base.h: messages, allocation that does not fail, and the end of a buggy run.
 *
 * Not here: anything that remembers. log_warn() prints each time it is called; whoever warns keeps the "said it
 * already" flag in its own state, because two machines may live in one process.
 */
#include "emu/base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* rvemu could not go on for a reason that is not the guest's: see "exit status" in the README. */
#define EXIT_HOST_TROUBLE 125

bool error_set(struct error *err, const char *fmt, ...)
{
	if (!err)
		return false;
	va_list args;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return false;
}

void log_warn(const char *fmt, ...)
{
	char text[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(stderr, "rvemu: %s\n", text);
}

static _Noreturn cold void die_out_of_memory(size_t size)
{
	fprintf(stderr, "rvemu: the host has no memory left (%zu bytes were asked for)\n", size);
	exit(EXIT_HOST_TROUBLE);
}

/* malloc(0) and its kin may return NULL without having failed; asking for one byte instead keeps NULL for failure. */
void *xcalloc(size_t count, size_t size)
{
	if (count == 0 || size == 0)
		count = size = 1;
	void *p = calloc(count, size);
	if (!p)
		die_out_of_memory(size > SIZE_MAX / count ? SIZE_MAX : count * size);
	return p;
}

void *xrealloc(void *old, size_t size)
{
	if (size == 0)
		size = 1;
	void *p = realloc(old, size);
	if (!p)
		die_out_of_memory(size);
	return p;
}

char *xstrdup(const char *s)
{
	size_t size = strlen(s) + 1;
	return memcpy(xcalloc(size, 1), s, size);
}

void bug(const char *file, int line, const char *what)
{
	fflush(stdout);
	fprintf(stderr, "rvemu: bug at %s:%d: %s\n", file, line, what);
	abort();
}

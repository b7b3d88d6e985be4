/*
 * Explaining, checking and ending of the demonstration programs; see show.h.
 */
#include "guest/user/lib/show.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void show_begin(struct show *show, const char *name, const char *what)
{
	memset(show, 0, sizeof(*show));
	show->name = name;
	/* Lines appear when they are written, and a child never has a copy of the parent's buffer. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("%s: %s\n", name, what);
}

void say(const char *format, ...)
{
	va_list args;

	fputs("  ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

bool check(struct show *show, bool good, const char *format, ...)
{
	va_list args;

	show->checks++;
	show->failed += !good;
	fputs(good ? "  ok     " : "  WRONG  ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	return good;
}

bool check_equal(struct show *show, long measured, long expected, const char *what)
{
	if (measured == expected)
		return check(show, true, "%s: %ld", what, measured);
	return check(show, false, "%s: %ld, must be %ld", what, measured, expected);
}

bool check_within(struct show *show, long measured, long low, long high, const char *what)
{
	return check(show, measured >= low && measured <= high, "%s: %ld (from %ld to %ld is right)", what, measured,
	             low, high);
}

void skip(const char *what)
{
	printf("  skip   %s\n", what);
}

int show_end(const struct show *show)
{
	if (show->failed)
		printf("%s: %d of %d checks FAILED\n", show->name, show->failed, show->checks);
	else
		printf("%s: all %d checks passed\n", show->name, show->checks);
	fflush(stdout);
	return show->failed ? 1 : 0;
}

void die(const char *format, ...)
{
	int error = errno;
	va_list args;

	fflush(stdout);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, error ? ": %s\n" : "\n", strerror(error));
	exit(2);
}

int in_child(void (*body)(void *context), void *context)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		body(context);
		fflush(stdout);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	return status;
}

const char *status_text(int status)
{
	static char text[64];

	if (WIFEXITED(status))
		snprintf(text, sizeof(text), "exit %d", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "killed by SIG%s", sigabbrev_np(WTERMSIG(status)));
	else
		snprintf(text, sizeof(text), "status %#x", status);
	return text;
}

/* What follows the option in the usage text, or NULL. */
static const char *after_option(const char *usage, const char *option)
{
	size_t n = strlen(option);

	for (const char *at = strstr(usage, option); at; at = strstr(at + 1, option))
		if ((at[-1] == '[' || at[-1] == ' ') && (at[n] == ']' || at[n] == ' '))
			return at + n;
	return NULL;
}

void check_usage(int argc, char **argv, const char *usage)
{
	for (int i = 1; i < argc; i++) {
		const char *after = argv[i][0] == '-' ? after_option(strchrnul(usage, ' '), argv[i]) : NULL;

		if (argv[i][0] != '-' && strchr(usage, ' '))
			continue;
		if (after && *after == ' ')
			i++;
		if (!after || i == argc) {
			fprintf(stderr, "usage: %s\n", usage);
			exit(2);
		}
	}
}

const char *option_text(int argc, char **argv, const char *name, const char *otherwise)
{
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return argv[i + 1];
	return otherwise;
}

long option_number(int argc, char **argv, const char *name, long otherwise)
{
	const char *text = option_text(argc, argv, name, NULL);
	char *end;
	long value;

	if (!text)
		return otherwise;
	value = strtol(text, &end, 0);
	errno = 0;
	if (*end || end == text)
		die("%s wants a number, not %s", name, text);
	return value;
}

bool option_given(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return false;
}

uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state ? *state : 0x9e3779b97f4a7c15ul;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

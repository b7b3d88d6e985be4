/*
 * Command lines, tried: for tests of emu/options*.c.
 */
#ifndef RVEMU_TESTS_UNIT_OPTIONS_RIG_H
#define RVEMU_TESTS_UNIT_OPTIONS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "emu/options.h"

#define ARGUMENTS_MAX 32

static struct config config;
static struct error err;

/* Parses a command line for some guest, split at spaces. */
static bool parse(const char *line)
{
	static char text[1024];
	char *argv[ARGUMENTS_MAX + 1];
	int argc = 0;
	options_free(&config);
	snprintf(text, sizeof(text), "rvemu guest %s", line);
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	return options_parse(&config, argc, argv, &err);
}

static inline void expect(const char *line)
{
	if (!parse(line))
		fail_msg("refused '%s': %s", line, err.text);
}

static inline void expect_error(const char *line, const char *words)
{
	if (parse(line))
		fail_msg("taken: %s", line);
	if (!strstr(err.text, words) || strchr(err.text, '\n'))
		fail_msg("'%s' refused with '%s', not '%s'", line, err.text, words);
}

static inline int teardown(void **state)
{
	(void)state;
	options_free(&config);
	return 0;
}

#endif

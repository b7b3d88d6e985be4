/* What the test programs print with: an expression and its value; a call, its result and the name of its errno. */
#ifndef TESTS_OS_PROGRAMS_SHOW_H
#define TESTS_OS_PROGRAMS_SHOW_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOW(expression) printf("%s = %ld\n", #expression, (long)(expression))

/* A call whose result is not the same everywhere (an address, a process): only whether it succeeded is shown. */
#define TRY_ANY(call)                                                                                                  \
	do {                                                                                                           \
		errno = 0;                                                                                             \
		long show_result = (long)(call);                                                                       \
		if (show_result == -1)                                                                                 \
			printf("%s: %s\n", #call, strerrorname_np(errno));                                             \
		else                                                                                                   \
			printf("%s: done\n", #call);                                                                   \
	} while (0)

#define TRY(call)                                                                                                      \
	do {                                                                                                           \
		errno = 0;                                                                                             \
		long show_result = (long)(call);                                                                       \
		if (show_result == -1)                                                                                 \
			printf("%s = -1 %s\n", #call, strerrorname_np(errno));                                         \
		else                                                                                                   \
			printf("%s = %ld\n", #call, show_result);                                                      \
	} while (0)

/* A number that is the same in every run. */
static inline unsigned show_random(unsigned long *state)
{
	*state = *state * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(*state >> 33);
}

static inline unsigned show_sum(unsigned sum, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ bytes[i]) * 16777619U;
	return sum;
}

#endif

/*
 * test and [: files, strings and numbers, `!` before, -a and -o between. No parentheses.
 */
#include "guest/user/sh/sh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool test_unary(char operator, const char * operand)
{
	struct stat st;
	bool exists;

	switch (operator) {
	case 'z':
		return operand[0] == 0;
	case 'n':
		return operand[0] != 0;
	case 'r':
		return access(operand, R_OK) == 0;
	case 'w':
		return access(operand, W_OK) == 0;
	case 'x':
		return access(operand, X_OK) == 0;
	case 't':
		return isatty(atoi(operand));
	case 'L':
		return lstat(operand, &st) == 0 && S_ISLNK(st.st_mode);
	default:
		break;
	}
	exists = stat(operand, &st) == 0;
	switch (operator) {
	case 'f':
		return exists && S_ISREG(st.st_mode);
	case 'd':
		return exists && S_ISDIR(st.st_mode);
	case 's':
		return exists && st.st_size > 0;
	case 'p':
		return exists && S_ISFIFO(st.st_mode);
	default:
		return exists && operator== 'e';
	}
}

static bool is_binary(const char *word)
{
	static const char *const operators[] = { "=", "==", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge" };

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (strcmp(word, operators[i]) == 0)
			return true;
	return false;
}

static bool test_binary(const char *left, const char *operator, const char * right)
{
	long a = strtol(left, NULL, 10), b = strtol(right, NULL, 10);

	if (strcmp(operator, "=") == 0 || strcmp(operator, "==") == 0)
		return strcmp(left, right) == 0;
	if (strcmp(operator, "!=") == 0)
		return strcmp(left, right) != 0;
	if (strcmp(operator, "-eq") == 0)
		return a == b;
	if (strcmp(operator, "-ne") == 0)
		return a != b;
	if (strcmp(operator, "-lt") == 0)
		return a < b;
	if (strcmp(operator, "-le") == 0)
		return a <= b;
	if (strcmp(operator, "-gt") == 0)
		return a > b;
	return a >= b;
}

/* One term; *argc says how many words are left, and loses those that were used. */
static bool term(char ***argv, int *argc)
{
	char **v = *argv;
	bool negate = *argc > 1 && strcmp(v[0], "!") == 0, value;
	int used = negate;

	v += negate;
	if (*argc - used >= 3 && is_binary(v[1])) {
		value = test_binary(v[0], v[1], v[2]);
		used += 3;
	} else if (*argc - used >= 2 && v[0][0] == '-' && v[0][1] && !v[0][2]) {
		value = test_unary(v[0][1], v[1]);
		used += 2;
	} else if (*argc - used >= 1) {
		value = v[0][0] != 0;
		used += 1;
	} else {
		value = false;
	}
	*argv += used;
	*argc -= used;
	return value != negate;
}

int test_builtin(struct shell *sh, char **argv)
{
	bool ok = true, value;
	int argc = 0;

	(void)sh;
	while (argv[argc])
		argc++;
	if (strcmp(argv[0], "[") == 0) {
		if (strcmp(argv[argc - 1], "]") != 0) {
			fprintf(stderr, "sh: [: the closing ] is missing\n");
			return 2;
		}
		argc--;
	}
	argv++;
	argc--;
	value = term(&argv, &argc);
	while (ok && argc > 1) {
		bool is_and = strcmp(argv[0], "-a") == 0, next;

		ok = is_and || strcmp(argv[0], "-o") == 0;
		argv++;
		argc--;
		next = term(&argv, &argc);
		value = is_and ? value && next : value || next;
	}
	if (!ok || argc > 0) {
		fprintf(stderr, "sh: test: cannot make sense of it\n");
		return 2;
	}
	return !value;
}

/*
 * $(( )): long arithmetic with C's operators and precedence, names of variables, parentheses, decimal and 0x numbers.
 * No assignment inside: X=$((X + 1)) does that.
 */
#include "guest/user/sh/sh.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct cursor {
	const char *p; /* what comes next */
	bool ok;       /* no error so far */
};

/* Two-character operators come first, so that `<=` is not read as `<`. */
static const struct {
	const char *text;
	int level; /* higher binds tighter */
} operators[] = {
	{ "||", 1 }, { "&&", 2 }, { "==", 6 }, { "!=", 6 }, { "<=", 7 }, { ">=", 7 },
	{ "<<", 8 }, { ">>", 8 }, { "|", 3 },  { "^", 4 },  { "&", 5 },  { "<", 7 },
	{ ">", 7 },  { "+", 9 },  { "-", 9 },  { "*", 10 }, { "/", 10 }, { "%", 10 },
};

static long expression(struct cursor *c, int level);

static void skip_space(struct cursor *c)
{
	while (isspace((unsigned char)*c->p))
		c->p++;
}

static long primary(struct cursor *c)
{
	char name[64], *end;
	const char *value;
	size_t n = 0;
	long result;

	skip_space(c);
	if (*c->p == '-' || *c->p == '!' || *c->p == '+' || *c->p == '~') {
		char sign = *c->p++;

		result = primary(c);
		return sign == '-' ? -result : sign == '!' ? !result : sign == '~' ? ~result : result;
	}
	if (*c->p == '(') {
		c->p++;
		result = expression(c, 0);
		skip_space(c);
		c->ok &= *c->p == ')';
		c->p += *c->p == ')';
		return result;
	}
	if (isdigit((unsigned char)*c->p)) {
		result = strtol(c->p, &end, 0);
		c->p = end;
		return result;
	}
	while ((isalnum((unsigned char)c->p[n]) || c->p[n] == '_') && n < sizeof(name) - 1)
		n++;
	c->ok &= n > 0;
	memcpy(name, c->p, n);
	name[n] = 0;
	c->p += n;
	value = getenv(name);
	return value ? strtol(value, NULL, 0) : 0;
}

static long apply(struct cursor *c, const char *op, long a, long b)
{
	switch (op[0]) {
	case '|':
		return op[1] ? a || b : a | b;
	case '&':
		return op[1] ? a && b : a & b;
	case '=':
		return a == b;
	case '!':
		return a != b;
	case '<':
		return op[1] == '=' ? a <= b : op[1] == '<' ? a << (b & 63) : a < b;
	case '>':
		return op[1] == '=' ? a >= b : op[1] == '>' ? a >> (b & 63) : a > b;
	case '^':
		return a ^ b;
	case '+':
		return (long)((unsigned long)a + (unsigned long)b);
	case '-':
		return (long)((unsigned long)a - (unsigned long)b);
	case '*':
		return (long)((unsigned long)a * (unsigned long)b);
	default:
		c->ok &= b != 0;
		return b == 0 || b == -1 ? 0 : op[0] == '/' ? a / b : a % b;
	}
}

/* Operators of at least this level, left to right. */
static long expression(struct cursor *c, int level)
{
	long value = primary(c);

	for (size_t i = 0; c->ok; i++) {
		skip_space(c);
		if (i == sizeof(operators) / sizeof(operators[0]))
			break;
		if (strncmp(c->p, operators[i].text, strlen(operators[i].text)) != 0)
			continue;
		if (operators[i].level <= level)
			break;
		c->p += strlen(operators[i].text);
		value = apply(c, operators[i].text, value, expression(c, operators[i].level));
		i = (size_t)-1; /* look again from the first operator */
	}
	return value;
}

long arithmetic(const char *text, bool *ok)
{
	struct cursor c = { text, true };
	long value = expression(&c, 0);

	skip_space(&c);
	*ok = c.ok && *c.p == 0;
	return value;
}

/*
 * Memory and strings, a byte at a time: short enough to trust in a test. The compiler calls the first four by itself,
 * and must not turn their loops into calls of themselves.
 */
#include "guest/lib/lib.h"

#pragma GCC optimize("no-tree-loop-distribute-patterns")

void *memcpy(void *to, const void *from, size_t size)
{
	char *out = to;
	const char *in = from;

	while (size-- > 0)
		*out++ = *in++;
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	char *out = to;
	const char *in = from;

	if ((u64)out <= (u64)in)
		return memcpy(to, from, size);
	while (size-- > 0)
		out[size] = in[size];
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	char *out = to;

	while (size-- > 0)
		*out++ = (char)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const u8 *left = a;
	const u8 *right = b;

	for (; size > 0; size--, left++, right++) {
		if (*left != *right)
			return *left - *right;
	}
	return 0;
}

size_t strlen(const char *string)
{
	const char *end = string;

	while (*end != '\0')
		end++;
	return (size_t)(end - string);
}

int strncmp(const char *a, const char *b, size_t size)
{
	for (; size > 0; size--, a++, b++) {
		if (*a != *b)
			return (u8)*a - (u8)*b;
		if (*a == '\0')
			return 0;
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, ~0ul);
}

char *strcpy(char *to, const char *from)
{
	return memcpy(to, from, strlen(from) + 1);
}

char *strchr(const char *string, int character)
{
	for (;; string++) {
		if (*string == (char)character)
			return (char *)string;
		if (*string == '\0')
			return NULL;
	}
}

char *strrchr(const char *string, int character)
{
	for (const char *at = string + strlen(string); at >= string; at--) {
		if (*at == (char)character)
			return (char *)at;
	}
	return NULL;
}

char *strstr(const char *string, const char *part)
{
	size_t size = strlen(part);

	for (;; string++) {
		if (strncmp(string, part, size) == 0)
			return (char *)string;
		if (*string == '\0')
			return NULL;
	}
}

/* 36 for what is no digit in any base */
static unsigned int digit_value(char character)
{
	if (character >= '0' && character <= '9')
		return (unsigned int)(character - '0');
	if ((character | 0x20) >= 'a' && (character | 0x20) <= 'z')
		return (unsigned int)((character | 0x20) - 'a') + 10;
	return 36;
}

u64 strtoul(const char *string, char **end, int base)
{
	const char *at = string;
	u64 value = 0;
	bool negative;

	while (*at == ' ' || (*at >= '\t' && *at <= '\r'))
		at++;
	negative = *at == '-';
	if (*at == '-' || *at == '+')
		at++;
	if ((base == 0 || base == 16) && at[0] == '0' && (at[1] | 0x20) == 'x' && digit_value(at[2]) < 16) {
		base = 16;
		at += 2;
	} else if (base == 0) {
		base = *at == '0' ? 8 : 10;
	}
	if (digit_value(*at) < (unsigned int)base)
		string = NULL;
	for (; digit_value(*at) < (unsigned int)base; at++)
		value = value * (u64)base + digit_value(*at);
	if (end != NULL)
		*end = (char *)(string == NULL ? at : string);
	return negative ? -value : value;
}

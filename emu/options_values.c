/*
 * What options' values look like: see options_values.h.
 */
#include "emu/options_values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_digit_of(char c, unsigned base)
{
	if (base == 16)
		return strchr("0123456789abcdefABCDEF", c) != NULL;
	return c >= '0' && c < (char)('0' + base);
}

bool options_number(const char *text, bool suffixes, u64 *value)
{
	unsigned base = 10;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		base = 16;
	else if (text[0] == '0' && (text[1] == 'b' || text[1] == 'B'))
		base = 2;
	const char *digits = base == 10 ? text : text + 2;
	if (*digits == '\0' || !is_digit_of(*digits, base))
		return false;
	char *end = NULL;
	errno = 0;
	u64 v = strtoull(digits, &end, (int)base);
	if (errno)
		return false;
	u32 shift = 0;
	if (suffixes && *end) {
		const char *letters = "kmgt";
		const char *letter = strchr(letters, *end | 0x20);
		if (!letter)
			return false;
		shift = 10 * (u32)(letter - letters + 1);
		end++;
		if (*end == 'i' && end[1] == 'B')
			end += 2;
		else if (*end == 'B')
			end++;
	}
	if (*end || (shift && v >> (64 - shift)))
		return false;
	*value = v << shift;
	return true;
}

bool options_number_between(const char *text, u64 lo, u64 hi, u64 *value, const char *given, struct error *err)
{
	if (!options_number(text, false, value))
		return error_set(err, "%s %s: not a number", given, text);
	if (*value < lo || *value > hi)
		return error_set(err, "%s %s: must be between %llu and %llu", given, text, (unsigned long long)lo,
		                 (unsigned long long)hi);
	return true;
}

int options_choose(const char *text, const char *const *list, const char *given, struct error *err)
{
	char all[256] = "";
	for (int i = 0; list[i]; i++) {
		if (strcasecmp(list[i], text) == 0)
			return i;
		size_t used = strlen(all);
		snprintf(all + used, sizeof(all) - used, "%s%s", i == 0 ? "" : list[i + 1] ? ", " : " or ", list[i]);
	}
	error_set(err, "%s %s: must be %s", given, text, all);
	return -1;
}

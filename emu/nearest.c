/*
 * Levenshtein's distance, one row of the table at a time.
 */
#include "emu/nearest.h"

#include <string.h>

u32 name_distance(const char *a, const char *b)
{
	u32 row[NAME_LENGTH_MAX];
	size_t length = strlen(b);
	for (u32 j = 0; j <= length; j++)
		row[j] = j;
	for (u32 i = 0; a[i]; i++) {
		u32 diagonal = row[0];
		row[0] = i + 1;
		for (u32 j = 0; j < length; j++) {
			u32 best = diagonal + (a[i] != b[j]);
			if (best > row[j] + 1)
				best = row[j] + 1;
			if (best > row[j + 1] + 1)
				best = row[j + 1] + 1;
			diagonal = row[j + 1];
			row[j + 1] = best;
		}
	}
	return row[length];
}

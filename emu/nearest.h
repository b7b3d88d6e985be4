/*
 * How alike two names are, for "did you mean".
 */
#ifndef RVEMU_EMU_NEAREST_H
#define RVEMU_EMU_NEAREST_H

#include "emu/base/base.h"

#define NAME_LENGTH_MAX 32

/* How many letters must be put in, taken out or changed to make b of a (Levenshtein). Both are shorter than
 * NAME_LENGTH_MAX. */
u32 name_distance(const char *a, const char *b);

#endif

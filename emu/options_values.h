/*
 * What options' values look like: numbers, and words of a list. Used by all that read options.
 */
#ifndef RVEMU_EMU_OPTIONS_VALUES_H
#define RVEMU_EMU_OPTIONS_VALUES_H

#include "emu/base/base.h"

/* Reads a number: decimal, 0x..., 0b...; `suffixes` allows K, M, G (powers of 1024). False: it is none, or does not
 * fit. */
bool options_number(const char *text, bool suffixes, u64 *value) must_check;

/* The same without suffixes, between lo and hi. False: err says so, beginning with `given`, the option's name. */
bool options_number_between(const char *text, u64 lo, u64 hi, u64 *value, const char *given,
                            struct error *err) must_check;

/* The place of text in a list that ends with NULL, or -1: err names all of the list. Upper and lower case are the
 * same. */
int options_choose(const char *text, const char *const *list, const char *given, struct error *err);

#endif

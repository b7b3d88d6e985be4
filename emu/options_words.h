/*
 * The words of an option's value: FIRST,key=value,key=value. A text is cut at commas; two commas are one that belongs
 * to the word, as in QEMU.
 */
#ifndef RVEMU_EMU_OPTIONS_WORDS_H
#define RVEMU_EMU_OPTIONS_WORDS_H

#include <string.h>

#include "emu/base/base.h"

/* One option at work. `word` is to be freed at the end. */
struct words {
	const char *given; /* its name, for messages */
	const char *rest;  /* what is not read yet */
	char *word;        /* the word at work, malloc'ed */
	char *value;       /* what stands behind its '=', or NULL */
	struct error *err; /* where trouble is told */
};

/* Cuts the next word off. False: there is none. */
bool word_next(struct words *w);

/* True for "key=...". */
static inline bool word_is_key(const struct words *w, const char *key)
{
	return w->value && strcmp(w->word, key) == 0;
}

/* Reads the value on or off. False: see w->err. */
bool word_switch(const struct words *w, bool *on) must_check;

/* Says that the word is unknown; returns false. */
bool word_unknown(const struct words *w, const char *known);

#endif

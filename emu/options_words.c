/*
 * Words between commas: see options_words.h.
 */
#include "emu/options_words.h"

#include <stdlib.h>
#include <string.h>

bool word_next(struct words *w)
{
	free(w->word);
	w->word = NULL;
	if (!w->rest)
		return false;
	w->word = xcalloc(strlen(w->rest) + 1, 1);
	size_t length = 0;
	const char *at = w->rest;
	while (*at && (at[0] != ',' || at[1] == ',')) {
		at += at[0] == ',';
		w->word[length++] = *at++;
	}
	w->rest = *at ? at + 1 : NULL;
	w->value = strchr(w->word, '=');
	if (w->value)
		*w->value++ = '\0';
	return true;
}

bool word_switch(const struct words *w, bool *on)
{
	if (strcmp(w->value, "on") == 0)
		*on = true;
	else if (strcmp(w->value, "off") == 0)
		*on = false;
	else
		return error_set(w->err, "%s: %s=%s must be on or off", w->given, w->word, w->value);
	return true;
}

bool word_unknown(const struct words *w, const char *known)
{
	return error_set(w->err, "%s: unknown word %s%s%s: known are %s", w->given, w->word, w->value ? "=" : "",
	                 w->value ? w->value : "", known);
}

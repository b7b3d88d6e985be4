/*
 * Options about who looks at the machine: see options_observe.h.
 */
#include "emu/options_observe.h"

#include <string.h>

#include "emu/options.h"
#include "mmu/check.h"

bool observe_options_trace_form(struct observe_config *c, const char *given, const char *value, struct error *err)
{
	static const char *const names[] = { "text", "jsonl", "chrome", "binary" };
	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(value, names[i]) == 0) {
			c->trace_form = (u8)(TRACE_FORM_TEXT + i);
			return true;
		}
	}
	return error_set(err, "%s %s: must be text, jsonl, chrome or binary", given, value);
}

bool observe_options_stats(struct observe_config *c, const char *given, const char *value, struct error *err)
{
	if (!value || strcmp(value, "text") == 0)
		c->stats = true;
	else if (strcmp(value, "names") == 0)
		c->stats_names = true;
	else if (strcmp(value, "json") == 0)
		c->stats_json = "-";
	else if (strncmp(value, "json:", 5) == 0 && value[5])
		c->stats_json = value + 5;
	else
		return error_set(err, "%s=%s: must be text, json, json:FILE or names", given, value);
	return true;
}

bool observe_options_explain(struct observe_config *c, const char *given, const char *value, struct error *err)
{
	if (strcmp(value, "faults") == 0)
		c->explain = EXPLAIN_FAULTS;
	else if (strcmp(value, "all") == 0)
		c->explain = EXPLAIN_ALL;
	else
		return error_set(err, "%s %s: must be faults or all", given, value);
	return true;
}

/* "stale,fencei": the kinds, or "all". */
bool observe_options_check(struct observe_config *c, const char *given, const char *value, struct error *err)
{
	c->check = CHECK_DEFAULT;
	if (!value)
		return true;
	c->check = 0;
	for (const char *at = value; *at;) {
		size_t size = strcspn(at, ",");
		u32 found = size == 3 && strncmp(at, "all", 3) == 0 ? CHECK_ALL : 0;
		for (u32 i = 0; i < CHECK_KINDS; i++)
			if (strlen(check_kind_name(i)) == size && strncmp(check_kind_name(i), at, size) == 0)
				found = 1u << i;
		if (!found)
			return error_set(err,
			                 "%s=%s: a list of stale, fencei, tables, pbmt, reserved, loop, wx, invalid, "
			                 "or all",
			                 given, value);
		c->check |= found;
		at += size + (at[size] == ',');
	}
	return c->check != 0 || error_set(err, "%s=: nothing is named", given);
}

bool observe_options_what_if(struct observe_config *c, const char *given, const char *value, struct error *err)
{
	(void)given;
	(void)err;
	c->what_if = true;
	c->what_if_plot = value;
	return true;
}

bool observe_options_oracle(struct observe_config *c, const char *given, const char *value, struct error *err)
{
	c->oracle = true;
	if (value && (!options_number(value, false, &c->oracle_frames) || c->oracle_frames == 0))
		return error_set(err, "%s=%s: not a number of frames", given, value);
	return true;
}

bool observe_options_expect(struct observe_config *c, const char *given, const char *value, struct error *err)
{
	if (c->expect_count == OPTIONS_EXPECT_MAX)
		return error_set(err, "%s: more than %d of them", given, OPTIONS_EXPECT_MAX);
	c->expect[c->expect_count++] = value;
	return true;
}

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

/* "stale,fencei": the kinds, or "all". More is added to what is looked for already. */
bool observe_options_check(struct observe_config *c, const char *given, const char *value, struct error *err)
{
	u32 kinds = 0;
	if (!value) {
		c->check |= CHECK_DEFAULT;
		return true;
	}
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
		kinds |= found;
		at += size + (at[size] == ',');
	}
	c->check |= kinds;
	return kinds != 0 || error_set(err, "%s=: nothing is named", given);
}

bool observe_options_what_if(struct observe_config *c, const char *given, const char *value, struct error *err)
{
	c->what_if = true;
	c->what_if_plot = value;
	return !value || *value || error_set(err, "%s=: no file name behind the =", given);
}

bool observe_options_oracle(struct observe_config *c, const char *given, const char *value, struct error *err)
{
	c->oracle = true;
	if (value && (!options_number(value, false, &c->oracle_frames) || c->oracle_frames == 0))
		return error_set(err, "%s=%s: not a number of frames", given, value);
	return true;
}

/* Who expects something of findings wants them looked for. */
static u32 checks_expected(const char *text)
{
	u32 kinds = strstr(text, "findings") ? CHECK_DEFAULT : 0;
	for (const char *at = text; *at; at += *at != '\0') {
		size_t size = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
		for (u32 i = 0; i < CHECK_KINDS; i++)
			if (strlen(check_kind_name(i)) == size && strncmp(check_kind_name(i), at, size) == 0)
				kinds |= 1u << i;
		at += size;
	}
	return kinds;
}

bool observe_options_expect(struct observe_config *c, const char *given, const char *value, struct error *err)
{
	if (c->expect_count == OPTIONS_EXPECT_MAX)
		return error_set(err, "%s: more than %d of them", given, OPTIONS_EXPECT_MAX);
	c->expect[c->expect_count++] = value;
	c->check |= checks_expected(value);
	return true;
}

/* Two outputs in one file would be neither. */
static bool files_differ(const struct config *c, struct error *err)
{
	const struct {
		const char *option, *file;
	} out[] = {
		{ "--trace", c->trace_file },
		{ "--report", c->observe.run_file },
		{ "--stats=json", c->observe.stats_json },
		{ "--what-if", c->observe.what_if_plot },
		{ "--expect-report", c->observe.expect_report },
		{ "--signature", c->signature },
		{ "--record", c->record },
	};
	for (u32 i = 0; i < ARRAY_SIZE(out); i++)
		for (u32 j = 0; j < i; j++)
			if (out[i].file && out[j].file && strcmp(out[i].file, out[j].file) == 0)
				return error_set(err, "%s and %s both write to %s", out[j].option, out[i].option,
				                 out[i].file);
	return true;
}

bool observe_options_settle(struct config *c, struct error *err)
{
	const struct observe_config *o = &c->observe;
	if (c->trace_file && !c->trace_wanted)
		return error_set(err, "a trace file without --trace: say which sorts, for instance --trace insn,walk");
	if (o->trace_form != TRACE_FORM_AUTO && !c->trace_wanted)
		return error_set(err,
		                 "--trace-format without --trace: say which sorts, for instance --trace walk:FILE");
	if (o->trace_form == TRACE_FORM_BINARY && !c->trace_file)
		return error_set(err, "--trace-format binary needs a file: --trace walk:FILE");
	if (o->expect_report && !o->expect_count)
		return error_set(err, "--expect-report without --expect: nothing is expected");
	return files_differ(c, err);
}

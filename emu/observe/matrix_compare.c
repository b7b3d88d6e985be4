/*
 * What is different between two runs of a guest: see matrix.h.
 *
 * A run that the instruction limit ended is compared as far as both got, because behaviours need different numbers of
 * instructions for the same work.
 */
#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "emu/observe/matrix_internal.h"
#include "emu/session.h"

#define QUOTE_MAX 40

/* Adds to what is different. */
static void printf_like(2, 3) differs(struct matrix_run *run, const char *format, ...)
{
	size_t used = strlen(run->how);
	va_list values;
	run->same = false;
	if (used)
		used += (size_t)snprintf(run->how + used, sizeof(run->how) - used, "; ");
	if (used >= sizeof(run->how))
		return;
	va_start(values, format);
	vsnprintf(run->how + used, sizeof(run->how) - used, format, values);
	va_end(values);
}

static void describe_end(const struct matrix_run *run, char *text, size_t size)
{
	if (run->trouble == MATRIX_TIMEOUT)
		snprintf(text, size, "no end in time");
	else if (run->trouble == MATRIX_SIGNAL)
		snprintf(text, size, "signal %d", run->status);
	else
		snprintf(text, size, "exit status %d", run->status);
}

static bool is_cut(const struct matrix_run *run)
{
	return run->trouble == MATRIX_TIMEOUT || (run->trouble == MATRIX_DONE && run->status == SESSION_LIMIT);
}

/* The start of a line, for people. */
static const char *quote(const struct matrix_run *run, size_t at, char text[QUOTE_MAX + 8])
{
	size_t used = 0;
	if (at >= run->output_size)
		return "the end";
	text[used++] = '"';
	while (at < run->output_size && run->output[at] != '\n' && run->output[at] != '\r' && used < QUOTE_MAX) {
		char c = run->output[at++];
		text[used++] = isprint((unsigned char)c) && c != '"' ? c : '?';
	}
	snprintf(text + used, 8, "%s", used == QUOTE_MAX ? "...\"" : "\"");
	return text;
}

static void compare_output(const struct matrix_run *first, struct matrix_run *run)
{
	size_t least = first->output_size < run->output_size ? first->output_size : run->output_size;
	size_t at = 0, line_start = 0;
	u32 line = 1;
	for (; at < least && first->output[at] == run->output[at]; at++) {
		if (run->output[at] == '\n') {
			line++;
			line_start = at + 1;
		}
	}
	if (at == first->output_size && at == run->output_size)
		return;
	if ((at == run->output_size && is_cut(run)) || (at == first->output_size && is_cut(first)))
		return;
	char had[QUOTE_MAX + 8], has[QUOTE_MAX + 8];
	differs(run, "console line %u is %s, was %s", line, quote(run, line_start, has), quote(first, line_start, had));
}

/* Where a line of text that begins with one of two words starts, from `at` on; NULL: there is none. */
static const char *finding_at(const char *at, size_t *size)
{
	for (; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
		*size = strcspn(at, "\n");
		if (strncmp(at, "expected ", 9) == 0)
			return at;
		if (strncmp(at, "rvemu: check: ", 14) == 0 && strncmp(at + 14, "no mistakes", 11) != 0)
			return at;
	}
	return NULL;
}

static u32 count_findings(const struct matrix_run *run)
{
	u32 count = 0;
	size_t size;
	for (const char *at = finding_at(run->errors, &size); at; at = finding_at(at + size, &size))
		count++;
	return count;
}

/* Lines of --check and --expect on stderr. Addresses and counts in them may well differ; that one is there which was
 * not, may not. */
static void compare_findings(const struct matrix_run *first, struct matrix_run *run)
{
	u32 had = count_findings(first), has = count_findings(run);
	size_t size = 0;
	if (had == has)
		return;
	const char *one = finding_at(has ? run->errors : first->errors, &size);
	differs(run, "%u findings, were %u (%.*s)", has, had, (int)(size < 100 ? size : 100), one ? one : "");
}

void matrix_compare(const struct matrix_run *first, struct matrix_run *run)
{
	char had[64], has[64];
	run->same = true;
	run->how[0] = '\0';
	describe_end(first, had, sizeof(had));
	describe_end(run, has, sizeof(has));
	if (strcmp(had, has) != 0)
		differs(run, "%s, was %s", has, had);
	if (run->trouble == MATRIX_DONE && run->status != first->status &&
	    (run->status == SESSION_NO_START || run->status == SESSION_STUCK))
		differs(run, "%.*s", (int)strcspn(run->errors, "\n"), run->errors);
	compare_output(first, run);
	compare_findings(first, run);
}

/* FNV-1a. */
u64 matrix_output_hash(const struct matrix_run *run)
{
	u64 hash = 0xcbf29ce484222325ull;
	for (size_t i = 0; i < run->output_size; i++)
		hash = (hash ^ (u8)run->output[i]) * 0x100000001b3ull;
	return hash;
}

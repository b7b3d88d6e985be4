/*
 * What the user wants to see of a trace: sorts and filters, read from the command line. The filter is applied in
 * trace_text.c.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "emu/options.h"
#include "emu/observe/trace_text.h"

#define VALUE_SIZE 128

static const char *const sort_names[TRACE_SORTS] = {
	[TRACE_INSN] = "insn", [TRACE_MEM] = "mem",     [TRACE_WALK] = "walk",   [TRACE_TLB] = "tlb",
	[TRACE_TRAP] = "trap", [TRACE_CSR] = "csr",     [TRACE_FENCE] = "fence", [TRACE_SPACE] = "space",
	[TRACE_REF] = "ref",   [TRACE_FAULT] = "fault", [TRACE_HINT] = "hint",
};

const char *trace_sort_name(enum trace_sort sort)
{
	return sort_names[sort];
}

bool trace_sorts_parse(u32 *wanted, const char *text, size_t length, struct error *err)
{
	const char *end = text + length;
	*wanted = 0;
	while (text <= end) {
		const char *comma = memchr(text, ',', (size_t)(end - text));
		size_t size = (size_t)((comma ? comma : end) - text);
		u32 found = 0;
		for (u32 i = 0; i < TRACE_SORTS; i++)
			if (strlen(sort_names[i]) == size && strncmp(sort_names[i], text, size) == 0)
				found = 1u << i;
		if (found & 1u << TRACE_TLB)
			found |= 1u << TRACE_FENCE;
		if (size == 3 && strncmp(text, "all", 3) == 0)
			found = (1u << TRACE_SORTS) - 1;
		if (!found)
			return error_set(
				err,
				"no trace sort is called '%.*s': there are insn, mem, walk, tlb, trap, csr, fence, space, ref, fault, hint and all",
				(int)size, text);
		*wanted |= found;
		text += size + 1;
	}
	return true;
}

void trace_filter_init(struct trace_filter *filter)
{
	*filter = (struct trace_filter){
		.addr_hi = UINT64_MAX,
		.pc_hi = UINT64_MAX,
		.insn_last = UINT64_MAX,
		.privs = 0xff,
		.hart = -1,
	};
}

/* "A-B", "A-" , "-B" or "A". */
static bool parse_range(const char *text, u64 *lo, u64 *hi)
{
	char first[VALUE_SIZE];
	const char *dash = strchr(text, '-');
	if (!dash) {
		if (!options_number(text, false, lo))
			return false;
		*hi = *lo;
		return true;
	}
	snprintf(first, sizeof(first), "%.*s", (int)(dash - text), text);
	*lo = 0;
	*hi = UINT64_MAX;
	if (first[0] && !options_number(first, false, lo))
		return false;
	if (dash[1] && !options_number(dash + 1, false, hi))
		return false;
	return (first[0] || dash[1]) && *lo <= *hi;
}

static bool parse_privs(const char *text, u8 *privs)
{
	*privs = 0;
	for (; *text; text++) {
		switch (*text | 0x20) {
		case 'u':
			*privs |= 1 << 0;
			break;
		case 's':
			*privs |= 1 << 1;
			break;
		case 'm':
			*privs |= 1 << 3;
			break;
		case '/' | 0x20:
			break;
		default:
			return false;
		}
	}
	return *privs != 0;
}

static bool parse_condition(struct trace_filter *f, const char *key, const char *value, struct error *err)
{
	u64 number;
	bool ok;
	if (strcmp(key, "addr") == 0) {
		ok = parse_range(value, &f->addr_lo, &f->addr_hi);
	} else if (strcmp(key, "pc") == 0) {
		ok = parse_range(value, &f->pc_lo, &f->pc_hi);
	} else if (strcmp(key, "insns") == 0) {
		ok = parse_range(value, &f->insn_first, &f->insn_last);
	} else if (strcmp(key, "priv") == 0) {
		ok = parse_privs(value, &f->privs);
	} else if (strcmp(key, "hart") == 0) {
		ok = options_number(value, false, &number) && number < OPTIONS_HARTS_MAX;
		f->hart = ok ? (s64)number : -1;
	} else {
		return error_set(err, "no filter is called '%s': there are addr, pc, insns, priv and hart", key);
	}
	return ok ||
	       error_set(err, "%s=%s cannot be read: write addr=LO-HI, pc=LO-HI, insns=FIRST-LAST, priv=USM, hart=N",
	                 key, value);
}

bool trace_filter_parse(struct trace_filter *filter, const char *text, struct error *err)
{
	for (;;) {
		char condition[VALUE_SIZE];
		size_t size = strcspn(text, ",");
		snprintf(condition, sizeof(condition), "%.*s", (int)size, text);
		char *equals = strchr(condition, '=');
		if (!equals || size >= sizeof(condition))
			return error_set(err, "'%s' is no condition: write key=value", condition);
		*equals = '\0';
		if (!parse_condition(filter, condition, equals + 1, err))
			return false;
		if (text[size] == '\0')
			return true;
		text += size + 1;
	}
}

/*
 * Sorts and filters of traces, read from text: see trace_filter.h. Whether an event passes is trace_filter_pass.c's
 * business.
 */
#include "emu/observe/trace_filter.h"

#include <stdio.h>
#include <string.h>

#include "emu/names.h"
#include "emu/options.h"

#define VALUE_SIZE 128
#define REASONS_ALL MASK(WALK_REASONS)
#define FAULTS_ALL ((REASONS_ALL & ~BIT(WALK_OK)) | TRACE_OUTCOME_OTHER)
#define ACCESSES_ALL 7
#define PRIVS_ALL 0xff

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

void trace_sorts_text(u32 wanted, char *text, size_t size)
{
	size_t used = 0;
	text[0] = '\0';
	for (u32 i = 0; i < TRACE_SORTS && used < size; i++)
		if (wanted >> i & 1)
			used += (size_t)snprintf(text + used, size - used, "%s%s", used ? "," : "", sort_names[i]);
}

void trace_filter_init(struct trace_filter *filter)
{
	*filter = (struct trace_filter){
		.addr_hi = UINT64_MAX,
		.pc_hi = UINT64_MAX,
		.insn_last = UINT64_MAX,
		.cycles_hi = UINT64_MAX,
		.outcomes = UINT64_MAX,
		.privs = PRIVS_ALL,
		.accesses = ACCESSES_ALL,
		.asid = -1,
		.hart = -1,
	};
}

bool trace_filter_is_open(const struct trace_filter *filter)
{
	char text[TRACE_FILTER_TEXT];
	trace_filter_text(filter, text);
	return text[0] == '\0';
}

/* --- reading --- */

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

/* "rwx" in any order, or names joined by +. */
static bool parse_accesses(const char *text, u8 *accesses)
{
	static const char letters[] = "xrw";
	*accesses = 0;
	if (strspn(text, letters) == strlen(text)) {
		for (; *text; text++)
			*accesses |= (u8)(1 << (strchr(letters, *text) - letters));
		return *accesses != 0;
	}
	while (*text) {
		size_t size = strcspn(text, "+/");
		u8 found = 0;
		for (u32 i = 0; i <= ACCESS_STORE; i++)
			if (strlen(access_name(i)) == size && strncmp(access_name(i), text, size) == 0)
				found = (u8)(1 << i);
		if (!found)
			return false;
		*accesses |= found;
		text += size + (text[size] != '\0');
	}
	return *accesses != 0;
}

static u64 outcome_named(const char *name)
{
	if (strcmp(name, "fault") == 0)
		return FAULTS_ALL;
	if (strcmp(name, "ad") == 0)
		return TRACE_OUTCOME_AD;
	if (strcmp(name, "other") == 0)
		return TRACE_OUTCOME_OTHER;
	for (u32 i = 0; i < WALK_REASONS; i++)
		if (strcmp(reason_name(i), name) == 0)
			return BIT(i);
	return 0;
}

/* Says what outcomes there are. */
static bool no_outcome(const char *name, struct error *err)
{
	char list[400];
	size_t used = 0;
	for (u32 i = WALK_OK + 1; i < WALK_REASONS && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, " %s", reason_name(i));
	return error_set(err, "no outcome is called '%s': there are ok, fault, ad, other and%s", name, list);
}

/* Names joined by +. */
static bool parse_outcomes(const char *text, u64 *outcomes, struct error *err)
{
	*outcomes = 0;
	for (;;) {
		char name[VALUE_SIZE];
		size_t size = strcspn(text, "+/");
		snprintf(name, sizeof(name), "%.*s", (int)size, text);
		u64 found = outcome_named(name);
		if (!found)
			return no_outcome(name, err);
		*outcomes |= found;
		if (!text[size])
			return true;
		text += size + 1;
	}
}

static bool parse_numbered(const char *text, u64 end, u64 *value)
{
	return options_number(text, false, value) && *value < end;
}

static bool parse_condition(struct trace_filter *f, const char *key, const char *value, struct error *err)
{
	u64 number;
	bool ok;
	if (strcmp(key, "addr") == 0 || strcmp(key, "va") == 0) {
		ok = parse_range(value, &f->addr_lo, &f->addr_hi);
	} else if (strcmp(key, "pc") == 0) {
		ok = parse_range(value, &f->pc_lo, &f->pc_hi);
	} else if (strcmp(key, "insns") == 0) {
		ok = parse_range(value, &f->insn_first, &f->insn_last);
	} else if (strcmp(key, "cycles") == 0) {
		ok = parse_range(value, &f->cycles_lo, &f->cycles_hi);
	} else if (strcmp(key, "priv") == 0) {
		ok = parse_privs(value, &f->privs);
	} else if (strcmp(key, "access") == 0) {
		ok = parse_accesses(value, &f->accesses);
	} else if (strcmp(key, "outcome") == 0) {
		return parse_outcomes(value, &f->outcomes, err);
	} else if (strcmp(key, "asid") == 0) {
		ok = parse_numbered(value, 1 << 16, &number);
		f->asid = ok ? (s32)number : -1;
	} else if (strcmp(key, "hart") == 0) {
		ok = parse_numbered(value, OPTIONS_HARTS_MAX, &number);
		f->hart = ok ? (s64)number : -1;
	} else {
		return error_set(
			err,
			"no filter is called '%s': there are addr (or va), pc, insns, priv, hart, asid, access, "
			"outcome and cycles",
			key);
	}
	return ok || error_set(err,
	                       "%s=%s cannot be read: write addr=LO-HI, pc=LO-HI, insns=FIRST-LAST, priv=USM, hart=N, "
	                       "asid=N, access=rwx, outcome=NAME, cycles=LO-HI",
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

/* --- writing --- */

struct filter_text {
	char *text;  /* TRACE_FILTER_TEXT bytes */
	size_t used; /* of them */
};

static void put(struct filter_text *t, const char *key, const char *value)
{
	if (t->used < TRACE_FILTER_TEXT)
		t->used += (size_t)snprintf(t->text + t->used, TRACE_FILTER_TEXT - t->used, "%s%s=%s",
		                            t->used ? "," : "", key, value);
}

static void put_range(struct filter_text *t, const char *key, const char *format, u64 lo, u64 hi)
{
	char value[VALUE_SIZE];
	if (lo == 0 && hi == UINT64_MAX)
		return;
	snprintf(value, sizeof(value), format, (unsigned long long)lo, (unsigned long long)hi);
	put(t, key, value);
}

static void put_number(struct filter_text *t, const char *key, s64 number)
{
	char value[VALUE_SIZE];
	if (number < 0)
		return;
	snprintf(value, sizeof(value), "%lld", (long long)number);
	put(t, key, value);
}

/* Those that are named alone, joined by +. */
static void put_outcomes(struct filter_text *t, u64 outcomes)
{
	char value[TRACE_FILTER_TEXT];
	size_t used = 0;
	u64 left = outcomes;
	if (outcomes == UINT64_MAX)
		return;
	if ((left & FAULTS_ALL) == FAULTS_ALL) {
		used += (size_t)snprintf(value, sizeof(value), "fault");
		left &= ~FAULTS_ALL;
	}
	for (u32 i = 0; i < WALK_REASONS; i++)
		if (left >> i & 1)
			used += (size_t)snprintf(value + used, sizeof(value) - used, "%s%s", used ? "+" : "",
			                         reason_name(i));
	if (left & TRACE_OUTCOME_OTHER)
		used += (size_t)snprintf(value + used, sizeof(value) - used, "%sother", used ? "+" : "");
	if (left & TRACE_OUTCOME_AD)
		snprintf(value + used, sizeof(value) - used, "%sad", used ? "+" : "");
	put(t, "outcome", value);
}

/* Letters of the bits that are set. */
static void put_letters(struct filter_text *t, const char *key, u32 mask, u32 all, const char *letters)
{
	char value[VALUE_SIZE];
	u32 used = 0;
	if (mask == all)
		return;
	for (u32 i = 0; letters[i]; i++)
		if (mask >> i & 1 && letters[i] != ' ')
			value[used++] = letters[i];
	value[used] = '\0';
	put(t, key, value);
}

void trace_filter_text(const struct trace_filter *f, char text[TRACE_FILTER_TEXT])
{
	struct filter_text t = { .text = text };
	text[0] = '\0';
	put_range(&t, "addr", "0x%llx-0x%llx", f->addr_lo, f->addr_hi);
	put_range(&t, "pc", "0x%llx-0x%llx", f->pc_lo, f->pc_hi);
	put_range(&t, "insns", "%llu-%llu", f->insn_first, f->insn_last);
	put_range(&t, "cycles", "%llu-%llu", f->cycles_lo, f->cycles_hi);
	put_letters(&t, "priv", f->privs, PRIVS_ALL, "US M");
	put_letters(&t, "access", f->accesses, ACCESSES_ALL, "xrw");
	put_number(&t, "asid", f->asid);
	put_number(&t, "hart", f->hart);
	put_outcomes(&t, f->outcomes);
}

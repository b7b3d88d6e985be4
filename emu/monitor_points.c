/*
 * The monitor's breakpoints and watchpoints. They live in control->debug, beside those of a debugger; a point's number
 * is its place in there. What they do is cpu/debug.h's business.
 */
#include <inttypes.h>
#include <string.h>

#include "emu/monitor_internal.h"
#include "emu/names.h"

/* Every hart must learn of the change. */
static void apply(const struct monitor_call *call)
{
	for (u32 i = 0; i < call->m->hart_count; i++)
		debug_apply(call->m->harts[i]);
}

/* "breakpoint", "watch", ... */
static const char *kind_name(u32 kinds)
{
	if (kinds & DEBUG_EXECUTE)
		return "break";
	return kinds == DEBUG_LOAD ? "rwatch" : kinds == DEBUG_STORE ? "watch" : "awatch";
}

static void print_point(const struct monitor_call *call, u32 i)
{
	const struct debug_point *p = &call->mon->control->debug.points[i];
	char name[MONITOR_NAME_SIZE], privs[4];
	fprintf(call->out, "%-3u %-6s 0x%016" PRIx64 "%s", i, kind_name(p->kinds), p->address,
	        p->physical ? " (physical)" : monitor_describe(call, p->address, name));
	if (!(p->kinds & DEBUG_EXECUTE))
		fprintf(call->out, ", %" PRIu64 " bytes", p->size);
	if (p->privs != (BIT(PRIV_U) | BIT(PRIV_S) | BIT(PRIV_M)))
		fprintf(call->out, ", in mode %s only", monitor_privs(p->privs, privs));
	fprintf(call->out, "\n");
}

bool monitor_info_breakpoints(struct monitor_call *call)
{
	const struct debug *debug = &call->mon->control->debug;
	if (debug->count == 0)
		fprintf(call->out, "none\n");
	for (u32 i = 0; i < debug->count; i++)
		print_point(call, i);
	return monitor_done(call);
}

/* "usm" */
static bool read_privs(struct monitor_call *call, const char *text, u8 *privs)
{
	static const char letters[] = "usm";
	static const u8 modes[] = { BIT(PRIV_U), BIT(PRIV_S), BIT(PRIV_M) };
	*privs = 0;
	for (const char *at = text; *at; at++) {
		const char *letter = strchr(letters, *at | 0x20);
		if (!letter || !*letter)
			return error_set(call->err, "priv=%s: name modes by their letters, u, s and m", text);
		*privs |= modes[letter - letters];
	}
	return *privs || error_set(call->err, "priv= needs letters of modes: u, s, m");
}

/* "[priv=usm] [phys]" */
static bool read_conditions(struct monitor_call *call, struct debug_point *point)
{
	char word[MONITOR_WORD_SIZE];
	while (monitor_word(call, word)) {
		if (strcmp(word, "phys") == 0)
			point->physical = true;
		else if (strncmp(word, "priv=", 5) != 0)
			return error_set(call->err, "'%s' is neither priv=usm nor phys", word);
		else if (!read_privs(call, word + 5, &point->privs))
			return false;
	}
	return true;
}

/* True if what comes next is a condition and not a number of bytes. */
static bool at_condition(const struct monitor_call *call)
{
	const char *at = call->at + strspn(call->at, " \t");
	return strncmp(at, "priv=", 5) == 0 || strncmp(at, "phys", 4) == 0;
}

static bool add(struct monitor_call *call, u32 kinds)
{
	struct debug *debug = &call->mon->control->debug;
	struct debug_point point = {
		.size = 1,
		.kinds = (u8)kinds,
		.privs = BIT(PRIV_U) | BIT(PRIV_S) | BIT(PRIV_M),
	};
	if (!monitor_value(call, "an address", &point.address))
		return false;
	if (kinds != DEBUG_EXECUTE) {
		point.size = 8;
		if (!monitor_at_end(call) && !at_condition(call) && !monitor_value(call, "a size", &point.size))
			return false;
	}
	if (!read_conditions(call, &point))
		return false;
	if (point.size == 0 || point.address + (point.size - 1) < point.address)
		return error_set(call->err, "%" PRIu64 " bytes from 0x%" PRIx64 " on are no range", point.size,
		                 point.address);
	if (kinds == DEBUG_EXECUTE && point.address & 1)
		return error_set(call->err, "0x%" PRIx64 " is odd: instructions lie at even addresses", point.address);
	if (!debug_add(debug, &point))
		return error_set(call->err, "there are %u points already: delete one", debug->count);
	apply(call);
	print_point(call, debug->count - 1);
	return true;
}

bool monitor_break(struct monitor_call *call)
{
	return add(call, DEBUG_EXECUTE);
}

bool monitor_watch(struct monitor_call *call)
{
	return add(call, DEBUG_STORE);
}

bool monitor_rwatch(struct monitor_call *call)
{
	return add(call, DEBUG_LOAD);
}

bool monitor_awatch(struct monitor_call *call)
{
	return add(call, DEBUG_LOAD | DEBUG_STORE);
}

bool monitor_delete(struct monitor_call *call)
{
	struct debug *debug = &call->mon->control->debug;
	u64 first = 0, last = debug->count;
	if (!monitor_accept(call, "all")) {
		if (!monitor_value(call, "a number (info breakpoints), or all,", &first))
			return false;
		if (first >= debug->count)
			return error_set(call->err, "there is no point %" PRIu64 ": info breakpoints lists them",
			                 first);
		last = first + 1;
	}
	if (!monitor_done(call))
		return false;
	while (last-- > first) {
		struct debug_point point = debug->points[last];
		BUG_ON(!debug_remove(debug, &point));
	}
	apply(call);
	/* The numbers behind it have moved up. */
	return monitor_info_breakpoints(call);
}

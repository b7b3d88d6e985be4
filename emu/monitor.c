/*
 * The monitor's tables of commands, and how a line is read: see monitor.h. Each command is one row and one function;
 * the functions are in monitor_*.c.
 *
 * A name may be cut short as long as it is clear which one is meant ("i r" is "info registers"), as QEMU allows.
 */
#include "emu/monitor.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "emu/monitor_expr.h"
#include "emu/monitor_internal.h"
#include "emu/names.h"
#include "emu/nearest.h"

#define HELP_COLUMN 28
#define DISTANCE_MAX 2 /* letters that may be wrong in what is taken for a name's misspelling */

static bool run_info(struct monitor_call *call);
static bool run_help(struct monitor_call *call);

static const struct monitor_row commands[] = {
	{ "help|?", "[COMMAND]", "this list, or what one command does", run_help },
	{ "info|i", "[TOPIC] ...", "shows part of the machine's state; info alone lists topics", run_info },
	{ "print|p", "[/xduoc] EXPR", "a value: numbers, $registers, symbols, + - * / % & | ^ << >> ~", monitor_print },
	{ "x", "[/NFS] VA", "virtual memory: N times format F (x d u o c i s), size S (b h w g)", monitor_x },
	{ "xp", "[/NFS] PA", "physical memory, likewise; reads device registers too", monitor_xp },
	{ "walk", "VA [fetch|load|store] [u|s|m]", "the page walk, a line a level", monitor_walk },
	{ "explain", "VA [fetch|load|store] [u|s|m]", "the walk in words: what fails, why, and what to mend",
	  monitor_explain },
	{ "gva2gpa", "VA", "the physical address of a virtual one", monitor_gva2gpa },
	{ "sym", "NAME|ADDRESS", "a symbol's address, or an address's symbol", monitor_sym },
	{ "cpu", "[N]", "the hart that commands speak of, until the guest runs on", monitor_cpu },
	{ "trace", "on SORTS [FILE] [filter K=V,...] | off | status", "switches tracing (sorts: see --trace)",
	  monitor_trace },
	{ "break|b", "ADDRESS [priv=usm] [phys]", "stops the guest in front of an instruction", monitor_break },
	{ "watch", "ADDRESS [BYTES] [priv=usm] [phys]", "stops it in front of a store to the range", monitor_watch },
	{ "rwatch", "ADDRESS [BYTES] [priv=usm] [phys]", "in front of a load from it", monitor_rwatch },
	{ "awatch", "ADDRESS [BYTES] [priv=usm] [phys]", "in front of either", monitor_awatch },
	{ "delete|d", "N|all", "takes a breakpoint or watchpoint away", monitor_delete },
	{ "stop|s", "", "holds the guest until cont", monitor_stop },
	{ "cont|c", "", "lets the guest run on; so does Ctrl-D", monitor_cont },
	{ "step|si", "[N] [HART]", "runs one instruction, or N, of one hart", monitor_step },
	{ "speed", "[N|full]", "how fast the guest may run: N steps a second; alone it tells", monitor_speed },
	{ "system_reset", "", "starts the guest again", monitor_reset },
	{ "system_powerdown", "", "asks the guest to power off (this board cannot)", monitor_powerdown },
	{ "screendump", "FILE", "writes the guest's screen as a picture (PNG)", monitor_screendump },
	{ "savevm", "FILE", "writes a snapshot of the machine", monitor_savevm },
	{ "loadvm", "FILE", "goes on from a snapshot", monitor_loadvm },
	{ "quit|q", "", "ends rvemu", monitor_quit },
};

static const struct monitor_row topics[] = {
	{ "registers", "[-a] [HART|all]", "registers and CSRs; -a: also floating point and every CSR",
	  monitor_info_registers },
	{ "harts|cpus", "", "where each hart is", monitor_info_harts },
	{ "mem", "[HART]", "what satp's page tables map", monitor_info_mem },
	{ "tlb", "[HART]", "what the TLB holds, and which of it is STALE", monitor_info_tlb },
	{ "devices|mtree", "", "what is at which physical address, with its state", monitor_info_devices },
	{ "irq|pic", "", "PLIC, CLINT, and each hart's mip and mie", monitor_info_irq },
	{ "breakpoints", "", "breakpoints and watchpoints", monitor_info_breakpoints },
	{ "symbols", "[PART]", "symbols whose names contain PART", monitor_info_symbols },
	{ "stats", "[json]", "what was counted", monitor_info_stats },
};

/* --- arguments --- */

static void skip_blanks(struct monitor_call *call)
{
	while (isspace((unsigned char)*call->at))
		call->at++;
}

/* The length of the next word. */
static size_t next_word(struct monitor_call *call)
{
	skip_blanks(call);
	size_t length = 0;
	while (call->at[length] && !isspace((unsigned char)call->at[length]))
		length++;
	return length;
}

bool monitor_word(struct monitor_call *call, char word[MONITOR_WORD_SIZE])
{
	size_t length = next_word(call);
	snprintf(word, MONITOR_WORD_SIZE, "%.*s", (int)(length < MONITOR_WORD_SIZE ? length : MONITOR_WORD_SIZE - 1),
	         call->at);
	call->at += length;
	return length > 0;
}

bool monitor_accept(struct monitor_call *call, const char *word)
{
	size_t length = next_word(call);
	if (length != strlen(word) || strncmp(call->at, word, length) != 0)
		return false;
	call->at += length;
	return true;
}

bool monitor_at_end(const struct monitor_call *call)
{
	return call->at[strspn(call->at, " \t\r\n\v\f")] == '\0';
}

bool monitor_done(struct monitor_call *call)
{
	char word[MONITOR_WORD_SIZE];
	return !monitor_word(call, word) || error_set(call->err, "'%s' is too much here", word);
}

bool monitor_value(struct monitor_call *call, const char *what, u64 *value)
{
	struct monitor_scope scope = { .hart = call->hart, .symbols = &call->m->boot->symbols };
	if (monitor_at_end(call))
		return error_set(call->err, "%s is missing", what);
	return monitor_expr(&scope, &call->at, value, call->err);
}

bool monitor_hart(struct monitor_call *call, struct hart **hart)
{
	u64 number;
	*hart = call->hart;
	if (monitor_at_end(call))
		return true;
	if (!monitor_value(call, "a hart's number", &number))
		return false;
	if (number >= call->m->hart_count)
		return error_set(call->err, "there is no hart %" PRIu64 ": this machine has 0..%u", number,
		                 call->m->hart_count - 1);
	*hart = call->m->harts[number];
	return true;
}

/* --- writing --- */

const char *monitor_describe(const struct monitor_call *call, u64 address, char text[MONITOR_NAME_SIZE])
{
	char name[MONITOR_NAME_SIZE - 4];
	text[0] = '\0';
	if (!symbols_describe_data(&call->m->boot->symbols, address, name, sizeof(name)))
		return text;
	snprintf(text, MONITOR_NAME_SIZE, " <%s>", name);
	return text;
}

const char *monitor_privs(u32 privs, char text[4])
{
	u32 length = 0;
	for (u32 priv = PRIV_U; priv <= PRIV_M; priv++)
		if (privs >> priv & 1 && priv != 2)
			text[length++] = (char)tolower(priv_letter(priv));
	text[length] = '\0';
	return text;
}

/* --- finding a row --- */

/* True if `word` is one of the names "a|b|c", or only (`partly`) what one of them begins with. */
static bool is_named(const struct monitor_row *row, const char *word, bool partly)
{
	size_t length = strlen(word);
	for (const char *name = row->names; name; name = strchr(name, '|')) {
		if (*name == '|')
			name++;
		size_t size = strcspn(name, "|");
		if ((partly ? size > length : size == length) && strncmp(name, word, length) == 0)
			return true;
	}
	return false;
}

/* The row's first name. */
static void first_name(const struct monitor_row *row, char name[MONITOR_WORD_SIZE])
{
	snprintf(name, MONITOR_WORD_SIZE, "%.*s", (int)strcspn(row->names, "|"), row->names);
}

/* "did you mean": the name that is nearest to the word, if it is near enough. */
static bool nearest_name(const struct monitor_row *rows, u32 count, const char *word, char best[MONITOR_WORD_SIZE])
{
	u32 least = DISTANCE_MAX + 1;
	if (strlen(word) < 3 || strlen(word) >= NAME_LENGTH_MAX)
		return false;
	for (u32 i = 0; i < count; i++) {
		char name[MONITOR_WORD_SIZE];
		first_name(&rows[i], name);
		u32 distance = name_distance(word, name);
		if (distance >= least || distance >= strlen(name))
			continue;
		least = distance;
		memcpy(best, name, sizeof(name));
	}
	return least <= DISTANCE_MAX;
}

/* The row that the word names, cut short or not. */
static const struct monitor_row *find(const struct monitor_row *rows, u32 count, const char *what, const char *word,
                                      struct error *err)
{
	const struct monitor_row *found = NULL;
	char names[256] = "", name[MONITOR_WORD_SIZE];
	u32 matches = 0;
	for (u32 i = 0; i < count; i++)
		if (is_named(&rows[i], word, false))
			return &rows[i];
	for (u32 i = 0; i < count; i++) {
		if (!is_named(&rows[i], word, true))
			continue;
		first_name(&rows[i], name);
		size_t used = strlen(names);
		snprintf(names + used, sizeof(names) - used, "%s%s", matches ? ", " : "", name);
		found = &rows[i];
		matches++;
	}
	if (matches > 1)
		(void)error_set(err, "%s could be %s", word, names);
	else if (matches == 0 && nearest_name(rows, count, word, name))
		(void)error_set(err, "unknown %s %s: did you mean %s?", what, word, name);
	else if (matches == 0)
		(void)error_set(err, "unknown %s %s: %s lists all", what, word, rows == commands ? "help" : "info");
	return matches == 1 ? found : NULL;
}

/* --- help and info --- */

static void list_rows(const struct monitor_row *rows, u32 count, const char *prefix, FILE *out)
{
	for (u32 i = 0; i < count; i++) {
		char name[MONITOR_WORD_SIZE];
		first_name(&rows[i], name);
		int used = fprintf(out, "%s%s %s", prefix, name, rows[i].parameters);
		if (used >= HELP_COLUMN)
			used = fprintf(out, "\n") - 1;
		fprintf(out, "%*s%s\n", HELP_COLUMN - used, "", rows[i].help);
	}
}

static void describe_row(const struct monitor_row *row, const char *prefix, FILE *out)
{
	char name[MONITOR_WORD_SIZE];
	first_name(row, name);
	fprintf(out, "%s%s %s\n  %s\n", prefix, name, row->parameters, row->help);
	const char *others = strchr(row->names, '|');
	if (others)
		fprintf(out, "  also called %s\n", others + 1);
}

static bool run_help(struct monitor_call *call)
{
	char word[MONITOR_WORD_SIZE];
	if (!monitor_word(call, word)) {
		list_rows(commands, ARRAY_SIZE(commands), "", call->out);
		fprintf(call->out, "Names may be cut short (i r: info registers). help info lists topics.\n");
		return true;
	}
	const struct monitor_row *row = find(commands, ARRAY_SIZE(commands), "command", word, call->err);
	if (!row)
		return false;
	if (row->run != run_info) {
		describe_row(row, "", call->out);
		return monitor_done(call);
	}
	if (!monitor_word(call, word)) {
		list_rows(topics, ARRAY_SIZE(topics), "info ", call->out);
		return true;
	}
	row = find(topics, ARRAY_SIZE(topics), "topic", word, call->err);
	if (row)
		describe_row(row, "info ", call->out);
	return row && monitor_done(call);
}

static bool run_info(struct monitor_call *call)
{
	char word[MONITOR_WORD_SIZE];
	if (!monitor_word(call, word)) {
		list_rows(topics, ARRAY_SIZE(topics), "info ", call->out);
		return true;
	}
	const struct monitor_row *row = find(topics, ARRAY_SIZE(topics), "topic", word, call->err);
	return row && row->run(call);
}

/* --- a line --- */

/* The command's name: up to a blank, or the slash of "x/8xg". */
static void read_name(struct monitor_call *call, char name[MONITOR_WORD_SIZE])
{
	skip_blanks(call);
	size_t length = strcspn(call->at, " \t\r\n\v\f/");
	snprintf(name, MONITOR_WORD_SIZE, "%.*s", (int)(length < MONITOR_WORD_SIZE ? length : MONITOR_WORD_SIZE - 1),
	         call->at);
	call->at += length;
}

/* What stands behind the slash of "x/8xg" or "x /8xg". */
static bool read_format(struct monitor_call *call)
{
	char word[MONITOR_WORD_SIZE];
	skip_blanks(call);
	if (*call->at != '/')
		return true;
	call->at++;
	if (!isspace((unsigned char)*call->at))
		(void)monitor_word(call, word);
	else
		word[0] = '\0';
	if (strlen(word) >= sizeof(call->format))
		return error_set(call->err, "the format /%.20s... is too long", word);
	memcpy(call->format, word, strlen(word) + 1);
	return true;
}

/* The hart that commands speak of. */
static struct hart *current_hart(const struct monitor *mon)
{
	const struct machine *m = mon->control->machine;
	u32 hart = mon->hart_chosen ? mon->hart : mon->control->hart;
	return m->harts[hart < m->hart_count ? hart : 0];
}

static bool run_line(struct monitor_call *call)
{
	char name[MONITOR_WORD_SIZE];
	if (monitor_at_end(call))
		return true;
	read_name(call, name);
	const struct monitor_row *row = find(commands, ARRAY_SIZE(commands), "command", name, call->err);
	if (!row)
		return false;
	bool takes_format = row->run == monitor_x || row->run == monitor_xp || row->run == monitor_print;
	if (takes_format && !read_format(call))
		return false;
	if (*call->at == '/')
		return error_set(call->err, "%s takes no format", name);
	return row->run(call);
}

enum monitor_result monitor_command(struct monitor *mon, const char *line, FILE *out)
{
	struct error err;
	struct monitor_call call = { .mon = mon, .m = mon->control->machine, .at = line, .out = out, .err = &err };
	if (!call.m) {
		fprintf(out, "there is no machine at the moment\n");
		return MONITOR_AGAIN;
	}
	call.hart = current_hart(mon);
	if (!run_line(&call)) {
		fprintf(out, "%s\n", err.text);
		return MONITOR_AGAIN;
	}
	return call.result;
}

enum monitor_result monitor_paused(struct monitor *mon, FILE *out)
{
	static const char *const kinds[] = { [DEBUG_EXECUTE] = "breakpoint",
		                             [DEBUG_LOAD] = "load seen by watchpoint",
		                             [DEBUG_STORE] = "store seen by watchpoint" };
	struct control *control = mon->control;
	const struct debug_hit *hit = &control->debug.hit;
	struct error err;
	struct monitor_call call = { .mon = mon, .m = control->machine, .at = "", .out = out, .err = &err };
	if (!call.m)
		return MONITOR_AGAIN;
	if (control->why == PAUSE_STEPPED && mon->steps_left) {
		mon->steps_left--;
		control_step(control, control->hart);
		return MONITOR_CONTINUE;
	}
	mon->steps_left = 0;
	mon->hart_chosen = false;
	call.hart = current_hart(mon);
	char name[MONITOR_NAME_SIZE];
	if (control->why == PAUSE_POINT && hit->kind < ARRAY_SIZE(kinds) && kinds[hit->kind])
		fprintf(out, "%s %u, 0x%" PRIx64 "%s\n", kinds[hit->kind], hit->point, hit->address,
		        monitor_describe(&call, hit->address, name));
	monitor_say_where(&call, call.hart);
	return MONITOR_AGAIN;
}

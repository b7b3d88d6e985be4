/*
 * The command line: see options.h. One table says what there is; each row stores its value itself or has a function
 * that reads it. What depends on several options (ISA and A/D mode, trace and its file) is settled once, at the end.
 */
#include "emu/options.h"

#include <stdlib.h>
#include <string.h>

#include "emu/nearest.h"
#include "emu/options_devices.h"
#include "emu/options_machine.h"

#define DEFAULT_RAM_SIZE (128 * MIB)
#define DEFAULT_QUANTUM 5000
#define DEFAULT_GRANULARITY 16
#define DEFAULT_GDB "tcp::1234"
#define ASID_BITS_MAX 16

/* What is known while the arguments are read. */
struct parser {
	struct config *config;          /* what is filled in */
	struct error *err;              /* where trouble is told */
	char given[64];                 /* the option at work as the user spelled it, without its value */
	struct machine_options machine; /* --tlb, --ad and their like */
	struct device_options devices;  /* --drive, --net and their like */
	bool has_granularity;           /* --signature-granularity was given */
};

enum kind {
	KIND_FLAG,   /* takes no value; sets a bool */
	KIND_STRING, /* stores the value */
	KIND_READ,   /* gives the value to a function */
	KIND_MAYBE,  /* likewise, but --option without =value is given NULL */
	KIND_WORD,   /* takes one of some words, and does nothing: what QEMU's users say, and is so here anyway */
	KIND_DO,     /* takes no value; calls the function with NULL */
};

struct option {
	const char *name; /* without dashes */
	enum kind kind;
	size_t offset; /* of the field in struct config: flags and strings */
	bool (*read)(struct parser *p, const char *value);
	const char *const *words; /* KIND_WORD: ends with NULL */
};

static bool read_granularity(struct parser *p, const char *text)
{
	u64 value;
	if (!options_number_between(text, 1, 64, &value, p->given, p->err))
		return false;
	if (!is_power_of_two(value))
		return error_set(p->err, "%s %s: must be a power of two", p->given, text);
	p->config->signature_granularity = (u32)value;
	p->has_granularity = true;
	return true;
}

static bool read_trace(struct parser *p, const char *text)
{
	const char *colon = strchr(text, ':');
	if (colon) {
		if (colon[1] == '\0')
			return error_set(p->err, "%s %s: no file name behind the colon", p->given, text);
		p->config->trace_file = colon + 1;
	}
	struct error why;
	if (!trace_sorts_parse(&p->config->trace_wanted, text, colon ? (size_t)(colon - text) : strlen(text), &why))
		return error_set(p->err, "%s: %s", p->given, why.text);
	return true;
}

static bool read_trace_filter(struct parser *p, const char *text)
{
	struct error why;
	if (!trace_filter_parse(&p->config->filter, text, &why))
		return error_set(p->err, "%s: %s", p->given, why.text);
	return true;
}

#define MACHINE(name)                                                                                                  \
	static bool read_##name(struct parser *p, const char *text)                                                    \
	{                                                                                                              \
		return machine_options_##name(&p->machine, p->given, text, p->err);                                    \
	}
MACHINE(memory)
MACHINE(harts)
MACHINE(isa)
MACHINE(max_insns)
MACHINE(quantum)
MACHINE(seed)
MACHINE(asid_bits)
MACHINE(ad)
MACHINE(mmu)
MACHINE(misaligned)
MACHINE(tlb)
MACHINE(core)
MACHINE(adversarial)

#define OBSERVE(name)                                                                                                  \
	static bool read_##name(struct parser *p, const char *text)                                                    \
	{                                                                                                              \
		return observe_options_##name(&p->config->observe, p->given, text, p->err);                            \
	}
OBSERVE(trace_form)
OBSERVE(stats)
OBSERVE(explain)
OBSERVE(check)
OBSERVE(what_if)
OBSERVE(oracle)
OBSERVE(expect)

static bool read_drive(struct parser *p, const char *text)
{
	return device_options_drive(&p->devices, p->config, p->given, text, p->err);
}

static bool read_net(struct parser *p, const char *text)
{
	return device_options_net(&p->devices, p->config, p->given, text, p->err);
}

static bool read_share(struct parser *p, const char *text)
{
	return device_options_share(&p->devices, p->config, p->given, text, p->err);
}

static bool read_device(struct parser *p, const char *text)
{
	return device_options_device(&p->devices, p->config, p->given, text, p->err);
}

static bool read_console(struct parser *p, const char *text)
{
	static const char *const names[] = { "uart", "virtio", NULL };
	int i = options_choose(text, names, p->given, p->err);
	if (i < 0)
		return false;
	p->config->virtio_console = i == 1;
	return true;
}

static bool do_snapshot(struct parser *p, const char *nothing)
{
	(void)nothing;
	p->devices.snapshot = true;
	return true;
}

static bool do_rng(struct parser *p, const char *nothing)
{
	(void)nothing;
	p->devices.has_rng = true;
	return true;
}

static bool do_gdb(struct parser *p, const char *nothing)
{
	(void)nothing;
	p->config->gdb = DEFAULT_GDB;
	return true;
}

static bool do_help(struct parser *p, const char *topic)
{
	p->config->help_topic = topic;
	p->config->action = CONFIG_HELP;
	return true;
}

static bool do_version(struct parser *p, const char *nothing)
{
	(void)nothing;
	p->config->action = CONFIG_VERSION;
	return true;
}

/* The serial console is on the terminal anyway. */
static bool do_nographic(struct parser *p, const char *nothing)
{
	(void)nothing;
	p->config->display.kind = DISPLAY_NONE;
	return true;
}

static bool read_display(struct parser *p, const char *text)
{
	return display_options_display(&p->config->display, p->given, text, p->err);
}

static bool read_screen(struct parser *p, const char *text)
{
	return display_options_screen(&p->config->screen, p->given, text, p->err);
}

#define STRING(option_name, field)                                                                                     \
	{                                                                                                              \
		.name = option_name, .kind = KIND_STRING, .offset = offsetof(struct config, field)                     \
	}
#define FLAG(option_name, field)                                                                                       \
	{                                                                                                              \
		.name = option_name, .kind = KIND_FLAG, .offset = offsetof(struct config, field)                       \
	}
#define READ(option_name, function)                                                                                    \
	{                                                                                                              \
		.name = option_name, .kind = KIND_READ, .read = function                                               \
	}
#define WORD(option_name, ...)                                                                                         \
	{                                                                                                              \
		.name = option_name, .kind = KIND_WORD, .words = (const char *const[])                                 \
		{                                                                                                      \
			__VA_ARGS__, NULL                                                                              \
		}                                                                                                      \
	}
#define MAYBE(option_name, function)                                                                                   \
	{                                                                                                              \
		.name = option_name, .kind = KIND_MAYBE, .read = function                                              \
	}
#define DO(option_name, function)                                                                                      \
	{                                                                                                              \
		.name = option_name, .kind = KIND_DO, .read = function                                                 \
	}

static const struct option options[] = {
	STRING("bios", bios),
	STRING("kernel", kernel),
	STRING("initrd", initrd),
	STRING("append", append),
	STRING("dtb", dtb),
	STRING("dump-dtb", dump_dtb),
	READ("memory", read_memory),
	READ("m", read_memory),
	READ("smp", read_harts),
	READ("isa", read_isa),
	WORD("machine", "virt"),
	WORD("M", "virt"),
	WORD("cpu", "rv64", "max"),
	WORD("global", "virtio-mmio.force-legacy=false"),
	READ("max-insns", read_max_insns),
	READ("quantum", read_quantum),
	READ("seed", read_seed),
	READ("drive", read_drive),
	DO("snapshot", do_snapshot),
	READ("net", read_net),
	READ("netdev", read_net),
	READ("nic", read_net),
	READ("share", read_share),
	READ("device", read_device),
	DO("rng", do_rng),
	READ("console", read_console),
	STRING("loadvm", load_snapshot),
	STRING("record", record),
	STRING("replay", replay),
	DO("s", do_gdb),
	FLAG("S", stopped),
	STRING("gdb", gdb),
	FLAG("no-reboot", no_reboot),
	DO("nographic", do_nographic),
	READ("display", read_display),
	READ("screen", read_screen),
	WORD("serial", "stdio", "mon:stdio"),
	STRING("signature", signature),
	READ("signature-granularity", read_granularity),
	READ("trace", read_trace),
	READ("d", read_trace),
	STRING("trace-file", trace_file),
	STRING("D", trace_file),
	READ("trace-filter", read_trace_filter),
	READ("tlb", read_tlb),
	READ("core", read_core),
	READ("ad", read_ad),
	READ("asid-bits", read_asid_bits),
	READ("misaligned", read_misaligned),
	READ("mmu", read_mmu),
	READ("trace-format", read_trace_form),
	STRING("report", observe.run_file),
	MAYBE("stats", read_stats),
	READ("explain", read_explain),
	MAYBE("check", read_check),
	MAYBE("adversarial", read_adversarial),
	MAYBE("what-if", read_what_if),
	MAYBE("oracle", read_oracle),
	READ("expect", read_expect),
	STRING("expect-report", observe.expect_report),
	FLAG("ram-hash", ram_hash),
	MAYBE("help", do_help),
	DO("h", do_help),
	DO("version", do_version),
};

static bool unknown_option(struct parser *p, const char *name)
{
	const char *nearest = NULL;
	u32 best = 3;
	for (u32 i = 0; i < ARRAY_SIZE(options) && strlen(name) < NAME_LENGTH_MAX; i++) {
		bool is_begun = name[0] && name[1] && strncmp(name, options[i].name, strlen(name)) == 0;
		u32 d = is_begun ? 0 : name_distance(name, options[i].name);
		if (d < best && d < strlen(options[i].name)) {
			best = d;
			nearest = options[i].name;
		}
	}
	if (nearest)
		return error_set(p->err, "unknown option %s: did you mean %s%s?", p->given, nearest[1] ? "--" : "-",
		                 nearest);
	return error_set(p->err, "unknown option %s: see --help", p->given);
}

static const struct option *find_option(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(options); i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

static bool apply(struct parser *p, const struct option *o, const char *value)
{
	void *field = (char *)p->config + o->offset;
	switch (o->kind) {
	case KIND_FLAG:
		*(bool *)field = true;
		return true;
	case KIND_STRING:
		if (*value == '\0' && o->offset != offsetof(struct config, append))
			return error_set(p->err, "%s: the name of a file is missing", p->given);
		*(const char **)field = value;
		return true;
	case KIND_WORD:
		return options_choose(value, o->words, p->given, p->err) >= 0;
	case KIND_READ:
	case KIND_MAYBE:
	case KIND_DO:
		break;
	}
	return o->read(p, value);
}

/* Reads the option in argv[*at], and its value in the next one if it is not in the same; moves *at on to the last one
 * used. */
static bool parse_one(struct parser *p, int argc, char **argv, int *at)
{
	const char *text = argv[*at];
	const char *given = p->given;
	snprintf(p->given, sizeof(p->given), "%.*s", (int)strcspn(text, "="), text);
	const char *equals = strchr(text, '=');
	const char *name = given[0] == '+' ? given + 1 : given[1] == '-' ? given + 2 : given + 1;
	const struct option *o = find_option(name);
	if (!o || (given[0] == '+' && strncmp(name, "signature", 9) != 0))
		return unknown_option(p, name);
	const char *value = equals ? equals + 1 : NULL;
	bool takes_value = o->kind != KIND_FLAG && o->kind != KIND_DO;
	if (!takes_value && value)
		return error_set(p->err, "%s takes no value", given);
	if (takes_value && !value && o->kind != KIND_MAYBE) {
		if (*at + 1 >= argc)
			return error_set(p->err, "%s: its value is missing", given);
		value = argv[++*at];
	}
	return apply(p, o, value);
}

/* "--help observe": the topic looks like a guest. */
static bool settle_help(struct parser *p)
{
	struct config *c = p->config;
	const char *topic = c->help_topic ? c->help_topic : c->guest;
	for (u32 i = 0; topic && options_help_topic(i); i++) {
		if (strcmp(options_help_topic(i), topic) == 0) {
			c->help_topic = topic;
			return true;
		}
	}
	if (c->help_topic)
		return error_set(p->err, "--help=%s: no such topic; --help lists them", c->help_topic);
	return true;
}

static bool settle(struct parser *p)
{
	struct config *c = p->config;
	machine_options_settle(&p->machine);
	if (c->action == CONFIG_RUN && c->observe.stats_names)
		c->action = CONFIG_STATS_NAMES;
	if (c->action == CONFIG_HELP)
		return settle_help(p);
	if (c->action != CONFIG_RUN)
		return true;
	if (!c->guest && !c->kernel && !(c->bios && strcmp(c->bios, "none") != 0) && !c->dump_dtb)
		return error_set(p->err, "no guest given: rvemu [options] guest.elf (see --help)");
	if (p->has_granularity && !c->signature)
		return error_set(p->err, "--signature-granularity without --signature FILE");
	if (c->record && c->replay)
		return error_set(p->err, "--record and --replay: one or the other");
	if (!observe_options_settle(c, p->err) || !device_options_settle(&p->devices, c, p->err))
		return false;
	for (u32 i = 0; i < c->drive_count && (c->record || c->replay); i++)
		if (!c->drives[i].read_only && !c->drives[i].snapshot)
			return error_set(
				p->err,
				"%s: a recorded run could not be run again from a changed disk: add snapshot=on",
				c->drives[i].path);
	return true;
}

static bool parse_all(struct parser *p, int argc, char **argv)
{
	bool only_names = false;
	for (int at = 1; at < argc; at++) {
		const char *text = argv[at];
		bool is_option = !only_names && (text[0] == '-' || text[0] == '+') && text[1] != '\0';
		if (is_option && strcmp(text, "--") == 0) {
			only_names = true;
		} else if (is_option) {
			if (!parse_one(p, argc, argv, &at))
				return false;
		} else if (p->config->guest) {
			return error_set(p->err, "two guests given: %s and %s", p->config->guest, text);
		} else {
			p->config->guest = text;
		}
	}
	return settle(p);
}

bool options_parse(struct config *config, int argc, char **argv, struct error *err)
{
	*config = (struct config){
		.ram_size = DEFAULT_RAM_SIZE,
		.harts = 1,
		.mmu = { .ad = AD_ADUE, .asid_bits = ASID_BITS_MAX, .levels_max = 5 },
		.quantum = DEFAULT_QUANTUM,
		.net.mac = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 },
		.screen = { .width = OPTIONS_SCREEN_WIDTH, .height = OPTIONS_SCREEN_HEIGHT },
		.signature_granularity = DEFAULT_GRANULARITY,
	};
	isa_all(&config->isa);
	trace_filter_init(&config->filter);
	struct parser p = { .config = config, .err = err, .machine.config = config };
	device_options_init(&p.devices);
	bool ok = parse_all(&p, argc, argv);
	device_options_free(&p.devices);
	if (!ok)
		options_free(config);
	return ok;
}

void options_free(struct config *config)
{
	for (u32 i = 0; i < config->drive_count; i++)
		free((char *)config->drives[i].path);
	for (u32 i = 0; i < config->share_count; i++) {
		free((char *)config->shares[i].path);
		free((char *)config->shares[i].tag);
	}
	config->drive_count = config->share_count = 0;
}

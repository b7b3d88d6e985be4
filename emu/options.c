/*
 * The command line: see options.h. One table says what there is; each row stores its value itself or has a function
 * that reads it. What depends on several options (ISA and A/D mode, trace and its file) is settled once, at the end.
 */
#include "emu/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "devices/bus.h"
#include "emu/nearest.h"
#include "emu/options_devices.h"

#define DEFAULT_RAM_SIZE (128 * MIB)
#define DEFAULT_QUANTUM 5000
#define DEFAULT_GRANULARITY 16
#define DEFAULT_GDB "tcp::1234"
#define RAM_SIZE_MAX (1024 * GIB)
#define ASID_BITS_MAX 16

/* What is known while the arguments are read. */
struct parser {
	struct config *config;           /* what is filled in */
	struct error *err;               /* where trouble is told */
	char given[64];                  /* the option at work as the user spelled it, without its value */
	const struct tlb_config *preset; /* --tlb */
	u64 seed;                        /* --seed */
	struct device_options devices;   /* --drive, --net and their like */
	bool has_ad;                     /* --ad was given */
	bool has_granularity;            /* --signature-granularity was given */
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

static bool is_digit_of(char c, unsigned base)
{
	if (base == 16)
		return strchr("0123456789abcdefABCDEF", c) != NULL;
	return c >= '0' && c < (char)('0' + base);
}

bool options_number(const char *text, bool suffixes, u64 *value)
{
	unsigned base = 10;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		base = 16;
	else if (text[0] == '0' && (text[1] == 'b' || text[1] == 'B'))
		base = 2;
	const char *digits = base == 10 ? text : text + 2;
	if (*digits == '\0' || !is_digit_of(*digits, base))
		return false;
	char *end = NULL;
	errno = 0;
	u64 v = strtoull(digits, &end, (int)base);
	if (errno)
		return false;
	u32 shift = 0;
	if (suffixes && *end) {
		const char *letters = "kmgt";
		const char *letter = strchr(letters, *end | 0x20);
		if (!letter)
			return false;
		shift = 10 * (u32)(letter - letters + 1);
		end++;
		if (*end == 'i' && end[1] == 'B')
			end += 2;
		else if (*end == 'B')
			end++;
	}
	if (*end || (shift && v >> (64 - shift)))
		return false;
	*value = v << shift;
	return true;
}

/* Reads the value of the option at work as a number between lo and hi. */
static bool read_number(struct parser *p, const char *text, u64 lo, u64 hi, u64 *value)
{
	if (!options_number(text, false, value))
		return error_set(p->err, "%s %s: not a number", p->given, text);
	if (*value < lo || *value > hi)
		return error_set(p->err, "%s %s: must be between %llu and %llu", p->given, text, (unsigned long long)lo,
		                 (unsigned long long)hi);
	return true;
}

static bool read_memory(struct parser *p, const char *text)
{
	u64 size;
	if (strncmp(text, "size=", 5) == 0)
		text += 5;
	if (!options_number(text, true, &size))
		return error_set(p->err, "%s %s: not a size, which is a number with K, M or G behind it", p->given,
		                 text);
	if (options_number(text, false, &size)) {
		/* As for QEMU and Spike, a bare number is MiB. */
		if (size > RAM_SIZE_MAX / MIB)
			size = RAM_SIZE_MAX + PAGE_SIZE;
		else
			size *= MIB;
	}
	if (size == 0 || size > RAM_SIZE_MAX)
		return error_set(p->err, "%s %s: RAM can be 4K to 1024G", p->given, text);
	if (size % PAGE_SIZE)
		return error_set(p->err, "%s %s: RAM must be a multiple of 4K", p->given, text);
	p->config->ram_size = size;
	return true;
}

static bool read_harts(struct parser *p, const char *text)
{
	u64 value;
	if (strncmp(text, "cpus=", 5) == 0)
		text += 5;
	if (!read_number(p, text, 1, OPTIONS_HARTS_MAX, &value))
		return false;
	p->config->harts = (u32)value;
	return true;
}

static bool read_isa(struct parser *p, const char *text)
{
	struct error why;
	if (!isa_parse(&p->config->isa, text, &why))
		return error_set(p->err, "%s: %s", p->given, why.text);
	return true;
}

static bool read_max_insns(struct parser *p, const char *text)
{
	return read_number(p, text, 1, UINT64_MAX, &p->config->max_insns);
}

static bool read_quantum(struct parser *p, const char *text)
{
	return read_number(p, text, 1, UINT32_MAX, &p->config->quantum);
}

static bool read_seed(struct parser *p, const char *text)
{
	return read_number(p, text, 0, UINT64_MAX, &p->seed);
}

static bool read_granularity(struct parser *p, const char *text)
{
	u64 value;
	if (!read_number(p, text, 1, 64, &value))
		return false;
	if (!is_power_of_two(value))
		return error_set(p->err, "%s %s: must be a power of two", p->given, text);
	p->config->signature_granularity = (u32)value;
	p->has_granularity = true;
	return true;
}

static bool read_asid_bits(struct parser *p, const char *text)
{
	u64 value;
	if (!read_number(p, text, 0, ASID_BITS_MAX, &value))
		return false;
	p->config->mmu.asid_bits = (u8)value;
	return true;
}

/* The place of text in a list that ends with NULL, or -1 and a message that names all of it. */
static int choose(struct parser *p, const char *text, const char *const *list)
{
	char all[256] = "";
	for (int i = 0; list[i]; i++) {
		if (strcasecmp(list[i], text) == 0)
			return i;
		size_t used = strlen(all);
		snprintf(all + used, sizeof(all) - used, "%s%s", i == 0 ? "" : list[i + 1] ? ", " : " or ", list[i]);
	}
	error_set(p->err, "%s %s: must be %s", p->given, text, all);
	return -1;
}

static bool read_ad(struct parser *p, const char *text)
{
	static const char *const names[] = { "trap", "update", "adue", NULL };
	int i = choose(p, text, names);
	if (i < 0)
		return false;
	p->config->mmu.ad = (u8)(AD_TRAP + i);
	p->has_ad = true;
	return true;
}

static bool read_mmu(struct parser *p, const char *text)
{
	static const char *const names[] = { "sv39", "sv48", "sv57", NULL };
	int i = choose(p, text, names);
	if (i < 0)
		return false;
	p->config->mmu.levels_max = (u8)(3 + i);
	return true;
}

static bool read_misaligned(struct parser *p, const char *text)
{
	static const char *const names[] = { "ok", "trap", NULL };
	int i = choose(p, text, names);
	if (i < 0)
		return false;
	p->config->mmu.misaligned_trap = i == 1;
	return true;
}

static bool read_tlb(struct parser *p, const char *text)
{
	const char *names[32] = { NULL };
	for (u32 i = 0; i < ARRAY_SIZE(names) - 1 && tlb_preset_at(i); i++)
		names[i] = tlb_preset_at(i)->name;
	int i = choose(p, text, names);
	if (i < 0)
		return false;
	p->preset = tlb_preset_at((u32)i);
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

/* The TLB that is as unhelpful as the manual allows; the seed says when it forgets. */
static bool read_adversarial(struct parser *p, const char *text)
{
	p->preset = tlb_preset("adversarial");
	return !text || read_seed(p, text);
}

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
	int i = choose(p, text, names);
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

static bool do_help(struct parser *p, const char *nothing)
{
	(void)nothing;
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
static bool do_nothing(struct parser *p, const char *nothing)
{
	(void)p;
	(void)nothing;
	return true;
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
	DO("nographic", do_nothing),
	WORD("display", "none"),
	WORD("serial", "stdio", "mon:stdio"),
	STRING("signature", signature),
	READ("signature-granularity", read_granularity),
	READ("trace", read_trace),
	READ("d", read_trace),
	STRING("trace-file", trace_file),
	STRING("D", trace_file),
	READ("trace-filter", read_trace_filter),
	READ("tlb", read_tlb),
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
	DO("help", do_help),
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
		return choose(p, value, o->words) >= 0;
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

/* Makes the A/D mode and the ISA string tell the same: Svade traps, Svadu leaves it to menvcfg.ADUE. */
static void settle_ad(struct parser *p)
{
	struct config *c = p->config;
	if (!p->has_ad) {
		if (p->preset->ad_trap)
			c->mmu.ad = AD_TRAP;
		else if (isa_has(&c->isa, EXT_SVADU))
			c->mmu.ad = AD_ADUE;
		else
			c->mmu.ad = isa_has(&c->isa, EXT_SVADE) ? AD_TRAP : AD_UPDATE;
	}
	c->isa.ext &= ~(BIT(EXT_SVADE) | BIT(EXT_SVADU));
	if (!isa_has(&c->isa, EXT_S))
		return;
	if (c->mmu.ad == AD_TRAP)
		c->isa.ext |= BIT(EXT_SVADE);
	else if (c->mmu.ad == AD_ADUE)
		c->isa.ext |= BIT(EXT_SVADU);
}

static bool settle(struct parser *p)
{
	struct config *c = p->config;
	settle_ad(p);
	c->mmu.has_svnapot = isa_has(&c->isa, EXT_SVNAPOT);
	c->mmu.has_svpbmt = isa_has(&c->isa, EXT_SVPBMT);
	c->tlb = *p->preset;
	if (p->seed)
		c->tlb.seed = p->seed;
	c->mmu.tlb = &c->tlb;
	if (c->action != CONFIG_RUN)
		return true;
	if (!c->guest && !c->kernel && !(c->bios && strcmp(c->bios, "none") != 0) && !c->dump_dtb)
		return error_set(p->err, "no guest given: rvemu [options] guest.elf (see --help)");
	if (c->trace_file && !c->trace_wanted)
		return error_set(p->err,
		                 "a trace file without --trace: say which sorts, for instance --trace insn,walk");
	if (p->has_granularity && !c->signature)
		return error_set(p->err, "--signature-granularity without --signature FILE");
	if (c->record && c->replay)
		return error_set(p->err, "--record and --replay: one or the other");
	if (!device_options_settle(&p->devices, c, p->err))
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
		.signature_granularity = DEFAULT_GRANULARITY,
	};
	isa_all(&config->isa);
	trace_filter_init(&config->filter);
	struct parser p = { .config = config, .err = err, .preset = tlb_preset_at(0) };
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

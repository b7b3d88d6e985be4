/*
 * Cores by name and key: see core_config.h. One table says what keys there are and where their values go; what several
 * keys must agree on (page sizes of arrays, a split TLB) is settled after each, and checked once at the end.
 */
#include "emu/core_config.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "emu/nearest.h"
#include "emu/options_values.h"

#define TEXT_MAX 128 /* of a name, or of a key with its value */
#define LINE_MAX_BYTES 256
#define FILE_LINES_MAX 1000
#define ENTRIES_MAX 65536 /* of a TLB array */
#define WAYS_MAX 256
#define PLRU_WAYS_MAX 64
#define TOP (WALK_LEVELS_MAX - 1)
#define DEFAULT_BASE "teach"

enum kind {
	KIND_SIZE,   /* a number with K or M behind it, into a u32 */
	KIND_NUMBER, /* a number, into a u32 */
	KIND_BOOL,   /* yes or no */
	KIND_POLICY, /* enum tlb_replacement by name, into a u8 */
};

struct key {
	const char *name;
	enum kind kind;
	size_t offset; /* in struct core_config */
	u32 lo, hi;    /* numbers: the range */
	bool timing;   /* belongs to the timing model: not with --tlb */
	const char *help;
};

#define AT(field) .offset = offsetof(struct core_config, field)
#define CACHE(name_, field, what)                                                                                      \
	{ name_ ".size", KIND_SIZE, AT(cost.field.size), 0, 64 * MIB, true, "bytes of " what "; 0: none" },            \
		{ name_ ".ways", KIND_NUMBER, AT(cost.field.ways), 1, 64, true, "lines of a set" },                    \
		{ name_ ".line", KIND_NUMBER, AT(cost.field.line), 16, 256, true, "bytes of a line" },                 \
	{                                                                                                              \
		name_ ".latency", KIND_NUMBER, AT(cost.field.latency), 0, COST_LATENCY_MAX, true,                      \
			"cycles until its answer"                                                                      \
	}
#define ARRAY(name_, field, least, what)                                                                               \
	{ name_ ".sets", KIND_NUMBER, AT(tlb.field.sets), 1, ENTRIES_MAX, false, "sets of " what },                    \
		{ name_ ".ways",                                                                                       \
		  KIND_NUMBER,                                                                                         \
		  AT(tlb.field.ways),                                                                                  \
		  least,                                                                                               \
		  WAYS_MAX,                                                                                            \
		  false,                                                                                               \
		  least ? "entries of a set" : "entries of a set; 0: none" },                                          \
	{                                                                                                              \
		name_ ".replacement", KIND_POLICY, AT(tlb.field.replacement), 0, 0, false, "fifo, random, plru or lru" \
	}

/* clang-format off */
static const struct key keys[] = {
	CACHE("l1i", l1i, "each hart's instruction cache"),
	CACHE("l1d", l1d, "each hart's data cache"),
	CACHE("l2", l2, "the cache of all harts"),
	{ "memory.latency", KIND_NUMBER, AT(cost.memory_latency), 0, COST_LATENCY_MAX, true, "cycles until memory answers" },
	{ "tlb.second.latency", KIND_NUMBER, AT(cost.second_latency), 0, COST_LATENCY_MAX, true,
	  "cycles of a hit in the second TLB level" },
	{ "tlb.walk.latency", KIND_NUMBER, AT(cost.walk_cache_latency), 0, COST_LATENCY_MAX, true,
	  "cycles of a PTE found in the walk cache" },
	{ "walk_skip_l1", KIND_BOOL, AT(cost.walks_skip_l1), 0, 0, true, "the walker asks the second-level cache at once" },
	{ "split", KIND_BOOL, AT(tlb.split), 0, 0, false, "fetches have a TLB of their own" },
	ARRAY("tlb.data", first[TLB_DATA][0], 1, "the first level, for data if it is split"),
	ARRAY("tlb.data.super", first[TLB_DATA][1], 0, "superpages apart from base pages"),
	ARRAY("tlb.fetch", first[TLB_FETCH][0], 1, "the first level for fetches"),
	ARRAY("tlb.fetch.super", first[TLB_FETCH][1], 0, "superpages apart from base pages"),
	ARRAY("tlb.second", second[0], 0, "the second level"),
	ARRAY("tlb.second.super", second[1], 0, "superpages apart from base pages"),
	ARRAY("tlb.walk", walk_cache[0], 0, "the walk cache: one for pointers of all levels"),
};
/* clang-format on */

/* --- keys --- */

static const struct key *find_key(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static bool unknown_key(const char *name, struct error *err)
{
	const char *nearest = NULL;
	u32 best = 4;
	for (u32 i = 0; i < ARRAY_SIZE(keys) && strlen(name) < NAME_LENGTH_MAX; i++) {
		u32 d = name_distance(name, keys[i].name);
		if (d < best) {
			best = d;
			nearest = keys[i].name;
		}
	}
	if (nearest)
		return error_set(err, "unknown key %s: did you mean %s?", name, nearest);
	return error_set(err,
	                 "unknown key %s: there are l1i, l1d and l2 with .size .ways .line .latency; "
	                 "memory.latency; split; tlb.data, .fetch, .second and .walk with .sets .ways .replacement",
	                 name);
}

static bool begins_with(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* The array of base pages takes all sizes, unless superpages have one. */
static void settle_sizes(struct tlb_array_config arrays[TLB_ARRAYS_MAX], bool all)
{
	if (arrays[1].ways) {
		arrays[0].max_level = 0;
		arrays[1].min_level = 1;
		arrays[1].max_level = TOP;
	} else if (all) {
		arrays[0].max_level = TOP;
	}
	for (u32 i = 0; i < 2; i++)
		if (arrays[i].ways && !arrays[i].sets)
			arrays[i].sets = 1;
}

/* Makes the rest follow the key that was set; `had_second`: there was a second level before. */
static void settle(struct core_config *core, const struct key *key, bool had_second)
{
	struct tlb_config *tlb = &core->tlb;
	if (tlb->split && !tlb->first[TLB_FETCH][0].ways)
		memcpy(tlb->first[TLB_FETCH], tlb->first[TLB_DATA], sizeof(tlb->first[TLB_FETCH]));
	settle_sizes(tlb->first[TLB_DATA], true);
	if (tlb->split)
		settle_sizes(tlb->first[TLB_FETCH], true);
	settle_sizes(tlb->second, tlb->second[0].ways && !had_second);
	if (begins_with(key->name, "tlb.walk.") && !key->timing) {
		struct tlb_array_config *walk = tlb->walk_cache;
		memset(&walk[1], 0, (TLB_ARRAYS_MAX - 1) * sizeof(walk[1]));
		walk[0].min_level = 1;
		walk[0].max_level = TOP;
		walk[0].sets = walk[0].sets ? walk[0].sets : 1;
	}
}

static bool read_number(const struct key *key, const char *text, u32 *to, struct error *err)
{
	u64 value;
	if (!options_number(text, key->kind == KIND_SIZE, &value))
		return error_set(err, "%s %s: not a %s", key->name, text,
		                 key->kind == KIND_SIZE ? "size, which is a number with K or M behind it" : "number");
	if (value < key->lo || value > key->hi)
		return error_set(err, "%s %s: must be between %u and %u", key->name, text, key->lo, key->hi);
	*to = (u32)value;
	return true;
}

static bool read_word(const struct key *key, const char *text, const char *const *words, u8 *to, struct error *err)
{
	int i = options_choose(text, words, key->name, err);
	if (i < 0)
		return false;
	*to = (u8)i;
	return true;
}

static bool set_value(void *field, const struct key *key, const char *text, struct error *err)
{
	static const char *const policies[] = {
		[TLB_FIFO] = "fifo", [TLB_RANDOM] = "random", [TLB_PLRU] = "plru", [TLB_LRU] = "lru", NULL
	};
	static const char *const answers[] = { "no", "yes", "0", "1", "off", "on", NULL };
	u8 word;
	switch (key->kind) {
	case KIND_SIZE:
	case KIND_NUMBER:
		return read_number(key, text, field, err);
	case KIND_POLICY:
		return read_word(key, text, policies, field, err);
	case KIND_BOOL:
		if (!read_word(key, text, answers, &word, err))
			return false;
		*(bool *)field = word & 1;
		return true;
	}
	return false;
}

static bool set_key(struct core_config *core, const char *name, const char *value, struct error *err)
{
	const struct key *key = find_key(name);
	bool had_second = core->tlb.second[0].ways != 0;
	if (!key)
		return unknown_key(name, err);
	if (key->timing && !core->has_cost)
		return error_set(err, "%s: belongs to the timing, which --tlb has none of: use --core", name);
	if (begins_with(name, "tlb.fetch.") && !core->tlb.split)
		return error_set(err, "%s: fetches have no TLB of their own: say split=yes first", name);
	if (!set_value((char *)core + key->offset, key, value, err))
		return false;
	settle(core, key, had_second);
	return true;
}

/* --- what keys make together --- */

static bool check_array(const struct tlb_array_config *a, const char *name, struct error *err)
{
	if (!a->ways)
		return true;
	if (!is_power_of_two(a->sets))
		return error_set(err, "%s.sets %u: must be a power of two", name, a->sets);
	if (a->replacement == TLB_PLRU && a->ways > PLRU_WAYS_MAX)
		return error_set(err, "%s.ways %u: must be at most %u with plru", name, a->ways, PLRU_WAYS_MAX);
	if ((u64)a->sets * a->ways > ENTRIES_MAX)
		return error_set(err, "%s.sets %u: with %u ways that makes more than %u entries", name, a->sets,
		                 a->ways, ENTRIES_MAX);
	return true;
}

static bool check(const struct core_config *core, struct error *err)
{
	const struct tlb_config *t = &core->tlb;
	if (t->second[1].ways && !t->second[0].ways)
		return error_set(err, "tlb.second.super.ways: there is no second level without tlb.second.ways");
	return check_array(&t->first[TLB_DATA][0], "tlb.data", err) &&
	       check_array(&t->first[TLB_DATA][1], "tlb.data.super", err) &&
	       check_array(&t->first[TLB_FETCH][0], "tlb.fetch", err) &&
	       check_array(&t->first[TLB_FETCH][1], "tlb.fetch.super", err) &&
	       check_array(&t->second[0], "tlb.second", err) && check_array(&t->second[1], "tlb.second.super", err) &&
	       check_array(&t->walk_cache[0], "tlb.walk", err) && (!core->has_cost || cost_check(&core->cost, err));
}

/* --- text --- */

/* True if the `length` bytes at text, without the white space around them, fit: they are in `piece` then. */
static bool take(char piece[TEXT_MAX], const char *text, size_t length, struct error *err)
{
	while (length && isspace((unsigned char)text[0]))
		text++, length--;
	while (length && isspace((unsigned char)text[length - 1]))
		length--;
	if (length >= TEXT_MAX)
		return error_set(err, "%.16s...: too long", text);
	memcpy(piece, text, length);
	piece[length] = '\0';
	return true;
}

/* Sets what "key=value" of that length says. */
static bool set_pair(struct core_config *core, const char *text, size_t length, struct error *err)
{
	char pair[TEXT_MAX], name[TEXT_MAX], value[TEXT_MAX];
	const char *equals;
	if (!take(pair, text, length, err))
		return false;
	equals = strchr(pair, '=');
	if (!equals || equals == pair)
		return error_set(err, "`%s': must be key=value", pair);
	if (!take(name, pair, (size_t)(equals - pair), err) || !take(value, equals + 1, strlen(equals + 1), err))
		return false;
	return set_key(core, name, value, err);
}

/* Sets the pairs behind the name: ",key=value,..." or nothing. */
static bool set_pairs(struct core_config *core, const char *text, struct error *err)
{
	while (*text == ',') {
		size_t length = strcspn(text + 1, ",");
		if (!set_pair(core, text + 1, length, err))
			return false;
		text += 1 + length;
	}
	return check(core, err);
}

static bool load_preset(struct core_config *core, const char *name)
{
	if (!tlb_preset(name) || !cost_preset(name))
		return false;
	core->tlb = *tlb_preset(name);
	core->cost = *cost_preset(name);
	core->has_cost = true;
	return true;
}

static bool unknown_core(const char *what, const char *name, bool timed, struct error *err)
{
	char all[256] = "";
	const char *nearest = NULL;
	u32 best = 3;
	for (u32 i = 0; tlb_preset_at(i); i++) {
		const char *preset = tlb_preset_at(i)->name;
		u32 d = strlen(name) < NAME_LENGTH_MAX ? name_distance(name, preset) : best;
		size_t used = strlen(all);
		if (timed && !cost_preset(preset))
			continue;
		snprintf(all + used, sizeof(all) - used, "%s%s", used ? ", " : "", preset);
		if (d < best) {
			best = d;
			nearest = preset;
		}
	}
	if (nearest)
		return error_set(err, "no %s is called %s: did you mean %s?", what, name, nearest);
	return error_set(err, "no %s is called %s: there are %s%s", what, name, all,
	                 timed ? "; the name of a file has a / or a . in it" : "");
}

/* --- files --- */

static bool set_line(struct core_config *core, const char *line, bool *begun, struct error *err)
{
	char text[TEXT_MAX], base[TEXT_MAX];
	if (!take(text, line, strcspn(line, "#\r\n"), err))
		return false;
	if (text[0] == '\0')
		return true;
	const char *equals = strchr(text, '=');
	if (!equals || !take(base, text, (size_t)(equals - text), err) || strcmp(base, "base") != 0) {
		*begun = true;
		return set_pair(core, text, strlen(text), err);
	}
	if (*begun)
		return error_set(err, "base: must come before all other keys");
	*begun = true;
	if (!take(base, equals + 1, strlen(equals + 1), err))
		return false;
	return load_preset(core, base) || unknown_core("core", base, true, err);
}

static bool read_lines(struct core_config *core, FILE *in, const char *path, struct error *err)
{
	char line[LINE_MAX_BYTES];
	bool begun = false;
	struct error why;
	u32 number = 0;
	while (fgets(line, sizeof(line), in)) {
		if (++number > FILE_LINES_MAX)
			return error_set(err, "%s: more than %u lines", path, FILE_LINES_MAX);
		if (!strchr(line, '\n') && !feof(in))
			return error_set(err, "%s:%u: the line is too long, or no text", path, number);
		if (!set_line(core, line, &begun, &why))
			return error_set(err, "%s:%u: %s", path, number, why.text);
	}
	return !ferror(in) || error_set(err, "%s: %s", path, strerror(errno));
}

static bool read_file(struct core_config *core, const char *path, struct error *err)
{
	FILE *in = fopen(path, "re");
	if (!in)
		return error_set(err, "%s: %s", path, strerror(errno));
	(void)load_preset(core, DEFAULT_BASE);
	bool ok = read_lines(core, in, path, err);
	fclose(in);
	if (!ok)
		return false;
	struct error why;
	return check(core, &why) || error_set(err, "%s: %s", path, why.text);
}

/* --- options --- */

bool core_config_parse(struct core_config *core, const char *text, struct error *err)
{
	size_t length = strcspn(text, ",");
	char path[4096];
	memset(core, 0, sizeof(*core));
	if (length == 0 || length >= sizeof(path))
		return error_set(err, "the name of a core or of a file is missing");
	memcpy(path, text, length);
	path[length] = '\0';
	if (!load_preset(core, path)) {
		if (!strpbrk(path, "/."))
			return unknown_core("core", path, true, err);
		if (!read_file(core, path, err))
			return false;
	}
	return set_pairs(core, text + length, err);
}

bool core_config_parse_tlb(struct tlb_config *tlb, const char *text, struct error *err)
{
	struct core_config core = { .has_cost = false };
	char name[TEXT_MAX];
	size_t length = strcspn(text, ",");
	if (!take(name, text, length, err))
		return false;
	if (!tlb_preset(name))
		return unknown_core("TLB", name, false, err);
	core.tlb = *tlb_preset(name);
	if (!set_pairs(&core, text + length, err))
		return false;
	*tlb = core.tlb;
	return true;
}

void core_config_print_keys(FILE *out)
{
	for (u32 i = 0; i < ARRAY_SIZE(keys); i++)
		fprintf(out, "%-22s %s\n", keys[i].name, keys[i].help);
}

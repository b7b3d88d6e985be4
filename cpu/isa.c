/*
 * ISA strings: reading them, printing them, and the misa they give.
 *
 * The grammar is the unprivileged manual's "ISA Extension Naming Conventions", read with the tolerance of binutils and
 * QEMU: any case, any order after the base, underscores where one likes, versions read over. The list of extensions and
 * what each implies is cpu/isa.def; this file closes a set under it. Which instruction needs which extension is in
 * cpu/insn.def.
 */
#include "cpu/insn.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

_Static_assert(EXT_COUNT <= 64, "struct isa holds its extensions in 64 bits");
_Static_assert(EXT_I == 0, "a row of insn.def that needs one extension alone names I as its second");

/* A row of cpu/isa.def. */
struct ext_info {
	const char *name;    /* in an ISA string */
	const char *implies; /* names separated by underscores */
};

static const struct ext_info ext_table[EXT_COUNT] = {
#define ISA(ext, name, implies) [EXT_##ext] = { name, implies },
#include "cpu/isa.def"
#undef ISA
};

/* Letters that stand for several extensions, and for nothing of their own. */
static const struct ext_info shorthands[] = {
	{ "g", "i_m_a_f_d_zicsr_zifencei" },
	{ "b", "zba_zbb_zbs" },
};

#define EXT_NAME_MAX 16 /* no name is as long */
#define EXT_TEXT_MAX 32 /* that much of an unknown name is shown */

const char *isa_ext_name(enum isa_ext ext)
{
	return ext_table[ext].name;
}

static bool name_equals(const char *name, const char *text, size_t length)
{
	return strlen(name) == length && memcmp(name, text, length) == 0;
}

/* The extension of this name (lower case, without a version), as a set of bits; 0 if there is none. */
static u64 find_extension(const char *text, size_t length)
{
	for (u32 i = 0; i < EXT_COUNT; i++)
		if (name_equals(ext_table[i].name, text, length))
			return BIT(i);
	return 0;
}

/* All the extensions in a list of names that we wrote ourselves. */
static u64 find_list(const char *list)
{
	u64 ext = 0;

	while (*list) {
		size_t length = strcspn(list, "_");
		u64 bit = find_extension(list, length);

		BUG_ON(bit == 0);
		ext |= bit;
		list += length + (list[length] == '_');
	}
	return ext;
}

/* Like find_extension, and understands shorthands. */
static u64 find_name(const char *text, size_t length)
{
	for (u32 i = 0; i < ARRAY_SIZE(shorthands); i++)
		if (name_equals(shorthands[i].name, text, length))
			return find_list(shorthands[i].implies);
	return find_extension(text, length);
}

/* Adds what is implied, until nothing more is; and the letters whose parts are all there. */
static u64 close_set(u64 ext)
{
	struct isa isa = { 0 };

	while (isa.ext != ext) {
		isa.ext = ext;
		for (u32 i = 0; i < EXT_COUNT; i++)
			if (isa_has(&isa, i))
				ext |= find_list(ext_table[i].implies);
		if (isa_has(&isa, EXT_ZAAMO) && isa_has(&isa, EXT_ZALRSC))
			ext |= BIT(EXT_A);
		if (isa_has(&isa, EXT_C) && isa_has(&isa, EXT_D))
			ext |= BIT(EXT_ZCD);
		if (isa_has(&isa, EXT_ZCA) && (!isa_has(&isa, EXT_D) || isa_has(&isa, EXT_ZCD)))
			ext |= BIT(EXT_C);
	}
	return ext;
}

/* Says which piece nobody knows, and what is known. */
static bool unknown_extension(struct error *err, const char *text, size_t length)
{
	char known[EXT_COUNT * EXT_NAME_MAX];
	size_t used = 0;

	for (u32 i = 0; i < EXT_COUNT; i++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, " %s", ext_table[i].name);
	if (length > EXT_TEXT_MAX)
		length = EXT_TEXT_MAX;
	return error_set(err, "ISA: unknown extension \"%.*s\"; known are:%s, and g, b, max", (int)length, text, known);
}

/* How many of the characters at text are a version: digits, or digits "p" digits. */
static size_t version_length(const char *text)
{
	size_t major = strspn(text, "0123456789");

	if (major == 0 || text[major] != 'p')
		return major;
	size_t minor = strspn(text + major + 1, "0123456789");

	return minor ? major + 1 + minor : major;
}

/* Where the version at the end of a name of several letters starts. */
static size_t without_version(const char *text, size_t length)
{
	size_t end = length;

	while (end > 0 && (isdigit((unsigned char)text[end - 1]) || text[end - 1] == 'p'))
		end--;
	for (; end < length; end++)
		if (version_length(text + end) == length - end)
			return end;
	return length;
}

/* True if a name of several letters starts here; "s" and "su", which old strings end in, are the modes' letters. */
static bool is_long_name(const char *text, size_t length)
{
	if (*text == 'z' || *text == 'x')
		return true;
	size_t bare = without_version(text, length);

	return *text == 's' && !name_equals("s", text, bare) && !name_equals("su", text, bare);
}

/* Reads the extensions after "rv64", all in lower case, and adds what is said outright to *ext. */
static bool parse_extensions(u64 *ext, const char *text, struct error *err)
{
	while (*text) {
		size_t rest = strcspn(text, "_");
		size_t length, skip;

		if (*text == '_') {
			text++;
			continue;
		}
		if (is_long_name(text, rest)) {
			length = without_version(text, rest);
			skip = rest;
		} else {
			length = 1;
			skip = 1 + version_length(text + 1);
		}
		u64 found = find_name(text, length);

		if (!found)
			return unknown_extension(err, text, length);
		*ext |= found;
		text += skip;
	}
	return true;
}

bool isa_parse(struct isa *isa, const char *text, struct error *err)
{
	char lower[512];
	u64 ext = 0;
	size_t length = strlen(text);

	if (length >= sizeof(lower))
		return error_set(err, "ISA: a string of %zu characters is too long", length);
	for (size_t i = 0; i <= length; i++)
		lower[i] = (char)tolower((unsigned char)text[i]);
	if (strcmp(lower, "max") == 0) {
		isa_all(isa);
		return true;
	}
	if (strncmp(lower, "rv64", 4) != 0 || (lower[4] != 'i' && lower[4] != 'g'))
		return error_set(err, "ISA: \"%.64s\" does not start with rv64i or rv64g", text);
	if (!parse_extensions(&ext, lower + 4, err))
		return false;
	if (!(ext & (BIT(EXT_S) | BIT(EXT_U))))
		ext |= BIT(EXT_S);
	isa->ext = close_set(ext);
	return true;
}

void isa_all(struct isa *isa)
{
	isa->ext = MASK(EXT_COUNT);
}

void isa_print(const struct isa *isa, char *buf, size_t size)
{
	int used = snprintf(buf, size, "rv64");

	for (u32 i = 0; i < EXT_COUNT; i++) {
		const char *name = ext_table[i].name;

		if (!isa_has(isa, i) || i == EXT_S || i == EXT_U)
			continue;
		if ((size_t)used < size)
			used += snprintf(buf + used, size - (size_t)used, "%s%s", name[1] ? "_" : "", name);
	}
}

u64 isa_misa(const struct isa *isa)
{
	u64 misa = 2ull << 62;

	for (u32 i = 0; i < EXT_COUNT; i++)
		if (isa_has(isa, i) && ext_table[i].name[1] == '\0')
			misa |= BIT(ext_table[i].name[0] - 'a');
	if (isa_has(isa, EXT_ZBA) && isa_has(isa, EXT_ZBB) && isa_has(isa, EXT_ZBS))
		misa |= BIT('b' - 'a');
	return misa;
}

/*
 * The monitor's looks at memory: x (virtual), xp (physical), print. Formats are QEMU's and gdb's: a count, a letter for
 * the form (x d u o c i s) and one for the size (b h w g), in any order.
 *
 * x reads what is mapped for anybody (mode and rights do not matter) and only RAM. xp reads device registers too,
 * which is the one way to disturb the guest with it: a line says so.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "emu/monitor_internal.h"
#include "emu/options.h"

#define COUNT_MAX 4096
#define DEVICE_COUNT_MAX 64
#define STRING_MAX 1024
#define TEXT_SIZE 128

struct format {
	u32 count; /* how many */
	char form; /* x d u o c i s */
	u32 size;  /* bytes: 1, 2, 4, 8 */
};

/* How memory is reached. */
struct memory {
	const struct monitor_call *call;
	bool physical; /* addresses are physical, and devices may be read */
};

/* --- formats --- */

static bool read_letter(struct monitor_call *call, char letter, struct format *f)
{
	static const char sizes[] = "bhwg";
	const char *size = strchr(sizes, letter);
	if (size) {
		f->size = 1u << (size - sizes);
		return true;
	}
	if (!strchr("xduocis", letter))
		return error_set(call->err, "/%s: '%c' is neither a format (x d u o c i s) nor a size (b h w g)",
		                 call->format, letter);
	f->form = letter;
	return true;
}

static bool read_format(struct monitor_call *call, struct format *f)
{
	const char *at = call->format;
	*f = (struct format){ .count = 1, .form = 'x', .size = 4 };
	if (isdigit((unsigned char)*at)) {
		f->count = 0;
		while (isdigit((unsigned char)*at) && f->count <= COUNT_MAX)
			f->count = 10 * f->count + (u32)(*at++ - '0');
		if (f->count == 0 || f->count > COUNT_MAX)
			return error_set(call->err, "/%s: the count must be between 1 and %u", call->format, COUNT_MAX);
	}
	for (; *at; at++)
		if (!read_letter(call, *at, f))
			return false;
	if (f->form == 'c' && !strpbrk(call->format, "bhwg"))
		f->size = 1;
	return true;
}

/* A value in a format, without a blank in front. */
static void print_value(const struct format *f, u64 value, FILE *out)
{
	u32 width = 8 * f->size;
	switch (f->form) {
	case 'd':
		fprintf(out, "%" PRId64, sext(value, width));
		break;
	case 'u':
		fprintf(out, "%" PRIu64, value);
		break;
	case 'o':
		fprintf(out, "0%" PRIo64, value);
		break;
	case 'c':
		if (isprint((int)(value & 0xff)))
			fprintf(out, "'%c'", (int)(value & 0xff));
		else
			fprintf(out, "'\\x%02x'", (u32)(value & 0xff));
		break;
	default:
		fprintf(out, "0x%0*" PRIx64, (int)(2 * f->size), value);
		break;
	}
}

bool monitor_print(struct monitor_call *call)
{
	struct format f;
	u64 value;
	if (!read_format(call, &f) || !monitor_value(call, "an expression", &value) || !monitor_done(call))
		return false;
	if (strchr("is", f.form) || f.count != 1 || strpbrk(call->format, "bhwg"))
		return error_set(call->err, "print takes one of the formats x d u o c");
	f.size = 8;
	if (f.form == 'x')
		fprintf(call->out, "0x%" PRIx64, value);
	else
		print_value(&f, value, call->out);
	fprintf(call->out, "\n");
	return true;
}

/* --- reading --- */

/* Where the byte at `address` is. */
static bool locate(const struct memory *mem, u64 address, u64 *pa)
{
	*pa = address;
	return mem->physical || mmu_peek(&mem->call->hart->mmu, address, pa);
}

static bool read_ram(const struct memory *mem, u64 address, u8 *byte)
{
	u64 pa;
	const u8 *host = locate(mem, address, &pa) ? bus_ram(&mem->call->m->bus, pa, 1) : NULL;
	if (host)
		*byte = *host;
	return host != NULL;
}

/* One value; byte by byte, because it may cross a page. */
static bool read_value(const struct memory *mem, u64 address, u32 size, u64 *value)
{
	*value = 0;
	for (u32 i = 0; i < size; i++) {
		u8 byte;
		if (!read_ram(mem, address + i, &byte))
			return false;
		*value |= (u64)byte << 8 * i;
	}
	return true;
}

/* Why an address cannot be read. */
static bool refuse(const struct memory *mem, u64 address)
{
	struct bus *bus = &mem->call->m->bus;
	u64 pa;
	if (!locate(mem, address, &pa))
		return error_set(mem->call->err,
		                 "cannot access 0x%" PRIx64 ": it is not mapped (explain 0x%" PRIx64 " tells why)",
		                 address, address);
	const struct bus_region *region = bus_find(bus, pa);
	if (region && !region->ram && !mem->physical)
		return error_set(mem->call->err,
		                 "cannot access 0x%" PRIx64 ": it is a register of %s (xp 0x%" PRIx64 " reads it)",
		                 address, region->name, pa);
	if (region)
		return error_set(mem->call->err, "cannot access 0x%" PRIx64 ": %s refuses, or ends there", address,
		                 region->name);
	return error_set(mem->call->err, "cannot access 0x%" PRIx64 ": no RAM and no device is at pa 0x%" PRIx64,
	                 address, pa);
}

/* --- forms --- */

static bool dump_values(const struct memory *mem, u64 address, const struct format *f)
{
	FILE *out = mem->call->out;
	u32 per_line = f->form == 'c' ? 8 : 16 / f->size;
	for (u32 i = 0; i < f->count; i++, address += f->size) {
		u64 value;
		if (!read_value(mem, address, f->size, &value)) {
			fprintf(out, "%s", i % per_line ? "\n" : "");
			return refuse(mem, address);
		}
		if (i % per_line == 0)
			fprintf(out, "%016" PRIx64 ":", address);
		fprintf(out, " ");
		print_value(f, value, out);
		if ((i + 1) % per_line == 0 || i + 1 == f->count)
			fprintf(out, "\n");
	}
	return true;
}

/* A device's registers: naturally aligned, each read once. */
static bool dump_device(const struct memory *mem, u64 address, const struct format *f, const struct bus_region *region)
{
	const struct monitor_call *call = mem->call;
	const char *frozen = call->mon->control->frozen;
	if (frozen)
		return error_set(call->err, "reading registers of %s can change the guest, which must not be: %s",
		                 region->name, frozen);
	if (f->count > DEVICE_COUNT_MAX || address % f->size)
		return error_set(call->err, "registers of %s: at most %u, at a multiple of their size", region->name,
		                 DEVICE_COUNT_MAX);
	fprintf(call->out, "note: reading registers of %s can change its state\n", region->name);
	for (u32 i = 0; i < f->count; i++, address += f->size) {
		u64 value;
		if (!bus_load(&call->m->bus, address, f->size, &value))
			return refuse(mem, address);
		fprintf(call->out, "%016" PRIx64 ": ", address);
		print_value(f, value, call->out);
		fprintf(call->out, "\n");
	}
	return true;
}

/* The function that a branch or jump goes to, in angle brackets. */
static const char *target_name(const struct monitor_call *call, const struct insn *insn, u64 pc,
                               char name[MONITOR_NAME_SIZE])
{
	u8 cls = insn_table[insn->id].cls;
	name[0] = '\0';
	if (cls == CLASS_BRANCH || insn->id == INSN_JAL)
		(void)monitor_describe(call, pc + (u64)(s64)insn->imm, name);
	return name;
}

static bool dump_code(const struct memory *mem, u64 address, const struct format *f)
{
	const struct monitor_call *call = mem->call;
	for (u32 i = 0; i < f->count; i++) {
		char text[TEXT_SIZE], name[MONITOR_NAME_SIZE];
		u64 low, high = 0;
		if (!read_value(mem, address, 2, &low))
			return refuse(mem, address);
		if (insn_length((u16)low) == 4 && !read_value(mem, address + 2, 2, &high))
			return refuse(mem, address + 2);
		struct insn insn = insn_decode(&call->m->decoder, (u32)(low | high << 16));
		insn_print(&insn, address, text, sizeof(text));
		fprintf(call->out, "%c %016" PRIx64 "%s:", !mem->physical && address == call->hart->pc ? '>' : ' ',
		        address, mem->physical ? "" : monitor_describe(call, address, name));
		fprintf(call->out, " %0*x%*s %s%s\n", 2 * insn.len, insn.raw, insn.len == 4 ? 0 : 4, "", text,
		        mem->physical ? "" : target_name(call, &insn, address, name));
		address += insn.len;
	}
	return true;
}

static bool dump_strings(const struct memory *mem, u64 address, const struct format *f)
{
	FILE *out = mem->call->out;
	for (u32 i = 0; i < f->count; i++) {
		u8 byte = 0;
		u32 length = 0;
		if (!read_ram(mem, address, &byte))
			return refuse(mem, address);
		fprintf(out, "%016" PRIx64 ": \"", address);
		while (length < STRING_MAX && read_ram(mem, address, &byte) && byte) {
			if (byte == '"' || byte == '\\')
				fprintf(out, "\\%c", byte);
			else if (isprint(byte))
				fputc(byte, out);
			else
				fprintf(out, "\\x%02x", byte);
			length++;
			address++;
		}
		fprintf(out, "\"%s\n", length == STRING_MAX ? "..." : "");
		address += length < STRING_MAX;
	}
	return true;
}

static bool examine(struct monitor_call *call, bool physical)
{
	struct memory mem = { .call = call, .physical = physical };
	struct format f;
	u64 address;
	if (!read_format(call, &f) || !monitor_value(call, "an address", &address) || !monitor_done(call))
		return false;
	if (f.form == 'i')
		return dump_code(&mem, address, &f);
	if (f.form == 's')
		return dump_strings(&mem, address, &f);
	const struct bus_region *region = physical ? bus_find(&call->m->bus, address) : NULL;
	if (region && !region->ram)
		return dump_device(&mem, address, &f, region);
	return dump_values(&mem, address, &f);
}

bool monitor_x(struct monitor_call *call)
{
	return examine(call, false);
}

bool monitor_xp(struct monitor_call *call)
{
	return examine(call, true);
}

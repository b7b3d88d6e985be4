/*
 * The stub's registers, and the target description that tells gdb which there are.
 *
 * Numbers are gdb's own for RISC-V, so that debuggers that read no description agree: x0..x31, pc, f0..f31, CSR n at
 * 65 + n, and behind them priv, the mode. All are 64 bits wide, little-endian. gdb manual, "Standard Target Features:
 * RISC-V Features".
 */
#include "emu/gdbstub_internal.h"

#include <string.h>

#include "cpu/csr.h"
#include "cpu/trap.h"

#define REGISTER_PC 32
#define REGISTER_F0 33
#define REGISTER_CSR0 65
#define REGISTER_PRIV (REGISTER_CSR0 + CSR_NUMBERS)

/* What a g packet holds: x0..x31 and pc; gdb asks for others one by one. */
#define REGISTERS_PLAIN 33

/* --- one register --- */

static bool has_float(const struct hart *h)
{
	return isa_has(h->isa, EXT_F);
}

static must_check bool get(const struct hart *h, u64 number, u64 *value)
{
	if (number < REGISTER_PC)
		*value = h->x[number];
	else if (number == REGISTER_PC)
		*value = h->pc;
	else if (number < REGISTER_CSR0 && has_float(h))
		*value = h->f[number - REGISTER_F0];
	else if (number == REGISTER_PRIV)
		*value = h->priv;
	else
		return number > REGISTER_CSR0 - 1 && number < REGISTER_PRIV &&
		       csr_peek(h, (u32)(number - REGISTER_CSR0), value);
	return true;
}

static must_check bool set(struct hart *h, u64 number, u64 value)
{
	if (number == 0)
		return true;
	if (number < REGISTER_PC) {
		h->x[number] = value;
	} else if (number == REGISTER_PC) {
		h->pc = value & ~1ull;
	} else if (number < REGISTER_CSR0 && has_float(h)) {
		h->f[number - REGISTER_F0] = value;
		if (h->fp_on)
			hart_set_fs_dirty(h);
	} else if (number == REGISTER_PRIV) {
		return trap_set_mode(h, value);
	} else {
		return number > REGISTER_CSR0 - 1 && number < REGISTER_PRIV &&
		       csr_poke(h, (u32)(number - REGISTER_CSR0), value);
	}
	return true;
}

/* --- packets --- */

/* Values are in the guest's byte order, which is the host's. */
void gdb_registers_read(struct gdbstub *g)
{
	const struct hart *h = gdb_hart(g);

	for (u32 i = 0; h && i < REGISTERS_PLAIN; i++) {
		u64 value = 0;

		if (get(h, i, &value))
			gdb_put_hex(g, &value, sizeof(value));
	}
	if (!h)
		gdb_put_error(g, GDB_EINVAL);
}

void gdb_registers_write(struct gdbstub *g, struct gdb_text *t)
{
	struct hart *h = gdb_hart(g);
	u64 values[REGISTERS_PLAIN];
	bool good = h && gdb_left(t) == 2 * sizeof(values) && gdb_take_hex(t, (u8 *)values, sizeof(values));

	for (u32 i = 0; good && i < REGISTERS_PLAIN; i++)
		good = set(h, i, values[i]);
	if (good)
		gdb_put(g, "OK");
	else
		gdb_put_error(g, GDB_EINVAL);
}

void gdb_register_read(struct gdbstub *g, struct gdb_text *t)
{
	const struct hart *h = gdb_hart(g);
	u64 number, value;

	if (h && gdb_take_number(t, &number) && gdb_left(t) == 0 && get(h, number, &value))
		gdb_put_hex(g, &value, sizeof(value));
	else
		gdb_put_error(g, GDB_EINVAL);
}

void gdb_register_write(struct gdbstub *g, struct gdb_text *t)
{
	struct hart *h = gdb_hart(g);
	u64 number, value = 0;
	bool good = h && gdb_take_number(t, &number) && gdb_take(t, '=');
	size_t size = gdb_left(t) / 2;

	good = good && size > 0 && size <= sizeof(value) && gdb_take_hex(t, (u8 *)&value, size) && gdb_left(t) == 0;
	if (good && set(h, number, value))
		gdb_put(g, "OK");
	else
		gdb_put_error(g, GDB_EINVAL);
}

/* --- the description --- */

static const char *const x_names[] = {
	"zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "fp", "s1",  "a0",  "a1", "a2", "a3", "a4", "a5", "a6",
	"a7",   "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6", "pc",
};

static const char *const f_names[] = {
	"ft0", "ft1", "ft2", "ft3", "ft4",  "ft5",  "ft6", "ft7", "fs0",  "fs1",  "fa0",
	"fa1", "fa2", "fa3", "fa4", "fa5",  "fa6",  "fa7", "fs2", "fs3",  "fs4",  "fs5",
	"fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
};

static void describe(struct gdb_buffer *xml, const char *name, u32 number, const char *type)
{
	gdb_buffer_print(xml, "<reg name=\"%s\" bitsize=\"64\" regnum=\"%u\" type=\"%s\"/>\n", name, number, type);
}

static void begin_feature(struct gdb_buffer *xml, const char *name)
{
	gdb_buffer_print(xml, "<feature name=\"org.gnu.gdb.riscv.%s\">\n", name);
}

static void end_feature(struct gdb_buffer *xml)
{
	gdb_buffer_print(xml, "</feature>\n");
}

static void describe_plain(struct gdb_buffer *xml)
{
	begin_feature(xml, "cpu");
	for (u32 i = 0; i < REGISTERS_PLAIN; i++) {
		bool is_data = i >= 2 && i <= 4;

		describe(xml, x_names[i], i, i == 1 || i == REGISTER_PC ? "code_ptr" : is_data ? "data_ptr" : "int");
	}
	end_feature(xml);
}

static bool is_float_csr(u32 number)
{
	return number == CSR_FFLAGS || number == CSR_FRM || number == CSR_FCSR;
}

static void describe_float(struct gdb_buffer *xml)
{
	begin_feature(xml, "fpu");
	for (u32 i = 0; i < ARRAY_SIZE(f_names); i++)
		describe(xml, f_names[i], REGISTER_F0 + i, "ieee_double");
	for (u32 number = CSR_FFLAGS; number <= CSR_FCSR; number++)
		describe(xml, csr_name(number), REGISTER_CSR0 + number, "int");
	end_feature(xml);
}

/* Those that the hart has. */
static void describe_csrs(struct gdb_buffer *xml, const struct hart *h)
{
	u64 value;

	begin_feature(xml, "csr");
	for (u32 number = 0; number < CSR_NUMBERS; number++)
		if (!is_float_csr(number) && csr_peek(h, number, &value))
			describe(xml, csr_name(number), REGISTER_CSR0 + number, "int");
	end_feature(xml);
}

static void describe_all(struct gdb_buffer *xml, const struct hart *h)
{
	gdb_buffer_print(xml, "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
	                      "<target>\n<architecture>riscv:rv64</architecture>\n"
	                      /* Under Linux' rules gdb would step over an ecall, not into it. */
	                      "<osabi>none</osabi>\n");
	describe_plain(xml);
	if (has_float(h))
		describe_float(xml);
	describe_csrs(xml, h);
	begin_feature(xml, "virtual");
	describe(xml, "priv", REGISTER_PRIV, "int");
	end_feature(xml);
	gdb_buffer_print(xml, "</target>\n");
}

/* ANNEX:OFFSET,LENGTH: a part of the file, with m in front, or l if it is the last. */
void gdb_features_read(struct gdbstub *g, struct gdb_text *t)
{
	const struct hart *h = gdb_hart(g);
	u64 offset, length;

	if (!h || !gdb_take_word(t, "target.xml:") || !gdb_take_number(t, &offset) || !gdb_take(t, ',') ||
	    !gdb_take_number(t, &length) || gdb_left(t)) {
		gdb_put_error(g, 0);
		return;
	}
	if (g->xml.size == 0)
		describe_all(&g->xml, h);
	if (offset > g->xml.size)
		offset = g->xml.size;
	if (length > GDB_PACKET_MAX / 2)
		length = GDB_PACKET_MAX / 2;
	if (length > g->xml.size - offset)
		length = g->xml.size - offset;
	gdb_put(g, "%c", offset + length == g->xml.size ? 'l' : 'm');
	gdb_put_binary(g, g->xml.bytes + offset, length);
}

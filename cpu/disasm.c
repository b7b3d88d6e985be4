/*
 * The disassembler: a decoded instruction as GNU objdump -d -M no-aliases prints it.
 *
 * It walks the operands of cpu/insn.def letter by letter; that file's head explains them. What objdump does not print
 * as an instruction although it is one (an exact conversion with a rounding mode, fences with an fm) is printed in the
 * same style. Symbols are not known here: the traces add them.
 */
#include "cpu/insn.h"

#include "cpu/csr.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

static const char *const x_names[32] = {
	"zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
	"a6",   "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
};

static const char *const f_names[32] = {
	"ft0", "ft1", "ft2", "ft3", "ft4",  "ft5",  "ft6", "ft7", "fs0",  "fs1",  "fa0",
	"fa1", "fa2", "fa3", "fa4", "fa5",  "fa6",  "fa7", "fs2", "fs3",  "fs4",  "fs5",
	"fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
};

#define RM_RNE 0
#define RM_DYN 7

static const char *const rm_names[8] = { "rne", "rtz", "rdn", "rup", "rmm", "unknown", "unknown", "dyn" };

/* The constants of fli; number 1, the smallest normal number, depends on the format. */
static const double fli_values[32] = {
	-1.0,   0.0, 0x1p-16, 0x1p-15, 0x1p-8, 0x1p-7, 0.0625, 0.125,  0.25,     0.3125, 0.375,
	0.4375, 0.5, 0.625,   0.75,    0.875,  1.0,    1.25,   1.5,    1.75,     2.0,    2.5,
	3.0,    4.0, 8.0,     16.0,    128.0,  256.0,  0x1p15, 0x1p16, INFINITY, NAN,
};

#define FLI_MIN 1

/* The text so far. It is cut, and stays terminated, where the buffer ends. */
struct text {
	char *buf;   /* the caller's */
	size_t size; /* of buf, in bytes */
	size_t used; /* without the terminator */
};

static void add(struct text *t, const char *fmt, ...) printf_like(2, 3);

static void add(struct text *t, const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(t->buf + t->used, t->size - t->used, fmt, args);
	va_end(args);
	t->used += (size_t)length;
	if (t->used >= t->size)
		t->used = t->size - 1;
}

/* A fence's set of four bits: input, output, reads, writes. */
static void add_fence_set(struct text *t, u32 set)
{
	for (u32 i = 0; i < 4; i++)
		if (set >> (3 - i) & 1)
			add(t, "%c", "iorw"[i]);
	if ((set & 0xf) == 0)
		add(t, "unknown");
}

static void add_csr(struct text *t, u32 number)
{
	const char *name = csr_name(number);

	if (name)
		add(t, "%s", name);
	else
		add(t, "0x%x", number);
}

static void add_fli(struct text *t, u32 number)
{
	if (number == FLI_MIN)
		add(t, "min");
	else
		add(t, "%a", fli_values[number]);
}

/* The registers. False: the letter is no register's. */
static bool add_register(struct text *t, const struct insn *insn, char letter)
{
	switch (letter) {
	case 'd':
		add(t, "%s", x_names[insn->rd]);
		return true;
	case 's':
		add(t, "%s", x_names[insn->rs1]);
		return true;
	case 't':
		add(t, "%s", x_names[insn->rs2]);
		return true;
	case 'D':
		add(t, "%s", f_names[insn->rd]);
		return true;
	case 'S':
		add(t, "%s", f_names[insn->rs1]);
		return true;
	case 'T':
		add(t, "%s", f_names[insn->rs2]);
		return true;
	case 'R':
		add(t, "%s", f_names[insn->rs3]);
		return true;
	default:
		return false;
	}
}

static void add_operand(struct text *t, const struct insn *insn, u64 pc, char letter)
{
	if (add_register(t, insn, letter))
		return;
	switch (letter) {
	case 'j':
	case 'o':
	case 'q':
	case 'f':
		add(t, "%d", insn->imm);
		break;
	case '<':
	case '>':
		add(t, "0x%x", (u32)insn->imm);
		break;
	case 'u':
		add(t, "0x%x", (u32)insn->imm >> 12);
		break;
	case 'p':
	case 'a':
		add(t, "0x%llx", (unsigned long long)(pc + (u64)(s64)insn->imm));
		break;
	case 'm':
	case 'M':
		if (insn->rm != (letter == 'm' ? RM_DYN : RM_RNE))
			add(t, ",%s", rm_names[insn->rm & 7]);
		break;
	case 'z':
		add(t, "rtz");
		break;
	case 'E':
		add_csr(t, (u32)insn->imm);
		break;
	case 'Z':
		add(t, "%u", insn->rs1);
		break;
	case 'P':
		add_fence_set(t, (u32)insn->imm >> 4);
		break;
	case 'Q':
		add_fence_set(t, (u32)insn->imm);
		break;
	case 'l':
		add_fli(t, insn->rs1);
		break;
	default:
		add(t, "%c", letter);
		break;
	}
}

/* The mnemonic, finished. Returns the operands proper, after the letters that finish the name. */
static const char *add_name(struct text *t, const struct insn *insn)
{
	const struct insn_info *info = &insn_table[insn->id];
	static const char *const aq_rl[4] = { "", ".rl", ".aq", ".aqrl" };

	add(t, "%s", info->name);
	switch (info->operands[0]) {
	case 'A':
		add(t, "%s", aq_rl[insn->raw >> 25 & 3]);
		return info->operands + 2;
	case 'n':
		t->used -= t->used > 0;
		add(t, "%d", insn->imm);
		return info->operands + 2;
	default:
		return info->operands;
	}
}

void insn_print(const struct insn *insn, u64 pc, char *buf, size_t size)
{
	struct text t = { .buf = buf, .size = size };
	const char *operands;

	if (size == 0)
		return;
	if (insn->id == INSN_ILLEGAL) {
		add(&t, ".insn\t%u, 0x%0*x", insn->len, 2 * insn->len, insn->raw);
		return;
	}
	operands = add_name(&t, insn);
	if (*operands)
		add(&t, "\t");
	for (; *operands; operands++)
		add_operand(&t, insn, pc, *operands);
}

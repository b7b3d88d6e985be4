/*
 * Random programs: see programs.h.
 *
 * sp, gp and s0 point into the memory that a program may touch (three pages around the window), tp to the frame, t0 is
 * a temporary; the rest are random. Instructions that would write one of these five, or touch memory through another
 * register, are passed over. Jumps and branches go forward over an instruction or two. Traps are noted and execution
 * goes on behind them.
 */
#include "tests/isa/programs.h"

#include <stdio.h>
#include <string.h>

#include "cpu/rvc.h"

#define LITERALS 256

#define CSR_FFLAGS 1
#define CSR_FCSR 3

#define SP 2
#define GP 3
#define TP 4
#define T0 5
#define S0 8

static bool is_reserved(u32 reg)
{
	return reg == SP || reg == GP || reg == TP || reg == T0 || reg == S0;
}

static bool is_pointer(u32 reg)
{
	return reg == SP || reg == GP || reg == S0;
}

/* Loads the n-th literal. */
static void emit_literal(struct builder *b, bool is_fp, u32 rd, u64 literals, u32 n)
{
	s64 offset = (s64)(literals + n * 8) - (s64)b->code_end;
	u32 high = (u32)((offset + 0x800) >> 12);

	emit(b, high << 12 | T0 << 7 | 0x17); /* auipc */
	emit(b, enc_load(rd, T0, (s32)sext((u64)offset, 12)) | (is_fp ? 4 : 0));
}

/* A register gets a random value of a sort that instructions like. */
static void emit_value(struct builder *b, u64 literals)
{
	bool is_fp = random_below(&b->rng, 3);
	u32 rd = random_below(&b->rng, 32);

	if (is_fp || !is_reserved(rd))
		emit_literal(b, is_fp, rd, literals, random_below(&b->rng, LITERALS));
}

/* Calls, or jumps, to the address in the frame; t0 is lost. */
static void emit_jump_by_frame(struct builder *b, u32 frame_offset, bool is_call)
{
	emit(b, enc_load(T0, TP, (s32)frame_offset));
	emit(b, T0 << 15 | (is_call ? T0 << 7 : 0) | 0x67);
}

/* What the memory instructions need: a base that is a pointer; atomics get one aligned more often than not. */
static bool fix_memory(struct builder *b, struct insn *insn, u32 *word)
{
	static const u8 bases[] = { SP, GP, S0 };
	u32 base = bases[random_below(&b->rng, ARRAY_SIZE(bases))];

	if (insn->len == 2)
		return is_pointer(insn->rs1);
	if (insn_table[insn->id].cls == CLASS_AMO) {
		bool is_sc = insn->id == INSN_SC_W || insn->id == INSN_SC_D,
		     is_lr = insn->id == INSN_LR_W || insn->id == INSN_LR_D;
		s32 offset = (s32)random_below(&b->rng, 4095) - 2048;

		emit(b, enc_addi(T0, base, is_lr ? offset : offset & ~15)); /* a misaligned AMO: see row_oracles() */
		if (is_sc) /* what an older reservation is good for is left to the implementation */
			emit(b, enc_lr(0, T0, insn->id == INSN_SC_W ? 4 : 8));
		base = T0;
	}
	*word = (*word & ~0xf8000u) | base << 15;
	return true;
}

/* What compilers emit most: a dense program is made of these alone, so that what an engine does for sequences is met.
 */
static bool is_common(u32 id)
{
	const struct insn_info *info = &insn_table[id];

	return (info->ext[0] == EXT_I || info->ext[0] == EXT_ZMMUL) &&
	       (info->cls == CLASS_ALU || info->cls == CLASS_LOAD || info->cls == CLASS_STORE ||
	        info->cls == CLASS_BRANCH || info->cls == CLASS_JUMP);
}

/* And of six registers, so that each instruction has to do with the one before. */
static u32 narrow_registers(const struct insn_info *info, u32 word)
{
	static const struct {
		char letter;
		u32 shift;
	} fields[] = { { 'd', 7 }, { 's', 15 }, { 't', 20 } };

	for (u32 i = 0; i < ARRAY_SIZE(fields); i++)
		if (strchr(info->operands, fields[i].letter)) {
			u32 reg = 10 + (word >> fields[i].shift & 31) % 6;

			word = (word & ~(31u << fields[i].shift)) | reg << fields[i].shift;
		}
	return word;
}

/* Makes one random word or half of the table. False: pass it over. */
static bool choose(struct rows *r, bool is_dense, struct insn *insn, u32 *word)
{
	struct builder *b = r->b;
	u32 id = 1 + random_below(&b->rng, INSN_COUNT - 1);
	struct insn_bits bits = insn_bits(insn_table[id].pattern);
	bool is_short = !is_dense && random_below(&b->rng, 4) == 0;

	if (is_dense && !is_common(id))
		return false;
	*word = is_short ? (u32)random_u64(&b->rng) & 0xffff : bits.match | ((u32)random_u64(&b->rng) & ~bits.mask);
	if (is_short && (*word & 3) == 3)
		return false;
	if (is_dense)
		*word = narrow_registers(&insn_table[id], *word);
	*insn = insn_decode(r->known, *word);
	if (insn->id != INSN_ILLEGAL && strchr(insn_table[insn->id].operands, 'm') && random_below(&b->rng, 8))
		*word = (*word & ~0x7000u) | random_below(&b->rng, 5) << 12;
	return insn->id != INSN_ILLEGAL && row_oracles(r, insn->id) & BY_QEMU;
}

static bool writes_reserved(const struct insn *insn)
{
	return strchr(insn_table[insn->id].operands, 'd') && is_reserved(insn->rd);
}

/* Makes a jump or branch go over the instruction behind it. */
static void emit_jump(struct builder *b, const struct insn *insn, u32 word)
{
	u32 over = 4 + 4 * random_below(&b->rng, 2);

	if (insn_table[insn->id].cls == CLASS_BRANCH) {
		emit(b, (word & ~0xfe000f80u) | (over + 4) << 7);
	} else if (insn->id == INSN_JAL) {
		emit(b, enc_jal(insn->rd, over + 4));
	} else {
		emit(b, T0 << 7 | 0x17); /* auipc */
		emit(b, (over + 8 + random_below(&b->rng, 2)) << 20 | T0 << 15 | insn->rd << 7 | 0x67);
	}
	for (; over > 0; over -= 4)
		emit(b, enc_addi(1, 1, 1));
}

/* CSR instructions touch the floating-point ones alone, and mostly leave a legal rounding mode. */
static u32 fix_csr(struct builder *b, u32 word)
{
	u32 number = random_below(&b->rng, 8) ? CSR_FFLAGS : 1 + random_below(&b->rng, CSR_FCSR);

	return (word & 0xfffff) | number << 20;
}

/* Emits one random instruction, if the one chosen is fit for it. */
static bool emit_random(struct rows *r, bool is_dense)
{
	struct builder *b = r->b;
	struct insn insn;
	u32 word;

	if (!choose(r, is_dense, &insn, &word) || writes_reserved(&insn))
		return false;
	switch (insn_table[insn.id].cls) {
	case CLASS_SYSTEM:
		if (insn.id == INSN_WFI || insn.id == INSN_MRET || insn.id == INSN_SRET)
			return false;
		break;
	case CLASS_LOAD:
	case CLASS_STORE:
	case CLASS_FLOAD:
	case CLASS_FSTORE:
	case CLASS_AMO:
		if (!fix_memory(b, &insn, &word))
			return false;
		break;
	case CLASS_BRANCH:
	case CLASS_JUMP:
		if (insn.len == 2)
			return false;
		emit_jump(b, &insn, word);
		return true;
	case CLASS_CSR:
		word = fix_csr(b, word);
		break;
	default:
		break;
	}
	if (insn.len == 2)
		emit_half(b, (u16)word);
	else
		emit(b, word);
	return true;
}

/* Values for registers; the first three are the pointers. */
static u64 add_literals(struct builder *b)
{
	u64 literals[LITERALS];

	for (u32 i = 0; i < LITERALS; i++)
		literals[i] = random_value(&b->rng, i % 4);
	literals[0] = GUEST_WINDOW + 48;
	literals[1] = GUEST_WINDOW - 0x7c0;
	literals[2] = GUEST_WINDOW - 0xfb8;
	return builder_pool(b, literals, LITERALS);
}

void add_program(struct rows *r, u32 seed, s32 chunk)
{
	struct builder *b = r->b;
	struct plan *plan = builder_plan(b);
	struct stub *stub = &plan->stub[plan->count++];
	bool is_dense = seed % 2;
	u64 literals;

	b->rng.state = 0x9e3779b97f4a7c15 * (seed + 1);
	literals = add_literals(b);
	emit_align(b);
	snprintf(stub->row, sizeof(stub->row), "%u", seed);
	stub->code = b->code_end;
	stub->raw = seed;
	stub->flags = STUB_PROGRAM;
	emit_literal(b, false, SP, literals, 0);
	emit_literal(b, false, GP, literals, 1);
	emit_literal(b, false, S0, literals, 2);
	for (u32 n = 0; n < PROGRAM_INSNS;) {
		if (random_below(&b->rng, is_dense ? 40 : 4) == 0)
			emit_value(b, literals);
		if (!emit_random(r, is_dense))
			continue;
		n++;
		if (chunk < 0 ? n % PROGRAM_CHUNK == 0 : (s32)((n - 1) / PROGRAM_CHUNK) == chunk)
			emit_jump_by_frame(b, FRAME_IN, true);
	}
	emit_jump_by_frame(b, FRAME_RET, false);
}

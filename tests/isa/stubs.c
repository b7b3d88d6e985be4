/*
 * Stubs' machine code: see stubs.h.
 *
 * A stub loads the operands of its instruction from the frame, poison into an rd that is no source, and fcsr; executes;
 * then stores rd and fcsr. A trap goes on behind the instruction.
 */
#include "tests/isa/stubs.h"

#include <string.h>

#define OP_IMM 0x13
#define JALR 0x67
#define ECALL 0x73
#define NOP_C 0x0001

#define CSR_FCSR 0x003
#define CSR_MSTATUS 0x300
#define CSR_MEPC 0x341
#define CSR_SEPC 0x141

#define CSRRW 1
#define CSRRS 2
#define CSRRC 3

#define FS_BITS_HIGH 6 /* lui: 0x6000 */
#define CLINT_HIGH 0x2000

/* --- encodings --- */

static u32 enc_i(u32 opcode, u32 funct3, u32 rd, u32 rs1, s32 imm)
{
	return (u32)imm << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;
}

static u32 enc_s(u32 opcode, u32 funct3, u32 rs1, u32 rs2, s32 imm)
{
	u32 v = (u32)imm;

	return (v >> 5 & 127) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | (v & 31) << 7 | opcode;
}

u32 enc_load(u32 rd, u32 rs1, s32 offset)
{
	return enc_i(0x03, 3, rd, rs1, offset);
}

u32 enc_store(u32 rs2, u32 rs1, s32 offset)
{
	return enc_s(0x23, 3, rs1, rs2, offset);
}

u32 enc_addi(u32 rd, u32 rs1, s32 imm)
{
	return enc_i(OP_IMM, 0, rd, rs1, imm);
}

static u32 enc_lui(u32 rd, u32 high)
{
	return high << 12 | rd << 7 | 0x37;
}

static u32 enc_csr(u32 funct3, u32 rd, u32 csr, u32 rs1)
{
	return enc_i(0x73, funct3, rd, rs1, (s32)csr);
}

u32 enc_jal(u32 rd, s64 offset)
{
	u32 v = (u32)offset;

	return (v >> 20 & 1) << 31 | (v >> 1 & 0x3ff) << 21 | (v >> 11 & 1) << 20 | (v >> 12 & 255) << 12 | rd << 7 |
	       0x6f;
}

u32 enc_lr(u32 rd, u32 rs1, u32 size)
{
	return 0x1000002f | rs1 << 15 | (size == 4 ? 2u : 3u) << 12 | rd << 7;
}

u32 enc_sc(u32 rd, u32 rs2, u32 rs1, u32 size)
{
	return 0x1800002f | rs2 << 20 | rs1 << 15 | (size == 4 ? 2u : 3u) << 12 | rd << 7;
}

/* --- the image --- */

struct plan *builder_plan(struct builder *b)
{
	return (struct plan *)b->image;
}

u64 builder_pool(struct builder *b, const u64 *values, u32 count)
{
	u64 at = b->pool_end;

	BUG_ON(at + count * sizeof(u64) > GUEST_CODE);
	memcpy(b->image + (at - GUEST_PLAN), values, count * sizeof(u64));
	b->pool_end += count * sizeof(u64);
	return at;
}

static void put(struct builder *b, u64 at, const void *bytes, u32 size)
{
	BUG_ON(at + size > GUEST_END);
	memcpy(b->image + (at - GUEST_PLAN), bytes, size);
}

void emit_half(struct builder *b, u16 half)
{
	put(b, b->code_end, &half, sizeof(half));
	b->code_end += sizeof(half);
}

void emit(struct builder *b, u32 word)
{
	put(b, b->code_end, &word, sizeof(word));
	b->code_end += sizeof(word);
}

void emit_align(struct builder *b)
{
	if (b->code_end & 2)
		emit_half(b, NOP_C);
}

static void emit_subject(struct builder *b, const struct subject *s)
{
	if (s->len == 2)
		emit_half(b, (u16)s->raw);
	else
		emit(b, s->raw);
}

static struct stub *add_stub(struct builder *b, const struct subject *s, u64 code)
{
	struct plan *plan = builder_plan(b);
	struct stub *stub = &plan->stub[plan->count++];

	BUG_ON((u8 *)(stub + 1) > b->image + (GUEST_POOLS - GUEST_PLAN));
	BUG_ON(strlen(s->row) >= sizeof(stub->row));
	strcpy(stub->row, s->row);
	stub->code = code;
	stub->raw = s->raw;
	return stub;
}

/* --- registers --- */

bool subject_has(const struct subject *s, char letter)
{
	const char *blank = strchr(s->operands, ' ');
	const char *operands = blank ? blank + 1 : s->operands; /* in front of it: A and n, which finish the name */

	return strchr(letter == 'A' || letter == 'n' ? s->operands : operands, letter);
}

/* The integer registers that an instruction names, as a set. */
static u32 used_registers(const struct subject *s, bool pairs)
{
	u32 used = 1;

	if (subject_has(s, 'd'))
		used |= 1u << subject_rd(s) | (pairs ? 2u << subject_rd(s) : 0);
	if (subject_has(s, 's'))
		used |= 1u << subject_rs1(s);
	if (subject_has(s, 't'))
		used |= 1u << subject_rs2(s) | (pairs ? 2u << subject_rs2(s) : 0);
	return used;
}

struct helpers stub_registers(const struct subject *s, bool pairs)
{
	static const u8 frames[] = { 3, 4, 8, 9, 26, 27 }; /* start.S: call_stub */
	u32 used = used_registers(s, pairs), i = 0, reg = 5;
	struct helpers h = { 0, { 0, 0 } };

	while (used >> frames[i] & 1)
		i++;
	h.frame = frames[i];
	used |= 1u << h.frame;
	for (u32 n = 0; n < 2; n++) {
		while (used >> reg & 1)
			reg++;
		h.temp[n] = reg++;
	}
	return h;
}

/* --- parts of stubs --- */

/* True if an earlier input goes to the same register. */
static bool is_taken(const struct input *inputs, u32 count, bool is_fp, u32 reg)
{
	for (u32 i = 0; i < count; i++)
		if (inputs[i].is_fp == is_fp && inputs[i].reg == reg)
			return true;
	return false;
}

static u32 add_input(struct input *inputs, u32 count, bool is_fp, u32 reg, u32 offset)
{
	if ((!is_fp && reg == 0) || is_taken(inputs, count, is_fp, reg))
		return count;
	inputs[count] = (struct input){ is_fp, reg, offset };
	return count + 1;
}

u32 stub_inputs(const struct subject *s, const struct shape *shape, struct input inputs[STUB_INPUTS_MAX])
{
	u32 rd = subject_rd(s), rs1 = subject_rs1(s), rs2 = subject_rs2(s), n = 0;
	u32 old = shape->rd_is_input ? FRAME_IN + 16 : FRAME_POISON;

	if (subject_has(s, 's') || subject_has(s, 'S'))
		n = add_input(inputs, n, subject_has(s, 'S'), rs1, FRAME_IN);
	if (subject_has(s, 't') || subject_has(s, 'T'))
		n = add_input(inputs, n, subject_has(s, 'T'), rs2, FRAME_IN + 8);
	if (subject_has(s, 'R'))
		n = add_input(inputs, n, true, subject_rs3(s), FRAME_IN + 16);
	if (subject_has(s, 'd') || subject_has(s, 'D'))
		n = add_input(inputs, n, subject_has(s, 'D'), rd, old);
	if (shape->pairs && rs2 != 0)
		n = add_input(inputs, n, false, rs2 + 1, FRAME_IN + 24);
	if (shape->pairs && rd != 0)
		n = add_input(inputs, n, false, rd + 1, FRAME_IN + 32);
	return n;
}

static void emit_setup(struct builder *b, const struct subject *s, const struct helpers *h, const struct shape *shape)
{
	struct input inputs[STUB_INPUTS_MAX];
	u32 count = stub_inputs(s, shape, inputs);

	for (u32 i = 0; i < count; i++)
		emit(b, enc_load(inputs[i].reg, h->frame, (s32)inputs[i].offset) | (inputs[i].is_fp ? 4 : 0));
	emit(b, enc_load(h->temp[0], h->frame, FRAME_FCSR));
	emit(b, enc_csr(CSRRW, 0, CSR_FCSR, h->temp[0]));
}

static void emit_results(struct builder *b, const struct subject *s, const struct helpers *h, bool pairs)
{
	if (subject_has(s, 'd'))
		emit(b, enc_store(subject_rd(s), h->frame, FRAME_OUT));
	if (subject_has(s, 'D'))
		emit(b, enc_store(subject_rd(s), h->frame, FRAME_OUT) | 4);
	if (pairs && subject_rd(s) != 0)
		emit(b, enc_store(subject_rd(s) + 1, h->frame, FRAME_OUT + 8));
	emit(b, enc_csr(CSRRS, h->temp[0], CSR_FCSR, 0));
	emit(b, enc_store(h->temp[0], h->frame, FRAME_FCSR_OUT));
	emit(b, enc_load(h->temp[0], h->frame, FRAME_RET));
	emit(b, enc_i(JALR, 0, 0, h->temp[0], 0));
}

/* --- the stubs --- */

struct stub *add_plain_stub(struct builder *b, const struct subject *s, const struct shape *shape)
{
	struct helpers h = stub_registers(s, shape->pairs);
	struct stub *stub = add_stub(b, s, b->code_end);

	stub->fcsr = shape->fcsr;
	stub->flags = shape->flags;
	emit_setup(b, s, &h, shape);
	for (u32 i = 0; i < shape->prelude_count; i++)
		emit(b, shape->prelude[i]);
	if (shape->fs_off) {
		emit(b, enc_lui(h.temp[0], FS_BITS_HIGH));
		emit(b, enc_csr(CSRRC, 0, CSR_MSTATUS, h.temp[0]));
	}
	emit_subject(b, s);
	emit_align(b);
	stub->resume = b->code_end;
	if (shape->fs_off) {
		emit(b, enc_lui(h.temp[0], FS_BITS_HIGH));
		emit(b, enc_csr(CSRRS, 0, CSR_MSTATUS, h.temp[0]));
	}
	emit_results(b, s, &h, shape->pairs);
	return stub;
}

/* Where a taken jump lands: notes it, and goes to where a trap would. */
static void emit_pad(struct builder *b, const struct helpers *h)
{
	emit(b, enc_addi(h->temp[0], 0, 1));
	emit(b, enc_load(h->temp[1], h->frame, FRAME_RESUME));
	emit(b, enc_i(JALR, 0, 0, h->temp[1], 0));
}

/* The body of a jump's stub, with the instruction itself at `at`. Returns the address of what follows it. */
static u64 emit_jump_body(struct builder *b, struct stub *stub, const struct subject *s, const struct helpers *h,
                          u64 at)
{
	static const struct shape plain = { 0 };

	stub->code = b->code_end;
	emit_setup(b, s, h, &plain);
	emit(b, enc_addi(h->temp[0], 0, 0));
	if (at == 0)
		at = b->code_end + 4 + 4 + 4 * 6; /* behind the results, see below */
	emit(b, enc_jal(0, (s64)(at - b->code_end)));
	stub->resume = b->code_end;
	emit(b, enc_store(h->temp[0], h->frame, FRAME_LANDING));
	emit_results(b, s, h, false);
	while (b->code_end < at)
		emit(b, enc_addi(0, 0, 0));
	return at;
}

struct stub *add_jump_stub(struct builder *b, const struct subject *s, s64 offset, u64 *pad)
{
	struct helpers h = stub_registers(s, false);
	bool is_indirect = subject_has(s, 'o');
	struct stub *stub;
	u64 at = b->code_end + (u64)-offset;

	if (is_indirect)
		offset = 16;
	if (offset < (s64)s->len + 4 && offset > -12)
		return NULL;
	stub = add_stub(b, s, 0);
	if (offset < 0) {
		*pad = b->code_end;
		emit_pad(b, &h);
		b->code_end = at;
		emit_subject(b, s);
		b->code_end += 4; /* filled below, when it is known where to */
		emit_align(b);
		emit_jump_body(b, stub, s, &h, at);
	} else {
		at = emit_jump_body(b, stub, s, &h, 0);
		*pad = at + (u64)offset;
		emit_subject(b, s);
		b->code_end = *pad;
		emit_pad(b, &h);
	}
	offset = (s64)(stub->resume - (at + s->len));
	put(b, at + s->len, &(u32){ enc_jal(0, offset) }, sizeof(u32));
	emit_align(b);
	return stub;
}

struct stub *add_return_stub(struct builder *b, const struct subject *s, u64 *pad)
{
	struct helpers h = stub_registers(s, false);
	bool is_mret = s->word >> 28 == 3;
	struct stub *stub = add_stub(b, s, b->code_end);

	emit(b, enc_load(h.temp[1], h.frame, FRAME_IN + 8));
	emit(b, enc_csr(CSRRW, 0, is_mret ? CSR_MEPC : CSR_SEPC, h.temp[1]));
	emit(b, is_mret ? enc_lui(h.temp[1], 2) : enc_addi(h.temp[1], 0, 0x100));
	if (is_mret)
		emit(b, enc_addi(h.temp[1], h.temp[1], -2048)); /* MPP: 0x1800 */
	emit(b, enc_csr(CSRRC, 0, CSR_MSTATUS, h.temp[1]));
	emit(b, enc_load(h.temp[0], h.frame, FRAME_IN));
	emit(b, enc_csr(CSRRS, 0, CSR_MSTATUS, h.temp[0]));
	emit_subject(b, s);
	emit(b, enc_jal(0, 8));
	*pad = b->code_end;
	emit(b, ECALL);
	stub->resume = b->code_end;
	emit_results(b, s, &h, false);
	return stub;
}

struct stub *add_wfi_stub(struct builder *b, const struct subject *s)
{
	struct helpers h = stub_registers(s, false);
	struct stub *stub = add_stub(b, s, b->code_end);

	emit(b, enc_lui(h.temp[0], CLINT_HIGH));
	emit(b, enc_addi(h.temp[1], 0, 1));
	emit(b, enc_s(0x23, 2, h.temp[0], h.temp[1], 0));
	emit_subject(b, s);
	stub->resume = b->code_end;
	emit(b, enc_s(0x23, 2, h.temp[0], 0, 0));
	emit_results(b, s, &h, false);
	return stub;
}

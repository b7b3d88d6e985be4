/*
 * Compressed instructions, expanded as the tables "RVC instruction listing" of the unprivileged manual say: quadrants 0
 * to 2 (bits 1:0), and in each bits 15:13. Zcb and Zcmop sit in what C left reserved.
 *
 * The immediates are scattered; scatter() below takes them together from the manual's own notation. What is reserved
 * for RV64 returns 0. Hints are not told apart: their expansion writes x0, or changes nothing.
 */
#include "cpu/rvc.h"

#define OP_LOAD 0x03
#define OP_LOAD_FP 0x07
#define OP_IMM 0x13
#define OP_IMM_32 0x1b
#define OP_STORE 0x23
#define OP_STORE_FP 0x27
#define OP_REG 0x33
#define OP_LUI 0x37
#define OP_REG_32 0x3b
#define OP_BRANCH 0x63
#define OP_JALR 0x67
#define OP_JAL 0x6f

#define INSN_NOP 0x00000013 /* addi x0, x0, 0 */
#define INSN_EBREAK 0x00100073

#define ILLEGAL 0

/* The formats of long instructions. Register numbers are 0..31; immediates are cut to what the format holds. */
static u32 make_r(u32 op, u32 funct3, u32 funct7, u32 rd, u32 rs1, u32 rs2)
{
	return funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | op;
}

static u32 make_i(u32 op, u32 funct3, u32 rd, u32 rs1, u32 imm)
{
	return imm << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | op;
}

static u32 make_s(u32 op, u32 funct3, u32 rs1, u32 rs2, u32 imm)
{
	return make_r(op, funct3, imm >> 5 & 0x7f, imm & 0x1f, rs1, rs2);
}

static u32 make_b(u32 funct3, u32 rs1, u32 rs2, u32 imm)
{
	u32 high = (imm >> 12 & 1) << 6 | (imm >> 5 & 0x3f);
	u32 low = (imm >> 1 & 0xf) << 1 | (imm >> 11 & 1);

	return make_r(OP_BRANCH, funct3, high, low, rs1, rs2);
}

static u32 make_j(u32 rd, u32 imm)
{
	return (imm >> 20 & 1) << 31 | (imm >> 1 & 0x3ff) << 21 | (imm >> 11 & 1) << 20 | (imm >> 12 & 0xff) << 12 |
	       rd << 7 | OP_JAL;
}

/*
 * Bit 12 and bits 6:2 of a CI-format instruction, or bits 12:2 of a CJ one, or any others: the immediate whose bit
 * numbers, from the instruction's bit `top` downwards, are listed in `to`; a '.' skips one bit. Numbers above 9 are
 * letters (a = 10).
 */
static u32 scatter(u16 half, u32 top, const char *to)
{
	u32 imm = 0;

	for (; *to; to++, top--)
		if (*to != '.')
			imm |= (half >> top & 1u) << (*to <= '9' ? *to - '0' : *to - 'a' + 10);
	return imm;
}

/* The 5-bit register fields, and the 3-bit ones that mean x8..x15. */
static u32 reg_rd(u16 half)
{
	return half >> 7 & 31;
}

static u32 reg_rs2(u16 half)
{
	return half >> 2 & 31;
}

static u32 reg_high(u16 half)
{
	return 8 + (half >> 7 & 7);
}

static u32 reg_low(u16 half)
{
	return 8 + (half >> 2 & 7);
}

/* The 6-bit immediate of the CI format, sign-extended. */
static u32 imm_ci(u16 half)
{
	return (u32)sext(scatter(half, 12, "5.....43210"), 6);
}

/* Zcb's loads and stores: quadrant 0, bits 15:13 = 100. */
static u32 expand_zcb_memory(u16 half, const struct isa *isa)
{
	u32 base = reg_high(half), reg = reg_low(half);
	u32 byte = scatter(half, 6, "01"), word = scatter(half, 5, "1");
	bool bit6 = half >> 6 & 1;

	if (!isa_has(isa, EXT_ZCB))
		return ILLEGAL;
	switch (half >> 10 & 7) {
	case 0: /* c.lbu */
		return make_i(OP_LOAD, 4, reg, base, byte);
	case 1: /* c.lh, c.lhu */
		return make_i(OP_LOAD, bit6 ? 1 : 5, reg, base, word);
	case 2: /* c.sb */
		return make_s(OP_STORE, 0, base, reg, byte);
	case 3: /* c.sh */
		return bit6 ? ILLEGAL : make_s(OP_STORE, 1, base, reg, word);
	default:
		return ILLEGAL;
	}
}

static u32 expand_quadrant0(u16 half, const struct isa *isa)
{
	u32 base = reg_high(half), reg = reg_low(half);
	u32 word = scatter(half, 12, "543...26"), dword = scatter(half, 12, "543...76");
	bool has_d = isa_has(isa, EXT_ZCD);
	u32 imm;

	switch (half >> 13) {
	case 0: /* c.addi4spn */
		imm = scatter(half, 12, "54987623");
		return imm ? make_i(OP_IMM, 0, reg, 2, imm) : ILLEGAL;
	case 1: /* c.fld */
		return has_d ? make_i(OP_LOAD_FP, 3, reg, base, dword) : ILLEGAL;
	case 2: /* c.lw */
		return make_i(OP_LOAD, 2, reg, base, word);
	case 3: /* c.ld */
		return make_i(OP_LOAD, 3, reg, base, dword);
	case 4:
		return expand_zcb_memory(half, isa);
	case 5: /* c.fsd */
		return has_d ? make_s(OP_STORE_FP, 3, base, reg, dword) : ILLEGAL;
	case 6: /* c.sw */
		return make_s(OP_STORE, 2, base, reg, word);
	default: /* c.sd */
		return make_s(OP_STORE, 3, base, reg, dword);
	}
}

/* Zcb's operations on one register, which need what their long form needs. */
static u32 expand_zcb_unary(u16 half, const struct isa *isa)
{
	u32 reg = reg_high(half);
	bool zbb = isa_has(isa, EXT_ZBB);

	switch (half >> 2 & 7) {
	case 0: /* c.zext.b: andi reg, reg, 0xff */
		return make_i(OP_IMM, 7, reg, reg, 0xff);
	case 1: /* c.sext.b */
		return zbb ? make_i(OP_IMM, 1, reg, reg, 0x604) : ILLEGAL;
	case 2: /* c.zext.h */
		return zbb ? make_r(OP_REG_32, 4, 0x04, reg, reg, 0) : ILLEGAL;
	case 3: /* c.sext.h */
		return zbb ? make_i(OP_IMM, 1, reg, reg, 0x605) : ILLEGAL;
	case 4: /* c.zext.w: add.uw reg, reg, x0 */
		return isa_has(isa, EXT_ZBA) ? make_r(OP_REG_32, 0, 0x04, reg, reg, 0) : ILLEGAL;
	case 5: /* c.not: xori reg, reg, -1 */
		return make_i(OP_IMM, 4, reg, reg, 0xfff);
	default:
		return ILLEGAL;
	}
}

/* Quadrant 1, bits 15:13 = 100, bits 11:10 = 11: two registers. */
static u32 expand_arithmetic(u16 half, const struct isa *isa)
{
	u32 reg = reg_high(half), other = reg_low(half);

	switch ((half >> 12 & 1) << 2 | (half >> 5 & 3)) {
	case 0: /* c.sub */
		return make_r(OP_REG, 0, 0x20, reg, reg, other);
	case 1: /* c.xor */
		return make_r(OP_REG, 4, 0, reg, reg, other);
	case 2: /* c.or */
		return make_r(OP_REG, 6, 0, reg, reg, other);
	case 3: /* c.and */
		return make_r(OP_REG, 7, 0, reg, reg, other);
	case 4: /* c.subw */
		return make_r(OP_REG_32, 0, 0x20, reg, reg, other);
	case 5: /* c.addw */
		return make_r(OP_REG_32, 0, 0, reg, reg, other);
	case 6: /* c.mul */
		if (!isa_has(isa, EXT_ZCB) || !isa_has(isa, EXT_ZMMUL))
			return ILLEGAL;
		return make_r(OP_REG, 0, 1, reg, reg, other);
	default:
		return isa_has(isa, EXT_ZCB) ? expand_zcb_unary(half, isa) : ILLEGAL;
	}
}

/* Quadrant 1, bits 15:13 = 011: c.addi16sp, c.lui, and Zcmop's c.mop.n where c.lui would load 0. */
static u32 expand_lui(u16 half, const struct isa *isa)
{
	u32 rd = reg_rd(half), imm = imm_ci(half);
	bool is_mop = (rd & 1) && rd < 16;

	if (imm == 0)
		return is_mop && isa_has(isa, EXT_ZCMOP) ? INSN_NOP : ILLEGAL;
	if (rd == 2)
		return make_i(OP_IMM, 0, 2, 2, (u32)sext(scatter(half, 12, "9.....46875"), 10));
	return imm << 12 | rd << 7 | OP_LUI;
}

static u32 expand_quadrant1(u16 half, const struct isa *isa)
{
	u32 rd = reg_rd(half), reg = reg_high(half), imm = imm_ci(half);
	u32 branch = (u32)sext(scatter(half, 12, "843...76215"), 9);

	switch (half >> 13) {
	case 0: /* c.nop, c.addi */
		return make_i(OP_IMM, 0, rd, rd, imm);
	case 1: /* c.addiw */
		return rd ? make_i(OP_IMM_32, 0, rd, rd, imm) : ILLEGAL;
	case 2: /* c.li */
		return make_i(OP_IMM, 0, rd, 0, imm);
	case 3:
		return expand_lui(half, isa);
	case 4:
		switch (half >> 10 & 3) {
		case 0: /* c.srli */
			return make_i(OP_IMM, 5, reg, reg, imm & 0x3f);
		case 1: /* c.srai */
			return make_i(OP_IMM, 5, reg, reg, 0x400 | (imm & 0x3f));
		case 2: /* c.andi */
			return make_i(OP_IMM, 7, reg, reg, imm);
		default:
			return expand_arithmetic(half, isa);
		}
	case 5: /* c.j */
		return make_j(0, (u32)sext(scatter(half, 12, "b498a673215"), 12));
	case 6: /* c.beqz */
		return make_b(0, reg, 0, branch);
	default: /* c.bnez */
		return make_b(1, reg, 0, branch);
	}
}

/* Quadrant 2, bits 15:13 = 100: jumps, c.mv, c.add, c.ebreak. */
static u32 expand_jump_or_move(u16 half)
{
	u32 rd = reg_rd(half), rs2 = reg_rs2(half);
	bool bit12 = half >> 12 & 1;

	if (rs2 != 0) /* c.add, c.mv */
		return make_r(OP_REG, 0, 0, rd, bit12 ? rd : 0, rs2);
	if (rd != 0) /* c.jalr, c.jr */
		return make_i(OP_JALR, 0, bit12 ? 1 : 0, rd, 0);
	return bit12 ? INSN_EBREAK : ILLEGAL;
}

static u32 expand_quadrant2(u16 half, const struct isa *isa)
{
	u32 rd = reg_rd(half), rs2 = reg_rs2(half);
	u32 load_word = scatter(half, 12, "5.....43276"), load_dword = scatter(half, 12, "5.....43876");
	u32 store_word = scatter(half, 12, "543276"), store_dword = scatter(half, 12, "543876");
	bool has_d = isa_has(isa, EXT_ZCD);

	switch (half >> 13) {
	case 0: /* c.slli */
		return make_i(OP_IMM, 1, rd, rd, imm_ci(half) & 0x3f);
	case 1: /* c.fldsp */
		return has_d ? make_i(OP_LOAD_FP, 3, rd, 2, load_dword) : ILLEGAL;
	case 2: /* c.lwsp */
		return rd ? make_i(OP_LOAD, 2, rd, 2, load_word) : ILLEGAL;
	case 3: /* c.ldsp */
		return rd ? make_i(OP_LOAD, 3, rd, 2, load_dword) : ILLEGAL;
	case 4:
		return expand_jump_or_move(half);
	case 5: /* c.fsdsp */
		return has_d ? make_s(OP_STORE_FP, 3, 2, rs2, store_dword) : ILLEGAL;
	case 6: /* c.swsp */
		return make_s(OP_STORE, 2, 2, rs2, store_word);
	default: /* c.sdsp */
		return make_s(OP_STORE, 3, 2, rs2, store_dword);
	}
}

u32 rvc_expand(u16 half, const struct isa *isa)
{
	if (!isa_has(isa, EXT_ZCA))
		return ILLEGAL;
	switch (half & 3) {
	case 0:
		return expand_quadrant0(half, isa);
	case 1:
		return expand_quadrant1(half, isa);
	case 2:
		return expand_quadrant2(half, isa);
	default:
		return ILLEGAL;
	}
}

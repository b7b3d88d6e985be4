/*
 * Encoders for the few instructions that tests of the machine put into its RAM, and registers by name.
 */
#ifndef RVEMU_TESTS_UNIT_RV_ASM_H
#define RVEMU_TESTS_UNIT_RV_ASM_H

#include "emu/base/base.h"

enum rv_register { RV_ZERO, RV_RA, RV_SP, RV_T0 = 5, RV_T1, RV_T2, RV_A0 = 10, RV_A1, RV_A2, RV_A3 };

static inline u32 rv_i(u32 opcode, u32 funct3, u32 rd, u32 rs1, s32 imm)
{
	return (u32)imm << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;
}

static inline u32 rv_addi(u32 rd, u32 rs1, s32 imm)
{
	return rv_i(0x13, 0, rd, rs1, imm);
}

static inline u32 rv_slli(u32 rd, u32 rs1, u32 shift)
{
	return rv_i(0x13, 1, rd, rs1, (s32)shift);
}

static inline u32 rv_ld(u32 rd, u32 rs1, s32 imm)
{
	return rv_i(0x03, 3, rd, rs1, imm);
}

static inline u32 rv_lbu(u32 rd, u32 rs1, s32 imm)
{
	return rv_i(0x03, 4, rd, rs1, imm);
}

static inline u32 rv_store(u32 funct3, u32 rs2, u32 rs1, s32 imm)
{
	u32 i = (u32)imm;
	return (i >> 5 & 0x7f) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | (i & 31) << 7 | 0x23;
}

static inline u32 rv_sb(u32 rs2, u32 rs1, s32 imm)
{
	return rv_store(0, rs2, rs1, imm);
}

static inline u32 rv_sw(u32 rs2, u32 rs1, s32 imm)
{
	return rv_store(2, rs2, rs1, imm);
}

static inline u32 rv_sd(u32 rs2, u32 rs1, s32 imm)
{
	return rv_store(3, rs2, rs1, imm);
}

/* rd = upper << 12, sign-extended. */
static inline u32 rv_lui(u32 rd, u32 upper)
{
	return upper << 12 | rd << 7 | 0x37;
}

static inline u32 rv_auipc(u32 rd, u32 upper)
{
	return upper << 12 | rd << 7 | 0x17;
}

/* Jumps and branches: offset in bytes from the instruction itself. */
static inline u32 rv_jal(u32 rd, s32 offset)
{
	u32 o = (u32)offset;
	return (o >> 20 & 1) << 31 | (o >> 1 & 0x3ff) << 21 | (o >> 11 & 1) << 20 | (o >> 12 & 0xff) << 12 | rd << 7 |
	       0x6f;
}

static inline u32 rv_branch(u32 funct3, u32 rs1, u32 rs2, s32 offset)
{
	u32 o = (u32)offset;
	return (o >> 12 & 1) << 31 | (o >> 5 & 0x3f) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | (o >> 1 & 15) << 8 |
	       (o >> 11 & 1) << 7 | 0x63;
}

static inline u32 rv_bne(u32 rs1, u32 rs2, s32 offset)
{
	return rv_branch(1, rs1, rs2, offset);
}

static inline u32 rv_beq(u32 rs1, u32 rs2, s32 offset)
{
	return rv_branch(0, rs1, rs2, offset);
}

static inline u32 rv_csrw(u32 csr, u32 rs1)
{
	return rv_i(0x73, 1, 0, rs1, (s32)csr);
}

static inline u32 rv_csrr(u32 rd, u32 csr)
{
	return rv_i(0x73, 2, rd, 0, (s32)csr);
}

static inline u32 rv_lr_d(u32 rd, u32 rs1)
{
	return 0x02u << 27 | rs1 << 15 | 3 << 12 | rd << 7 | 0x2f;
}

static inline u32 rv_sc_d(u32 rd, u32 rs2, u32 rs1)
{
	return 0x03u << 27 | rs2 << 20 | rs1 << 15 | 3 << 12 | rd << 7 | 0x2f;
}

static inline u32 rv_amoadd_d(u32 rd, u32 rs2, u32 rs1)
{
	return rs2 << 20 | rs1 << 15 | 3 << 12 | rd << 7 | 0x2f;
}

#define RV_WFI 0x10500073u
#define RV_ECALL 0x00000073u
#define RV_ILLEGAL 0x00000000u

#endif

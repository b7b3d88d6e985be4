/*
 * Misaligned loads and stores, on harts that trap on them: all integer and floating-point ones, also compressed. They
 * are done byte by byte (usermem.h); a byte that cannot be accessed gives the exception it would have given, and a
 * store then stores nothing. Atomics, and what vector instructions access, are handed on as misaligned.
 *
 * Unprivileged manual: RV64I, F, D, Zfh, C ("Load and Store Instructions"), Zcb.
 */
#include "firmware/csr.h"
#include "firmware/fp.h"
#include "firmware/hart.h"
#include "firmware/trap.h"

/* What an instruction does. */
struct access {
	u64 va;   /* address */
	u32 size; /* bytes */
	u32 reg;  /* the register that is loaded or stored */
	bool is_store;
	bool is_fp;     /* reg is a floating-point register */
	bool is_signed; /* a load extends the sign */
};

/* Bits high..low of an instruction, moved to position `to`. */
static u64 field(u32 insn, u32 high, u32 low, u32 to)
{
	return (u64)(insn >> low & ((2u << (high - low)) - 1)) << to;
}

/* The three-bit register fields of compressed instructions name x8..x15, f8..f15. */
static u32 short_register(u32 insn, u32 low)
{
	return 8 + (u32)field(insn, low + 2, low, 0);
}

static i64 sign_extend(u64 value, u32 bits)
{
	return (i64)(value << (64 - bits)) >> (64 - bits);
}

/* LH LHU LW LWU LD, FLH FLW FLD; SH SW SD, FSH FSW FSD. funct3's low bits are log2 of the size, bit 2 is "unsigned". */
static bool decode_long(const struct hart *hart, u32 insn, struct access *access)
{
	u32 funct3 = (u32)field(insn, 14, 12, 0);
	u64 base = hart->x[field(insn, 19, 15, 0)];

	access->size = 1u << (funct3 & 3);
	access->is_signed = !(funct3 & 4);
	switch (insn & 0x7f) {
	case 0x03: /* LOAD */
	case 0x07: /* LOAD-FP */
		access->reg = (u32)field(insn, 11, 7, 0);
		access->va = base + (u64)sign_extend(field(insn, 31, 20, 0), 12);
		break;
	case 0x23: /* STORE */
	case 0x27: /* STORE-FP */
		access->is_store = true;
		access->reg = (u32)field(insn, 24, 20, 0);
		access->va = base + (u64)sign_extend(field(insn, 31, 25, 5) | field(insn, 11, 7, 0), 12);
		break;
	default:
		return false;
	}
	access->is_fp = insn & 4;
	if (access->is_fp || access->is_store)
		return funct3 >= 1 && funct3 <= 3; /* of the others FP has vectors and quad */
	return funct3 != 7;
}

/* Quadrant 0: base register and data register are among x8..x15. */
static bool decode_short(const struct hart *hart, u32 insn, struct access *access)
{
	u64 base = hart->x[short_register(insn, 7)];
	u64 word = field(insn, 12, 10, 3) | field(insn, 6, 6, 2) | field(insn, 5, 5, 6);
	u64 doubleword = field(insn, 12, 10, 3) | field(insn, 6, 5, 6);

	access->reg = short_register(insn, 2);
	access->is_signed = true;
	access->is_store = insn & BIT(15);
	switch (insn >> 13) {
	case 1: /* C.FLD */
	case 5: /* C.FSD */
		access->is_fp = true;
		/* fall through */
	case 3: /* C.LD */
	case 7: /* C.SD */
		access->size = 8;
		access->va = base + doubleword;
		return true;
	case 2: /* C.LW */
	case 6: /* C.SW */
		access->size = 4;
		access->va = base + word;
		return true;
	case 4: /* Zcb: C.LHU, C.LH (bit 6), C.SH */
		access->size = 2;
		access->va = base + field(insn, 5, 5, 1);
		access->is_signed = insn & BIT(6);
		access->is_store = insn & BIT(11);
		return (insn >> 10 & 1) && !(insn & BIT(12)) && !(access->is_store && access->is_signed);
	default:
		return false;
	}
}

/* Quadrant 2: relative to the stack pointer. */
static bool decode_stack(const struct hart *hart, u32 insn, struct access *access)
{
	u64 base = hart->x[2];

	access->is_signed = true;
	access->is_store = insn & BIT(15);
	access->reg = (u32)(access->is_store ? field(insn, 6, 2, 0) : field(insn, 11, 7, 0));
	switch (insn >> 13) {
	case 1: /* C.FLDSP */
	case 3: /* C.LDSP */
		access->size = 8;
		access->va = base + (field(insn, 12, 12, 5) | field(insn, 6, 5, 3) | field(insn, 4, 2, 6));
		break;
	case 2: /* C.LWSP */
		access->size = 4;
		access->va = base + (field(insn, 12, 12, 5) | field(insn, 6, 4, 2) | field(insn, 3, 2, 6));
		break;
	case 5: /* C.FSDSP */
	case 7: /* C.SDSP */
		access->size = 8;
		access->va = base + (field(insn, 12, 10, 3) | field(insn, 9, 7, 6));
		break;
	case 6: /* C.SWSP */
		access->size = 4;
		access->va = base + (field(insn, 12, 9, 2) | field(insn, 8, 7, 6));
		break;
	default:
		return false;
	}
	access->is_fp = (insn >> 13 & 3) == 1;
	return true;
}

static bool decode(const struct hart *hart, u32 insn, struct access *access)
{
	*access = (struct access){ 0 };
	switch (insn & 3) {
	case 0:
		return decode_short(hart, insn, access);
	case 2:
		return decode_stack(hart, insn, access);
	case 3:
		return decode_long(hart, insn, access);
	default:
		return false;
	}
}

/* False: a floating-point register that the hart lacks, or that is switched off. It would have been no misaligned
 * access then, but an illegal instruction. */
static bool has_register(const struct hart *hart, const struct access *access)
{
	if (!access->is_fp)
		return true;
	return (hart->mstatus & MSTATUS_FS) &&
	       (access->size == 8 ? hart->features.fp_double : hart->features.fp_single);
}

static bool do_load(struct hart *hart, const struct access *access, struct fault *fault)
{
	u64 value;

	if (!user_load(hart, access->va, access->size, &value, fault))
		return false;
	if (access->is_fp)
		fp_write(hart, access->reg, access->size, value);
	else if (access->reg != 0)
		hart->x[access->reg] = access->is_signed ? (u64)sign_extend(value, 8 * access->size) : value;
	return true;
}

static bool do_store(const struct hart *hart, const struct access *access, struct fault *fault)
{
	u64 value = access->is_fp ? fp_read(hart, access->reg) : hart->x[access->reg];

	return user_store(hart, access->va, access->size, value, fault);
}

void misaligned_handle(struct hart *hart, const struct fault *fault)
{
	struct access access;
	struct fault within;
	u32 insn;

	if (!user_load_insn(hart, hart->pc, &insn, &within)) {
		trap_redirect(hart, &within);
		return;
	}
	/* What was executed may have been changed since by another hart: then it is not for us to execute. */
	if (!decode(hart, insn, &access) || access.is_store != (fault->cause == CAUSE_STORE_MISALIGNED) ||
	    !has_register(hart, &access)) {
		trap_redirect(hart, fault);
		return;
	}
	if (access.is_store ? do_store(hart, &access, &within) : do_load(hart, &access, &within))
		hart->pc += (insn & 3) == 3 ? 4 : 2;
	else
		trap_redirect(hart, &within);
}

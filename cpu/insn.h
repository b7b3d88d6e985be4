/*
 * The instruction table's face: identities, classes, decoding and disassembly.
 *
 * Everything comes from cpu/insn.def, one line an instruction. Compressed instructions are not here: cpu/rvc.c turns
 * them into their 32-bit equals first. What an instruction does is in cpu/ops.h.
 */
#ifndef RVEMU_CPU_INSN_H
#define RVEMU_CPU_INSN_H

#include "emu/base/base.h"

/* Extensions, as bits of struct isa. One line each in cpu/isa.def: name and what it implies. */
enum isa_ext {
#define ISA(ext, name, implies) EXT_##ext,
#include "cpu/isa.def"
#undef ISA
	EXT_COUNT
};

/* What this machine's harts can do. Built by isa_parse(); misa, the device tree and the decoder all read it. */
struct isa {
	u64 ext; /* bit n: enum isa_ext n */
};

static inline bool isa_has(const struct isa *isa, enum isa_ext ext)
{
	return isa->ext >> ext & 1;
}

enum insn_id {
	INSN_ILLEGAL, /* no instruction of the ISA in force has these bits */
#define INSN(id, name, operands, pattern, cls, ext) INSN_##id,
#include "cpu/insn.def"
#undef INSN
	INSN_COUNT
};

/* What sort of instruction it is: for statistics, for the end of blocks, for the random test generator. */
enum insn_class {
	CLASS_ALU,    /* integer computation, nothing else */
	CLASS_LOAD,   /* integer load */
	CLASS_STORE,  /* integer store */
	CLASS_AMO,    /* LR, SC, AMOs */
	CLASS_BRANCH, /* conditional branch */
	CLASS_JUMP,   /* JAL, JALR */
	CLASS_FLOAD,  /* floating-point load */
	CLASS_FSTORE, /* floating-point store */
	CLASS_FP,     /* floating-point operation */
	CLASS_CSR,    /* Zicsr */
	CLASS_SYSTEM, /* traps, returns, fences of translation, wfi: may change mode or translation */
	CLASS_FENCE,  /* fence, fence.i, pause, hints */
	CLASS_CBO,    /* cache-block operations */
};

/* A row of the table. */
struct insn_info {
	const char *name;     /* the assembler's mnemonic; the "n" of "mop.r.n" and "mop.rr.n" is for a number */
	const char *operands; /* the assembler's operands: see cpu/insn.def's head */
	const char *pattern;  /* the 32 bits as the manual prints them, '.' an operand bit */
	u8 cls;               /* enum insn_class */
	u8 ext[2];            /* enum isa_ext it needs: both; EXT_I where one says it all */
};

extern const struct insn_info insn_table[INSN_COUNT];

/* True if isa has the instruction. */
static inline bool insn_in_isa(const struct insn_info *info, const struct isa *isa)
{
	return isa_has(isa, info->ext[0]) && isa_has(isa, info->ext[1]);
}

/* What the fixed bits of a pattern say: an instruction fits if insn & mask == match. */
struct insn_bits {
	u32 mask, match;
};

/* Reads a pattern of cpu/insn.def. */
struct insn_bits insn_bits(const char *pattern);

/* A decoded instruction: what a block holds, in readable form. */
struct insn {
	u16 id;          /* enum insn_id */
	u8 rd, rs1, rs2; /* register numbers as encoded (rs1 also holds zimm of csr*i) */
	u8 rs3;          /* third source of fused multiply-add */
	u8 rm;           /* rounding mode field, where the instruction has one */
	u8 len;          /* bytes: 2 or 4 */
	s32 imm;         /* immediate, sign-extended; CSR number; shift amount; n of mop; see enum imm_kind */
	u32 raw;         /* the bits as fetched (16 or 32) */
};

/* Which part of the instruction becomes insn.imm. */
enum imm_kind {
	IMM_NONE,     /* nothing: 0 */
	IMM_I,        /* I type */
	IMM_S,        /* S type */
	IMM_B,        /* B type */
	IMM_U,        /* U type: the low 12 bits are 0 */
	IMM_J,        /* J type */
	IMM_SHAMT5,   /* bits 24:20, unsigned */
	IMM_SHAMT6,   /* bits 25:20, unsigned */
	IMM_CSR,      /* bits 31:20, unsigned: a CSR's number, or fm, pred and succ of a fence */
	IMM_PREFETCH, /* bits 31:25, signed, times 32 */
	IMM_MOP_R,    /* the n of mop.r.n */
	IMM_MOP_RR,   /* the n of mop.rr.n */
};

/* A row of the decoder: the table's row, made ready. */
struct decoder_row {
	u32 mask, match; /* insn & mask == match */
	u16 id;          /* enum insn_id */
	u8 uses;         /* which fields are taken: USES_* */
	u8 imm;          /* enum imm_kind */
};

/* The fields an instruction has: bits 11:7, 19:15, 24:20, 31:27, 14:12. */
#define USES_RD 1
#define USES_RS1 2
#define USES_RS2 4
#define USES_RS3 8
#define USES_RM 16

#define DECODER_BUCKETS 1024 /* opcode bits 6:2, and then bits 31:27 (OP-FP) or funct3 (all others) */
#define DECODER_ROWS 512     /* room for every row, in all the buckets it may be found in */

/*
 * The instructions of one ISA, sorted for decoding: what is not in the ISA is not in here. A machine owns one.
 * Bucket b is rows[start[b]] up to rows[start[b + 1]], the row with the most fixed bits first.
 */
struct decoder {
	struct isa isa;                        /* what it was made for */
	u16 start[DECODER_BUCKETS + 1];        /* where each bucket starts in `rows` */
	struct decoder_row rows[DECODER_ROWS]; /* all buckets, one after the other */
};

/* Fills d with the instructions of isa. */
void decoder_init(struct decoder *d, const struct isa *isa);

/*
 * Decodes the instruction whose first two bytes are the low half of `raw` (the high half is ignored for a compressed
 * one). Never fails: what is no instruction of the decoder's ISA has id INSN_ILLEGAL, with len and raw set.
 */
struct insn insn_decode(const struct decoder *d, u32 raw);

/* Bytes of an instruction that starts with these 16 bits: 2 or 4 (longer ones are illegal and count as 4). */
static inline u32 insn_length(u16 low)
{
	return (low & 3) == 3 ? 4 : 2;
}

/*
 * Writes the assembler's text of insn to buf, as GNU objdump -M no-aliases prints it but for its remarks
 * ("# 80000010", "<symbol>"); pc is for branch targets. A compressed instruction is shown as its 32-bit equal.
 */
void insn_print(const struct insn *insn, u64 pc, char *buf, size_t size);

/*
 * Reads an ISA string: "rv64imac", "rv64gc_zba_sstc", "max". Case does not matter, versions ("m2p0") are read over,
 * what an extension implies comes with it, and S and U modes are there unless the string names one of them
 * ("rv64imacu": no S).
 */
bool isa_parse(struct isa *isa, const char *text, struct error *err) must_check;

/* Everything this emulator has. */
void isa_all(struct isa *isa);

/*
 * The canonical ISA string for the device tree: single letters but s and u, then z* and s* in the order of isa.def.
 * 512 bytes hold the longest.
 */
void isa_print(const struct isa *isa, char *buf, size_t size);

/* An extension's name in an ISA string, lower case: "m", "zicsr", "svinval". */
const char *isa_ext_name(enum isa_ext ext);

/* The value of misa: MXL = 2 and a bit a letter; B stands for Zba, Zbb and Zbs together. */
u64 isa_misa(const struct isa *isa);

#endif

/*
 * Building the plan: operand pools, stubs' machine code, and the table of stubs that the runner goes through (cases.h).
 *
 * The words around the instruction under test are encoded here by hand; nothing of cpu/ is asked for them.
 */
#ifndef RVEMU_TESTS_ISA_STUBS_H
#define RVEMU_TESTS_ISA_STUBS_H

#include "tests/isa/cases.h"
#include "tests/isa/operands.h"

/* Who says what is right: bits, since some instructions need both. */
enum oracle {
	BY_QEMU = 1,      /* the plan also runs on QEMU */
	BY_REFERENCE = 2, /* reference.h */
};

/* A plan in the making: an image of guest memory from GUEST_PLAN to GUEST_END. */
struct builder {
	u8 *image;          /* GUEST_END - GUEST_PLAN bytes */
	u64 pool_end;       /* guest address behind the last pool */
	u64 code_end;       /* guest address behind the last instruction */
	struct rng rng;     /* for everything random */
	enum oracle oracle; /* who says what is right */
};

/* An instruction to test: its bits, and which of them are registers. */
struct subject {
	const char *row;      /* its line in the report; of compressed ones: the group */
	const char *name;     /* the assembler's name, of the long form */
	const char *operands; /* letters of cpu/insn.def, of the long form */
	u32 word;             /* the 32-bit form */
	u32 raw;              /* as it stands in memory */
	u32 len;              /* 2 or 4 */
	u8 cls;               /* enum insn_class */
};

/* How its stub departs from the plain one. */
struct shape {
	u32 fcsr;           /* fcsr before it */
	u32 flags;          /* STUB_* */
	bool fs_off;        /* with the floating-point unit switched off */
	bool rd_is_input;   /* rd holds in[2] before */
	bool pairs;         /* rd and rs2 name pairs of registers */
	const u32 *prelude; /* instructions before it; register fields: see stub_registers() */
	u32 prelude_count;  /* how many */
};

/* Registers that a stub uses besides those of its instruction. */
struct helpers {
	u32 frame;   /* holds the frame's address */
	u32 temp[2]; /* free */
};

struct plan *builder_plan(struct builder *b);

/* Copies values into the guest; returns their address. */
u64 builder_pool(struct builder *b, const u64 *values, u32 count);

/* Where the next instruction goes. */
void emit(struct builder *b, u32 word);
void emit_half(struct builder *b, u16 half);
void emit_align(struct builder *b);

/* The instruction fields of a subject. */
static inline u32 subject_rd(const struct subject *s)
{
	return s->word >> 7 & 31;
}

static inline u32 subject_rs1(const struct subject *s)
{
	return s->word >> 15 & 31;
}

static inline u32 subject_rs2(const struct subject *s)
{
	return s->word >> 20 & 31;
}

static inline u32 subject_rs3(const struct subject *s)
{
	return s->word >> 27 & 31;
}

bool subject_has(const struct subject *s, char letter);

/* Registers that the instruction leaves alone. The same for the same instruction. */
struct helpers stub_registers(const struct subject *s, bool pairs);

/* A register that a stub loads from the frame. */
struct input {
	bool is_fp;
	u32 reg;
	u32 offset; /* in the frame */
};

#define STUB_INPUTS_MAX 6

/* What a stub loads. Of two operands that share a register the first one counts. Returns how many. */
u32 stub_inputs(const struct subject *s, const struct shape *shape, struct input inputs[STUB_INPUTS_MAX]);

/* Adds a stub for an instruction that goes on behind itself. The caller fills in pools. */
struct stub *add_plain_stub(struct builder *b, const struct subject *s, const struct shape *shape);

/* Adds a stub for a jump or branch by `offset` bytes (jalr: any, the caller's in[0] must lead to *pad). NULL: the
 * offset is too short for what has to stand between. */
struct stub *add_jump_stub(struct builder *b, const struct subject *s, s64 offset, u64 *pad);

/* Adds a stub for mret or sret: in[0] is xPP's bits of mstatus, in[1] must be *pad, an ecall, whose cause says the
 * mode. */
struct stub *add_return_stub(struct builder *b, const struct subject *s, u64 *pad);

/* Adds a stub for wfi, with a software interrupt pending. */
struct stub *add_wfi_stub(struct builder *b, const struct subject *s);

/* Encodings of what stubs are made of. */
u32 enc_load(u32 rd, u32 rs1, s32 offset);
u32 enc_store(u32 rs2, u32 rs1, s32 offset);
u32 enc_addi(u32 rd, u32 rs1, s32 imm);
u32 enc_jal(u32 rd, s64 offset);
u32 enc_lr(u32 rd, u32 rs1, u32 size);
u32 enc_sc(u32 rd, u32 rs2, u32 rs1, u32 size);

#endif

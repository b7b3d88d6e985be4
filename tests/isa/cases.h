/*
 * What the host's generator and the bare-metal runner agree on: the plan (which instructions, with which operands), the
 * frame through which a case's values go in and out, and how results become a hash.
 *
 * A stub is a few instructions around the one under test: it loads operands from the frame, executes, and stores what
 * came of it. The runner calls each stub once for every case; the reference (reference.h) walks the same cases on the
 * host. Compiled for the host and, freestanding, for the guest; start.S uses the #defines alone.
 */
#ifndef RVEMU_TESTS_ISA_CASES_H
#define RVEMU_TESTS_ISA_CASES_H

/* Guest addresses. The runner has what lies below the plan; the plan's parts are filled by generate.c. */
#define GUEST_BASE 0x80000000
#define GUEST_WINDOW 0x80040fc0 /* memory that tested loads and stores touch, across the end of a page */
#define GUEST_PLAN 0x80100000   /* struct plan, then its stubs */
#define GUEST_POOLS 0x80600000  /* operand values */
#define GUEST_CODE 0x80c00000   /* stubs' code */
#define GUEST_END 0x81800000
#define GUEST_HOLE 0x18000000 /* nothing is there: accesses fault */
#define WINDOW_DWORDS 16
#define WINDOW_PATTERN 0x8091a2b3c4d5e6f7 /* its first doubleword before each case; the next ones by next_window() */
#define POISON 0x5ad5ad5adeadbeef         /* in rd before each case, where rd is no source */

/* Byte offsets into struct frame. */
#define FRAME_IN 0
#define FRAME_POISON 40
#define FRAME_FCSR 48
#define FRAME_RET 56
#define FRAME_RESUME 64
#define FRAME_CODE 72
#define FRAME_OUT 80
#define FRAME_FCSR_OUT 96
#define FRAME_LANDING 104
#define FRAME_CAUSE 112
#define FRAME_TVAL 120
#define FRAME_EPC 128
#define FRAME_TRAPS 136
#define FRAME_SCRATCH 144
#define FRAME_SAVED 160
#define FRAME_X 272
#define FRAME_F 528
#define FRAME_SIZE 784

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INPUTS 5

struct frame {
	uint64_t in[INPUTS]; /* operands: rs1, rs2, rs3 or rd, and the upper halves of rs2 and rd for amocas.q */
	uint64_t poison;     /* POISON */
	uint64_t fcsr;       /* fcsr before the instruction */
	uint64_t ret;        /* where a stub returns to */
	uint64_t resume;     /* where a trap goes on; 0: at the next instruction */
	uint64_t code;       /* the stub */
	uint64_t out[2];     /* rd afterwards, and rd + 1 where it is half of a pair */
	uint64_t fcsr_out;   /* fcsr afterwards */
	uint64_t landing;    /* 1: a jump or branch was taken */
	uint64_t cause;      /* mcause of the last trap, or ~0 */
	uint64_t tval;       /* mtval of it */
	uint64_t epc;        /* mepc of it */
	uint64_t traps;      /* random programs: a hash of all traps */
	uint64_t scratch[2]; /* the trap handler's */
	uint64_t saved[14];  /* the runner's registers while a stub runs: ra, sp, s0 to s11 */
	uint64_t x[32];      /* random programs: the registers at a checkpoint */
	uint64_t f[32];      /* likewise */
};

_Static_assert(offsetof(struct frame, poison) == FRAME_POISON, "FRAME_POISON");
_Static_assert(offsetof(struct frame, fcsr) == FRAME_FCSR, "FRAME_FCSR");
_Static_assert(offsetof(struct frame, ret) == FRAME_RET, "FRAME_RET");
_Static_assert(offsetof(struct frame, resume) == FRAME_RESUME, "FRAME_RESUME");
_Static_assert(offsetof(struct frame, code) == FRAME_CODE, "FRAME_CODE");
_Static_assert(offsetof(struct frame, out) == FRAME_OUT, "FRAME_OUT");
_Static_assert(offsetof(struct frame, fcsr_out) == FRAME_FCSR_OUT, "FRAME_FCSR_OUT");
_Static_assert(offsetof(struct frame, landing) == FRAME_LANDING, "FRAME_LANDING");
_Static_assert(offsetof(struct frame, cause) == FRAME_CAUSE, "FRAME_CAUSE");
_Static_assert(offsetof(struct frame, tval) == FRAME_TVAL, "FRAME_TVAL");
_Static_assert(offsetof(struct frame, epc) == FRAME_EPC, "FRAME_EPC");
_Static_assert(offsetof(struct frame, traps) == FRAME_TRAPS, "FRAME_TRAPS");
_Static_assert(offsetof(struct frame, scratch) == FRAME_SCRATCH, "FRAME_SCRATCH");
_Static_assert(offsetof(struct frame, saved) == FRAME_SAVED, "FRAME_SAVED");
_Static_assert(offsetof(struct frame, x) == FRAME_X, "FRAME_X");
_Static_assert(offsetof(struct frame, f) == FRAME_F, "FRAME_F");
_Static_assert(sizeof(struct frame) == FRAME_SIZE, "FRAME_SIZE");

/* How a stub's operands are chosen. */
#define STUB_LOCKSTEP 1u /* the n-th case takes the n-th value of every pool; else each with each */
#define STUB_MEMORY 2u   /* the window is refilled before, and part of the result after */
#define STUB_PROGRAM 4u  /* a random program: run once, printing at every checkpoint */

struct stub {
	char row[24];           /* the instruction, or group of compressed ones: results are added up by it */
	uint64_t code;          /* where it starts */
	uint64_t resume;        /* where a trap goes on */
	uint64_t pool[INPUTS];  /* guest addresses of the operands' values; 0: the operand is 0 */
	uint32_t count[INPUTS]; /* how many; with STUB_LOCKSTEP all have count[0] */
	uint32_t raw;           /* the instruction under test */
	uint32_t fcsr;          /* fcsr before it */
	uint32_t flags;         /* STUB_* */
};

struct plan {
	uint64_t verbose; /* print every case, not a line a row */
	uint64_t count;   /* stubs */
	struct stub stub[];
};

/* Mixes v into hash h. */
static inline uint64_t fold(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15;
	return h ^ h >> 29;
}

static inline uint64_t next_window(uint64_t v)
{
	return v * 0xd1342543de82ef95 + 0x2545f4914f6cdd1d;
}

static inline uint32_t stub_cases(const struct stub *s)
{
	uint32_t cases = 1;

	if (s->flags & STUB_LOCKSTEP)
		return s->count[0];
	for (unsigned i = 0; i < INPUTS; i++)
		if (s->pool[i])
			cases *= s->count[i];
	return cases;
}

/* Which value of pool i case n takes. */
static inline uint32_t stub_index(const struct stub *s, uint32_t n, unsigned i)
{
	if (s->flags & STUB_LOCKSTEP)
		return n;
	for (unsigned j = 0; j < i; j++)
		if (s->pool[j])
			n /= s->count[j];
	return n % s->count[i];
}

/* Mixes a case's outcome into h. */
static inline uint64_t fold_case(uint64_t h, const struct frame *f, const uint64_t *window)
{
	h = fold(h, f->out[0]);
	h = fold(h, f->out[1]);
	h = fold(h, f->fcsr_out);
	h = fold(h, f->landing);
	h = fold(h, f->cause);
	h = fold(h, f->tval);
	h = fold(h, f->epc);
	for (unsigned i = 0; window && i < WINDOW_DWORDS; i++)
		h = fold(h, window[i]);
	return h;
}

#endif
#endif

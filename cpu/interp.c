/*
 * The interpreter: threaded code by tail calls.
 *
 * Every operation is a function that ends by calling the next one's in tail position (gcc and clang make a jump of it
 * at -O2), so that hart, uop, budget and pc stay in argument registers and each operation gets its own registers. The
 * rare ways out of an operation (a miss of the fast path, a trap, a device) are tail calls too, to cold functions: an
 * operation's hot path has no stack frame. What it brings is in cpu/README.md.
 *
 * So that the compiler can make jumps of them, no operation may have a local whose address is taken: what slow paths
 * return through a pointer goes to h->slow. tests/lint looks at the object code for calls that should be jumps.
 *
 * The protocol of the slow ways: sync() makes h->pc and h->count exact; then either the instruction completes and
 * complete() goes on, or a trap is taken and resume() goes on in the handler. What the instructions do is in cpu/ops.h
 * and cpu/special.h.
 */
#include "cpu/interp.h"

#include <string.h>

#include "cpu/alu.h"
#include "cpu/csr.h"
#include "cpu/debug.h"
#include "cpu/fpu.h"
#include "cpu/hint.h"
#include "cpu/observe.h"
#include "cpu/trap.h"
#include "mmu/check.h"

#define ARGS struct hart *h, const struct uop *u, s64 budget, u64 pc
#define OP(name) static always_inline u32 name(ARGS) /* fused pairs take in the second */
#define FUSED(name) static u32 name(ARGS)
#define SLOW(name) static cold u32 name(ARGS)

/* On to the operation at `next`. */
#define GO(next) return (next)->fn(h, (next), budget, pc)
#define NEXT() GO(u + 1)

static const struct link *link_of(const struct uop *u)
{
	return (const struct link *)(u + 1);
}

/* --- between blocks --- */

static u32 run_dry(struct hart *h, struct block *b, s64 budget, u64 pc);
static u32 resume(struct hart *h);
static cold u32 enter_unknown(struct hart *h, s64 budget, u64 pc);
static u32 enter_link(ARGS);

/* Into block b, whose code is at va pc. The whole block is paid for in advance; who leaves it early takes back the
 * rest. */
static always_inline u32 enter(struct hart *h, struct block *b, s64 budget, u64 pc)
{
	budget -= b->insns;
	if (unlikely(budget < 0))
		return run_dry(h, b, budget, pc);
	return b->code[0].fn(h, b->code, budget, pc);
}

/* A jump to any address. */
static always_inline u32 jump(struct hart *h, s64 budget, u64 pc)
{
	const struct jump_entry *e = &h->jumps[jump_index(pc)];

	if (unlikely(e->va != pc))
		return enter_unknown(h, budget, pc);
	return enter(h, e->block, budget, pc);
}

/* A jump whose uop has a link: pc is where it goes. */
static always_inline u32 jump_link(ARGS)
{
	struct block *b = link_of(u)->to;

	if (likely(b))
		return enter(h, b, budget, pc);
	return enter_link(h, u, budget, pc);
}

/* Makes h->pc and h->count exact: the instruction at u is about to be done. */
static always_inline void sync(ARGS)
{
	h->pc = pc + u->off * 2;
	h->count = h->count_end - (u64)(budget + u->left);
}

/* Goes on from h->pc and h->count, when pc is in no register. */
static u32 resume(struct hart *h)
{
	s64 budget = (s64)(h->count_end - h->count);

	if (unlikely(h->attention || h->mmu.device_touched))
		return ENGINE_DEVICE;
	if (unlikely(budget <= 0))
		return ENGINE_BUDGET;
	if (unlikely(h->trap_streak >= ENGINE_WEDGED_TRAPS))
		return ENGINE_WEDGED;
	return jump(h, budget, h->pc);
}

/* Takes the trap that h->mmu.fault describes; unless it was a watchpoint that stopped the access. */
static cold u32 fault(struct hart *h)
{
	observe_cancel(h);
	if (debug_has_hit(h))
		return ENGINE_DEBUG;
	if (h->mmu.fault.reason != WALK_OK)
		h->mmu.stats.faults_by[h->mmu.fault.reason][h->mmu.fault.access]++;
	trap_exception(h, h->mmu.fault.cause, h->mmu.fault.tval);
	return resume(h);
}

/* The fetch at h->pc failed. What observers have noted is the instruction before, which has retired. */
static cold u32 fetch_fault(struct hart *h)
{
	observe_end(h);
	return fault(h);
}

/* Goes on at h->pc when the jump cache does not know the way; h->count is exact and steps are left. */
static cold u32 resume_uncached(struct hart *h)
{
	s64 budget = (s64)(h->count_end - h->count);
	struct block *b = block_find(h, (u64)budget);

	if (!b)
		return fetch_fault(h);
	/* Who was told of the fetch's walk wants to stop in front of the instruction. */
	if (unlikely(h->mmu.device_touched))
		return ENGINE_DEVICE;
	return enter(h, b, budget, h->pc);
}

static cold u32 enter_unknown(struct hart *h, s64 budget, u64 pc)
{
	h->pc = pc;
	h->count = h->count_end - (u64)budget;
	if (budget <= 0)
		return ENGINE_BUDGET;
	return resume_uncached(h);
}

/* The block is longer than what is left of the budget (which it has been taken from already): a shorter one is made. */
static cold u32 run_dry(struct hart *h, struct block *b, s64 budget, u64 pc)
{
	return enter_unknown(h, budget + b->insns, pc);
}

/* A link that leads nowhere: into another page (through the jump cache, then), or not chained yet. */
static u32 enter_link(ARGS)
{
	struct block *b;

	if (!link_of(u)->near)
		return jump(h, budget, pc);
	h->pc = pc;
	h->count = h->count_end - (u64)budget;
	if (budget <= 0)
		return ENGINE_BUDGET;
	b = block_find_linked(h, (u64)budget, link_of(u));
	if (!b)
		return fetch_fault(h);
	return enter(h, b, budget, pc);
}

u32 op_dead(ARGS)
{
	sync(h, u, budget, pc);
	return resume_uncached(h);
}

u32 op_fallthrough(ARGS)
{
	return jump_link(h, u, budget, pc + u->off * 2);
}

u32 op_nop(ARGS)
{
	NEXT();
}

SLOW(tell_hint)
{
	sync(h, u, budget, pc);
	hint_tell(h, (u32)u->imm);
	NEXT();
}

u32 op_hint(ARGS)
{
	if (unlikely(trace_wants(h->trace, TRACE_HINT)))
		return tell_hint(h, u, budget, pc);
	NEXT();
}

/* Observes the instruction behind u, h->pc and h->count being exact. */
static u32 observe_slowly(ARGS)
{
	if (!observe_begin(h, (u32)u->imm, u->rd))
		return fault(h);
	if (likely(!h->mmu.code_written && !h->mmu.device_touched))
		NEXT();
	/* The fetch set an A bit beside this very code: what follows may no longer be what the block holds. Or who was
	 * told of its walk wants to stop. */
	observe_cancel(h);
	h->mmu.code_written = false;
	return resume(h);
}

u32 op_observe(ARGS)
{
	sync(h, u, budget, pc);
	if (likely(observe_again(h, (u32)u->imm, u->rd)))
		NEXT();
	return observe_slowly(h, u, budget, pc);
}

cold u32 op_debug(ARGS)
{
	sync(h, u, budget, pc);
	if (likely(!debug_stops(h, block_of_place(u, (u32)u->imm)->pa + u->off * 2)))
		NEXT();
	return ENGINE_DEBUG;
}

/* --- the slow ways --- */

static cold u32 exception(struct hart *h, u64 cause, u64 tval)
{
	observe_cancel(h);
	trap_exception(h, cause, tval);
	return resume(h);
}

/* The instruction at u is none: h->pc and h->count are exact. */
static cold u32 illegal(struct hart *h)
{
	return exception(h, EXC_ILLEGAL, hart_raw_insn(h));
}

/* The instruction at u is done, on the slow way: on to the next, unless it touched something that matters to the
 * engine. */
static u32 complete(ARGS)
{
	if (likely(!h->mmu.device_touched && !h->mmu.code_written && !h->attention))
		NEXT();
	h->pc = pc + u[1].off * 2;
	h->count++;
	h->mmu.code_written = false;
	return resume(h);
}

/* The same where the rest of the block may no longer hold (translation, mode): the instruction is `len` bytes long. */
static u32 complete_block(struct hart *h, u32 len)
{
	h->pc += len;
	h->count++;
	return resume(h);
}

/* --- the vocabulary of cpu/ops.h: integers --- */

/*
 * Each operation that may be the first of a fused pair (cpu/fuse.h) comes in three pieces: try_ID() does it and says
 * whether it could be done at once, slow_ID() does it the slow way, and op_ID() is the operation.
 */
#define ALU_AS(id, expr, ...)                                                                                          \
	static always_inline void do_##id(struct hart *h, const struct uop *u)                                         \
	{                                                                                                              \
		const u64 a = h->x[u->rs1], __VA_ARGS__;                                                               \
                                                                                                                       \
		(void)a;                                                                                               \
		h->x[u->rd] = (expr);                                                                                  \
	}                                                                                                              \
	OP(op_##id)                                                                                                    \
	{                                                                                                              \
		do_##id(h, u);                                                                                         \
		NEXT();                                                                                                \
	}

#define ALU(id, expr) ALU_AS(id, ((void)b, expr), b = h->x[u->rs2])
#define ALUI(id, expr) ALU_AS(id, expr, imm = (u64)(s64)u->imm)

static always_inline u64 address(const struct hart *h, const struct uop *u)
{
	return h->x[u->rs1] + (u64)(s64)u->imm;
}

/* A load of `type`; SET puts the value where it belongs. */
#define LOAD_AS(id, type, SET)                                                                                         \
	static always_inline bool try_##id(struct hart *h, const struct uop *u)                                        \
	{                                                                                                              \
		const u64 va = address(h, u);                                                                          \
		const struct fast_entry *e = fast_entry(h->mmu.fast, va);                                              \
		type value;                                                                                            \
                                                                                                                       \
		if (unlikely(fast_tag(va, sizeof(type)) != e->load_tag))                                               \
			return false;                                                                                  \
		memcpy(&value, (const u8 *)(va + e->addend), sizeof(type));                                            \
		SET(value);                                                                                            \
		return true;                                                                                           \
	}                                                                                                              \
	SLOW(slow_##id)                                                                                                \
	{                                                                                                              \
		sync(h, u, budget, pc);                                                                                \
		if (!mmu_load(&h->mmu, address(h, u), sizeof(type), &h->slow.value))                                   \
			return fault(h);                                                                               \
		SET((type)h->slow.value);                                                                              \
		return complete(h, u, budget, pc);                                                                     \
	}                                                                                                              \
	OP(op_##id)                                                                                                    \
	{                                                                                                              \
		if (unlikely(!try_##id(h, u)))                                                                         \
			return slow_##id(h, u, budget, pc);                                                            \
		NEXT();                                                                                                \
	}

/* A store of `type`, of the register REG reads; stores keep rs2 in u->rd. */
#define STORE_AS(id, type, REG)                                                                                        \
	static always_inline bool try_##id(struct hart *h, const struct uop *u)                                        \
	{                                                                                                              \
		const u64 va = address(h, u);                                                                          \
		const struct fast_entry *e = fast_entry(h->mmu.fast, va);                                              \
		const type value = (type)REG;                                                                          \
                                                                                                                       \
		if (unlikely(fast_tag(va, sizeof(type)) != e->store_tag))                                              \
			return false;                                                                                  \
		memcpy((u8 *)(va + e->addend), &value, sizeof(type));                                                  \
		return true;                                                                                           \
	}                                                                                                              \
	SLOW(slow_##id)                                                                                                \
	{                                                                                                              \
		sync(h, u, budget, pc);                                                                                \
		if (!mmu_store(&h->mmu, address(h, u), sizeof(type), (type)REG))                                       \
			return fault(h);                                                                               \
		return complete(h, u, budget, pc);                                                                     \
	}                                                                                                              \
	OP(op_##id)                                                                                                    \
	{                                                                                                              \
		if (unlikely(!try_##id(h, u)))                                                                         \
			return slow_##id(h, u, budget, pc);                                                            \
		NEXT();                                                                                                \
	}

#define SET_INTEGER(v) h->x[u->rd] = (u64)(s64)(v)
#define LOAD(id, type) LOAD_AS(id, type, SET_INTEGER)
#define STORE(id, type) STORE_AS(id, type, h->x[u->rd])

/* Branches keep rs2 in u->rd; imm is the target, from the block's start. */
#define BRANCH(id, cond)                                                                                               \
	OP(op_##id)                                                                                                    \
	{                                                                                                              \
		const u64 a = h->x[u->rs1], b = h->x[u->rd];                                                           \
                                                                                                                       \
		if (cond)                                                                                              \
			return jump_link(h, u, budget + u->left - 1, pc + (u64)(s64)u->imm);                           \
		GO(u + 2);                                                                                             \
	}

/*
 * An AMO goes through a fast entry that allows stores (W implies R), or through mmu_atomic(). Harts take turns between
 * instructions, so nothing can come between load and store.
 */
#define AMO(id, type, expr)                                                                                            \
	static always_inline u64 do_##id(struct hart *h, const struct uop *u, u8 *host)                                \
	{                                                                                                              \
		const u64 b = h->x[u->rs2];                                                                            \
		type loaded, stored;                                                                                   \
		u64 old;                                                                                               \
                                                                                                                       \
		memcpy(&loaded, host, sizeof(type));                                                                   \
		old = (u64)(s64)loaded;                                                                                \
		stored = (type)(expr);                                                                                 \
		memcpy(host, &stored, sizeof(type));                                                                   \
		h->x[u->rd] = old;                                                                                     \
		return (u64)stored;                                                                                    \
	}                                                                                                              \
	SLOW(slow_##id)                                                                                                \
	{                                                                                                              \
		const u64 va = h->x[u->rs1];                                                                           \
		u8 *host;                                                                                              \
                                                                                                                       \
		sync(h, u, budget, pc);                                                                                \
		host = mmu_atomic(&h->mmu, va, sizeof(type), ATOMIC_AMO, &h->slow.pa);                                 \
		if (!host)                                                                                             \
			return fault(h);                                                                               \
		mmu_atomic_stored(&h->mmu, va, h->slow.pa, sizeof(type), do_##id(h, u, host));                         \
		return complete(h, u, budget, pc);                                                                     \
	}                                                                                                              \
	OP(op_##id)                                                                                                    \
	{                                                                                                              \
		const u64 va = h->x[u->rs1];                                                                           \
		const struct fast_entry *e = fast_entry(h->mmu.fast, va);                                              \
                                                                                                                       \
		if (unlikely(fast_tag(va, sizeof(type)) != e->store_tag))                                              \
			return slow_##id(h, u, budget, pc);                                                            \
		(void)do_##id(h, u, (u8 *)(va + e->addend));                                                           \
		NEXT();                                                                                                \
	}

/* --- the vocabulary of cpu/ops.h: floating point --- */

/* Registers by the name of the field that has their number. */
#define X(field) (h->x[u->field])
#define F(field) (h->f[u->field])
#define D(field) (h->f[u->field])
#define S(field) unbox_s(h->f[u->field])
#define H(field) unbox_h(h->f[u->field])
#define SIGN_D BIT(63)
#define SIGN_S 0x80000000u
#define SIGN_H 0x8000u
#define NEG_D(v) ((v) ^ SIGN_D)
#define NEG_S(v) ((v) ^ SIGN_S)
#define NEG_H(v) ((v) ^ SIGN_H)
#define SET_X(v) h->x[u->rd] = (u64)(v)
#define SET_D(v) h->f[u->rd] = (v)
#define SET_S(v) h->f[u->rd] = box_s((u32)(v))
#define SET_H(v) h->f[u->rd] = box_h(v)
#define box_d(v) (v)

/* FS is Off: illegal. Otherwise floating-point state is about to change, and mstatus says so from now on. */
static must_check bool fp_begin(struct hart *h)
{
	if (!h->fp_on)
		return false;
	if ((h->csr.mstatus & MSTATUS_FS) != MSTATUS_FS)
		hart_set_fs_dirty(h);
	return true;
}

/* The rounding mode of the instruction at u; more than 4: reserved, the instruction is illegal. */
static u32 rounding_mode(const struct hart *h, const struct uop *u)
{
	return u->rm == 7 ? h->csr.frm : u->rm;
}

#define FLAGS &h->csr.fflags

/* The careful form of a floating-point instruction: checks FS and the mode, then does `stmt`. */
#define FP_CAREFUL(name, mode, stmt)                                                                                   \
	SLOW(name)                                                                                                     \
	{                                                                                                              \
		const u32 rm = (mode);                                                                                 \
                                                                                                                       \
		sync(h, u, budget, pc);                                                                                \
		if (!h->fp_on || rm > 4 || !fp_begin(h))                                                               \
			return illegal(h);                                                                             \
		stmt;                                                                                                  \
		NEXT();                                                                                                \
	}

#define FP_FAST(name, careful, stmt)                                                                                   \
	OP(name)                                                                                                       \
	{                                                                                                              \
		if (unlikely(!h->fp_fast))                                                                             \
			return careful(h, u, budget, pc);                                                              \
		stmt;                                                                                                  \
		NEXT();                                                                                                \
	}

#define FP(id, host, soft) FP_CAREFUL(soft_##id, rounding_mode(h, u), soft) FP_FAST(op_##id, soft_##id, host)
#define FP_SOFT(id, stmt) FP_CAREFUL(op_##id, rounding_mode(h, u), stmt)
#define FP_ANY(id, stmt) FP_CAREFUL(soft_##id, 0, stmt) FP_FAST(op_##id, soft_##id, stmt)
#define FP_EXACT(id, stmt) FP_CAREFUL(soft_##id, rounding_mode(h, u), stmt) FP_FAST(op_##id, soft_##id, stmt)
#define FP_RTZ(id, stmt) FP_CAREFUL(soft_rtz_##id, 0, stmt) FP_FAST(rtz_##id, soft_rtz_##id, stmt)

#define SET_FLOAT(box, v) h->f[u->rd] = box(v)

/* A load into a floating-point register: as an integer's, once FS is known to be Dirty. */
#define FLOAD(id, type, box)                                                                                           \
	SLOW(slow_##id)                                                                                                \
	{                                                                                                              \
		sync(h, u, budget, pc);                                                                                \
		if (!h->fp_on)                                                                                         \
			return illegal(h);                                                                             \
		if (!mmu_load(&h->mmu, address(h, u), sizeof(type), &h->slow.value))                                   \
			return fault(h);                                                                               \
		if (!fp_begin(h))                                                                                      \
			return illegal(h);                                                                             \
		SET_FLOAT(box, (type)h->slow.value);                                                                   \
		return complete(h, u, budget, pc);                                                                     \
	}                                                                                                              \
	OP(op_##id)                                                                                                    \
	{                                                                                                              \
		const u64 va = address(h, u);                                                                          \
		const struct fast_entry *e = fast_entry(h->mmu.fast, va);                                              \
		type value;                                                                                            \
                                                                                                                       \
		if (unlikely(!h->fp_fast || fast_tag(va, sizeof(type)) != e->load_tag))                                \
			return slow_##id(h, u, budget, pc);                                                            \
		memcpy(&value, (const u8 *)(va + e->addend), sizeof(type));                                            \
		SET_FLOAT(box, value);                                                                                 \
		NEXT();                                                                                                \
	}

#define FSTORE(id, type)                                                                                               \
	SLOW(slow_##id)                                                                                                \
	{                                                                                                              \
		sync(h, u, budget, pc);                                                                                \
		if (!h->fp_on)                                                                                         \
			return illegal(h);                                                                             \
		if (!mmu_store(&h->mmu, address(h, u), sizeof(type), (type)h->f[u->rd]))                               \
			return fault(h);                                                                               \
		return complete(h, u, budget, pc);                                                                     \
	}                                                                                                              \
	OP(op_##id)                                                                                                    \
	{                                                                                                              \
		const u64 va = address(h, u);                                                                          \
		const struct fast_entry *e = fast_entry(h->mmu.fast, va);                                              \
		const type value = (type)h->f[u->rd];                                                                  \
                                                                                                                       \
		if (unlikely(!h->fp_on || fast_tag(va, sizeof(type)) != e->store_tag))                                 \
			return slow_##id(h, u, budget, pc);                                                            \
		memcpy((u8 *)(va + e->addend), &value, sizeof(type));                                                  \
		NEXT();                                                                                                \
	}

#define SPECIAL(id)

#include "cpu/ops.h"

#include "cpu/special.h"

#include "cpu/fuse.h"

/* --- the table --- */

#undef ALU
#undef ALUI
#undef LOAD
#undef STORE
#undef BRANCH
#undef AMO
#undef FP
#undef FP_SOFT
#undef FP_ANY
#undef FP_EXACT
#undef FP_RTZ
#undef FLOAD
#undef FSTORE
#undef SPECIAL
#define ALU(id, expr) [INSN_##id].fn = op_##id,
#define ALUI(id, expr) [INSN_##id].fn = op_##id,
#define LOAD(id, type) [INSN_##id].fn = op_##id,
#define STORE(id, type) [INSN_##id].fn = op_##id,
#define BRANCH(id, cond) [INSN_##id].fn = op_##id,
#define AMO(id, type, expr) [INSN_##id].fn = op_##id,
#define FP(id, host, careful) [INSN_##id].fn = op_##id, [INSN_##id].soft = soft_##id,
#define FP_SOFT(id, stmt) [INSN_##id].fn = op_##id,
#define FP_ANY(id, stmt) [INSN_##id].fn = op_##id,
#define FP_EXACT(id, stmt) [INSN_##id].fn = op_##id, [INSN_##id].soft = soft_##id, [INSN_##id].exact = true,
#define FP_RTZ(id, stmt) [INSN_##id].rtz = rtz_##id,
#define FLOAD(id, type, box) [INSN_##id].fn = op_##id,
#define FSTORE(id, type) [INSN_##id].fn = op_##id,
#define SPECIAL(id) [INSN_##id].fn = op_##id,

const struct op_entry op_table[INSN_COUNT] = {
#include "cpu/ops.h"
};

/* --- the engine --- */

enum engine_exit engine_run(struct hart *h, u64 steps)
{
	enum engine_exit why;

	h->count_end = h->count + steps;
	h->mmu.device_touched = false;
	h->mmu.code_written = false;
	hart_apply_observing(h);
	debug_begin(h);
	if (h->attention)
		(void)trap_interrupt(h);
	if (h->waiting)
		return ENGINE_WAIT;
	fpu_enter(h->csr.frm);
	why = resume(h);
	h->csr.fflags |= fpu_leave();
	observe_end(h);
	return why;
}

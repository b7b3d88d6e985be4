/*
 * The instructions that cpu/ops.h cannot say in one expression: jumps, CSRs, traps and returns, fences, atomics with
 * conditions, cache blocks. Included by cpu/interp.c only, after its vocabulary.
 */

/* --- jumps --- */

OP(op_AUIPC)
{
	h->x[u->rd] = pc + (u64)(s64)u->imm;
	NEXT();
}

OP(op_JAL)
{
	h->x[u->rd] = pc + link_of(u)->next;
	return jump_link(h, u, budget + u->left - 1, pc + (u64)(s64)u->imm);
}

OP(op_JALR)
{
	const u64 target = (h->x[u->rs1] + (u64)(s64)u->imm) & ~1ull;

	h->x[u->rd] = pc + link_of(u)->next;
	return jump(h, budget, target);
}

/* Where the jump or branch goes; false: a branch that is not taken. */
static bool strict_target(const struct hart *h, const struct insn *insn, u64 pc, u64 *target)
{
	const u64 a = h->x[insn->rs1], b = h->x[insn->rs2];
	bool taken = true;

	*target = pc + (u64)(s64)insn->imm;
	switch (insn->id) {
	case INSN_JALR:
		*target = (a + (u64)(s64)insn->imm) & ~1ull;
		break;
	case INSN_BEQ:
		taken = a == b;
		break;
	case INSN_BNE:
		taken = a != b;
		break;
	case INSN_BLT:
		taken = (s64)a < (s64)b;
		break;
	case INSN_BGE:
		taken = (s64)a >= (s64)b;
		break;
	case INSN_BLTU:
		taken = a < b;
		break;
	case INSN_BGEU:
		taken = a >= b;
		break;
	}
	return taken;
}

/* Where the jump at u and h->pc leads goes to h->slow.value; the result is as strict_target()'s. */
static __attribute__((noinline)) bool strict_decode(struct hart *h, const struct uop *u)
{
	u64 pa = block_of_link(link_of(u))->pa + u->off * 2;
	struct insn insn;
	u32 raw;

	memcpy(&raw, bus_ram(h->mmu.bus, pa, sizeof(raw)), sizeof(raw));
	insn = insn_decode(h->decoder, raw);
	return strict_target(h, &insn, h->pc, &h->slow.value);
}

/* Without C a target must be a multiple of 4; the trap is the jump's own, before rd is written. Branches write no rd:
 * theirs is rs2, so what is written must be told apart by the operation's kind. */
static u32 strict_jump(ARGS, bool writes_rd)
{
	sync(h, u, budget, pc);
	if (!strict_decode(h, u))
		return complete_block(h, 4);
	if (h->slow.value & 3)
		return exception(h, EXC_FETCH_MISALIGNED, h->slow.value);
	if (writes_rd)
		h->x[u->rd] = h->pc + 4;
	h->pc = h->slow.value;
	h->count++;
	return resume(h);
}

u32 op_strict_jump(ARGS)
{
	return strict_jump(h, u, budget, pc, true);
}

u32 op_strict_branch(ARGS)
{
	return strict_jump(h, u, budget, pc, false);
}

/* --- CSRs --- */

/* CSR numbers whose writes may change what is fetched: the block ends there. */
static bool csr_ends_block(u32 number)
{
	return number == CSR_SATP || number == CSR_MENVCFG ||
	       (number >= CSR_PMPCFG0 && number < CSR_PMPADDR0 + PMP_ENTRIES);
}

static always_inline u32 csr_insn(ARGS, enum csr_op op, u64 operand, bool reads, bool writes)
{
	sync(h, u, budget, pc);
	if (!csr_access(h, (u32)u->imm, op, operand, reads, writes, &h->slow.value))
		return illegal(h);
	if (reads)
		h->x[u->rd] = h->slow.value;
	if (unlikely(writes && csr_ends_block((u32)u->imm)))
		return complete_block(h, 4);
	return complete(h, u, budget, pc);
}

/* A destination of x0 is u->rd == 32; a source of x0, or an immediate of 0, writes nothing with csrrs and csrrc. */
OP(op_CSRRW)
{
	return csr_insn(h, u, budget, pc, CSR_WRITE, h->x[u->rs1], u->rd != 32, true);
}

OP(op_CSRRS)
{
	return csr_insn(h, u, budget, pc, CSR_SET, h->x[u->rs1], true, u->rs1 != 0);
}

OP(op_CSRRC)
{
	return csr_insn(h, u, budget, pc, CSR_CLEAR, h->x[u->rs1], true, u->rs1 != 0);
}

OP(op_CSRRWI)
{
	return csr_insn(h, u, budget, pc, CSR_WRITE, u->rs1, u->rd != 32, true);
}

OP(op_CSRRSI)
{
	return csr_insn(h, u, budget, pc, CSR_SET, u->rs1, true, u->rs1 != 0);
}

OP(op_CSRRCI)
{
	return csr_insn(h, u, budget, pc, CSR_CLEAR, u->rs1, true, u->rs1 != 0);
}

/* --- traps, returns, waiting --- */

OP(op_ILLEGAL)
{
	sync(h, u, budget, pc);
	return exception(h, EXC_ILLEGAL, (u32)u->imm);
}

OP(op_ECALL)
{
	sync(h, u, budget, pc);
	return exception(h, EXC_ECALL_U + h->priv, 0);
}

OP(op_EBREAK)
{
	sync(h, u, budget, pc);
	return exception(h, EXC_BREAKPOINT, h->pc);
}

OP(op_MRET)
{
	sync(h, u, budget, pc);
	if (!trap_mret(h))
		return illegal(h);
	return complete_block(h, 0);
}

OP(op_SRET)
{
	sync(h, u, budget, pc);
	if (!trap_sret(h))
		return illegal(h);
	return complete_block(h, 0);
}

/* "Wait for Interrupt": goes on at once if one is pending; illegal in U mode where there is S, and in S mode under TW.
 */
OP(op_WFI)
{
	sync(h, u, budget, pc);
	if ((h->priv == PRIV_U && isa_has(h->isa, EXT_S)) || (h->priv != PRIV_M && h->csr.mstatus & MSTATUS_TW))
		return illegal(h);
	h->pc += 4;
	h->count++;
	if (hart_mip(h) & h->csr.mie)
		return resume(h);
	h->waiting = true;
	return ENGINE_WAIT;
}

/* The hart spins: its turn ends, so that who it waits for can go on. */
static u32 yield(ARGS)
{
	sync(h, u, budget, pc);
	h->pc += 4;
	h->count++;
	return ENGINE_YIELD;
}

OP(op_PAUSE)
{
	return yield(h, u, budget, pc);
}

/* "Wait-on-Reservation-Set": without a reservation they do not wait at all. */
OP(op_WRS_STO)
{
	if (!h->reserved)
		NEXT();
	return yield(h, u, budget, pc);
}

OP(op_WRS_NTO)
{
	if (h->priv != PRIV_M && h->csr.mstatus & MSTATUS_TW) {
		sync(h, u, budget, pc);
		return illegal(h);
	}
	return op_WRS_STO(h, u, budget, pc);
}

/* --- fences --- */

/* Harts take turns and stores are seen at once, so there is nothing to order; code is watched, so fence.i has nothing
 * to do. */
#define NOTHING(id)                                                                                                    \
	OP(op_##id)                                                                                                    \
	{                                                                                                              \
		NEXT();                                                                                                \
	}

NOTHING(FENCE)
NOTHING(FENCE_TSO)
NOTHING(FENCE_I)
NOTHING(PREFETCH_I)
NOTHING(PREFETCH_R)
NOTHING(PREFETCH_W)
NOTHING(NTL_P1)
NOTHING(NTL_PALL)
NOTHING(NTL_S1)
NOTHING(NTL_ALL)

/* What follows is fetched anew, so that the check sees what the hart runs from now on. */
u32 op_fence_i_seen(ARGS)
{
	sync(h, u, budget, pc);
	check_fence_i(h->mmu.check, &h->mmu);
	return complete_block(h, 4);
}

static u32 translation_fence(ARGS)
{
	sync(h, u, budget, pc);
	if (h->priv == PRIV_U || (h->priv == PRIV_S && h->csr.mstatus & MSTATUS_TVM))
		return illegal(h);
	mmu_fence(&h->mmu, u->rs1 != 0, h->x[u->rs1], u->rs2 != 0, h->x[u->rs2]);
	return complete_block(h, 4);
}

OP(op_SFENCE_VMA)
{
	return translation_fence(h, u, budget, pc);
}

OP(op_SINVAL_VMA)
{
	return translation_fence(h, u, budget, pc);
}

/* Orders what sinval.vma does at once: illegal in U mode, otherwise nothing ("Svinval"). */
static u32 invalidation_order(ARGS)
{
	if (unlikely(h->priv == PRIV_U)) {
		sync(h, u, budget, pc);
		return illegal(h);
	}
	NEXT();
}

OP(op_SFENCE_W_INVAL)
{
	return invalidation_order(h, u, budget, pc);
}

OP(op_SFENCE_INVAL_IR)
{
	return invalidation_order(h, u, budget, pc);
}

/* --- LR, SC, AMOCAS --- */

/* The `size` bytes at host as a register has them. */
static u64 read_atomic(const u8 *host, u32 size)
{
	u64 value = 0;

	memcpy(&value, host, size);
	return size == 4 ? alu_w(value) : value;
}

/* Stores the low bytes of value where mmu_atomic() has just been. */
static void write_atomic(struct hart *h, u64 va, u8 *host, u32 size, u64 value)
{
	memcpy(host, &value, size);
	mmu_atomic_stored(&h->mmu, va, h->slow.pa, size, size == 4 ? (u32)value : value);
}

static u32 load_reserved(ARGS, u32 size)
{
	u8 *host;

	sync(h, u, budget, pc);
	host = mmu_atomic(&h->mmu, h->x[u->rs1], size, ATOMIC_LR, &h->slow.pa);
	if (!host)
		return fault(h);
	h->x[u->rd] = read_atomic(host, size);
	h->reserved = true;
	h->reserved_pa = h->slow.pa;
	h->reserved_size = size;
	return complete(h, u, budget, pc);
}

/* Another hart's turn takes the reservation away (emu/run.c), so holding it means that nobody else has stored. */
static u32 store_conditional(ARGS, u32 size)
{
	const u64 va = h->x[u->rs1];
	bool failed;
	u8 *host;

	sync(h, u, budget, pc);
	host = mmu_atomic(&h->mmu, va, size, ATOMIC_SC, &h->slow.pa);
	if (!host)
		return fault(h);
	failed = !h->reserved || h->reserved_pa != h->slow.pa || h->reserved_size != size;
	h->reserved = false;
	if (!failed)
		write_atomic(h, va, host, size, h->x[u->rs2]);
	h->x[u->rd] = failed;
	return complete(h, u, budget, pc);
}

OP(op_LR_W)
{
	return load_reserved(h, u, budget, pc, 4);
}

OP(op_LR_D)
{
	return load_reserved(h, u, budget, pc, 8);
}

OP(op_SC_W)
{
	return store_conditional(h, u, budget, pc, 4);
}

OP(op_SC_D)
{
	return store_conditional(h, u, budget, pc, 8);
}

/* Compares with rd, stores rs2 if equal, and leaves what was there in rd. */
static u32 compare_and_swap(ARGS, u32 size)
{
	const u64 va = h->x[u->rs1], desired = h->x[u->rs2];
	const u64 expected = u->rd == 32 ? 0 : h->x[u->rd];
	u64 old;
	u8 *host;

	sync(h, u, budget, pc);
	host = mmu_atomic(&h->mmu, va, size, ATOMIC_AMO, &h->slow.pa);
	if (!host)
		return fault(h);
	old = read_atomic(host, size);
	if (old == (size == 4 ? alu_w(expected) : expected))
		write_atomic(h, va, host, size, desired);
	h->x[u->rd] = old;
	return complete(h, u, budget, pc);
}

OP(op_AMOCAS_W)
{
	return compare_and_swap(h, u, budget, pc, 4);
}

OP(op_AMOCAS_D)
{
	return compare_and_swap(h, u, budget, pc, 8);
}

/* Registers go in pairs, the even one holding the low half; the pair of x0 reads as zero and is not written. */
static __attribute__((noinline)) void compare_and_swap_pair(struct hart *h, const struct uop *u, u8 *host)
{
	u64 old[2], expected[2] = { 0, 0 }, desired[2] = { 0, 0 };

	if (u->rd != 32)
		memcpy(expected, &h->x[u->rd], sizeof(expected));
	if (u->rs2 != 0)
		memcpy(desired, &h->x[u->rs2], sizeof(desired));
	memcpy(old, host, sizeof(old));
	if (memcmp(old, expected, sizeof(old)) == 0) {
		memcpy(host, desired, sizeof(desired));
		mmu_atomic_stored(&h->mmu, h->x[u->rs1], h->slow.pa, 16, desired[0]);
	}
	if (u->rd != 32)
		memcpy(&h->x[u->rd], old, sizeof(old));
}

OP(op_AMOCAS_Q)
{
	u8 *host;

	sync(h, u, budget, pc);
	host = mmu_atomic(&h->mmu, h->x[u->rs1], 16, ATOMIC_AMO, &h->slow.pa);
	if (!host)
		return fault(h);
	compare_and_swap_pair(h, u, host);
	return complete(h, u, budget, pc);
}

/* --- cache blocks: "Cache Management Operations", with menvcfg and senvcfg deciding who may --- */

static bool envcfg_allows(const struct hart *h, u64 field)
{
	if (h->priv == PRIV_M)
		return true;
	if (!(h->csr.menvcfg & field))
		return false;
	return h->priv == PRIV_S || !isa_has(h->isa, EXT_S) || (h->csr.senvcfg & field);
}

static always_inline u32 cache_block(ARGS, u64 field, bool zero)
{
	sync(h, u, budget, pc);
	if (!envcfg_allows(h, field))
		return illegal(h);
	if (!mmu_cbo(&h->mmu, h->x[u->rs1], zero))
		return fault(h);
	return complete(h, u, budget, pc);
}

OP(op_CBO_INVAL)
{
	return cache_block(h, u, budget, pc, ENVCFG_CBIE, false);
}

OP(op_CBO_CLEAN)
{
	return cache_block(h, u, budget, pc, ENVCFG_CBCFE, false);
}

OP(op_CBO_FLUSH)
{
	return cache_block(h, u, budget, pc, ENVCFG_CBCFE, false);
}

OP(op_CBO_ZERO)
{
	return cache_block(h, u, budget, pc, ENVCFG_CBZE, true);
}

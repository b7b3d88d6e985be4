/*
 * Names: privileged manual, tables "Machine cause (mcause) register values after trap" and "Encoding of privilege
 * levels".
 */
#include "emu/names.h"

#include "mmu/mmu.h"
#include "mmu/walk.h"

#define INTERRUPT BIT(63)

static const char *const exceptions[] = {
	[0] = "instruction address misaligned",
	[1] = "instruction access fault",
	[2] = "illegal instruction",
	[3] = "breakpoint",
	[4] = "load address misaligned",
	[5] = "load access fault",
	[6] = "store/AMO address misaligned",
	[7] = "store/AMO access fault",
	[8] = "environment call from U mode",
	[9] = "environment call from S mode",
	[11] = "environment call from M mode",
	[12] = "instruction page fault",
	[13] = "load page fault",
	[15] = "store/AMO page fault",
};

static const char *const interrupts[] = {
	[1] = "supervisor software interrupt", [3] = "machine software interrupt",
	[5] = "supervisor timer interrupt",    [7] = "machine timer interrupt",
	[9] = "supervisor external interrupt", [11] = "machine external interrupt",
	[13] = "counter-overflow interrupt",
};

const char *cause_name(u64 cause)
{
	u64 code = cause & ~INTERRUPT;
	const char *name = NULL;
	if (cause & INTERRUPT)
		name = code < ARRAY_SIZE(interrupts) ? interrupts[code] : NULL;
	else
		name = code < ARRAY_SIZE(exceptions) ? exceptions[code] : NULL;
	if (name)
		return name;
	return cause & INTERRUPT ? "reserved interrupt" : "reserved exception";
}

char priv_letter(u32 priv)
{
	return priv <= PRIV_M ? "US?M"[priv] : '?';
}

const char *access_name(u32 access)
{
	static const char *const names[] = { "fetch", "load", "store" };
	return access < ARRAY_SIZE(names) ? names[access] : "?";
}

const char *reason_name(u32 reason)
{
	static const char *const names[WALK_REASONS] = {
		[WALK_OK] = "ok",
		[WALK_NON_CANONICAL] = "non_canonical",
		[WALK_INVALID] = "invalid",
		[WALK_W_WITHOUT_R] = "w_without_r",
		[WALK_RESERVED_BITS] = "reserved_bits",
		[WALK_POINTER_FLAGS] = "pointer_flags",
		[WALK_NO_LEAF] = "no_leaf",
		[WALK_MISALIGNED] = "misaligned",
		[WALK_BAD_NAPOT] = "bad_napot",
		[WALK_NO_READ] = "no_read",
		[WALK_NO_WRITE] = "no_write",
		[WALK_NO_EXEC] = "no_exec",
		[WALK_USER_NO_SUM] = "user_no_sum",
		[WALK_USER_FETCH_IN_S] = "user_fetch_in_s",
		[WALK_SUPERVISOR_IN_U] = "supervisor_in_u",
		[WALK_ACCESSED_CLEAR] = "accessed_clear",
		[WALK_DIRTY_CLEAR] = "dirty_clear",
		[WALK_PTE_PMP] = "pte_pmp",
		[WALK_PTE_BUS] = "pte_bus",
		[WALK_LEAF_PMP] = "leaf_pmp",
		[WALK_LEAF_BUS] = "leaf_bus",
	};
	return reason < ARRAY_SIZE(names) ? names[reason] : "?";
}

const char *source_name(u32 source)
{
	static const char *const names[WALK_SOURCES] = {
		[WALK_FROM_MEMORY] = "memory",
		[WALK_FROM_WALK_CACHE] = "walk_cache",
		[WALK_FROM_L1] = "l1",
		[WALK_FROM_L2] = "l2",
	};
	return source < ARRAY_SIZE(names) ? names[source] : "?";
}

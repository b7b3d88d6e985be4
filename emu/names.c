/*
 * Names: privileged manual, tables "Machine cause (mcause) register values after trap" and "Encoding of privilege
 * levels".
 */
#include "emu/names.h"

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

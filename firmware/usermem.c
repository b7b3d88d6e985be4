/*
 * Accesses on behalf of the mode below: see usermem.h.
 *
 * While mstatus.MPRV is set, loads and stores act as if made in mode MPP. It is set for one instruction at a time. A
 * fault leaves MPP changed, so mstatus is written anew, from what the lower mode had, before each of them.
 */
#include "firmware/usermem.h"

#include "firmware/guard.h"
#include "firmware/hart.h"

#define PAGE_SIZE 4096ul

static bool note_fault(struct fault *fault)
{
	fault->cause = csr_read(CSR_MCAUSE);
	fault->tval = csr_read(CSR_MTVAL);
	return false;
}

/* `instruction` with value in %2, address in %3, under mstatus %4; then plain mstatus (%5) again. */
#define ACCESS(instruction, mstatus)                                                                                   \
	({                                                                                                             \
		u64 failed_ = 1, vector_;                                                                              \
		__asm__ volatile(GUARDED("csrw mstatus, %4\n\t" instruction) "\n\tcsrc mstatus, %5"                    \
		                 : "+&r"(failed_), "=&r"(vector_), "+&r"(value)                                        \
		                 : "r"(va), "r"((u64)(mstatus)), "r"(MSTATUS_MPRV)                                     \
		                 : "memory");                                                                          \
		!failed_;                                                                                              \
	})

static bool load_byte(u64 mstatus, u64 va, u64 *byte, struct fault *fault)
{
	u64 value = 0;
	if (!ACCESS("lbu %2, (%3)", mstatus))
		return note_fault(fault);
	*byte = value;
	return true;
}

static bool store_byte(u64 mstatus, u64 va, u64 value, struct fault *fault)
{
	return ACCESS("sb %2, (%3)", mstatus) || note_fault(fault);
}

/* Would a store into the word at va be allowed? An OR with 0 is a store in all but effect. */
static bool try_store(u64 mstatus, u64 va, struct fault *fault)
{
	u64 value = 0;
	return ACCESS("amoor.w %2, zero, (%3)", mstatus) || note_fault(fault);
}

bool user_load(const struct hart *hart, u64 va, u32 size, u64 *value, struct fault *fault)
{
	u64 mstatus = hart->mstatus | MSTATUS_MPRV, byte;

	*value = 0;
	for (u32 i = 0; i < size; i++) {
		if (!load_byte(mstatus, va + i, &byte, fault))
			return false;
		*value |= byte << (8 * i);
	}
	return true;
}

bool user_store(const struct hart *hart, u64 va, u32 size, u64 value, struct fault *fault)
{
	u64 mstatus = hart->mstatus | MSTATUS_MPRV;
	u64 page = (va + size - 1) & -PAGE_SIZE; /* the one the last byte lies in */

	if (page != (va & -PAGE_SIZE)) {
		if (!try_store(mstatus, va & -4ul, fault)) {
			fault->tval = va;
			return false;
		}
		if (!try_store(mstatus, page, fault))
			return false;
	}
	for (u32 i = 0; i < size; i++)
		if (!store_byte(mstatus, va + i, value >> (8 * i), fault))
			return false;
	return true;
}

/* Code may be executable and not readable: MXR lets it be read. */
static bool load_parcel(const struct hart *hart, u64 va, u64 *parcel, struct fault *fault)
{
	u64 value = 0;
	if (ACCESS("lhu %2, (%3)", hart->mstatus | MSTATUS_MPRV | MSTATUS_MXR)) {
		*parcel = value;
		return true;
	}
	note_fault(fault);
	if (fault->cause == CAUSE_LOAD_PAGE)
		fault->cause = CAUSE_FETCH_PAGE;
	else if (fault->cause == CAUSE_LOAD_ACCESS)
		fault->cause = CAUSE_FETCH_ACCESS;
	return false;
}

bool user_load_insn(const struct hart *hart, u64 va, u32 *insn, struct fault *fault)
{
	u64 low, high = 0;

	if (!load_parcel(hart, va, &low, fault))
		return false;
	if ((low & 3) == 3 && !load_parcel(hart, va + 2, &high, fault))
		return false;
	*insn = (u32)(high << 16 | low);
	return true;
}

bool physical_load(u64 pa, u8 *byte)
{
	u64 va = pa, value = 0;
	bool ok = ACCESS("lbu %2, (%3)", csr_read(CSR_MSTATUS));
	*byte = (u8)value;
	return ok;
}

bool physical_store(u64 pa, u8 byte)
{
	u64 va = pa, value = byte;
	return ACCESS("sb %2, (%3)", csr_read(CSR_MSTATUS));
}

/*
 * Memory as the mode below sees it: through its page tables, with its rights (mstatus.MPRV). Always little-endian.
 */
#ifndef FIRMWARE_USERMEM_H
#define FIRMWARE_USERMEM_H

#include "firmware/base.h"

struct hart;

/* What a lower mode's access ended in. */
struct fault {
	u64 cause; /* mcause */
	u64 tval;  /* the address at fault */
};

/* Loads size bytes (1 to 8) from va, one by one; false: *fault says why, and *value is open. */
bool user_load(const struct hart *hart, u64 va, u32 size, u64 *value, struct fault *fault);

/* Stores size bytes (1 to 8) to va, one by one, all or none of them; false: *fault says why. */
bool user_store(const struct hart *hart, u64 va, u32 size, u64 value, struct fault *fault);

/* Loads the instruction at va, which the lower mode was about to execute; a compressed one has 16 bits. */
bool user_load_insn(const struct hart *hart, u64 va, u32 *insn, struct fault *fault);

/* A byte of physical memory, in case there is none after all. */
bool physical_load(u64 pa, u8 *byte);
bool physical_store(u64 pa, u8 byte);

#endif

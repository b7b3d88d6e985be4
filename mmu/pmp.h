/*
 * Physical memory protection: privileged manual, "Physical Memory Protection". 64 entries, all address modes, locking,
 * grain of 4 bytes (G = 0). Pure: registers in, verdict out; the CSR numbers are cpu/csr.c's business.
 */
#ifndef RVEMU_MMU_PMP_H
#define RVEMU_MMU_PMP_H

#include "mmu/walk.h"

struct state;

#define PMP_ENTRIES 64
#define PMP_R BIT(0)
#define PMP_W BIT(1)
#define PMP_X BIT(2)
#define PMP_A_SHIFT 3
#define PMP_L BIT(7)

struct pmp {
	u8 cfg[PMP_ENTRIES];   /* pmpNcfg as the guest reads it */
	u64 addr[PMP_ENTRIES]; /* pmpaddrN as the guest reads it: address bits 55..2 */
	u64 lo[PMP_ENTRIES];   /* entry N matches bytes lo..hi, inclusive ... */
	u64 hi[PMP_ENTRIES];   /* ... if it is active; lo > hi otherwise */
	u32 active_end;        /* 1 + the highest entry whose A field is not OFF: scans stop there */
};

void pmp_reset(struct pmp *pmp);

/* pmpcfgN as RV64 has it: eight entries from index `first` (a multiple of 8), as one value. */
u64 pmp_read_cfg(const struct pmp *pmp, u32 first);

/* Writes are WARL: locked entries keep their value, R=0 W=1 is reserved and leaves the entry's old permissions,
 * reserved bits read 0. Returns true if what any access may do can have changed. */
bool pmp_write_cfg(struct pmp *pmp, u32 first, u64 value);
bool pmp_write_addr(struct pmp *pmp, u32 index, u64 value);

/* May this access of `size` bytes at pa happen in this privilege mode? `access` ACCESS_STORE needs W only. */
bool pmp_allows(const struct pmp *pmp, u64 pa, u64 size, enum access access, enum priv priv);

/* PMP_R|PMP_W|PMP_X as they hold for every access within the range [pa, pa + size), or -1 if the entry that decides has
 * an edge inside it: an access across an edge fails whatever the permissions on its two sides. */
int pmp_range_rights(const struct pmp *pmp, u64 pa, u64 size, enum priv priv);

/* Saves or restores the registers. What they never hold fails. */
void pmp_state(struct state *s, struct pmp *pmp);

#endif

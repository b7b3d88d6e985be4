/*
 * Looking for the guest's mistakes with virtual memory: `--check`.
 *
 * One object for a machine, which all its harts' MMUs ask. While it is there,
 *  - the granules that hold PTEs read by walks are watched (bus_region.watch_map): a store to one goes the slow way, is
 * noted with its pc, and ends the fast entries made from it, in all harts; so are granules of code that was run;
 *  - every hit in the TLB that reaches mmu_translate() is compared with a walk of memory. As fast entries are ended by
 *    such stores, by fences and by writes of satp, nothing stale is used unseen, and the rest runs at full speed;
 *  - every walk and fill is looked at for what must not be in a page table.
 * Not there (struct mmu.check is NULL) it costs nothing.
 *
 * When is a translation used too late? On the hart that changed the PTE: at once. On another one, the hart that changed
 * it must be given the time to tell the others: what it does in the kernel before it goes back to a less privileged
 * mode (or 4 million instructions) is the window in which the old translation may still be used. A program
 * that changes code has until it comes back from its next system call.
 *
 * What is found is told once a place. A report names the two facts that disagree, the instruction that uses the one,
 * the store that made the other, and what is missing between them.
 */
#ifndef RVEMU_MMU_CHECK_H
#define RVEMU_MMU_CHECK_H

#include "mmu/mmu.h"

/* What is looked for. Names for --check=LIST are check_kind_name()'s. */
enum check_kind {
	CHECK_STALE,    /* stale: a translation was used that the page tables no longer give */
	CHECK_FENCE_I,  /* fencei: code ran that had been changed, without fence.i on this hart since */
	CHECK_TABLES,   /* tables: U mode can reach a page table that translates for it */
	CHECK_PBMT,     /* pbmt: one frame mapped with two memory types */
	CHECK_RESERVED, /* reserved: a PTE with bits set that must be zero, or an encoding that is reserved */
	CHECK_LOOP,     /* loop: traps without progress */
	CHECK_WX,       /* wx: a page that may be both written and executed */
	CHECK_INVALID, /* invalid: a PTE made valid, or wider, was used without a fence since it was last seen narrower:
	                  hardware may remember the old one and fault */
	CHECK_KINDS,
};

/* What --check looks for unless told otherwise: what is wrong by the manual. WX is a matter of policy, and INVALID of
 * how a kernel treats spurious faults; --check=all has them too. */
#define CHECK_DEFAULT ((1u << CHECK_WX) - 1)
#define CHECK_ALL ((1u << CHECK_KINDS) - 1)

const char *check_kind_name(enum check_kind kind);

/* Who did it. */
enum check_by {
	CHECK_BY_STORE,  /* an instruction's store */
	CHECK_BY_WALKER, /* a walk that set A or D, on behalf of the instruction */
	CHECK_BY_SATP,   /* a write of satp */
	CHECK_BY_DEVICE, /* a device (DMA), or a debugger: no instruction, only `known` and `by` mean something */
};

/* Where something was done. */
struct check_place {
	bool known;  /* the rest means something */
	u8 by;       /* enum check_by */
	u64 pc;      /* of the instruction */
	u64 instret; /* instructions the hart had retired before it */
	u32 hart;    /* hart id */
	u8 priv;     /* its mode */
};

/* One finding. */
struct check_report {
	enum check_kind kind;
	struct check_place use;     /* who used the stale translation, ran the code, filled the entry */
	struct check_place culprit; /* the store that changed the PTE or the code; not known: before watching began */
	u64 va;                     /* the address used */
	u8 access;                  /* enum access of the use */
	u16 asid;                   /* address space of the use */
	u64 pte_addr;               /* physical address of the PTE in question; 0: none */
	u8 level;                   /* level of that PTE */
	u64 had, has;       /* the PTE as the TLB has it, and as memory has it (tables, pbmt: the two PTEs; fencei: the
	                       4 bytes of code, before and now) */
	u64 pa_had, pa_has; /* where the one leads, and the other (0: nowhere) */
	u64 satp_had, satp_has; /* stale because the root changed under the same ASID: the two; otherwise equal */
	u32 reason;             /* enum walk_reason of the walk now */
	u64 cause, times;       /* loop: the trap's cause, and how often it came (tval is `va`) */
	const char *missing;    /* what is missing, in words: "sfence.vma va 0x1000, asid 3 (or wider) on hart 1"; "":
	                           nothing */
};

struct mmu_check;

/* `report` is called once a place for each finding. kinds: 1 << enum check_kind. Puts a watch_map into the RAM regions
 * of the bus and itself into bus.watched_written; harts are added afterwards. */
struct mmu_check *check_create(struct bus *bus, u32 kinds, void (*report)(void *arg, const struct check_report *report),
                               void *arg);

/* Frees it. Neither the bus nor any MMU that it was given may be used afterwards. */
void check_destroy(struct mmu_check *check);

/* Has this MMU looked after: sets m->check. Before its hart has run; a hart's trace must tell check_trap(). */
void check_add(struct mmu_check *check, struct mmu *m);

/* Takes over what `old` has counted and told: the guest started again on a new machine. */
void check_inherit(struct mmu_check *check, const struct mmu_check *old);

/* Findings of a kind so far, each time it happened; and places, each counted once. */
u64 check_count(const struct mmu_check *check, enum check_kind kind);
u64 check_places(const struct mmu_check *check, enum check_kind kind);

/* --- for the MMU and the hart --- */

/* A TLB hit is about to be used (entry allows the access, or is denied and kept). */
void check_hit(struct mmu_check *check, struct mmu *m, const struct walk_request *req, const struct tlb_entry *e);
/* A walk is over; its PTEs are watched from now on. */
void check_walked(struct mmu_check *check, struct mmu *m, const struct walk_request *req, const struct walk_result *r);
/* Was what the last of these two saw right for all accesses to the page? Otherwise no fast entry may be made of it. */
bool check_is_exact(const struct mmu_check *check);
/* A fence on this hart; a write of satp. */
void check_fenced(struct mmu_check *check, struct mmu *m, bool by_va, u64 va, bool by_asid, u16 asid);
void check_satp(struct mmu_check *check, struct mmu *m, u64 old_satp);
/* Between these two, what is written to memory is this hart's doing; otherwise a device's. */
void check_storing(struct mmu_check *check, struct mmu *m, enum check_by by);
void check_stored(struct mmu_check *check);
/* fence.i on this hart; it is about to run `size` bytes of code at pa, which lie in one page. */
void check_fence_i(struct mmu_check *check, struct mmu *m);
void check_code_run(struct mmu_check *check, struct mmu *m, u64 va, u64 pa, u64 size);
/* A hart took a trap, or returned from one: fits TRACE_TRAP. */
void check_trap(struct mmu_check *check, const struct trace_trap *event);
/* The hart traps again and again without progress. */
void check_loop(struct mmu_check *check, struct mmu *m, u64 pc, u64 cause, u64 tval);

#endif

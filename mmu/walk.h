/*
 * The page-table walker: privileged manual, "Virtual Address Translation Process" (Sv39; Sv48 and Sv57 by the same
 * code).
 *
 * Pure: from a request and a port for PTE reads to a result, either a leaf or the exact rule that was broken. It knows
 * no TLB, no hart and no trap; mmu/translate.c joins them. Labels in walk.c are the manual's step numbers.
 */
#ifndef RVEMU_MMU_WALK_H
#define RVEMU_MMU_WALK_H

#include "emu/base/base.h"

/* PTE bits: privileged manual, figure "Sv39 page table entry". */
#define PTE_V BIT(0)
#define PTE_R BIT(1)
#define PTE_W BIT(2)
#define PTE_X BIT(3)
#define PTE_U BIT(4)
#define PTE_G BIT(5)
#define PTE_A BIT(6)
#define PTE_D BIT(7)
#define PTE_PPN_SHIFT 10
#define PTE_PPN_BITS 44
#define PTE_PBMT_SHIFT 61
#define PTE_N BIT(63)

#define WALK_LEVELS_MAX 5

/* Stores include SC and AMOs, and every access that needs write permission. */
enum access { ACCESS_FETCH, ACCESS_LOAD, ACCESS_STORE };

/* Privilege modes as the manual numbers them. */
enum priv { PRIV_U = 0, PRIV_S = 1, PRIV_M = 3 };

/* Why a translation failed, one name a rule. The cause reported to the guest is derived by walk_cause(). */
enum walk_reason {
	WALK_OK,
	WALK_NON_CANONICAL,   /* address bits above the translated ones are not copies of the top one */
	WALK_INVALID,         /* V=0 */
	WALK_W_WITHOUT_R,     /* R=0 and W=1 */
	WALK_RESERVED_BITS,   /* bits 60..54 set, or N/PBMT set without the extension, or PBMT=3 */
	WALK_POINTER_FLAGS,   /* pointer PTE with A, D, U, PBMT or N set */
	WALK_NO_LEAF,         /* pointer PTE at level 0 */
	WALK_MISALIGNED,      /* superpage whose low PPN bits are not zero */
	WALK_BAD_NAPOT,       /* N=1 with a reserved PPN pattern or above level 0 */
	WALK_NO_READ,         /* R=0 (and not MXR with X=1) on a load */
	WALK_NO_WRITE,        /* W=0 on a store */
	WALK_NO_EXEC,         /* X=0 on a fetch */
	WALK_USER_NO_SUM,     /* U page touched in S mode with SUM=0 */
	WALK_USER_FETCH_IN_S, /* U page fetched in S mode, SUM or not */
	WALK_SUPERVISOR_IN_U, /* U=0 page touched in U mode */
	WALK_ACCESSED_CLEAR,  /* A=0 and hardware does not set it */
	WALK_DIRTY_CLEAR,     /* D=0 on a store and hardware does not set it */
	WALK_PTE_PMP,         /* PMP denies the walker's own access */
	WALK_PTE_BUS,         /* nothing (or no RAM) where the PTE should be */
	WALK_LEAF_PMP,        /* translation worked, PMP denies the access itself (set by access.c) */
	WALK_LEAF_BUS,        /* translation worked, nothing answers there (set by access.c) */
	WALK_REASONS,
};

struct walk_request {
	u64 va;           /* virtual address of the access's first byte in this page */
	u64 root;         /* physical address of the root page table */
	u8 levels;        /* 3 Sv39, 4 Sv48, 5 Sv57 */
	u8 access;        /* enum access */
	u8 priv;          /* effective privilege, PRIV_U or PRIV_S */
	bool sum, mxr;    /* mstatus.SUM, mstatus.MXR */
	bool ad_update;   /* hardware sets A and D; otherwise A=0 or D=0 is a page fault */
	bool has_svnapot; /* N is defined */
	bool has_svpbmt;  /* PBMT is defined and enabled (menvcfg.PBMTE) */
};

/* How the walker reaches memory. Both return WALK_OK, WALK_PTE_PMP or WALK_PTE_BUS. */
struct walk_port {
	/* Reads the 8-byte PTE at pte_addr; may answer pointer PTEs from a walk cache. It may set `source` and `cycles`
	 * of the step it is part of, which is result->steps[result->step_count]. */
	enum walk_reason (*load)(void *arg, u32 level, u64 pte_addr, u64 *pte);
	/* Atomically: if memory at pte_addr equals *expected, writes `desired` and sets *done; otherwise *done is
	 * false. */
	enum walk_reason (*cas)(void *arg, u64 pte_addr, u64 expected, u64 desired, bool *done);
	void *arg;
};

struct walk_step {
	u64 pte_addr; /* physical address of the PTE */
	u64 pte;      /* its value as read (0 if the read failed) */
	u8 level;     /* levels-1 .. 0 */
	u8 source;    /* where it was found; filled in by the port's owner: see mmu/mmu.h */
	u16 cycles;   /* what it cost, likewise */
};

struct walk_result {
	enum walk_reason reason; /* WALK_OK: the fields below are a translation */
	u8 level;                /* level of the leaf, or of the PTE that failed */
	u8 size_log2;            /* bytes mapped: 12, 21, 30, ... or 16 for NAPOT */
	u8 pbmt;                 /* 0 PMA, 1 NC, 2 IO */
	bool ad_updated;         /* the walk set A or D in memory */
	bool global;             /* G at the leaf or at a pointer above it */
	u8 step_count;           /* steps made */
	u64 pa;                  /* physical address for the request's va */
	u64 pte;                 /* the leaf PTE (after an A/D update), or the PTE that failed */
	struct walk_step steps[WALK_LEVELS_MAX];
};

/* Walks. `result` is filled in either way; result->reason says which. An A/D update that loses a race reads that PTE
 * again (the manual's "return to step 2"), so the port's load must then answer what memory holds. */
void walk(const struct walk_request *req, const struct walk_port *port, struct walk_result *result);

/* Steps 6 to 9 for a leaf PTE alone: is this access allowed? Also used on TLB hits, so that there is one truth; a TLB
 * that keeps failed walks may ask about a PTE with V=0, which is WALK_INVALID. Returns WALK_ACCESSED_CLEAR /
 * WALK_DIRTY_CLEAR even where hardware would update: the caller then walks. */
enum walk_reason walk_check_leaf(u64 pte, const struct walk_request *req);

/* True if va's upper bits are copies of its highest translated bit. levels is 3, 4 or 5. */
bool walk_is_canonical(u64 va, u32 levels);

/* The exception code (privileged manual, table of mcause values) for a reason that is not WALK_OK. */
u32 walk_cause(enum walk_reason reason, enum access access);

/* The reason in a few words, for traces: "V=0", "no leaf at level 0". */
const char *walk_reason_text(enum walk_reason reason);

#endif

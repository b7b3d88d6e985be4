/*
 * The MMU live: what the window and the text interface show of a machine at work. One sink of the event stream, beside
 * the traces' and statistics' own; the frames, processes and counters are those of emu/observe/guest_view.h and
 * stats.h.
 *
 * Nothing here draws. live_collect() writes all that is shown now into a struct live_view: plain data, which another
 * thread may keep for as long as it likes (emu/display/link.h). Collected a few times a second and only while somebody
 * looks, so that a guest at full speed is slowed by little.
 */
#ifndef RVEMU_EMU_OBSERVE_LIVE_H
#define RVEMU_EMU_OBSERVE_LIVE_H

#include "emu/observe/guest_view.h"
#include "mmu/walk.h"

struct machine;
struct control;
struct observers;

#define LIVE_CELLS_MAX 65536 /* cells of the frame map; a larger RAM has several frames a cell */
#define LIVE_SPACES_MAX 64
#define LIVE_TABLES_MAX 600 /* page tables of the space that is shown */
#define LIVE_TLB_MAX 4096   /* entries that are shown */
#define LIVE_TLB_ARRAYS_MAX 12
#define LIVE_WALKS 32    /* the last walks */
#define LIVE_PLOT 240    /* samples of a plot */
#define LIVE_MAPPINGS 32 /* of the frame that was clicked */
#define LIVE_HISTORY 32  /* events of that frame */
#define LIVE_TEXT 160    /* bytes of a sentence, with its 0 */
#define LIVE_VERDICT 512 /* bytes of a walk's verdict, with its 0 */

/* One cell of the frame map: a frame, or 2^group_log2 of them, of which the most telling one is shown. */
struct live_cell {
	u8 kind;  /* enum guest_frame_kind */
	u8 flags; /* enum live_cell_flag */
	u8 age;   /* 0: never seen used; 1: now; n: about 2^(n+8) instructions of all harts ago (A bits, walks) */
	u8 maps;  /* user mappings; 255: that many or more */
	u32 pid; /* whose; 0: nobody's; from GUEST_SPACE_PID on it is ours (a kernel without hints): only to be compared
	          */
};
enum live_cell_flag {
	LIVE_CELL_DIRTY = 1,   /* D is set in a mapping */
	LIVE_CELL_FAULTED = 2, /* a fault was resolved with it, or it was swapped, since the last collection */
	LIVE_CELL_CURRENT = 4, /* the space that is shown maps it, or it is one of its tables */
};

/* One page table of the space that is shown, breadth first: tables[0] is the root. */
struct live_table {
	u64 pa;          /* where it is */
	u64 va;          /* first address that it maps, sign-extended */
	u16 parent;      /* index in tables[] */
	u16 slot;        /* in the parent */
	u8 level;        /* of its entries: 0 has leaves of 4 KiB */
	u16 used;        /* entries with V=1 */
	u8 entries[512]; /* enum live_entry bits */
};
enum live_entry {
	LIVE_ENTRY_NONE = 0,
	LIVE_ENTRY_VALID = 1, /* V */
	LIVE_ENTRY_R = 2,     /* the PTE's flags, in their places */
	LIVE_ENTRY_W = 4,
	LIVE_ENTRY_X = 8,
	LIVE_ENTRY_U = 16,
	LIVE_ENTRY_G = 32,
	LIVE_ENTRY_A = 64,
	LIVE_ENTRY_D = 128,
	/* V=0 and not all zeros (a page that was swapped out, for many kernels) is R alone: no PTE with V has that. */
	LIVE_ENTRY_SOFTWARE = LIVE_ENTRY_R,
	/* V with R, W and X all 0: a pointer to a table. */
};

/* An address space that can be chosen. */
struct live_space {
	u64 satp;                    /* mode, ASID, root */
	u32 pid;                     /* 0: the kernel's own, or not known */
	u64 harts;                   /* bit n: hart n runs in it now */
	char name[GUEST_NAME_BYTES]; /* "" if it has none */
};

/* One entry of the TLB of the hart that is shown. Of a walk cache, which holds pointers by where they were read: va is
 * that place, pa the table pointed to, size_log2 0. */
struct live_tlb_entry {
	u64 va, pa;   /* first byte mapped */
	u64 pte;      /* as it was walked */
	u8 array;     /* index in tlb_arrays[] */
	u16 set, way; /* where */
	u16 asid;
	u8 size_log2; /* bytes mapped */
	u8 age;       /* as struct live_cell's, since it was filled */
	bool global;
	bool is_stale;   /* the PTE in memory says something else now, and no fence was seen since */
	bool is_current; /* it serves the address space that the hart has now */
};
struct live_tlb_array {
	char name[24]; /* "data L1", "L2", "walk cache" */
	u32 sets, ways;
	u32 used; /* entries that hold something, also those that are not shown */
};

/* A page walk that was done. */
struct live_walk {
	u64 number;  /* of all walks, counted from 1 */
	u64 instret; /* instructions the hart had retired */
	u64 va, pa;  /* pa: where it ended, if it did not fail */
	u64 pc;      /* of the instruction */
	u64 satp;    /* mode, ASID, root */
	u64 cycles;  /* 0 without a timing model */
	u32 hart;
	u8 access; /* enum access */
	u8 priv;   /* of the access */
	u8 levels; /* of the mode: 3, 4, 5 */
	u8 step_count;
	u8 size_log2; /* bytes that the leaf maps */
	u8 reason;    /* enum walk_reason: WALK_OK, or the rule that was broken */
	struct {
		u8 level;     /* of the PTE */
		u64 pte_addr; /* where it was read */
		u64 pte;      /* what it said */
	} steps[WALK_LEVELS_MAX];
	char symbol[64]; /* of pc, or "" */
	char process[GUEST_NAME_BYTES];
	char verdict[LIVE_VERDICT]; /* what came of it, in words: one or two sentences */
};

/* What is counted, for numbers and plots. */
enum live_counter {
	LIVE_INSTRET,    /* instructions of all harts */
	LIVE_FAULTS,     /* page and access faults */
	LIVE_WALKS_DONE, /* page walks */
	LIVE_TLB_HITS,   /* where the geometry counts them */
	LIVE_TLB_MISSES,
	LIVE_FENCES,
	LIVE_SWAP_IN, /* pages */
	LIVE_SWAP_OUT,
	LIVE_FRAMES_FREE, /* a level, not a count */
	LIVE_COUNTERS,
};

/* The frame that was clicked. */
struct live_frame {
	u64 pa;
	u8 kind;  /* enum guest_frame_kind */
	u8 flags; /* enum live_cell_flag */
	u32 pid;  /* owner; 0: none known */
	char owner[GUEST_NAME_BYTES];
	u32 mapping_count; /* how many were found; of which LIVE_MAPPINGS are here */
	struct {
		u32 pid;
		u16 asid;
		u64 va, pte_addr, pte;
		u8 size_log2;
	} mappings[LIVE_MAPPINGS];
	u32 history_count;
	struct {
		u64 instret, time_ns;
		char text[80];   /* "allocated: anonymous, for sh (pid 3)" */
	} history[LIVE_HISTORY]; /* the newest first */
};

/* What somebody wants to see. */
struct live_request {
	u64 satp;     /* the space to show; 0: that of the hart */
	u32 hart;     /* whose TLB, registers and current space */
	u64 frame_pa; /* the frame that was clicked; UINT64_MAX: none */
};

/* All that is shown. */
struct live_view {
	u64 number; /* of the collections, counted from 1; 0: it was made by hand */

	/* the machine */
	u64 time_ns; /* guest time */
	u64 ram_base, ram_size;
	u32 hart_count, hart;
	u64 pc, satp;                   /* of the hart */
	u8 priv;                        /* enum priv of the hart */
	bool is_waiting;                /* it waits for an interrupt */
	char symbol[64];                /* of pc, or "" */
	char process[GUEST_NAME_BYTES]; /* who runs on it, or "" */
	u32 pid;
	bool has_hints;    /* the guest tells what its frames are for */
	char tlb_name[16]; /* the preset */

	/* frame map */
	u32 cell_count;
	u8 group_log2;                         /* a cell is 2^group_log2 frames, from ram_base on */
	struct live_cell *cells;               /* LIVE_CELLS_MAX */
	u64 frames_by_kind[GUEST_FRAME_KINDS]; /* how many frames of each */

	/* address spaces, the one used last first, and the tables of the one that is shown */
	u32 space_count;
	struct live_space spaces[LIVE_SPACES_MAX];
	u64 shown_satp;  /* 0: the hart runs bare */
	u8 levels;       /* of it */
	bool tables_cut; /* it has more than LIVE_TABLES_MAX tables */
	u32 table_count;
	struct live_table *tables; /* LIVE_TABLES_MAX */

	/* TLB of the hart */
	u32 tlb_array_count, tlb_count;
	struct live_tlb_array tlb_arrays[LIVE_TLB_ARRAYS_MAX];
	struct live_tlb_entry *tlb; /* LIVE_TLB_MAX */
	u32 stale_count;

	/* walks, the newest first; and the newest that failed */
	u32 walk_count;
	struct live_walk walks[LIVE_WALKS];
	bool has_failed_walk;
	struct live_walk failed_walk;

	/* counters now, a second of host time, and their history: rates a second of host time, of the level itself */
	u64 counters[LIVE_COUNTERS];
	double rates[LIVE_COUNTERS];
	u32 plot_count; /* samples there are, the newest last */
	float plots[LIVE_COUNTERS][LIVE_PLOT];
	double plot_step_s; /* host seconds from one sample to the next */

	bool has_frame; /* a frame was asked for */
	struct live_frame frame;
};

/* Allocates an empty view, and frees it. */
struct live_view *live_view_create(void);
void live_view_destroy(struct live_view *view);

struct live;

/* Watches; `guest` (the model, told of events before this) must live as long. */
struct live *live_create(struct guest_view *guest);
void live_destroy(struct live *live);

/* The machine that is shown; NULL: none any more. */
void live_attach(struct live *live, struct machine *m, const struct observers *observers);

/* The sink: fits struct trace. What it wants now: little while nobody looks (see live_look). */
u32 live_wanted(const struct live *live);
void live_emit(void *live, enum trace_sort sort, const void *event);

/* Somebody looks, or nobody does any more: while nobody looks walks are not wanted. True: live_wanted() changed, and
 * observers_apply() is due. */
bool live_look(struct live *live, bool on);

/* To be called after each collection. Where walks come by the million (a TLB of four entries) they are looked at for a
 * quarter of the time only, lest telling of them slow the guest. True: as live_look(). */
bool live_take_turns(struct live *live, const struct live_view *view);

/* Takes a sample for rates and plots, if one is due: host_ns is the host's clock. To be called now and then. */
void live_sample(struct live *live, u64 host_ns);

/* Writes what is to be seen now into *view. Between two instructions only. */
void live_collect(struct live *live, const struct live_request *request, struct live_view *view);

/* Has `control` paused (PAUSE_STEPPED, before the next instruction) at the next walk or fault, of any hart; once; also
 * while nobody looks at the view. LIVE_STEP_NONE calls it off. True: as live_look(). */
enum live_step { LIVE_STEP_NONE, LIVE_STEP_WALK, LIVE_STEP_FAULT };
bool live_step(struct live *live, struct control *control, enum live_step what);

/* How much a cell has to say, where one must stand for several: what programs have before what kernels have, used
 * lately before long ago. */
u32 live_cell_weight(const struct live_cell *cell);

/* Words for the view: "anonymous", "page table", and a line that explains each. */
const char *live_kind_name(u8 kind);
const char *live_kind_help(u8 kind);
const char *live_counter_name(enum live_counter counter);

#endif

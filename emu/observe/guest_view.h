/*
 * What is known of the guest's processes and frames: a model built from events alone, so that a run at work and a run
 * file that is read back give the same. A kernel that gives hints (cpu/hint.h) is known well: processes by name, who
 * runs where, what each frame is for and who maps it, how faults were resolved, swapping. Of any other kernel it knows
 * address spaces by their satp ("satp 0x80012 asid 3") and the frames that walks showed to be page tables.
 *
 * The guest may send nonsense: tables are bounded, frames outside RAM are counted as bad hints and forgotten.
 *
 * Frames over time: emu/observe/frame_map.h (RUN_FRAMES). Page tables: emu/observe/tables.h (RUN_TABLES).
 */
#ifndef RVEMU_EMU_OBSERVE_GUEST_VIEW_H
#define RVEMU_EMU_OBSERVE_GUEST_VIEW_H

#include "cpu/hint.h"
#include "emu/base/trace.h"

#define GUEST_PROCESSES_MAX 1024
#define GUEST_HARTS_MAX 64
#define GUEST_NAME_BYTES 40

/* pids from here on are ours: address spaces of which no hint says whose they are. */
#define GUEST_SPACE_PID 0x80000000u

/* Uses of a frame: those of enum hint_frame + 1, and what can be known without hints. */
enum guest_frame_kind {
	GUEST_FRAME_UNKNOWN,
	GUEST_FRAME_FREE,
	GUEST_FRAME_KERNEL,
	GUEST_FRAME_TABLE,
	GUEST_FRAME_ANON,
	GUEST_FRAME_FILE,
	GUEST_FRAME_SHARED,
	GUEST_FRAME_SWAP,
	GUEST_FRAME_USER, /* mapped for user mode, no hint says what it is: frame maps only */
	GUEST_FRAME_KINDS,
};

struct guest_process {
	u32 pid;                     /* the guest's, or GUEST_SPACE_PID + n */
	u32 parent;                  /* pid; 0: none known */
	u64 satp;                    /* mode, ASID and root as last seen; 0: not known */
	char name[GUEST_NAME_BYTES]; /* printable; "" if it has none yet */
	bool is_alive;               /* no exit was seen */
	u64 born_ns, gone_ns;        /* guest time of the first and last news of it */
	u64 switches;                /* how often a hart began to run it */
};

struct guest_frame {
	u8 kind;      /* enum guest_frame_kind */
	u8 flags;     /* enum guest_frame_flag */
	u16 maps;     /* user mappings, as hints tell */
	u32 owner;    /* address space that had it first since it was allocated, for guest_view_owner(); 0: none */
	u64 va;       /* where; of files the page's index << 12; of swap and free frames 0 */
	u64 last_use; /* guest_view_instret() at the last walk that ended in it, + 1; 0: none seen */
};

enum guest_frame_flag {
	GUEST_FRAME_DIRTY = 1, /* a walk for a store ended in it */
};

struct guest_view;

/* Makes it, for RAM of `size` bytes from `base` on (0: not known yet, see guest_view_set_ram). */
struct guest_view *guest_view_create(u64 base, u64 size);
void guest_view_destroy(struct guest_view *view);

/* Where RAM is, of a machine that has not run yet: processes of the one before are gone, and its frames and address
 * spaces forgotten; what was counted stays. For a run file from RUN_META. */
void guest_view_set_ram(struct guest_view *view, u64 base, u64 size);

/* The sink: fits struct trace. What it wants; for counters alone hints and spaces are enough. If it is also told of
 * TRACE_REF it knows each frame's last use to the instruction; else walks tell of it. */
#define GUEST_VIEW_WANTED (BIT(TRACE_HINT) | BIT(TRACE_SPACE) | BIT(TRACE_WALK))
void guest_view_emit(void *view, enum trace_sort sort, const void *event);

/* Calls `see` for every counter: "hints", "hints.bad", "processes.alive", "processes.created", "processes.peak",
 * "switches", "guest.maps", "guest.unmaps", "guest.faults", "guest.faults.zero" (minor, file, swap, copy, stack,
 * signal), "swap.reads", "swap.writes", "frames.free" (unknown, kernel, table, anon, file, shared, swap, user),
 * "frames.anon.peak"... The names do not depend on the run. view may be NULL: all are 0. */
void guest_view_each(const struct guest_view *view, void (*see)(void *arg, const char *name, u64 value), void *arg);

/* Whether the guest gives hints, or others do for it (emu/observe/guest_symbols.h); and whether of frames, too. */
bool guest_view_has_hints(const struct guest_view *view);
bool guest_view_knows_frames(const struct guest_view *view);

/* Processes in the order in which they were first seen; dead ones are forgotten when there are too many. */
u32 guest_view_process_count(const struct guest_view *view);
const struct guest_process *guest_view_process(const struct guest_view *view, u32 index);

/* The process of that pid, or NULL; of several the one that lives or was seen last. */
const struct guest_process *guest_view_find(const struct guest_view *view, u32 pid);

/* The process that uses the page-table root of this satp, or NULL. */
const struct guest_process *guest_view_of_satp(const struct guest_view *view, u64 satp);

/* Who runs on the hart: a pid; 0: idle or not known. */
u32 guest_view_running(const struct guest_view *view, u32 hart);

/* The satp that the hart was last seen to load; 0: none. */
u64 guest_view_hart_satp(const struct guest_view *view, u32 hart);

/* Address spaces that are in use, the one used last first: by a hart, or by a process that lives. Writes up to `max` of
 * them; returns how many. */
struct guest_space {
	u64 satp; /* mode, ASID and root as last seen; of one that was never loaded: Sv39 */
	u32 id;   /* for guest_frame.owner */
	u32 pid;  /* 0: the kernel's own, or not known */
};
u32 guest_view_spaces(const struct guest_view *view, struct guest_space *spaces, u32 max);

/* The pid of struct guest_frame's owner; 0: none, or forgotten. */
u32 guest_view_owner(const struct guest_view *view, u32 owner);

/* The frames of RAM. A stretch of GUEST_STRETCH of them about which no event has said anything is all zeros. */
#define GUEST_STRETCH 512
struct guest_frames {
	struct guest_frame *frames; /* NULL if RAM is not known */
	const bool *known;          /* by stretch: something was said about one of its frames */
	u64 first;                  /* number (pa >> 12) of frames[0] */
	u64 count;                  /* how many */
};
struct guest_frames guest_view_frames(const struct guest_view *view);

/* When the last event was: guest time, and instructions retired by all harts, as far as events tell. */
u64 guest_view_time_ns(const struct guest_view *view);
u64 guest_view_instret(const struct guest_view *view);

/* "free", "kernel", ... */
const char *guest_frame_kind_name(enum guest_frame_kind kind);

#endif

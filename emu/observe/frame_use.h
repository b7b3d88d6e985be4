/*
 * What every frame of RAM is used for at a moment, by whom, and how recently: the model of emu/observe/guest_view.h
 * joined with what the guest's page tables say when they are looked at (A and D bits, who maps a frame, which frames
 * are tables). The frame map of the report (frame_map.h) and the live one (live.h) are made of it.
 *
 * A look may cost as much as millions of instructions. So only stretches of frames are looked at that something is
 * known of, and page tables without user pages (the kernel's, which all address spaces have) only once a look.
 */
#ifndef RVEMU_EMU_OBSERVE_FRAME_USE_H
#define RVEMU_EMU_OBSERVE_FRAME_USE_H

#include "emu/observe/guest_view.h"

struct machine;

/* What page tables say of a frame at the moment. */
struct frame_seen {
	u32 maps;      /* user leaves that name it */
	u32 owner;     /* space that has the first of them */
	u64 va;        /* where */
	bool dirty;    /* D is set in one */
	bool accessed; /* A is set in one */
	bool is_table; /* it is a page table */
	u8 quiet;      /* 1 + its level as a page table that has no user leaves below; 0: it is none */
};

/* Zeroed but for `view` it is ready. */
struct frame_use {
	const struct guest_view *view;
	struct machine *m;       /* whose page tables are read, or NULL */
	struct frame_seen *seen; /* by frame, at the moment */
	u8 *accessed_before;     /* by frame: A was set the last time */
	u64 *used;               /* by frame: when A was first seen set, + 1 */
	bool *known;     /* by stretch (GUEST_STRETCH): these may be other than zeros, or the view's frames are */
	u64 count;       /* of frames in these */
	u64 looked_at;   /* frames and PTEs, for this moment */
	u32 tables_left; /* that may be read for this moment */
	struct guest_frames frames; /* the model's, at the moment */
	bool has_hints;             /* the guest tells what frames are for */
};

void frame_use_free(struct frame_use *use);

/* The machine whose page tables are read; NULL: none any more. What was known of another's frames is forgotten. */
void frame_use_attach(struct frame_use *use, struct machine *m);

/* Looks, at no more than the first `max` frames. now: instructions of all harts so far. False: RAM is not known yet. */
bool frame_use_look(struct frame_use *use, u64 max, u64 now);

/* The end of the stretch that frame `index` lies in, or of all frames. */
u64 frame_use_stretch_end(const struct frame_use *use, u64 index);

/* What is known of a frame, by its index. */
struct frame_told {
	u8 kind;     /* enum guest_frame_kind */
	bool dirty;  /* D was set */
	bool has_va; /* va is known */
	u32 maps;    /* user mappings */
	u32 pid;     /* owner; 0: none known */
	u32 age;     /* frame_use_age(); of free frames 0 */
	u64 va;      /* page aligned; of files: index << 12 */
};
void frame_use_tell(const struct frame_use *use, u64 index, u64 now, struct frame_told *told);

/* How long ago: 0 never (used is 0, or else the time + 1), 1 now, else 1 + the bits of (instructions >> 10). */
u32 frame_use_age(u64 used, u64 now);

#endif

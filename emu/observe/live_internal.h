/*
 * What the files of the live view share. Nobody else includes this.
 *
 * live.c takes events in; the others write what was kept, and what the machine says itself, into a view: live_frames.c
 * cells and the frame that was clicked, live_history.c what happened to it, live_spaces.c address spaces and page
 * tables, live_tlb.c, live_walks.c, live_counters.c what their names say.
 */
#ifndef RVEMU_EMU_OBSERVE_LIVE_INTERNAL_H
#define RVEMU_EMU_OBSERVE_LIVE_INTERNAL_H

#include "emu/observe/frame_use.h"
#include "emu/observe/live.h"

#define LIVE_EVENTS 65536 /* of frames, that are remembered; a power of two */
#define LIVE_TLB_TIMES 64 /* moments of which the TLB's time is remembered */
#define LIVE_NO_HINT 255  /* a fault was resolved, and no hint says how */

/* A walk as it was told. Words are made of it when somebody looks. */
struct live_raw_walk {
	struct trace_head head;
	struct walk_request request;
	struct walk_result result;
	u64 satp, cycles, number;
	u32 pid; /* who ran */
};

/* Something that happened to a frame. */
enum live_event_what {
	LIVE_EVENT_KIND,     /* its use changed: detail is enum guest_frame_kind; `count` frames */
	LIVE_EVENT_MAP,      /* mapped at `value`: detail is the PTE's low byte */
	LIVE_EVENT_UNMAP,    /* not any more */
	LIVE_EVENT_FAULT,    /* a fault at `value` was resolved with it: detail is enum hint_fault, or LIVE_NO_HINT */
	LIVE_EVENT_SWAP_OUT, /* written to swap slot `value` */
	LIVE_EVENT_SWAP_IN,  /* read from it */
	LIVE_EVENT_AD,       /* a walk for `value` set A, or D: detail is enum access */
};
struct live_event {
	u64 time_ns, instret; /* when */
	u64 value;            /* see above */
	u32 frame;            /* index in RAM */
	u32 count;            /* frames */
	u32 pid;              /* who ran, or whose */
	u8 what;              /* enum live_event_what */
	u8 detail;            /* see above */
};

/* The TLB's own time, and the machine's. */
struct live_tlb_time {
	u64 stamp, instret;
};

struct live {
	struct guest_view *guest;
	struct machine *m;                 /* or NULL */
	const struct observers *observers; /* names of code; or NULL */
	bool looks;                        /* somebody looks */
	u64 collections;                   /* so far */
	bool rests;                        /* but not at walks, for there are too many: live_take_turns() */
	u32 turn;                          /* of TURNS */
	u64 instret_before;                /* the model's instructions when this machine began */

	u8 step;                 /* enum live_step: at what to hold the machine */
	struct control *control; /* by whom */

	struct live_raw_walk walks[LIVE_WALKS]; /* a ring */
	struct live_walk told[LIVE_WALKS];      /* the same in words, where they were wanted already */
	struct live_walk told_failed;           /* likewise */
	u32 walk_next, walk_held;               /* where the next one goes; how many there are */
	u64 walk_number;                        /* of the last one */
	struct live_raw_walk failed;            /* the last that failed ... */
	bool has_failed;                        /* ... if there was one */
	u64 missing_page[GUEST_HARTS_MAX];      /* by hart: page of its last failed walk, + 1; 0: resolved */
	u64 missing_root[GUEST_HARTS_MAX];      /* in which space */

	struct live_event *events; /* a ring of LIVE_EVENTS */
	u64 event_count;           /* how many there ever were */
	u64 events_shown;          /* at the last collection */

	struct frame_use use;                  /* what frames are for */
	struct live_cell *cells;               /* as they were found last */
	u32 cell_count;                        /* how many */
	u8 group_log2;                         /* frames a cell */
	u64 frames_by_kind[GUEST_FRAME_KINDS]; /* how many of each there were */
	u8 *current;                           /* bit by frame: the space that is shown has it */
	u64 current_bytes;                     /* of these */
	u64 looked_instret, looked_satp;       /* at the last look at frames */
	u64 looked_ns, look_ns;                /* host time of its end, and how long it took */
	bool has_looked;                       /* there was one */

	struct live_tlb_time tlb_times[LIVE_TLB_TIMES]; /* ascending */
	u32 tlb_time_count;                             /* how many */
	u32 tlb_hart;                                   /* of which hart */

	u64 sampled[LIVE_COUNTERS];            /* counters at the last sample */
	u64 sampled_ns;                        /* host time of it; 0: none yet */
	u32 plot_count;                        /* samples in `plots` */
	float plots[LIVE_COUNTERS][LIVE_PLOT]; /* as in struct live_view */
};

/* live.c: the process that ran, the index of a frame of RAM (false: it is none), a name, and code at pc. */
const struct guest_process *live_process(const struct live *live, u32 pid);
bool live_frame_index(const struct live *live, u64 pa, u64 *index) must_check;
void live_copy_name(const struct live *live, u32 pid, char name[GUEST_NAME_BYTES]);
void live_describe_code(const struct live *live, u64 pc, char *text, size_t size);

/* live_history.c */
void live_note_hint(struct live *live, const struct trace_hint *hint);
void live_note_walk(struct live *live, const struct trace_walk *walk);
const struct live_event *live_event_at(const struct live *live, u64 number);
void live_collect_history(const struct live *live, u64 index, struct live_frame *frame);

/* live_frames.c. Cells come after tables, which say what is current. */
void live_forget_frames(struct live *live);
void live_collect_cells(struct live *live, const struct live_request *request, struct live_view *view);
void live_collect_frame(struct live *live, const struct live_request *request, struct live_view *view);

/* live_spaces.c */
void live_collect_spaces(struct live *live, struct live_view *view);
void live_collect_tables(struct live *live, const struct live_request *request, struct live_view *view);

/* live_tlb.c */
void live_collect_tlb(struct live *live, struct live_view *view);

/* live_walks.c */
void live_keep_walk(struct live *live, const struct trace_walk *walk);
void live_collect_walks(struct live *live, struct live_view *view);

/* live_counters.c: counts now, and the rest of the view. */
void live_forget_counters(struct live *live);
void live_collect_counters(struct live *live, struct live_view *view);

#endif

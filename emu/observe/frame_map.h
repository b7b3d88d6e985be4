/*
 * The frame map over time: what every frame of RAM was used for, by whom, and how recently, at up to 200 moments of a
 * run. A sink that watches the time, with a machine to look at: A and D bits are read from the page tables of known
 * address spaces (emu/observe/guest_view.h) when a snapshot is taken. Moments are evenly spread: when there are too
 * many, every other one is dropped and the interval doubled. They are written at the end of the run.
 *
 * A RUN_FRAMES record is one moment. All numbers are LEB128 (unsigned):
 *
 *     version (1), flags (bit 0: A and D were read; 1: it gives hints of frames; 2: cut, RAM is larger than what is
 * here), time_ns, instret (of all harts together), first frame (pa >> 12), count of frames, count of processes, for
 * each: pid, parent, satp, state (bit 0: alive, bit 1: on a hart now), length of the name, name runs until all frames
 * are told, for each: length, what (bits 0..3: enum guest_frame_kind, 4: dirty, 5: a va follows, 6: the va does not
 * grow), maps, age, pid, and the va of the first >> 12 (of files: page index) where bit 5 says so
 *
 * `age` is how long ago the frame was last known to be used: 0 never, 1 now, else 1 + the bits of (instructions >> 10),
 * so 2: less than 2048 instructions ago, 12: a million. Frames of a run adjoin and are alike; their va grows by a page
 * each, or is the same for all with bit 6.
 */
#ifndef RVEMU_EMU_OBSERVE_FRAME_MAP_H
#define RVEMU_EMU_OBSERVE_FRAME_MAP_H

#include "emu/observe/guest_view.h"
#include "emu/observe/run_file.h"

struct machine;

#define FRAME_MAP_MOMENTS 200
#define FRAME_MAP_FRAMES_MAX (1u << 22) /* 16 GiB */

struct frame_map;

/* Watches the model `view`, which must live as long and be told of events before it. */
struct frame_map *frame_map_create(struct guest_view *view);
void frame_map_destroy(struct frame_map *map);

/* The machine whose page tables are read; NULL: none any more. */
void frame_map_attach(struct frame_map *map, struct machine *m);

/* The sink: fits struct trace. It wants what guest_view wants. */
void frame_map_emit(void *map, enum trace_sort sort, const void *event);

/* Takes the last moment and writes all records. */
void frame_map_finish(struct frame_map *map, struct run_writer *writer);

/* One moment, read back. */
struct frame_map_process {
	u32 pid, parent;             /* as struct guest_process has them */
	u64 satp;                    /* mode, ASID and root; 0: not known */
	bool is_alive, is_running;   /* no exit was seen; a hart runs it */
	char name[GUEST_NAME_BYTES]; /* "" if it has none */
};
struct frame_map_frame {
	u8 kind;     /* enum guest_frame_kind */
	bool dirty;  /* D was set */
	bool has_va; /* va is known */
	u8 age;      /* see above */
	u32 maps;    /* user mappings */
	u32 pid;     /* owner, 0: none */
	u64 va;      /* page aligned; of files: index << 12 */
};
struct frame_map_moment {
	u64 time_ns, instret;                /* guest time; instructions of all harts */
	bool has_bits, has_hints, is_cut;    /* flags of the record, in their order */
	u64 first;                           /* frame number of frames[0] */
	u32 frame_count, process_count;      /* of the arrays */
	struct frame_map_frame *frames;      /* by frame number, less `first` */
	struct frame_map_process *processes; /* that live, or own a frame */
};

/* Reads the payload of a RUN_FRAMES record, which may be anybody's. False: it is damaged, see err. */
bool frame_map_read(const void *payload, size_t size, struct frame_map_moment *moment, struct error *err) must_check;
void frame_map_free(struct frame_map_moment *moment);

#endif

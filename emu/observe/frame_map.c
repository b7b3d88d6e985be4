/*
 * The frame map over time: see frame_map.h, which has the format.
 *
 * What a moment holds is found by frame_use.c. It may cost as much as millions of instructions, and a long run has
 * hundreds: the more frames and PTEs a moment looks at, the longer it is to the next one.
 */
#include "emu/observe/frame_map.h"

#include <stdlib.h>
#include <string.h>

#include "devices/bus.h"
#include "emu/observe/frame_use.h"
#include "emu/observe/moments.h"

#define VERSION 1
#define FIRST_INTERVAL 100000
#define BYTES_MAX (128 * MIB)
#define INSNS_A_LOOK 5 /* from one moment to the next, for each frame and PTE that was looked at */

enum flag { HAS_BITS = 1, HAS_HINTS = 2, IS_CUT = 4 };
enum what { WHAT_KIND = 15, WHAT_DIRTY = 16, WHAT_VA = 32, WHAT_SAME_VA = 64 };

struct frame_map {
	struct guest_view *view;
	struct frame_use use; /* what is found at a moment */
	struct moments moments;
};

struct frame_map *frame_map_create(struct guest_view *view)
{
	struct frame_map *map = xcalloc(1, sizeof(*map));

	map->view = view;
	map->use.view = view;
	moments_init(&map->moments, FRAME_MAP_MOMENTS, BYTES_MAX, FIRST_INTERVAL);
	return map;
}

void frame_map_destroy(struct frame_map *map)
{
	if (!map)
		return;
	moments_free(&map->moments);
	frame_use_free(&map->use);
	free(map);
}

void frame_map_attach(struct frame_map *map, struct machine *m)
{
	frame_use_attach(&map->use, m);
}

/* --- writing --- */

/* What is told of one frame. */
struct told {
	u32 what; /* enum what */
	u32 maps, age, pid;
	u64 page; /* of va */
};

static struct told tell(const struct frame_map *map, u64 index, u64 now)
{
	struct frame_told frame;

	frame_use_tell(&map->use, index, now, &frame);
	return (struct told){
		.what = frame.kind | (frame.dirty ? WHAT_DIRTY : 0u) | (frame.has_va ? WHAT_VA : 0u),
		.maps = frame.maps,
		.age = frame.age,
		.pid = frame.pid,
		.page = frame.va >> PAGE_SHIFT,
	};
}

/* Whether b may follow a in a run of `length`; it may decide how the va goes on. */
static bool goes_on(struct told *a, const struct told *b, u64 length)
{
	if ((a->what & ~(u32)WHAT_SAME_VA) != b->what || a->maps != b->maps || a->age != b->age || a->pid != b->pid)
		return false;
	if (!(a->what & WHAT_VA))
		return true;
	if (length == 1 && a->page == b->page)
		a->what |= WHAT_SAME_VA;
	return b->page == (a->what & WHAT_SAME_VA ? a->page : a->page + length);
}

static void put_run(struct pack *out, const struct told *told, u64 length)
{
	pack_number(out, length);
	pack_number(out, told->what);
	pack_number(out, told->maps);
	pack_number(out, told->age);
	pack_number(out, told->pid);
	if (told->what & WHAT_VA)
		pack_number(out, told->page);
}

/* Processes that live, and those that still own a frame (`named`, by their place in the view). */
static void put_processes(struct pack *out, const struct guest_view *view, const bool *named)
{
	u32 count = guest_view_process_count(view), put = 0;

	for (u32 i = 0; i < count; i++)
		put += named[i] || guest_view_process(view, i)->is_alive;
	pack_number(out, put);
	for (u32 i = 0; i < count; i++) {
		const struct guest_process *process = guest_view_process(view, i);
		bool runs = false;

		if (!named[i] && !process->is_alive)
			continue;
		for (u32 hart = 0; hart < GUEST_HARTS_MAX; hart++)
			runs |= process->is_alive && guest_view_running(view, hart) == process->pid;
		pack_number(out, process->pid);
		pack_number(out, process->parent);
		pack_number(out, process->satp);
		pack_number(out, (process->is_alive ? 1u : 0u) | (runs ? 2u : 0u));
		pack_text(out, process->name);
	}
}

static void name_owner(const struct guest_view *view, u32 pid, bool *named)
{
	const struct guest_process *process = guest_view_find(view, pid);

	if (process)
		named[process - guest_view_process(view, 0)] = true;
}

/* Whether all that is told of a frame is made of is the same as for the one before it. */
static bool is_like_before(const struct frame_use *use, u64 i)
{
	return use->seen[i].maps == 0 && use->seen[i - 1].maps == 0 &&
	       use->seen[i].is_table == use->seen[i - 1].is_table && use->used[i] == use->used[i - 1] &&
	       memcmp(&use->frames.frames[i], &use->frames.frames[i - 1], sizeof(use->frames.frames[i])) == 0;
}

static void put_frames(struct frame_map *map, u64 now, struct pack *out, bool *named)
{
	const struct frame_use *use = &map->use;
	struct told run = { 0 };
	u64 length = 0;

	for (u64 i = 0, alike; i < use->count; i += alike) {
		bool known = use->known[i / GUEST_STRETCH];

		alike = known ? 1 : frame_use_stretch_end(use, i) - i;
		if (known && length && !(run.what & WHAT_VA) && is_like_before(use, i)) {
			length++;
			continue;
		}
		struct told told = tell(map, i, now);

		if (length && goes_on(&run, &told, length)) {
			length += alike;
			continue;
		}
		if (length)
			put_run(out, &run, length);
		run = told;
		length = alike;
		name_owner(map->view, told.pid, named);
	}
	if (length)
		put_run(out, &run, length);
}

static void take_moment(struct frame_map *map)
{
	u64 now = guest_view_instret(map->view);
	struct pack runs = { 0 }, out = { 0 };
	bool named[GUEST_PROCESSES_MAX] = { false };

	if (!frame_use_look(&map->use, FRAME_MAP_FRAMES_MAX, now))
		return;
	put_frames(map, now, &runs, named);
	pack_number(&out, VERSION);
	pack_number(&out, (map->use.m ? HAS_BITS : 0u) | (map->use.has_hints ? HAS_HINTS : 0u) |
	                          (map->use.count < map->use.frames.count ? IS_CUT : 0u));
	pack_number(&out, guest_view_time_ns(map->view));
	pack_number(&out, now);
	pack_number(&out, map->use.frames.first);
	pack_number(&out, map->use.count);
	put_processes(&out, map->view, named);
	pack_bytes(&out, runs.bytes, runs.size);
	pack_free(&runs);
	map->moments.least = map->use.looked_at * INSNS_A_LOOK;
	moments_add(&map->moments, &out, now);
}

void frame_map_emit(void *arg, enum trace_sort sort, const void *event)
{
	struct frame_map *map = arg;

	(void)sort;
	(void)event;
	if (unlikely(map->use.m && guest_view_instret(map->view) >= map->moments.next))
		take_moment(map);
}

void frame_map_finish(struct frame_map *map, struct run_writer *writer)
{
	take_moment(map);
	moments_write(&map->moments, writer, RUN_FRAMES);
}

/* --- reading back --- */

static void read_processes(struct unpack *u, struct frame_map_moment *moment)
{
	moment->process_count = unpack_count(u);
	moment->processes = xcalloc(moment->process_count + 1, sizeof(*moment->processes));
	for (u32 i = 0; i < moment->process_count; i++) {
		struct frame_map_process *process = &moment->processes[i];

		process->pid = (u32)unpack_number(u);
		process->parent = (u32)unpack_number(u);
		process->satp = unpack_number(u);
		u64 state = unpack_number(u);
		process->is_alive = state & 1;
		process->is_running = state & 2;
		unpack_text(u, process->name, sizeof(process->name));
	}
}

static void read_frames(struct unpack *u, struct frame_map_moment *moment)
{
	for (u64 at = 0; at < moment->frame_count && !u->bad;) {
		u64 length = unpack_number(u), what = unpack_number(u), maps = unpack_number(u);
		u64 age = unpack_number(u), pid = unpack_number(u);
		u64 page = what & WHAT_VA ? unpack_number(u) : 0;

		if (length == 0 || length > moment->frame_count - at || (what & WHAT_KIND) >= GUEST_FRAME_KINDS ||
		    age > 64)
			u->bad = true;
		for (u64 i = 0; i < length && !u->bad; i++)
			moment->frames[at++] = (struct frame_map_frame){
				.kind = what & WHAT_KIND,
				.dirty = what & WHAT_DIRTY,
				.has_va = what & WHAT_VA,
				.age = (u8)age,
				.maps = (u32)maps,
				.pid = (u32)pid,
				.va = (page + (what & WHAT_SAME_VA ? 0 : i)) << PAGE_SHIFT,
			};
	}
}

bool frame_map_read(const void *payload, size_t size, struct frame_map_moment *moment, struct error *err)
{
	struct unpack u = { .at = payload, .end = (const u8 *)payload + size };
	u64 version = unpack_number(&u), flags = unpack_number(&u);

	*moment = (struct frame_map_moment){ .has_bits = flags & HAS_BITS,
		                             .has_hints = flags & HAS_HINTS,
		                             .is_cut = flags & IS_CUT };
	moment->time_ns = unpack_number(&u);
	moment->instret = unpack_number(&u);
	moment->first = unpack_number(&u);
	u64 count = unpack_number(&u);
	if (version != VERSION || count > FRAME_MAP_FRAMES_MAX)
		return error_set(err, "a frame map of the run file cannot be read: version %llu, %llu frames",
		                 (unsigned long long)version, (unsigned long long)count);
	moment->frame_count = (u32)count;
	moment->frames = xcalloc(count + 1, sizeof(*moment->frames));
	read_processes(&u, moment);
	read_frames(&u, moment);
	if (!u.bad)
		return true;
	frame_map_free(moment);
	return error_set(err, "a frame map of the run file is damaged");
}

void frame_map_free(struct frame_map_moment *moment)
{
	free(moment->frames);
	free(moment->processes);
	*moment = (struct frame_map_moment){ 0 };
}

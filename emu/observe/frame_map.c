/*
 * The frame map over time: see frame_map.h, which has the format.
 *
 * A moment may cost as much as millions of instructions, and a long run has hundreds. So only stretches of frames are
 * looked at that something is known of, page tables without user pages (the kernel's, which all address spaces have)
 * only once, and the more frames and PTEs a moment looks at, the longer it is to the next one.
 */
#include "emu/observe/frame_map.h"

#include <stdlib.h>
#include <string.h>

#include "emu/machine.h"
#include "emu/observe/moments.h"
#include "emu/observe/tables.h"
#include "mmu/walk.h"

#define VERSION 1
#define FIRST_INTERVAL 100000
#define BYTES_MAX (128 * MIB)
#define SPACES_MAX 64
#define TABLES_LOOKED_AT 65536 /* page tables read for one moment */
#define AGE_SHIFT 10
#define INSNS_A_LOOK 5 /* from one moment to the next, for each frame and PTE that was looked at */

enum flag { HAS_BITS = 1, HAS_HINTS = 2, IS_CUT = 4 };
enum what { WHAT_KIND = 15, WHAT_DIRTY = 16, WHAT_VA = 32, WHAT_SAME_VA = 64 };

/* What page tables say of a frame at the moment. */
struct seen {
	u32 maps;      /* user leaves that name it */
	u32 owner;     /* space that has the first of them */
	u64 va;        /* where */
	bool dirty;    /* D is set in one */
	bool accessed; /* A is set in one */
	bool is_table; /* it is a page table */
	u8 quiet;      /* 1 + its level as a page table that has no user leaves below; 0: it is none */
};

struct frame_map {
	struct guest_view *view;
	struct machine *m;   /* or NULL */
	struct seen *seen;   /* by frame, at the moment */
	u8 *accessed_before; /* by frame: A was set the last time */
	u64 *used;           /* by frame: when A was first seen set, + 1 */
	bool *known;         /* by stretch (GUEST_STRETCH): these may be other than zeros, or the view's frames are */
	u64 count;           /* of frames in these */
	u64 looked_at;       /* frames and PTEs, for this moment */
	u32 tables_left;     /* that may be read for this moment */
	struct moments moments;
};

struct frame_map *frame_map_create(struct guest_view *view)
{
	struct frame_map *map = xcalloc(1, sizeof(*map));

	map->view = view;
	moments_init(&map->moments, FRAME_MAP_MOMENTS, BYTES_MAX, FIRST_INTERVAL);
	return map;
}

static void free_arrays(struct frame_map *map)
{
	free(map->seen);
	free(map->accessed_before);
	free(map->used);
	free(map->known);
	map->seen = NULL;
	map->accessed_before = NULL;
	map->used = NULL;
	map->known = NULL;
	map->count = 0;
}

void frame_map_destroy(struct frame_map *map)
{
	if (!map)
		return;
	moments_free(&map->moments);
	free_arrays(map);
	free(map);
}

void frame_map_attach(struct frame_map *map, struct machine *m)
{
	map->m = m;
	free_arrays(map); /* what was known of another machine's frames */
}

/* --- reading page tables --- */

/* What is seen of a frame, to be noted; NULL: it is none of these. */
static struct seen *note(struct frame_map *map, u64 index)
{
	if (index >= map->count)
		return NULL;
	map->known[index / GUEST_STRETCH] = true;
	return &map->seen[index];
}

static void see_leaf(struct frame_map *map, const struct guest_frames *frames, u64 pte, u64 va, u32 pages, u32 space)
{
	u64 index = bits(pte, PTE_PPN_SHIFT + PTE_PPN_BITS - 1, PTE_PPN_SHIFT) - frames->first;

	for (u32 i = 0; i < pages; i++, index++) {
		struct seen *seen = note(map, index);

		if (!seen)
			return;
		seen->dirty |= (pte & PTE_D) != 0;
		seen->accessed |= (pte & PTE_A) != 0;
		if (seen->maps++ == 0) {
			seen->owner = space;
			seen->va = va + i * PAGE_SIZE;
		}
	}
}

/* The table at pa and those below it; true if they have leaves for user mode. Superpages of more than 2 MiB are not
 * looked at: nobody gives programs such. */
static bool see_table(struct frame_map *map, const struct guest_frames *frames, u64 ppn, u32 level, u64 va, u32 space)
{
	const u8 *ram = bus_ram(&map->m->bus, ppn << PAGE_SHIFT, PAGE_SIZE);
	u64 ptes[PAGE_SIZE / sizeof(u64)];
	bool has_users = false;

	if (!ram)
		return false;
	struct seen *seen = note(map, ppn - frames->first);

	if (map->tables_left == 0 || (seen && seen->quiet == level + 1))
		return false;
	map->tables_left--;
	map->looked_at += ARRAY_SIZE(ptes);
	if (seen)
		seen->is_table = true;
	memcpy(ptes, ram, sizeof(ptes));
	for (u32 i = 0; i < ARRAY_SIZE(ptes); i++) {
		u64 at = va | (u64)i << (PAGE_SHIFT + 9 * level), pte = ptes[i];

		if (!(pte & PTE_V))
			continue;
		if (pte & (PTE_R | PTE_W | PTE_X)) {
			if (!(pte & PTE_U) || level > 1)
				continue;
			see_leaf(map, frames, pte, at, level ? 512 : 1, space);
			has_users = true;
		} else if (level > 0) {
			has_users |= see_table(map, frames, bits(pte, PTE_PPN_SHIFT + PTE_PPN_BITS - 1, PTE_PPN_SHIFT),
			                       level - 1, at, space);
		}
	}
	if (seen && !has_users)
		seen->quiet = (u8)(level + 1);
	return has_users;
}

/* The frames of a stretch: the first, and the one behind the last. */
static u64 stretch_first(u64 stretch)
{
	return stretch * GUEST_STRETCH;
}

static u64 stretch_end(const struct frame_map *map, u64 stretch)
{
	u64 end = stretch_first(stretch + 1);

	return end < map->count ? end : map->count;
}

/* Forgets what was seen at the moment before. */
static void forget_seen(struct frame_map *map, const struct guest_frames *frames)
{
	for (u64 s = 0; stretch_first(s) < map->count; s++) {
		u64 first = stretch_first(s), count = stretch_end(map, s) - first;

		map->known[s] |= frames->known[s];
		if (map->known[s])
			memset(&map->seen[first], 0, count * sizeof(*map->seen));
	}
}

/* When frames were used, by their A bits. One that stays set is no news: only one that was clear before is. */
static void note_use(struct frame_map *map, const struct guest_frames *frames, u64 stretch, u64 now)
{
	u64 end = stretch_end(map, stretch);

	for (u64 i = stretch_first(stretch); i < end; i++) {
		if (map->seen[i].accessed && !map->accessed_before[i])
			map->used[i] = now + 1;
		map->accessed_before[i] = map->seen[i].accessed;
		if (frames->frames[i].kind == GUEST_FRAME_FREE)
			map->used[i] = 0;
	}
	map->looked_at += GUEST_STRETCH;
}

/* Marks what page tables say. */
static void look(struct frame_map *map, const struct guest_frames *frames, u64 now)
{
	struct guest_space spaces[SPACES_MAX];
	u32 count = guest_view_spaces(map->view, spaces, SPACES_MAX);

	map->looked_at = 0;
	forget_seen(map, frames);
	if (!map->m)
		return;
	map->tables_left = TABLES_LOOKED_AT;
	for (u32 i = 0; i < count; i++) {
		u32 mode = (u32)(spaces[i].satp >> 60);

		if (mode >= 8 && mode <= 10 && tables_is_plausible(map->m, spaces[i].satp))
			(void)see_table(map, frames, spaces[i].satp & MASK(44), mode - 6, 0, spaces[i].id);
	}
	for (u64 s = 0; stretch_first(s) < map->count; s++)
		if (map->known[s])
			note_use(map, frames, s, now);
}

/* --- writing --- */

/* What is told of one frame. */
struct told {
	u32 what; /* enum what */
	u32 maps, age, pid;
	u64 page; /* of va */
};

static u32 age_of(u64 used, u64 now)
{
	u64 ago = (used <= now ? now + 1 - used : 0) >> AGE_SHIFT;

	if (!used)
		return 0;
	return ago ? 65 - (u32)__builtin_clzll(ago) : 1;
}

static struct told tell(const struct frame_map *map, const struct guest_frame *frame, u64 index, u64 now, bool hints)
{
	const struct seen *seen = &map->seen[index];
	bool has_own = frame->owner != 0 || frame->va;
	u64 used = map->used[index] > frame->last_use ? map->used[index] : frame->last_use;
	bool is_dirty = seen->maps ? seen->dirty : frame->flags & GUEST_FRAME_DIRTY;
	u32 kind = frame->kind;

	/* Without hints: what was a page table once may be a program's page now. */
	if (kind == GUEST_FRAME_UNKNOWN || (!hints && kind == GUEST_FRAME_TABLE && seen->maps))
		kind = seen->is_table ? GUEST_FRAME_TABLE : seen->maps ? GUEST_FRAME_USER : GUEST_FRAME_UNKNOWN;
	struct told told = {
		.what = kind,
		.maps = hints ? frame->maps : seen->maps,
		.pid = guest_view_owner(map->view, frame->owner ? frame->owner : seen->owner),
		.page = (has_own ? frame->va : seen->va) >> PAGE_SHIFT,
	};

	if (kind == GUEST_FRAME_FREE)
		return told;
	told.age = age_of(used, now);
	told.what |= (is_dirty ? WHAT_DIRTY : 0u) | (has_own || seen->maps ? WHAT_VA : 0u);
	return told;
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
static bool is_like_before(const struct frame_map *map, const struct guest_frames *frames, u64 i)
{
	return map->seen[i].maps == 0 && map->seen[i - 1].maps == 0 &&
	       map->seen[i].is_table == map->seen[i - 1].is_table && map->used[i] == map->used[i - 1] &&
	       memcmp(&frames->frames[i], &frames->frames[i - 1], sizeof(frames->frames[i])) == 0;
}

static void put_frames(struct frame_map *map, const struct guest_frames *frames, u64 now, struct pack *out, bool *named)
{
	bool hints = guest_view_knows_frames(map->view);
	struct told run = { 0 };
	u64 length = 0;

	for (u64 i = 0, alike; i < map->count; i += alike) {
		bool known = map->known[i / GUEST_STRETCH];

		alike = known ? 1 : stretch_end(map, i / GUEST_STRETCH) - i;
		if (known && length && !(run.what & WHAT_VA) && is_like_before(map, frames, i)) {
			length++;
			continue;
		}
		struct told told = tell(map, &frames->frames[i], i, now, hints);

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

/* RAM is known now, or is another. */
static void renew_arrays(struct frame_map *map, u64 count)
{
	free_arrays(map);
	map->count = count;
	map->seen = xcalloc(count, sizeof(*map->seen));
	map->accessed_before = xcalloc(count, sizeof(*map->accessed_before));
	map->used = xcalloc(count, sizeof(*map->used));
	map->known = xcalloc(count / GUEST_STRETCH + 1, sizeof(*map->known));
}

static void take_moment(struct frame_map *map)
{
	struct guest_frames frames = guest_view_frames(map->view);
	u64 count = frames.count < FRAME_MAP_FRAMES_MAX ? frames.count : FRAME_MAP_FRAMES_MAX;
	u64 now = guest_view_instret(map->view);
	struct pack runs = { 0 }, out = { 0 };
	bool named[GUEST_PROCESSES_MAX] = { false };

	if (!frames.frames)
		return;
	if (count != map->count)
		renew_arrays(map, count);
	look(map, &frames, now);
	put_frames(map, &frames, now, &runs, named);
	pack_number(&out, VERSION);
	pack_number(&out, (map->m ? HAS_BITS : 0u) | (guest_view_knows_frames(map->view) ? HAS_HINTS : 0u) |
	                          (count < frames.count ? IS_CUT : 0u));
	pack_number(&out, guest_view_time_ns(map->view));
	pack_number(&out, now);
	pack_number(&out, frames.first);
	pack_number(&out, count);
	put_processes(&out, map->view, named);
	pack_bytes(&out, runs.bytes, runs.size);
	pack_free(&runs);
	map->moments.least = map->looked_at * INSNS_A_LOOK;
	moments_add(&map->moments, &out, now);
}

void frame_map_emit(void *arg, enum trace_sort sort, const void *event)
{
	struct frame_map *map = arg;

	(void)sort;
	(void)event;
	if (unlikely(map->m && guest_view_instret(map->view) >= map->moments.next))
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

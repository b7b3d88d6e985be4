/*
 * A model of the guest's processes and frames: see guest_view.h.
 *
 * Whatever a hint says is checked here: frames by where RAM is, numbers by their enums, counts by a credit that each
 * event adds a little to, so that a guest cannot make the host work for long by a single instruction.
 */
#include "emu/observe/guest_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/observe/guest_view_internal.h"
#include "emu/observe/page_tables.h"

#define FRAMES_MAX (1ull << 24) /* 64 GiB of RAM; of more the rest is not looked at */
#define CREDIT_EVENT 64
#define MAPS_MANY 0xffff /* that many or more: not counted any further */

struct hart_view {
	u32 pid;     /* who runs */
	u64 satp;    /* as last loaded */
	u64 instret; /* at its last event */
};

struct guest_view {
	struct people people;
	struct guest_maps maps;
	struct guest_frame *frames; /* of RAM, or NULL */
	bool *known;                /* by stretch: one of its frames is not all zeros */
	u64 first;                  /* number of frames[0] */
	u64 count;                  /* how many */
	struct hart_view harts[GUEST_HARTS_MAX];
	u64 time_ns;                         /* of the last event */
	u64 instret;                         /* all harts together */
	u64 credit;                          /* pages that hints may still name by counts */
	u64 hints, bad;                      /* hints seen; those that made no sense */
	bool knows_frames;                   /* hints of frames were seen */
	u64 switches;                        /* HINT_SWITCH */
	u64 mapped, unmapped;                /* pages */
	u64 faults[HINT_FAULTS];             /* how they were resolved */
	u64 swap_reads, swap_writes;         /* pages */
	u64 of_kind[GUEST_FRAME_KINDS];      /* frames now */
	u64 of_kind_peak[GUEST_FRAME_KINDS]; /* and at most */
};

void guest_view_destroy(struct guest_view *view)
{
	if (!view)
		return;
	guest_maps_free(&view->maps);
	free(view->frames);
	free(view->known);
	free(view);
}

static struct guest_frame *frame_of(struct guest_view *view, u64 number)
{
	return number - view->first < view->count ? &view->frames[number - view->first] : NULL;
}

/* The frame, about which something is to be noted. */
static struct guest_frame *note_frame(struct guest_view *view, u64 number)
{
	struct guest_frame *frame = frame_of(view, number);

	if (frame)
		view->known[(number - view->first) / GUEST_STRETCH] = true;
	return frame;
}

/* Whether so much work may be done for one event. */
static bool may_do(struct guest_view *view, u64 pages)
{
	if (pages > view->credit)
		return false;
	view->credit -= pages;
	return true;
}

/* --- address spaces and what they map --- */

static void forget_map(struct guest_view *view, struct space *space, u32 index)
{
	space->mapped--;
	if (index < view->count && view->frames[index].maps && view->frames[index].maps != MAPS_MANY)
		view->frames[index].maps--;
}

static void end_space(struct guest_view *view, struct space *space)
{
	u32 from = 0, index;

	while (space->mapped && guest_maps_remove_any(&view->maps, space->id, &index, &from))
		forget_map(view, space, index);
	if (space->pid >= GUEST_SPACE_PID)
		people_exit(&view->people, space->pid, view->time_ns);
	people_drop_space(&view->people, space);
}

static struct space *space_of(struct guest_view *view, u64 root)
{
	struct space *space = people_space(&view->people, root);

	if (space)
		return space;
	if (view->people.space_count == GUEST_SPACES_MAX)
		end_space(view, people_oldest_space(&view->people));
	return people_add_space(&view->people, root);
}

void guest_view_set_ram(struct guest_view *view, u64 base, u64 size)
{
	u64 count = size >> PAGE_SHIFT;

	if (count > FRAMES_MAX)
		count = FRAMES_MAX;
	while (view->people.space_count)
		end_space(view, &view->people.spaces[0]);
	for (u32 i = 0; i < view->people.process_count; i++)
		people_exit(&view->people, view->people.processes[i].pid, view->time_ns);
	memset(view->harts, 0, sizeof(view->harts));
	free(view->frames);
	free(view->known);
	guest_maps_free(&view->maps);
	view->first = base >> PAGE_SHIFT;
	view->count = count;
	view->frames = xcalloc(count, sizeof(*view->frames));
	view->known = xcalloc(count / GUEST_STRETCH + 1, sizeof(*view->known));
	view->credit = 4 * count;
	memset(view->of_kind, 0, sizeof(view->of_kind));
	memset(view->of_kind_peak, 0, sizeof(view->of_kind_peak));
	view->of_kind[GUEST_FRAME_UNKNOWN] = view->of_kind_peak[GUEST_FRAME_UNKNOWN] = count;
}

struct guest_view *guest_view_create(u64 base, u64 size)
{
	struct guest_view *view = xcalloc(1, sizeof(*view));

	if (size)
		guest_view_set_ram(view, base, size);
	return view;
}

/* --- frames --- */

static void set_kind(struct guest_view *view, struct guest_frame *frame, enum guest_frame_kind kind)
{
	view->of_kind[frame->kind]--;
	frame->kind = (u8)kind;
	if (++view->of_kind[kind] > view->of_kind_peak[kind])
		view->of_kind_peak[kind] = view->of_kind[kind];
}

static bool has_index(enum guest_frame_kind kind)
{
	return kind == GUEST_FRAME_FILE || kind == GUEST_FRAME_SHARED;
}

/* What one frame is used for from now on. */
static void use_frame(struct guest_view *view, struct guest_frame *frame, enum guest_frame_kind kind, u64 index)
{
	bool was_table = frame->kind == GUEST_FRAME_TABLE;
	/* A page that goes to the swap cache or comes from it is the same page as before. */
	bool stays = (frame->kind == GUEST_FRAME_ANON && kind == GUEST_FRAME_SWAP) ||
	             (frame->kind == GUEST_FRAME_SWAP && kind == GUEST_FRAME_ANON) || has_index(frame->kind);

	set_kind(view, frame, kind);
	if (!stays || kind == GUEST_FRAME_FREE) {
		frame->owner = 0;
		frame->flags = 0;
		frame->va = 0;
		frame->last_use = 0;
	}
	if (has_index(kind))
		frame->va = index << PAGE_SHIFT;
	if (!was_table || kind == GUEST_FRAME_TABLE)
		return;
	struct space *space = people_space(&view->people, view->first + (u64)(frame - view->frames));

	if (space)
		end_space(view, space);
}

static bool on_frame(struct guest_view *view, const u64 *args)
{
	u64 number = args[0], count = args[2] ? args[2] : 1;

	if (!view->frames)
		return true;
	if (args[1] >= HINT_FRAME_KINDS || count > view->count || !frame_of(view, number) ||
	    !frame_of(view, number + count - 1) || !may_do(view, count))
		return false;
	view->knows_frames = true;
	for (u64 i = 0; i < count; i++)
		use_frame(view, note_frame(view, number + i), (enum guest_frame_kind)(args[1] + 1), args[3] + i);
	return true;
}

static bool on_map(struct guest_view *view, const u64 *args)
{
	struct guest_frame *frame = note_frame(view, pte_frame(args[0]));
	u64 page = args[2] >> PAGE_SHIFT;
	u32 before;

	view->mapped++;
	if (!view->frames)
		return true;
	if (!frame || !frame_of(view, args[1]))
		return false;
	struct space *space = space_of(view, args[1]);

	if (guest_maps_remove(&view->maps, space->id, page, &before))
		forget_map(view, space, before);
	if (guest_maps_add(&view->maps, space->id, page, (u32)(frame - view->frames))) {
		space->mapped++;
		frame->maps = (u16)(frame->maps + (frame->maps != MAPS_MANY));
	}
	if (frame->owner || frame->kind == GUEST_FRAME_KERNEL || frame->kind == GUEST_FRAME_TABLE)
		return true;
	frame->owner = space->id;
	if (!has_index(frame->kind))
		frame->va = page << PAGE_SHIFT;
	return true;
}

static bool on_unmap(struct guest_view *view, const u64 *args)
{
	u64 page = args[2] >> PAGE_SHIFT, count = args[3] ? args[3] : 1;
	u32 index;

	view->unmapped += count;
	if (!view->frames)
		return true;
	struct space *space = people_space(&view->people, args[1]);

	if (!space || !may_do(view, count))
		return false;
	for (u64 i = 0; i < count && space->mapped; i++)
		if (guest_maps_remove(&view->maps, space->id, page + i, &index))
			forget_map(view, space, index);
	return true;
}

/* --- processes --- */

/* A hint's pid: 0 is nobody, and ours are not the guest's. */
static bool is_pid(u64 pid)
{
	return pid && pid < GUEST_SPACE_PID;
}

static void copy_name(char *name, const u64 *words)
{
	char raw[2 * sizeof(u64)];
	u32 i = 0;

	memcpy(raw, words, sizeof(raw));
	for (; i < sizeof(raw) && raw[i]; i++)
		name[i] = raw[i] >= ' ' && raw[i] <= '~' ? raw[i] : '?';
	name[i] = 0;
}

static bool on_process(struct guest_view *view, const u64 *args)
{
	if (!is_pid(args[0]))
		return false;
	struct guest_process *process = people_get(&view->people, (u32)args[0], view->time_ns);

	process->parent = is_pid(args[4]) ? (u32)args[4] : 0;
	copy_name(process->name, &args[2]);
	if (!args[1])
		return true;
	if (view->frames && !frame_of(view, args[1]))
		return false;
	people_bind(&view->people, space_of(view, args[1]), process);
	return true;
}

static bool on_switch(struct guest_view *view, const struct trace_hint *hint)
{
	u64 pid = hint->args[0];

	view->switches++;
	if (pid >= GUEST_SPACE_PID)
		return false;
	if (hint->head.hart < GUEST_HARTS_MAX)
		view->harts[hint->head.hart].pid = (u32)pid;
	if (pid)
		people_get(&view->people, (u32)pid, view->time_ns)->switches++;
	return true;
}

/* --- events --- */

static bool take_hint(struct guest_view *view, const struct trace_hint *hint)
{
	const u64 *args = hint->args;

	switch (hint->number) {
	case HINT_PROCESS:
		return on_process(view, args);
	case HINT_EXIT:
		if (is_pid(args[0]))
			people_exit(&view->people, (u32)args[0], view->time_ns);
		return is_pid(args[0]);
	case HINT_SWITCH:
		return on_switch(view, hint);
	case HINT_FRAME:
		return on_frame(view, args);
	case HINT_MAP:
		return on_map(view, args);
	case HINT_UNMAP:
		return on_unmap(view, args);
	case HINT_FAULT:
		if (args[2] < HINT_FAULTS)
			view->faults[args[2]]++;
		return args[2] < HINT_FAULTS;
	case HINT_SWAP_OUT:
		view->swap_writes++;
		return true;
	case HINT_SWAP_IN:
		view->swap_reads++;
		return true;
	default: /* another kernel's own */
		return true;
	}
}

static void on_space(struct guest_view *view, const struct trace_space *space)
{
	u64 satp = space->satp;
	bool is_bare = satp >> 60 == 0;
	struct hart_view *hart = space->head.hart < GUEST_HARTS_MAX ? &view->harts[space->head.hart] : NULL;
	struct space *s = is_bare ? NULL : space_of(view, satp & MASK(SATP_ROOT_BITS));

	if (s)
		people_use(&view->people, s, satp, !view->hints, view->time_ns);
	if (!hart)
		return;
	hart->satp = is_bare ? 0 : satp;
	if (view->hints)
		return;
	hart->pid = s ? s->pid : 0;
	if (s && s->pid)
		people_get(&view->people, s->pid, view->time_ns)->switches++;
}

static void on_walk(struct guest_view *view, const struct trace_walk *walk)
{
	const struct walk_result *result = walk->result;
	struct guest_frame *frame;

	for (u32 i = 0; i < result->step_count && i < WALK_LEVELS_MAX; i++) {
		frame = note_frame(view, result->steps[i].pte_addr >> PAGE_SHIFT);
		if (frame && frame->kind == GUEST_FRAME_UNKNOWN)
			set_kind(view, frame, GUEST_FRAME_TABLE);
	}
	if (result->reason != WALK_OK)
		return;
	frame = note_frame(view, result->pa >> PAGE_SHIFT);
	if (!frame)
		return;
	frame->last_use = view->instret + 1;
	if (walk->request->access == ACCESS_STORE)
		frame->flags |= GUEST_FRAME_DIRTY;
}

static void on_ref(struct guest_view *view, const struct trace_ref *ref)
{
	struct guest_frame *frame = note_frame(view, ref->pa >> PAGE_SHIFT);

	if (!frame)
		return;
	frame->last_use = view->instret + 1;
	if (ref->access == ACCESS_STORE)
		frame->flags |= GUEST_FRAME_DIRTY;
}

static void take_time(struct guest_view *view, const struct trace_head *head)
{
	view->time_ns = head->time_ns;
	view->credit += CREDIT_EVENT;
	if (head->hart >= GUEST_HARTS_MAX)
		return;
	struct hart_view *hart = &view->harts[head->hart];

	if (head->instret > hart->instret)
		view->instret += head->instret - hart->instret;
	hart->instret = head->instret;
}

void guest_view_emit(void *arg, enum trace_sort sort, const void *event)
{
	struct guest_view *view = arg;

	take_time(view, event);
	switch (sort) {
	case TRACE_HINT:
		if (!view->hints++)
			people_forget_unknown(&view->people);
		if (!take_hint(view, event))
			view->bad++;
		break;
	case TRACE_SPACE:
		on_space(view, event);
		break;
	case TRACE_WALK:
		on_walk(view, event);
		break;
	case TRACE_REF:
		on_ref(view, event);
		break;
	default:
		break;
	}
}

/* --- counters --- */

static const char *const kind_names[GUEST_FRAME_KINDS] = {
	[GUEST_FRAME_UNKNOWN] = "unknown", [GUEST_FRAME_FREE] = "free", [GUEST_FRAME_KERNEL] = "kernel",
	[GUEST_FRAME_TABLE] = "table",     [GUEST_FRAME_ANON] = "anon", [GUEST_FRAME_FILE] = "file",
	[GUEST_FRAME_SHARED] = "shared",   [GUEST_FRAME_SWAP] = "swap", [GUEST_FRAME_USER] = "user",
};

static const char *const fault_names[HINT_FAULTS] = {
	[HINT_FAULT_ZERO] = "zero",     [HINT_FAULT_MINOR] = "minor", [HINT_FAULT_FILE] = "file",
	[HINT_FAULT_SWAP] = "swap",     [HINT_FAULT_COPY] = "copy",   [HINT_FAULT_STACK] = "stack",
	[HINT_FAULT_SIGNAL] = "signal",
};

const char *guest_frame_kind_name(enum guest_frame_kind kind)
{
	return kind < GUEST_FRAME_KINDS ? kind_names[kind] : "?";
}

typedef void see_fn(void *arg, const char *name, u64 value);

static void see_faults(const struct guest_view *view, see_fn *see, void *arg)
{
	char name[32];
	u64 resolved = 0;

	for (u32 i = 0; i < HINT_FAULTS; i++)
		resolved += i == HINT_FAULT_SIGNAL ? 0 : view->faults[i];
	see(arg, "guest.faults", resolved);
	for (u32 i = 0; i < HINT_FAULTS; i++) {
		snprintf(name, sizeof(name), "guest.faults.%s", fault_names[i]);
		see(arg, name, view->faults[i]);
	}
}

static void see_frames(const struct guest_view *view, see_fn *see, void *arg)
{
	char name[32];

	for (u32 i = 0; i < GUEST_FRAME_USER; i++) {
		snprintf(name, sizeof(name), "frames.%s", kind_names[i]);
		see(arg, name, view->of_kind[i]);
		snprintf(name, sizeof(name), "frames.%s.peak", kind_names[i]);
		see(arg, name, view->of_kind_peak[i]);
	}
}

void guest_view_each(const struct guest_view *view, see_fn *see, void *arg)
{
	struct guest_view *none = view ? NULL : guest_view_create(0, 0);

	if (!view)
		view = none;
	see(arg, "hints", view->hints);
	see(arg, "hints.bad", view->bad);
	see(arg, "processes.alive", view->people.alive);
	see(arg, "processes.created", view->people.created);
	see(arg, "processes.peak", view->people.alive_peak);
	see(arg, "switches", view->switches);
	see(arg, "guest.maps", view->mapped);
	see(arg, "guest.unmaps", view->unmapped);
	see_faults(view, see, arg);
	see(arg, "swap.reads", view->swap_reads);
	see(arg, "swap.writes", view->swap_writes);
	see_frames(view, see, arg);
	guest_view_destroy(none);
}

/* --- questions --- */

bool guest_view_has_hints(const struct guest_view *view)
{
	return view->hints > 0;
}

bool guest_view_knows_frames(const struct guest_view *view)
{
	return view->knows_frames;
}

u32 guest_view_process_count(const struct guest_view *view)
{
	return view->people.process_count;
}

const struct guest_process *guest_view_process(const struct guest_view *view, u32 index)
{
	return &view->people.processes[index];
}

const struct guest_process *guest_view_find(const struct guest_view *view, u32 pid)
{
	return pid ? people_find((struct people *)&view->people, pid) : NULL;
}

const struct guest_process *guest_view_of_satp(const struct guest_view *view, u64 satp)
{
	const struct space *space = people_space((struct people *)&view->people, satp & MASK(SATP_ROOT_BITS));

	return space ? guest_view_find(view, space->pid) : NULL;
}

u32 guest_view_running(const struct guest_view *view, u32 hart)
{
	return hart < GUEST_HARTS_MAX ? view->harts[hart].pid : 0;
}

u64 guest_view_hart_satp(const struct guest_view *view, u32 hart)
{
	return hart < GUEST_HARTS_MAX ? view->harts[hart].satp : 0;
}

static bool is_loaded(const struct guest_view *view, u64 root)
{
	for (u32 i = 0; i < GUEST_HARTS_MAX; i++)
		if (view->harts[i].satp && (view->harts[i].satp & MASK(SATP_ROOT_BITS)) == root)
			return true;
	return false;
}

static int by_use(const void *a, const void *b)
{
	const struct space *const *x = a, *const *y = b;

	return (*x)->used < (*y)->used ? 1 : -1;
}

u32 guest_view_spaces(const struct guest_view *view, struct guest_space *spaces, u32 max)
{
	const struct space **found = xcalloc(GUEST_SPACES_MAX, sizeof(*found));
	u32 count = 0;

	for (u32 i = 0; i < view->people.space_count; i++) {
		const struct space *space = &view->people.spaces[i];
		const struct guest_process *process = guest_view_find(view, space->pid);

		if (!process || process->is_alive || is_loaded(view, space->root))
			found[count++] = space;
	}
	qsort(found, count, sizeof(*found), by_use);
	for (u32 i = 0; i < count && i < max; i++)
		spaces[i] = (struct guest_space){
			.satp = found[i]->satp ? found[i]->satp : SATP_SV39 | found[i]->root,
			.id = found[i]->id,
			.pid = found[i]->pid,
		};
	free(found);
	return count < max ? count : max;
}

u32 guest_view_owner(const struct guest_view *view, u32 owner)
{
	return owner && view->people.last_id - owner < GUEST_OWNERS ? view->people.owners[owner % GUEST_OWNERS] : 0;
}

struct guest_frames guest_view_frames(const struct guest_view *view)
{
	return (struct guest_frames){ view->frames, view->known, view->first, view->count };
}

u64 guest_view_time_ns(const struct guest_view *view)
{
	return view->time_ns;
}

u64 guest_view_instret(const struct guest_view *view)
{
	return view->instret;
}

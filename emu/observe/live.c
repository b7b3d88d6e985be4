/*
 * The live view: takes events in, and has the parts of a view written. See live.h; live_internal.h says where what is.
 *
 * At full speed an event is noted in a ring and nothing else: no text, no search. While nobody looks only hints come,
 * unless a walk or a fault is waited for.
 */
#include "emu/observe/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/control.h"
#include "emu/observe/live_internal.h"
#include "emu/observe/observers.h"
#include "emu/observe/stats_internal.h"

#define BUSY_WALKS 500000.0 /* a second of the host's time: from here on they are looked at one turn in TURNS */
#define TURNS 4

/* --- views --- */

struct live_view *live_view_create(void)
{
	struct live_view *view = xcalloc(1, sizeof(*view));

	view->cells = xcalloc(LIVE_CELLS_MAX, sizeof(*view->cells));
	view->tables = xcalloc(LIVE_TABLES_MAX, sizeof(*view->tables));
	view->tlb = xcalloc(LIVE_TLB_MAX, sizeof(*view->tlb));
	return view;
}

void live_view_destroy(struct live_view *view)
{
	if (!view)
		return;
	free(view->cells);
	free(view->tables);
	free(view->tlb);
	free(view);
}

/* --- making --- */

struct live *live_create(struct guest_view *guest)
{
	struct live *live = xcalloc(1, sizeof(*live));

	live->guest = guest;
	live->use.view = guest;
	live->cells = xcalloc(LIVE_CELLS_MAX, sizeof(*live->cells));
	live->events = xcalloc(LIVE_EVENTS, sizeof(*live->events));
	return live;
}

void live_destroy(struct live *live)
{
	if (!live)
		return;
	frame_use_free(&live->use);
	free(live->cells);
	free(live->events);
	free(live->current);
	free(live);
}

/* Walks are numbered as they are counted, also those that nobody saw. */
static void number_walks(struct live *live)
{
	struct stats_view *stats = stats_view_create(live->m);

	live->walk_number = stats_walks(stats, MMU_ACCESSES, MMU_MODES, MMU_SIZES);
	free(stats);
}

void live_attach(struct live *live, struct machine *m, const struct observers *observers)
{
	live->m = m;
	live->observers = observers;
	live->step = LIVE_STEP_NONE;
	live->rests = false;
	live->walk_held = live->walk_next = 0;
	live->has_failed = false;
	live->event_count = live->events_shown = 0;
	live->tlb_time_count = 0;
	memset(live->missing_page, 0, sizeof(live->missing_page));
	live_forget_counters(live);
	live_forget_frames(live);
	frame_use_attach(&live->use, m);
	if (!m)
		return;
	live->instret_before = guest_view_instret(live->guest);
	number_walks(live);
}

/* --- the sink --- */

u32 live_wanted(const struct live *live)
{
	bool sees = (live->looks || live->step != LIVE_STEP_NONE) && !live->rests;

	return BIT(TRACE_HINT) | (sees ? BIT(TRACE_WALK) | BIT(TRACE_FAULT) : 0);
}

bool live_look(struct live *live, bool on)
{
	bool changed = live->looks != on;

	live->looks = on;
	if (changed && on && live->m)
		number_walks(live);
	return changed;
}

/* Walks and faults are told of again, or for a while not. True: that changes what is wanted. */
static bool rest(struct live *live, bool on)
{
	bool changed = live->rests != on;

	live->rests = on;
	if (changed && !on && live->m)
		number_walks(live);
	return changed && live->looks;
}

bool live_take_turns(struct live *live, const struct live_view *view)
{
	bool is_busy = view->rates[LIVE_WALKS_DONE] > BUSY_WALKS;

	live->turn = (live->turn + 1) % TURNS;
	return rest(live, is_busy && live->turn && live->step == LIVE_STEP_NONE);
}

bool live_step(struct live *live, struct control *control, enum live_step what)
{
	live->control = control;
	live->step = (u8)what;
	if (!live->looks && live->m && what != LIVE_STEP_NONE)
		number_walks(live);
	/* What was waited for may have come meanwhile, and made events unwanted if nobody looks. */
	return rest(live, false) || !live->looks;
}

/* What somebody waits for has come. */
static void hold(struct live *live, u32 hart)
{
	live->step = LIVE_STEP_NONE;
	control_pause_soon(live->control, PAUSE_STEPPED, hart);
}

static void on_walk(struct live *live, const struct trace_walk *walk)
{
	live_keep_walk(live, walk);
	live_note_walk(live, walk);
	if (live->step == LIVE_STEP_WALK)
		hold(live, walk->head.hart);
}

void live_emit(void *arg, enum trace_sort sort, const void *event)
{
	struct live *live = arg;
	const struct trace_fault *fault = event;

	if (!live->m)
		return;
	if (sort == TRACE_WALK)
		on_walk(live, event);
	else if (sort == TRACE_HINT)
		live_note_hint(live, event);
	else if (sort == TRACE_FAULT && fault->request && live->step == LIVE_STEP_FAULT)
		hold(live, fault->head.hart);
}

/* --- what the parts share --- */

const struct guest_process *live_process(const struct live *live, u32 pid)
{
	return guest_view_find(live->guest, pid);
}

void live_copy_name(const struct live *live, u32 pid, char name[GUEST_NAME_BYTES])
{
	const struct guest_process *process = live_process(live, pid);

	memset(name, 0, GUEST_NAME_BYTES);
	if (process)
		memcpy(name, process->name, GUEST_NAME_BYTES);
}

bool live_frame_index(const struct live *live, u64 pa, u64 *index)
{
	struct guest_frames frames = guest_view_frames(live->guest);

	*index = (pa >> PAGE_SHIFT) - frames.first;
	return *index < frames.count;
}

void live_describe_code(const struct live *live, u64 pc, char *text, size_t size)
{
	const struct observers *o = live->observers;

	text[0] = '\0';
	if (o && !symbols_describe(o->symbols, o->lines ? source_lines_linked(o->lines, pc) : pc, text, size))
		text[0] = '\0';
}

/* --- a view --- */

static void collect_machine(const struct live *live, u32 number, struct live_view *view)
{
	const struct machine *m = live->m;
	const struct hart *h = m->harts[number];

	view->time_ns = m->clock.now_ns;
	view->ram_base = m->bus.ram->base;
	view->ram_size = m->bus.ram->size;
	view->hart_count = m->hart_count;
	view->hart = number;
	view->pc = h->pc;
	view->satp = h->mmu.satp;
	view->priv = h->priv;
	view->is_waiting = h->waiting;
	view->pid = guest_view_running(live->guest, number);
	view->has_hints = guest_view_knows_frames(live->guest);
	snprintf(view->tlb_name, sizeof(view->tlb_name), "%s", tlb_config(h->mmu.tlb)->name);
	live_describe_code(live, h->pc, view->symbol, sizeof(view->symbol));
	live_copy_name(live, view->pid, view->process);
}

void live_collect(struct live *live, const struct live_request *request, struct live_view *view)
{
	u32 hart = request->hart;

	if (!live->m)
		return;
	view->number = ++live->collections;
	collect_machine(live, hart < live->m->hart_count ? hart : 0, view);
	live_collect_spaces(live, view);
	live_collect_tables(live, request, view);
	live_collect_cells(live, request, view);
	live_collect_tlb(live, view);
	live_collect_walks(live, view);
	live_collect_counters(live, view);
	live_collect_frame(live, request, view);
}

/* --- words --- */

static const struct {
	const char *name, *help;
} kinds[GUEST_FRAME_KINDS] = {
	[GUEST_FRAME_UNKNOWN] = { "not known", "nothing was seen of it: no page table maps it, no hint tells of it" },
	[GUEST_FRAME_FREE] = { "free", "the guest's kernel has it to give away" },
	[GUEST_FRAME_KERNEL] = { "kernel", "the kernel's own code and data" },
	[GUEST_FRAME_TABLE] = { "page table", "512 PTEs that the hart reads in walks" },
	[GUEST_FRAME_ANON] = { "anonymous", "a program's heap or stack: no file is behind it" },
	[GUEST_FRAME_FILE] = { "file", "part of a file in the page cache" },
	[GUEST_FRAME_SHARED] = { "shared", "memory that programs share" },
	[GUEST_FRAME_SWAP] = { "swap cache", "on its way to the swap area or back: no program has it mapped now" },
	[GUEST_FRAME_USER] = { "user", "mapped for user mode; the kernel does not tell what it is" },
};

const char *live_kind_name(u8 kind)
{
	return kind < GUEST_FRAME_KINDS ? kinds[kind].name : "?";
}

const char *live_kind_help(u8 kind)
{
	return kind < GUEST_FRAME_KINDS ? kinds[kind].help : "";
}

const char *live_counter_name(enum live_counter counter)
{
	static const char *const names[LIVE_COUNTERS] = {
		[LIVE_INSTRET] = "instructions", [LIVE_FAULTS] = "faults",         [LIVE_WALKS_DONE] = "walks",
		[LIVE_TLB_HITS] = "TLB hits",    [LIVE_TLB_MISSES] = "TLB misses", [LIVE_FENCES] = "fences",
		[LIVE_SWAP_IN] = "swap in",      [LIVE_SWAP_OUT] = "swap out",     [LIVE_FRAMES_FREE] = "free frames",
	};

	return counter < LIVE_COUNTERS ? names[counter] : "?";
}

/*
 * Walks for the live view: kept raw when they happen, put into words when somebody looks.
 */
#include <stdio.h>

#include "emu/machine.h"
#include "emu/observe/live_internal.h"
#include "mmu/explain.h"

void live_keep_walk(struct live *live, const struct trace_walk *walk)
{
	struct live_raw_walk *raw = &live->walks[live->walk_next];

	raw->head = walk->head;
	raw->request = *walk->request;
	raw->result = *walk->result;
	raw->satp = walk->satp;
	raw->cycles = walk->cycles;
	raw->number = ++live->walk_number;
	raw->pid = guest_view_running(live->guest, walk->head.hart);
	live->walk_next = (live->walk_next + 1) % LIVE_WALKS;
	live->walk_held += live->walk_held < LIVE_WALKS;
	if (walk->result->reason == WALK_OK)
		return;
	live->failed = *raw;
	live->has_failed = true;
}

static void tell(const struct live *live, const struct live_raw_walk *raw, struct live_walk *walk)
{
	const struct walk_result *result = &raw->result;
	struct explanation e = { .request = &raw->request, .result = result };

	/* It was told before. */
	if (walk->number == raw->number && walk->instret == raw->head.instret && walk->verdict[0])
		return;
	*walk = (struct live_walk){
		.number = raw->number,
		.instret = raw->head.instret,
		.va = raw->request.va,
		.pa = result->reason == WALK_OK ? result->pa : 0,
		.pc = raw->head.pc,
		.satp = raw->satp,
		.cycles = raw->cycles,
		.hart = raw->head.hart,
		.access = raw->request.access,
		.priv = raw->request.priv,
		.levels = raw->request.levels,
		.step_count = result->step_count < WALK_LEVELS_MAX ? result->step_count : WALK_LEVELS_MAX,
		.size_log2 = result->size_log2,
		.reason = (u8)result->reason,
	};
	for (u32 i = 0; i < walk->step_count; i++) {
		walk->steps[i].level = result->steps[i].level;
		walk->steps[i].pte_addr = result->steps[i].pte_addr;
		walk->steps[i].pte = result->steps[i].pte;
	}
	live_describe_code(live, walk->pc, walk->symbol, sizeof(walk->symbol));
	live_copy_name(live, raw->pid, walk->process);
	(void)explain_verdict(&e, walk->verdict, sizeof(walk->verdict));
}

void live_collect_walks(struct live *live, struct live_view *view)
{
	view->walk_count = live->walk_held;
	for (u32 i = 0; i < live->walk_held; i++) {
		u32 at = (live->walk_next + 2 * LIVE_WALKS - 1 - i) % LIVE_WALKS;

		tell(live, &live->walks[at], &live->told[at]);
		view->walks[i] = live->told[at];
	}
	view->has_failed_walk = live->has_failed;
	if (!live->has_failed)
		return;
	tell(live, &live->failed, &live->told_failed);
	view->failed_walk = live->told_failed;
}

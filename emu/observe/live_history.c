/*
 * What happened to frames, for the live view: a ring of events that is searched when somebody clicks a frame. Hints
 * tell most of it; of kernels that give none, walks do.
 */
#include <inttypes.h>
#include <stdio.h>

#include "emu/machine.h"
#include "emu/observe/live_internal.h"
#include "emu/observe/page_tables.h"

const struct live_event *live_event_at(const struct live *live, u64 number)
{
	return &live->events[number % LIVE_EVENTS];
}

/* Notes an event of the frame at pa; what is no RAM has no history. */
static void note(struct live *live, const struct trace_head *head, u64 pa, const struct live_event *event)
{
	struct live_event *slot = &live->events[live->event_count % LIVE_EVENTS];
	u64 index;

	if (!live_frame_index(live, pa, &index))
		return;
	*slot = *event;
	slot->time_ns = head->time_ns;
	slot->instret = head->instret;
	slot->frame = (u32)index;
	if (!slot->count)
		slot->count = 1;
	live->event_count++;
}

/* --- hints --- */

/* The process that has the space, whose root is in that frame. */
static u32 pid_of_root(const struct live *live, u64 root)
{
	const struct guest_process *process = guest_view_of_satp(live->guest, root);

	return process ? process->pid : 0;
}

/* The frame that a fault at va was resolved with is what the page tables say now. */
static void note_fault(struct live *live, const struct trace_hint *hint)
{
	u32 hart = hint->head.hart, levels = hart < live->m->hart_count ? live->m->harts[hart]->mmu.levels : 0;
	u64 satp = (u64)(levels ? levels + 5 : 8) << 60 | satp_root(hint->args[0]);
	struct page_table_leaf leaf;

	if (hint->args[2] >= HINT_FAULTS || !page_table_find(&live->m->bus, satp, hint->args[1], &leaf))
		return;
	u64 in_page = hint->args[1] & MASK(page_table_size_log2(leaf.level));

	note(live, &hint->head, (pte_frame(leaf.pte) << PAGE_SHIFT) + in_page,
	     &(struct live_event){ .what = LIVE_EVENT_FAULT,
	                           .detail = (u8)hint->args[2],
	                           .value = hint->args[1],
	                           .pid = pid_of_root(live, hint->args[0]) });
}

static void note_map(struct live *live, const struct trace_hint *hint, u8 what)
{
	u64 pte = hint->args[0];

	if (!pte)
		return;
	note(live, &hint->head, pte_frame(pte) << PAGE_SHIFT,
	     &(struct live_event){ .what = what,
	                           .detail = (u8)pte,
	                           .value = hint->args[2],
	                           .pid = pid_of_root(live, hint->args[1]) });
}

static void note_frames(struct live *live, const struct trace_hint *hint)
{
	u64 count = hint->args[2] ? hint->args[2] : 1;

	if (hint->args[1] >= HINT_FRAME_KINDS || count > UINT32_MAX)
		return;
	note(live, &hint->head, hint->args[0] << PAGE_SHIFT,
	     &(struct live_event){ .what = LIVE_EVENT_KIND,
	                           .detail = (u8)(hint->args[1] + 1),
	                           .count = (u32)count,
	                           .pid = guest_view_running(live->guest, hint->head.hart) });
}

void live_note_hint(struct live *live, const struct trace_hint *hint)
{
	switch (hint->number) {
	case HINT_FRAME:
		note_frames(live, hint);
		break;
	case HINT_MAP:
		note_map(live, hint, LIVE_EVENT_MAP);
		break;
	case HINT_UNMAP:
		note_map(live, hint, LIVE_EVENT_UNMAP);
		break;
	case HINT_FAULT:
		note_fault(live, hint);
		break;
	case HINT_SWAP_OUT:
	case HINT_SWAP_IN:
		note(live, &hint->head, hint->args[0] << PAGE_SHIFT,
		     &(struct live_event){ .what = hint->number == HINT_SWAP_IN ? LIVE_EVENT_SWAP_IN
		                                                                : LIVE_EVENT_SWAP_OUT,
		                           .value = hint->args[1],
		                           .pid = guest_view_running(live->guest, hint->head.hart) });
		break;
	default:
		break;
	}
}

/* --- walks --- */

/* Without hints a fault counts as resolved when the same page translates for the same hart. */
static void note_resolved(struct live *live, const struct trace_walk *walk)
{
	u32 hart = walk->head.hart;
	u64 page = walk->request->va >> PAGE_SHIFT;

	if (hart >= GUEST_HARTS_MAX)
		return;
	if (walk->result->reason != WALK_OK) {
		live->missing_page[hart] = page + 1;
		live->missing_root[hart] = walk->request->root;
		return;
	}
	if (live->missing_page[hart] != page + 1 || live->missing_root[hart] != walk->request->root)
		return;
	live->missing_page[hart] = 0;
	note(live, &walk->head, walk->result->pa,
	     &(struct live_event){ .what = LIVE_EVENT_FAULT,
	                           .detail = LIVE_NO_HINT,
	                           .value = walk->request->va,
	                           .pid = guest_view_running(live->guest, hart) });
}

void live_note_walk(struct live *live, const struct trace_walk *walk)
{
	if (!guest_view_knows_frames(live->guest))
		note_resolved(live, walk);
	if (walk->result->reason == WALK_OK && walk->result->ad_updated)
		note(live, &walk->head, walk->result->pa,
		     &(struct live_event){ .what = LIVE_EVENT_AD,
		                           .detail = walk->request->access,
		                           .value = walk->request->va,
		                           .pid = guest_view_running(live->guest, walk->head.hart) });
}

/* --- words --- */

static const char *fault_words(u8 how)
{
	static const char *const words[HINT_FAULTS] = {
		[HINT_FAULT_ZERO] = "a page of zeros",      [HINT_FAULT_MINOR] = "it was in memory already",
		[HINT_FAULT_FILE] = "read from its file",   [HINT_FAULT_SWAP] = "read from swap",
		[HINT_FAULT_COPY] = "copied on write",      [HINT_FAULT_STACK] = "the stack grew",
		[HINT_FAULT_SIGNAL] = "an error: a signal",
	};

	return how < HINT_FAULTS ? words[how] : "resolved";
}

static void say_rights(u8 flags, char text[5])
{
	static const char letters[] = "rwxu";

	for (u32 i = 0; i < 4; i++)
		text[i] = flags >> (i + 1) & 1 ? letters[i] : '-';
	text[4] = '\0';
}

static void say_event(const struct live_event *e, char *text, size_t size)
{
	static const char *const accesses[] = { "a fetch from", "a load from", "a store to" };
	char rights[5];

	say_rights(e->detail, rights);
	switch (e->what) {
	case LIVE_EVENT_KIND:
		if (e->detail == GUEST_FRAME_FREE)
			snprintf(text, size, "freed");
		else
			snprintf(text, size, "allocated: %s", live_kind_name(e->detail));
		break;
	case LIVE_EVENT_MAP:
		snprintf(text, size, "mapped at 0x%" PRIx64 " %s", e->value, e->detail & PTE_V ? rights : "V=0");
		break;
	case LIVE_EVENT_UNMAP:
		snprintf(text, size, "unmapped from 0x%" PRIx64, e->value);
		break;
	case LIVE_EVENT_FAULT:
		snprintf(text, size, "fault at 0x%" PRIx64 ": %s", e->value, fault_words(e->detail));
		break;
	case LIVE_EVENT_SWAP_OUT:
		snprintf(text, size, "written to swap slot %" PRIu64, e->value);
		break;
	case LIVE_EVENT_SWAP_IN:
		snprintf(text, size, "read from swap slot %" PRIu64, e->value);
		break;
	default:
		snprintf(text, size, "a walk set %s: %s 0x%" PRIx64, e->detail == ACCESS_STORE ? "A and D" : "A",
		         accesses[e->detail % 3], e->value);
		break;
	}
}

/* Whom it was about, behind the words. */
static void say_person(const struct live *live, u32 pid, char *text, size_t size)
{
	const struct guest_process *process = live_process(live, pid);

	if (!pid || (pid >= GUEST_SPACE_PID && !process))
		text[0] = '\0';
	else if (pid >= GUEST_SPACE_PID)
		snprintf(text, size, ", %s", process->name);
	else
		snprintf(text, size, ", %s (pid %u)", process && process->name[0] ? process->name : "?", pid);
}

void live_collect_history(const struct live *live, u64 index, struct live_frame *frame)
{
	u64 oldest = live->event_count > LIVE_EVENTS ? live->event_count - LIVE_EVENTS : 0;

	frame->history_count = 0;
	for (u64 n = live->event_count; n-- > oldest && frame->history_count < LIVE_HISTORY;) {
		const struct live_event *e = live_event_at(live, n);
		char words[80], person[GUEST_NAME_BYTES + 24];

		if (index - e->frame >= e->count)
			continue;
		say_event(e, words, sizeof(words));
		say_person(live, e->pid, person, sizeof(person));
		frame->history[frame->history_count].instret = e->instret;
		frame->history[frame->history_count].time_ns = e->time_ns;
		size_t room = sizeof(frame->history[0].text);
		char *text = frame->history[frame->history_count++].text;
		size_t length = (size_t)snprintf(text, room, "%s", words);

		if (length < room)
			snprintf(text + length, room - length, "%s", person);
	}
}

/*
 * How a hart got here: see explain_history.h.
 */
#include "emu/observe/explain_history.h"

#include <inttypes.h>
#include <string.h>

#include "cpu/csr.h"
#include "cpu/insn.h"
#include "emu/names.h"

#define MODE_SHIFT 60
#define SP 2
#define RA 1
#define NOTES_MAX 4
#define SOON 8          /* instructions between a write of satp and what is taken for its consequence */
#define HANDLER_PART 64 /* instructions of a handler that save registers and find a stack */

/* --- writes of satp --- */

/* What the instruction at pc tries to write; only plain writes of a whole register are looked at. */
static bool value_written(struct hart *h, u64 *value)
{
	struct insn insn = insn_decode(h->decoder, explain_raw_insn(h, h->pc));
	if (insn.id != INSN_CSRRW || insn.imm != CSR_SATP)
		return false;
	*value = h->x[insn.rs1];
	return true;
}

/* "8 (Sv39), 9 (Sv48)": the modes of this hart that translate. */
static void list_modes(const struct hart *h, char *text, size_t size)
{
	size_t used = 0;
	for (u32 levels = 3; levels <= h->mmu.config.levels_max && used < size; levels++)
		used += (size_t)snprintf(text + used, size - used, ", %u (Sv%u)", levels + 5, 12 + 9 * levels);
}

static void see_satp(struct explain_history *y, const struct explain_teller *t, struct hart *h,
                     const struct trace_csr *event)
{
	char place[EXPLAIN_PLACE_SIZE], modes[64] = "";
	u64 mode = event->value >> MODE_SHIFT, tried = event->value;
	bool is_refused = value_written(h, &tried) && tried >> MODE_SHIFT != mode;
	y->has_bare = mode == 0 && tried != 0;
	y->bare_pc = event->head.pc;
	y->bare_satp = tried;
	if ((!is_refused && !y->has_bare) || y->notes++ >= NOTES_MAX)
		return;
	explain_place(t, event->head.pc, place);
	list_modes(h, modes, sizeof(modes));
	if (is_refused)
		explain_say(t, "note",
		            "satp was not written at %s: MODE (bits 63..60) of 0x%" PRIx64
		            " is %u, which this hart does "
		            "not have, and then the whole write is ignored (privileged manual, \"Supervisor Address "
		            "Translation and Protection Register\"). satp stays 0x%" PRIx64
		            ", translation %s. There are 0 "
		            "(Bare)%s: for Sv39 write 0x%" PRIx64 ".",
		            place, tried, (u32)(tried >> MODE_SHIFT), event->value, mode ? "is as it was" : "stays off",
		            modes, (u64)((tried & MASK(MODE_SHIFT)) | 8ull << MODE_SHIFT));
	else
		explain_say(
			t, "note",
			"satp was written at %s with a root table, but MODE (bits 63..60) is 0, Bare: translation is "
			"off. For Sv39 MODE is 8: write 0x%" PRIx64 ".",
			place, (u64)(tried | 8ull << MODE_SHIFT));
}

void explain_history_see(struct explain_history *y, const struct explain_teller *t, struct hart *h,
                         enum trace_sort sort, const void *event)
{
	const struct trace_csr *csr = event;
	const struct trace_trap *trap = event;
	switch (sort) {
	case TRACE_CSR:
		if (csr->number == CSR_SATP)
			see_satp(y, t, h, csr);
		break;
	case TRACE_SPACE:
		y->has_space = true;
		memcpy(&y->space, event, sizeof(y->space));
		break;
	case TRACE_TRAP:
		y->in_handler = !trap->is_return;
		y->trap = *trap;
		break;
	default:
		break;
	}
}

/* --- hints --- */

bool explain_history_is_nested(const struct explain_history *y, const struct trace_fault *fault)
{
	return y->in_handler && fault->head.priv == y->trap.to_priv &&
	       fault->head.instret - y->trap.head.instret <= HANDLER_PART;
}

/* The instruction behind the write of satp cannot be fetched. */
static void tell_no_identity(const struct explain_teller *t, struct hart *h, const struct trace_fault *fault,
                             const char *ago)
{
	struct explain_question handler;
	u64 stvec = align_down(h->csr.stvec, 4);
	explain_say(
		t, "perhaps",
		"there is no identity mapping. %s, and translation is on since: the very next instruction is fetched "
		"by its virtual address, 0x%" PRIx64 ", and that is not mapped to itself. Map the kernel's code at VA "
		"== PA with R and X and without U, as long as it runs there; its data and its stack too, with R and W.",
		ago, fault->tval);
	explain_ask(h, stvec, ACCESS_FETCH, PRIV_S, &handler);
	if (handler.result.reason == WALK_OK)
		explain_say(t, "or",
		            "it is meant so: stvec, 0x%" PRIx64
		            ", is mapped, and the kernel goes on there by way of this "
		            "fault, as Linux does.",
		            stvec);
}

/* The first fetch with new page tables. */
static void tell_satp(const struct explain_history *y, const struct explain_teller *t, struct hart *h,
                      const struct trace_fault *fault)
{
	char place[EXPLAIN_PLACE_SIZE], ago[EXPLAIN_PLACE_SIZE + 64];
	u64 instructions = fault->head.instret - y->space.head.instret;
	snprintf(ago, sizeof(ago), "satp was written %" PRIu64 " instruction%s ago, at %s", instructions,
	         instructions == 1 ? "" : "s", explain_place(t, y->space.head.pc, place));
	if (fault->reason == WALK_INVALID)
		tell_no_identity(t, h, fault, ago);
	else
		explain_say(t, "note", "%s, and switched translation on: this is the first use of these page tables.",
		            ago);
}

static bool is_behind_satp(const struct explain_history *y, const struct trace_fault *fault)
{
	return y->has_space && y->space.old_satp >> MODE_SHIFT == 0 && y->space.satp >> MODE_SHIFT != 0 &&
	       fault->access == ACCESS_FETCH && fault->head.instret - y->space.head.instret <= SOON;
}

static void tell_handler_fetch(const struct explain_history *y, const struct explain_teller *t)
{
	char place[EXPLAIN_PLACE_SIZE], mode = y->trap.to_priv == PRIV_M ? 'm' : 's';
	if (y->trap.target == 0)
		explain_say(
			t, "handler",
			"this is %ctvec: it is 0, as after reset, so there is no trap handler yet, and the trap in "
			"front of this one went to address 0. Write the handler's address to %ctvec before anything "
			"can trap. The hart is in an endless loop of traps.",
			mode, mode);
	else
		explain_say(
			t, "handler",
			"this is the trap handler, %ctvec = %s, and it cannot be fetched itself: every trap ends in "
			"this fault, and this fault is a trap, for ever. %s",
			mode, explain_place(t, y->trap.target, place),
			mode == 's' ? "The handler's code must be mapped, with X and without U, in every address "
				      "space that can be in satp when a trap comes."
				    : "M mode fetches by physical addresses: it must be in RAM.");
}

/* True if the instruction at pc loads or stores by the stack pointer. */
static bool is_by_sp(struct hart *h, u64 pc)
{
	struct insn insn = insn_decode(h->decoder, explain_raw_insn(h, pc));
	u32 cls = insn_table[insn.id].cls;
	return insn.rs1 == SP && (cls == CLASS_LOAD || cls == CLASS_STORE || cls == CLASS_FLOAD || cls == CLASS_FSTORE);
}

void explain_history_tell_handler(const struct explain_history *y, const struct explain_teller *t, struct hart *h,
                                  const struct trace_fault *fault)
{
	char place[EXPLAIN_PLACE_SIZE], cause[80] = "", mode = y->trap.to_priv == PRIV_M ? 'm' : 's';
	u64 instructions = fault->head.instret - y->trap.head.instret;
	if (fault->access == ACCESS_FETCH && instructions == 0) {
		tell_handler_fetch(y, t);
		return;
	}
	if (y->fault)
		snprintf(cause, sizeof(cause), " for fault %" PRIu64, y->fault);
	else if (!y->is_guessed)
		snprintf(cause, sizeof(cause), " for a trap (%s)", cause_name(y->trap.cause));
	explain_say(t, "handler",
	            "this is the trap handler itself, %" PRIu64
	            " instruction%s behind its entry (%ctvec = %s)%s. Its own "
	            "fault enters it again and overwrites %cepc, %ccause and %ctval: an endless loop of traps.",
	            instructions, instructions == 1 ? "" : "s", mode, explain_place(t, y->trap.target, place), cause,
	            mode, mode, mode);
	if (is_by_sp(h, fault->head.pc) && fault->reason != WALK_ACCESSED_CLEAR && fault->reason != WALK_DIRTY_CLEAR)
		explain_say(
			t, "stack",
			"the handler saves registers on the stack, and sp, 0x%" PRIx64
			", is no stack that it may use: it "
			"has it from %c mode, where the trap came from. What a handler starts on must be mapped, with R "
			"and W and without U, in every address space: while a program runs, keep the top of such a "
			"stack in %cscratch and swap (csrrw sp, %cscratch, sp); where the trap comes from the kernel "
			"itself, stay on the kernel's stack if that is good.",
			h->x[SP], priv_letter(y->trap.head.priv), mode, mode);
}

static void tell_bare(const struct explain_history *y, const struct explain_teller *t)
{
	char place[EXPLAIN_PLACE_SIZE];
	explain_say(t, "perhaps",
	            "translation was meant to be on: satp was given 0x%" PRIx64 " at %s, with MODE %u instead of 8.",
	            y->bare_satp, explain_place(t, y->bare_pc, place), (u32)(y->bare_satp >> MODE_SHIFT));
}

/* Where a wild jump came from is most likely in ra, if that is code. */
static void tell_caller(const struct explain_teller *t, struct hart *h, const struct trace_fault *fault)
{
	char place[EXPLAIN_PLACE_SIZE];
	struct explain_question caller;
	explain_ask(h, h->x[RA], ACCESS_FETCH, fault->head.priv, &caller);
	if (fault->head.pc == h->x[RA])
		explain_say(t, "perhaps",
		            "a function returned to here: ra has this address. Was it overwritten on the "
		            "stack?");
	else if (caller.result.reason == WALK_OK)
		explain_say(t, "from", "ra is %s: if this was a call, it came from there.",
		            explain_place(t, h->x[RA], place));
}

void explain_history_tell(const struct explain_history *y, const struct explain_teller *t, struct hart *h,
                          const struct trace_fault *fault, const struct explain_question *q)
{
	bool at_entry = fault->access == ACCESS_FETCH && fault->head.pc == y->trap.target;
	if (explain_history_is_nested(y, fault) && (at_entry || is_by_sp(h, fault->head.pc)))
		explain_history_tell_handler(y, t, h, fault);
	else if (is_behind_satp(y, fault))
		tell_satp(y, t, h, fault);
	else if (q->request.levels == 0 && q->request.priv != PRIV_M && y->has_bare)
		tell_bare(y, t);
	else if (fault->access == ACCESS_FETCH && h->x[RA])
		tell_caller(t, h, fault);
	if (fault->access != ACCESS_FETCH && q->request.priv != fault->head.priv)
		explain_say(t, "note",
		            "mstatus.MPRV is 1: loads and stores of M mode are made as %c mode (MPP) would make them.",
		            q->request.priv == PRIV_S ? 'S' : 'U');
}

/*
 * How an event is packed in a run file (emu/observe/run_file.h), and unpacked into the same struct: one function a sort
 * does both, so that they cannot disagree.
 *
 * Both sides remember what came before and guess the next value from it: a field that is as guessed costs one bit, any
 * other is written as its distance from the guess. A payload is groups of flag bits, each with the numbers behind it
 * that its bits say are there. What is unpacked is within the ranges of its enums whatever the bytes are; more is not
 * promised of a file that somebody else made.
 */
#ifndef RVEMU_EMU_OBSERVE_RUN_CODEC_H
#define RVEMU_EMU_OBSERVE_RUN_CODEC_H

#include "emu/base/trace.h"
#include "mmu/walk.h"

/* No payload of an event is longer. */
#define RUN_EVENT_BYTES_MAX 256

/* An event of any sort, with what it points to. */
struct run_event {
	union {
		struct trace_head head;
		struct trace_insn insn;
		struct trace_mem mem;
		struct trace_walk walk;
		struct trace_tlb tlb;
		struct trace_trap trap;
		struct trace_csr csr;
		struct trace_fence fence;
		struct trace_space space;
		struct trace_ref ref;
		struct trace_fault fault;
		struct trace_hint hint;
	};
	struct walk_request request; /* of walk and fault */
	struct walk_result result;   /* of walk */
};

/* What was packed or unpacked so far, as far as it is needed to guess. */
struct run_memory;

struct run_memory *run_memory_create(void);
void run_memory_destroy(struct run_memory *memory);

/* Packs an event of a machine into at most RUN_EVENT_BYTES_MAX bytes at `out`; returns how many. */
size_t run_pack(struct run_memory *memory, enum trace_sort sort, const void *event, u8 *out);

/* Unpacks `size` bytes. False: they are no event of that sort. */
bool run_unpack(struct run_memory *memory, enum trace_sort sort, const u8 *bytes, size_t size,
                struct run_event *event) must_check;

#endif

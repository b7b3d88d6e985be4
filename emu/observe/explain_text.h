/*
 * A translation in words, for people: mmu/explain.h's text with what the machine around it knows: names and source
 * lines, the TLB's entries that disagree with the page tables, what lies at a physical address. `monitor explain` and
 * --explain both speak through this, so that they say the same.
 *
 * It looks at the machine and changes nothing. The history of a run (who wrote satp, which handler is at work) is
 * emu/observe/explain_faults.c's business.
 */
#ifndef RVEMU_EMU_OBSERVE_EXPLAIN_TEXT_H
#define RVEMU_EMU_OBSERVE_EXPLAIN_TEXT_H

#include <stdio.h>

#include "cpu/hart.h"
#include "emu/observe/source_lines.h"

/* Room for a place: a name, and a source line behind it. */
#define EXPLAIN_PLACE_SIZE 320

/* A question about an address, and the walker's answer. */
struct explain_question {
	struct walk_request request; /* levels 0: physical, because of the mode or satp */
	struct walk_result result;   /* also WALK_LEAF_PMP and WALK_LEAF_BUS */
};

/* To whom, and with which names. */
struct explain_teller {
	FILE *out;                     /* where words go */
	const struct symbols *symbols; /* names for addresses, or NULL */
	struct source_lines *lines;    /* source lines for addresses, or NULL */
	bool colour;                   /* with the terminal's colours */
};

/* How an entry of the TLB stands to the page tables. */
enum explain_entry {
	ENTRY_UNKNOWN, /* it is of another address space, or translation is off: there is nothing to compare it with */
	ENTRY_SAME,    /* a walk now would give the same */
	ENTRY_AD,      /* it would, but for A and D */
	ENTRY_STALE,   /* it would not: the hart goes on using the entry until a fence */
};

/* Asks the walker, and PMP and the bus behind it, as an access by this mode (enum priv) would; nothing is changed. */
void explain_ask(struct hart *h, u64 va, enum access access, u8 priv, struct explain_question *q);

/* Writes the explanation: ten to twenty lines of at most 100 columns. */
void explain_tell(const struct explain_teller *t, struct hart *h, const struct explain_question *q);

/* Writes a paragraph in the same shape: its name in the margin, at most nine letters. */
void explain_say(const struct explain_teller *t, const char *name, const char *fmt, ...) printf_like(3, 4);

/* Compares an entry with what a walk from the present satp gives; `text` is told what that is, for AD and STALE, unless
 * size is 0. */
enum explain_entry explain_compare_entry(struct hart *h, const struct tlb_entry *e, char *text, size_t size);

/* The bits of the instruction at pc, as the mode at work sees memory; 0 if they cannot be read. */
u32 explain_raw_insn(struct hart *h, u64 pc);

/* Writes "0x80000134 <main+0x10>, kernel/main.c:42", as much of it as is known. Returns place. */
const char *explain_place(const struct explain_teller *t, u64 pc, char place[EXPLAIN_PLACE_SIZE]);

#endif

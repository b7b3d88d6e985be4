/*
 * What mmu/explain.c (the shape of the text) and the two files with the words for each rule share. Nobody else
 * includes this.
 */
#ifndef RVEMU_MMU_EXPLAIN_INTERNAL_H
#define RVEMU_MMU_EXPLAIN_INTERNAL_H

#include "mmu/explain.h"

/* The text so far. */
struct words {
	char *text;  /* the caller's buffer */
	size_t size; /* its bytes */
	size_t used; /* without the terminator */
	u32 column;  /* of the line at work */
	bool colour; /* with colours */
};

/* Appends to the paragraph; lines are broken at blanks. */
void words_say(struct words *w, const char *fmt, ...) printf_like(2, 3);

/* The words for a reason: what is wrong in this very case, the rule, and what to do. */
struct reason_words {
	void (*why)(struct words *w, const struct explanation *e);
	const char *rule;
	void (*mend)(struct words *w, const struct explanation *e);
};

/* By enum walk_reason; each has the rows that the other one leaves empty. */
extern const struct reason_words explain_pte_words[WALK_REASONS];
extern const struct reason_words explain_access_words[WALK_REASONS];

/* A sentence, and the place of a rule. */
#define EXPLAIN_FENCE " Then sfence.vma, for the hart may remember the old PTE."
#define EXPLAIN_STEP(n) " (privileged manual, \"Virtual Address Translation Process\", step " #n ")."

/* The step at which a walk that has steps failed, and the PTE as it was read there. */
const struct walk_step *explain_last_step(const struct explanation *e);
u64 explain_failed_pte(const struct explanation *e);

/* The PTE with another physical address. */
u64 explain_pte_with_pa(u64 pte, u64 pa);

/* " 0x...": a PTE as it should have been. */
void words_pte(struct words *w, u64 pte);

/* A paragraph that names a mistake which this failure and the guest's RAM look like, or nothing: explain_mistakes.c. */
void words_mistake(struct words *w, const struct explanation *e);

/* Begins a paragraph with its name, and ends it. */
void words_begin(struct words *w, const char *name);
void words_end(struct words *w);

/* False if there is no RAM at pa; true also where it is not known. */
bool explain_may_be_ram(const struct explanation *e, u64 pa);

/* True if PMP is as after reset: no entry is on, and S and U mode may touch nothing. */
bool explain_pmp_is_off(const struct explanation *e);

/* How all memory is opened. */
#define EXPLAIN_OPEN_PMP                                                                                               \
	"li t0, -1; srli t0, t0, 10; csrw pmpaddr0, t0; li t0, 0x1f; csrw pmpcfg0, t0 (one NAPOT entry over all "      \
	"memory with R, W and X)"

/* " PMP entry 3 decides: ...": which entry decides over pa, if that is known. */
void words_pmp_entry(struct words *w, const struct explanation *e, u64 pa);

#endif

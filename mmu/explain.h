/*
 * A walk in words: what a student must know to mend it. The indexes, each PTE, the step that failed, the rule it broke
 * with its place in the manual, and what would have made it succeed.
 *
 * Pure: from the walker's request and result to text. It knows no hart and no TLB; who asks may add what those say
 * (emu/observe/explain_text.h does), and may lend it the guest's RAM, in which common mistakes are recognised. The
 * rules are those of mmu/walk.c. Read mmu/walk.h first.
 */
#ifndef RVEMU_MMU_EXPLAIN_H
#define RVEMU_MMU_EXPLAIN_H

#include "mmu/pmp.h"
#include "mmu/walk.h"

/* Room for the longest text. */
#define EXPLAIN_SIZE 4096

/* What is to be explained. */
struct explanation {
	const struct walk_request *request; /* levels 0: not translated, because of M mode (priv) or Bare mode */
	const struct walk_result *result;   /* its outcome; also WALK_LEAF_PMP and WALK_LEAF_BUS, with `pa` */
	const struct pmp *pmp;              /* to tell which entry denies; NULL: it is not told */
	const char *symbol;                 /* name of the virtual address ("main+0x4"), or NULL */
	const char *source;                 /* its source line ("main.c:12"), or NULL */
	const u64 *(*ram)(void *arg,
	                  u64 page); /* the 512 words of the RAM page at this address, or NULL; may be NULL */
	void *ram_arg;               /* what it is given */
	u16 asid;                    /* address space */
	bool colour;                 /* with the terminal's colours */
};

/* Writes the explanation, some ten lines of at most 100 columns, each ended by a newline. It is cut, and stays
 * terminated, where the buffer ends; EXPLAIN_SIZE bytes are enough. Returns its length. */
size_t explain_walk(const struct explanation *e, char *text, size_t size);

/* Writes what came of the walk alone, one line of a sentence or two: where it ended, or the fault and why. Without
 * colours; cut likewise. Returns its length. */
size_t explain_verdict(const struct explanation *e, char *text, size_t size);

/* Writes a paragraph of such a text: its name in the margin (at most nine letters), and what fmt says behind it, broken
 * into lines of at most 100 columns. Returns its length. */
size_t explain_paragraph(char *text, size_t size, bool colour, const char *name, const char *fmt, ...)
	printf_like(5, 6);

/* A PTE's flags as the manual's figure has them: "DAGUXWRV", a dash for each that is clear. `flags` has 9 bytes. */
void explain_flags(u64 pte, char *flags);

/* "4 KiB", "2 MiB", ... */
void explain_size(u32 size_log2, char *text, size_t size);

#endif

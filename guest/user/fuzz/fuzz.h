/*
 * fuzz: random system calls with random arguments, and a few deliberate attacks, from children that may do to
 * themselves whatever they like. The kernel must live, nobody else may notice, and nothing may be lost.
 *
 *     fuzz [--seed N] [--count CALLS] [--children N] [--anyway]
 *
 * The same seed gives the same calls. It never asks for a reboot, never signals another process, and names no file
 * outside its own folder /tmp/fuzz.N for writing; so the disk survives, too. As it is made for our kernel, it refuses
 * to run on another one without --anyway: do that only in a machine that may be lost. Read main.c (children and the
 * watch over them), random.c (what a call is made of), hostile.c (attacks).
 */
#ifndef GUEST_USER_FUZZ_FUZZ_H
#define GUEST_USER_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stdint.h>

/* What a child may aim its arguments at. */
struct targets {
	uint64_t *random; /* the generator's state */
	char *arena;      /* ARENA_PAGES of memory, random content, the last page PROT_NONE */
	char *read_only;  /* a page */
	bool outside;     /* sees /proc and /dev: no calls that change files then */
};

#define ARENA_PAGES 16

struct call {
	long number;      /* of syscall.def */
	const char *name; /* for messages */
	uint64_t args[6]; /* what goes into a0 to a5 */
};

/* random.c: a call that may be made; the generator goes on. */
struct call next_call(const struct targets *targets);
uint64_t pick(uint64_t *random, uint64_t limit); /* 0..limit-1 */
/* Makes the call; a child that it gives birth to ends at once. The result, or -errno. */
long make_call(const struct call *call);

/* hostile.c: each in a child of its own; the name of attack `index`, NULL: there are no more. */
const char *attack_name(unsigned index);
void attack(unsigned index, uint64_t *random);

#endif

/*
 * Moments of a run that are kept in memory until its end, evenly spread however long it is: when there are too many (or
 * they are too large, or taking one costs too much), every other one is dropped and the interval doubled. Time is
 * instructions of all harts.
 */
#ifndef RVEMU_EMU_OBSERVE_MOMENTS_H
#define RVEMU_EMU_OBSERVE_MOMENTS_H

#include "emu/observe/pack.h"
#include "emu/observe/run_file.h"

#define MOMENTS_MAX 256

struct moments {
	struct pack all[MOMENTS_MAX + 1];
	u32 count;        /* how many there are */
	u32 max;          /* and may be, at most MOMENTS_MAX */
	size_t bytes;     /* of them all */
	size_t bytes_max; /* at most, about */
	u64 interval;     /* instructions from one to the next */
	u64 least;        /* the interval shall be at least that; whoever takes moments may raise it */
	u64 next;         /* when that is due */
};

void moments_init(struct moments *m, u32 max, size_t bytes_max, u64 interval);
void moments_free(struct moments *m);

/* Keeps one, whose bytes it takes; the next is due after the interval. */
void moments_add(struct moments *m, struct pack *moment, u64 now);

/* Writes them as records of that kind, and forgets them. */
void moments_write(struct moments *m, struct run_writer *writer, enum run_record kind);

#endif

/*
 * The books of the machine's memory: what is used before a hostile program and after it must be the same. Used by the
 * programs that try to make the kernel lose something.
 *
 * Pages and tables of processes are compared as what nobody accounts for: the kernel's own count less the sum of what
 * all processes have. So it does not matter whether a sleeping shell was swapped out meanwhile, and a single lost page
 * shows.
 */
#ifndef GUEST_USER_LIB_BALANCE_H
#define GUEST_USER_LIB_BALANCE_H

#include <stdbool.h>

struct balance {
	long processes; /* entries of /proc */
	long tables;    /* page tables that are no process's; pages */
	long anonymous; /* anonymous frames that are no process's; pages */
	long kernel;    /* kernel stacks and other whole pages */
	long slots;     /* swap slots in use, in pages, after swap was turned off and on */
	long slab;      /* the kernel's small objects; pages */
	long cache;     /* file pages that could not be dropped */
};

/*
 * Call it when no child is left. Drops caches, empties swap (swapoff brings all pages back; if they do not fit, slots
 * are taken as they are), waits until two readings agree.
 */
struct balance balance_now(void);
/*
 * Prints what is lost since `before`, a line each; true: nothing. On our kernel processes, tables, anonymous pages and
 * slots must agree exactly. Slab and cache may differ by `frames`: small objects come in whole pages, which stay while
 * one object in them is used, and programs that wait meanwhile keep pages of their files. Kernel pages may differ by
 * eight: lists of ext2, the map of the swap device; a lost kernel stack is two, so that four lost processes are seen,
 * one is not. Less than before is no loss. On Linux, which frees late and caches much, only processes are compared, and
 * with a tolerance: it has kernel threads that come and go.
 */
bool balance_holds(const char *name, const struct balance *before, long frames);

#endif

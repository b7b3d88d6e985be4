/*
 * The kernel lock, and mutexes that sleep.
 *
 * There is one lock. A hart takes it when it enters the kernel and gives it back when it leaves to user mode or idles;
 *it stays with the hart through context switches. Interrupts are off in the kernel (the idle loop looks at them
 *itself), so kernel code is atomic between two points that may sleep, and a function that does not sleep needs no
 *further lock. Every function that may sleep says "May sleep" in its header: schedule(), mutex_lock(), memory
 *allocation, user copies, disk I/O.
 *
 * What must stay as it is across a sleep is held by a mutex. They nest in this order, outermost first:
 *
 *	fs->rename_lock -> inode->lock (a directory before its children) -> mm->lock -> fs->alloc_lock
 *
 * Memory reclaim takes no mutex and allocates nothing: any allocation may call it under any mutex.
 */
#ifndef GUEST_KERNEL_CORE_LOCK_H
#define GUEST_KERNEL_CORE_LOCK_H

#include "guest/kernel/core/base.h"

struct task;

/* A ticket lock: who comes first is served first, so no hart waits for ever. */
struct kernel_lock {
	u32 next;    /* the ticket that the next comer takes */
	u32 serving; /* whose turn it is */
};
extern struct kernel_lock kernel_lock_state;

/* Spins until it is this ticket's turn. */
void kernel_lock_wait(u32 ticket);

/* Takes the kernel lock; spins while another hart is in the kernel. Inline, as each system call passes here. */
static inline void kernel_lock(void)
{
	u32 ticket = __atomic_fetch_add(&kernel_lock_state.next, 1, __ATOMIC_RELAXED);
	if (unlikely(__atomic_load_n(&kernel_lock_state.serving, __ATOMIC_ACQUIRE) != ticket))
		kernel_lock_wait(ticket);
}

/* Gives it back: only the holder writes `serving`. */
static inline void kernel_unlock(void)
{
	__atomic_store_n(&kernel_lock_state.serving, kernel_lock_state.serving + 1, __ATOMIC_RELEASE);
}

/* Tasks that wait for something; sched.h has what is done with it. */
struct wait_queue {
	struct list waiters;
};

/* A lock whose holder may sleep. All zero plus mutex_init() is free. */
struct mutex {
	struct task *owner; /* who holds it; NULL: free */
	struct wait_queue queue;
};

void mutex_init(struct mutex *mutex);

/* May sleep. BUG where the caller holds it. */
void mutex_lock(struct mutex *mutex);

void mutex_unlock(struct mutex *mutex);

#endif

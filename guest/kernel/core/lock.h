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

/* A ticket lock: who comes first is served first, so no hart waits for ever. Who waits long stops its hart until it is
 * called: where harts share a processor, spinning would take the holder's time. */
struct kernel_lock {
	u32 next;     /* the ticket that the next comer takes */
	u32 serving;  /* whose turn it is */
	u32 sleepers; /* harts that want to be called when their turn comes */
};
extern struct kernel_lock kernel_lock_state;

/* Waits until it is this ticket's turn. */
void kernel_lock_wait(u32 ticket);
/* Calls the hart whose turn it is, if it sleeps. */
void kernel_lock_call(u32 ticket);

/* Takes the kernel lock; waits while another hart is in the kernel. Inline, as each system call passes here. */
static inline void kernel_lock(void)
{
	u32 ticket = __atomic_fetch_add(&kernel_lock_state.next, 1, __ATOMIC_RELAXED);
	if (unlikely(__atomic_load_n(&kernel_lock_state.serving, __ATOMIC_ACQUIRE) != ticket))
		kernel_lock_wait(ticket);
}

/* Gives it back: only the holder writes `serving`. The fence: either we see the sleeper, or it sees its turn. */
static inline void kernel_unlock(void)
{
	u32 ticket = kernel_lock_state.serving + 1;
	__atomic_store_n(&kernel_lock_state.serving, ticket, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (unlikely(__atomic_load_n(&kernel_lock_state.sleepers, __ATOMIC_RELAXED)))
		kernel_lock_call(ticket);
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

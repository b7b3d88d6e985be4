/*
 * Waiting for the kernel lock, and mutexes: see lock.h.
 */
#include "guest/kernel/core/lock.h"

#include "guest/kernel/core/riscv.h"
#include "guest/kernel/core/smp.h"
#include "guest/kernel/proc/task.h"

/* Looks at the lock so often before the hart sleeps. */
#define SPINS 100

struct kernel_lock kernel_lock_state;

/* By hart index: the ticket it sleeps for, + 1 << 32; 0: it does not sleep. */
static u64 sleeps_for[MAX_HARTS];

static bool is_served(u32 ticket)
{
	return __atomic_load_n(&kernel_lock_state.serving, __ATOMIC_ACQUIRE) == ticket;
}

/* Interrupts stay off; a software interrupt that is pending ends wfi. One that came for something else may be dropped:
 * all it can want is that the hart enters the kernel. The others stay pending, and are masked lest they end wfi, too.
 */
static void sleep_until_served(u32 ticket)
{
	unsigned hart = current_task->hart->index;
	u64 enabled = csr_read(sie);
	csr_write(sie, INTERRUPT_SOFTWARE);
	__atomic_store_n(&sleeps_for[hart], 1ul << 32 | ticket, __ATOMIC_RELAXED);
	__atomic_fetch_add(&kernel_lock_state.sleepers, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		csr_clear(sip, INTERRUPT_SOFTWARE);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (is_served(ticket))
			break;
		__asm__ volatile("wfi" ::: "memory");
		smp_relax();
	}
	__atomic_fetch_sub(&kernel_lock_state.sleepers, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&sleeps_for[hart], 0, __ATOMIC_RELAXED);
	csr_write(sie, enabled);
}

void kernel_lock_wait(u32 ticket)
{
	for (unsigned i = 0; i < SPINS; i++) {
		if (is_served(ticket))
			return;
		smp_relax();
	}
	sleep_until_served(ticket);
}

void kernel_lock_call(u32 ticket)
{
	for (unsigned i = 0; i < hart_count(); i++) {
		if (__atomic_load_n(&sleeps_for[i], __ATOMIC_RELAXED) == (1ul << 32 | ticket)) {
			smp_interrupt(i);
			return;
		}
	}
}

void mutex_init(struct mutex *mutex)
{
	mutex->owner = NULL;
	wait_queue_init(&mutex->queue);
}

void mutex_lock(struct mutex *mutex)
{
	struct task *task = current_task;
	BUG_ON(mutex->owner == task);
	while (mutex->owner)
		sleep_on(&mutex->queue, SLEEP, FOREVER);
	mutex->owner = task;
}

void mutex_unlock(struct mutex *mutex)
{
	BUG_ON(mutex->owner != current_task);
	mutex->owner = NULL;
	if (unlikely(!list_is_empty(&mutex->queue.waiters)))
		wake_some(&mutex->queue, 1);
}

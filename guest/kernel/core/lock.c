/*
 * Waiting for the kernel lock, and mutexes: see lock.h.
 */
#include "guest/kernel/core/lock.h"

#include "guest/kernel/core/smp.h"
#include "guest/kernel/proc/sched.h"

struct kernel_lock kernel_lock_state;

void kernel_lock_wait(u32 ticket)
{
	while (__atomic_load_n(&kernel_lock_state.serving, __ATOMIC_ACQUIRE) != ticket)
		smp_relax();
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

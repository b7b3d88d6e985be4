/*
 * The scheduler: one queue of ready tasks for all harts, round robin, and sleeping. The kernel lock protects everything
 * here.
 *
 * All that a switch needs is done before context_switch(), on the old stack: nothing is left for the new task to do, so
 * a task's first run needs no special care. The page table and the floating-point registers are changed only if the
 * next task wants others: kernel threads and the idle loop leave the registers alone, and a task that never used them
 * finds zeros.
 *
 * What it is not: fair between users, or able to give priorities; nice values and real-time classes are kept but change
 * nothing.
 */
#include "guest/kernel/proc/sched.h"

#include "guest/kernel/core/hint.h"
#include "guest/kernel/core/riscv.h"
#include "guest/kernel/core/smp.h"
#include "guest/kernel/core/trap.h"
#include "guest/kernel/proc/internal.h"

static struct list ready = { &ready, &ready };
static struct list dead = { &dead, &dead };
static unsigned active; /* tasks that are ready or run, without the idle ones */

/* Load averages as Linux computes them: every 5 s, in fixed point with 11 bits. */
#define LOAD_INTERVAL_NS (5 * NS_PER_S)
#define LOAD_ONE 2048ul
static u64 load[3];
static struct timer load_timer;

static void load_sample(struct timer *timer)
{
	static const u64 decay[3] = { 1884, 2014, 2037 }; /* e^(-5 s / 1, 5, 15 min) * LOAD_ONE */
	for (unsigned i = 0; i < 3; i++)
		load[i] = (load[i] * decay[i] + active * LOAD_ONE * (LOAD_ONE - decay[i])) / LOAD_ONE;
	timer_start(timer, timer->at_ns + LOAD_INTERVAL_NS);
}

void sched_load(u64 average[3], unsigned *running, unsigned *total)
{
	for (unsigned i = 0; i < 3; i++)
		average[i] = load[i] * (65536 / LOAD_ONE);
	*running = active;
	*total = task_total();
}

/* --- floating-point registers --- */

static const struct fp_state fp_zero;

static bool fp_is_dirty(const struct task *task)
{
	return (task->regs->status & SSTATUS_FS) == SSTATUS_FS_DIRTY;
}

static void fp_set_clean(struct task *task)
{
	task->regs->status = (task->regs->status & ~SSTATUS_FS) | SSTATUS_FS_CLEAN;
}

void fp_sync(struct task *task)
{
	if (task != current_task || !fp_is_dirty(task))
		return;
	fp_save(&task->fp);
	fp_set_clean(task);
	task->fp_used = true;
	task->fp_hart = task->hart;
	task->hart->fp_owner = task;
}

void fp_reload(struct task *task)
{
	task->fp_used = true;
	task->fp_hart = NULL;
	fp_set_clean(task);
	if (task != current_task)
		return;
	fp_restore(&task->fp);
	task->fp_hart = task->hart;
	task->hart->fp_owner = task;
}

void fp_reset(struct task *task)
{
	if (task->hart->fp_owner || fp_is_dirty(task))
		fp_restore(&fp_zero);
	task->hart->fp_owner = NULL;
	task->fp_used = false;
	memset(&task->fp, 0, sizeof(task->fp));
}

/* The registers keep the values of `prev` until another user task needs its own there. */
static void fp_switch(struct hart *hart, struct task *prev, struct task *next)
{
	if (prev != hart->idle && fp_is_dirty(prev)) {
		if (prev->state == TASK_DEAD)
			hart->fp_owner = hart->idle; /* nobody's, and not zeros */
		else
			fp_sync(prev);
	}
	if (!next->process->mm)
		return;
	if (!next->fp_used) {
		if (hart->fp_owner)
			fp_restore(&fp_zero);
		hart->fp_owner = NULL;
	} else if (hart->fp_owner != next || next->fp_hart != hart) {
		fp_restore(&next->fp);
		hart->fp_owner = next;
		next->fp_hart = hart;
	}
}

/* --- switching --- */

static void account_until(struct task *task, u64 now_ns, bool was_user)
{
	u64 ns = now_ns - task->entered_ns;
	struct hart *hart = task->hart;
	task->entered_ns = now_ns;
	if (unlikely(task == hart->idle)) {
		hart->idle_ns += ns;
		return;
	}
	if (was_user) {
		task->user_ns += ns;
		hart->user_ns += ns;
	} else {
		task->system_ns += ns;
		hart->system_ns += ns;
	}
	struct process *process = task->process;
	if (unlikely(process->virtual_left_ns | process->prof_left_ns))
		cpu_timers_charge(process, ns, was_user);
}

void task_account(struct task *task, bool was_user)
{
	account_until(task, time_now_ns(), was_user);
}

static bool may_run_on(const struct task *task, const struct hart *hart)
{
	return task->affinity >> hart->index & 1;
}

static struct task *first_ready(const struct hart *hart)
{
	LIST_FOR_EACH(node, &ready) {
		struct task *task = LIST_ENTRY(node, struct task, ready_link);
		if (likely(may_run_on(task, hart)))
			return task;
	}
	return NULL;
}

void sched_free_dead(void)
{
	LIST_FOR_EACH_SAFE(node, following, &dead) {
		struct task *task = LIST_ENTRY(node, struct task, ready_link);
		if (task == current_task)
			continue;
		list_remove(node);
		frame_put(frame_of_virtual(task->stack));
		task->stack = NULL;
		task->regs = NULL;
		task_put(task);
	}
}

static void switch_to(struct hart *hart, struct task *prev, struct task *next)
{
	u64 now = time_now_ns();
	account_until(prev, now, false);
	next->entered_ns = now;
	hart->switches++;
	if (likely(prev != hart->idle))
		BUG_ON(*(u64 *)prev->stack != STACK_CANARY);

	struct mm *mm = next->process->mm;
	if (mm != hart->loaded) {
		hart->loaded = mm;
		if (mm)
			pgtable_load(&mm->table);
		else
			pgtable_load_kernel();
	}
	hint_switch(next->process->pid, mm ? mm->table.space : 0);
	fp_switch(hart, prev, next);
	/* In a system call a task is in no critical section; after a move it must be told its new hart. */
	if (next->rseq && (next->hart != hart || next->regs->cause != CAUSE_ECALL_U))
		next->rseq_moved = next->attention = true;
	next->state = TASK_RUNNING;
	next->hart = hart;
	hart->running = next;
	if (prev == hart->idle)
		time_program();
	context_switch(&prev->context, &next->context);
}

void schedule(void)
{
	struct task *prev = current_task;
	struct hart *hart = prev->hart;
	hart->need_resched = false;
	if (!list_is_empty(&dead))
		sched_free_dead();

	struct task *next = first_ready(hart);
	bool is_idle = prev == hart->idle;
	bool goes_on = prev->state == TASK_RUNNING;
	if (!next) {
		if (is_idle || (goes_on && may_run_on(prev, hart)))
			return;
		next = hart->idle;
	} else {
		list_remove(&next->ready_link);
	}
	if (!is_idle) {
		active--;
		if (goes_on) {
			prev->involuntary++;
			task_ready(prev);
		} else {
			prev->voluntary++;
		}
	}
	switch_to(hart, prev, next);
}

void yield(void)
{
	schedule();
}

void sched_breathe(void)
{
	kernel_unlock();
	kernel_lock();
	interrupts_handle();
	yield();
}

void sched_tick(void)
{
	struct task *task = current_task;
	struct hart *hart = task->hart;
	if (first_ready(hart))
		hart->need_resched = true;
	if (task->process->mm && task->process->limits[RLIMIT_CPU].rlim_cur != RLIM_INFINITY)
		cpu_limit_check(task->process);
}

/* An idle hart that may run the task looks at the queue; where any may, smp_kick() chooses. */
static void kick_for(const struct task *task)
{
	unsigned count = hart_count();
	struct hart *self = current_task->hart;
	if (count == 1)
		return;
	/* An interrupt has ended this hart's idling: it runs the first task that wakes itself. */
	if (current_task == self->idle && !self->need_resched && may_run_on(task, self)) {
		self->need_resched = true;
		return;
	}
	u64 all = count == MAX_HARTS ? ~0ul : (1ul << count) - 1;
	if ((task->affinity & all) == all) {
		smp_kick();
		return;
	}
	for (unsigned i = 0; i < count; i++)
		if (may_run_on(task, &harts[i]) && harts[i].online && harts[i].running == harts[i].idle &&
		    &harts[i] != current_task->hart)
			smp_interrupt(i);
}

void task_ready(struct task *task)
{
	task->state = TASK_READY;
	list_add_last(&ready, &task->ready_link);
	active++;
	kick_for(task);
}

void sched_requeue(const struct task *task)
{
	if (task->state == TASK_READY)
		kick_for(task);
}

void sched_notice(struct task *task)
{
	task->attention = true;
	if (task->state == TASK_RUNNING && task != current_task)
		smp_interrupt(task->hart->index);
}

void sched_die(void)
{
	struct task *task = current_task;
	task->state = TASK_DEAD;
	sched_free_dead();
	list_add_last(&dead, &task->ready_link);
	schedule();
	panic("a dead task runs");
}

void task_stop(enum task_state state)
{
	current_task->state = state;
	schedule();
}

void idle_loop(void)
{
	struct hart *hart = current_task->hart;
	if (!load_timer.expired) {
		load_timer.expired = load_sample;
		timer_start(&load_timer, time_now_ns() + LOAD_INTERVAL_NS);
	}
	for (;;) {
		while (first_ready(hart))
			schedule();
		if (!list_is_empty(&dead))
			sched_free_dead();
		hart->need_resched = false;
		kernel_unlock();
		/* Interrupts are off, but one that is pending ends wfi all the same: none can be missed. */
		__asm__ volatile("wfi" ::: "memory");
		kernel_lock();
		task_account(hart->idle, false);
		interrupts_handle();
	}
}

/* --- sleeping --- */

void wait_queue_init(struct wait_queue *queue)
{
	list_init(&queue->waiters);
}

void waiter_add(struct wait_queue *queue, struct waiter *waiter)
{
	waiter->task = current_task;
	waiter->woken = waiter->alone = false;
	list_add_last(&queue->waiters, &waiter->link);
}

void waiter_remove(struct waiter *waiter)
{
	list_remove(&waiter->link);
}

unsigned wake_some(struct wait_queue *queue, unsigned n)
{
	unsigned woken = 0;
	while (woken < n && !list_is_empty(&queue->waiters)) {
		struct waiter *waiter = LIST_ENTRY(queue->waiters.next, struct waiter, link);
		list_remove(&waiter->link);
		waiter->woken = true;
		if (!waiter->alone)
			waiter->task->woken = true;
		task_wake(waiter->task, SLEEP);
		woken++;
	}
	return woken;
}

unsigned wake_all(struct wait_queue *queue)
{
	return list_is_empty(&queue->waiters) ? 0 : wake_some(queue, ~0u);
}

void task_wake(struct task *task, enum sleep_kind deepest)
{
	if (task->state == TASK_SLEEPING && task->sleep_kind >= deepest)
		task_ready(task);
}

static void sleep_timed_out(struct timer *timer)
{
	struct task *task = container_of(timer, struct task, sleep_timer);
	task->timed_out = true;
	task_wake(task, SLEEP);
}

static bool is_interrupted(const struct task *task, enum sleep_kind kind)
{
	if (kind == SLEEP)
		return false;
	return kind == SLEEP_SIGNAL ? signal_is_pending(task) : signal_is_fatal(task);
}

/* Sleeps once; *woken is what wake_some() sets. */
static int sleep_until(struct task *task, enum sleep_kind kind, u64 deadline_ns, const bool *woken)
{
	if (is_interrupted(task, kind))
		return -EINTR;
	task->timed_out = false;
	if (deadline_ns != FOREVER) {
		if (time_now_ns() >= deadline_ns)
			return -ETIMEDOUT;
		task->sleep_timer.expired = sleep_timed_out;
		timer_start(&task->sleep_timer, deadline_ns);
	}
	task->sleep_kind = kind;
	task->state = TASK_SLEEPING;
	schedule();
	if (deadline_ns != FOREVER)
		timer_cancel(&task->sleep_timer);
	task->sleep_reason = NULL;
	if (*woken)
		return 0;
	if (is_interrupted(task, kind))
		return -EINTR;
	return task->timed_out ? -ETIMEDOUT : 0;
}

int sleep_any(enum sleep_kind kind, u64 deadline_ns)
{
	struct task *task = current_task;
	int result = task->woken ? 0 : sleep_until(task, kind, deadline_ns, &task->woken);
	task->woken = false;
	return result;
}

int sleep_on(struct wait_queue *queue, enum sleep_kind kind, u64 deadline_ns)
{
	struct waiter waiter;
	waiter_add(queue, &waiter);
	waiter.alone = true;
	int result = sleep_until(waiter.task, kind, deadline_ns, &waiter.woken);
	waiter_remove(&waiter);
	return result;
}

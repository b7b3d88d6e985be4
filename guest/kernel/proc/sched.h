/*
 * The scheduler: one queue of ready tasks for all harts (the kernel lock protects it), round robin with a slice of
 * TICK_NS; and sleeping.
 */
#ifndef GUEST_KERNEL_PROC_SCHED_H
#define GUEST_KERNEL_PROC_SCHED_H

#include "guest/kernel/core/lock.h"

struct task;
struct regs;

#define MAX_HARTS 64

/* What belongs to one hart. tp points to the running task, task->hart here. */
struct hart {
	u64 id;         /* hart id of the firmware */
	unsigned index; /* 0..hart_count()-1 */
	struct task *running;
	struct task *idle;
	bool online;
	bool need_resched;               /* the slice is over or a wakened task waits */
	struct mm *loaded;               /* whose page table satp has: the running task's; NULL: the kernel's */
	struct task *fp_owner;           /* whose values the floating-point registers hold; NULL: zeros; see sched.c */
	u64 idle_ns, user_ns, system_ns; /* for /proc/stat */
	u64 switches;
};

/* Both are smp.c's. */
extern struct hart harts[MAX_HARTS];
unsigned hart_count(void);

register struct task *current_task __asm__(
	"tp"); /* for proc/, core/, uaccess and file operations; others are given the task */

/* Waiting on a queue. A waiter lives on the sleeper's stack. */
struct waiter {
	struct list link;
	struct task *task;
	bool woken;
	bool alone; /* sleep_on()'s: its task waits for nothing else */
};

enum sleep_kind {
	SLEEP,          /* until woken */
	SLEEP_KILLABLE, /* or until a fatal signal comes: -EINTR */
	SLEEP_SIGNAL,   /* or until any signal to be delivered comes: -EINTR */
};

#define FOREVER (~0ul)

/* Sleeps until the queue is woken; returns 0, -EINTR, or -ETIMEDOUT once time_now_ns() >= deadline_ns. The caller tests
 * its condition in a loop around it: nothing can change between its test and the sleep. */
int sleep_on(struct wait_queue *queue, enum sleep_kind kind, u64 deadline_ns);

/* For several queues at once (poll): add a waiter to each, sleep_any(), remove each. */
void waiter_add(struct wait_queue *queue, struct waiter *waiter);
void waiter_remove(struct waiter *waiter);
int sleep_any(enum sleep_kind kind, u64 deadline_ns);

void wait_queue_init(struct wait_queue *queue);
/* Wakes all who wait, or the first n. Returns how many. Does not sleep. */
unsigned wake_all(struct wait_queue *queue);
unsigned wake_some(struct wait_queue *queue, unsigned n);
/* Makes a sleeping task run again, whatever it sleeps for (signals). */
void task_wake(struct task *task, enum sleep_kind deepest);

/* Gives the hart to the next ready task. */
void schedule(void);
/* sched_yield(2). */
void yield(void);
/* In a long piece of work: serves interrupts and lets other tasks, here and on other harts, run. May sleep. */
void sched_breathe(void);
/* Puts a new or stopped task on the queue. */
void task_ready(struct task *task);
/* A task whose affinity has changed: if it waits in the queue, an idle hart that may run it now is told. */
void sched_requeue(const struct task *task);
/* The boot hart's and the other harts' last call: runs tasks, waits for interrupts. */
__attribute__((noreturn)) void idle_loop(void);
/* At the end of a time slice. */
void sched_tick(void);
/* Frees the kernel stacks of tasks that are gone; schedule() does, too. */
void sched_free_dead(void);
/* Brings the floating-point registers of the running task into task->fp, where it is newer there; and back after
 * task->fp was written. */
void fp_sync(struct task *task);
void fp_reload(struct task *task);
/* Sum of ready and running tasks, and exponential averages * 65536 as in /proc/loadavg. */
void sched_load(u64 average[3], unsigned *running, unsigned *total);

#endif

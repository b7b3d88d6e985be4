/*
 * Signals: sending, blocking, and delivery on the way back to user mode (a frame on the user's stack, as Linux lays
 * it).
 */
#ifndef GUEST_KERNEL_PROC_SIGNAL_H
#define GUEST_KERNEL_PROC_SIGNAL_H

#include "guest/abi/signal.h"
#include "guest/kernel/core/base.h"

struct task;
struct process;
struct regs;

#define SIGNALS 64
#define SIGNAL_BIT(n) (1ul << ((n)-1))

/* Signals sent and not yet delivered. Of standard signals one is kept each, real-time signals queue up. */
struct pending {
	u64 set;           /* bit n-1: signal n */
	struct list queue; /* of struct queued: the siginfo that came with them */
	u32 queued;        /* length of the queue; limited */
};

/* Actions of a process. Counted: CLONE_SIGHAND shares them. */
struct handlers {
	u32 refs;
	struct abi_sigaction actions[SIGNALS];
};

void pending_init(struct pending *pending);
void pending_clear(struct pending *pending);

/* Sends to one task, to a process (any task takes it), to each process of a group. info may be NULL (SI_KERNEL). Stops
 * and continues act at once. 0, or -EAGAIN: the queue of a real-time signal is full. Does not sleep. */
int signal_send_task(struct task *task, int signal, const struct abi_siginfo *info);
int signal_send_process(struct process *process, int signal, const struct abi_siginfo *info);
int signal_send_group(int pgid, int signal, const struct abi_siginfo *info);

/* A fault's signal for the calling task: delivered even if blocked or ignored (then it kills). */
void signal_force(struct task *task, int signal, int code, u64 address);

/* Whether a signal waits that is not blocked: interrupts SLEEP_SIGNAL. fatal: one that will kill. */
bool signal_is_pending(const struct task *task);
bool signal_is_fatal(const struct task *task);

/* Sets the mask (never KILL and STOP) and does what follows from it: signals that are no longer blocked become due. */
void signal_set_blocked(struct task *task, u64 blocked);

/* On the way to user mode: takes what is pending, runs default actions, or builds a handler's frame; restarts the
 * system call where it should. May sleep, may not return (exit). */
void signal_deliver(struct task *task);

/* Prints "NAME[pid]: segmentation fault at ADDRESS, pc ..., cause ..." for signals that dump core on Linux. */
void signal_print_fatal(struct task *task, int signal, const struct abi_siginfo *info);

/* handlers of exec: caught signals become default. */
void signal_reset_handlers(struct process *process);
struct handlers *handlers_create(const struct handlers *copy) must_check;
void handlers_put(struct handlers *handlers);

#endif

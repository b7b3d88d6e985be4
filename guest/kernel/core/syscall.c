/*
 * System calls: from the number in a7 to the function. The table is made from guest/abi/syscall.def; the result goes to
 * a0, a negative errno for a failure, as on Linux.
 */
#include "guest/kernel/core/syscall.h"

#include "guest/abi/syscall.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/proc/ptrace.h"
#include "guest/kernel/proc/task.h"

typedef i64 (*handler)(struct task *task, const u64 arg[6]);

static const handler handlers[NR_end] = {
#define SYSCALL(number, name, kinds) [number] = sys_##name,
#include "guest/abi/syscall.def"
};

/* What calls without a function give: an errno each; 0 for numbers that are not Linux's. */
static const u8 refusals[NR_end] = {
#define SYSCALL(number, name, kinds)
#define SYSCALL_REFUSED(number, name, kinds, error) [number] = (error),
#include "guest/abi/syscall.def"
};

static const char *const names[NR_end] = {
#define SYSCALL(number, name, kinds) [number] = #name,
#define SYSCALL_REFUSED(number, name, kinds, error) [number] = #name,
#include "guest/abi/syscall.def"
};

/* Bit number: the call has been named on the console. */
static u64 is_named[NR_end / 64];
static bool large_is_named; /* and numbers beyond the table */

/* Says once what a program wanted that is not there. */
static void name_once(const struct task *task, u64 number)
{
	if (number >= NR_end) {
		if (!large_is_named)
			printk("%s[%d]: there is no system call %lu\n", task->comm, task->tid, number);
		large_is_named = true;
		return;
	}
	u64 bit = 1ul << number % 64;
	if (is_named[number / 64] & bit)
		return;
	is_named[number / 64] |= bit;
	printk("%s[%d]: system call %lu (%s) is not there\n", task->comm, task->tid, number,
	       names[number] ? names[number] : "no name");
}

static i64 refuse(const struct task *task, u64 number)
{
	u8 error = number < NR_end ? refusals[number] : 0;
	if (error != 0 && error != ENOSYS)
		return -error;
	name_once(task, number);
	return -ENOSYS;
}

/* The arguments are a0 to a5, which adjoin in struct regs. */
static void run(struct task *task, u64 number)
{
	u64 *a0 = &task->regs->x[REG_A0];
	handler function = likely(number < NR_end) ? handlers[number] : NULL;
	i64 result = likely(function != NULL) ? function(task, a0) : refuse(task, number);
	/* execve and rt_sigreturn have written new registers and return what a0 shall be. */
	task->regs->x[REG_A0] = (u64)result;
}

/* The tracer may change the number and the arguments; number -1 skips the call. */
static void run_traced(struct task *task)
{
	struct regs *regs = task->regs;
	if (task->tracing->stop_at_syscalls)
		ptrace_syscall_enter(task);
	u64 number = regs->x[REG_A7];
	task->trace_syscall = number;
	if (number == ~0ul)
		regs->x[REG_A0] = (u64)-ENOSYS;
	else
		run(task, number);
	if (task->tracing && task->tracing->stop_at_syscalls)
		ptrace_syscall_exit(task);
}

void syscall_handle(struct task *task)
{
	task->trace_syscall = task->regs->x[REG_A7];
	if (unlikely(task->tracing != NULL))
		run_traced(task);
	else
		run(task, task->trace_syscall);
	task->trace_syscall = ~0ul;
}

/*
 * Traps: everything that enters the kernel comes through here. Privileged manual 4.1.8 (scause) and 12.3 (page faults);
 * what signal a program gets for what exception follows Linux.
 *
 * From user mode: the kernel lock is taken, the cause dealt with, then what is due on the way back (another task's
 * turn, signals) is done until nothing is, and the lock is given back. From the kernel: only a page fault of a user
 * copy is no bug.
 */
#include "guest/kernel/core/trap.h"

#include "guest/kernel/core/panic.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/core/riscv.h"
#include "guest/kernel/core/syscall.h"
#include "guest/kernel/dev/irq.h"
#include "guest/kernel/mm/uaccess.h"
#include "guest/kernel/proc/task.h"

const char *trap_cause_name(u64 cause)
{
	static const char *const names[] = {
		[CAUSE_FETCH_MISALIGNED] = "misaligned jump",
		[CAUSE_FETCH_ACCESS] = "fetch where no memory is",
		[CAUSE_ILLEGAL] = "illegal instruction",
		[CAUSE_BREAKPOINT] = "breakpoint",
		[CAUSE_LOAD_MISALIGNED] = "misaligned load",
		[CAUSE_LOAD_ACCESS] = "load where no memory is",
		[CAUSE_STORE_MISALIGNED] = "misaligned store",
		[CAUSE_STORE_ACCESS] = "store where no memory is",
		[CAUSE_ECALL_U] = "system call",
		[CAUSE_FETCH_PAGE_FAULT] = "page fault of a fetch",
		[CAUSE_LOAD_PAGE_FAULT] = "page fault of a load",
		[CAUSE_STORE_PAGE_FAULT] = "page fault of a store",
	};
	if (cause & CAUSE_INTERRUPT)
		return "interrupt";
	return cause < ARRAY_SIZE(names) && names[cause] ? names[cause] : "unknown exception";
}

void trap_init_hart(void)
{
	csr_write(sscratch, 0);
	csr_write(stvec, trap_vector);
	csr_clear(sstatus, SSTATUS_SIE | SSTATUS_SUM | SSTATUS_MXR | SSTATUS_FS);
	csr_write(sie, INTERRUPT_SOFTWARE | INTERRUPT_TIMER | INTERRUPT_EXTERNAL);
	/* User mode may read cycle, time and instret. */
	csr_write(scounteren, 7);
}

void interrupts_handle(void)
{
	u64 pending = csr_read(sip) & csr_read(sie);
	if (pending & INTERRUPT_SOFTWARE) {
		csr_clear(sip, INTERRUPT_SOFTWARE);
		current_task->hart->need_resched = true;
	}
	if (pending & INTERRUPT_TIMER)
		time_interrupt();
	if (pending & INTERRUPT_EXTERNAL)
		irq_handle();
}

static enum access access_of(u64 cause)
{
	if (cause == CAUSE_STORE_PAGE_FAULT)
		return ACCESS_WRITE;
	return cause == CAUSE_FETCH_PAGE_FAULT ? ACCESS_EXECUTE : ACCESS_READ;
}

static void user_page_fault(struct task *task, const struct regs *regs)
{
	switch (mm_fault(task->process->mm, task, regs->tval, access_of(regs->cause))) {
	case FAULT_MINOR:
	case FAULT_MAJOR:
		break;
	case FAULT_MAPERR:
		signal_force(task, SIGSEGV, SEGV_MAPERR, regs->tval);
		break;
	case FAULT_ACCERR:
		signal_force(task, SIGSEGV, SEGV_ACCERR, regs->tval);
		break;
	case FAULT_BUS:
		signal_force(task, SIGBUS, BUS_ADRERR, regs->tval);
		break;
	case FAULT_NOMEM:
		if (!signal_is_fatal(task))
			printk("%s[%d]: killed: no memory for the page at %lx\n", task->comm, task->tid, regs->tval);
		signal_send_process(task->process, SIGKILL, NULL);
		break;
	}
}

static __attribute__((noinline)) void user_exception(struct task *task, struct regs *regs)
{
	switch (regs->cause) {
	case CAUSE_FETCH_PAGE_FAULT:
	case CAUSE_LOAD_PAGE_FAULT:
	case CAUSE_STORE_PAGE_FAULT:
		user_page_fault(task, regs);
		break;
	case CAUSE_ILLEGAL:
		signal_force(task, SIGILL, ILL_ILLOPC, regs->x[0]);
		break;
	case CAUSE_BREAKPOINT:
		signal_force(task, SIGTRAP, TRAP_BRKPT, regs->x[0]);
		break;
	case CAUSE_FETCH_MISALIGNED:
	case CAUSE_LOAD_MISALIGNED:
	case CAUSE_STORE_MISALIGNED:
		signal_force(task, SIGBUS, BUS_ADRALN, regs->tval);
		break;
	case CAUSE_FETCH_ACCESS:
	case CAUSE_LOAD_ACCESS:
	case CAUSE_STORE_ACCESS:
		signal_force(task, SIGBUS, BUS_ADRERR, regs->tval);
		break;
	default:
		printk("%s[%d]: exception %lu, which this kernel does not know\n", task->comm, task->tid, regs->cause);
		signal_force(task, SIGILL, ILL_ILLTRP, regs->x[0]);
	}
}

/* Whether a system call waits to be restarted (signal_deliver does it). */
static bool wants_restart(const struct regs *regs)
{
	return (i64)regs->x[REG_A0] <= -ERESTARTSYS && (i64)regs->x[REG_A0] >= -ERESTART_RESTARTBLOCK &&
	       regs->cause == CAUSE_ECALL_U;
}

static bool is_delayed(const struct task *task)
{
	return unlikely(task->hart->need_resched || task->attention || wants_restart(task->regs));
}

/* What is due before user mode: another task's turn, signals. Each may bring more. */
static __attribute__((noinline)) void do_delayed(struct task *task)
{
	do {
		if (task->hart->need_resched)
			schedule();
		else
			signal_deliver(task);
	} while (is_delayed(task));
}

static void leave_kernel(struct task *task)
{
	if (is_delayed(task))
		do_delayed(task);
	if (unlikely(*(u64 *)task->stack != STACK_CANARY))
		panic("the kernel stack of %s[%d] has overflowed", task->comm, task->tid);
	task_account(task, false);
	kernel_unlock();
}

void trap_from_user(struct regs *regs)
{
	struct task *task = current_task;
	kernel_lock();
	task_account(task, true);
	if (likely(regs->cause == CAUSE_ECALL_U)) {
		regs->x[0] += 4;
		syscall_handle(task);
	} else if (regs->cause & CAUSE_INTERRUPT) {
		interrupts_handle();
	} else {
		user_exception(task, regs);
	}
	leave_kernel(task);
}

/* A page fault of the kernel's is a user copy's, or a bug: all the kernel's own memory is always mapped. */
static bool serve_user_copy(struct regs *regs)
{
	struct task *task = current_task;
	u64 cause = regs->cause;
	if ((cause != CAUSE_LOAD_PAGE_FAULT && cause != CAUSE_STORE_PAGE_FAULT) || regs->tval >= USER_TOP ||
	    !task->process || !task->process->mm)
		return false;
	/* Asked first: a stray pointer of the kernel's must not be served as if it were a user copy's. */
	u64 pc = regs->x[0];
	if (!uaccess_fixup(regs))
		return false;
	enum fault_result result = mm_fault(task->process->mm, task, regs->tval, access_of(cause));
	if (result == FAULT_MINOR || result == FAULT_MAJOR)
		regs->x[0] = pc; /* the copy goes on */
	return true;
}

void trap_from_kernel(struct regs *regs)
{
	if (serve_user_copy(regs))
		return;
	/* A user address can also be one that a device's memory answers to with an error: the copy fails. */
	if ((regs->cause == CAUSE_LOAD_ACCESS || regs->cause == CAUSE_STORE_ACCESS) && regs->tval < USER_TOP &&
	    uaccess_fixup(regs))
		return;
	panic_trap(regs, "trap in the kernel");
}

void trap_new_thread(void)
{
	sched_free_dead();
}

void trap_new_task(void)
{
	sched_free_dead();
	leave_kernel(current_task);
}

void trap_thread_returned(void)
{
	struct task *task = current_task;
	if (!is_user_task(task))
		task_exit(0);
	leave_kernel(task);
}

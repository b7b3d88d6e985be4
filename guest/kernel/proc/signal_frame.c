/*
 * The frame of a signal handler on the user's stack, laid as Linux lays it on RV64 (struct abi_rt_sigframe), and its
 * end, rt_sigreturn(2). A frame that comes back is the program's word: addresses are checked by the user copies, the
 * mask is stripped of SIGKILL and SIGSTOP, and no bit of sstatus is taken from it.
 *
 * The frame is written in pieces, straight from the registers: it has no copy in the kernel.
 */
#include "guest/kernel/core/riscv.h"
#include "guest/kernel/core/syscall.h"
#include "guest/kernel/mm/uaccess.h"
#include "guest/kernel/proc/internal.h"
#include "guest/kernel/proc/vdso.h"

#define FRAME(field) offsetof(struct abi_rt_sigframe, field)

_Static_assert(sizeof(struct abi_user_regs) == 32 * 8, "struct regs begins with it");

/* The head of struct abi_ucontext, up to the mask. */
struct ucontext_head {
	u64 flags, link;
	struct abi_stack stack;
	u64 sigmask;
};
_Static_assert(offsetof(struct ucontext_head, sigmask) == offsetof(struct abi_ucontext, uc_sigmask), "struct ucontext");

bool signal_on_alt_stack(const struct task *task, u64 sp)
{
	const struct abi_stack *stack = &task->alt_stack;
	if ((u32)stack->ss_flags & SS_AUTODISARM)
		return false;
	return sp > stack->ss_sp && sp - stack->ss_sp <= stack->ss_size;
}

static struct abi_stack alt_stack_as_seen(const struct task *task, u64 sp)
{
	struct abi_stack stack = task->alt_stack;
	if (stack.ss_size == 0)
		stack.ss_flags = SS_DISABLE;
	else if (signal_on_alt_stack(task, sp))
		stack.ss_flags |= SS_ONSTACK;
	return stack;
}

/* Where the frame goes, or 0: the alternate stack is full. */
static u64 frame_address(const struct task *task, const struct abi_sigaction *action)
{
	u64 sp = task->regs->x[REG_SP];
	bool is_on_alt = signal_on_alt_stack(task, sp);
	if (is_on_alt && !signal_on_alt_stack(task, sp - sizeof(struct abi_rt_sigframe)))
		return 0;
	if ((action->sa_flags & SA_ONSTACK) && task->alt_stack.ss_size != 0 && !is_on_alt)
		sp = task->alt_stack.ss_sp + task->alt_stack.ss_size;
	return ROUND_DOWN(sp - sizeof(struct abi_rt_sigframe), 16);
}

int signal_push_frame(struct task *task, int signal, const struct abi_siginfo *info, const struct abi_sigaction *action)
{
	struct regs *regs = task->regs;
	u64 frame = frame_address(task, action);
	if (!frame)
		return -EFAULT;
	fp_sync(task);
	struct ucontext_head head = {
		.stack = alt_stack_as_seen(task, regs->x[REG_SP]),
		.sigmask = task->restore_blocked ? task->saved_blocked : task->blocked,
	};
	if (copy_to_user(frame + FRAME(info), info, sizeof(*info)) ||
	    copy_to_user(frame + FRAME(uc), &head, sizeof(head)) ||
	    copy_to_user(frame + FRAME(uc.uc_mcontext.sc_regs), regs->x, sizeof(struct abi_user_regs)) ||
	    copy_to_user(frame + FRAME(uc.uc_mcontext.sc_fpregs), &task->fp, sizeof(task->fp)) ||
	    clear_user(frame + FRAME(uc.uc_mcontext.sc_fpregs.q.reserved), 3 * sizeof(u32)))
		return -EFAULT;
	if ((u32)task->alt_stack.ss_flags & SS_AUTODISARM)
		task->alt_stack = (struct abi_stack){ .ss_flags = SS_DISABLE };

	regs->x[REG_RA] = vdso_trampoline_of(task->process->mm);
	regs->x[0] = action->sa_handler;
	regs->x[REG_SP] = frame;
	regs->x[REG_A0] = (u64)signal;
	regs->x[REG_A1] = frame + FRAME(info);
	regs->x[REG_A2] = frame + FRAME(uc);
	return 0;
}

static int pop_registers(struct task *task, u64 frame)
{
	u32 reserved[3];
	if (copy_from_user(reserved, frame + FRAME(uc.uc_mcontext.sc_fpregs.q.reserved), sizeof(reserved)))
		return -EFAULT;
	if (reserved[0] | reserved[1] | reserved[2])
		return -EINVAL;
	u64 x[32];
	if (copy_from_user(x, frame + FRAME(uc.uc_mcontext.sc_regs), sizeof(x)))
		return -EFAULT;
	/* Straight into task->fp; the registers follow even if only a part came: it is the program's own state. */
	fp_sync(task);
	int error = copy_from_user(&task->fp, frame + FRAME(uc.uc_mcontext.sc_fpregs), sizeof(task->fp));
	task->fp.fcsr &= 0xff;
	fp_reload(task);
	if (error)
		return error;
	memcpy(task->regs->x, x, sizeof(x));
	return 0;
}

i64 sys_rt_sigreturn(struct task *task, const u64 arg[6])
{
	(void)arg;
	struct regs *regs = task->regs;
	u64 frame = regs->x[REG_SP];
	struct ucontext_head head;
	regs->cause = ~0ul; /* what a0 holds is no result to restart by */
	if (copy_from_user(&head, frame + FRAME(uc), sizeof(head)) || pop_registers(task, frame)) {
		signal_force(task, SIGSEGV, SEGV_MAPERR, frame);
		return 0;
	}
	/* As sigaltstack(2) would, but without complaint. */
	if (!signal_on_alt_stack(task, regs->x[REG_SP])) {
		u32 flags = (u32)head.stack.ss_flags;
		bool is_off = flags & SS_DISABLE;
		if (is_off || (head.stack.ss_size >= MINSIGSTKSZ && !(flags & ~(u32)(SS_ONSTACK | SS_AUTODISARM))))
			task->alt_stack = (struct abi_stack){
				.ss_sp = is_off ? 0 : head.stack.ss_sp,
				.ss_size = is_off ? 0 : head.stack.ss_size,
				.ss_flags = (i32)(is_off ? SS_DISABLE : flags & SS_AUTODISARM),
			};
	}
	signal_set_blocked(task, head.sigmask);
	return (i64)regs->x[REG_A0];
}

/*
 * What a tracer reads and writes of a stopped task: memory by words, registers as NT_PRSTATUS and NT_FPREGSET, the
 * siginfo of the stop, the signal mask, and which system call it is in (ptrace(2), PTRACE_GET_SYSCALL_INFO).
 *
 * A copy to the tracer's memory may sleep, and a killed task may run on meanwhile: so everything passes through a local
 * copy, and task->tracing is looked at anew after each copy.
 */
#include "guest/kernel/proc/ptrace_regs.h"

#include "guest/abi/ptrace.h"
#include "guest/kernel/mm/uaccess.h"
#include "guest/kernel/proc/internal.h"
#include "guest/kernel/proc/ptrace.h"

#define ERRNO_MAX 4095

static i64 peek(struct task *task, u64 address, u64 data)
{
	u64 word;
	struct mm *mm = task->process->mm;
	if (!mm)
		return -EIO;
	mm_get(mm);
	i64 got = mm_access_remote(mm, address, &word, sizeof(word), false, true);
	mm_put(mm);
	if (got != sizeof(word))
		return -EIO;
	return store_user_u64(data, word);
}

static i64 poke(struct task *task, u64 address, u64 data)
{
	struct mm *mm = task->process->mm;
	if (!mm)
		return -EIO;
	mm_get(mm);
	i64 got = mm_access_remote(mm, address, &data, sizeof(data), true, true);
	mm_put(mm);
	return got == sizeof(data) ? 0 : -EIO;
}

/* A register set's size, 0: there is no such set. */
static u64 set_size(u64 note)
{
	if (note == NT_PRSTATUS)
		return sizeof(struct abi_user_regs);
	return note == NT_FPREGSET ? sizeof(struct abi_fpregs) : 0;
}

static bool is_stopped(const struct task *task)
{
	return task->state == TASK_TRACED && task->regs;
}

static i64 get_set(struct task *task, u64 note, const struct abi_iovec *room)
{
	union {
		u64 x[32];
		struct fp_state fp;
	} copy;
	_Static_assert(sizeof(copy.fp) == sizeof(struct abi_fpregs), "NT_FPREGSET");
	if (note == NT_PRSTATUS)
		memcpy(copy.x, task->regs->x, sizeof(copy.x));
	else
		copy.fp = task->fp;
	return copy_to_user(room->iov_base, &copy, room->iov_len);
}

static i64 set_set(struct task *task, u64 note, const struct abi_iovec *room)
{
	union {
		u64 x[32];
		struct fp_state fp;
	} copy;
	memset(&copy, 0, sizeof(copy));
	if (note == NT_PRSTATUS)
		memcpy(copy.x, task->regs->x, sizeof(copy.x));
	else
		copy.fp = task->fp;
	if (copy_from_user(&copy, room->iov_base, room->iov_len))
		return -EFAULT;
	if (!is_stopped(task))
		return -ESRCH;
	if (note == NT_PRSTATUS) {
		memcpy(task->regs->x, copy.x, sizeof(copy.x));
	} else {
		task->fp = copy.fp;
		task->fp.fcsr &= 0xff;
		fp_reload(task);
	}
	return 0;
}

static i64 register_set(struct task *task, u64 note, u64 iovec, bool write)
{
	struct abi_iovec room;
	u64 size = set_size(note);
	if (copy_from_user(&room, iovec, sizeof(room)))
		return -EFAULT;
	if (!size || room.iov_len % sizeof(u64))
		return -EINVAL;
	if (!is_stopped(task))
		return -ESRCH;
	room.iov_len = MIN(room.iov_len, size);
	i64 error = write ? set_set(task, note, &room) : get_set(task, note, &room);
	if (error)
		return error;
	return store_user_u64(iovec + offsetof(struct abi_iovec, iov_len), room.iov_len);
}

static i64 get_info(struct task *task, u64 data)
{
	struct abi_siginfo info = task->tracing->info;
	if (info.si_signo == 0)
		return -EINVAL; /* a group stop */
	return copy_to_user(data, &info, sizeof(info));
}

static i64 set_info(struct task *task, u64 data)
{
	struct abi_siginfo info;
	if (copy_from_user(&info, data, sizeof(info)))
		return -EFAULT;
	if (!task->tracing || !is_stopped(task))
		return -ESRCH;
	if (task->tracing->info.si_signo == 0)
		return -EINVAL;
	task->tracing->info = info;
	return 0;
}

static i64 signal_mask(struct task *task, u64 size, u64 data, bool write)
{
	if (size != sizeof(u64))
		return -EINVAL;
	if (!write)
		return store_user_u64(data, task->restore_blocked ? task->saved_blocked : task->blocked);
	u64 mask;
	if (load_user_u64(data, &mask))
		return -EFAULT;
	if (!is_stopped(task))
		return -ESRCH;
	task->restore_blocked = false;
	signal_set_blocked(task, mask);
	return 0;
}

static i64 syscall_info(struct task *task, u64 room, u64 data)
{
	const struct regs *regs = task->regs;
	struct abi_ptrace_syscall_info info;
	memset(&info, 0, sizeof(info));
	info.op = task->tracing->syscall_stop;
	info.arch = AUDIT_ARCH_RISCV64;
	info.instruction_pointer = regs->x[0];
	info.stack_pointer = regs->x[REG_SP];
	u64 size = offsetof(struct abi_ptrace_syscall_info, entry);
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		info.entry.nr = regs->x[REG_A7];
		info.entry.args[0] = regs->orig_a0;
		for (unsigned i = 1; i < 6; i++)
			info.entry.args[i] = regs->x[REG_A0 + i];
		size += sizeof(info.entry);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		info.exit.rval = (i64)regs->x[REG_A0];
		info.exit.is_error = info.exit.rval < 0 && info.exit.rval >= -ERRNO_MAX;
		size += offsetof(struct abi_ptrace_syscall_info, exit.is_error) + 1 - size;
	}
	if (copy_to_user(data, &info, MIN(size, room)))
		return -EFAULT;
	return (i64)size;
}

i64 ptrace_examine(struct task *task, u64 request, u64 address, u64 data)
{
	switch (request) {
	case PTRACE_PEEKTEXT:
	case PTRACE_PEEKDATA:
		return peek(task, address, data);
	case PTRACE_POKETEXT:
	case PTRACE_POKEDATA:
		return poke(task, address, data);
	case PTRACE_GETREGSET:
	case PTRACE_SETREGSET:
		return register_set(task, address, data, request == PTRACE_SETREGSET);
	case PTRACE_GETSIGINFO:
		return get_info(task, data);
	case PTRACE_SETSIGINFO:
		return set_info(task, data);
	case PTRACE_GETSIGMASK:
	case PTRACE_SETSIGMASK:
		return signal_mask(task, address, data, request == PTRACE_SETSIGMASK);
	case PTRACE_GET_SYSCALL_INFO:
		return syscall_info(task, address, data);
	default:
		return -EIO;
	}
}

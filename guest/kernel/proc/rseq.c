/*
 * Restartable sequences, rseq(2): the task's hart number kept in its own memory, and critical sections that are aborted
 * if the task was interrupted in one. The C library registers each thread; what is stored costs something only when a
 * task moved or was interrupted outside a system call (sched.c sets rseq_moved).
 */
#include "guest/kernel/core/syscall.h"
#include "guest/kernel/mm/uaccess.h"
#include "guest/kernel/proc/internal.h"

/* What rseq_cs points to. */
struct critical_section {
	u32 version, flags;
	u64 start, size, abort;
};

/* 0, or -EFAULT / -EINVAL: the program has broken the protocol. */
static int abort_section(struct task *task)
{
	u64 at;
	struct critical_section section;
	if (load_user_u64(task->rseq + offsetof(struct abi_rseq, rseq_cs), &at))
		return -EFAULT;
	if (!at)
		return 0;
	if (copy_from_user(&section, at, sizeof(section)))
		return -EFAULT;
	if (section.version != 0 || section.start >= USER_TOP || section.abort >= USER_TOP || section.abort < 4 ||
	    section.abort - section.start < section.size)
		return -EINVAL;
	bool is_inside = task->regs->x[0] - section.start < section.size;
	u32 signature;
	if (is_inside && (load_user_u32(section.abort - 4, &signature) || signature != task->rseq_signature))
		return -EINVAL;
	if (store_user_u64(task->rseq + offsetof(struct abi_rseq, rseq_cs), 0))
		return -EFAULT;
	if (is_inside)
		task->regs->x[0] = section.abort;
	return 0;
}

static int store_hart(const struct task *task, u32 start, u32 id)
{
	return store_user_u32(task->rseq + offsetof(struct abi_rseq, cpu_id_start), start) ||
	                       store_user_u32(task->rseq + offsetof(struct abi_rseq, cpu_id), id)
	               ? -EFAULT
	               : 0;
}

void rseq_resume(struct task *task)
{
	task->rseq_moved = false;
	if (!task->rseq)
		return;
	int error = abort_section(task);
	if (!error)
		error = store_hart(task, task->hart->index, task->hart->index);
	if (!error)
		return;
	/* Once: or the handler's own frame would lead here again, and again. */
	u64 address = task->rseq;
	task->rseq = 0;
	signal_force(task, SIGSEGV, SEGV_MAPERR, address);
}

i64 sys_rseq(struct task *task, const u64 arg[6])
{
	u64 address = arg[0];
	u32 size = (u32)arg[1], flags = (u32)arg[2], signature = (u32)arg[3];
	if (flags & RSEQ_FLAG_UNREGISTER) {
		if ((flags & ~(u32)RSEQ_FLAG_UNREGISTER) || !task->rseq || task->rseq != address ||
		    size != sizeof(struct abi_rseq))
			return -EINVAL;
		if (task->rseq_signature != signature)
			return -EPERM;
		int error = store_hart(task, 0, (u32)RSEQ_CPU_ID_UNINITIALIZED);
		task->rseq = 0;
		return error;
	}
	if (flags)
		return -EINVAL;
	if (task->rseq) {
		if (task->rseq != address || size != sizeof(struct abi_rseq))
			return -EINVAL;
		return task->rseq_signature == signature ? -EBUSY : -EPERM;
	}
	if (address % 32 || size != sizeof(struct abi_rseq))
		return -EINVAL;
	if (address >= USER_TOP)
		return -EFAULT;
	task->rseq = address;
	task->rseq_signature = signature;
	task->rseq_moved = task->attention = true;
	return 0;
}

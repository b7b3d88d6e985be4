/*
 * Tasks and processes as objects: making them, their numbers, finding them, counting who looks at them. How they come
 * to be is in clone.c, how they end in exit.c.
 *
 * References: a struct task has one while it can still run (given up when its stack is freed), one from process->leader
 * if it is that, one from a tracer that has not heard of its end, and one from whoever looks. A struct process has one
 * from each of its tasks, one until it is reaped, and one from whoever looks.
 */
#include "guest/kernel/proc/task.h"

#include "guest/kernel/core/hint.h"
#include "guest/kernel/core/riscv.h"
#include "guest/kernel/core/trap.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/internal.h"
#include "guest/kernel/proc/ptrace.h"

#define NUMBER_BUCKETS 256
#define NUMBER_FIRST_REUSED 300 /* as Linux: low numbers are not given again */
#define FRAMES_PER_TASK 16      /* of RAM: what limits the number of tasks */

struct list all_processes = { &all_processes, &all_processes };
struct process *init_process;
struct process kernel_process;

static struct list numbers[NUMBER_BUCKETS];
static int last_number = 1; /* 1 is init's */
static bool numbers_wrapped;
static unsigned total, limit;

static void process_init_lists(struct process *process)
{
	list_init(&process->all_link);
	list_init(&process->tasks);
	list_init(&process->children);
	list_init(&process->sibling);
	list_init(&process->traced);
	wait_queue_init(&process->child_event);
	pending_init(&process->pending);
}

static void limits_init(struct process *process)
{
	for (unsigned i = 0; i < RLIMIT_COUNT; i++)
		process->limits[i] = (struct abi_rlimit){ RLIM_INFINITY, RLIM_INFINITY };
	process->limits[RLIMIT_STACK].rlim_cur = 8ul << 20;
	process->limits[RLIMIT_CORE].rlim_cur = 0;
	process->limits[RLIMIT_NPROC] = (struct abi_rlimit){ limit / 2, limit / 2 };
	process->limits[RLIMIT_NOFILE] = (struct abi_rlimit){ 1024, 1024 };
	process->limits[RLIMIT_MEMLOCK] = (struct abi_rlimit){ 8ul << 20, 8ul << 20 };
	process->limits[RLIMIT_SIGPENDING] = (struct abi_rlimit){ limit / 2, limit / 2 };
	process->limits[RLIMIT_MSGQUEUE] = (struct abi_rlimit){ 819200, 819200 };
	process->limits[RLIMIT_NICE] = (struct abi_rlimit){ 0, 0 };
	process->limits[RLIMIT_RTPRIO] = (struct abi_rlimit){ 0, 0 };
}

void task_init(void)
{
	for (unsigned i = 0; i < NUMBER_BUCKETS; i++)
		list_init(&numbers[i]);
	u64 by_memory = frame_counts().total / FRAMES_PER_TASK;
	limit = (unsigned)MIN(MAX(by_memory, 64ul), (u64)PID_MAX - NUMBER_FIRST_REUSED - 100);
	process_init_lists(&kernel_process);
	kernel_process.refs = 1;
	kernel_process.umask = 022;
	limits_init(&kernel_process);
}

static void task_init_fields(struct task *task)
{
	task->refs = 1;
	task->affinity = ~0ul;
	task->trace_syscall = ~0ul;
	task->alt_stack.ss_flags = SS_DISABLE;
	list_init(&task->hash_link);
	list_init(&task->process_link);
	list_init(&task->ready_link);
	wait_queue_init(&task->vfork_done);
	pending_init(&task->pending);
	task->start_ns = task->entered_ns = time_now_ns();
}

void task_init_idle(struct task *task, struct hart *hart, void *stack)
{
	task_init_fields(task);
	task->stack = stack;
	task->kernel_sp = (u64)stack + KERNEL_STACK_SIZE;
	task->regs = (struct regs *)task->kernel_sp - 1;
	task->state = TASK_RUNNING;
	task->process = &kernel_process;
	task->hart = hart;
	task_set_comm(task, "idle");
	*(u64 *)stack = STACK_CANARY;
	hart->idle = hart->running = task;
}

unsigned task_total(void)
{
	return total;
}

void task_set_comm(struct task *task, const char *name)
{
	u64 size = strnlen(name, COMM_SIZE - 1);
	memset(task->comm, 0, COMM_SIZE);
	memcpy(task->comm, name, size);
	if (task->process->leader == task)
		process_hint(task->process);
}

void process_hint(const struct process *process)
{
	hint_process(process->pid, process->mm ? process->mm->table.space : 0, process->leader->comm,
	             process->parent ? process->parent->pid : 0);
}

struct task *task_new(struct process *process)
{
	struct frame *stack = frame_alloc_order(FRAME_KERNEL, KERNEL_STACK_ORDER, 0);
	if (!stack)
		return NULL;
	struct task *task = kmalloc(sizeof(*task));
	if (!task) {
		frame_put(stack);
		return NULL;
	}
	task_init_fields(task);
	task->stack = frame_data(stack);
	*(u64 *)task->stack = STACK_CANARY;
	task->kernel_sp = (u64)task->stack + KERNEL_STACK_SIZE;
	task->regs = (struct regs *)task->kernel_sp - 1;
	memset(task->regs, 0, sizeof(*task->regs));
	task->state = TASK_SLEEPING; /* wakes by nothing but task_ready() */
	task->hart = current_task->hart;
	task->process = process;
	process_get(process);
	total++;
	return task;
}

struct process *process_new(void)
{
	struct process *process = kmalloc(sizeof(*process));
	if (!process)
		return NULL;
	process_init_lists(process);
	process->refs = 1;
	process->start_ns = time_now_ns();
	return process;
}

/* --- numbers --- */

static struct task *number_find(int tid)
{
	struct list *bucket = &numbers[(unsigned)tid % NUMBER_BUCKETS];
	LIST_FOR_EACH(node, bucket) {
		struct task *task = LIST_ENTRY(node, struct task, hash_link);
		if (task->tid == tid)
			return task;
	}
	return NULL;
}

static bool number_names_group(int number)
{
	LIST_FOR_EACH(node, &all_processes) {
		struct process *process = LIST_ENTRY(node, struct process, all_link);
		if (process->pgid == number || process->sid == number)
			return true;
	}
	return false;
}

void task_hash(struct task *task, int tid)
{
	task->tid = tid;
	list_add_first(&numbers[(unsigned)tid % NUMBER_BUCKETS], &task->hash_link);
}

void task_unhash(struct task *task)
{
	list_remove(&task->hash_link);
}

int task_number(struct task *task)
{
	for (int tries = 0; tries < PID_MAX; tries++) {
		if (++last_number >= PID_MAX) {
			last_number = NUMBER_FIRST_REUSED;
			numbers_wrapped = true;
		}
		if (numbers_wrapped && (number_find(last_number) || number_names_group(last_number)))
			continue;
		task_hash(task, last_number);
		return 0;
	}
	return -EAGAIN;
}

/* Root is bound by the machine's limit alone; so are its children, as on Linux. */
bool tasks_are_many(const struct process *process)
{
	if (total >= limit)
		return true;
	u64 allowed = process->limits[RLIMIT_NPROC].rlim_cur;
	if (process->uid == 0 || process->euid == 0 || allowed >= limit)
		return false;
	u64 count = 0;
	LIST_FOR_EACH(node, &all_processes) {
		struct process *other = LIST_ENTRY(node, struct process, all_link);
		if (other->uid == process->uid)
			count += other->task_count;
	}
	return count >= allowed;
}

/* --- finding and counting --- */

struct task *task_find(int tid)
{
	struct task *task = tid > 0 ? number_find(tid) : NULL;
	if (task)
		task->refs++;
	return task;
}

struct process *process_find(int pid)
{
	struct task *task = pid > 0 ? number_find(pid) : NULL;
	if (!task || task->process->pid != pid)
		return NULL;
	process_get(task->process);
	return task->process;
}

struct process *process_next(int after)
{
	struct process *best = NULL;
	LIST_FOR_EACH(node, &all_processes) {
		struct process *process = LIST_ENTRY(node, struct process, all_link);
		if (process->pid > after && (!best || process->pid < best->pid))
			best = process;
	}
	if (best)
		process_get(best);
	return best;
}

void task_put(struct task *task)
{
	BUG_ON(task->refs == 0);
	if (--task->refs)
		return;
	/* A task that never ran (clone failed) still has its stack. */
	if (task->stack)
		frame_put(frame_of_virtual(task->stack));
	pending_clear(&task->pending);
	total--;
	process_put(task->process);
	kfree(task);
}

void process_get(struct process *process)
{
	process->refs++;
}

void process_put(struct process *process)
{
	BUG_ON(process->refs == 0);
	if (--process->refs)
		return;
	BUG_ON(process->mm || process->files);
	pending_clear(&process->pending);
	if (process->handlers)
		handlers_put(process->handlers);
	kfree(process);
}

struct task *kernel_thread(const char *name, void (*function)(void *argument), void *argument)
{
	struct task *task = task_new(&kernel_process);
	if (!task)
		return NULL;
	if (task_number(task)) {
		task_put(task);
		return NULL;
	}
	task_set_comm(task, name);
	task->context.ra = (u64)new_thread_entry;
	task->context.sp = (u64)task->regs;
	task->context.s[0] = (u64)function;
	task->context.s[1] = (u64)argument;
	list_add_last(&kernel_process.tasks, &task->process_link);
	kernel_process.task_count++;
	task_ready(task);
	return task;
}

void process_times(const struct process *process, u64 *user_ns, u64 *system_ns, u64 *min_flt, u64 *maj_flt)
{
	*user_ns = process->dead_user_ns;
	*system_ns = process->dead_system_ns;
	*min_flt = process->dead_min_flt;
	*maj_flt = process->dead_maj_flt;
	LIST_FOR_EACH(node, &process->tasks) {
		const struct task *task = LIST_ENTRY(node, struct task, process_link);
		if (task->exiting && task->state == TASK_DEAD)
			continue; /* a leader that is gone: in the sums */
		*user_ns += task->user_ns;
		*system_ns += task->system_ns;
		*min_flt += task->min_flt;
		*maj_flt += task->maj_flt;
	}
}

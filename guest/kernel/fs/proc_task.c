/*
 * Files of /proc/PID: what a process is, what it did, and what lies in its memory. proc(5) has the formats.
 */
#include "guest/kernel/dev/tty.h"
#include "guest/kernel/fs/procfs.h"
#include "guest/kernel/fs/vfs.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/mm/policy.h"
#include "guest/kernel/proc/ptrace.h"

#define NS_PER_TICK (NS_PER_S / 100)
#define KIB_PER_PAGE (PAGE_SIZE / 1024)

struct mm *proc_get_mm(struct task *task)
{
	struct mm *mm = task->process->mm;

	if (mm)
		mm_get(mm);
	return mm;
}

static u64 rss_of(const struct mm *mm)
{
	return mm->anon_pages + mm->file_pages + mm->shmem_pages;
}

static char state_letter(const struct task *task)
{
	if (task->process->zombie)
		return 'Z';
	switch (task->state) {
	case TASK_READY:
	case TASK_RUNNING:
		return 'R';
	case TASK_SLEEPING:
		return task->sleep_kind == SLEEP_SIGNAL ? 'S' : 'D';
	case TASK_STOPPED:
		return 'T';
	case TASK_TRACED:
		return 't';
	default:
		return 'X';
	}
}

static const char *state_word(char letter)
{
	switch (letter) {
	case 'R':
		return "running";
	case 'S':
		return "sleeping";
	case 'D':
		return "disk sleep";
	case 'T':
		return "stopped";
	case 't':
		return "tracing stop";
	case 'Z':
		return "zombie";
	default:
		return "dead";
	}
}

/* --- numbers --- */

/* Signals that are ignored and caught, as bit masks. */
static void signal_masks(const struct process *process, u64 *ignored, u64 *caught)
{
	*ignored = *caught = 0;
	for (int i = 0; process->handlers && i < SIGNALS; i++) {
		u64 handler = process->handlers->actions[i].sa_handler;

		*(handler == SIG_IGN ? ignored : caught) |= handler != SIG_DFL ? 1ul << i : 0;
	}
}

static int show_stat(struct task *task, struct text *text)
{
	struct process *process = task->process;
	struct mm *mm = proc_get_mm(task);
	struct tty *tty = process->tty; /* looked at before anything sleeps */
	u64 user, system, minor, major, ignored, caught;

	process_times(process, &user, &system, &minor, &major);
	signal_masks(process, &ignored, &caught);
	text_printf(text, "%d (%s) %c %d %d %d %d %d 0 ", task->tid, task->comm, state_letter(task),
	            process->parent ? process->parent->pid : 0, process->pgid, process->sid, tty ? (int)tty->rdev : 0,
	            tty ? tty->pgid : -1);
	text_printf(text, "%lu %lu %lu %lu %lu %lu %lu %lu ", minor, process->child_min_flt, major,
	            process->child_maj_flt, user / NS_PER_TICK, system / NS_PER_TICK,
	            process->child_user_ns / NS_PER_TICK, process->child_system_ns / NS_PER_TICK);
	text_printf(text, "%d %d %u 0 %lu ", 20 + process->nice, process->nice, process->task_count,
	            task->start_ns / NS_PER_TICK);
	text_printf(text, "%lu %lu %lu ", mm ? mm->total_pages * PAGE_SIZE : 0, mm ? rss_of(mm) : 0, ~0ul);
	text_printf(text, "%lu %lu %lu 0 0 ", mm ? mm->code_start : 0, mm ? mm->code_end : 0, mm ? mm->stack_start : 0);
	text_printf(text, "%lu %lu %lu %lu 0 0 0 17 %u 0 0 0 0 0 ", task->pending.set | process->pending.set,
	            task->blocked, ignored, caught, task->hart ? task->hart->index : 0);
	text_printf(text, "%lu %lu %lu ", mm ? mm->data_start : 0, mm ? mm->data_end : 0, mm ? mm->brk_start : 0);
	text_printf(text, "%lu %lu %lu %lu %d\n", mm ? mm->arg_start : 0, mm ? mm->arg_end : 0, mm ? mm->env_start : 0,
	            mm ? mm->env_end : 0, process->exit_code);
	if (mm)
		mm_put(mm);
	return 0;
}

/* Pages of the regions for which `wanted` holds. */
static u64 count_pages(struct mm *mm, bool (*wanted)(const struct mm *mm, const struct region *region))
{
	u64 pages = 0;

	mutex_lock(&mm->lock);
	LIST_FOR_EACH(node, &mm->regions) {
		struct region *region = LIST_ENTRY(node, struct region, link);

		if (wanted(mm, region))
			pages += (region->end - region->start) / PAGE_SIZE;
	}
	mutex_unlock(&mm->lock);
	return pages;
}

static bool is_data(const struct mm *mm, const struct region *region)
{
	(void)mm;
	return (region->prot & PROT_WRITE) && !(region->flags & (REGION_SHARED | REGION_STACK));
}

static bool is_stack(const struct mm *mm, const struct region *region)
{
	(void)mm;
	return region->flags & REGION_STACK;
}

static bool is_program(const struct mm *mm, const struct region *region)
{
	return (region->prot & PROT_EXEC) && region->file && mm->exe && region->file->inode == mm->exe->inode;
}

static bool is_library(const struct mm *mm, const struct region *region)
{
	return (region->prot & PROT_EXEC) && region->file && !is_program(mm, region);
}

static int show_statm(struct task *task, struct text *text)
{
	struct mm *mm = proc_get_mm(task);

	if (!mm) {
		text_printf(text, "0 0 0 0 0 0 0\n");
		return 0;
	}
	text_printf(text, "%lu %lu %lu %lu 0 %lu 0\n", mm->total_pages, rss_of(mm), mm->file_pages + mm->shmem_pages,
	            count_pages(mm, is_program), count_pages(mm, is_data) + count_pages(mm, is_stack));
	mm_put(mm);
	return 0;
}

static void print_kib(struct text *text, const char *name, u64 pages)
{
	text_printf(text, "%s:\t%8lu kB\n", name, pages * KIB_PER_PAGE);
}

static void print_memory(struct text *text, struct mm *mm)
{
	print_kib(text, "VmPeak", MAX(mm->peak_total, mm->total_pages));
	print_kib(text, "VmSize", mm->total_pages);
	print_kib(text, "VmLck", mm->locked_pages);
	print_kib(text, "VmPin", 0);
	print_kib(text, "VmHWM", MAX(mm->peak_rss, rss_of(mm)));
	print_kib(text, "VmRSS", rss_of(mm));
	print_kib(text, "RssAnon", mm->anon_pages);
	print_kib(text, "RssFile", mm->file_pages);
	print_kib(text, "RssShmem", mm->shmem_pages);
	print_kib(text, "VmData", count_pages(mm, is_data));
	print_kib(text, "VmStk", count_pages(mm, is_stack));
	print_kib(text, "VmExe", count_pages(mm, is_program));
	print_kib(text, "VmLib", count_pages(mm, is_library));
	print_kib(text, "VmPTE", mm->table.tables);
	print_kib(text, "VmSwap", mm->swap_pages);
}

static int show_status(struct task *task, struct text *text)
{
	struct process *process = task->process;
	struct tracing *tracing = task->tracing;
	struct mm *mm = proc_get_mm(task);
	u64 ignored, caught;

	signal_masks(process, &ignored, &caught);
	text_printf(
		text,
		"Name:\t%s\nUmask:\t%04o\nState:\t%c (%s)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t%d\n",
		task->comm, process->umask, state_letter(task), state_word(state_letter(task)), process->pid, task->tid,
		process->parent ? process->parent->pid : 0, tracing && tracing->tracer ? tracing->tracer->pid : 0);
	text_printf(text, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t%u\nGroups:\t", process->uid,
	            process->euid, process->suid, process->fsuid, process->gid, process->egid, process->sgid,
	            process->fsgid, process->files ? process->files->room : 0);
	for (u32 i = 0; i < process->group_count; i++)
		text_printf(text, "%u ", process->groups[i]);
	text_printf(text, "\nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", process->pid, task->tid,
	            process->pgid, process->sid);
	if (mm) {
		print_memory(text, mm);
		mm_put(mm);
	}
	text_printf(
		text,
		"Threads:\t%u\nSigQ:\t%u/%lu\nSigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n",
		process->task_count, process->pending.queued, process->limits[RLIMIT_SIGPENDING].rlim_cur,
		task->pending.set, process->pending.set, task->blocked, ignored, caught);
	text_printf(text, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n", task->voluntary,
	            task->involuntary);
	return 0;
}

static int show_io(struct task *task, struct text *text)
{
	struct process *process = task->process;

	text_printf(
		text,
		"rchar: %lu\nwchar: %lu\nsyscr: %lu\nsyscw: %lu\nread_bytes: %lu\nwrite_bytes: %lu\ncancelled_write_bytes: 0\n",
		process->read_chars, process->write_chars, process->read_calls, process->write_calls,
		process->read_bytes, process->write_bytes);
	return 0;
}

static int show_limits(struct task *task, struct text *text)
{
	static const struct {
		const char *name, *unit;
	} names[RLIMIT_COUNT] = {
		{ "Max cpu time", "seconds" },     { "Max file size", "bytes" },
		{ "Max data size", "bytes" },      { "Max stack size", "bytes" },
		{ "Max core file size", "bytes" }, { "Max resident set", "bytes" },
		{ "Max processes", "processes" },  { "Max open files", "files" },
		{ "Max locked memory", "bytes" },  { "Max address space", "bytes" },
		{ "Max file locks", "locks" },     { "Max pending signals", "signals" },
		{ "Max msgqueue size", "bytes" },  { "Max nice priority", "" },
		{ "Max realtime priority", "" },   { "Max realtime timeout", "us" },
	};

	text_printf(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (u32 i = 0; i < RLIMIT_COUNT; i++) {
		const struct abi_rlimit *limit = &task->process->limits[i];
		char soft[24], hard[24];

		format_text(soft, sizeof(soft), limit->rlim_cur == RLIM_INFINITY ? "unlimited" : "%lu",
		            limit->rlim_cur);
		format_text(hard, sizeof(hard), limit->rlim_max == RLIM_INFINITY ? "unlimited" : "%lu",
		            limit->rlim_max);
		text_printf(text, "%-25s %-20s %-20s %-10s\n", names[i].name, soft, hard, names[i].unit);
	}
	return 0;
}

static int show_comm(struct task *task, struct text *text)
{
	text_printf(text, "%s\n", task->comm);
	return 0;
}

static i64 store_comm(struct task *task, char *data)
{
	data[strcspn(data, "\n")] = 0;
	task_set_comm(task, data);
	return 0;
}

static int show_wchan(struct task *task, struct text *text)
{
	text_printf(text, "%s", task->state == TASK_SLEEPING && task->sleep_reason ? task->sleep_reason : "0");
	return 0;
}

static int show_oom_score_adj(struct task *task, struct text *text)
{
	text_printf(text, "%d\n", task->process->oom_score_adj);
	return 0;
}

static i64 store_oom_score_adj(struct task *task, char *data)
{
	bool is_negative = *data == '-';
	const char *digits = data + is_negative;
	u64 value;

	if (!parse_number(&digits, &value) || value > 1000)
		return -EINVAL;
	task->process->oom_score_adj = is_negative ? -(int)value : (int)value;
	return 0;
}

static int show_fail_nth(struct task *task, struct text *text)
{
	text_printf(text, "%ld\n", task->fail_nth);
	return 0;
}

static i64 store_fail_nth(struct task *task, char *data)
{
	const char *digits = data;
	u64 value;

	if (!parse_number(&digits, &value) || value > 0x7fffffff)
		return -EINVAL;
	task->fail_nth = (i64)value;
	return 0;
}

static int show_personality(struct task *task, struct text *text)
{
	text_printf(text, "%08lx\n", task->process->personality);
	return 0;
}

/* --- mounts --- */

static int show_mounts(struct task *task, struct text *text)
{
	char *buffer = kmalloc(PATH_SIZE);

	if (!buffer)
		return -ENOMEM;
	struct list *mounts = mounts_lock();
	LIST_FOR_EACH(node, mounts) {
		struct fs *fs = LIST_ENTRY(node, struct fs, link);
		char *path = dentry_path(fs->root, task->process->root, buffer, PATH_SIZE);

		if (path)
			text_printf(text, "%s %s %s %s,relatime 0 0\n", fs->source, path, fs->type,
			            fs->read_only ? "ro" : "rw");
	}
	mounts_unlock();
	kfree(buffer);
	return 0;
}

static int show_mountinfo(struct task *task, struct text *text)
{
	char *buffer = kmalloc(PATH_SIZE);
	unsigned id = 20;

	if (!buffer)
		return -ENOMEM;
	struct list *mounts = mounts_lock();
	LIST_FOR_EACH(node, mounts) {
		struct fs *fs = LIST_ENTRY(node, struct fs, link);
		char *path = dentry_path(fs->root, task->process->root, buffer, PATH_SIZE);

		if (path)
			text_printf(text, "%u 20 %lu:%lu / %s %s,relatime - %s %s %s\n", id++, fs->dev >> 8,
			            fs->dev & 0xff, path, fs->read_only ? "ro" : "rw", fs->type, fs->source,
			            fs->read_only ? "ro" : "rw");
	}
	mounts_unlock();
	kfree(buffer);
	return 0;
}

const struct proc_file proc_task_files[] = {
	{ .path = "comm", .mode = 0644, .show = show_comm, .store = store_comm },
	{ .path = "fail-nth", .mode = 0644, .show = show_fail_nth, .store = store_fail_nth },
	{ .path = "io", .mode = 0400, .show = show_io },
	{ .path = "limits", .mode = 0444, .show = show_limits },
	{ .path = "mountinfo", .mode = 0444, .show = show_mountinfo },
	{ .path = "mounts", .mode = 0444, .show = show_mounts },
	{ .path = "oom_score_adj", .mode = 0644, .show = show_oom_score_adj, .store = store_oom_score_adj },
	{ .path = "personality", .mode = 0400, .show = show_personality },
	{ .path = "stat", .mode = 0444, .show = show_stat },
	{ .path = "statm", .mode = 0444, .show = show_statm },
	{ .path = "status", .mode = 0444, .show = show_status },
	{ .path = "wchan", .mode = 0444, .show = show_wchan },
	{ 0 },
};

/*
 * Files of /proc/PID about its memory: regions, pages, contents, and framepool, which is our own. proc(5) has the
 * formats.
 */
#include "guest/kernel/fs/procfs.h"
#include "guest/kernel/mm/policy.h"

/* [start, end) of the process's memory as text: arguments, environment. */
static int print_user_range(struct task *task, struct text *text, bool environment)
{
	struct mm *mm = proc_get_mm(task);
	char part[128];
	u64 at, end;

	if (!mm)
		return 0;
	at = environment ? mm->env_start : mm->arg_start;
	end = environment ? mm->env_end : mm->arg_end;
	while (at < end) {
		i64 size = mm_access_remote(mm, at, part, MIN(end - at, sizeof(part)), false, false);

		if (size <= 0)
			break;
		text_put(text, part, (u64)size);
		at += (u64)size;
	}
	mm_put(mm);
	return 0;
}

static int show_cmdline(struct task *task, struct text *text)
{
	return print_user_range(task, text, false);
}

static int show_environ(struct task *task, struct text *text)
{
	return print_user_range(task, text, true);
}

static int show_auxv(struct task *task, struct text *text)
{
	struct mm *mm = proc_get_mm(task);
	u64 words = 0;

	if (!mm)
		return 0;
	while (words + 2 < ARRAY_SIZE(mm->auxv) && mm->auxv[words])
		words += 2;
	text_put(text, mm->auxv, (words + 2) * sizeof(u64));
	mm_put(mm);
	return 0;
}

static int print_maps(struct task *task, struct text *text, bool with_numbers)
{
	struct mm *mm = proc_get_mm(task);

	if (!mm)
		return 0;
	mm_print_maps(mm, text, with_numbers);
	mm_put(mm);
	return 0;
}

static int show_maps(struct task *task, struct text *text)
{
	return print_maps(task, text, false);
}

static int show_smaps(struct task *task, struct text *text)
{
	return print_maps(task, text, true);
}

static int show_smaps_rollup(struct task *task, struct text *text)
{
	struct mm *mm = proc_get_mm(task);

	if (!mm)
		return 0;
	mm_print_rollup(mm, text);
	mm_put(mm);
	return 0;
}

/* 8 bytes a page, at page number * 8. */
static i64 read_pagemap(struct task *task, struct io *io, u64 *pos)
{
	struct mm *mm = proc_get_mm(task);
	i64 total = 0;

	if (*pos % 8 || io->left % 8) {
		total = -EINVAL;
	} else {
		while (mm && io->left && *pos / 8 < USER_TOP / PAGE_SIZE && !signal_is_fatal(current_task)) {
			u64 entry = mm_pagemap_entry(mm, *pos / 8 * PAGE_SIZE);
			i64 done = io_write(io, &entry, sizeof(entry));

			if (done < 0) {
				total = total ? total : done;
				break;
			}
			*pos += (u64)done;
			total += done;
		}
	}
	if (mm)
		mm_put(mm);
	return total;
}

static i64 access_memory(struct task *task, struct io *io, u64 *pos, bool write)
{
	struct mm *mm = proc_get_mm(task);
	char part[256];
	i64 total = 0, done = 0;

	while (mm && io->left && !signal_is_fatal(current_task)) {
		u64 size = MIN(io->left, sizeof(part));

		done = write ? io_read(io, part, size) : (i64)size;
		if (done > 0)
			done = mm_access_remote(mm, *pos, part, (u64)done, write, true);
		if (done > 0 && !write)
			done = io_write(io, part, (u64)done);
		if (done <= 0)
			break;
		*pos += (u64)done;
		total += done;
	}
	if (mm)
		mm_put(mm);
	return total ? total : done == -EFAULT ? -EIO : done;
}

static i64 read_mem(struct task *task, struct io *io, u64 *pos)
{
	return access_memory(task, io, pos, false);
}

static i64 write_mem(struct task *task, struct io *io, u64 *pos)
{
	return access_memory(task, io, pos, true);
}

/* --- framepool: a small pool of frames for one range, to watch a replacement policy at work --- */

static int show_framepool(struct task *task, struct text *text)
{
	struct mm *mm = proc_get_mm(task);

	if (!mm)
		return 0;
	mutex_lock(&mm->lock);
	LIST_FOR_EACH(node, &mm->pools) {
		struct pool *pool = LIST_ENTRY(node, struct pool, link);

		text_printf(text, "%lx %lx %lu %s %lu %lu %lu %lu\n", pool->start, pool->end, pool->limit,
		            pool->policy->name, pool->count, pool->faults, pool->evictions, pool->writes);
	}
	mutex_unlock(&mm->lock);
	mm_put(mm);
	return 0;
}

/* "START END FRAMES POLICY" or "off". */
static i64 store_framepool(struct task *task, char *data)
{
	const char *at = data;
	struct mm *mm = proc_get_mm(task);
	const struct policy *policy;
	u64 start, end, frames;
	i64 error = -EINVAL;

	if (!mm)
		return -ESRCH;
	data[strcspn(data, "\n")] = 0;
	if (!strcmp(data, "off")) {
		error = mm_pool_clear(mm);
	} else if (parse_hex(&at, &start) && parse_hex(&at, &end) && parse_number(&at, &frames)) {
		policy = policy_find(at + strspn(at, " "));
		if (policy)
			error = mm_pool_set(mm, start, end, frames, policy);
	}
	mm_put(mm);
	return error;
}

const struct proc_file proc_task_memory_files[] = {
	{ .path = "auxv", .mode = 0400, .show = show_auxv },
	{ .path = "cmdline", .mode = 0444, .show = show_cmdline },
	{ .path = "environ", .mode = 0400, .show = show_environ },
	{ .path = "framepool", .mode = 0644, .show = show_framepool, .store = store_framepool },
	{ .path = "maps", .mode = 0444, .show = show_maps },
	{ .path = "mem", .mode = 0600, .read_at = read_mem, .write_at = write_mem },
	{ .path = "pagemap", .mode = 0400, .read_at = read_pagemap },
	{ .path = "smaps", .mode = 0444, .show = show_smaps },
	{ .path = "smaps_rollup", .mode = 0444, .show = show_smaps_rollup },
	{ 0 },
};

/*
 * The out-of-memory killer: when nothing more can be reclaimed, the process that holds most is killed, in the hope that
 * it is the one that went wrong. proc(5), oom_score_adj: -1000 never, 1000 first. One victim at a time; only if it does
 * not go within a second (it may wait for a lock that the one who asks for memory holds) another is chosen.
 */
#include "guest/kernel/core/print.h"
#include "guest/kernel/mm/reclaim.h"
#include "guest/kernel/mm/swap.h"
#include "guest/kernel/proc/task.h"

#define WAIT_NS 20000000ul /* between two tries of who waits for memory */
#define PATIENCE_NS NS_PER_S

static u64 last_kill_ns;
static struct wait_queue waiting = { { &waiting.waiters, &waiting.waiters } };

static u64 resident_pages(const struct mm *mm)
{
	return mm->anon_pages + mm->file_pages + mm->shmem_pages;
}

/* Pages that its end would give back, shifted by oom_score_adj thousandths of all memory; 0: not to be killed. */
static u64 badness(const struct process *process, u64 all_pages)
{
	const struct mm *mm = process->mm;

	if (!mm || process == init_process || (init_process && mm == init_process->mm))
		return 0;
	if (process->zombie || process->group_exiting || mm->oom_killed || process->oom_score_adj <= -1000)
		return 0;
	i64 pages = (i64)(resident_pages(mm) + mm->swap_pages + mm->table.tables);

	pages += process->oom_score_adj * (i64)all_pages / 1000;
	return pages > 0 ? (u64)pages : 1;
}

/* The process with the largest badness; of equal ones the youngest. NULL: there is nothing to kill. */
static struct process *choose(void)
{
	u64 all_pages = frame_counts().total + swap_counts().total;
	struct process *worst = NULL;
	u64 worst_badness = 0;

	LIST_FOR_EACH(node, &all_processes) {
		struct process *process = LIST_ENTRY(node, struct process, all_link);
		u64 own = badness(process, all_pages);

		if (own && own >= worst_badness) {
			worst = process;
			worst_badness = own;
		}
	}
	return worst;
}

static void kill(struct process *victim)
{
	struct mm *mm = victim->mm;

	printk("out of memory: killed %s[%d], %lu KiB resident, %lu KiB swapped\n", victim->leader->comm, victim->pid,
	       resident_pages(mm) * (PAGE_SIZE / 1024), mm->swap_pages * (PAGE_SIZE / 1024));
	mm->oom_killed = true;
	vm_counts.oom_kill++;
	last_kill_ns = time_now_ns();
	/* Who shares the memory must go, too, or nothing comes free. */
	LIST_FOR_EACH(node, &all_processes) {
		struct process *process = LIST_ENTRY(node, struct process, all_link);

		if (process->mm == mm)
			(void)signal_send_process(process, SIGKILL, NULL);
	}
}

/* Whether a process that was killed for memory still holds it. */
static bool is_victim_alive(void)
{
	LIST_FOR_EACH(node, &all_processes) {
		struct process *process = LIST_ENTRY(node, struct process, all_link);

		if (process->mm && process->mm->oom_killed)
			return true;
	}
	return false;
}

bool out_of_memory(void)
{
	/* Who is to die anyway must not wait: it gives memory back. */
	if (signal_is_fatal(current_task))
		return false;
	if (!is_victim_alive() || time_now_ns() - last_kill_ns > PATIENCE_NS) {
		struct process *victim = choose();

		if (!victim)
			return false;
		kill(victim);
		if (signal_is_fatal(current_task))
			return false;
	}
	return sleep_on(&waiting, SLEEP_KILLABLE, time_now_ns() + WAIT_NS) != -EINTR;
}

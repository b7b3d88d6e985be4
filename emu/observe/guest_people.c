/*
 * The guest's processes and address spaces: two bounded tables. Part of guest_view.c.
 */
#include "emu/observe/guest_view_internal.h"

#include <stdio.h>
#include <string.h>

/* --- processes --- */

struct guest_process *people_find(struct people *p, u32 pid)
{
	struct guest_process *found = NULL;

	for (u32 i = p->process_count; i-- > 0;) {
		struct guest_process *process = &p->processes[i];

		if (process->pid != pid)
			continue;
		if (process->is_alive)
			return process;
		if (!found)
			found = process;
	}
	return found;
}

void people_remove(struct people *p, const struct guest_process *process)
{
	u32 i = (u32)(process - p->processes);

	p->alive -= process->is_alive;
	p->process_count--;
	memmove(&p->processes[i], &p->processes[i + 1], (p->process_count - i) * sizeof(p->processes[0]));
}

/* The one that has been dead for longest goes; if all live, the oldest. */
static void make_room(struct people *p)
{
	const struct guest_process *victim = &p->processes[0];

	for (u32 i = 0; i < p->process_count; i++) {
		const struct guest_process *process = &p->processes[i];

		if (process->is_alive)
			continue;
		if (victim->is_alive || process->gone_ns < victim->gone_ns)
			victim = process;
	}
	people_remove(p, victim);
}

struct guest_process *people_get(struct people *p, u32 pid, u64 now_ns)
{
	struct guest_process *process = people_find(p, pid);

	if (process && process->is_alive)
		return process;
	if (p->process_count == GUEST_PROCESSES_MAX)
		make_room(p);
	process = &p->processes[p->process_count++];
	*process = (struct guest_process){ .pid = pid, .is_alive = true, .born_ns = now_ns, .gone_ns = now_ns };
	p->created++;
	if (++p->alive > p->alive_peak)
		p->alive_peak = p->alive;
	return process;
}

void people_exit(struct people *p, u32 pid, u64 now_ns)
{
	struct guest_process *process = people_find(p, pid);

	if (!process || !process->is_alive)
		return;
	process->is_alive = false;
	process->gone_ns = now_ns;
	p->alive--;
}

/* --- address spaces --- */

struct space *people_space(struct people *p, u64 root)
{
	if (p->last_space < p->space_count && p->spaces[p->last_space].root == root)
		return &p->spaces[p->last_space];
	for (u32 i = 0; i < p->space_count; i++) {
		if (p->spaces[i].root == root) {
			p->last_space = i;
			return &p->spaces[i];
		}
	}
	return NULL;
}

struct space *people_add_space(struct people *p, u64 root)
{
	struct space *space = &p->spaces[p->space_count++];

	*space = (struct space){ .root = root, .id = ++p->last_id, .used = ++p->turn };
	p->owners[space->id % GUEST_OWNERS] = 0;
	return space;
}

struct space *people_oldest_space(struct people *p)
{
	struct space *oldest = &p->spaces[0];

	for (u32 i = 1; i < p->space_count; i++)
		if (p->spaces[i].used < oldest->used)
			oldest = &p->spaces[i];
	return oldest;
}

void people_drop_space(struct people *p, struct space *space)
{
	*space = p->spaces[--p->space_count];
}

static void set_pid(struct people *p, struct space *space, u32 pid)
{
	space->pid = pid;
	p->owners[space->id % GUEST_OWNERS] = pid;
}

void people_bind(struct people *p, struct space *space, struct guest_process *process)
{
	struct guest_process *before = space->pid ? people_find(p, space->pid) : NULL;
	u32 pid = process->pid;

	process->satp = space->satp ? space->satp : SATP_SV39 | space->root;
	if (before && before->pid != pid && before->is_alive && before->pid < GUEST_SPACE_PID &&
	    !((before->satp ^ space->root) & MASK(SATP_ROOT_BITS)))
		return;
	set_pid(p, space, pid);
	if (before && before->pid >= GUEST_SPACE_PID) {
		p->created--;
		people_remove(p, before);
	}
}

void people_use(struct people *p, struct space *space, u64 satp, bool named, u64 now_ns)
{
	bool is_other = space->satp != satp;
	struct guest_process *process;

	space->satp = satp;
	space->used = ++p->turn;
	if (!space->pid && named)
		set_pid(p, space, GUEST_SPACE_PID + ++p->last_unknown % GUEST_SPACE_PID);
	if (!space->pid)
		return;
	process = named ? people_get(p, space->pid, now_ns) : people_find(p, space->pid);
	if (!process)
		return;
	process->gone_ns = now_ns;
	process->satp = satp;
	if (is_other && process->pid >= GUEST_SPACE_PID)
		snprintf(process->name, sizeof(process->name), "satp 0x%llx asid %u", (unsigned long long)space->root,
		         (u32)bits(satp, 59, 44));
}

void people_forget_unknown(struct people *p)
{
	for (u32 i = 0; i < p->space_count; i++)
		if (p->spaces[i].pid >= GUEST_SPACE_PID)
			set_pid(p, &p->spaces[i], 0);
	for (u32 i = p->process_count; i-- > 0;) {
		if (p->processes[i].pid < GUEST_SPACE_PID)
			continue;
		p->created--;
		people_remove(p, &p->processes[i]);
	}
}

/*
 * The harts: see smp.h. Ids come from the device tree's /cpus, the others are started by SBI HSM; a software interrupt
 * wakes one that idles. The kernel numbers them 0.. (index), the boot hart is 0.
 */
#include "guest/kernel/core/smp.h"

#include "guest/kernel/core/device_tree.h"
#include "guest/kernel/core/early.h"
#include "guest/kernel/core/image.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/core/riscv.h"
#include "guest/kernel/core/sbi.h"
#include "guest/kernel/core/trap.h"
#include "guest/kernel/dev/irq.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/proc/task.h"

#define START_WAIT_NS NS_PER_S

struct hart harts[MAX_HARTS];
struct task boot_task;

static unsigned count; /* of harts */
static volatile bool halting;

unsigned hart_count(void)
{
	return count;
}

static void add_hart(u64 id)
{
	harts[count] = (struct hart){ .id = id, .index = count };
	count++;
}

static bool is_usable(int cpu)
{
	const char *type = device_tree_property(cpu, "device_type", NULL);
	const char *status = device_tree_property(cpu, "status", NULL);
	return type && strcmp(type, "cpu") == 0 && (!status || strncmp(status, "ok", 2) == 0);
}

void smp_init(u64 boot_hart_id)
{
	add_hart(boot_hart_id);
	for (int cpu = device_tree_first_child(device_tree_path("/cpus")); cpu >= 0;
	     cpu = device_tree_next_sibling(cpu)) {
		u64 id = device_tree_number(cpu, "reg", ~0ul);
		if (!is_usable(cpu) || id == boot_hart_id)
			continue;
		/* Masks of harts are one word, here and in SBI calls. */
		if (id >= 64 || count == MAX_HARTS)
			printk("hart %lu is not used: ids from 64 on do not fit\n", id);
		else
			add_hart(id);
	}
}

void smp_init_idle(void)
{
	boot_task.kernel_sp = (u64)boot_stack_top;
	harts[0].online = true;
	task_init_idle(&boot_task, &harts[0], boot_stack);
}

/* Runs on the new hart; entry.S has set tp and sp. */
void smp_secondary_main(u64 hart_id)
{
	struct task *task = current_task;
	struct hart *hart = task->hart;
	kernel_lock();
	pgtable_init_hart();
	trap_init_hart();
	BUG_ON(hart->id != hart_id);
	task_init_idle(task, hart, task->stack);
	irq_init_hart(hart->index);
	hart->online = true;
	idle_loop();
}

/* The idle task of a hart that is not running yet. */
static struct task *make_idle(struct hart *hart)
{
	struct task *task = kmalloc(sizeof(*task));
	struct frame *stack = frame_alloc_order(FRAME_KERNEL, KERNEL_STACK_ORDER, 0);
	if (!task || !stack)
		panic("no memory for the stack of hart %lu", hart->id);
	task->stack = frame_data(stack);
	task->kernel_sp = (u64)task->stack + KERNEL_STACK_SIZE;
	task->hart = hart;
	return task;
}

static void start(struct hart *hart)
{
	struct task *idle = make_idle(hart);
	i64 error = sbi_hart_start(hart->id, virtual_to_pa((void *)secondary_start), (u64)idle);
	if (error != 0) {
		printk("hart %lu does not start: SBI error %ld\n", hart->id, error);
		return;
	}
	/* It needs the lock to become ready. */
	kernel_unlock();
	u64 deadline = time_now_ns() + START_WAIT_NS;
	while (!__atomic_load_n(&hart->online, __ATOMIC_ACQUIRE) && time_now_ns() < deadline)
		smp_relax();
	kernel_lock();
	if (!hart->online)
		printk("hart %lu was started and does not answer\n", hart->id);
}

void smp_start(void)
{
	unsigned online = 1;
	for (unsigned i = 1; i < count; i++) {
		start(&harts[i]);
		online += harts[i].online;
	}
	printk("%u of %u harts\n", online, count);
}

void smp_kick(void)
{
	for (unsigned i = 0; i < count; i++) {
		struct hart *hart = &harts[i];
		if (hart->online && hart != current_task->hart && hart->running == hart->idle && !hart->need_resched) {
			hart->need_resched = true; /* so that the next call wakes another one */
			sbi_send_ipi(1ul << hart->id);
			return;
		}
	}
}

void smp_interrupt(unsigned index)
{
	sbi_send_ipi(1ul << harts[index].id);
}

u64 smp_hart_ids(u64 index_mask)
{
	u64 ids = 0;
	for (; index_mask; index_mask &= index_mask - 1)
		ids |= 1ul << harts[__builtin_ctzl(index_mask)].id;
	return ids;
}

void smp_halt_others(void)
{
	halting = true;
	u64 others = 0;
	for (unsigned i = 0; i < count; i++)
		if (harts[i].online && &harts[i] != current_task->hart)
			others |= 1ul << harts[i].id;
	if (others)
		sbi_send_ipi(others);
}

void smp_relax(void)
{
	__asm__ volatile(".word 0x0100000f"); /* pause (Zihintpause), a fence that does nothing elsewhere */
	while (halting)
		__asm__ volatile("csrw sie, zero\n\twfi");
}

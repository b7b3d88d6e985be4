/*
 * The PLIC: see irq.h. RISC-V Platform-Level Interrupt Controller specification 1.0; which of its contexts is which
 * hart's S mode says the device tree's interrupts-extended: pairs of a hart's interrupt controller and the cause it
 * raises there.
 *
 * Only the boot hart takes external interrupts: there is one kernel lock, so more harts would only wait for it.
 */
#include "guest/kernel/dev/irq.h"

#include "guest/kernel/core/device_tree.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/mm/frame.h"
#include "guest/kernel/proc/task.h"

#define SOURCES_MAX 128
#define CAUSE_S_EXTERNAL 9
#define BOOT_HART 0 /* index */

/* Offsets of registers, 32 bits each. */
#define PLIC_PRIORITY 0x0ul
#define PLIC_ENABLE 0x2000ul
#define PLIC_ENABLE_CONTEXT 0x80ul
#define PLIC_THRESHOLD 0x200000ul
#define PLIC_CLAIM 0x200004ul
#define PLIC_CONTEXT 0x1000ul

struct source {
	void (*handler)(void *context); /* NULL: nobody's */
	void *context;
};

static struct source sources[SOURCES_MAX];
static int contexts[MAX_HARTS]; /* by hart index; -1: none */
static u64 plic;                /* address of the registers; 0: there is no PLIC */
static u32 last_source;

static volatile u32 *plic_reg(u64 offset)
{
	return (volatile u32 *)(plic + offset);
}

static u32 cell(const u8 *at)
{
	return (u32)at[0] << 24 | (u32)at[1] << 16 | (u32)at[2] << 8 | at[3];
}

/* The index of the hart whose interrupt controller has this phandle, or -1. */
static int hart_of_controller(u32 phandle)
{
	for (int cpu = device_tree_first_child(device_tree_path("/cpus")); cpu >= 0;
	     cpu = device_tree_next_sibling(cpu)) {
		u64 id = device_tree_number(cpu, "reg", ~0ul);
		for (int node = device_tree_first_child(cpu); node >= 0; node = device_tree_next_sibling(node)) {
			if (device_tree_number(node, "phandle", 0) != phandle)
				continue;
			for (unsigned i = 0; i < hart_count(); i++)
				if (harts[i].id == id)
					return (int)i;
		}
	}
	return -1;
}

void irq_init(void)
{
	u64 pa, size;
	u32 bytes;
	int node = device_tree_compatible(-1, "sifive,plic-1.0.0");
	if (node < 0)
		node = device_tree_compatible(-1, "riscv,plic0");
	if (!device_tree_reg(node, 0, &pa, &size))
		panic("the device tree has no PLIC: without it no device can interrupt");
	for (unsigned i = 0; i < MAX_HARTS; i++)
		contexts[i] = -1;
	const u8 *extended = device_tree_property(node, "interrupts-extended", &bytes);
	for (u32 i = 0; extended && i < bytes / 8; i++) {
		int hart = cell(extended + 8 * i + 4) == CAUSE_S_EXTERNAL ? hart_of_controller(cell(extended + 8 * i))
		                                                          : -1;
		if (hart >= 0)
			contexts[hart] = (int)i;
	}
	last_source = (u32)MIN(device_tree_number(node, "riscv,ndev", 0), SOURCES_MAX - 1ul);
	plic = DIRECT_MAP + pa;
	if (contexts[BOOT_HART] < 0)
		panic("the PLIC has no context for S mode of hart %lu", harts[BOOT_HART].id);
}

static void set_enabled(int context, u32 source, bool enabled)
{
	volatile u32 *word = plic_reg(PLIC_ENABLE + PLIC_ENABLE_CONTEXT * (u64)context + source / 32 * 4);
	u32 bit = 1u << source % 32;
	*word = enabled ? *word | bit : *word & ~bit;
}

void irq_init_hart(unsigned hart_index)
{
	int context = contexts[hart_index];
	if (context < 0)
		return;
	*plic_reg(PLIC_THRESHOLD + PLIC_CONTEXT * (u64)context) = 0;
	for (u32 i = 1; i <= last_source; i++)
		set_enabled(context, i, hart_index == BOOT_HART && sources[i].handler);
}

void irq_register(u32 source, void (*handler)(void *context), void *context)
{
	if (source == 0 || source > last_source) {
		printk("interrupt source %u: the PLIC has %u\n", source, last_source);
		return;
	}
	sources[source] = (struct source){ handler, context };
	*plic_reg(PLIC_PRIORITY + 4ul * source) = 1;
	set_enabled(contexts[BOOT_HART], source, true);
}

void irq_handle(void)
{
	int context = contexts[current_task->hart->index];
	if (context < 0)
		return;
	volatile u32 *claim = plic_reg(PLIC_CLAIM + PLIC_CONTEXT * (u64)context);
	for (u32 source = *claim; source != 0; source = *claim) {
		if (source <= last_source && sources[source].handler)
			sources[source].handler(sources[source].context);
		else
			set_enabled(context, source, false);
		*claim = source;
	}
}

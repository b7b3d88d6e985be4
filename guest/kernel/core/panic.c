/*
 * The end: says what went wrong and stops the machine with a failing status. Nothing here allocates, sleeps or takes
 * the lock.
 */
#include "guest/kernel/core/panic.h"

#include "guest/kernel/core/image.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/core/sbi.h"
#include "guest/kernel/core/smp.h"
#include "guest/kernel/core/trap.h"
#include "guest/kernel/proc/task.h"
#include "guest/kernel/screen/vt.h"

#define CALLERS_MAX 24

static u32 panicking;

/* The first one to come goes on; others, and a panic within the panic, end here. */
static void enter(void)
{
	if (!__atomic_exchange_n(&panicking, 1, __ATOMIC_SEQ_CST)) {
		smp_halt_others();
		return;
	}
	static u32 again;
	if (!__atomic_exchange_n(&again, 1, __ATOMIC_SEQ_CST))
		sbi_console_write("panic while in panic\r\n", 22);
	sbi_shutdown(true);
}

static void print_who(void)
{
	const struct task *task = current_task;
	if (!task || !task->process || !task->hart)
		printk("while booting\n");
	else
		printk("hart %lu, task %d (%s), process %d\n", task->hart->id, task->tid, task->comm,
		       task->process->pid);
}

/* A stack of the kernel's: in the direct map or the image. The stack pointer may be what is broken. */
static bool virtual_is_mapped(u64 va)
{
	return frame_of_pa(virtual_to_pa((const void *)va)) != NULL;
}

static bool is_text(u64 pc)
{
	return pc >= (u64)kernel_text_start && pc < (u64)kernel_text_end;
}

/* Words on the stack that may be return addresses, newest first; some are left over from calls that are done. */
static void print_callers(u64 sp)
{
	u64 end = ROUND_UP(sp + 1, KERNEL_STACK_SIZE);
	unsigned found = 0;
	printk("on the stack:");
	for (u64 at = ROUND_UP(sp, sizeof(u64)); at < end && found < CALLERS_MAX; at += sizeof(u64)) {
		u64 word = *(const u64 *)at;
		if (!is_text(word))
			continue;
		printk(" %lx", word);
		found++;
	}
	printk("\n");
}

void print_regs(const struct regs *regs)
{
	static const char names[32][4] = { "pc", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
		                           "a1", "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
		                           "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6" };
	for (unsigned i = 0; i < 32; i++)
		printk("%3s %016lx%s", names[i], regs->x[i], i % 4 == 3 ? "\n" : "  ");
	printk("status %lx  cause %lx  tval %lx\n", regs->status, regs->cause, regs->tval);
}

void panic(const char *format, ...)
{
	char message[200];
	va_list list;
	enter();
	va_start(list, format);
	format_list(message, sizeof(message), format, list);
	va_end(list);
	printk("\nkernel panic: %s\n", message);
	print_who();
	print_callers((u64)__builtin_frame_address(0));
	vt_draw_last(true);
	sbi_shutdown(true);
}

void panic_trap(const struct regs *regs, const char *why)
{
	enter();
	printk("\nkernel panic: %s: %s at pc %lx, address %lx\n", why, trap_cause_name(regs->cause), regs->x[0],
	       regs->tval);
	print_who();
	print_regs(regs);
	if (virtual_is_mapped(regs->x[REG_SP]))
		print_callers(regs->x[REG_SP]);
	vt_draw_last(true);
	sbi_shutdown(true);
}

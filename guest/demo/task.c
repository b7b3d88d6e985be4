/*
 * The program in U mode. It is an ordinary C program that knows nothing of paging, and whose pages do not exist until
 * it touches them. Every object says on which page it is, so that one can tell the faults beforehand.
 */
#include "guest/demo/demo.h"

/* Sections that demo.ld puts at 0x40000000, each on pages of its own. */
#define TASK_START __attribute__((section(".task_text_start"), used))
#define TASK_TEXT __attribute__((section(".task_text"), noinline))
#define TASK_RODATA __attribute__((section(".task_rodata")))
#define TASK_DATA __attribute__((section(".task_data")))
#define TASK_BSS __attribute__((section(".bss.task")))

#define INTS_PER_PAGE (PAGE_SIZE / sizeof(int))

static const char hello[] TASK_RODATA = "The task: all my pages are there when I need them.\n";
static int counter TASK_DATA = 41;
static volatile int numbers[2 * INTS_PER_PAGE] TASK_BSS; /* two pages of zeros */

TASK_TEXT static u64 system_call(u64 number, u64 arg0, u64 arg1)
{
	register u64 a0 __asm__("a0") = arg0;
	register u64 a1 __asm__("a1") = arg1;
	register u64 a7 __asm__("a7") = number;

	__asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a7) : "memory");
	return a0;
}

/* Each call needs more than a page of stack. */
TASK_TEXT static int use_stack(int depth)
{
	volatile char room[PAGE_SIZE];

	room[0] = (char)depth;
	if (depth > 1)
		return room[0] + use_stack(depth - 1);
	return room[0];
}

TASK_START void task_main(void)
{
	int sum = numbers[0]; /* reads a page of zeros */

	counter++;                        /* reads and writes the data page */
	numbers[INTS_PER_PAGE] = counter; /* writes the second page of zeros */
	sum += numbers[INTS_PER_PAGE] + use_stack(2);
	system_call(SYS_WRITE, (u64)hello, sizeof(hello) - 1);
	system_call(SYS_EXIT, sum == 42 + 3 ? 0 : 1, 0);
}

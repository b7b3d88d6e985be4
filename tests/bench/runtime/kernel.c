/*
 * The kernel of the bench runtime: environment calls and page faults of the program, in M or S mode.
 */
#include "tests/bench/runtime/kernel.h"

enum {
	CAUSE_CALL_FROM_U = 8,
	CAUSE_CALL_FROM_M = 11,
	CAUSE_LOAD_PAGE_FAULT = 13,
	CAUSE_STORE_PAGE_FAULT = 15,
};

#define ECALL_BYTES 4

static u64 sum;

static void put_text(const char *text)
{
	while (*text)
		platform_put((u8)*text++);
}

static void put_hex(u64 value)
{
	int shift;

	for (shift = 60; shift >= 0; shift -= 4)
		platform_put((u8) "0123456789abcdef"[value >> shift & 15]);
}

void kernel_die(const char *what, u64 a, u64 b)
{
	put_text(what);
	put_text(" ");
	put_hex(a);
	put_text(" ");
	put_hex(b);
	put_text("\n");
	platform_exit(1);
}

static u64 call(u64 number, u64 argument)
{
	switch (number) {
	case CALL_PUT:
		platform_put((u8)argument);
		return 0;
	case CALL_EXIT:
		platform_exit(argument);
	case CALL_ADD:
		sum += argument;
		return sum;
	case CALL_FORGET:
		return world_forget();
	default:
		kernel_die("unknown call", number, argument);
	}
}

void kernel_trap(struct frame *frame, u64 cause, u64 tval)
{
	if (cause == CAUSE_CALL_FROM_U || cause == CAUSE_CALL_FROM_M) {
		frame->pc += ECALL_BYTES;
		frame->a[0] = call(frame->a[7], frame->a[0]);
		return;
	}
	if ((cause == CAUSE_LOAD_PAGE_FAULT || cause == CAUSE_STORE_PAGE_FAULT) && world_fault(tval))
		return;
	put_text("trap, pc ");
	put_hex(frame->pc);
	kernel_die(" cause, tval", cause, tval);
}

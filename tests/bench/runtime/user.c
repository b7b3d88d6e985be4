/*
 * The program's side of the bench runtime: runs it, prints one line that says how it went, and powers off.
 *
 *     NAME: result=HEX OK|WRONG instret=N
 *
 * measure.py looks for that line. instret counts the program alone, without the start; what it shows depends on the
 * machine.
 */
#include "tests/bench/runtime/kernel.h"

u64 bench_call(u64 number, u64 argument)
{
	register u64 a0 __asm__("a0") = argument;
	register u64 a7 __asm__("a7") = number;

	__asm__ volatile("ecall" : "+r"(a0) : "r"(a7) : "memory");
	return a0;
}

u64 bench_random(u64 *state)
{
	u64 x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

static u64 retired(void)
{
	u64 count;

	__asm__ volatile("rdinstret %0" : "=r"(count));
	return count;
}

static void put_text(const char *text)
{
	while (*text)
		bench_call(CALL_PUT, (u64)*text++);
}

static void put_number(u64 value, u64 base)
{
	char digits[24];
	int n = sizeof(digits) - 1;

	digits[n] = 0;
	do {
		digits[--n] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	put_text(digits + n);
}

void user_start(void)
{
	u64 start = retired();
	u64 result = bench.run();
	u64 count = retired() - start;

	put_text(bench.name);
	put_text(": result=");
	put_number(result, 16);
	put_text(result == bench.expected ? " OK" : " WRONG");
	put_text(" instret=");
	put_number(count, 10);
	put_text("\n");
	bench_call(CALL_EXIT, result != bench.expected);
	for (;;)
		;
}

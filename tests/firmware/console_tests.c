/*
 * SBI DBCN: writes and reads of physical memory. run.sh looks for what is written, and types INPUT.
 */
#include "tests/firmware/test.h"

#define INPUT "typed in"

static const char text[] = "console: written by DBCN\n";

static void write_writes(void)
{
	expect_ret(sbi3(EXT_DBCN, 0, sizeof(text) - 1, (u64)text, 0), SUCCESS, sizeof(text) - 1);
	expect_ret(sbi3(EXT_DBCN, 0, 0, (u64)text, 0), SUCCESS, 0);
}

static void write_byte_writes(void)
{
	static const char bytes[] = "console: written byte by byte\n";

	for (u64 i = 0; bytes[i]; i++)
		expect_ret(sbi1(EXT_DBCN, 2, (u8)bytes[i] | 0xabcd00), SUCCESS, 0);
}

/* Across a page, and with translation on: addresses are physical all the same. */
static void write_takes_physical_addresses(void)
{
	char *at = (char *)pages[1] - 4;

	for (u64 i = 0; i < sizeof(text); i++)
		at[i] = text[i];
	paging_on(0);
	expect_ret(sbi3(EXT_DBCN, 0, sizeof(text) - 1, (u64)at, 0), SUCCESS, sizeof(text) - 1);
	expect_error(sbi3(EXT_DBCN, 0, 1, VA, 0), INVALID_PARAM);
	paging_off();
}

static void console_refuses_bad_addresses(void)
{
	static const struct {
		u64 count, low, high;
	} bad[] = {
		{ 1, (u64)text, 1 },
		{ 1, (u64)text, ~0ul },
		{ 1, 0, 0 },
		{ 1, MEMMAP_UART_BASE, 0 },
		{ 1, 1ul << 40, 0 },
		{ 1, ~0ul, 0 },
		{ ~0ul, (u64)text, 0 },
		{ -FIRMWARE_BASE, FIRMWARE_BASE + FIRMWARE_SIZE, 0 },
		{ 1ul << 40, (u64)text, 0 },
		{ 1, FIRMWARE_BASE, 0 },
		{ 1, FIRMWARE_BASE + FIRMWARE_SIZE - 1, 0 },
		{ 2, FIRMWARE_BASE + FIRMWARE_SIZE - 1, 0 },
		{ 2, FIRMWARE_BASE - 1, 0 },
	};

	for (u64 i = 0; i < ARRAY_SIZE(bad); i++)
		for (u64 function = 0; function <= 1; function++)
			expect_error(sbi3(EXT_DBCN, function, bad[i].count, bad[i].low, bad[i].high), INVALID_PARAM);
}

/* The last byte of RAM is RAM, the one behind is not; the tree's memory node says where that is. */
static void console_knows_the_end_of_ram(void)
{
	u64 end = FIRMWARE_BASE + 128 * 1024 * 1024; /* run.sh */
	char last = *(volatile char *)(end - 1);

	*(volatile char *)(end - 1) = '\n';
	expect_ret(sbi3(EXT_DBCN, 0, 1, end - 1, 0), SUCCESS, 1);
	*(volatile char *)(end - 1) = last;
	expect_error(sbi3(EXT_DBCN, 0, 2, end - 1, 0), INVALID_PARAM);
	expect_error(sbi3(EXT_DBCN, 0, 1, end, 0), INVALID_PARAM);
}

static void read_reads(void)
{
	char *buffer = (char *)pages[2];
	u64 count = 0;

	expect_ret(sbi3(EXT_DBCN, 1, 0, (u64)buffer, 0), SUCCESS, 0);
	buffer[sizeof(INPUT) - 1] = 'x';
	for (u64 end = now() + 600000000; count < sizeof(INPUT) - 1 && now() < end;) {
		struct sbiret ret = sbi3(EXT_DBCN, 1, sizeof(INPUT) - 1 - count, (u64)buffer + count, 0);

		expect(ret.error, SUCCESS);
		count += ret.value;
	}
	expect(count, sizeof(INPUT) - 1);
	for (u64 i = 0; i < sizeof(INPUT) - 1; i++)
		expect(buffer[i], INPUT[i]);
	expect(buffer[sizeof(INPUT) - 1], 'x');
}

/* A hart that writes lines while others do: no line is torn. run.sh counts them. */
static void chatter(struct cpu *cpu)
{
	static const char line[] = "console: whole line of a hart\n";

	(void)cpu;
	for (u64 i = 0; i < 10; i++)
		sbi3(EXT_DBCN, 0, sizeof(line) - 1, (u64)line, 0);
}

static void lines_of_harts_are_not_mixed(void)
{
	needs(have_harts(4));
	for (u64 i = 0; i < 3; i++)
		start_work(other(i), chatter, 0);
	for (u64 i = 0; i < 3; i++)
		wait_work(other(i));
}

const struct test console_tests[] = {
	TEST(write_writes),
	TEST(write_byte_writes),
	TEST(write_takes_physical_addresses),
	TEST(console_refuses_bad_addresses),
	TEST(console_knows_the_end_of_ram),
	TEST(read_reads),
	TEST(lines_of_harts_are_not_mixed),
	{ 0 },
};

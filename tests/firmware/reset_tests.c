/*
 * SBI SRST: what it refuses. What it does, run.sh sees from outside.
 */
#include "tests/firmware/test.h"

static void reset_refuses_bad_arguments(void)
{
	static const u64 types[] = { 3, 0x7fffffff, 0xefffffff, 0xf0000000, 0xffffffff, ~0ul };
	static const u64 reasons[] = { 2, 0xdfffffff, 0xe0000000, 0xf0000000, 0xffffffff };

	for (u64 i = 0; i < ARRAY_SIZE(types); i++)
		expect_error(sbi2(EXT_SRST, 0, types[i], 0), INVALID_PARAM);
	for (u64 type = 0; type < 3; type++)
		for (u64 i = 0; i < ARRAY_SIZE(reasons); i++)
			expect_error(sbi2(EXT_SRST, 0, type, reasons[i]), INVALID_PARAM);
}

const struct test reset_tests[] = {
	TEST(reset_refuses_bad_arguments),
	{ 0 },
};

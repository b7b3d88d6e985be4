/*
 * SBI: binary encoding, Base, and what is not there.
 */
#include "tests/firmware/test.h"

static void base_says_version_2_0(void)
{
	expect_ret(sbi0(EXT_BASE, 0), SUCCESS, 0x02000000);
}

static void base_names_implementation(void)
{
	expect_ret(sbi0(EXT_BASE, 1), SUCCESS, 0x7276656d);
	expect_ret(sbi0(EXT_BASE, 2), SUCCESS, 1);
	for (u64 function = 4; function <= 6; function++)
		expect(sbi0(EXT_BASE, function).error, SUCCESS);
}

static void base_probes(void)
{
	static const u64 there[] = { EXT_BASE, EXT_TIME, EXT_IPI, EXT_RFENCE, EXT_HSM, EXT_SRST, EXT_DBCN, EXT_PMU };
	static const u64 missing[] = { EXT_SUSP, 9,          0xf,       0x11, 0x43505043,
		                       0x535345, 0x46574654, 0xb000000, ~0ul, 1ul << 32 | EXT_TIME };

	for (u64 i = 0; i < ARRAY_SIZE(there); i++) {
		expect(sbi1(EXT_BASE, 3, there[i]).error, SUCCESS);
		expect_true(sbi1(EXT_BASE, 3, there[i]).value != 0);
	}
	for (u64 legacy = 0; legacy <= 8; legacy++)
		expect_true(sbi1(EXT_BASE, 3, legacy).value != 0);
	for (u64 i = 0; i < ARRAY_SIZE(missing); i++)
		expect_ret(sbi1(EXT_BASE, 3, missing[i]), SUCCESS, 0);
}

static void unknown_functions_are_not_supported(void)
{
	static const struct {
		u64 extension, functions;
	} known[] = {
		{ EXT_BASE, 7 }, { EXT_TIME, 1 }, { EXT_IPI, 1 },  { EXT_RFENCE, 3 },
		{ EXT_HSM, 4 },  { EXT_SRST, 1 }, { EXT_DBCN, 3 }, { EXT_PMU, 7 },
	};

	for (u64 i = 0; i < ARRAY_SIZE(known); i++) {
		expect_error(sbi0(known[i].extension, known[i].functions), NOT_SUPPORTED);
		expect_error(sbi0(known[i].extension, 0xbad), NOT_SUPPORTED);
		expect_error(sbi0(known[i].extension, ~0ul), NOT_SUPPORTED);
	}
}

static void unknown_extensions_are_not_supported(void)
{
	static const u64 unknown[] = { EXT_SUSP, 9, 0xf, 0x11, 0x08000000, 0x0a000000, ~0ul, 1ul << 32 | EXT_BASE };

	for (u64 i = 0; i < ARRAY_SIZE(unknown); i++)
		for (u64 function = 0; function < 3; function++)
			expect_error(sbi0(unknown[i], function), NOT_SUPPORTED);
}

static void calls_preserve_registers(void)
{
	expect(call_with_pattern(EXT_BASE, 0, 0), 0);
	expect(call_with_pattern(EXT_BASE, 0xbad, 0), 0);
	expect(call_with_pattern(EXT_TIME, 0, ~0ul), 0);
	expect(call_with_pattern(EXT_IPI, 0, 0), 0);
	expect(call_with_pattern(EXT_RFENCE, 0, 1), 0);
	expect(call_with_pattern(EXT_HSM, 2, 0), 0);
	expect(call_with_pattern(EXT_PMU, 0, 0), 0);
	expect(call_with_pattern(0xbad, 0, 0), 0);
}

const struct test base_tests[] = {
	TEST(base_says_version_2_0),
	TEST(base_names_implementation),
	TEST(base_probes),
	TEST(unknown_functions_are_not_supported),
	TEST(unknown_extensions_are_not_supported),
	TEST(calls_preserve_registers),
	{ 0 },
};

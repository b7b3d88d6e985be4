/*
 * Compressed instructions against their long forms as the assembler of binutils 2.44 writes both; the reserved
 * encodings of the manual's tables; and a checksum of all 49152 expansions, which tests/isa/roundtrip.sh found equal to
 * objdump's.
 */
#include "cpu/rvc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct isa parse(const char *text)
{
	struct isa isa = { 0 };
	struct error err;

	assert_true(isa_parse(&isa, text, &err));
	return isa;
}

static u32 expand(u32 half, const char *isa_text)
{
	struct isa isa = parse(isa_text);

	return rvc_expand((u16)half, &isa);
}

static void test_expansion_is_what_the_assembler_writes(void **state)
{
	static const struct {
		u16 half;
		u32 word;
	} pairs[] = {
		{ 0x0040, 0x00410413 }, /* c.addi4spn s0,sp,4 */
		{ 0x1ffc, 0x3fc10793 }, /* c.addi4spn a5,sp,1020 */
		{ 0x1528, 0x2a810513 }, /* c.addi4spn a0,sp,680 */
		{ 0x3c7c, 0x0f843787 }, /* c.fld fa5,248(s0) */
		{ 0x2ba0, 0x0507b407 }, /* c.fld fs0,80(a5) */
		{ 0x5c7c, 0x07c42783 }, /* c.lw a5,124(s0) */
		{ 0x43a0, 0x0407a403 }, /* c.lw s0,64(a5) */
		{ 0x4144, 0x00452483 }, /* c.lw s1,4(a0) */
		{ 0x7c7c, 0x0f843783 }, /* c.ld a5,248(s0) */
		{ 0x63a0, 0x0407b403 }, /* c.ld s0,64(a5) */
		{ 0x81c8, 0x0015c503 }, /* c.lbu a0,1(a1) */
		{ 0x81a8, 0x0025c503 }, /* c.lbu a0,2(a1) */
		{ 0x85a8, 0x0025d503 }, /* c.lhu a0,2(a1) */
		{ 0x85c8, 0x00059503 }, /* c.lh a0,0(a1) */
		{ 0x85e8, 0x00259503 }, /* c.lh a0,2(a1) */
		{ 0x89c8, 0x00a580a3 }, /* c.sb a0,1(a1) */
		{ 0x89a8, 0x00a58123 }, /* c.sb a0,2(a1) */
		{ 0x8da8, 0x00a59123 }, /* c.sh a0,2(a1) */
		{ 0xbc7c, 0x0ef43c27 }, /* c.fsd fa5,248(s0) */
		{ 0xdc7c, 0x06f42e23 }, /* c.sw a5,124(s0) */
		{ 0xc3e0, 0x0487a223 }, /* c.sw s0,68(a5) */
		{ 0xfc7c, 0x0ef43c23 }, /* c.sd a5,248(s0) */
		{ 0xe7c0, 0x0887b423 }, /* c.sd s0,136(a5) */
		{ 0x0001, 0x00000013 }, /* c.nop */
		{ 0x1f81, 0xfe0f8f93 }, /* c.addi t6,-32 */
		{ 0x057d, 0x01f50513 }, /* c.addi a0,31 */
		{ 0x3f81, 0xfe0f8f9b }, /* c.addiw t6,-32 */
		{ 0x2501, 0x0005051b }, /* c.addiw a0,0 */
		{ 0x5f81, 0xfe000f93 }, /* c.li t6,-32 */
		{ 0x4015, 0x00500013 }, /* c.li zero,5 */
		{ 0x7101, 0xe0010113 }, /* c.addi16sp sp,-512 */
		{ 0x617d, 0x1f010113 }, /* c.addi16sp sp,496 */
		{ 0x610d, 0x0a010113 }, /* c.addi16sp sp,160 */
		{ 0x7f81, 0xfffe0fb7 }, /* c.lui t6,0xfffe0 */
		{ 0x60fd, 0x0001f0b7 }, /* c.lui ra,31 */
		{ 0x6005, 0x00001037 }, /* c.lui zero,1 */
		{ 0x6081, 0x00000013 }, /* c.mop.1 */
		{ 0x6781, 0x00000013 }, /* c.mop.15 */
		{ 0x907d, 0x03f45413 }, /* c.srli s0,63 */
		{ 0x8385, 0x0017d793 }, /* c.srli a5,1 */
		{ 0x8381, 0x0007d793 }, /* c.srli64 a5 */
		{ 0x947d, 0x43f45413 }, /* c.srai s0,63 */
		{ 0x9781, 0x4207d793 }, /* c.srai a5,32 */
		{ 0x9801, 0xfe047413 }, /* c.andi s0,-32 */
		{ 0x8bfd, 0x01f7f793 }, /* c.andi a5,31 */
		{ 0x8c1d, 0x40f40433 }, /* c.sub s0,a5 */
		{ 0x8c3d, 0x00f44433 }, /* c.xor s0,a5 */
		{ 0x8c5d, 0x00f46433 }, /* c.or s0,a5 */
		{ 0x8c7d, 0x00f47433 }, /* c.and s0,a5 */
		{ 0x9c1d, 0x40f4043b }, /* c.subw s0,a5 */
		{ 0x9c3d, 0x00f4043b }, /* c.addw s0,a5 */
		{ 0x9c5d, 0x02f40433 }, /* c.mul s0,a5 */
		{ 0x9fe1, 0x0ff7f793 }, /* c.zext.b a5 */
		{ 0x9fe5, 0x60479793 }, /* c.sext.b a5 */
		{ 0x9fe9, 0x0807c7bb }, /* c.zext.h a5 */
		{ 0x9fed, 0x60579793 }, /* c.sext.h a5 */
		{ 0x9ff1, 0x080787bb }, /* c.zext.w a5 */
		{ 0x9ff5, 0xfff7c793 }, /* c.not a5 */
		{ 0xb001, 0x801ff06f }, /* c.j .-2048 */
		{ 0xaffd, 0x7fe0006f }, /* c.j .+2046 */
		{ 0xab91, 0x5540006f }, /* c.j .+1364 */
		{ 0xd001, 0xf00400e3 }, /* c.beqz s0,.-256 */
		{ 0xcffd, 0x0e078f63 }, /* c.beqz a5,.+254 */
		{ 0xe44d, 0x0a041563 }, /* c.bnez s0,.+170 */
		{ 0xf7cd, 0xfa0795e3 }, /* c.bnez a5,.-86 */
		{ 0x1ffe, 0x03ff9f93 }, /* c.slli t6,63 */
		{ 0x0506, 0x00151513 }, /* c.slli a0,1 */
		{ 0x0502, 0x00051513 }, /* c.slli64 a0 */
		{ 0x000e, 0x00301013 }, /* c.slli zero,3 */
		{ 0x3ffe, 0x1f813f87 }, /* c.fldsp ft11,504(sp) */
		{ 0x302a, 0x0a813007 }, /* c.fldsp ft0,168(sp) */
		{ 0x5ffe, 0x0fc12f83 }, /* c.lwsp t6,252(sp) */
		{ 0x40d6, 0x05412083 }, /* c.lwsp ra,84(sp) */
		{ 0x7ffe, 0x1f813f83 }, /* c.ldsp t6,504(sp) */
		{ 0x70aa, 0x0a813083 }, /* c.ldsp ra,168(sp) */
		{ 0x8f82, 0x000f8067 }, /* c.jr t6 */
		{ 0x8f86, 0x00100fb3 }, /* c.mv t6,ra */
		{ 0x8006, 0x00100033 }, /* c.mv zero,ra */
		{ 0x9002, 0x00100073 }, /* c.ebreak */
		{ 0x9f82, 0x000f80e7 }, /* c.jalr t6 */
		{ 0x9f86, 0x001f8fb3 }, /* c.add t6,ra */
		{ 0x900a, 0x00200033 }, /* c.ntl.p1 */
		{ 0xbffe, 0x1ff13c27 }, /* c.fsdsp ft11,504(sp) */
		{ 0xb502, 0x0a013427 }, /* c.fsdsp ft0,168(sp) */
		{ 0xdffe, 0x0ff12e23 }, /* c.swsp t6,252(sp) */
		{ 0xca86, 0x04112a23 }, /* c.swsp ra,84(sp) */
		{ 0xfffe, 0x1ff13c23 }, /* c.sdsp t6,504(sp) */
		{ 0xf506, 0x0a113423 }, /* c.sdsp ra,168(sp) */
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(pairs); i++) {
		u32 word = expand(pairs[i].half, "max");

		if (word != pairs[i].word)
			fail_msg("%04x expands to %08x, not to %08x", pairs[i].half, word, pairs[i].word);
	}
}

static void test_reserved_encodings_are_illegal(void **state)
{
	static const u16 halves[] = {
		0x0000, /* the defined illegal instruction */
		0x001c, /* c.addi4spn with immediate 0 */
		0x2001, /* c.addiw to x0 */
		0x201d, /* c.addiw to x0, with an immediate */
		0x6101, /* c.addi16sp with immediate 0 */
		0x6001, /* c.lui to x0 with immediate 0 */
		0x6201, /* c.lui to x4 with immediate 0: no c.mop either */
		0x6881, /* c.lui to x17 with immediate 0: no c.mop either */
		0x4002, /* c.lwsp to x0 */
		0x6002, /* c.ldsp to x0 */
		0x8002, /* c.jr x0 */
		0x8c40, /* Zcb: c.sh with bit 6 set */
		0x9000, /* Zcb: loads and stores beyond c.sh */
		0x9c00, /* likewise, the last */
		0x9c79, /* Zcb: unary operation 6 */
		0x9c7d, /* Zcb: unary operation 7 */
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(halves); i++)
		if (expand(halves[i], "max") != 0)
			fail_msg("%04x expands to %08x", halves[i], expand(halves[i], "max"));
}

static void test_long_instructions_are_none(void **state)
{
	struct isa all;

	(void)state;
	isa_all(&all);
	for (u32 half = 3; half < 0x10000; half += 4)
		assert_int_equal(rvc_expand((u16)half, &all), 0);
}

static void test_extensions_are_needed(void **state)
{
	(void)state;
	assert_int_equal(expand(0x0001, "rv64i"), 0); /* c.nop */
	assert_int_not_equal(expand(0x0001, "rv64i_zca"), 0);
	assert_int_equal(expand(0x3c7c, "rv64ifc"), 0); /* c.fld */
	assert_int_equal(expand(0x3c7c, "rv64ifd_zca"), 0);
	assert_int_not_equal(expand(0x3c7c, "rv64ifdc"), 0);
	assert_int_equal(expand(0xbc7c, "rv64ic"), 0); /* c.fsd */
	assert_int_equal(expand(0x3ffe, "rv64ic"), 0); /* c.fldsp */
	assert_int_equal(expand(0xbffe, "rv64ic"), 0); /* c.fsdsp */
	assert_int_equal(expand(0x81c8, "rv64gc"), 0); /* c.lbu */
	assert_int_not_equal(expand(0x81c8, "rv64ic_zcb"), 0);
	assert_int_equal(expand(0x9fe1, "rv64gc"), 0); /* c.zext.b */
	assert_int_not_equal(expand(0x9fe1, "rv64ic_zcb"), 0);
	assert_int_equal(expand(0x6081, "rv64gc_zcb"), 0); /* c.mop.1 */
	assert_int_not_equal(expand(0x6081, "rv64ic_zcmop"), 0);
}

static void test_zcb_needs_what_its_long_form_needs(void **state)
{
	(void)state;
	assert_int_equal(expand(0x9c5d, "rv64ic_zcb"), 0); /* c.mul */
	assert_int_not_equal(expand(0x9c5d, "rv64imc_zcb"), 0);
	assert_int_not_equal(expand(0x9c5d, "rv64ic_zcb_zmmul"), 0);
	for (u32 half = 0x9fe5; half <= 0x9fed; half += 4) { /* c.sext.b, c.zext.h, c.sext.h */
		assert_int_equal(expand(half, "rv64ic_zcb_zba"), 0);
		assert_int_not_equal(expand(half, "rv64ic_zcb_zbb"), 0);
	}
	assert_int_equal(expand(0x9ff1, "rv64ic_zcb_zbb"), 0); /* c.zext.w */
	assert_int_not_equal(expand(0x9ff1, "rv64ic_zcb_zba"), 0);
	assert_int_not_equal(expand(0x9ff5, "rv64ic_zcb"), 0); /* c.not */
}

static void test_every_expansion_decodes_with_length_2(void **state)
{
	static const char *const texts[] = { "max", "rv64gc", "rv64ic", "rv64ic_zcb", "rv64imac_zcb_zcmop_zbb" };
	struct decoder *d = xcalloc(1, sizeof(*d));

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(texts); i++) {
		struct isa isa = parse(texts[i]);

		decoder_init(d, &isa);
		for (u32 half = 0; half < 0x10000; half++) {
			struct insn insn = insn_decode(d, 0xabcd0000 | half);

			if ((half & 3) == 3)
				continue;
			assert_int_equal(insn.len, 2);
			assert_int_equal(insn.raw, half);
			assert_true((insn.id != INSN_ILLEGAL) == (rvc_expand((u16)half, &isa) != 0));
		}
	}
	free(d);
}

static void test_all_expansions_have_the_known_checksum(void **state)
{
	static const struct {
		const char *isa;
		u32 legal, checksum;
	} cases[] = {
		{ "max", 47759, 0x01249036 },
		{ "rv64gc", 46743, 0xfc6792e6 },
		{ "rv64imac", 38551, 0xbc7172e6 },
		{ "rv64imac_zcb", 39527, 0xe87964f6 },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		struct isa isa = parse(cases[i].isa);
		u32 legal = 0, sum = 2166136261u;

		for (u32 half = 0; half < 0x10000; half++) {
			u32 word = rvc_expand((u16)half, &isa);

			legal += word != 0;
			sum = (sum ^ word) * 16777619u;
		}
		if (legal != cases[i].legal || sum != cases[i].checksum)
			fail_msg("%s: %u legal, checksum 0x%08x", cases[i].isa, legal, sum);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expansion_is_what_the_assembler_writes),
		cmocka_unit_test(test_reserved_encodings_are_illegal),
		cmocka_unit_test(test_long_instructions_are_none),
		cmocka_unit_test(test_extensions_are_needed),
		cmocka_unit_test(test_zcb_needs_what_its_long_form_needs),
		cmocka_unit_test(test_every_expansion_decodes_with_length_2),
		cmocka_unit_test(test_all_expansions_have_the_known_checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

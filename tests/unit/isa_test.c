/*
 * ISA strings: what is understood, what is implied, what is refused and how, and the misa and string that come out.
 */
#include "cpu/insn.h"

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

	if (!isa_parse(&isa, text, &err))
		fail_msg("%s: %s", text, err.text);
	return isa;
}

static void check_printed(const char *text, const char *want)
{
	struct isa isa = parse(text);
	char buf[512];

	isa_print(&isa, buf, sizeof(buf));
	assert_string_equal(buf, want);
}

static void check_refused(const char *text, const char *reason)
{
	struct isa isa;
	struct error err;

	assert_false(isa_parse(&isa, text, &err));
	if (!strstr(err.text, reason))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, err.text, reason);
}

static void test_base_brings_zicsr(void **state)
{
	(void)state;
	check_printed("rv64i", "rv64i_zicsr");
}

static void test_implied_extensions_come_along(void **state)
{
	(void)state;
	check_printed("rv64im", "rv64im_zicsr_zmmul");
	check_printed("rv64ia", "rv64ia_zicsr_zaamo_zalrsc");
	check_printed("rv64id", "rv64ifd_zicsr");
	check_printed("rv64i_zfh", "rv64if_zicsr_zfh_zfhmin");
	check_printed("rv64ic", "rv64ic_zicsr_zca");
	check_printed("rv64icd", "rv64ifdc_zicsr_zca_zcd");
	check_printed("rv64i_smstateen", "rv64i_zicsr_ssstateen_smstateen");
}

static void test_parts_make_the_letter(void **state)
{
	(void)state;
	check_printed("rv64i_zaamo_zalrsc", "rv64ia_zicsr_zaamo_zalrsc");
	check_printed("rv64i_zalrsc", "rv64i_zicsr_zalrsc");
	check_printed("rv64i_zca", "rv64ic_zicsr_zca");
	check_printed("rv64ifd_zca", "rv64ifd_zicsr_zca");
	check_printed("rv64ifd_zcd", "rv64ifdc_zicsr_zca_zcd");
	check_printed("rv64i_zmmul", "rv64i_zicsr_zmmul");
}

static void test_g_and_b_are_shorthands(void **state)
{
	const char *g = "rv64imafd_zicsr_zifencei_zmmul_zaamo_zalrsc";

	(void)state;
	check_printed("rv64g", g);
	check_printed("rv64imafd_zifencei", g);
	check_printed("rv64gb", "rv64imafd_zicsr_zifencei_zmmul_zaamo_zalrsc_zba_zbb_zbs");
}

static void test_spelling_is_read_with_tolerance(void **state)
{
	const char *want = "rv64imac_zicsr_zmmul_zaamo_zalrsc_zca_zba_svinval";

	(void)state;
	check_printed("rv64imac_zba_svinval", want);
	check_printed("RV64IMAC_Zba_Svinval", want);
	check_printed("rv64imaczba_svinval", want);
	check_printed("rv64icam_svinval_zba", want);
	check_printed("rv64i_m_a_c__zba_svinval_", want);
	check_printed("rv64i2p1_m2p0a2p1c2_zba1p0_svinval1p0", want);
	check_printed("rv64i2p1m2p0a2p1c2p0_zicsr2p0_zba1p0_svinval1", want);
	check_printed("rv64i_zicbop", "rv64i_zicbop_zicsr");
	check_printed("rv64i_zicbop1p0", "rv64i_zicbop_zicsr");
}

static void test_modes_are_both_there_unless_named(void **state)
{
	struct isa both = parse("rv64imac"), none = parse("rv64imacu");
	struct isa s = parse("rv64imacs"), su = parse("rv64imacsu");
	struct isa zba = parse("rv64imacu_zba"), sv = parse("rv64imacu_svinval");

	(void)state;
	assert_true(isa_has(&both, EXT_S) && isa_has(&both, EXT_U));
	assert_true(!isa_has(&none, EXT_S) && isa_has(&none, EXT_U));
	assert_true(isa_has(&s, EXT_S) && isa_has(&s, EXT_U));
	assert_true(isa_has(&su, EXT_S) && isa_has(&su, EXT_U));
	assert_true(!isa_has(&zba, EXT_S) && isa_has(&zba, EXT_ZBA));
	assert_true(isa_has(&sv, EXT_S)); /* a supervisor extension brings its mode */
}

static void test_max_is_everything(void **state)
{
	struct isa max = parse("max"), all;

	(void)state;
	isa_all(&all);
	assert_true(max.ext == all.ext);
	for (u32 i = 0; i < EXT_COUNT; i++)
		assert_true(isa_has(&all, i));
	check_printed("MAX", "rv64imafdc_zicbom_zicbop_zicboz_zicntr_zicond_zicsr_zifencei_zihintntl_zihintpause_zihpm_"
	                     "zimop_zmmul_zaamo_zacas_zalrsc_zawrs_zfa_zfh_zfhmin_zca_zcb_zcd_zcmop_zba_zbb_zbc_zbs_"
	                     "sscofpmf_ssstateen_sstc_svade_svadu_svinval_svnapot_svpbmt_smstateen");
}

static void test_every_name_reads_back(void **state)
{
	(void)state;
	for (u32 i = 0; i < EXT_COUNT; i++) {
		char text[64];
		struct isa isa;

		snprintf(text, sizeof(text), "rv64i_%s", isa_ext_name(i));
		isa = parse(text);
		assert_true(isa_has(&isa, i));
	}
}

static void test_printed_string_reads_back(void **state)
{
	static const char *const texts[] = { "max", "rv64gc", "rv64i", "rv64imac_zcb_zawrs", "rv64gc_zfa_sstc_svadu" };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(texts); i++) {
		struct isa isa = parse(texts[i]), again;
		char buf[512];

		isa_print(&isa, buf, sizeof(buf));
		again = parse(buf);
		assert_true(isa.ext == again.ext);
	}
}

static void test_unknown_extension_is_named(void **state)
{
	(void)state;
	check_refused("rv64imafdcv", "unknown extension \"v\"");
	check_refused("rv64gc_zfoo", "unknown extension \"zfoo\"");
	check_refused("rv64gc_zfoo1p0", "unknown extension \"zfoo\"");
	check_refused("rv64gc_sxyz", "unknown extension \"sxyz\"");
	check_refused("rv64gc_xmine", "unknown extension \"xmine\"");
	check_refused("rv64gh", "unknown extension \"h\"");
	check_refused("rv64g c", "unknown extension \" \"");
	check_refused("rv64gc_zfoo", "smstateen"); /* the end of the list of what is known */
	check_refused("rv64gc_zicbo", "unknown extension \"zicbo\"");
}

static void test_wrong_base_is_refused(void **state)
{
	(void)state;
	check_refused("", "rv64i");
	check_refused("rv64", "rv64i");
	check_refused("rv32imac", "rv64i");
	check_refused("rv64e", "rv64i");
	check_refused("rv64mi", "rv64i");
	check_refused("maximum", "rv64i");
}

static void test_overlong_string_is_refused(void **state)
{
	char text[2000];

	(void)state;
	memset(text, 'm', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	check_refused(text, "too long");
	memcpy(text, "rv64i_z", 7);
	text[500] = '\0';
	check_refused(text, "unknown extension \"zmmm");
}

static u64 misa_of(const char *text)
{
	struct isa isa = parse(text);

	return isa_misa(&isa);
}

static void test_misa_has_a_bit_a_letter(void **state)
{
	const u64 mxl = 2ull << 62, i = BIT(8), s = BIT(18), u = BIT(20);

	(void)state;
	assert_true(misa_of("rv64i") == (mxl | i | s | u));
	assert_true(misa_of("rv64iu") == (mxl | i | u));
	assert_true(misa_of("rv64gc") == (mxl | i | s | u | BIT(0) | BIT(2) | BIT(3) | BIT(5) | BIT(12)));
	assert_true(misa_of("rv64i_zmmul") == (mxl | i | s | u));
	assert_true(misa_of("max") == 0x800000000014112full);
}

static void test_misa_b_needs_all_three(void **state)
{
	(void)state;
	assert_true(misa_of("rv64ib") & BIT(1));
	assert_true(misa_of("rv64i_zba_zbb_zbs") & BIT(1));
	assert_false(misa_of("rv64i_zba_zbb_zbc") & BIT(1));
}

static void test_print_is_cut_at_the_end_of_the_buffer(void **state)
{
	struct isa isa;
	char buf[16];

	(void)state;
	isa_all(&isa);
	for (size_t size = 1; size < sizeof(buf); size++) {
		memset(buf, 'x', sizeof(buf));
		isa_print(&isa, buf, size);
		assert_int_equal(buf[size], 'x');
		assert_int_equal(strlen(buf), size - 1);
	}
}

/* The index of a row by name; 0 if there is none. */
static u32 find_row(const char *name, size_t length)
{
	for (u32 id = 1; id < INSN_COUNT; id++)
		if (strlen(insn_table[id].name) == length && memcmp(insn_table[id].name, name, length) == 0)
			return id;
	return 0;
}

/* Says "ext" or "ext+ext", as the lists below do. */
static const char *extension_text(u32 id, char *buf, size_t size)
{
	const struct insn_info *info = &insn_table[id];
	bool two = info->ext[1] != EXT_I;

	snprintf(buf, size, two ? "%s+%s" : "%s", isa_ext_name(info->ext[0]), isa_ext_name(info->ext[1]));
	return buf;
}

static void test_rows_belong_to_the_extension_of_the_manual(void **state)
{
	static const struct {
		const char *ext;
		const char *names;
	} lists[] = {
		{ "i", "lui auipc addi slti sltiu xori ori andi slli srli srai addiw slliw srliw sraiw add sub sll "
		       "slt sltu xor srl sra or and addw subw sllw srlw sraw jal jalr beq bne blt bge bltu bgeu lb "
		       "lh lw ld lbu lhu lwu sb sh sw sd fence fence.tso ecall ebreak mret wfi" },
		{ "zihintpause", "pause" },
		{ "zifencei", "fence.i" },
		{ "s", "sret sfence.vma" },
		{ "svinval", "sinval.vma sfence.w.inval sfence.inval.ir" },
		{ "zawrs", "wrs.nto wrs.sto" },
		{ "zicsr", "csrrw csrrs csrrc csrrwi csrrsi csrrci" },
		{ "zimop", "mop.r.n mop.rr.n" },
		{ "zicbom", "cbo.inval cbo.clean cbo.flush" },
		{ "zicboz", "cbo.zero" },
		{ "zicbop", "prefetch.i prefetch.r prefetch.w" },
		{ "zihintntl", "ntl.p1 ntl.pall ntl.s1 ntl.all" },
		{ "zmmul", "mul mulh mulhsu mulhu mulw" },
		{ "m", "div divu rem remu divw divuw remw remuw" },
		{ "zalrsc", "lr.w sc.w lr.d sc.d" },
		{ "zaamo", "amoswap.w amoadd.w amoxor.w amoand.w amoor.w amomin.w amomax.w amominu.w amomaxu.w "
		           "amoswap.d amoadd.d amoxor.d amoand.d amoor.d amomin.d amomax.d amominu.d amomaxu.d" },
		{ "zacas", "amocas.w amocas.d amocas.q" },
		{ "f", "flw fsw fmadd.s fmsub.s fnmsub.s fnmadd.s fadd.s fsub.s fmul.s fdiv.s fsqrt.s fsgnj.s "
		       "fsgnjn.s fsgnjx.s fmin.s fmax.s feq.s flt.s fle.s fclass.s fcvt.w.s fcvt.wu.s fcvt.l.s "
		       "fcvt.lu.s fcvt.s.w fcvt.s.wu fcvt.s.l fcvt.s.lu fmv.x.w fmv.w.x" },
		{ "d", "fld fsd fmadd.d fmsub.d fnmsub.d fnmadd.d fadd.d fsub.d fmul.d fdiv.d fsqrt.d fsgnj.d "
		       "fsgnjn.d fsgnjx.d fmin.d fmax.d feq.d flt.d fle.d fclass.d fcvt.w.d fcvt.wu.d fcvt.l.d "
		       "fcvt.lu.d fcvt.d.w fcvt.d.wu fcvt.d.l fcvt.d.lu fmv.x.d fmv.d.x fcvt.s.d fcvt.d.s" },
		{ "zfhmin", "flh fsh fmv.x.h fmv.h.x fcvt.s.h fcvt.h.s" },
		{ "zfh", "fmadd.h fmsub.h fnmsub.h fnmadd.h fadd.h fsub.h fmul.h fdiv.h fsqrt.h fsgnj.h fsgnjn.h "
		         "fsgnjx.h fmin.h fmax.h feq.h flt.h fle.h fclass.h fcvt.w.h fcvt.wu.h fcvt.l.h fcvt.lu.h "
		         "fcvt.h.w fcvt.h.wu fcvt.h.l fcvt.h.lu" },
		{ "zfhmin+d", "fcvt.d.h fcvt.h.d" },
		{ "zfa", "fli.s fminm.s fmaxm.s fround.s froundnx.s fltq.s fleq.s" },
		{ "zfa+d", "fli.d fminm.d fmaxm.d fround.d froundnx.d fltq.d fleq.d fcvtmod.w.d" },
		{ "zfa+zfh", "fli.h fminm.h fmaxm.h fround.h froundnx.h fltq.h fleq.h" },
		{ "zba", "sh1add sh2add sh3add add.uw sh1add.uw sh2add.uw sh3add.uw slli.uw" },
		{ "zbb", "andn orn xnor max maxu min minu rol ror rolw rorw rori roriw clz ctz cpop clzw ctzw cpopw "
		         "sext.b sext.h zext.h orc.b rev8" },
		{ "zbc", "clmul clmulh clmulr" },
		{ "zbs", "bclr bext binv bset bclri bexti binvi bseti" },
		{ "zicond", "czero.eqz czero.nez" },
	};
	u32 count = 0;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(lists); i++)
		for (const char *name = lists[i].names; *name; name += strspn(name, " ")) {
			size_t length = strcspn(name, " ");
			char buf[32];

			assert_string_equal(extension_text(find_row(name, length), buf, sizeof(buf)), lists[i].ext);
			name += length;
			count++;
		}
	assert_int_equal(count, INSN_COUNT - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base_brings_zicsr),
		cmocka_unit_test(test_implied_extensions_come_along),
		cmocka_unit_test(test_parts_make_the_letter),
		cmocka_unit_test(test_g_and_b_are_shorthands),
		cmocka_unit_test(test_spelling_is_read_with_tolerance),
		cmocka_unit_test(test_modes_are_both_there_unless_named),
		cmocka_unit_test(test_max_is_everything),
		cmocka_unit_test(test_every_name_reads_back),
		cmocka_unit_test(test_printed_string_reads_back),
		cmocka_unit_test(test_unknown_extension_is_named),
		cmocka_unit_test(test_wrong_base_is_refused),
		cmocka_unit_test(test_overlong_string_is_refused),
		cmocka_unit_test(test_rows_belong_to_the_extension_of_the_manual),
		cmocka_unit_test(test_misa_has_a_bit_a_letter),
		cmocka_unit_test(test_misa_b_needs_all_three),
		cmocka_unit_test(test_print_is_cut_at_the_end_of_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

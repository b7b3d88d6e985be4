/*
 * The instruction table, the decoder and the disassembler, each against something written differently: patterns against
 * the bits their operands stand for, the decoder's buckets against a walk through the whole table, texts against the
 * manual's. The comparison with the GNU tools is tests/isa/roundtrip.sh, compressed instructions are in rvc_test.c.
 */
#include "cpu/insn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Every test is handed a decoder of all extensions. */
static int setup(void **state)
{
	struct decoder *all = xcalloc(1, sizeof(*all));
	struct isa isa;

	isa_all(&isa);
	decoder_init(all, &isa);
	*state = all;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static u32 next_random(u64 *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(*state >> 32);
}

/* A decoder for an ISA string. */
static struct decoder *decoder_for(const char *text)
{
	struct decoder *d = xcalloc(1, sizeof(*d));
	struct isa isa;
	struct error err;

	assert_true(isa_parse(&isa, text, &err));
	decoder_init(d, &isa);
	return d;
}

static enum insn_id decode_id(const char *isa, u32 word)
{
	struct decoder *d = decoder_for(isa);
	enum insn_id id = insn_decode(d, word).id;

	free(d);
	return id;
}

/* The bits that an operand letter takes. */
static u32 letter_bits(char letter, enum insn_id id)
{
	switch (letter) {
	case 'd':
	case 'D':
		return id == INSN_AMOCAS_Q ? 0x00000f00 : 0x00000f80;
	case 's':
	case 'S':
	case 'Z':
	case 'l':
		return 0x000f8000;
	case 't':
	case 'T':
		return id == INSN_AMOCAS_Q ? 0x01e00000 : 0x01f00000;
	case 'R':
		return 0xf8000000;
	case 'm':
	case 'M':
		return 0x00007000;
	case 'j':
	case 'o':
	case 'E':
		return 0xfff00000;
	case 'q':
	case 'p':
		return 0xfe000f80;
	case 'u':
	case 'a':
		return 0xfffff000;
	case '>':
		return 0x03f00000;
	case '<':
		return 0x01f00000;
	case 'f':
		return 0xfe000000;
	case 'P':
		return 0x0f000000;
	case 'Q':
		return 0x00f00000;
	case 'A':
		return 0x06000000;
	case 'n':
		return id == INSN_MOP_R_N ? 0x4c300000 : 0x4c000000;
	case 'z':
	case '(':
	case ')':
	case ',':
	case ' ':
		return 0;
	default:
		fail_msg("operand letter '%c' is not in the list", letter);
		return 0;
	}
}

/* The bits that an instruction has and that mean nothing. */
static u32 ignored_bits(enum insn_id id)
{
	switch (id) {
	case INSN_FENCE:
		return 0xf00f8f80;
	case INSN_FENCE_TSO:
		return 0x000f8f80;
	case INSN_FENCE_I:
		return 0xffff8f80;
	default:
		return 0;
	}
}

static void test_pattern_has_32_bits_and_fixed_opcode(void **state)
{
	(void)state;
	for (u32 id = 1; id < INSN_COUNT; id++) {
		const struct insn_info *info = &insn_table[id];
		struct insn_bits bits = insn_bits(info->pattern);
		u32 count = 0;

		for (const char *c = info->pattern; *c; c++) {
			assert_non_null(strchr("01. ", *c));
			count += *c != ' ';
		}
		assert_int_equal(count, 32);
		assert_int_equal(bits.mask & 0x7f, 0x7f);
		assert_int_equal(bits.match & 3, 3);
		assert_int_equal(bits.match & ~bits.mask, 0);
	}
}

static void test_operands_cover_each_free_bit_once(void **state)
{
	(void)state;
	for (u32 id = 1; id < INSN_COUNT; id++) {
		const struct insn_info *info = &insn_table[id];
		u32 covered = ignored_bits(id);

		for (const char *letter = info->operands; *letter; letter++) {
			u32 bits = letter_bits(*letter, id);

			if (covered & bits)
				fail_msg("%s: '%c' takes bits twice", info->name, *letter);
			covered |= bits;
		}
		if (covered != ~insn_bits(info->pattern).mask)
			fail_msg("%s: operands cover %08x, free are %08x", info->name, covered,
			         ~insn_bits(info->pattern).mask);
	}
}

static void test_id_is_the_name_in_capitals(void **state)
{
	static const char *const ids[INSN_COUNT] = {
#define INSN(id, name, operands, pattern, cls, ext) [INSN_##id] = #id,
#include "cpu/insn.def"
#undef INSN
	};

	(void)state;
	for (u32 id = 1; id < INSN_COUNT; id++) {
		const char *name = insn_table[id].name;

		assert_int_equal(strlen(ids[id]), strlen(name));
		for (u32 i = 0; name[i]; i++)
			assert_int_equal(ids[id][i], name[i] == '.' ? '_' : name[i] >= 'a' ? name[i] - 32 : name[i]);
	}
}

/* The rows that may share bits, special one first: all that insn.def's head speaks of. */
static bool may_overlap(u32 special, u32 general)
{
	switch (special) {
	case INSN_PAUSE:
	case INSN_FENCE_TSO:
		return general == INSN_FENCE;
	case INSN_PREFETCH_I:
	case INSN_PREFETCH_R:
	case INSN_PREFETCH_W:
		return general == INSN_ORI;
	case INSN_NTL_P1:
	case INSN_NTL_PALL:
	case INSN_NTL_S1:
	case INSN_NTL_ALL:
		return general == INSN_ADD;
	default:
		return false;
	}
}

static void test_rows_overlap_only_where_documented(void **state)
{
	u32 overlaps = 0;

	(void)state;
	for (u32 a = 1; a < INSN_COUNT; a++)
		for (u32 b = 1; b < INSN_COUNT; b++) {
			struct insn_bits x = insn_bits(insn_table[a].pattern), y = insn_bits(insn_table[b].pattern);

			if (a == b || (x.match ^ y.match) & x.mask & y.mask)
				continue;
			if (!may_overlap(a, b) && !may_overlap(b, a))
				fail_msg("%s and %s fit the same bits", insn_table[a].name, insn_table[b].name);
			if (may_overlap(a, b))
				assert_true((x.mask & y.mask) == y.mask && x.mask != y.mask);
			overlaps++;
		}
	assert_int_equal(overlaps, 2 * 9);
}

/* The decoder once more, by walking the whole table. */
static u32 naive_decode(u32 word)
{
	u32 best = INSN_ILLEGAL;

	for (u32 id = 1; id < INSN_COUNT; id++) {
		struct insn_bits bits = insn_bits(insn_table[id].pattern);

		if ((word & bits.mask) == bits.match && (best == INSN_ILLEGAL || may_overlap(id, best)))
			best = id;
	}
	return best;
}

static void test_decode_random_words_same_as_whole_table(void **state)
{
	u64 random = 1;
	u32 legal = 0;

	for (u32 i = 0; i < 20000; i++) {
		u32 word = next_random(&random) | 3;
		u32 id = insn_decode(*state, word).id;

		assert_int_equal(id, naive_decode(word));
		legal += id != INSN_ILLEGAL;
	}
	assert_in_range(legal, 1000, 19000);
}

static void test_decode_random_operands_gives_the_row(void **state)
{
	u64 random = 2;

	for (u32 id = 1; id < INSN_COUNT; id++) {
		struct insn_bits bits = insn_bits(insn_table[id].pattern);

		for (u32 i = 0; i < 50; i++) {
			u32 word = (next_random(&random) & ~bits.mask) | bits.match;
			struct insn insn = insn_decode(*state, word);

			assert_true(insn.id == id || may_overlap(insn.id, id));
			assert_int_equal(insn.len, 4);
			assert_int_equal(insn.raw, word);
		}
		for (u32 i = 0; i < 2; i++) {
			u32 word = bits.match | (i ? ~bits.mask : 0);

			assert_int_equal(insn_decode(*state, word).id, naive_decode(word));
		}
	}
}

static void test_decode_flipped_fixed_bit_is_another_row(void **state)
{
	for (u32 id = 1; id < INSN_COUNT; id++) {
		struct insn_bits bits = insn_bits(insn_table[id].pattern);

		for (u32 bit = 2; bit < 32; bit++)
			if (bits.mask >> bit & 1)
				assert_int_not_equal(insn_decode(*state, bits.match ^ 1u << bit).id, id);
	}
}

/* Instructions by the assembler of binutils, and the fields the manual gives them. */
static void test_decode_fields_of_each_format(void **state)
{
	static const struct {
		u32 word;
		struct insn want;
	} cases[] = {
		{ 0xffd58567, { INSN_JALR, 10, 11, 0, 0, 0, 4, -3, 0 } },
		{ 0x80000537, { INSN_LUI, 10, 0, 0, 0, 0, 4, INT32_MIN, 0 } },
		{ 0x00010597, { INSN_AUIPC, 11, 0, 0, 0, 0, 4, 0x10000, 0 } },
		{ 0xfe0008e3, { INSN_BEQ, 0, 0, 0, 0, 0, 4, -16, 0 } },
		{ 0x7eb51fe3, { INSN_BNE, 0, 10, 11, 0, 0, 4, 4094, 0 } },
		{ 0x80b54063, { INSN_BLT, 0, 10, 11, 0, 0, 4, -4096, 0 } },
		{ 0x800000ef, { INSN_JAL, 1, 0, 0, 0, 0, 4, -0x100000, 0 } },
		{ 0x7ffff06f, { INSN_JAL, 0, 0, 0, 0, 0, 4, 0xffffe, 0 } },
		{ 0x00100073, { INSN_EBREAK, 0, 0, 0, 0, 0, 4, 0, 0 } },
		{ 0x80052503, { INSN_LW, 10, 10, 0, 0, 0, 4, -2048, 0 } },
		{ 0x7eb53fa3, { INSN_SD, 0, 10, 11, 0, 0, 4, 2047, 0 } },
		{ 0x80b53023, { INSN_SD, 0, 10, 11, 0, 0, 4, -2048, 0 } },
		{ 0x03f51513, { INSN_SLLI, 10, 10, 0, 0, 0, 4, 63, 0 } },
		{ 0x41f5551b, { INSN_SRAIW, 10, 10, 0, 0, 0, 4, 31, 0 } },
		{ 0x0ff0000f, { INSN_FENCE, 0, 0, 0, 0, 0, 4, 0x0ff, 0 } },
		{ 0xf000000f, { INSN_FENCE, 0, 0, 0, 0, 0, 4, 0xf00, 0 } },
		{ 0x8330000f, { INSN_FENCE_TSO, 0, 0, 0, 0, 0, 4, 0, 0 } },
		{ 0x0100000f, { INSN_PAUSE, 0, 0, 0, 0, 0, 4, 0, 0 } },
		{ 0x0100008f, { INSN_FENCE, 0, 0, 0, 0, 0, 4, 0x010, 0 } },
		{ 0xf1402573, { INSN_CSRRS, 10, 0, 0, 0, 0, 4, 0xf14, 0 } },
		{ 0x3001d573, { INSN_CSRRWI, 10, 3, 0, 0, 0, 4, 0x300, 0 } },
		{ 0x06b6252f, { INSN_AMOADD_W, 10, 12, 11, 0, 0, 4, 0, 0 } },
		{ 0x1405a52f, { INSN_LR_W, 10, 11, 0, 0, 0, 4, 0, 0 } },
		{ 0x28c7452f, { INSN_AMOCAS_Q, 10, 14, 12, 0, 0, 4, 0, 0 } },
		{ 0x68c58543, { INSN_FMADD_S, 10, 11, 12, 13, 0, 4, 0, 0 } },
		{ 0x5a05c553, { INSN_FSQRT_D, 10, 11, 0, 0, 4, 4, 0, 0 } },
		{ 0xc005f553, { INSN_FCVT_W_S, 10, 11, 0, 0, 7, 4, 0, 0 } },
		{ 0xa0b52553, { INSN_FEQ_S, 10, 10, 11, 0, 0, 4, 0, 0 } },
		{ 0xc2859553, { INSN_FCVTMOD_W_D, 10, 11, 0, 0, 0, 4, 0, 0 } },
		{ 0xf21f0553, { INSN_FLI_D, 10, 30, 0, 0, 0, 4, 0, 0 } },
		{ 0xffd52507, { INSN_FLW, 10, 10, 0, 0, 0, 4, -3, 0 } },
		{ 0xfea52ea7, { INSN_FSW, 0, 10, 10, 0, 0, 4, -3, 0 } },
		{ 0xfe056013, { INSN_PREFETCH_I, 0, 10, 0, 0, 0, 4, -32, 0 } },
		{ 0x7e356013, { INSN_PREFETCH_W, 0, 10, 0, 0, 0, 4, 2016, 0 } },
		{ 0x02056013, { INSN_PREFETCH_I, 0, 10, 0, 0, 0, 4, 32, 0 } },
		{ 0x02256013, { INSN_ORI, 0, 10, 0, 0, 0, 4, 34, 0 } },
		{ 0xcdf5c573, { INSN_MOP_R_N, 10, 11, 0, 0, 0, 4, 31, 0 } },
		{ 0x89f5c573, { INSN_MOP_R_N, 10, 11, 0, 0, 0, 4, 11, 0 } },
		{ 0xc2c5c573, { INSN_MOP_RR_N, 10, 11, 12, 0, 0, 4, 4, 0 } },
		{ 0x0045200f, { INSN_CBO_ZERO, 0, 10, 0, 0, 0, 4, 0, 0 } },
		{ 0x12b50073, { INSN_SFENCE_VMA, 0, 10, 11, 0, 0, 4, 0, 0 } },
		{ 0x4af51513, { INSN_BCLRI, 10, 10, 0, 0, 0, 4, 47, 0 } },
		{ 0x00500033, { INSN_NTL_ALL, 0, 0, 0, 0, 0, 4, 0, 0 } },
		{ 0x00600033, { INSN_ADD, 0, 0, 6, 0, 0, 4, 0, 0 } },
		{ 0x12349552, { INSN_ADD, 10, 10, 20, 0, 0, 2, 0, 0 } }, /* c.add a0, s4; the high half is another's */
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		struct insn got = insn_decode(*state, cases[i].word), want = cases[i].want;

		want.raw = want.len == 2 ? cases[i].word & 0xffff : cases[i].word;
		if (got.id != want.id || got.rd != want.rd || got.rs1 != want.rs1 || got.rs2 != want.rs2 ||
		    got.rs3 != want.rs3 || got.rm != want.rm || got.len != want.len || got.imm != want.imm ||
		    got.raw != want.raw)
			fail_msg("%08x: %s rd %u rs1 %u rs2 %u rs3 %u rm %u len %u imm %d", cases[i].word,
			         insn_table[got.id].name, got.rd, got.rs1, got.rs2, got.rs3, got.rm, got.len, got.imm);
	}
}

static void test_reserved_encodings_are_illegal(void **state)
{
	static const u32 words[] = {
		0x00000000,           0xffffffff, 0x0000007f,
		0x0000001f,           0x40001013, /* slli with a bit above the shift amount */
		0x0200101b,                       /* slliw by 32 */
		0x0205501b,                       /* srliw by 32 */
		0x40001033,                       /* sll with funct7 of sub */
		0x1015252f,                       /* lr.w with rs2 = x1 */
		0x28c745af,                       /* amocas.q a1, a2 */
		0x28b7452f,                       /* amocas.q a0, a1 */
		0x28c7052f,                       /* amocas.b, which is Zabha's */
		0x0060000f | 3 << 12,             /* misc-mem with funct3 = 3 */
		0x0015200f | 1 << 7,              /* cbo.clean with rd */
		0x0035200f,                       /* no such cache-block operation */
		0x00000073 | 1 << 7,              /* ecall with rd */
		0x10200073 | 1 << 15,             /* sret with rs1 */
		0x12000073 | 1 << 7,              /* sfence.vma with rd */
		0x22000073,                       /* hfence.vvma: no hypervisor */
		0x30100073,                       /* no such SYSTEM instruction */
		0x00200073,                       /* uret */
		0x6000c073,                       /* hlv.b */
		0x06000043,                       /* fmadd of quad precision */
		0x06000053,                       /* fadd.q */
		0xc2858553,                       /* fcvtmod.w.d with rm = rne */
		0xc285f553,                       /* fcvtmod.w.d with rm = dyn */
		0xf0100053 | 1 << 12,             /* fli.s with funct3 = 1 */
		0xe2100053,                       /* fmvh.x.d: RV32 */
		0xb2000053,                       /* fmvp.d.x: RV32 */
		0x40000053,                       /* fcvt.s.s */
		0xc0400053,                       /* fcvt of an integer format that does not exist */
		0x58100053,                       /* fsqrt.s with rs2 = x1 */
		0x00004007,                       /* flq */
		0x08104033,                       /* zext.h of RV32, or pack */
		0x0c105033,                       /* OP with a funct7 nobody has */
		0x69805013,                       /* rev8 of RV32 */
		0x28605013,                       /* an orc that is no orc.b */
	};

	for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
		struct insn insn = insn_decode(*state, words[i]);

		if (insn.id != INSN_ILLEGAL)
			fail_msg("%08x decodes as %s", words[i], insn_table[insn.id].name);
		assert_int_equal(insn.len, (words[i] & 3) == 3 ? 4 : 2);
	}
}

static void test_rounding_mode_5_and_6_decode(void **state)
{
	struct insn insn = insn_decode(*state, 0x00c5d553);

	assert_int_equal(insn.id, INSN_FADD_S);
	assert_int_equal(insn.rm, 5);
	assert_int_equal(insn_decode(*state, 0x4205e553).id, INSN_FCVT_D_S);
	assert_int_equal(insn_decode(*state, 0x4205e553).rm, 6);
}

static void test_missing_extension_is_illegal(void **state)
{
	(void)state;
	assert_int_equal(decode_id("rv64i", 0x02b50533), INSN_ILLEGAL);
	assert_int_equal(decode_id("rv64im", 0x02b50533), INSN_MUL);
	assert_int_equal(decode_id("rv64i_zmmul", 0x02b50533), INSN_MUL);
	assert_int_equal(decode_id("rv64i_zmmul", 0x02b54533), INSN_ILLEGAL); /* div */
	assert_int_equal(decode_id("rv64i_zaamo", 0x1005a52f), INSN_ILLEGAL); /* lr.w */
	assert_int_equal(decode_id("rv64i_zalrsc", 0x1005a52f), INSN_LR_W);
	assert_int_equal(decode_id("rv64if", 0x02b50553), INSN_ILLEGAL); /* fadd.d */
	assert_int_equal(decode_id("rv64iu", 0x12000073), INSN_ILLEGAL); /* sfence.vma without S */
	assert_int_equal(decode_id("rv64i", 0x0000100f), INSN_ILLEGAL);  /* fence.i */
	assert_int_equal(decode_id("rv64i", 0x8082), INSN_ILLEGAL);      /* c.jr ra */
	assert_int_equal(decode_id("rv64ic", 0x8082), INSN_JALR);
}

static void test_two_extensions_are_both_needed(void **state)
{
	(void)state;
	assert_int_equal(decode_id("rv64ifd_zfa", 0xf2100053), INSN_FLI_D);
	assert_int_equal(decode_id("rv64if_zfa", 0xf2100053), INSN_ILLEGAL);
	assert_int_equal(decode_id("rv64ifd", 0xf2100053), INSN_ILLEGAL);
	assert_int_equal(decode_id("rv64if_zfa", 0xf0100053), INSN_FLI_S);
	assert_int_equal(decode_id("rv64if_zfa_zfhmin", 0xf4100053), INSN_ILLEGAL);
	assert_int_equal(decode_id("rv64if_zfa_zfh", 0xf4100053), INSN_FLI_H);
	assert_int_equal(decode_id("rv64if_zfhmin", 0x42258553), INSN_ILLEGAL); /* fcvt.d.h */
	assert_int_equal(decode_id("rv64ifd_zfhmin", 0x42258553), INSN_FCVT_D_H);
	assert_int_equal(decode_id("rv64ifd_zfhmin", 0x04c5f553), INSN_ILLEGAL); /* fadd.h */
	assert_int_equal(decode_id("rv64if_zfh", 0x04c5f553), INSN_FADD_H);
}

static void test_hints_fall_back_to_the_general_instruction(void **state)
{
	(void)state;
	assert_int_equal(decode_id("rv64i", 0x0100000f), INSN_FENCE);
	assert_int_equal(decode_id("rv64i_zihintpause", 0x0100000f), INSN_PAUSE);
	assert_int_equal(decode_id("rv64i", 0xfe056013), INSN_ORI);
	assert_int_equal(decode_id("rv64i_zicbop", 0xfe056013), INSN_PREFETCH_I);
	assert_int_equal(decode_id("rv64i", 0x00200033), INSN_ADD);
	assert_int_equal(decode_id("rv64i_zihintntl", 0x00200033), INSN_NTL_P1);
	assert_int_equal(decode_id("rv64ic_zihintntl", 0x900a), INSN_NTL_P1); /* c.ntl.p1 */
}

static void check_text(const struct decoder *all, u32 word, u64 pc, const char *want)
{
	struct insn insn = insn_decode(all, word);
	char text[128];

	insn_print(&insn, pc, text, sizeof(text));
	assert_string_equal(text, want);
}

static void test_print_looks_like_objdump(void **state)
{
	check_text(*state, 0xffd58567, 0, "jalr\ta0,-3(a1)");
	check_text(*state, 0xfffff537, 0, "lui\ta0,0xfffff");
	check_text(*state, 0xfe0008e3, 0x80000010, "beq\tzero,zero,0x80000000");
	check_text(*state, 0xffdff06f, 0, "jal\tzero,0xfffffffffffffffc");
	check_text(*state, 0x03f51513, 0, "slli\ta0,a0,0x3f");
	check_text(*state, 0x00c5f553, 0, "fadd.s\tfa0,fa1,fa2");
	check_text(*state, 0x00c59553, 0, "fadd.s\tfa0,fa1,fa2,rtz");
	check_text(*state, 0x00c5d553, 0, "fadd.s\tfa0,fa1,fa2,unknown");
	check_text(*state, 0x68c58543, 0, "fmadd.s\tfa0,fa1,fa2,fa3,rne");
	check_text(*state, 0x42058553, 0, "fcvt.d.s\tfa0,fa1");
	check_text(*state, 0x4205f553, 0, "fcvt.d.s\tfa0,fa1,dyn");
	check_text(*state, 0xc2859553, 0, "fcvtmod.w.d\ta0,fa1,rtz");
	check_text(*state, 0xf01102d3, 0, "fli.s\tft5,0x1p-16");
	check_text(*state, 0xf01482d3, 0, "fli.s\tft5,0x1.4p-2");
	check_text(*state, 0xf01082d3, 0, "fli.s\tft5,min");
	check_text(*state, 0xf01f02d3, 0, "fli.s\tft5,inf");
	check_text(*state, 0xf01f82d3, 0, "fli.s\tft5,nan");
	check_text(*state, 0x06b6252f, 0, "amoadd.w.aqrl\ta0,a1,(a2)");
	check_text(*state, 0x1405a52f, 0, "lr.w.aq\ta0,(a1)");
	check_text(*state, 0x1aa5b52f, 0, "sc.d.rl\ta0,a0,(a1)");
	check_text(*state, 0xcdf5c573, 0, "mop.r.31\ta0,a1");
	check_text(*state, 0xcec5c573, 0, "mop.rr.7\ta0,a1,a2");
	check_text(*state, 0x03c0000f, 0, "fence\trw,io");
	check_text(*state, 0x0000000f, 0, "fence\tunknown,unknown");
	check_text(*state, 0x8330000f, 0, "fence.tso");
	check_text(*state, 0x7c51d573, 0, "csrrwi\ta0,0x7c5,3");
	check_text(*state, 0xfe056013, 0, "prefetch.i\t-32(a0)");
	check_text(*state, 0x0045200f, 0, "cbo.zero\t(a0)");
	check_text(*state, 0x12000073, 0, "sfence.vma\tzero,zero");
	check_text(*state, 0x8552, 0, "add\ta0,zero,s4");
	check_text(*state, 0xffffffff, 0, ".insn\t4, 0xffffffff");
	check_text(*state, 0x0000, 0, ".insn\t2, 0x0000");
}

/* What binutils 2.44 makes of the instructions that 2.40, the assembler of Debian 12, does not know. */
static void test_newer_instructions_as_newer_binutils(void **state)
{
	static const struct {
		u32 word;
		const char *text;
	} cases[] = {
		{ 0x00200033, "ntl.p1" },
		{ 0x00300033, "ntl.pall" },
		{ 0x00400033, "ntl.s1" },
		{ 0x00500033, "ntl.all" },
		{ 0x0ec5d533, "czero.eqz\ta0,a1,a2" },
		{ 0x0ec5f533, "czero.nez\ta0,a1,a2" },
		{ 0x81c5c573, "mop.r.0\ta0,a1" },
		{ 0x85c5c573, "mop.r.4\ta0,a1" },
		{ 0xc1f5c573, "mop.r.19\ta0,a1" },
		{ 0x82c5c573, "mop.rr.0\ta0,a1,a2" },
		{ 0xc6c5c573, "mop.rr.5\ta0,a1,a2" },
		{ 0x28b6252f, "amocas.w\ta0,a1,(a2)" },
		{ 0x2cb6352f, "amocas.d.aq\ta0,a1,(a2)" },
		{ 0x2ac7452f, "amocas.q.rl\ta0,a2,(a4)" },
		{ 0xf0160553, "fli.s\tfa0,0x1p-1" },
		{ 0x28c5a553, "fminm.s\tfa0,fa1,fa2" },
		{ 0x28c5b553, "fmaxm.s\tfa0,fa1,fa2" },
		{ 0x4045f553, "fround.s\tfa0,fa1" },
		{ 0x4055b553, "froundnx.s\tfa0,fa1,rup" },
		{ 0xa0c5d553, "fltq.s\ta0,fa1,fa2" },
		{ 0xa0c5c553, "fleq.s\ta0,fa1,fa2" },
		{ 0xf2198553, "fli.d\tfa0,0x1.cp+0" },
		{ 0x2ac5a553, "fminm.d\tfa0,fa1,fa2" },
		{ 0x2ac5b553, "fmaxm.d\tfa0,fa1,fa2" },
		{ 0x4245a553, "fround.d\tfa0,fa1,rdn" },
		{ 0x4255f553, "froundnx.d\tfa0,fa1" },
		{ 0xa2c5d553, "fltq.d\ta0,fa1,fa2" },
		{ 0xa2c5c553, "fleq.d\ta0,fa1,fa2" },
		{ 0xf4100553, "fli.h\tfa0,-0x1p+0" },
		{ 0x2cc5a553, "fminm.h\tfa0,fa1,fa2" },
		{ 0x2cc5b553, "fmaxm.h\tfa0,fa1,fa2" },
		{ 0x4445c553, "fround.h\tfa0,fa1,rmm" },
		{ 0x4455f553, "froundnx.h\tfa0,fa1" },
		{ 0xa4c5d553, "fltq.h\ta0,fa1,fa2" },
		{ 0xa4c5c553, "fleq.h\ta0,fa1,fa2" },
		{ 0xc2859553, "fcvtmod.w.d\ta0,fa1,rtz" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++)
		check_text(*state, cases[i].word, 0, cases[i].text);
}

static void test_print_is_cut_at_the_end_of_the_buffer(void **state)
{
	struct insn insn = insn_decode(*state, 0xcec5c573);
	char text[16];

	for (size_t size = 1; size < sizeof(text); size++) {
		memset(text, 'x', sizeof(text));
		insn_print(&insn, 0, text, size);
		assert_int_equal(text[size], 'x');
		assert_int_equal(strlen(text), size - 1);
	}
	insn_print(&insn, 0, text, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pattern_has_32_bits_and_fixed_opcode),
		cmocka_unit_test(test_operands_cover_each_free_bit_once),
		cmocka_unit_test(test_id_is_the_name_in_capitals),
		cmocka_unit_test(test_rows_overlap_only_where_documented),
		cmocka_unit_test(test_decode_random_words_same_as_whole_table),
		cmocka_unit_test(test_decode_random_operands_gives_the_row),
		cmocka_unit_test(test_decode_flipped_fixed_bit_is_another_row),
		cmocka_unit_test(test_decode_fields_of_each_format),
		cmocka_unit_test(test_reserved_encodings_are_illegal),
		cmocka_unit_test(test_rounding_mode_5_and_6_decode),
		cmocka_unit_test(test_missing_extension_is_illegal),
		cmocka_unit_test(test_two_extensions_are_both_needed),
		cmocka_unit_test(test_hints_fall_back_to_the_general_instruction),
		cmocka_unit_test(test_print_looks_like_objdump),
		cmocka_unit_test(test_newer_instructions_as_newer_binutils),
		cmocka_unit_test(test_print_is_cut_at_the_end_of_the_buffer),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

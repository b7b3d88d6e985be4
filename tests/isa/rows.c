/*
 * Rows of the instruction table as stubs: see rows.h.
 *
 * Every row is tried with all its immediates (edges, and random ones) and, where it has them, all rounding modes:
 * static, and dynamic with each frm, legal or not. Registers come in patterns: all different, the same one twice, x0.
 * The first pattern meets every combination of edge operands, the others random ones. Bits that no operand letter
 * explains are random. Compressed instructions are sampled, in groups by quadrant, funct3 and what they expand to.
 */
#include "tests/isa/rows.h"

#include <stdio.h>
#include <string.h>

#include "cpu/rvc.h"

#define PATTERNS 8
#define IMMEDIATES "jopqau><ElfnPA" /* letters that stand for immediates; a row has one of them, or two */
#define SAMPLES 48                  /* encodings of each group of compressed instructions */
#define ILLEGAL_WORDS 3000
#define HALVES_IN_GROUP 2048

/* --- one stub --- */

static void add_plain(struct rows *r, const struct subject *s, struct shape *shape, enum effort effort)
{
	struct stub *stub;

	shape->rd_is_input = strncmp(s->name, "amocas", 6) == 0;
	shape->pairs = strcmp(s->name, "amocas.q") == 0;
	shape->flags |= is_memory(s) ? STUB_MEMORY : 0;
	stub = add_plain_stub(r->b, s, shape);
	fill_operands(&r->pools, r->b, stub, s, effort);
	if (r->sink)
		r->sink(r->sink_arg, s, shape, stub);
}

static bool add_jump(struct rows *r, const struct subject *s)
{
	struct insn insn = insn_decode(r->full, s->word);
	u64 pad, values[3];
	struct stub *stub = add_jump_stub(r->b, s, insn.imm, &pad);

	if (!stub)
		return false;
	if (s->cls == CLASS_BRANCH) {
		fill_operands(&r->pools, r->b, stub, s, EVERYTHING);
	} else if (subject_has(s, 's')) {
		values[0] = pad - (u64)(s64)insn.imm;
		values[1] = values[0] + 1;
		values[2] = GUEST_HOLE - (u64)(s64)insn.imm;
		stub->count[0] = 3;
		stub->pool[0] = builder_pool(r->b, values, 3);
	}
	return true;
}

static void add_return(struct rows *r, const struct subject *s, bool is_mret)
{
	static const u64 mpp[] = { 0, 0x800, 0x1800 }, spp[] = { 0, 0x100 };
	u64 pad;
	struct stub *stub = add_return_stub(r->b, s, &pad);

	stub->count[0] = is_mret ? ARRAY_SIZE(mpp) : ARRAY_SIZE(spp);
	stub->pool[0] = builder_pool(r->b, is_mret ? mpp : spp, stub->count[0]);
	stub->count[1] = 1;
	stub->pool[1] = builder_pool(r->b, &pad, 1);
}

/* SC without a reservation, with one, with one elsewhere, and once more after one that succeeded. */
static void add_sc(struct rows *r, const struct subject *s)
{
	u32 size = strcmp(s->name, "sc.w") == 0 ? 4 : 8, rs1 = subject_rs1(s);
	struct helpers h = stub_registers(s, false);
	const u32 elsewhere[] = { enc_addi(h.temp[1], rs1, 64), enc_lr(h.temp[0], h.temp[1], size) };
	const u32 twice[] = { enc_lr(h.temp[0], rs1, size), enc_sc(h.temp[0], 0, rs1, size) };

	for (u32 i = 0; i < (r->b->oracle == BY_QEMU ? 4 : 1); i++) {
		struct shape shape = { .prelude = i == 2 ? elsewhere : twice, .prelude_count = i == 1 ? 1 : i ? 2 : 0 };

		add_plain(r, s, &shape, EVERYTHING);
	}
}

/* --- encodings --- */

static u32 pick(struct rows *r, const s32 *edges, u32 count, u32 n)
{
	return n < count ? (u32)edges[n] : (u32)random_u64(&r->b->rng);
}

static u32 jump_bits(u32 v)
{
	return enc_jal(0, (s32)v) & 0xfffff000;
}

static u32 branch_bits(u32 v)
{
	return (v >> 12 & 1) << 31 | (v >> 5 & 63) << 25 | (v >> 1 & 15) << 8 | (v >> 11 & 1) << 7;
}

/* CSRs that both machines have and that tests may write, read-only ones, and numbers that are no CSR. */
#define CSR_MHARTID 0xf14u

static const u16 csr_numbers[] = { 0x001, 0x002, 0x003, 0x140, 0x343, 0x015, 0x5c0, 0xc80, 0x003, 0x002, 0x001 };

/* The n-th choice for an immediate: its bits in the instruction. False: there are no more. */
static bool immediate_bits(struct rows *r, char letter, u32 n, u32 *word)
{
	static const s32 i12[] = { 0, 1, -1, 2047, -2048, 0x555 }, u20[] = { 0, 1, 0x7ffff, 0x80000, 0xfffff };
	static const s32 sh6[] = { 0, 1, 31, 32, 33, 63 }, sh5[] = { 0, 1, 15, 31 };
	static const s32 branches[] = { 12, -12, 14, -18, 254, -256, 2046, -2048, 4094, -4096 };
	static const s32 jumps[] = { 12, -12, 14, -18, 2046, -2048, 4096, 0xaaaa8, -0xaaaa8, 0xffffe, -0x100000 };
	u32 limit = 9, v;

	switch (letter) {
	case 'j':
	case 'o':
		*word |= pick(r, i12, ARRAY_SIZE(i12), n) << 20;
		break;
	case 'q':
		v = pick(r, i12, ARRAY_SIZE(i12), n);
		*word |= (v >> 5 & 127) << 25 | (v & 31) << 7;
		break;
	case 'p':
		limit = ARRAY_SIZE(branches);
		*word |= n < limit ? branch_bits((u32)branches[n]) : 0;
		break;
	case 'a':
		limit = ARRAY_SIZE(jumps);
		*word |= n < limit ? jump_bits((u32)jumps[n]) : 0;
		break;
	case 'u':
		*word |= pick(r, u20, ARRAY_SIZE(u20), n) << 12;
		break;
	case '>':
		*word |= (pick(r, sh6, ARRAY_SIZE(sh6), n) & 63) << 20;
		break;
	case '<':
		*word |= (pick(r, sh5, ARRAY_SIZE(sh5), n) & 31) << 20;
		break;
	case 'E':
		limit = r->b->oracle == BY_QEMU ? ARRAY_SIZE(csr_numbers) : 1;
		*word |= r->b->oracle != BY_QEMU ? CSR_MHARTID << 20 : n < limit ? (u32)csr_numbers[n] << 20 : 0;
		break;
	case 'l':
		limit = 32;
		*word |= (n & 31) << 15;
		break;
	case 'A':
		limit = 4;
		*word |= (n & 3) << 25;
		break;
	case 'f':
	case 'P':
		*word |= (u32)random_u64(&r->b->rng) & (letter == 'f' ? 0xfe000000 : 0xfff00000);
		break;
	default: /* mop's n: random, like all bits that nothing explains */
		limit = letter == 'n' ? 32 : 1;
		break;
	}
	return n < limit;
}

/* The register fields, by pattern. False: the row has no use for that pattern. */
static bool register_bits(struct rows *r, const struct subject *s, bool keeps_rs1, u32 pattern, u32 *word)
{
	u32 reg[4], base = 1 + random_below(&r->b->rng, 31), step = 1 + random_below(&r->b->rng, 9);
	bool has_rs2 = subject_has(s, 't') || subject_has(s, 'T');
	bool has_rd = subject_has(s, 'd') || subject_has(s, 'D');
	bool is_quad = strchr(s->operands, 'A') && (*word & 0x7000) == 0x4000;

	for (u32 i = 0; i < 4; i++) /* rd, rs1, rs2, rs3: different, and not 0 */
		reg[i] = 1 + (base + i * step) % 31;
	if (pattern == 1 || pattern == 3)
		reg[0] = reg[1];
	if (pattern == 2 || pattern == 3)
		reg[2] = reg[3] = reg[1];
	if (pattern >= 4 && pattern <= 6)
		reg[pattern - 4] = 0;
	if ((pattern == 5 && keeps_rs1) || (pattern == 6 && !has_rs2) || (pattern == 4 && !has_rd))
		return false;
	if (is_quad) {
		reg[0] &= 30;
		reg[2] &= 30;
	}
	if (has_rd)
		*word |= reg[0] << 7;
	if (subject_has(s, 's') || subject_has(s, 'S'))
		*word |= reg[1] << 15;
	if (has_rs2)
		*word |= reg[2] << 20;
	if (subject_has(s, 'R'))
		*word |= reg[3] << 27;
	return true;
}

/* Which bits of the word the operand letters fill: the others are random. */
static u32 explained_bits(const struct subject *s)
{
	static const struct {
		const char *letters;
		u32 bits;
	} fields[] = {
		{ "dD", 0xf80 },      { "sSZl", 0xf8000 },    { "tT", 0x1f00000 }, { "R", 0xf8000000 },
		{ "mM", 0x7000 },     { "joEP", 0xfff00000 }, { "q", 0xfe000f80 }, { "p", 0xfe000f80 },
		{ "au", 0xfffff000 }, { ">", 0x3f00000 },     { "<", 0x1f00000 },  { "f", 0xfe000000 },
		{ "A", 0x06000000 },
	};
	u32 mask = 0;

	for (u32 i = 0; i < ARRAY_SIZE(fields); i++)
		for (const char *letter = fields[i].letters; *letter; letter++)
			if (subject_has(s, *letter))
				mask |= fields[i].bits;
	return mask;
}

/* --- rows --- */

/*
 * QEMU 7.2 is no judge of: AMOs that fault (it says cause 4 or 5, the manual 6 or 7), SCs that ought to fault (without
 * a reservation it does not look), csrrs and csrrc of a read-only CSR with a register that holds 0 (it takes it for
 * x0), ctzw of what has no bit in its low half, and mtval after ebreak (it may be 0; ours is the pc). There the
 * reference says what is right.
 */
u32 row_oracles(const struct rows *r, enum insn_id id)
{
	const struct insn_info *info = &insn_table[id];

	if (!insn_in_isa(info, &r->known->isa) || id == INSN_EBREAK || id == INSN_CTZW)
		return BY_REFERENCE;
	if (id == INSN_CSRRS || id == INSN_CSRRC)
		return BY_QEMU | BY_REFERENCE;
	if (info->cls == CLASS_AMO && id != INSN_LR_W && id != INSN_LR_D)
		return BY_QEMU | BY_REFERENCE;
	return BY_QEMU;
}

/* False: this row is not wanted. Random numbers start anew for each, so that a row alone is what it is among the
 * others. */
static bool begin_row(struct rows *r, const char *row)
{
	if (r->only && strcmp(r->only, row) != 0)
		return false;
	r->b->rng.state = 88172645463325252;
	for (; *row; row++)
		r->b->rng.state = fold(r->b->rng.state, (u8)*row) | 1;
	return true;
}

static struct subject make_subject(enum insn_id id)
{
	const struct insn_info *info = &insn_table[id];

	return (struct subject){
		.row = info->name,
		.name = info->name,
		.operands = info->operands,
		.len = 4,
		.cls = info->cls,
	};
}

/*
 * Chooses the encoding of a row. False: there is no such immediate, or no use for the pattern. A word that is another
 * row's (a hint was carved out there) is 0.
 */
static bool make_word(struct rows *r, struct subject *s, enum insn_id id, u32 immediate, u32 pattern)
{
	struct insn_bits bits = insn_bits(insn_table[id].pattern);
	bool keeps_rs1 = is_memory(s) || id == INSN_JALR;
	char letter = s->operands[strcspn(s->operands, IMMEDIATES)];
	u32 word = bits.match | ((u32)random_u64(&r->b->rng) & ~bits.mask & ~explained_bits(s));

	if (!register_bits(r, s, keeps_rs1, pattern, &word) || !immediate_bits(r, letter, immediate, &word))
		return false;
	if (subject_has(s, 'Z') && random_below(&r->b->rng, 3))
		word |= random_below(&r->b->rng, 32) << 15;
	s->word = s->raw = insn_decode(r->full, word).id == id ? word : 0;
	return true;
}

static void add_encoding(struct rows *r, const struct subject *s, enum insn_id id, u32 immediate, u32 pattern)
{
	struct shape shape = { .fcsr = (u32)random_u64(&r->b->rng) & 0xff };
	bool is_first = pattern == 0;

	if (id == INSN_MRET || id == INSN_SRET)
		add_return(r, s, id == INSN_MRET);
	else if (id == INSN_WFI)
		add_wfi_stub(r->b, s);
	else if (s->cls == CLASS_JUMP || s->cls == CLASS_BRANCH)
		add_jump(r, s);
	else if (id == INSN_SC_W || id == INSN_SC_D)
		add_sc(r, s);
	else
		add_plain(r, s, &shape, is_first && (immediate == 0 || !is_memory(s)) ? EVERYTHING : SHORT);
}

/* Rows without a rounding mode. */
static void add_unrounded(struct rows *r, enum insn_id id)
{
	struct subject s = make_subject(id);

	for (u32 pattern = 0; pattern < PATTERNS; pattern++)
		for (u32 immediate = 0; make_word(r, &s, id, immediate, pattern); immediate++)
			if (s.word && (pattern == 0 || immediate < 4 || (s.cls != CLASS_JUMP && s.cls != CLASS_BRANCH)))
				add_encoding(r, &s, id, immediate, pattern);
	if (s.cls != CLASS_FP && s.cls != CLASS_FLOAD && s.cls != CLASS_FSTORE)
		return;
	if (make_word(r, &s, id, 0, 0)) {
		struct shape off = { .fs_off = true };

		add_plain(r, &s, &off, SHORT);
	}
}

/* Rows with one: all five static ones and the reserved two, and the dynamic one with all values of frm. */
static void add_rounded(struct rows *r, enum insn_id id)
{
	struct subject s = make_subject(id);

	for (u32 mode = 0; mode < 24; mode++) {
		u32 rm = mode < 8 ? mode : mode < 16 ? 7 : random_below(&r->b->rng, 5);
		u32 pattern = mode < 16 ? 0 : mode - 16;
		struct shape shape = { .fcsr = mode < 8 ? mode << 5 : mode < 16 ? (mode & 7) << 5 : 0 };

		if (!make_word(r, &s, id, 0, pattern))
			continue;
		if (mode >= 16) /* a static mode does not care for frm, legal or not; flags only ever come on */
			shape.fcsr = (u32)random_u64(&r->b->rng) & 0xff;
		if (mode == 23)
			shape.fs_off = true;
		s.word |= rm << 12;
		s.raw = s.word;
		add_plain(r, &s, &shape, mode < 5 ? EVERYTHING : SHORT);
		if (mode < 5) {
			shape.fcsr |= 1u << mode; /* sticky */
			add_plain(r, &s, &shape, LENGTHY);
		}
	}
}

void add_row(struct rows *r, enum insn_id id)
{
	struct subject s = make_subject(id);

	if (!(row_oracles(r, id) & r->b->oracle) || !begin_row(r, s.row))
		return;
	if (subject_has(&s, 'm') || subject_has(&s, 'M'))
		add_rounded(r, id);
	else
		add_unrounded(r, id);
}

/* --- compressed ones, and none --- */

/* Compressed instructions come in groups by quadrant and funct3: the i-th of one. */
static u16 group_half(u32 group, u32 i)
{
	return (u16)((group & 7) << 13 | i << 2 | group >> 3);
}

static void add_half(struct rows *r, const char *row, u16 half)
{
	u32 word = rvc_expand(half, &r->full->isa);
	enum insn_id id = insn_decode(r->full, half).id;
	struct subject s = make_subject(id);
	struct shape shape = { .fcsr = (u32)random_u64(&r->b->rng) & 0xff };

	s.row = row;
	s.word = word;
	s.raw = half;
	s.len = 2;
	if (s.cls == CLASS_JUMP || s.cls == CLASS_BRANCH)
		add_jump(r, &s);
	else
		add_plain(r, &s, &shape, SHORT);
}

/* The members of one group, `ids` says which row each half of it expands to, as far as they are to be tested. */
static void add_group(struct rows *r, u32 group, enum insn_id id, const u16 *ids)
{
	u16 members[HALVES_IN_GROUP];
	u32 count = 0;
	char row[24];

	for (u32 i = 0; i < HALVES_IN_GROUP; i++)
		if (ids[i] == id)
			members[count++] = group_half(group, i);
	snprintf(row, sizeof(row), "c%u.%u:%s", group >> 3, group & 7, insn_table[id].name);
	if (!begin_row(r, row))
		return;
	for (u32 i = 0; i < SAMPLES && count; i++)
		add_half(r, row, members[random_below(&r->b->rng, count)]);
}

/* The row of a compressed instruction that b->oracle can tell. What QEMU lacks of them it lacks entirely. */
static u16 compressed_row(const struct rows *r, u16 half)
{
	enum insn_id known = insn_decode(r->known, half).id;
	bool is_unknown = known == INSN_ILLEGAL || row_oracles(r, known) == BY_REFERENCE;

	return is_unknown == (r->b->oracle == BY_REFERENCE) ? insn_decode(r->full, half).id : INSN_ILLEGAL;
}

void add_compressed(struct rows *r)
{
	u16 ids[HALVES_IN_GROUP];

	for (u32 group = 0; group < 24; group++) {
		for (u32 i = 0; i < HALVES_IN_GROUP; i++)
			ids[i] = compressed_row(r, group_half(group, i));
		for (u32 id = INSN_ILLEGAL + 1; id < INSN_COUNT; id++)
			add_group(r, group, id, ids);
	}
}

static void add_illegal_word(struct rows *r, u32 raw)
{
	struct subject s = make_subject(INSN_ILLEGAL);
	struct shape shape = { 0 };

	s.word = s.raw = raw;
	s.len = insn_length((u16)raw);
	add_plain_stub(r->b, &s, &shape);
}

/* What is no instruction at all: all such halves, and words that differ from an instruction in a few bits. */
void add_illegal(struct rows *r)
{
	if (!begin_row(r, insn_table[INSN_ILLEGAL].name))
		return;
	for (u32 half = 0; half < 65536; half++)
		if ((half & 3) != 3 && insn_decode(r->full, half).id == INSN_ILLEGAL)
			add_illegal_word(r, half);
	for (u32 n = 0; n < ILLEGAL_WORDS;) {
		struct insn_bits bits = insn_bits(insn_table[1 + random_below(&r->b->rng, INSN_COUNT - 1)].pattern);
		u32 raw = bits.match | ((u32)random_u64(&r->b->rng) & ~bits.mask);

		for (u32 flips = random_below(&r->b->rng, 4); flips > 0; flips--)
			raw ^= 4u << random_below(&r->b->rng, 30);
		if (insn_decode(r->full, raw).id != INSN_ILLEGAL)
			continue;
		add_illegal_word(r, raw);
		n++;
	}
}

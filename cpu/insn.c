/*
 * The instruction table and the decoder made from it.
 *
 * A decoder is a table of buckets: bits 6:2 of an instruction, and then bits 31:27 for OP-FP (whose funct3 is often a
 * rounding mode) or funct3 for everything else, leave a handful of rows to compare with. Rows stand in each bucket by
 * the number of their fixed bits, so that the more specific one wins. What to cut out of an instruction is read off the
 * letters of its operands, once, here; cpu/insn.def explains the letters.
 */
#include "cpu/insn.h"

#include "cpu/rvc.h"

#define BOTH(a, b) EXT_##a, EXT_##b
const struct insn_info insn_table[INSN_COUNT] = {
	[INSN_ILLEGAL] = { "illegal", "", "", CLASS_SYSTEM, { EXT_I, EXT_I } },
#define INSN(id, name, operands, pattern, cls, ext) [INSN_##id] = { name, operands, pattern, cls, { ext } },
#include "cpu/insn.def"
#undef INSN
};
#undef BOTH

#define OPCODE_OP_FP 20u /* bits 6:2 */
#define OPCODE_COUNT 32u
#define SUB_COUNT (DECODER_BUCKETS / OPCODE_COUNT)

struct insn_bits insn_bits(const char *pattern)
{
	struct insn_bits bits = { 0, 0 };

	for (; *pattern; pattern++) {
		if (*pattern == ' ')
			continue;
		bits.mask = bits.mask << 1 | (*pattern != '.');
		bits.match = bits.match << 1 | (*pattern == '1');
	}
	return bits;
}

/* What a letter of the operands makes the decoder take. */
static void use_letter(struct decoder_row *row, char letter)
{
	switch (letter) {
	case 'd':
	case 'D':
		row->uses |= USES_RD;
		break;
	case 's':
	case 'S':
	case 'Z':
	case 'l':
		row->uses |= USES_RS1;
		break;
	case 't':
	case 'T':
		row->uses |= USES_RS2;
		break;
	case 'R':
		row->uses |= USES_RS3;
		break;
	case 'm':
	case 'M':
		row->uses |= USES_RM;
		break;
	default:
		break;
	}
}

static u8 imm_kind(char letter, enum insn_id id)
{
	switch (letter) {
	case 'j':
	case 'o':
		return IMM_I;
	case 'q':
		return IMM_S;
	case 'p':
		return IMM_B;
	case 'u':
		return IMM_U;
	case 'a':
		return IMM_J;
	case '<':
		return IMM_SHAMT5;
	case '>':
		return IMM_SHAMT6;
	case 'E':
	case 'P':
	case 'Q':
		return IMM_CSR;
	case 'f':
		return IMM_PREFETCH;
	case 'n':
		return id == INSN_MOP_R_N ? IMM_MOP_R : IMM_MOP_RR;
	default:
		return IMM_NONE;
	}
}

static struct decoder_row make_row(enum insn_id id)
{
	struct insn_bits bits = insn_bits(insn_table[id].pattern);
	struct decoder_row row = { .mask = bits.mask, .match = bits.match, .id = id };

	for (const char *letter = insn_table[id].operands; *letter; letter++) {
		u8 kind = imm_kind(*letter, id);

		use_letter(&row, *letter);
		if (kind != IMM_NONE)
			row.imm = kind;
	}
	return row;
}

/* The bits that bucket `sub` of an opcode fixes. Subs that do not occur say so with match bits outside the mask. */
static struct insn_bits bucket_bits(u32 opcode, u32 sub)
{
	if (opcode == OPCODE_OP_FP)
		return (struct insn_bits){ 0xf8000000, sub << 27 };
	return (struct insn_bits){ 0x7000, sub << 12 };
}

/* Fills one bucket, at d->start[bucket], from the `count` rows of its opcode. Returns its length. */
static u32 fill_bucket(struct decoder *d, u32 bucket, const struct decoder_row *rows, u32 count)
{
	struct insn_bits bits = bucket_bits(bucket / SUB_COUNT, bucket % SUB_COUNT);
	struct decoder_row *out = d->rows + d->start[bucket];
	u32 length = 0;

	if (bits.match & ~bits.mask)
		return 0;
	for (u32 i = 0; i < count; i++) {
		u32 at = length;

		if ((rows[i].match ^ bits.match) & rows[i].mask & bits.mask)
			continue;
		BUG_ON(d->start[bucket] + length >= DECODER_ROWS);
		for (; at > 0 && __builtin_popcount(out[at - 1].mask) < __builtin_popcount(rows[i].mask); at--)
			out[at] = out[at - 1];
		out[at] = rows[i];
		length++;
	}
	return length;
}

void decoder_init(struct decoder *d, const struct isa *isa)
{
	struct decoder_row all[INSN_COUNT], rows[INSN_COUNT];
	u32 all_count = 0;

	for (u32 id = INSN_ILLEGAL + 1; id < INSN_COUNT; id++)
		if (insn_in_isa(&insn_table[id], isa))
			all[all_count++] = make_row(id);

	d->isa = *isa;
	d->start[0] = 0;
	for (u32 opcode = 0; opcode < OPCODE_COUNT; opcode++) {
		u32 count = 0;

		for (u32 i = 0; i < all_count; i++)
			if ((all[i].match & 0x7f) == (opcode << 2 | 3))
				rows[count++] = all[i];
		for (u32 sub = 0; sub < SUB_COUNT; sub++) {
			u32 bucket = opcode * SUB_COUNT + sub;

			d->start[bucket + 1] = (u16)(d->start[bucket] + fill_bucket(d, bucket, rows, count));
		}
	}
}

static s32 take_imm(u8 kind, u32 word)
{
	s32 top = (s32)word;

	switch (kind) {
	case IMM_I:
		return top >> 20;
	case IMM_S:
		return (top >> 25) * 32 | (s32)bits(word, 11, 7);
	case IMM_B:
		return (s32)sext(bits(word, 31, 31) << 12 | bits(word, 7, 7) << 11 | bits(word, 30, 25) << 5 |
		                         bits(word, 11, 8) << 1,
		                 13);
	case IMM_U:
		return (s32)(word & 0xfffff000);
	case IMM_J:
		return (s32)sext(bits(word, 31, 31) << 20 | bits(word, 19, 12) << 12 | bits(word, 20, 20) << 11 |
		                         bits(word, 30, 21) << 1,
		                 21);
	case IMM_SHAMT5:
		return (s32)bits(word, 24, 20);
	case IMM_SHAMT6:
		return (s32)bits(word, 25, 20);
	case IMM_CSR:
		return (s32)bits(word, 31, 20);
	case IMM_PREFETCH:
		return (top >> 25) * 32;
	case IMM_MOP_R:
		return (s32)(bits(word, 30, 30) << 4 | bits(word, 27, 26) << 2 | bits(word, 21, 20));
	case IMM_MOP_RR:
		return (s32)(bits(word, 30, 30) << 2 | bits(word, 27, 26));
	default:
		return 0;
	}
}

static const struct decoder_row *find_row(const struct decoder *d, u32 word)
{
	u32 opcode = word >> 2 & 31;
	u32 bucket = opcode * SUB_COUNT + (opcode == OPCODE_OP_FP ? word >> 27 : word >> 12 & 7);

	for (const struct decoder_row *row = d->rows + d->start[bucket]; row < d->rows + d->start[bucket + 1]; row++)
		if ((word & row->mask) == row->match)
			return row;
	return NULL;
}

struct insn insn_decode(const struct decoder *d, u32 raw)
{
	struct insn insn = { .id = INSN_ILLEGAL, .len = (u8)insn_length((u16)raw), .raw = raw };
	const struct decoder_row *row;
	u32 word = raw;

	if (insn.len == 2) {
		insn.raw = raw & 0xffff;
		word = rvc_expand((u16)raw, &d->isa);
		if (word == 0)
			return insn;
	}
	row = find_row(d, word);
	if (!row)
		return insn;
	insn.id = row->id;
	if (row->uses & USES_RD)
		insn.rd = word >> 7 & 31;
	if (row->uses & USES_RS1)
		insn.rs1 = word >> 15 & 31;
	if (row->uses & USES_RS2)
		insn.rs2 = word >> 20 & 31;
	if (row->uses & USES_RS3)
		insn.rs3 = word >> 27 & 31;
	if (row->uses & USES_RM)
		insn.rm = word >> 12 & 7;
	insn.imm = take_imm(row->imm, word);
	return insn;
}

/*
 * Operand values for stubs: see fill.h.
 */
#include "tests/isa/fill.h"

#include <string.h>

#include "cpu/insn.h"

#define TUPLES 4000      /* random ones of each kind */
#define SHORT_TUPLES 100 /* what a stub with little effort takes of them */
#define AMOCAS_TUPLES 100

bool is_memory(const struct subject *s)
{
	return s->cls == CLASS_LOAD || s->cls == CLASS_STORE || s->cls == CLASS_FLOAD || s->cls == CLASS_FSTORE ||
	       s->cls == CLASS_AMO || (s->cls == CLASS_CBO && strncmp(s->name, "cbo", 3) == 0);
}

/* The format a floating-point source has: the name's last suffix says it. */
static enum kind fp_kind(const struct subject *s)
{
	const char *dot = strrchr(s->name, '.');

	if (s->cls == CLASS_FSTORE || !dot)
		return KIND_D;
	return dot[1] == 'h' ? KIND_H : dot[1] == 's' || dot[1] == 'w' ? KIND_S : KIND_D;
}

static s64 memory_offset(const struct subject *s)
{
	if (subject_has(s, 'o'))
		return (s32)s->word >> 20;
	if (subject_has(s, 'q'))
		return ((s32)s->word >> 25) * 32 | (s32)(s->word >> 7 & 31);
	return 0;
}

/* What addresses must be a multiple of: see row_oracles() for why. */
static u32 alignment(const struct builder *b, const struct subject *s)
{
	if (b->oracle == BY_REFERENCE || s->cls != CLASS_AMO || strncmp(s->name, "lr.", 3) == 0)
		return 1;
	return 8;
}

/* Addresses in the window: aligned, misaligned, across the end of a page; and one where nothing is. */
static u32 addresses(const struct builder *b, const struct subject *s, u64 *out)
{
	static const u8 places[] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  12, 16, 17, 20, 24, 32, 40, 48, 49,
		                     52, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 68, 72, 80, 95, 96, 100 };
	u32 count = 0;

	for (u32 i = 0; i < ARRAY_SIZE(places); i++)
		if (places[i] % alignment(b, s) == 0)
			out[count++] = GUEST_WINDOW + places[i] - (u64)memory_offset(s);
	if (alignment(b, s) == 1)
		out[count++] = GUEST_HOLE - (u64)memory_offset(s);
	return count;
}

/* The kinds of in[0..2]. Returns how many the instruction has. */
static u32 operand_kinds(const struct subject *s, enum kind kinds[3])
{
	u32 count = subject_has(s, 'R') ? 3 : subject_has(s, 't') || subject_has(s, 'T') ? 2 : 0;

	if (count == 0 && (subject_has(s, 's') || subject_has(s, 'S')))
		count = 1;
	kinds[0] = subject_has(s, 'S') ? fp_kind(s) : KIND_INT;
	kinds[1] = subject_has(s, 'T') ? fp_kind(s) : KIND_INT;
	kinds[2] = kinds[0];
	return count;
}

static void make_edges(struct pools *p, struct builder *b, enum kind kind)
{
	u64 values[VALUES_MAX];

	if (p->edges[kind])
		return;
	p->edge_count[kind] = edge_values(kind, values);
	p->edges[kind] = builder_pool(b, values, p->edge_count[kind]);
	p->few_count[kind] = few_edge_values(kind, values);
	p->few[kind] = builder_pool(b, values, p->few_count[kind]);
}

static void make_random(struct pools *p, struct builder *b, enum kind kind)
{
	struct rng rng = { 0x123456789abcdef + kind };
	u64 values[3][TUPLES], triple[3];

	if (p->random[kind][0])
		return;
	for (u32 n = 0; n < TUPLES; n++) {
		if (kind != KIND_INT)
			random_triple(&rng, kind, triple);
		for (u32 i = 0; i < 3; i++)
			values[i][n] = kind != KIND_INT ? triple[i] : random_value(&rng, kind);
	}
	for (u32 i = 0; i < 3; i++)
		p->random[kind][i] = builder_pool(b, values[i], TUPLES);
}

/* What amocas compares with is what is there half of the time. */
static void fill_amocas(struct builder *b, struct stub *stub, const struct subject *s)
{
	u64 values[INPUTS][AMOCAS_TUPLES], places[VALUES_MAX], window[WINDOW_DWORDS], v = WINDOW_PATTERN;
	u32 place_count = addresses(b, s, places);

	for (u32 i = 0; i < WINDOW_DWORDS; i++, v = next_window(v))
		window[i] = v;
	for (u32 n = 0; n < AMOCAS_TUPLES; n++) {
		u64 va = places[random_below(&b->rng, place_count)], offset = va - GUEST_WINDOW;

		values[0][n] = va;
		for (u32 i = 1; i < INPUTS; i++)
			values[i][n] = random_value(&b->rng, KIND_INT);
		if (offset > sizeof(window) - 16 || random_below(&b->rng, 2))
			continue;
		memcpy(&values[2][n], (u8 *)window + offset, 8);
		if (random_below(&b->rng, 3))
			memcpy(&values[4][n], (u8 *)window + offset + 8, 8);
	}
	for (u32 i = 0; i < INPUTS; i++) {
		stub->pool[i] = builder_pool(b, values[i], AMOCAS_TUPLES);
		stub->count[i] = AMOCAS_TUPLES;
	}
	stub->flags |= STUB_LOCKSTEP;
}

/* All addresses, each with all of a few values. */
static void fill_memory(struct pools *p, struct builder *b, struct stub *stub, const struct subject *s, enum kind value,
                        enum effort effort)
{
	u64 values[VALUES_MAX];

	stub->count[0] = addresses(b, s, values);
	stub->pool[0] = builder_pool(b, values, stub->count[0]);
	if (!subject_has(s, 't') && !subject_has(s, 'T'))
		return;
	make_edges(p, b, value);
	make_random(p, b, value);
	stub->count[1] = effort == EVERYTHING ? p->few_count[value] : 3;
	stub->pool[1] =
		effort == EVERYTHING ? p->few[value] : p->random[value][1] + random_below(&b->rng, TUPLES - 3) * 8;
}

void fill_operands(struct pools *p, struct builder *b, struct stub *stub, const struct subject *s, enum effort effort)
{
	enum kind kinds[3];
	u32 count = operand_kinds(s, kinds), first = 0, tuples = effort == LENGTHY ? TUPLES : SHORT_TUPLES;

	if (strncmp(s->name, "amocas", 6) == 0) {
		fill_amocas(b, stub, s);
		return;
	}
	if (is_memory(s)) {
		fill_memory(p, b, stub, s, kinds[1], effort);
		return;
	}
	if (effort != EVERYTHING && count > 0) {
		stub->flags |= STUB_LOCKSTEP;
		first = random_below(&b->rng, TUPLES - tuples + 1) * 8;
	}
	for (u32 i = 0; i < count; i++) {
		enum kind kind = kinds[i];

		make_edges(p, b, kind);
		make_random(p, b, kind);
		if (effort != EVERYTHING) {
			stub->pool[i] = p->random[kind][i] + first;
			stub->count[i] = tuples;
		} else {
			stub->pool[i] = count == 3 ? p->few[kind] : p->edges[kind];
			stub->count[i] = count == 3 ? p->few_count[kind] : p->edge_count[kind];
		}
	}
}

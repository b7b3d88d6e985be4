/*
 * The platform-level interrupt controller: see plic.h for registers and rules.
 *
 * The lines to the harts are worked out anew for every context after each change; with 96 sources that is three words a
 * context, and nothing but device and register accesses gets here.
 */
#include "devices/plic.h"

#include <stdlib.h>

#include "emu/base/state.h"

#define PRIORITY_BASE 0x000000
#define PENDING_BASE 0x001000
#define ENABLE_BASE 0x002000
#define ENABLE_STRIDE 0x80
#define CONTEXT_BASE 0x200000
#define CONTEXT_STRIDE 0x1000
#define THRESHOLD 0
#define CLAIM 4

#define PRIORITY_MASK 7

static bool bit_get(const u32 *words, u32 n)
{
	return words[n / 32] >> (n % 32) & 1;
}

static void bit_set(u32 *words, u32 n, bool value)
{
	u32 bit = 1u << (n % 32);
	words[n / 32] = value ? words[n / 32] | bit : words[n / 32] & ~bit;
}

/* The source this context would claim: pending, enabled, of the highest priority above `floor`; of equals the lowest
 * number. 0 if there is none. */
static u32 best_source(const struct plic *plic, const struct plic_context *context, u32 floor)
{
	u32 best = 0;
	for (u32 word = 0; word < PLIC_WORDS; word++) {
		u32 candidates = plic->pending[word] & context->enable[word] & ~plic->claimed[word];
		for (; candidates; candidates &= candidates - 1) {
			u32 source = 32 * word + (u32)__builtin_ctz(candidates);
			if (plic->priority[source] > floor) {
				best = source;
				floor = plic->priority[source];
			}
		}
	}
	return best;
}

static void update(struct plic *plic)
{
	for (u32 i = 0; i < plic->context_count; i++) {
		struct plic_context *context = &plic->contexts[i];
		irq_set(&context->line, best_source(plic, context, context->threshold) != 0);
	}
}

/* The gateway of a level-triggered source: lets a high wire through unless the source is being served. */
static void gateway(struct plic *plic, u32 source)
{
	if (!bit_get(plic->edge, source) && bit_get(plic->level, source) && !bit_get(plic->claimed, source))
		bit_set(plic->pending, source, true);
}

void plic_set(void *arg, u32 source, bool level)
{
	struct plic *plic = arg;
	BUG_ON(source == 0 || source >= MEMMAP_PLIC_SOURCES);
	bit_set(plic->level, source, level);
	if (bit_get(plic->edge, source))
		bit_set(plic->pending, source, level);
	gateway(plic, source);
	update(plic);
}

struct irq_line plic_line(struct plic *plic, u32 source)
{
	return (struct irq_line){ .set = plic_set, .arg = plic, .number = source };
}

struct irq_line plic_edge_line(struct plic *plic, u32 source)
{
	bit_set(plic->edge, source, true);
	return plic_line(plic, source);
}

static u32 claim(struct plic *plic, struct plic_context *context)
{
	u32 source = best_source(plic, context, 0);
	if (source) {
		bit_set(plic->pending, source, false);
		bit_set(plic->claimed, source, true);
		update(plic);
	}
	return source;
}

static void complete(struct plic *plic, struct plic_context *context, u32 source)
{
	if (source == 0 || source >= MEMMAP_PLIC_SOURCES || !bit_get(context->enable, source))
		return;
	bit_set(plic->claimed, source, false);
	gateway(plic, source);
	update(plic);
}

/* The context whose registers are at offset in an array at `base`, and in *rest the place within them. Or NULL. */
static struct plic_context *context_at(struct plic *plic, u64 offset, u64 base, u64 stride, u64 *rest)
{
	u64 index = (offset - base) / stride;
	*rest = (offset - base) % stride;
	return index < plic->context_count ? &plic->contexts[index] : NULL;
}

static bool load(void *device, u64 offset, u32 size, u64 *value)
{
	struct plic *plic = device;
	u64 rest;
	if (size != 4)
		return false;
	*value = 0;
	if (offset >= CONTEXT_BASE) {
		struct plic_context *context = context_at(plic, offset, CONTEXT_BASE, CONTEXT_STRIDE, &rest);
		if (context && rest == THRESHOLD)
			*value = context->threshold;
		else if (context && rest == CLAIM)
			*value = claim(plic, context);
	} else if (offset >= ENABLE_BASE) {
		struct plic_context *context = context_at(plic, offset, ENABLE_BASE, ENABLE_STRIDE, &rest);
		if (context && rest / 4 < PLIC_WORDS)
			*value = context->enable[rest / 4];
	} else if (offset >= PENDING_BASE) {
		if ((offset - PENDING_BASE) / 4 < PLIC_WORDS)
			*value = plic->pending[(offset - PENDING_BASE) / 4];
	} else if (offset / 4 < MEMMAP_PLIC_SOURCES) {
		*value = plic->priority[offset / 4];
	}
	return true;
}

/* The bits of an enable word that belong to sources which exist. */
static u32 enable_mask(u64 word)
{
	u32 mask = word == 0 ? ~1u : ~0u;
	u32 left = MEMMAP_PLIC_SOURCES - 32 * (u32)word;
	return left < 32 ? mask & ((1u << left) - 1) : mask;
}

static void store_context(struct plic *plic, struct plic_context *context, u64 rest, u32 value)
{
	if (rest == CLAIM) {
		complete(plic, context, value);
	} else if (rest == THRESHOLD) {
		context->threshold = value & PRIORITY_MASK;
		update(plic);
	}
}

static bool store(void *device, u64 offset, u32 size, u64 value)
{
	struct plic *plic = device;
	u64 rest;
	if (size != 4)
		return false;
	if (offset >= CONTEXT_BASE) {
		struct plic_context *context = context_at(plic, offset, CONTEXT_BASE, CONTEXT_STRIDE, &rest);
		if (context)
			store_context(plic, context, rest, (u32)value);
	} else if (offset >= ENABLE_BASE) {
		struct plic_context *context = context_at(plic, offset, ENABLE_BASE, ENABLE_STRIDE, &rest);
		if (context && rest / 4 < PLIC_WORDS) {
			context->enable[rest / 4] = (u32)value & enable_mask(rest / 4);
			update(plic);
		}
	} else if (offset < PENDING_BASE && offset / 4 > 0 && offset / 4 < MEMMAP_PLIC_SOURCES) {
		plic->priority[offset / 4] = value & PRIORITY_MASK;
		update(plic);
	}
	return true;
}

static const struct device_ops plic_ops = { .load = load, .store = store };

struct plic *plic_create(struct bus *bus, u64 base, u32 hart_count, struct error *err)
{
	BUG_ON(hart_count == 0 || hart_count > PLIC_HARTS_MAX);
	struct plic *plic = xcalloc(1, sizeof(*plic));
	plic->context_count = 2 * hart_count;
	if (!bus_add_device(bus, "plic", base, MEMMAP_PLIC_SIZE, &plic_ops, plic, err)) {
		free(plic);
		return NULL;
	}
	return plic;
}

void plic_destroy(struct plic *plic)
{
	free(plic);
}

static void state_words(struct state *s, u32 words[PLIC_WORDS])
{
	for (u32 i = 0; i < PLIC_WORDS; i++)
		state_u32(s, &words[i]);
	if (words[0] & 1)
		state_fail(s, "the snapshot is damaged: its interrupt controller has a source 0");
}

void plic_state(struct state *s, struct plic *plic)
{
	state_section(s, "plic", 1);
	for (u32 i = 0; i < MEMMAP_PLIC_SOURCES; i++)
		state_below(s, &plic->priority[i], PRIORITY_MASK + 1);
	state_words(s, plic->level);
	state_words(s, plic->pending);
	state_words(s, plic->claimed);
	for (u32 i = 0; i < plic->context_count; i++) {
		struct plic_context *context = &plic->contexts[i];
		irq_state(s, &context->line);
		state_words(s, context->enable);
		state_below(s, &context->threshold, PRIORITY_MASK + 1);
	}
}

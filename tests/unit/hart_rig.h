/*
 * A hart on a bench: bus with a little RAM, clock, decoder and block cache around it, for the tests of cpu/. Time is
 * mtime's 10 MHz from guest time plus an offset that a test may set. Nothing runs instructions here: tests do what the
 * engine would.
 */
#ifndef RVEMU_TESTS_UNIT_HART_RIG_H
#define RVEMU_TESTS_UNIT_HART_RIG_H

#include "cpu/block.h"
#include "cpu/csr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RIG_RAM 0x80000000ull
#define RIG_RAM_SIZE (64 * KIB)
#define RIG_TICK_NS 100
#define RIG_EVENTS 16

struct rig {
	struct bus bus;
	struct clock clock;
	struct decoder decoder;
	struct mmu_config mmu;
	struct block_cache *blocks;
	struct trace trace;
	struct hart *h;
	u64 mtime_offset;                   /* mtime at guest time 0 */
	u32 events;                         /* how often the trace's sink was told */
	enum trace_sort sort[RIG_EVENTS];   /* of what */
	struct trace_csr csr[RIG_EVENTS];   /* where it was a CSR write */
	struct trace_trap trap[RIG_EVENTS]; /* where it was a trap */
};

static inline u64 rig_mtime(void *arg, u64 ns)
{
	const struct rig *r = arg;

	return ns / RIG_TICK_NS + r->mtime_offset;
}

static inline u64 rig_ns_of_mtime(void *arg, u64 mtime)
{
	const struct rig *r = arg;

	return mtime < r->mtime_offset                               ? 0
	       : mtime - r->mtime_offset > CLOCK_NEVER / RIG_TICK_NS ? CLOCK_NEVER
	                                                             : (mtime - r->mtime_offset) * RIG_TICK_NS;
}

static inline void rig_emit(void *arg, enum trace_sort sort, const void *event)
{
	struct rig *r = arg;
	u32 i = r->events++ % RIG_EVENTS;

	r->sort[i] = sort;
	if (sort == TRACE_CSR)
		r->csr[i] = *(const struct trace_csr *)event;
	else if (sort == TRACE_TRAP)
		r->trap[i] = *(const struct trace_trap *)event;
}

/* A hart of the given extensions, out of reset at the start of RAM. */
static inline struct rig *rig_create_isa(const struct isa *isa)
{
	struct rig *r = xcalloc(1, sizeof(*r));
	struct error err;

	bus_init(&r->bus);
	assert_true(bus_add_ram(&r->bus, "ram", RIG_RAM, RIG_RAM_SIZE, &err));
	clock_init(&r->clock);
	decoder_init(&r->decoder, isa);
	r->blocks = block_cache_create(&r->bus);
	r->trace = (struct trace){ .emit = rig_emit, .arg = r };
	r->mmu = (struct mmu_config){
		.tlb = tlb_preset("fast"),
		.ad = AD_ADUE,
		.asid_bits = 16,
		.levels_max = 5,
		.has_svnapot = isa_has(isa, EXT_SVNAPOT),
		.has_svpbmt = isa_has(isa, EXT_SVPBMT),
	};
	struct hart_config config = {
		.id = 3,
		.decoder = &r->decoder,
		.mmu = &r->mmu,
		.bus = &r->bus,
		.clock = &r->clock,
		.blocks = r->blocks,
		.trace = &r->trace,
	};
	r->h = hart_create(&config);
	r->h->mtime = rig_mtime;
	r->h->ns_of_mtime = rig_ns_of_mtime;
	r->h->mtime_arg = r;
	hart_reset(r->h, RIG_RAM, 0);
	return r;
}

static inline struct rig *rig_create(const char *isa_text)
{
	struct isa isa;
	struct error err;

	assert_true(isa_parse(&isa, isa_text, &err));
	return rig_create_isa(&isa);
}

/* M mode alone, which no ISA string can say. */
static inline struct rig *rig_create_m_only(void)
{
	struct isa isa = { .ext = BIT(EXT_I) | BIT(EXT_ZICSR) };

	return rig_create_isa(&isa);
}

static inline void rig_destroy(struct rig *r)
{
	hart_destroy(r->h);
	block_cache_destroy(r->blocks);
	clock_free(&r->clock);
	bus_free(&r->bus);
	free(r);
}

/* Fixture: a hart that has everything. */
static inline int rig_setup(void **state)
{
	*state = rig_create("max");
	return 0;
}

static inline int rig_teardown(void **state)
{
	rig_destroy(*state);
	return 0;
}

/* Puts the hart into a mode by decree. */
static inline void rig_set_mode(struct rig *r, enum priv priv)
{
	r->h->priv = priv;
	hart_update_context(r->h);
	hart_update_attention(r->h);
}

/* Does n instructions that touch nothing: time goes on with them. */
static inline void rig_step(struct rig *r, u64 n)
{
	r->h->count += n;
	clock_run(&r->clock, hart_time_ns(r->h));
}

/* Instructions, which count as a step where they are legal. */
static inline bool rig_csr(struct rig *r, u32 number, enum csr_op op, u64 operand, bool reads, bool writes, u64 *old)
{
	bool legal = csr_access(r->h, number, op, operand, reads, writes, old);

	if (legal)
		rig_step(r, 1);
	return legal;
}

static inline bool can_read(struct rig *r, u32 number)
{
	u64 old;

	return rig_csr(r, number, CSR_SET, 0, true, false, &old);
}

/* Writes what it holds already, by csrrs of nothing with a register that is not x0. */
static inline bool can_write(struct rig *r, u32 number)
{
	u64 old;

	return rig_csr(r, number, CSR_SET, 0, true, true, &old);
}

static inline u64 csr_read(struct rig *r, u32 number)
{
	u64 value = 0;

	assert_true(rig_csr(r, number, CSR_SET, 0, true, false, &value));
	return value;
}

static inline void csr_write(struct rig *r, u32 number, u64 value)
{
	u64 old;

	assert_true(rig_csr(r, number, CSR_WRITE, value, false, true, &old));
}

static inline u64 csr_written(struct rig *r, u32 number, u64 value)
{
	csr_write(r, number, value);
	return csr_read(r, number);
}

static inline void csr_set(struct rig *r, u32 number, u64 value)
{
	u64 old;

	assert_true(rig_csr(r, number, CSR_SET, value, true, true, &old));
}

static inline void csr_clear(struct rig *r, u32 number, u64 value)
{
	u64 old;

	assert_true(rig_csr(r, number, CSR_CLEAR, value, true, true, &old));
}

#endif

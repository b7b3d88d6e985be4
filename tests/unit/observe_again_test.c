/*
 * The short way of fetches (mmu/seen.h, cpu/observe.h) against the long one: two machines run the same random code
 * under Sv39, one of them with every event wanted. All that is counted must be the same in the end; and a timing model
 * changes nothing but cycles.
 */
#include "tests/unit/machine_rig.h"

#include <stdlib.h>

#include "cpu/counters.h"
#include "cpu/csr.h"

#define CODE (RIG_RAM + 0x100000) /* random code, in three pages and a bit: their order is mixed up */
#define CODE_PAGES 4
#define CODE_VA 0x10000000ull
#define DATA_VA 0x10100000ull
#define TABLES (RIG_RAM + 0x200000)
#define FLAGS (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)
#define C_NOP 0x0001
#define CSR_MCYCLE 0xb00

static struct machine_rig rigs[2];

static void put(struct machine *m, u64 pa, const void *bytes, u64 size)
{
	assert_true(bus_write(&m->bus, pa, bytes, size));
}

static void put_pte(struct machine *m, u64 pte_addr, u64 pa, u64 flags)
{
	u64 pte = pa >> PAGE_SHIFT << PTE_PPN_SHIFT | flags;

	put(m, pte_addr, &pte, sizeof(pte));
}

/* One instruction or another; jumps go to `near`, which is the offset of one made before. */
static u32 random_insn(u64 offset, const u64 *starts, u32 count)
{
	switch (random() % 10) {
	case 0:
		return rv_ld(RV_A1, RV_A0, (s32)(random() % 256 * 8));
	case 1:
		return rv_sd(RV_A1, RV_A0, (s32)(random() % 256 * 8));
	case 2:
		return rv_addi(RV_A0, RV_A0, 8);
	case 3:
		return rv_bne(RV_A1, RV_A0, 8); /* over a few bytes: lands in code that is made of whole instructions */
	case 4:
		if (count > 8 && random() % 8 == 0)
			return rv_jal(RV_ZERO, (s32)(starts[(u32)random() % count] - offset));
		return rv_addi(RV_T0, RV_T0, 1);
	default:
		return random() % 2 ? rv_addi(RV_T1, RV_T1, 3) : C_NOP;
	}
}

/* Fills the pages of code; it ends with a jump to its start. */
static void make_code(struct machine *m)
{
	static u8 bytes[CODE_PAGES * PAGE_SIZE];
	static u64 starts[sizeof(bytes) / 2];
	const u16 nop = C_NOP;
	u32 count = 0;
	u64 at = 0;

	while (at + 32 < sizeof(bytes)) {
		u32 raw = random_insn(at, starts, count);

		starts[count++] = at;
		memcpy(bytes + at, &raw, 4);
		at += (raw & 3) == 3 ? 4 : 2;
		if ((raw & 0x7f) == 0x63)
			for (u32 i = 0; i < 4; i++, at += 2)
				memcpy(bytes + at, &nop, 2);
	}
	u32 back = rv_jal(RV_ZERO, -(s32)at);

	memcpy(bytes + at, &back, 4);
	for (u64 page = 0; page < CODE_PAGES; page++)
		put(m, CODE + (page * 3 % CODE_PAGES) * PAGE_SIZE, bytes + page * PAGE_SIZE, PAGE_SIZE);
}

static void set_up(struct machine_rig *r, const char *options, u32 wanted, u32 number)
{
	const u32 code[] = { rv_jal(RV_ZERO, 0) };

	rig_start(r, options, code, ARRAY_SIZE(code));
	struct hart *h = r->m->harts[0];

	srandom(number);
	make_code(r->m);
	put_pte(r->m, TABLES, TABLES + 0x1000, PTE_V);
	put_pte(r->m, TABLES + 0x1000 + 8 * (CODE_VA >> 21), TABLES + 0x2000, PTE_V);
	for (u64 page = 0; page < CODE_PAGES; page++)
		put_pte(r->m, TABLES + 0x2000 + 8 * page, CODE + (page * 3 % CODE_PAGES) * PAGE_SIZE, FLAGS);
	for (u64 page = 0; page < 256; page++)
		put_pte(r->m, TABLES + 0x2000 + 8 * (256 + page), CODE + (16 + page % 32) * PAGE_SIZE, FLAGS);
	(void)pmp_write_addr(&h->mmu.pmp, 0, ~0ull);
	(void)pmp_write_cfg(&h->mmu.pmp, 0, 0x1f);
	mmu_pmp_changed(&h->mmu);
	mmu_write_satp(&h->mmu, 8ull << 60 | TABLES >> PAGE_SHIFT);
	h->priv = PRIV_S;
	h->pc = CODE_VA;
	h->x[RV_A0] = DATA_VA;
	hart_update_context(h);
	r->m->trace.wanted = wanted;
	hart_update_observing(h);
}

static void ignore(void *arg, enum trace_sort sort, const void *event)
{
	(void)arg, (void)sort, (void)event;
}

static void test_both_ways_of_fetches_count_the_same(void **state)
{
	static const char *const cores[] = { "--tlb teach",           "--core teach",         "--core rocket",
		                             "--tlb rocket,split=no", "--core cva6",          "--core champsim",
		                             "--core teach,split=no", "--core u74,l1i.size=0" };

	(void)state;
	for (u32 i = 0; i < 3 * ARRAY_SIZE(cores); i++) {
		char options[128];

		snprintf(options, sizeof(options), "--max-insns 20000 %s", cores[i / 3]);
		for (u32 n = 0; n < 2; n++) {
			struct machine_rig *r = &rigs[n];

			r->io.trace = (struct trace){ .emit = ignore };
			set_up(r, options, n ? ~0u : 0, i);
			assert_int_equal(run_machine(r->m, NULL), RUN_LIMIT);
		}
		const struct hart *one = rigs[0].m->harts[0], *other = rigs[1].m->harts[0];

		assert_int_equal(one->pc, other->pc);
		assert_int_equal(one->not_retired, other->not_retired);
		assert_memory_equal(&one->mmu.stats, &other->mmu.stats, sizeof(one->mmu.stats));
		assert_memory_equal(&one->events, &other->events, sizeof(one->events));
		assert_int_equal(mmu_cycles(&one->mmu), mmu_cycles(&other->mmu));
		if (one->mmu.cost)
			assert_memory_equal(cost_stats(one->mmu.cost), cost_stats(other->mmu.cost),
			                    sizeof(struct cost_stats));
		rig_free(&rigs[0]);
		rig_free(&rigs[1]);
	}
}

static void test_timing_changes_nothing_but_cycles(void **state)
{
	(void)state;
	set_up(&rigs[0], "--max-insns 50000 --tlb rocket", 0, 7);
	set_up(&rigs[1], "--max-insns 50000 --core rocket", 0, 7);
	for (u32 n = 0; n < 2; n++)
		assert_int_equal(run_machine(rigs[n].m, NULL), RUN_LIMIT);
	struct hart *plain = rigs[0].m->harts[0], *timed = rigs[1].m->harts[0];

	assert_int_equal(plain->pc, timed->pc);
	assert_int_equal(machine_instret(rigs[0].m), machine_instret(rigs[1].m));
	assert_int_equal(machine_ram_hash(rigs[0].m), machine_ram_hash(rigs[1].m));
	assert_int_equal(rigs[0].m->clock.now_ns, rigs[1].m->clock.now_ns);
	assert_memory_equal(&plain->mmu.stats.tlb, &timed->mmu.stats.tlb, sizeof(plain->mmu.stats.tlb));
	assert_int_equal(counters_read(plain, COUNTER_CYCLE), plain->count);
	assert_true(cost_waited(timed->mmu.cost) > 0);
	assert_int_equal(counters_read(timed, COUNTER_CYCLE), timed->count + cost_waited(timed->mmu.cost));
	rig_free(&rigs[0]);
	rig_free(&rigs[1]);
}

/* Sscofpmf with cycles that come many at a time: noticed in time, never early. */
static void test_overflow_of_waited_cycles_is_noticed_soon(void **state)
{
	(void)state;
	set_up(&rigs[0], "--max-insns 200 --core teach", 0, 3);
	struct hart *h = rigs[0].m->harts[0];
	u64 before = 0 - 3000ull;

	counters_set_event(h, 3, EVENT_CYCLES);
	counters_write(h, 3, before);
	for (u32 i = 0; i < 100 && !(h->csr.hpm_event[3] & HPMEVENT_OF); i++) {
		assert_int_equal(run_machine(rigs[0].m, NULL), RUN_LIMIT);
		if (counters_read(h, 3) >= before)
			assert_false(h->csr.hpm_event[3] & HPMEVENT_OF);
	}
	assert_true(h->csr.hpm_event[3] & HPMEVENT_OF);
	assert_in_range(counters_read(h, 3), 0, (COUNTERS_LATE + 200) * 64ull * 20);
	rig_free(&rigs[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways_of_fetches_count_the_same),
		cmocka_unit_test(test_timing_changes_nothing_but_cycles),
		cmocka_unit_test(test_overflow_of_waited_cycles_is_noticed_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

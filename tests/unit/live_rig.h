/*
 * A machine with page tables and the live view of it, for tests: a program in S mode, mapped where it is, and a page
 * for user mode.
 */
#ifndef RVEMU_TESTS_UNIT_LIVE_RIG_H
#define RVEMU_TESTS_UNIT_LIVE_RIG_H

#include <stdlib.h>
#include <string.h>

#include "emu/observe/observers.h"
#include "tests/unit/machine_rig.h"

#define LIVE_FIRST (RIG_RAM >> 12)
#define LIVE_ROOT (LIVE_FIRST + 16) /* three tables, and two pages */
#define LIVE_MIDDLE (LIVE_FIRST + 17)
#define LIVE_LEAVES (LIVE_FIRST + 18)
#define LIVE_PAGE (LIVE_FIRST + 32)
#define LIVE_PAGE2 (LIVE_FIRST + 33)
#define LIVE_VA 0x40205000ull /* indexes 1, 1, 5 */
#define LIVE_VA2 0x40206000ull
#define LIVE_VA_NONE 0x40207000ull
#define LIVE_ASID 5
#define LIVE_SATP (8ull << 60 | (u64)LIVE_ASID << 44 | LIVE_ROOT)
#define LIVE_POINTER(frame) ((u64)(frame) << 10 | PTE_V)
#define LIVE_USER(frame, bits) ((u64)(frame) << 10 | PTE_V | PTE_R | PTE_W | PTE_U | (bits))

struct live_rig {
	struct machine_rig rig;
	struct observers *observers;
	struct live *live;
	struct control control;
	struct host_io *io;
	struct live_request request;
	struct live_view *view;
};

static inline void live_put(struct live_rig *r, u64 frame, u32 index, u64 pte)
{
	assert_true(bus_store(&r->rig.m->bus, (frame << 12) + (u64)index * 8, 8, pte));
}

/* The 1 GiB page that all code runs from, and the two user pages. */
static inline void live_map(struct live_rig *r)
{
	u64 code = (RIG_RAM >> 30 << 18) << 10 | PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D | PTE_G;

	live_put(r, LIVE_ROOT, 2, code);
	live_put(r, LIVE_ROOT, 1, LIVE_POINTER(LIVE_MIDDLE));
	live_put(r, LIVE_MIDDLE, 1, LIVE_POINTER(LIVE_LEAVES));
	live_put(r, LIVE_LEAVES, 5, LIVE_USER(LIVE_PAGE, PTE_A | PTE_D));
	live_put(r, LIVE_LEAVES, 6, LIVE_USER(LIVE_PAGE2, 0));
	live_put(r, LIVE_LEAVES, 511, 0x1234500); /* V=0, but not empty */
}

/* Every hart is in S mode with SUM, translates, and begins at the code; a0 is LIVE_VA, a1 LIVE_VA2, a2 LIVE_VA_NONE. */
static inline void live_enter(struct live_rig *r)
{
	for (u32 i = 0; i < r->rig.m->hart_count; i++) {
		struct hart *h = r->rig.m->harts[i];

		(void)pmp_write_addr(&h->mmu.pmp, 0, MASK(54));
		(void)pmp_write_cfg(&h->mmu.pmp, 0, 0x1f);
		mmu_pmp_changed(&h->mmu);
		mmu_write_satp(&h->mmu, LIVE_SATP);
		h->priv = PRIV_S;
		h->csr.mstatus |= MSTATUS_SUM;
		hart_update_context(h);
		h->x[RV_A0] = LIVE_VA;
		h->x[RV_A1] = LIVE_VA2;
		h->x[RV_A2] = LIVE_VA_NONE;
	}
}

static inline void live_start(struct live_rig *r, const char *options, const u32 *code, u32 count)
{
	struct error err;
	char all[200];

	*r = (struct live_rig){ .request = { .frame_pa = UINT64_MAX } };
	snprintf(all, sizeof(all), "--display tui %s", options);
	if (!rig_options(&r->rig, all, "guest.elf"))
		fail_msg("%s", r->rig.err.text);
	r->observers = observers_create(&r->rig.config, NULL, &err);
	assert_non_null(r->observers);
	r->rig.io.trace = observers_trace(r->observers);
	rig_start(&r->rig, all, code, count);
	assert_true(observers_attach(r->observers, r->rig.m, &err));
	r->live = observers_live(r->observers);
	assert_non_null(r->live);
	r->view = live_view_create();
	r->io = host_io_create();
	live_map(r);
	live_enter(r);
}

static inline void live_stop(struct live_rig *r)
{
	struct error err;

	observers_detach(r->observers);
	rig_free(&r->rig);
	live_view_destroy(r->view);
	host_io_destroy(r->io);
	assert_true(observers_destroy(r->observers, &err));
}

/* Somebody looks from now on. */
static inline void live_open(struct live_rig *r)
{
	if (live_look(r->live, true))
		observers_apply(r->observers, r->rig.m);
}

/* Makes so many steps. */
static inline void live_run(struct live_rig *r, u64 steps)
{
	struct config *config = (struct config *)r->rig.m->config;
	struct outside outside = { .io = r->io, .control = &r->control };

	config->max_insns = steps;
	assert_int_equal(run_machine(r->rig.m, &outside), RUN_LIMIT);
}

static inline const struct live_view *live_see(struct live_rig *r)
{
	live_collect(r->live, &r->request, r->view);
	return r->view;
}

static inline const struct live_cell *live_cell_of(const struct live_view *view, u64 frame)
{
	assert_true(frame - LIVE_FIRST < view->cell_count);
	return &view->cells[frame - LIVE_FIRST];
}

/* A hint, as if the guest's kernel gave it now. */
static inline void live_hint(struct live_rig *r, u32 number, u64 a, u64 b, u64 c, u64 d)
{
	struct trace_hint event = { .number = number, .args = { a, b, c, d } };

	hart_trace_head(r->rig.m->harts[0], &event.head);
	r->rig.m->trace.emit(r->rig.m->trace.arg, TRACE_HINT, &event);
}

#endif

/*
 * A machine with page tables, held by a monitor, for tests of what the monitor answers.
 */
#ifndef RVEMU_TESTS_UNIT_MONITOR_RIG_H
#define RVEMU_TESTS_UNIT_MONITOR_RIG_H

#include <stdlib.h>

#include "emu/monitor.h"
#include "emu/observe/observers.h"
#include "tests/unit/machine_rig.h"

#define RIG_ROOT 0x80100000ull
#define RIG_TABLE1 0x80101000ull
#define RIG_TABLE0 0x80102000ull
#define RIG_PAGE 0x80110000ull
#define RIG_VA 0x40201000ull /* VPN 1, 1, 1 */

#define READ_ONLY (PTE_V | PTE_R | PTE_A | PTE_D)
#define READ_WRITE (READ_ONLY | PTE_W)

#define PTE_TO(pa, flags) ((pa) >> 12 << 10 | (flags))

struct monitor_rig {
	struct machine_rig rig;
	struct control control;
	struct observers *observers;
	struct monitor monitor;
	enum monitor_result result; /* of the last line */
	char *text;                 /* what it answered */
	size_t size;
};

/* Says a line; the answer is valid until the next. */
static inline const char *say(struct monitor_rig *r, const char *line)
{
	free(r->text);
	FILE *out = open_memstream(&r->text, &r->size);
	r->result = monitor_command(&r->monitor, line, out);
	fclose(out);
	return r->text;
}

/* The answer must be this text, or contain it. */
static inline void expect(struct monitor_rig *r, const char *line, const char *text)
{
	assert_string_equal(say(r, line), text);
}

static inline void expect_part(struct monitor_rig *r, const char *line, const char *part)
{
	const char *text = say(r, line);
	if (!strstr(text, part))
		fail_msg("%s: '%s' is not in:\n%s", line, part, text);
}

static inline void put_word(struct monitor_rig *r, u64 pa, u64 value)
{
	assert_true(bus_store(&r->rig.m->bus, pa, 8, value));
}

/* Opens all memory to S mode, turns Sv39 on and enters S mode. RIG_VA is a page with these flags. */
static inline void set_up_paging(struct monitor_rig *r, u64 flags)
{
	struct hart *h = r->rig.m->harts[0];
	put_word(r, RIG_ROOT + 8, PTE_TO(RIG_TABLE1, PTE_V));
	put_word(r, RIG_TABLE1 + 8, PTE_TO(RIG_TABLE0, PTE_V));
	put_word(r, RIG_TABLE0 + 8, PTE_TO(RIG_PAGE, flags));
	(void)pmp_write_addr(&h->mmu.pmp, 0, MASK(54));
	(void)pmp_write_cfg(&h->mmu.pmp, 0, 0x1f);
	mmu_write_satp(&h->mmu, 8ull << 60 | 5ull << 44 | RIG_ROOT >> 12);
	h->priv = PRIV_S;
	hart_update_context(h);
}

/* What its harts would run. */
static const u32 monitor_program[] = {
	0x00000297, /* auipc t0, 0 */
	0x02828613, /* addi  a2, t0, 40 */
	0x00100073, /* ebreak */
	0xfe000ee3, /* beq   zero, zero, .-4 */
	0x0000006f, /* j     . */
};

static inline void monitor_rig_start(struct monitor_rig *r)
{
	struct error err;
	*r = (struct monitor_rig){ 0 };
	r->rig.io.debug = &r->control.debug;
	rig_start(&r->rig, "--smp 2", monitor_program, ARRAY_SIZE(monitor_program));
	r->control.machine = r->rig.m;
	r->observers = observers_create(&r->rig.config, &r->rig.boot.symbols, &err);
	assert_non_null(r->observers);
	r->monitor = (struct monitor){ .control = &r->control, .observers = r->observers };
}

static inline void monitor_rig_free(struct monitor_rig *r)
{
	struct error err;
	assert_true(observers_destroy(r->observers, &err));
	rig_free(&r->rig);
	free(r->control.load_snapshot);
	free(r->text);
}

#endif

/*
 * A machine with one of the engine's guest programs, run in portions; and what of its harts must not depend on how it
 * was run.
 *
 * ELFS (the directory of the built programs) comes from run.sh.
 */
#ifndef RVEMU_TESTS_ENGINE_ENGINE_RIG_H
#define RVEMU_TESTS_ENGINE_ENGINE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "emu/machine.h"
#include "emu/run.h"

struct rig {
	struct config config;
	struct boot boot;
	struct machine *m;
	char path[256];          /* of the ELF file */
	char harts[16];          /* options, as text */
	char quantum[24];        /* likewise */
	u64 events[TRACE_SORTS]; /* what a traced one was told, by sort */
	u64 out;                 /* bytes that the guest printed */
};

static inline void rig_put(void *arg, u8 byte)
{
	struct rig *r = arg;

	(void)byte;
	r->out++;
}

static inline void rig_emit(void *arg, enum trace_sort sort, const void *event)
{
	struct rig *r = arg;

	(void)event;
	r->events[sort]++;
}

/* A machine at its reset, with ELFS/elf.elf in it. */
static inline struct rig *rig_create(const char *elf, u32 harts, u32 quantum, bool traced)
{
	struct rig *r = xcalloc(1, sizeof(*r));
	char *argv[] = { "rvemu",    "-m",     strcmp(elf, "programs") == 0 ? "32M" : "4M",
		         "--smp",    r->harts, "--quantum",
		         r->quantum, r->path,  NULL };
	struct machine_io io = { .out = { rig_put, r } };
	struct error err = { "" };

	snprintf(r->path, sizeof(r->path), "%s/%s.elf", ELFS, elf);
	snprintf(r->harts, sizeof(r->harts), "%u", harts);
	snprintf(r->quantum, sizeof(r->quantum), "%u", quantum);
	if (traced)
		io.trace = (struct trace){ .wanted = (u32)MASK(TRACE_SORTS), .emit = rig_emit, .arg = r };
	if (!options_parse(&r->config, (int)ARRAY_SIZE(argv) - 1, argv, &err) ||
	    !boot_open(&r->boot, &r->config, &err) || !(r->m = machine_create(&r->config, &r->boot, &io, &err)))
		fail_msg("%s", err.text);
	return r;
}

static inline void rig_destroy(struct rig *r)
{
	machine_destroy(r->m);
	boot_close(&r->boot);
	free(r);
}

/* Runs it for `steps` more, or until it ends. With more than one hart turns begin anew. */
static inline enum run_end rig_run(struct rig *r, u64 steps)
{
	r->config.max_insns = steps;
	return run_machine(r->m, NULL);
}

/* Runs it to its end, which must be a good one. */
static inline void rig_finish(struct rig *r)
{
	assert_int_equal(rig_run(r, 0), RUN_STOPPED);
	assert_int_equal(r->m->stop_code, 0);
}

/* Everything of a hart that the guest can see. */
struct rig_state {
	u64 x[32], f[32];
	u64 pc, count, not_retired;
	u8 priv;
	bool waiting, reserved;
	struct csrs csr;
};

static inline void rig_look(const struct rig *r, u32 hart, struct rig_state *s)
{
	const struct hart *h = r->m->harts[hart];

	memset(s, 0, sizeof(*s));
	memcpy(s->x, h->x, sizeof(s->x));
	memcpy(s->f, h->f, sizeof(s->f));
	s->pc = h->pc;
	s->count = h->count;
	s->not_retired = h->not_retired;
	s->priv = h->priv;
	s->waiting = h->waiting;
	s->reserved = h->reserved;
	s->csr = h->csr;
}

/* Fails if two machines' harts differ. `when`: a number for the message. */
static inline void rig_compare(const struct rig *a, const struct rig *b, u64 when)
{
	struct rig_state sa, sb;

	for (u32 i = 0; i < a->m->hart_count; i++) {
		rig_look(a, i, &sa);
		rig_look(b, i, &sb);
		for (u32 x = 0; x < 32; x++)
			if (sa.x[x] != sb.x[x] || sa.f[x] != sb.f[x])
				fail_msg("after %llu steps: hart %u, register %u: x %llx %llx f %llx %llx, pc %llx",
				         (unsigned long long)when, i, x, (unsigned long long)sa.x[x],
				         (unsigned long long)sb.x[x], (unsigned long long)sa.f[x],
				         (unsigned long long)sb.f[x], (unsigned long long)sa.pc);
		if (memcmp(&sa, &sb, sizeof(sa)) != 0)
			fail_msg("after %llu steps: hart %u: pc %llx %llx, count %llu %llu, or a CSR",
			         (unsigned long long)when, i, (unsigned long long)sa.pc, (unsigned long long)sb.pc,
			         (unsigned long long)sa.count, (unsigned long long)sb.count);
	}
}

/* Fails unless both have ended alike. */
static inline void rig_compare_ends(struct rig *a, struct rig *b)
{
	rig_compare(a, b, machine_steps(a->m));
	assert_int_equal(a->m->stop, b->m->stop);
	assert_int_equal(a->m->stop_code, b->m->stop_code);
	assert_int_equal(a->out, b->out);
	assert_int_equal(machine_steps(a->m), machine_steps(b->m));
	assert_int_equal(machine_instret(a->m), machine_instret(b->m));
	assert_int_equal(machine_ram_hash(a->m), machine_ram_hash(b->m));
}

#endif

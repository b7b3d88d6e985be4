/*
 * A machine that goes on from a snapshot goes on as the one that was saved: after every portion both are saved again,
 * and what is saved must be the same, byte for byte. That covers every register, every TLB entry and its age, every
 * timer and all of RAM; and by what the guests do (storm.c), all that showed in them.
 *
 * Left out are the statistics that count how often the accelerators were of use: they have no part in what the guest
 * sees. ELFS (the folder of the guests) comes from run.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "emu/machine.h"
#include "emu/run.h"
#include "emu/snapshot.h"

#define ARGUMENTS 32

struct rig {
	struct config config;
	struct boot boot;
	struct machine *m;
	char line[512]; /* the command line, split */
	u64 out;        /* a hash of what the guest printed */
};

/* Saved machines. */
struct bytes {
	u8 *all;     /* malloc'ed */
	size_t size; /* how many */
	size_t room; /* room for */
	size_t at;   /* loading: the next one */
};

static void put(void *arg, u8 byte)
{
	struct rig *r = arg;
	r->out = (r->out ^ byte) * 0x100000001b3;
}

static struct rig *create(const char *options, const char *elf)
{
	struct rig *r = xcalloc(1, sizeof(*r));
	char *argv[ARGUMENTS];
	int argc = 0;
	struct error err = { "" };
	struct machine_io io = { .out = { .put = put, .arg = r }, .epoch_ns = 1000000000 };
	snprintf(r->line, sizeof(r->line), "rvemu -m 4M %s %s/%s.elf", options, ELFS, elf);
	for (char *word = strtok(r->line, " "); word && argc < ARGUMENTS; word = strtok(NULL, " "))
		argv[argc++] = word;
	if (!options_parse(&r->config, argc, argv, &err) || !boot_open(&r->boot, &r->config, &err) ||
	    !(r->m = machine_create(&r->config, &r->boot, &io, &err)))
		fail_msg("%s", err.text);
	return r;
}

static void destroy(struct rig *r)
{
	machine_destroy(r->m);
	boot_close(&r->boot);
	free(r);
}

/* Runs for `steps` more, or to the end; true if it may go on. */
static bool go(struct rig *r, u64 steps)
{
	r->config.max_insns = steps;
	return run_machine(r->m, NULL) == RUN_LIMIT;
}

static bool keep(void *arg, void *from, size_t size)
{
	struct bytes *b = arg;
	if (b->size + size > b->room) {
		b->room = 2 * (b->size + size);
		b->all = xrealloc(b->all, b->room);
	}
	memcpy(b->all + b->size, from, size);
	b->size += size;
	return true;
}

static bool give(void *arg, void *to, size_t size)
{
	struct bytes *b = arg;
	if (size > b->size - b->at)
		return false;
	memcpy(to, b->all + b->at, size);
	b->at += size;
	return true;
}

static void forget_inexact(struct machine *m)
{
	for (u32 i = 0; i < m->hart_count; i++) {
		struct mmu *mmu = &m->harts[i]->mmu;
		mmu->stats.loads = mmu->stats.stores = mmu->stats.fast_fills = mmu->stats.fast_flushes = 0;
		memset(mmu->stats.tlb[0].hits, 0, sizeof(mmu->stats.tlb[0].hits));
	}
}

static void save(struct rig *r, struct bytes *b)
{
	struct error err = { "" };
	struct state s = { .err = &err, .transfer = keep, .arg = b };
	forget_inexact(r->m);
	b->size = b->at = 0;
	snapshot_state(&s, r->m);
	assert_true(state_ok(&s));
}

static void load(struct rig *r, struct bytes *b)
{
	struct error err = { "" };
	struct state s = { .loading = true, .err = &err, .transfer = give, .arg = b };
	snapshot_state(&s, r->m);
	if (!state_ok(&s))
		fail_msg("%s", err.text);
	assert_int_equal(b->at, b->size);
}

/* Which part of two saved machines differs first, for the message: the last section's name in front of it. */
static const char *part_of(const struct bytes *b, size_t at)
{
	static const char *const parts[] = { "machine", "hart", "csr", "mmu",  "pmp", "tlb",  "clint",
		                             "plic",    "uart", "rtc", "htif", "ram", "clock" };
	static char text[64];
	const char *found = "likeness";
	size_t from = 0, last = 0;
	for (size_t i = 0; i < at; i++)
		for (u32 p = 0; p < ARRAY_SIZE(parts); p++)
			if (b->all[i] == (u8)parts[p][0] && i + 36 < b->size &&
			    strncmp((char *)b->all + i, parts[p], 32) == 0 && b->all[i + 32] == 1) {
				found = parts[p];
				last = i;
			}
	from = at - last - 36;
	snprintf(text, sizeof(text), "%s + %zu", found, from);
	return text;
}

static void compare(const struct bytes *a, const struct bytes *b, const char *options, u64 when)
{
	size_t size = a->size < b->size ? a->size : b->size, at = 0;
	if (a->size == b->size && memcmp(a->all, b->all, size) == 0)
		return;
	while (at < size && a->all[at] == b->all[at])
		at++;
	fail_msg("%s: after %llu steps the resumed machine is another: in %s", options, (unsigned long long)when,
	         part_of(a, at));
}

/* A small generator with a fixed seed. */
static u32 next_random(u64 *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(*state >> 33);
}

/* Things that wait in the UART. */
static void type(struct rig *r, u32 count)
{
	for (u32 i = 0; i < count && machine_input_room(r->m); i++)
		machine_input(r->m, (u8)('a' + i));
}

/* Goes on in portions of up to `portion` steps, each one also from a snapshot made in front of it. */
static void resume_everywhere(const char *options, const char *elf, u64 portion, u32 portions)
{
	struct rig *a = create(options, elf);
	struct bytes before = { 0 }, after = { 0 }, resumed = { 0 };
	u64 rng = portion;
	bool goes_on = true;
	for (u32 i = 0; i < portions && goes_on; i++) {
		u64 steps = 1 + next_random(&rng) % portion;
		struct rig *b = create(options, elf);
		type(a, next_random(&rng) % 4);
		save(a, &before);
		load(b, &before);
		b->out = a->out;
		goes_on = go(a, steps);
		assert_int_equal(go(b, steps), goes_on);
		save(a, &after);
		save(b, &resumed);
		compare(&after, &resumed, options, machine_steps(a->m));
		assert_int_equal(a->out, b->out);
		destroy(b);
	}
	if (!goes_on) {
		assert_int_equal(a->m->stop, STOP_POWEROFF);
		assert_int_equal(a->m->stop_code, 0);
	}
	free(before.all);
	free(after.all);
	free(resumed.all);
	destroy(a);
}

static void test_every_tlb_goes_on_alike(void **state)
{
	(void)state;
	for (u32 i = 0; tlb_preset_at(i); i++) {
		char options[64];
		snprintf(options, sizeof(options), "--tlb %s", tlb_preset_at(i)->name);
		resume_everywhere(options, "storm1", 20000, 60);
	}
}

static void test_short_portions_go_on_alike(void **state)
{
	(void)state;
	resume_everywhere("", "storm1", 40, 400);
	resume_everywhere("--tlb adversarial", "storm1", 40, 400);
	resume_everywhere("--tlb teach --ad trap", "storm1", 40, 400);
	resume_everywhere("--core champsim", "storm1", 400, 40);
	resume_everywhere("--core teach,split=no", "storm1", 400, 40);
}

static void test_several_harts_go_on_alike(void **state)
{
	(void)state;
	resume_everywhere("--smp 4 --quantum 7", "storm4", 20000, 40);
	resume_everywhere("--smp 4 --quantum 1000", "storm4", 300, 200);
	resume_everywhere("--smp 4 --tlb rocket", "storm4", 20000, 40);
	resume_everywhere("--smp 4 --core rocket", "storm4", 20000, 40);
	resume_everywhere("--smp 4 --tlb adversarial --quantum 100", "storm4", 20000, 40);
	resume_everywhere("--smp 4 --quantum 1", "smp4", 2000, 100);
}

static void test_engine_programs_go_on_alike(void **state)
{
	static const char *const programs[] = { "self_modify", "blocks", "traps", "aliases" };
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(programs); i++) {
		resume_everywhere("", programs[i], 1000, 100);
		resume_everywhere("--tlb teach", programs[i], 5000, 100);
	}
}

static void test_waiting_guest_goes_on_alike(void **state)
{
	(void)state;
	resume_everywhere("--smp 2", "sleeper", 20, 300);
}

/* How a run is cut into portions shows in nothing, not even in a TLB's statistics. */
static void test_portions_show_nowhere(void **state)
{
	static const char *const options[] = { "", "--tlb teach", "--tlb champsim", "--tlb adversarial" };
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(options); i++) {
		struct rig *a = create(options[i], "storm1"), *b = create(options[i], "storm1");
		struct bytes whole = { 0 }, cut = { 0 };
		u64 rng = i;
		while (go(b, 1 + next_random(&rng) % 500))
			;
		assert_false(go(a, 0));
		save(a, &whole);
		save(b, &cut);
		compare(&whole, &cut, options[i], machine_steps(a->m));
		free(whole.all);
		free(cut.all);
		destroy(a);
		destroy(b);
	}
}

/* Through a file, and to the end. */
static void test_file_holds_the_machine(void **state)
{
	struct rig *a = create("--smp 4 --tlb u74", "storm4"), *b = create("--smp 4 --tlb u74", "storm4");
	struct error err = { "" };
	char path[] = "/tmp/resume_test.XXXXXX";
	int fd = mkstemp(path);
	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_true(go(a, 500000));
	assert_true(snapshot_save(a->m, path, &err));
	if (!snapshot_load(b->m, path, &err))
		fail_msg("%s", err.text);
	unlink(path);
	assert_false(go(a, 0));
	assert_false(go(b, 0));
	assert_int_equal(a->m->stop_code, 0);
	assert_int_equal(machine_instret(a->m), machine_instret(b->m));
	assert_int_equal(machine_ram_hash(a->m), machine_ram_hash(b->m));
	destroy(a);
	destroy(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_holds_the_machine),      cmocka_unit_test(test_short_portions_go_on_alike),
		cmocka_unit_test(test_every_tlb_goes_on_alike),     cmocka_unit_test(test_several_harts_go_on_alike),
		cmocka_unit_test(test_engine_programs_go_on_alike), cmocka_unit_test(test_waiting_guest_goes_on_alike),
		cmocka_unit_test(test_portions_show_nowhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Snapshots with anything in them, the checksum notwithstanding: the input is a list of changes to what a real machine
 * saved. What is refused has a reason; what is taken runs for a while.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "emu/run.h"
#include "emu/snapshot.h"
#include "tests/fuzz/input.h"

#define STREAM_MAX (256 * KIB)
#define STEPS 300
#define CHANGES_MAX 16

/* A few instructions that use the TLB: satp is on, in S mode, under an identity mapping of 1 GiB pages. */
static const u32 guest[] = {
	0x00001297, /* auipc t0, 1: the root table */
	0x200003b7, /* lui t2, 0x20000: 0x80000000 >> 2 */
	0x0cf38393, /* addi t2, t2, 0xcf: DA--X WRV */
	0x0072b823, /* sd t2, 16(t0) */
	0xfff00313, /* li t1, -1 */
	0x3b031073, /* csrw pmpaddr0, t1 */
	0x01f00313, /* li t1, 0x1f */
	0x3a031073, /* csrw pmpcfg0, t1 */
	0x00c2d293, /* srli t0, t0, 12 */
	0xfff00313, /* li t1, -1 */
	0x03f31313, /* slli t1, t1, 63: Sv39 */
	0x0062e2b3, /* or t0, t0, t1 */
	0x18029073, /* csrw satp, t0 */
	0x00001337, /* lui t1, 1 */
	0x80030313, /* addi t1, t1, -2048 */
	0x30031073, /* csrw mstatus, t1: MPP is S */
	0x00000317, /* auipc t1, 0 */
	0x01030313, /* addi t1, t1, 16 */
	0x34131073, /* csrw mepc, t1 */
	0x30200073, /* mret */
	0x00002297, /* auipc t0, 2 */
	0x0062b023, /* loop: sd t1, 0(t0) */
	0x1002b3af, /* lr.d t2, (t0) */
	0x00130313, /* addi t1, t1, 1 */
	0xff5ff06f, /* j loop */
};

/* A machine, and what it is made of. */
struct rig {
	struct config config;
	struct boot boot;
	struct machine *m;
};

/* A saved machine, and the place in it. */
struct stream {
	u8 bytes[STREAM_MAX];
	size_t size, at;
};

static bool keep(void *arg, void *from, size_t size)
{
	struct stream *s = arg;
	BUG_ON(size > sizeof(s->bytes) - s->size);
	memcpy(s->bytes + s->size, from, size);
	s->size += size;
	return true;
}

static bool give(void *arg, void *to, size_t size)
{
	struct stream *s = arg;
	if (size > s->size - s->at)
		return false;
	memcpy(to, s->bytes + s->at, size);
	s->at += size;
	return true;
}

static void create(struct rig *r, u32 preset)
{
	static char *const presets[] = { "champsim", "adversarial" };
	char path[] = "/tmp/snapshot_fuzz.XXXXXX";
	char *argv[] = {
		"rvemu",         "-m", "32K", "--rng", "--console", "virtio", "--smp", preset ? "2" : "1", "--tlb",
		presets[preset], path
	};
	struct machine_io io = { .epoch_ns = 1 };
	struct error err;
	int fd = mkstemp(path);
	BUG_ON(fd < 0 || write(fd, guest, sizeof(guest)) != sizeof(guest));
	close(fd);
	BUG_ON(!options_parse(&r->config, (int)ARRAY_SIZE(argv), argv, &err) || !boot_open(&r->boot, &r->config, &err));
	unlink(path);
	r->m = machine_create(&r->config, &r->boot, &io, &err);
	BUG_ON(!r->m);
	r->config.max_insns = STEPS;
}

static void destroy(struct rig *r)
{
	machine_destroy(r->m);
	boot_close(&r->boot);
	options_free(&r->config);
}

static void save(struct stream *to, u32 preset)
{
	struct rig r = { 0 };
	struct state s = { .transfer = keep, .arg = to };
	create(&r, preset);
	(void)run_machine(r.m, NULL);
	snapshot_state(&s, r.m);
	destroy(&r);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t size)
{
	static struct stream saved[2];
	static struct stream changed;
	struct input in = { bytes, size };
	struct rig r = { 0 };
	struct error err = { "" };
	struct state s = { .loading = true, .err = &err, .transfer = give, .arg = &changed };
	u32 preset = input_number(&in, 1) & 1;
	if (!saved[preset].size)
		save(&saved[preset], preset);
	changed = saved[preset];
	for (u32 i = 0; i < CHANGES_MAX && in.size; i++) {
		u64 at = input_number(&in, 3) % changed.size;
		u64 value = input_number(&in, 8), count = 1 + input_number(&in, 1) % 8;
		if (count > changed.size - at)
			count = changed.size - at;
		memcpy(changed.bytes + at, &value, count);
	}
	create(&r, preset);
	snapshot_state(&s, r.m);
	BUG_ON(strchr(err.text, '\n'));
	if (state_ok(&s))
		(void)run_machine(r.m, NULL);
	destroy(&r);
	return 0;
}

/*
 * Any bytes from a debugger, for a machine of two harts that runs a little whenever it is let go. Lines of the input
 * are packets, with a frame put around them so that they get past the checksum; a line that begins with ! is sent as it
 * is. Nothing a debugger says harms rvemu, and when it goes nothing of it is left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cpu/engine.h"
#include "emu/gdbstub_internal.h"
#include "tests/fuzz/input.h"

#define STEPS 50

static void put_nowhere(void *arg, u8 byte)
{
	(void)arg;
	(void)byte;
}

/* A guest that stores, loads and traps: its ecall leads to the handler at the end, which returns behind it. */
static const u32 code[] = {
	0x00000297, /* auipc t0, 0 */
	0x02028313, /* addi t1, t0, 32 */
	0x30531073, /* csrw mtvec, t1 */
	0x1002b023, /* sd zero, 256(t0) */
	0x1042a503, /* lw a0, 260(t0) */
	0x10850593, /* addi a1, a0, 264 */
	0x00000073, /* ecall */
	0xff1ff06f, /* j -16 */
	0x341023f3, /* csrr t2, mepc */
	0x00438393, /* addi t2, t2, 4 */
	0x34139073, /* csrw mepc, t2 */
	0x30200073, /* mret */
};

/* What emu/run.c would do with a machine that is let go, for a few steps. */
static void run_a_little(struct control *c)
{
	struct hart *h = c->machine->harts[c->hart < c->machine->hart_count ? c->hart : 0];
	enum engine_exit why = ENGINE_BUDGET;
	bool stepping = c->stepping;

	h->slice_ns = c->machine->clock.now_ns;
	h->slice_count = h->count;
	if (!h->stopped)
		why = engine_run(h, stepping ? 1 : STEPS);
	if (why == ENGINE_DEBUG)
		control_pause(c, PAUSE_POINT, h->id);
	else if (stepping)
		control_pause(c, PAUSE_STEPPED, h->id);
}

static void send_line(struct gdbstub *g, const u8 *line, size_t size)
{
	char frame[8];
	u8 sum = 0;

	if (size && line[0] == '!') {
		gdb_feed(g, line + 1, size - 1);
		return;
	}
	for (size_t i = 0; i < size; i++)
		sum = (u8)(sum + line[i]);
	snprintf(frame, sizeof(frame), "#%02x", sum);
	gdb_feed(g, (const u8 *)"$", 1);
	gdb_feed(g, line, size);
	gdb_feed(g, (const u8 *)frame, 3);
}

static void debug(struct control *c, const u8 *bytes, size_t size)
{
	struct gdbstub *g = gdb_new(c, NULL, NULL);

	gdb_session_begin(g);
	while (size) {
		const u8 *end = memchr(bytes, '\n', size);
		size_t length = end ? (size_t)(end - bytes) : size;

		send_line(g, bytes, length);
		BUG_ON(g->out.size > 16 * GDB_PACKET_MAX);
		g->out.size = 0;
		if (!c->paused)
			run_a_little(c);
		bytes += length + (end != NULL);
		size -= length + (end != NULL);
	}
	if (g->in_session)
		gdb_session_end(g);
	BUG_ON(c->debug.count || c->on_pause || (c->paused && !c->quit));
	gdbstub_destroy(g);
}

/* What lives from input to input. */
static struct {
	struct config config;
	struct boot boot;
	struct control control;
	struct machine *m;
} world;

static void create_machine(void)
{
	static char path[64];
	char *argv[] = { "rvemu", "-m", "2M", "--smp", "2", path, NULL };
	struct machine_io io = { .out = { put_nowhere, NULL }, .debug = &world.control.debug };
	struct error err = { "" };
	int fd = memfd_create("fuzz", 0);

	BUG_ON(fd < 0 || write(fd, code, sizeof(code)) != sizeof(code));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	BUG_ON(!options_parse(&world.config, ARRAY_SIZE(argv) - 1, argv, &err));
	BUG_ON(!boot_open(&world.boot, &world.config, &err));
	world.m = machine_create(&world.config, &world.boot, &io, &err);
	BUG_ON(!world.m);
}

/* Building a machine takes too long to do it for each input: RAM and harts are made as new, devices stay as they are.
 */
static void reset_machine(void)
{
	static const u8 zeros[2 * MIB];
	struct machine *m = world.m;

	BUG_ON(!bus_write(&m->bus, MEMMAP_RAM_BASE, zeros, sizeof(zeros)));
	BUG_ON(!bus_write(&m->bus, MEMMAP_RAM_BASE, code, sizeof(code)));
	for (u32 i = 0; i < m->hart_count; i++) {
		hart_reset(m->harts[i], MEMMAP_RAM_BASE, 0);
		BUG_ON(m->harts[i]->stopped);
	}
	m->stop = STOP_NONE;
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t size)
{
	if (!world.m)
		create_machine();
	reset_machine();
	world.control = (struct control){ .machine = world.m, .debug.generation = world.control.debug.generation };
	debug(&world.control, bytes, size);
	return 0;
}

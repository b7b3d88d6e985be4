/*
 * A whole machine for tests, made from a few instructions at the start of RAM and a command line, with its console
 * output kept in a buffer.
 */
#ifndef RVEMU_TESTS_UNIT_MACHINE_RIG_H
#define RVEMU_TESTS_UNIT_MACHINE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "emu/machine.h"
#include "emu/run.h"
#include "tests/unit/elf_maker.h"
#include "tests/unit/rv_asm.h"

#define RIG_RAM 0x80000000ull
#define RIG_TOHOST 0x800 /* from the start of RAM; fromhost is behind it, in the next 64 bytes */
#define RIG_DATA 0x1000  /* likewise: words that programs leave results in */
#define RIG_ARGUMENTS 24

struct machine_rig {
	struct config config;
	struct boot boot;
	struct machine *m;
	struct machine_io io;
	struct error err;
	char out[256]; /* what the guest wrote */
	u32 out_count;
	char line[512]; /* the command line, split */
};

static inline void rig_put(void *arg, u8 byte)
{
	struct machine_rig *r = arg;
	if (r->out_count < sizeof(r->out) - 1)
		r->out[r->out_count++] = (char)byte;
}

/* Parses "options" (for a guest of the name given) into r->config. */
static inline bool rig_options(struct machine_rig *r, const char *options, const char *guest)
{
	char *argv[RIG_ARGUMENTS];
	int argc = 0;
	snprintf(r->line, sizeof(r->line), "rvemu %s %s", options, guest);
	for (char *word = strtok(r->line, " "); word && argc < RIG_ARGUMENTS; word = strtok(NULL, " "))
		argv[argc++] = word;
	return options_parse(&r->config, argc, argv, &r->err);
}

/* Builds a machine whose harts start with `code`; false: see r->err. Zero the rig first, or set io.trace in it. */
static inline bool rig_build(struct machine_rig *r, const char *options, const u32 *code, u32 count)
{
	static struct elf_maker elf;
	elf_maker_init(&elf, RIG_RAM, code, count * 4);
	elf.segments[0].p_memsz = 0x3000;
	elf_maker_symbol(&elf, "_start", STT_FUNC, RIG_RAM, count * 4);
	elf_maker_symbol(&elf, "tohost", STT_OBJECT, RIG_RAM + RIG_TOHOST, 8);
	elf_maker_symbol(&elf, "fromhost", STT_OBJECT, RIG_RAM + RIG_TOHOST + 64, 8);
	elf_maker_finish(&elf);
	const char *path = elf_maker_write(elf.bytes, elf.size);
	r->io.out = (struct byte_sink){ .put = rig_put, .arg = r };
	bool ok = rig_options(r, options, path) && boot_open(&r->boot, &r->config, &r->err);
	unlink(path);
	if (ok)
		r->m = machine_create(&r->config, &r->boot, &r->io, &r->err);
	return r->m != NULL;
}

static inline void rig_free(struct machine_rig *r)
{
	machine_destroy(r->m);
	boot_close(&r->boot);
	*r = (struct machine_rig){ 0 };
}

/* Builds, or fails the test. */
static inline void rig_start(struct machine_rig *r, const char *options, const u32 *code, u32 count)
{
	if (!rig_build(r, options, code, count))
		fail_msg("the machine cannot be built: %s", r->err.text);
}

/* A doubleword of the guest's RAM, by its offset. */
static inline u64 rig_word(struct machine_rig *r, u64 offset)
{
	u64 value = 0;
	assert_true(bus_load(&r->m->bus, RIG_RAM + offset, 8, &value));
	return value;
}

#endif

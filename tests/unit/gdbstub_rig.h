/*
 * A gdb stub on a machine that does not run: packets go in, replies come out, without a socket. gdbstub_run_test.c lets
 * a guest run.
 */
#ifndef RVEMU_TESTS_UNIT_GDBSTUB_RIG_H
#define RVEMU_TESTS_UNIT_GDBSTUB_RIG_H

#include "emu/gdbstub_internal.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/csr.h"
#include "tests/unit/machine_rig.h"

#define NOP rv_addi(RV_ZERO, RV_ZERO, 0)
#define RAM_SIZE 0x200000ull

static struct machine_rig rig;
static struct control control;
static struct gdbstub *g;
static char reply_text[2 * GDB_PACKET_MAX];

static inline u32 on_monitor(void *arg, const char *line, FILE *out)
{
	struct control *c = arg;

	fprintf(out, "[%s]\n", line);
	if (strcmp(line, "go") == 0)
		control_continue(c);
	c->quit = strcmp(line, "end") == 0;
	return 0;
}

static inline void start(const char *options)
{
	const struct gdbstub_hooks hooks = { .monitor = on_monitor, .arg = &control };
	const u32 code[] = { NOP, NOP, rv_jal(RV_ZERO, -8) };

	control = (struct control){ 0 };
	rig.io.debug = &control.debug;
	rig_start(&rig, options, code, ARRAY_SIZE(code));
	control.machine = rig.m;
	g = gdb_new(&control, NULL, &hooks);
	gdb_session_begin(g);
}

static inline int stub_setup(void **state)
{
	(void)state;
	start("-m 2M");
	return 0;
}

static inline int stub_setup_smp(void **state)
{
	(void)state;
	start("-m 2M --smp 3");
	return 0;
}

static inline int stub_teardown(void **state)
{
	(void)state;
	gdbstub_destroy(g);
	rig_free(&rig);
	return 0;
}

static inline struct hart *hart(void)
{
	return rig.m->harts[0];
}

static inline void feed(const char *bytes)
{
	gdb_feed(g, (const u8 *)bytes, strlen(bytes));
}

/* What the stub has sent, which is then forgotten. */
static inline const char *sent(void)
{
	assert_true(g->out.size < sizeof(reply_text));
	if (g->out.size)
		memcpy(reply_text, g->out.bytes, g->out.size);
	reply_text[g->out.size] = '\0';
	g->out.size = 0;
	return reply_text;
}

static inline void send_bytes(const void *bytes, size_t size)
{
	const u8 *text = bytes;
	char frame[8];
	u8 sum = 0;

	for (size_t i = 0; i < size; i++)
		sum = (u8)(sum + text[i]);
	feed("$");
	gdb_feed(g, bytes, size);
	snprintf(frame, sizeof(frame), "#%02x", sum);
	feed(frame);
}

/* Sends a packet; its reply without frame, or NULL if there is none yet. */
static inline const char *ask(const char *packet)
{
	char *text, *end;

	send_bytes(packet, strlen(packet));
	text = (char *)sent();
	assert_int_equal(text[0], '+');
	if (text[1] == '\0')
		return NULL;
	assert_int_equal(text[1], '$');
	end = strrchr(text, '#');
	assert_non_null(end);
	*end = '\0';
	return text + 2;
}

#define EXPECT(packet, reply) assert_string_equal(ask(packet), reply)

static inline void expect_begin(const char *packet, const char *begin)
{
	const char *got = ask(packet);

	assert_non_null(got);
	if (strncmp(got, begin, strlen(begin)) != 0)
		fail_msg("%s: %.60s is not %s...", packet, got, begin);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stub_setup, stub_teardown)

#endif

/*
 * What is behind virtio devices, as the machine sees it: what a guest has open in a shared folder is in its snapshot.
 */
#include "emu/backends.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "devices/p9.h"
#include "emu/control.h"
#include "tests/unit/state_memory.h"

#define FID 7

static char folder[] = "/tmp/backends_test.XXXXXX";
static struct config config;
static struct control control;

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	config = (struct config){ .share_count = 1 };
	config.shares[0].path = folder;
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static struct backends *create(struct p9_responder *share)
{
	struct error err = { "" };
	struct backends *b = backends_create(&config, NULL, &control, NULL, &err);
	if (!b)
		fail_msg("%s", err.text);
	*share = backends_slot_io(b).shares[0];
	return b;
}

/* The type of the reply. */
static u8 ask(const struct p9_responder *share, const void *request, u32 size)
{
	u8 reply[256];
	assert_in_range(share->answer(share->arg, request, size, reply, sizeof(reply)), 7, sizeof(reply));
	return reply[4];
}

static void attach(const struct p9_responder *share)
{
	static const u8 version[] = { 21, 0, 0,   0,   100, 0xff, 0xff, 0,   32,  0,  0,
		                      8,  0, '9', 'P', '2', '0',  '0',  '0', '.', 'L' };
	static const u8 attach[] = { 23,   0,    0,    0, 104, 1, 0, FID,  0,    0,    0,   0xff,
		                     0xff, 0xff, 0xff, 0, 0,   0, 0, 0xff, 0xff, 0xff, 0xff };
	assert_int_equal(ask(share, version, sizeof(version)), 101);
	assert_int_equal(ask(share, attach, sizeof(attach)), 105);
}

static u8 get_attributes(const struct p9_responder *share)
{
	static const u8 getattr[] = { 19, 0, 0, 0, 24, 1, 0, FID, 0, 0, 0, 0xff, 7, 0, 0, 0, 0, 0, 0 };
	return ask(share, getattr, sizeof(getattr));
}

static void save(const struct p9_responder *share, struct state_memory *memory)
{
	struct state s = state_saving(memory);
	share->state(share->arg, &s);
	state_section(&s, "behind it", 1);
	assert_true(state_ok(&s));
}

static void load(const struct p9_responder *share, struct state_memory *memory)
{
	struct state s = state_loading(memory);
	share->state(share->arg, &s);
	state_section(&s, "behind it", 1);
	if (!state_ok(&s))
		fail_msg("%s", memory->err.text);
}

static void test_what_is_open_in_a_share_is_in_the_snapshot(void **state)
{
	struct p9_responder share;
	struct state_memory memory;
	struct backends *b = create(&share);
	(void)state;
	attach(&share);
	assert_int_equal(get_attributes(&share), 25);
	save(&share, &memory);
	backends_destroy(b);
	b = create(&share);
	assert_int_equal(get_attributes(&share), 7);
	load(&share, &memory);
	assert_int_equal(get_attributes(&share), 25);
	backends_destroy(b);
}

/* A replay asks no server, but its snapshot may be of a machine that had one. */
static void test_what_is_open_is_read_over_without_a_server(void **state)
{
	struct p9_responder share;
	struct state_memory memory;
	struct backends *b = create(&share);
	struct state s;
	(void)state;
	attach(&share);
	save(&share, &memory);
	backends_destroy(b);
	s = state_loading(&memory);
	p9_state(&s, NULL);
	state_section(&s, "behind it", 1);
	assert_true(state_ok(&s));
	s = state_saving(&memory);
	p9_state(&s, NULL);
	assert_true(state_ok(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_open_in_a_share_is_in_the_snapshot),
		cmocka_unit_test(test_what_is_open_is_read_over_without_a_server),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

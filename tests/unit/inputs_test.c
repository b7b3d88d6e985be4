/*
 * Keys and pointer on their way into a machine, live and by a recording, and recordings that rvemu has not made.
 */
#include "emu/inputs.h"

#include "devices/memmap.h"
#include "devices/virtio_net.h"
#include "emu/journal.h"
#include "tests/unit/machine_rig.h"

static struct machine_rig rig;
static char path[] = "/tmp/inputs_test.XXXXXX";

static void start(void)
{
	const u32 code[] = { rv_jal(RV_ZERO, 0) };
	rig_start(&rig, "--net user --max-insns 1000", code, ARRAY_SIZE(code));
}

static int make_file(void **state)
{
	int fd = mkstemp(path);
	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

/* A recording of a machine that has not run yet, in which a frame of that size comes. */
static void record_frame(u32 size)
{
	static const u8 frame[NET_FRAME_MAX + 1];
	struct error err;
	start();
	struct journal *j = journal_create(path, &err);
	struct journal_moment at = journal_moment(rig.m);
	assert_non_null(j);
	assert_true(journal_begin(j, rig.m, 0, &err));
	journal_put(j, &at, JOURNAL_FRAME, 0, frame, size);
	assert_true(journal_finish(j, &at, 0, &err));
	assert_true(journal_close(j, &err));
	rig_free(&rig);
}

static enum run_end replay(void)
{
	struct error err;
	start();
	struct outside outside = { .journal = journal_open(path, &err) };
	assert_non_null(outside.journal);
	assert_true(journal_begin(outside.journal, rig.m, 0, &err));
	enum run_end end = run_machine(rig.m, &outside);
	assert_true(journal_close(outside.journal, &err));
	rig_free(&rig);
	return end;
}

static void test_frames_that_cannot_be_end_the_replay(void **state)
{
	static const struct {
		u32 size;
		enum run_end end;
	} frames[] = {
		{ 0, RUN_DIVERGED },         { NET_FRAME_MIN - 1, RUN_DIVERGED }, { NET_FRAME_MIN, RUN_QUIT },
		{ NET_FRAME_MAX, RUN_QUIT }, { NET_FRAME_MAX + 1, RUN_DIVERGED },
	};
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(frames); i++) {
		record_frame(frames[i].size);
		assert_int_equal(replay(), frames[i].end);
	}
}

/* --- keys and pointer --- */

#define RINGS 0x100000ull /* from the start of RAM: the keyboard's rings and buffers */
#define BUFFERS 5

static struct input_events events;

/* A machine with screen, keyboard and tablet. The guest adds up what it sees of the keyboard's used ring, for ever. */
static void start_with_screen(void)
{
	const u32 code[] = {
		0x00100117,                 /* auipc sp, 0x100: RINGS */
		rv_ld(RV_T0, RV_SP, 0x400), /* loop */
		0x00530333,                 /* add t1, t1, t0 */
		rv_sd(RV_T1, RV_SP, 0x700),
		rv_jal(RV_ZERO, -12),
	};
	rig_start(&rig, "-m 4M --screen 640x480 --display none", code, ARRAY_SIZE(code));
	events = (struct input_events){ 0 };
}

static void store(u64 pa, u32 size, u64 value)
{
	assert_true(bus_store(&rig.m->bus, pa, size, value));
}

static u64 load(u64 pa, u32 size)
{
	u64 value = 0;
	assert_true(bus_load(&rig.m->bus, pa, size, &value));
	return value;
}

static u64 keyboard_registers(void)
{
	for (u32 i = 0; i < MEMMAP_VIRTIO_COUNT; i++)
		if (rig.config.slots[i].kind == SLOT_INPUT && rig.config.slots[i].index == VIRTIO_INPUT_KEYBOARD)
			return MEMMAP_VIRTIO_BASE + (u64)i * MEMMAP_VIRTIO_SIZE;
	fail_msg("there is no keyboard");
	return 0;
}

/* Does what the guest's driver would: a ring of 8 entries, with BUFFERS buffers for an event each. */
static void start_keyboard(void)
{
	u64 base = keyboard_registers(), rings = RIG_RAM + RINGS;
	store(base + 0x70, 4, 0);
	store(base + 0x70, 4, 0xb);
	store(base + 0x38, 4, 8);
	store(base + 0x80, 4, rings);
	store(base + 0x90, 4, rings + 0x200);
	store(base + 0xa0, 4, rings + 0x400);
	store(base + 0x44, 4, 1);
	for (u32 i = 0; i < BUFFERS; i++) {
		store(rings + 16ull * i, 8, rings + 0x800 + 8ull * i);
		store(rings + 16ull * i + 8, 8, 8 | 2ull << 32);
		store(rings + 0x200 + 4 + 2ull * i, 2, i);
	}
	store(rings + 0x202, 2, BUFFERS);
	store(base + 0x70, 4, 0xf);
}

static u32 keys_received(void)
{
	return (u32)load(RIG_RAM + RINGS + 0x402, 2);
}

static void press(u16 code)
{
	input_events_put(&events, INPUT_KEYBOARD, (struct virtio_input_event){ EV_KEY, code, 1 });
	input_events_put(&events, INPUT_KEYBOARD, (struct virtio_input_event){ EV_SYN, 0, 0 });
}

/* Runs on for that many instructions; what waits is brought before the first. */
static enum run_end run_on(struct journal *j, u64 steps)
{
	struct outside outside = { .events = &events, .io = host_io_create(), .journal = j };
	rig.config.max_insns = steps;
	enum run_end end = run_machine(rig.m, &outside);
	host_io_destroy(outside.io);
	return end;
}

static void test_keys_come_in_whole_rows_as_there_is_room(void **state)
{
	(void)state;
	start_with_screen();
	start_keyboard();
	press(KEY_A);
	press(KEY_B);
	press(KEY_C);
	input_events_put(&events, INPUT_KEYBOARD, (struct virtio_input_event){ EV_KEY, KEY_D, 1 });
	run_on(NULL, 100);
	assert_int_equal(keys_received(), 4);
	assert_int_equal(input_events_count(&events, INPUT_KEYBOARD), 3);
	assert_int_equal(load(RIG_RAM + RINGS + 0x800 + 16, 8), EV_KEY | KEY_B << 16 | 1ull << 32);
	store(RIG_RAM + RINGS + 0x202, 2, BUFFERS + 1); /* one buffer more */
	store(RIG_RAM + RINGS + 0x200 + 4 + 2 * BUFFERS, 2, 0);
	run_on(NULL, 100);
	assert_int_equal(keys_received(), 6);
	assert_int_equal(input_events_count(&events, INPUT_KEYBOARD), 1); /* its row is not whole */
	rig_free(&rig);
}

static void test_keys_without_a_driver_are_lost(void **state)
{
	(void)state;
	start_with_screen();
	press(KEY_A);
	input_events_put(&events, INPUT_POINTER, (struct virtio_input_event){ EV_ABS, ABS_X, 1 });
	run_on(NULL, 100);
	start_keyboard();
	run_on(NULL, 100);
	assert_int_equal(keys_received(), 0);
	assert_int_equal(input_events_count(&events, INPUT_KEYBOARD), 0);
	assert_int_equal(input_events_count(&events, INPUT_POINTER), 0);
	rig_free(&rig);
}

static struct journal *begin(bool replaying)
{
	struct error err;
	start_with_screen();
	struct journal *j = replaying ? journal_open(path, &err) : journal_create(path, &err);
	assert_non_null(j);
	if (!journal_begin(j, rig.m, 0, &err))
		fail_msg("%s", err.text);
	start_keyboard();
	return j;
}

static void test_keys_and_size_are_replayed_at_their_moments(void **state)
{
	struct error err;
	(void)state;
	struct journal *j = begin(false);
	run_on(j, 1000);
	press(KEY_A);
	run_on(j, 777);
	press(KEY_B);
	input_events_resize(&events, 1000, 500);
	run_on(j, 555);
	assert_int_equal(keys_received(), 4);
	struct journal_moment at = journal_moment(rig.m);
	assert_true(journal_finish(j, &at, RUN_LIMIT, &err));
	assert_true(journal_close(j, &err));
	u64 instret = machine_instret(rig.m), hash = machine_ram_hash(rig.m);
	rig_free(&rig);

	j = begin(true);
	press(KEY_Z); /* nobody hears it */
	input_events_resize(&events, 800, 600);
	assert_int_equal(run_on(j, 1000000), RUN_LIMIT);
	assert_true(machine_instret(rig.m) == instret);
	assert_true(machine_ram_hash(rig.m) == hash);
	assert_int_equal(keys_received(), 4);
	assert_int_equal(input_events_count(&events, INPUT_KEYBOARD), 0);
	assert_true(journal_close(j, &err));
	rig_free(&rig);
}

static void test_keys_that_cannot_be_end_the_replay(void **state)
{
	static const u32 sizes[][3] = { { 640, 0, 8 },   { 0, 480, 8 },   { 8193, 480, 8 },
		                        { 640, 480, 4 }, { 640, ~0u, 8 }, { 640, 480, 0 } };
	static const struct {
		u8 kind, port;
		u32 size;
		enum run_end end;
	} entries[] = {
		{ JOURNAL_EVENTS, INPUT_KEYBOARD, 16, RUN_QUIT },
		{ JOURNAL_EVENTS, INPUT_POINTER, 8, RUN_QUIT },
		{ JOURNAL_EVENTS, INPUT_KEYBOARD, 4096, RUN_QUIT },
		{ JOURNAL_EVENTS, INPUT_KEYBOARD, 9, RUN_DIVERGED },
		{ JOURNAL_EVENTS, INPUT_PORTS, 8, RUN_DIVERGED },
		{ JOURNAL_EVENTS, 255, 8, RUN_DIVERGED },
		{ JOURNAL_SIZE, 0, 8, RUN_DIVERGED },
	};
	static const u8 zeros[4096];
	struct error err;
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(entries) + ARRAY_SIZE(sizes); i++) {
		bool is_size = i >= ARRAY_SIZE(entries);
		const u32 *size = is_size ? sizes[i - ARRAY_SIZE(entries)] : NULL;
		struct journal *j = begin(false);
		struct journal_moment at = journal_moment(rig.m);
		if (is_size)
			journal_put(j, &at, JOURNAL_SIZE, 0, size, size[2]);
		else
			journal_put(j, &at, entries[i].kind, entries[i].port, zeros, entries[i].size);
		assert_true(journal_finish(j, &at, 0, &err));
		assert_true(journal_close(j, &err));
		rig_free(&rig);
		j = begin(true);
		assert_int_equal(run_on(j, 1000), is_size ? RUN_DIVERGED : entries[i].end);
		assert_true(journal_close(j, &err));
		rig_free(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_that_cannot_be_end_the_replay),
		cmocka_unit_test(test_keys_come_in_whole_rows_as_there_is_room),
		cmocka_unit_test(test_keys_without_a_driver_are_lost),
		cmocka_unit_test(test_keys_and_size_are_replayed_at_their_moments),
		cmocka_unit_test(test_keys_that_cannot_be_end_the_replay),
	};
	return cmocka_run_group_tests(tests, make_file, remove_file);
}

/*
 * What comes in by a recording, where the recording is not one that rvemu has made.
 */
#include "emu/inputs.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_that_cannot_be_end_the_replay),
	};
	return cmocka_run_group_tests(tests, make_file, remove_file);
}

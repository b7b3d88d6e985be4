/*
 * Observers and the machines that come and go before them (emu/observe/observers.h): reboots, snapshots.
 */
#include "emu/observe/observers.h"

#include <unistd.h>

#include "tests/unit/machine_rig.h"

#define SATP (8ull << 60 | 3ull << 44 | (RIG_RAM >> 12))
#define FILE_NAME "/tmp/observers-test.zst"
#define OPTIONS "-m 1M --explain faults --stats --report " FILE_NAME

static const u32 code[] = { 0x6f };

static struct machine_rig rig;
static struct observers *observers;

static int set_up(void **state)
{
	struct error err;

	(void)state;
	memset(&rig, 0, sizeof(rig));
	if (!rig_options(&rig, OPTIONS, "guest.elf"))
		fail_msg("%s", rig.err.text);
	observers = observers_create(&rig.config, NULL, &err);
	assert_non_null(observers);
	return 0;
}

static int tear_down(void **state)
{
	struct error err;

	(void)state;
	assert_true(observers_destroy(observers, &err));
	unlink(FILE_NAME);
	return 0;
}

/* The address space that a snapshot leaves a hart in is news before anybody knows the machine, and never after. */
static void begin_in_a_space(void)
{
	struct error err;

	rig.io.trace = observers_trace(observers);
	rig_start(&rig, OPTIONS, code, 1);
	mmu_write_satp(&rig.m->harts[0]->mmu, SATP);
	assert_true(observers_attach(observers, rig.m, &err));
}

static void test_spaces_of_a_snapshot_are_known(void **state)
{
	struct guest_space space;

	(void)state;
	begin_in_a_space();
	assert_int_equal(guest_view_spaces(observers->guest, &space, 1), 1);
	assert_true(space.satp == SATP);
	assert_true(guest_view_hart_satp(observers->guest, 0) == SATP);
	observers_detach(observers);
	rig_free(&rig);
}

/* The sanitizers see it. */
static void test_machines_that_are_over_are_not_looked_at(void **state)
{
	(void)state;
	for (u32 i = 0; i < 3; i++) {
		begin_in_a_space();
		observers_detach(observers);
		rig_free(&rig);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_spaces_of_a_snapshot_are_known),
		TEST(test_machines_that_are_over_are_not_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

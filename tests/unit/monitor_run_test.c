/*
 * The monitor's commands that drive the guest: breakpoints and watchpoints, stop, step, reset, snapshots, screendump,
 * traces.
 */
#include "cpu/csr.h"
#include "devices/memmap.h"
#include "emu/display/picture.h"
#include "tests/unit/monitor_rig.h"

static struct monitor_rig rig;

static int start(void **state)
{
	(void)state;
	monitor_rig_start(&rig);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	monitor_rig_free(&rig);
	return 0;
}

static struct hart *hart(u32 n)
{
	return rig.rig.m->harts[n];
}

/* ---- points ---- */

static void test_points_are_set_listed_and_deleted(void **state)
{
	const struct debug *debug = &rig.control.debug;
	(void)state;
	expect(&rig, "info breakpoints", "none\n");
	expect(&rig, "break _start+4", "0   break  0x0000000080000004 <_start+0x4>\n");
	expect(&rig, "watch tohost priv=S", "1   watch  0x0000000080000800 <tohost>, 8 bytes, in mode s only\n");
	expect(&rig, "rwatch tohost 4", "2   rwatch 0x0000000080000800 <tohost>, 4 bytes\n");
	expect(&rig, "awatch 0x80000800 16 phys priv=us",
	       "3   awatch 0x0000000080000800 (physical), 16 bytes, in mode us only\n");
	assert_int_equal(debug->count, 4);
	assert_int_equal(debug->points[0].kinds, DEBUG_EXECUTE);
	assert_int_equal(debug->points[1].kinds, DEBUG_STORE);
	assert_int_equal(debug->points[1].privs, BIT(PRIV_S));
	assert_int_equal(debug->points[2].kinds, DEBUG_LOAD);
	assert_true(debug->points[3].physical);
	expect_part(&rig, "delete 1", "1   rwatch 0x0000000080000800 <tohost>, 4 bytes\n");
	expect(&rig, "delete 3", "there is no point 3: info breakpoints lists them\n");
	expect(&rig, "delete all", "none\n");
	assert_int_equal(debug->count, 0);
}

static void test_bad_points_are_refused(void **state)
{
	(void)state;
	expect(&rig, "break 0x80000001", "0x80000001 is odd: instructions lie at even addresses\n");
	expect(&rig, "break", "an address is missing\n");
	expect(&rig, "break 0 4", "'4' is neither priv=usm nor phys\n");
	expect(&rig, "watch 0x80000000 0", "0 bytes from 0x80000000 on are no range\n");
	expect(&rig, "watch -4 8", "8 bytes from 0xfffffffffffffffc on are no range\n");
	expect(&rig, "watch 0 8 priv=x", "priv=x: name modes by their letters, u, s and m\n");
	expect(&rig, "watch 0 8 priv=", "priv= needs letters of modes: u, s, m\n");
	assert_int_equal(rig.control.debug.count, 0);
	for (u32 i = 0; i < DEBUG_POINTS_MAX; i++)
		say(&rig, "break 0x80000000");
	expect(&rig, "break 0x80000000", "there are 64 points already: delete one\n");
}

/* ---- driving ---- */

static void test_stop_and_cont(void **state)
{
	(void)state;
	expect(&rig, "stop", "the guest stands still until cont\n");
	assert_int_equal(rig.result, MONITOR_AGAIN);
	assert_true(rig.control.paused);
	expect(&rig, "c", "");
	assert_int_equal(rig.result, MONITOR_CONTINUE);
	assert_false(rig.control.paused);
}

static void test_step_counts_down(void **state)
{
	(void)state;
	expect(&rig, "step 3 1", "");
	assert_int_equal(rig.result, MONITOR_CONTINUE);
	assert_true(rig.control.stepping);
	assert_int_equal(rig.control.hart, 1);
	for (u32 i = 0; i < 3; i++) {
		free(rig.text);
		FILE *out = open_memstream(&rig.text, &rig.size);
		control_pause(&rig.control, PAUSE_STEPPED, 1);
		enum monitor_result result = monitor_paused(&rig.monitor, out);
		fclose(out);
		if (i == 2)
			assert_string_equal(rig.text, "hart 1: M mode, 0x80000000 <_start>: auipc\tt0,0x0\n");
		else
			assert_string_equal(rig.text, "");
		assert_int_equal(result, i < 2 ? MONITOR_CONTINUE : MONITOR_AGAIN);
		assert_int_equal(rig.control.stepping, i < 2);
	}
	expect(&rig, "step 0", "between 1 and 1000000 instructions can be stepped\n");
	expect(&rig, "step 1 2", "there is no hart 2: this machine has 0..1\n");
}

static void test_a_pause_says_why_and_where(void **state)
{
	(void)state;
	say(&rig, "watch tohost");
	rig.control.debug.hit =
		(struct debug_hit){ .valid = true, .kind = DEBUG_STORE, .hart = 0, .address = RIG_RAM + RIG_TOHOST };
	control_pause(&rig.control, PAUSE_POINT, 0);
	free(rig.text);
	FILE *out = open_memstream(&rig.text, &rig.size);
	assert_int_equal(monitor_paused(&rig.monitor, out), MONITOR_AGAIN);
	fclose(out);
	assert_string_equal(rig.text, "store seen by watchpoint 0, 0x80000800 <tohost>\n"
	                              "hart 0: M mode, 0x80000000 <_start>: auipc\tt0,0x0\n");
}

static void test_reset_and_quit(void **state)
{
	(void)state;
	say(&rig, "stop");
	expect(&rig, "system_reset", "the guest starts again\n");
	assert_int_equal(rig.result, MONITOR_CONTINUE);
	assert_true(rig.control.reset);
	assert_true(rig.control.paused);
	assert_int_equal(rig.control.why, PAUSE_REBOOT);
	expect_part(&rig, "system_powerdown", "no power button");
	say(&rig, "q");
	assert_int_equal(rig.result, MONITOR_QUIT);
	assert_true(rig.control.quit);
}

static void test_snapshots(void **state)
{
	char path[] = "/tmp/rvemu-test-XXXXXX", line[128];
	(void)state;
	close(mkstemp(path));
	snprintf(line, sizeof(line), "loadvm %s", path);
	expect_part(&rig, line, "not a snapshot of rvemu");
	assert_false(rig.control.reset);
	snprintf(line, sizeof(line), "savevm %s", path);
	expect_part(&rig, line, "the machine is in /tmp/rvemu-test-");
	snprintf(line, sizeof(line), "loadvm  %s ", path);
	expect_part(&rig, line, "the guest goes on as it was in /tmp/rvemu-test-");
	assert_int_equal(rig.result, MONITOR_CONTINUE);
	assert_true(rig.control.reset);
	assert_string_equal(rig.control.load_snapshot, path);
	unlink(path);
	expect(&rig, "loadvm /nonexistent/file", "/nonexistent/file: No such file or directory\n");
	expect_part(&rig, "savevm /nonexistent/file", "/nonexistent/file");
	expect(&rig, "savevm", "a file's name is missing\n");
	rig.control.frozen = "it is recorded";
	expect(&rig, "loadvm x", "no snapshot can be loaded now: it is recorded\n");
}

/* ---- screen ---- */

static void test_screendump_writes_what_the_guest_shows(void **state)
{
	char path[] = "/tmp/rvemu-test-XXXXXX", line[128];
	struct picture picture = { 0 };
	struct error err;
	(void)state;
	close(mkstemp(path));
	snprintf(line, sizeof(line), "screendump %s", path);
	expect(&rig, line, "the guest has no screen: --screen gives it one\n");
	rig.rig.m->framebuffer = framebuffer_create(&rig.rig.m->bus, MEMMAP_FRAMEBUFFER_BASE, 80, 70, &err);
	assert_non_null(rig.rig.m->framebuffer);
	assert_true(bus_store(&rig.rig.m->bus, MEMMAP_FRAMEBUFFER_BASE + 4, 4, 0xff123456));
	expect_part(&rig, line, "the screen is in /tmp/rvemu-test-");
	assert_true(picture_read_png(&picture, path, &err));
	assert_true(picture.width == 80 && picture.height == 70 && picture.pixels[1] == 0x123456);
	picture_free(&picture);
	unlink(path);
	expect(&rig, "screendump /nonexistent/file", "/nonexistent/file: No such file or directory\n");
	expect(&rig, "screendump", "a file's name is missing\n");
	expect_part(&rig, "info devices", "framebuffer, 24 KiB of RAM, 80x70 pixels\n");
}

/* ---- traces ---- */

/* The file's contents. */
static const char *contents(const char *path)
{
	static char text[4096];
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

static void test_traces_are_switched_while_the_guest_runs(void **state)
{
	char path[] = "/tmp/rvemu-test-XXXXXX", line[128];
	(void)state;
	close(mkstemp(path));
	expect(&rig, "trace", "no trace is on\n");
	snprintf(line, sizeof(line), "trace on insn,walk %s filter hart=0,pc=0x80000000", path);
	expect_part(&rig, line, "tracing insn,walk to /tmp/rvemu-test-");
	expect_part(&rig, "trace status", ", filtered\n");
	rig.rig.config.max_insns = 8;
	assert_int_equal(run_machine(rig.rig.m, NULL), RUN_LIMIT);
	expect(&rig, "trace off", "no trace is on\n");
	assert_string_equal(contents(path), "core   0: 3 0x0000000080000000 (0x00000297) x5  0x0000000080000000\n");
	assert_int_equal(rig.rig.m->trace.wanted, 0);
	assert_int_equal(hart(0)->observe_wanted, 0);
	unlink(path);
}

static void test_starting_the_same_trace_again_goes_on_in_the_file(void **state)
{
	char path[] = "/tmp/rvemu-test-XXXXXX", line[128];
	struct trace_csr event = { .head = { .priv = PRIV_M }, .number = CSR_MEPC, .value = 1 };
	struct trace sink;
	struct error err;
	(void)state;
	close(mkstemp(path));
	snprintf(line, sizeof(line), "trace on csr %s", path);
	for (u32 i = 0; i < 2; i++) {
		say(&rig, line);
		sink = tracing_sink(rig.observers->tracing);
		sink.emit(sink.arg, TRACE_CSR, &event);
	}
	assert_true(tracing_flush(rig.observers->tracing, &err));
	assert_string_equal(contents(path), "csr  h0 #0 M 0x0: mepc = 0x0000000000000001\n"
	                                    "csr  h0 #0 M 0x0: mepc = 0x0000000000000001\n");
	unlink(path);
}

static void test_trace_that_cannot_be_is_told_and_the_old_one_stays(void **state)
{
	struct error err;
	(void)state;
	expect_part(&rig, "trace on csr /dev/full", "tracing csr to /dev/full\n");
	expect(&rig, "trace on csr /nonexistent/file", "/nonexistent/file: No such file or directory\n");
	expect_part(&rig, "trace status", "tracing csr to /dev/full\n");
	expect_part(&rig, "trace on foo", "no trace sort is called 'foo'");
	expect_part(&rig, "trace on csr filter", "filter needs conditions");
	expect_part(&rig, "trace on csr filter x=1", "no filter is called 'x'");
	expect_part(&rig, "trace on", "trace on needs sorts");
	expect_part(&rig, "trace maybe", "trace on SORTS");
	struct trace sink = tracing_sink(rig.observers->tracing);
	struct trace_csr event = { .head = { .priv = PRIV_M }, .number = CSR_MEPC, .value = 1 };
	sink.emit(sink.arg, TRACE_CSR, &event);
	assert_false(tracing_flush(rig.observers->tracing, &err));
	expect(&rig, "trace off", "/dev/full: the trace is not complete: a write failed (is the disk full?)\n");
	expect(&rig, "trace", "no trace is on\n");
	rig.monitor.observers = NULL;
	expect(&rig, "trace on csr", "traces cannot be switched here\n");
}

static void test_speed_is_set_and_told(void **state)
{
	(void)state;
	expect(&rig, "speed", "the guest runs at full speed\n");
	expect(&rig, "speed 1000", "the guest runs at 1000 steps a second at most\n");
	assert_int_equal(rig.control.pace.per_second, 1000);
	expect_part(&rig, "speed 0", "at no steps a second the guest would stand still");
	expect_part(&rig, "speed 5 6", "6");
	assert_int_equal(rig.control.pace.per_second, 1000);
	expect(&rig, "speed full", "the guest runs at full speed\n");
	expect_part(&rig, "speed full speed", "speed");
	expect_part(&rig, "help speed", "N steps a second");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_points_are_set_listed_and_deleted),
		TEST(test_bad_points_are_refused),
		TEST(test_stop_and_cont),
		TEST(test_step_counts_down),
		TEST(test_a_pause_says_why_and_where),
		TEST(test_reset_and_quit),
		TEST(test_speed_is_set_and_told),
		TEST(test_snapshots),
		TEST(test_screendump_writes_what_the_guest_shows),
		TEST(test_traces_are_switched_while_the_guest_runs),
		TEST(test_starting_the_same_trace_again_goes_on_in_the_file),
		TEST(test_trace_that_cannot_be_is_told_and_the_old_one_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The gdb stub and a guest that runs: over a socket pair, with the real run loop. The debugger is a list of lines, sent
 * one after another as replies come; it is itself a watcher of the host, so that nothing depends on time.
 */
#include "emu/gdbstub.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cpu/csr.h"
#include "tests/unit/machine_rig.h"

#define NOP rv_addi(RV_ZERO, RV_ZERO, 0)
#define CTRL_C "\003"

/* A packet, and what its reply must begin with; NULL: none is waited for. */
struct line {
	const char *packet;
	const char *reply;
};

static struct machine_rig rig;
static struct control control;
static struct host_io *io;
static struct gdbstub *g;
static struct host_watcher watcher;

/* The debugger. */
static struct {
	int fd;
	u32 ticket;
	const struct line *lines, *end; /* what is still to be sent */
	const char *waiting;            /* for a reply that begins so; NULL: for none */
	const char *sent;               /* the packet that it is the reply to */
	char got[4096];                 /* bytes of replies so far */
	size_t got_size;
} dbg;

static void send_text(const char *text, size_t size)
{
	assert_int_equal(send(dbg.fd, text, size, MSG_NOSIGNAL), (ssize_t)size);
}

static void send_line(const struct line *line)
{
	char frame[256];
	u8 sum = 0;

	dbg.sent = line->packet;
	dbg.waiting = line->reply;
	dbg.got_size = 0;
	if (line->packet[0] == CTRL_C[0]) {
		send_text(line->packet, 1);
		return;
	}
	for (const char *p = line->packet; *p; p++)
		sum = (u8)(sum + (u8)*p);
	snprintf(frame, sizeof(frame), "+$%s#%02x", line->packet, sum);
	send_text(frame, strlen(frame));
}

/* A line at a look at the host, so that the guest runs in between. When nothing is left to be sent, the run ends. */
static void send_more(void)
{
	if (dbg.lines < dbg.end)
		send_line(dbg.lines++);
	else
		control.quit = true;
}

static void before(void *arg, struct host_io *host)
{
	(void)arg;
	dbg.ticket = host_io_want(host, dbg.fd, POLLIN);
	if (!dbg.waiting)
		host_io_wake_in(host, 0);
}

static void after(void *arg, struct host_io *host)
{
	ssize_t n;
	char *begin;

	(void)arg;
	if (!dbg.waiting)
		send_more();
	if (!(host_io_got(host, dbg.ticket) & POLLIN))
		return;
	n = recv(dbg.fd, dbg.got + dbg.got_size, sizeof(dbg.got) - 1 - dbg.got_size, 0);
	assert_true(n > 0);
	dbg.got_size += (size_t)n;
	dbg.got[dbg.got_size] = '\0';
	begin = strchr(dbg.got, '$');
	if (!dbg.waiting || !begin || !strchr(begin, '#'))
		return;
	if (strncmp(begin + 1, dbg.waiting, strlen(dbg.waiting)) != 0)
		fail_msg("%s: %s is not %s...", dbg.sent, begin, dbg.waiting);
	dbg.waiting = NULL;
	send_more();
}

static void start(const char *options, const u32 *code, u32 count)
{
	int fds[2];

	control = (struct control){ 0 };
	rig.io.debug = &control.debug;
	rig_start(&rig, options, code, count);
	control.machine = rig.m;
	io = host_io_create();
	g = gdbstub_create("tcp::0", &control, io, NULL, &rig.err);
	if (!g)
		fail_msg("%s", rig.err.text);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	gdbstub_attach(g, fds[0]);
	dbg.fd = fds[1];
	watcher = (struct host_watcher){ .before = before, .after = after };
	host_io_add(io, &watcher);
}

static void finish(void)
{
	gdbstub_destroy(g);
	host_io_destroy(io);
	close(dbg.fd);
	rig_free(&rig);
}

static enum run_end run_lines(const struct line *lines, u32 count)
{
	const struct outside outside = { .io = io, .control = &control };
	enum run_end end;

	dbg.lines = lines;
	dbg.end = lines + count;
	dbg.waiting = NULL;
	send_more();
	end = run_machine(rig.m, &outside);
	if (dbg.waiting)
		fail_msg("%s was never answered", dbg.sent);
	return end;
}

#define RUN(...)                                                                                                       \
	run_lines((const struct line[]){ __VA_ARGS__ },                                                                \
	          sizeof((const struct line[]){ __VA_ARGS__ }) / sizeof(struct line))

/* --- breakpoints and steps --- */

static void test_break_continue_step(void **state)
{
	const u32 code[] = { NOP, rv_addi(RV_A1, RV_A1, 1), rv_jal(RV_ZERO, -4) };

	(void)state;
	start("-m 2M", code, ARRAY_SIZE(code));
	rig.m->harts[0]->x[RV_A1] = 0;
	assert_int_equal(RUN({ "?", "T05thread:1;20:0000008000000000;" }, { "qSupported:swbreak+;hwbreak+", "P" },
	                     { "Z0,80000008,4", "OK" }, { "Z1,80000004,4", "OK" },
	                     { "c", "T05thread:1;20:0400008000000000;hwbreak:;#" },
	                     { "vCont;c", "T05thread:1;20:0800008000000000;swbreak:;#" },
	                     { "vCont;s:1;c", "T05thread:1;20:0400008000000000;#" },
	                     { "s", "T05thread:1;20:0800008000000000;#" }, { "z0,80000008,4", "OK" },
	                     { "c", "T05thread:1;20:0400008000000000;hwbreak:;#" }, { "pb", "0200000000000000" },
	                     { "c80000000", "T05thread:1;20:0400008000000000;hwbreak:;#" },
	                     { "pb", "0200000000000000" }, { "Z0,80000008,4", "OK" },
	                     { "c80000008", "T05thread:1;20:0800008000000000;swbreak:;#" }, { "k", NULL }),
	                 RUN_QUIT);
	assert_int_equal(rig.m->harts[0]->count, 6);
	finish();
}

static void test_watchpoints_are_named(void **state)
{
	const u32 code[] = { rv_auipc(RV_T0, 1), rv_sd(RV_ZERO, RV_T0, 8), rv_ld(RV_A0, RV_T0, 8),
		             rv_jal(RV_ZERO, -8) };

	(void)state;
	start("-m 2M", code, ARRAY_SIZE(code));
	(void)RUN({ "Z2,8000100c,4", "OK" }, { "c", "T05thread:1;20:0400008000000000;watch:8000100c;#" },
	          { "z2,8000100c,4", "OK" }, { "Z3,8000100c,4", "OK" },
	          { "c", "T05thread:1;20:0800008000000000;rwatch:8000100c;#" }, { "z3,8000100c,4", "OK" },
	          { "Z4,80001008,1", "OK" }, { "c", "T05thread:1;20:0400008000000000;awatch:80001008;#" },
	          { "s", "T05thread:1;20:0800008000000000;#" },
	          { "c", "T05thread:1;20:0800008000000000;awatch:80001008;#" });
	finish();
}

static void test_ctrl_c_stops_a_guest_that_runs(void **state)
{
	const u32 code[] = { rv_jal(RV_ZERO, 0) };

	(void)state;
	start("-m 2M", code, ARRAY_SIZE(code));
	(void)RUN({ "c", NULL }, { CTRL_C, "T02thread:1;20:0000008000000000;#" }, { CTRL_C, NULL }, { "c", NULL },
	          { CTRL_C, "T02" });
	finish();
}

/* A step over ecall is a step into its handler; one over mret, to where it returns. */
/* At the monitor, behind the debugger's back. */
static void test_a_guest_that_the_user_let_run_is_stopped_too(void **state)
{
	const u32 code[] = { rv_jal(RV_ZERO, 0) };

	(void)state;
	start("-m 2M --max-insns 20000000", code, ARRAY_SIZE(code));
	control_continue(&control);
	assert_int_equal(RUN({ "c", NULL }, { CTRL_C, "T02thread:1;20:0000008000000000;#" }), RUN_QUIT);
	finish();
}

static void test_steps_go_into_handlers_and_back(void **state)
{
	const u32 code[] = {
		rv_auipc(RV_T0, 0),
		rv_addi(RV_T0, RV_T0, 32),
		rv_csrw(CSR_MTVEC, RV_T0),
		RV_ECALL,
		NOP,
		NOP,
		NOP,
		NOP,
		rv_csrr(RV_T1, CSR_MEPC),
		rv_addi(RV_T1, RV_T1, 4),
		rv_csrw(CSR_MEPC, RV_T1),
		0x30200073 /* mret */,
	};

	(void)state;
	start("-m 2M", code, ARRAY_SIZE(code));
	(void)RUN({ "Z0,8000000c,4", "OK" }, { "c", "T05thread:1;20:0c00008000000000;" },
	          { "s", "T05thread:1;20:2000008000000000;" }, { "Z0,8000002c,4", "OK" },
	          { "c", "T05thread:1;20:2c00008000000000;" }, { "s", "T05thread:1;20:1000008000000000;" });
	assert_int_equal(rig.m->harts[0]->csr.mcause, 11);
	finish();
}

/* --- more harts --- */

/* They all count in a1 for ever. */
static void start_counting(void)
{
	const u32 code[] = { rv_addi(RV_A1, RV_ZERO, 0), rv_addi(RV_A1, RV_A1, 1), rv_jal(RV_ZERO, -4) };

	start("-m 2M --smp 3 --quantum 10", code, ARRAY_SIZE(code));
}

static u64 steps_of(u32 hart)
{
	return rig.m->harts[hart]->count;
}

static void test_one_hart_steps_alone(void **state)
{
	(void)state;
	start_counting();
	(void)RUN({ "vCont;s:2", "T05thread:2;20:0400008000000000;" },
	          { "vCont;s:2", "T05thread:2;20:0800008000000000;" }, { "vCont;s:3", "T05thread:3;" });
	assert_int_equal(steps_of(0), 0);
	assert_int_equal(steps_of(1), 2);
	assert_int_equal(steps_of(2), 1);
	finish();
}

/* The others have their turns as if nobody stepped: ten steps each, round and round. */
static void test_one_hart_steps_and_others_run(void **state)
{
	struct line lines[25];

	(void)state;
	start_counting();
	for (u32 i = 0; i < ARRAY_SIZE(lines); i++)
		lines[i] = (struct line){ "vCont;s:2;c", "T05thread:2;" };
	(void)run_lines(lines, ARRAY_SIZE(lines));
	assert_int_equal(steps_of(0), 30);
	assert_int_equal(steps_of(1), 25);
	assert_int_equal(steps_of(2), 20);
	finish();
}

static void test_one_hart_runs_and_others_are_held(void **state)
{
	(void)state;
	start_counting();
	(void)RUN({ "vCont;c:2", NULL }, { CTRL_C, "T02" }, { "qThreadExtraInfo,1", "6861727420303a204d206d6f6465#" });
	assert_int_equal(steps_of(0), 0);
	assert_true(steps_of(1) > 1000);
	assert_int_equal(steps_of(2), 0);
	for (u32 i = 0; i < 3; i++)
		assert_false(rig.m->harts[i]->stopped);
	finish();
}

/* All harts come by; each is reported, and a report is for one hart. */
/* Holding harts back would change whose turn it is. */
static void test_no_hart_of_a_replay_is_held(void **state)
{
	(void)state;
	start_counting();
	control.frozen = "it is a replay";
	(void)RUN({ "vCont;s:2", "T05thread:2;" }, { "vCont;s:2", "T05thread:2;" }, { "vCont;s:3", "T05thread:3;" });
	assert_int_equal(steps_of(0), 10);
	assert_int_equal(steps_of(1), 10);
	assert_int_equal(steps_of(2), 1);
	finish();
}

static void test_each_hart_hits_a_breakpoint(void **state)
{
	(void)state;
	start_counting();
	(void)RUN({ "Z0,80000004,4", "OK" }, { "c", "T05thread:1;" }, { "c", "T05thread:1;" }, { "c", "T05thread:1;" },
	          { "c", "T05thread:1;" }, { "c", "T05thread:1;" }, { "c", "T05thread:2;" }, { "c", "T05thread:2;" });
	finish();
}

/* --- ends --- */

static void test_the_guest_runs_on_when_the_debugger_goes(void **state)
{
	const u32 code[] = { rv_addi(RV_A1, RV_ZERO, 0), rv_addi(RV_A1, RV_A1, 1), rv_jal(RV_ZERO, -4) };

	(void)state;
	start("-m 2M --max-insns 1000", code, ARRAY_SIZE(code));
	host_io_remove(io, &watcher);
	send_text("$Z0,80000004,4#a2$c#63$m8000", 28);
	close(dbg.fd);
	dbg.fd = dup(0);
	assert_int_equal(run_machine(rig.m, &(struct outside){ .io = io, .control = &control }), RUN_LIMIT);
	assert_int_equal(steps_of(0), 1000);
	assert_int_equal(control.debug.count, 0);
	assert_false(gdbstub_is_attached(g));
	assert_null(control.on_pause);
	finish();
}

static void test_the_debugger_is_told_of_the_end(void **state)
{
	const u32 code[] = { rv_addi(RV_A1, RV_ZERO, 7), rv_auipc(RV_T0, 0), rv_sd(RV_A1, RV_T0, RIG_TOHOST - 4),
		             rv_jal(RV_ZERO, 0) };

	(void)state;
	start("-m 2M", code, ARRAY_SIZE(code));
	dbg.lines = (const struct line[]){ { "c", "W03#" } };
	dbg.end = dbg.lines + 1;
	send_more();
	assert_int_equal(run_machine(rig.m, &(struct outside){ .io = io, .control = &control }), RUN_STOPPED);
	gdbstub_exited(g, rig.m->stop_code);
	host_io_poll(io, 0);
	assert_null(dbg.waiting);
	finish();
}

/* --- addresses --- */

static void test_addresses_are_understood_or_refused(void **state)
{
	static const char *const bad[] = { "",           "1234",          "tcp",
		                           "tcp:",       "tcp:1234",      "tcp::",
		                           "tcp::0x10",  "tcp::123456",   "tcp::65536",
		                           "tcp::12 34", "unix:",         "unix:/no/such/folder/s",
		                           "udp::1",     "tcp:no host:1", "tcp:256.1.1.1:1" };
	static const char *const good[] = { "tcp::0", "tcp:127.0.0.1:0", "tcp:localhost:0" };
	struct control c = { 0 };
	struct error err;

	(void)state;
	io = host_io_create();
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		err.text[0] = '\0';
		if (gdbstub_create(bad[i], &c, io, NULL, &err))
			fail_msg("%s is taken", bad[i]);
		assert_non_null(strstr(err.text, "--gdb"));
		assert_null(strchr(err.text, '\n'));
	}
	for (u32 i = 0; i < ARRAY_SIZE(good); i++) {
		g = gdbstub_create(good[i], &c, io, NULL, &err);
		if (!g)
			fail_msg("%s", err.text);
		gdbstub_destroy(g);
	}
	host_io_destroy(io);
}

/* A socket that nobody serves any more is replaced; one that somebody serves is left alone. */
static void test_a_socket_in_use_is_left_alone(void **state)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	char address[64];
	struct control c = { 0 };
	struct gdbstub *first, *second;
	struct error err;
	int stale = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	io = host_io_create();
	snprintf(name.sun_path, sizeof(name.sun_path), "/tmp/rvemu-gdbstub-test-%d", getpid());
	snprintf(address, sizeof(address), "unix:/tmp/rvemu-gdbstub-test-%d", getpid());
	assert_int_equal(bind(stale, (struct sockaddr *)&name, sizeof(name)), 0);
	close(stale);
	first = gdbstub_create(address, &c, io, NULL, &err);
	assert_non_null(first);
	second = gdbstub_create(address, &c, io, NULL, &err);
	assert_null(second);
	assert_non_null(strstr(err.text, "using it"));
	gdbstub_destroy(first);
	assert_int_not_equal(access(name.sun_path, F_OK), 0);
	host_io_destroy(io);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_break_continue_step),
		cmocka_unit_test(test_watchpoints_are_named),
		cmocka_unit_test(test_ctrl_c_stops_a_guest_that_runs),
		cmocka_unit_test(test_a_guest_that_the_user_let_run_is_stopped_too),
		cmocka_unit_test(test_steps_go_into_handlers_and_back),
		cmocka_unit_test(test_one_hart_steps_alone),
		cmocka_unit_test(test_one_hart_steps_and_others_run),
		cmocka_unit_test(test_one_hart_runs_and_others_are_held),
		cmocka_unit_test(test_no_hart_of_a_replay_is_held),
		cmocka_unit_test(test_each_hart_hits_a_breakpoint),
		cmocka_unit_test(test_the_guest_runs_on_when_the_debugger_goes),
		cmocka_unit_test(test_the_debugger_is_told_of_the_end),
		cmocka_unit_test(test_addresses_are_understood_or_refused),
		cmocka_unit_test(test_a_socket_in_use_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Waiting for the host: signals that come on the way into the sleep.
 */
#include "emu/host_io.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static volatile sig_atomic_t came;

static void on_signal(int number)
{
	came = number;
}

/* Somebody asks us to end when those who look for that have looked already. */
static void before(void *arg, struct host_io *io)
{
	(void)io;
	(void)kill(getpid(), *(const int *)arg);
	assert_int_equal(came, 0);
}

static void after(void *arg, struct host_io *io)
{
	(void)io;
	assert_int_equal(came, *(const int *)arg);
}

static void test_signal_on_the_way_into_a_sleep_ends_it(void **state)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct host_io *io = host_io_create();
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct sigaction action = { .sa_handler = on_signal };
		struct host_watcher watcher = { .before = before, .after = after, .arg = (void *)&numbers[i] };
		sigset_t mask;
		came = 0;
		sigaction(numbers[i], &action, NULL);
		host_io_add(io, &watcher);
		host_io_poll(io, HOST_IO_FOREVER);
		host_io_remove(io, &watcher);
		sigprocmask(SIG_SETMASK, NULL, &mask);
		assert_false(sigismember(&mask, numbers[i]));
		signal(numbers[i], SIG_DFL);
	}
	host_io_destroy(io);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signal_on_the_way_into_a_sleep_ends_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

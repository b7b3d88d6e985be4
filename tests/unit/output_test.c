/*
 * Files of observers: what cannot be written is known before the run.
 */
#include "emu/observe/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void print_word(const void *arg, FILE *out)
{
	fputs(arg, out);
}

static void test_what_cannot_be_written_is_told_before(void **state)
{
	struct error err;
	(void)state;
	assert_false(output_check("/nonexistent/x", &err));
	assert_non_null(strstr(err.text, "/nonexistent/x: No such file"));
	assert_false(output_check("/tmp", &err));
	assert_true(output_check("-", &err));
	assert_true(output_check("/dev/full", &err)); /* only writing shows it */
	assert_false(output_write("/dev/full", print_word, "word", &err));
	assert_non_null(strstr(err.text, "/dev/full: No space left"));
}

static void test_checking_loses_nothing_that_is_there(void **state)
{
	char path[] = "/tmp/output_test_XXXXXX";
	struct stat st;
	struct error err;
	int fd = mkstemp(path);
	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_true(output_write(path, print_word, "word", &err));
	assert_true(output_check(path, &err));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 4);
	unlink(path);
}

static void test_checking_a_pipe_does_not_open_it(void **state)
{
	char folder[] = "/tmp/output_test_XXXXXX", path[64];
	struct error err;
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/pipe", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(output_check(path, &err)); /* it would wait for a reader */
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_cannot_be_written_is_told_before),
		cmocka_unit_test(test_checking_loses_nothing_that_is_there),
		cmocka_unit_test(test_checking_a_pipe_does_not_open_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

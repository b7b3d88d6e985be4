/*
 * --expect: the language, what is refused with what words, the judgement, and reports that stay well-formed.
 */
#include "emu/observe/expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct {
	const char *name;
	u64 value;
} counters[] = {
	{ "faults", 133 }, { "stale", 0 }, { "swap.writes", 0 }, { "walks.load", 4096 }, { "big", UINT64_MAX }
};

static bool find(const void *from, const char *name, u64 *value)
{
	(void)from;
	for (u32 i = 0; i < ARRAY_SIZE(counters); i++) {
		if (strcmp(counters[i].name, name) == 0) {
			*value = counters[i].value;
			return true;
		}
	}
	return false;
}

static void each(const void *from, void (*see)(void *arg, const char *name, u64 value), void *arg)
{
	(void)from;
	for (u32 i = 0; i < ARRAY_SIZE(counters); i++)
		see(arg, counters[i].name, counters[i].value);
}

static const struct expect_source source = { .find = find, .each = each };

static struct expect *parse(const char *text)
{
	struct error err = { "" };
	struct expect *e = expect_create(&text, 1, &err);
	if (!e)
		fail_msg("refused '%s': %s", text, err.text);
	if (!expect_check_names(e, &source, &err))
		fail_msg("'%s': %s", text, err.text);
	return e;
}

/* Judges; what was said is in a static buffer. */
static u32 judge(struct expect *e, int status, const char **said)
{
	static char text[1024];
	FILE *out = fmemopen(text, sizeof(text), "w");
	u32 failed = expect_judge(e, &source, status, out);
	fclose(out);
	*said = failed ? text : "";
	return failed;
}

static void expect_holds(const char *text, int status)
{
	const char *said;
	struct expect *e = parse(text);
	if (judge(e, status, &said) != 0)
		fail_msg("'%s' does not hold: %s", text, said);
	expect_destroy(e);
}

static void expect_says(const char *text, int status, const char *lines)
{
	const char *said;
	struct expect *e = parse(text);
	judge(e, status, &said);
	assert_string_equal(said, lines);
	expect_destroy(e);
}

static void expect_refused(const char *text, const char *words)
{
	struct error err = { "" };
	struct expect *e = expect_create(&text, 1, &err);
	bool ok = e && expect_check_names(e, &source, &err);
	expect_destroy(e);
	if (ok)
		fail_msg("took '%s'", text);
	if (!strstr(err.text, words) || strchr(err.text, '\n'))
		fail_msg("'%s' was refused with '%s', not '%s'", text, err.text, words);
}

static void test_every_operator_compares(void **state)
{
	(void)state;
	expect_holds("faults==133; faults!=132; faults<=133; faults>=133; faults<134; faults>132", 0);
	expect_says("faults==132", 0, "expected faults==132, was 133\n");
	expect_says("faults!=133", 0, "expected faults!=133, was 133\n");
	expect_says("faults<=132", 0, "expected faults<=132, was 133\n");
	expect_says("faults>=134", 0, "expected faults>=134, was 133\n");
	expect_says("faults<133", 0, "expected faults<133, was 133\n");
	expect_says("faults>133", 0, "expected faults>133, was 133\n");
}

static void test_blanks_and_empty_clauses_do_not_matter(void **state)
{
	(void)state;
	expect_holds("  faults <= 133 ;;\tstale==0 ; ", 0);
	expect_says(" faults  <= 1 ", 0, "expected faults  <= 1, was 133\n");
}

static void test_numbers_have_bases_and_suffixes(void **state)
{
	(void)state;
	expect_holds("walks.load==0x1000; walks.load==4K; walks.load<1M; big==18446744073709551615", 0);
}

static void test_counters_are_compared_with_counters(void **state)
{
	(void)state;
	expect_holds("stale<=faults; swap.writes==stale", 0);
	expect_says("walks.load<=faults", 0, "expected walks.load<=faults, was 4096 and 133\n");
}

static void test_exit_is_the_exit_status(void **state)
{
	(void)state;
	expect_holds("exit==0", 0);
	expect_holds("exit==124", 124);
	expect_says("exit==0; stale==1", 3, "expected exit==0, was 3\nexpected stale==1, was 0\n");
}

static void test_mistakes_are_explained(void **state)
{
	(void)state;
	expect_refused("", "nothing is expected");
	expect_refused(" ; ", "nothing is expected");
	expect_refused("faults", "behind faults must stand");
	expect_refused("faults=3", "equality is ==");
	expect_refused("faults==", "a number or a name is missing");
	expect_refused("faults==3x", "3x is not a number");
	expect_refused("faults>=-1", "never below 0");
	expect_refused("qq==3", "--stats=names");
	expect_refused("faults==99999999999999999999", "not a number");
	expect_refused("faults==-1", "-1");
	expect_refused("3==faults", "must begin with the name");
	expect_refused("==3", "must begin with the name");
	expect_refused("faults==3 stale==0", "'stale==0' is too much");
	expect_refused("faults==3, stale==0", "is too much");
	expect_refused("fautls==3", "did you mean faults?");
	expect_refused("swap.write==3", "did you mean swap.writes?");
	expect_refused("exi==3", "did you mean exit?");
	expect_refused("faults<=stall", "did you mean stale?");
	expect_refused("nothinglikeit==3", "--stats=names");
	expect_refused("a1234567890123456789012345678901234567890123456789012345678901234567890==3", "must begin");
}

static void test_all_texts_are_read(void **state)
{
	const char *const texts[] = { "faults<=120", "stale==0; exit==0" };
	struct error err;
	const char *said;
	struct expect *e = expect_create(texts, 2, &err);
	(void)state;
	assert_non_null(e);
	assert_true(expect_check_names(e, &source, &err));
	assert_int_equal(judge(e, 0, &said), 1);
	expect_destroy(e);
}

/* The report, in a static buffer. */
static const char *report(const char *text, const struct expect_run *run, const char *suffix)
{
	static char content[4096];
	char path[64] = "/tmp/rvemu-expect-XXXXXX";
	struct error err;
	const char *said;
	int fd = mkstemp(path);
	char named[80];
	assert_true(fd >= 0);
	close(fd);
	snprintf(named, sizeof(named), "%s%s", path, suffix);
	struct expect *e = parse(text);
	judge(e, run->status, &said);
	assert_true(expect_report(e, run, named, &err));
	expect_destroy(e);
	FILE *in = fopen(named, "r");
	assert_non_null(in);
	content[fread(content, 1, sizeof(content) - 1, in)] = '\0';
	fclose(in);
	unlink(named);
	unlink(path);
	return content;
}

static void test_junit_report_is_escaped(void **state)
{
	struct expect_run run = { .guest = "a<b>&\"'\x01\xff\xc3\xa9.elf", .host_ns = 1500000000 };
	const char *xml = report("faults<=120; stale==0", &run, ".xml");
	(void)state;
	assert_non_null(
		strstr(xml, "<testsuite name=\"a&lt;b&gt;&amp;&quot;&apos;??\xc3\xa9.elf\" tests=\"2\" failures=\"1\" "
	                    "errors=\"0\" time=\"1.500\">"));
	assert_non_null(
		strstr(xml, "name=\"faults&lt;=120\">\n   <failure message=\"expected faults&lt;=120, was 133\"/>"));
	assert_non_null(strstr(xml, "<system-out>stale = 0</system-out>"));
}

static void test_cut_run_is_an_error_unless_it_was_thought_of(void **state)
{
	struct expect_run run = { .guest = "g", .status = 124, .cut = "the limit" };
	(void)state;
	assert_non_null(strstr(report("stale==0", &run, ".xml"), "<error message=\"the limit\"/>"));
	assert_null(strstr(report("exit==124", &run, ".xml"), "<error"));
	assert_non_null(strstr(report("exit==124", &run, ".json"), "\"cut\": \"the limit\""));
}

static void test_json_report_has_every_clause(void **state)
{
	struct expect_run run = { .guest = "a\"\\\n.elf" };
	const char *json = report("faults<=120; stale<=faults", &run, ".json");
	(void)state;
	assert_non_null(strstr(json, "\"guest\": \"a\\\"\\\\?.elf\""));
	assert_non_null(strstr(json, "\"passed\": 1,\n \"failed\": 1"));
	assert_non_null(strstr(json, "\"op\": \"<=\", \"wanted\": 120, \"value\": 133, \"ok\": false"));
	assert_non_null(strstr(json, "\"wanted\": 133, \"value\": 0, \"ok\": true"));
}

static void test_report_that_cannot_be_written_is_told(void **state)
{
	struct expect_run run = { .guest = "g" };
	struct error err = { "" };
	const char *said;
	struct expect *e = parse("stale==0");
	(void)state;
	judge(e, 0, &said);
	assert_false(expect_report(e, &run, "/nonexistent/r.xml", &err));
	assert_non_null(strstr(err.text, "/nonexistent/r.xml"));
	assert_false(expect_report(e, &run, "/dev/full", &err));
	expect_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_operator_compares),
		cmocka_unit_test(test_blanks_and_empty_clauses_do_not_matter),
		cmocka_unit_test(test_numbers_have_bases_and_suffixes),
		cmocka_unit_test(test_counters_are_compared_with_counters),
		cmocka_unit_test(test_exit_is_the_exit_status),
		cmocka_unit_test(test_mistakes_are_explained),
		cmocka_unit_test(test_all_texts_are_read),
		cmocka_unit_test(test_junit_report_is_escaped),
		cmocka_unit_test(test_cut_run_is_an_error_unless_it_was_thought_of),
		cmocka_unit_test(test_json_report_has_every_clause),
		cmocka_unit_test(test_report_that_cannot_be_written_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

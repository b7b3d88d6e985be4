/*
 * Recordings: what was put comes out again, at its moment; a run that is another one is noticed; files that are cut,
 * damaged, or somebody else's. Whole sessions are recorded and replayed in tests/snapshot.
 */
#include "emu/journal.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/unit/machine_rig.h"

#define EPOCH 1234567890123456789ull

static struct machine_rig rig;
static struct error err;
static char path[] = "/tmp/journal_test.XXXXXX";

static void start(const char *options)
{
	const u32 guest[] = { rv_addi(RV_T0, RV_T0, 1), rv_jal(RV_ZERO, -4) };
	rig_start(&rig, options, guest, ARRAY_SIZE(guest));
}

static struct journal *record(const char *options)
{
	start(options);
	struct journal *j = journal_create(path, &err);
	assert_non_null(j);
	assert_true(journal_begin(j, rig.m, EPOCH, &err));
	return j;
}

static struct journal *replay(const char *options)
{
	start(options);
	struct journal *j = journal_open(path, &err);
	if (!j)
		fail_msg("%s", err.text);
	assert_int_equal(journal_epoch_ns(j), EPOCH);
	assert_true(journal_begin(j, rig.m, 0, &err));
	return j;
}

static void finish(struct journal *j)
{
	if (!journal_close(j, &err))
		fail_msg("%s", err.text);
	rig_free(&rig);
}

/* A moment n of a run: the n-th instruction. */
static struct journal_moment moment(u64 n)
{
	return (struct journal_moment){ .now_ns = n * 10, .instret = n, .pc = 4 * n, .digest = ~n };
}

static void put(struct journal *j, u64 n, enum journal_kind kind, u8 port, const char *text)
{
	struct journal_moment at = moment(n);
	journal_put(j, &at, kind, port, text, (u32)strlen(text));
}

/* Takes what is due at moment n. */
static enum journal_result take(struct journal *j, u64 n, struct journal_entry *e)
{
	struct journal_moment at = moment(n);
	return journal_take(j, &at, e, &err);
}

static bool answer(struct journal *j, u64 n, u8 port, struct journal_entry *e)
{
	struct journal_moment at = moment(n);
	return journal_answer(j, &at, JOURNAL_ANSWER, port, e, &err);
}

static bool end_at(struct journal *j, u64 n)
{
	struct journal_moment at = moment(n);
	return journal_finish(j, &at, 0, &err);
}

static void assert_entry(const struct journal_entry *e, u64 n, enum journal_kind kind, const char *text)
{
	assert_int_equal(e->at.now_ns, n * 10);
	assert_int_equal(e->kind, kind);
	assert_int_equal(e->size, strlen(text));
	assert_memory_equal(e->bytes, text, e->size);
}

static void assert_told(const char *what)
{
	assert_int_equal(strncmp(err.text, path, strlen(path)), 0);
	assert_null(strchr(err.text, '\n'));
	if (!strstr(err.text, what))
		fail_msg("\"%s\" does not say \"%s\"", err.text, what);
}

static void record_three(void)
{
	struct journal *j = record("");
	put(j, 5, JOURNAL_CONSOLE, 0, "hello");
	put(j, 5, JOURNAL_FRAME, 0, "a frame");
	put(j, 9, JOURNAL_CONSOLE, 0, "");
	assert_true(end_at(j, 12));
	finish(j);
}

static void test_entries_come_at_their_moments(void **state)
{
	struct journal_entry e;
	(void)state;
	record_three();
	struct journal *j = replay("");
	assert_true(journal_is_replay(j));
	assert_int_equal(journal_next_ns(j), 50);
	assert_int_equal(take(j, 1, &e), JOURNAL_NOTHING);
	assert_int_equal(take(j, 5, &e), JOURNAL_TAKEN);
	assert_entry(&e, 5, JOURNAL_CONSOLE, "hello");
	assert_int_equal(take(j, 5, &e), JOURNAL_TAKEN);
	assert_entry(&e, 5, JOURNAL_FRAME, "a frame");
	assert_int_equal(take(j, 5, &e), JOURNAL_NOTHING);
	assert_int_equal(journal_next_ns(j), 90);
	assert_int_equal(take(j, 9, &e), JOURNAL_TAKEN);
	assert_entry(&e, 9, JOURNAL_CONSOLE, "");
	assert_int_equal(journal_next_ns(j), 120);
	assert_int_equal(take(j, 12, &e), JOURNAL_TAKEN);
	assert_int_equal(e.kind, JOURNAL_END);
	assert_int_equal(journal_next_ns(j), CLOCK_NEVER);
	assert_true(end_at(j, 12));
	finish(j);
}

static void test_guest_that_ends_by_itself_ends_the_replay(void **state)
{
	struct journal_entry e;
	(void)state;
	record_three();
	struct journal *j = replay("");
	assert_int_equal(take(j, 5, &e), JOURNAL_TAKEN);
	assert_false(end_at(j, 5));
	assert_told("diverged");
	assert_int_equal(take(j, 5, &e), JOURNAL_TAKEN);
	assert_int_equal(take(j, 9, &e), JOURNAL_TAKEN);
	assert_false(end_at(j, 11));
	assert_told("did not happen by 110 ns");
	assert_true(end_at(j, 12));
	finish(j);
}

static void test_another_run_is_noticed(void **state)
{
	struct journal_entry e;
	struct journal_moment at;
	(void)state;
	record_three();
	struct journal *j = replay("");
	assert_int_equal(take(j, 6, &e), JOURNAL_DIVERGED);
	assert_told("at 50 ns of guest time, instruction 5, did not happen by 60 ns");
	at = moment(5);
	at.instret = 4;
	assert_int_equal(journal_take(j, &at, &e, &err), JOURNAL_DIVERGED);
	assert_told("before instruction 4: at 50 ns hart 0 is at pc 0x14, recorded were instruction 5 and pc 0x14");
	at = moment(5);
	at.pc = 0x80000000;
	assert_int_equal(journal_take(j, &at, &e, &err), JOURNAL_DIVERGED);
	assert_told("pc 0x80000000");
	at = moment(5);
	at.digest++;
	assert_int_equal(journal_take(j, &at, &e, &err), JOURNAL_DIVERGED);
	assert_told("with other registers");
	finish(j);
}

static void test_answers_come_when_they_are_asked_for(void **state)
{
	struct journal_entry e;
	struct journal *j = record("");
	(void)state;
	put(j, 3, JOURNAL_ANSWER, 1, "yes");
	put(j, 4, JOURNAL_ANSWER, 2, "no");
	put(j, 7, JOURNAL_ANSWER, 2, "perhaps");
	put(j, 8, JOURNAL_REBOOT, 0, "");
	put(j, 1, JOURNAL_CONSOLE, 0, "again");
	assert_true(end_at(j, 2));
	finish(j);

	j = replay("");
	assert_int_equal(journal_next_ns(j), 31);
	assert_int_equal(take(j, 3, &e), JOURNAL_NOTHING);
	assert_true(answer(j, 3, 1, &e));
	assert_entry(&e, 3, JOURNAL_ANSWER, "yes");
	assert_false(answer(j, 4, 1, &e));
	assert_told("something else happening");
	assert_true(answer(j, 4, 2, &e));
	assert_int_equal(take(j, 8, &e), JOURNAL_DIVERGED);
	assert_told("did not happen by 80 ns");
	assert_true(answer(j, 7, 2, &e));
	assert_entry(&e, 7, JOURNAL_ANSWER, "perhaps");
	struct journal_moment at = moment(8);
	assert_true(journal_answer(j, &at, JOURNAL_REBOOT, 0, &e, &err));
	assert_int_equal(journal_next_ns(j), 10);
	assert_int_equal(take(j, 1, &e), JOURNAL_TAKEN);
	assert_entry(&e, 1, JOURNAL_CONSOLE, "again");
	assert_false(answer(j, 1, 1, &e));
	assert_true(end_at(j, 2));
	finish(j);
}

static void test_marks_are_checked_and_not_handed_out(void **state)
{
	struct journal_entry e;
	struct journal *j = record("");
	(void)state;
	put(j, 3, JOURNAL_MARK, 0, "");
	put(j, 4, JOURNAL_MARK, 0, "");
	put(j, 4, JOURNAL_CONSOLE, 0, "x");
	put(j, 6, JOURNAL_MARK, 0, "");
	assert_true(end_at(j, 6));
	finish(j);

	j = replay("");
	assert_int_equal(journal_next_ns(j), 30);
	assert_int_equal(take(j, 3, &e), JOURNAL_NOTHING);
	assert_int_equal(journal_next_ns(j), 40);
	struct journal_moment at = moment(4);
	at.digest = 0;
	assert_int_equal(journal_take(j, &at, &e, &err), JOURNAL_DIVERGED);
	assert_int_equal(take(j, 4, &e), JOURNAL_TAKEN);
	assert_entry(&e, 4, JOURNAL_CONSOLE, "x");
	assert_true(end_at(j, 6));
	finish(j);
}

static void test_large_entries_are_whole(void **state)
{
	struct journal_entry e;
	u32 size = JOURNAL_BYTES_MAX;
	u8 *bytes = xcalloc(size, 1);
	struct journal *j = record("");
	struct journal_moment at = moment(1);
	(void)state;
	for (u32 i = 0; i < size; i++)
		bytes[i] = (u8)(i * 0x9e3779b1u >> 24);
	journal_put(j, &at, JOURNAL_FRAME, 0, bytes, size);
	assert_true(end_at(j, 2));
	finish(j);
	j = replay("");
	assert_int_equal(take(j, 1, &e), JOURNAL_TAKEN);
	assert_int_equal(e.size, size);
	assert_memory_equal(e.bytes, bytes, size);
	free(bytes);
	finish(j);
}

static void refuse(const char *options, const char *told)
{
	start(options);
	struct journal *j = journal_open(path, &err);
	if (j)
		assert_false(journal_begin(j, rig.m, 0, &err));
	assert_told(told);
	assert_true(journal_close(j, &err));
	rig_free(&rig);
}

static void test_other_machine_is_refused(void **state)
{
	const u32 other[] = { rv_addi(RV_T0, RV_T0, 2), rv_jal(RV_ZERO, -4) };
	(void)state;
	record_three();
	refuse("-m 64M", "made with -m 128M, but this is run with -m 64M");
	refuse("--smp 2", "made with --smp 1");
	refuse("--tlb teach", "made with --tlb fast");
	/* Another guest. */
	rig_start(&rig, "", other, ARRAY_SIZE(other));
	struct journal *j = journal_open(path, &err);
	assert_non_null(j);
	assert_false(journal_begin(j, rig.m, 0, &err));
	assert_told("other files of the guest");
	assert_true(journal_close(j, &err));
	/* The same one, but it has run. */
	rig_free(&rig);
	start("");
	rig.config.max_insns = 10;
	assert_int_equal(run_machine(rig.m, NULL), RUN_LIMIT);
	j = journal_open(path, &err);
	assert_non_null(j);
	assert_false(journal_begin(j, rig.m, 0, &err));
	assert_told("made with a start at instruction 0");
	finish(j);
}

static void write_file(const void *bytes, u64 size)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	fclose(f);
}

static u8 *file_bytes(u64 *size)
{
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	*size = (u64)st.st_size;
	u8 *bytes = xcalloc(*size + 1, 1);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	assert_int_equal(fread(bytes, 1, *size, f), *size);
	fclose(f);
	return bytes;
}

static void test_other_files_are_refused(void **state)
{
	(void)state;
	write_file("", 0);
	refuse("", "not a recording of rvemu");
	write_file("no recording", 12);
	refuse("", "not a recording of rvemu");
	unlink(path);
	refuse("", "No such file");
}

/* What was put is in the file at once if it was typed, or else after a flush: a killed rvemu loses no more. */
static void test_unfinished_recording_goes_as_far_as_it_was_flushed(void **state)
{
	struct journal_entry e;
	u64 size;
	struct journal *j = record("");
	(void)state;
	put(j, 1, JOURNAL_CONSOLE, 0, "typed");
	put(j, 2, JOURNAL_FRAME, 0, "flushed");
	journal_flush(j);
	put(j, 3, JOURNAL_FRAME, 0, "lost");
	u8 *bytes = file_bytes(&size);
	finish(j);
	write_file(bytes, size);
	free(bytes);

	j = replay("");
	assert_int_equal(take(j, 1, &e), JOURNAL_TAKEN);
	assert_entry(&e, 1, JOURNAL_CONSOLE, "typed");
	assert_int_equal(take(j, 2, &e), JOURNAL_TAKEN);
	assert_entry(&e, 2, JOURNAL_FRAME, "flushed");
	for (u32 i = 0; i < 100; i++) {
		assert_int_equal(journal_next_ns(j), CLOCK_NEVER);
		assert_int_equal(take(j, 100, &e), JOURNAL_NOTHING);
	}
	assert_false(answer(j, 101, 0, &e));
	assert_told("the recording ends here (instruction 101)");
	assert_true(end_at(j, 102));
	finish(j);
}

/* Replays whatever is in the file; it may end in any way but by doing harm. */
static void replay_anything(void)
{
	struct journal_entry e;
	start("");
	struct journal *j = journal_open(path, &err);
	if (j && journal_begin(j, rig.m, 0, &err)) {
		for (u32 i = 0; i < 20; i++) {
			u64 next = journal_next_ns(j);
			if (next == CLOCK_NEVER || take(j, next / 10, &e) == JOURNAL_DIVERGED)
				break;
		}
	} else {
		assert_told("");
	}
	assert_true(journal_close(j, &err));
	rig_free(&rig);
}

static void test_damaged_recording_does_no_harm(void **state)
{
	u64 size;
	(void)state;
	record_three();
	u8 *bytes = file_bytes(&size);
	for (u64 cut = 0; cut < size; cut += 3) {
		write_file(bytes, cut);
		replay_anything();
	}
	for (u64 bit = 0; bit < 8 * size; bit += 11) {
		bytes[bit / 8] ^= (u8)(1 << bit % 8);
		write_file(bytes, size);
		replay_anything();
		bytes[bit / 8] ^= (u8)(1 << bit % 8);
	}
	free(bytes);
}

static void test_recording_that_cannot_be_written_is_told(void **state)
{
	struct rlimit old_limit, small;
	(void)state;
	struct journal *j = record("");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
	small = old_limit;
	small.rlim_cur = 600;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (u64 n = 1; n < 100; n++)
		put(j, n * n, JOURNAL_CONSOLE, 0, "keys");
	assert_true(end_at(j, 100000));
	bool closed = journal_close(j, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old_limit), 0);
	assert_false(closed);
	assert_told("the recording is not whole: File too large");
	rig_free(&rig);
}

static void test_moments_tell_registers_apart(void **state)
{
	(void)state;
	start("--smp 2");
	struct journal_moment before = journal_moment(rig.m);
	rig.m->harts[1]->x[31]++;
	struct journal_moment after = journal_moment(rig.m);
	assert_int_equal(before.pc, RIG_RAM);
	assert_int_equal(before.now_ns, after.now_ns);
	assert_int_equal(before.instret, after.instret);
	assert_int_not_equal(before.digest, after.digest);
	rig.m->harts[1]->x[31]--;
	rig.m->harts[0]->f[0] ^= BIT(63);
	after = journal_moment(rig.m);
	assert_int_not_equal(before.digest, after.digest);
	rig_free(&rig);
}

static int make_file(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_come_at_their_moments),
		cmocka_unit_test(test_guest_that_ends_by_itself_ends_the_replay),
		cmocka_unit_test(test_another_run_is_noticed),
		cmocka_unit_test(test_answers_come_when_they_are_asked_for),
		cmocka_unit_test(test_marks_are_checked_and_not_handed_out),
		cmocka_unit_test(test_large_entries_are_whole),
		cmocka_unit_test(test_other_machine_is_refused),
		cmocka_unit_test(test_other_files_are_refused),
		cmocka_unit_test(test_unfinished_recording_goes_as_far_as_it_was_flushed),
		cmocka_unit_test(test_damaged_recording_does_no_harm),
		cmocka_unit_test(test_recording_that_cannot_be_written_is_told),
		cmocka_unit_test(test_moments_tell_registers_apart),
	};
	return cmocka_run_group_tests(tests, make_file, remove_file);
}

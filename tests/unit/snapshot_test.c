/*
 * Snapshot files: what fits, what is refused and how it is told, damage of any kind, and what becomes of the old file.
 * That a resumed machine goes on alike is tested with real guests in tests/snapshot.
 */
#include "emu/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <zstd.h>

#include "tests/unit/machine_rig.h"

#define PATH_SIZE 64
#define STEPS 5000

static struct machine_rig rig, other;
static char folder[] = "/tmp/snapshot_test.XXXXXX";

static void path_in(char path[PATH_SIZE], const char *name)
{
	snprintf(path, PATH_SIZE, "%s/%s", folder, name);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

/* Nothing may be left in it but what the tests themselves made. */
static int remove_folder(void **state)
{
	char path[PATH_SIZE];
	(void)state;
	path_in(path, "snap");
	unlink(path);
	return rmdir(folder);
}

static void run_for(struct machine_rig *r, u64 steps)
{
	r->config.max_insns = steps;
	assert_int_equal(run_machine(r->m, NULL), RUN_LIMIT);
}

/* Counts in a register and in memory, and sets its timer. */
static void start(struct machine_rig *r, const char *options)
{
	const u32 guest[] = {
		0x00001117,               /* auipc sp, 1: RIG_DATA */
		rv_lui(RV_T0, 0x2004),    /* mtimecmp */
		rv_addi(RV_T1, RV_T1, 1), /* loop */
		rv_sd(RV_T1, RV_SP, 0),
		rv_sd(RV_T1, RV_T0, 0),
		rv_jal(RV_ZERO, -12),
	};
	rig_start(r, options, guest, ARRAY_SIZE(guest));
}

/* A snapshot of a machine with these options, after some steps. */
static void make_snapshot(const char *options, char path[PATH_SIZE])
{
	path_in(path, "snap");
	start(&rig, options);
	run_for(&rig, STEPS);
	if (!snapshot_save(rig.m, path, &rig.err))
		fail_msg("%s", rig.err.text);
}

static u64 file_size(const char *path)
{
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	return (u64)st.st_size;
}

static u8 *file_bytes(const char *path, u64 *size)
{
	*size = file_size(path);
	u8 *bytes = xcalloc(*size + 1, 1);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	assert_int_equal(fread(bytes, 1, *size, f), *size);
	fclose(f);
	return bytes;
}

static void write_file(const char *path, const void *bytes, u64 size)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	fclose(f);
}

/* One line, beginning with the file's name. */
static void assert_told(const struct error *err, const char *path, const char *what)
{
	assert_int_equal(strncmp(err->text, path, strlen(path)), 0);
	assert_null(strchr(err->text, '\n'));
	if (!strstr(err->text, what))
		fail_msg("\"%s\" does not say \"%s\"", err->text, what);
}

static void test_machine_comes_back(void **state)
{
	char path[PATH_SIZE];
	(void)state;
	make_snapshot("-m 64K", path);
	start(&other, "-m 64K");
	if (!snapshot_load(other.m, path, &other.err))
		fail_msg("%s", other.err.text);
	assert_int_equal(other.m->harts[0]->x[RV_T1], rig.m->harts[0]->x[RV_T1]);
	assert_int_equal(machine_steps(other.m), STEPS);
	run_for(&rig, STEPS);
	run_for(&other, STEPS);
	assert_int_equal(rig.m->clock.now_ns, other.m->clock.now_ns);
	assert_int_equal(machine_instret(rig.m), machine_instret(other.m));
	assert_int_equal(machine_ram_hash(rig.m), machine_ram_hash(other.m));
	rig_free(&rig);
	rig_free(&other);
}

/* What the fresh machine's RAM was loaded with, and the saved one's had zeroed, does not come back. */
static void test_zeroed_ram_stays_zero(void **state)
{
	static const u8 zeros[4096];
	char path[PATH_SIZE];
	(void)state;
	make_snapshot("-m 64K", path);
	assert_true(bus_write(&rig.m->bus, RIG_RAM, zeros, sizeof(zeros)));
	assert_true(snapshot_save(rig.m, path, &rig.err));
	start(&other, "-m 64K");
	assert_true(snapshot_load(other.m, path, &other.err));
	assert_int_equal(rig_word(&other, 0), 0);
	assert_int_equal(machine_ram_hash(rig.m), machine_ram_hash(other.m));
	rig_free(&rig);
	rig_free(&other);
}

static void test_machine_that_does_not_fit_is_refused(void **state)
{
	static const struct {
		const char *made, *run, *told;
	} cases[] = {
		{ "-m 64K", "-m 128K", "made with -m 64K, but this is run with -m 128K" },
		{ "-m 1M", "-m 64K", "made with -m 1M" },
		{ "--smp 2", "--smp 3", "made with --smp 2" },
		{ "--isa rv64imac", "--isa rv64ima", "made with --isa rv64i" },
		{ "--mmu sv39", "--mmu sv57", "--mmu sv39" },
		{ "--ad trap", "--ad update", "made with --ad trap" },
		{ "--asid-bits 3", "--asid-bits 4", "--asid-bits 3" },
		{ "--misaligned trap", "--misaligned ok", "--misaligned trap" },
		{ "--tlb rocket --ad trap", "--tlb teach --ad trap", "--tlb rocket" },
		{ "--seed 1", "--seed 2", "--seed 1" },
		{ "--quantum 10", "--quantum 11", "--quantum 10" },
		{ "--rng", "", "made with entropy (--rng) in virtio slot 0" },
	};
	char path[PATH_SIZE];
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		make_snapshot(cases[i].made, path);
		start(&other, cases[i].run);
		assert_false(snapshot_load(other.m, path, &other.err));
		assert_told(&other.err, path, cases[i].told);
		rig_free(&rig);
		rig_free(&other);
	}
}

static void refuse(const char *path, const char *told)
{
	start(&other, "-m 64K");
	assert_false(snapshot_load(other.m, path, &other.err));
	assert_told(&other.err, path, told);
	rig_free(&other);
}

static void test_other_files_are_refused(void **state)
{
	char path[PATH_SIZE];
	u8 packed[256];
	(void)state;
	path_in(path, "none");
	refuse(path, "No such file");
	refuse("/tmp", "not a snapshot");
	path_in(path, "snap");
	write_file(path, "", 0);
	refuse(path, "not a snapshot");
	write_file(path, "hello, world: no snapshot at all", 32);
	refuse(path, "not a snapshot");
	size_t size = ZSTD_compress(packed, sizeof(packed), "something else, but packed", 26, 1);
	write_file(path, packed, size);
	refuse(path, "not a snapshot");
}

static void test_cut_file_is_refused_wherever_it_is_cut(void **state)
{
	char path[PATH_SIZE];
	u64 size;
	(void)state;
	make_snapshot("-m 64K", path);
	rig_free(&rig);
	u8 *bytes = file_bytes(path, &size);
	for (u64 cut = 0; cut < size; cut += cut < 64 || cut + 64 > size ? 1 : 13) {
		write_file(path, bytes, cut);
		refuse(path, "snapshot");
	}
	free(bytes);
}

static void test_file_with_something_behind_it_is_refused(void **state)
{
	char path[PATH_SIZE];
	u64 size;
	(void)state;
	make_snapshot("-m 64K", path);
	rig_free(&rig);
	u8 *bytes = file_bytes(path, &size);
	write_file(path, bytes, size + 1);
	refuse(path, "damaged");
	free(bytes);
}

/* What is inside may be wrong even if the checksum is right. */
struct stream {
	u8 bytes[512 * KIB];
	size_t size, at;
};

static bool keep(void *arg, void *from, size_t size)
{
	struct stream *s = arg;
	assert_true(size <= sizeof(s->bytes) - s->size);
	memcpy(s->bytes + s->size, from, size);
	s->size += size;
	return true;
}

static bool give(void *arg, void *to, size_t size)
{
	struct stream *s = arg;
	if (size > s->size - s->at)
		return false;
	memcpy(to, s->bytes + s->at, size);
	s->at += size;
	return true;
}

static struct stream stream, again;

static void save_to(struct stream *to, const struct machine_rig *r)
{
	struct state s = { .transfer = keep, .arg = to };
	to->size = 0;
	snapshot_state(&s, r->m);
}

static void test_flipped_bit_is_noticed_or_means_nothing(void **state)
{
	char path[PATH_SIZE];
	u64 size;
	(void)state;
	make_snapshot("-m 64K", path);
	save_to(&stream, &rig);
	rig_free(&rig);
	u8 *bytes = file_bytes(path, &size);
	for (u64 bit = 0; bit < 8 * size; bit += bit < 256 ? 1 : 37) {
		bytes[bit / 8] ^= (u8)(1 << bit % 8);
		write_file(path, bytes, size);
		start(&other, "-m 64K");
		if (snapshot_load(other.m, path, &other.err)) {
			/* The format of zstd has bits that nobody looks at. */
			save_to(&again, &other);
			assert_int_equal(again.size, stream.size);
			assert_memory_equal(again.bytes, stream.bytes, stream.size);
		} else {
			assert_told(&other.err, path, "");
		}
		rig_free(&other);
		bytes[bit / 8] ^= (u8)(1 << bit % 8);
	}
	free(bytes);
}

/* Loads it into a new machine; if that is possible the machine must run, however wrong its contents are. */
static void try_stream(const char *options)
{
	struct state s = { .loading = true, .transfer = give, .arg = &stream };
	start(&other, options);
	s.err = &other.err;
	stream.at = 0;
	snapshot_state(&s, other.m);
	if (state_ok(&s)) {
		other.config.max_insns = 500;
		(void)run_machine(other.m, NULL);
	}
	rig_free(&other);
}

static void test_wrong_contents_do_no_harm(void **state)
{
	static const char *const options[] = { "-m 16K --tlb teach", "-m 16K --tlb champsim --smp 2" };
	static const u8 values[] = { 0, 1, 0x7f, 0x80, 0xff };
	(void)state;
	for (u32 o = 0; o < ARRAY_SIZE(options); o++) {
		start(&rig, options[o]);
		run_for(&rig, STEPS);
		save_to(&stream, &rig);
		rig_free(&rig);
		for (size_t at = o; at < stream.size; at += at < 8 * KIB ? 7 : 97) {
			u8 was = stream.bytes[at];
			stream.bytes[at] = values[at % ARRAY_SIZE(values)];
			if (stream.bytes[at] != was)
				try_stream(options[o]);
			stream.bytes[at] = was;
		}
	}
}

static void test_failure_to_save_leaves_the_old_file(void **state)
{
	struct rlimit old_limit, small;
	char path[PATH_SIZE];
	u64 before, after;
	(void)state;
	make_snapshot("-m 64K", path);
	u8 *old = file_bytes(path, &before);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
	small = old_limit;
	small.rlim_cur = 100;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	bool saved = snapshot_save(rig.m, path, &rig.err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old_limit), 0);
	assert_false(saved);
	assert_told(&rig.err, path, "File too large");
	u8 *now = file_bytes(path, &after);
	assert_int_equal(before, after);
	assert_memory_equal(old, now, before);
	free(old);
	free(now);
	rig_free(&rig);
}

static void test_only_regular_files_are_replaced(void **state)
{
	(void)state;
	start(&rig, "-m 64K");
	assert_false(snapshot_save(rig.m, "/dev/null", &rig.err));
	assert_told(&rig.err, "/dev/null", "not a regular file");
	assert_false(snapshot_save(rig.m, "/nowhere/at/all", &rig.err));
	assert_told(&rig.err, "/nowhere/at/all", "No such file");
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_machine_comes_back),
		cmocka_unit_test(test_zeroed_ram_stays_zero),
		cmocka_unit_test(test_machine_that_does_not_fit_is_refused),
		cmocka_unit_test(test_other_files_are_refused),
		cmocka_unit_test(test_cut_file_is_refused_wherever_it_is_cut),
		cmocka_unit_test(test_file_with_something_behind_it_is_refused),
		cmocka_unit_test(test_flipped_bit_is_noticed_or_means_nothing),
		cmocka_unit_test(test_wrong_contents_do_no_harm),
		cmocka_unit_test(test_failure_to_save_leaves_the_old_file),
		cmocka_unit_test(test_only_regular_files_are_replaced),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

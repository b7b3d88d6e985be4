/*
 * The block device and power-off. A driver does a run of writes, zeroings and flushes, several at a time, and the power
 * goes at each of the host's system calls in turn: from then on none does anything. On the platter is then what the
 * file held when fdatasync was last done, which is the worst that a host may do. In each sector must be what the driver
 * can expect: what was last confirmed, or something written since (virtio 1.2, 5.2.6.2, "a write becomes stable").
 */
#include "tests/unit/blk_rig.h"

#define BATCHES 16
#define BATCH 4
#define REPEATS (DISK_SECTOR / 8)
#define COUNT_MAX 3

/* What may be in a sector: one of these words, all over. [0] was confirmed, those behind it were written since. */
struct sector {
	u64 words[1 + BATCHES * BATCH];
	u32 count;     /* how many */
	u32 completed; /* index of the last one whose request was over */
};

struct power {
	struct blk_fixture *f;          /* the machine */
	u8 platter[SIZE];               /* the file when it was last synced */
	struct sector sectors[SECTORS]; /* what the driver may expect */
	u64 random;                     /* of this run */
	u64 next_word;                  /* each write has its own */
	u32 confirmed;                  /* flushes that were confirmed */
};

/* One request of the driver. */
struct step {
	struct blk_request request; /* where it is in RAM */
	u32 type;                   /* of request */
	u64 sector;                 /* the first */
	u32 count;                  /* sectors */
	u64 word;                   /* what they are filled with */
};

static u64 next_random(struct power *p)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 7;
	p->random ^= p->random << 17;
	return p->random;
}

static void note_platter(void *arg)
{
	struct power *p = arg;
	read_file(p->f->image, p->platter);
}

static void fill(u64 *words, u32 sectors, u64 word)
{
	for (u32 i = 0; i < sectors * REPEATS; i++)
		words[i] = word;
}

static struct step post(struct power *p)
{
	struct step step = { .sector = next_random(p) % (SECTORS - COUNT_MAX),
		             .count = (u32)(1 + next_random(p) % COUNT_MAX) };
	u64 bytes[COUNT_MAX * REPEATS];
	struct blk_range range = { step.sector, step.count, 0 };
	switch (next_random(p) % 8) {
	case 0:
	case 1:
		step.type = T_FLUSH;
		step.count = 0;
		step.request = blk_post(p->f, T_FLUSH, 0, NULL, 0);
		break;
	case 2:
		step.type = T_WRITE_ZEROES;
		step.request = blk_post(p->f, T_WRITE_ZEROES, 0, &range, sizeof(range));
		break;
	case 3:
		step.type = T_DISCARD;
		step.request = blk_post(p->f, T_DISCARD, 0, &range, sizeof(range));
		break;
	default:
		step.type = T_OUT;
		step.word = ++p->next_word;
		fill(bytes, step.count, step.word);
		step.request = blk_post(p->f, T_OUT, step.sector, bytes, step.count * DISK_SECTOR);
		break;
	}
	for (u32 i = 0; i < step.count; i++) {
		struct sector *s = &p->sectors[step.sector + i];
		s->words[s->count++] = step.word;
	}
	return step;
}

static void confirm(struct sector *s)
{
	s->count -= s->completed;
	memmove(s->words, s->words + s->completed, s->count * sizeof(s->words[0]));
	s->completed = 0;
}

/* The driver sees that a request was done. */
static void complete(struct power *p, const struct step *step, bool is_stable)
{
	for (u32 i = 0; i < step->count; i++) {
		struct sector *s = &p->sectors[step->sector + i];
		s->completed++;
		if (is_stable)
			confirm(s);
	}
	if (step->type != T_FLUSH)
		return;
	p->confirmed++;
	for (u32 i = 0; i < SECTORS; i++)
		confirm(&p->sectors[i]);
}

/* Several requests at once. False: the power is off. */
static bool do_batch(struct power *p, bool is_stable)
{
	struct step steps[BATCH];
	for (u32 i = 0; i < BATCH; i++)
		steps[i] = post(p);
	rig_notify(&p->f->rig, 0);
	blk_wait(p->f);
	for (u32 i = 0; i < BATCH; i++) {
		if (blk_finish(p->f, &steps[i].request) != STATUS_OK)
			return false;
		complete(p, &steps[i], is_stable);
	}
	return true;
}

static bool holds(const u8 *bytes, u64 word)
{
	u64 want[REPEATS];
	fill(want, 1, word);
	return memcmp(bytes, want, DISK_SECTOR) == 0;
}

/* What was done is in the file, and not only in rvemu. */
static void check_file(struct power *p)
{
	static u8 bytes[SIZE];
	read_file(p->f->image, bytes);
	for (u32 i = 0; i < SECTORS; i++)
		assert_true(holds(bytes + i * DISK_SECTOR, p->sectors[i].words[p->sectors[i].completed]));
}

static void check_platter(struct power *p)
{
	for (u32 i = 0; i < SECTORS; i++) {
		bool found = false;
		for (u32 j = 0; j < p->sectors[i].count && !found; j++)
			found = holds(p->platter + i * DISK_SECTOR, p->sectors[i].words[j]);
		assert_true(found);
	}
}

/* One run, cut off after `calls` system calls. False: it needed no more than these. */
static bool run(u64 features, u32 calls, size_t piece)
{
	static struct power p;
	void *state;
	assert_int_equal(blk_setup(&state), 0);
	p = (struct power){ .f = state, .random = 88172645463325252ull, .next_word = 1 };
	fill((u64 *)p.platter, SECTORS, 1);
	write_file(p.f->image->path, p.platter, SIZE);
	for (u32 i = 0; i < SECTORS; i++)
		p.sectors[i] = (struct sector){ .words = { 1 }, .count = 1 };
	blk_attach(p.f, false, false);
	rig_start(&p.f->rig, features, 1, 256);
	host = (struct host){ .is_cut_off = true, .calls_left = calls, .piece = piece };
	host.synced = note_platter;
	host.synced_arg = &p;
	bool is_on = true;
	for (u32 i = 0; i < BATCHES && is_on; i++) {
		is_on = do_batch(&p, !(features & F_FLUSH));
		if (is_on)
			check_file(&p);
	}
	check_platter(&p);
	if (is_on)
		assert_true(p.confirmed > BATCHES / 2);
	assert_int_equal(blk_teardown(&state), 0);
	return !is_on;
}

static void cut_everywhere(u64 features, size_t piece)
{
	u32 calls = 0;
	while (run(features, calls, piece))
		calls++;
	assert_true(calls > BATCHES * BATCH / 2);
}

static void test_flush_confirms_what_is_on_the_platter(void **state)
{
	(void)state;
	cut_everywhere(F_ALL, 0);
}

static void test_the_same_when_the_host_writes_in_pieces(void **state)
{
	(void)state;
	cut_everywhere(F_ALL, DISK_SECTOR);
}

static void test_each_write_is_stable_if_the_driver_cannot_flush(void **state)
{
	(void)state;
	cut_everywhere(F_ALL & ~F_FLUSH, 0);
}

static void count_syncs(u64 features, u32 want)
{
	static const struct blk_range range = { 0, 8, 0 };
	u8 bytes[DISK_SECTOR] = { 0 };
	void *state;
	assert_int_equal(blk_setup(&state), 0);
	struct blk_fixture *f = state;
	blk_attach(f, false, false);
	blk_start(f, features);
	assert_int_equal(blk_write(f, 1, 1, bytes), STATUS_OK);
	assert_int_equal(blk_zero(f, T_WRITE_ZEROES, &range, 1), STATUS_OK);
	assert_int_equal(blk_zero(f, T_DISCARD, &range, 1), STATUS_OK);
	assert_int_equal(blk_read(f, 1, 1, NULL), STATUS_OK);
	assert_int_equal(host.calls[HOST_SYNC], want);
	assert_int_equal(blk_teardown(&state), 0);
}

static void test_writes_are_synced_only_if_the_driver_cannot_flush(void **state)
{
	(void)state;
	count_syncs(F_ALL, 0);
	count_syncs(F_ALL & ~F_FLUSH, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flush_confirms_what_is_on_the_platter),
		cmocka_unit_test(test_the_same_when_the_host_writes_in_pieces),
		cmocka_unit_test(test_each_write_is_stable_if_the_driver_cannot_flush),
		cmocka_unit_test(test_writes_are_synced_only_if_the_driver_cannot_flush),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

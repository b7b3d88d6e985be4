/*
 * Recordings: see journal.h. The file is MAGIC, what the machine is made of, and entries: a fixed header (struct
 * packed) and its bytes. Nothing in a file that is replayed is trusted.
 */
#include "emu/journal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "emu/likeness.h"
#include "emu/zfile.h"

#define MAGIC "rvemu recording\n"

/* What was written and not flushed is at most this, or one entry. */
#define UNFLUSHED_MAX (64 * KIB)

/* An entry's header in the file, little-endian as the host. */
struct packed {
	u8 kind;
	u8 port;
	u16 zero;
	u32 size;
	struct journal_moment at;
};
_Static_assert(sizeof(struct packed) == 40, "no padding");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "structs go to the file as they are");

struct journal {
	char *path;                /* of the file */
	struct zfile *z;           /* the file */
	bool replay;               /* it is read */
	u64 epoch_ns;              /* what the real-time clock shows at first */
	struct state s;            /* how the head of the file is written or read */
	size_t unflushed;          /* recording: bytes since the last flush */
	bool warned;               /* recording: a failure to write was told */
	struct journal_entry next; /* replay: the entry that comes next */
	bool has_next;             /* replay: there is one */
	bool over;                 /* replay: there are no more in the file */
	u8 *bytes;                 /* replay: next.bytes, of JOURNAL_BYTES_MAX */
	struct error problem;      /* replay: the file is damaged, and how; or empty */
};

/* --- opening and closing --- */

static bool transfer(void *arg, void *bytes, size_t size)
{
	struct journal *j = arg;
	return j->replay ? zfile_read(j->z, bytes, size) == size : zfile_write(j->z, bytes, size);
}

static struct journal *create(const char *path, struct zfile *z, bool replay)
{
	struct journal *j = xcalloc(1, sizeof(*j));
	j->path = xstrdup(path);
	j->z = z;
	j->replay = replay;
	j->s = (struct state){ .loading = replay, .transfer = transfer, .arg = j };
	return j;
}

static void destroy(struct journal *j)
{
	zfile_close(j->z);
	free(j->bytes);
	free(j->path);
	free(j);
}

struct journal *journal_create(const char *path, struct error *err)
{
	struct zfile *z = zfile_create(path, err);
	return z ? create(path, z, false) : NULL;
}

struct journal *journal_open(const char *path, struct error *err)
{
	struct zfile *z = zfile_open(path, err);
	if (!z)
		return NULL;
	struct journal *j = create(path, z, true);
	char magic[sizeof(MAGIC)] = "";
	state_bytes(&j->s, magic, sizeof(magic));
	state_u64(&j->s, &j->epoch_ns);
	if (!state_ok(&j->s) || memcmp(magic, MAGIC, sizeof(magic)) != 0) {
		error_set(err, "%s: not a recording of rvemu, or one that was cut short", path);
		destroy(j);
		return NULL;
	}
	j->bytes = xcalloc(JOURNAL_BYTES_MAX, 1);
	return j;
}

bool journal_close(struct journal *j, struct error *err)
{
	if (!j)
		return true;
	const char *problem = j->replay ? NULL : zfile_problem(j->z);
	if (problem)
		error_set(err, "%s: the recording is not whole: %s", j->path, problem);
	destroy(j);
	return !problem;
}

bool journal_is_replay(const struct journal *j)
{
	return j->replay;
}

u64 journal_epoch_ns(const struct journal *j)
{
	return j->epoch_ns;
}

bool journal_begin(struct journal *j, struct machine *m, u64 epoch_ns, struct error *err)
{
	struct error why = { "" };
	char magic[sizeof(MAGIC)] = MAGIC;
	j->s.err = &why;
	if (!j->replay) {
		state_bytes(&j->s, magic, sizeof(magic));
		state_u64(&j->s, &epoch_ns);
	}
	likeness_state(&j->s, m, true);
	j->s.err = NULL;
	if (state_ok(&j->s))
		return true;
	/* A file that cannot be written, or ends here, has no reason but its own. */
	if (!why.text[0])
		error_set(&why, "%s", zfile_problem(j->z) ? zfile_problem(j->z) : "it is not whole");
	return error_set(err, "%s: %s", j->path, why.text);
}

/* --- moments --- */

static u64 hash_words(u64 hash, const u64 *words, u32 count)
{
	for (u32 i = 0; i < count; i++)
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 29;
}

struct journal_moment journal_moment(const struct machine *m)
{
	u64 digest = 0;
	for (u32 i = 0; i < m->hart_count; i++) {
		const struct hart *h = m->harts[i];
		digest = hash_words(digest, h->x + 1, 31);
		digest = hash_words(digest, h->f, ARRAY_SIZE(h->f));
		digest = hash_words(digest, &h->pc, 1);
	}
	return (struct journal_moment){
		.now_ns = m->clock.now_ns,
		.instret = machine_instret(m),
		.pc = m->harts[0]->pc,
		.digest = digest,
	};
}

static bool is_same(const struct journal_moment *a, const struct journal_moment *b)
{
	return a->now_ns == b->now_ns && a->instret == b->instret && a->pc == b->pc && a->digest == b->digest;
}

/* --- recording --- */

static void check_written(struct journal *j, bool ok)
{
	if (ok || j->warned)
		return;
	log_warn("%s: the recording is not whole: %s", j->path, zfile_problem(j->z));
	j->warned = true;
}

void journal_put(struct journal *j, const struct journal_moment *at, enum journal_kind kind, u8 port, const void *bytes,
                 u32 size)
{
	struct packed packed = { .kind = (u8)kind, .port = port, .size = size, .at = *at };
	BUG_ON(j->replay || size > JOURNAL_BYTES_MAX);
	bool ok = zfile_write(j->z, &packed, sizeof(packed)) && (size == 0 || zfile_write(j->z, bytes, size));
	j->unflushed += sizeof(packed) + size;
	check_written(j, ok);
	if (kind == JOURNAL_CONSOLE || kind == JOURNAL_EVENTS || kind == JOURNAL_MARK || j->unflushed >= UNFLUSHED_MAX)
		journal_flush(j);
}

void journal_flush(struct journal *j)
{
	if (j->unflushed)
		check_written(j, zfile_flush(j->z));
	j->unflushed = 0;
}

/* --- replaying --- */

static bool is_pushed(u8 kind)
{
	return kind != JOURNAL_REBOOT && kind != JOURNAL_ANSWER;
}

/* The file has no more entries: as it should be, or because it was cut short, or it is damaged. */
static void end_of_file(struct journal *j)
{
	j->over = true;
	if (zfile_problem(j->z))
		error_set(&j->problem, "%s: the recording is damaged: %s", j->path, zfile_problem(j->z));
	else if (zfile_is_over(j->z))
		error_set(&j->problem, "%s: the recording is damaged: it has no end", j->path);
	else
		log_warn("%s: the recording was cut short; from now on there is no input", j->path);
}

/* Makes j->next the next entry, if there is one. */
static void peek(struct journal *j)
{
	struct packed packed;
	if (j->has_next || j->over)
		return;
	size_t got = zfile_read(j->z, &packed, sizeof(packed));
	bool whole = got == sizeof(packed);
	if (whole && (packed.kind >= JOURNAL_KINDS || packed.size > JOURNAL_BYTES_MAX || packed.zero)) {
		j->over = true;
		error_set(&j->problem, "%s: the recording is damaged: it has an entry of kind %u with %u bytes",
		          j->path, packed.kind, packed.size);
		return;
	}
	if (!whole || zfile_read(j->z, j->bytes, packed.size) != packed.size) {
		end_of_file(j);
		return;
	}
	j->next = (struct journal_entry){
		.at = packed.at,
		.kind = packed.kind,
		.port = packed.port,
		.size = packed.size,
		.bytes = j->bytes,
	};
	j->has_next = true;
}

/* The two moments differ, and how. */
static bool diverged(const struct journal *j, const struct journal_moment *at, struct error *err)
{
	const struct journal_moment *was = &j->next.at;
	if (at->now_ns != was->now_ns)
		return error_set(err,
		                 "%s: the replay diverged before instruction %" PRIu64 ": what was recorded at %" PRIu64
		                 " ns of guest time, instruction %" PRIu64 ", did not happen by %" PRIu64 " ns",
		                 j->path, at->instret, was->now_ns, was->instret, at->now_ns);
	return error_set(err,
	                 "%s: the replay diverged before instruction %" PRIu64 ": at %" PRIu64
	                 " ns hart 0 is at pc 0x%" PRIx64 ", recorded were instruction %" PRIu64 " and pc 0x%" PRIx64
	                 "%s",
	                 j->path, at->instret, at->now_ns, at->pc, was->instret, was->pc,
	                 at->pc != was->pc || at->instret != was->instret ? ""
	                 : at->digest != was->digest                      ? ", with other registers"
	                                                                  : ", and something else happening");
}

u64 journal_next_ns(struct journal *j)
{
	peek(j);
	if (j->problem.text[0])
		return 0;
	if (!j->has_next)
		return CLOCK_NEVER;
	/* What the guest asks for is due when it asks; a moment later it is overdue. */
	return is_pushed(j->next.kind) ? j->next.at.now_ns : j->next.at.now_ns + 1;
}

/* Checks and drops the marks up to this moment. False: it is not the recorded one, or the file is damaged. */
static bool pass_marks(struct journal *j, const struct journal_moment *at, struct error *err)
{
	for (peek(j); j->has_next && j->next.kind == JOURNAL_MARK && j->next.at.now_ns <= at->now_ns; peek(j)) {
		if (!is_same(at, &j->next.at))
			return diverged(j, at, err);
		j->has_next = false;
	}
	return !j->problem.text[0] || error_set(err, "%s", j->problem.text);
}

static void hand_out(struct journal *j, struct journal_entry *e)
{
	*e = j->next;
	j->has_next = false;
	j->over = e->kind == JOURNAL_END;
}

enum journal_result journal_take(struct journal *j, const struct journal_moment *at, struct journal_entry *e,
                                 struct error *err)
{
	if (!pass_marks(j, at, err))
		return JOURNAL_DIVERGED;
	if (!j->has_next || j->next.at.now_ns > at->now_ns)
		return JOURNAL_NOTHING;
	if (!is_pushed(j->next.kind) && j->next.at.now_ns == at->now_ns)
		return JOURNAL_NOTHING;
	if (!is_same(at, &j->next.at)) {
		diverged(j, at, err);
		return JOURNAL_DIVERGED;
	}
	hand_out(j, e);
	return JOURNAL_TAKEN;
}

bool journal_answer(struct journal *j, const struct journal_moment *at, enum journal_kind kind, u8 port,
                    struct journal_entry *e, struct error *err)
{
	if (!pass_marks(j, at, err))
		return false;
	if (!j->has_next)
		return error_set(err, "%s: the recording ends here (instruction %" PRIu64 "), and the guest goes on",
		                 j->path, at->instret);
	if (j->next.kind != kind || j->next.port != port || !is_same(at, &j->next.at))
		return diverged(j, at, err);
	hand_out(j, e);
	return true;
}

bool journal_finish(struct journal *j, const struct journal_moment *at, u8 port, struct error *err)
{
	if (!j->replay) {
		journal_put(j, at, JOURNAL_END, port, NULL, 0);
		check_written(j, zfile_finish(j->z, false));
		return true;
	}
	if (!pass_marks(j, at, err))
		return false;
	if (!j->has_next)
		return true;
	if (j->next.kind != JOURNAL_END || !is_same(at, &j->next.at))
		return diverged(j, at, err);
	j->has_next = false;
	j->over = true;
	return true;
}

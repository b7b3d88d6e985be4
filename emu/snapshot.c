/*
 * Snapshots: see snapshot.h. The order of the parts below is the format; each part has its own name and version
 * (emu/base/state.h), and in front of all is what the machine must be like, so that one that does not fit is refused in
 * words before anything is read.
 */
#include "emu/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emu/likeness.h"
#include "emu/zfile.h"

#define MAGIC "rvemu snapshot\n"

/* What a file is read from or written to, for struct state. */
struct stream {
	struct zfile *z;   /* the file */
	struct error *err; /* where trouble is told */
};

/* --- what is in it --- */

static void turns_state(struct state *s, struct machine *m)
{
	u32 stop = m->stop;
	state_section(s, "machine", 1);
	state_below(s, &m->turns.hart, m->hart_count);
	state_u64(s, &m->turns.left);
	state_u64(s, &m->turns.grace);
	state_below(s, &stop, STOP_REBOOT + 1);
	state_u32(s, &m->stop_code);
	state_event(s, &m->clock, &m->settled);
	m->stop = (enum machine_stop)stop;
}

/* What snapshot_check() looks at: nothing of it is loaded. */
static void head_state(struct state *s, struct machine *m)
{
	likeness_state(s, m, false);
	state_section(s, "images", 1);
	for (u32 i = 0; i < MEMMAP_VIRTIO_COUNT; i++)
		if (m->slots.all[i].kind == SLOT_BLK)
			disk_file_state(s, virtio_blk_disk(m->slots.all[i].blk));
}

void snapshot_state(struct state *s, struct machine *m)
{
	head_state(s, m);
	turns_state(s, m);
	for (u32 i = 0; i < m->hart_count; i++)
		hart_state(s, m->harts[i]);
	if (m->cache)
		cost_shared_state(s, m->cache);
	clint_state(s, m->clint);
	plic_state(s, m->plic);
	uart_state(s, m->uart);
	rtc_state(s, m->rtc);
	if (m->htif)
		htif_state(s, m->htif);
	bus_state(s, &m->bus);
	/* Behind RAM: queues are in it. */
	slots_state(s, &m->slots);
	/* Behind all who have events. */
	clock_state(s, &m->clock);
	state_section(s, "end", 1);
}

/* --- saving --- */

static bool write_bytes(void *arg, void *bytes, size_t size)
{
	struct stream *stream = arg;
	return zfile_write(stream->z, bytes, size) || error_set(stream->err, "%s", zfile_problem(stream->z));
}

static bool write_machine(struct machine *m, const char *path, struct error *err)
{
	struct error why = { "" };
	struct stream stream = { .z = zfile_create(path, err), .err = &why };
	struct state s = { .err = &why, .transfer = write_bytes, .arg = &stream };
	char magic[sizeof(MAGIC)] = MAGIC;
	if (!stream.z)
		return false;
	state_bytes(&s, magic, sizeof(magic));
	snapshot_state(&s, m);
	bool ok = state_ok(&s);
	if (ok && !zfile_finish(stream.z, true))
		ok = error_set(&why, "%s", zfile_problem(stream.z));
	zfile_close(stream.z);
	return ok || error_set(err, "%s: %s", path, why.text);
}

/* The new name is on the disk as well. Not every file system can promise that: it is no failure. */
static void sync_folder(const char *path)
{
	char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(copy);
}

bool snapshot_save(struct machine *m, const char *path, struct error *err)
{
	struct stat old;
	if (stat(path, &old) == 0 && !S_ISREG(old.st_mode))
		return error_set(err, "%s: not a regular file", path);
	size_t size = strlen(path) + 32;
	char *beside = xcalloc(size, 1);
	snprintf(beside, size, "%s.%ld.tmp", path, (long)getpid());
	bool ok = write_machine(m, beside, err);
	if (ok && rename(beside, path) != 0)
		ok = error_set(err, "%s: %s", path, strerror(errno));
	if (ok)
		sync_folder(path);
	else
		(void)unlink(beside);
	free(beside);
	return ok;
}

/* --- loading --- */

static bool read_bytes(void *arg, void *bytes, size_t size)
{
	struct stream *stream = arg;
	if (zfile_read(stream->z, bytes, size) == size)
		return true;
	const char *problem = zfile_problem(stream->z);
	if (problem)
		return error_set(stream->err, "the snapshot is damaged: %s", problem);
	return error_set(stream->err, "the snapshot is damaged: it ends too early");
}

/* Tells a snapshot from other files. */
static bool read_magic(struct state *s, struct error *why)
{
	char magic[sizeof(MAGIC)] = "";
	state_bytes(s, magic, sizeof(magic));
	return memcmp(magic, MAGIC, sizeof(magic)) == 0 ||
	       error_set(why, "not a snapshot of rvemu, or one that was cut short");
}

/* Everything was read, and it was right. */
static bool is_whole(struct zfile *z, struct error *why)
{
	if (zfile_is_over(z))
		return true;
	const char *problem = zfile_problem(z);
	return error_set(why, "the snapshot is damaged: %s", problem ? problem : "its end is wrong");
}

static bool read_machine(struct machine *m, struct zfile *z, struct error *why)
{
	struct stream stream = { .z = z, .err = why };
	struct state s = { .loading = true, .err = why, .transfer = read_bytes, .arg = &stream };
	if (!read_magic(&s, why))
		return false;
	snapshot_state(&s, m);
	if (!state_ok(&s))
		return false;
	return is_whole(z, why);
}

static bool check_machine(struct machine *m, struct zfile *z, struct error *why)
{
	struct stream stream = { .z = z, .err = why };
	struct state s = { .loading = true, .err = why, .transfer = read_bytes, .arg = &stream };
	u8 rest[4096];
	if (!read_magic(&s, why))
		return false;
	head_state(&s, m);
	if (!state_ok(&s))
		return false;
	while (zfile_read(z, rest, sizeof(rest)) == sizeof(rest))
		;
	return is_whole(z, why);
}

/* Opens a snapshot and does with it what the function does. */
static bool with_file(struct machine *m, const char *path,
                      bool (*work)(struct machine *m, struct zfile *z, struct error *why), struct error *err)
{
	struct error why = { "" };
	struct zfile *z = zfile_open(path, err);
	if (!z)
		return false;
	bool ok = work(m, z, &why);
	zfile_close(z);
	return ok || error_set(err, "%s: %s", path, why.text);
}

bool snapshot_load(struct machine *m, const char *path, struct error *err)
{
	return with_file(m, path, read_machine, err);
}

bool snapshot_check(struct machine *m, const char *path, struct error *err)
{
	return with_file(m, path, check_machine, err);
}

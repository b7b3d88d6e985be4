/*
 * Disks, network and folders, with the journal between them and the guest: see backends.h.
 *
 * Frames go to the guest between two instructions only, so that a recording can say when. Answers of shared folders
 * come within the guest's store to the device's notify register; a recording asks for them at the same store.
 */
#include "emu/backends.h"

#include <stdlib.h>
#include <string.h>

#include "devices/p9.h"
#include "emu/control.h"
#include "emu/journal.h"
#include "emu/machine.h"

/* A shared folder. */
struct share {
	struct backends *owner; /* whose */
	u32 number;             /* which one of the configuration */
	struct p9 *p9;          /* its server; NULL in a replay */
};

struct backends {
	const struct config *config;              /* what was named */
	struct control *control;                  /* which machine runs */
	struct journal *journal;                  /* or NULL */
	struct disk *disks[MEMMAP_VIRTIO_COUNT];  /* by drive */
	struct share shares[MEMMAP_VIRTIO_COUNT]; /* by share */
	struct net_user *net;                     /* NULL: no network, or a replay's */
	bool frames_wait;                         /* frames came */
	bool delivering;                          /* backends_deliver() is at work: they may pass */
	bool diverged;                            /* the recording lacks an answer */
};

static bool is_replay(const struct backends *b)
{
	return b->journal && journal_is_replay(b->journal);
}

/* Frames pass at one place only: where the run loop brings input, at a guest time that a replay comes by as well. While
 * the host is waited for guest time stands still and is then made up for, so a frame that came meanwhile must not be
 * first. */
static bool can_deliver(void *backends)
{
	struct backends *b = backends;
	if (!b->delivering) {
		b->frames_wait = true;
		return false;
	}
	return virtio_net_can_receive(b->control->machine->slots.net);
}

static void deliver(void *backends, const u8 *frame, u32 size)
{
	struct backends *b = backends;
	struct machine *m = b->control->machine;
	if (b->journal) {
		struct journal_moment at = journal_moment(m);
		journal_put(b->journal, &at, JOURNAL_FRAME, 0, frame, size);
	}
	virtio_net_receive(m->slots.net, frame, size);
}

void backends_deliver(struct backends *b)
{
	if (!b->frames_wait)
		return;
	b->frames_wait = false;
	b->delivering = true;
	struct net_port port = net_user_port(b->net);
	port.room(port.arg);
	b->delivering = false;
}

bool backends_pending(const struct backends *b)
{
	return b->frames_wait;
}

bool backends_diverged(const struct backends *b)
{
	return b->diverged;
}

/* What the recording says that the host answered. Without such an entry the guest gets an empty reply and the run ends
 * at the next instruction. */
static u32 recorded_answer(struct share *share, const struct journal_moment *at, u8 *reply, u32 room)
{
	struct backends *b = share->owner;
	struct journal_entry entry;
	struct error err;
	if (b->diverged)
		return 0;
	if (!journal_answer(b->journal, at, JOURNAL_ANSWER, (u8)share->number, &entry, &err)) {
		log_warn("%s", err.text);
		b->diverged = true;
		return 0;
	}
	u32 size = entry.size < room ? entry.size : room;
	memcpy(reply, entry.bytes, size);
	return size;
}

static u32 answer(void *share_arg, const u8 *request, u32 size, u8 *reply, u32 room)
{
	struct share *share = share_arg;
	struct backends *b = share->owner;
	if (!b->journal)
		return p9_answer(share->p9, request, size, reply, room);
	struct journal_moment at = journal_moment(b->control->machine);
	if (is_replay(b))
		return recorded_answer(share, &at, reply, room);
	u32 length = p9_answer(share->p9, request, size, reply, room);
	journal_put(b->journal, &at, JOURNAL_ANSWER, (u8)share->number, reply, length);
	return length;
}

static void share_state(void *share_arg, struct state *s)
{
	struct share *share = share_arg;
	p9_state(s, share->p9);
}

static bool open_all(struct backends *b, struct host_io *io, struct error *err)
{
	const struct config *config = b->config;
	for (u32 i = 0; i < config->drive_count; i++) {
		b->disks[i] = disk_open(&config->drives[i], err);
		if (!b->disks[i])
			return false;
	}
	for (u32 i = 0; i < config->share_count; i++) {
		const struct share_config *share = &config->shares[i];
		b->shares[i] = (struct share){ .owner = b, .number = i };
		if (is_replay(b))
			continue;
		b->shares[i].p9 = p9_create(share->path, share->read_only, err);
		if (!b->shares[i].p9)
			return false;
	}
	if (!config->net.enabled || is_replay(b))
		return true;
	b->net = net_user_create(&config->net, io, err);
	if (b->net)
		net_user_attach(b->net, deliver, can_deliver, b);
	return b->net != NULL;
}

struct backends *backends_create(const struct config *config, struct host_io *io, struct control *control,
                                 struct journal *journal, struct error *err)
{
	struct backends *b = xcalloc(1, sizeof(*b));
	b->config = config;
	b->control = control;
	b->journal = journal;
	if (open_all(b, io, err))
		return b;
	backends_destroy(b);
	return NULL;
}

void backends_destroy(struct backends *b)
{
	if (!b)
		return;
	if (b->net)
		net_user_destroy(b->net);
	for (u32 i = 0; i < MEMMAP_VIRTIO_COUNT; i++) {
		if (b->disks[i])
			disk_close(b->disks[i]);
		if (b->shares[i].p9)
			p9_destroy(b->shares[i].p9);
	}
	free(b);
}

struct slot_io backends_slot_io(struct backends *b)
{
	struct slot_io io = { .seed = b->config->tlb.seed };
	for (u32 i = 0; i < MEMMAP_VIRTIO_COUNT; i++) {
		io.disks[i] = b->disks[i];
		io.shares[i] = (struct p9_responder){ .answer = answer, .state = share_state, .arg = &b->shares[i] };
	}
	if (b->net)
		io.net = net_user_port(b->net);
	return io;
}

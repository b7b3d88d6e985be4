/*
 * Console bytes and frames on their way in: see inputs.h, and emu/journal.h for recordings.
 */
#include "emu/inputs.h"

#include <string.h>

/* How often bytes that wait are offered to the guest, in guest time, and how many are brought at once at most. */
#define FEED_NS 10000
#define FEED_MAX 4096

/* How often a recording notes where the guest is, in guest time: so far off is it, at most, that a replay went its own
 * way before it is noticed, and so much a killed recording lacks. */
#define MARK_NS 100000000

void inputs_init(struct inputs *in, struct machine *m, struct console *console, struct backends *backends,
                 struct journal *journal)
{
	*in = (struct inputs){
		.m = m,
		.console = console,
		.backends = backends,
		.journal = journal,
		.replaying = journal && journal_is_replay(journal),
		.next_feed_ns = CLOCK_NEVER,
		.next_mark_ns = m->clock.now_ns + MARK_NS,
		.replay_ns = CLOCK_NEVER,
	};
	if (in->replaying)
		in->replay_ns = journal_next_ns(journal);
}

u64 inputs_next_ns(const struct inputs *in)
{
	return in->next_feed_ns < in->replay_ns ? in->next_feed_ns : in->replay_ns;
}

bool inputs_are_urgent(const struct inputs *in)
{
	if (!in->backends)
		return false;
	return in->replaying ? backends_diverged(in->backends) : backends_pending(in->backends);
}

bool inputs_pending(const struct inputs *in)
{
	return !in->replaying && in->console && console_pending(in->console);
}

/* What a person types into a replay goes nowhere; the keys behind Ctrl-A still work. */
static void drop_typed(struct inputs *in)
{
	while (in->console && console_pending(in->console))
		console_take(in->console);
}

static void feed(struct inputs *in)
{
	u8 bytes[FEED_MAX];
	u32 count = 0;
	struct journal_moment at;
	if (in->journal)
		at = journal_moment(in->m);
	while (count < FEED_MAX && console_pending(in->console) && machine_input_room(in->m)) {
		bytes[count] = console_take(in->console);
		machine_input(in->m, bytes[count++]);
	}
	if (in->journal && count)
		journal_put(in->journal, &at, JOURNAL_CONSOLE, 0, bytes, count);
	in->next_feed_ns = console_pending(in->console) ? in->m->clock.now_ns + FEED_NS : CLOCK_NEVER;
}

static void mark(struct inputs *in)
{
	struct journal_moment at = journal_moment(in->m);
	journal_put(in->journal, &at, JOURNAL_MARK, 0, NULL, 0);
	in->next_mark_ns = at.now_ns + MARK_NS;
}

/* One entry of a recording. */
static enum inputs_result replay_entry(struct inputs *in, const struct journal_entry *e)
{
	switch (e->kind) {
	case JOURNAL_CONSOLE:
		for (u32 i = 0; i < e->size; i++)
			machine_input(in->m, e->bytes[i]);
		return INPUTS_OK;
	case JOURNAL_FRAME:
		if (e->size < NET_FRAME_MIN || e->size > NET_FRAME_MAX) {
			log_warn("the recording is damaged: it has a frame of %u bytes", e->size);
			return INPUTS_DIVERGED;
		}
		if (in->m->slots.net)
			virtio_net_receive(in->m->slots.net, e->bytes, e->size);
		return INPUTS_OK;
	case JOURNAL_RESET:
		return INPUTS_RESET;
	default:
		in->recorded_end = e->port;
		return INPUTS_END;
	}
}

static enum inputs_result replay(struct inputs *in)
{
	struct error err;
	enum inputs_result result = INPUTS_OK;
	drop_typed(in);
	while (result == INPUTS_OK) {
		struct journal_entry entry;
		struct journal_moment at = journal_moment(in->m);
		switch (journal_take(in->journal, &at, &entry, &err)) {
		case JOURNAL_NOTHING:
			in->replay_ns = journal_next_ns(in->journal);
			return INPUTS_OK;
		case JOURNAL_TAKEN:
			result = replay_entry(in, &entry);
			break;
		case JOURNAL_DIVERGED:
			log_warn("%s", err.text);
			result = INPUTS_DIVERGED;
			break;
		}
	}
	return result;
}

enum inputs_result inputs_bring(struct inputs *in)
{
	if (in->replaying && in->backends && backends_diverged(in->backends))
		return INPUTS_DIVERGED;
	if (in->replaying)
		return in->m->clock.now_ns >= in->replay_ns ? replay(in) : INPUTS_OK;
	if (in->journal && in->m->clock.now_ns >= in->next_mark_ns)
		mark(in);
	if (in->console && console_pending(in->console))
		feed(in);
	if (in->backends)
		backends_deliver(in->backends);
	return INPUTS_OK;
}

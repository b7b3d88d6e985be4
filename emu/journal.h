/*
 * Record and replay: what comes into a machine from outside, and when.
 *
 * Guest time is a function of instructions, so a run is known whole by its configuration, the guest's files, and what
 * came from outside: what was typed, keys and pointer, frames from the network, answers of the host's files, the time
 * of day. Recording writes those down with the guest time at which the guest got them; replaying gives them to it at
 * the same time, and looks at nothing else outside.
 *
 * There are two sorts of entries. Pushed ones come when they come: the run loop's budget ends at journal_next_ns(), and
 * journal_take() hands them out. Asked ones are answers to what the guest does at a moment of its own choice:
 * journal_answer(). Each entry carries the instructions retired and a digest of the registers, so that a replay that
 * goes its own way is noticed at the next one.
 *
 * The file is one zstd stream. It is written out often: a recording whose writer was killed lacks little, and can be
 * replayed as far as it goes.
 */
#ifndef RVEMU_EMU_JOURNAL_H
#define RVEMU_EMU_JOURNAL_H

#include "emu/machine.h"

/* The longest entry: a 9P reply, or a frame. */
#define JOURNAL_BYTES_MAX (2 * MIB)

enum journal_kind {
	JOURNAL_END,     /* pushed: the run ended, by the guest or by the user; nothing follows */
	JOURNAL_CONSOLE, /* pushed: bytes for machine_input() */
	JOURNAL_FRAME,   /* pushed: a frame for the network card */
	JOURNAL_RESET,   /* pushed: the user started the guest again; the times that follow are the new machine's */
	JOURNAL_MARK,    /* pushed: nothing but the moment, to notice sooner that a replay goes its own way */
	JOURNAL_REBOOT,  /* asked: the guest started itself again; as JOURNAL_RESET */
	JOURNAL_ANSWER,  /* asked: what the host answered: a 9P reply */
	JOURNAL_EVENTS,  /* pushed: keys or pointer: struct virtio_input_event; port: enum input_port */
	JOURNAL_SIZE,    /* pushed: the display's width and height from now on, two u32 */
	JOURNAL_KINDS,
};

/* When something happened, and proof of it. */
struct journal_moment {
	u64 now_ns;  /* guest time */
	u64 instret; /* instructions retired by all harts */
	u64 pc;      /* hart 0's */
	u64 digest;  /* of all harts' registers */
};

struct journal_entry {
	struct journal_moment at; /* when */
	u8 kind;                  /* enum journal_kind */
	u8 port;                  /* which share; of JOURNAL_END: the caller's business */
	u32 size;                 /* bytes, at most JOURNAL_BYTES_MAX */
	const u8 *bytes;          /* valid until the next call */
};

enum journal_result {
	JOURNAL_NOTHING,  /* nothing is due */
	JOURNAL_TAKEN,    /* here it is */
	JOURNAL_DIVERGED, /* the run is not the one that was recorded, or the file is damaged: see err */
};

struct journal;

/* Makes a file to record to; an old one is overwritten. NULL: see err. */
struct journal *journal_create(const char *path, struct error *err);

/* Opens a recording to replay. NULL: it cannot be read, or is none; see err. */
struct journal *journal_open(const char *path, struct error *err);

/* Ends a recording's file (journal_finish() was to come first) and frees it. NULL is harmless. False: not all of it was
 * written; see err. */
bool journal_close(struct journal *j, struct error *err);

/* True for one that is replayed. */
bool journal_is_replay(const struct journal *j);

/* What the real-time clock showed at first: of a replay, before its machine is made. */
u64 journal_epoch_ns(const struct journal *j);

/*
 * The first machine is made and loaded, and has not run. Recording: writes down what it is made of, and epoch_ns.
 * Replaying: compares; epoch_ns is not looked at. False: see err, which names what differs and which option to give.
 */
bool journal_begin(struct journal *j, struct machine *m, u64 epoch_ns, struct error *err) must_check;

/* Where the machine is now. Also from within an instruction's access to a device. */
struct journal_moment journal_moment(const struct machine *m);

/* Recording: writes an entry down. What cannot be written is told once, on stderr, and by journal_close(). */
void journal_put(struct journal *j, const struct journal_moment *at, enum journal_kind kind, u8 port, const void *bytes,
                 u32 size);

/* Recording: whatever was put so far is in the file when this returns. Keys and marks see to that by themselves. */
void journal_flush(struct journal *j);

/* Replaying: the guest time at which the run loop must call journal_take(); CLOCK_NEVER: the recording has no more. */
u64 journal_next_ns(struct journal *j);

/* Replaying: the next pushed entry, if it is due at this moment. Marks are checked, and not handed out. To be called
 * until there is nothing. */
enum journal_result journal_take(struct journal *j, const struct journal_moment *at, struct journal_entry *e,
                                 struct error *err) must_check;

/* Replaying: the guest asks now. False: the recording says something else, see err. */
bool journal_answer(struct journal *j, const struct journal_moment *at, enum journal_kind kind, u8 port,
                    struct journal_entry *e, struct error *err) must_check;

/*
 * The run has ended. Recording: puts JOURNAL_END with that port. Replaying: false if the recording did not end here
 * (unless it was cut short); see err. After a JOURNAL_END that journal_take() handed out there is nothing to check.
 */
bool journal_finish(struct journal *j, const struct journal_moment *at, u8 port, struct error *err) must_check;

#endif

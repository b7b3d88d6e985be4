/*
 * What the parts of the gdb stub share. From the outside in: gdbstub.c (sockets), gdbstub_packet.c (bytes to packets
 * and back), gdbstub_commands.c (what a packet asks), and what that takes: gdbstub_run.c (threads, running, stopping),
 * gdbstub_points.c, gdbstub_memory.c, gdbstub_target.c (registers). Nobody else includes this, but tests.
 */
#ifndef RVEMU_EMU_GDBSTUB_INTERNAL_H
#define RVEMU_EMU_GDBSTUB_INTERNAL_H

#include "emu/gdbstub.h"
#include "emu/machine.h"

/* The longest packet taken or sent, without its frame. */
#define GDB_PACKET_MAX 0x8000

/* Error numbers in replies are QEMU's: errno values. */
#define GDB_EPERM 1   /* a run that is recorded or replayed must not be changed */
#define GDB_EFAULT 14 /* nothing is there */
#define GDB_EINVAL 22 /* the packet makes no sense */
#define GDB_ENOSPC 28 /* too many points */

/* Bytes that grow. */
struct gdb_buffer {
	u8 *bytes;   /* `room` of them */
	size_t size; /* used */
	size_t room; /* allocated */
};

/* Where in a packet the next byte is. */
enum gdb_framing { GDB_BETWEEN, GDB_BODY, GDB_ESCAPED, GDB_SUM_HIGH, GDB_SUM_LOW };

/* A packet's text, as far as it has not been read yet. */
struct gdb_text {
	const u8 *at;  /* next */
	const u8 *end; /* behind the last */
};

/* A point as gdb knows it. */
struct gdb_point {
	u8 type;                  /* 0, 1: execution; 2 store, 3 load, 4 both */
	struct debug_point point; /* what it became */
};

/* How points at an address are to be taken: gdb removes and sets them again at every stop. */
struct gdb_manner {
	u64 address;   /* where */
	u8 privs;      /* in which modes: BIT(enum priv) */
	bool physical; /* the address is a physical one */
};

#define GDB_MANNERS_MAX 256

/* Where a hart was last reported to have stopped. */
struct gdb_stop {
	bool valid;    /* it was */
	u64 pc, count; /* of the hart then */
};

struct gdbstub {
	struct control *control;
	struct host_io *io;
	struct gdbstub_hooks hooks;
	struct host_watcher watcher; /* for `io` */
	int listener, client;        /* sockets, or -1 */
	u32 ticket;                  /* of the one that is looked at */
	char *path;                  /* of the Unix socket, to be removed; or NULL */

	/* framing */
	enum gdb_framing framing;
	u8 packet[GDB_PACKET_MAX + 1]; /* coming in; a 0 behind it once it is there */
	u32 packet_size;               /* bytes of it */
	bool too_long;                 /* it did not fit */
	u8 sum, sum_wanted;            /* checksum of what came, and what it should be */
	bool no_ack;                   /* QStartNoAckMode */
	struct gdb_buffer reply;       /* being written */
	struct gdb_buffer last;        /* the last one with its frame, in case it must be sent again */
	struct gdb_buffer out;         /* on its way to the debugger */

	/* what the debugger has set */
	bool in_session;                          /* one is connected, and has not said that it leaves */
	bool awaiting;                            /* it has let the guest run and waits for a stop reply */
	bool hwbreak, swbreak;                    /* it understands these stop reasons */
	bool physical;                            /* memory is physical */
	u32 hart_g, hart_c;                       /* harts that registers and memory, and `c` and `s`, are about */
	u32 next_listed;                          /* hart that qsThreadInfo goes on with */
	u64 held;                                 /* harts that stand still while others run: BIT(hart) */
	struct gdb_stop stops[OPTIONS_HARTS_MAX]; /* by hart */
	struct gdb_buffer xml;                    /* the target description, once it was asked for */

	/* points */
	struct gdb_point points[DEBUG_POINTS_MAX];
	u32 point_count;
	bool points_changed;                        /* the harts have not been told yet */
	struct gdb_manner manner;                   /* of points at addresses that are new; its address means nothing */
	struct gdb_manner manners[GDB_MANNERS_MAX]; /* of those that are not; the oldest are forgotten */
	u32 manner_count;                           /* how many there have been */
};

/* --- gdbstub.c --- */

/* A stub that listens nowhere. */
struct gdbstub *gdb_new(struct control *control, struct host_io *io, const struct gdbstub_hooks *hooks);

/* Forgets everything a debugger set, and stops the guest: one has come. */
void gdb_session_begin(struct gdbstub *g);

/* It has gone: points are removed, and the guest runs on. */
void gdb_session_end(struct gdbstub *g);

/* Sends what is in `out`, as far as the socket takes it. */
void gdb_flush(struct gdbstub *g);

/* The hart that registers and memory are about; NULL: there is no machine at the moment. */
struct hart *gdb_hart(struct gdbstub *g);

/* --- gdbstub_packet.c --- */

/* Takes bytes from the debugger, carries out the packets they make, and puts replies into `out`. */
void gdb_feed(struct gdbstub *g, const u8 *bytes, size_t size);

void gdb_buffer_add(struct gdb_buffer *b, const void *bytes, size_t size);
void gdb_buffer_print(struct gdb_buffer *b, const char *fmt, ...) printf_like(2, 3);
void gdb_buffer_free(struct gdb_buffer *b);

/* Appends to the reply: text; bytes as hexadecimal digits; bytes as they are, escaped where need be. */
void gdb_put(struct gdbstub *g, const char *fmt, ...) printf_like(2, 3);
void gdb_put_hex(struct gdbstub *g, const void *bytes, size_t size);
void gdb_put_binary(struct gdbstub *g, const void *bytes, size_t size);
void gdb_put_error(struct gdbstub *g, u32 number);

/* Frames the reply and sends it. An empty one says that the packet is not understood. */
void gdb_send(struct gdbstub *g);

/* Reading a packet's text: each takes what it names, or takes nothing and returns false. */
bool gdb_take(struct gdb_text *t, char c) must_check;
bool gdb_take_word(struct gdb_text *t, const char *word) must_check;
bool gdb_take_number(struct gdb_text *t, u64 *value) must_check;          /* hexadecimal, at most 64 bits */
bool gdb_take_hex(struct gdb_text *t, u8 *bytes, size_t size) must_check; /* two digits a byte */
size_t gdb_left(const struct gdb_text *t);

/* --- gdbstub_commands.c --- */

/* Carries out a packet (from type letter to end) and sends the reply, if there is to be one now. */
void gdb_command(struct gdbstub *g, struct gdb_text t);

/* --- gdbstub_run.c --- */

/* A hart's number from a thread id. "any" is `any`; false: no such thread, or all of them. */
bool gdb_take_thread(struct gdbstub *g, struct gdb_text *t, u32 any, u32 *hart) must_check;

void gdb_thread_list(struct gdbstub *g, bool first);
void gdb_thread_info(struct gdbstub *g, struct gdb_text *t);

/* c, s, C, S (after the letter), and vCont (after the word). */
void gdb_resume_one(struct gdbstub *g, struct gdb_text *t, bool step, bool with_signal);
void gdb_resume_each(struct gdbstub *g, struct gdb_text *t);

/* Ctrl-C. */
void gdb_interrupt(struct gdbstub *g);

/* Puts why and where the guest stands into the reply. */
void gdb_put_stop(struct gdbstub *g);

/* Lets harts go that were held while others ran. */
void gdb_release(struct gdbstub *g);

/* Fits control.on_pause. */
void gdb_on_pause(void *stub);

/* --- gdbstub_points.c --- */

/* Z (insert) and z, after the letter. */
void gdb_point_command(struct gdbstub *g, struct gdb_text *t, bool insert);

/* Tells all harts of changed points. */
void gdb_points_apply(struct gdbstub *g);

/* Removes all. */
void gdb_points_clear(struct gdbstub *g);

/* The type of the point that was hit, or -1: it was not the debugger's. */
int gdb_points_hit(const struct gdbstub *g);

/* A line of `monitor` that is about points; false: it is not. */
bool gdb_points_monitor(struct gdbstub *g, const char *line, FILE *out);

/* --- gdbstub_memory.c --- */

void gdb_memory_read(struct gdbstub *g, struct gdb_text *t);
void gdb_memory_write(struct gdbstub *g, struct gdb_text *t, bool binary);

/* --- gdbstub_target.c --- */

/* g, G, p, P, after the letter. */
void gdb_registers_read(struct gdbstub *g);
void gdb_registers_write(struct gdbstub *g, struct gdb_text *t);
void gdb_register_read(struct gdbstub *g, struct gdb_text *t);
void gdb_register_write(struct gdbstub *g, struct gdb_text *t);

/* qXfer:features:read: */
void gdb_features_read(struct gdbstub *g, struct gdb_text *t);

#endif

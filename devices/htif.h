/*
 * The host-target interface of riscv-tests, Spike and pk: two 64-bit words in the guest's RAM, found by the ELF symbols
 * `tohost` and `fromhost`. The guest stores a command to tohost:
 *
 *     63..56 device, 55..48 command, 47..0 payload
 *     device 0, command 0, payload odd    the guest is done: exit status payload >> 1
 *     device 0, command 0, payload even   system call: payload is the address of eight words {number, arguments 0..6};
 *                                         the result replaces the number, then fromhost becomes 1
 *     device 1, command 1                 put the low byte of the payload on the console (no answer)
 *     device 1, command 0                 get a byte: when there is one, fromhost becomes 1 << 56 | 0x100 | byte
 *
 * tohost is set to 0 as soon as the command is taken. Of the system calls there are write (64) to descriptors 1 and 2,
 * at most HTIF_WRITE_MAX bytes at once (as POSIX allows), and exit (93); all others get -ENOSYS.
 *
 * This is not a device on the bus: the words are RAM. The machine must see to it that stores to them do not take the
 * MMU's fast path (a page that holds one of them gets no fast entry for stores), and call htif_stored() after each.
 *
 * tohost in two halves. A 64-bit store is a whole command. After a 32-bit store nobody can know whether the other half
 * follows: `sw 0x41` may be exit status 0x20 or the first half of putting an 'A'. So halves are a command as soon as
 * both were stored, in either order, or when HTIF_HALF_WAIT_NS of guest time went by without the other one (programs
 * that only ever store the low half, and loop). Narrower stores only start that wait.
 */
#ifndef RVEMU_DEVICES_HTIF_H
#define RVEMU_DEVICES_HTIF_H

#include "devices/bus.h"
#include "devices/byte_sink.h"
#include "devices/stop.h"
#include "emu/base/clock.h"

#define HTIF_HALF_WAIT_NS 10000
#define HTIF_WRITE_MAX (64 * KIB)

struct htif;
struct state;

/* What htif_create() needs. */
struct htif_wiring {
	struct bus *bus;               /* where the words and the guest's buffers are */
	struct clock *clock;           /* for the wait between two halves */
	u64 tohost;                    /* physical address, 8-byte aligned */
	u64 fromhost;                  /* likewise; 0: the program has none, so nothing is answered */
	struct byte_sink out;          /* where written bytes go */
	struct stop_listener listener; /* who is told of the exit */
};

/* Makes the interface. NULL: tohost or fromhost is not aligned, or not in RAM; see err. */
struct htif *htif_create(const struct htif_wiring *wiring, struct error *err);
void htif_destroy(struct htif *htif);

/* The guest stored `size` bytes at pa, anywhere: does what the store asks for if it reached tohost or fromhost. */
void htif_stored(struct htif *htif, u64 pa, u64 size);

/* Takes what tohost holds now as a whole command. For a machine that looks now and then instead of watching stores. */
void htif_poll(struct htif *htif);

/* How many bytes the guest waits for: 1 while it has asked for one and fromhost is free, or 0. */
u32 htif_room(struct htif *htif);

/* A byte for the guest; it is lost if there is no room. */
void htif_receive(struct htif *htif, u8 byte);

/* Saves or restores what is between two commands. Restoring fails if the words are not where they were. */
void htif_state(struct state *s, struct htif *htif);

#endif

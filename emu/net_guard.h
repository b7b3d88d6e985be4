/*
 * Which of the guest's frames libslirp is given, and in what shape. A guest may send what it likes, and libslirp 4.7
 * does not survive all of it; it must, for nothing that a guest does may harm the host.
 *
 * Passed are ARP, IPv4 and IPv6. Fragments are put together first (emu/net_fragments.h). Left out are pings to distant
 * IPv6 hosts, about each of which libslirp would complain on stderr. TCP's urgent flag is taken off (the data stay):
 * with an urgent pointer behind the data, libslirp would send its own memory to the other side.
 */
#ifndef RVEMU_EMU_NET_GUARD_H
#define RVEMU_EMU_NET_GUARD_H

#include "emu/net_fragments.h"

struct net_guard {
	struct net_fragments fragments; /* packets that come in pieces */
	u8 frame[NET_FRAME_MAX];        /* a frame that had to be changed */
};

/* The frame to give to libslirp instead of this one, and its size; valid until the next call. NULL: none. */
const u8 *net_guard_pass(struct net_guard *guard, const u8 *frame, u32 *size);

#endif

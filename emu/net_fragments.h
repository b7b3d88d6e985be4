/*
 * Puts the fragments of IPv4 packets together before libslirp sees them: RFC 791, as far as a guest needs it that sends
 * its fragments in order, as they all do over a wire that swaps nothing. What comes out of order is dropped.
 *
 * libslirp could do it itself, but Debian 12's build of 4.7 corrupts its memory when the last fragment of a packet
 * comes first (the compiler takes two views of one list for two lists), and a guest may send what it likes.
 */
#ifndef RVEMU_EMU_NET_FRAGMENTS_H
#define RVEMU_EMU_NET_FRAGMENTS_H

#include "devices/virtio_net.h"

#define NET_FRAGMENTED_MAX 8 /* packets under way at a time; a new one displaces the oldest */

/* A packet whose first fragments have come. */
struct net_fragmented {
	u64 age;                 /* counts up with each new one; 0: none here */
	u32 size;                /* bytes of `frame` that are there */
	u8 frame[NET_FRAME_MAX]; /* Ethernet and IP header of the first fragment, data of all */
};

struct net_fragments {
	u64 newest;                                        /* age of the newest */
	struct net_fragmented packets[NET_FRAGMENTED_MAX]; /* those under way */
};

/* Looks at an IPv4 frame. Returns the frame to handle instead, and its size: itself if it is no fragment, the whole
 * packet if this was its last one (valid until the next call), NULL if there is nothing to handle yet or at all. */
const u8 *net_fragments_join(struct net_fragments *f, const u8 *frame, u32 *size);

#endif

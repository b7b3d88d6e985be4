/*
 * Which frame is mapped where, as hints tell: a hash table from (address space, va) to a frame, for
 * emu/observe/guest_view.c. Bounded: what does not fit is not remembered.
 */
#ifndef RVEMU_EMU_OBSERVE_GUEST_MAPS_H
#define RVEMU_EMU_OBSERVE_GUEST_MAPS_H

#include "emu/base/base.h"

struct guest_map {
	u64 page;  /* va >> 12 */
	u32 space; /* 0: an empty place */
	u32 frame; /* index of the frame */
};

/* A zeroed struct is empty. */
struct guest_maps {
	struct guest_map *all; /* open addressing, linear probing */
	u32 capacity;          /* a power of two, or 0 */
	u32 count;             /* in use */
};

void guest_maps_free(struct guest_maps *maps);

/* Remembers it; space is not 0 and the page is not there yet. False: no room. */
bool guest_maps_add(struct guest_maps *maps, u32 space, u64 page, u32 frame);

/* Forgets it and says which frame it was. False: it is not there. */
bool guest_maps_remove(struct guest_maps *maps, u32 space, u64 page, u32 *frame);

/* Forgets one page of the space, whichever. False: there is none any more. */
bool guest_maps_remove_any(struct guest_maps *maps, u32 space, u32 *frame, u32 *from);

#endif

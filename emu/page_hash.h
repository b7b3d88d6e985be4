/*
 * A hash of memory or of a disk, page by page, the same for the same contents. Pages of zeros count for nothing, so
 * that large and mostly empty things are quick. Not cryptographic.
 */
#ifndef RVEMU_EMU_PAGE_HASH_H
#define RVEMU_EMU_PAGE_HASH_H

#include "devices/bus.h"

#define PAGE_HASH_START 0xcbf29ce484222325ull

/* The hash so far, with the page at offset `at` taken in. */
u64 page_hash(u64 hash, u64 at, const u8 page[PAGE_SIZE]);

#endif

/*
 * A page's words, multiplied in one after another (FNV-1a's prime): see page_hash.h.
 */
#include "emu/page_hash.h"

#include <string.h>

#define PRIME 0x100000001b3

u64 page_hash(u64 hash, u64 at, const u8 page[PAGE_SIZE])
{
	static const u8 zeros[PAGE_SIZE];
	if (memcmp(page, zeros, PAGE_SIZE) == 0)
		return hash;
	hash = (hash ^ at) * PRIME;
	for (u64 i = 0; i < PAGE_SIZE; i += 8) {
		u64 word;
		memcpy(&word, page + i, 8);
		hash = (hash ^ word) * PRIME;
		hash ^= hash >> 29;
	}
	return hash;
}

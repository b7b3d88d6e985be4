/*
 * Random bytes: see random.h. ChaCha20's block function (RFC 8439, 2.3) over a key that is replaced by its own output
 * at each request, so that what was given out cannot be computed from what is in memory later.
 */
#include "guest/kernel/core/random.h"

#include "guest/kernel/core/device_tree.h"
#include "guest/kernel/core/time.h"

#define KEY_WORDS 8
#define BLOCK_WORDS 16

static u32 key[KEY_WORDS];
static u64 block_number;

static u32 rotate(u32 value, unsigned by)
{
	return value << by | value >> (32 - by);
}

static void quarter_round(u32 *a, u32 *b, u32 *c, u32 *d)
{
	*a += *b;
	*d = rotate(*d ^ *a, 16);
	*c += *d;
	*b = rotate(*b ^ *c, 12);
	*a += *b;
	*d = rotate(*d ^ *a, 8);
	*c += *d;
	*b = rotate(*b ^ *c, 7);
}

static void next_block(u32 out[BLOCK_WORDS])
{
	u32 input[BLOCK_WORDS] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	memcpy(input + 4, key, sizeof(key));
	input[12] = (u32)block_number;
	input[13] = (u32)(block_number >> 32);
	block_number++;
	memcpy(out, input, sizeof(input));
	for (unsigned i = 0; i < 10; i++) {
		for (unsigned k = 0; k < 4; k++)
			quarter_round(&out[k], &out[4 + k], &out[8 + k], &out[12 + k]);
		for (unsigned k = 0; k < 4; k++)
			quarter_round(&out[k], &out[4 + (k + 1) % 4], &out[8 + (k + 2) % 4], &out[12 + (k + 3) % 4]);
	}
	for (unsigned i = 0; i < BLOCK_WORDS; i++)
		out[i] += input[i];
}

void random_init(void)
{
	u32 size;
	const void *seed = device_tree_property(device_tree_path("/chosen"), "rng-seed", &size);
	if (seed)
		memcpy(key, seed, MIN(size, sizeof(key)));
	u64 now = time_real_ns();
	key[0] ^= (u32)now;
	key[1] ^= (u32)(now >> 32);
}

void random_fill(void *to, u64 size)
{
	u32 block[BLOCK_WORDS];
	u8 *at = to;
	while (size > sizeof(block) - sizeof(key)) {
		next_block(block);
		u64 count = MIN(size, sizeof(block));
		memcpy(at, block, count);
		at += count;
		size -= count;
	}
	/* The end of the last block is the next key. */
	next_block(block);
	memcpy(at, block, size);
	memcpy(key, (u8 *)block + sizeof(block) - sizeof(key), sizeof(key));
	memset(block, 0, sizeof(block));
}

/*
 * Taking a fuzzer's bytes apart: numbers first, then the rest. Behind the end everything is zero.
 */
#ifndef RVEMU_TESTS_FUZZ_INPUT_H
#define RVEMU_TESTS_FUZZ_INPUT_H

#include <string.h>

#include "emu/base/base.h"

struct input {
	const u8 *bytes; /* what is left */
	size_t size;     /* how much that is */
};

/* The next `size` (1..8) bytes as a number. */
static inline u64 input_number(struct input *in, size_t size)
{
	u64 value = 0;
	size_t have = in->size < size ? in->size : size;
	if (have)
		memcpy(&value, in->bytes, have);
	in->bytes += have;
	in->size -= have;
	return value;
}

/* What libFuzzer calls. */
int LLVMFuzzerTestOneInput(const u8 *bytes, size_t size);

#endif

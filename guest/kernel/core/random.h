/*
 * Random bytes: ChaCha20 (RFC 8439) as a generator, seeded from the device tree's rng-seed and the clock. Not for
 * secrets that must outlive the machine: without an rng-seed there is little to guess.
 */
#ifndef GUEST_KERNEL_CORE_RANDOM_H
#define GUEST_KERNEL_CORE_RANDOM_H

#include "guest/kernel/core/base.h"

void random_init(void);
/* For getrandom(2), /dev/urandom, AT_RANDOM and where mmap begins. Does not sleep. */
void random_fill(void *to, u64 size);

#endif

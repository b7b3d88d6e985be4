/*
 * Small kernel objects: size classes 16..2048 bytes carved from frames of kind FRAME_SLAB; larger ones are whole frames
 * (up to 64 KiB).
 */
#ifndef GUEST_KERNEL_MM_KMALLOC_H
#define GUEST_KERNEL_MM_KMALLOC_H

#include "guest/kernel/core/base.h"

/* Zeroed memory, or NULL. May sleep (reclaims). */
void *kmalloc(u64 size) must_check;
/* The same without sleeping and without reclaim. */
void *kmalloc_nowait(u64 size) must_check;
/* A grown copy; the old one is freed only on success. May sleep. */
void *krealloc(void *old, u64 old_size, u64 size) must_check;
/* NULL is allowed. A slab frame that is empty goes back to the frame allocator (one a class is kept). */
void kfree(void *pointer);
char *kstrdup(const char *text) must_check;

#endif

/*
 * Between frame_init.c, which finds the RAM, and frame.c, which hands it out.
 */
#ifndef GUEST_KERNEL_MM_FRAME_INTERNAL_H
#define GUEST_KERNEL_MM_FRAME_INTERNAL_H

#include "guest/kernel/mm/frame.h"

/* The table (zeroed: all frames free, none given yet) describes `count` frames from physical number `first` on. */
void frame_set_table(struct frame *table, u64 first, u64 count);
/* Frames [first, end), physical numbers, are RAM to hand out. */
void frame_give(u64 first, u64 end);
/* They are not. */
void frame_reserve(u64 first, u64 end);
/* All is given: sets the watermarks. */
void frame_finish(void);

/* frame_alloc_order() without asking allocation_must_fail(): for kmalloc, which has asked. frame.c. */
struct frame *frame_alloc_unfailing(enum frame_kind kind, unsigned order, unsigned flags) must_check;

/* Blocks of 2^order frames by the buddy system; frame_buddy.c. Free frames that are not in it are "hot". */
void buddy_init(void);
/* NULL: no block of this order or a larger one. */
struct frame *buddy_take(unsigned order);
void buddy_give(struct frame *frame, unsigned order);
void buddy_counts(u64 counts[FRAME_ORDERS]);

#endif

/*
 * The kernel's image: where it is linked and loaded, and the symbols that kernel.ld makes at the borders of its parts.
 * All parts begin on a page of their own: text [kernel_text_start, kernel_text_end) R-X, constants [kernel_text_end,
 * kernel_rodata_end) R--, data and bss [kernel_rodata_end, kernel_end) RW-.
 */
#ifndef GUEST_KERNEL_CORE_IMAGE_H
#define GUEST_KERNEL_CORE_IMAGE_H

#include "guest/kernel/core/base.h"
#include "guest/kernel/mm/frame.h"

#define IMAGE_BASE 0xffffffff80200000ul      /* first address of the text; kernel.ld and entry.S have the same */
#define IMAGE_PA 0x80200000ul                /* where that is loaded */
#define IMAGE_OFFSET (IMAGE_BASE - IMAGE_PA) /* va - pa of everything in the image */

extern char kernel_text_start[], kernel_text_end[], kernel_rodata_end[], kernel_data_end[], kernel_end[];

/* The exception table of user copies, pairs of u64: faulting pc, landing pc. */
extern const u64 kernel_extable_start[][2], kernel_extable_end[][2];

/* The physical address of something in the image or in the direct map. */
static inline u64 virtual_to_pa(const void *pointer)
{
	u64 va = (u64)pointer;
	return va >= IMAGE_BASE ? va - IMAGE_OFFSET : va - DIRECT_MAP;
}

#endif

/*
 * The page of vdso.S made ready: one frame for all programs, lent like the zero page, so that one who writes to it (a
 * debugger) gets a copy of its own. vdso(7).
 */
#include "guest/kernel/proc/vdso.h"

#include "guest/abi/process.h"
#include "guest/kernel/core/panic.h"
#include "guest/kernel/core/system.h"
#include "guest/kernel/mm/frame.h"

/* vdso.S: the page as it is before the answers are known. */
extern const u8 vdso_image[], vdso_image_end[], vdso_trampoline[], vdso_answers[];

struct frame *vdso_frame;

void vdso_init(void)
{
	vdso_frame = frame_alloc(FRAME_KERNEL, ALLOC_ZERO);
	if (!vdso_frame)
		panic("no memory for the signal trampoline");
	u8 *page = frame_data(vdso_frame);
	u64 *answers = (u64 *)(page + (vdso_answers - vdso_image));
	memcpy(page, vdso_image, (u64)(vdso_image_end - vdso_image));
	for (unsigned key = 0; key < VDSO_ANSWERS; key++) {
		struct abi_riscv_hwprobe pair = { .key = key };
		system_probe(&pair);
		answers[key] = pair.value;
	}
	__asm__ volatile("fence.i" ::: "memory");
}

int vdso_map(struct mm *mm)
{
	i64 at = mm_map(mm, 0, PAGE_SIZE, PROT_READ | PROT_EXEC, REGION_VDSO, MAP_PRIVATE, NULL, 0);
	if (at < 0)
		return (int)at;
	mm->vdso = (u64)at;
	return 0;
}

u64 vdso_trampoline_of(const struct mm *mm)
{
	return mm->vdso + (u64)(vdso_trampoline - vdso_image);
}

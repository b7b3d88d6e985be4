/*
 * SBI "RFENCE Extension": fence.i and sfence.vma on other harts. The functions for hypervisors (3 to 6) are not
 * supported. How a fence gets there is in fence.h.
 */
#include "firmware/fence.h"
#include "firmware/ipi.h"
#include "firmware/sbi.h"

enum { REMOTE_FENCE_I, REMOTE_SFENCE_VMA, REMOTE_SFENCE_VMA_ASID };

#define ASID_MAX 0xffff

/* "All addresses" is a size of all ones, or a start and a size of 0; a size of 0 alone is taken for it, too. */
static bool set_range(struct fence_request *request, u64 start, u64 size)
{
	request->start = start;
	request->size = size == 0 ? FENCE_EVERYTHING : size;
	/* The last address must not have wrapped round. */
	return request->size == FENCE_EVERYTHING || start + (size - 1) >= start;
}

/* arg: hart_mask, hart_mask_base, start_addr, size, asid */
static struct sbi_result handle(struct hart *hart, u64 function, const u64 arg[6])
{
	struct fence_request request = { .kind = FENCE_I };
	u64 targets;

	if (function > REMOTE_SFENCE_VMA_ASID)
		return sbi_error(SBI_NOT_SUPPORTED);
	if (!ipi_resolve(arg[0], arg[1], &targets))
		return sbi_error(SBI_INVALID_PARAM);
	if (function != REMOTE_FENCE_I) {
		request.kind = FENCE_VMA;
		if (!set_range(&request, arg[2], arg[3]))
			return sbi_error(SBI_INVALID_ADDRESS);
	}
	if (function == REMOTE_SFENCE_VMA_ASID) {
		request.kind = FENCE_VMA_ASID;
		request.asid = arg[4];
		if (request.asid > ASID_MAX)
			return sbi_error(SBI_INVALID_PARAM);
	}
	fence_remote(hart, targets, &request);
	return sbi_value(0);
}

const struct sbi_extension sbi_rfence = { .first = 0x52464e43, .last = 0x52464e43, .handle = handle };

/*
 * The Supervisor Binary Interface, version 2.0: how calls are dispatched, and the numbers that all extensions share.
 *
 * A call has its extension in a7, its function in a6, its arguments in a0 to a5. It returns an error in a0 and a value
 * in a1; all other registers are as they were. SBI, "Binary Encoding".
 */
#ifndef FIRMWARE_SBI_H
#define FIRMWARE_SBI_H

#include "firmware/base.h"

struct hart;

enum sbi_error {
	SBI_SUCCESS = 0,
	SBI_FAILED = -1,
	SBI_NOT_SUPPORTED = -2,
	SBI_INVALID_PARAM = -3,
	SBI_DENIED = -4,
	SBI_INVALID_ADDRESS = -5,
	SBI_ALREADY_AVAILABLE = -6,
	SBI_ALREADY_STARTED = -7,
	SBI_ALREADY_STOPPED = -8,
	SBI_NO_SHMEM = -9,
};

/* What a call returns. */
struct sbi_result {
	i64 error; /* enum sbi_error */
	u64 value; /* meaningful with SBI_SUCCESS; else 0 */
};

/*
 * An extension: one of these, in a file of its own, listed in sbi.c.
 */
struct sbi_extension {
	u64 first, last; /* extension ids: what must be in a7 */

	/* Does a call; arg is a0 to a5. May not return, if the hart then goes elsewhere. */
	struct sbi_result (*handle)(struct hart *hart, u64 function, const u64 arg[6]);

	/*
	 * Legacy extensions have this instead. They return a value in a0 and leave a1 alone, and some are given virtual
	 * addresses. False: an address faulted, the trap was redirected to S mode, and the call has had no effect.
	 */
	bool (*handle_legacy)(struct hart *hart, u64 extension, const u64 arg[6], i64 *a0);
};

extern const struct sbi_extension sbi_base, sbi_time, sbi_ipi, sbi_rfence, sbi_hsm, sbi_srst, sbi_dbcn, sbi_pmu,
	sbi_legacy;

/* The extension with this id, or NULL. */
const struct sbi_extension *sbi_find(u64 id);

/* An ecall from S mode. */
void sbi_call(struct hart *hart);

static inline struct sbi_result sbi_value(u64 value)
{
	return (struct sbi_result){ SBI_SUCCESS, value };
}

static inline struct sbi_result sbi_error(enum sbi_error error)
{
	return (struct sbi_result){ error, 0 };
}

#endif

/*
 * Calls from S mode find their extension here. To add one: a file ext_NAME.c with a struct sbi_extension, its name in
 * sbi.h, and a line in the table.
 */
#include "firmware/sbi.h"

#include "firmware/hart.h"

static const struct sbi_extension *const extensions[] = {
	&sbi_base, &sbi_time, &sbi_ipi, &sbi_rfence, &sbi_hsm, &sbi_srst, &sbi_dbcn, &sbi_pmu, &sbi_legacy,
};

#define ECALL_LENGTH 4

const struct sbi_extension *sbi_find(u64 id)
{
	for (u32 i = 0; i < ARRAY_SIZE(extensions); i++)
		if (id >= extensions[i]->first && id <= extensions[i]->last)
			return extensions[i];
	return NULL;
}

void sbi_call(struct hart *hart)
{
	u64 *const a = &hart->x[REG_A0];
	const struct sbi_extension *extension = sbi_find(hart->x[REG_A7]);
	struct sbi_result result = sbi_error(SBI_NOT_SUPPORTED);

	if (extension && extension->handle_legacy) {
		i64 a0;

		if (!extension->handle_legacy(hart, hart->x[REG_A7], a, &a0))
			return;
		a[0] = (u64)a0;
	} else {
		if (extension)
			result = extension->handle(hart, hart->x[REG_A6], a);
		a[0] = (u64)result.error;
		a[1] = result.value;
	}
	hart->pc += ECALL_LENGTH;
}

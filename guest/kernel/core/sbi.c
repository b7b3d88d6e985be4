/*
 * Calls to the firmware. Supervisor Binary Interface specification 2.0: chapter 3 (calling), 4 (base), 6 (TIME), 7
 * (IPI), 8 (RFENCE), 9 (HSM), 10 (SRST), 12 (DBCN), and of the legacy extensions (5) console output alone.
 */
#include "guest/kernel/core/sbi.h"

#include "guest/kernel/core/device_tree.h"
#include "guest/kernel/core/image.h"
#include "guest/kernel/core/riscv.h"

enum extension {
	EXTENSION_BASE = 0x10,
	EXTENSION_TIME = 0x54494d45,
	EXTENSION_IPI = 0x735049,
	EXTENSION_RFENCE = 0x52464e43,
	EXTENSION_HSM = 0x48534d,
	EXTENSION_SRST = 0x53525354,
	EXTENSION_DBCN = 0x4442434e,
	LEGACY_PUTCHAR = 0x01,
};

enum base_function { BASE_SPEC_VERSION = 0, BASE_PROBE = 3 };
enum rfence_function { RFENCE_FENCE_I = 0, RFENCE_SFENCE_VMA = 1, RFENCE_SFENCE_VMA_ASID = 2 };
enum srst_type { SRST_SHUTDOWN = 0, SRST_COLD_REBOOT = 1 };
enum srst_reason { SRST_NO_REASON = 0, SRST_SYSTEM_FAILURE = 1 };

struct sbi_result {
	i64 error;
	u64 value;
};

static bool has_console; /* DBCN */
static bool has_sstc;    /* stimecmp: the timer without a call */

static struct sbi_result call(u64 extension, u64 function, const u64 arg[5])
{
	register u64 a0 __asm__("a0") = arg[0];
	register u64 a1 __asm__("a1") = arg[1];
	register u64 a2 __asm__("a2") = arg[2];
	register u64 a3 __asm__("a3") = arg[3];
	register u64 a4 __asm__("a4") = arg[4];
	register u64 a6 __asm__("a6") = function;
	register u64 a7 __asm__("a7") = extension;
	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7) : "memory");
	return (struct sbi_result){ .error = (i64)a0, .value = a1 };
}

static bool has_extension(u64 extension)
{
	struct sbi_result result = call(EXTENSION_BASE, BASE_PROBE, (u64[5]){ extension });
	return result.error == 0 && result.value != 0;
}

void sbi_init(void)
{
	static const struct {
		u64 id;
		const char *name;
	} needed[] = { { EXTENSION_TIME, "TIME" },
		       { EXTENSION_IPI, "IPI" },
		       { EXTENSION_RFENCE, "RFENCE" },
		       { EXTENSION_HSM, "HSM" },
		       { EXTENSION_SRST, "SRST" } };
	has_console = has_extension(EXTENSION_DBCN);
	for (unsigned i = 0; i < ARRAY_SIZE(needed); i++)
		if (!has_extension(needed[i].id))
			panic("the firmware has no %s extension (SBI 1.0 or later is needed)", needed[i].name);
	has_sstc = device_tree_has_extension("sstc");
}

void sbi_set_timer(u64 ticks)
{
	if (likely(has_sstc))
		csr_write(0x14d, ticks); /* stimecmp */
	else
		call(EXTENSION_TIME, 0, (u64[5]){ ticks });
}

/* Hart masks have base 0: hart ids are below 64 (smp.c sees to it). A failure would leave a stale translation: a bug.
 */
static void call_harts(u64 extension, u64 function, const u64 arg[5])
{
	struct sbi_result result = call(extension, function, arg);
	BUG_ON(result.error != 0);
}

void sbi_send_ipi(u64 hart_mask)
{
	call_harts(EXTENSION_IPI, 0, (u64[5]){ hart_mask, 0 });
}

void sbi_remote_sfence_vma_asid(u64 hart_mask, u64 start, u64 size, u64 asid)
{
	call_harts(EXTENSION_RFENCE, RFENCE_SFENCE_VMA_ASID,
	           (u64[5]){ hart_mask, 0, size == ~0ul ? 0 : start, size, asid });
}

void sbi_remote_sfence_vma_all(u64 hart_mask)
{
	call_harts(EXTENSION_RFENCE, RFENCE_SFENCE_VMA, (u64[5]){ hart_mask, 0, 0, ~0ul });
}

void sbi_remote_fence_i(u64 hart_mask)
{
	call_harts(EXTENSION_RFENCE, RFENCE_FENCE_I, (u64[5]){ hart_mask, 0 });
}

i64 sbi_hart_start(u64 hart, u64 pa, u64 opaque)
{
	return call(EXTENSION_HSM, 0, (u64[5]){ hart, pa, opaque }).error;
}

static __attribute__((noreturn)) void reset(u64 type, u64 reason)
{
	call(EXTENSION_SRST, 0, (u64[5]){ type, reason });
	for (;;)
		__asm__ volatile("wfi");
}

void sbi_shutdown(bool failed)
{
	reset(SRST_SHUTDOWN, failed ? SRST_SYSTEM_FAILURE : SRST_NO_REASON);
}

void sbi_reboot(void)
{
	reset(SRST_COLD_REBOOT, SRST_NO_REASON);
}

void sbi_console_write(const char *text, u64 size)
{
	if (!has_console) {
		for (u64 i = 0; i < size; i++)
			call(LEGACY_PUTCHAR, 0, (u64[5]){ (u8)text[i] });
		return;
	}
	/* Fewer may be taken than were given. */
	while (size > 0) {
		struct sbi_result result = call(EXTENSION_DBCN, 0, (u64[5]){ size, virtual_to_pa(text), 0 });
		if (result.error != 0 || result.value > size)
			return;
		text += result.value;
		size -= result.value;
	}
}

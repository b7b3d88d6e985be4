/*
 * The CSRs of a hart, as a supervisor expects them. SBI, "Binary Encoding" and "Hart State Management"; what is
 * delegated and enabled is what OpenSBI delegates and enables, because kernels are written for that.
 */
#include "firmware/hart.h"

#include "firmware/board.h"
#include "firmware/guard.h"
#include "firmware/hsm.h"
#include "firmware/timer.h"

struct hart harts[HARTS_MAX];

_Static_assert(offsetof(struct hart, x[31]) == HART_X(31), "start.S stores registers there");
_Static_assert(offsetof(struct hart, pc) == HART_PC, "start.S stores mepc there");
_Static_assert(offsetof(struct hart, mstatus) == HART_MSTATUS, "start.S stores mstatus there");
_Static_assert(offsetof(struct hart, stack) == HART_STACK, "start.S loads sp from there");
_Static_assert(sizeof(harts) + HARTS_MAX * STACK_SIZE < FIRMWARE_SIZE - 0x8000, "leaves room for code");

/* What the supervisor handles without us. Not here: ecall from S, illegal instructions (trap.c may emulate them),
 * misaligned and denied accesses (emulated, or counted and handed on). */
#define DELEGATED_EXCEPTIONS                                                                                           \
	(BIT(CAUSE_FETCH_MISALIGNED) | BIT(CAUSE_FETCH_ACCESS) | BIT(CAUSE_BREAKPOINT) | BIT(CAUSE_ECALL_U) |          \
	 BIT(CAUSE_FETCH_PAGE) | BIT(CAUSE_LOAD_PAGE) | BIT(CAUSE_STORE_PAGE) | BIT(CAUSE_SOFTWARE_CHECK))
#define DELEGATED_BY_HYPERVISOR                                                                                        \
	(BIT(CAUSE_ECALL_VS) | BIT(CAUSE_GUEST_FETCH_PAGE) | BIT(CAUSE_GUEST_LOAD_PAGE) | BIT(CAUSE_VIRTUAL_INSN) |    \
	 BIT(CAUSE_GUEST_STORE_PAGE))

/*
 * Entry 0: nobody below M mode touches the firmware. Entry 1: anything else is allowed. NAPOT keeps the size in the
 * address: address bits, then a 0, then ones. The lower entry wins.
 */
static void protect_firmware(void)
{
	csr_try_write(CSR_PMPADDR0, FIRMWARE_BASE >> 2 | (FIRMWARE_SIZE / 8 - 1));
	csr_try_write(CSR_PMPADDR1, ~0ul);
	csr_try_write(CSR_PMPCFG0, PMP_NAPOT | (PMP_NAPOT | PMP_RWX) << 8);
	__asm__ volatile("sfence.vma zero, zero" ::: "memory"); /* translations may hold old permissions */
}

/*
 * Who sets A and D in PTEs, hardware (ADUE = 1) or page-fault handlers? Nothing in SBI 2.0 lets a kernel choose. It
 * reads the device tree: Svadu alone means that hardware does it; Svade, with or without Svadu, that page faults come.
 * Where neither is named, the kernel must expect both, and the hart's own default stays.
 */
static u64 choose_adue(u64 was)
{
	switch (board.ad_bits) {
	case AD_BY_HARDWARE:
		return MENVCFG_ADUE;
	case AD_BY_FAULT:
		return 0;
	case AD_UNKNOWN:
		break;
	}
	return was & MENVCFG_ADUE;
}

/* What lower modes may use. Bits of extensions that a hart lacks stay 0 by themselves. */
static void enable_extensions(struct hart *hart)
{
	u64 menvcfg, ignored;

	if (csr_try_read(CSR_MENVCFG, &menvcfg)) {
		menvcfg = choose_adue(menvcfg) | MENVCFG_STCE | MENVCFG_PBMTE | MENVCFG_CBZE | MENVCFG_CBCFE |
		          MENVCFG_CBIE;
		csr_write(CSR_MENVCFG, menvcfg);
		menvcfg = csr_read(CSR_MENVCFG);
	}
	hart->features.sstc = (menvcfg & MENVCFG_STCE) && csr_try_read(CSR_STIMECMP, &ignored);

	csr_try_write(CSR_MSTATEEN0, ~0ul);
	csr_try_write(CSR_MSTATEEN1, ~0ul);
	csr_try_write(CSR_MSTATEEN2, ~0ul);
	csr_try_write(CSR_MSTATEEN3, ~0ul);

	csr_try_write(CSR_MCOUNTEREN, ~0ul);
	csr_try_write(CSR_SCOUNTEREN, 7); /* cycle, time, instret for U mode, until the kernel says otherwise */
}

static void delegate(struct hart *hart)
{
	csr_write(CSR_MEDELEG, DELEGATED_EXCEPTIONS | (hart->features.hypervisor ? DELEGATED_BY_HYPERVISOR : 0));
	csr_write(CSR_MIDELEG, IRQ_SUPERVISOR);
	hart->features.sscofpmf = csr_read(CSR_MIDELEG) & IRQ_LCOFI;
}

void hart_setup(struct hart *hart)
{
	u64 misa = csr_read(CSR_MISA);

	csr_write(CSR_MSCRATCH, hart);
	csr_write(CSR_MTVEC, trap_entry);
	hart->features.fp_single = misa & MISA('F');
	hart->features.fp_double = misa & MISA('D');
	hart->features.hypervisor = misa & MISA('H');
	hart->features.fence_i = try_fence_i();
	protect_firmware();
	delegate(hart);
	enable_extensions(hart);
	pmu_setup(hart);
	timer_stop(hart);
	csr_set(CSR_MIE, IRQ_MSI);
}

void hart_prepare(struct hart *hart, u64 pc, u64 value)
{
	memset(hart->x, 0, sizeof(hart->x));
	hart->x[REG_A0] = hart->id;
	hart->x[REG_A1] = value;
	hart->pc = pc;
	hart->mstatus = csr_read(CSR_MSTATUS);
	hart->mstatus &= ~(MSTATUS_SIE | MSTATUS_MIE | MSTATUS_SPIE | MSTATUS_MPIE | MSTATUS_SPP | MSTATUS_VS |
	                   MSTATUS_MPP | MSTATUS_FS | MSTATUS_MPRV | MSTATUS_SUM | MSTATUS_MXR | MSTATUS_TVM |
	                   MSTATUS_TW | MSTATUS_TSR | MSTATUS_MPV | MSTATUS_GVA);
	hart->mstatus |= MSTATUS_MPP_S | MSTATUS_FS_INITIAL | MSTATUS_VS_INITIAL;
	csr_write(CSR_SATP, 0);
	fence_all(hart);
}

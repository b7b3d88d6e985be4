/*
 * What each register does when it is read and written, and the table made from cpu/csr.def.
 *
 * Registers are kept legal: a setter makes of any value one that this hart can have (WARL), so that reads are plain.
 * Where the manual leaves the choice, reserved encodings of a field leave the field as it was (mstatus.MPP,
 * menvcfg.CBIE, xtvec's MODE), as in the Sail model; mcause and scause take any value. Privileged manual,
 * "Machine-Level ISA" and "Supervisor-Level ISA"; section names below are its own. PMP's rules are in mmu/pmp.c, satp's
 * in mmu/mmu.c, the counters' in cpu/counters.c.
 */
#include "cpu/counters.h"
#include "cpu/csr_table.h"
#include "cpu/fpu.h"
#include "cpu/trap.h"

/* Gates */

#define gate_none NULL

/* "Attempts to read or write fcsr when FS is Off raise an illegal-instruction exception." */
static bool gate_fp(struct hart *h, u32 number)
{
	(void)number;
	if (!h->fp_on)
		return false;
	h->csr.fflags |= fpu_harvest();
	return true;
}

static bool gate_hpm(struct hart *h, u32 number)
{
	(void)number;
	counters_sync(h);
	return true;
}

/* cycle, time, instret, hpmcountern: mcounteren opens them to S mode, scounteren with it to U mode. */
static bool gate_counter(struct hart *h, u32 number)
{
	u64 enabled = ~0ull;

	if (h->priv < PRIV_M)
		enabled = h->csr.mcounteren;
	if (h->priv == PRIV_U && isa_has(h->isa, EXT_S))
		enabled &= h->csr.scounteren;
	counters_sync(h);
	return enabled >> (number & 31) & 1;
}

static bool gate_satp(struct hart *h, u32 number)
{
	(void)number;
	return h->priv == PRIV_M || !(h->csr.mstatus & MSTATUS_TVM);
}

static bool gate_stimecmp(struct hart *h, u32 number)
{
	(void)number;
	return h->priv == PRIV_M || (h->csr.menvcfg & MENVCFG_STCE && h->csr.mcounteren & COUNTEREN_TM);
}

/* May S mode use what this bit of mstateen<n> guards? */
static bool is_state_enabled(const struct hart *h, u32 n, u64 bit)
{
	return h->priv == PRIV_M || !isa_has(h->isa, EXT_SMSTATEEN) || h->csr.mstateen[n] & bit;
}

static bool gate_senvcfg(struct hart *h, u32 number)
{
	(void)number;
	return is_state_enabled(h, 0, MSTATEEN_ENVCFG);
}

static bool gate_sstateen(struct hart *h, u32 number)
{
	return is_state_enabled(h, number & 3, MSTATEEN_SE);
}

/* Registers without a value of their own */

static u64 get_zero(const struct hart *h, u32 number)
{
	(void)h;
	(void)number;
	return 0;
}

static void set_ignored(struct hart *h, u32 number, u64 value)
{
	(void)h;
	(void)number;
	(void)value;
}

static u64 get_mhartid(const struct hart *h, u32 number)
{
	(void)number;
	return h->id;
}

static u64 get_misa(const struct hart *h, u32 number)
{
	(void)number;
	return isa_misa(h->isa);
}

/* Floating point */

static u64 get_fflags(const struct hart *h, u32 number)
{
	(void)number;
	return h->csr.fflags;
}

static void set_fflags(struct hart *h, u32 number, u64 value)
{
	(void)number;
	h->csr.fflags = (u32)bits(value, 4, 0);
	hart_set_fs_dirty(h);
}

static u64 get_frm(const struct hart *h, u32 number)
{
	(void)number;
	return h->csr.frm;
}

static void set_frm(struct hart *h, u32 number, u64 value)
{
	(void)number;
	h->csr.frm = (u32)bits(value, 2, 0);
	hart_set_fs_dirty(h);
}

static u64 get_fcsr(const struct hart *h, u32 number)
{
	(void)number;
	return h->csr.frm << 5 | h->csr.fflags;
}

static void set_fcsr(struct hart *h, u32 number, u64 value)
{
	set_fflags(h, number, bits(value, 4, 0));
	set_frm(h, number, bits(value, 7, 5));
}

/* mstatus and sstatus */

static bool is_mode(const struct hart *h, u64 priv)
{
	return priv == PRIV_M || (priv == PRIV_S && isa_has(h->isa, EXT_S)) ||
	       (priv == PRIV_U && isa_has(h->isa, EXT_U));
}

/* SD is not kept: it says that FS is Dirty. */
static u64 get_mstatus(const struct hart *h, u32 number)
{
	u64 status = h->csr.mstatus;

	(void)number;
	return (status & MSTATUS_FS) == MSTATUS_FS ? status | MSTATUS_SD : status;
}

/* Writes the bits in `mask`, as far as the hart has them. */
static void write_status(struct hart *h, u64 value, u64 mask)
{
	u64 old = h->csr.mstatus;

	mask &= h->csr.mstatus_writable;
	if (mask & MSTATUS_MPP && !is_mode(h, bits(value, MSTATUS_MPP_SHIFT + 1, MSTATUS_MPP_SHIFT)))
		mask &= ~MSTATUS_MPP;
	value = (old & ~mask) | (value & mask);
	h->csr.mstatus = value;
	if ((value ^ old) & (MSTATUS_MPRV | MSTATUS_MPP | MSTATUS_SUM | MSTATUS_MXR | MSTATUS_FS))
		hart_update_context(h);
	if ((value ^ old) & (MSTATUS_MIE | MSTATUS_SIE))
		hart_update_attention(h);
}

static void set_mstatus(struct hart *h, u32 number, u64 value)
{
	(void)number;
	write_status(h, value, ~0ull);
}

static u64 get_sstatus(const struct hart *h, u32 number)
{
	return get_mstatus(h, number) & SSTATUS_VISIBLE;
}

static void set_sstatus(struct hart *h, u32 number, u64 value)
{
	(void)number;
	write_status(h, value, SSTATUS_VISIBLE);
}

/* Interrupts and delegation */

/* Everything that can be delegated: not ecall from M mode, which "can never occur" below, nor what does not exist. */
#define MEDELEG_WRITABLE                                                                                               \
	(BIT(EXC_FETCH_MISALIGNED) | BIT(EXC_FETCH_ACCESS) | BIT(EXC_ILLEGAL) | BIT(EXC_BREAKPOINT) |                  \
	 BIT(EXC_LOAD_MISALIGNED) | BIT(EXC_LOAD_ACCESS) | BIT(EXC_STORE_MISALIGNED) | BIT(EXC_STORE_ACCESS) |         \
	 BIT(EXC_ECALL_U) | BIT(EXC_ECALL_S) | BIT(EXC_FETCH_PAGE) | BIT(EXC_LOAD_PAGE) | BIT(EXC_STORE_PAGE))

/* The interrupts of supervisor level that the hart has. */
static u64 supervisor_interrupts(const struct hart *h)
{
	u64 set = isa_has(h->isa, EXT_S) ? MIP_SSIP | MIP_STIP | MIP_SEIP : 0;

	return isa_has(h->isa, EXT_SSCOFPMF) ? set | MIP_LCOFIP : set;
}

static void set_mideleg(struct hart *h, u32 number, u64 value)
{
	(void)number;
	h->csr.mideleg = value & supervisor_interrupts(h);
	hart_update_attention(h);
}

static void set_mie(struct hart *h, u32 number, u64 value)
{
	(void)number;
	h->csr.mie = value & (supervisor_interrupts(h) | MIP_MSIP | MIP_MTIP | MIP_MEIP);
	hart_update_attention(h);
}

static u64 get_sie(const struct hart *h, u32 number)
{
	(void)number;
	return h->csr.mie & h->csr.mideleg;
}

static void set_sie(struct hart *h, u32 number, u64 value)
{
	set_mie(h, number, (h->csr.mie & ~h->csr.mideleg) | (value & h->csr.mideleg));
}

static void write_mip(struct hart *h, u64 value, u64 mask)
{
	h->csr.mip_soft = (h->csr.mip_soft & ~mask) | (value & mask);
	hart_update_attention(h);
}

static u64 get_mip(const struct hart *h, u32 number)
{
	(void)number;
	return hart_mip(h);
}

/* "If the stimecmp register is implemented, STIP is read-only in mip": as long as menvcfg.STCE is set. */
static void set_mip(struct hart *h, u32 number, u64 value)
{
	u64 writable = supervisor_interrupts(h);

	(void)number;
	if (h->csr.menvcfg & MENVCFG_STCE)
		writable &= ~MIP_STIP;
	write_mip(h, value, writable);
}

static u64 get_sip(const struct hart *h, u32 number)
{
	(void)number;
	return hart_mip(h) & h->csr.mideleg;
}

/* In sip, only SSIP and LCOFIP are writable. */
static void set_sip(struct hart *h, u32 number, u64 value)
{
	(void)number;
	write_mip(h, value, h->csr.mideleg & (MIP_SSIP | MIP_LCOFIP));
}

/* Trap handling */

/* Mode 0 Direct, 1 Vectored; 2 and 3 are reserved. */
static u64 legal_tvec(u64 old, u64 value)
{
	return bits(value, 1, 0) < 2 ? value : (value & ~3ull) | (old & 3);
}

static void set_mtvec(struct hart *h, u32 number, u64 value)
{
	(void)number;
	h->csr.mtvec = legal_tvec(h->csr.mtvec, value);
}

static void set_stvec(struct hart *h, u32 number, u64 value)
{
	(void)number;
	h->csr.stvec = legal_tvec(h->csr.stvec, value);
}

/* Bits 1:0 are zero, or bit 0 alone where instructions may be two bytes long. */
static u64 legal_epc(const struct hart *h, u64 value)
{
	return value & (isa_has(h->isa, EXT_ZCA) ? ~1ull : ~3ull);
}

static void set_mepc(struct hart *h, u32 number, u64 value)
{
	(void)number;
	h->csr.mepc = legal_epc(h, value);
}

static void set_sepc(struct hart *h, u32 number, u64 value)
{
	(void)number;
	h->csr.sepc = legal_epc(h, value);
}

/* Environment configuration */

/* The fields that menvcfg and senvcfg share, as far as the hart has what they are about. */
static u64 envcfg_writable(const struct hart *h, u64 value)
{
	u64 mask = ENVCFG_FIOM;

	if (isa_has(h->isa, EXT_ZICBOM))
		mask |= ENVCFG_CBCFE | ENVCFG_CBIE;
	if (bits(value, ENVCFG_CBIE_SHIFT + 1, ENVCFG_CBIE_SHIFT) == 2)
		mask &= ~ENVCFG_CBIE;
	return isa_has(h->isa, EXT_ZICBOZ) ? mask | ENVCFG_CBZE : mask;
}

static bool has_adue(const struct hart *h)
{
	return isa_has(h->isa, EXT_SVADU) && h->mmu.config.ad == AD_ADUE;
}

static void set_menvcfg(struct hart *h, u32 number, u64 value)
{
	u64 old = h->csr.menvcfg;
	u64 mask = envcfg_writable(h, value);

	(void)number;
	if (has_adue(h))
		mask |= MENVCFG_ADUE;
	if (isa_has(h->isa, EXT_SVPBMT))
		mask |= MENVCFG_PBMTE;
	if (isa_has(h->isa, EXT_SSTC))
		mask |= MENVCFG_STCE;
	h->csr.menvcfg = (old & ~mask) | (value & mask);
	if ((old ^ h->csr.menvcfg) & (MENVCFG_ADUE | MENVCFG_PBMTE))
		hart_update_context(h);
	if ((old ^ h->csr.menvcfg) & MENVCFG_STCE) {
		h->csr.mip_soft &= ~MIP_STIP;
		hart_update_timer(h);
		h->mmu.device_touched = true;
	}
}

static void set_senvcfg(struct hart *h, u32 number, u64 value)
{
	u64 mask = envcfg_writable(h, value);

	(void)number;
	h->csr.senvcfg = (h->csr.senvcfg & ~mask) | (value & mask);
}

static u64 get_mstateen(const struct hart *h, u32 number)
{
	return h->csr.mstateen[number & 3];
}

/* Of all the state that these registers can guard the hart has senvcfg and the sstateen registers, which go with S
 * mode. */
static void set_mstateen(struct hart *h, u32 number, u64 value)
{
	u64 writable = (number & 3) == 0 ? MSTATEEN_SE | MSTATEEN_ENVCFG : MSTATEEN_SE;

	h->csr.mstateen[number & 3] = isa_has(h->isa, EXT_S) ? value & writable : 0;
}

/* Memory */

static u64 get_satp(const struct hart *h, u32 number)
{
	(void)number;
	return h->mmu.satp;
}

static void set_satp(struct hart *h, u32 number, u64 value)
{
	(void)number;
	mmu_write_satp(&h->mmu, value);
}

static u64 get_pmpcfg(const struct hart *h, u32 number)
{
	return pmp_read_cfg(&h->mmu.pmp, (number - CSR_PMPCFG0) * 4);
}

static void set_pmpcfg(struct hart *h, u32 number, u64 value)
{
	if (pmp_write_cfg(&h->mmu.pmp, (number - CSR_PMPCFG0) * 4, value))
		mmu_pmp_changed(&h->mmu);
}

static u64 get_pmpaddr(const struct hart *h, u32 number)
{
	return h->mmu.pmp.addr[number - CSR_PMPADDR0];
}

static void set_pmpaddr(struct hart *h, u32 number, u64 value)
{
	if (pmp_write_addr(&h->mmu.pmp, number - CSR_PMPADDR0, value))
		mmu_pmp_changed(&h->mmu);
}

/* Time and counters: the counter's index is in the number's low five bits */

static u64 get_time(const struct hart *h, u32 number)
{
	(void)number;
	return h->mtime(h->mtime_arg, hart_now_ns(h));
}

static void set_stimecmp(struct hart *h, u32 number, u64 value)
{
	(void)number;
	h->csr.stimecmp = value;
	hart_update_timer(h);
	h->mmu.device_touched = true;
}

static u64 get_counter(const struct hart *h, u32 number)
{
	return counters_read(h, number & 31);
}

static void set_counter(struct hart *h, u32 number, u64 value)
{
	counters_write(h, number & 31, value);
}

static u64 get_mhpmevent(const struct hart *h, u32 number)
{
	return h->csr.hpm_event[number & 31];
}

static void set_mhpmevent(struct hart *h, u32 number, u64 value)
{
	counters_set_event(h, number & 31, value);
}

static void set_mcountinhibit(struct hart *h, u32 number, u64 value)
{
	(void)number;
	counters_set_inhibit(h, value);
}

/* "In S mode, scountovf bit X is readable when mcounteren bit X is set, and otherwise reads as zero." */
static u64 get_scountovf(const struct hart *h, u32 number)
{
	(void)number;
	return counters_overflowed(h) & (h->priv == PRIV_M ? ~0ull : h->csr.mcounteren);
}

/* Reset */

static u64 mstatus_writable(const struct hart *h)
{
	u64 mask = MSTATUS_MIE | MSTATUS_MPIE;

	if (isa_has(h->isa, EXT_U))
		mask |= MSTATUS_MPP | MSTATUS_MPRV | MSTATUS_TW;
	if (isa_has(h->isa, EXT_S))
		mask |= MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_SUM | MSTATUS_MXR | MSTATUS_TVM |
		        MSTATUS_TSR;
	return isa_has(h->isa, EXT_F) ? mask | MSTATUS_FS : mask;
}

void csr_reset(struct hart *h)
{
	h->csr = (struct csrs){ .mstatus_writable = mstatus_writable(h) };
	if (isa_has(h->isa, EXT_U))
		h->csr.mstatus |= 2ull << MSTATUS_UXL_SHIFT;
	else
		h->csr.mstatus |= MSTATUS_MPP;
	if (isa_has(h->isa, EXT_S))
		h->csr.mstatus |= 2ull << MSTATUS_SXL_SHIFT;
	if (has_adue(h))
		h->csr.menvcfg |= MENVCFG_ADUE;
	h->csr.stimecmp = ~0ull;
	counters_reset(h);
	hart_update_timer(h);
}

/* The table */

enum row_index {
	ROW_NONE,
#define CSR_FIELD(number, id, name, needs, gate, field, mask) ROW_##id,
#define CSR_MEMBER(number, id, name, needs, gate, field, set) ROW_##id,
#define CSR(number, id, name, needs, gate, get, set) ROW_##id,
#define CSR_RANGE(number, last, id, names, needs, gate, get, set) ROW_##id,
#include "cpu/csr.def"
#undef CSR_FIELD
#undef CSR_MEMBER
#undef CSR
#undef CSR_RANGE
	ROWS,
};

_Static_assert(ROWS <= 256, "csr_row_of holds bytes");

#define EXT(a) BIT(EXT_##a)
#define EXT2(a, b) (BIT(EXT_##a) | BIT(EXT_##b))
#define NAMES_OF_TEN(p) p "0", p "1", p "2", p "3", p "4", p "5", p "6", p "7", p "8", p "9"
#define NAMES_0_TO_63(p)                                                                                               \
	NAMES_OF_TEN(p), NAMES_OF_TEN(p "1"), NAMES_OF_TEN(p "2"), NAMES_OF_TEN(p "3"), NAMES_OF_TEN(p "4"),           \
		NAMES_OF_TEN(p "5"), p "60", p "61", p "62", p "63"
#define NAMES_3_TO_31(p)                                                                                               \
	p "3", p "4", p "5", p "6", p "7", p "8", p "9", NAMES_OF_TEN(p "1"), NAMES_OF_TEN(p "2"), p "30", p "31"
#define NAME_LIST(...) ((const char *const[]){ __VA_ARGS__ })

const struct csr_row csr_rows[ROWS] = {
#define CSR_FIELD(number, id, name, ext, gatekeeper, field, bits_written)                                              \
	[ROW_##id] = { .first = (number),                                                                              \
		       .last = (number),                                                                               \
		       .names = NAME_LIST(name),                                                                       \
		       .needs = (ext),                                                                                 \
		       .gate = gate_##gatekeeper,                                                                      \
		       .mask = (bits_written),                                                                         \
		       .offset = offsetof(struct hart, csr.field) },
#define CSR_MEMBER(number, id, name, ext, gatekeeper, field, setter)                                                   \
	[ROW_##id] = { .first = (number),                                                                              \
		       .last = (number),                                                                               \
		       .names = NAME_LIST(name),                                                                       \
		       .needs = (ext),                                                                                 \
		       .gate = gate_##gatekeeper,                                                                      \
		       .set = set_##setter,                                                                            \
		       .offset = offsetof(struct hart, csr.field) },
#define CSR_RANGE(number, end, id, name_list, ext, gatekeeper, getter, setter)                                         \
	[ROW_##id] = { .first = (number),                                                                              \
		       .last = (end),                                                                                  \
		       .names = NAME_LIST(name_list),                                                                  \
		       .needs = (ext),                                                                                 \
		       .gate = gate_##gatekeeper,                                                                      \
		       .get = get_##getter,                                                                            \
		       .set = set_##setter },
#define CSR(number, id, name, ext, gatekeeper, getter, setter)                                                         \
	CSR_RANGE(number, number, id, name, ext, gatekeeper, getter, setter)
#include "cpu/csr.def"
#undef CSR_FIELD
#undef CSR_MEMBER
#undef CSR
#undef CSR_RANGE
};

const u8 csr_row_of[CSR_NUMBERS] = {
#define CSR_FIELD(number, id, name, needs, gate, field, mask) [number] = ROW_##id,
#define CSR_MEMBER(number, id, name, needs, gate, field, set) [number] = ROW_##id,
#define CSR(number, id, name, needs, gate, get, set) [number] = ROW_##id,
#define CSR_RANGE(number, last, id, names, needs, gate, get, set) [(number)...(last)] = ROW_##id,
#include "cpu/csr.def"
#undef CSR_FIELD
#undef CSR_MEMBER
#undef CSR
#undef CSR_RANGE
};

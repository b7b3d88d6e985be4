/*
 * The monitor's commands about harts: registers, CSRs, where each of them is.
 */
#include <inttypes.h>
#include <string.h>

#include "cpu/csr.h"
#include "emu/monitor_expr.h"
#include "emu/monitor_internal.h"
#include "emu/names.h"

/* --- one hart in a line --- */

static const char *condition(const struct hart *h)
{
	if (h->stopped)
		return ", stopped";
	return h->waiting ? ", waits for an interrupt" : "";
}

/* "hart 0: S mode, pc 0000000080000000 <main>, 12 instructions retired" */
static void print_headline(const struct monitor_call *call, const struct hart *h)
{
	char name[MONITOR_NAME_SIZE];
	fprintf(call->out, "hart %u: %c mode, pc %016" PRIx64 "%s%s, %" PRIu64 " instructions retired\n", h->id,
	        priv_letter(h->priv), h->pc, monitor_describe(call, h->pc, name), condition(h), hart_instret(h));
}

void monitor_say_where(const struct monitor_call *call, struct hart *h)
{
	char name[MONITOR_NAME_SIZE], text[96] = "(cannot be fetched)";
	u32 raw = hart_raw_insn(h);
	if (raw) {
		struct insn insn = insn_decode(&call->m->decoder, raw);
		insn_print(&insn, h->pc, text, sizeof(text));
	}
	fprintf(call->out, "hart %u: %c mode, 0x%" PRIx64 "%s: %s%s\n", h->id, priv_letter(h->priv), h->pc,
	        monitor_describe(call, h->pc, name), text, condition(h));
}

bool monitor_info_harts(struct monitor_call *call)
{
	for (u32 i = 0; i < call->m->hart_count; i++) {
		fprintf(call->out, "%c ", call->m->harts[i] == call->hart ? '*' : ' ');
		print_headline(call, call->m->harts[i]);
	}
	return monitor_done(call);
}

bool monitor_cpu(struct monitor_call *call)
{
	struct hart *h;
	if (!monitor_at_end(call)) {
		if (!monitor_hart(call, &h) || !monitor_done(call))
			return false;
		call->mon->hart_chosen = true;
		call->mon->hart = h->id;
		call->hart = h;
	}
	print_headline(call, call->hart);
	return true;
}

/* --- registers --- */

static void print_x(const struct hart *h, FILE *out)
{
	for (u32 i = 0; i < 32; i++)
		fprintf(out, " %-4s %016" PRIx64 "%s", monitor_x_name(i), h->x[i], i % 4 == 3 ? "\n" : "");
}

static void print_f(const struct hart *h, FILE *out)
{
	for (u32 i = 0; i < 32; i++)
		fprintf(out, " %-4s %016" PRIx64 "%s", monitor_f_name(i), h->f[i], i % 4 == 3 ? "\n" : "");
}

/* Those that are asked for most. */
static const u16 usual_csrs[] = {
	CSR_MSTATUS, CSR_MTVEC, CSR_MEPC, CSR_MCAUSE, CSR_MTVAL, CSR_MSCRATCH, CSR_MIE,      CSR_MIP,      CSR_MIDELEG,
	CSR_MEDELEG, CSR_STVEC, CSR_SEPC, CSR_SCAUSE, CSR_STVAL, CSR_SATP,     CSR_SSCRATCH, CSR_STIMECMP,
};

static void print_csr(const struct hart *h, u32 number, u32 *column, FILE *out)
{
	u64 value;
	if (!csr_peek(h, number, &value))
		return;
	fprintf(out, " %-13s %016" PRIx64 "%s", csr_name(number), value, ++*column % 3 ? "" : "\n");
}

/* All that exist; of the many counters and PMP registers only those that are not zero. */
static bool is_shown(const struct hart *h, u32 number)
{
	u64 value;
	bool one_of_many = (number >= CSR_PMPADDR0 && number <= CSR_PMPADDR0 + 63) ||
	                   (number >= CSR_MHPMCOUNTER3 && number <= CSR_MHPMCOUNTER3 + 28) ||
	                   (number >= CSR_HPMCOUNTER3 && number <= CSR_HPMCOUNTER3 + 28) ||
	                   (number >= CSR_MHPMEVENT3 && number <= CSR_MHPMEVENT3 + 28) ||
	                   (number >= CSR_PMPCFG0 && number <= CSR_PMPCFG14);
	return csr_peek(h, number, &value) && (value || !one_of_many);
}

static void print_csrs(const struct hart *h, bool all, FILE *out)
{
	u32 column = 0;
	if (all) {
		for (u32 i = 0; i < CSR_NUMBERS; i++)
			if (is_shown(h, i))
				print_csr(h, i, &column, out);
	} else {
		for (u32 i = 0; i < ARRAY_SIZE(usual_csrs); i++)
			print_csr(h, usual_csrs[i], &column, out);
	}
	if (column % 3)
		fprintf(out, "\n");
}

/* mstatus, satp and the causes in words. */
static void print_meaning(const struct hart *h, FILE *out)
{
	static const char *const fs[] = { "off", "initial", "clean", "dirty" };
	u64 s = h->csr.mstatus;
	fprintf(out,
	        " mstatus: MIE=%u SIE=%u MPIE=%u SPIE=%u MPP=%c SPP=%c MPRV=%u SUM=%u MXR=%u TVM=%u TW=%u TSR=%u FS=%s\n",
	        !!(s & MSTATUS_MIE), !!(s & MSTATUS_SIE), !!(s & MSTATUS_MPIE), !!(s & MSTATUS_SPIE),
	        priv_letter((u32)bits(s, 12, 11)), s & MSTATUS_SPP ? 'S' : 'U', !!(s & MSTATUS_MPRV),
	        !!(s & MSTATUS_SUM), !!(s & MSTATUS_MXR), !!(s & MSTATUS_TVM), !!(s & MSTATUS_TW), !!(s & MSTATUS_TSR),
	        fs[bits(s, 14, 13)]);
	if (h->mmu.levels == 0)
		fprintf(out, " satp:    Bare: no translation\n");
	else
		fprintf(out, " satp:    Sv%u, ASID %u, root table at 0x%" PRIx64 "\n", 12 + 9u * h->mmu.levels,
		        h->mmu.asid, bits(h->mmu.satp, 43, 0) << PAGE_SHIFT);
	if (h->csr.mcause)
		fprintf(out, " mcause:  %s\n", cause_name(h->csr.mcause));
	if (h->csr.scause)
		fprintf(out, " scause:  %s\n", cause_name(h->csr.scause));
}

static void print_hart(const struct monitor_call *call, const struct hart *h, bool all)
{
	print_headline(call, h);
	print_x(h, call->out);
	if (all)
		print_f(h, call->out);
	print_csrs(h, all, call->out);
	print_meaning(h, call->out);
}

bool monitor_info_registers(struct monitor_call *call)
{
	struct hart *h;
	bool all = monitor_accept(call, "-a");
	if (monitor_accept(call, "all")) {
		for (u32 i = 0; i < call->m->hart_count; i++)
			print_hart(call, call->m->harts[i], all);
		return monitor_done(call);
	}
	if (!monitor_hart(call, &h) || !monitor_done(call))
		return false;
	print_hart(call, h, all);
	return true;
}

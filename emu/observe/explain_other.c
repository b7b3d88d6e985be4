/*
 * Exceptions without a translation: see explain_other.h.
 */
#include "emu/observe/explain_other.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cpu/csr.h"
#include "cpu/insn.h"
#include "cpu/trap.h"
#include "emu/names.h"

#define TEXT_SIZE 128
#define OPCODE_VECTOR 0x57
#define FS_SHIFT 13

/* --- illegal instructions --- */

/* What the bits are where a hart has everything that this emulator has. */
static struct insn decode_with_all(u32 raw)
{
	struct isa all;
	struct decoder *decoder = xcalloc(1, sizeof(*decoder));
	isa_all(&all);
	decoder_init(decoder, &all);
	struct insn insn = insn_decode(decoder, raw);
	free(decoder);
	return insn;
}

static void tell_no_instruction(const struct explain_teller *t, struct hart *h, u32 raw)
{
	struct insn insn = decode_with_all(raw);
	const struct insn_info *info = &insn_table[insn.id];
	u32 digits = insn_length((u16)raw) * 2;
	if (insn_length((u16)raw) == 2 && (u16)raw == 0) {
		explain_say(
			t, "why",
			"the bits are all zeros, which is no instruction on purpose: pc has run into memory that holds "
			"no code. A function without a return, a jump table, a return address that was overwritten?");
	} else if (raw == UINT32_MAX) {
		explain_say(t, "why", "the bits are all ones, which is no instruction on purpose: this is not code.");
	} else if (insn.id != INSN_ILLEGAL) {
		bool first = !isa_has(h->isa, info->ext[0]);
		explain_say(t, "why",
		            "0x%0*x is %s, of extension %s, which this hart does not have (--isa). Compile for what it "
		            "has (-march), or give it the extension.",
		            (int)digits, raw, info->name, isa_ext_name(info->ext[first ? 0 : 1]));
	} else if ((raw & 0x7f) == OPCODE_VECTOR) {
		explain_say(
			t, "why",
			"0x%08x is of the vector extension V, which rvemu does not have: compile without it (-march).",
			raw);
	} else {
		explain_say(
			t, "why",
			"0x%0*x is no instruction that rvemu knows. If this is data, pc went astray; if it is code, "
			"was it compiled for extensions that are not there?",
			(int)digits, raw);
	}
}

static void tell_csr(const struct explain_teller *t, const struct hart *h, const struct insn *insn)
{
	const char *name = csr_name((u32)insn->imm);
	u32 number = (u32)insn->imm, needs = bits(number, 9, 8);
	if (!name)
		explain_say(t, "why", "there is no CSR 0x%03x.", number);
	else if (needs > h->priv)
		explain_say(t, "why", "CSR %s is %s mode's, and the hart is in %c mode.", name,
		            needs == PRIV_M ? "M" : "S", priv_letter(h->priv));
	else if (bits(number, 11, 10) == 3 && number >= 0xc00 && number < 0xca0 && h->priv != PRIV_M)
		explain_say(
			t, "why",
			"%s is a counter, or is read-only. %c mode may read it if its bit in mcounteren%s is 1; nobody "
			"may write it.",
			name, priv_letter(h->priv), h->priv == PRIV_U ? " and in scounteren" : "");
	else if (bits(number, 11, 10) == 3)
		explain_say(t, "why", "%s is read-only: csrr reads it; csrw, csrs and csrc may not name it.", name);
	else if (number == CSR_SATP)
		explain_say(t, "why", "mstatus.TVM is 1: S mode may not touch satp.");
	else
		explain_say(
			t, "why",
			"CSR %s cannot be accessed now: an extension that it belongs to is missing, or is switched off "
			"by mstatus.FS, menvcfg or mstateen.",
			name);
}

/* An instruction that the hart has, and that it may not execute now. */
static void tell_forbidden(const struct explain_teller *t, const struct hart *h, const struct insn *insn)
{
	const struct insn_info *info = &insn_table[insn->id];
	switch (info->cls) {
	case CLASS_CSR:
		tell_csr(t, h, insn);
		break;
	case CLASS_FP:
	case CLASS_FLOAD:
	case CLASS_FSTORE:
		if (bits(h->csr.mstatus, FS_SHIFT + 1, FS_SHIFT) == 0)
			explain_say(
				t, "why",
				"mstatus.FS is 0 (Off): floating point is not to be used. Before the first use: csrs "
				"mstatus, 0x2000 (in S mode sstatus), which makes FS 1 (Initial).");
		else
			explain_say(t, "why", "the rounding mode, in the instruction or in frm, is a reserved one.");
		break;
	case CLASS_SYSTEM:
		explain_say(t, "why", "%s is not allowed in %c mode%s.", info->name, priv_letter(h->priv),
		            h->priv == PRIV_S ? ", or mstatus (TVM, TW, TSR) has M mode trap it" : "");
		break;
	default:
		explain_say(t, "why", "%s is switched off in %c mode by menvcfg, senvcfg or mstateen.", info->name,
		            priv_letter(h->priv));
		break;
	}
}

static void tell_illegal(const struct explain_teller *t, struct hart *h, const struct trace_fault *fault)
{
	u32 raw = explain_raw_insn(h, fault->head.pc);
	struct insn insn = insn_decode(h->decoder, raw);
	if (insn.id == INSN_ILLEGAL)
		tell_no_instruction(t, h, insn_length((u16)raw) == 2 ? (u16)raw : raw);
	else
		tell_forbidden(t, h, &insn);
}

/* --- misaligned addresses --- */

void explain_other_tell(const struct explain_teller *t, struct hart *h, const struct trace_fault *fault)
{
	struct insn insn = insn_decode(h->decoder, explain_raw_insn(h, fault->head.pc));
	bool atomic = insn_table[insn.id].cls == CLASS_AMO;
	switch (fault->cause) {
	case EXC_FETCH_MISALIGNED:
		explain_say(t, "why",
		            "the jump goes to 0x%" PRIx64
		            ": without the C extension instructions lie at multiples of 4.",
		            fault->tval);
		break;
	case EXC_ILLEGAL:
		tell_illegal(t, h, fault);
		break;
	case EXC_LOAD_MISALIGNED:
	case EXC_STORE_MISALIGNED:
		explain_say(
			t, "why", "the address, 0x%" PRIx64 ", is no multiple of the access's size. %s", fault->tval,
			atomic ? "Atomic instructions need that on every hart."
			       : "Harts may trap there (rvemu does with --misaligned trap), and firmware or the kernel "
				 "then has to do the access in parts; C code that casts pointers is the usual source.");
		break;
	default:
		break;
	}
}

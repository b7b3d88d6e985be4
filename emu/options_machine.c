/*
 * Options of the machine: see options_machine.h.
 */
#include "emu/options_machine.h"

#include <string.h>

#include "devices/bus.h"
#include "emu/options_values.h"

#define RAM_SIZE_MAX (1024 * GIB)
#define ASID_BITS_MAX 16

bool machine_options_memory(struct machine_options *m, const char *given, const char *text, struct error *err)
{
	u64 size;
	if (strncmp(text, "size=", 5) == 0)
		text += 5;
	if (!options_number(text, true, &size))
		return error_set(err, "%s %s: not a size, which is a number with K, M or G behind it", given, text);
	if (options_number(text, false, &size)) {
		/* As for QEMU and Spike, a bare number is MiB. */
		if (size > RAM_SIZE_MAX / MIB)
			size = RAM_SIZE_MAX + PAGE_SIZE;
		else
			size *= MIB;
	}
	if (size == 0 || size > RAM_SIZE_MAX)
		return error_set(err, "%s %s: RAM can be 4K to 1024G", given, text);
	if (size % PAGE_SIZE)
		return error_set(err, "%s %s: RAM must be a multiple of 4K", given, text);
	m->config->ram_size = size;
	return true;
}

bool machine_options_harts(struct machine_options *m, const char *given, const char *text, struct error *err)
{
	u64 value;
	if (strncmp(text, "cpus=", 5) == 0)
		text += 5;
	if (!options_number_between(text, 1, OPTIONS_HARTS_MAX, &value, given, err))
		return false;
	m->config->harts = (u32)value;
	return true;
}

bool machine_options_isa(struct machine_options *m, const char *given, const char *text, struct error *err)
{
	struct error why;
	if (!isa_parse(&m->config->isa, text, &why))
		return error_set(err, "%s: %s", given, why.text);
	return true;
}

bool machine_options_max_insns(struct machine_options *m, const char *given, const char *text, struct error *err)
{
	return options_number_between(text, 1, UINT64_MAX, &m->config->max_insns, given, err);
}

bool machine_options_quantum(struct machine_options *m, const char *given, const char *text, struct error *err)
{
	return options_number_between(text, 1, UINT32_MAX, &m->config->quantum, given, err);
}

bool machine_options_seed(struct machine_options *m, const char *given, const char *text, struct error *err)
{
	return options_number_between(text, 0, UINT64_MAX, &m->seed, given, err);
}

bool machine_options_asid_bits(struct machine_options *m, const char *given, const char *text, struct error *err)
{
	u64 value;
	if (!options_number_between(text, 0, ASID_BITS_MAX, &value, given, err))
		return false;
	m->config->mmu.asid_bits = (u8)value;
	return true;
}

bool machine_options_ad(struct machine_options *m, const char *given, const char *text, struct error *err)
{
	static const char *const names[] = { "trap", "update", "adue", NULL };
	int i = options_choose(text, names, given, err);
	if (i < 0)
		return false;
	m->config->mmu.ad = (u8)(AD_TRAP + i);
	m->has_ad = true;
	return true;
}

bool machine_options_mmu(struct machine_options *m, const char *given, const char *text, struct error *err)
{
	static const char *const names[] = { "sv39", "sv48", "sv57", NULL };
	int i = options_choose(text, names, given, err);
	if (i < 0)
		return false;
	m->config->mmu.levels_max = (u8)(3 + i);
	return true;
}

bool machine_options_misaligned(struct machine_options *m, const char *given, const char *text, struct error *err)
{
	static const char *const names[] = { "ok", "trap", NULL };
	int i = options_choose(text, names, given, err);
	if (i < 0)
		return false;
	m->config->mmu.misaligned_trap = i == 1;
	return true;
}

/* Of a core that was given before, the timing stays. */
bool machine_options_tlb(struct machine_options *m, const char *given, const char *text, struct error *err)
{
	struct error why;
	if (!core_config_parse_tlb(&m->core.tlb, text, &why))
		return error_set(err, "%s: %s", given, why.text);
	m->preset = &m->core.tlb;
	return true;
}

bool machine_options_core(struct machine_options *m, const char *given, const char *text, struct error *err)
{
	struct error why;
	if (!core_config_parse(&m->core, text, &why))
		return error_set(err, "%s: %s", given, why.text);
	m->preset = &m->core.tlb;
	return true;
}

/* The TLB that is as unhelpful as the manual allows; the seed says when it forgets. */
bool machine_options_adversarial(struct machine_options *m, const char *given, const char *text, struct error *err)
{
	m->adversarial = true;
	return !text || machine_options_seed(m, given, text, err);
}

/* Makes the A/D mode and the ISA string tell the same: Svade traps, Svadu leaves it to menvcfg.ADUE. */
static void settle_ad(struct machine_options *m)
{
	struct config *c = m->config;
	if (!m->has_ad) {
		if (m->preset->ad_trap)
			c->mmu.ad = AD_TRAP;
		else if (isa_has(&c->isa, EXT_SVADU))
			c->mmu.ad = AD_ADUE;
		else
			c->mmu.ad = isa_has(&c->isa, EXT_SVADE) ? AD_TRAP : AD_UPDATE;
	}
	c->isa.ext &= ~(BIT(EXT_SVADE) | BIT(EXT_SVADU));
	if (!isa_has(&c->isa, EXT_S))
		return;
	if (c->mmu.ad == AD_TRAP)
		c->isa.ext |= BIT(EXT_SVADE);
	else if (c->mmu.ad == AD_ADUE)
		c->isa.ext |= BIT(EXT_SVADU);
}

void machine_options_settle(struct machine_options *m)
{
	struct config *c = m->config;
	/* What is recorded or saved goes with a machine that has the same TLB, whoever looks at it. */
	bool is_bound = c->record || c->replay || c->load_snapshot;
	if (!m->preset)
		m->preset = m->adversarial                  ? tlb_preset("adversarial")
		            : c->observe.check && !is_bound ? tlb_preset("check")
		                                            : tlb_preset_at(0);
	settle_ad(m);
	c->mmu.has_svnapot = isa_has(&c->isa, EXT_SVNAPOT);
	c->mmu.has_svpbmt = isa_has(&c->isa, EXT_SVPBMT);
	c->tlb = *m->preset;
	if (m->adversarial)
		tlb_make_adversarial(&c->tlb);
	if (m->seed)
		c->tlb.seed = m->seed;
	c->mmu.tlb = &c->tlb;
	c->cost = m->core.cost;
	c->mmu.cost = m->core.has_cost ? &c->cost : NULL;
}
